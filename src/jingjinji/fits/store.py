"""Draws and findings on disk, by key: one folder an entry, written aside and then renamed, each file with a checksum.

Draws are kept by what decides them (`keys`), findings by that and by the code and tables that say them. Environment
variable JINGJINJI_STORE names a folder that several copies of the book share. What a wheel carries is read where the
store has no entry of that key, and never written.
"""

import contextlib
import errno
import hashlib
import json
import os
import platform
import shutil
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr
from filelock import FileLock

import jingjinji
from jingjinji.core.findings import Finding

DRAWS, FINDINGS = "draws", "findings"
FILES = {DRAWS: "draws.nc", FINDINGS: "findings.npz"}
MANIFEST = "manifest.json"
DAY = 24 * 60 * 60
LEAST_ROOM = 1 << 26
"""Bytes that a disk must still take for what could not be written not to be put down to want of room."""
BETWEEN = 10
"""How often an entry is looked for that another process may be replacing."""


def folder() -> Path:
    """Where fits are kept; a relative JINGJINJI_STORE counts from the project, wherever a process runs."""
    return (jingjinji.PROJECT / (os.environ.get("JINGJINJI_STORE") or jingjinji.CACHE / "fits")).resolve()


def shared() -> bool:
    """True where the store is named by JINGJINJI_STORE, so that other copies of the book may use it."""
    return bool(os.environ.get("JINGJINJI_STORE"))


def place(kind: str, name: str, key: str) -> Path:
    """Where the entry of that kind (`DRAWS`, `FINDINGS`), name of a fit and key is kept."""
    return folder() / kind / f"{name.replace('/', '~')}-{key[:20]}"


def _found(kind: str, name: str, key: str) -> Path:
    """Where an entry is read: in the store or, where that has none, in what a wheel carries."""
    here = place(kind, name, key)
    there = jingjinji.CARRIED / "fits" / kind / here.name
    return there if not here.exists() and there.exists() else here


def lock(name: str, key: str) -> FileLock:
    """Held while a fit is made, so that two processes do not sample the same fit."""
    folder().mkdir(parents=True, exist_ok=True)
    return FileLock(folder() / f".{name.replace('/', '~')}-{key[:20]}.lock")


def write_draws(name: str, key: str, draws: xr.DataTree, notes: dict) -> Path:
    """Store draws with notes (JSON); see `_write`."""
    return _write(DRAWS, name, key, draws.to_netcdf, notes)


def write_findings(name: str, key: str, findings: dict[str, np.ndarray], notes: dict) -> Path:
    """Store findings (id -> array (chain, draw), `as_kept`) with notes (JSON); see `_write`."""
    kept = {id: as_kept(values) for id, values in findings.items()}
    return _write(FINDINGS, name, key, lambda path: np.savez(path, **kept), notes)


def as_kept(values: np.ndarray) -> np.ndarray:
    """Draws of a finding as they are stored: 32-bit numbers, but for single ones."""
    return values if values.size == 1 else values.astype("float32")


def as_stored(made: Iterable[Finding]) -> tuple[dict[str, np.ndarray], dict[str, dict]]:
    """Draws of findings as they are stored, and the statistics of just those; each by id."""
    kept = {finding.id: replace(finding, draws=as_kept(finding.draws)) for finding in made}
    return {id: finding.draws for id, finding in kept.items()}, {id: kept[id].statistics() for id in kept}


def _write(kind: str, name: str, key: str, save: Callable[[Path], object], notes: dict) -> Path:
    """Write an entry into a folder beside and rename it: a kill leaves the old state or the new.

    Where there was one, two renames follow each other, and a kill just between them leaves no entry, which is made
    again.
    """
    target, file = place(kind, name, key), FILES[kind]
    aside = _beside("aside")
    aside.mkdir(parents=True)
    target.parent.mkdir(exist_ok=True)
    try:
        _save(save, aside / file)
        manifest = {"name": name, "key": key, "sha256": {file: _sha256(aside / file)}, "notes": notes}
        text = json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False)
        (aside / MANIFEST).write_text(json.dumps({"sha256": _sha256_text(text), "manifest": text}), encoding="utf-8")
        for written in (file, MANIFEST):
            _flush(aside / written)
        _put(aside, target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return target


def _save(save: Callable[[Path], object], file: Path) -> None:
    """Write a file; the library of draws calls a full disk an error of its own, so the disk itself is asked."""
    try:
        save(file)
    except RuntimeError:
        file.write_bytes(bytes(LEAST_ROOM))
        _flush(file)
        raise


def damage(kind: str, name: str, key: str) -> str | None:
    """What is wrong with an entry, in words; None for a sound one; raises KeyError where there is none."""
    target = _found(kind, name, key)
    if not target.exists():
        raise KeyError(name)
    try:
        manifest = _manifest(target)
        expected, of = manifest["sha256"][FILES[kind]], (manifest["name"], manifest["key"])
        dict(manifest["notes"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return f"{target / MANIFEST} cannot be read ({type(error).__name__})"
    if of != (name, key):
        return f"{target} holds what is kept of fit '{of[0]}' of another key"
    file = target / FILES[kind]
    if not file.is_file() or _sha256(file) != expected:
        return f"{file} does not match its checksum"
    return None


def sound(kind: str, name: str, key: str) -> bool:
    """True where there is an entry and nothing is wrong with it."""
    try:
        return damage(kind, name, key) is None
    except KeyError:
        return False


def exists(kind: str, name: str, key: str) -> bool:
    return _found(kind, name, key).exists()


def notes(kind: str, name: str, key: str) -> dict:
    """The notes of an entry, without reading its arrays."""
    return _manifest(_found(kind, name, key))["notes"]


def findings(name: str, key: str) -> dict[str, np.ndarray]:
    """Draws of the findings of a fit: id -> array (chain, draw)."""
    with _there(lambda: np.load(_found(FINDINGS, name, key) / FILES[FINDINGS])) as arrays:
        return dict(arrays)


def draws(name: str, key: str) -> xr.DataTree:
    """Everything that was drawn, as stored."""
    with xr.open_datatree(_found(DRAWS, name, key) / FILES[DRAWS]) as tree:
        return tree.load()


def latest_notes(kind: str, name: str) -> dict | None:
    """The notes of the entry of that fit that was written last, whatever its key; None where there is none."""
    begin = f"{name.replace('/', '~')}-"
    found = [path for path in (folder() / kind).glob(f"{begin}*") if len(path.name) == len(begin) + 20]
    for path in sorted(found, key=_written, reverse=True):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            return _manifest(path)["notes"]
    return None


def packed(kind: str, name: str, key: str) -> dict[str, bytes]:
    """The files of an entry, to be sent to another machine."""
    return {path.name: path.read_bytes() for path in _found(kind, name, key).iterdir()}


def unpack(kind: str, name: str, key: str, files: dict[str, bytes]) -> None:
    """Put an entry that another machine has sent, in one step."""
    target, aside = place(kind, name, key), _beside("aside")
    aside.mkdir(parents=True)
    target.parent.mkdir(exist_ok=True)
    try:
        for file, content in files.items():
            (aside / file).write_bytes(content)
            _flush(aside / file)
        _put(aside, target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def discard(kind: str, name: str, key: str) -> None:
    """Remove an entry, so that it is made again."""
    _remove(place(kind, name, key))


def clear_up_after(pid: int, where: Path) -> None:
    """Remove what a process of this machine, killed while it wrote into a store, has left beside the entries."""
    for leftover in where.glob(f".*-{platform.node()}-{pid}-*"):
        shutil.rmtree(leftover, ignore_errors=True)


def prune(keep: set[Path]) -> list[Path]:
    """Remove entries that are not in `keep`, and what killed runs left a day ago; returns the entries removed."""
    for leftover in folder().glob(".*"):
        if time.time() - _written(leftover) > DAY:
            shutil.rmtree(leftover, ignore_errors=True) if leftover.is_dir() else leftover.unlink(missing_ok=True)
    old = [path for kind in FILES for path in (folder() / kind).glob("[!.]*") if path not in keep]
    for path in old:
        _remove(path)
    return old


def _beside(what: str) -> Path:
    """A folder of this process's own for an entry that is not in its place yet, or no more."""
    return folder() / f".{what}-{platform.node()}-{os.getpid()}-{uuid.uuid4().hex}"


def _manifest(target: Path) -> dict:
    outer = json.loads(_there(lambda: (target / MANIFEST).read_text(encoding="utf-8")))
    if _sha256_text(outer["manifest"]) != outer["sha256"]:
        raise ValueError("checksum")
    return json.loads(outer["manifest"])


def _there[T](read: Callable[[], T]) -> T:
    """What `read` reads of an entry; read again where another process is just putting another entry in its place."""
    for _ in range(BETWEEN):
        with contextlib.suppress(FileNotFoundError):
            return read()
        time.sleep(0.01)
    return read()


def _written(path: Path) -> float:
    """When an entry was written; long ago where another process has just removed it."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _put(aside: Path, target: Path) -> None:
    """Rename into place; again where another process has just put its own entry there."""
    gone = []
    try:
        while True:
            try:
                aside.rename(target)
                return
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                    raise
            gone.append(_set_aside(target))
    finally:
        for folder in gone:
            shutil.rmtree(folder, ignore_errors=True)


def _remove(target: Path) -> None:
    """Rename first: a half-removed folder is never seen under an entry's name."""
    shutil.rmtree(_set_aside(target), ignore_errors=True)


def _set_aside(target: Path) -> Path:
    gone = _beside("gone")
    with contextlib.suppress(FileNotFoundError):
        target.rename(gone)
    return gone


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sha256_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
