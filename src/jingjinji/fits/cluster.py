"""Who makes which fit where: jobs of a topic each, on a dask cluster of this machine's cores or on an existing one.

A job runs in a process of its own (`fit_job`), which a worker starts and watches. Jobs that take longest go first. A
worker that dies is replaced by its cluster, and its job is done again: what it had finished lies in the store. The
store is a folder that all workers see, or else what a worker made travels back to it.
"""

import contextlib
import json
import logging
import math
import os
import re
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from pathlib import Path

import jingjinji
from jingjinji.core import registry
from jingjinji.core.errors import BookError
from jingjinji.fits import fit_job, fitting, sampler, store
from jingjinji.fits.fit_job import Job

COSTS = jingjinji.PROJECT / "results" / "costs.json"
"""Seconds that each fit took when the published findings were made: compile, sample, findings."""
TOPIC = "jingjinji"
RETRIES = 2
ANY_PORT = "127.0.0.1:0"
"""For the state that a cluster shows by itself: the usual port may be taken by another run."""
ADDRESS = re.compile(r"(?:(?:tcp|tls|ws|wss|ucx)://)?(?:\[[^]]+\]|[^][/:]+):\d+")
ANSWER_SECONDS = 10
JOINING_SECONDS = 5
"""How soon a worker that joins late gets a job."""
POLL = 0.2
WITHOUT_WATCHING = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.admin.tick.interval": "1s",
}
"""What dask would note a hundred times a second of workers that only wait for processes: a fifteenth of a core."""
_running: dict[int, subprocess.Popen] = {}


def timed() -> dict[str, float]:
    """Seconds that each fit took when the published findings were made; empty where none were."""
    try:
        return {name: float(sum(stages.values())) for name, stages in json.loads(COSTS.read_text("utf-8")).items()}
    except (OSError, ValueError, AttributeError, TypeError):  # none, or of another version
        return {}


def costs(names: Iterable[str]) -> dict[str, float]:
    """Seconds that each fit is expected to take; a fit that nobody has timed is expected to be a long one."""
    known = timed()
    return {name: known.get(name, 60.0) for name in names}


def jobs(
    fits: dict[str, str], mode: str, *, dry: bool = False, further: bool = False, strange: bool = False
) -> list[Job]:
    """One job for the fits of each topic, the longest first; topics whose fits need one another are one job.

    Where there are fewer jobs than cores, fits of one topic whose draws are stored are several jobs.
    """
    groups: dict[str, str] = {}
    for topic in dict.fromkeys(name.partition("/")[0] for name in fits):
        for other in getattr(registry.module(topic), "BESIDE", {}).values():
            groups[topic] = other.partition("/")[0]
    sorted_fits: dict[str, dict[str, str]] = {}
    for name, key in fits.items():
        topic = name.partition("/")[0]
        sorted_fits.setdefault(groups.get(topic, topic), {})[name] = key
    expected = costs(fits)
    made = []
    for leader, members in sorted_fits.items():
        # what others need comes first
        order = sorted(members, key=lambda name, leader=leader: name.partition("/")[0] != leader)
        made.append(Job({name: members[name] for name in order}, mode, dry=dry, further=further, strange=strange))
    stored = mode == fitting.QUICK and all(store.latest_notes(store.DRAWS, name) for name in fits)
    if mode == fitting.PRIOR or stored:
        return _merged(made)
    made = _split(made, {*groups, *groups.values()}, expected)
    return sorted(made, key=lambda job: -sum(expected[name] for name in job.fits))


def _split(jobs: list[Job], together: set[str], expected: dict[str, float]) -> list[Job]:
    """As many jobs as there are cores, from topics that need no other and that most likely need not be compiled.

    Each process that compiles a model takes a gigabyte, and one that compiles it for several fits compiles it once.
    """
    jobs = list(jobs)
    while len(jobs) < cores():
        able = [
            job
            for job in jobs
            if len(job.fits) > 1
            and _topic(job) not in together
            and all(store.latest_notes(store.DRAWS, name) for name in job.fits)
        ]
        if not able:
            break
        longest = max(able, key=lambda job: sum(expected[name] for name in job.fits))
        jobs.remove(longest)
        fits = list(longest.fits.items())
        jobs += [replace(longest, fits=dict(fits[k::2])) for k in range(2)]
    return jobs


def _merged(jobs: list[Job]) -> list[Job]:
    """As few jobs as there are cores: where nothing, or little, is compiled, starting a process takes longest."""
    count = min(len(jobs), cores())
    return [replace(jobs[k], fits={n: key for job in jobs[k::count] for n, key in job.fits.items()})
            for k in range(count)]  # fmt: skip


def sample_missing(
    wanted: Iterable[str] = (),
    report: Callable[[dict], None] = lambda event: None,
    *,
    todo: dict[str, str] | None = None,
    scheduler: str = "",
    further: bool = False,
) -> dict[str, str]:
    """Make the fits that are missing or damaged; returns name -> the phase in which each ended (`fit_job`).

    `report` gets the events of `fit_job`. `todo` is what `missing` has just found. `scheduler` is the address of a dask
    scheduler; by default a cluster of this machine's cores is started and ended. `further` lets fits that were short of
    draws go on beyond the gate's limit. A fit that does not pass raises nothing: see `Findings.failed`.
    """
    todo = fitting.missing(wanted, further=further) if todo is None else todo
    if not todo:
        return {}
    return make(todo, fitting.mode(), report, scheduler=scheduler, further=further)


def make(
    fits: dict[str, str],
    mode: str,
    report: Callable[[dict], None],
    *,
    scheduler: str = "",
    dry: bool = False,
    further: bool = False,
) -> dict[str, str]:
    """Make fits (name -> key of findings); returns name -> phase in which each ended.

    Arguments as of `sample_missing`.

    Raises BookError where a job could not be done; what others have made is kept.
    """
    from distributed import Client

    if scheduler and not ADDRESS.fullmatch(scheduler):
        raise BookError(f"'{scheduler}' is no address of a dask scheduler: expected tcp://HOST:PORT")
    waiting = jobs(fits, mode, dry=dry, further=further, strange=bool(scheduler))
    store.folder().mkdir(parents=True, exist_ok=True)
    token = f".here-{uuid.uuid4().hex}"
    here = store.folder() / token
    here.touch()
    ended: dict[str, str] = {}

    def tell(told: dict) -> None:
        if "phase" in told:
            ended[told["fit"]] = told["phase"]
        report(told)

    local = None if scheduler else _local(len(waiting))
    try:
        try:
            client = Client(scheduler or local, timeout=ANSWER_SECONDS)
        except OSError as error:
            raise BookError(f"no dask scheduler answers at {scheduler}: start one, or leave --scheduler out") from error
        with client:
            client.subscribe_topic(f"{TOPIC} {token}", lambda event: tell(event[1]))
            problems = _supervise(client, waiting, token, report, tell, scheduler)
            time.sleep(POLL)  # the last events are on their way
    finally:
        end_all()
        if local is not None:
            local.close()
        here.unlink(missing_ok=True)
    if problems:
        raise BookError("; ".join(problems) + ": the other fits are kept, run the command again")
    return ended


def _supervise(
    client,
    waiting: list[Job],
    token: str,
    report: Callable[[dict], None],
    tell: Callable[[dict], None],
    scheduler: str,
) -> list[str]:
    """Give out jobs as threads come free and take what comes back, to the end; returns what went wrong, in words.

    A job waits for a free thread, not for a worker chosen beforehand. A fit in which its process dies every time is
    given up, as one that could not be made. `report` gets what is said of the scheduler, `tell` what becomes of a fit.
    Raises BookError where the scheduler goes away.
    """
    from distributed import CancelledError, wait
    from distributed.comm import CommClosedError

    seed, folder = os.environ.get("JINGJINJI_SEED", ""), str(store.folder())
    running, problems, tries = {}, [], Counter()
    alone_since = None
    while waiting or running:
        try:
            threads = sum(client.nthreads().values())
            for job in waiting[: max(0, threads - len(running))]:
                running[client.submit(work, asdict(job), folder, token, seed, pure=False)] = job
            waiting = [job for job in waiting if job not in running.values()]
            _share_threads(len(running))
            alone_since = None if threads else alone_since or time.monotonic()
            if alone_since and time.monotonic() - alone_since > JOINING_SECONDS:
                report({"fit": scheduler, "phase": "has no worker: start one with 'dask worker'"})
                alone_since = math.inf
            if not running:
                time.sleep(POLL)
                continue
            with contextlib.suppress(TimeoutError):
                wait(list(running), timeout=JOINING_SECONDS, return_when="FIRST_COMPLETED")
            results = {future: _result(future) for future in running if future.done()}
        except (CancelledError, CommClosedError) as error:
            raise BookError(
                f"the dask scheduler at {scheduler} has gone away: start it, and run the command again; what was "
                "finished is kept"
            ) from error
        for future, (fault, died, entries) in results.items():
            job = running.pop(future)
            _take(entries)
            topic = _topic(job)
            tries[topic] += died
            if died and tries[topic] <= RETRIES:
                waiting.append(_rest(job))
            elif died and not (job.dry or job.further):
                waiting += _without_the_first(job, fault, tries[topic], tell)
            elif fault:
                problems.append(f"{topic}: {fault}")
    return problems


def _topic(job: Job) -> str:
    return next(iter(job.fits)).partition("/")[0]


def _rest(job: Job) -> Job:
    """What a job that died has not made."""
    if job.dry or job.further:
        return job
    left = {name: key for name, key in job.fits.items() if not fitting.whole(name, key)}
    return replace(job, fits=left or job.fits)


def _without_the_first(job: Job, fault: str, times: int, tell: Callable[[dict], None]) -> list[Job]:
    """Give up the fit in which the last of so many processes died, so that a book with a hole is built.

    Returns the job of what is left, if anything is.
    """
    unmade = [(name, key) for name, key in job.fits.items() if not fitting.whole(name, key)]
    if not unmade:  # it died after its work was done
        return []
    (name, key), *others = unmade
    problem = f"processes of its topic were ended {times} times, the last one in this fit: {fault}"
    with store.lock(name, key):
        tell(fit_job.give_up(name, key, problem, job.mode))
    return [replace(job, fits=dict(others))] if others else []


def _take(entries: dict[str, dict[str, bytes]]) -> None:
    """Put into the store what has travelled back; BookError where the disk does not take it."""
    try:
        for place, files in entries.items():
            store.unpack(*place.split("|"), files)
    except OSError as error:
        raise BookError(
            f"{store.folder()} does not take what workers have made ({error.strerror}): make room, and run the command "
            "again; what was put there before is kept"
        ) from error


def _result(future) -> tuple[str, bool, dict]:
    """What a job returned; its fault alone where too many workers died of it."""
    if future.status == "error":
        return str(future.exception()), False, {}
    return future.result()


def work(job: dict, folder: str, token: str, seed: str) -> tuple[str, bool, dict[str, dict[str, bytes]]]:
    """On a worker: do a job in a process of its own and pass its events on.

    Returns what went wrong in words; whether the process died, so that the job is to be done again, and not a user's
    mistake; and the entries that were made where the worker does not see the store of the one who asked.
    """
    from distributed import get_worker

    worker = get_worker()
    task = worker.get_current_task()
    sees_store = Path(folder, token).exists()
    environment = sampler.environment() | {"JINGJINJI_DRAWS": job["mode"], "JINGJINJI_SEED": seed}
    environment["JINGJINJI_STORE"] = folder if sees_store else str(store.folder())
    job["threads"] = threads = _threads()
    child = subprocess.Popen(
        [sys.executable, "-m", "jingjinji.fits.fit_job"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True,
    )  # fmt: skip
    _running[child.pid] = child
    errors: list[str] = []

    def relay() -> None:
        for line in child.stdout:
            worker.log_event(f"{TOPIC} {token}", json.loads(line))

    readers = [threading.Thread(target=relay), threading.Thread(target=lambda: errors.extend(child.stderr))]
    try:
        for reader in readers:
            reader.start()
        _tell(child, json.dumps(job))
        while child.poll() is None:
            time.sleep(POLL)
            state = worker.state.tasks.get(task)
            if state is None or state.state == "cancelled":
                child.kill()
            if _threads() > threads:
                threads = _threads()
                _tell(child, str(threads))
    finally:
        child.kill()
        for reader in readers:
            reader.join(timeout=5)
        child.wait()
        with contextlib.suppress(BrokenPipeError):
            child.stdin.close()
        store.clear_up_after(child.pid, Path(environment["JINGJINJI_STORE"]))
        _running.pop(child.pid, None)
    made = {} if sees_store or job["dry"] else _entries(job["fits"], environment["JINGJINJI_STORE"])
    fault = _said(errors, child.returncode) if child.returncode else ""
    return fault, child.returncode not in (0, fit_job.MISTAKE), made


def _tell(child: subprocess.Popen, line: str) -> None:
    """Write a line to a process, which may just have ended."""
    with contextlib.suppress(BrokenPipeError):
        child.stdin.write(f"{line}\n")
        child.stdin.flush()


def cores() -> int:
    """Cores that this process may use: fewer than the machine has in a container, or where an affinity is set."""
    from dask.system import CPU_COUNT

    return CPU_COUNT


def end_all() -> None:
    """End every process that this one has started for a job, and remove what it was writing."""
    children = list(_running.values())
    for child in children:
        child.kill()
    for child in children:
        child.wait()
        store.clear_up_after(child.pid, store.folder())


def _local(count: int):
    """A cluster of as many workers as cores, inside this process: what samples runs in processes of its own."""
    import dask
    from distributed import LocalCluster

    dask.config.set(WITHOUT_WATCHING)
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    _share_threads(count)
    return LocalCluster(n_workers=min(cores(), count), threads_per_worker=1, processes=False,
                        dashboard_address=ANY_PORT, silence_logs=logging.CRITICAL)  # fmt: skip


_share = {"threads": 1}


def _share_threads(jobs_left: int) -> None:
    """No more chains at once than cores, and no core idle when few jobs are left."""
    _share["threads"] = max(1, cores() // max(1, jobs_left))


def _threads() -> int:
    return _share["threads"]


def _said(errors: list[str], code: int) -> str:
    """The last line that a process has written, or how it ended."""
    lines = [line.strip() for line in errors if line.strip()]
    return lines[-1] if lines and code > 0 else f"its process ended with code {code}"


def _entries(fits: dict[str, str], folder: str) -> dict[str, dict[str, bytes]]:
    """The files of the entries of some fits, by kind, name and key."""
    os.environ["JINGJINJI_STORE"] = folder
    made = {}
    for name, key in fits.items():
        if store.exists(store.FINDINGS, name, key):
            draws = store.notes(store.FINDINGS, name, key)["draws"]
            made[f"{store.FINDINGS}|{name}|{key}"] = store.packed(store.FINDINGS, name, key)
            if draws:
                made[f"{store.DRAWS}|{name}|{draws}"] = store.packed(store.DRAWS, name, draws)
    return made
