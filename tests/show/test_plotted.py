"""The data of a figure are what its charts show, in the units of their axes."""

import csv
import io

import numpy as np
import pandas as pd
import pytest
from matplotlib import rc_context
from matplotlib.dates import MonthLocator

from jingjinji.core.findings import Finding
from jingjinji.show import figures, palette, plotted, sheets, vector

rng = np.random.default_rng(1)
YEARS = np.arange(2013, 2017)
DRAWS = np.linspace(0, 100, 101)[:, None] + np.arange(4)


def told(draw) -> list[dict[str, str]]:
    """Rows of the csv of a figure that a function draws."""
    figure = figures.drawn(draw)()
    return list(csv.DictReader(io.StringIO(sheets.csv(plotted.rows(figure)))))


def with_axes(draw, **labels):
    def drawing():
        figure, axis = figures.chart(2)
        draw(axis)
        axis.set(**labels)
        return figure

    return drawing


def test_a_band_and_its_median_are_one_row_a_place_under_the_label_of_the_axis():
    rows = told(with_axes(lambda axis: figures.band(axis, YEARS, DRAWS, label="model"), ylabel="PM2.5 (µg/m³)"))
    assert [row["year"] for row in rows] == ["2013", "2014", "2015", "2016"]
    assert rows[0] == {"series": "model", "shown as": "line with band", "year": "2013", "PM2.5 (µg/m³)": "50",
                       "PM2.5 (µg/m³) low": "3", "PM2.5 (µg/m³) high": "97"}  # fmt: skip


def test_what_is_drawn_beside_each_other_is_of_one_year():
    def draw(axis):
        for shift, name in ((-0.12, "as it was"), (0.12, "usual")):
            figures.posterior(axis, YEARS + shift, *figures.interval(DRAWS), across=False, label=name)

    rows = told(with_axes(draw, ylabel="y"))
    assert [(row["series"], row["year"]) for row in rows[::4]] == [("as it was", "2013"), ("usual", "2013")]
    assert {row["shown as"] for row in rows} == {"point with interval"}


def test_a_forest_has_a_row_a_finding_with_its_name_estimate_and_interval():
    said = Finding("a.b", "x", rng.normal(-60, 2, (4, 500)), "%", "m", ())
    printed = Finding("a.c", "x", np.full((1, 1), -50.0), "%", "table", ())
    figure = figures.forest({"": [("Beijing", said), ("a paper", printed)]}, "change (%)", reference=-60)
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(sheets.csv(plotted.rows(figure))))}
    ends = [float(rows["Beijing"][f"change (%){end}"]) for end in ("", " low", " high")]
    assert ends == pytest.approx([said.estimate, *said.hdi], rel=1e-5)
    assert rows["a paper"]["change (%)"] == "-50"
    assert rows["a paper"]["shown as"] == "published"
    assert rows[""]["shown as"] == "reference"


def test_rows_of_a_forest_say_their_group_where_it_has_groups():
    said = Finding("a.b", "x", rng.normal(-60, 2, (4, 500)), "%", "m", ())
    groups = {"embassy": [("2013", said), ("2014", said)], "stations": [("2014", said)]}
    rows = list(csv.DictReader(io.StringIO(sheets.csv(plotted.rows(figures.forest(groups, "change (%)"))))))
    assert [(row["group"], row["name"]) for row in rows] == [
        ("embassy", "2013"), ("embassy", "2014"), ("stations", "2014")]  # fmt: skip


def test_what_has_another_name_is_not_the_middle_of_an_interval():
    def draw(axis):
        axis.vlines([1, 2], [0, 0], [4, 4], color=figures.MODEL, label="drawn anew")
        figures.raw(axis, [1, 2], [3, 3], "measured", figures.MODEL)

    rows = told(with_axes(draw, ylabel="mg/L"))
    assert [(row["series"], row["shown as"], row["mg/L"], row["mg/L high"]) for row in rows[::2]] == [
        ("drawn anew", "interval", "", "4"), ("measured", "point", "3", "")]  # fmt: skip


def test_days_are_dates_and_spans_have_two_ends():
    days = pd.date_range("2014-11-01", periods=3)

    def draw(axis):
        axis.axvspan(days[0] - pd.Timedelta(hours=12), days[1], color=figures.MARK, label="the ban")
        figures.raw(axis, days, [1.5, 2.5, np.nan], "measured")
        axis.xaxis.set_major_locator(MonthLocator())

    rows = told(with_axes(draw, ylabel="µg/m³"))
    assert [row["date"] for row in rows if row["series"] == "measured"] == ["2014-11-01", "2014-11-02", "2014-11-03"]
    assert [row["µg/m³"] for row in rows if row["series"] == "measured"] == ["1.5", "2.5", ""]
    (span,) = (row for row in rows if row["shown as"] == "span")
    assert (span["date low"], span["date high"]) == ("2014-10-31 12:00", "2014-11-02")


def test_bars_of_a_histogram_have_ends_and_bars_of_names_have_names():
    rows = told(with_axes(lambda axis: axis.hist([1, 1, 5], [0, 2, 4, 6], color=figures.MODEL, label="windows")))
    assert [(row["x low"], row["x high"], row["y"]) for row in rows] == [
        ("0", "2", "2"),
        ("2", "4", "0"),
        ("4", "6", "1"),
    ]
    assert {row["series"] for row in rows} == {"windows"}

    def named(axis):
        axis.barh([0, 1], [3, 4], color=figures.MODEL, label="sum")
        axis.set_yticks([0, 1], ["agreed", "paid"])

    rows = told(with_axes(named, xlabel="billion CNY"))
    assert [(row["name"], row["billion CNY"]) for row in rows] == [("agreed", "3"), ("paid", "4")]


def test_names_that_stand_twice_are_numbered():
    def draw(axis):
        figures.raw(axis, range(4), [1, 2, 3, 4], "measured")
        axis.set_xticks(range(4), ["M", "J", "J", "A"])

    assert [row["name"] for row in told(with_axes(draw))] == ["1: M", "2: J", "3: J", "4: A"]


@pytest.mark.parametrize(
    ("places", "texts", "column", "said"),
    [
        (range(3), ["2010", "2011", "2012"], "year", ["2010", "2011", "2012"]),
        (range(3), ["1", "7", "12"], "name", ["1", "7", "12"]),
        (range(3), ["0", "1", "2"], "x", ["0", "1", "2"]),
        ([0, 0.333, 0.5], ["0", "33%", "50%"], "x", ["0", "0.333", "0.5"]),
        ([0, 1000, 2000], ["0", "1,000", "2,000"], "x", ["0", "1000", "2000"]),
    ],
)
def test_ticks_that_are_other_numbers_than_their_places_are_names(places, texts, column, said):
    def draw(axis):
        figures.raw(axis, places, [1, 2, 3], "measured")
        axis.set_xticks(places, texts)

    assert [row[column] for row in told(with_axes(draw, ylabel="y"))] == said


def test_series_are_named_by_labels_for_the_data_alone_by_words_at_their_ends_or_by_colours():
    def draw(axis):
        axis.plot([1, 2], [1, 3], color=figures.SOFT, label="_Baoding")
        axis.plot([1, 2], [2, 4], color=figures.MODEL)
        axis.plot([1, 2], [0, 5], color=palette.place("Beijing"))
        figures.name_ends(axis, {"region": (2, 4, figures.MODEL)}, 2)

    rows = told(with_axes(draw))
    assert [row["series"] for row in rows[::2]] == ["Baoding", "region", "Beijing"]


def test_words_beside_a_mark_name_it_and_numbers_do_not():
    def draw(axis):
        figures.posterior(axis, [1.0, 2.0], [0, 0], [1.0, 2.0], [3, 3], across=False)
        axis.annotate("Tianjin", (1, 1), xytext=(5, 0), textcoords="offset points")
        axis.annotate("2", (2, 2), xytext=(5, 0), textcoords="offset points")

    assert [row["point"] for row in told(with_axes(draw))] == ["Tianjin", ""]


def test_an_axis_of_powers_tells_the_numbers_that_its_ticks_print():
    figure = figures.prior_and_posterior(
        rng.normal(3.5, 0.1, 500), rng.normal(3.5, 0.1, 500), "vehicles", {"target": np.log10(5000)}, powers=True
    )
    rows = list(csv.DictReader(io.StringIO(sheets.csv(plotted.rows(figure)))))
    assert [row["vehicles"] for row in rows if row["shown as"] == "reference"] == ["5000"]
    assert all(1000 < float(row["vehicles"]) < 10000 for row in rows)


def test_charts_with_axes_of_their_own_say_what_each_is():
    def draw():
        figure, axes = figures.grid(("wind", "warmth"), 1, 2, sharex=False, sharey=False)
        for axis, unit in zip(axes, ("m/s", "degC"), strict=True):
            axis.plot([1, 2, 3], [1, 2, 4], color=figures.MODEL)
            axis.set_xlabel(unit)
        figure.supylabel("change (%)")
        return figure

    rows = told(draw)
    assert [(row["chart"], row["x is"], row["x"], row["change (%)"]) for row in rows[::3]] == [
        ("wind", "m/s", "1", "1"), ("warmth", "degC", "1", "1")]  # fmt: skip


def test_a_figure_that_is_no_numbers_on_axes_tells_its_data_itself():
    figure = figures.model_graph({"a": set(), "b": {"a"}}, ("b",))
    assert sheets.csv(plotted.rows(figure)) == "variable,depends on,is data\na,,False\nb,a,True\n"


def test_cells_and_heads_are_harmless_for_a_spreadsheet():
    frame = pd.DataFrame(
        {"=1": ["@SUM(A1)", "two\nlines"], "n": [-1.5, np.inf], "day": [pd.Timestamp("2014-11-03"), pd.NaT]}
    )
    assert sheets.csv(frame) == "'=1,n,day\n'@SUM(A1),-1.5,2014-11-03\ntwo lines,,\n"


def test_the_file_of_a_figure_carries_its_data_and_a_page_does_not_show_them():
    with rc_context():
        figures.use_house_style()
        figure = figures.drawn(with_axes(lambda axis: figures.raw(axis, [1, 2], [3, 4], "a & b < c")))()
        text = figures.svg(figure)
    assert vector.data_of(text) == sheets.csv(plotted.rows(figure))
    assert "a & b < c" in vector.data_of(text)
    assert "measured" not in vector.html(text, "alt")
    assert "metadata" not in vector.html(text, "alt")
    alone = vector.alone(text, 'more "than"')
    assert "metadata" not in alone
    assert "narrow" not in alone
    assert alone.startswith('<svg role="img" aria-label="more &quot;than&quot;" ')
    assert alone.count("<svg ") == alone.count("</svg>") == 1
