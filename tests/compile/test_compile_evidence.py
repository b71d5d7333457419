"""The maintainers' script for the small tables that decide single claims: winters by hand, tables as published."""

import compile_evidence
import numpy as np
import pandas as pd
import pytest

from jingjinji.core import tables


def test_a_winter_counts_heavy_days_and_its_steep_rises_by_hand():
    days = pd.date_range("2014-10-01", "2020-03-31")
    values = pd.Series(50.0, index=days)
    values["2014-12-01":"2014-12-10"] = [60, 160, 150, 151, 40, np.nan, 40, 340, 20, 30]
    values["2015-07-01"] = 900
    table = compile_evidence.winters(pd.DataFrame({"Beijing": values})).set_index("winter")
    assert list(table.index) == list(compile_evidence.WINTERS)
    first = table.loc[2014]
    assert (first.days, first.heavy_days) == (181, 3)
    assert table.heavy_days.sum() == 3
    winter = values["2014-10-01":"2015-03-31"]
    assert first.high == round(winter.quantile(0.95), 1)
    assert first.rise == round(winter.diff().quantile(0.95), 1)


def test_only_half_years_of_the_daily_collections_are_published():
    table = tables.load("pollution_winter")
    assert len(table) == 60
    assert (table.heavy_days <= table.days).all()
    assert not {"date", "pm25"} & set(table)


def test_inventions_per_head_are_inventions_by_people():
    table = tables.load("green_patents")
    assert table.groupby("year").size().eq(31).all()
    assert table.per_million.to_numpy() == pytest.approx((100 * table.patents / table.people).to_numpy(), abs=0.051)
    assert table.groupby("region").province.nunique().to_dict() == {
        "Beijing-Tianjin-Hebei": 3, "Guangdong": 1, "Yangtze delta": 4, "others": 23,
    }  # fmt: skip
