"""Tables of findings, under several choices and beside published results."""

import numpy as np
import pandas as pd

from jingjinji.core.findings import Finding, exact
from jingjinji.show import answers


def test_answers_have_a_row_for_each_choice():
    draws = np.zeros((2, 50))
    found = {"a.b": Finding("a.b", "x", draws + 60, "%", "m", ()), "a.b@wide": Finding("a.b", "x", draws, "%", "m", ())}
    table = answers.by_choice(found, {"main fit": "", "wide": "@wide"}, {"decline": "a.b"})
    assert table.columns.tolist() == ["choice", "decline"]
    assert table.values.tolist() == [["main fit", found["a.b"].text], ["wide", found["a.b@wide"].text]]


def test_a_bare_finding_has_neither_unit_nor_the_kind_of_its_interval():
    finding = Finding("a.b", "x", np.random.default_rng(1).normal(60, 1, (2, 500)), "mg/L", "m", ())
    assert answers.bare(finding, "mg/L") == "59.9 (58 to 62)"
    assert answers.bare(exact("a.b", "x", 80, "%", ())) == "80\N{NO-BREAK SPACE}%"


def test_comparison_sets_published_beside_ours():
    published = pd.DataFrame(
        {
            "id": ["P1", "P2"],
            "study": ["A 2019", "B 2020"],
            "quantity": ["change", "share"],
            "estimate": ["-34", "12"],
            "unit": ["%", None],
            "note": [None, "10 % of all"],
            "area": ["Beijing", "Hebei"],
            "period": ["2013-2017", "2013"],
        }
    )
    table = answers.comparison(published, {"P1": exact("a.b", "our change", -30.0, "%", ())})
    assert table.loc[0, "published"] == "-34 %"
    assert table.loc[0, "here"] == exact("a.b", "our change", -30.0, "%", ()).text
    assert len(table) == 1
