"""What is said of clusters against numbers worked out from chosen draws."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from jingjinji.core import registry, tables
from jingjinji.topics.hydrogen import clusters
from jingjinji.topics.hydrogen import clusters_findings as said

KEYS = ("bth", "shanghai", "guangdong", "henan", "hebei")
NAMES = ("Beijing-Tianjin-Hebei", "Shanghai", "Guangdong", "Henan", "Hebei")
WEIGHT, HURRY = np.array([-0.1, -0.3, 0.4, -2.0, -3.0]), np.array([-0.1, 0.05, 0.2, 0.0, 0.1])
OFF, ERROR, COUNT_ERROR = np.linspace(-0.4, 0.5, 14), 0.2, 0.15
SOLD = {
    "Bass": {2024: 6200.0, 2025: 7100.0},
    "logistic": {2024: 5200.0, 2025: 4100.0},
    "late-peak": {2024: 9e3, 2025: 2e4},
}
"""Sales of China to come, by kind of curve."""


@pytest.fixture(autouse=True)
def sales_to_come(monkeypatch):
    monkeypatch.setattr(said.curves_findings, "curves", lambda fit: fit.panel)

    def in_china(fit, known, year, rng):
        return np.full(fit.parameters.sizes["draw"] * 2, SOLD[fit.panel][year])

    monkeypatch.setattr(said.curves_findings, "in_china", in_china)


def some_fit(variant: str = "", draws: int = 4000) -> SimpleNamespace:
    """A fit whose draws are all alike, beside curves with as many draws."""
    shape = (2, draws // 2)
    one = {"source_error": np.array(ERROR), "off": OFF, "ratio": np.array([0.9, 1.2]), "weight": WEIGHT, "hurry": HURRY}
    dims = {"off": "year_sold", "ratio": "agency", "weight": "cluster", "hurry": "cluster"}
    parameters = {
        name: (("chain", "draw", *([dims[name]] if name in dims else [])),
               np.broadcast_to(value, (*shape, *value.shape)))
        for name, value in one.items()
    }  # fmt: skip
    beside = {
        name: SimpleNamespace(panel=name, parameters=xr.Dataset({"x": (("chain", "draw"), np.zeros(shape))}))
        for name in clusters.BESIDE
    }
    name = f"hydrogen_clusters/{variant}" if variant else "hydrogen_clusters"
    panel = registry.load("hydrogen_clusters", variant)
    return SimpleNamespace(
        panel=panel, parameters=xr.Dataset(parameters), seed=3, variant=variant, name=name, beside=beside
    )


def found_of(fit) -> dict:
    return {finding.id: finding for finding in said.findings(fit)}


def added(cluster: int, time: float, first: int, curves: str = "Bass") -> float:
    """Vehicles that a cluster added from the beginning of `first` to `time`: printed ones as they err, then curves."""
    table, total = tables.load("hydrogen_country_year").query("measure == 'sales' and country == 'China'"), 0.0
    for year in range(first, int(np.ceil(time))):
        sold = table[table["mode"].isin(["cars", "buses", "trucks"]) & (table.year == year)].vehicles.sum() * 1.0
        sold = sold * np.exp(ERROR * OFF[year - 2010]) if year <= 2023 else SOLD[curves][year]
        weight = np.exp(WEIGHT + HURRY * (year - 2023))
        total += min(time - year, 1.0) * sold * weight[cluster] / (1 + weight.sum())
    return total


@pytest.fixture
def main() -> dict:
    return found_of(some_fit())


def test_agencies_against_the_countries_table(main):
    assert main["hydrogen.ratio.caam"].mean == pytest.approx(0.9)
    assert main["hydrogen.ratio.sne"].mean == pytest.approx(1.2)
    assert main["hydrogen.source-error"].mean == pytest.approx(20)


def test_clusters_until_the_end_of_2025_and_their_targets(main):
    """A count scatters by its error around what the cluster added from 2021 on."""
    for k, (key, name) in enumerate(zip(KEYS, NAMES, strict=True)):
        path, log = added(k, 2026.0, 2021), np.log(main[f"hydrogen.{key}.2025"].draws)
        assert log.mean() == pytest.approx(np.log(path), abs=0.015)
        assert log.std() == pytest.approx(COUNT_ERROR, rel=0.05)
        assert (f"hydrogen.{key}.target" in main) == (k < 3)
        if k < 3:
            rows = tables.load("hydrogen_targets").query("level == 'cluster' and due == 2025")
            goal = rows.vehicles[rows.cluster == name].iloc[0]
            assert main[f"hydrogen.{key}.target"].mean == goal
            for curves, end in (("Bass", ""), ("logistic", "@logistic"), ("late-peak", "@late-peak")):
                chance = stats.norm.sf(np.log(goal / added(k, 2026.0, 2021, curves)) / COUNT_ERROR)
                assert main[f"hydrogen.{key}.reached{end}"].mean == pytest.approx(chance, abs=0.03)


def test_no_two_numbers_are_called_the_same_whatever_the_curves(main):
    labels = [finding.label for finding in main.values()]
    assert len(set(labels)) == len(labels)


def test_the_five_clusters_in_october_2024(main):
    """All their vehicles since 2010, until the 286th day of 2024; read as since the start, those since 2021."""
    for found, end, first in ((main, "", 2010), (found_of(some_fit("since-start")), "@since-start", 2021)):
        paths = [added(k, 2024 + 286 / 365.25, first) for k in range(5)]
        predicted = found[f"hydrogen.five.predicted{end}"].draws
        assert predicted.mean() == pytest.approx(sum(paths) * np.exp(COUNT_ERROR**2 / 2), rel=0.01)
        spread = np.sqrt(sum(path**2 for path in paths) * np.expm1(COUNT_ERROR**2) * np.exp(COUNT_ERROR**2))
        assert predicted.std() == pytest.approx(spread, rel=0.06)
    assert main["hydrogen.five.seen"].mean == 15_000


def test_the_count_from_which_the_regions_target_is_an_even_chance(main):
    growth = added(0, 2026.0, 2021) / added(0, 2023 + 243 / 365.25, 2010)
    needed = main["hydrogen.bth.needed"]
    assert needed.mean == pytest.approx(5300 / growth, rel=0.015)
    assert needed.error == pytest.approx(needed.mean * COUNT_ERROR * np.sqrt(np.pi / 2 / 4000), rel=0.2)
    assert main["hydrogen.bth.seen"].mean == 2508
    assert main["hydrogen.city.seen"].mean == 444


def test_a_variant_says_what_the_page_asks_of_it():
    path = added(0, 2026.0, 2021)
    of_targets = {f"hydrogen.{key}.reached" for key in KEYS[:3]} | {"hydrogen.bth.2025"}
    for variant in clusters.VARIANTS:
        found = found_of(some_fit(variant, 2000))
        assert np.log(found[f"hydrogen.bth.2025@{variant}"].draws).mean() == pytest.approx(np.log(path), abs=0.015)
        reading = {"hydrogen.five.predicted"} if variant in ("since-start", "without-city") else set()
        assert {id.removesuffix(f"@{variant}") for id in found} == of_targets | reading


def test_no_cluster_loses_vehicles():
    fit = some_fit()
    known = said.parameters(fit)
    paths = [said.cluster_path(fit, known, time) for time in (2021.0, 2023.67, 2024.5, 2026.0)]
    assert (np.diff(paths, axis=0) >= 0).all()
    assert said.cluster_path(fit, known, 2026.0, clusters.BASE + 1) == pytest.approx(paths[-1] - paths[0])


def test_fits_of_other_lengths_share_their_first_draws(monkeypatch):
    """Each chain of the curves meets the same chain of the clusters, as far as both go."""
    monkeypatch.setattr(said.curves_findings, "in_china",
                        lambda fit, known, year, rng: fit.parameters["x"].values.ravel())  # fmt: skip
    fit = some_fit(draws=12)
    number = 10.0 * np.arange(2)[:, None] + np.arange(4)
    fit.beside["Bass"].parameters = xr.Dataset({"x": (("chain", "draw"), number)})
    sold = said.parameters(fit)["sold"]
    assert sold[:, 0].tolist() == [0, 1, 2, 3, 10, 11, 12, 13]
    assert len(said.parameters(fit)["weight"]) == 8


def test_counts_of_the_record(main):
    assert main["hydrogen.record.count-error"].mean == 15
    assert main["hydrogen.record.clusters"].mean == len(registry.load("hydrogen_clusters").counts)


def test_the_fits_beside_are_of_the_book():
    known = {"hydrogen", *(f"hydrogen/{variant}" for variant in registry.module("hydrogen").VARIANTS)}
    assert set(clusters.BESIDE.values()) <= known
