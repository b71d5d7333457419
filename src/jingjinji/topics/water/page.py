"""What the page on Miyun shows of its fits: arrays and small tables, computed from stored draws."""

import calendar
from dataclasses import replace

import numpy as np
import pandas as pd

from jingjinji.core import tables
from jingjinji.core.findings import Finding
from jingjinji.show.answers import bare
from jingjinji.show.prior_draws import prior_parameters
from jingjinji.topics.water import april, quality, quality_findings, reservoir, reservoir_findings
from jingjinji.topics.water import facts as water_facts
from jingjinji.topics.water.classes import Rates, settlement
from jingjinji.topics.water.quality import MONTHS, NAMED, POLLUTANTS
from jingjinji.topics.water.quality_findings import NAMES, flat

PARAMETERS = ["section_level", "own_season", "season_basin", "season_scale", "log_scatter", "memory"]


def drawn_medians(value: dict[str, np.ndarray], panel: quality.Panel, rng: np.random.Generator) -> np.ndarray:
    """Weekly medians drawn anew at the rows of a panel (draw, row), mg/L.

    `value` holds `PARAMETERS`, arrays (draw, ...). A departure runs through every week, measured or not.
    """
    weeks = np.arange(int(panel.rows.week.max()) + 1)
    seasons = quality_findings.seasons(value, panel.basin_of)
    path = np.einsum("dskv,wv->wdsk", seasons, quality.season(weeks)) + value["section_level"]
    path = path + quality.departures(value["log_scatter"], value["memory"], len(weeks), rng)
    rows = panel.rows
    drawn = path[rows.week.to_numpy(), :, rows.section.to_numpy(), rows.pollutant.to_numpy()].T
    return np.exp(np.clip(drawn, -30, 30))


def prior_medians(panel: quality.Panel, draws: int, seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Weekly medians as the priors alone expect them beside the measured ones, mg/L: pollutant -> (drawn, measured)."""
    value = flat(prior_parameters(quality.build(panel), PARAMETERS, draws, seed), PARAMETERS, draws)
    drawn, measured = drawn_medians(value, panel, np.random.default_rng(seed)), np.exp(panel.rows["log"].to_numpy())
    of = [panel.rows.pollutant.to_numpy() == k for k in range(len(POLLUTANTS))]
    return {NAMES[name]: (drawn[:, use].ravel(), measured[use]) for name, use in zip(POLLUTANTS, of, strict=True)}


def prior_storage(panel: reservoir.Panel, draws: int, seed: int) -> np.ndarray:
    """Storage in the months of ``reservoir_findings.MONTHS`` as the priors alone expect it (draw, month), 10⁸ m³.

    No record bounds it here, nor the capacity.
    """
    value = flat(prior_parameters(reservoir.build(panel), ["walk", "drift"], draws, seed), ["walk", "drift"], draws)
    rng, drift = np.random.default_rng(seed), value["drift"]
    time = reservoir.clock(reservoir_findings.middle_of_months())
    turn = reservoir.clock((reservoir.TURN - pd.Timestamp("2000-01-01")).days / reservoir.YEAR)
    after = np.maximum(time - turn, 0)
    moved = drift[:, :1] * (time - after) + drift[:, 1:] * after
    steps = value["walk"][:, None] * np.sqrt(np.diff(time, prepend=time[0])) * rng.normal(size=moved.shape)
    start = np.log(reservoir.START[0]) + reservoir.START[1] * rng.normal(size=(len(drift), 1))
    return np.exp(start + moved - moved[:, :1] + np.cumsum(steps, axis=1))


def check_medians(fit, most: int = 100) -> dict[str, tuple[list[str], dict[str, tuple[np.ndarray, np.ndarray]]]]:
    """Median and upper tenth of the weekly medians of all sections by pollutant and month, drawn anew and measured.

    pollutant -> (months, {statistic: (drawn (draw, month), measured (month))}), mg/L.
    """
    drawn = drawn_medians(flat(fit.parameters, PARAMETERS, most), fit.panel, np.random.default_rng(fit.seed))
    rows, measured = fit.panel.rows, np.exp(fit.panel.rows["log"].to_numpy())
    month = quality.month_of_week()[rows.week.to_numpy()]
    labels = [calendar.month_abbr[int(name[5:])][0] for name in MONTHS]
    found = {}
    for k, pollutant in enumerate(POLLUTANTS):
        groups = [(rows.pollutant.to_numpy() == k) & (month == m) for m in range(len(MONTHS))]
        groups = [use if use.any() else None for use in groups]
        found[NAMES[pollutant]] = labels, {
            name: (np.column_stack([_share(drawn, use, share) for use in groups]),
                   np.array([_share(measured[None], use, share)[0] for use in groups]))
            for name, share in (("median", 50), ("upper tenth", 90))
        }  # fmt: skip
    return found


def _share(values: np.ndarray, use: np.ndarray | None, share: float) -> np.ndarray:
    return np.full(len(values), np.nan) if use is None else np.percentile(values[:, use], share, axis=1)


def monthly(found: dict[str, Finding]) -> pd.DataFrame:
    """Typical week of each month at Gubeikou, and the means of the medians of total nitrogen, mg/L."""
    weeks = water_facts.monthly_medians(tables.load("water_section_week"), quality.SHOWN["gubeikou"])
    rows = []
    for month in MONTHS:
        known = month in weeks.index and weeks.weeks[month] > 0
        cells = [bare(found[f"miyun.gubeikou.{name}.{month}"], "mg/L") for name in POLLUTANTS]
        rows.append((month, int(weeks.weeks[month]) if known else 0, *cells, f"{weeks.tn[month]:.1f}" if known else ""))
    columns = ["month", "weeks with readings", *(f"{NAMES[name]} (mg/L)" for name in POLLUTANTS),
               "total nitrogen as measured"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def sections_by_month(found: dict[str, Finding]) -> pd.DataFrame:
    """Total nitrogen of the typical week by month (mg/L) at the sections with an agreement, then or later."""
    rows = {month: {name: bare(found[f"miyun.{key}.tn.{month}"], "mg/L") for key, name in NAMED.items()}
            for month in MONTHS}  # fmt: skip
    rows["year"] = {name: bare(found[f"miyun.{key}.tn.year"], "mg/L") for key, name in NAMED.items()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("month").reset_index()


def left_out() -> pd.DataFrame:
    """Readings that the weekly medians leave out, by reason, and what keeping those under maintenance does.

    One row a section with an agreement, then or later, and one for all sections together. Medians of the year in mg/L.
    """
    weeks = tables.load("water_section_week")
    groups = {NAMED[key]: weeks[weeks.section == section] for key, section in quality.SHOWN.items()}
    groups = {name: rows for name, rows in groups.items() if len(rows)} | {"all sections": weeks}
    made = {
        name: {
            "weeks": len(rows),
            "under maintenance": int(rows.maintenance.sum()),
            "instrument stopped": int(rows.stopped.sum()),
            "instrument at fault": int(rows.faulty.sum()),
            "total nitrogen": f"{rows.tn.median():.2f}",
            "maintenance kept": f"{rows.tn_all.median():.2f}",
        }
        for name, rows in groups.items()
    }
    return pd.DataFrame.from_dict(made, orient="index").rename_axis("section").reset_index()


RATE_UNITS = {
    "advance": "10⁸ CNY", "quality": "10⁸ CNY", "water": "10⁸ CNY for 10⁸ m³", "baseline": "10⁸ m³ a year",
    "nitrogen": "10⁸ CNY for a per cent", "tasks": "10⁸ CNY",
}  # fmt: skip


def rates_table(rates: Rates | None = None) -> pd.DataFrame:
    """Unit rates of the calculator with their units; all of them are assumed."""
    values = vars(rates or Rates())
    rows = [(name.replace("_", " "), f"{values[name]}", unit, "assumed") for name, unit in RATE_UNITS.items()]
    return pd.DataFrame(rows, columns=["rate", "value", "unit", "where from"])


def april_table(found: dict[str, Finding]) -> pd.DataFrame:
    """How sections under an agreement differ from the rest, by pollutant, with all flags and with those of a page."""
    columns = {"typical agreement": "", "Hai basin": ".hai", "typical, named on a page": "@page-flags",
               "Hai, named on a page": ".hai@page-flags"}  # fmt: skip
    rows = {NAMES[p]: {name: bare(found[f"miyun.april.{p}{end}"]) for name, end in columns.items()}
            for p in april.POLLUTANTS}  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("pollutant").reset_index()


def worked(rates: Rates | None = None) -> pd.DataFrame:
    """A year's settlement part by part under a few cases, billion CNY; every rate assumed."""
    rates = rates or Rates()
    inflow = water_facts.fact(*water_facts.INFLOWS["beijing"]) / 3
    other = water_facts.fact(*water_facts.INFLOWS["hebei"]) / 3
    cases = {
        "class kept in every month": (1.0, inflow, 0.0, rates),
        "class kept in half of the months": (0.5, inflow, 0.0, rates),
        "total nitrogen a tenth lower": (1.0, inflow, -10.0, rates),
        "Hebei's figure of the water": (1.0, other, 0.0, rates),
        "a tenth lower, at twice the rate": (1.0, inflow, -10.0, replace(rates, nitrogen=2 * rates.nitrogen)),
    }  # fmt: skip
    rows = {case: {part: float(value) / 10 for part, value in settlement(kept, water, change, 1.0, rate).items()}
            for case, (kept, water, change, rate) in cases.items()}  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index").round(3).rename_axis("case").reset_index()
