"""The gate: its statistics, each check that can fail, what is wrong and what is short, and the rule of its looks."""

import itertools
import json

import arviz_stats as az
import numpy as np
import pytest
import xarray as xr
from scipy.signal import lfilter

from jingjinji.fits import gate

CHAINS, DRAWS = 4, 1000
PUBLISHED = ["divergences", "E-BFMI", "R-hat", "bulk ESS", "tail ESS"]
HYPER, REST, SAID = (gate.AGREEING[name] for name in gate.GROUPS)
OTHER = [HYPER, REST, "R-hat of other parameters", "bulk ESS of other parameters", "tail ESS of other parameters"]


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def parameters(rng) -> xr.Dataset:
    """Antithetic draws, so that nothing is near a bar: a level and three cities are hyperparameters, months are not."""
    drawn = autocorrelated(rng, -0.4, (CHAINS, DRAWS, 4 + gate.FEW + 1))
    return xr.Dataset(
        {
            "level": (("chain", "draw"), drawn[..., 0]),
            "city": (("chain", "draw", "area"), drawn[..., 1:4]),
            "month": (("chain", "draw", "time"), drawn[..., 4:]),
        },
        coords={"area": ["Beijing", "Tianjin", "Hebei"]},
    )


@pytest.fixture
def stats(rng) -> xr.Dataset:
    return xr.Dataset(
        {
            "diverging": (("chain", "draw"), np.zeros((CHAINS, DRAWS), dtype=bool)),
            "energy": (("chain", "draw"), rng.normal(size=(CHAINS, DRAWS))),
        }
    )


def autocorrelated(rng, persistence: float, shape=(CHAINS, DRAWS)) -> np.ndarray:
    """Stationary AR(1) chains of variance 1, draws along axis 1."""
    noise = rng.normal(size=shape)
    noise[:, 1:] *= np.sqrt(1 - persistence**2)
    return lfilter([1], [1, -persistence], noise, axis=1)


def none_asked(draws: int) -> dict:
    raise AssertionError("findings were asked for")


def no_findings(draws: int) -> dict:
    return {}


def failing(verdict: gate.Verdict) -> list[str]:
    return [check.name for check in verdict.checks if not check.passed]


def named(verdict: gate.Verdict, name: str) -> gate.Check:
    return next(check for check in verdict.checks if check.name == name)


# Its statistics


@pytest.mark.parametrize("draws", [400, 501])
def test_rhat_is_arviz_rank_rhat(rng, draws):
    values = autocorrelated(rng, 0.6, (CHAINS, draws, 6))
    values[1, :, 1] += 0.4
    values[2, :, 2] *= 1.7
    values[..., 3] = np.exp(2 * values[..., 3])
    values[..., 4] += np.linspace(0, 1, draws)
    values[..., 5] = np.round(values[..., 5])  # with ties
    rhat, _ = gate.agreement(values, 0.01)
    expected = az.rhat(xr.DataArray(values, dims=("chain", "draw", "quantity")), method="rank")
    np.testing.assert_allclose(rhat, expected, rtol=1e-10)


def test_bound_of_rhat_is_exceeded_as_seldom_as_it_says(rng):
    """Of chains that agree, whatever their autocorrelation; the error is shared by the quantities."""
    count, error, above = 20, 0.1, []
    for persistence in (-0.4, 0.0, 0.5, 0.9):
        above.append(0)
        for _ in range(40):
            rhat, most = gate.agreement(autocorrelated(rng, persistence, (CHAINS, 200, count)), error)
            above[-1] += (rhat > most).any()
    assert sum(above) <= 28  # 16 expected of 160, or fewer: the degrees of freedom are cautious
    assert max(above) <= 11


def test_bound_is_exceeded_by_a_chain_elsewhere(rng):
    values = rng.normal(size=(CHAINS, 500, 300))
    values[0, :, 17] += 0.6
    rhat, most = gate.agreement(values, 0.01)
    assert np.flatnonzero(rhat > most).tolist() == [17]
    values[0, :, 17] -= 0.6
    values[0, :, 40] *= 2
    rhat, most = gate.agreement(values, 0.01)
    assert np.flatnonzero(rhat > most).tolist() == [40]


def test_bound_is_looser_for_more_quantities_fewer_draws_and_slower_chains(rng):
    values = autocorrelated(rng, 0.5, (CHAINS, 1000, 40))
    _, most = gate.agreement(values, 0.01)
    _, alone = gate.agreement(values[..., :1], 0.01)
    _, sooner = gate.agreement(values[:, :500], 0.01)
    _, slower = gate.agreement(autocorrelated(rng, 0.9, values.shape), 0.01)
    _, stricter = gate.agreement(values, 0.05)
    assert alone[0] < most[0]
    assert stricter[0] < most[0]
    assert np.median(sooner) > np.median(most) < np.median(slower)


@pytest.mark.parametrize("persistence", [-0.5, 0.0, 0.5, 0.8])
def test_autocorrelation_time_of_an_ar1(rng, persistence):
    values = autocorrelated(rng, persistence, (CHAINS, 4000, 3)) + np.arange(CHAINS)[:, None, None]
    expected = (1 + persistence) / (1 - persistence)
    np.testing.assert_allclose(gate.autocorrelation_time(values), expected, rtol=0.2)


def test_autocorrelation_time_by_hand():
    values = np.array([[[1.0], [2.0], [4.0], [3.0], [0.0], [2.0]]])
    centred = values.ravel() - 2
    covariance = [sum(centred[: 6 - lag] * centred[lag:]) for lag in range(6)]
    correlation = np.array(covariance) / covariance[0]
    pairs = correlation[::2] + correlation[1::2]
    assert (pairs > 0).tolist() == [True, False, True]  # what follows the first that is not positive is noise
    assert gate.autocorrelation_time(values)[0] == pytest.approx(max(2 * pairs[0] - 1, 1 / np.log10(6)))


def test_stacked_numbers_and_their_places():
    matrix = np.arange(24.0).reshape(1, 2, 3, 4)
    variables = {
        "a": xr.DataArray(np.array([[7.0, 8.0]]), dims=("chain", "draw")),
        "m": xr.DataArray(matrix, dims=("chain", "draw", "x", "y"), coords={"x": ["low", "mid", "high"]}).transpose(
            "y", "draw", "x", "chain"
        ),
    }
    values, places = gate.stacked(variables)
    assert values.shape == (1, 2, 13)
    assert places[:3] == ["a", "m[0, low]", "m[0, mid]"]
    np.testing.assert_array_equal(values[0, :, 0], [7, 8])
    np.testing.assert_array_equal(values[0, :, places.index("m[3, high]")], matrix[0, :, 2, 3])


# What passes


def test_good_draws_pass(parameters, stats):
    verdict = gate.judge(parameters, stats, no_findings)
    assert [check.name for check in verdict.checks] == PUBLISHED + OTHER
    assert (verdict.state, verdict.passed, verdict.draws, verdict.sentence) == (gate.PASSED, True, DRAWS, "")


def test_limits_are_those_of_the_house():
    assert (gate.MOST_RHAT, gate.LEAST_ESS, gate.LEAST_EBFMI) == (1.01, 400, 0.3)


def test_dims_in_another_order(parameters, stats):
    turned = gate.judge(
        parameters.transpose("time", "area", "draw", "chain"), stats.transpose("draw", "chain"), no_findings
    )
    assert turned.state == gate.PASSED
    assert turned == gate.judge(parameters, stats, no_findings)


def test_hyperparameters_are_variables_of_few_numbers(parameters, stats, rng):
    slow = autocorrelated(rng, 0.9)
    parameters["month"][..., 3] = slow
    assert gate.judge(parameters, stats, no_findings).state == gate.PASSED
    fewer = parameters.isel(time=slice(gate.FEW))
    verdict = gate.judge(fewer, stats, no_findings)
    assert verdict.state == gate.SHORT
    assert named(verdict, "bulk ESS").worst == "month[3]"
    assert named(verdict, "bulk ESS").value == pytest.approx(CHAINS * DRAWS * 0.1 / 1.9, rel=0.4)


# What is wrong at once


def test_one_divergence_is_wrong(parameters, stats):
    stats["diverging"][2, 17] = True
    verdict = gate.judge(parameters, stats, none_asked)
    assert (verdict.state, failing(verdict)) == (gate.WRONG, ["divergences"])
    assert verdict.sentence == "divergences is 1 at all chains, the gate asks 0"


def test_energy_that_wanders_is_wrong(parameters, stats, rng):
    stats["energy"][3] = np.cumsum(rng.normal(size=DRAWS))
    verdict = gate.judge(parameters, stats, none_asked)
    assert (verdict.state, failing(verdict)) == (gate.WRONG, ["E-BFMI"])
    check = named(verdict, "E-BFMI")
    energy = list(stats["energy"].values[3])
    mean = sum(energy) / DRAWS
    steps = sum((after - before) ** 2 for before, after in itertools.pairwise(energy)) / (DRAWS - 1)
    assert check.worst == "chain 3"
    assert check.value == pytest.approx(steps / (sum((e - mean) ** 2 for e in energy) / DRAWS), rel=1e-9)


@pytest.mark.parametrize("energy", [np.nan, 4.0])
def test_energy_that_is_no_number_or_never_moves_is_wrong(parameters, stats, energy):
    stats["energy"][1] = energy
    verdict = gate.judge(parameters, stats, none_asked)
    assert (verdict.state, failing(verdict)) == (gate.WRONG, ["E-BFMI"])


@pytest.mark.parametrize(("name", "place"), [("city", "city[Hebei]"), ("month", "month[2]")])
def test_chains_that_disagree_are_wrong_wherever(parameters, stats, name, place):
    parameters[name][1, :, 2] += 2
    verdict = gate.judge(parameters, stats, none_asked)
    assert (verdict.state, failing(verdict)) == (gate.WRONG, ["R-hat"])
    assert named(verdict, "R-hat").worst == place
    assert f"at {place}, the gate asks 1.1" in verdict.sentence


@pytest.mark.parametrize("value", [0.0, 3.5, np.nan])
def test_parameter_that_never_moves_or_is_no_number_is_wrong(parameters, stats, value):
    parameters["month"][:, :, 1] = value
    verdict = gate.judge(parameters, stats, none_asked)
    assert verdict.state == gate.WRONG
    assert named(verdict, "R-hat").worst == "month[1]"


def test_one_draw_that_is_no_number_is_wrong(parameters, stats):
    parameters["city"][0, 5, 0] = np.nan
    verdict = gate.judge(parameters, stats, none_asked)
    assert (verdict.state, named(verdict, "R-hat").worst) == (gate.WRONG, "city[Beijing]")


def test_chains_stuck_at_different_places_are_wrong(parameters, stats):
    parameters["level"][:] = np.arange(CHAINS)[:, None]
    verdict = gate.judge(parameters, stats, none_asked)
    assert (verdict.state, named(verdict, "R-hat").worst) == (gate.WRONG, "level")


def test_one_stuck_chain_is_wrong(parameters, stats):
    parameters["month"][2, :, 4] = 1.3
    verdict = gate.judge(parameters, stats, none_asked)
    assert (verdict.state, named(verdict, "R-hat").worst) == (gate.WRONG, "month[4]")


# What is short of draws


def test_slow_chains_of_large_rhat_are_short_and_not_wrong(parameters, stats, rng):
    """R-hat above what is called disagreeing, but no more than agreeing chains so slow give."""
    parameters["level"][:] = autocorrelated(np.random.default_rng(3), 0.995)
    rhat, most = gate.agreement(parameters["level"].values[..., None], gate.ERROR)
    assert gate.DISAGREEING_RHAT < rhat[0] < most[0]
    verdict = gate.judge(parameters, stats, none_asked)
    assert (verdict.state, failing(verdict)) == (gate.SHORT, ["R-hat", "bulk ESS", "tail ESS"])
    assert named(verdict, "R-hat").limit == gate.MOST_RHAT


@pytest.mark.parametrize("how", ["shift", "drift", "width"])
def test_small_disagreement_of_a_hyperparameter(parameters, stats, how):
    level = parameters["level"]
    if how == "shift":
        level[1] += 0.6
    elif how == "drift":
        level += np.linspace(-0.4, 0.4, DRAWS)
    else:
        level[0] *= 1.8
    verdict = gate.judge(parameters, stats, none_asked)
    assert (verdict.state, failing(verdict)[0], named(verdict, "R-hat").worst) == (gate.SHORT, "R-hat", "level")
    assert verdict.sentence.startswith("R-hat is 1.0")
    assert " at level, the gate asks 1.01" in verdict.sentence


def test_tails_alone(parameters, stats, rng):
    """The size of the draws is sticky, their sign is not: the mean is well known, the tails are not."""
    size = np.exp(autocorrelated(rng, 0.97))
    parameters["level"][:] = size * rng.choice([-1, 1], (CHAINS, DRAWS))
    verdict = gate.judge(parameters, stats, none_asked)
    assert verdict.state == gate.SHORT
    assert named(verdict, "bulk ESS").passed
    assert not named(verdict, "tail ESS").passed
    assert named(verdict, "tail ESS").worst == "level"


def test_other_parameter_beyond_what_agreeing_chains_give(parameters, stats):
    parameters["month"][1, :, 5] += 0.42
    verdict = gate.judge(parameters, stats, none_asked)
    assert (verdict.state, failing(verdict)) == (gate.SHORT, [REST])
    check = named(verdict, REST)
    assert check.worst == "month[5]"
    assert 1 < check.limit < check.value < gate.REST_RHAT


def test_other_parameter_above_the_ceiling(parameters, stats):
    """So slow that agreeing chains give more than the ceiling allows."""
    parameters["month"][..., 5] = autocorrelated(np.random.default_rng(1), 0.97)
    verdict = gate.judge(parameters, stats, none_asked)
    assert verdict.state == gate.SHORT
    assert named(verdict, REST).passed
    assert "R-hat of other parameters" in failing(verdict)
    assert f"at month[5], the gate asks {gate.REST_RHAT}" in verdict.sentence


def test_other_parameters_of_few_effective_draws(parameters, stats, rng):
    size = np.exp(autocorrelated(rng, 0.993))
    parameters["month"][..., 6] = size * rng.choice([-1, 1], (CHAINS, DRAWS))
    verdict = gate.judge(parameters, stats, none_asked)
    assert verdict.state == gate.SHORT
    assert "tail ESS of other parameters" in failing(verdict)
    parameters["month"][..., 6] = autocorrelated(np.random.default_rng(5), 0.975)
    check = named(gate.judge(parameters, stats, none_asked), "bulk ESS of other parameters")
    assert (check.passed, check.worst, check.limit) == (False, "month[6]", gate.REST_ESS)


def test_published_quantities_are_held_to_what_agreeing_chains_give(parameters, stats, rng):
    """A small shift is below the plain bar where there are many draws, and beyond what agreeing chains give."""
    drawn, energy = autocorrelated(rng, -0.4, (CHAINS, 4000, 2)), rng.normal(size=(CHAINS, 4000))
    drawn[0, :, 1] += 0.25
    more = xr.Dataset({"level": (("chain", "draw"), drawn[..., 0])})
    quiet = xr.Dataset({"diverging": (("chain", "draw"), np.zeros(energy.shape, dtype=bool)),
                        "energy": (("chain", "draw"), energy)})  # fmt: skip
    said = gate.judge(more, quiet, lambda draws: {"pm25.x": drawn[..., 1], "pm25.event": 1.0 * (drawn[..., 1] > 1)})
    assert (said.state, failing(said), named(said, "R-hat").passed) == (gate.SHORT, [SAID], True)
    assert named(said, SAID).worst == "pm25.x"
    hyper = gate.judge(more.assign(level=(("chain", "draw"), drawn[..., 1])), quiet, none_asked)
    assert (failing(hyper), named(hyper, "R-hat").passed) == ([HYPER], True)


def test_at_the_last_look_other_parameters_are_examined_whatever_the_hyperparameters(rng):
    draws = gate.LOOKS[-1]
    slow, months = autocorrelated(rng, 0.995, (CHAINS, draws)), autocorrelated(rng, 0.1, (CHAINS, draws, 20))
    months[0, 600:, 7] += 3
    drawn = xr.Dataset({"level": (("chain", "draw"), slow), "month": (("chain", "draw", "time"), months)})
    energy = rng.normal(size=(CHAINS, draws))
    quiet = xr.Dataset({"diverging": (("chain", "draw"), np.zeros(energy.shape, dtype=bool)),
                        "energy": (("chain", "draw"), energy)})  # fmt: skip
    verdict = gate.judge(drawn, quiet, none_asked)
    assert (verdict.state, named(verdict, "R-hat").worst) == (gate.WRONG, "month[7]")


# Findings


def test_findings_are_asked_only_where_the_rest_passes(parameters, stats):
    asked = []

    def findings(draws):
        asked.append(draws)
        return {"pm25.x": parameters["level"].values[:, :draws]}

    assert gate.judge(parameters, stats, findings).passed
    assert asked == [DRAWS]
    for change in ("stats", "level", "month"):
        wrong, energy = parameters.copy(deep=True), stats.copy(deep=True)
        if change == "stats":
            energy["diverging"][0, 0] = True
        elif change == "level":
            wrong["level"][1] += 0.5
        else:
            wrong["month"][1, :, 5] += 0.5
        assert not gate.judge(wrong, energy, none_asked).passed


def test_findings_are_held_to_the_bars_of_what_is_published(parameters, stats, rng):
    good, slow, shifted = parameters["level"].values, autocorrelated(rng, 0.95), rng.normal(size=(CHAINS, DRAWS))
    shifted[0] += 0.6
    for made, name in ((slow, "bulk ESS"), (shifted, "R-hat")):
        verdict = gate.judge(parameters, stats, lambda draws, made=made: {"pm25.good": good, "pm25.off": made})
        assert verdict.state == gate.SHORT
        assert named(verdict, name).worst == "pm25.off"
        assert name in failing(verdict)
        assert [check.name for check in verdict.checks] == [*PUBLISHED, *OTHER, SAID]


def test_hyperparameters_stay_the_worst_where_findings_are_better(parameters, stats, rng):
    alone = gate.judge(parameters, stats, no_findings)
    better = autocorrelated(rng, -0.9)
    together = gate.judge(parameters, stats, lambda draws: {"pm25.x": better})
    assert named(together, "bulk ESS") == named(alone, "bulk ESS")


def test_event_has_no_tail_and_exact_findings_are_left_out(parameters, stats, rng):
    event = (rng.normal(size=(CHAINS, DRAWS)) > 1.9).astype(float)
    findings = {"pm25.often": event, "pm25.exact": np.ones((1, 1)), "pm25.always": np.ones((CHAINS, DRAWS))}
    assert np.isfinite(az.ess(event, method="bulk"))
    assert gate.judge(parameters, stats, lambda draws: findings).passed
    slow = (autocorrelated(rng, 0.97) > 0).astype(float)
    verdict = gate.judge(parameters, stats, lambda draws: {"pm25.slow": slow})
    assert "bulk ESS" in failing(verdict)
    assert "tail ESS" not in failing(verdict)
    assert named(verdict, "bulk ESS").worst == "pm25.slow"


def test_finding_that_is_no_number_fails(parameters, stats):
    made = parameters["level"].values.copy()
    made[1, 3] = np.nan
    verdict = gate.judge(parameters, stats, lambda draws: {"pm25.x": made})
    assert verdict.state == gate.SHORT
    assert named(verdict, "R-hat").worst == "pm25.x"


# Looks


def test_it_stops_at_the_first_look_that_passes(parameters, stats):
    asked = []

    def findings(draws):
        asked.append(draws)
        return {}

    verdict = gate.decide(parameters, stats, findings, looks=(600, 800, 1000))
    assert (verdict.state, verdict.draws, asked) == (gate.PASSED, 600, [600])


def short_until(draws_needed, parameters):
    """A finding that is fit to print after so many draws only."""

    def findings(draws):
        made = parameters["level"].values[:, :draws].copy()
        made[0] += 0.6 * (draws < draws_needed)
        return {"pm25.x": made}

    return findings


def test_who_looks_again_needs_two_looks_in_a_row(parameters, stats):
    findings = short_until(700, parameters)
    verdict = gate.decide(parameters, stats, findings, looks=(600, 800, 1000))
    assert (verdict.state, verdict.draws) == (gate.PASSED, 1000)
    verdict = gate.decide(parameters, stats, findings, looks=(600, 650, 800))
    assert (verdict.state, verdict.draws) == (gate.SHORT, 800)
    assert verdict.holds
    assert verdict.sentence == (
        "it holds after 800 draws, but not at the look before, the gate asks two looks in a row"
    )
    assert gate.decide(parameters, stats, short_until(500, parameters), looks=(600, 2000)).draws == 600


def test_a_look_that_holds_and_one_that_does_not_are_not_two_in_a_row(parameters, stats):
    def findings(draws):
        made = parameters["level"].values[:, :draws].copy()
        made[0] += 0.6 * (draws in (600, 800))
        return {"pm25.x": made}

    assert gate.decide(parameters, stats, findings, looks=(600, 700, 800, 900, 1000)).draws == 1000


def test_the_verdict_of_the_look_before_counts_where_draws_go_on(parameters, stats):
    findings = short_until(700, parameters)
    before = gate.decide(parameters, stats, findings, looks=(600, 800))
    assert (before.state, before.holds) == (gate.SHORT, True)
    verdict = gate.decide(parameters, stats, findings, before, looks=(600, 800, 1000))
    assert (verdict.state, verdict.draws) == (gate.PASSED, 1000)


def test_chains_beyond_agreement_at_the_last_look_are_wrong_and_not_short(parameters, stats, monkeypatch):
    monkeypatch.setattr(gate, "LOOKS", (600, 1000))
    shifted = parameters.copy(deep=True)
    shifted["level"][0] += 0.9
    verdict = gate.decide(shifted, stats, no_findings, looks=(600, 1000))
    assert (verdict.state, verdict.draws) == (gate.WRONG, 1000)
    assert f"{HYPER} is 1.0" in verdict.sentence
    assert gate.decide(shifted, stats, no_findings, looks=(600,)).state == gate.SHORT


def test_findings_beyond_agreement_at_the_last_look_are_wrong_and_not_short(parameters, stats, monkeypatch):
    monkeypatch.setattr(gate, "LOOKS", (600, 1000))
    verdict = gate.decide(parameters, stats, short_until(2000, parameters), looks=(600, 1000))
    assert (verdict.state, verdict.draws) == (gate.WRONG, 1000)
    assert f"{SAID} is 1." in verdict.sentence


def test_a_model_without_hyperparameters_is_judged_by_its_other_parameters(parameters, stats):
    months = parameters[["month"]]
    assert gate.decide(months, stats, no_findings, looks=(1000,)).passed
    months["month"][0, :, 3] += 0.9
    assert failing(gate.decide(months, stats, no_findings, looks=(1000,))) == [REST]


def test_it_stops_where_the_fit_is_wrong(parameters, stats):
    stats["diverging"][0, 700] = True
    parameters["level"][0, :650] += 0.6

    verdict = gate.decide(parameters, stats, none_asked, looks=(600, 800, 1000))
    assert (verdict.state, verdict.draws) == (gate.WRONG, 800)


def test_a_pass_is_not_undone_by_later_draws(parameters, stats):
    stats["diverging"][0, 900] = True
    assert gate.decide(parameters, stats, no_findings, looks=(600, 1000)).passed
    before = gate.judge(parameters.isel(draw=slice(600)), stats.isel(draw=slice(600)), no_findings)
    assert gate.decide(parameters, stats, no_findings, before, looks=(600, 1000)).state == gate.WRONG


def looked(draws):
    return gate.Verdict(gate.SHORT, draws, [])


def test_looks_that_have_been_are_not_repeated(parameters, stats):
    assert gate.decide(parameters, stats, no_findings, looked(600), looks=(600, 800, 1000)).draws == 800
    assert gate.decide(parameters, stats, no_findings, looked(700), looks=(600, 800, 1000)).draws == 800


@pytest.mark.parametrize(
    ("before", "looks"), [(looked(1000), (500, 1000)), (None, (2000,)), (looked(500), (500, 2000))]
)
def test_too_few_draws_for_a_look_is_an_error(parameters, stats, before, looks):
    with pytest.raises(ValueError, match="there are 1000 draws of each chain: too few for another look"):
        gate.decide(parameters, stats, no_findings, before, looks)


def test_the_usual_looks(parameters, stats):
    assert gate.decide(parameters, stats, no_findings).draws == gate.LOOKS[0]
    assert list(gate.LOOKS) == sorted(set(gate.LOOKS))


@pytest.mark.parametrize("fault", ["none", "still", "nan", "energy"])
def test_a_check_is_storable(parameters, stats, fault):
    if fault == "still":
        parameters["level"][:] = 1.0
    elif fault == "nan":
        parameters["level"][0, 3] = np.nan
    elif fault == "energy":
        stats["energy"][0, 3] = np.nan
    verdict = gate.judge(parameters, stats, no_findings)
    assert verdict.passed is (fault == "none")
    for check in verdict.checks:
        assert gate.Check(**check.as_dict()) == check
        json.dumps(check.as_dict(), allow_nan=False)
