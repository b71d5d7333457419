"""Acts in order, and what chapters find beside them."""

import numpy as np

from jingjinji.core.findings import Finding
from jingjinji.topics.hongkong import page


def test_answers_have_a_row_for_each_choice():
    draws = np.zeros((2, 50))
    found = {}
    for end in page.CHOICES.values():
        found[f"silk.hongkong.left.2035{end}"] = Finding("x", "x", draws + 60, "%", "m", ())
        for key in ("2030.low", "2030.high", "2035", "2050"):
            found[f"silk.hongkong.reached.{key}{end}"] = Finding("x", "x", draws, "probability", "m", ())
    table = page.answers(found)
    assert table.choice.tolist() == list(page.CHOICES)
    assert (table["P, 2035"] == "< 0.1").all()
