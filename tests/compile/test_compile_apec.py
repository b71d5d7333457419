"""The weeks of the synthetic control: periods around the ban, and which cities are among them."""

import importlib.util

import numpy as np
import pandas as pd
import pytest

import jingjinji
from jingjinji.core import tables

SCRIPT = jingjinji.PROJECT / "compile" / "compile_apec.py"
DAYS = pd.date_range("2014-08-01", "2015-02-28")


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("compile_apec", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_days(folder, script, missing: tuple[str, ...] = ()):
    """Every city of the control area and two donors; PM2.5 is the number of the day, and a hundred more a city."""
    cities = [*script.CONTROL_AREA, "西安", "广州"]
    frames = []
    for number, city in enumerate(cities):
        days = pd.DataFrame({"date": DAYS, "city_zh": city, "pm25": np.arange(len(DAYS)) + 100.0 * number})
        frames.append(days.iloc[1:] if city in missing else days)
    (folder / "air").mkdir()
    pd.concat(frames).to_csv(folder / "air" / "china_city_day_2014-08_2015-02_aqistudy.csv.gz", index=False)
    return folder


@pytest.fixture(scope="module")
def weeks(script, tmp_path_factory) -> pd.DataFrame:
    return script.city_weeks(write_days(tmp_path_factory.mktemp("research"), script))


def test_thirteen_weeks_then_the_ban_then_weeks(weeks):
    beijing = weeks[weeks.city == "Beijing"]
    starts, ends = pd.to_datetime(beijing.start), pd.to_datetime(beijing.end)
    assert ((ends - starts).dt.days + 1).tolist() == beijing.days.tolist() == [7] * 13 + [10] + [7] * 15
    assert starts.iloc[13] == pd.Timestamp("2014-11-03")
    assert ends.iloc[13] == pd.Timestamp("2014-11-12")
    assert (starts.iloc[1:].to_numpy() - ends.iloc[:-1].to_numpy() == np.timedelta64(1, "D")).all()
    assert (starts.iloc[0], ends.iloc[-1]) == (pd.Timestamp("2014-08-04"), pd.Timestamp("2015-02-25"))


@pytest.mark.parametrize("last", ["2015-02-19", "2015-02-22", "2015-02-27"])
def test_no_mean_is_of_less_than_a_week(script, tmp_path, monkeypatch, last):
    monkeypatch.setattr(script, "LAST_DAY", pd.Timestamp(last))
    made = script.city_weeks(write_days(tmp_path, script))
    assert made.days.min() == 7
    assert made.end.max() == pd.Timestamp(last).date()


def test_means_are_those_of_the_periods_days(weeks):
    first = (pd.Timestamp("2014-08-04") == DAYS).argmax()
    rows = weeks.set_index(["city", "start"]).pm25
    assert rows["Beijing", pd.Timestamp("2014-08-04").date()] == first + 3
    ban = (pd.Timestamp("2014-11-03") == DAYS).argmax()
    assert rows["Tianjin", pd.Timestamp("2014-11-03").date()] == 100 + ban + 4.5


def test_groups_of_the_cities(weeks):
    group = weeks.drop_duplicates("city").set_index("city")["group"]
    assert len(group) == 15
    assert (group == "Beijing-Tianjin-Hebei").sum() == 13
    assert (group["Xi'an"], group["Guangzhou"]) == ("Northwest", "South")


def test_a_donor_that_misses_a_day_is_left_out(script, tmp_path):
    made = script.city_weeks(write_days(tmp_path, script, missing=("广州",)))
    assert "Guangzhou" not in set(made.city)
    assert "Xi'an" in set(made.city)


def test_a_city_of_the_area_that_misses_a_day_stops_the_run(script, tmp_path):
    with pytest.raises(SystemExit, match="Handan of the control area misses days"):
        script.city_weeks(write_days(tmp_path, script, missing=("邯郸",)))


def test_a_day_that_no_city_has_stops_the_run(script, tmp_path):
    file = write_days(tmp_path, script) / "air" / "china_city_day_2014-08_2015-02_aqistudy.csv.gz"
    pd.read_csv(file).query("date != '2014-09-10'").to_csv(file, index=False)
    with pytest.raises(SystemExit, match="misses days"):
        script.city_weeks(tmp_path)


def test_published_means_are_of_whole_periods():
    assert set(tables.load("city_week")["days"]) == {7, 10}


def test_no_city_is_donor_and_of_the_area(script):
    names = [*script.CONTROL_AREA, *(city for group in script.DONORS.values() for city in group)]
    assert len(names) == len(set(names))
    published = tables.load("city_week")
    english = {**script.CONTROL_AREA, **{k: v for group in script.DONORS.values() for k, v in group.items()}}
    assert set(published.city) <= set(english.values())
    assert set(script.CONTROL_AREA.values()) <= set(published.city)
