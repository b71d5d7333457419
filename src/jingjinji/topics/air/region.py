"""A region of somebody's own: the model of `months` with those of its parts that the region's data inform.

What the region is called, its areas and years stand in its descriptor, which `registry` has read; its tables are those
of its own data package, of which only the months are always there.
"""

from dataclasses import replace
from functools import partial

import pandas as pd

from jingjinji.core import intake, parts, registry, tables
from jingjinji.core.descriptor import Descriptor
from jingjinji.core.topic import Variant
from jingjinji.topics.air.months import (  # noqa: F401
    AVERAGE,
    CITY,
    DERIVED,
    TARGET_ACCEPT,
    Panel,
    Region,
    build,
    data,
    departures_of_weather,
    log_conversion,
    no_means,
    simulate,
    until,
)

MOST_CARRIED = 0.9
"""Carry-over beyond which the prior has a millionth of its mass, and the model of a short record is a trap."""
FIRST_TAIL = 1000.0
"""Degrees of freedom of each city's first month, which is normal so: why, says `months.tails`."""
ALL_TABLES = ("city_month", "area_year", "weather_month")
ABOUT = registry.REGION or Descriptor()
TABLES = tuple(name for name in ALL_TABLES if registry.REGION and name in tables.names())


def panel(*given: pd.DataFrame) -> Panel:
    """The panel of this project's `TABLES`."""
    return panel_of(ABOUT, **dict(zip(TABLES, given, strict=True)))


def panel_of(
    about: Descriptor,
    city_month: pd.DataFrame,
    area_year: pd.DataFrame | None = None,
    weather_month: pd.DataFrame | None = None,
) -> Panel:
    """The panel of a region.

    city_month : city, month (YYYY-MM), pm25 (µg/m³). area_year : area, year, pm25, rounding. weather_month : month and
    some of `intake.WEATHER`.
    """
    official = no_means()
    if area_year is not None:
        official = area_year.assign(error=area_year.rounding / 3**0.5)[["area", "year", "pm25", "error"]]
    variables = () if weather_month is None else tuple(weather_month.columns.drop("month"))
    region = region_of(about, city_month.month.min(), city_month.month.max(), tuple(official.area.unique()), variables)
    months = region.months.astype(str)
    pm25 = city_month.pivot(index="month", columns="city", values="pm25").reindex(index=months, columns=region.cities)
    departures = conversion = None
    if variables:
        values = weather_month.set_index("month").reindex(months)
        departures, _ = departures_of_weather(values, region.calendar)
        conversion = log_conversion(values, region.calendar) if region.converts else None
    return Panel(region, pm25.to_numpy(dtype=float), official.reset_index(drop=True), departures, None, conversion)


def region_of(about: Descriptor, first: str, last: str, official: tuple[str, ...], weather: tuple[str, ...]) -> Region:
    """What the model knows of a region.

    first, last : first and last measured month. official : areas with official means. weather : its variables.
    """
    cities = {city: (city,) for city in about.cities if city in official}
    latitudes = {city: about.latitude[city] for city in about.cities if city in about.latitude}
    region = Region(
        cities=about.cities,
        first=first,
        last=last,
        areas={intake.ALL: about.cities, **about.areas, **cities},
        latitude=latitudes if parts.has_latitude(about) else {},
        height=about.height,
        plain=about.plain,
        ruler=about.ruler,
        procedure=about.procedure,
        starts=about.starts,
        most_carried=MOST_CARRIED,
        first_tail=FIRST_TAIL,
        weather=weather,
    )
    kinds = {region.kind(area) for area in official}
    return replace(region, official=tuple(kind for kind in (CITY, AVERAGE) if kind in kinds))


VARIANTS = {}
if ABOUT.forecasts:
    VARIANTS[f"to-{ABOUT.years[1] - 1}"] = Variant(
        f"cut off in {ABOUT.years[1] - 1}", partial(until, year=ABOUT.years[1] - 1)
    )
TOYS = {}
