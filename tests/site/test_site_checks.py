"""Each check of the built site finds what it is there to find, on pages that are bad on purpose."""

import json

import pytest
import site_checks as checks

pytestmark = pytest.mark.site

BAD = """<!doctype html><html lang="en" data-theme="light">
<head><title>Bad</title><link rel="icon" href="data:,"></head><body><main>
<h1>Bad</h1>
<script>console.error("a broken promise")</script>
<script src="https://elsewhere.invalid/x.js"></script>
<img src="lost.png" alt="A picture of something"><img src="here.svg">
<img src="here.svg" alt="_images/here.svg" width="7">
<p style="color: #eee; background: #fff">Nobody can read this.</p>
<style>@media (prefers-color-scheme: dark) { .gone { color: #222; background: #000 } }</style>
<p class="gone">Nobody can read this in the dark.</p>
<div style="width: 2000px">Wide</div>
</main></body></html>"""
GOOD = """<!doctype html><html lang="en"><head><title>Good</title><link rel="icon" href="data:,"></head><body><main>
<h1 id="top">Good</h1><p>Plain <a href="#top">words</a>.</p><img src="here.svg" alt="A small square">
<div style="overflow-x: auto" tabindex="0"><div style="width: 2000px">Wide, inside itself</div></div>
</main></body></html>"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'


@pytest.fixture(scope="module")
def visits(browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    (folder / "here.svg").write_text(SVG)
    (folder / "bad.html").write_text(BAD)
    (folder / "good.html").write_text(GOOD)
    with checks.served(folder) as address:
        return {
            name: checks.visit(browser, f"{address}{name}.html", (checks.PHONE, checks.DARK))
            for name in ("bad", "good")
        }


def test_a_bad_page_is_found_out(visits):
    bad = visits["bad"]
    assert "a broken promise" in bad.errors
    assert bad.foreign == ["https://elsewhere.invalid/x.js"]
    assert [one.partition(" ")[0] for one in bad.failed] == ["404"]
    phone, dark = bad.looks[checks.PHONE], bad.looks[checks.DARK]
    for look in (phone, dark):
        assert any("px wide" in one for one in checks.too_wide(look))
        lost = [one.split(" ")[0].split("/")[-1] for one in checks.bad_images(look)]
        assert lost == ["lost.png", "here.svg", "here.svg"]
        assert [src.split("/")[-1] for src in checks.shrunk(look)] == ["here.svg"]
        assert "image-alt" in {one.split(" ")[0] for one in checks.serious(look.violations)}
    assert "color-contrast" in {one.split(" ")[0] for one in checks.serious(phone.violations)}
    assert "2 times" in " ".join(one for one in checks.serious(dark.violations) if one.startswith("color-contrast"))


def test_all_that_is_wrong_is_said_with_the_view(visits):
    found = checks.faults(visits["bad"])
    for words in ("its console says: a broken promise", "it asks another host for https://elsewhere.invalid/x.js",
                  "it does not load 404 ", "lost.png does not load"):  # fmt: skip
        assert sum(one.startswith(words) or words in one for one in found) == 1, words
    for view in ("at 390 px, light: ", "at 1280 px, dark: "):
        assert f"{view}the page is " in " ".join(found)
        assert f"{view}color-contrast" in " ".join(found)
        assert any(one.startswith(view) and one.endswith("here.svg is too small to be read") for one in found)
    assert "at 1280 px, dark: its theme is light" in found
    assert "at 390 px, light: its theme is light" not in found
    assert checks.faults(visits["good"]) == []


def test_a_good_page_passes(visits):
    good = visits["good"]
    assert (good.errors, good.foreign, good.failed) == ([], [], [])
    for look in good.looks.values():
        assert checks.too_wide(look) + checks.bad_images(look) + checks.shrunk(look) == []
        assert checks.serious(look.violations) == []
    assert 0 < good.weight < len(GOOD + SVG)


def test_broken_links(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "index.html").write_text('<a href="sub/a.html#x">x</a><a href="sub/a.html#y">y</a><img src="no.png">')
    (tmp_path / "sub/a.html").write_text('<p id="x">x</p><a href="../index.html">up</a><a href="../gone.html">gone</a>')
    found = "\n".join(checks.broken_links(tmp_path))
    assert found.count("\n") == 2
    assert all(text in found for text in ("sub/a.html#y", "no.png", "../gone.html"))


def test_foreign_loads(tmp_path):
    (tmp_path / "a.html").write_text('<a href="https://a.invalid/">link</a><script src="//b.invalid/b.js"></script>')
    (tmp_path / "a.css").write_text('@import "https://c.invalid/c.css"; p { background: url(local.png) }')
    assert [one.split(" ")[-1] for one in checks.foreign_loads(tmp_path)] == [
        "//b.invalid/b.js",
        "https://c.invalid/c.css",
    ]


def write_findings(site, listed: str, tabled: str, card: str, draft: bool = False):
    (site / "chapters/appendix/findings").mkdir(parents=True, exist_ok=True)
    rows = [{"id": "a.b", "text": listed, "mean": 1.5}]
    (site / "findings.json").write_text(json.dumps({"draft": draft, "findings": rows}))
    (site / "findings.csv").write_text(f"id,text,mean\na.b,{tabled},1.5\n")
    html = f'<div class="finding-card" id="a.b"><p class="finding-value">{card}</p></div>'
    (site / "chapters/appendix/findings/a.html").write_text(html)
    (site / "index.html").write_text("Draft draws" if draft else "")


def test_findings_disagreements(tmp_path):
    write_findings(tmp_path, "1.5 % (94 % HDI 1 to 2 %)", "1.5 % (94 % HDI 1 to 2 %)", "1.5 %")
    assert checks.findings_disagreements(tmp_path) == []
    write_findings(tmp_path, "1.5 %", "1.6 %", "1.7 %")
    assert len(checks.findings_disagreements(tmp_path)) == 2
    write_findings(tmp_path, "1.5 %", "1.5 %", "1.5 %")
    words = "not published: did not converge on this machine"
    write_findings(tmp_path, words, words, words)
    (tmp_path / "findings.csv").write_text(f"id,text,mean\na.b,{words},\n")
    assert len(checks.findings_disagreements(tmp_path)) == 1
    listed = (tmp_path / "findings.json").read_text()
    (tmp_path / "findings.json").write_text(listed.replace("1.5", "null"))
    assert checks.findings_disagreements(tmp_path) == []
    (tmp_path / "findings.csv").write_text("id,text,mean\n")
    assert checks.findings_disagreements(tmp_path) == ["a.b is not everywhere"]


def test_a_card_of_a_variant_is_one_of_the_findings(tmp_path):
    write_findings(tmp_path, "1.5 %", "1.5 %", "1.5 %")
    page = tmp_path / "chapters/appendix/findings/a.html"
    page.write_text(
        page.read_text() + '<div class="finding-card" id="a.b&#64;c"><p class="finding-value">2 %</p></div>'
    )
    assert checks.findings_disagreements(tmp_path) == ["a.b@c is not everywhere"]


def test_draft_marks(tmp_path):
    write_findings(tmp_path, "1 %", "1 %", "1 %")
    assert checks.draft_marks(tmp_path) == []
    write_findings(tmp_path, "1 %", "1 %", "1 %", draft=True)
    (tmp_path / "DRAFT").write_text("")
    assert len(checks.draft_marks(tmp_path)) == 3
    (tmp_path / "INCOMPLETE").write_text("")
    assert "the file INCOMPLETE is there" in checks.draft_marks(tmp_path)


def test_toc_pages(tmp_path):
    (tmp_path / "_toc.yml").write_text("root: index\nparts:\n- chapters:\n  - file: a/b\n    sections: [{file: c}]\n")
    assert checks.toc_pages(tmp_path / "_toc.yml") == ["index", "a/b", "c"]
