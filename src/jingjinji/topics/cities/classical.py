"""Efficiency without a model of errors: envelopment and carbon intensity of ten cities; Tokyo as a benchmark."""

import numpy as np

from jingjinji.core import tables
from jingjinji.core.findings import PROBABILITY, Finding, exact
from jingjinji.topics.cities.envelopment import interval, subsampled, yearly_scores

SUBSETS = 100
"""Subsets of cities, and the seed of their choice: intervals without a model are the same in every rerun."""
SHARE = 0.8
"""Cities of a subset: this power of their number."""
METHODS = ("constant", "variable", "ten")
"""Constant and variable returns to scale against all cities; constant returns against the ten cities alone."""
BENCHMARK = ("carbon_benchmark", "city_production", "energy_province_year")
LAST = 2014


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


def findings(panel, cities: np.ndarray, sources, years: np.ndarray, tables_used) -> list[Finding]:
    """Scores of the `cities` by method and source, their intervals and gap, and their carbon intensity."""
    names = panel.cities.city.to_numpy()[cities]
    everyone = np.arange(len(panel.cities))
    made = []

    def say(id: str, label: str, value: float, unit: str = "%", error: float = 0.0) -> None:
        made.append(exact(f"efficiency.{id}", label, value, unit, tables_used, error=error))

    mean = combined(panel.co2)
    by_source = {"mean": mean, **{source: panel.co2[k] for k, source in enumerate(sources)}}
    for source, co2 in by_source.items():
        rows = figures(panel.inputs, co2)
        for method in METHODS if source == "mean" else METHODS[:1]:
            reference = cities if method == "ten" else everyone
            scores = yearly_scores(rows, cities, reference, "variable" if method == "variable" else "constant")
            for city, score in zip(names, 100 * np.nanmean(scores, axis=0), strict=True):
                say(f"dea.{city.lower()}.{method}.{source}", f"slacks-based efficiency of {city}, mean of the years: "
                    f"{METHOD_NAMES[method]}, CO2 {source}", round(float(score), 1))  # fmt: skip
        intensity = np.exp(co2[cities] - panel.inputs["output"][cities])
        for city, value in zip(names, 1000 * np.nanmean(intensity, axis=1), strict=True):
            say(f"intensity.{city.lower()}.{source}", f"CO2 of {city} per output, mean of the years, CO2 {source}",
                round(float(value)), "g per CNY of 1997")  # fmt: skip
    _intervals(figures(panel.inputs, mean), cities, names, years, say)
    return made


METHOD_NAMES = {
    "constant": "constant returns, all cities", "variable": "variable returns, all cities",
    "ten": "constant returns, the ten cities alone",
}  # fmt: skip


def _intervals(rows: np.ndarray, cities: np.ndarray, names, years: np.ndarray, say) -> None:
    """Subsampling intervals of the scores with constant returns, of Beijing's lead and its yearly change."""
    count = rows.shape[1]
    size = round(count**SHARE)
    scores = 100 * yearly_scores(rows, cities, np.arange(count))
    subsets = 100 * subsampled(rows, cities, size, SUBSETS, np.random.default_rng(SUBSETS))
    ends = np.maximum(interval(scores.mean(axis=0), subsets.mean(axis=1), size, count, PROBABILITY), 0)
    for k, city in enumerate(names):
        for word, value in zip(("low", "high"), ends[:, k], strict=True):
            say(f"dea.{city.lower()}.{word}", f"{word}er end of the subsampling interval of the slacks-based "
                f"efficiency of {city}", round(float(value), 1))  # fmt: skip
    order = np.argsort(-subsets.mean(axis=1), axis=1)
    for k, city, place in ((0, "Beijing", "first"), (1, "Tianjin", "second")):
        share = float((order[:, k] == k).mean())
        # of so many subsets; at least that of half a subset
        error = max(100 * np.sqrt(share * (1 - share) / SUBSETS), 50 / SUBSETS)
        say(f"dea.{city.lower()}.{place}", f"share of subsets of cities in which {city}'s slacks-based efficiency is "
            f"the {place} of ten", 100 * share, error=error)  # fmt: skip
    gap, in_subsets = (values[..., 0] - values[..., 1:].mean(axis=-1) for values in (scores, subsets))
    slope = np.polynomial.polynomial.polyfit
    change, changes = slope(years, gap, 1)[1], slope(years, in_subsets.T, 1)[1]
    points = "percentage points"
    say(
        "dea.gap.first",
        f"Beijing's slacks-based efficiency less the nine others', {years[0]}",
        round(gap[0], 1),
        points,
    )
    say(
        "dea.gap.last",
        f"Beijing's slacks-based efficiency less the nine others', {years[-1]}",
        round(gap[-1], 1),
        points,
    )
    say("dea.gap.change", "yearly change of Beijing's slacks-based efficiency less the nine others'",
        round(float(change), 2), f"{points} a year")  # fmt: skip
    for word, value in zip(("low", "high"), interval(change, changes, size, count, PROBABILITY), strict=True):
        say(f"dea.gap.change.{word}", f"{word}er end of its subsampling interval", round(float(value), 2),
            f"{points} a year")  # fmt: skip
    say(
        "dea.gap.narrowings", f"years of {len(years) - 1} in which that gap narrowed", int((np.diff(gap) < 0).sum()), ""
    )
    say("dea.subsets", "subsets of cities drawn", SUBSETS, "")
    say("dea.subset-size", "cities of a subset", size, "")


def tokyo() -> list[Finding]:
    """What share of Japan's output Tokyo needs to emit less per output than Beijing; its own output is not known."""
    benchmark = tables.load("carbon_benchmark").query("year == @LAST").set_index("area")
    provinces = tables.load("energy_province_year").query("year == @LAST").set_index("province")
    beijing = tables.load("city_production").query("city == 'Beijing' and year == @LAST").iloc[0]
    output = benchmark.gdp["China"] * provinces.gdp["Beijing"] / provinces.gdp.sum()
    least = min(beijing[["co2_ceads", "co2_edgar", "co2_counties"]].astype(float))
    needed = benchmark.co2["Tokyo"] / (least / output)
    rows = (
        ("share", "share of Japan's CO2 that Tokyo emits", 100 * benchmark.co2["Tokyo"] / benchmark.co2["Japan"]),
        ("needed", "share of Japan's output above which Tokyo emits less per output than Beijing, with the source that "
         "gives Beijing least", 100 * needed / benchmark.gdp["Japan"]),
    )  # fmt: skip
    return [exact(f"efficiency.tokyo.{key}", f"{label}, {LAST}", round(float(value), 1), "%", BENCHMARK)
            for key, label, value in rows]  # fmt: skip
