"""Classes of water and the settlement, by hand."""

import numpy as np
import pytest

from jingjinji.core.errors import BookError
from jingjinji.topics.water.classes import CLASSES, Rates, limits, settlement, water_class


def test_the_worst_pollutant_gives_the_class():
    found = water_class({"codmn": np.array([1.0, 4.0, 3.0]), "nh3n": np.array([0.1, 0.2, 2.5])})
    assert [CLASSES[k] for k in found] == ["I", "II", "below V"]


def test_a_value_at_the_limit_keeps_the_class():
    assert CLASSES[int(water_class({"tp": np.array(0.1)}))] == "II"
    assert CLASSES[int(water_class({"tp": np.array(0.1001)}))] == "III"


def test_total_nitrogen_has_no_class_in_a_river():
    with pytest.raises(BookError, match="no class limit of 'tn' for a river"):
        limits("tn")
    assert limits("tn", "lake")[-1] == 2.0
    with pytest.raises(BookError, match="no classes for 'sea'"):
        limits("tp", "sea")


def test_a_concentration_below_zero_is_refused():
    with pytest.raises(BookError, match="found a concentration of -1 mg/L"):
        water_class({"tp": np.array([0.1, -1.0])})


def test_a_settlement_adds_its_parts():
    rates = Rates(advance=1, quality=2, water=0.5, baseline=3, nitrogen=0.1, tasks=4)
    parts = settlement(np.array([0.5, 1.0]), 5.0, np.array([-10.0, 10.0]), 0.25, rates)
    assert parts["total"] == pytest.approx([1 + 1 + 1 + 1 + 1, 1 + 2 + 1 + 0 + 1])
    with pytest.raises(BookError, match="between 0 and 1"):
        settlement(np.array([1.2]), 5.0, 0.0, 1.0, rates)
