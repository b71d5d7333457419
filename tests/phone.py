"""Whether figures can be read, on a page and on a phone."""

import csv
import io
import re
from collections.abc import Callable

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from jingjinji.core.texts import is_formula
from jingjinji.show import figures, vector

PIXELS_OF_A_PHONE = 358
"""What a phone of 390 pixels leaves for a figure."""
LEAST_PIXELS = 12


def fits_a_phone(draw: Callable[[], Figure]) -> Figure:
    """A figure drawn in the look of the book; in both widths its letters are large enough and inside.

    Its SVG has its words as text, no colour but the book's, and data whose every column has a name and some value.
    """
    with rc_context():
        figures.use_house_style()
        figure = draw()
        for one, layout in ((figure, figures.WIDE), (figure.narrow, figures.NARROW)):
            _is_read(one, layout)
        drawing = figures.svg(figure)
    assert letters_on_a_phone(drawing) >= LEAST_PIXELS
    assert "Glyph" not in drawing
    assert "DejaVu" not in drawing
    has_data(drawing)
    return figure


def has_data(drawing: str) -> None:
    """The data of a drawing are a table without empty columns, whose cells no spreadsheet would run."""
    head, *rows = csv.reader(io.StringIO(vector.data_of(drawing)))
    assert rows
    assert len(set(head)) == len(head) > 1
    assert all(name.strip() and "container" not in name for name in head)
    assert {len(row) for row in rows} == {len(head)}
    assert all(any(column) for column in zip(*rows, strict=True))
    assert not [cell for row in (head, *rows) for cell in row if is_formula(cell) or cell.startswith("_")]


def _is_read(figure: Figure, layout: figures.Layout) -> None:
    FigureCanvasAgg(figure).draw()
    assert figure.get_figwidth() == layout.width
    texts = [text for text in figure.findobj(Text) if text.get_text().strip() and text.get_visible()]
    assert texts
    for text in texts:
        assert text.get_fontsize() >= layout.size, text.get_text()
    box = figure.get_tightbbox()
    assert min(box.x0, box.y0) >= -0.02
    assert box.x1 <= layout.width + 0.02
    assert box.y1 <= figure.get_figheight() + 0.02


def letters_on_a_phone(drawing: str) -> float:
    """How high (pixels) the smallest letters of a figure are on a phone; fails if it has no text."""
    narrow = drawing.partition('<defs class="narrow">')[2]
    width = float(re.search(r'viewBox="0 0 ([\d.]+)', narrow)[1])
    return min(map(float, re.findall(r'font-size="([\d.]+)', narrow))) * PIXELS_OF_A_PHONE / width


def public(module) -> set[str]:
    """The names of a module's public functions."""
    return {name for name, value in vars(module).items()
            if callable(value) and value.__module__ == module.__name__ and name[0] != "_"}  # fmt: skip
