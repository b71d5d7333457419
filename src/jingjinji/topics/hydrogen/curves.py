"""How sales of fuel-cell vehicles grow: curves of diffusion, pooled over countries."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import scipy

from jingjinji.core.densities import given, restored
from jingjinji.core.topic import Variant

MODES = ("cars", "buses", "trucks")
LEAST_YEARS = {"cars": 5, "buses": 4, "trucks": 4}
"""Years with sales that a country other than China needs, by mode; of buses and trucks few countries have five."""
YEARS = np.arange(2010, 2026)
LAST = 2023
GRID = np.arange(2010, LAST + 1)
"""Years with sales."""
CALENDAR = 2017
"""Year from which a logistic curve's peak counts, in every country; Bass's counts from a country's first sales."""
CONTINUOUS = 1e4
"""Mean from which a count is drawn as a continuous number of the same mean and variance."""
TABLES = ("hydrogen_country_year",)


@dataclass(frozen=True)
class Panel:
    """Sales by unit (a mode in a country) and year.

    `units`: mode, country, years, launch (first year with sales). `sales`: unit, year, vehicles, known (1 unless left
    out). `bass`: 1 where peaks count from a country's first sales, 0 where from a calendar year. `peak_prior`: years to
    the peak, mean of the prior.
    """

    units: pd.DataFrame
    sales: pd.DataFrame
    bass: float = 1.0
    peak_prior: float = 8.0
    truth: dict | None = None


def panel(years: pd.DataFrame) -> Panel:
    """The panel of the countries' table: units with enough years of sales, and China's."""
    sales = years[(years.measure == "sales") & years["mode"].isin(MODES)]
    number = sales.groupby(["mode", "country"]).year.agg(years="size", launch="min").reset_index()
    units = number[(number.years >= number["mode"].map(LEAST_YEARS)) | (number.country == "China")]
    units = units.assign(rank=units["mode"].map(MODES.index)).sort_values(["rank", "country"], ignore_index=True)
    keys = pd.MultiIndex.from_frame(units[["mode", "country"]])
    sales = sales.assign(unit=keys.get_indexer(pd.MultiIndex.from_frame(sales[["mode", "country"]])))
    sales = sales[sales.unit >= 0].assign(known=1.0)
    sales = sales[["unit", "year", "vehicles", "half_step", "known"]].sort_values(["unit", "year"], ignore_index=True)
    return Panel(units[["mode", "country", "years", "launch"]], sales)


def middles(panel: Panel) -> tuple[np.ndarray, np.ndarray]:
    """Middle of each unit's known years, its launch where there is none; and the number of known years."""
    known = panel.sales[panel.sales.known > 0].groupby("unit").year.agg(["mean", "size"])
    known = known.reindex(range(len(panel.units)))
    middle = known["mean"].fillna(panel.units.launch).round().to_numpy(dtype=int)
    return middle, known["size"].fillna(0).to_numpy(dtype=float)


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model."""
    sales = panel.sales
    middle, years = middles(panel)
    return {
        "unit_index": sales.unit.to_numpy(dtype=int),
        "year": sales.year.to_numpy(dtype=int),
        "vehicles": np.round(sales.vehicles.to_numpy(dtype=float)),
        "known": sales.known.to_numpy(dtype=float),
        "origin": np.where(panel.bass > 0, panel.units.launch, CALENDAR).astype(float),
        "middle": middle,
        "level_centring": (years > 0).astype(float),
        "peak_centring": np.clip((years - 5) / 10, 0, 0.8),
        "peak_prior": np.array(panel.peak_prior),
    }


def softplus(values: np.ndarray) -> np.ndarray:
    """``log(1 + exp(values))`` without overflow."""
    return np.logaddexp(0, values)


def log_curve(year, pace, peak, maths=np, softplus=softplus):
    """Log of the sales in the year that begins at `year`, as a multiple of the yearly rate at the peak.

    After a country's first sales Bass's curve of sales and a logistic one are the same curve, the integral over the
    year of ``4 exp(-u) / (1 + exp(-u))^2`` with ``u = pace (time - peak)``.
    """
    rise = softplus(-pace * (year + 1.0 - peak)) + softplus(pace * (year - peak))
    return maths.log(-4 * maths.expm1(-pace) / pace) - rise


def log_density_of(count, log_mean, size, maths=np, gammaln=scipy.special.gammaln):
    """Log probability of a negative-binomial `count`, given that it is not zero; `size` is its concentration.

    Years without sales are not printed, so a printed count says that there were some.
    """
    log_zero = -size * maths.log1p(maths.exp(log_mean) / size)
    return (
        gammaln(count + size) - gammaln(size) - gammaln(count + 1.0)
        + count * (log_mean - maths.log(size)) + (1 + count / size) * log_zero - maths.log(-maths.expm1(log_zero))
    )  # fmt: skip


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """Yearly sales as negative-binomial counts around curves of diffusion, pooled over countries within a mode.

    A unit's curve has a pace, a peak and `level`, its log sales in the middle of its years: that is what the years
    inform, while the size of a peak to come is an extrapolation. Without a known year `level` is the departure from
    what the other units say. Printed counts are rounded to two digits, a step of at most a tenth where counts scatter
    by half or more, so the density at the printed value stands for the interval.
    """
    import pymc as pm
    import pytensor.tensor as pt

    units = panel.units
    mode_of = units["mode"].map(MODES.index).to_numpy()
    names = [f"{row.country}, {row.mode}" for row in units.itertuples()]
    coords = {"mode": MODES, "unit": names}
    with pm.Model(coords=coords) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        peak_mean = pm.Normal("peak_mean", d["peak_prior"], 4, dims="mode")
        peak_scale = pm.LogNormal("peak_scale", np.log(3), 0.4)
        typical, c = peak_mean[mode_of], d["peak_centring"]
        peak = d["origin"] + restored(
            pm.Normal("peak", c * typical, peak_scale**c, dims="unit"), typical, peak_scale, c
        )
        pace_mean = pm.Normal("pace_mean", np.log(0.5), 0.4, dims="mode")
        pace_scale = pm.LogNormal("pace_scale", np.log(0.3), 0.4)
        pace = pt.exp(pace_mean[mode_of] + pace_scale * pm.Normal("pace", 0, 1, dims="unit"))
        size_mean = pm.Normal("size_mean", np.log([300, 200, 500]), 1.5, dims="mode")
        size_scale = pm.LogNormal("size_scale", np.log(2), 0.3)
        curve = log_curve(GRID, pace[:, None], peak[:, None], pt, pt.softplus)
        middle, c = curve[np.arange(len(units)), d["middle"] - GRID[0]], d["level_centring"]
        typical = size_mean[mode_of] + middle
        level = pm.Normal("level", c * typical, size_scale**c, dims="unit")
        size = restored(level, typical, size_scale, c) - middle
        concentration = pm.LogNormal("concentration", np.log(2), 0.5, dims="mode")

        u = d["unit_index"]
        mean = (size[:, None] + curve)[u, d["year"] - GRID[0]]
        density = log_density_of(d["vehicles"], mean, concentration[mode_of][u], pt, pt.gammaln)
        given("sales", d["known"] * density, observed=d["vehicles"])
    return model


TRUTH = {"peak": 8.0, "pace": 0.5, "size": np.log(300), "concentration": 3.0}


def simulate(truth: dict, rng: np.random.Generator, panel: Panel) -> Panel:
    """A panel with known parameters (keys of `TRUTH`), the same units and years as `panel`."""
    known, index, units = {**TRUTH, **truth}, data(panel), panel.units
    count = len(units)
    peak = units.launch.to_numpy() + known["peak"] + 2 * rng.normal(size=count)
    pace = known["pace"] * np.exp(0.2 * rng.normal(size=count))
    size = known["size"] + 1.5 * rng.normal(size=count)
    u = index["unit_index"]
    mean = np.exp(size[u] + log_curve(index["year"], pace[u], peak[u]))
    sales = panel.sales.assign(vehicles=printed_counts(mean, known["concentration"], rng))
    return replace(panel, sales=sales, truth=known)


def printed_counts(mean: np.ndarray, size, rng: np.random.Generator) -> np.ndarray:
    """Negative-binomial counts around `mean` that are not zero, as only those are printed.

    Large counts are quantiles of a gamma distribution of their mean and variance: the search for a discrete quantile
    takes the longer the larger it is.
    """
    mean, size = np.broadcast_arrays(np.asarray(mean, dtype=float), np.asarray(size, dtype=float))
    zero = np.exp(-size * np.log1p(mean / size))
    place = zero + (1 - zero) * rng.uniform(size=mean.shape)
    few = mean < CONTINUOUS
    drawn = np.empty(mean.shape)
    drawn[few] = scipy.stats.nbinom.ppf(place[few], size[few], size[few] / (size[few] + mean[few]))
    shape = 1 / (1 / mean[~few] + 1 / size[~few])
    drawn[~few] = np.round(mean[~few] / shape * scipy.special.gammaincinv(shape, place[~few]))
    return np.where(np.isfinite(drawn), np.maximum(1.0, drawn), 1.0)


def _toy(panel: Panel, rng: np.random.Generator, pace: float) -> Panel:
    return simulate({"pace": pace}, rng, panel)


def _without_last(panel: Panel, years: int = 3) -> Panel:
    """The sales of the last `years` years left out."""
    known = (panel.sales.year <= LAST - years).astype(float)
    return replace(panel, sales=panel.sales.assign(known=known))


DERIVED = ()
TARGET_ACCEPT = 0.97
"""At 0.9 two of 20 made-up records had a divergence; of 32 at 0.95 and 20 at 0.98 none had."""
VARIANTS = {
    "logistic": Variant("logistic curves", partial(replace, bass=0.0)),
    "late-peak": Variant("peaks four years later", partial(replace, peak_prior=12.0)),
    "without-last-three": Variant("without the last three years", _without_last),
}
TOYS = {"toy": partial(_toy, pace=0.6), "toy-slow": partial(_toy, pace=0.3)}
