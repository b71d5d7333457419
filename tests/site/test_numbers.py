"""A number explains itself, in a browser: its popover, its card, and the way back."""

import json
import re

import pytest

pytestmark = pytest.mark.site

CHAPTER = "chapters/pm25-decline.html"
FINDINGS = "chapters/appendix/findings"
ID = "pm25.decline.beijing"
LINK = f'article a.finding[href$="#{ID}"]'
BOX = "#finding-popover"
UNNAMED = re.compile(r"^(of (it|its|them|these|those)|the same|their|these) |\b(gubeikou|guohe|bahao|jiekou)\b")
"""What a label says that does not stand alone, or that is the key of a section."""


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    yield page
    page.close()


@pytest.fixture
def phone(browser):
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def rows(site) -> dict[str, dict]:
    return {row["id"]: row for row in json.loads((site / "findings.json").read_text("utf-8"))["findings"]}


def told(site, topic: str) -> dict[str, dict]:
    """What popovers read of a topic."""
    text = (site / f"{FINDINGS}/{topic}.js").read_text("utf-8")
    return json.loads(text.removeprefix("jingjinjiFindings(").removesuffix(")\n"))["findings"]


def test_hover_explains_a_number_and_leaves_when_the_pointer_does(page, address, site, rows):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address + CHAPTER)
    page.locator(LINK).first.hover()
    box = page.locator(BOX)
    box.wait_for()
    text, finding = box.inner_text(), told(site, "pm25")[ID]
    for part in ("value", "interval", "reading", "checks", "model"):
        assert finding[part] in text
    assert finding["tables"]
    assert all(name in text for name in finding["tables"])
    assert box.locator("svg.finding-bar path.interval").count() == 1
    assert rows[ID]["text"].startswith(finding["value"])
    assert all(url.startswith(address) for url in asked)
    box.hover()
    page.wait_for_timeout(400)
    assert box.is_visible()
    page.mouse.move(5, 5)
    box.wait_for(state="detached")


def test_keyboard_opens_reads_walks_into_and_closes_it(page, address):
    page.goto(address + CHAPTER)
    page.keyboard.press("Tab")
    link = page.locator(LINK).first
    link.evaluate("link => link.previousElementSibling?.focus() ?? link.focus()")
    page.wait_for_function("() => document.head.querySelector('script[src*=\"findings/pm25.js\"]')?.told")
    link.focus()
    page.locator(BOX).wait_for()
    described = link.get_attribute("aria-describedby")
    assert "Given the data and the model" in page.locator(f"#{described}").inner_text()
    assert page.locator(BOX).get_attribute("role") == "dialog"
    page.keyboard.press("ArrowDown")
    assert page.evaluate(f"document.querySelector('{BOX}').contains(document.activeElement)")
    page.keyboard.press("Tab")
    assert page.evaluate(f"document.querySelector('{BOX}').contains(document.activeElement)")
    page.keyboard.press("Escape")
    page.locator(BOX).wait_for(state="detached")
    assert link.evaluate("link => link === document.activeElement")
    assert link.get_attribute("aria-describedby") is None
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    page.locator(BOX).wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{FINDINGS}/pm25.html#{ID}")


def test_tab_goes_from_number_to_number_and_a_box_keeps_its_links(page, address):
    page.goto(address + CHAPTER)
    page.keyboard.press("Tab")
    page.locator(LINK).first.focus()
    page.locator(BOX).wait_for()
    assert page.get_by_role("dialog").get_by_role("link").count() > 1
    for _ in range(10):
        page.keyboard.press("Tab")
        page.wait_for_timeout(100)
        assert not page.evaluate(f"Boolean(document.activeElement.closest('{BOX}'))")


CLICK_WITHOUT_POINTER = """() => {
    const told = Object.getOwnPropertyDescriptor(PointerEvent.prototype, "pointerType").get
    const get = function () { return this.type === "click" ? undefined : told.call(this) }
    Object.defineProperty(PointerEvent.prototype, "pointerType", {get})
}"""


def tapped(phone, address):
    """The first number of the chapter after a tap, and the box that it has opened."""
    phone.goto(address + CHAPTER)
    link = phone.locator(LINK).first
    link.scroll_into_view_if_needed()
    link.tap()
    box = phone.locator(BOX)
    box.wait_for()
    return link, box


@pytest.mark.parametrize("tells", [True, False])
def test_first_tap_opens_and_the_box_leads_to_the_card(phone, address, tells):
    """In some browsers a click does not tell which pointer made it."""
    if not tells:
        phone.add_init_script(f"({CLICK_WITHOUT_POINTER})()")
    link, box = tapped(phone, address)
    assert phone.url == address + CHAPTER
    sizes = box.evaluate("box => { const r = box.getBoundingClientRect(); return [r.left, r.right, r.height] }")
    assert sizes[0] >= 0
    assert sizes[1] <= 390
    phone.touchscreen.tap(200, 20)
    box.wait_for(state="detached")
    link.tap()
    box.wait_for()
    box.get_by_text("Open its card").tap()
    phone.wait_for_url(f"**/{FINDINGS}/pm25.html#{ID}")
    assert 0 <= phone.locator(f'[id="{ID}"]').evaluate("card => card.getBoundingClientRect().top") < 300


def test_a_key_after_a_tap_follows_the_link(phone, address):
    link, box = tapped(phone, address)
    phone.touchscreen.tap(200, 20)
    box.wait_for(state="detached")
    link.focus()
    phone.keyboard.press("Enter")
    phone.wait_for_url(f"**/{FINDINGS}/pm25.html#{ID}")


def test_a_box_stays_when_a_bar_of_the_phone_folds_and_goes_when_the_page_is_turned(phone, address):
    _, box = tapped(phone, address)
    phone.set_viewport_size({"width": 390, "height": 860})
    phone.wait_for_timeout(300)
    assert box.is_visible()
    phone.set_viewport_size({"width": 800, "height": 390})
    box.wait_for(state="detached")


def test_a_narrow_number_can_be_hit_by_a_finger(phone, address):
    """WCAG 2.2, 2.5.8: 24 px around the middle of a number as narrow as one figure."""
    phone.goto(address + CHAPTER)
    missed = phone.evaluate("""() => {
        const narrow = [...document.querySelectorAll("article a.finding.number")]
            .filter((link) => link.getClientRects().length === 1 && link.getBoundingClientRect().width < 24)
        return {count: narrow.length, missed: narrow.filter((link) => {
            link.scrollIntoView({block: "center"})
            const {left, right, top, bottom} = link.getBoundingClientRect()
            const [x, y] = [(left + right) / 2, (top + bottom) / 2]
            return [[-11.5, 0], [11.5, 0], [0, -11.5], [0, 11.5]]
                .some(([right, down]) => document.elementFromPoint(x + right, y + down)?.closest("a") !== link)
        }).map((link) => link.textContent)}
    }""")
    assert missed["count"] > 0
    assert missed["missed"] == []


def test_without_scripts_a_number_is_a_link_to_its_card(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + CHAPTER)
    link = page.locator(LINK).first
    assert link.get_attribute("title")
    link.click()
    page.wait_for_url(f"**/{FINDINGS}/pm25.html#{ID}")
    context.close()


def test_an_open_popover_has_no_violation_and_fits(page, address):
    from axe_core_python.base import AXE_FILE_PATH

    for dark in (False, True):
        page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        page.goto(address + CHAPTER)
        page.locator(LINK).first.hover()
        page.locator(BOX).wait_for()
        page.evaluate(AXE_FILE_PATH.read_text("utf-8"))
        found = page.evaluate(f"() => axe.run('{BOX}', {{resultTypes: ['violations']}})")["violations"]
        assert [one["id"] for one in found] == []


def test_on_paper_the_interval_stands_behind_its_number(page, address):
    page.goto(address + CHAPTER)
    link = page.locator("article a.finding[data-interval]").first
    shown = "link => getComputedStyle(link, '::after').content"
    assert link.evaluate(shown) in ("none", "normal")
    page.emulate_media(media="print")
    assert link.get_attribute("data-interval") in link.evaluate(shown)
    links = page.locator("article a.finding[data-interval]")
    cards = links.evaluate_all("links => links.map(link => link.href)")
    assert len(cards) == len(set(cards)) > 10
    in_cells = page.locator("td a.finding[data-interval]").evaluate_all(
        "links => links.map(link => getComputedStyle(link, '::after').content)"
    )
    assert set(in_cells) == {"none"}


def test_every_place_that_uses_a_number_is_linked_both_ways(page, address):
    page.goto(f"{address}{FINDINGS}/pm25.html#{ID}")
    card = page.locator(f'[id="{ID}"]')
    back = card.locator(".finding-uses a")
    hrefs = back.evaluate_all("links => links.map(link => link.href)")
    assert any("/pm25-decline.html#at-" in href for href in hrefs)
    assert any(re.search(r"/claims\.html#C\d+", href) for href in hrefs)
    for href in hrefs:
        page.goto(href)
        anchor = href.partition("#")[2]
        assert not anchor or page.evaluate("id => Boolean(document.getElementById(decodeURIComponent(id)))", anchor)


def test_cards_are_closed_and_their_pages_small(page, address, site):
    """A page of cards has few nodes, so a phone lands on one soon; what stops it here is its number of nodes."""
    pages = sorted((site / FINDINGS).glob("*.html"))
    assert len(pages) > 5
    for path in pages:
        page.goto(f"{address}{FINDINGS}/{path.name}")
        assert page.evaluate("document.querySelectorAll('*').length") < 3_000, path.name
        assert page.locator(".finding-card details[open]").count() == 0


def test_old_addresses_lead_to_cards(page, address):
    page.goto(f"{address}{FINDINGS}.html#{ID}")
    page.wait_for_url(f"**/{FINDINGS}/pm25.html#{ID}")
    page.goto(f"{address}{FINDINGS}.html#topic-pm25-decline")
    page.wait_for_url(f"**/{FINDINGS}/pm25.html#topic-pm25-decline")


def test_a_name_without_a_card_is_found_in_the_files(page, address, site, rows):
    with_card = {id for path in (site / FINDINGS).glob("*.js") if path.stem != "index" for id in told(site, path.stem)}
    id = next(id for id in rows if id not in with_card and id.startswith("pm25."))
    page.goto(f"{address}{FINDINGS}.html#{id}")
    page.wait_for_url(f"**/{FINDINGS}.html?words=*")
    found = page.locator(".findings-found li", has_text=id)
    found.first.wait_for()
    assert "in the files only" in found.first.inner_text()


@pytest.mark.parametrize("words", [ID, "annual mean beijing 2013 to 2023"])
def test_search_finds_a_number(page, address, words):
    page.goto(f"{address}{FINDINGS}.html")
    page.fill("#findings-words", words)
    hit = page.locator(f'.findings-found a[href$="#{ID}"]')
    hit.wait_for()
    assert re.match(r"\d+ of \d+ findings", page.inner_text(".findings-status"))
    hit.click()
    page.wait_for_url(f"**/{FINDINGS}/pm25.html#{ID}")


def test_search_finds_a_value(page, address, rows):
    value = rows[ID]["text"].replace("\N{NO-BREAK SPACE}", " ").partition(" ")[0]
    page.goto(f"{address}{FINDINGS}.html")
    page.fill("#findings-words", value.replace("\N{MINUS SIGN}", "-"))
    page.locator(f'.findings-found a[href$="#{ID}"]').wait_for()


def test_no_two_cards_of_a_variant_and_its_main_fit_say_the_same(site):
    for path in sorted((site / FINDINGS).glob("*.js")):
        if path.stem == "index":
            continue
        labels = {id: one["reading"].rpartition(": ")[0] for id, one in told(site, path.stem).items()}
        assert [id for id in labels if labels[id] == labels.get(id.partition("@")[0]) and "@" in id] == []


def test_a_label_names_what_it_is_of(site):
    text = (site / FINDINGS / "index.js").read_text("utf-8")
    rows = json.loads(text.removeprefix("jingjinjiFindings(").removesuffix(")\n"))
    assert [label for _, label, *_ in rows if UNNAMED.search(label)] == []


def test_downloads_have_every_finding(site, rows):
    html = (site / f"{FINDINGS}.html").read_text("utf-8")
    assert "findings.json" in html
    assert "findings.csv" in html
    assert f"of {len(rows)} findings have a card" in html
