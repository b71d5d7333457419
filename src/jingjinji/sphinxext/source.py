"""Where the extension gets the findings from, once a build, and how it sees that they changed."""

import hashlib
import importlib
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path

import jingjinji.core.findings
from jingjinji.core.findings import Finding, Findings
from jingjinji.show import readings


def findings(app) -> Findings:
    """Every finding, by id, with its label in full; read once for each Sphinx application."""
    if not hasattr(app, "jingjinji_findings"):
        found = _module(app.config).all_findings()
        app.jingjinji_findings = _in_full(found if isinstance(found, Findings) else Findings(found))
    return app.jingjinji_findings


def _in_full(found: Findings) -> Findings:
    labels = {id: readings.in_full(id, one.label, one.model) for id, one in found.items()}
    named = {id: one if one.label == labels[id] else one.labelled(labels[id]) for id, one in found.items()}
    absent = {id: (readings.in_full(id, label, fit), fit) for id, (label, fit) in found.unpublished.items()}
    return Findings(named, absent, found.failed)


def every_id(app) -> list[str]:
    """Ids of all findings, in order, those that are not published too."""
    found = findings(app)
    return sorted({*found, *found.unpublished})


def failed(app) -> dict[str, str]:
    """Every fit that did not converge on this machine, with one sentence of what failed."""
    return findings(app).failed


def is_draft(config) -> bool:
    """True when the fits behind the findings were made with few draws or with prior draws."""
    return bool(_module(config).draft())


def shift(config) -> int:
    """By how much the seeds of the fits behind the findings are shifted; nought for the book's own."""
    return _module(config).shift()


def digest(app, ids: Iterable[str]) -> str:
    """One hash of everything that decides how the findings of these ids are printed.

    Their draws are hashed and not their texts: where those are not stored, their intervals take seconds to compute.
    """
    total = hashlib.sha256(f"{_printing()} {is_draft(app.config)}".encode())
    known = findings(app)
    for id in ids:
        if id in known.unpublished:
            label, fit = known.unpublished[id]
            total.update(repr((id, label, fit, known.failed.get(fit))).encode())
        elif id in known:
            _add(total, known[id])
    return total.hexdigest()


def _add(total, finding: Finding) -> None:
    about = finding.id, finding.label, finding.unit, finding.model, finding.panel, finding.code, finding.draws.shape
    total.update(repr((*about, finding.error, finding.by_median)).encode())
    total.update(finding.draws.tobytes())


@cache
def _printing() -> str:
    """The code that rounds and prints, and the version of the library that computes intervals."""
    code = b"".join(Path(module.__file__).read_bytes() for module in (jingjinji.core.findings, readings))
    return f"{hashlib.sha256(code).hexdigest()} {metadata.version('arviz-stats')}"


def _module(config):
    return importlib.import_module(config.jingjinji_findings_source)
