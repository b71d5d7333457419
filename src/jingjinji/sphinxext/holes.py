"""Pages that need a fit that did not converge: their cells go on without it, say so, and a banner stands above."""

import hashlib
import inspect
from collections.abc import Iterable
from contextvars import ContextVar
from html import escape
from pathlib import Path

import nbformat
from docutils import nodes
from myst_nb.core.execute import cache as execution_cache
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from jingjinji.core.findings import anchor_of_fit, did_not_converge
from jingjinji.sphinxext import source, statements
from jingjinji.sphinxext.roles import fit_reference, needed, needs

MISSED = "not_published"
"""Metadata of an output that stands for a cell's own: names of the fits that were missed."""
CONCERNED: ContextVar[frozenset[str]] = ContextVar("concerned", default=frozenset())
"""Fits that did not converge among those that the page may load which this thread is about to run."""
WIDTH, LINE = 680, 24


def connect(app) -> None:
    inspect.getmodule(execution_cache.single_nb_execution).executenb = _execute
    app.connect("doctree-read", _put_banner, priority=900)  # after all that notes what the page needs


class HoleClient(NotebookClient):
    """Runs a notebook in which cells may ask for a fit that did not converge, or for a name that such a cell misses.

    Of a cell that fails so everything runs that does not need what is missing. In place of its outputs stands one whose
    metadata name the fits. Any other error, and a fit that is not among those in `CONCERNED`, stop the run.
    """

    def __init__(self, **settings):
        super().__init__(**settings)
        self.may_fail, self.allow_errors = self.allow_errors, True  # errors are judged here
        self.concerned, self.missed = CONCERNED.get(), set()

    async def async_execute_cell(self, cell, cell_index, execution_count=None, store_history=True):
        run = super().async_execute_cell
        await run(cell, cell_index, execution_count, store_history)
        error = _error(cell)
        if error is None or self.may_fail or "raises-exception" in cell.metadata.get("tags", []):
            return cell
        if error.ename != statements.ERROR and not (self.missed and error.ename == statements.FORGOTTEN):
            raise CellExecutionError.from_cell_and_msg(cell, error)
        rest = nbformat.v4.new_code_cell(_code_of_report(cell.source))
        await run(rest, cell_index, store_history=False)
        self.nb.cells[cell_index] = cell
        reported = _reported(rest)
        if reported is None or not reported <= self.concerned:
            raise CellExecutionError.from_cell_and_msg(cell, _error(rest) or error)
        self.missed |= reported
        words = f"Not published: {did_not_converge(self.missed)}."
        cell.outputs = [
            nbformat.v4.new_output("display_data", {"text/plain": words}, metadata={MISSED: sorted(self.missed)})
        ]
        return cell


def _execute(notebook, cwd=None, km=None, **settings):
    """Run a notebook as `nbclient.execute` does, or with a HoleClient where the page may need a fit that is missing."""
    client = HoleClient if CONCERNED.get() else NotebookClient
    resources = {"metadata": {"path": cwd}} if cwd is not None else {}
    return client(nb=notebook, resources=resources, km=km, **settings).execute()


def _code_of_report(cell: str) -> str:
    text = Path(statements.__file__).read_text("utf-8")
    return f"(lambda space: (exec({text!r}, space), space['report']({cell!r})))({{'__name__': 'statements'}}) and None"


def _error(cell):
    return next((output for output in cell.get("outputs", []) if output.output_type == "error"), None)


def _reported(cell) -> set[str] | None:
    """The fits that the report on a failed cell names; None where the report itself failed."""
    found = [output.data[statements.MIME] for output in cell.outputs if statements.MIME in output.get("data", {})]
    return set(found[-1]) if found and _error(cell) is None else None


def dress(app, notebook, docname: str) -> None:
    """Put notices in place of the outputs that `HoleClient` left: an image where the cell is a figure."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            fits = output.get("metadata", {}).get(MISSED)
            if not fits:
                continue
            if "figure" in cell.metadata.get("mystnb", {}):
                output.data["image/svg+xml"] = image(fits)
            else:
                output.data["text/html"] = _notice(app, fits, docname)
            if app.env.temp_data.get("docname") == docname:
                needs(app.env, fits)
                images = app.env.temp_data.setdefault("jingjinji_images", {})
                images[hashlib.sha256(image(fits).encode()).hexdigest()] = fits


def words_of_image(env, uri: str) -> str:
    """What the alt text of an image of the page that is being read begins with: words where it is a notice."""
    fits = env.temp_data.get("jingjinji_images", {}).get(Path(uri).stem)
    return f"No figure, as {did_not_converge(fits)}. It would show: " if fits else ""


def image(fits: Iterable[str]) -> str:
    """A notice as SVG: one line for each fit, dark on white."""
    lines = ["Not published:", *(did_not_converge([fit]) for fit in sorted(fits))]
    height = LINE * (len(lines) + 2)
    text = "".join(
        f'<text x="{WIDTH // 2}" y="{LINE * (2 + place)}" text-anchor="middle">{escape(line)}</text>'
        for place, line in enumerate(lines)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="sans-serif" font-size="16" fill="#333333"><rect x="1" y="1" width="{WIDTH - 2}" '
        f'height="{height - 2}" fill="#ffffff" stroke="#767676" stroke-dasharray="6 4"/>{text}</svg>'
    )


def _notice(app, fits: list[str], docname: str) -> str:
    links = ", ".join(_link(app, fit, docname) for fit in fits)
    return f'<p class="not-published">Not published, as it did not converge on this machine: {links}.</p>'


def _link(app, fit: str, docname: str) -> str:
    page = app.config.jingjinji_models_page
    if page not in app.env.found_docs:
        return escape(fit)
    address = f"{app.builder.get_relative_uri(docname, page)}#{anchor_of_fit(fit)}"
    return f'<a href="{escape(address)}">{escape(fit)}</a>'


def _put_banner(app, doctree) -> None:
    fits = sorted(needed(app.env))
    if not fits:
        return
    section = next(iter(doctree.findall(nodes.section)), doctree)
    place = 1 if section.children and isinstance(section[0], nodes.title) else 0
    section.insert(place, _banner(app, fits))


def _banner(app, fits: list[str]) -> nodes.admonition:
    told = [nodes.list_item("", nodes.paragraph("", "", *_line(app, fit))) for fit in fits]
    first = (
        "Numbers, figures or tables are missing here, because a fit did not converge on this machine. What else stands "
        "on this page is not touched by it."
    )
    return nodes.admonition(
        "",
        nodes.title("", "This page is not complete"),
        nodes.paragraph("", first),
        nodes.bullet_list("", *told),
        classes=["warning", "not-published"],
    )


def _line(app, fit: str) -> list[nodes.Node]:
    what = source.failed(app).get(fit, "").rstrip(".")
    return [fit_reference(app.config, fit, fit), nodes.Text(f": {what}." if what else ".")]
