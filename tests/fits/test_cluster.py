"""Jobs are given out to workers, and again where a worker's process died; no fit is made here."""

import subprocess
import sys

import pytest
from distributed import Client, LocalCluster

from jingjinji.fits import cluster, fitting, store
from jingjinji.fits.fit_job import Job

FITS = {"storage": "key", "carbon": "key", "carbon/wide-markets": "key"}
ASKED, RETURNED = [], []


def work(job, folder, token, seed):
    """Stands for `cluster.work`."""
    ASKED.append(list(job["fits"]))
    return RETURNED.pop(0)


@pytest.fixture
def local():
    with LocalCluster(n_workers=0, threads_per_worker=1, processes=False, dashboard_address=cluster.ANY_PORT) as made:
        yield made


@pytest.fixture
def done(monkeypatch):
    """Names of the fits of each job that was done, and what the jobs return, one after the other."""
    asked, returned = ASKED, RETURNED
    asked.clear()
    returned.clear()
    monkeypatch.setattr(cluster, "work", work)
    monkeypatch.setattr(cluster, "POLL", 0.01)
    monkeypatch.setattr(fitting, "whole", lambda name, key: name == "carbon")
    return asked, returned


def test_fits_of_one_topic_are_made_on_all_cores_but_not_those_that_need_another(monkeypatch):
    monkeypatch.setattr(cluster, "cores", lambda: 3)
    monkeypatch.setattr(cluster.store, "latest_notes", lambda kind, name: {} if name in without_draws else {"of": {}})
    without_draws = []
    fits = dict.fromkeys(("carbon", "carbon/wide-markets", "carbon/late-periods", "storage"), "key")
    made = [set(job.fits) for job in cluster.jobs(fits, "full")]
    assert len(made) == 3
    assert {"storage"} in made
    assert set().union(*made) == set(fits)
    without_draws += ["carbon/late-periods"]
    assert [len(job.fits) for job in cluster.jobs(fits, "full")] == [3, 1]
    without_draws.clear()
    beside = {"apec_stations": "key", "apec_series": "key"}
    assert [list(job.fits) for job in cluster.jobs(beside, "full")] == [["apec_series", "apec_stations"]]


def supervise(local, names, report=print, tell=print):
    job = Job({name: FITS[name] for name in names}, "prior")
    with Client(local) as client:
        return cluster._supervise(client, [job], "token", report, tell, "tcp://here:1")


def test_a_draft_of_which_all_draws_are_stored_is_made_in_as_few_processes_as_there_are_cores(monkeypatch):
    monkeypatch.setattr(cluster, "cores", lambda: 2)
    fits = dict.fromkeys(["carbon", "april", "storage", "heavy_days"], "key")
    stored = set(fits)
    monkeypatch.setattr(cluster.store, "latest_notes", lambda kind, name: {"of": {}} if name in stored else {})
    made = cluster.jobs(fits, "quick")
    assert len(made) == 2
    assert {name for job in made for name in job.fits} == set(fits)
    stored.remove("april")
    assert len(cluster.jobs(fits, "quick")) == len(fits)


def test_a_job_whose_process_died_is_done_again_for_what_is_left(local, done):
    asked, returned = done
    returned += [("killed", True, {}), ("", False, {})]
    local.scale(1)
    assert supervise(local, ["carbon", "carbon/wide-markets"]) == []
    assert asked == [["carbon", "carbon/wide-markets"], ["carbon/wide-markets"]]


def test_a_fit_whose_process_dies_every_time_is_given_up_and_the_others_are_made(local, done, monkeypatch):
    """So that a book with a hole is built where memory does not do for one fit."""
    asked, returned = done
    written = {}
    monkeypatch.setattr(store, "write_findings", lambda name, key, draws, notes: written.update({name: notes}))
    returned += [("killed", True, {})] * (cluster.RETRIES + 1) + [("", False, {})]
    local.scale(1)
    told = []
    assert supervise(local, ["carbon/wide-markets", "storage"], tell=told.append) == []
    assert asked == [["carbon/wide-markets", "storage"]] * (cluster.RETRIES + 1) + [["storage"]]
    problem = f"processes of its topic were ended {cluster.RETRIES + 1} times, the last one in this fit: killed"
    assert [(event["fit"], event["phase"], event["problem"]) for event in told] == [
        ("carbon/wide-markets", "not published", problem)
    ]
    assert {name: (notes["state"], notes["problem"]) for name, notes in written.items()} == {
        "carbon/wide-markets": (fitting.BROKEN, problem)
    }


def test_a_process_that_dies_after_its_work_gives_no_fit_up(local, done, monkeypatch):
    _, returned = done
    written = []
    monkeypatch.setattr(store, "write_findings", lambda *entry: written.append(entry))
    returned += [("killed", True, {})] * (cluster.RETRIES + 1)
    local.scale(1)
    assert supervise(local, ["carbon"]) == []
    assert written == []


def test_a_users_mistake_is_not_tried_again(local, done):
    asked, returned = done
    returned += [("a bad table", False, {})]
    local.scale(1)
    assert supervise(local, ["storage"]) == ["storage: a bad table"]
    assert asked == [["storage"]]


def test_a_scheduler_without_workers_is_said_once_and_the_run_goes_on_when_one_joins(local, done, monkeypatch):
    asked, returned = done
    returned += [("", False, {})]
    monkeypatch.setattr(cluster, "JOINING_SECONDS", 0.05)
    told = []

    def report(event):
        told.append(event)
        local.scale(1)

    assert supervise(local, ["storage"], report) == []
    assert told == [{"fit": "tcp://here:1", "phase": "has no worker: start one with 'dask worker'"}]
    assert asked == [["storage"]]


def test_telling_a_process_that_has_ended_is_no_error():
    child = subprocess.Popen([sys.executable, "-c", ""], stdin=subprocess.PIPE, text=True)
    child.wait()
    cluster._tell(child, "2")
    with pytest.raises(BrokenPipeError):
        child.stdin.close()


@pytest.mark.parametrize("content", ["[]", "{", '{"storage": 5}', '{"storage": {"sample": "long"}}', '"x"'])
def test_costs_of_another_version_make_no_fit_fail(tmp_path, monkeypatch, content):
    monkeypatch.setattr(cluster, "COSTS", tmp_path / "costs.json")
    (tmp_path / "costs.json").write_text(content)
    assert cluster.costs(["storage", "carbon"]) == {"storage": 60.0, "carbon": 60.0}
