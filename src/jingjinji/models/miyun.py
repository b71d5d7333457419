"""Water quality of about a hundred sections by week: four pollutants together, sections pooled in basins."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from jingjinji import tables, water_facts
from jingjinji.densities import given
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

    ``before`` is the row of the last measured week of the same section and pollutant, with ``gap`` weeks between them
    (0 where there is none within `LONGEST_GAP`); ``other`` (row, pollutant) the row of an earlier pollutant in the same
    week, with ``beside`` 1 where it was measured.
    """
    rows = panel.rows
    number = pd.Series(np.arange(len(rows)))
    groups = [rows.section, rows.pollutant]
    measured = number.where(~rows.below)
    before = measured.groupby(groups).transform(lambda values: values.shift().ffill())
    known = before.fillna(0).astype(int)
    gap = (rows.week - rows.week.to_numpy()[known]).where(before.notna(), 0)
    gap = gap.where(gap <= LONGEST_GAP, 0)
    place = pd.Series(number.to_numpy(), index=pd.MultiIndex.from_frame(rows[["pollutant", "section", "week"]]))
    other = np.zeros((len(rows), len(POLLUTANTS) - 1), dtype=int)
    beside = np.zeros(other.shape)
    for j in range(len(POLLUTANTS) - 1):
        keys = pd.MultiIndex.from_arrays([np.full(len(rows), j), rows.section, rows.week])
        found = place.reindex(keys).to_numpy()
        there = np.isfinite(found) & (rows.pollutant.to_numpy() > j)
        other[there, j] = found[there].astype(int)
        beside[there, j] = ~rows.below.to_numpy()[other[there, j]]
    return {
        "section_index": rows.section.to_numpy(dtype=int),
        "pollutant_index": rows.pollutant.to_numpy(dtype=int),
        "waves": season(rows.week.to_numpy()),
        "log": rows["log"].to_numpy(dtype=float),
        "below": rows.below.to_numpy(dtype=float),
        "before": known.to_numpy(),
        "gap": gap.to_numpy(dtype=float),
        "other": other,
        "beside": beside,
    }


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
        basin = basin_scale * pm.Normal("of_basin", 0, 1, dims=("basin", "pollutant"))
        spread = pm.LKJCholeskyCov(
            "spread", eta=2, n=size, sd_dist=pm.LogNormal.dist(np.log(0.6), 0.4), compute_corr=False
        )
        chol = pm.math.expand_packed_triangular(size, spread)
        section = pm.MvNormal(
            "section_level", (level + basin)[panel.basin_of], chol=chol, dims=("section", "pollutant")
        )
        season_scale = pm.LogNormal("season_scale", np.log([0.2, 0.1])[[0, 0, 1, 1]], 0.4, dims="wave")
        season_basin = pm.Normal("season_basin", 0, 0.3, dims=("basin", "pollutant", "wave"))
        season_section = pm.Normal(
            "season_section", season_basin[panel.basin_of], season_scale, dims=("section", "pollutant", "wave")
        )
        log_scatter_mean = pm.Normal("log_scatter_mean", np.log(0.25), 0.4, dims="pollutant")
        log_scatter = pm.Normal("log_scatter", log_scatter_mean, 0.4, dims=("section", "pollutant"))
        memory = pm.Beta("memory", 4, 4, dims="pollutant")
        lean = pm.Normal("lean", 0, 0.3, dims=("pollutant", "earlier"))

        s, k = d["section_index"], d["pollutant_index"]
        mean = section[s, k] + (season_section[s, k] * d["waves"]).sum(axis=-1)
        departure = d["log"] - mean
        kept = pt.switch(d["gap"] > 0, memory[k] ** pt.maximum(d["gap"], 1), 0) * departure[d["before"]]
        new = departure - kept
        leaning = (lean[k] * d["beside"] * new[d["other"]]).sum(axis=-1)
        log_scale = log_scatter[s, k] + pt.log(fresh(memory[k], d["gap"]))
        scaled = (new - leaning) * pt.exp(-log_scale)
        density = np.log(0.375) - 2.5 * pt.log1p(scaled**2 / 4) - log_scale
        given("medians", pt.switch(d["below"] > 0, log_tail(scaled), density), observed=d["log"])
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


DERIVED = ()
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
            place = fit.panel.sections.index(section)
            below = np.mean(year[:, :, 3] < year[:, place, 3][:, None], axis=1)
            made.append(name(f"miyun.{key}.tn.rank", f"share of sections with less total nitrogen over the year, {key}",
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


def replicates(fit, most: int = 200) -> np.ndarray:
    """What is new in a week, drawn anew (draw, row), for rows above the limit; the model's own Student's t."""
    rng = np.random.default_rng(fit.seed)
    flat = fit.parameters[["log_scatter", "memory"]].stack(sample=("chain", "draw"))
    flat = flat.isel(sample=slice(None, None, max(1, flat.sizes["sample"] // most)))
    scatter = np.exp(flat["log_scatter"].transpose("sample", "section", "pollutant").values)
    memory, index = flat["memory"].transpose("sample", "pollutant").values, data(fit.panel)
    scale = scatter[:, index["section_index"], index["pollutant_index"]]
    scale = scale * fresh(memory[:, index["pollutant_index"]], index["gap"])
    return scale * rng.standard_t(4, size=scale.shape)


def _check(fit, most: int = 200) -> list[Finding]:
    """Share of what is new in measured weeks inside the central 94 % of draws anew."""
    index = data(fit.panel)
    flat = fit.parameters.stack(sample=("chain", "draw"))
    flat = flat.isel(sample=slice(None, None, max(1, flat.sizes["sample"] // most)))
    value = {name: flat[name].transpose("sample", ...).values
             for name in ("section_level", "season_section", "memory", "lean")}  # fmt: skip
    s, k = index["section_index"], index["pollutant_index"]
    mean = value["section_level"][:, s, k] + np.einsum("drv,rv->dr", value["season_section"][:, s, k], index["waves"])
    departure = index["log"] - mean
    kept = np.where(index["gap"] > 0, value["memory"][:, k] ** np.maximum(index["gap"], 1), 0)
    new = departure - kept * departure[:, index["before"]]
    leaning = (value["lean"][:, k] * index["beside"] * new[:, index["other"]]).sum(axis=-1)
    left = (new - leaning)[:, index["below"] == 0]
    drawn = replicates(fit, most)[:, index["below"] == 0]
    low, high = np.percentile(drawn, [3, 97], axis=0)
    inside = float(((low <= left) & (left <= high)).mean())
    return [
        exact("miyun.check.inside", "weekly surprises inside the central 94 % of surprises drawn anew",
              round(100 * inside, 1), "%", PANEL),
    ]  # fmt: skip
