"""What the page on Hong Kong shows of readings and origins."""

import numpy as np

from jingjinji.core.findings import Finding
from jingjinji.topics.hongkong import emissions, page
from jingjinji.topics.hongkong import emissions_findings as said


def test_answers_have_a_row_for_each_reading():
    draws, found = np.zeros((2, 50)), {}
    for end in page.ENDS.values():
        found[f"silk.hongkong.left.2035{end}"] = Finding("x", "x", draws + 60, "%", "m", ())
        for key in ("2030.low", "2030.high", "2035", "2050"):
            found[f"silk.hongkong.reached.{key}{end}"] = Finding("x", "x", draws, "probability", "m", ())
    table = page.answers(found)
    assert table["as before"].tolist() == [page.WORDS[reading] for reading in (*said.READINGS, *said.STRAIGHT)]
    assert (table["P, 2035"][: len(said.READINGS)] == "< 0.1").all()
    assert (table["P, 2035"][len(said.READINGS) :] == "not given").all()


def test_an_origin_whose_interval_holds_the_year_has_a_star():
    rng, found = np.random.default_rng(1), {}
    found["silk.hongkong.2024"] = Finding("x", "x", np.full((2, 50), 33.0), "Mt", "m", ())
    for k, end in enumerate(page.ENDS.values()):
        for last in emissions.ORIGINS:
            middle = 33 if (k, last) == (1, 2016) else 45
            found[f"silk.hongkong.2024{end}@to-{last}"] = Finding(
                "x", "x", middle + rng.normal(size=(2, 50)), "Mt", "m", ()
            )
    table = page.origins(found)
    stars = table.set_index("as before").apply(lambda column: column.str.endswith("*"))
    assert stars.to_numpy().sum() == 1
    assert stars.iloc[1]["from 2016"]
