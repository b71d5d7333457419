"""The departure of ten days in closed form: of the ban, of every other window of the record, and of made-up records.

Given its scales and with normal errors, the model of `series` is linear, so the departure of a window and its standard
error follow from one set of normal equations. It is not drawn towards zero: the window's own departure has no prior.
The scales are those of a fit. Departures are on the natural-log scale.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats
from scipy.linalg import blas

from jingjinji.core.findings import PROBABILITY
from jingjinji.topics.november import series
from jingjinji.topics.november.series import BLOCK_DAYS, CONTROLS, EVENT_PRIOR, EVENTS, Panel

FEWEST_OF_BLOCK = 7
FLAT = 10.0
"""Standard deviation of the prior of a departure that is not to be drawn towards zero."""
WIDTH = stats.norm.ppf(0.5 + PROBABILITY / 2)
TYPICAL = np.log(80)
PRIORS = {"level": 0.5, "trend": 0.2, "season": 0.3, "heating": 0.3, "holiday": 0.15, "weekday": 0.1, "wet": 0.2}
"""Standard deviations of the coefficients in `series.build`."""
ALIKE_PRIOR = (0.12, 0.4)
"""Median and log-scale standard deviation of how far two controls differ, where they are taken as alike."""


@dataclass(frozen=True)
class Scales:
    """What the closed form takes from a fit: posterior means of the scales of `series.build`."""

    carry_over: float
    scale: float
    own_scale: float
    shared: float
    tail: float
    block_scale: float
    amplitude: np.ndarray

    @property
    def of_course(self) -> np.ndarray:
        """Standard deviation of a day's surprise in each of the three courses of `series.readings`."""
        spread = np.sqrt((3 + self.tail) / (1 + self.tail))
        return spread * np.array([self.scale, np.hypot(self.shared * self.scale, self.own_scale), self.own_scale])


def scales_of(parameters) -> Scales:
    """The posterior means of a fit's scales."""
    means = {name: parameters[name].mean(("chain", "draw")).values for name in Scales.__dataclass_fields__}
    return Scales(**{name: value if value.ndim else float(value) for name, value in means.items()})


class Equations:
    """The normal equations of a panel whose blocks begin `moved` days later, with columns for the controls.

    columns : (day, column) of the events that are kept apart, without a prior; by default ban and parade.
    """

    def __init__(self, panel: Panel, scales: Scales, columns: np.ndarray | None = None, moved: int = 0):
        self.panel, self.scales = panel, scales
        self.rows = series.readings(panel)
        if columns is None:
            columns = controls(panel)
        coefficients, prior_sd = _design(panel, self.rows, scales)
        self.blocks = series.block_of(panel, moved)
        of_block = np.eye(self.blocks.max() + 1)[self.blocks]
        apart = np.column_stack([columns, of_block])[self.rows["day"]]
        self.design = self.whitened(np.column_stack([coefficients, apart]))
        self.first = coefficients.shape[1]
        self.block = self.first + columns.shape[1]
        count = of_block.shape[1]
        precision = np.concatenate(
            [prior_sd**-2.0, np.full(columns.shape[1], FLAT**-2.0), np.full(count, scales.block_scale**-2.0)]
        )
        self.covariance = np.linalg.inv(self.design.T @ self.design + np.diag(precision))

    def whitened(self, values: np.ndarray) -> np.ndarray:
        """Rows (reading, ...) less what they follow on, in standard deviations of their surprises."""
        rows, scales = self.rows, self.scales
        along = (slice(None), *[None] * (values.ndim - 1))
        own = values - scales.shared * rows["has_beside"][along] * values[rows["beside"]]
        kept = scales.carry_over ** rows["gap"]
        sd = scales.of_course[rows["course_index"]] * np.sqrt((1 - kept**2) / (1 - scales.carry_over**2))
        return (own - kept[along] * own[rows["before"]]) / sd[along]

    def solved(self, logs: np.ndarray) -> np.ndarray:
        """Coefficients (coefficient, record) of logs of readings (record, reading)."""
        # NumPy's own BLAS crashes on products of this size with the kernels that fits ask for (`sampler.NUMERICS`)
        learnt = blas.dgemm(1.0, self.design, self.whitened(np.atleast_2d(logs).T - TYPICAL), trans_a=True)
        return blas.dgemm(1.0, self.covariance, learnt)

    def apart(self, logs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Departures of the columns kept apart, (column, record), and their covariance."""
        inside = slice(self.first, self.block)
        return self.solved(logs)[inside], self.covariance[inside, inside]

    def ordinary(self, logs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Departures of all blocks that hold no day of a control, each as if it alone were an event.

        Returns the first day of each block as its number in the record, departures (block, record) and their standard
        errors (block,), which hold the ordinary departure of ten days. Blocks that the record cuts short and those with
        few measured days are left out.
        """
        mean, variance = self.solved(logs)[self.block :], np.diag(self.covariance)[self.block :]
        information = 1 / variance - self.scales.block_scale**-2.0
        first = np.searchsorted(self.blocks, np.arange(len(mean)))
        days = np.bincount(self.blocks[np.unique(self.rows["day"])], minlength=len(mean))
        held = np.unique(self.blocks[controls(self.panel).any(axis=1)])
        kept = (days >= FEWEST_OF_BLOCK) & ~np.isin(np.arange(len(mean)), held)
        kept &= np.bincount(self.blocks) == BLOCK_DAYS
        with np.errstate(divide="ignore", invalid="ignore"):
            departures = mean / variance[:, None] / information[:, None]
            errors = np.sqrt(1 / information + self.scales.block_scale**2)
        return first[kept], departures[kept], errors[kept]


def controls(panel: Panel) -> np.ndarray:
    """(day, 2): 1 on the days of the ban, and of the parade."""
    return series.event_days(panel)[:, [EVENTS.index(event) for event in CONTROLS]]


def _design(panel: Panel, rows: dict, scales: Scales) -> tuple[np.ndarray, np.ndarray]:
    """Columns of everything but events and blocks (reading, coefficient), and their priors' standard deviations."""
    arrays, day, is_embassy = series.data(panel), rows["day"], rows["site_index"] == 0
    width = arrays["smooth_embassy"].shape[1]
    smooth = np.zeros((len(day), 2 * width))
    smooth[is_embassy, :width], smooth[~is_embassy, width:] = arrays["smooth_embassy"], arrays["smooth_stations"]
    site = np.column_stack([is_embassy, ~is_embassy]).astype(float)
    parts = {
        "level": site,
        "trend": arrays["trend_basis"][day],
        "season": arrays["season_basis"][day],
        "heating": arrays["heated"][day, None],
        "holiday": arrays["holiday"][day, None],
        "weekday": np.eye(7)[arrays["weekday_index"]][day],
        "wet": site * arrays["wet"][:, None],
    }
    sd = [np.full(columns.shape[1], PRIORS[name]) for name, columns in parts.items()]
    of_term = np.repeat(scales.amplitude, series.WAVES)
    return np.column_stack([*parts.values(), smooth]), np.concatenate([*sd, of_term, of_term])


def alone(panel: Panel, name: str) -> Panel:
    """The panel as if only that one of `series.SITES` had been measured."""
    others = {site: getattr(panel, site) for site in series.SITES if site != name}
    return replace(panel, **{key: replace(site, pm25=site.pm25 * np.nan) for key, site in others.items()})


def moved_ban(panel: Panel, days: int) -> np.ndarray:
    """(day, 2): the days of the ban moved by some days, and those of the parade."""
    column = controls(panel)
    return np.column_stack([np.roll(column[:, 0], days), column[:, 1]])


def gradual_ban(panel: Panel, days: float) -> np.ndarray:
    """(day, 2): the ban as it comes and goes gradually (`series.response`), and the days of the parade."""
    return np.column_stack([series.response(panel, "ban", days), controls(panel)[:, 1]])


def windows(panel: Panel, scales: Scales) -> pd.DataFrame:
    """Every window of ten days that holds no day of a control: first day, departure and its standard error.

    For each window the blocks are laid so that it is one of them, as they are for the ban.
    """
    frames, logs = [], series.logs(panel)
    for moved in range(BLOCK_DAYS):
        first, departures, errors = Equations(panel, scales, moved=moved).ordinary(logs)
        frames.append(pd.DataFrame({"start": panel.dates[first], "departure": departures[:, 0], "error": errors}))
    return pd.concat(frames).sort_values("start", ignore_index=True)


def shrunk(departure, error, prior: float = EVENT_PRIOR) -> tuple:
    """Mean and standard deviation of an effect whose prior is normal around zero."""
    keep = prior**2 / (prior**2 + error**2)
    return keep * departure, np.sqrt(keep) * error


def alike(departures: np.ndarray, covariance: np.ndarray, count: int = 15) -> list[tuple[float, float, float]]:
    """The ban had it and the parade a common mean: weight, mean and standard deviation of each part of a mixture.

    departures : (2,) of ban and parade. How far the two differ is summed over nodes of its log-normal prior.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    median, spread = ALIKE_PRIOR
    parts = []
    for scale, weight in zip(median * np.exp(spread * nodes), weights / weights.sum(), strict=True):
        prior = EVENT_PRIOR**2 * np.ones((2, 2)) + scale**2 * np.eye(2)
        total = prior + covariance
        gain = prior @ np.linalg.inv(total)
        likelihood = stats.multivariate_normal.pdf(departures, np.zeros(2), total)
        variance = (prior - gain @ prior)[0, 0]
        parts.append((weight * likelihood, (gain @ departures)[0], np.sqrt(variance)))
    total = sum(weight for weight, _, _ in parts)
    return [(weight / total, mean, sd) for weight, mean, sd in parts]


def calibration(equations: Equations, truth: dict, records: int, rng: np.random.Generator) -> dict[str, float]:
    """What the analysis says of made-up records: shares in per cent of the ban's days.

    The record's own scatter of ordinary ten days is the yardstick: standard errors are multiplied by how much wider or
    narrower it is than the scales let expect. That stands for a fit of each record, which would learn its scales; those
    of the measured record are learnt already, so its departure is not multiplied.

    Returns
    -------
    ``estimate``: mean departure (%); ``shrunk``: mean of the posterior means (%); ``inside``: records (%) whose 94 %
    interval with the prior holds the truth; ``plain-inside``: the same without the prior; ``seen`` and
    ``plain-seen``: records (%) whose interval, with and without the prior, lies wholly below zero.
    """
    made = series.made_up(_like(equations.scales) | truth, rng, equations.panel, records)
    truth = np.log1p(truth["effect"])
    departures, covariance = equations.apart(made)
    _, ordinary, errors = equations.ordinary(made)
    wider = np.sqrt(np.square(ordinary / errors[:, None]).mean(axis=0))
    error = np.sqrt(covariance[0, 0]) * wider
    mean, sd = shrunk(departures[0], error)
    return {
        "estimate": 100 * np.expm1(departures[0].mean()),
        "shrunk": 100 * np.expm1(mean.mean()),
        "inside": 100 * (np.abs(mean - truth) <= WIDTH * sd).mean(),
        "plain-inside": 100 * (np.abs(departures[0] - truth) <= WIDTH * error).mean(),
        "seen": 100 * (mean + WIDTH * sd < 0).mean(),
        "plain-seen": 100 * (departures[0] + WIDTH * error < 0).mean(),
    }


def _like(scales: Scales) -> dict:
    """The scales of a fit as `series.TRUTH` names them."""
    names = ("carry_over", "scale", "own_scale", "shared", "block_scale")
    return {name: getattr(scales, name) for name in names} | {"tail": 3 + scales.tail}
