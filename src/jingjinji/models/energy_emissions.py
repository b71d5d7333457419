"""Coal, output and emissions of thirty provinces, 2003 to 2017: elasticities pooled by province and region."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from jingjinji import tables
from jingjinji.errors import BookError
from jingjinji.findings import Finding, exact, record

YEARS = tuple(range(2003, 2018))
TIME = (np.array(YEARS) - np.mean(YEARS)) / 10
EMISSIONS = ("so2", "dust", "co2")
SERIES = ("so2", "dust", "ceads", "edgar")
KIND = np.array([0, 0, 1, 1])
ERROR_SHAPE, STEP_SHAPE, NEARLY_NORMAL = 8.0, 4.0, 50.0
"""Degrees of freedom of departures, of steps (an odd step is likelier than an odd year) and of steps left out."""
NAMES = {"so2": "SO2", "dust": "soot and dust", "co2": "CO2"}
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
    [
        [[name == pollutant and year >= start for year in YEARS] for name, start in BREAKS]
        for pollutant in EMISSIONS[:2]
    ],
    dtype=float,
)
"""1 where a break (emission, year) of `BREAKS` has happened: (pollutant, break, year)."""
SHOWN = ("Beijing", "Tianjin", "Hebei")
PANEL = ("energy_province_year", "energy_mix_year")
FIRST = np.array([1.0] + [0.0] * (len(YEARS) - 1))
LAST_SAME_METHOD = 2015
"""The last year before the counting of 2016 and 2017."""


@dataclass(frozen=True)
class Panel:
    """Logarithms, ``(province, year)`` each: so2, dust (kt), ceads, edgar (Mt CO2), coal (Mt), output (10⁹ CNY).

    `coal_share` is the share of coal in end-use energy. `edgar_alone` is 1 where CEADs' CO2 says nothing, `broken` 0
    where the breaks of method are left out of the model.
    """

    values: dict[str, np.ndarray]
    edgar_alone: float = 0.0
    broken: float = 1.0
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

    Predictors are taken less the province's mean and less the slope that is common to the provinces. That slope belongs
    to the trend, which would otherwise be hard to tell from the elasticity.
    """
    centred = {name: value - value.mean(axis=1, keepdims=True) for name, value in panel.values.items()}
    for name in ("coal", "output", "coal_share"):
        centred[name] = centred[name] - (centred[name] @ TIME).mean() / (TIME @ TIME) * TIME
    return {
        "seen": np.stack([centred[name] for name in SERIES]),
        "coal": centred["coal"],
        "output": centred["output"],
        "coal_share": centred["coal_share"],
        "ignored": np.array(10.0 * panel.edgar_alone),
        "broken": np.array(panel.broken),
    }


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """Log emissions of a province around its own level, on coal, output, end-use coal share, time and breaks.

    Elasticities of coal and of output vary by region and by province. Breaks of method act on SO2 and dust, by
    province around a common step. The two CO2 inventories share a deviation and have errors of their own. Departures
    carry over from year to year, with heavy tails.
    """
    import pymc as pm
    import pytensor.tensor as pt

    coords = {
        "emission": list(EMISSIONS),
        "pollutant": ["so2", "dust"],
        "province": list(PROVINCES),
        "region": list(REGIONS),
        "driver": ["coal", "output"],
        "break": [f"{name} {year}" for name, year in BREAKS],
        "source": ["ceads", "edgar"],
        "series": list(SERIES),
        "kind": ["counted", "inventory"],
        "year": list(YEARS),
    }
    with pm.Model(coords=coords) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        elasticity_mean = pm.Normal("elasticity_mean", 0.5, 0.5, dims=("emission", "driver"))
        region_scale = pm.LogNormal("region_scale", np.log(0.15), 0.5, dims=("emission", "driver"))
        province_scale = pm.LogNormal("province_scale", np.log(0.15), 0.5, dims=("emission", "driver"))
        by_region = pm.ZeroSumNormal("by_region", 1, dims=("emission", "driver", "region"))
        by_province = pm.ZeroSumNormal("by_province", 1, dims=("emission", "driver", "province"))
        elasticity = pm.Deterministic(
            "elasticity",
            elasticity_mean[..., None]
            + region_scale[..., None] * by_region[..., REGION]
            + province_scale[..., None] * by_province,
            dims=("emission", "driver", "province"),
        )
        share_slope = pm.Normal("share_slope", 0, 1, dims="emission")
        trend_mean = pm.Normal("trend_mean", 0, 0.7, dims="emission")
        trend_scale = pm.LogNormal("trend_scale", np.log(0.2), 0.5, dims="emission")
        trend = trend_mean[:, None] + trend_scale[:, None] * pm.ZeroSumNormal("trend", 1, dims=("emission", "province"))
        carry_over = pm.Beta("carry_over", 6, 6, dims="kind")[KIND]
        scatter = pm.LogNormal("scatter", np.log(0.05), 0.5, dims="emission")
        lasting = (scatter / (1 - carry_over[:3]))[:, None]
        level = lasting * pm.Normal("level", 0, 1, dims=("emission", "province"))
        mean = level[..., None] + trend[..., None] * TIME + share_slope[:, None, None] * d["coal_share"]
        mean = mean + elasticity[:, 0, :, None] * d["coal"] + elasticity[:, 1, :, None] * d["output"]

        step_mean = pm.Normal("step_mean", 0, 0.4, dims="break")
        step_scale = pm.LogNormal("step_scale", np.log(0.2), 0.5, dims="break")
        step_spread = d["broken"] * step_scale + (1 - d["broken"])
        step = pm.StudentT(
            "step",
            nu=d["broken"] * STEP_SHAPE + (1 - d["broken"]) * NEARLY_NORMAL,
            mu=(d["broken"] * step_mean)[:, None],
            sigma=step_spread[:, None],
            dims=("break", "province"),
        )
        counted = mean[:2] + d["broken"] * (step[:, :, None] * AFTER[:, :, None, :]).sum(axis=1)
        mean = pt.concatenate([counted, mean[2:], mean[2:]], axis=0)

        error = pm.LogNormal("co2_error", np.log(0.04), 0.5, dims="source")
        ceads = scatter[2] ** 2 + error[0] ** 2 + d["ignored"] ** 2
        follow = scatter[2] ** 2 / ceads
        edgar = scatter[2] ** 2 * (1 - follow) + error[1] ** 2
        spread = pt.sqrt(pt.concatenate([scatter[:2] ** 2, pt.stack([ceads, edgar])]))
        spread = spread[:, None] * (1 + FIRST * (1 / pt.sqrt(1 - carry_over[:, None] ** 2) - 1))

        left = d["seen"] - mean
        before = pt.concatenate([pt.zeros_like(left[..., :1]), left[..., :-1]], axis=-1)
        expected = mean + carry_over[:, None, None] * before
        surprise = follow * (d["seen"][2] - expected[2])
        pm.StudentT(
            "emissions",
            nu=ERROR_SHAPE,
            mu=pt.inc_subtensor(expected[3], surprise),
            sigma=spread[:, None, :],
            observed=d["seen"],
            dims=("series", "province", "year"),
        )
    return model


TRUTH = {
    "elasticity": np.array([[0.6, 0.1], [0.4, 0.1], [0.7, 0.1]]),
    "province": 0.15,
    "share_slope": np.array([0.5, 0.5, 0.0]),
    "trend": np.array([-0.6, -0.6, 0.0]),
    "step": np.array([0.0, -0.6, -0.4, 0.1, 0.3, -0.3, -0.2]),
    "step_scale": 0.15,
    "scatter": 0.05,
    "co2_error": 0.04,
    "carry_over": 0.5,
}


def simulate(truth: dict, rng: np.random.Generator, panel: Panel | None = None) -> Panel:
    """A panel with known elasticities, steps and trends (keys of `TRUTH`) and the coal and output of `panel`."""
    panel = load() if panel is None else panel
    known = {**TRUTH, **truth}
    arrays, shape = data(panel), (len(PROVINCES), len(YEARS))
    own = known["province"] * rng.normal(size=(3, 2, len(PROVINCES)))
    elasticity = known["elasticity"][..., None] + own - own.mean(axis=-1, keepdims=True)
    mean = known["trend"][:, None, None] * TIME + known["share_slope"][:, None, None] * arrays["coal_share"]
    mean = mean + elasticity[:, 0, :, None] * arrays["coal"] + elasticity[:, 1, :, None] * arrays["output"]
    steps = known["step"][:, None] + known["step_scale"] * rng.normal(size=(len(BREAKS), len(PROVINCES)))
    counted = mean[:2] + np.einsum("bp,kby->kpy", steps, AFTER)
    left = _carried(known["scatter"] * rng.normal(size=(3, *shape)), known["carry_over"])
    errors = _carried(known["co2_error"] * rng.normal(size=(2, *shape)), known["carry_over"])
    made = dict(zip(("so2", "dust"), counted + left[:2], strict=True))
    made |= {name: mean[2] + left[2] + error for name, error in zip(("ceads", "edgar"), errors, strict=True)}
    levels = {name: panel.values[name].mean(axis=1, keepdims=True) for name in made}
    values = panel.values | {name: levels[name] + value for name, value in made.items()}
    return replace(panel, values=values, truth={**known, "elasticity": elasticity})


def _carried(innovation: np.ndarray, carry_over: float) -> np.ndarray:
    """A stationary first-order autoregression along the last axis."""
    left = innovation / np.sqrt(1 - carry_over**2)
    for year in range(1, left.shape[-1]):
        left[..., year] = innovation[..., year] + carry_over * left[..., year - 1]
    return left


def _toy(panel: Panel, coal: float) -> Panel:
    elasticity = TRUTH["elasticity"] * np.array([coal, 1.0])
    return simulate({"elasticity": elasticity}, np.random.default_rng([31, int(10 * coal)]), panel)


DERIVED = ("elasticity",)
KEPT_WITH = ("",)
VARIANTS = {
    "toy": partial(_toy, coal=1.0),
    "toy-no-link": partial(_toy, coal=0.0),
    "edgar-alone": partial(replace, edgar_alone=1.0),
    "without-breaks": partial(replace, broken=0.0),
}


def findings(fit) -> list[Finding]:
    """Elasticities, what a tonne of coal goes with, steps of method, and how far two CO2 inventories disagree."""
    name = partial(record, model=fit.name, panel=PANEL, suffix=f"@{fit.variant}" if fit.variant else "")
    draws = {key: fit.parameters[key].transpose("chain", "draw", ...).values for key in fit.parameters}
    elasticity, made = draws["elasticity"], []
    north = [PROVINCES.index(province) for province in SHOWN]
    for k, emission in enumerate(EMISSIONS):
        what, key = NAMES[emission], f"energy.emissions.elasticity.{emission}"
        made += [
            name(key, f"elasticity of {what} to coal, mean of the provinces", elasticity[:, :, k, 0].mean(axis=-1), ""),
            name(f"{key}.output", f"elasticity of {what} to output, mean of the provinces",
                 elasticity[:, :, k, 1].mean(axis=-1), ""),
            name(f"{key}.bth", f"elasticity of {what} to coal, mean of Beijing, Tianjin and Hebei",
                 elasticity[:, :, k, 0][..., north].mean(axis=-1), ""),
        ]  # fmt: skip
        made += [
            name(f"{key}.{province.lower()}", f"elasticity of {what} to coal, {province}",
                 elasticity[:, :, k, 0, PROVINCES.index(province)], "") for province in SHOWN
        ]  # fmt: skip
    if fit.panel.truth:
        return made + _truths(fit)
    made += _per_tonne(fit, elasticity, name)
    if fit.panel.broken:
        # facts of tables belong to the main fit alone
        made += [finding for finding in _steps(fit, draws, name) if not (fit.variant and finding.exact)]
    if not fit.variant:
        made += [*_disagreement(draws, name), *_check(fit)]
    return made


def _truths(fit) -> list[Finding]:
    made, coal = [], fit.panel.truth["elasticity"][:, 0]
    for k, emission in enumerate(EMISSIONS):
        made.append(exact(f"energy.emissions.truth.elasticity.{emission}@{fit.variant}",
                          f"truth: elasticity of {NAMES[emission]} to coal, mean of the provinces",
                          round(float(coal[k].mean()), 3), "", ()))  # fmt: skip
        for province in SHOWN:
            made.append(exact(f"energy.emissions.truth.elasticity.{emission}.{province.lower()}@{fit.variant}",
                              f"truth: elasticity of {NAMES[emission]} to coal, {province}",
                              round(float(coal[k, PROVINCES.index(province)]), 3), "", ()))  # fmt: skip
    return made


def _per_tonne(fit, elasticity: np.ndarray, name) -> list[Finding]:
    """What a tonne of coal more or less goes with, at the level of the last year before the counting changed."""
    made, year = [], YEARS.index(LAST_SAME_METHOD)
    values = fit.panel.values
    levels = {
        "so2": values["so2"],
        "dust": values["dust"],
        "co2": values["edgar"] if fit.panel.edgar_alone else (values["ceads"] + values["edgar"]) / 2,
    }
    for k, emission in enumerate(EMISSIONS):
        unit = "t/t" if emission == "co2" else "kg/t"
        for province in SHOWN:
            p = PROVINCES.index(province)
            ratio = np.exp(levels[emission][p, year] - values["coal"][p, year])
            made.append(name(f"energy.emissions.per-tonne.{emission}.{province.lower()}",
                             f"{NAMES[emission]} that goes with a tonne of coal in {province}, at the level of "
                             f"{LAST_SAME_METHOD}", ratio * elasticity[:, :, k, 0, p], unit))  # fmt: skip
    return made


def _steps(fit, draws: dict[str, np.ndarray], name) -> list[Finding]:
    """Common steps of method, and the parts of a province's fall that go with coal and with steps."""
    made = []
    for b, (emission, year) in enumerate(BREAKS):
        made.append(name(f"energy.emissions.break.{emission}.{year}",
                         f"step of {NAMES[emission]} in {year}, typical province",
                         100 * np.expm1(draws["step_mean"][:, :, b]), "%"))  # fmt: skip
    first, last = YEARS.index(2013), YEARS.index(2017)
    for province in SHOWN:
        p, key = PROVINCES.index(province), f"energy.emissions.{province.lower()}"
        for k, emission in enumerate(("so2", "dust")):
            fall = fit.panel.values[emission][p, last] - fit.panel.values[emission][p, first]
            coal = fit.panel.values["coal"][p, last] - fit.panel.values["coal"][p, first]
            steps = (draws["step"][:, :, :, p] * (AFTER[k, :, last] - AFTER[k, :, first])).sum(axis=-1)
            period = f"{YEARS[first]} to {YEARS[last]}"
            made += [
                exact(f"{key}.{emission}.change", f"published change of {NAMES[emission]}, {province}, {period}",
                      round(float(100 * np.expm1(fall)), 1), "%", PANEL[:1]),
                name(f"{key}.{emission}.with-coal", f"change of {NAMES[emission]} with coal, {province}, {period}",
                     100 * np.expm1(draws["elasticity"][:, :, k, 0, p] * coal), "%"),
                name(f"{key}.{emission}.with-steps", f"change of {NAMES[emission]} in the steps of method, {province}, "
                     f"{period}", 100 * np.expm1(steps), "%"),
            ]  # fmt: skip
        made.append(exact(f"{key}.coal.change", f"published change of coal consumption, {province}, {period}",
                          round(float(100 * np.expm1(coal)), 1), "%", PANEL[:1]))  # fmt: skip
    return made


def _disagreement(draws: dict[str, np.ndarray], name) -> list[Finding]:
    made = [
        name(f"energy.emissions.co2.error.{source}", f"yearly scatter of {label}'s CO2 alone",
             100 * draws["co2_error"][:, :, k], "%")
        for k, (source, label) in enumerate((("ceads", "CEADs"), ("edgar", "EDGAR")))
    ]  # fmt: skip
    return [
        *made,
        name("energy.emissions.co2.scatter", "yearly scatter of CO2 that both inventories share",
             100 * draws["scatter"][:, :, 2], "%"),
    ]  # fmt: skip


def expected_counted(fit, draws: dict[str, np.ndarray]) -> np.ndarray:
    """Expected log SO2 and dust without their carry-over (draw, counted, province, year), from flat draws."""
    arrays = data(fit.panel)
    trend = draws["trend_mean"][:, :, None] + draws["trend_scale"][:, :, None] * draws["trend"]
    lasting = draws["scatter"][:, :2] / (1 - draws["carry_over"][:, :1])
    mean = lasting[:, :, None, None] * draws["level"][:, :2, :, None] + trend[:, :2, :, None] * TIME
    mean = mean + draws["share_slope"][:, :2, None, None] * arrays["coal_share"]
    mean = mean + draws["elasticity"][:, :2, 0, :, None] * arrays["coal"]
    mean = mean + draws["elasticity"][:, :2, 1, :, None] * arrays["output"]
    return mean + fit.panel.broken * np.einsum("sbp,kby->skpy", draws["step"], AFTER)


def replicates(fit, most: int = 300) -> np.ndarray:
    """Log SO2 and dust drawn anew around the province's mean (draw, counted, province, year)."""
    rng = np.random.default_rng(fit.seed)
    every = max(1, fit.parameters.sizes["chain"] * fit.parameters.sizes["draw"] // most)
    flat = fit.parameters.isel(draw=slice(None, None, every)).stack(sample=("chain", "draw")).transpose("sample", ...)
    draws = {name: flat[name].values for name in fit.parameters}
    mean = expected_counted(fit, draws)
    carry, scatter = draws["carry_over"][:, :1, None], draws["scatter"][:, :2, None]
    made = np.empty_like(mean)
    left = scatter / np.sqrt(1 - carry**2) * rng.standard_t(ERROR_SHAPE, mean.shape[:3])
    made[..., 0] = mean[..., 0] + left
    for year in range(1, len(YEARS)):
        left = carry * left + scatter * rng.standard_t(ERROR_SHAPE, mean.shape[:3])
        made[..., year] = mean[..., year] + left
    return made


def _check(fit) -> list[Finding]:
    """Figures inside the central 94 % of figures drawn anew, SO2 and dust."""
    low, high = np.percentile(replicates(fit), [3, 97], axis=0)
    seen = data(fit.panel)["seen"][:2]
    inside = (low <= seen) & (seen <= high)
    return [
        exact("energy.emissions.check.inside", "figures of SO2 and dust inside the central 94 % of figures drawn anew",
              round(100 * float(inside.mean()), 1), "%", PANEL),
        exact("energy.emissions.check.before", "the same in the years before 2016",
              round(100 * float(inside[:, :, : YEARS.index(2016)].mean()), 1), "%", PANEL),
    ]  # fmt: skip
