"""Fits under powers of prior and likelihood: what is kept, of what, and whether it is of today's models."""

import json

import numpy as np
import pytest
from prior_fits import prior, prior_cache  # noqa: F401

from jingjinji.core import registry
from jingjinji.core.errors import BookError
from jingjinji.core.findings import Finding, event
from jingjinji.fits import fitting, store, weighing
from jingjinji.fits.power_scaling import POWERS
from jingjinji.topics import conclusions


def test_an_answer_has_its_errors():
    finding = Finding("a", "a", np.random.default_rng(1).normal(0, 1, (4, 500)), "%", "m", ())
    made = weighing._answer(finding, None, 0.0)
    assert made["probability"] == pytest.approx(0.5, abs=0.03)
    assert made["error"] == pytest.approx(0.011, rel=0.2)
    assert made["median"] == pytest.approx(np.median(finding.draws), abs=1e-5)
    assert made["median_error"] > 0
    assert set(weighing._answer(event(finding, above=0), None, None)) == {"below", "above", "probability", "error"}


def test_what_is_kept_counts_for_the_model_and_data_of_the_stored_draws_alone(prior, tmp_path, monkeypatch):  # noqa: F811
    path = tmp_path / "power_scaling.json"
    monkeypatch.setattr(weighing, "KEPT", path)
    assert weighing.of_stored("storage") == {}
    name, of_findings = next(iter(fitting.key_of_findings(["storage"]).items()))
    of = store.notes(store.DRAWS, name, store.notes(store.FINDINGS, name, of_findings)["draws"])["of"]
    today = weighing._hash([[of["graph"], of["arrays"]]])
    for key, found in ((today, {"prior halved": {}}), ("older", {})):
        path.write_text(json.dumps({"storage": {"key": key, "date": "", "priors": [], "powers": {"prior halved": {}}}}))
        assert weighing.of_stored("storage") == found


def test_a_key_is_of_the_graph_and_the_arrays(monkeypatch):
    before, module = weighing.key("storage"), registry.module("storage")
    monkeypatch.setenv("JINGJINJI_SEED", "7")
    assert weighing.key("storage") == before
    made = module.data
    monkeypatch.setattr(module, "data", lambda panel: {name: values + 1 for name, values in made(panel).items()})
    assert weighing.key("storage") != before


def test_a_run_that_fails_is_one_sentence():
    with pytest.raises(BookError, match=r"^weighing prior and likelihood of nothing ended with: .*there is no model"):
        weighing.run("nothing", {})


def test_what_is_kept_is_of_todays_models_and_answers_every_headline():
    asked = conclusions.asked()
    old = weighing.old(asked)
    assert not old, f"results/power_scaling.json is not of today's models: run 'jingjinji weigh {' '.join(old)}'"
    assert set(weighing.kept()) == set(asked)


def test_old_are_fits_of_another_key_other_limits_or_without_a_power(tmp_path, monkeypatch):
    monkeypatch.setattr(weighing, "KEPT", tmp_path / "power_scaling.json")
    monkeypatch.setattr(weighing, "keys_of_today", lambda fits: dict.fromkeys(fits, "today"))
    row = {"below": None, "above": 0.0, "probability": 0.5, "error": 0.01}
    powers = {words: {"problem": "", "draws": 500, "findings": {"a": row}} for words in POWERS}
    failed = powers | {"prior halved": {"problem": "R-hat", "draws": 4000, "findings": {}}}
    about = {
        "whole": ("today", powers), "failed": ("today", failed), "changed": ("before", powers),
        "limits": ("today", powers | {"prior halved": {"problem": "", "findings": {"a": row | {"above": 1.0}}}}),
        "short": ("today", {"prior halved": powers["prior halved"]}),
    }  # fmt: skip
    kept = {fit: {"key": key, "powers": of} for fit, (key, of) in about.items()}
    weighing.KEPT.write_text(json.dumps(kept))
    asked = {fit: {"a": (None, 0.0)} for fit in [*about, "absent"]}
    assert weighing.old(asked) == ["changed", "limits", "short", "absent"]
