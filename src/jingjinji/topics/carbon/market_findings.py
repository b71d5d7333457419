"""What is said of fits of `market`: the named quantities of a fit."""

from functools import partial

import numpy as np

from jingjinji.core.errors import BookError
from jingjinji.core.findings import Finding, exact, record
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
    chains, draws = fit.parameters.sizes["chain"], fit.parameters.sizes["draw"]
    shape = partial(np.reshape, shape=(chains, draws))
    suffix = f"@{fit.variant}" if fit.variant else ""
    name = partial(record, model=fit.name, panel=TABLES, suffix=suffix)
    known = values(fit)
    log_level = log_levels(fit, known)
    price = np.exp(log_level)
    if fit.variant == "until-2015":
        return _left_out(fit, drawn_figures(fit, known, log_level))
    if fit.panel.truth:
        return _recovered(fit, price, shape, name)
    made = _levels(price, shape, name) + _shenzhen(fit, price, shape, name) + _pilots(fit.panel, price, shape, name)
    if not fit.variant:
        made += _windows(fit.panel) + _check(fit, drawn_figures(fit, known, log_level)) + _record(fit)
    return made


def _levels(price: np.ndarray, shape, name) -> list[Finding]:
    means, shenzhen = decade(price), MARKETS.index("Shenzhen")
    span = f"mean of {DECADE[0]} to {DECADE[1]}"
    made = []
    for k, market in enumerate(PILOTS):
        made += [name(f"carbon.price.{market.lower()}.{year}", f"price of a tonne in {market}, {year}",
                      shape(price[:, k, year - YEARS[0]]), "CNY/t") for year in SHOWN]  # fmt: skip
        made.append(name(f"carbon.mean.{market.lower()}", f"price of a tonne in {market}, {span}",
                         shape(means[:, k]), "CNY/t"))  # fmt: skip
        if k != shenzhen:
            made.append(name(f"carbon.ratio.{market.lower()}", f"price in {market} as a multiple of Shenzhen's, {span}",
                             shape(means[:, k] / means[:, shenzhen]), "times"))  # fmt: skip
    least = means[:, : len(PILOTS)].argmin(axis=1)
    return [
        *made,
        *[name(f"carbon.price.national.{year}", f"price of a tonne in the national market, {year}",
               shape(price[:, MARKETS.index("national"), year - YEARS[0]]), "CNY/t") for year in (2023, 2024)],
        name("carbon.price.beijing.2024", "price of a tonne in Beijing, 2024", shape(price[:, 0, 2024 - YEARS[0]]),
             "CNY/t"),
        name("carbon.shenzhen.below-beijing", f"probability that Shenzhen was cheaper than Beijing, {span}",
             shape(1.0 * (means[:, shenzhen] < means[:, 0])), "probability"),
        name("carbon.shenzhen.cheapest", f"probability that Shenzhen was the cheapest of seven pilots, {span}",
             shape(1.0 * (least == shenzhen)), "probability"),
    ]  # fmt: skip


def _shenzhen(fit, price: np.ndarray, shape, name) -> list[Finding]:
    """Shenzhen's price over ten years for volumes like all pilots' and for even ones, beside the claim's."""
    own = price[:, MARKETS.index("Shenzhen")]
    ten = within_years(np.array([facts.OPENED]), np.array([facts.OPENED + 10]))[0]
    volumes = ten * facts.profile(YEARS)
    weighted = weighted_mean(own, volumes, fit.seed)
    scattered = weighted_mean(own, volumes, fit.seed, 2 * PROFILE_SCATTER)
    claimed = claimed_price(len(own), fit.seed)
    return [
        name("carbon.shenzhen.even", "price in Shenzhen over its ten years if volumes were even", shape(own @ ten),
             "CNY/t"),
        name("carbon.shenzhen.weighted", "price in Shenzhen over its ten years if volumes went with all pilots'",
             shape(weighted), "CNY/t"),
        name("carbon.shenzhen.least", "price in Shenzhen in the cheapest of its years",
             shape(own[:, ten > 0].min(axis=1)), "CNY/t"),
        name("carbon.shenzhen.claimed", "turnover over volume of the claim, each a little over what is printed",
             shape(claimed), "CNY/t"),
        name("carbon.shenzhen.against", "price from published prices as a multiple of the claim's",
             shape(weighted / claimed), "times"),
        name("carbon.shenzhen.dearer", "probability that published prices make Shenzhen dearer than the claim does",
             shape(1.0 * (weighted > claimed)), "probability"),
        name("carbon.shenzhen.dearer.scattered", "the same with volumes that leave the pilots' profile twice as far",
             shape(1.0 * (scattered > claimed)), "probability"),
        name("carbon.shenzhen.dearer.even", "the same with even volumes", shape(1.0 * (own @ ten > claimed)),
             "probability"),
    ]  # fmt: skip


def _recovered(fit, price: np.ndarray, shape, name) -> list[Finding]:
    """Estimates of a synthetic panel beside the true values."""
    estimates, truths = _shown(price), _shown(fit.panel.truth["price"])
    return [
        finding
        for (key, label, draws, unit), (_, _, value, _) in zip(estimates, truths, strict=True)
        for finding in (
            exact(f"carbon.truth.{key}@{fit.variant}", f"truth: {label}", round(float(value), 2), unit, ()),
            name(f"carbon.{key}", label, shape(draws), unit),
        )
    ]  # fmt: skip


def _shown(price: np.ndarray) -> list[tuple[str, str, np.ndarray, str]]:
    """Keys, labels, values and units of what is compared with the truth, of prices (..., market, year)."""
    means, span = decade(price), f"mean of {DECADE[0]} to {DECADE[1]}"
    shown = [MARKETS.index(market) for market in ("Beijing", "Guangdong", "Shenzhen")]
    return [
        *[(f"mean.{MARKETS[k].lower()}", f"price in {MARKETS[k]}, {span}", means[..., k], "CNY/t") for k in shown],
        ("price.guangdong.2023", "price in Guangdong, 2023", price[..., shown[1], 2023 - YEARS[0]], "CNY/t"),
        ("above.beijing", f"Beijing's price above Shenzhen's, {span}",
         100 * (means[..., shown[0]] / means[..., shown[2]] - 1), "%"),
    ]  # fmt: skip


def _pilots(panel: Panel, price: np.ndarray, shape, name) -> list[Finding]:
    """The pilots' mean price in each window, all markets and days alike, beside what was paid for what was traded."""
    made, first = loadings(panel), len(panel.prices)
    mean = np.einsum("dmy,fmy->df", price, made.of[first:]) / np.exp(made.printed[first:])
    return [
        name(f"carbon.pilots.against.{k + 1}", "mean of seven pilots' prices, all alike, as a multiple of what was "
             f"paid for what was traded, window {k + 1}", shape(mean[:, k]), "times")
        for k in range(mean.shape[1])
    ]  # fmt: skip


def _windows(panel: Panel) -> list[Finding]:
    """The pilots' price between two cumulative totals, and how far rounding leaves it open."""
    log_price, rounding = window_prices(panel.totals)
    labels = ["until April 2015", "from then to the end of 2017", "January to October 2018"]
    if len(labels) != len(log_price):
        raise BookError(f"table carbon_market has {len(log_price)} totals of the pilots: expected {len(labels)}")
    made = partial(exact, panel=TABLES)
    found = []
    for k, label in enumerate(labels):
        found += [
            made(f"carbon.pilots.window.{k + 1}", f"turnover over volume of seven pilots, {label}",
                 round(float(np.exp(log_price[k])), 1), "CNY/t"),
            made(f"carbon.pilots.window.{k + 1}.error", f"standard error of it that rounding leaves, {label}",
                 round(100 * float(np.sqrt(rounding[k, k])), 1), "%"),
        ]  # fmt: skip
    return found


def inside(drawn: np.ndarray, printed: np.ndarray) -> np.ndarray:
    """Which printed figures lie inside the central 94 % of figures drawn anew."""
    low, high = np.percentile(drawn, [3, 97], axis=0)
    return (low <= printed) & (printed <= high)


def _check(fit, drawn: np.ndarray) -> list[Finding]:
    share = inside(drawn, np.exp(loadings(fit.panel).printed)).mean()
    return [exact("carbon.check.inside", "printed figures inside the central 94 % of figures drawn anew",
                  round(100 * float(share), 1), "%", TABLES, fit.name)]  # fmt: skip


def _left_out(fit, drawn: np.ndarray) -> list[Finding]:
    """How the figures after 2015, left out, lie in what the model predicts for them."""
    made = loadings(fit.panel)
    out, printed = made.used == 0, np.exp(made.printed)
    low, middle, high = np.percentile(drawn[:, out], [3, 50, 97], axis=0)
    name = partial(exact, unit="", panel=TABLES, model=fit.name)
    return [
        name(f"carbon.left-out.figures@{fit.variant}", "printed figures after 2015", int(out.sum())),
        name(f"carbon.left-out.inside@{fit.variant}", "of them inside the central 94 % predicted from those before",
             int(inside(drawn, printed)[out].sum())),
        name(f"carbon.left-out.below@{fit.variant}", "of them below the middle of the prediction",
             int((printed[out] < middle).sum())),
        exact(f"carbon.left-out.width@{fit.variant}", "upper end of these predictions as a multiple of the lower end, "
              "median", round(float(np.median(high / low)), 1), "times", TABLES, fit.name),
    ]  # fmt: skip


def _record(fit) -> list[Finding]:
    panel, prices = fit.panel, fit.panel.prices
    volume, turnover = EXCESS
    return [
        exact("carbon.record.scales", "parameters that the sampler sees", len(fit.parameters), "", TABLES),
        exact("carbon.record.excess.volume", "how far over the printed volume the claim may lie, assumed",
              100 * volume, "%", TABLES),
        exact("carbon.record.excess.turnover", "how far over the printed turnover the claim may lie, assumed",
              100 * turnover, "%", TABLES),
        exact("carbon.record.prices", "printed prices of a market that the model reads", len(prices), "", TABLES),
        exact("carbon.record.markets", "markets with a printed price", prices.market.nunique(), "", TABLES),
        exact("carbon.record.cells", "markets times years", len(MARKETS) * len(YEARS), "", TABLES),
        exact("carbon.record.idle", "closes of a week almost without trade", int(prices.idle.sum()), "", TABLES),
        exact("carbon.record.totals", "cumulative totals of the pilots", len(panel.totals), "", TABLES),
        exact("carbon.record.shenzhen", "printed prices of Shenzhen",
              int((prices.market == MARKETS.index("Shenzhen")).sum()), "", TABLES),
        exact("carbon.record.scatter", "standard deviation by which a year's log volume in one market leaves the "
              "pilots' profile, assumed", PROFILE_SCATTER, "", TABLES),
    ]  # fmt: skip
