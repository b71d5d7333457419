"""What is said of fits of `donors`: the named quantities of a fit."""

import numpy as np
import pandas as pd

from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.november.donors import TABLES, Panel, _centred, counterfactual, gaps, position

INSIDE = 1.88
TEN_DAYS = "3 to 12 November 2014"
OF_CITY = {
    "below": ("probability", "probability that {city} lay below its synthetic twin, {ban}"),
    "counterfactual": ("µg/m³", "mean PM2.5 of {city}'s synthetic twin, {ban}"),
    "difference": ("µg/m³", "difference of {city} from its synthetic twin, {ban}"),
}
SCORES = {
    "standing": ("", "Beijing's departure in predictive standard deviations, {ban}", 1),
    "placebos.lower": (
        "%",
        "share of donors, each taken as if the ban had been there, that lie as far below their twins as Beijing or "
        "farther",
        0,
    ),
    "october.outside": ("%", "share of October's city-weeks of the area outside the central 94 % of their twins", 0),
    "october.beijing": (
        "",
        "largest departure of Beijing from its twin in a week of October, in predictive standard deviations",
        1,
    ),
    "later.lower": ("", "weeks after the ban in which Beijing lies as far below its twin as in the ban or farther", 0),
    "later.outside": ("%", "share of the area's city-weeks after the ban outside the central 94 % of their twins", 0),
    "area.below": ("", "cities of the area, of {area}, below the middle of their twins in the ban", 0),
    "explained.beijing": ("%", "share of the variance of Beijing's weeks before the ban that its twin follows", 0),
    "left-out.none": ("%", "departure of Beijing from the middle of its twin, no donor left out", 0),
    "left-out.lowest": ("%", "lowest departure of Beijing when one donor is left out", 0),
    "left-out.highest": ("%", "highest departure of Beijing when one donor is left out", 0),
}
WEEKS = {
    "later.weeks": ("", "weeks after the ban", None),
    "cities": ("", "donor cities", None),
    "weeks": ("", "weeks before the ban that the weights are learnt from", None),
}


def standings(fit) -> pd.DataFrame:
    """Predictive standard deviations by which each city lies above its synthetic twin: city by number of period."""
    rows = {}
    for column, city in enumerate(fit.panel.cities):
        mean, sd = counterfactual(fit.parameters, fit.panel, column)
        total = np.sqrt((sd**2).mean(axis=0) + mean.var(axis=0))
        rows[city] = (fit.panel.log_pm25[:, column] - mean.mean(axis=0)) / total
    return pd.DataFrame.from_dict(rows, orient="index")


def spans(panel: Panel) -> dict[str, tuple[list[int], str]]:
    """Periods of each question: the ban, the two weeks after, two weeks from 30, 60 and 90 days after the ban."""
    after = panel.ban + 1
    found = {
        "ban": ([panel.ban], "3 to 12 November 2014"),
        "after-ban": ([after, after + 1], "the two weeks after the ban"),
    }
    for days in (30, 60, 90):
        first = after + round(days / 7)
        found[f"later-{days}"] = ([first, first + 1], f"two weeks from about {days} days after the ban")
    return found


def findings(fit) -> list[Finding]:
    """Departure of each city from its synthetic twin, its standing among placebos, and the pre-period fit.

    Of a made-up panel Beijing's departure in the ban alone, beside its truth.
    """
    panel, rng, say = fit.panel, np.random.default_rng(fit.seed), Scribe(TABLES, "apec.donors.", fit)
    if panel.truth:
        departure = 100 * np.expm1(gaps(fit, "Beijing", rng)[:, :, panel.ban])
        label, truth = "change of PM2.5 in the ban, other cities", 100 * panel.truth["effect"]
        say.pair("beijing.ban.effect", label, truth, departure, "%")
        return say.made
    for city in panel.cities[: panel.targets if not fit.variant else 1]:
        departure, of_city = gaps(fit, city, rng), say.under(f"{city.lower()}.")
        for key, (periods, words) in spans(panel).items():
            if key == "ban" or not fit.variant:
                effect = 100 * np.expm1(departure[:, :, periods].mean(axis=2))
                of_city.draws(f"{key}.effect", f"departure of {city} from its synthetic twin, {words}", effect, "%")
        measured = np.exp(panel.log_pm25[panel.ban, position(panel, city)])
        without = measured * np.exp(-departure[:, :, panel.ban])
        made = {"below": departure[:, :, panel.ban] < 0, "counterfactual": without, "difference": measured - without}
        of_city.under("ban.").table(OF_CITY, made, city=city, ban=TEN_DAYS)
    say.scores(SCORES, _scores(fit), ban=TEN_DAYS, area=panel.targets)
    if not fit.variant:
        later, before = len(panel.starts) - panel.ban - 1, int(panel.before.sum())
        counts = {"later.weeks": later, "cities": int(panel.donors.sum()), "weeks": before}
        say.under(tables=("city_week",)).facts(WEEKS, counts)
    return say.made


def _scores(fit) -> dict[str, float]:
    """Standing of Beijing among all cities taken as placebos, and how well weeks that it did not learn from are met."""
    panel, every, area = fit.panel, standings(fit), list(fit.panel.cities[: fit.panel.targets])
    place = every[panel.ban]
    made = {"standing": place["Beijing"], "placebos.lower": 100 * (place[panel.donors] <= place["Beijing"]).mean()}
    if fit.variant == "to-september":
        far = every.loc[area, [k for k in range(panel.ban) if not panel.before[k]]].abs()
        made |= {"october.outside": 100 * (far > INSIDE).to_numpy().mean(), "october.beijing": far.loc["Beijing"].max()}
    if fit.variant:
        return made
    later, (known, _) = every.loc[:, panel.ban + 1 :], _centred(panel)
    cities = range(panel.targets)
    means = np.stack([counterfactual(fit.parameters, panel, city)[0].mean(axis=0) for city in cities], axis=1)
    measured = panel.log_pm25[:, : panel.targets]
    missed = np.square(measured - means)[panel.before].mean(axis=0)
    explained = 1 - missed / np.square(known[:, : panel.targets]).mean(axis=0)
    donors = np.flatnonzero(panel.donors)
    single = [counterfactual(fit.parameters, panel, 0, donor)[0][:, panel.ban].mean() for donor in donors]
    none, *effects = 100 * np.expm1(panel.log_pm25[panel.ban, 0] - np.array([means[panel.ban, 0], *single]))
    return made | {
        "later.lower": (later.loc["Beijing"] <= place["Beijing"]).sum(),
        "later.outside": 100 * (later.loc[area].abs() > INSIDE).to_numpy().mean(),
        "area.below": (measured[panel.ban] < means[panel.ban]).sum(),
        "explained.beijing": 100 * explained[0],
        "left-out.none": none,
        "left-out.lowest": min(effects),
        "left-out.highest": max(effects),
    }
