"""Tables of the pages: whatever a cell holds comes out as text, and no page makes a table in another way."""

import re

import pandas as pd
import pytest

import jingjinji
from jingjinji.show.grids import Html, table

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&"
CHAPTERS = sorted((jingjinji.PROJECT / "chapters").rglob("*.md"))
CODE = re.compile(r"```\{code-cell\}.*?\n```", re.DOTALL)


def shown(*arguments, **options) -> str:
    return table(*arguments, **options).to_html()


@pytest.mark.parametrize(
    "options", [{}, {"precision": 2}, {"formats": {"number": "{:.1f}"}}, {"kind": "claims"}], ids=repr
)
def test_cells_and_heads_are_text_whatever_they_hold_and_however_numbers_are_printed(options):
    html = shown(pd.DataFrame({"number": [1.25], HOSTILE: [HOSTILE]}), **options)
    assert "<script" not in html
    assert "<img" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(2)&gt;") == 2


def test_numbers_are_printed_as_asked_and_the_index_is_not():
    frame = pd.DataFrame({"a": [1.25], "b": [2.0]}, index=["row"])
    assert re.findall(r"<td[^>]*>(.*?)</td>", shown(frame, precision=1)) == ["1.2", "2.0"]
    assert re.findall(r"<td[^>]*>(.*?)</td>", shown(frame, formats={"a": "{:g}"})) == ["1.25", "2.000000"]
    assert "row</th>" not in shown(frame)
    assert 'class="claims"' in shown(frame, kind="claims")


def test_html_by_intent_stays_beside_text_that_is_escaped():
    html = shown(pd.DataFrame({"a": [Html('<span id="x">y</span>')], "b": ["<b>"]}, dtype=object))
    assert '<span id="x">y</span>' in html
    assert "&lt;b&gt;" in html


def test_no_page_and_no_module_styles_a_table_by_itself():
    assert len(CHAPTERS) > 10
    pages = {path.name: "".join(CODE.findall(path.read_text("utf-8"))) for path in CHAPTERS}
    code = {path.name: path.read_text("utf-8") for path in (jingjinji.PROJECT / "src").glob("**/*.py")}
    by_hand = {name for name, text in (pages | code).items() if re.search(r"\.style\b|to_html|HTML\(", text)}
    assert by_hand == {"grids.py", "summaries.py"}
    # the graph of a model, drawn by the book itself, its words escaped
    assert re.findall(r"\.style\b|to_html|HTML\(.*", code["summaries.py"]) == ["HTML(_graph(model_of(name))))"]
    (line,) = re.findall(r"frame\.style.*", code["grids.py"])
    assert line.count('escape="html"') == 2
