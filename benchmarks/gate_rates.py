"""How often the gate's rule passes a fit that is wrong and stops a good one: simulated chains, no model, in minutes.

Chains are AR(1) made directly: `HYPERPARAMETERS` and `FINDINGS` that are published, and other parameters. A good fit
has four chains of one stationary distribution; a wrong one has modes, a stuck, shifted or wider chain, or a drift.
Energy and divergences are neutral, so that chains alone decide. Rates go to ``gate_rates.json`` after each cell:

    nice -n 10 python benchmarks/gate_rates.py [factor by which the CPU seconds of a cell are multiplied]
"""

import contextlib
import datetime
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import arviz_stats as az
import numpy as np
import xarray as xr
from scipy import stats

from jingjinji import gate

KEPT = Path(__file__).with_suffix(".json")
CHAINS, HYPERPARAMETERS, FINDINGS = 4, 10, 50
AT_MOST = 300
"""Replications of a cell."""
SIMULATED, SIMULATED_FINDINGS = {"one": gate.FEW + 1, "hyperparameter": gate.FEW + 1}, 10
"""Of a wrong fit: other parameters that are simulated (else 20), half of them wrong or all, and findings.

The bound is that of all parameters. The rest would agree, and could only keep a wrong fit from passing: rates of
passing are a little too high.
"""
ANTITHETIC = -0.3
SHIFTS, OBVIOUS_SECONDS = (0.3, 0.5, 1.0, 2.0), 1.5
OLD_DRAWS = 900
STRICTER = {
    "no payment for looks": {"FAMILY_ERROR": gate.FAMILY_ERROR * len(gate.LOOKS)},
    "error 5 % a look": {"FAMILY_ERROR": 0.05 * len(gate.LOOKS)},
    "ceiling 1.03": {"REST_RHAT": 1.03},
    "ceiling 1.02": {"REST_RHAT": 1.02},
}
"""Rules that differ from the gate's in some numbers, and pass nothing at a look that the gate would not pass."""
GATE, TWICE, OLD = "gate", "two looks in a row", "old rule"
RULES = (GATE, *STRICTER, TWICE, OLD)


@dataclass(frozen=True)
class Cell:
    """Fits of one kind, and how many CPU seconds go into them.

    Parameters
    ----------
    kind : ``good``, or what is wrong: ``modes 2:2``, ``modes 1:3``, ``shifted``, ``frozen``, ``stuck``, ``drift``,
        ``wider``.
    size : distance or shift in sd; of a drift, sd in 1,000 draws.
    where : what is wrong, or of a good fit is slow: ``hyperparameter``, ``one``, ``ten``, ``tenth``, ``others`` or
        ``all``.
    others : how many parameters there are beside the hyperparameters.
    slowest : lag-one autocorrelation of the slowest parameter; a fifth is antithetic, the rest lies between 0 and it.
    common : correlation of the other parameters.
    """

    kind: str
    size: float = 0.0
    where: str = "all"
    others: int = 383
    slowest: float = 0.5
    common: float = 0.0
    seconds: float = 8


def good_cells() -> list[Cell]:
    cells = [Cell("good", where="all", others=20, slowest=s, seconds=4) for s in (0.0, 0.5, 0.8, 0.9, 0.95, 0.98)]
    cells += [Cell("good", where="others", others=20, slowest=s, seconds=4) for s in (0.9, 0.95, 0.98)]
    cells += [Cell("good", others=20, slowest=s, common=0.5, seconds=4) for s in (0.5, 0.9)]
    cells += [Cell("good", slowest=s, common=c, seconds=20) for s, c in ((0.5, 0), (0.5, 0.5), (0.9, 0))]
    cells += [Cell("good", where="others", slowest=0.98, seconds=20)]
    return [*cells, Cell("good", others=2634, seconds=30)]


def wrong_cells() -> list[Cell]:
    cells = [Cell("shifted", size, where) for where in ("hyperparameter", "one", "ten", "all") for size in SHIFTS]
    cells += [Cell("shifted", size, "one", others) for others in (20, 2634) for size in SHIFTS[:3]]
    cells += [Cell(f"modes {split}", size, where) for split in ("2:2", "1:3") for where in ("all", "tenth", "one")
              for size in (1.0, 2.0, 3.0, 6.0)]  # fmt: skip
    cells += [Cell(kind, where=where) for kind in ("frozen", "stuck") for where in ("all", "one")]
    cells += [Cell("drift", size, where) for where in ("hyperparameter", "one", "others") for size in (0.5, 1.0)]
    cells += [Cell("wider", where=where) for where in ("hyperparameter", "one", "ten", "all")]
    return [replace(cell, seconds=OBVIOUS_SECONDS) if cell.size > 1 else cell for cell in cells]


class Chains:
    """Draws of one fit, made as far as they are needed, and its findings."""

    def __init__(self, cell: Cell, rng: np.random.Generator):
        self.rng, self.common = rng, cell.common
        bad = {"one": 1, "ten": 10, "tenth": max(cell.others // 10, 1)}.get(cell.where, cell.others)
        self.others = cell.others if cell.kind == "good" else min(cell.others, SIMULATED.get(cell.where, 20))
        self.count_of_findings = FINDINGS if cell.kind == "good" else SIMULATED_FINDINGS
        self.share = (HYPERPARAMETERS + self.others) / (HYPERPARAMETERS + cell.others)
        count = HYPERPARAMETERS + self.others
        wrong = np.zeros(count, dtype=bool)
        if cell.where in ("hyperparameter", "all"):
            wrong[HYPERPARAMETERS - 1 if cell.where == "hyperparameter" else 0 : HYPERPARAMETERS] = True
        if cell.where != "hyperparameter":
            wrong[count - min(bad, self.others if cell.where in ("all", "others") else self.others // 2) :] = True
        self.persistence = _persistence(count, cell.slowest)
        if cell.kind == "good" and cell.where == "others":
            self.persistence[:HYPERPARAMETERS] *= 0.5
        self.scale, self.shift, self.trend = np.ones((CHAINS, count)), np.zeros((CHAINS, count)), np.zeros(count)
        if cell.kind in ("shifted", "modes 1:3", "modes 2:2"):
            self.shift[: 2 if cell.kind == "modes 2:2" else 1, wrong] = cell.size
        elif cell.kind in ("frozen", "stuck"):
            self.scale[0, wrong] = 0 if cell.kind == "frozen" else 0.05
            self.shift[0, wrong] = rng.normal(size=wrong.sum())
        elif cell.kind == "wider":
            self.scale[0, wrong] = 2
        elif cell.kind == "drift":
            self.trend[wrong] = cell.size / 1000
        self.state = self._innovations()
        self.values = np.zeros((CHAINS, 0, count))
        self.energy = np.zeros((CHAINS, 0))

    def _innovations(self) -> np.ndarray:
        own = self.rng.normal(size=self.scale.shape)
        if self.common:
            shared = self.rng.normal(size=(CHAINS, 1))
            own[:, HYPERPARAMETERS:] = (
                np.sqrt(1 - self.common) * own[:, HYPERPARAMETERS:] + np.sqrt(self.common) * shared
            )
        return own

    def first(self, draws: int) -> np.ndarray:
        """The first draws (chain, draw, parameter), hyperparameters first."""
        before = self.values.shape[1]
        if draws > before:
            more = np.empty((CHAINS, draws - before, self.scale.shape[1]))
            for step in range(draws - before):
                self.state = self.persistence * self.state + np.sqrt(1 - self.persistence**2) * self._innovations()
                more[:, step] = self.scale * self.state + self.shift + self.trend * (before + step)
            self.values = np.concatenate([self.values, more], axis=1)
            self.energy = np.concatenate([self.energy, self.rng.normal(size=more.shape[:2])], axis=1)
        return self.values[:, :draws]

    def findings(self, draws: int) -> np.ndarray:
        """Sums of a hyperparameter and two of the first half of the others (chain, draw, finding)."""
        values, half, number = self.first(draws), self.others // 2, np.arange(self.count_of_findings)
        return values[..., number % HYPERPARAMETERS] + sum(
            values[..., HYPERPARAMETERS + (number * times) % half] for times in (1, 3)
        )

    def verdict(self, draws: int) -> gate.Verdict:
        values = self.first(draws)
        dims, size = ("chain", "draw"), HYPERPARAMETERS
        energy = self.energy[:, :draws]
        return gate.decide(
            xr.Dataset({"hyper": ((*dims, "h"), values[..., :size]), "other": ((*dims, "o"), values[..., size:])})
            .assign_coords(h=range(size), o=range(self.others)),
            xr.Dataset({"diverging": (dims, np.zeros(energy.shape, dtype=bool)), "energy": (dims, energy)}),
            lambda count: {f"finding {k}": made for k, made in enumerate(np.moveaxis(self.findings(count), -1, 0))},
            looks=(draws,),
        )  # fmt: skip


def _persistence(count: int, slowest: float) -> np.ndarray:
    """Of each parameter: the last hyperparameter and the last of the others are the slowest, a fifth is antithetic."""
    parts = [np.linspace(0, slowest, size) for size in (HYPERPARAMETERS, count - HYPERPARAMETERS)]
    for part in parts:
        part[1:-1:5] = ANTITHETIC
    return np.concatenate(parts)


@contextlib.contextmanager
def numbers(share: float, **changed: float) -> Iterator[None]:
    """The gate with other numbers; its error is for a `share` of the parameters."""
    changed = {"FAMILY_ERROR": gate.FAMILY_ERROR} | changed
    changed["FAMILY_ERROR"] *= share
    before = {name: getattr(gate, name) for name in changed}
    try:
        for name, value in changed.items():
            setattr(gate, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(gate, name, value)


def outcomes(chains: Chains, rules: tuple[str, ...]) -> dict[str, str]:
    """Of one fit, rule -> ``wrong``, ``failed`` (short at the last look), or the draws after which it passed."""
    found, passed_before = {}, False
    for draws in gate.LOOKS:
        with numbers(chains.share):
            verdict = chains.verdict(draws)
        state = verdict.state
        if state == gate.WRONG:
            break
        if state == gate.PASSED:
            found.setdefault(GATE, str(draws))
            if passed_before:
                found.setdefault(TWICE, str(draws))
            for rule in (rule for rule in STRICTER if rule in rules and rule not in found):
                with numbers(chains.share, **STRICTER[rule]):
                    if _others_pass(chains, verdict, "FAMILY_ERROR" in STRICTER[rule]):
                        found[rule] = str(draws)
        passed_before = state == gate.PASSED
        if all(rule in found for rule in rules if rule != OLD):
            break
    end = gate.WRONG if state == gate.WRONG else "failed"
    return {rule: found.get(rule, end) for rule in rules if rule != OLD} | {OLD: old_rule(chains)}


def _others_pass(chains: Chains, verdict: gate.Verdict, other_bound: bool) -> bool:
    """Whether a look at which the gate passes does so with its numbers as they are now: R-hat of others can differ."""
    largest = next(check.value for check in verdict.checks if check.name == "R-hat of other parameters")
    if largest > gate.REST_RHAT or not other_bound:
        return largest <= gate.REST_RHAT
    rhat, most = gate.agreement(chains.first(verdict.draws), gate.FAMILY_ERROR / len(gate.LOOKS))
    return bool((rhat <= most)[HYPERPARAMETERS:].all())


def old_rule(chains: Chains) -> str:
    """One look: the largest R-hat of all parameters and findings, and their smallest bulk and tail ESS."""
    values = np.concatenate([chains.first(OLD_DRAWS), chains.findings(OLD_DRAWS)], axis=-1)
    rhat, _ = gate.agreement(values, gate.FAMILY_ERROR)
    if (rhat > gate.MOST_RHAT).any():
        return "failed"
    data = xr.DataArray(values, dims=("chain", "draw", "quantity"))
    sizes = [az.ess(data, method="bulk"), az.ess(data, method="tail", prob=0.9)]
    return str(OLD_DRAWS) if min(float(size.min()) for size in sizes) >= gate.LEAST_ESS else "failed"


def rates(cell: Cell, number: int, factor: float) -> dict:
    """Replications of a cell until its CPU seconds are used up, or there are `AT_MOST`; seeds are their numbers."""
    start, counts, done = time.process_time(), {rule: Counter() for rule in RULES}, 0
    while done < AT_MOST and (done < 2 or time.process_time() - start < factor * cell.seconds):
        found = outcomes(Chains(cell, np.random.default_rng([number, done])), RULES)
        for rule, outcome in found.items():
            counts[rule][outcome] += 1
        done += 1
    about = {name: value for name, value in asdict(cell).items() if name != "seconds"}
    return about | {"replications": done, "rules": {rule: summary(count, done) for rule, count in counts.items()}}


def summary(count: Counter, replications: int) -> dict:
    """Shares with 95 % intervals (Clopper-Pearson), and of those that passed after how many draws a chain."""
    looks = {int(outcome): times for outcome, times in count.items() if outcome.isdigit()}
    made = {"passed": sum(looks.values()), "wrong": count[gate.WRONG], "failed": count["failed"]}
    shares = {}
    for outcome, times in made.items():
        low, high = stats.binomtest(times, replications).proportion_ci()
        shares[outcome] = [round(float(share), 4) for share in (times / replications, low, high)]
    return shares | {"looks": dict(sorted(looks.items()))}


def line(row: dict) -> str:
    """A row of the table: what the fits were, and the share that each rule passed."""
    gates = row["rules"][GATE]
    what = f"{row['kind']} {row['size'] or ''} {row['where']}, {row['others']} others, slowest {row['slowest']}"
    what += f", correlated {row['common']}" if row["common"] else ""
    low, high = gates["passed"][1:]
    shares = " | ".join(f"{row['rules'][rule]['passed'][0]:.3f}" for rule in RULES)
    looks = " ".join(f"{draws}:{times}" for draws, times in gates["looks"].items())
    return f"| {what} | {row['replications']} | {shares} | {low:.3f}-{high:.3f} | {gates['wrong'][0]:.3f} | {looks} |"


def main(factor: float) -> None:
    start, rows = time.process_time(), []
    print("| fits | n |", " | ".join(RULES), "| 95 % of gate | gate says wrong | passed after |", flush=True)
    # Those that matter most come first.
    for number, cell in enumerate([*wrong_cells(), *good_cells()]):
        rows.append(rates(cell, number, factor))
        print(line(rows[-1]), flush=True)
        about = {"date": datetime.date.today().isoformat(), "cpu_seconds": round(time.process_time() - start)}
        KEPT.write_text(json.dumps(about | {"cells": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
