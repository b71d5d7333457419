"""What the page on carbon shows: shares by hand, figures have large letters."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from phone import fits_a_phone

from jingjinji.core import registry, tables
from jingjinji.core.errors import BookError
from jingjinji.core.findings import exact
from jingjinji.topics.carbon import facts, market, market_findings, page
from jingjinji.topics.carbon import figures as carbon_figures


def test_shares_by_hand():
    both = [tables.load(name) for name in facts.PROVINCES]
    year = both[1][both[1].year == 2023].set_index("province")
    north = year.loc[["Beijing", "Tianjin", "Hebei"], "gdp"].sum()
    shares = facts.shares()
    assert shares["gdp", "bth"][2023] == pytest.approx(100 * north / year.gdp.sum())
    assert np.isnan(shares["ceads", "three"][2023])
    parts = shares["edgar"][["bth", "delta", "guangdong"]].sum(axis=1)
    assert parts.to_numpy() == pytest.approx(shares["edgar", "three"].to_numpy())
    early = both[0][both[0].year == 2010].set_index("province").co2_edgar
    added = year.co2_edgar - early
    assert facts.of_growth("edgar", "guangdong") == pytest.approx(100 * added["Guangdong"] / added.sum())
    assert list(shares.index) == list(range(2003, 2024))


def test_rank_one_is_the_least_carbon_for_output():
    table = facts.provinces().loc[2015]
    least = (table.edgar / table.gdp).idxmin()
    assert facts.carbon_ranks(least, "edgar")[2015] == 1


def test_a_missing_province_is_refused(monkeypatch):
    load = tables.load
    monkeypatch.setattr(facts.tables, "load", lambda name: load(name).query("province != 'Hebei' or year < 2020"))
    with pytest.raises(BookError, match="have 29 provinces in 2020 and 30 in other years"):
        facts.provinces()


def test_the_pilots_are_compared_as_a_whole_and_by_window():
    keys = [("against", "wider"), *((f"against.{k}", f"wider.window.{k}") for k in (1, 2, 3))]
    found = {}
    for number, (against, wider) in enumerate(keys, 1):
        found[f"carbon.pilots.{against}@without-totals"] = exact("x", "x", float(number), "times", ())
        found[f"carbon.{wider}@without-totals"] = exact("x", "x", number / 10, "probability", ())
    shown = page.yardsticks(found)
    assert shown["their multiple"].str[0].tolist() == ["1", "2", "3", "4"]
    assert shown["Shenzhen's is larger"].tolist() == ["0.1", "0.2", "0.3", "0.4"]
    assert shown["trade of the pilots"].tolist()[1:] == list(market_findings.WINDOWS)


def test_a_lower_bound_is_printed_as_over():
    shown = page.totals().set_index(["market", "last"])
    assert shown.loc[("Shenzhen", "2023-12-31")].tolist() == ["2013-06-01", "over 100 Mt", "over 2.3 billion CNY"]
    assert shown.volume[("seven pilots", "2017-12-31")] == "200 Mt"


def fake_fit() -> SimpleNamespace:
    rng, panel = np.random.default_rng(5), registry.load("carbon")
    drawn = {name: np.exp(np.log(market.TRUTH[name]) + 0.1 * rng.normal(size=(2, 60))) for name in market.TRUTH
             if name != "level"}  # fmt: skip
    drawn["memory"] = np.clip(drawn["memory"], 0, 0.95)
    parameters = xr.Dataset({name: (("chain", "draw"), values) for name, values in drawn.items()})
    shares = rng.dirichlet(market.concentration(panel.traded), (2, 60, 3))
    parameters["shares"] = (("chain", "draw", "window", "pilot"), shares)
    return SimpleNamespace(panel=panel, parameters=parameters, seed=3)


def test_every_figure_is_in_one_group_of_the_check():
    fit = fake_fit()
    groups = page.check_prices(fit)
    printed = np.concatenate([statistics["price"][1] for _, statistics in groups.values()])
    assert sorted(printed) == pytest.approx(sorted(np.exp(market.loadings(fit.panel).printed)))
    assert [len(labels) for labels, _ in groups.values()] == [5, 6, 9, 5, 3]
    assert all(statistics["price"][0].shape == (120, len(labels)) for labels, statistics in groups.values())
    assert all(len(set(labels)) == len(labels) for labels, _ in groups.values())
    assert groups["averages and a close, 2023 and 2024"][0] == [
        "CN 2023 average",
        "CN 2023 close",
        "BJ",
        "GD",
        "CN 2024",
    ]


def test_priors_expect_figures_around_the_printed_ones():
    for drawn, printed in page.prior_prices(registry.load("carbon"), 200, 3).values():
        low, high = np.percentile(drawn, [3, 97])
        assert low < printed.min() * 1.01
        assert printed.max() < high
        assert high / low < 200


def test_bands_are_narrow_where_a_price_is_printed_and_absent_before_a_market():
    paths = page.paths(fake_fit())
    draws, printed = paths["Shenzhen"]
    spread = np.log(draws).std(axis=0)
    assert spread[1] < spread[4]
    assert len(printed) == 4
    national = paths["national market"][0]
    assert np.isnan(national[:, :10]).all()
    assert np.isfinite(national[:, 10:]).all()


DRAWN = {
    "prices": lambda: carbon_figures.prices(market.YEARS, page.paths(fake_fit())),
    "shares": lambda: carbon_figures.shares(facts.shares(), {key: facts.NAMES[key] for key in facts.REGIONS}),
    "claim": lambda: carbon_figures.claim_against_prices(
        np.full((9, 11), 30.0), np.full(9, 22.0), market.YEARS[:-1], facts.profile(market.YEARS[:-1])
    ),
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_fits_a_phone(name):
    fits_a_phone(DRAWN[name])


def test_the_article_is_marked_in_the_table():
    table = tables.load("carbon_market")
    assert set(table.confidence[table.market == "Shenzhen"][table.bound == "lower"]) == {"article"}
    assert "quote" not in table.columns
    assert pd.isna(table.url[table.confidence == "article"]).all()
