"""The benchmarks change what they say they change, and weigh what they say they weigh."""

import ast
import os
import sys

import pytest


@pytest.fixture(autouse=True)
def benchmarks(project, monkeypatch):
    monkeypatch.syspath_prepend(str(project / "benchmarks"))


def test_another_word_changes_one_line_of_prose():
    from whole_book import with_another_word

    page = "---\nkernel: A.\n---\n# Title.\n\n- item.\n\nA sentence.\nAnother.\n"
    assert with_another_word(page) == page.replace("A sentence.", "A sentence indeed.")


def test_another_statement_changes_one_function_and_not_what_it_gives():
    from whole_book import with_another_statement

    module = "import math\n\n\ndef root(x):\n    y = math.sqrt(x)\n    return (\n        y\n    )\n"
    changed = with_another_statement(module)
    names = {}
    exec(changed, names)
    assert names["root"](9) == 3
    assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(module))


def test_a_missed_target_is_said_so():
    from measure import at_least, at_most, table

    rows = table([at_most("a", 3, 2, "s"), at_most("b", 1.234, 2, "s"), at_least("c", 1, 2, "times", "note")])
    assert rows.splitlines()[2:] == [
        "| a | <= 2 s | 3 s | **no** |",
        "| b | <= 2 s | 1.23 s | yes |",
        "| c | >= 2 times | 1 times (note) | **no** |",
    ]


def test_failing_command_is_not_a_time(tmp_path):
    from measure import timed

    with pytest.raises(RuntimeError, match=r"(?s)exit code 3.*why"):
        timed([sys.executable, "-c", "print('why'); raise SystemExit(3)"], tmp_path, dict(os.environ))


def test_peak_memory_counts_what_a_command_starts(tmp_path):
    from measure import peak_memory

    child = "import time; held = bytearray(200_000_000); time.sleep(1)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{child}'], check=True)"
    assert 0.2 < peak_memory([sys.executable, "-c", parent], tmp_path, dict(os.environ)) < 0.4


def test_fresh_machine_has_no_cache_but_the_downloads(tmp_path, monkeypatch):
    from measure import clean_environment

    monkeypatch.setenv("JINGJINJI_DRAWS", "quick")
    monkeypatch.setenv("PYTENSOR_FLAGS", "floatX=float32")
    found = clean_environment(tmp_path)
    assert not {"JINGJINJI_DRAWS", "JINGJINJI_CACHE", "PYTENSOR_FLAGS"} & found.keys()
    assert found["XDG_CACHE_HOME"] == str(tmp_path)
    assert not found["UV_CACHE_DIR"].startswith(str(tmp_path))
