"""One line of the report, and the means to time and weigh a process."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Measure:
    """A measured quantity beside its target; ``ok`` is None where there is no target or nothing was measured."""

    name: str
    target: str
    measured: str
    ok: bool | None = None


def at_most(name: str, value: float, limit: float, unit: str, note: str = "") -> Measure:
    """A quantity that should not exceed its limit."""
    return Measure(name, f"<= {limit:g} {unit}".strip(), described(value, unit, note), value <= limit)


def at_least(name: str, value: float, limit: float, unit: str, note: str = "") -> Measure:
    """A quantity that should reach its limit."""
    return Measure(name, f">= {limit:g} {unit}".strip(), described(value, unit, note), value >= limit)


def described(value: float, unit: str, note: str = "") -> str:
    number = f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
    return f"{number} {unit}".strip() + (f" ({note})" if note else "")


def table(measures: list[Measure]) -> str:
    """The measures as a Markdown table."""
    words = {True: "yes", False: "**no**", None: "-"}
    rows = [f"| {one.name} | {one.target} | {one.measured} | {words[one.ok]} |" for one in measures]
    return "\n".join(["| what | target | measured | met |", "|---|---|---|---|", *rows]) + "\n"


def timed(command: list[str], folder: Path, environment: dict[str, str]) -> float:
    """Seconds that a command takes; raises with the end of its output when it fails."""
    start = time.perf_counter()
    result = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    seconds = time.perf_counter() - start
    if result.returncode:
        raise RuntimeError(f"{' '.join(command)} failed with exit code {result.returncode}:\n{result.stdout[-3000:]}")
    return seconds


def peak_memory(command: list[str], folder: Path, environment: dict[str, str]) -> float:
    """Largest memory in GB of a command and all that it starts, looked at ten times a second."""
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    peak = 0
    while process.poll() is None:
        peak = max(peak, memory_of(process.pid))
        time.sleep(0.1)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed with exit code {process.returncode}")
    return peak / 1e9


def memory_of(pid: int) -> int:
    """Bytes that a process and its descendants hold, shared pages counted once where the system tells."""
    total = 0
    try:
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for member in family:
        try:
            memory = member.memory_full_info()
            total += getattr(memory, "pss", memory.rss)
        except psutil.Error:
            continue
    return total


def clean_environment(caches: Path) -> dict[str, str]:
    """The environment of a fresh machine on which the packages are already downloaded."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("MAKE", "JINGJINJI", "PYTENSOR", "NUMBA"))
    }
    for downloads, command in {
        "UV_CACHE_DIR": ["uv", "cache", "dir"],
        "PIP_CACHE_DIR": ["pip", "cache", "dir"],
    }.items():
        kept.setdefault(downloads, output_of(command))
    return kept | {"XDG_CACHE_HOME": str(caches), "MPLCONFIGDIR": str(caches / "matplotlib"), "PYTHON": ""}


def output_of(command: list[str]) -> str:
    program = [sys.executable, "-m", *command]
    return subprocess.run(program, capture_output=True, text=True, check=True).stdout.strip()
