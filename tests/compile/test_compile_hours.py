"""The table of answers by hour: one row a finding, and its hash in the description of the data package."""

import hashlib
import importlib.util
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from jingjinji.core.errors import FitMissing
from jingjinji.core.findings import Finding

PROJECT = Path(__file__).parents[2]
DATA = PROJECT / "data"


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(str(DATA))
    spec = importlib.util.spec_from_file_location("compile_hours", PROJECT / "compile/compile_hours.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "compile_hours", module)
    spec.loader.exec_module(module)
    return module


def some_fits() -> dict[str, dict[str, Finding]]:
    draws = np.random.default_rng(1).normal(-20, 5, (4, 250))
    share = (draws < -20).astype(float)
    return {
        "apec_hours": {"a": Finding("apec.hours.embassy.ban.effect", "change", draws, "%", "apec_hours", ())},
        "apec_hours/stations": {
            "b": Finding("apec.hours.stations.ban.below", "below", share, "probability", "apec_hours/stations", ())
        },
    }


def test_a_row_a_finding(script):
    table = script.by_hour(some_fits())
    effect = some_fits()["apec_hours"]["a"]
    assert table["fit"].tolist() == ["apec_hours", "apec_hours/stations"]
    assert table.loc[0, ["mean", "hdi_low", "hdi_high"]].tolist() == [
        pytest.approx(value, abs=1e-4) for value in (effect.mean, *effect.hdi)
    ]
    assert table.loc[0, "text"] == effect.text
    assert table.loc[1, ["hdi_low", "hdi_high"]].isna().all()


def test_the_description_gets_the_hash_and_nothing_else_changes(script, tmp_path, monkeypatch):
    shutil.copy(DATA / "datapackage.json", tmp_path)
    monkeypatch.setattr(script, "DATA", tmp_path)
    monkeypatch.setattr(script.fitting, "names", lambda topics: list(some_fits()))
    monkeypatch.setattr(script.fitting, "load_findings", lambda name: some_fits()[name])
    script.main()
    content = (tmp_path / "apec_by_hour.csv").read_bytes()
    before, after = (
        json.loads((folder / "datapackage.json").read_text("utf-8"))["resources"] for folder in (DATA, tmp_path)
    )
    (resource,) = [one for one in after if one["name"] == "apec_by_hour"]
    assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert resource["bytes"] == len(content)
    assert [one for one in after if one is not resource] == [one for one in before if one["name"] != "apec_by_hour"]
    assert len(pd.read_csv(tmp_path / "apec_by_hour.csv")) == 2


def test_a_fit_that_did_not_pass_is_left_out(script, tmp_path, monkeypatch, capsys):
    def load(name: str):
        if name.endswith("stations"):
            raise FitMissing("there is no fit 'apec_hours/stations'")
        return some_fits()[name]

    shutil.copy(DATA / "datapackage.json", tmp_path)
    monkeypatch.setattr(script, "DATA", tmp_path)
    monkeypatch.setattr(script.fitting, "names", lambda topics: list(some_fits()))
    monkeypatch.setattr(script.fitting, "load_findings", load)
    script.main()
    assert pd.read_csv(tmp_path / "apec_by_hour.csv")["fit"].tolist() == ["apec_hours"]
    assert "left out: there is no fit 'apec_hours/stations'" in capsys.readouterr().out
