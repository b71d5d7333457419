"""Words of a region's page that follow from its findings and its descriptor: names of places, and which way it went."""

import calendar
from collections.abc import Callable

from jingjinji.core import intake
from jingjinji.core.findings import Finding, find
from jingjinji.show import readings
from jingjinji.topics.air import region

SURE = 0.97
"""Probability from which on a heading says that something is so: that of one side of a central 94 % interval."""
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
    if fell == len(shorts):
        return "Every city fell"
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
    """Against which simple forecasts the model's gain, or its loss, is more than two standard errors."""
    better, worse = [], []
    for key, words in (("same-month", "the same month of the year before"), ("climatology", "a season with a line")):
        gain, error = (find(findings, f"region.forecast.{what}.{key}").mean for what in ("gain", "gain-error"))
        if abs(gain) > 2 * error:
            (better if gain > 0 else worse).append(words)
    told = [
        f"{word} than {' and than '.join(rivals)}" for word, rivals in (("better", better), ("worse", worse)) if rivals
    ]
    if told:
        return f"It did {' and '.join(told)}."
    return "It is open whether it did better or worse than simple forecasts."


WORDS: dict[str, Callable[[dict[str, Finding]], str]] = {
    "region.first": lambda findings: ABOUT.year(ABOUT.years[0]),
    "region.last": lambda findings: ABOUT.year(ABOUT.years[1]),
    "region.begins": lambda findings: calendar.month_name[ABOUT.starts],
    "region.ends": lambda findings: calendar.month_name[ABOUT.starts - 1],
    "region.ruler": lambda findings: _month(ABOUT.ruler),
    "region.procedure": lambda findings: _month(ABOUT.procedure),
    "region.went": _went,
    "region.cities-went": _cities_went,
    "region.lowest.city": lambda findings: _sorted(findings)[0],
    "region.highest.city": lambda findings: _sorted(findings)[-1],
    "region.measured-is": _lasting,
    "region.closer": _closer,
    "region.forecast.held": _forecast,
    "region.forecast.better": _better,
}
"""Id, as findings have them -> words of all findings; raises as `findings.find` does."""
