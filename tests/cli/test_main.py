"""The command: exit codes, one sentence for a mistake, nothing half-written."""

import io
import json
import os
import re
import subprocess
import sys
import types

import numpy as np
import pandas as pd
import pytest
from faults import copy_package, pin, put
from filelock import FileLock, Timeout
from prior_fits import environment, prior, prior_cache  # noqa: F401
from typer.testing import CliRunner

import jingjinji
from jingjinji.claims import ledger, verdicts
from jingjinji.cli import main as cli
from jingjinji.cli import rerun, wheel
from jingjinji.core import tables
from jingjinji.core.errors import BookError, FitMissing
from jingjinji.core.findings import Finding
from jingjinji.fits import cluster, drafts, fitting, verify, world
from jingjinji.sphinxext import decks
from jingjinji.teaching import notebooks


def run(*arguments):
    """The command in this process; a user's mistake is the result's exception."""
    return CliRunner().invoke(cli.app, list(arguments))


def mistake(*arguments) -> str:
    result = run(*arguments)
    assert isinstance(result.exception, BookError), result.output
    return str(result.exception)


def main(monkeypatch, capsys, *arguments) -> tuple[int, str, str]:
    """`main` as the command line calls it: exit code, output, errors."""
    monkeypatch.setattr(sys, "argv", ["jingjinji", *arguments])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    captured = capsys.readouterr()
    return stop.value.code or 0, captured.out, captured.err


def test_a_mistake_is_one_sentence_and_exit_code_1(monkeypatch, capsys, empty_cache):
    code, out, err = main(monkeypatch, capsys, "findings", "list")
    assert code == 1
    assert out == ""
    assert err.startswith("error: there is no fit 'decline' of today's code and data: run 'jingjinji fit'")
    assert err.count("\n") == 1


def test_help_names_every_command(monkeypatch, capsys):
    code, out, _ = main(monkeypatch, capsys, "--help")
    assert code == 0
    for command in ("data", "fit", "book", "slides", "judge", "predict", "findings", "verify"):
        assert command in out


def test_unknown_command_is_exit_code_2(monkeypatch, capsys):
    code, _, err = main(monkeypatch, capsys, "sample")
    assert code == 2
    assert "Traceback" not in err


def test_the_installed_command_prints_no_traceback(tmp_path):
    command = [sys.executable, "-m", "jingjinji.cli.main", "findings", "list"]
    result = subprocess.run(command, env=environment(tmp_path), capture_output=True, text=True, timeout=60)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert result.stderr.startswith("error: ")


def test_unknown_mode_is_a_mistake(monkeypatch, empty_cache):
    monkeypatch.setenv("JINGJINJI_DRAWS", "few")
    assert mistake("findings", "list") == "JINGJINJI_DRAWS is 'few': expected one of full, quick, prior"
    assert "JINGJINJI_DRAWS is 'few'" in mistake("fit")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(28, "No space left on device", "/full/file"), "make room on its disk"),
        (PermissionError(13, "Permission denied", "/closed/file"), "have JINGJINJI_CACHE name a folder"),
        (OSError(30, "Read-only file system", "/closed/file"), "have JINGJINJI_CACHE name a folder"),
    ],
)
def test_a_disk_that_is_full_or_closed_is_one_sentence_and_exit_code_1(monkeypatch, capsys, error, words):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(fitting, "missing", fail)
    code, _, err = main(monkeypatch, capsys, "fit")
    assert code == 1
    assert err.startswith(f"error: {error.filename} cannot be ")
    assert words in err
    assert err.count("\n") == 1


def test_a_cache_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("no folder")
    command = [sys.executable, "-m", "jingjinji.cli.main", "fit", "storage"]
    result = subprocess.run(command, env=environment(tmp_path / "file/cache"), capture_output=True, text=True)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert result.stderr.count("\n") == 1
    assert "have JINGJINJI_CACHE name a folder" in result.stderr


@pytest.mark.parametrize("command", [["fit"], ["fit", "--dry-run"], ["book"]])
def test_no_fit_and_no_page_is_made_of_a_table_with_a_wrong_cell_although_its_hash_matches(
    tmp_path, monkeypatch, command
):
    data = copy_package(tmp_path / "data")
    put(data, "hydrogen_zone", 2, "value", "-50")
    pin(data, "hydrogen_zone")
    monkeypatch.setattr(tables, "DATA", data)
    monkeypatch.setattr(cluster, "make", None)
    monkeypatch.setattr(fitting, "all_stored", lambda: False)
    assert mistake(*command).startswith("hydrogen_zone.csv, row 2, column 'value': found '-50', expected a number")


# --- fit --------------------------------------------------------------------------------------------------------


def test_fit_of_an_unknown_model(empty_cache):
    assert "no model 'rain'" in mistake("fit", "rain")
    assert "no variant 'rain'" in mistake("fit", "decline/rain")
    assert not (empty_cache / "fits").exists()


def test_fit_where_nothing_is_missing(prior):  # noqa: F811
    result = run("fit")
    assert result.exit_code == 0
    assert f"{len(fitting.names())} fits are up to date; nothing was sampled." in result.output


def _events():
    yield {"fit": "storage", "phase": "compiling"}
    yield {"fit": "storage", "phase": "sampling"}
    yield {"fit": "storage", "done": 10, "total": 100}
    seconds = {"compile": 20.0, "sample": 12.34, "findings": 0.5}
    yield {"fit": "storage", "phase": "stored", "problem": "", "seconds": seconds, "draws": 750, "sampled": True}


@pytest.fixture
def missing(monkeypatch):
    """Fit `storage` is missing; making it tells the events of one that passes."""
    monkeypatch.setattr(fitting, "missing", lambda wanted=(), **_: {"storage": "key"})
    monkeypatch.setattr(fitting, "problem_of", lambda name, key: None)

    def make(wanted, report, **options):
        for event in _events():
            report(event)
        return {"storage": "stored"}

    monkeypatch.setattr(cluster, "sample_missing", make)


def test_fit_tells_how_many_of_how_many_and_what_took_how_long(missing):
    result = run("fit", "storage")
    assert result.exit_code == 0
    first, second, *rest = result.output.splitlines()
    assert first == "Looking which fits are stored ..."
    assert second.startswith("1 of 1 fits are to be made; about ")
    assert rest[0] == "[1/1] storage passed after 750 draws a chain, 12.3 s; nothing is left"
    assert [line.split() for line in rest[1:4]] == [
        ["seconds", "compiling", "sampling", "findings"],
        ["storage", "20.0", "12.3", "0.5"],
        ["all", "20.0", "12.3", "0.5"],
    ]
    assert rest[4].startswith("1 of 1 fits were made in ")


@pytest.mark.parametrize("short", [True, False])
def test_a_fit_that_does_not_pass_ends_in_a_sentence_with_the_way_on(missing, monkeypatch, short):
    monkeypatch.setattr(fitting, "problem_of", lambda name, key: "R-hat is 1.2 at level, the gate asks 1.1")
    monkeypatch.setattr(fitting, "may_go_on", lambda name, key: short)
    monkeypatch.setattr(fitting, "broken", lambda name, key: False)
    words = mistake("fit", "storage")
    assert words.startswith("fit 'storage' is not published: R-hat is 1.2 at level, the gate asks 1.1")
    assert ("'jingjinji fit storage --further'" in words) is short
    assert "JINGJINJI_SEED=1 make book" in words


def test_a_fit_that_ended_with_an_error_is_not_told_to_try_other_seeds(missing, monkeypatch):
    monkeypatch.setattr(fitting, "problem_of", lambda name, key: "it ended with ZeroDivisionError: division by zero")
    monkeypatch.setattr(fitting, "may_go_on", lambda name, key: False)
    monkeypatch.setattr(fitting, "broken", lambda name, key: True)
    words = mistake("fit", "storage")
    assert "JINGJINJI_SEED" not in words
    assert words.endswith("where a fit ends so once more mend what its sentence names")


def test_quick_is_told_to_the_sampler(monkeypatch):
    monkeypatch.setenv("JINGJINJI_DRAWS", "full")
    seen = []
    monkeypatch.setattr(fitting, "missing", lambda wanted=(), **_: {})
    monkeypatch.setattr(fitting, "problem_of", lambda name, key: None)
    monkeypatch.setattr(cluster, "sample_missing", lambda *_, **__: seen.append(fitting.mode()) or {})
    run("fit", "--quick")
    assert seen == ["quick"]


def test_a_shared_store_is_never_pruned(monkeypatch, tmp_path):
    monkeypatch.setenv("JINGJINJI_STORE", str(tmp_path))
    monkeypatch.delenv("JINGJINJI_DRAWS", raising=False)
    assert "other copies of the book use the store" in mistake("fit", "--prune")


def test_a_scheduler_that_is_not_there(empty_cache, monkeypatch):
    monkeypatch.setattr(cluster, "ANSWER_SECONDS", 0.5)
    words = mistake("fit", "storage", "--scheduler", "tcp://127.0.0.1:9")
    assert words == "no dask scheduler answers at tcp://127.0.0.1:9: start one, or leave --scheduler out"


# --- book -------------------------------------------------------------------------------------------------------


@pytest.fixture
def steps(monkeypatch, tmp_path) -> list:
    """What a command samples, with which draws, and what it has built; in a folder that no other run builds in."""
    monkeypatch.setenv("JINGJINJI_DRAWS", "full")
    monkeypatch.setattr(jingjinji, "PROJECT", tmp_path)
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: index\n", "utf-8")
    (tmp_path / "_config.yml").write_text("title: A book\n", "utf-8")
    (tmp_path / "index.md").write_text("# A book\n", "utf-8")
    steps = []

    def build(arguments, prog_name, standalone_mode=True):
        """As commands of click do, which ends the process where it stands alone."""
        steps.append(arguments)
        if standalone_mode:
            raise SystemExit(0)

    monkeypatch.setattr(wheel, "offer", lambda site, edition: None)
    monkeypatch.setattr(fitting, "missing", lambda wanted=(), **_: {})
    monkeypatch.setattr(fitting, "all_stored", lambda: True)
    monkeypatch.setattr(fitting, "problem_of", lambda name, key: None)
    monkeypatch.setattr(cluster, "sample_missing", lambda *_, **__: steps.append(fitting.mode()) or {})
    monkeypatch.setitem(sys.modules, "jupyter_book.cli.main", types.SimpleNamespace(main=build))
    return steps


def test_book_samples_what_is_missing_and_then_builds_with_warnings_as_errors(steps):
    assert run("book").exit_code == 0
    draws, arguments = steps
    assert draws == "full"
    assert arguments[:2] == ["build", str(jingjinji.PROJECT / "_build/source")]
    assert {"--warningiserror", "--nitpick", "--keep-going"} <= set(arguments)
    assert arguments[-2:] == ["--path-output", str(jingjinji.PROJECT)]


def test_quick_book_never_touches_the_publishable_one(steps):
    run("book", "--quick")
    draws, arguments = steps
    assert draws == "quick"
    assert arguments[-2:] == ["--path-output", str(jingjinji.PROJECT / "_build/quick")]


@pytest.mark.parametrize(
    ("options", "folder"),
    [
        (["--edition", "student"], "student"),
        (["--edition", "instructor"], "instructor"),
        (["--edition", "student", "--quick"], "student-quick"),
    ],
)
def test_an_edition_is_built_in_a_folder_of_its_own(steps, monkeypatch, options, folder):
    written = []
    monkeypatch.setattr(notebooks, "write", lambda project, place, edition: written.append((place, edition)))
    assert run("book", *options).exit_code == 0
    out = jingjinji.PROJECT / "_build" / folder
    assert steps[1][:2] == ["build", str(out / "_build/source")]
    assert steps[1][-2:] == ["--path-output", str(out)]
    assert written == [(out / "notebooks", options[1])]


def test_an_unknown_edition_is_a_mistake(steps):
    assert mistake("book", "--edition", "pupil") == (
        "--edition is 'pupil': expected one of reader, student, instructor"
    )
    assert steps == []


def test_a_faulty_exercise_stops_the_book_before_anything_is_sampled(steps):
    (jingjinji.PROJECT / "index.md").write_text("# A book\n\n:::{dropdown} Solution\nIt is.\n", "utf-8")
    assert mistake("book").startswith("index.md, line 3: the part that ':::' opens is not closed")
    assert steps == []


def test_a_book_with_a_hole_is_built_and_ends_in_an_error(steps, monkeypatch):
    monkeypatch.setattr(fitting, "problem_of", lambda name, key: "short" if name == "storage" else None)
    monkeypatch.setattr(fitting, "may_go_on", lambda name, key: False)
    monkeypatch.setattr(fitting, "broken", lambda name, key: False)
    words = mistake("book")
    assert "_build/html, with a hole: fit 'storage' is not published: short" in words
    assert len(steps) == 2


def test_book_is_not_built_where_fits_are_missing(steps, monkeypatch):
    def fail(*_, **__):
        raise BookError("storage: the table is wrong")

    monkeypatch.setattr(cluster, "sample_missing", fail)
    monkeypatch.setattr(fitting, "all_stored", lambda: False)
    assert mistake("book") == "storage: the table is wrong"
    assert steps == []


def test_a_failed_build_is_one_sentence(steps, monkeypatch):
    def fail(arguments, prog_name, standalone_mode=True):
        raise RuntimeError("There was an error in building your book.")

    monkeypatch.setattr(sys.modules["jupyter_book.cli.main"], "main", fail)
    assert mistake("book") == "the site was not built: the reason stands above"


HOLDER = """
import sys
from pathlib import Path
from jingjinji.cli import main
lock = main._lock_of_site(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_of_two_builds_of_one_site_the_second_waits_also_for_one_that_is_killed(tmp_path, monkeypatch):
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    said = []

    def told(words, **_):
        said.append(words)
        holder.kill()

    try:
        assert holder.stdout.readline() == "held\n"
        monkeypatch.setattr(cli, "print", told, raising=False)
        cli._lock_of_site(tmp_path).release()
    finally:
        holder.kill()
        holder.communicate()
    assert said == ["Another run is building this site: waiting until it has ended ..."]


def test_a_build_holds_the_lock_of_its_site_and_gives_it_back(steps, tmp_path, monkeypatch):
    held = []

    def build(arguments, prog_name, standalone_mode=True):
        with pytest.raises(Timeout):
            FileLock(tmp_path / "_build/.lock").acquire(blocking=False)
        held.append(True)
        raise RuntimeError("There was an error in building your book.")

    monkeypatch.setattr(sys.modules["jupyter_book.cli.main"], "main", build)
    assert mistake("book") == "the site was not built: the reason stands above"
    assert held == [True]
    FileLock(tmp_path / "_build/.lock").acquire(blocking=False).lock.release()  # raises where it is held


# --- predict ----------------------------------------------------------------------------------------------------


def test_predict(prior, tmp_path):  # noqa: F811
    out = tmp_path / "predicted.csv"
    result = run("predict", "decline", "--months", "2021-01:2021-02", "--years", "2021:2024", "--out", str(out))
    assert result.exit_code == 0
    table = pd.read_csv(out)
    assert table.columns.tolist() == ["area", "period", "mean", "sd", "q03", "q25", "q50", "q75", "q97"]
    assert len(table) == 2 * 13 + 4 * 14
    assert result.output.strip() == f"{len(table)} rows written to {out}"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rain", "--years", "2021:2022"], "model 'rain' does not predict concentrations: expected decline"),
        (["heavy_days", "--years", "2021:2022"], "expected decline"),
        (["decline"], "nothing to predict: give --months FIRST:LAST or --years FIRST:LAST"),
        (["decline", "--years", "2021"], "'2021' is not a span: expected FIRST:LAST"),
        (["decline", "--years", "2022:2021"], "FIRST not after LAST"),
        (["decline", "--years", "2021:later"], "--years is '2021:later': expected FIRST:LAST in whole years"),
        (["decline", "--years", "²:³"], "--years is '²:³': expected FIRST:LAST in whole years"),
        (["decline", "--years", "٢٠٢١:٢٠٢٢"], "expected FIRST:LAST in whole years"),
        (["decline", "--years", f"{'1' * 5000}:{'2' * 5000}"], "expected FIRST:LAST in whole years"),
        (["decline", "--years", "2021:2025"], "year 2025 is outside the model: it knows 2013 to 2024"),
        (["decline", "--years", "2012:2014"], "year 2012 is outside"),
        (["decline", "--months", "2021-01:"], "is not a span"),
        (["decline", "--months", "2021-02:2021-01"], "FIRST not after LAST"),
        (["decline", "--months", "2021:2022"], "'2021' is not a month: write it as YYYY-MM"),
        (["decline", "--months", "2021-00:2021-05"], "'2021-00' is not a month"),
        (["decline", "--months", "2024-11:2025-02"], "month 2025-02 is outside the model: it knows 2013-01 to 2024-12"),
        (["decline", "--years", "2021:2022", "--months", "1999-01:2021-01"], "month 1999-01 is outside"),
    ],
)
def test_predict_refuses_and_writes_nothing(prior, tmp_path, arguments, words):  # noqa: F811
    assert words in mistake("predict", *arguments, "--out", str(tmp_path / "out.csv"))
    assert list(tmp_path.iterdir()) == []


def test_predict_without_a_fit_names_the_command(empty_cache, tmp_path):
    result = run("predict", "decline", "--years", "2021:2022", "--out", str(tmp_path / "out.csv"))
    assert isinstance(result.exception, FitMissing)
    assert list(tmp_path.iterdir()) in ([], [empty_cache])


def test_predict_needs_an_out(tmp_path):
    assert run("predict", "decline", "--years", "2021:2022").exit_code == 2


def test_predict_into_a_folder_that_is_not_there(prior, tmp_path):  # noqa: F811
    words = mistake("predict", "decline", "--years", "2021:2022", "--out", str(tmp_path / "no/out.csv"))
    assert "no/out.csv cannot be written" in words
    assert list(tmp_path.iterdir()) == []


def test_predict_onto_a_folder_leaves_nothing_behind(prior, tmp_path):  # noqa: F811
    (tmp_path / "out.csv").mkdir()
    words = mistake("predict", "decline", "--years", "2021:2022", "--out", str(tmp_path / "out.csv"))
    assert "cannot be written" in words
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_predict_leaves_a_link_where_it_is(prior, tmp_path):  # noqa: F811
    (tmp_path / "link.csv").symlink_to("behind.csv")
    assert run("predict", "decline", "--years", "2021:2022", "--out", str(tmp_path / "link.csv")).exit_code == 0
    assert (tmp_path / "link.csv").is_symlink()
    assert len(pd.read_csv(tmp_path / "behind.csv")) == 28


def test_predict_that_breaks_off_keeps_the_file_before(prior, tmp_path, monkeypatch):  # noqa: F811
    out = tmp_path / "out.csv"
    out.write_text("before")

    def full_disk(file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    words = mistake("predict", "decline", "--years", "2021:2022", "--out", str(out))
    assert "No space left on device" in words
    assert out.read_text() == "before"
    assert list(tmp_path.iterdir()) == [out]


def test_prune_is_refused_with_other_seeds(monkeypatch):
    monkeypatch.setenv("JINGJINJI_SEED", "1")
    monkeypatch.setattr(fitting, "missing", lambda wanted=(), **_: {})
    monkeypatch.setattr(fitting, "prune", lambda wanted: 0)
    assert "--prune with JINGJINJI_SEED would have the fits of the book's own seeds removed" in mistake(
        "fit", "--prune"
    )


@pytest.mark.parametrize("address", ["localhost", "tcp://127.0.0.1", "http://127.0.0.1:9", "tcp://HOST:PORT"])
def test_what_is_no_address_of_a_scheduler_is_said_to_be_none(empty_cache, address):
    words = mistake("fit", "storage", "--scheduler", address)
    assert words == f"'{address}' is no address of a dask scheduler: expected tcp://HOST:PORT"


# --- findings and verify ----------------------------------------------------------------------------------------


def test_findings_list(prior, monkeypatch):  # noqa: F811
    monkeypatch.setenv("COLUMNS", "400")
    some = dict(list(fitting.all_findings().items())[::100])
    monkeypatch.setattr(fitting, "all_findings", lambda: some)
    result = run("findings", "list")
    assert result.exit_code == 0
    for id, finding in some.items():
        assert id in result.output
        assert finding.value_text in result.output


def test_findings_list_takes_words_and_prints_csv(prior, monkeypatch):  # noqa: F811
    found = fitting.all_findings()
    table = pd.read_csv(io.StringIO(run("findings", "list", "Heavy", "halved", "--csv").output))
    assert set(table.id) == {id for id in found if id.startswith("heavy.") and ".halved" in id}
    assert {"mean", "hdi_low", "mcse_mean", "code"} <= set(table.columns)
    assert run("findings", "list", "no such words").output.endswith("\n0 findings\n")


def test_findings_show_prints_all_of_one(prior):  # noqa: F811
    result = run("findings", "show", "heavy.beijing.change")
    assert result.exit_code == 0
    assert "id: heavy.beijing.change\nlabel: change of the expected heavy-pollution days" in result.output
    assert "\nmodel: heavy_days\n" in result.output
    assert "the nearest known are heavy.beijing.change" in mistake("findings", "show", "heavy.beijing.chang")


def test_accept_refuses_draft_draws(prior, published_apart):  # noqa: F811
    assert "draft draws are never published" in mistake("accept", "--reason", "none")
    assert list(published_apart.iterdir()) == [rerun.CHANGELOG]


@pytest.fixture
def published_apart(monkeypatch, tmp_path):
    """Two fits and two claims, published in a folder apart."""
    monkeypatch.setattr(verify, "REFERENCE", tmp_path / "reference.json")
    monkeypatch.setattr(world, "MADE_WITH", tmp_path / "made_with.json")
    monkeypatch.setattr(cluster, "COSTS", tmp_path / "costs.json")
    monkeypatch.setattr(verdicts, "PUBLISHED", tmp_path / "verdicts.json")
    monkeypatch.setattr(rerun, "REPORT", tmp_path / "report")
    monkeypatch.setattr(rerun, "CHANGELOG", tmp_path / "CHANGELOG.md")
    rerun.CHANGELOG.write_text("## [Unreleased]\n")
    names = fitting.names
    monkeypatch.setattr(fitting, "names", lambda topics=("heavy_days", "storage"): names(topics))
    claims = ledger.load().query("id in ('C014', 'C037')")
    monkeypatch.setattr(ledger, "load", lambda: claims)
    monkeypatch.setattr(drafts, "keep", lambda: drafts.KEPT.write_bytes(b"kept"))
    monkeypatch.setattr(drafts, "KEPT", tmp_path / "drafts.zip")
    return tmp_path


def test_verify_exit_codes(prior, published_apart, monkeypatch, capsys):  # noqa: F811
    code, _, err = main(monkeypatch, capsys, "verify")
    assert (code, err.count("\n")) == (1, 1)
    assert "reference.json is missing" in err
    monkeypatch.setattr(fitting, "draft", lambda: False)
    assert run("accept", "--reason", "the first").exit_code == 0
    assert drafts.KEPT.read_bytes() == b"kept"
    result = run("verify")
    assert result.exit_code == 0
    assert re.search(r"(\d+) findings beside reference.json: \1 same\.", result.output)
    assert "2 verdicts beside verdicts.json: 2 same." in result.output
    assert (rerun.REPORT / "index.html").exists()
    rows = json.loads(verify.REFERENCE.read_text())
    id = next(id for id, row in rows.items() if row["fit"] == "storage" and row["mcse"])
    verify.REFERENCE.write_text(json.dumps(rows | {id: rows[id] | {"mean": rows[id]["mean"] + 99 * rows[id]["mcse"]}}))
    assert mistake("verify") == f"1 findings differ from reference.json: {id}"
    assert mistake("verify", "storage") == f"1 findings differ from reference.json: {id}"
    assert run("verify", "heavy_days").exit_code == 0


def test_a_report_that_cannot_be_written_is_one_sentence(prior, published_apart, monkeypatch):  # noqa: F811
    monkeypatch.setattr(fitting, "draft", lambda: False)
    run("accept", "--reason", "the first")
    rerun.REPORT.write_text("a file in its place")
    assert "does not take the report" in mistake("verify")


def test_data_commands_are_mounted():
    result = run("data", "list")
    assert result.exit_code == 0
    assert "pm25_city_month" in result.output


def test_prune_with_draft_draws_removes_nothing(empty_cache, monkeypatch):
    monkeypatch.setenv("JINGJINJI_DRAWS", "full")
    assert "draft draws would have the full fits removed" in mistake("fit", "--quick", "--prune")
    assert not (empty_cache / "fits").exists()


def test_weigh_refuses_a_model_without_a_headline():
    said = mistake("weigh", "storage")
    assert said.startswith("model 'storage' carries no headline of the conclusions: expected of decline, heavy_days, ")


def test_weigh_takes_a_model_for_its_fits_and_never_drafts(monkeypatch):
    from jingjinji.fits import weighing

    monkeypatch.setattr(weighing, "run", lambda fit, asked: f"{fit}: {', '.join(asked)}")
    assert run("weigh", "carbon", "miyun").output.splitlines() == [
        "carbon/without-totals: carbon.wider@without-totals", "miyun: miyun.gubeikou.tn.winter",
    ]  # fmt: skip
    monkeypatch.setattr(weighing, "old", lambda asked: ["heavy_days"])
    assert run("weigh").output == "heavy_days: heavy.beijing.halved\n"
    monkeypatch.setenv("JINGJINJI_DRAWS", "quick")
    assert "unset JINGJINJI_DRAWS" in mistake("weigh", "miyun")


def test_judge_prints_each_part_what_was_read_and_the_verdict(monkeypatch):
    fell = Finding("a.fell", "fell", np.arange(-70.0, -50.0)[None], "%", "toy", ())
    asked = []
    monkeypatch.setattr(cli, "_findings_behind", lambda ids: asked.append(ids) or {"a.fell": fell})
    result = run("judge", "P(a.fell < 0) > 0.9; P(a.fell < -60) > 0.9")
    assert result.exit_code == 0, result.output
    assert asked == [["a.fell"]]
    lines = result.output.splitlines()
    assert lines[-1] == "verdict: supported in part"
    assert [line for line in lines if line.startswith("read a.fell: ")]
    assert [word for word in ("holds", "open") if word not in result.output] == []
    assert run("judge", "P(a.fell < -54) > 0.9", "--level", "0.7").output.endswith("verdict: supported\n")


def test_judge_refuses_what_is_no_rule_in_one_sentence(monkeypatch):
    monkeypatch.setattr(cli, "_findings_behind", lambda ids: {})
    assert "compares nothing" in mistake("judge", "a.fell")
    assert "there is no claim 'C999'" in mistake("judge", "C999")
    assert "there is no finding 'a.fell'" in mistake("judge", "P(a.fell < 0) > 0.9")


def test_judge_loads_the_fits_behind_a_rule_alone_and_all_where_they_are_not_known(monkeypatch):
    fell = Finding("pm25.decline.beijing", "fell", np.ones((1, 4)), "%", "decline", ())
    loaded = []
    monkeypatch.setattr(fitting, "load_findings", lambda name: loaded.append(name) or {fell.id: fell})
    monkeypatch.setattr(fitting, "all_findings", lambda: {"all": fell})
    assert cli._findings_behind([fell.id]) == {fell.id: fell}
    assert loaded == ["decline"]
    assert cli._findings_behind([fell.id, "a.stranger"]) == {"all": fell}


def test_slides_of_a_book_with_a_hole_are_made_and_the_command_fails(monkeypatch, tmp_path):
    monkeypatch.setattr(jingjinji, "PROJECT", tmp_path)
    monkeypatch.setattr(jingjinji, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(cli, "_make_fits", lambda quick: BookError("fit 'decline' is not published"))
    made = []
    monkeypatch.setattr(decks, "build", lambda out: made.append(out) or [out / "lesson-1.html"])
    assert "the slides stand in" in mistake("slides", "--quick")
    assert made == [tmp_path / "_build/quick/_build/slides"]
