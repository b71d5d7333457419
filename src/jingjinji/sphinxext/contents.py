"""Which pages are read again: those whose content changed, whatever the clock says; and all after a broken-off build.

Sphinx asks for modification times. After a clock was set back, or of a tool that keeps times, a new page looks old.
"""

import hashlib
from pathlib import Path

from sphinx.util import logging

from jingjinji.sphinxext.site import INCOMPLETE_MARK

LOGGER = logging.getLogger(__name__)
UNFINISHED = "This site is being built, or its build was broken off: not to be published.\n"
"""What the mark of an incomplete site says from the moment on at which pages are read until all of them are written."""


def connect(app) -> None:
    app.connect("source-read", _note_source, priority=1)
    app.connect("doctree-read", _note_dependencies, priority=950)  # after all that notes what the page is made of
    app.connect("env-get-outdated", _pages_of_other_content)
    app.connect("env-before-read-docs", _begin, priority=900)  # pages have run
    app.connect("env-purge-doc", _forget)
    app.connect("env-merge-info", _merge)


def of_file(path: Path) -> str:
    """A hash of what a file holds; a word where it is none."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return "missing"


def of_text(text: str) -> str:
    """A hash of a page's text, the same for every kind of line end and with or without a mark of its encoding."""
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def _noted(env) -> dict[str, tuple[str, dict[str, str]]]:
    """Page -> hash of its source, and of each file that it was made of besides."""
    if not hasattr(env, "jingjinji_contents"):
        env.jingjinji_contents = {}
    return env.jingjinji_contents


def _note_source(app, docname: str, source: list[str]) -> None:
    _noted(app.env)[docname] = of_text(source[0]), {}


def _note_dependencies(app, doctree) -> None:
    env = app.env
    text, _ = _noted(env).get(env.docname, ("", {}))
    files = {str(name): of_file(Path(app.srcdir, name)) for name in env.dependencies.get(env.docname, ())}
    _noted(env)[env.docname] = text, files


def _pages_of_other_content(app, env, added, changed, removed) -> list[str]:
    mark = Path(app.outdir, INCOMPLETE_MARK)
    if mark.exists() and mark.read_text("utf-8") == UNFINISHED:
        LOGGER.info("the build before was broken off: all pages are read again")
        return [docname for docname in env.found_docs if docname not in added]
    outdated = []
    for docname, (text, files) in _noted(env).items():
        if docname in removed or docname not in env.found_docs:
            continue
        try:
            now = of_text(Path(env.doc2path(docname)).read_text("utf-8", "surrogateescape"))
        except OSError:
            continue
        if text != now or any(of_file(Path(app.srcdir, name)) != before for name, before in files.items()):
            outdated.append(docname)
    return outdated


def _begin(app, env, docnames) -> None:
    """From now on what is in the folder of the site is partly of this build and partly of the one before."""
    if app.builder.format == "html":
        Path(app.outdir).mkdir(parents=True, exist_ok=True)
        Path(app.outdir, INCOMPLETE_MARK).write_text(UNFINISHED, "utf-8")


def _forget(app, env, docname: str) -> None:
    _noted(env).pop(docname, None)


def _merge(app, env, docnames, other) -> None:
    _noted(env).update({docname: noted for docname, noted in _noted(other).items() if docname in docnames})
