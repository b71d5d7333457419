"""Changes of a clone that a writer of the book makes often: each gives another text, or edits files of a folder."""

import ast
import re
import shutil
from pathlib import Path

CODE = Path("src/jingjinji")
ANOTHER = "another"
"""The name of the topic that is new."""
LABEL = "change of the annual mean of PM2.5 from"
PRIOR = 'pm.LogNormal("year_scale", np.log(0.25), 0.5)'
UNITS = "UNITS = {\n"
PLACES = "PLACES = {\n"


def with_another_word(text: str) -> str:
    """A page with one word more at the end of its first sentence that stands alone on a line."""
    lines = text.splitlines()
    title = next(number for number, line in enumerate(lines) if line.startswith("# "))
    place = next(
        number for number, line in enumerate(lines[title:], title) if line[:1].isalpha() and line.endswith(".")
    )
    lines[place] = f"{lines[place][:-1]} indeed."
    return "\n".join(lines) + "\n"


def with_another_statement(text: str) -> str:
    """A module whose first function has one statement more, which does nothing."""
    function = next(node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef))
    last = function.body[-1]
    lines = text.splitlines()
    lines.insert(last.lineno - 1, " " * last.col_offset + "pass")
    return "\n".join(lines) + "\n"


def replaced(text: str, old: str, new: str) -> str:
    """The text with another passage; raises ValueError where it does not have the old one."""
    if old not in text:
        raise ValueError(f"nothing reads '{old.strip()}' any more: benchmarks/changes.py names what it changes")
    return text.replace(old, new)


def edit(path: Path, change, *arguments: str) -> None:
    path.write_text(change(path.read_text("utf-8"), *arguments), encoding="utf-8")


def prose(folder: Path) -> None:
    """One word of the first chapter."""
    edit(folder / "chapters/pm25-decline.md", with_another_word)


def plot(folder: Path) -> None:
    """One plotting function of the first chapter."""
    edit(folder / CODE / "topics/air/figures.py", with_another_statement)


def label(folder: Path) -> None:
    """The label of a finding of a model."""
    edit(folder / CODE / "topics/air/decline_findings.py", replaced, LABEL, LABEL.replace(" of ", " in ", 1))


def prior(folder: Path) -> None:
    """The width of one prior of a model."""
    edit(folder / CODE / "topics/air/heavy_days.py", replaced, PRIOR, PRIOR.replace("0.5", "0.4"))


def moved(folder: Path) -> None:
    """A module that several models import, under another name."""
    code = folder / CODE
    (code / "core/densities.py").rename(code / "core/sums.py")
    in_all(code, "jingjinji.core.densities", "jingjinji.core.sums")


def renamed(folder: Path) -> None:
    """A function that puts a part of a model into the graph."""
    in_all(folder / CODE, "autoregressive", "moving_autoregression")


def unit(folder: Path) -> None:
    """A quantity more in the table of units."""
    edit(folder / CODE / "core/tables.py", replaced, UNITS, f'{UNITS}    "height_above_ground": "m",\n')


def topic(folder: Path) -> None:
    """A topic more: the module of another one under a new name."""
    room = folder / CODE / "topics" / ANOTHER
    room.mkdir()
    (room / "__init__.py").touch()
    shutil.copy(folder / CODE / "topics/water/reservoir.py", room / "reservoir.py")
    edit(folder / CODE / "core/registry.py", replaced, PLACES, f'{PLACES}    "{ANOTHER}": "{ANOTHER}.reservoir",\n')


def in_all(folder: Path, old: str, new: str) -> None:
    """Replace a name in every module below a folder; raises ValueError where none has it."""
    whole = re.compile(rf"\b{re.escape(old)}\b")
    having = [path for path in folder.rglob("*.py") if whole.search(path.read_text("utf-8"))]
    if not having:
        raise ValueError(f"no module has the name '{old}' any more: benchmarks/changes.py names what it changes")
    for path in having:
        edit(path, lambda text: whole.sub(new, text))
