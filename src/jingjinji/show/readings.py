"""A finding in words: how it is printed in prose, what it means, and its shape as a bar or a strip."""

import math
import re

import numpy as np

from jingjinji.core import registry
from jingjinji.core.findings import INTERVAL, PROBABILITY, Finding, probability_text

LIKELY = (
    (0.99, "almost certain"), (0.9, "very likely"), (2 / 3, "likely"), (1 / 3, "about as likely as not"),
    (0.1, "unlikely"), (0.01, "very unlikely"), (0.0, "almost excluded"),
)  # fmt: skip
"""Least probability -> the word for it."""
FIGURES = 3
"""Significant figures of a number that tables give with more."""
CHANGE_BETWEEN_YEARS = re.compile(r"change of (?!.*\b(beyond|share|spread|distance)\b).*\b\d{4} to \d{4}\b")
SPACE, MINUS = "\N{NO-BREAK SPACE}", "\N{MINUS SIGN}"
HOUSE = f"{round(100 * PROBABILITY)}{SPACE}%"
"""The probability of every interval, in words."""
BINS = 40
"""Steps of a strip."""


def in_prose(finding: Finding) -> str:
    """The estimate alone, with its unit, no finer than half the width of its interval lets a reader tell apart.

    A probability has two decimals at most; a number from tables three significant figures, and whole numbers all.
    """
    if finding.is_probability and not finding.exact:
        return probability_text(finding.mean, max(finding.mcse, 0.01), finding.draws.size).replace(" ", SPACE)
    if finding.exact and (finding.error or finding.mean == round(finding.mean)):
        return finding.value_text
    return _coarser(finding.value_text, _decimals(finding))


def with_interval(finding: Finding) -> str:
    """As `in_prose`, with the interval in brackets, which no line breaks: ``−64 % (94 % HDI −66 to −62 %)``."""
    if not finding.interval_text:
        return in_prose(finding)
    kind = "median, " if finding.by_median else ""
    inside = f"{kind}{HOUSE} HDI {interval_in_prose(finding)}"
    return f"{in_prose(finding)} ({inside.replace(' ', SPACE)})"


def interval_in_prose(finding: Finding) -> str:
    """Ends of the interval, as fine as `in_prose`; empty where there is none."""
    low, to, high = finding.interval_text.partition(" to ")
    return f"{_coarser(low, _decimals(finding))}{to}{_coarser(high, _decimals(finding))}"


def in_full(id: str, label: str, fit: str) -> str:
    """The label of a finding, which says of a variant's fit what the variant is: the main fit's label is the same.

    An id that ends in ``@`` and a variant's name is of such a fit, if the fit's name has one too.
    """
    topic, _, variant = fit.partition("/")
    if "@" not in id or not variant or topic not in registry.PLACES:
        return label
    known = registry.module(topic).VARIANTS.get(variant)
    return f"{label} (variant: {known.words})" if known and known.words not in label else label


def reading(finding: Finding) -> str:
    """What a finding says, in one or two plain sentences that begin with its label."""
    label = f"{finding.label[:1].upper()}{finding.label[1:]}"
    if finding.exact:
        return f"{label}: {finding.value_text}. {_of_one_number(finding)}"
    if finding.is_probability:
        return f"{label}: {finding.value_text}, {likely(finding.mean)}. {_of_a_hundred(finding)}"
    about = "half of what is drawn lies below" if finding.by_median else "about"
    said = f"{label}: {about} {in_prose(finding)}. "
    ends = finding.interval_text.replace(" to ", " and ")
    said += f"Given the data and the model, it lies between {ends} with a probability of {HOUSE}."
    return " ".join(filter(None, (said, _of_the_sign(finding), _of_what_is_left(finding))))


def likely(probability: float) -> str:
    """The word for a probability."""
    return next(word for least, word in LIKELY if probability >= least)


def interval_sentence(finding: Finding) -> str:
    """The interval with its kind, or why there is none."""
    if finding.exact:
        return "no interval: an exact quantity" if finding.model == "table" else "no interval: a score of the whole fit"
    if finding.is_probability:
        return "no interval: a probability"
    return f"{finding.interval_text} ({HOUSE} {INTERVAL})"


def diagnostics(finding: Finding) -> str:
    """How well the draws tell the number: their count, what more of them would remove, and whether chains agree."""
    if finding.exact:
        return f"Monte Carlo error {finding.mcse:.2g}" if finding.mcse else "no draws"
    parts = [f"{finding.draws.size} draws", f"Monte Carlo error of the mean {finding.mcse:.2g}"]
    if not finding.is_probability:
        parts.append(f"of the interval {finding.interval_mcse:.2g}")
    convergence = ("bulk ESS", finding.ess, ".0f"), ("R-hat", finding.rhat, ".4f")
    parts += [f"{name} {value:{form}}" for name, value, form in convergence if value == value]
    return ", ".join(parts)


def bar(finding: Finding) -> list[int | None]:
    """Where low end, estimate, high end and zero lie on a bar of length 100.

    Zero is None where it lies far from the interval. Of a probability the bar begins at 0 and ends at the estimate, on
    a scale from 0 to 1; the list is empty for a number without draws.
    """
    if finding.exact:
        return []
    if finding.is_probability:
        return [0, round(100 * finding.mean), round(100 * finding.mean), None]
    left, right, near_zero = _range(finding)
    return [round(100 * (place - left) / (right - left)) for place in _three(finding)] + [
        round(100 * -left / (right - left)) if near_zero else None
    ]


def strip(finding: Finding) -> list[int]:
    """Heights from 0 to 100 of the posterior at `BINS` + 1 places of the bar's range; empty without draws."""
    if finding.exact or finding.is_probability or np.ptp(finding.draws) == 0:
        return []
    left, right, _ = _range(finding)
    counts, _ = np.histogram(finding.draws, bins=BINS + 1, range=(left, right))
    smooth = np.convolve(counts, [1, 2, 3, 2, 1], mode="same")
    return np.round(100 * smooth / smooth.max()).astype(int).tolist()


def _three(finding: Finding) -> tuple[float, float, float]:
    low, high = finding.hdi
    return low, finding.estimate, high


def _range(finding: Finding) -> tuple[float, float, bool]:
    """Left and right end of a bar, three tenths of the interval beyond it, and whether zero stands on it."""
    low, high = finding.hdi
    width = (high - low) or abs(low) or 1.0
    left, right = low - 0.3 * width, high + 0.3 * width
    near = low - width <= 0 <= high + width
    if near:
        left, right = min(left, -0.1 * width), max(right, 0.1 * width)
    return left, right, near


def _decimals(finding: Finding) -> int:
    """Decimals of a finding in prose; negative means tens, hundreds."""
    size = math.floor(math.log10(abs(finding.estimate))) if finding.estimate else 0
    if finding.exact:
        return max(0, FIGURES - 1 - size)
    low, high = finding.hdi
    of_interval = -math.floor(math.log10((high - low) / 2)) if high > low else 15
    return max(of_interval, min(0, 1 - size))


def _coarser(text: str, decimals: int) -> str:
    """A printed number, with unit, rounded to so many decimals if it has more."""
    number, space, unit = text.partition(SPACE)
    has = len(number.partition(".")[2])
    if decimals >= has:
        return text
    value = round(float(number.replace(MINUS, "-")), decimals)
    shown = f"{value:.{max(decimals, 0)}f}"
    shown = shown.lstrip("-") if float(shown) == 0 else shown
    return f"{shown.replace('-', MINUS)}{space}{unit}"


def _of_one_number(finding: Finding) -> str:
    if finding.model != "table":
        return "It is one number of a whole fit, so it has no interval."
    return "It is counted in tables or computed from them without a model, so it has no interval."


def _of_a_hundred(finding: Finding) -> str:
    hundred = round(100 * finding.mean)
    many = "more than 99" if hundred == 100 else "fewer than 1" if hundred == 0 else f"about {hundred}"
    return f"Of 100 histories that agree with the data and the model, {many} are so."


def _of_the_sign(finding: Finding) -> str:
    low, high = finding.hdi
    return "Zero lies inside, so the sign is open." if low < 0 < high else ""


def _of_what_is_left(finding: Finding) -> str:
    if finding.unit != "%" or finding.estimate < -100 or not CHANGE_BETWEEN_YEARS.match(finding.label):
        return ""
    return f"What was 100 became about {100 + finding.estimate:.0f}."
