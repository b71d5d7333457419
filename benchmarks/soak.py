"""Every fit of the book with other seeds: how many pass, after how many draws, how near they come to the gate's bars.

    python benchmarks/soak.py run [SEEDS]     sample every fit with JINGJINJI_SEED = 1 to SEEDS (10), two topics at once
    python benchmarks/soak.py report          write benchmarks/soak.json from what is stored

What has been sampled is kept in the store, so that a run that was stopped goes on, and so that a book of one of these
seeds needs no sampling: JINGJINJI_STORE=.cache/soak JINGJINJI_SEED=1 make book.
"""

import contextlib
import datetime
import json
import math
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scipy import stats

import jingjinji
from jingjinji import cluster, fit_job, fitting, gate, sampler, store
from jingjinji.errors import FitMissing

STORE = jingjinji.CACHE / "soak"
KEPT = Path(__file__).with_name("soak.json")


def run(seeds: int) -> None:
    """Sample every fit with every seed, in as many processes as there are cores."""
    todo = cluster.jobs(fitting.key_of_findings(fitting.names()), fitting.FULL)
    environment = sampler.environment() | {"JINGJINJI_STORE": str(STORE), "JINGJINJI_DRAWS": fitting.FULL}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for job in todo:
            command = [sys.executable, __file__, "topic", str(seeds), *job.fits]
            pool.submit(subprocess.run, command, env=environment)


def topic(seeds: int, names: list[str]) -> None:
    """Sample the fits of a topic with every seed; the model is compiled once."""
    shops = fit_job.Workshop(fit_job.Job({}, fitting.FULL), lambda event: None)
    for seed in range(1, seeds + 1):
        os.environ["JINGJINJI_SEED"] = str(seed)
        shops.job = fit_job.Job(fitting.key_of_findings(names), fitting.FULL)
        shops.run()
        print(f"seed {seed}: {', '.join(names)}", flush=True)


def report() -> dict:
    """What is stored: a row a fit, and the share of whole builds that would pass."""
    os.environ["JINGJINJI_STORE"] = str(STORE)
    rows = {name: {"seeds": 0, "failed": [], "draws": [], "near": 0, "checks": {}} for name in fitting.names()}
    for seed in range(1, 101):
        os.environ["JINGJINJI_SEED"] = str(seed)
        found = fitting.key_of_findings(rows)
        if not any(store.exists(store.FINDINGS, name, key) for name, key in found.items()):
            break
        for name in found:
            with contextlib.suppress(FitMissing):
                _count(rows[name], seed, fitting.stored_notes(name))
    for row in rows.values():
        row["draws"] = {look: row["draws"].count(look) for look in sorted(set(row["draws"]))}
    count, failed = (sum(row["seeds"] for row in rows.values()), sum(len(row["failed"]) for row in rows.values()))
    made = {
        "date": datetime.date.today().isoformat(),
        "fits": count,
        "failed": failed,
        "failure rate, 95 % upper limit": float(f"{stats.beta.ppf(0.975, failed + 1, count - failed):.3g}"),
        "whole builds that pass, if fits fail apart": float(f"{math.prod(_passes(row) for row in rows.values()):.4g}"),
        "looks": list(gate.LOOKS),
        "rows": rows,
    }
    KEPT.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return {name: value for name, value in made.items() if name != "rows"}


def _count(row: dict, seed: int, notes: dict) -> None:
    row["seeds"] += 1
    if notes["problem"]:
        row["failed"].append({"seed": seed, "state": notes["state"], "problem": notes["problem"]})
    row["draws"].append(notes["count"])
    row["near"] += notes["count"] >= gate.LOOKS[-2]
    for check in notes["checks"]:
        worse = max if check["name"].startswith(("R-hat", "divergences")) else min
        kept = row["checks"].get(check["name"])
        row["checks"][check["name"]] = check["value"] if kept is None else worse(kept, check["value"])


def _passes(row: dict) -> float:
    return 1 - len(row["failed"]) / row["seeds"] if row["seeds"] else 1.0


if __name__ == "__main__":
    if sys.argv[1] == "topic":
        topic(int(sys.argv[2]), sys.argv[3:])
    elif sys.argv[1] == "run":
        run(int(sys.argv[2]) if len(sys.argv) > 2 else 10)
    else:
        print(json.dumps(report(), indent=1))
