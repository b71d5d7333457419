"""What is said of fits of `frontier`: the named quantities of a fit."""

from itertools import combinations

import numpy as np
import scipy

from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.cities import classical
from jingjinji.topics.cities.frontier import (
    LEFT_OUT,
    LOG_TYPICAL,
    PARTS,
    SOURCES,
    TABLES,
    TEN,
    TIME,
    YEARS,
    Panel,
    data,
    log_density_of,
    moments,
    provinces,
)

NAMES = {"edgar": "EDGAR", "counties": "sum of counties", "ceads": "CEADs"}
OF_TYPICAL = {
    "output": ("%", "change of CO2 with one per cent more output, capital and labour, typical city"),
    "inefficiency": ("log points", "mean inefficiency of a city, in logarithms times 100"),
    "counties-load": ("%", "share of a city's departure from its province that the sum of counties shows"),
}
TRUTHS = {
    "output": "change of CO2 with one per cent more output, capital and labour",
    "inefficiency": "mean inefficiency of a city",
    "counties-load": "share of a city's departure that the sum of counties shows",
}
CRITERIA = {
    "intensity": ("CO2 per output", "g per CNY of 1997"),
    "excess": ("CO2 beyond a typical city of equal inputs and output", "%"),
    "distance": ("share of CO2 that would be saved at the frontier", "%"),
}
STATISTICS = ("EDGAR and counties", "EDGAR and CEADs", "counties and CEADs", "skewness of the inventories' mean")


def sizes(share, exponential: float):
    """Inefficiency, in units of its scale, of a city with the `share` of cities nearer to the frontier."""
    return (1 - exponential) * scipy.special.ndtri((1 + share) / 2) - exponential * np.log1p(-share)


def parameters(fit) -> dict[str, np.ndarray]:
    """Draws of all chains, first dimension, of the parameters by name and of what follows from them alone.

    `inefficiency_scale`, `level_rest`, `mean_size` (draw,) and `load` (draw, source, 1).
    """
    flat = fit.parameters.stack(sample=("chain", "draw"))
    value = {name: flat[name].transpose("sample", ...).values for name in fit.parameters}
    mean, variance = moments(fit.panel.exponential)
    value["inefficiency_scale"] = value["apart"] * np.sqrt(value["one_sided"] / variance)
    value["level_rest"] = value["apart"] * np.sqrt(1 - value["one_sided"])
    value["mean_size"] = mean * value["inefficiency_scale"]
    counties = np.ones_like(value["apart"]) if fit.panel.equal_loads else value["counties_load"]
    value["load"] = np.stack([np.ones_like(counties), counties, np.ones_like(counties)], axis=1)[:, :, None]
    return value


def parts(fit) -> dict[str, np.ndarray]:
    """Draws of all chains, first dimension: what the model says of each city, and of the sources.

    `size`, `pace` (draw, city): inefficiency in 2010 in logarithms, its change in four years; `level`, `trend` (draw,
    city): departure of the true level and trend from that of a typical city, with inefficiency, the province's and the
    city's part; all four drawn from their distribution given the figures. `off`, `weight` (draw, source, city): levels
    less what is typical of inputs, output and source, and the inverse variance of their errors, both zero where
    unknown; `level_emission`, `trend_emission` (draw, city): level and trend of the true CO2, on the sources' mean
    scale; and all of `parameters`.
    """
    value, panel, index = parameters(fit), fit.panel, data(fit.panel)
    rng = np.random.default_rng(fit.seed)
    reported = {part: _reported(value, panel, index, part) for part in PARTS}
    value["size"] = _drawn_sizes(value, panel, reported, rng)
    beyond = value["size"] - value["mean_size"][:, None]
    own_pace = (value["size"] * value["pace_scale"][:, None]) ** 2
    above = {"level": beyond, "trend": beyond * value["pace_mean"][:, None]}
    for part in PARTS:
        off, weight, province, smooth = reported[part]
        wide = value[f"{part}_rest"][:, None] ** 2 + (own_pace if part == "trend" else 0)
        precision = 1 / wide + (weight * value["load"] ** 2).sum(axis=1)
        left = off - value["load"] * above[part][:, None]
        own = (weight * value["load"] * left).sum(axis=1) / precision
        own = own + rng.normal(size=own.shape) / np.sqrt(precision)
        value[part] = above[part] + province + own
        value[f"{part}_emission"] = smooth + value[part]
    share = own_pace / wide
    spread = np.sqrt(share * (wide - own_pace)) * rng.normal(size=own.shape)
    value["pace"] = value["pace_mean"][:, None] + (share * own + spread) / value["size"]
    return value


def _reported(value: dict, panel: Panel, index: dict, part: str) -> tuple[np.ndarray, ...]:
    """What sources report less all that is not the city's own, and its weight (draw, source, city); the province's part
    and what is typical of inputs and output (draw, city)."""
    of, known = provinces(panel)[1], index["known"]
    slopes = np.repeat(value["frontier"][:, None], len(SOURCES), axis=1)
    slopes[:, :, :3] += value["source_slopes"].transpose(0, 2, 1)
    typical = value[f"{part}_mean"][:, None, None] + value[f"{part}_bias"][:, :, None]
    typical = known * (index[part] - typical - slopes @ index[f"{part}_features"].T)
    province = (value[f"{part}_province_scale"][:, None] * value[f"{part}_province"])[:, of]
    place = (value[f"{part}_bias_scale"][:, :, None] * value[f"{part}_bias_province"])[:, :, of]
    weight = known / (value[f"{part}_error"][:, :, None] ** 2 + index[f"{part}_variance"])
    if part == "level":
        value |= {"off": typical, "weight": weight}
    smooth = value[f"{part}_mean"][:, None] + value["frontier"] @ index[f"{part}_features"].T
    return known * (typical - province[:, None] - place), weight, province, smooth


STRATA = 48


def _drawn_sizes(value: dict, panel: Panel, reported: dict, rng: np.random.Generator) -> np.ndarray:
    """Inefficiency of each city (draw, city) given the figures: one of `STRATA` points, shifted at random each time."""
    drawn = []
    for k, scale in enumerate(value["inefficiency_scale"]):
        count = len(panel.cities)
        share = (np.arange(STRATA)[:, None] + rng.uniform(size=count)) / STRATA
        size = scale * sizes(share, panel.exponential)
        beyond, rest = size - value["mean_size"][k], value["trend_rest"][k]
        shared = {
            "level": (beyond, value["level_rest"][k]),
            "trend": (beyond * value["pace_mean"][k], np.sqrt(rest**2 + (size * value["pace_scale"][k]) ** 2)),
        }
        density = sum(log_density_of(off[k], value["load"][k], weight[k], *shared[part])
                      for part, (off, weight, _, _) in reported.items())  # fmt: skip
        chance = np.exp(density - density.max(axis=0)).cumsum(axis=0)
        row = (chance < rng.uniform(size=count) * chance[-1]).sum(axis=0)
        drawn.append(size[row, np.arange(count)])
    return np.stack(drawn)


def distance(known: dict[str, np.ndarray], cities: np.ndarray) -> np.ndarray:
    """Share of CO2 that a city at the frontier would save (draw, year, city of `cities`), in per cent."""
    path = known["size"][:, None, cities] * np.exp(known["pace"][:, None, cities] * TIME[:, None])
    return -100 * np.expm1(-path)


def excess(known: dict[str, np.ndarray], cities: np.ndarray) -> np.ndarray:
    """CO2 beyond that of a typical city of equal inputs and output (draw, year, city of `cities`), in logarithms."""
    return known["level"][:, None, cities] + known["trend"][:, None, cities] * TIME[:, None]


def intensity(panel: Panel, known: dict[str, np.ndarray], cities: np.ndarray) -> np.ndarray:
    """True CO2 per output (draw, year, city of `cities`), g per CNY of 1997."""
    line = known["level_emission"][:, None, cities] + known["trend_emission"][:, None, cities] * TIME[:, None]
    return 1000 * np.exp(LOG_TYPICAL + line - panel.inputs["output"][cities].T)


def places(panel: Panel, names) -> np.ndarray:
    """Numbers of cities, by name."""
    number = {city: k for k, city in enumerate(panel.cities.city)}
    return np.array([number[name] for name in names])


def ranks(values: np.ndarray) -> np.ndarray:
    """Rank of each city in each draw, 1 the least of the last dimension."""
    return values.argsort(axis=-1).argsort(axis=-1) + 1


def findings(fit) -> list[Finding]:
    """Distance to the frontier, excess, ranks and gap of the ten cities; parameters alone for synthetic panels."""
    say, truth = Scribe(TABLES, "efficiency.", fit), fit.panel.truth
    known = parameters(fit) if truth else parts(fit)
    typical = {
        "output": known["frontier"][:, 0],
        "inefficiency": 100 * known["mean_size"],
        "counties-load": 100 * known["load"][:, 1],
    }
    if truth:
        made_with = truth["output"], round(100 * truth["distance"], 1), 100 * truth["counties_load"]
        for (key, label), value in zip(TRUTHS.items(), made_with, strict=True):
            say.pair(key, label, value, typical[key], OF_TYPICAL[key][0])
        return say.made
    say.table(OF_TYPICAL, typical)
    _say_ten(say, fit, known)
    _say_gap(say, fit, known)
    _say_check(say, fit, known)
    if not fit.variant:
        classical.say_scores(say, fit.panel, places(fit.panel, TEN))
        classical.say_tokyo(say)
        _say_record(say, fit, known)
    return say.made


def judged(fit, known: dict[str, np.ndarray], cities: np.ndarray) -> dict[str, np.ndarray]:
    """The three criteria (draw, year, city of `cities`), less is better; excess in logarithms."""
    return {
        "intensity": intensity(fit.panel, known, cities),
        "excess": excess(known, cities),
        "distance": distance(known, cities),
    }


def _say_ten(say: Scribe, fit, known: dict) -> None:
    """What is said of each of the ten cities over the nine years, and of the ranks, by each criterion."""
    thirteen = judged(fit, known, places(fit.panel, (*TEN, *LEFT_OUT)))
    for criterion, (label, unit) in CRITERIA.items():
        mean = thirteen[criterion].mean(axis=1)
        order, wider = ranks(mean[:, : len(TEN)]), ranks(mean)
        shown = 100 * np.expm1(mean) if criterion == "excess" else mean
        for k, city in enumerate(TEN):
            id = f"{city.lower()}.{criterion}"
            say.draws(id, f"{label}, {city}, mean of the years", shown[:, k], unit)
            say.draws(f"{id}.rank", f"rank of {city} among the ten: {label}", order[:, k], "")
        for k, (city, word) in enumerate((("Beijing", "first"), ("Tianjin", "second"))):
            for end, among in (("", order), ("-of-thirteen", wider)):
                words = f"probability that {city} is {word} of {among.shape[1]}: {label}"
                there = among[:, TEN.index(city)] == k + 1
                say.draws(f"{city.lower()}.{criterion}.{word}{end}", words, there, "probability")


def _say_gap(say: Scribe, fit, known: dict) -> None:
    """The nine other cities against Beijing: the difference of means, and for intensity also the ratio, by year."""
    values = judged(fit, known, places(fit.panel, TEN))
    for criterion, (label, unit) in CRITERIA.items():
        draws = 100 * values[criterion] if criterion == "excess" else values[criterion]
        unit = {"excess": "log points", "distance": "percentage points"}.get(criterion, unit)
        gap = draws[:, :, 1:].mean(axis=2) - draws[:, :, 0]
        _say_path(say.under(f"gap.{criterion}."), f"{label}: mean of nine cities less Beijing", gap, unit)
    ratio = values["intensity"][:, :, 1:].mean(axis=2) / values["intensity"][:, :, 0]
    label = "CO2 per output: mean of nine cities as a multiple of Beijing's"
    _say_path(say.under("ratio."), label, ratio, "times")


def _say_path(say: Scribe, label: str, gap: np.ndarray, unit: str) -> None:
    """A gap (draw, year) in its first and last year, its yearly change, and whether it narrows."""
    yearly = (gap @ TIME) / (TIME @ TIME) / 4
    always = (np.diff(gap, axis=1) < 0).all(axis=1)
    for k in (0, -1):
        say.draws(str(YEARS[k]), f"{label}, {YEARS[k]}", gap[:, k], unit)
    say.draws("change", f"yearly change: {label}", yearly, f"{unit} a year")
    say.draws("narrows", f"probability that it narrows: {label}", yearly < 0, "probability")
    say.draws("always", f"probability that it narrows in every year: {label}", always, "probability")


def statistics(off: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Covariances of the sources' departures, and the skewness of the inventories' mean (draw, `STATISTICS`).

    `off` is (draw, source, city); over the cities that all sources know.
    """
    off = off[:, :, known.all(axis=0)]
    off = off - off.mean(axis=2, keepdims=True)
    pairs = [(off[:, a] * off[:, b]).mean(axis=1) for a, b in combinations(range(len(SOURCES)), 2)]
    return np.column_stack([*pairs, scipy.stats.skew(off[:, [0, 2]].mean(axis=1), axis=1)])


def drawn_off(fit, known: dict[str, np.ndarray], most: int = 400) -> np.ndarray:
    """Levels less what is typical of inputs, output and source (draw, source, city): new cities in new provinces."""
    thin = slice(None, None, max(1, len(known["size"]) // most))
    rng, of = np.random.default_rng(fit.seed), provinces(fit.panel)[1]
    count, names = len(known["size"][thin]), of.max() + 1

    def drawn(shape: tuple[int, ...], scale: str) -> np.ndarray:
        return known[scale][thin].reshape(count, -1, *[1] * (len(shape) - 2)) * rng.normal(size=shape)

    above = known["inefficiency_scale"][thin, None] * sizes(rng.uniform(size=(count, len(of))), fit.panel.exponential)
    shared = drawn((count, names), "level_province_scale")[:, of]
    biases = drawn((count, len(SOURCES), names), "level_bias_scale")[:, :, of]
    rest = drawn((count, len(of)), "level_rest") - known["mean_size"][thin, None]
    weight = known["weight"][thin]
    error = rng.normal(size=weight.shape) / np.sqrt(np.where(weight > 0, weight, np.inf))
    return known["load"][thin] * (above + rest)[:, None] + shared[:, None] + biases + error


def replicated(fit, known: dict[str, np.ndarray], most: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """`statistics` of levels drawn anew and of the figures, (draw, statistic) each."""
    thin = slice(None, None, max(1, len(known["size"]) // most))
    there = data(fit.panel)["known"] > 0
    return statistics(drawn_off(fit, known, most), there), statistics(known["off"][thin], there)


def _say_check(say: Scribe, fit, known: dict) -> None:
    new, seen = replicated(fit, known)
    share = (new > seen).mean(axis=0)
    words = f"statistics of the figures inside the central 94 % of those drawn anew, of {len(STATISTICS)}"
    say.score("check.inside", words, ((share > 0.03) & (share < 0.97)).sum())


def _say_record(say: Scribe, fit, known: dict) -> None:
    words = "share of inefficiency in the variance of what sets cities of a province apart"
    say.draws("one-sided", words, 100 * known["one_sided"], "%")
    for k, source in enumerate(SOURCES):
        words = f"standard deviation of a city's error in {NAMES[source]}, logarithms times 100"
        say.draws(f"error.{source}", words, 100 * known["level_error"][:, k], "log points")
    say.fact("record.cities", "cities", len(fit.panel.cities))
    say.fact("record.figures", "yearly figures of CO2", np.isfinite(fit.panel.co2).sum())
