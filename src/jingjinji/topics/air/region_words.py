"""Words of a region's page that follow from its findings and its descriptor: names of places, and which way it went."""

import calendar
from collections.abc import Callable

from jingjinji.core import intake
from jingjinji.core.findings import Finding, find
from jingjinji.show import readings
from jingjinji.topics.air import region

SURE = 0.97
"""Probability from which on a heading says that something is so: that of one side of a central 94 % interval."""
TAKES_MUCH = 10.0
"""Per cent of a change that the prior takes, from which on the answer says so."""
ABOUT = region.ABOUT


def _month(text: str) -> str:
    return f"{calendar.month_name[int(text[5:])]} {text[:4]}"


def _went(findings: dict[str, Finding]) -> str:
    """Which way the mean of all cities went, where the sign is known, and that it is open, where it is not."""
    change, fell = find(findings, "region.change"), find(findings, "region.fell")
    size = readings.in_prose(change).lstrip("\N{MINUS SIGN}")
    if fell.mean >= SURE:
        return f"PM2.5 fell by {size}"
    if fell.mean <= 1 - SURE:
        return f"PM2.5 rose by {size}"
    return "it is open whether PM2.5 fell or rose"


def _cities_went(findings: dict[str, Finding]) -> str:
    """How many cities fell, where the probability of each is high enough to say so."""
    shorts = intake.slugs(ABOUT.cities)
    fell = sum((find(findings, f"region.city.{short}").draws < 0).mean() >= SURE for short in shorts.values())
    rose = sum((find(findings, f"region.city.{short}").draws > 0).mean() >= SURE for short in shorts.values())
    if find(findings, "region.all-fell").mean >= SURE:
        return "Every city fell"
    if fell == len(shorts):
        return f"Each of {fell} cities clearly fell by itself"
    if not fell and not rose:
        return "Of no city is it clear whether it fell"
    told = [f"{count} clearly {word}" for count, word in ((fell, "fell"), (rose, "rose")) if count]
    return f"Of {len(shorts)} cities {' and '.join(told)}"


def _sorted(findings: dict[str, Finding]) -> list[str]:
    shorts = intake.slugs(ABOUT.cities)
    return sorted(shorts, key=lambda city: find(findings, f"region.city.{shorts[city]}").mean)


def _lasting(findings: dict[str, Finding]) -> str:
    """Where the change as measured lies: inside or outside the interval of the lasting one."""
    measured, change = find(findings, "region.change.measured"), find(findings, "region.change")
    low, high = change.hdi
    return "inside the interval" if low <= measured.estimate <= high else "outside the interval"


def _drawn_back(findings: dict[str, Finding]) -> str:
    """What the prior makes of the answer, where that is much."""
    takes = find(findings, "region.prior.takes")
    if takes.mean < TAKES_MUCH:
        return ""
    return (
        "The record is short: the prior, for which standing still is the likeliest, takes "
        f"{readings.in_prose(takes)} of a lasting change, on average."
    )


def _arithmetic(findings: dict[str, Finding]) -> str:
    """Whether the change as measured is arithmetic alone."""
    if find(findings, "region.change.measured").exact:
        return "That is arithmetic"
    return "That is arithmetic but for what the model had to predict or to convert"


def _missing(findings: dict[str, Finding]) -> str:
    """What missing months leave open."""
    missing = find(findings, "region.cells.missing")
    if not missing.mean:
        return "No month of any city is missing."
    return (
        f"{readings.in_prose(missing)} months of cities are missing. They are predicted as if they were missing by "
        "chance: where monitors stood still because the air was bad, the means are too low."
    )


def _official_apart(findings: dict[str, Finding]) -> str:
    """How far official means lie from the months, where a year was measured in full."""
    if not find(findings, "region.official.compared").mean:
        return "None of them can be held against a year of which every month was measured."
    mean, most = (readings.in_prose(find(findings, f"region.official.{key}")) for key in ("mean", "most"))
    return f"The means of the months lie {mean} from these on average, and {most} at most."


def _why_split(findings: dict[str, Finding]) -> str:
    """Why years begin in another month than January."""
    if find(findings, "region.calendar-years").mean < 2:
        return "because the record has no two whole calendar years"
    return "as was asked for"


def _usual_air(findings: dict[str, Finding]) -> str:
    """For which air the usual change of ruler is told."""
    known = ABOUT.height.keys() >= {*ABOUT.cities}
    return "at the cities' heights" if known else "at the sea, and by more where a city lies high"


def _closer(findings: dict[str, Finding]) -> str:
    smaller = find(findings, "region.spread.smaller").mean
    if smaller >= SURE:
        return "cities came closer together"
    return "cities moved apart" if smaller <= 1 - SURE else "whether cities came closer together is open"


def _forecast(findings: dict[str, Finding]) -> str:
    """Whether the intervals of the forecast hold as many months as they would where the model is right."""
    share, low, high = (find(findings, f"region.forecast.coverage94{end}").mean for end in ("", ".low", ".high"))
    many = "as many" if low <= share <= high else "fewer" if share < low else "more"
    return f"held {many} months {'as' if many == 'as many' else 'than'} a right model's would"


def _better(findings: dict[str, Finding]) -> str:
    """Which simple forecasts the model's outdid; its months err together, so no error says whether that is luck."""
    better, worse = [], []
    for key, words in (("same-month", "the same month of the year before"), ("climatology", "a season with a line")):
        (better if find(findings, f"region.forecast.gain.{key}").mean > 0 else worse).append(words)
    told = [
        f"{word} than {' and than '.join(rivals)}" for word, rivals in (("better", better), ("worse", worse)) if rivals
    ]
    return f"It did {' and '.join(told)}. Its months err together, so that this is one trial and may be luck."


WORDS: dict[str, Callable[[dict[str, Finding]], str]] = {
    "region.first": lambda findings: ABOUT.year(ABOUT.years[0]),
    "region.last": lambda findings: ABOUT.year(ABOUT.years[1]),
    "region.begins": lambda findings: calendar.month_name[ABOUT.starts],
    "region.ends": lambda findings: calendar.month_name[ABOUT.starts - 1],
    "region.ruler": lambda findings: _month(ABOUT.ruler),
    "region.procedure": lambda findings: _month(ABOUT.procedure),
    "region.went": _went,
    "region.cities-went": _cities_went,
    "region.drawn-back": _drawn_back,
    "region.arithmetic": _arithmetic,
    "region.missing": _missing,
    "region.official-apart": _official_apart,
    "region.why-split": _why_split,
    "region.usual-air": _usual_air,
    "region.lowest.city": lambda findings: _sorted(findings)[0],
    "region.next.city": lambda findings: _sorted(findings)[1],
    "region.highest.city": lambda findings: _sorted(findings)[-1],
    "region.measured-is": _lasting,
    "region.closer": _closer,
    "region.forecast.held": _forecast,
    "region.forecast.better": _better,
}
"""Id, as findings have them -> words of all findings; raises as `findings.find` does."""
