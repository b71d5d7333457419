"""The timeline shows every act, in letters that a phone can show."""

from itertools import pairwise

import pandas as pd
from phone import fits_a_phone

from jingjinji.topics.governance import figures, page


def test_words_of_the_timeline_do_not_leave_the_figure_or_meet():
    acts = page.timeline()
    figure = fits_a_phone(lambda: figures.timeline(acts, 2013, 2024))
    boxes = [text.get_window_extent(figure.canvas.get_renderer()) for text in figure.axes[0].texts]
    assert len(boxes) == len(acts)
    width = figure.get_figwidth() * figure.dpi
    assert min(box.x0 for box in boxes) >= -1
    assert max(box.x1 for box in boxes) <= width + 1
    for above, below in pairwise(boxes):
        assert below.y1 <= above.y0 + 2


def test_an_act_without_a_known_day_is_hollow():
    acts = pd.DataFrame(
        {"label": ["a", "b"], "kind": "plan", "start": pd.to_datetime(["2015-01-01", "2016-05-05"]),
         "end": pd.NaT, "precision": ["year", "day"], "parts": [0, 2]}
    )  # fmt: skip
    axis = figures.timeline(acts, 2013, 2024).axes[0]
    marks = [line for line in axis.lines if line.get_marker() == "o"]
    assert [mark.get_markerfacecolor() == "white" for mark in marks] == [True, False]
    assert [text.get_text() for text in axis.texts] == ["a", "b (+2)"]
