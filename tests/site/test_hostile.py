"""Hostile text in tables, in the descriptor and in findings, in a real browser: nothing runs and no link runs code."""

import csv
import re

import numpy as np
import pandas as pd
import pytest
from faults import copy_package, describe
from site_checks import served
from sphinx_book import build, fake_fitting, write_book

from jingjinji.core import tables
from jingjinji.core.findings import Finding
from jingjinji.sphinxext import files

pytestmark = pytest.mark.site

RUNS = (
    "<script>window.hit = 1</script>",
    "<img src=x onerror='window.hit = 2'>",
    "<svg onload=window.hit=3>",
    "</td></table><script>window.hit = 4</script>",
    '"><iframe src="javascript:parent.hit = 5"></iframe>',
    "<a href='javascript:window.hit = 6' id=evil>click</a>",
    "```\n\n<script>window.hit = 7</script>",
    "[click](javascript:window.hit=8)",
    '=HYPERLINK("javascript:window.hit = 9")',
)
CELL = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  name: python3
---

# Table

```{code-cell} ipython3
import pandas as pd
from jingjinji.show.grids import table
hostile = pd.DataFrame(ROWS)
table(hostile)
```

```{code-cell} ipython3
table(hostile, precision=1, kind="claims")
```

```{code-cell} ipython3
hostile
```
"""


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    root, text = tmp_path_factory.mktemp("book"), " ".join(RUNS)
    draws = np.random.default_rng(1).normal(size=(4, 500))
    finding = Finding("a.hostile", text, draws, text, "decline", ("days_by_class",), "src/a.py:7")
    source = dict.fromkeys(("name", "title", "publisher", "license", "note"), text)
    data, schema = copy_package(root / "data", "days_by_class"), tables.describe("days_by_class")["schema"]
    schema["fields"][0]["description"] = text
    sources = [{**source, "path": address} for address in ("javascript:window.hit = 10", f"https://a.example/{text}")]
    licences = [{"name": text, "title": text, "note": text, "path": "javascript:window.hit = 11"}]
    describe(data, "days_by_class", title=text, description=text, known_issues=[*RUNS], sources=sources,
             licenses=licences, schema=schema)  # fmt: skip
    rows = [{"text": run, run: run, "number": 1.25} for run in RUNS]
    with pytest.MonkeyPatch.context() as patch:
        fake_fitting(patch, {"a.hostile": finding})
        patch.setattr(tables, "DATA", data)
        write_book(
            root,
            {
                "chapters/data": "# Data\n\n```{data-tables}\n```\n",
                "table": CELL.replace("ROWS", repr(rows)),
                "cards": "# Cards\n\nIt is {finding}`a.hostile`.\n\n```{findings-cards}\n```\n",
            },
        )
        build(root, jingjinji_data_page="chapters/data")
    files.write(root / "_build/html", "claims", [{"id": run} for run in RUNS])
    return root / "_build/html"


@pytest.mark.parametrize("page", ["chapters/data", "table", "cards"])
def test_hostile_text_is_shown_and_does_not_run(out, browser, page):
    with served(out) as address:
        tab = browser.new_page()
        asked = []
        tab.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
        tab.goto(f"{address}{page}.html", wait_until="load")
        assert "window.hit = 1" in tab.inner_text("body")
        addresses = tab.eval_on_selector_all("[href], [src]", "all => all.map(e => e.getAttribute('href') || e.src)")
        assert not [one for one in addresses if re.match(r"\s*(javascript|data):", one, re.IGNORECASE)]
        assert tab.locator("#evil, iframe").count() == 0
        assert tab.evaluate("[...document.querySelectorAll('script')].filter(s => s.text.includes('hit')).length") == 0
        assert tab.evaluate("window.hit") is None
        assert asked == []
        tab.close()


def test_a_spreadsheet_runs_nothing_of_the_offered_csv(out):
    for name in ("claims", "findings"):
        with (out / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [cell for cell in cells if re.match(r"[=@\t\r]|[-+](?![\d.])", cell)]
    assert pd.read_csv(out / "claims.csv")["id"].iloc[-1] == f"'{RUNS[-1]}"
