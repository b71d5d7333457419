"""What tables alone say of dated acts, days of red alert and clean heating."""

from functools import partial

import numpy as np
import pandas as pd

from jingjinji.core import tables
from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe

KINDS = ("plan", "agreement", "alert rule", "enforcement", "campaign", "closure", "heating", "measurement", "event")
RED = ((1, 500, 500.0), (2, 300, 250.0), (4, 200, 150.0))
"""A red alert is due for so many days in a row with a daily air quality index above so much, and the mean of PM2.5
(µg/m³) that has this index."""
STATED = pd.Timestamp("2023-12-31")
"""Day for which the article's shares of clean heating are taken."""


def fact(topic: str, place: str, quantity: str, period: str) -> float:
    """One value of table policy_facts; raises as `tables.cell` does."""
    return tables.cell("policy_facts", topic=topic, place=place, quantity=quantity, period=period)


def findings() -> list[Finding]:
    """Dated acts, the days of red alert, clean heating, what is counted."""
    say = Scribe(("policy_facts",), "governance.")
    _say_acts(say.under(tables=("governance_acts",)))
    _say_alerts(say.under("alert.", tables=("beijing_station_day",)))
    _say_heating(say.under("heating."))
    _say_counts(say)
    return say.made


def _say_acts(say: Scribe) -> None:
    rows = tables.load("governance_acts")
    say.fact("acts", "dated acts in the table", len(rows))
    say.fact("acts.drawn", "acts that the figure draws apart", rows.part_of.isna().sum())
    words = "acts that rest on an article that the book examines"
    say.fact("acts.of-articles", words, (rows.confidence == "article").sum())
    for kind in KINDS:
        say.fact(f"acts.{kind.replace(' ', '-')}", f"acts of kind {kind}", (rows.kind == kind).sum())
    for precision in ("day", "month", "year", "partly-remembered"):
        words = f"acts with a date of precision {precision}"
        say.fact(f"dates.{precision}", words, (rows.date_precision == precision).sum())
    start = rows.set_index("id").start
    years = (start["I023"] - start["I006"]).days / 365.25
    say.fact("alert.after", "years from the national strategy to one alert rule in the region", years, "years", 1)


def red_days(daily: pd.Series) -> pd.Series:
    """Days that lie in a run for which the unified rule gives a red alert, by PM2.5 alone.

    daily : mean PM2.5 (µg/m³) by day; a missing day ends a run.
    """
    daily = daily.asfreq("D")
    red = pd.Series(False, index=daily.index)
    for days, _, limit in RED:
        above = daily > limit
        run = above.groupby((~above).cumsum()).transform("sum")
        red |= above & (run >= days)
    return red


def city_days() -> pd.Series:
    """Daily mean of PM2.5 over Beijing's stations (µg/m³) by date."""
    return tables.load("beijing_station_day").groupby("date").pm25.mean()


def _say_alerts(say: Scribe) -> None:
    red = red_days(city_days())
    begins = red & ~red.shift(1, fill_value=False)
    for year in map(str, range(2013, 2017)):
        words = f"days of {year} in runs that meet the unified rule's red alert, by PM2.5 in Beijing"
        say.fact(f"red-days.{year}", words, red[year].sum(), "days")
        say.fact(f"red-runs.{year}", f"such runs that begin in {year}", begins[year].sum())


def heating() -> dict[str, tuple[float, float]]:
    """Lowest and highest values that rounding allows: all rural households (thousands), shares (%), needs.

    A count's last printed digit is known to half; of "about 1.1 million" to half of the last digit too. The share of
    the last day is what is left of households without clean heating at the pace between the two counts.
    """
    count, share = partial(fact, "clean heating", "Beijing"), "rural households with clean heating"
    late, early, percent = count(share, "2022-04"), count(share, "2018-12"), count(f"share of {share}", "2022-04")
    everyone = (late - 5) / (percent + 0.05) * 100, (late + 5) / (percent - 0.05) * 100
    years = (pd.Timestamp("2022-04-01") - pd.Timestamp("2018-12-31")).days / 365.25
    then = (STATED - pd.Timestamp("2022-04-01")).days / 365.25
    ends = []
    for whole in everyone:
        for known in (percent - 0.05, percent + 0.05):
            for first in (early - 50, early + 50):
                pace = np.log((1 - first / whole) / (1 - known / 100)) / years
                ends.append(100 - (100 - known) * np.exp(-pace * then))
    villages = count("villages with clean heating", "2022-04")
    said = fact("articles", "Beijing", "share of villages with clean heating", "2023")
    first = 100 * (early - 50) / everyone[1], 100 * (early + 50) / everyone[0]
    return {"all": everyone, "share.2018": first, "share.2023": (min(ends), max(ends)),
            "villages.at-least": (100 * villages / (said + 0.5), np.inf)}  # fmt: skip


def _say_heating(say: Scribe) -> None:
    count, found = partial(fact, "clean heating", "Beijing"), heating()
    households = "rural households of Beijing with clean heating"
    for period in ("2017-12", "2018-12", "2022-04"):
        villages = count("villages with clean heating", period)
        say.fact(f"villages.{period[:4]}", f"villages of Beijing with clean heating, {period}", villages)
        heated = count("rural households with clean heating", period)
        say.fact(f"households.{period[:4]}", f"{households}, {period}", heated, "thousand")
    share = count("share of rural households with clean heating", "2022-04")
    say.fact("share.2022", f"{households}, April 2022", share, "%")
    for period in ("2013-04", "2022-04"):
        burnt = count("coal burnt in villages in a winter", period)
        say.fact(f"coal.{period[:4]}", f"coal burnt in Beijing's villages, winter to {period}", burnt, "Mt")
    for key, whose in (("villages", "villages"), ("households", "rural households")):
        quantity = f"share of {whose} with clean heating"
        said = fact("articles", "Beijing", quantity, "2023")
        say.fact(f"claimed.{key}", f"{quantity}, as the article says", said, "%")
    for k, end in enumerate(("low", "high")):
        words = f"rural households of Beijing that count and share imply, {end} end"
        say.fact(f"all.{end}", words, found["all"][k], "thousand", 0)
        for year, when in ((2018, "2018"), (2023, "2023 at the pace since 2018")):
            words = f"share of rural households at the end of {when}, {end} end"
            say.fact(f"share.{year}.{end}", words, found[f"share.{year}"][k], "%", 1)
    words = "villages of Beijing that there must be at least, if the article's share holds and none was lost since 2022"
    say.fact("villages.at-least", words, found["villages.at-least"][0], "", 0)


def _say_counts(say: Scribe) -> None:
    said, reported = (
        partial(fact, topic, "Beijing-Tianjin-Hebei", period="2023") for topic in ("articles", "cooperation")
    )
    both, listed = said("measures of two lists"), reported("measures of the first list")
    say.fact("measures", "measures of two lists, as the article says", both)
    say.fact("measures.first", "measures of the first list, as reported", listed)
    say.fact("measures.second", "measures of the second list that the two figures leave", both - listed)
    say.fact("mechanisms", "mechanisms, at least, as the article says", said("mechanisms"))
    say.fact("departments", "departments, as the article says", said("departments"))
    words = "outer districts that police the borders"
    say.fact("districts", f"{words}, as the article says", said(words))
    words = "years in a row with an autumn-winter campaign"
    say.fact("campaigns", f"{words}, as reported for 2023", reported(words), "years")
