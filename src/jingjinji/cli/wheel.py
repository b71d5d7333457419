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
from jingjinji.cli import region_folder
from jingjinji.core import registry
from jingjinji.core.errors import BookError
from jingjinji.fits import carried, fitting, store
from jingjinji.sphinxext.travel import DOWNLOADS, WHEEL
from jingjinji.teaching import editions

MADE_OF = ("src", "data", "results", "benchmarks/gate_rates.json", "references.bib", "_static", "pyproject.toml",
           "hatch_build.py", "README.md")  # fmt: skip
"""What of the project is in the wheel, or decides what is."""
LOADS = re.compile(r"\bload_fit\(\s*(?P<open>f?)\"(?P<name>[^\"{]*)")
LOADS_ANY = re.compile(r"\bload_fit\((?!\s*f?\")")


def offer(site: Path, edition: str = editions.READER) -> None:
    """Put the wheel among the downloads of a site, unless it is there and made of the same.

    What an edition leaves out of its pages its wheel leaves out of those that it writes for a region. A draft has
    no wheel, nor has a region, whose pages need more than a package. Raises BookError where it cannot be built.
    """
    if fitting.draft() or registry.REGION or importlib.util.find_spec("hatchling") is None:
        return
    for topic in registry.FACTS:
        fitting.load_facts(topic)
    fits, other = stored(), gated_template(edition)
    target, stamp = site / DOWNLOADS / WHEEL, site.parent / ".wheel.sha256"
    state = _state(fits, other)
    if target.exists() and stamp.exists() and stamp.read_text("utf-8") == state:
        return
    stamp.unlink(missing_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    # what takes the place of a file of the package lies outside of the project, or hatchling would pack both
    with TemporaryDirectory(dir=site.parent) as folder, TemporaryDirectory() as outside:
        given = Path(outside)
        carried.pack(given / "fits", fits, with_draws(_pages()))
        lay_out(given, other)
        build(Path(folder), given)
        Path(folder, WHEEL).replace(target)
    stamp.write_text(state, encoding="utf-8")


def gated_template(edition: str) -> dict[str, str]:
    """Place in the package -> text of the pages of a region's template that an edition has otherwise."""
    texts = {file: file.read_text("utf-8") for file in region_folder.TEMPLATE.rglob("*.md")}
    gated = {file: editions.gated(text, file.name, edition) for file, text in texts.items()}
    package = region_folder.TEMPLATE.parents[1]
    return {file.relative_to(package).as_posix(): text for file, text in gated.items() if text != texts[file]}


def lay_out(given: Path, instead: dict[str, str]) -> None:
    """Write texts where `build` finds them, which stand in the wheel in place of the package's own."""
    for name, text in instead.items():
        place = given / "instead" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")


def build(folder: Path, given: Path | None = None) -> Path:
    """Build the wheel into a folder, with what another one has for it (`hatch_build`); BookError where that fails."""
    carry = {"JINGJINJI_CARRY": str(given)} if given else {}
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


def _state(fits: dict[str, tuple[str, str]], other: dict[str, str]) -> str:
    """A hash of all that is in the wheel."""
    total = hashlib.sha256(repr((sorted(fits.items()), sorted(with_draws(_pages())), sorted(other.items()))).encode())
    for name in MADE_OF:
        place = jingjinji.PROJECT / name
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and "__pycache__" not in path.parts:
                total.update(f"{path.relative_to(jingjinji.PROJECT)}\n".encode() + path.read_bytes())
    return total.hexdigest()
