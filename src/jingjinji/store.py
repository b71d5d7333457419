"""Fits on disk, by content: one folder a fit, written aside and then renamed, with a checksum of every file."""

import contextlib
import hashlib
import json
import os
import shutil
import time
import uuid
from pathlib import Path

import numpy as np
import xarray as xr
from filelock import FileLock

import jingjinji

DRAWS, FINDINGS, MANIFEST = "draws.nc", "findings.npz", "manifest.json"
DAY = 24 * 60 * 60


def folder() -> Path:
    return jingjinji.CACHE / "fits"


def place(name: str, key: str) -> Path:
    """Where a fit of that name and key is kept."""
    return folder() / f"{name.replace('/', '~')}-{key[:20]}"


def lock(name: str, key: str) -> FileLock:
    """Held while a fit is sampled, so that two processes do not sample the same fit; any thread may release it."""
    folder().mkdir(parents=True, exist_ok=True)
    return FileLock(folder() / f".{place(name, key).name}.lock", thread_local=False)


def write(name: str, key: str, draws: xr.DataTree, findings: dict[str, np.ndarray], notes: dict) -> Path:
    """Store a fit: draws (DataTree), findings (id -> array (chain, draw)) and notes (JSON: diagnostics, labels, ...).

    Everything is written into a folder beside and renamed in one step: a kill at any moment leaves either the old
    state or the new one.
    """
    target = place(name, key)
    aside = folder() / f".aside-{os.getpid()}-{uuid.uuid4().hex}"
    aside.mkdir(parents=True)
    try:
        draws.to_netcdf(aside / DRAWS)
        np.savez_compressed(aside / FINDINGS, **findings)
        sums = {file: _sha256(aside / file) for file in (DRAWS, FINDINGS)}
        manifest = {"name": name, "key": key, "sha256": sums, "notes": notes}
        text = json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False)
        (aside / MANIFEST).write_text(json.dumps({"sha256": _sha256_text(text), "manifest": text}), encoding="utf-8")
        for file in (DRAWS, FINDINGS, MANIFEST):
            _flush(aside / file)
        _put(aside, target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return target


def damage(name: str, key: str) -> str | None:
    """What is wrong with a stored fit, in words; None for a sound one; raises KeyError where there is none."""
    target = place(name, key)
    if not target.exists():
        raise KeyError(name)
    try:
        manifest = _manifest(target)
    except (OSError, ValueError, KeyError) as error:
        return f"{target / MANIFEST} cannot be read ({type(error).__name__})"
    for file, expected in manifest["sha256"].items():
        if not (target / file).is_file() or _sha256(target / file) != expected:
            return f"{target / file} does not match its checksum"
    return None


def exists(name: str, key: str) -> bool:
    return place(name, key).exists()


def notes(name: str, key: str) -> dict:
    """Diagnostics and labels of a stored fit, without reading its draws."""
    return _manifest(place(name, key))["notes"]


def findings(name: str, key: str) -> dict[str, np.ndarray]:
    """Draws of the findings of a stored fit: id -> array (chain, draw)."""
    with np.load(place(name, key) / FINDINGS) as arrays:
        return dict(arrays)


def draws(name: str, key: str) -> xr.DataTree:
    """Everything that was sampled."""
    with xr.open_datatree(place(name, key) / DRAWS) as tree:
        return tree.load()


def discard(name: str, key: str) -> None:
    """Remove a stored fit, so that it is made again."""
    _remove(place(name, key))


def prune(keep: set[Path]) -> list[Path]:
    """Remove stored fits that are not in `keep`, and what killed runs left a day ago; returns the fits removed."""
    for leftover in (*folder().glob(".aside-*"), *folder().glob(".gone-*")):
        if time.time() - leftover.stat().st_mtime > DAY:
            shutil.rmtree(leftover, ignore_errors=True)
    old = [path for path in folder().glob("[!.]*") if path.is_dir() and path not in keep]
    for path in old:
        _remove(path)
    return old


def _manifest(target: Path) -> dict:
    outer = json.loads((target / MANIFEST).read_text(encoding="utf-8"))
    if _sha256_text(outer["manifest"]) != outer["sha256"]:
        raise ValueError("checksum")
    return json.loads(outer["manifest"])


def _put(aside: Path, target: Path) -> None:
    """Rename into place; again where another process has just put its own fit there."""
    while True:
        _remove(target)
        try:
            aside.rename(target)
            return
        except OSError:
            if not target.exists():
                raise


def _remove(target: Path) -> None:
    """Rename first: a half-removed folder is never seen under a fit's name."""
    gone = target.with_name(f".gone-{uuid.uuid4().hex}")
    with contextlib.suppress(FileNotFoundError):
        target.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sha256_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
