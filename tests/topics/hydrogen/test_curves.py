"""The curves of sales: curves and densities by hand, records."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from scipy import special, stats

from jingjinji.core import densities, registry
from jingjinji.topics.hydrogen import curves, curves_findings, page

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
    assert most * np.exp(curves.log_curve(year, p + q, peak)) == pytest.approx(bought(year + 1) - bought(year))
    assert curves.log_curve(1000.0, 2.0, 2020.0) == pytest.approx(
        2 * (1000 + 1 - 2020) + np.log(2 * np.expm1(2) / np.e**2)
    )


def test_an_effect_keeps_its_mean_and_scale():
    rng = np.random.default_rng(1)
    for centring in (0.0, 0.4, 1.0):
        drawn = densities.restored(rng.normal(centring * 5, 3**centring, size=100_000), 5, 3, centring)
        assert (drawn.mean(), drawn.std()) == (pytest.approx(5, abs=0.05), pytest.approx(3, abs=0.05))


def test_sales_are_negative_binomial_around_the_curve():
    panel = registry.load("hydrogen", "without-last-three")
    known, found = terms(curves.build(panel), ["sales"])
    mode_of = panel.units["mode"].map(curves.MODES.index).to_numpy()
    made = curves.data(panel)
    pace = np.exp(known["pace_mean"][mode_of] + known["pace_scale"] * known["pace"])
    few, years = 1 - made["level_centring"], 1 - made["peak_centring"]
    assert {0, 1} == set(few)
    typical = known["peak_mean"][mode_of]
    delay = typical + (known["peak"] - (1 - years) * typical) * known["peak_scale"] ** years
    peak = panel.units.launch + delay
    middle = curves.log_curve(made["middle"], pace, peak)
    level = np.where(few, known["size_mean"][mode_of] + middle + known["size_scale"] * known["level"], known["level"])
    u = made["unit_index"]
    mean = np.exp((level - middle)[u] + curves.log_curve(made["year"], pace[u], peak[u]))
    size = known["concentration"][mode_of][u]
    count = stats.nbinom(size, size / (size + mean))
    expected = count.logpmf(made["vehicles"]) - np.log1p(-count.pmf(0))
    assert found["sales"] == pytest.approx(np.where(panel.sales.year < 2021, expected, 0))


def test_printed_counts_are_never_zero():
    rng = np.random.default_rng(2)
    drawn = curves.printed_counts(np.full(50_000, 0.8), 1.5, rng)
    chance = stats.nbinom(1.5, 1.5 / 2.3)
    assert drawn.min() == 1
    assert curves.printed_counts(np.array([1e-20, 1e-9]), 1.5, rng) == pytest.approx([1, 1])
    assert drawn.mean() == pytest.approx(0.8 / (1 - chance.pmf(0)), rel=0.02)


def test_large_counts_are_drawn_at_once_and_as_they_scatter():
    """Of a mean of 1e12 a discrete quantile is not found in a lifetime; at the seam both ways agree."""
    rng = np.random.default_rng(2)
    huge = curves.printed_counts(np.full(20_000, 1e12), 2.0, rng)
    assert huge.mean() == pytest.approx(1e12, rel=0.03)
    assert huge.std() == pytest.approx(1e12 / np.sqrt(2), rel=0.03)
    below, above = (curves.printed_counts(np.full(4000, mean), 1.5, np.random.default_rng(3)) for mean in (9999.0, 1e4))
    assert above == pytest.approx(below, rel=2e-3, abs=2)
    few = curves.printed_counts(np.full(20_000, 4e4), 1e9, rng)
    assert few.std() == pytest.approx(200, rel=0.03)


def fake_fit(panel, noise: float, shift: float = 0.0) -> SimpleNamespace:
    """A fit whose draws lie around one point, for functions of draws."""
    rng, drawn = np.random.default_rng(5), {}
    dims = {"mode": 3, "unit": len(panel.units)}
    of = {"peak_mean": ("mode", 8.0), "peak_scale": (None, 3.0), "peak": ("unit", 1.0), "pace_mean": ("mode", -0.7),
          "pace_scale": (None, 0.3), "pace": ("unit", 0.1), "size_mean": ("mode", 5.0), "size_scale": (None, 2.0),
          "level": ("unit", 4.0 + shift), "concentration": ("mode", 1.5)}  # fmt: skip
    for name, (dim, value) in of.items():
        size = (2, 200, dims[dim]) if dim else (2, 200)
        drawn[name] = (("chain", "draw", dim)[: len(size)], value + noise * rng.normal(size=size))
    return SimpleNamespace(panel=panel, parameters=xr.Dataset(drawn), seed=3)


def test_log_density_by_hand():
    fit = fake_fit(registry.load("hydrogen", "logistic"), 0.1)
    known = curves_findings.curves(fit)
    found, made = curves_findings.log_density(fit, known), curves.data(fit.panel)
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
        name: curves_findings.log_density(fit, curves_findings.curves(fit)).mean(axis=0) for name, fit in fits.items()
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
    panel = curves.simulate(truth, np.random.default_rng(4), registry.load("hydrogen"))
    known = {**curves.TRUTH, **truth}
    assert panel.truth == known
    large = panel.sales[panel.sales.vehicles > 2000].groupby("unit")
    bends = [np.diff(np.log(rows.vehicles), 2) for _, rows in large if (rows.year.diff()[1:] == 1).all()]
    assert np.concatenate(bends).max() < 4 * np.sqrt(6 / 2000)


@pytest.mark.parametrize(("toy", "years"), [("toy", np.log(2) / 0.6), ("toy-slow", np.log(2) / 0.3)])
def test_a_record_of_curves_has_its_truth(toy, years):
    panel = curves.TOYS[toy](registry.load("hydrogen"), np.random.default_rng(2))
    fit = fake_fit(panel, 0.3)
    found = curves_findings.findings(SimpleNamespace(**vars(fit) | {"name": f"hydrogen/{toy}", "variant": toy}))
    ids = {finding.id: finding.mean for finding in found}
    truths = {id: value for id, value in ids.items() if ".truth." in id}
    assert {id.replace(".truth.", ".") for id in truths} == set(ids) - set(truths)
    assert ids[f"hydrogen.truth.cars.doubling@{toy}"] == pytest.approx(years, abs=1e-3)


def test_a_sale_that_others_predict_lies_where_its_distribution_says():
    """Where draws hardly differ the weights are even, so places are those of the curve's own distribution."""
    fit = fake_fit(registry.load("hydrogen"), 1e-6)
    known = curves_findings.curves(fit)
    place, unreliable = curves_findings.left_out_places(fit, known)
    mean, size = (values[0] for values in curves_findings.expected_sales(fit, known, slice(0, 1)))
    count, number = stats.nbinom(size, size / (size + np.exp(mean))), curves.data(fit.panel)["vehicles"]
    zero = count.pmf(0)
    middle = (count.cdf(number) - 0.5 * count.pmf(number) - zero) / (1 - zero)
    assert place == pytest.approx(middle, abs=1e-3)
    assert not unreliable.any()


def test_a_draw_that_a_sale_alone_prefers_weighs_little_where_it_is_left_out():
    fit = fake_fit(registry.load("hydrogen"), 0.05)
    known = curves_findings.curves(fit)
    place, _ = curves_findings.left_out_places(fit, known)
    mean, size = curves_findings.expected_sales(fit, known, slice(None))
    count, number = stats.nbinom(size, size / (size + np.exp(mean))), curves.data(fit.panel)["vehicles"]
    inside = (count.cdf(number) - 0.5 * count.pmf(number) - count.pmf(0)) / (1 - count.pmf(0))
    assert (np.abs(place - 0.5) > np.abs(inside.mean(axis=0) - 0.5)).mean() > 0.75
