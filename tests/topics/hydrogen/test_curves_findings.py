"""What is said of curves against numbers worked out from chosen draws."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from scipy import special, stats

from jingjinji.core import registry, tables
from jingjinji.topics.hydrogen import curves_findings as said

MODES = ("cars", "buses", "trucks")
PACE_MEAN, PEAK_MEAN = np.log([0.5, 0.6, 0.4]), np.array([7.0, 6.0, 5.0])
LEVEL = {"cars": 5.5, "buses": 6.5, "trucks": 6.5}
"""Log sales in the middle of a unit's years."""
SIZE_MEAN, UNSEEN = 5.0, 0.1
"""Log sales at the peak of a typical country, and the standard normal of a unit without a known year."""
OF_UNIT = {"pace": 0.3, "peak": 2.0}
"""What is drawn in the stead of each unit's pace and peak."""


def known_years(panel, unit: int) -> np.ndarray:
    return panel.sales.year[(panel.sales.unit == unit) & (panel.sales.known > 0)].to_numpy()


def curve(panel, unit: int, year: float) -> float:
    """Expected sales of a year: the rise of a logistic curve over it, at `LEVEL` in the middle of known years."""
    row, years = panel.units.loc[unit], known_years(panel, unit)
    k = MODES.index(row["mode"])
    pace = np.exp(PACE_MEAN[k] + 0.4 * OF_UNIT["pace"])
    centring = min(max((len(years) - 5) / 10, 0), 0.8)
    delay = PEAK_MEAN[k] + (OF_UNIT["peak"] - centring * PEAK_MEAN[k]) * 3.0 ** (1 - centring)
    peak = (row.launch if panel.bass else 2017) + delay

    def sold(year):
        return special.expit(pace * (year + 1 - peak)) - special.expit(pace * (year - peak))

    if len(years):
        return np.exp(LEVEL[row["mode"]]) * sold(year) / sold(round(float(years.mean())))
    return np.exp(SIZE_MEAN + 2.0 * UNSEEN) * 4 / pace * sold(year)


def in_china(panel, mode: str) -> int:
    return panel.units.index[(panel.units["mode"] == mode) & (panel.units.country == "China")][0]


def some_fit(variant: str = "", draws: int = 4, concentration: float = 1e8) -> SimpleNamespace:
    """A fit whose draws are all but alike, of counts that scatter next to nothing around their curves."""
    panel, shape = registry.load("hydrogen", variant), (2, draws // 2)
    units = len(panel.units)
    level = [LEVEL[mode] if len(known_years(panel, k)) else UNSEEN for k, mode in panel.units["mode"].items()]
    one = {
        "peak_scale": 3.0, "pace_scale": 0.4, "size_scale": 2.0, "peak_mean": PEAK_MEAN, "pace_mean": PACE_MEAN,
        "size_mean": np.full(3, SIZE_MEAN), "concentration": np.full(3, concentration),
        "pace": np.full(units, OF_UNIT["pace"]), "peak": np.full(units, OF_UNIT["peak"]), "level": np.array(level),
    }  # fmt: skip
    dims = {"peak_mean": "mode", "pace_mean": "mode", "size_mean": "mode", "concentration": "mode", "pace": "unit",
            "peak": "unit", "level": "unit"}  # fmt: skip
    parameters = {
        name: (("chain", "draw", *([dims[name]] if name in dims else [])),
               np.broadcast_to(value, (*shape, *np.shape(value))))
        for name, value in one.items()
    }  # fmt: skip
    jitter = 1e-7 * np.random.default_rng(1).normal(size=(*shape, units))
    parameters["pace"] = (parameters["pace"][0], parameters["pace"][1] + jitter)
    name = f"hydrogen/{variant}" if variant else "hydrogen"
    return SimpleNamespace(panel=panel, parameters=xr.Dataset(parameters), seed=3, variant=variant, name=name)


def found_of(fit) -> dict:
    return {finding.id.partition("@")[0]: finding for finding in said.findings(fit)}


@pytest.fixture(scope="module")
def main() -> tuple[SimpleNamespace, dict]:
    fit = some_fit(draws=400)
    return fit, found_of(fit)


def test_pace_and_peak_of_a_typical_country(main):
    for k, mode in enumerate(MODES):
        assert main[1][f"hydrogen.{mode}.doubling"].mean == pytest.approx(np.log(2) / [0.5, 0.6, 0.4][k])
        assert main[1][f"hydrogen.{mode}.delay"].mean == pytest.approx(PEAK_MEAN[k])


def test_a_variant_that_serves_a_comparison_says_nothing():
    assert found_of(some_fit("logistic")) == found_of(some_fit("late-peak")) == {}


@pytest.mark.parametrize("variant", ["", "logistic"])
def test_sales_in_china_are_drawn_around_its_curves(variant):
    fit = some_fit(variant)
    known = said.curves(fit)
    for year in (2023, 2025):
        expected = sum(curve(fit.panel, in_china(fit.panel, mode), year) for mode in MODES)
        drawn = said.in_china(fit, known, year, np.random.default_rng(1))
        assert drawn.mean() == pytest.approx(expected, rel=0.03)


def test_expected_sales_in_china(main):
    for mode in MODES:
        expected = curve(main[0].panel, in_china(main[0].panel, mode), 2023)
        assert main[1][f"hydrogen.china.{mode}.2023"].mean == pytest.approx(expected)


def test_sales_to_come_have_a_limit(monkeypatch):
    """Of each mode a million a year."""
    for mode in MODES:
        monkeypatch.setitem(LEVEL, mode, 60.0)
    fit = some_fit("late-peak")
    drawn = said.in_china(fit, said.curves(fit), 2025, np.random.default_rng(1))
    assert drawn.mean() == pytest.approx(3e6, rel=0.01)


def places(panel, size: float) -> tuple[np.ndarray, np.ndarray]:
    """Where each printed number lies among positive counts around its curve: chance of less, and of less or equal."""
    mean = np.array([curve(panel, row.unit, row.year) for row in panel.sales.itertuples()])
    count, number = stats.nbinom(size, size / (size + mean)), panel.sales.vehicles.round().to_numpy()
    zero = count.pmf(0)
    return (count.cdf(number - 1) - zero) / (1 - zero), (count.cdf(number) - zero) / (1 - zero)


def between(found: float, surely: np.ndarray, perhaps: np.ndarray) -> bool:
    """Whether a share in per cent lies between that of the rows that surely count and of those that may."""
    return 100 * surely.mean() - 0.1 <= found <= 100 * perhaps.mean() + 0.1


def test_sales_within_what_the_others_predict():
    """Draws are all alike, so that leaving a sale out changes nothing."""
    fit = some_fit(draws=400, concentration=0.7)
    less, at_most = places(fit.panel, 0.7)
    middle = (less + at_most) / 2
    found = found_of(fit)
    assert found["hydrogen.check.inside"].mean == pytest.approx(
        100 * ((middle >= 0.03) & (middle <= 0.97)).mean(), abs=0.1
    )
    assert 20 < found["hydrogen.check.inside"].mean < 95


def test_the_last_three_years_predicted_without_them():
    fit = some_fit("without-last-three", 400, 0.7)
    out = (fit.panel.sales.year > 2020).to_numpy()
    less, at_most = (place[out] for place in places(fit.panel, 0.7))
    found = {id: finding.mean for id, finding in found_of(fit).items()}
    assert found["hydrogen.left-out.sales"] == out.sum()
    surely, perhaps = (less < 0.94) & (at_most > 0.06), (less < 0.995) & (at_most > 0.005)
    assert between(found["hydrogen.left-out.inside"], surely, perhaps)
    assert between(found["hydrogen.left-out.below"], at_most < 0.42, at_most < 0.58)
    assert not between(100 - found["hydrogen.left-out.below"], at_most < 0.42, at_most < 0.58)


def test_counts_of_the_record(main):
    found, table = main[1], tables.load("hydrogen_country_year").query("measure == 'sales'")
    of_mode = {}
    for mode, least in (("cars", 5), ("buses", 4), ("trucks", 4)):
        years = table[table["mode"] == mode].groupby("country").year.nunique()
        of_mode[mode] = set(years.index[(years >= least) | (years.index == "China")])
        assert found[f"hydrogen.record.{mode}"].mean == len(of_mode[mode])
    rows = sum(country in of_mode.get(mode, ()) for mode, country in zip(table["mode"], table.country, strict=True))
    assert found["hydrogen.record.countries"].mean == len(set.union(*of_mode.values()))
    assert found["hydrogen.record.sales"].mean == rows
