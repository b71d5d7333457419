"""What is said of fits of `market`: the named quantities of a fit."""

import numpy as np

from jingjinji.core.errors import BookError
from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.carbon import facts
from jingjinji.topics.carbon.market import (
    LEVEL,
    MARKETS,
    PILOTS,
    TABLES,
    YEARS,
    Panel,
    covariances,
    drawn_levels,
    error_scale,
    higher_mean,
    loadings,
    values,
    window_prices,
    within_years,
)

CHUNK = 500
"""Draws for which log prices are drawn at once."""


DECADE = (2014, 2023)
"""First and last year of the means that are compared."""


EXCESS = (0.1, 0.04)
"""How far "over" a printed volume and turnover may reach at most, in shares: the next round figure would be printed."""


PROFILE_SCATTER = 0.7
"""Standard deviation by which the log volume of one market in one year leaves the profile of all pilots."""


SHOWN = (2014, 2020, 2023)

SPAN = f"mean of {DECADE[0]} to {DECADE[1]}"
SHENZHEN = {
    "even": ("CNY/t", "price in Shenzhen over its ten years if volumes were even"),
    "weighted": ("CNY/t", "price in Shenzhen over its ten years if volumes went with all pilots'"),
    "least": ("CNY/t", "price in Shenzhen in the cheapest of its years"),
    "claimed": ("CNY/t", "turnover over volume of the claim, each a little over what is printed"),
    "against": ("times", "price from published prices as a multiple of the claim's"),
    "dearer": ("probability", "probability that published prices make Shenzhen dearer than the claim does"),
    "dearer.scattered": ("probability", "the same with volumes that leave the pilots' profile twice as far"),
    "dearer.even": ("probability", "the same with even volumes"),
    "below-beijing": ("probability", f"probability that Shenzhen was cheaper than Beijing, {SPAN}"),
    "cheapest": ("probability", f"probability that Shenzhen was the cheapest of seven pilots, {SPAN}"),
}
WINDOWS = ("until April 2015", "from then to the end of 2017", "January to October 2018")
OF_WINDOW = {
    "": ("CNY/t", "turnover over volume of seven pilots, {window}", 1),
    ".error": ("%", "standard error of it that rounding leaves, {window}", 1),
}
LEFT_OUT = {
    "figures": ("", "printed figures after 2015", None),
    "inside": ("", "of them inside the central 94 % predicted from those before", None),
    "below": ("", "of them below the middle of the prediction", None),
    "width": ("times", "upper end of these predictions as a multiple of the lower end, median", 1),
}
RECORD = {
    "scales": ("", "parameters that the sampler sees", None),
    "excess.volume": ("%", "how far over the printed volume the claim may lie, assumed", None),
    "excess.turnover": ("%", "how far over the printed turnover the claim may lie, assumed", None),
    "prices": ("", "printed prices of a market that the model reads", None),
    "markets": ("", "markets with a printed price", None),
    "cells": ("", "markets times years", None),
    "idle": ("", "closes of a week almost without trade", None),
    "totals": ("", "cumulative totals of the pilots", None),
    "shenzhen": ("", "printed prices of Shenzhen", None),
    "scatter": (
        "",
        "standard deviation by which a year's log volume in one market leaves the pilots' profile, assumed",
        None,
    ),
}


def log_levels(fit, known: dict[str, np.ndarray]) -> np.ndarray:
    """Log price of each market and year (draw, market, year), one draw for each of the parameters.

    Prices are drawn from their prior, figures are made of them, and the prices are moved by what the printed figures
    depart from the made ones (Matheron's rule), which gives draws given the figures.
    """
    rng = np.random.default_rng([fit.seed, 3])
    parts = [np.array_split(draws, max(1, len(draws) // CHUNK)) for draws in known.values()]
    return np.concatenate([
        _given_figures(fit.panel, dict(zip(known, part, strict=True)), rng) for part in zip(*parts, strict=True)
    ])  # fmt: skip


def _given_figures(panel: Panel, known: dict[str, np.ndarray], rng: np.random.Generator) -> np.ndarray:
    made, parts = loadings(panel), covariances(panel)
    use = made.used > 0
    flat, figures = made.of[use].reshape(use.sum(), -1), int(use.sum())
    draws = len(known["memory"])
    square = {name: known[f"{name}_scale"][:, None, None] ** 2 for name in ("year", "market", "departure")}
    powers = known["memory"][:, None] ** np.arange(len(YEARS))
    cross = (
        LEVEL[1] ** 2 * parts["level"][:, use] + square["year"] * parts["walk"][:, use]
        + square["market"] * parts["market"][:, use]
        + square["departure"] * np.tensordot(powers, parts["departure"][:, :, use], 1)
    )  # fmt: skip
    rounding = made.rounding[np.ix_(use, use)]
    scale = error_scale({name: draw[:, None] for name, draw in known.items()}, made.total[use], made.close[use],
                        made.idle[use])  # fmt: skip
    error = rounding + np.eye(figures) * scale[:, None] ** 2
    prior = LEVEL[0] + LEVEL[1] * rng.normal(size=(draws, 1)) + drawn_levels(known, rng).reshape(draws, -1)
    noise = np.linalg.cholesky(error) @ rng.normal(size=(draws, figures, 1))
    imagined = prior @ flat.T + made.total[use] * higher_mean(known)[:, None] + noise[:, :, 0]
    off = np.linalg.solve(flat @ cross + error, (made.printed[use] - imagined)[:, :, None])
    return (prior + (cross @ off)[:, :, 0]).reshape(draws, len(MARKETS), len(YEARS))


def drawn_figures(fit, known: dict[str, np.ndarray], log_level: np.ndarray) -> np.ndarray:
    """Printed figures drawn anew (draw, figure), CNY/t, rounding apart."""
    made = loadings(fit.panel)
    scale = error_scale({name: draw[:, None] for name, draw in known.items()}, made.total, made.close, made.idle)
    mean = np.einsum("dmy,fmy->df", log_level, made.of) + made.total * higher_mean(known)[:, None]
    return np.exp(mean + scale * np.random.default_rng([fit.seed, 5]).normal(size=mean.shape))


def decade(price: np.ndarray) -> np.ndarray:
    """Mean over the years of `DECADE` along the last axis, each year counted alike."""
    return price[..., DECADE[0] - YEARS[0] : DECADE[1] + 1 - YEARS[0]].mean(axis=-1)


def weighted_mean(price: np.ndarray, profile: np.ndarray, seed: int, scatter: float = PROFILE_SCATTER) -> np.ndarray:
    """Mean price (draw,) of years (draw, year) over volumes that scatter around a `profile` (year)."""
    volume = profile * np.exp(scatter * np.random.default_rng([seed, 7]).normal(size=price.shape))
    return (volume * price).sum(axis=1) / volume.sum(axis=1)


def claimed_price(draws: int, seed: int) -> np.ndarray:
    """Turnover over volume of the claim on Shenzhen (draw,), each "over" by a share of up to `EXCESS`, CNY/t."""
    rng = np.random.default_rng([seed, 11])
    volume, turnover = facts.claim()
    over = [most * rng.beta(1, 2, draws) for most in EXCESS]
    return 1000 * turnover * (1 + over[1]) / (volume * (1 + over[0]))


def findings(fit) -> list[Finding]:
    """Prices by market and year, means of ten years, and what Shenzhen's totals imply beside them."""
    say, known = Scribe(TABLES, "carbon.", fit), values(fit)
    log_level = log_levels(fit, known)
    price = np.exp(log_level)
    if fit.variant == "until-2015":
        say.under("left-out.").scores(LEFT_OUT, _left_out(fit.panel, drawn_figures(fit, known, log_level)))
        return say.made
    if fit.panel.truth:
        for shown, (_, _, truth, _) in zip(_shown(price), _shown(fit.panel.truth["price"]), strict=True):
            key, label, drawn, unit = shown
            say.pair(key, label, round(float(truth), 2), drawn, unit)
        return say.made
    _say_levels(say, price)
    say.under("shenzhen.").table(SHENZHEN, _shenzhen(fit, price))
    for number, drawn in enumerate(_pilots(fit.panel, price), 1):
        words = "mean of seven pilots' prices, all alike, as a multiple of what was paid for what was traded"
        say.draws(f"pilots.against.{number}", f"{words}, window {number}", drawn, "times")
    if not fit.variant:
        _say_windows(say.under("pilots.window."), fit.panel)
        share = inside(drawn_figures(fit, known, log_level), np.exp(loadings(fit.panel).printed)).mean()
        words = "printed figures inside the central 94 % of figures drawn anew"
        say.score("check.inside", words, 100 * share, "%", 1)
        say.under("record.").facts(RECORD, _record(fit))
    return say.made


def _say_levels(say: Scribe, price: np.ndarray) -> None:
    means, shenzhen = decade(price), MARKETS.index("Shenzhen")
    for k, market in enumerate(PILOTS):
        id = market.lower()
        for year in SHOWN:
            words = f"price of a tonne in {market}, {year}"
            say.draws(f"price.{id}.{year}", words, price[:, k, year - YEARS[0]], "CNY/t")
        say.draws(f"mean.{id}", f"price of a tonne in {market}, {SPAN}", means[:, k], "CNY/t")
        if k != shenzhen:
            words = f"price in {market} as a multiple of Shenzhen's, {SPAN}"
            say.draws(f"ratio.{id}", words, means[:, k] / means[:, shenzhen], "times")
    for market, words, year in (("national", "the national market", 2023), ("national", "the national market", 2024),
                                ("Beijing", "Beijing", 2024)):  # fmt: skip
        drawn = price[:, MARKETS.index(market), year - YEARS[0]]
        say.draws(f"price.{market.lower()}.{year}", f"price of a tonne in {words}, {year}", drawn, "CNY/t")


def _shenzhen(fit, price: np.ndarray) -> dict[str, np.ndarray]:
    """Shenzhen's price over ten years for volumes like all pilots' and for even ones, beside the claim's."""
    means, shenzhen = decade(price), MARKETS.index("Shenzhen")
    own = price[:, shenzhen]
    ten = within_years(np.array([facts.OPENED]), np.array([facts.OPENED + 10]))[0]
    volumes = ten * facts.profile(YEARS)
    weighted = weighted_mean(own, volumes, fit.seed)
    scattered = weighted_mean(own, volumes, fit.seed, 2 * PROFILE_SCATTER)
    claimed = claimed_price(len(own), fit.seed)
    return {
        "below-beijing": means[:, shenzhen] < means[:, 0],
        "cheapest": means[:, : len(PILOTS)].argmin(axis=1) == shenzhen,
        "even": own @ ten,
        "weighted": weighted,
        "least": own[:, ten > 0].min(axis=1),
        "claimed": claimed,
        "against": weighted / claimed,
        "dearer": weighted > claimed,
        "dearer.scattered": scattered > claimed,
        "dearer.even": own @ ten > claimed,
    }


def _shown(price: np.ndarray) -> list[tuple[str, str, np.ndarray, str]]:
    """Keys, labels, values and units of what is compared with the truth, of prices (..., market, year)."""
    means = decade(price)
    shown = [MARKETS.index(market) for market in ("Beijing", "Guangdong", "Shenzhen")]
    return [
        *[(f"mean.{MARKETS[k].lower()}", f"price in {MARKETS[k]}, {SPAN}", means[..., k], "CNY/t") for k in shown],
        ("price.guangdong.2023", "price in Guangdong, 2023", price[..., shown[1], 2023 - YEARS[0]], "CNY/t"),
        ("above.beijing", f"Beijing's price above Shenzhen's, {SPAN}",
         100 * (means[..., shown[0]] / means[..., shown[2]] - 1), "%"),
    ]  # fmt: skip


def _pilots(panel: Panel, price: np.ndarray) -> np.ndarray:
    """The pilots' mean price in each window (window, draw), all markets and days alike, over what was paid."""
    made, first = loadings(panel), len(panel.prices)
    return np.einsum("dmy,fmy->fd", price, made.of[first:]) / np.exp(made.printed[first:])[:, None]


def _say_windows(say: Scribe, panel: Panel) -> None:
    """The pilots' price between two cumulative totals, and how far rounding leaves it open."""
    log_price, rounding = window_prices(panel.totals)
    if len(WINDOWS) != len(log_price):
        raise BookError(f"table carbon_market has {len(log_price)} totals of the pilots: expected {len(WINDOWS)}")
    for k, window in enumerate(WINDOWS):
        found = {"": np.exp(log_price[k]), ".error": 100 * np.sqrt(rounding[k, k])}
        say.under(str(k + 1)).facts(OF_WINDOW, found, window=window)


def inside(drawn: np.ndarray, printed: np.ndarray) -> np.ndarray:
    """Which printed figures lie inside the central 94 % of figures drawn anew."""
    low, high = np.percentile(drawn, [3, 97], axis=0)
    return (low <= printed) & (printed <= high)


def _left_out(panel: Panel, drawn: np.ndarray) -> dict[str, float]:
    """How the figures after 2015, left out, lie in what the model predicts for them."""
    made = loadings(panel)
    out, printed = made.used == 0, np.exp(made.printed)
    low, middle, high = np.percentile(drawn[:, out], [3, 50, 97], axis=0)
    return {
        "figures": out.sum(),
        "inside": inside(drawn, printed)[out].sum(),
        "below": (printed[out] < middle).sum(),
        "width": np.median(high / low),
    }


def _record(fit) -> dict[str, float]:
    prices, (volume, turnover) = fit.panel.prices, EXCESS
    return {
        "scales": len(fit.parameters),
        "excess.volume": 100 * volume,
        "excess.turnover": 100 * turnover,
        "prices": len(prices),
        "markets": prices.market.nunique(),
        "cells": len(MARKETS) * len(YEARS),
        "idle": prices.idle.sum(),
        "totals": len(fit.panel.totals),
        "shenzhen": (prices.market == MARKETS.index("Shenzhen")).sum(),
        "scatter": PROFILE_SCATTER,
    }
