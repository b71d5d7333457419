"""What is said of fits of `quality`: the named quantities of a fit."""

import numpy as np
import pandas as pd
from scipy import stats

from jingjinji.core.densities import restored
from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.water.classes import LIMITS, water_class
from jingjinji.topics.water.quality import (
    MONTHS,
    NAMED,
    POLLUTANTS,
    SEASON_CENTRING,
    SHOWN,
    TABLES,
    WEEKS_OF_YEAR,
    Panel,
    data,
    fresh,
    left,
    monthly_means,
    remembered,
    season,
    winter,
)

NAMES = {"codmn": "CODMn", "nh3n": "NH3-N", "tp": "total phosphorus", "tn": "total nitrogen"}
NITROGEN = POLLUTANTS.index("tn")
WINTER = "total nitrogen of a typical week of December against July"
OF_CLASS = tuple(name for name in POLLUTANTS if name in LIMITS["river"])
"""Pollutants of the model that a river's class counts; of total phosphorus every median lies below its limit."""
RECORD = {
    "sections": ("", "sections with weekly medians in the basins of those with an agreement, then or later", None),
    "medians": ("", "weekly medians of three pollutants in basins with an agreement, then or later", None),
}
CHECKS = {
    "inside": ("%", "weekly surprises inside the central 94 % of what the model draws", 1),
    "again": ("", "largest correlation of a pollutant's surprises with those of the week after", 2),
    "gubeikou.again": ("", "correlation of total nitrogen's surprises at Gubeikou with those of the week after", 2),
}
BURN_IN = 26
"""Weeks that drawn departures run before the year that is used."""


def seasons(value: dict[str, np.ndarray], basin_of: np.ndarray) -> np.ndarray:
    """Seasons of sections (draw, section, pollutant, wave) from what is drawn in their stead.

    value : own_season (draw, section, pollutant, wave), season_basin (draw, basin, pollutant, wave) and season_scale
    (draw, wave). `basin_of` gives the basin of each section of ``own_season``.
    """
    scale = value["season_scale"][:, None, None]
    return restored(value["own_season"], value["season_basin"][:, basin_of], scale, SEASON_CENTRING)


def flat(parameters, names: list[str], most: int | None = None) -> dict[str, np.ndarray]:
    """Parameters as arrays (draw, ...), of at most `most` draws where it is given."""
    stacked = parameters[names].stack(sample=("chain", "draw"))
    stacked = stacked.isel(sample=slice(None, None, -(-stacked.sizes["sample"] // most) if most else None))
    return {name: stacked[name].transpose("sample", ...).values for name in names}


def typical_weeks(fit, section: str) -> np.ndarray:
    """Median concentration (mg/L) of each week of the year on level and season (draw, week, pollutant)."""
    k = fit.panel.sections.index(section)
    value = flat(fit.parameters, ["season_scale", "season_basin", "own_season", "section_level"])
    swing = seasons(value | {"own_season": value["own_season"][:, [k]]}, fit.panel.basin_of[[k]])
    return weeks_on(value["section_level"][:, k], swing[:, 0])


def weeks_on(level: np.ndarray, swing: np.ndarray) -> np.ndarray:
    """Concentrations (draw, week, pollutant), mg/L, of a level (draw, pollutant) and a season (draw, pollutant, wave),
    both of logarithms."""
    return np.exp(level[:, None] + np.einsum("dkv,wv->dwk", swing, season(np.arange(WEEKS_OF_YEAR))))


def drawn_months(fit, section: str) -> np.ndarray:
    """Means of the months of another year with the same level and season (draw, month, pollutant), mg/L.

    Unlike a typical week such a month has departures, as the months have that a standard judges. What is new in a week
    is that of a measured week of this section, of all pollutants together: a year of weeks does not say how far weeks
    can go beyond those that were measured.
    """
    k, rng = fit.panel.sections.index(section), np.random.default_rng([fit.seed, 11])
    rows = fit.panel.rows.reset_index(drop=True)
    places = rows[rows.section == k].assign(row=lambda rows: rows.index).pivot(
        index="week", columns="pollutant", values="row"
    ).dropna().to_numpy(dtype=int)  # fmt: skip
    scale = flat(fit.parameters, ["log_scatter"])["log_scatter"][:, k]
    new = surprises(fit)[:, places] * np.exp(scale)[:, None]
    chosen = rng.integers(len(places), size=(len(new), BURN_IN + WEEKS_OF_YEAR))
    new = new[np.arange(len(new))[:, None], chosen].transpose(1, 0, 2)
    off = remembered(new, flat(fit.parameters, ["memory"])["memory"])[BURN_IN:].transpose(1, 0, 2)
    return monthly_means(typical_weeks(fit, section) * np.exp(off))


def class_draws(by_month: np.ndarray) -> np.ndarray:
    """Index of the river class (draw, month) of concentrations (draw, month, pollutant)."""
    return water_class({p: by_month[:, :, POLLUTANTS.index(p)] for p in OF_CLASS})


def findings(fit) -> list[Finding]:
    """Annual and monthly concentrations of the sections under an agreement, and checks.

    Of a synthetic record December against July at Gubeikou alone, with its truth.
    """
    say, truth = Scribe(TABLES, "miyun.", fit), fit.panel.truth
    for key, section in SHOWN.items():
        weeks, k = typical_weeks(fit, section), fit.panel.sections.index(section)
        if key == "gubeikou":
            words = f"{WINTER}, {NAMED[key]}"
            if truth:
                known = winter(weeks_on(truth["level"][[k]], truth["swing"][[k]]))[0]
                say.pair(f"{key}.tn.winter", words, round(float(known), 3), winter(weeks), "%")
                return say.made
            say.draws(f"{key}.tn.winter", words, winter(weeks), "%")
        _say_weeks(say.under(f"{key}."), fit.panel, key, weeks)
    say.under("record.").facts(RECORD, {"sections": len(fit.panel.sections), "medians": len(fit.panel.rows)})
    say.under("check.").scores(CHECKS, _check(fit))
    return say.made


def measured(panel: Panel, section: str) -> list[str]:
    """Pollutants of which a section has medians above the limit."""
    rows = panel.rows[panel.rows.section == panel.sections.index(section)]
    return [name for k, name in enumerate(POLLUTANTS) if (rows.pollutant == k).any()]


def _say_weeks(say: Scribe, panel: Panel, key: str, weeks: np.ndarray) -> None:
    """What is said of typical weeks (draw, week, pollutant) of a section, mg/L; by month all at Gubeikou, else TN."""
    by_month = monthly_means(weeks)
    for pollutant in measured(panel, SHOWN[key]):
        words, k = f"{NAMES[pollutant]} of a typical week", POLLUTANTS.index(pollutant)
        say.draws(f"{pollutant}.year", f"{words}, mean of the year, {NAMED[key]}", weeks[:, :, k].mean(axis=1), "mg/L")
        if key == "gubeikou" or k == NITROGEN:
            for m, month in enumerate(MONTHS):
                say.draws(f"{pollutant}.{month}", f"{words} in {month}, {NAMED[key]}", by_month[:, m, k], "mg/L")


def surprises(fit, most: int | None = None) -> np.ndarray:
    """What a week shows beyond its expectation (draw, row), in units of its scale; the model's are Student's t."""
    index = data(fit.panel)
    names = ["section_level", "own_season", "season_basin", "season_scale", "log_scatter", "memory"]
    value = flat(fit.parameters, names, most)
    s, k, gap = index["section_index"], index["pollutant_index"], index["gap"]
    swing = seasons(value, fit.panel.basin_of)[:, s, k]
    departure = index["log"] - value["section_level"][:, s, k] - (swing * index["waves"]).sum(axis=2)
    memory = value["memory"][:, k]
    scale = np.exp(value["log_scatter"][:, s, k]) * fresh(memory, gap)
    return (departure - left(memory, gap) * departure[:, index["before"]]) / scale


def _check(fit) -> dict[str, float]:
    """Whether what is new in measured weeks has the width and the independence that the model says."""
    seen, gap = surprises(fit, 200), data(fit.panel)["gap"]
    table = fit.panel.rows.assign(seen=np.clip(seen.mean(axis=0), -4, 4), next=(gap == 1))
    table["before"] = table.seen.shift(1)
    there = table[table.next]
    shown = there[there.section.isin([fit.panel.sections.index(section) for section in SHOWN.values()])]
    again = [_correlation(shown[shown.pollutant == k]) for k in range(len(POLLUTANTS))]
    gubeikou = shown[(shown.section == fit.panel.sections.index(SHOWN["gubeikou"])) & (shown.pollutant == NITROGEN)]
    return {
        "inside": 100 * (np.abs(seen) <= stats.t(4).ppf(0.97)).mean(),
        "again": max(again, key=abs),
        "gubeikou.again": _correlation(gubeikou),
    }


def _correlation(rows: pd.DataFrame) -> float:
    return float(rows.seen.corr(rows.before))
