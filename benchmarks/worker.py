"""One measurement in a process of its own; prints what it measured as JSON.

``worker.py country COPIES YEARS``: the decline model of a simulated country: compile, and after a line of input, when
nothing else runs, a gradient, a short run, memory.
``worker.py overhead TASKS``: tasks that do nothing on the local cluster that makes the fits.
"""

import ctypes
import json
import resource
import sys
import time

import numpy as np

from jingjinji.fits import sampler

TUNE, DRAWS = 100, 50
ROUND_SECONDS = 0.3


def main() -> None:
    what, *numbers = sys.argv[1:]
    print(json.dumps({"country": country, "overhead": overhead}[what](*map(int, numbers))))


def country(copies: int, years: int) -> dict:
    """Seconds to compile, of a gradient and of a short run of one chain, and the most bytes that the process held."""
    from larger import simulated

    from jingjinji.fits.fit_job import Topic
    from jingjinji.topics.air import decline

    frozen = Topic("decline").frozen
    panel = simulated(copies, years)
    start = time.perf_counter()
    compiled = sampler.compile_soon(decline.build(panel), frozen)
    compile_seconds = time.perf_counter() - start
    print("compiled", flush=True)
    sys.stdin.readline()
    gradient = gradient_seconds(compiled)
    start = time.perf_counter()
    # the sampler is stopped before its last draw, as a fit is that passes
    sampler.draw(compiled, sampler.Sampling(1, TUNE), 1, lambda: 1, lambda tree: True, looks=(DRAWS, 10 * DRAWS))
    return {
        "compile": compile_seconds,
        "gradient": gradient,
        "sampling": time.perf_counter() - start,
        "draws": TUNE + DRAWS,
        "memory": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }


def gradient_seconds(compiled) -> float:
    """Seconds of one log density with gradient, called as the sampler calls it, the best of five rounds."""
    function = compiled.compiled_logp_func.ctypes
    point = compiled.initial_point_func(0).astype(float)
    gradient, density = np.zeros_like(point), np.zeros(1)
    pointers = [array.ctypes.data_as(function.argtypes[1]) for array in (point, gradient, density)]
    arguments = (ctypes.c_uint64(point.size), *pointers, ctypes.c_void_p(compiled.user_data.ctypes.data))
    if function(*arguments) or not np.isfinite(density[0]):
        raise RuntimeError("the log density cannot be computed at the initial point")

    def seconds(evaluations: int) -> float:
        start = time.perf_counter()
        for _ in range(evaluations):
            function(*arguments)
        return (time.perf_counter() - start) / evaluations

    evaluations = max(1, int(ROUND_SECONDS / seconds(10)))
    return min(seconds(evaluations) for _ in range(5))


def overhead(tasks: int) -> dict:
    """Seconds that so many tasks take which do nothing, after one that has warmed everything up."""
    from distributed import Client

    from jingjinji.fits import cluster

    with cluster._local(tasks) as local, Client(local) as client:
        client.submit(abs, -1, pure=False).result()
        start = time.perf_counter()
        client.gather([client.submit(abs, k, pure=False) for k in range(tasks)])
        return {"seconds": time.perf_counter() - start, "workers": len(local.workers)}


if __name__ == "__main__":
    main()
