"""The maintainers' script for the tables of carbon markets: pure parts by hand."""

import compile_carbon
import pandas as pd
import pytest

from jingjinji.core import tables


@pytest.mark.parametrize(
    ("text", "half"),
    [("21.98", 0.005), ("4.7", 0.05), ("212", 0.5), ("250", 5), ("200", 5), ("8000", 50), ("6.0", 0.05)],
)
def test_two_digits_of_a_round_number_are_meant(text, half):
    assert compile_carbon.half_step(text) == half


def test_a_cap_carries_its_year_and_about():
    assert compile_carbon.printed("~44 (2022)", "see value") == ("44", "2022", "about")
    assert compile_carbon.printed("297 (2023)", "see value") == ("297", "2023", "")
    assert compile_carbon.printed("5.56", "2014") == ("5.56", "2014", "")


def test_periods_are_days():
    assert compile_carbon.span("2024") == ("2024-01-01", "2024-12-31", True)
    assert compile_carbon.span("end 2017") == ("2013-06-18", "2017-12-31", True)
    with pytest.raises(KeyError):
        compile_carbon.span("some time")


def test_lower_bounds_and_vintages_are_kept():
    pages = pd.DataFrame(
        [
            ("Shenzhen", "2013-06..2023", "cumulative_volume_lower_bound", "100", "Mt", "seed a.txt"),
            ("Shenzhen v18", "week ending 2020-12-18", "close", "24.01", "CNY/t", "https://a.b"),
            ("China national (CEA)", "2023", "year_end_close", "79.42", "CNY/t", "https://a.b"),
        ],
        columns=["market", "period", "variable", "value", "unit", "source"],
    ).assign(confidence="verified-page")
    table = compile_carbon.carbon_market(
        pages, lambda url: ("t", None, None, url if url.startswith("http") else None)
    ).set_index("quantity")
    assert table.loc["cumulative volume", ["bound", "confidence"]].tolist() == ["lower", "article"]
    assert table.loc["cumulative volume", "vintage"] == ""
    closes = table.loc["close"].set_index("market")
    assert closes.vintage.to_dict() == {"Shenzhen": "2018", "national": ""}
    assert closes["first"]["national"] == "2023-12-31"


def test_only_figures_of_the_same_year_are_compared():
    pages = pd.DataFrame(
        [("A", "2023", "volume", "10"), ("A", "2022", "volume", "1"), ("A", "end 2017", "volume", "1")],
        columns=["market", "period", "variable", "value"],
    )
    years = pd.DataFrame({"market": ["A"], "year": [2023], "volume_t": [10.2e6]})
    assert compile_carbon.against_exports(pages, years) == (1, pytest.approx(2.0))


def test_no_recalled_figure_is_published():
    assert not {"memory-unverified"} & set(tables.load("carbon_market").confidence)
