"""What a region says of itself: read as it was written, and refused in one sentence; what it can and cannot inform."""

import re
from dataclasses import replace

import pytest
from region_files import put, rows

from jingjinji.core import descriptor, intake, parts
from jingjinji.core.descriptor import Descriptor
from jingjinji.core.errors import DataError

WHOLE = Descriptor(
    title='The "land", 地',
    cities=("Ash", "Bell"),
    latitude={"Ash": 31.2, "Bell": -4.0},
    height={"Bell": 120.0},
    local={"Ash": "梣"},
    areas={"South": ("Bell",)},
    years=(2015, 2017),
    starts=3,
    ruler="2016-05",
    procedure="2016-02",
    plain=12.0,
    about="Two cities.",
    source={"title": "Reports", "license": "none stated"},
    made_up=True,
)


@pytest.mark.parametrize("made", [WHOLE, Descriptor(title="Plain", cities=("Ash", "Bell"), years=(2015, 2016))])
def test_a_descriptor_is_read_as_it_was_written(tmp_path, made):
    assert descriptor.read(put(tmp_path, descriptor.write(made), "region.toml")) == made


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("title = ", "region.toml is not readable as TOML"),
        ("titel = 'x'", "region.toml: found 'titel', expected some of about, areas"),
        ("title = 3", "region.toml, title: found '3', expected a text in one line"),
        ("title = '<script>'", "region.toml, title: found '<script>', expected a text in one line without markup"),
        ("years = [2015]", r"years: found '\[2015\]', expected two years"),
        ("years = ['2015', '2017']", "expected two years"),
        ("starts = 13", "starts: found '13', expected the number of a month"),
        ("ruler = '2018'", "ruler: found '2018', expected a month as YYYY-MM"),
        ("made_up = 1", "made_up: found '1', expected true or false"),
        ("plain = 'high'", "plain: found 'high', expected metres"),
        ("cities = ['Ash']", "cities: found .* expected a table"),
        ("[cities]\nAsh = { latitud = 3 }", "cities.Ash: found .* expected some of latitude, height, local"),
        ("[cities]\nAsh = { latitude = 300 }", "cities.Ash.latitude: found '300', expected a number from -90 to 90"),
        ("[cities]\n'A<b>' = {}", "cities: found 'A<b>', expected a plain name"),
        ("[areas]\nSouth = []", "areas.South: found '\\[\\]', expected a list of cities"),
        ("[areas]\nSouth = ['Ash', 'Ash']", "areas.South: .* expected each city once"),
        ("[source]\nlicence = 'x'", "found 'source.licence', expected some of title"),
    ],
)
def test_a_descriptor_that_is_refused(tmp_path, text, sentence):
    with pytest.raises(DataError) as caught:
        descriptor.read(put(tmp_path, text, "region.toml"))
    assert re.search(sentence, str(caught.value)), str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.fixture
def months(tmp_path) -> intake.Months:
    return intake.read_months(put(tmp_path, rows()))


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (Descriptor(cities=("Cold",)), "cities: found Cold, expected cities of my.csv"),
        (Descriptor(areas={"South": ("Cold",)}), "areas.South: found Cold, expected cities of my.csv"),
        (Descriptor(areas={"Ash": ("Bell",)}), "areas: found Ash, expected a name that no city has"),
        (Descriptor(areas={"all": ("Bell",)}), "areas: found all, expected a name that no city has"),
    ],
)
def test_a_descriptor_that_contradicts_the_months(months, made, sentence):
    with pytest.raises(DataError, match=sentence):
        descriptor.fitted(made, months, "region.toml")


def test_cities_come_in_the_order_of_the_months(months):
    made = descriptor.fitted(Descriptor(cities=("Bell",), areas={"Both": ("Bell", "Ash")}), months, "region.toml")
    assert made.cities == ("Ash", "Bell")
    assert made.areas == {"Both": ("Ash", "Bell")}


def test_a_folder_without_a_descriptor_is_no_region(tmp_path):
    assert descriptor.of(tmp_path) is None


# --- which parts ------------------------------------------------------------------------------------------------------


def some(months: intake.Months, **changed) -> Descriptor:
    return replace(Descriptor(title="x", cities=months.cities, years=(2015, 2017)), **changed)


WEATHER = intake.Weather("air.csv", {"temperature": {}, "pressure": {}})


def test_a_bare_record_has_three_parts_and_every_other_is_told_with_its_reason(months):
    told = parts.of(months, some(months), None, None)
    assert set(told.has) == {"change", "season", "forecast"}
    assert set(told.lacks) == {"areas", "weather", "official", "latitude", "ruler", "procedure"}
    assert all(told.lacks.values())


@pytest.mark.parametrize(
    ("changed", "weather", "part"),
    [
        ({"areas": {"South": ("Bell",)}}, None, "areas"),
        ({"cities": tuple("ABCD"), "latitude": dict(zip("ABCD", range(4), strict=True))}, None, "latitude"),
        ({"procedure": "2016-02"}, None, "procedure"),
        ({"ruler": "2016-02"}, WEATHER, "ruler"),
        ({}, WEATHER, "weather"),
    ],
)
def test_what_a_part_needs(months, changed, weather, part):
    assert part in parts.of(months, some(months, **changed), None, weather).has
    assert part not in parts.of(months, some(months), None, None).has


def test_what_is_not_enough_for_a_part(months):
    told = parts.of(months, some(months, ruler="2016-02"), None, intake.Weather("air.csv", {"temperature": {}}))
    assert "cannot be converted without temperature and pressure" in told.lacks["ruler"]
    assert "latitude" in parts.of(months, some(months, latitude={"Ash": 1.0}), None, None).lacks
    assert "latitude" in parts.of(months, some(months, latitude={"Ash": 1.0, "Bell": 2.0}), None, None).lacks
    four = {"cities": tuple("ABCD"), "latitude": dict.fromkeys("ABCD", 1.0)}
    assert "latitude" in parts.of(months, some(months, **four), None, None).lacks
    for years, told in (((2014, 2017), True), ((2015, 2017), False)):
        assert ("yearly rate" in parts.of(months, some(months, years=years), None, WEATHER).has["weather"]) == told
    assert "forecast" in parts.of(months, some(months, years=(2016, 2017)), None, None).lacks


@pytest.mark.parametrize("key", ["ruler", "procedure"])
def test_a_change_outside_the_record_is_refused(months, key):
    with pytest.raises(DataError, match="in 2018-09 lies outside the record, 2015-01 to 2017-12"):
        parts.of(months, some(months, **{key: "2018-09"}), None, None)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (
            (2014, 2016),
            "--years: found 2014, expected two of the whole years of my.csv, 2015, 2016, 2017; nothing is said",
        ),
        ((2015, 2030), "--years: found 2030"),
        ((2017, 2015), "--years: found 2017 to 2015, expected a first year before the last"),
        ((2016, 2016), "expected a first year before the last"),
    ],
)
def test_years_outside_the_data_are_refused(months, asked, sentence):
    with pytest.raises(DataError, match=sentence):
        parts.choose_years(months, asked, 1, "--years")


def test_a_city_that_was_not_measured_in_a_compared_year_is_refused(tmp_path):
    late = [line for line in rows() if not line.startswith("Bell,2015")]
    made = intake.read_months(put(tmp_path, late))
    with pytest.raises(
        DataError, match="found 0 measured months of Bell in 2015, expected at least 6 of each city in both"
    ):
        parts.choose_years(made, None, 1, "years")
    assert parts.choose_years(made, (2016, 2017), 1, "years") == (2016, 2017)
