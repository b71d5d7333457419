"""What the page on carbon markets shows of the fits: claims with verdicts, checks by group, answers by choice."""

import numpy as np
import pandas as pd

from jingjinji import carbon_facts, tables
from jingjinji.carbon_facts import REGIONS
from jingjinji.findings import Finding
from jingjinji.models import carbon
from jingjinji.prior_draws import prior_parameters

HOLDS, FAILS, OPEN = "holds", "does not hold", "not decided"
ABOVE, BELOW = "published prices are above it", "published prices are below it"
NOT_AGAINST, UNTESTED = "the tables do not contradict it", "not testable here"
SURE = 0.9
"""Probability from which a direction is called decided."""
SHORT = {"Beijing": "BJ", "Tianjin": "TJ", "Shanghai": "SH", "Chongqing": "CQ", "Hubei": "HB", "Guangdong": "GD",
         "Shenzhen": "SZ", "Fujian": "FJ", "national": "CN"}  # fmt: skip
GROUPS = {
    "average, July 2013 to June 2014": (2013, 2014.25),
    "average, July 2014 to June 2015": (2014.25, 2016),
    "close, December 2020": (2016, 2022),
    "averages and a close, 2023 and 2024": (2022, 2025),
}
"""Middle of the period of the prices in each group of the check, from and below."""
CHOICES = {
    "main fit": "",
    "without the pilots' totals": "@without-totals",
    "without closes": "@without-closes",
    "without idle closes": "@without-idle",
    "first period later": "@late-periods",
    "markets may differ more": "@wide-markets",
}


def _groups(panel: carbon.Panel) -> dict[str, tuple[list[str], np.ndarray]]:
    """Labels and positions (among the figures) of each group; the totals' windows are the last group."""
    prices, found = panel.prices, {}
    for title, (first, last) in GROUPS.items():
        use = ((prices.centre >= first) & (prices.centre < last)).to_numpy()
        found[title] = [SHORT[carbon.MARKETS[market]] for market in prices.market[use]], np.flatnonzero(use)
    ends = [f"to {int(last)}" for last in panel.totals["last"] - 0.01]
    found["windows between totals of seven pilots"] = ends, len(prices) + np.arange(len(panel.totals))
    return found


def check_prices(fit) -> dict[str, tuple[list[str], dict[str, tuple[np.ndarray, np.ndarray]]]]:
    """Printed figures drawn anew and as printed: group -> (markets, {"price": (drawn (draw, figure), printed)})."""
    known = carbon.values(fit)
    drawn = carbon.drawn_figures(fit, known, carbon.log_levels(fit, known))
    printed = np.exp(carbon.loadings(fit.panel).printed)
    return {
        title: (labels, {"price": (drawn[:, at], printed[at])}) for title, (labels, at) in _groups(fit.panel).items()
    }


def prior_prices(panel: carbon.Panel, draws: int, seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Figures as the priors alone expect them beside the printed ones, CNY/t: kind -> (drawn, printed)."""
    model = carbon.build(panel)
    prior = prior_parameters(model, ["figures", *[variable.name for variable in model.free_RVs]], draws, seed)
    known = {variable.name: prior[variable.name].values.ravel() for variable in model.free_RVs}
    rng, made = np.random.default_rng(seed), carbon.loadings(panel)
    log_level = carbon.LEVEL[0] + carbon.LEVEL[1] * rng.normal(size=(draws, 1, 1)) + carbon.drawn_levels(known, rng)
    scale = carbon.error_scale({key: draw[:, None] for key, draw in known.items()}, made.total, made.close, made.idle)
    drawn = np.exp(np.einsum("dmy,fmy->df", log_level, made.of) + scale * rng.normal(size=scale.shape))
    printed = np.exp(made.printed)
    kinds = {"averages": (made.total + made.close) == 0, "closes": made.close > 0, "windows": made.total > 0}
    return {kind: (drawn[:, use].ravel(), printed[use]) for kind, use in kinds.items()}


def paths(fit) -> dict[str, tuple[np.ndarray, pd.DataFrame]]:
    """Price of each market by year (draw, year), CNY/t, and its printed prices (columns centre, price, close, idle).

    Markets that are not among the seven pilots opened later: nan before the year of their first printed price.
    """
    price, rows = np.exp(carbon.log_levels(fit, carbon.values(fit))), fit.panel.prices
    made = {}
    for k, market in enumerate(carbon.MARKETS):
        printed = rows[rows.market == k]
        known = (market in carbon.PILOTS) | (int(printed.centre.min()) <= carbon.YEARS)
        name = "national market" if market == "national" else market
        made[name] = np.where(known, price[:, k], np.nan), printed
    return made


def answers(found: dict[str, Finding]) -> pd.DataFrame:
    """Shenzhen's prices and the claim's by choice of data and priors, a row a choice."""
    columns = {
        "Shenzhen, ten years": "carbon.shenzhen.weighted",
        "multiple of the claim's": "carbon.shenzhen.against",
        "dearer than claimed": "carbon.shenzhen.dearer",
        "Beijing over Shenzhen": "carbon.ratio.beijing",
    }
    rows = {
        choice: {column: found[f"{id}{end}"].text for column, id in columns.items()} for choice, end in CHOICES.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("choice").reset_index()


def totals() -> pd.DataFrame:
    """Cumulative totals as printed, with what they imply for a tonne; "over" stands before lower bounds."""
    table = tables.load("carbon_market").fillna({"bound": ""})
    rows = table[table.quantity.isin(["cumulative volume", "cumulative turnover", "volume", "turnover"])]
    rows = rows[rows.unit != "t"]
    shown = rows.bound.map({"lower": "over "}).fillna("") + rows.value.map("{:g}".format) + " " + rows.unit
    made = rows.assign(shown=shown, kind=rows.quantity.str.replace("cumulative ", ""))
    wide = made.pivot(index=["market", "first", "last"], columns="kind", values="shown").fillna("").reset_index()
    return wide.assign(first=wide["first"].dt.strftime("%Y-%m-%d"), last=wide["last"].dt.strftime("%Y-%m-%d"))[
        ["market", "first", "last", "volume", "turnover"]
    ].sort_values(["first", "last", "market"], ignore_index=True)


def share_table(found: dict[str, Finding]) -> pd.DataFrame:
    """Share of each region in output and CO2, and in what was added since the first year, per cent."""
    rows = []
    for key, region in carbon_facts.NAMES.items():
        for series, words in carbon_facts.SERIES.items():
            first, last = carbon_facts.FIRST, carbon_facts.LAST[series]
            at = [found[f"carbon.share.{key}.{series}.{year}"].value_text for year in (first, last)]
            rows.append((region, words, at[0], at[1], last, found[f"carbon.growth.{key}.{series}"].value_text))
    columns = ["region", "series", f"share in {carbon_facts.FIRST}", "share in the last year", "last year",
               "share of the growth"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def of_the_price(dearer: Finding) -> str:
    """Verdict on the price that the claim implies, from the probability that published prices are above it."""
    return ABOVE if dearer.mean > SURE else BELOW if dearer.mean < 1 - SURE else OPEN


def pulls(found: dict[str, Finding]) -> str:
    """Whether the three regions have more of the growth than they had at its start, in output and both inventories."""
    more = [
        found[f"carbon.growth.three.{series}"].mean > found[f"carbon.share.three.{series}.{carbon_facts.FIRST}"].mean
        for series in carbon_facts.SERIES
    ]
    return HOLDS if all(more) else FAILS if not any(more) else OPEN


def lighter(found: dict[str, Finding]) -> str:
    """Whether CO2 per output of the three regions fell against all provinces' in both inventories."""
    fell = [
        found[f"carbon.intensity.three.{series}.{carbon_facts.LAST[series]}"].mean
        < found[f"carbon.intensity.three.{series}.{carbon_facts.FIRST}"].mean
        for series in carbon_facts.INVENTORIES
    ]
    return HOLDS if all(fell) else FAILS if not any(fell) else OPEN


def claims(found: dict[str, Finding]) -> pd.DataFrame:
    """What the articles say of carbon and of green finance, beside the tables; verdicts follow by stated rules."""
    text = {id: finding.value_text for id, finding in found.items()}
    volume, turnover = found["carbon.claim.volume"].mean, found["carbon.claim.turnover"].mean
    of_pilots = carbon_facts.fact("seven pilots", "cumulative turnover", "end Oct 2018")
    count = sum(map(len, REGIONS.values()))
    even = 100 * count / carbon_facts.provinces().index.get_level_values("province").nunique()
    series = {key: (carbon_facts.FIRST, carbon_facts.LAST[key]) for key in carbon_facts.SERIES}
    large = [found[f"carbon.share.three.{key}.{last}"].mean > even for key, (_, last) in series.items()]
    first = [(found[f"carbon.beijing.first.{key}"], found[f"carbon.beijing.years.{key}"]) for key in ("edgar", "ceads")]
    grew = ", ".join(f"{text[f'carbon.growth.three.{key}']} of the growth of {words} after "
                     f"{text[f'carbon.share.three.{key}.{carbon_facts.FIRST}']} of it"
                     for key, words in carbon_facts.SERIES.items())  # fmt: skip
    intensity = ", ".join(
        f"{text[f'carbon.intensity.three.{key}.{series[key][0]}']} in {series[key][0]} and "
        f"{text[f'carbon.intensity.three.{key}.{series[key][1]}']} in {series[key][1]} ({carbon_facts.SERIES[key]})"
        for key in carbon_facts.INVENTORIES
    )
    rows = [
        (f"Shenzhen traded over {text['carbon.claim.volume']} in ten years",
         "no second total of Shenzhen; a year of it is not more than all pilots trade in a year",
         f"{text['carbon.shenzhen.yearly']} a year; all pilots {text['carbon.volume.pilots.2023']} in 2023",
         NOT_AGAINST if volume / 10 < found["carbon.volume.pilots.2023"].mean else FAILS),
        (f"for over {text['carbon.claim.turnover']}", "not more than seven pilots together until October 2018",
         f"over {of_pilots:g} billion CNY", NOT_AGAINST if turnover < of_pilots else FAILS),
        (f"a tonne was therefore about {text['carbon.implied.shenzhen']}",
         f"published prices are above or below it with a probability of {SURE:g}, else not decided",
         f"{found['carbon.shenzhen.weighted'].text}; above with probability {text['carbon.shenzhen.dearer']}",
         of_the_price(found["carbon.shenzhen.dearer"])),
        ("its turnover rate is the first of the country", "needs volume and cap of each pilot in one year",
         "no pilot with both", UNTESTED),
        ("three regions are a locomotive in size",
         f"their share is above {even:.0f} %, that of {count} of the provinces, in output and both inventories",
         ", ".join(f"{text[f'carbon.share.three.{key}.{last}']} of {carbon_facts.SERIES[key]} ({last})"
                   for key, (_, last) in series.items()), HOLDS if all(large) else FAILS if not any(large) else OPEN),
        ("they are a locomotive that pulls",
         f"their share of the growth since {carbon_facts.FIRST} is above their share then, in all three series",
         grew, pulls(found)),
        ("there, output gets lighter in carbon", "CO2 per output falls against all provinces' in both inventories",
         intensity, lighter(found)),
        ("Beijing has had the least CO2 per output for years",
         f"rank one of thirty provinces in every year since {carbon_facts.FIRST}, in both inventories",
         ", ".join(f"{one.mean:g} of {all_.value_text}" for one, all_ in first),
         HOLDS if all(one.mean == all_.mean for one, all_ in first) else FAILS),
        ("they rank at the top in economy, low-carbon resources and industry",
         "needs resources and industry by region",
         f"output alone: {text[f'carbon.share.three.gdp.{series['gdp'][1]}']} of all", UNTESTED),
        ("green industries concentrate there", "needs output or firms of these industries by province", "none",
         UNTESTED),
        ("Beijing builds the national centre for voluntary reductions", "needs a dated record of the centre",
         f"only the volume of voluntary reductions, {text['carbon.volume.voluntary.2023']} in 2023", UNTESTED),
        ("Beijing ranked first among low-carbon pilot cities in 2023", "needs the assessment", "none", UNTESTED),
        ("four places of Beijing are in the first batch of pilots for less pollution and carbon", "needs the list",
         "none", UNTESTED),
        ("computing centres save electricity markedly", "needs their electricity", "none", UNTESTED),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["the articles say", "rule", "found", "verdict"])
    return table[["the articles say", "verdict", "found", "rule"]]
