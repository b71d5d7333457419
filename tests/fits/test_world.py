"""What made findings, and in what two worlds differ."""

import json
from copy import deepcopy

import pytest
from prior_fits import prior, prior_cache  # noqa: F401

import jingjinji
from jingjinji.fits import world
from jingjinji.fits.dependencies import Sources


@pytest.fixture
def here(prior) -> dict:  # noqa: F811
    return world.today(["heavy_days", "storage"])


def test_a_world_is_json_and_like_itself(here):
    assert json.loads(json.dumps(here)) == here
    assert world.differences(here, here) == {}
    assert set(here["fits"]) == {"heavy_days", "storage"}


def test_what_differs_is_named_by_kind(here):
    there = deepcopy(here)
    there["sources"]["data/days_by_class.csv"] = "other"
    del there["sources"]["jingjinji/topics/air/heavy_days.py"]
    there["versions"]["numpy"] = "1.0"
    there["machine"]["processor"] = "another"
    there["fits"]["storage"]["sha256"] = "other"
    found = world.differences(there, here)
    assert found["tables"] == ["days_by_class.csv"]
    assert found["code"] == ["jingjinji/topics/air/heavy_days.py"]
    assert found["versions"] == [f"numpy was 1.0, is {here['versions']['numpy']}"]
    assert found["machine"] == [f"processor was another, is {here['machine']['processor']}"]
    assert found["draws"] == ["1 of 2 fits have the published draws, to the bit; others have storage"]
    assert "run" not in found


def test_only_what_a_fit_depends_on_stands_behind_it(here):
    changed = ["data/days_by_class.csv", "jingjinji/topics/water/reservoir.py", "jingjinji/fits/gate.py"]
    sources = Sources(jingjinji.PROJECT)
    assert world.behind("heavy_days/bend-unknown", changed, sources) == [changed[0], changed[2]]
    assert world.behind("storage", changed, sources) == changed[1:]
    assert world.behind("water.facts", changed[:1], sources) == []
    assert world.behind("of another book", changed, sources) == []


def test_what_made_the_findings_is_said_in_words(here, monkeypatch, tmp_path):
    monkeypatch.setattr(world, "MADE_WITH", tmp_path / "made_with.json")
    assert world.published_one() is None
    assert world.words(None) == "Nothing is kept of what made the published findings."
    world.MADE_WITH.write_text(json.dumps(here | {"commit": 40 * "a", "changed since that commit": ["src/a.py"]}))
    words = world.words(world.published_one())
    assert f"from commit {12 * 'a'}, with 1 files changed since, on {here['machine']['processor']}" in words
    assert f"numpy {here['versions']['numpy']}" in words
