"""Draws of one model: compiled once, given the data of each panel, drawn until the gate's rule ends it.

Everything that decides the bits of a draw is fixed here: the sampler and its settings, the seed of each chain, and the
`NUMERICS` of the process, which must be in its environment before NumPy is imported.
"""

import contextlib
import hashlib
import os
import platform
import threading
import time
import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

import jingjinji
from jingjinji.core.errors import BookError
from jingjinji.fits import gate

X86_64_WITH_AVX2 = {
    "OPENBLAS_CORETYPE": "Haswell",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "NUMBA_CPU_NAME": "haswell",
    "NUMBA_CPU_FEATURES": "+sse4.2,+popcnt,+avx,+avx2,+fma,+f16c,+bmi,+bmi2,+lzcnt,+movbe",
}
"""Kernels of every such processor: libraries would pick others by processor, and a seed then gives other draws."""
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
SOON_COMPILED = {"NUMBA_OPT": "1"}
"""Of three models tried, compiling took a seventh less, sampling the same (decline, emissions) or 4 % more (miyun)."""
NUMERICS = ONE_THREAD | SOON_COMPILED | (X86_64_WITH_AVX2 if platform.machine() in ("x86_64", "AMD64") else {})
ROOM = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "1000000", "MALLOC_TRIM_THRESHOLD_": "1000000"}
"""For glibc: arrays of draws that are done with go back to the system, and threads do not keep heaps of their own."""
KEPT = ["diverging", "energy"]
"""What is kept of the sampler's statistics."""
OF_A_RUN = ("created_at", "inference_library_settings")
"""What a library writes beside draws and is not kept, so that the same draws are the same file: when they were made,
and settings, of which one is how far the chains might have gone; those that decide are in the key."""
VERSION_OF_PRODUCTS = 1000 + zlib.crc32(__name__.encode())
"""In the name under which compiled products are kept: PyTensor counts its own from 1, and what numba keeps of a
function cannot be loaded where its module has moved."""
PROGRESS_MS = 50
PROGRESS_SECONDS = 0.5


@dataclass(frozen=True)
class Sampling:
    """Settings of the sampler: nutpie's NUTS with a diagonal mass matrix."""

    chains: int
    tune: int
    target_accept: float = 0.9


def environment() -> dict[str, str]:
    """The environment of a process that samples: this one's, with the numerics of the book."""
    # Kernels of another OpenBLAS may have been asked for under other names.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
    return (
        kept | ROOM | NUMERICS | {"JINGJINJI_CACHE": str(jingjinji.CACHE), "JINGJINJI_PROJECT": str(jingjinji.PROJECT)}
    )


def refuse_processor() -> None:
    """Raise BookError on a processor that has not the instructions which `NUMERICS` asks for."""
    flags = Path("/proc/cpuinfo")
    if NUMERICS.keys() & X86_64_WITH_AVX2.keys() and flags.exists() and " avx2" not in flags.read_text("utf-8"):
        raise BookError(
            f"the processor of {platform.node()} has no AVX2, which sampling the book needs: sample on another "
            "machine, and take its store with JINGJINJI_STORE"
        )


def seed_of_chain(seed: int, chain: int) -> int:
    """A seed for each chain of a fit."""
    return int.from_bytes(hashlib.sha256(f"{seed} {chain}".encode()).digest()[:4])


def compile_model(model, frozen: tuple[str, ...] = ()):
    """A ``pymc.Model`` compiled for nutpie; chains start at draws from the prior.

    frozen : names of ``pm.Data`` that no panel changes: constants of the graph, which then compiles sooner.

    Only free parameters are stored: what follows from them is computed where it is read.
    """
    import nutpie
    from pymc.model.transform.optimization import freeze_dims_and_data

    _compile_products_plainly()
    names = [variable.name for variable in model.free_RVs]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="PyTensor could not link to a BLAS", category=UserWarning)
        warnings.filterwarnings("ignore", message=r"np\.dot\(\) is faster on contiguous arrays")
        return nutpie.compile_pymc_model(
            freeze_dims_and_data(model, dims=[], data=list(frozen)) if frozen else model,
            backend="numba",
            default_initialization_strategy="prior",
            var_names=names,
        )


def _compile_products_plainly() -> None:
    """Have NumPy's product of matrices compiled, not PyTensor's.

    PyTensor's is compiled for each layout of both arguments, 15 s a time: half of all compiling, and of its memory.
    Both call the same function of BLAS; the draws of the decline were the same to the bit.
    """
    from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_default_op_cache_key
    from pytensor.link.numba.dispatch.elemwise import numba_funcify_Dot as of_pytensor
    from pytensor.tensor.math import Dot

    @register_funcify_default_op_cache_key(Dot)
    def product(op, node, **kwargs):
        if {variable.type.dtype for variable in (*node.inputs, *node.outputs)} != {"float64"}:
            return of_pytensor(op, node=node, **kwargs)

        @numba_njit
        def dot(x, y):
            return np.dot(x, y)

        return dot, VERSION_OF_PRODUCTS


def compile_soon(model, frozen: tuple[str, ...] = ()):
    """What `compile_model` makes, in less time, by what decides no draw and so is no part of their key."""
    _raise_plainly()
    return compile_model(model, frozen)


def _raise_plainly() -> None:
    """Have numba compile a plain error for arrays whose shapes do not fit, not one that writes the shapes out.

    Code that writes numbers into words is compiled anew in every process: 2.8 s of the 6.0 s that compiling a model of
    one parameter takes.
    """
    from numba.core.extending import overload
    from numba.np import arrayobj

    def shapes_differ(of_source, of_target): ...

    @overload(shapes_differ)
    def raising(of_source, of_target):
        def raise_it(of_source, of_target):
            raise ValueError("an array does not fit into the part of another one that it was to be put into")

        return raise_it

    arrayobj.raise_with_shape_context = shapes_differ


def draw(
    compiled,
    settings: Sampling,
    seed: int,
    threads: Callable[[], int],
    enough: Callable[[xr.DataTree], bool],
    progress: Callable[[int, int], None] = lambda done, goal: None,
    looks: tuple[int, ...] = gate.LOOKS,
) -> xr.DataTree:
    """Draws of a compiled model with its data, up to the look at which `enough` is true, or to the last look.

    Every chain is a sampler of its own that is paused when it has the draws of the next look, so that as many chains
    run at once as `threads` says, and no draw depends on how many. `progress` gets how many draws of all chains are
    done and how many the next look needs, warm-up included. Returns groups ``posterior`` (32-bit numbers, as they are
    stored) and ``sample_stats`` (``diverging``, ``energy``).
    """
    chains = [_Chain(compiled, settings, seed_of_chain(seed, k), looks[-1]) for k in range(settings.chains)]
    tree = None
    try:
        for draws in looks:
            _advance(chains, settings.tune + draws, threads, progress)
            tree = None  # the draws of two looks do not fit into memory as well as those of one
            tree = _joined([chain.first(draws) for chain in chains])
            if enough(tree):
                break
    finally:
        for chain in chains:
            chain.end()
    return tree


class _Chain:
    """One chain in a thread of its own that runs, is paused and goes on."""

    def __init__(self, compiled, settings: Sampling, seed: int, most: int):
        self.start = lambda: _begin(compiled, settings, seed, most, self.note)
        self.sampler, self.whole, self.done, self.goal = None, None, 0, 0
        self.reached = threading.Event()

    def note(self, chains) -> None:
        self.done = chains[0].finished_draws
        if self.done >= self.goal:
            self.reached.set()

    def advance(self, goal: int) -> None:
        self.goal = goal
        self.reached.clear()
        if self.sampler is None:
            self.sampler = self.start()
        else:
            self.sampler.resume()

    @property
    def there(self) -> bool:
        """True where the chain has its draws; raises what has ended it where it has ended without them."""
        if not self.reached.is_set() and self._ended:
            self.whole, self.done = self.sampler.wait(), self.goal
            self.reached.set()
        return self.reached.is_set()

    @property
    def _ended(self) -> bool:
        try:
            return self.sampler.is_finished
        except TimeoutError:  # it is at work
            return False

    def pause(self) -> None:
        if self.whole is None:
            self.sampler.pause()

    def first(self, draws: int) -> dict[str, xr.Dataset]:
        """What is kept of the first so many draws after the warm-up, by group."""
        tree = self.sampler.inspect() if self.whole is None else self.whole
        groups = {"posterior": tree["posterior"].to_dataset(), "sample_stats": tree["sample_stats"].to_dataset()[KEPT]}
        first = {group: data.isel(draw=slice(draws)) for group, data in groups.items()}
        return first | {"posterior": first["posterior"].astype("float32")}

    def end(self) -> None:
        if self.sampler is not None:
            with contextlib.suppress(TimeoutError, RuntimeError):
                self.sampler.cancel()
        # its draws take much room, and its callback refers back to this object
        self.sampler = self.start = self.whole = None


def _begin(compiled, settings: Sampling, seed: int, most: int, note: Callable):
    import nutpie

    return nutpie.sample(
        compiled,
        chains=1,
        cores=1,
        tune=settings.tune,
        draws=most,
        target_accept=settings.target_accept,
        seed=seed,
        save_warmup=False,
        progress_bar=False,
        progress_callback=note,
        progress_rate=PROGRESS_MS,
        blocking=False,
    )


DECIDE = (seed_of_chain, compile_model, _compile_products_plainly, _begin)
"""Functions that decide draws: their instructions are part of the key of draws."""


def _advance(chains: list[_Chain], goal: int, threads: Callable[[], int], progress: Callable[[int, int], None]) -> None:
    """Run the chains to a number of draws, so many at once; each is paused when it is there."""
    waiting, running, told = list(chains), [], 0.0
    while waiting or running:
        while waiting and len(running) < threads():
            running.append(waiting.pop(0))
            running[-1].advance(goal)
        running[0].reached.wait(PROGRESS_MS / 1000)
        for chain in [chain for chain in running if chain.there]:
            chain.pause()
            running.remove(chain)
        if time.monotonic() > told + PROGRESS_SECONDS:
            told = time.monotonic()
            progress(sum(min(chain.done, goal) for chain in chains), goal * len(chains))


def _joined(chains: list[dict[str, xr.Dataset]]) -> xr.DataTree:
    groups = {}
    for group in chains[0]:
        parts = [chain[group].assign_coords(chain=[k]) for k, chain in enumerate(chains)]
        groups[group] = xr.concat(parts, dim="chain")
        for name in OF_A_RUN:
            groups[group].attrs.pop(name, None)
    return xr.DataTree.from_dict(groups)
