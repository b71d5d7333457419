"""Notebooks to download: they say how to run, carry what the page shows, and name no place that is not there."""

import csv
import json
import re
import stat
import zipfile
from functools import cache

import nbformat
import pytest
from matplotlib import rc_context
from sphinx_book import build, fake_fitting, html, some_findings, write_book

import jingjinji
from jingjinji.show import figures
from jingjinji.sphinxext import pictures, travel

HEAD = "---\nkernelspec:\n  name: python3\n  display_name: Python 3\n  language: python\nfile_format: mystnb\n---\n"
BASE, REPOSITORY = "https://book.example/", "https://github.com/someone/a-book"
HIDDEN = (
    "from pathlib import Path\nfrom IPython.display import HTML, display\n\n"
    "drawing = Path('../drawing.svg').read_text('utf-8')"
)
SHOW = "display({'image/svg+xml': drawing}, raw=True)"
PAGE = f"""{HEAD}# A page

:::{{admonition}} The claim
:class: claim

It fell by {{finding-fall}}`pm25.decline.beijing`, see [there](b) and {{numref}}`fig-means`.
:::

```{{code-cell}} ipython3
:tags: [remove-cell]

{HIDDEN}
```

Text between.

```{{code-cell}} ipython3
---
tags: [hide-input]
mystnb:
  image:
    alt: Means of two years, {{value:pm25.official.2013}} in the first.
  figure:
    name: fig-means
    caption: >-
      **It fell by {{finding-fall-value}}`pm25.decline.beijing`.** Annual means.
---
{SHOW}
```

```{{code-cell}} ipython3
HTML('<a href="b.html">b</a>')
```

The end.
"""
OTHER = "# B\n\nThere. {finding}`pm25.decline.tianjin`\n\n```{figures-data}\n```\n"
CFF = "title: 'Toy: a book'\nversion: 1.2\n"


@cache
def drawing() -> str:
    """A figure of the book as a file."""

    def draw():
        figure, axis = figures.chart(2)
        figures.raw(axis, [2013, 2014], [89.5, 85.9], "measured")
        axis.set_ylabel("PM2.5 (µg/m³)")
        return figure

    with rc_context():
        figures.use_house_style()
        return figures.svg(figures.drawn(draw)())


def make(root, monkeypatch, draft: bool = False, **config) -> None:
    fake_fitting(monkeypatch, some_findings(), draft)
    write_book(root, {"chapters/a": PAGE, "chapters/b": OTHER, "cards": "# Cards\n\n```{findings-cards}\n```\n"})
    (root / "drawing.svg").write_text(drawing(), "utf-8")
    for name in travel.ENVIRONMENT:
        (root / name).write_text(f"# {name}\n")
    wheel = root / "_build/html" / travel.DOWNLOADS / travel.WHEEL
    if not draft:
        wheel.parent.mkdir(parents=True)
        wheel.write_bytes(bytes(3_000_000))
    build(
        root,
        numfig=True,
        html_theme="sphinx_book_theme",
        nb_execution_timeout=600,
        myst_enable_extensions=["colon_fence"],
        **config,
    )


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    """A book that is nowhere on the web, one that is, and a draft."""
    roots = {name: tmp_path_factory.mktemp(name) for name in ("here", "published", "draft")}
    with pytest.MonkeyPatch.context() as monkeypatch:
        make(roots["here"], monkeypatch)
        about = {"html_baseurl": BASE, "html_theme_options": {"repository_url": REPOSITORY}}
        make(roots["published"], monkeypatch, **about)
        make(roots["draft"], monkeypatch, draft=True, **about)
    return roots


def notebook(root):
    found = nbformat.read(root / "_build/html/_sources/chapters/a.ipynb", as_version=4)
    nbformat.validate(found)
    return found


def texts(root) -> list[str]:
    return [cell.source for cell in notebook(root).cells if cell.cell_type == "markdown"]


def codes(root) -> list:
    return [cell for cell in notebook(root).cells if cell.cell_type == "code"]


def test_the_first_cell_names_book_version_size_and_the_one_line_that_installs(books):
    first = texts(books["here"])[0]
    assert f"version {jingjinji.__version__}" in first
    assert f"\npip install {travel.WHEEL}\n" in first
    assert first.count("pip install") == 1
    assert "3 MB" in first
    assert "3.12 or newer" in first


def test_a_published_notebook_names_its_page_its_repository_and_an_address(books):
    first = texts(books["published"])[0]
    assert "[A page](<https://book.example/chapters/a.html>)" in first
    assert REPOSITORY in first
    line = f"pip install {BASE}_downloads/{travel.WHEEL}"
    assert f"\n{line}\n" in first
    guard = codes(books["published"])[0].source
    assert guard.startswith("try:\n    import jingjinji\nexcept ImportError:\n")
    assert guard.endswith(f"%pip install --quiet {BASE}_downloads/{travel.WHEEL}")


def test_a_draft_does_not_travel(books):
    first = texts(books["draft"])[0]
    assert "draft" in first
    assert "pip install" not in first
    assert "page-menu launch" not in html(books["draft"], "chapters/a")
    with zipfile.ZipFile(books["draft"] / "_build/html/_downloads/notebooks.zip") as kit:
        assert sorted(kit.namelist()) == ["README.md", "chapters/a.ipynb"]


def test_code_stays_as_it_is_and_in_its_order_with_its_outputs(books):
    cells = codes(books["here"])
    assert [cell.source for cell in cells[:2]] == [HIDDEN, SHOW]
    assert cells[2].outputs
    assert all(not cell.metadata for cell in cells)


@pytest.mark.parametrize("name", ["here", "published"])
def test_no_role_no_directive_and_no_place_of_the_site_is_left(books, name):
    whole = json.dumps(notebook(books[name]), ensure_ascii=False)
    said = "\n\n".join(texts(books[name]))
    assert not re.search(r"\{[a-z-]+\}`|:::|```\{|^\(.*\)=$", said, re.MULTILINE)
    shown = [output.data.get("text/html", "") for cell in codes(books[name]) for output in cell.outputs]
    links = re.findall(r"\]\(<?([^)>]*)", said) + re.findall(r'(?:href|src)="([^"]*)', "".join(shown))
    assert all(link.startswith("https://") for link in links)
    assert bool(links) == (name == "published")
    assert str(books[name]) not in whole


def test_roles_are_numbers_and_boxes_quotations(books):
    said = "\n\n".join(texts(books["here"]))
    assert "> **The claim**" in said
    assert re.search(r"> It fell by 64\s%? ?.*\(.* to .*\), see there and Fig\. 1", said.replace("\xa0", " "))


def test_a_figure_has_its_number_headline_caption_and_alt_text(books):
    assert "Fig. 1 **It fell by 64\xa0%.** Annual means." in texts(books["here"])
    drawing = codes(books["here"])[1].outputs[0].data["image/svg+xml"]
    assert re.search(r'^<svg role="img" aria-label="Means of two years, 89\.5.*in the first\."', drawing)
    assert "narrow" not in drawing
    assert "metadata" not in drawing


def test_the_same_book_gives_the_same_notebook(books, tmp_path, monkeypatch):
    make(tmp_path, monkeypatch)
    again, before = (root / "_build/html/_sources/chapters/a.ipynb" for root in (tmp_path, books["here"]))
    assert again.read_text("utf-8") == before.read_text("utf-8")


def test_the_page_offers_the_package_and_leads_to_colab_and_binder(books):
    page = html(books["published"], "chapters/a")
    assert f'href="../_downloads/{travel.WHEEL}" download' in page
    menu = re.search(r'<details class="page-menu launch">.*?</details>', page, re.DOTALL)[0]
    kit = books["published"] / "_build/html/_downloads/notebooks.zip"
    with zipfile.ZipFile(kit) as opened:
        names = set(opened.namelist())
    colab, binder = re.findall(r'href="([^"]+)"', menu)
    place = re.fullmatch(
        rf"https://colab\.research\.google\.com/github/someone/a-book/blob/{travel.BRANCH}/(.+)", colab
    )
    assert place[1] in names
    other = re.fullmatch(
        rf"https://mybinder\.org/v2/gh/someone/a-book/{travel.BRANCH}\?urlpath=lab%2Ftree%2F(.+)", binder
    )
    assert other[1].replace("%2F", "/") == place[1]
    assert "page-menu launch" not in html(books["here"], "chapters/a")


def test_the_kit_has_what_binder_installs_from(books):
    with zipfile.ZipFile(books["published"] / "_build/html/_downloads/notebooks.zip") as kit:
        assert sorted(kit.namelist()) == [
            "README.md",
            "chapters/a.ipynb",
            "environment.yml",
            "postBuild",
            "requirements.lock",
        ]
        assert kit.read("environment.yml") == b"# environment.yml\n"
        assert f"install --no-deps {BASE}_downloads/{travel.WHEEL}\n" in kit.read("postBuild").decode()
        assert kit.getinfo("postBuild").external_attr >> 16 & stat.S_IXUSR
    with zipfile.ZipFile(books["here"] / "_build/html/_downloads/notebooks.zip") as kit:
        assert sorted(kit.namelist()) == ["README.md", "chapters/a.ipynb"]


def data(root) -> list[list[str]]:
    path = root / "_build/html" / pictures.FOLDER / "chapters/a/fig-means.csv"
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_a_page_offers_the_data_of_its_figure_beside_the_caption(books):
    head, *rows = data(books["here"])
    assert head == ["series", "shown as", "year", "PM2.5 (µg/m³)"]
    assert rows == [["measured", "point", "2013", "89.5"], ["measured", "point", "2014", "85.9"]]
    caption = re.search(r"<figcaption>.*?</figcaption>", html(books["here"], "chapters/a"), re.DOTALL)[0]
    link = re.search(r'<a class="figure-data[^>]*href="([^"]+)"[^>]*>(.*?)</a>', caption)
    assert link[1] == "../_downloads/figures/chapters/a/fig-means.csv"
    assert re.sub("<[^>]+>", "", link[2]) == "data (csv) of the figure “It fell by 64\xa0%”"


def test_all_figures_are_listed_with_their_data(books):
    out = books["here"] / "_build/html"
    (row,) = json.loads((out / "figures.json").read_text("utf-8"))["figures"]
    assert row == {"page": "chapters/a", "title": "A page", "figure": "It fell by 64\xa0%",
                   "data": "_downloads/figures/chapters/a/fig-means.csv"}  # fmt: skip
    assert (out / row["data"]).exists()
    assert 'href="../figures.csv"' in html(books["here"], "chapters/b")


def test_data_of_a_figure_that_is_gone_go(tmp_path, monkeypatch):
    make(tmp_path, monkeypatch)
    assert data(tmp_path)
    page = tmp_path / "chapters/a.md"
    page.write_text(
        page.read_text("utf-8").replace("name: fig-means", "name: fig-other").replace("`fig-means`", "`fig-other`")
    )
    build(
        tmp_path,
        numfig=True,
        html_theme="sphinx_book_theme",
        nb_execution_timeout=600,
        myst_enable_extensions=["colon_fence"],
    )
    assert [path.name for path in (tmp_path / "_build/html" / pictures.FOLDER).rglob("*.csv")] == ["fig-other.csv"]
