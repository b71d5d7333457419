"""The scribe: ids, suffixes and shapes of what it notes, rounding, and the line of code that a card names."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from jingjinji.core.scribe import Scribe

LABELS = {"fall": ("%", "fall of {city}"), "rise": ("µg/m³", "rise of {city}")}
NUMBERS = {"inside": ("%", "share inside, {city}", 0), "exactly": ("", "all digits", None)}


def fit(variant: str = "") -> SimpleNamespace:
    parameters = xr.Dataset(coords={"chain": range(2), "draw": range(5)})
    return SimpleNamespace(name=f"toy/{variant}" if variant else "toy", variant=variant, parameters=parameters)


def test_a_table_of_labels_and_draws_is_noted_with_prefix_words_and_suffix():
    say = Scribe(("t",), "a.", fit("wide"))
    say.under("beijing.").table(LABELS, {"rise": np.arange(10.0), "fall": np.ones((2, 5))}, city="Beijing")
    first, second = say.made
    assert (first.id, first.label, first.unit) == ("a.beijing.rise@wide", "rise of Beijing", "µg/m³")
    assert (first.model, first.panel) == ("toy/wide", ("t",))
    np.testing.assert_array_equal(first.draws, np.arange(10.0).reshape(2, 5))
    assert second.id == "a.beijing.fall@wide"


@pytest.mark.parametrize("values", [np.arange(6.0), np.arange(6.0).reshape(2, 3)])
def test_a_quantity_of_a_part_of_the_draws_keeps_its_chains(values):
    say = Scribe((), "", fit())
    say.draws("x", "x", values, "")
    np.testing.assert_array_equal(say.made[0].draws, np.arange(6.0).reshape(2, 3))


def test_a_forecast_is_noted_by_its_median():
    say = Scribe((), "", fit())
    say.draws("later", "later", np.arange(10.0) ** 3, "%", by_median=True)
    say.draws("now", "now", np.arange(10.0) ** 3, "%")
    assert [made.estimate for made in say.made] == [np.median(np.arange(10.0) ** 3), np.mean(np.arange(10.0) ** 3)]


def test_scores_name_their_fit_and_facts_name_tables_alone():
    say = Scribe(("t",), "a.", fit())
    say.scores(NUMBERS, {"inside": 93.6}, city="Beijing")
    say.score("error", "with its error", 2.0, "%", error=0.3)
    say.under(tables=("other",)).facts(NUMBERS, {"exactly": 1 / 3})
    inside, error, fact = say.made
    assert (inside.mean, inside.model, inside.label) == (94, "toy", "share inside, Beijing")
    assert (error.error, error.model) == (0.3, "toy")
    assert (fact.id, fact.mean, fact.model, fact.panel) == ("a.exactly", 1 / 3, "table", ("other",))


def test_tables_alone_need_no_fit():
    say = Scribe(("t",), "a.")
    say.fact("x", "x", 2, "t", error=0.5)
    assert (say.made[0].id, say.made[0].model, say.made[0].error) == ("a.x", "table", 0.5)


def test_ids_end_in_something_else_than_the_variant_where_that_is_said():
    say = Scribe(("t",), "a.", fit("wide"))
    for ending in ("with-dust", ""):
        say.under(ending=ending).under("b.").fact("x", "x", 1)
    say.fact("x", "x", 1)
    assert [made.id for made in say.made] == ["a.b.x@with-dust", "a.b.x", "a.x@wide"]


def test_a_pair_is_a_truth_and_its_estimate():
    say = Scribe(("t",), "a.", fit("toy"))
    say.pair("x", "what", 2.0, np.zeros((2, 5)), "%")
    say.pair("y", "which", 3.0, np.zeros((2, 5)), "%", estimate="recovered.y")
    assert [made.id for made in say.made] == ["a.truth.x@toy", "a.x@toy", "a.truth.y@toy", "a.recovered.y@toy"]
    assert [made.label for made in say.made] == ["truth: what", "what", "truth: which", "which"]
    assert {made.panel for made in say.made} == {()}


def test_the_card_names_the_line_that_asked_for_the_finding():
    say = Scribe((), "", fit())
    say.scores(NUMBERS, {"exactly": 1.0})
    path, line = say.made[0].code.split(":")
    assert path == "tests/core/test_scribe.py"
    assert 'say.scores(NUMBERS, {"exactly": 1.0})' in Path(__file__).read_text("utf-8").splitlines()[int(line) - 1]
