"""The timeline shows every act at its date, in letters that a phone can show."""

from itertools import pairwise

import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from phone import fits_a_phone

from jingjinji.show.figures import PAPER
from jingjinji.topics.governance import figures, page


def some_acts(**columns) -> pd.DataFrame:
    acts = {"label": ["a", "b"], "kind": "plan", "start": pd.to_datetime(["2015-01-01", "2016-05-05"]),
            "end": pd.NaT, "precision": ["year", "day"], "parts": [0, 2]}  # fmt: skip
    return pd.DataFrame(acts | columns)


def marks(figure, *shapes: str) -> list:
    return [line for line in figure.axes[0].lines if line.get_marker() in shapes and len(line.get_xdata())]


def test_words_of_the_timeline_do_not_leave_the_figure_or_meet():
    acts = page.timeline()
    wide = fits_a_phone(lambda: figures.timeline(acts, 2013, 2024))
    assert len(wide.axes[0].get_yticklabels()) == len(acts)
    FigureCanvasAgg(wide.narrow).draw()
    renderer = wide.narrow.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in wide.narrow.axes[0].texts]
    assert len(boxes) == len(acts) + acts.kind.nunique()
    boxes.sort(key=lambda box: -box.y0)
    assert max(box.x1 for box in boxes) <= wide.narrow.get_figwidth() * wide.narrow.dpi + 1
    assert all(below.y1 <= above.y0 + 2 for above, below in pairwise(boxes))


def test_an_act_without_a_known_day_is_hollow():
    figure = figures.timeline(some_acts(), 2013, 2024)
    assert [mark.get_markerfacecolor() == PAPER for mark in marks(figure, "o")] == [True, False]
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["a", "b (+2)"]


def test_an_act_that_ended_before_is_no_dot_in_these_years():
    start, end = pd.to_datetime(["2005-02-18", "2016-05-05"]), pd.to_datetime(["2011-01-13", "2030-01-01"])
    figure = figures.timeline(some_acts(start=start, end=end), 2013, 2024)
    assert [mark.get_xdata()[0] for mark in marks(figure, "<")] == [2013]
    assert [mark.get_xdata()[0] for mark in marks(figure, ">")] == [2024]
    assert [mark.get_xdata()[0] for mark in marks(figure, "o")] == pytest.approx([2016.34], abs=0.01)
    assert figure.axes[0].get_yticklabels()[0].get_text() == "a (2005 to 2011)"


def test_a_row_a_kind_has_every_act_once_and_its_words_do_not_leave_the_figure():
    acts = page.timeline()
    figure = fits_a_phone(lambda: figures.by_kind(acts, 2013, 2024))
    assert len(marks(figure, "o", "<")) == len(acts)
    counts = acts.kind.value_counts()
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == [f"{k} ({n})" for k, n in counts.items()]


def test_headlines_of_the_page_hold():
    acts = page.timeline()
    assert {*range(2013, 2024)} <= set(acts.start.dt.year)
    lasting = acts.dropna(subset="end").query("(end - start).dt.days > 730 and end.dt.year >= 2013")
    others = [((acts.start > act.start) & (acts.start < act.end)).any() for act in lasting.itertuples()]
    assert sum(others) > max(len(lasting) / 2, len(acts) / 10)


def test_acts_stand_in_lanes_by_kind():
    figure = figures.timeline(page.timeline(), 2013, 2024)
    heads = [text for text in figure.axes[0].texts if text.get_weight() == "bold"]
    assert [head.get_text() for head in heads] == [
        kind for kind in figures.KIND_COLOURS if kind in set(page.timeline().kind)
    ]
