"""Compile the tables of production and CO2 by city, and of Tokyo beside two countries; called by compile.py."""

from pathlib import Path

import pandas as pd

YEARS = range(2006, 2015)
NAMES = {"Yunan": "Yunnan"}
COLUMNS = {
    "gdp_real_1997": "gdp", "capital_stock_1997prices": "capital", "employment": "labour", "co2_ceads": "co2_ceads",
    "co2_edgar": "co2_edgar", "co2_county_sum": "co2_counties",
}  # fmt: skip
FIRST_YEAR_OF_TOKYO = 2007


def efficiency_tables(research: Path) -> dict[str, pd.DataFrame]:
    """The two tables."""
    folder = research / "efficiency"
    nations = pd.read_csv(research / "energy/national_china_germany_hongkong_japan.csv.gz")
    return {
        "city_production": city_production(pd.read_csv(folder / "city_sfa_panel_2000_2018.csv.gz")),
        "carbon_benchmark": carbon_benchmark(pd.read_csv(folder / "ten_city_panel_wide.csv"), nations),
    }


def city_production(rows: pd.DataFrame) -> pd.DataFrame:
    """Output, capital, labour and CO2 after three sources, every city in every year of `YEARS`.

    Later years are left out: employment looks imputed after 2014.
    """
    chosen = rows[rows["year"].isin(YEARS)].rename(columns=COLUMNS)
    table = chosen[["city", "province", "year", *COLUMNS.values()]].assign(
        province=chosen["province"].replace(NAMES), gdp=chosen["gdp"] / 10, capital=chosen["capital"] / 10
    )
    incomplete = table.groupby("city")["year"].nunique() != len(YEARS)
    if incomplete.any():
        raise SystemExit(f"cities with missing years: {', '.join(incomplete[incomplete].index)}")
    return table.round(4).sort_values(["city", "year"], ignore_index=True)


def carbon_benchmark(cities: pd.DataFrame, nations: pd.DataFrame) -> pd.DataFrame:
    """CO2 of Tokyo, and CO2 and output of Japan and of China, in the years of Tokyo's figures up to 2014."""
    tokyo = cities[cities["city"] == "Tokyo"].rename(columns={"city": "area", "co2_total_incl_electricity": "co2"})
    wide = nations[nations["area"].isin(["China", "Japan"]) & nations["variable"].isin(["owid_co2", "owid_gdp"])]
    wide = wide.pivot(index=["area", "year"], columns="variable", values="value").reset_index()
    wide = wide.rename(columns={"owid_co2": "co2", "owid_gdp": "gdp"}).assign(gdp=lambda t: t["gdp"] / 1e9)
    table = pd.concat([tokyo[["area", "year", "co2"]], wide])
    table = table[table["year"].between(FIRST_YEAR_OF_TOKYO, YEARS[-1])].round({"co2": 3, "gdp": 1})
    return table[["area", "year", "co2", "gdp"]].sort_values(["area", "year"], ignore_index=True)


def computed_issues(tables: dict[str, pd.DataFrame]) -> dict[str, str]:
    """Sentences of known_issues that carry numbers, by their mark in the template."""
    table = tables["city_production"]
    last = table["year"].max()
    without = table.groupby("city")["co2_ceads"].count()
    others = sorted(table.loc[table["co2_edgar"].isna() | table["co2_counties"].isna(), "city"].unique())
    baoding = table[table["city"] == "Baoding"].set_index("year")
    change = {name: 100 * (baoding[f"co2_{name}"][last] / baoding[f"co2_{name}"][YEARS[0]] - 1)
              for name in ("ceads", "edgar")}  # fmt: skip
    steps = table.groupby("city")["labour"].pct_change().abs()
    largest = table.loc[steps[table["city"] == "Handan"].idxmax()]
    return {
        "@city_labour_jumps": (
            f"Persons employed change by more than a quarter in one year in {int((steps > 0.25).sum())} of "
            f"{int(steps.notna().sum())} steps, as in Handan in {largest['year']}."
        ),
        "@city_co2_gaps": (
            f"CEADs has {table['co2_ceads'].notna().sum()} of {len(table)} city-years; {int((without == 0).sum())} "
            f"cities have none and Chengde has {without['Chengde']}. EDGAR or the sum of counties lacks "
            f"{', '.join(others)}."
        ),
        "@city_co2_conflict": (
            f"Sources contradict each other: from {YEARS[0]} to {last} Baoding's CO2 changes by "
            f"{change['ceads']:+.0f} % after CEADs and by {change['edgar']:+.0f} % after EDGAR."
        ),
    }
