"""What is said of fits of `quality`: the named quantities of a fit."""

import numpy as np
import pandas as pd

from jingjinji.core.densities import restored
from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.water import facts
from jingjinji.topics.water.classes import CLASSES, LIMITS, water_class
from jingjinji.topics.water.quality import (
    GAPS,
    MONTHS,
    POLLUTANTS,
    SEASON_CENTRING,
    SHOWN,
    TABLES,
    WEEKS_OF_YEAR,
    Panel,
    data,
    departures,
    fresh,
    left,
    month_of_week,
    monthly_means,
    season,
    winter,
)

NAMES = {"codmn": "CODMn", "nh3n": "NH3-N", "tp": "total phosphorus", "tn": "total nitrogen"}
NITROGEN = POLLUTANTS.index("tn")
WINTER = "total nitrogen of a typical week of December against July"
SETTLEMENT = {
    "total": (facts.CNY, "a year's payment, assumed unit rates"),
    "quality": (facts.CNY, "of it for quality, assumed unit rate"),
    "full": ("probability", "probability that quality is paid in full"),
}
RECORD = {
    "sections": ("", "sections with weekly medians", None),
    "medians": ("", "weekly medians of four pollutants", None),
    "below": ("%", "share of medians below a limit", 1),
}
CHECKS = {
    "inside": ("%", "weekly surprises inside the central 94 % of surprises drawn anew", 1),
    "again": ("", "largest correlation of a pollutant's surprises with those of the week after", 2),
    "together": ("", "largest correlation of two pollutants' surprises in one week", 2),
}


def months_with_readings(panel: Panel, section: str) -> np.ndarray:
    """True for each of `MONTHS` with a week in which one of the pollutants of a river's class was read."""
    rows = panel.rows[panel.rows.section == panel.sections.index(section)]
    weeks = rows.week[rows.pollutant.map(lambda k: POLLUTANTS[k] in LIMITS["river"])]
    return np.isin(np.arange(len(MONTHS)), month_of_week()[weeks.unique()])


def seasons(value: dict[str, np.ndarray], basin_of: np.ndarray) -> np.ndarray:
    """Seasons of sections (draw, section, pollutant, wave) from what is drawn in their stead.

    value : own_season (draw, section, pollutant, wave), season_basin (draw, basin, pollutant, wave) and season_scale
    (draw, wave). `basin_of` gives the basin of each section of ``own_season``.
    """
    scale = value["season_scale"][:, None, None]
    return restored(value["own_season"], value["season_basin"][:, basin_of], scale, SEASON_CENTRING)


def typical_weeks(fit, section: str) -> np.ndarray:
    """Median concentration (mg/L) of each week of the year on level and season (draw, week, pollutant)."""
    k = fit.panel.sections.index(section)
    value = _flat(fit.parameters[["season_scale", "season_basin"]])
    value |= {name: _of_section(fit, name, k)[:, None] for name in ("own_season", "section_level")}
    swing = seasons(value, fit.panel.basin_of[[k]])
    return weeks_on(value["section_level"][:, 0], swing[:, 0])


def weeks_on(level: np.ndarray, swing: np.ndarray) -> np.ndarray:
    """Concentrations (draw, week, pollutant), mg/L, of a level (draw, pollutant) and a season (draw, pollutant, wave),
    both of logarithms."""
    return np.exp(level[:, None] + np.einsum("dkv,wv->dwk", swing, season(np.arange(WEEKS_OF_YEAR))))


def drawn_months(fit, section: str) -> np.ndarray:
    """Means of the months of another year with the same level and season (draw, month, pollutant), mg/L.

    Unlike a typical week such a month has departures, as the months have that a standard judges.
    """
    k, rng = fit.panel.sections.index(section), np.random.default_rng([fit.seed, 11])
    value, scatter = _flat(fit.parameters[["memory", "lean"]]), _of_section(fit, "log_scatter", k)[:, None]
    off = departures(scatter, value["memory"], value["lean"], WEEKS_OF_YEAR, rng)[:, :, 0].transpose(1, 0, 2)
    return monthly_means(typical_weeks(fit, section) * np.exp(np.clip(off, -5, 5)))


def _of_section(fit, name: str, index: int) -> np.ndarray:
    chosen = fit.parameters[name].isel(section=index).stack(sample=("chain", "draw"))
    return chosen.transpose("sample", "pollutant", ...).values


def _flat(parameters, most: int | None = None) -> dict[str, np.ndarray]:
    """Parameters as arrays (draw, ...), of about `most` draws where it is given, as many of each chain."""
    every = max(1, parameters.sizes["chain"] * parameters.sizes["draw"] // most) if most else None
    flat = parameters.isel(draw=slice(None, None, every)).stack(sample=("chain", "draw"))
    return {name: flat[name].transpose("sample", ...).values for name in parameters}


def annual(fit) -> np.ndarray:
    """Mean of the typical weeks of the year (draw, section, pollutant), mg/L, on about 1,000 draws."""
    value = _flat(fit.parameters[["section_level", "own_season", "season_basin", "season_scale"]], 1000)
    level, swing = value["section_level"], seasons(value, fit.panel.basin_of)
    waves = season(np.arange(WEEKS_OF_YEAR))
    return sum(np.exp(level + swing @ wave) for wave in waves) / len(waves)


def findings(fit) -> list[Finding]:
    """Annual and monthly concentrations of the sections under an agreement, their place, and the class by month.

    Of a synthetic record December against July alone, with its truth.
    """
    say, truth = Scribe(TABLES, "miyun.", fit), fit.panel.truth
    shown = {key: section for key, section in SHOWN.items() if section in fit.panel.sections}
    year = None if truth else annual(fit)[:, :, NITROGEN]
    for key, section in shown.items():
        weeks, k = typical_weeks(fit, section), fit.panel.sections.index(section)
        if truth:
            known = winter(weeks_on(truth["level"][[k]], truth["swing"][[k]]))[0]
            say.pair(f"{key}.tn.winter", f"{WINTER}, {key}", round(float(known), 3), winter(weeks), "%")
            continue
        of, rows = say.under(f"{key}."), fit.panel.rows
        _say_weeks(of, key, weeks)
        _say_classes(of, fit, key)
        _say_measured(of, fit.panel, key)
        others = np.setdiff1d(rows.section[rows.pollutant == NITROGEN], k)
        below = np.mean(year[:, others] < year[:, k][:, None], axis=1)
        words = f"share of the other {len(others)} sections with total nitrogen that have less over the year, {key}"
        of.draws("tn.rank", words, 100 * below, "%")
    if truth:
        return say.made
    medians = fit.panel.rows
    counts = {"sections": len(fit.panel.sections), "medians": len(medians), "below": 100 * medians.below.mean()}
    say.under("record.").facts(RECORD, counts)
    say.under("check.").scores(CHECKS, _check(fit))
    kept = kept_shares(fit, SHOWN["gubeikou"], drawn_months(fit, SHOWN["gubeikou"]))
    paid = facts.outcome(kept)
    made = {"total": paid["total"] / 10, "quality": paid["quality"] / 10, "full": kept >= 1}
    say.under("calculator.").table(SETTLEMENT, made)
    return say.made


def _say_weeks(say: Scribe, key: str, weeks: np.ndarray) -> None:
    """What is said of typical weeks (draw, week, pollutant) of a section, mg/L."""
    say.draws("tn.winter", f"{WINTER}, {key}", winter(weeks), "%")
    by_month = monthly_means(weeks)
    for k, pollutant in enumerate(POLLUTANTS):
        words = f"{NAMES[pollutant]} of a typical week"
        say.draws(f"{pollutant}.year", f"{words}, mean of the year, {key}", weeks[:, :, k].mean(axis=1), "mg/L")
        for m, month in enumerate(MONTHS):
            say.draws(f"{pollutant}.{month}", f"{words} in {month}, {key}", by_month[:, m, k], "mg/L")


def class_draws(by_month: np.ndarray) -> np.ndarray:
    """Index of the river class (draw, month) of concentrations (draw, month, pollutant)."""
    return water_class({p: by_month[:, :, POLLUTANTS.index(p)] for p in LIMITS["river"]})


def _say_measured(say: Scribe, panel: Panel, key: str) -> None:
    """Means of the weekly medians of total nitrogen by month, and how many months are in class II or better.

    A median below the limit counts as the limit.
    """
    rows = panel.rows[panel.rows.section == panel.sections.index(SHOWN[key])]
    months = pd.Series(MONTHS).iloc[month_of_week()[rows.week]].to_numpy()
    means = np.exp(rows["log"]).groupby([months, rows.pollutant]).mean().unstack()
    for month, value in means[NITROGEN].dropna().items():
        words = f"mean of the weekly medians of total nitrogen, {month}, {key}"
        say.fact(f"tn.measured.{month}", words, value, "mg/L", 2)
    known = pd.DataFrame({p: means[POLLUTANTS.index(p)] for p in LIMITS["river"]}).dropna()
    kept = water_class({p: known[p].to_numpy() for p in known}) <= CLASSES.index("II")
    words = f"share of the months with readings whose mean of weekly medians is class II or better, {key}"
    say.fact("class-ii.measured", words, 100 * kept.mean(), "%", 1)


def kept_shares(fit, section: str, drawn: np.ndarray) -> np.ndarray:
    """Share of the months with readings whose mean is class II or better (draw,)."""
    seen = months_with_readings(fit.panel, section)
    return (class_draws(drawn)[:, seen] <= CLASSES.index("II")).mean(axis=1)


def _say_classes(say: Scribe, fit, key: str) -> None:
    section = SHOWN[key]
    drawn, seen = drawn_months(fit, section), months_with_readings(fit.panel, section)
    kept = class_draws(drawn) <= CLASSES.index("II")
    for k, month in enumerate(MONTHS):
        words = f"probability that the mean of another month with the level and season of {month} is class II or better"
        say.draws(f"class-ii.{month}", f"{words}, {key}", kept[:, k], "probability")
    above = water_class({"tn": drawn[:, seen, NITROGEN]}, "lake") == len(CLASSES) - 1
    words = "share of the months with readings that would be in class II or better in another such year"
    say.draws("class-ii.months", f"{words}, {key}", 100 * kept_shares(fit, section, drawn), "%")
    words = "share of months with readings that have more total nitrogen than a lake's class V allows"
    say.draws("tn.above-v", f"{words}, {key}", 100 * above.mean(axis=1), "%")


def surprises(fit, most: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """What a week shows beyond its expectation, in units of its scale: measured and drawn anew, both (draw, row).

    For rows above the limit; the draws have the model's own Student's t.
    """
    index, size = data(fit.panel), len(POLLUTANTS)
    names = ["section_level", "own_season", "season_basin", "season_scale", "log_scatter", "memory", "lean"]
    value = _flat(fit.parameters[names], most)
    path = np.einsum("dskv,wv->dksw", seasons(value, fit.panel.basin_of), index["waves"])
    path = path + value["section_level"].transpose(0, 2, 1)[..., None]
    departure = index["measured"] * (index["log"] - path)
    share = left(value["memory"][:, :, None], GAPS)
    kept = np.zeros_like(path)
    kept[..., 1:] = share[:, :, 1, None, None] * departure[..., :-1]
    flat = kept.reshape(len(path), -1)
    flat[:, index["late"]] = (
        share.reshape(len(path), -1)[:, index["late_back"]]
        * departure.reshape(len(path), -1)[:, index["late_before"]]
    )  # fmt: skip
    new = departure - index["measured"] * kept
    before = np.tri(size, k=-1) * np.concatenate([value["lean"], np.zeros((len(path), size, 1))], axis=-1)
    off = index["log"] - path - kept - np.einsum("dkj,djsw->dksw", before, new)
    scaled = (off * np.exp(-value["log_scatter"].transpose(0, 2, 1))[..., None]).reshape(len(path), -1)
    wide = fresh(value["memory"][:, :, None], GAPS).reshape(len(path), -1)
    scaled[:, index["apart"]] /= wide[:, index["apart_back"]]
    rows = fit.panel.rows[~fit.panel.rows.below]
    seen = scaled.reshape(path.shape)[:, rows.pollutant, rows.section, rows.week]
    return seen, np.random.default_rng(fit.seed).standard_t(4, size=seen.shape)


def _check(fit) -> dict[str, float]:
    """Whether what is new in measured weeks has the width and the independence that the model says."""
    seen, drawn = surprises(fit)
    low, high = np.percentile(drawn, [3, 97])
    rows = fit.panel.rows[~fit.panel.rows.below].reset_index(drop=True)
    table = rows.assign(seen=np.clip(seen.mean(axis=0), -4, 4))
    wide = table.pivot(index=["section", "week"], columns="pollutant", values="seen").set_axis(POLLUTANTS, axis=1)
    together = wide.corr().to_numpy()[np.triu_indices(len(POLLUTANTS), 1)]
    later = wide.join(wide.rename(index=lambda week: week - 1, level="week"), suffixes=("", " later"), how="inner")
    again = [later[name].corr(later[f"{name} later"]) for name in POLLUTANTS]
    return {
        "inside": 100 * ((low <= seen) & (seen <= high)).mean(),
        "again": max(again, key=abs),
        "together": max(together, key=abs),
    }
