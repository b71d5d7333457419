"""How often the gate passes a fit that is wrong and stops a good one: simulated chains, no model, in half an hour.

Chains are AR(1) made directly: `HYPERPARAMETERS` and `FINDINGS` that are published, and other parameters. A good fit
has four chains of one stationary distribution; a wrong one has modes, a stuck, shifted or wider chain, or a drift. Of
those whose chains hop, each stays for long in the one of two modes: they are right, and slow.
Energy and divergences are neutral, so that chains alone decide. A mode that no chain visits is not simulated: chains
that agree cannot show it. Rates go to ``gate_rates.json`` after each cell, with a key of the gate:

    nice -n 10 python benchmarks/gate_rates.py [share of the replications of each cell]
"""

import contextlib
import datetime
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import arviz_stats as az
import numpy as np
import xarray as xr
from scipy import stats

from jingjinji.fits import gate, keys

KEPT = Path(__file__).with_suffix(".json")
CHAINS, HYPERPARAMETERS, FINDINGS = 4, 10, 50
SIMULATED = 20
"""Of a wrong fit: other parameters that are simulated, the wrong ones among them.

Their bound is that of all of them. The rest would agree, and could only keep a wrong fit from passing: rates of passing
are a little too high.
"""
ANTITHETIC = -0.3
OLD_DRAWS = 900
GATE, ANY, ONE, OLD = "gate", "any look that holds", "one look, at the first", "old rule"
RULES = (GATE, ANY, ONE, OLD)


@dataclass(frozen=True)
class Cell:
    """Fits of one kind, and how many of them are simulated.

    Parameters
    ----------
    kind : ``good``, or what is wrong: ``modes 2:2``, ``modes 1:3``, ``shifted``, ``frozen``, ``stuck``, ``drift``,
        ``wider``, ``hopping``.
    size : distance or shift in sd; of a drift, sd in 1,000 draws.
    dwell, mass : of hopping chains, draws for which a chain stays in the lesser mode, and that mode's probability.
    where : what is wrong, or of a good fit is slow: ``hyperparameter`` (one), ``one`` (other parameter, of which
        no finding is made), ``finding`` (one other parameter, of which findings are made), ``others`` or ``all``.
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
    dwell: int = 0
    mass: float = 0.5
    replications: int = 300


CELLS = (
    *(Cell("shifted", size, "hyperparameter") for size in (0.2, 0.3, 0.4, 0.5)),
    *(Cell("shifted", size, "finding") for size in (0.3, 0.5)),
    *(Cell("shifted", size, "one") for size in (0.3, 0.5, 1.0)),
    *(Cell("shifted", size, "all") for size in (0.2, 0.3, 0.5)),
    *(Cell(f"modes {split}", size, "all") for split in ("2:2", "1:3") for size in (1.0, 3.0)),
    *(
        Cell(f"modes {split}", size, where)
        for split in ("2:2", "1:3")
        for size in (0.5, 1.0, 3.0)
        for where in ("hyperparameter", "finding", "one")
    ),
    *(
        Cell("hopping", 3.0, where, dwell=dwell, mass=mass)
        for where in ("hyperparameter", "one")
        for dwell, mass in ((100, 0.5), (500, 0.5), (2000, 0.5), (500, 0.05))
    ),
    *(Cell(kind, where=where) for kind in ("frozen", "stuck") for where in ("one", "all")),
    Cell("drift", 1.0, "hyperparameter"),
    Cell("drift", 1.0, "one"),
    Cell("wider", where="one"),
    Cell("wider", where="all"),
    *(Cell("good", slowest=slowest, replications=200) for slowest in (0.5, 0.8, 0.9)),
    *(Cell("good", where="others", others=20, slowest=slowest) for slowest in (0.95, 0.98)),
    Cell("good", common=0.5, replications=200),
    Cell("good", others=2634, replications=40),
)


class Chains:
    """Draws of one fit, made as far as they are needed, and its findings."""

    def __init__(self, cell: Cell, rng: np.random.Generator):
        self.rng, self.common = rng, cell.common
        self.others = cell.others if cell.kind == "good" else min(cell.others, SIMULATED)
        self.cell, self.share = cell, self.others / cell.others
        count = HYPERPARAMETERS + self.others
        wrong = np.zeros(count, dtype=bool)
        wrong[{"hyperparameter": slice(HYPERPARAMETERS - 1, HYPERPARAMETERS), "one": slice(-1, None),
               "finding": slice(HYPERPARAMETERS, HYPERPARAMETERS + 1), "others": slice(HYPERPARAMETERS, None),
               "all": slice(None)}[cell.where]] = True  # fmt: skip
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
        self.hops = cell.size * wrong if cell.kind == "hopping" else None
        self.there = rng.random((CHAINS, 1)) < cell.mass
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
                if self.hops is not None:
                    leaving = np.where(self.there, 1.0, self.cell.mass / (1 - self.cell.mass)) / self.cell.dwell
                    self.there ^= self.rng.random((CHAINS, 1)) < leaving
                    more[:, step] += self.hops * self.there
            self.values = np.concatenate([self.values, more], axis=1)
            self.energy = np.concatenate([self.energy, self.rng.normal(size=more.shape[:2])], axis=1)
        return self.values[:, :draws]

    def findings(self, draws: int) -> np.ndarray:
        """Sums of a hyperparameter and two of the other parameters but the last (chain, draw, finding)."""
        values, number = self.first(draws), np.arange(FINDINGS)
        return values[..., number % HYPERPARAMETERS] + sum(
            values[..., HYPERPARAMETERS + (number * times) % (self.others - 1)] for times in (1, 3)
        )

    def verdict(self, draws: int, before: gate.Verdict | None = None) -> gate.Verdict:
        """What the gate says after so many draws."""
        values = self.first(draws)
        dims, size = ("chain", "draw"), HYPERPARAMETERS
        energy = self.energy[:, :draws]
        with others_as_many_as(self.others, self.share):
            return gate.decide(
                xr.Dataset({"hyper": ((*dims, "h"), values[..., :size]), "other": ((*dims, "o"), values[..., size:])})
                .assign_coords(h=range(size), o=range(self.others)),
                xr.Dataset({"diverging": (dims, np.zeros(energy.shape, dtype=bool)), "energy": (dims, energy)}),
                lambda count: {f"finding {k}": made for k, made in enumerate(np.moveaxis(self.findings(count), -1, 0))},
                before,
                looks=(draws,),
            )  # fmt: skip


def _persistence(count: int, slowest: float) -> np.ndarray:
    """Of each parameter: the last hyperparameter and the last of the others are the slowest, a fifth is antithetic."""
    parts = [np.linspace(0, slowest, size) for size in (HYPERPARAMETERS, count - HYPERPARAMETERS)]
    for part in parts:
        part[1:-1:5] = ANTITHETIC
    return np.concatenate(parts)


@contextlib.contextmanager
def others_as_many_as(simulated: int, share: float) -> Iterator[None]:
    """The gate with the bound of all other parameters for the share of them that is simulated."""
    agreement = gate.agreement

    def of_all(values, error):
        return agreement(values, error * (share if values.shape[-1] == simulated else 1))

    try:
        gate.agreement = of_all
        yield
    finally:
        gate.agreement = agreement


def outcomes(chains: Chains) -> dict[str, str]:
    """Of one fit, rule -> ``wrong``, ``failed`` (at the last look), or the draws after which it passed."""
    found, verdict = {}, None
    for draws in gate.LOOKS:
        verdict = chains.verdict(draws, verdict)
        if verdict.holds:
            found.setdefault(ANY, str(draws))
        if draws == gate.LOOKS[0]:
            found[ONE] = str(draws) if verdict.passed else "failed"
        if verdict.state != gate.SHORT:
            break
    end = {gate.PASSED: str(verdict.draws), gate.WRONG: gate.WRONG, gate.SHORT: "failed"}[verdict.state]
    return {GATE: end, ANY: found.get(ANY, end), ONE: found[ONE], OLD: old_rule(chains)}


def old_rule(chains: Chains) -> str:
    """One look: the largest R-hat of all parameters and findings, and their smallest bulk and tail ESS."""
    values = np.concatenate([chains.first(OLD_DRAWS), chains.findings(OLD_DRAWS)], axis=-1)
    rhat, _ = gate.agreement(values, gate.FAMILY_ERROR)
    if (rhat > gate.MOST_RHAT).any():
        return "failed"
    data = xr.DataArray(values, dims=("chain", "draw", "quantity"))
    sizes = [az.ess(data, method="bulk"), az.ess(data, method="tail", prob=0.9)]
    return str(OLD_DRAWS) if min(float(size.min()) for size in sizes) >= gate.LEAST_ESS else "failed"


def rates(cell: Cell, number: int, share: float) -> dict:
    """So many replications of a cell; seeds are their numbers."""
    counts = {rule: Counter() for rule in RULES}
    replications = max(2, round(share * cell.replications))
    for done in range(replications):
        for rule, outcome in outcomes(Chains(cell, np.random.default_rng([number, done]))).items():
            counts[rule][outcome] += 1
    made = {rule: summary(count, replications) for rule, count in counts.items()}
    return asdict(cell) | {"replications": replications, "rules": made}


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
    what += f", dwelling {row['dwell']}, mass {row['mass']}" if row["dwell"] else ""
    what += f", correlated {row['common']}" if row["common"] else ""
    low, high = gates["passed"][1:]
    shares = " | ".join(f"{row['rules'][rule]['passed'][0]:.3f}" for rule in RULES)
    looks = " ".join(f"{draws}:{times}" for draws, times in gates["looks"].items())
    return f"| {what} | {row['replications']} | {shares} | {low:.3f}-{high:.3f} | {gates['wrong'][0]:.3f} | {looks} |"


def main(share: float) -> None:
    start, rows = time.process_time(), []
    print("| fits | n |", " | ".join(RULES), "| 95 % of gate | gate says wrong | passed after |", flush=True)
    for number, cell in enumerate(CELLS):
        rows.append(rates(cell, number, share))
        print(line(rows[-1]), flush=True)
        about = {"date": datetime.date.today().isoformat(), "gate": keys.of_module("jingjinji.fits.gate")[:16],
                 "old_draws": OLD_DRAWS, "cpu_seconds": round(time.process_time() - start)}  # fmt: skip
        KEPT.write_text(json.dumps(about | {"cells": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
