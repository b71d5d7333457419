"""The page *Data* has a section for each table of the data package, which other pages can link to."""

import pytest
from sphinx_book import build, fake_fitting, html, some_findings, write_book

import jingjinji
from jingjinji.core import tables
from jingjinji.show import datapage

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
