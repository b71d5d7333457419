"""What tables alone say of dated acts, days of red alert and clean heating."""

from functools import partial

import numpy as np
import pandas as pd

from jingjinji.core import tables
from jingjinji.core.findings import Finding, exact

FACTS, ACTS, DAYS = ("policy_facts",), ("governance_acts",), ("beijing_station_day",)

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
    return [*_acts(), *_alerts(), *_heating(), *_counts()]


def _acts() -> list[Finding]:
    rows = tables.load("governance_acts")
    made = [
        exact("governance.acts", "dated acts in the table", len(rows), "", ACTS),
        exact("governance.acts.drawn", "acts that the figure draws apart", int(rows.part_of.isna().sum()), "", ACTS),
        exact("governance.acts.of-articles", "acts that rest on an article that the book examines",
              int((rows.confidence == "article").sum()), "", ACTS),
    ]  # fmt: skip
    for kind in KINDS:
        made.append(exact(f"governance.acts.{kind.replace(' ', '-')}", f"acts of kind {kind}",
                          int((rows.kind == kind).sum()), "", ACTS))  # fmt: skip
    for precision in ("day", "month", "year", "partly-remembered"):
        made.append(exact(f"governance.dates.{precision}", f"acts with a date of precision {precision}",
                          int((rows.date_precision == precision).sum()), "", ACTS))  # fmt: skip
    start = rows.set_index("id").start
    months = (start["I023"] - start["I006"]).days / 365.25
    made.append(exact("governance.alert.after", "years from the national strategy to one alert rule in the region",
                      round(months, 1), "years", ACTS))  # fmt: skip
    return made


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


def _alerts() -> list[Finding]:
    red = red_days(city_days())
    begins = red & ~red.shift(1, fill_value=False)
    made = []
    for year in (2013, 2014, 2015, 2016):
        made += [
            exact(f"governance.alert.red-days.{year}", f"days of {year} in runs that meet the unified rule's red "
                  "alert, by PM2.5 in Beijing", int(red[str(year)].sum()), "days", DAYS),
            exact(f"governance.alert.red-runs.{year}", f"such runs that begin in {year}",
                  int(begins[str(year)].sum()), "", DAYS),
        ]  # fmt: skip
    return made


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


def _heating() -> list[Finding]:
    made, count = [], partial(fact, "clean heating", "Beijing")
    for key, period in (("2017", "2017-12"), ("2018", "2018-12"), ("2022", "2022-04")):
        made += [
            exact(f"governance.heating.villages.{key}", f"villages of Beijing with clean heating, {period}",
                  count("villages with clean heating", period), "", FACTS),
            exact(f"governance.heating.households.{key}", f"rural households of Beijing with clean heating, {period}",
                  count("rural households with clean heating", period), "thousand", FACTS),
        ]  # fmt: skip
    made.append(exact("governance.heating.share.2022", "rural households of Beijing with clean heating, April 2022",
                      count("share of rural households with clean heating", "2022-04"), "%", FACTS))  # fmt: skip
    for period in ("2013-04", "2022-04"):
        made.append(exact(f"governance.heating.coal.{period[:4]}", "coal burnt in Beijing's villages, winter to "
                          f"{period}", count("coal burnt in villages in a winter", period), "Mt", FACTS))  # fmt: skip
    said = partial(fact, "articles", "Beijing")
    for key, quantity in (("villages", "share of villages with clean heating"),
                          ("households", "share of rural households with clean heating")):  # fmt: skip
        made.append(exact(f"governance.heating.claimed.{key}", f"{quantity}, as the article says",
                          said(quantity, "2023"), "%", FACTS))  # fmt: skip
    found = heating()
    for end, k in (("low", 0), ("high", 1)):
        made += [
            exact(f"governance.heating.all.{end}", f"rural households of Beijing that count and share imply, {end} end",
                  round(found["all"][k]), "thousand", FACTS),
            exact(f"governance.heating.share.2018.{end}", f"share of rural households at the end of 2018, {end} end",
                  round(found["share.2018"][k], 1), "%", FACTS),
            exact(f"governance.heating.share.2023.{end}", "share of rural households at the end of 2023 at the pace "
                  f"since 2018, {end} end", round(found["share.2023"][k], 1), "%", FACTS),
        ]  # fmt: skip
    made.append(exact("governance.heating.villages.at-least", "villages of Beijing that there must be at least, if the "
                      "article's share holds and none was lost since 2022", round(found["villages.at-least"][0]), "",
                      FACTS))  # fmt: skip
    return made


def _counts() -> list[Finding]:
    region = "Beijing-Tianjin-Hebei"
    said = partial(fact, "articles", region)
    listed = fact("cooperation", region, "measures of the first list", "2023")
    both = said("measures of two lists", "2023")
    return [
        exact("governance.measures", "measures of two lists, as the article says", both, "", FACTS),
        exact("governance.measures.first", "measures of the first list, as reported", listed, "", FACTS),
        exact("governance.measures.second", "measures of the second list that the two figures leave", both - listed,
              "", FACTS),
        exact("governance.mechanisms", "mechanisms, at least, as the article says", said("mechanisms", "2023"), "",
              FACTS),
        exact("governance.departments", "departments, as the article says", said("departments", "2023"), "", FACTS),
        exact("governance.districts", "outer districts that police the borders, as the article says",
              said("outer districts that police the borders", "2023"), "", FACTS),
        exact("governance.campaigns", "years in a row with an autumn-winter campaign, as reported for 2023",
              fact("cooperation", region, "years in a row with an autumn-winter campaign", "2023"), "years", FACTS),
    ]  # fmt: skip
