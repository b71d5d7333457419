"""What holds for every page: what it may run, what it says of itself, and how it is read by keyboard and on paper."""

import re

import pytest
import site_checks as checks
from playwright.sync_api import expect

from jingjinji import PROJECT

pytestmark = pytest.mark.site

PAGES = checks.toc_pages(PROJECT / "_toc.yml")
CHAPTER, MODELS = "chapters/pm25-decline", "chapters/appendix/models"
CARDS = checks.card_pages(PROJECT / "results/reference.json")
each_page = pytest.mark.parametrize("page", [*PAGES, *CARDS, "search", "genindex"])
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)"')
PROBES = """async () => {
    const tried = {}
    const script = document.createElement("script")
    script.textContent = "window.ran = true"
    document.body.append(script)
    tried.inline = Boolean(window.ran)
    const button = document.createElement("button")
    button.setAttribute("onclick", "window.clicked = true")
    document.body.append(button)
    button.click()
    tried.handler = Boolean(window.clicked)
    await fetch("http://127.0.0.2:1/").catch(() => null)
    return tried
}"""
THREE_VIOLATIONS = """() => new Promise((done) => {
    const look = () => (window.violations.length < 3 ? requestAnimationFrame(look)
        : done(window.violations.map((one) => one.effectiveDirective)))
    look()
})"""
"""Playwright's own way of waiting for a condition evaluates a text, which the policy forbids."""
SCROLLED = """(part) => new Promise((done) => {
    part.scrollLeft > 0 ? done() : part.addEventListener("scroll", () => done(), { once: true })
})"""


@each_page
def test_scripts_are_files_of_the_site(site, page):
    html = (site / f"{page}.html").read_text("utf-8")
    rules = dict(rule.split(" ", 1) for rule in POLICY.search(html)[1].split("; "))
    assert "unsafe" not in rules["script-src"] + rules["default-src"]
    assert html.index("Content-Security-Policy") < html.index("<script")
    assert not re.search(r"<[^>]+\son[a-z]+=\"", html)
    inline = [text for tag, text in re.findall(r"<script([^>]*)>(.*?)</script>", html, re.DOTALL) if "src=" not in tag]
    assert all(text.startswith("window.MathJax") for text in inline)
    assert not any(word in html for word in ("fontawesome.js", "bootstrap.js", "searchtools.js", "fa-solid"))


@pytest.mark.parametrize("page", ["index", CHAPTER, "chapters/claims"])
def test_the_policy_holds_against_scripts_in_the_page(browser, address, page):
    tab = browser.new_page()
    try:
        tab.add_init_script(
            "window.violations = []; addEventListener('securitypolicyviolation', (one) => window.violations.push(one))"
        )
        tab.goto(f"{address}{page}.html", wait_until="networkidle")
        tab.wait_for_load_state("load")
        assert tab.evaluate("window.violations.length") == 0
        tried = tab.evaluate(PROBES)
        kinds = tab.evaluate(THREE_VIOLATIONS)
    finally:
        tab.close()
    assert not tried["inline"]
    assert not tried["handler"]
    assert {"connect-src", "script-src-elem", "script-src-attr"} <= set(kinds)


def _file_of_picture(site, page, tags):
    """The picture for previews: an address beneath that of the site where the book has one, else beside the page."""
    if "og:url" not in tags:
        return (site / page).parent.joinpath(tags["og:image"]).resolve()
    assert tags["og:url"].endswith(f"/{page}.html")
    address = tags["og:url"].removesuffix(f"{page}.html")
    assert tags["og:image"].startswith(address)
    return site / tags["og:image"].removeprefix(address)


@each_page
def test_every_page_describes_itself(site, page):
    html = (site / f"{page}.html").read_text("utf-8")
    tags = dict(re.findall(r'<meta (?:name|property)="([^"]*)" content="([^"]*)"', html))
    assert 20 <= len(tags["description"]) <= 200
    assert tags["og:title"]
    assert _file_of_picture(site, page, tags).is_file()
    assert html.count('name="viewport"') == 1


def test_descriptions_and_titles_differ_from_page_to_page(site):
    pages = [(site / f"{page}.html").read_text("utf-8") for page in (*PAGES, *CARDS)]
    for pattern in (r'<meta name="description" content="([^"]*)"', r"<title>([^<]*)</title>"):
        found = [re.search(pattern, html)[1] for html in pages]
        assert len(set(found)) == len(pages)


@pytest.mark.parametrize("page", [CHAPTER, MODELS])
def test_wide_equations_and_tables_can_be_reached_and_scrolled_by_keyboard(browser, address, page):
    tab = browser.new_page(viewport={"width": 390, "height": 844})
    try:
        tab.goto(f"{address}{page}.html")
        tab.keyboard.press("Shift")
        tab.evaluate("() => window.setMathematics()")
        part = tab.locator("article .scrolls >> visible=true").first
        part.wait_for()
        assert part.get_attribute("tabindex") == "0"
        assert part.get_attribute("aria-label").startswith("Wide ")
        part.focus()
        tab.keyboard.press("ArrowRight")
        part.evaluate(SCROLLED)
        shade = part.evaluate("(part) => getComputedStyle(part).backgroundImage")
        assert "gradient" in shade
    finally:
        tab.close()


def test_words_of_the_index_are_large_enough_for_a_finger(browser, address):
    """WCAG 2.2, 2.5.8: 24 pixels each way."""
    tab = browser.new_page(viewport={"width": 390, "height": 844})
    try:
        tab.goto(f"{address}genindex.html")
        sizes = tab.eval_on_selector_all(
            ".genindextable li a", "links => links.map(link => [link.offsetWidth, link.offsetHeight])"
        )
        assert len(sizes) > 10
        assert [size for size in sizes if min(size) < 24] == []
    finally:
        tab.close()


@pytest.mark.parametrize("page", ["index", CHAPTER, "chapters/claims"])
def test_paper_is_black_on_white_without_widgets_whatever_the_reader_has_chosen(browser, address, page):
    tab = browser.new_page(color_scheme="dark")
    try:
        tab.goto(f"{address}{page}.html")
        expect(tab.locator("html")).to_have_attribute("data-theme", "dark")
        tab.emulate_media(media="print")
        text, ground = tab.evaluate(
            """() => [getComputedStyle(document.querySelector("article p")).color,
                      getComputedStyle(document.body).backgroundColor]"""
        )
        shown = tab.eval_on_selector_all(
            ".ledger-filter, .ledger-more, .bd-sidebar-primary, .bd-header-article, .page-menu, .prev-next-footer,"
            " .bd-sidebar-secondary, details.hide > summary, #pst-back-to-top, .headerlink",
            "parts => parts.filter(part => part.checkVisibility()).map(part => part.outerHTML.slice(0, 80))",
        )
    finally:
        tab.close()
    assert text == "rgb(0, 0, 0)"
    assert ground == "rgb(255, 255, 255)"
    assert shown == []


def test_paper_has_no_closed_folds_and_no_figure_of_a_whole_sheet(browser, address):
    tab = browser.new_page(viewport={"width": 718, "height": 1000})
    try:
        tab.goto(f"{address}{CHAPTER}.html")
        folds = tab.locator("article details:not([open])")
        assert folds.count() > 10
        tab.emulate_media(media="print")
        shown = folds.evaluate_all("folds => folds.filter(fold => fold.checkVisibility()).length")
        heights = tab.eval_on_selector_all(".picture svg", "figures => figures.map(one => one.clientHeight)")
        breaks = tab.eval_on_selector_all(
            "article :is(h2, h3)",
            "all => all.map(one => getComputedStyle(one)).map(style => [style.breakAfter, style.breakInside])",
        )
    finally:
        tab.close()
    assert shown == 0
    assert 0 < max(heights) <= 135 / 25.4 * 96 + 1
    assert {*map(tuple, breaks)} == {("avoid", "avoid")}


def test_the_menu_of_downloads_opens_closes_and_leads_to_files(browser, address, site):
    tab = browser.new_page()
    try:
        tab.goto(f"{address}{CHAPTER}.html")
        menu = tab.locator(".page-menu.download")
        menu.locator("summary").click()
        links = [link.get_attribute("href") for link in menu.locator("a").all()]
        assert any(link.endswith(".ipynb") for link in links)
        assert any(link.endswith(".whl") for link in links)
        assert all((site / CHAPTER).parent.joinpath(link).resolve().is_file() for link in links)
        tab.keyboard.press("Escape")
        assert menu.get_attribute("open") is None
    finally:
        tab.close()


def test_menus_stay_on_the_screen_of_a_phone(browser, address):
    tab = browser.new_page(viewport={"width": 390, "height": 844})
    try:
        tab.goto(f"{address}{CHAPTER}.html")
        menus = tab.locator(".page-menu").all()
        assert menus
        for menu in menus:
            menu.locator("summary").click()
            box = menu.locator("ul").bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 390
            tab.keyboard.press("Escape")
    finally:
        tab.close()


def test_the_colours_follow_the_button_and_are_kept(browser, address):
    context = browser.new_context(color_scheme="light")
    try:
        tab = context.new_page()
        tab.goto(f"{address}index.html", wait_until="networkidle")
        tab.click(".theme-switch-button")
        assert tab.evaluate("document.documentElement.dataset.theme") == "dark"
        tab.goto(f"{address}{CHAPTER}.html")
        assert tab.evaluate("document.documentElement.dataset.theme") == "dark"
    finally:
        context.close()


def test_a_link_into_a_page_lands_where_it_leads_although_listings_above_are_not_laid_out(browser, address):
    tab = browser.new_page(viewport={"width": 390, "height": 844})
    try:
        tab.goto(f"{address}{CHAPTER}.html", wait_until="networkidle")
        below = tab.locator("article div.highlight").last
        assert below.evaluate("part => getComputedStyle(part).contentVisibility") == "auto"
        target = tab.locator("article > section > section").nth(-2).get_attribute("id")
        tab.goto(f"{address}{CHAPTER}.html#{target}", wait_until="networkidle")
        expect(tab.locator(f"[id='{target}'] > :is(h2, h3)")).to_be_in_viewport()
    finally:
        tab.close()


def test_the_theme_measures_nothing_when_a_page_has_loaded(site):
    assert 'addEventListener("load"' not in (site / "_static/scripts/pydata-sphinx-theme.js").read_text("utf-8")
