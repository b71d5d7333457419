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


def run(ess, sampling, compile=0.0, divergences=0):
    return {"ess": ess, "sampling": sampling, "compile": compile, "divergences": divergences}


def test_ratios_are_of_ess_a_second_seed_by_seed():
    from sampling import against_pymc

    book = [run(400, 4, 16), run(400, 2, 18), run(800, 4, 16, divergences=1)]
    pymc = [run(400, 8, 2), run(400, 8, 2), run(400, 8, 2)]
    refits = [run(400, 1), run(400, 1), run(400, 2)]
    sampling, divergences, whole, refit = against_pymc(book, pymc, refits)
    assert (sampling.measured, sampling.ok) == ("4 times (by seed 2, 4, 4)", True)
    assert (divergences.measured, divergences.ok) == ("1", False)
    assert whole.measured == "0.5 times (by seed 0.5, 0.5, 1)"
    assert (refit.measured, refit.ok) == ("10 times (by seed 10, 10, 5)", True)


def test_larger_panel_has_the_cities_and_months_asked_for(monkeypatch):
    from jingjinji.models import decline

    monkeypatch.setitem(sys.modules, decline.__name__, decline)
    from larger import simulated

    module, panel = simulated(cities=2, years=2)
    assert panel.pm25.shape == (2 * len(decline.MONTHS), 2 * len(decline.CITIES))
    assert (len(module.MONTHS), len(module.CITIES)) == panel.pm25.shape
    assert len(panel.official) == 2 * len(decline.load().official)


def test_larger_panel_notices_a_constant_that_is_gone(monkeypatch):
    from jingjinji.models import decline

    monkeypatch.setitem(sys.modules, decline.__name__, decline)
    from larger import with_constants

    with pytest.raises(ValueError, match="NOWHERE"):
        with_constants({"NOWHERE": "1"})


def test_rates_of_the_gate_come_from_its_own_rule():
    import gate_rates
    import numpy as np

    def outcomes(cell):
        return gate_rates.outcomes(gate_rates.Chains(cell, np.random.default_rng(1)), gate_rates.RULES)

    good = outcomes(gate_rates.Cell("good", others=20, slowest=0.2))
    assert good["gate"] in ("500", "750")
    assert set(outcomes(gate_rates.Cell("modes 1:3", 6.0)).values()) == {"wrong", "failed"}
    assert outcomes(gate_rates.Cell("frozen"))["gate"] == "wrong"
    cells = gate_rates.wrong_cells() + gate_rates.good_cells()
    assert len(cells) == len(set(cells))
