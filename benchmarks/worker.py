"""One sampling run in a process of its own; prints what it measured as JSON.

``worker.py book SEED``: the book's sampler. ``worker.py pymc SEED``: plain ``pm.sample``. ``worker.py refits SEED...``:
one compiled model, a run a seed, and the time of a gradient. ``worker.py larger CITIES YEARS SEED...``: the book's
sampler on that many times the cities and the years.
"""

import ctypes
import json
import os
import sys
import time
import warnings

import arviz as az
import numpy as np

from jingjinji import fitting, models

TOPIC = "decline"
MAIN = fitting.SETTINGS[fitting.FULL]["main"]


def main() -> None:
    what, *numbers = sys.argv[1:]
    runs = {"book": book, "pymc": plain_pymc, "refits": refits, "larger": larger}
    print(json.dumps(runs[what](*map(int, numbers))))


def book(seed: int) -> dict:
    panel = models.module(TOPIC).load()
    start = time.perf_counter()
    compiled = fitting.compile_model(TOPIC, panel)
    compile_seconds = time.perf_counter() - start
    return run(compiled, panel, seed) | {"compile": compile_seconds}


def plain_pymc(seed: int) -> dict:
    import pymc as pm

    module = models.module(TOPIC)
    start = time.perf_counter()
    with module.build(module.load()), warnings.catch_warnings(action="ignore"):
        tree = pm.sample(
            nuts_sampler="pymc",
            chains=MAIN.chains,
            cores=min(MAIN.chains, os.cpu_count()),
            random_seed=seed,
            progressbar=False,
            compute_convergence_checks=False,
        )
    total = time.perf_counter() - start
    sampling = tree["posterior"].attrs["sampling_time"]
    return quality(tree) | {"sampling": sampling, "compile": total - sampling}


def refits(*seeds: int) -> dict:
    panel = models.module(TOPIC).load()
    compiled = fitting.compile_model(TOPIC, panel)
    return {"runs": [run(compiled, panel, seed) for seed in seeds], "gradient": gradient_seconds(compiled)}


def larger(cities: int, years: int, *seeds: int) -> dict:
    from larger import simulated

    _, panel = simulated(cities, years)
    compiled = fitting.compile_model(TOPIC, panel)
    return {"runs": [run(compiled, panel, seed) for seed in seeds], "gradient": gradient_seconds(compiled)}


def run(compiled, panel, seed: int) -> dict:
    """Sample a compiled model with the book's settings; the time includes giving it its data."""
    start = time.perf_counter()
    tree = fitting.sampled(TOPIC, compiled, panel, MAIN, seed)
    return {"sampling": time.perf_counter() - start} | quality(tree)


def quality(tree) -> dict:
    """The least bulk ESS of any free parameter, and the divergences."""
    parameters = tree["posterior"].to_dataset().drop_vars(models.module(TOPIC).DERIVED)
    ess = az.ess(parameters, method="bulk")
    return {
        "ess": min(float(array.min()) for array in ess.data_vars.values()),
        "divergences": int(tree["sample_stats"]["diverging"].sum()),
    }


def gradient_seconds(compiled, evaluations: int = 5000) -> float:
    """Seconds of one log-density with gradient, called as the sampler calls it, the best of five rounds."""
    function = compiled.compiled_logp_func.ctypes
    point = compiled.initial_point_func(0).astype(float)
    gradient, density = np.zeros_like(point), np.zeros(1)
    pointers = [array.ctypes.data_as(function.argtypes[1]) for array in (point, gradient, density)]
    arguments = (ctypes.c_uint64(point.size), *pointers, ctypes.c_void_p(compiled.user_data.ctypes.data))
    if function(*arguments) or not np.isfinite(density[0]):
        raise RuntimeError("the log-density cannot be computed at the initial point")
    rounds = []
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(evaluations):
            function(*arguments)
        rounds.append((time.perf_counter() - start) / evaluations)
    return min(rounds)


if __name__ == "__main__":
    main()
