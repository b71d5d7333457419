"""Draws and findings on disk: a round trip, kills at any moment, two processes at once, damage in every file."""

import json
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import psutil
import pytest
import xarray as xr

from jingjinji.core.errors import BookError
from jingjinji.fits import cluster, store

NAME, KEY = "decline/quick", "0123456789abcdef0123456789abcdef"
CHAINS, DRAWS = 2, 50
KINDS = (store.DRAWS, store.FINDINGS)
DRIVER = """
import json, os, signal, sys, time
import numpy as np
import xarray as xr
from jingjinji.fits import store

KINDS, SIZE = (store.DRAWS, store.FINDINGS), 5000
HOLDERS = {"to_netcdf": xr.DataTree, "savez": store.np, "write_text": store.Path, "_flush": store}
SAVES = {store.DRAWS: "to_netcdf", store.FINDINGS: "savez"}

def tree(value):
    return xr.DataTree.from_dict({"posterior": xr.Dataset({"a": (("chain", "draw"), np.full((2, SIZE), value))})})

def write(kind, run, key="k"):
    if kind == store.DRAWS:
        store.write_draws("toy", key, tree(float(run)), {"run": run})
    else:
        store.write_findings("toy", key, {"x": np.full((2, SIZE), float(run))}, {"run": run})

def die_after(holder, name, count):
    function, calls = getattr(holder, name), []
    def counted(*args, **kwargs):
        calls.append(1)
        result = function(*args, **kwargs)
        if len(calls) == count:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    setattr(holder, name, counted)

def forked(work):
    child = os.fork()
    if not child:
        try:
            work()
            os._exit(0)
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(1)
    return child

def ended(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def killed(kind, step):
    def work():
        name, _, count = step.partition(" ")
        die_after(HOLDERS.get(name, store.Path), name, int(count or 1))
        write(kind, 2)
    return ended(forked(work))

def values(kind):
    drawn = store.draws("toy", "k")["posterior"]["a"] if kind == store.DRAWS else store.findings("toy", "k")["x"]
    return np.unique(drawn).tolist()

def state(kind):
    if not store.exists(kind, "toy", "k"):
        return None
    return [store.notes(kind, "toy", "k")["run"], store.damage(kind, "toy", "k"), values(kind)]

def steps():
    found = {}
    for kind in KINDS:
        for step in (SAVES[kind], "write_text", "_flush", "rename 1", "rename 2", "rename 3"):
            for before in ("entry", "nothing"):
                store.discard(kind, "toy", "k")
                if before == "entry":
                    write(kind, 1)
                code, after = killed(kind, step), state(kind)
                write(kind, 3)
                found[f"{kind}, {step}, {before}"] = {"exit": code, "after": after, "again": state(kind)}
    return found

def forever(kind):
    while True:
        write(kind, 1)

def moments():
    found = []
    for number, wait in enumerate(np.linspace(0, 0.03, 12)):
        kind = KINDS[number % 2]
        store.discard(kind, "toy", "k")
        child = forked(lambda: forever(kind))
        while not store.exists(kind, "toy", "k"):
            time.sleep(0.0005)
        time.sleep(wait)
        os.kill(child, signal.SIGKILL)
        found.append([ended(child), state(kind)])
    for kind in KINDS:
        with store.lock("toy", "k").acquire(timeout=1):
            write(kind, 3)
        found.append(state(kind))
    return found

def race(locked):
    def work(kind, run):
        for _ in range(15):
            if locked:
                with store.lock("toy", "k"):
                    write(kind, run)
            elif run == 2:
                store.unpack(kind, "toy", "k", sent[kind])
            else:
                write(kind, run)
    sent = {}
    for kind in KINDS:
        write(kind, 2)
        sent[kind] = store.packed(kind, "toy", "k")
    found = {}
    for kind in KINDS:
        children = [forked(lambda: work(kind, run)) for run in (1, 2)]
        found[kind] = [[ended(child) for child in children], state(kind)]
    return found

def read_beside():
    found = {}
    for kind in KINDS:
        write(kind, 1)
        child, read = forked(lambda: [write(kind, 1) for _ in range(100)]), 0
        while not os.waitpid(child, os.WNOHANG)[0]:
            assert store.notes(kind, "toy", "k") == {"run": 1}
            read += 1
        found[kind] = read
    return found

found = {"steps": steps(), "moments": moments(), "read": read_beside()}
store.prune(set())
for path in (*store.folder().glob(".aside-*"), *store.folder().glob(".gone-*")):
    store.shutil.rmtree(path)
found |= {"locked": race(True), "free": race(False)}
found["left"] = sorted(str(path.relative_to(store.folder())) for path in store.folder().glob("*/*"))
found["hidden"] = sorted(path.name for path in store.folder().glob(".*"))
print(json.dumps(found))
"""


def tree(value: float = 1.0) -> xr.DataTree:
    draws = np.random.default_rng(1).normal(value, 1, (CHAINS, DRAWS, 3)).astype("float32")
    parameters = xr.Dataset({"level": (("chain", "draw", "city"), draws)}, coords={"city": ["北京", "天津", "保定"]})
    stats = xr.Dataset({"diverging": (("chain", "draw"), np.zeros((CHAINS, DRAWS), dtype=bool))})
    return xr.DataTree.from_dict({"posterior": parameters, "sample_stats": stats})


FINDINGS = {"pm25.x": np.arange(100.0).reshape(2, 50), "pm25.exact@quick": np.array([[1 / 3]])}
NOTES = {"checks": [{"name": "R-hat", "value": 1.0}], "seconds": 1.5, "label": "µg/m³ − ok"}


@pytest.fixture(autouse=True)
def cache(empty_cache, monkeypatch):
    monkeypatch.delenv("JINGJINJI_STORE", raising=False)
    return empty_cache


def write(kind: str, name: str = NAME, value: float = 1.0, notes: dict = NOTES, key: str = KEY):
    if kind == store.DRAWS:
        return store.write_draws(name, key, tree(value), notes)
    return store.write_findings(name, key, {id: value * draws for id, draws in FINDINGS.items()}, notes)


@pytest.fixture(params=KINDS)
def kind(request) -> str:
    return request.param


@pytest.fixture
def stored(kind):
    return write(kind)


def entries() -> list[str]:
    """What lies in the store, without locks."""
    paths = [path for path in store.folder().rglob("*") if path.is_dir() and path.name not in KINDS]
    return sorted(str(path.relative_to(store.folder())) for path in paths)


def test_round_trip():
    write(store.DRAWS)
    write(store.FINDINGS)
    assert all(store.sound(kind, NAME, KEY) and store.notes(kind, NAME, KEY) == NOTES for kind in KINDS)
    xr.testing.assert_identical(store.draws(NAME, KEY), tree())
    found = store.findings(NAME, KEY)
    assert found.keys() == FINDINGS.keys()
    for id, draws in FINDINGS.items():
        np.testing.assert_array_equal(found[id], draws)
    assert [found[id].dtype for id in FINDINGS] == ["float32", "float64"]


def test_only_the_entry_is_left_in_the_folder(kind, stored):
    assert entries() == [f"{kind}/{stored.name}"]
    assert [path for path in store.folder().iterdir() if path.is_file()] == []
    assert sorted(path.name for path in stored.iterdir()) == sorted([store.FILES[kind], store.MANIFEST])


def test_nothing_stored_is_no_entry(kind):
    assert not store.exists(kind, NAME, KEY)
    assert not store.sound(kind, NAME, KEY)
    assert store.latest_notes(kind, NAME) is None
    with pytest.raises(KeyError):
        store.damage(kind, NAME, KEY)


def test_kind_name_and_key_all_count(kind, stored):
    (other,) = set(KINDS) - {kind}
    assert not store.exists(other, NAME, KEY)
    assert not store.exists(kind, "decline", KEY)
    assert not store.exists(kind, NAME, KEY[::-1])
    write(kind, "decline", 2, {})
    assert store.notes(kind, NAME, KEY) == NOTES
    assert store.notes(kind, "decline", KEY) == {}


def test_an_entry_replaces_the_one_before(kind, stored):
    write(kind, value=5, notes={"new": True})
    assert store.notes(kind, NAME, KEY) == {"new": True}
    if kind == store.DRAWS:
        xr.testing.assert_identical(store.draws(NAME, KEY), tree(5))
    else:
        np.testing.assert_array_equal(store.findings(NAME, KEY)["pm25.x"], 5 * FINDINGS["pm25.x"])
    assert entries() == [f"{kind}/{stored.name}"]


@pytest.mark.parametrize("manifest", [False, True])
@pytest.mark.parametrize("where", [0.0, 0.3, 0.6, 0.99])
def test_a_damaged_byte_is_noticed_and_its_file_named(kind, stored, manifest, where):
    path = stored / (store.MANIFEST if manifest else store.FILES[kind])
    content = bytearray(path.read_bytes())
    content[int(where * len(content))] ^= 1
    path.write_bytes(content)
    assert str(path) in store.damage(kind, NAME, KEY)
    assert not store.sound(kind, NAME, KEY)


@pytest.mark.parametrize("manifest", [False, True])
@pytest.mark.parametrize("how", ["gone", "empty", "truncated", "longer"])
def test_a_file_that_is_not_whole_is_noticed(kind, stored, manifest, how):
    path = stored / (store.MANIFEST if manifest else store.FILES[kind])
    content = path.read_bytes()
    path.unlink()
    if how != "gone":
        path.write_bytes({"empty": b"", "truncated": content[:-1], "longer": content + b"x"}[how])
    assert str(path) in store.damage(kind, NAME, KEY)


def test_a_manifest_that_is_sound_json_but_changed_is_noticed(kind, stored):
    outer = json.loads((stored / store.MANIFEST).read_text("utf-8"))
    (stored / store.MANIFEST).write_text(json.dumps({**outer, "manifest": outer["manifest"].replace("1.5", "9.5")}))
    assert store.MANIFEST in store.damage(kind, NAME, KEY)


@pytest.mark.parametrize(
    "nonsense",
    ["[]", "null", "3", '"text"', "{}", '{"manifest": 5, "sha256": 5}', '{"manifest": "[]"}', "\xff", "{"],
)
def test_a_manifest_of_nonsense_is_damage_and_not_an_error(kind, stored, nonsense):
    (stored / store.MANIFEST).write_bytes(nonsense.encode("latin-1"))
    assert store.MANIFEST in store.damage(kind, NAME, KEY)
    assert store.latest_notes(kind, NAME) is None
    write(kind)
    assert store.sound(kind, NAME, KEY)


@pytest.mark.parametrize("inner", ["[]", "null", "{}", '{"sha256": []}', '{"sha256": {}}'])
def test_a_manifest_of_nonsense_with_its_checksum_is_damage(kind, stored, inner):
    outer = {"manifest": inner, "sha256": store._sha256_text(inner)}
    (stored / store.MANIFEST).write_text(json.dumps(outer))
    assert store.MANIFEST in store.damage(kind, NAME, KEY)
    assert store.latest_notes(kind, NAME) is None


def test_an_entry_of_another_fit_or_key_in_this_place_is_damage(kind, stored):
    for name, key in ((NAME, "f" * 32), ("decline", KEY)):
        shutil.copytree(stored, store.place(kind, name, key))
        assert f"holds what is kept of fit '{NAME}' of another" in store.damage(kind, name, key)
    assert store.sound(kind, NAME, KEY)


@pytest.mark.parametrize("notes", ["[1]", "null", '"text"'])
def test_notes_that_are_none_are_damage(kind, stored, notes):
    outer = json.loads((stored / store.MANIFEST).read_text("utf-8"))
    inner = json.dumps({**json.loads(outer["manifest"]), "notes": json.loads(notes)})
    (stored / store.MANIFEST).write_text(json.dumps({"manifest": inner, "sha256": store._sha256_text(inner)}))
    assert "cannot be read" in store.damage(kind, NAME, KEY)


FULL = """
import resource, sys
import numpy as np
import xarray as xr
from jingjinji.core import writing
from jingjinji.fits import store

resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
made = {"a": (("chain", "draw"), np.random.default_rng(1).normal(size=(4, 5000)))}
write = {
    store.DRAWS: lambda: store.write_draws("toy", "k", xr.DataTree.from_dict({"posterior": xr.Dataset(made)}), {}),
    store.FINDINGS: lambda: store.write_findings("toy", "k", {"a": made["a"][1]}, {}),
}
try:
    write[sys.argv[1]]()
except OSError as error:
    print(writing.told(error))
"""


def test_a_disk_that_takes_no_more_is_told_as_such_and_leaves_nothing(kind, cache):
    """No file may be longer than 20 kB: what the library of draws makes of it is told as if the disk were full."""
    result = subprocess.run([sys.executable, "-c", FULL, kind], capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")
    assert "cannot be written (File too large): make room on its disk, and run the command again" in result.stdout
    assert not [path for path in store.folder().rglob("*") if path.is_file() or path.name.startswith(".")]


def test_a_file_in_the_place_of_an_entry_is_damage(kind):
    path = store.place(kind, NAME, KEY)
    path.parent.mkdir(parents=True)
    path.write_text("no folder")
    assert store.MANIFEST in store.damage(kind, NAME, KEY)
    write(kind)
    assert store.sound(kind, NAME, KEY)


def test_notes_with_nan_are_refused_and_nothing_is_stored(kind):
    with pytest.raises(ValueError, match="JSON"):
        write(kind, notes={"value": float("nan")})
    assert entries() == []


def test_discard(kind, stored):
    store.discard(kind, NAME, KEY)
    store.discard(kind, NAME, KEY)
    assert entries() == []


def test_prune_keeps_what_it_is_told_and_locks(kind, stored):
    others = {write(store.DRAWS, "decline"), write(store.FINDINGS, "decline")}
    with store.lock(NAME, KEY):
        assert set(store.prune({stored})) == others
    assert entries() == [f"{kind}/{stored.name}"]
    assert store.sound(kind, NAME, KEY)


def test_leftovers_of_killed_runs_do_not_disturb(kind, stored):
    for name in (".aside-1-x", ".gone-x"):
        (store.folder() / name).mkdir()
        (store.folder() / name / store.FILES[kind]).write_bytes(b"half")
    assert store.sound(kind, NAME, KEY)
    assert store.prune({stored}) == []
    assert store.sound(kind, NAME, KEY)


def test_reading_holds_no_file_open():
    places = [str(write(kind)) for kind in KINDS]
    store.draws(NAME, KEY)
    store.findings(NAME, KEY)
    assert not [path for path in psutil.Process().open_files() if path.path.startswith(tuple(places))]


def test_latest_notes_are_those_written_last_whatever_the_key(kind):
    for number, letter in enumerate("cab"):
        path = write(kind, notes={"run": number}, key=letter * 32)
        os.utime(path, (number, number))
    for other in ("decline", "decline/quick-bends", "decline/quick-"):
        write(kind, other, notes={"run": other})
    assert store.latest_notes(kind, NAME) == {"run": 2}
    (path / store.MANIFEST).write_text("[]")
    assert store.latest_notes(kind, NAME) == {"run": 1}


def test_an_entry_travels(kind, stored, tmp_path, monkeypatch):
    files = store.packed(kind, NAME, KEY)
    assert files.keys() == {store.FILES[kind], store.MANIFEST}
    monkeypatch.setenv("JINGJINJI_STORE", str(tmp_path / "elsewhere"))
    for _ in range(2):
        store.unpack(kind, NAME, KEY, files)
        assert store.sound(kind, NAME, KEY)
        assert store.notes(kind, NAME, KEY) == NOTES
        assert entries() == [f"{kind}/{stored.name}"]
    store.unpack(kind, NAME, KEY, files | {store.FILES[kind]: b"half"})
    assert store.FILES[kind] in store.damage(kind, NAME, KEY)


def test_a_disk_that_does_not_take_what_travels_is_said_in_one_sentence(kind, stored, tmp_path, monkeypatch):
    entries = {f"{kind}|{NAME}|{KEY}": store.packed(kind, NAME, KEY)}
    (tmp_path / "elsewhere").write_text("a file where the store's folder would be")
    monkeypatch.setenv("JINGJINJI_STORE", str(tmp_path / "elsewhere"))
    with pytest.raises(BookError, match=r"elsewhere does not take what workers have made \(.+\): make room, and run"):
        cluster._take(entries)


def test_a_store_of_that_name_is_shared_by_copies(cache, tmp_path, monkeypatch):
    import jingjinji

    assert (store.folder(), store.shared()) == ((cache / "fits").resolve(), False)
    monkeypatch.setenv("JINGJINJI_STORE", str(tmp_path / "named"))
    assert (store.folder(), store.shared()) == ((tmp_path / "named").resolve(), True)
    write(store.DRAWS)
    monkeypatch.setattr(jingjinji, "CACHE", tmp_path / "another copy")
    assert store.sound(store.DRAWS, NAME, KEY)
    monkeypatch.setenv("JINGJINJI_STORE", "")
    assert not store.exists(store.DRAWS, NAME, KEY)


@pytest.fixture(scope="module")
def driven(tmp_path_factory) -> dict:
    """What `DRIVER` found: writers that were killed, and writers of the same entry."""
    environment = os.environ | {"JINGJINJI_STORE": str(tmp_path_factory.mktemp("driven"))}
    result = subprocess.run([sys.executable, "-c", DRIVER], env=environment, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.parametrize("step", ["save", "write_text", "_flush", "rename 1", "rename 2", "rename 3"])
@pytest.mark.parametrize("before", ["entry", "nothing"])
def test_a_kill_at_each_step_leaves_nothing_or_a_sound_entry(driven, kind, step, before):
    save = {store.DRAWS: "to_netcdf", store.FINDINGS: "savez"}[kind]
    found = driven["steps"][f"{kind}, {save if step == 'save' else step}, {before}"]
    assert found["again"] == [3, None, [3.0]]
    new, old = [2, None, [2.0]], [1, None, [1.0]]
    # where there is an entry, a first rename does not succeed, the second moves it out of the way, the third ends it
    renames = {"rename 1": (0, new), "rename 2": (-signal.SIGKILL, None), "rename 3": (-signal.SIGKILL, new)}
    if before == "nothing":
        renames = {"rename 1": (-signal.SIGKILL, new), "rename 2": (0, new), "rename 3": (0, new)}
    expected = renames.get(step, (-signal.SIGKILL, old if before == "entry" else None))
    assert (found["exit"], found["after"]) == expected


def test_kills_at_many_moments_leave_nothing_or_a_sound_entry(driven):
    """SIGKILL from outside, at moments spread over the writing."""
    *kills, draws, findings = driven["moments"]
    assert len(kills) == 12
    for code, after in kills:
        assert code == -signal.SIGKILL
        assert after in (None, [1, None, [1.0]])
    assert draws == findings == [3, None, [3.0]]


def test_notes_are_read_while_another_process_replaces_the_entry(driven, kind):
    assert driven["read"][kind] > 100


@pytest.mark.parametrize("how", ["locked", "free"])
def test_two_processes_that_write_the_same_entry(driven, how, kind):
    codes, state = driven[how][kind]
    assert codes == [0, 0]
    assert state in ([1, None, [1.0]], [2, None, [2.0]])


def test_nothing_else_is_left_of_writers_that_end(driven):
    assert driven["left"] == ["draws/toy-k", "findings/toy-k"]
    assert driven["hidden"] in ([], [".toy-k.lock"])


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


def test_what_a_killed_process_was_writing_is_cleared_at_once_and_nothing_else(stored, monkeypatch):
    monkeypatch.setattr(os, "getpid", lambda: 12)
    other = store._beside("aside")
    monkeypatch.setattr(os, "getpid", lambda: 1)
    left = [store._beside("aside"), store._beside("gone")]
    for path in (other, *left):
        path.mkdir()
    store.clear_up_after(1, store.folder())
    assert other.exists()
    assert not any(path.exists() for path in left)
    assert stored.exists()
