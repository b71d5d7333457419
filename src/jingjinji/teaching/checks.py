"""Answers that a notebook can check and does not show: a seal of the right one, and whether an answer fits it."""

import hashlib
import math

ROUNDS = 100_000
"""Of the hash: a check takes about a tenth of a second. It hides an answer from who reads, not from who tries many."""


def seal(name: str, answer: object, within: float = 0.0) -> str:
    """What stands in a notebook for the right answer of the exercise of that name.

    Parameters
    ----------
    answer : a number, which another may miss by less than `within`, or a word, which must be the same in any case.
    within : in the unit of the answer; above 0 for a number.

    Numbers are counted in steps of twice the tolerance, with the right one in the middle of a step. The seal holds the
    tolerance, where steps begin, and a hash of the number of the step: what lies between two steps can be read from it,
    the answer cannot.

    Raises ValueError for a number without a tolerance, or one that is not finite.
    """
    if isinstance(answer, str | bool):
        return f"word {_hash(name, _word(answer))}"
    value = float(answer)
    if not (within > 0 and math.isfinite(value)):
        raise ValueError(f"answer of {name} is {value} within {within}: expected a finite number and a tolerance")
    begin = (value - within) % (2 * within)
    return f"{within!r} {begin!r} {_hash(name, str(_step(value, within, begin)))}"


def agrees(name: str, answer: object, sealed: str) -> bool:
    """Whether an answer is the one that was sealed for the exercise of that name; False for what cannot be one."""
    *measures, digest = sealed.split()
    if measures == ["word"]:
        return isinstance(answer, str | bool) and _hash(name, _word(answer)) == digest
    within, begin = map(float, measures)
    try:
        value = float(answer)
    except (TypeError, ValueError):
        return False
    return math.isfinite(value) and _hash(name, str(_step(value, within, begin))) == digest


def _word(answer: str | bool) -> str:
    return " ".join(str(answer).casefold().split())


def _step(value: float, within: float, begin: float) -> int:
    return math.floor((value - begin) / (2 * within))


def _hash(name: str, answer: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", answer.encode(), name.encode(), ROUNDS).hex()[:32]
