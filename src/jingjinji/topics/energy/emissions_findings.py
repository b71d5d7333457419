"""What is said of fits of `emissions`: the named quantities of a fit."""

from itertools import product

import numpy as np

from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.energy.emissions import (
    AFTER,
    BREAKS,
    EMISSIONS,
    PROVINCES,
    REGION,
    REGIONS,
    TABLES,
    TAIL,
    YEARS,
    Panel,
    _carried,
    data,
    expected,
)

NAMES = {"so2": "SO2", "dust": "soot and dust", "ceads": "CO2 (CEADs)", "edgar": "CO2 (EDGAR)"}
SHOWN = ("Beijing", "Tianjin", "Hebei")
LAST_SAME_METHOD = 2015
"""The last year before the counting of 2016 and 2017."""
FIRST_SHOWN, LAST_SHOWN = 2013, 2017
"""The years of the article's plan, between which a province's fall is split."""
PERIOD = f"{FIRST_SHOWN} to {LAST_SHOWN}"
TO_COAL = {
    "elasticity.{key}": ("", "elasticity of {emission} to coal, mean of the provinces"),
    "elasticity.{key}.bth": ("", "elasticity of {emission} to coal, mean of Beijing, Tianjin and Hebei"),
}
OF_EMISSION = TO_COAL | {
    "elasticity.{key}.output": ("", "elasticity of {emission} to output, mean of the provinces"),
    "share-slope.{key}": (
        "%",
        "change of {emission} with ten percentage points more coal in end use, at equal coal, output and trend",
    ),
    "year-shock.{key}": ("%", "standard deviation of what moves {emission} of all provinces in a year"),
    "check.together.{key}": ("", "mean correlation of departures between provinces, {emission}"),
    "check.together.{key}.anew": ("", "mean correlation of departures between provinces, {emission}, drawn anew"),
    "check.region.{key}": ("", "the same within a region, without the mean of all provinces, {emission}"),
    "check.region.{key}.anew": (
        "",
        "the same within a region, without the mean of all provinces, {emission}, drawn anew",
    ),
    "check.largest.{key}": ("probability", "departures of {emission} drawn anew have one as large as the largest"),
}
INVENTORIES = {
    "elasticity-gap": ("", "elasticity of CO2 to coal, CEADs less EDGAR, mean of provinces"),
    "trend-gap": (
        "%",
        "standard deviation over the provinces of the trend of CEADs' CO2 less that of EDGAR's, in ten years",
    ),
    "together": ("", "rank correlation of a province's own departures in the two inventories"),
}


def findings(fit) -> list[Finding]:
    """Elasticities, what a tonne of coal goes with, steps of method, shocks of years, and checks of the departures."""
    say = Scribe(TABLES, "energy.emissions.", fit)
    draws = {key: fit.parameters[key].transpose("chain", "draw", ...).values for key in fit.parameters}
    made = _to_coal(draws["elasticity"][:, :, :, 0])
    if fit.panel.truth:
        for id, truth in _to_coal(fit.panel.truth["elasticity"][:, 0]).items():
            for k, (key, name) in enumerate(NAMES.items()):
                unit, label = TO_COAL[id]
                true = round(float(truth[k]), 3)
                say.pair(id.format(key=key), label.format(emission=name), true, made[id][:, :, k], unit)
        return say.made
    made |= {
        "elasticity.{key}.output": draws["elasticity"][:, :, :, 1].mean(axis=-1),
        "share-slope.{key}": 100 * np.expm1(draws["share_slope"] / 10),
    }
    if fit.panel.common:
        made["year-shock.{key}"] = 100 * draws["year_scale"]
    _say_of_emissions(say, made)
    _say_provinces(say, fit, draws)
    _say_departures(say, fit)
    if fit.panel.broken:
        _say_steps(say, fit, draws)
    if not fit.variant:
        _say_published(say.under(tables=TABLES[:1]), fit.panel)
        _say_own_data(say, draws)
        _say_inventories(say.under("co2."), fit, draws)
        _say_figures(say, fit)
    return say.made


def _say_of_emissions(say: Scribe, values: dict[str, np.ndarray]) -> None:
    """Quantities of `OF_EMISSION` (chain, draw, emission)."""
    for id, drawn in values.items():
        unit, label = OF_EMISSION[id]
        for k, (key, name) in enumerate(NAMES.items()):
            say.draws(id.format(key=key), label.format(emission=name), drawn[:, :, k], unit)


def _to_coal(coal: np.ndarray) -> dict[str, np.ndarray]:
    """Elasticities to coal (..., emission) of those (..., emission, province), means of all and of three provinces."""
    north = [PROVINCES.index(province) for province in SHOWN]
    return dict(zip(TO_COAL, (coal.mean(axis=-1), coal[..., north].mean(axis=-1)), strict=True))


def _say_provinces(say: Scribe, fit, draws: dict[str, np.ndarray]) -> None:
    """Elasticities of three provinces, and what a tonne of coal goes with at the level before the counting changed."""
    year = YEARS.index(LAST_SAME_METHOD)
    for (k, emission), province in product(enumerate(EMISSIONS), SHOWN):
        p, key = PROVINCES.index(province), f"{emission}.{province.lower()}"
        coal = draws["elasticity"][:, :, k, 0, p]
        say.draws(f"elasticity.{key}", f"elasticity of {NAMES[emission]} to coal, {province}", coal, "")
        ratio = np.exp(fit.panel.values[emission][p, year] - fit.panel.values["coal"][p, year])
        words = f"that goes with a tonne of coal in {province}, at the level of {LAST_SAME_METHOD}"
        unit = "kg/t" if emission in EMISSIONS[:2] else "t/t"
        say.draws(f"per-tonne.{key}", f"{NAMES[emission]} {words}", ratio * coal, unit)


def _say_steps(say: Scribe, fit, draws: dict[str, np.ndarray]) -> None:
    """Common steps of method, and the parts of a province's fall that go with coal and with steps."""
    for b, (emission, year) in enumerate(BREAKS):
        step = 100 * np.expm1(draws["step_mean"][:, :, b])
        say.draws(f"break.{emission}.{year}", f"step of {NAMES[emission]} in {year}, mean of the provinces", step, "%")
    first, last = YEARS.index(FIRST_SHOWN), YEARS.index(LAST_SHOWN)
    for province, (k, emission) in product(SHOWN, enumerate(EMISSIONS[:2])):
        p, of = PROVINCES.index(province), say.under(f"{province.lower()}.{emission}.")
        coal = fit.panel.values["coal"][p, last] - fit.panel.values["coal"][p, first]
        with_coal = draws["elasticity"][:, :, k, 0, p] * coal
        with_steps = (draws["step"][:, :, :, p] * (AFTER[k, :, last] - AFTER[k, :, first])).sum(axis=-1)
        words = f"change of {NAMES[emission]}"
        of.draws("with-coal", f"{words} with coal, {province}, {PERIOD}", 100 * np.expm1(with_coal), "%")
        label = f"{words} in the steps of method, {province}, {PERIOD}"
        of.draws("with-steps", label, 100 * np.expm1(with_steps), "%")


def _say_published(say: Scribe, panel: Panel) -> None:
    """Changes in the tables alone: of three provinces over four years, and how many provinces fell at a break."""
    what = {**{emission: NAMES[emission] for emission in EMISSIONS[:2]}, "coal": "coal consumption"}
    starts = {FIRST_SHOWN: "change", LAST_SAME_METHOD: f"change.from-{LAST_SAME_METHOD}"}
    for province, (series, text), (start, end) in product(SHOWN, what.items(), starts.items()):
        values = panel.values[series][PROVINCES.index(province)]
        change = 100 * np.expm1(values[YEARS.index(LAST_SHOWN)] - values[YEARS.index(start)])
        label = f"published change of {text}, {province}, {start} to {LAST_SHOWN}"
        say.fact(f"{province.lower()}.{series}.{end}", label, change, "%", 1)
    for emission, year in BREAKS:
        fell = (np.diff(panel.values[emission], axis=1)[:, YEARS.index(year) - 1] < 0).sum()
        label = f"provinces whose published {NAMES[emission]} fell from {year - 1} to {year}"
        say.fact(f"fell.{emission}.{year}", label, fell, f"of {len(PROVINCES)}")


def _say_own_data(say: Scribe, draws: dict[str, np.ndarray]) -> None:
    """How much the three provinces' figures say of their own elasticity to coal, beyond that of all provinces."""
    weight = np.isin(PROVINCES, SHOWN) / len(SHOWN) - 1 / len(PROVINCES)
    by_region = np.bincount(REGION, weight, len(REGIONS))
    of_region, of_province = ((w - w.mean()) @ (w - w.mean()) for w in (by_region, weight))
    for k, emission in enumerate(EMISSIONS):
        prior = draws["region_scale"][:, :, k, 0] ** 2 * of_region
        prior = prior + draws["province_scale"][:, :, k, 0] ** 2 * of_province
        left = (draws["elasticity"][:, :, k, 0] @ weight).var()
        words = f"share of the variance between the three provinces' elasticity of {NAMES[emission]} to coal"
        label = f"{words} and that of all provinces that the data remove"
        say.score(f"own-data.{emission}", label, 100 * (1 - left / prior.mean()), "%", 0)


def _say_inventories(say: Scribe, fit, draws: dict[str, np.ndarray]) -> None:
    """How far the two inventories of CO2 disagree."""
    ceads, edgar = EMISSIONS.index("ceads"), EMISSIONS.index("edgar")
    coal = draws["elasticity"][:, :, :, 0].mean(axis=-1)
    trend = draws["trend_mean"][..., None] + draws["trend"]
    apart = (trend[:, :, ceads] - trend[:, :, edgar]).std(axis=-1)
    some = _some_draws(fit)
    own = innovations(fit.panel, some) - _unstretched(some)[..., None, :]
    ranks = own.reshape(*own.shape[:3], -1).argsort(axis=-1).argsort(axis=-1)
    ranks = ranks - ranks.mean(axis=-1, keepdims=True)
    together = (ranks[:, :, ceads] * ranks[:, :, edgar]).mean(axis=-1) / ranks[:, :, ceads].var(axis=-1)
    gap = coal[:, :, ceads] - coal[:, :, edgar]
    say.table(INVENTORIES, {"elasticity-gap": gap, "trend-gap": 100 * apart, "together": together})


def _some_draws(fit, most: int = 2000) -> dict[str, np.ndarray]:
    """Evenly spaced draws of every parameter (chain, draw, ...)."""
    every = max(1, fit.parameters.sizes["chain"] * fit.parameters.sizes["draw"] // most)
    thinned = fit.parameters.isel(draw=slice(None, None, every)).transpose("chain", "draw", ...)
    return {name: thinned[name].values for name in thinned}


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


def _say_departures(say: Scribe, fit) -> None:
    """Departures beside departures drawn anew: how far provinces move together, and how large the largest one is."""
    some, years = _some_draws(fit), slice(0, YEARS.index(LAST_SAME_METHOD) + 1)
    new = innovations(fit.panel, some)
    shock, own = drawn_anew(fit.panel, some, np.random.default_rng(fit.seed))
    everyone, made = np.zeros(len(PROVINCES), dtype=int), {}
    for end, departures in (("", new), (".anew", shock + own)):
        apart = departures - departures.mean(axis=-2, keepdims=True)
        made[f"check.together.{{key}}{end}"] = together(departures[..., years], everyone)
        made[f"check.region.{{key}}{end}"] = together(apart[..., years], REGION)
    largest = np.abs(new - _unstretched(some)[..., None, :]).max(axis=(-2, -1))
    made["check.largest.{key}"] = largest <= np.abs(own).max(axis=(-2, -1))
    _say_of_emissions(say, made)


def _say_figures(say: Scribe, fit) -> None:
    """Figures inside the central 94 % of figures drawn anew, by emission."""
    some = _some_draws(fit)
    shock, own = drawn_anew(fit.panel, some, np.random.default_rng(fit.seed))
    figures = expected(fit.panel, some) + _carried(shock + own, some["carry_over"])
    low, high = np.percentile(figures, [3, 97], axis=(0, 1))
    seen = data(fit.panel)["seen"]
    inside = (low <= seen) & (seen <= high)
    for k, emission in enumerate(EMISSIONS):
        label = f"figures of {NAMES[emission]} inside the central 94 % of figures drawn anew"
        say.score(f"check.inside.{emission}", label, 100 * inside[k].mean(), "%", 1)
