"""Coal and emissions of thirty provinces, 2003 to 2015: what goes with coal from year to year, and over years."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from jingjinji.core.errors import BookError
from jingjinji.core.topic import Variant

ALL_YEARS = tuple(range(2003, 2018))
YEARS = tuple(range(2003, 2016))
"""The years of the fit; after them SO2 and dust were counted in a new way."""
TIME = (np.array(ALL_YEARS) - np.mean(YEARS)) / 10
"""Decades from the middle of the fit, for all years."""
EMISSIONS = ("so2", "dust", "ceads", "edgar")
"""Two pollutants that provinces count, and CO2 of two inventories: one quantity, but two answers."""
DRIVERS = ("coal", "output")
TELLING = {"ceads": (1.0, 0.0), "edgar": (1.0, 0.0)}
"""1 where figures say much of a province's own elasticity to a driver: it is sampled on its own scale there."""
REGIONS = {
    "Beijing-Tianjin-Hebei": ("Beijing", "Tianjin", "Hebei"),
    "Northeast": ("Heilongjiang", "Jilin", "Liaoning"),
    "North": ("Inner Mongolia", "Shanxi", "Shandong", "Henan"),
    "Northwest": ("Gansu", "Ningxia", "Qinghai", "Shaanxi", "Xinjiang"),
    "East": ("Shanghai", "Jiangsu", "Zhejiang", "Fujian"),
    "Centre": ("Anhui", "Hubei", "Hunan", "Jiangxi"),
    "South and Southwest": ("Guangdong", "Guangxi", "Hainan", "Chongqing", "Guizhou", "Sichuan", "Yunnan"),
}
PROVINCES = tuple(sorted(province for members in REGIONS.values() for province in members))
REGION = np.array([next(k for k, members in enumerate(REGIONS.values()) if p in members) for p in PROVINCES])
BREAKS = {"so2": (2011,), "dust": (2011, 2014)}
"""Years from which an emission was counted in a new way."""
AFTER = {name: np.array([[float(year >= start) for year in YEARS] for start in starts] + [[0.0] * len(YEARS)] *
                        (2 - len(starts)))
         for name, starts in (dict.fromkeys(EMISSIONS, ()) | BREAKS).items()}  # fmt: skip
"""1 where a break of an emission has happened: (break, year), two rows, of nought where there is no break."""
TABLES = ("energy_province_year", "energy_mix_year", "energy_coal_year")
FIRST = np.array([1.0] + [0.0] * (len(YEARS) - 1))


@dataclass(frozen=True)
class Panel:
    """Logarithms, ``(province, year of ALL_YEARS)`` each.

    so2, dust (kt), ceads, edgar (Mt CO2), coal (Mt), coal_again (Mt CO2 of coal), output (10⁹ CNY). `coal_share` is the
    share of coal in end-use energy. `emission` is the one that is fitted. `common` is 0 where the shocks that all
    provinces share in a year are left out of the model, `own` 0 where provinces have no trends of their own. The
    parameters of what is left out then have their prior, each independent of the rest.
    """

    values: dict[str, np.ndarray]
    emission: str = "so2"
    common: float = 1.0
    own: float = 1.0
    truth: dict | None = None


def panel(emissions: pd.DataFrame, mix: pd.DataFrame, coal: pd.DataFrame) -> Panel:
    """The tables as a balanced panel; raises BookError where a province misses a year."""
    merged = emissions.merge(mix, on=["province", "year"], suffixes=("", "_end"), how="left")
    merged = merged.merge(
        coal[["area", "year", "co2"]].rename(columns={"area": "province"}), on=["province", "year"], how="left"
    )
    for province in PROVINCES:
        whole = merged.coal_end.notna() & merged.co2.notna()
        missing = set(ALL_YEARS) - set(merged.loc[(merged.province == province) & whole, "year"])
        if missing:
            raise BookError(
                f"tables {', '.join(TABLES)} lack {province} in {min(missing)}: expected every year from "
                f"{ALL_YEARS[0]} to {ALL_YEARS[-1]}; complete the rows or take the province out of the regions"
            )
    merged = merged[merged.province.isin(PROVINCES) & merged.year.isin(ALL_YEARS)].sort_values(["province", "year"])
    shape = (len(PROVINCES), len(ALL_YEARS))
    columns = {
        "so2": "so2",
        "dust": "dust",
        "ceads": "co2_ceads",
        "edgar": "co2_edgar",
        "coal": "coal",
        "coal_again": "co2",
        "output": "gdp",
    }
    values = {name: np.log(merged[column].to_numpy()).reshape(shape) for name, column in columns.items()}
    parts = merged[["coal_end", "oil", "gas", "electricity", "heat"]]
    values["coal_share"] = (parts["coal_end"] / parts.sum(axis=1)).to_numpy().reshape(shape)
    return Panel(values)


def lines(value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and slope (a decade) of each province (province, year of `ALL_YEARS`) over `YEARS`, as columns."""
    known, time = value[:, : len(YEARS)], TIME[: len(YEARS)]
    return known.mean(axis=1, keepdims=True), (known @ time)[:, None] / (time @ time)


def parted(panel: Panel) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """What drives emissions, in two parts, over `ALL_YEARS`.

    Own slope of each province less the mean slope (province,), and departures from its line (province, year), or from
    its mean and the slope of all provinces where provinces have no trends of their own.
    """
    slopes, departures = {}, {}
    for name in ("coal", "coal_again", "output", "coal_share"):
        mean, slope = lines(panel.values[name])
        taken = slope if panel.own else np.full_like(slope, slope.mean())
        slopes[name] = (slope - slope.mean())[:, 0]
        departures[name] = panel.values[name] - mean - taken * TIME
    return slopes, departures


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model.

    An emission is taken less the province's mean and less the slope that is common to the provinces; `parted` says how
    its drivers are.
    """
    slopes, departures = parted(panel)
    after = AFTER[panel.emission]
    return {
        "seen": centred(panel)[:, : len(YEARS)],
        "departures": np.stack([departures[name][:, : len(YEARS)] for name in DRIVERS]),
        "share": departures["coal_share"][:, : len(YEARS)],
        "coal_again": departures["coal_again"][:, : len(YEARS)],
        "slopes": np.stack([slopes[name] for name in (*DRIVERS, "coal_share")]),
        "slope_again": slopes["coal_again"],
        "after": after,
        "broken": after.max(axis=1),
        "telling": np.array(TELLING.get(panel.emission, (0.0, 0.0))),
        "common": np.array(panel.common),
        "own": np.array(panel.own),
    }


def centred(panel: Panel) -> np.ndarray:
    """The emission less each province's mean and the slope of all provinces (province, year of `ALL_YEARS`)."""
    value = panel.values[panel.emission]
    mean, slope = lines(value)
    return value - mean - slope.mean() * TIME


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """Log emissions of a province around its own level and trend, on coal, output and the share of coal in end use.

    Each driver has two parts. Departures from its own line act from year to year, with elasticities to coal and output
    that vary by region and by province. Provinces whose coal has a steeper line have a steeper trend, by an elasticity
    over years. Departures of coal are shrunk by their reliability, which the second count of coal tells. Breaks of
    method act by province around a common step. A year departs by a shock that all provinces share, by one of the
    region and by one of the province's own, with heavy tails; all carry over to the next year.
    """
    import pymc as pm
    import pytensor.tensor as pt

    coords = {
        "province": list(PROVINCES), "region": list(REGIONS), "driver": list(DRIVERS), "part": [*DRIVERS, "share"],
        "break": [0, 1], "year": list(YEARS), "horizon": ["years", "trend"],
    }  # fmt: skip
    time = TIME[: len(YEARS)]
    with pm.Model(coords=coords, check_bounds=False) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        reliability = pm.Beta("reliability", 4, 1, dims="horizon")
        again_scale = pm.LogNormal("again_scale", np.log(np.array([0.04, 0.2])), 0.5, dims="horizon")
        again_tail = 1 + pm.Gamma("again_tail", 2, 0.1)
        coal = reliability[0] * d["departures"][0]
        pm.StudentT("counted_again", nu=again_tail, mu=coal, sigma=again_scale[0], observed=d["coal_again"])
        pm.StudentT("trend_again", nu=4, mu=reliability[1] * d["slopes"][0], sigma=again_scale[1],
                    observed=d["slope_again"])  # fmt: skip

        elasticity_mean = pm.Normal("elasticity_mean", 0.5, 0.5, dims="driver")
        region_scale = pm.LogNormal("region_scale", np.log(0.15), 0.5, dims="driver")
        province_scale = pm.LogNormal("province_scale", np.log(0.15), 0.5, dims="driver")
        by_region = pm.ZeroSumNormal("by_region", 1, dims=("driver", "region"))
        own_scale = (province_scale ** d["telling"])[:, None]
        by_province = pm.ZeroSumNormal("by_province", own_scale, dims=("driver", "province"))
        elasticity = pm.Deterministic(
            "elasticity",
            elasticity_mean[:, None]
            + region_scale[:, None] * by_region[:, REGION]
            + (province_scale ** (1 - d["telling"]))[:, None] * by_province,
            dims=("driver", "province"),
        )
        share_slope = pm.Normal("share_slope", 0, 1)
        over_years = pm.Normal("over_years", np.array([0.5, 0.5, 0.0]), np.array([0.5, 0.5, 1.0]), dims="part")
        trend_mean = pm.Normal("trend_mean", 0, 0.7)
        trend_scale = pm.LogNormal("trend_scale", np.log(0.2), 0.5)
        trend_apart = pm.ZeroSumNormal("trend_apart", d["own"] * trend_scale + (1 - d["own"]), dims="province")
        worth = pt.concatenate([reliability[1:], pt.ones(2)])
        along = ((over_years * worth)[:, None] * d["slopes"]).sum(axis=0)
        trend = trend_mean + d["own"] * (along + trend_apart)
        carry_over = pm.Beta("carry_over", 2, 2)
        scatter = pm.LogNormal("scatter", np.log(0.05), 0.5)
        tail = 1 + pm.Gamma("tail", 2, 0.1)
        level_mean = pm.Normal("level_mean", 0, 0.5)
        level = level_mean + scatter / (1 - carry_over) * pm.ZeroSumNormal("level", 1, dims="province")
        step_mean = pm.Normal("step_mean", 0, 0.4, dims="break")
        step_scale = pm.LogNormal("step_scale", np.log(0.25), 0.5, dims="break")
        spread = d["broken"] * step_scale + (1 - d["broken"])
        step = step_mean[:, None] + pm.ZeroSumNormal("step_apart", spread[:, None], dims=("break", "province"))
        mean = level[:, None] + trend[:, None] * time + share_slope * d["share"]
        mean = mean + elasticity[0][:, None] * coal + elasticity[1][:, None] * d["departures"][1]
        mean = mean + step[0][:, None] * d["after"][0] + step[1][:, None] * d["after"][1]

        left = d["seen"] - mean
        before = pt.concatenate([pt.zeros_like(left[:, :1]), left[:, :-1]], axis=1)
        new = left - carry_over * before
        # The provinces' mean in a year is sampled with the shock in it, because figures tell the sum and not its parts.
        expected = d["seen"].mean(axis=0) - new.mean(axis=0)
        first = 1 + FIRST * (1 / pt.sqrt(1 - carry_over**2) - 1)
        year_scale = pm.LogNormal("year_scale", np.log(0.04), 0.7)
        spread = d["common"] * year_scale * first + (1 - d["common"])
        year_mean = pm.Normal("year_mean", d["common"] * expected, spread, dims="year")
        shock = pm.Deterministic("year_shock", d["common"] * (year_mean - expected), dims="year")
        regional_scale = pm.LogNormal("regional_scale", np.log(0.02), 0.7)
        regional = pm.ZeroSumNormal("regional", 1, dims=("year", "region")).T
        regional = pm.Deterministic("regional_shock", regional_scale * first * regional, dims=("region", "year"))
        pm.StudentT(
            "emissions",
            nu=tail,
            mu=d["seen"] - new + shock + regional[REGION],
            sigma=scatter * first,
            observed=d["seen"],
            dims=("province", "year"),
        )
    return model


TRUTH = {
    "elasticity": np.array([0.2, 0.1]),
    "over_years": np.array([0.5, 0.3, 0.0]),
    "province": 0.1,
    "share_slope": 0.5,
    "trend": -0.3,
    "trend_scale": 0.2,
    "step": (0.1, 0.3),
    "step_scale": 0.15,
    "scatter": 0.05,
    "tail": 4.0,
    "year_scale": 0.05,
    "regional_scale": 0.03,
    "carry_over": 0.8,
    "misread": 0.02,
}


def simulate(truth: dict, rng: np.random.Generator, panel: Panel) -> Panel:
    """A panel with known elasticities, trends, steps and shocks (keys of `TRUTH`).

    The coal of `panel` is the truth; of it two counts are made, each with errors of its own.
    """
    known = {**TRUTH, **truth}
    slopes, departures = parted(panel)
    own = known["province"] * rng.normal(size=(len(DRIVERS), len(PROVINCES)))
    elasticity = known["elasticity"][:, None] + own - own.mean(axis=-1, keepdims=True)
    trend = known["trend"] + known["trend_scale"] * rng.normal(size=len(PROVINCES))
    trend = trend + known["over_years"] @ np.stack([slopes[name] for name in (*DRIVERS, "coal_share")])
    mean = trend[:, None] * TIME + known["share_slope"] * departures["coal_share"]
    mean = mean + sum(elasticity[k][:, None] * departures[name] for k, name in enumerate(DRIVERS))
    steps = np.array(known["step"])[:, None] + known["step_scale"] * rng.normal(size=(2, len(PROVINCES)))
    after = np.concatenate([AFTER[panel.emission], np.repeat(AFTER[panel.emission][:, -1:], 2, axis=1)], axis=1)
    mean += np.einsum("bp,by->py", steps, after)
    shape = mean.shape
    shock = known["year_scale"] * rng.normal(size=(1, shape[1]))
    regional = known["regional_scale"] * rng.normal(size=(len(REGIONS), shape[1]))[REGION]
    own = known["scatter"] * rng.standard_t(known["tail"], shape)
    mean += _carried(shock + regional + own, np.array(known["carry_over"]))
    level, slope = lines(panel.values[panel.emission])
    values = panel.values | {panel.emission: level + slope.mean() * TIME + mean}
    for name in ("coal", "coal_again"):
        values[name] = panel.values["coal"] + known["misread"] * rng.normal(size=shape)
    return replace(panel, values=values, truth={**known, "elasticity": elasticity})


def _carried(innovation: np.ndarray, carry_over: np.ndarray) -> np.ndarray:
    """Stationary first-order autoregressions (..., province, year) with one `carry_over` for the leading axes."""
    left, carry_over = innovation.copy(), carry_over[..., None]
    left[..., 0] /= np.sqrt(1 - carry_over**2)
    for year in range(1, left.shape[-1]):
        left[..., year] += carry_over * left[..., year - 1]
    return left


def _toy(panel: Panel, rng: np.random.Generator, coal: float) -> Panel:
    known = {"elasticity": TRUTH["elasticity"] * [coal, 1.0], "over_years": TRUTH["over_years"] * [coal, 1.0, 1.0]}
    return simulate(known, rng, panel)


TOYS = {"toy": partial(_toy, coal=1.0), "toy-no-link": partial(_toy, coal=0.0)}


DERIVED = ("elasticity", "year_shock", "regional_shock")
VARIANTS = {
    "dust": Variant("soot and dust", partial(replace, emission="dust")),
    "ceads": Variant("CO2 by CEADs", partial(replace, emission="ceads")),
    "edgar": Variant("CO2 by EDGAR", partial(replace, emission="edgar")),
    "without-own-trends": Variant("without trends of provinces", partial(replace, own=0.0)),
    "without-year-shocks": Variant("without shocks of years", partial(replace, common=0.0)),
}


def expected(panel: Panel, draws: dict[str, np.ndarray]) -> np.ndarray:
    """Expected log emissions without shocks and carry-over (chain, draw, province, year of `ALL_YEARS`)."""
    slopes, departures = parted(panel)

    def wide(name: str) -> np.ndarray:
        return draws[name][..., None, None]

    level = draws["level_mean"][..., None] + (draws["scatter"] / (1 - draws["carry_over"]))[..., None] * draws["level"]
    worth = np.stack([draws["reliability"][..., 1], *np.ones((2, *draws["scatter"].shape))], axis=-1)
    long = (draws["over_years"] * worth) @ np.stack([slopes[name] for name in (*DRIVERS, "coal_share")])
    own = panel.own * (long + draws["trend_apart"])
    mean = level[..., None] + (draws["trend_mean"][..., None] + own)[..., None] * TIME
    mean = mean + wide("share_slope") * departures["coal_share"]
    mean = mean + draws["elasticity"][..., 0, :, None] * draws["reliability"][..., :1, None] * departures["coal"]
    mean = mean + draws["elasticity"][..., 1, :, None] * departures["output"]
    after = AFTER[panel.emission]
    after = np.concatenate([after, np.repeat(after[:, -1:], len(ALL_YEARS) - len(YEARS), axis=1)], axis=1)
    step = draws["step_mean"][..., None] + draws["step_apart"]
    return mean + np.einsum("cdbp,by->cdpy", step, after)
