"""What the tables alone say of carbon markets and of three regions' shares: totals, implied prices, output and CO2."""

from functools import partial

import numpy as np
import pandas as pd

from jingjinji.core import tables
from jingjinji.core.errors import BookError
from jingjinji.core.findings import Finding, exact

MARKET, PROVINCES = ("carbon_market",), ("energy_province_year", "carbon_province_year")
OPENED = 2013.46
"""The first pilot's first day, 18 June 2013, as a year with its fraction."""
REGIONS = {
    "bth": ("Beijing", "Tianjin", "Hebei"),
    "delta": ("Shanghai", "Jiangsu", "Zhejiang", "Anhui"),
    "guangdong": ("Guangdong",),
}
NAMES = {
    "bth": "Beijing, Tianjin and Hebei", "delta": "the Yangtze delta", "guangdong": "Guangdong",
    "three": "the three regions", "without-anhui": "the three regions without Anhui",
}  # fmt: skip
SERIES = {"gdp": "output", "edgar": "CO2 after EDGAR", "ceads": "CO2 after CEADs"}
COLUMNS = {"gdp": "gdp", "edgar": "co2_edgar", "ceads": "co2_ceads"}
INVENTORIES = ("edgar", "ceads")
FIRST = 2010
"""Year from which shares are compared."""
LAST = {"gdp": 2023, "edgar": 2023, "ceads": 2019}
"""Last year of each series."""


def fact(market: str, quantity: str, period: str) -> float:
    """One value of table carbon_market; raises as `tables.cell` does."""
    return tables.cell("carbon_market", market=market, quantity=quantity, period=period)


def claim() -> tuple[float, float]:
    """Volume (Mt) and turnover (10⁹ CNY) that the article says Shenzhen's ten years exceeded."""
    period = "2013-06..2023"
    return fact("Shenzhen", "cumulative volume", period), fact("Shenzhen", "cumulative turnover", period)


def year_of(date) -> float:
    """A day as a year with its fraction, at noon."""
    date = pd.Timestamp(date)
    return date.year + (date.day_of_year - 0.5) / (366 if date.is_leap_year else 365)


def profile(years: np.ndarray) -> np.ndarray:
    """Volume that the pilots traded a year (Mt), by year.

    Between printed totals trade is taken as even; from November 2018 to 2022, of which no total is known, as midway
    between the rate before and the volume of 2023.
    """
    rows = tables.load("carbon_market")
    rows = rows[(rows.market == "seven pilots") & (rows.quantity == "cumulative volume")].sort_values("last")
    time = np.array([OPENED, *map(year_of, rows["last"])])
    rate = np.diff(rows.value, prepend=0.0) / np.diff(time)
    later = fact("all pilots", "volume", "2023")
    time = np.append(time, [2023.0, 2025.0])
    rate = np.append(rate, [(rate[-1] + later) / 2, later])
    overlap = np.minimum(time[1:], years[:, None] + 1.0) - np.maximum(time[:-1], years[:, None])
    overlap = np.clip(overlap, 0, None)
    return (overlap * rate).sum(axis=1) / overlap.sum(axis=1)


def provinces() -> pd.DataFrame:
    """Output (10⁹ CNY) and CO2 (Mt) by year and province, 2003 to 2023: columns gdp, edgar, ceads.

    Raises BookError where a year has not all provinces of the first.
    """
    rows = pd.concat([tables.load("energy_province_year"), tables.load("carbon_province_year")], ignore_index=True)
    count = rows.groupby("year").province.nunique()
    if count.nunique() > 1:
        year = count.idxmin()
        raise BookError(
            f"tables {' and '.join(PROVINCES)} have {count[year]} provinces in {year} and {count.max()} in other "
            "years: expected the same in all; add the rows"
        )
    rows = rows.rename(columns={column: key for key, column in COLUMNS.items()})
    return rows.set_index(["year", "province"])[list(COLUMNS)].sort_index()


def sums() -> pd.DataFrame:
    """Output and CO2 by year (rows) of each region, of the three and of all provinces: columns (series, region)."""
    table, made = provinces(), {}
    for series in COLUMNS:
        wide = table[series].unstack("province")
        wide = wide[wide.notna().all(axis=1)]
        for key, members in REGIONS.items():
            made[series, key] = wide[list(members)].sum(axis=1)
        made[series, "three"] = sum(made[series, key] for key in REGIONS)
        made[series, "without-anhui"] = made[series, "three"] - wide["Anhui"]
        made[series, "all"] = wide.sum(axis=1)
    return pd.DataFrame(made)


def shares() -> pd.DataFrame:
    """Per cent of all provinces: rows years, columns (series, region)."""
    totals = sums()
    return pd.DataFrame({(series, key): 100 * totals[series, key] / totals[series, "all"]
                         for series in COLUMNS for key in NAMES})  # fmt: skip


def of_growth(series: str, key: str) -> float:
    """Per cent of what all provinces added from `FIRST` to the series' last year that a region added."""
    totals = sums()[series]
    added = totals.loc[LAST[series]] - totals.loc[FIRST]
    return float(100 * added[key] / added["all"])


def carbon_ranks(province: str, series: str) -> pd.Series:
    """Rank of a province by CO2 per output in each year (1: least), by inventory."""
    table = provinces()
    per_output = (table[series] / table["gdp"]).unstack("province").dropna(how="all")
    return per_output.rank(axis=1)[province].astype(int)


def findings() -> list[Finding]:
    """Published totals with the prices that they imply, and the three regions' shares."""
    return [*_totals(), *_shares(), *_ranks()]


def _totals() -> list[Finding]:
    made = partial(exact, panel=MARKET)
    volume, turnover = claim()
    national = fact("national", "volume", "2023"), fact("national", "turnover", "2023")
    found = [
        made("carbon.claim.volume", "volume that Shenzhen exceeded in ten years, as claimed", volume, "Mt"),
        made("carbon.claim.turnover", "turnover that Shenzhen exceeded in ten years, as claimed", turnover,
             "billion CNY"),
        made("carbon.implied.shenzhen", "turnover over volume of the claim, as printed",
             round(1000 * turnover / volume, 1), "CNY/t"),
        made("carbon.implied.national.2023", "turnover over volume of the national market, 2023",
             round(1000 * national[1] / national[0], 1), "CNY/t"),
        made("carbon.volume.national.2023", "volume of the national market, 2023", national[0], "Mt"),
        made("carbon.volume.pilots.2023", "volume of all pilots, 2023", fact("all pilots", "volume", "2023"), "Mt"),
        made("carbon.volume.voluntary.2023", "volume of voluntary reductions (CCER), 2023",
             fact("voluntary", "volume", "2023"), "Mt"),
        made("carbon.shenzhen.yearly", "volume a year that the claim on Shenzhen gives, at least", volume / 10, "Mt"),
        made("carbon.shenzhen.of-pilots", "the same as a share of all pilots' volume in 2023",
             round(10 * volume / fact("all pilots", "volume", "2023"), 1), "%"),
    ]  # fmt: skip
    for key, period in (("2017", "end 2017"), ("2018", "end Oct 2018")):
        both = fact("seven pilots", "cumulative turnover", period), fact("seven pilots", "cumulative volume", period)
        found += [
            made(f"carbon.volume.pilots.{key}", f"volume of seven pilots until the {period}", both[1], "Mt"),
            made(f"carbon.implied.pilots.{key}", f"turnover over volume of seven pilots until the {period}",
                 round(1000 * both[0] / both[1], 1), "CNY/t"),
        ]  # fmt: skip
    return found


def _shares() -> list[Finding]:
    made, table, found = partial(exact, panel=PROVINCES), shares(), []
    for key, region in NAMES.items():
        for series, words in SERIES.items():
            last = LAST[series]
            for year in sorted({FIRST, LAST["ceads"], last}):
                label = f"share of {region} in the {words} of thirty provinces, {year}"
                value = round(float(table[series, key][year]), 1)
                found.append(made(f"carbon.share.{key}.{series}.{year}", label, value, "%"))
            label = f"share of {region} in what the {words} of thirty provinces grew by, {FIRST} to {last}"
            found.append(made(f"carbon.growth.{key}.{series}", label, round(of_growth(series, key), 1), "%"))
        for series in INVENTORIES:
            for year in (FIRST, LAST[series]):
                label = f"{SERIES[series]} per output of {region}, as a multiple of thirty provinces', {year}"
                ratio = float(table[series, key][year] / table["gdp", key][year])
                found.append(made(f"carbon.intensity.{key}.{series}.{year}", label, round(ratio, 2), "times"))
    return found


def _ranks() -> list[Finding]:
    made, found = partial(exact, unit="years", panel=PROVINCES), []
    for series in INVENTORIES:
        ranks = carbon_ranks("Beijing", series).loc[FIRST:]
        label = f"years since {FIRST} in which Beijing has the least {SERIES[series]} per output of thirty provinces"
        found += [
            made(f"carbon.beijing.first.{series}", label, int((ranks == 1).sum())),
            made(f"carbon.beijing.years.{series}", f"years since {FIRST} with {SERIES[series]}", len(ranks)),
        ]
    return found
