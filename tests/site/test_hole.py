"""A book with a hole: a fit of a toy project fails, the command builds the site all the same, and a phone shows it."""

import hashlib
import json
import re

import pandas as pd
import pytest
import site_checks as checks
import toy_project
from prior_fits import once

from jingjinji import PROJECT

pytestmark = pytest.mark.site

HEAD = "---\nkernelspec:\n  name: python3\n  display_name: Python 3\n  language: python\nfile_format: mystnb\n---\n"
CELL = """
```{code-cell} ipython3
from jingjinji.fits import fitting
fit = fitting.load_fit("FIT")
print("chains", fit.parameters.sizes["chain"])
```
"""
PAGES = {
    "index": "# Toys\n\nOne mean is {finding}`toy.mean`.\n",
    "whole": f"{HEAD}# Whole\n\nIt is {{finding}}`toy.mean@shifted`.\n" + CELL.replace("FIT", "toy/shifted"),
    "broken": f"{HEAD}# Broken\n\nIt is {{finding}}`toy.mean@split`.\n" + CELL.replace("FIT", "toy/split"),
    "chapters/appendix/findings": "# Findings\n\n```{findings-cards}\n```\n",
    "chapters/appendix/data": "# Data\n\nTables.\n",
    "chapters/appendix/models": "# Models\n\n" + "".join(
        f'<span id="fit-{name}">{name}</span>\n' for name in ("toy", "toy-split", "toy-shifted", "other")
    ),
    "chapters/claims": "# Claims\n\nNone.\n",
}  # fmt: skip
FAIL = """
from jingjinji.fits import fitting, store
name = "toy/split"
key = fitting.key_of_findings([name])[name]
notes = store.notes(store.FINDINGS, name, key)
store.write_findings(name, key, {}, notes | {"problem": "R-hat is 1.2 at mean, the gate asks 1.1", "state": "wrong"})
print("null")
"""


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """Folder with the built site, and the exit code and last words of the command."""
    folder = once(tmp_path_factory, "hole", _build)
    code, _, words = (folder / "ended").read_text("utf-8").partition("\n")
    return folder / "project/_build/html", int(code), words


def _build(folder) -> None:
    project = toy_project.make(folder / "project")
    for page, text in PAGES.items():
        path = project.root / f"{page}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    parts = "\n".join(f"  - file: {page}" for page in PAGES if page != "index")
    (project.root / "_toc.yml").write_text(f"format: jb-book\nroot: index\nchapters:\n{parts}\n", "utf-8")
    config = (PROJECT / "_config.yml").read_text("utf-8")
    config = re.sub(r"(?m)^ *(bibtex_\w+|favicon):.*\n", "", config)
    (project.root / "_config.yml").write_text(config, "utf-8")
    _with_one_claim(project.root / "data")
    draws = {"JINGJINJI_DRAWS": "prior"}
    assert project.run("fit", **draws).returncode == 0
    project.python(FAIL, **draws)
    ended = project.run("book", **draws)
    (folder / "ended").write_text(f"{ended.returncode}\n{ended.stderr}", "utf-8")


def _with_one_claim(data) -> None:
    """One that nothing can test; the others are judged by findings that toys do not make."""
    table = pd.read_csv(data / "claims.csv", keep_default_na=False, dtype=str)
    alone = table.rule.str.startswith("untestable") & (table.found == "") & (table.against == "")
    content = table[alone].head(1).to_csv(index=False).encode()
    (data / "claims.csv").write_bytes(content)
    package = json.loads((data / "datapackage.json").read_text("utf-8"))
    resource = next(resource for resource in package["resources"] if resource["name"] == "claims")
    resource |= {"hash": f"sha256:{hashlib.sha256(content).hexdigest()}", "bytes": len(content), "rows": 1}
    (data / "datapackage.json").write_text(json.dumps(package), "utf-8")


def test_the_command_ends_with_a_site_and_an_error_that_names_the_fit(book):
    site, code, words = book
    assert code == 1, words
    error = words.splitlines()[-1]  # a slow machine may have been complained of before
    assert error.startswith("error: the site stands in "), words
    assert "fit 'toy/split' is not published: R-hat is 1.2 at mean" in error, words
    assert (site / "index.html").exists()


def test_a_phone_shows_the_hole_and_everything_else(book, browser):
    with checks.served(book[0]) as address:
        page = browser.new_page(viewport={"width": 390, "height": 844})
        try:
            page.goto(f"{address}broken.html")
            banner = page.locator(".admonition").first
            assert banner.is_visible()
            assert "a fit did not converge on this machine" in banner.inner_text()
            assert "toy/split: R-hat is 1.2 at mean, the gate asks 1.1." in banner.inner_text()
            notice = page.locator("article a", has_text="not published: did not converge on this machine").first
            assert notice.is_visible()
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
            assert "chains 2" not in page.locator("article").inner_text()
            notice.click()
            page.wait_for_url("**/chapters/appendix/models.html#fit-toy-split")
            page.locator("#fit-toy-split").wait_for(state="visible")
            page.goto(f"{address}whole.html")
            assert "chains 2" in page.locator("article").inner_text()
            assert "not published" not in page.locator("article").inner_text()
        finally:
            page.close()
