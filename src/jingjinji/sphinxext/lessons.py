"""Lessons: minutes of a plan, which are a speaker's notes on slides, the plan as a table, and data as csv files."""

import hashlib
import re
from pathlib import Path

from docutils import nodes
from sphinx.errors import SphinxError
from sphinx.util.docutils import SphinxDirective

import jingjinji
from jingjinji.core import writing
from jingjinji.core.errors import FitNotPublished
from jingjinji.core.findings import NOT_PUBLISHED
from jingjinji.fits.dependencies import Sources
from jingjinji.sphinxext import files, source

FOLDER = "_static/lessons"
SPREADSHEET = "\ufeff"
"""What a csv file begins with, so that a spreadsheet reads it as UTF-8."""
HEAD = ("from", "minutes", "on the wall", "how", "what happens")
BEGINS = "Lesson"
"""How the title of a lesson's section begins."""


class LessonError(SphinxError):
    """A plan whose minutes are not what it promises, or a file of data that there is not; the build stops."""

    category = "Lesson"


class Minutes(nodes.Admonition, nodes.Element):
    """What happens while a slide is on the wall.

    `minutes` is how long it takes, `form` how a class works, `start` and `end` are minutes of its lesson.
    """


class Plan(nodes.General, nodes.Element):
    """The place of a lesson's plan, which promises `minutes`; it is known when the page has been read."""


def connect(app) -> None:
    app.add_directive("minutes", MinutesDirective)
    app.add_directive("lesson-plan", PlanDirective)
    app.add_directive("lesson-data", DataDirective)
    app.add_node(Minutes, html=(_open_minutes, _close_minutes), revealjs=(_open_notes, _close_notes))
    app.connect("doctree-read", _lay_out, priority=700)
    app.connect("build-finished", _write)
    app.connect("env-purge-doc", lambda app, env, docname: _offered(env).pop(docname, None))
    app.connect("env-merge-info", _merge)


class MinutesDirective(SphinxDirective):
    """``{minutes} 6 in pairs``: how long a slide stays, how the class works meanwhile, and what the teacher says."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self):
        count, _, form = self.arguments[0].partition(" ")
        if not count.isdigit() or not int(count) or not form.strip() or not self.content:
            raise LessonError(
                f"{self.env.doc2path(self.env.docname, False)}, line {self.lineno}: '{self.arguments[0]}' is no time: "
                "write minutes, how the class works, and below them what happens, for instance '6 in pairs'"
            )
        node = Minutes("", minutes=int(count), form=form.strip(), start=0, end=0)
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


class PlanDirective(SphinxDirective):
    """``{lesson-plan} 90``: the table of all minutes of the lesson, which must be so many together."""

    required_arguments = 1

    def run(self):
        return [Plan("", minutes=int(self.arguments[0]), line=self.lineno)]


class DataDirective(SphinxDirective):
    """``{lesson-data} 1``: links to the csv files of a lesson, each with what it holds."""

    required_arguments = 1

    def run(self):
        from jingjinji.topics.lessons import page

        _offered(self.env).setdefault(self.env.docname, set()).add(self.arguments[0])
        up = "../" * self.env.docname.count("/")
        rows = [sheet for sheet in page.SHEETS if str(sheet.lesson) == self.arguments[0]]
        if not rows:
            raise LessonError(f"line {self.lineno}: lesson {self.arguments[0]} has no data: expected one of `SHEETS`")
        items = []
        for sheet in rows:
            link = nodes.reference("", sheet.file, refuri=f"{up}{FOLDER}/{sheet.file}")
            items.append(nodes.list_item("", nodes.paragraph("", "", link, nodes.Text(f": {sheet.what}."))))
        return [nodes.bullet_list("", *items)]


def _lay_out(app, doctree: nodes.document) -> None:
    """Give each `Minutes` its place on the clock of its lesson, and put a table in the place of each `Plan`."""
    lessons: dict[nodes.Element, list[Minutes]] = {}
    for node in doctree.findall(Minutes):
        spent = lessons.setdefault(lesson_of(node), [])
        node["start"] = spent[-1]["end"] if spent else 0
        node["end"] = node["start"] + node["minutes"]
        spent.append(node)
    for plan in list(doctree.findall(Plan)):
        spent = lessons.get(lesson_of(plan), [])
        total = spent[-1]["end"] if spent else 0
        if total != plan["minutes"]:
            raise LessonError(
                f"{app.env.doc2path(app.env.docname, False)}, line {plan['line']}: the plan promises "
                f"{plan['minutes']} minutes, its slides take {total}: correct one of them"
            )
        plan.replace_self(_table(spent))


def lesson_of(node: nodes.Node) -> nodes.Element | None:
    """The section of the lesson around a node."""
    while node is not None and not (isinstance(node, nodes.section) and _title(node).startswith(BEGINS)):
        node = node.parent
    return node


def _title(section: nodes.Element) -> str:
    title = section.next_node(nodes.title)
    return title.astext() if title is not None else ""


def _table(spent: list[Minutes]) -> nodes.table:
    body = []
    for node in spent:
        section = node.parent
        while not isinstance(section, nodes.section):
            section = section.parent
        words = next(iter(node.findall(nodes.paragraph))).astext()
        cells = (clock(node["start"]), str(node["minutes"]), _title(section), node["form"], first_sentence(words))
        body.append(nodes.row("", *(nodes.entry("", nodes.paragraph("", cell)) for cell in cells)))
    header = nodes.row("", *(nodes.entry("", nodes.paragraph("", word)) for word in HEAD))
    columns = [nodes.colspec(colwidth=width) for width in (1, 1, 4, 2, 6)]
    group = nodes.tgroup("", *columns, nodes.thead("", header), nodes.tbody("", *body), cols=len(HEAD))
    return nodes.table("", group, classes=["lesson-plan", "colwidths-auto"])


def clock(minute: int) -> str:
    """A minute of a lesson as hours and minutes: 75 is ``1:15``."""
    return f"{minute // 60}:{minute % 60:02d}"


def first_sentence(text: str) -> str:
    """The first sentence of a text, in one line."""
    text = re.sub(r"[ \n]+", " ", text).strip()
    for place, sign in enumerate(text[:-1]):
        if sign in ".?!" and text[place + 1] == " ":
            return text[: place + 1]
    return text


def when(node: Minutes) -> str:
    """When a slide is on the wall, how long, and how the class works meanwhile."""
    plural = "" if node["minutes"] == 1 else "s"
    return f"{clock(node['start'])} to {clock(node['end'])}, {node['minutes']} minute{plural}, {node['form']}."


def _open_minutes(writer, node: Minutes) -> None:
    writer.body.append(f'<div class="minutes" role="note"><p class="minutes-when">{when(node)}</p>')


def _close_minutes(writer, node: Minutes) -> None:
    writer.body.append("</div>\n")


def _open_notes(writer, node: Minutes) -> None:
    writer.body.append(f'<aside class="notes"><p><b>{when(node)}</b></p>')


def _close_notes(writer, node: Minutes) -> None:
    writer.body.append("</aside>\n")


def _offered(env) -> dict[str, set[str]]:
    """Page -> numbers of the lessons whose data it links to."""
    if not hasattr(env, "jingjinji_lessons"):
        env.jingjinji_lessons = {}
    return env.jingjinji_lessons


def _merge(app, env, docnames, other) -> None:
    _offered(env).update({docname: lessons for docname, lessons in _offered(other).items() if docname in docnames})


def _write(app, exception) -> None:
    """Write the data of every lesson that a page links to; of a fit that did not converge a file that says so.

    What stands there and is made of the same code, tables and findings is left.
    """
    lessons = set().union(*_offered(app.env).values())
    if exception or app.builder.format != "html" or not lessons:
        return
    from jingjinji.topics.lessons import page

    folder, stamp = Path(app.outdir, FOLDER), Path(app.doctreedir, ".lessons.sha256")
    wanted, state = [sheet for sheet in page.SHEETS if str(sheet.lesson) in lessons], _state(app, lessons)
    there = all((folder / sheet.file).exists() for sheet in wanted)
    if there and stamp.exists() and stamp.read_text("utf-8") == state:
        return
    stamp.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    for sheet in wanted:
        try:
            rows = sheet.rows(source.findings(app))
        except FitNotPublished:
            rows = [{NOT_PUBLISHED: ""}]
        writing.replace(folder / sheet.file, SPREADSHEET + files.as_csv(rows))
    stamp.write_text(state, encoding="utf-8")


def _state(app, lessons: set[str]) -> str:
    """A hash of all that decides what the data of lessons are."""
    made_by = Sources(jingjinji.PROJECT).dependencies("from jingjinji.topics.lessons import page")
    found = source.digest(app, source.every_id(app))
    version = app.extensions[__package__].metadata["env_version"]
    return hashlib.sha256(repr((sorted(lessons), sorted(made_by.items()), found, version)).encode()).hexdigest()
