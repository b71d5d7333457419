"""Prices of carbon markets by market and year, from published averages, closes and cumulative totals alone."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from jingjinji.core.densities import given
from jingjinji.core.errors import BookError
from jingjinji.core.topic import Variant
from jingjinji.topics.carbon import facts
from jingjinji.topics.carbon.facts import year_of

TABLES = ("carbon_market",)
PILOTS = ("Beijing", "Tianjin", "Shanghai", "Chongqing", "Hubei", "Guangdong", "Shenzhen")
MARKETS = (*PILOTS, "Fujian", "national")
YEARS = np.arange(2013, 2025)
MIDDLE = 2018
"""Year from which the common path walks to both sides."""
LEVEL = (np.log(35), 0.6)
"""Mean and standard deviation of the prior of the common log price in `MIDDLE`."""
EXCHANGE = (6.2, 0.015)
"""Yuan a US dollar in 2013 to 2015 and its relative standard deviation; the page that prints dollars gives no rate."""
IDLE = 100.0
"""Tonnes of a week under which its close is taken as a quote without trade."""
WEEK = float(len(PILOTS))
"""How many observations the one week with volumes counts for in the prior of the pilots' shares of trade: as many as
the flat prior before it."""


@dataclass(frozen=True)
class Panel:
    """Printed prices and cumulative totals.

    `prices`: market (index in `MARKETS`), centre (year with fraction), price (CNY/t), close (1 for the close of a week
    or year, 0 for an average), idle (1 for a close almost without trade), used, label. `totals`: one row a cumulative
    total of the seven pilots, in order: last (year with fraction), volume (Mt), turnover (10⁹ CNY, or USD where
    `dollar` is 1), their half-steps, lower (1 where the turnover was passed), used. `traded`: share of each of `PILOTS`
    in what they traded in the one week with volumes. `market_prior`: median of the prior of how markets differ.
    `truth`: the parameters of a synthetic panel. What only figures inform of which none is used has its prior.
    """

    prices: pd.DataFrame
    totals: pd.DataFrame
    traded: np.ndarray
    market_prior: float = 0.4
    truth: dict | None = None


def panel(table: pd.DataFrame) -> Panel:
    """The panel of table carbon_market; raises BookError where a cumulative total falls or has no partner."""
    table = table.fillna({"bound": "", "vintage": ""})
    return Panel(printed_prices(table), cumulative_totals(table), traded_shares(table))


def traded_shares(table: pd.DataFrame) -> np.ndarray:
    """Share of each pilot in what all of them traded in the one week with volumes; zero where none is printed."""
    rows = table[(table.quantity == "volume") & (table.unit == "t") & table.market.isin(PILOTS)]
    volume = rows.groupby("market").value.sum().reindex(PILOTS).fillna(0.0).to_numpy()
    return volume / volume.sum()


def concentration(traded: np.ndarray, week: float = WEEK) -> np.ndarray:
    """Parameters of the Dirichlet prior of the pilots' shares of trade: flat, and a week that counts for `week`."""
    return 1.0 + week * traded


def printed_prices(table: pd.DataFrame) -> pd.DataFrame:
    """Averages and closes of single markets (CNY/t); a year's turnover over its volume counts as an average."""
    single = table[table.market.isin(MARKETS)]
    rows = single[single.quantity.isin(["average price", "close"]) & (single.unit == "CNY/t")]
    keys = ["market", "vintage", "first", "last"]
    of_week = single[(single.quantity == "volume") & (single.unit == "t")].set_index(keys).value
    traded = of_week.reindex(pd.MultiIndex.from_frame(rows[keys])).to_numpy()
    rows = rows.assign(price=rows.value, close=1.0 * (rows.quantity == "close"), idle=1.0 * (traded < IDLE))
    whole = single.pivot_table(index=keys, columns="quantity", values="value")
    whole = whole[whole.turnover.notna() & whole.volume.notna()].reset_index()
    whole = whole.assign(price=1000 * whole.turnover / whole.volume, close=0.0, idle=0.0)
    made = pd.concat([rows, whole])[[*keys, "price", "close", "idle"]]
    days = zip(made["first"], made["last"], strict=True)
    return (
        made.assign(
            market=made.market.map(MARKETS.index),
            centre=[year_of(first + (last - first) / 2) for first, last in days],
            used=1.0,
            label=[f"{row.market} {row.vintage}".strip() for row in made.itertuples()],
        )[["market", "centre", "price", "close", "idle", "used", "label"]]
        .sort_values(["centre", "close", "market", "label"], ignore_index=True)
    )  # fmt: skip


def cumulative_totals(table: pd.DataFrame) -> pd.DataFrame:
    """Cumulative totals of the seven pilots; raises BookError where one falls or a turnover has no volume."""
    rows = table[(table.market == "seven pilots") & table.quantity.isin(["cumulative volume", "cumulative turnover"])]
    wide = rows.pivot(index=["first", "last"], columns="quantity", values=["value", "half_step", "unit", "bound"])
    missing = wide["value"].isna().any(axis=1)
    if missing.any():
        raise BookError(
            f"table carbon_market has a cumulative volume or turnover of the pilots until "
            f"{missing.idxmax()[1]:%Y-%m-%d} without the other: expected both; add the row or leave both out"
        )
    wide = wide.sort_index(level="last")
    dollar = (wide["unit", "cumulative turnover"] == "10⁶ USD").to_numpy(dtype=float)
    scale = np.where(dollar > 0, 1e-3, 1.0)
    totals = pd.DataFrame(
        {
            "last": [year_of(last) for last in wide.index.get_level_values("last")],
            "volume": wide["value", "cumulative volume"].to_numpy(dtype=float),
            "volume_half": wide["half_step", "cumulative volume"].to_numpy(dtype=float),
            "turnover": scale * wide["value", "cumulative turnover"].to_numpy(dtype=float),
            "turnover_half": scale * wide["half_step", "cumulative turnover"].to_numpy(dtype=float),
            "dollar": dollar,
            "lower": (wide["bound", "cumulative turnover"] == "lower").to_numpy(dtype=float),
            "used": 1.0,
        }
    )
    falls = (totals[["volume", "turnover"]].diff() < 0).any(axis=1)
    if falls.any():
        raise BookError(
            f"table carbon_market has a total of the pilots until {totals['last'][falls.idxmax()]:.2f} below the one "
            "before: a cumulative total cannot fall; correct the row or its dates"
        )
    return totals


def between_years(centre: np.ndarray) -> np.ndarray:
    """Weights (row, year) that put a time on the straight line between the middles of years; ends are kept."""
    place = np.clip(np.asarray(centre) - 0.5 - YEARS[0], 0, len(YEARS) - 1)
    return np.clip(1 - np.abs(place[:, None] - np.arange(len(YEARS))), 0, 1)


def within_years(first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Share of each window's time that lies in each year (window, year)."""
    overlap = np.minimum(last[:, None], YEARS + 1.0) - np.maximum(first[:, None], YEARS)
    overlap = np.clip(overlap, 0, None)
    return overlap / overlap.sum(axis=1, keepdims=True)


def windows(totals: pd.DataFrame) -> np.ndarray:
    """Share of the time between one cumulative total and the next in each year (window, year)."""
    last = totals["last"].to_numpy()
    return within_years(np.concatenate([[facts.OPENED], last[:-1]]), last)


@dataclass(frozen=True)
class Loadings:
    """How each printed figure hangs on the log price of every market and year, and what only the tables decide.

    `of`: weights (row, market, year), a row a price, then a row a pilot in a window. `gather`: 1 (figure, row) where a
    row is a part of a figure: a price is one row, a window has one of each pilot, to be weighed by its share of trade.
    `printed`: log of each figure (CNY/t). `total`: 1 for a total. `close`, `idle`, `used`: as in `Panel`. `rounding`:
    covariance (figure, figure) of what rounding and the rate of exchange leave open.
    """

    of: np.ndarray
    gather: np.ndarray
    printed: np.ndarray
    total: np.ndarray
    close: np.ndarray
    idle: np.ndarray
    used: np.ndarray
    rounding: np.ndarray


def loadings(panel: Panel) -> Loadings:
    """The loadings of a panel; a pilot's price in a window weighs each year by its time in it."""
    prices, totals = panel.prices, panel.totals
    market, pilots = np.eye(len(MARKETS))[prices.market.to_numpy()], np.eye(len(MARKETS))[: len(PILOTS)]
    in_windows = pilots[None, :, :, None] * windows(totals)[:, None, None]
    log_price, rounding = window_prices(totals)
    first, none = len(prices), np.zeros(len(totals))
    gather = np.zeros((first + len(totals), first + len(totals) * len(PILOTS)))
    gather[:first, :first] = np.eye(first)
    gather[first:, first:] = np.kron(np.eye(len(totals)), np.ones(len(PILOTS)))
    return Loadings(
        np.concatenate(
            [
                market[:, :, None] * between_years(prices.centre)[:, None],
                in_windows.reshape(-1, len(MARKETS), len(YEARS)),
            ]
        ),
        gather,
        np.concatenate([np.log(prices.price), log_price]),
        np.concatenate([np.zeros(first), np.ones(len(totals))]),
        np.concatenate([prices.close, none]),
        np.concatenate([prices.idle, none]),
        np.concatenate([prices.used, totals.used]),
        np.pad(rounding, (first, 0)),
    )


def weights(made: Loadings, shares: np.ndarray) -> np.ndarray:
    """Weights (draw, figure, row) of the rows of `Loadings` for shares of trade (draw, window, pilot)."""
    flat = shares.reshape(len(shares), -1)
    prices = np.ones((len(flat), made.gather.shape[1] - flat.shape[1]))
    return made.gather * np.concatenate([prices, flat], axis=1)[:, None]


def window_prices(totals: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Log price (CNY/t) of each window between cumulative totals, and the covariance that their rounding leaves.

    A total that was passed lies in the step above it. The errors of two windows go together, because they share the
    total between them.
    """
    rate = np.where(totals.dollar > 0, EXCHANGE[0], 1.0)
    volume = totals.volume.to_numpy()
    paid = rate * (totals.turnover + totals.lower * totals.turnover_half).to_numpy()
    volumes, payments = np.diff(volume, prepend=0.0), np.diff(paid, prepend=0.0)
    step = np.eye(len(totals)) - np.eye(len(totals), k=-1)
    covariance = np.diag((EXCHANGE[1] * totals.dollar.to_numpy() * paid) ** 2)
    by_total = covariance + np.diag((rate * totals.turnover_half.to_numpy()) ** 2 / 3)
    of_payments, of_volumes = step / payments[:, None], step / volumes[:, None]
    rounding = of_payments @ by_total @ of_payments.T
    rounding += of_volumes @ np.diag(totals.volume_half.to_numpy() ** 2 / 3) @ of_volumes.T
    return np.log(1000 * payments / volumes), rounding


def walk_covariance() -> np.ndarray:
    """Covariance (year, year) of a random walk with unit steps that is zero in `MIDDLE`."""
    off = YEARS - MIDDLE
    same_side = np.sign(off)[:, None] * np.sign(off) > 0
    return np.where(same_side, np.minimum(np.abs(off)[:, None], np.abs(off)), 0.0)


def covariances(panel: Panel) -> dict[str, np.ndarray]:
    """Covariance of the log prices with the rows of `Loadings` (cell, row), for unit scales, by part of the model.

    Cells are markets times years. `departure` has one matrix a lag, to be multiplied by the memory's powers.
    """
    of = loadings(panel).of
    flat = of.reshape(len(of), -1)
    count = len(MARKETS)
    alike, apart = np.ones((count, count)), np.eye(count) - 1 / count
    lag = np.abs(np.subtract.outer(YEARS, YEARS))
    parts = {
        "level": np.kron(alike, np.ones_like(lag)),
        "walk": np.kron(alike, walk_covariance()),
        "market": np.kron(apart, np.ones_like(lag)),
    }
    by_lag = [np.kron(np.eye(count), lag == k) @ flat.T for k in range(len(YEARS))]
    return {name: matrix @ flat.T for name, matrix in parts.items()} | {"departure": np.stack(by_lag)}


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model.

    `parts` has one matrix a coefficient of `build`, the covariance (row times row of `Loadings`) that it multiplies:
    walk, market, and one a lag of the departures. `kinds` is 1 where a figure has the error of averages, closes, idle
    closes and totals (kind, figure). `fixed` is the covariance of figures that no parameter moves, `off` what a figure
    is above the common level's prior. A figure that is not `used` is off by nothing and has a variance of one.
    """
    made = loadings(panel)
    flat = made.of.reshape(len(made.of), -1)
    between = {name: flat @ matrix for name, matrix in covariances(panel).items()}
    kinds = [(1 - made.total) * (1 - made.close), made.close * (1 - made.idle), made.close * made.idle, made.total]
    both = made.used[:, None] * made.used
    return {
        "parts": np.stack([between["walk"], between["market"], *between["departure"]]),
        "kinds": made.used * np.stack(kinds),
        "fixed": both * (LEVEL[1] ** 2 + made.rounding) + np.diag(1 - made.used),
        "off": made.used * (made.printed - LEVEL[0]),
        "used": made.used,
        "concentration": concentration(panel.traded),
        "market_prior": np.array(panel.market_prior),
    }


def error_scale(known: dict, total, close, idle):
    """Standard deviation by which a printed figure departs from the log price of its market and time."""
    of_price = np.where(close > 0, known["close_error"] * known["idle_factor"] ** idle, known["average_error"])
    return np.where(total > 0, known["total_error"], of_price)


def higher_mean(known: dict, shares):
    """By how much the log of the pilots' mean price (..., window) lies above the mean of their logs, expected.

    shares : of trade (..., window, pilot).
    """
    return 0.5 * (known["market_scale"] ** 2 + known["departure_scale"] ** 2) * (1 - (shares**2).sum(axis=-1))


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """Log price of a market in a year: a path that all share, the market's level, and a departure that is remembered.

    A printed price is read on the straight line between the middles of years. A total of the pilots is cumulative: what
    was paid between two totals over what was traded is the pilots' mean price in that window, each pilot weighed by its
    share of the trade, which is not known. All of this is linear and normal in the log prices, so they are integrated
    out and drawn afterwards (`log_levels`). The claim on Shenzhen is not among the data.
    """
    import pymc as pm
    import pytensor.tensor as pt

    from jingjinji.core.normal_op import NormalDensity

    gather, first = loadings(panel).gather, len(panel.prices)
    coords = {"window": range(len(panel.totals)), "pilot": PILOTS}
    with pm.Model(coords=coords, check_bounds=False) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        known = {
            "year_scale": pm.LogNormal("year_scale", np.log(0.2), 0.4),
            "market_scale": pm.LogNormal("market_scale", pt.log(d["market_prior"]), 0.4),
            "departure_scale": pm.LogNormal("departure_scale", np.log(0.25), 0.4),
            "memory": pm.Beta("memory", 4, 2),
            "average_error": pm.LogNormal("average_error", np.log(0.07), 0.4),
            "close_error": pm.LogNormal("close_error", np.log(0.2), 0.4),
            "idle_factor": pm.LogNormal("idle_factor", np.log(2), 0.3),
            "total_error": pm.LogNormal("total_error", np.log(0.2), 0.4),
        }
        shares = pm.Dirichlet("shares", d["concentration"], dims=("window", "pilot"))
        remembered = known["departure_scale"] ** 2 * known["memory"] ** np.arange(len(YEARS))
        scales = pt.stack([known["year_scale"], known["market_scale"]])
        coefficients = pt.concatenate([scales**2, remembered])
        between = (coefficients[:, None, None] * d["parts"]).sum(axis=0)
        weight = d["used"][:, None] * gather * pt.concatenate([np.ones(first), shares.ravel()])
        errors = pt.stack([known["average_error"], known["close_error"], known["close_error"] * known["idle_factor"],
                           known["total_error"]])  # fmt: skip
        variance = (errors[:, None] ** 2 * d["kinds"]).sum(axis=0)
        covariance = d["fixed"] + pt.dot(pt.dot(weight, between), weight.T) + np.eye(len(gather)) * variance
        lift = pt.concatenate([np.zeros(first), higher_mean(known, shares)])
        off = d["off"] - d["used"] * lift
        given("figures", NormalDensity()(off, covariance)[0][None], observed=np.zeros(1))
    return model


TRUTH = {
    "level": np.log(35), "year_scale": 0.2, "market_scale": 0.45, "departure_scale": 0.2, "memory": 0.7,
    "average_error": 0.06, "close_error": 0.15, "idle_factor": 2.0, "total_error": 0.1,
}  # fmt: skip


def simulate(truth: dict, rng: np.random.Generator, panel: Panel) -> Panel:
    """A panel with known parameters (keys of `TRUTH`): the same figures as `panel`, printed of made prices.

    The truth that is kept also holds ``price`` (market, year), CNY/t, and ``shares`` of trade (window, pilot), drawn
    from their prior.
    """
    known = {**TRUTH, **truth}
    known["shares"] = rng.dirichlet(concentration(panel.traded), len(panel.totals))
    log_level = known["level"] + drawn_levels({name: np.array([known[name]]) for name in TRUTH}, rng)[0]
    made, price = loadings(panel), np.exp(log_level)
    scale = error_scale(known, made.total, made.close, made.idle)
    error = np.exp(scale * rng.normal(size=len(scale)))
    first = len(panel.prices)
    of_price = np.exp((made.of[:first] * log_level).sum(axis=(1, 2))) * error[:first]
    in_window = (known["shares"] * by_pilot(made, price[None])[0]).sum(axis=1) * error[first:]
    totals = panel.totals
    rate = np.where(totals.dollar > 0, EXCHANGE[0], 1.0)
    paid = np.cumsum(np.diff(totals.volume, prepend=0.0) * in_window) / 1000 / rate
    step = 2 * totals.turnover_half
    rounded = np.where(totals.lower > 0, np.floor(paid / step), np.round(paid / step)) * step
    return replace(
        panel,
        prices=panel.prices.assign(price=of_price),
        totals=totals.assign(turnover=rounded),
        truth={**known, "price": price},
    )


def by_pilot(made: Loadings, price: np.ndarray) -> np.ndarray:
    """Mean price of each pilot in each window (draw, window, pilot), from prices (draw, market, year)."""
    first = int((made.total == 0).sum())
    return np.einsum("dmy,rmy->dr", price, made.of[first:]).reshape(len(price), -1, len(PILOTS))


def drawn_levels(known: dict[str, np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Log prices (draw, market, year) less the common level, drawn from their prior given scales and memory (draw,)."""
    draws, count, years = len(known["memory"]), len(MARKETS), len(YEARS)
    column = {name: known[name][:, None, None] for name in ("year_scale", "market_scale", "departure_scale", "memory")}
    walk = rng.normal(size=(draws, 1, years - 1)).cumsum(axis=2)
    walk = np.concatenate([np.zeros((draws, 1, 1)), walk], axis=2)
    walk = walk - walk[:, :, [MIDDLE - YEARS[0]]]
    market = rng.normal(size=(draws, count, 1))
    market = market - market.mean(axis=1, keepdims=True)
    new = rng.normal(size=(draws, count, years))
    departure = new @ np.swapaxes(remembered(column["memory"], years), 1, 2)
    return column["year_scale"] * walk + column["market_scale"] * market + column["departure_scale"] * departure


def remembered(memory: np.ndarray, count: int) -> np.ndarray:
    """Matrices (draw, year, year) that turn standard normals into a stationary autoregression of unit variance.

    `memory` has shape (draw, 1, 1).
    """
    lag = np.subtract.outer(np.arange(count), np.arange(count))
    size = np.where(np.arange(count) > 0, np.sqrt(1 - memory**2), 1.0)
    return np.where(lag >= 0, memory ** np.maximum(lag, 0), 0.0) * size


def _toy(panel: Panel, rng: np.random.Generator, **truth: float) -> Panel:
    return simulate(truth, rng, panel)


TOYS = {"toy": _toy, "toy-alike": partial(_toy, market_scale=0.0, departure_scale=0.0)}


def _without(panel: Panel, column: str) -> Panel:
    return replace(panel, prices=panel.prices.assign(used=1.0 - panel.prices[column]))


def _without_totals(panel: Panel) -> Panel:
    return replace(panel, totals=panel.totals.assign(used=0.0))


def _until(panel: Panel, year: int) -> Panel:
    """Figures of later years left out, to be predicted."""
    return replace(
        panel,
        prices=panel.prices.assign(used=1.0 * (panel.prices.centre < year)),
        totals=panel.totals.assign(used=1.0 * (panel.totals["last"] < year)),
    )


def _late_periods(panel: Panel) -> Panel:
    """The first compliance period a quarter of a year later: most pilots opened late in it."""
    first = panel.prices.centre < 2014.25
    return replace(panel, prices=panel.prices.assign(centre=panel.prices.centre + 0.25 * first))


DERIVED = ()
VARIANTS = {
    "until-2015": Variant("figures until 2015 alone", partial(_until, year=2016)),
    "without-totals": Variant("without the pilots' totals", _without_totals),
    "without-closes": Variant("without closes", partial(_without, column="close")),
    "without-idle": Variant("without idle closes", partial(_without, column="idle")),
    "late-periods": Variant("first period later", _late_periods),
    "wide-markets": Variant("markets may differ more", partial(replace, market_prior=0.8)),
}


def values(fit) -> dict[str, np.ndarray]:
    """Draws of all chains of every parameter: scales (draw,), and `shares` of trade (draw, window, pilot)."""
    flat = fit.parameters.stack(sample=("chain", "draw"))
    return {name: flat[name].transpose("sample", ...).values for name in fit.parameters}
