"""A page as Markdown that every Jupyter shows: what it says once all roles and directives are done.

Links lead to the published site, or are words where that has no address.
"""

import re
from collections.abc import Callable, Iterator
from html import escape

from docutils import nodes
from sphinx import addnodes

from jingjinji.sphinxext import lessons

Link = Callable[[str], str | None]
"""The whole address that a link of the page leads to; None where there is none."""
SPACE = re.compile(r"[ \t\n]+")
"""White space that may be broken: not the kind that holds a number and its unit together."""
SIGNS = re.compile(r"[\\`*$]|(?<!\w)_|_(?!\w)|<(?=[A-Za-z/!?])|&(?=#?\w+;)|~(?=~)")
"""Signs that Markdown could take for more than themselves."""
BEGINS = re.compile(r"^(?:[#>+-](?=\s|$)|>|(\d+)(?=[.)]\s))")
"""How a paragraph begins that Markdown would take for a heading, a quotation or a list."""
ADDRESS = re.compile(r'\s(href|src)="([^"]*)"')
OF_LINK = ("figure-data",)
"""Classes of links that say nothing where they lead nowhere."""
UNSAID = (nodes.comment, nodes.target, nodes.substitution_definition, addnodes.index, nodes.colspec)


def pieces(doctree: nodes.document, link: Link) -> Iterator[str | nodes.container]:
    """The texts of a page, and between them its code cells as they are in the document, in order."""
    text: list[str] = []
    for block in _blocks(doctree, link, 0):
        if isinstance(block, str):
            text.append(block)
        else:
            if text:
                yield "\n\n".join(text)
            text = []
            yield block
    if text:
        yield "\n\n".join(text)


def inline(node: nodes.Node, link: Link) -> str:
    """Words, with their emphasis and links, in one line."""
    return SPACE.sub(" ", "".join(_inline(child, link) for child in node.children)).strip(" ")


def html(text: str, link: Link) -> str:
    """HTML whose addresses lead to the published site, or nowhere; pictures that would lie in the site are left out."""

    def whole(match: re.Match) -> str:
        name, address = match.groups()
        if name == "src" and address.startswith("data:"):
            return match[0]
        found = link(address)
        return f' {name}="{escape(found)}"' if found else ""

    return ADDRESS.sub(whole, text)


def _inline(node: nodes.Node, link: Link) -> str:
    match node:
        case nodes.Text():
            return SIGNS.sub(lambda sign: f"\\{sign[0]}", SPACE.sub(" ", node.astext()))
        case nodes.strong():
            return _around("**", node, link)
        case nodes.emphasis() | nodes.title_reference():
            return _around("*", node, link)
        case nodes.literal():
            return _code(SPACE.sub(" ", node.astext()))
        case nodes.math():
            return f"${' '.join(node.astext().split())}$"
        case nodes.superscript() | nodes.subscript():
            tag = "sup" if isinstance(node, nodes.superscript) else "sub"
            return f"<{tag}>{inline(node, link)}</{tag}>"
        case addnodes.download_reference():
            address = link(f"/_downloads/{node['filename']}") if node.get("filename") else None
            return _linked(inline(node, link), address)
        case nodes.reference():
            return _reference(node, link)
        case nodes.image():
            return _around_text("*", inline_text(node.get("alt", "")))
        case nodes.raw():
            return html(node.astext(), link) if "html" in node.get("format", "") else ""
        case nodes.Element() if isinstance(node, UNSAID):
            return ""
    words = "".join(_inline(child, link) for child in node.children)
    # what a popover says on the page stands in brackets here, as it does on paper
    return f"{words} ({inline_text(node['on_paper'])})" if node.get("on_paper") else words


def inline_text(text: str) -> str:
    """A text as Markdown that shows it as it is."""
    return SIGNS.sub(lambda sign: f"\\{sign[0]}", SPACE.sub(" ", text))


def _around(mark: str, node: nodes.Node, link: Link) -> str:
    return _around_text(mark, "".join(_inline(child, link) for child in node.children))


def _around_text(mark: str, words: str) -> str:
    """Words between two marks, which Markdown sees where no space stands at their inner side."""
    bare = words.strip(" ")
    if not bare:
        return words
    before, after = words[: len(words) - len(words.lstrip(" "))], words[len(words.rstrip(" ")) :]
    return f"{before}{mark}{bare}{mark}{after}"


def _code(text: str) -> str:
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    room = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{room}{text}{room}{fence}"


def _reference(node: nodes.reference, link: Link) -> str:
    words = inline(node, link)
    address = link(node["refuri"] if "refuri" in node else f"#{node['refid']}") if words else None
    if address is None and set(OF_LINK) & set(node.get("classes", ())):
        return ""
    return _linked(words, address)


def _linked(words: str, address: str | None) -> str:
    return f"[{words}](<{address}>)" if address else words


def _blocks(node: nodes.Node, link: Link, depth: int) -> Iterator[str | nodes.container]:
    """What stands below a node, block by block; `depth` is that of the section."""
    for child in node.children:
        yield from _block(child, link, depth)


def _block(node: nodes.Node, link: Link, depth: int) -> Iterator[str | nodes.container]:
    match node:
        case nodes.container() if node.get("nb_element") == "cell_code":
            yield node
        case nodes.section():
            yield from _blocks(node, link, depth + 1)
        case nodes.title() if isinstance(node.parent, nodes.section | nodes.document):
            yield f"{'#' * max(1, min(depth, 6))} {inline(node, link)}"
        case nodes.rubric():
            yield f"**{inline(node, link)}**"
        case nodes.paragraph() | nodes.caption() | nodes.attribution() | nodes.title():
            if words := inline(node, link):
                yield BEGINS.sub(_escaped, words)
        case nodes.literal_block():
            yield _listing(node)
        case nodes.math_block():
            yield _formula(node)
        case nodes.table():
            yield _table(node, link)
        case nodes.bullet_list() | nodes.enumerated_list():
            yield _list(node, link, depth)
        case nodes.definition_list() | nodes.field_list():
            yield from _definitions(node, link, depth)
        case nodes.block_quote():
            yield _quoted(_text(_blocks(node, link, depth)))
        case nodes.Admonition():
            yield _admonition(node, link, depth)
        case nodes.transition():
            yield "---"
        case nodes.raw():
            if "html" in node.get("format", ""):
                # an empty line would end the HTML
                yield re.sub(r"\n\s*\n", "\n", html(node.astext(), link)).strip()
        case nodes.Text():
            if words := inline_text(node.astext()).strip():
                yield words
        case nodes.Element() if isinstance(node, UNSAID):
            return
        case nodes.Element() if type(node).__name__ == "dropdown_main":
            yield _folded(node, link, depth)
        case nodes.Inline() | nodes.image():
            if words := _inline(node, link).strip():
                yield words
        case _:
            yield from _blocks(node, link, depth)


def _text(blocks: Iterator[str | nodes.container]) -> str:
    return "\n\n".join(block for block in blocks if isinstance(block, str))


def _escaped(match: re.Match) -> str:
    return f"{match[1]}\\" if match[1] else f"\\{match[0]}"


def _listing(node: nodes.literal_block) -> str:
    text, language = node.astext().rstrip("\n"), node.get("language", "")
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}{'python' if language == 'ipython3' else language.replace('default', '')}\n{text}\n{fence}"


def _formula(node: nodes.math_block) -> str:
    """A formula, with lines where it has breaks, as the page's writer sets it."""
    text = node.astext().strip()
    if node.get("nowrap") or text.startswith(r"\begin{align"):
        return f"$$\n{text}\n$$" if r"\begin{aligned}" in text[:16] else text
    return "$$\n" + (rf"\begin{{split}}{text}\end{{split}}" if r"\\" in text else text) + "\n$$"


def _table(node: nodes.table, link: Link) -> str:
    """A table of pipes; what spans several columns or rows stands in the first of them."""
    rows = [[_cell(entry, link) for entry in row.findall(nodes.entry)] for row in node.findall(nodes.row)]
    head = [row for part in node.findall(nodes.thead) for row in part.findall(nodes.row)]
    width = max(map(len, rows))
    rows = [row + [""] * (width - len(row)) for row in rows]
    if not head:
        rows.insert(0, [""] * width)
    lines = [f"| {' | '.join(row)} |" for row in [rows[0], ["---"] * width, *rows[1:]]]
    title = next((f"*{inline(child, link)}*\n\n" for child in node.children if isinstance(child, nodes.title)), "")
    return title + "\n".join(lines)


def _cell(entry: nodes.entry, link: Link) -> str:
    return "<br>".join(inline(part, link) if isinstance(part, nodes.TextElement) else _text(_block(part, link, 0))
                       for part in entry.children).replace("|", r"\|").replace("\n", " ")  # fmt: skip


def _list(node: nodes.Element, link: Link, depth: int) -> str:
    """A list; its items stand close together where each is one paragraph."""
    first = node.get("start", 1)
    numbered = isinstance(node, nodes.enumerated_list)
    items = []
    for number, item in enumerate(node.children, start=first):
        mark = f"{number}. " if numbered else "- "
        said = _text(_blocks(item, link, depth))
        items.append(mark + said.replace("\n", "\n" + " " * len(mark)))
    close = all(len(item.children) == 1 for item in node.children)
    return re.sub(r"\n +(?=\n)", "\n", ("\n" if close else "\n\n").join(items))


def _definitions(node: nodes.Element, link: Link, depth: int) -> Iterator[str]:
    for item in node.children:
        words = [child for child in item.children if isinstance(child, nodes.term | nodes.field_name)]
        rest = [child for child in item.children if child not in words]
        named = f"**{', '.join(inline(word, link) for word in words)}**"
        said = _text(block for child in rest for block in _blocks(child, link, depth))
        yield f"{named}: {said}" if said else named


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _admonition(node: nodes.Element, link: Link, depth: int) -> str:
    """A box as a quotation below its title in bold."""
    own = next((child for child in node.children if isinstance(child, nodes.title)), None)
    if isinstance(node, lessons.Minutes):
        title = lessons.when(node)
    else:
        title = inline(own, link) if own is not None else type(node).__name__.capitalize()
    rest = [child for child in node.children if child is not own]
    return _quoted("\n\n".join([f"**{title}**", _text(b for child in rest for b in _block(child, link, depth))]))


def _folded(node: nodes.Element, link: Link, depth: int) -> str:
    """What is folded on the page is folded here."""
    own = next((child for child in node.children if type(child).__name__ == "dropdown_title"), None)
    words = [text.astext() for text in own.findall(nodes.Text) if not isinstance(text.parent, nodes.raw)] if own else []
    title = escape("".join(words).strip()) or "More"
    rest = [child for child in node.children if child is not own]
    said = _text(block for child in rest for block in _block(child, link, depth))
    return f"<details>\n<summary>{title}</summary>\n\n{said}\n\n</details>"
