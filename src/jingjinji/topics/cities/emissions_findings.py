"""What is said of fits of `emissions`: the named quantities of a fit."""

from itertools import combinations

import numpy as np
import scipy

from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.cities.emissions import (
    CONTRASTS,
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
    places,
    provinces,
)

NAMES = {"edgar": "EDGAR", "counties": "sum of counties", "ceads": "CEADs"}
OF_TYPICAL = {
    "output": ("%", "change of CO2 with one per cent more output, capital and labour, typical city"),
    "counties-load": ("%", "share of what the inventories see a city apart by that the sum of counties shows"),
}
CRITERIA = {
    "intensity": ("CO2 per output", "g per CNY of 1997"),
    "excess": ("CO2 beyond a typical city of equal inputs and output", "%"),
}
DIAL = {"quarter": 0.25, "half": 0.5, "most": None}
"""Share of what sets a city apart, in variance, that is an error which sources share: of what is its own an error of
the two inventories, of what is its province's an error of all three. None for the most that the sum of counties allows,
as if it showed all of the truth."""
SHARED = {"quarter": "shared error a quarter", "half": "shared error a half", "most": "shared error the most possible"}
OTHER_THAN_MADE = (
    ("toy", "efficiency.beijing.excess.shared-half"),
    ("toy-shared", "efficiency.beijing.excess"),
    ("toy-none", "efficiency.beijing.excess.shared-half"),
)
"""Quantities of made-up records (toy, id) that take another part for a shared error than the records were made with."""
STATISTICS = ("EDGAR and counties", "EDGAR and CEADs", "counties and CEADs", "skewness of the inventories' mean")


def parameters(fit) -> dict[str, np.ndarray]:
    """Draws of all chains, first dimension, of the parameters by name, and `load` (draw, source, 1)."""
    flat = fit.parameters.stack(sample=("chain", "draw"))
    value = {name: flat[name].transpose("sample", ...).values for name in fit.parameters}
    all_of_it = np.ones_like(value["counties_load"])
    value["load"] = np.stack([all_of_it, value["counties_load"], all_of_it], axis=1)[:, :, None]
    return value


def parts(fit) -> dict[str, np.ndarray]:
    """Draws of all chains, first dimension: what the model says of each city, and of the sources.

    Of each of `PARTS`, (draw, city): `_smooth` what is typical of inputs and output, on the inventories' mean scale;
    `_province_part`; `_own`, what the inventories see a city apart from its province by, drawn from its distribution
    given the figures; and what `true_own` and `true_province` need to take a shared error out of them. `off`, `weight`
    (draw, source, city): levels less what is typical of inputs, output and source, and the inverse variance of their
    errors, both zero where unknown. And all of `parameters`.
    """
    value, panel, index = parameters(fit), fit.panel, data(fit.panel)
    rng = np.random.default_rng(fit.seed)
    for part in PARTS:
        off, weight, province, smooth = _reported(value, panel, index, part)
        precision = value[f"{part}_apart"][:, None] ** -2 + (weight * value["load"] ** 2).sum(axis=1)
        own = (weight * value["load"] * off).sum(axis=1) / precision
        own = own + rng.normal(size=own.shape) / np.sqrt(precision)
        value |= {
            f"{part}_smooth": smooth, f"{part}_province_part": province, f"{part}_own": own,
            f"{part}_counties_off": off[:, 1] - value["counties_load"][:, None] * own,
            f"{part}_counties_weight": weight[:, 1], f"{part}_new": rng.normal(size=own.shape),
        }  # fmt: skip
    of = provinces(panel)[1]
    for part in PARTS:
        value[f"{part}_province_new"] = rng.normal(size=(len(value["load"]), of.max() + 1))[:, of]
    return value


def _reported(value: dict, panel: Panel, index: dict, part: str) -> tuple[np.ndarray, ...]:
    """What sources report less all that is not the city's own, and its weight (draw, source, city); the province's part
    and what is typical of inputs and output (draw, city)."""
    of, known, features = provinces(panel)[1], index["known"], index[f"{part}_features"]
    smooth = value[f"{part}_mean"][:, None] + value["slopes"] @ features.T
    typical = smooth[:, None] + (value[f"{part}_bias"] @ CONTRASTS.T)[:, :, None]
    typical = typical + (CONTRASTS @ value["source_slopes"]) @ features[:, :3].T
    off = known * (index[part] - typical)
    province = (value[f"{part}_province_scale"][:, None] * value[f"{part}_province"])[:, of]
    place = (value[f"{part}_bias_scale"][:, :, None] * value[f"{part}_bias_province"])[:, :, of]
    weight = known / (value[f"{part}_error"][:, :, None] ** 2 + index[f"{part}_variance"])
    if part == "level":
        value |= {"off": off, "weight": weight}
    return known * (off - province[:, None] - place), weight, province, smooth


def true_own(known: dict[str, np.ndarray], part: str, shared: float | None = 0.0) -> np.ndarray:
    """What is a city's own in truth (draw, city), if a share of what the inventories see it apart by is their error.

    ``own = truth + error`` with variances ``(1 - shared) * apart²`` and ``shared * apart²``. The likelihood is that of
    the model, whatever the share: the sum of counties then shows more of a truth that is less. So the truth can be
    drawn given what was drawn: normal around ``(1 - shared) * own``, moved by what the sum of counties leaves. None for
    the largest share that it allows, at which it shows all of the truth.
    """
    own, load, share = known[f"{part}_own"], known["counties_load"][:, None], _share(known, shared)
    variance = known[f"{part}_apart"][:, None] ** 2
    together = load * share * variance
    weight = known[f"{part}_counties_weight"]
    # an error of the counties' sum cannot be less than none
    error = np.maximum(1 / np.where(weight > 0, weight, np.inf), together * load / np.maximum(1 - share, 1e-9))
    error = np.where(weight > 0, error, np.inf)
    mean = (1 - share) * own + together / error * known[f"{part}_counties_off"]
    spread = np.maximum(share * (1 - share) * variance - together**2 / error, 0.0)
    return mean + np.sqrt(spread) * known[f"{part}_new"]


def _share(known: dict[str, np.ndarray], shared: float | None) -> np.ndarray:
    """The dial (draw, 1), at most what the sum of counties allows; None for that."""
    most = np.clip(1 - known["counties_load"][:, None], 0.0, 1.0)
    return most if shared is None else np.minimum(shared, most)


def true_province(known: dict[str, np.ndarray], part: str, shared: float | None = 0.0) -> np.ndarray:
    """What sets a city's province apart in truth (draw, city), if a share of what all sources see is their error.

    All three follow the statistics of provinces, the sum of counties as well, and show what is a province's in full.
    So nothing tells the error from the truth, and given their sum the truth is normal around ``(1 - shared)`` of it.
    Cities of a province share what is drawn. A city that is a province of its own is dialled by this and by `true_own`,
    as every other.
    """
    share = _share(known, shared)
    spread = np.sqrt(share * (1 - share)) * known[f"{part}_province_scale"][:, None]
    return (1 - share) * known[f"{part}_province_part"] + spread * known[f"{part}_province_new"]


def excess(known: dict[str, np.ndarray], cities: np.ndarray, shared: float | None = 0.0) -> np.ndarray:
    """CO2 beyond that of a typical city of equal inputs and output (draw, year, city of `cities`), in logarithms."""
    level, trend = ((true_province(known, part, shared) + true_own(known, part, shared))[:, None, cities]
                    for part in PARTS)  # fmt: skip
    return level + trend * TIME[:, None]


def intensity(panel: Panel, known: dict[str, np.ndarray], cities: np.ndarray, shared: float | None = 0.0) -> np.ndarray:
    """CO2 per output (draw, year, city of `cities`), g per CNY of 1997."""
    level, trend = (known[f"{part}_smooth"][:, None, cities] for part in PARTS)
    log_co2 = LOG_TYPICAL + level + trend * TIME[:, None] + excess(known, cities, shared)
    return 1000 * np.exp(log_co2 - panel.inputs["output"][cities].T)


def ranks(values: np.ndarray) -> np.ndarray:
    """Rank of each city in each draw, 1 the least of the last dimension."""
    return values.argsort(axis=-1).argsort(axis=-1) + 1


def findings(fit) -> list[Finding]:
    """CO2 per output, excess, ranks and gap of the ten cities, for the main fit also by the dial of shared errors."""
    say, truth = Scribe(TABLES, "efficiency.", fit), fit.panel.truth
    known = parts(fit)
    typical = {"output": known["slopes"][:, 0], "counties-load": 100 * known["counties_load"]}
    if truth:
        _say_truth(say, fit, known, typical)
        return say.made
    _say_ten(say, fit, known)
    _say_gap(say, fit, known)
    if not fit.variant:
        say.table(OF_TYPICAL, typical)
        for key, shared in DIAL.items():
            _say_ten(say, fit, known, shared, f".shared-{key}")
            _say_gap(say, fit, known, shared, f".shared-{key}")
        _say_check(say, fit, known)
        _say_record(say, known)
    return say.made


def _say_truth(say: Scribe, fit, known: dict, typical: dict) -> None:
    """What a made-up record was made with beside what is found, Beijing's excess also with half of it an error."""
    truth, beijing = fit.panel.truth, places(fit.panel, TEN[:1])
    shown = 100 * (1 - truth["shared"]) * truth["counties_load"]
    for key, value in (("output", truth["output"]), ("counties-load", shown)):
        say.pair(key, OF_TYPICAL[key][1], round(value, 3), typical[key], OF_TYPICAL[key][0])
    made_with = round(100 * float(np.expm1(truth["excess"][beijing[0]])), 2)
    for end, shared, words in (("", 0.0, ""), (".shared-half", DIAL["half"], ", half of it taken for a shared error")):
        found = 100 * np.expm1(excess(known, beijing, shared).mean(axis=1)[:, 0])
        say.pair(f"beijing.excess{end}", f"excess of Beijing{words}", made_with, found, "%")


def judged(fit, known: dict[str, np.ndarray], cities: np.ndarray, shared: float | None = 0.0) -> dict[str, np.ndarray]:
    """The two criteria (draw, year, city of `cities`), less is better; excess in logarithms."""
    return {"intensity": intensity(fit.panel, known, cities, shared), "excess": excess(known, cities, shared)}


def _words(end: str) -> str:
    return f", {SHARED[end.removeprefix('.shared-')]}" if end else ""


def _say_ten(say: Scribe, fit, known: dict, shared: float | None = 0.0, end: str = "") -> None:
    """Of the main fit each of the ten cities over the nine years; of all the ranks of two, by each criterion."""
    thirteen = judged(fit, known, places(fit.panel, (*TEN, *LEFT_OUT)), shared)
    for criterion, (label, unit) in CRITERIA.items():
        mean = thirteen[criterion].mean(axis=1)
        order, wider = ranks(mean[:, : len(TEN)]), ranks(mean)
        shown = 100 * np.expm1(mean) if criterion == "excess" else mean
        for k, city in enumerate(TEN if not (fit.variant or end) else TEN[:1]):
            words = f"{label}, {city}, mean of the years{_words(end)}"
            say.draws(f"{city.lower()}.{criterion}{end}", words, shown[:, k], unit)
        for k, (city, word) in enumerate((("Beijing", "first"), ("Tianjin", "second"))):
            words = f"probability that {city} is {word} of {len(TEN)}: {label}{_words(end)}"
            say.draws(f"{city.lower()}.{criterion}.{word}{end}", words, order[:, k] == k + 1, "probability")
        if not (fit.variant or end):
            words = f"probability that Beijing is first of {wider.shape[1]}: {label}"
            say.draws(f"beijing.{criterion}.first-of-thirteen", words, wider[:, 0] == 1, "probability")


def _say_gap(say: Scribe, fit, known: dict, shared: float | None = 0.0, end: str = "") -> None:
    """The nine other cities against Beijing: the difference of means, and for intensity also the ratio, by year."""
    values = judged(fit, known, places(fit.panel, TEN), shared)
    ratio = values["intensity"][:, :, 1:].mean(axis=2) / values["intensity"][:, :, 0]
    difference = {key: values[key][:, :, 1:].mean(axis=2) - values[key][:, :, 0] for key in CRITERIA}
    (intensity_words, unit), (excess_words, _) = CRITERIA.values()
    less = "mean of nine cities less Beijing"
    paths = {
        "gap.intensity": (f"{intensity_words}: {less}", difference["intensity"], unit),
        "gap.excess": (f"{excess_words}: {less}", 100 * difference["excess"], "log points"),
        "ratio": ("CO2 per output: mean of nine cities as a multiple of Beijing's", ratio, "times"),
    }
    for key, (label, gap, unit) in paths.items():
        yearly = (gap @ TIME) / (TIME @ TIME) / 4
        words = f"probability that it narrows: {label}{_words(end)}"
        say.draws(f"{key}.narrows{end}", words, yearly < 0, "probability")
        if not (fit.variant or end):
            say.draws(f"{key}.change", f"yearly change: {label}", yearly, f"{unit} a year")
            if key != "gap.excess":
                for k in (0, -1):
                    say.draws(f"{key}.{YEARS[k]}", f"{label}, {YEARS[k]}", gap[:, k], unit)
            if key == "gap.intensity":
                always = (np.diff(gap, axis=1) < 0).all(axis=1)
                say.draws(f"{key}.always", f"probability that it narrows in every year: {label}", always, "probability")


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
    thin = slice(None, None, max(1, len(known["level_apart"]) // most))
    rng, of = np.random.default_rng(fit.seed), provinces(fit.panel)[1]
    count, names = len(known["level_apart"][thin]), of.max() + 1

    def drawn(shape: tuple[int, ...], scale: str) -> np.ndarray:
        return known[scale][thin].reshape(count, -1, *[1] * (len(shape) - 2)) * rng.normal(size=shape)

    shared = drawn((count, names), "level_province_scale")[:, of]
    biases = drawn((count, len(SOURCES), names), "level_bias_scale")[:, :, of]
    own = drawn((count, len(of)), "level_apart")
    weight = known["weight"][thin]
    error = rng.normal(size=weight.shape) / np.sqrt(np.where(weight > 0, weight, np.inf))
    return known["load"][thin] * own[:, None] + shared[:, None] + biases + error


def replicated(fit, known: dict[str, np.ndarray], most: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """`statistics` of levels drawn anew and of the figures, (draw, statistic) each."""
    thin = slice(None, None, max(1, len(known["level_apart"]) // most))
    there = data(fit.panel)["known"] > 0
    return statistics(drawn_off(fit, known, most), there), statistics(known["off"][thin], there)


def _say_check(say: Scribe, fit, known: dict) -> None:
    new, seen = replicated(fit, known)
    share = (new > seen).mean(axis=0)
    words = f"statistics of the figures inside the central 94 % of those drawn anew, of {len(STATISTICS)}"
    say.score("check.inside", words, ((share > 0.03) & (share < 0.97)).sum())
    words = "probability that cities without a frontier lean as far to the side of more CO2 as the figures do"
    say.score("check.skewness", words, share[-1], "probability", 2)


def _say_record(say: Scribe, known: dict) -> None:
    for k, source in enumerate(SOURCES):
        words = f"standard deviation of a city's error in {NAMES[source]}, logarithms times 100"
        say.draws(f"error.{source}", words, 100 * known["level_error"][:, k], "log points")
    say.draws("most-shared", "largest share of what the inventories agree on that can be their error, if the sum of "
              "counties shows all of the truth", 100 * (1 - known["counties_load"]), "%")  # fmt: skip
