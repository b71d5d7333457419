"""What is said of carbon prices against numbers worked out from chosen prices."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from jingjinji.core import registry, tables
from jingjinji.topics.carbon import market
from jingjinji.topics.carbon import market_findings as said

PILOTS = ("beijing", "tianjin", "shanghai", "chongqing", "hubei", "guangdong", "shenzhen")
SHENZHEN, NATIONAL = 6, 8
YEARS = np.arange(2013, 2025)
TEN_YEARS = np.array([0.54, *9 * [1.0], 0.46, 0.0]) / 10
"""Shares of the years in ten years from the middle of June 2013."""
ENDS = (2013.46, 2015 + 104.5 / 365, 2017 + 364.5 / 365, 2018 + 303.5 / 365)
"""Ends of the windows between the pilots' cumulative totals, at noon."""
PAID, TRADED = (0.122 * 6.2, 4.7, 6.05), (21.98, 200.0, 250.0)
"""Turnover (10⁹ CNY; the last was passed, so half a step more) and volume (Mt) until the ends of windows."""
SCALES = {"year_scale": 0.2, "market_scale": 0.4, "departure_scale": 0.3, "memory": 0.6, "average_error": 0.1,
          "close_error": 0.2, "idle_factor": 2.0, "total_error": 0.15}  # fmt: skip
SHARES = np.array([[0.1, 0.05, 0.15, 0.05, 0.3, 0.25, 0.1], [0.02, 0.01, 0.02, 0.05, 0.5, 0.4, 0.0],
                   [0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1]])  # fmt: skip
"""Shares of trade of the seven pilots in each window."""
LIFT = [0.5 * (0.4**2 + 0.3**2) * (1 - sum(share**2 for share in row)) for row in SHARES]
"""How far the log of the pilots' mean price lies above the mean of their logs, by window."""
END = stats.norm.ppf(0.97)


def some_prices(draws: int, spread: float) -> np.ndarray:
    """Prices (draw, market, year) that rise and differ between markets; Shenzhen is dear in some years."""
    rng = np.random.default_rng(2)
    table = np.array([60.0, 30, 38, 26, 32, 36, 40, 22, 66])[:, None] * np.exp(rng.normal(0, 0.3, (9, 12)))
    return table * np.exp(spread * rng.normal(size=(draws, 9, 12)))


def found_of(monkeypatch, price: np.ndarray, variant: str = "", panel: market.Panel | None = None) -> dict:
    """Findings of a fit in which markets have these prices."""
    monkeypatch.setattr(said, "log_levels", lambda fit, known: np.log(price))
    drawn = {name: (("chain", "draw"), np.full((2, len(price) // 2), value)) for name, value in SCALES.items()}
    drawn["shares"] = (("chain", "draw", "window", "pilot"), np.tile(SHARES, (2, len(price) // 2, 1, 1)))
    panel = panel or registry.load("carbon", variant)
    name = f"carbon/{variant}" if variant else "carbon"
    fit = SimpleNamespace(panel=panel, parameters=xr.Dataset(drawn), seed=3, variant=variant, name=name)
    return {finding.id.partition("@")[0]: finding for finding in said.findings(fit)}


def draws(found: dict, id: str) -> np.ndarray:
    return found[f"carbon.{id}"].draws.ravel()


def share_of_window(k: int) -> np.ndarray:
    """Share of a window's time in each year."""
    inside = np.clip(np.minimum(ENDS[k + 1], YEARS + 1) - np.maximum(ENDS[k], YEARS), 0, None)
    return inside / inside.sum()


def window_price(k: int) -> float:
    paid, traded = (0.0, *PAID), (0.0, *TRADED)
    return 1000 * (paid[k + 1] - paid[k]) / (traded[k + 1] - traded[k])


def test_prices_and_their_means_over_ten_years(monkeypatch):
    price = some_prices(40, 0.2)
    found = found_of(monkeypatch, price)
    mean = price[:, :, 1:11].mean(axis=2)
    for k, pilot in enumerate(PILOTS):
        assert draws(found, f"mean.{pilot}") == pytest.approx(mean[:, k])
    for year in (2014, 2020):
        assert draws(found, f"price.shenzhen.{year}") == pytest.approx(price[:, SHENZHEN, year - 2013])
    for year in (2023, 2024):
        assert draws(found, f"price.national.{year}") == pytest.approx(price[:, NATIONAL, year - 2013])
    assert draws(found, "ratio.beijing") == pytest.approx(mean[:, 0] / mean[:, SHENZHEN])


def test_shenzhen_beside_beijing(monkeypatch):
    price = some_prices(40, 0.2)
    price[:15, 0] *= 0.4
    found = found_of(monkeypatch, price)
    below = price[:, SHENZHEN, 1:11].mean(axis=1) < price[:, 0, 1:11].mean(axis=1)
    assert draws(found, "shenzhen.below-beijing").tolist() == below.tolist()
    assert 0.3 < below.mean() < 1
    assert draws(found, "shenzhen.least") == pytest.approx(price[:, SHENZHEN, :11].min(axis=1))


def test_a_variant_says_what_the_page_compares(monkeypatch):
    found = found_of(monkeypatch, some_prices(40, 0.2), "without-closes")
    assert found.keys() == {f"carbon.{key}" for key in ("ratio.beijing", "shenzhen.weighted", "shenzhen.against",
                                                        "shenzhen.dearer")}  # fmt: skip


def test_shenzhens_price_beside_the_claims(monkeypatch):
    """Volumes that scatter around the pilots' profile, and a claim a little over what is printed, made anew."""
    price = some_prices(4000, 0.05)
    price[:, SHENZHEN] *= 22 / price[:, SHENZHEN].mean()
    found = found_of(monkeypatch, price)
    rng, size = np.random.default_rng(77), 4000
    rate = [(v - u) / (t - s) for u, v, s, t in zip((0, *TRADED[:2]), TRADED, ENDS[:3], ENDS[1:], strict=True)]
    part = [share_of_window(k) for k in range(3)]
    traded = sum(rate[k] * part[k] * (ENDS[k + 1] - ENDS[k]) for k in range(3))
    later = (rate[2] + 70.12) / 2
    traded[5] += later * (2019 - ENDS[3])
    traded[6:10], traded[10:] = later, 70.12
    yearly = np.where(YEARS == 2013, traded / 0.54, traded)
    over = np.stack([0.1 * rng.beta(1, 2, size), 0.04 * rng.beta(1, 2, size)])
    claimed = 1000 * 2.3 * (1 + over[1]) / (100 * (1 + over[0]))
    assert found["carbon.shenzhen.claimed"].mean == pytest.approx(claimed.mean(), rel=0.003)
    mean = {}
    for scatter in (0.7, 1.4):
        weight = TEN_YEARS * yearly * np.exp(scatter * rng.normal(size=(size, 12)))
        mean[scatter] = (weight * price[:, SHENZHEN]).sum(axis=1) / weight.sum(axis=1)
    assert found["carbon.shenzhen.weighted"].mean == pytest.approx(mean[0.7].mean(), rel=0.01)
    assert draws(found, "shenzhen.weighted").std() == pytest.approx(mean[0.7].std(), rel=0.06)
    assert found["carbon.shenzhen.against"].mean == pytest.approx((mean[0.7] / claimed).mean(), rel=0.01)
    expected = {"dearer": mean[0.7] > claimed, "dearer.scattered": mean[1.4] > claimed,
                "dearer.even": price[:, SHENZHEN] @ TEN_YEARS > claimed}  # fmt: skip
    for id, there in expected.items():
        assert 0.05 < there.mean() < 0.95
        assert found[f"carbon.shenzhen.{id}"].mean == pytest.approx(there.mean(), abs=0.03)
    dearer = draws(found, "shenzhen.weighted") > draws(found, "shenzhen.claimed")
    assert draws(found, "shenzhen.dearer").tolist() == dearer.tolist()


def in_window(price: np.ndarray, k: int) -> np.ndarray:
    """Price of each pilot (draw, pilot) in a window."""
    return (price[:, :7] * share_of_window(k)).sum(axis=2)


def over_all(price: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """The pilots' prices until the last total, by shares of trade (window, pilot), over what was paid until then."""
    traded = np.diff(TRADED, prepend=0)
    worth = sum(traded[k] * (shares[k] * in_window(price, k)).sum(axis=1) for k in range(3))
    return worth / (1000 * PAID[-1])


def test_the_pilots_mean_by_trade_against_what_was_paid(monkeypatch):
    price = some_prices(40, 0.2)
    found = found_of(monkeypatch, price, "without-totals")
    for k in range(3):
        mean = (SHARES[k] * in_window(price, k)).sum(axis=1)
        assert draws(found, f"pilots.against.{k + 1}") == pytest.approx(mean / window_price(k))
        against = draws(found, "shenzhen.against") > mean / window_price(k)
        assert draws(found, f"wider.window.{k + 1}").tolist() == against.tolist()
    assert draws(found, "pilots.against") == pytest.approx(over_all(price, SHARES))


def test_how_much_wider_shenzhens_gap_is_by_shares_of_trade(monkeypatch):
    """Prices that draw by draw take Shenzhen from far below the pilots to far above; cheap pilots trade most."""
    price = np.tile(np.array([90.0, 60, 60, 30, 20, 20, 40, 22, 66])[:, None], (400, 1, 12))
    price[:, SHENZHEN] *= np.linspace(0.3, 3.0, 400)[:, None]
    found = found_of(monkeypatch, price, "without-totals")
    against = draws(found, "shenzhen.against")
    week = np.array([14455, 0, 0, 68490, 709034, 617062, 1588]) / 1410629
    pilots = {"wider": SHARES, "wider.equal": np.full((3, 7), 1 / 7), "wider.only-week": np.tile(week, (3, 1))}
    share = {}
    for key, shares in pilots.items():
        there = against > over_all(price, shares)
        assert draws(found, key).tolist() == there.tolist()
        share[key] = there.mean()
    assert 0 < share["wider.equal"] < share["wider"] <= share["wider.only-week"] < 1
    equal = over_all(price, pilots["wider.equal"]) / over_all(price, SHARES)
    assert draws(found, "composition") == pytest.approx(equal)
    flat, week = found["carbon.wider.flat"].mean, found["carbon.wider.week"].mean
    assert abs(flat - share["wider.equal"]) < 0.12
    assert share["wider.equal"] < week <= share["wider.only-week"]


def test_the_price_of_a_window_and_its_error(monkeypatch):
    """Errors of two ends add up; a printed number lies evenly within its half-step, the rate of exchange errs too."""
    found = found_of(monkeypatch, some_prices(4, 0.1))
    paid, traded = np.diff(PAID, prepend=0), np.diff(TRADED, prepend=0)
    of_paid = np.array([(0.015 * PAID[0]) ** 2 + (6.2 * 0.0005) ** 2 / 3, 0.05**2 / 3, 0.05**2 / 3])
    of_volume = np.array([0.005**2 / 3, 25 / 3, 25 / 3])
    for k in range(3):
        variance = of_paid[max(k - 1, 0) : k + 1].sum() / paid[k] ** 2
        variance += of_volume[max(k - 1, 0) : k + 1].sum() / traded[k] ** 2
        assert found[f"carbon.pilots.window.{k + 1}"].mean == round(window_price(k), 1)
        assert found[f"carbon.pilots.window.{k + 1}.error"].mean == round(100 * np.sqrt(variance), 1)


def expected_figures(panel: market.Panel, log_price: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log of each figure as the model expects it of log prices (market, year), and its standard deviation."""
    rows = panel.prices
    mean = [np.interp(row.centre, YEARS + 0.5, log_price[row.market]) for row in rows.itertuples()]
    error = [(0.2 if row.close else 0.1) * (2.0 if row.close and row.idle else 1.0) for row in rows.itertuples()]
    mean += [SHARES[k] @ log_price[:7] @ share_of_window(k) + LIFT[k] for k in range(3)]
    return np.array(mean), np.array([*error, 0.15, 0.15, 0.15])


def printed(panel: market.Panel) -> np.ndarray:
    return np.log([*panel.prices.price, *(window_price(k) for k in range(3))])


def test_how_many_figures_lie_within_those_drawn_anew(monkeypatch):
    """All draws know the prices alike, so the central 94 % of a figure is that of its own error.

    At the even price the second total lies 1.3 of its errors above what the pilots' mean is expected to be.
    """
    panel, even = registry.load("carbon"), window_price(1) * np.exp(-LIFT[1] - 1.3 * 0.15)
    for price in (some_prices(4000, 0.0), np.full((4000, 9, 12), even)):
        mean, error = expected_figures(panel, np.log(price[0]))
        off = np.abs(printed(panel) - mean) / error
        assert np.abs(off - END).min() > 0.04
        inside = (off < END).mean()
        assert 0.1 < inside < 0.9
        assert found_of(monkeypatch, price)["carbon.check.inside"].mean == round(100 * inside, 1)


def test_the_forecast_from_the_years_until_2015(monkeypatch):
    panel, price = registry.load("carbon", "until-2015"), 1.05 * some_prices(4000, 0.0)
    mean, error = expected_figures(panel, np.log(price[0]))
    out = np.array([*(panel.prices.centre >= 2016), False, True, True])
    off = ((printed(panel) - mean) / error)[out]
    assert np.abs(np.abs(off) - END).min() > 0.04
    assert np.abs(off).min() > 0.04
    found = {id: finding.mean for id, finding in found_of(monkeypatch, price, "until-2015").items()}
    assert found.pop("carbon.left-out.width") == pytest.approx(np.median(np.exp(2 * END * error[out])), abs=0.11)
    assert found == {
        "carbon.left-out.figures": out.sum(),
        "carbon.left-out.inside": (np.abs(off) < END).sum(),
        "carbon.left-out.below": (off < 0).sum(),
    }


def test_counts_of_the_record(monkeypatch):
    found = {id: finding.mean for id, finding in found_of(monkeypatch, some_prices(4, 0.1)).items()}
    table = tables.load("carbon_market")
    shenzhen = table[(table.market == "Shenzhen") & table.quantity.isin(["average price", "close"])]
    made = {"scales": 8, "excess.volume": 10, "excess.turnover": 4, "markets": 9, "cells": 108, "totals": 3,
            "shenzhen": len(shenzhen), "scatter": 0.7, "idle": 4}  # fmt: skip
    assert {key: found[f"carbon.record.{key}"] for key in made} == pytest.approx(made)


def test_a_made_up_record_is_held_against_its_own_prices(monkeypatch):
    panel = market.TOYS["toy"](registry.load("carbon"), np.random.default_rng(1))
    truth = panel.truth["price"]
    found = found_of(monkeypatch, np.repeat(truth[None], 4, axis=0), "toy", panel)
    mean = truth[:, 1:11].mean(axis=1)
    expected = {"mean.beijing": mean[0], "mean.guangdong": mean[5], "mean.shenzhen": mean[6],
                "price.guangdong.2023": truth[5, 10], "above.beijing": 100 * (mean[0] / mean[6] - 1)}  # fmt: skip
    assert found.keys() == {f"carbon.{end}{key}" for key in expected for end in ("", "truth.")}
    for key, value in expected.items():
        assert found[f"carbon.{key}"].mean == pytest.approx(value)
        assert found[f"carbon.truth.{key}"].mean == round(value, 2)
