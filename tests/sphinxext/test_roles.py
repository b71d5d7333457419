import csv
import dataclasses
import json
import os
import re
from html import unescape

import pytest
from sphinx_book import build, decline, fake_fitting, html, some_findings, write_book

from jingjinji.core.errors import UnknownFinding
from jingjinji.core.findings import Finding
from jingjinji.show import readings
from jingjinji.sphinxext.roles import FindingError, printed

PAGES = {
    "prose": "# Prose\n\n{finding}`pm25.decline.beijing` and a fall of {finding-fall-value}`pm25.decline.tianjin`.\n",
    "other": "# Other\n\nNo number here.\n",
    "cards": "# Cards\n\n```{findings-cards}\n```\n",
}


@pytest.fixture
def findings(monkeypatch) -> dict[str, Finding]:
    findings = some_findings()
    fake_fitting(monkeypatch, findings)
    return findings


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("", "−64 %"),
        ("value", "−64 %"),
        ("interval", "94 % HDI −68 to −60 %"),
        ("with-interval", "−64 % (94 % HDI −68 to −60 %)"),
        ("fall", "64 %"),
        ("fall-value", "64 %"),
        ("fall-with-interval", "64 % (94 % HDI 60 to 68 %)"),
    ],
)
def test_printed(findings, kind, expected):
    assert printed(findings, "pm25.decline.beijing", kind).replace("\N{NO-BREAK SPACE}", " ") == expected


def test_fall_has_no_sign(findings):
    assert printed(findings, "pm25.decline.beijing", "fall-value").startswith("64")


@pytest.mark.parametrize("kind", ["fall", "fall-value"])
def test_a_rise_is_not_printed_as_a_fall(findings, kind):
    with pytest.raises(FindingError, match="no fall"):
        printed(findings, "pm25.rise.nowhere", kind)
    assert printed(findings, "pm25.rise.nowhere", kind, draft=True)


def test_an_exact_finding_has_no_interval(findings):
    with pytest.raises(FindingError, match="no interval"):
        printed(findings, "pm25.official.2013", "interval")


def test_unknown_kind_and_unknown_id(findings):
    with pytest.raises(FindingError, match="no way to print"):
        printed(findings, "pm25.decline.beijing", "median")
    with pytest.raises(UnknownFinding, match=r"pm25\.decline\.beijing"):
        printed(findings, "pm25.decline.bejing")


def test_role_prints_and_links_to_the_card(tmp_path, findings):
    write_book(tmp_path, PAGES)
    build(tmp_path)
    prose, cards = html(tmp_path, "prose"), html(tmp_path, "cards/pm25")
    link = re.search(r'<a class="finding [^>]*href="cards/pm25.html#pm25.decline.beijing"[^>]*>([^<]*)</a>', prose)
    assert link[1] == readings.in_prose(findings["pm25.decline.beijing"])
    assert 'data-interval="−68 to −60 %"'.replace(" %", "\N{NO-BREAK SPACE}%") in link[0]
    assert 'id="pm25.decline.beijing"' in cards
    assert "94\N{NO-BREAK SPACE}% highest-density interval" in cards
    assert "src/models/decline.py:7" in cards
    assert 'href="../prose.html#at-pm25.decline.beijing">Prose</a>' in cards
    assert 'id="at-pm25.decline.beijing"' in link[0]


def test_only_a_finding_that_is_used_has_a_card_and_all_can_be_searched(tmp_path, findings):
    write_book(tmp_path, PAGES)
    build(tmp_path)
    assert "pm25.rise.nowhere" not in html(tmp_path, "cards/pm25")
    assert "2 of 4 findings have a card" in html(tmp_path, "cards")
    link = '<a class="reference internal" href="cards/pm25.html">Numbers of the chapter Prose (2)</a>'
    assert link in html(tmp_path, "cards")
    assert "<code>pm25</code>" in html(tmp_path, "cards")
    assert "<h1>Numbers of the chapter Prose (2)</h1>" in html(tmp_path, "cards/pm25")
    index = told(tmp_path, "cards/index")
    assert {id: has_card for id, _, _, has_card in index} == {
        id: id in ("pm25.decline.beijing", "pm25.decline.tianjin") for id in findings
    }


def test_a_popover_reads_what_the_card_says(tmp_path, findings):
    write_book(tmp_path, PAGES)
    build(tmp_path)
    (finding, _), cards = told(tmp_path, "cards/pm25")["findings"].values(), unescape(html(tmp_path, "cards/pm25"))
    assert finding["reading"] == readings.reading(findings["pm25.decline.beijing"])
    for key in ("value", "interval", "checks", "model"):
        assert finding[key] in cards


def test_what_a_hostile_label_says_is_text(tmp_path, monkeypatch, findings):
    label = "</script><script>alert(1)</script> \u2028"
    fake_fitting(monkeypatch, findings | {"pm25.decline.beijing": decline("pm25.decline.beijing", -64.0, label=label)})
    write_book(tmp_path, PAGES)
    build(tmp_path)
    for page in ("prose", "cards/pm25", "cards"):
        assert "<script>alert" not in html(tmp_path, page)
    assert label in told(tmp_path, "cards/pm25")["findings"]["pm25.decline.beijing"]["reading"]


def test_the_same_number_under_two_headings_has_two_places(tmp_path, findings):
    one = "{finding}`pm25.decline.beijing`"
    write_book(tmp_path, PAGES | {"prose": f"# Prose\n\n{one} {one}\n\n## Below\n\n{one}\n"})
    build(tmp_path)
    uses = re.search(r'<p class="finding-uses">(.*?)</p>', html(tmp_path, "cards/pm25"))[1]
    assert re.findall(r'#([^"]*)">([^<]*)<', uses) == [
        ("at-pm25.decline.beijing", "Prose"), ("at-pm25.decline.beijing--2", "Below")
    ]  # fmt: skip


def test_cards_follow_what_other_pages_use(tmp_path, findings):
    write_book(tmp_path, PAGES)
    build(tmp_path)
    (tmp_path / "other.md").write_text("# Other\n\n{finding}`pm25.rise.nowhere`\n", encoding="utf-8")
    assert build(tmp_path).read_pages == ["other"]
    assert 'id="pm25.rise.nowhere"' in html(tmp_path, "cards/pm25")
    assert "3 of 4 findings have a card" in html(tmp_path, "cards")
    assert build(tmp_path).read_pages == []


def told(root, name: str):
    """What a script of findings hands over."""
    text = (root / f"_build/html/{name}.js").read_text("utf-8")
    return json.loads(text.removeprefix("jingjinjiFindings(").removesuffix(")\n"))


def test_findings_are_written_as_files_that_agree(tmp_path, findings):
    write_book(tmp_path, PAGES)
    build(tmp_path)
    out = tmp_path / "_build/html"
    listed = json.loads((out / "findings.json").read_text("utf-8"))
    with (out / "findings.csv").open(encoding="utf-8-sig", newline="") as file:
        tabled = list(csv.DictReader(file))
    assert [row["id"] for row in listed["findings"]] == [row["id"] for row in tabled] == sorted(findings)
    assert listed["findings"][0]["text"] == tabled[0]["text"] == findings["pm25.decline.beijing"].text
    assert next(row for row in listed["findings"] if row["id"] == "pm25.official.2013")["rhat"] is None
    assert listed["draft"] is False
    assert not (out / "DRAFT").exists()


def test_files_of_findings_are_written_again_only_when_something_changed(tmp_path, monkeypatch, findings):
    write_book(tmp_path, PAGES)
    build(tmp_path)
    files = [tmp_path / f"_build/html/findings.{form}" for form in ("json", "csv")]

    def written_again() -> bool:
        for file in files:
            os.utime(file, (0, 0))
        build(tmp_path)
        again = {file.stat().st_mtime > 0 for file in files}
        assert len(again) == 1
        return again.pop()

    assert not written_again()
    fake_fitting(monkeypatch, findings | {"pm25.rise.nowhere": decline("pm25.rise.nowhere", 20.0)})
    assert written_again()
    assert not written_again()
    files[1].unlink()
    build(tmp_path)
    assert files[1].exists()


def test_unknown_id_stops_the_build_with_the_nearest(tmp_path, findings):
    write_book(tmp_path, {"prose": "# Prose\n\n{finding}`pm25.decline.bejing`\n"})
    with pytest.raises(FindingError, match=r"prose\.md, line 3: .*pm25\.decline\.beijing"):
        build(tmp_path)


def test_only_pages_that_print_a_changed_finding_are_read_again(tmp_path, monkeypatch, findings):
    variant = decline("pm25.decline.beijing@without-weather", -60.0)
    findings[variant.id] = variant
    write_book(tmp_path, PAGES)
    assert set(build(tmp_path).read_pages) == {"prose", "other", "cards", "index"}
    assert build(tmp_path).read_pages == []
    fake_fitting(monkeypatch, findings | {"pm25.decline.beijing": decline("pm25.decline.beijing", -50.0)})
    assert set(build(tmp_path).read_pages) == {"prose", "cards"}
    assert readings.in_prose(findings["pm25.decline.beijing"]) not in html(tmp_path, "prose")
    fake_fitting(monkeypatch, findings | {"pm25.rise.nowhere": decline("pm25.rise.nowhere", 20.0)})
    assert set(build(tmp_path).read_pages) == {"prose", "cards"}
    assert build(tmp_path).read_pages == []
    relabelled = decline("pm25.decline.beijing", -64.0, label="another label")
    fake_fitting(monkeypatch, findings | {relabelled.id: relabelled})
    assert set(build(tmp_path).read_pages) == {"prose", "cards"}


def test_a_variants_finding_has_a_card_where_a_page_prints_it(tmp_path, findings):
    for suffix in ("printed", "unprinted"):
        variant = decline(f"pm25.decline.beijing@{suffix}", -60.0)
        findings[variant.id] = variant
    write_book(
        tmp_path, {"prose": "# Prose\n\n{finding-value}`pm25.decline.beijing@printed`\n", "cards": PAGES["cards"]}
    )
    build(tmp_path)
    assert 'href="cards/pm25.html#pm25.decline.beijing@printed"' in unescape(html(tmp_path, "prose"))
    assert 'id="pm25.decline.beijing@printed"' in unescape(html(tmp_path, "cards/pm25"))
    assert "@unprinted" not in unescape(html(tmp_path, "cards/pm25"))
    page = tmp_path / "prose.md"
    page.write_text(page.read_text("utf-8").replace("@printed", "@unprinted"), encoding="utf-8")
    assert set(build(tmp_path).read_pages) == {"prose"}
    assert 'id="pm25.decline.beijing@unprinted"' in unescape(html(tmp_path, "cards/pm25"))


def test_what_a_variant_is_stands_wherever_its_number_is_explained(tmp_path, findings):
    """The label of a variant is the main fit's, and so are all sentences that begin with it."""
    id, words = "pm25.decline.beijing@step-unknown", "Change of a city (variant: step nearly unknown)"
    findings[id] = dataclasses.replace(decline(id, -60.0), model="decline/step-unknown")
    write_book(tmp_path, {"prose": f"# Prose\n\n{{finding-value}}`{id}`\n", "cards": PAGES["cards"]})
    build(tmp_path)
    assert told(tmp_path, "cards/pm25")["findings"][id]["reading"].startswith(f"{words}: ")
    assert f"<strong>{words}</strong>" in html(tmp_path, "cards/pm25")
    assert f'title="{words[:1].lower()}{words[1:]}"' in html(tmp_path, "prose")
    labels = {row[0]: row[1] for row in told(tmp_path, "cards/index")}
    assert labels[id].lower() == words.lower() != labels["pm25.decline.beijing"].lower()


def test_a_variant_whose_fit_failed_is_named_too(tmp_path, monkeypatch, findings):
    id = "pm25.decline.beijing@step-unknown"
    absent = {id: ("change of a city", "decline/step-unknown")}
    fake_fitting(monkeypatch, findings, failed={"decline/step-unknown": "R-hat"}, unpublished=absent)
    write_book(tmp_path, {"prose": f"# Prose\n\n{{finding-value}}`{id}`\n", "cards": PAGES["cards"]})
    build(tmp_path)
    assert "<strong>change of a city (variant: step nearly unknown)</strong>" in html(tmp_path, "cards/pm25")


def test_a_second_page_of_cards_of_a_chapter_has_a_title_of_its_own(tmp_path, findings):
    findings["heavy.days"] = decline("heavy.days", 3.0)
    write_book(tmp_path, {"prose": PAGES["prose"] + "\n{finding}`heavy.days`\n", "cards": PAGES["cards"]})
    build(tmp_path)
    assert "<h1>Days of heavy pollution (1)</h1>" in html(tmp_path, "cards/heavy")
    assert "<h1>Numbers of the chapter Prose (2)</h1>" in html(tmp_path, "cards/pm25")


def test_a_page_of_cards_describes_itself_and_is_in_the_sitemap(tmp_path, findings):
    write_book(tmp_path, PAGES)
    build(tmp_path, html_baseurl="https://book.example/")
    page = html(tmp_path, "cards/pm25")
    (said,) = re.findall(r'<meta name="description" content="([^"]*)"', page)
    assert said.startswith("Numbers of the chapter Prose: 2 cards, each with ")
    assert said.endswith(".")
    assert f'property="og:description" content="{said}"' in page
    sitemap = (tmp_path / "_build/html/sitemap.xml").read_text("utf-8")
    assert "<loc>https://book.example/cards/pm25.html</loc>" in sitemap


def test_a_finding_that_is_gone_stops_the_next_build(tmp_path, monkeypatch, findings):
    write_book(tmp_path, PAGES)
    build(tmp_path)
    fake_fitting(monkeypatch, {id: one for id, one in findings.items() if id != "pm25.decline.tianjin"})
    with pytest.raises(FindingError, match="tianjin"):
        build(tmp_path)


def test_draft_draws_are_marked_and_the_mark_goes_with_full_draws(tmp_path, monkeypatch, findings):
    write_book(tmp_path, PAGES)
    theme = {"html_theme": "pydata_sphinx_theme"}
    fake_fitting(monkeypatch, findings, draft=True)
    build(tmp_path, **theme)
    out = tmp_path / "_build/html"
    assert (out / "DRAFT").exists()
    assert json.loads((out / "findings.json").read_text("utf-8"))["draft"] is True
    for page in ("prose", "other"):
        assert "Draft draws" in html(tmp_path, page)
        assert 'name="robots" content="noindex"' in html(tmp_path, page)
    fake_fitting(monkeypatch, findings)
    build(tmp_path, **theme)
    assert not (out / "DRAFT").exists()
    assert "Draft draws" not in html(tmp_path, "other")


def test_a_site_of_other_seeds_is_marked_and_the_mark_goes_with_the_books_own(tmp_path, monkeypatch, findings):
    write_book(tmp_path, PAGES)
    mark = tmp_path / "_build/html/OTHER_SEEDS"
    fake_fitting(monkeypatch, findings, shift=2)
    build(tmp_path)
    assert "JINGJINJI_SEED=2" in mark.read_text("utf-8")
    fake_fitting(monkeypatch, findings)
    build(tmp_path)
    assert not mark.exists()


def test_a_changed_style_reaches_every_page_without_reading_any(tmp_path, findings):
    style = tmp_path / "_static/book.css"
    style.parent.mkdir()
    style.write_text("p {color: red}")
    write_book(tmp_path, PAGES)
    look = {"html_static_path": ["_static"], "html_css_files": ["book.css"]}
    build(tmp_path, **look)
    before = html(tmp_path, "other")
    style.write_text("p {color: blue}")
    assert build(tmp_path, **look).read_pages == []
    assert (tmp_path / "_build/html/_static/book.css").read_text() == "p {color: blue}"
    assert html(tmp_path, "other") != before
