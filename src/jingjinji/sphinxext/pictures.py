"""Figures on a page: drawn into it in two widths and in the colours of its theme, below a headline of the finding.

Beside its caption each has a link to its data, a csv file that a spreadsheet opens.
"""

from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from jingjinji.show import palette, vector
from jingjinji.sphinxext import files

CSS = "figures-palette.css"
HEADLINE = "figure-headline"
DATA, FOLDER, LIST = "figure-data", "_downloads/figures", "figures"
"""The class of a link to data, where in the site the data of figures are, and the name of the list of them."""


def connect(app) -> None:
    app.add_directive("figures-data", FiguresDirective)
    app.connect("config-inited", _write_colours, priority=90)
    app.connect("doctree-read", lambda app, doctree: lift_headlines(doctree), priority=800)
    app.connect("doctree-read", _note, priority=810)
    app.connect("doctree-resolved", _draw)
    app.connect("env-purge-doc", _forget)
    app.connect("env-merge-info", _merge)
    app.connect("build-finished", _list)


class FiguresDirective(SphinxDirective):
    """A line that links to the list of all figures with their data."""

    def run(self):
        return [files.links(self.env.docname, LIST)]


def lift_headlines(doctree: nodes.document) -> None:
    """Put the bold sentence that a caption begins with above its figure."""
    for figure in doctree.findall(nodes.figure):
        caption = _caption(figure)
        while caption is not None and caption.children and not caption[0].astext():
            caption.remove(caption[0])  # myst-nb begins a caption with an empty text
        if caption is None or not caption.children or not isinstance(caption[0], nodes.strong):
            continue
        headline = nodes.paragraph("", "", *caption[0].children, classes=[HEADLINE])
        caption.remove(caption[0])
        if caption.children and isinstance(caption[0], nodes.Text):
            caption.replace(caption[0], nodes.Text(caption[0].lstrip()))
        figure.insert(0, headline)


def headline_of(figure: nodes.figure) -> str:
    """What stands above a figure, without the point at its end; its caption where nothing does."""
    lifted = next((node for node in figure.children if HEADLINE in node.get("classes", ())), None)
    found = lifted if lifted is not None else _caption(figure)
    return found.astext().rstrip(".") if found is not None else ""


def _caption(figure: nodes.figure) -> nodes.caption | None:
    return next((node for node in figure.children if isinstance(node, nodes.caption)), None)


def _write_colours(app, config) -> None:
    folder = Path(app.doctreedir, "colours")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CSS).write_text(palette.css(), encoding="utf-8")
    config.html_static_path = [*config.html_static_path, str(folder)]
    app.add_css_file(CSS)


def _ours(app, doctree) -> list[tuple[nodes.image, str]]:
    """Images of a page that were drawn here, each with its file's text."""
    found = []
    for image in doctree.findall(nodes.image):
        path = Path(app.srcdir, image["uri"])
        if path.suffix == ".svg" and path.is_file() and vector.is_ours(text := path.read_text(encoding="utf-8")):
            found.append((image, text))
    return found


def _note(app, doctree) -> None:
    """Note the figures of a page that have data: id -> headline."""
    for figure, id, _ in _with_data(app, doctree):
        note(app.env, id, headline_of(figure))


def note(env, id: str, headline: str) -> None:
    """Note that the page that is being read has a figure with data, which `write_data` writes."""
    noted(env).setdefault(env.docname, {})[id] = headline


def _with_data(app, doctree) -> list[tuple[nodes.figure, str, str]]:
    """The figures of a page that carry data, each with its id and its data."""
    found = []
    for image, text in _ours(app, doctree):
        figure = image.parent
        while figure is not None and not isinstance(figure, nodes.figure):
            figure = figure.parent
        if figure is not None and figure["ids"] and (data := vector.data_of(text)):
            found.append((figure, figure["ids"][0], data))
    return found


def _offers(app) -> bool:
    """Whether what is built offers data of figures: slides do not."""
    return app.builder.format == "html" and app.builder.name != "revealjs"


def _draw(app, doctree, docname) -> None:
    if app.builder.format != "html":
        return
    for figure, id, data in _with_data(app, doctree) if _offers(app) else ():
        write_data(app, docname, id, data)
        if (caption := _caption(figure)) is not None:
            caption += [nodes.Text(" "), link_to_data(docname, id, headline_of(figure))]
    for image, text in _ours(app, doctree):
        alt = image.get("alt", "")
        image.replace_self(nodes.raw("", vector.html(text, alt), format="html", alt=alt))


def link_to_data(docname: str, id: str, headline: str) -> nodes.reference:
    """A link to the data of a figure, which names the figure to those who hear it without the page around it."""
    up = "../" * docname.count("/")
    named = nodes.inline("", f" of the figure “{headline}”", classes=["visually-hidden"])
    return nodes.reference("", "", nodes.Text("data (csv)"), named, refuri=f"{up}{FOLDER}/{docname}/{id}.csv",
                           internal=True, classes=[DATA])  # fmt: skip


def write_data(app, docname: str, id: str, data: str) -> None:
    """Write what a spreadsheet takes for UTF-8 by the mark at its beginning; a file that is the same stays."""
    path, content = Path(app.outdir, FOLDER, docname, f"{id}.csv"), data.encode("utf-8-sig")
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _list(app, exception) -> None:
    """Write the list of all figures with their data, and remove data of figures that are gone."""
    if exception or not _offers(app):
        return
    out = Path(app.outdir)
    rows = [
        {"page": docname, "title": app.env.titles[docname].astext(), "figure": headline, "data": f"{docname}/{id}.csv"}
        for docname, told in sorted(noted(app.env).items())
        for id, headline in told.items()
    ]
    kept = {row["data"] for row in rows}
    for path in (out / FOLDER).rglob("*.csv"):
        if path.relative_to(out / FOLDER).as_posix() not in kept:
            path.unlink()
    files.write(out, LIST, [row | {"data": f"{FOLDER}/{row['data']}"} for row in rows])


def noted(env) -> dict[str, dict[str, str]]:
    """Page -> its figures with data: id -> headline."""
    if not hasattr(env, "jingjinji_figures"):
        env.jingjinji_figures = {}
    return env.jingjinji_figures


def _forget(app, env, docname: str) -> None:
    noted(env).pop(docname, None)


def _merge(app, env, docnames, other) -> None:
    noted(env).update({docname: told for docname, told in noted(other).items() if docname in docnames})
