"""Lines of the report, and the means to time and weigh a command."""

import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from jingjinji import PROJECT

LONGEST = 1800
"""Seconds after which a command is ended: it hangs."""


@dataclass(frozen=True)
class Target:
    """What is measured, in which unit, and the limit: the most, or the `least`; None where it is only reported."""

    name: str
    unit: str
    limit: float | None = None
    least: bool = False


@dataclass(frozen=True)
class Found:
    """A measured value in the unit of its target, and what a reader should know of it."""

    value: float
    note: str = ""


@dataclass(frozen=True)
class Part:
    """What a step has measured, by key of the target, and a passage for the report."""

    found: dict[str, Found | str]
    prose: str = ""


@dataclass
class Run:
    """A command that has ended.

    seconds : from start to end. lines : (second, text) as they came. peak, largest : most bytes that all its processes
    held together, and that one of them held. hole : why the site was built without the numbers of some fits.
    """

    seconds: float = 0.0
    lines: list[tuple[float, str]] = field(default_factory=list)
    peak: int = 0
    largest: int = 0
    hole: str = ""


def attempt(keys: Iterable[str], step: Callable[[], Part]) -> Part:
    """What a step measures; where it fails, the reason stands in place of each of its values."""
    try:
        return step()
    except Exception as error:
        traceback.print_exc()
        reason = " ".join(str(error).split()).replace(f"{PROJECT}/", "") or type(error).__name__
        return Part(dict.fromkeys(keys, reason))


def row(target: Target, found: Found | str) -> str:
    """A line of the table; `found` in words says why nothing was measured."""
    bound = "reported" if target.limit is None else f"{'>=' if target.least else '<='} {target.limit:g} {target.unit}"
    if isinstance(found, str):
        return f"| {target.name} | {bound.strip()} | not measured: {found.replace('|', '/')} | - |"
    note = f" ({found.note.replace('|', '/')})" if found.note else ""
    met = {True: "yes", False: "**no**", None: "-"}[is_met(target, found)]
    return f"| {target.name} | {bound.strip()} | {number(found.value)} {target.unit}".rstrip() + f"{note} | {met} |"


def is_met(target: Target, found: Found | str) -> bool | None:
    """None where there is no limit or nothing was measured."""
    if target.limit is None or isinstance(found, str):
        return None
    return found.value >= target.limit if target.least else found.value <= target.limit


def number(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def watch(command: list[str], folder: Path, environment: dict[str, str], *, weigh: bool = False) -> Run:
    """Run a command to its end, all that it prints with the second; `weigh` looks at its memory every two seconds.

    Raises RuntimeError with the last line that it printed where it fails; a site with a hole is no failure.
    """
    run, start = Run(), time.monotonic()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace",
    )  # fmt: skip

    def read() -> None:
        with process.stdout:
            for line in process.stdout:
                run.lines.append((time.monotonic() - start, line.rstrip("\n").replace(str(folder), ".")))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        while process.poll() is None:
            if time.monotonic() - start > LONGEST:
                raise RuntimeError(f"'{' '.join(command)}' had not ended after {LONGEST} s")
            if weigh:
                held = memory(process.pid)
                run.peak, run.largest = max(run.peak, sum(held)), max(run.largest, *held, 0)
            try:
                process.wait(2)
            except subprocess.TimeoutExpired:
                continue
        run.seconds = time.monotonic() - start
    finally:
        end(process)
        reader.join(timeout=5)
    if process.returncode:
        said = [text for _, text in run.lines if text.strip() and not text.startswith("make")]
        run.hole = next((text.partition("with a hole: ")[2] for text in said if "with a hole: " in text), "")
        if not run.hole:
            print(*said[-30:], sep="\n", file=sys.stderr)
            why = said[-1] if said else "it printed nothing"
            raise RuntimeError(f"'{' '.join(command)}' ended with exit code {process.returncode}: {why}")
    return run


def end(process: subprocess.Popen) -> None:
    """End a process that this one has started, with all that it has started."""
    if process.poll() is None:
        for member in [*family(process.pid)[1:], process]:
            try:
                member.kill()
            except psutil.NoSuchProcess:
                continue
        process.wait()


def memory(pid: int) -> list[int]:
    """Bytes that a process and each of its descendants hold; pages that several share are split among them."""
    return [held(member) for member in family(pid)]


def family(pid: int) -> list[psutil.Process]:
    """A process and its descendants; empty where it has ended."""
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def held(process: psutil.Process) -> int:
    """Bytes of a process: proportional set size where the system tells, else resident set size; 0 when it has ended."""
    try:
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text("utf-8").splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    except (OSError, StopIteration):
        try:
            return process.memory_info().rss
        except psutil.Error:
            return 0


def clean_environment(caches: Path) -> dict[str, str]:
    """The environment of a fresh machine on which the packages are already downloaded."""
    foreign = ("MAKE", "JINGJINJI", "PYTENSOR", "NUMBA", "DASK", "PYTHON", "VIRTUAL_ENV")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    for downloads, command in {
        "UV_CACHE_DIR": ["uv", "cache", "dir"],
        "PIP_CACHE_DIR": ["pip", "cache", "dir"],
    }.items():
        kept.setdefault(downloads, output_of(command))
    return kept | {"XDG_CACHE_HOME": str(caches), "MPLCONFIGDIR": str(caches / "matplotlib"), "PYTHON": ""}


def output_of(command: list[str]) -> str:
    program = [sys.executable, "-m", *command]
    return subprocess.run(program, capture_output=True, text=True, check=True).stdout.strip()
