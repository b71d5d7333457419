"""What is said of fits of `emissions`: the named quantities of a fit."""

import numpy as np

from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.energy.emissions import (
    ALL_YEARS,
    BREAKS,
    EMISSIONS,
    PROVINCES,
    REGION,
    REGIONS,
    TABLES,
    TIME,
    YEARS,
    Panel,
    centred,
    coal_told,
    expected,
    lines,
    parted,
)

NAMES = {"so2": "SO2", "dust": "soot and dust", "ceads": "CO2 (CEADs)", "edgar": "CO2 (EDGAR)"}
SHOWN = ("Beijing", "Tianjin", "Hebei")
FIRST_SHOWN, LAST_SHOWN = 2013, 2017
"""The years of the article's plan."""
LAST_SAME_METHOD = YEARS[-1]
"""The last year before the counting of 2016 and 2017."""
SPANS = (("Beijing", 2005, LAST_SAME_METHOD), ("Hebei", FIRST_SHOWN, LAST_SHOWN))
"""Falls of coal of which it is said what goes with them."""
WITHIN_REGIONS = "mean correlation of departures between provinces of a region, without the mean of all provinces"
OF_EMISSION = {
    "elasticity.{key}": ("", "elasticity of {emission} to coal from year to year, mean of the provinces"),
    "elasticity.{key}.bth": ("", "elasticity of {emission} to coal from year to year, Beijing, Tianjin and Hebei"),
    "over-years.{key}": ("", "elasticity of {emission} to coal over years, between trends of provinces"),
    "share-slope.{key}": (
        "%",
        "change of {emission} with ten percentage points more coal in end use, at equal coal, output and trend",
    ),
    "year-shock.{key}": ("%", "standard deviation of what moves {emission} of all provinces in a year"),
    "carry-over.{key}": ("", "carry-over of departures of {emission} from year to year"),
    "tail.{key}": ("", "degrees of freedom of departures of {emission}"),
    "check.together.{key}": ("", "mean correlation of departures between provinces, {emission}"),
    "check.together.{key}.anew": ("", "mean correlation of departures between provinces, {emission}, drawn anew"),
    "check.region.{key}": ("", f"{WITHIN_REGIONS}, {{emission}}"),
    "check.region.{key}.anew": ("", f"{WITHIN_REGIONS}, {{emission}}, drawn anew"),
    "check.largest.{key}": ("probability", "departures of {emission} drawn anew have one as large as the largest"),
}
NEAR, FAR = 0.03, 0.1
"""Counts of coal agree below the first difference of logarithms, and disagree above the second."""


def findings(fit) -> list[Finding]:
    """Elasticities over years and from year to year, what a tonne of coal goes with, steps, and checks of departures.

    Of one emission: ids of a fit of another than SO2 end in its name.
    """
    say = Scribe(TABLES, "energy.emissions.", fit)
    draws = {key: fit.parameters[key].transpose("chain", "draw", ...).values for key in fit.parameters}
    made = _to_coal(draws["elasticity"][:, :, 0]) | {"over-years.{key}": draws["over_years"][..., 0]}
    if fit.panel.truth:
        known = fit.panel.truth
        true = _to_coal(known["elasticity"][0]) | {"over-years.{key}": known["over_years"][0]}
        for id, value in true.items():
            unit, label = OF_EMISSION[id]
            words = label.format(emission=NAMES[fit.panel.emission])
            say.pair(id.format(key=fit.panel.emission), words, round(float(value), 3), made[id], unit)
        return say.made
    if not fit.panel.own:
        del made["over-years.{key}"]
    made |= {
        "share-slope.{key}": 100 * np.expm1(draws["share_slope"] / 10),
        "carry-over.{key}": draws["carry_over"],
        "tail.{key}": 1 + draws["tail"],
    }
    made["year-shock.{key}"] = 100 * draws["year_scale"]
    _say_of_emission(say, fit, made)
    _say_departures(say, fit)
    if fit.variant in ("", *EMISSIONS):
        _say_provinces(say, fit, draws)
        _say_own_data(say, fit, draws)
        _say_steps(say, fit, draws)
    if not fit.variant:
        _say_reliability(say.under(tables=TABLES[::2]), fit.panel)
        _say_spans(say, fit, draws)
        _say_published(say.under(tables=TABLES[:1]), fit.panel)
    return say.made


def _say_of_emission(say: Scribe, fit, values: dict[str, np.ndarray]) -> None:
    """Quantities of `OF_EMISSION` (chain, draw)."""
    key = fit.panel.emission
    for id, drawn in values.items():
        unit, label = OF_EMISSION[id]
        say.draws(id.format(key=key), label.format(emission=NAMES[key]), drawn, unit)


def _to_coal(coal: np.ndarray) -> dict[str, np.ndarray]:
    """Elasticities to coal (...) of those (..., province), means of all and of three provinces."""
    north = [PROVINCES.index(province) for province in SHOWN]
    return {"elasticity.{key}": coal.mean(axis=-1), "elasticity.{key}.bth": coal[..., north].mean(axis=-1)}


def _say_provinces(say: Scribe, fit, draws: dict[str, np.ndarray]) -> None:
    """Elasticities of three provinces, and what a tonne of coal goes with at the level before the counting changed."""
    year, emission = ALL_YEARS.index(LAST_SAME_METHOD), fit.panel.emission
    for province in SHOWN:
        p, key = PROVINCES.index(province), f"{emission}.{province.lower()}"
        coal = draws["elasticity"][:, :, 0, p]
        say.draws(f"elasticity.{key}", f"elasticity of {NAMES[emission]} to coal, {province}", coal, "")
        if emission == "dust":
            continue
        ratio = np.exp(fit.panel.values[emission][p, year] - fit.panel.values["coal"][p, year])
        words = f"that goes with a tonne of coal in {province} from year to year, at the level of {LAST_SAME_METHOD}"
        unit = "kg/t" if emission == "so2" else "t/t"
        say.draws(f"per-tonne.{key}", f"{NAMES[emission]} {words}", ratio * coal, unit)


def _say_reliability(say: Scribe, panel: Panel) -> None:
    """What is left of departures and slopes of the yearbook's coal when the second count has been heard."""
    slopes, departures = parted(panel)
    mean, slope = lines(panel.values["coal"])
    first = (panel.values["coal"] - mean - slope * TIME)[:, : len(YEARS)]
    told, again = (departures[name][:, : len(YEARS)] for name in ("coal", "coal_again"))
    words = "share of a departure of the yearbook's coal that both counts leave"
    apart = np.abs(again - first)
    for key, where, which in (
        ("years", "all years", apart >= 0),
        ("years.near", f"where the counts lie less than {100 * NEAR:.0f} % apart", apart < NEAR),
        ("years.far", f"where the counts lie more than {100 * FAR:.0f} % apart", apart > FAR),
    ):
        left = 100 * (told * first)[which].sum() / (first * first)[which].sum()
        say.fact(f"reliability.{key}", f"{words}, {where}", left, "%", 0)
        if key != "years":
            say.fact(f"reliability.{key}.of", f"figures of coal {where}", which.sum(), f"of {which.size}")
    own = (slope - slope.mean())[:, 0]
    label = "share of a province's slope of the yearbook's coal that both counts leave"
    say.fact("reliability.trend", label, 100 * (slopes["coal"] @ own) / (own @ own), "%", 0)


def _say_spans(say: Scribe, fit, draws: dict[str, np.ndarray]) -> None:
    """What goes with the fall of a province's coal, by the elasticity from year to year and by that over years.

    Elasticities act on coal as both counts tell it, so that is the fall.
    """
    key, told = fit.panel.emission, coal_told(fit.panel)
    for province, first, last in SPANS:
        p = PROVINCES.index(province)
        counts = (fit.panel.values["coal"], fit.panel.values["coal_again"], told)
        values = [series[p] for series in (fit.panel.values[key], *counts)]
        seen, coal, twice, fell = (value[ALL_YEARS.index(last)] - value[ALL_YEARS.index(first)] for value in values)
        of, words = say.under(f"{province.lower()}.{key}."), f"{province}, {first} to {last}"
        label = f"change of {NAMES[key]} with coal by the elasticity {{}}, {words}"
        short, long = draws["elasticity"][:, :, 0, p], draws["over_years"][..., 0]
        of.draws("with-coal", label.format("from year to year"), 100 * np.expm1(short * fell), "%")
        of.draws("with-coal.over-years", label.format("over years"), 100 * np.expm1(long * fell), "%")
        of.fact("span.coal.told", f"change of coal as both counts tell it, {words}", 100 * np.expm1(fell), "%", 1)
        plain = of.under(tables=TABLES[:1])
        plain.fact("span", f"published change of {NAMES[key]}, {words}", 100 * np.expm1(seen), "%", 1)
        plain.fact("span.coal", f"published change of coal, {words}", 100 * np.expm1(coal), "%", 1)
        again = of.under(tables=TABLES[2:])
        again.fact("span.coal.again", f"change of coal by CEADs, {words}", 100 * np.expm1(twice), "%", 1)


def _say_steps(say: Scribe, fit, draws: dict[str, np.ndarray]) -> None:
    """Steps of method in the mean of the provinces: inside the fit, and after it as observed less predicted."""
    emission = fit.panel.emission
    for b, year in enumerate(BREAKS.get(emission, ())):
        step = 100 * np.expm1(draws["step_mean"][:, :, b])
        say.draws(f"break.{emission}.{year}", f"step of {NAMES[emission]} in {year}, mean of the provinces", step, "%")
    if emission not in BREAKS:
        return
    for year, step in beyond(fit, draws).items():
        words = f"{NAMES[emission]} observed in {year} less predicted from the years to {LAST_SAME_METHOD}"
        say.draws(f"break.{emission}.{year}", f"{words}, mean of the provinces", 100 * np.expm1(step), "%")


def beyond(fit, draws: dict[str, np.ndarray]) -> dict[int, np.ndarray]:
    """Steps of the years after the fit (chain, draw): what the provinces' mean adds to what carries over, by year.

    A step is known no better than the shock that all provinces share in a year.
    """
    rng, carry_over = np.random.default_rng([fit.seed, 5]), draws["carry_over"]
    left = (centred(fit.panel) - expected(fit.panel, draws)).mean(axis=-2)
    lasting, stepped, made = left[..., len(YEARS) - 1], 0.0, {}
    for year in ALL_YEARS[len(YEARS) :]:
        lasting = carry_over * lasting + draws["year_scale"] * rng.normal(size=carry_over.shape)
        whole = left[..., ALL_YEARS.index(year)] - lasting
        made[year], stepped = whole - stepped, whole
    return made


def _say_published(say: Scribe, panel: Panel) -> None:
    """Changes in the tables alone: of three provinces over four years, and how many provinces fell at a break."""
    what = {**{emission: NAMES[emission] for emission in EMISSIONS[:2]}, "coal": "coal consumption"}
    starts = {FIRST_SHOWN: "change", LAST_SAME_METHOD: f"change.from-{LAST_SAME_METHOD}"}
    for province in SHOWN:
        for series, text in what.items():
            values = panel.values[series][PROVINCES.index(province)]
            for start, end in starts.items():
                change = 100 * np.expm1(values[ALL_YEARS.index(LAST_SHOWN)] - values[ALL_YEARS.index(start)])
                label = f"published change of {text}, {province}, {start} to {LAST_SHOWN}"
                say.fact(f"{province.lower()}.{series}.{end}", label, change, "%", 1)
    for emission, years in COUNTED_ANEW.items():
        for year in years:
            fell = (np.diff(panel.values[emission], axis=1)[:, ALL_YEARS.index(year) - 1] < 0).sum()
            label = f"provinces whose published {NAMES[emission]} fell from {year - 1} to {year}"
            say.fact(f"fell.{emission}.{year}", label, fell, f"of {len(PROVINCES)}")


COUNTED_ANEW = {emission: (*years, *ALL_YEARS[len(YEARS) :]) for emission, years in BREAKS.items()}
"""Years from which an emission was counted in a new way, with those after the fit."""


def _say_own_data(say: Scribe, fit, draws: dict[str, np.ndarray]) -> None:
    """How much the three provinces' figures say of their own elasticity to coal, beyond that of all provinces."""
    weight = np.isin(PROVINCES, SHOWN) / len(SHOWN) - 1 / len(PROVINCES)
    by_region = np.bincount(REGION, weight, len(REGIONS))
    of_region, of_province = ((w - w.mean()) @ (w - w.mean()) for w in (by_region, weight))
    prior = draws["region_scale"][:, :, 0] ** 2 * of_region + draws["province_scale"][:, :, 0] ** 2 * of_province
    left = (draws["elasticity"][:, :, 0] @ weight).var()
    emission = fit.panel.emission
    words = f"share of the variance between the three provinces' elasticity of {NAMES[emission]} to coal"
    label = f"{words} and that of all provinces that the data remove"
    say.score(f"own-data.{emission}", label, 100 * (1 - left / prior.mean()), "%", 0)


def _some_draws(fit, most: int = 2000) -> dict[str, np.ndarray]:
    """Evenly spaced draws of every parameter (chain, draw, ...)."""
    every = max(1, fit.parameters.sizes["chain"] * fit.parameters.sizes["draw"] // most)
    thinned = fit.parameters.isel(draw=slice(None, None, every)).transpose("chain", "draw", ...)
    return {name: thinned[name].values for name in thinned}


def innovations(panel: Panel, draws: dict[str, np.ndarray]) -> np.ndarray:
    """What is new in a year (chain, draw, province, year of the fit), the first year scaled down to the others."""
    left, carry_over = (centred(panel) - expected(panel, draws))[..., : len(YEARS)], draws["carry_over"][..., None]
    new = left.copy()
    new[..., 1:] -= carry_over[..., None] * left[..., :-1]
    new[..., 0] *= np.sqrt(1 - carry_over**2)
    return new


def _unstretched(draws: dict[str, np.ndarray]) -> np.ndarray:
    """Shocks of years and regions (chain, draw, province, year), the first year scaled down to the others."""
    shock = draws["year_shock"][..., None, :] + np.swapaxes(draws["regional_shock"], -1, -2)
    shock[..., 0] *= np.sqrt(1 - draws["carry_over"][..., None] ** 2)
    return shock


def drawn_anew(draws: dict[str, np.ndarray], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """New shocks of years and regions, and new innovations of provinces, both (chain, draw, province, year)."""
    size, wide = draws["scatter"].shape, (..., None, None)
    common = draws["year_scale"][wide] * rng.normal(size=(*size, 1, len(YEARS)))
    regional = rng.normal(size=(*size, len(REGIONS), len(YEARS)))
    regional = draws["regional_scale"][wide] * (regional - regional.mean(axis=-2, keepdims=True))
    own = rng.standard_t(1 + draws["tail"][wide], (*size, len(PROVINCES), len(YEARS)))
    return common + regional[..., REGION, :], draws["scatter"][wide] * own


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
    some = _some_draws(fit)
    new = innovations(fit.panel, some)
    shock, own = drawn_anew(some, np.random.default_rng(fit.seed))
    everyone, made = np.zeros(len(PROVINCES), dtype=int), {}
    for end, departures in (("", new), (".anew", shock + own)):
        apart = departures - departures.mean(axis=-2, keepdims=True)
        made[f"check.together.{{key}}{end}"] = together(departures, everyone)
        made[f"check.region.{{key}}{end}"] = together(apart, REGION)
    largest = np.abs(new - _unstretched(some)).max(axis=(-2, -1))
    made["check.largest.{key}"] = largest <= np.abs(own).max(axis=(-2, -1))
    _say_of_emission(say, fit, made)
