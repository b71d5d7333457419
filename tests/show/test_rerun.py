"""The report of a rerun: escaped, both intervals on one scale, and nothing that is loaded."""

import json
import re

import pytest

from jingjinji.core.errors import BookError
from jingjinji.show import rerun

KEPT = {"mean": 0.0, "mcse": 0.1, "low": -2.0, "high": 2.0, "interval_mcse": 0.2, "text": "0 % (<b>)"}


def finding(id: str, status: str, errors, **here) -> dict:
    return {"id": id, "label": "a & b <script>", "fit": "f", "status": status, "errors": errors, "there": KEPT,
            "here": KEPT | here, "why": "", "because": ""}  # fmt: skip


REPORT = {
    "said": ["Some <i>words</i>."],
    "differences": {"code": ["a.py", "b.py"]},
    "findings": [
        finding("a.far", "changed", 9.0, mean=4.0, low=2.0, high=6.0),
        finding("a.table", "changed", None),
        finding("a.near", "noise", 1.25),
        finding("a.same", "same", 0.0),
    ],
    "verdicts": [{"id": "C001", "status": "noise", "errors": 1.25, "there": "supported", "here": "open", "why": "<x>"}],
}


def test_the_page_escapes_what_it_says_and_loads_nothing():
    page = rerun.html(REPORT)
    assert "a &amp; b &lt;script&gt;" in page
    assert "0 % (&lt;b&gt;)" in page
    assert "&lt;i&gt;words&lt;/i&gt;" in page
    assert "<dt>code</dt><dd>a.py; b.py</dd>" in page
    assert not re.search(r"<script|<link|src=|https?:|url\(", page)


def test_both_intervals_have_one_scale():
    first = re.search(r"<svg.*?</svg>", rerun.html(REPORT))[0]
    lines = {name: (float(low), float(high)) for name, low, high in
             re.findall(r'<line class="(\w+)" x1="([\d.]+)" x2="([\d.]+)"', first)}  # fmt: skip
    width = rerun.WIDTH - 2 * rerun.ROOM
    assert lines["published"] == pytest.approx((rerun.ROOM, rerun.ROOM + width / 2), abs=0.1)
    assert lines["here"] == pytest.approx((rerun.ROOM + width / 2, rerun.ROOM + width), abs=0.1)
    assert "published 0 % (&lt;b&gt;), this run 0 % (&lt;b&gt;)" in first


def test_a_shift_that_no_error_explains_is_said_in_words():
    cells = re.findall(r"<td>(.*?)</td>", rerun.html(REPORT).partition("<h2>Findings")[2])
    assert cells[1] == "9.0"
    assert cells[7] == "must not differ"


@pytest.mark.parametrize(("most", "rows"), [(0, 3), (2, 3), (9, 4)])
def test_the_terminal_has_what_changed_and_the_largest_of_the_rest(most, rows):
    assert rerun.table(REPORT, most).row_count == rows


def test_page_and_json_are_written(tmp_path):
    assert rerun.write(tmp_path / "deep/verify", REPORT) == tmp_path / "deep/verify/index.html"
    assert json.loads((tmp_path / "deep/verify/index.json").read_text("utf-8")) == REPORT


def test_a_folder_that_takes_nothing_is_one_sentence(tmp_path):
    (tmp_path / "verify").write_text("")
    with pytest.raises(BookError, match="does not take the report"):
        rerun.write(tmp_path / "verify", REPORT)
