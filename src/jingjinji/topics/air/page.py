"""What the page on the decline shows of its fits: arrays and small tables, computed from stored draws."""

import calendar
from collections.abc import Iterable

import numpy as np
import pandas as pd

from jingjinji.core import registry
from jingjinji.core.findings import Finding
from jingjinji.show.prior_draws import prior_data
from jingjinji.topics.air import decline
from jingjinji.topics.air import decline_findings as said
from jingjinji.topics.air.decline import CITIES
from jingjinji.topics.air.drawn import Posterior, concentrations, forecast_months, replicates, with_unknown_weather
from jingjinji.topics.air.months import Panel, build, season_waves

Predicted = tuple[pd.PeriodIndex, dict[str, np.ndarray], dict[str, np.ndarray]]
"""Months, what is predicted of them (draw, month) by city, and what was measured (month,) by city."""


def prior_months(panel: Panel, draws: int, seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Months as the priors alone expect them beside the measured ones, µg/m³: name -> (drawn, measured)."""
    drawn = np.exp(prior_data(build(panel), "cells", draws, seed))
    return {"mean of a month": (drawn.ravel(), panel.pm25[np.isfinite(panel.pm25)])}


def check_groups(
    post: Posterior, years: Iterable[int] = range(2014, 2021)
) -> dict[str, tuple[list[str], dict[str, tuple[np.ndarray, np.ndarray]]]]:
    """Statistics of PM2.5 drawn anew and measured, µg/m³, some of which the model was not fitted to.

    years : those whose winter months are compared; by default those in which the book's cities were measured. A month
        in which fewer than two cities were measured has no spread, and a calendar month or a winter of which nothing
        is known is left out.
    name -> (labels, {"PM2.5": (drawn (draw, group), measured (group))})
    """
    replicated, measured, region = replicates(post), post.panel.pm25, post.region
    count = np.isfinite(measured).sum(axis=1)
    named = dict(zip(calendar.month_abbr[1:], range(12), strict=True))
    by_month = {name: (month == region.calendar) & (count > 0) for name, month in named.items()}
    by_month = {name: use for name, use in by_month.items() if use.any()}
    winter = region.months.month.isin([12, 1, 2]) & (count > 1)
    winters = {str(year): winter & (region.year == year) for year in years}
    winters = {name: use for name, use in winters.items() if use.any()}
    checks = {
        "mean by calendar month": (
            list(by_month),
            np.column_stack([np.nanmean(replicated[:, use], axis=(1, 2)) for use in by_month.values()]),
            np.array([np.nanmean(measured[use]) for use in by_month.values()]),
        ),
        "spread between the cities' winter months (standard deviation), by year": (
            list(winters),
            np.column_stack([np.nanstd(replicated[:, use], axis=2).mean(axis=1) for use in winters.values()]),
            np.array([np.nanstd(measured[use], axis=1).mean() for use in winters.values()]),
        ),
        "dirtiest month by city": (list(region.cities), np.nanmax(replicated, axis=1), np.nanmax(measured, axis=0)),
    }
    return {name: (labels, {"PM2.5": (drawn, seen)}) for name, (labels, drawn, seen) in checks.items()}


def season_multiples(post: Posterior) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The region's season (draw, 12) and each city's mean season (12,), as multiples of a typical month."""
    departure = np.einsum("mw,dwc->dmc", season_waves(), post["season_city"])
    cities = np.exp(post["season"][:, :, None] + departure).mean(axis=0)
    return np.exp(post["season"]), {city: cities[:, k] for k, city in enumerate(post.region.cities)}


def future_months(post: Posterior, origin: int, cities: tuple[str, ...]) -> Predicted:
    """Months of the book's region predicted by a fit to the years before `origin`, with the weather unknown."""
    measured = registry.load("decline").pm25
    return months_ahead(post, measured, origin, decline.FORECAST_YEARS, said.WEATHER_SINCE, cities)


def months_ahead(
    post: Posterior, measured: np.ndarray, origin: int, span: int, since: int, cities: tuple[str, ...]
) -> Predicted:
    """Months of so many years from `origin` on, predicted by a fit to the years before, with the weather unknown.

    measured : (month, city) of the whole record. since : first year whose weather may be drawn.
    """
    future = forecast_months(post.region, origin, span)
    predicted = with_unknown_weather(post, concentrations(post), origin, since)[:, future]
    columns = {city: post.region.cities.index(city) for city in cities}
    return (
        post.region.months[future],
        {city: predicted[:, :, k] for city, k in columns.items()},
        {city: measured[future, k] for city, k in columns.items()},
    )


CLEARLY = 2 / 3
"""Part of the forecasts whose intervals hold more (or less) than their name says, from which they are called wide."""
SHARED = 0.5
"""Forecasts of which one begins a year after the other share one of their two years: how far their coverages agree."""


def _coverages(found: dict[str, Finding]) -> pd.DataFrame:
    """Numbers of each forecast, and of all together in the row ``all``, with the ranges where the model is right."""
    kinds = [f"{kind}{level}" for kind in ("coverage", "years.inside") for level in (50, 94)]
    names = ["months", "years.count", *(f"{kind}{what}" for kind in kinds for what in ("", ".low", ".high", ".sd"))]
    rows = {
        str(origin): {name: found[f"pm25.forecast.{origin}.{name}"].mean for name in names}
        for origin in decline.ORIGINS
    }
    numbers = pd.DataFrame.from_dict(rows, orient="index")
    together, apart = numbers.sum(), np.abs(np.subtract.outer(decline.ORIGINS, decline.ORIGINS))
    correlation = np.where(apart == 0, 1.0, np.where(apart == 1, SHARED, 0.0))
    for level in (50, 94):
        for kind, weight, whole in (
            (f"coverage{level}", numbers["months"] / numbers["months"].sum(), 100),
            (f"years.inside{level}", pd.Series(1.0, numbers.index), together["years.count"]),
        ):
            spreads = weight * numbers[f"{kind}.sd"]
            sd, nominal = np.sqrt(spreads @ correlation @ spreads), whole * level / 100
            together[kind] = weight @ numbers[kind]
            together[f"{kind}.low"], together[f"{kind}.high"] = nominal - 2 * sd, min(nominal + 2 * sd, whole)
    numbers.loc["all"] = together
    return numbers


def forecast_coverage(found: dict[str, Finding]) -> pd.DataFrame:
    """Of each forecast, and of all together, which share of months and how many annual means lie inside.

    found : findings of the fits of `decline_findings.FORECASTS`. In brackets the range where the model is right.
    """
    numbers = _coverages(found)
    table = pd.DataFrame(
        {"first year not seen": numbers.index, "city-months": numbers["months"].astype(int).to_numpy()}
    )
    for level in (50, 94):
        table[f"months inside {level} % (%)"] = [_with_range(row, f"coverage{level}") for _, row in numbers.iterrows()]
    for level in (50, 94):
        table[f"annual means inside {level} %"] = [
            _with_range(row, f"years.inside{level}", f" of {row['years.count']:.0f}") for _, row in numbers.iterrows()
        ]
    return table


def _with_range(row: pd.Series, kind: str, of: str = "") -> str:
    return f"{row[kind]:.0f}{of} ({row[f'{kind}.low']:.0f} to {row[f'{kind}.high']:.0f})"


def forecast_sentence(found: dict[str, Finding]) -> str:
    """Whether intervals hold as many months and annual means as they would where the model is right."""
    together = _coverages(found).loc["all"]
    per_cent = 100 / together["years.count"]
    words = {
        level: f"of the {level} % intervals {_beside(together, f'coverage{level}', 1, 'month')}, and "
        f"{_beside(together, f'years.inside{level}', per_cent, 'annual mean')}"
        for level in (94, 50)
    }
    return f"Of all forecasts together, {words[94]}; {words[50]}."


def forecast_direction(found: dict[str, Finding]) -> str:
    """To which side the shares inside lie of what their intervals are called, and how little the check can see."""
    numbers = _coverages(found)
    each, together = numbers.drop("all"), numbers.loc["all"]
    above, below, count = 0, 0, 0
    for level in (50, 94):
        for share in (each[f"coverage{level}"], 100 * each[f"years.inside{level}"] / each["years.count"]):
            above, below, count = above + (share > level).sum(), below + (share < level).sum(), count + len(share)
    side = "wide" if above > CLEARLY * count else "narrow" if below > CLEARLY * count else ""
    told = f"the bands are, if anything, too {side}" if side else "the bands are not clearly too wide or too narrow"
    low, high = (100 * together[f"years.inside50.{end}"] / together["years.count"] for end in ("low", "high"))
    return (
        f"Of the {count} shares of the four forecasts {above} lie above what their interval is called and {below} "
        f"below: {told}. The check sees little. A right model's 50 % intervals hold anything from {low:.0f} to "
        f"{high:.0f} % of the annual means, so that only a gross fault would show."
    )


def _beside(row: pd.Series, kind: str, factor: float, what: str) -> str:
    share, low, high = (factor * row[f"{kind}{end}"] for end in ("", ".low", ".high"))
    verdict = "which agrees with" if low <= share <= high else "more than" if share > high else "fewer than"
    return f"{share:.0f} % hold their {what}, {verdict} the {low:.0f} to {high:.0f} % of a model that is right"


def forecast_scores(found: dict[str, Finding]) -> pd.DataFrame:
    """CRPS (µg/m³) of each forecast and of two baselines, with the model's gain."""

    def number(origin: int, name: str) -> float:
        return found[f"pm25.forecast.{origin}.{name}"].mean

    def baseline(origin: int, name: str) -> str:
        return f"{number(origin, f'crps.{name}'):.1f} ({number(origin, f'gain.{name}'):.1f})".replace("-", "−")

    return pd.DataFrame(
        {
            "first year not seen": str(origin),
            "model": f"{number(origin, 'crps'):.1f}",
            "weather known": f"{number(origin, 'weather-known.crps'):.1f}",
            "same month before (gain)": baseline(origin, "same-month"),
            "climatology with a line (gain)": baseline(origin, "climatology"),
        }
        for origin in decline.ORIGINS
    )


def left_out_coverage(found: dict[str, Finding]) -> pd.DataFrame:
    """Coverage of each left-out city's months (per cent), and the mean over the cities in the last row.

    found : the findings of the fits of `decline.LEFT_OUT` together.
    """
    rows = {
        city: [found[f"pm25.leave-out.{city.lower()}.coverage{level}"].mean for level in (50, 94)] for city in CITIES
    }
    rows["all cities"] = np.mean(list(rows.values()), axis=0).tolist()
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["inside 50 % (%)", "inside 94 % (%)"])
    return table.round(0).astype(int).rename_axis("left out").reset_index()
