"""Water quality of about a hundred sections by week: four pollutants together, sections pooled in basins."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from jingjinji import tables, water_facts
from jingjinji.densities import given, restored
from jingjinji.errors import BookError
from jingjinji.findings import Finding, exact, record
from jingjinji.water_classes import CLASSES, LIMITS, water_class

POLLUTANTS = ("codmn", "nh3n", "tp", "tn")
NAMES = {"codmn": "CODMn", "nh3n": "NH3-N", "tp": "total phosphorus", "tn": "total nitrogen"}
FLOORS = {"codmn": 0.5, "nh3n": 0.025, "tp": 0.005, "tn": 0.05}
"""Least weekly median that is a number (mg/L)."""
SHOWN = {"gubeikou": "古北口", "guohe": "果河桥", "bahao": "八号桥", "jiekou": "街口(鸠坑口)"}
"""Sections under an agreement, by the key of their findings."""
WAVES, LONGEST_GAP, WEEKS_OF_YEAR = 4, 4, 52
"""Sines and cosines of a year and half a year; weeks over which a departure is remembered."""
SEASON_CENTRING = np.array([0.4, 0.4, 0.15, 0.15])
"""How far the seasons of sections are centred: a year of weeks whose departures last says little of a season."""
MONTHS = tuple(pd.period_range("2020-05", "2021-04", freq="M").strftime("%Y-%m"))
PANEL = ("water_section_week", "water_section")


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


def load(variant: str = "") -> Panel:
    """The panel of the main fit, or of one of `VARIANTS`; raises BookError for an unknown variant or a bad table."""
    if variant and variant not in VARIANTS:
        raise BookError(f"model miyun has no variant '{variant}': expected one of {', '.join(VARIANTS)}")
    if variant == "with-maintenance":
        return panel_of(tables.load("water_section_week"), tables.load("water_section"), "_all")
    panel = panel_of(tables.load("water_section_week"), tables.load("water_section"))
    return VARIANTS[variant](panel) if variant else panel


def panel_of(weeks: pd.DataFrame, places: pd.DataFrame, column: str = "") -> Panel:
    """The panel of two tables; `column` ``_all`` takes the medians that keep readings under maintenance."""
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
        values = weeks[f"{name}{column}"]
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

    ``grid`` (pollutant, section, week) has the logs, 0 where nothing was measured, as ``measured`` says. ``back``
    (weeks, pollutant, section, week) is 1 where the last measured week lies so many weeks back, 1 to `LONGEST_GAP`.
    By row: ``log``, ``above`` (1 above the limit), its place in the flattened grid, in (pollutant, section) and in
    (pollutant, weeks back), where 0 stands for no week remembered. ``below_rows`` are the rows below the limit.
    """
    rows, weeks = panel.rows, int(panel.rows.week.max()) + 1
    place = rows.pollutant.to_numpy(), rows.section.to_numpy(), rows.week.to_numpy()
    grid = np.zeros((len(POLLUTANTS), len(panel.sections), weeks))
    measured = np.zeros_like(grid)
    measured[place] = ~rows.below
    grid[place] = np.where(rows.below, 0, rows["log"])
    back = weeks_back(measured)
    shape = grid.shape
    return {
        "waves": season(np.arange(weeks)),
        "grid": grid,
        "measured": measured,
        "back": np.stack([(back == gap).astype(float) for gap in range(1, LONGEST_GAP + 1)]),
        "log": rows["log"].to_numpy(dtype=float),
        "above": (~rows.below).to_numpy(dtype=float),
        "below_rows": np.flatnonzero(rows.below),
        "cell": np.ravel_multi_index(place, shape),
        "series": np.ravel_multi_index(place[:2], shape[:2]),
        "pollutant_back": place[0] * (LONGEST_GAP + 1) + back[place],
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
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
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
        season_section = pm.Deterministic(
            "season_section", restored(own_season, of, season_scale, c), dims=("section", "pollutant", "wave")
        )
        log_scatter_mean = pm.Normal("log_scatter_mean", np.log(0.25), 0.4, dims="pollutant")
        log_scatter = pm.Normal("log_scatter", log_scatter_mean, 0.4, dims=("section", "pollutant"))
        memory = pm.Beta("memory", 4, 4, dims="pollutant")
        lean = pm.Normal("lean", 0, 0.3, dims=("pollutant", "earlier"))

        path = section.T[:, :, None] + pt.dot(season_section.transpose(1, 0, 2), d["waves"].T)
        left = memory[:, None] ** np.arange(1, LONGEST_GAP + 1)
        departure = d["measured"] * (d["grid"] - path)
        earlier = pt.concatenate([pt.zeros((size, len(panel.sections), LONGEST_GAP)), departure], axis=-1)
        weeks = departure.shape[-1]
        kept = sum(
            d["back"][gap - 1] * left[:, gap - 1, None, None] * earlier[:, :, LONGEST_GAP - gap :][:, :, :weeks]
            for gap in range(1, LONGEST_GAP + 1)
        )
        new = departure - d["measured"] * kept
        before = np.tri(size, k=-1) * pt.concatenate([lean, pt.zeros((size, 1))], axis=1)
        expected = path + kept + pt.dot(before, new.reshape((size, -1))).reshape(new.shape)

        log_fresh = pt.log(fresh(memory[:, None], np.arange(LONGEST_GAP + 1)))
        log_scale = log_scatter.T.ravel()[d["series"]] + log_fresh.ravel()[d["pollutant_back"]]
        of_series, of_gap = (pt.exp(-table).ravel() for table in (log_scatter.T, log_fresh))
        scaled = (d["log"] - expected.ravel()[d["cell"]]) * of_series[d["series"]] * of_gap[d["pollutant_back"]]
        density = np.log(0.375) - 2.5 * pt.log(1 + scaled**2 / 4) - log_scale
        given("medians", d["above"] * density, observed=d["log"])
        given("below", log_tail(scaled[d["below_rows"]]), observed=d["log"][d["below_rows"]])
    return model


def fresh(memory, gap):
    """Scale of what is new after `gap` weeks, as a multiple of one week's; a gap of 0 stands for no week remembered.

    Departures are ``d = memory d' + e``, so over g weeks the variance of what is new is that of e times
    ``(1 - memory^(2 g)) / (1 - memory^2)``.
    """
    left = (gap > 0) * memory ** (2 * gap)
    return ((1 - left) / (1 - memory**2)) ** 0.5


def log_tail(value):
    """Log probability that Student's t with four degrees of freedom lies below `value`, stable far down."""
    import pytensor.tensor as pt

    slope = value / pt.sqrt(value**2 + 4)
    rise = pt.switch(slope < 0, 4 / (value**2 + 4) / (1 - pt.minimum(slope, 0)), 1 + slope)
    return 2 * pt.log(rise) + pt.log(2 - slope) - np.log(4)


TRUTH = {"memory": 0.5, "scatter": 0.25, "season": 0.3, "nitrogen_winter": 0.7}


def simulate(truth: dict, rng: np.random.Generator, panel: Panel | None = None) -> Panel:
    """A panel with known parameters (keys of `TRUTH`) and the rows of `panel`, cut at the limits as the real one is.

    Total nitrogen of Gubeikou swings with `nitrogen_winter` (of its logarithm) around its level.
    """
    panel = load() if panel is None else panel
    known = {**TRUTH, **truth}
    count, size = len(panel.sections), len(POLLUTANTS)
    level = np.log([4, 0.2, 0.08, 2.5]) + 0.4 * rng.normal(size=(len(panel.basins), size))[panel.basin_of]
    level = level + 0.5 * rng.normal(size=(count, size))
    swing = known["season"] * rng.normal(size=(count, size, WAVES)) * np.array([1, 1, 0.5, 0.5])
    if SHOWN["gubeikou"] in panel.sections:
        swing[panel.sections.index(SHOWN["gubeikou"]), 3] = known["nitrogen_winter"] * np.array([0, 1, 0, 0])
    weeks = np.arange(int(panel.rows.week.max()) + 1)
    path = level[..., None] + np.einsum("skv,wv->skw", swing, season(weeks))
    new = known["scatter"] * rng.standard_t(4, size=path.shape)
    departure = np.zeros_like(path)
    for week in weeks:
        past = departure[..., week - 1] if week else 0.0
        departure[..., week] = known["memory"] * past + new[..., week]
    index = tuple(panel.rows[name].to_numpy(dtype=int) for name in ("section", "pollutant", "week"))
    seen = (path + departure)[index]
    floor = np.log([FLOORS[name] for name in POLLUTANTS])[index[1]]
    rows = panel.rows.assign(log=np.maximum(seen, floor), below=seen < floor)
    return replace(panel, rows=rows, truth={**known, "level": level, "swing": swing})


def _toy(panel: Panel, winter: float) -> Panel:
    return simulate({"nitrogen_winter": winter}, np.random.default_rng([41, int(10 * winter)]), panel)


DERIVED = ("season_section",)
LONG_VARIANTS = True
"""Memory and the scale of seasons mix slowly: the draws of a variant would leave them short of the gate."""
KEPT_WITH = ("",)
VARIANTS = {
    "toy": partial(_toy, winter=0.7),
    "toy-no-season": partial(_toy, winter=0.0),
    "with-maintenance": lambda panel: panel,
}


def month_of_week() -> np.ndarray:
    """Index into `MONTHS` of each week from 4 May 2020 (the month of its Thursday)."""
    thursdays = pd.date_range("2020-05-07", periods=WEEKS_OF_YEAR, freq="7D")
    return np.array([MONTHS.index(month) for month in thursdays.strftime("%Y-%m")])


def months_with_readings(panel: Panel, section: str) -> np.ndarray:
    """True for each of `MONTHS` with a week in which one of the pollutants of a river's class was read."""
    rows = panel.rows[panel.rows.section == panel.sections.index(section)]
    weeks = rows.week[rows.pollutant.map(lambda k: POLLUTANTS[k] in LIMITS["river"])]
    return np.isin(np.arange(len(MONTHS)), month_of_week()[weeks.unique()])


def typical_weeks(fit, section: str) -> np.ndarray:
    """Median concentration (mg/L) of each week of the year on level and season (draw, week, pollutant)."""
    k = fit.panel.sections.index(section)
    level, swing = _of_section(fit, "section_level", k), _of_section(fit, "season_section", k)
    path = level[:, None] + np.einsum("dkv,wv->dwk", swing, season(np.arange(WEEKS_OF_YEAR)))
    return np.exp(path)


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


def drawn_months(fit, section: str) -> np.ndarray:
    """Means of the months of another year with the same level and season (draw, month, pollutant), mg/L.

    Unlike a typical week such a month has departures, as the months have that a standard judges.
    """
    k, rng = fit.panel.sections.index(section), np.random.default_rng([fit.seed, 11])
    flat = fit.parameters[["memory", "lean"]].stack(sample=("chain", "draw"))
    memory, lean = (flat[name].transpose("sample", ...).values for name in ("memory", "lean"))
    scatter = _of_section(fit, "log_scatter", k)[:, None]
    off = departures(scatter, memory, lean, WEEKS_OF_YEAR, rng)[:, :, 0].transpose(1, 0, 2)
    return monthly_means(typical_weeks(fit, section) * np.exp(np.clip(off, -5, 5)))


def _of_section(fit, name: str, index: int) -> np.ndarray:
    chosen = fit.parameters[name].isel(section=index).stack(sample=("chain", "draw"))
    return chosen.transpose("sample", "pollutant", ...).values


def annual(fit) -> np.ndarray:
    """Mean of the typical weeks of the year (draw, section, pollutant), mg/L, on at most 1,000 draws."""
    flat = fit.parameters[["section_level", "season_section"]].stack(sample=("chain", "draw"))
    flat = flat.isel(sample=slice(None, None, max(1, flat.sizes["sample"] // 1000)))
    level = flat["section_level"].transpose("sample", "section", "pollutant").values
    swing = flat["season_section"].transpose("sample", "section", "pollutant", "wave").values
    waves = season(np.arange(WEEKS_OF_YEAR))
    return sum(np.exp(level + swing @ wave) for wave in waves) / len(waves)


def findings(fit) -> list[Finding]:
    """Annual and monthly concentrations of the sections under an agreement, their place, and the class by month."""
    chains, draws = fit.parameters.sizes["chain"], fit.parameters.sizes["draw"]
    shape = partial(np.reshape, shape=(chains, draws))
    name = partial(record, model=fit.name, panel=PANEL, suffix=f"@{fit.variant}" if fit.variant else "")
    made, year = [], annual(fit)
    for key, section in SHOWN.items():
        if section not in fit.panel.sections:
            continue
        weeks = typical_weeks(fit, section)
        by_month = monthly_means(weeks)
        for k, pollutant in enumerate(POLLUTANTS):
            id = f"miyun.{key}.{pollutant}"
            made.append(name(f"{id}.year", f"{NAMES[pollutant]} of a typical week, mean of the year, {key}",
                             shape(weeks[:, :, k].mean(axis=1)), "mg/L"))  # fmt: skip
        nitrogen = by_month[:, :, POLLUTANTS.index("tn")]
        made.append(name(f"miyun.{key}.tn.swing", f"largest over least month of total nitrogen, {key}",
                         shape(nitrogen.max(axis=1) / nitrogen.min(axis=1)), "times"))  # fmt: skip
        if not fit.panel.truth and not fit.variant:
            made += _by_month(key, by_month, shape, name) + _classes(fit, key, shape, name)
            made += _measured(fit.panel, key)
            place, rows = fit.panel.sections.index(section), fit.panel.rows
            others = np.setdiff1d(rows.section[rows.pollutant == POLLUTANTS.index("tn")], place)
            below = np.mean(year[:, others, 3] < year[:, place, 3][:, None], axis=1)
            made.append(name(f"miyun.{key}.tn.rank", f"share of the other {len(others)} sections with total nitrogen "
                             f"that have less over the year, {key}",
                             100 * below[None], "%"))  # fmt: skip
    if fit.panel.truth:
        truth = float(np.exp(2 * fit.panel.truth["nitrogen_winter"]))
        made.append(exact(f"miyun.truth.gubeikou.tn.swing@{fit.variant}",
                          "truth: largest over least total nitrogen on a section's season", round(truth, 2), "times",
                          ()))  # fmt: skip
    elif not fit.variant:
        made += _record(fit.panel) + _check(fit) + water_facts.findings()
        kept = kept_shares(fit, SHOWN["gubeikou"], drawn_months(fit, SHOWN["gubeikou"]))
        made += water_facts.calculator(kept, name, shape)
    return made


def _by_month(key: str, by_month: np.ndarray, shape, name) -> list[Finding]:
    return [
        name(f"miyun.{key}.{pollutant}.{month}", f"{NAMES[pollutant]} of a typical week in {month}, {key}",
             shape(by_month[:, m, k]), "mg/L")
        for k, pollutant in enumerate(POLLUTANTS) for m, month in enumerate(MONTHS)
    ]  # fmt: skip


def class_draws(by_month: np.ndarray) -> np.ndarray:
    """Index of the river class (draw, month) of concentrations (draw, month, pollutant)."""
    return water_class({p: by_month[:, :, POLLUTANTS.index(p)] for p in LIMITS["river"]})


def _measured(panel: Panel, key: str) -> list[Finding]:
    """Means of the weekly medians of total nitrogen by month, and how many months are in class II or better.

    A median below the limit counts as the limit.
    """
    rows = panel.rows[panel.rows.section == panel.sections.index(SHOWN[key])]
    months = pd.Series(MONTHS).iloc[month_of_week()[rows.week]].to_numpy()
    means = np.exp(rows["log"]).groupby([months, rows.pollutant]).mean().unstack()
    nitrogen = means[POLLUTANTS.index("tn")].dropna()
    made = [exact(f"miyun.{key}.tn.measured.{month}", f"mean of the weekly medians of total nitrogen, {month}, {key}",
                  round(float(value), 2), "mg/L", PANEL) for month, value in nitrogen.items()]  # fmt: skip
    known = {p: means[POLLUTANTS.index(p)] for p in LIMITS["river"]}
    known = pd.DataFrame(known).dropna()
    kept = water_class({p: known[p].to_numpy() for p in known}) <= CLASSES.index("II")
    return [*made, exact(f"miyun.{key}.class-ii.measured", "share of the months with readings whose mean of weekly "
                         f"medians is class II or better, {key}", round(100 * float(kept.mean()), 1), "%",
                         PANEL)]  # fmt: skip


def kept_shares(fit, section: str, drawn: np.ndarray) -> np.ndarray:
    """Share of the months with readings whose mean is class II or better (draw,)."""
    seen = months_with_readings(fit.panel, section)
    return (class_draws(drawn)[:, seen] <= CLASSES.index("II")).mean(axis=1)


def _classes(fit, key: str, shape, name) -> list[Finding]:
    section = SHOWN[key]
    drawn, seen = drawn_months(fit, section), months_with_readings(fit.panel, section)
    index = class_draws(drawn)
    made = [
        name(f"miyun.{key}.class-ii.{month}", f"probability that the mean of another month with the level and "
             f"season of {month} is class II or better, {key}",
             shape((index[:, k] <= CLASSES.index("II")).astype(float)), "probability")
        for k, month in enumerate(MONTHS)
    ]  # fmt: skip
    nitrogen = water_class({"tn": drawn[:, seen, POLLUTANTS.index("tn")]}, "lake")
    return [
        *made,
        name(f"miyun.{key}.class-ii.months", f"share of months with readings in class II or better, {key}",
             shape(100 * kept_shares(fit, section, drawn)), "%"),
        name(f"miyun.{key}.tn.above-v", "share of months with readings that have more total nitrogen than a lake's "
             f"class V allows, {key}", shape(100 * (nitrogen == len(CLASSES) - 1).mean(axis=1)), "%"),
    ]  # fmt: skip


def _record(panel: Panel) -> list[Finding]:
    rows = panel.rows
    return [
        exact("miyun.record.sections", "sections with weekly medians", len(panel.sections), "", PANEL),
        exact("miyun.record.medians", "weekly medians of four pollutants", len(rows), "", PANEL),
        exact("miyun.record.below", "share of medians below a limit", round(100 * float(rows.below.mean()), 1), "%",
              PANEL),
    ]  # fmt: skip


def surprises(fit, most: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """What a week shows beyond its expectation, in units of its scale: measured and drawn anew, both (draw, row).

    For rows above the limit; the draws have the model's own Student's t.
    """
    index, size = data(fit.panel), len(POLLUTANTS)
    flat = fit.parameters.stack(sample=("chain", "draw"))
    flat = flat.isel(sample=slice(None, None, max(1, flat.sizes["sample"] // most)))
    value = {name: flat[name].transpose("sample", ...).values
             for name in ("section_level", "season_section", "log_scatter", "memory", "lean")}  # fmt: skip
    path = np.einsum("dskv,wv->dksw", value["season_section"], index["waves"])
    path = path + value["section_level"].transpose(0, 2, 1)[..., None]
    departure = index["measured"] * (index["grid"] - path)
    earlier = np.concatenate([np.zeros((*path.shape[:-1], LONGEST_GAP)), departure], axis=-1)
    kept = np.zeros_like(path)
    for gap in range(1, LONGEST_GAP + 1):
        lagged = earlier[..., LONGEST_GAP - gap : earlier.shape[-1] - gap]
        kept += index["back"][gap - 1] * (value["memory"] ** gap)[:, :, None, None] * lagged
    new = departure - index["measured"] * kept
    before = np.tri(size, k=-1) * np.concatenate([value["lean"], np.zeros((len(path), size, 1))], axis=-1)
    expected = path + kept + np.einsum("dkj,djsw->dksw", before, new)
    scale = np.exp(value["log_scatter"].transpose(0, 2, 1)).reshape(len(path), -1)[:, index["series"]]
    gaps = np.arange(LONGEST_GAP + 1)
    scale = scale * fresh(value["memory"][:, :, None], gaps).reshape(len(path), -1)[:, index["pollutant_back"]]
    seen = (index["log"] - expected.reshape(len(path), -1)[:, index["cell"]]) / scale
    above = index["above"] > 0
    return seen[:, above], np.random.default_rng(fit.seed).standard_t(4, size=(len(path), int(above.sum())))


def _check(fit) -> list[Finding]:
    """Whether what is new in measured weeks has the width and the independence that the model says."""
    seen, drawn = surprises(fit)
    low, high = np.percentile(drawn, [3, 97])
    rows = fit.panel.rows[~fit.panel.rows.below].reset_index(drop=True)
    table = rows.assign(seen=np.clip(seen.mean(axis=0), -4, 4))
    wide = table.pivot(index=["section", "week"], columns="pollutant", values="seen").set_axis(POLLUTANTS, axis=1)
    together = wide.corr().to_numpy()[np.triu_indices(len(POLLUTANTS), 1)]
    later = wide.join(wide.rename(index=lambda week: week - 1, level="week"), suffixes=("", " later"), how="inner")
    again = [later[name].corr(later[f"{name} later"]) for name in POLLUTANTS]
    return [
        exact("miyun.check.inside", "weekly surprises inside the central 94 % of surprises drawn anew",
              round(100 * float(((low <= seen) & (seen <= high)).mean()), 1), "%", PANEL),
        exact("miyun.check.again", "largest correlation of a pollutant's surprises with those of the week after",
              round(float(max(again, key=abs)), 2), "", PANEL),
        exact("miyun.check.together", "largest correlation of two pollutants' surprises in one week",
              round(float(max(together, key=abs)), 2), "", PANEL),
    ]  # fmt: skip
