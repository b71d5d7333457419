"""What is said of fits of `donors`: the named quantities of a fit."""

from functools import partial

import numpy as np
import pandas as pd

from jingjinji.core.findings import Finding, exact, record
from jingjinji.topics.november.donors import TABLES, Panel, _centred, counterfactual, gaps, position

INSIDE = 1.88


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
    if fit.panel.truth:
        return _recovered(fit)
    suffix = f"@{fit.variant}" if fit.variant else ""
    name = partial(record, model=fit.name, panel=TABLES, suffix=suffix)
    panel, rng, made = fit.panel, np.random.default_rng(fit.seed), []
    area = panel.cities[: panel.targets]
    questions = spans(panel)
    for city in area if not fit.variant else area[:1]:
        departure = gaps(fit, city, rng)
        for key, (periods, words) in questions.items():
            if fit.variant and key != "ban":
                continue
            made.append(
                name(
                    f"apec.donors.{city.lower()}.{key}.effect",
                    f"departure of {city} from its synthetic twin, {words}",
                    100 * np.expm1(departure[:, :, periods].mean(axis=2)),
                    "%",
                )
            )
        made.append(
            name(
                f"apec.donors.{city.lower()}.ban.below",
                f"probability that {city} lay below its synthetic twin, 3 to 12 November 2014",
                departure[:, :, panel.ban] < 0,
                "probability",
            )
        )
        measured = np.exp(panel.log_pm25[panel.ban, position(panel, city)])
        without = measured * np.exp(-departure[:, :, panel.ban])
        made += [
            name(
                f"apec.donors.{city.lower()}.ban.counterfactual",
                f"mean PM2.5 of {city}'s synthetic twin, 3 to 12 November 2014",
                without,
                "µg/m³",
            ),
            name(
                f"apec.donors.{city.lower()}.ban.difference",
                f"difference of {city} from its synthetic twin, 3 to 12 November 2014",
                measured - without,
                "µg/m³",
            ),
        ]
    return made + _scores(fit, suffix)


def _recovered(fit) -> list[Finding]:
    """True effect of the ban in a made-up panel, and what the model gives back."""
    departure = gaps(fit, "Beijing", np.random.default_rng(fit.seed))[:, :, fit.panel.ban]
    label, id, suffix = "change of PM2.5 in the ban, other cities", "beijing.ban.effect", f"@{fit.variant}"
    truth = 100 * fit.panel.truth["effect"]
    return [
        exact(f"apec.donors.truth.{id}{suffix}", f"truth: {label}", truth, "%", ()),
        record(f"apec.donors.{id}", label, 100 * np.expm1(departure), "%", model=fit.name, panel=(), suffix=suffix),
    ]


def _scores(fit, suffix: str) -> list[Finding]:
    """Standing of Beijing among all cities taken as placebos, and how well weeks that it did not learn from are met."""
    panel = fit.panel
    every = standings(fit)
    place = every[panel.ban]
    placebos = place[panel.donors]
    rank = 100 * (placebos <= place["Beijing"]).mean()
    made = [
        exact(
            f"apec.donors.standing{suffix}",
            "Beijing's departure in predictive standard deviations, 3 to 12 November 2014",
            round(float(place["Beijing"]), 1),
            "",
            TABLES,
            fit.name,
        ),
        exact(
            f"apec.donors.placebos.lower{suffix}",
            "share of donors, each taken as if the ban had been there, that lie as "
            "far below their twins as Beijing or farther",
            round(float(rank)),
            "%",
            TABLES,
            fit.name,
        ),
    ]
    if fit.variant == "to-september":
        weeks = [k for k in range(panel.ban) if not panel.before[k]]
        far = every.loc[list(panel.cities[: panel.targets]), weeks].abs()
        made += [
            exact(
                "apec.donors.october.outside",
                "share of October's city-weeks of the area outside the central 94 % of their twins",
                round(float(100 * (far > INSIDE).to_numpy().mean())),
                "%",
                TABLES,
                fit.name,
            ),
            exact(
                "apec.donors.october.beijing",
                "largest departure of Beijing from its twin in a week of October, in predictive standard deviations",
                round(float(far.loc["Beijing"].max()), 1),
                "",
                TABLES,
                fit.name,
            ),
        ]
    if not fit.variant:
        later = every.loc[:, panel.ban + 1 :]
        of_area = later.loc[list(panel.cities[: panel.targets])].abs()
        low = panel.log_pm25[panel.ban, : panel.targets] < [
            counterfactual(fit.parameters, panel, city)[0][:, panel.ban].mean() for city in range(panel.targets)
        ]
        made += [
            exact(
                "apec.donors.later.lower",
                "weeks after the ban in which Beijing lies as far below its twin as in the ban or farther",
                int((later.loc["Beijing"] <= place["Beijing"]).sum()),
                "",
                TABLES,
                fit.name,
            ),
            exact("apec.donors.later.weeks", "weeks after the ban", later.shape[1], "", ("city_week",)),
            exact(
                "apec.donors.later.outside",
                "share of the area's city-weeks after the ban outside the central 94 % of their twins",
                round(float(100 * (of_area > INSIDE).to_numpy().mean())),
                "%",
                TABLES,
                fit.name,
            ),
            exact(
                "apec.donors.area.below",
                f"cities of the area, of {panel.targets}, below the middle of their twins in the ban",
                int(low.sum()),
                "",
                TABLES,
                fit.name,
            ),
        ]
        known, _ = _centred(panel)
        fitted = []
        for city in range(panel.targets):
            mean, _ = counterfactual(fit.parameters, panel, city)
            fitted.append(np.square(panel.log_pm25[panel.before, city] - mean.mean(axis=0)[panel.before]).mean())
        explained = 1 - np.array(fitted) / np.square(known[:, : panel.targets]).mean(axis=0)
        single = [
            counterfactual(fit.parameters, panel, 0, k)[0][:, panel.ban].mean() for k in np.flatnonzero(panel.donors)
        ]
        effects = 100 * np.expm1(panel.log_pm25[panel.ban, 0] - np.array(single))
        made += [
            exact(
                "apec.donors.explained.beijing",
                "share of the variance of Beijing's weeks before the ban that its twin follows",
                round(float(100 * explained[0])),
                "%",
                TABLES,
                fit.name,
            ),
            exact(
                "apec.donors.left-out.lowest",
                "lowest departure of Beijing when one donor is left out",
                round(float(effects.min())),
                "%",
                TABLES,
                fit.name,
            ),
            exact(
                "apec.donors.left-out.highest",
                "highest departure of Beijing when one donor is left out",
                round(float(effects.max())),
                "%",
                TABLES,
                fit.name,
            ),
            exact("apec.donors.cities", "donor cities", int(panel.donors.sum()), "", ("city_week",)),
            exact(
                "apec.donors.weeks",
                "weeks before the ban that the weights are learnt from",
                int(panel.before.sum()),
                "",
                ("city_week",),
            ),
        ]
    return made
