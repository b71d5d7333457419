"""A tiny Sphinx project with the book's extension, built inside the test's own process."""

import sys
import types
import warnings
from io import StringIO
from pathlib import Path

import numpy as np
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from jingjinji.core.findings import Finding, Findings, exact

SOURCE = "fake_fitting"


def decline(id: str, mean: float, label: str = "change of a city") -> Finding:
    draws = mean + np.random.default_rng(1).normal(0, 2, (4, 500))
    return Finding(id, label, draws, "%", "decline", ("pm25_city_month",), "src/models/decline.py:7")


def some_findings() -> dict[str, Finding]:
    made = [
        decline("pm25.decline.beijing", -64.0),
        decline("pm25.decline.tianjin", -57.0),
        decline("pm25.rise.nowhere", 12.0),
        exact("pm25.official.2013", "official mean of 2013", 89.5, "µg/m³", ("pm25_official_annual",)),
    ]
    return {finding.id: finding for finding in made}


def fake_fitting(
    monkeypatch,
    findings: dict[str, Finding],
    draft: bool = False,
    failed: dict[str, str] | None = None,
    unpublished: dict[str, tuple[str, str]] | None = None,
    shift: int = 0,
) -> None:
    """Put findings where the extension looks for them, and fits that did not converge with those that they miss."""
    module = types.ModuleType(SOURCE)
    module.all_findings = lambda: findings if failed is None else Findings(findings, unpublished, failed)
    module.draft = lambda: draft
    module.shift = lambda: shift
    monkeypatch.setitem(sys.modules, SOURCE, module)


def write_book(root: Path, pages: dict[str, str]) -> None:
    for name, text in pages.items():
        path = root / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if "index" not in pages:
        listed = "\n".join(pages)
        (root / "index.md").write_text(f"# Book\n\n```{{toctree}}\n{listed}\n```\n", encoding="utf-8")


def build(root: Path, warn: bool = False, **config) -> Sphinx:
    """Build a book (again); the application tells what was read: ``app.read_pages``, and its warnings.

    With ``warn`` a warning is an error at the end, as the book is built.
    """
    settings = {
        "extensions": ["myst_nb", "jingjinji.sphinxext"],
        "jingjinji_findings_source": SOURCE,
        "jingjinji_findings_page": "cards",
        "nb_execution_mode": "cache",
        "nb_execution_cache_path": "cache",
        "nb_execution_raise_on_error": True,
        "exclude_patterns": ["_build", "cache"],
    }
    with warnings.catch_warnings(), patch_docutils(), docutils_namespace():
        warnings.simplefilter("ignore")
        app = Sphinx(
            str(root), None, str(root / "_build/html"), str(root / "_build/doctrees"), "html",
            confoverrides=settings | config, status=StringIO(), warning=StringIO(),
            warningiserror=warn, keep_going=warn,
        )  # fmt: skip
        app.warning = app._warning
        app.read_pages = []
        app.connect("source-read", lambda app, docname, text: app.read_pages.append(docname))
        app.build()
    return app


def html(root: Path, page: str) -> str:
    return (root / f"_build/html/{page}.html").read_text("utf-8")
