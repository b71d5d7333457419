"""Claims on the pages: a role that links to the ledger, the ledger and what it sums up, and its files to download."""

import hashlib
import re
from collections import defaultdict
from html import escape
from pathlib import Path
from urllib.parse import quote

import pandas as pd
from docutils import nodes
from sphinx.errors import SphinxError
from sphinx.util.docutils import SphinxDirective, SphinxRole

import jingjinji
from jingjinji.claims import ledger
from jingjinji.claims.articles import ARTICLES
from jingjinji.claims.rules import CONTRADICTED, DEPENDS, IN_PART, SUPPORTED, UNDECIDED, UNTESTABLE
from jingjinji.core import registry, tables
from jingjinji.core.errors import BookError
from jingjinji.fits.dependencies import Sources, fingerprint
from jingjinji.sphinxext import files, source
from jingjinji.sphinxext.roles import FAILED, STATES, FindingReference, PageReference, fit_reference, remember

WEB = ("https://", "http://")
CLAIM, LEDGER = "claim", "ledger"
NAMED = re.compile(r"\{claim\}`\s*(C\d+)\s*`")
WEIGHED = {"for": "For it", "against": "Against it", "": "Beside it"}
SEEN = {"full": "seen whole", "excerpt": "seen as an excerpt", "page": "read on the page"}
HEAD = ("No.", "The claim", "Chapter", "Verdict", "What was found")
ORDER = (CONTRADICTED, SUPPORTED, IN_PART, DEPENDS, UNDECIDED, UNTESTABLE)
"""Verdicts as the ledger lists them: what is decided comes first, and first of all what is contradicted."""


class ClaimError(SphinxError):
    """A claim cannot be judged, or is not where it should be; the build stops."""

    category = "Claim"


def connect(app) -> None:
    app.add_role("claim", ClaimRole())
    app.add_role("claims-number", NumberRole())
    app.add_directive("claims-ledger", LedgerDirective)
    app.add_directive("claims-counts", CountsDirective)
    app.add_directive("claims-bar", BarDirective)
    app.add_directive("claims-articles", ArticlesDirective)
    app.add_directive("claims-fragile", FragileDirective)
    app.add_directive("claims-against", AgainstDirective)
    app.connect("build-finished", _write_files)
    STATES[CLAIM] = _state_of_claim
    STATES[LEDGER] = _state_of_ledger
    FAILED[CLAIM] = _failed_of_claim
    FAILED[LEDGER] = _failed_of_ledger


def judged(app) -> pd.DataFrame:
    """The ledger by id; raises ClaimError where a claim has no verdict.

    It is computed once for each Sphinx application, and not at all where the last build had the same findings, tables
    and code.
    """
    if not hasattr(app, "jingjinji_ledger"):
        key, (kept_key, rows) = _inputs(app), getattr(app.env, "jingjinji_ledger", ("", None))
        if key != kept_key:
            try:
                rows = ledger.ledger(source.findings(app)).set_index("id", drop=False)
            except BookError as error:
                raise ClaimError(str(error)) from error
        app.jingjinji_ledger, app.env.jingjinji_ledger = rows, (key, rows)
    return app.jingjinji_ledger


def _inputs(app) -> str:
    """One hash of all that decides the ledger."""
    read = Sources(jingjinji.PROJECT).dependencies("from jingjinji.claims import ledger")
    return f"{source.digest(app, source.every_id(app))} {fingerprint(read)}"


def cited(app) -> dict[str, list[str]]:
    """Pages that list claims with the role: page -> ids, each once."""
    found = {}
    for docname in sorted(app.env.found_docs):
        ids = NAMED.findall(Path(app.env.doc2path(docname)).read_text("utf-8"))
        found |= {docname: list(dict.fromkeys(ids))} if ids else {}
    return found


def unlisted(rows: pd.DataFrame, listed: dict[str, list[str]], folder: str, pages: set[str]) -> dict[str, list[str]]:
    """Claims that the page of their chapter does not list, by page; chapters that are not written are left out."""
    found = defaultdict(list)
    for row in rows.itertuples():
        page = folder + row.chapter
        if page in pages and row.id not in listed.get(page, ()):
            found[page].append(row.id)
    return dict(found)


class ClaimRole(SphinxRole):
    """The number of a claim, linked to its row of the ledger; the first on a page is where the ledger links back to."""

    def run(self):
        id, rows = self.text.strip(), judged(self.env.app)
        if id not in rows.index:
            raise ClaimError(
                f"{self.env.doc2path(self.env.docname, False)}, line {self.lineno}: there is no claim '{id}'"
            )
        remember(self.env.app, CLAIM, id)
        row = rows.loc[id]
        link = PageReference("", "", nodes.Text(id), page=self.config.jingjinji_claims_page, anchor=id,
                             title=f"{row.claim} ({row.verdict})")  # fmt: skip
        place = f"claim-{id}"
        first = place not in self.env.temp_data.setdefault("jingjinji_claims", set())
        self.env.temp_data["jingjinji_claims"].add(place)
        return [nodes.inline("", "", link, ids=[place] if first else [], classes=["claim-number"])], []


class NumberRole(SphinxRole):
    """How many claims have a verdict, rest on something, or are there at all: a word of `ledger.tally`."""

    def run(self):
        word, numbers = self.text.strip(), ledger.tally(judged(self.env.app))
        if word not in numbers:
            raise ClaimError(
                f"{self.env.doc2path(self.env.docname, False)}, line {self.lineno}: '{word}' is no verdict: expected "
                f"{', '.join(numbers)}"
            )
        remember(self.env.app, LEDGER, "")
        return [nodes.Text(str(numbers[word]))], []


class _Directive(SphinxDirective):
    def run(self):
        remember(self.env.app, LEDGER, "")
        return self.shown(judged(self.env.app))

    def chapter(self, name: str, anchor: str = "") -> PageReference:
        return PageReference(
            "", "", nodes.Text(registry.CHAPTERS[name]), page=self.folder + name, anchor=anchor, title=""
        )

    @property
    def folder(self) -> str:
        return "".join(self.config.jingjinji_claims_page.rpartition("/")[:2])


class LedgerDirective(_Directive):
    """The files to download and the table of all claims; ClaimError for those that their chapter does not list."""

    def shown(self, rows: pd.DataFrame) -> list[nodes.Node]:
        listed = cited(self.env.app)
        for page, ids in unlisted(rows, listed, self.folder, self.env.found_docs).items():
            raise ClaimError(
                f"{self.env.doc2path(page, False)} does not list {', '.join(ids)}: write each with the role claim"
            )
        body = [self._row(row, f"claim-{row.id}" if row.id in listed.get(self.folder + row.chapter, ()) else "")
                for row in in_order(rows).itertuples()]  # fmt: skip
        return [files.links(self.env.docname, "claims"), _table("ledger", HEAD, body)]

    def _row(self, row, anchor: str) -> nodes.row:
        who = nodes.paragraph("", f"{row.article} ({row.published}). Said by: {row.speaker}.", classes=["claim-source"])
        verdict = nodes.paragraph("", row.verdict, classes=["verdict", "verdict-" + nodes.make_id(row.verdict)])
        permanent = nodes.reference("", row.id, refuri=f"#{row.id}", internal=True, reftitle="Link to this claim")
        cells = [
            [nodes.paragraph("", "", permanent)],
            [nodes.paragraph("", row.claim), who],
            [nodes.paragraph("", "", self.chapter(row.chapter, anchor))],
            [verdict],
            [nodes.paragraph("", row.reading, classes=["claim-reading"]), *self._details(row)],
        ]
        return nodes.row("", *(nodes.entry("", *cell) for cell in cells), ids=[row.id],
                         classes=["row-" + nodes.make_id(row.verdict)])  # fmt: skip

    def _details(self, row) -> list[nodes.Node]:
        rests = [*map(self._finding, row.findings.split()), *map(self._table_link, row.tables.split())]
        against = [self._against(id) for id in row.against.split()]
        unpublished = [fit_reference(self.config, fit, fit) for fit in row.unpublished.split()]
        parts = {
            "Rule": [nodes.literal("", row.rule)], "Why": [nodes.Text(row.reason)],
            "Rests on the claimant's own side alone": [nodes.Text("yes")] if row.own_side_alone else [],
            "Not published": files.separated(unpublished),
            "Rests on": files.separated(rests), "Says otherwise": files.separated(against, "; "),
            "At another level of probability": [nodes.Text(row.fragile)] if row.fragile else [],
            "What could test it": [nodes.Text(row.test)] if row.test else [],
        }  # fmt: skip
        paragraphs = [
            nodes.paragraph("", "", nodes.strong("", f"{name}: "), *inside) for name, inside in parts.items() if inside
        ]
        records = ledger.records_of(tables.load("records"), row)
        count = len(records)
        several = f" and {count} record{'s' if count > 1 else ''}" if count else ""
        opened = f"<details><summary>Source, rule and reason of {row.id}{several}</summary>"
        return [
            nodes.raw("", opened, format="html"),
            *paragraphs,
            *(_items([_record(record) for record in records.itertuples()]) if count else []),
            nodes.raw("", "</details>", format="html"),
        ]

    def _finding(self, id: str) -> nodes.Node:
        label = source.findings(self.env.app).label(id)
        return FindingReference("", id, finding=id, label=label, kind="id", on_paper="")

    def _table_link(self, name: str) -> PageReference:
        anchor = f"table-{nodes.make_id(name)}"
        return PageReference("", "", nodes.literal("", name), page=self.config.jingjinji_data_page, anchor=anchor)

    def _against(self, id: str) -> nodes.Node:
        return nodes.Text(_published(id)) if id.startswith("P") else _to_row(id, judged(self.env.app))


class CountsDirective(_Directive):
    """Verdicts by chapter."""

    def shown(self, rows: pd.DataFrame) -> list[nodes.Node]:
        table = ledger.counts(rows)
        body = []
        for name, numbers in table.iterrows():
            first = nodes.Text("all") if name == "all" else self.chapter(name)
            cells = [nodes.paragraph("", "", first), *(nodes.paragraph("", str(number)) for number in numbers)]
            body.append(nodes.row("", *(nodes.entry("", cell) for cell in cells)))
        return [_table("numbers", ("chapter", *table.columns), body)]


class BarDirective(_Directive):
    """Verdicts as one bar of all claims, and a link for each that filters the ledger."""

    def shown(self, rows: pd.DataFrame) -> list[nodes.Node]:
        return [nodes.raw("", bar(ledger.tally(rows)), format="html")]


class ArticlesDirective(_Directive):
    """The articles behind the claims: title, publisher, date, where each was read and how many claims it gave."""

    def shown(self, rows: pd.DataFrame) -> list[nodes.Node]:
        items = []
        for article, group in rows.groupby("article"):
            about = ARTICLES[article]
            said = f". {about.publisher}, {group.published.iloc[0]}; {about.read}. It gave {len(group)} claims."
            items.append([nodes.emphasis("", about.title), nodes.Text(said)])
        return _items(items)


class FragileDirective(_Directive):
    """Claims whose verdict hangs on the level of probability."""

    def shown(self, rows: pd.DataFrame) -> list[nodes.Node]:
        chosen = rows[rows.fragile != ""]
        said = chosen.claim + " Now: " + chosen.verdict + "; with another level: " + chosen.fragile + "."
        return _items([[_to_row(id, rows), nodes.Text(f" {text}")] for id, text in said.items()])


class AgainstDirective(_Directive):
    """Claims and published results that say otherwise than a claim, each pair once."""

    def shown(self, rows: pd.DataFrame) -> list[nodes.Node]:
        items = []
        for row in rows.itertuples():
            for other in row.against.split():
                if other.startswith("P"):
                    items.append([_to_row(row.id, rows), nodes.Text(f" {row.claim} But: {_published(other)}.")])
                elif row.id < other:
                    said = f" {rows.claim[other]} ({rows.article[other]})"
                    items.append([_to_row(row.id, rows), nodes.Text(f" {row.claim} ({row.article}) But "),
                                  _to_row(other, rows), nodes.Text(said)])  # fmt: skip
        return _items(items)


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Claims by their verdict, in the order of `ORDER`, then by their number."""
    places = [ORDER.index(verdict) for verdict in rows["verdict"]]
    return rows.iloc[sorted(range(len(rows)), key=lambda row: (places[row], rows["id"].iloc[row]))]


def bar(numbers: dict[str, int]) -> str:
    """One bar whose parts are the verdicts, and its key; both filter the ledger, the key for the keyboard too.

    A part without claims is left out of the bar and stands in the key, so the counts add up to all claims in both.
    """
    parts, keys = "", ""
    for verdict in ORDER:
        address, kind, count = f"?verdict={quote(verdict)}", f"verdict-{nodes.make_id(verdict)}", numbers[verdict]
        link = f'href="{address}" data-verdict="{escape(verdict)}"'
        keys += f'<li><a {link}><span class="verdict {kind}">{escape(verdict)}</span> <b>{count}</b></a></li>'
        if count:
            shape = f'class="{kind}" style="flex-grow:{count}" tabindex="-1"'
            parts += f'<a {link} {shape} title="{escape(verdict)}">{count}</a>'
    return (
        f'<div class="claims-bar"><div class="claims-parts" aria-hidden="true">{parts}</div>'
        f'<ul>{keys}<li class="claims-all">all <b>{numbers["all"]}</b></li></ul></div>'
    )


def _record(row) -> list[nodes.Node]:
    """A row of table `records`: what it says, who published it, how it was seen, and a link if it is a web page."""
    if row.kind == "not found":
        return [nodes.emphasis("", "Looked for and not found: "), nodes.Text(f"{row.quantity}. {row.note}.")]
    title = nodes.reference("", row.title, refuri=row.url) if row.url.startswith(WEB) else nodes.Text(row.title)
    who = row.publisher or "first publisher not known"
    read = f", read on {row.reprint}" if row.reprint else ""
    date = f", {row.date}" if row.date else ""
    about = f", {who}{read} ({row.kind}{date}, {SEEN[row.seen]}; counts as {row.standing})."
    note = f" Note: {row.note}." if row.note else ""
    return [nodes.strong("", f"{WEIGHED[row.speaks]}: "), nodes.Text(f"{row.statement} "), title,
            nodes.Text(about + note)]  # fmt: skip


def _to_row(id: str, rows: pd.DataFrame) -> nodes.reference:
    return nodes.reference("", id, refuri=f"#{id}", reftitle=rows.claim[id], internal=True)


def _published(id: str) -> str:
    row = tables.load("published_results").set_index("id").loc[id]
    return f"{row.study} has {row.estimate} {row.unit} ({row.quantity}, {row.period})"


def _items(items: list[list]) -> list[nodes.Node]:
    if not items:
        return [nodes.paragraph("", "None.")]
    return [nodes.bullet_list("", *(nodes.list_item("", nodes.paragraph("", "", *item)) for item in items))]


def _table(kind: str, head: tuple[str, ...], body: list[nodes.row]) -> nodes.table:
    header = nodes.row("", *(nodes.entry("", nodes.paragraph("", word)) for word in head))
    columns = [nodes.colspec(colwidth=1) for _ in head]
    group = nodes.tgroup("", *columns, nodes.thead("", header), nodes.tbody("", *body), cols=len(head))
    return nodes.table("", group, classes=[kind, "colwidths-auto"])


def _state_of_claim(app, id: str) -> str:
    rows = judged(app)
    if id not in rows.index:
        return ""
    return repr([*rows.loc[id, ["claim", "verdict"]], *_told(app, _failed_of_claim(app, id))])


def _state_of_ledger(app, _id: str) -> str:
    failed = _told(app, _failed_of_ledger(app, ""))
    text = judged(app).to_json() + repr(cited(app)) + repr(failed) + source.digest(app, [])
    return hashlib.sha256(text.encode()).hexdigest()


def _failed_of_claim(app, id: str) -> set[str]:
    return set(judged(app).unpublished[id].split())


def _failed_of_ledger(app, _id: str) -> set[str]:
    return set(" ".join(judged(app).unpublished).split())


def _told(app, fits: set[str]) -> list[tuple[str, str]]:
    """Fits that did not converge, each with what failed."""
    return [(fit, source.failed(app).get(fit, "")) for fit in sorted(fits)]


def _write_files(app, exception) -> None:
    if exception or app.builder.format != "html" or app.config.jingjinji_claims_page not in app.env.all_docs:
        return
    rows = judged(app).drop(columns="found").to_dict("records")
    files.write(Path(app.outdir), "claims", rows, draft=source.is_draft(app.config))
