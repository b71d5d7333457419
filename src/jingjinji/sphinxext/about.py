"""What a page says of itself to those who link to it: a description, a picture, the address, how to cite."""

import hashlib
from html import escape
from pathlib import Path
from xml.sax.saxutils import escape as escape_xml

import yaml
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from jingjinji.show import front
from jingjinji.sphinxext import cards

LONGEST = 190
"""Letters of a description that search engines show."""
SHORTEST = 30
"""Letters below which the first words of an answer are a heading, and its paragraph describes the page."""
PICTURE = "_static/front.png"
FIXED = {
    "search": "Search the book for a place, a subject or a number.",
    "genindex": "Words of the book, each with the place that explains it.",
}
"""Descriptions of pages that have no text."""


def connect(app) -> None:
    app.add_directive("how-to-cite", CiteDirective)
    app.connect("html-page-context", _describe, priority=940)
    app.connect("build-finished", _write)


def citation(root: Path) -> dict:
    """CITATION.cff of a project; empty where it has none."""
    file = root / "CITATION.cff"
    return yaml.safe_load(file.read_text("utf-8")) if file.exists() else {}


def description(doctree: nodes.document) -> str:
    """One sentence or two of what a page says: the first words of its answer, or its first paragraph."""
    answers = [node for node in doctree.findall(nodes.Admonition) if "answer" in node.get("classes", ())]
    strong = next((one for answer in answers for one in answer.findall(nodes.strong)), None)
    first = next((one for one in doctree.findall(nodes.paragraph) if one.astext().strip()), None)
    if strong is not None and len(strong.astext()) < SHORTEST:
        strong = strong.parent
    chosen = strong if strong is not None else first
    return shortened(chosen.astext()) if chosen is not None else ""


def shortened(text: str) -> str:
    """A text in one line, cut between two words where it is longer than `LONGEST`."""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rpartition(" ")[0].rstrip(",;:") + " …"


def metatags(title: str, said: str, site: str, picture: str, address: str | None) -> str:
    """The tags that search engines and messengers read; without an address of the site the picture has none either."""
    named = {"description": said, "twitter:card": "summary_large_image"}
    graph = {"og:type": "article", "og:site_name": site, "og:title": title, "og:description": said, "og:image": picture,
             "og:image:alt": front.HEADLINE if picture else "", "og:url": address}  # fmt: skip
    tags = [f'<meta name="{name}" content="{escape(text)}" />' for name, text in named.items() if text]
    return "".join(
        tags + [f'<meta property="{name}" content="{escape(text)}" />' for name, text in graph.items() if text]
    )


def sitemap(addresses: list[str]) -> str:
    """The list of pages for search engines."""
    rows = "".join(f"<url><loc>{escape_xml(address)}</loc></url>\n" for address in addresses)
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        f"{rows}</urlset>\n"
    )


class CiteDirective(SphinxDirective):
    """Authors, date, version and how to cite, all of them from CITATION.cff."""

    def run(self):
        file = Path(self.env.app.confdir, "CITATION.cff")
        self.env.note_dependency(str(file))
        about = citation(file.parent)
        who = ", ".join(_name(author) for author in about["authors"])
        date, version = str(about["date-released"]), about["version"]
        text = f"{who} ({date[:4]}). {about['title']}. Version {version}, {date}."
        record = (
            f"@book{{jingjinji,\n  author = {{{who}}},\n  title = {{{about['title']}}},\n"
            f"  year = {{{date[:4]}}},\n  version = {{{version}}}\n}}"
        )
        html = (
            f'<div class="front-cite"><p><span>By {escape(who)}</span> <span>Version {escape(version)}</span> '
            f'<span><time datetime="{date}">{date}</time></span> '
            f"<span>{escape(' and '.join(about['license']))}</span></p>"
            f"<details><summary>How to cite</summary><p>{escape(text)}</p><pre>{escape(record)}</pre></details></div>"
        )
        return [nodes.raw("", html, format="html")]


def _name(author: dict) -> str:
    return author.get("name") or f"{author['given-names']} {author['family-names']}"


def _describe(app, pagename, templatename, context, doctree) -> None:
    fixed = context.get("described") or FIXED.get(pagename, "")
    said = description(doctree) if doctree is not None else shortened(fixed)
    base = app.config.html_baseurl
    picture = f"{base.rstrip('/')}/{PICTURE}" if base else context["pathto"](PICTURE, 1)
    picture = picture if citation(Path(app.confdir)) else ""
    title = (
        app.env.titles[pagename].astext() if pagename in app.env.titles else context.get("title") or "Index of words"
    )
    context["metatags"] = context.get("metatags", "") + metatags(
        title, said, app.config.html_title or "", picture, context.get("pageurl")
    )


def _draw(app, picture: Path) -> None:
    """Draw the picture, unless it is there and drawn of the same figures by the same code."""
    data, stamp = front.rows(), Path(app.doctreedir, "front.sha256")
    said = repr({place: means.to_dict() for place, means in data.items()}).encode()
    state = hashlib.sha256(said + Path(front.__file__).read_bytes()).hexdigest()
    if not (picture.exists() and stamp.exists() and stamp.read_text() == state):
        front.write_picture(data, picture)
        stamp.write_text(state)


def _write(app, exception) -> None:
    if exception or app.builder.format != "html":
        return
    out = Path(app.outdir)
    if citation(Path(app.confdir)):
        _draw(app, out / PICTURE)
    base = app.config.html_baseurl
    if base:
        pages = [app.builder.get_target_uri(page) for page in sorted({*app.env.found_docs, *cards.pages(app.env)})]
        (out / "sitemap.xml").write_text(sitemap([f"{base.rstrip('/')}/{page}" for page in pages]), encoding="utf-8")
        (out / "robots.txt").write_text(f"User-agent: *\nSitemap: {base.rstrip('/')}/sitemap.xml\n", encoding="utf-8")
