"""Coal, output and emissions of thirty provinces, 2003 to 2017: elasticities pooled by province and region."""

from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import numpy as np
import pandas as pd

from jingjinji.core import tables
from jingjinji.core.errors import BookError
from jingjinji.core.findings import Finding, exact, record

YEARS = tuple(range(2003, 2018))
TIME = (np.array(YEARS) - np.mean(YEARS)) / 10
EMISSIONS = ("so2", "dust", "ceads", "edgar")
"""Two pollutants that provinces count, and CO2 of two inventories: one quantity, but two answers."""
TAIL = 4.0
"""Degrees of freedom of a province's departures: some are far off."""
TELLING = np.array([[0, 0], [0, 0], [1, 0], [1, 0]])
"""1 where figures say much of a province's own elasticity (emission, driver): it is sampled on its own scale there."""
NAMES = {"so2": "SO2", "dust": "soot and dust", "ceads": "CO2 (CEADs)", "edgar": "CO2 (EDGAR)"}
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
SHOWN = ("Beijing", "Tianjin", "Hebei")
PANEL = ("energy_province_year", "energy_mix_year")
FIRST = np.array([1.0] + [0.0] * (len(YEARS) - 1))
LAST_SAME_METHOD = 2015
"""The last year before the counting of 2016 and 2017."""


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


def load(variant: str = "") -> Panel:
    """The panel of the main fit, or of one of `VARIANTS`; raises BookError for an unknown variant."""
    if variant and variant not in VARIANTS:
        raise BookError(f"model energy_emissions has no variant '{variant}': expected one of {', '.join(VARIANTS)}")
    panel = balanced(tables.load("energy_province_year"), tables.load("energy_mix_year"))
    return VARIANTS[variant](panel) if variant else panel


def balanced(emissions: pd.DataFrame, mix: pd.DataFrame) -> Panel:
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


def simulate(truth: dict, rng: np.random.Generator, panel: Panel | None = None) -> Panel:
    """A panel with known elasticities, steps and shocks (keys of `TRUTH`) and the coal and output of `panel`."""
    panel = load() if panel is None else panel
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
    "without-year-shocks": partial(replace, common=0.0),
    "without-breaks": partial(replace, broken=0.0),
}


def findings(fit) -> list[Finding]:
    """Elasticities, what a tonne of coal goes with, steps of method, shocks of years, and checks of the departures."""
    name = partial(record, model=fit.name, panel=PANEL, suffix=f"@{fit.variant}" if fit.variant else "")
    draws = {key: fit.parameters[key].transpose("chain", "draw", ...).values for key in fit.parameters}
    coal, output = draws["elasticity"][:, :, :, 0], draws["elasticity"][:, :, :, 1]
    made = [name(key, label, value, "") for key, label, value in _to_coal(coal)]
    if fit.panel.truth:
        return made + _truths(fit)
    for k, emission in enumerate(EMISSIONS):
        what, key = NAMES[emission], f"energy.emissions.elasticity.{emission}"
        made.append(name(f"{key}.output", f"elasticity of {what} to output, mean of the provinces",
                         output[:, :, k].mean(axis=-1), ""))  # fmt: skip
        made += [
            name(f"{key}.{province.lower()}", f"elasticity of {what} to coal, {province}",
                 coal[:, :, k, PROVINCES.index(province)], "") for province in SHOWN
        ]  # fmt: skip
    made += [*_besides_coal(fit, draws, name), *_per_tonne(fit, draws, name), *_check_departures(fit, name)]
    if fit.panel.broken:
        made += _steps(fit, draws, name)
    if not fit.variant:
        # facts of tables belong to the main fit alone
        made += [*_published(fit), *_own_data(fit, draws), *_two_inventories(fit, draws, name), *_check_figures(fit)]
    return made


def _to_coal(coal: np.ndarray) -> list[tuple[str, str, np.ndarray]]:
    """Keys, labels and values of the elasticities to coal (..., emission, province), of all and of three provinces."""
    north, made = [PROVINCES.index(province) for province in SHOWN], []
    for k, emission in enumerate(EMISSIONS):
        key, label = f"energy.emissions.elasticity.{emission}", f"elasticity of {NAMES[emission]} to coal, mean of"
        made += [
            (key, f"{label} the provinces", coal[..., k, :].mean(axis=-1)),
            (f"{key}.bth", f"{label} Beijing, Tianjin and Hebei", coal[..., k, north].mean(axis=-1)),
        ]
    return made


def _truths(fit) -> list[Finding]:
    """True elasticities of a synthetic panel under the ids of their estimates."""
    return [
        exact(f"{key.replace('elasticity', 'truth.elasticity')}@{fit.variant}", f"truth: {label}",
              round(float(value), 3), "", ())
        for key, label, value in _to_coal(fit.panel.truth["elasticity"][:, 0])
    ]  # fmt: skip


def _besides_coal(fit, draws: dict[str, np.ndarray], name) -> list[Finding]:
    """What goes with the share of coal in end use, and the size of shocks that all provinces share."""
    made = []
    for k, emission in enumerate(EMISSIONS):
        made.append(name(f"energy.emissions.share-slope.{emission}",
                         f"change of {NAMES[emission]} with ten percentage points more coal in end use, at equal coal, "
                         "output and trend", 100 * np.expm1(draws["share_slope"][:, :, k] / 10), "%"))  # fmt: skip
        if fit.panel.common:
            made.append(name(f"energy.emissions.year-shock.{emission}",
                             f"standard deviation of what moves {NAMES[emission]} of all provinces in a year",
                             100 * draws["year_scale"][:, :, k], "%"))  # fmt: skip
    return made


def _per_tonne(fit, draws: dict[str, np.ndarray], name) -> list[Finding]:
    """What a tonne of coal more or less goes with, at the level of the last year before the counting changed."""
    made, year = [], YEARS.index(LAST_SAME_METHOD)
    for k, emission in enumerate(EMISSIONS):
        unit = "kg/t" if emission in EMISSIONS[:2] else "t/t"
        for province in SHOWN:
            p = PROVINCES.index(province)
            ratio = np.exp(fit.panel.values[emission][p, year] - fit.panel.values["coal"][p, year])
            made.append(name(f"energy.emissions.per-tonne.{emission}.{province.lower()}",
                             f"{NAMES[emission]} that goes with a tonne of coal in {province}, at the level of "
                             f"{LAST_SAME_METHOD}", ratio * draws["elasticity"][:, :, k, 0, p], unit))  # fmt: skip
    return made


FIRST_SHOWN, LAST_SHOWN = 2013, 2017
"""The years of the article's plan, between which a province's fall is split."""


def _steps(fit, draws: dict[str, np.ndarray], name) -> list[Finding]:
    """Common steps of method, and the parts of a province's fall that go with coal and with steps."""
    made = []
    for b, (emission, year) in enumerate(BREAKS):
        made.append(name(f"energy.emissions.break.{emission}.{year}",
                         f"step of {NAMES[emission]} in {year}, mean of the provinces",
                         100 * np.expm1(draws["step_mean"][:, :, b]), "%"))  # fmt: skip
    first, last = YEARS.index(FIRST_SHOWN), YEARS.index(LAST_SHOWN)
    period = f"{FIRST_SHOWN} to {LAST_SHOWN}"
    for province in SHOWN:
        p, key = PROVINCES.index(province), f"energy.emissions.{province.lower()}"
        coal = fit.panel.values["coal"][p, last] - fit.panel.values["coal"][p, first]
        for k, emission in enumerate(EMISSIONS[:2]):
            steps = (draws["step"][:, :, :, p] * (AFTER[k, :, last] - AFTER[k, :, first])).sum(axis=-1)
            made += [
                name(f"{key}.{emission}.with-coal", f"change of {NAMES[emission]} with coal, {province}, {period}",
                     100 * np.expm1(draws["elasticity"][:, :, k, 0, p] * coal), "%"),
                name(f"{key}.{emission}.with-steps", f"change of {NAMES[emission]} in the steps of method, {province}, "
                     f"{period}", 100 * np.expm1(steps), "%"),
            ]  # fmt: skip
    return made


def _published(fit) -> list[Finding]:
    """Changes in the tables alone: of three provinces over four years, and how many provinces fell at a break."""
    made, last = [], YEARS.index(LAST_SHOWN)
    what = {**{emission: NAMES[emission] for emission in EMISSIONS[:2]}, "coal": "coal consumption"}
    starts = {FIRST_SHOWN: "change", LAST_SAME_METHOD: f"change.from-{LAST_SAME_METHOD}"}
    for province, (series, text), (start, end) in product(SHOWN, what.items(), starts.items()):
        values = fit.panel.values[series][PROVINCES.index(province)]
        made.append(exact(f"energy.emissions.{province.lower()}.{series}.{end}",
                          f"published change of {text}, {province}, {start} to {LAST_SHOWN}",
                          round(100 * float(np.expm1(values[last] - values[YEARS.index(start)])), 1), "%",
                          PANEL[:1]))  # fmt: skip
    for emission, year in BREAKS:
        change = np.diff(fit.panel.values[emission], axis=1)[:, YEARS.index(year) - 1]
        made.append(exact(f"energy.emissions.fell.{emission}.{year}",
                          f"provinces whose published {NAMES[emission]} fell from {year - 1} to {year}",
                          int((change < 0).sum()), f"of {len(PROVINCES)}", PANEL[:1]))  # fmt: skip
    return made


def _own_data(fit, draws: dict[str, np.ndarray]) -> list[Finding]:
    """How much the three provinces' figures say of their own elasticity to coal, beyond that of all provinces."""
    weight = np.isin(PROVINCES, SHOWN) / len(SHOWN) - 1 / len(PROVINCES)
    by_region = np.bincount(REGION, weight, len(REGIONS))
    of_region, of_province = ((w - w.mean()) @ (w - w.mean()) for w in (by_region, weight))
    made = []
    for k, emission in enumerate(EMISSIONS):
        prior = draws["region_scale"][:, :, k, 0] ** 2 * of_region
        prior = prior + draws["province_scale"][:, :, k, 0] ** 2 * of_province
        left = (draws["elasticity"][:, :, k, 0] @ weight).var()
        made.append(exact(f"energy.emissions.own-data.{emission}",
                          f"share of the variance between the three provinces' elasticity of {NAMES[emission]} to coal "
                          "and that of all provinces that the data remove",
                          round(float(100 * (1 - left / prior.mean())), 0), "%", PANEL, fit.name))  # fmt: skip
    return made


def _two_inventories(fit, draws: dict[str, np.ndarray], name) -> list[Finding]:
    """How far the two inventories of CO2 disagree."""
    ceads, edgar = EMISSIONS.index("ceads"), EMISSIONS.index("edgar")
    gap = draws["elasticity"][:, :, ceads, 0].mean(axis=-1) - draws["elasticity"][:, :, edgar, 0].mean(axis=-1)
    trend = draws["trend_mean"][..., None] + draws["trend"]
    apart = (trend[:, :, ceads] - trend[:, :, edgar]).std(axis=-1)
    some = _some_draws(fit)
    own = innovations(fit.panel, some) - _unstretched(some)[..., None, :]
    ranks = own.reshape(*own.shape[:3], -1).argsort(axis=-1).argsort(axis=-1)
    ranks = ranks - ranks.mean(axis=-1, keepdims=True)
    together = (ranks[:, :, ceads] * ranks[:, :, edgar]).mean(axis=-1) / ranks[:, :, ceads].var(axis=-1)
    return [
        name("energy.emissions.co2.elasticity-gap", "elasticity of CO2 to coal, CEADs less EDGAR, mean of provinces",
             gap, ""),
        name("energy.emissions.co2.trend-gap", "standard deviation over the provinces of the trend of CEADs' CO2 less "
             "that of EDGAR's, in ten years", 100 * apart, "%"),
        name("energy.emissions.co2.together", "rank correlation of a province's own departures in the two inventories",
             together, ""),
    ]  # fmt: skip


def _some_draws(fit, most: int = 2000) -> dict[str, np.ndarray]:
    """Evenly spaced draws of every parameter (chain, draw, ...)."""
    every = max(1, fit.parameters.sizes["chain"] * fit.parameters.sizes["draw"] // most)
    thinned = fit.parameters.isel(draw=slice(None, None, every)).transpose("chain", "draw", ...)
    return {name: thinned[name].values for name in thinned}


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


def innovations(panel: Panel, draws: dict[str, np.ndarray]) -> np.ndarray:
    """What is new in a year (chain, draw, emission, province, year), the first year scaled down to the others."""
    left, carry_over = data(panel)["seen"] - expected(panel, draws), draws["carry_over"][..., None]
    new = left.copy()
    new[..., 1:] -= carry_over[..., None] * left[..., :-1]
    new[..., 0] *= np.sqrt(1 - carry_over**2)
    return new


def _unstretched(draws: dict[str, np.ndarray]) -> np.ndarray:
    """Shocks of years (chain, draw, emission, year), the first year scaled down to the others."""
    shock = draws["year_shock"].copy()
    shock[..., 0] *= np.sqrt(1 - draws["carry_over"] ** 2)
    return shock


def drawn_anew(panel: Panel, draws: dict[str, np.ndarray], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """New shocks of years (chain, draw, emission, 1, year) and new innovations of provinces (..., province, year)."""
    shape = (*draws["scatter"].shape, len(PROVINCES), len(YEARS))
    shock = draws["year_scale"][..., None, None] * rng.normal(size=(*shape[:3], 1, shape[-1]))
    return panel.common * shock, draws["scatter"][..., None, None] * rng.standard_t(TAIL, shape)


def together(new: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Mean correlation between two provinces of one group of what is new (..., province, year)."""
    standard = new - new.mean(axis=-1, keepdims=True)
    standard = standard / standard.std(axis=-1, keepdims=True)
    total, pairs = 0.0, 0
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        total = total + np.square(standard[..., members, :].sum(axis=-2)).mean(axis=-1) - len(members)
        pairs += len(members) * (len(members) - 1)
    return total / pairs


def _check_departures(fit, name) -> list[Finding]:
    """Departures beside departures drawn anew: how far provinces move together, and how large the largest one is."""
    some, years = _some_draws(fit), slice(0, YEARS.index(LAST_SAME_METHOD) + 1)
    new = innovations(fit.panel, some)
    shock, own = drawn_anew(fit.panel, some, np.random.default_rng(fit.seed))
    everyone, made = np.zeros(len(PROVINCES), dtype=int), []
    statistics = {
        "together": ("mean correlation of departures between provinces", lambda x: together(x[..., years], everyone)),
        "region": ("the same within a region, without the mean of all provinces",
                   lambda x: together((x - x.mean(axis=-2, keepdims=True))[..., years], REGION)),
    }  # fmt: skip
    for key, (text, statistic) in statistics.items():
        seen, again = statistic(new), statistic(shock + own)
        for k, emission in enumerate(EMISSIONS):
            label = f"{text}, {NAMES[emission]}"
            made += [
                name(f"energy.emissions.check.{key}.{emission}", label, seen[:, :, k], ""),
                name(f"energy.emissions.check.{key}.{emission}.anew", f"{label}, drawn anew", again[:, :, k], ""),
            ]  # fmt: skip
    largest = np.abs(new - _unstretched(some)[..., None, :]).max(axis=(-2, -1)) <= np.abs(own).max(axis=(-2, -1))
    for k, emission in enumerate(EMISSIONS):
        made.append(name(f"energy.emissions.check.largest.{emission}",
                         f"departures of {NAMES[emission]} drawn anew have one as large as the largest",
                         largest[:, :, k].astype(float), "probability"))  # fmt: skip
    return made


def _check_figures(fit) -> list[Finding]:
    """Figures inside the central 94 % of figures drawn anew, by emission."""
    some = _some_draws(fit)
    shock, own = drawn_anew(fit.panel, some, np.random.default_rng(fit.seed))
    figures = expected(fit.panel, some) + _carried(shock + own, some["carry_over"])
    low, high = np.percentile(figures, [3, 97], axis=(0, 1))
    seen = data(fit.panel)["seen"]
    inside = (low <= seen) & (seen <= high)
    return [
        exact(f"energy.emissions.check.inside.{emission}",
              f"figures of {NAMES[emission]} inside the central 94 % of figures drawn anew",
              round(100 * float(inside[k].mean()), 1), "%", PANEL, fit.name)
        for k, emission in enumerate(EMISSIONS)
    ]  # fmt: skip
