"""Data envelopment: efficiency by linear programmes, CO2 an undesirable output, intervals by subsampling."""

import numpy as np
import scipy

from jingjinji.core.errors import BookError

RATES = {"constant": 2 / 4, "variable": 2 / 5}
"""Rate at which a score nears that of all possible units, by returns to scale, for four figures a unit (Kneip, Simar
and Wilson 2008, doi 10.1017/S0266466608080651, for radial scores; taken over for slacks)."""
COLUMNS = ("capital", "labour", "output", "CO2")
SIGNS = np.array([1.0, 1.0, -1.0, 1.0])
"""What is too much of each column counts as a slack, of output what is too little."""


def slacks_based(units: np.ndarray, references: np.ndarray, returns: str = "constant") -> np.ndarray:
    """Slacks-based efficiency of each unit against the frontier of its references (Tone 2003), at most 1.

    `units` is (unit, 4), `references` (unit, reference, 4), columns as `COLUMNS`, all positive. The score is one less
    the mean share of capital and labour that the frontier does without, divided by one plus the mean share of lacking
    output and needless CO2. The unit itself is always among its references; one beyond all others has score 1.
    `returns` to scale are ``constant`` or ``variable``.

    Raises BookError where a figure is not positive or a programme has no solution.
    """
    if returns not in RATES:
        raise BookError(f"returns to scale are '{returns}': expected one of {', '.join(RATES)}")
    for name, rows in (("units", units), ("references", references)):
        bad = ~(np.isfinite(rows) & (rows > 0))
        if bad.any():
            place = np.argwhere(bad)[0]
            raise BookError(
                f"{name} of the envelopment, row {place[0] + 1}, column '{COLUMNS[place[-1]]}': found "
                f"{rows[tuple(place)]:g}, expected a positive number; leave the unit out or correct it"
            )
    blocks, right, cost = _programmes(units, references, returns)
    count, rows, columns = blocks.shape
    found = scipy.optimize.linprog(
        np.tile(cost, count), A_eq=_diagonal(blocks), b_eq=np.tile(right, count), method="highs"
    )
    if found.status != 0:
        raise BookError(f"a linear programme of the envelopment has no solution: {found.message}")
    return (found.x.reshape(count, columns) * cost).sum(axis=1)


def _programmes(units: np.ndarray, references: np.ndarray, returns: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Left sides (unit, equation, unknown), right side and cost of the programmes after Charnes and Cooper.

    The unknowns, scaled so that the denominator of the score is one: weights of the references, of the unit itself,
    slacks of the four columns as shares of the unit's own figures, and the scale.
    """
    shares = np.concatenate([references, units[:, None]], axis=1) / units[:, None]
    count, size = shares.shape[:2]
    blocks = np.zeros((count, 6 if returns == "variable" else 5, size + 5))
    blocks[:, :4, :size] = shares.transpose(0, 2, 1)
    blocks[:, :4, size : size + 4] = np.diag(SIGNS)
    blocks[:, :4, -1] = -1
    blocks[:, 4, size + 2 :] = [0.5, 0.5, 1]
    if returns == "variable":
        blocks[:, 5, :size], blocks[:, 5, -1] = 1, -1
    right = np.zeros(blocks.shape[1])
    right[4] = 1
    cost = np.zeros(size + 5)
    cost[[size, size + 1, -1]] = -0.5, -0.5, 1
    return blocks, right, cost


def _diagonal(blocks: np.ndarray) -> "scipy.sparse.csr_array":
    """A matrix with the `blocks` (block, row, column) on its diagonal: their programmes are solved as one."""
    count, rows, columns = blocks.shape
    block, row, column = np.nonzero(blocks)
    places = block * rows + row, block * columns + column
    return scipy.sparse.csr_array((blocks[block, row, column], places), shape=(count * rows, count * columns))


def undominated(rows: np.ndarray, returns: str = "constant") -> np.ndarray:
    """Units (unit, 4) that no other beats in everything: the others cannot change a score."""
    compared = rows[:, [0, 1, 3]] / rows[:, 2:3] if returns == "constant" else rows * SIGNS
    compared, first = np.unique(compared, axis=0, return_index=True)
    no_worse = (compared[None] <= compared[:, None]).all(axis=2)
    np.fill_diagonal(no_worse, False)
    return rows[first[~no_worse.any(axis=1)]]


def yearly_scores(figures: np.ndarray, judged: np.ndarray, reference: np.ndarray, returns: str = "constant"):
    """Scores (year, judged unit) against each year's own frontier; NaN where a judged unit has no figures.

    `figures` is (year, unit, 4), NaN in any column where a unit has none that year; `judged` and `reference` are
    numbers of units.
    """
    years = len(figures)
    fronts = []
    for rows in figures[:, reference]:
        fronts.append(undominated(rows[np.isfinite(rows).all(axis=1)], returns))
    size = max(map(len, fronts))
    padded = np.stack([front[np.arange(size) % len(front)] for front in fronts])
    units = figures[:, judged]
    there = np.isfinite(units).all(axis=2)
    scores = np.full((years, len(judged)), np.nan)
    scores[there] = slacks_based(units[there], padded[np.nonzero(there)[0]], returns)
    return scores


def subsampled(figures: np.ndarray, judged: np.ndarray, size: int, times: int, rng: np.random.Generator) -> np.ndarray:
    """`yearly_scores` with constant returns against `times` random subsets of `size` units: (subset, year, judged).

    A subset is the same in all years. Redrawing as many units as there are misjudges a frontier, because the best units
    are drawn too often or not at all; fewer units, drawn without repetition, do not (Simar and Wilson 2011, doi
    10.1007/s11123-010-0200-4).
    """
    count = figures.shape[1]
    return np.stack([yearly_scores(figures, judged, rng.choice(count, size, replace=False)) for _ in range(times)])


def interval(score: np.ndarray, subsets: np.ndarray, size: int, count: int, probability: float) -> np.ndarray:
    """Ends (2, ...) of the interval of scores (...) from scores in subsets (subset, ...) of `size` of `count` units.

    A smaller sample lies further from the true frontier, by the rate of `RATES`; the distances of the subsets' scores
    from the score are shrunk by it and subtracted.
    """
    tail = (1 - probability) / 2
    distance = (size / count) ** RATES["constant"] * (subsets - score)
    low, high = np.quantile(distance, [1 - tail, tail], axis=0)
    return np.stack([score - low, score - high])
