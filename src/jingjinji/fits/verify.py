"""A rerun against the reference: do this machine's findings agree with the published ones?"""

import json
import math

import numpy as np
import scipy

import jingjinji
from jingjinji.core import published
from jingjinji.core.errors import BookError
from jingjinji.core.findings import Finding, did_not_converge
from jingjinji.fits import cluster, fitting

REFERENCE = fitting.PUBLISHED
SCATTER = jingjinji.PROJECT / "results" / "scatter.json"
"""Of scores of whole fits: their standard deviation over runs with other seeds, and how many runs (``soak.py``)."""
FALSE_ALARM = 0.001
FREEDOM = 30
"""Degrees of freedom of a difference's Monte Carlo error, which is itself estimated, from `BATCHES` on both sides."""
TAILS = (0.03, 0.97)
SAME = 1e-9
SCORE_SHARE, SCORE_POINTS = 0.1, 5.0
"""What a score may differ by whose scatter nobody has seen: a share of it, or percentage points."""


def publish() -> int:
    """Write the findings of the current fits as the reference, and what each fit took; returns how many findings.

    Raises BookError for draft draws, for other seeds than the book's own, and where a fit did not pass.
    """
    if fitting.draft():
        raise BookError("draft draws are never published: unset JINGJINJI_DRAWS and run 'jingjinji fit'")
    if fitting.shift():
        raise BookError(
            "findings of other seeds are never published, so that nobody chooses the seeds that pass: unset "
            "JINGJINJI_SEED and run 'jingjinji fit'"
        )
    found = fitting.all_findings()
    if found.failed:
        raise BookError(f"{did_not_converge(found.failed)}: nothing is published before it passes the gate")
    rows = {id: _row(finding) for id, finding in sorted(found.items())}
    published.write(REFERENCE, rows)
    seconds = {name: notes["seconds"] for name, notes in fitting.stored_notes(fitting.names()).items()}
    rounded = {name: {stage: round(value, 2) for stage, value in parts.items()} for name, parts in seconds.items()}
    published.write(cluster.COSTS, rounded)
    return len(rows)


def compare(*, with_scatter: bool = True) -> str:
    """One sentence when all agree; raises BookError naming the findings that do not.

    Means and the 3 % and 97 % quantiles are compared: ends of the shortest interval have no Monte Carlo error of their
    own. Differences between two runs, in units of that error, have Student's t distribution; the bound keeps the
    probability of any false alarm over the whole table at one in a thousand. What is read or computed from tables is
    the same to nine digits. A score of a whole fit (a coverage, a CRPS) is compared by its own Monte Carlo error. Where
    that is not known it may differ by a tenth, a share by five points, and by no more than its scatter over runs with
    other seeds allows, unless that is not to be used.
    """
    there = published.read(REFERENCE)
    here = fitting.all_findings()
    if strangers := there.keys() ^ (here.keys() | here.unpublished.keys()):
        raise BookError(f"the reference and the fits name different findings: {', '.join(sorted(strangers)[:5])}")
    scatter = json.loads(SCATTER.read_text("utf-8"))["scores"] if with_scatter and SCATTER.exists() else {}
    # two sides of at most three comparisons a finding
    bound = float(scipy.stats.t.isf(FALSE_ALARM / 6 / len(here), FREEDOM))
    scores = {id: _score(finding, there[id], scatter.get(id)) for id, finding in here.items()}
    if differing := [id for id, score in scores.items() if score > bound]:
        worst = max(differing, key=scores.get)
        raise BookError(
            f"{len(differing)} of {len(here)} findings differ from {REFERENCE.name}, most of all {worst}: "
            f"{here[worst].text} here, {there[worst]['text']} there, {scores[worst]:.1f} Monte Carlo errors apart "
            f"where {bound:.1f} are allowed"
        )
    largest = max(scores.values())
    words = (
        f"{len(here)} findings agree with {REFERENCE.name}; the largest difference is {largest:.2f} Monte Carlo errors"
    )
    if here.failed:
        raise BookError(
            f"{words}, but {len(here.unpublished)} were not compared, because {did_not_converge(here.failed)}"
        )
    return f"{words}."


def _row(finding: Finding) -> dict:
    """What is kept of a finding: mean, 3 % and 97 % quantiles, their Monte Carlo errors, and the printed text."""
    row = {"mean": finding.mean, "mcse": finding.mcse, "text": finding.text}
    if finding.interval_text:
        low, high = np.quantile(finding.draws, TAILS)
        row |= {"low": float(low), "high": float(high), "interval_mcse": finding.interval_mcse}
    return row


def _score(finding: Finding, reference: dict, scatter: dict | None) -> float:
    """The largest difference from the reference, in Monte Carlo errors; inf for what may not differ and does."""
    here = _row(finding)
    scores = []
    for value, of in (("mean", "mcse"), ("low", "interval_mcse"), ("high", "interval_mcse")):
        if value in here and value in reference and (error := math.hypot(here[of], reference[of])):
            scores.append(abs(here[value] - reference[value]) / error)
    if not scores:
        return _score_of_single(finding, reference, scatter)
    return max(scores)


def _score_of_single(finding: Finding, reference: dict, scatter: dict | None) -> float:
    difference = abs(finding.mean - reference["mean"])
    if finding.model == "table" or not finding.exact:
        return 0.0 if difference <= SAME * abs(reference["mean"]) else math.inf
    least = SCORE_POINTS if finding.unit == "%" else SCORE_SHARE
    if difference > max(SCORE_SHARE * abs(reference["mean"]), least):
        return math.inf
    if not scatter:
        return 0.0
    # as many Monte Carlo errors as would be as unlikely
    unlikely = scipy.stats.t.sf(difference / (scatter["sd"] * math.sqrt(2)), scatter["runs"] - 1)
    return float(scipy.stats.t.isf(unlikely, FREEDOM))
