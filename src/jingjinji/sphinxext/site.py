"""The finished site: its own MathJax, the marks of a site not to be published, the findings as files."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

import jingjinji
from jingjinji.core import registry
from jingjinji.core.findings import INTERVAL, NOT_PUBLISHED, PROBABILITY, Findings
from jingjinji.sphinxext import files, source

DRAFT_MARK, SEEDS_MARK, INCOMPLETE_MARK = "DRAFT", "OTHER_SEEDS", "INCOMPLETE"
DRAFT_BANNER = (
    "<strong>Draft draws.</strong> These pages were made with few draws, to look at the book quickly. "
    "Numbers will change. Do not cite or publish them."
)
INSTRUCTOR = "instructor"
INSTRUCTOR_BANNER = (
    "<strong>The instructor's edition.</strong> It has all solutions, plans of lessons and marks: do not hand it out."
)
STATIC = Path(__file__).with_name("static")


def connect(app) -> None:
    app.connect("config-inited", _configure, priority=100)
    app.connect("config-inited", _without_thebe, priority=100)
    app.connect("html-page-context", _forbid_indexing)
    app.connect("html-page-context", _mend_roles, priority=900)
    app.connect("build-finished", _write_files)


def rows_of_files(findings: Findings) -> list[dict]:
    """A row for each finding, by id: `Finding.summary` and its status, ``published`` or ``not published``.

    A row that is not published has an id, a label, its fit as model and, as text, the words that pages print; its
    numbers are None.
    """
    rows = [{**finding.summary(), "status": "published"} for finding in findings.values()]
    columns = dict.fromkeys(rows[0]) if rows else {}
    for id, (label, fit) in findings.unpublished.items():
        told = {"id": id, "label": label, "text": NOT_PUBLISHED, "model": fit, "status": "not published"}
        rows.append({**columns, **told})
    return sorted(rows, key=lambda row: row["id"])


def _configure(app, config) -> None:
    if registry.REGION:
        _take_the_books_look(app, config)
    config.html_static_path = [*config.html_static_path, str(STATIC)]
    config.jingjinji_static = _digest(Path(app.confdir, folder) for folder in config.html_static_path)
    banners = [INSTRUCTOR_BANNER] * _for_instructors(config) + [DRAFT_BANNER] * source.is_draft(config)
    if banners:
        config.html_theme_options = {**config.html_theme_options, "announcement": "<br />".join(banners)}


def _for_instructors(config) -> bool:
    return config.jingjinji_edition == INSTRUCTOR


def _take_the_books_look(app, config) -> None:
    """The pages of a region have the styles and scripts of the book, from the book's own folder."""
    folder = jingjinji.HOME / "_static"
    config.html_static_path = [*config.html_static_path, str(folder)]
    config.html_css_files = [*config.html_css_files, *sorted(file.name for file in folder.glob("*.css"))]
    config.html_js_files = [*config.html_js_files, *sorted(file.name for file in folder.glob("*.js"))]
    config.html_favicon = os.path.relpath(folder / "favicon.svg", app.confdir)


def _digest(folders: Iterable[Path]) -> str:
    """One hash of all files: Sphinx copies static files, and names their versions, only when it writes a page."""
    found = sorted(file for folder in folders for file in folder.rglob("*") if file.is_file())
    hashes = [(file.name, hashlib.sha256(file.read_bytes()).hexdigest()) for file in found]
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
    if source.is_draft(app.config) or _for_instructors(app.config):
        context["metatags"] = context.get("metatags", "") + '<meta name="robots" content="noindex" />'


def _write_files(app, exception) -> None:
    if exception or app.builder.format != "html":
        return
    out, draft = Path(app.outdir), source.is_draft(app.config)
    _write_findings(app, out, draft)
    _mark(out / DRAFT_MARK, "Made with draft draws: not to be published.\n" if draft else "")
    seeds = source.shift(app.config)
    _mark(out / SEEDS_MARK, f"Made with the seeds of JINGJINJI_SEED={seeds}: not to be published.\n" if seeds else "")
    # a warning is an error: all pages are to be read again, for the warnings to be repeated
    if not (app._warncount and app.keep_going):
        _mark(out / INCOMPLETE_MARK, incomplete(source.failed(app)))


def incomplete(failed: dict[str, str]) -> str:
    """What the mark of an incomplete site says: a line for each fit that did not converge; empty without any."""
    lines = [f"{name}: {what}\n" for name, what in sorted(failed.items())]
    return "".join(["Fits that did not converge on this machine: not to be published.\n", *lines]) if lines else ""


def _mark(path: Path, text: str) -> None:
    if text:
        path.write_text(text, encoding="utf-8")
    else:
        path.unlink(missing_ok=True)


def _write_findings(app, out: Path, draft: bool) -> None:
    """Write the files to download, unless they are there and made of today's findings by today's code."""
    findings = source.findings(app)
    stamp, ids = Path(app.doctreedir, "findings.sha256"), source.every_id(app)
    code = app.extensions[__package__].metadata["env_version"]
    state = f"{source.digest(app, ids)} {sorted(findings.failed.items())} {code}"
    if stamp.exists() and stamp.read_text() == state and all(file.exists() for file in files.paths(out, "findings")):
        return
    files.write(out, "findings", rows_of_files(findings), draft=draft, not_published=findings.failed, interval=INTERVAL,
                probability=PROBABILITY)  # fmt: skip
    stamp.write_text(state)
