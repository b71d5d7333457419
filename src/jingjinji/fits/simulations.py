"""Made-up records of known truth: how often intervals hold it, and what a model would say had the effect been zero.

One record shows luck; many show coverage and power. Sampling them takes hours, so it is no part of building the
book: `run` is called by hand, and what it finds is kept with its date and with a key of the model and of how records
are made. A test compares that key with today's.
"""

import datetime
import hashlib
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
from filelock import FileLock
from scipy import stats

import jingjinji
from jingjinji.core import published, registry, writing
from jingjinji.core.errors import BookError
from jingjinji.core.findings import Finding
from jingjinji.fits import draws, fit_job, fitting, keys, orphans, sampler

KEPT = jingjinji.PROJECT / "results" / "simulations.json"
CHAINS, TUNE, DRAWS = 2, 300, 400
UNSETTLED_RHAT = 1.1
NOMINAL, OFF = 94, 3
"""Per cent of intervals that should hold the truth, and how far all together may be off before it is said."""
BESIDE_ZERO = "interval without zero in"
INSIDE = "in the 94 % interval of"
COLUMNS = ("made with", "quantity", "truth", "mean estimate", INSIDE, BESIDE_ZERO)

Words = Mapping[str, Mapping[str, str]]


def table(toys: Words, positive: tuple[str, ...] = ()) -> pd.DataFrame:
    """What is kept of some toys, one row a quantity, with columns `COLUMNS`.

    toys : model -> toy -> words for what its records were made with. Counts are of records, in brackets the shares that
    they agree with (95 %). positive : parts of the ids of quantities that cannot be zero, of which no interval holds
    it; where there are no others the last column is left out. Raises BookError for a toy that has not been simulated.
    """
    rows = []
    for topic, words in toys.items():
        for row in _rows(topic, words):
            low, high = _coverage(row)
            inside = f"{row['inside']} of {row['records']} ({low:.0f} to {high:.0f} %)"
            never = row["unit"] == "probability" or any(part in row["id"] for part in positive)
            beside = "" if never else f"{row['beside_zero']} of {row['records']}"
            unit = f" {row['unit']}" if row["unit"] else ""
            rows.append((words[row["toy"]], row["label"], f"{row['truth']:.3g}{unit}".replace("-", "−"),
                         f"{row['estimate']:.3g}{unit}".replace("-", "−"), inside, beside))  # fmt: skip
    made = pd.DataFrame(rows, columns=COLUMNS)
    return made if made[BESIDE_ZERO].any() else made.drop(columns=BESIDE_ZERO)


def estimates(topic: str, id: str) -> dict[str, tuple[float, float]]:
    """Toy -> the truth of a quantity and the mean of its estimates, means over the records.

    Raises BookError where the model has not been simulated.
    """
    return {row["toy"]: (row["truth"], row["estimate"]) for row in _kept(topic)["rows"] if row["id"] == id}


def sentence(toys: Words, wrong: Collection[tuple[str, str]] = ()) -> str:
    """Of how many intervals of how many records the truth lies inside, and of which quantity its count is least likely.

    wrong : (toy, id) of quantities that assume of the records what they were not made with: they are not counted.
    Probabilities have no interval and are left out. At a fixed truth an interval that also rests on priors need not
    hold it in 94 % of the records.
    """
    rows = [row for topic, words in toys.items() for row in _rows(topic, words)
            if row["unit"] != "probability" and (row["toy"], row["id"]) not in wrong]  # fmt: skip
    count, inside = sum(row["records"] for row in rows), sum(row["inside"] for row in rows)
    records = sum(max(row["records"] for row in rows if (row["topic"], row["toy"]) == toy)
                  for toy in {(row["topic"], row["toy"]) for row in rows})  # fmt: skip
    dates = sorted({_kept(topic)["date"] for topic in toys})
    least = min(rows, key=lambda row: stats.binom.cdf(row["inside"], row["records"], NOMINAL / 100))
    low, high = _coverage(least)
    share = 100 * inside / count
    apart = ", fewer than should" if share < NOMINAL - OFF else ", more than need to" if share > NOMINAL + OFF else ""
    narrow = ", so they are too narrow" if high < NOMINAL else ""
    left_out = " Rows that assume of their records what these were not made with are not counted." if wrong else ""
    return (
        f"From {records:,} made-up records come {count:,} intervals (94 %), of which {share:.1f} % hold "
        f"the truth{apart}; intervals from one record hang together, so few records leave much open.{left_out} "
        f"Least like 94 % are those of {least['label']}, which hold it in {least['inside']} of {least['records']} "
        f"records; a true rate of {low:.0f} to {high:.0f} % would fit that{narrow}. "
        f"{_number(_records_with('divergent', rows))} of the records had a transition that diverged, "
        f"{_unsettled(_records_with('unsettled', rows))} (simulated {dates[-1]})."
    )


def _records_with(fault: str, rows: list[dict]) -> int:
    """How many records have that fault at least: as many of each toy as the row of it where they are most."""
    return int(pd.DataFrame(rows).groupby(["topic", "toy"])[fault].max().sum())


def _number(count: int) -> str:
    return str(count) if count else "None"


def _unsettled(count: int) -> str:
    """Kept are counts by quantity, so that of records in which any quantity had not settled can be larger."""
    return f"and in at least {count} a quantity had not settled" if count else "and every quantity had settled"


def _coverage(row: dict) -> tuple[float, float]:
    """The shares, in per cent, that the count of a row agrees with (95 %, Clopper-Pearson)."""
    return tuple(100 * float(end) for end in stats.binomtest(row["inside"], row["records"]).proportion_ci())


def key(topic: str) -> str:
    """A key of a model and of the first record of each toy: what is kept under another key is of another model.

    Constants of a graph differ in their last bits between processors: see `keys_of_today`.
    """
    module = registry.module(topic)
    arrays = {
        f"{toy} {name}": values
        for toy in sorted(module.TOYS)
        for name, values in module.data(_record(topic, toy, 0)).items()
    }
    shapes = {name: [values.shape, *np.round(np.ravel(values)[:50], 6)] for name, values in arrays.items()}
    how = [asdict(settings(topic)), DRAWS]
    text = keys.of_model(module.build(registry.load(topic))) + json.dumps([shapes, how], default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def settings(topic: str) -> sampler.Sampling:
    """Fewer chains and draws than a fit of the book has, and steps as long."""
    return replace(fitting.settings(topic, fitting.FULL), chains=CHAINS, tune=TUNE)


def keys_of_today() -> dict[str, str]:
    """The `key` of every model that has toys, from a process with the book's numerics, as `run` has."""
    command = [sys.executable, "-m", "jingjinji.fits.simulations"]
    result = subprocess.run(command, env=sampler.environment(), capture_output=True, text=True, check=True)
    return json.loads(result.stdout)


def run(topic: str, records: int) -> str:
    """Simulate so many records of each toy of a model, in a process with the book's numerics; returns what was done.

    Records that an earlier run has sampled are kept, also where it was killed. Raises BookError where it fails.
    """
    if not getattr(registry.module(topic), "TOYS", {}):
        return f"{topic}: no toys"
    command = [sys.executable, "-m", "jingjinji.fits.simulations", topic, str(records)]
    result = subprocess.run(command, env=sampler.environment(), capture_output=True, text=True)
    if result.returncode:
        lines = result.stderr.strip().splitlines() or ["no word"]
        raise BookError(f"the simulation of {topic} ended with: {lines[-1]}")
    return result.stdout.strip()


def pairs(found: dict[str, Finding]) -> list[tuple[str, Finding, Finding]]:
    """Id, truth and estimate of each quantity of a made-up record.

    A truth ``PREFIX.truth.KEY`` has its estimate in ``PREFIX.KEY`` or ``PREFIX.recovered.KEY``; raises KeyError for one
    without.
    """
    made = []
    for id, truth in found.items():
        if ".truth." in id:
            plain = id.replace(".truth.", ".", 1)
            recovered = id.replace(".truth.", ".recovered.", 1)
            made.append((plain.partition("@")[0], truth, found.get(recovered) or found[plain]))
    return made


def _kept(topic: str) -> dict:
    kept = published.read(KEPT) if KEPT.exists() else {}
    try:
        return {"rows": kept[topic]["rows"], **kept[topic]}
    except (KeyError, TypeError):
        raise BookError(f"{KEPT.name} has no simulation of model {topic}: run 'jingjinji simulate {topic}'") from None


def _rows(topic: str, words: Mapping[str, str]) -> list[dict]:
    kept = _kept(topic)["rows"]
    if absent := sorted(set(words) - {row["toy"] for row in kept}):
        raise BookError(f"{KEPT.name} has no simulation of {topic}/{absent[0]}: run 'jingjinji simulate {topic}'")
    return [row | {"topic": topic} for toy in words for row in kept if row["toy"] == toy]


def _record(topic: str, toy: str, number: int):
    rng = np.random.default_rng([fitting.seed(f"{topic}/{toy}", shifted=False), number])
    return registry.toy(topic, toy, rng)


def _simulate(topic: str, records: int) -> str:
    """Sample what is missing of so many records of each toy, and keep the whole."""
    job = fit_job.Topic(topic)
    module, today = job.module, key(topic)
    log = jingjinji.CACHE / "simulations" / f"{topic}-{today}.jsonl"
    log.parent.mkdir(parents=True, exist_ok=True)
    done = [row for rows in writing.whole_lines(log) for row in (rows if isinstance(rows, list) else [rows])]
    there = {(row["toy"], row["record"]) for row in done}
    compiled = None
    with log.open("a") as file:
        for number in range(records):
            for toy in module.TOYS:
                if (toy, number) not in there:
                    compiled = compiled or sampler.compile_soon(job.model)
                    rows = _one(job, compiled, toy, number)
                    done += rows
                    print(json.dumps(rows), file=file, flush=True)  # a record is in the log whole or not at all
    with FileLock(log.with_name(".kept.lock")):
        kept = published.read(KEPT) if KEPT.exists() else {}
        kept[topic] = {"key": today, "date": datetime.date.today().isoformat(), "rows": _summary(done, records)}
        published.write(KEPT, dict(sorted(kept.items())))
    return f"{topic}: {records} records of each of {len(module.TOYS)} toys"


def _one(job, compiled, toy: str, number: int) -> list[dict]:
    """A record sampled: one row a quantity."""
    made = _record(job.name, toy, number)
    arrays = job.module.data(made)
    seed = fitting.seed(f"{job.name}/{toy} {number}", shifted=False)
    job.put(arrays)
    how = settings(job.name)
    tree = sampler.draw(compiled.with_data(**arrays), how, seed, lambda: 2, lambda tree: True, looks=(DRAWS,))
    parameters = draws.with_derived(job.module, job.model, tree["posterior"].to_dataset().astype(float))
    sampled = tree["sample_stats"].to_dataset()
    fit = fitting.Fit(job.name, toy, made, parameters, sampled, [], 0.0, how)
    rows = []
    for id, truth, estimate in pairs({finding.id: finding for finding in registry.said(job.name).findings(fit)}):
        low, high = estimate.hdi
        rows.append({
            "toy": toy, "record": number, "id": id, "label": truth.label.removeprefix("truth: "), "unit": truth.unit,
            "truth": truth.mean, "estimate": estimate.estimate, "low": low, "high": high,
            "divergences": int(sampled["diverging"].sum()), "settled": bool(not estimate.rhat > UNSETTLED_RHAT),
        })  # fmt: skip
    return rows


def _summary(rows: list[dict], records: int) -> list[dict]:
    groups = defaultdict(list)
    for row in rows:
        if row["record"] < records:
            groups[row["toy"], row["id"]].append(row)
    return [
        {
            "toy": toy, "id": id, "label": group[0]["label"], "unit": group[0]["unit"],
            "truth": _mean(group, "truth"), "estimate": _mean(group, "estimate"), "records": len(group),
            "inside": sum(row["low"] <= row["truth"] <= row["high"] for row in group),
            "beside_zero": sum(row["low"] > 0 or row["high"] < 0 for row in group),
            "unsettled": sum(not row["settled"] for row in group),
            "divergent": sum(row["divergences"] > 0 for row in group),
        }
        for (toy, id), group in groups.items()
    ]  # fmt: skip


def _mean(rows: list[dict], name: str) -> float:
    return float(f"{np.mean([row[name] for row in rows]):.6g}")


if __name__ == "__main__":
    orphans.end_with_parent()
    if sys.argv[1:]:
        print(_simulate(sys.argv[1], int(sys.argv[2])))
    else:
        print(
            json.dumps({topic: key(topic) for topic in registry.TOPICS if getattr(registry.module(topic), "TOYS", {})})
        )
