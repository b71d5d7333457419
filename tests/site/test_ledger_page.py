"""The claims ledger in a browser: filter, sort, links into it, and the plain table without the script."""

import csv
import json

import pytest

pytestmark = pytest.mark.site

PAGE = "chapters/claims.html"
SHOWN = "rows => rows.filter(row => !row.hidden).map(row => row.id)"
ROWS = "table.ledger tbody tr"


@pytest.fixture(scope="module")
def claims(site) -> list[dict]:
    return json.loads((site / "claims.json").read_text("utf-8"))["claims"]


@pytest.fixture
def page(browser):
    page = browser.new_page()
    yield page
    page.close()


def shown(page) -> list[str]:
    return page.eval_on_selector_all(ROWS, SHOWN)


def ids(claims: list[dict], **wanted: str) -> list[str]:
    return [claim["id"] for claim in claims if all(claim[key] == value for key, value in wanted.items())]


def test_the_files_agree(site, claims):
    with (site / "claims.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == claims


def test_filters_work_and_stand_in_the_address(page, address, claims):
    page.goto(address + PAGE)
    assert shown(page) == [claim["id"] for claim in claims]
    page.select_option("select[name=verdict]", "supported")
    assert shown(page) == ids(claims, verdict="supported")
    assert page.url.endswith("?verdict=supported")
    page.select_option("select[name=article]", "Jin Shi on APEC blue and the Ruhr")
    both = ids(claims, verdict="supported", article="Jin Shi on APEC blue and the Ruhr")
    assert shown(page) == both
    assert page.inner_text(".ledger-status") == f"{len(both)} of {len(claims)} claims"
    page.reload()
    assert shown(page) == both
    page.fill("input[name=words]", "no claim has these words")
    assert shown(page) == []


def test_a_verdict_can_be_chosen_by_its_bar_and_by_its_filter(page, address, claims):
    page.goto(address + PAGE)
    page.click(".claims-bar a:text('depends on the measure')")
    chosen = ids(claims, verdict="depends on the measure")
    # the link opens the page anew, and a click does not wait for all of it
    page.wait_for_load_state()
    assert page.locator(ROWS).count() == len(claims)
    assert shown(page) == chosen != []
    assert page.input_value("select[name=verdict]") == "depends on the measure"


def test_a_row_opens_to_its_records_with_links_to_web_pages_only(page, address):
    page.goto(f"{address}{PAGE}#C037")
    records = page.locator("#C037 details li")
    assert records.count() == 2
    assert "Deutsche Welle" in records.first.inner_text()
    links = page.eval_on_selector_all("table.ledger details a.external", "links => links.map(link => link.href)")
    assert links
    assert all(link.startswith(("http://", "https://")) for link in links)


def test_the_page_is_light_and_fits_a_phone(site, page, address):
    assert (site / PAGE).stat().st_size < 500_000
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{address}{PAGE}#C047")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_columns_sort_both_ways(page, address, claims):
    page.goto(address + PAGE)
    header = page.locator("table.ledger th", has_text="Verdict")
    for direction in ("ascending", "descending"):
        header.locator("button").click()
        assert header.get_attribute("aria-sort") == direction
        verdicts = page.eval_on_selector_all(ROWS, "rows => rows.map(row => row.cells[3].innerText.trim())")
        assert verdicts == sorted(verdicts, reverse=direction == "descending")
    page.locator("table.ledger th", has_text="No.").locator("button").click()
    assert shown(page) == [claim["id"] for claim in claims]


def test_a_link_to_a_claim_opens_it_even_where_a_filter_hides_it(page, address):
    page.goto(f"{address}{PAGE}?verdict=contradicted#C066")
    assert page.eval_on_selector("#C066", "row => !row.hidden && row.querySelector('details').open")


def test_without_the_script_the_table_is_whole(browser, address, claims):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + PAGE)
    visible = [row.get_attribute("id") for row in page.locator(ROWS).all() if row.is_visible()]
    assert visible == [claim["id"] for claim in claims]
    assert page.locator(".ledger-filter").count() == 0
    context.close()
