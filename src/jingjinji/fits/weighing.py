"""Fits sampled again with the log density of the prior, then of the likelihood, halved and doubled (`power_scaling`).

What findings draw after sampling, and fits beside, stay as they are. It takes long, so it is no part of building the
book: `run` is called by hand, and what it finds is kept with its date and with a key of the model and its data. A test
compares that key with today's.
"""

import datetime
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property

import numpy as np
from filelock import FileLock

import jingjinji
from jingjinji.core import published, registry, writing
from jingjinji.core.errors import BookError
from jingjinji.core.findings import Finding, event, find
from jingjinji.fits import cluster, draws, fit_job, fitting, gate, keys, orphans, sampler, store
from jingjinji.fits.power_scaling import LIKELIHOOD, POWERS, PRIOR, scaled, top

KEPT = jingjinji.PROJECT / "results" / "power_scaling.json"
TARGET_ACCEPT, WARM_UP = 0.95, 2
"""Least acceptance, and warm-up as a multiple of a fit's: settings are chosen for posteriors without powers."""
Asked = Mapping[str, tuple[float | None, float | None]]
"""Id of a finding -> the limit below and the limit above which it is asked for, as of `findings.event`."""


def run(fit: str, asked: Asked) -> str:
    """Sample a fit under each of `POWERS`, in a process with the book's numerics; returns what was done.

    Powers that an earlier run has sampled are kept, also where it was killed. Raises BookError where it fails.
    """
    return _process({"fit": fit, "asked": asked})


def keys_of_today(fits: Iterable[str]) -> dict[str, str]:
    """Fit -> `key`, from a process with the book's numerics, as `run` has."""
    return json.loads(_process({"fits": list(fits)}))


def old(asked: Mapping[str, Asked]) -> list[str]:
    """Fits of which nothing is kept of today's model and data, or not every answer that is asked for."""
    found = kept()
    return [fit for fit, today in keys_of_today(asked).items() if not _whole(found.get(fit), today, asked[fit])]


def _whole(about: dict | None, today: str, asked: Asked) -> bool:
    if not about or about["key"] != today or about["powers"].keys() != POWERS.keys():
        return False
    limits = [{id: (row["below"], row["above"]) for id, row in of["findings"].items()}
              for of in about["powers"].values() if not of["problem"]]  # fmt: skip
    return all(of_power == asked for of_power in limits)


def kept() -> dict[str, dict]:
    """Fit -> what is kept of it: key, date, names of the priors, and by power what was found; empty without a file."""
    return published.read(KEPT) if KEPT.exists() else {}


def of_stored(fit: str) -> dict[str, dict]:
    """What is kept of a fit by power, where it is of the model and the data of the stored draws; empty elsewhere."""
    about, made = kept().get(fit), []
    for name, found in fitting.key_of_findings([fit, *fitting.beside([fit])]).items() if about else ():
        place = store.notes(store.FINDINGS, name, found)["draws"]
        there = place and store.exists(store.DRAWS, name, place)
        of = store.notes(store.DRAWS, name, place)["of"] if there else {"graph": "", "arrays": {}}
        made.append([of["graph"], of["arrays"]])
    return about["powers"] if about and about["key"] == _hash(made) else {}


def key(fit: str) -> str:
    """A key of the graph and the arrays of a fit and of those beside it; seeds, settings and versions are not in it."""
    made = []
    for name in (fit, *fitting.beside([fit])):
        model, variant = fitting.parts(name)
        job = fit_job.Topic(model)
        made.append([job.graph, keys.of_arrays(job.module.data(registry.load(model, variant)))])
    return _hash(made)


def _hash(made) -> str:
    return hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()[:20]


def _process(task: dict) -> str:
    """What a process with the book's numerics says of a task; raises BookError where it fails."""
    command = [sys.executable, "-m", "jingjinji.fits.weighing"]
    result = subprocess.run(command, env=sampler.environment(), input=json.dumps(task), capture_output=True, text=True)
    if result.returncode:
        lines = result.stderr.strip().splitlines() or ["no word"]
        about = task.get("fit") or ", ".join(task["fits"])
        raise BookError(f"weighing prior and likelihood of {about} ended with: {lines[-1]}")
    return result.stdout.strip()


class _Topic(fit_job.Topic):
    @cached_property
    def model(self):
        return scaled(self.module.build(registry.load(self.name)))


def _weigh(fit: str, asked: Asked) -> str:
    """Sample the powers that are missing, and keep the whole."""
    today, topic = key(fit), _Topic(fitting.parts(fit)[0])
    about = _hash([today, fitting.key_of_findings([fit]), asked])
    log = jingjinji.CACHE / "power_scaling" / f"{fit.replace('/', '-')}-{about}.jsonl"
    log.parent.mkdir(parents=True, exist_ok=True)
    powers = dict(writing.whole_lines(log))
    with log.open("a") as file:
        for words in POWERS:
            if words not in powers:
                powers[words] = _sampled(topic, fit, words, asked)
                print(json.dumps([words, powers[words]]), file=file, flush=True)
    with FileLock(log.with_name(".kept.lock")):
        date, priors = datetime.date.today().isoformat(), [variable.name for variable in top(topic.model)]
        of_fit = {"key": today, "date": date, "priors": priors, "powers": powers}
        published.write(KEPT, dict(sorted((kept() | {fit: of_fit}).items())))
    return "; ".join(
        [f"{fit}: {len(powers)} powers", *(f"{p}: {of['problem']}" for p, of in powers.items() if of["problem"])]
    )


def _sampled(topic: _Topic, fit: str, words: str, asked: Asked) -> dict:
    """A fit under one power, judged by the gate: what is found, or what keeps it from being said."""
    variant, usual = fitting.parts(fit)[1], fitting.settings(topic.name, fitting.FULL)
    how = replace(usual, tune=WARM_UP * usual.tune, target_accept=max(usual.target_accept, TARGET_ACCEPT))
    panel = registry.load(topic.name, variant)
    arrays = topic.module.data(panel) | dict(zip((PRIOR, LIKELIHOOD), map(np.asarray, POWERS[words]), strict=True))
    compiled = topic.compiled.with_data(**{name: arrays[name] for name in arrays if name not in topic.frozen})
    topic.put(arrays)
    verdict, made = None, {}

    def enough(tree) -> bool:
        nonlocal verdict
        free, stats = tree["posterior"].to_dataset().astype(float), tree["sample_stats"].to_dataset()

        def said(count: int) -> dict[str, np.ndarray]:
            parameters = draws.with_derived(topic.module, topic.model, free.isel(draw=slice(count)))
            drawn = fitting.Fit(topic.name, variant, panel, parameters, stats.isel(draw=slice(count)), [], 0.0, how)
            made.update({finding.id: finding for finding in registry.said(topic.name).findings(drawn)})
            return {id: finding.draws for id, finding in made.items() if not finding.exact}

        verdict = gate.decide(free, stats, said, verdict)
        return verdict.state != gate.SHORT

    sampler.draw(compiled, how, fitting.seed(f"{fit} {words}", shifted=False), cluster.cores, enough)
    found = {id: _answer(find(made, id), *limits) for id, limits in asked.items()} if verdict.passed else {}
    return {"problem": verdict.sentence, "draws": verdict.draws, "findings": found}


def _answer(finding: Finding, below: float | None, above: float | None) -> dict:
    """Probability and, of a quantity, median, each with its Monte Carlo error."""
    happened, middle = event(finding, below, above), replace(finding, by_median=True)
    made = {"probability": happened.mean, "error": happened.mcse}
    if not finding.is_probability:
        made |= {"median": middle.estimate, "median_error": middle.estimate_mcse}
    return {"below": below, "above": above} | {name: float(f"{value:.6g}") for name, value in made.items()}


if __name__ == "__main__":
    orphans.end_with_parent()
    task = json.loads(sys.stdin.read())
    print(_weigh(task["fit"], task["asked"]) if "fit" in task else json.dumps({fit: key(fit) for fit in task["fits"]}))
