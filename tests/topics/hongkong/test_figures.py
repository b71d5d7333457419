"""Figures of governance, Hong Kong and the conclusions show what they are given, in letters that a phone can show."""

from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("Agg")

from matplotlib.backends.backend_agg import FigureCanvasAgg

from jingjinji.core import tables
from jingjinji.show import figures
from jingjinji.topics import conclusions
from jingjinji.topics.governance import figures as governance_figures
from jingjinji.topics.governance import page as governance
from jingjinji.topics.hongkong import emissions
from jingjinji.topics.hongkong import emissions_findings as said
from jingjinji.topics.hongkong import figures as policy_figures

rng = np.random.default_rng(1)


@pytest.fixture(autouse=True)
def style():
    with mpl.rc_context():
        figures.use_house_style()
        yield


def answers() -> pd.DataFrame:
    rows = [(line.question.replace("{limit:g}", "60"), line.chapter, 0.5, 0.2, 0.9, k < 5)
            for k, line in enumerate(conclusions.HEADLINES)]  # fmt: skip
    return pd.DataFrame(rows, columns=["question", "chapter", "probability", "lowest", "highest", "uncertain"])


def path(years: np.ndarray) -> np.ndarray:
    return 35 * np.exp(0.02 * rng.normal(size=(50, len(years))).cumsum(axis=1))


def totals() -> pd.DataFrame:
    return tables.load("hongkong_emissions").query("quantity == 'emissions'")


DRAWN = {
    "timeline": lambda: governance_figures.timeline(governance.timeline(), 2013, 2024),
    "printed": lambda: policy_figures.printed_emissions(tables.load("hongkong_emissions")),
    "fan": lambda: policy_figures.fan(
        (emissions.YEARS, path(emissions.YEARS)),
        (said.AHEAD, path(said.AHEAD)),
        totals(),
        {2035: (20, 22)},
    ),
    "sectors": lambda: policy_figures.sectors(
        emissions.YEARS, {name: path(emissions.YEARS) for name in emissions.SECTORS}
    ),
    "certainty": lambda: figures.certainty(answers(), conclusions.COLOURS),
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_fits_a_phone(name):
    figure = DRAWN[name]()
    FigureCanvasAgg(figure).draw()
    assert figure.get_figwidth() == figures.WIDTH
    texts = [text for text in figure.findobj(mpl.text.Text) if text.get_text().strip() and text.get_visible()]
    assert min(text.get_fontsize() for text in texts) >= 8
    box = figure.get_tightbbox()
    assert box.x0 >= -0.06
    assert box.x1 <= figure.get_figwidth() + 0.06


def test_words_of_the_timeline_do_not_leave_the_figure_or_meet():
    acts = governance.timeline()
    figure = governance_figures.timeline(acts, 2013, 2024)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [text.get_window_extent(canvas.get_renderer()) for text in figure.axes[0].texts]
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
    axis = governance_figures.timeline(acts, 2013, 2024).axes[0]
    marks = [line for line in axis.lines if line.get_marker() == "o"]
    assert [mark.get_markerfacecolor() == "white" for mark in marks] == [True, False]
    assert [text.get_text() for text in axis.texts] == ["a", "b (+2)"]


def test_the_scale_draws_each_answer_between_no_and_yes():
    rows = answers().head(3).assign(probability=[0.1, 0.5, 0.9])
    axis = figures.certainty(rows, conclusions.COLOURS).axes[0]
    dots = [line.get_xdata()[0] for line in axis.lines if line.get_marker() == "o"]
    assert dots == [0.1, 0.5, 0.9]
    spans = [list(line.get_xdata()) for line in axis.lines if line.get_linewidth() == 4]
    assert spans == [[0.2, 0.9]] * 3
