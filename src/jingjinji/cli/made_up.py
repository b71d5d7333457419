"""A made-up region: a record of a simpler sibling of the model, with a truth that a class is to find.

Its course is a straight line with a season of one wave a year, its cities scatter alike, and its scales are the medians
of the priors or near them. How often the intervals of such regions hold their truth was not counted.
"""

import numpy as np
from scipy.optimize import brentq

from jingjinji.core.intake import ALL, Months
from jingjinji.topics.air.months import TRUTH, Panel, Region, change_between, no_means, simulate, yearly_means

FIRST = 2015
BEGINS = ("Ash", "Bell", "Cold", "Dun", "Elm", "Fen", "Glen", "Har", "Ivy", "Ken", "Lind", "Marl", "Nor", "Oak", "Pen",
          "Rad", "Sel", "Thorn", "Wal", "Yar")  # fmt: skip
ENDS = ("ford", "ham", "mere", "wick")
MISSING = 0.03
"""Share of city-months that nobody measured."""
RATES = (-0.12, 0.03)
"""Yearly change of the logarithm, between which a truth is drawn that nobody has chosen."""
SURPRISING = 2.5
"""Deviations of the prior from which on a truth is no truth that the model allows for."""
MOST_DRAWN_BACK = 0.75
"""Posterior deviations by which the prior may draw a truth back: a 94 % interval then holds it in at least 87 % of
records."""
SLOPE = Region.slope
ABOUT = "The record was made by a simpler sibling of the model, with a truth that is kept apart from the pages."
SOURCE = {
    "title": "A record made by a simpler sibling of the model",
    "publisher": "jingjinji region simulate",
    "license": "CC0",
}


def likely(years: int, seed: int) -> float:
    """Change from the first year to the last, %, at a yearly rate of `RATES` that is drawn with the seed."""
    rate = np.random.default_rng([seed, 0]).uniform(*RATES)
    return 100 * float(np.expm1(rate * (years - 1)))


def fastest(years: int) -> tuple[float, float]:
    """Lowest and highest change from the first year to the last, %, that the prior does not draw back much.

    Of a truth of z prior deviations, the posterior mean lacks z times the root of what the prior takes, in posterior
    deviations.
    """
    mean, deviation = SLOPE
    most = min(SURPRISING, MOST_DRAWN_BACK / taken(years) ** 0.5)
    rates = (mean - most * deviation, mean + most * deviation)
    return tuple(100 * float(np.expm1(rate * (years - 1))) for rate in rates)


def taken(years: int) -> float:
    """Share of a change from the first year to the last that the prior takes, where only the region's months scatter.

    Bends, which widen the prior a little, are left out.
    """
    month = (TRUTH["shock_scale"] / (1 - TRUTH["persistence"])) ** 2 * TRUTH["shock_tail"] / (TRUTH["shock_tail"] - 2)
    chance, prior = 2 * month / 12, (SLOPE[1] * (years - 1)) ** 2
    return chance / (chance + prior)


def region(places: int, years: int, seed: int, decline: float) -> tuple[Months, dict]:
    """A made-up record and its truth.

    Level, season and gaps are drawn with the seed, and so is what cities have of their own. The slope is such that the
    lasting change of the mean of all cities from the first year to the last is `decline`, in per cent.

    Returns the months, and the truth as JSON: ``course`` and ``cities`` (lasting changes, %), ``measured`` (the change
    of the annual mean as it came about, %), ``parameters``.
    """
    names = [f"{begin}{end}" for end in ENDS for begin in BEGINS][:places]
    of = Region(tuple(names), f"{FIRST}-01", f"{FIRST + years - 1}-12", {ALL: tuple(names), **{n: (n,) for n in names}})
    panel = Panel(of, np.ones((len(of.months), places)), no_means())
    rng = np.random.default_rng([seed, 1])
    drawn = {"level": float(np.log(rng.uniform(25, 90))), "season": float(rng.uniform(0.15, 0.5))}

    def made(slope: float) -> Panel:
        return simulate(drawn | {"slope": slope, "slope_on_level": 0.0}, np.random.default_rng([seed, 2]), panel)

    slope = brentq(lambda slope: made(slope).truth["course"][ALL] - decline, -4, 2)
    whole = made(slope)
    away = rng.uniform(size=whole.pm25.shape) < MISSING
    away[[0, -1]] = False
    months = tuple(of.months.astype(str))
    cells = {
        (city, month): round(float(whole.pm25[t, k]), 1)
        for k, city in enumerate(names)
        for t, month in enumerate(months)
        if not away[t, k]
    }
    yearly = yearly_means(of, whole.pm25) @ of.membership.T
    parameters = {name: value for name, value in whole.truth.items() if isinstance(value, int | float | np.floating)}
    truth = {
        "course": {ALL: whole.truth["course"][ALL]},
        "cities": {city: whole.truth["course"][city] for city in names},
        "measured": {ALL: float(change_between(of, yearly)[0])},
        "parameters": {name: float(value) for name, value in parameters.items()},
    }
    return Months("the made-up record", cells, tuple(names), months), truth
