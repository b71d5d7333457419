"""What is said of sections in April 2021 against numbers worked out from chosen draws."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from jingjinji.topics.water import april
from jingjinji.topics.water import april_findings as said

POLLUTANTS = ("codmn", "nh3n", "tp", "tn")
SECTIONS = (
    ("Hai", "Chaobai", 1.0, 1.0), ("Hai", "Chaobai", 1.0, 1.0), ("Hai", "Yinluan", 1.0, 1.0),
    ("Hai", "Yinluan", 1.0, 0.0), ("Hai", "Chaobai", 0.0, 1.0), ("Yangtze", "Chishui", 1.0, 1.0),
)  # fmt: skip
"""Basin, agreement, 1 under an agreement, 1 if it is used."""


def some_panel() -> april.Panel:
    basins, agreements = ("Hai", "Yangtze"), ("Chaobai", "Chishui", "Yinluan")
    rows = [(basins.index(basin), k, agreements.index(agreement), 0.0, 0.0, under, used)
            for k in range(4) for basin, agreement, under, used in SECTIONS]  # fmt: skip
    columns = ["basin", "pollutant", "agreement", "log", "below", "under", "used"]
    table = pd.DataFrame(rows, columns=columns)
    # the second river was not read for total phosphorus
    return april.Panel(table[(table.pollutant != 2) | (table.agreement != 2)], basins, agreements)


@pytest.fixture(scope="module")
def drawn() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(4)
    return {"mean": rng.normal(-0.2, 0.3, (2, 5, 4)), "scale": rng.uniform(0.1, 0.5, (2, 5)),
            "own": rng.normal(size=(2, 5, 3, 4))}  # fmt: skip


def found_of(drawn: dict[str, np.ndarray]) -> dict:
    parameters = xr.Dataset({
        "contrast": (("agreement", "chain", "pollutant", "draw"), drawn["own"].transpose(2, 0, 3, 1)),
        "contrast_mean": (("chain", "draw", "pollutant"), drawn["mean"]),
        "contrast_scale": (("draw", "chain"), drawn["scale"].T),
    })  # fmt: skip
    fit = SimpleNamespace(panel=some_panel(), parameters=parameters, name="april", variant="")
    return {finding.id.removeprefix("miyun.april."): finding for finding in said.findings(fit)}


@pytest.fixture(scope="module")
def found(drawn) -> dict:
    return found_of(drawn)


def test_a_typical_agreements_contrast(found, drawn):
    for k, pollutant in enumerate(POLLUTANTS):
        assert found[pollutant].draws == pytest.approx(100 * (np.exp(drawn["mean"][:, :, k]) - 1))


def test_the_contrast_of_the_hai_basin_counts_its_sections(found, drawn):
    """Two sections of the first agreement and one of the third are used; of phosphorus only the first's."""
    first, third = (drawn["own"][:, :, agreement] for agreement in (0, 2))
    for k, pollutant in enumerate(POLLUTANTS):
        own = first[:, :, k] if pollutant == "tp" else (2 * first[:, :, k] + third[:, :, k]) / 3
        change = np.exp(drawn["mean"][:, :, k] + drawn["scale"] * own) - 1
        assert found[f"{pollutant}.hai"].draws == pytest.approx(100 * change)


def test_sections_of_the_table(monkeypatch, drawn):
    """Four agreements had begun by 2020, two of these were matched without a page; of one the start is not known."""
    table = pd.DataFrame({
        "agreement": ["a", "b", "c", "d", "e", "f", "g", None, None],
        "start": [2011, 2018, 2020, 2016, 2021, 2022, None, None, 2015],
        "flag": ["page", "weak", "weak", "page", "weak", "page", "weak", None, "weak"],
    })  # fmt: skip
    monkeypatch.setattr(said.tables, "load", lambda name: table)
    found = found_of(drawn)
    assert {key: found[key].mean for key in ("sections", "under", "weak")} == {"sections": 9, "under": 4, "weak": 2}
