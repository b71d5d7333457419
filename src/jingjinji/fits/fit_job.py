"""The fits of a topic, made in a process of their own: the one place where the book samples.

A process for each job fixes the numerics before NumPy is imported, gives its memory back when the topic is done, and
cannot take the rest down. It reads one job (JSON) from its first line of input and writes one event (JSON) a line;
further lines of input say how many chains may run at once; where its input ends, its maker is gone, and it ends too.
"""

import contextlib
import gc
import json
import os
import platform
import sys
import threading
import time
import traceback
import warnings
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType

import numpy as np
import xarray as xr

import jingjinji
from jingjinji.core import registry, writing
from jingjinji.core.errors import BookError, FitNotPublished
from jingjinji.core.findings import Finding
from jingjinji.fits import fitting, gate, keys, sampler, store
from jingjinji.fits.draws import labels, with_derived, with_labels

FURTHER = (*gate.LOOKS, 12000, 16000)
"""Looks of a fit that a user lets go on beyond the limit."""
MISTAKE = 2
"""Exit code after a user's mistake, which another attempt would meet again."""
DRAFT = {"quick": (2, 300, 100), "prior": (2, 0, 25)}
"""Chains, warm-up and draws of fits that are never published."""


@dataclass
class Job:
    """What is to be made: names of fits -> key of their findings; how many chains at once; and how far.

    dry : say what would be sampled, and why, and sample nothing.
    further : go on beyond the gate's last look.
    strange : the worker was started by somebody else and may have other code or data.
    """

    fits: dict[str, str]
    mode: str
    threads: int = 1
    dry: bool = False
    further: bool = False
    strange: bool = False


class Topic:
    """A model with what all its fits share; each part is made when it is first needed."""

    def __init__(self, name: str):
        self.name, self.module = name, registry.module(name)
        self.compile_seconds = 0.0

    @cached_property
    def model(self):
        return self.module.build(registry.load(self.name))

    @cached_property
    def graph(self) -> str:
        return keys.of_model(self.model)

    @cached_property
    def frozen(self) -> tuple[str, ...]:
        """Names of the arrays that every panel of the topic shares."""
        arrays = self.module.data(registry.load(self.name))
        others = [self.module.data(registry.load(self.name, variant)) for variant in self.module.VARIANTS]
        return tuple(
            name for name, values in arrays.items() if all(np.array_equal(values, other[name]) for other in others)
        )

    def put(self, arrays: dict[str, np.ndarray]) -> None:
        """Give the model the arrays of a panel."""
        for name, values in arrays.items():
            self.model[name].set_value(np.asarray(values, self.model[name].dtype))

    @cached_property
    def _one_from_the_prior(self):
        """A function that draws every variable once, and its generators."""
        from pymc.pytensorf import compile as compiled
        from pymc.pytensorf import find_rng_nodes

        variables = [*self.model.free_RVs, *(self.model[name] for name in self.module.DERIVED)]
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="PyTensor could not link to a BLAS", category=UserWarning)
            function = compiled([], variables, mode="FAST_COMPILE")
        return [variable.name for variable in variables], function, find_rng_nodes(function.maker.fgraph.outputs)

    def prior(self, chains: int, tune: int, draws: int, seed: int) -> xr.DataTree:
        """Draws from the prior in the shape of a fit: a stand-in for the sampler in tests."""
        from pymc.pytensorf import reseed_rngs

        names, function, generators = self._one_from_the_prior
        reseed_rngs(generators, seed)
        made = [function() for _ in range(chains * draws)]
        posterior = xr.Dataset(coords={"chain": range(chains), "draw": range(draws)})
        for place, name in enumerate(names):
            values = np.stack([drawn[place] for drawn in made])
            dims = self.model.named_vars_to_dims.get(name) or [f"{name}_dim_{k}" for k in range(values.ndim - 1)]
            coords = {dim: list(self.model.coords[dim]) for dim in dims if self.model.coords.get(dim) is not None}
            shaped = values.reshape(chains, draws, *values.shape[1:])
            posterior[name] = xr.DataArray(shaped, dims=("chain", "draw", *dims), coords=coords)
        energy = np.random.default_rng(seed).normal(size=(chains, draws))
        stats = xr.Dataset({"diverging": (("chain", "draw"), energy > np.inf), "energy": (("chain", "draw"), energy)})
        return xr.DataTree.from_dict({"posterior": posterior, "sample_stats": stats})

    @cached_property
    def compiled(self):
        start = time.monotonic()
        with _garbage_left():
            made = sampler.compile_soon(self.model, self.frozen)
        self.compile_seconds = time.monotonic() - start
        return made


@contextlib.contextmanager
def _garbage_left():
    """Compiling makes millions of objects that stay: looking through them for garbage takes a tenth of its time."""
    usual = gc.get_threshold()
    gc.set_threshold(100_000, 50, 1000)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.collect()
        gc.freeze()


_NO_SECONDS = {"compile": 0.0, "sample": 0.0, "findings": 0.0}


class Workshop:
    """Makes fits one after the other and tells of each step; `tell` gets a dict."""

    def __init__(self, job: Job, tell):
        self.job, self.tell, self.threads = job, tell, job.threads
        self.topics: dict[str, Topic] = {}

    def run(self) -> None:
        if self.job.strange and fitting.key_of_findings(self.job.fits) != self.job.fits:
            raise BookError(
                f"a worker on {platform.node()} has other code, data, packages or another kind of processor than who "
                "asked: start workers from the same checkout and environment on such a processor"
            )
        for name, key in self.job.fits.items():
            with contextlib.nullcontext() if self.job.dry else store.lock(name, key):
                if self._needed(name, key):
                    self._make(name, key)
                else:
                    self.tell({"fit": name, "phase": "kept"})
            if self.job.mode != fitting.PRIOR:  # draws of the sampler take much room
                gc.collect()

    def _make(self, name: str, key: str) -> None:
        """Make the fit; what keeps it from being made is stored as what keeps it from being published.

        Raises BookError for a user's mistake, and OSError or MemoryError: another attempt may have the room.
        """
        making = None
        try:
            making = Making(self, name, key)
            making.run()
        except FitNotPublished as error:  # a fit beside it could not be made
            if self.job.dry:
                raise
            self._give_up(name, key, error, making)
        except (BookError, OSError, MemoryError):
            raise
        except Exception as error:
            if self.job.dry:
                raise
            traceback.print_exception(error)
            self._give_up(name, key, error, making)

    def _give_up(self, name: str, key: str, error: Exception, making: "Making | None") -> None:
        """Store a fit that could not be made, with the words of its findings, for the notices on the pages."""
        words = " ".join(str(error).split()) or "no reason was given"
        problem = f"it ended with {type(error).__name__}: {words}{_place(error)}"
        if isinstance(error, FitNotPublished):
            problem = f"it needs the fit {error.fit}, which could not be made"
        seconds = making.seconds if making else _NO_SECONDS
        self.tell(give_up(name, key, problem, self.job.mode, _words(making), seconds))

    def _needed(self, name: str, key: str) -> bool:
        """False where another process has just made the fit."""
        if not fitting.whole(name, key) or fitting.broken(name, key):
            return True
        return self.job.further and fitting.problem_of(name, key) is not None

    def topic(self, name: str) -> Topic:
        if name not in self.topics:
            self.topics = {name: Topic(name)}
        return self.topics[name]


def give_up(
    name: str, key: str, problem: str, mode: str, about: dict[str, dict] | None = None, seconds: dict | None = None
) -> dict:
    """Store a fit that could not be made, for the notices on the pages; returns the event to be told.

    about : words of its findings; by default those of the fit of that name that was stored last.
    """
    seconds = seconds or dict(_NO_SECONDS)
    about = about or (store.latest_notes(store.FINDINGS, name) or {"findings": {}})["findings"]
    notes = {
        "draws": "",
        "count": 0,
        "state": fitting.BROKEN,
        "problem": problem,
        "checks": [],
        "seconds": seconds,
        "sampling": asdict(fitting.settings(fitting.parts(name)[0], mode)),
        "labels": {},
        "findings": about,
    }
    store.write_findings(name, key, {}, notes)
    return {"fit": name, "phase": "not published", "problem": problem, "seconds": seconds, "draws": 0}


class Making:
    """One fit on its way: draws taken from the store or sampled, findings, the gate's verdict, all of it stored."""

    def __init__(self, shop: Workshop, name: str, key: str):
        self.shop, self.name, self.findings_key = shop, name, key
        topic, self.variant = fitting.parts(name)
        self.topic = shop.topic(topic)
        self.module: ModuleType = self.topic.module
        self.mode = shop.job.mode
        self.settings = fitting.settings(topic, self.mode)
        self.seed = fitting.seed(name)
        self.panel = registry.load(topic, self.variant)
        self.arrays = self.module.data(self.panel)
        # draws from the prior are made for one test: no graph is built for their key
        graph, constants = (key, ()) if self.mode == fitting.PRIOR else (self.topic.graph, self.topic.frozen)
        arrays = keys.of_arrays(self.arrays)
        self.key, self.of = keys.of_draws(graph, arrays, self.settings, self.seed, constants)
        self.draws: xr.DataTree | None = None
        self.damage: str | None = None
        self.made: dict[int, dict[str, Finding]] = {}
        self.seconds = dict(_NO_SECONDS)
        self.sampled = False

    def run(self) -> None:
        """Make the fit, alone: copies of the book with other words share draws and the store."""
        with contextlib.nullcontext() if self.shop.job.dry else store.lock(self.name, self.key):
            self._make()

    def _make(self) -> None:
        draws, verdict = self._stored(), None
        if draws is not None and self.mode == fitting.FULL and draws["posterior"].sizes["draw"] < gate.LOOKS[0]:
            draws = None  # of a gate that looked sooner
        elif draws is not None and self.mode == fitting.FULL and self._can_be_judged:
            verdict = self._decide(draws)
            if verdict.state == gate.SHORT and verdict.draws < self._looks[-1]:
                draws = None
        if self.shop.job.dry:
            self.shop.tell({"fit": self.name, "phase": "findings" if draws is not None else "sample",
                            "why": "" if draws is not None else self._reason(verdict)})  # fmt: skip
            return
        if draws is None:
            verdict = self._sampled(verdict)
        elif self.mode != fitting.FULL:
            verdict = self._no_verdict(draws)
        self._publish(verdict)

    @property
    def _can_be_judged(self) -> bool:
        """False in a dry run where the findings need another fit that has not been made."""
        beside = fitting.key_of_findings(fitting.beside([self.name])) if self.shop.job.dry else {}
        return all(fitting.whole(name, key) for name, key in beside.items())

    @property
    def _looks(self) -> tuple[int, ...]:
        return FURTHER if self.shop.job.further else gate.LOOKS

    def _stored(self) -> xr.DataTree | None:
        """Sound draws of that key, as 64-bit numbers with today's labels; damaged ones are removed."""
        if not store.exists(store.DRAWS, self.name, self.key):
            return None
        self.damage = store.damage(store.DRAWS, self.name, self.key)
        if self.damage:
            if not self.shop.job.dry:
                self.shop.tell({"fit": self.name, "phase": f"made again: {self.damage}"})
                store.discard(store.DRAWS, self.name, self.key)
            return None
        notes, tree = store.notes(store.DRAWS, self.name, self.key), store.draws(self.name, self.key)
        self.seconds |= notes["seconds"] | {"findings": 0.0}
        tree = _widened(tree)
        if self.mode != fitting.PRIOR:
            posterior = with_labels(tree["posterior"].to_dataset(), self._labels(tree))
            tree = xr.DataTree.from_dict({"posterior": posterior, "sample_stats": tree["sample_stats"].to_dataset()})
        return tree

    def _labels(self, draws: xr.DataTree) -> dict[str, list]:
        return labels(self.topic.model, draws["posterior"].to_dataset())

    def _reason(self, stored: gate.Verdict | None) -> str:
        if stored:
            return f"today's gate asks for more than its {stored.draws} draws of each chain"
        if self.damage:
            return self.damage
        before = store.latest_notes(store.DRAWS, self.name)
        return (keys.difference(before["of"], self.of) if before else "") or "no draws of it are stored"

    def _sampled(self, before: gate.Verdict | None) -> gate.Verdict:
        self.sampled = True
        if self.mode == fitting.PRIOR:
            self.topic.put(self.arrays)
            draws = _as(self.topic.prior(*DRAFT[fitting.PRIOR], self.seed), "float32")
            verdict = self._no_verdict(_widened(draws))
        else:
            if "compiled" not in self.topic.__dict__:
                self.shop.tell({"fit": self.name, "phase": "compiling"})
                compiled = self.topic.compiled
                self.seconds["compile"] = self.topic.compile_seconds
            changing = {name: values for name, values in self.arrays.items() if name not in self.topic.frozen}
            compiled = self.topic.compiled.with_data(**changing)
            # chains start at draws from the prior, which reads the arrays that the model itself holds
            self.topic.put(self.arrays)
            self.shop.tell({"fit": self.name, "phase": "sampling"})
            draws, verdict = self._drawn(compiled, before)
        store.write_draws(self.name, self.key, draws, {"of": self.of, "seconds": self.seconds})
        return verdict

    def _drawn(self, compiled, before: gate.Verdict | None) -> tuple[xr.DataTree, gate.Verdict]:
        verdicts = [before]
        start = time.monotonic()

        def enough(tree: xr.DataTree) -> bool:
            verdicts.append(self._decide(_widened(tree), verdicts[-1]))
            if verdicts[-1].state == gate.SHORT:
                self.draws = None  # the next look has draws of its own
                self.shop.tell({"fit": self.name, "look": verdicts[-1].draws, "why": verdicts[-1].sentence})
            return verdicts[-1].state != gate.SHORT

        def progress(done: int, goal: int) -> None:
            self.shop.tell({"fit": self.name, "done": done, "total": goal})

        if self.mode == fitting.QUICK:
            looks, judge = (DRAFT[fitting.QUICK][2],), lambda tree: True
        else:
            looks, judge = tuple(look for look in self._looks if not before or look > before.draws), enough
        draws = sampler.draw(compiled, self.settings, self.seed, lambda: self.shop.threads, judge, progress, looks)
        self.seconds["sample"] = time.monotonic() - start
        if self.draws is None:
            self.draws = _widened(draws)
        return draws, verdicts[-1] or self._no_verdict(self.draws)

    def _decide(self, draws: xr.DataTree, before: gate.Verdict | None = None) -> gate.Verdict:
        self.draws = draws
        parameters, stats = draws["posterior"].to_dataset(), draws["sample_stats"].to_dataset()
        return gate.decide(parameters, stats, self._arrays_of_findings, before, FURTHER)

    def _no_verdict(self, draws: xr.DataTree) -> gate.Verdict:
        """Of draws that are never published: measured, not asked for anything."""
        self.draws = draws
        count = draws["posterior"].sizes["draw"]
        return gate.Verdict(gate.PASSED, count, gate.of_chains(draws["sample_stats"].to_dataset()))

    def _arrays_of_findings(self, draws: int) -> dict[str, np.ndarray]:
        return {id: finding.draws for id, finding in self._findings(draws).items() if not finding.exact}

    def _findings(self, draws: int) -> dict[str, Finding]:
        if draws not in self.made:
            start = time.monotonic()
            self.made = {
                draws: {finding.id: finding for finding in registry.said(self.topic.name).findings(self._fit(draws))}
            }
            self.seconds["findings"] += time.monotonic() - start
        return self.made[draws]

    def _fit(self, draws: int, checks=()) -> "fitting.Fit":
        first = slice(draws)
        parameters = self.draws["posterior"].to_dataset().isel(draw=first)
        stats = self.draws["sample_stats"].to_dataset().isel(draw=first)
        self.topic.put(self.arrays)
        parameters = with_derived(self.module, self.topic.model, parameters)
        return fitting.Fit(self.topic.name, self.variant, self.panel, parameters, stats, list(checks),
                           self.seconds["sample"], self.settings)  # fmt: skip

    def _publish(self, verdict: gate.Verdict) -> None:
        problem = "" if verdict.passed else verdict.sentence
        if failed := [] if problem else self._failed_beside():
            problem = f"it needs what {' and '.join(failed)} found, which did not pass"
        self._store(self._findings(verdict.draws), verdict, problem)

    def _failed_beside(self) -> list[str]:
        """Fits that the findings need and that are not published."""
        others = fitting.key_of_findings(fitting.beside([self.name]))
        return [f"fit '{name}'" for name, key in others.items() if fitting.problem_of(name, key)]

    def words_of_findings(self) -> dict[str, dict]:
        """What findings are made of a fit, from draws from the prior."""
        self.draws, self.made = _widened(self.topic.prior(*DRAFT[fitting.PRIOR], self.seed)), {}
        return _about(self._findings(DRAFT[fitting.PRIOR][-1]))

    def _store(self, made: dict[str, Finding], verdict: gate.Verdict, problem: str) -> None:
        start = time.monotonic()
        draws, statistics = store.as_stored([] if problem else made.values())
        self.seconds["findings"] += time.monotonic() - start
        notes = {
            "draws": self.key,
            "count": verdict.draws,
            "state": verdict.state,
            "problem": problem,
            "checks": [check.as_dict() for check in verdict.checks],
            "seconds": self.seconds,
            "sampling": asdict(self.settings),
            "labels": self._labels(self.draws),
            "findings": _about(made),
            "statistics": statistics,
        }
        store.write_findings(self.name, self.findings_key, draws, notes)
        self.shop.tell({"fit": self.name, "phase": "not published" if problem else "stored", "problem": problem,
                        "seconds": self._spent, "draws": verdict.draws, "sampled": self.sampled})  # fmt: skip

    @property
    def _spent(self) -> dict[str, float]:
        """Seconds of this run, while `seconds` are also those in which stored draws were made."""
        return self.seconds if self.sampled else _NO_SECONDS | {"findings": self.seconds["findings"]}


def _words(making: Making | None) -> dict[str, dict]:
    """What is known of the findings of a fit that could not be made; nothing where these cannot be made either."""
    try:
        return making.words_of_findings() if making else {}
    except Exception:
        return {}


def _about(made: dict[str, Finding]) -> dict[str, dict]:
    return {id: fitting.about_finding(finding) for id, finding in made.items()}


def _place(error: Exception) -> str:
    """Where in the project an error arose, in words; nothing where it did elsewhere."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__)
              if Path(frame.filename).is_relative_to(jingjinji.PROJECT / "src")]  # fmt: skip
    if not frames:
        return ""
    return f" ({Path(frames[-1].filename).relative_to(jingjinji.PROJECT).as_posix()}, line {frames[-1].lineno})"


def _widened(draws: xr.DataTree) -> xr.DataTree:
    """Draws to be computed with: stored as 32-bit parameters, half the room; what is said is said of those."""
    return _as(draws, "float64")


def _as(draws: xr.DataTree, kind: str) -> xr.DataTree:
    groups = {group: draws[group].to_dataset() for group in ("posterior", "sample_stats")}
    return xr.DataTree.from_dict(groups | {"posterior": groups["posterior"].astype(kind)})


def main() -> None:
    """Read a job, make its fits, write events."""
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print does not mix with the events
    shop = Workshop(Job(**json.loads(sys.stdin.readline())), lambda event: print(json.dumps(event), file=events,
                                                                               flush=True))  # fmt: skip

    def listen() -> None:
        for line in sys.stdin:
            shop.threads = int(line)
        os._exit(1)

    threading.Thread(target=listen, daemon=True).start()
    try:
        sampler.refuse_processor()
        shop.run()
    except BookError as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(MISTAKE)
    except OSError as error:
        if words := writing.told(error):
            print(words, file=sys.stderr, flush=True)
            os._exit(MISTAKE)
        traceback.print_exc()
        os._exit(1)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main()
