"""What no text of a table may hold: what a spreadsheet would run, what cannot be seen, what has no end."""

import re

LONGEST = 2000
"""Characters of the longest text that a cell may hold."""
HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
"""Characters that cannot be seen: controls, other ends of a line, blanks and hyphens without a width, joiners, marks
that turn the direction of writing."""
FORMULA = re.compile(r"[=@\uff1d\uff20]|[-+\uff0b\uff0d](?!\d[^(|!=&\"']*$)")
"""How a text begins that a spreadsheet would run as a formula; a number with a sign is none."""


def text_faults(rows: list[list[str]], names: list[str], file: str) -> list[str]:
    """Cells that hold what no text of a table may: a sentence each; `rows` begin with the header."""
    return [
        f"{file}, row {number}, column '{name}': {fault}"
        for number, row in enumerate(rows[1:], start=2)
        for name, cell in zip(names, row, strict=False)
        if (fault := text_fault(cell))
    ]


def text_fault(cell: str) -> str:
    """What is wrong with a text, as the end of a sentence; empty for a plain one."""
    if len(cell) > LONGEST:
        return f"found {len(cell):,} characters, expected at most {LONGEST:,}; shorten the cell"
    if hidden := HIDDEN.search(cell):
        return f"found the hidden character U+{ord(hidden[0]):04X}, expected text in one line; remove it"
    if is_formula(cell):
        return f"found '{cell[:40]}', which a spreadsheet runs as a formula, expected text; write it in words"
    return ""


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would run a text; a number with its sign, and words after it, is none."""
    return bool(FORMULA.match(text.lstrip("\t\r ")))
