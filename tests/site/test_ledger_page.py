"""The claims ledger in a browser: filter, sort, links into it, and the plain table without the script."""

import csv
import json
import re
from urllib.parse import quote

import pytest

from jingjinji.claims.rules import DECIDED
from jingjinji.sphinxext.ledger import HEAD, ORDER

pytestmark = pytest.mark.site

PAGE = "chapters/claims.html"
SHOWN = "rows => rows.filter(row => row.checkVisibility()).map(row => row.id)"
ROWS = "table.ledger tbody tr"
MOST_SCREENS = 10
MOST_SHEETS = 35


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


def in_order(claims: list[dict]) -> list[str]:
    """Ids as the ledger lists them: by verdict, what is decided first, then by number."""
    return [claim["id"] for claim in sorted(claims, key=lambda claim: (ORDER.index(claim["verdict"]), claim["id"]))]


def ids(claims: list[dict], **wanted: str) -> list[str]:
    return [claim["id"] for claim in claims if all(claim[key] == value for key, value in wanted.items())]


def test_the_files_agree(site, claims):
    with (site / "claims.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.DictReader(file)) == claims


def test_paper_has_the_table_and_not_the_closed_cards_of_a_phone(page, address):
    page.set_viewport_size({"width": 794, "height": 1123})
    page.goto(address + PAGE)
    page.emulate_media(media="print")
    row = page.locator(ROWS).first
    assert row.evaluate("row => getComputedStyle(row).display") == "table-row"
    assert row.locator(".claim-source").first.is_visible()


def pages_printed(page) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))


@pytest.mark.parametrize("width", [390, 1280])
def test_paper_has_every_claim_that_the_filter_lets_through_on_few_pages(page, address, claims, width):
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(address + PAGE)
    page.emulate_media(media="print")
    assert shown(page) == in_order(claims)
    assert pages_printed(page) <= MOST_SHEETS
    page.goto(f"{address}{PAGE}?verdict=supported")
    assert shown(page) == ids(claims, verdict="supported")
    assert pages_printed(page) < MOST_SHEETS


def test_paper_says_what_is_folded_and_has_its_colours_and_the_words_of_the_head(page, address):
    page.set_viewport_size({"width": 718, "height": 1000})
    page.goto(address + PAGE)
    page.emulate_media(media="print")
    folded = page.locator("table.ledger details").first
    assert folded.locator("p").first.bounding_box()["height"] > 0
    assert not folded.locator("summary").is_visible()
    assert page.locator("table.ledger th").all_inner_texts() == [*HEAD]
    assert page.locator(".claims-parts a").first.evaluate("part => getComputedStyle(part).printColorAdjust") == "exact"
    words = page.eval_on_selector_all("td .verdict", "chips => chips.map(chip => chip.scrollWidth - chip.clientWidth)")
    assert max(words) <= 0


def test_a_verdict_that_no_claim_has_is_said(page, address, claims):
    missing = next(verdict for verdict in ORDER if not ids(claims, verdict=verdict))
    page.goto(f"{address}{PAGE}?verdict={quote(missing)}")
    assert shown(page) == []
    assert page.input_value("select[name=verdict]") == missing
    assert "no claim has this verdict" in page.inner_text(".ledger-status")
    page.click("button:text('Reset the filter')")
    assert shown(page) == in_order(claims)


def test_what_is_decided_comes_first(page, address, claims):
    page.goto(address + PAGE)
    assert shown(page) == in_order(claims)
    verdict = {claim["id"]: claim["verdict"] for claim in claims}
    decided = [verdict[id] in DECIDED for id in shown(page)]
    assert decided == sorted(decided, reverse=True)
    assert any(decided)


def test_filters_work_and_stand_in_the_address(page, address, claims):
    page.goto(address + PAGE)
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
    assert "Reset the filter" in page.inner_text(".ledger-status")
    page.click("button:text('Reset the filter')")
    assert shown(page) == in_order(claims)
    assert "?" not in page.url


def test_the_bar_adds_up_to_all_claims_and_filters(page, address, claims):
    page.goto(address + PAGE)
    counts = {claim["verdict"]: 0 for claim in claims}
    for claim in claims:
        counts[claim["verdict"]] += 1
    parts = page.locator(".claims-parts a")
    assert {part.get_attribute("title"): int(part.inner_text()) for part in parts.all()} == counts
    keys = [text.split() for text in page.locator(".claims-bar li").all_inner_texts()]
    assert sum(int(words[-1]) for words in keys[:-1]) == int(keys[-1][-1]) == len(claims)
    for chosen in ("depends on the measure", "supported in part"):
        page.locator(f".claims-parts a[title='{chosen}']").click()
        assert shown(page) == ids(claims, verdict=chosen) != []
        assert page.input_value("select[name=verdict]") == chosen
    page.locator(".claims-bar li a", has_text="supported in part").click()
    assert shown(page) == in_order(claims)


def test_a_verdict_has_a_colour_and_a_sign(page, address):
    page.goto(address + PAGE)
    signs = page.eval_on_selector_all(
        ".claims-bar .verdict",
        "chips => chips.map(chip => [getComputedStyle(chip, '::before').content, getComputedStyle(chip).color])",
    )
    assert len(signs) == len(ORDER)
    assert len({sign for sign, _ in signs}) == len({colour for _, colour in signs}) == len(ORDER)


def test_a_claim_has_a_permanent_link(page, address):
    page.goto(address + PAGE)
    page.click("#C066 td:first-child a")
    assert page.url.endswith("#C066")
    assert page.eval_on_selector("#C066", "row => row.querySelector('details').open")


def test_a_row_opens_to_its_records_with_links_to_web_pages_only(page, address):
    page.goto(f"{address}{PAGE}#C037")
    records = page.locator("#C037 details li")
    assert records.count() == 2
    assert "Deutsche Welle" in records.first.inner_text()
    links = page.eval_on_selector_all("table.ledger details a.external", "links => links.map(link => link.href)")
    assert links
    assert all(link.startswith(("http://", "https://")) for link in links)


def test_the_page_is_light_and_fits_a_phone(site, page, address, claims):
    assert (site / PAGE).stat().st_size < 500_000
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{address}{PAGE}#C047")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("#C047").is_visible()
    page.goto("about:blank")
    page.goto(address + PAGE)
    height = page.eval_on_selector(".pst-scrollable-table-container:has(.ledger)", "box => box.scrollHeight")
    assert height <= MOST_SCREENS * 844
    more = page.locator(".ledger-more")
    more.click()
    assert shown(page) == in_order(claims)
    assert more.is_hidden()


def test_the_table_is_as_wide_as_a_desktop_allows(page, address):
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(address + PAGE)
    table = page.locator("table.ledger").bounding_box()
    assert table["width"] > 900
    verdicts = page.eval_on_selector_all(
        "td .verdict", "chips => chips.map(chip => chip.scrollWidth - chip.clientWidth)"
    )
    assert max(verdicts) <= 0


def test_the_filter_stays_in_reach_all_the_way_down(page, address):
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        page.goto("about:blank")
        page.goto(address + PAGE)
        if width < 992:
            page.locator(".ledger-more").click()
        page.locator(ROWS).last.scroll_into_view_if_needed()
        if width < 992:
            assert page.locator(".ledger-status").bounding_box()["y"] >= 0
            page.locator(".ledger-back").click()
        box, head = page.locator(".ledger-filter").bounding_box(), page.locator(".bd-header-article").bounding_box()
        assert head["y"] + head["height"] <= box["y"] < 844 - box["height"]


def test_a_claim_that_is_linked_to_stands_below_the_filter(page, address):
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{address}{PAGE}#C066")
    page.wait_for_function("document.querySelector('#C066').getBoundingClientRect().top < 900")
    filter, row = page.locator(".ledger-filter").bounding_box(), page.locator("#C066").bounding_box()
    assert filter["y"] + filter["height"] <= row["y"]


def test_columns_sort_both_ways(page, address, claims):
    page.goto(address + PAGE)
    header = page.locator("table.ledger th", has_text="Verdict")
    for direction in ("ascending", "descending"):
        header.locator("button").click()
        assert header.get_attribute("aria-sort") == direction
        verdicts = page.eval_on_selector_all(ROWS, "rows => rows.map(row => row.cells[3].innerText.trim())")
        places = [ORDER.index(verdict) for verdict in verdicts]
        assert places == sorted(places, reverse=direction == "descending")
    page.locator("table.ledger th", has_text="No.").locator("button").click()
    assert shown(page) == [claim["id"] for claim in claims]


def test_a_link_to_a_claim_opens_it_even_where_a_filter_hides_it(page, address):
    page.goto(f"{address}{PAGE}?verdict=supported#C066")
    assert page.eval_on_selector("#C066", "row => !row.hidden && row.querySelector('details').open")


def test_without_the_script_the_table_is_whole(browser, address, claims):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + PAGE)
    visible = [row.get_attribute("id") for row in page.locator(ROWS).all() if row.is_visible()]
    assert visible == in_order(claims)
    assert page.locator(".ledger-filter").count() == 0
    context.close()
