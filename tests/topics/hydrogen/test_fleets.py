"""The models of fleets, firms and storage: curves and densities by hand, errors."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytensor
import pytest
import xarray as xr
from scipy import special, stats

from jingjinji.core import densities, registry, tables
from jingjinji.core.errors import BookError
from jingjinji.topics.hydrogen import firms, firms_findings, fleets, fleets_findings, page
from jingjinji.topics.water import reservoir, reservoir_findings

PLAIN = "FAST_COMPILE"


def terms(model, names: list[str]) -> tuple[dict, dict]:
    rng = np.random.default_rng(3)
    point = {name: value + 0.1 * rng.normal(size=np.shape(value)) for name, value in model.initial_point().items()}
    free = [*model.free_RVs, *model.deterministics]
    values = model.compile_fn(model.replace_rvs_by_values(free), mode=PLAIN)(point)
    found = model.compile_fn(model.logp(sum=False, jacobian=False), mode=PLAIN)(point)
    by_name = dict(zip([v.name for v in model.basic_RVs], found, strict=True))
    return dict(zip([v.name for v in free], values, strict=True)), {name: by_name[name] for name in names}


def test_bass_sells_as_the_curve():
    p, q, start = 0.01, 0.5, 2010.0
    peak = start + np.log(q / p) / (p + q)
    year = np.array([2010.0, 2015.0, 2020.0, 2040.0])

    def bought(time):
        fallen = np.exp(-(p + q) * (time - start))
        return (1 - fallen) / (1 + q / p * fallen)

    most = (p + q) ** 2 / (4 * q)
    assert most * np.exp(fleets.log_curve(year, p + q, peak)) == pytest.approx(bought(year + 1) - bought(year))
    assert fleets.log_curve(1000.0, 2.0, 2020.0) == pytest.approx(
        2 * (1000 + 1 - 2020) + np.log(2 * np.expm1(2) / np.e**2)
    )


def test_an_effect_keeps_its_mean_and_scale():
    rng = np.random.default_rng(1)
    for centring in (0.0, 0.4, 1.0):
        drawn = densities.restored(rng.normal(centring * 5, 3**centring, size=100_000), 5, 3, centring)
        assert (drawn.mean(), drawn.std()) == (pytest.approx(5, abs=0.05), pytest.approx(3, abs=0.05))


def test_sales_are_negative_binomial_around_the_curve():
    panel = registry.load("hydrogen", "without-last-three")
    known, found = terms(fleets.build(panel), ["sales", "national", "counts"])
    mode_of = panel.units["mode"].map(fleets.MODES.index).to_numpy()
    made = fleets.data(panel)
    pace = np.exp(known["pace_mean"][mode_of] + known["pace_scale"] * known["pace"])
    few, years = 1 - made["level_centring"], 1 - made["peak_centring"]
    assert {0, 1} == set(few)
    typical = known["peak_mean"][mode_of]
    delay = typical + (known["peak"] - (1 - years) * typical) * known["peak_scale"] ** years
    peak = panel.units.launch + delay
    middle = fleets.log_curve(made["middle"], pace, peak)
    level = np.where(few, known["size_mean"][mode_of] + middle + known["size_scale"] * known["level"], known["level"])
    u = made["unit_index"]
    mean = np.exp((level - middle)[u] + fleets.log_curve(made["year"], pace[u], peak[u]))
    size = known["concentration"][mode_of][u]
    count = stats.nbinom(size, size / (size + mean))
    expected = count.logpmf(made["vehicles"]) - np.log1p(-count.pmf(0))
    assert found["sales"] == pytest.approx(np.where(panel.sales.year < 2021, expected, 0))
    assert not found["counts"].any()

    sold = printed_by_year(panel)
    off = dict(zip(fleets.GRID, np.exp(known["source_error"] * known["off"]), strict=True))
    for row, term in zip(panel.national.itertuples(), found["national"], strict=True):
        years = [year for year in row.years if year in sold]
        mean = np.log(sum(sold[year] * off[year] for year in years) * known["ratio"][row.agency])
        shares = np.array([sold[year] for year in years]) / sum(sold[year] for year in years)
        scale = known["source_error"] * np.sqrt((shares**2).sum())
        assert term == pytest.approx(stats.norm(mean, scale).logpdf(np.log(row.vehicles)))


def printed_by_year(panel) -> dict[int, float]:
    china = (panel.units.country == "China").to_numpy()[panel.sales.unit]
    return panel.sales[china].groupby("year").vehicles.sum().to_dict()


def test_a_sum_of_years_keeps_what_was_not_printed_apart():
    rows = registry.load("hydrogen").national
    sums = rows[rows.years.map(len) > 1]
    assert sums.years.tolist() == [tuple(range(2015, 2021))]
    assert sums.vehicles.tolist() == [18096 - 1586 - 3367 - 5791]
    assert len(rows) == 6
    table = tables.load("hydrogen_national")
    with pytest.raises(BookError, match="sales by CAAM in 2015-2023 and 10744 in single years of them: expected more"):
        fleets.national_counts(table.assign(vehicles=table.vehicles.mask(table.span == "cumulative", 9000)))


def test_counts_of_clusters_by_hand():
    panel = registry.load("hydrogen")
    known, found = terms(fleets.build(panel), ["counts"])
    sold = printed_by_year(panel)
    wrong = dict(zip(fleets.GRID, np.exp(known["source_error"] * known["off"]), strict=True))

    def expected(time: float, cluster: int) -> float:
        total = 0.0
        for year, vehicles in sold.items():
            weight = np.exp(known["weight"] + known["hurry"] * (year + 0.5 - 2023.5))
            total += vehicles * wrong[year] * min(max(time - year, 0), 1) * weight[cluster] / (1 + weight.sum())
        return total

    places = list(panel.counts.place)
    for place, vehicles in (("Daxing", 900), ("Beijing-Tianjin-Hebei", 2508)):
        row = panel.counts[panel.counts.place == place].iloc[0]
        off = np.log(vehicles / expected(row.year, 0)) / fleets.COUNT_ERROR
        term = stats.norm.logsf(off) if row.lower else -0.5 * off**2
        assert found["counts"][places.index(place)] == pytest.approx(term, abs=1e-6)


def test_only_a_count_of_a_whole_cluster_is_not_a_lower_bound():
    counts = registry.load("hydrogen").counts
    assert counts.place[counts.lower == 0].tolist() == ["Beijing-Tianjin-Hebei"]


def test_no_cluster_loses_vehicles():
    fit = fake_fit(registry.load("hydrogen"), 0.3)
    known = fleets_findings.curves(fit)
    paths = [fleets_findings.cluster_path(fit, known, time) for time in (2021.0, 2023.67, 2024.5, 2026.0)]
    assert (np.diff(paths, axis=0) >= 0).all()
    added = fleets_findings.cluster_path(fit, known, 2026.0, fleets.BASE + 1)
    assert added == pytest.approx(paths[-1] - paths[0])
    assert (paths[0].sum(axis=1) < (fleets.printed_additions(fit.panel, 2021.0) * known["off"]).sum(axis=1)).all()


def test_the_printed_fleet_grows_within_a_year():
    panel = registry.load("hydrogen")
    year = [fleets.printed_additions(panel, time).sum() for time in (2017.0, 2017.5, 2018.0)]
    assert year == pytest.approx([0, 190, 380])


def test_printed_counts_are_never_zero():
    rng = np.random.default_rng(2)
    drawn = fleets.printed_counts(np.full(50_000, 0.8), 1.5, rng)
    chance = stats.nbinom(1.5, 1.5 / 2.3)
    assert drawn.min() == 1
    assert fleets.printed_counts(np.array([1e-20, 1e-9]), 1.5, rng) == pytest.approx([1, 1])
    assert drawn.mean() == pytest.approx(0.8 / (1 - chance.pmf(0)), rel=0.02)


def fake_fit(panel, noise: float, shift: float = 0.0) -> SimpleNamespace:
    """A fit whose draws lie around one point, for functions of draws."""
    rng, drawn = np.random.default_rng(5), {}
    dims = {"mode": 3, "unit": len(panel.units), "agency": 2, "cluster": 5, "year_sold": len(fleets.GRID)}
    of = {"peak_mean": ("mode", 8.0), "peak_scale": (None, 3.0), "peak": ("unit", 1.0), "pace_mean": ("mode", -0.7),
          "pace_scale": (None, 0.3), "pace": ("unit", 0.1), "size_mean": ("mode", 5.0), "size_scale": (None, 2.0),
          "level": ("unit", 4.0 + shift), "concentration": ("mode", 1.5),
          "source_error": (None, 0.2), "off": ("year_sold", 0.0), "ratio": ("agency", 1.0),
          "weight": ("cluster", -0.7), "hurry": ("cluster", 0.0)}  # fmt: skip
    for name, (dim, value) in of.items():
        size = (2, 200, dims[dim]) if dim else (2, 200)
        drawn[name] = (("chain", "draw", dim)[: len(size)], value + noise * rng.normal(size=size))
    return SimpleNamespace(panel=panel, parameters=xr.Dataset(drawn), seed=3)


def test_log_density_by_hand():
    fit = fake_fit(registry.load("hydrogen", "logistic"), 0.1)
    known = fleets_findings.curves(fit)
    found, made = fleets_findings.log_density(fit, known), fleets.data(fit.panel)
    draw, row = 17, 40
    unit, year = made["unit_index"][row], made["year"][row]
    one = {name: known[name][draw, unit] for name in ("pace", "peak", "size", "concentration")}
    rise = special.expit(one["pace"] * (np.array([year, year + 1]) - one["peak"]))
    mean = np.exp(one["size"]) * 4 / one["pace"] * np.diff(rise)[0]
    count = stats.nbinom(one["concentration"], one["concentration"] / (one["concentration"] + mean))
    expected = count.logpmf(made["vehicles"][row]) - np.log1p(-count.pmf(0))
    assert found[draw, row] == pytest.approx(expected)
    assert found.shape == (400, len(fit.panel.sales))


def test_leaving_one_out_prefers_the_better_curve():
    fits = {
        "good": fake_fit(registry.load("hydrogen"), 1e-5),
        "bad": fake_fit(registry.load("hydrogen"), 1e-5, shift=-3.0),
    }
    table = page.comparison(fits).set_index("curves")
    sums = {
        name: fleets_findings.log_density(fit, fleets_findings.curves(fit)).mean(axis=0) for name, fit in fits.items()
    }
    off = sums["bad"] - sums["good"]
    assert list(table.index) == ["good", "bad"]
    assert table.elpd["good"] == pytest.approx(sums["good"].sum(), abs=0.5)
    assert table.difference["bad"] == pytest.approx(off.sum(), rel=1e-4)
    assert table["its standard error"]["bad"] == pytest.approx(np.sqrt(off.size) * off.std(), rel=0.01)
    assert table["k above 0.7"].tolist() == [0, 0]
    fits["bad"].panel.sales["vehicles"] += 1
    with pytest.raises(ValueError, match="the same sales"):
        page.comparison(fits)


def test_a_toy_without_scatter_is_as_smooth_as_its_curve():
    truth = {"pace": 0.4, "concentration": 1e6, "size": np.log(3e4)}
    panel = fleets.simulate(truth, np.random.default_rng(4), registry.load("hydrogen"))
    known = {**fleets.TRUTH, **truth}
    assert panel.truth == known
    large = panel.sales[panel.sales.vehicles > 2000].groupby("unit")
    bends = [np.diff(np.log(rows.vehicles), 2) for _, rows in large if (rows.year.diff()[1:] == 1).all()]
    assert np.concatenate(bends).max() < 4 * np.sqrt(6 / 2000)


def named(fit, variant: str):
    """The fit as that of a variant, with its panel."""
    panel = registry.load("hydrogen", variant)
    return SimpleNamespace(**vars(fit) | {"panel": panel, "name": f"hydrogen/{variant}", "variant": variant})


def test_a_variant_repeats_nothing_that_it_cannot_change():
    fit = fake_fit(registry.load("hydrogen"), 0.3)
    ids = {
        variant: {made.id.removesuffix(f"@{variant}") for made in fleets_findings.findings(named(fit, variant))}
        for variant in ("steady-shares", "late-peak", "without-last-three")
    }
    of_clusters = {f"hydrogen.{key}.2025" for key in fleets_findings.KEYS}
    of_clusters |= {f"hydrogen.{key}.reached" for key in ("bth", "shanghai", "guangdong")}
    agencies = {"hydrogen.ratio.caam", "hydrogen.ratio.sne", "hydrogen.source-error"}
    assert ids["steady-shares"] == of_clusters | agencies
    assert of_clusters < ids["late-peak"]
    assert "hydrogen.cars.doubling" in ids["late-peak"] & ids["without-last-three"]
    assert not agencies & ids["late-peak"]
    assert set(fleets_findings.OF_CLUSTERS) < set(fleets.VARIANTS)


@pytest.mark.filterwarnings("ignore:PyTensor could not link to a BLAS")
def test_no_parameter_is_in_curves_and_in_clusters():
    model = fleets.build(registry.load("hydrogen"))
    terms_of = dict(zip([v.name for v in model.basic_RVs], model.logp(sum=False, jacobian=False), strict=True))
    inputs = {
        name: {variable.name for variable in pytensor.graph.traversal.ancestors([terms_of[name]])}
        & {variable.name for variable in model.value_vars}
        for name in ("sales", "national", "counts")
    }  # fmt: skip
    assert not inputs["sales"] & (inputs["national"] | inputs["counts"])
    assert "off" in inputs["national"] & inputs["counts"]


@pytest.mark.parametrize(("toy", "years"), [("toy", np.log(2) / 0.6), ("toy-slow", np.log(2) / 0.3)])
def test_a_record_of_fleets_has_its_truth(toy, years):
    panel = fleets.TOYS[toy](registry.load("hydrogen"), np.random.default_rng(2))
    fit = fake_fit(panel, 0.3)
    found = fleets_findings.findings(SimpleNamespace(**vars(fit) | {"name": f"hydrogen/{toy}", "variant": toy}))
    ids = {finding.id: finding.mean for finding in found}
    truths = {id: value for id, value in ids.items() if ".truth." in id}
    assert {id.replace(".truth.", ".") for id in truths} == set(ids) - set(truths)
    assert ids[f"hydrogen.truth.cars.doubling@{toy}"] == pytest.approx(years, abs=1e-3)


def test_records_of_firms_and_storage_have_their_truth():
    years = registry.load("enterprises").rows.years
    for toy, growth in (("toy", 100 * np.expm1(0.35)), ("toy-no-growth", 0.0)):
        panel = firms.TOYS[toy](registry.load("enterprises"), np.random.default_rng(1))
        draws = xr.Dataset({name: (("chain", "draw"), np.full((2, 3), panel.truth[name])) for name in ("rate", "bend")})
        fit = SimpleNamespace(panel=panel, parameters=draws, name=f"enterprises/{toy}", variant=toy)
        found = firms_findings.findings(fit)
        assert [finding.mean for finding in found] == pytest.approx([growth] * 2, abs=1e-3)
        slope = np.polyfit(years, np.log(panel.rows.firms), 1)[0]
        assert slope == pytest.approx(panel.truth["rate"], abs=0.1)
    for toy, since in (("toy", 0.25), ("toy-no-rise", 0.0)):
        panel = reservoir.TOYS[toy](registry.load("storage"), np.random.default_rng(1))
        drift = np.broadcast_to([panel.truth["drift_before"], panel.truth["drift_since"]], (2, 3, 2))
        draws = xr.Dataset({"drift": (("chain", "draw", "epoch"), drift)})
        found = reservoir_findings.findings(
            SimpleNamespace(panel=panel, parameters=draws, name=f"storage/{toy}", variant=toy)
        )
        assert [finding.mean for finding in found] == pytest.approx([0, 0, since, since])
        assert not (panel.rows.bound != "").any()


def test_a_made_up_walk_has_the_scale_and_the_drift_that_it_says():
    panel, rng = registry.load("storage"), np.random.default_rng(3)
    made = [reservoir.simulate({"drift_since": 2.5, "error": 0.01}, rng, panel) for _ in range(400)]
    states, gap = np.array([one.truth["state"] for one in made]), reservoir.data(panel)
    assert (states[:, -1] - states[:, 0]).mean() == pytest.approx(2.5 * gap["gap_after"].sum(), abs=2)
    steps = np.diff(states, axis=1) - 2.5 * gap["gap_after"][1:]
    assert (steps / np.sqrt(gap["gap_clock"][1:])).std() == pytest.approx(2, rel=0.05)


def test_the_prior_alone_is_drawn():
    found = page.prior_growth(registry.load("enterprises"), 3000, 1)
    assert np.median(found.draws) == pytest.approx(100 * np.expm1(0.3), abs=5)
    assert np.log1p(found.draws / 100).std() == pytest.approx(np.hypot(0.4, 0.1), rel=0.05)


def test_a_cumulative_count_cannot_fall():
    counts = tables.load("hydrogen_clusters")
    again = counts[counts.place == "Beijing-Tianjin-Hebei"].assign(date=pd.Timestamp("2024-01-01"), vehicles=2000)
    with pytest.raises(BookError, match="has 2000 vehicles of Beijing-Tianjin-Hebei on 2024-01-01 and more before"):
        fleets.cluster_counts(pd.concat([counts, again], ignore_index=True))
    zone = tables.load("hydrogen_zone")
    with pytest.raises(BookError, match="cannot fall"):
        firms.panel(zone.assign(value=zone.value.where(zone.date != "2024-10-15", 5.0)))


def test_firms_by_hand():
    panel = registry.load("enterprises")
    known, found = terms(firms.build(panel), ["counts"])
    made = firms.data(panel)
    curve = known["level"] + known["rate"] * made["years"] + known["bend"] * made["years"] ** 2
    seen = made["log_firms"] + np.where(panel.rows.lower > 0, np.log1p(0.1 * known["excess"]), 0)
    expected = stats.norm(curve, known["scatter"]).logpdf(seen) + 0.5 * np.log(2 * np.pi)
    assert found["counts"] == pytest.approx(expected)


def test_storage_refuses_impossible_points():
    table = tables.load("water_storage")
    with pytest.raises(BookError, match="before it begins"):
        reservoir.panel(table.assign(last=table["first"] - pd.Timedelta(days=1)))
    with pytest.raises(BookError, match="at most the capacity"):
        reservoir.panel(table.assign(storage=99.0))


def test_the_clock_runs_fast_in_the_flood_season():
    assert reservoir.clock(np.array([2020.0, 2020.5, 2020.75, 2021.0])) - 2020 == pytest.approx([0, 1 / 6, 5 / 6, 1])


def test_a_count_that_begins_with_the_cluster_is_a_part_of_what_was_added_since():
    panel, newer = registry.load("hydrogen"), registry.load("hydrogen", "since-start")
    counts, base = panel.counts, fleets.printed_additions(panel, fleets.BASE + 1.0).sum()
    fell = (fleets.data(panel)["additions"] - fleets.data(newer)["additions"]).sum(axis=1)
    own = ((counts.cluster == 0) & (counts.lower == 0)).to_numpy()
    assert own.sum() == 1
    assert fell[own] == pytest.approx(base)
    assert fell[~own] == pytest.approx(0, abs=1e-6)
