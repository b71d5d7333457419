"""Every fit of the book with other seeds: how many pass, after how many draws, how near they come to the gate's bars.

    python benchmarks/soak.py run [SEEDS]     sample every fit with JINGJINJI_SEED = 1 to SEEDS (10), two topics at once
    python benchmarks/soak.py report          write benchmarks/soak.json and results/scatter.json from what is stored

The report keeps the rows of fits that are not stored and whose published draws are those of their row: after a change
of one model `topics SEEDS FIT ...` samples its fits alone. What has been sampled is kept in the store, so that a run
that was stopped goes on, and so that a book of one of these seeds needs no sampling: JINGJINJI_STORE=.cache/soak
JINGJINJI_SEED=1 make book.
"""

import datetime
import json
import os
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

import numpy as np
from scipy import optimize, special, stats

import jingjinji
from jingjinji.core import published
from jingjinji.core.errors import BookError
from jingjinji.fits import cluster, fit_job, fitting, gate, keys, sampler, store, verify, world

STORE = jingjinji.CACHE / "soak"
KEPT = Path(__file__).with_name("soak.json")


def run(seeds: int) -> None:
    """Sample every fit with every seed, in as many processes as there are cores."""
    todo = cluster.jobs(fitting.key_of_findings(fitting.names()), fitting.FULL)
    environment = sampler.environment() | {"JINGJINJI_STORE": str(STORE), "JINGJINJI_DRAWS": fitting.FULL}
    with ThreadPoolExecutor(cluster.cores()) as pool:
        commands = [[sys.executable, __file__, "topics", str(seeds), *job.fits] for job in todo]
        ended = list(pool.map(lambda command: subprocess.run(command, env=environment).returncode, commands))
    if any(ended):
        sys.exit("some topics did not come to their end: what they have sampled is kept, run the command again")


def topics(seeds: int, names: list[str]) -> None:
    """Sample the fits of topics with every seed, one topic after the other; each model is compiled once."""
    shops = fit_job.Workshop(fit_job.Job({}, fitting.FULL), lambda event: None)
    for topic, group in groupby(names, lambda name: name.partition("/")[0]):
        fits = list(group)
        for seed in range(1, seeds + 1):
            os.environ["JINGJINJI_SEED"] = str(seed)
            shops.job = fit_job.Job(fitting.key_of_findings(fits), fitting.FULL)
            shops.run()
            print(f"seed {seed}: {topic}, {len(fits)} fits", flush=True)


def report() -> dict:
    """A row a fit, and how many whole builds pass.

    Raises BookError where a fit has neither been made nor a row of its published draws and of as many seeds.
    """
    os.environ["JINGJINJI_STORE"] = str(STORE)
    today, before = datetime.date.today().isoformat(), json.loads(KEPT.read_text("utf-8"))
    rows, kept = _rows(today, before["rows"])
    scores, seeds, disagreeing = defaultdict(list), 0, []
    for seed in range(1, 101):
        os.environ["JINGJINJI_SEED"] = str(seed)
        found = fitting.key_of_findings(rows)
        made = {name for name, key in found.items() if store.exists(store.FINDINGS, name, key)}
        if not made:
            break
        if missing := found.keys() - made:
            raise BookError(f"with seed {seed} {len(missing)} fits have not been made, such as {min(missing)}: run the "
                            "soak to its end")  # fmt: skip
        seeds = seed
        for name, notes in fitting.stored_notes(found).items():
            _count(rows[name], seed, notes)
        findings, makers = fitting.all_findings(absent_too=True), fitting.makers(rows)
        for id in makers:
            if findings[id].exact and not findings[id].error:
                scores[id].append(findings[id].mean)
        disagreeing += _compared(seed, findings, makers)
    if kept and seeds != before["builds"]:
        raise BookError(f"{len(kept)} rows are of {before['builds']} seeds and {len(rows)} of {seeds}: sample as many")
    short = still_short(np.array([row["needed"] for row in rows.values()]))
    for row, chance in zip(rows.values(), short, strict=True):
        row["draws"] = {look: row["draws"].count(look) for look in sorted(set(row["draws"]))}
        row["short"] = float(f"{chance:.2g}")
    rows = {name: kept.get(name) or rows[name] for name in fitting.names()}
    builds = [not any(fault["seed"] == seed for row in rows.values() for fault in row["failed"])
              for seed in range(1, seeds + 1)]  # fmt: skip
    failed, count = sum(len(row["failed"]) for row in rows.values()), len(builds) * len(rows)
    made = {
        "date": today,
        "gate": keys.of_module("jingjinji.fits.gate")[:16],
        "builds": len(builds),
        "builds that pass": sum(builds),
        "whole builds that pass, 95 % lower limit": _lower(sum(builds), len(builds)),
        "fits": count,
        "failed": failed,
        "fits that fail, 95 % upper limit": float(f"{1 - _lower(count - failed, count):.3g}"),
        "fits that diverge": sum("divergences" in fault["problem"] for row in rows.values() for fault in row["failed"]),
        "fits short of draws a build, by extrapolation": float(f"{sum(row['short'] for row in rows.values()):.2g}"),
        "seeds whose findings verify would refuse": disagreeing,
        "looks": list(gate.LOOKS),
        "rows": rows,
    }
    KEPT.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", "utf-8")
    varied = {id: {"sd": float(f"{np.std(values, ddof=1):.4g}"), "runs": len(values)}
              for id, values in sorted(scores.items())}  # fmt: skip
    about = {"what": "standard deviation of scores of whole fits over runs with other seeds", "date": made["date"]}
    of_kept = {id: scatter for id, scatter in published.read(verify.SCATTER)["scores"].items()
               if published.read(verify.REFERENCE).get(id, {}).get("fit") in kept}  # fmt: skip
    scatter = about | {"scores": dict(sorted((of_kept | varied).items()))}
    verify.SCATTER.write_text(json.dumps(scatter, indent=1) + "\n", "utf-8")
    return {name: value for name, value in made.items() if name != "rows"}


def _rows(today: str, before: dict[str, dict]) -> tuple[dict[str, dict], dict[str, dict]]:
    """Rows still empty of the fits that are stored, and the rows of an earlier soak that are kept for the others."""
    os.environ["JINGJINJI_SEED"] = "1"
    made = {name for name, key in fitting.key_of_findings(fitting.names()).items()
            if store.exists(store.FINDINGS, name, key)}  # fmt: skip
    of_draws = {name: fit["draws"] for name, fit in world.published_one()["fits"].items()}
    kept = {name: row for name, row in before.items() if name not in made and row.get("of") == of_draws.get(name, "")}
    if missing := sorted(set(fitting.names()) - made - kept.keys()):
        raise BookError(f"{len(missing)} fits have neither been made nor a row of their draws, such as {missing[0]}: "
                        "run the soak to its end")  # fmt: skip
    empty = {name: {"date": today, "of": of_draws.get(name, ""), "failed": [], "draws": [], "needed": [], "checks": {}}
             for name in fitting.names() if name in made}  # fmt: skip
    return empty, kept


def _needed(notes: dict) -> float:
    """Draws of each chain after which what is published would just have met its bars, told by those at the end."""
    measured = {check["name"]: check["value"] for check in notes["checks"]}
    size = min(measured.get(name, np.inf) for name in ("bulk ESS", "tail ESS"))
    beyond = measured.get("R-hat", 1.0) - 1  # both go as one over the draws
    return notes["count"] * max(gate.LEAST_ESS / size, beyond / (gate.MOST_RHAT - 1))


def still_short(needed: np.ndarray) -> np.ndarray:
    """Probability of each fit that it is still short at the last look but one: Student's t of the logs over seeds.

    needed : (fit, seed). Few seeds tell a fit's variance badly, so it is drawn towards that of all fits, as far as
    their variances are alike: the moderated variance of Smyth (2004), Statistical Applications in Genetics and
    Molecular Biology 3(1), article 3, section 6.
    """
    logs = np.log(np.maximum(needed, 1))
    count, freedom = logs.shape[1], logs.shape[1] - 1
    variance = logs.var(axis=1, ddof=1)
    centred = np.log(variance) - special.digamma(freedom / 2) + np.log(freedom / 2)
    left = max(centred.var(ddof=1) - special.polygamma(1, freedom / 2), 1e-4)
    prior = 2 * optimize.brentq(lambda half: special.polygamma(1, half) - left, 1e-3, 1e5)
    typical = np.exp(centred.mean() + special.digamma(prior / 2) - np.log(prior / 2))
    moderated = (prior * typical + freedom * variance) / (prior + freedom)
    distance = np.log(gate.LOOKS[-2]) - logs.mean(axis=1)
    return stats.t.sf(distance / np.sqrt(moderated * (1 + 1 / count)), prior + freedom)


def _lower(passed: int, count: int) -> float:
    """One-sided 95 % lower limit of a share (Clopper-Pearson)."""
    return float(f"{stats.beta.ppf(0.05, passed, count - passed + 1):.5g}") if passed else 0.0


def _compared(seed: int, findings, makers: dict[str, str]) -> list[str]:
    """What `jingjinji verify` would say has changed with a seed, in one sentence; nothing where all is noise."""
    shifts = verify.compare(findings, makers, with_scatter=False)  # which comes from these very runs
    shifts = [shift for shift in shifts if shift.id in makers]
    changed = [shift.id for shift in shifts if shift.status in verify.DIFFERENT]
    return [f"{seed}: {len(changed)} of {len(shifts)} have changed: {', '.join(changed[:5])}"] if changed else []


def _count(row: dict, seed: int, notes: dict) -> None:
    if notes["problem"]:
        row["failed"].append({"seed": seed, "state": notes["state"], "problem": notes["problem"]})
    row["draws"].append(notes["count"])
    row["needed"].append(round(_needed(notes)))
    for check in notes["checks"]:
        worse = max if check["name"].startswith(("R-hat", "divergences")) else min
        kept = row["checks"].get(check["name"])
        row["checks"][check["name"]] = check["value"] if kept is None else worse(kept, check["value"])


if __name__ == "__main__":
    if sys.argv[1] == "topics":
        topics(int(sys.argv[2]), sys.argv[3:])
    elif sys.argv[1] == "run":
        run(int(sys.argv[2]) if len(sys.argv) > 2 else 10)
    else:
        print(json.dumps(report(), indent=1))
