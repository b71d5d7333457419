"""Arrays and tables that pages show, and the reasons of the priors."""

import json

import pandas as pd
import pytest

from jingjinji.core import registry
from jingjinji.core.findings import exact
from jingjinji.fits import keys
from jingjinji.show import summaries
from jingjinji.show.priors import REASONS


@pytest.mark.parametrize("topic", registry.TOPICS)
def test_every_prior_has_a_reason_and_no_reason_is_left_over(topic):
    module = registry.module(topic)
    model = module.build(module.load())
    assert {variable.name for variable in model.free_RVs} == set(REASONS[topic])
    table = summaries.priors(model, REASONS[topic])
    assert len(table) == len(REASONS[topic])
    assert table["reason"].str.endswith(".").all()
    assert not table["prior"].str.contains("<").any()


def test_a_prior_that_is_data_is_printed_with_its_values():
    module = registry.module("decline")
    table = summaries.priors(module.build(module.load()), REASONS["decline"]).set_index("parameter")
    assert table.loc["step", "prior"] == "Normal(1, 0.35)"
    assert table.loc["tail", "prior"] == "Gamma(shape 2, scale 10)"
    assert table.loc["level_city", "prior"] == "ZeroSumNormal(0.4)"


def test_a_prior_of_several_numbers_without_names_says_how_many():
    module = registry.module("storage")
    table = summaries.priors(module.build(module.load()), REASONS["storage"]).set_index("parameter")
    assert table.loc["wave", "dims"] == "2 numbers"
    assert table.loc["walk", "dims"] == "one number"
    assert table.loc["excess", "prior"] == "Exponential(1)"


def test_a_prior_without_a_reason_is_refused():
    module = registry.module("heavy_days")
    with pytest.raises(KeyError, match="level"):
        summaries.priors(module.build(module.load()), {})


def test_parents_name_what_enters_and_leave_out_data():
    module = registry.module("heavy_days")
    graph = summaries.parents(module.build(module.load()))
    assert graph["counts"] == {"expected", "concentration"}
    assert not set(graph) & set(module.data(module.load()))


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
    table = summaries.comparison(published, {"P1": exact("a.b", "our change", -30.0, "%", ())})
    assert table.loc[0, "published"] == "-34 %"
    assert table.loc[0, "here"] == exact("a.b", "our change", -30.0, "%", ()).text
    assert len(table) == 1


def test_rates_of_the_gate_are_in_words():
    table = summaries.gate_rates()
    words = table["simulated fits"]
    assert words.is_unique
    assert words.str.startswith("one chain never moves: ").any()
    assert words.str.startswith("one chain of four is shifted by 0.5 sd: one hyperparameter").any()
    assert words.str.startswith("nothing is wrong: 383 other parameters, the slowest with autocorrelation 0.5").any()
    assert table["passed"].str.fullmatch(r"\d+ % \(\d+ to \d+\)").all()
    assert not table.isna().any(axis=None)
    assert table["passed"][table["draws"] == "none"].str.startswith("0 % (0").all()


def test_rates_of_the_gate_are_of_todays_gate():
    kept = json.loads(summaries.GATE_RATES.read_text("utf-8"))
    assert kept["gate"] == keys.of_module("jingjinji.fits.gate")[:16], "run benchmarks/gate_rates.py"
