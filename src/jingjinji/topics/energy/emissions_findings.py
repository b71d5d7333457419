"""What is said of fits of `emissions`: the named quantities of a fit."""

from functools import partial
from itertools import product

import numpy as np

from jingjinji.core.findings import Finding, exact, record
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


def findings(fit) -> list[Finding]:
    """Elasticities, what a tonne of coal goes with, steps of method, shocks of years, and checks of the departures."""
    name = partial(record, model=fit.name, panel=TABLES, suffix=f"@{fit.variant}" if fit.variant else "")
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
                          TABLES[:1]))  # fmt: skip
    for emission, year in BREAKS:
        change = np.diff(fit.panel.values[emission], axis=1)[:, YEARS.index(year) - 1]
        made.append(exact(f"energy.emissions.fell.{emission}.{year}",
                          f"provinces whose published {NAMES[emission]} fell from {year - 1} to {year}",
                          int((change < 0).sum()), f"of {len(PROVINCES)}", TABLES[:1]))  # fmt: skip
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
                          round(float(100 * (1 - left / prior.mean())), 0), "%", TABLES, fit.name))  # fmt: skip
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
              round(100 * float(inside[k].mean()), 1), "%", TABLES, fit.name)
        for k, emission in enumerate(EMISSIONS)
    ]  # fmt: skip
