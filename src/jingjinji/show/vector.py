"""Figures as SVG: text stays text, both widths and the data are in one file, and on a page colours follow the theme."""

import hashlib
import io
import re
from html import escape, unescape
from xml.etree import ElementTree

from jingjinji.show import palette

SVG, LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
NARROW = re.compile(r'<defs class="narrow">(<svg.*</svg>)</defs></svg>\s*$', re.DOTALL)
DATA = re.compile(r'<metadata class="data">(.*?)</metadata>', re.DOTALL)
HEX = re.compile(r"#[0-9a-f]{6}\b")
FONT = re.compile(r"font: (?:(?P<style>italic) )?(?:(?P<weight>bold|\d00) )?(?P<size>[\d.]+)px [^;]*")
NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
STYLED = {"fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity",
          "fill-opacity", "stroke-opacity", "text-anchor", "font-size", "font-weight", "font-style"}  # fmt: skip
DEFAULTS = {"stroke-linejoin": "round", "stroke-linecap": "butt", "stroke-width": "1", "opacity": "1",
            "stroke-opacity": "1", "fill-opacity": "1", "text-anchor": "start", "stroke-dashoffset": "0"}  # fmt: skip


class StrangeColour(ValueError):
    """A figure has a colour that is none of the book's."""


def of_figure(figure: "Figure") -> str:  # noqa: F821
    """A drawn figure as a short SVG: no groups without a use, no digits that nobody sees, unique ids, text as text."""
    drawing = io.StringIO()
    figure.savefig(drawing, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return _compact(drawing.getvalue())


def both(wide: "Figure", narrow: "Figure | None", data: str = "") -> str:  # noqa: F821
    """One file that shows the wide figure wherever SVG is shown, and carries the narrow one and the data inside.

    data : what the figure shows, as the text of a csv file.

    Raises StrangeColour for a colour that is not in `palette.ALL`.
    """
    shown = of_figure(wide).removesuffix("</svg>")
    other = f'<defs class="narrow">{of_figure(narrow)}</defs>' if narrow is not None else ""
    strange = sorted(set(HEX.findall(shown + other)) - palette.NAMES.keys())
    if strange:
        raise StrangeColour(f"{', '.join(strange)}: take colours of figures from palette.py, others have no dark twin")
    told = f'<metadata class="data">{escape(data, quote=False)}</metadata>' if data else ""
    return f"{shown}{told}{other}</svg>"


def data_of(text: str) -> str:
    """The data that a file of `both` carries, as the text of a csv file; empty where it has none."""
    found = DATA.search(text)
    return unescape(found[1]) if found else ""


def alone(text: str, alt: str) -> str:
    """The wide figure of a file of `both` by itself, with its alt text, as a file for other programs."""
    text = DATA.sub("", text)
    found = NARROW.search(text)
    wide = f"{text[: found.start()]}</svg>" if found else text
    return wide.replace("<svg ", f'<svg role="img" aria-label="{escape(alt)}" ', 1)


def is_ours(text: str) -> bool:
    """Whether an SVG file was made here and has both widths."""
    return bool(NARROW.search(text))


def html(text: str, alt: str) -> str:
    """A file of `both` as an element of a page, which shows the width that fits; colours are CSS variables."""
    text = DATA.sub("", text)
    found = NARROW.search(text)
    wide, narrow = text[: found.start()] + "</svg>", found[1]
    drawn = "".join(
        _in_colours(one).replace("<svg ", f'<svg class="{name}" aria-hidden="true" ', 1)
        for name, one in (("wide", wide), ("narrow", narrow))
    )
    return f'<div class="picture" role="img" aria-label="{escape(alt)}">{drawn}</div>'


def _in_colours(text: str) -> str:
    return HEX.sub(lambda match: f"var({palette.variable(palette.NAMES[match[0]])})", text)


def _compact(text: str) -> str:
    root = ElementTree.fromstring(text)
    _tidy(root)
    width, height = (float(root.get(side).removesuffix("pt")) / 0.75 for side in ("width", "height"))
    root.attrib = {"viewBox": root.get("viewBox"), "width": f"{width:.0f}", "height": f"{height:.0f}",
                   "stroke-linejoin": "round", "font-family": "system-ui, sans-serif"}  # fmt: skip
    _name_anew(root, "f" + hashlib.sha256(text.encode()).hexdigest()[:6])
    ElementTree.register_namespace("", SVG.strip("{}"))
    short = ElementTree.tostring(root, encoding="unicode")
    return re.sub(r">\s+<", "><", short).replace(" />", "/>")


def _tidy(parent: ElementTree.Element) -> None:
    """Drop what says nothing, lift the children of bare groups, and shorten numbers and styles."""
    kept = []
    for child in list(parent):
        if child.tag in (f"{SVG}metadata", f"{SVG}style"):
            continue
        _tidy(child)
        _restyle(child)
        if child.tag == f"{SVG}g" and set(child.attrib) <= {"id"}:
            kept += list(child)
        elif child.tag == f"{SVG}g" and set(child.attrib) <= {"id", "clip-path"} and _one_path(child):
            child[0].set("clip-path", child.get("clip-path"))
            kept.append(child[0])
        elif not _empty(child, parent):
            kept.append(child)
    parent[:] = kept


def _one_path(group: ElementTree.Element) -> bool:
    return len(group) == 1 and group[0].tag == f"{SVG}path" and not {"clip-path", "transform"} & set(group[0].attrib)


def _empty(element: ElementTree.Element, parent: ElementTree.Element) -> bool:
    """Definitions of nothing, and paths that go nowhere or are not painted."""
    if element.tag != f"{SVG}path":
        return element.tag == f"{SVG}defs" and not len(element)
    defined = parent.tag in (f"{SVG}defs", f"{SVG}clipPath")
    unpainted = element.get("fill") == "none" and element.get("stroke", "none") == "none"
    return not element.get("d", "").strip() or (unpainted and not defined)


def _restyle(element: ElementTree.Element) -> None:
    for part in element.attrib.pop("style", "").split("; "):
        if font := FONT.match(part):
            named = {"font-size": font["size"], "font-weight": font["weight"], "font-style": font["style"]}
        else:
            name, _, value = part.partition(": ")
            named = {name: value.strip().rstrip(";")}
        for name, value in named.items():
            if value and name in STYLED and DEFAULTS.get(name) != value:
                element.set(name, value)
    if re.fullmatch(r"rotate\(-?0 .*\)", element.get("transform", "")):
        del element.attrib["transform"]
    digits = 2 if element.tag == f"{SVG}path" and element.get("id") else 1
    for name in ("d", "x", "y", "transform", "width", "height"):
        if name in element.attrib:
            short = NUMBER.sub(lambda match: f"{float(match[0]):.{digits}f}".rstrip("0").rstrip("."), element.get(name))
            element.set(name, re.sub(r"\s+", " ", short.replace("-0 ", "0 ")).strip())
    if LINK in element.attrib:
        element.set("href", element.attrib.pop(LINK))


def _name_anew(root: ElementTree.Element, prefix: str) -> None:
    """Ids that are referred to get names that no other figure has; the others go."""
    text = ElementTree.tostring(root, encoding="unicode")
    asked = dict.fromkeys(re.findall(r'(?:url\(#|href="#)([^)"]+)', text))
    names = {id: f"{prefix}{place}" for place, id in enumerate(asked)}
    for element in root.iter():
        if (id := element.attrib.pop("id", None)) in names:
            element.set("id", names[id])
        for name, value in element.attrib.items():
            if value.startswith(("url(#", "#")) and (id := value.removeprefix("url(").strip("#)")) in names:
                element.set(name, value.replace(id, names[id]))
