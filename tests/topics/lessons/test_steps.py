"""The likelihood of a step against brute force, and what made-up records say of two analyses."""

import numpy as np
import pytest
import scipy

from jingjinji.topics.lessons import steps


def brute_force(values: np.ndarray, change: int, persistences, wanted: np.ndarray) -> np.ndarray:
    """Density of a step by sums over level and size of surprises, of the joint normal density of all months."""
    months = len(values)
    apart = np.abs(np.subtract.outer(np.arange(months), np.arange(months)))
    after = np.arange(months) >= change
    levels, sizes = np.linspace(-4, 4, 161), np.geomspace(0.05, 8, 121)
    total = np.zeros(len(wanted))
    for persistence in persistences:
        covariance = persistence**apart / (1 - persistence**2)
        precision, log_det = np.linalg.inv(covariance), np.linalg.slogdet(covariance)[1]
        for place, step in enumerate(wanted):
            rest = values[:, None] - levels - step * after[:, None]
            squares = np.einsum("ml,mn,nl->l", rest, precision, rest)
            # flat on the logarithm of the size, on which the sizes are equally spaced
            density = np.exp(-0.5 * squares[:, None] / sizes**2 - months * np.log(sizes) - 0.5 * log_det)
            total[place] += density.sum()
    return total / total.sum()


def test_the_likelihood_is_that_of_the_joint_density_of_all_months():
    rng = np.random.default_rng(3)
    values = steps.autoregression(0.6, rng, months=10, surprise=0.5)[:, 0] + 0.8 * (np.arange(10) >= 5)
    persistences = np.array([0.0, 0.3, 0.6, 0.9])
    found = steps.likelihood(values[:, None], persistences, trend=False, change=5)
    chosen = np.arange(0, len(steps.STEPS), 20)
    density = found.density[0, chosen]
    expected = brute_force(values, 5, persistences, steps.STEPS[chosen])
    assert density / density.sum() == pytest.approx(expected, abs=2e-3)


def test_a_prior_multiplies_the_likelihood_and_a_flat_one_leaves_it():
    found = steps.likelihood(steps.made_up()["a step"])
    width = steps.STEPS[1] - steps.STEPS[0]
    assert steps.posterior(found) == pytest.approx(found.density)
    pulled = steps.posterior(found, 0.0, 0.05)
    assert pulled.sum() * width == pytest.approx(1)
    expected = found.density * scipy.stats.norm.pdf(steps.STEPS, 0, 0.05)
    assert pulled == pytest.approx(expected / (expected.sum() * width))


def test_the_interval_is_the_narrowest_that_holds_so_much():
    density = scipy.stats.norm.pdf(steps.STEPS, 0.3, 0.2)[None]
    mean, low, high = steps.highest(density)
    half = 0.2 * scipy.stats.norm.ppf(0.5 + steps.PROBABILITY / 2)
    assert (mean[0], low[0], high[0]) == pytest.approx((0.3, 0.3 - half, 0.3 + half), abs=0.01)


def test_a_step_stands_whole_in_its_first_innovation_and_in_part_in_the_others():
    step = (np.arange(9) >= 4).astype(float)
    assert steps.innovations(step, 0.75).tolist() == [0, 0, 0, 0, 1, 0.25, 0.25, 0.25, 0.25]


@pytest.mark.parametrize("persistence", [0.0, 0.4, 0.95])
def test_the_share_of_the_edge_is_that_of_the_squares_of_innovations(persistence):
    squares = steps.innovations((np.arange(20) >= 5).astype(float), persistence) ** 2
    assert steps.share_of_the_edge(persistence, 15) == pytest.approx(squares[5] / squares.sum())


def test_without_memory_and_trend_the_error_is_that_of_a_difference_of_means():
    assert steps.error_of_step(0.0, 100, trend=False) == pytest.approx(2 / np.sqrt(100))
    assert steps.error_of_step(0.0, 100) == pytest.approx(4 / np.sqrt(100), rel=0.01)


def test_with_a_high_persistence_a_longer_record_knows_a_step_no_better():
    table = steps.edges().set_index("persistence")
    short, long = table["error, 48 months"], table["error, 384 months"]
    assert short[0.0] / long[0.0] == pytest.approx(np.sqrt(8), rel=0.05)
    assert short[0.97] / long[0.97] < 1.1


def test_the_longer_the_memory_the_more_of_a_step_its_first_month_knows():
    shares = [steps.share_of_the_edge(persistence) for persistence in (0, 0.6, 0.95)]
    assert shares == sorted(shares)
    assert shares[0] < 0.1 < 0.9 < shares[-1]


def test_made_up_months_wander_by_as_much_as_the_step():
    wandering = steps.SURPRISE / np.sqrt(1 - steps.PERSISTENCE**2)
    assert wandering == pytest.approx(abs(steps.STEP), rel=0.1)
    drawn = steps.autoregression(steps.PERSISTENCE, np.random.default_rng(1), records=2000)
    assert drawn.std() == pytest.approx(wandering, rel=0.05)


def test_records_differ_by_what_was_put_in_alone():
    made = steps.made_up(records=3, seed=7)
    for kind, values in made.items():
        difference = values - made["no change"]
        assert difference == pytest.approx(np.tile(steps.STEP * steps.course(kind)[:, None], 3))
        assert difference[steps.CHANGE - 1] == pytest.approx(0)
    assert made["a step"][steps.CHANGE] == pytest.approx(made["no change"][steps.CHANGE] + steps.STEP)
    assert made["a slow change"][-1] == pytest.approx(made["a step"][-1])


def test_the_two_deceptions_are_what_the_lesson_says():
    rows = steps.experience().set_index(["record", "each month"])
    found, inside = rows["change found (%)"], rows["truth inside (%)"]
    # of intervals of 94 % in 200 records between 89 and 98 hold the truth, with a probability above 0.99
    for kind in ("no change", "a step"):
        assert 89 <= inside[kind, "with memory"] <= 98
        assert inside[kind, "by itself"] < 70
    assert found["no change", "by itself"] > 40
    assert found["no change", "with memory"] < 11
    assert found["a slow change", "with memory"] < 0.5 * found["a step", "with memory"]
    assert inside["a slow change", "with memory"] < 80


def test_a_course_of_ones_own_takes_the_place_of_those_of_the_lesson():
    """As the homework asks: at once, and gone within a year."""
    gone = np.arange(steps.MONTHS) - steps.CHANGE
    fades = np.where(gone < 0, 0.0, np.clip(1 - gone / 12, 0, 1))
    rows = steps.experience({"it fades": fades}, records=20)
    assert rows.record.tolist() == ["it fades"] * 2
    assert rows["put in (%)"].tolist() == pytest.approx([steps.per_cent(steps.STEP)] * 2)
    assert set(steps.experience(records=20).record) == set(steps.KINDS)


def test_another_seed_makes_other_records_and_the_same_seed_the_same():
    assert steps.table(seed=5).equals(steps.table(seed=5))
    assert not steps.table(seed=5).equals(steps.table(seed=6))


def test_words_name_the_interval_and_its_probability():
    words = steps.told_of(steps.made_up()["a step"])
    assert "94 % HDI" in words
    assert "-" not in words
    assert words != steps.told_of(steps.made_up()["a step"], memory=False)
