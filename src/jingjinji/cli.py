"""The command ``jingjinji``: one thin function a command."""

import contextlib
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

import jingjinji
from jingjinji import cli_data
from jingjinji.errors import BookError

app = typer.Typer(
    help="Ten years of environmental cooperation in Beijing-Tianjin-Hebei: data, fits, findings.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(cli_data.app)
findings_app = typer.Typer(help="The named numbers of the book.", no_args_is_help=True)
app.add_typer(findings_app, name="findings")
Quick = Annotated[bool, typer.Option("--quick", help="Few draws, for drafts; never for publication.")]


def main() -> None:
    """Run the command; a user's mistake ends in one sentence and exit code 1."""
    try:
        app()
    except BookError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)


@app.command()
def fit(
    names: Annotated[
        list[str] | None, typer.Argument(help="Fits to sample, or a group such as apec; all of the book by default.")
    ] = None,
    quick: Quick = False,
    prune: Annotated[bool, typer.Option("--prune", help="Then remove fits of earlier code, data or settings.")] = False,
    resolution: Annotated[str, typer.Option(help="day, or hour for the raw archives of apec.")] = "day",
) -> None:
    """Sample every fit that is missing, in parallel; keep those that pass the gate."""
    if quick:
        os.environ["JINGJINJI_DRAWS"] = "quick"
    from jingjinji import fitting, models

    if prune and fitting.draft():
        raise BookError("draft draws would have the full fits removed: use --prune without --quick and JINGJINJI_DRAWS")
    wanted = _wanted(names or [], resolution)
    with _FitProgress() as progress:
        done = fitting.sample_missing(wanted, progress.report)
    if prune:
        kept = fitting.keys(fitting.names((*models.TOPICS, *models.BY_HOUR)))
        print(f"{fitting.prune(kept)} earlier fits were removed.")
    count = len(wanted)
    print(
        f"{count} fits are up to date" + (f", {len(done)} of them sampled now." if done else "; nothing was sampled.")
    )


def _wanted(names: list[str], resolution: str) -> list[str]:
    """Names of fits, groups of topics written out; raises BookError for a resolution that a group does not have."""
    from jingjinji import fitting, models

    if resolution == "hour":
        if names != ["apec"]:
            raise BookError(
                f"--resolution hour is for apec alone, found '{' '.join(names)}': write 'jingjinji fit apec'"
            )
        return fitting.names(models.BY_HOUR)
    if resolution != "day":
        raise BookError(f"--resolution is '{resolution}': expected day or hour")
    wanted = []
    for name in names:
        group = [topic for topic in models.TOPICS if topic.startswith(f"{name}_")]
        wanted += fitting.names(group) if group and name not in models.TOPICS else [name]
    return wanted or fitting.names()


@app.command()
def book(quick: Quick = False) -> None:
    """Sample every fit that is missing, then build the site, with warnings as errors.

    One process does both: starting Python and loading its libraries takes longer than most builds.
    """
    fit(quick=quick, resolution="day")
    from jupyter_book.cli.main import main as jupyter_book

    options = ["--warningiserror", "--nitpick", "--keep-going", "--quiet"]
    if quick:
        options += ["--path-output", str(jingjinji.PROJECT / "_build/quick")]
    try:
        jupyter_book(["build", str(jingjinji.PROJECT), *options], prog_name="jupyter-book")
    except RuntimeError:
        raise BookError("the site was not built: the reason stands above") from None


@app.command()
def predict(
    model: Annotated[str, typer.Argument(help="Name of a model: decline.")],
    out: Annotated[Path, typer.Option(help="The csv file to write.")],
    months: Annotated[str, typer.Option(metavar="FIRST:LAST", help="For instance 2021-01:2023-12.")] = "",
    years: Annotated[str, typer.Option(metavar="FIRST:LAST", help="For instance 2021:2024.")] = "",
) -> None:
    """Posterior predictive of city-months and annual means, in µg/m³ on the official basis of the time."""
    from jingjinji import fitting, models

    if model != "decline":
        raise BookError(f"model '{model}' does not predict concentrations: expected decline")
    span = _span(years) if years else None
    if span and not all(text.isdigit() for text in span):
        raise BookError(f"--years is '{years}': expected FIRST:LAST in whole years, for instance 2021:2024")
    if not (months or span):
        raise BookError("nothing to predict: give --months FIRST:LAST or --years FIRST:LAST")
    months_span = _span(months) if months else None
    table = models.module(model).predict(
        fitting.load_fit(model), months_span, (int(span[0]), int(span[1])) if span else None
    )
    aside = out.with_name(f".{out.name}.part")
    try:
        table.to_csv(aside, index=False, float_format="%.3f")
        aside.replace(out)
    except OSError as error:
        with contextlib.suppress(OSError):
            aside.unlink()
        raise BookError(f"{out} cannot be written ({error.strerror}): choose another file with --out") from None
    print(f"{len(table)} rows written to {out}")


@findings_app.command("list")
def list_findings() -> None:
    """Print every finding with its interval."""
    from jingjinji import fitting

    view = Table()
    for column in ("id", "value", "what"):
        view.add_column(column)
    for finding in fitting.all_findings().values():
        view.add_row(finding.id, finding.text, finding.label)
    Console().print(view)


@findings_app.command("publish")
def publish_findings() -> None:
    """Write results/reference.json: the findings that later reruns are compared with."""
    from jingjinji import verify

    print(f"{verify.publish()} findings written to {verify.REFERENCE}")


@app.command("verify")
def verify_findings() -> None:
    """Compare the findings of this machine's fits with the published ones; exit code 1 where they differ."""
    from jingjinji import verify

    print(verify.compare())


def _span(text: str) -> tuple[str, str]:
    first, colon, last = text.partition(":")
    if not (first and colon and last) or first > last:
        raise BookError(f"'{text}' is not a span: expected FIRST:LAST with FIRST not after LAST")
    return first, last


class _FitProgress:
    """A bar for each chain that is being sampled; plain lines where the output is no terminal."""

    def __init__(self):
        self.bars = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("draws, ETA"),
            TimeRemainingColumn(), transient=True,
        )  # fmt: skip
        self.tasks = {}

    def __enter__(self):
        self.bars.start()
        return self

    def __exit__(self, *error):
        self.bars.stop()

    def report(self, message: dict) -> None:
        fit = message["fit"]
        if "phase" in message:
            self._phase(fit, message)
        else:
            chain = fit, message["chain"]
            if chain not in self.tasks:
                description = f"{fit} chain {message['chain'] + 1}"
                self.tasks[chain] = self.bars.add_task(description, total=message["total"])
            self.bars.update(self.tasks[chain], completed=message["done"])

    def _phase(self, fit: str, message: dict) -> None:
        words = message["phase"]
        if "seconds" in message:
            words = f"sampled in {message['seconds']:.1f} s"
            for chain in [key for key in self.tasks if key[0] == fit]:
                self.bars.remove_task(self.tasks.pop(chain))
        if words != "sampling":
            self.bars.console.print(f"{fit}: {words}", highlight=False)


if __name__ == "__main__":
    main()
