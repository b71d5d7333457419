"""A made-up region, made and built by the commands alone with draws from the prior, looked at in a browser."""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import site_checks as checks
from prior_fits import once

from jingjinji import PROJECT
from jingjinji.core import descriptor, intake
from jingjinji.topics.air.decline import CITIES

pytestmark = pytest.mark.site

PAGES = ("index", "chapters/decline", "chapters/truth", "chapters/appendix/data", "chapters/appendix/models",
         "chapters/appendix/findings")  # fmt: skip


IN_OTHER_LETTERS = "贝尔福"


def rename(place: Path, old: str, new: str) -> None:
    """Call a city of a region otherwise, in every file that names it."""
    table, package = place / "data/city_month.csv", place / "data/datapackage.json"
    for file in (place / descriptor.FILE, place / "truth.json", table, package):
        file.write_text(file.read_text("utf-8").replace(old, new), encoding="utf-8")
    content, told = table.read_bytes(), json.loads(package.read_text("utf-8"))
    told["resources"][0] |= {"hash": f"sha256:{hashlib.sha256(content).hexdigest()}", "bytes": len(content)}
    package.write_text(json.dumps(told), encoding="utf-8")


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    environment = os.environ | {"JINGJINJI_REGIONS": str(folder), "JINGJINJI_DRAWS": "prior"}
    words = [sys.executable, "-m", "jingjinji.cli.main", "region", *arguments]
    return subprocess.run(words, env=environment, capture_output=True, text=True, timeout=600)


@pytest.fixture(scope="session")
def region(tmp_path_factory) -> Path:
    """The folder of a built region."""

    def make(folder: Path) -> None:
        asked = ("simulate", "riddle", "--places", "4", "--years", "4", "--decline", "-40", "--title", "A land")
        for words in (asked, ("build", "riddle", "--truth")):
            result = command(folder, *words)
            assert result.returncode == 0, result.stderr[-4000:]
            # a folder that is renamed later would leave its old address in caches
            (folder / f"{words[0]}.txt").write_text(result.stdout, encoding="utf-8")
            if words[0] == "simulate":
                rename(folder / "riddle", "Bellford", IN_OTHER_LETTERS)

    return once(tmp_path_factory, "region", make) / "riddle"


@pytest.fixture(scope="session")
def site_of_region(region) -> Path:
    return region / "_build/html"


@pytest.fixture(scope="session")
def address_of_region(site_of_region):
    with checks.served(site_of_region) as address:
        yield address


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_wrong_with_a_page_of_a_region(browser, address_of_region, page):
    assert checks.faults(checks.visit(browser, f"{address_of_region}{page}.html")) == []


def test_the_example_with_a_month_that_nobody_measured_is_built(tmp_path):
    """Its page has parts that the made-up region lacks: areas, north and south, a gap in every city."""
    for words in (("new", "delta", "--from", str(PROJECT / "examples/yangtze.csv")), ("build", "delta")):
        result = command(tmp_path, *words)
        assert result.returncode == 0, result.stderr[-4000:]
    page = (tmp_path / "delta/_build/html/chapters/decline.html").read_text("utf-8")
    assert re.findall(r">[^<]*\bnan\b[^<]*<", page) == []


def test_links_and_findings_of_a_region(site_of_region):
    assert checks.broken_links(site_of_region) == []
    assert checks.foreign_loads(site_of_region) == []
    assert checks.finding_links(site_of_region)
    assert checks.findings_disagreements(site_of_region) == []


def test_the_page_says_what_its_findings_say(browser, address_of_region, site_of_region, region):
    found = {row["id"]: row for row in json.loads((site_of_region / "findings.json").read_text("utf-8"))["findings"]}
    assert all(id.startswith("region.") for id in found)
    page = browser.new_page()
    try:
        page.goto(f"{address_of_region}chapters/decline.html")
        text = " ".join(page.locator("article").inner_text().split())
        headings = [" ".join(one.split()) for one in page.locator("article h2").all_inner_texts()]
    finally:
        page.close()
    assert "A made-up region" in text
    assert any(heading.startswith("From 2015 to 2018 ") for heading in headings)
    cities = {id: row["mean"] for id, row in found.items() if id.startswith("region.city.")}
    names = {short: name for name, short in intake.slugs(descriptor.of(region).cities).items()}
    lowest = names[min(cities, key=cities.get).rpartition(".")[2]]
    assert f"The lowest change is that of {lowest} with" in text
    assert f"{found['region.cells']['mean']:.0f} measured months of 4 cities" in text
    assert "{word}" not in text
    assert not re.search(r"region\.[a-z]+", text)


def test_a_name_in_other_letters_is_drawn(site_of_region):
    html = (site_of_region / "chapters/decline.html").read_text("utf-8")
    assert re.search(rf"<text[^>]*>{IN_OTHER_LETTERS}</text>", html)


def test_formulas_of_a_region_are_set(browser, address_of_region):
    page = browser.new_page()
    try:
        page.goto(f"{address_of_region}chapters/decline.html")
        page.locator("#the-model").scroll_into_view_if_needed()
        page.wait_for_selector("#the-model mjx-container", timeout=30_000)
    finally:
        page.close()


def test_no_place_of_the_book_is_on_a_page_of_a_region(site_of_region):
    for page in PAGES:
        html = (site_of_region / f"{page}.html").read_text("utf-8")
        article = re.search(r"<article.*?</article>", html, re.DOTALL)[0]
        assert not [city for city in CITIES if city in article], page


def test_the_truth_is_on_its_own_page_alone(site_of_region, region):
    truth = json.loads((region / "truth.json").read_text("utf-8"))
    numbers = {f"−{-value:.1f}" for value in truth["cities"].values()}
    for page in PAGES:
        html = (site_of_region / f"{page}.html").read_text("utf-8")
        there = [number for number in numbers if f"<td>{number}</td>" in re.sub(r"<td[^>]*>", "<td>", html)]
        assert bool(there) == (page == "chapters/truth"), page


def test_the_folder_holds_all_that_the_region_is(region):
    assert (region / ".cache/fits/draws").is_dir()
    regions = region.parent
    assert {path.name for path in regions.iterdir()} == {"riddle", "simulate.txt", "build.txt"}
    assert (regions / "build.txt").read_text("utf-8").strip().endswith("riddle/_build/html/index.html")
