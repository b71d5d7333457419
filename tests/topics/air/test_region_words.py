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
    ("ash", "bell", "together", "words"),
    [
        (-20, -30, 1.0, "Every city fell"),
        (-20, -30, 0.96, "Each of 2 cities clearly fell by itself"),
        (-20, 0, 0.5, "Of 2 cities 1 clearly fell"),
        (-20, 20, 0.0, "Of 2 cities 1 clearly fell and 1 clearly rose"),
        (0, -4, 0.4, "Of no city is it clear whether it fell"),
    ],
)
def test_how_many_cities_went_where(ash, bell, together, words):
    given = {"city_ash": around(ash), "city_bell": around(bell), "all__fell": np.full(8, together)}
    assert said("region.cities-went", **given) == words


def test_a_prior_that_takes_much_is_told_in_the_answer():
    assert "takes 34" in said("region.drawn-back", prior_takes=np.full(8, 34.0))
    assert said("region.drawn-back", prior_takes=np.full(8, 4.0)) == ""


def test_a_change_of_predicted_months_is_not_called_arithmetic():
    def arithmetic(draws):
        found = {"region.change.measured": Finding("x", "x", draws, "%", "region", ())}
        return region_words.WORDS["region.arithmetic"](found)

    assert arithmetic([[-4.0]]) == "That is arithmetic"
    assert arithmetic([[-4.0, -5.0]]).startswith("That is arithmetic but for")


@pytest.mark.parametrize(
    ("id", "given", "words"),
    [
        ("missing", {"cells_missing": 0}, "No month of any city is missing."),
        ("missing", {"cells_missing": 3}, "3 months of cities are missing. They are predicted as if they were missing"),
        ("why-split", {"calendar__years": 1}, "because the record has no two whole calendar years"),
        ("why-split", {"calendar__years": 2}, "as was asked for"),
        ("official-apart", {"official_compared": 0}, "None of them can be held against"),
        ("official-apart", {"official_compared": 2, "official_mean": 3, "official_most": 5}, "The means of the months"),
    ],
)
def test_what_the_record_lacks_is_told_as_it_is(id, given, words):
    found = {}
    for key, value in given.items():
        name = f"region.{key.replace('__', '-').replace('_', '.')}"
        found[name] = Finding(name, name, [[value]], "", "table", ())
    assert region_words.WORDS[f"region.{id}"](found).startswith(words)


@pytest.mark.parametrize(("height", "words"), [({"Ash": 1, "Bell": 2}, "heights"), ({"Ash": 1}, "lies high")])
def test_the_usual_air_is_that_of_known_heights(monkeypatch, height, words):
    about = Descriptor(title="T", cities=("Ash", "Bell"), years=(2015, 2018), height=height)
    monkeypatch.setattr(region_words, "ABOUT", about)
    assert words in said("region.usual-air")


def test_the_ends_are_named_by_their_means():
    assert said("region.lowest.city", city_ash=around(-1), city_bell=around(-9)) == "Bell"
    assert said("region.highest.city", city_ash=around(-1), city_bell=around(-9)) == "Ash"
    assert said("region.next.city", city_ash=around(-1), city_bell=around(-9)) == "Ash"


@pytest.mark.parametrize(
    ("gains", "words"),
    [
        ((2, 2), "It did better than the same month of the year before and than a season with a line. "),
        ((2, -2), "It did better than the same month of the year before and worse than a season with a line. "),
        ((-0.5, -2), "It did worse than the same month of the year before and than a season with a line. "),
    ],
)
def test_a_forecast_that_did_worse_says_so(gains, words):
    exact = {"forecast_gain_same__month": gains[0], "forecast_gain_climatology": gains[1]}
    told = said("region.forecast.better", **{key: np.full(8, value) for key, value in exact.items()})
    assert told.startswith(words)
    assert "one trial" in told
