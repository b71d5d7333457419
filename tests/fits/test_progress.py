"""What a run says of the time that is left: what earlier fits tell, and nothing where none were timed."""

import json

import pytest

from jingjinji.fits import cluster
from jingjinji.fits.progress import Progress

ENDED = {"phase": "stored", "draws": 1000, "sampled": True,
         "seconds": {"compile": 1.0, "sample": 1.0, "findings": 1.0}}  # fmt: skip


@pytest.fixture
def of_costs(tmp_path, monkeypatch):
    """A run of two fits, some of which were timed before."""

    def make(**seconds) -> Progress:
        (tmp_path / "costs.json").write_text(json.dumps({name: {"sample": took} for name, took in seconds.items()}))
        monkeypatch.setattr(cluster, "COSTS", tmp_path / "costs.json")
        return Progress(["region", "region/to-2016"], ["region", "region/to-2016"])

    return make


def test_of_fits_that_nobody_has_timed_no_minutes_are_told(of_costs):
    assert of_costs()._left() == "how long that takes is not known yet"
    assert of_costs(region=600)._left() == "how long that takes is not known yet"


def test_of_fits_that_were_timed_minutes_are_told(of_costs):
    assert of_costs(**{"region": 600, "region/to-2016": 600})._left() == "about 10 minutes left"


def test_a_fit_that_has_ended_tells_of_the_others(of_costs, capsys):
    run = of_costs()
    run.start -= 300
    run.report({"fit": "region", **ENDED})
    assert capsys.readouterr().out == "[1/2] region passed after 1000 draws a chain, 1.0 s; about 5 minutes left\n"
    run.report({"fit": "region/to-2016", **ENDED})
    assert run._left() == "nothing is left"
