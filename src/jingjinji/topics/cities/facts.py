"""What tables alone say of ten cities: envelopment and CO2 per output, free of errors; Tokyo as a benchmark."""

import numpy as np

from jingjinji.core import tables
from jingjinji.core.findings import PROBABILITY, Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.cities import emissions
from jingjinji.topics.cities.emissions import SOURCES, TABLES, TEN, YEARS, Panel
from jingjinji.topics.cities.envelopment import interval, subsampled, yearly_scores

SUBSETS = 100
"""Subsets of cities, and the seed of their choice: intervals without a model are the same in every rerun."""
SHARE = 0.8
"""Cities of a subset: this power of their number."""
METHOD_NAMES = {
    "constant": "constant returns, all cities",
    "variable": "variable returns, all cities",
    "ten": "constant returns, the ten cities alone",
}
METHODS = tuple(METHOD_NAMES)
GAP = "Beijing's slacks-based efficiency less the nine others'"
BENCHMARK = ("carbon_benchmark", "city_production", "energy_province_year")
LAST = 2014


def findings() -> list[Finding]:
    """Scores and carbon intensity of the ten cities, and what share of Japan's output Tokyo needs."""
    panel, say = emissions.panel(tables.load("city_production")), Scribe(TABLES, "efficiency.")
    say_scores(say, panel, emissions.places(panel, TEN))
    say_tokyo(say)
    say.fact("record.cities", "cities", len(panel.cities))
    say.fact("record.figures", "yearly figures of CO2", np.isfinite(panel.co2).sum())
    return say.made


def combined(co2: np.ndarray) -> np.ndarray:
    """Mean of the sources' logarithms (city, year), each source first moved to the sources' common mean.

    `co2` is (source, city, year) with NaN where a source has no figure.
    """
    there = np.isfinite(co2)
    common = there.all(axis=0)
    centre = co2[:, common].mean(axis=1)[:, None, None]
    moved = np.where(there, co2 - centre + centre.mean(), 0.0)
    with np.errstate(invalid="ignore"):
        return moved.sum(axis=0) / there.sum(axis=0)


def figures(inputs: dict[str, np.ndarray], co2: np.ndarray) -> np.ndarray:
    """Capital, labour, output and CO2 (year, city, 4) from logarithms (city, year)."""
    logs = np.stack([inputs["capital"], inputs["labour"], inputs["output"], co2], axis=-1)
    return np.exp(logs).transpose(1, 0, 2)


def say_scores(say: Scribe, panel: Panel, cities: np.ndarray) -> None:
    """Scores of the `cities` by method and source, their intervals and gap, and their carbon intensity."""
    names, everyone = panel.cities.city.to_numpy()[cities], np.arange(len(panel.cities))
    mean = combined(panel.co2)
    for source, co2 in {"mean": mean, **dict(zip(SOURCES, panel.co2, strict=True))}.items():
        rows = figures(panel.inputs, co2)
        for method in METHODS if source == "mean" else METHODS[:1]:
            reference = cities if method == "ten" else everyone
            scores = yearly_scores(rows, cities, reference, "variable" if method == "variable" else "constant")
            words = f"mean of the years: {METHOD_NAMES[method]}, CO2 {source}"
            for city, score in zip(names, 100 * np.nanmean(scores, axis=0), strict=True):
                id, label = f"dea.{city.lower()}.{method}.{source}", f"slacks-based efficiency of {city}, {words}"
                say.fact(id, label, score, "%", 1)
        intensity = np.exp(co2[cities] - panel.inputs["output"][cities])
        for city, value in zip(names, 1000 * np.nanmean(intensity, axis=1), strict=True):
            words = f"CO2 of {city} per output, mean of the years, CO2 {source}"
            say.fact(f"intensity.{city.lower()}.{source}", words, value, "g per CNY of 1997", 0)
    _say_intervals(say.under("dea."), figures(panel.inputs, mean), cities, names)


def _say_intervals(say: Scribe, rows: np.ndarray, cities: np.ndarray, names: np.ndarray) -> None:
    """Subsampling intervals of the scores with constant returns, of Beijing's lead and its yearly change."""
    count = rows.shape[1]
    size = round(count**SHARE)
    scores = 100 * yearly_scores(rows, cities, np.arange(count))
    subsets = 100 * subsampled(rows, cities, size, SUBSETS, np.random.default_rng(SUBSETS))
    ends = np.maximum(interval(scores.mean(axis=0), subsets.mean(axis=1), size, count, PROBABILITY), 0)
    for k, city in enumerate(names):
        for word, value in zip(("low", "high"), ends[:, k], strict=True):
            words = f"{word}er end of the subsampling interval of the slacks-based efficiency of {city}"
            say.fact(f"{city.lower()}.{word}", words, value, "%", 1)
    order = np.argsort(-subsets.mean(axis=1), axis=1)
    for k, city, place in ((0, "Beijing", "first"), (1, "Tianjin", "second")):
        share = float((order[:, k] == k).mean())
        # of so many subsets; at least that of half a subset
        error = max(100 * np.sqrt(share * (1 - share) / SUBSETS), 50 / SUBSETS)
        words = f"share of subsets of cities in which {city}'s slacks-based efficiency is the {place} of ten"
        say.fact(f"{city.lower()}.{place}", words, 100 * share, "%", error=error)
    gap, in_subsets = (values[..., 0] - values[..., 1:].mean(axis=-1) for values in (scores, subsets))
    for key, k in (("first", 0), ("last", -1)):
        say.fact(f"gap.{key}", f"{GAP}, {YEARS[k]}", gap[k], "percentage points", 1)
    slope = np.polynomial.polynomial.polyfit
    change, changes = slope(YEARS, gap, 1)[1], slope(YEARS, in_subsets.T, 1)[1]
    a_year = "percentage points a year"
    say.fact("gap.change", f"yearly change of {GAP}", change, a_year, 2)
    for word, value in zip(("low", "high"), interval(change, changes, size, count, PROBABILITY), strict=True):
        words = f"{word}er end of the subsampling interval of the yearly change of {GAP}"
        say.fact(f"gap.change.{word}", words, value, a_year, 2)
    words = f"years of {len(YEARS) - 1} in which {GAP} fell"
    say.fact("gap.narrowings", words, (np.diff(gap) < 0).sum())
    say.fact("subsets", "subsets of cities drawn", SUBSETS)
    say.fact("subset-size", "cities of a subset", size)


def say_tokyo(say: Scribe) -> None:
    """What share of Japan's output Tokyo needs to emit less per output than Beijing; its own output is not known."""
    benchmark = tables.load("carbon_benchmark").query("year == @LAST").set_index("area")
    provinces = tables.load("energy_province_year").query("year == @LAST").set_index("province")
    beijing = tables.load("city_production").query("city == 'Beijing' and year == @LAST").iloc[0]
    output = benchmark.gdp["China"] * provinces.gdp["Beijing"] / provinces.gdp.sum()
    least = min(beijing[["co2_ceads", "co2_edgar", "co2_counties"]].astype(float))
    needed = benchmark.co2["Tokyo"] / (least / output)
    say, share = say.under("tokyo.", tables=BENCHMARK), 100 * benchmark.co2["Tokyo"] / benchmark.co2["Japan"]
    say.fact("share", f"share of Japan's CO2 that Tokyo emits, {LAST}", share, "%", 1)
    words = "share of Japan's output above which Tokyo emits less per output than Beijing"
    label = f"{words}, with the source that gives Beijing least, {LAST}"
    say.fact("needed", label, 100 * needed / benchmark.gdp["Japan"], "%", 1)
