"""A rerun against the reference: do this machine's findings agree with the published ones?"""

import json
import math
from statistics import NormalDist

import jingjinji
from jingjinji import cluster, fitting
from jingjinji.errors import BookError
from jingjinji.findings import Finding, did_not_converge

REFERENCE = jingjinji.PROJECT / "results" / "reference.json"
FALSE_ALARM = 0.001
SCORE_SHARE, SCORE_POINTS = 0.1, 5.0


def publish() -> int:
    """Write the findings of the current fits as the reference, and what each fit took; returns how many findings.

    Raises BookError for draft draws, and where a fit did not pass.
    """
    if fitting.draft():
        raise BookError("draft draws are never published: unset JINGJINJI_DRAWS and run 'jingjinji fit'")
    found = fitting.all_findings()
    if found.failed:
        raise BookError(f"{did_not_converge(found.failed)}: nothing is published before it passes the gate")
    rows = {id: {"mean": f.mean, "mcse": f.mcse, "text": f.text} for id, f in sorted(found.items())}
    REFERENCE.parent.mkdir(exist_ok=True)
    aside = REFERENCE.with_suffix(".part")
    aside.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    aside.replace(REFERENCE)
    seconds = {name: fitting.stored_notes(name)["seconds"] for name in fitting.names()}
    rounded = {name: {stage: round(value, 2) for stage, value in parts.items()} for name, parts in seconds.items()}
    cluster.COSTS.write_text(json.dumps(rounded, indent=1) + "\n", encoding="utf-8")
    return len(rows)


def compare() -> str:
    """One sentence when all agree; raises BookError naming the findings that do not.

    The difference of two runs in units of its Monte Carlo error is normal; the bound keeps the probability of any
    false alarm over the whole table at one in a thousand. A score of a whole fit (a coverage, a CRPS) has no Monte
    Carlo error of its own: it may differ by a tenth, a share by five points.
    """
    try:
        published = json.loads(REFERENCE.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BookError(f"{REFERENCE} is missing: restore it from the repository") from None
    except ValueError as error:
        raise BookError(f"{REFERENCE} is not readable as JSON ({error}): restore it from the repository") from None
    here = fitting.all_findings()
    if strangers := published.keys() ^ (here.keys() | here.unpublished.keys()):
        raise BookError(f"the reference and the fits name different findings: {', '.join(sorted(strangers)[:5])}")
    bound = NormalDist().inv_cdf(1 - FALSE_ALARM / 2 / len(here))
    scores = {id: _score(finding, published[id]) for id, finding in here.items()}
    if differing := [id for id, score in scores.items() if score > bound]:
        worst = max(differing, key=scores.get)
        raise BookError(
            f"{len(differing)} of {len(here)} findings differ from {REFERENCE.name}, most of all {worst}: "
            f"{here[worst].text} here, {published[worst]['text']} there, {scores[worst]:.1f} Monte Carlo errors apart "
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


def _score(finding: Finding, reference: dict) -> float:
    error = math.hypot(finding.mcse, reference["mcse"])
    difference = abs(finding.mean - reference["mean"])
    if error == 0:
        least = SCORE_POINTS if finding.unit == "%" else SCORE_SHARE
        return 0.0 if difference <= max(SCORE_SHARE * abs(reference["mean"]), least) else math.inf
    return difference / error
