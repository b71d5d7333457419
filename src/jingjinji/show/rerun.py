"""What a rerun found beside the published findings: a page with both intervals of each in one picture, and a table."""

import json
from collections.abc import Iterable
from html import escape
from pathlib import Path

from rich.table import Table

from jingjinji.core.errors import BookError

WIDTH, HEIGHT, ROOM = 260, 30, 8
HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A rerun beside the published findings</title>
<style>
:root { color-scheme: light dark; --published: #5d6672; --here: #b3470a; --line: #c9ced6; }
@media (prefers-color-scheme: dark) { :root { --published: #aab4c0; --here: #ffa25c; --line: #4a525c; } }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 76rem; margin: 1.5rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.35rem 0.6rem 0.35rem 0; border-top: 1px solid var(--line); }
.id { font-family: ui-monospace, monospace; font-size: 0.85rem; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
.changed, .new, .gone { font-weight: 700; color: var(--here); }
svg { display: block; } svg .published { stroke: var(--published); fill: var(--published); }
svg .here { stroke: var(--here); fill: var(--here); }
</style>
</head>
<body>
<main>
<h1>A rerun beside the published findings</h1>
"""
VERDICTS = "The shift of a verdict is the largest of the findings that its rule reads."
FINDINGS = (
    "The largest shift comes first. Shifts are in Monte Carlo errors: as many as would be as unlikely if errors were "
    "normal. “Must not differ” stands where no such error could explain it. In each picture the upper line is the "
    "published interval, from the 3 % to the 97 % quantile, and the lower one that of this run, each with a mark at "
    "the mean. Both have one scale, which is the row's own. Where there is no interval, the line has two Monte Carlo "
    "errors on each side."
)


def write(folder: Path, report: dict) -> Path:
    """Write ``index.html`` and ``index.json`` into a folder; returns the page.

    report : ``said`` (sentences), ``differences`` (kind -> words), ``findings`` and ``verdicts`` (rows as
        `verify.Shift.as_dict` and `verdicts.Turn.as_dict` give them, and ``because``), and what else is kept as JSON.

    Raises BookError where the folder takes no files.
    """
    page = folder / "index.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "index.json").write_text(json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n",
                                           encoding="utf-8")  # fmt: skip
        page.write_text(html(report), encoding="utf-8")
    except OSError as error:
        raise BookError(f"{folder} does not take the report ({error.strerror}): make room, or free it") from None
    return page


def html(report: dict) -> str:
    """The page, which loads nothing and reads without scripts."""
    said = "".join(f"<p>{escape(words)}</p>\n" for words in report["said"])
    worlds = "".join(
        f"<dt>{escape(kind)}</dt><dd>{escape('; '.join(words))}</dd>\n" for kind, words in report["differences"].items()
    )
    differences = f"<dl>\n{worlds}</dl>" if worlds else "<p>Nothing that is noted of both.</p>"
    verdicts = _table(
        ("status", "shift", "claim", "published", "this run", "why"),
        ([_status(row), _shift(row), escape(row["id"]), escape(row["there"]), escape(row["here"]), escape(row["why"])]
         for row in report["verdicts"]),
    )  # fmt: skip
    findings = _table(
        ("status", "shift", "finding", "published", "this run", "why"),
        ([_status(row), _shift(row),
          f'{escape(row["label"])}<br><span class="id">{escape(row["id"])}</span>{_picture(row)}',
          _text(row["there"]), _text(row["here"]), escape(row["because"] or row["why"])]
         for row in report["findings"]),
    )  # fmt: skip
    return (
        f"{HEAD}{said}<h2>In what the two runs differ</h2>\n{differences}\n<h2>Verdicts</h2>\n<p>{VERDICTS}</p>\n"
        f"{verdicts}\n<h2>Findings</h2>\n<p>{FINDINGS}</p>\n{findings}\n</main>\n</body>\n</html>\n"
    )


def table(report: dict, most: int) -> Table:
    """For a terminal: what differs, and of the rest the largest shifts, so many rows in all at least."""
    view = Table(show_edge=False, pad_edge=False)
    for column in ("status", "shift", "what", "published", "this run"):
        view.add_column(column, overflow="fold")
    verdicts = [row for row in report["verdicts"] if row["status"] not in ("same", "not compared")]
    findings = [row for row in report["findings"] if row["status"] not in ("same", "not compared")]
    loud = [row for row in findings if row["status"] != "noise"]
    for row in verdicts:
        view.add_row(row["status"], _shift(row), row["id"], row["there"], row["here"])
    for row in findings[: max(most, len(loud))]:
        text = [(row[side] or {}).get("text", "none") for side in ("there", "here")]
        view.add_row(row["status"], _shift(row), row["id"], *text)
    return view


def _table(columns: tuple[str, ...], rows: Iterable[list[str]]) -> str:
    head = "".join(f'<th scope="col">{column}</th>' for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n" for row in rows)
    return (
        f'<div class="wide" role="region" aria-label="{escape(columns[2])}s" tabindex="0">\n<table>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n</div>"
    )


def _status(row: dict) -> str:
    return f'<span class="{escape(row["status"].replace(" ", "-"))}">{escape(row["status"])}</span>'


def _shift(row: dict) -> str:
    """The size of a shift in words: infinite ones are kept as None."""
    if row["errors"] is None:
        return "must not differ" if row["status"] == "changed" else ""
    return f"{row['errors']:.1f}"


def _text(kept: dict | None) -> str:
    return escape(kept["text"]) if kept else "none"


def _picture(row: dict) -> str:
    """Both intervals on one scale, the published one above."""
    sides = {side: row[side] for side in ("there", "here") if row[side]}
    lines = {side: (kept.get("low", kept["mean"] - 2 * kept["mcse"]), kept.get("high", kept["mean"] + 2 * kept["mcse"]))
             for side, kept in sides.items()}  # fmt: skip
    ends = [end for line in lines.values() for end in line] + [kept["mean"] for kept in sides.values()]
    if not ends:
        return ""
    low, high = min(ends), max(ends)
    span = high - low or max(abs(low), 1.0)
    centre = (low + high) / 2 if high > low else low

    def place(value: float) -> float:
        return WIDTH / 2 + (WIDTH - 2 * ROOM) * (value - centre) / span

    drawn = ""
    for side, (name, height) in {"there": ("published", 9), "here": ("here", 21)}.items():
        if side in sides:
            begin, end = map(place, lines[side])
            drawn += (f'<line class="{name}" x1="{begin:.1f}" x2="{end:.1f}" y1="{height}" y2="{height}" '
                      f'stroke-width="3"/><circle class="{name}" cx="{place(sides[side]["mean"]):.1f}" cy="{height}" '
                      'r="4.5"/>')  # fmt: skip
    words = ", ".join(f"{word} {sides[side]['text']}" for side, word in (("there", "published"), ("here", "this run"))
                      if side in sides)  # fmt: skip
    return (
        f'<svg width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(words)}">{drawn}</svg>'
    )
