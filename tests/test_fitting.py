"""Keys of fits, loading or refusing, and the real sampler on two tiny models in a copy of the project."""

import json
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
import toy_project
import xarray as xr
from prior_fits import once, prior, prior_cache  # noqa: F401
from toy_project import ToyProject

from jingjinji import fitting, gate, store, tables
from jingjinji.errors import BookError, FitMissing, UnknownFinding
from jingjinji.findings import find

KEYS = """
import json
from dataclasses import replace
from pathlib import Path
from jingjinji import PROJECT, fitting

code, data = PROJECT / "src/jingjinji", PROJECT / "data"

def key(name="toy"):
    return fitting.keys([name])[name]

found = {"as it was": key(), "variant": key("toy/split"), "other topic": key("other")}

def edited(path, old="", new=""):
    before = path.read_text("utf-8")
    path.write_text(before.replace(old, new) if old else before + "\\n", "utf-8")
    found[path.relative_to(PROJECT).as_posix() + (f" ({new})" if old else "")] = key()
    path.write_text(before, "utf-8")

for path in sorted([*code.rglob("*.py"), *data.glob("*.csv"), PROJECT / "requirements.lock"]):
    edited(path)
(PROJECT / "README.md").write_text("new")
found["README.md"] = key()
descriptor = data / "datapackage.json"
edited(descriptor, '"name": "days_by_class"', '"note": "days", "name": "days_by_class"')
edited(descriptor, '"name": "interventions"', '"note": "interventions", "name": "interventions"')
settings, versions = dict(fitting.SETTINGS["full"]), fitting.metadata.version
fitting.SETTINGS["full"] = settings | {"main": replace(settings["main"], draws=settings["main"].draws + 1)}
found["draws of the main fit"] = key()
found["draws of the main fit, for a variant"] = key("toy/split")
fitting.SETTINGS["full"] = settings | {"main": replace(settings["main"], target_accept=0.5)}
found["target"] = key()
fitting.SETTINGS["full"] = settings
for package in ("pymc", "pytensor", "nutpie", "numpy", "pandas"):
    fitting.metadata.version = lambda name: "0" if name == package else versions(name)
    fitting.versions.cache_clear()
    found[f"version of {package}"] = key()
fitting.metadata.version = versions
fitting.versions.cache_clear()
sampler = fitting.SAMPLER
fitting.SAMPLER = sampler.replace("target_accept", "another_argument")
found["how it is sampled"] = key()
fitting.SAMPLER = sampler
import os
os.environ["JINGJINJI_DRAWS"] = "quick"
found["quick"] = key()
del os.environ["JINGJINJI_DRAWS"]
found["as it is again"] = key()
print(json.dumps(found))
"""
COUNTED = {
    "variant", "other topic", "src/jingjinji/models/toy.py", "src/jingjinji/models/__init__.py",
    "src/jingjinji/tables.py", "src/jingjinji/findings.py", "src/jingjinji/errors.py", "src/jingjinji/__init__.py",
    "data/days_by_class.csv", 'data/datapackage.json ("note": "days", "name": "days_by_class")',
    "draws of the main fit", "target", "version of pymc", "version of pytensor", "version of nutpie",
    "version of numpy", "how it is sampled", "quick",
}  # fmt: skip
RUN = """
import json
from jingjinji import fitting, models, store
from jingjinji.errors import BookError
found = {}
for name, key in fitting.keys(fitting.names()).items():
    if store.exists(name, key):
        draws = store.draws(name, key)["posterior"]
        found[name] = {"dims": dict(draws.sizes), "mean": draws["mean"].values.tolist(), "damage": store.damage(name, key),
                       "variables": list(draws), "findings": list(store.findings(name, key)), "notes": store.notes(name, key)}
try:
    fitting.load_fit("toy/split")
except BookError as error:
    found["error"] = [type(error).__name__, str(error)]
print(json.dumps(found))
"""  # noqa: E501


# --- keys -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def keys(tmp_path_factory) -> dict[str, str]:
    """The key of fit `toy` after each of many changes that are taken back."""

    def make(folder):
        found = toy_project.make(folder / "project").python(KEYS)
        (folder / "keys.json").write_text(json.dumps(found))

    return json.loads((once(tmp_path_factory, "keys", make) / "keys.json").read_text())


def test_key_changes_with_what_a_fit_is_made_of_and_with_nothing_else(keys):
    before = keys["as it was"]
    variant = keys["variant"]
    assert keys.pop("draws of the main fit, for a variant") == variant
    assert {name for name, key in keys.items() if key != before} == COUNTED


def test_keys_of_all_changes_differ(keys):
    counted = [keys[name] for name in COUNTED]
    assert len(set(counted)) == len(counted)


@pytest.mark.parametrize("name", ["figures", "cli", "sphinxext/roles", "models/other", "gate", "store"])
def test_rooms_that_no_model_uses_were_tried(keys, name):
    assert keys[f"src/jingjinji/{name}.py"] == keys["as it was"]


# --- loading or refusing ----------------------------------------------------------------------------------------


def test_a_missing_fit_names_the_command(empty_cache):
    loads = [lambda: fitting.load_fit("heavy_days"), lambda: fitting.load_findings("heavy_days"), fitting.all_findings]
    for load in loads:
        with pytest.raises(FitMissing, match=r"there is no fit '.*' of today's code and data: run 'jingjinji fit'"):
            load()
    with pytest.raises(FitMissing, match="'heavy_days/toy'"):
        fitting.stored_notes("heavy_days/toy")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("rain", "there is no model 'rain': expected one of decline, apec_stations"),
        ("heavy_days/without-rain", "model heavy_days has no variant 'without-rain': expected one of toy, "),
    ],
)
def test_unknown_names(empty_cache, name, message):
    for use in (fitting.load_fit, fitting.load_findings, lambda name: fitting.sample_missing([name])):
        with pytest.raises(BookError, match=re.escape(message)):
            use(name)


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
    assert {settings.chains for settings in fitting.SETTINGS["full"].values()} == {4}


def test_every_fit_has_its_own_seed():
    seeds = {fitting.seed(name) for name in fitting.names()}
    assert len(seeds) == len(fitting.names())
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_main_fits_come_before_their_variants():
    names = fitting.names()
    assert names[0] == "decline"
    assert names.index("heavy_days") < names.index("heavy_days/toy")
    assert len(set(names)) == len(names)


def test_fits_of_prior_draws_can_be_used_like_others(prior):  # noqa: F811
    fit = fitting.load_fit("decline")
    assert fit.name == "decline"
    assert fit.parameters["mu"].sizes == {"chain": 2, "draw": 50, "month": 144, "city": 13}
    assert fit.sample_stats["energy"].dims == ("chain", "draw")
    assert "2 chains of 50 draws after 0 for tuning; largest R-hat" in fit.diagnostics
    assert [check.name for check in fit.checks] == ["R-hat", "bulk ESS", "tail ESS", "divergences", "E-BFMI"]
    assert fit.findings.keys() == fitting.load_findings("decline").keys() <= fitting.all_findings().keys()
    variant = fitting.load_fit("decline/without-beijing")
    assert "mu" not in variant.parameters
    assert np.isnan(variant.panel.pm25[:, 0]).all()


def test_prior_draws_come_from_the_prior(prior):  # noqa: F811
    parameters = fitting.load_fit("decline").parameters
    assert float(parameters["slope"].mean()) == pytest.approx(-0.05, abs=0.04)
    assert float(parameters["slope"].std()) == pytest.approx(0.1, rel=0.3)
    assert float(parameters["step"].std()) > 0.1
    assert np.abs(parameters["level_city"].sum("city")).max() < 1e-9
    assert not np.array_equal(parameters["slope"][0], parameters["slope"][1])


def test_every_finding_is_finite_and_has_one_owner(prior):  # noqa: F811
    found = fitting.all_findings()
    keys = fitting.keys(fitting.names())
    assert len(found) == sum(len(store.notes(name, key)["findings"]) for name, key in keys.items())
    for id, finding in found.items():
        assert id == finding.id
        assert np.isfinite(finding.draws).all()
        assert finding.text
        assert finding.label
        assert re.fullmatch(r"src/jingjinji/(models/)?\w+\.py:\d+", finding.code), finding.code
        assert set(finding.panel) <= set(tables.names())
        if finding.is_probability:
            assert 0 <= finding.mean <= 1


def test_findings_that_the_chapter_promises(prior):  # noqa: F811
    found = fitting.all_findings()
    promised = [f"pm25.decline.{area}{end}" for area in ("beijing", "tianjin", "hebei", "region")
                for end in ("", ".constant", ".atleast60", ".constant.atleast60")]  # fmt: skip
    promised += [f"pm25.rate.{city.lower()}" for city in fitting.models.module("decline").CITIES]
    promised += [f"pm25.standard.beijing.{year}" for year in (2021, 2022, 2023)]
    promised += [f"pm25.converge.spread.{year}" for year in (2014, 2020)]
    promised += ["pm25.weather.normalised.beijing", "pm25.weather.share.beijing", "pm25.step.beijing"]
    promised += ["pm25.gain.difference", "heavy.beijing.change"]
    for id in promised:
        find(found, id)
    with pytest.raises(UnknownFinding, match=r"pm25\.decline\.beijing"):
        find(found, "pm25.decline.bejing")


def test_findings_of_variants_are_marked(prior):  # noqa: F811
    for name in ("decline/toy", "decline/to-2018", "heavy_days/toy"):
        variant = name.partition("/")[2]
        ids = [id for id, finding in fitting.load_findings(name).items() if finding.model == name]
        assert ids
        assert all(id.endswith(f"@{variant}") for id in ids)


@pytest.fixture
def copied(prior_cache, empty_cache, monkeypatch):  # noqa: F811
    """Fits of the heavy days alone, in a cache of this test's own."""
    monkeypatch.setenv("JINGJINJI_DRAWS", "prior")
    for folder in (prior_cache / "fits").glob("heavy_days*"):
        shutil.copytree(folder, empty_cache / "fits" / folder.name)
    return empty_cache


@pytest.mark.parametrize("file", [store.DRAWS, store.FINDINGS, store.MANIFEST])
def test_a_damaged_fit_is_refused(copied, file):
    path = store.place("heavy_days", fitting.keys(["heavy_days"])["heavy_days"]) / file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    for load in (fitting.load_fit, fitting.load_findings):
        with pytest.raises(FitMissing, match=rf"{file}.*run 'jingjinji fit' to sample fit 'heavy_days' again"):
            load("heavy_days")


def test_a_damaged_fit_is_reported_and_made_again(copied):
    before = fitting.load_fit("heavy_days")
    path = store.place("heavy_days", fitting.keys(["heavy_days"])["heavy_days"]) / store.DRAWS
    path.write_bytes(path.read_bytes()[:-100])
    reports = []
    done = fitting.sample_missing(["heavy_days", "heavy_days/toy"], reports.append)
    assert done.keys() == {"heavy_days"}
    phases = [report["phase"] for report in reports]
    assert phases[0] == f"made again: {path} does not match its checksum"
    assert phases[-1] == "stored"
    xr.testing.assert_equal(fitting.load_fit("heavy_days").parameters, before.parameters)


def test_nothing_is_sampled_where_nothing_is_missing(copied, monkeypatch):
    monkeypatch.setattr(fitting, "ProcessPoolExecutor", None)
    assert fitting.sample_missing(["heavy_days", "heavy_days/toy"]) == {}


def test_prune_removes_fits_of_other_keys_only(copied):
    fitting.prune(fitting.keys(fitting.names()))
    store.write("heavy_days", "0" * 64, xr.DataTree(), {}, {})
    assert fitting.prune(fitting.keys(fitting.names())) == 1
    assert fitting.prune(fitting.keys(fitting.names())) == 0
    assert fitting.load_fit("heavy_days").findings
    assert fitting.load_fit("heavy_days/toy").findings


# --- the real sampler -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict:
    """All fits in parallel from cold caches; then two runs at once of a damaged and a missing fit, from warm caches."""
    return json.loads((once(tmp_path_factory, "runs", _sample) / "runs.json").read_text())


def _sample(folder) -> None:
    project = toy_project.make(folder / "project")
    cold = project.run("fit", JINGJINJI_DRAWS="full")
    found = {"cold": [cold.returncode, cold.stdout, cold.stderr], "cold fits": project.python(RUN)}
    found["compiled"] = len(list((project.cache / "pytensor").rglob("*.nbc")))
    _spoil(project)
    both = [project.start("fit", "toy/shifted", "toy", JINGJINJI_DRAWS="full") for _ in range(2)]
    found["both"] = [[process.communicate(timeout=120)[0], process.returncode] for process in both]
    found["warm fits"] = project.python(RUN)
    found["left"] = [path.name for path in (project.cache / "fits").glob(".[ag]*")]
    (folder / "runs.json").write_text(json.dumps(found))


def _spoil(project: ToyProject) -> None:
    for path in (project.cache / "fits").glob("toy-*/draws.nc"):
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
    for path in (project.cache / "fits").glob("toy~shifted-*"):
        shutil.rmtree(path)


def test_fits_that_pass_are_stored_and_the_others_are_not(runs):
    assert runs["cold fits"].keys() - {"error"} == {"toy", "toy/shifted", "other", "other/shifted"}


def test_a_failing_fit_ends_in_one_sentence_that_names_what_failed(runs):
    code, out, err = runs["cold"]
    assert code == 1
    assert err.count("\n") == 1
    assert err.startswith("error: fit ")
    for topic in ("toy", "other"):
        assert f"fit {topic}/split did not pass: R-hat is " in err
        assert f"{topic}/split: fit {topic}/split did not pass: R-hat is " in " ".join(out.split())
        assert f"{topic}: compiling" in out
        assert f"{topic}: sampled in " in out
    assert " at mean, the gate asks 1.01" in err


def test_a_fit_that_failed_is_missing(runs):
    kind, message = runs["cold fits"]["error"]
    assert kind == "FitMissing"
    assert "there is no fit 'toy/split'" in message


def test_stored_fits_have_full_draws_checks_and_findings(runs):
    main, variant = runs["cold fits"]["toy"], runs["cold fits"]["toy/shifted"]
    full = fitting.SETTINGS["full"]
    assert main["dims"] == {"chain": 4, "draw": full["main"].draws}
    assert variant["dims"] == {"chain": 4, "draw": full["variant"].draws}
    assert (main["variables"], variant["variables"]) == (["mean", "double"], ["mean"])
    assert (main["findings"], variant["findings"]) == (["toy.mean"], ["toy.mean@shifted"])
    assert gate.passed([gate.Check(**check) for check in main["notes"]["checks"]])
    assert main["notes"]["sampling"]["chains"] == 4
    assert main["notes"]["findings"]["toy.mean"]["code"].startswith("src/jingjinji/models/toy.py:")


def test_draws_are_those_of_the_panel_of_each_fit(runs):
    """The compiled model is used again with other data."""
    fits = runs["cold fits"]
    # a normal prior with mean m and sd 20 times a kernel around c with sd 1
    for name, prior_mean, centre in (("toy", 1, 4), ("other", 1, 6), ("toy/shifted", 101, 104)):
        expected = (centre + prior_mean / 400) / (1 + 1 / 400)
        assert np.mean(fits[name]["mean"]) == pytest.approx(expected, abs=0.15)
        assert np.std(fits[name]["mean"]) == pytest.approx(1, rel=0.1)


def test_same_draws_from_cold_and_warm_caches_in_any_order_and_company(runs):
    for name in ("toy", "toy/shifted"):
        assert runs["cold fits"][name]["mean"] == runs["warm fits"][name]["mean"]
    chains = runs["warm fits"]["toy"]["mean"]
    assert len({tuple(chain) for chain in chains}) == 4


def test_a_damaged_fit_is_sampled_again(runs):
    assert "made again: " in runs["both"][0][0]
    assert runs["warm fits"]["toy"]["damage"] is None


def test_two_runs_at_once_sample_each_fit_once(runs):
    assert [code for _, code in runs["both"]] == [0, 0]
    out = "".join(out for out, _ in runs["both"])
    for name in ("toy", "toy/shifted"):
        assert out.count(f"{name}: sampled in ") == 1


def test_nothing_is_left_beside_the_fits(runs):
    assert runs["left"] == []


def test_compile_caches_are_in_the_projects_cache(runs):
    assert runs["compiled"] > 0


def test_fast_math_is_off_whatever_the_user_sets(tmp_path):
    code = "import jingjinji, pytensor; print(pytensor.config.numba__fastmath, pytensor.config.base_compiledir)"
    environment = os.environ | {"PYTENSOR_FLAGS": "numba__fastmath=True", "JINGJINJI_CACHE": str(tmp_path)}
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert result.stdout.split() == ["False", str(tmp_path / "pytensor")]


def test_variants_of_a_model_that_mixes_slowly_are_drawn_like_its_main_fit():
    full = fitting.SETTINGS["full"]
    assert fitting._settings("miyun", "toy", "full") == fitting._settings("miyun", "", "full") == full["main"]
    assert fitting._settings("storage", "toy", "full") == full["variant"]


def test_a_model_with_a_bent_posterior_takes_smaller_steps():
    assert fitting._settings("hongkong", "toy", "full").target_accept > fitting.Sampling(4, 1, 1).target_accept
