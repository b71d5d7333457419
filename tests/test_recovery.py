"""Fits of synthetic panels find the parameters that were put in; needs the full fits of the book."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

SCORES = """
import json, sys
import numpy as np
from jingjinji import fitting
from jingjinji.errors import FitMissing

def score(name, draws, truth):
    draws = draws.transpose("chain", "draw", ...).values
    flat = draws.reshape(-1, *draws.shape[2:])
    found[name] = np.ravel((truth - flat.mean(axis=0)) / flat.std(axis=0)).tolist()

WITH_TRUTHS = (
    *("energy_emissions/toy", "energy_emissions/toy-no-link", "energy_mix/toy", "energy_mix/toy-no-drift"),
    *("energy_phase_out/toy", "energy_phase_out/toy-hebei-flat"),
    *("carbon/toy", "carbon/toy-alike"),
)
found = {}
try:
    for name in WITH_TRUTHS:
        findings = fitting.load_fit(name).findings
        for id, truth in findings.items():
            if ".truth." in id:
                estimate = findings[id.replace(".truth.", ".", 1)]
                found[id] = [(truth.mean - estimate.mean) / estimate.sd]
except FitMissing as error:
    found = str(error)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def scores() -> dict[str, list[float]]:
    """(truth - posterior mean) / posterior standard deviation, by fit and parameter."""
    environment = {name: value for name, value in os.environ.items() if name != "JINGJINJI_CACHE"}
    environment["JINGJINJI_DRAWS"] = "full"
    command = [sys.executable, "-c", SCORES]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    if isinstance(found, str):
        pytest.skip(found)
    return found


@pytest.mark.site
def test_no_parameter_is_far_from_its_truth(scores):
    assert {name: values for name, values in scores.items() if np.abs(values).max() > 4} == {}


@pytest.mark.site
def test_distances_from_the_truth_are_those_of_a_sound_posterior(scores):
    values = np.concatenate(list(scores.values()))
    assert np.mean(np.abs(values) < 1.88) > 0.8
    assert 0.4 < np.mean(values**2) < 1.8
