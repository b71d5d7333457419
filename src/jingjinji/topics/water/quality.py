"""Water quality of sections by week in the basins of those under an agreement: three pollutants, sections pooled."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from jingjinji.core.densities import given, restored
from jingjinji.core.errors import BookError

POLLUTANTS = ("codmn", "nh3n", "tn")
SHOWN = {"gubeikou": "古北口", "guohe": "果河桥", "bahao": "八号桥", "jiekou": "街口(鸠坑口)"}
"""Sections under an agreement, by the key of their findings."""
NAMED = {"gubeikou": "Gubeikou", "guohe": "Guohe Bridge", "bahao": "Bahao Bridge", "jiekou": "Jiekou"}
"""Their English names."""
WAVES, WEEKS_OF_YEAR = 4, 52
"""Sines and cosines of a year and half a year."""
SEASON_CENTRING = np.array([0.4, 0.4, 0.15, 0.15])
"""How far the seasons of sections are centred: a year of weeks whose departures last says little of a season."""
MONTHS = tuple(pd.period_range("2020-05", "2021-04", freq="M").strftime("%Y-%m"))
TABLES = ("water_section_week", "water_section")


@dataclass(frozen=True)
class Panel:
    """One row a section, week and pollutant with a median, in the order of POLLUTANTS, sections and weeks.

    Columns section and pollutant (index), week (whole weeks since the first), log (of mg/L). `sections` and `basins`
    name the indices; `basin_of` gives each section's basin.
    """

    rows: pd.DataFrame
    sections: tuple[str, ...]
    basins: tuple[str, ...]
    basin_of: np.ndarray
    truth: dict | None = None


def panel(weeks: pd.DataFrame, places: pd.DataFrame) -> Panel:
    """The panel of two tables: sections of the basins of `SHOWN`, readings under maintenance not in their medians.

    A pollutant of a section that lies below its limit in some week is left out: where that is so it is in most weeks,
    and a year of weeks below says no more than that.
    """
    twice = places.section[places.section.duplicated()]
    if len(twice):
        found = ", ".join(places.basin[places.section == twice.iloc[0]])
        raise BookError(
            f"table water_section has section {twice.iloc[0]} in two rows (basins {found}): expected one; remove one"
        )
    strangers = sorted(set(weeks.section) - set(places.section))
    if strangers:
        raise BookError(f"table water_section lacks section {strangers[0]} of water_section_week: add its row")
    for name in POLLUTANTS:
        if (weeks[name] < 0).any():
            row = weeks[weeks[name] < 0].iloc[0]
            raise BookError(
                f"table water_section_week has {name} below zero at {row.section} in the week of {row.week:%Y-%m-%d}: "
                "expected a concentration or a missing value with its flag"
            )
    basins = tuple(sorted(places.basin[places.section.isin(SHOWN.values())].unique()))
    places = places[places.section.isin(weeks.section) & places.basin.isin(basins)]
    places = places.sort_values("section", ignore_index=True)
    index = {name: k for k, name in enumerate(places.section)}
    first, parts = weeks.week.min(), []
    for k, name in enumerate(POLLUTANTS):
        hidden = set(weeks.section[weeks[f"{name}_below"]])
        chosen = weeks[weeks[name].notna() & weeks.section.isin(index) & ~weeks.section.isin(hidden)]
        week = (chosen.week - first).dt.days // 7
        of = {"section": chosen.section.map(index), "pollutant": k, "week": week, "log": np.log(chosen[name])}
        parts.append(pd.DataFrame(of))
    rows = pd.concat(parts).sort_values(["pollutant", "section", "week"], ignore_index=True)
    return Panel(rows, tuple(places.section), basins, np.array([basins.index(name) for name in places.basin]))


def season(week: np.ndarray) -> np.ndarray:
    """Sines and cosines (..., wave) of a year and half a year; `week` counts from the first week of May 2020."""
    angle = 2 * np.pi * (np.asarray(week, dtype=float) + 18) / (365.25 / 7)
    return np.stack([np.sin(angle), np.cos(angle), np.sin(2 * angle), np.cos(2 * angle)], axis=-1)


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model.

    ``before`` is the row of the same section's and pollutant's last median, ``gap`` the weeks since then, 0 for a first
    one.
    """
    rows = panel.rows
    same = (rows.section.diff() == 0) & (rows.pollutant.diff() == 0)
    return {
        "section_index": rows.section.to_numpy(dtype=int),
        "pollutant_index": rows.pollutant.to_numpy(dtype=int),
        "waves": season(rows.week),
        "log": rows["log"].to_numpy(dtype=float),
        "before": np.maximum(np.arange(len(rows)) - 1, 0),
        "gap": rows.week.diff().where(same, 0).to_numpy(dtype=float),
    }


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """Log concentrations: level and season of a section, pooled in its basin; departures that last.

    What a week departs from level and season by is partly remembered from the last measured week; what is new in it has
    Student's t with four degrees of freedom. The longer ago that week, the more is new: `fresh` times as much.
    """
    import pymc as pm
    import pytensor.tensor as pt

    coords = {
        "pollutant": POLLUTANTS, "basin": panel.basins, "section": panel.sections,
        "wave": ["sin 1", "cos 1", "sin 2", "cos 2"],
    }  # fmt: skip
    with pm.Model(coords=coords) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        level = pm.Normal("level", np.log([4, 0.2, 2.5]), 0.7, dims="pollutant")
        basin_scale = pm.LogNormal("basin_scale", np.log(0.4), 0.4, dims="pollutant")
        basin = level + basin_scale * pm.Normal("of_basin", 0, 1, dims=("basin", "pollutant"))
        spread = pm.LogNormal("spread", np.log(0.6), 0.4, dims="pollutant")
        section = pm.Normal("section_level", basin[panel.basin_of], spread, dims=("section", "pollutant"))
        season_scale = pm.LogNormal("season_scale", np.log([0.2, 0.1])[[0, 0, 1, 1]], 0.4, dims="wave")
        season_basin = pm.Normal("season_basin", 0, 0.3, dims=("basin", "pollutant", "wave"))
        c, of = SEASON_CENTRING, season_basin[panel.basin_of]
        own_season = pm.Normal("own_season", c * of, season_scale**c, dims=("section", "pollutant", "wave"))
        swing = restored(own_season, of, season_scale, c)
        log_scatter_mean = pm.Normal("log_scatter_mean", np.log(0.25), 0.4, dims="pollutant")
        log_scatter = pm.Normal("log_scatter", log_scatter_mean, 0.4, dims=("section", "pollutant"))
        memory = pm.Beta("memory", 4, 4, dims="pollutant")

        s, k = d["section_index"], d["pollutant_index"]
        departure = d["log"] - section[s, k] - (swing[s, k] * d["waves"]).sum(axis=1)
        share = left(memory[k], d["gap"])
        scale = pt.exp(log_scatter[s, k]) * fresh(memory[k], d["gap"])
        scaled = (departure - share * departure[d["before"]]) / scale
        given("medians", np.log(0.375) - 2.5 * pt.log1p(scaled**2 / 4) - pt.log(scale), observed=d["log"])
    return model


def left(memory, gap):
    """Share of a departure that is left after `gap` weeks; a gap of 0 stands for no week before."""
    return (gap > 0) * memory**gap


def fresh(memory, gap):
    """Scale of what is new after `gap` weeks, as a multiple of one week's; a gap of 0 stands for no week before.

    Departures are ``d = memory d' + e``, so over g weeks the variance of what is new is that of e times
    ``(1 - memory^(2 g)) / (1 - memory^2)``.
    """
    return ((1 - left(memory, gap) ** 2) / (1 - memory**2)) ** 0.5


TRUTH = {"memory": 0.5, "scatter": 0.25, "season": 0.3, "nitrogen_winter": 0.7}


def simulate(truth: dict, rng: np.random.Generator, panel: Panel) -> Panel:
    """A panel with known parameters (keys of `TRUTH`) and the rows of `panel`.

    Total nitrogen of Gubeikou swings with `nitrogen_winter` (of its logarithm) around its level; sections differ in
    level, season and scatter.
    """
    known = {**TRUTH, **truth}
    count, size = len(panel.sections), len(POLLUTANTS)
    level = np.log([4, 0.2, 2.5]) + 0.4 * rng.normal(size=(len(panel.basins), size))[panel.basin_of]
    level = level + 0.5 * rng.normal(size=(count, size))
    swing = known["season"] * rng.normal(size=(count, size, WAVES)) * np.array([1, 1, 0.5, 0.5])
    swing[panel.sections.index(SHOWN["gubeikou"]), -1] = known["nitrogen_winter"] * np.array([0, 1, 0, 0])
    weeks = np.arange(int(panel.rows.week.max()) + 1)
    log_scatter = np.log(known["scatter"]) + 0.4 * rng.normal(size=(1, count, size))
    path = level + np.einsum("skv,wv->wsk", swing, season(weeks))
    path = path + departures(log_scatter, np.full((1, size), known["memory"]), len(weeks), rng)[:, 0]
    seen = path[tuple(panel.rows[name].to_numpy(dtype=int) for name in ("week", "section", "pollutant"))]
    return replace(panel, rows=panel.rows.assign(log=seen), truth={**known, "level": level, "swing": swing})


def _toy(panel: Panel, rng: np.random.Generator, winter: float) -> Panel:
    return simulate({"nitrogen_winter": winter}, rng, panel)


DERIVED = ()
VARIANTS: dict = {}
TOYS = {"toy": partial(_toy, winter=0.7), "toy-no-season": partial(_toy, winter=0.0)}


def month_of_week() -> np.ndarray:
    """Index into `MONTHS` of each week from 4 May 2020 (the month of its Thursday)."""
    thursdays = pd.date_range("2020-05-07", periods=WEEKS_OF_YEAR, freq="7D")
    return np.array([MONTHS.index(month) for month in thursdays.strftime("%Y-%m")])


def monthly_means(weeks: np.ndarray) -> np.ndarray:
    """Mean of the weeks of each month (draw, month, pollutant) of (draw, week, pollutant)."""
    index = month_of_week()
    return np.stack([weeks[:, index == k].mean(axis=1) for k in range(len(MONTHS))], axis=1)


def departures(log_scatter: np.ndarray, memory: np.ndarray, weeks: int, rng) -> np.ndarray:
    """What weeks depart by from level and season, drawn anew (week, draw, section, pollutant), logarithms.

    log_scatter (draw, section, pollutant), memory (draw, pollutant).
    """
    new = np.exp(log_scatter) * rng.standard_t(4, size=(weeks, *log_scatter.shape))
    return remembered(new, memory[:, None])


def remembered(new: np.ndarray, memory: np.ndarray) -> np.ndarray:
    """Departures (week, ...) of what is new in each week, from the scale that they settle to on; `memory` (...)."""
    made = np.empty(new.shape)
    made[0] = new[0] * fresh(memory, np.zeros_like(memory))
    for week in range(1, len(new)):
        made[week] = memory * made[week - 1] + new[week]
    return made


def winter(weeks: np.ndarray) -> np.ndarray:
    """How much more total nitrogen December has than July (draw,), %, of typical weeks (draw, week, pollutant)."""
    nitrogen = monthly_means(weeks)[:, :, POLLUTANTS.index("tn")]
    return 100 * (nitrogen[:, MONTHS.index("2020-12")] / nitrogen[:, MONTHS.index("2020-07")] - 1)
