"""What made a set of findings: commit, versions, machine, tables, code, draws; and in what two such worlds differ."""

import datetime
import hashlib
import os
import platform
import subprocess
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import jingjinji
from jingjinji.core import published, registry
from jingjinji.fits import fitting, keys, store
from jingjinji.fits.dependencies import Sources

MADE_WITH = jingjinji.PROJECT / "results" / "made_with.json"
"""The world of the published findings."""
DECIDED_BY = ("src", "data", "requirements.lock")
"""What of the repository decides findings."""
SHOWN = ("python", "pymc", "pytensor", "nutpie", "numpy", "scipy", "numba")
WHAT_SAYS_VERDICTS = "import jingjinji.claims.verdicts"


def today(wanted: Iterable[str] = ()) -> dict:
    """The world of the stored fits, by default of all; JSON.

    Hashes are cut to 16 digits, keys of draws to the 20 of their folder. Of each fit that is stored: the key of its
    draws, their checksum, and how many of each chain are used.
    """
    return {
        "date": datetime.date.today().isoformat(),
        "commit": _git("rev-parse", "HEAD"),
        "changed since that commit": _git("diff", "--name-only", "HEAD", "--", *DECIDED_BY).split(),
        "versions": versions(),
        "machine": machine(),
        "run": {"draws": fitting.mode(), "JINGJINJI_SEED": fitting.shift()},
        "sources": {name: value[:16] for name, value in sorted(_sources().items())},
        "fits": draws_of(wanted),
    }


def versions() -> dict[str, str]:
    """Python, the packages that can change a number, and the numerics."""
    said_with = {package: metadata.version(package) for package in fitting.SAID_WITH}
    return {"python": platform.python_version()} | keys.versions() | said_with


def machine() -> dict[str, str | int]:
    """Processor, system with its C library, and cores."""
    flags = Path("/proc/cpuinfo")
    lines = flags.read_text("utf-8").splitlines() if flags.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": models[0] if models else platform.processor() or platform.machine(),
        "system": f"{platform.system()} {platform.machine()}, {' '.join(platform.libc_ver()) or 'unknown C library'}",
        "cores": os.cpu_count() or 1,
    }


def draws_of(wanted: Iterable[str] = ()) -> dict[str, dict]:
    """Name -> key, checksum and number of the draws of each stored fit that has some."""
    made = {}
    for name, key in fitting.key_of_findings(wanted or fitting.names()).items():
        if not store.sound(store.FINDINGS, name, key):
            continue
        notes = store.notes(store.FINDINGS, name, key)
        file = store.place(store.DRAWS, name, notes["draws"]) / store.FILES[store.DRAWS]
        if file.is_file():
            made[name] = {"draws": notes["draws"][:20], "sha256": _sha256(file)[:16], "count": notes["count"]}
    return made


def published_one() -> dict | None:
    """The world of the published findings; None where nothing is kept of it."""
    return published.read(MADE_WITH) if MADE_WITH.exists() else None


def words(world: dict | None) -> str:
    """When, from which commit, where and with which packages findings were made, in two sentences."""
    if world is None:
        return "Nothing is kept of what made the published findings."
    commit = world["commit"][:12] or "of which nothing is known"
    files = world["changed since that commit"]
    changed = f", with {len(files)} files changed since" if files else ""
    packages = ", ".join(f"{name} {world['versions'][name]}" for name in SHOWN)
    machine = world["machine"]
    return (
        f"The published findings were made on {world['date']} from commit {commit}{changed}, on {machine['processor']} "
        f"with {machine['cores']} cores ({machine['system']}). The versions were {packages}."
    )


def differences(there: dict, here: dict) -> dict[str, list[str]]:
    """In what two worlds differ: ``tables``, ``code``, ``versions``, ``machine``, ``run``, ``draws`` -> in words.

    Kinds in which they are alike are left out.
    """
    names = changed_sources(there, here)
    found = {
        "tables": [name.removeprefix("data/") for name in names if name.startswith("data/")],
        "code": [name for name in names if not name.startswith("data/")],
    }
    for kind in ("versions", "machine", "run"):
        before, after = there[kind], here[kind]
        found[kind] = [f"{name} was {before.get(name, 'absent')}, is {after.get(name, 'absent')}"
                       for name in {**before, **after} if before.get(name) != after.get(name)]  # fmt: skip
    other = [name for name, draws in here["fits"].items() if draws != there["fits"].get(name)]
    count = f"{len(here['fits']) - len(other)} of {len(here['fits'])} fits have the published draws, to the bit"
    found["draws"] = [f"{count}; others have {', '.join(other)}"] if other else []
    return {kind: words for kind, words in found.items() if words}


def changed_sources(there: dict, here: dict) -> list[str]:
    """Tables and modules that differ between two worlds."""
    before, after = there["sources"], here["sources"]
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def behind(fit: str, changed: Iterable[str], sources: Sources) -> list[str]:
    """Those of the changed tables and modules that decide what a fit, or ``<topic>.facts``, says."""
    topic = fit.partition("/")[0]
    if fit.endswith(fitting.FACTS):
        content = sources.dependencies(f"import jingjinji.topics.{fit.removesuffix(fitting.FACTS)}.facts")
    elif topic in registry.PLACES:
        content = fitting.content_of(topic, sources)
    else:
        return []
    return [name for name in changed if name in content or name in _judging()]


def _sources() -> dict[str, str]:
    """Name -> hash of every table and module that decides findings or verdicts."""
    sources = Sources(jingjinji.PROJECT)
    found = {}
    for topic in registry.TOPICS:
        found |= fitting.content_of(topic, sources)
    for code in (*(f"import jingjinji.topics.{topic}.facts" for topic in registry.FACTS), WHAT_SAYS_VERDICTS):
        found |= sources.dependencies(code)
    return {name: value for name, value in (found | _judging()).items() if name.startswith(("data/", "jingjinji/"))}


def _judging() -> dict[str, str]:
    """The modules that judge and keep every fit."""
    return {f"jingjinji/fits/{name}": _sha256(Path(fitting.__file__).with_name(name)) for name in fitting.SAID_BY}


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _git(*arguments: str) -> str:
    """What git says of the book's folder; nothing where that is no repository."""
    try:
        command = ["git", "-C", str(jingjinji.PROJECT), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
