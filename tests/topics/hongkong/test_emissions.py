"""The model of Hong Kong's emissions: scale, paths and densities by hand, bad tables refused, what variants change."""

from types import SimpleNamespace

import numpy as np
import pymc as pm
import pytest
import xarray as xr
from densities import densities_at, values_at
from scipy import stats

from jingjinji.core import registry, tables
from jingjinji.core.errors import BookError
from jingjinji.topics.hongkong import emissions
from jingjinji.topics.hongkong import emissions_findings as said

PLAIN = "FAST_COMPILE"


@pytest.fixture(scope="module")
def model() -> pm.Model:
    return emissions.build(registry.load("hongkong", "to-2019"))


@pytest.fixture(scope="module")
def point(model) -> dict:
    """Near the printed figures, so that no path leaves its scale."""
    rng = np.random.default_rng(3)
    return {name: value + 0.05 * rng.normal(size=np.shape(value)) for name, value in model.initial_point().items()}


@pytest.fixture(scope="module")
def values(model, point) -> dict:
    return values_at(model, point)


@pytest.fixture(scope="module")
def densities(model, point) -> dict:
    return densities_at(model, point)


def test_a_scale_between_per_cent_and_tonnes():
    steps = np.array([-0.5, -0.1, 0.0, 0.3])
    assert emissions.expanded(steps, 1.0) == pytest.approx(1 + steps)
    assert emissions.expanded(steps, 1e-6) == pytest.approx(np.exp(steps), rel=1e-5)
    assert emissions.expanded(steps, 0.5) == pytest.approx((1 + steps / 2) ** 2)
    assert emissions.expanded(np.array([-3.0]), 1.0) == pytest.approx(0.001)


def test_steps_sum_in_both_directions_from_the_anchor():
    years, anchor = emissions.YEARS, emissions.ANCHOR
    path = dict(zip(years, emissions.cumulated() @ years[1:].astype(float), strict=True))
    assert path[anchor] == 0
    assert path[anchor + 2] == 2 * anchor + 3
    assert path[anchor - 2] == -(2 * anchor - 1)
    drifts = dict(zip(years[1:], emissions.walked() @ np.ones(len(years) - 1), strict=True))
    assert (drifts[anchor], drifts[anchor + 3], drifts[anchor - 2]) == (0, 3, -2)


def test_paths_by_hand(values, densities):
    """The density of all that is drawn stands in one place."""
    total = 0.0
    drifts, scatter, exponent = of_drifts(values)
    anchor = emissions.ANCHOR - emissions.BASE
    known = 2019 - emissions.ANCHOR
    for name, drift, s, last in (
        ("after", drifts[anchor:, :3].T, slice(3), known),
        ("before", -drifts[:anchor, :1][::-1].T, slice(1), anchor),
    ):
        value = values[name] - values["level"][s, None]
        path = (np.exp(exponent * value) - 1) / exponent
        steps = np.diff(np.concatenate([np.zeros((len(value), 1)), path], axis=1), axis=1)
        expected = stats.t.logpdf(steps, emissions.TAIL, drift, scatter[s, None])[:, :last].sum()
        expected += exponent * value[:, :last].sum() + stats.t.logpdf(values[name][:, last:], emissions.TAIL).sum()
        assert densities[name] == 0
        total += expected
    assert densities["paths"] == pytest.approx(total)


def of_drifts(values: dict) -> tuple[np.ndarray, np.ndarray, float]:
    low, high = registry.load("hongkong").curve
    walk = np.array([[values["walk"][v] * emissions.walked()[u, v] for v in range(len(emissions.YEARS) - 1)]
                     for u in range(len(emissions.YEARS) - 1)]).sum(axis=1)  # fmt: skip
    drifts = values["drift_mean"] + values["drift_scale"] * values["drift"] + values["walk_scale"] * walk
    scatter = np.exp(values["log_scatter_mean"] + values["log_scatter"])
    return drifts, scatter, low + (high - low) * float(values["curvature"])


def of_emissions(values: dict) -> np.ndarray:
    """Emissions (year, sector) at a point, sector by sector and year by year."""
    drifts, scatter, exponent = of_drifts(values)
    anchor, made = emissions.ANCHOR - emissions.BASE, np.zeros((len(emissions.YEARS), len(emissions.SECTORS)))
    made[:anchor, 0] = values["before"][0][::-1] - values["level"][0]
    made[anchor + 1 :, :3] = values["after"].T - values["level"][:3]
    for k in range(3):
        total = np.expm1(exponent * made[2019 - emissions.BASE, k]) / exponent
        for step in range(2019 - emissions.BASE, len(emissions.YEARS) - 1):
            total += drifts[step, k] + scatter[k] * values["after"][k, step - anchor]
            made[step + 1, k] = np.log(1 + exponent * total) / exponent
    for k in (1, 2, 3):
        total = 0.0
        for back in range(anchor):
            total += -drifts[anchor - 1 - back, k] + scatter[k] * values["surprise_before"][k - 1, back]
            made[anchor - 1 - back, k] = np.log(1 + exponent * total) / exponent
    total = 0.0
    for step in range(anchor, len(emissions.YEARS) - 1):
        total += drifts[step, 3] + scatter[3] * values["surprise_after"][0, step - anchor]
        made[step + 1, 3] = np.log(1 + exponent * total) / exponent
    return np.exp(values["level"] + made)


def test_printed_figures_by_hand(values, densities):
    panel, made = registry.load("hongkong", "to-2019"), of_emissions(values)
    expected = 0.0
    for k, row in enumerate(panel.printed.itertuples()):
        if row.year > 2019:
            continue
        year, base = made[row.year - emissions.BASE], made[row.base_year - emissions.BASE]

        def part(e, sector=row.sector):
            return e.sum() if sector == "all" else e[emissions.SECTORS.index(sector)]

        mean = {"emissions": part(year), "share": part(year) / year.sum(), "change": part(year) / part(base)}[
            row.quantity
        ]
        off = panel.printed.value[k] - np.log(mean) - (values["revision"][row.release] if row.release >= 0 else 0.0)
        sd = np.hypot(values["inventory"], row.half)
        expected += -0.5 * (off / sd) ** 2 - np.log(sd)
    assert densities["printed"] == pytest.approx(expected)


def test_statistics_by_hand(values, densities):
    panel, made = registry.load("hongkong", "to-2019"), of_emissions(values)
    truth = np.log([made.sum(axis=1), made[:, 0]])
    expected = 0.0
    for j in range(2):
        before, rho, error = None, values["memory"][j], values["error"][j]
        for t in range(len(emissions.YEARS)):
            if np.isnan(panel.series[j, t]):
                break
            off = panel.series[j, t] - truth[j, t] - values["offset"][j]
            if before is None:
                scale = error / np.sqrt(1 - rho**2)
                expected += stats.t.logpdf(off, emissions.TAIL, 0, scale)
            else:
                expected += stats.t.logpdf(off, emissions.TAIL, rho * before, error)
            before = off
    assert densities["series"] == pytest.approx(expected)


def test_states_are_those_of_the_model(values):
    dims = {
        "level": ("sector",), "drift": ("sector",), "walk": ("step", "sector"), "log_scatter": ("sector",),
        "before": ("measured before", "year before"), "surprise_before": ("guessed before", "year before"),
        "after": ("measured after", "year after"), "surprise_after": ("guessed after", "year after"),
        "revision": ("release",), "offset": ("source",), "error": ("source",), "memory": ("source",),
    }  # fmt: skip
    drawn = {
        name: (("chain", "draw", *dims.get(name, ())), np.asarray(value)[None, None])
        for name, value in values.items()
        if name not in ("printed", "series", "paths")
    }
    fit = SimpleNamespace(panel=registry.load("hongkong", "to-2019"), parameters=xr.Dataset(drawn), seed=3)
    assert said.states(fit)["emissions"][0] == pytest.approx(of_emissions(values))


def test_without_scatter_a_path_goes_on_straight():
    count, sectors = 3, len(emissions.SECTORS)
    still = np.zeros((count, sectors))
    now = {
        "level": still + 10, "path": np.zeros((count, 20, sectors)), "exponent": np.array([0.02, 0.5, 1.0]),
        "drift": still - 0.05, "scatter": still, "walk_scale": np.zeros(count),
    }  # fmt: skip
    later = said.ahead(SimpleNamespace(seed=1), now)
    years = said.AHEAD - emissions.NOW
    assert later[2, :, 0] == pytest.approx(np.maximum(10 * (1 - 0.05 * years), 0))
    assert later[0, :, 0] == pytest.approx(10 * (1 - 0.001 * years) ** 50)
    assert (later[0, -1] > later[1, -1]).all()
    assert (later[2, -1] == 0).all()


def test_shares_of_more_than_all_are_refused():
    table = tables.load("hongkong_emissions")
    wrong = table.assign(value=table.value.where((table.quantity != "share") | (table.sector != "waste"), 30.0))
    with pytest.raises(BookError, match=r"table hongkong_emissions has shares of .* % in 2015"):
        emissions.panel(wrong)


def test_a_total_from_persons_uses_the_years_around():
    panel = registry.load("hongkong")
    row = panel.printed[(panel.printed.year == 2022) & (panel.printed.quantity == "emissions")].iloc[0]
    persons = np.mean([40.1 / 5.3, 33.8 / 4.5, 33.2 / 4.41])
    assert np.exp(row.value) == pytest.approx(4.55 * persons)
    assert row.half == pytest.approx(emissions.ABOUT)


def test_printed_rows_have_the_right_sums():
    panel = registry.load("hongkong")
    for k, row in enumerate(panel.printed.itertuples()):
        above = np.ones(4) if row.sector == "all" else np.eye(4)[emissions.SECTORS.index(row.sector)]
        below = {"emissions": np.zeros(4), "share": np.ones(4), "change": above}[row.quantity]
        assert panel.top[k] == pytest.approx(above)
        assert panel.bottom[k] == pytest.approx(below)
        assert (row.base_year < row.year) == (row.quantity == "change")
    assert panel.printed[panel.printed.year == 2024].release.tolist() == [-1] * (panel.printed.year == 2024).sum()


def test_what_is_left_out_is_not_seen():
    panel = registry.load("hongkong", "to-2019")
    known = panel.known > 0
    assert panel.printed.year[known].max() <= 2019 < panel.printed.year[~known].min()
    assert np.isnan(panel.series[:, emissions.YEARS > 2019]).all()
    assert np.isfinite(panel.series[:, emissions.YEARS <= 2019]).all()


def test_a_toy_without_noise_repeats_its_truth():
    quiet = {"scatter": 0.0, "inventory": 0.0, "error": 0.0, "rise": 0.0, "fall": -0.05, "exponent": 1.0}
    panel = emissions.simulate(quiet, np.random.default_rng(1), registry.load("hongkong"))
    made = panel.truth["emissions"].sum(axis=1)
    assert made[9] == pytest.approx(1.05 * made[10])
    assert made[-1] == pytest.approx(0.55 * made[10])
    change = panel.printed[
        (panel.printed.quantity == "change") & (panel.printed.base_year == 2014) & (panel.printed.year == 2024)
    ]
    assert change.value.iloc[0] == pytest.approx(np.log(made[-1] / made[9]), abs=4 * change.half.iloc[0])
    assert panel.series[0, :3] == pytest.approx(np.log(made[:3]) + emissions.TRUTH["offset"][0])
    assert panel.truth["left"] == pytest.approx(100 * 0.001 / 1.05)


def test_money_per_tonne_by_hand():
    def of(year):
        return np.array([{2021: 30.0, 2005: 40.0}[year]])

    assert said._money(of) == {"cut": pytest.approx([10.0]), "per-tonne": pytest.approx([24.0])}
