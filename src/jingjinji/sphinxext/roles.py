"""Findings in prose: the roles, the cards they link to, and the pages to read again when a finding changes."""

import dataclasses
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from docutils import nodes
from sphinx.errors import SphinxError
from sphinx.util.docutils import SphinxDirective, SphinxRole

from jingjinji.core.errors import FitNotPublished, UnknownFinding
from jingjinji.core.findings import INTERVAL, NOT_PUBLISHED, PROBABILITY, Finding, anchor_of_fit, find
from jingjinji.sphinxext import files, source

KINDS = {
    "finding": "",
    "finding-value": "value",
    "finding-interval": "interval",
    "finding-fall": "fall",
    "finding-fall-value": "fall-value",
}
CARDS = "cards"
STATES = {}
"""Other kinds that a page can use: kind -> function(app, id) that tells their state."""
FAILED = {}
"""The same kinds -> function(app, id) that names the fits that did not converge among those behind it."""
VARIANT_IN_PROSE = re.compile(r"\{finding[a-z-]*\}`([^`@]+@[^`]+)`")


class FindingError(SphinxError):
    """A page asks for a finding that cannot be printed; the build stops."""

    category = "Finding"


def connect(app) -> None:
    for role in KINDS:
        app.add_role(role, FindingRole())
    app.add_directive("findings-cards", FindingsCards)
    app.connect("env-get-outdated", _pages_with_changed_findings)
    app.connect("env-purge-doc", _forget)
    app.connect("env-merge-info", _merge)
    app.connect("doctree-resolved", _link_to_cards)


def printed(findings: dict[str, Finding], id: str, kind: str = "", draft: bool = False) -> str:
    """A finding as prose.

    Parameters
    ----------
    kind : "" mean and interval, "value" mean alone, "interval" interval alone; "fall" and "fall-value" print a
        decrease without its sign.
    draft : few draws can turn a sign, so a fall is then not checked.

    Raises
    ------
    UnknownFinding : with the nearest known ids.
    FitNotPublished : the finding's fit did not converge on this machine.
    FindingError : there is no interval, or the fall is no fall, or the kind is unknown.
    """
    finding = find(findings, id)
    if kind.startswith("fall"):
        finding = _turned(finding, draft)
    if kind in ("", "fall"):
        return finding.text
    if kind in ("value", "fall-value"):
        return finding.value_text
    if kind != "interval":
        raise FindingError(f"'{kind}' is no way to print a finding: use {', '.join(filter(None, KINDS.values()))}")
    if not finding.interval_text:
        raise FindingError(f"finding '{id}' has no interval to print: use the role finding-value")
    return f"{PROBABILITY * 100:.0f} % HDI {finding.interval_text}"


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
    """A printed finding, before its link to the card is known."""


class FindingRole(SphinxRole):
    def run(self):
        id, kind = self.text.strip(), KINDS[self.name]
        findings = source.findings(self.env.app)
        try:
            text = text_of(self.env.app, kind, id)
        except (UnknownFinding, FindingError) as error:
            raise FindingError(f"{self.env.doc2path(self.env.docname, False)}, line {self.lineno}: {error}") from error
        remember(self.env.app, kind, id)
        label = findings.label(id)
        if id in findings.unpublished:
            link = fit_reference(self.config, findings.unpublished[id][1], NOT_PUBLISHED, label)
            return [nodes.inline("", "", link, classes=["not-published"])], []
        return [FindingReference("", text, finding=id, label=label)], []


class FindingsCards(SphinxDirective):
    """A card for each finding whose id starts with the optional argument, grouped by topic.

    Findings of variant fits (``id@variant``) have a card where a page prints them; all are in the files to download.
    The card of a finding whose fit did not converge says so.
    """

    optional_arguments = 1

    def run(self):
        prefix = self.arguments[0] if self.arguments else ""
        remember(self.env.app, CARDS, prefix)
        topics = defaultdict(list)
        for id in _with_card(self.env.app, prefix):
            topics[".".join(id.split(".")[:2])].append(id)
        cards = [self._topic(topic, group) for topic, group in sorted(topics.items())]
        return [files.links(self.env.docname, "findings"), *cards]

    def _topic(self, topic: str, group: list[str]) -> nodes.section:
        section = nodes.section(ids=[f"topic-{topic.replace('.', '-')}"])
        section += nodes.title("", topic)
        section += [self._card(id) for id in group]
        return section

    def _card(self, id: str) -> nodes.container:
        findings = source.findings(self.env.app)
        failed = id in findings.unpublished
        card = nodes.container(ids=[id], classes=["finding-card"])
        card += nodes.paragraph("", "", nodes.literal("", id), classes=["finding-id"])
        card += nodes.paragraph("", findings.label(id), classes=["finding-label"])
        card += nodes.paragraph("", NOT_PUBLISHED if failed else findings[id].value_text, classes=["finding-value"])
        card += _field_list(self._fields_without(findings.unpublished[id][1]) if failed else self._fields(findings[id]))
        return card

    def _fields_without(self, fit: str):
        yield "Fit", [fit_reference(self.config, fit, fit)]
        yield "Why", [nodes.Text(source.failed(self.env.app).get(fit) or "it did not pass the gate")]

    def _fields(self, finding: Finding):
        yield "Interval", [nodes.Text(_interval_sentence(finding))]
        yield "Unit", [nodes.Text(finding.unit or "none")]
        yield "Diagnostics", [nodes.Text(_diagnostics(finding))]
        yield "Model", [self._model(finding)]
        yield "Data", files.separated([self._table(name) for name in finding.panel]) or [nodes.Text("none")]
        if finding.code:
            yield "Code", [nodes.literal("", finding.code)]

    def _model(self, finding: Finding):
        if finding.model == "table":
            return nodes.Text("none: computed from tables alone")
        return _page_reference(finding.model, self.config.jingjinji_models_page)

    def _table(self, name: str):
        return _page_reference(name, self.config.jingjinji_data_page, f"table-{nodes.make_id(name)}")


class PageReference(nodes.Inline, nodes.TextElement):
    """A link to another page of the book that is left as text when the book has no such page."""


def fit_reference(config, fit: str, text: str, title: str = "") -> PageReference:
    """A link to the diagnostics of a fit."""
    page, anchor = config.jingjinji_models_page, anchor_of_fit(fit)
    return PageReference("", "", nodes.Text(text), page=page, anchor=anchor, title=title)


def _page_reference(text: str, page: str, anchor: str = "") -> PageReference:
    return PageReference("", "", nodes.literal("", text), page=page, anchor=anchor)


def _interval_sentence(finding: Finding) -> str:
    if finding.exact:
        return "none: an exact quantity" if finding.model == "table" else "none: a score of the whole fit"
    if finding.is_probability:
        return "none: a posterior probability"
    return f"{finding.interval_text} ({PROBABILITY * 100:.0f} % {INTERVAL})"


def _diagnostics(finding: Finding) -> str:
    if finding.exact:
        return f"Monte Carlo error {finding.mcse:.2g}" if finding.mcse else "none: no draws"
    parts = [f"{finding.draws.size} draws", f"Monte Carlo error of the mean {finding.mcse:.2g}"]
    if not finding.is_probability:
        parts.append(f"of the interval {finding.interval_mcse:.2g}")
    parts += [f"{name} {value:{form}}" for name, value, form in _convergence(finding) if value == value]
    return ", ".join(parts)


def _convergence(finding: Finding):
    return ("bulk ESS", finding.ess, ".0f"), ("R-hat", finding.rhat, ".4f")


def _field_list(fields) -> nodes.field_list:
    rows = [
        nodes.field("", nodes.field_name("", name), nodes.field_body("", nodes.paragraph("", "", *body)))
        for name, body in fields
    ]
    return nodes.field_list("", *rows)


def _with_card(app, prefix: str) -> list[str]:
    findings, printed_variants = source.findings(app), set()
    for docname in app.env.found_docs:
        printed_variants |= set(VARIANT_IN_PROSE.findall(Path(app.env.doc2path(docname)).read_text("utf-8")))
    ids = sorted({*findings, *findings.unpublished})
    return [id for id in ids if id.startswith(prefix) and ("@" not in id or id in printed_variants)]


def _state(app, kind: str, id: str) -> str:
    """Changes when what a page prints with that role, or on those cards, changes."""
    if kind in STATES:
        return STATES[kind](app, id)
    return source.digest(app, _with_card(app, id) if kind == CARDS else [id])


def _failed(app, kind: str, id: str) -> set[str]:
    """The fits that did not converge among those behind what a page prints with that role, or on those cards."""
    if kind in FAILED:
        return FAILED[kind](app, id)
    return source.findings(app).fits_failed(_with_card(app, id) if kind == CARDS else [id])


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
    for node in list(doctree.findall(FindingReference)):
        node.replace_self(_card_link(app, docname, node))
    for node in list(doctree.findall(PageReference)):
        link = _link(app, docname, node["page"], node["anchor"], node.children)
        if link is not None and node.get("title"):
            link["reftitle"] = node["title"]
        node.replace_self(link or node.children)


def _card_link(app, docname: str, node: FindingReference):
    link = _link(app, docname, app.config.jingjinji_findings_page, node["finding"], node.children)
    if link is None:
        return nodes.inline("", "", *node.children, classes=["finding"])
    link["classes"].append("finding")
    link["reftitle"] = node["label"]
    return link


def _link(app, docname: str, page: str, anchor: str, children) -> nodes.reference | None:
    if page not in app.env.all_docs:
        return None
    uri = "" if page == docname and anchor else app.builder.get_relative_uri(docname, page)
    return nodes.reference("", "", *children, refuri=f"{uri}#{anchor}" if anchor else uri, internal=True)
