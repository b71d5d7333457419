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


def forecasts(**changes: float) -> dict:
    """Findings of four forecasts: of 100 to 400 months 40 to 43 % inside, of 26 annual means 13 and 24 or 25."""
    found = {}
    for position, origin in enumerate(decline.ORIGINS):
        made = {"months": 100 * (position + 1), "coverage50": 40 + position, "coverage94": 90.0, "years.count": 26,
                "years.inside50": 13, "years.inside94": 24 + position // 2}  # fmt: skip
        for kind, low, high, sd in (("coverage50", 30, 65, 8), ("coverage94", 85, 99, 4), ("years.inside50", 2, 21, 5),
                                    ("years.inside94", 16, 26, 2)):  # fmt: skip
            made |= {f"{kind}.low": low, f"{kind}.high": high, f"{kind}.sd": sd}
        found |= {f"pm25.forecast.{origin}.{key}": exact("x", "x", value, "", ())
                  for key, value in (made | changes).items()}  # fmt: skip
    return found


def test_forecasts_of_all_origins_are_summed_up_in_the_last_row():
    table = page.forecast_coverage(forecasts()).set_index("first year not seen")
    assert list(table.index) == ["2016", "2017", "2018", "2019", "all"]
    assert table.loc["all", "city-months"] == 1000
    assert table.loc["2017", "months inside 94 % (%)"] == "90 (85 to 99)"
    assert table.loc["2017", "annual means inside 50 %"] == "13 of 26 (2 to 21)"
    # weights of a tenth to four tenths; neighbours correlated by a half
    variance = 8**2 * (0.1**2 + 0.2**2 + 0.3**2 + 0.4**2 + 0.1 * 0.2 + 0.2 * 0.3 + 0.3 * 0.4)
    low, high = 50 - 2 * np.sqrt(variance), 50 + 2 * np.sqrt(variance)
    assert table.loc["all", "months inside 50 % (%)"] == f"42 ({low:.0f} to {high:.0f})"
    spread = 2 * 5 * np.sqrt(4 + 3)
    assert table.loc["all", "annual means inside 50 %"] == f"52 of 104 ({52 - spread:.0f} to {52 + spread:.0f})"
    assert table.loc["all", "annual means inside 94 %"].endswith("to 104)")


def test_what_is_said_of_coverage_follows_from_what_a_right_model_gives():
    said = page.forecast_sentence(forecasts())
    assert "of the 94 % intervals 90 % hold their month, which agrees with the 88 to 100 % of a model that is" in said
    assert "of the 50 % intervals 42 % hold their month, which agrees with the" in said
    assert "50 % hold their annual mean, which agrees with the 25 to 75 % of a model that is right" in said
    said = page.forecast_sentence(forecasts(coverage50=70, **{"years.inside94": 20}))
    assert "70 % hold their month, more than the" in said
    assert "77 % hold their annual mean, fewer than the" in said


def test_the_side_of_the_shares_is_named_where_it_is_clear():
    """Of four forecasts' sixteen shares: 50 and 94 % of months and of 26 annual means."""
    said = page.forecast_direction(forecasts(coverage50=60, coverage94=99, **{"years.inside94": 26}))
    assert "Of the 16 shares of the four forecasts 12 lie above what their interval is called and 0 below" in said
    assert "if anything, too wide" in said
    low, high = (50 + sign * 2 * 5 * np.sqrt(4 + 3) * 100 / 104 for sign in (-1, 1))
    assert f"anything from {low:.0f} to {high:.0f} % of the annual means" in said
    assert "too narrow." in page.forecast_direction(forecasts(coverage50=40, **{"years.inside94": 20}))
    below = {"years.inside50": 9, "years.inside94": 20}
    said = page.forecast_direction(forecasts(coverage50=60, coverage94=99, **below))
    assert "not clearly too wide or too narrow" in said


def test_scores_of_forecasts_have_a_row_for_each_origin():
    found = {}
    for origin in decline.ORIGINS:
        made = {"weather-known.crps": 5.0, "crps": 6.0}
        made |= {f"{what}.{key}": value for key, score in (("same-month", 9.0), ("climatology", 7.5))
                 for what, value in (("crps", score), ("gain", score - 6))}  # fmt: skip
        found |= {f"pm25.forecast.{origin}.{key}": exact("x", "x", value, "µg/m³", ()) for key, value in made.items()}
    table = page.forecast_scores(found).set_index("first year not seen")
    assert len(table) == 4
    assert table.loc["2018"].tolist() == ["6.0", "5.0", "9.0 (3.0)", "7.5 (1.5)"]


def test_prior_months_are_wide_and_positive():
    panel = registry.load("decline")
    ((draws, measured),) = page.prior_months(panel, draws=30, seed=1).values()
    assert len(measured) == np.isfinite(panel.pm25).sum()
    assert len(draws) == 30 * len(measured)
    assert (draws > 0).all()
    assert np.percentile(draws, 97) / np.percentile(draws, 3) > 5
