"""Cards of findings: a page for each first word of their ids, what popovers read, and the way to find one.

A finding has a card if a page, a claim or the conclusions use it. Pages of cards are no documents: they are written
from what all other pages use, once these have been read.
"""

import json
from collections import defaultdict
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from jingjinji.core.findings import NOT_PUBLISHED, Finding, anchor_of_fit
from jingjinji.show import readings
from jingjinji.sphinxext import files, places, source
from jingjinji.sphinxext.roles import FAILED, STATES, card_page, remember

CARDS = "cards"
SEARCH = "findings-search"
WIDTH, HEIGHT = 320, 30
"""Size of a density."""
SUBJECTS = {"heavy": "Days of heavy pollution"}
"""What a page of cards is called whose chapter has another page of them, by the word with which its ids begin."""
OF_A_CARD = "each with a number, its interval, what it means, the data and the model behind it, and where it is used"
SCRIPTS, STYLE = {"popover": "findings/popover.js", "search": "findings/search.js"}, "findings/findings.css"


def connect(app) -> None:
    app.add_directive("findings-cards", CardsDirective)
    app.add_node(Topics, html=(_open_topics, _close_topics))
    app.connect("env-updated", _make)
    app.connect("html-collect-pages", _pages)
    app.connect("html-page-context", _add_scripts)
    app.connect("build-finished", _write_data)
    STATES[CARDS] = lambda app, _id: source.digest(app, source.every_id(app))
    FAILED[CARDS] = lambda app, _id: source.findings(app).fits_failed(source.every_id(app))


class Topics(nodes.General, nodes.Element):
    """The list of the pages of cards, which are known when all pages have been read."""


class CardsDirective(SphinxDirective):
    """The files of all findings, a place for the search box, and the pages of cards."""

    def run(self):
        remember(self.env.app, CARDS, "")
        found = source.findings(self.env.app)
        search = nodes.container(ids=[SEARCH])
        return [files.links(self.env.docname, "findings"), search, Topics("", all=len(found) + len(found.unpublished))]


def _open_topics(writer, node: Topics) -> None:
    app, here, made = writer.builder.app, writer.builder.current_docname, _made(writer.builder.app.env)
    cards, items = sum(len(page["ids"]) for page in made.values()), ""
    for name, page in made.items():
        address, word = app.builder.get_relative_uri(here, name), name.rpartition("/")[2]
        items += f'<li><a class="reference internal" href="{escape(address)}">{escape(page["title"])}</a>, '
        items += f"whose names begin with <code>{escape(word)}</code></li>"
    writer.body.append(
        f"<p>{cards} of {node['all']} findings have a card, because a page, a claim or a figure uses them.</p>"
        f'<ul class="findings-topics">{items}</ul>'
    )


def _close_topics(writer, node: Topics) -> None:
    """Nothing is open."""


def _made(env) -> dict[str, dict]:
    """Page -> its title, ids, body, what popovers read, and the state of all that they were made of."""
    if not hasattr(env, "jingjinji_cards"):
        env.jingjinji_cards = {}
    return env.jingjinji_cards


def pages(env) -> list[str]:
    """The pages of cards, which are no documents."""
    return sorted(_made(env))


def _make(app, env) -> list[str]:
    """Make the cards that changed; gives the pages to write again for it: the one that lists them."""
    home = app.config.jingjinji_findings_page
    if app.builder.format != "html" or home not in env.all_docs:
        return []
    used, known = places.of_findings(app), set(source.every_id(app))
    by_page = defaultdict(list)
    for id in sorted(used.keys() & known):
        by_page[card_page(app.config, id)].append(id)
    before, now = _made(env), {}
    for page, ids in by_page.items():
        of_page = {id: used[id] for id in ids}
        title = _title(app, page, of_page)
        state = repr((source.digest(app, ids), of_page, title, app.extensions[__package__].metadata["env_version"]))
        old = before.get(page, {})
        now[page] = old if old.get("state") == state else _page(app, page, title, of_page) | {"state": state}
    env.jingjinji_cards = now
    return [home] if now != before else []


def _title(app, page: str, used: dict[str, list[places.Place]]) -> str:
    """The chapter that uses most of the findings of a page, or their subject, and how many they are."""
    counts = defaultdict(int)
    for where in used.values():
        for docname in {docname for docname, _, _ in where} - {app.config.jingjinji_claims_page}:
            counts[docname] += 1
    most = max(sorted(counts), key=counts.get, default="")
    word = page.rpartition("/")[2]
    of_chapter = f"Numbers of the chapter {places.title(app, most)}" if most else f"Numbers of {word}"
    return f"{SUBJECTS.get(word, of_chapter)} ({len(used)})"


def _page(app, page: str, title: str, used: dict[str, list[places.Place]]) -> dict:
    found, groups = source.findings(app), defaultdict(list)
    for id in used:
        groups[".".join(id.split("@")[0].split(".")[:2])].append(id)
    links = " ".join(f'<a href="#{_anchor(group)}">{escape(group)}</a>' for group in groups)
    home = app.builder.get_relative_uri(page, app.config.jingjinji_findings_page)
    sections = ""
    for group, ids in groups.items():
        cards = "".join(_card(app, page, id, used[id]) for id in ids)
        head = f"<h2><code>{escape(group)}</code></h2>"
        sections += f'<section class="findings-group" id="{_anchor(group)}">{head}{cards}</section>'
    body = (
        f"<section><h1>{escape(title)}</h1>"
        f'<p><a class="findings-home" href="{escape(home)}">All findings, and a search</a></p>'
        f'<nav class="findings-groups" aria-label="Groups of numbers on this page">{links}</nav>{sections}</section>'
    )
    told = {id: _popover(found[id]) for id in used if id in found}
    return {"title": title, "ids": list(used), "body": body, "popovers": told}


def _anchor(group: str) -> str:
    return f"topic-{group.replace('.', '-')}"


def _card(app, page: str, id: str, where: list[places.Place]) -> str:
    found = source.findings(app)
    if id in found.unpublished:
        label, fit = found.unpublished[id]
        why = source.failed(app).get(fit) or "it did not pass the gate"
        link = _link(app, page, app.config.jingjinji_models_page, fit, anchor_of_fit(fit))
        inside = (
            f'<p class="finding-reading"><strong>{escape(label)}</strong></p>'
            f'<p class="finding-value">{NOT_PUBLISHED}</p>'
            f"<p>Fit: {link}. Why: {escape(why)}</p>{_uses(app, page, where)}<p><code>{escape(id)}</code></p>"
        )
    else:
        finding = found[id]
        label, rest = finding.label, readings.reading(finding)[len(finding.label) :]
        inside = (
            f'<p class="finding-reading"><strong>{escape(label[:1].upper() + label[1:])}</strong>{escape(rest)}</p>'
            f'<p class="finding-value">{escape(finding.value_text)}</p>'
            f'<p class="finding-interval">{escape(readings.interval_sentence(finding))}</p>'
            f"{_strip(finding)}{_uses(app, page, where)}{_details(app, page, finding)}"
        )
    return f'<div class="finding-card" id="{escape(id)}">{inside}</div>'


def _uses(app, page: str, where: list[places.Place]) -> str:
    by_page = defaultdict(list)
    for docname, anchor, words in where:
        link = _link(app, page, docname, words or "a table or an alt text", anchor)
        by_page[docname].append(link)
    told = "; ".join(f"{escape(places.title(app, docname))}: {', '.join(links)}" for docname, links in by_page.items())
    return f'<p class="finding-uses">Used in {told}.</p>'


def _details(app, page: str, finding: Finding) -> str:
    model, data = "none, computed from tables alone", app.config.jingjinji_data_page
    if finding.model != "table":
        model = _link(app, page, app.config.jingjinji_models_page, finding.model)
    tables = [_link(app, page, data, name, f"table-{nodes.make_id(name)}") for name in finding.panel]
    code = f" Code: {escape(finding.code)}." if finding.code else ""
    return (
        f"<details><summary>How {escape(finding.id)} was made</summary>"
        f"<p>Model: {model}. Data: {', '.join(tables) or 'none'}. Unit: {escape(finding.unit or 'none')}. "
        f"Diagnostics: {escape(readings.diagnostics(finding))}.{code}</p></details>"
    )


def _link(app, page: str, target: str, text: str, anchor: str = "") -> str:
    """A link from a page of cards to a page of the book; the text alone where the book has no such page."""
    if target not in app.env.all_docs:
        return escape(text)
    address = app.builder.get_relative_uri(page, target) + (f"#{anchor}" if anchor else "")
    return f'<a href="{escape(address)}">{escape(text)}</a>'


def _strip(finding: Finding) -> str:
    """The posterior as a small drawing: its density, the interval as a bar, the estimate as a dot, zero as a line."""
    heights, marks = readings.strip(finding), readings.bar(finding)
    if not marks:
        return ""
    low, middle, high, zero = (place if place is None else place * WIDTH // 100 for place in marks)
    floor = HEIGHT if heights else 0
    step = WIDTH / max(1, len(heights) - 1)
    line = "".join(f"L{place * step:.0f} {floor - height * floor // 100}" for place, height in enumerate(heights))
    drawn = f'<path class="density" d="M0 {floor}{line}L{WIDTH} {floor}Z"/>' if heights else ""
    drawn += f'<path class="zero" d="M0 {floor + 5}H{WIDTH}"/>' if finding.is_probability else ""
    drawn += f'<path class="zero" d="M{zero} 0V{floor + 10}"/>' if zero is not None else ""
    drawn += f'<path class="interval" d="M{low} {floor + 5}H{high}"/><circle cx="{middle}" cy="{floor + 5}" r="4"/>'
    return f'<svg class="finding-strip" viewBox="-4 0 {WIDTH + 8} {floor + 10}" aria-hidden="true">{drawn}</svg>'


def _popover(finding: Finding) -> dict:
    """What a popover says of a finding."""
    return {
        "value": finding.value_text, "interval": readings.interval_sentence(finding), "bar": readings.bar(finding),
        "reading": readings.reading(finding), "unit": finding.unit, "tables": finding.panel,
        "model": "" if finding.model == "table" else finding.model, "checks": readings.diagnostics(finding),
    }  # fmt: skip


def _pages(app):
    for page, made in _made(app.env).items():
        said = f"{made['title'].rpartition(' (')[0]}: {len(made['ids'])} cards, {OF_A_CARD}."
        yield page, {"title": made["title"], "body": made["body"], "described": said}, "page.html"


def _add_scripts(app, pagename, templatename, context, doctree) -> None:
    """The scripts and the style of numbers, on the pages that have some."""
    body = context.get("body", "")
    home = app.config.jingjinji_findings_page
    there = {"popover": '<a class="finding ' in body, "search": pagename == home or pagename in _made(app.env)}
    needed = [SCRIPTS[name] for name, is_needed in there.items() if is_needed]
    if needed:
        app.add_css_file(STYLE)
    for script in needed:
        app.add_js_file(script, loading_method="defer")


def _write_data(app, exception) -> None:
    """Beside each page of cards what popovers read of it, and an index of all findings for the search."""
    made = _made(app.env)
    if exception or app.builder.format != "html" or not made:
        return
    pages = {"data": app.config.jingjinji_data_page, "models": app.config.jingjinji_models_page}
    there = {name: target for name, target in pages.items() if target in app.env.all_docs}
    for page, told in made.items():
        roots = {name: app.builder.get_relative_uri(page, target) for name, target in there.items()}
        _write_script(Path(app.outdir, f"{page}.js"), {**roots, "findings": told["popovers"]})
    found, with_card = source.findings(app), {id for told in made.values() for id in told["ids"]}
    rows = [
        [id, found.label(id), NOT_PUBLISHED if id in found.unpublished else found[id].text, id in with_card]
        for id in source.every_id(app)
    ]
    _write_script(Path(app.outdir, f"{app.config.jingjinji_findings_page}/index.js"), rows)


def _write_script(path: Path, told) -> None:
    """Write what a page loads on demand; as a script it can be read from a disk too."""
    text = f"jingjinjiFindings({json.dumps(told, ensure_ascii=False, separators=(',', ':'))})\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
