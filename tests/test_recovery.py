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

found = {}
try:
    for name in ("decline/toy", "decline/toy-no-decline"):
        fit = fitting.load_fit(name)
        truth, draws, variant = fit.panel.truth, fit.parameters, fit.variant
        for parameter in ("slope", "slope_on_level", "step", "persistence", "carry_over", "shock_scale", "weather"):
            score(f"{variant}: {parameter}", draws[parameter], truth[parameter])
        score(f"{variant}: log_scale", draws["log_scale"], np.log(truth["scale"]))
        for area in truth["decline"]:
            for key, declines in (("", truth["decline"]), (".constant", truth["decline_constant"])):
                finding = fit.findings[f"pm25.decline.{area}{key}@{variant}"]
                found[f"{variant}: decline of {area}{key}"] = [(declines[area] - finding.mean) / finding.sd]
    for name in ("heavy_days/toy", "heavy_days/toy-no-decline"):
        fit = fitting.load_fit(name)
        score(f"{fit.variant}: days", fit.parameters["slope"], fit.panel.truth["slope"])
    for topic, line in (("apec_series", "embassy"), ("apec_stations", "stations"), ("apec_donors", "donors.beijing")):
        for variant in ("toy", "toy-small", "toy-none"):
            fit = fitting.load_fit(f"{topic}/{variant}")
            truth, draws = (fit.panel.city if topic == "apec_stations" else fit.panel).truth, fit.parameters
            finding = fit.findings[f"apec.{line}.ban.effect@{variant}"]
            found[f"{fit.name}: effect of the ban"] = [(100 * truth["effect"] - finding.mean) / finding.sd]
            if topic == "apec_donors":
                # the donors stay real cities and share the other parameters with the area, so these have no truth
                noise = np.exp(draws["log_noise"].sel(region="Beijing-Tianjin-Hebei"))
                score(f"{fit.name}: noise of the area", noise, truth["noise"])
                continue
            for parameter in ("scale", "carry_over", "block_scale"):
                score(f"{fit.name}: {parameter}", draws[parameter], truth[parameter])
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
