from jingjinji.sphinxext.search import CHAPTER, FRONT, LIST, SUMMARY, sections, tier

PAGE = """<section id="top"><h1>Coal<a class="headerlink" href="#top">#</a></h1>
<p>Coal fell by <a class="finding reference" href="cards.html#energy.coal&#46;change">84 %</a>.</p>
<div class="cell"><details><summary>Show the code</summary><div class="cell_input"><pre>print(1)</pre></div></details>
</div>
<div class="math">x^2</div>
<section id="steel"><h2>Steel</h2><table><tr><th>year</th><td><p>2014</p></td></tr></table>
<ul><li>One</li><li>Two</li></ul></section>
<div class="finding-card" id="a.b"><p>64.1 %</p></div></section>"""


def test_sections_have_prose_cells_and_the_numbers_of_findings_and_no_code():
    coal, steel = sections(PAGE, {"energy.coal.change": ["change of coal", "−84 % (94 % HDI −90 to −80 %)"]}.get)
    assert (coal.anchor, coal.heading, coal.prose) == ("top", "Coal", "Coal fell by 84 %.")
    assert coal.numbers == [["change of coal", "−84 % (94 % HDI −90 to −80 %)"]]
    assert (steel.anchor, steel.heading, steel.prose, steel.cells) == ("steel", "Steel", "One Two", "year 2014")


def test_a_chapter_is_nearer_than_a_list():
    assert tier("chapters/apec-blue") == CHAPTER
    assert tier("chapters/conclusions") == SUMMARY
    assert tier("index") == FRONT
    assert tier("chapters/appendix/data") == LIST
