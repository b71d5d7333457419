"""The figure of the front page: annual means of PM2.5 of Beijing, Tianjin and Hebei as a change since the first year.

Libraries that draw are loaded where they are needed: the extension of the pages is loaded by every build.
It is drawn as lines and text of the page itself, in two widths, so that it can be read on a phone, searched and copied,
and takes the colours of the page.
"""

from html import escape
from pathlib import Path

import pandas as pd

from jingjinji.core import tables
from jingjinji.show import palette

PLACES = ("Beijing", "Tianjin", "Hebei")
FIRST, LAST, CLAIMED = 2013, 2023, -60
LOWEST = -75
HEADLINE = f"Fine particles fell by about {-CLAIMED} % in all three"
UNIT = "µg/m³"
WIDE, NARROW = (760, 400), (360, 380)
"""Sizes in pixels: of a desktop, of a phone."""


def rows() -> dict[str, pd.Series]:
    """Official annual means by place: a series by year, in µg/m³; years without one are left out."""
    table = tables.load("pm25_official_annual")
    table = table[(table["series"] == "official") & table["year"].between(FIRST, LAST)]
    return {place: table[table["area"] == place].set_index("year")["pm25"].sort_index() for place in PLACES}


def changes(means: pd.Series) -> pd.Series:
    """Change since the first year, in per cent."""
    return 100 * (means / means[FIRST] - 1)


def frame(data: dict[str, pd.Series]) -> pd.DataFrame:
    """The data of the figure, a row for each place and year."""
    rows = [(place, int(year), mean, change) for place, means in data.items()
            for year, mean, change in zip(means.index, means, changes(means), strict=True)]  # fmt: skip
    return pd.DataFrame(rows, columns=["place", "year", f"official mean ({UNIT})", f"change since {FIRST} (%)"])


def missing(data: dict[str, pd.Series]) -> dict[str, list[int]]:
    """Years without an official mean, by place; places that have all of them are left out."""
    years = {
        place: [year for year in range(FIRST, LAST + 1) if year not in means.index] for place, means in data.items()
    }
    return {place: absent for place, absent in years.items() if absent}


def told(data: dict[str, pd.Series]) -> str:
    """The figure in words."""
    each = [f"{place} from {means[FIRST]:.1f} to {means[LAST]:.1f} {UNIT}, {_signed(changes(means)[LAST])}"
            for place, means in data.items()]  # fmt: skip
    return (
        f"Annual means of PM2.5 from {FIRST} to {LAST}, as a change since {FIRST}: {'; '.join(each)}. "
        f"A line marks {_signed(CLAIMED)}, which was claimed."
    )


def drawing(data: dict[str, pd.Series], size: tuple[int, int], kind: str) -> str:
    """The figure as an SVG element with text, for a page.

    Parameters
    ----------
    size : width and height in pixels, at which letters have their natural size.
    kind : a class, by which a style sheet shows one of several widths.
    """
    width, height = size
    left, right, top, bottom = 54, 128, 14, 30

    def x(year: float) -> float:
        return left + (width - left - right) * (year - FIRST) / (LAST - FIRST)

    def y(change: float) -> float:
        return top + (height - top - bottom) * change / LOWEST

    parts = []
    for change in range(0, LOWEST, -20):
        kept = "front-claimed" if change == CLAIMED else "front-grid"
        parts.append(f'<line class="{kept}" x1="{left}" x2="{x(LAST):.1f}" y1="{y(change):.1f}" y2="{y(change):.1f}"/>')
        parts.append(_text(left - 6, y(change) + 4, _signed(change), "end"))
    mark = f"{-CLAIMED} % less than in {FIRST}" if width > NARROW[0] else f"{-CLAIMED} % less"
    parts.append(_text(left + 4, y(CLAIMED) + 18, mark, "start", "front-mark"))
    step = 2 if width > NARROW[0] else 5
    parts += [_text(x(year), height - 8, str(year), "middle") for year in range(FIRST, LAST + 1, step)]
    ends = _apart({place: y(changes(means)[LAST]) for place, means in data.items()}, 36)
    for place, means in data.items():
        shown, colour = changes(means), f"var({palette.variable(place)})"
        points = " ".join(f"{x(year):.1f},{y(change):.1f}" for year, change in shown.items())
        dots = "".join(f'<circle cx="{x(year):.1f}" cy="{y(change):.1f}" r="3"/>' for year, change in shown.items())
        end, at = ends[place], y(shown[LAST])
        leader = f'<line x1="{x(LAST) + 5:.1f}" y1="{at:.1f}" x2="{x(LAST) + 15:.1f}" y2="{end:.1f}"/>'
        name = _text(x(LAST) + 19, end + 1, place, "start", "front-place")
        figures = _text(x(LAST) + 19, end + 16, f"{means[FIRST]:.0f} → {means[LAST]:.0f} {UNIT}", "start")
        line = f'<polyline points="{points}"/>'
        parts.append(f'<g class="front-line" style="--place:{colour}">{line}{dots}{leader}{name}{figures}</g>')
    return (
        f'<svg class="{kind}" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(told(data))}">'
        f"{''.join(parts)}</svg>"
    )


def write_picture(data: dict[str, pd.Series], path: Path) -> None:
    """The figure as a png of 1200 by 630 pixels, the size that messengers show beside a link."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 6.3), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axis = figure.subplots()
    ends = _apart({place: float(changes(means)[LAST]) for place, means in data.items()}, 5)
    axis.axhline(CLAIMED, color="#374151", ls="--", lw=2)
    axis.text(FIRST, CLAIMED - 1, f"{-CLAIMED} % less than in {FIRST}", va="top", fontsize=18, color="#374151")
    for place, means in data.items():
        shown = changes(means)
        axis.plot(shown.index, shown, "o-", color=palette.place(place), lw=3)
        axis.text(LAST + 0.2, ends[place], place, color=palette.place(place), fontsize=20, weight="bold", va="center")
    axis.set_title(HEADLINE, loc="left", fontsize=28, weight="bold", pad=18)
    axis.set_xlim(FIRST - 0.2, LAST + 1.5)
    axis.set_ylim(LOWEST, 3)
    axis.set_yticks(range(0, LOWEST, -20), [_signed(change) for change in range(0, LOWEST, -20)])
    axis.set_xticks(range(FIRST, LAST + 1, 2))
    axis.tick_params(labelsize=18, length=0)
    axis.grid(axis="y", color="#e5e7eb")
    axis.set_axisbelow(True)
    axis.spines[:].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": None})


def _apart(places: dict[str, float], gap: float) -> dict[str, float]:
    """Positions of labels, moved as little as it takes to have at least a gap between each two."""
    order = sorted(places, key=places.get)
    wanted = [places[name] for name in order]
    shifted = [place - gap * number for number, place in enumerate(wanted)]
    # neighbours that would overlap share the mean of what they want
    blocks = []
    for place in shifted:
        blocks.append([place, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            last, count = blocks.pop()
            before, others = blocks.pop()
            blocks.append([(last * count + before * others) / (count + others), count + others])
    level = [mean for mean, count in blocks for _ in range(count)]
    return {name: level[number] + gap * number for number, name in enumerate(order)}


def _signed(change: float) -> str:
    return f"{change:.0f} %".replace("-", "−")


def _text(x: float, y: float, text: str, anchor: str, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
