"""The commands of a region: what they say and write, all or nothing, and that nothing stays behind."""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from region_files import put, rows
from scipy import stats
from typer.testing import CliRunner

import jingjinji
from jingjinji.cli import main as cli
from jingjinji.cli import region, region_folder
from jingjinji.core import descriptor, tables
from jingjinji.core.errors import BookError


@pytest.fixture(autouse=True)
def regions(tmp_path, monkeypatch) -> Path:
    """An empty place for regions."""
    folder = tmp_path / "regions"
    monkeypatch.setenv("JINGJINJI_REGIONS", str(folder))
    return folder


@pytest.fixture
def csv(tmp_path) -> Path:
    return put(tmp_path, rows())


def run(*arguments, **more):
    return CliRunner().invoke(cli.app, ["region", *map(str, arguments)], **more)


def said(*arguments) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.exception
    return result.output


def mistake(*arguments) -> str:
    result = run(*arguments)
    assert isinstance(result.exception, BookError), result.output
    assert "\n" not in str(result.exception)
    return str(result.exception)


def files(folder: Path) -> dict[str, str]:
    return {str(file.relative_to(folder)): file.read_text("utf-8") for file in folder.rglob("*") if file.is_file()}


# --- check ------------------------------------------------------------------------------------------------------------


def test_check_says_what_is_there_and_what_could_be_fitted(csv, regions):
    text = said("check", csv)
    assert "my.csv: 2 cities, 36 months from 2015-01 to 2017-12, 72 measured city-months" in text
    assert "every month of every city is measured" in text
    assert "whole years: 2015, 2016, 2017\n" in text
    assert "could be fitted: the change from 2015 to 2017, of the region and of each of its 2 cities" in text
    assert "could be fitted: a forecast of 2017 from the years before" in text
    assert "not: there is no table of weather" in text
    assert not regions.exists()


def test_check_tells_of_columns_that_are_not_used_and_of_broken_years(tmp_path):
    lines = [f"{line},x" for line in rows("2014-12", "2017-02")]
    text = said("check", put(tmp_path, lines, head="city,month,pm25,station"))
    assert "my.csv: column station is not used" in text
    assert ".toml" not in text
    assert "whole years: 2015, 2016; months of 2014, 2017 inform the fit, and no annual mean is made of them" in text


def test_check_of_a_file_loads_no_library(csv):
    code = (
        "import sys; from jingjinji.cli import main; sys.argv = ['jingjinji', 'region', 'check', sys.argv[1]]\n"
        "try:\n    main.main()\nexcept SystemExit:\n    pass\nprint(sorted(sys.modules))"
    )
    command = [sys.executable, "-c", code, str(csv)]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert "could be fitted" in result.stdout
    heavy = ("numpy", "pandas", "scipy", "xarray", "pymc", "pytensor", "sphinx", "matplotlib", "dask", "frictionless")
    assert not [name for name in heavy if f"'{name}'" in result.stdout]


# --- new --------------------------------------------------------------------------------------------------------------


def test_new_writes_a_folder_whose_tables_are_checked_like_the_books(csv, regions, monkeypatch):
    text = said("new", "mine", "--from", csv, "--title", "My land")
    assert f"{regions / 'mine'} is written: build it with 'jingjinji region build mine'" in text
    place = regions / "mine"
    made = descriptor.read(place / "region.toml")
    assert (made.title, made.cities, made.years) == ("My land", ("Ash", "Bell"), (2015, 2017))
    assert set(files(place)) == {
        "CHANGELOG.md", "_config.yml", "_toc.yml", "index.md", "references.bib", "region.toml",
        "chapters/decline.md",
        "chapters/appendix/data.md", "chapters/appendix/findings.md", "chapters/appendix/models.md",
        "data/city_month.csv", "data/datapackage.json",
    }  # fmt: skip
    monkeypatch.setattr(tables, "DATA", place / "data")
    tables.check()
    assert len(tables.load("city_month")) == 72
    assert [file.name for file in regions.iterdir()] == ["mine"]


def test_new_with_everything(tmp_path, csv, regions, monkeypatch):
    from jingjinji.core.intake import span

    put(tmp_path, rows(cities=("Ash", "Bell", "Cold", "Dun")))
    put(tmp_path, 'title = "Land"\n[cities]\nAsh = { latitude = 1 }\nBell = { latitude = 2, local = "铃" }\n'
        'Cold = { latitude = 3 }\nDun = { latitude = 4 }\n[areas]\n'
        'South = ["Bell"]\n[source]\ntitle = "Reports"\nlicense = "CC0"\n', "my.toml")  # fmt: skip
    official = put(tmp_path, ["South,2016,49.5", "all,2017,44"], "official.csv", "area,year,pm25")
    air = [f"{month},{int(month[5:]) + k % 7},{1000 + k % 5}" for k, month in enumerate(span("2015-01", "2017-12"))]
    weather = put(tmp_path, air, "air.csv", "month,temperature,pressure")
    text = said("new", "mine", "--from", csv, "--official", official, "--weather", weather, "--break", "2016-05",
                "--years", "2015:2017")  # fmt: skip
    assert "not: no change of the way of making monthly means is known" in text
    assert text.count("\nnot: ") == 1
    assert "\nmy.toml: what it says of the region is used\n" in text
    place = regions / "mine"
    monkeypatch.setattr(tables, "DATA", place / "data")
    tables.check()
    assert tables.names() == ["city_month", "area_year", "weather_month"]
    assert tables.describe("city_month")["sources"][0]["title"] == "Reports"
    chapter = (place / "chapters/decline.md").read_text("utf-8")
    assert "\nwritten_for: areas converted forecast latitude months official ruler weather\n" in chapter


def test_a_csv_of_another_form_gives_the_same_table(tmp_path, regions):
    plain = put(tmp_path, rows(), "plain.csv")
    other = [line.replace(",", ";").replace(".", ",") for line in rows()]
    said("new", "one", "--from", plain)
    said("new", "two", "--from", put(tmp_path, other, "other.csv", "city;month;pm25"))
    one, two = ((regions / name / "data/city_month.csv").read_bytes() for name in ("one", "two"))
    assert one == two


@pytest.mark.parametrize("name", ["../x", "a/b", "", "Mine", "mine!", "-x", "x" * 41, "1x", ".x", "con tra"])
def test_a_name_that_no_folder_may_have(csv, regions, name):
    assert "cannot name a region: expected a small letter" in mistake("new", "--from", csv, "--", name)
    assert not regions.exists()


def test_an_existing_region_is_left_alone(csv, regions):
    said("new", "mine", "--from", csv)
    before = files(regions)
    assert "there is a region 'mine' already: choose another name" in mistake("new", "mine", "--from", csv)
    assert "there is a region 'mine' already" in mistake("simulate", "mine")
    assert files(regions) == before


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--years", "2015:2031"], "--years: found 2031, expected two of the whole years of my.csv"),
        (["--years", "2015"], "--years is '2015': expected FIRST:LAST"),
        (["--break", "2018"], "--break is '2018': expected a month as YYYY-MM"),
        (["--break", "2030-01"], "the change of ruler in 2030-01 lies outside the record"),
        (["--title", "<b>"], "--title is '<b>': expected a plain text"),
        (["--official", "nowhere.csv"], "nowhere.csv is missing"),
        (["--descriptor", "nowhere.toml"], "nowhere.toml is missing"),
    ],
)
def test_a_mistake_writes_nothing(csv, regions, more, sentence):
    assert sentence in mistake("new", "mine", "--from", csv, *more)
    assert not regions.exists()


def test_nothing_is_half_written(csv, regions, monkeypatch):
    monkeypatch.setattr(region_folder, "pages", lambda *arguments: (_ for _ in ()).throw(OSError(28, "full", "x")))
    assert run("new", "mine", "--from", csv).exit_code == 1
    assert list(regions.iterdir()) == []


def test_a_mistake_ends_with_exit_code_1_and_one_line(tmp_path):
    bad = put(tmp_path, ["Ash,2015-01,-4"])
    command = [sys.executable, "-m", "jingjinji.cli.main", "region", "check", str(bad)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith("error: my.csv, row 2, column 'pm25': found -4")
    assert result.stderr.count("\n") == 1


# --- the pages --------------------------------------------------------------------------------------------------------

PARTS = (
    "weather",
    "official",
    "ruler",
    "converted",
    "procedure",
    "latitude",
    "forecast",
    "areas",
    "made-up",
    "about",
    "split",
    "two-rulers",
    "weather-rates",
)
SIGNS = {
    "weather": "region.weather.filled",
    "two-rulers": "a part of the change is the ruler's",
    "official": "region.official-apart",
    "procedure": "region.procedure",
    "latitude": "by latitude",
    "forecast": "region.forecast.coverage94",
    "made-up": "A made-up region",
    "split": "region.begins",
    "about": "WHO BELONGS",
}
"""What a page has where a region has a part, and nowhere else."""


def chapter(*told: str) -> str:
    about = descriptor.Descriptor(title="T", about="WHO BELONGS")
    return region_folder.pages(about, list(told), Path("/x/mine"))["chapters/decline.md"]


@pytest.mark.parametrize("part", SIGNS)
def test_a_part_is_on_the_page_where_the_region_has_it(part):
    assert SIGNS[part] in chapter(part)
    assert SIGNS[part] not in chapter(*(other for other in PARTS if other != part))


def test_what_a_region_lacks_is_told_among_what_cannot_be_said():
    assert "**The weather.**" in chapter("official")
    assert "**The weather.**" not in chapter("weather")
    assert "**Whether the months are right.**" in chapter("official")
    assert ("There are no official" in chapter(), "There are no official" in chapter("official")) == (True, False)
    assert "region.weather.difference" in chapter("weather", "weather-rates")
    assert "region.weather.difference" not in chapter("weather")
    assert "region.ruler.usual" in chapter("ruler")
    assert "region.ruler.usual" in chapter("ruler", "weather")
    assert "region.ruler.multiple" not in chapter("ruler", "weather")
    assert "region.ruler.multiple" in chapter("ruler", "weather", "converted")
    assert "region.ruler.usual" not in chapter("ruler", "weather", "converted")
    assert "region.ruler" not in chapter()


def test_no_page_of_the_template_names_a_place_of_the_book_or_types_a_year():
    from jingjinji.topics.air.decline import CITIES

    everything = region_folder.pages(descriptor.Descriptor(title="T"), list(PARTS), Path("/x/mine"))
    assert everything.pop(region_folder.REFERENCES)
    for file, text in everything.items():
        assert not [place for place in (*CITIES, "Hebei") if place in text], file
        prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL) if file.endswith(".md") else ""
        assert not re.search(r"\b(19|20)\d\d\b", re.sub(r"\{cite:t\}`\w+`", "", prose)), file


def test_a_text_of_the_user_is_no_markup():
    about = descriptor.Descriptor(title="[a](b) *c*", about="# d")
    made = region_folder.pages(about, ["about"], Path("/x/mine"))
    assert r"\[a\]\(b\) \*c\*" in made["index.md"]
    assert r"\# d" in made["chapters/decline.md"]


def test_passages_within_passages():
    text = "a\n%% if x\nb\n%% if y\nc\n%% end\n%% end\n%% unless x\nd\n%% end\n"
    assert region_folder.rendered(text, ["x", "y"], {}) == "a\nb\nc\n"
    assert region_folder.rendered(text, ["x"], {}) == "a\nb\n"
    assert region_folder.rendered(text, ["y"], {}) == "a\nd\n"
    with pytest.raises(ValueError, match="without its other end"):
        region_folder.rendered("%% if x\nb\n", ["x"], {})


# --- a region that has changed, and one that goes ---------------------------------------------------------------------


def test_a_page_that_is_missing_is_written_and_one_that_is_there_is_left(csv, regions):
    said("new", "mine", "--from", csv)
    place = regions / "mine"
    (place / "chapters/appendix/models.md").unlink()
    (place / "index.md").write_text("# Mine\n", encoding="utf-8")
    region_folder.complete(place)
    assert (place / "chapters/appendix/models.md").exists()
    assert (place / "index.md").read_text("utf-8") == "# Mine\n"


def test_a_chapter_that_was_written_for_other_parts_is_told(csv, regions):
    said("new", "mine", "--from", csv)
    place = regions / "mine"
    toml = (place / "region.toml").read_text("utf-8").replace("[cities]", 'procedure = "2016-03"\n\n[cities]')
    (place / "region.toml").write_text(toml, encoding="utf-8")
    with pytest.raises(
        BookError, match="was written for a region with forecast months, which has now forecast months procedure"
    ):
        region_folder.complete(place)
    (place / "chapters/decline.md").unlink()
    region_folder.complete(place)
    assert "region.procedure" in (place / "chapters/decline.md").read_text("utf-8")


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch], ids=["folder", "file"])
def test_something_else_of_a_name_is_no_region(csv, regions, make):
    regions.mkdir()
    make(regions / "mine")
    sentence = mistake("new", "mine", "--from", csv)
    assert f"there is something else at {regions / 'mine'}, without a region.toml: choose another name" in sentence
    assert "region remove" not in sentence


def test_a_place_that_cannot_be_written_is_answered_with_its_own_variable(csv, tmp_path, monkeypatch):
    monkeypatch.setenv("JINGJINJI_REGIONS", str(put(tmp_path, "x", "file") / "regions"))
    sentence = mistake("new", "mine", "--from", csv)
    assert "have JINGJINJI_REGIONS name a folder that can be written" in sentence
    assert "JINGJINJI_CACHE" not in sentence


def test_remove_asks_and_leaves_nothing(csv, regions):
    said("new", "mine", "--from", csv)
    (regions / "mine/.cache/fits").mkdir(parents=True)
    assert run("remove", "mine", input="n\n").exit_code == 1
    assert (regions / "mine").exists()
    assert "is gone" in said("remove", "mine", "--yes")
    assert not (regions / "mine").exists()
    assert "there is no region 'mine'" in mistake("remove", "mine", "--yes")


def test_the_last_region_takes_its_folder_with_it(csv, tmp_path, monkeypatch):
    monkeypatch.delenv("JINGJINJI_REGIONS")
    monkeypatch.setattr(jingjinji, "PROJECT", tmp_path)
    said("new", "mine", "--from", csv)
    assert (tmp_path / "regions/mine").exists()
    said("remove", "mine", "--yes")
    assert not (tmp_path / "regions").exists()


@pytest.mark.parametrize("name", ["..", "../regions", "nowhere", ""])
def test_no_other_folder_can_be_removed(csv, regions, name):
    said("new", "mine", "--from", csv)
    assert "there is no region" in mistake("remove", "--yes", "--", name)
    assert (regions / "mine").exists()


def test_list_names_the_regions(csv, regions):
    assert "has no region" in said("list")
    said("new", "mine", "--from", csv, "--title", "My land")
    assert said("list") == "mine: My land, 2 cities, 2015 to 2017\n"


def test_build_of_no_region_is_a_sentence():
    assert mistake("build", "nowhere") == "there is no region 'nowhere': there is none yet"


def test_a_process_of_a_region_has_its_own_caches(tmp_path, monkeypatch):
    monkeypatch.setenv("JINGJINJI_STORE", "/shared")
    monkeypatch.setenv("JINGJINJI_SITE", "https://book.example/")
    monkeypatch.setenv("PYTENSOR_FLAGS", "mode=FAST_COMPILE,base_compiledir=/book,numba__fastmath=False")
    made = region.environment(tmp_path)
    assert "JINGJINJI_STORE" not in made
    assert "JINGJINJI_SITE" not in made
    assert "NUMBA_CACHE_DIR" not in made
    assert made["PYTENSOR_FLAGS"] == "mode=FAST_COMPILE"
    assert (made["JINGJINJI_PROJECT"], made["JINGJINJI_CACHE"]) == (str(tmp_path), str(tmp_path / ".cache"))


def test_a_region_is_lent_what_the_book_has_compiled(csv, regions, tmp_path, monkeypatch):
    said("new", "mine", "--from", csv)
    monkeypatch.setattr(jingjinji, "CACHE", tmp_path / "cache")
    own = regions / "mine/.cache/pytensor/numba"
    region_folder.lend_compiled(regions / "mine")
    assert not own.exists()
    (tmp_path / "cache/pytensor/numba").mkdir(parents=True)
    theirs = put(tmp_path / "cache/pytensor/numba", "compiled", "add.nbc")
    put(theirs.parent, "unfinished", "add.nbc.tmp.1")
    region_folder.lend_compiled(regions / "mine")
    assert files(own) == {"add.nbc": "compiled"}
    said("remove", "mine", "--yes")
    assert theirs.read_text("utf-8") == "compiled"


def build_refused(folder: Path, change: dict[str, tuple[str, str]], monkeypatch, *more: str) -> str:
    """What `build` says, before anything runs or is written, once texts of the region's files are replaced."""
    for file, (old, new) in change.items():
        text = (folder / file).read_text("utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    monkeypatch.setattr(region.subprocess, "run", lambda *a, **k: pytest.fail("a build was begun"))
    sentence = mistake("build", folder.name, *more)
    assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == before
    return sentence


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("[2015, 2017]", "[2010, 2017]", "region.toml, years: found 2010, expected two of the whole years of city_mon"),
        ("[2015, 2017]", "[2017, 2015]", "region.toml, years: found 2017 to 2015, expected a first year before"),
        ('South" = ["Bell"]', 'South" = ["Cold"]', "region.toml, areas.South: found Cold, expected cities of city_mon"),
        ('"South" = ["Bell"]', '"North" = ["Bell"]', "area_year.csv, row 2, column 'area': found 'South', expected"),
        ('"Ash" = {}\n', "", "region.toml, cities: found no Ash, expected every city of city_month.csv"),
        ('"Ash" = {}', '"Ash" = {}\n"Cold" = {}', "region.toml, cities: found Cold, expected cities of city_month"),
        ("[cities]", 'ruler = "2030-01"\n[cities]', "the change of ruler in 2030-01 lies outside the record"),
        ("[cities]", "starts = 7\n[cities]", "region.toml, years: found 2017, expected two of the whole years"),
        ("[2015, 2017]", "[2015, 2016]\nstarts = 7", "area_year.csv: found official annual means, expected none"),
    ],
)
def test_build_holds_the_descriptor_against_the_tables(tmp_path, csv, regions, monkeypatch, old, new, sentence):
    put(tmp_path, '[areas]\nSouth = ["Bell"]\n', "my.toml")
    official = put(tmp_path, ["South,2016,49.5"], "official.csv", "area,year,pm25")
    said("new", "mine", "--from", csv, "--official", official)
    assert sentence in build_refused(regions / "mine", {"region.toml": (old, new)}, monkeypatch)


def test_what_new_has_written_build_reads_again(tmp_path, csv, regions):
    from jingjinji.core.intake import span

    official = put(tmp_path, ["Ash,2016,49.51234"], "official.csv", "area,year,pm25")
    air = [f"{month},{int(month[5:]) + k % 5 - 7 + 0.00001:.5f}" for k, month in enumerate(span("2015-01", "2017-12"))]
    weather = put(tmp_path, air, "air.csv", "month,temperature")
    said("new", "mine", "--from", csv, "--official", official, "--weather", weather)
    assert region_folder.refuse_contradictions(regions / "mine") == descriptor.read(regions / "mine/region.toml")
    region_folder.complete(regions / "mine")


@pytest.mark.parametrize("file", ["chapters/decline.md", "_toc.yml", "index.md"])
def test_a_page_in_another_encoding_is_named(csv, regions, monkeypatch, file):
    said("new", "mine", "--from", csv)
    path = regions / "mine" / file
    path.write_text(path.read_text("utf-8"), encoding="utf-16")
    sentence = build_refused(regions / "mine", {}, monkeypatch)
    assert f"{path}, row 1: found byte 0xff that is not UTF-8, expected text in UTF-8; save the file so" in sentence


def test_nothing_is_written_where_something_is_refused(csv, regions, monkeypatch):
    said("new", "mine", "--from", csv)
    (regions / "mine/index.md").unlink()
    change = {"chapters/decline.md": ("written_for: forecast months", "written_for: months")}
    assert "was written for a region with months" in build_refused(regions / "mine", change, monkeypatch)


def test_regions_of_an_installed_package_are_in_the_working_folder(tmp_path, monkeypatch):
    """And not among the package's own files, where another version of it would take them away."""
    monkeypatch.delenv("JINGJINJI_REGIONS", raising=False)
    monkeypatch.chdir(tmp_path)
    assert region_folder.root() == jingjinji.PROJECT / "regions"
    monkeypatch.setattr(jingjinji, "CARRIED", jingjinji.PROJECT)
    assert region_folder.root() == tmp_path / "regions"


def test_a_region_is_not_sent_to_the_book_for_other_seeds(inside):
    code = (
        "from jingjinji.cli import main; from jingjinji.core.errors import BookError\n"
        "from jingjinji.fits import fitting\n"
        "fitting.problem_of = lambda name, key: 'short'; fitting.may_go_on = lambda name, key: True; "
        "fitting.broken = lambda name, key: False\n"
        "try:\n    main._end_where_unpublished(['region'])\nexcept BookError as error:\n    print(error)\n"
    )
    text = inside(code)
    assert "sample with other seeds, 'JINGJINJI_SEED=1 jingjinji region build mine'" in text
    assert re.search(r"'JINGJINJI_PROJECT=\S+mine JINGJINJI_CACHE=\S+ jingjinji fit region --further'", text)
    assert "make book" not in text


# --- made-up regions --------------------------------------------------------------------------------------------------


def test_a_made_up_region_has_the_truth_that_was_asked_for(regions):
    said("simulate", "riddle", "--places", 3, "--years", 4, "--decline", -40)
    place = regions / "riddle"
    truth = json.loads((place / "truth.json").read_text("utf-8"))
    assert truth["course"]["all"] == pytest.approx(-40, abs=1e-3)
    assert len(truth["cities"]) == 3
    made = descriptor.read(place / "region.toml")
    assert made.made_up
    assert made.years == (2015, 2018)
    assert not [file for file, text in files(place).items() if "truth.json" in text and file != "truth.json"]


def test_the_same_seed_makes_the_same_region_and_another_another_with_another_truth(regions):
    for name, seed in (("a", 1), ("b", 1), ("c", 2), ("d", 7)):
        said("simulate", name, "--places", 3, "--years", 3, "--seed", seed)
    hashes = {name: hashlib.sha256((regions / name / "data/city_month.csv").read_bytes()).hexdigest() for name in "abc"}
    assert hashes["a"] == hashes["b"] != hashes["c"]
    truth = {name: json.loads((regions / name / "truth.json").read_text("utf-8"))["course"]["all"] for name in "abcd"}
    assert truth["a"] == truth["b"]
    assert len({round(truth[name], 1) for name in "acd"}) == 3


@pytest.mark.parametrize("years", [2, 6, 20])
def test_the_truths_of_a_class_differ_and_none_would_be_drawn_back_by_the_prior(years):
    from jingjinji.cli import made_up

    low, high = made_up.fastest(years)
    truths = [made_up.likely(years, seed) for seed in range(1, 31)]
    assert all(low < truth < high for truth in truths)
    assert sum(truth < 0 for truth in truths) in range(20, 30)
    rates = np.log1p(np.array(truths) / 100) / (years - 1)
    assert np.ptp(rates) > 0.1
    assert abs(rates).max() < made_up.SLOPE[1] * made_up.SURPRISING / 2
    assert len({*np.round(truths, 1)}) > 15


@pytest.mark.parametrize("decline", [-90, 0, 60])
def test_any_change_can_be_made_up(decline):
    from jingjinji.cli import made_up

    months, truth = made_up.region(4, 5, 3, decline)
    assert truth["course"]["all"] == pytest.approx(decline, abs=1e-3)
    assert abs(truth["measured"]["all"] - decline) < 40
    assert months.whole_years() == tuple(range(2015, 2020))


def test_a_change_that_the_prior_would_draw_back_is_refused(regions):
    sentence = mistake("simulate", "riddle", "--years", 3, "--decline", -60)
    assert "--decline is -60 % in 3 years: expected -36 to 55 %" in sentence
    assert not regions.exists()


def test_the_fewer_years_the_less_of_a_made_up_change_is_allowed():
    """A 94 % interval of a truth at the edge still holds it in 87 records of 100, by the normal approximation."""
    from jingjinji.cli import made_up

    width, mean = stats.norm.ppf(0.97), made_up.SLOPE[1]
    for years in range(2, 21):
        taken = made_up.taken(years)
        away = np.log1p(made_up.fastest(years)[1] / 100) / (mean * (years - 1)) * taken**0.5
        inside = np.diff(stats.norm.cdf(np.array([-width, width]), away, (1 - taken) ** 0.5))[0]
        assert inside > 0.87
    assert made_up.taken(2) > 0.3
    assert made_up.taken(6) < 0.03


WITH_HEIGHTS = 'ruler = "2016-05"\n[cities]\nAsh = { height = 500 }\nBell = { height = 520 }\n'


@pytest.mark.parametrize(
    ("plain", "pressure", "fits"),
    [("", 955, False), ("plain = 500\n", 955, True), ("", 1013, True), ("plain = 500\n", 1013, False)],
)
def test_pressure_of_another_height_than_told_is_refused(tmp_path, csv, plain, pressure, fits):
    from jingjinji.core.intake import span

    put(tmp_path, plain + WITH_HEIGHTS, "my.toml")
    air = [f"{month},{int(month[5:]) + k % 7},{pressure + k % 5}" for k, month in enumerate(span("2015-01", "2017-12"))]
    weather = put(tmp_path, air, "air.csv", "month,temperature,pressure")
    if fits:
        assert "converted by temperature and pressure" in said("check", csv, "--weather", weather)
    else:
        assert "air.csv, column 'pressure': found a mean of" in mistake("check", csv, "--weather", weather)


@pytest.mark.parametrize(
    ("ruler", "years", "between"),
    [("", "2015:2017", False), ("2016-05", "2015:2017", True), ("2016-01", "2016:2017", False),
     ("2016-02", "2016:2017", True), ("2017-02", "2015:2016", False), ("2016-05", "2015:2016", True)],
)  # fmt: skip
def test_a_change_across_two_rulers_is_told_in_the_answer(csv, regions, ruler, years, between):
    said("new", "mine", "--from", csv, "--years", years, *(["--break", ruler] if ruler else []))
    for page in ("index.md", "chapters/decline.md"):
        assert ("a part of the change is the ruler's" in (regions / "mine" / page).read_text("utf-8")) == between


def test_the_truth_gets_a_page_where_somebody_asks(regions, csv):
    said("simulate", "riddle", "--places", 2, "--years", 2)
    place = regions / "riddle"
    region_folder.complete(place)
    assert not (place / "chapters/truth.md").exists()
    region_folder.complete(place, truth=True)
    assert (place / "chapters/truth.md").exists()
    assert (place / "_toc.yml").read_text("utf-8").count("chapters/truth") == 1
    region_folder.complete(place, truth=True)
    assert (place / "_toc.yml").read_text("utf-8").count("chapters/truth") == 1
    toc = (place / "_toc.yml").read_text("utf-8")
    (place / "_toc.yml").write_text(toc.replace("      - file: chapters/truth\n", ""), encoding="utf-8")
    (place / "_toc.yml").write_text(re.sub("(?m)^ {6}", "  ", (place / "_toc.yml").read_text("utf-8")), "utf-8")
    region_folder.complete(place, truth=True)
    assert "  - file: chapters/decline\n  - file: chapters/truth\n" in (place / "_toc.yml").read_text("utf-8")
    (place / "_toc.yml").write_text("format: jb-book\nroot: index\n", encoding="utf-8")
    (place / "chapters/truth.md").unlink()
    with pytest.raises(BookError, match="has no line '- file: chapters/decline', expected one to put the truth below"):
        region_folder.complete(place, truth=True)
    assert not (place / "chapters/truth.md").exists()
    said("new", "mine", "--from", csv)
    with pytest.raises(BookError, match="region 'mine' was not made up: nobody knows its truth"):
        region_folder.complete(regions / "mine", truth=True)


# --- a region's project -----------------------------------------------------------------------------------------------


@pytest.fixture
def inside(csv, regions):
    """Run code in a process whose project is a region."""
    said("new", "mine", "--from", csv)

    def ask(code: str) -> str:
        environment = region.environment(regions / "mine") | {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}
        command = [sys.executable, "-c", code]
        result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
        assert result.returncode == 0, result.stderr
        return result.stdout

    return ask


def test_the_registry_of_a_region_offers_its_model_alone(inside):
    code = (
        "from jingjinji.core import registry; from jingjinji.fits import fitting, keys\n"
        "from jingjinji.fits.dependencies import Sources; import jingjinji\n"
        "print(registry.TOPICS, registry.FACTS, registry.BY_HOUR, fitting.names())\n"
        "found = Sources(jingjinji.PROJECT).dependencies('from jingjinji.topics.air import region_findings')\n"
        "print(sorted(name for name in found if not name.startswith('jingjinji/')))\n"
        "print(found['requirements.lock'] != 'missing', 'jingjinji/topics/air/months.py' in found)\n"
        "print(registry.load('region').pm25.shape, list(registry.words())[:1])\n"
    )
    topics, names, lock, panel = inside(code).strip().split("\n")
    assert topics == "('region',) () () ['region', 'region/to-2016']"
    assert "'data/city_month.csv'" in names
    assert "'region.toml'" in names
    assert lock == "True True"
    assert panel == "(36, 2) ['region.first']"


def test_the_model_of_a_bare_region_has_no_parameter_that_nothing_informs(inside):
    code = (
        "from jingjinji.core import registry; from jingjinji.fits import fit_job\n"
        "topic = fit_job.Topic('region'); names = sorted(v.name for v in topic.model.free_RVs)\n"
        "print(names); print([v.name for v in topic.model.observed_RVs])\n"
        "print(sorted(set(names) - set(registry.reasons('region'))))\n"
    )
    free, seen, without_reason = inside(code).strip().split("\n")
    for name in ("weather", "step", "contrast", "collected", "official_scale", "days"):
        assert f"'{name}" not in free
    assert seen == "['cells']"
    assert without_reason == "[]"


def test_a_claim_about_years_outside_the_data_is_refused(inside):
    code = (
        "from types import SimpleNamespace; import numpy as np\n"
        "from jingjinji.core import registry; from jingjinji.core.errors import BookError\n"
        "from jingjinji.topics.air import drawn\n"
        "of = registry.load('region').region\n"
        "for ask in (lambda: drawn.year_of(2031, of.years[0], of.years[-1]),\n"
        "            lambda: drawn.month_of('2018-01', of.months[0], of.months[-1])):\n"
        "    try:\n        ask()\n    except BookError as error:\n        print(error)\n"
    )
    assert inside(code).splitlines() == [
        "year 2031 is outside the model: it knows 2015 to 2017",
        "month 2018-01 is outside the model: it knows 2015-01 to 2017-12",
    ]


def test_a_region_within_a_region_is_refused(inside):
    code = (
        "from jingjinji.cli import region_folder; from jingjinji.core.errors import BookError\n"
        "try:\n    region_folder.root()\nexcept BookError as error:\n    print(error)\n"
    )
    assert "is itself a region: run the command in the book" in inside(code)
