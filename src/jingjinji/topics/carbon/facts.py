"""What the tables alone say of carbon markets and of three regions' shares: totals, implied prices, output and CO2."""

from itertools import product

import numpy as np
import pandas as pd

from jingjinji.core import tables
from jingjinji.core.errors import BookError
from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe

PROVINCES = ("energy_province_year", "carbon_province_year")
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
    say = Scribe(("carbon_market",), "carbon.")
    _say_totals(say)
    _say_shares(say.under(tables=PROVINCES))
    _say_ranks(say.under("beijing.", tables=PROVINCES))
    return say.made


def _say_totals(say: Scribe) -> None:
    volume, turnover = claim()
    say.fact("claim.volume", "volume that Shenzhen exceeded in ten years, as claimed", volume, "Mt")
    say.fact("claim.turnover", "turnover that Shenzhen exceeded in ten years, as claimed", turnover, "billion CNY")
    price, words = 1000 * turnover / volume, "turnover over volume of"
    say.fact("implied.shenzhen", f"{words} the claim, as printed", price, "CNY/t", 1)
    national, pilots = fact("national", "volume", "2023"), fact("all pilots", "volume", "2023")
    price = 1000 * fact("national", "turnover", "2023") / national
    say.fact("implied.national.2023", f"{words} the national market, 2023", price, "CNY/t", 1)
    say.fact("volume.national.2023", "volume of the national market, 2023", national, "Mt")
    say.fact("volume.pilots.2023", "volume of all pilots, 2023", pilots, "Mt")
    voluntary = fact("voluntary", "volume", "2023")
    say.fact("volume.voluntary.2023", "volume of voluntary reductions (CCER), 2023", voluntary, "Mt")
    say.fact("shenzhen.yearly", "volume a year that the claim on Shenzhen gives, at least", volume / 10, "Mt")
    share = 10 * volume / pilots
    label = "volume a year that the claim on Shenzhen gives, as a share of all pilots' volume in 2023"
    say.fact("shenzhen.of-pilots", label, share, "%", 1)
    for key, period in (("2017", "end 2017"), ("2018", "end Oct 2018")):
        turnover, volume = (fact("seven pilots", f"cumulative {what}", period) for what in ("turnover", "volume"))
        say.fact(f"volume.pilots.{key}", f"volume of seven pilots until the {period}", volume, "Mt")
        price = 1000 * turnover / volume
        say.fact(f"implied.pilots.{key}", f"{words} seven pilots until the {period}", price, "CNY/t", 1)


def _say_shares(say: Scribe) -> None:
    table = shares()
    for (key, region), (series, words) in product(NAMES.items(), SERIES.items()):
        last, of = LAST[series], f"the {words} of thirty provinces"
        for year in sorted({FIRST, LAST["ceads"], last}):
            label = f"share of {region} in {of}, {year}"
            say.fact(f"share.{key}.{series}.{year}", label, table[series, key][year], "%", 1)
        label = f"share of {region} in what {of} grew by, {FIRST} to {last}"
        say.fact(f"growth.{key}.{series}", label, of_growth(series, key), "%", 1)
        for year in (FIRST, last) if series in INVENTORIES else ():
            label = f"{words} per output of {region}, as a multiple of thirty provinces', {year}"
            ratio = table[series, key][year] / table["gdp", key][year]
            say.fact(f"intensity.{key}.{series}.{year}", label, ratio, "times", 2)


def _say_ranks(say: Scribe) -> None:
    for series in INVENTORIES:
        ranks = carbon_ranks("Beijing", series).loc[FIRST:]
        label = f"years since {FIRST} in which Beijing has the least {SERIES[series]} per output of thirty provinces"
        say.fact(f"first.{series}", label, (ranks == 1).sum(), "years")
        say.fact(f"years.{series}", f"years since {FIRST} with {SERIES[series]}", len(ranks), "years")
