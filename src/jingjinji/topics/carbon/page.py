"""What the page on carbon markets shows of the fits: totals, checks by group, answers by choice."""

import numpy as np
import pandas as pd

from jingjinji.core import tables
from jingjinji.core.findings import Finding
from jingjinji.core.topic import choices
from jingjinji.show.answers import by_choice
from jingjinji.show.prior_draws import prior_fit
from jingjinji.topics.carbon import facts
from jingjinji.topics.carbon import market as carbon
from jingjinji.topics.carbon import market_findings as said

SHORT = {"Beijing": "BJ", "Tianjin": "TJ", "Shanghai": "SH", "Chongqing": "CQ", "Hubei": "HB", "Guangdong": "GD",
         "Shenzhen": "SZ", "Fujian": "FJ", "national": "CN"}  # fmt: skip
GROUPS = {
    "average, July 2013 to June 2014": (2013, 2014.25),
    "average, July 2014 to June 2015": (2014.25, 2016),
    "close, December 2020": (2016, 2022),
    "averages and a close, 2023 and 2024": (2022, 2025),
}
"""Middle of the period of the prices in each group of the check, from and below."""
WORDS = {"10⁹ CNY": "billion CNY", "10⁶ USD": "million USD"}
CHOICES = choices(carbon.VARIANTS, without=("until-2015",))


def _groups(panel: carbon.Panel) -> dict[str, tuple[list[str], np.ndarray]]:
    """Labels and positions (among the figures) of each group; the totals' windows are the last group."""
    prices, found = panel.prices, {}
    for title, (first, last) in GROUPS.items():
        use = ((prices.centre >= first) & (prices.centre < last)).to_numpy()
        found[title] = _names(prices[use]), np.flatnonzero(use)
    ends = [f"to {int(last)}" for last in panel.totals["last"] - 0.01]
    found["windows between totals of seven pilots"] = ends, len(prices) + np.arange(len(panel.totals))
    return found


def _names(prices: pd.DataFrame) -> list[str]:
    """Letters of each figure's market, with its vintage or year and its kind where they are needed to tell it."""
    known = []
    for row in prices.itertuples():
        market = carbon.MARKETS[row.market]
        when = row.label.removeprefix(market).strip() or str(int(row.centre))
        known.append((SHORT[market], when, "close" if row.close else "average"))

    def name(words: tuple[str, str, str]) -> str:
        alike = [sum(other[:count] == words[:count] for other in known) for count in (1, 2)]
        return " ".join(words[: 1 + sum(count > 1 for count in alike)])

    return [*map(name, known)]


def check_prices(fit) -> dict[str, tuple[list[str], dict[str, tuple[np.ndarray, np.ndarray]]]]:
    """Printed figures drawn anew and as printed: group -> (markets, {"price": (drawn (draw, figure), printed)})."""
    known = carbon.values(fit)
    drawn = said.drawn_figures(fit, known, said.log_levels(fit, known))
    printed = np.exp(carbon.loadings(fit.panel).printed)
    return {
        title: (labels, {"price": (drawn[:, at], printed[at])}) for title, (labels, at) in _groups(fit.panel).items()
    }


def prior_prices(panel: carbon.Panel, draws: int, seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Figures as the priors alone expect them beside the printed ones, CNY/t: kind -> (drawn, printed)."""
    known = carbon.values(prior_fit(carbon.build(panel), panel, draws, seed))
    rng, made = np.random.default_rng(seed), carbon.loadings(panel)
    log_level = carbon.LEVEL[0] + carbon.LEVEL[1] * rng.normal(size=(draws, 1, 1)) + carbon.drawn_levels(known, rng)
    scale = said.scales_of(known, made)
    mean = said.expected(known, made, np.einsum("dmy,rmy->dr", log_level, made.of))
    drawn = np.exp(mean + scale * rng.normal(size=scale.shape))
    printed = np.exp(made.printed)
    kinds = {"averages": (made.total + made.close) == 0, "closes": made.close > 0, "windows": made.total > 0}
    return {kind: (drawn[:, use].ravel(), printed[use]) for kind, use in kinds.items()}


def paths(fit) -> dict[str, tuple[np.ndarray, pd.DataFrame]]:
    """Price of each market by year (draw, year), CNY/t, and its printed prices (columns centre, price, close, idle).

    Markets that are not among the seven pilots opened later: nan before the year of their first printed price.
    """
    price, rows = np.exp(said.log_levels(fit, carbon.values(fit))), fit.panel.prices
    made = {}
    for k, market in enumerate(carbon.MARKETS):
        printed = rows[rows.market == k]
        known = (market in carbon.PILOTS) | (int(printed.centre.min()) <= carbon.YEARS)
        name = "national market" if market == "national" else market
        made[name] = np.where(known, price[:, k], np.nan), printed
    return made


def answers(found: dict[str, Finding]) -> pd.DataFrame:
    """Shenzhen's prices and the claim's by choice of data and priors, a row a choice."""
    ids = {
        "Shenzhen, ten years": "carbon.shenzhen.weighted",
        "multiple of the claim's": "carbon.shenzhen.against",
        "dearer than claimed": "carbon.shenzhen.dearer",
        "Beijing over Shenzhen": "carbon.ratio.beijing",
    }
    return by_choice(found, CHOICES, ids)


def yardsticks(found: dict[str, Finding]) -> pd.DataFrame:
    """The pilots' prices over what was paid, and P(Shenzhen's multiple is larger), for all trade and by window."""
    parts = {"all until October 2018": ("", "")}
    parts |= {window: (f".{k}", f".window.{k}") for k, window in enumerate(said.WINDOWS, 1)}
    rows = [
        (words, found[f"carbon.pilots.against{against}@without-totals"].text,
         found[f"carbon.wider{wider}@without-totals"].value_text)
        for words, (against, wider) in parts.items()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["trade of the pilots", "their multiple", "Shenzhen's is larger"])


def totals() -> pd.DataFrame:
    """Cumulative totals as printed, with what they imply for a tonne; "over" stands before lower bounds."""
    table = tables.load("carbon_market").fillna({"bound": ""})
    rows = table[table.quantity.isin(["cumulative volume", "cumulative turnover", "volume", "turnover"])]
    rows = rows[rows.unit != "t"]
    shown = (
        rows.bound.map({"lower": "over "}).fillna("") + rows.value.map("{:g}".format) + " " + rows.unit.replace(WORDS)
    )
    made = rows.assign(shown=shown, kind=rows.quantity.str.replace("cumulative ", ""))
    wide = made.pivot(index=["market", "first", "last"], columns="kind", values="shown").fillna("").reset_index()
    return wide.assign(first=wide["first"].dt.strftime("%Y-%m-%d"), last=wide["last"].dt.strftime("%Y-%m-%d"))[
        ["market", "first", "last", "volume", "turnover"]
    ].sort_values(["first", "last", "market"], ignore_index=True)


def share_table(found: dict[str, Finding]) -> pd.DataFrame:
    """Share of each region in output and CO2, and in what was added since the first year, per cent."""
    rows = []
    for key, region in facts.NAMES.items():
        for series, words in facts.SERIES.items():
            first, last = facts.FIRST, facts.LAST[series]
            at = [found[f"carbon.share.{key}.{series}.{year}"].value_text for year in (first, last)]
            rows.append((region, words, at[0], at[1], last, found[f"carbon.growth.{key}.{series}"].value_text))
    columns = ["region", "series", f"share in {facts.FIRST}", "share in the last year", "last year",
               "share of the growth"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)
