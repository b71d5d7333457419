"""Figures on a page: drawn into it in two widths and in the colours of its theme, below a headline of the finding."""

from pathlib import Path

from docutils import nodes

from jingjinji.show import palette, vector

CSS = "figures-palette.css"
HEADLINE = "figure-headline"


def connect(app) -> None:
    app.connect("config-inited", _write_colours, priority=90)
    app.connect("doctree-read", lambda app, doctree: lift_headlines(doctree), priority=800)
    app.connect("doctree-resolved", _draw)


def lift_headlines(doctree: nodes.document) -> None:
    """Put the bold sentence that a caption begins with above its figure."""
    for figure in doctree.findall(nodes.figure):
        caption = next((node for node in figure.children if isinstance(node, nodes.caption)), None)
        while caption is not None and caption.children and not caption[0].astext():
            caption.remove(caption[0])  # myst-nb begins a caption with an empty text
        if caption is None or not caption.children or not isinstance(caption[0], nodes.strong):
            continue
        headline = nodes.paragraph("", "", *caption[0].children, classes=[HEADLINE])
        caption.remove(caption[0])
        if caption.children and isinstance(caption[0], nodes.Text):
            caption.replace(caption[0], nodes.Text(caption[0].lstrip()))
        figure.insert(0, headline)


def _write_colours(app, config) -> None:
    folder = Path(app.doctreedir, "colours")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CSS).write_text(palette.css(), encoding="utf-8")
    config.html_static_path = [*config.html_static_path, str(folder)]
    app.add_css_file(CSS)


def _draw(app, doctree, docname) -> None:
    if app.builder.format != "html":
        return
    for image in list(doctree.findall(nodes.image)):
        path = Path(app.srcdir, image["uri"])
        if path.suffix != ".svg" or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        if vector.is_ours(text):
            image.replace_self(nodes.raw("", vector.html(text, image.get("alt", "")), format="html"))
