"""Sample what is missing, in parallel; load a stored fit or refuse."""

import hashlib
import inspect
import json
import logging
import multiprocessing
import multiprocessing.connection
import os
import threading
import time
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from functools import cache, cached_property
from importlib import metadata
from types import ModuleType

import numpy as np
import xarray as xr

import jingjinji
from jingjinji import gate, models, store
from jingjinji.dependencies import Sources
from jingjinji.errors import BookError, FitMissing, GateFailed
from jingjinji.findings import Finding

VERSIONS = ("pymc", "pytensor", "nutpie", "numpy")
NOT_OF_A_FIT = ("requirements.lock", "draws")


@dataclass(frozen=True)
class Sampling:
    """Settings of the sampler: nutpie's NUTS with a diagonal mass matrix."""

    chains: int
    tune: int
    draws: int
    target_accept: float = 0.9


FULL, QUICK, PRIOR = "full", "quick", "prior"
SETTINGS = {
    FULL: {"main": Sampling(4, 1000, 1500), "variant": Sampling(4, 500, 900)},
    QUICK: {"main": Sampling(2, 300, 200), "variant": Sampling(2, 300, 100)},
    PRIOR: {"main": Sampling(2, 0, 50), "variant": Sampling(2, 0, 25)},
}


@dataclass(frozen=True)
class Fit:
    """A fit with its panel; `parameters` has dims (chain, draw, ...), `checks` are the gate's."""

    topic: str
    variant: str
    panel: object
    parameters: xr.Dataset
    sample_stats: xr.Dataset
    checks: list[gate.Check]
    seconds: float
    sampling: Sampling
    findings: dict[str, Finding] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return _name(self.topic, self.variant)

    @property
    def seed(self) -> int:
        return seed(self.name)

    @cached_property
    def diagnostics(self) -> str:
        """One line for the page: chains, draws and the worst value of each check."""
        worst = {check.name: check.value for check in self.checks}
        return (
            f"{self.sampling.chains} chains of {self.sampling.draws} draws after {self.sampling.tune} for tuning; "
            f"largest R-hat {worst['R-hat']:.3f}, smallest bulk ESS {worst['bulk ESS']:.0f} and tail ESS "
            f"{worst['tail ESS']:.0f} of any parameter, {worst['divergences']:.0f} divergences, smallest E-BFMI "
            f"{worst['E-BFMI']:.2f}"
        )


def mode() -> str:
    """``full``, ``quick`` or ``prior``: environment variable JINGJINJI_DRAWS; raises BookError for another value."""
    value = os.environ.get("JINGJINJI_DRAWS", FULL)
    if value not in SETTINGS:
        raise BookError(f"JINGJINJI_DRAWS is '{value}': expected one of {', '.join(SETTINGS)}")
    return value


def draft() -> bool:
    """True where pages show draws that are not for publication."""
    return mode() != FULL


def seed(name: str) -> int:
    """A seed derived from a name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])


@cache
def versions() -> dict[str, str]:
    """Versions of the packages that decide a fit's draws."""
    return {package: metadata.version(package) for package in VERSIONS}


def names(topics: Iterable[str] = models.TOPICS) -> list[str]:
    """Every fit of the book: a topic's main fit first, then its variants."""
    return [_name(topic, variant) for topic in topics for variant in ("", *models.module(topic).VARIANTS)]


def keys(wanted: Iterable[str]) -> dict[str, str]:
    """Content keys of fits: model code and what it imports, data, settings and versions."""
    return {name: _key(name, content) for name, content in _contents(wanted)}


def load_fit(name: str) -> Fit:
    """A stored fit; raises FitMissing where today's code and data have none, naming the command that makes it."""
    key = keys([name])[name]
    _refuse_missing(name, key)
    topic, variant = _parts(name)
    notes = store.notes(name, key)
    tree = store.draws(name, key)
    return Fit(
        topic,
        variant,
        models.module(topic).load(variant),
        tree["posterior"].to_dataset(),
        tree["sample_stats"].to_dataset(),
        [gate.Check(**check) for check in notes["checks"]],
        notes["seconds"],
        Sampling(**notes["sampling"]),
        _findings(name, key),
    )


def load_findings(name: str) -> dict[str, Finding]:
    """The findings of a stored fit, by id, without its draws and its panel; raises FitMissing as `load_fit` does."""
    key = keys([name])[name]
    _refuse_missing(name, key)
    return _findings(name, key)


def all_findings() -> dict[str, Finding]:
    """Every finding of the current fits, by id; raises FitMissing where one has not been sampled."""
    found = {}
    for name, key in keys(names()).items():
        _refuse_missing(name, key)
        found |= _findings(name, key)
    return found


def prune(current: dict[str, str]) -> int:
    """Remove every stored fit that is not in `current` (name -> key, from `keys`); returns how many."""
    return len(store.prune({store.place(name, key) for name, key in current.items()}))


def stored_notes(name: str) -> dict:
    """Checks, seconds and settings of a stored fit, without its draws."""
    key = keys([name])[name]
    _refuse_missing(name, key)
    return store.notes(name, key)


def sample_missing(wanted: Iterable[str] = (), report: Callable[[dict], None] = lambda message: None) -> dict[str, str]:
    """Sample the fits that are missing or damaged, different topics in parallel.

    Returns the wanted fits that were sampled, each with what was done. `report` gets a dict for each step: fit, and
    phase (``compiling``, ``sampling``, ``stored``) or chain, done, total, seconds.
    Raises GateFailed after everything else has been stored, when a fit did not pass.
    """
    by_topic: dict[str, dict[str, str]] = {}
    for name, key in keys(wanted or names()).items():
        if damage := _damage(name, key):
            report({"fit": name, "phase": f"made again: {damage}"})
        if damage or not store.exists(name, key):
            by_topic.setdefault(_parts(name)[0], {})[name] = key
    if not by_topic:
        return {}
    context = multiprocessing.get_context("spawn")
    done, failures = {}, []
    with context.Manager() as manager:
        queue = manager.Queue()
        workers = min(len(by_topic), os.cpu_count())
        with ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with_parent) as pool:
            jobs = {pool.submit(_sample_topic, topic, fits, mode(), queue) for topic, fits in by_topic.items()}
            while jobs:
                finished = {job for job in jobs if job.done()}
                while not queue.empty():
                    report(queue.get())
                for job in as_completed(finished):
                    sampled, failed = job.result()
                    done |= sampled
                    failures += failed
                jobs -= finished
                time.sleep(0.1)
    if failures:
        raise GateFailed("; ".join(failures) + ": nothing of it was published, mend the model")
    return done


def sampled(topic: str, compiled, panel, sampling: Sampling, seed: int, callback=None) -> xr.DataTree:
    """One run of the sampler on a compiled model with the data of `panel`."""
    import nutpie

    with_data = compiled.with_data(**models.module(topic).data(panel))
    return nutpie.sample(
        with_data,
        chains=sampling.chains,
        cores=min(sampling.chains, os.cpu_count()),
        tune=sampling.tune,
        draws=sampling.draws,
        target_accept=sampling.target_accept,
        seed=seed,
        save_warmup=False,
        progress_bar=False,
        progress_callback=callback,
        progress_rate=300,
    )


def compile_model(topic: str, panel):
    """The model of a panel, compiled once for all panels of the topic; chains start at draws from the prior."""
    import nutpie

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="PyTensor could not link to a BLAS", category=UserWarning)
        return nutpie.compile_pymc_model(
            models.module(topic).build(panel), backend="numba", default_initialization_strategy="prior"
        )


def _end_with_parent() -> None:
    """Let a worker end when the command that started it is killed."""

    def watch() -> None:
        multiprocessing.connection.wait([multiprocessing.parent_process().sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _sample_topic(topic: str, fits: dict[str, str], draws: str, queue) -> tuple[dict[str, str], list[str]]:
    """Sample the fits of one topic in turn; each is checked and stored while the next one is sampled."""
    module, compiled, finished = models.module(topic), None, []
    with ThreadPoolExecutor(1) as publisher:
        for name, key in fits.items():
            lock = store.lock(name, key)
            lock.acquire()
            if _damage(name, key):
                store.discard(name, key)
            if store.exists(name, key):
                lock.release()
                continue
            variant = _parts(name)[1]
            panel = module.load(variant)
            sampling = _settings(topic, variant, draws)
            if compiled is None and draws != PRIOR:
                queue.put({"fit": name, "phase": "compiling"})
                compiled = compile_model(topic, module.load())
            queue.put({"fit": name, "phase": "sampling"})
            start = time.monotonic()
            if draws == PRIOR:
                tree = _prior(module, panel, sampling, seed(name))
            else:
                tree = sampled(topic, compiled, panel, sampling, seed(name), _reporter(name, queue))
            about = topic, variant, panel, tree, sampling, time.monotonic() - start
            if finished:
                finished[-1].result()
            finished.append(publisher.submit(_publish, about, key, draws == FULL, lock, queue))
    problems = dict(job.result() for job in finished)
    published = [name for name, problem in problems.items() if not problem]
    return dict.fromkeys(published, "sampled"), list(filter(None, problems.values()))


def _publish(about: tuple, key: str, strict: bool, lock, queue) -> tuple[str, str]:
    """Check and store a fit; its name, and what the gate says against one that does not pass."""
    try:
        fit = _checked(*about)
        if strict and not gate.passed(fit.checks):
            problem = f"fit {fit.name} did not pass: {gate.sentence(fit.checks)}"
            queue.put({"fit": fit.name, "phase": problem})
            return fit.name, problem
        _keep(key, fit)
        queue.put({"fit": fit.name, "phase": "stored", "seconds": fit.seconds})
        return fit.name, ""
    finally:
        lock.release()


def _checked(topic: str, variant: str, panel, tree: xr.DataTree, sampling: Sampling, seconds: float) -> Fit:
    """A fit with the gate's checks."""
    posterior, stats = tree["posterior"].to_dataset(), tree["sample_stats"].to_dataset()
    checks = gate.check(posterior.drop_vars(models.module(topic).DERIVED), stats)
    return Fit(topic, variant, panel, posterior, stats[["diverging", "energy"]], checks, seconds, sampling)


def _keep(key: str, fit: Fit) -> None:
    module = models.module(fit.topic)
    made = {finding.id: finding for finding in module.findings(fit)}
    kept = fit.parameters
    for large in module.DERIVED:
        kept = (
            kept.drop_vars(large)
            if fit.variant not in module.KEPT_WITH
            else kept.assign({large: kept[large].astype("float32")})
        )
    tree = xr.DataTree.from_dict({"posterior": kept, "sample_stats": fit.sample_stats})
    notes = {
        "checks": [check.as_dict() for check in fit.checks],
        "seconds": fit.seconds,
        "sampling": asdict(fit.sampling),
        "findings": {
            id: {"label": f.label, "unit": f.unit, "model": f.model, "panel": f.panel, "code": f.code}
            for id, f in made.items()
        },
    }
    store.write(fit.name, key, tree, {id: finding.draws for id, finding in made.items()}, notes)


def _prior(module: ModuleType, panel, sampling: Sampling, seed: int) -> xr.DataTree:
    """Draws from the prior in the shape of a fit: a stand-in for the sampler in tests."""
    import pymc as pm

    logging.getLogger("pymc").setLevel(logging.WARNING)
    with module.build(panel):
        size = sampling.chains * sampling.draws
        prior = pm.sample_prior_predictive(size, random_seed=seed, compile_kwargs={"mode": "FAST_COMPILE"})
    flat = prior["prior"].to_dataset().isel(chain=0, drop=True)
    rest = flat.assign_coords(draw=np.arange(size))
    split = rest.assign_coords(
        chain=("draw", np.repeat(np.arange(sampling.chains), sampling.draws)),
        number=("draw", np.tile(np.arange(sampling.draws), sampling.chains)),
    )
    shaped = split.set_index(draw=["chain", "number"]).unstack("draw").rename(number="draw")
    energy = np.random.default_rng(seed).normal(size=(sampling.chains, sampling.draws))
    stats = xr.Dataset({"diverging": (("chain", "draw"), energy > np.inf), "energy": (("chain", "draw"), energy)})
    return xr.DataTree.from_dict({"posterior": shaped.transpose("chain", "draw", ...), "sample_stats": stats})


def _reporter(name: str, queue) -> Callable:
    def callback(chains) -> None:
        for number, chain in enumerate(chains):
            queue.put({"fit": name, "chain": number, "done": chain.finished_draws, "total": chain.total_draws})

    return callback


def _findings(name: str, key: str) -> dict[str, Finding]:
    about = store.notes(name, key)["findings"]
    draws = store.findings(name, key)
    return {id: Finding(id, draws=draws[id], **{**rest, "panel": tuple(rest["panel"])}) for id, rest in about.items()}


def _refuse_missing(name: str, key: str) -> None:
    if not store.exists(name, key):
        raise FitMissing(f"there is no fit '{name}' of today's code and data: run 'jingjinji fit' to sample it")
    if damage := _damage(name, key):
        raise FitMissing(f"{damage}: run 'jingjinji fit' to sample fit '{name}' again")


def _damage(name: str, key: str) -> str | None:
    return store.damage(name, key) if store.exists(name, key) else None


def _contents(wanted: Iterable[str]) -> list[tuple[str, dict]]:
    wanted = list(wanted)
    sources = Sources(jingjinji.PROJECT)
    rest = versions() | {"sampler": SAMPLER}
    by_topic = {}
    for topic in {_parts(name)[0] for name in wanted}:
        content = sources.dependencies(f"import jingjinji.models.{topic}")
        by_topic[topic] = {name: value for name, value in content.items() if name not in NOT_OF_A_FIT}
    return [(name, by_topic[_parts(name)[0]] | rest) for name in wanted]


def _key(name: str, content: dict[str, str]) -> str:
    sampling = _settings(*_parts(name), mode())
    text = json.dumps({"name": name, "sampling": asdict(sampling), "mode": mode(), "content": content}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _settings(topic: str, variant: str, draws: str) -> Sampling:
    """Settings of a fit.

    A module whose parameters mix slowly says ``LONG_VARIANTS`` and draws variants like its main fit; one whose
    posterior is bent says the ``TARGET_ACCEPT`` that its steps need.
    """
    module = models.module(topic)
    short = variant and not getattr(module, "LONG_VARIANTS", False)
    sampling = SETTINGS[draws]["variant" if short else "main"]
    return replace(sampling, target_accept=getattr(module, "TARGET_ACCEPT", sampling.target_accept))


def _name(topic: str, variant: str) -> str:
    return f"{topic}/{variant}" if variant else topic


def _parts(name: str) -> tuple[str, str]:
    topic, _, variant = name.partition("/")
    module = models.module(topic)
    if variant and variant not in module.VARIANTS:
        raise BookError(f"model {topic} has no variant '{variant}': expected one of {', '.join(module.VARIANTS)}")
    return topic, variant


# Read once: the file may be edited while a long run goes on.
SAMPLER = inspect.getsource(compile_model) + inspect.getsource(sampled)
