"""A finding prints what its draws support, and no digit more."""

import json
import math
from statistics import NormalDist

import numpy as np
import pytest

from jingjinji.core import findings
from jingjinji.core.errors import UnknownFinding
from jingjinji.core.findings import Finding, exact, find, record, supported_decimals

MINUS, SPACE = "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}"


def finding(draws, unit="%", id="pm25.some", **kwargs) -> Finding:
    return Finding(id, "some quantity", np.asarray(draws), unit, "decline", ("pm25_city_month",), **kwargs)


def normal(mean, sd, chains=4, draws=1000, seed=1) -> Finding:
    return finding(np.random.default_rng(seed).normal(mean, sd, (chains, draws)))


def shares(share, size=4000) -> Finding:
    draws = np.zeros(size)
    draws[: round(share * size)] = 1
    return finding(np.random.default_rng(1).permutation(draws).reshape(4, -1), "probability")


@pytest.mark.parametrize(
    ("error", "decimals"),
    [
        (0.03, 1), (0.0999, 1), (0.1, 1), (0.101, 0), (0.0049, 2), (0.4, 0), (1, 0), (1.01, -1), (9.9, -1), (10.1, -2),
        (0, 15),
    ],
)  # fmt: skip
def test_decimals_that_an_error_supports(error, decimals):
    assert supported_decimals(error) == decimals


@pytest.mark.parametrize("error", np.geomspace(1e-6, 1e4, 61))
def test_the_last_place_is_at_least_the_error_and_no_coarser_than_needed(error):
    place = 10.0 ** -supported_decimals(error)
    assert error <= place * (1 + 1e-9)
    assert error > place / 10 * (1 - 1e-9)


@pytest.mark.parametrize("mean", [-64.3217, 0.04321, 1234.567, 8.7])
@pytest.mark.parametrize("sd", [0.002, 0.3, 7, 60])
@pytest.mark.parametrize("size", [50, 1500])
def test_no_printed_digit_is_finer_than_its_error_supports(mean, sd, size):
    made = normal(mean, sd, draws=size)
    ends = made.interval_text.removesuffix(f"{SPACE}%").split(" to ")
    printed = [(made.value_text.removesuffix(f"{SPACE}%"), made.mean, made.mcse)]
    printed += [(text, end, made.interval_mcse) for text, end in zip(ends, made.hdi, strict=True)]
    for text, value, error in printed:
        decimals = len(text.partition(".")[2])
        assert decimals <= max(0, supported_decimals(error))
        rounded = round(value, min(decimals, supported_decimals(error))) + 0.0
        assert text.replace(MINUS, "-") == f"{rounded:.{decimals}f}"


def test_autocorrelated_draws_support_fewer_digits():
    independent = normal(-64.3, 1)
    sticky = finding(np.repeat(independent.draws[:, :10], 100, axis=1))
    assert sticky.mcse > 5 * independent.mcse
    assert len(sticky.value_text) < len(independent.value_text)


def test_three_significant_figures_are_as_many_as_anyone_reads():
    assert normal(-64.321, 1e-7).value_text == f"{MINUS}64.3{SPACE}%"


def test_hundreds_are_rounded_where_the_error_says_so():
    made = finding(np.random.default_rng(3).normal(1234, 900, (4, 100)))
    assert supported_decimals(made.mcse) == -2
    assert float(made.value_text.removesuffix(f"{SPACE}%")) % 100 == 0


def test_a_score_is_never_rounded_to_tens():
    share = exact("x", "intervals that hold the truth", 95.8, "%", (), "toy", error=1.01)
    assert share.value_text == f"96{SPACE}%"


def test_no_minus_zero():
    assert finding(np.random.default_rng(1).normal(-0.001, 1, (4, 1000))).value_text.startswith("0")


def test_hdi_of_a_normal_distribution():
    low, high = normal(10, 2, draws=100_000).hdi
    half = 2 * NormalDist().inv_cdf(0.97)
    assert low == pytest.approx(10 - half, abs=0.08)
    assert high == pytest.approx(10 + half, abs=0.08)


def test_hdi_is_the_shortest_interval_not_the_central_one():
    made = finding(np.random.default_rng(1).exponential(1, (4, 100_000)))
    assert made.hdi[0] == pytest.approx(0, abs=0.001)
    assert made.hdi[1] == pytest.approx(-math.log(0.06), abs=0.05)


def test_text_has_value_and_interval_with_its_kind_and_probability():
    made = normal(-64, 1)
    assert made.text == f"{made.value_text} (94{SPACE}%{SPACE}HDI {made.interval_text})"
    assert made.text.startswith(f"{MINUS}64")
    assert made.text.endswith(f"{SPACE}%)")


def test_a_median_is_printed_and_called_one():
    draws = np.exp(1.5 * np.random.default_rng(1).normal(size=(4, 5000)))
    plain, made = finding(draws), finding(draws, by_median=True)
    assert made.estimate == pytest.approx(1, abs=0.03)
    assert plain.estimate == plain.mean == made.mean == pytest.approx(np.exp(1.125), rel=0.1)
    assert made.text.startswith(f"1.0{SPACE}% (median, 94{SPACE}%{SPACE}HDI 0 to 10{SPACE}%)")
    assert "median" not in plain.text
    assert made.estimate_mcse == pytest.approx(math.sqrt(0.25 / 20_000) * 1.5 * math.sqrt(2 * math.pi), rel=0.2)
    assert made.summary()["median"] == made.estimate
    assert exact("a", "a", 3, "%", ()).estimate == 3


def test_monte_carlo_error_of_independent_draws():
    made = normal(0, 3, draws=5000)
    assert made.mcse == pytest.approx(3 / math.sqrt(20_000), rel=0.1)
    assert made.ess == pytest.approx(20_000, rel=0.1)
    assert made.rhat == pytest.approx(1, abs=0.005)
    density = NormalDist(0, 3).pdf(3 * NormalDist().inv_cdf(0.97))
    assert made.interval_mcse == pytest.approx(math.sqrt(0.03 * 0.97 / 20_000) / density, rel=0.3)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "< 0.001"),
        (1, "> 0.999"),
        (0.5, "0.50"),
        (0.004, "0.004"),
        (0.996, "0.996"),
        (0.0002, "< 0.001"),
        (0.9998, "> 0.999"),
        (0.01, "0.01"),
    ],
)
def test_a_probability_is_never_printed_as_certain(share, text):
    assert shares(share).text == text
    assert shares(share).interval_text == ""


@pytest.mark.parametrize("share", [0.001, 0.002, 0.004, 0.01, 0.03, 0.1, 0.4, 0.9, 0.97, 0.99, 0.995, 0.997, 0.999])
def test_no_share_of_draws_is_printed_as_0_or_1(share):
    assert shares(share).text.lstrip("<> ") not in ("0", "0.0", "0.00", "0.000", "1", "1.0", "1.00", "1.000")


def test_few_draws_bound_a_probability_less():
    assert finding(np.zeros((2, 50)), "probability").text == "< 0.1"


def test_constant_draws_have_no_error():
    made = finding(np.ones((4, 100)))
    assert (made.mcse, made.interval_mcse, made.hdi) == (0, 0, (1, 1))
    assert math.isnan(made.rhat)
    assert math.isnan(made.ess)


@pytest.mark.parametrize(("value", "text"), [(30.5, "30.5"), (89.0, "89"), (1101, "1101"), (-64.25, f"{MINUS}64.25")])
def test_an_exact_finding_prints_as_it_is(value, text):
    made = exact("pm25.x", "x", value, "µg/m³", ("pm25_official_annual",))
    assert made.text == f"{text}{SPACE}µg/m³"
    assert made.exact
    assert (made.model, made.mcse, made.sd, made.interval_text) == ("table", 0, 0, "")


def test_no_unit_leaves_no_space():
    assert exact("pm25.n", "cells", 39, "", ()).text == "39"


def test_a_finding_that_knows_its_statistics_computes_none(monkeypatch):
    """They go through JSON, which has no tuples, and no numbers that are not."""
    draws = np.random.default_rng(1).normal(size=(4, 500))
    for by_median in (False, True):
        made = Finding("x", "x", draws, "%", "m", (), by_median=by_median)
        kept = json.loads(json.dumps(made.statistics(), allow_nan=False))
        with monkeypatch.context() as without:
            without.setattr(findings, "_array_statistics", lambda: pytest.fail("computed again"))
            again = Finding("x", "x", draws, "%", "m", (), by_median=by_median).with_statistics(kept)
            assert again.summary() == made.summary()
            assert again.text == made.text
            assert again.labelled("another").summary() == made.summary() | {"label": "another"}
    kept = Finding("x", "x", draws[:1], "%", "m", ()).statistics()
    assert "rhat" not in kept
    assert math.isnan(Finding("x", "x", draws[:1], "%", "m", ()).with_statistics(kept).rhat)
    assert Finding("x", "x", np.ones((2, 9)), "%", "m", ()).statistics() == {}


def test_unknown_id_gives_the_nearest_ids():
    known = dict.fromkeys(("pm25.decline.beijing", "pm25.decline.tianjin", "heavy.rate"))
    with pytest.raises(UnknownFinding, match=r"'pm25\.decline\.bejing'.*nearest known are pm25\.decline\.beijing, "):
        find(known, "pm25.decline.bejing")
    with pytest.raises(UnknownFinding, match="no known id is near it"):
        find(known, "zzz")
    assert find({"a": 1}, "a") == 1


@pytest.mark.parametrize("draws", [[1.0, 2.0], [[]], [[1.0, math.nan]], [[1.0, math.inf]], np.zeros((2, 2, 2))])
def test_draws_must_be_finite_and_by_chain(draws):
    with pytest.raises(ValueError, match=r"pm25\.some"):
        finding(draws)


def test_summary_row():
    made = normal(-64, 1)
    row = made.summary()
    assert row["text"] == made.text
    assert (row["mean"], row["hdi_low"], row["hdi_high"]) == (made.mean, *made.hdi)
    assert (row["mcse_mean"], row["mcse_interval"]) == (made.mcse, made.interval_mcse)
    assert row["interval"] == "0.94 highest-density interval"
    assert (row["draws"], row["panel"], row["unit"], row["model"]) == (4000, "pm25_city_month", "%", "decline")
    assert shares(0.5).summary()["interval"] == ""


def test_code_line_is_the_line_that_called_for_the_finding(project):
    made = record("pm25.x", "x", np.ones((2, 10)), "%", model="decline", panel=(), suffix="@toy")
    path, line = made.code.split(":")
    assert made.id == "pm25.x@toy"
    assert path == "tests/core/test_findings.py"
    assert 'record("pm25.x"' in (project / path).read_text("utf-8").splitlines()[int(line) - 1]


def test_code_outside_the_project_has_no_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(findings.jingjinji, "PROJECT", tmp_path)
    assert exact("pm25.x", "x", 1, "", ()).code.startswith("test_findings.py:")
