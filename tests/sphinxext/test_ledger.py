"""Claims on the pages: links both ways, counts, files, and builds that stop."""

import csv
import json
import re
from html import unescape
from pathlib import Path

import pandas as pd
import pytest
from claim_findings import certain, made_up
from sphinx_book import build, fake_fitting, html, write_book

from jingjinji.claims import ledger as claims
from jingjinji.claims.articles import ARTICLES
from jingjinji.claims.rules import VERDICTS
from jingjinji.core import registry, tables
from jingjinji.sphinxext import ledger
from jingjinji.sphinxext.ledger import ClaimError

SETTINGS = {"jingjinji_claims_page": "chapters/claims", "jingjinji_findings_page": "cards"}
CHAPTERS = sorted(set(claims.load().chapter))
LEDGER = """# Ledger

{claims-number}`all` and {claims-number}`supported`; {claims-number}`judged by records` by records.

```{claims-bar}
```

```{claims-counts}
```

```{claims-ledger}
```

```{claims-fragile}
```

```{claims-against}
```
"""


def chapter(name: str, without: str = "") -> str:
    ids = [id for id in claims.load().query("chapter == @name").id if id != without]
    return f"# {name}\n\n" + ", ".join(f"{{claim}}`{id}`" for id in ids) + f".\n\nAgain {{claim}}`{ids[0]}`.\n"


def pages(**changed: str) -> dict[str, str]:
    made = {f"chapters/{name}": chapter(name) for name in ("pm25-decline", "apec-blue")}
    return {"chapters/claims": LEDGER, "cards": "# Cards\n\n```{findings-cards}\n```\n", **made, **changed}


@pytest.fixture
def findings(monkeypatch) -> dict:
    made = made_up()
    fake_fitting(monkeypatch, made)
    return made


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A small book with the whole ledger."""
    root = tmp_path_factory.mktemp("ledger")
    with pytest.MonkeyPatch.context() as patch:
        fake_fitting(patch, made_up())
        write_book(root, pages())
        build(root, **SETTINGS)
    return root


def test_links_lead_both_ways(built):
    page, back = html(built, "chapters/pm25-decline"), html(built, "chapters/claims")
    assert 'href="claims.html#C066"' in page
    assert page.count('id="claim-C066"') == 1
    assert 'href="pm25-decline.html#claim-C066"' in back
    assert 'id="C066"' in back
    assert 'href="../cards/pm25.html#pm25.decline.beijing"' in back
    assert "supported" in unescape(re.search(r'title="([^"]*)"[^>]*>C066', page)[1])
    assert 'href="governance.html' not in back


def test_the_ledger_has_every_claim_with_its_rule(built, findings):
    page = html(built, "chapters/claims")
    rows = claims.load()
    assert [f"C{number:03}" for number in range(1, 118)] == sorted(re.findall(r'<tr class="[^"]*" id="(C\d+)"', page))
    assert page.count("<details>") == page.count("</details>") == 117
    text = unescape(re.sub(r"<[^>]+>", "", page))
    assert all(rule in text for rule in rows.rule)
    assert all(reason.replace("'", "’") in text.replace("'", "’") for reason in rows.reason)
    judged = claims.ledger(findings)
    numbers = claims.tally(judged)
    assert f"117 and {numbers['supported']}; {numbers['judged by records']} by records." in text
    after = page[page.index("</table>", page.index('id="C117"')) :]
    assert [id for id in judged.id[judged.fragile != ""] if f'href="#{id}"' not in after] == []
    assert "(Jin Shi on APEC blue and the Ruhr) But " in unescape(after)


def test_a_row_shows_its_records_with_publisher_and_link(built):
    page = html(built, "chapters/claims")
    row = re.search(r'id="C037".*?</tr>', page, re.DOTALL)[0]
    record = tables.load("records").set_index("id").loc["R035"]
    assert "Source, rule and reason of C037 and 2 records" in row
    assert f'href="{record.url}"' in row
    text = unescape(re.sub(r"<[^>]+>", "", row))
    said = f"For it: {record.statement} {record.title}, {record.publisher} (news report, 2018-12-21, seen as"
    assert said in text.replace("’", "'")
    assert "seen as an excerpt; counts as report)." in text
    against = unescape(re.sub(r"<[^>]+>", "", re.search(r'id="C050".*?</tr>', page, re.DOTALL)[0]))
    assert "Beside it: At the end of 2021" in against
    looked_for = unescape(re.sub(r"<[^>]+>", "", re.search(r'id="C060".*?</tr>', page, re.DOTALL)[0]))
    assert "Looked for and not found: release dates" in looked_for


def test_the_bar_and_its_key_count_every_claim(findings):
    numbers = claims.tally(claims.ledger(findings))
    html = ledger.bar(numbers)
    key = re.findall(r'<span class="verdict [^"]*">([^<]*)</span> <b>(\d+)</b>', html)
    parts = re.findall(r'flex-grow:(\d+)"[^>]*>(\d+)</a>', html)
    assert {name: int(number) for name, number in key} == {name: numbers[name] for name in VERDICTS}
    assert sum(int(number) for _, number in parts) == numbers["all"]
    assert all(grow == number for grow, number in parts)
    assert "?verdict=depends%20on%20the%20measure" in html


def test_what_is_decided_stands_first(findings):
    verdicts = list(ledger.in_order(claims.ledger(findings))["verdict"])
    assert verdicts == sorted(verdicts, key=ledger.ORDER.index)
    assert set(ledger.ORDER) == set(VERDICTS)


def test_every_article_is_described():
    assert set(claims.load()["article"]) == set(ARTICLES)


def test_only_web_addresses_become_links_and_cells_are_escaped(tmp_path, monkeypatch, findings):
    load = claims.tables.load
    bad = {"url": "javascript:alert(1)", "statement": "<script>alert(2)</script>", "title": "<b>bold</b>"}

    def changed(name: str) -> pd.DataFrame:
        table = load(name)
        if name != "records":
            return table
        return table.assign(**{column: table[column].where(table.id != "R035", text) for column, text in bad.items()})

    write_book(tmp_path, pages())
    monkeypatch.setattr(claims.tables, "load", changed)
    build(tmp_path, **SETTINGS)
    page = html(tmp_path, "chapters/claims")
    assert "javascript:" not in page
    assert "<script>alert(2)" not in page
    assert "<b>bold</b>" not in page
    assert "&lt;script&gt;alert(2)" in page


def test_files_say_what_the_page_says(built, findings):
    out = built / "_build/html"
    listed = json.loads((out / "claims.json").read_text("utf-8"))
    with (out / "claims.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.DictReader(file)) == listed["claims"]
    assert listed["draft"] is False
    assert len(listed["claims"]) == 117
    judged = claims.ledger(findings).set_index("id")
    assert {row["id"]: row["verdict"] for row in listed["claims"]} == judged.verdict.to_dict()
    assert {"rule", "reason", "reading", "findings", "tables", "basis", "fits"} <= set(listed["claims"][0])


def test_a_book_without_a_ledger_judges_nothing(tmp_path, monkeypatch):
    fake_fitting(monkeypatch, {"a.b": certain("a.b", 1)})
    write_book(tmp_path, {"prose": "# Prose\n\n{finding-value}`a.b`\n"})
    build(tmp_path, **SETTINGS)
    assert not (tmp_path / "_build/html/claims.json").exists()


def test_only_pages_that_name_a_changed_claim_are_read_again(tmp_path, monkeypatch, findings):
    write_book(tmp_path, pages(other="# Other\n\nNothing.\n"))
    build(tmp_path, **SETTINGS)
    assert build(tmp_path, **SETTINGS).read_pages == []
    turned = findings | {"apec.observed.embassy.clean-days": certain("apec.observed.embassy.clean-days", 9)}
    fake_fitting(monkeypatch, turned)
    read = set(build(tmp_path, **SETTINGS).read_pages)
    assert {"chapters/claims", "chapters/apec-blue"} <= read
    assert not read & {"other", "chapters/pm25-decline"}
    assert "depends on" not in re.search(r'id="C025".*?</tr>', html(tmp_path, "chapters/claims"), re.DOTALL)[0]


def test_a_claim_that_needs_a_fit_that_did_not_converge_says_so_on_the_pages(tmp_path, monkeypatch, findings):
    id = "pm25.decline.tianjin"
    rest = {other: finding for other, finding in findings.items() if other != id}
    fake_fitting(monkeypatch, rest, failed={"decline": "bulk ESS is 200"}, unpublished={id: ("change", "decline")})
    write_book(tmp_path, pages(models="# Models\n", other="# Other\n\n{claim}`C001`\n"))
    settings = SETTINGS | {"jingjinji_models_page": "models"}
    build(tmp_path, **settings)
    back = html(tmp_path, "chapters/claims")
    row = re.search(r'id="C066".*?</tr>', back, re.DOTALL)[0]
    assert "row-not-decided-by-these-data" in re.search(r'<tr class="([^"]*)" id="C066"', back)[1]
    assert "Fit decline did not converge on this machine" in row
    assert 'href="../models.html#fit-decline"' in row
    assert f'href="../cards/{id.partition(".")[0]}.html#{id}"' in row
    for page in ("chapters/claims", "chapters/pm25-decline", "cards"):
        assert "decline</a>: bulk ESS is 200." in html(tmp_path, page)
    for page in ("chapters/apec-blue", "other"):
        assert "not complete" not in html(tmp_path, page)
    listed = json.loads((tmp_path / "_build/html/claims.json").read_text("utf-8"))["claims"]
    assert next(row for row in listed if row["id"] == "C066")["unpublished"] == "decline"
    assert build(tmp_path, **settings).read_pages == []
    fake_fitting(monkeypatch, findings)
    assert set(build(tmp_path, **settings).read_pages) == {"chapters/claims", "chapters/pm25-decline", "cards"}
    assert "not complete" not in html(tmp_path, "chapters/pm25-decline")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# Page\n\n{claim}`C118`\n", r"page\.md, line 3: there is no claim 'C118'"),
        ("# Page\n\n{claims-number}`true`\n", r"page\.md, line 3: 'true' is no verdict"),
    ],
)
def test_an_unknown_claim_or_verdict_stops_the_build(tmp_path, findings, text, said):
    write_book(tmp_path, {"page": text})
    with pytest.raises(ClaimError, match=said):
        build(tmp_path, **SETTINGS)


def test_a_chapter_that_leaves_a_claim_out_stops_the_build(tmp_path, findings):
    write_book(tmp_path, pages(**{"chapters/apec-blue": chapter("apec-blue", without="C031")}))
    with pytest.raises(ClaimError, match=r"apec-blue\.md does not list C031: write each with the role claim"):
        build(tmp_path, **SETTINGS)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.assign(rule=t.rule.where(t.id != "C012", "")), "claim C012, column 'rule' is empty"),
        (lambda t: t.assign(id=t.id.where(t.id != "C012", "C011")), "id C011 in more than one row"),
        (lambda t: t.assign(rule=t.rule.where(t.id != "C012", "a.b = 1")), "claim C012: there is no finding 'a.b'"),
    ],
)
def test_a_bad_ledger_stops_the_build_with_one_message(tmp_path, monkeypatch, findings, change, said):
    load = claims.tables.load
    write_book(tmp_path, pages())
    monkeypatch.setattr(claims.tables, "load", lambda name: change(load(name)) if name == "claims" else load(name))
    with pytest.raises(ClaimError, match=said) as error:
        build(tmp_path, **SETTINGS)
    assert "\n" not in str(error.value)


def test_chapters_that_are_not_written_are_left_out():
    rows = pd.DataFrame({"id": ["C1", "C2", "C3"], "chapter": ["a", "a", "b"]})
    assert ledger.unlisted(rows, {"chapters/a": ["C2"]}, "chapters/", {"chapters/a"}) == {"chapters/a": ["C1"]}


def test_chapters_of_the_book_list_their_claims(project: Path):
    rows = claims.load()
    listed = {
        f"chapters/{path.stem}": ledger.NAMED.findall(path.read_text("utf-8"))
        for path in (project / "chapters").glob("*.md")
    }
    assert ledger.unlisted(rows, listed, "chapters/", set(listed)) == {}
    assert set(CHAPTERS) == set(registry.CHAPTERS)


def test_the_script_is_short(project: Path):
    script = (project / "_static/ledger.js").read_text("utf-8")
    assert len(script.splitlines()) < 150
    assert not re.search(r"https?:|fetch\(|import ", script)
