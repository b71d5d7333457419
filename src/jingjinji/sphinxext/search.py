"""The search of the site: what each section says in prose, its tables and the numbers of its findings, in one file."""

import json
from dataclasses import asdict, dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

from jingjinji.core import registry
from jingjinji.sphinxext import source

FILE = "searchindex.js"
PROSE = {"p", "li", "dt", "dd", "figcaption", "caption"}
TABLE = {"td", "th"}
UNREAD_TAGS = {"pre", "script", "style", "svg", "nav", "summary", "mjx-container"}
UNREAD_CLASSES = {"math", "headerlink", "cell_input", "finding-card", "toctree-wrapper", "front-cite",
                  "figure-data"}  # fmt: skip
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
HEADINGS = {"h1", "h2", "h3", "h4"}
CHAPTER, SUMMARY, LIST, FRONT = 3, 2, 1, 0.25
"""How near a page is to what a reader asks: a chapter, a page that sums up, a page of the appendix, and the first page,
whose title names every place."""


@dataclass
class Section:
    """A part of a page under one heading: its place, its prose, its cells, and findings as [label, text]."""

    anchor: str = ""
    heading: str = ""
    prose: str = ""
    cells: str = ""
    numbers: list[list[str]] = field(default_factory=list)


def connect(app) -> None:
    app.connect("html-page-context", _keep, priority=960)
    app.connect("html-collect-pages", lambda app: [("search", {"title": "Search"}, "search.html")])
    app.connect("build-finished", _write)


def sections(html: str, told=lambda id: None) -> list[Section]:
    """The sections of a page's text; `told` gives label and text of the finding of an id, or None."""
    reader = _Reader(told)
    reader.feed(html)
    reader.close()
    return [_tidy(section) for section in reader.sections if section.prose.strip() or section.cells.strip()]


def tier(page: str) -> float:
    """How near a page is to what a reader asks."""
    name = page.rpartition("/")[2]
    if page == "index":
        return FRONT
    if name in registry.CHAPTERS:
        return CHAPTER
    return LIST if "appendix" in page else SUMMARY


class _Reader(HTMLParser):
    """Puts each text of a page where it belongs; what is no prose and no cell is passed over."""

    def __init__(self, told):
        super().__init__()
        self.told, self.open, self.sections = told, [], [Section()]
        self.unread = 0

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        if tag in VOID:
            return
        classes = set((named.get("class") or "").split())
        unread = tag in UNREAD_TAGS or bool(classes & UNREAD_CLASSES)
        self.open.append((tag, unread))
        self.unread += unread
        if tag == "section" and named.get("id") and not self.unread:
            self.sections.append(Section(named["id"]))
        if tag == "a" and "finding" in classes and not self.unread:
            found = self.told(unquote(urldefrag(named.get("href") or "").fragment))
            if found and found not in self.sections[-1].numbers:
                self.sections[-1].numbers.append(found)

    def handle_endtag(self, tag):
        if not any(tag == open for open, _ in self.open):
            return
        while self.open:
            last, unread = self.open.pop()
            self.unread -= unread
            if last in PROSE | TABLE | HEADINGS:
                self._say(" ", last)
            if last == tag:
                return

    def handle_data(self, data):
        if not self.unread:
            names = [tag for tag, _ in self.open if tag in PROSE | TABLE | HEADINGS]
            if names:
                self._say(data, names[-1] if not TABLE & set(names) else "td")

    def _say(self, text: str, kind: str) -> None:
        section = self.sections[-1]
        if kind in HEADINGS:
            section.heading += text
        elif kind in TABLE:
            section.cells += text
        else:
            section.prose += text


def _tidy(section: Section) -> Section:
    heading, prose, cells = (" ".join(text.split()) for text in (section.heading, section.prose, section.cells))
    return Section(section.anchor, heading, prose, cells, section.numbers)


def _place(app, page: str) -> Path:
    return Path(app.doctreedir, "search", f"{page.replace('/', '.')}.json")


def _keep(app, pagename, templatename, context, doctree) -> None:
    """Keep what a page says beside its doctree: a later build writes only pages that changed."""
    if doctree is None or app.builder.format != "html":
        return
    known = source.findings(app)

    def told(id: str):
        return [known[id].label, known[id].text] if id in known else None

    found = sections(context.get("body", ""), told)
    place = _place(app, pagename)
    place.parent.mkdir(exist_ok=True)
    place.write_text(json.dumps([asdict(section) for section in found], ensure_ascii=False), encoding="utf-8")


def _write(app, exception) -> None:
    if exception or app.builder.format != "html":
        return
    pages = []
    for page in _order(app):
        place = _place(app, page)
        if place.exists():
            title, said = app.env.titles[page].astext(), json.loads(place.read_text("utf-8"))
            pages.append(
                {"page": app.builder.get_target_uri(page), "title": title, "tier": tier(page), "sections": said}
            )
    text = json.dumps(pages, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    Path(app.outdir, FILE).write_text(f"window.BOOK_SEARCH={text}\n", encoding="utf-8")


def _order(app) -> list[str]:
    """Pages in the order of the book."""
    known = app.env.toctree_includes.get(app.config.root_doc, [])
    return [app.config.root_doc, *known, *sorted(app.env.found_docs - {app.config.root_doc, *known})]
