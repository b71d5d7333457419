"""Whether figures can be read on a phone."""

from collections.abc import Callable

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from jingjinji.show import figures


def fits_a_phone(draw: Callable[[], Figure]) -> Figure:
    """A figure drawn in the look of the book; it is as wide as a phone, its letters are large enough and inside."""
    with rc_context():
        figures.use_house_style()
        figure = draw()
        FigureCanvasAgg(figure).draw()
        box = figure.get_tightbbox()
    assert figure.get_figwidth() == figures.WIDTH
    for text in figure.findobj(Text):
        assert not text.get_text().strip() or 8 <= text.get_fontsize() <= 8.5, text.get_text()
    assert min(box.x0, box.y0) >= -0.01
    assert box.x1 <= figures.WIDTH + 0.01
    assert box.y1 <= figure.get_figheight() + 0.01
    return figure


def public(module) -> set[str]:
    """The names of a module's public functions."""
    return {name for name, value in vars(module).items()
            if callable(value) and value.__module__ == module.__name__ and name[0] != "_"}  # fmt: skip
