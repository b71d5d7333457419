"""What the page on the decline shows: groups of the check, months to come, coverage, priors."""

import numpy as np

from jingjinji.core import registry
from jingjinji.core.findings import exact
from jingjinji.topics.air import decline, page


def test_coverage_of_each_city_is_taken_from_the_fit_that_left_it_out_and_the_last_row_is_the_mean():
    cities = [city for left_out in decline.LEFT_OUT.values() for city in left_out]
    found = {
        f"pm25.leave-out.{city.lower()}.coverage{level}": exact("x", "x", level - position, "%", ())
        for position, city in enumerate(cities)
        for level in (50, 94)
    }
    table = page.left_out_coverage(found).set_index("left out")
    assert list(table.index) == [*decline.CITIES, "all cities"]
    assert table.loc[cities[4]].tolist() == [46, 90]
    assert table.loc["all cities"].tolist() == [44, 88]


def test_prior_months_are_wide_and_positive():
    panel = registry.load("decline")
    ((draws, measured),) = page.prior_months(panel, draws=30, seed=1).values()
    assert len(measured) == np.isfinite(panel.pm25).sum()
    assert len(draws) == 30 * len(measured)
    assert (draws > 0).all()
    assert np.percentile(draws, 97) / np.percentile(draws, 3) > 5
