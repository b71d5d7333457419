"""The examples of regions: what is shipped is what the research tables give, and the commands take it."""

import json
import os
from pathlib import Path

import pytest

import jingjinji
from jingjinji.core import descriptor, intake, parts

EXAMPLES = jingjinji.PROJECT / "examples"
RESEARCH = Path(os.environ.get("JINGJINJI_RESEARCH", jingjinji.PROJECT.parent / "shared" / "data"))


@pytest.mark.parametrize(
    ("name", "cities", "years", "whole"),
    [("yangtze", 25, (2015, 2019), 5), ("fenwei", 11, (2018, 2019), 2)],
)
def test_an_example_can_be_fitted(name, cities, years, whole):
    made = descriptor.read(EXAMPLES / f"{name}.toml")
    months = intake.read_months(EXAMPLES / f"{name}.csv", made.starts)
    assert descriptor.fitted(made, months, "x").cities == made.cities
    assert (len(months.cities), len(months.whole_years(made.starts))) == (cities, whole)
    assert parts.choose_years(months, None, made.starts, "years") == years
    assert set(made.latitude) == set(made.local) == set(made.cities)


def test_the_package_describes_the_examples():
    from frictionless import Package

    package = json.loads((EXAMPLES / "datapackage.json").read_text("utf-8"))
    report = Package.from_descriptor(package, basepath=str(EXAMPLES)).validate()
    assert report.valid, report.flatten(["title", "note"])
    assert {resource["path"] for resource in package["resources"]} == {file.name for file in EXAMPLES.glob("*.csv")}


@pytest.mark.skipif(not RESEARCH.exists(), reason="the research tables are not at hand")
def test_examples_are_what_the_research_tables_give():
    import compile_regions

    assert {name: (EXAMPLES / name).read_bytes() for name in sorted(path.name for path in EXAMPLES.iterdir())} == dict(
        sorted(compile_regions.files(RESEARCH).items())
    )
