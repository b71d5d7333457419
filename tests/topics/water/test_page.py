"""What the page on Miyun shows: replicates are those of the model."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from jingjinji.core import registry
from jingjinji.core.findings import exact
from jingjinji.topics.water import april, facts, page, quality, quality_findings, reservoir_findings
from jingjinji.topics.water.quality import MONTHS, POLLUTANTS


def some_panel() -> quality.Panel:
    rows = pd.DataFrame(
        [(s, k, week) for k in range(3) for s in range(2) for week in range(40)],
        columns=["section", "pollutant", "week"],
    ).assign(log=np.log(3.0))
    return quality.Panel(rows, ("a", "古北口"), ("Hai",), np.array([0, 0]))


def some_values(draws: int = 50, **changed) -> dict[str, np.ndarray]:
    value = {
        "section_level": np.broadcast_to(np.log([4, 0.2, 2.5]), (draws, 2, 3)),
        "own_season": np.zeros((draws, 2, 3, 4)),
        "season_basin": np.zeros((draws, 1, 3, 4)),
        "season_scale": np.ones((draws, 4)),
        "log_scatter": np.full((draws, 2, 3), np.log(0.1)),
        "memory": np.zeros((draws, 3)),
    }
    return value | changed


def drawn(**changed) -> np.ndarray:
    """Logarithms drawn anew (draw, pollutant, section, week)."""
    values = page.drawn_medians(some_values(**changed), some_panel(), np.random.default_rng(3))
    return np.log(values).reshape(-1, 3, 2, 40)


def test_medians_are_drawn_around_level_and_season():
    still = np.full((50, 2, 3), -12.0)
    path = drawn(log_scatter=still)
    assert path[:, 2].mean() == pytest.approx(np.log(2.5), abs=1e-3)
    swing = np.zeros((50, 2, 3, 4))
    swing[:, 1, 2, 0] = 0.7
    path = drawn(log_scatter=still, own_season=swing)
    assert path[0, 2, 1] == pytest.approx(np.log(2.5) + 0.7 * quality.season(np.arange(40))[:, 0], abs=1e-3)


def test_departures_last_as_the_model_says():
    path = drawn(memory=np.full((50, 3), 0.8))
    late = path[..., 20:] - path[..., 20:].mean()
    together = np.corrcoef(late[:, 2, :, :-1].ravel(), late[:, 2, :, 1:].ravel())[0, 1]
    assert together == pytest.approx(0.8, abs=0.08)
    assert abs(np.corrcoef(path[:, 1].ravel(), path[:, 2].ravel())[0, 1]) < 0.06


def some_fit():
    section = ("section", "pollutant")
    names = {"section_level": section, "own_season": (*section, "wave"), "log_scatter": section,
             "season_basin": ("basin", "pollutant", "wave"), "season_scale": ("wave",),
             "memory": ("pollutant",)}  # fmt: skip
    values = some_values(80)
    arrays = {name: (("chain", "draw", *dims), values[name].reshape(2, 40, *values[name].shape[1:]))
              for name, dims in names.items()}  # fmt: skip
    return SimpleNamespace(parameters=xr.Dataset(arrays), panel=some_panel(), seed=1)


def test_groups_of_the_check_are_pollutants_and_months():
    groups = page.check_medians(some_fit(), most=20)
    assert list(groups) == [quality_findings.NAMES[name] for name in POLLUTANTS]
    months, statistics = groups["total nitrogen"]
    assert "".join(months) == "MJJASONDJFMA"
    for values, measured in statistics.values():
        assert values.shape == (20, 12)
        assert np.nanmax(np.abs(measured - 3.0)) < 1e-9
        assert np.isnan(measured[-1])
        assert np.nanmedian(values) == pytest.approx(2.5, rel=0.2)


def test_the_monthly_table_prints_findings_and_what_was_measured():
    found = {f"miyun.gubeikou.{p}.{month}": exact("x", "x", k + 1.0, "mg/L", ())
             for k, p in enumerate(POLLUTANTS) for month in MONTHS}  # fmt: skip
    table = page.monthly(found).set_index("month")
    assert (table["total nitrogen (mg/L)"] == "3").all()
    assert table["total nitrogen as measured"]["2020-07"] == "2.8"
    assert table["total nitrogen as measured"]["2021-01"] == ""
    assert table["weeks with readings"]["2021-01"] == 0 < table["weeks with readings"]["2020-07"]
    assert not table.astype(str).apply(lambda column: column.str.contains("HDI")).to_numpy().any()


def test_sections_by_month_print_each_finding():
    found = {f"miyun.{key}.tn.{month}": exact("x", "x", 2 + k, "mg/L", ())
             for key in page.NAMED for k, month in enumerate((*MONTHS, "year"))}  # fmt: skip
    table = page.sections_by_month(found)
    assert list(table.columns) == ["month", *page.NAMED.values()]
    assert table.Gubeikou.tolist() == [str(2 + k) for k in range(13)]


def test_left_out_readings_are_counted_and_their_effect_shown():
    table = page.left_out().set_index("section")
    weeks = page.tables.load("water_section_week")
    assert table["under maintenance"]["all sections"] == weeks.maintenance.sum() > 0
    assert table["instrument at fault"]["Gubeikou"] > 0
    assert table.weeks["all sections"] == len(weeks)


def test_figures_of_the_water_are_printed_with_their_windows():
    table = facts.inflows()
    assert {9.4, 24.8} <= set(table.value)
    assert table.period.notna().all()
    assert set(table.unit) == {"10⁸ m³"}


def test_parts_of_a_worked_settlement_add_up():
    table = page.worked()
    parts = table.drop(columns=["case", "total"]).sum(axis=1)
    assert np.allclose(parts, table.total, atol=0.03)
    by_case = table.set_index("case")
    assert by_case.quality["class kept in half of the months"] < by_case.quality["class kept in every month"]
    assert by_case.nitrogen["a tenth lower, at twice the rate"] == 2 * by_case.nitrogen["total nitrogen a tenth lower"]
    assert by_case.water["Hebei's figure of the water"] > by_case.water["class kept in every month"]


def test_priors_expect_medians_around_the_measured_ones_and_any_storage():
    panel = quality.simulate({}, np.random.default_rng(1), some_panel())
    found = page.prior_medians(panel, 20, 1)
    values, measured = found["total nitrogen"]
    assert len(measured) == 80
    assert values.size == 20 * 80
    low, high = np.percentile(values, [1, 99])
    assert low < measured.min()
    assert high > measured.max()
    months = page.prior_storage(registry.load("storage"), 400, 1)
    assert months.shape == (400, len(reservoir_findings.MONTHS))
    assert np.log(months[:, 0]).mean() == pytest.approx(np.log(20), abs=0.08)
    assert np.log(months[:, 0]).std() == pytest.approx(0.4, rel=0.15)
    assert (np.percentile(months[:, -1], 10) < 10) & (np.percentile(months[:, -1], 90) > 40)


def test_every_assumed_rate_is_printed():
    table = page.rates_table()
    assert table.rate.str.replace(" ", "_").tolist() == list(vars(page.Rates()))
    assert (table["where from"] == "assumed").all()


def test_contrasts_of_april_are_printed_for_both_sets_of_flags():
    ends = ("", ".hai", "@page-flags", ".hai@page-flags")
    found = {f"miyun.april.{p}{end}": exact("x", "x", 10 * k + j, "%", ())
             for k, p in enumerate(april.POLLUTANTS) for j, end in enumerate(ends)}  # fmt: skip
    table = page.april_table(found)
    assert table.iloc[3, 1:].tolist() == [f"{30 + j}\N{NO-BREAK SPACE}%" for j in range(4)]
