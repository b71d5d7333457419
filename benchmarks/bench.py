"""Measure the book against its targets and write ``benchmarks/report.md``.

``make bench`` runs everything; ``python benchmarks/bench.py book`` or ``... sampling`` runs one half and prints it.
Everything that changes a file happens in a temporary clone of the last commit.
"""

import argparse
import datetime
import os
import platform
import subprocess
from pathlib import Path

import whole_book
from measure import Measure, table

from jingjinji import PROJECT

REPORT = Path(__file__).with_name("report.md")
HEAD = """# Benchmarks

Written by `make bench`; do not edit. One run, on one machine.

- Date: {date}
- Commit: {commit}
- Machine: {cores} cores, {processor}, {memory:.0f} GB of memory, {system}, Python {python}

"""


def machine() -> dict:
    """What the head of the report says of this machine and this commit."""
    return {
        "date": datetime.date.today().isoformat(),
        "commit": commit(),
        "cores": os.cpu_count(),
        "processor": processor(),
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9,
        "system": platform.system(),
        "python": platform.python_version(),
    }


def commit() -> str:
    """The last commit, with a word where files differ from it."""
    short = git("rev-parse", "--short", "HEAD")
    return f"{short}, with changes that are not committed and not measured" if git("status", "--porcelain") else short


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=PROJECT, capture_output=True, text=True, check=True).stdout.strip()


def processor() -> str:
    described = Path("/proc/cpuinfo")
    if not described.exists():
        return platform.processor() or platform.machine()
    models = [line.partition(": ")[2] for line in described.read_text().splitlines() if line.startswith("model name")]
    return models[0] if models else platform.machine()


def report(measures: list[Measure]) -> str:
    met = sum(bool(measure.ok) for measure in measures)
    judged = sum(measure.ok is not None for measure in measures)
    return f"{HEAD.format(**machine())}{met} of {judged} targets are met.\n\n{table(measures)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", nargs="?", choices=["all", "book", "sampling"], default="all")
    part = parser.parse_args().part
    measures = []
    if part in ("all", "book"):
        measures += whole_book.measures()
    if part in ("all", "sampling"):
        import sampling

        measures += sampling.measures()
    print(table(measures))
    if part == "all":
        REPORT.write_text(report(measures), encoding="utf-8")
        print(f"written to {REPORT.relative_to(PROJECT)}")


if __name__ == "__main__":
    main()
