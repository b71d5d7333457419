"""What is said of fits of `reservoir`: the named quantities of a fit."""

import numpy as np
import pandas as pd

from jingjinji.core import tables
from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.water.reservoir import CAPACITY, TABLES, TURN, clock

MONTHS = pd.period_range("2000-01", "2025-12", freq="M")
SHOWN = ("2003-07", "2009-07", "2015-01", "2018-07", "2020-08", "2021-10", "2025-07")
"""Months whose storage is printed."""


def transferred() -> dict[str, float]:
    """Water of the South-North transfer stored in the reservoir until a month (10⁸ m³); the last is a lower bound."""
    rows = tables.load("water_facts").query("quantity == 'South-North water stored in Miyun, cumulative'")
    return {period.removeprefix("to ")[:7]: value for period, value in zip(rows.period, rows.value, strict=True)}


def _flat(fit, name: str) -> np.ndarray:
    return fit.parameters[name].stack(sample=("chain", "draw")).transpose("sample", ...).values


def months(fit) -> np.ndarray:
    """Storage in the middle of each month of `MONTHS` (draw, month), 10⁸ m³: walks bridged between the points."""
    rng = np.random.default_rng([fit.seed, 7])
    state, walk, drift, wave = (_flat(fit, name) for name in ("state", "walk", "drift", "wave"))
    years = fit.panel.rows.years.to_numpy()
    turn = (TURN - pd.Timestamp("2000-01-01")).days / 365.25
    when = np.array([(month.start_time - pd.Timestamp("2000-01-01")).days / 365.25 + 1 / 24 for month in MONTHS])
    slow = state - yearly_wave(wave, years)
    drawn, place, value = np.empty((len(state), len(when))), years[0], slow[:, 0]
    for k, year in enumerate(when):
        if year < years[0]:
            drawn[:, k] = slow[:, 0] + walk * np.sqrt(clock(years[0]) - clock(year)) * rng.normal(size=len(walk))
            continue
        past, ahead = years[years <= year], years[years > year]
        if len(past) and past[-1] >= place:
            place, value = past[-1], slow[:, len(past) - 1]
        value = _between(rng, value, place, year, ahead, slow, len(past), walk, drift, turn)
        place, drawn[:, k] = year, value
    return np.clip(drawn + yearly_wave(wave, when), 0, CAPACITY)


def _between(rng, value, place, year, ahead, slow, following, walk, drift, turn) -> np.ndarray:
    """One step of a walk from `place` to `year`, towards the next point where there is one."""
    moved = _drifted(drift, place, year, turn)
    passed = clock(year) - clock(place)
    if not len(ahead):
        return value + moved + walk * np.sqrt(passed) * rng.normal(size=len(walk))
    whole = clock(ahead[0]) - clock(place)
    rest = slow[:, following] - value - _drifted(drift, place, ahead[0], turn)
    sd = walk * np.sqrt(passed * (whole - passed) / whole)
    return value + moved + passed / whole * rest + sd * rng.normal(size=len(walk))


def _drifted(drift: np.ndarray, first: float, last: float, turn: float) -> np.ndarray:
    after = max(last - turn, 0) - max(first - turn, 0)
    return drift[:, 0] * (last - first - after) + drift[:, 1] * after


def yearly_wave(wave: np.ndarray, years: np.ndarray) -> np.ndarray:
    """The wave of a year (draw, time), 10⁸ m³; `wave` (draw, 2) are the sine's and the cosine's sizes."""
    phase = 2 * np.pi * years
    return wave[:, :1] * np.sin(phase) + wave[:, 1:] * np.cos(phase)


def findings(fit) -> list[Finding]:
    """Storage by year, the rise since 2015, and what part of it transferred water could be.

    Of a synthetic record the drifts alone, with their truth.
    """
    say, drift = Scribe(TABLES, "miyun.storage.", fit), _flat(fit, "drift")
    for k, (key, span) in enumerate({"before": "2000 to 2014", "since": "since 2015"}.items()):
        label, drawn = f"change of storage to be expected in another such time, {span}", drift[:, k] / 10
        if fit.panel.truth:
            say.pair(f"drift.{key}", label, fit.panel.truth[f"drift_{key}"] / 10, drawn, "billion m³ a year")
        else:
            say.draws(f"drift.{key}", label, drawn, "billion m³ a year")
    if fit.panel.truth:
        return say.made
    by_month, place = months(fit) / 10, {str(month): k for k, month in enumerate(MONTHS)}
    first, last = (place[fit.panel.rows.date.iloc[end].strftime("%Y-%m")] for end in (0, -1))
    turn = place[TURN.strftime("%Y-%m")]
    for key, start, end in (("before", first, turn), ("since", turn, last)):
        a_year = (by_month[:, end] - by_month[:, start]) / ((end - start) / 12)
        label = f"change of storage a year, {MONTHS[start]} to {MONTHS[end]}"
        say.draws(f"change.{key}", label, a_year, "billion m³ a year")
    for month in SHOWN:
        label = f"storage of the Miyun Reservoir, middle of {month}"
        say.draws(month, label, by_month[:, place[month]], "billion m³")
    risen = by_month - by_month[:, [place["2015-01"]]]
    say.draws("rise.2021", "rise of storage, January 2015 to October 2021", risen[:, place["2021-10"]], "billion m³")
    of_transfer = say.under(tables=(*TABLES, "water_facts"))
    for month, stored in transferred().items():
        year, rise = month[:4], risen[:, place[month]]
        share = 100 * np.clip(stored / 10 / np.maximum(rise, 0.01), 0, 2)
        say.draws(f"rise.{year}", f"rise of storage from January 2015 to {month}", rise, "billion m³")
        label = f"transferred water stored until {month}"
        of_transfer.draws(f"transfer.{year}", f"{label} as a share of the rise, had none of it left", share, "%")
        of_transfer.under(tables=("water_facts",)).fact(f"transferred.{year}", label, stored / 10, "billion m³")
    gap = float(np.diff(fit.panel.rows.years).max())
    say.fact("points", "dated points of storage since 2000 with a date", len(fit.panel.rows))
    say.fact("longest-gap", "longest time between two points", gap, "years", 1)
    return say.made
