import base64
import hashlib

import pytest
from sphinx.errors import SphinxError

from jingjinji.sphinxext import icons, light


def test_a_script_is_loaded_only_where_it_is_used():
    plain, code, formula = "<p>Words.</p>", '<div class="highlight-python">', '<div class="math notranslate">'
    assert light.needed("_static/page.js", "chapters/a", plain)
    assert not light.needed("_static/copybutton.js", "chapters/a", plain)
    assert light.needed("_static/copybutton.js", "chapters/a", code)
    assert not light.needed("_static/mathematics.js", "chapters/a", code)
    assert light.needed("_static/mathematics.js", "chapters/a", formula)
    assert light.needed("_static/search.js", "search", "")
    assert not light.needed("_static/search.js", "index", code)
    assert not light.needed("_static/doctools.js", "search", "")


def test_the_policy_allows_a_known_script_by_its_hash_and_no_other():
    text = "window.MathJax = {}"
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    rules = dict(rule.split(" ", 1) for rule in light.policy([text]).split("; "))
    assert rules["script-src"] == f"'self' 'sha256-{digest}'"
    assert "unsafe" not in light.policy([]).replace("style-src 'self' 'unsafe-inline'", "")
    assert rules["default-src"] == "'none'"


def test_icons_are_drawn_and_an_unknown_one_is_an_error():
    html = icons.drawn('<i class="theme-switch fa-solid fa-moon fa-lg" data-mode="dark" title="Dark"></i>')
    assert html.startswith('<svg class="icon theme-switch" data-mode="dark" title="Dark"')
    assert "fa-" not in html
    with pytest.raises(SphinxError, match="icon 'ghost'"):
        icons.drawn('<i class="fa-solid fa-ghost"></i>')


def test_a_page_is_mended():
    html = light.finished(
        '<html data-theme="auto"><meta name="viewport" content="width=device-width, initial-scale=1.0" />'
        '<meta name="viewport" content="width=device-width, initial-scale=1" />'
        '<summary aria-label="Toggle hidden content"><span>Show the code</span></summary>'
    )
    assert html.count("viewport") == 1
    assert 'data-theme="light"' in html
    assert "aria-label" not in html


def test_vector_images_say_their_size_and_come_when_they_are_near(tmp_path):
    (tmp_path / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="318pt" height="165.75pt">')
    files = {"a.svg": tmp_path / "a.svg"}
    html = light.sized('<img alt="A" src="../_images/a.svg" /><img src="../_images/lost.svg">', files.get)
    assert html == (
        '<img width="424" height="221" loading="lazy" alt="A" src="../_images/a.svg" />'
        '<img loading="lazy" src="../_images/lost.svg">'
    )
