"""Figures as SVG are short, keep their words, and take the colours of a page."""

import re

import pytest
from matplotlib.figure import Figure
from phone import fits_a_phone

from jingjinji.show import figures, palette, vector


@figures.drawn
def a_figure(colour: str = palette.PLACES["Beijing"].light) -> Figure:
    figure, axis = figures.chart(2)
    axis.plot([0, 1], [0, 1], color=colour)
    figures.published(axis, [0.5], [0.5], "published")
    figures.key(figure)
    return figure


@pytest.fixture
def drawing() -> str:
    from matplotlib import rc_context

    with rc_context():
        figures.use_house_style()
        return figures.svg(a_figure())


def test_a_file_has_both_widths_and_its_words_as_text(drawing):
    assert vector.is_ours(drawing)
    assert drawing.count("<svg ") == 2
    assert len(re.findall(r"<text[^>]*>published</text>", drawing)) == 2
    assert "Glyph" not in drawing


def test_a_file_says_nothing_of_when_or_by_what_it_was_made(drawing):
    assert "metadata" not in vector.DATA.sub("", drawing)
    assert "matplotlib" not in drawing.lower()
    assert not re.search(r"\d\.\d{3}", re.sub(r'viewBox="[^"]*"', "", drawing))


def test_what_ids_refer_to_is_there_and_no_id_is_named_twice(drawing):
    ids = re.findall(r' id="([^"]+)"', drawing)
    assert len(set(ids)) == len(ids)
    assert set(re.findall(r'(?:url\(#|href="#)([^)"]+)', drawing)) == set(ids)


def test_two_figures_share_no_id(drawing):
    from matplotlib import rc_context

    with rc_context():
        figures.use_house_style()
        other = figures.svg(a_figure(palette.PLACES["Tianjin"].light))
    assert not set(re.findall(r' id="([^"]+)"', drawing)) & set(re.findall(r' id="([^"]+)"', other))


def test_on_a_page_colours_are_variables_and_the_alt_text_is_escaped(drawing):
    html = vector.html(drawing, 'more "than" <b>')
    assert not re.search(r"#[0-9a-f]{6}\b", re.sub(r"(url\(#|href=\"#)[^)\"]+", "", html))
    assert "var(--figure-beijing)" in html
    assert 'role="img" aria-label="more &quot;than&quot; &lt;b&gt;"' in html
    assert html.count('<svg class="') == 2


def test_a_colour_without_a_dark_twin_is_refused():
    with pytest.raises(vector.StrangeColour, match="#123456"):
        figures.svg(a_figure("#123456"))


def test_another_file_is_not_taken_for_a_figure():
    assert not vector.is_ours('<svg xmlns="http://www.w3.org/2000/svg"></svg>')


def test_it_fits_a_phone():
    fits_a_phone(a_figure)
