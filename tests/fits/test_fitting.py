"""Keys of findings, loading or refusing, and draws from the prior in place of fits."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import toy_project
import xarray as xr
from prior_fits import once, prior, prior_cache  # noqa: F401

from jingjinji.core import findings, registry, tables
from jingjinji.core.errors import BookError, FitMissing, UnknownFinding
from jingjinji.core.findings import find
from jingjinji.fits import cluster, fitting, store

KEYS = """
import json, os
from pathlib import Path
from jingjinji.fits import fitting
from jingjinji import PROJECT

code, data = PROJECT / "src/jingjinji", PROJECT / "data"

def key(name="toy"):
    return fitting.key_of_findings([name])[name]

found = {"as it was": key(), "variant": key("toy/split"), "other topic": key("other")}

def edited(path, old="", new=""):
    before = path.read_text("utf-8")
    path.write_text(before.replace(old, new) if old else before + "\\n", "utf-8")
    found[path.relative_to(PROJECT).as_posix() + (f" ({new})" if old else "")] = key()
    path.write_text(before, "utf-8")

for path in sorted([*code.rglob("*.py"), *data.glob("days*.csv"), *data.glob("pm25*.csv")]):
    edited(path)
(PROJECT / "README.md").write_text("new")
found["README.md"] = key()
descriptor = data / "datapackage.json"
edited(descriptor, '"name": "days_by_class"', '"note": "days", "name": "days_by_class"')
edited(descriptor, '"name": "interventions"', '"note": "interventions", "name": "interventions"')
full = fitting.SETTINGS["full"]
fitting.SETTINGS["full"] = fitting.Sampling(full.chains, full.tune + 1)
found["warm-up"] = key()
fitting.SETTINGS["full"] = full
version = fitting.metadata.version
for package in ("arviz-stats", "pandas", "rich"):
    fitting.metadata.version = lambda name: "0" if name == package else version(name)
    found[f"version of {package}"] = key()
fitting.metadata.version = version
for name, value in (("JINGJINJI_DRAWS", "quick"), ("JINGJINJI_SEED", "1")):
    os.environ[name] = value
    found[f"{name}={value}"] = key()
    del os.environ[name]
found["as it is again"] = key()
print(json.dumps(found))
"""
COUNTED = {
    "variant", "other topic", "src/jingjinji/topics/toys/toy.py", "src/jingjinji/topics/toys/__init__.py",
    "src/jingjinji/topics/__init__.py", "src/jingjinji/core/__init__.py", "src/jingjinji/__init__.py",
    "src/jingjinji/core/tables.py", "src/jingjinji/core/cells.py", "src/jingjinji/core/findings.py",
    "src/jingjinji/core/errors.py", "src/jingjinji/core/texts.py",
    "src/jingjinji/core/scribe.py", "src/jingjinji/core/topic.py", "src/jingjinji/topics/toys/toy_findings.py",
    "src/jingjinji/core/kernel.py", "src/jingjinji/fits/gate.py", "src/jingjinji/fits/fit_job.py",
    "src/jingjinji/fits/store.py", "src/jingjinji/fits/draws.py",
    "data/days_by_class.csv", 'data/datapackage.json ("note": "days", "name": "days_by_class")', "warm-up",
    "version of arviz-stats", "version of pandas", "JINGJINJI_DRAWS=quick", "JINGJINJI_SEED=1",
}  # fmt: skip
# --- keys of findings -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def keys(tmp_path_factory) -> dict[str, str]:
    """The key of what is said of fit `toy` after each of many changes that are taken back."""

    def make(folder):
        found = toy_project.make(folder / "project").python(KEYS)
        (folder / "keys.json").write_text(json.dumps(found))

    return json.loads((once(tmp_path_factory, "keys", make) / "keys.json").read_text())


def test_key_changes_with_what_findings_are_made_of_and_with_nothing_else(keys):
    assert {name for name, key in keys.items() if key != keys["as it was"]} == COUNTED
    counted = [keys[name] for name in COUNTED]
    assert len(set(counted)) == len(counted)


@pytest.mark.parametrize(
    "name", ["show/figures", "cli/main", "core/registry", "topics/toys/other", "fits/progress", "fits/cluster"]
)
def test_rooms_that_no_model_uses_were_tried(keys, name):
    assert keys[f"src/jingjinji/{name}.py"] == keys["as it was"]


# --- loading or refusing ----------------------------------------------------------------------------------------


def test_a_missing_fit_names_the_command(empty_cache):
    loads = [lambda: fitting.load_fit("heavy_days"), lambda: fitting.load_findings("heavy_days"), fitting.all_findings]
    for load in loads:
        with pytest.raises(FitMissing, match=r"there is no fit '.*' of today's code and data: run 'jingjinji fit'"):
            load()
    with pytest.raises(FitMissing, match="'decline/to-2018'"):
        fitting.stored_notes(["decline/to-2018"])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("rain", "there is no model 'rain': expected one of decline, apec_stations"),
        ("decline/without-rain", "model decline has no variant 'without-rain': expected one of step-unknown, "),
        ("decline/", "model decline has no variant ''"),
    ],
)
def test_unknown_names(empty_cache, name, message):
    for use in (fitting.load_fit, fitting.load_findings, lambda name: cluster.sample_missing([name])):
        with pytest.raises(BookError, match=re.escape(message)):
            use(name)


def test_the_name_of_a_model_stands_for_all_its_fits():
    assert fitting.named(["heavy_days"]) == ["heavy_days", "heavy_days/bend-unknown"]
    assert fitting.named(["heavy_days/bend-unknown", "storage"]) == ["heavy_days/bend-unknown", "storage"]
    assert fitting.named(["hydrogen"]) == fitting.names(["hydrogen"]), "not the clusters' fits"
    groups = {name.partition("/")[0] for name in fitting.named(["apec"])}
    assert groups == {"apec_stations", "apec_series", "apec_donors"}
    assert fitting.named(["storage", "storage"]) == ["storage"]
    for name in ("rain", "decline/", "decline/rain"):
        with pytest.raises(BookError):
            fitting.named([name])


def test_absent_fits_are_told_among_those_that_failed(prior, monkeypatch, tmp_path):  # noqa: F811
    """Their published findings are told to be theirs: by the name that the reference gives, or by the variant."""
    absent = {"storage", "heavy_days/bend-unknown"}
    everything, made_by = fitting.all_findings(), fitting.makers()
    reference = {id: {"fit": made_by[id]} for id in everything} | {"gone": {"fit": "decline"}}
    monkeypatch.setattr(fitting, "PUBLISHED", tmp_path / "reference.json")
    fitting.PUBLISHED.write_text(json.dumps(reference))
    keys = fitting.key_of_findings

    def some_unmade(wanted):
        return {name: "unmade" if name in absent else key for name, key in keys(wanted).items()}

    monkeypatch.setattr(fitting, "key_of_findings", some_unmade)
    with pytest.raises(FitMissing):
        fitting.all_findings()
    found = fitting.all_findings(absent_too=True)
    assert found.failed.keys() == absent
    assert "there is no fit 'storage'" in found.failed["storage"]
    assert {id: fit for id, (_, fit) in found.unpublished.items()} == {
        id: fit for id, fit in made_by.items() if fit in absent
    }
    assert found.keys() == everything.keys() - found.unpublished.keys()


def test_every_finding_has_a_maker(prior):  # noqa: F811
    made_by = fitting.makers()
    assert made_by.keys() == fitting.all_findings().keys()
    assert set(made_by.values()) <= {*fitting.names(), *(f"{topic}.facts" for topic in registry.FACTS)}
    assert made_by["heavy.beijing.change@bend-unknown"] == "heavy_days/bend-unknown"
    assert set(fitting.makers(["storage"]).values()) == {"storage"}


@pytest.mark.parametrize("value", ["", "Full", "many"])
def test_unknown_mode(monkeypatch, value):
    monkeypatch.setenv("JINGJINJI_DRAWS", value)
    with pytest.raises(BookError, match=rf"JINGJINJI_DRAWS is '{value}': expected one of full, quick, prior"):
        fitting.mode()


@pytest.mark.parametrize(("value", "draft"), [("full", False), ("quick", True), ("prior", True)])
def test_draft(monkeypatch, value, draft):
    monkeypatch.setenv("JINGJINJI_DRAWS", value)
    assert fitting.draft() is draft


def test_full_draws_unless_told_otherwise(monkeypatch):
    monkeypatch.delenv("JINGJINJI_DRAWS", raising=False)
    assert (fitting.mode(), fitting.draft()) == ("full", False)
    assert fitting.SETTINGS["full"].chains == 4


def test_every_fit_has_its_own_seed_which_one_variable_shifts(monkeypatch):
    monkeypatch.delenv("JINGJINJI_SEED", raising=False)
    plain = {fitting.seed(name) for name in fitting.names()}
    monkeypatch.setenv("JINGJINJI_SEED", "1")
    shifted = {fitting.seed(name) for name in fitting.names()}
    assert len(plain | shifted) == 2 * len(fitting.names())
    assert all(0 <= seed < 2**32 for seed in plain | shifted)


@pytest.mark.parametrize("value", ["one", "-1", "²", "1.5"])
def test_a_seed_is_a_whole_number(monkeypatch, value):
    monkeypatch.setenv("JINGJINJI_SEED", value)
    with pytest.raises(BookError, match=f"JINGJINJI_SEED is '{value}': expected a whole number"):
        fitting.seed("decline")


def test_main_fits_come_before_their_variants():
    names = fitting.names()
    assert names[0] == "decline"
    assert names.index("carbon") < names.index("carbon/until-2015")
    assert len(set(names)) == len(names)


def test_a_model_with_a_bent_posterior_takes_smaller_steps():
    assert fitting.settings("storage", "full").target_accept > fitting.settings("hongkong", "full").target_accept


def test_fits_of_prior_draws_can_be_used_like_others(prior):  # noqa: F811
    fit = fitting.load_fit("decline")
    assert fit.name == "decline"
    assert fit.parameters["mu"].sizes == {"chain": 2, "draw": 25, "month": 132, "city": 13}
    assert fit.sample_stats["energy"].dims == ("chain", "draw")
    assert "2 chains of 25 draws after 0 for tuning; " in fit.diagnostics
    assert fit.findings.keys() == fitting.load_findings("decline").keys() <= fitting.all_findings().keys()
    assert np.isnan(fitting.load_fit("decline/without-beijing").panel.pm25[:, 0]).all()
    assert fitting.all_findings().failed == {}


def test_statistics_of_findings_are_stored_beside_their_draws(prior, monkeypatch):  # noqa: F811
    """So that neither a page nor a build computes them: they are those of the draws as they are stored."""
    made = fitting.load_findings("decline")
    computed = {id: replace(finding).statistics() for id, finding in made.items()}
    assert sum(bool(values) for values in computed.values()) > 50
    monkeypatch.setattr(findings, "_array_statistics", lambda: pytest.fail("computed again"))
    assert {id: finding.statistics() for id, finding in fitting.load_findings("decline").items()} == computed


def test_pages_that_load_facts_at_once_make_them_once(empty_cache, monkeypatch):
    """Each page is a process of its own; one that makes them again would take them from under one that reads."""
    topic = registry.FACTS[0]
    real, made, together = registry.facts(topic).findings, [], threading.Barrier(4)

    def findings():
        made.append(threading.get_ident())
        time.sleep(0.2)
        return real()

    def load():
        together.wait()
        return fitting.load_facts(topic).keys()

    monkeypatch.setattr(registry.facts(topic), "findings", findings)
    with ThreadPoolExecutor(4) as pool:
        found = [run.result() for run in [pool.submit(load) for _ in range(4)]]
    assert len(made) == 1
    assert found == [{finding.id for finding in real()}] * 4


def test_prior_draws_come_from_the_prior(prior):  # noqa: F811
    parameters = fitting.load_fit("decline").parameters
    assert float(parameters["slope"].mean()) == pytest.approx(-0.05, abs=0.05)
    assert float(parameters["slope"].std()) == pytest.approx(0.1, rel=0.4)
    assert float(parameters["step"].std()) > 0.1
    assert np.abs(parameters["level_city"].sum("city")).max() < 1e-5
    assert not np.array_equal(parameters["slope"][0], parameters["slope"][1])


def test_every_finding_is_finite_and_has_one_owner(prior):  # noqa: F811
    found = fitting.all_findings()
    of_fits = sum(len(notes["findings"]) for notes in fitting.stored_notes(fitting.names()).values())
    assert len(found) == of_fits + sum(len(fitting.load_facts(topic)) for topic in registry.FACTS)
    for id, finding in found.items():
        assert id == finding.id
        assert np.isfinite(finding.draws).all()
        assert finding.label
        assert re.fullmatch(r"src/jingjinji/topics/\w+/\w+\.py:\d+", finding.code), finding.code
        assert set(finding.panel) <= set(tables.names())
        if finding.is_probability:
            assert 0 <= finding.mean <= 1


def test_findings_that_the_chapter_promises(prior):  # noqa: F811
    found = fitting.all_findings()
    promised = [f"pm25.decline.{area}{end}" for area in ("beijing", "tianjin", "hebei", "region")
                for end in ("", ".constant", ".atleast60", ".constant.atleast60")]  # fmt: skip
    promised += [f"pm25.rate.{city.lower()}" for city in registry.module("decline").CITIES]
    promised += ["pm25.standard.beijing.all"]
    promised += [f"pm25.converge.spread.{year}" for year in (2014, 2020)]
    promised += ["pm25.weather.normalised.beijing", "pm25.weather.share.beijing", "pm25.step.beijing"]
    promised += ["pm25.gain.difference", "heavy.beijing.change"]
    for id in promised:
        find(found, id)
    with pytest.raises(UnknownFinding, match=r"pm25\.decline\.beijing"):
        find(found, "pm25.decline.bejing")


@pytest.fixture
def copied(prior_cache, empty_cache, monkeypatch):  # noqa: F811
    """Fits of the heavy days alone, in a cache of this test's own."""
    monkeypatch.setenv("JINGJINJI_DRAWS", "prior")
    for kind in store.FILES:
        for folder in (prior_cache / "fits" / kind).glob("heavy_days*"):
            shutil.copytree(folder, empty_cache / "fits" / kind / folder.name)
    return empty_cache


def _place(kind: str):
    key = fitting.key_of_findings(["heavy_days"])["heavy_days"]
    return store.place(
        kind, "heavy_days", key if kind == store.FINDINGS else store.notes(store.FINDINGS, "heavy_days", key)["draws"]
    )


@pytest.mark.parametrize("file", [store.FILES[store.FINDINGS], store.MANIFEST])
def test_damaged_findings_are_refused(copied, file):
    path = _place(store.FINDINGS) / file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    for load in (fitting.load_fit, fitting.load_findings):
        with pytest.raises(FitMissing, match=rf"{file}.*run 'jingjinji fit' to make fit 'heavy_days' again"):
            load("heavy_days")


def test_damaged_draws_are_refused_and_findings_still_load(copied):
    path = _place(store.DRAWS) / store.FILES[store.DRAWS]
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FitMissing, match="the draws of fit 'heavy_days' are missing or damaged"):
        fitting.load_fit("heavy_days")
    assert fitting.load_findings("heavy_days")
    assert fitting.missing(["heavy_days"]).keys() == {"heavy_days"}


def test_nothing_is_made_where_nothing_is_missing(copied, monkeypatch):
    monkeypatch.setattr(cluster, "make", None)
    assert cluster.sample_missing(["heavy_days"]) == {}


def test_prune_removes_entries_of_other_keys_only(copied):
    fitting.prune(fitting.names())
    store.write_draws("heavy_days", "0" * 64, xr.DataTree(), {})
    assert fitting.prune(fitting.names()) == 1
    assert fitting.prune(fitting.names()) == 0
    assert fitting.load_fit("heavy_days").findings


def test_fast_math_is_off_whatever_the_user_sets(tmp_path):
    code = "import jingjinji, pytensor; print(pytensor.config.numba__fastmath, pytensor.config.base_compiledir)"
    environment = os.environ | {"PYTENSOR_FLAGS": "numba__fastmath=True", "JINGJINJI_CACHE": str(tmp_path)}
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert result.stdout.split() == ["False", str(tmp_path / "pytensor")]
