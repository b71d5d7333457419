"""Arrays and tables that pages show, and the reasons of the priors."""

import json

import numpy as np
import pandas as pd
import pytest

from jingjinji import keys, models, summaries
from jingjinji.findings import exact
from jingjinji.models import decline
from jingjinji.priors import REASONS


@pytest.mark.parametrize("topic", models.TOPICS)
def test_every_prior_has_a_reason_and_no_reason_is_left_over(topic):
    module = models.module(topic)
    model = module.build(module.load())
    assert {variable.name for variable in model.free_RVs} == set(REASONS[topic])
    table = summaries.priors(model, REASONS[topic])
    assert len(table) == len(REASONS[topic])
    assert table["reason"].str.endswith(".").all()
    assert not table["prior"].str.contains("<").any()


def test_a_prior_that_is_data_is_printed_with_its_values():
    module = models.module("decline")
    table = summaries.priors(module.build(module.load()), REASONS["decline"]).set_index("parameter")
    assert table.loc["step", "prior"] == "Normal(1, 0.35)"
    assert table.loc["tail", "prior"] == "Gamma(shape 2, scale 10)"
    assert table.loc["level_city", "prior"] == "ZeroSumNormal(0.4)"


def test_a_prior_of_several_numbers_without_names_says_how_many():
    module = models.module("storage")
    table = summaries.priors(module.build(module.load()), REASONS["storage"]).set_index("parameter")
    assert table.loc["wave", "dims"] == "2 numbers"
    assert table.loc["walk", "dims"] == "one number"
    assert table.loc["excess", "prior"] == "Exponential(1)"


def test_a_prior_made_of_other_variables_names_them_and_shows_no_draw_of_them():
    module = models.module("hongkong")
    table = summaries.priors(module.build(module.load()), REASONS["hongkong"]).set_index("parameter")
    scatter = "f(log_scatter, log_scatter_mean)"
    drift = "f(drift, drift_mean, drift_scale, walk, walk_scale)"
    assert table.loc["after", "prior"] == f"StudentSteps(f(level), {drift}, {scatter}, f(curvature), 1)"
    assert table.loc["offset", "prior"] == "Normal(0, 0.1 | 0.2)"


def test_a_prior_without_a_reason_is_refused():
    module = models.module("heavy_days")
    with pytest.raises(KeyError, match="level"):
        summaries.priors(module.build(module.load()), {})


def test_parents_name_what_enters_and_leave_out_data():
    module = models.module("heavy_days")
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


def test_coverage_of_each_city_is_taken_from_the_fit_that_left_it_out_and_the_last_row_is_the_mean():
    cities = [city for left_out in decline.LEFT_OUT.values() for city in left_out]
    found = {
        f"pm25.leave-out.{city.lower()}.coverage{level}": exact("x", "x", level - position, "%", ())
        for position, city in enumerate(cities)
        for level in (50, 94)
    }
    table = summaries.left_out_coverage(found).set_index("left out")
    assert list(table.index) == [*decline.CITIES, "all cities"]
    assert table.loc[cities[4]].tolist() == [46, 90]
    assert table.loc["all cities"].tolist() == [44, 88]


def test_prior_months_are_wide_and_positive():
    panel = models.module("decline").load()
    draws = summaries.prior_months(panel, draws=30, seed=1)
    assert draws.shape == (30, int(np.isfinite(panel.pm25).sum()))
    assert (draws > 0).all()
    assert np.percentile(draws, 97) / np.percentile(draws, 3) > 5


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
    assert kept["gate"] == keys.of_module("jingjinji.gate")[:16], "run benchmarks/gate_rates.py"
