"""The colours of the book, each with what it means, on white paper and on dark; pages know them as CSS variables."""

from typing import NamedTuple


class Colour(NamedTuple):
    """A colour as it is drawn, on white paper, and what stands for it on a dark page."""

    light: str
    dark: str


PLACES = {
    "Beijing": Colour("#b3261e", "#ff7a6e"),
    "Tianjin": Colour("#3763c1", "#91b4ff"),
    "Hebei": Colour("#1d8a5b", "#65d899"),
    "Shanghai": Colour("#4936c0", "#8f80f2"),
    "Guangdong": Colour("#c77700", "#f2b544"),
    "Germany": Colour("#5d5f65", "#a2a09d"),
    "Hong Kong": Colour("#c04ca0", "#d075b9"),
    "Shenzhen": Colour("#00a0cc", "#6ee3f0"),
}
"""One colour a place through the whole book; a test sees all pairs as people do whose red or green is weak."""

INKS = {
    "ink": Colour("#1f2937", "#e6eaee"),
    "soft": Colour("#8b929c", "#8f98a2"),
    "faint": Colour("#d9dde2", "#39424b"),
    "paper": Colour("#ffffff", "#121212"),
    "model": Colour("#0e7490", "#5cc3dd"),
    "mark": Colour("#b45309", "#f0a878"),
    "known": Colour("#fdebb8", "#4d3f14"),
}
"""Words and what is measured; references; grounds; paper; what a model says; what a reader should look at; observed."""

PARTS = {
    "coal": Colour("#4b5563", "#9aa4b1"),
    "oil": Colour("#9a5b13", "#d89b4f"),
    "gas": Colour("#2a9d8f", "#58cfc0"),
    "electricity": Colour("#e3b322", "#f3d160"),
    "heat": Colour("#a63a79", "#dd85b8"),
    "growth": Colour("#7c9c3b", "#b3d36e"),
    "abroad": Colour("#3b5ba9", "#8fabf0"),
}
"""Fuels, sources of particles and kinds of acts: parts of one whole, which are always named beside their colour."""

OTHER_NAMES = {
    "Ruhr": "Germany",
    "Beijing, Tianjin and Hebei": "Beijing",
    "Beijing-Tianjin-Hebei": "Beijing",
    "the Yangtze delta": "Shanghai",
} | dict.fromkeys(
    ("Baoding", "Cangzhou", "Chengde", "Handan", "Hengshui", "Langfang", "Qinhuangdao", "Shijiazhuang", "Tangshan",
     "Xingtai", "Zhangjiakou"),
    "Hebei",
)  # fmt: skip
"""Places that are drawn in the colour of what they belong to, or of what stands for them."""

ALL = INKS | PLACES | PARTS
NAMES = {colour.light: name for name, colour in ALL.items()}
"""Colour on white paper -> its name."""


def place(name: str, otherwise: str = INKS["ink"].light) -> str:
    """The colour of a place, or `otherwise` for one that has none."""
    name = OTHER_NAMES.get(name, name)
    return PLACES[name].light if name in PLACES else otherwise


def variable(name: str) -> str:
    """The CSS variable of a colour."""
    return "--figure-" + name.lower().replace(" ", "-")


def css() -> str:
    """Style rules that give each variable its colour: on paper and in light pages, and on dark pages."""
    light, dark = (
        "".join(f"{variable(name)}:{getattr(colour, theme)};" for name, colour in ALL.items())
        for theme in ("light", "dark")
    )
    return f":root{{{light}}}\n@media screen{{html[data-theme=dark]{{{dark}}}}}\n"
