import pytest
from sphinx_book import build, fake_fitting, html, some_findings, write_book

from jingjinji.sphinxext.alts import AltTextError, fault, filled
from jingjinji.sphinxext.roles import FindingError

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>'
GOOD = "```{figure} a.svg\n:name: fig-a\n:alt: Beijing fell by {fall-value:pm25.decline.beijing}.\n\nA caption.\n```\n"


@pytest.fixture
def book(tmp_path, monkeypatch):
    fake_fitting(monkeypatch, some_findings())
    (tmp_path / "a.svg").write_text(SVG)
    return tmp_path


@pytest.mark.parametrize(
    ("alt", "said"),
    [
        (None, "no alt"),
        ("", "empty"),
        ("  ", "empty"),
        ("_images/0fe1.svg", "file path"),
        ("figure.PNG", "file path"),
        ("a/b", "file path"),
        ("It fell by {pm25.decline beijing} or {pm25}.", "'{pm25}'"),
    ],
)
def test_fault(alt, said):
    assert said in fault(alt)


@pytest.mark.parametrize("alt", ["Beijing fell.", "Means in µg/m³ by year", "Trend"])
def test_a_written_alt_has_no_fault(alt):
    assert fault(alt) == ""


def test_filled():
    assert (
        filled("{a.b}, {a.b@late-peak} and {value:c.d}; {not} {}", lambda kind, id: f"<{kind}|{id}>")
        == "<|a.b>, <|a.b@late-peak> and <value|c.d>; {not} {}"
    )


def test_findings_are_put_into_alts_and_remembered(book, monkeypatch):
    write_book(book, {"page": f"# Page\n\n{GOOD}"})
    build(book)
    assert 'alt="Beijing fell by 64' in html(book, "page")
    assert build(book).read_pages == []
    fake_fitting(monkeypatch, some_findings() | {"pm25.decline.beijing": some_findings()["pm25.decline.tianjin"]})
    assert build(book).read_pages == ["page"]
    assert 'alt="Beijing fell by 57' in html(book, "page")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("```{figure} a.svg\n:name: fig-a\n\nA caption.\n```\n", "page.md: figure 'fig-a'.* has no alt text"),
        (
            "```{figure} a.svg\n:name: fig-a\n:alt: a.svg\n\nA caption.\n```\n",
            "page.md: figure 'fig-a'.* file path 'a.svg'",
        ),
        ("```{figure} a.svg\n:name: fig-a\n:alt: Words.\n```\n", "page.md: figure 'fig-a'.* has no caption"),
        ("![Words.](a.svg)\n", "page.md: the figure 'a.svg'.* has no caption"),
        ("![](a.svg)\n", "page.md: the figure 'a.svg'.* empty alt text"),
        ('<img src="a.svg">\n', "page.md: the html image 'a.svg' has no alt text"),
    ],
)
def test_a_page_with_an_unreadable_figure_is_not_built(book, text, said):
    write_book(book, {"page": f"# Page\n\n{text}"})
    with pytest.raises(AltTextError, match=said):
        build(book)


def test_an_unknown_finding_in_an_alt_stops_the_build(book):
    write_book(book, {"page": f"# Page\n\n{GOOD.replace('beijing', 'bejing')}"})
    with pytest.raises(FindingError, match=r"page\.md, alt text of figure 'fig-a'.*pm25\.decline\.beijing"):
        build(book)
