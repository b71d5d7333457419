"""The clusters: counts, shares and agencies by hand, records, errors."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from jingjinji.core import registry, tables
from jingjinji.core.errors import BookError
from jingjinji.topics.hydrogen import clusters, clusters_findings
from jingjinji.topics.hydrogen.curves import GRID

PLAIN = "FAST_COMPILE"


def terms(model, names: list[str]) -> tuple[dict, dict]:
    rng = np.random.default_rng(3)
    point = {name: value + 0.1 * rng.normal(size=np.shape(value)) for name, value in model.initial_point().items()}
    free = [*model.free_RVs, *model.deterministics]
    values = model.compile_fn(model.replace_rvs_by_values(free), mode=PLAIN)(point)
    found = model.compile_fn(model.logp(sum=False, jacobian=False), mode=PLAIN)(point)
    by_name = dict(zip([v.name for v in model.basic_RVs], found, strict=True))
    return dict(zip([v.name for v in free], values, strict=True)), {name: by_name[name] for name in names}


def printed_by_year() -> dict[int, float]:
    table = tables.load("hydrogen_country_year").query("measure == 'sales' and country == 'China'")
    return table[table["mode"].isin(["cars", "buses", "trucks"])].groupby("year").vehicles.sum().to_dict()


def test_agencies_by_hand():
    panel = registry.load("hydrogen_clusters", "without-clusters")
    known, found = terms(clusters.build(panel), ["national", "counts"])
    assert not found["counts"].any()
    sold = printed_by_year()
    off = dict(zip(GRID, np.exp(known["source_error"] * known["off"]), strict=True))
    for row, term in zip(panel.national.itertuples(), found["national"], strict=True):
        years = [year for year in row.years if year in sold]
        mean = np.log(sum(sold[year] * off[year] for year in years) * known["ratio"][row.agency])
        shares = np.array([sold[year] for year in years]) / sum(sold[year] for year in years)
        scale = known["source_error"] * np.sqrt((shares**2).sum())
        assert term == pytest.approx(stats.norm(mean, scale).logpdf(np.log(row.vehicles)))


def test_a_sum_of_years_keeps_what_was_not_printed_apart():
    rows = registry.load("hydrogen_clusters").national
    sums = rows[rows.years.map(len) > 1]
    assert sums.years.tolist() == [tuple(range(2015, 2021))]
    assert sums.vehicles.tolist() == [18096 - 1586 - 3367 - 5791]
    assert len(rows) == 6
    table = tables.load("hydrogen_national")
    with pytest.raises(BookError, match="sales by CAAM in 2015-2023 and 10744 in single years of them: expected more"):
        clusters.national_counts(table.assign(vehicles=table.vehicles.mask(table.span == "cumulative", 9000)))


def test_counts_of_clusters_by_hand():
    panel = registry.load("hydrogen_clusters")
    known, found = terms(clusters.build(panel), ["counts"])
    sold = printed_by_year()
    wrong = dict(zip(clusters.GRID, np.exp(known["source_error"] * known["off"]), strict=True))

    def expected(time: float, cluster: int) -> float:
        total = 0.0
        for year, vehicles in sold.items():
            weight = np.exp(known["weight"] + known["hurry"] * (year + 0.5 - 2023.5))
            total += vehicles * wrong[year] * min(max(time - year, 0), 1) * weight[cluster] / (1 + weight.sum())
        return total

    places = list(panel.counts.place)
    for place, vehicles in (("Daxing", 900), ("Beijing-Tianjin-Hebei", 2508)):
        row = panel.counts[panel.counts.place == place].iloc[0]
        off = np.log(vehicles / expected(row.year, 0)) / clusters.COUNT_ERROR
        term = stats.norm.logsf(off) if row.lower else -0.5 * off**2
        assert found["counts"][places.index(place)] == pytest.approx(term, abs=1e-6)


def test_only_a_count_of_a_whole_cluster_is_not_a_lower_bound():
    counts = registry.load("hydrogen_clusters").counts
    assert counts.place[counts.lower == 0].tolist() == ["Beijing-Tianjin-Hebei"]


def test_the_printed_fleet_grows_within_a_year():
    panel = registry.load("hydrogen_clusters")
    year = [clusters.printed_additions(panel, time).sum() for time in (2017.0, 2017.5, 2018.0)]
    assert year == pytest.approx([0, 190, 380])


def test_a_count_that_begins_with_the_cluster_is_a_part_of_what_was_added_since():
    panel, newer = registry.load("hydrogen_clusters"), registry.load("hydrogen_clusters", "since-start")
    counts, base = panel.counts, clusters.printed_additions(panel, clusters.BASE + 1.0).sum()
    fell = (clusters.data(panel)["additions"] - clusters.data(newer)["additions"]).sum(axis=1)
    own = ((counts.cluster == 0) & (counts.lower == 0)).to_numpy()
    assert own.sum() == 1
    assert fell[own] == pytest.approx(base)
    assert fell[~own] == pytest.approx(0, abs=1e-6)


def test_the_city_of_another_cluster_is_taken_out_of_the_regions_count_alone():
    panel, less = registry.load("hydrogen_clusters"), registry.load("hydrogen_clusters", "without-city")
    city = panel.counts.vehicles[panel.counts.place == "Zhangjiakou"].iloc[0]
    fell = panel.counts.vehicles - less.counts.vehicles
    assert fell[panel.counts.place == "Beijing-Tianjin-Hebei"].tolist() == [city] == [444]
    assert np.count_nonzero(fell) == 1
    assert less.counts.cluster[less.counts.place == "Zhangjiakou"].tolist() == [clusters.CLUSTERS.index("Hebei")]


def test_a_cumulative_count_cannot_fall():
    counts = tables.load("hydrogen_clusters")
    again = counts[counts.place == "Beijing-Tianjin-Hebei"].assign(date=pd.Timestamp("2024-01-01"), vehicles=2000)
    with pytest.raises(BookError, match="has 2000 vehicles of Beijing-Tianjin-Hebei on 2024-01-01 and more before"):
        clusters.cluster_counts(pd.concat([counts, again], ignore_index=True))


@pytest.mark.parametrize(("toy", "share"), [("toy", 0.5 / 3.5), ("toy-small", 0.1 / 1.5)])
def test_a_record_of_clusters_has_its_truth(toy, share):
    usual = registry.load("hydrogen_clusters")
    panel = clusters.TOYS[toy](usual, np.random.default_rng(2))
    weight, shape = panel.truth["weight"], (2, 3, 5)
    draws = {"weight": np.full(shape, weight), "hurry": np.zeros(shape)}
    parameters = xr.Dataset({name: (("chain", "draw", "cluster"), value) for name, value in draws.items()})
    fit = SimpleNamespace(panel=panel, parameters=parameters, name=f"hydrogen_clusters/{toy}", variant=toy, seed=1)
    found = {finding.id: finding.mean for finding in clusters_findings.findings(fit)}
    assert found == {
        f"hydrogen.truth.bth.share@{toy}": pytest.approx(100 * share, abs=1e-3),
        f"hydrogen.bth.share@{toy}": pytest.approx(100 * share),
    }


def test_made_up_counts_are_shares_of_what_china_added():
    usual, rng = registry.load("hydrogen_clusters"), np.random.default_rng(3)
    made = [clusters.simulate({"weight": np.log(0.5), "source_error": 0.01}, rng, usual) for _ in range(300)]
    ratio = np.array([one.counts.vehicles for one in made]) / clusters.counted_additions(usual).sum(axis=1)
    whole = clusters.own(usual)
    assert np.log(ratio[:, whole]).mean() == pytest.approx(np.log(1 / 7), abs=0.03)
    assert np.log(ratio[:, whole]).std() == pytest.approx(0.15, rel=0.15)
    assert np.log(ratio[:, ~whole]).mean() == pytest.approx(np.log(0.6 / 7), abs=0.02)
    assert replace(made[0], counts=usual.counts, national=usual.national, truth=None).used == usual.used
