"""What the page on November 2014 shows: each verdict follows from its findings and turns when they turn."""

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from jingjinji.core import registry, tables
from jingjinji.core.findings import Finding, exact
from jingjinji.topics.november import donors, page
from jingjinji.topics.november import series as apec_series
from jingjinji.topics.november import series_findings as said


def spread(low: float, high: float, id: str = "x") -> Finding:
    return Finding(id, "x", np.linspace(low, high, 400).reshape(4, 100), "%", "m", ())


@pytest.mark.parametrize(
    ("estimate", "note", "found"),
    [
        ("-21.8 %", "-17.7 µg/m³", [-21.8]),
        ("-55.9 to -58.5 %", "", [-55.9, -58.5]),
        ("-45; -43; -64; -31 %", "", [-45]),
        ("69.5 µg/m³", "+61.6 % vs actual; effect -38 %", [-38]),
        ("69.5 µg/m³", "effect -38.5 % of all", [-38.5]),
        ("-13.5 to -14.7; -2 to -3 %", "", [-13.5, -14.7]),
    ],
)
def test_percentages_of_an_estimate_as_it_is_printed(estimate, note, found):
    assert page._percents(estimate, note) == found


def test_published_effects_are_points_or_ranges():
    found = dict(page.published((*page.TOTAL, *page.PART, *page.RAW)))
    table = tables.load("published_results").set_index("id")
    assert len(found) == 5
    assert found["official evaluation"].mean == -38
    assert found["official evaluation"].exact
    assert found["Gao M. et al. 2017"].mean == table.loc["P025", "value"]
    low, high = found["Gu & Liao 2016"].draws.min(), found["Gu & Liao 2016"].draws.max()
    assert (low, high) == (-58.5, -55.9)
    assert list(dict(page.published(("P025",)))) == ["Gao M. et al. 2017"]


def test_later_windows_below_zero_are_counted():
    found = {
        "apec.beijing.later-30.effect": spread(-40, -5),
        "apec.beijing.later-60.effect": spread(-40, 5),
        "apec.donors.beijing.later-90.effect": spread(-40, -10),
        "apec.donors.tianjin.later-90.effect": spread(-40, -10),
        "apec.beijing.ban.effect": spread(-40, -10),
    }
    assert page.later_sentence(found).startswith("Of 3 windows of two weeks from 30 days on, 2 lie wholly below")


@pytest.mark.parametrize(("level", "low_as_well"), [(-20.0, True), (20.0, False)])
def test_the_days_before_the_ban_are_averaged_over_as_long_a_time(level, low_as_well):
    dates = pd.date_range("2014-10-01", "2014-11-30")
    ban = pd.Timestamp("2014-11-03"), pd.Timestamp("2014-11-12")
    departures = pd.Series(np.where((dates >= "2014-10-24") & (dates < ban[0]), level, 500.0), dates)
    sentence = page.before_sentence({"embassy": departures}, ban)
    number = f"{level:.0f}".replace("-", "\N{MINUS SIGN}")
    assert sentence.startswith(f"The 10 days before the ban departed by {number}\N{NO-BREAK SPACE}% (embassy)")
    assert ("low as well" in sentence) is low_as_well


def test_moved_windows_in_a_sentence():
    here, earlier, later = spread(-40, -20), spread(-50, -30), spread(-20, 0)
    moved = {"ban": here, "earlier": earlier, "later": later}
    sentence = page.moved_sentence({f"apec.beijing.contrast.{key}": finding for key, finding in moved.items()})
    assert f"earlier the departure without a prior is {earlier.value_text}, three" in sentence
    assert f"three days later it is {later.value_text}; in its place it is {here.value_text}" in sentence


def test_days_between_two_dates_by_series():
    found = page.observed("2014-10-01", "2014-12-31")
    assert list(found) == ["embassy (one site)", "mean of twelve stations"]
    table = tables.load("beijing_day")
    for values, series in zip(found.values(), ("embassy", "stations"), strict=True):
        rows = table[(table.series == series) & table.date.between("2014-10-01", "2014-12-31")]
        assert values.tolist() == pytest.approx(rows.pm25.tolist(), nan_ok=True)
        assert len(values) == 92


def test_curves_are_changes_along_each_variable():
    panel = registry.load("apec_series")
    smooth = np.zeros((1, 3, 2, 7, 6))
    smooth[:, :, 0, 1] = np.random.default_rng(1).normal(size=(3, 6))
    smooth[:, :, 1] = 7.0
    dims = ("chain", "draw", "site", "term", "wave")
    fit = SimpleNamespace(panel=panel, parameters=xr.Dataset({"smooth": (dims, smooth)}))
    found = page.weather_curves(fit)
    raw = apec_series.weather_table(apec_series.days_of("embassy", tables.load("beijing_day")))
    assert [unit for _, _, unit in found.values()] == ["m/s"] * 4 + ["K", "K", "hPa"]
    for variable, (values, draws, _) in zip(apec_series.WEATHER, found.values(), strict=True):
        assert (np.diff(values) >= 0).all()
        assert values[0] >= np.percentile(raw[variable], 1)
        assert values[-1] <= np.percentile(raw[variable], 99)
        assert draws.shape == (3, len(values))
        assert draws.any() == (variable == "wind_ne")
    values, draws, _ = found["wind from north-east"]
    row = int(np.flatnonzero(raw["wind_ne"].to_numpy() == values[-1])[0])
    basis = apec_series.waves(panel.embassy.weather[:, 1], 6, 1.0)
    assert draws[0, -1] == pytest.approx(100 * math.expm1(basis[row] @ smooth[0, 0, 0, 1]))


def test_prior_days_are_wide_and_positive():
    panel = registry.load("apec_series")
    ((draws, measured),) = page.prior_days(panel, draws=20, seed=1).values()
    assert len(measured) == sum(site.pm25.notna().sum() for site in panel.sites)
    assert len(draws) == 20 * len(measured)
    assert (draws > 0).all()
    assert np.percentile(draws, 97) / np.percentile(draws, 3) > 5


def test_a_twin_in_micrograms():
    panel = registry.load("apec_donors")
    parameters = xr.Dataset(
        {
            "share": (("chain", "draw"), np.ones((2, 30))),
            "weight_scale": (("chain", "draw"), np.full((2, 30), 0.5)),
            "log_noise": (("chain", "draw", "region"), np.full((2, 30, 6), -1.5)),
        }
    )
    fit = SimpleNamespace(panel=panel, parameters=parameters, seed=3)
    starts, measured, draws, ban = page.twin(fit, "Handan")
    column = panel.cities.index("Handan")
    mean, _ = donors.counterfactual(parameters, panel, column)
    assert pd.Timestamp(starts[ban]) == pd.Timestamp("2014-11-03")
    np.testing.assert_allclose(measured, np.exp(panel.log_pm25[:, column]))
    assert draws.shape == (60, len(starts))
    np.testing.assert_allclose(np.log(draws).mean(axis=0), mean.mean(axis=0), atol=0.2)


def test_hours_with_and_without_the_midnights_of_the_ban(monkeypatch):
    keys = ("carry-over", "edges", "ban.effect", "ban.effect@without-edges")
    ids = [f"apec.hours.{site}.{key}" for site in ("embassy", "stations") for key in keys]
    monkeypatch.setattr(page.tables, "load", lambda name: pd.DataFrame({"id": ids, "text": [*"abcdefgh"]}))
    found = page.by_hour()
    assert found.iloc[:, 1:].to_numpy().tolist() == [[*"abcd"], [*"efgh"]]
    assert found.series.tolist() == ["embassy (one site)", "mean of twelve stations"]


def test_the_worked_example_says_rightly_what_the_midnights_do():
    hours = tables.load("apec_by_hour").set_index("id")["mean"]
    for site in ("embassy", "stations"):
        assert hours[f"apec.hours.{site}.edges"] > 60
        assert hours[f"apec.hours.{site}.ban.effect@without-edges"] < hours[f"apec.hours.{site}.ban.effect"] - 10


def test_what_made_up_records_say_of_other_cities(monkeypatch):
    made = {"toy": (-30.0, -20.4), "toy-none": (0.0, 8.9), "toy-small": (-10.0, -3.4)}
    monkeypatch.setattr(page.simulations, "estimates", lambda topic, id: made)
    rows = [{"id": "apec.donors.beijing.ban.effect", "records": 64}, {"id": "x", "records": 3}]
    monkeypatch.setattr(page, "published_file", lambda path: {"apec_donors": {"rows": rows}})
    stray = 0.3 * np.random.default_rng(1).standard_normal((4, 5000))
    words = page.records_of_donors(Finding("x", "x", 100 * np.expm1(stray - 0.7), "%", "m", ())).replace("\xa0", " ")
    assert words.startswith("Of 64 made-up records of each known effect this line says on average 9 % where it is 0 %, "
                            "−3 % where it is −10 % and −20 % where it is −30 %. The share that it finds left is "
                            "1.07 to 1.14 times the true one, each factor with a standard error of "
                            "about 0.04.")  # fmt: skip
    assert "give a factor of 1.09 when" in words


def test_how_far_the_ban_is_drawn_rests_on_an_assumed_prior():
    found = {"apec.beijing.prior.narrow": spread(-12, -2), "apec.beijing.prior.wide": spread(-30, -10)}
    narrow, wide = (finding.value_text for finding in found.values())
    sentence = page.prior_sentence(found)
    assert "a prior that is assumed: normal around zero with a standard deviation of 0.3 (logs)" in sentence
    assert sentence.endswith(f"Were that 0.15 or 1, the estimate would be {narrow} or {wide}.")


def test_made_up_records_in_a_row_each():
    found = {
        f"apec.beijing.records.{broken}.{key}.{name}": exact("x", "x", -10.0 * k, "%", ())
        for broken in said.BREAKS for key in said.TRUTHS for k, name in enumerate(said.OF_RECORDS)
    }  # fmt: skip
    table = page.records(found)
    assert len(table) == len(said.BREAKS) * len(said.TRUTHS)
    assert table.iloc[0].tolist() == [
        "as the model assumes",
        "0 %",
        "0\xa0%",
        "−10\xa0%",
        "−20\xa0%",
        "−30\xa0%",
        "−40\xa0%",
        "−50\xa0%",
    ]
    assert table.truth.tolist()[:3] == ["0 %", "−10 %", "−30 %"]
    doubtful = dict.fromkeys(found, exact("x", "x", -17.6, "%", (), error=3.0))
    assert page.records(doubtful).departure[0] == doubtful.popitem()[1].value_text
