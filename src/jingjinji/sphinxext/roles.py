"""Findings in prose: the roles, their links to cards, and the pages to read again when a finding changes."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable

from docutils import nodes
from sphinx.errors import SphinxError
from sphinx.util.docutils import SphinxRole

from jingjinji.core import registry
from jingjinji.core.errors import FitNotPublished, UnknownFinding
from jingjinji.core.findings import NOT_PUBLISHED, Finding, anchor_of_fit, find
from jingjinji.show import readings
from jingjinji.sphinxext import source

WORDS = "word"
"""Kind of what is no finding but follows from findings: words of a region's page, such as which city fell most."""
KINDS = {
    "finding": "",
    "finding-value": "value",
    "finding-interval": "interval",
    "finding-with-interval": "with-interval",
    "finding-fall": "fall",
    "finding-fall-value": "fall-value",
    "finding-fall-with-interval": "fall-with-interval",
    "word": WORDS,
}
"""Role -> what it prints."""
ALONE = ("", "value", "fall", "fall-value")
"""Kinds that print a number without words, which no line breaks.

The interval is in the popover, and on paper in brackets where a page says the number first.
"""
STATES = {}
"""Other kinds that a page can use: kind -> function(app, id) that tells their state."""
FAILED = {}
"""The same kinds -> function(app, id) that names the fits that did not converge among those behind it."""


class FindingError(SphinxError):
    """A page asks for a finding that cannot be printed; the build stops."""

    category = "Finding"


def connect(app) -> None:
    for role in KINDS:
        app.add_role(role, FindingRole())
    app.add_node(FindingReference, html=(_open_reference, _close_reference))
    app.add_node(PageReference, html=(_as_text, _as_text))
    app.connect("env-get-outdated", _pages_with_changed_findings)
    app.connect("env-purge-doc", _forget)
    app.connect("env-merge-info", _merge)
    app.connect("doctree-resolved", _link_to_cards)


def printed(findings: dict[str, Finding], id: str, kind: str = "", draft: bool = False) -> str:
    """A finding as prose, rounded as `readings.in_prose` does.

    Parameters
    ----------
    kind : "" and "value" the estimate alone, "with-interval" with its interval, "interval" the interval alone; "fall",
        "fall-value" and "fall-with-interval" print a decrease without its sign.
    draft : few draws can turn a sign, so a fall is then not checked.

    Raises
    ------
    UnknownFinding : with the nearest known ids.
    FitNotPublished : the finding's fit did not converge on this machine.
    FindingError : there is no interval, or the fall is no fall, or the kind is unknown.
    """
    if kind not in KINDS.values():
        raise FindingError(f"'{kind}' is no way to print a finding: use {', '.join(filter(None, KINDS.values()))}")
    if kind == WORDS:
        return _words(findings, id)
    finding = find(findings, id)
    if kind.startswith("fall"):
        finding = _turned(finding, draft)
    if kind.endswith("with-interval"):
        return readings.with_interval(finding)
    if kind != "interval":
        return readings.in_prose(finding)
    if not finding.interval_text:
        raise FindingError(f"finding '{id}' has no interval to print: use the role finding-value")
    return f"{readings.HOUSE} HDI {readings.interval_in_prose(finding)}"


def _words(findings: dict[str, Finding], id: str) -> str:
    """Words that follow from findings, as the registry's ``words`` make them."""
    known = registry.words()
    if id not in known:
        raise FindingError(f"there are no words '{id}': expected one of {', '.join(known) or 'none, this is the book'}")
    return known[id](findings)


def without_popover(kind: str) -> str:
    """The kind that says in the text what a popover would say: alt texts and notebooks have none."""
    return {"": "with-interval", "fall": "fall-with-interval"}.get(kind, kind)


def text_of(app, kind: str, id: str) -> str:
    """A finding as `printed`, or `NOT_PUBLISHED` where its fit did not converge; raises as `printed` does otherwise."""
    try:
        return printed(source.findings(app), id, kind, source.is_draft(app.config))
    except FitNotPublished:
        return NOT_PUBLISHED


def remember(app, kind: str, id: str) -> None:
    """Note what the page that is being read prints, so that the page is read again when that changes."""
    _uses(app.env)[app.env.docname][kind, id] = _state(app, kind, id)
    needs(app.env, _failed(app, kind, id))


def uses(env) -> dict[str, set[str]]:
    """Page -> ids of the findings that it prints, in alt texts too."""
    kinds = {*KINDS.values()} - {WORDS}
    return {docname: {id for kind, id in noted if kind in kinds} for docname, noted in _uses(env).items()}


def needs(env, fits: Iterable[str]) -> None:
    """Note that the page that is being read needs fits that did not converge."""
    env.temp_data.setdefault("jingjinji_not_published", set()).update(fits)


def needed(env) -> set[str]:
    """The fits that `needs` noted for the page that is being read."""
    return env.temp_data.get("jingjinji_not_published", set())


def _turned(finding: Finding, draft: bool) -> Finding:
    if finding.estimate >= 0 and not draft:
        raise FindingError(f"finding '{finding.id}' is {finding.value_text}, which is no fall: use the role finding")
    return dataclasses.replace(finding, draws=-finding.draws)


class FindingReference(nodes.Inline, nodes.TextElement):
    """A printed finding: a link to its card once `refuri` is known.

    Its `on_paper` is what stands behind it where there is no popover.
    """


def _open_reference(writer, node: FindingReference) -> None:
    if not node.get("refuri"):
        writer.body.append(writer.starttag(node, "span", "", CLASS="finding"))
        return
    about = {"href": node["refuri"], "title": node["label"]}
    if node["on_paper"]:
        about["data-interval"] = node["on_paper"]
    kind = "finding number" if node["kind"] in ALONE else "finding"
    writer.body.append(writer.starttag(node, "a", "", CLASS=f"{kind} reference internal", **about))


def _close_reference(writer, node: FindingReference) -> None:
    writer.body.append("</a>" if node.get("refuri") else "</span>")


class FindingRole(SphinxRole):
    def run(self):
        id, kind = self.text.strip(), KINDS[self.name]
        findings = source.findings(self.env.app)
        try:
            text = text_of(self.env.app, kind, id)
        except (UnknownFinding, FindingError) as error:
            raise FindingError(f"{self.env.doc2path(self.env.docname, False)}, line {self.lineno}: {error}") from error
        remember(self.env.app, kind, id)
        if kind == WORDS:
            return [nodes.Text(text)], []
        label = findings.label(id)
        if id in findings.unpublished:
            link = fit_reference(self.config, findings.unpublished[id][1], NOT_PUBLISHED, label)
            return [nodes.inline("", "", link, classes=["not-published"])], []
        return [reference(findings, id, kind, text, source.is_draft(self.config))], []


def reference(findings: dict[str, Finding], id: str, kind: str, text: str, draft: bool = False) -> FindingReference:
    """A link to the card of a finding with a text of any kind."""
    finding = _turned(findings[id], draft) if kind in ("fall", "fall-value") else findings[id]
    on_paper = readings.interval_in_prose(finding) if kind in ALONE else ""
    return FindingReference("", text, finding=id, label=finding.label, kind=kind, on_paper=on_paper)


def card_page(config, id: str) -> str:
    """The page of cards on which a finding has its card: one for the first word of its id."""
    return f"{config.jingjinji_findings_page}/{id.partition('.')[0]}"


class PageReference(nodes.Inline, nodes.TextElement):
    """A link to another page of the book that is left as text when the book has no such page."""


def fit_reference(config, fit: str, text: str, title: str = "") -> PageReference:
    """A link to the diagnostics of a fit."""
    page, anchor = config.jingjinji_models_page, anchor_of_fit(fit)
    return PageReference("", "", nodes.Text(text), page=page, anchor=anchor, title=title)


def _as_text(writer, node: PageReference) -> None:
    """In a list of contents, which copies a heading before its links are made, the text stands alone."""


def _state(app, kind: str, id: str) -> str:
    """Changes when what a page prints with that role changes."""
    if kind in STATES:
        return STATES[kind](app, id)
    return source.digest(app, [id])


def _failed(app, kind: str, id: str) -> set[str]:
    """The fits that did not converge among those behind what a page prints with that role."""
    if kind in FAILED:
        return FAILED[kind](app, id)
    return source.findings(app).fits_failed([id])


def _failed_of_words(app, id: str) -> set[str]:
    """The fit for want of which words cannot be said."""
    try:
        _words(source.findings(app), id)
    except FitNotPublished as error:
        return {error.fit}
    return set()


STATES[WORDS] = lambda app, id: text_of(app, WORDS, id)
FAILED[WORDS] = _failed_of_words


def _uses(env) -> dict[str, dict[tuple[str, str], str]]:
    if not hasattr(env, "jingjinji_uses"):
        env.jingjinji_uses = defaultdict(dict)
    return env.jingjinji_uses


def _pages_with_changed_findings(app, env, added, changed, removed) -> list[str]:
    pages = [(docname, uses) for docname, uses in _uses(env).items() if docname not in removed]
    return [docname for docname, uses in pages if any(_state(app, *use) != before for use, before in uses.items())]


def _forget(app, env, docname: str) -> None:
    _uses(env).pop(docname, None)


def _merge(app, env, docnames, other) -> None:
    _uses(env).update({docname: uses for docname, uses in _uses(other).items() if docname in docnames})


def _link_to_cards(app, doctree, docname: str) -> None:
    page, said = app.config.jingjinji_findings_page, set()
    for node in doctree.findall(FindingReference):
        if node["finding"] in said:
            node["on_paper"] = ""
        if node["kind"] in ALONE or node["kind"].endswith("interval"):
            said.add(node["finding"])
        if page in app.env.all_docs:
            card = card_page(app.config, node["finding"])
            node["refuri"] = f"{app.builder.get_relative_uri(docname, card)}#{node['finding']}"
    for node in list(doctree.findall(PageReference)):
        link = _link(app, docname, node["page"], node["anchor"], node.children)
        if link is not None and node.get("title"):
            link["reftitle"] = node["title"]
        node.replace_self(link or node.children)


def _link(app, docname: str, page: str, anchor: str, children) -> nodes.reference | None:
    if page not in app.env.all_docs:
        return None
    uri = "" if page == docname and anchor else app.builder.get_relative_uri(docname, page)
    return nodes.reference("", "", *children, refuri=f"{uri}#{anchor}" if anchor else uri, internal=True)
