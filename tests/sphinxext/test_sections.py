"""The page *Data* has a section for each table of the data package, which other pages can link to."""

import re

import pytest
from faults import copy_package, describe
from sphinx_book import build, fake_fitting, html, some_findings, write_book

import jingjinji
from jingjinji.core import tables
from jingjinji.show import datapage

HOSTILE = "<script>alert(1)</script>\n```\n\n<script>alert(2)</script>\n\n{raw}`x` [link](javascript:alert(3))"
PAGES = {
    "chapters/data": "# Data\n\n```{data-tables}\n```\n",
    "other": "# Other\n\nSee [the months](table-pm25-city-month).\n",
}


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        fake_fitting(patch, some_findings())
        root = tmp_path_factory.mktemp("book")
        (root / "data").symlink_to(jingjinji.PROJECT / "data")
        write_book(root, PAGES)
        build(root)
        yield root


def test_every_table_has_a_section_with_its_file_and_all_that_is_known_of_it(book):
    page = html(book, "chapters/data")
    for name in tables.names():
        assert f'id="{datapage.anchor(name)}"' in page
        assert f"/{tables.describe(name)['path']}" in page
        assert datapage.section(name) in page


def test_other_pages_link_to_it(book):
    assert 'href="chapters/data.html#table-pm25-city-month"' in html(book, "other")


def test_the_page_depends_on_the_package(book):
    app = build(book)
    assert app.read_pages == []
    assert any(path.endswith("data/datapackage.json") for path in app.env.dependencies["chapters/data"])


def test_what_the_descriptor_says_is_text_and_no_link_runs_code(tmp_path, monkeypatch):
    fake_fitting(monkeypatch, some_findings())
    data, name = copy_package(tmp_path / "data", "days_by_class"), "days_by_class"
    monkeypatch.setattr(tables, "DATA", data)
    source = {"name": HOSTILE, "title": HOSTILE, "publisher": HOSTILE, "license": HOSTILE, "note": HOSTILE}
    sources = [{**source, "path": address} for address in ("javascript:alert(4)", 'https://a.example/"><script>')]
    licences = [{"name": HOSTILE, "title": HOSTILE, "note": HOSTILE, "path": "JavaScript:alert(5)"}]
    schema = tables.describe(name)["schema"]
    schema["fields"][0]["description"] = HOSTILE
    describe(data, name, title=HOSTILE, description=HOSTILE, known_issues=[HOSTILE], sources=sources, licenses=licences,
             schema=schema)  # fmt: skip
    write_book(tmp_path, PAGES | {"other": "# Other\n"})
    build(tmp_path)
    page = html(tmp_path, "chapters/data")
    assert "alert(1)" in page
    assert not re.findall(r"<script[^>]*>\s*alert", page)
    assert not re.findall(r"""href=["']?\s*javascript:""", page, re.IGNORECASE)
    assert page.count('id="table-days-by-class"') == 1
