"""What the page of a region shows of its fits: arrays and small tables, computed from stored draws and tables."""

import numpy as np
import pandas as pd

from jingjinji.core import intake, registry
from jingjinji.core.findings import Finding
from jingjinji.topics.air import page, region
from jingjinji.topics.air.drawn import Posterior, concentrations, course, on_one_basis
from jingjinji.topics.air.months import Panel, Region, yearly_means

EVERY = "all cities"
ROWS_SHOWN = 4
"""Cities of which a forecast is drawn."""


def when(month: str) -> float | None:
    """A month, YYYY-MM, as a time in years; None for none."""
    return int(month[:4]) + (int(month[5:]) - 1) / 12 if month else None


def among_years(month: str) -> float | None:
    """The same on an axis of annual means, each of which stands at the number of its year."""
    return None if not month else when(month) - 0.5 - (region.ABOUT.starts - 1) / 12


def years(of: Region) -> np.ndarray:
    """The years that are compared, and whole ones between."""
    first, last = region.ABOUT.years
    return np.array([year for year in of.years if first <= year <= last])


def areas(of: Region) -> dict[str, int]:
    """What the page calls the areas of which it draws the course -> their numbers."""
    return {EVERY: of.place(intake.ALL)} | {area: of.place(area) for area in region.ABOUT.areas}


def courses(post: Posterior) -> tuple[dict[str, int], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Years in words, the lasting course of each area's annual mean (draw, year), and the mean as it was, µg/m³.

    As it was (year): of the measured months, on one basis where the region converts, and of what is expected of
    missing ones.
    """
    of = post.region
    chosen = [of.years.index(year) for year in years(of)]
    lasting = (yearly_means(of, course(post)) @ of.membership.T)[:, chosen]
    months = on_one_basis(post, concentrations(post)).mean(axis=0)
    seen = (yearly_means(of, months) @ of.membership.T)[chosen]
    shown = {region.ABOUT.year(int(year)): year for year in years(of)}
    return (
        shown,
        {area: lasting[:, :, k] for area, k in areas(of).items()},
        {area: seen[:, k] for area, k in areas(of).items()},
    )


def changes(found: dict[str, Finding]) -> dict[str, list[tuple[str, Finding]]]:
    """Rows of the figure of changes: the mean of all cities, areas, cities."""
    of_areas = [(area, found[f"region.area.{short}"]) for area, short in intake.slugs(list(region.ABOUT.areas)).items()]
    cities = [(city, found[f"region.city.{short}"]) for city, short in intake.slugs(region.ABOUT.cities).items()]
    return {"mean of all cities": [(EVERY, found["region.change"])]} | (
        {"areas": of_areas} if of_areas else {}
    ) | {"cities": cities}  # fmt: skip


def measured(found: dict[str, Finding]) -> tuple[str, dict[str, float]]:
    """What stands beside the lasting changes in that figure: the changes as measured, in %, of all cities and each."""
    of_cities = {city: found[f"region.measured.{short}"] for city, short in intake.slugs(region.ABOUT.cities).items()}
    told = {EVERY: found["region.change.measured"]} | of_cities
    return "as measured", {name: finding.estimate for name, finding in told.items()}


def checks(post: Posterior) -> dict:
    """`page.check_groups` of the years that are compared; its winter is December to February, whatever the place."""
    groups = page.check_groups(post, [int(year) for year in years(post.region)])
    return {name.replace("winter months", "months from December to February"): group for name, group in groups.items()}


def names() -> pd.DataFrame:
    """The cities as the model calls them, with what the descriptor tells of them."""
    about, rows = region.ABOUT, []
    for city in about.cities:
        row = {"city": city}
        if about.local:
            row["local name"] = about.local.get(city, "")
        if about.areas:
            row["area"] = ", ".join(area for area, cities in about.areas.items() if city in cities)
        if about.latitude:
            row["latitude (°)"] = f"{about.latitude[city]:.1f}" if city in about.latitude else ""
        rows.append(row)
    return pd.DataFrame(rows)


def extremes(found: dict[str, Finding]) -> tuple[str, str]:
    """The cities whose posterior mean of the change is lowest and highest."""
    shorts = intake.slugs(region.ABOUT.cities)
    order = sorted(shorts, key=lambda city: found[f"region.city.{shorts[city]}"].mean)
    return order[0], order[-1]


def forecast(post: Posterior) -> page.Predicted:
    """Months of the last year predicted by the fit to the years before; of cities that span the order of the model."""
    of, last = post.region, region.ABOUT.years[1]
    chosen = np.unique(np.linspace(0, len(of.cities) - 1, ROWS_SHOWN).round().astype(int))
    everything: Panel = registry.load("region")
    return page.months_ahead(post, everything.pm25, last, 1, of.years[0], tuple(of.cities[k] for k in chosen))


def scores(found: dict[str, Finding]) -> pd.DataFrame:
    """CRPS (µg/m³) of the forecast and of two baselines, with the model's gain."""
    rows = [{"forecast": "the model", "CRPS": f"{found['region.forecast.crps'].mean:.1f}", "gain": ""}]
    for key, words in (("same-month", "the same month of the last known year"), ("climatology", "season and a line")):
        told = f"{found[f'region.forecast.gain.{key}'].mean:.1f}".replace("-", "−")
        rows.append({"forecast": words, "CRPS": f"{found[f'region.forecast.crps.{key}'].mean:.1f}", "gain": told})
    return pd.DataFrame(rows)


def coverage(found: dict[str, Finding]) -> pd.DataFrame:
    """Which share of the months of the last year lies inside, and where that share lies if the model is right."""
    rows = [
        {
            "interval": f"{level} %",
            "months inside (%)": f"{found[f'region.forecast.coverage{level}'].mean:.0f}",
            "where the model is right (%)": f"{found[f'region.forecast.coverage{level}.low'].mean:.0f} to "
            f"{found[f'region.forecast.coverage{level}.high'].mean:.0f}",
        }
        for level in (50, 94)
    ]
    return pd.DataFrame(rows)


def truth(found: dict[str, Finding], kept: dict) -> pd.DataFrame:
    """Of a made-up region what was put in beside what the model found: columns quantity, truth, found."""
    rows = [("mean of all cities", kept["course"][intake.ALL], found["region.change"].text)]
    shorts = intake.slugs(region.ABOUT.cities)
    rows += [(city, kept["cities"][city], found[f"region.city.{short}"].text) for city, short in shorts.items()]
    told = [
        {"lasting change": name, "truth (%)": f"{value:.1f}".replace("-", "−"), "found": text}
        for name, value, text in rows
    ]
    return pd.DataFrame(told)
