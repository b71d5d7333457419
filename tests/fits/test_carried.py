"""Fits that a wheel carries are read where the store has none, under the code and tables that they came with."""

import json
import shutil

import numpy as np
import pytest
import xarray as xr

import jingjinji
from jingjinji.fits import carried, fitting, keys, store

NAME, FINDINGS_KEY, DRAWS_KEY, CONTENT = "toy/wide", "a" * 64, "b" * 64, "c" * 64
FIT = "storage"


def entries(value: float) -> None:
    """Findings and draws of a fit in the store, all of one value."""
    tree = xr.DataTree.from_dict({"posterior": xr.Dataset({"a": (("chain", "draw"), np.full((2, 5), value))})})
    store.write_draws(NAME, DRAWS_KEY, tree, {})
    store.write_findings(NAME, FINDINGS_KEY, {"x": np.full((2, 5), value)}, {"draws": DRAWS_KEY, "problem": ""})


@pytest.fixture
def wheel(tmp_path, monkeypatch, empty_cache):
    """What a wheel carries: a fit with its draws; the store is then empty."""
    entries(1.0)
    monkeypatch.setattr(jingjinji, "CARRIED", tmp_path / "carried")
    folder = tmp_path / "carried/fits"
    carried.pack(folder, {NAME: (CONTENT, FINDINGS_KEY)}, {NAME})
    shutil.rmtree(store.folder())
    return folder


def test_what_is_carried_is_read_where_the_store_has_nothing(wheel):
    assert store.sound(store.FINDINGS, NAME, FINDINGS_KEY)
    assert store.notes(store.FINDINGS, NAME, FINDINGS_KEY)["draws"] == DRAWS_KEY
    assert (store.findings(NAME, FINDINGS_KEY)["x"] == 1).all()
    assert float(store.draws(NAME, DRAWS_KEY)["posterior"]["a"].max()) == 1
    assert not store.folder().exists()


def test_the_store_comes_first(wheel):
    entries(2.0)
    assert (store.findings(NAME, FINDINGS_KEY)["x"] == 2).all()


def test_what_is_carried_has_checksums_too(wheel):
    (file,) = wheel.rglob(store.FILES[store.FINDINGS])
    file.write_bytes(file.read_bytes()[:-1])
    assert "does not match its checksum" in store.damage(store.FINDINGS, NAME, FINDINGS_KEY)


def test_draws_are_carried_of_those_fits_alone_that_pages_load(tmp_path, empty_cache):
    entries(1.0)
    carried.pack(tmp_path / "fits", {NAME: (CONTENT, FINDINGS_KEY)}, set())
    assert sorted(path.name for path in (tmp_path / "fits").iterdir()) == [store.FINDINGS, carried.LIST]


def test_a_carried_fit_is_known_by_its_code_and_tables_and_not_by_versions(tmp_path, monkeypatch):
    (content, own), carry = fitting.contents_and_keys([FIT])[FIT], tmp_path / "carried"
    assert fitting.key_of_findings([FIT]) == {FIT: own}
    (carry / "fits").mkdir(parents=True)
    (carry / "fits" / carried.LIST).write_text(json.dumps({FIT: {"content": content, "key": FINDINGS_KEY}}))
    monkeypatch.setattr(jingjinji, "CARRIED", carry)
    assert fitting.key_of_findings([FIT]) == {FIT: FINDINGS_KEY}
    monkeypatch.setattr(keys, "versions", lambda: {"numpy": "9.9"})
    assert fitting.key_of_findings([FIT]) == {FIT: FINDINGS_KEY}
    monkeypatch.setenv("JINGJINJI_SEED", "1")
    assert fitting.key_of_findings([FIT])[FIT] not in (FINDINGS_KEY, own)
    monkeypatch.delenv("JINGJINJI_SEED")
    monkeypatch.setattr(fitting, "content_of", lambda topic, sources: {"jingjinji/topics/water/reservoir.py": "other"})
    assert fitting.key_of_findings([FIT])[FIT] not in (FINDINGS_KEY, own)


def test_a_checkout_carries_nothing():
    assert not jingjinji.CARRIED.exists()
    assert carried.key(FIT, CONTENT) is None
