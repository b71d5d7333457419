"""Exercises as they are written in a page: what is asked, the minutes, a hint, a solution, notes for the instructor.

A page holds everything, in folded parts that begin with ``:::{dropdown} TITLE``. The title says who gets to see a part:
``Code to begin with`` and a ``Hint`` everybody, a ``Solution`` readers and instructors, what is ``For the instructor``
nobody else. The plan of a lesson is such a part too, at the head of its page.
"""

import re
from dataclasses import dataclass

from jingjinji.core.errors import BookError

GIVEN, HINT, SOLUTION, NOTES = "Code to begin with", "Hint", "Solution", "For the instructor"
PLAN = "For the instructor: plan of the lesson"
TITLES = (GIVEN, HINT, SOLUTION, NOTES, PLAN)
MINUTES = "minutes"
"""The directive of a lesson's page that holds what the teacher says; it is no folded part."""
FOR_TEACHERS = (
    "What to hand out",
    "The plan of lesson",
    "What students meet in lesson",
    "What will surprise in lesson",
    "Answers to the three questions of lesson",
)
"""How headings of sections begin that are for the teacher alone."""
IN_PLAN = ("Goal", "Time", "What to change", "What will surprise")
IN_NOTES = ("Usual mistakes", "Marks")
SECTION = "## Exercises"
FENCE = re.compile(r"^ *(?P<mark>`{3,}|:{3,}|~{3,})(?P<rest>[^`]*)$")
DIRECTIVE = re.compile(r"\{(?P<name>[\w-]+)\} *(?P<title>.*?) *$")
GATED_WORDS = re.compile(r"solution|instructor|\bhints?\b", re.IGNORECASE)
NUMBERED = re.compile(r"^\*\*(?P<number>\d+)\.\*\*")
HEAD = re.compile(r"^\*\*\d+\.\*\* \((?P<harder>harder, )?(?P<minutes>\d+) minutes\) (?P<rest>\S.*)$")
BEFORE_HEADING = re.compile(r"^(\+\+\+.*|\([\w-]+\)=) *$")
HEADING = re.compile(r"^(?P<level>#+) +(?P<title>.+?) *$")
VERBATIM = ("code-cell", "code-block", "code", "raw", "math")
"""Directives in which nothing else begins."""
POINTS = re.compile(r"(?m)^- (\d+): \S")
CODE = re.compile(r"(?ms)^```python\n(.*?)^```$")
ANSWER = re.compile(r"(?m)^answer_(?P<number>\d+) = .*?(?:  # within (?P<within>[\d.]+))?$")


@dataclass(frozen=True)
class Part:
    """A folded part of a page: its title, the numbers of its first and last line, and what stands between them."""

    title: str
    first: int
    last: int
    text: str


@dataclass(frozen=True)
class Exercise:
    """One exercise; `question` is without its number and minutes, `line` is where it begins."""

    number: int
    line: int
    minutes: int
    harder: bool
    question: str
    begin: str
    hint: str
    solution: str
    notes: str

    @property
    def points(self) -> int:
        return sum(map(int, POINTS.findall(self.notes)))

    @property
    def given(self) -> str:
        """Code that everybody begins with."""
        return "\n".join(CODE.findall(self.begin))

    @property
    def code(self) -> str:
        """Code of the solution, which may need what is given."""
        return "\n".join(CODE.findall(self.solution))

    @property
    def within(self) -> float | None:
        """How far an answer that is a number may be off; 0 for one that must be the same; None without a check."""
        found = list(ANSWER.finditer(self.code))
        return float(found[-1]["within"] or 0) if found else None


def parts(text: str, page: str, titles: tuple[str, ...] = TITLES) -> list[Part]:
    """The folded parts of a page that some edition may lack, in order.

    page : what an error calls the page. titles : of folded parts, and names of other directives that are wanted.

    Raises BookError, with the line, for a fence that is not closed or closes nothing, and for a title that is nearly
    one of `TITLES`: a part that is not recognised would be shown to everybody.
    """
    found, fences, lines = [], [], text.splitlines()
    for number, line in enumerate(lines, 1):
        verbatim = bool(fences) and fences[-1][3]
        match = FENCE.match(line)
        if not match:
            outer = next((fence for fence in fences if fence[2] in titles), None)
            if outer and not verbatim and line.startswith("#"):
                raise _not_closed(page, outer[0], outer[1], f"before the heading in line {number}")
            continue
        mark, rest = match["mark"], match["rest"].strip()
        if not rest and fences and mark.startswith(fences[-1][1]):
            first, _, title, _ = fences.pop()
            if title in titles:
                found.append(Part(title, first, number, "\n".join(lines[first : number - 1]).strip("\n")))
        elif not verbatim:
            if not rest and mark[0] == ":":
                raise BookError(f"{page}, line {number}: '{mark}' closes nothing: take it out, or open a part before")
            title = _title(rest, f"{page}, line {number}")
            outer = next((fence for fence in fences if fence[1][0] == mark[0] and len(fence[1]) <= len(mark)), None)
            if outer:
                raise _not_closed(page, outer[0], outer[1], f"before line {number}, where '{mark}' opens another")
            fences.append((number, mark, title, mark[0] != ":" and (not title or title in VERBATIM)))
        elif "{dropdown}" in rest:
            raise BookError(f"{page}, line {number}: a folded part inside of code: expected it outside")
    if fences:
        raise _not_closed(page, fences[0][0], fences[0][1], "before the page ends")
    return sorted(found, key=lambda part: part.first)


def sections(text: str, beginnings: tuple[str, ...]) -> list[Part]:
    """The sections of a page whose heading begins so, each to the next heading of its level or a higher one, in order.

    A mark of a slide before that heading, and its label, are no part of it: they belong to what comes next.
    """
    lines = text.split("\n")
    fence, headings = "", []
    for number, line in enumerate(lines, 1):
        mark = FENCE.match(line)
        if mark and mark["mark"][0] in "`~" and (not fence or mark["mark"].startswith(fence)):
            fence = "" if fence else mark["mark"]
        elif not fence and (found := HEADING.match(line)):
            headings.append((number, len(found["level"]), found["title"]))
    made = []
    for place, (first, level, title) in enumerate(headings):
        if title.startswith(beginnings):
            last = next((number - 1 for number, deep, _ in headings[place + 1 :] if deep <= level), len(lines))
            while last > first and (not lines[last - 1].strip() or BEFORE_HEADING.match(lines[last - 1])):
                last -= 1
            made.append(Part(title, first, last, "\n".join(lines[first:last]).strip("\n")))
    return made


def exercises(text: str, page: str) -> list[Exercise]:
    """The exercises of a page, in order; empty where it has no section of them, as a page of lessons with solutions.

    Raises BookError, with the line, as `parts` does and for an exercise that lacks one of its parts.
    """
    folded = [part for part in parts(text, page) if part.title != PLAN]
    lines = text.splitlines()
    if SECTION not in lines:
        if misplaced := [part for part in folded if part.title != SOLUTION]:
            raise BookError(
                f"{page}, line {misplaced[0].first}: a part '{misplaced[0].title}' stands in no exercise: write it "
                f"below the heading '{SECTION}'"
            )
        return []
    begin = lines.index(SECTION) + 1
    end = next((at for at in range(begin, len(lines)) if lines[at].startswith("## ")), len(lines))
    inside = {number for part in folded for number in range(part.first, part.last + 1)}
    starts = [at + 1 for at in range(begin, end) if at + 1 not in inside and NUMBERED.match(lines[at])]
    outside = [part for part in folded if not (starts and starts[0] < part.first <= end)]
    if outside:
        raise BookError(f"{page}, line {outside[0].first}: a part '{outside[0].title}' stands in no exercise")
    ends = [*(start - 1 for start in starts[1:]), end]
    return [
        _exercise(lines, place, span, [part for part in folded if span[0] < part.first <= span[1]], page)
        for place, span in enumerate(zip(starts, ends, strict=True), 1)
    ]


def plan(text: str, page: str) -> Part | None:
    """The plan of the lesson that a page gives its instructor; None where it has none.

    Raises BookError, with the line, as `parts` does and for a plan that lacks one of `IN_PLAN`.
    """
    found = [part for part in parts(text, page) if part.title == PLAN]
    if len(found) > 1:
        raise BookError(f"{page}, line {found[1].first}: a second plan of the lesson: expected one a page")
    for part in found:
        _has(part, IN_PLAN, f"{page}, line {part.first}: the words of the plan")
    return found[0] if found else None


def _exercise(lines: list[str], place: int, span: tuple[int, int], folded: list[Part], page: str) -> Exercise:
    first, last = span
    where, head = f"{page}, line {first}", HEAD.match(lines[first - 1])
    number = int(NUMBERED.match(lines[first - 1])["number"])
    if number != place:
        raise BookError(f"{where}: exercise {number} comes where exercise {place} is expected: number them in order")
    if not head:
        raise BookError(f"{where}: exercise {number} names no minutes: begin it with '**{number}.** (10 minutes) '")
    titles = [part.title for part in folded]
    if titles.count(GIVEN) > 1 or (GIVEN in titles and not CODE.search(folded[titles.index(GIVEN)].text)):
        raise BookError(
            f"{where}: exercise {number} has several parts '{GIVEN}', or one without ```python: expected one"
        )
    for title in (HINT, SOLUTION, NOTES):
        if (count := titles.count(title)) != 1:
            has = f"{count} parts" if count else "no part"
            raise BookError(
                f"{where}: exercise {number} has {has} '{title}': expected one, which begins with "
                f"':::{{dropdown}} {title}'"
            )
    notes = next(part for part in folded if part.title == NOTES)
    _has(notes, IN_NOTES, f"{page}, line {notes.first}: the notes on exercise {number}")
    if not POINTS.search(notes.text):
        raise BookError(f"{page}, line {notes.first}: exercise {number} gives no marks: list them as '- 2: for what'")
    begin = folded[0].first
    gaps = [*zip((part.last for part in folded), (part.first - 1 for part in folded[1:]), strict=False),
            (folded[-1].last, last)]  # fmt: skip
    loose = (at for low, high in gaps for at in range(low, high) if lines[at].strip() and not lines[at].startswith("%"))
    for at in loose:  # a line that begins with % is a comment
        raise BookError(f"{page}, line {at + 1}: words after a folded part of exercise {number}: put them into a part")
    question = "\n".join([head["rest"], *lines[first : begin - 1]]).strip()
    text = {part.title: part.text for part in folded}
    minutes, harder = int(head["minutes"]), bool(head["harder"])
    told = (text.get(GIVEN, ""), text[HINT], text[SOLUTION], text[NOTES])
    made = Exercise(number, first, minutes, harder, question, *told)
    for match in ANSWER.finditer(made.code):
        if int(match["number"]) != number:
            raise BookError(f"{where}: exercise {number} sets answer_{match['number']}: expected answer_{number}")
    return made


def _has(part: Part, wanted: tuple[str, ...], what: str) -> None:
    missing = [name for name in wanted if f"**{name}.**" not in part.text]
    if missing:
        raise BookError(f"{what} lack '**{missing[0]}.**': expected {', '.join(wanted)}")


def _title(rest: str, where: str) -> str:
    """What the directive that a fence opens is called; empty for a fence without one."""
    match = DIRECTIVE.match(rest)
    if not match:
        return ""
    name, title = match["name"], match["title"]
    if GATED_WORDS.search(title) and not (name == "dropdown" and title in TITLES):
        raise BookError(
            f"{where}: '{{{name}}} {title}' is nearly a part that an edition leaves out: expected "
            f"{', '.join(f"'{{dropdown}} {one}'" for one in TITLES)}, or other words"
        )
    return title if name == "dropdown" else name


def _not_closed(page: str, line: int, mark: str, when: str) -> BookError:
    return BookError(f"{page}, line {line}: the part that '{mark}' opens is not closed {when}: end it with '{mark}'")
