"""The ban of November 2014 against cities that had none: a synthetic control for each of the thirteen cities.

A city's weeks before the ban follow a weighted sum of donor cities; the weights are normal around equal shares, so the
weighted sum is a Gaussian process over weeks and the weights are integrated out. Every donor is taken in turn as if
the ban had been there: how far it then departs is the yardstick. Logs of weekly means throughout.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from jingjinji.core import tables
from jingjinji.core.errors import BookError
from jingjinji.core.topic import Variant

AREA = "Beijing-Tianjin-Hebei"
REGIONS = (AREA, "Northeast", "Northwest", "Southwest", "Yangtze", "South")
NEAR = ("Northeast", "Northwest")
BAN_EVENT = "I010"
OCTOBER = pd.Timestamp("2014-09-29")
LATE = pd.Timestamp("2014-11-27")
TABLES = ("city_week", "interventions")
FEWEST_WEEKS, FEWEST_DONORS = 6, 5


@dataclass(frozen=True)
class Panel:
    """What is known.

    log_pm25 : (period, city) log of the mean; cities of the area first, in the order of `cities`.
    cities : names; the first `targets` of them are those of the area. donors : (city,) True for a donor.
    regions : (city,) number of the city's part of the country in `REGIONS`.
    starts : first day of each period.
    before : (period,) True for periods that the weights are learnt from.
    ban : number of the period that is asked for.
    """

    log_pm25: np.ndarray
    cities: tuple[str, ...]
    regions: np.ndarray
    targets: int
    donors: np.ndarray
    starts: pd.DatetimeIndex
    before: np.ndarray
    ban: int
    truth: dict | None = None


def panel(weeks: pd.DataFrame, events: pd.DataFrame) -> Panel:
    """The panel of `TABLES`; raises BookError for a city with gaps and for a ban outside the record."""
    starts = pd.to_datetime(events.set_index("id")["start"])
    ban = starts[BAN_EVENT]
    wide = weeks.pivot(index="start", columns="city", values="pm25")
    gaps = wide.columns[wide.isna().any()]
    if len(gaps):
        week = wide.index[wide[gaps[0]].isna()][0].date()
        raise BookError(
            f"city '{gaps[0]}' has no mean of the week of {week}: expected every week of every city; leave the city "
            "out or fill the week from its source"
        )
    if ban not in wide.index or (wide.index < ban).sum() < FEWEST_WEEKS:
        raise BookError(
            f"the ban begins on {ban.date()}, but the weeks run from {wide.index[0].date()} to {wide.index[-1].date()}"
            f": expected a period that begins with it and at least {FEWEST_WEEKS} weeks before"
        )
    area = list(dict.fromkeys(weeks.loc[weeks.group == AREA, "city"]))
    donors = list(dict.fromkeys(weeks.loc[weeks.group != AREA, "city"]))
    part = weeks.drop_duplicates("city").set_index("city")["group"]
    region = np.array([REGIONS.index(part[city]) for city in (*area, *donors)])
    return _enough_donors(
        Panel(
            np.log(wide[area + donors].to_numpy()),
            (*area, *donors),
            region,
            len(area),
            np.arange(len(area) + len(donors)) >= len(area),
            pd.DatetimeIndex(wide.index),
            np.asarray(wide.index < ban),
            int(np.flatnonzero(wide.index == ban)[0]),
        )
    )


def position(panel: Panel, city: str) -> int:
    """Column of a city; raises BookError for an unknown one."""
    if city not in panel.cities:
        raise BookError(f"there is no city '{city}' among the weeks: expected one of {', '.join(panel.cities)}")
    return panel.cities.index(city)


def only_donors(panel: Panel, cities: list[str]) -> Panel:
    """The panel with some of its donors; raises BookError for an unknown city and for too few donors."""
    kept = np.zeros(len(panel.cities), dtype=bool)
    kept[[position(panel, city) for city in cities]] = True
    return _enough_donors(replace(panel, donors=kept & panel.donors))


def _enough_donors(panel: Panel) -> Panel:
    if panel.donors.sum() < FEWEST_DONORS:
        raise BookError(
            f"there are {panel.donors.sum()} donor cities: expected at least {FEWEST_DONORS}; take more cities"
        )
    return panel


def axes(panel: Panel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the likelihood needs of each city taken as target, itself never among its donors.

    Returns spread (city, axis), the eigenvalues of the donors' covariance over the weeks before, and the target's and
    the donors' mean weeks turned to its eigenvectors: turned (city, axis), mean (city, axis).
    """
    known, donors = _centred(panel)
    weeks = known.shape[0]
    spread = np.empty((known.shape[1], weeks - 1))
    turned, mean = np.empty_like(spread), np.empty_like(spread)
    for city in range(known.shape[1]):
        own = donors != city
        basis = known[:, donors[own]]
        # the mean of the weeks comes first, and apart from other directions in which few donors do not vary
        size, vectors = np.linalg.eigh(basis @ basis.T / own.sum() - 1)
        spread[city] = np.maximum(size[1:], 0)
        turned[city], mean[city] = vectors[:, 1:].T @ known[:, city], vectors[:, 1:].T @ basis.mean(axis=1)
    return spread, turned, mean


def _centred(panel: Panel) -> tuple[np.ndarray, np.ndarray]:
    known = panel.log_pm25[panel.before]
    return known - known.mean(axis=0), np.flatnonzero(panel.donors)


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model."""
    spread, turned, mean = axes(panel)
    return {"spread": spread, "turned_weeks": turned, "donor_mean": mean, "region_index": panel.regions}


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """The model of a panel; every array of `data` is a ``pm.Data``.

    Given the donors, a city's centred weeks are normal with mean `share` times the donors' mean and covariance
    ``spread_of_weights**2 * K + noise**2``; K is diagonal on its own axes.
    """
    import pymc as pm

    with pm.Model(coords={"region": list(REGIONS)}) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        share = pm.Normal("share", 1, 0.5)
        weight_scale = pm.LogNormal("weight_scale", np.log(0.7), 0.5)
        log_noise_mean = pm.Normal("log_noise_mean", np.log(0.25), 0.4)
        log_noise = pm.Normal("log_noise", log_noise_mean, 0.3, dims="region")
        noise = pm.math.exp(log_noise[d["region_index"]])[:, None]
        sigma = pm.math.sqrt(weight_scale**2 * d["spread"] + noise**2)
        pm.Normal("weeks", mu=share * d["donor_mean"], sigma=sigma, observed=d["turned_weeks"])
    return model


@dataclass(frozen=True)
class Twin:
    """A city's periods had it followed its donors, draw by draw: a normal distribution, log scale.

    mean : (draw, period). weight_scale, noise : (draw, 1). donors : (period, donor) log of each donor less its mean of
    the weeks before. cross, gain : (period, axis) and (draw, axis), what a period shares with the weeks before on each
    axis, and how much of it is learnt. weeks : how many there are before.
    """

    mean: np.ndarray
    weight_scale: np.ndarray
    noise: np.ndarray
    donors: np.ndarray
    cross: np.ndarray
    gain: np.ndarray
    weeks: int

    @property
    def sd(self) -> np.ndarray:
        """Standard deviation of each period's mean, (draw, period)."""
        of_weights = (self.donors**2).mean(axis=1) - self.gain @ (self.cross**2).T
        variance = self.weight_scale**2 * of_weights + self.noise**2 * (1 + 1 / self.weeks)
        return np.sqrt(np.maximum(variance, self.noise**2))

    @property
    def covariance(self) -> np.ndarray:
        """(draw, period, period): the weights and the level are the same for all periods."""
        of_weights = self.donors @ self.donors.T / self.donors.shape[1]
        of_weights = of_weights - (self.gain[:, None] * self.cross) @ self.cross.T
        weight_scale, noise = self.weight_scale[:, :, None], self.noise[:, :, None]
        return weight_scale**2 * of_weights + noise**2 * (np.eye(len(self.donors)) + 1 / self.weeks)


def twin(parameters, panel: Panel, city: int, left_out: int | None = None) -> Twin:
    """The synthetic twin of a city, its column; left_out : column of a donor that is not used.

    Conditional distribution of the Gaussian process.
    """
    known, donors = _centred(panel)
    own = donors[(donors != city) & (donors != (-1 if left_out is None else left_out))]
    level = panel.log_pm25[panel.before].mean(axis=0)
    everything = (panel.log_pm25 - level)[:, own]
    basis = known[:, own]
    size, vectors = np.linalg.eigh(basis @ basis.T / len(own))
    cross = everything @ basis.T / len(own) @ vectors
    share, weight_scale = (parameters[name].values.reshape(-1, 1) for name in ("share", "weight_scale"))
    log_noise = parameters["log_noise"].transpose("chain", "draw", "region").values[:, :, panel.regions[city]]
    noise = np.exp(log_noise).reshape(-1, 1)
    gain = weight_scale**2 / (weight_scale**2 * np.maximum(size, 0) + noise**2)
    left = vectors.T @ known[:, city] - share * (vectors.T @ basis.mean(axis=1))
    mean = level[city] + share * everything.mean(axis=1) + (gain * left) @ cross.T
    return Twin(mean, weight_scale, noise, everything, cross, gain, len(known))


def counterfactual(parameters, panel: Panel, city: int, left_out: int | None = None) -> tuple:
    """Mean and standard deviation of a city's `twin`, both (draw, period), log scale."""
    made = twin(parameters, panel, city, left_out)
    return made.mean, made.sd


def gaps(fit, city: str, rng: np.random.Generator) -> np.ndarray:
    """Log of a city's periods less joint draws of what they would have been: (chain, draw, period)."""
    column = position(fit.panel, city)
    made = twin(fit.parameters, fit.panel, column)
    error = np.linalg.cholesky(made.covariance) @ rng.normal(size=(*made.mean.shape, 1))
    shape = fit.parameters.sizes["chain"], fit.parameters.sizes["draw"], -1
    return (fit.panel.log_pm25[:, column] - made.mean - error[:, :, 0]).reshape(shape)


TRUTH = {"effect": 0.0, "share": 1.0, "weight_scale": 0.7, "noise": 0.25}


def simulate(truth: dict, rng: np.random.Generator, panel: Panel) -> Panel:
    """A panel with known parameters (keys of `TRUTH`): the donors as they were, the area made from them.

    ``effect`` is the true effect of the ban on every city of the area, as a share.
    """
    known = {**TRUTH, **truth}
    donors = panel.log_pm25[:, panel.donors] - panel.log_pm25[panel.before][:, panel.donors].mean(axis=0)
    count = donors.shape[1]
    weights = known["share"] / count + known["weight_scale"] / np.sqrt(count) * rng.normal(size=(count, panel.targets))
    made = np.log(80) + donors @ weights + known["noise"] * rng.normal(size=(len(donors), panel.targets))
    made[panel.ban] += np.log1p(known["effect"])
    return replace(panel, log_pm25=np.column_stack([made, panel.log_pm25[:, panel.targets :]]), truth=known)


def _toy(panel: Panel, rng: np.random.Generator, effect: float) -> Panel:
    return simulate({"effect": effect}, rng, panel)


def _near(panel: Panel) -> Panel:
    groups = tables.load("city_week").drop_duplicates("city").set_index("city")["group"]
    return only_donors(panel, [city for city in panel.cities if groups[city] in NEAR])


VARIANTS = {
    "near-donors": Variant("donors of the north only", _near),
    "to-september": Variant(
        "weights learnt to September", lambda panel: replace(panel, before=np.asarray(panel.starts < OCTOBER))
    ),
    "without-last-week": Variant(
        "without the last week before",
        lambda panel: replace(panel, before=panel.before & (np.arange(len(panel.before)) < panel.ban - 1)),
    ),
    "with-winter": Variant(
        "weights learnt with the winter",
        lambda panel: replace(panel, before=panel.before | np.asarray(panel.starts >= LATE)),
    ),
}
TOYS = {
    "toy": partial(_toy, effect=-0.3),
    "toy-small": partial(_toy, effect=-0.1),
    "toy-none": partial(_toy, effect=0.0),
}
DERIVED: tuple = ()
