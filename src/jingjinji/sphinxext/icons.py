"""The few icons of the theme as small drawings inside the page: a font or a script of icons weighs more than a page."""

import re

from sphinx.errors import SphinxError

ICON = re.compile(r"<(?P<tag>i|span) (?P<attributes>[^>]*\bfa-(?:solid|regular|brands)\b[^>]*)>\s*</(?P=tag)>")
NAME = re.compile(r"\bfa-(?!solid|regular|brands|lg\b|fw\b)([a-z-]+)")
CLASSES = re.compile(r'class="([^"]*)"')
DRAWINGS = {
    "angle-left": "M15 5l-7 7 7 7",
    "angle-right": "M9 5l7 7-7 7",
    "arrow-up": "M12 20V4M5 11l7-7 7 7",
    "bars": "M4 6h16M4 12h16M4 18h16",
    "circle-half-stroke": "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18zM12 3v18M15 4v16M18 6v12",
    "circle-info": "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18zM12 11v6M12 7.5v.5",
    "download": "M12 4v11M7 10l5 5 5-5M4 20h16",
    "list": "M9 6h11M9 12h11M9 18h11M4.5 6h.1M4.5 12h.1M4.5 18h.1",
    "magnifying-glass": "M10.5 4a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13zM15.5 15.5L21 21",
    "moon": "M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5z",
    "rocket": "M12 3c4 3 5 7 4 12H8c-1-5 0-9 4-12zM8 12l-3 3v4l3-3M16 12l3 3v4l-3-3M12 18v3M12 8.5v.1",
    "sun": "M12 8a4 4 0 1 0 0 8a4 4 0 0 0 0-8zM12 2v2.5M12 19.5V22M2 12h2.5M19.5 12H22M5 5l1.7 1.7M17.3 17.3L19 19"
    "M5 19l1.7-1.7M17.3 6.7L19 5",
    "xmark": "M6 6l12 12M18 6L6 18",
}
"""Lines in a square of 24 by 24, by the name that the theme uses."""


def drawn(html: str) -> str:
    """A page with each icon element of the theme replaced by its drawing; SphinxError where there is none."""
    return ICON.sub(_drawing, html)


def _drawing(match: re.Match) -> str:
    name = NAME.search(match["attributes"])[1]
    if name not in DRAWINGS:
        raise SphinxError(f"the theme uses the icon '{name}': expected {', '.join(DRAWINGS)}; draw it in icons.py")
    attributes = CLASSES.sub(lambda found: f'class="icon {_others(found[1])}"', match["attributes"])
    return (
        f'<svg {attributes} viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="{DRAWINGS[name]}"/></svg>'
    )


def _others(classes: str) -> str:
    return " ".join(name for name in classes.split() if not name.startswith("fa-"))
