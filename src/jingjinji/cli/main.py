"""The command ``jingjinji``: one thin function a command."""

import atexit
import gc
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import jingjinji
from jingjinji.cli import data, region, rerun
from jingjinji.core import writing
from jingjinji.core.errors import BookError
from jingjinji.teaching import editions

if TYPE_CHECKING:
    from jingjinji.core.findings import Finding

app = typer.Typer(
    help="Ten years of environmental cooperation in Beijing-Tianjin-Hebei: data, fits, findings.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(data.app)
app.add_typer(region.app)
findings_app = typer.Typer(help="The named numbers of the book.", no_args_is_help=True)
app.add_typer(findings_app, name="findings")
app.command()(rerun.verify)
app.command()(rerun.accept)
Quick = Annotated[bool, typer.Option("--quick", help="Few draws, for drafts; never for publication.")]


def main() -> None:
    """Run the command; a user's mistake, or a disk that is full or closed, ends in one sentence and exit code 1."""
    try:
        app()
    except BookError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        words = writing.told(error)
        if not words:
            raise
        print(f"error: {words}", file=sys.stderr)
        sys.exit(1)


@app.command()
def fit(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Models with all their fits, single fits, or the group apec; all by default."),
    ] = None,
    quick: Quick = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be sampled, and why; sample nothing.")
    ] = False,
    further: Annotated[
        bool, typer.Option("--further", help="Let fits that were short of draws go on beyond the gate's limit.")
    ] = False,
    scheduler: Annotated[
        str, typer.Option(envvar="DASK_SCHEDULER_ADDRESS", help="An existing dask scheduler, tcp://HOST:PORT.")
    ] = "",
    prune: Annotated[bool, typer.Option("--prune", help="Then remove fits of earlier code, data or settings.")] = False,
    resolution: Annotated[str, typer.Option(help="day, or hour for the raw archives of apec.")] = "day",
) -> None:
    """Make every fit that is missing, in parallel; keep those that pass the gate."""
    print("Looking which fits are stored ...", flush=True)
    if quick:
        os.environ["JINGJINJI_DRAWS"] = "quick"
    from jingjinji.core import registry, tables
    from jingjinji.fits import cluster, drafts, fitting, progress

    tables.refuse_faulty()
    if prune and fitting.draft():
        raise BookError("draft draws would have the full fits removed: use --prune without --quick and JINGJINJI_DRAWS")
    if prune and fitting.shift():
        raise BookError("--prune with JINGJINJI_SEED would have the fits of the book's own seeds removed: unset it")
    if prune:
        fitting.refuse_shared()
    wanted = _wanted(names or [], resolution)
    if quick and not dry_run:
        drafts.unpack()
    todo = fitting.missing(wanted, further=further)
    if dry_run:
        rows = []
        if todo:
            cluster.make(todo, fitting.mode(), rows.append, scheduler=scheduler, dry=True, further=further)
        print(progress.dry_text(len(wanted), rows))
        return
    with progress.Progress(wanted, todo) as view:
        done = cluster.sample_missing(wanted, view.report, todo=todo, scheduler=scheduler, further=further)
    print(view.summary(done))
    if prune:
        kept = fitting.names((*registry.TOPICS, *registry.BY_HOUR))
        print(f"{fitting.prune(kept)} earlier entries were removed.")
    _end_where_unpublished(wanted)


def _end_where_unpublished(wanted: list[str]) -> None:
    """Raise BookError with a sentence for each of the wanted fits that did not pass; the draft asks for nothing."""
    from jingjinji.core import registry
    from jingjinji.fits import fitting

    keys = fitting.key_of_findings(wanted)
    failed = {name: fitting.problem_of(name, key) for name, key in keys.items()}
    failed = {name: problem for name, problem in failed.items() if problem}
    if failed:
        how = "; ".join(f"fit '{name}' is not published: {problem}" for name, problem in failed.items())
        short = [name for name in failed if fitting.may_go_on(name, keys[name])]
        where = f"JINGJINJI_PROJECT={jingjinji.PROJECT} JINGJINJI_CACHE={jingjinji.CACHE} " if registry.REGION else ""
        broken = [name for name in failed if fitting.broken(name, keys[name])]
        ways = []
        if short:
            ways.append(f"go on with '{where}jingjinji fit {' '.join(short)} --further' for more draws")
        if broken:
            ways.append(
                "run the command again, with other programs closed, and where a fit ends so once more mend what its "
                "sentence names"
            )
        if failed.keys() - set(broken):
            ways.append(
                f"sample with other seeds, 'JINGJINJI_SEED=1 jingjinji region build {jingjinji.PROJECT.name}'"
                if registry.REGION
                else "sample the whole book with other seeds, 'JINGJINJI_SEED=1 make book'"
            )
        left_out = f"Pages leave {'their' if len(failed) > 1 else 'its'} numbers out"
        raise BookError(f"{how}. {left_out}: {', or '.join(ways)}")


def _wanted(names: list[str], resolution: str) -> list[str]:
    """Names of fits, models and groups written out; raises BookError for a resolution that a group does not have."""
    from jingjinji.core import registry
    from jingjinji.fits import fitting

    if resolution == "hour":
        if names != ["apec"]:
            raise BookError(
                f"--resolution hour is for apec alone, found '{' '.join(names)}': write 'jingjinji fit apec'"
            )
        return fitting.names(registry.BY_HOUR)
    if resolution != "day":
        raise BookError(f"--resolution is '{resolution}': expected day or hour")
    return fitting.named(names) or fitting.names()


@app.command()
def simulate(
    topics: Annotated[list[str] | None, typer.Argument(help="Models whose toys are simulated; all by default.")] = None,
    records: Annotated[int, typer.Option(help="Made-up records of each toy.", min=1)] = 100,
) -> None:
    """Sample made-up records of known truth and keep how often the truth is found: results/simulations.json."""
    from jingjinji.core import registry
    from jingjinji.fits import simulations

    for topic in topics or registry.TOPICS:
        print(simulations.run(topic, records), flush=True)


@app.command()
def weigh(
    models: Annotated[
        list[str] | None, typer.Argument(help="Models of the conclusions; those that changed by default.")
    ] = None,
) -> None:
    """Sample the conclusions' models with prior, then likelihood, halved and doubled: results/power_scaling.json."""
    from jingjinji.core import registry
    from jingjinji.fits import fitting, weighing
    from jingjinji.topics import conclusions

    if registry.REGION:
        raise BookError("a region has no page of conclusions: run 'jingjinji weigh' in the book")
    asked = conclusions.asked()
    if unknown := [name for name in models or () if not _fits_of(name, asked)]:
        raise BookError(f"model '{unknown[0]}' carries no headline of the conclusions: expected of {', '.join(asked)}")
    if fitting.draft():
        raise BookError("what prior and likelihood count is never a draft: unset JINGJINJI_DRAWS")
    for fit in [fit for name in models for fit in _fits_of(name, asked)] if models else weighing.old(asked):
        print(weighing.run(fit, asked[fit]), flush=True)


def _fits_of(name: str, fits: Iterable[str]) -> list[str]:
    """The fit of that name, or those of the model of that name."""
    return [fit for fit in fits if name in (fit, fit.partition("/")[0])]


@app.command()
def book(
    quick: Quick = False,
    edition: Annotated[
        str, typer.Option(help="reader, student (without solutions) or instructor (with marks and plans).")
    ] = editions.READER,
) -> None:
    """Make every fit that is missing, then build the site, with warnings as errors.

    One process does both: starting Python and loading its libraries takes longer than most builds. A fit that did not
    pass leaves a notice where its numbers would stand; the command then ends with an error, but with a site.
    """
    if edition not in editions.EDITIONS:
        raise BookError(f"--edition is '{edition}': expected one of {', '.join(editions.EDITIONS)}")
    editions.refuse_faulty(jingjinji.PROJECT)
    # a build makes millions of objects that stay: looking through them for garbage takes a fifth of its time
    gc.set_threshold(100_000, 50, 1000)
    atexit.register(gc.freeze)
    problem = _make_fits(quick)
    print("Running the pages and building the site ...", flush=True)
    _quiet_kernels()
    from jupyter_book.cli.main import main as jupyter_book

    from jingjinji.cli import wheel

    options = ["--warningiserror", "--nitpick", "--keep-going", "--quiet"]
    out = _folder(edition, quick)
    source = out / "_build/source"
    options += ["--path-output", str(out)]
    lock = _lock_of_site(out)
    try:
        wheel.offer(out / "_build/html", edition)
        editions.write(jingjinji.PROJECT, source, edition)
        if edition != editions.READER:
            from jingjinji.teaching import notebooks

            notebooks.write(jingjinji.PROJECT, out / "notebooks", edition)
        # by itself the command would end this process when the site stands, also where it has a hole
        jupyter_book(["build", str(source), *options], prog_name="jupyter-book", standalone_mode=False)
    except RuntimeError:
        raise BookError("the site was not built: the reason stands above") from None
    finally:
        lock.release()
    if problem:
        raise BookError(f"the site stands in {out / '_build/html'}, with a hole: {problem}")


@app.command()
def slides(quick: Quick = False) -> None:
    """Make every fit that is missing, then the slides of the lessons, a deck each, from the cells of their page."""
    problem = _make_fits(quick)
    print("Making the slides ...", flush=True)
    _quiet_kernels()
    from jingjinji.sphinxext import decks

    out = jingjinji.PROJECT / "_build/quick" if quick else jingjinji.PROJECT
    lock = _lock_of_site(out)
    try:
        for deck in decks.build(out / "_build/slides"):
            print(deck)
    finally:
        lock.release()
    if problem:
        raise BookError(f"the slides stand in {out / '_build/slides'}, with a hole: {problem}")


def _make_fits(quick: bool) -> BookError | None:
    """Make what is missing; gives the error of fits that did not pass, where pages can be made without them."""
    try:
        fit(quick=quick, resolution="day", scheduler=os.environ.get("DASK_SCHEDULER_ADDRESS", ""))
    except BookError as error:
        from jingjinji.fits import fitting

        if not fitting.all_stored():
            raise
        return error
    return None


def _folder(edition: str, quick: bool) -> Path:
    """Where an edition is built: the reader's, the one to be published, in the project's own ``_build``."""
    names = [edition] * (edition != editions.READER) + ["quick"] * quick
    return jingjinji.PROJECT / "_build" / "-".join(names) if names else jingjinji.PROJECT


def _lock_of_site(out: Path):
    """Two builds into one folder would write over each other's pages: the second waits, and then finds all done.

    The lock is the system's, so that it ends with the process that holds it, however that ends.
    """
    from filelock import FileLock, Timeout

    (out / "_build").mkdir(parents=True, exist_ok=True)
    lock = FileLock(out / "_build/.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        print("Another run is building this site: waiting until it has ended ...", flush=True)
        lock.acquire()
    return lock


def _quiet_kernels() -> None:
    """Kernels of pages read a configuration of the book's own: no user's, and no warnings of their transport."""
    profile = jingjinji.CACHE / "ipython" / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "ipython_kernel_config.py").write_text("c = get_config()\nc.IPKernelApp.log_level = 40\n", "utf-8")
    os.environ["IPYTHONDIR"] = str(profile.parent)


@app.command()
def predict(
    model: Annotated[str, typer.Argument(help="Name of a model: decline, or in a region's project region.")],
    out: Annotated[Path, typer.Option(help="The csv file to write.")],
    months: Annotated[str, typer.Option(metavar="FIRST:LAST", help="For instance 2021-01:2023-12.")] = "",
    years: Annotated[str, typer.Option(metavar="FIRST:LAST", help="For instance 2021:2024.")] = "",
) -> None:
    """Posterior predictive of city-months and annual means, in µg/m³ on the official basis of the time."""
    from jingjinji.core import registry
    from jingjinji.fits import fitting

    able = "region" if registry.REGION else "decline"
    if model != able:
        raise BookError(f"model '{model}' does not predict concentrations: expected {able}")
    span = _span(years) if years else None
    if span and not all(re.fullmatch("[0-9]{4}", text) for text in span):
        raise BookError(f"--years is '{years}': expected FIRST:LAST in whole years, for instance 2021:2024")
    if not (months or span):
        raise BookError("nothing to predict: give --months FIRST:LAST or --years FIRST:LAST")
    months_span = _span(months) if months else None
    table = registry.said(model).predict(
        fitting.load_fit(model), months_span, (int(span[0]), int(span[1])) if span else None
    )
    file = writing.put(out, table.map(writing.harmless).to_csv(index=False, float_format="%.3f"))
    print(f"{len(table)} rows written to {out}", file=sys.stdout if file else sys.stderr)


@findings_app.command("list")
def list_findings(
    words: Annotated[
        list[str] | None, typer.Argument(help="Only findings with all these words in id, label or fit.")
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print all columns as csv.")] = False,
) -> None:
    """Print every finding with its interval, or those that some words name."""
    from rich.console import Console
    from rich.table import Table

    from jingjinji.fits import fitting

    found = [finding for finding in fitting.all_findings().values() if _has(finding, words or [])]
    if csv:
        import pandas as pd

        print(pd.DataFrame([finding.summary() for finding in found]).to_csv(index=False), end="")
        return
    view = Table()
    for column in ("id", "value", "what"):
        view.add_column(column)
    for finding in found:
        view.add_row(finding.id, finding.text, finding.label)
    Console().print(view)
    print(f"{len(found)} findings")


@app.command()
def judge(
    rule: Annotated[str, typer.Argument(help="A rule in quotation marks, or the number of a claim: C066.")],
    level: Annotated[float | None, typer.Option(help="Instead of every level of probability in the rule: 0.8.")] = None,
) -> None:
    """Judge a rule on the stored findings: what each part gives, the verdict, and the values that were read."""
    from rich.console import Console
    from rich.table import Table

    from jingjinji.claims import rules, trial

    ids, _ = rules.named(rules.parse(trial.rule_of(rule)))
    found = trial.tried(rule, _findings_behind(ids), level)
    view = Table()
    for column in ("part", "probability", "gives"):
        view.add_column(column)
    for row in found.rows:
        view.add_row(*row.values())
    console = Console()
    if found.rows:
        console.print(view, markup=False)
    for name, value in found.read.items():
        console.print(f"read {name}: {value}", markup=False, highlight=False)
    print(f"verdict: {found.verdict}")


def _findings_behind(ids: list[str]) -> dict[str, "Finding"]:
    """The findings of these names, of the fits alone that say them where the published ones tell which."""
    from jingjinji.core import published
    from jingjinji.core.errors import FitMissing, FitNotPublished
    from jingjinji.fits import fitting

    rows = published.read(fitting.PUBLISHED) if fitting.PUBLISHED.exists() else {}
    fits = {rows.get(id, {}).get("fit", "") for id in ids}
    try:
        loaded = [fitting.load_facts(fit.removesuffix(fitting.FACTS)) if fit.endswith(fitting.FACTS)
                  else fitting.load_findings(fit) for fit in fits if fit]  # fmt: skip
    except (FitMissing, FitNotPublished):
        loaded = []
    known = {id: finding for found in loaded for id, finding in found.items()}
    return known if all(id in known for id in ids) else fitting.all_findings()


def _has(finding: "Finding", words: list[str]) -> bool:
    text = f"{finding.id} {finding.label} {finding.model}".lower()
    return all(word.lower() in text for word in words)


@findings_app.command("show")
def show_finding(id: Annotated[str, typer.Argument(help="Id of a finding: pm25.decline.beijing.")]) -> None:
    """Print all that is kept of a finding."""
    from jingjinji.core.findings import find
    from jingjinji.fits import fitting

    for name, value in find(fitting.all_findings(), id).summary().items():
        print(f"{name}: {value}")


def _span(text: str) -> tuple[str, str]:
    first, colon, last = text.partition(":")
    if not (first and colon and last) or first > last:
        raise BookError(f"'{text}' is not a span: expected FIRST:LAST with FIRST not after LAST")
    return first, last


if __name__ == "__main__":
    main()
