"""The finished site: its own MathJax, the banner and mark of a draft, the findings as files."""

import csv
import hashlib
import io
import json
import math
from collections.abc import Iterable
from pathlib import Path

from jingjinji.findings import INTERVAL, PROBABILITY
from jingjinji.sphinxext import source

DRAFT_MARK = "DRAFT"
DRAFT_BANNER = (
    "<strong>Draft draws.</strong> These pages were made with few draws, to look at the book quickly. "
    "Numbers will change. Do not cite or publish them."
)
STATIC = Path(__file__).with_name("static")


def connect(app) -> None:
    app.connect("config-inited", _configure, priority=100)
    app.connect("config-inited", _without_thebe, priority=100)
    app.connect("html-page-context", _forbid_indexing)
    app.connect("html-page-context", _mend_roles, priority=900)
    app.connect("build-finished", _write_files)


def findings_json(rows: list[dict], draft: bool) -> str:
    """Rows of findings as JSON text."""
    content = {"draft": draft, "interval": INTERVAL, "probability": PROBABILITY, "findings": rows}
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def findings_csv(rows: list[dict]) -> str:
    """Rows of findings as csv text; a number that does not exist is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else ["id"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _without_nan(row: dict) -> dict:
    """A number that does not exist (R-hat of an exact quantity) becomes null."""
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}


def _configure(app, config) -> None:
    config.html_static_path = [*config.html_static_path, str(STATIC)]
    config.jingjinji_static = _digest(Path(app.confdir, folder) for folder in config.html_static_path)
    if source.is_draft(config):
        config.html_theme_options = {**config.html_theme_options, "announcement": DRAFT_BANNER}


def _digest(folders: Iterable[Path]) -> str:
    """One hash of all files: Sphinx copies static files, and names their versions, only when it writes a page."""
    files = sorted(file for folder in folders for file in folder.rglob("*") if file.is_file())
    hashes = [(file.name, hashlib.sha256(file.read_bytes()).hexdigest()) for file in files]
    return hashlib.sha256(repr(hashes).encode()).hexdigest()


def _without_thebe(app, config) -> None:
    """Jupyter Book always loads sphinx-thebe, which names a script of another host on each page, twice: an error."""
    for event, listeners in app.events.listeners.items():
        kept = [one for one in listeners if not one.handler.__module__.startswith("sphinx_thebe")]
        app.events.listeners[event] = kept
    app.registry.css_files[:] = [file for file in app.registry.css_files if file[0] != "sphinx-thebe.css"]


def _mend_roles(app, pagename, templatename, context, doctree) -> None:
    """docutils calls the list of citations a list without list items, which screen readers cannot announce."""
    if "body" in context:
        context["body"] = context["body"].replace(
            '<div role="list" class="citation-list">', '<div class="citation-list">'
        )


def _forbid_indexing(app, pagename, templatename, context, doctree) -> None:
    if source.is_draft(app.config):
        context["metatags"] = context.get("metatags", "") + '<meta name="robots" content="noindex" />'


def _write_files(app, exception) -> None:
    if exception or app.builder.format != "html":
        return
    out, draft = Path(app.outdir), source.is_draft(app.config)
    _write_findings(app, out, draft)
    if draft:
        out.joinpath(DRAFT_MARK).write_text("Made with draft draws: not to be published.\n", encoding="utf-8")
    else:
        out.joinpath(DRAFT_MARK).unlink(missing_ok=True)


def _write_findings(app, out: Path, draft: bool) -> None:
    """Write the files to download, unless they are there and made of today's findings by today's code."""
    findings = source.findings(app)
    files, stamp = (out / "findings.json", out / "findings.csv"), Path(app.doctreedir, "findings.sha256")
    state = source.digest(app, findings.values()) + hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == state and all(file.exists() for file in files):
        return
    rows = [_without_nan(findings[id].summary()) for id in sorted(findings)]
    for file, text in zip(files, (findings_json(rows, draft), findings_csv(rows)), strict=True):
        file.write_text(text, encoding="utf-8")
    stamp.write_text(state)
