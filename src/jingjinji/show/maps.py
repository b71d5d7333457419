"""Maps of the region and of the clusters, from outlines that `compile/compile_outlines.py` takes from open geometry."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Lines

from jingjinji.show import palette, plotted
from jingjinji.show.figures import INK, MARK, MODEL, PAPER, SOFT, chart, drawn, key, narrow

AREAS = ("Beijing", "Tianjin", "Hebei")
LEFT = ("Zhangjiakou", "Shijiazhuang", "Handan", "Xingtai", "Baoding", "Beijing", "Langfang")
ABOVE = ("Qinhuangdao",)
EDGES = {"region": (109.9, 122.0), "china": (104.0, 129.5)}
"""Longitudes that leave room for the names."""
SEATS = {"Beijing-Tianjin-Hebei": "Beijing", "Shanghai": "Shanghai", "Guangdong": "Foshan", "Henan": "Zhengzhou",
         "Hebei": "Zhangjiakou"}  # fmt: skip
"""The city in which a cluster is drawn: the one that leads it."""
GROUND = {"boxstyle": "square,pad=0.1", "fc": PAPER, "ec": "none"}
"""Paper behind words, which no coast strikes through; matplotlib's halo would make outlines of the letters."""


@cache
def outlines() -> dict:
    """Coasts, borders and places as longitudes and latitudes."""
    return json.loads(Path(__file__).with_name("outlines.json").read_text(encoding="utf-8"))


@drawn
def region(values: dict[str, float], unit: str = "%") -> Figure:
    """The thirteen cities with a number each, whose size the dots have, the reservoir of Miyun and its gauge.

    values : city -> number, printed without decimals; larger dots stand for larger absolute values.
    """
    figure, axis = chart(3.6 if narrow() else 5.4)
    _ground(axis, "region")
    places = outlines()["places"]
    most = max(abs(value) for value in values.values())
    for city, value in values.items():
        x, y = places[city]
        axis.plot(x, y, "o", color=palette.place(city), ms=3 + 8 * (abs(value) / most) ** 2, alpha=0.85)
        side = {"xytext": (-8, 0), "ha": "right", "va": "center"} if city in LEFT else {
            "xytext": (0, 7), "ha": "center", "va": "bottom"} if city in ABOVE else {
            "xytext": (8, 0), "ha": "left", "va": "center"}  # fmt: skip
        words = f"{city} {value:.0f}{'' if unit == '%' else ' '}{unit}".replace("-", "−")
        axis.annotate(words, (x, y), textcoords="offset points", **side, in_layout=False, zorder=1.5, bbox=GROUND)
    for (name, (x, y)), mark in zip(outlines()["read off"].items(), ("s", "^"), strict=True):
        axis.plot(x, y, mark, color=MODEL if mark == "s" else MARK, mec=PAPER, ms=8, ls="",
                  label=name + ("" if mark == "s" else ", gauge"))  # fmt: skip
    for area in AREAS:
        axis.plot([], [], "o", color=palette.place(area), ms=6, label=area)
    key(figure, 5)
    return plotted.tell(figure, pd.DataFrame(list(values.items()), columns=["city", f"value ({unit})"]))


@drawn
def clusters(values: dict[str, tuple[float, float | None]]) -> Figure:
    """The clusters of fuel-cell vehicles on a map of eastern China: what is expected of each, "of" its target.

    values : cluster -> (vehicles, target or None).
    """
    figure, axis = chart(4.4 if narrow() else 5.4)
    _ground(axis, "china")
    places = outlines()["places"]
    for cluster, (vehicles, target) in values.items():
        x, y = places[SEATS[cluster]]
        axis.plot(x, y, "o", color=palette.place(cluster, MODEL), ms=np.sqrt(vehicles) / 5)
        words = f"{cluster}\n{vehicles:,.0f}" + (f" of {target:,.0f}" if target else "")
        side = (10, "left") if cluster == "Shanghai" else (-10, "right")
        rise = "bottom" if cluster == "Hebei" else "center"
        axis.annotate(words, (x, y), xytext=(side[0], 0), ha=side[1], va=rise, textcoords="offset points",
                      in_layout=False, zorder=1.5, bbox=GROUND)  # fmt: skip
    rows = [(cluster, *numbers) for cluster, numbers in values.items()]
    return plotted.tell(figure, pd.DataFrame(rows, columns=["cluster", "vehicles expected", "vehicles targeted"]))


def _ground(axis: Axes, name: str) -> None:
    """Coasts and borders, without axes, one degree of latitude as long as it is."""
    ground = outlines()[name]
    _, south, _, north = ground["box"]
    for lines, colour, width in (("borders", SOFT, 0.6), ("coast", INK, 0.9)):
        if ground[lines]:
            path = Lines.make_compound_path(*map(Lines, ground[lines]))
            axis.add_patch(PathPatch(path, fill=False, ec=colour, lw=width))
    axis.set_xlim(*EDGES[name])
    axis.set_ylim(south, north)
    axis.set_aspect(1 / np.cos(np.radians((south + north) / 2)))
    axis.set_axis_off()
