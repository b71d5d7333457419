"""The model of Hong Kong's emissions: paths and densities by hand, bad tables refused, what variants change."""

import numpy as np
import pymc as pm
import pytest
from densities import densities_at, draws_at, stand_in_fit, values_at
from scipy import stats

from jingjinji.core import registry, tables
from jingjinji.core.errors import BookError
from jingjinji.topics.hongkong import emissions
from jingjinji.topics.hongkong import emissions_findings as said

VARIANT, LAST = "to-2019", 2019
DIMS = {
    "drift": ("path",), "walk": ("path", "step"), "scatter": ("path",), "paths": ("path", "year"),
    "revision": ("release",), "offset": ("source",), "error": ("source",), "memory": ("source",),
}  # fmt: skip


@pytest.fixture(scope="module")
def model() -> pm.Model:
    return emissions.build(registry.load("hongkong", VARIANT))


@pytest.fixture(scope="module")
def point(model) -> dict:
    """Near the printed figures, so that all terms are of a usual size."""
    rng = np.random.default_rng(3)
    return {name: value + 0.05 * rng.normal(size=np.shape(value)) for name, value in model.initial_point().items()}


@pytest.fixture(scope="module")
def values(model, point) -> dict:
    return values_at(model, point)


@pytest.fixture(scope="module")
def densities(model, point) -> dict:
    return densities_at(model, point)


def of_drifts(values: dict) -> np.ndarray:
    """Drift (path, step) from that of the step into 2015 on, a year at a time."""
    steps = list(emissions.YEARS[1:])
    drifts = np.empty((3, len(steps)))
    change = values["walk_scale"] * np.array([0.03, 0.1, 0.03])[:, None] * values["walk"]
    middle = steps.index(2015)
    drifts[:, middle] = values["drift"]
    for step in range(middle + 1, len(steps)):
        drifts[:, step] = drifts[:, step - 1] + change[:, step]
    for step in range(middle - 1, -1, -1):
        drifts[:, step] = drifts[:, step + 1] - change[:, step + 1]
    return drifts


def of_paths(values: dict) -> np.ndarray:
    """What power stations make, log-odds of coal and the rest by year at a point."""
    power, odds, rest = values["paths"]
    odds = odds - values["offset"][1] + values["offset"][2]
    share = np.exp(odds) / (1 + np.exp(odds))
    return np.stack([power - np.log(share + 0.45 * (1 - share)), odds, rest])


def of_emissions(values: dict) -> dict[str, np.ndarray]:
    """Emissions of each quantity by year at a point."""
    power, odds, rest = of_paths(values)
    share = np.exp(odds) / (1 + np.exp(odds))
    coal, gas = np.exp(power) * share, 0.45 * np.exp(power) * (1 - share)
    assert coal + gas == pytest.approx(np.exp(values["paths"][0]))
    return {"all": coal + gas + np.exp(rest), "electricity": coal + gas, "coal": coal, "gas": gas}


def test_paths_by_hand(values, densities):
    drifts, expected = of_drifts(values), 0.0
    for k in range(3):
        path, start = of_paths(values)[k], ((np.log(40), 0.5), (1.0, 1.0), (np.log(13), 0.5))[k]
        expected += stats.norm.logpdf(path[0], *start)
        for step in range(len(emissions.YEARS) - 1):
            if emissions.YEARS[step + 1] <= LAST:
                drift, scatter = drifts[k, step], values["scatter"][k]
                expected += stats.t.logpdf(path[step + 1] - path[step], 4, drift, scatter)
            else:
                expected += stats.t.logpdf(values["paths"][k, step + 1], 4)
    assert densities["paths"] == pytest.approx(expected)


def test_printed_figures_by_hand(values, densities):
    panel, made = registry.load("hongkong", VARIANT), of_emissions(values)
    expected, kinds = 0.0, set()
    for row in panel.printed.itertuples():
        if row.year > LAST:
            continue
        year, base, sector = row.year - 2005, row.base_year - 2005, made[row.sector]
        mean = {"total": sector[year], "share": sector[year] / made["all"][year], "change": sector[year] / sector[base],
                "fuel": sector[year] / np.exp(values["all_coal"])}[row.quantity]  # fmt: skip
        revision = values["revision_scale"] * values["revision"][row.release] if row.release >= 0 else 0.0
        sd = np.hypot(0.02 if row.quantity == "fuel" else values["inventory"], row.half)
        expected += -0.5 * ((row.value - np.log(mean) - revision) / sd) ** 2 - np.log(sd)
        kinds.add(row.quantity)
    assert kinds == {"total", "share", "change", "fuel"}
    assert densities["printed"] == pytest.approx(expected)


def test_statistics_by_hand(values, densities):
    panel, made = registry.load("hongkong", VARIANT), of_emissions(values)
    expected = 0.0
    for j, quantity in enumerate(("all", "coal", "gas")):
        before, rho, error = None, values["memory"][j], values["error"][j]
        for t in range(len(emissions.YEARS)):
            if np.isnan(panel.series[j, t]):
                break
            off = panel.series[j, t] - np.log(made[quantity][t]) - values["offset"][j]
            if before is None:
                expected += stats.t.logpdf(off, emissions.TAIL, 0, error / np.sqrt(1 - rho**2))
            else:
                expected += stats.t.logpdf(off, emissions.TAIL, rho * before, error)
            before = off
    assert densities["series"] == pytest.approx(expected)


def test_states_are_those_of_the_model(values):
    drawn = {name: value for name, value in values.items() if name not in ("printed", "series")}
    fit = stand_in_fit("hongkong", registry.load("hongkong", VARIANT), {}, 1, 3)
    fit.parameters = draws_at(drawn, DIMS)
    now, made = said.states(fit), of_emissions(values)
    until = LAST - 2005 + 1
    assert now["emissions"].sum(axis=1)[0] == pytest.approx(made["all"][:until])
    assert said.logs(now)[0, 2] == pytest.approx(np.log(made["coal"][:until]))
    assert now["drift"][0] == pytest.approx(of_drifts(values)[:, until - 2])


def test_a_random_path_scatters_around_its_drift(model):
    """Of years that nothing informs surprises are drawn, of the others the path itself."""
    drawn = pm.draw(model["paths"], 4000, random_seed=1, mode="FAST_COMPILE")
    step = np.diff(drawn[:, 0], axis=1)
    assert np.median(step[:, 0]) == pytest.approx(0, abs=0.01)
    assert np.median(np.abs(drawn[:, 2, -1])) == pytest.approx(stats.t.ppf(0.75, 4), rel=0.1)
    assert np.median(drawn[:, 1, 0]) == pytest.approx(1, abs=0.1)


def test_power_from_gas_costs_less():
    coal, gas, rest = emissions.of_paths(np.array([np.log([40.0, 40]), [50.0, -50], np.log([13.0, 13])]))
    assert coal == pytest.approx([40, 0])
    assert gas == pytest.approx([0, 18])
    assert rest == pytest.approx([13, 13])


def test_shares_of_more_than_all_are_refused():
    table = tables.load("hongkong_emissions")
    wrong = table.assign(value=table.value.where((table.quantity != "share") | (table.sector != "waste"), 30.0))
    with pytest.raises(BookError, match=r"table hongkong_emissions has shares of .* % in 2015"):
        emissions.panel(wrong)


def test_a_total_from_persons_uses_the_years_around():
    panel = registry.load("hongkong")
    row = panel.printed[(panel.printed.year == 2022) & (panel.printed.quantity == "total")].iloc[0]
    persons = np.mean([40.1 / 5.3, 33.8 / 4.5, 33.2 / 4.41])
    assert np.exp(row.value) == pytest.approx(4.55 * persons)
    assert row.half == pytest.approx(emissions.ABOUT)


def test_every_printed_figure_of_all_and_of_electricity_is_used():
    table, printed = tables.load("hongkong_emissions").query("year >= 2005"), registry.load("hongkong").printed
    rows = table[table.sector.isin(["all", "electricity"])]
    count = {kind: (rows.quantity == name).sum() for name, kind in
             (("emissions", "total"), ("share", "share"), ("change", "change"),
              ("share of coal in electricity", "fuel"))}  # fmt: skip
    count["total"] += 1
    assert printed.quantity.value_counts().to_dict() == count
    assert ((printed.base_year < printed.year) == (printed.quantity == "change")).all()
    assert (printed[printed.year == 2024].release == -1).all()


def test_what_is_left_out_is_not_seen():
    for last in emissions.ORIGINS:
        panel = registry.load("hongkong", f"to-{last}")
        known = panel.known > 0
        assert panel.printed.year[known].max() <= last < panel.printed.year[~known].min()
        assert np.isnan(panel.series[:, last < emissions.YEARS]).all()
        assert np.isfinite(panel.series[:, min(last, 2021) >= emissions.YEARS]).all()
        assert emissions.data(panel)["informed"].sum() == last - 2004


def test_a_toy_without_noise_repeats_its_truth():
    quiet = {
        "scatter": np.zeros(3),
        "inventory": 0.0,
        "error": 0.0,
        "rise": (0.0, 0.0, 0.0),
        "fall": (-0.05, 0.0, -0.05),
    }
    panel = emissions.simulate(quiet, np.random.default_rng(1), registry.load("hongkong"))
    made = panel.truth["emissions"].sum(axis=0)
    assert made[:10] == pytest.approx(np.full(10, made[0]))
    assert made[-1] == pytest.approx(made[9] * np.exp(-0.5))
    change = panel.printed[
        (panel.printed.quantity == "change") & (panel.printed.base_year == 2014) & (panel.printed.year == 2024)
    ]
    assert change.value.iloc[0] == pytest.approx(np.log(made[-1] / made[9]), abs=4 * change.half.iloc[0])
    assert panel.series[0, :3] == pytest.approx(np.log(made[:3]) + emissions.TRUTH["offset"][0])
    assert panel.truth["left"] == pytest.approx(100 * np.exp(-0.05 * 21))
    share = panel.printed[panel.printed.quantity == "fuel"]
    coal = panel.truth["emissions"][0, share.year - 2005]
    assert share.value.to_numpy() == pytest.approx(np.log(coal / 46.0), abs=4 * share.half.max())


def test_money_per_tonne_by_hand():
    def of(year):
        return np.array([{2021: 30.0, 2005: 40.0}[year]])

    assert said._money(of) == {"cut": pytest.approx([10.0]), "per-tonne": pytest.approx([24.0])}
