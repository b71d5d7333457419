"""What the page on hydrogen shows: priors, groups that are modes and years."""

import numpy as np
import pytest

from jingjinji.core import registry
from jingjinji.show.prior_draws import prior_fit
from jingjinji.topics.hydrogen import curves, page


def test_priors_expect_sales_around_the_printed_ones():
    panel = registry.load("hydrogen")
    for mode, (drawn, printed) in page.prior_sales(panel, 20, 3).items():
        units = panel.units.index[panel.units["mode"] == mode]
        assert len(printed) == panel.sales.unit.isin(units).sum()
        assert drawn.size == 20 * len(printed)
        assert drawn.min() >= 1
        assert np.percentile(drawn, 97) > np.median(printed) > np.percentile(drawn, 3)


def test_groups_of_the_check_are_modes_and_years():
    panel = registry.load("hydrogen")
    groups = page.check_sales(prior_fit(curves.build(panel), panel, 30, 3), most=10)
    assert list(groups) == list(curves.MODES)
    sales = panel.sales.assign(mode=panel.units["mode"].to_numpy()[panel.sales.unit])
    for mode, (years, statistics) in groups.items():
        for name, share in (("median", "median"), ("largest", "max")):
            drawn, printed = statistics[name]
            assert drawn.shape == (10, len(years))
            expected = sales[sales["mode"] == mode].groupby("year").vehicles.agg(["size", share])
            assert printed == pytest.approx(expected[share][expected["size"] > 1].to_numpy(), abs=0.6)


def test_stations_in_words():
    table = page.stations()
    assert len(table) == 8
    assert set(table["got as"]) == {"count", "difference of two counts"}
    assert table.set_index("date").loc["2023-12-31", "number"] == 407
    assert (table != "").all(axis=None)
