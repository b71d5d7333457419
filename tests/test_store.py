"""Fits on disk: a round trip, kills at any moment, two processes at once, damage in every file."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
import xarray as xr

from jingjinji import store

NAME, KEY = "decline/toy", "0123456789abcdef0123456789abcdef"
CHAINS, DRAWS = 2, 50
WRITER = """
import sys
import numpy as np
import xarray as xr
from jingjinji import store

value, times, locked = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "locked"
tree = xr.DataTree.from_dict({"posterior": xr.Dataset({"a": (("chain", "draw"), np.full((2, 20000), value))})})
print("ready", flush=True)
sys.stdin.readline()
for _ in range(times):
    if locked:
        with store.lock("toy", "k"):
            store.write("toy", "k", tree, {"x": np.full((2, 20000), value)}, {"value": value})
    else:
        store.write("toy", "k", tree, {"x": np.full((2, 20000), value)}, {"value": value})
print("done", flush=True)
"""

KILLER = """
import json, os, signal
import numpy as np
import xarray as xr
from jingjinji import store

TREE = xr.DataTree.from_dict({"posterior": xr.Dataset({"a": (("chain", "draw"), np.ones((2, 2000)))})})
HOLDERS = {"to_netcdf": xr.DataTree, "savez_compressed": store.np, "write_text": store.Path, "_flush": store}

def write(run):
    store.write("toy", "k", TREE, {"x": np.ones((2, 2000))}, {"run": run})

def die_after(holder, name, count):
    function, calls = getattr(holder, name), []
    def counted(*args, **kwargs):
        calls.append(1)
        result = function(*args, **kwargs)
        if len(calls) == count:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    setattr(holder, name, counted)

def killed(step):
    child = os.fork()
    if not child:
        name, _, count = step.partition(" ")
        die_after(HOLDERS.get(name, store.Path), name, int(count or 1))
        write(2)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def state():
    stored = store.exists("toy", "k")
    return (store.notes("toy", "k")["run"], store.damage("toy", "k")) if stored else (None, None)

found = {}
for step in (*HOLDERS, "rename 1", "rename 2"):
    for before in ("fit", "nothing"):
        store.discard("toy", "k")
        if before == "fit":
            write(1)
        code = killed(step)
        run, damage = state()
        write(3)
        found[f"{step}, {before}"] = {"exit": code, "run": run, "damage": damage, "again": state()}
print(json.dumps(found))
"""


def tree(value: float = 1.0) -> xr.DataTree:
    draws = np.random.default_rng(1).normal(value, 1, (CHAINS, DRAWS, 3))
    parameters = xr.Dataset({"level": (("chain", "draw", "city"), draws)}, coords={"city": ["北京", "天津", "保定"]})
    stats = xr.Dataset({"diverging": (("chain", "draw"), np.zeros((CHAINS, DRAWS), dtype=bool))})
    return xr.DataTree.from_dict({"posterior": parameters, "sample_stats": stats})


FINDINGS = {"pm25.x": np.arange(100.0).reshape(2, 50), "pm25.exact@toy": np.array([[1 / 3]])}
NOTES = {"checks": [{"name": "R-hat", "value": 1.0}], "seconds": 1.5, "label": "µg/m³ − ok"}


@pytest.fixture(autouse=True)
def cache(empty_cache):
    return empty_cache


@pytest.fixture
def stored():
    return store.write(NAME, KEY, tree(), FINDINGS, NOTES)


def writer(value: float, times: int = 1, locked: str = "locked") -> subprocess.Popen:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", WRITER, str(value), str(times), locked], text=True, **pipes)


def started(process: subprocess.Popen) -> None:
    assert process.stdout.readline() == "ready\n"


def go(process: subprocess.Popen) -> None:
    process.stdin.write("\n")
    process.stdin.flush()


def visible() -> list[str]:
    return sorted(path.name for path in store.folder().iterdir() if not path.name.startswith("."))


def test_round_trip(stored):
    assert store.exists(NAME, KEY)
    assert store.damage(NAME, KEY) is None
    xr.testing.assert_identical(store.draws(NAME, KEY), tree())
    assert store.notes(NAME, KEY) == NOTES
    found = store.findings(NAME, KEY)
    assert found.keys() == FINDINGS.keys()
    for id, draws in FINDINGS.items():
        np.testing.assert_array_equal(found[id], draws)


def test_only_the_fit_is_left_in_the_folder(stored):
    assert [path.name for path in store.folder().iterdir()] == [stored.name]
    assert sorted(path.name for path in stored.iterdir()) == sorted([store.DRAWS, store.FINDINGS, store.MANIFEST])


def test_nothing_stored_is_no_fit():
    assert not store.exists(NAME, KEY)
    with pytest.raises(KeyError):
        store.damage(NAME, KEY)


def test_name_and_key_both_count(stored):
    assert not store.exists("decline", KEY)
    assert not store.exists(NAME, KEY[::-1])
    store.write("decline", KEY, tree(2), {}, {})
    assert store.notes(NAME, KEY) == NOTES
    assert store.notes("decline", KEY) == {}


def test_a_fit_replaces_the_one_before(stored):
    store.write(NAME, KEY, tree(5), {"pm25.x": np.ones((2, 3))}, {"new": True})
    xr.testing.assert_identical(store.draws(NAME, KEY), tree(5))
    assert store.notes(NAME, KEY) == {"new": True}
    assert visible() == [stored.name]


@pytest.mark.parametrize("file", [store.DRAWS, store.FINDINGS, store.MANIFEST])
@pytest.mark.parametrize("where", [0.0, 0.3, 0.6, 0.99])
def test_a_damaged_byte_is_noticed_and_its_file_named(stored, file, where):
    path = stored / file
    content = bytearray(path.read_bytes())
    content[int(where * len(content))] ^= 1
    path.write_bytes(content)
    assert str(path) in store.damage(NAME, KEY)


@pytest.mark.parametrize("file", [store.DRAWS, store.FINDINGS, store.MANIFEST])
@pytest.mark.parametrize("how", ["gone", "empty", "truncated", "longer"])
def test_a_file_that_is_not_whole_is_noticed(stored, file, how):
    path = stored / file
    content = path.read_bytes()
    path.unlink()
    if how != "gone":
        path.write_bytes({"empty": b"", "truncated": content[:-1], "longer": content + b"x"}[how])
    assert str(path) in store.damage(NAME, KEY)


def test_a_manifest_that_is_sound_json_but_changed_is_noticed(stored):
    outer = json.loads((stored / store.MANIFEST).read_text("utf-8"))
    (stored / store.MANIFEST).write_text(json.dumps({**outer, "manifest": outer["manifest"].replace("1.5", "9.5")}))
    assert store.MANIFEST in store.damage(NAME, KEY)


def test_notes_with_nan_are_refused_and_nothing_is_stored():
    with pytest.raises(ValueError, match="JSON"):
        store.write(NAME, KEY, tree(), FINDINGS, {"value": float("nan")})
    assert list(store.folder().iterdir()) == []


def test_discard(stored):
    store.discard(NAME, KEY)
    store.discard(NAME, KEY)
    assert list(store.folder().iterdir()) == []


def test_prune_keeps_what_it_is_told_and_locks(stored):
    other = store.write("decline", KEY, tree(), {}, {})
    with store.lock(NAME, KEY):
        assert store.prune({stored}) == [other]
    assert visible() == [stored.name]
    assert store.damage(NAME, KEY) is None


def test_leftovers_of_killed_runs_do_not_disturb(stored):
    for name in (".aside-1-x", ".gone-x"):
        (store.folder() / name).mkdir()
        (store.folder() / name / store.DRAWS).write_bytes(b"half")
    assert store.damage(NAME, KEY) is None
    assert store.prune({stored}) == []
    assert store.draws(NAME, KEY)["posterior"].sizes["city"] == 3


def test_reading_holds_no_file_open(stored):
    store.draws(NAME, KEY)
    store.findings(NAME, KEY)
    assert not [path for path in psutil.Process().open_files() if str(stored) in path.path]


@pytest.fixture(scope="module")
def killed(tmp_path_factory) -> dict[str, dict]:
    """What `KILLER` found, by step and by whether there was a fit before."""
    environment = os.environ | {"JINGJINJI_CACHE": str(tmp_path_factory.mktemp("killed"))}
    result = subprocess.run([sys.executable, "-c", KILLER], env=environment, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.parametrize("step", ["to_netcdf", "savez_compressed", "write_text", "_flush", "rename 1", "rename 2"])
@pytest.mark.parametrize("before", ["fit", "nothing"])
def test_a_kill_at_each_step_leaves_nothing_or_a_sound_fit(killed, step, before):
    found = killed[f"{step}, {before}"]
    if (step, before) == ("rename 1", "nothing"):
        assert found["exit"] == 0  # there was nothing to move out of the way
        assert (found["run"], found["damage"]) == (2, None)
        return
    assert found["exit"] == -signal.SIGKILL
    runs = {"rename 1": None, "rename 2": 2}
    assert found["run"] == runs.get(step, 1 if before == "fit" else None)
    assert found["damage"] is None
    assert found["again"] == [3, None]


def test_kills_at_many_moments_leave_nothing_or_a_sound_fit():
    """SIGKILL from outside, at moments spread over the writing."""
    for wait in np.linspace(0, 0.04, 5):
        process = writer(1.0, times=10_000)
        started(process)
        go(process)
        while not store.exists("toy", "k"):
            assert process.poll() is None
        time.sleep(wait)
        process.kill()
        process.communicate()
        assert visible() in ([], ["toy-k"])
        if store.exists("toy", "k"):
            assert store.damage("toy", "k") is None
            assert store.findings("toy", "k")["x"].shape == (2, 20000)
            assert float(store.draws("toy", "k")["posterior"]["a"].max()) == 1
    with store.lock("toy", "k").acquire(timeout=1):
        store.write("toy", "k", tree(), {}, {})
    assert store.damage("toy", "k") is None


@pytest.mark.parametrize("locked", ["locked", "free"])
def test_two_processes_that_write_the_same_fit(locked):
    writers = [writer(value, 40, locked) for value in (1.0, 2.0)]
    for process in writers:
        started(process)
    for process in writers:
        go(process)
    ends = [process.communicate(timeout=60) for process in writers]
    assert [(process.returncode, err) for process, (_, err) in zip(writers, ends, strict=True)] == [(0, "")] * 2
    assert store.damage("toy", "k") is None
    value = store.notes("toy", "k")["value"]
    assert value in (1.0, 2.0)
    assert np.unique(store.findings("toy", "k")["x"]) == [value]
    assert np.unique(store.draws("toy", "k")["posterior"]["a"]) == [value]
    assert visible() == [store.place("toy", "k").name]
    assert not [path for path in store.folder().iterdir() if path.name.startswith((".aside", ".gone"))]


def test_a_lock_is_held_by_one():
    from filelock import Timeout

    with store.lock(NAME, KEY), pytest.raises(Timeout):
        store.lock(NAME, KEY).acquire(timeout=0.05)
    with store.lock(NAME, KEY).acquire(timeout=0.05), store.lock("decline", KEY).acquire(timeout=0.05):
        pass


def test_prune_clears_what_killed_runs_left_long_ago(stored):
    old, fresh = (store.folder() / name for name in (".aside-1-old", ".gone-fresh"))
    for path in (old, fresh):
        path.mkdir()
    os.utime(old, (0, 0))
    store.prune({stored})
    assert not old.exists()
    assert fresh.exists()
