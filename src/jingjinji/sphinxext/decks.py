"""Slides of the lessons: a deck for each, made from the cells of a page that are marked as slides, and of nothing else.

A page marks its cells as notebooks do, with ``slideshow: {slide_type: ...}``: ``slide`` begins one, ``-`` or no mark
goes on with it, ``skip`` stands on the page alone. What is skipped still runs. A deck is read by Sphinx with the book's
own roles and figures, and written by sphinx-revealjs, whose copy of reveal.js is the only script beside `slides.js`.
"""

import ast
import re
import shutil
from pathlib import Path

import jupytext
import nbformat
import yaml
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

import jingjinji
from jingjinji.core.errors import BookError
from jingjinji.fits.dependencies import Sources
from jingjinji.sphinxext import OF_SLIDES, light, prepare, source

PAGE = "chapters/teach.md"
SLIDE, GO_ON, SKIP = "slide", "-", "skip"
LESSON = re.compile(r"^## (?P<title>Lesson (?P<number>\d+): .+)$", re.MULTILINE)
HEADING = re.compile(r"^##(?P<deeper>##)? ")
ANCHOR = re.compile(r"\A(?:\([\w-]+\)=\n)+")
LOOKS = Path(__file__).with_name("slides")
MATHEMATICS = Path(__file__).with_name("static") / "mathjax"
USED = ("dist/reset.css", "dist/reveal.css", "dist/reveal.js", "plugin/notes/notes.js", "LICENSE")
"""Files of reveal.js that a deck loads, and its licence; themes of it name other hosts."""
SHOWN = ("text/html", "image/svg+xml", "text/markdown", "text/plain")
"""Kinds of output, the first that a cell has is shown, as on a page."""
SPEAKERS = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def split(page: nbformat.NotebookNode) -> dict[str, nbformat.NotebookNode]:
    """Name of a deck (``lesson-1``) -> its notebook; raises BookError for a mark that slides do not know.

    Code before the first lesson is run by every deck.
    """
    decks, before, current = {}, [], None
    for cell in page.cells:
        found = LESSON.search(cell.source) if cell.cell_type == "markdown" else None
        if found:
            current = decks.setdefault(f"lesson-{found['number']}", [])
        if current is not None:
            current.append(cell)
        elif cell.cell_type == "code":
            before.append(cell)
    metadata = {"kernelspec": page.metadata["kernelspec"]}
    return {name: nbformat.v4.new_notebook(cells=[*map(_unseen, before), *_on_slides(name, cells)], metadata=metadata)
            for name, cells in decks.items()}  # fmt: skip


def _on_slides(name: str, cells: list) -> list:
    shown, open_slide = [], False
    for cell in cells:
        mark = cell.metadata.get("slideshow", {}).get("slide_type", GO_ON)
        if mark not in (SLIDE, GO_ON, SKIP):
            raise BookError(f"{PAGE}, {name}: found slide_type '{mark}', expected {SLIDE}, {GO_ON} or {SKIP}")
        open_slide = mark == SLIDE or (open_slide and mark == GO_ON)
        if cell.cell_type == "code":
            shown.append(_seen(cell) if open_slide else _unseen(cell))
        elif open_slide:
            shown.append(nbformat.v4.new_markdown_cell(_raised(name, cell.source) if mark == SLIDE else cell.source))
    return shown


def _raised(name: str, text: str) -> str:
    """The text of a slide whose heading is as high as a deck has it: the lesson's title first, the others below it."""
    text = ANCHOR.sub("", text.lstrip())
    found = HEADING.match(text)
    if not found:
        raise BookError(f"{PAGE}, {name}: a slide begins with '{text[:40]}', expected a heading: '#### ...'")
    return ("## " if found["deeper"] else "# ") + text[found.end() :]


def _seen(cell):
    """A cell of a slide: its output, and its code where the page shows it open."""
    tags = cell.metadata.get("tags", [])
    hidden = any(tag.startswith(("hide", "remove-input")) for tag in tags)
    metadata = {"tags": ["remove-input"] if hidden else [], "mystnb": cell.metadata.get("mystnb", {})}
    return nbformat.v4.new_code_cell(cell.source, metadata=metadata)


def _unseen(cell):
    return nbformat.v4.new_code_cell(cell.source, metadata={"tags": ["remove-cell"]})


def build(out: Path, page: Path | None = None, **config) -> list[Path]:
    """Write the slides of a page's lessons into a folder, warnings as errors; returns the files of the decks.

    Raises BookError where the page has no lesson, or where a deck could not be written.
    """
    page = page or jingjinji.PROJECT / PAGE
    decks = split(jupytext.read(page, fmt="md:myst"))
    if not decks:
        raise BookError(f"{page.name} has no lesson: expected headings such as '## Lesson 1: a title'")
    work = out.parent / f".{out.name}"
    shutil.rmtree(out, ignore_errors=True)
    shutil.rmtree(work / "source", ignore_errors=True)
    (work / "source").mkdir(parents=True)
    for name, deck in decks.items():
        nbformat.write(deck, work / "source" / f"{name}.ipynb")
    (work / "source/index.md").write_text(_index(page, decks), "utf-8")
    with patch_docutils(), docutils_namespace():
        app = Sphinx(
            str(work / "source"), None, str(out), str(work / "doctrees"), "revealjs", status=None,
            confoverrides=settings(work) | config, warningiserror=True, keep_going=True, freshenv=True,
        )  # fmt: skip
        app.build(force_all=True)
    if app.statuscode:
        raise BookError("the slides were not built: the reason stands above")
    _keep_what_is_used(out)
    return [out / f"{name}.html" for name in decks]


def _index(page: Path, decks: dict) -> str:
    title = re.search(r"^# (.+)$", page.read_text("utf-8"), re.MULTILINE)[1]
    toctree = "\n".join(["```{toctree}", ":hidden:", "", *decks, "```"])
    links = "\n".join(f"- {{doc}}`{name}`" for name in decks)
    return f"# {title}\n\n{links}\n\n{toctree}\n"


def settings(work: Path) -> dict:
    """The configuration of Sphinx that makes slides: the book's own where pages and slides must agree."""
    book = yaml.safe_load((jingjinji.PROJECT / "_config.yml").read_text("utf-8"))
    return {
        "project": book["title"], "language": "en",
        "extensions": ["myst_nb", "sphinx.ext.mathjax", "sphinx_revealjs", __name__],
        "myst_enable_extensions": book["parse"]["myst_enable_extensions"],
        "nb_execution_mode": "cache", "nb_execution_timeout": book["execute"]["timeout"],
        "nb_execution_cache_path": str(jingjinji.CACHE / "jupyter"), "nb_execution_raise_on_error": True,
        "nb_merge_streams": True, "nb_ipywidgets_js": {},
        "nb_mime_priority_overrides": [("revealjs", kind, place) for place, kind in enumerate(SHOWN)],
        "revealjs_html_theme": LOOKS.name, "revealjs_style_theme": "slides.css",
        "revealjs_static_path": [str(work / "doctrees/colours"), str(work / "mathematics")],
        "html_copy_source": False, "html_show_sourcelink": False,
    }  # fmt: skip


def setup(app) -> dict:
    """Register what slides need of the book's extension, and their looks."""
    app.add_html_theme(LOOKS.name, str(LOOKS))
    app.connect("config-inited", _bring_mathematics)
    metadata = prepare(app, OF_SLIDES)
    app.connect("builder-inited", _look_into_the_book, priority=900)
    app.connect("html-page-context", _dress, priority=950)
    return metadata


def _bring_mathematics(app, config) -> None:
    folder = Path(app.doctreedir).parent / "mathematics"
    shutil.copytree(MATHEMATICS, folder / "mathjax", dirs_exist_ok=True)


def _look_into_the_book(app) -> None:
    """What a deck depends on lies in the book, not in the folder from which the deck is read."""
    app.jingjinji_sources = Sources(jingjinji.PROJECT, app.config.jingjinji_package)


def _dress(app, pagename, templatename, context, doctree) -> None:
    from sphinx_revealjs.utils import get_revealjs_path

    view = (get_revealjs_path() / "plugin/notes/notes.js").read_text("utf-8")
    context["policy"] = light.policy(_scripts_of(view)) + "; frame-src 'self'"
    context["draft"] = source.is_draft(app.config)
    context["mathematics"] = 'class="math' in context.get("body", "")


def _scripts_of(plugin: str) -> list[str]:
    """Scripts inside the speaker's window, which the plugin writes as a string of JavaScript."""
    literal = re.search(r'document\.write\(("(?:[^"\\]|\\.)*")\)', plugin)
    # what JavaScript escapes in it, Python does too, but for the slash
    text = ast.literal_eval(literal[1].replace(r"\/", "/")) if literal else ""
    return SPEAKERS.findall(text)


def _keep_what_is_used(out: Path) -> None:
    """Take away what no deck loads: other themes and plugins of reveal.js, sources, what Sphinx adds to a site."""
    static = out / "_static"
    kept = {static / "revealjs" / name for name in USED}
    kept |= {static / name for name in ("slides.css", "slides.js", "figures-palette.css")}
    for file in static.rglob("*"):
        if file.is_file() and file not in kept and (static / "mathjax") not in file.parents:
            file.unlink()
    for folder in sorted((path for path in static.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()
    for name in ("_sources", "_images"):
        shutil.rmtree(out / name, ignore_errors=True)
    for name in ("objects.inv", "genindex.html", "searchindex.js", ".buildinfo"):
        (out / name).unlink(missing_ok=True)
