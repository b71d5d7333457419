"""Alt texts: findings are put into them, and a page whose figure lacks one, or lacks a caption, is not built."""

import re
from html.parser import HTMLParser

from docutils import nodes
from sphinx.errors import SphinxError

from jingjinji.core.errors import UnknownFinding
from jingjinji.sphinxext import holes
from jingjinji.sphinxext.roles import FindingError, remember, text_of, without_popover

PLACEHOLDER = re.compile(r"\{(?:(?P<kind>[a-z-]+):)?(?P<id>[\w-]+(?:\.[\w-]+)+(?:@[\w-]+)?)\}")
LOOKS_LIKE_A_PATH = re.compile(r"^\S*(/|\\)\S*$|^\S+\.(png|svg|jpe?g|gif|webp|avif|pdf)$", re.IGNORECASE)


class AltTextError(SphinxError):
    """A figure cannot be read by everyone; the build stops."""

    category = "Figure"


def connect(app) -> None:
    app.connect("doctree-read", _check_page)


def filled(alt: str, text_of) -> str:
    """An alt text with its ``{id}`` and ``{kind:id}`` placeholders replaced by ``text_of(kind, id)``."""
    return PLACEHOLDER.sub(lambda match: text_of(match["kind"] or "", match["id"]), alt)


def fault(alt: str | None) -> str:
    """What is wrong with an alt text, in words; empty when it is good."""
    if alt is None:
        return "has no alt text"
    if not alt.strip():
        return "has an empty alt text"
    if LOOKS_LIKE_A_PATH.match(alt.strip()):
        return f"has the file path '{alt.strip()}' as its alt text"
    if left := re.search(r"\{\S*\}", alt):
        return f"has '{left[0]}' in its alt text, which names no finding"
    return ""


def faults(doctree: nodes.document) -> list[str]:
    """Every figure of a page that lacks an alt text or a caption, each as half a sentence."""
    found = []
    for image in doctree.findall(nodes.image):
        name = _name(image)
        found += [f"{name} {problem}" for problem in (fault(image.get("alt")), _caption_fault(image)) if problem]
    for raw in doctree.findall(nodes.raw):
        found += _faults_of_html(raw) if "html" in raw.get("format", "") else []
    return list(dict.fromkeys(found))


def _check_page(app, doctree) -> None:
    page = app.env.doc2path(app.env.docname, False)
    for image in doctree.findall(nodes.image):
        _fill(app, image, page)
    found = faults(doctree)
    if found:
        raise AltTextError(
            f"{page}: {'; '.join(found)}: write the alt under 'mystnb: image: alt' and the caption under"
            " 'mystnb: figure: caption' in the cell's metadata, or as ':alt:' and text of a figure directive"
        )


def _fill(app, image: nodes.image, page: str) -> None:
    def remembered(kind: str, id: str) -> str:
        try:
            text = text_of(app, without_popover(kind), id)
        except (UnknownFinding, FindingError) as error:
            raise FindingError(f"{page}, alt text of {_name(image)}: {error}") from error
        remember(app, kind, id)
        return text

    if "alt" in image:
        alt = " ".join(filled(image["alt"], remembered).split())
        image["alt"] = f"{holes.words_of_image(app.env, image['uri'])}{alt}"


def _figure(image: nodes.Node) -> nodes.figure | None:
    while image is not None and not isinstance(image, nodes.figure):
        image = image.parent
    return image


def _name(image: nodes.image) -> str:
    figure = _figure(image)
    names = figure["names"] + figure["ids"] if figure is not None else []
    line = next((node.line for node in (image, figure, image.parent) if node is not None and node.line), None)
    place = f" (line {line})" if line else ""
    return f"figure '{names[0]}'{place}" if names else f"the figure '{image['uri'].rsplit('/', 1)[-1]}'{place}"


def _caption_fault(image: nodes.image) -> str:
    figure = _figure(image)
    captions = [] if figure is None else [node for node in figure.children if isinstance(node, nodes.caption)]
    return "" if any(caption.astext().strip() for caption in captions) else "has no caption"


class _Images(HTMLParser):
    def __init__(self):
        super().__init__()
        self.alts = []

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            self.alts.append((dict(attributes).get("src") or "", dict(attributes).get("alt")))


def _faults_of_html(raw: nodes.raw) -> list[str]:
    images = _Images()
    images.feed(raw.astext())
    return [f"the html image '{src[:60]}' {fault(alt)}" for src, alt in images.alts if fault(alt)]
