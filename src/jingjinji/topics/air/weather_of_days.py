"""How Beijing's PM2.5 answered to weather in the days before the months of the panel, from the embassy's record.

The panel's own months begin later, so no measurement is used twice. A closed form, no draws.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

VARIABLES = ("wind", "dew_point", "pressure", "temperature")
SPAN = 10
ENOUGH_DAYS = 6
HARMONICS = 3
LAGS = 3
TRANSFER = 0.03
"""By how much the response of a network's month may differ from that of one site's ten days, per standard deviation of
a month; so far apart, about, are those of the embassy and of the twelve stations a few years later."""


@dataclass(frozen=True)
class Response:
    """Change of the log concentration with one standard deviation of a month's weather, by variable.

    estimate : (variable,). covariance : (variable, variable), with what a transfer from days to months adds.
    """

    estimate: np.ndarray
    covariance: np.ndarray

    @property
    def whitening(self) -> np.ndarray:
        """(variable, variable) matrix that makes errors of the estimate independent with variance one."""
        return np.linalg.inv(np.linalg.cholesky(self.covariance))


def response(days: pd.DataFrame, months: pd.DataFrame, before: str, series: str = "embassy") -> Response:
    """The response in spans of ten days, by least squares beside a season and a straight line.

    Spans are long enough for weather that acts over several days. Errors allow for autocorrelation (Newey and West
    1987, doi 10.2307/1913610).

    Parameters
    ----------
    days : the table ``beijing_day``, of which one `series` is taken, up to the month `before` (YYYY-MM).
    months : the table ``weather_beijing_month``: its months give the standard deviation, and the scale of the wind.
    """
    days = days[days.series == series].assign(wind=lambda d: d.wind_nw + d.wind_ne + d.wind_se)
    deviation, slope = _scales(days, months)
    days = days[days.date < pd.Timestamp(before)].set_index("date").asfreq("D")
    angle = 2 * np.pi * days.index.day_of_year.to_numpy() / 365.25
    columns = {"log": np.log(days.pm25)} | {name: days[name] for name in VARIABLES}
    columns |= {"level": 1.0, "time": np.arange(len(days)) / 365.25}
    for wave in range(1, HARMONICS + 1):
        columns |= {f"cos {wave}": np.cos(wave * angle), f"sin {wave}": np.sin(wave * angle)}
    whole = pd.DataFrame(columns, index=days.index).dropna()
    spans = whole.groupby((whole.index - days.index[0]).days // SPAN)
    means = spans.mean()[spans.size() >= ENOUGH_DAYS].to_numpy()
    log, design = means[:, 0], means[:, 1:]
    coefficients, *_ = np.linalg.lstsq(design, log)
    covariance = _newey_west(design, log - design @ coefficients)
    scale = deviation / np.array([slope, 1.0, 1.0, 1.0])
    count = len(VARIABLES)
    return Response(
        coefficients[:count] * scale,
        covariance[:count, :count] * np.outer(scale, scale) + TRANSFER**2 * np.eye(count),
    )


def _scales(days: pd.DataFrame, months: pd.DataFrame) -> tuple[np.ndarray, float]:
    """Standard deviations (variable,) of a month's departures, and the months' wind beside that of the days."""
    table = months.set_index("month")[list(VARIABLES)]
    departures = table - table.groupby(table.index.str[5:]).transform("mean")
    of_days = days.groupby(days.date.dt.strftime("%Y-%m")).wind.mean()
    both = pd.concat([of_days, table.wind], axis=1, join="inner").dropna().to_numpy()
    slope, _ = np.polyfit(both[:, 0], both[:, 1], 1)
    return departures.std().to_numpy(), float(slope)


def _newey_west(design: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Covariance of least-squares coefficients where errors are autocorrelated over `LAGS` spans."""
    scores = design * errors[:, None]
    middle = scores.T @ scores
    for lag in range(1, LAGS + 1):
        product = scores[lag:].T @ scores[:-lag]
        middle += (1 - lag / (LAGS + 1)) * (product + product.T)
    outer = np.linalg.inv(design.T @ design)
    count, coefficients = design.shape
    return count / (count - coefficients) * outer @ middle @ outer
