"""What is said of fits of `reservoir`: the named quantities of a fit."""

import numpy as np
import pandas as pd

from jingjinji.core import tables
from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.water.reservoir import TABLES, TURN, YEAR, ceilings, clock

MONTHS = pd.period_range("2001-01", "2025-07", freq="M")
"""From the first to the last point."""
SHOWN = ("2003-07", "2009-07", "2015-01", "2018-07", "2020-08", "2021-10", "2025-07")
"""Months whose storage is printed."""


def transferred() -> dict[str, float]:
    """Water of the South-North transfer stored in the reservoir until a month (10⁸ m³); the last is a lower bound."""
    rows = tables.load("water_facts").query("quantity == 'South-North water stored in Miyun, cumulative'")
    return {period.removeprefix("to ")[:7]: value for period, value in zip(rows.period, rows.value, strict=True)}


def _flat(fit, name: str) -> np.ndarray:
    return fit.parameters[name].stack(sample=("chain", "draw")).transpose("sample", ...).values


def middle_of_months() -> np.ndarray:
    """Middles of `MONTHS` in years since 2000."""
    return np.array([(month.start_time - pd.Timestamp("2000-01-01")).days / YEAR + 1 / 24 for month in MONTHS])


def months(fit) -> np.ndarray:
    """Storage in the middle of each month of `MONTHS` (draw, month), 10⁸ m³: walks bridged between the points.

    Where a later point is a record over the gap, the bridge stays below it.
    """
    rng = np.random.default_rng([fit.seed, 7])
    state, walk = _flat(fit, "state"), _flat(fit, "walk")
    years, when, said = fit.panel.rows.years.to_numpy(), middle_of_months(), ceilings(fit.panel.rows)
    drawn = np.full((len(state), len(when)), np.nan)
    for gap in range(len(years) - 1):
        inside = (when >= years[gap]) & (when <= years[gap + 1])
        passed, whole = clock(when[inside]) - clock(years[gap]), clock(years[gap + 1]) - clock(years[gap])
        if not inside.any():
            continue
        begin, end = state[:, gap], state[:, gap + 1]
        if said["share"][gap]:
            top = state[:, said["ceiling"][gap]]
            path = below(rng, begin, end, top, said["share"][gap], passed, whole, walk)
        else:
            path = bridge(rng, begin[:, None], end[:, None], passed, whole, walk)[..., 0]
        drawn[:, inside] = np.exp(path)
    return drawn


def bridge(rng, begin: np.ndarray, end: np.ndarray, passed: np.ndarray, whole: float, walk: np.ndarray) -> np.ndarray:
    """Brownian bridges (draw, time, axis) from `begin` to `end` (draw, axis), at clock times `passed` of `whole`."""
    made, place, value = np.empty((len(begin), len(passed), begin.shape[1])), 0.0, begin
    for k, time in enumerate(passed):
        step, left = time - place, whole - place
        share = min(step / max(left, 1e-9), 1.0)
        sd = walk[:, None] * np.sqrt(max(step * (1 - share), 0.0))
        value = value + share * (end - value) + sd * rng.normal(size=value.shape)
        made[:, k], place = value, time
    return made


def below(rng, begin, end, top, share: float, passed, whole: float, walk, tries: int = 64) -> np.ndarray:
    """Bridges (draw, time) that stay below `top` (draw,) over the last `share` of the clock.

    Where that begins within the gap, a place is chosen among as many as `tries` of the bridge, each by the chance that
    the rest stays below. The rest is `top` less a three-dimensional Bessel bridge, the norm of a bridge whose ends
    enclose an angle of density proportional to ``exp(kappa cos)`` on the sphere. An end that lies above the top by the
    error of its report counts as lying at it.
    """
    turn = (1 - share) * whole
    place = begin
    if share < 1:
        places = (begin + (1 - share) * (end - begin))[:, None]
        places = places + walk[:, None] * np.sqrt(turn * share) * rng.normal(size=(len(begin), tries))
        room, ahead = np.maximum(top[:, None] - places, 1e-9), np.maximum(top - end, 1e-6)[:, None]
        weight = -np.expm1(-2 * room * ahead / (walk[:, None] ** 2 * (whole - turn))).cumsum(axis=1)
        chosen = (weight < rng.uniform(size=(len(begin), 1)) * weight[:, -1:]).sum(axis=1)
        place = places[np.arange(len(begin)), chosen]
    before, after = passed[passed < turn], passed[passed >= turn] - turn
    first, last = np.maximum(top - place, 0.0), np.maximum(top - end, 0.0)
    kappa = np.maximum(first * last / (walk**2 * (whole - turn)), 1e-9)
    uniform = rng.uniform(size=len(top))
    cosine = np.clip(1 + np.log(uniform + (1 - uniform) * np.exp(-2 * kappa)) / kappa, -1, 1)
    zero = np.zeros_like(first)
    start = np.column_stack([first, zero, zero])
    goal = np.column_stack([last * cosine, last * np.sqrt(1 - cosine**2), zero])
    rest = top[:, None] - np.linalg.norm(bridge(rng, start, goal, after, whole - turn, walk), axis=2)
    if not len(before):
        return rest
    return np.concatenate([bridge(rng, begin[:, None], place[:, None], before, turn, walk)[..., 0], rest], axis=1)


def findings(fit) -> list[Finding]:
    """Storage by year, the rise since 2015, and what part of it transferred water could be.

    Of a synthetic record the drifts alone, with their truth.
    """
    say, drift = Scribe(TABLES, "miyun.storage.", fit), 100 * np.expm1(_flat(fit, "drift"))
    for k, (key, span) in enumerate({"before": "2000 to 2014", "since": "since 2015"}.items()):
        label, drawn = f"typical change of storage in a year of another such time, {span}", drift[:, k]
        if fit.panel.truth:
            say.pair(f"drift.{key}", label, 100 * np.expm1(fit.panel.truth[f"drift_{key}"]), drawn, "%")
        else:
            say.draws(f"drift.{key}", label, drawn, "%")
    if fit.panel.truth:
        return say.made
    surprise = _flat(fit, "walk") * np.random.default_rng([fit.seed, 8]).normal(size=len(drift))
    another = 100 * np.expm1(_flat(fit, "drift")[:, 1] + surprise)
    say.draws("another-year", "change of storage in one more year like those since 2015", another, "%", by_median=True)
    by_month, place = months(fit) / 10, {str(month): k for k, month in enumerate(MONTHS)}
    turn = place[TURN.strftime("%Y-%m")]
    for key, start, end in (("before", 0, turn), ("since", turn, len(MONTHS) - 1)):
        a_year = (by_month[:, end] - by_month[:, start]) / ((end - start) / 12)
        label = f"change of storage a year, {MONTHS[start]} to {MONTHS[end]}"
        say.draws(f"change.{key}", label, a_year, "billion m³ a year")
    for month in SHOWN:
        label = f"storage of the Miyun Reservoir, middle of {month}"
        say.draws(month, label, by_month[:, place[month]], "billion m³")
    say.draws("lowest", "lowest month of storage until 2014", by_month[:, :turn].min(axis=1), "billion m³")
    risen = by_month - by_month[:, [place["2015-01"]]]
    say.draws("rise.2021", "rise of storage, January 2015 to October 2021", risen[:, place["2021-10"]], "billion m³")
    of_transfer = say.under(tables=(*TABLES, "water_facts"))
    for month, stored in transferred().items():
        year, rise = month[:4], risen[:, place[month]]
        share = 100 * np.clip(stored / 10 / np.maximum(rise, 0.01), 0, 2)
        say.draws(f"rise.{year}", f"rise of storage from January 2015 to {month}", rise, "billion m³")
        label = f"transferred water stored until {month}"
        words = f"{label} as a share of the rise of storage, had none of it left"
        of_transfer.draws(f"transfer.{year}", words, share, "%")
        of_transfer.under(tables=("water_facts",)).fact(f"transferred.{year}", label, stored / 10, "billion m³")
    rows = fit.panel.rows
    say.fact("points", "dated points of storage since 2000 with a date", len(rows))
    words = "dated points of storage since 2000 that are records, with a day since when it had stayed below"
    say.fact("records", words, rows.since.notna().sum())
    say.fact("longest-gap", "longest time between two points", float(np.diff(rows.years).max()), "years", 1)
    return say.made
