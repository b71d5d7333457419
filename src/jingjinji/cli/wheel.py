"""The package as the site offers it: code, tables and the fits that pages show, in one file that pip installs."""

import hashlib
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import jingjinji
from jingjinji.core import registry
from jingjinji.core.errors import BookError
from jingjinji.fits import carried, fitting, store
from jingjinji.sphinxext.travel import DOWNLOADS, WHEEL

MADE_OF = ("src", "data", "results", "benchmarks/gate_rates.json", "pyproject.toml", "hatch_build.py", "README.md")
"""What of the project is in the wheel, or decides what is."""
LOADS = re.compile(r"\bload_fit\(\s*(?P<open>f?)\"(?P<name>[^\"{]*)")
LOADS_ANY = re.compile(r"\bload_fit\((?!\s*f?\")")


def offer(site: Path) -> None:
    """Put the wheel among the downloads of a site, unless it is there and made of the same.

    A draft has none, nor has a region, whose pages need more than a package. Raises BookError where it cannot be built.
    """
    if fitting.draft() or registry.REGION or importlib.util.find_spec("hatchling") is None:
        return
    fits = stored()
    target, stamp = site / DOWNLOADS / WHEEL, site.parent / ".wheel.sha256"
    state = _state(fits)
    if target.exists() and stamp.exists() and stamp.read_text("utf-8") == state:
        return
    stamp.unlink(missing_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=site.parent) as folder:
        carried.pack(Path(folder, "fits"), fits, with_draws(_pages()))
        build(Path(folder), Path(folder, "fits"))
        Path(folder, WHEEL).replace(target)
    stamp.write_text(state, encoding="utf-8")


def build(folder: Path, fits: Path | None = None) -> Path:
    """Build the wheel into a folder, with the fits of another one if there are any; BookError where that fails."""
    carry = {"JINGJINJI_CARRY": str(fits)} if fits else {}
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    result = subprocess.run(command, cwd=jingjinji.PROJECT, env={**os.environ, **carry}, capture_output=True, text=True)
    if result.returncode:
        raise BookError(f"the package for notebooks was not built: {result.stderr.strip().splitlines()[-1:]}")
    return folder / WHEEL


def stored() -> dict[str, tuple[str, str]]:
    """Name -> hash of code and tables, and key, of each fit whose findings are stored, and of what tables alone say."""
    found = fitting.contents_and_keys(fitting.names())
    found |= {f"{topic}{fitting.FACTS}": fitting.content_and_key_of_facts(topic) for topic in registry.FACTS}
    return {name: both for name, both in found.items() if store.sound(store.FINDINGS, name, both[1])}


def with_draws(pages: list[str]) -> set[str]:
    """Names of the fits whose draws pages load, and of those that stand beside them, read off the pages' text."""
    if any(map(LOADS_ANY.search, pages)):
        return set(fitting.names())
    found = set()
    for loads in (match for page in pages for match in LOADS.finditer(page)):
        if loads["open"]:
            found |= {name for name in fitting.names() if name.startswith(loads["name"])}
        else:
            found.add(loads["name"])
    return found | set(fitting.beside(sorted(found)))


def _pages() -> list[str]:
    return [path.read_text("utf-8") for path in sorted((jingjinji.PROJECT / "chapters").rglob("*.md"))]


def _state(fits: dict[str, tuple[str, str]]) -> str:
    """A hash of all that is in the wheel."""
    total = hashlib.sha256(repr((sorted(fits.items()), sorted(with_draws(_pages())))).encode())
    for name in MADE_OF:
        place = jingjinji.PROJECT / name
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and "__pycache__" not in path.parts:
                total.update(f"{path.relative_to(jingjinji.PROJECT)}\n".encode() + path.read_bytes())
    return total.hexdigest()
