"""Headlines stand above figures, and every figure of the book has one."""

import re

import pytest
from docutils import nodes

from jingjinji import PROJECT
from jingjinji.sphinxext import pictures

PAGES = sorted(path for path in (PROJECT / "chapters").rglob("*.md") if "fig-" in path.read_text("utf-8"))
CAPTION = re.compile(r"name: (fig-[\w-]+)\n\s+caption: >-\n\s+(.*)")


def a_document(*children: nodes.Node) -> tuple[nodes.document, nodes.figure]:
    from docutils.utils import new_document

    document = new_document("page")
    figure = nodes.figure("", nodes.image(uri="a.svg"), nodes.caption("", "", *children))
    document += figure
    return document, figure


def test_the_bold_sentence_of_a_caption_becomes_the_headline():
    document, figure = a_document(nodes.Text(""), nodes.strong("", "It fell."), nodes.Text(" Annual means."))
    pictures.lift_headlines(document)
    assert figure[0].astext() == "It fell."
    assert figure[0]["classes"] == [pictures.HEADLINE]
    assert figure[2].astext() == "Annual means."


def test_a_caption_without_a_bold_beginning_stays_as_it_is():
    document, figure = a_document(nodes.Text("Annual "), nodes.strong("", "means"))
    pictures.lift_headlines(document)
    assert [type(child) for child in figure] == [nodes.image, nodes.caption]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_every_figure_of_a_page_has_a_headline_of_one_short_sentence_without_typed_numbers(page):
    captions = dict(CAPTION.findall(page.read_text("utf-8")))
    assert captions
    for name, first in captions.items():
        headline = re.fullmatch(r"\*\*(.+[.])\*\*", first.strip())
        assert headline, f"{name}: the caption does not begin with a line '**...**'"
        words = re.sub(r"\{[\w-]+\}`[^`]+`", "N", headline[1])
        assert len(words) <= 120, name
        bare = re.sub(r"PM2\.5|CO2|SO2|94 %|\b20\d\ds?\b", "", words)
        assert not re.search(r"\d", bare), f"{name} types a number: {words}"
