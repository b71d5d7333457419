"""Fits of the book: what they are called, whether they are stored, loading them, and making those that are missing."""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import cached_property
from importlib import metadata
from pathlib import Path

import xarray as xr

import jingjinji
from jingjinji.core import published, registry
from jingjinji.core.errors import BookError, FitMissing, FitNotPublished
from jingjinji.core.findings import Finding, Findings
from jingjinji.fits import carried, gate, keys, store
from jingjinji.fits.dependencies import Sources
from jingjinji.fits.draws import with_derived, with_labels
from jingjinji.fits.sampler import Sampling

FULL, QUICK, PRIOR = "full", "quick", "prior"
SETTINGS = {FULL: Sampling(4, 400), QUICK: Sampling(2, 300), PRIOR: Sampling(2, 0)}
SAID_WITH = ("arviz-stats", "xarray", "pandas")
"""Packages that can change what is said of draws."""
SAID_BY = ("gate.py", "draws.py", "fit_job.py", "store.py")
"""Code that judges and keeps every fit, whatever its model."""
NOT_OF_A_FIT = ("requirements.lock", "draws")
BROKEN = "broken"
"""State of a fit that could not be made: its code ended with an error."""
FACTS = ".facts"
"""Ends the name under which what tables alone say on a topic is stored."""
PUBLISHED = jingjinji.PROJECT / "results" / "reference.json"
"""The published findings, by id."""


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
        return f"{self.topic}/{self.variant}" if self.variant else self.topic

    @property
    def seed(self) -> int:
        return seed(self.name)

    @cached_property
    def beside(self) -> dict[str, "Fit"]:
        """Other fits whose draws the findings of this one need, as its model module declares them."""
        others = getattr(registry.module(self.topic), "BESIDE", {})
        return {key: load_fit(name, published=False) for key, name in others.items()}

    @cached_property
    def diagnostics(self) -> str:
        """One line for the page: chains, draws and the worst value of each check."""
        worst = {check.name: check.value for check in self.checks}
        words = [("largest R-hat", "R-hat", ".3f"), ("smallest bulk ESS", "bulk ESS", ".0f"),
                 ("smallest tail ESS", "tail ESS", ".0f")]  # fmt: skip
        measured = ", ".join(f"{word} {worst[name]:{form}}" for word, name, form in words if name in worst)
        return (
            f"{self.sampling.chains} chains of {self.parameters.sizes['draw']} draws after {self.sampling.tune} for "
            f"tuning; {measured} of findings and hyperparameters, {worst['divergences']:.0f} divergences, smallest "
            f"E-BFMI {worst['E-BFMI']:.2f}"
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


def shift() -> int:
    """What shifts every seed: environment variable JINGJINJI_SEED, 0 for the book's own seeds; BookError otherwise."""
    value = os.environ.get("JINGJINJI_SEED") or "0"
    if not value.isascii() or not value.isdigit():
        raise BookError(f"JINGJINJI_SEED is '{value}': expected a whole number, 0 for the seeds of the book")
    return int(value)


def seed(name: str, shifted: bool = True) -> int:
    """A seed derived from a name and, where it is `shifted`, from JINGJINJI_SEED where that is set."""
    text = f"{name} {shift()}" if shifted and shift() else name
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])


def settings(topic: str, draws: str) -> Sampling:
    """Settings of a topic's fits; a module whose posterior is bent says the ``TARGET_ACCEPT`` that its steps need."""
    usual = SETTINGS[draws]
    return Sampling(usual.chains, usual.tune, getattr(registry.module(topic), "TARGET_ACCEPT", usual.target_accept))


def names(topics: Iterable[str] = registry.TOPICS) -> list[str]:
    """Every fit of the book: a topic's main fit first, then its variants."""
    return [
        f"{topic}/{variant}" if variant else topic
        for topic in topics
        for variant in ("", *registry.module(topic).VARIANTS)
    ]


def parts(name: str) -> tuple[str, str]:
    """Topic and variant of a fit's name; raises BookError where there is none of that name."""
    topic, _, variant = name.partition("/")
    module = registry.module(topic)
    if (variant and variant not in module.VARIANTS) or name.endswith("/"):
        known = ", ".join(module.VARIANTS) or "none, the model has one fit"
        raise BookError(f"model {topic} has no variant '{variant}': expected one of {known}")
    return topic, variant


def named(wanted: Iterable[str]) -> list[str]:
    """Names of fits, of what a user writes: the name of a model stands for all its fits, ``apec`` for those of a group.

    Raises BookError for a name of nothing.
    """
    found = []
    for name in wanted:
        group = [topic for topic in registry.TOPICS if topic.startswith(f"{name}_")]
        if name in registry.TOPICS:
            found += names([name])
        elif group:
            found += names(group)
        else:
            parts(name)
            found.append(name)
    return list(dict.fromkeys(found))


def key_of_findings(wanted: Iterable[str]) -> dict[str, str]:
    """Name -> key of what is said of a fit: model code and what it imports, data, gate, settings, seed and versions.

    It is read off files. The draws have a key of their own (`keys`), so that another key here need not sample anything.
    A fit that a wheel carries keeps the key that it was carried with, whatever versions of packages read it.
    """
    return {name: carried.key(name, content) or key for name, (content, key) in contents_and_keys(wanted).items()}


def contents_and_keys(wanted: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Name -> hash of the code, data, settings and seed that decide what is said of a fit, and its key.

    The key covers versions of packages too.
    """
    sources = Sources(jingjinji.PROJECT)
    judging = {name: hashlib.sha256(Path(__file__).with_name(name).read_bytes()).hexdigest() for name in SAID_BY}
    rest = keys.versions() | {package: metadata.version(package) for package in SAID_WITH} | judging
    found, contents = {}, {}
    for name in wanted:
        topic, _ = parts(name)
        if topic not in contents:
            contents[topic] = content_of(topic, sources)
        about = {"name": name, "mode": mode(), "seed": seed(name), "settings": asdict(settings(topic, mode()))}
        own = _without_versions(contents[topic]) | judging
        found[name] = _hash(about | {"content": own}), _hash(about | {"content": contents[topic] | rest})
    return found


def _without_versions(content: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in content.items() if name != "python"}


def _hash(about: dict) -> str:
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


def content_of(topic: str, sources: Sources) -> dict[str, str]:
    """Name -> hash of the code and tables that decide what is said of a model's fits."""
    content = sources.dependencies(f"import jingjinji.topics.{registry.PLACES[topic]}{registry.SAID}")
    return {name: value for name, value in content.items() if name not in NOT_OF_A_FIT}


def problem_of(name: str, key: str) -> str | None:
    """Why a fit is not published, in words; None for one that is. Raises FitMissing where it has not been made."""
    _refuse_missing(name, key)
    return store.notes(store.FINDINGS, name, key)["problem"] or None


def load_fit(name: str, *, published: bool = True, derived: bool = True) -> Fit:
    """A stored fit with its draws; with ``published=False`` also one that did not pass the gate.

    With ``derived=False`` only free parameters are loaded, which takes no building of the model.

    Raises FitMissing where today's code and data have none, naming the command that makes it; FitNotPublished where it
    did not pass the gate, or has no draws.
    """
    key = key_of_findings([name])[name]
    problem = problem_of(name, key)
    if problem and (published or not store.notes(store.FINDINGS, name, key)["draws"]):
        raise FitNotPublished(name, problem)
    topic, variant = parts(name)
    module, notes = registry.module(topic), store.notes(store.FINDINGS, name, key)
    if not store.sound(store.DRAWS, name, notes["draws"]):
        raise FitMissing(f"the draws of fit '{name}' are missing or damaged: run 'jingjinji fit' to sample it again")
    tree = store.draws(name, notes["draws"]).isel(draw=slice(notes["count"]))
    panel = registry.load(topic, variant)
    # draws may have been stored by a copy of the book with other words
    parameters = with_labels(tree["posterior"].to_dataset().astype(float), notes["labels"])
    if derived and module.DERIVED and mode() != PRIOR:
        parameters = with_derived(module, module.build(panel), parameters)
    return Fit(topic, variant, panel, parameters, tree["sample_stats"].to_dataset(),
               [gate.Check(**check) for check in notes["checks"]], notes["seconds"]["sample"],
               Sampling(**notes["sampling"]), _findings(name, key))  # fmt: skip


def load_findings(name: str) -> dict[str, Finding]:
    """The findings of a stored fit, by id, without its draws and its panel; raises as `load_fit` does."""
    return _findings(name, _published(name))


def load_facts(topic: str) -> dict[str, Finding]:
    """What tables alone say on a topic, by id; made where it is not stored, for it waits for no fit."""
    name, key = f"{topic}{FACTS}", key_of_facts(topic)
    if not store.sound(store.FINDINGS, name, key):
        with store.lock(name, key):
            if not store.sound(store.FINDINGS, name, key):
                _make_facts(topic, name, key)
    return _findings(name, key)


def _make_facts(topic: str, name: str, key: str) -> None:
    made = registry.facts(topic).findings()
    about = {finding.id: about_finding(finding) for finding in made}
    draws, statistics = store.as_stored(made)
    store.write_findings(name, key, draws, {"problem": "", "findings": about, "statistics": statistics})


def key_of_facts(topic: str) -> str:
    """Key of what tables alone say on a topic: its code and what that imports, the tables that it reads."""
    content, key = content_and_key_of_facts(topic)
    return carried.key(f"{topic}{FACTS}", content) or key


def content_and_key_of_facts(topic: str) -> tuple[str, str]:
    """The same for what tables alone say on a topic as `contents_and_keys` gives for fits."""
    content = Sources(jingjinji.PROJECT).dependencies(f"import jingjinji.topics.{topic}.facts")
    about = {name: value for name, value in content.items() if name not in NOT_OF_A_FIT}
    about["store.py"] = hashlib.sha256(Path(__file__).with_name("store.py").read_bytes()).hexdigest()
    versions = {package: metadata.version(package) for package in (*SAID_WITH, "numpy", "scipy")}
    return _hash(_without_versions(about)), _hash(about | versions)


def about_finding(finding: Finding) -> dict:
    """What is stored of a finding beside its draws."""
    return {"label": finding.label, "unit": finding.unit, "model": finding.model, "panel": finding.panel,
            "code": finding.code, "error": finding.error, "by_median": finding.by_median}  # fmt: skip


def all_findings(*, absent_too: bool = False) -> Findings:
    """Every finding of the current fits, by id; raises FitMissing where one has not been made.

    With ``absent_too=True`` a fit that has not been made, or is damaged, is told among those that failed.
    """
    found, left_out, problems, unknown = {}, {}, {}, []
    for name, key in key_of_findings(names()).items():
        try:
            _refuse_missing(name, key)
        except FitMissing as error:
            if not absent_too:
                raise
            problems[name] = str(error)
            unknown.append(name)
            continue
        notes = store.notes(store.FINDINGS, name, key)
        if notes["problem"]:
            problems[name] = notes["problem"]
            left_out |= {id: (about["label"], name) for id, about in notes["findings"].items()}
            if not notes["findings"]:
                unknown.append(name)
        found |= _findings(name, key)
    for topic in registry.FACTS:
        found |= load_facts(topic)
    return Findings(found, _by_id(unknown, {*found, *left_out}) | left_out, problems)


def makers(wanted: Iterable[str] = ()) -> dict[str, str]:
    """Id of a finding -> the stored fit that says it, ``<topic>.facts`` for tables alone; by default of all fits."""
    keys = key_of_findings(wanted or names())
    if not wanted:
        keys |= {f"{topic}{FACTS}": key_of_facts(topic) for topic in registry.FACTS}
    return {
        id: name
        for name, key in keys.items()
        if store.sound(store.FINDINGS, name, key)
        for id in store.notes(store.FINDINGS, name, key)["findings"]
    }


def _by_id(fits: list[str], known: set[str]) -> dict[str, tuple[str, str]]:
    """Published findings that nothing else makes are those of fits of whose findings nothing is known.

    The published ones say of which fit they are; of those that do not, or whose fit is known, the name of the variant
    tells it.
    """
    if not fits or not PUBLISHED.exists():
        return {}
    by_variant = {name.partition("/")[2]: name for name in reversed(fits)}
    rows = published.read(PUBLISHED)
    guessed = {id: by_variant.get(id.partition("@")[2], fits[0]) for id, row in rows.items() if "fit" not in row}
    told = {id: row["fit"] for id, row in rows.items() if row.get("fit") in fits}
    return {id: (id, fit) for id, fit in (guessed | told).items() if id not in known}


def stored_notes(wanted: Iterable[str]) -> dict[str, dict]:
    """Name -> checks, seconds, draws and settings of a fit, published or not, without its draws."""
    found = key_of_findings(wanted)
    for name, key in found.items():
        _refuse_missing(name, key)
    return {name: store.notes(store.FINDINGS, name, key) for name, key in found.items()}


def refuse_shared() -> None:
    """Raise BookError where other copies of the book may use the store, so that nothing may be removed."""
    if store.shared():
        raise BookError("other copies of the book use the store that JINGJINJI_STORE names: use --prune without it")


def prune(wanted: Iterable[str]) -> int:
    """Remove what is stored of fits other than today's `wanted`; returns how many entries.

    Raises BookError where other copies of the book may use the store.
    """
    refuse_shared()
    kept = set()
    for name, key in key_of_findings(wanted).items():
        if store.exists(store.FINDINGS, name, key):
            draws = store.notes(store.FINDINGS, name, key)["draws"]
            kept |= {store.place(store.FINDINGS, name, key), store.place(store.DRAWS, name, draws)}
    kept |= {store.place(store.FINDINGS, f"{topic}{FACTS}", key_of_facts(topic)) for topic in registry.FACTS}
    return len(store.prune(kept))


def missing(wanted: Iterable[str] = (), *, further: bool = False) -> dict[str, str]:
    """Name -> key of the fits that are not stored, damaged or `broken`, with those that stand `beside` them.

    `further` adds those that did not pass and may go on: those that were short of draws, and those that need them.
    """
    wanted = list(wanted) or names()
    found = key_of_findings(dict.fromkeys([*beside(wanted), *wanted]))
    todo = {name: key for name, key in found.items() if not whole(name, key) or broken(name, key)}
    # a worker that does not see this store has none of those that others need
    needed = {*todo, *beside(todo)}
    if further:
        needed |= {name for name, key in found.items() if name not in todo and may_go_on(name, key)}
        needing = [name for name in names() if needed.intersection(beside([name]))]
        found |= key_of_findings(needing)
        needed |= {name for name in needing if not whole(name, found[name]) or problem_of(name, found[name])}
    return {name: key for name, key in found.items() if name in needed}


def broken(name: str, key: str) -> bool:
    """True of a stored fit that could not be made: another attempt may find what it lacked, such as room or code."""
    return store.notes(store.FINDINGS, name, key)["state"] == BROKEN


def may_go_on(name: str, key: str) -> bool:
    """True of a fit that did not pass and was short of draws, so that more of them may help."""
    return bool(problem_of(name, key)) and store.notes(store.FINDINGS, name, key)["state"] == gate.SHORT


def beside(wanted: Iterable[str]) -> list[str]:
    """Other fits whose draws the findings of the `wanted` ones need."""
    return [other for name in wanted for other in getattr(registry.module(parts(name)[0]), "BESIDE", {}).values()]


def whole(name: str, key: str) -> bool:
    """True where findings and draws of a fit are stored and sound."""
    if not store.sound(store.FINDINGS, name, key):
        return False
    draws = store.notes(store.FINDINGS, name, key)["draws"]
    return not draws or store.sound(store.DRAWS, name, draws)


def all_stored() -> bool:
    """True where every fit is stored and sound, published or not."""
    return all(whole(name, key) for name, key in key_of_findings(names()).items())


def _published(name: str) -> str:
    """The key of a fit that passed; raises FitMissing or FitNotPublished."""
    key = key_of_findings([name])[name]
    if problem := problem_of(name, key):
        raise FitNotPublished(name, problem)
    return key


def _findings(name: str, key: str) -> dict[str, Finding]:
    notes = store.notes(store.FINDINGS, name, key)
    if notes["problem"]:
        return {}
    draws = store.findings(name, key)
    known = notes.get("statistics", {})
    found = {}
    for id, rest in notes["findings"].items():
        finding = Finding(id, draws=draws[id], **{**rest, "panel": tuple(rest["panel"])})
        found[id] = finding.with_statistics(known.get(id, {}))
    return found


def _refuse_missing(name: str, key: str) -> None:
    if not store.exists(store.FINDINGS, name, key):
        raise FitMissing(f"there is no fit '{name}' of today's code and data: run 'jingjinji fit' to sample it")
    if damage := store.damage(store.FINDINGS, name, key):
        raise FitMissing(f"{damage}: run 'jingjinji fit' to make fit '{name}' again")
