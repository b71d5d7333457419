"""Checks of a built site: each gives a list of what is wrong, in words; an empty list is a pass."""

import csv
import gzip
import json
import math
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from html import unescape
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import yaml
from axe_core_python.base import AXE_FILE_PATH

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER_ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
LOADED_BY_PAGE = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
READ_SIZES = """() => {
    const page = document.scrollingElement
    const clips = (element) => ["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(element).overflowX)
    const inside = (element) => {
        for (let parent = element.parentElement; parent && parent !== document.body; parent = parent.parentElement)
            if (clips(parent) || getComputedStyle(parent).position === "fixed") return true
        return getComputedStyle(element).position === "fixed"
    }
    const wide = [...document.querySelectorAll("main *")]
        .filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && !inside(element))
        .map((element) => element.tagName.toLowerCase() + "." + [...element.classList].join("."))
    const theme = document.documentElement.dataset.theme
    return {page: page.scrollWidth, window: page.clientWidth, wide: wide.slice(0, 5), theme}
}"""
READ_IMAGES = """async () => {
    const images = [...document.images]
    images.forEach((image) => { image.loading = "eager" })
    await Promise.all(images.map((image) => image.decode().catch(() => null)))
    return images.map((image) => ({
        src: image.src, alt: image.getAttribute("alt"), width: image.naturalWidth, shown: image.width
    }))
}"""
LEAVE_SOME_OF_EACH_KIND = """() => {
    const some = (elements) => [...elements].slice(25).forEach((element) => element.remove())
    some(document.querySelectorAll(".finding-card"))
    document.querySelectorAll("tbody").forEach((body) => some(body.rows))
    const known = new Set()
    document.querySelectorAll("div.highlight").forEach((code) => {
        const kinds = [...code.querySelectorAll("span")].map((word) => word.className)
        if (kinds.every((kind) => known.has(kind))) code.remove()
        kinds.forEach((kind) => known.add(kind))
    })
}"""
"""Cards and rows are made by one template each, and words of code by their kind; axe takes minutes for thousands."""
RUN_AXE = """(rules) => axe.run(document, {resultTypes: ["violations"], ...(rules ? {runOnly: rules} : {})})
    .then((results) => results.violations)"""
COLOURS = ["color-contrast", "link-in-text-block"]
"""axe's rules on colours: all that differs between a light and a dark page."""


PHONE, DESK, DARK = VIEWS = ((390, False), (1280, False), (1280, True))
"""Width of the window and whether the reader asks for dark pages; a page is loaded in the first."""


@dataclass
class Look:
    """A page in one view."""

    sizes: dict
    images: list[dict]
    violations: list[dict]


@dataclass
class Visit:
    """What a browser saw on one page."""

    url: str
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    requested: list[str] = field(default_factory=list)
    weight: int = 0
    looks: dict[tuple[int, bool], Look] = field(default_factory=dict)


def card_pages(reference: Path, home: str = "chapters/appendix/findings") -> list[str]:
    """Every page of cards, without suffix: one for each first word of the published findings' ids."""
    words = {id.partition(".")[0] for id in json.loads(reference.read_text("utf-8"))}
    return [f"{home}/{word}" for word in sorted(words)]


def toc_pages(toc: Path) -> list[str]:
    """Every page named in a ``_toc.yml``, without suffix, in order."""

    def walk(entry):
        if isinstance(entry, dict):
            yield from (entry[key] for key in ("root", "file") if key in entry)
            for value in entry.values():
                yield from walk(value)
        elif isinstance(entry, list):
            for value in entry:
                yield from walk(value)

    return list(walk(yaml.safe_load(toc.read_text("utf-8"))))


@contextmanager
def served(folder: Path):
    """Serve a folder on a free port of this machine; gives the address, ending in a slash."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *message):
            """The pages' requests are checked in the browser, not here."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def visit(browser, url: str, views: tuple[tuple[int, bool], ...] = VIEWS) -> Visit:
    """Load a page once as a first-time visitor, look at it in each view and note what the checks ask about."""
    seen = Visit(url)
    width, dark = views[0]
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light", reduced_motion="reduce"
    )
    try:
        page = context.new_page()
        context.route("**/*", lambda route: _keep_home(seen, route))
        responses = []
        page.on("console", lambda message: seen.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: seen.errors.append(str(error)))
        page.on("response", lambda response: responses.append(response))
        page.goto(url, wait_until="networkidle")
        page.evaluate("() => window.setMathematics?.()")
        for width, dark in views:
            _turn(page, width, dark)
            images = page.evaluate(READ_IMAGES)
            seen.looks[width, dark] = Look(page.evaluate(READ_SIZES), images, [])
        for response in responses:
            seen.requested.append(response.url)
            if response.status >= 400:
                seen.failed.append(f"{response.status} {response.url}")
            elif response.status == 200:
                seen.weight += len(gzip.compress(response.body(), 6))
        page.evaluate(LEAVE_SOME_OF_EACH_KIND)
        page.evaluate(AXE_FILE_PATH.read_text("utf-8"))
        for (width, dark), look in seen.looks.items():
            _turn(page, width, dark)
            look.violations = page.evaluate(RUN_AXE, COLOURS if dark and (width, False) in seen.looks else None)
    finally:
        context.close()
    return seen


def _turn(page, width: int, dark: bool) -> None:
    """Give an open page another view, and the time to follow."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="dark" if dark else "light")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def _keep_home(seen: Visit, route) -> None:
    if urlsplit(route.request.url).hostname in ("127.0.0.1", None):
        route.continue_()
    else:
        seen.foreign.append(route.request.url)
        route.abort()


def too_wide(seen: Look) -> list[str]:
    found = [f"{element} sticks out" for element in seen.sizes["wide"]]
    if seen.sizes["page"] > seen.sizes["window"]:
        found.append(f"the page is {seen.sizes['page']} px wide in a window of {seen.sizes['window']} px")
    return found


def bad_images(seen: Look) -> list[str]:
    found = []
    for image in seen.images:
        alt = (image["alt"] or "").strip()
        if not image["width"]:
            found.append(f"{image['src']} does not load")
        if not alt or re.fullmatch(r"\S*/\S*|\S+\.(svg|png|jpe?g)", alt):
            found.append(f"{image['src']} has no written alt text: {alt!r}")
    return found


def shrunk(seen: Look) -> list[str]:
    """Images that are shown so small that their letters of 8 points are no longer read."""
    return [image["src"] for image in seen.images if image["shown"] < 0.8 * image["width"]]


def serious(violations: list[dict]) -> list[str]:
    """axe-core's serious and critical violations, with the first element of each."""
    return [
        f"{one['id']} ({one['impact']}, {len(one['nodes'])} times): {one['help']}: {one['nodes'][0]['html'][:160]}"
        for one in violations
        if one["impact"] in ("serious", "critical")
    ]


def faults(seen: Visit) -> list[str]:
    """Everything that is wrong with a page: what it loads, and how it looks in each view."""
    found = [f"its console says: {error}" for error in seen.errors]
    found += [f"it asks another host for {address}" for address in seen.foreign]
    found += [f"it does not load {address}" for address in seen.failed]
    found += bad_images(next(iter(seen.looks.values())))
    for (width, dark), look in seen.looks.items():
        theme = "dark" if dark else "light"
        wrong = too_wide(look) + [f"{source} is too small to be read" for source in shrunk(look)]
        wrong += serious(look.violations)
        if look.sizes["theme"] not in (None, theme):
            wrong.append(f"its theme is {look.sizes['theme']}")
        found += [f"at {width} px, {theme}: {one}" for one in wrong]
    return found


class _Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.ids, self.links, self.loads = set(), [], []

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self.ids |= {named[key] for key in ("id", "name") if named.get(key)}
        if tag == "a" and named.get("href") is not None:
            self.links.append(named["href"])
        address = named.get(LOADED_BY_PAGE.get(tag, ""))
        if address and not (tag == "link" and named.get("rel") in ("index", "search", "next", "prev", "canonical")):
            self.loads.append(address)


def read_pages(site: Path) -> dict[str, _Page]:
    """Every html page of a site, by its path below the site."""
    pages = {}
    for path in sorted(site.rglob("*.html")):
        relative = path.relative_to(site).as_posix()
        if not relative.startswith("_static/"):
            pages[relative] = _Page()
            pages[relative].feed(path.read_text("utf-8"))
    return pages


def broken_links(site: Path) -> list[str]:
    """Internal links and loaded files that lead nowhere, fragments included."""
    pages, found = read_pages(site), []
    for name, page in pages.items():
        for address in page.links + page.loads:
            if urlsplit(address).scheme or address.startswith("//"):
                continue
            target, fragment = urldefrag(unquote(urljoin(f"/{name}", address)))
            target = urlsplit(target).path.lstrip("/")
            target += "index.html" if target.endswith("/") or not target else ""
            if not (site / target).is_file():
                found.append(f"{name} links to {address}, and there is no such file")
            elif fragment and target in pages and fragment not in pages[target].ids:
                found.append(f"{name} links to {address}, and {target} has no such place")
    return found


def foreign_loads(site: Path) -> list[str]:
    """Files of another host that a page or a style sheet would load."""
    found = []
    for name, page in read_pages(site).items():
        found += [f"{name} loads {address}" for address in page.loads if re.match(r"(https?:)?//", address)]
    for sheet in site.rglob("*.css"):
        addresses = re.findall(r"(?:url\(|@import)\s*[\"']?((?:https?:)?//[^\"') ]+)", sheet.read_text("utf-8"))
        found += [f"{sheet.relative_to(site)} loads {address}" for address in addresses]
    return found


def finding_links(site: Path) -> list[str]:
    """Addresses of all links from a printed finding to its card."""
    text = "".join(path.read_text("utf-8") for path in site.rglob("*.html"))
    return [
        unescape(re.search(r'href="([^"]*)"', tag)[1])
        for tag in re.findall(r'<a class="[^"]*\bfinding\b[^"]*"[^>]*>', text)
    ]


def findings_disagreements(site: Path) -> list[str]:
    """Findings whose json, csv and card do not say the same."""
    listed = {row["id"]: row for row in json.loads((site / "findings.json").read_text("utf-8"))["findings"]}
    with (site / "findings.csv").open(encoding="utf-8-sig", newline="") as file:
        tabled = {row["id"]: row for row in csv.DictReader(file)}
    cards = {}
    for page in (site / "chapters/appendix/findings").glob("*.html"):
        cards |= _cards(page.read_text("utf-8"))
    without_card = {unquote(link.partition("#")[2]) for link in finding_links(site)} - cards.keys()
    strangers = cards.keys() - listed.keys()
    found = [f"{id} is not everywhere" for id in listed.keys() ^ tabled.keys() | without_card | strangers]
    for id in listed.keys() & tabled.keys() & cards.keys():
        means = float(tabled[id]["mean"] or "nan"), float("nan") if listed[id]["mean"] is None else listed[id]["mean"]
        if tabled[id]["text"] != listed[id]["text"] or not (math.isclose(*means) or all(map(math.isnan, means))):
            found.append(f"{id}: json says {listed[id]['text']}, csv says {tabled[id]['text']}")
        if not listed[id]["text"].startswith(cards[id]):
            found.append(f"{id}: json says {listed[id]['text']}, its card says {cards[id]}")
    return found


def _cards(html: str) -> dict[str, str]:
    card = re.compile(r'<div class="finding-card[^"]*" id="([^"]+)">.*?<p class="finding-value">(.*?)</p>', re.DOTALL)
    return {unescape(id): unescape(value) for id, value in card.findall(html)}


def draft_marks(site: Path) -> list[str]:
    """Signs that a site was made with draft draws, or lacks a fit, and must not be published."""
    found = [f"the file {mark} is there" for mark in ("DRAFT", "INCOMPLETE") if (site / mark).exists()]
    if json.loads((site / "findings.json").read_text("utf-8"))["draft"]:
        found.append("findings.json says that it is a draft")
    if "Draft draws" in (site / "index.html").read_text("utf-8"):
        found.append("the front page carries the draft banner")
    return found
