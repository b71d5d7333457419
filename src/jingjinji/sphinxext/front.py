"""The figure of the front page, as an element of the page, with its data."""

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import jingjinji
from jingjinji.show import front, sheets
from jingjinji.sphinxext import pictures

DATA = "fig-front"


def connect(app) -> None:
    app.add_directive("front-figure", FrontFigure)
    app.connect("doctree-resolved", _write_data)


class FrontFigure(SphinxDirective):
    """The figure in two widths, of which a style sheet shows one, under its headline; the content is its caption."""

    has_content = True

    def run(self):
        self.env.note_dependency(str(jingjinji.PROJECT / "data/pm25_official_annual.csv"))
        data = front.rows()
        absent = "".join(
            f" No official mean of {', '.join(map(str, years))} was found for {place}."
            for place, years in front.missing(data).items()
        )
        sizes = {"front-wide": front.WIDE, "front-narrow": front.NARROW}
        drawings = "".join(front.drawing(data, size, kind) for kind, size in sizes.items())
        headline = f'<p class="front-headline">{front.HEADLINE}</p>'
        opened = f'<figure class="front-figure">{headline}{drawings}<figcaption>'
        caption = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, caption)
        if caption.children and absent:
            caption[-1] += nodes.Text(absent)
        pictures.note(self.env, DATA, front.HEADLINE)
        if caption.children:
            caption[-1] += [nodes.Text(" "), pictures.link_to_data(self.env.docname, DATA, front.HEADLINE)]
        return [
            nodes.raw("", opened, format="html"),
            *caption.children,
            nodes.raw("", "</figcaption></figure>", format="html"),
        ]


def _write_data(app, doctree, docname: str) -> None:
    if app.builder.format == "html" and DATA in pictures.noted(app.env).get(docname, {}):
        pictures.write_data(app, docname, DATA, sheets.csv(front.frame(front.rows())))
