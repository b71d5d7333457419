"""What the page on November 2014 shows: each verdict follows from its findings and turns when they turn."""

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from jingjinji import apec_tables, tables
from jingjinji.apec_tables import LINES
from jingjinji.findings import Finding, exact
from jingjinji.models import apec_donors, apec_series


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
    assert apec_tables._percents(estimate, note) == found


def test_published_effects_are_points_or_ranges():
    found = dict(apec_tables.published())
    table = tables.load("published_results").set_index("id")
    assert len(found) == len(apec_tables.OTHERS)
    assert found["official evaluation"].mean == -38
    assert found["official evaluation"].exact
    assert found["Gao M. et al. 2017"].mean == table.loc["P025", "value"]
    low, high = found["Gu & Liao 2016"].draws.min(), found["Gu & Liao 2016"].draws.max()
    assert (low, high) == (-58.5, -55.9)


def some_twins() -> dict[str, dict[str, Finding]]:
    """The first line finds every truth, the second sees nothing, the third sees too much everywhere."""
    intervals = {
        "apec.embassy": {"toy-none": (-8, 9), "toy-small": (-19, -2), "toy": (-37, -22)},
        "apec.stations": {"toy-none": (-20, 20), "toy-small": (-30, 12), "toy": (-28, 5)},
        "apec.donors.beijing": {"toy-none": (-20, -5), "toy-small": (-40, -20), "toy": (-70, -45)},
    }
    return {
        prefix: {f"{prefix}.ban.effect@{variant}": spread(*ends) for variant, ends in by_variant.items()}
        for prefix, by_variant in intervals.items()
    }


def test_twins_say_whether_truth_lies_inside_and_what_would_be_claimed():
    table = apec_tables.twins(some_twins()).set_index(["line", "truth"])
    assert len(table) == 9
    first, second, third = LINES.values()
    assert table["truth inside"].loc[first].tolist() == ["yes", "yes", "yes"]
    assert table["truth inside"].loc[second].tolist() == ["yes", "yes", "no"]
    assert table["truth inside"].loc[third].tolist() == ["no", "no", "no"]
    claimed = table["an effect would be claimed"]
    assert claimed.loc[first].tolist() == ["no", "yes", "yes"]
    assert claimed.loc[second].tolist() == ["no", "no", "no"]
    assert claimed.loc[third].tolist() == ["yes", "yes", "yes"]
    assert table.loc[(first, "−30 %"), "recovered"] == spread(-37, -22).text


def test_the_sentence_counts_what_the_table_shows():
    assert apec_tables.twins_sentence(apec_tables.twins(some_twins())) == (
        "Of 9 truths 5 lie inside their intervals. An effect would have been claimed in 1 of 3 where it was 0 %; "
        "2 of 3 where it was −10 %; 2 of 3 where it was −30 %."
    )


def holding() -> dict[str, Finding]:
    """Findings with which every statement of the article holds."""
    found = {"apec.observed.stations.clean-days": exact("x", "x", 9, "days", ())}
    for prefix in ("apec.embassy", "apec.stations"):
        found[f"{prefix}.weather.adverse"] = share(0.2)
    found["apec.stations.weather.adverse"] = share(0.6)
    for prefix in LINES:
        found[f"{prefix}.ban.below"] = share(0.95)
        found[f"{prefix}.after-ban.effect"] = spread(-20, 30)
    return found


def share(probability: float) -> Finding:
    draws = np.arange(400) < 400 * probability
    return Finding("x", "x", draws.reshape(4, 100), "probability", "m", ())


def verdicts(found: dict[str, Finding]) -> list[str]:
    return apec_tables.claims(found)["verdict"].tolist()


def test_every_claim_holds_where_its_findings_say_so():
    assert verdicts(holding()) == ["holds"] * 4


@pytest.mark.parametrize(
    ("row", "changed"),
    [
        (0, {"apec.observed.stations.clean-days": exact("x", "x", 7, "days", ())}),
        (1, {"apec.stations.weather.adverse": share(0.4)}),
        (2, {"apec.embassy.ban.below": share(0.85)}),
        (2, {"apec.donors.beijing.ban.below": share(0.85)}),
        (3, {"apec.stations.after-ban.effect": spread(-30, -5)}),
    ],
)
def test_a_verdict_turns_when_its_finding_turns_and_no_other_does(row, changed):
    expected = ["holds"] * 4
    expected[row] = "does not hold"
    assert verdicts(holding() | changed) == expected


def test_weather_of_either_series_may_be_adverse():
    one = {"apec.embassy.weather.adverse": share(0.6), "apec.stations.weather.adverse": share(0.4)}
    assert verdicts(holding() | one) == ["holds"] * 4


def test_claims_print_the_numbers_that_they_rest_on():
    table = apec_tables.claims(holding())
    assert table["found"].tolist()[:3] == ["9\N{NO-BREAK SPACE}days", "at most 0.600", "at least 0.95"]
    assert table["found"][3].count("%") == 3


def test_days_between_two_dates_by_series():
    found = apec_tables.observed("2014-10-01", "2014-12-31")
    assert list(found) == ["embassy (one site)", "mean of twelve stations"]
    table = tables.load("beijing_day")
    for values, series in zip(found.values(), ("embassy", "stations"), strict=True):
        rows = table[(table.series == series) & table.date.between("2014-10-01", "2014-12-31")]
        assert values.tolist() == pytest.approx(rows.pm25.tolist(), nan_ok=True)
        assert len(values) == 92


def test_curves_are_changes_along_each_variable():
    panel = apec_series.load()
    smooth = np.zeros((1, 3, 7, 6))
    smooth[:, :, 1] = np.random.default_rng(1).normal(size=(3, 6))
    fit = SimpleNamespace(panel=panel, parameters=xr.Dataset({"smooth": (("chain", "draw", "term", "wave"), smooth)}))
    found = apec_tables.weather_curves(fit)
    raw = apec_series.weather_table("embassy")
    assert [unit for _, _, unit in found.values()] == ["m/s"] * 4 + ["K", "K", "hPa"]
    for variable, (values, draws, _) in zip(apec_series.WEATHER, found.values(), strict=True):
        assert (np.diff(values) >= 0).all()
        assert values[0] >= np.percentile(raw[variable], 1)
        assert values[-1] <= np.percentile(raw[variable], 99)
        assert draws.shape == (3, len(values))
        assert draws.any() == (variable == "wind_ne")
    values, draws, _ = found["wind from north-east"]
    row = int(np.flatnonzero(raw["wind_ne"].to_numpy() == values[-1])[0])
    basis = apec_series.waves(panel.weather[:, 1], 6, 1.0)
    assert draws[0, -1] == pytest.approx(100 * math.expm1(basis[row] @ smooth[0, 0, 1]))


def test_prior_days_are_wide_and_positive():
    panel = apec_series.load()
    draws = apec_tables.prior_days(panel, draws=20, seed=1)
    assert draws.shape == (20, panel.pm25.notna().sum())
    assert (draws > 0).all()
    assert np.percentile(draws, 97) / np.percentile(draws, 3) > 5


def test_a_twin_in_micrograms():
    panel = apec_donors.load()
    parameters = xr.Dataset(
        {
            "share": (("chain", "draw"), np.ones((2, 30))),
            "weight_scale": (("chain", "draw"), np.full((2, 30), 0.5)),
            "log_noise": (("chain", "draw", "region"), np.full((2, 30, 6), -1.5)),
        }
    )
    fit = SimpleNamespace(panel=panel, parameters=parameters, seed=3)
    starts, measured, draws, ban = apec_tables.twin(fit, "Handan")
    column = panel.cities.index("Handan")
    mean, _ = apec_donors.counterfactual(parameters, panel, column)
    assert pd.Timestamp(starts[ban]) == pd.Timestamp("2014-11-03")
    np.testing.assert_allclose(measured, np.exp(panel.log_pm25[:, column]))
    assert draws.shape == (60, len(starts))
    np.testing.assert_allclose(np.log(draws).mean(axis=0), mean.mean(axis=0), atol=0.2)
