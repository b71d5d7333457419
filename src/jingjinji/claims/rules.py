"""The rule of a claim: a small language about findings, tables and records, read by hand and never run as code.

::

    untestable: why                          not a testable statement
    missing: which data it would take        not decided by these data
    TEST; TEST; ...                          parts: all, some or none of them hold
    measures: TEST; TEST; ...                ways of measuring one thing: where some hold and some fail, it depends
    VERDICT if TEST; VERDICT if TEST; ...    the first test that holds decides

A test is a comparison (``<``, ``<=``, ``=``, ``!=``, ``>=``, ``>``, also in a chain) or ``P(event) > level``, joined by
``and`` and ``or``. It holds, fails or stays open: ``P(event) > 0.9`` holds above 0.9, fails where the event's opposite
has more than 0.9, and is open between. An event is a comparison of findings draw by draw, or one finding that is a
probability. Values are numbers, 'text', ids of findings, ``mean(id)``, ``low(id)`` and ``high(id)`` (ends of the
94 % highest-density interval), ``range(LOW, HIGH)`` (a comparison with it is open where its ends differ),
``year(x)``, ``month(x)``, ``|x|``, ``+ - * /`` with spaces around the minus, and what stands in a table:

::

    table(NAME, COLUMN, COLUMN = VALUE, ...)  the cell of the one row that fits
    count(NAME, COLUMN ~ 'x|y', ...)          rows that fit; ~ looks for any of the words
    distinct, largest, smallest, total, average(NAME, COLUMN, ...)

What a source can give is the same for every claim (`weighed`). A part of a rule can be

::

    records(COLUMN = VALUE, ..., fits COLUMN = VALUE, ...)
                                             rows of table `records` on one thing: do they fit the claim?
    own(TEST)                                figures of the claimant's own side: they hold in part only
    single(TEST)                             figures of one report: they hold in part only, and do not contradict
    settings(TEST, TEST, ...)                one thing at each setting of what no figure tells: it holds where all
                                             tests hold, fails where all fail, and is open else
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, reduce

import numpy as np
import pandas as pd

from jingjinji.core import tables
from jingjinji.core.errors import DataError, FitNotPublished
from jingjinji.core.findings import NOT_PUBLISHED, Finding, find

SUPPORTED, IN_PART, DEPENDS, CONTRADICTED = (
    "supported", "supported in part", "depends on the measure", "contradicted",
)  # fmt: skip
UNDECIDED, UNTESTABLE = "not decided by these data", "not a testable statement"
VERDICTS = (SUPPORTED, IN_PART, DEPENDS, CONTRADICTED, UNDECIDED, UNTESTABLE)
DECIDED = (SUPPORTED, IN_PART, DEPENDS, CONTRADICTED)
BY_TESTS, BY_RECORDS, BY_JUDGEMENT = "tests", "records", "judgement"
DOCUMENT, REPORT, OWN = "document", "report", "own side"
ENOUGH = 2
"""Reports of different origin that decide; a document decides alone."""
WITHOUT_TEST = {"missing": UNDECIDED, "untestable": UNTESTABLE}
COMPARED = {
    "<=": operator.le, ">=": operator.ge, "!=": operator.ne, "<": operator.lt, ">": operator.gt, "=": operator.eq,
}  # fmt: skip
CALCULATED = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
OF_FINDING = {"mean": lambda f: f.mean, "low": lambda f: f.hdi[0], "high": lambda f: f.hdi[1]}
OF_DATE = {"year": lambda text: float(text[:4]), "month": lambda text: text[:7]}
OF_COLUMN = {"largest": "max", "smallest": "min", "total": "sum", "average": "mean"}
CAPPED = ("own", "single")
OF_TABLE = ("table", "count", "distinct", *OF_COLUMN)
TOKEN = re.compile(
    r"\s*(?:(?P<id>[a-z][a-z0-9]*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)+(?:@[a-z0-9]+(?:-[a-z0-9]+)*)?)"
    r"|(?P<number>\d+(?:\.\d+)?)|(?P<text>'[^']*')|(?P<word>[A-Za-z_]\w*)|(?P<sign><=|>=|!=|[-<>=+*/|(),;~]))"
)
CLAUSE = re.compile(rf"\s*({'|'.join(map(re.escape, sorted(VERDICTS, key=len, reverse=True)))}) if\s")
MOST_TOKENS, DEEPEST = 400, 20
"""Words and signs of the longest test, and brackets within brackets: what is beyond them is no rule that one reads."""
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Rule:
    """A rule that has been read.

    `kind` is ``missing``, ``untestable``, ``parts``, ``measures`` or ``clauses``; `text` what follows the first two;
    `tests` pairs of a verdict (empty but for clauses) and a test.
    """

    kind: str
    text: str = ""
    tests: tuple = ()


@dataclass(frozen=True)
class World:
    """What a rule is about: findings by id, and the loader of tables; what was looked up once is kept."""

    findings: dict[str, Finding]
    load: Callable[[str], pd.DataFrame] = tables.load
    kept: dict[tuple, object] = field(default_factory=dict, compare=False)

    def once(self, node: tuple, look_up: Callable[[], object]):
        """What a node stands for, looked up the first time."""
        if node not in self.kept:
            self.kept[node] = look_up()
        return self.kept[node]


@cache
def parse(text: str) -> Rule:
    """The rule of a text; raises DataError with the place at which it is no rule."""
    kind, colon, reason = text.partition(":")
    if kind.strip() in WITHOUT_TEST and colon:
        if not reason.strip():
            raise DataError(f"rule '{text}' gives no reason: write it after the colon")
        return Rule(kind.strip(), reason.strip())
    measures = kind.strip() == "measures" and bool(colon)
    written = pieces(reason if measures else text)
    if not written:
        raise DataError("the rule is empty: expected a test, or 'missing: ...' or 'untestable: ...'")
    clauses = [CLAUSE.match(piece) for piece in written]
    if any(clauses) and (measures or not all(clauses)):
        raise DataError(f"rule '{text}' mixes tests with and without a verdict: expected all or none with 'VERDICT if'")
    if any(clauses):
        tests = [
            (clause[1], _Reader(piece[clause.end() :]).test()) for clause, piece in zip(clauses, written, strict=True)
        ]
        return Rule("clauses", "", tuple(tests))
    return Rule("measures" if measures else "parts", "", tuple(("", _Reader(piece).part()) for piece in written))


def written_parts(text: str) -> list[str]:
    """The text of each test of a rule, in the order of `Rule.tests`; none of a rule without a test."""
    rule = parse(text)
    if rule.kind in WITHOUT_TEST:
        return []
    return pieces(text.partition(":")[2] if rule.kind == "measures" else text)


def chance(test: tuple, world: World) -> float | None:
    """The probability of which a test of a rule asks; None where it asks none, or several."""
    while test[0] in CAPPED:
        test = test[1]
    return _chance(test[1], world) if test[0] == "chance" else None


def parse_value(placeholder: str) -> tuple:
    """The expression in a placeholder of a claim's text, ``{value:ID}``, as a tree; DataError where it is none."""
    return _Reader(placeholder.strip().removeprefix("value:")).value()


def pieces(text: str) -> list[str]:
    """The text cut at its semicolons, those inside quoted words left alone; each piece in one line."""
    found = [" ".join(piece.split()) for piece in re.findall(r"(?:[^;']|'[^']*'|')+", text)]
    return [piece for piece in found if piece]


class _Reader:
    """Recursive descent over the tokens of a test or a value; a node is a tuple that begins with its kind."""

    def __init__(self, text: str):
        self.text, self.tokens, self.depth, place = text, [], 0, 0
        while text[place:].strip():
            match = TOKEN.match(text, place)
            if not match:
                raise DataError(f"rule '{text.strip()}' has '{text[place:].strip()[:12]}', which is no part of a rule")
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            place = match.end()
        if len(self.tokens) > MOST_TOKENS:
            raise DataError(
                f"rule '{text.strip()[:40]} ...' has more than {MOST_TOKENS} words and signs: make it shorter"
            )

    def part(self) -> tuple:
        """A test, or what may only stand by itself: records(...), own(TEST), single(TEST), settings(TEST, ...)."""
        name = self._next()[1] if self._next()[0] == "word" else ""
        if name == "records":
            return self._whole(self._records())
        if name in CAPPED:
            self._take(name)
            self._take("(")
            node = (name, self._any())
            self._take(")")
            return self._whole(node)
        if name == "settings":
            return self._whole(self._settings())
        return self.test()

    def test(self) -> tuple:
        return self._whole(self._any())

    def value(self) -> tuple:
        """A value, or ``P(event)`` without a level."""
        return self._whole(self._event() if self._next() == ("word", "P") else self._sum())

    def _whole(self, node: tuple) -> tuple:
        if self.tokens:
            raise DataError(f"rule '{self.text.strip()}' goes on with '{self.tokens[0][1]}' where its end was expected")
        return node

    def _next(self) -> tuple[str, str]:
        return self.tokens[0] if self.tokens else ("", "its end")

    def _take(self, *allowed: str) -> str:
        kind, found = self._next()
        if found not in allowed or kind == "text":
            raise DataError(f"rule '{self.text.strip()}' has {found} where {' or '.join(allowed)} was expected")
        return self.tokens.pop(0)[1]

    def _joined(self, word: str, part: Callable) -> tuple:
        parts = [part()]
        while self._next() == ("word", word):
            self.tokens.pop(0)
            parts.append(part())
        return parts[0] if len(parts) == 1 else (word, *parts)

    def _any(self) -> tuple:
        return self._joined("or", lambda: self._joined("and", self._single))

    def _single(self) -> tuple:
        if self._next() != ("word", "P"):
            return self._comparison()
        event = self._event()
        sign, (kind, level) = self._take(">", ">="), self._next()
        if kind != "number" or not 0.5 <= float(level) < 1:
            raise DataError(f"rule '{self.text.strip()}' has the level {level}: expected a number from 0.5 to below 1")
        self.tokens.pop(0)
        return ("chance", event, sign, float(level))

    def _event(self) -> tuple:
        self._take("P")
        self._take("(")
        inside = self._joined("or", lambda: self._joined("and", lambda: self._comparison(alone=True)))
        self._take(")")
        return inside

    def _comparison(self, alone: bool = False) -> tuple:
        values, signs = [self._sum()], []
        while self._next()[0] == "sign" and self._next()[1] in COMPARED:
            signs.append(self._take(*COMPARED))
            values.append(self._sum())
        if not signs and alone and values[0][0] == "finding":
            return values[0]
        if not signs:
            raise DataError(f"rule '{self.text.strip()}' compares nothing: expected one of {', '.join(COMPARED)}")
        return ("compare", tuple(values), tuple(signs))

    def _sum(self) -> tuple:
        return self._calculated(("+", "-"), lambda: self._calculated(("*", "/"), self._signed))

    def _calculated(self, signs: tuple[str, str], part: Callable) -> tuple:
        node = part()
        while self._next()[0] == "sign" and self._next()[1] in signs:
            node = (self._take(*signs), node, part())
        return node

    def _signed(self) -> tuple:
        self.depth += 1
        if self.depth > DEEPEST:
            raise DataError(f"rule '{self.text.strip()[:40]} ...' has more than {DEEPEST} brackets in one another")
        if self._next() == ("sign", "-"):
            self.tokens.pop(0)
            node = ("-", ("number", 0.0), self._signed())
        else:
            node = self._primary()
        self.depth -= 1
        return node

    def _primary(self) -> tuple:
        kind, found = self._next()
        if kind in ("number", "text", "id"):
            self.tokens.pop(0)
            return {"number": lambda: ("number", float(found)), "text": lambda: ("text", found[1:-1]),
                    "id": lambda: ("finding", found)}[kind]()  # fmt: skip
        if kind == "word":
            return self._call()
        closing = {"(": ")", "|": "|"}[self._take("(", "|")]
        inside = self._sum()
        self._take(closing)
        return ("size", inside) if closing == "|" else inside

    def _call(self) -> tuple:
        name = self._take(*OF_FINDING, *OF_DATE, *OF_TABLE, "range")
        self._take("(")
        if name in OF_TABLE:
            node = self._lookup(name)
        elif name == "range":
            low = self._sum()
            self._take(",")
            node = ("range", low, self._sum())
        else:
            node = ("of", name, self._sum())
            if name in OF_FINDING and node[2][0] != "finding":
                raise DataError(f"rule '{self.text.strip()}' asks for {name}() of what is no finding: write its id")
        self._take(")")
        return node

    def _lookup(self, name: str) -> tuple:
        table, column, conditions = self._word("a table"), "", []
        if name != "count":
            self._take(",")
            column = self._word("a column")
        while self._next() == ("sign", ","):
            self.tokens.pop(0)
            conditions.append(self._condition())
        return ("lookup", name, table, column, tuple(conditions))

    def _records(self) -> tuple:
        """Two groups of conditions: which rows are on the matter, and which of them fit the claim."""
        self._take("records")
        self._take("(")
        matter, claimed = [], []
        chosen = matter
        while True:
            if self._next() == ("word", "fits"):
                self.tokens.pop(0)
                chosen = claimed
            chosen.append(self._condition())
            if self._next() != ("sign", ","):
                break
            self.tokens.pop(0)
        self._take(")")
        if not (matter and claimed):
            raise DataError(f"rule '{self.text.strip()}' asks records for nothing: write 'fits COLUMN = VALUE'")
        return ("records", tuple(matter), tuple(claimed))

    def _settings(self) -> tuple:
        """Tests with commas between them."""
        self._take("settings")
        self._take("(")
        tests = [self._any()]
        while self._take(",", ")") == ",":
            tests.append(self._any())
        return ("settings", *tests)

    def _condition(self) -> tuple:
        where = self._word("a column")
        sign = self._take(*COMPARED, "~")
        return (where, sign, self._sum())

    def _word(self, expected: str) -> str:
        kind, found = self._next()
        if kind != "word":
            raise DataError(f"rule '{self.text.strip()}' has {found} where the name of {expected} was expected")
        return self.tokens.pop(0)[1]


def judge(rule: Rule, world: World, level: float | None = None) -> tuple[str, list[bool | None]]:
    """The verdict of a rule, and for each of its tests whether it holds (None: open).

    A test can also hold `IN_PART`. `level` stands in for every level of a probability. Raises UnknownFinding for an id
    without a finding, DataError for a table, column or row that is not there, and FitNotPublished where a finding's fit
    did not converge.
    """
    if rule.kind in WITHOUT_TEST:
        return WITHOUT_TEST[rule.kind], []
    results = [_part(test, world, level) for _, test in rule.tests]
    if rule.kind == "clauses":
        decided = (verdict for (verdict, _), result in zip(rule.tests, results, strict=True) if result)
        return next(decided, UNDECIDED), results
    if all(result is True for result in results):
        return SUPPORTED, results
    if all(result is False for result in results):
        return CONTRADICTED, results
    if not any(results):
        return UNDECIDED, results
    return DEPENDS if rule.kind == "measures" and False in results else IN_PART, results


def basis(rule: Rule) -> str:
    """Whether a verdict is computed by tests, by records alone, or is a judgement that looks at nothing."""
    if rule.kind in WITHOUT_TEST:
        return BY_JUDGEMENT
    return BY_RECORDS if all(test[0] == "records" for _, test in rule.tests) else BY_TESTS


def weighed(fitting: pd.DataFrame, against: pd.DataFrame) -> bool | str | None:
    """What rows of table `records` give for one thing: True, `IN_PART`, False, or None (open).

    A document (the text, list or statistic that the claim is about) decides alone. Reports decide where two of
    different origin agree; one gives a part, and takes one away. The claimant's own side gives no more than a part;
    what it says against the claim counts as a document would.
    """
    for_it, against_it = _weight(fitting, own=0), _weight(against, own=ENOUGH)
    own_side = bool((fitting["standing"] == OWN).any())
    if not against_it:
        return True if for_it >= ENOUGH else IN_PART if for_it or own_side else None
    if for_it >= ENOUGH:
        return IN_PART if against_it < ENOUGH else None
    return False if against_it >= ENOUGH and not for_it else None


def _weight(rows: pd.DataFrame, own: int) -> int:
    reports = rows.loc[rows["standing"] == REPORT, "origin"].nunique()
    alone = ENOUGH * int((rows["standing"] == DOCUMENT).any())
    return reports + alone + own * int((rows["standing"] == OWN).any())


def own_side_alone(rule: Rule, world: World) -> bool:
    """Whether a verdict in part rests on what the claimant's own side says, and on nobody else."""
    verdict, results = judge(rule, world)
    if verdict != IN_PART or rule.kind == "clauses":
        return False
    return all(
        test[0] == "own" or (test[0] == "records" and set(_sorted_records(test, world)[0]["standing"]) == {OWN})
        for (_, test), result in zip(rule.tests, results, strict=True)
        if result
    )


def sources(rule: Rule, world: World) -> dict[str, bool]:
    """Rows of table `records` that a rule weighs: id -> whether the row fits the claim."""
    found = {}
    for _, test in rule.tests:
        if test[0] == "records":
            fitting, against = _sorted_records(test, world)
            found |= dict.fromkeys(fitting["id"], True) | dict.fromkeys(against["id"], False)
    return found


def read(rule: Rule, world: World) -> dict[str, str]:
    """Every value that a rule reads, as text: finding or cell -> value, row of records -> fits or against."""
    found = {id: find(world.findings, id).text for id in _named(rule.tests)[0]}
    for node in _lookups(rule.tests):
        value = _value(node, world)
        found[_written(node, world)] = value if isinstance(value, str) else f"{value:.6g}"
    words = {True: "fits", False: "against"}
    return found | {f"record {id}": words[fits] for id, fits in sources(rule, world).items()}


def _lookups(node) -> list[tuple]:
    if not isinstance(node, tuple):
        return []
    inside = [found for part in node for found in _lookups(part)]
    return [node, *inside] if node[:1] == ("lookup",) else inside


def _written(node: tuple, world: World) -> str:
    """A lookup as it would stand in a rule."""
    _, name, table, column, conditions = node
    where = []
    for column_of, sign, literal in conditions:
        value = _value(literal, world)
        where.append(f"{column_of} {sign} " + (f"'{value}'" if isinstance(value, str) else f"{value:g}"))
    return f"{name}({', '.join([table, *([column] if column else []), *where])})"


def named(rule: Rule) -> tuple[list[str], list[str]]:
    """Ids of findings and names of tables in a rule, in its order."""
    return _named(rule.tests)


def filled(template: str, world: World) -> tuple[str, list[str]]:
    """A text with its placeholders filled, and the ids of findings in them.

    ``{id}`` is a finding with its interval, ``{value:id}`` its mean alone; any other value of the language, and
    ``{P(event)}``, is computed. Where it needs a finding that is not published, `NOT_PUBLISHED` stands in its place.
    """
    ids: list[str] = []

    def text_of(match: re.Match) -> str:
        inside = match[1].strip()
        plain = inside.removeprefix("value:")
        node = parse_value(inside)
        ids.extend(_named(node)[0])
        if node[0] != "finding" and plain != inside:
            raise DataError(f"placeholder {{{inside}}} is no finding: expected {{value:id}}")
        try:
            return _filled(node, world, alone=plain != inside)
        except FitNotPublished:
            return NOT_PUBLISHED

    return PLACEHOLDER.sub(text_of, template), ids


def _filled(node: tuple, world: World, alone: bool) -> str:
    if node[0] == "finding":
        found = find(world.findings, node[1])
        return found.value_text if alone or found.is_probability else found.text
    value = _chance(node, world) if node[0] in ("compare", "and", "or") else _value(node, world)
    return value if isinstance(value, str) else number(value)


def number(value: float) -> str:
    """A number with at most three significant digits, whole numbers in full."""
    rounded = round(value) if float(value).is_integer() or abs(value) >= 1000 else float(f"{value:.3g}")
    return f"{rounded}".removesuffix(".0").replace("-", "\N{MINUS SIGN}")


def _named(node) -> tuple[list[str], list[str]]:
    ids, names = [], []
    if isinstance(node, tuple):
        if node[:1] == ("finding",):
            return [node[1]], []
        if node[:1] == ("lookup",):
            names.append(node[2])
        elif node[:1] == ("records",):
            names.append("records")
        for part in node:
            inner_ids, inner_names = _named(part)
            ids += inner_ids
            names += inner_names
    return list(dict.fromkeys(ids)), list(dict.fromkeys(names))


def _part(test: tuple, world: World, level: float | None) -> bool | str | None:
    match test:
        case ("records", *_):
            return weighed(*_sorted_records(test, world))
        case ("own", inside):
            held = _holds(inside, world, level)
            return IN_PART if held else held
        case ("single", inside):
            return IN_PART if _holds(inside, world, level) else None
        case ("settings", *tests):
            results = {_holds(one, world, level) for one in tests}
            return results.pop() if len(results) == 1 else None
    return _holds(test, world, level)


def _sorted_records(test: tuple, world: World) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of table `records` on the matter of a test: those that fit the claim and those that do not."""
    return world.once(test, lambda: _sorted_once(test, world))


def _sorted_once(test: tuple, world: World) -> tuple[pd.DataFrame, pd.DataFrame]:
    _, matter, claimed = test
    rows = _rows("records", matter, world)
    for where, _, _ in claimed:
        cells = _column(rows, where, "records")
        rows = rows[cells.notna() & (cells != "")]
    fitting = _chosen(rows, "records", claimed, world)
    return fitting, rows.drop(fitting.index)


def _holds(test: tuple, world: World, level: float | None) -> bool | None:
    match test:
        case ("and", *parts):
            results = [_holds(part, world, level) for part in parts]
            return False if False in results else None if None in results else True
        case ("or", *parts):
            results = [_holds(part, world, level) for part in parts]
            return True if True in results else None if None in results else False
        case ("chance", event, sign, stated):
            chance, limit = _chance(event, world), stated if level is None else level
            above = COMPARED[sign]
            return True if above(chance, limit) else False if above(1 - chance, limit) else None
    ends = {bool(_compared(one, world, draws=False)) for one in _ends(test)}
    return ends.pop() if len(ends) == 1 else None


def _ends(test: tuple) -> list[tuple]:
    """A comparison with each range replaced by its lower and by its upper end; itself where it has none."""
    _, parts, signs = test
    return [("compare", tuple(part[k] if part[0] == "range" else part for part in parts), signs) for k in (1, 2)]


def _chance(event: tuple, world: World) -> float:
    """Probability of an event; its findings are compared draw by draw, those of two fits as independent ones."""
    if event[0] == "finding":
        found = find(world.findings, event[1])
        if not found.is_probability:
            raise DataError(
                f"P({event[1]}) asks for the probability of a quantity in {found.unit or 'numbers'}: compare it"
            )
        return found.mean
    sizes = {found.draws.size for found in (find(world.findings, id) for id in _named(event)[0]) if not found.exact}
    if len(sizes) > 1:
        raise DataError("P(...) compares findings of fits with unlike numbers of draws: join two tests with 'and'")
    return float(np.mean(_event(event, world)))


def _event(event: tuple, world: World):
    match event:
        case ("and", *parts):
            return reduce(np.logical_and, (_event(part, world) for part in parts))
        case ("or", *parts):
            return reduce(np.logical_or, (_event(part, world) for part in parts))
        case ("finding", id):
            raise DataError(f"P(...) joins '{id}' with another event: a probability stands alone in P(...)")
    return _compared(event, world, draws=True)


def _compared(node: tuple, world: World, draws: bool):
    _, parts, signs = node
    values = [_value(part, world, draws) for part in parts]
    pairs = list(zip(values, signs, values[1:], strict=False))
    for left, sign, right in pairs:
        if isinstance(left, str) != isinstance(right, str) or (isinstance(left, str) and sign not in ("=", "!=")):
            raise DataError(
                f"'{left}' {sign} '{right}' compares words with numbers, or words by size: expected = or !="
            )
    return reduce(np.logical_and, (COMPARED[sign](left, right) for left, sign, right in pairs))


def _value(node: tuple, world: World, draws: bool = False):
    """A number, a text, or (inside P) the draws of what is uncertain, flat."""
    match node:
        case ("number" | "text", value):
            return value
        case ("finding", id):
            found = find(world.findings, id)
            if not found.exact and not draws:
                raise DataError(f"'{id}' is uncertain: write P(...) > 0.9, or mean(), low() or high() of it")
            return found.draws.ravel() if draws and not found.exact else found.mean
        case ("size", inside):
            return abs(_number(_value(inside, world, draws)))
        case ("of", name, inside) if name in OF_FINDING:
            return OF_FINDING[name](find(world.findings, inside[1]))
        case ("of", name, inside):
            text = _value(inside, world)
            if not isinstance(text, str) or not re.match(r"\d{4}", text):
                raise DataError(f"{name}() was given {text}: expected a date, such as 2022-08-30")
            return OF_DATE[name](text)
        case ("lookup", name, table, column, conditions):
            return world.once(node, lambda: _looked_up(name, table, column, conditions, world))
        case ("range", *_):
            raise DataError("range(...) stands alone on one side of a comparison, and not in P(...)")
    sign, left, right = node
    one, other = (_number(_value(part, world, draws)) for part in (left, right))
    if sign == "/" and not np.all(other):
        raise DataError("a rule divides by 0: compare without the quotient, or say when it is asked")
    value = CALCULATED[sign](one, other)
    if not np.all(np.isfinite(value)):
        raise DataError(f"{one} {sign} {other} is no finite number: write smaller ones")
    return value


def _number(value):
    if isinstance(value, str):
        raise DataError(f"'{value}' is counted with: expected a number")
    return value


def _looked_up(name: str, table: str, column: str, conditions: tuple, world: World):
    rows = _rows(table, conditions, world)
    if name == "count":
        return float(len(rows))
    cells = _column(rows, column, table)
    if name == "distinct":
        return float(cells[cells.notna() & (cells != "")].nunique())
    where = ", ".join(f"{key} {sign} {_value(literal, world)}" for key, sign, literal in conditions)
    if name != "table":
        if not cells.notna().any():
            raise DataError(f"table {table} has no value with {where}: {name}() needs one")
        value = getattr(cells, OF_COLUMN[name])()
        return value if isinstance(value, str) else float(value)
    if len(cells) != 1:
        raise DataError(f"table {table} has {len(cells)} rows with {where}: expected one; name the row more closely")
    cell = cells.iloc[0]
    if pd.isna(cell) or cell == "":
        raise DataError(f"table {table}, column '{column}' is empty where {where}: expected a value")
    return cell if isinstance(cell, str) else float(cell)


def _rows(table: str, conditions: tuple, world: World) -> pd.DataFrame:
    return _chosen(world.once(("rows", table), lambda: world.load(table)), table, conditions, world)


def _chosen(rows: pd.DataFrame, table: str, conditions: tuple, world: World) -> pd.DataFrame:
    for where, sign, literal in conditions:
        rows = rows[_fits(_column(rows, where, table), sign, _value(literal, world))]
    return rows


def _column(rows: pd.DataFrame, name: str, table: str) -> pd.Series:
    if name not in rows:
        raise DataError(f"table {table} has no column '{name}': expected one of {', '.join(rows.columns)}")
    column = rows[name]
    return column.dt.strftime("%Y-%m-%d") if pd.api.types.is_datetime64_any_dtype(column) else column


def _fits(cells: pd.Series, sign: str, literal: float | str) -> pd.Series:
    if isinstance(literal, str):
        cells = cells.fillna("").astype(str)
    if sign == "~":
        return cells.str.contains("|".join(map(re.escape, str(literal).split("|"))), case=False)
    return COMPARED[sign](cells, literal).fillna(False).astype(bool)
