"""What an edition must not hold, read off the sources without the code that gates them, and where it is found."""

import html
import json
import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

FOLDED = re.compile(r"(?ms)^(:{3,})\{(?:dropdown\} )?(Solution|For the instructor[^\n]*|minutes\}[^\n]*)\n(.*?)\n\1$")
ROLE = re.compile(r"\{[\w:-]+\}`[^`]*`")
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
FENCED = re.compile(r"(?ms)^(`{3,})[^\n]*\n(.*?)^\1$")
SENTENCE_END = re.compile(r"(?<=[.?!:;])\s+|\n\s*\n|\n(?=- )")
WORD = re.compile(r"\w+")
TAG = re.compile(r"<[^>]*>")
ESCAPED = re.compile(r"\\[nrt\"]")
LEAST = 4
"""Words in a row that make a trace."""
IMAGES = (".png", ".svg", ".woff2", ".woff", ".ttf", ".jpg", ".ico")
ARCHIVES, ARRAYS = (".zip", ".whl"), (".nc", ".npz")
"""Files that hold others, and those in them that hold numbers alone."""


def secrets(source: Path, titles: tuple[str, ...]) -> dict[str, set[tuple[str, ...]]]:
    """Sentence, or line of code, of the folded parts of a page with these titles -> its runs of `LEAST` words."""
    found = {}
    for _, title, text in FOLDED.findall(source.read_text("utf-8")):
        if title.startswith(titles):
            code = [line for _, block in FENCED.findall(text) for line in block.splitlines()]
            for sentence in [*SENTENCE_END.split(FENCED.sub("\n\n", text)), *code]:
                if made := set().union(*map(runs, ROLE.split(LINK.sub(r"\1", sentence)))):
                    found[" ".join(sentence.split())] = made
    return found


def hidden(project: Path, *titles: str) -> dict[str, set[tuple[str, ...]]]:
    """The `secrets` of every page that has some, without those whose words all stand outside of folded parts too.

    Such a sentence, a common import or the words of a caption, tells nothing of a solution, nor does a line of code
    that the package has, which students install.
    """
    pages = [project / "index.md", *project.glob("chapters/**/*.md")]
    found = {sentence: made for page in pages for sentence, made in secrets(page, titles).items()}
    shown = set().union(*(runs(FOLDED.sub("\n\n", page.read_text("utf-8"))) for page in pages))
    shown |= set().union(*(runs(module.read_text("utf-8")) for module in project.glob("src/**/*.py")))
    return {sentence: made for sentence, made in found.items() if not made <= shown}


def runs(text: str) -> set[tuple[str, ...]]:
    """Every `LEAST` words in a row of a text, in lower case, whatever stands between them."""
    words = WORD.findall(ESCAPED.sub(" ", text).casefold().replace("_", " "))
    return set(zip(*(words[start:] for start in range(LEAST)), strict=False))


def files(folder: Path) -> list[Path]:
    """Every file below a folder that can hold words; links are not followed."""
    return [path for path in folder.rglob("*")
            if path.is_file() and not path.is_symlink() and path.suffix not in IMAGES]  # fmt: skip


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Place and content of every file below a folder, of those in an archive too: ``a.zip/b.md``."""
    for file in files(folder):
        yield from _opened(file.relative_to(folder).as_posix(), file.read_bytes())


def _opened(place: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    if not place.endswith(ARCHIVES):
        yield place, content
        return
    with zipfile.ZipFile(BytesIO(content)) as archive:
        for member in archive.namelist():
            if not member.endswith((*IMAGES, *ARRAYS)):
                yield from _opened(f"{place}/{member}", archive.read(member))


def words_of(place: str, content: bytes) -> set[tuple[str, ...]]:
    """The runs of words of a file: of a page without its tags, of a notebook as it is and as a reader sees it."""
    text = content.decode("utf-8", "ignore")
    made = runs(html.unescape(TAG.sub(" ", text))) | runs(html.unescape(text))
    if place.endswith(".md"):
        made |= runs(LINK.sub(r"\1", text))
    if place.endswith(".ipynb"):
        for cell in json.loads(text)["cells"]:
            made |= runs("".join(cell["source"]))
    return made


def traces(folder: Path, wanted: dict[str, set[tuple[str, ...]]]) -> dict[str, list[str]]:
    """Sentence -> the files of a folder, and those in its archives, in which all of its runs of words stand."""
    found = {}
    for place, content in contents(folder):
        there = words_of(place, content)
        for sentence, made in wanted.items():
            if made <= there:
                found.setdefault(sentence, []).append(place)
    return found
