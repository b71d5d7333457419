import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import nbformat
import pytest
from sphinx_book import build, fake_fitting, html, write_book

from jingjinji.fits.dependencies import ALL, Sources, changes, fingerprint, read
from jingjinji.sphinxext import staleness
from jingjinji.sphinxext.staleness import PageError, one_at_a_time, plain_code

PACKAGE = {
    "__init__": "",
    "core/__init__": "",
    "core/errors": "class BookError(Exception): ...\n",
    "core/tables": "from toybook.core import errors\ndef load(name): return name\ndef names(): return []\n",
    "core/registry": "PLACES, SAID, FACTS = {'decline': 'air.decline', 'days': 'air.days'}, '', ()\n",
    "figures": "from toybook.core import tables\ndef weather(): return tables.load('weather')\ndef plain(): return 1\n",
    "look": "COLOUR = 'red'\n",
    "fits/__init__": "",
    "fits/fitting": "from toybook.core import errors\ndef load_fit(name): return name\ndef all_findings(): return {}\n",
    "show/__init__": "",
    "show/summaries": "def show_model(name): return name\n",
    "topics/__init__": "",
    "topics/air/__init__": "",
    "topics/air/priors": "WIDTH = 1\n",
    "topics/air/decline": (
        "from toybook.topics.air import priors\nfrom ...core import tables as t\nmonths = t.load('months')\n"
    ),
    "topics/air/days": "from toybook.core import tables\ndef load(): return tables.load('days')\n",
}
TABLES, FITTING = {"core/__init__", "core/tables", "core/errors"}, {"fits/__init__", "fits/fitting"}
AIR = {"topics/__init__", "topics/air/__init__"}
DECLINE = {*AIR, "topics/air/decline", "topics/air/priors"}
HEAD = "---\nkernelspec:\n  name: python3\n  display_name: Python 3\n  language: python\nfile_format: mystnb\n---\n"


@pytest.fixture
def toy(tmp_path, monkeypatch):
    for name, code in PACKAGE.items():
        path = tmp_path / f"code/toybook/{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
    (tmp_path / "data").mkdir()
    for name in ("months", "days", "weather"):
        (tmp_path / f"data/{name}.csv").write_text("a\n1\n")
    resources = [{"name": name, "path": f"{name}.csv"} for name in ("months", "days", "weather")]
    (tmp_path / "data/datapackage.json").write_text(json.dumps({"resources": resources}))
    (tmp_path / "requirements.lock").write_text("numpy==2.5.0\n")
    monkeypatch.syspath_prepend(str(tmp_path / "code"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "code"))
    monkeypatch.delenv("JINGJINJI_DRAWS", raising=False)
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "toybook"]:
        del sys.modules[name]


def dependencies(toy, code: str) -> dict[str, str]:
    return Sources(toy, "toybook").dependencies(code)


def names(toy, code: str) -> set[str]:
    found = dependencies(toy, code)
    return {name.removeprefix("toybook/").removesuffix(".py") for name in found if name.startswith("toybook/")} | {
        name for name in found if name.endswith(".csv")
    }


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("1 + 1", set()),
        ("import toybook.look", {"__init__", "look"}),
        ("from toybook import look", {"__init__", "look"}),
        ("from toybook.look import COLOUR", {"__init__", "look"}),
        ("from toybook import figures", {"__init__", "figures", *TABLES, "data/weather.csv"}),
        ("from toybook.core import tables as t\nt.load('days')", {"__init__", *TABLES, "data/days.csv"}),
        ("from toybook.core.tables import load as get\nget('days')", {"__init__", *TABLES, "data/days.csv"}),
        ("import toybook.core.tables\ntoybook.core.tables.load(name='days')", {"__init__", *TABLES, "data/days.csv"}),
        (
            "from toybook.fits import fitting\nfitting.load_fit('decline/without-beijing')",
            {"__init__", *FITTING, *TABLES, "data/months.csv", *DECLINE},
        ),
        ("from toybook.core import registry\nregistry.load('days')",
         {"__init__", *TABLES, "core/registry", *AIR, "topics/air/days", "data/days.csv"}),
        ("from toybook.show import summaries\nsummaries.show_model('days')",
         {"__init__", "show/__init__", "show/summaries", *TABLES, *AIR, "topics/air/days", "data/days.csv"}),
        (
            "from toybook.fits.fitting import load_fit\nload_fit('days')",
            {"__init__", *FITTING, *TABLES, *AIR, "topics/air/days", "data/days.csv"},
        ),
    ],
)  # fmt: skip
def test_dependencies_are_found_by_reading(toy, code, expected):
    assert names(toy, code) == expected


def test_a_module_that_came_since_counts_in_the_same_process(toy):
    assert names(toy, "import toybook.look") == {"__init__", "look"}
    (toy / "code/toybook/late.py").write_text("from toybook import figures\n")
    with (toy / "code/toybook/look.py").open("a") as module:
        module.write("from toybook import late\n")
    assert names(toy, "import toybook.look") == {"__init__", "look", "late", "figures", *TABLES, "data/weather.csv"}


def test_a_table_named_by_a_variable_means_every_table(toy):
    for code in ("tables.load(name)", "map(tables.load, ['days'])", "tables.check()"):
        found = names(toy, f"from toybook.core import tables\n{code}")
        assert {"data/months.csv", "data/days.csv", "data/weather.csv"} <= found


def test_tables_that_a_model_declares_count_and_those_that_the_registry_loads_by_name_do_not(toy):
    (toy / "code/toybook/core/registry.py").write_text(
        f"from toybook.core import tables\n{PACKAGE['core/registry']}def load(name): return tables.load(name)\n"
    )
    (toy / "code/toybook/topics/air/days.py").write_text("TABLES = ('days',)\nMORE_TABLES = ('weather', *TABLES)\n")
    found = names(toy, "from toybook.core import registry\nregistry.load('days')")
    assert {"data/days.csv", "data/weather.csv", "core/tables"} <= found
    assert "data/months.csv" not in found


def test_a_fit_named_by_a_variable_means_every_model(toy):
    for code in ("fitting.load_fit(name)", "fitting.load_findings(name)", "fitting.all_findings()"):
        assert {"topics/air/decline", "topics/air/days"} <= names(toy, f"from toybook.fits import fitting\n{code}")


def test_a_variant_named_by_a_variable_means_the_models_before_the_slash(toy):
    found = names(toy, "from toybook.fits import fitting\nfitting.load_findings(f'decline/{variant}')")
    assert "topics/air/decline" in found
    assert "topics/air/days" not in found
    assert "topics/air/days" in names(
        toy, "from toybook.fits import fitting\nfitting.load_findings(f'decline{variant}')"
    )


def test_descriptor_counts_where_it_is_read(toy):
    assert "data/datapackage.json" in dependencies(toy, "from toybook.core import tables\ntables.names()")
    assert "data/datapackage.json" not in dependencies(toy, "from toybook.core import tables\ntables.load('days')")


def test_a_table_depends_on_its_own_entry_of_the_descriptor_alone(toy):
    before = dependencies(toy, "from toybook.core import tables\ntables.load('days')")
    package = json.loads((toy / "data/datapackage.json").read_text())
    package["resources"][0]["title"] = "new"
    (toy / "data/datapackage.json").write_text(json.dumps(package))
    assert dependencies(toy, "from toybook.core import tables\ntables.load('days')") == before
    package["resources"][1]["title"] = "new"
    (toy / "data/datapackage.json").write_text(json.dumps(package))
    after = dependencies(toy, "from toybook.core import tables\ntables.load('days')")
    assert changes(before, after) == ["data/datapackage.json (days)"]


PAGE_CODE = {
    "fits": "from toybook.fits import fitting\nfit = fitting.load_fit('decline')",
    "plots": "from toybook import figures\nfigures.plain()",
    "words": "2 + 2",
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("code/toybook/topics/air/decline.py", {"fits"}),
        ("code/toybook/topics/air/priors.py", {"fits"}),
        ("code/toybook/topics/air/days.py", set()),
        ("code/toybook/figures.py", {"plots"}),
        ("code/toybook/look.py", set()),
        ("code/toybook/core/errors.py", {"fits", "plots"}),
        ("data/months.csv", {"fits"}),
        ("data/weather.csv", {"plots"}),
        ("data/days.csv", set()),
        ("requirements.lock", {"fits", "plots", "words"}),
    ],
)
def test_exactly_the_pages_that_depend_on_a_file_get_another_fingerprint(toy, path, expected):
    def fingerprints():
        return {page: fingerprint(dependencies(toy, code)) for page, code in PAGE_CODE.items()}

    before, content = fingerprints(), (toy / path).read_bytes()
    (toy / path).write_bytes(content + b"\n")
    assert {page for page, value in fingerprints().items() if value != before[page]} == expected
    (toy / path).write_bytes(content)
    assert fingerprints() == before


def test_draws_are_part_of_the_fingerprint_of_a_page_that_shows_fits(toy, monkeypatch):
    before = {page: dependencies(toy, code) for page, code in PAGE_CODE.items()}
    monkeypatch.setenv("JINGJINJI_DRAWS", "quick")
    assert changes(before["fits"], dependencies(toy, PAGE_CODE["fits"])) == ["draws"]
    assert changes(before["plots"], dependencies(toy, PAGE_CODE["plots"])) == []


def test_what_is_kept_of_long_runs_is_part_of_the_fingerprint_of_a_page_that_reads_it(toy):
    code, kept = "from toybook.fits import weighing", toy / "results/power_scaling.json"
    (toy / "code/toybook/fits/weighing.py").write_text("")
    without = dependencies(toy, code)
    kept.parent.mkdir()
    kept.write_text("{}")
    assert changes(without, dependencies(toy, code)) == ["results/power_scaling.json"]
    assert "results/power_scaling.json" not in dependencies(toy, PAGE_CODE["fits"])


def test_a_lost_data_file_is_a_change_and_no_crash(toy):
    code = "from toybook.core import tables\ntables.load('days')"
    before = dependencies(toy, code)
    (toy / "data/days.csv").unlink()
    assert changes(before, dependencies(toy, code)) == ["data/days.csv"]


def test_code_that_is_no_python_names_nothing():
    assert read("this is no python", "toybook", "page", False, frozenset()).modules == frozenset()


def test_reading_keeps_names_apart():
    code = "from toybook.core import tables\nclass Other: load = 1\nother = Other()\nother.load\ntables.load('a')\n"
    reading = read(code, "toybook", "page", False, frozenset({"toybook", "toybook.core.tables"}))
    assert reading.tables == {"a"}
    assert read(f"{code}f = tables.load", "toybook", "page", False, frozenset()).tables == {"a", ALL}


def test_magics_do_not_hide_the_code():
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("%matplotlib inline\nimport toybook"),
            nbformat.v4.new_markdown_cell("import no"),
        ]
    )
    reading = read(plain_code(notebook), "toybook", "page", False, frozenset({"toybook"}))
    assert reading.modules == {"toybook"}


def counting_page(name: str, code: str) -> str:
    count = f"from pathlib import Path\nwith Path('runs.txt').open('a') as runs: runs.write('{name} ')"
    return f"{HEAD}# {name}\n\n```{{code-cell}}\n{count}\n{code}\nprint('output of {name}')\n```\n"


def test_a_real_build_runs_exactly_the_pages_that_depend_on_a_change(toy, monkeypatch):
    fake_fitting(monkeypatch, {})
    write_book(toy, {name: counting_page(name, PAGE_CODE[name]) for name in ("fits", "plots")})

    def runs() -> list[str]:
        (toy / "runs.txt").write_text("")
        build(toy, jingjinji_package="toybook")
        return sorted((toy / "runs.txt").read_text().split())

    assert runs() == ["fits", "plots"]
    assert runs() == []
    figures = toy / "code/toybook/figures.py"
    content = figures.read_text()
    figures.write_text(content.replace("return 1", "return 2"))
    assert runs() == ["plots"]
    figures.write_text(content)
    assert runs() == []
    for page in ("fits", "plots"):
        assert f"output of {page}" in html(toy, page)
        notebook = nbformat.read(toy / f"_build/html/_sources/{page}.ipynb", as_version=4)
        assert notebook.cells[-1].outputs[0].text == f"output of {page}\n"


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="needs two cores")
def test_pages_run_side_by_side(toy, monkeypatch):
    fake_fitting(monkeypatch, {})
    meet = (
        "import time\nfrom pathlib import Path\nPath('{mine}.here').touch()\nend = time.monotonic() + 30\n"
        "while not Path('{other}.here').exists():\n    assert time.monotonic() < end\n    time.sleep(0.05)"
    )
    pairs = ("one", "two"), ("two", "one")
    write_book(toy, {mine: counting_page(mine, meet.format(mine=mine, other=other)) for mine, other in pairs})
    build(toy)
    assert sorted((toy / "runs.txt").read_text().split()) == ["one", "two"]
    assert "output of one" in html(toy, "one")
    assert "output of two" in html(toy, "two")


def test_notebooks_are_stored_one_at_a_time(monkeypatch):
    inside, most = [], []

    def slow(notebook):
        inside.append(notebook)
        most.append(len(inside))
        time.sleep(0.3)
        inside.remove(notebook)
        return f"stored {notebook}"

    monkeypatch.setattr(staleness, "get_cache", lambda path: SimpleNamespace(cache_notebook_bundle=slow))
    with ThreadPoolExecutor(2) as pool:
        stored = list(pool.map(lambda name: one_at_a_time("cache").cache_notebook_bundle(name), ["one", "two"]))
    assert stored == ["stored one", "stored two"]
    assert most == [1, 1]


def test_a_failing_cell_stops_the_build_and_names_the_page(toy, monkeypatch):
    fake_fitting(monkeypatch, {})
    write_book(toy, {"good": counting_page("good", "1"), "bad": counting_page("bad", "1 / 0")})
    with pytest.raises(PageError, match=r"a cell of bad\.md failed"):
        build(toy)
    (toy / "bad.md").write_text(counting_page("bad", "1"))
    build(toy)
    assert sorted((toy / "runs.txt").read_text().split()) == ["bad", "bad", "good"]
