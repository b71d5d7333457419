"""What every model keeps to, whatever its topic: a new one is tested here by being in the registry."""

import inspect

import numpy as np
import pytest
from densities import some_point, whole_density
from prior_fits import prior, prior_cache  # noqa: F401

import jingjinji
from jingjinji.core import registry, tables
from jingjinji.core.errors import BookError
from jingjinji.core.topic import Variant
from jingjinji.fits import draws, fit_job, fitting, simulations
from jingjinji.fits.dependencies import Sources

MODELS = registry.TOPICS
VARIED = [model for model in MODELS if registry.module(model).VARIANTS]
TOYS = [(model, toy) for model in MODELS for toy in registry.module(model).TOYS]


@pytest.mark.parametrize("model", [*MODELS, *registry.BY_HOUR])
def test_a_model_has_what_the_registry_asks_for(model):
    here, said = registry.module(model), registry.said(model)
    assert set(here.TABLES) <= set(tables.names())
    assert list(inspect.signature(here.simulate).parameters) == ["truth", "rng", "panel"]
    assert len(inspect.signature(here.panel).parameters) == len(here.TABLES)
    for function in (here.panel, here.data, here.build, here.simulate, said.findings):
        assert function.__doc__, function
    assert all(isinstance(variant, Variant) and variant.words for variant in here.VARIANTS.values())
    assert len({variant.words for variant in here.VARIANTS.values()}) == len(here.VARIANTS)


@pytest.mark.parametrize("model", MODELS)
def test_an_unknown_variant_is_refused(model):
    known = ", ".join(registry.module(model).VARIANTS) or "none, it has one fit"
    with pytest.raises(BookError, match=f"model {model} has no variant 'weibull': expected (one of )?{known}"):
        registry.load(model, "weibull")


@pytest.mark.parametrize("model", MODELS)
def test_another_datum_changes_the_key_of_what_is_said_of_it(prior, monkeypatch, model):  # noqa: F811
    """Every table that a panel or the findings read is among what the key of the findings covers."""
    load, read = tables.load, set()
    monkeypatch.setattr(tables, "load", lambda name: read.add(name) or load(name))
    for variant in ("", *registry.module(model).VARIANTS):
        registry.load(model, variant)
    registry.said(model).findings(fitting.load_fit(model))
    said = f"import jingjinji.topics.{registry.PLACES[model]}{registry.SAID}"
    covered = Sources(jingjinji.PROJECT).dependencies(said)
    assert read
    assert {f"data/{name}.csv" for name in read} <= covered.keys()
    assert len([name for name in covered if name.endswith(".csv")]) < len(tables.names()) / 4


@pytest.mark.parametrize("model", VARIED)
def test_variants_have_arrays_of_the_shapes_of_the_main_fit_and_others_in_them(model):
    here = registry.module(model)
    usual = here.data(registry.load(model))
    for variant in here.VARIANTS:
        other = here.data(registry.load(model, variant))
        assert {name: np.asarray(a).dtype.kind for name, a in other.items()} == {
            name: np.asarray(a).dtype.kind for name, a in usual.items()
        }
        same = [np.array_equal(other[name], usual[name], equal_nan=True) for name in usual]
        assert other.keys() == usual.keys()
        assert not all(same), f"{model}/{variant} is fitted to the data of the main fit"


@pytest.mark.parametrize("model", VARIED)
def test_exchanged_arrays_give_the_model_of_that_panel(model):
    here = registry.module(model)
    variant = list(here.VARIANTS)[-1]
    panel = registry.load(model, variant)
    anew, exchanged = here.build(panel), here.build(registry.load(model))
    for name, values in here.data(panel).items():
        exchanged[name].set_value(np.asarray(values, exchanged[name].dtype))
    point = some_point(anew)
    first, second = (whole_density(one, point) for one in (anew, exchanged))
    assert np.isfinite(first)
    assert second == pytest.approx(first, rel=1e-12)


@pytest.mark.parametrize("model", MODELS)
def test_a_model_can_be_drawn_from_its_prior(model):
    topic = fit_job.Topic(model)
    drawn = topic.prior(1, 0, 3, seed=1)["posterior"].to_dataset()
    free = {variable.name for variable in topic.model.free_RVs}
    assert set(drawn) == free | set(topic.module.DERIVED)
    assert all(np.isfinite(values).all() for values in drawn.values())
    assert {variable.name for variable in topic.model.deterministics} >= set(topic.module.DERIVED)


@pytest.mark.parametrize(("model", "toy"), TOYS)
def test_every_truth_of_a_toy_has_its_estimate(model, toy):
    topic = fit_job.Topic(model)
    panel = registry.toy(model, toy, np.random.default_rng(3))
    again = registry.toy(model, toy, np.random.default_rng(3))
    arrays = topic.module.data(panel)
    for name, values in topic.module.data(again).items():
        np.testing.assert_array_equal(values, arrays[name])
    topic.put(arrays)
    drawn = topic.prior(2, 0, 20, seed=1)
    parameters = draws.with_derived(topic.module, topic.model, drawn["posterior"].to_dataset().astype(float))
    settings = simulations.settings(model)
    fit = fitting.Fit(model, toy, panel, parameters, drawn["sample_stats"].to_dataset(), [], 0.0, settings)
    made = {finding.id: finding for finding in registry.said(model).findings(fit)}
    pairs = simulations.pairs(made)
    assert pairs
    assert all(id.endswith(f"@{toy}") for id in made)
    assert all(truth.unit == estimate.unit for _, truth, estimate in pairs)


def test_findings_whose_ids_begin_alike_are_of_one_topic(prior):  # noqa: F811
    makers = {(id.partition(".")[0], finding.code.split("/")[3]) for id, finding in fitting.all_findings().items()}
    assert len(makers) == len({prefix for prefix, _ in makers}), makers
