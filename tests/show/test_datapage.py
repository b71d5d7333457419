"""The page Data: all that is known of a table, and no figure by hand."""

import re
from html import unescape

import pytest

import jingjinji
from jingjinji.core import tables
from jingjinji.show import datapage

PAGE = (jingjinji.PROJECT / "chapters" / "appendix" / "data.md").read_text(encoding="utf-8")


def text_of(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html))


def test_no_number_is_typed_on_the_page():
    prose = re.sub(r"^#.*$|`[^`]*`|PM2\.5|sha256", "", PAGE.split("---", 2)[2], flags=re.MULTILINE)
    assert re.findall(r"(?<![\w-])\d+(?:\.\d+)?", re.sub(r"```.*?```", "", prose, flags=re.DOTALL)) == []


@pytest.mark.parametrize("name", tables.names())
def test_a_section_tells_all_that_the_package_knows(name):
    resource, html = tables.describe(name), datapage.section(name)._repr_html_()
    text = text_of(html)
    for issue in resource["known_issues"]:
        assert issue in text
    for source in resource["sources"]:
        assert source["title"] in text
        assert source.get("path", "Address not kept") in text
    for field in resource["schema"]["fields"]:
        assert f">{field['name']}</code>" in html
        assert field.get("unit", "") in text
    assert resource["hash"].removeprefix("sha256:") in text
    assert f"{len(tables.load(name))} rows" in text


def test_wide_tables_scroll_inside_themselves_and_can_be_reached_by_keyboard():
    for html in (datapage.overview(), datapage.section("pm25_city_month"), datapage.annual_checks("official")):
        assert html.count("<table") == html.count('tabindex="0"') == html.count("overflow-x:auto") > 0


def test_checks_of_annual_means_are_those_of_the_package():
    rows = [row for row in tables.describe("pm25_official_annual")["checks"] if row["series"] == "official"]
    html = datapage.annual_checks("official")
    assert html.count("<tr>") == len(rows) + 1
    assert "<td>Tianjin</td><td>2014</td>" in html
    assert "−3.5" in html


def test_only_a_web_address_is_a_link():
    assert datapage._linked("https://a.example/x", "a <page>") == '<a href="https://a.example/x">a &lt;page&gt;</a>'
    assert datapage._linked("javascript:alert(1)", "javascript:alert(1)") == "javascript:alert(1)"
    assert datapage._linked("", "none") == "none"
