"""Coal, output and emissions of thirty provinces, 2003 to 2017: elasticities pooled by province and region."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from jingjinji.core.errors import BookError
from jingjinji.core.topic import Variant

YEARS = tuple(range(2003, 2018))
TIME = (np.array(YEARS) - np.mean(YEARS)) / 10
EMISSIONS = ("so2", "dust", "ceads", "edgar")
"""Two pollutants that provinces count, and CO2 of two inventories: one quantity, but two answers."""
TAIL = 4.0
"""Degrees of freedom of a province's departures: some are far off."""
TELLING = np.array([[0, 0], [0, 0], [1, 0], [1, 0]])
"""1 where figures say much of a province's own elasticity (emission, driver): it is sampled on its own scale there."""
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
BREAKS = (*(("so2", year) for year in (2011, 2016, 2017)), *(("dust", year) for year in (2011, 2014, 2016, 2017)))
AFTER = np.array(
    [[[name == emission and year >= start for year in YEARS] for name, start in BREAKS] for emission in EMISSIONS],
    dtype=float,
)
"""1 where a break (emission, year) of `BREAKS` has happened: (emission, break, year)."""
TABLES = ("energy_province_year", "energy_mix_year")
FIRST = np.array([1.0] + [0.0] * (len(YEARS) - 1))


@dataclass(frozen=True)
class Panel:
    """Logarithms, ``(province, year)`` each: so2, dust (kt), ceads, edgar (Mt CO2), coal (Mt), output (10⁹ CNY).

    `coal_share` is the share of coal in end-use energy. `broken` is 0 where the breaks of method are left out of the
    model, `common` 0 where the shocks that all provinces share in a year are. The parameters of what is left out then
    have their prior, each independent of the rest.
    """

    values: dict[str, np.ndarray]
    broken: float = 1.0
    common: float = 1.0
    truth: dict | None = None


def panel(emissions: pd.DataFrame, mix: pd.DataFrame) -> Panel:
    """The tables as a balanced panel; raises BookError where a province misses a year."""
    merged = emissions.merge(mix, on=["province", "year"], suffixes=("", "_end"), how="left")
    for province in PROVINCES:
        missing = set(YEARS) - set(merged.loc[(merged.province == province) & merged.coal_end.notna(), "year"])
        if missing:
            raise BookError(
                f"tables energy_province_year and energy_mix_year lack {province} in {min(missing)}: expected every "
                f"year from {YEARS[0]} to {YEARS[-1]}; complete the rows or take the province out of the regions"
            )
    merged = merged[merged.province.isin(PROVINCES) & merged.year.isin(YEARS)].sort_values(["province", "year"])
    shape = (len(PROVINCES), len(YEARS))
    columns = {
        "so2": "so2",
        "dust": "dust",
        "ceads": "co2_ceads",
        "edgar": "co2_edgar",
        "coal": "coal",
        "output": "gdp",
    }
    values = {name: np.log(merged[column].to_numpy()).reshape(shape) for name, column in columns.items()}
    parts = merged[["coal_end", "oil", "gas", "electricity", "heat"]]
    values["coal_share"] = (parts["coal_end"] / parts.sum(axis=1)).to_numpy().reshape(shape)
    return Panel(values)


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model.

    Each is taken less the province's mean and less the slope that is common to the provinces. The slope of a predictor
    belongs to the trend, which would otherwise be hard to tell from the elasticity.
    """
    centred = {name: value - value.mean(axis=1, keepdims=True) for name, value in panel.values.items()}
    centred = {name: value - (value @ TIME).mean() / (TIME @ TIME) * TIME for name, value in centred.items()}
    return {
        "seen": np.stack([centred[name] for name in EMISSIONS]),
        "coal": centred["coal"],
        "output": centred["output"],
        "coal_share": centred["coal_share"],
        "broken": np.array(panel.broken),
        "common": np.array(panel.common),
    }


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """Log emissions of a province around its own level, on coal, output, end-use coal share, time and breaks.

    Elasticities of coal and of output vary by region and by province. Breaks of method act on SO2 and dust, by
    province around a common step. A year departs by a shock that all provinces share and by one of the province's own,
    with heavy tails; both carry over to the next year.
    """
    import pymc as pm
    import pytensor.tensor as pt

    coords = {
        "emission": list(EMISSIONS),
        "province": list(PROVINCES),
        "region": list(REGIONS),
        "driver": ["coal", "output"],
        "break": [f"{name} {year}" for name, year in BREAKS],
        "year": list(YEARS),
    }
    with pm.Model(coords=coords, check_bounds=False) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        elasticity_mean = pm.Normal("elasticity_mean", 0.5, 0.5, dims=("emission", "driver"))
        region_scale = pm.LogNormal("region_scale", np.log(0.15), 0.5, dims=("emission", "driver"))
        province_scale = pm.LogNormal("province_scale", np.log(0.15), 0.5, dims=("emission", "driver"))
        by_region = pm.ZeroSumNormal("by_region", 1, dims=("emission", "driver", "region"))
        by_province = pm.ZeroSumNormal(
            "by_province", (province_scale**TELLING)[..., None], dims=("emission", "driver", "province")
        )
        elasticity = pm.Deterministic(
            "elasticity",
            elasticity_mean[..., None]
            + region_scale[..., None] * by_region[..., REGION]
            + (province_scale ** (1 - TELLING))[..., None] * by_province,
            dims=("emission", "driver", "province"),
        )
        share_slope = pm.Normal("share_slope", 0, 1, dims="emission")
        trend_mean = pm.Normal("trend_mean", 0, 0.7, dims="emission")
        trend_scale = pm.LogNormal("trend_scale", np.log(0.2), 0.5, dims="emission")
        trend = trend_mean[:, None] + pm.ZeroSumNormal("trend", trend_scale[:, None], dims=("emission", "province"))
        carry_over = pm.Beta("carry_over", 2, 2, dims="emission")
        scatter = pm.LogNormal("scatter", np.log(0.05), 0.5, dims="emission")
        level_mean = pm.Normal("level_mean", 0, 0.5, dims="emission")
        lasting = (scatter / (1 - carry_over))[:, None]
        level = level_mean[:, None] + lasting * pm.ZeroSumNormal("level", 1, dims=("emission", "province"))
        step_mean = pm.Normal("step_mean", 0, 0.4, dims="break")
        step_scale = pm.LogNormal("step_scale", np.log(0.25), 0.5, dims="break")
        spread = d["broken"] * step_scale + (1 - d["broken"])
        own_step = pm.ZeroSumNormal("step_apart", spread[:, None], dims=("break", "province"))
        step = pm.Deterministic("step", step_mean[:, None] + own_step, dims=("break", "province"))
        mean = level[..., None] + trend[..., None] * TIME + share_slope[:, None, None] * d["coal_share"]
        mean = mean + elasticity[:, 0, :, None] * d["coal"] + elasticity[:, 1, :, None] * d["output"]
        mean = mean + d["broken"] * (step[:, :, None] * AFTER[:, :, None, :]).sum(axis=1)

        left, carry_on = d["seen"] - mean, carry_over[:, None]
        before = pt.concatenate([pt.zeros_like(left[..., :1]), left[..., :-1]], axis=-1)
        new = left - carry_on[..., None] * before
        # The provinces' mean in a year is sampled with the shock in it, because figures tell the sum and not its parts.
        expected = d["seen"].mean(axis=1) - new.mean(axis=1)
        first = 1 + FIRST * (1 / pt.sqrt(1 - carry_on**2) - 1)
        year_scale = pm.LogNormal("year_scale", np.log(0.04), 0.7, dims="emission")
        spread = d["common"] * year_scale[:, None] * first + (1 - d["common"])
        year_mean = pm.Normal("year_mean", d["common"] * expected, spread, dims=("emission", "year"))
        shock = pm.Deterministic("year_shock", d["common"] * (year_mean - expected), dims=("emission", "year"))
        pm.StudentT(
            "emissions",
            nu=TAIL,
            mu=d["seen"] - new + shock[:, None, :],
            sigma=(scatter[:, None] * first)[:, None, :],
            observed=d["seen"],
            dims=("emission", "province", "year"),
        )
    return model


TRUTH = {
    "elasticity": np.array([[0.6, 0.1], [0.4, 0.1], [0.8, 0.1], [0.6, 0.1]]),
    "province": 0.15,
    "share_slope": np.array([0.5, 0.5, 0.0, 0.0]),
    "trend": np.array([-0.6, -0.6, 0.0, 0.0]),
    "step": np.array([0.0, -0.6, -0.4, 0.1, 0.3, -0.3, -0.2]),
    "step_scale": 0.15,
    "scatter": 0.05,
    "year_scale": 0.08,
    "carry_over": 0.5,
}


def simulate(truth: dict, rng: np.random.Generator, panel: Panel) -> Panel:
    """A panel with known elasticities, steps and shocks (keys of `TRUTH`) and the coal and output of `panel`."""
    known = {**TRUTH, **truth}
    arrays, shape = data(panel), (len(PROVINCES), len(YEARS))
    own = known["province"] * rng.normal(size=(len(EMISSIONS), 2, len(PROVINCES)))
    elasticity = known["elasticity"][..., None] + own - own.mean(axis=-1, keepdims=True)
    mean = known["trend"][:, None, None] * TIME + known["share_slope"][:, None, None] * arrays["coal_share"]
    mean = mean + elasticity[:, 0, :, None] * arrays["coal"] + elasticity[:, 1, :, None] * arrays["output"]
    steps = known["step"][:, None] + known["step_scale"] * rng.normal(size=(len(BREAKS), len(PROVINCES)))
    mean += np.einsum("bp,kby->kpy", steps, AFTER)
    shock = known["year_scale"] * rng.normal(size=(len(EMISSIONS), 1, len(YEARS)))
    own = known["scatter"] * rng.normal(size=(len(EMISSIONS), *shape))
    mean += _carried(shock + own, np.full(len(EMISSIONS), known["carry_over"]))
    levels = {name: panel.values[name].mean(axis=1, keepdims=True) for name in EMISSIONS}
    values = panel.values | {name: levels[name] + value for name, value in zip(EMISSIONS, mean, strict=True)}
    return replace(panel, values=values, truth={**known, "elasticity": elasticity})


def _carried(innovation: np.ndarray, carry_over: np.ndarray) -> np.ndarray:
    """Stationary first-order autoregressions (..., province, year) with one `carry_over` for the leading axes."""
    left, carry_over = innovation.copy(), carry_over[..., None]
    left[..., 0] /= np.sqrt(1 - carry_over**2)
    for year in range(1, left.shape[-1]):
        left[..., year] += carry_over * left[..., year - 1]
    return left


def _toy(panel: Panel, rng: np.random.Generator, coal: float) -> Panel:
    return simulate({"elasticity": TRUTH["elasticity"] * np.array([coal, 1.0])}, rng, panel)


TOYS = {"toy": partial(_toy, coal=1.0), "toy-no-link": partial(_toy, coal=0.0)}


DERIVED = ("elasticity", "step", "year_shock")
VARIANTS = {
    "without-year-shocks": Variant("without shocks of years", partial(replace, common=0.0)),
    "without-breaks": Variant("without breaks of method", partial(replace, broken=0.0)),
}


def expected(panel: Panel, draws: dict[str, np.ndarray]) -> np.ndarray:
    """Expected log emissions without shocks and carry-over (chain, draw, emission, province, year)."""
    arrays = data(panel)
    lasting = draws["scatter"] / (1 - draws["carry_over"])
    mean = (draws["level_mean"][..., None] + lasting[..., None] * draws["level"])[..., None]
    mean = mean + (draws["trend_mean"][..., None] + draws["trend"])[..., None] * TIME
    mean = mean + draws["share_slope"][..., None, None] * arrays["coal_share"]
    mean = mean + draws["elasticity"][..., 0, :, None] * arrays["coal"]
    mean = mean + draws["elasticity"][..., 1, :, None] * arrays["output"]
    return mean + panel.broken * np.einsum("cdbp,kby->cdkpy", draws["step"], AFTER)
