"""The package that the site offers: what is in it, when it is made anew, and that it runs where no checkout is."""

import json
import os
import subprocess
import sys
import zipfile

import pytest
from traces import hidden, traces

import jingjinji
from jingjinji.cli import region_folder, wheel
from jingjinji.core import registry, tables
from jingjinji.core.errors import BookError
from jingjinji.fits import drafts, fitting, store
from jingjinji.sphinxext.travel import DOWNLOADS, WHEEL
from jingjinji.teaching.editions import INSTRUCTOR, READER, STUDENT

SAYS = """
import json
import jingjinji
from jingjinji.core import published, tables
from jingjinji.fits import fitting
try:
    fitting.load_findings("storage")
    error = ""
except Exception as missing:
    error = f"{type(missing).__name__}: {missing}"
print(json.dumps({"project": str(jingjinji.PROJECT), "cache": str(jingjinji.CACHE), "error": error,
                  "rows": len(tables.load("pm25_city_month")), "reference": len(published.read(fitting.PUBLISHED))}))
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return wheel.build(tmp_path_factory.mktemp("wheel"))


def test_the_wheel_has_code_tables_and_kept_results_and_nothing_else(built, project):
    with zipfile.ZipFile(built) as file:
        names = set(file.namelist())
    first = {name.partition("/")[0] for name in names}
    assert first == {"jingjinji", f"jingjinji-{jingjinji.__version__}.dist-info"}
    assert {f"jingjinji/carried/data/{path.name}" for path in (project / "data").iterdir()} <= names
    results = {path.name for path in (project / "results").iterdir()} - {drafts.KEPT.name}
    assert {path.rpartition("/")[2] for path in names if "carried/results/" in path} == results
    assert {"jingjinji/carried/benchmarks/gate_rates.json", "jingjinji/carried/references.bib"} <= names
    # a region's site is built with the book's style sheets
    assert {f"jingjinji/carried/_static/{path.name}" for path in (project / "_static").iterdir()} <= names
    assert not [name for name in names if "carried/fits" in name or "__pycache__" in name]


def test_the_students_wheel_writes_regions_without_solutions(tmp_path):
    """What `region new` writes comes from pages in the package, so these are gated too; notes are the teacher's."""
    wanted, notes = (hidden(region_folder.TEMPLATE, title) for title in ("Solution", "For the instructor"))
    assert len(wanted) > 5
    assert len(notes) > 5
    assert wheel.gated_template(INSTRUCTOR) == {}
    found = {}
    for edition in (READER, STUDENT):
        given = tmp_path / f"given-{edition}"
        (given / "fits").mkdir(parents=True)
        wheel.lay_out(given, wheel.gated_template(edition))
        wheel.build(tmp_path / edition, given)
        found[edition] = traces(tmp_path / edition, wanted | notes)
        with zipfile.ZipFile(tmp_path / edition / WHEEL) as file:
            assert len(set(file.namelist())) == len(file.namelist())
            text = file.read("jingjinji/cli/region_template/chapters/decline.md").decode()
        assert "Leave a city out" in text
    assert found == {READER: found[READER], STUDENT: {}}
    assert found[READER].keys() == wanted.keys()


def test_an_editable_package_carries_nothing(tmp_path, project):
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel:editable", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=project, check=True, capture_output=True)
    (made,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(made) as file:
        assert not [name for name in file.namelist() if "carried" in name]


def test_the_package_alone_finds_its_tables_and_keeps_caches_in_the_users_folder(built, tmp_path):
    with zipfile.ZipFile(built) as file:
        file.extractall(tmp_path / "packages")
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("JINGJINJI", "PYTENSOR", "NUMBA"))
    }
    home = {"HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "home/.cache")}
    result = subprocess.run([sys.executable, "-c", SAYS], cwd=tmp_path, capture_output=True, text=True, timeout=300,
                            env={**kept, **home, "PYTHONPATH": str(tmp_path / "packages")})  # fmt: skip
    assert result.returncode == 0, result.stderr
    said = json.loads(result.stdout)
    assert said["project"] == str(tmp_path / "packages/jingjinji/carried")
    assert said["cache"] == str(tmp_path / "home/.cache/jingjinji")
    assert said["rows"] == len(tables.load("pm25_city_month"))
    assert said["reference"] > 100
    assert said["error"].startswith(
        "FitMissing: there is no fit 'storage' of today's code and data: run 'jingjinji fit'"
    )


@pytest.fixture
def made(monkeypatch) -> list:
    """What `offer` is asked to build, without building it."""
    calls = []

    def build(folder, given):
        assert not given.is_relative_to(folder.parent), "hatchling packs both files where a project has them"
        files = sorted(path for path in given.rglob("*") if path.is_file())
        calls.append({path.relative_to(given).as_posix(): path.read_bytes() for path in files})
        (folder / WHEEL).write_text("a wheel")

    monkeypatch.setattr(wheel, "build", build)
    monkeypatch.setattr(wheel, "stored", dict)
    return calls


def test_the_site_is_offered_a_wheel_which_is_made_anew_only_when_something_in_it_is_new(tmp_path, monkeypatch, made):
    site = tmp_path / "_build/html"
    wheel.offer(site)
    assert (site / DOWNLOADS / WHEEL).read_text() == "a wheel"
    wheel.offer(site)
    assert len(made) == 1
    (site / DOWNLOADS / WHEEL).unlink()
    wheel.offer(site)
    assert len(made) == 2
    monkeypatch.setattr(wheel, "MADE_OF", ("pyproject.toml",))
    wheel.offer(site)
    assert len(made) == 3
    wheel.offer(site, STUDENT)
    template = "instead/cli/region_template/chapters/decline.md"
    assert template in made[2]
    assert made[3][template] != made[2][template]


def test_what_tables_say_is_made_before_a_wheel_is_packed(tmp_path, monkeypatch, made):
    """In a first build no page has asked for it yet."""
    asked = []
    monkeypatch.setattr(fitting, "load_facts", asked.append)
    wheel.offer(tmp_path / "html")
    assert asked == list(registry.FACTS)


def test_a_draft_is_offered_none(tmp_path, monkeypatch, made):
    monkeypatch.setenv("JINGJINJI_DRAWS", "quick")
    wheel.offer(tmp_path / "html")
    assert made == []
    assert not (tmp_path / "html").exists()


def test_a_wheel_that_cannot_be_built_is_an_error_of_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(jingjinji, "PROJECT", tmp_path)
    with pytest.raises(BookError, match="the package for notebooks was not built"):
        wheel.build(tmp_path)


def test_draws_go_with_the_fits_that_pages_load():
    pages = ['a = load_fit("storage")\nb = load_findings("april/page-flags")', 'load_fit(\n    "miyun")']
    assert wheel.with_draws(pages) == {"storage", "miyun"}
    assert wheel.with_draws(['load_fit("hydrogen_clusters")']) == {
        "hydrogen_clusters",
        *fitting.beside(["hydrogen_clusters"]),
    }
    some = wheel.with_draws(['load_fit(f"heavy_days/{name}")'])
    assert some == {name for name in fitting.names() if name.startswith("heavy_days/")} > set()
    assert wheel.with_draws(["load_fit(name)"]) == set(fitting.names())


def test_every_fit_and_what_tables_say_are_offered_if_they_are_stored(monkeypatch, empty_cache):
    monkeypatch.setattr(
        fitting, "contents_and_keys", lambda names: {name: (f"content of {name}", "k" * 64) for name in names}
    )
    monkeypatch.setattr(fitting, "content_and_key_of_facts", lambda topic: (f"content of {topic}", "k" * 64))
    assert wheel.stored() == {}
    for name in ("storage", "water.facts"):
        store.write_findings(name, "k" * 64, {}, {"problem": ""})
    assert wheel.stored() == {
        "storage": ("content of storage", "k" * 64),
        "water.facts": ("content of water", "k" * 64),
    }
