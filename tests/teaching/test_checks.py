"""A seal fits the right answer within its tolerance and no other, and does not hold it."""

import re

import pytest

from jingjinji.teaching.checks import agrees, seal


@pytest.mark.parametrize("value", [-64.37, 0.0, 3, 1e6 + 0.1, -0.004])
@pytest.mark.parametrize("within", [0.01, 0.5, 20])
def test_a_number_fits_within_its_tolerance(value, within):
    sealed = seal("wind 1", value, within)
    inside, outside = [-0.99, -0.5, 0, 0.5, 0.99], [-3.01, -2, -1.01, 1.01, 2, 3.01]
    assert [share for share in inside if not agrees("wind 1", value + share * within, sealed)] == []
    assert [share for share in outside if agrees("wind 1", value + share * within, sealed)] == []


def test_a_seal_is_of_one_exercise():
    assert not agrees("wind 2", 3.0, seal("wind 1", 3.0, 0.5))
    assert seal("wind 2", 3.0, 0.5) != seal("wind 1", 3.0, 0.5)


def test_a_seal_does_not_hold_the_answer():
    sealed = seal("wind 1", -64.37, 0.5)
    assert not re.search("64|37", sealed.rpartition(" ")[0].replace("0.6300000000000097", ""))
    assert "east" not in seal("wind 1", "East", 0.0).casefold()


def test_a_word_fits_in_any_case():
    sealed = seal("wind 1", "North  East")
    assert agrees("wind 1", " north east\n", sealed)
    assert not agrees("wind 1", "north", sealed)
    assert agrees("wind 1", True, seal("wind 1", True))
    assert not agrees("wind 1", False, seal("wind 1", True))


@pytest.mark.parametrize("answer", [..., None, "three", float("nan"), [3.0, 3.0], "", "3 m/s"])
def test_what_is_no_number_fits_none(answer):
    assert not agrees("wind 1", answer, seal("wind 1", 3.0, 0.5))


def test_a_number_fits_no_word():
    assert not agrees("wind 1", 3.0, seal("wind 1", "3.0"))


@pytest.mark.parametrize(("answer", "within"), [(3.0, 0.0), (float("nan"), 0.5), (float("inf"), 0.5)])
def test_a_number_without_a_tolerance_is_not_sealed(answer, within):
    with pytest.raises(ValueError, match="expected a finite number and a tolerance"):
        seal("wind 1", answer, within)
