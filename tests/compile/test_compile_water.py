"""The maintainers' script for the tables of water and hydrogen: pure parts by hand, tables against the published."""

import compile_hydrogen
import compile_water
import pandas as pd
import pytest

from jingjinji.core import tables


@pytest.mark.parametrize(
    ("note", "side"),
    [
        ('"more than 170"', "lower"),
        ('"less than 4"', "upper"),
        ("about; lower than the sum", "about"),
        ("22 more than 2021", ""),
    ],
)
def test_bounds_are_read_from_the_quoted_words(note, side):
    assert compile_water.bound(note) == side


def test_a_vague_date_is_an_interval():
    assert compile_water.date_interval("2019", "") == ("2019-01-01", "2019-12-31")
    assert compile_water.date_interval("2014-11-15", "November 2014") == ("2014-11-01", "2014-11-30")
    assert compile_water.date_interval("2021-07-01", "") == ("2021-07-01", "2021-07-01")


def test_years_of_a_record_are_rounded_and_taken_half_a_year_short():
    assert compile_water.highest_since("2013-08-06") == "2003-02-06"
    assert compile_water.highest_since("2017-07-17") == "2001-01-01"
    assert compile_water.highest_since("2015-09-20") is None
    known = tables.load("water_storage")
    assert {*compile_water.RECORDS} == {*known["first"][known.highest_since.notna()].dt.strftime("%Y-%m-%d")}


def test_days_by_the_networks_class_leave_out_stops_faults_and_what_is_printed_again():
    days = _days(["正常", "停站", "正常", "正常"], [1.0] * 4).assign(wq_class=["Ⅱ", "Ⅱ", "劣Ⅴ", "-"])
    again = days.iloc[:1].assign(file_date="2020-05-20")
    found = compile_water.days_by_class(pd.concat([days, again])).set_index("section").loc["a"]
    assert found.to_dict() == dict.fromkeys(compile_water.CLASS_DAYS, 0) | {"days_ii": 1, "days_below_v": 1}
    faulty = days.assign(section="古北口", obs_datetime="2021-04-04 08:00", file_date="2021-04-04")
    assert compile_water.days_by_class(faulty).empty


def test_firms_in_the_park_are_a_count_of_their_own():
    zone = tables.load("hydrogen_zone").query("place == 'Daxing zone'").set_index("quantity").value
    assert (zone["enterprises, registered"], zone["enterprises, in the park"]) == (98, 40)
    assert len(zone["enterprises"]) == 4


def test_counts_of_vehicles_are_rounded_to_two_digits_from_a_hundred_on():
    assert [compile_hydrogen.half_digit(v) for v in (7.0, 99.0, 380.0, 4300.0, 10000.0)] == [0.5, 0.5, 5, 50, 500]


def _days(statuses: list[str], nitrogen: list[float]) -> pd.DataFrame:
    dates = [f"2020-05-{11 + k}" for k in range(len(statuses))]
    return pd.DataFrame(
        {"obs_datetime": [f"{date} 08:00" for date in dates], "file_date": dates, "section": "a", "status": statuses}
    ).assign(codmn_mgl=2.0, nh3n_mgl=0.01, tp_mgl=0.1, tn_mgl=nitrogen)


def test_a_week_is_a_median_without_maintenance():
    week = compile_water.section_weeks(_days(["正常", "维护", "正常", "正常"], [1.0, 9.0, 2.0, 3.0])).iloc[0]
    assert (week.tn, week.tn_all, week.tn_readings, week.maintenance) == (2.0, 2.5, 3, 1)
    assert week.nh3n_below
    assert pd.isna(week.nh3n)


def test_no_recalled_figure_is_published():
    names = [name for name in tables.names() if name.startswith(("water_", "hydrogen_"))]
    for name in names:
        table = tables.load(name)
        assert "quote" not in table.columns
        if "confidence" in table:
            assert "memory-unverified" not in set(table.confidence)
    assert len(names) == 13


def test_a_median_below_the_limit_has_no_value():
    table = tables.load("water_section_week")
    for name, limit in compile_water.LIMITS.items():
        assert table.loc[table[f"{name}_below"], name].isna().all()
        assert (table[name].dropna() > limit).all()
        april = tables.load("water_section_april")
        assert (april[name].dropna() > limit).all()
    assert april.nh3n_below.sum() > 100
