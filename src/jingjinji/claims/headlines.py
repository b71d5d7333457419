"""What headings, answer boxes and captions say in words, and the rules by which it holds (`FILE`)."""

import itertools
import re
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd

import jingjinji
from jingjinji.claims import rules
from jingjinji.claims.rules import World
from jingjinji.core import tables
from jingjinji.core.errors import BookError, DataError, FitNotPublished
from jingjinji.core.findings import Finding

FILE = "chapters/headlines.toml"
WORDS, EVERYWHERE, MOST = "words", "everywhere", "most:"
GONE = "{}: there is no headline '{}' any more: take it out of " + FILE
ROLE = re.compile(r"\{[\w:-]+\}`[^`]*`")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,3} (.+)$", re.MULTILINE)
BOX = re.compile(r"^:class: answer$(.*?)^:::$", re.MULTILINE | re.DOTALL)
BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
CAPTION = re.compile(r"^ +caption: >-\s+\*\*(.+?)\*\*", re.MULTILINE | re.DOTALL)
WORD = re.compile(r"\{(\w+)\}")


def of_page(text: str) -> list[str]:
    """The headlines of a page, numbers of roles as an ellipsis: headings, bold words of answer boxes, of captions."""
    boxes = [bold for box in BOX.findall(text) for bold in BOLD.findall(box)]
    found = [*HEADING.findall(FENCE.sub("", text)), *boxes, *CAPTION.findall(text)]
    return [" ".join(ROLE.sub("…", headline).split()) for headline in found]


def pages(root: Path = jingjinji.PROJECT) -> dict[str, list[str]]:
    """Page -> its headlines: the first page and all chapters."""
    found = [root / "index.md", *sorted((root / "chapters").glob("*.md"))]
    return {str(path.relative_to(root).with_suffix("")): of_page(path.read_text("utf-8")) for path in found}


def load(file: Path = jingjinji.PROJECT / FILE) -> dict[str, dict]:
    """The entries of a file by page; ``words`` has the values that stand for the words of rules."""
    return tomllib.loads(file.read_text("utf-8"))


def listed(page: dict) -> list[str]:
    """Every headline that has an entry of a page."""
    return [*page.get("subjects", ()), *page.get("reasons", ()), *page.get("rules", ())]


def unlisted(entries: dict[str, dict], shown: dict[str, list[str]]) -> list[str]:
    """Headlines without an entry or with two, and entries without a headline, each as a sentence."""
    shared, found = listed(entries[EVERYWHERE]), []
    for page in dict.fromkeys([*shown, *entries]):
        if page in (WORDS, EVERYWHERE):
            continue
        own, here = listed(entries.get(page, {})), shown.get(page, [])
        counts = {line: (own + shared).count(line) for line in here}
        found += [f"{page}: '{line}' has {n} entries in {FILE}: give it one" for line, n in counts.items() if n != 1]
        found += [GONE.format(page, line) for line in own if line not in here]
    everywhere = set(itertools.chain(*shown.values()))
    return found + [GONE.format("no page", line) for line in shared if line not in everywhere]


def every_rule(entries: dict[str, dict]) -> Iterable[tuple[str, str, str]]:
    """Page, headline and rule, of every headline that has a rule."""
    for page, entry in entries.items():
        if page != WORDS:
            yield from ((page, headline, rule) for headline, rule in entry.get("rules", {}).items())


def tests(rule: str, words: dict) -> list[str]:
    """The tests of a rule, with values for their words: one test for each of several values; DataError for others."""
    found = []
    for test in rules.pieces(rule.removeprefix(MOST)):
        names = list(dict.fromkeys(WORD.findall(test)))
        if unknown := [name for name in names if name not in words]:
            raise DataError(f"the rule '{test}' has the word '{unknown[0]}', which {FILE} does not explain")
        values = [words[name] if isinstance(words[name], list) else [words[name]] for name in names]
        found += [test.format(**dict(zip(names, some, strict=True))) for some in itertools.product(*values)]
    return found


def failing(rule: str, words: dict, world: World) -> list[str]:
    """Tests for which a rule does not hold, none where it holds; a test that stays open does not hold."""
    asked = tests(rule, words)
    failed = [test for test in asked if rules.judge(rules.parse(test), world)[1] != [True]]
    return [] if rule.startswith(MOST) and len(failed) < len(asked) / 2 else failed


def untrue(entries: dict[str, dict], world: World) -> Iterable[str]:
    """A sentence for each headline whose rule does not hold; raises BookError for one that cannot be asked.

    A rule that needs a fit that did not converge is not asked.
    """
    for page, headline, rule in every_rule(entries):
        try:
            for test in failing(rule, entries[WORDS], world)[:1]:
                read = rules.read(rules.parse(test), world).items()
                values = ", ".join(f"{name} is {value}" for name, value in read)
                yield f"{page}: the headline '{headline}' does not hold, because not {test}: {values}"
        except FitNotPublished:
            continue
        except BookError as error:
            raise type(error)(f"{FILE}, {page}, '{headline}': {error}") from error


def table_of(findings: dict[str, Finding]) -> pd.DataFrame:
    """A row for each finding: id, model, estimate, ends and width of its interval, in its unit."""
    rows = [(found.id, found.model, found.estimate, *found.hdi) for found in findings.values()]
    table = pd.DataFrame(rows, columns=["id", "model", "estimate", "low", "high"])
    return table.assign(width=table.high - table.low)


def world(findings: dict[str, Finding], **made: Callable[[], pd.DataFrame]) -> World:
    """What rules are asked of: findings, the tables of the book, the table of findings and others that are `made`."""
    made = {"findings": lambda: table_of(findings), **made}
    return World(findings, lambda name: made[name]() if name in made else tables.load(name))
