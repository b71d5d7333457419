"""Every fit of the book with other seeds: how many pass, after how many draws, how near they come to the gate's bars.

    python benchmarks/soak.py run [SEEDS] [FIT ...]   sample fits, by default all, with JINGJINJI_SEED = 1 to SEEDS (10)
    python benchmarks/soak.py report                  write benchmarks/soak.json and results/scatter.json

The report is of what is stored and of today's code. A fit that is not stored keeps its row of an earlier soak where its
published draws, the names of its published findings and the gate are still those of the row: after a change of one
model its fits are enough. What has been sampled is kept, so that a run that was stopped goes on, and so that a book of
one of these seeds needs no sampling: JINGJINJI_STORE=.cache/soak JINGJINJI_SEED=1 make book.
"""

import datetime
import json
import os
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from hashlib import sha256
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
ENOUGH = 20
"""Fits whose variances tell what is typical of all."""


def run(seeds: int, wanted: list[str]) -> None:
    """Sample fits with every seed, in as many processes as there are cores."""
    todo = cluster.jobs(fitting.key_of_findings(fitting.named(wanted) if wanted else fitting.names()), fitting.FULL)
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

    Raises BookError where a fit has neither been made nor a row that still holds, or where rows differ in their seeds.
    """
    os.environ["JINGJINJI_STORE"] = str(STORE)
    today = datetime.date.today().isoformat()
    before = published.read(KEPT) if KEPT.exists() else {"gate": "", "builds": 0, "rows": {}}
    scatter = published.read(verify.SCATTER)["scores"] if verify.SCATTER.exists() else {}
    rows, kept = _rows(today, before)
    scores, seeds = defaultdict(list), 0
    while True:
        os.environ["JINGJINJI_SEED"] = str(seed := seeds + 1)
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
        for id in makers.keys() & findings.keys():
            finding = findings[id]
            if finding.exact and finding.model != "table" and not finding.error:
                scores[id].append(finding.mean)
        for shift in verify.compare(findings, makers, with_scatter=False):  # which comes from these very runs
            if shift.fit in rows and shift.status in verify.DIFFERENT:
                rows[shift.fit]["refused"].append(f"{seed}: {shift.id}")
    if kept and seeds != before["builds"]:
        raise BookError(f"{len(kept)} rows are of {before['builds']} seeds and {len(rows)} of {seeds}: sample as many")
    rows = {name: kept.get(name) or rows[name] for name in fitting.names()}
    _extrapolate(rows)
    builds = [not any(fault["seed"] == seed for row in rows.values() for fault in row["failed"])
              for seed in range(1, seeds + 1)]  # fmt: skip
    failed, count = sum(len(row["failed"]) for row in rows.values()), len(builds) * len(rows)
    made = {
        "date": today,
        "gate": gate_of_today(),
        "builds": len(builds),
        "builds that pass": sum(builds),
        "whole builds that pass, 95 % lower limit": _lower(sum(builds), len(builds)),
        "fits": count,
        "failed": failed,
        "fits that fail, 95 % upper limit": float(f"{1 - _lower(count - failed, count):.3g}"),
        "fits that diverge": sum("divergences" in fault["problem"] for row in rows.values() for fault in row["failed"]),
        "fits short of draws a build, by extrapolation": float(f"{sum(row['short'] for row in rows.values()):.2g}"),
        "findings that verify would refuse": sum(len(row["refused"]) for row in rows.values()),
        "looks": list(gate.LOOKS),
        "rows": rows,
    }
    KEPT.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", "utf-8")
    varied = {id: {"sd": float(f"{np.std(values, ddof=1):.4g}") if np.ptp(values) else 0.0, "runs": len(values)}
              for id, values in scores.items() if len(values) > 1}  # fmt: skip
    ids = published_ids()
    varied |= {id: scatter[id] for name in kept for id in scatter.keys() & ids[name]}
    about = {"what": "standard deviation of scores of whole fits over runs with other seeds", "date": today}
    text = json.dumps(about | {"scores": dict(sorted(varied.items()))}, indent=1) + "\n"
    verify.SCATTER.write_text(text, "utf-8")
    return {name: value for name, value in made.items() if name != "rows"}


def published_ids() -> dict[str, set[str]]:
    """Ids of published findings, by fit."""
    ids = defaultdict(set)
    for id, row in published.read(verify.REFERENCE).items():
        ids[row["fit"]].add(id)
    return ids


def gate_of_today() -> str:
    return keys.of_module("jingjinji.fits.gate")[:16]


def published_fits() -> dict[str, dict[str, str]]:
    """Fit -> the key of its published draws, and a hash of the ids of its published findings: what a row is about."""
    draws, ids = (world.published_one() or {"fits": {}})["fits"], published_ids()
    return {
        name: {
            "key of draws": draws.get(name, {"draws": ""})["draws"],
            "ids of findings": sha256(" ".join(sorted(ids[name])).encode()).hexdigest()[:16],
        }
        for name in fitting.names()
    }


def holds(row: dict, fit: dict[str, str]) -> bool:
    """Whether a row of a soak is about a fit, of `published_fits`, as it is published today."""
    return fit.items() <= row.items()


def _rows(today: str, before: dict) -> tuple[dict[str, dict], dict[str, dict]]:
    """Rows still empty of the fits that are stored, and the rows of an earlier soak that are kept for the others."""
    os.environ["JINGJINJI_SEED"] = "1"
    made = {name for name, key in fitting.key_of_findings(fitting.names()).items()
            if store.exists(store.FINDINGS, name, key)}  # fmt: skip
    about, earlier = published_fits(), before["rows"] if before["gate"] == gate_of_today() else {}
    kept = {name: row for name, row in earlier.items() if name in about.keys() - made and holds(row, about[name])}
    if missing := sorted(set(fitting.names()) - made - kept.keys()):
        raise BookError(f"{len(missing)} fits have neither been made nor a row that still holds, such as {missing[0]}: "
                        "run the soak to its end")  # fmt: skip
    empty = {"date": today, "failed": [], "draws": [], "needed": [], "checks": {}, "refused": []}
    return {name: about[name] | deepcopy(empty) for name in fitting.names() if name in made}, kept


def _extrapolate(rows: dict[str, dict]) -> None:
    """Put into new rows how often each look was the last, and into every row the probability that it is still short.

    A seed with which a fit ended as wrong says nothing of the draws that it needs: it counts as a failure.
    """
    for row in rows.values():
        if isinstance(row["draws"], list):
            row["draws"] = {look: row["draws"].count(look) for look in sorted(set(row["draws"]))}
    needed = np.array([row["needed"] for row in rows.values()], dtype=float)
    for row, chance in zip(rows.values(), still_short(needed), strict=True):
        row["short"] = float(f"{chance:.2g}")


def _needed(notes: dict) -> float | None:
    """Draws of each chain after which a fit would just have held; None of one that ended as wrong.

    Of a fit that passed at the first look, told by how near each quantity is to its bar there. One that passed later
    held at the look before, and not at that before it: so many as that look has are the most that it can have needed.
    """
    if notes["state"] not in (gate.PASSED, gate.SHORT):
        return None
    look = gate.LOOKS.index(notes["count"])
    if look:
        return gate.LOOKS[look - 1] if notes["state"] == gate.PASSED else gate.LOOKS[-1]
    near = 0.0
    for check in notes["checks"]:
        if "ESS" in check["name"]:
            near = max(near, check["limit"] / check["value"])
        elif check["name"] in ("R-hat", "R-hat of other parameters"):  # less one it goes as one over the draws
            near = max(near, (check["value"] - 1) / (check["limit"] - 1))
    return notes["count"] * near


def still_short(needed: np.ndarray) -> np.ndarray:
    """Probability of each fit that it is still short at the last look but one: Student's t of the logs over seeds.

    needed : (fit, seed), nan where a fit ended as wrong. Few seeds tell a fit's variance badly, so it is drawn towards
    that of all fits, as far as their variances are alike: the moderated variance of Smyth (2004), Statistical
    Applications in Genetics and Molecular Biology 3(1), article 3, section 6. Of fewer than `ENOUGH` fits each has its
    own variance.
    """
    logs = np.log(np.maximum(needed, 1))
    seeds = np.isfinite(logs).sum(axis=1)
    freedom = seeds - 1
    variance, prior, typical = np.maximum(np.nanvar(logs, axis=1, ddof=1), 1e-6), 0.0, 0.0
    if len(logs) >= ENOUGH:
        centred = np.log(variance) - special.digamma(freedom / 2) + np.log(freedom / 2)
        left = max(centred.var(ddof=1) - special.polygamma(1, freedom / 2).mean(), 1e-4)
        prior = 2 * optimize.brentq(lambda half: special.polygamma(1, half) - left, 1e-3, 1e5)
        typical = np.exp(centred.mean() + special.digamma(prior / 2) - np.log(prior / 2))
    moderated = (prior * typical + freedom * variance) / (prior + freedom)
    distance = np.log(gate.LOOKS[-2]) - np.nanmean(logs, axis=1)
    return stats.t.sf(distance / np.sqrt(moderated * (1 + 1 / seeds)), prior + freedom)


def _lower(passed: int, count: int) -> float:
    """One-sided 95 % lower limit of a share (Clopper-Pearson)."""
    return float(f"{stats.beta.ppf(0.05, passed, count - passed + 1):.5g}") if passed else 0.0


def _count(row: dict, seed: int, notes: dict) -> None:
    if notes["problem"]:
        row["failed"].append({"seed": seed, "state": notes["state"], "problem": notes["problem"]})
    needed = _needed(notes)
    row["draws"].append(notes["count"])
    row["needed"].append(None if needed is None else round(needed))
    for check in notes["checks"]:
        worse = max if check["name"].startswith(("R-hat", "divergences")) else min
        kept = row["checks"].get(check["name"])
        row["checks"][check["name"]] = check["value"] if kept is None else worse(kept, check["value"])


if __name__ == "__main__":
    asked, seeds, fits = sys.argv[1], int((sys.argv[2:3] or [10])[0]), sys.argv[3:]
    if asked == "report":
        print(json.dumps(report(), indent=1))
    else:
        {"run": run, "topics": topics}[asked](seeds, fits)
