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
    WEEK,
    YEARS,
    Loadings,
    Panel,
    by_pilot,
    concentration,
    covariances,
    drawn_levels,
    error_scale,
    higher_mean,
    loadings,
    values,
    weights,
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


SHOWN = (2014, 2020)
"""Years of which Shenzhen's price is said."""
SPAN = f"mean of {DECADE[0]} to {DECADE[1]}"
DEARER = "probability that published prices make Shenzhen dearer than the claim does"
SHENZHEN = {
    "even": ("CNY/t", "price in Shenzhen over its ten years if volumes were even"),
    "weighted": ("CNY/t", "price in Shenzhen over its ten years if volumes went with all pilots'"),
    "least": ("CNY/t", "price in Shenzhen in the cheapest of its years"),
    "claimed": ("CNY/t", "turnover over volume of the claim, each a little over what is printed"),
    "against": ("times", "price from published prices as a multiple of the claim's"),
    "dearer": ("probability", DEARER),
    "dearer.scattered": ("probability", f"{DEARER}, with volumes that leave the pilots' profile twice as far"),
    "dearer.even": ("probability", f"{DEARER}, with even volumes"),
    "below-beijing": ("probability", f"probability that Shenzhen was cheaper than Beijing, {SPAN}"),
}
OF_CHOICES = ("weighted", "against", "dearer")
"""What of these is said of every variant, too."""
MANY = 4
"""How many times as much the week with volumes counts where it is taken for much."""
WINDOWS = ("until April 2015", "April 2015 to the end of 2017", "January to October 2018")
WIDER = "probability that Shenzhen's prices are further above its totals than the pilots' above theirs"
PILOTS_ABOVE = "mean of seven pilots' prices, by their shares of trade, as a multiple of what was paid"
COMPARED = {
    "composition": ("times", "pilots' prices, all alike, as a multiple of those weighed by shares of trade"),
    "pilots.against": ("times", f"{PILOTS_ABOVE}, until October 2018"),
    "wider": ("probability", WIDER),
    "wider.equal": ("probability", f"{WIDER}, had all pilots traded alike"),
    "wider.flat": ("probability", f"{WIDER}, without the week with volumes"),
    "wider.week": ("probability", f"{WIDER}, where that week counts {MANY} times as much"),
    "wider.only-week": ("probability", f"{WIDER}, had they always traded as in that week"),
    **{f"wider.window.{k}": ("probability", f"{WIDER}, {window}") for k, window in enumerate(WINDOWS, 1)},
}
"""What is compared over all that the pilots traded until their last total, but for single windows of it."""
WIDER_BY = tuple(key for key in COMPARED if key.startswith("wider."))
"""The same question by other shares of trade, and of the pilots' trade in one window."""
OF_WINDOW = {
    "": ("CNY/t", "turnover over volume of seven pilots, {window}", 1),
    ".error": ("%", "standard error that rounding leaves in turnover over volume of seven pilots, {window}", 1),
}
LEFT_OUT = {
    "figures": ("", "printed figures after 2015", None),
    "inside": ("", "printed figures after 2015 inside the central 94 % predicted from those before", None),
    "below": ("", "printed figures after 2015 below the middle of what is predicted from those before", None),
    "width": ("times", "upper end of the predictions of figures after 2015 as a multiple of the lower end, median", 1),
}
RECORD = {
    "scales": ("", "scales that the sampler sees", None),
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
    weight, figures = weights(made, known["shares"])[:, use], int(use.sum())
    flat = made.of.reshape(len(made.of), -1)
    draws = len(known["memory"])
    square = {name: known[f"{name}_scale"][:, None, None] ** 2 for name in ("year", "market", "departure")}
    powers = known["memory"][:, None] ** np.arange(len(YEARS))
    rows = (
        LEVEL[1] ** 2 * parts["level"] + square["year"] * parts["walk"] + square["market"] * parts["market"]
        + square["departure"] * np.tensordot(powers, parts["departure"], 1)
    )  # fmt: skip
    cross = rows @ weight.swapaxes(1, 2)
    rounding = made.rounding[np.ix_(use, use)]
    scale = scales_of(known, made)[:, use]
    error = rounding + np.eye(figures) * scale[:, None] ** 2
    prior = LEVEL[0] + LEVEL[1] * rng.normal(size=(draws, 1)) + drawn_levels(known, rng).reshape(draws, -1)
    noise = np.linalg.cholesky(error) @ rng.normal(size=(draws, figures, 1))
    imagined = expected(known, made, prior @ flat.T)[:, use] + noise[:, :, 0]
    off = np.linalg.solve(weight @ (flat @ cross) + error, (made.printed[use] - imagined)[:, :, None])
    return (prior + (cross @ off)[:, :, 0]).reshape(draws, len(MARKETS), len(YEARS))


def scales_of(known: dict[str, np.ndarray], made: Loadings) -> np.ndarray:
    """Standard deviation (draw, figure) by which each figure departs from what its prices are."""
    column = {name: draw[:, None] for name, draw in known.items() if name != "shares"}
    return error_scale(column, made.total, made.close, made.idle)


def expected(known: dict[str, np.ndarray], made: Loadings, of_rows: np.ndarray) -> np.ndarray:
    """Log of each figure (draw, figure) that log prices of the rows of `Loadings` (draw, row) let expect."""
    lift = higher_mean({name: draw[:, None] for name, draw in known.items() if name != "shares"}, known["shares"])
    mean = (weights(made, known["shares"]) @ of_rows[:, :, None])[:, :, 0]
    return mean + np.concatenate([np.zeros((len(lift), mean.shape[1] - lift.shape[1])), lift], axis=1)


def drawn_figures(fit, known: dict[str, np.ndarray], log_level: np.ndarray) -> np.ndarray:
    """Printed figures drawn anew (draw, figure), CNY/t, rounding apart."""
    made = loadings(fit.panel)
    scale = scales_of(known, made)
    mean = expected(known, made, np.einsum("dmy,rmy->dr", log_level, made.of))
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
    mine, paid = _shenzhen(fit, price), np.exp(loadings(fit.panel).printed[len(fit.panel.prices) :])
    in_windows = by_pilot(loadings(fit.panel), price)
    _say_ratio(say, decade(price))
    if fit.variant:
        say.under("shenzhen.").table(SHENZHEN, {key: mine[key] for key in OF_CHOICES})
    if fit.variant == "without-totals":
        for number, drawn in enumerate(_above(in_windows, paid, known["shares"]).T, 1):
            say.draws(f"pilots.against.{number}", f"{PILOTS_ABOVE}, window {number}", drawn, "times")
        say.table(COMPARED, _compared(fit, mine["against"], in_windows, paid, known["shares"]))
    if not fit.variant:
        _say_levels(say, price)
        say.under("shenzhen.").table(SHENZHEN, mine)
        _say_windows(say.under("pilots.window."), fit.panel)
        share = inside(drawn_figures(fit, known, log_level), np.exp(loadings(fit.panel).printed)).mean()
        words = "printed figures inside the central 94 % of figures drawn anew"
        say.score("check.inside", words, 100 * share, "%", 1)
        say.under("record.").facts(RECORD, _record(fit))
    return say.made


def _say_ratio(say: Scribe, means: np.ndarray) -> None:
    words = f"price in Beijing as a multiple of Shenzhen's, {SPAN}"
    say.draws("ratio.beijing", words, means[:, 0] / means[:, MARKETS.index("Shenzhen")], "times")


def _say_levels(say: Scribe, price: np.ndarray) -> None:
    for year in SHOWN:
        drawn = price[:, MARKETS.index("Shenzhen"), year - YEARS[0]]
        say.draws(f"price.shenzhen.{year}", f"price of a tonne in Shenzhen, {year}", drawn, "CNY/t")
    for market, mean in zip(PILOTS, decade(price[:, : len(PILOTS)]).T, strict=True):
        say.draws(f"mean.{market.lower()}", f"price of a tonne in {market}, {SPAN}", mean, "CNY/t")
    for year in (2023, 2024):
        drawn = price[:, MARKETS.index("national"), year - YEARS[0]]
        say.draws(f"price.national.{year}", f"price of a tonne in the national market, {year}", drawn, "CNY/t")


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
        "weighted": weighted,
        "least": own[:, ten > 0].min(axis=1),
        "claimed": claimed,
        "against": weighted / claimed,
        "dearer": weighted > claimed,
        "dearer.scattered": scattered > claimed,
        "dearer.even": own @ ten > claimed,
    }


def _above(in_windows: np.ndarray, paid: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """The pilots' mean price in each window, by `shares` of trade (draw, window, pilot), over what was `paid`."""
    return (shares * in_windows).sum(axis=2) / paid


def _compared(fit, against: np.ndarray, in_windows: np.ndarray, paid: np.ndarray, shares: np.ndarray) -> dict:
    """Shenzhen's prices over its totals beside the pilots' over theirs, by shares of trade and by window.

    Both totals run from the opening of the markets, so the pilots' windows are put together by what was paid in them.
    """
    rng, traded = np.random.default_rng([fit.seed, 13]), fit.panel.traded
    equal = np.full_like(shares, 1 / len(PILOTS))
    by_window = _above(in_windows, paid, shares)
    of_all = paid * np.diff(fit.panel.totals.volume, prepend=0.0)

    def above(shares: np.ndarray) -> np.ndarray:
        return _above(in_windows, paid, shares) @ of_all / of_all.sum()

    def wider(shares: np.ndarray) -> np.ndarray:
        return against > above(shares)

    def drawn(week: float) -> np.ndarray:
        return rng.dirichlet(concentration(traded, week), shares.shape[:2])

    return {
        "composition": above(equal) / above(shares),
        "pilots.against": above(shares),
        "wider": wider(shares),
        "wider.equal": wider(equal),
        "wider.flat": wider(drawn(0.0)),
        "wider.week": wider(drawn(MANY * WEEK)),
        "wider.only-week": wider(np.broadcast_to(traded, shares.shape)),
        **{f"wider.window.{k + 1}": against > window for k, window in enumerate(by_window.T)},
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
        "scales": sum(values.ndim == 2 for values in fit.parameters.values()),
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
