"""What a reviewer waits for: the sampler of the decline model against plain ``pm.sample``, gradients, larger panels."""

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import mean, median

from measure import Measure, at_least, at_most, described

SEEDS = (1, 2, 3)
FLOOR_MICROSECONDS = 2


def measures() -> list[Measure]:
    worker("book", 0), worker("pymc", 0)
    runs = {"book": [], "pymc": []}
    for seed in SEEDS:
        for sampler, found in runs.items():
            found.append(worker(sampler, seed))
    refits = worker("refits", *SEEDS)
    return [
        *against_pymc(runs["book"], runs["pymc"], refits["runs"]),
        *(row(words, runs[sampler]) for sampler, words in (("book", "the book's sampler"), ("pymc", "`pm.sample`"))),
        gradient("gradient of the decline model", refits["gradient"]),
        *growth(),
    ]


def worker(*arguments: str | int) -> dict:
    """One sampling run in a process of its own."""
    command = [sys.executable, str(Path(__file__).with_name("worker.py")), *map(str, arguments)]
    print("measuring", *arguments, file=sys.stderr, flush=True)
    result = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"JINGJINJI_DRAWS": "full"})
    if result.returncode:
        raise RuntimeError(f"{' '.join(map(str, arguments))} failed:\n{result.stderr[-3000:]}")
    return json.loads(result.stdout.splitlines()[-1])


def against_pymc(book: list[dict], pymc: list[dict], refits: list[dict]) -> list[Measure]:
    """The ratios of the least bulk ESS a second, each the median over the seeds of interleaved runs."""
    sampling = ratios(rates(book, "sampling"), rates(pymc, "sampling"))
    whole = ratios(rates(book, "sampling", "compile"), rates(pymc, "sampling", "compile"))
    refit = ratios(rates(refits, "sampling"), rates(pymc, "sampling", "compile"))
    divergences = sum(run["divergences"] for run in book)
    name = "minimum bulk ESS a second against `pm.sample`"
    return [
        at_least(f"{name}, sampling time", median(sampling), 1.5, "times", spread(sampling)),
        at_most("divergences of the book's sampler, all seeds", divergences, 0, ""),
        Measure(f"{name}, compile included", "reported", described(median(whole), "times", spread(whole))),
        at_least(f"{name}, refit of a compiled model", median(refit), 8, "times", spread(refit)),
    ]


def rates(runs: list[dict], *times: str) -> list[float]:
    return [run["ess"] / sum(run[name] for name in times) for run in runs]


def ratios(ours: list[float], theirs: list[float]) -> list[float]:
    return [a / b for a, b in zip(ours, theirs, strict=True)]


def spread(values: list[float]) -> str:
    return "by seed " + ", ".join(f"{value:.3g}" for value in values)


def row(words: str, runs: list[dict]) -> Measure:
    """What stands behind the ratios."""
    parts = [
        f"compile, warm {mean(run['compile'] for run in runs):.0f} s",
        f"sampling {mean(run['sampling'] for run in runs):.1f} s",
        "least bulk ESS " + ", ".join(f"{run['ess']:.0f}" for run in runs),
        "divergences " + ", ".join(str(run["divergences"]) for run in runs),
    ]
    return Measure(f"{words}, three seeds", "reported", "; ".join(parts))


def gradient(name: str, seconds: float) -> Measure:
    microseconds = seconds * 1e6
    note = f"{microseconds / FLOOR_MICROSECONDS:.0f} times the floor"
    return Measure(name, f"floor {FLOOR_MICROSECONDS} µs", described(microseconds, "µs", note))


def growth() -> list[Measure]:
    """Sampling time on synthetic panels of twice the cities and of twice the months, against one of today's size."""
    today, cities, months = (worker("larger", *size, *SEEDS) for size in ((1, 1), (2, 1), (1, 2)))
    return [
        at_most(f"sampling time with twice the {words}", seconds(larger) / seconds(today), 2.5, "times", note)
        for words, larger in (("cities", cities), ("months", months))
        for note in [f"{seconds(today):.1f} s to {seconds(larger):.1f} s"]
    ]


def seconds(found: dict) -> float:
    return median(run["sampling"] for run in found["runs"])
