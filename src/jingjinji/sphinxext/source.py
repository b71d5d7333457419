"""Where the extension gets the findings from, once a build, and how it sees that they changed."""

import hashlib
import importlib
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path

import jingjinji.findings
from jingjinji.findings import Finding


def findings(app) -> dict[str, Finding]:
    """Every published finding, by id; read once for each Sphinx application."""
    if not hasattr(app, "jingjinji_findings"):
        app.jingjinji_findings = dict(_module(app.config).all_findings())
    return app.jingjinji_findings


def is_draft(config) -> bool:
    """True when the fits behind the findings were made with few draws or with prior draws."""
    return bool(_module(config).draft())


def digest(app, chosen: Iterable[Finding]) -> str:
    """One hash of everything that decides how findings are printed.

    Their draws are hashed and not their texts: intervals and diagnostics of all findings take seconds to compute.
    """
    total = hashlib.sha256(f"{_printing()} {is_draft(app.config)}".encode())
    for finding in chosen:
        about = finding.id, finding.label, finding.unit, finding.model, finding.panel, finding.code, finding.draws.shape
        total.update(repr(about).encode())
        total.update(finding.draws.tobytes())
    return total.hexdigest()


@cache
def _printing() -> str:
    """The code that rounds and prints, and the version of the library that computes intervals."""
    code = Path(jingjinji.findings.__file__).read_bytes()
    return f"{hashlib.sha256(code).hexdigest()} {metadata.version('arviz-stats')}"


def _module(config):
    return importlib.import_module(config.jingjinji_findings_source)
