"""What dask costs and gives: overhead a task, and the same fits on a real scheduler with one and with two workers."""

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from book import COMMAND, Place
from growth import in_own_process
from measure import Found, Part, Run, end

TASKS = 200
FITS = ("carbon", "heavy_days", "apec_donors", "storage")
"""Main fits of cheap topics, a job each: two that take longer and two that do not, so that two workers can share."""
SAMPLING_FROM = "fits are to be made"
WAIT = 60


def overhead(place: Place) -> Part:
    """Milliseconds a task of the local cluster, for tasks that do nothing."""
    found = in_own_process("overhead", TASKS)
    return Part({"overhead": Found(1000 * found["seconds"] / TASKS, f"{TASKS} tasks, {found['workers']} workers")})


def speedup(place: Place) -> Part:
    """The same fits from an empty store, by one worker and by two."""
    place.restore()
    place.run("make", "setup")
    one, two = (fits_seconds(place, workers) for workers in (1, 2))
    return Part({"speedup": Found(one / two, f"{one:.0f} s and {two:.0f} s for the fits {', '.join(FITS)}")})


def fits_seconds(place: Place, workers: int) -> float:
    """Seconds of the fits on a scheduler with so many workers, each with a chain at a time."""
    with tempfile.TemporaryDirectory() as store, scheduler(place, workers) as address:
        run = place.run(COMMAND, "fit", *FITS, DASK_SCHEDULER_ADDRESS=address, JINGJINJI_STORE=store)
    return since(run, SAMPLING_FROM)


def since(run: Run, words: str) -> float:
    """Seconds from the first line that has the words to the end; RuntimeError where there is none."""
    for second, text in run.lines:
        if words in text:
            return run.seconds - second
    raise RuntimeError(f"the command did not print '{words}'")


@contextmanager
def scheduler(place: Place, workers: int) -> Iterator[str]:
    """The address of a scheduler with so many workers of one thread; all of them end with the block."""
    from distributed import Client

    python = str(place.folder / ".venv/bin/python")
    with tempfile.TemporaryDirectory() as name:
        file = Path(name, "scheduler.json")
        options = ["--scheduler-file", str(file), "--no-dashboard"]
        head = [python, "-m", "distributed.cli.dask_scheduler", *options, "--port", "0", "--host", "127.0.0.1"]
        hand = [python, "-m", "distributed.cli.dask_worker", *options, "--nthreads", "1", "--no-nanny"]
        hand += ["--local-directory", name]
        quiet = {"cwd": place.folder, "env": place.environment, "stdout": subprocess.DEVNULL,
                 "stderr": subprocess.DEVNULL}  # fmt: skip
        started = [subprocess.Popen(head, **quiet)]
        try:
            address = address_in(file)
            started += [subprocess.Popen(hand, **quiet) for _ in range(workers)]
            with Client(address, timeout=WAIT) as client:
                client.wait_for_workers(workers, timeout=WAIT)
            yield address
        finally:
            for process in reversed(started):
                end(process)


def address_in(file: Path) -> str:
    """The address that a scheduler writes when it is ready."""
    until = time.monotonic() + WAIT
    while time.monotonic() < until:
        if file.exists():
            try:
                return json.loads(file.read_text("utf-8"))["address"]
            except ValueError:  # it is still writing
                pass
        time.sleep(0.1)
    raise RuntimeError(f"the scheduler was not ready after {WAIT} s")
