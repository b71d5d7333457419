"""Where findings are used: in prose, captions and alt texts, in claims, and in the tables of the conclusions."""

from collections import defaultdict

from docutils import nodes

from jingjinji.core import registry
from jingjinji.sphinxext import source
from jingjinji.sphinxext.roles import FindingReference, uses

Place = tuple[str, str, str]
"""A page, the anchor of a place on it or nothing, and what stands there: a heading, or the number of a claim."""


def connect(app) -> None:
    app.connect("doctree-read", _note)
    app.connect("env-purge-doc", _forget)
    app.connect("env-merge-info", _merge)


def of_findings(app) -> dict[str, list[Place]]:
    """Id -> its places, by page in the book's order; a page that names it in an alt text alone is one place."""
    found, order = defaultdict(list), app.env.toctree_includes.get(app.config.root_doc, [])
    place = {docname: number for number, docname in enumerate([app.config.root_doc, *order])}
    for docname in sorted(_places(app.env), key=lambda name: (place.get(name, len(place)), name)):
        listed = _places(app.env)[docname]
        for id, anchor, words in listed:
            found[id].append((docname, anchor, words))
        for id in sorted(uses(app.env).get(docname, set()) - {id for id, _, _ in listed}):
            found[id].append((docname, "", ""))
    return dict(found)


def title(app, docname: str) -> str:
    """What a page is called where there is little room."""
    return registry.CHAPTERS.get(docname.rpartition("/")[2]) or app.env.titles[docname].astext()


def _note(app, doctree) -> None:
    listed, seen = [], set()
    for node in doctree.findall(FindingReference):
        id, (anchor, words) = node["finding"], _place(node)
        if (id, words) in seen:
            continue
        count = sum(id == other for other, _ in seen)
        seen.add((id, words))
        if not anchor:
            anchor = f"at-{id}--{count + 1}" if count else f"at-{id}"
            node["ids"].append(anchor)
        listed.append((id, anchor, words))
    docname = app.env.docname
    if docname == app.config.jingjinji_conclusions_page:
        listed += [(id, "", "") for id in _of_conclusions(app) - {id for id, _, _ in listed}]
    _places(app.env)[docname] = sorted(listed, key=lambda place: place[0])


def _of_conclusions(app) -> set[str]:
    """Findings that the tables of the conclusions are computed from."""
    from jingjinji.topics import conclusions

    return conclusions.named() & set(source.every_id(app))


def _place(node: nodes.Node) -> tuple[str, str]:
    """Anchor, if the nearest thing around a node has one of its own, and words for where it stands."""
    while node is not None:
        if isinstance(node, nodes.row) and node["ids"]:
            return node["ids"][0], node["ids"][0]
        if isinstance(node, nodes.admonition | nodes.section):
            heading = next(iter(node.findall(nodes.title)), None)
            return "", heading.astext() if heading is not None else ""
        node = node.parent
    return "", ""


def _places(env) -> dict[str, list[tuple[str, str, str]]]:
    if not hasattr(env, "jingjinji_places"):
        env.jingjinji_places = {}
    return env.jingjinji_places


def _forget(app, env, docname: str) -> None:
    _places(env).pop(docname, None)


def _merge(app, env, docnames, other) -> None:
    _places(env).update({docname: listed for docname, listed in _places(other).items() if docname in docnames})
