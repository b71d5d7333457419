"""What the page on Hong Kong shows of readings and origins."""

import numpy as np

from jingjinji.core.findings import Finding
from jingjinji.show.answers import bare
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


def said_of(ids: dict[str, float], unit: str = "%") -> dict[str, Finding]:
    """Findings of these ids whose draws are all one number, or so large a share of ones."""
    found = {}
    for id, value in ids.items():
        draws = np.full((2, 50), value)
        if unit == "probability":
            happened = np.random.default_rng(1).permutation(np.arange(2000) < 2000 * value)
            draws = happened.astype(float).reshape(2, -1)
        found[id] = Finding(id, id, draws, unit, "m", ())
    return found


def some_choices() -> tuple[dict[str, float], dict[str, float]]:
    """Another number for each reading and each beginning of the past: what is left, and P of half."""
    ends = [f"{page.ENDS[reading]}{span}" for reading in (*said.OF_STEPS, *said.STRAIGHT) for span in page.BEGINS]
    left = {f"silk.hongkong.left.2035{end}": 40.0 + k for k, end in enumerate(ends)}
    reached = {f"silk.hongkong.reached.2035{end}": 0.1 + 0.05 * k for k, end in enumerate(page.OTHERS)}
    return left | {"silk.hongkong.left.2035": 70.0}, reached


def test_where_the_past_begins_is_a_column_with_what_is_left_and_a_probability():
    left, reached = some_choices()
    found = said_of(left) | said_of(reached, "probability")
    table = page.begins(found).set_index("as before")
    assert table.columns.tolist() == ["since 2014", "since 2005", "since 2019"]
    tonnes = table.loc[page.WORDS["drawn-tonnes"]]
    for words, end in (("since 2014", ""), ("since 2005", ".all"), ("since 2019", ".five")):
        share = bare(found[f"silk.hongkong.reached.2035.drawn-tonnes{end}"])
        assert tonnes[words] == f"{left[f'silk.hongkong.left.2035.drawn-tonnes{end}']:.0f} %, P {share}"
        same = table.loc[page.WORDS["tonnes"], words]
        assert same == f"{left[f'silk.hongkong.left.2035.tonnes{end}']:.0f} %"


def test_each_choice_of_what_goes_on_is_drawn_once():
    left, _ = some_choices()
    rows = [finding for group in page.left_by_choice(said_of(left)).values() for _, finding in group]
    assert sorted(finding.id for finding in rows) == sorted(left)


def test_an_origin_says_how_probable_emissions_as_low_as_printed_were():
    ends = [f"2024{end}@to-{last}" for end in ("", *page.OTHERS) for last in emissions.ORIGINS]
    low = {f"silk.hongkong.as-low.{end}": 0.02 * k for k, end in enumerate(ends)}
    rng = np.random.default_rng(1)
    found = said_of(low, "probability") | {
        f"silk.hongkong.{end}": Finding("x", "x", 45 + k + rng.normal(size=(2, 50)), "Mt", "m", ())
        for k, end in enumerate(ends)
    }
    table = page.origins(found)
    assert table["as before"].is_unique
    assert len(table) == 1 + len(page.OTHERS)
    assert table["from 2019"][0].startswith("47 (")
    assert table["from 2019"][0].endswith(f", P {bare(found['silk.hongkong.as-low.2024@to-2019'])}")
    assert table["from 2019"].nunique() == len(table)
    assert not table.map(lambda cell: "*" in cell).any(axis=None)
