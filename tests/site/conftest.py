import os
import pickle
import shutil
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from prior_fits import once
from site_checks import BROWSER_ARGUMENTS, BROWSERS, served
from site_checks import visit as visit_page

from jingjinji import PROJECT
from jingjinji.teaching.editions import INSTRUCTOR, STUDENT

SITE = PROJECT / "_build" / "html"


def _missing(sentence: str):
    if os.environ.get("CI") == "true":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def site() -> Path:
    if not (SITE / "index.html").exists():
        _missing("the tests of the built site need the site: run 'make book' first")
    return SITE


@pytest.fixture(scope="session", params=[STUDENT, INSTRUCTOR])
def edition(request) -> tuple[str, Path]:
    """Each built edition beside the reader's: its name and its folder."""
    folder = PROJECT / "_build" / request.param
    if not (folder / "_build/html/index.html").exists():
        _missing(f"the tests of editions need them: run 'make {request.param}' first")
    return request.param, folder


@pytest.fixture(scope="session")
def browser():
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        _missing(
            "the browser tests need Chromium: install it with 'apt-get install chromium' or from your system's packages"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=BROWSER_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def address(site):
    with served(site) as address:
        yield address


@pytest.fixture(scope="session")
def visit(browser, address, tmp_path_factory):
    """Visit a page of the site once, however many tests of all workers ask."""

    def see(page: str):
        def make(folder: Path):
            (folder / "seen").write_bytes(pickle.dumps(visit_page(browser, f"{address}{page}.html")))

        return pickle.loads((once(tmp_path_factory, f"visit {page.replace('/', ' ')}", make) / "seen").read_bytes())

    return cache(see)
