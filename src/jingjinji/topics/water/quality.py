"""Water quality of about a hundred sections by week: four pollutants together, sections pooled in basins."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from jingjinji.core.densities import given, restored
from jingjinji.core.errors import BookError

POLLUTANTS = ("codmn", "nh3n", "tp", "tn")
FLOORS = {"codmn": 0.5, "nh3n": 0.025, "tp": 0.005, "tn": 0.05}
"""Least weekly median that is a number (mg/L)."""
SHOWN = {"gubeikou": "古北口", "guohe": "果河桥", "bahao": "八号桥", "jiekou": "街口(鸠坑口)"}
"""Sections under an agreement, by the key of their findings."""
WAVES, LONGEST_GAP, WEEKS_OF_YEAR = 4, 4, 52
"""Sines and cosines of a year and half a year; weeks over which a departure is remembered."""
GAPS = np.arange(LONGEST_GAP + 1)
SEASON_CENTRING = np.array([0.4, 0.4, 0.15, 0.15])
"""How far the seasons of sections are centred: a year of weeks whose departures last says little of a season."""
MONTHS = tuple(pd.period_range("2020-05", "2021-04", freq="M").strftime("%Y-%m"))
TABLES = ("water_section_week", "water_section")


@dataclass(frozen=True)
class Panel:
    """One row a section, week and pollutant with a median, in the order of POLLUTANTS.

    Columns section and basin (index), pollutant (index), week (whole weeks since the first), log (of mg/L; of the limit
    where ``below``), below. `sections` and `basins` name the indices; `basin_of` gives each section's basin.
    """

    rows: pd.DataFrame
    sections: tuple[str, ...]
    basins: tuple[str, ...]
    basin_of: np.ndarray
    truth: dict | None = None


def panel(weeks: pd.DataFrame, places: pd.DataFrame) -> Panel:
    """The panel of two tables; readings under maintenance are not in its medians."""
    twice = places.section[places.section.duplicated()]
    if len(twice):
        found = ", ".join(places.basin[places.section == twice.iloc[0]])
        raise BookError(
            f"table water_section has section {twice.iloc[0]} in two rows (basins {found}): expected one; remove one"
        )
    strangers = sorted(set(weeks.section) - set(places.section))
    if strangers:
        raise BookError(f"table water_section lacks section {strangers[0]} of water_section_week: add its row")
    places = places[places.section.isin(weeks.section)].sort_values("section", ignore_index=True)
    basins = tuple(sorted(places.basin.unique()))
    index = {name: k for k, name in enumerate(places.section)}
    first, parts = weeks.week.min(), []
    for k, name in enumerate(POLLUTANTS):
        values = weeks[name]
        below = weeks[f"{name}_below"] & values.isna()
        if (values < 0).any():
            row = weeks[values < 0].iloc[0]
            raise BookError(
                f"table water_section_week has {name} below zero at {row.section} in the week of {row.week:%Y-%m-%d}: "
                "expected a concentration or a missing value with its flag"
            )
        chosen = weeks[values.notna() | below]
        log = np.log(values.where(~below, FLOORS[name]))[chosen.index]
        parts.append(
            pd.DataFrame(
                {
                    "section": chosen.section.map(index), "pollutant": k, "week": (chosen.week - first).dt.days // 7,
                    "log": log, "below": below[chosen.index],
                }
            )
        )  # fmt: skip
    rows = pd.concat(parts).sort_values(["pollutant", "section", "week"], ignore_index=True)
    basin_of = np.array([basins.index(name) for name in places.basin])
    return Panel(rows, tuple(places.section), basins, basin_of)


def season(week: np.ndarray) -> np.ndarray:
    """Sines and cosines (..., wave) of a year and half a year; `week` counts from the first week of May 2020."""
    angle = 2 * np.pi * (np.asarray(week, dtype=float) + 18) / (365.25 / 7)
    return np.stack([np.sin(angle), np.cos(angle), np.sin(2 * angle), np.cos(2 * angle)], axis=-1)


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model.

    On the grid (pollutant, section, week): ``log`` of the medians, of the limit where one lies below, 0 where there is
    none; ``measured``, 1 where a median lies above the limit. Places in the flattened grid: ``hidden`` of medians below
    the limit; ``late`` of medians whose last measured week lies 2 to `LONGEST_GAP` weeks back, with ``late_before`` of
    that week; ``apart`` of medians whose last measured week is not the week before. ``late_back`` and ``apart_back``
    are the places of these medians in (pollutant, weeks back), where 0 stands for no week remembered.
    """
    rows, weeks = panel.rows, int(panel.rows.week.max()) + 1
    place = rows.pollutant.to_numpy(), rows.section.to_numpy(), rows.week.to_numpy()
    log = np.zeros((len(POLLUTANTS), len(panel.sections), weeks))
    measured = np.zeros_like(log)
    log[place], measured[place] = rows["log"], ~rows.below
    cell = np.ravel_multi_index(place, log.shape)
    gap = weeks_back(measured)[place]
    back = place[0] * (LONGEST_GAP + 1) + gap
    late, apart = gap > 1, gap != 1
    return {
        "waves": season(np.arange(weeks)),
        "log": log,
        "measured": measured,
        "hidden": cell[rows.below],
        "late": cell[late],
        "late_before": (cell - gap)[late],
        "late_back": back[late],
        "apart": cell[apart],
        "apart_back": back[apart],
    }


def weeks_back(measured: np.ndarray) -> np.ndarray:
    """How many weeks before each week the last measured one lies (..., week); 0 for more than `LONGEST_GAP`."""
    week = np.arange(measured.shape[-1])
    last = np.maximum.accumulate(np.where(measured > 0, week, -LONGEST_GAP - 1), axis=-1)
    before = np.concatenate([np.full_like(last[..., :1], -LONGEST_GAP - 1), last[..., :-1]], axis=-1)
    gap = week - before
    return np.where(gap <= LONGEST_GAP, gap, 0)


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """Log concentrations: level and season of a section, pooled in basins; departures that last and go together.

    A section's four levels are one draw from a multivariate normal around its basin's. What a week departs from level
    and season by is partly remembered from the last measured week; what is new in it has Student's t with four degrees
    of freedom, and leans on what is new in the pollutants before it in the same week (together these slopes are the
    correlation). The longer ago that week, the more is new: `fresh` times as much. A median below the limit counts with
    the probability of lying there.
    """
    import pymc as pm
    import pytensor.tensor as pt

    size = len(POLLUTANTS)
    coords = {
        "pollutant": POLLUTANTS, "earlier": POLLUTANTS[:-1], "basin": panel.basins,
        "section": panel.sections, "wave": ["sin 1", "cos 1", "sin 2", "cos 2"],
    }  # fmt: skip
    with pm.Model(coords=coords) as model:
        # The grid is as large in every fit; that the graph knows its shape spares a third of its nodes.
        shape = {name: values.shape if values.ndim > 1 else None for name, values in data(panel).items()}
        d = {name: pm.Data(name, values, shape=shape[name]) for name, values in data(panel).items()}
        level = pm.Normal("level", np.log([4, 0.2, 0.08, 2.5]), 0.7, dims="pollutant")
        basin_scale = pm.LogNormal("basin_scale", np.log(0.4), 0.4, dims="pollutant")
        basin = pm.Normal("of_basin", level, basin_scale, dims=("basin", "pollutant"))
        spread = pm.LKJCholeskyCov(
            "spread", eta=2, n=size, sd_dist=pm.LogNormal.dist(np.log(0.6), 0.4), compute_corr=False
        )
        chol = pm.math.expand_packed_triangular(size, spread)
        section = pm.MvNormal("section_level", basin[panel.basin_of], chol=chol, dims=("section", "pollutant"))
        season_scale = pm.LogNormal("season_scale", np.log([0.2, 0.1])[[0, 0, 1, 1]], 0.4, dims="wave")
        season_basin = pm.Normal("season_basin", 0, 0.3, dims=("basin", "pollutant", "wave"))
        c, of = SEASON_CENTRING, season_basin[panel.basin_of]
        own_season = pm.Normal("own_season", c * of, season_scale**c, dims=("section", "pollutant", "wave"))
        season_section = restored(own_season, of, season_scale, c)
        log_scatter_mean = pm.Normal("log_scatter_mean", np.log(0.25), 0.4, dims="pollutant")
        log_scatter = pm.Normal("log_scatter", log_scatter_mean, 0.4, dims=("section", "pollutant"))
        memory = pm.Beta("memory", 4, 4, dims="pollutant")
        lean = pm.Normal("lean", 0, 0.3, dims=("pollutant", "earlier"))

        path = section.T[:, :, None] + pt.dot(season_section.transpose(1, 0, 2), d["waves"].T)
        departure = d["measured"] * (d["log"] - path)
        # Where a week was not measured its departure is nought, so what it leaves is too.
        week_before = pt.concatenate([pt.zeros_like(departure[:, :, :1]), departure[:, :, :-1]], axis=2)
        of_late = left(memory[:, None], GAPS).ravel()[d["late_back"]] * departure.ravel()[d["late_before"]]
        kept = (memory[:, None, None] * week_before).ravel()[d["late"]].inc(of_late).reshape(departure.shape)
        new = departure - d["measured"] * kept
        before = np.tri(size, k=-1) * pt.concatenate([lean, pt.zeros((size, 1))], axis=1)
        together = pt.dot(before, new.reshape((size, -1))).reshape(new.shape)

        log_fresh = pt.log(fresh(memory[:, None], GAPS)).ravel()[d["apart_back"]]
        on_grid = pt.zeros_like(departure).ravel()
        log_narrow = on_grid[d["apart"]].set(-log_fresh).reshape(departure.shape)
        narrow = (on_grid + 1)[d["apart"]].set(pt.exp(-log_fresh)).reshape(departure.shape)
        of_section = log_scatter.T[:, :, None]
        scaled = (d["log"] - path - kept - together) * narrow * pt.exp(-of_section)
        # The logarithm of a product stands for the four pollutants' logarithms: it is what costs most.
        wide = 1 + (d["measured"] * scaled) ** 2 / 4
        height = (d["measured"] * (np.log(0.375) - of_section + log_narrow)).sum(axis=0)
        density = height - 2.5 * pt.log(wide[0] * wide[1] * wide[2] * wide[3])
        given("medians", density.ravel(), observed=d["measured"].sum(axis=0).ravel())
        given("below", log_tail(scaled.ravel()[d["hidden"]]), observed=d["log"].ravel()[d["hidden"]])
    return model


def left(memory, gap):
    """Share of a departure that is left after `gap` weeks; a gap of 0 stands for no week remembered."""
    return (gap > 0) * memory**gap


def fresh(memory, gap):
    """Scale of what is new after `gap` weeks, as a multiple of one week's; a gap of 0 stands for no week remembered.

    Departures are ``d = memory d' + e``, so over g weeks the variance of what is new is that of e times
    ``(1 - memory^(2 g)) / (1 - memory^2)``.
    """
    return ((1 - left(memory, gap) ** 2) / (1 - memory**2)) ** 0.5


def log_tail(value):
    """Log probability that Student's t with four degrees of freedom lies below `value`, stable far down."""
    import pytensor.tensor as pt

    slope = value / pt.sqrt(value**2 + 4)
    rise = pt.switch(slope < 0, 4 / (value**2 + 4) / (1 - pt.minimum(slope, 0)), 1 + slope)
    return 2 * pt.log(rise) + pt.log(2 - slope) - np.log(4)


TRUTH = {"memory": 0.5, "lean": 0.2, "scatter": 0.25, "season": 0.3, "nitrogen_winter": 0.7}


def simulate(truth: dict, rng: np.random.Generator, panel: Panel) -> Panel:
    """A panel with known parameters (keys of `TRUTH`) and the rows of `panel`, cut at the limits as the real one is.

    Total nitrogen of Gubeikou swings with `nitrogen_winter` (of its logarithm) around its level; sections differ in
    level, season and scatter.
    """
    known = {**TRUTH, **truth}
    count, size = len(panel.sections), len(POLLUTANTS)
    level = np.log([4, 0.2, 0.08, 2.5]) + 0.4 * rng.normal(size=(len(panel.basins), size))[panel.basin_of]
    level = level + 0.5 * rng.normal(size=(count, size))
    swing = known["season"] * rng.normal(size=(count, size, WAVES)) * np.array([1, 1, 0.5, 0.5])
    if SHOWN["gubeikou"] in panel.sections:
        swing[panel.sections.index(SHOWN["gubeikou"]), 3] = known["nitrogen_winter"] * np.array([0, 1, 0, 0])
    weeks = np.arange(int(panel.rows.week.max()) + 1)
    log_scatter = np.log(known["scatter"]) + 0.4 * rng.normal(size=(1, count, size))
    memory, lean = np.full((1, size), known["memory"]), known["lean"] * np.tri(size, size - 1, k=-1)[None]
    path = level + np.einsum("skv,wv->wsk", swing, season(weeks))
    path = path + departures(log_scatter, memory, lean, len(weeks), rng)[:, 0]
    seen = path[tuple(panel.rows[name].to_numpy(dtype=int) for name in ("week", "section", "pollutant"))]
    floor = np.log([FLOORS[name] for name in POLLUTANTS])[panel.rows.pollutant]
    rows = panel.rows.assign(log=np.maximum(seen, floor), below=seen < floor)
    return replace(panel, rows=rows, truth={**known, "level": level, "swing": swing})


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


def departures(log_scatter: np.ndarray, memory: np.ndarray, lean: np.ndarray, weeks: int, rng) -> np.ndarray:
    """What weeks depart by from level and season, drawn anew (week, draw, section, pollutant), logarithms.

    log_scatter (draw, section, pollutant), memory (draw, pollutant), lean (draw, pollutant, earlier).
    """
    made = np.zeros((weeks, *log_scatter.shape))
    for week in range(weeks):
        new = np.exp(log_scatter) * rng.standard_t(4, size=log_scatter.shape)
        if not week:
            new = new * fresh(memory, np.zeros_like(memory))[:, None]
        for k in range(1, len(POLLUTANTS)):
            new[..., k] += np.einsum("dj,dsj->ds", lean[:, k, :k], new[..., :k])
        made[week] = new if not week else memory[:, None] * made[week - 1] + new
    return made


def winter(weeks: np.ndarray) -> np.ndarray:
    """How much more total nitrogen December has than July (draw,), %, of typical weeks (draw, week, pollutant)."""
    nitrogen = monthly_means(weeks)[:, :, POLLUTANTS.index("tn")]
    return 100 * (nitrogen[:, MONTHS.index("2020-12")] / nitrogen[:, MONTHS.index("2020-07")] - 1)
