"""Measure the book against its targets and write ``benchmarks/report.md``.

    python benchmarks/bench.py              every step, as `make bench`; writes the report
    python benchmarks/bench.py STEP ...     some steps, in the order of the report; prints the table

Everything that changes a file happens in a temporary clone of the last commit. A step that fails leaves its reason in
the report and does not take the others down.
"""

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import book
import changes
import growth
import soak as soaks
import workers
from measure import Found, Part, Target, attempt, is_met, row

from jingjinji import PROJECT

REPORT = Path(__file__).with_name("report.md")
BENCH = "bench"

TARGETS = {
    "cold": Target("cold `make book`, packages already downloaded", "s", 900),
    "memory": Target("memory of the cold `make book`, all processes together", "GB", 2.5),
    "largest": Target("memory of its largest process", "GB"),
    "store": Target("store of fits", "MB", 300),
    "unchanged": Target("unchanged rebuild", "s", 5),
    "word": Target("one word of prose changed", "s", 7),
    "plot": Target("one plotting function changed", "s", 15),
    "label": Target("the label of a finding changed in the module of a model", "s", 20),
    "weight": Target("weight of the chapter, first visit, gzip", "MB", 2),
    "quick": Target("`make quick` in a fresh clone, packages installed", "s", 180),
    "quick-memory": Target("its memory, all processes together", "GB", 4),
    "quick-prior": Target("`make quick` after a prior of one model was changed", "s"),
    "moved": Target("fits sampled after a moved file", "", 0),
    "renamed": Target("fits sampled after a renamed function", "", 0),
    "unit": Target("fits sampled after a new unit", "", 0),
    "topic": Target("fits of other topics sampled after a new topic", "", 0),
    "second": Target("fits that a second clone samples beside the store of the first", "", 0),
    "soak": Target("whole builds that pass, from the soak", "%", 99.9, least=True),
    "overhead": Target("dask: overhead a task", "ms"),
    "speedup": Target("dask: two workers against one", "times", 1.8, least=True),
    **{
        f"country-{cities}": Target(
            f"a gradient of the decline model, {cities} cities x {12 * growth.YEARS} months", "µs"
        )
        for cities in growth.COPIES
    },
    "growth": Target(f"a gradient with {max(growth.COPIES)} cities against {min(growth.COPIES)}", "times"),
    BENCH: Target("this benchmark", "min", 45),
}


def soak(place: book.Place) -> Part:
    """What other seeds have said, as it was kept; RuntimeError where that is of other draws or another gate."""
    if not soaks.KEPT.exists():
        raise RuntimeError("no soak is kept: 'python benchmarks/soak.py run' and then 'report' make one")
    kept = json.loads(soaks.KEPT.read_text("utf-8"))
    fits, rows = soaks.published_fits(), kept["rows"]
    same = rows.keys() == fits.keys() and all(soaks.holds(rows[name], fits[name]) for name in fits)
    if kept["gate"] != soaks.gate_of_today() or not same:
        raise RuntimeError(f"the soak of {kept['date']} is of other draws or another gate: make it again")
    return Part({"soak": soaked(kept)})


def soaked(kept: dict) -> Found:
    """What share of whole builds passes, in per cent: of those counted, less those that would be short of draws.

    So few builds cannot show a failure that is rare: what counting alone shows at least stands beside it.
    """
    short = kept["fits short of draws a build, by extrapolation"]
    note = (
        f"soak of {kept['date']}: {kept['builds that pass']} of {kept['builds']} builds passed, which alone "
        f"shows {100 * kept['whole builds that pass, 95 % lower limit']:.3g} % at least (95 %); {kept['failed']} of "
        f"{kept['fits']} fits failed, at most {100 * kept['fits that fail, 95 % upper limit']:.3g} %, "
        f"{kept['fits that diverge']} with divergences; short of draws, extrapolated from how many were needed, "
        f"{short:.2g} fits a build"
    )
    return Found(100 * kept["builds that pass"] / kept["builds"] * (1 - short), note)


STEPS = {
    "cold": (book.cold, ("cold", "memory", "largest")),
    "store": (book.stored, ("store",)),
    "unchanged": (book.again("unchanged"), ("unchanged",)),
    "word": (book.again("word", changes.prose), ("word",)),
    "plot": (book.again("plot", changes.plot), ("plot",)),
    "label": (book.again("label", changes.label), ("label",)),
    "weight": (book.page_weight, ("weight",)),
    "unsampled": (book.unsampled, tuple(book.CHANGES)),
    "second": (book.second_clone, ("second",)),
    "quick": (book.quick, ("quick", "quick-memory", "quick-prior")),
    "soak": (soak, ("soak",)),
    "overhead": (workers.overhead, ("overhead",)),
    "speedup": (workers.speedup, ("speedup",)),
    "growth": (growth.growth, (*(f"country-{cities}" for cities in growth.COPIES), "growth")),
}
"""Name of a step -> the function that measures, and the targets that it measures; in this order."""


def measured(steps: list[str]) -> Part:
    """What some steps measure in a clone of their own, with their passages one below the other."""
    start = time.monotonic()
    found, prose = {}, []
    with book.clone() as place:
        for name in steps:
            print(f"{(time.monotonic() - start) / 60:.1f} min: {name}", file=sys.stderr, flush=True)
            step, keys = STEPS[name]
            part = attempt(keys, lambda step=step: step(place))
            found |= part.found
            prose += [part.prose] if part.prose else []
    return Part(found | {BENCH: Found((time.monotonic() - start) / 60)}, "\n".join(prose))


def table(found: dict[str, Found | str]) -> str:
    """What was measured, as a Markdown table in the order of the targets."""
    rows = [row(target, found[key]) for key, target in TARGETS.items() if key in found]
    return "\n".join(["| what | target | measured | met |", "|---|---|---|---|", *rows]) + "\n"


def report(part: Part, about: dict) -> str:
    """The page: `about` as of `machine`, how many targets are met, the table, and the passages of the steps."""
    judged = [is_met(target, part.found.get(key, "")) for key, target in TARGETS.items() if target.limit is not None]
    return f"""# Benchmarks

Written by `make bench`; do not edit. One run, on one machine.

- Date: {about["date"]}
- Commit: {about["commit"]}
- Machine: {about["cores"]} cores, {about["processor"]}, {about["memory"]:.0f} GB of memory, {about["system"]}, \
Python {about["python"]}

{sum(map(bool, judged))} of {len(judged)} targets are met.

{table(part.found)}
{part.prose}"""


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("steps", nargs="*", metavar="STEP", help=f"some of {', '.join(STEPS)}; all by default")
    chosen = parser.parse_args().steps
    if unknown := set(chosen) - STEPS.keys():
        parser.error(f"there is no step '{min(unknown)}': expected some of {', '.join(STEPS)}")
    about = machine()
    part = measured([name for name in STEPS if name in chosen or not chosen])
    print(table(part.found) + part.prose)
    if not chosen:
        REPORT.write_text(report(part, about), encoding="utf-8")
        print(f"written to {REPORT.relative_to(PROJECT)}")


if __name__ == "__main__":
    main()
