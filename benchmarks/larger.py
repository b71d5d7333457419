"""The model of the decline for a simulated country: more cities than there are, and another number of years."""

from dataclasses import replace

import numpy as np

from jingjinji.core import registry
from jingjinji.topics.air import decline
from jingjinji.topics.air.months import Panel, Region


def simulated(copies: int, years: int, seed: int = 1) -> Panel:
    """A synthetic panel with that many times the cities, over the first so many years."""
    record = registry.load("decline")
    return decline.simulate({}, np.random.default_rng(seed), tiled(record, copies, years))


def tiled(panel: Panel, copies: int, years: int) -> Panel:
    """The first years of the panel, its cities repeated; gaps, weather and official rows are those of the record."""
    months = 12 * years
    official = panel.official[panel.official.year < panel.region.years[0] + years]
    return replace(
        panel,
        region=country(panel.region, copies, years),
        pm25=np.tile(panel.pm25[:months], (1, copies)),
        weather=panel.weather[:months],
        wind_error=panel.wind_error[:months],
        conversion=panel.conversion[:months],
        official=official.reset_index(drop=True),
    )


def country(region: Region, copies: int, years: int) -> Region:
    """The region with its cities repeated; a copy belongs to the areas of several cities that its original is in."""
    others = {f"{city} {copy}": city for copy in range(2, copies + 1) for city in region.cities}
    areas = {
        area: cities if len(cities) == 1 else (*cities, *(name for name, city in others.items() if city in cities))
        for area, cities in region.areas.items()
    }
    latitude = dict(region.latitude) | {name: region.latitude[city] for name, city in others.items()}
    last = f"{region.years[0] + years - 1}-12"
    return replace(region, cities=(*region.cities, *others), last=last, areas=areas, latitude=latitude)
