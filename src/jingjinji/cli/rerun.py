"""``jingjinji verify`` and ``jingjinji accept``: a rerun beside the published findings, and a new reference."""

import contextlib
import datetime
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import jingjinji
from jingjinji.core import writing
from jingjinji.core.errors import BookError

if TYPE_CHECKING:
    from jingjinji.core.findings import Findings

REPORT = jingjinji.PROJECT / "_build" / "verify"
CHANGELOG = jingjinji.PROJECT / "CHANGELOG.md"
PLACE = "## [Unreleased]\n"
"""Below this line of the changelog the reasons of new references are kept."""
HEADING = "### Findings accepted\n"


def verify(
    names: Annotated[
        list[str] | None, typer.Argument(help="Models or single fits to compare; everything by default.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Sample again, with other seeds, into a store apart: .cache/fresh.")
    ] = False,
    rows: Annotated[int, typer.Option(min=0, help="How many of the largest shifts to print at least.")] = 20,
) -> None:
    """Compare findings and verdicts with the published ones: _build/verify/index.html; exit code 1 if any changed."""
    from rich.console import Console

    from jingjinji.claims import verdicts
    from jingjinji.fits import verify
    from jingjinji.show import rerun

    report = compared(names or [], fresh)
    page = rerun.write(REPORT, report)
    table = rerun.table(report, rows)
    if table.row_count:
        Console().print(table)
    for kind, words in report["differences"].items():
        print(f"{kind}: {'; '.join(words)}")
    for words in report["said"]:
        print(words)
    print(page)
    changed = {kind: [row["id"] for row in report[kind] if row["status"] in verify.DIFFERENT]
               for kind in ("findings", "verdicts")}  # fmt: skip
    problems = [
        f"{len(ids)} {kind} differ from {file}: {', '.join(ids[:20])}{' ...' if len(ids) > 20 else ''}"
        for (kind, ids), file in zip(changed.items(), (verify.REFERENCE.name, verdicts.PUBLISHED.name), strict=True)
        if ids
    ]
    problems += [f"fit '{fit}' was not compared: {why}" for fit, why in report["absent"].items()]
    if problems:
        raise BookError(". And ".join(problems))


def compared(names: list[str], fresh: bool) -> dict:
    """What `verify` reports: see `show.rerun.write`; ``absent`` has the fits that were not compared, and why."""
    from jingjinji.claims import verdicts
    from jingjinji.core import published, registry
    from jingjinji.core.findings import Findings
    from jingjinji.fits import fitting, verify, world
    from jingjinji.fits.dependencies import Sources

    wanted = fitting.named(names)
    if registry.REGION and not verify.REFERENCE.exists():
        raise BookError(f"{verify.REFERENCE} is not written yet: what is stored becomes it with 'jingjinji accept'")
    published.read(verify.REFERENCE)
    published.read(verdicts.PUBLISHED)
    found, made_by = Findings(), {}
    if wanted or not fresh:
        found, made_by = fitting.all_findings(absent_too=True), fitting.makers()
    with other_seeds() if fresh else contextlib.nullcontext():
        if fresh:
            _sample(wanted or fitting.names())
            again = fitting.makers(wanted)
            found, made_by = _over(found, fitting.all_findings(absent_too=True), wanted, again), made_by | again
        here = world.today(wanted)
    there = world.published_one()
    shifts = verify.compare(found, made_by)
    status, errors = {shift.id: shift.status for shift in shifts}, {shift.id: shift.errors for shift in shifts}
    if wanted:
        shifts = [shift for shift in shifts if shift.fit in wanted]
    turns = verdicts.compare(found, status, errors, {shift.id for shift in shifts} if wanted else None)
    sources, other = Sources(jingjinji.PROJECT), world.changed_sources(there, here) if there else []
    different = {shift.fit for shift in shifts if shift.status in verify.DIFFERENT}
    because = {fit: ", ".join(world.behind(fit, other, sources)) for fit in different}
    absent = {fit: why for fit, why in found.failed.items() if not wanted or fit in wanted}
    return {
        "said": [_rule(), verify.summary(shifts), verdicts.summary(turns), world.words(there)],
        "differences": world.differences(there, here) if there else {},
        "findings": [
            shift.as_dict() | {"because": because[shift.fit] if shift.status in verify.DIFFERENT else ""}
            for shift in shifts
        ],
        "verdicts": [turn.as_dict() for turn in turns],
        "absent": absent,
        "published": there,
        "here": here,
    }


@contextlib.contextmanager
def other_seeds() -> Iterator[None]:
    """Seeds that are not the book's own, by default those of ``JINGJINJI_SEED=1``, and a store apart."""
    from jingjinji.fits import fitting

    changed = {"JINGJINJI_SEED": str(fitting.shift() or 1), "JINGJINJI_STORE": str(jingjinji.CACHE / "fresh")}
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value


def _sample(wanted: list[str]) -> None:
    """Make the fits that the store lacks; one that does not pass is told with the others."""
    from jingjinji.fits import cluster, fitting, progress

    todo = fitting.missing(wanted)
    with progress.Progress(wanted, todo) as view:
        done = cluster.sample_missing(wanted, view.report, todo=todo)
    print(view.summary(done))


def _over(own: "Findings", fresh: "Findings", wanted: list[str], made_by: dict[str, str]) -> "Findings":
    """Findings of the fits that were sampled again, in place of the book's own; all of them where none is named."""
    from jingjinji.core.findings import Findings

    if not wanted:
        return fresh
    kept = {id: finding for id, finding in fresh.items() if id in made_by}
    left_out = {id: about for id, about in fresh.unpublished.items() if about[1] in wanted}
    return Findings(
        {**own, **kept},
        {id: about for id, about in own.unpublished.items() if id not in kept} | left_out,
        {fit: why for fit, why in own.failed.items() if fit not in wanted}
        | {fit: why for fit, why in fresh.failed.items() if fit in wanted},
    )


def _rule() -> str:
    from jingjinji.fits import verify

    return (
        f"A finding has changed where a difference as large, anywhere among the published findings, has a probability "
        f"of less than {100 * verify.FALSE_ALARM:g} % between two right runs; otherwise it is noise."
    )


def accept(
    reason: Annotated[str, typer.Option(prompt="Why do findings differ from the published ones", help="A sentence.")],
) -> None:
    """Write what is stored as the new reference, results/*.json, and the reason into CHANGELOG.md."""
    from jingjinji.claims import verdicts
    from jingjinji.fits import drafts, fitting, verify

    reason = " ".join(reason.split())
    if not reason:
        raise BookError("a new reference needs a reason: write a sentence that says why findings differ")
    changelog = CHANGELOG.read_text("utf-8")
    if PLACE not in changelog:
        raise BookError(f"{CHANGELOG.name} has no line '{PLACE.strip()}': write it where the reason is to be kept")
    verdicts.judged(fitting.all_findings())  # nothing is written where a rule cannot be read
    counts = _differing()
    entry = f"- {datetime.date.today().isoformat()}{counts}: {reason}\n"
    with _reason_first(changelog, entry, verify.REFERENCE):
        print(f"{verify.publish()} findings written to {verify.REFERENCE}")
    print(f"{verdicts.publish(fitting.all_findings())} verdicts written to {verdicts.PUBLISHED}")
    drafts.keep()
    print(f"Draws of drafts written to {drafts.KEPT}")
    print(f"The reason stands in {CHANGELOG}")


@contextlib.contextmanager
def _reason_first(changelog: str, entry: str, reference: Path) -> Iterator[None]:
    """Write the reason before what it is of, so that a run that is killed leaves no reference without one.

    Where the reference is refused and stays as it was, the changelog does too.
    """
    there = _content(reference)
    writing.replace(CHANGELOG, with_entry(changelog, entry))
    try:
        yield
    except BookError:
        if _content(reference) == there:
            writing.replace(CHANGELOG, changelog)
        raise


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def with_entry(changelog: str, entry: str) -> str:
    """The changelog with one more reason, the last one first, under a heading of their own."""
    before, _, after = changelog.partition(PLACE)
    above, below = "\n", after
    if f"\n{HEADING}" in f"\n{after}".partition("\n## ")[0]:
        lines, _, below = f"\n{after}".partition(f"\n{HEADING}")
        above = f"{lines}\n"[1:]
    below = below.lstrip("\n")
    gap = "\n" if below and not below.startswith("- ") else ""
    return f"{before}{PLACE}{above}{HEADING}\n{entry}{gap}{below}"


def _differing() -> str:
    """How many findings and verdicts differ from the reference, in brackets; nothing where there is none."""
    from jingjinji.claims import verdicts
    from jingjinji.fits import verify

    if not (verify.REFERENCE.exists() and verdicts.PUBLISHED.exists()):
        return ""
    report = compared([], fresh=False)
    counts = [f"{sum(row['status'] in verify.DIFFERENT for row in report[kind])} {kind}"
              for kind in ("findings", "verdicts")]  # fmt: skip
    return f" ({' and '.join(counts)} differ)"
