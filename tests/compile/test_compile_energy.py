"""The maintainers' script for the tables of energy: pure parts by hand, tables against the published ones."""

import compile_energy
import pandas as pd
import pytest

from jingjinji.core import tables


@pytest.mark.parametrize(
    ("printed", "half"),
    [
        ("253000", 500),
        ("250000", 500),
        ("5711", 0.5),
        ("70", 0.5),
        ("2019.23", 0.005),
        ("2270.00", 0.5),
        ("22.5", 0.05),
    ],
)
def test_half_of_the_last_printed_place(printed, half):
    assert compile_energy.half_unit(printed) == pytest.approx(half)


@pytest.mark.parametrize(
    ("note", "side"),
    [
        ('"more than 123 Mt" shortly before', "lower"),
        ('"less than 100 000"', "upper"),
        ('"below 10"', "upper"),
        ("76% of them", ""),
    ],
)
def test_bounds_are_read_from_the_quoted_words(note, side):
    assert compile_energy.bound(note) == side


def test_the_mix_adds_up_in_coal_equivalent():
    row = dict.fromkeys((f"final_{fuel}" for fuel in compile_energy.OIL), 0.0)
    row |= {"province": "Hebei", "year": 2010, "final_coal_family": 500.0, "final_natural_gas": 10.0}
    row |= {"final_electricity": 100.0, "final_heat": 1000.0, "final_diesel": 100.0}
    parts = {"coal": 500.0, "oil": 145.71, "gas": 133.0, "electricity": 122.9}
    total = sum(parts.values()) + 34.1 + 50.0
    wide = pd.DataFrame([row | {"final_total": total} | {f"final_share_{k}": v / total for k, v in parts.items()}])
    made = compile_energy.energy_mix_year(wide).iloc[0]
    assert [made[k] for k in ("coal", "oil", "gas", "electricity", "heat", "other")] == pytest.approx(
        [5.0, 1.4571, 1.33, 1.229, 0.341, 0.5]
    )
    with pytest.raises(SystemExit, match="gas in physical units and its share"):
        compile_energy.energy_mix_year(wide.assign(final_natural_gas=1.0))


def test_other_counts_of_coal_are_those_of_provinces_and_of_china():
    wide = pd.DataFrame({"province": ["Hebei", "Hebei", "Hebei"], "year": [2002, 2003, 2020],
                         "co2_ceads_coal": [1.0, 204.51234, None]})  # fmt: skip
    countries = pd.DataFrame({"area": ["China", "China", "Japan"], "variable": ["coal_consumption_bp"] * 3,
                              "year": [2002, 2004, 2004], "value": [1.0, 47.359006, 5.0]})  # fmt: skip
    made = compile_energy.energy_coal_year(wide, countries)
    assert made.fillna(0).to_numpy().tolist() == [["China", 2004, 0, 47.359], ["Hebei", 2003, 204.5123, 0]]


def test_no_recalled_figure_is_published():
    for name in ("coal_phase_out", "source_apportionment", "energy_facts"):
        assert "memory-unverified" not in set(tables.load(name).confidence)
    assert "quote" not in {f["name"] for r in tables.package()["resources"] for f in r["schema"]["fields"]}


def test_the_panel_is_balanced():
    panel, mix = tables.load("energy_province_year"), tables.load("energy_mix_year")
    assert len(panel) == 30 * 15
    assert len(mix) == 30 * 20
