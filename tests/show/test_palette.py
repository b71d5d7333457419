"""Colours can be told apart by people who see few of them, and seen on paper and on dark pages."""

from itertools import combinations

import numpy as np
import pytest

from jingjinji.show import palette

SEEN = {
    "all colours": np.eye(3),
    "without green (deuteranopia)": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "without red (protanopia)": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}
"""Light (linear RGB) as people see it: Machado, Oliveira and Fernandes (2009), full severity."""
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]
)
WHITE = np.array([0.95047, 1, 1.08883])
LEAST_APART = 15
"""CIELAB distance; one of 2 is just noticed."""


def light(colour: str) -> np.ndarray:
    """Linear RGB of ``#rrggbb``."""
    parts = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(colour: str, seen: np.ndarray) -> np.ndarray:
    x, y, z = TO_XYZ @ np.clip(seen @ light(colour), 0, 1) / WHITE
    f = [np.cbrt(part) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z)]
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG."""
    low, high = sorted(light(colour) @ TO_XYZ[1] for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("sight", SEEN)
def test_places_can_be_told_apart(theme, sight):
    for one, other in combinations(palette.PLACES, 2):
        colours = [getattr(palette.PLACES[place], theme) for place in (one, other)]
        apart = np.linalg.norm(lab(colours[0], SEEN[sight]) - lab(colours[1], SEEN[sight]))
        assert apart >= LEAST_APART, (one, other, sight)


def test_the_simulation_confuses_what_people_confuse():
    red, green = "#b04a3a", "#6b6f2a"
    for sight, least, most in (("all colours", 40, 200), ("without green (deuteranopia)", 0, 20)):
        assert least <= np.linalg.norm(lab(red, SEEN[sight]) - lab(green, SEEN[sight])) <= most


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_lines_and_marks_stand_out_from_the_paper_and_words_are_read(theme):
    paper = getattr(palette.INKS["paper"], theme)
    for name in {*palette.PLACES, "soft", "model", "mark"}:
        assert contrast(getattr(palette.ALL[name], theme), paper) >= 3, name
    assert contrast(getattr(palette.INKS["ink"], theme), paper) >= 7


def test_every_colour_has_one_name():
    assert len(palette.NAMES) == len(palette.ALL)


def test_places_that_belong_together_have_one_colour():
    assert palette.place("Ruhr") == palette.place("Germany") == palette.PLACES["Germany"].light
    assert palette.place("Zhangjiakou") == palette.place("Handan") == palette.PLACES["Hebei"].light
    assert palette.place("Anyang") == palette.INKS["ink"].light


def test_the_style_sheet_names_every_colour_in_both_themes():
    css = palette.css()
    for name, colour in palette.ALL.items():
        assert f"{palette.variable(name)}:{colour.light};" in css.partition("@media")[0]
        assert f"{palette.variable(name)}:{colour.dark};" in css.partition("@media screen")[2]
