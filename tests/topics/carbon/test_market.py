"""The model of carbon prices: loadings, covariances and draws by hand, errors."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from densities import densities_at, some_point, values_at
from scipy import stats

from jingjinji.core import registry, tables
from jingjinji.core.errors import BookError
from jingjinji.topics.carbon import facts, market
from jingjinji.topics.carbon import market_findings as said

SCALES = {"year_scale": 0.2, "market_scale": 0.4, "departure_scale": 0.3, "memory": 0.6, "average_error": 0.1,
          "close_error": 0.2, "idle_factor": 2.0, "total_error": 0.15}  # fmt: skip
SHARES = np.array([[0.1, 0.05, 0.15, 0.05, 0.3, 0.25, 0.1], [0.02, 0.01, 0.02, 0.05, 0.5, 0.4, 0.0],
                   [0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1]])  # fmt: skip
"""Shares of trade of the seven pilots in each window."""


def of_all_cells(known: dict) -> np.ndarray:
    """Covariance of the log prices of every market and year, cell by cell as the page writes it."""
    cells = [(m, year) for m in range(len(market.MARKETS)) for year in market.YEARS]
    made = np.empty((len(cells), len(cells)))
    for i, (m, t) in enumerate(cells):
        for j, (n, s) in enumerate(cells):
            one_side = (t - 2018) * (s - 2018) > 0
            walk = min(abs(t - 2018), abs(s - 2018)) if one_side else 0
            made[i, j] = (
                0.6**2 + known["year_scale"] ** 2 * walk
                + known["market_scale"] ** 2 * ((m == n) - 1 / len(market.MARKETS))
                + known["departure_scale"] ** 2 * known["memory"] ** abs(t - s) * (m == n)
            )  # fmt: skip
    return made


def of_figures(panel: market.Panel, shares: np.ndarray) -> np.ndarray:
    """Weights (figure, cell) of log prices: of a price its market's, of a window the pilots' by shares and time."""
    rows = panel.prices
    made = np.zeros((len(rows) + 3, len(market.MARKETS), len(market.YEARS)))
    made[np.arange(len(rows)), rows.market] = market.between_years(rows.centre)
    for k, share in enumerate(market.windows(panel.totals)):
        made[len(rows) + k, :7] = shares[k][:, None] * share
    return made.reshape(len(made), -1)


def by_hand(panel: market.Panel, known: dict) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Loadings, mean and covariance of the used figures, and which those are."""
    made = market.loadings(panel)
    use = made.used > 0
    flat = of_figures(panel, known["shares"])[use]
    error = np.where(made.close > 0, known["close_error"] * np.where(made.idle > 0, known["idle_factor"], 1.0),
                     np.where(made.total > 0, known["total_error"], known["average_error"]))[use]  # fmt: skip
    spread = 0.5 * (known["market_scale"] ** 2 + known["departure_scale"] ** 2)
    lift = np.array([*np.zeros(len(panel.prices)), *(spread * (1 - sum(q**2 for q in row)) for row in known["shares"])])
    mean = np.log(35) + lift[use]
    return flat, mean, flat @ of_all_cells(known) @ flat.T + np.diag(error**2) + made.rounding[np.ix_(use, use)], use


def fake_fit(panel: market.Panel, draws: int, **scales: float) -> SimpleNamespace:
    known = SCALES | scales
    drawn = {name: (("chain", "draw"), np.full((2, draws // 2), value)) for name, value in known.items()}
    drawn["shares"] = (("chain", "draw", "window", "pilot"), np.tile(SHARES, (2, draws // 2, 1, 1)))
    return SimpleNamespace(panel=panel, parameters=xr.Dataset(drawn), seed=3, variant="", name="carbon")


def test_a_time_lies_on_the_line_between_middles_of_years():
    weights = market.between_years(np.array([2014.5, 2021.0, 2013.2, 2025.4]))
    assert weights[0, 1] == 1
    assert weights[1, 7:9] == pytest.approx([0.5, 0.5])
    assert (weights[2, 0], weights[3, -1]) == (1, 1)
    assert weights.sum(axis=1) == pytest.approx(1)


def test_a_window_weighs_years_by_its_time():
    weights = market.within_years(np.array([2013.5, 2018.0]), np.array([2015.25, 2018.4]))
    assert weights[0, :3] == pytest.approx(np.array([0.5, 1, 0.25]) / 1.75)
    assert weights[1, 5] == pytest.approx(1)
    assert market.windows(registry.load("carbon").totals).sum(axis=1) == pytest.approx(1)


def test_the_price_of_a_window_and_what_rounding_leaves():
    totals = registry.load("carbon").totals
    log_price, rounding = market.window_prices(totals)
    paid, rate = np.array([0.122 * market.EXCHANGE[0], 4.7, 6.05]), market.EXCHANGE[0]
    expected = 1000 * np.diff(paid, prepend=0) / np.diff([21.98, 200, 250], prepend=0)
    assert np.exp(log_price) == pytest.approx(expected)
    rng = np.random.default_rng(2)
    volume = np.array([21.98, 200, 250]) + np.array([0.005, 5, 5]) * rng.uniform(-1, 1, (200_000, 3))
    money = paid + np.array([0.0005 * rate, 0.05, 0.05]) * rng.uniform(-1, 1, (200_000, 3))
    money[:, 0] *= 1 + market.EXCHANGE[1] * rng.normal(size=200_000)
    drawn = np.log(np.diff(money, prepend=0) / np.diff(volume, prepend=0))
    assert rounding == pytest.approx(np.cov(drawn.T), rel=0.05, abs=2e-5)
    assert rounding[1, 2] < 0


def test_density_of_the_figures_by_hand():
    panel = registry.load("carbon")
    model = market.build(panel)
    point = some_point(model)
    known = values_at(model, point)
    _, mean, covariance, _ = by_hand(panel, known)
    expected = stats.multivariate_normal(mean, covariance).logpdf(market.loadings(panel).printed)
    assert densities_at(model, point)["figures"] == pytest.approx(expected)


def test_a_figure_that_is_left_out_does_not_count():
    panel = registry.load("carbon", "until-2015")
    model = market.build(panel)
    point = some_point(model)
    _, mean, covariance, use = by_hand(panel, values_at(model, point))
    printed = market.loadings(panel).printed
    out = (~use).sum()
    expected = stats.multivariate_normal(mean, covariance).logpdf(printed[use]) - 0.5 * out * np.log(2 * np.pi)
    assert out == 16
    assert densities_at(model, point)["figures"] == pytest.approx(expected)
    later = market.loadings(panel).printed[~use] + 9
    changed = panel.prices.assign(price=panel.prices.price.where(panel.prices.used > 0, np.exp(later[0])))
    same = market.build(market.replace(panel, prices=changed))
    assert densities_at(same, point)["figures"] == pytest.approx(expected)


def test_prices_are_drawn_given_the_figures():
    panel = registry.load("carbon")
    fit = fake_fit(panel, 20_000)
    drawn = said.log_levels(fit, market.values(fit)).reshape(20_000, -1)
    flat, mean, covariance, use = by_hand(panel, SCALES | {"shares": SHARES})
    whole = of_all_cells(SCALES)
    gain = np.linalg.solve(covariance, flat @ whole).T
    expected = np.log(35) + gain @ (market.loadings(panel).printed[use] - mean)
    spread = np.sqrt(np.diag(whole - gain @ flat @ whole))
    assert drawn.mean(axis=0) == pytest.approx(expected, abs=0.02)
    assert drawn.std(axis=0) == pytest.approx(spread, rel=0.04)


def test_levels_from_the_prior_have_the_covariance_of_the_page():
    known = {name: np.full(40_000, value) for name, value in SCALES.items()}
    drawn = market.drawn_levels(known, np.random.default_rng(4)).reshape(40_000, -1)[:, ::7]
    assert np.cov(drawn.T) == pytest.approx(of_all_cells(SCALES)[::7, ::7] - 0.36, abs=0.02)


def test_the_log_of_a_mean_lies_above_the_mean_of_the_logs():
    known = {name: np.full(20_000, value) for name, value in SCALES.items()}
    drawn = market.drawn_levels(known, np.random.default_rng(5))[:, : len(market.PILOTS), 4]
    for shares in (np.full(7, 1 / 7), SHARES[1]):
        gap = np.log(np.exp(drawn) @ shares) - drawn @ shares
        assert gap.mean() == pytest.approx(market.higher_mean(SCALES, shares), rel=0.15)


def test_shares_of_trade_know_one_week():
    """Printed tonnes of the week of December 2020; both vintages of Shenzhen count, Fujian is no pilot."""
    tonnes = np.array([14455, 0, 0, 68490, 709034, 617062, 1581 + 7])
    panel = registry.load("carbon")
    assert panel.traded == pytest.approx(tonnes / tonnes.sum())
    prior = market.data(panel)["concentration"]
    assert prior == pytest.approx(1 + 7 * tonnes / tonnes.sum())
    assert market.concentration(panel.traded, 0.0) == pytest.approx(np.ones(7))


def test_a_windows_price_of_each_pilot():
    panel, price = registry.load("carbon"), np.exp(np.random.default_rng(1).normal(size=(2, 9, 12)))
    made = market.by_pilot(market.loadings(panel), price)
    assert made.shape == (2, 3, 7)
    assert made[1, 2, 4] == pytest.approx(market.windows(panel.totals)[2] @ price[1, 4])


def test_the_article_is_not_among_the_data():
    panel = registry.load("carbon")
    shenzhen = panel.prices[panel.prices.market == market.MARKETS.index("Shenzhen")]
    assert sorted(shenzhen.price) == [23.05, 24.01, 44.96, 67.67]
    assert panel.totals.volume.tolist() == [21.98, 200, 250]
    assert panel.prices.idle.sum() == 4
    assert panel.prices.price[panel.prices.centre == 2023.5].tolist() == pytest.approx([14444 / 212])


def test_the_claim_lies_a_little_over_what_is_printed():
    drawn = said.claimed_price(5000, 3)
    assert 23 / 1.1 < drawn.min() < drawn.max() < 23 * 1.04
    years, one = np.full((4000, 3), [10.0, 20.0, 60.0]), np.array([1.0, 1.0, 2.0])
    assert said.weighted_mean(years, one, 3, scatter=0.0) == pytest.approx(37.5)
    assert said.weighted_mean(years, one, 3).std() > 3


def test_the_profile_is_what_was_traded_between_totals():
    volume = facts.profile(market.YEARS)
    ends = [facts.year_of(day) for day in ("2015-04-15", "2017-12-31", "2018-10-31")]
    first = 21.98 / (ends[0] - facts.OPENED)
    assert volume[:2] == pytest.approx([first, first])
    assert volume[3] == pytest.approx((200 - 21.98) / (ends[1] - ends[0]))
    assert volume[-1] == 70.12
    assert pytest.approx(facts.year_of("2013-06-18"), abs=0.002) == facts.OPENED


def test_alike_markets_are_made_alike():
    panel = market.TOYS["toy-alike"](registry.load("carbon"), np.random.default_rng(2))
    assert panel.truth["price"] == pytest.approx(np.tile(panel.truth["price"][0], (len(market.MARKETS), 1)))
    again = market.TOYS["toy-alike"](registry.load("carbon"), np.random.default_rng(2))
    pd.testing.assert_frame_equal(panel.prices, again.prices)
    quiet = market.simulate({"average_error": 1e-9, "close_error": 1e-9, "total_error": 1e-9, "market_scale": 0.0,
                             "departure_scale": 0.0}, np.random.default_rng(1), registry.load("carbon"))  # fmt: skip
    log_price, rounding = market.window_prices(quiet.totals)
    expected = (market.windows(quiet.totals) * quiet.truth["price"][0]).sum(axis=1)
    assert quiet.truth["shares"].sum(axis=1) == pytest.approx(np.ones(3))
    assert np.abs(log_price - np.log(expected)).max() < 4 * np.sqrt(rounding.max())


def test_what_is_left_out_by_each_variant():
    used = {
        name: registry.load("carbon", name).prices.used.sum()
        for name in ("until-2015", "without-closes", "without-idle")
    }
    assert used == {"until-2015": 11, "without-closes": 15, "without-idle": 21}
    assert registry.load("carbon", "without-totals").totals.used.sum() == 0
    moved = registry.load("carbon", "late-periods").prices.centre - registry.load("carbon").prices.centre
    assert sorted(set(moved.round(9))) == [0, 0.25]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.assign(value=t.value.where(t.value != 250, 150.0)), "cannot fall"),
        (lambda t: t[(t.value != 4.7)], "until 2017-12-31 without the other"),
    ],
)
def test_bad_totals_are_refused(change, words):
    with pytest.raises(BookError, match=words):
        market.panel(change(tables.load("carbon_market")))


def test_unknown_names_are_refused():
    with pytest.raises(BookError, match="no variant 'yearly'"):
        registry.load("carbon", "yearly")
    with pytest.raises(BookError, match="has 0 rows with market 'Shenzhen', quantity 'cap'"):
        facts.fact("Shenzhen", "cap", "2022")
