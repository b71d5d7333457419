"""Fits that a wheel carries, so that a notebook runs where nothing was sampled: those that the site shows.

In a wheel code and tables cannot part from the fits that came with them, and each fit is known by a hash of both.
Versions of packages decide how a fit is made and not what is read, so they are no part of that hash.
"""

import json
import shutil
from functools import cache
from pathlib import Path

import jingjinji
from jingjinji.fits import store

LIST = "fits.json"


@cache
def _listed(folder: Path) -> dict[str, dict[str, str]]:
    """Name of a fit -> the hash of its code and tables, and the key of its findings."""
    file = folder / LIST
    return json.loads(file.read_text("utf-8")) if file.exists() else {}


def key(name: str, content: str) -> str | None:
    """The key under which findings of a fit were carried; None where none were, or of other code and tables."""
    entry = _listed(jingjinji.CARRIED / "fits").get(name)
    return entry["key"] if entry and entry["content"] == content else None


def pack(folder: Path, fits: dict[str, tuple[str, str]], with_draws: set[str]) -> None:
    """Put stored fits into a folder for a wheel: findings of all of them, and draws of some.

    fits : name -> hash of code and tables, and key of the findings, which are stored.
    """
    folder.mkdir(parents=True, exist_ok=True)
    listed = {}
    for name, (content, key) in fits.items():
        listed[name] = {"content": content, "key": key}
        _copy(store.FINDINGS, name, key, folder)
        draws = store.notes(store.FINDINGS, name, key).get("draws")
        if name in with_draws and draws:
            _copy(store.DRAWS, name, draws, folder)
    (folder / LIST).write_text(json.dumps(listed, indent=1), encoding="utf-8")


def _copy(kind: str, name: str, key: str, folder: Path) -> None:
    entry = store.place(kind, name, key)
    shutil.copytree(entry, folder / kind / entry.name)
