"""The benchmarks change what they say they change, weigh what they say they weigh, and say what was not measured."""

import ast
import json
import os
import shutil
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import scipy


@pytest.fixture(autouse=True)
def benchmarks(project, monkeypatch):
    monkeypatch.syspath_prepend(str(project / "benchmarks"))


@pytest.fixture
def code(project, tmp_path):
    """A folder with a copy of the library and of the first chapter."""
    ignored = shutil.ignore_patterns("__pycache__", "static", "*.egg-info")
    shutil.copytree(project / "src/jingjinji", tmp_path / "src/jingjinji", ignore=ignored)
    (tmp_path / "chapters").mkdir()
    shutil.copy(project / "chapters/pm25-decline.md", tmp_path / "chapters")
    return tmp_path


def texts(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in folder.rglob("*")
        if path.suffix in (".py", ".md")
    }


def changed(before, after):
    return {name for name in before | after if before.get(name) != after.get(name)}


def test_another_word_changes_one_line_of_prose():
    from changes import with_another_word

    page = "---\nkernel: A.\n---\n# Title.\n\n- item.\n\nA sentence.\nAnother.\n"
    assert with_another_word(page) == page.replace("A sentence.", "A sentence indeed.")


def test_another_statement_changes_one_function_and_not_what_it_gives():
    from changes import with_another_statement

    module = "import math\n\n\ndef root(x):\n    y = math.sqrt(x)\n    return (\n        y\n    )\n"
    changed = with_another_statement(module)
    names = {}
    exec(changed, names)
    assert names["root"](9) == 3
    assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(module))


@pytest.mark.parametrize(
    ("change", "files"),
    [
        ("prose", {"chapters/pm25-decline.md"}),
        ("plot", {"src/jingjinji/topics/air/figures.py"}),
        ("label", {"src/jingjinji/topics/air/decline_findings.py"}),
        ("renamed", {"src/jingjinji/topics/air/months.py"}),
        ("unit", {"src/jingjinji/core/tables.py"}),
        (
            "topic",
            {
                "src/jingjinji/core/registry.py",
                "src/jingjinji/topics/another/__init__.py",
                "src/jingjinji/topics/another/reservoir.py",
            },
        ),
    ],
)
def test_each_change_is_of_the_files_that_it_says_and_leaves_sound_code(code, change, files):
    import changes

    before = texts(code)
    getattr(changes, change)(code)
    after = texts(code)
    assert changed(before, after) == files
    assert all(ast.parse(after[name]) for name in files if name.endswith(".py"))


def test_a_moved_module_is_gone_and_nothing_names_it_any_more(code):
    import changes

    before = texts(code)
    changes.moved(code)
    after = texts(code)
    assert after["src/jingjinji/core/sums.py"] == before["src/jingjinji/core/densities.py"]
    assert "src/jingjinji/core/densities.py" not in after
    assert not [name for name, text in after.items() if "jingjinji.core.densities" in text]
    assert sum("from jingjinji.core.sums import" in text for text in after.values()) > 2


@pytest.mark.parametrize("change", ["label", "prior", "moved", "renamed", "unit", "topic"])
def test_a_change_that_finds_nothing_to_change_says_so(code, change):
    import changes

    for path in code.rglob("*.py"):
        path.write_text("")
    if change == "moved":
        (code / "src/jingjinji/core/densities.py").touch()
    with pytest.raises(ValueError, match=r"any more: benchmarks/changes\.py names what it changes"):
        getattr(changes, change)(code)


def test_a_missed_target_and_a_failed_step_are_said_so():
    from measure import Found, Target, row

    most, least = Target("a", "s", 2), Target("c", "times", 1.8, least=True)
    assert row(most, Found(3)) == "| a | <= 2 s | 3 s | **no** |"
    assert row(most, Found(1.234)) == "| a | <= 2 s | 1.23 s | yes |"
    assert row(least, Found(1.5, "one | two")) == "| c | >= 1.8 times | 1.5 times (one / two) | **no** |"
    assert row(Target("n", "", 0), Found(0)) == "| n | <= 0 | 0 | yes |"
    assert row(Target("r", "GB"), Found(7)) == "| r | reported | 7 GB | - |"
    assert row(most, "no | room") == "| a | <= 2 s | not measured: no / room | - |"


def test_a_failing_step_leaves_its_reason_for_each_of_its_values(capsys):
    from measure import Found, Part, attempt

    from jingjinji import PROJECT

    def fails():
        raise RuntimeError(f"one\nreason in {PROJECT}/folder")

    assert attempt(("a", "b"), fails) == Part({"a": "one reason in folder", "b": "one reason in folder"})
    assert attempt(("a",), lambda: Part({"a": Found(1)})).found == {"a": Found(1)}


def run_of(*lines, seconds=100.0):
    from measure import Run

    return Run(seconds, [(second, text) for second, text in lines])


def printed(tmp_path, code, **options):
    from measure import watch

    return watch([sys.executable, "-c", code], tmp_path, dict(os.environ), **options)


def test_a_failing_command_is_not_a_time(tmp_path):
    with pytest.raises(RuntimeError, match=r"exit code 3: why"):
        printed(tmp_path, "print('why\\nmake: Error 3'); raise SystemExit(3)")


def test_a_site_with_a_hole_is_a_time_and_no_path_is_told(tmp_path):
    code = "import os; print('error: the site stands in', os.getcwd() + ', with a hole: two fits'); raise SystemExit(1)"
    run = printed(tmp_path, code)
    assert run.hole == "two fits"
    assert run.lines[0][1].startswith("error: the site stands in .,")


def test_a_command_that_hangs_is_ended_with_what_it_started(tmp_path, monkeypatch):
    import measure
    import psutil

    monkeypatch.setattr(measure, "LONGEST", 0.2)
    child = "import time; time.sleep(60)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{child}'], start_new_session=True)"
    with pytest.raises(RuntimeError, match="had not ended after"):
        printed(tmp_path, parent)
    assert not [one for one in psutil.Process().children(recursive=True) if one.status() != psutil.STATUS_ZOMBIE]


def test_memory_counts_what_a_command_starts(tmp_path):
    child = "import time; held = bytearray(200_000_000); time.sleep(2)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{child}'], check=True)"
    run = printed(tmp_path, parent, weigh=True)
    assert 0.2e9 < run.largest < run.peak < 0.4e9


def test_fresh_machine_has_no_cache_but_the_downloads(tmp_path, monkeypatch):
    from measure import clean_environment

    monkeypatch.setenv("JINGJINJI_DRAWS", "quick")
    monkeypatch.setenv("PYTENSOR_FLAGS", "floatX=float32")
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", "tcp://127.0.0.1:9")
    found = clean_environment(tmp_path)
    assert not {"JINGJINJI_DRAWS", "JINGJINJI_CACHE", "PYTENSOR_FLAGS", "DASK_SCHEDULER_ADDRESS"} & found.keys()
    assert found["XDG_CACHE_HOME"] == str(tmp_path)
    assert not found["UV_CACHE_DIR"].startswith(str(tmp_path))


def test_stages_of_a_build_are_told_by_its_lines():
    from book import stages

    run = run_of((20.0, "Looking which fits are stored ..."), (70.0, "Running the pages and building the site ..."))
    assert stages(run) == (20, 50, 30)
    with pytest.raises(RuntimeError, match="did not print"):
        stages(run_of((20.0, "Looking which fits are stored ...")))


def test_seconds_by_topic_are_read_off_what_a_build_prints(monkeypatch):
    from book import by_topic

    from jingjinji.fits.progress import Progress

    view = Progress(["decline", "carbon", "carbon/late-periods"], ["decline", "carbon", "carbon/late-periods"])
    for fit in view.todo:
        seconds = {"compile": 1.0, "sample": 2.0, "findings": 0.5}
        view.ended[fit] = {"fit": fit, "phase": "stored", "draws": 500, "seconds": seconds}
    lines = ["Looking", *view.summary(dict.fromkeys(view.todo, "stored")).splitlines(), "Running the pages"]
    text = by_topic(lines)
    assert "3 of 3 fits were made in 0.0 minutes." in text
    assert text.splitlines()[-5:] == [
        "| seconds | compiling | sampling | findings |",
        "|---|---|---|---|",
        "| decline | 1.0 | 2.0 | 0.5 |",
        "| carbon | 2.0 | 4.0 | 1.0 |",
        "| all | 3.0 | 6.0 | 1.5 |",
    ]
    assert "no seconds by topic" in by_topic(["Looking"])


def test_fits_of_a_dry_run_are_counted_without_the_new_topic():
    from book import would_be_sampled

    from jingjinji.fits.progress import dry_text

    rows = [{"fit": fit, "phase": "sample", "why": "of it"} for fit in ("another", "another/x", "carbon")]
    rows += [{"fit": "decline", "phase": "findings", "why": ""}]
    lines = dry_text(80, rows).splitlines()
    assert would_be_sampled(run_of(*((0.0, text) for text in lines))) == 1
    assert would_be_sampled(run_of((0.0, dry_text(80, [])))) == 0
    with pytest.raises(RuntimeError, match="dry run"):
        would_be_sampled(run_of((0.0, "nothing")))


def test_changes_are_told_apart_only_where_together_they_sample(monkeypatch):
    import book
    from measure import Found

    def place(counts):
        class Place:
            made, runs = [], []

            folder = made

            def need_site(self):
                """It stands."""

            def restore(self):
                self.made.clear()

            def run(self, *command):
                self.runs.append(tuple(self.made))
                sampled = sum(counts[change] for change in self.made)
                return run_of(
                    (0.0, f"{sampled} of 9 fits would be sampled; of 0 the findings would be computed again.")
                )

        return Place()

    four = {name: lambda made, name=name: made.append(name) for name in book.CHANGES}
    monkeypatch.setattr(book, "CHANGES", four)
    calm = place(dict.fromkeys(four, 0))
    assert {found.value for found in book.unsampled(calm).found.values()} == {0}
    assert calm.runs == [tuple(four)]
    found = book.unsampled(place({"moved": 3, "renamed": 0, "unit": 0, "topic": 1})).found
    assert {key: one.value for key, one in found.items()} == {"moved": 3, "renamed": 0, "unit": 0, "topic": 1}
    assert found["moved"] == Found(3, "alone; 4 after all four")


def test_nothing_is_built_again_where_nothing_was_built(tmp_path):
    import book

    place = book.Place(tmp_path, {})
    for step in (book.again("word"), book.unsampled, book.second_clone):
        with pytest.raises(RuntimeError, match="there is no site"):
            step(place)


def test_time_of_the_fits_begins_when_they_begin():
    from workers import since

    assert since(run_of((4.0, "Looking"), (9.0, "6 of 6 fits are to be made; soon.")), "are to be made") == 91
    with pytest.raises(RuntimeError, match="did not print"):
        since(run_of((4.0, "Looking")), "are to be made")


def test_the_soak_is_told_with_its_fits_its_limit_and_its_date():
    from bench import soaked

    kept = {
        "date": "2026-11-28",
        "builds": 10,
        "builds that pass": 9,
        "whole builds that pass, 95 % lower limit": 0.606,
        "fits": 740,
        "failed": 1,
        "fits that fail, 95 % upper limit": 0.0064,
        "fits that diverge": 0,
        "fits short of draws a build, by extrapolation": 0.01,
    }
    found = soaked(kept)
    assert found.value == pytest.approx(89.1)
    assert found.note == (
        "soak of 2026-11-28: 9 of 10 builds passed, which alone shows 60.6 % at least (95 %); 1 of 740 fits failed, at "
        "most 0.64 %, 0 with divergences; short of draws, extrapolated from how many were needed, 0.01 fits a build"
    )


def test_a_soak_of_other_draws_or_of_another_gate_is_no_answer(tmp_path, monkeypatch):
    import bench

    rows = bench.soaks.published_fits()
    kept = {"date": "2026-11-28", "gate": bench.soaks.gate_of_today(), "rows": rows}
    others = {"rows": rows | {"decline": rows["decline"] | {"key of draws": "of a model that was changed since"}}}
    fewer = {"rows": {name: row for name, row in rows.items() if name != "decline"}}
    monkeypatch.setattr(bench.soaks, "KEPT", tmp_path / "soak.json")
    monkeypatch.setattr(bench, "soaked", lambda kept: "told")
    for change, refused in (({}, False), ({"gate": "another"}, True), (others, True), (fewer, True)):
        bench.soaks.KEPT.write_text(json.dumps(kept | change))
        if refused:
            with pytest.raises(RuntimeError, match="of other draws or another gate"):
                bench.soak(None)
        else:
            assert bench.soak(None).found == {"soak": "told"}


def test_a_soak_keeps_rows_that_still_hold(monkeypatch):
    import soak

    from jingjinji.core.errors import BookError

    monkeypatch.setenv("JINGJINJI_SEED", "1")
    monkeypatch.setattr(soak.fitting, "names", lambda: ["a", "b"])
    monkeypatch.setattr(soak.fitting, "key_of_findings", lambda names: dict.fromkeys(names, "key"))
    monkeypatch.setattr(soak.store, "exists", lambda kind, name, key: name == "b")
    monkeypatch.setattr(soak.world, "published_one", lambda: {"fits": {"a": {"draws": "of a"}, "b": {"draws": "of b"}}})
    monkeypatch.setattr(soak, "published_ids", lambda: {"a": {"a.x", "a.y"}, "b": {"b.x"}})
    of = soak.published_fits()
    before = {"gate": soak.gate_of_today(), "rows": {"a": of["a"] | {"short": 0.1}, "b": of["b"] | {"short": 0.2}}}
    empty, kept = soak._rows("2026-11-30", before)
    assert kept == {"a": before["rows"]["a"]}
    assert list(empty) == ["b"]
    assert empty["b"] == of["b"] | {"date": "2026-11-30", "failed": [], "draws": [], "needed": [], "checks": {},
                                    "refused": []}  # fmt: skip
    for changed in (
        {"gate": "another"},
        {"rows": {"a": of["a"] | {"key of draws": "of a model that was changed since"}}},
        {"rows": {"a": of["a"] | {"ids of findings": "of others"}}},
    ):
        with pytest.raises(BookError, match="1 fits have neither been made nor a row that still holds, such as a:"):
            soak._rows("2026-11-30", before | changed)


def test_a_soak_of_some_fits_is_reported_with_those_that_failed(monkeypatch, tmp_path):
    """Fit a keeps its row; b passed with two seeds and failed with the third. What is read off tables is no score."""
    import soak

    from jingjinji.core.findings import Findings, exact

    def said(seed: int) -> Findings:
        made = [exact("b.score", "score", 2.0 * seed, "", (), "b"), exact("b.fact", "fact", 1.0, "", ())]
        whole = {finding.id: finding for finding in made}
        return Findings(whole) if seed < 3 else Findings({}, dict.fromkeys(whole, ("words", "b")), {"b": "it failed"})

    def notes(names):
        checks = [{"name": "bulk ESS", "value": 800.0 + seed(), "limit": 400}, {"name": "divergences", "value": 0}]
        problem, state = ("", "passed") if seed() < 3 else ("3 divergences", "wrong")
        return {"b": {"problem": problem, "state": state, "count": 500, "checks": checks}}

    def seed() -> int:
        return int(os.environ["JINGJINJI_SEED"])

    monkeypatch.setenv("JINGJINJI_SEED", "1")
    monkeypatch.setenv("JINGJINJI_STORE", str(tmp_path))
    monkeypatch.setattr(soak.fitting, "names", lambda: ["a", "b"])
    monkeypatch.setattr(soak.fitting, "key_of_findings", lambda names: dict.fromkeys(names, "key"))
    monkeypatch.setattr(soak.fitting, "stored_notes", notes)
    monkeypatch.setattr(soak.fitting, "all_findings", lambda absent_too: said(seed()))
    monkeypatch.setattr(soak.fitting, "makers", lambda names: {"b.score": "b", "b.fact": "b"})
    monkeypatch.setattr(soak.store, "exists", lambda kind, name, key: name == "b" and seed() < 4)
    monkeypatch.setattr(soak.world, "published_one", lambda: {"fits": {"a": {"draws": "of a"}, "b": {"draws": "of b"}}})
    monkeypatch.setattr(soak, "published_ids", lambda: {"a": {"a.score"}, "b": {"b.score", "b.fact"}})
    shift = SimpleNamespace(id="b.score", fit="b", status=soak.verify.CHANGED)
    other = SimpleNamespace(id="a.score", fit="a", status=soak.verify.GONE)
    monkeypatch.setattr(soak.verify, "compare", lambda here, makers, with_scatter: [shift, other])
    monkeypatch.setattr(soak, "KEPT", tmp_path / "soak.json")
    monkeypatch.setattr(soak.verify, "SCATTER", tmp_path / "scatter.json")
    row = soak.published_fits()["a"] | {"failed": [], "draws": {"500": 3}, "refused": [], "needed": [400, 410, 390]}
    soak.KEPT.write_text(json.dumps({"gate": soak.gate_of_today(), "builds": 3, "rows": {"a": row}}))
    scatter = {"a.score": {"sd": 0.5, "runs": 2}, "gone.score": {"sd": 1.0, "runs": 2}}
    soak.verify.SCATTER.write_text(json.dumps({"scores": scatter}))
    made = soak.report()
    assert (made["builds"], made["builds that pass"], made["fits"], made["failed"]) == (3, 2, 6, 1)
    assert made["fits that diverge"] == 1
    assert made["findings that verify would refuse"] == 3
    scores = json.loads(soak.verify.SCATTER.read_text())["scores"]
    assert scores == {"a.score": scatter["a.score"], "b.score": {"sd": 1.414, "runs": 2}}
    rows = json.loads(soak.KEPT.read_text())["rows"]
    assert rows["a"].pop("short") < 1e-3
    assert rows["a"] == row
    assert rows["b"]["draws"] == {"500": 3}
    assert rows["b"]["needed"] == [250, 249, None]


def test_a_fit_that_needs_few_draws_is_seldom_short():
    from soak import _needed, still_short

    checks = [
        {"name": "bulk ESS", "value": 800.0, "limit": 400},
        {"name": "tail ESS", "value": 500.0, "limit": 400},
        {"name": "R-hat", "value": 1.009, "limit": 1.01},
        {"name": "R-hat of other parameters", "value": 1.019, "limit": 1.02},
        {"name": "R-hat of findings, beside what agreeing chains give", "value": 1.03, "limit": 1.02},
    ]
    assert _needed({"count": 500, "state": "passed", "checks": checks}) == pytest.approx(475)
    assert _needed({"count": 500, "state": "passed", "checks": checks[:3]}) == pytest.approx(450)
    assert _needed({"count": 500, "state": "passed", "checks": checks[:2]}) == pytest.approx(400)
    assert _needed({"count": 1500, "state": "passed", "checks": checks}) == 1000
    assert _needed({"count": 8000, "state": "short of draws", "checks": checks}) == 8000
    assert _needed({"count": 500, "state": "wrong", "checks": checks}) is None
    assert _needed({"count": 0, "state": "broken", "checks": []}) is None
    few, many, gap = still_short(
        np.array([[400.0, 420, 390, 410], [4000, 6000, 5000, 7000], [400.0, 420, np.nan, 410]])
    )
    assert few < 1e-4 < 0.01 < many < 0.9
    assert few < gap < 1e-3


def test_a_limit_of_a_share_knows_how_few_were_seen():
    from soak import _lower

    assert _lower(10, 10) == pytest.approx(0.05 ** (1 / 10), rel=1e-4)
    assert _lower(0, 10) == 0
    assert _lower(9, 10) < 0.61


def test_stations_by_the_hour_follow_the_lines_through_the_sizes():
    from growth import on_paper

    runs = {
        cities: {"gradient": 1e-5 + 1e-8 * 120 * cities, "memory": 1e9 + 1000 * 120 * cities, "draws": 100,
                 "sampling": 100 * 10 * (1e-5 + 1e-8 * 120 * cities)}
        for cities in (13, 52, 338)
    }  # fmt: skip
    words = on_paper(runs)
    assert "87.7 million values a year" in words
    assert "10 ns and 1000 bytes" in words
    assert "take 0.877 s and a fit 87.7 GB" in words
    assert "with 10 gradients a draw, as with 338 cities, a chain of 900 draws would take 0.0913 days" in words


WORKER = """
import json, sys
print("compiled", flush=True)
sys.stdin.readline()
copies = int(sys.argv[2])
if copies == 26:
    raise MemoryError("no room")
found = {"gradient": 1e-4, "memory": 1e9, "draws": 150, "sampling": 3.0, "compile": 20.0}
print(json.dumps(found))
"""


def test_one_size_that_fails_does_not_take_the_others_down(monkeypatch, tmp_path, capsys):
    import growth
    from measure import Found

    (tmp_path / "worker.py").write_text(WORKER)
    monkeypatch.setattr(growth, "__file__", str(tmp_path / "growth.py"))
    found = growth.growth(None).found
    assert found["country-338"] == "'country 26 10' failed: MemoryError: no room"
    note = "compiled in 20 s beside another, 150 draws of one chain in 3.0 s, at most 1.00 GB"
    assert [found[f"country-{cities}"] for cities in (13, 52, 104)] == 3 * [Found(100.0, note)]
    assert isinstance(found["growth"], str)
    assert growth.in_own_process("overhead", 200)["draws"] == 150


def test_every_step_measures_targets_and_every_target_has_a_step():
    from bench import BENCH, STEPS, TARGETS

    keys = [key for _, keys in STEPS.values() for key in keys]
    assert sorted([*keys, BENCH]) == sorted(TARGETS)


def test_the_report_has_a_line_for_every_target_and_counts_those_that_are_met():
    from bench import TARGETS, report
    from measure import Found, Part, is_met

    about = {"date": "2026-11-28", "commit": "abc", "cores": 2, "processor": "P", "memory": 8.0, "system": "Linux",
             "python": "3.12"}  # fmt: skip
    found = dict.fromkeys(TARGETS, "it failed") | {"store": Found(250.0), "quick": Found(200.0)}
    text = report(Part(found, "On paper.\n"), about)
    judged = sum(target.limit is not None for target in TARGETS.values())
    assert f"\n1 of {judged} targets are met.\n" in text
    assert sum(line.startswith("| ") for line in text.splitlines()) == 1 + len(TARGETS)
    assert text.endswith("\nOn paper.\n")
    assert is_met(TARGETS["quick"], found["quick"]) is False


def test_a_simulated_country_has_the_cities_and_months_asked_for():
    from larger import simulated

    from jingjinji.core import registry
    from jingjinji.topics.air import decline

    panel = simulated(copies=2, years=10)
    region = panel.region
    assert panel.pm25.shape == (120, 2 * len(decline.CITIES)) == (len(region.months), len(region.cities))
    assert len(panel.weather) == len(panel.wind_error) == len(panel.conversion) == 120
    assert panel.official.year.max() == region.years[-1] == 2022
    assert decline.data(panel).keys() == decline.data(registry.load("decline")).keys()
    assert [len(cities) for cities in region.areas.values()] == [1, 1, 22, 26, 1]


def test_rates_of_the_gate_come_from_its_own_rule():
    import gate_rates
    import numpy as np

    def outcomes(cell):
        return gate_rates.outcomes(gate_rates.Chains(cell, np.random.default_rng(1)))

    good = outcomes(gate_rates.Cell("good", others=20, slowest=0.2))
    assert good["gate"] in ("500", "1000")
    assert set(outcomes(gate_rates.Cell("modes 1:3", 6.0)).values()) == {"wrong", "failed"}
    assert outcomes(gate_rates.Cell("frozen"))["gate"] == "wrong"
    assert len(gate_rates.CELLS) == len(set(gate_rates.CELLS))


def test_an_address_that_is_still_being_written_is_waited_for(tmp_path, monkeypatch):
    import workers

    file = tmp_path / "scheduler.json"
    file.write_text('{"addr')
    monkeypatch.setattr(workers.time, "sleep", lambda seconds: file.write_text(json.dumps({"address": "tcp://a:1"})))
    assert workers.address_in(file) == "tcp://a:1"


def test_variances_of_few_seeds_are_drawn_towards_those_of_all_fits():
    """Of fits with one variance a probability is near the normal one; of fits that differ, their own counts."""
    from soak import still_short

    from jingjinji.fits import gate

    rng = np.random.default_rng(1)
    far = np.log(gate.LOOKS[-2] / 500)
    alike = still_short(np.exp(np.log(500) + 0.7 * rng.normal(size=(300, 10))))
    assert np.median(alike) == pytest.approx(scipy.stats.norm.sf(far / (0.7 * np.sqrt(1.1))), rel=0.5)
    scales = np.where(np.arange(300) % 2, 0.1, 1.1)[:, None]
    apart = still_short(np.exp(np.log(500) + scales * rng.normal(size=(300, 10))))
    assert np.median(apart[1::2]) < 1e-6 < 1e-3 < np.median(apart[::2])
    assert still_short(np.full((3, 10), 2.0 * gate.LOOKS[-2]) * np.exp(0.1 * rng.normal(size=(3, 10)))).min() > 0.9
