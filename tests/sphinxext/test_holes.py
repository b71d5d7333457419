"""A book with a hole: a fit that did not converge is missing where it is needed, and everything else is there."""

import csv
import json
import re
import sys
from html import unescape

import nbformat
import pytest
from sphinx_book import SOURCE, build, decline, fake_fitting, html, some_findings, write_book

from jingjinji.core.errors import FitMissing, FitNotPublished
from jingjinji.core.findings import NOT_PUBLISHED, Findings, did_not_converge, find
from jingjinji.sphinxext import holes, site, statements
from jingjinji.sphinxext.roles import FindingError
from jingjinji.sphinxext.staleness import PageError

PACKAGE = {
    "__init__": "",
    "core/__init__": "",
    "core/registry": "PLACES, SAID, FACTS = {'good': 'toys.good', 'bad': 'toys.bad'}, '', ()\n",
    "core/errors": "class FitNotPublished(Exception):\n    def __init__(self, fit):\n        self.fit = fit\n",
    "fits/__init__": "",
    "fits/fitting": (
        "from pathlib import Path\nfrom toybook.core import errors\n\n\ndef load_fit(name):\n"
        "    if name in Path('failed.txt').read_text().split():\n        raise errors.FitNotPublished(name)\n"
        "    return f'draws of {name}'\n"
    ),
    "topics/__init__": "",
    "topics/toys/__init__": "",
    "topics/toys/good": "",
    "topics/toys/bad": "",
}
WHAT = "R-hat is 1.03 at drift[2], the gate asks 1.01"
FAILED = {"bad/wide": WHAT}
UNPUBLISHED = {
    "bad.size": ("size of the bad", "bad/wide"),
    "bad.size@wide": ("size of the bad, wide", "bad/wide"),
}
HEAD = "---\nkernelspec:\n  name: python3\n  display_name: Python 3\n  language: python\nfile_format: mystnb\n---\n"
FIGURE = "from IPython.display import SVG\nSVG('<svg xmlns=\"http://www.w3.org/2000/svg\"><text>%s</text></svg>')"
SETTINGS = {
    "jingjinji_package": "toybook", "jingjinji_models_page": "appendix/models", "jingjinji_findings_page": "cards",
    "nb_execution_in_temp": False, "numfig": True, "nitpicky": True,
}  # fmt: skip


def cell(code: str, tags: str = "") -> str:
    return f"```{{code-cell}}\n{tags}{code}\n```\n\n"


def figure(name: str, code: str) -> str:
    tags = (
        f"---\nmystnb:\n  image:\n    alt: Draws of {name} as a curve.\n  figure:\n    name: fig-{name}\n"
        f"    caption: The figure of {name}.\n---\n"
    )
    return cell(code, tags)


HOLE = (
    f"{HEAD}# A page with a hole\n\nText above, see {{numref}}`fig-bad`.\n\n"
    + cell("from toybook.fits.fitting import load_fit\ngood, bad = load_fit('good'), load_fit('bad/wide')")
    + cell("print('shown:', good)")
    + cell("print('also shown:', bad)")
    + figure("bad", "words = bad + ''\n" + FIGURE % "' + words + '")
    + figure("good", FIGURE % "' + good + '")
    + "Text below. It is {finding}`bad.size`.\n"
)
LATE = f"{HEAD}# Late\n\n" + "".join(
    map(
        cell,
        [
            "from toybook.fits.fitting import load_fit\nfit = load_fit('good')\nprint('first', fit)",
            "fit = load_fit('bad/wide')\nkept = 'kept'",
            "print('second', fit)",
            "print('third', kept)",
        ],
    )
)
PAGES = {
    "hole": HOLE,
    "chapters/prose": "# Prose\n\nIt is {finding}`bad.size`, or {finding-fall-value}`bad.size@wide`.\n",
    "other": f"{HEAD}# Other\n\n"
    + cell("from toybook.fits.fitting import load_fit\nopen('runs.txt', 'a').write('x')\nprint(load_fit('good'))"),
    "words": "# Words\n\nNothing but {finding}`pm25.decline.beijing`.\n",
    "late": LATE,
    "alt": "# Alt\n\n```{figure} a.svg\n:alt: It is {value:bad.size} high.\n\nWords.\n```\n",
    "cards": "# Cards\n\n```{findings-cards}\n```\n",
    "appendix/models": "# Models\n\nDiagnostics.\n",
}


def package(root, monkeypatch) -> None:
    for name, code in PACKAGE.items():
        path = root / f"code/toybook/{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
    monkeypatch.syspath_prepend(str(root / "code"))
    monkeypatch.setenv("PYTHONPATH", str(root / "code"))
    fail(root, monkeypatch)


def forget_package() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "toybook"]:
        del sys.modules[name]


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """An empty book whose fit `bad/wide` did not converge."""
    package(tmp_path, monkeypatch)
    yield tmp_path
    forget_package()


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """The book of all `PAGES`, built once: tests read it and change nothing."""
    root = tmp_path_factory.mktemp("book")
    with pytest.MonkeyPatch.context() as monkeypatch:
        package(root, monkeypatch)
        write_book(root, PAGES)
        (root / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"></svg>')
        built(root)
    yield root
    forget_package()


def fail(root, monkeypatch, failed: dict[str, str] = FAILED) -> None:
    """Let fits fail, for the pages and for the kernels."""
    (root / "failed.txt").write_text(" ".join(failed))
    unpublished = {id: told for id, told in UNPUBLISHED.items() if told[1] in failed}
    published = {id: decline(id, -3.0) for id in UNPUBLISHED if id not in unpublished}
    fake_fitting(monkeypatch, some_findings() | published, failed=failed, unpublished=unpublished)


def built(root, **config):
    app = build(root, **SETTINGS, **config)
    assert re.sub(r"\x1b\[[\d;]*m", "", app._warning.getvalue()) == ""
    return app


def outputs(root, page: str) -> list[str]:
    """What stands below each cell of a page, as html."""
    return [
        part.partition("</section>")[0]
        for part in re.split(r'<div class="cell docutils container">', html(root, page))[1:]
    ]


def test_a_page_with_a_hole_is_built_and_shows_all_that_needs_no_missing_fit(book):
    page, below = html(book, "hole"), outputs(book, "hole")
    assert "Text above" in page
    assert "Text below" in page
    assert "shown: draws of good" in below[1]
    assert "also shown" not in re.sub(r"<pre>.*?</pre>", "", below[2], flags=re.DOTALL)
    link = '<a href="appendix/models.html#fit-bad-wide">bad/wide</a>'
    assert f'<p class="not-published">Not published, as it did not converge on this machine: {link}.</p>' in below[2]
    assert "Traceback" not in page
    assert "NameError" not in page


def images(root, page: str) -> dict[str, str]:
    """Text of each image of a page, by its alt text."""
    found = re.findall(r'<img [^>]*?\balt="([^"]*)"[^>]*?\bsrc="([^"]*)"', html(root, page))
    return {alt: (root / "_build/html" / page).parent.joinpath(src).read_text("utf-8") for alt, src in found}


def test_a_figure_of_a_missing_fit_is_a_notice_with_label_caption_and_alt(book):
    page = html(book, "hole")
    notice, drawn = images(book, "hole").items()
    assert notice[0] == f"No figure, as {did_not_converge(['bad/wide'])}. It would show: Draws of bad as a curve."
    assert did_not_converge(["bad/wide"]) in notice[1]
    assert drawn[0] == "Draws of good as a curve."
    assert "draws of good" in drawn[1]
    assert re.search(r'<figure[^>]*id="fig-bad"', page)
    assert "The figure of bad." in page
    assert re.search(r'href="#fig-bad"><span class="std std-numref">Fig. 1</span>', page)


def test_roles_print_words_that_link_to_the_diagnostics(book):
    page = html(book, "chapters/prose")
    links = re.findall(r'<a class="reference internal" href="([^"]*)" title="([^"]*)">([^<]*)</a>', page)
    assert links == [
        ("../appendix/models.html#fit-bad-wide", "size of the bad", NOT_PUBLISHED),
        ("../appendix/models.html#fit-bad-wide", "size of the bad, wide", NOT_PUBLISHED),
    ]


def test_a_banner_stands_on_the_pages_concerned_alone(book):
    for page, up in (("hole", ""), ("chapters/prose", "../"), ("cards", ""), ("late", ""), ("alt", "")):
        banner = re.search(r'<div class="warning not-published admonition">.*?</div>', html(book, page), re.DOTALL)[0]
        assert html(book, page).index(banner) < html(book, page).index("</h1>") + 40
        assert f'href="{up}appendix/models.html#fit-bad-wide">bad/wide</a>: {WHAT}.' in banner
    for page in ("other", "words", "index", "appendix/models"):
        assert "not-published" not in html(book, page)


def test_cards_say_so(book):
    page = html(book, "cards/bad")
    for id in UNPUBLISHED:
        card = re.search(rf'id="{re.escape(id)}">(.*?)</div>', page, re.DOTALL)[1]
        assert f'<p class="finding-value">{NOT_PUBLISHED}</p>' in card
        assert UNPUBLISHED[id][0] in card
        assert WHAT in card
        assert 'href="../appendix/models.html#fit-bad-wide"' in card


def test_alt_texts_print_the_words(book):
    assert f'alt="It is {NOT_PUBLISHED} high."' in html(book, "alt")


def test_the_notebook_to_download_has_words_and_notices(book):
    notebook = nbformat.read(book / "_build/html/_sources/hole.ipynb", as_version=4)
    assert f"It is {NOT_PUBLISHED}." in notebook.cells[-1].source
    printed = [cell.outputs[0].get("data", {}).get("text/plain", "") for cell in notebook.cells if cell.get("outputs")]
    assert printed[0] == "Not published: fit bad/wide did not converge on this machine."


def test_old_values_are_not_shown_in_place_of_the_missing(book):
    below = outputs(book, "late")
    assert "first draws of good" in below[0]
    assert ["not-published" in part for part in below] == [False, True, True, False]
    assert "second draws" not in below[2]
    assert "third kept" in below[3]


def test_the_site_is_marked_and_its_files_say_what_is_missing(book):
    out = book / "_build/html"
    assert f"bad/wide: {WHAT}\n" in (out / "INCOMPLETE").read_text("utf-8")
    listed = json.loads((out / "findings.json").read_text("utf-8"))
    rows = {row["id"]: row for row in listed["findings"]}
    with (out / "findings.csv").open(encoding="utf-8-sig", newline="") as file:
        tabled = {row["id"]: row for row in csv.DictReader(file)}
    assert list(rows) == list(tabled) == sorted(rows)
    assert listed["not_published"] == FAILED
    assert rows["bad.size"] | {"status": "not published", "text": NOT_PUBLISHED, "mean": None} == rows["bad.size"]
    assert (tabled["bad.size"]["status"], tabled["bad.size"]["mean"]) == ("not published", "")
    assert rows["pm25.decline.beijing"]["status"] == "published"
    assert rows.keys() == {*some_findings(), *UNPUBLISHED}
    assert len({tuple(row) for row in rows.values()}) == 1


def test_a_site_is_marked_also_where_no_page_needs_the_fit(toy, monkeypatch):
    fake_fitting(monkeypatch, some_findings(), failed={"bad/unread": WHAT})
    write_book(toy, {"words": PAGES["words"]})
    built(toy)
    assert "bad/unread" in (toy / "_build/html/INCOMPLETE").read_text("utf-8")
    assert site.incomplete({}) == ""


def test_a_heading_and_the_list_of_contents_print_the_words(toy):
    headed = "# Headed\n\n## It is {finding-value}`bad.size`\n\nWords.\n"
    write_book(toy, {"headed": headed, "appendix/models": PAGES["appendix/models"]})
    built(toy)
    page = html(toy, "headed")
    assert NOT_PUBLISHED in re.search(r"<h2>(.*?)</h2>", page, re.DOTALL)[1]
    assert page.count(f'It is <span class="not-published">{NOT_PUBLISHED}</span></a></li>') == 1
    assert 'href="appendix/models.html#fit-bad-wide"' in page


def test_pages_concerned_are_built_again_when_the_status_changes(toy, monkeypatch):
    pages = ("hole", "chapters/prose", "other", "words", "cards")
    write_book(toy, {name: PAGES[name] for name in pages})
    concerned, out = {"hole", "chapters/prose", "cards"}, toy / "_build/html"
    built(toy)
    assert f'<span class="not-published">{NOT_PUBLISHED}</span>' in html(toy, "chapters/prose")
    assert "on this machine: bad/wide.</p>" in outputs(toy, "hole")[2]
    assert build(toy, **SETTINGS).read_pages == []

    fail(toy, monkeypatch, {})
    assert set(built(toy).read_pages) == concerned
    for page in concerned:
        assert "ot published" not in html(toy, page)
        assert "This page is not complete" not in html(toy, page)
    assert "also shown: draws of bad/wide" in html(toy, "hole")
    assert images(toy, "hole").keys() == {"Draws of bad as a curve.", "Draws of good as a curve."}
    assert not (out / "INCOMPLETE").exists()
    listed = json.loads((out / "findings.json").read_text("utf-8"))
    assert listed["not_published"] == {}
    assert {row["status"] for row in listed["findings"]} == {"published"}

    fail(toy, monkeypatch, {"bad/wide": "bulk ESS is 200"})
    assert set(built(toy).read_pages) == concerned
    assert "also shown: draws" not in html(toy, "hole")
    assert all("bulk ESS is 200" in html(toy, page) for page in concerned)
    assert (toy / "runs.txt").read_text() == "x"


@pytest.mark.parametrize(
    ("failed", "label"), [({"bad/wide": "bulk ESS is 200"}, "size of the bad"), (FAILED, "another label")]
)
def test_another_reason_or_label_is_seen(toy, monkeypatch, failed, label):
    write_book(toy, {name: PAGES[name] for name in ("chapters/prose", "words", "appendix/models")})
    built(toy)
    fake_fitting(
        monkeypatch, some_findings(), failed=failed, unpublished=UNPUBLISHED | {"bad.size": (label, "bad/wide")}
    )
    assert built(toy).read_pages == ["chapters/prose"]
    assert failed["bad/wide"] in html(toy, "chapters/prose")
    assert label in html(toy, "chapters/prose")


def test_an_output_with_a_hole_is_taken_from_the_cache_with_its_banner(toy):
    write_book(toy, {"hole": HOLE})
    built(toy)
    before = body(toy)
    (toy / "hole.md").write_text(HOLE.replace("Text below", "Other text below"))
    app = built(toy)
    assert app.read_pages == ["hole"]
    assert "Using cached notebook" in app._status.getvalue()
    assert body(toy).replace("Other text", "Text") == before
    assert "This page is not complete" in before


def body(root) -> str:
    return html(root, "hole").partition("<h1>")[2]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["1 / 0", "load_fit('bad/wide')"], "ZeroDivisionError"),
        (["from toybook.errors import FitNotPublished\nraise FitNotPublished('good')"], "FitNotPublished"),
    ],
    ids=["an error before", "a fit that did converge"],
)
def test_other_errors_still_stop_the_build(toy, cells, said):
    text = "".join(
        map(cell, ["from toybook.fits.fitting import load_fit\nname = 'bad/wide'", *cells, "load_fit(name)"])
    )
    write_book(toy, {"page": f"{HEAD}# Page\n\n{text}", "words": PAGES["words"]})
    with pytest.raises(PageError, match=r"a cell of page\.md failed") as error:
        build(toy, **SETTINGS)
    assert said in str(error.value.__cause__.__cause__)


def test_a_fit_of_which_the_engine_says_nothing_stops_the_build(toy, monkeypatch):
    fake_fitting(monkeypatch, some_findings(), failed={"good": WHAT})
    write_book(toy, {"hole": HOLE, "words": PAGES["words"]})
    with pytest.raises(PageError, match=r"a cell of hole\.md failed"):
        build(toy, **SETTINGS)


def test_an_engine_that_says_nothing_of_fits_has_no_hole(toy, monkeypatch):
    fake_fitting(monkeypatch, some_findings())
    assert not hasattr(sys.modules[SOURCE], "unpublished")
    (toy / "failed.txt").write_text("")
    write_book(toy, {"hole": HOLE.replace("{finding}`bad.size`", "some"), "words": PAGES["words"]})
    built(toy)
    assert "also shown: draws of bad/wide" in html(toy, "hole")
    assert not (toy / "_build/html/INCOMPLETE").exists()


def test_an_unknown_id_still_stops(toy):
    write_book(toy, {"page": "# Page\n\n{finding}`bad.sise`\n"})
    with pytest.raises(FindingError, match=r"there is no finding 'bad\.sise'"):
        build(toy, **SETTINGS)


def test_findings_know_what_is_not_published():
    findings = Findings(some_findings(), UNPUBLISHED, FAILED)
    with pytest.raises(FitNotPublished, match=r"fit 'bad/wide' is not published, .*: R-hat is 1\.03") as error:
        findings["bad.size"]
    assert error.value.fit == "bad/wide"
    assert isinstance(error.value, FitMissing)
    assert type(error.value).__name__ == statements.ERROR
    with pytest.raises(FitNotPublished):
        find(findings, "bad.size")
    with pytest.raises(KeyError):
        findings["bad.sise"]
    assert set(findings) == set(some_findings())
    assert "bad.size" not in findings
    assert findings.label("bad.size") == "size of the bad"
    assert findings.label("pm25.decline.beijing") == "change of a city"
    assert findings.fits_failed(["bad.size", "pm25.decline.beijing"]) == {"bad/wide"}
    assert "bad.size" not in Findings({"bad.size": decline("bad.size", 1)}, UNPUBLISHED)


def test_several_fits_in_words():
    assert did_not_converge(["b", "a", "c/d"]) == "fits a, b and c/d did not converge on this machine"


def test_a_notice_names_each_fit_once_on_its_own_line():
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", unescape(holes.image(["b", "a&b"])))
    assert texts == ["Not published:", did_not_converge(["a&b"]), did_not_converge(["b"])]
