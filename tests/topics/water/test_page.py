"""What the page on Miyun shows: replicates are those of the model."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from jingjinji.core import registry
from jingjinji.core.findings import Finding, exact
from jingjinji.topics.water import facts, page, quality, quality_findings, reservoir, reservoir_findings
from jingjinji.topics.water.quality import FLOORS, MONTHS, POLLUTANTS


def chance(share: float) -> Finding:
    draws = (np.arange(400) < 400 * share).astype(float).reshape(4, 100)
    return Finding("x", "x", draws, "probability", "m", ())


def some_panel() -> quality.Panel:
    rows = pd.DataFrame(
        [(s, k, week) for k in range(4) for s in range(2) for week in range(40)],
        columns=["section", "pollutant", "week"],
    ).assign(log=np.log(3.0), below=False)
    return quality.Panel(rows, ("a", "b"), ("Hai",), np.array([0, 0]))


def some_values(draws: int = 50, **changed) -> dict[str, np.ndarray]:
    value = {
        "section_level": np.broadcast_to(np.log([4, 0.2, 0.08, 2.5]), (draws, 2, 4)),
        "own_season": np.zeros((draws, 2, 4, 4)),
        "season_basin": np.zeros((draws, 1, 4, 4)),
        "season_scale": np.ones((draws, 4)),
        "log_scatter": np.full((draws, 2, 4), np.log(0.1)),
        "memory": np.zeros((draws, 4)),
        "lean": np.zeros((draws, 4, 3)),
    }
    return value | changed


def drawn(**changed) -> np.ndarray:
    """Logarithms drawn anew (draw, pollutant, section, week)."""
    values = page.drawn_medians(some_values(**changed), some_panel(), np.random.default_rng(3))
    return np.log(values).reshape(-1, 4, 2, 40)


def test_medians_are_drawn_around_level_and_season():
    path = drawn(log_scatter=np.full((50, 2, 4), -12.0))
    assert path[:, 3].mean() == pytest.approx(np.log(2.5), abs=1e-3)
    swing = np.zeros((50, 2, 4, 4))
    swing[:, 1, 3, 0] = 0.7
    path = drawn(log_scatter=np.full((50, 2, 4), -12.0), own_season=swing)
    assert path[0, 3, 1] == pytest.approx(np.log(2.5) + 0.7 * quality.season(np.arange(40))[:, 0], abs=1e-3)


def test_departures_last_and_go_together_as_the_model_says():
    path = drawn(memory=np.full((50, 4), 0.8))
    late = path[..., 20:] - path[..., 20:].mean()
    together = np.corrcoef(late[:, 3, :, :-1].ravel(), late[:, 3, :, 1:].ravel())[0, 1]
    assert together == pytest.approx(0.8, abs=0.08)
    lean = np.zeros((50, 4, 3))
    lean[:, 3, 0] = 1.0
    path = drawn(lean=lean)
    assert np.corrcoef(path[:, 0].ravel(), path[:, 3].ravel())[0, 1] == pytest.approx(0.71, abs=0.06)
    assert abs(np.corrcoef(path[:, 1].ravel(), path[:, 3].ravel())[0, 1]) < 0.06


def test_no_median_is_drawn_below_its_limit():
    path = drawn(section_level=np.full((50, 2, 4), -20.0))
    assert np.allclose(np.exp(path).min(axis=(0, 2, 3)), [FLOORS[name] for name in POLLUTANTS])


def some_fit():
    section = ("section", "pollutant")
    names = {"section_level": section, "own_season": (*section, "wave"), "log_scatter": section,
             "season_basin": ("basin", "pollutant", "wave"), "season_scale": ("wave",),
             "memory": ("pollutant",), "lean": ("pollutant", "earlier")}  # fmt: skip
    values = some_values(80)
    arrays = {name: (("chain", "draw", *dims), values[name].reshape(2, 40, *values[name].shape[1:]))
              for name, dims in names.items()}  # fmt: skip
    return SimpleNamespace(parameters=xr.Dataset(arrays), panel=some_panel(), seed=1)


def test_groups_of_the_check_are_pollutants_and_months():
    groups = page.check_medians(some_fit(), most=20)
    assert list(groups) == list(quality_findings.NAMES.values())
    months, statistics = groups["total nitrogen"]
    assert "".join(months) == "MJJASONDJFMA"
    for values, measured in statistics.values():
        assert values.shape == (20, 12)
        assert np.nanmax(np.abs(measured - 3.0)) < 1e-9
        assert np.isnan(measured[-1])
        assert np.nanmedian(values) == pytest.approx(2.5, rel=0.2)


def test_the_monthly_table_prints_findings_and_counts_readings():
    found = {f"miyun.gubeikou.{p}.{month}": exact("x", "x", k + 1.0, "mg/L", ())
             for k, p in enumerate(POLLUTANTS) for month in MONTHS}  # fmt: skip
    found |= {f"miyun.gubeikou.class-ii.{month}": chance(0.5) for month in MONTHS}
    table = page.monthly(found, "gubeikou").set_index("month")
    assert (table["total nitrogen (mg/L)"] == "4").all()
    assert (table["total phosphorus (mg/L)"] == "< 0.005").all()
    assert (table["class II or better"] == chance(0.5).text).all()
    assert table["weeks with readings"]["2021-01"] == 0 < table["weeks with readings"]["2020-07"]
    assert not table.astype(str).apply(lambda column: column.str.contains("HDI")).to_numpy().any()


def test_months_drawn_anew_scatter_around_the_typical_ones():
    fit = some_fit()
    still = fit.parameters.assign(log_scatter=fit.parameters.log_scatter * 0 - 12)
    typical = quality.monthly_means(quality_findings.typical_weeks(fit, "a"))
    quiet = quality_findings.drawn_months(SimpleNamespace(parameters=still, panel=fit.panel, seed=1), "a")
    assert quiet == pytest.approx(typical, rel=1e-3)
    drawn = np.log(quality_findings.drawn_months(fit, "a")[..., 3])
    # Four or five independent weeks a month with a scale of 0.1 and the variance 2 of Student's t with 4 degrees.
    assert drawn.std() == pytest.approx(0.1 * np.sqrt(2 / (52 / 12)), rel=0.15)


def test_only_months_with_readings_count_for_the_class():
    panel = registry.load("miyun")
    seen = quality_findings.months_with_readings(panel, quality.SHOWN["gubeikou"])
    assert [month for month, there in zip(MONTHS, seen, strict=True) if not there] == ["2021-01", "2021-02"]
    fit = SimpleNamespace(panel=panel)
    drawn = np.full((10, 12, 4), 0.01)
    drawn[:, MONTHS.index("2021-01")] = 99.0
    assert quality_findings.kept_shares(fit, quality.SHOWN["gubeikou"], drawn) == pytest.approx(1)
    drawn[:, MONTHS.index("2020-07")] = 99.0
    assert quality_findings.kept_shares(fit, quality.SHOWN["gubeikou"], drawn) == pytest.approx(0.9)


def test_sections_by_month_print_each_finding_and_the_place():
    found = {f"miyun.gubeikou.tn.{month}": exact("x", "x", 2 + k, "mg/L", ()) for k, month in enumerate(MONTHS)}
    found |= {"miyun.gubeikou.tn.year": exact("x", "x", 5, "mg/L", ())}
    found |= {"miyun.gubeikou.tn.rank": exact("x", "x", 80, "%", ())}
    table = page.sections_by_month(found)
    assert list(table.columns) == ["month", "Gubeikou"]
    assert table.Gubeikou.tolist() == [*(str(2 + k) for k in range(12)), "5", "80\N{NO-BREAK SPACE}%"]


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
    table = page.worked(np.array([1.0, 0.5]))
    parts = table.drop(columns=["case", "total"]).sum(axis=1)
    assert np.allclose(parts, table.total, atol=0.03)
    by_case = table.set_index("case")
    assert by_case.quality["class kept in half of the months"] < by_case.quality["as computed"]
    assert by_case.nitrogen["a tenth lower, at twice the rate"] == 2 * by_case.nitrogen["total nitrogen a tenth lower"]
    assert by_case.water["Hebei's figure of the water"] > by_case.water["as computed"]


def test_priors_expect_medians_around_the_measured_ones_and_storage_within_the_reservoir():
    panel = quality.simulate({}, np.random.default_rng(1), some_panel())
    found = page.prior_medians(panel, 20, 1)
    values, measured = found["total nitrogen"]
    assert len(measured) == 80
    assert values.size == 20 * 80
    low, high = np.percentile(values, [3, 97])
    assert low < measured.min()
    assert high > measured.max()
    months = page.prior_storage(registry.load("storage"), 30, 1)
    assert months.shape == (30, len(reservoir_findings.MONTHS))
    assert months.min() >= 0
    assert months.max() <= reservoir.CAPACITY


def test_outcomes_of_the_calculator_are_all_there_with_their_probability():
    kept = np.repeat([1.0, 0.9, 0.5, 1.0], 100)
    table = page.outcomes(kept, 10, 4)
    assert table.iloc[:, 0].tolist() == ["10 of 10", "9 of 10", "8 of 10", "7 of 10 or fewer"]
    assert table.probability.tolist()[2] == page.outcomes(np.ones(400), 10, 4).probability.tolist()[1]
    shares = [np.mean(np.round(kept * 10) == count) for count in (10, 9)]
    assert shares == [0.5, 0.25]
    assert table["for quality"].tolist() == ["0.050", "0.045", "0.040", "at most 0.035"]


def test_every_assumed_rate_is_printed():
    table = page.rates_table()
    assert table.rate.str.replace(" ", "_").tolist() == list(vars(page.Rates()))
    assert (table["where from"] == "assumed").all()


def test_contrasts_of_april_are_printed_for_both_sets_of_flags():
    ends = ("", ".hai", "@page-flags", ".hai@page-flags")
    found = {f"miyun.april.{p}{end}": exact("x", "x", 10 * k + j, "%", ())
             for k, p in enumerate(POLLUTANTS) for j, end in enumerate(ends)}  # fmt: skip
    table = page.april_table(found)
    assert table.iloc[3, 1:].tolist() == [f"{30 + j}\N{NO-BREAK SPACE}%" for j in range(4)]
