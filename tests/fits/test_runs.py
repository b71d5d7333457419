"""The real sampler on two tiny models in a copy of the project: runs beside others, of others and after edits."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
import toy_project
from prior_fits import once
from scipy.stats import norm
from toy_project import ToyProject

from jingjinji.fits import gate, store
from jingjinji.fits.power_scaling import POWERS

TOY = ("toy", "toy/split", "toy/shifted")

STORED = """
import json
from jingjinji.fits import fitting, store, world
from jingjinji.core.errors import BookError
found = {}
for name, key in fitting.key_of_findings(fitting.names()).items():
    if store.exists(store.FINDINGS, name, key):
        notes = store.notes(store.FINDINGS, name, key)
        draws = store.draws(name, notes["draws"])["posterior"]
        file = world.draws_of([name])[name]
        found[name] = {"dims": dict(draws.sizes), "file": file, "mean": draws["mean"].values.tolist(), "notes": notes,
                       "variables": list(draws), "findings": list(store.findings(name, key))}
"""
RUN = (
    STORED
    + """
try:
    fitting.load_fit("toy/split")
except BookError as error:
    found["error"] = [type(error).__name__, str(error)]
fit = fitting.load_fit("toy")
found["derived"] = list(fit.parameters)
found["free"] = list(fitting.load_fit("toy", derived=False).parameters)
found["all"] = sorted(fitting.all_findings())
everything = fitting.all_findings()
found["unpublished"] = [everything.failed, everything.unpublished]
print(json.dumps(found))
"""
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict:
    """All fits from cold caches; two runs at once of damaged and missing ones; runs after edits of many kinds."""
    return json.loads((once(tmp_path_factory, "runs", _sample) / "runs.json").read_text())


def _sample(folder) -> None:
    project = toy_project.make(folder / "project")
    cold = project.run("fit")
    found = {"cold": [cold.returncode, cold.stdout, cold.stderr], "cold fits": project.python(RUN)}
    found["compiled"] = len(list((project.cache / "pytensor").rglob("*.nbc")))
    again = project.run("fit")
    found["again"] = [again.returncode, again.stdout, again.stderr]
    shutil.copytree(project.root, folder / "clone", ignore=shutil.ignore_patterns(".cache"))
    clone = ToyProject(folder / "clone").run("fit", JINGJINJI_STORE=str(project.cache / "fits"))
    found["clone"] = [clone.stdout, [path.name for path in (folder / "clone/.cache").rglob("*.nc")]]
    found["simulated"] = _simulated(project)
    found["weighed"] = _weighed(project)
    _spoil(project)
    both = [project.start("fit", "toy/shifted", "toy", OPENBLAS_CORETYPE="Prescott") for _ in range(2)]
    found["both"] = [[*process.communicate(timeout=120), process.returncode] for process in both]
    found["warm fits"] = project.python(RUN)
    found["left"] = [path.name for path in (project.cache / "fits").glob(".[ag]*")]
    found["cluster"] = _on_a_cluster(project, folder / "store of the cluster")
    found["blind"] = _on_a_worker_that_sees_no_store(project, folder / "store of the blind")
    for name, signal_ in (("interrupted", signal.SIGINT), ("killed", signal.SIGKILL)):
        found[name] = _stopped(project, folder / f"store of the {name}", signal_)
    edits = {
        "harmless": (_edit_harmlessly, ()),
        "prior": (_edit_a_prior, ()),
        "setting": (_edit_a_setting, ()),
        "gate": (_edit_the_gate, TOY),
    }
    for kind, (edit, names) in edits.items():
        edit(project)
        found[kind] = project.run("fit", "--dry-run", *names).stdout
    (folder / "runs.json").write_text(json.dumps(found))


def _simulated(project: ToyProject) -> dict:
    """Four records of a toy model, sampled; then six, of which two are new: what is said and kept."""
    (project.root / "results").mkdir()
    kept, found = project.root / "results/simulations.json", {}
    for count in (4, 6):
        result = project.run("simulate", "other", "--records", str(count))
        found[count] = [result.stdout, result.stderr, json.loads(kept.read_text()) if kept.exists() else None]
    lines = next((project.cache / "simulations").glob("*.jsonl")).read_text().splitlines()
    return found | {"lines": len(lines)}


def _weighed(project: ToyProject) -> dict:
    """Prior and likelihood of a toy model halved and doubled; then again after a run that was killed half-way."""
    code = """
import json
from jingjinji.fits import weighing
print(json.dumps([weighing.run("other", {"other.mean": (None, 5.0)}), weighing.kept()]))
"""
    said, kept = project.python(code)
    log = next((project.cache / "power_scaling").glob("*.jsonl"))
    lines = log.read_text().splitlines()
    # what of the third power was under way is lost
    log.write_text("".join(f"{line}\n" for line in lines[:2]))
    return {"said": said, "kept": kept, "lines": lines, "again": [*project.python(code), log.read_text().splitlines()]}


def _on_a_cluster(project: ToyProject, folder) -> dict:
    """A run on a scheduler and two workers of its own; the worker that samples first is killed."""
    address = folder.with_name("scheduler.json")
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--scheduler-file", str(address), "--port", "0",
            "--host", "127.0.0.1", "--no-dashboard"]  # fmt: skip
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(address), "--nthreads", "1",
              "--no-nanny", "--no-dashboard", "--name"]  # fmt: skip
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    started = [subprocess.Popen(dask, env=project.environment(), **quiet)]
    try:
        while not address.exists():
            time.sleep(0.1)
        started += [subprocess.Popen([*worker, name], env=project.environment(), **quiet) for name in "ab"]
        scheduler = json.loads(address.read_text())["address"]
        run = project.start("fit", DASK_SCHEDULER_ADDRESS=scheduler, JINGJINJI_STORE=str(folder))
        working = []
        while not working:
            time.sleep(0.05)
            working = [(one, child) for one in started[1:] for child in psutil.Process(one.pid).children()]
        victim, child = working[0]
        victim.kill()
        out, err = run.communicate(timeout=120)
        return {"code": run.returncode, "out": out, "err": err, "child": child.is_running(),
                "fits": project.python(RUN, JINGJINJI_STORE=str(folder))}  # fmt: skip
    finally:
        for process in started:
            process.kill()
            process.wait()


BLIND = """
import json
from dataclasses import asdict
from distributed import Client, LocalCluster
from jingjinji.fits import cluster, fitting

job = asdict(cluster.Job(fitting.key_of_findings(fitting.names()), "prior"))
with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=cluster.ANY_PORT) as local:
    with Client(local) as client:
        fault, died, made = client.submit(cluster.work, job, "/nowhere", "token", "").result()
places = sorted(place.rpartition("|")[0] for place in made)
print(json.dumps([fault, died, places, list(fitting.missing())]))
"""


def _on_a_worker_that_sees_no_store(project: ToyProject, folder) -> list:
    """What travels back of a topic that is made and of one whose code ends with an error, and what stays missing."""
    model = project.code / "topics/toys/other_findings.py"
    before = model.read_text("utf-8")
    _edit(model, ("    say, double", "    1 / 0\n    say, double"))
    found = project.python(BLIND, JINGJINJI_DRAWS="prior", JINGJINJI_STORE=str(folder))
    model.write_text(before, "utf-8")
    return found


def _stopped(project: ToyProject, folder, how: signal.Signals) -> dict:
    """A run of one topic that is stopped when its first fit is stored: what it leaves."""
    run = project.start("fit", *TOY, JINGJINJI_STORE=str(folder))
    while not any(folder.glob("findings/*")):
        time.sleep(0.02)
    children = psutil.Process(run.pid).children(recursive=True)
    run.send_signal(how)
    run.communicate(timeout=60)
    _, alive = psutil.wait_procs(children, timeout=10)
    found = {
        "alive": len(alive),
        "fits": len(list(folder.glob("findings/*"))),
        "aside": len(list(folder.glob(".aside*"))),
    }
    if how == signal.SIGKILL:
        found["kept"] = [path.stat().st_mtime_ns for path in folder.glob("findings/*/manifest.json")]
        project.run("fit", *TOY, JINGJINJI_STORE=str(folder))
        found["after"] = [path.stat().st_mtime_ns for path in folder.glob("findings/*/manifest.json")]
        found["went on"] = project.python(STORED + "print(json.dumps(found))", JINGJINJI_STORE=str(folder))
    return found


def _spoil(project: ToyProject) -> None:
    for path in (project.cache / "fits/draws").glob("toy-*/draws.nc"):
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
    for path in (project.cache / "fits").glob("*/toy~shifted-*"):
        shutil.rmtree(path)


def _edit(path, *changes) -> None:
    text = path.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, "utf-8")


def _edit_harmlessly(project: ToyProject) -> None:
    """Move a file, rename a function, edit docstrings, add a unit, a topic, a finding, a column's words."""
    code, model = project.code, project.code / "topics/toys/toy.py"
    (code / "core/kernel.py").rename(code / "core/shapes.py")
    _edit(code / "core/shapes.py", ("two_modes", "bimodal"), ("What the toy models share.", "Shapes."))
    for path in (model, code / "topics/toys/other.py"):
        _edit(path, ("import kernel", "import shapes"), ("kernel.two_modes", "shapes.bimodal"),
              ("One number;", "A number;"))  # fmt: skip
    _edit(model, ("kernel.of_a_product", "shapes.of_a_product"), ("kernel.MATRIX", "shapes.MATRIX"))
    _edit(
        code / "topics/toys/toy_findings.py",
        ("    return say.made", '    say.fact("two", "two", 2)\n    return say.made'),
    )
    _edit(code / "core/tables.py", ('    "pm25": "µg/m³",\n', '    "pm25": "µg/m³",\n    "noise": "dB",\n'))
    _edit(code / "core/registry.py", ('"other": "toys.other"', '"other": "toys.other", "third": "toys.third"'))
    for end in ("", "_findings"):
        text = (code / f"topics/toys/other{end}.py").read_text("utf-8").replace("other", "third")
        (code / f"topics/toys/third{end}.py").write_text(text, "utf-8")


def _edit_a_prior(project: ToyProject) -> None:
    _edit(project.code / "topics/toys/toy.py", ('d["numbers"][0], 20)', 'd["numbers"][0], 30)'))
    _edit(project.code / "topics/toys/other.py", ("panel.numbers + 100", "panel.numbers + 101"))


def _edit_a_setting(project: ToyProject) -> None:
    other = project.code / "topics/toys/other.py"
    _edit(other, ("panel.numbers + 101", "panel.numbers + 100"), ("DERIVED = ", "TARGET_ACCEPT = 0.95\nDERIVED = "))


def _edit_the_gate(project: ToyProject) -> None:
    _edit(project.code / "fits/gate.py", ("MOST_RHAT, LEAST_ESS = 1.01, 400", "MOST_RHAT, LEAST_ESS = 1.01, 4000"))
    _edit(project.code / "topics/toys/toy.py", ('d["numbers"][0], 30)', 'd["numbers"][0], 20)'))


def test_all_fits_are_made_and_those_that_do_not_pass_are_not_published(runs):
    fits = runs["cold fits"]
    assert {name for name in fits if name.startswith(("toy", "other"))} == {
        *("toy", "toy/split", "toy/shifted", "other", "other/split", "other/shifted")
    }
    assert fits["all"] == ["other.mean", "other.mean@shifted", "toy.mean", "toy.mean@shifted"]
    failed, findings = fits["unpublished"]
    assert failed.keys() == {"toy/split", "other/split"}
    assert findings == {f"{topic}.mean@split": ["mean", f"{topic}/split"] for topic in ("toy", "other")}
    assert fits["toy/split"]["findings"] == []


def test_a_run_with_a_failing_fit_ends_in_one_sentence_that_says_how_to_go_on(runs):
    for run in ("cold", "again"):
        code, out, err = runs[run]
        assert code == 1
        assert err.count("\n") == 1
        assert err.startswith("error: fit ")
        for topic in ("toy", "other"):
            assert f"fit '{topic}/split' is not published: R-hat is " in err
        assert " at mean, the gate asks 1.1" in err
        assert "--further" not in err  # more draws do not help where chains disagree
        assert "JINGJINJI_SEED=1 make book" in err
    out = runs["cold"][1]
    assert "6 of 6 fits are to be made" in out
    assert "[6/6] " in out
    assert "6 of 6 fits were made in " in out
    assert re.search(r"\ntoy +\d+\.\d +\d+\.\d", out)
    assert "nothing was sampled" in runs["again"][1]


def test_a_fit_that_failed_is_refused(runs):
    kind, message = runs["cold fits"]["error"]
    assert kind == "FitNotPublished"
    assert "fit 'toy/split' is not published" in message


def test_stored_fits_have_draws_of_a_look_checks_and_findings(runs):
    main, variant = runs["cold fits"]["toy"], runs["cold fits"]["toy/shifted"]
    for fit in (main, variant):
        assert fit["dims"]["chain"] == 4
        assert fit["dims"]["draw"] == fit["notes"]["count"]
        assert fit["notes"]["count"] in gate.LOOKS
        assert fit["variables"] == ["mean", "rest"]
        assert all(check["passed"] for check in fit["notes"]["checks"])
    assert (main["findings"], variant["findings"]) == (["toy.mean"], ["toy.mean@shifted"])
    assert main["notes"]["findings"]["toy.mean"]["code"].startswith("src/jingjinji/topics/toys/toy_findings.py:")
    assert runs["cold fits"]["derived"] == ["mean", "rest", "double"]
    assert runs["cold fits"]["free"] == ["mean", "rest"]


def test_draws_are_those_of_the_panel_of_each_fit(runs):
    """The compiled model is used again with other data."""
    fits = runs["cold fits"]
    # a normal prior with mean m and sd 20 times a kernel around c with sd 1
    for name, prior_mean, centre in (("toy", 1, 4), ("other", 1, 6), ("toy/shifted", 101, 104)):
        expected = (centre + prior_mean / 400) / (1 + 1 / 400)
        assert np.mean(fits[name]["mean"]) == pytest.approx(expected, abs=0.15)
        assert np.std(fits[name]["mean"]) == pytest.approx(1, rel=0.1)


def test_same_draws_from_cold_and_warm_caches_in_any_order_on_any_processor(runs):
    """The second run asked OpenBLAS for kernels of an old processor, with which these draws would be others."""
    for name in ("toy", "toy/shifted"):
        assert runs["cold fits"][name]["mean"] == runs["warm fits"][name]["mean"]
        assert runs["cold fits"][name]["file"] == runs["warm fits"][name]["file"]
    chains = runs["warm fits"]["toy"]["mean"]
    assert len({tuple(chain) for chain in chains}) == 4


def test_damaged_draws_are_sampled_again(runs):
    assert "made again: " in runs["both"][0][0] + runs["both"][1][0]


def test_two_runs_at_once_sample_each_fit_once(runs):
    assert [run[-1] for run in runs["both"]] == [1, 1], runs["both"]
    assert all("error: fit 'toy/split' is not published" in run[1] for run in runs["both"])
    out = "".join(run[0] for run in runs["both"])
    for name in ("toy", "toy/shifted"):
        assert out.count(f"{name} passed after ") == 1


def test_nothing_is_left_beside_the_fits(runs):
    assert runs["left"] == []


def test_compile_caches_are_in_the_projects_cache(runs):
    assert runs["compiled"] > 0


def test_a_cluster_that_loses_a_worker_makes_the_same_fits(runs):
    found = runs["cluster"]
    assert found["code"] == 1
    assert any(f"error: fit '{topic}/split' is not published" in found["err"] for topic in ("toy", "other"))
    assert not found["child"]
    for name in ("toy", "toy/shifted", "other", "other/shifted"):
        assert found["fits"][name]["mean"] == runs["cold fits"][name]["mean"]
    assert found["fits"]["unpublished"] == runs["cold fits"]["unpublished"]


def test_what_a_worker_made_travels_back_where_it_does_not_see_the_store(runs):
    fault, died, places, missing = runs["blind"]
    others = ["other", "other/shifted", "other/split"]
    assert (fault, died) == ("", False)
    assert places == sorted([*(f"{kind}|{name}" for kind in store.FILES for name in TOY),
                             *(f"findings|{name}" for name in others)])  # fmt: skip
    assert sorted(missing) == others  # what ended with an error is tried again


@pytest.mark.parametrize("how", ["interrupted", "killed"])
def test_a_run_that_is_stopped_keeps_what_it_has_and_leaves_no_process(runs, how):
    assert runs[how]["fits"] >= 1
    assert runs[how]["alive"] == 0
    if how == "interrupted":
        assert runs[how]["aside"] == 0


def test_a_run_after_one_that_was_killed_makes_what_is_missing_and_the_same(runs):
    killed = runs["killed"]
    assert set(killed["kept"]) < set(killed["after"])
    for name in ("toy", "toy/shifted"):
        assert killed["went on"][name]["mean"] == runs["cold fits"][name]["mean"]


def test_moves_names_words_units_topics_and_findings_sample_nothing(runs):
    said = runs["harmless"]
    assert "3 of 9 fits would be sampled; of 6 the findings would be computed again." in said
    assert set(re.findall(r"(\S+): would be sampled", said)) == {"third", "third/split", "third/shifted"}


def test_a_prior_and_a_datum_sample_exactly_their_fits(runs):
    said = dict(re.findall(r"(\S+): would be sampled, (.*)", runs["prior"]))
    assert said.keys() - {"third", "third/split", "third/shifted"} == {*("toy", "toy/split", "toy/shifted"),
                                                                       "other/shifted"}  # fmt: skip
    assert said["toy"] == "the graph of the log density differs"
    assert said["other/shifted"] == "data differ: numbers"


def test_a_setting_samples_exactly_the_fits_of_its_model(runs):
    said = dict(re.findall(r"(\S+): would be sampled, (.*)", runs["setting"]))
    before = dict(re.findall(r"(\S+): would be sampled, (.*)", runs["prior"]))
    assert said.keys() - before.keys() | {"other/shifted"} == {"other", "other/split", "other/shifted"}
    assert {said[name] for name in said if name.startswith("other")} == {"target_accept was 0.9, is 0.95"}


def test_a_second_clone_beside_the_store_of_the_first_samples_nothing(runs):
    said, draws = runs["clone"]
    assert "nothing was sampled" in said
    assert draws == []


def test_stored_fits_are_judged_by_todays_gate(runs):
    said = dict(re.findall(r"(\S+): would be sampled, (.*)", runs["gate"]))
    assert re.fullmatch(r"today's gate asks for more than its \d+ draws of each chain", said["toy"])


def test_records_are_sampled_and_kept_and_a_second_run_goes_on(runs):
    simulated = runs["simulated"]
    (out, _, first), (_, _, second) = simulated["4"], simulated["6"]
    assert out.strip() == "other: 4 records of each of 1 toys"
    (row,) = second["other"]["rows"]
    assert (first["other"]["rows"][0]["records"], row["records"], simulated["lines"]) == (4, 6, 6)
    assert row["id"] == "other.mean"
    assert row["inside"] >= 4
    assert first["other"]["key"] == second["other"]["key"]


def test_a_fit_under_powers_has_the_posterior_that_is_known_and_a_killed_run_goes_on(runs):
    weighed = runs["weighed"]
    assert weighed["said"] == "other: 4 powers"
    powers = weighed["kept"]["other"]["powers"]
    for words, (of_prior, of_likelihood) in POWERS.items():
        prior, likelihood = of_prior / 20**2, of_likelihood
        mean, sd = (prior * 1 + likelihood * 6) / (prior + likelihood), (prior + likelihood) ** -0.5
        row = powers[words]["findings"]["other.mean"]
        assert abs(row["median"] - mean) < 4 * row["median_error"] + 1e-3
        assert abs(row["probability"] - norm.sf(5, mean, sd)) < 4 * row["error"]
    said, kept, lines = weighed["again"]
    assert (said, kept["other"]["powers"]) == (weighed["said"], powers)
    assert lines == weighed["lines"]
