"""What is said of fleets and clusters against numbers worked out from chosen draws."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from scipy import special, stats

from jingjinji.core import registry, tables
from jingjinji.topics.hydrogen import fleets_findings as said

MODES = ("cars", "buses", "trucks")
CLUSTERS = ("bth", "shanghai", "guangdong", "henan", "hebei")
CLUSTER_NAMES = ("Beijing-Tianjin-Hebei", "Shanghai", "Guangdong", "Henan", "Hebei")
YEARS = np.arange(2010, 2024)
PACE_MEAN, PEAK_MEAN = np.log([0.5, 0.6, 0.4]), np.array([7.0, 6.0, 5.0])
WEIGHT, HURRY = np.array([-0.1, -0.3, 0.4, -2.0, -3.0]), np.array([-0.1, 0.05, 0.2, 0.0, 0.1])
OFF = np.linspace(-0.4, 0.5, 14)
ERROR = 0.2
COUNT_ERROR = 0.15
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
    """A fit whose draws are all alike, of counts that scatter next to nothing around their curves."""
    panel, shape = registry.load("hydrogen", variant), (2, draws // 2)
    units = len(panel.units)
    level = [LEVEL[mode] if len(known_years(panel, k)) else UNSEEN for k, mode in panel.units["mode"].items()]
    one = {
        "peak_scale": 3.0, "pace_scale": 0.4, "size_scale": 2.0, "source_error": ERROR,
        "peak_mean": PEAK_MEAN, "pace_mean": PACE_MEAN, "size_mean": np.full(3, SIZE_MEAN),
        "concentration": np.full(3, concentration), "pace": np.full(units, OF_UNIT["pace"]),
        "peak": np.full(units, OF_UNIT["peak"]), "level": np.array(level),
        "off": OFF, "ratio": np.array([0.9, 1.2]), "weight": WEIGHT, "hurry": HURRY,
    }  # fmt: skip
    dims = {"peak_mean": "mode", "pace_mean": "mode", "size_mean": "mode", "concentration": "mode", "pace": "unit",
            "peak": "unit", "level": "unit", "off": "year_sold", "ratio": "agency", "weight": "cluster",
            "hurry": "cluster"}  # fmt: skip
    parameters = {
        name: (("chain", "draw", *([dims[name]] if name in dims else [])),
               np.broadcast_to(value, (*shape, *np.shape(value))))
        for name, value in one.items()
    }  # fmt: skip
    name = f"hydrogen/{variant}" if variant else "hydrogen"
    return SimpleNamespace(panel=panel, parameters=xr.Dataset(parameters), seed=3, variant=variant, name=name)


def found_of(fit) -> dict:
    return {finding.id.partition("@")[0]: finding for finding in said.findings(fit)}


def added(panel, cluster: int, time: float, first: int) -> float:
    """Vehicles that a cluster added from the beginning of `first` to `time`: printed ones as they err, then curves."""
    table, total = tables.load("hydrogen_country_year").query("measure == 'sales' and country == 'China'"), 0.0
    for year in range(first, int(np.ceil(time))):
        sold = table[table["mode"].isin(MODES) & (table.year == year)].vehicles.sum() * 1.0
        if year <= 2023:
            sold *= np.exp(ERROR * OFF[year - 2010])
        else:
            sold = sum(min(curve(panel, in_china(panel, mode), year), 1e6) for mode in MODES)
        weight = np.exp(WEIGHT + HURRY * (year - 2023))
        total += min(time - year, 1.0) * sold * weight[cluster] / (1 + weight.sum())
    return total


@pytest.fixture(scope="module")
def main() -> tuple[SimpleNamespace, dict]:
    fit = some_fit(draws=4000)
    with pytest.MonkeyPatch.context() as patch:
        # sales drawn anew have tests of their own, and take long where counts hardly scatter
        patch.setattr(said, "printed_counts", lambda mean, size, rng: mean)
        return fit, found_of(fit)


def test_pace_and_peak_of_a_typical_country(main):
    for k, mode in enumerate(MODES):
        assert main[1][f"hydrogen.{mode}.doubling"].mean == pytest.approx(np.log(2) / [0.5, 0.6, 0.4][k])
        assert main[1][f"hydrogen.{mode}.delay"].mean == pytest.approx(PEAK_MEAN[k])
    logistic = found_of(some_fit("logistic"))
    for k, mode in enumerate(MODES):
        assert logistic[f"hydrogen.{mode}.peak"].mean == pytest.approx(2017 + PEAK_MEAN[k])
        assert f"hydrogen.{mode}.delay" not in logistic


@pytest.mark.parametrize("variant", ["", "logistic"])
def test_expected_sales_in_china(main, variant):
    fit, found = main if not variant else (some_fit(variant), found_of(some_fit(variant)))
    for mode in MODES:
        for year in (2023, 2025):
            expected = curve(fit.panel, in_china(fit.panel, mode), year)
            assert found[f"hydrogen.china.{mode}.{year}"].mean == pytest.approx(expected)


def test_agencies_against_the_countries_table(main):
    assert main[1]["hydrogen.ratio.caam"].mean == pytest.approx(0.9)
    assert main[1]["hydrogen.ratio.sne"].mean == pytest.approx(1.2)
    assert main[1]["hydrogen.source-error"].mean == pytest.approx(20)


def test_clusters_until_the_end_of_2025_and_their_targets(main):
    """A count scatters by its error around what the cluster added from 2021 on."""
    fit, found = main
    for k, (key, name) in enumerate(zip(CLUSTERS, CLUSTER_NAMES, strict=True)):
        path, log = added(fit.panel, k, 2026.0, 2021), np.log(found[f"hydrogen.{key}.2025"].draws)
        assert log.mean() == pytest.approx(np.log(path), abs=0.015)
        assert log.std() == pytest.approx(COUNT_ERROR, rel=0.05)
        assert (f"hydrogen.{key}.target" in found) == (k < 3)
        if k < 3:
            rows = tables.load("hydrogen_targets").query("level == 'cluster' and due == 2025")
            goal = rows.vehicles[rows.cluster == name].iloc[0]
            assert found[f"hydrogen.{key}.target"].mean == goal
            chance = stats.norm.sf(np.log(goal / path) / COUNT_ERROR)
            assert 0.1 < chance < 0.9
            assert found[f"hydrogen.{key}.reached"].mean == pytest.approx(chance, abs=0.03)


def test_sales_to_come_have_a_limit(monkeypatch):
    """Of each mode a million a year, and of a cluster's count a million."""
    monkeypatch.setattr(said, "COUNT_ERROR", 0.0)
    monkeypatch.setitem(LEVEL, "cars", 60.0)
    fit = some_fit("late-peak")
    found, paths = found_of(fit), [added(fit.panel, k, 2026.0, 2021) for k in range(5)]
    assert curve(fit.panel, in_china(fit.panel, "cars"), 2025) > 1e6 > paths[4]
    assert found["hydrogen.hebei.2025"].mean == pytest.approx(paths[4], rel=0.002)
    monkeypatch.setitem(LEVEL, "trucks", 60.0)
    monkeypatch.setitem(LEVEL, "buses", 60.0)
    assert found_of(some_fit("late-peak"))["hydrogen.guangdong.2025"].mean == 1e6


def test_the_five_clusters_in_october_2024(main):
    """All their vehicles since 2010, until the 286th day of 2024; five counts scatter apart."""
    fit, found = main
    paths = [added(fit.panel, k, 2024 + 286 / 365.25, 2010) for k in range(5)]
    predicted = found["hydrogen.five.predicted"].draws
    assert predicted.mean() == pytest.approx(sum(paths) * np.exp(COUNT_ERROR**2 / 2), rel=0.01)
    spread = np.sqrt(sum(path**2 for path in paths) * np.expm1(COUNT_ERROR**2) * np.exp(COUNT_ERROR**2))
    assert predicted.std() == pytest.approx(spread, rel=0.06)
    assert found["hydrogen.five.seen"].mean == 15_000


def test_the_count_from_which_the_regions_target_is_an_even_chance(main):
    fit, found = main
    growth = added(fit.panel, 0, 2026.0, 2021) / added(fit.panel, 0, 2023 + 243 / 365.25, 2010)
    needed = found["hydrogen.bth.needed"]
    assert needed.mean == pytest.approx(5300 / growth, rel=0.015)
    assert needed.error == pytest.approx(needed.mean * COUNT_ERROR * np.sqrt(np.pi / 2 / 4000), rel=0.2)
    assert found["hydrogen.bth.seen"].mean == 2508


def test_variants_read_the_same_clusters(main):
    path = added(main[0].panel, 0, 2026.0, 2021)
    for variant in ("since-start", "without-clusters"):
        found = found_of(some_fit(variant, 2000))
        assert np.log(found["hydrogen.bth.2025"].draws).mean() == pytest.approx(np.log(path), abs=0.015)


def places(panel, size: float) -> tuple[np.ndarray, np.ndarray]:
    """Where each printed number lies among positive counts around its curve: chance of less, and of less or equal."""
    mean = np.array([curve(panel, row.unit, row.year) for row in panel.sales.itertuples()])
    count, number = stats.nbinom(size, size / (size + mean)), panel.sales.vehicles.round().to_numpy()
    zero = count.pmf(0)
    return (count.cdf(number - 1) - zero) / (1 - zero), (count.cdf(number) - zero) / (1 - zero)


def between(found: float, surely: np.ndarray, perhaps: np.ndarray) -> bool:
    """Whether a share in per cent lies between that of the rows that surely count and of those that may."""
    return 100 * surely.mean() - 0.1 <= found <= 100 * perhaps.mean() + 0.1


def test_sales_within_those_drawn_anew():
    """Rows next to an end of the central 94 % may be counted or not: a few hundred draws cannot tell."""
    fit = some_fit(draws=400, concentration=0.7)
    less, at_most = places(fit.panel, 0.7)
    surely, perhaps = (less < 0.94) & (at_most > 0.06), (less < 0.995) & (at_most > 0.005)
    assert 0.2 < surely.mean() < perhaps.mean() < 0.95
    assert between(found_of(fit)["hydrogen.check.inside"].mean, surely, perhaps)


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
    assert found["hydrogen.record.count-error"].mean == 15
