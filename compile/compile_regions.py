"""Compile the examples of `jingjinji region`: two key regions of China's air, by city and month (maintainers only).

python compile/compile_regions.py --research DIR [--out DIR]

Membership, in Chinese, is that of the ministry's reports. The ministry reported 74 cities until June 2018 and 168
since: cities that came then have no earlier month, and a region's cities must have been measured in both of the years
that are compared. So the Yangtze River Delta is that of the reports until June 2018, and the Fenwei plain begins in
September 2018, when the ruler had changed.
"""

import argparse
import csv
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from jingjinji.core import intake
from jingjinji.core.descriptor import Descriptor, write

OUT = Path(__file__).parents[1] / "examples"
MONTHS = "air/mee_169city_month_pm25_2014-12_2020-08.csv"
SOURCE = {
    "title": "Monthly reports on the air of 74, 168 and 169 cities",
    "publisher": "Ministry of Ecology and Environment of China, collected by the Centre for Research on Energy and "
    "Clean "
    "Air",
    "path": "https://www.mee.gov.cn/",
    "license": "none stated",
    "note": "Only monthly means are given here. The address is the ministry's site; the single reports were not kept.",
}
PLAN = "the State Council's plan of 2018 for the blue sky, 国发〔2018〕22号"


@dataclass(frozen=True)
class Example:
    """A region: its cities as (name, name in Chinese, degrees north), and from which month on it is taken."""

    title: str
    about: str
    cities: tuple[tuple[str, str, float], ...]
    first: str
    ruler: str = ""
    starts: int = 1
    areas: dict[str, tuple[str, ...]] = field(default_factory=dict)


JIANGSU = (
    ("Nanjing", "南京", 32.1), ("Wuxi", "无锡", 31.6), ("Xuzhou", "徐州", 34.3), ("Changzhou", "常州", 31.8),
    ("Suzhou", "苏州", 31.3), ("Nantong", "南通", 32.0), ("Lianyungang", "连云港", 34.6), ("Huai'an", "淮安", 33.6),
    ("Yancheng", "盐城", 33.4), ("Yangzhou", "扬州", 32.4), ("Zhenjiang", "镇江", 32.2),
    ("Taizhou in Jiangsu", "泰州", 32.5), ("Suqian", "宿迁", 33.9),
)  # fmt: skip
ZHEJIANG = (
    ("Hangzhou", "杭州", 30.3), ("Ningbo", "宁波", 29.9), ("Wenzhou", "温州", 28.0), ("Shaoxing", "绍兴", 30.0),
    ("Huzhou", "湖州", 30.9), ("Jiaxing", "嘉兴", 30.8), ("Jinhua", "金华", 29.1), ("Quzhou", "衢州", 29.0),
    ("Taizhou in Zhejiang", "台州", 28.7), ("Lishui", "丽水", 28.5), ("Zhoushan", "舟山", 30.0),
)  # fmt: skip
SHANXI = (("Jinzhong", "晋中", 37.7), ("Yuncheng", "运城", 35.0), ("Linfen", "临汾", 36.1), ("Lüliang", "吕梁", 37.5))
HENAN = (("Luoyang", "洛阳", 34.6), ("Sanmenxia", "三门峡", 34.8))
SHAANXI = (
    ("Xi'an", "西安", 34.3), ("Xianyang", "咸阳", 34.3), ("Baoji", "宝鸡", 34.4), ("Tongchuan", "铜川", 34.9),
    ("Weinan", "渭南", 34.5),
)  # fmt: skip
"""Latitudes are those of the cities' centres, to a tenth or two of a degree."""


def names(cities: tuple[tuple[str, str, float], ...]) -> tuple[str, ...]:
    return tuple(name for name, _, _ in cities)


EXAMPLES = {
    "yangtze": Example(
        title="Yangtze River Delta",
        about="The 25 cities that the ministry's monthly reports counted to the Yangtze River Delta until June 2018: "
        f"Shanghai and all cities of Jiangsu and Zhejiang. Since then it counts 41, by {PLAN}; of the other 16 only "
        "Hefei has months before June 2018, so they are left out.",
        cities=(("Shanghai", "上海", 31.2), *JIANGSU, *ZHEJIANG),
        first="2014-12",
        ruler="2018-09",
        areas={"Jiangsu": names(JIANGSU), "Zhejiang": names(ZHEJIANG)},
    ),
    "fenwei": Example(
        title="Fenwei plain",
        about=f"The 11 cities that {PLAN}, counts to the plain of Fen and Wei. Ten of them have months since June 2018 "
        "alone; the record begins in September 2018, when concentrations began to be told in the air as it is, and "
        "holds two years.",
        cities=(*SHANXI, *HENAN, *SHAANXI),
        first="2018-09",
        starts=9,
        areas={"Shanxi": names(SHANXI), "Henan": names(HENAN), "Shaanxi": names(SHAANXI)},
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--research", type=Path, required=True, help="folder of the research tables, with air/")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for file, content in files(arguments.research).items():
        (arguments.out / file).write_bytes(content)


def files(research: Path) -> dict[str, bytes]:
    """Name -> content of every file of the examples."""
    known = months(research)
    made, resources = {}, []
    for name, example in EXAMPLES.items():
        made[f"{name}.csv"] = table(example, known)
        made[f"{name}.toml"] = write(descriptor(example)).encode()
        resources.append(resource(name, example, made[f"{name}.csv"]))
    package = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "jingjinji-examples",
        "title": "Two regions to try the commands with",
        "description": "Monthly means of PM2.5 by city, compiled from the ministry's monthly reports.",
        "licenses": [{"name": "CC-BY-4.0", "title": "Creative Commons Attribution 4.0 International",
                      "path": "https://creativecommons.org/licenses/by/4.0/"}],
        "resources": resources,
    }  # fmt: skip
    made["datapackage.json"] = (json.dumps(package, indent=1, ensure_ascii=False) + "\n").encode()
    return made


def months(research: Path) -> dict[tuple[str, str], str]:
    """(name in Chinese, month) -> mean, of cells that are neither empty nor suspect."""
    with (research / MONTHS).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {(row["city_zh"], row["ym"]): f"{float(row['pm25']):g}" for row in rows
            if row["pm25"] and row["suspect"] == "0"}  # fmt: skip


def table(example: Example, known: dict[tuple[str, str], str]) -> bytes:
    """The csv of a region: city, month, pm25; months that are not known are left out."""
    last = max(month for _, month in known)
    rows = [f"{name},{month},{known[chinese, month]}" for name, chinese, _ in example.cities
            for month in intake.span(example.first, last) if (chinese, month) in known]  # fmt: skip
    return ("\n".join(["city,month,pm25", *rows]) + "\n").encode()


def descriptor(example: Example) -> Descriptor:
    """What the region's file says beside its months; the years are chosen when the region is made."""
    return Descriptor(
        title=example.title,
        cities=names(example.cities),
        latitude={name: latitude for name, _, latitude in example.cities},
        local={name: chinese for name, chinese, _ in example.cities},
        areas=example.areas,
        starts=example.starts,
        ruler=example.ruler,
        about=example.about,
        source=SOURCE,
    )


def resource(name: str, example: Example, content: bytes) -> dict:
    """How the data package describes a csv."""
    rows = content.decode().splitlines()[1:]
    spans = sorted({row.split(",")[1] for row in rows})
    away = sorted({*intake.span(spans[0], spans[-1])} - {*spans})
    issues = [f"No city has a month {month}: the report was not found." for month in away]
    changed = "Particles have been reported at ambient temperature and pressure since September 2018, before at 273 K."
    issues.append(changed if example.ruler else "All months are at ambient temperature and pressure.")
    return {
        "name": name,
        "type": "table",
        "path": f"{name}.csv",
        "title": f"PM2.5 of cities by month: {example.title}",
        "description": example.about,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "bytes": len(content),
        "rows": len(rows),
        "sources": [{"name": "mee", **SOURCE}],
        "licenses": [
            {"name": "CC-BY-4.0", "title": "Creative Commons Attribution 4.0 International",
             "path": "https://creativecommons.org/licenses/by/4.0/", "note": "The compilation is part of this book."},
            {"name": "none-stated", "title": "none stated",
             "note": "The source states no licence; only monthly means are given here."},
        ],
        "known_issues": issues,
        "schema": {
            "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
            "fields": [
                {"name": "city", "type": "string", "description": "City, in pinyin.",
                 "constraints": {"required": True, "enum": list(names(example.cities))}},
                {"name": "month", "type": "string", "description": "Month, YYYY-MM.",
                 "constraints": {"required": True, "pattern": "20(1[4-9]|20)-(0[1-9]|1[0-2])"}},
                {"name": "pm25", "type": "number", "description": "Mean concentration of PM2.5 in the month.",
                 "unit": "µg/m³", "constraints": {"required": True, "minimum": 1, "maximum": 1000}},
            ],
            "missingValues": [""],
            "primaryKey": ["city", "month"],
        },
    }  # fmt: skip


if __name__ == "__main__":
    main()
