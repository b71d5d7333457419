"""The synthetic control against a Gaussian process with its whole covariance, and what is derived from its draws."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from densities import PLAIN, jacobian, jacobian_at, lognormal, normal
from scipy import linalg, stats

from jingjinji.core import registry, tables
from jingjinji.core.errors import BookError
from jingjinji.topics.november import donors as apec_donors
from jingjinji.topics.november import donors_findings as said
from jingjinji.topics.november.donors import AREA, REGIONS, Panel

AREA_CITIES = ("Beijing", "Tianjin")
DONORS = ("Harbin", "Dalian", "Lanzhou", "Chengdu", "Wuhan", "Shanghai", "Sanya", "Kunming", "Xining")
WEEKS, KNOWN = 11, 7
STARTS = pd.date_range("2014-09-15", periods=WEEKS, freq="7D")


def some_panel(donors=DONORS, known=KNOWN, seed=3) -> Panel:
    rng = np.random.default_rng(seed)
    cities = AREA_CITIES + donors
    log = np.log(70) + 0.2 * rng.normal(size=(WEEKS, 1)) + 0.4 * rng.normal(size=(WEEKS, len(cities)))
    regions = np.array([0] * 2 + [1 + k % 5 for k in range(len(donors))])
    is_donor = np.arange(len(cities)) >= 2
    return Panel(log, cities, regions, 2, is_donor, STARTS, np.arange(WEEKS) < known, known)


@pytest.fixture(scope="module")
def panel() -> Panel:
    return some_panel()


@pytest.fixture(scope="module")
def model(panel) -> pm.Model:
    return apec_donors.build(panel)


# --- the density ------------------------------------------------------------------------------------------------

PRIORS = {
    "share": normal(1, 0.5),
    "weight_scale": lognormal(0.7, 0.5),
    "log_noise_mean": normal(math.log(0.25), 0.4),
}


@pytest.mark.parametrize("name", PRIORS)
def test_prior(densities, values, name):
    assert densities[name] == pytest.approx(float(PRIORS[name](values[name])), rel=1e-6, abs=1e-6)


def test_prior_of_the_regions_noise(densities, values):
    expected = normal(values["log_noise_mean"], 0.3)(values["log_noise"])
    assert densities["log_noise"] == pytest.approx(expected, rel=1e-6)


def test_every_random_variable_is_tested(densities):
    assert densities.keys() == {*PRIORS, "log_noise", "weeks"}


def test_jacobians_of_the_transforms(model, point, values, densities):
    assert jacobian_at(model, point, densities) == pytest.approx(jacobian(point, values), rel=1e-6)


def donors_of(panel: Panel, city: int, left_out: int | None = None) -> list[int]:
    return [k for k in np.flatnonzero(panel.donors) if k not in (city, left_out)]


def process(v: dict, panel: Panel, city: int, left_out: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of all weeks of a city, without noise, its level unknown: weights integrated out.

    A weight is normal around share / number of donors with standard deviation weight_scale / root of that number.
    """
    own = donors_of(panel, city, left_out)
    levels = panel.log_pm25[panel.before].mean(axis=0)
    mean, covariance = np.zeros(WEEKS), np.zeros((WEEKS, WEEKS))
    for k in own:
        weeks = panel.log_pm25[:, k] - levels[k]
        mean += v["share"] / len(own) * weeks
        covariance += v["weight_scale"] ** 2 / len(own) * np.outer(weeks, weeks)
    return mean, covariance


def contrasted_logp(v: dict, panel: Panel, city: int) -> float:
    """Log density of the Helmert contrasts of a city's weeks before the ban, which know nothing of its level."""
    known = np.flatnonzero(panel.before)
    contrasts = linalg.helmert(len(known))
    mean, covariance = process(v, panel, city)
    covariance = covariance[np.ix_(known, known)] + np.exp(2 * v["log_noise"][panel.regions[city]]) * np.eye(len(known))
    return stats.multivariate_normal.logpdf(
        contrasts @ panel.log_pm25[known, city], contrasts @ mean[known], contrasts @ covariance @ contrasts.T
    )


def terms_by_city(panel: Panel, point: dict) -> np.ndarray:
    model = apec_donors.build(panel)
    terms = model.compile_fn(model.logp(sum=False), mode=PLAIN)(point)
    return terms[model.basic_RVs.index(model["weeks"])].sum(axis=1)


@pytest.mark.parametrize("donors", [DONORS, DONORS[:5]], ids=["more donors than weeks", "fewer donors than weeks"])
def test_weeks_of_every_city(point, values, donors):
    panel = some_panel(donors)
    found = terms_by_city(panel, point)
    for city, name in enumerate(panel.cities):
        assert found[city] == pytest.approx(contrasted_logp(values, panel, city), rel=1e-8), name


def test_the_likelihood_is_the_sum_over_cities(densities, values, panel):
    expected = sum(contrasted_logp(values, panel, city) for city in range(len(panel.cities)))
    assert densities["weeks"] == pytest.approx(expected, rel=1e-8)


def test_a_city_is_never_its_own_donor(panel):
    spread, turned, mean = apec_donors.axes(panel)
    changed = panel.log_pm25.copy()
    city = panel.cities.index("Lanzhou")
    changed[:, city] += np.random.default_rng(1).normal(size=WEEKS)
    spread_after, turned_after, mean_after = apec_donors.axes(replace(panel, log_pm25=changed))
    np.testing.assert_allclose(spread_after[city], spread[city])
    np.testing.assert_allclose(np.abs(mean_after[city]), np.abs(mean[city]))
    assert not np.allclose(turned_after[city], turned[city])
    assert not np.allclose(spread_after[0], spread[0])


# --- the twin ---------------------------------------------------------------------------------------------------


def some_draws(size=3) -> xr.Dataset:
    rng = np.random.default_rng(7)
    return xr.Dataset(
        {
            "share": (("chain", "draw"), rng.normal(1, 0.3, (1, size))),
            "weight_scale": (("chain", "draw"), rng.gamma(20, 0.03, (1, size))),
            "log_noise": (("chain", "draw", "region"), rng.normal(-1.5, 0.3, (1, size, len(REGIONS)))),
        }
    )


def hand_twin(v: dict, panel: Panel, city: int, left_out: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Each week anew, given those before the ban: conditional of one joint normal, the level's prior nearly flat."""
    known = np.flatnonzero(panel.before)
    noise = np.exp(2 * v["log_noise"][panel.regions[city]])
    mean, covariance = process(v, panel, city, left_out)
    mean, covariance = mean + math.log(70), covariance + 1e4
    inverse = np.linalg.inv(covariance[np.ix_(known, known)] + noise * np.eye(len(known)))
    gain = covariance[:, known] @ inverse
    expected = mean + gain @ (panel.log_pm25[known, city] - mean[known])
    return expected, np.sqrt(np.diag(covariance - gain @ covariance[known]) + noise)


@pytest.mark.parametrize("city", ["Beijing", "Tianjin", "Harbin", "Sanya"])
@pytest.mark.parametrize("left_out", [None, "Chengdu"])
def test_the_twin_is_the_conditional_of_the_whole_process(panel, city, left_out):
    column = panel.cities.index(city)
    without = None if left_out is None else panel.cities.index(left_out)
    parameters = some_draws()
    mean, sd = apec_donors.counterfactual(parameters, panel, column, without)
    assert mean.shape == sd.shape == (3, WEEKS)
    for draw in range(3):
        v = {name: variable.values[0, draw] for name, variable in parameters.data_vars.items()}
        expected, spread = hand_twin(v, panel, column, without)
        np.testing.assert_allclose(mean[draw], expected, atol=1e-5)
        np.testing.assert_allclose(sd[draw], spread, rtol=1e-4)


def test_the_twin_with_few_donors():
    panel = some_panel(DONORS[:5])
    parameters = some_draws(1)
    mean, sd = apec_donors.counterfactual(parameters, panel, 0)
    v = {name: variable.values[0, 0] for name, variable in parameters.data_vars.items()}
    expected, spread = hand_twin(v, panel, 0)
    np.testing.assert_allclose(mean[0], expected, atol=1e-5)
    np.testing.assert_allclose(sd[0], spread, rtol=1e-4)


@pytest.mark.parametrize("city", ["Beijing", "Harbin"])
def test_periods_of_a_twin_err_together(panel, city):
    """The weights and the level are the same for every period, and the noise is each period's own."""
    column, parameters = panel.cities.index(city), some_draws(1)
    v = {name: variable.values[0, 0] for name, variable in parameters.data_vars.items()}
    known, noise = np.flatnonzero(panel.before), np.exp(2 * v["log_noise"][panel.regions[column]])
    _, covariance = process(v, panel, column, None)
    covariance = covariance + 1e4
    inverse = np.linalg.inv(covariance[np.ix_(known, known)] + noise * np.eye(len(known)))
    expected = covariance - covariance[:, known] @ inverse @ covariance[known] + noise * np.eye(len(covariance))
    found = apec_donors.twin(parameters, panel, column).covariance[0]
    np.testing.assert_allclose(found, expected, atol=1e-4)
    later = slice(panel.ban + 1, panel.ban + 3)
    assert abs(found[later, later][0, 1]) > 0.005
    fit = SimpleNamespace(panel=panel, parameters=parameters.isel(draw=np.zeros(20000, dtype=int)))
    drawn = apec_donors.gaps(fit, city, np.random.default_rng(1))[0]
    assert drawn[:, later].mean(axis=1).std() == pytest.approx(math.sqrt(expected[later, later].mean()), rel=0.03)


def test_a_twin_does_not_see_its_city_after_the_ban(panel):
    changed = panel.log_pm25.copy()
    changed[KNOWN:, 0] += 5
    before, _ = apec_donors.counterfactual(some_draws(), panel, 0)
    after, _ = apec_donors.counterfactual(some_draws(), replace(panel, log_pm25=changed), 0)
    np.testing.assert_array_equal(before, after)


def test_a_donor_that_is_left_out_says_nothing(panel):
    left_out = panel.cities.index("Wuhan")
    changed = panel.log_pm25.copy()
    changed[:, left_out] += np.random.default_rng(1).normal(size=WEEKS)
    other = replace(panel, log_pm25=changed)
    for found, expected in zip(
        apec_donors.counterfactual(some_draws(), other, 0, left_out),
        apec_donors.counterfactual(some_draws(), panel, 0, left_out),
        strict=True,
    ):
        np.testing.assert_array_equal(found, expected)
    changed_mean, _ = apec_donors.counterfactual(some_draws(), other, 0)
    assert not np.allclose(changed_mean, apec_donors.counterfactual(some_draws(), panel, 0)[0])


def test_gaps_scatter_around_the_twin(panel):
    draws = some_draws(1).isel(draw=np.zeros(20000, dtype=int))
    fit = SimpleNamespace(panel=panel, parameters=draws)
    departure = apec_donors.gaps(fit, "Tianjin", np.random.default_rng(1))
    mean, sd = apec_donors.counterfactual(some_draws(1), panel, 1)
    assert departure.shape == (1, 20000, WEEKS)
    np.testing.assert_allclose(departure.mean(axis=(0, 1)), panel.log_pm25[:, 1] - mean[0], atol=0.02)
    np.testing.assert_allclose(departure.std(axis=(0, 1)), sd[0], rtol=0.03)


def test_standing_is_the_departure_in_predictive_standard_deviations(panel):
    fit = SimpleNamespace(panel=panel, parameters=some_draws())
    place = said.standings(fit)[panel.ban]
    assert list(place.index) == list(panel.cities)
    for column, city in enumerate(panel.cities):
        mean, sd = (values[:, panel.ban] for values in apec_donors.counterfactual(fit.parameters, panel, column))
        total = math.sqrt((sd**2).mean() + mean.var())
        assert place[city] == pytest.approx((panel.log_pm25[panel.ban, column] - mean.mean()) / total)


# --- the panel and bad input ------------------------------------------------------------------------------------


def test_panel_is_the_published_weeks():
    panel = registry.load("apec_donors")
    table = tables.load("city_week")
    assert panel.cities[0] == "Beijing"
    assert panel.targets == 13
    assert panel.log_pm25.shape == (table["start"].nunique(), table["city"].nunique())
    assert panel.starts[panel.ban] == pd.Timestamp("2014-11-03")
    assert list(panel.before) == [start < pd.Timestamp("2014-11-03") for start in panel.starts]
    assert not panel.donors[:13].any()
    assert panel.donors[13:].all()
    (row,) = table[(table.city == "Kunming") & (table.start == "2014-12-04")].itertuples()
    assert panel.log_pm25[panel.starts.get_loc(row.start), panel.cities.index("Kunming")] == pytest.approx(
        math.log(row.pm25)
    )
    groups = table.drop_duplicates("city").set_index("city")["group"]
    assert [REGIONS[k] for k in panel.regions] == [groups[city] for city in panel.cities]
    assert groups[list(panel.cities[:13])].eq(AREA).all()


def test_a_city_with_a_gap_is_told():
    weeks = tables.load("city_week")
    weeks = weeks[~((weeks.city == "Chengdu") & (weeks.start == "2014-09-08"))]
    with pytest.raises(BookError) as caught:
        apec_donors.panel(weeks, tables.load("interventions"))
    for words in ("city 'Chengdu'", "week of 2014-09-08", "expected every week of every city", "leave the city out"):
        assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_mean_that_is_missing_is_a_gap():
    weeks = tables.load("city_week")
    weeks.loc[(weeks.city == "Kunming") & (weeks.start == "2014-12-04"), "pm25"] = np.nan
    with pytest.raises(BookError, match=r"city 'Kunming' has no mean of the week of 2014-12-04"):
        apec_donors.panel(weeks, tables.load("interventions"))


@pytest.mark.parametrize(
    "kept",
    [
        lambda start: start > "2014-11-03",
        lambda start: start < "2014-11-03",
        lambda start: start != "2014-11-03",
        lambda start: start >= "2014-09-29",
    ],
    ids=["too late", "too early", "astride", "five weeks before"],
)
def test_a_ban_outside_the_record_is_told(kept):
    weeks = tables.load("city_week")
    weeks = weeks[kept(weeks.start)]
    first, last = weeks.start.min().date(), weeks.start.max().date()
    with pytest.raises(BookError) as caught:
        apec_donors.panel(weeks, tables.load("interventions"))
    for words in ("begins on 2014-11-03", f"{first} to {last}", "at least 6 weeks before"):
        assert words in str(caught.value)


def test_an_unknown_city_is_told():
    panel = registry.load("apec_donors")
    assert apec_donors.position(panel, "Tianjin") == panel.cities.index("Tianjin")
    for use in (
        lambda: apec_donors.position(panel, "Atlantis"),
        lambda: apec_donors.only_donors(panel, ["Harbin", "Atlantis"]),
        lambda: apec_donors.gaps(
            SimpleNamespace(panel=panel, parameters=some_draws()), "Atlantis", np.random.default_rng(1)
        ),
    ):
        with pytest.raises(BookError, match=r"no city 'Atlantis' among the weeks: expected one of Beijing, Tianjin"):
            use()


def test_too_few_donors_are_told():
    panel = registry.load("apec_donors")
    four = list(panel.cities[13:17])
    with pytest.raises(BookError, match=r"there are 4 donor cities: expected at least 5; take more cities"):
        apec_donors.only_donors(panel, four)
    with pytest.raises(BookError, match="there are 4 donor cities"):
        apec_donors.only_donors(panel, [*four, "Beijing"])
    weeks = tables.load("city_week")
    with pytest.raises(BookError, match="there are 4 donor cities"):
        apec_donors.panel(weeks[(weeks.group == AREA) | weeks.city.isin(four)], tables.load("interventions"))
    assert apec_donors.only_donors(panel, list(panel.cities[13:18])).donors.sum() == 5


def test_near_donors_are_those_of_the_north():
    panel = registry.load("apec_donors", "near-donors")
    regions = {REGIONS[panel.regions[k]] for k in np.flatnonzero(panel.donors)}
    assert regions == {"Northeast", "Northwest"}
    assert panel.log_pm25.shape == registry.load("apec_donors").log_pm25.shape


def test_weeks_that_the_weights_are_learnt_from():
    main = registry.load("apec_donors")
    early, late = (registry.load("apec_donors", variant) for variant in ("to-september", "with-winter"))
    assert list(early.starts[early.before]) == list(pd.date_range("2014-08-04", "2014-09-22", freq="7D"))
    assert (late.before >= main.before).all()
    added = late.starts[late.before & ~main.before]
    assert list(added) == list(pd.date_range("2014-11-27", "2015-02-19", freq="7D"))
    assert not late.before[late.ban]


def test_with_no_donor_left_out_beijing_departs_from_the_twin_of_all(panel):
    made = said._scores(SimpleNamespace(panel=panel, parameters=some_draws(), variant=""))
    middle = apec_donors.counterfactual(some_draws(), panel, 0)[0][:, panel.ban].mean()
    assert made["left-out.none"] == pytest.approx(100 * math.expm1(panel.log_pm25[panel.ban, 0] - middle))
    assert made["left-out.lowest"] < made["left-out.none"] < made["left-out.highest"]


def test_the_week_before_the_ban_may_be_left_out():
    main, without = registry.load("apec_donors"), registry.load("apec_donors", "without-last-week")
    assert list(main.starts[main.before & ~without.before]) == [pd.Timestamp("2014-10-27")]
    assert not (without.before & ~main.before).any()


# --- synthetic panels and findings ------------------------------------------------------------------------------


def test_simulate_puts_the_effect_into_the_area_on_the_ban():
    panel = registry.load("apec_donors")
    none, third = (apec_donors.simulate({"effect": effect}, np.random.default_rng(4), panel) for effect in (0.0, -0.3))
    difference = third.log_pm25 - none.log_pm25
    np.testing.assert_allclose(difference[panel.ban, :13], math.log(0.7), atol=1e-12)
    difference[panel.ban, :13] = 0
    assert not difference.any()
    np.testing.assert_array_equal(third.log_pm25[:, 13:], panel.log_pm25[:, 13:])
    assert third.truth["effect"] == -0.3


def test_simulate_has_the_stated_mean_and_scatter(panel):
    truth = {"share": 0.8, "weight_scale": 0.6, "noise": 0.3}
    made = np.stack(
        [apec_donors.simulate(truth, np.random.default_rng(seed), panel).log_pm25[:, 0] for seed in range(4000)]
    )
    v = {"share": 0.8, "weight_scale": 0.6}
    mean, covariance = process(v, panel, 0)
    np.testing.assert_allclose(made.mean(axis=0), math.log(80) + mean, atol=0.03)
    np.testing.assert_allclose(np.cov(made.T), covariance + 0.09 * np.eye(WEEKS), atol=0.02)


@pytest.mark.parametrize(("variant", "effect"), [("toy", -0.3), ("toy-small", -0.1), ("toy-none", 0.0)])
def test_toys_are_synthetic_panels_of_the_same_cities(variant, effect):
    main = registry.load("apec_donors")
    toy, again = (apec_donors.TOYS[variant](main, np.random.default_rng(1)) for _ in range(2))
    assert (main.truth, toy.truth["effect"]) == (None, effect)
    assert len(apec_donors.TOYS) == 3
    assert toy.cities == main.cities
    assert not np.allclose(toy.log_pm25[:, 0], main.log_pm25[:, 0])
    np.testing.assert_array_equal(again.log_pm25, toy.log_pm25)


def test_questions_are_the_ban_and_weeks_after_it():
    panel = registry.load("apec_donors")
    found = said.spans(panel)
    starts = {key: [panel.starts[k] for k in periods] for key, (periods, _) in found.items()}
    assert starts["ban"] == [pd.Timestamp("2014-11-03")]
    assert starts["after-ban"] == [pd.Timestamp("2014-11-13"), pd.Timestamp("2014-11-20")]
    for days in (30, 60, 90):
        first, second = starts[f"later-{days}"]
        assert abs((first - pd.Timestamp("2014-11-12")).days - days) <= 4
        assert (second - first).days == 7


def test_findings_by_hand():
    """Donors without weight and hardly any noise: the twin is the city's mean before the ban."""
    panel = registry.load("apec_donors")
    shape = (2, 50)
    parameters = xr.Dataset(
        {
            "share": (("chain", "draw"), np.zeros(shape)),
            "weight_scale": (("chain", "draw"), np.full(shape, 1e-9)),
            "log_noise": (("chain", "draw", "region"), np.full((*shape, len(REGIONS)), -12.0)),
        }
    )
    fit = SimpleNamespace(panel=panel, parameters=parameters, variant="", name="apec_donors", seed=1)
    found = {finding.id: finding for finding in said.findings(fit)}
    for city in ("Beijing", "Handan"):
        log = panel.log_pm25[:, panel.cities.index(city)]
        level = log[panel.before].mean()
        key = f"apec.donors.{city.lower()}"
        assert found[f"{key}.ban.effect"].mean == pytest.approx(100 * math.expm1(log[panel.ban] - level), abs=0.01)
        after = log[[panel.ban + 1, panel.ban + 2]].mean() - level
        assert found[f"{key}.after-ban.effect"].mean == pytest.approx(100 * math.expm1(after), abs=0.01)
        assert found[f"{key}.ban.below"].mean == (log[panel.ban] < level)
    level = math.exp(panel.log_pm25[panel.before, 0].mean())
    measured = math.exp(panel.log_pm25[panel.ban, 0])
    assert found["apec.donors.beijing.ban.counterfactual"].mean == pytest.approx(level, rel=1e-3)
    assert found["apec.donors.beijing.ban.difference"].mean == pytest.approx(measured - level, rel=1e-3)
    assert found["apec.donors.explained.beijing"].mean == 0
    assert found["apec.donors.cities"].mean == panel.donors.sum()
    assert found["apec.donors.weeks"].mean == 13
    one_out = [found[f"apec.donors.left-out.{end}"].mean for end in ("none", "lowest", "highest")]
    assert one_out == [round(100 * (measured / level - 1))] * 3
    place = said.standings(fit)[panel.ban]
    lower = 100 * np.mean([place[city] <= place["Beijing"] for city in panel.cities[13:]])
    assert found["apec.donors.placebos.lower"].mean == round(lower)
    later = panel.log_pm25[panel.ban + 1 :, 0]
    assert found["apec.donors.later.weeks"].mean == len(later) == 15
    assert found["apec.donors.later.lower"].mean == (later <= panel.log_pm25[panel.ban, 0]).sum()
    levels = panel.log_pm25[panel.before, :13].mean(axis=0)
    assert found["apec.donors.area.below"].mean == (panel.log_pm25[panel.ban, :13] < levels).sum()
    assert found["apec.donors.later.outside"].mean == 100
    fit.variant, fit.name = "near-donors", "apec_donors/near-donors"
    assert not any("tianjin" in finding.id for finding in said.findings(fit))
    toy = apec_donors.TOYS["toy-small"](panel, np.random.default_rng(1))
    fit.variant, fit.name, fit.panel = "toy-small", "apec_donors/toy-small", toy
    found = {finding.id: finding for finding in said.findings(fit)}
    truth, estimate = "apec.donors.truth.beijing.ban.effect@toy-small", "apec.donors.beijing.ban.effect@toy-small"
    assert set(found) == {truth, estimate}
    assert found[truth].mean == pytest.approx(-10)
    log = toy.log_pm25[:, 0]
    expected = 100 * math.expm1(log[toy.ban] - log[toy.before].mean())
    assert found[estimate].mean == pytest.approx(expected, abs=0.01)
