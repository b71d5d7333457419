import re

import pandas as pd
import pytest

from jingjinji.core import tables
from jingjinji.show import front


@pytest.fixture(scope="module")
def data():
    return front.rows()


def test_the_rows_are_the_official_means_of_the_table(data):
    table = tables.load("pm25_official_annual").query("series == 'official'").set_index(["area", "year"])["pm25"]
    assert list(data) == ["Beijing", "Tianjin", "Hebei"]
    for place, means in data.items():
        assert (means.index.min(), means.index.max()) == (2013, 2023)
        assert all(means[year] == table[place, year] for year in means.index)


def test_changes_begin_at_nought_and_missing_years_are_told():
    means = pd.Series({2013: 100.0, 2014: 80.0, 2023: 40.0})
    assert front.changes(means).tolist() == pytest.approx([0, -20, -60])
    assert front.missing({"A": means, "B": pd.Series(1.0, range(2013, 2024))}) == {"A": list(range(2015, 2023))}


@pytest.mark.parametrize("size", [front.WIDE, front.NARROW])
def test_the_drawing_has_real_text_inside_its_frame_and_says_all_in_words(data, size):
    html = front.drawing(data, size, "front-wide")
    words = re.findall(r'<text[^>]* x="([\d.]+)" y="([\d.]+)" text-anchor="(\w+)">([^<]*)</text>', html)
    assert {"Beijing", "Tianjin", "Hebei", "2013", "−60 %"} <= {word for *_, word in words}
    for x, y, anchor, word in words:
        wide = 8 * len(word)
        start = float(x) - {"start": 0, "middle": wide / 2, "end": wide}[anchor]
        assert start >= 0, word
        assert start + wide <= size[0] + 8, word
        assert 0 < float(y) <= size[1]
    label = re.search(r'aria-label="([^"]*)"', html)[1]
    assert all(f"{place} from {data[place][2013]:.1f}" in label for place in data)
    assert html.count("<polyline") == 3


def test_labels_keep_their_distance_and_stay_near_their_lines():
    moved = front._apart({"a": 10.0, "b": 11.0, "c": 100.0}, 20)
    assert moved["b"] - moved["a"] == pytest.approx(20)
    assert (moved["a"] + moved["b"]) / 2 == pytest.approx(10.5)
    assert moved["c"] == 100


def test_the_picture_for_messengers_has_their_size(data, tmp_path):
    path = tmp_path / "_static" / "front.png"
    front.write_picture(data, path)
    head = path.read_bytes()[:24]
    assert (int.from_bytes(head[16:20]), int.from_bytes(head[20:24])) == (1200, 630)
