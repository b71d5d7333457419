"""Words of a region's page turn when its findings turn."""

import numpy as np
import pytest

from jingjinji.core.descriptor import Descriptor
from jingjinji.core.findings import Finding
from jingjinji.topics.air import region_words


def finding(id: str, values, unit: str = "%") -> Finding:
    return Finding(id, id, np.reshape(values, (2, -1)), unit, "region", ())


def around(mean: float, spread: float = 3.0) -> np.ndarray:
    return np.random.default_rng(1).normal(mean, spread, 2000)


@pytest.fixture(autouse=True)
def about(monkeypatch):
    monkeypatch.setattr(region_words, "ABOUT", Descriptor(title="T", cities=("Ash", "Bell"), years=(2015, 2018)))


def said(id: str, **values) -> str:
    """Words of findings: in their names a dot is written as one underscore, a hyphen as two."""
    found = {}
    for key, draws in values.items():
        name = f"region.{key.replace('__', '-').replace('_', '.')}"
        found[name] = finding(name, draws, "probability" if key == "fell" else "%")
    return region_words.WORDS[id](found)


@pytest.mark.parametrize(
    ("mean", "words"),
    [(-20, "PM2.5 fell by 20"), (20, "PM2.5 rose by 20"), (-4, "it is open whether PM2.5 fell or rose")],
)
def test_which_way_it_went(mean, words):
    change = around(mean)
    assert said("region.went", change=change, fell=(change < 0).astype(float)).startswith(words)


@pytest.mark.parametrize(
    ("ash", "bell", "words"),
    [
        (-20, -30, "Every city fell"),
        (-20, 0, "Of 2 cities 1 clearly fell"),
        (-20, 20, "Of 2 cities 1 clearly fell and 1 clearly rose"),
        (0, -4, "Of no city is it clear whether it fell"),
    ],
)
def test_how_many_cities_went_where(ash, bell, words):
    assert said("region.cities-went", city_ash=around(ash), city_bell=around(bell)) == words


def test_the_ends_are_named_by_their_means():
    assert said("region.lowest.city", city_ash=around(-1), city_bell=around(-9)) == "Bell"
    assert said("region.highest.city", city_ash=around(-1), city_bell=around(-9)) == "Ash"


@pytest.mark.parametrize(
    ("gains", "words"),
    [
        ((2, 2), "It did better than the same month of the year before and than a season with a line."),
        ((2, -2), "It did better than the same month of the year before and worse than a season with a line."),
        ((0.5, -2), "It did worse than a season with a line."),
        ((0.5, 0.5), "It is open whether it did better or worse than simple forecasts."),
    ],
)
def test_a_forecast_that_did_worse_says_so(gains, words):
    exact = {"forecast_gain_same__month": gains[0], "forecast_gain_climatology": gains[1],
             "forecast_gain__error_same__month": 0.5, "forecast_gain__error_climatology": 0.5}  # fmt: skip
    assert said("region.forecast.better", **{key: np.full(8, value) for key, value in exact.items()}) == words
