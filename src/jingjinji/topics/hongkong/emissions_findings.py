"""What is said of fits of `emissions`: the named quantities of a fit."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import scipy

from jingjinji.core.findings import Finding
from jingjinji.core.left_out import UNRELIABLE, places
from jingjinji.core.scribe import Scribe
from jingjinji.topics.hongkong import facts
from jingjinji.topics.hongkong.emissions import (
    BASE,
    EARLIER,
    GAS_FOR_COAL,
    HALF,
    NEUTRAL,
    NOW,
    PEAK,
    SOURCES,
    TABLES,
    TAIL,
    TYPICAL_DRIFT,
    YEARS,
    drawn_around,
    of_paths,
    paths_of,
    walked,
)

AHEAD = np.arange(NOW + 1, 2051)
NEAR_ZERO = 10.0
"""Per cent of the emissions of `BASE`; at most that much is counted as near zero, since no sink is in the data."""
SPAN = 10
"""Last years whose change, or whose yearly steps, are taken to go on."""
SPANS = {"": SPAN, ".all": len(YEARS) - 1, ".five": 5}
"""What ids end in -> the same with other last years: where the past begins is a choice like any other."""
OF_SPANS = {"": "", ".all": f", of all years since {BASE}", ".five": ", of the last five years"}
MODEL = "model"
READINGS = {
    MODEL: "drifts walk on, years surprise to both sides",
    "drawn-fuels": "the years' steps of power, fuel and the rest drawn again",
    "drawn-per-cent": "the years' steps drawn again in per cent",
    "drawn-tonnes": "the years' steps drawn again in tonnes",
}
"""What "as before" can mean where years to come scatter as years did."""
STRAIGHT = {"per-cent": "the same per cent a year", "tonnes": "the same tonnes a year"}
"""What it means where no year to come surprises: arithmetic of the past, of which no probability is given."""
OF_STEPS = tuple(reading for reading in READINGS if reading != MODEL)
"""Readings that draw steps of the past again, and so hang on where it begins; so do those of `STRAIGHT`."""
MOST_LEFT = 300
"""Per cent of the emissions of `BASE` above which a path is not followed."""
FIFTH = 0.2
"""Share of the draws that are taken for those in which drifts change fast."""


def states(fit) -> dict[str, np.ndarray]:
    """Emissions by year until the panel's `last`, and what paths go on from.

    `emissions` (draw, part, year) of coal, of gas in power stations and of the rest, Mt; `paths` (draw, path, year);
    `drift` into the last year and `scatter` (draw, path); `walk_scale` (draw,).
    """
    flat = fit.parameters.stack(sample=("chain", "draw"))
    value = {name: flat[name].transpose("sample", ...).values for name in
             ("drift", "walk_scale", "walk", "scatter", "paths", "offset")}  # fmt: skip
    informed = fit.panel.last >= YEARS
    walk_scale = value["walk_scale"]
    drifts = value["drift"][..., None] + walk_scale[:, None, None] * TYPICAL_DRIFT[:, None] * (
        value["walk"] @ walked().T
    )
    _, of_coal, of_gas = value["offset"].T
    paths = paths_of(value["paths"][..., informed], (of_coal - of_gas)[:, None])
    return {
        "emissions": np.stack(of_paths(paths), axis=1), "paths": paths, "drift": drifts[..., informed[1:]][..., -1],
        "scatter": value["scatter"], "walk_scale": walk_scale,
    }  # fmt: skip


def total(now: dict[str, np.ndarray], year: int) -> np.ndarray:
    """Emissions of all (draw,) of one year, Mt."""
    return now["emissions"][..., year - BASE].sum(axis=1)


def ahead(fit, now: dict[str, np.ndarray], years: int = len(AHEAD), span: int = SPAN) -> dict[str, np.ndarray]:
    """Emissions of all (draw, year), Mt, in so many years after the last one, by each of `READINGS` and `STRAIGHT`.

    Of the model, drifts walk on and years surprise as they did. All others go on with what the last `span` years
    changed by, or with fewer where there are not so many: their mean, or their steps in a random order, each as often
    as chance has it. What would fall below zero stays at zero.
    """
    rng = np.random.default_rng([fit.seed, NOW])
    paths, all_years = now["paths"], now["emissions"].sum(axis=1)
    size = len(paths), paths.shape[1], years
    drifts = now["walk_scale"][:, None, None] * TYPICAL_DRIFT[:, None] * rng.normal(size=size).cumsum(axis=2)
    steps = now["drift"][..., None] + drifts + now["scatter"][..., None] * rng.standard_t(TAIL, size)
    span = min(span, all_years.shape[1] - 1)
    again = rng.integers(span, size=(len(paths), years))
    in_tonnes, in_logs = (np.diff(values, axis=1)[:, -span:] for values in (all_years, np.log(all_years)))
    of_fuels = np.diff(paths, axis=2)[..., -span:]
    count, last = np.arange(1, years + 1), all_years[:, -1:]

    def on(steps: np.ndarray) -> np.ndarray:
        return sum(of_paths(paths[..., -1:] + steps.cumsum(axis=2)))

    return {
        MODEL: on(steps),
        "per-cent": last * np.exp(in_logs.mean(axis=1, keepdims=True) * count),
        "drawn-fuels": on(np.take_along_axis(of_fuels, again[:, None], axis=2)),
        "drawn-per-cent": last * np.exp(np.take_along_axis(in_logs, again, axis=1).cumsum(axis=1)),
        "drawn-tonnes": until_zero(last + np.take_along_axis(in_tonnes, again, axis=1).cumsum(axis=1)),
        "tonnes": until_zero(last + in_tonnes.mean(axis=1, keepdims=True) * count),
    }


def by_span(
    fit, now: dict[str, np.ndarray], years: int = len(AHEAD), spans: dict[str, int] = SPANS
) -> Iterator[tuple[str, str, str, np.ndarray]]:
    """Each reading, what its ids end in, its words, and its emissions (draw, year), Mt, as in `ahead`, for each span.

    The model takes no steps of the past, so it comes once.
    """
    for end, span in spans.items():
        later = ahead(fit, now, years, span)
        for reading, words in (READINGS | STRAIGHT).items():
            if reading != MODEL or not end:
                yield reading, f"{_end(reading)}{end}", f"{words}{OF_SPANS[end]}", later[reading]


def until_zero(path: np.ndarray) -> np.ndarray:
    """A path (..., year) that stays at zero once it has come to it."""
    return np.where(np.minimum.accumulate(path > 0, axis=-1), path, 0.0)


NOW_AND_THEN = {
    "change": ("%", f"change of Hong Kong's emissions, {BASE} to {NOW}"),
    "rate": ("% a year", f"mean change of Hong Kong's emissions a year, {PEAK} to {NOW}"),
    str(NOW): ("Mt", f"Hong Kong's emissions, {NOW}"),
}
LEFT = f"Hong Kong's emissions of {{year}}, of those of {BASE}, at most {MOST_LEFT}"
NEEDS = {
    "needed": ("% a year", f"change a year from {NOW} on that meets the target of {HALF}"),
    "faster": ("probability", f"probability that the target of {HALF} needs a faster fall than {PEAK} to {NOW}"),
    "needed.tonnes": ("Mt a year", f"change a year from {NOW} on in tonnes that meets the target of {HALF}"),
    "rate.tonnes": ("Mt a year", f"mean change a year in tonnes, {PEAK} to {NOW}"),
    "faster.tonnes": ("probability", f"probability that it needs more tonnes a year than {PEAK} to {NOW} brought"),
}
PARTS = {"coal": "coal in power stations", "gas": "gas in power stations", "rest": "all else"}
POWER = {
    "part": ("%", f"part of electricity in the fall of emissions, {PEAK} to {NOW}"),
    "coal": ("Mt", f"emissions of coal in power stations, {NOW}"),
    "without-coal": ("%", f"emissions of {NOW}, of those of {BASE}, had gas made what coal made"),
}
RATIOS = {
    "carbon-budget": ("%", "fossil CO2 of the Global Carbon Budget above the inventory"),
    "coal": ("%", "CO2 of coal burnt, by a default factor, above the inventory's"),
    "gas": ("%", "CO2 of gas burnt, by a default factor, above that of power stations"),
}
MONEY = {
    "cut": ("Mt", f"emissions a year between 2021 and the target of {HALF}"),
    "per-tonne": ("thousand HKD", f"planned spending for each tonne a year between 2021 and the target of {HALF}"),
}
CHECKED = {
    "inside": ("printed figures inside the central 94 % predicted from all the others, of those whose weights can be "
               "trusted", "%"),
    "trusted": ("printed figures whose weights can be trusted", ""),
}  # fmt: skip


def findings(fit) -> list[Finding]:
    """The path since `BASE`, where it leads by each reading, the probability of each target, and the plan's money.

    From earlier years alone, what each reading says of `NOW`, and how probable it takes emissions as low as those that
    were printed; where the inventory errs more, the targets alone.
    """
    say, now = Scribe(TABLES, "silk.hongkong.", fit), states(fit)
    of = partial(total, now)
    if fit.variant.startswith("to-"):
        came, since = printed_now(fit.panel), f"from figures to {fit.panel.last}"
        for reading, end, words, path in by_span(fit, now, NOW - fit.panel.last):
            if reading in READINGS:
                label = f"Hong Kong's emissions, {NOW}, {since}: {words}"
                say.draws(f"{NOW}{end}", label, path[:, -1], "Mt", by_median=True)
                label = f"probability, {since}, that Hong Kong emits in {NOW} at most what was printed: {words}"
                say.draws(f"as-low.{NOW}{end}", label, path[:, -1] <= came, "probability")
        return say.made
    yearly = 100 * ((of(NOW) / of(PEAK)) ** (1 / (NOW - PEAK)) - 1)
    made = {"change": 100 * (of(NOW) / of(BASE) - 1), "rate": yearly, str(NOW): of(NOW)}
    later = ahead(fit, now)
    if fit.panel.truth:
        made[f"left.{HALF}"] = _left(of, later[MODEL], HALF)
        labels = NOW_AND_THEN | {f"left.{HALF}": ("%", LEFT.format(year=HALF))}
        for key, truth in _truths(fit.panel).items():
            unit, label = labels[key]
            say.pair(key, label, round(float(truth), 2), made[key], unit)
        return say.made
    say.table(NOW_AND_THEN, made)
    of_plans = say.under(tables=(*TABLES, "policy_facts"))
    for reading, end, words, path in by_span(fit, now, spans={"": SPAN} if fit.variant else SPANS):
        if reading in READINGS:
            _say_targets(of_plans, of, path, words, end)
        elif not fit.variant:
            for year in (HALF, NEUTRAL):
                label = f"{LEFT.format(year=year)}, {words}, without a surprise to come"
                of_plans.draws(f"left.{year}{end}", label, _left(of, path, year), "%", by_median=True)
    if fit.variant:
        return say.made
    _say_by_pace(of_plans, of, later[MODEL], now)
    goal = _goal(of)
    needed = 100 * ((goal / of(NOW)) ** (1 / (HALF - NOW)) - 1)
    in_tonnes, before = (goal - of(NOW)) / (HALF - NOW), (of(NOW) - of(PEAK)) / (NOW - PEAK)
    needs = {"needed": needed, "faster": needed < yearly, "needed.tonnes": in_tonnes, "rate.tonnes": before,
             "faster.tonnes": in_tonnes < before}  # fmt: skip
    of_plans.table(NEEDS, needs)
    _say_power(say, now, of)
    above = fit.parameters["offset"]
    say.under("ratio.").table(
        RATIOS, {key: 100 * np.expm1(above.isel(source=k).values) for k, key in enumerate(SOURCES)}
    )
    Scribe(of_plans.tables, "silk.money.", fit, say.made).table(MONEY, _money(of))
    _say_check(say, fit, now)
    return say.made


def _end(reading: str) -> str:
    return "" if reading == MODEL else f".{reading}"


def _goal(of) -> np.ndarray:
    """Emissions (draw,) that the target of `HALF` allows, Mt."""
    return of(BASE) * (1 - facts.cuts(HALF)[str(HALF)] / 100)


def _money(of) -> dict[str, np.ndarray]:
    """The planned spending for each tonne a year that lies between the plan's year and the target of `HALF`."""
    cut = of(2021) - _goal(of)
    spending = facts.fact("Hong Kong plan", "Hong Kong", "planned spending on climate action", "2021")
    return {"cut": cut, "per-tonne": spending / cut}


def _left(of, later: np.ndarray, year: int) -> np.ndarray:
    """Per cent of the emissions of `BASE` (draw,) in a year of `AHEAD`, at most `MOST_LEFT`."""
    return np.minimum(100 * later[:, year - AHEAD[0]] / of(BASE), MOST_LEFT)


def printed_now(panel) -> float:
    """The printed total of `NOW`, Mt, which figures that end earlier did not know."""
    rows = panel.printed
    return float(np.exp(rows.value[(rows.quantity == "total") & (rows.year == NOW)].mean()))


def _say_targets(say: Scribe, of, later: np.ndarray, words: str, end: str) -> None:
    words = f", {words}"
    for year in (EARLIER, HALF, NEUTRAL):
        left = _left(of, later, year)
        if year != EARLIER:
            say.draws(f"left.{year}{end}", LEFT.format(year=year) + words, left, "%", by_median=True)
        for key, least in facts.cuts(year).items():
            label = f"probability that Hong Kong emits at least {least:g} % less than in {BASE} in {year}{words}"
            say.draws(f"reached.{key}{end}", label, left <= 100 - least, "probability")
    label = f"probability that Hong Kong emits at most {NEAR_ZERO:g} % of {BASE} in {NEUTRAL}{words}"
    say.draws(f"reached.{NEUTRAL}{end}", label, left <= NEAR_ZERO, "probability")


def _say_by_pace(say: Scribe, of, later: np.ndarray, now: dict) -> None:
    """The model's answer in the draws in which drifts change most."""
    there = _left(of, later, HALF) <= 100 - facts.cuts(HALF)[str(HALF)]
    quick = now["walk_scale"] >= np.quantile(now["walk_scale"], 1 - FIFTH)
    label = f"probability of the target of {HALF} in the fifth of draws in which drifts change most"
    say.score(f"reached.{HALF}.quick", label, there[quick].mean(), "probability", 2)


def _say_power(say: Scribe, now: dict, of) -> None:
    coal, gas, rest = now["emissions"][..., YEARS == NOW][..., 0].T
    before = now["emissions"][..., YEARS == PEAK][..., 0].T
    for key, first, last in zip(PARTS, before, (coal, gas, rest), strict=True):
        rate = 100 * ((last / first) ** (1 / (NOW - PEAK)) - 1)
        say.draws(f"rate.{key}", f"mean change of emissions a year, {PARTS[key]}, {PEAK} to {NOW}", rate, "% a year")
    for year in (BASE, PEAK):
        say.draws(str(year), f"Hong Kong's emissions, {year}", of(year), "Mt")
    fall = before.sum(axis=0) - of(NOW)
    left = 100 * (of(NOW) - (1 - GAS_FOR_COAL) * coal) / of(BASE)
    power = {"part": 100 * (before[:2].sum(axis=0) - coal - gas) / fall, "coal": coal, "without-coal": left}
    say.under("electricity.").table(POWER, power)


def logs(now: dict) -> np.ndarray:
    """Logarithms of `emissions.QUANTITIES` by year (draw, quantity, year)."""
    coal, gas, rest = np.moveaxis(now["emissions"], 1, 0)
    return np.log(np.stack([coal + gas + rest, coal + gas, coal, gas], axis=1))


def _truths(panel) -> dict[str, float]:
    """What a toy was made with, under the names of what recovers it."""
    index = dict(zip(YEARS.tolist(), panel.truth["emissions"].sum(axis=0), strict=True))
    rate = (index[NOW] / index[PEAK]) ** (1 / (NOW - PEAK)) - 1
    return {"change": 100 * (index[NOW] / index[BASE] - 1), "rate": 100 * rate, str(NOW): index[NOW],
            f"left.{HALF}": panel.truth["left"]}  # fmt: skip


def left_out(fit, now: dict) -> tuple[np.ndarray, np.ndarray]:
    """Log density of each printed figure, and the share of its prediction below it, (draw, row) both."""
    value = fit.panel.printed.value.to_numpy()
    mean, sd = drawn_around(fit, logs(now))
    scaled = (value - mean) / sd
    return -0.5 * scaled**2 - np.log(sd), scipy.special.ndtr(scaled)


def _checked(scores: np.ndarray, below: np.ndarray) -> dict[str, float]:
    """How many printed figures can be predicted from all the others, and which share of these lies inside.

    Pareto k of a part of the draws is another: the errors are those over runs with other seeds.
    """
    place, k = places(scores, below)
    trusted = k <= UNRELIABLE
    inside = 100 * (np.abs(place[trusted] - 0.5) <= 0.47).mean() if trusted.any() else 0.0
    return {"inside": float(inside), "trusted": int(trusted.sum())}


def _say_check(say: Scribe, fit, now: dict) -> None:
    printed = fit.panel.printed
    for key, value in _checked(*left_out(fit, now)).items():
        label, unit = CHECKED[key]
        say.score(f"check.{key}", label, value, unit)
    say.fact("check.limit", "Pareto k above which weights are not trusted", UNRELIABLE)
    say.fact("record.figures", "printed figures that the model uses", len(printed))
    years = printed[printed.quantity == "total"].year.nunique()
    say.fact(f"printed.{NOW}", f"Hong Kong's emissions, {NOW}, as printed", printed_now(fit.panel), "Mt", 1)
    say.fact("record.years", "years from 2005 to 2024 with a printed total", years)
    say.fact("record.gas-for-coal", "CO2 of power from gas, of that from coal, assumed", 100 * GAS_FOR_COAL, "%")
