"""Pages as Markdown of notebooks: what each part of a document becomes, and no sign that means something else there."""

import pytest
from docutils import nodes
from docutils.utils import new_document
from sphinx import addnodes

from jingjinji.sphinxext import lessons, markdown

BASE = "https://book.example/"


def to_site(address: str) -> str | None:
    return address if "://" in address else f"{BASE}{address.lstrip('/')}"


def nowhere(address: str) -> str | None:
    return address if "://" in address else None


def written(*children: nodes.Node, link=nowhere) -> str:
    document = new_document("page")
    document += list(children)
    (text,) = markdown.pieces(document, link)
    return text


def paragraph(*children: nodes.Node | str) -> nodes.paragraph:
    return nodes.paragraph("", "", *(nodes.Text(child) if isinstance(child, str) else child for child in children))


def test_words_keep_their_emphasis_and_lose_what_markdown_would_take_for_more():
    text = written(
        paragraph("a *b* cost $5, ", nodes.strong("", "two\nlines "), nodes.literal("", "x`y"), " snake_case _c")
    )
    assert text == r"a \*b\* cost \$5, **two lines** ``x`y`` snake_case \_c"


def test_a_number_stays_with_its_unit():
    assert written(paragraph("fell by 64\xa0%\nin ten years")) == "fell by 64\xa0% in ten years"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("> 0.99 is", r"\> 0.99 is"),
        ("# one", r"\# one"),
        ("1. May", r"1\. May"),
        ("-5 %", "-5 %"),
        ("- five", r"\- five"),
    ],
)
def test_a_paragraph_is_no_list_no_quotation_and_no_heading(text, said):
    assert written(paragraph(text)) == said


def test_headings_go_by_the_depth_of_their_section():
    inner = nodes.section("", nodes.title("", "Two"), paragraph("b"))
    assert written(nodes.section("", nodes.title("", "One"), paragraph("a"), inner)) == "# One\n\na\n\n## Two\n\nb"


def test_links_lead_to_the_site_or_are_words():
    link = nodes.reference("", "the data", refuri="appendix/data.html#x")
    beyond = nodes.reference("", "there", refuri="https://other.example/")
    assert (
        written(paragraph("See ", link), link=to_site) == "See [the data](<https://book.example/appendix/data.html#x>)"
    )
    assert written(paragraph("See ", link.deepcopy(), " ", beyond)) == "See the data [there](<https://other.example/>)"


def test_a_file_to_download_is_a_link_to_where_the_site_has_it():
    file = addnodes.download_reference("", "", nodes.literal("", "a.csv"), filename="5cd1/a.csv")
    assert written(paragraph("Download ", file), link=to_site) == (
        "Download [`a.csv`](<https://book.example/_downloads/5cd1/a.csv>)"
    )
    assert written(paragraph("Download ", file.deepcopy())) == "Download `a.csv`"


def test_a_link_to_data_that_leads_nowhere_is_not_said():
    data = nodes.reference("", "data (csv)", refuri="a.csv", classes=["figure-data"])
    assert written(paragraph("Annual means. ", data)) == "Annual means."


def test_a_finding_says_its_interval_in_brackets():
    finding = nodes.inline("", "64\xa0%", on_paper="62 to 65 %")
    assert written(paragraph("by ", finding, ".")) == "by 64\xa0% (62 to 65 %)."


def test_mathematics_stays_mathematics():
    assert written(paragraph(nodes.math("", "a_b \\\\ c"))) == "$a_b \\\\ c$"
    assert written(nodes.math_block("", "x = 1")) == "$$\nx = 1\n$$"
    assert written(nodes.math_block("", "x = 1\\\\ y")) == "$$\n\\begin{split}x = 1\\\\ y\\end{split}\n$$"
    rows = "\\begin{align}x\\end{align}"
    assert written(nodes.math_block("", rows, nowrap=True)) == rows


def test_boxes_are_quotations_under_their_title():
    box = nodes.admonition("", nodes.title("", "The claim"), paragraph("It fell."), paragraph("By half."))
    assert written(box) == "> **The claim**\n>\n> It fell.\n>\n> By half."
    assert written(nodes.note("", paragraph("Mind."))) == "> **Note**\n>\n> Mind."
    minutes = lessons.Minutes("", paragraph("Ask."), minutes=6, form="in pairs", start=4, end=10)
    assert written(minutes) == "> **0:04 to 0:10, 6 minutes, in pairs.**\n>\n> Ask."


def test_what_is_folded_stays_folded():
    class dropdown_main(nodes.General, nodes.Element):
        pass

    class dropdown_title(nodes.TextElement):
        pass

    title = dropdown_title("", "", nodes.raw("", "<svg>", format="html"), nodes.inline("", "Solution"))
    text = written(dropdown_main("", title, nodes.container("", paragraph("42"))))
    assert text == "<details>\n<summary>Solution</summary>\n\n42\n\n</details>"


def item(*children: nodes.Node) -> nodes.list_item:
    return nodes.list_item("", *children)


def test_lists_keep_what_belongs_to_an_item_with_it():
    inner = nodes.bullet_list("", item(paragraph("b")))
    assert written(nodes.bullet_list("", item(paragraph("a")), item(paragraph("c")))) == "- a\n- c"
    assert written(nodes.bullet_list("", item(paragraph("a"), inner), item(paragraph("c")))) == "- a\n\n  - b\n\n- c"
    assert written(nodes.enumerated_list("", item(paragraph("a")), item(paragraph("c")), start=3)) == "3. a\n4. c"


def test_a_table_is_one_of_pipes():
    def row(*cells: str) -> nodes.row:
        return nodes.row("", *(nodes.entry("", paragraph(cell)) for cell in cells))

    group = nodes.tgroup(
        "", nodes.thead("", row("place", "a|b")), nodes.tbody("", row("Beijing", "1"), row("Hebei", "2"))
    )
    assert written(nodes.table("", group)) == "| place | a\\|b |\n| --- | --- |\n| Beijing | 1 |\n| Hebei | 2 |"


def test_html_stays_without_addresses_of_the_site():
    raw = nodes.raw(
        "", '<p><a href="#x">see</a>\n\n<a href="https://o.example/">o</a><img src="a.png"></p>', format="html"
    )
    assert written(raw) == '<p><a>see</a>\n<a href="https://o.example/">o</a><img></p>'
    assert 'href="https://book.example/#x"' in written(raw.deepcopy(), link=to_site)


def test_a_listing_is_a_fence_that_its_text_does_not_end():
    assert written(nodes.literal_block("", "```\nx\n```", language="md")) == "````md\n```\nx\n```\n````"


def test_code_cells_part_the_text():
    document = new_document("page")
    cell = nodes.container("", nb_element="cell_code", cell_index=1)
    document += nodes.section("", nodes.title("", "One"), paragraph("a"), cell, paragraph("b"))
    before, between, after = markdown.pieces(document, nowhere)
    assert (before, after) == ("# One\n\na", "b")
    assert between["cell_index"] == 1
