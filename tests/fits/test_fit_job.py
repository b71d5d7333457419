"""A fit on its way: what is stored of one that cannot be made, of one that needs another, and of old labels."""

import json
import re
import shutil
import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from prior_fits import prior_cache  # noqa: F401

from jingjinji.core import registry
from jingjinji.core.errors import FitNotPublished
from jingjinji.fits import fit_job, fitting, gate, store


@pytest.fixture
def copied(prior_cache, empty_cache, monkeypatch):  # noqa: F811
    """Prior draws of three topics, in a cache of this test's own."""
    monkeypatch.setenv("JINGJINJI_DRAWS", "prior")
    for kind in store.FILES:
        for topic in ("heavy_days", "apec_series", "apec_stations"):
            for folder in (prior_cache / "fits" / kind).glob(f"{topic}*"):
                shutil.copytree(folder, empty_cache / "fits" / kind / folder.name)
    return empty_cache


def make(name: str, mode: str = fitting.PRIOR) -> list[dict]:
    """Make one fit in this process; returns the events."""
    key, told = fitting.key_of_findings([name])[name], []
    store.discard(store.FINDINGS, name, key)
    fit_job.Workshop(fit_job.Job({name: key}, mode), told.append).run()
    return told


def fail(name: str) -> None:
    """Store a fit as one that did not pass."""
    key = fitting.key_of_findings([name])[name]
    notes = store.notes(store.FINDINGS, name, key)
    store.write_findings(name, key, {}, notes | {"problem": "R-hat is 1.2 at level", "state": "wrong"})


def test_a_fit_whose_findings_cannot_be_made_is_not_published_and_its_findings_are_known(copied, monkeypatch):
    module, known = registry.said("heavy_days"), set(fitting.load_findings("heavy_days"))
    made, calls = module.findings, []

    def once_broken(fit):
        calls.append(fit)
        if len(calls) == 1:
            raise ValueError("finding heavy.x: draws must be\n a finite array")
        return made(fit)

    monkeypatch.setattr(module, "findings", once_broken)
    told = make("heavy_days")
    words = r"it ended with ValueError: finding heavy.x: draws must be a finite array \(src/.*/fits/\w+.py, line \d+\)"
    assert told[-1]["phase"] == "not published"
    assert re.fullmatch(words, told[-1]["problem"])
    assert fitting.missing(["heavy_days"]).keys() == {"heavy_days"}  # another attempt may succeed
    assert not fitting.may_go_on("heavy_days", fitting.key_of_findings(["heavy_days"])["heavy_days"])
    assert fitting.whole("heavy_days", fitting.key_of_findings(["heavy_days"])["heavy_days"])
    assert set(fitting.stored_notes(["heavy_days"])["heavy_days"]["findings"]) == known
    with pytest.raises(FitNotPublished, match="it ended with ValueError"):
        fitting.load_fit("heavy_days", published=False)


def test_a_fit_of_which_nothing_is_known_is_not_published_either(copied, monkeypatch):
    def broken(fit):
        raise ZeroDivisionError

    monkeypatch.setattr(registry.said("heavy_days"), "findings", broken)
    for folder in (copied / "fits" / store.FINDINGS).glob("*"):
        shutil.rmtree(folder)
    assert make("heavy_days")[-1]["problem"].startswith("it ended with ZeroDivisionError: no reason was given (src/")
    assert fitting.stored_notes(["heavy_days"])["heavy_days"]["findings"] == {}
    monkeypatch.setattr(fitting, "names", lambda: ["heavy_days"])
    published = copied / "reference.json"
    published.write_text('{"heavy.beijing.fall": {}, "heavy.beijing.fall@wide": {}}')
    monkeypatch.setattr(fitting, "PUBLISHED", published)
    found = fitting.all_findings()
    assert found.unpublished == {id: (id, "heavy_days") for id in json.loads(published.read_text())}


def test_a_fit_that_needs_one_that_could_not_be_made_is_not_published_and_is_made_again(copied, monkeypatch):
    def broken(fit):
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(registry.said("apec_series"), "findings", broken)
        make("apec_series")
        told = make("apec_stations")
    assert told[-1]["phase"] == "not published"
    assert told[-1]["problem"] == "it needs the fit apec_series, which could not be made"
    assert fitting.missing(["apec_series", "apec_stations"]).keys() == {"apec_series", "apec_stations"}
    make("apec_series")
    assert make("apec_stations")[-1]["phase"] == "stored"


def test_a_fit_whose_model_cannot_be_built_is_not_published_and_its_findings_are_known(copied, monkeypatch):
    known = set(fitting.load_findings("heavy_days"))

    def broken(panel):
        raise KeyError("rain")

    notes = store.notes(store.FINDINGS, "heavy_days", fitting.key_of_findings(["heavy_days"])["heavy_days"])
    store.write_findings("heavy_days", "0" * 64, {}, notes)  # of earlier code
    monkeypatch.setattr(registry.module("heavy_days"), "data", broken)
    told = make("heavy_days")
    assert (told[-1]["phase"], told[-1]["problem"][:32]) == ("not published", "it ended with KeyError: 'rain' (")
    assert set(fitting.stored_notes(["heavy_days"])["heavy_days"]["findings"]) == known


def test_a_dry_run_neither_waits_nor_removes(copied, monkeypatch):
    monkeypatch.setenv("JINGJINJI_DRAWS", "full")
    name = "heavy_days"
    key, told = fitting.key_of_findings([name])[name], []
    shop = fit_job.Workshop(fit_job.Job({name: key}, fitting.FULL, dry=True), told.append)
    making = fit_job.Making(shop, name, key)
    store.write_draws(name, making.key, xr.DataTree.from_dict({"posterior": xr.Dataset()}), {"of": making.of})
    (store.place(store.DRAWS, name, making.key) / store.FILES[store.DRAWS]).write_bytes(b"damaged")
    with store.lock(name, key), store.lock(name, making.key):
        thread = threading.Thread(target=shop.run)
        thread.start()
        thread.join(60)
        assert not thread.is_alive()
    assert told[-1]["phase"] == "sample"
    assert "does not match its checksum" in told[-1]["why"]
    assert store.exists(store.DRAWS, name, making.key)


@pytest.mark.parametrize("error", [OSError("no space left"), MemoryError()])
def test_want_of_room_is_no_fault_of_the_fit(copied, monkeypatch, error):
    def short_of_room(fit):
        raise error

    monkeypatch.setattr(registry.said("heavy_days"), "findings", short_of_room)
    with pytest.raises(type(error)):
        make("heavy_days")
    assert fitting.missing(["heavy_days"]).keys() == {"heavy_days"}


def test_a_fit_that_needs_one_that_did_not_pass_is_not_published_and_its_findings_are_known(copied):
    known = set(fitting.load_findings("apec_stations"))
    fail("apec_series")
    told = make("apec_stations")
    words = "it needs what fit 'apec_series' found, which did not pass"
    assert (told[-1]["phase"], told[-1]["problem"]) == ("not published", words)
    assert set(fitting.stored_notes(["apec_stations"])["apec_stations"]["findings"]) == known
    assert fitting.missing(["apec_stations"]) == {}


def test_going_on_takes_those_that_were_short_and_those_that_need_them(copied):
    fail("apec_series")
    make("apec_stations")
    assert fitting.missing(["apec_series"], further=True) == {}
    key = fitting.key_of_findings(["apec_series"])["apec_series"]
    notes = store.notes(store.FINDINGS, "apec_series", key)
    store.write_findings("apec_series", key, {}, notes | {"state": "short of draws"})
    assert fitting.missing(["apec_series"], further=True).keys() == {"apec_series", "apec_stations"}
    assert fitting.missing(["apec_series"]) == {}


def test_stored_draws_get_the_labels_of_today(copied, monkeypatch):
    monkeypatch.setenv("JINGJINJI_DRAWS", "full")
    name = "heavy_days"
    key = fitting.key_of_findings([name])[name]
    shop = fit_job.Workshop(fit_job.Job({name: key}, fitting.FULL), lambda event: None)
    making = fit_job.Making(shop, name, key)
    dim, today = next((dim, list(values)) for dim, values in making.topic.model.coords.items() if values)
    old = xr.Dataset({"x": (("chain", "draw", dim), np.arange(float(len(today)))[None, None])}, {dim: today[::-1]})
    tree = xr.DataTree.from_dict({"posterior": old, "sample_stats": xr.Dataset()})
    seconds = {"seconds": {"compile": 1.0, "sample": 2.0}, "of": making.of}
    store.write_draws(name, making.key, tree, seconds)
    found = making._stored()["posterior"].to_dataset()
    assert found[dim].values.tolist() == today
    assert found.x.values.ravel().tolist() == list(range(len(today)))


def test_a_fit_is_loaded_with_the_labels_of_today_whoever_stored_its_draws(copied):
    """Another copy of the book, with other words, may have put its draws in the place of ours: they are the same."""
    name = "heavy_days"
    key = fitting.key_of_findings([name])[name]
    notes, before = store.notes(store.FINDINGS, name, key), fitting.load_fit(name).parameters
    tree = store.draws(name, notes["draws"])
    dim = next(iter(notes["labels"]))
    renamed = tree["posterior"].to_dataset().assign_coords({dim: [f"another {k}" for k in notes["labels"][dim]]})
    tree = xr.DataTree.from_dict({"posterior": renamed, "sample_stats": tree["sample_stats"].to_dataset()})
    store.write_draws(name, notes["draws"], tree, store.notes(store.DRAWS, name, notes["draws"]))
    xr.testing.assert_identical(fitting.load_fit(name).parameters, before)


def started(monkeypatch, making, before=None) -> dict:
    """The looks that the sampler is given, and the arrays that the model holds when its chains start."""
    held = {}

    def draw(compiled, settings, seed, threads, enough, progress, looks):
        held.update({array: making.topic.model[array].get_value() for array in making.arrays}, looks=looks)
        raise MemoryError  # ends here

    compiled = SimpleNamespace(with_data=lambda **_: 0)
    monkeypatch.setattr(fit_job.sampler, "compile_soon", lambda model, frozen: compiled)
    monkeypatch.setattr(fit_job.sampler, "draw", draw)
    with pytest.raises(MemoryError):
        making._sampled(before)
    return held


def to_be_made(monkeypatch, name: str, **more) -> fit_job.Making:
    monkeypatch.setenv("JINGJINJI_DRAWS", "full")
    key = fitting.key_of_findings([name])[name]
    return fit_job.Making(fit_job.Workshop(fit_job.Job({name: key}, fitting.FULL, **more), print), name, key)


def test_chains_start_at_the_prior_of_their_own_panel(empty_cache, monkeypatch):
    """Whatever other panel the model held before, from a fit that was sampled or only judged."""
    making = to_be_made(monkeypatch, "apec_donors/near-donors")
    topic = making.topic
    topic.put(topic.module.data(registry.load("apec_donors", "with-winter")))
    held = started(monkeypatch, making)
    assert all(np.array_equal(held[array], values) for array, values in making.arrays.items())


def test_a_fit_goes_on_after_its_last_look_and_beyond_the_limit_only_where_it_was_told_to(empty_cache, monkeypatch):
    short = gate.Verdict(gate.SHORT, 1000, [])
    assert started(monkeypatch, to_be_made(monkeypatch, "storage"))["looks"] == gate.LOOKS
    assert started(monkeypatch, to_be_made(monkeypatch, "storage"), short)["looks"] == gate.LOOKS[3:]
    last = replace(short, draws=gate.LOOKS[-1])
    beyond = started(monkeypatch, to_be_made(monkeypatch, "storage", further=True), last)
    assert beyond["looks"] == (12000, 16000)


def test_draws_of_a_gate_that_looked_sooner_are_not_judged_and_made_again(empty_cache, monkeypatch):
    making, made = to_be_made(monkeypatch, "storage"), []
    few = xr.Dataset({"x": (("chain", "draw"), np.zeros((4, gate.LOOKS[0] - 1)))})
    monkeypatch.setattr(making, "_stored", lambda: xr.DataTree.from_dict({"posterior": few, "sample_stats": few}))
    monkeypatch.setattr(making, "_sampled", lambda before: made.append(before))
    monkeypatch.setattr(making, "_publish", lambda verdict: None)
    making._make()
    assert made == [None]
