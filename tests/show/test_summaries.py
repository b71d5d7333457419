"""What pages show of models and of the gate, and the reasons of the priors."""

import ast
import json
import re

import pymc as pm
import pytest

import jingjinji
from jingjinji.core import registry
from jingjinji.fits import keys
from jingjinji.show import summaries

PAGE = (jingjinji.PROJECT / "chapters" / "appendix" / "models.md").read_text(encoding="utf-8")


def shown_on(page: str) -> list[str]:
    """Models that the code cells of a page show."""
    cells = re.findall(r"^```\{code-cell\} ipython3\n(?::[^\n]*\n)*(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    calls = [node for cell in cells for node in ast.walk(ast.parse(cell)) if isinstance(node, ast.Call)]
    return [call.args[0].value for call in calls if ast.unparse(call.func) == "summaries.show_model"]


def test_the_page_shows_every_model_once():
    assert sorted(shown_on(PAGE)) == sorted(registry.TOPICS)


@pytest.mark.parametrize("topic", registry.TOPICS)
def test_every_prior_has_a_reason_and_no_reason_is_left_over(topic):
    assert {variable.name for variable in summaries.model_of(topic).free_RVs} == set(registry.reasons(topic))
    table = summaries.priors_of(topic)
    assert len(table) == len(registry.reasons(topic))
    assert table["reason"].str.endswith(".").all()
    assert not table["prior"].str.contains("<").any()


def test_a_prior_that_is_data_is_printed_with_its_values():
    table = summaries.priors_of("decline").set_index("parameter")
    assert table.loc["step", "prior"] == "Normal(1, 0.35)"
    assert table.loc["tail", "prior"] == "Gamma(shape 2, scale 10)"
    assert table.loc["level_city", "prior"] == "ZeroSumNormal(0.4)"


def test_a_prior_of_several_numbers_without_names_says_how_many():
    with pm.Model() as model:
        pm.Normal("wave", 0, 1, shape=2)
    table = summaries.priors(model, {"wave": "x"}).set_index("parameter")
    assert table.loc["wave", "dims"] == "2 numbers"
    table = summaries.priors_of("storage").set_index("parameter")
    assert table.loc["walk", "dims"] == "one number"
    assert table.loc["excess", "prior"] == "Exponential(1)"


def test_a_prior_made_of_other_variables_names_them_and_shows_no_draw_of_them():
    table = summaries.priors_of("hongkong").set_index("parameter")
    assert table.loc["paths", "prior"] == "StudentWalk(f(drift, walk, walk_scale), scatter, f(offset))"
    shares = summaries.priors_of("carbon").set_index("parameter").loc["shares", "prior"]
    assert shares == "Dirichlet(1.07173 | 1 | 1.33987 | 4.51846 | 4.06206 | 1.00788)"
    assert table.loc["offset", "prior"] == "Normal(0, 0.1 | 0.2)"


def test_a_prior_without_a_reason_is_refused():
    with pytest.raises(KeyError, match="year_scale"):
        summaries.priors(summaries.model_of("heavy_days"), {})


def test_parents_name_what_enters_and_leave_out_data():
    graph = summaries.parents(summaries.model_of("heavy_days"))
    assert graph["counts"] == {"expected", "concentration"}
    assert not set(graph) & set(registry.module("heavy_days").data(registry.load("heavy_days")))


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
