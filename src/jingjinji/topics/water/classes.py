"""Classes of surface water after GB 3838-2002 and the settlement that a compensation agreement could compute.

The limits are the standard's, in mg/L. Total nitrogen has limits for lakes and reservoirs only: it is not part of a
river's class.
"""

from dataclasses import dataclass

import numpy as np

from jingjinji.core.errors import BookError

CLASSES = ("I", "II", "III", "IV", "V", "below V")
LIMITS = {
    "river": {
        "codmn": (2.0, 4.0, 6.0, 10.0, 15.0),
        "nh3n": (0.15, 0.5, 1.0, 1.5, 2.0),
        "tp": (0.02, 0.1, 0.2, 0.3, 0.4),
    },
    "lake": {
        "codmn": (2.0, 4.0, 6.0, 10.0, 15.0),
        "nh3n": (0.15, 0.5, 1.0, 1.5, 2.0),
        "tp": (0.01, 0.025, 0.05, 0.1, 0.2),
        "tn": (0.2, 0.5, 1.0, 1.5, 2.0),
    },
}

ITEMS = 21
"""Items that the class of a river section counts: the 24 basic ones of the standard without temperature, total nitrogen
and faecal coliforms (Ministry of Environmental Protection, Huanban 2011 no. 22)."""


def limits(pollutant: str, water: str = "river") -> tuple[float, ...]:
    """Upper limits of the classes I to V (mg/L); raises BookError where the standard has none."""
    if water not in LIMITS:
        raise BookError(f"there are no classes for '{water}': expected one of {', '.join(LIMITS)}")
    if pollutant not in LIMITS[water]:
        raise BookError(
            f"GB 3838-2002 has no class limit of '{pollutant}' for a {water}: expected one of "
            f"{', '.join(LIMITS[water])}"
        )
    return LIMITS[water][pollutant]


def water_class(concentrations: dict[str, np.ndarray], water: str = "river") -> np.ndarray:
    """Index into `CLASSES` of the worst of the pollutants; each an array (mg/L) of one shape.

    Raises BookError for a concentration below zero and for a pollutant without a limit.
    """
    worst = None
    for pollutant, values in concentrations.items():
        values = np.asarray(values, dtype=float)
        if (values < 0).any():
            raise BookError(
                f"{pollutant}: found a concentration of {values.min():g} mg/L, expected zero or more; a reading below "
                "the limit is given as missing with its flag"
            )
        index = np.searchsorted(np.array(limits(pollutant, water)), values, side="left")
        worst = index if worst is None else np.maximum(worst, index)
    if worst is None:
        raise BookError("there is no concentration to classify: expected at least one pollutant")
    return worst


@dataclass(frozen=True)
class Rates:
    """Unit rates of a settlement. The agreement's own are not published: every default is assumed.

    Parameters
    ----------
    advance : paid whatever the outcome (10⁸ CNY); for 2018 the reports give 2.
    quality : paid when every section keeps class II, in proportion to the months in which it does (10⁸ CNY).
    water : paid for each 10⁸ m³ above the baseline (10⁸ CNY).
    baseline : inflow from which water is paid (10⁸ m³ a year); "the mean since 2000", no number published.
    nitrogen : paid for each per cent by which the mean of total nitrogen falls (10⁸ CNY).
    tasks : paid for the share of the upstream tasks that are done (10⁸ CNY).
    """

    advance: float = 2.0
    quality: float = 0.5
    water: float = 0.2
    baseline: float = 3.0
    nitrogen: float = 0.02
    tasks: float = 0.5


def settlement(
    kept: np.ndarray, inflow: np.ndarray | float, nitrogen_change: np.ndarray | float, done: float, rates: Rates
) -> dict[str, np.ndarray]:
    """Parts of a year's payment (10⁸ CNY) and their sum, for each draw.

    Parameters
    ----------
    kept : share of months in which the class was kept (draw,), between 0 and 1.
    inflow : water that crossed the border in the year (10⁸ m³).
    nitrogen_change : change of mean total nitrogen against the year before (%), negative for a fall.
    done : share of the upstream tasks that are done.
    rates : the assumed unit rates.
    """
    kept = np.asarray(kept, dtype=float)
    if ((kept < 0) | (kept > 1)).any() or not 0 <= done <= 1:
        raise BookError(
            f"shares of months and tasks must lie between 0 and 1: found {kept.min():g} to {kept.max():g} and {done:g}"
        )
    zero = np.zeros_like(kept)
    parts = {
        "advance": rates.advance + zero,
        "quality": rates.quality * kept,
        "water": rates.water * np.maximum(np.asarray(inflow) - rates.baseline, 0) + zero,
        "nitrogen": rates.nitrogen * np.maximum(-np.asarray(nitrogen_change), 0) + zero,
        "tasks": rates.tasks * done + zero,
    }
    return parts | {"total": sum(parts.values())}
