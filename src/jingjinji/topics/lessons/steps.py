"""A step in an autoregression, without a sampler: made-up months, and the exact likelihood of a step.

A month is y_t = level + slope t + step E_t + e_t with e_t = persistence e_{t-1} + surprise; E_t is zero before the
change and one from it on. Level, slope and the size of surprises are integrated out in closed form, with flat priors
(the size's on its logarithm); the persistence on a grid, with a flat prior. What is left is the likelihood of the step,
which any prior of the step multiplies. Values are natural logarithms, time is counted in years.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

MONTHS, CHANGE, SLOW = 96, 68, 24
"""Months of a made-up record, months before its change, and months over which a slow change comes."""
SURPRISE, SLOPE, STEP = 0.15, -0.1, -0.25
"""Standard deviation of a month's surprise, yearly slope, and change: about 22 % down."""
PERSISTENCE = 0.8
SEED, RECORDS = 1, 200
PERSISTENCES = np.linspace(0, 0.98, 50)
STEPS = np.linspace(-2, 2, 801)
PROBABILITY = 0.94
KINDS = {"no change": 0, "a step": 1, "a slow change": SLOW}
"""What happens in a made-up record -> months that it takes."""


@dataclass(frozen=True)
class Likelihood:
    """What a record says of a step.

    steps : (step,) equally spaced. density : (record, step), each row with the integral one.
    persistence : (record,) mean of the persistence.
    """

    steps: np.ndarray
    density: np.ndarray
    persistence: np.ndarray


def course(kind: str, months: int = MONTHS, change: int = CHANGE) -> np.ndarray:
    """(month,) share of a change of this kind (`KINDS`) that has come."""
    if not KINDS[kind]:
        return np.zeros(months)
    return np.clip((np.arange(months) - change + 1) / KINDS[kind], 0, 1)


def _courses() -> dict[str, np.ndarray]:
    return {kind: course(kind) for kind in KINDS}


def autoregression(
    persistence: float, rng: np.random.Generator, records: int = 1, months: int = MONTHS, surprise: float = SURPRISE
) -> np.ndarray:
    """(month, record) of a stationary first-order autoregression."""
    drawn = surprise * rng.standard_normal((months, records))
    drawn[0] /= np.sqrt(1 - persistence**2)
    return scipy.signal.lfilter([1.0], [1.0, -persistence], drawn, axis=0)


def made_up(
    persistence: float = PERSISTENCE,
    records: int = 1,
    seed: int = SEED,
    courses: Mapping[str, np.ndarray] | None = None,
) -> dict[str, np.ndarray]:
    """Kind -> (month, record): the same months with a change that takes each of the `courses`.

    courses : kind -> (month,) share of the change that is there; by default those of `KINDS`.
    """
    rest = autoregression(persistence, np.random.default_rng(seed), records) + SLOPE * _years(MONTHS)[:, None]
    return {kind: rest + STEP * np.asarray(share)[:, None] for kind, share in (courses or _courses()).items()}


def innovations(values: np.ndarray, persistence: float) -> np.ndarray:
    """What an autoregression sees of values (month, ...): each less what it expected, the first at its own scale."""
    return np.concatenate([np.sqrt(1 - persistence**2) * values[:1], values[1:] - persistence * values[:-1]])


def design(months: int = MONTHS, change: int = CHANGE, trend: bool = True) -> np.ndarray:
    """(month, column): level, slope where there is a `trend`, and the step last."""
    columns = [np.ones(months), *([_years(months)] if trend else []), np.arange(months) >= change]
    return np.column_stack(columns).astype(float)


def likelihood(
    records: np.ndarray, persistences: np.ndarray = PERSISTENCES, trend: bool = True, change: int = CHANGE
) -> Likelihood:
    """The likelihood of a step from `change` on in records (month, record); one persistence is taken as known."""
    months = len(records)
    weights, densities = [], []
    for persistence in persistences:
        columns = innovations(design(months, change, trend), persistence)
        values = innovations(records, persistence)
        covariance = np.linalg.inv(columns.T @ columns)
        fitted = covariance @ columns.T @ values
        squares = ((values - columns @ fitted) ** 2).sum(axis=0)
        free = months - columns.shape[1]
        error = np.sqrt(squares / free * covariance[-1, -1])
        weights.append(
            0.5 * np.log(1 - persistence**2) + 0.5 * np.linalg.slogdet(covariance)[1] - 0.5 * free * np.log(squares)
        )
        distance = (STEPS - fitted[-1][:, None]) / error[:, None]
        densities.append((1 + distance**2 / free) ** (-0.5 * (free + 1)) / error[:, None])
    chance = scipy.special.softmax(np.array(weights), axis=0)
    return Likelihood(
        STEPS, _scaled(np.einsum("pr,prs->rs", chance, np.array(densities))), np.asarray(persistences) @ chance
    )


def posterior(found: Likelihood, mean: float = 0.0, sd: float = np.inf) -> np.ndarray:
    """(record, step) density of the step with a normal prior; with an infinite `sd`, a flat one."""
    return _scaled(found.density * np.exp(-0.5 * ((found.steps - mean) / sd) ** 2))


def highest(density: np.ndarray, probability: float = PROBABILITY) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, and ends of the highest-density interval, of densities (record, step) over `STEPS`."""
    mass = density / density.sum(axis=-1, keepdims=True)
    order = np.argsort(-mass, axis=-1)
    ranked = np.take_along_axis(mass, order, axis=-1)
    inside = np.zeros(mass.shape, dtype=bool)
    np.put_along_axis(inside, order, np.cumsum(ranked, axis=-1) - ranked < probability, axis=-1)
    low = STEPS[inside.argmax(axis=-1)]
    high = STEPS[len(STEPS) - 1 - inside[..., ::-1].argmax(axis=-1)]
    return mass @ STEPS, low, high


def share_of_the_edge(persistence: float, months: int = MONTHS - CHANGE) -> float:
    """What part of the information on a step that lasts so many months comes from its first month."""
    return 1 / (1 + (months - 1) * (1 - persistence) ** 2)


def error_of_step(persistence: float, months: int, trend: bool = True) -> float:
    """Standard error of a step in the middle of a record, in surprises of a month, with a known persistence."""
    columns = innovations(design(months, months // 2, trend), persistence)
    return float(np.sqrt(np.linalg.inv(columns.T @ columns)[-1, -1]))


def edges() -> pd.DataFrame:
    """By persistence, what the first month gives, and how little more months help."""
    rows = []
    for persistence in (0.0, 0.3, 0.6, 0.9, 0.97):
        errors = {months: error_of_step(persistence, months) for months in (48, 96, 192, 384)}
        rows.append({"persistence": persistence, "share of the first month (%)": 100 * share_of_the_edge(persistence)}
                    | {f"error, {months} months": error for months, error in errors.items()})  # fmt: skip
    return pd.DataFrame(rows)


def experience(
    courses: Mapping[str, np.ndarray] | None = None, records: int = RECORDS, seed: int = SEED
) -> pd.DataFrame:
    """What two analyses say of many made-up records with a persistence of `PERSISTENCE`.

    Of each kind of record, the change that was put in (at its largest), the mean estimate, and of how many records (per
    cent) the interval leaves zero outside, so that a change is found, and holds what was put in. `courses` are those of
    `made_up`.
    """
    rows = []
    courses = courses or _courses()
    for kind, values in made_up(records=records, seed=seed, courses=courses).items():
        truth = 0.0 + STEP * np.max(courses[kind])
        for analysis, persistences in {"by itself": np.zeros(1), "with memory": PERSISTENCES}.items():
            mean, low, high = highest(posterior(likelihood(values, persistences)))
            rows.append({"record": kind, "each month": analysis, "put in (%)": per_cent(truth),
                         "estimate (%)": per_cent(mean.mean()),
                         "change found (%)": 100 * np.mean((low > 0) | (high < 0)),
                         "truth inside (%)": 100 * np.mean((low <= truth) & (truth <= high))})  # fmt: skip
    return pd.DataFrame(rows)


def told(density: np.ndarray) -> str:
    """A density (step,) in words: mean and interval of the change, in per cent."""
    mean, low, high = (per_cent(float(value)) for value in highest(density))
    return f"{mean:.0f} % ({100 * PROBABILITY:.0f} % HDI {low:.0f} to {high:.0f} %)".replace("-", "\N{MINUS SIGN}")


def told_of(months: np.ndarray, memory: bool = True) -> str:
    """What months (month, 1) say of the step, in words; without `memory` each month is taken by itself."""
    return told(posterior(likelihood(months, PERSISTENCES if memory else np.zeros(1)))[0])


def priors(record: np.ndarray, wanted: dict[str, tuple[float, float]]) -> pd.DataFrame:
    """What a record (month,) says of the step under priors, words -> mean and standard deviation of the logarithm."""
    found = likelihood(record[:, None])
    return pd.DataFrame(
        {"prior": words, "step": told(posterior(found, *prior)[0])} for words, prior in wanted.items()
    )  # fmt: skip


def table(seed: int = SEED) -> pd.DataFrame:
    """The made-up record of the lesson: month 1, 2, ..., whether the change has begun, and the three series."""
    columns = {kind.replace(" ", "_"): values[:, 0].round(4) for kind, values in made_up(seed=seed).items()}
    month = np.arange(1, MONTHS + 1)
    return pd.DataFrame({"month": month, "after_the_change": (month > CHANGE).astype(int)} | columns)


def per_cent(log_change):
    """A change of a logarithm in per cent."""
    return 100 * np.expm1(log_change)


def _years(months: int) -> np.ndarray:
    return (np.arange(months) - (months - 1) / 2) / 12


def _scaled(density: np.ndarray) -> np.ndarray:
    return density / (density.sum(axis=-1, keepdims=True) * (STEPS[1] - STEPS[0]))
