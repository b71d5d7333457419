"""A topic is added to a copy of the project in the places that CONTRIBUTING.md lists; its page is built and shown."""

import hashlib
import json
import re

import pandas as pd
import pytest
import site_checks as checks
import toy_project
from prior_fits import once
from test_hole import HEAD, PAGES

from jingjinji import PROJECT

pytestmark = pytest.mark.site

LISTED = re.findall(
    r"(?m)^\d\. `([^`]+)`",
    (PROJECT / "CONTRIBUTING.md").read_text("utf-8").partition("## Adding a topic")[2].partition("\n## ")[0],
)
CLAIMS = "compile/claims.toml"
"""Of the articles' claims, which are not in a copy; the table that is compiled from it is."""
MODEL = '''
"""The mean of yearly speeds of the wind."""

from dataclasses import dataclass, replace

import numpy as np

from jingjinji.core.topic import Variant

TABLES = ("winds",)
DERIVED = ()


@dataclass(frozen=True)
class Panel:
    speeds: np.ndarray
    truth: float | None = None


def panel(winds):
    return Panel(winds.speed.to_numpy(dtype=float))


def data(panel):
    return {"speeds": panel.speeds}


def build(panel):
    import pymc as pm

    with pm.Model() as model:
        pm.Normal("seen", pm.Normal("mean", 3, 2), 1, observed=pm.Data("speeds", data(panel)["speeds"]))
    return model


def simulate(truth, rng, panel):
    return replace(panel, speeds=rng.normal(truth, 1, len(panel.speeds)), truth=truth)


VARIANTS = {"doubled": Variant("speeds doubled", lambda panel: replace(panel, speeds=2 * panel.speeds))}
TOYS = {"toy": lambda panel, rng: simulate(3.0, rng, panel)}
'''
SAID = '''
"""What is said of it."""

from jingjinji.core.scribe import Scribe
from jingjinji.topics.wind import speeds


def findings(fit):
    say = Scribe(speeds.TABLES, "wind.", fit)
    if fit.panel.truth is None:
        say.draws("mean", "mean speed of the wind", fit.parameters["mean"].values, "m/s")
    else:
        say.pair("mean", "mean speed of the wind", fit.panel.truth, fit.parameters["mean"].values, "m/s")
    return say.made
'''
FACTS = '''
"""What tables alone say of the wind."""

from jingjinji.core import tables
from jingjinji.core.scribe import Scribe


def findings():
    say = Scribe(("winds",), "wind.")
    say.fact("years", "years with a speed of the wind", len(tables.load("winds")))
    return say.made
'''
PAGE = '''
"""What the page on the wind shows."""

from jingjinji.core import tables


def by_year():
    return tables.load("winds").rename(columns={"speed": "mean speed, m/s"})
'''
REASONS = '''
"""Why each prior is what it is: model -> parameter -> one sentence."""

REASONS = {"wind": {"mean": "Cities on a plain have means of one to five metres a second."}}
'''
CHAPTER = f"""{HEAD}# Wind

In {{finding-value}}`wind.years` years the mean speed was {{finding}}`wind.mean`,
doubled {{finding}}`wind.mean@doubled`.
The article's claim: {{claim}}`C001`.

```{{code-cell}} ipython3
from jingjinji.topics.wind import page
page.by_year().style.hide()
```
"""
FIELDS = [
    {"name": "year", "type": "integer", "description": "Year.", "constraints": {"required": True}},
    {"name": "speed", "type": "number", "description": "Mean speed, m/s.", "constraints": {"required": True}},
]


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """Folder of the copy with the built site, the files that the topic changed, and what the commands said."""
    folder = once(tmp_path_factory, "new topic", _build)
    return folder / "project", json.loads((folder / "said.json").read_text("utf-8"))


def _build(folder) -> None:
    project = toy_project.make(folder / "project")
    root = project.root
    for page, text in PAGES.items():
        if page not in ("whole", "broken"):
            _write(root / f"{page}.md", text)
    pages = [page for page in PAGES if page not in ("index", "whole", "broken")]
    lines = [f"  - file: {page}" for page in pages]
    _write(root / "_toc.yml", "\n".join(["format: jb-book", "root: index", "chapters:", *lines]) + "\n")
    config = (PROJECT / "_config.yml").read_text("utf-8")
    _write(root / "_config.yml", re.sub(r"(?m)^ *(bibtex_\w+|favicon):.*\n", "", config))
    _with_claim(root / "data", "pm25-decline", "untestable: no such table")
    draws = {"JINGJINJI_DRAWS": "prior"}
    said = {"before": project.run("fit", **draws).returncode}
    before = _contents(root)
    _add_topic(root)
    said["changed"] = sorted(path for path, content in _contents(root).items() if before.get(path) != content)
    said["sampled"] = project.run("fit", "--dry-run", **draws).stdout
    for command in ("fit", "book"):
        ended = project.run(command, **draws)
        said[command] = [ended.returncode, ended.stderr]
    (folder / "said.json").write_text(json.dumps(said), "utf-8")


def _add_topic(root) -> None:
    """Add the topic `wind`: its table, package, line in the registry, page and claim."""
    speeds = pd.DataFrame({"year": range(2014, 2024), "speed": [2.9, 3.1, 2.8, 3.0, 3.2, 2.7, 2.9, 3.0, 3.1, 2.8]})
    _describe(root / "data", "winds", speeds.to_csv(index=False).encode(), FIELDS)
    room = root / "src/jingjinji/topics/wind"
    for name, text in {"__init__": "", "speeds": MODEL, "speeds_findings": SAID, "facts": FACTS, "page": PAGE,
                       "reasons": REASONS}.items():  # fmt: skip
        _write(room / f"{name}.py", text)
    registry = root / "src/jingjinji/core/registry.py"
    text = registry.read_text("utf-8")
    for name, line in (("PLACES", '"wind": "wind.speeds", '),
                       ("CHAPTERS", '"wind": "Wind", '), ("FACTS", '"wind", ')):  # fmt: skip
        text, count = re.subn(rf"\n{name} = ([{{(])", rf"\n{name} = \1{line}", text)
        assert count == 1, name
    _write(registry, text)
    _write(root / "chapters/wind.md", CHAPTER)
    toc = root / "_toc.yml"
    _write(toc, toc.read_text("utf-8") + "  - file: chapters/wind\n")
    _with_claim(root / "data", "wind", "P(wind.mean > 0) > 0.9")


def _write(path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def _contents(root) -> dict[str, bytes]:
    kept = (path for path in root.rglob("*") if path.is_file() and not {".cache", "__pycache__"} & set(path.parts))
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in kept}


def _with_claim(data, chapter: str, rule: str) -> None:
    table = pd.read_csv(PROJECT / "data/claims.csv", keep_default_na=False, dtype=str).head(1)
    table = table.assign(chapter=chapter, rule=rule, found="", against="")
    _describe(data, "claims", table.to_csv(index=False).encode())


def _describe(data, name: str, content: bytes, fields: list[dict] | None = None) -> None:
    """Write a table and its descriptor; a new one is described as `days_by_class` is."""
    (data / f"{name}.csv").write_bytes(content)
    package = json.loads((data / "datapackage.json").read_text("utf-8"))
    known = {resource["name"]: resource for resource in package["resources"]}
    if fields:
        model = known["days_by_class"]
        package["resources"].append(
            model | {"name": name, "path": f"{name}.csv", "schema": {"fields": fields, "primaryKey": ["year"]}}
        )
    about = next(resource for resource in package["resources"] if resource["name"] == name)
    about |= {"hash": f"sha256:{hashlib.sha256(content).hexdigest()}", "bytes": len(content)}
    about["rows"] = len(pd.read_csv(data / f"{name}.csv"))
    if name == "claims":
        chapter = next(field for field in about["schema"]["fields"] if field["name"] == "chapter")
        chapter["constraints"]["enum"].append("wind")
    (data / "datapackage.json").write_text(json.dumps(package), "utf-8")


def test_the_topic_touches_the_listed_places_and_no_other(book):
    changed = book[1]["changed"]
    assert len(LISTED) <= 6
    assert [path for path in changed if not path.startswith(tuple(LISTED))] == []
    assert {place for place in LISTED if not any(path.startswith(place) for path in changed)} == {CLAIMS}


def test_only_fits_of_the_new_topic_are_sampled(book):
    sampled = re.findall(r"(?m)^(\S+): would be sampled", book[1]["sampled"])
    assert sorted(sampled) == ["wind", "wind/doubled"]


def test_its_page_is_built_with_findings_facts_and_the_verdict_of_its_claim(book, browser):
    root, said = book
    assert [said["before"], said["fit"], said["book"]] == [0, [0, ""], [0, ""]]
    with checks.served(root / "_build/html") as address:
        page = browser.new_page(viewport={"width": 390, "height": 844})
        try:
            page.goto(f"{address}chapters/wind.html")
            text = " ".join(page.locator("article").inner_text().split())
            assert re.search(r"In 10 years the mean speed was \S+ m/s, doubled \S+ m/s\.", text)
            assert "claim: C001" in text
            assert "mean speed, m/s" in text
        finally:
            page.close()
