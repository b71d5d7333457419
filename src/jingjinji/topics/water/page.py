"""What the page on Miyun shows of its fits: arrays and small tables, computed from stored draws."""

import calendar
from dataclasses import replace

import numpy as np
import pandas as pd

from jingjinji.core import tables
from jingjinji.core.findings import Finding, record
from jingjinji.show.answers import bare
from jingjinji.show.prior_draws import prior_parameters
from jingjinji.topics.water import facts as water_facts
from jingjinji.topics.water import quality, quality_findings, reservoir, reservoir_findings
from jingjinji.topics.water.classes import Rates, settlement
from jingjinji.topics.water.quality import FLOORS, MONTHS, POLLUTANTS
from jingjinji.topics.water.quality_findings import NAMES

PARAMETERS = ["section_level", "own_season", "season_basin", "season_scale", "log_scatter", "memory", "lean"]
NAMED = {"gubeikou": "Gubeikou", "guohe": "Guohe Bridge", "bahao": "Bahao Bridge", "jiekou": "Jiekou"}
"""English names of the sections of ``miyun.SHOWN``."""


def flat(parameters, names: list[str], most: int) -> dict[str, np.ndarray]:
    """At most `most` draws of parameters, each an array (draw, ...)."""
    stacked = parameters[names].stack(sample=("chain", "draw"))
    stacked = stacked.isel(sample=slice(None, None, -(-stacked.sizes["sample"] // most)))
    return {name: stacked[name].transpose("sample", ...).values for name in names}


def drawn_medians(value: dict[str, np.ndarray], panel: quality.Panel, rng: np.random.Generator) -> np.ndarray:
    """Weekly medians drawn anew at the rows of a panel (draw, row), mg/L; the limit where they lie below it.

    `value` holds `PARAMETERS`, arrays (draw, ...). A departure runs through every week, measured or not.
    """
    weeks = np.arange(int(panel.rows.week.max()) + 1)
    seasons = quality_findings.seasons(value, panel.basin_of)
    path = np.einsum("dskv,wv->wdsk", seasons, quality.season(weeks)) + value["section_level"]
    path = path + quality.departures(value["log_scatter"], value["memory"], value["lean"], len(weeks), rng)
    rows = panel.rows
    drawn = path[rows.week.to_numpy(), :, rows.section.to_numpy(), rows.pollutant.to_numpy()].T
    return np.maximum(np.exp(np.clip(drawn, -30, 30)), _floor(rows))


def _floor(rows: pd.DataFrame) -> np.ndarray:
    return np.array([FLOORS[name] for name in POLLUTANTS])[rows.pollutant]


def prior_medians(panel: quality.Panel, draws: int, seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Weekly medians as the priors alone expect them beside the measured ones, mg/L: pollutant -> (drawn, measured)."""
    value = flat(prior_parameters(quality.build(panel), PARAMETERS, draws, seed), PARAMETERS, draws)
    drawn, measured = drawn_medians(value, panel, np.random.default_rng(seed)), np.exp(panel.rows["log"].to_numpy())
    of = [panel.rows.pollutant.to_numpy() == k for k in range(len(POLLUTANTS))]
    return {NAMES[name]: (drawn[:, use].ravel(), measured[use]) for name, use in zip(POLLUTANTS, of, strict=True)}


def prior_storage(panel: reservoir.Panel, draws: int, seed: int) -> np.ndarray:
    """Storage in the months of ``storage.MONTHS`` as the priors alone expect it (draw, month), 10⁸ m³.

    The walk knows no bounds; what leaves the reservoir's is set to them here, as in the curve of the page.
    """
    names = ["walk", "drift", "wave"]
    value = flat(prior_parameters(reservoir.build(panel), names, draws, seed), names, draws)
    rng, drift = np.random.default_rng(seed), value["drift"]
    years = np.arange(len(reservoir_findings.MONTHS)) / 12 + 1 / 24
    after = np.maximum(years - (reservoir.TURN - pd.Timestamp("2000-01-01")).days / 365.25, 0)
    moved = drift[:, :1] * (years - after) + drift[:, 1:] * after
    passed = np.diff(reservoir.clock(years), prepend=reservoir.clock(years[0]))
    steps = value["walk"][:, None] * np.sqrt(passed) * rng.normal(size=moved.shape)
    slow = rng.normal(*reservoir.START, (len(drift), 1)) + moved - moved[:, :1] + np.cumsum(steps, axis=1)
    return np.clip(slow + reservoir_findings.yearly_wave(value["wave"], years), 0, reservoir.CAPACITY)


def check_medians(fit, most: int = 100) -> dict[str, tuple[list[str], dict[str, tuple[np.ndarray, np.ndarray]]]]:
    """Median and upper tenth of the weekly medians of all sections by pollutant and month, drawn anew and measured.

    pollutant -> (months, {statistic: (drawn (draw, month), measured (month))}), mg/L; what lies below a limit counts as
    the limit on both sides.
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


def monthly(found: dict[str, Finding], key: str) -> pd.DataFrame:
    """Typical week of each month at one section under an agreement: four pollutants and the chance of class II."""
    weeks, hidden = _readings(quality.SHOWN[key]), _always_below(quality.SHOWN[key])
    rows = []
    for month in MONTHS:
        cells = [f"< {FLOORS[name]:g}" if name in hidden else bare(found[f"miyun.{key}.{name}.{month}"], "mg/L")
                 for name in (*POLLUTANTS, "class-ii")]  # fmt: skip
        rows.append((month, int(weeks.get(month, 0)), *cells))
    columns = ["month", "weeks with readings", *(f"{NAMES[name]} (mg/L)" for name in POLLUTANTS), "class II or better"]
    return pd.DataFrame(rows, columns=columns)


def _always_below(section: str) -> list[str]:
    """Pollutants of which no median of a section lies above the limit: their level is the prior's."""
    weeks = tables.load("water_section_week").query("section == @section")
    return [name for name in POLLUTANTS if len(weeks) and weeks[name].isna().all() and weeks[f"{name}_below"].any()]


def _readings(section: str) -> pd.Series:
    """Weeks with readings of a section by month (of the week's Thursday)."""
    weeks = tables.load("water_section_week").query("section == @section")
    weeks = weeks[weeks.tn.notna()]
    return (weeks.week + pd.Timedelta(days=3)).dt.strftime("%Y-%m").value_counts()


def sections_by_month(found: dict[str, Finding]) -> pd.DataFrame:
    """Total nitrogen of the typical week by month (mg/L) at the sections under an agreement, and their place."""
    columns = {NAMED[key]: key for key in quality.SHOWN if f"miyun.{key}.tn.year" in found}
    rows = {month: {name: bare(found[f"miyun.{key}.tn.{month}"], "mg/L") for name, key in columns.items()}
            for month in MONTHS}  # fmt: skip
    rows["year"] = {name: bare(found[f"miyun.{key}.tn.year"], "mg/L") for name, key in columns.items()}
    rows["sections with less over the year"] = {
        name: bare(found[f"miyun.{key}.tn.rank"]) for name, key in columns.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("month").reset_index()


def left_out() -> pd.DataFrame:
    """Readings that the weekly medians leave out, by reason, and what keeping those under maintenance does.

    One row a section under an agreement, and one for all sections together. Medians of the year in mg/L.
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


def outcomes(kept: np.ndarray, months: int, chains: int) -> pd.DataFrame:
    """Each outcome of a year under the assumed rates with its probability, by the months that keep the class.

    kept : share of `months` in which the class was kept (draw,), the draws of `chains` chains one after the other.
    Payments in billion CNY.
    """
    number, paid = np.round(kept * months).astype(int), water_facts.outcome(np.arange(months + 1) / months)
    few = months - 3
    rows = []
    for count in range(months, few - 1, -1):
        use = number == count if count > few else number <= few
        chance = record("miyun.outcome", "", 1.0 * use.reshape(chains, -1), "probability", model="miyun", panel=())
        least = "" if count > few else "at most "
        rows.append((f"{count} of {months}" + (" or fewer" if least else ""),
                     f"{least}{paid['quality'][count] / 10:.3f}", f"{least}{paid['total'][count] / 10:.3f}",
                     chance.text))  # fmt: skip
    return pd.DataFrame(rows, columns=["months in class II or better", "for quality", "payment", "probability"])


def april_table(found: dict[str, Finding]) -> pd.DataFrame:
    """How sections under an agreement differ from the rest, by pollutant, with all flags and with those of a page."""
    columns = {"typical agreement": "", "Hai basin": ".hai", "typical, named on a page": "@page-flags",
               "Hai, named on a page": ".hai@page-flags"}  # fmt: skip
    rows = {NAMES[p]: {name: bare(found[f"miyun.april.{p}{end}"]) for name, end in columns.items()}
            for p in POLLUTANTS}  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("pollutant").reset_index()


def worked(kept: np.ndarray, rates: Rates | None = None) -> pd.DataFrame:
    """A year's settlement part by part under a few cases: posterior means, billion CNY; every rate assumed.

    kept : share of months in which the class was kept (draw,).
    """
    rates = rates or Rates()
    inflow = water_facts.fact(*water_facts.INFLOWS["beijing"]) / 3
    other = water_facts.fact(*water_facts.INFLOWS["hebei"]) / 3
    cases = {
        "as computed": (kept, inflow, 0.0, rates),
        "class kept in half of the months": (np.full_like(kept, 0.5), inflow, 0.0, rates),
        "total nitrogen a tenth lower": (kept, inflow, -10.0, rates),
        "Hebei's figure of the water": (kept, other, 0.0, rates),
        "a tenth lower, at twice the rate": (kept, inflow, -10.0, replace(rates, nitrogen=2 * rates.nitrogen)),
    }  # fmt: skip
    rows = {case: {part: values.mean() / 10 for part, values in settlement(k, water, change, 1.0, rate).items()}
            for case, (k, water, change, rate) in cases.items()}  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index").round(3).rename_axis("case").reset_index()
