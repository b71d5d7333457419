"""Maps have every city, where it is."""

import pytest
from phone import fits_a_phone

from jingjinji.show import maps
from jingjinji.topics.air import decline
from jingjinji.topics.hydrogen import clusters

VALUES = {city: -40.0 - place for place, city in enumerate(decline.CITIES)}
DRAWN = {
    "region": lambda: maps.region(VALUES),
    "clusters": lambda: maps.clusters(dict.fromkeys(clusters.CLUSTERS, (3000.0, 5000.0))),
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_map_fits_a_phone(name):
    fits_a_phone(DRAWN[name])


def test_every_city_is_named_with_its_number():
    words = [text.get_text() for text in maps.region(VALUES).axes[0].texts]
    assert len(words) == len(decline.CITIES) == 13
    assert words[0] == f"{decline.CITIES[0]} −40%"


def test_places_lie_where_they_are():
    places = maps.outlines()["places"]
    assert places["Zhangjiakou"][0] < places["Beijing"][0] < places["Tianjin"][0] < places["Qinhuangdao"][0]
    assert places["Handan"][1] < places["Shijiazhuang"][1] < places["Baoding"][1] < places["Chengde"][1]
    assert set(maps.SEATS.values()) <= places.keys()
    assert set(clusters.CLUSTERS) == maps.SEATS.keys()


def test_outlines_name_their_licence_and_lie_in_their_box():
    outlines = maps.outlines()
    assert "public domain" in outlines["licence"]
    assert "CC BY" in outlines["licence"]
    for name in ("region", "china"):
        west, south, east, north = outlines[name]["box"]
        points = [point for line in outlines[name]["coast"] + outlines[name]["borders"] for point in line]
        assert points
        assert all(west <= x <= east and south <= y <= north for x, y in points)
