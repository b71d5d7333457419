"""The maintainers' compile script: pure parts by hand, and the whole run where the research tables are at hand."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import jingjinji
from jingjinji.core import tables

SCRIPT = jingjinji.PROJECT / "compile" / "compile.py"
RESEARCH = Path(os.environ.get("JINGJINJI_RESEARCH", jingjinji.PROJECT.parent / "shared" / "data"))
MIRROR = Path(os.environ.get("JINGJINJI_MIRROR", jingjinji.PROJECT.parent / "shared" / "raw" / "uci"))


@pytest.fixture(scope="module")
def script():
    # run as a script it finds its neighbour
    sys.path.insert(0, str(SCRIPT.parent))
    spec = importlib.util.spec_from_file_location("compile_package", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.path.remove(str(SCRIPT.parent))
    return module


@pytest.mark.parametrize(
    ("expression", "value", "rounding"),
    [
        ("70/(1-0.157)", 83.0, 0.64),
        ("80.6/(1-0.062)", 85.9, 0.10),
        ("44/(1+0.023)", 43.0, 0.51),
        ("29+2", 31.0, 1.0),
    ],
)
def test_derived_values_carry_the_rounding_of_their_parts(script, expression, value, rounding):
    assert script.derive(expression) == (value, rounding)


def test_remembered_parts_of_a_description_are_taken_out(script):
    assert script._without_memory("Two plants closed in March 2015 (exact day from memory)") == (
        "Two plants closed in March 2015"
    )
    assert script._without_memory("2015 mechanism (month from memory), 2019 county level") == (
        "2015 mechanism, 2019 county level"
    )


def test_csv_bytes_are_plain(script):
    table = pd.DataFrame({"a": [1.5, None], "b": [True, False], "c": ["µ", "x"]})
    assert script.to_csv(table) == "a,b,c\n1.5,true,µ\n,false,x\n".encode()


def test_annual_check_weights_months_by_their_days(script):
    months = pd.DataFrame(
        {"city": "Beijing", "month": [f"2015-{m:02d}" for m in range(1, 13)], "pm25": [130.0] + [100.0] * 11}
    )
    others = [months.assign(city=city, pm25=100.0) for city in ("Tianjin", "Baoding")]
    annual = pd.DataFrame(
        {
            "area": ["Beijing", "Hebei", "Hebei"],
            "year": [2015, 2015, 2016],
            "series": "official",
            "pm25": [103.5, 99.0, 1],
        }
    )
    check = script.annual_check({"pm25_city_month": pd.concat([months, *others]), "pm25_official_annual": annual})
    assert check["months"].tolist() == [round(100 + 30 * 31 / 365, 1), 100.0]
    assert check["difference"].tolist() == [1.0, -1.0]


def test_every_mark_of_the_template_is_filled():
    template = (jingjinji.PROJECT / "compile" / "package.template.json").read_text(encoding="utf-8")
    assert '"@' in template
    issues = [issue for resource in tables.package()["resources"] for issue in resource["known_issues"]]
    assert not [issue for issue in issues if issue.startswith("@")]


def test_published_hashes_and_sizes_are_those_of_the_files():
    for resource in tables.package()["resources"]:
        content = (tables.DATA / resource["path"]).read_bytes()
        assert resource["bytes"] == len(content)
        assert resource["hash"] == f"sha256:{tables._sha256(content)}"
        assert b"\r" not in content


@pytest.mark.skipif(
    not (RESEARCH.is_dir() and MIRROR.is_dir()),
    reason="no research tables: set JINGJINJI_RESEARCH and JINGJINJI_MIRROR to their folders",
)
def test_compiling_again_gives_the_same_bytes(tmp_path):
    command = [sys.executable, str(SCRIPT), "--research", str(RESEARCH), "--raw", str(MIRROR), "--out", str(tmp_path)]
    subprocess.run(command, check=True)
    for name in ["datapackage.json", *(f"{table}.csv" for table in tables.names())]:
        assert (tmp_path / name).read_bytes() == (tables.DATA / name).read_bytes(), name
    assert json.loads((tmp_path / "datapackage.json").read_text(encoding="utf-8")) == tables.package()
