"""``jingjinji data``: list, show, check, fetch and rebuild the data package."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jingjinji.core.errors import DataError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


app = typer.Typer(name="data", help="The data package and the raw archives behind it.", no_args_is_help=True)
Mirror = Annotated[
    Path | None,
    typer.Option(
        "--mirror", metavar="DIR", help="Read the raw files from this folder (381/, 501/) instead of the internet."
    ),
]


@app.command("list")
def list_tables() -> None:
    """List the tables with rows, licence and what they hold."""
    from rich.console import Console
    from rich.table import Table

    from jingjinji.core import tables

    view = Table(title=tables.package()["title"])
    for column in ("table", "rows", "columns", "what"):
        view.add_column(column, justify="right" if column in ("rows", "columns") else "left")
    for name in tables.names():
        table = tables.load(name)
        view.add_row(name, str(len(table)), str(len(table.columns)), tables.describe(name)["title"])
    Console().print(view)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="Name of a table, see 'jingjinji data list'.")],
    rows: Annotated[int, typer.Option(min=0, help="How many rows to print.")] = 5,
) -> None:
    """Show a table's fields, units, sources, licences, known issues and first rows."""
    from rich.console import Console

    from jingjinji.core import tables

    resource, table = tables.describe(name), tables.load(name)
    console = Console()
    _say(console, f"{resource['title']} ({name}, {len(table)} rows)\n{resource['description']}\n")
    console.print(_fields(resource))
    for source in resource["sources"]:
        where = source.get("path", "address not kept")
        _say(console, f"source: {source['title']}, {source['publisher']}, {where} ({source['license']})")
    for licence in resource["licenses"]:
        _say(console, f"licence: {licence['title']}. {licence.get('note', '')}")
    for issue in resource["known_issues"]:
        _say(console, f"known: {issue}")
    _say(console, f"{resource['hash'].replace(':', ' ')}, {resource['bytes']} bytes\n")
    if rows:
        _say(console, table.head(rows).to_string(index=False, max_colwidth=24))


@app.command()
def check() -> None:
    """Check every table: schema, units, keys, sha256."""
    from rich.console import Console
    from rich.table import Table

    from jingjinji.core import tables

    problems = tables.problems()
    view = Table()
    for column in ("table", "rows", "state"):
        view.add_column(column)
    if "datapackage.json" not in problems:
        for name in tables.names():
            faulty = name in problems
            view.add_row(name, "" if faulty else str(len(tables.load(name))), "[red]fault[/red]" if faulty else "ok")
        Console().print(view)
    if problems:
        first, *others = problems.values()
        raise DataError(first + (f" ({len(others)} more tables with faults)" if others else ""))


@app.command()
def fetch(mirror: Mirror = None) -> None:
    """Get the raw archives, by download or from a mirror, each file checked by its sha256."""
    from rich.console import Console

    from jingjinji.topics.november import archives

    files = archives.fetch(mirror)
    _say(Console(), f"{len(files)} raw files are complete in {archives.folder()}")


@app.command()
def rebuild(mirror: Mirror = None) -> None:
    """Compile the tables that come from the raw archives again and report every cell that differs."""
    from rich.console import Console
    from rich.table import Table

    from jingjinji.topics.november import archives

    differences = archives.rebuild(mirror)
    if not differences:
        Console().print("the raw archives give the published numbers: no cell differs")
        return
    view = Table(title="Cells that differ")
    for column in ("table", "row", "column", "published", "rebuilt"):
        view.add_column(column)
    for cell in differences:
        view.add_row(cell.table, str(cell.row), cell.column, str(cell.published), str(cell.rebuilt))
    Console().print(view)
    more = f" ({len(differences) - 1} more cells differ)" if len(differences) > 1 else ""
    raise DataError(f"{differences[0]}{more}; look at the table above and compile the package again or restore it")


def _say(console: "Console", text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _fields(resource: dict) -> "Table":
    from rich.table import Table

    view = Table()
    for column in ("field", "type", "unit", "meaning"):
        view.add_column(column)
    for field in resource["schema"]["fields"]:
        view.add_row(field["name"], field["type"], field.get("unit", ""), field["description"])
    return view
