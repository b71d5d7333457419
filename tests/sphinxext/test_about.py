from docutils import nodes
from sphinx_book import build, fake_fitting, some_findings, write_book

from jingjinji import PROJECT
from jingjinji.sphinxext import about


def document(*children) -> nodes.document:
    found = nodes.document("", "")
    found += children
    return found


def test_a_description_is_the_first_words_of_the_answer_or_the_first_paragraph():
    answer = nodes.admonition(
        "", nodes.paragraph("", "", nodes.strong("", "Yes."), nodes.Text(" Because.")), classes=["answer"]
    )
    first = nodes.paragraph("", "What is said first.")
    assert about.description(document(first, answer)) == "Yes. Because."
    long = nodes.strong("", "About a half: yes in one place, nearly in another.")
    other = nodes.admonition("", nodes.paragraph("", "", long, nodes.Text(" Because.")), classes=["answer"])
    assert about.description(document(first, other)) == long.astext()
    assert about.description(document(first.deepcopy())) == "What is said first."
    assert about.description(document()) == ""


def test_a_long_description_ends_between_two_words():
    short = about.shortened("word " * 60)
    assert len(short) <= about.LONGEST
    assert short.endswith("word …")


def test_tags_name_what_is_known_and_are_escaped():
    tags = about.metatags('A "title"', "Said.", "Site", "front.png", None)
    assert '<meta property="og:title" content="A &quot;title&quot;" />' in tags
    assert 'name="description" content="Said."' in tags
    assert "og:url" not in tags
    assert 'property="og:url" content="https://book.example/a.html"' in about.metatags(
        "A", "B", "C", "d.png", "https://book.example/a.html"
    )


def test_the_sitemap_lists_each_page():
    text = about.sitemap(["https://book.example/a.html", "https://book.example/b&c.html"])
    assert text.count("<loc>") == 2
    assert "b&amp;c.html" in text


def test_the_title_of_the_book_is_the_same_wherever_it_stands():
    cited = about.citation(PROJECT)["title"]
    name, subject = cited.split(": ")
    config = (PROJECT / "_config.yml").read_text("utf-8")
    first = (PROJECT / "index.md").read_text("utf-8").splitlines()[0]
    assert f"title: {name}\n" in config
    assert first.removeprefix("# ").lower() == subject.lower()


def test_a_configured_address_gives_a_sitemap_and_each_page_its_own_address(tmp_path, monkeypatch):
    fake_fitting(monkeypatch, some_findings())
    write_book(tmp_path, {"a": "# A\n\nWords of a page.\n"})
    build(tmp_path, html_baseurl="https://book.example/")
    out = tmp_path / "_build"
    found = {path.name: path.read_text("utf-8") for path in out.rglob("*") if path.suffix in (".xml", ".txt", ".html")}
    assert "<loc>https://book.example/a.html</loc>" in found["sitemap.xml"]
    assert "Sitemap: https://book.example/sitemap.xml" in found["robots.txt"]
    assert '<link rel="canonical" href="https://book.example/a.html" />' in found["a.html"]
    assert 'property="og:url" content="https://book.example/a.html"' in found["a.html"]
    assert 'name="description" content="Words of a page."' in found["a.html"]


def test_without_an_address_nothing_names_one(tmp_path, monkeypatch):
    fake_fitting(monkeypatch, some_findings())
    write_book(tmp_path, {"a": "# A\n\nWords of a page.\n"})
    build(tmp_path)
    names = {path.name for path in (tmp_path / "_build").rglob("*")}
    assert not names & {"sitemap.xml", "robots.txt"}
