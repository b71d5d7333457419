"""The departure of ten days in closed form, against the normal distribution of all readings and made-up records."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from jingjinji.core import registry
from jingjinji.topics.november import contrast, series
from jingjinji.topics.november.series import Panel, Site

SCALES = contrast.Scales(0.5, 0.3, 0.12, 0.9, 5.0, 0.1, np.full(7, 0.4))
DATES = pd.date_range("2014-09-01", "2015-01-20")
WINDOWS = {
    "ban": (pd.Timestamp("2014-11-03"), pd.Timestamp("2014-11-12")),
    "parade": (pd.Timestamp("2014-12-01"), pd.Timestamp("2014-12-08")),
}


def some_panel() -> Panel:
    rng = np.random.default_rng(3)
    sites = []
    for dates, gaps in ((DATES[:100], (5, 70)), (DATES[40:], (30, 31))):
        pm25 = 80 * np.exp(rng.normal(0, 0.5, len(dates)))
        pm25[list(gaps)] = np.nan
        sites.append(Site(pd.Series(pm25, dates), rng.normal(size=(len(dates), 7)), rng.normal(size=len(dates))))
    return Panel(*sites, WINDOWS)


def covariance_of_errors(panel: Panel) -> np.ndarray:
    """Covariance of what carries over, of all readings, from the autoregressions themselves."""
    rows = series.readings(panel)
    spread = math.sqrt(8 / 6)
    lag = np.abs(np.subtract.outer(rows["day"], rows["day"]))
    course = 0.5**lag / (1 - 0.5**2)
    embassy = rows["site_index"] == 0
    share = np.where(embassy, 0.9, 1.0)
    city = np.outer(share, share) * (0.3 * spread) ** 2 * course
    own = np.outer(embassy, embassy) * (0.12 * spread) ** 2 * course
    return city + own


def test_whitened_errors_are_independent_where_both_series_are_complete():
    panel = some_panel()
    full = [replace(site, pm25=site.pm25.fillna(80.0)) for site in panel.sites]
    both = Panel(replace(full[0], pm25=full[0].pm25[40:], weather=full[0].weather[40:], wet=full[0].wet[40:]),
                 full[1], WINDOWS)  # fmt: skip
    equations = contrast.Equations(both, SCALES)
    inside = np.flatnonzero(np.isin(equations.rows["course_index"], (0, 2)))
    turned = equations.whitened(np.eye(len(equations.rows["day"])))
    found = turned @ covariance_of_errors(both) @ turned.T
    np.testing.assert_allclose(found[np.ix_(inside, inside)], np.eye(len(inside)), atol=1e-9)


def test_the_departure_is_that_of_generalised_least_squares():
    """One series: coefficients with priors and blocks are part of the covariance, the controls are columns."""
    panel = contrast.alone(some_panel(), "stations")
    equations = contrast.Equations(panel, SCALES)
    coefficients, sd = contrast._design(panel, equations.rows, SCALES)
    blocks = np.eye(equations.blocks.max() + 1)[equations.blocks][equations.rows["day"]]
    total = covariance_of_errors(panel) + (coefficients * sd**2) @ coefficients.T + 0.1**2 * blocks @ blocks.T
    columns = contrast.controls(panel)[equations.rows["day"]]
    inverse = np.linalg.inv(total)
    expected = np.linalg.inv(columns.T @ inverse @ columns)
    y = series.logs(panel)
    departures, covariance = equations.apart(y)
    np.testing.assert_allclose(covariance, expected, rtol=0.01)
    np.testing.assert_allclose(departures[:, 0], expected @ columns.T @ inverse @ (y - math.log(80)), atol=0.005)


def test_a_window_is_judged_as_the_ban_is():
    """The departure of an ordinary block is that of a column of its own without a prior."""
    panel, y = some_panel(), series.logs(some_panel())
    equations = contrast.Equations(panel, SCALES)
    first, departures, errors = equations.ordinary(y)
    for place in (0, len(first) - 1):
        column = (equations.blocks == equations.blocks[first[place]]).astype(float)
        columns = np.column_stack([column, contrast.controls(panel)])
        alone, covariance = contrast.Equations(panel, SCALES, columns).apart(y)
        assert departures[place, 0] == pytest.approx(alone[0, 0], rel=0.01)
        assert errors[place] == pytest.approx(math.sqrt(covariance[0, 0]), rel=0.01)


def test_every_window_without_a_control_is_there_once():
    panel = registry.load("apec_series")
    found = contrast.windows(panel, SCALES)
    assert found.start.is_unique
    days = [pd.date_range(start, periods=10) for start in found.start]
    controls = [pd.date_range(*panel.windows[event]) for event in series.CONTROLS]
    assert not any(span.isin(control).any() for span in days for control in controls)
    assert len(found) > 2400
    assert found.start.min() == pd.Timestamp("2010-01-01")
    assert days[-1][-1] == pd.Timestamp("2017-02-28")


def test_a_ban_that_works_up_is_larger_than_the_step_says():
    panel = registry.load("apec_series")
    made = series.made_up({"effect": -0.3, "days_to_work": 2.0}, np.random.default_rng(1), panel, 200)
    step = contrast.Equations(panel, SCALES).apart(made)[0][0].mean()
    slow = contrast.Equations(panel, SCALES, contrast.gradual_ban(panel, 2.0)).apart(made)[0][0].mean()
    assert slow == pytest.approx(math.log(0.7), abs=0.05)
    assert math.log(0.7) + 0.05 < step < 0


def test_a_prior_draws_towards_zero():
    mean, sd = contrast.shrunk(-0.4, 0.3, 0.3)
    assert (mean, sd) == (pytest.approx(-0.2), pytest.approx(0.3 / math.sqrt(2)))
    assert contrast.shrunk(-0.4, 0.3, 100.0) == (pytest.approx(-0.4, rel=1e-4), pytest.approx(0.3, rel=1e-4))


def test_controls_that_are_alike_draw_each_other():
    """Against a sum over a fine grid of the common mean and of how far the two differ."""
    departures, covariance = np.array([-0.2, -0.6]), np.array([[0.05, 0.01], [0.01, 0.03]])
    parts = contrast.alike(departures, covariance)
    mean = sum(weight * mean for weight, mean, _ in parts)
    scales = np.exp(np.linspace(math.log(0.12) - 2.4, math.log(0.12) + 2.4, 81))
    grid = np.linspace(-2, 2, 161)
    bans, parades = np.meshgrid(grid, grid, indexing="ij")
    points = np.stack([bans, parades], axis=-1)
    likelihood = stats.multivariate_normal.pdf(points, departures, covariance)
    prior = sum(
        stats.norm.pdf(np.log(s), math.log(0.12), 0.4)
        * stats.multivariate_normal.pdf(points, np.zeros(2), 0.3**2 * np.ones((2, 2)) + s**2 * np.eye(2))
        for s in scales
    )
    weights = likelihood * prior
    assert sum(weight for weight, _, _ in parts) == pytest.approx(1)
    assert mean == pytest.approx((weights * bans).sum() / weights.sum(), abs=0.003)
    assert mean < contrast.shrunk(departures[0], math.sqrt(covariance[0, 0]))[0]


def test_intervals_of_records_that_keep_the_assumptions_hold_the_truth():
    equations = contrast.Equations(registry.load("apec_series"), SCALES)
    for effect in (0.0, -0.3):
        found = contrast.calibration(equations, {"effect": effect}, 400, np.random.default_rng(5))
        assert found["plain-inside"] == pytest.approx(94, abs=3.5)
        assert found["estimate"] == pytest.approx(100 * effect, abs=4)
        assert abs(found["shrunk"]) <= abs(found["estimate"]) + 1
        assert (found["seen"] < 8) == (effect == 0.0)
        assert found["plain-seen"] > found["seen"]
        assert found["plain-seen"] == pytest.approx(100 * stats.norm.cdf(-contrast.WIDTH), abs=2.5) or effect
