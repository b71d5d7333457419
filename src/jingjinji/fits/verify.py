"""A rerun against the reference: do this machine's findings agree with the published ones?

The rule. A finding with draws is compared by its mean and by its 3 % and 97 % quantiles, whose Monte Carlo errors are
known on both sides, a score of a whole fit by its own Monte Carlo error. Each difference, divided by the errors of both
sides, has Student's t distribution: the errors are estimated, that of a mean from sixteen batches of the draws or from
as much, that of a quantile from the few draws beside it. A finding is as unlikely as the least likely of its
comparisons, times their number (Bonferroni). It has *changed* where that, times the number of published findings, is
less than `FALSE_ALARM`; otherwise it is *noise*. Of two right runs therefore no finding at all is said to have changed,
but for one pair of runs in a hundred at most, however findings hang together.

A score whose own error nobody has computed is compared by its standard deviation over runs with other seeds
(``benchmarks/soak.py``), with as many degrees of freedom as runs less one. Where all these runs agreed, it is a count
or a rounded number, and may be off by one in its last place. Where there were no such runs it is not judged, and is
named if it differs. What is read or computed from tables is the same to nine digits, or has changed.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from scipy import stats

import jingjinji
from jingjinji.core import published
from jingjinji.core.errors import BookError
from jingjinji.core.findings import Finding, Findings, did_not_converge
from jingjinji.fits import cluster, fitting, gate, world

REFERENCE = fitting.PUBLISHED
SCATTER = jingjinji.PROJECT / "results" / "scatter.json"
"""Of scores of whole fits: their standard deviation over runs with other seeds, and how many runs (``soak.py``)."""
FALSE_ALARM = 0.01
"""Most that the probability may be that any finding of a right rerun is said to have changed."""
TAILS = (0.03, 0.97)
COMPARED = {"mean": ("mcse", 30), "low": ("interval_mcse", 8), "high": ("interval_mcse", 8)}
"""What is compared of a finding -> its Monte Carlo error, and the degrees of freedom of the error of a difference.

The error of a mean is known from `BATCHES` on both sides. That of a quantile hangs on the few draws beside it: beside a
tail of few draws far out, differences in a thousand or in ten thousand are as large as eight degrees of freedom say.
"""
SAME_DIGITS = 1e-9

SAME, NOISE, CHANGED, NEW, GONE = "same", "noise", "changed", "new", "gone"
UNJUDGED, ABSENT = "not judged", "not compared"
DIFFERENT = (CHANGED, NEW, GONE)
"""What keeps a rerun from agreeing with the reference."""


@dataclass(frozen=True)
class Shift:
    """What became of a published finding.

    Parameters
    ----------
    id, label : of the finding.
    fit : the fit that says it, ``<topic>.facts`` for tables alone.
    status : ``same``, ``noise``, ``changed``, ``new``, ``gone``, ``not judged``, ``not compared``.
    errors : normal Monte Carlo errors that would be as unlikely; inf for what may not differ and does, None where
        nobody knows how much it scatters, or there is nothing to compare.
    there, here : what is kept of it (`row`), published and in this run; None where there is none.
    why : of what is not judged or not compared, the reason.
    """

    id: str
    label: str
    fit: str
    status: str
    errors: float | None
    there: dict | None
    here: dict | None
    why: str = ""

    def as_dict(self) -> dict:
        """As JSON, which has no infinity: of what may not differ and does, `errors` is None."""
        infinite = self.errors is not None and math.isinf(self.errors)
        return asdict(self) | ({"errors": None} if infinite else {})


def publish() -> int:
    """Write the findings of the current fits as the reference, with their world and what each fit took.

    Returns how many findings. Raises BookError for draft draws, for other seeds than the book's own, where a fit did
    not pass, and where one passed beyond the gate's last look, as no fresh build would.
    """
    if fitting.draft():
        raise BookError("draft draws are never published: unset JINGJINJI_DRAWS and run 'jingjinji fit'")
    if fitting.shift():
        raise BookError(
            "findings of other seeds are never published, so that nobody chooses the seeds that pass: unset "
            "JINGJINJI_SEED and run 'jingjinji fit'"
        )
    found, made_by = fitting.all_findings(), fitting.makers()
    if found.failed:
        raise BookError(f"{did_not_converge(found.failed)}: nothing is published before it passes the gate")
    stored = fitting.stored_notes(fitting.names())
    if beyond := [name for name, notes in stored.items() if notes["count"] > gate.LOOKS[-1]]:
        raise BookError(
            f"fit '{beyond[0]}' passed after {stored[beyond[0]]['count']} draws of each chain, beyond the gate's last "
            f"look at {gate.LOOKS[-1]}: no fresh build goes so far, so mend its model first"
        )
    rows = {id: row(finding) | {"fit": made_by.get(id, finding.model)} for id, finding in sorted(found.items())}
    published.write(REFERENCE, rows)
    published.write(world.MADE_WITH, world.today())
    seconds = {name: notes["seconds"] for name, notes in stored.items()}
    rounded = {name: {stage: round(value, 2) for stage, value in parts.items()} for name, parts in seconds.items()}
    published.write(cluster.COSTS, rounded)
    return len(rows)


def compare(here: Findings, made_by: Mapping[str, str], *, with_scatter: bool = True) -> list[Shift]:
    """What became of every finding, largest shift first: see the rule above.

    here : findings of this run, which know of those whose fit is absent or did not pass.
    made_by : id -> fit, as `fitting.makers` tells of stored ones.
    with_scatter : False where the scatter of scores is not to be used, as by the runs that it is made of.

    Raises BookError where the reference is missing or damaged.
    """
    there = published.read(REFERENCE)
    if not all(isinstance(kept, dict) and "mean" in kept for kept in there.values()):
        raise BookError(f"{REFERENCE} has not the form of a reference: restore it from the repository")
    scatter = published.read(SCATTER)["scores"] if with_scatter and SCATTER.exists() else {}
    shifts = []
    for id in {**there, **here}:
        fit = made_by.get(id) or there.get(id, {}).get("fit", "")
        shifts.append(_shift(id, fit, here, there.get(id), scatter.get(id), len(there)))
    return sorted(shifts, key=_order)


def summary(shifts: list[Shift]) -> str:
    """How many findings are what, in one sentence."""
    counts = {status: sum(shift.status == status for shift in shifts)
              for status in (SAME, NOISE, CHANGED, NEW, GONE, UNJUDGED, ABSENT)}  # fmt: skip
    said = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    largest = max((shift.errors for shift in shifts if shift.status == NOISE), default=0.0)
    noise = f"; the largest noise is {largest:.2f} Monte Carlo errors" if counts[NOISE] else ""
    return f"{len(shifts)} findings beside {REFERENCE.name}: {said or 'none'}{noise}."


def chance(scores: np.ndarray, freedom: np.ndarray) -> np.ndarray:
    """Probability of the least likely of some comparisons, times their number, at most 1.

    scores : (..., comparison), differences in units of their Monte Carlo errors.
    freedom : (comparison,), degrees of freedom of these errors. Returns an array (...).
    """
    return np.minimum(1, scores.shape[-1] * 2 * stats.t.sf(np.abs(scores), freedom).min(axis=-1))


def has_changed(chance: np.ndarray | float, published: int) -> np.ndarray | bool:
    """Whether a finding of that `chance` has changed, where so many are published."""
    return chance < FALSE_ALARM / published


def row(finding: Finding) -> dict:
    """What is kept of a finding: mean, 3 % and 97 % quantiles, their Monte Carlo errors, and the printed text."""
    kept = {"mean": finding.mean, "mcse": finding.mcse, "text": finding.text}
    if finding.interval_text:
        low, high = np.quantile(finding.draws, TAILS)
        kept |= {"low": float(low), "high": float(high), "interval_mcse": finding.interval_mcse}
    return kept


def _shift(id: str, fit: str, here: Findings, there: dict | None, scatter: dict | None, count: int) -> Shift:
    """What became of one finding, of so many that are published."""
    if id in here:
        finding, mine = here[id], row(here[id])
        if there is None:
            return Shift(id, finding.label, fit, NEW, math.inf, None, mine)
        if _is_same(mine, there):
            return Shift(id, finding.label, fit, SAME, 0.0, there, mine)
        likely = _chance(finding, mine, there, scatter)
        if likely is None:
            why = "it differs, and nobody knows how much it scatters: run benchmarks/soak.py"
            return Shift(id, finding.label, fit, UNJUDGED, None, there, mine, why)
        status = CHANGED if has_changed(likely, count) else NOISE
        return Shift(id, finding.label, fit, status, float(stats.norm.isf(likely / 2)), there, mine)
    if id in here.unpublished:
        label, fit = here.unpublished[id]
        return Shift(id, label, fit, ABSENT, None, there, None, here.failed.get(fit, ""))
    return Shift(id, id, fit, GONE, math.inf, there, None)


def _is_same(mine: dict, there: dict) -> bool:
    names = [name for name in COMPARED if name in mine or name in there]
    return all(name in mine and name in there and math.isclose(mine[name], there[name], rel_tol=SAME_DIGITS)
               for name in names)  # fmt: skip


def _chance(finding: Finding, mine: dict, there: dict, scatter: dict | None) -> float | None:
    """Probability of a difference as large between two right runs; None where nobody knows."""
    known = [(mine[value] - there[value], math.hypot(mine[of], there[of]), freedom)
             for value, (of, freedom) in COMPARED.items() if value in mine and value in there]  # fmt: skip
    if scores := [(difference / error, freedom) for difference, error, freedom in known if error]:
        return float(chance(*np.array(scores).T))
    difference = abs(mine["mean"] - there["mean"])
    if finding.model == "table" or not finding.exact:
        return 0.0
    if not scatter:
        return None
    if scatter["sd"]:
        return float(2 * stats.t.sf(difference / (scatter["sd"] * math.sqrt(2)), scatter["runs"] - 1))
    return 1.0 if difference < 1.5 * _last_place(mine["mean"], there["mean"]) else 0.0


def _last_place(*values: float) -> float:
    """The place of the last digit of rounded numbers, of at most four decimals: 0.1 of 39 and 39.2."""
    decimals = max(len(f"{value:.4f}".rstrip("0").partition(".")[2]) for value in values)
    return 10.0**-decimals


def _order(shift: Shift) -> tuple:
    """Largest shift first; what cannot be told comes after what has changed, what is not compared last."""
    if shift.status in (UNJUDGED, ABSENT):
        return (1 if shift.status == UNJUDGED else 3, 0.0, shift.id)
    return (0 if shift.status in DIFFERENT else 2, -shift.errors, shift.id)
