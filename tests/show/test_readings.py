import numpy as np
import pytest

from jingjinji.core.findings import Finding, exact
from jingjinji.show import readings


def drawn(mean: float, sd: float, unit: str = "%", label: str = "change of a city, 2013 to 2023", **more) -> Finding:
    draws = mean + sd * np.random.default_rng(1).normal(size=(4, 1000))
    return Finding("a.b", label, draws, unit, "decline", ("table",), **more)


def chance(probability: float) -> Finding:
    draws = np.zeros(4000)
    draws[: round(4000 * probability)] = 1
    return Finding("a.p", "probability that it fell", draws.reshape(4, 1000), "probability", "decline", ())


def plain(text: str) -> str:
    return text.replace(readings.SPACE, " ")


@pytest.mark.parametrize(
    ("finding", "printed"),
    [
        (drawn(-64.31, 0.8), "−64 % (94 % HDI −66 to −63 %)"),
        (drawn(1.713, 0.45, "years"), "1.7 years (94 % HDI 0.8 to 2.5 years)"),
        (drawn(-43.2, 35, "µg/m³"), "−44 µg/m³ (94 % HDI −110 to 20 µg/m³)"),
        (drawn(1234.4, 300, "vehicles"), "1200 vehicles (94 % HDI 600 to 1800 vehicles)"),
        (drawn(29.12, 0.3), "29.1 % (94 % HDI 28.5 to 29.7 %)"),
        (drawn(5, 0.8, "Mt", by_median=True), "5 Mt (median, 94 % HDI 3 to 6 Mt)"),
        (chance(0.9943), "0.99"),
        (chance(0.9984), "> 0.99"),
        (chance(0.0004), "< 0.01"),
        (exact("a.c", "sum", 3.3945, "billion CNY", ()), "3.39 billion CNY"),
        (exact("a.c", "acts", 1713, "", ()), "1713"),
        (exact("a.c", "mean", 40.32, "%", ()), "40.3 %"),
    ],
)
def test_prose_is_as_fine_as_the_interval_lets_be_seen(finding, printed):
    value, interval = printed.partition(" (")[0], printed.partition("HDI ")[2].rstrip(")")
    assert plain(readings.in_prose(finding)) == value
    assert plain(readings.interval_in_prose(finding)) == interval
    assert plain(readings.with_interval(finding)) == printed


def test_no_line_breaks_inside_a_number_or_its_interval():
    assert " " not in readings.in_prose(chance(0.9984))
    assert readings.with_interval(drawn(-64.31, 0.8)).count(" ") == 1


def test_reading_of_a_change():
    read = plain(readings.reading(drawn(-64.31, 0.8)))
    assert read.startswith(
        "Change of a city, 2013 to 2023: about −64 %. Given the data and the model, it lies between −"
    )
    assert read.endswith("with a probability of 94 %. What was 100 became about 36.")


@pytest.mark.parametrize(
    ("id", "fit", "label"),
    [
        ("pm25.x@step-unknown", "decline/step-unknown", "a change (variant: step nearly unknown)"),
        ("pm25.x", "decline/step-unknown", "a change"),
        ("pm25.x", "decline", "a change"),
        ("pm25.x@with-dust", "decline", "a change"),
        ("toy.x@other", "toy/other", "a change"),
        ("energy.x@dust", "energy_emissions/dust", "a change (variant: soot and dust)"),
    ],
)
def test_a_label_in_full_says_what_the_variant_is(id, fit, label):
    assert readings.in_full(id, "a change", fit) == label
    assert readings.in_full(id, label, fit) == label


def test_reading_says_whether_the_sign_is_open():
    assert "Zero lies inside, so the sign is open." in readings.reading(drawn(-10, 20, label="departure"))
    assert "Zero" not in readings.reading(drawn(-10, 2, label="departure"))
    assert "What was 100" not in readings.reading(drawn(-10, 2, label="change beyond weather, 2013 to 2017"))


@pytest.mark.parametrize(
    ("probability", "word"),
    [(0.995, "almost certain"), (0.95, "very likely"), (0.7, "likely"), (0.5, "about as likely as not"),
     (0.2, "unlikely"), (0.05, "very unlikely"), (0.001, "almost excluded")],
)  # fmt: skip
def test_reading_of_a_probability(probability, word):
    read = readings.reading(chance(probability))
    assert f", {word}. Of 100 histories that agree with the data and the model, " in read
    assert read.startswith("Probability that it fell: ")


def test_reading_of_single_numbers():
    assert "counted in tables" in readings.reading(exact("a.c", "acts", 7, "", ()))
    assert "one number of a whole fit" in readings.reading(exact("a.c", "coverage", 96, "%", (), model="decline"))


def test_bar_and_strip_have_the_place_of_the_interval():
    low, middle, high, zero = readings.bar(drawn(-64.31, 0.8))
    assert 0 < low < middle < high < 100
    assert zero is None
    heights = readings.strip(drawn(-64.31, 0.8))
    assert len(heights) == readings.BINS + 1
    assert max(heights) == 100
    assert abs(heights.index(100) * 100 / readings.BINS - middle) < 10


def test_zero_stands_on_a_bar_that_is_near_it():
    low, _, high, zero = readings.bar(drawn(-10, 20))
    assert low < zero < high
    low, _, _, zero = readings.bar(drawn(10, 3))
    assert 0 < zero < low


def test_bars_of_probabilities_and_of_single_numbers():
    assert readings.bar(chance(0.7)) == [0, 70, 70, None]
    assert readings.strip(chance(0.7)) == readings.bar(exact("a.c", "acts", 7, "", ())) == []
