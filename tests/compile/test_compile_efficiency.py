"""The maintainers' script for the tables of efficiency: pure parts by hand, tables against the published."""

import compile_efficiency
import pandas as pd
import pytest

from jingjinji.core import tables


def rows(years) -> pd.DataFrame:
    figures = {"gdp_real_1997": 100.0, "capital_stock_1997prices": 200.0, "employment": 30.0, "co2_ceads": None,
               "co2_edgar": 5.0, "co2_county_sum": 6.0}  # fmt: skip
    return pd.DataFrame([{"city": "Kunming", "province": "Yunan", "year": year, **figures} for year in years])


def test_money_becomes_thousand_millions_and_names_are_corrected():
    table = compile_efficiency.city_production(rows(range(2004, 2019)))
    assert table.year.tolist() == list(range(2006, 2015))
    assert (table.gdp[0], table.capital[0], table.labour[0], table.co2_counties[0]) == (10, 20, 30, 6)
    assert set(table.province) == {"Yunnan"}
    assert table.co2_ceads.isna().all()


def test_a_city_without_a_year_stops_the_compilation():
    with pytest.raises(SystemExit, match="Kunming"):
        compile_efficiency.city_production(rows(range(2007, 2015)))


def test_the_published_tables_are_complete():
    table = tables.load("city_production")
    assert table.city.nunique() * 9 == len(table)
    assert table[["gdp", "capital", "labour"]].notna().all().all()
    benchmark = tables.load("carbon_benchmark")
    assert benchmark.gdp[benchmark.area == "Tokyo"].isna().all()
    assert benchmark.gdp[benchmark.area != "Tokyo"].notna().all()
