"""Compile the tables of carbon markets and of the provinces' CO2 after 2017; called by compile.py."""

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd

UNVERIFIED = "memory-unverified"
YEARS = range(2018, 2024)
OPENED = "2013-06-18"
"""First day of the first pilot, from which totals of the pilots count."""
SPANS = {
    "2013-06-18..2015-04-15": (OPENED, "2015-04-15", True),
    "end 2017": (OPENED, "2017-12-31", True),
    "end Oct 2018": (OPENED, "2018-10-31", True),
    "2013-06..2023": ("2013-06-01", "2023-12-31", False),
    "week ending 2020-12-18": ("2020-12-14", "2020-12-18", True),
    "compliance period 2013": ("2013-07-01", "2014-06-30", False),
    "compliance period 2014": ("2014-07-01", "2015-06-30", False),
}
"""First and last day of a printed period, and whether the page gives them."""
MARKETS = {
    "China national (CEA)": "national",
    "CCER": "voluntary",
    "Shenzhen v18": "Shenzhen",
    "Shenzhen v19": "Shenzhen",
}
QUANTITIES = {
    "cumulative_volume_lower_bound": "cumulative volume", "cumulative_turnover_lower_bound": "cumulative turnover",
    "cumulative_value": "cumulative turnover", "average_secondary_price": "average price", "cap_MtCO2": "cap",
    "weekly_volume": "volume", "year_end_close": "close",
}  # fmt: skip
UNITS = {"Mt CO2": "Mt", "10^9 CNY": "10⁹ CNY", "10^6 USD": "10⁶ USD"}
PASSED = {("seven pilots", "end Oct 2018", "cumulative_turnover")}
"""Totals of which the title of the page says that they were passed."""
SAME_YEAR = {
    "volume": ("volume_t", 1e6),
    "turnover": ("turnover_cny", 1e9),
    "average_secondary_price": ("avg_price_cny_t", 1),
}


def carbon_tables(research: Path, cite: Callable) -> dict[str, pd.DataFrame]:
    """The two tables; `cite` gives title, publisher, date and address of a source."""
    pages = pd.read_csv(research / "carbon/ets_page_facts.csv", keep_default_na=False, dtype=str)
    pages = pages[pages["confidence"] != UNVERIFIED]
    market = carbon_market(pages, cite)
    market.attrs["exports"] = against_exports(pages, pd.read_csv(research / "carbon/ets_annual.csv"))
    return {
        "carbon_market": market,
        "carbon_province_year": province_years(pd.read_csv(research / "energy/province_panel_wide.csv.gz")),
    }


def carbon_market(pages: pd.DataFrame, cite: Callable) -> pd.DataFrame:
    """Published volumes, turnovers, prices and caps of carbon markets, one row a printed figure."""
    rows = []
    for row in pages.itertuples():
        text, period, side = printed(row.value, row.period)
        first, last, dated = span(period)
        first = last if row.variable == "year_end_close" else first
        if "lower_bound" in row.variable or (row.market, row.period, row.variable) in PASSED:
            side = "lower"
        source = row.source.replace("seed ", "seed:")
        title, publisher, published, url = cite(source)
        rows.append(
            {
                "market": MARKETS.get(row.market, row.market),
                "vintage": row.market.partition(" v")[2] and f"20{row.market[-2:]}",
                "quantity": QUANTITIES.get(row.variable, row.variable.replace("_", " ")),
                "period": period, "first": first, "last": last, "dated": dated,
                "value": float(text), "unit": UNITS.get(row.unit, row.unit), "half_step": half_step(text),
                "bound": side,
                "title": title, "publisher": publisher, "published": published, "url": url,
                "confidence": row.confidence if url else "article",
            }
        )  # fmt: skip
    return pd.DataFrame(rows).sort_values(["quantity", "first", "last", "market", "vintage"], ignore_index=True)


def printed(value: str, period: str) -> tuple[str, str, str]:
    """Number, period and bound of a printed value: ``~44 (2022)`` is about 44 in 2022."""
    found = re.fullmatch(r"(~?)([\d.]+) \((\d{4})\)", value)
    return (found[2], found[3], "about" if found[1] else "") if found else (value, period, "")


def span(period: str) -> tuple[str, str, bool]:
    """First and last day of a period, and whether they are given: a year is whole, other periods are in `SPANS`."""
    return (f"{period}-01-01", f"{period}-12-31", True) if re.fullmatch(r"\d{4}", period) else SPANS[period]


def half_step(text: str) -> float:
    """Half of the step to which a number was printed; of closing zeros two digits are taken as meant: 200 -> 5."""
    if "." in text:
        return round(0.5 * 10 ** -len(text.partition(".")[2]), 6)
    zeros = len(text) - len(text.rstrip("0"))
    return 0.5 * 10 ** max(0, min(zeros, len(text) - 2))


def against_exports(pages: pd.DataFrame, years: pd.DataFrame) -> tuple[int, float]:
    """How many figures of a year can be compared with sums of daily exports, and the largest difference (per cent)."""
    years = years.set_index(["market", "year"])
    off = []
    for row in pages.itertuples():
        key = (row.market, int(row.period)) if row.period.isdigit() else None
        if row.variable in SAME_YEAR and key in years.index:
            column, divisor = SAME_YEAR[row.variable]
            off.append(abs(100 * (years.loc[key, column] / divisor / float(row.value) - 1)))
    return len(off), max(off)


def province_years(wide: pd.DataFrame) -> pd.DataFrame:
    """Gross regional product and CO2 of thirty provinces, 2018 to 2023; CEADs ends with 2019."""
    rows = wide[wide["year"].isin(YEARS) & (wide["province"] != "Tibet")]
    table = pd.DataFrame(
        {
            "province": rows["province"], "year": rows["year"], "gdp": (rows["gdp_nominal"] / 10).round(3),
            "co2_ceads": rows["co2_ceads_total"].round(4), "co2_edgar": rows["co2_edgar"].round(4),
        }
    )  # fmt: skip
    return table.sort_values(["province", "year"], ignore_index=True)


def computed_issues(tables: dict[str, pd.DataFrame]) -> dict[str, str]:
    """Sentences of known_issues that carry numbers, by their mark in the template."""
    number, largest = tables["carbon_market"].attrs["exports"]
    earlier, later = tables["energy_province_year"], tables["carbon_province_year"]
    steps = {
        name: 100 * (later[later["year"] == 2018][column].sum() / earlier[earlier["year"] == 2017][column].sum() - 1)
        for name, column in (("CEADs", "co2_ceads"), ("EDGAR", "co2_edgar"))
    }
    return {
        "@carbon_exports": (
            f"{number} figures of whole years can be compared with yearly sums of daily exports, which are not for "
            f"redistribution and not part of the book; the largest difference is {largest:.1f} %."
        ),
        "@carbon_step": (
            "From 2017 to 2018, where this table continues the other, the CO2 of the thirty provinces grows by "
            + " and by ".join(f"{value:.1f} % after {name}" for name, value in steps.items())
            + "; whether the edition of CEADs changes there is not known."
        ),
    }  # fmt: skip
