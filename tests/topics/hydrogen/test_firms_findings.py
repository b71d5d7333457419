"""What is said of the zone's firms against numbers worked out from chosen draws."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from jingjinji.core import registry
from jingjinji.topics.hydrogen import firms_findings as said

LEVEL = np.array([[4.7, 4.8, 4.9], [4.6, 4.8, 5.0]])
RATE = np.array([[0.4, 0.3, 0.02], [-0.1, 0.2, 1.5]])
BEND = np.array([[-0.05, 0.1, -0.001], [0.05, -0.25, 0.1]])


def found_of(variant: str = "") -> dict:
    drawn = {"level": LEVEL, "rate": RATE, "bend": BEND}
    parameters = xr.Dataset({name: (("chain", "draw"), values) for name, values in drawn.items()})
    panel = registry.load("enterprises", variant)
    fit = SimpleNamespace(panel=panel, parameters=parameters, name="enterprises", variant=variant)
    return {finding.id: finding for finding in said.findings(fit)}


def test_growth_over_2023_and_what_follows_from_it():
    """The curve rises by rate and bend from the beginning of 2023 to its end."""
    found = found_of()
    times = np.exp(RATE + BEND)
    assert found["hydrogen.firms.growth"].draws == pytest.approx(100 * (times - 1))
    assert found["hydrogen.firms.grows"].draws.tolist() == (times > 1).tolist()
    doubling = [[np.log(2) / 0.35, np.log(2) / 0.4, 30], [30, 30, np.log(2) / 1.6]]
    assert found["hydrogen.firms.doubling"].draws == pytest.approx(np.array(doubling))
    assert found["hydrogen.output.per-firm"].draws == pytest.approx(100 * (1.86 / times - 1))


def test_firms_at_the_end_of_2025_are_those_of_the_curve_up_to_a_limit():
    curve = np.exp(LEVEL + 3 * RATE + 9 * BEND)
    assert curve.max() > 5000
    assert found_of()["hydrogen.firms.2025"].draws == pytest.approx(np.minimum(curve, 5000))


def test_a_variant_says_the_same_of_the_curve_and_nothing_of_the_tables():
    main, other = found_of(), found_of("far-above")
    of_the_curve = {id for id, finding in main.items() if not finding.exact}
    assert other.keys() == {f"{id}@far-above" for id in of_the_curve}
    assert all((other[f"{id}@far-above"].draws == main[id].draws).all() for id in of_the_curve)


def test_what_the_tables_say_of_the_zone():
    found = {id: finding.mean for id, finding in found_of().items() if finding.exact}
    assert found == {
        "hydrogen.zone.vehicles": 900, "hydrogen.output.growth": 86, "hydrogen.firms.count.2022-03": 98,
        "hydrogen.firms.count.2023-07": 136, "hydrogen.firms.count.2023-09": 170, "hydrogen.firms.count.2023-12": 190,
        "hydrogen.firms.count.2024-10": 228,
    }  # fmt: skip
