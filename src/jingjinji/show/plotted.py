"""The data of a figure as rows for a spreadsheet: read off what its charts show, or told by the function that drew it.

A row is a point, a piece of a line or a bar, in the units of its chart. What a place on an axis is called stands
instead of its number; a middle and the interval around it are one row.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib import dates
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import Collection, FillBetweenPolyCollection, LineCollection
from matplotlib.colors import to_hex
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon, Rectangle
from matplotlib.text import Annotation

from jingjinji.show import palette
from jingjinji.show.sheets import one_line

SIDES = ("x", "y")
LOW, HIGH = " low", " high"
PARTS = tuple(f"{side}{end}" for side in SIDES for end in ("", LOW, HIGH))
ABOUT, NAME = ("chart", "series", "point", "shown as"), "name"
UNNAMED = ("", "_", "_nolegend_")
"""Labels that name nothing; another one that begins with a line names a series here, and in no legend."""
COUNTED = re.compile(r"_(child|container)\d+$")
"""A label that matplotlib gives."""
YEAR = re.compile(r"(19|20)\d\d")
DIAMOND = "D"
NEAR = 0.3
"""How far from a tick of a name, as a part of the distance of ticks, what is drawn beside others may lie."""
NO_SERIES = {palette.INKS[name].light for name in ("ink", "soft", "faint", "paper")}
GROUND = palette.INKS["faint"].light
"""The colour of grids and grounds, which are no data."""


@dataclass(frozen=True)
class Piece:
    """What one drawn thing shows: its series, what it looks like, and columns of `PARTS`, numbers of the axes."""

    series: str
    shown: str
    colour: str
    columns: dict[str, np.ndarray]


def tell(figure: Figure, frame: pd.DataFrame) -> Figure:
    """Have a figure say its data itself, where what it shows is not numbers on axes; returns the figure."""
    figure.told = frame
    return figure


def in_powers(axis: Axis) -> None:
    """Say of an axis that its numbers are logarithms to base ten, which its ticks print as powers."""
    axis.powers = True


def rows(figure: Figure) -> pd.DataFrame:
    """The data of a figure: what was told, or a row for each thing that its charts show.

    Columns are ``chart`` (its title), ``series``, ``point`` (words beside a mark), ``shown as``, and those of both axes
    under their labels, with the ends of intervals as ``... low`` and ``... high``; those without a value are left out.
    """
    if hasattr(figure, "told"):
        return figure.told
    parts = []
    for axis in figure.axes:
        pieces = _pieces(axis)
        scales = {side: _scale(figure, axis, side, pieces) for side in SIDES}
        title = one_line(axis.get_title(loc="left") or axis.get_title())
        for piece in pieces:
            columns = {name: scales[name[0]].said(values) for name, values in piece.columns.items()}
            units = {f"{side} is": scales[side].label for side in SIDES}
            about = {"chart": title, "series": piece.series, "point": _words_at(axis, piece), "shown as": piece.shown}
            parts.append(pd.DataFrame(columns, dtype=object).assign(**about, **units))
    columns = [*ABOUT, *PARTS, *(f"{side} is" for side in SIDES)]
    return _named(pd.concat(parts, ignore_index=True).reindex(columns=columns)) if parts else pd.DataFrame()


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    """The columns of both axes under the labels of these; under ``x`` and ``y`` where charts differ."""
    for side in SIDES:
        labels, own = frame[f"{side} is"].unique(), [name for name in PARTS if name[0] == side]
        if len(labels) == 1:
            frame = frame.drop(columns=f"{side} is")
            label = labels[0] or side
            label = f"{label} (axis {side})" if label in frame.columns.difference(own) else label
            frame = frame.rename(columns={name: label + name[1:] for name in own})
    empty = (frame.isna() | (frame == "")).all()
    first = [name for name in (*ABOUT, NAME) if name in frame.columns and not empty[name]]
    return frame[first + [name for name in frame.columns if name not in first and not empty[name]]]


class Scale(NamedTuple):
    """One axis of a chart: what it is called, and a function that says its numbers as what they mean."""

    label: str
    said: Callable[[np.ndarray], list]


def _scale(figure: Figure, axis: Axes, side: str, pieces: list[Piece]) -> Scale:
    """How an axis reads: as days, names, powers of ten, years, or numbers."""
    which = getattr(axis, f"{side}axis")
    label = _label(figure, axis, side)
    values = [values for piece in pieces for name, values in piece.columns.items() if name[0] == side]
    drawn = np.concatenate(values) if values else np.array([])
    drawn = drawn[np.isfinite(drawn)]
    if _is_date(which):
        return Scale(label or "date", _each(_day))
    if getattr(which, "powers", False):
        return Scale(label, _each(lambda value: 10.0**value))
    if names := _names(which, drawn):
        years = all(map(YEAR.fullmatch, names.values()))
        return Scale(
            label or ("year" if years else NAME),
            _each(lambda value: names[min(names, key=lambda place: abs(place - value))]),
        )
    if not label and len(drawn) and drawn.min() >= 1900 and drawn.max() <= 2100:
        whole = (np.abs(drawn - drawn.round()) < 0.2).all()  # what is drawn beside each other is of one year
        return Scale("year", _each((lambda value: round(value)) if whole else float))
    without = "height, no unit" if side == "y" and not len(which.get_majorticklocs()) else ""
    return Scale(label or without, _each(float))


def _each(say: Callable) -> Callable[[np.ndarray], list]:
    return lambda values: [say(value) if np.isfinite(value) else None for value in values]


def _label(figure: Figure, axis: Axes, side: str) -> str:
    """What an axis is called: its label, that of the figure, or of the chart with which it is shared."""
    own = getattr(axis, f"get_{side}label")()
    common = getattr(figure, f"get_sup{side}label")()
    shared = getattr(axis, f"get_shared_{side}_axes")().get_siblings(axis)
    beside = next((text for other in shared if (text := getattr(other, f"get_{side}label")())), "")
    return one_line(own or common or beside)


def _is_date(which: Axis) -> bool:
    return "date" in type(which.get_converter()).__name__.lower()


def _day(value: float) -> str:
    moment = dates.num2date(value).replace(tzinfo=None)
    whole = pd.Timestamp(moment).round("min")
    return f"{whole:%Y-%m-%d}" if whole == whole.normalize() else f"{whole:%Y-%m-%d %H:%M}"


def _names(which: Axis, drawn: np.ndarray) -> dict[float, str]:
    """Place on an axis -> its name, where the ticks have names and all that is drawn lies at one of them."""
    places = np.asarray(which.get_majorticklocs(), dtype=float)
    if not len(places) or not len(drawn):
        return {}
    texts = [one_line(str(which.get_major_formatter()(place, number))) for number, place in enumerate(places)]
    if _are_places(texts, places):
        return {}
    gap = np.diff(np.sort(places)).min() if len(places) > 1 else 1.0
    away = np.abs(drawn[:, None] - places).min(axis=1)
    if (away > NEAR * gap).any():
        return {}
    if len(set(texts)) < len(texts):
        texts = [f"{number}: {text}" for number, text in enumerate(texts, start=1)]
    return dict(zip(places.tolist(), texts, strict=True))


def _are_places(texts: list[str], places: np.ndarray) -> bool:
    """Whether texts of ticks are the numbers at which they stand, or per cent of these, rounded."""
    if not all(map(_is_number, texts)):
        return False
    written = [(_number(text), place) for text, place in zip(texts, places, strict=True) if text]
    near = [
        {factor for factor in (1, 100) if np.isclose(number, factor * place, rtol=0.06)} for number, place in written
    ]
    return not near or bool(set.intersection(*near))


def _number(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-").removesuffix("%") or "0")


def _is_number(text: str) -> bool:
    try:
        _number(text)
    except ValueError:
        return False
    return True


def _pieces(axis: Axes) -> list[Piece]:
    """What a chart shows, each middle with the interval around it."""
    found = [piece for piece in _drawn(axis) if any(np.isfinite(values).any() for values in piece.columns.values())]
    kept: list[Piece] = []
    for piece in found:
        for number, other in enumerate(kept):
            if one := _together(other, piece):
                kept[number] = one
                break
        else:
            kept.append(piece)
    return [_ordered(piece) for piece in kept]


def _ordered(piece: Piece) -> Piece:
    return replace(piece, columns={name: piece.columns[name] for name in PARTS if name in piece.columns})


def _together(one: Piece, other: Piece) -> Piece | None:
    """An interval and its middle as one; None for two that are not of one name and colour around the same places."""
    if one.colour != other.colour or len(set(_given(one, other))) > 1:
        return None
    for side, along in (("x", "y"), ("y", "x")):
        ends = {f"{along}{LOW}", f"{along}{HIGH}"}
        free = one.columns.get(side), other.columns.get(side)
        if any(values is None for values in free) or not _same(*free):
            continue
        kinds = [_kind(piece, along, ends) for piece in (one, other)]
        if kinds == ["middle", "middle"] and _same(one.columns[along], other.columns[along]):
            return replace(one, shown=_joined(one.shown, other.shown), series=_better(one, other))
        if sorted(kinds) == ["interval", "middle"] or (
            kinds == ["both", "middle"] and _same(one.columns[along], other.columns[along])
        ):
            columns = other.columns | one.columns
            return Piece(_better(one, other), _joined(one.shown, other.shown), one.colour, columns)
    return None


def _kind(piece: Piece, along: str, ends: set[str]) -> str:
    with_ends, with_middle = ends <= piece.columns.keys(), along in piece.columns
    return "both" if with_ends and with_middle else "interval" if with_ends else "middle" if with_middle else ""


def _joined(one: str, other: str) -> str:
    """Words for two things that are one: what is in the middle first."""
    parts = dict.fromkeys([*other.split(" with "), *one.split(" with ")])
    middles = [part for part in parts if part not in ("band", "interval")]
    around = [part for part in parts if part in ("band", "interval")]
    return " with ".join([*middles[:1], *around[:1]])


def _better(one: Piece, other: Piece) -> str:
    """The name that a figure gives, before that of a colour."""
    return next(filter(None, [*_given(one, other), one.series, other.series]), "")


def _given(*pieces: Piece) -> list[str]:
    return [piece.series for piece in pieces if piece.series and piece.series not in palette.ALL]


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and np.allclose(one, other, rtol=1e-9, atol=1e-9, equal_nan=True)


def _drawn(axis: Axes) -> Iterator[Piece]:
    """Each thing that a chart shows, in the order of its kinds; what only names others or marks the ground is none."""
    read: list[tuple[list, Callable]] = [
        (axis.collections, _of_collection), (axis.lines, _of_line), (axis.containers, _of_bars),
        (axis.patches, _of_patch),
    ]  # fmt: skip
    in_bars = {id(patch) for container in axis.containers if isinstance(container, BarContainer) for patch in container}
    for things, reader in read:
        for thing in things:
            if id(thing) not in in_bars:
                yield from reader(axis, thing)


def _of_line(axis: Axes, line: Line2D) -> Iterator[Piece]:
    x, y = (
        np.asarray(values, dtype=float).ravel() for values in (line.get_xdata(orig=False), line.get_ydata(orig=False))
    )
    colour = to_hex(line.get_color() if line.get_linestyle() != "None" else _ink(line))
    if not len(x) or (colour == GROUND and line.get_linestyle() != "None"):
        return
    on_x, on_y = line.get_transform().contains_branch_separately(axis.transData)
    if not (on_x and on_y):
        if on_x or on_y:
            columns = {"x": x[:1]} if on_x else {"y": y[:1]}
            yield Piece(_series(axis, line, colour, x, y), "reference", colour, columns)
        return
    series = _series(axis, line, colour, x, y)
    if len(x) == 2 and line.get_linestyle() != "None" and (y[0] == y[1] or x[0] == x[1]):
        yield Piece(series, "interval", colour, _span("x", y[:1], x) if y[0] == y[1] else _span("y", x[:1], y))
        return
    shown = "line" if line.get_linestyle() != "None" else "published" if line.get_marker() == DIAMOND else "point"
    yield Piece(series, shown, colour, {"x": x, "y": y})


def _ink(line: Line2D) -> object:
    """The colour of a mark: of its edge where it is hollow."""
    face = line.get_markerfacecolor()
    hollow = face == "none" or to_hex(face) == palette.INKS["paper"].light
    return line.get_markeredgecolor() if hollow else face


def _span(side: str, place: np.ndarray, ends: np.ndarray) -> dict[str, np.ndarray]:
    """Columns of one interval along a side at a place of the other."""
    return {"y" if side == "x" else "x": place, f"{side}{LOW}": np.array([ends.min()]),
            f"{side}{HIGH}": np.array([ends.max()])}  # fmt: skip


def _of_collection(axis: Axes, collection: Collection) -> Iterator[Piece]:
    faces, edges = collection.get_facecolor(), collection.get_edgecolor()
    colour = to_hex((faces if len(faces) else edges)[0]) if len(faces) or len(edges) else ""
    if isinstance(collection, LineCollection):
        segments = [np.asarray(segment, dtype=float) for segment in collection.get_segments()]
        segments = [segment for segment in segments if len(segment) == 2]
        if segments:
            starts, stops = (np.array([segment[end] for segment in segments]) for end in (0, 1))
            along, other = (0, 1) if (starts[:, 1] == stops[:, 1]).all() else (1, 0)
            low, high = np.minimum(starts, stops)[:, along], np.maximum(starts, stops)[:, along]
            columns = {SIDES[other]: starts[:, other], f"{SIDES[along]}{LOW}": low, f"{SIDES[along]}{HIGH}": high}
            yield Piece(_series(axis, collection, colour, *starts.T), "interval", colour, columns)
    elif isinstance(collection, FillBetweenPolyCollection):
        corners = np.concatenate([path.vertices for path in collection.get_paths()] or [np.empty((0, 2))])
        if len(corners):
            place, inverse = np.unique(corners[:, 0], return_inverse=True)
            low, high = np.full(len(place), np.inf), np.full(len(place), -np.inf)
            np.minimum.at(low, inverse, corners[:, 1])
            np.maximum.at(high, inverse, corners[:, 1])
            shape = {"x": place, "y": high} if (low == 0).all() else {"x": place, f"y{LOW}": low, f"y{HIGH}": high}
            shown = "area" if "y" in shape else "band"
            yield Piece(_series(axis, collection, colour, place, high), shown, colour, shape)


def _of_bars(axis: Axes, bars) -> Iterator[Piece]:
    if not isinstance(bars, BarContainer) or not len(bars):
        return
    colour = to_hex(bars[0].get_facecolor())
    left, width = (np.array([getattr(bar, f"get_{what}")() for bar in bars], dtype=float) for what in ("x", "width"))
    low, height = (np.array([getattr(bar, f"get_{what}")() for bar in bars], dtype=float) for what in ("y", "height"))
    name = _series(axis, bars, colour, left, height)
    if bars.orientation == "horizontal":
        yield Piece(name, "bar", colour, {"y": low + height / 2, "x": left + width})
    elif len(bars) > 1 and np.allclose(left[1:], (left + width)[:-1]):
        yield Piece(name, "bar", colour, {f"x{LOW}": left, f"x{HIGH}": left + width, "y": height})
    else:
        yield Piece(name, "bar", colour, {"x": left + width / 2, "y": height})


def _of_patch(axis: Axes, patch) -> Iterator[Piece]:
    """Spans across a chart, and outlines of histograms."""
    if isinstance(patch, Rectangle):
        on_x, on_y = patch.get_data_transform().contains_branch_separately(axis.transData)
        if on_x != on_y:
            side = "x" if on_x else "y"
            start = getattr(patch, f"get_{side}")()
            ends = np.array([start, start + (patch.get_width() if on_x else patch.get_height())], dtype=float)
            colour = to_hex(patch.get_facecolor())
            columns = {f"{side}{LOW}": ends[:1], f"{side}{HIGH}": ends[1:]}
            yield Piece(_series(axis, patch, colour, ends, ends), "span", colour, columns)
    elif isinstance(patch, Polygon) and not patch.get_closed():
        corners = patch.get_xy()[1:-1].reshape(-1, 2, 2)
        colour = to_hex(patch.get_edgecolor())
        columns = {f"x{LOW}": corners[:, 0, 0], f"x{HIGH}": corners[:, 1, 0], "y": corners[:, 0, 1]}
        yield Piece(_series(axis, patch, colour, corners[:, 0, 0], corners[:, 0, 1]), "bar", colour, columns)


def _series(axis: Axes, thing, colour: str, x: np.ndarray, y: np.ndarray) -> str:
    """What a thing is called: by its label, by words in its colour at its end, or by its colour."""
    labels = [thing.get_label(), *([thing[0].get_label()] if isinstance(thing, BarContainer) else [])]
    given = [label for label in map(one_line, map(str, labels)) if label not in UNNAMED and not COUNTED.match(label)]
    if given:
        return given[0].removeprefix("_")
    words = [text for text in axis.texts if isinstance(text, Annotation) and to_hex(text.get_color()) == colour
             and text.get_text() and len(x) > 1 and np.isclose(_place(axis, text), x[-1])]  # fmt: skip
    if words:
        return one_line(min(words, key=lambda text: abs(text.xy[1] - y[-1])).get_text())
    return "" if colour in NO_SERIES else palette.NAMES.get(colour, "")


def _words_at(axis: Axes, piece: Piece) -> list[str] | str:
    """The words that stand at each mark of a piece, but for its own numbers."""
    if not {"x", "y"} <= piece.columns.keys():
        return ""
    words = {(_place(axis, text), float(text.xy[1])): one_line(text.get_text()) for text in axis.texts
             if isinstance(text, Annotation) and not _is_number(text.get_text())}  # fmt: skip
    return [words.get(place, "") for place in zip(piece.columns["x"], piece.columns["y"], strict=True)]


def _place(axis: Axes, text: Annotation) -> float:
    """Where an annotation points, along x."""
    return float(axis.convert_xunits(text.xy[0]))
