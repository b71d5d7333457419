"""A rerun beside the published findings: one constant of one model is altered in a copy, and exactly that is told."""

import json
import re
import shutil
from pathlib import Path

import pytest
from prior_fits import once
from toy_project import ToyProject
from typer.testing import CliRunner

from jingjinji.claims import verdicts
from jingjinji.cli import main as cli
from jingjinji.cli import rerun
from jingjinji.core.errors import BookError
from jingjinji.fits import fitting, verify

PROJECT = Path(__file__).parents[2]
MODEL, VARIANT = "topics/november/donors.py", "apec_donors/near-donors"
CONSTANT = ('NEAR = ("Northeast", "Northwest")', 'NEAR = ("Southwest", "South")')
"""Of the model, as it is and as it is altered: the donors of one variant."""
CLAIMS = {
    "C001": "P(apec.donors.beijing.ban.below@near-donors) > 0.9",
    "C002": "mean(apec.donors.beijing.ban.counterfactual@near-donors) > 110",
    "C003": "P(apec.donors.beijing.ban.below@to-september) > 0.5",
}
"""Claims of the copy -> rules."""
OTHER = "apec_donors/to-september"


@pytest.fixture(scope="module")
def said(tmp_path_factory) -> dict:
    """A copy of the book with one cheap model: published, sampled with other seeds, altered, and with a hole."""
    return json.loads((once(tmp_path_factory, "reruns", _rerun) / "said.json").read_text())


def _rerun(folder: Path) -> None:
    project = _copy(folder / "project")
    said = {"fit": _run(project, "fit", "apec_donors"), "accept": _run(project, "accept", "--reason", "first ones")}
    said |= {"changelog": (project.root / "CHANGELOG.md").read_text(), "made with": _kept(project, "made_with")}
    said["same"] = _verified(project)
    said["before"] = _stored(project)
    said["fresh"] = _verified(project, "--fresh", OTHER)
    said["after"], said["apart"] = _stored(project), sorted(_names(project.cache / "fresh/findings"))
    model = project.code / MODEL
    text = model.read_text("utf-8")
    assert text.count(CONSTANT[0]) == 1
    model.write_text(text.replace(*CONSTANT), "utf-8")
    said["altered fit"] = _run(project, "fit")
    said["altered"] = _verified(project)
    for entry in (project.cache / "fits/findings").glob(f"{OTHER.replace('/', '~')}-*"):
        shutil.rmtree(entry)
    said["absent"] = _verified(project)
    (folder / "said.json").write_text(json.dumps(said))


def _copy(root: Path) -> ToyProject:
    """The project with three fits of the model of synthetic twins alone, no facts, and three claims about it."""
    for name in ("src/jingjinji", "data"):
        shutil.copytree(PROJECT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "requirements.lock", root)
    (root / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A book.\n", "utf-8")
    (root / "results").mkdir()
    code = root / "src/jingjinji"
    registry = (code / "core/registry.py").read_text("utf-8")
    registry = re.sub(r"PLACES = {[^}]*}", 'PLACES = {"apec_donors": "november.donors"}', registry)
    registry = re.sub(r"\nFACTS = \([^)]*\)", "\nFACTS = ()", registry)
    (code / "core/registry.py").write_text(registry, "utf-8")
    with (code / MODEL).open("a", encoding="utf-8") as model:
        model.write(f"VARIANTS = {{name: VARIANTS[name] for name in {[_variant(VARIANT), _variant(OTHER)]}}}\n")
    ledger = (code / "claims/ledger.py").read_text("utf-8")
    begin = 'rows = tables.load("claims").fillna("")\n'
    assert ledger.count(begin) == 1
    some = f'    rules_of = {CLAIMS!r}\n    rows = rows[rows["id"].isin(list(rules_of))]\n'
    some += '    rows = rows.assign(rule=rows["id"].map(rules_of), found="", against="")\n'
    (code / "claims/ledger.py").write_text(ledger.replace(begin, begin + some), "utf-8")
    return ToyProject(root)


def _variant(fit: str) -> str:
    return fit.partition("/")[2]


def _run(project: ToyProject, *arguments: str) -> list:
    process = project.start(*arguments, JINGJINJI_DRAWS="full", COLUMNS="200")
    out, err = process.communicate(timeout=600)
    return [process.returncode, out, err]


def _verified(project: ToyProject, *arguments: str) -> dict:
    said = _run(project, "verify", *arguments)
    folder = project.root / "_build/verify"
    report = json.loads((folder / "index.json").read_text("utf-8"))
    return {"said": said, "report": report, "page": (folder / "index.html").read_text("utf-8")}


def _kept(project: ToyProject, name: str):
    return json.loads((project.root / f"results/{name}.json").read_text("utf-8"))


def _stored(project: ToyProject) -> list[str]:
    return sorted(_names(project.cache / "fits/findings"))


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.glob("[!.]*")]


def _status(verified: dict, *wanted: str, kind: str = "findings") -> list[str]:
    return sorted(row["id"] for row in verified["report"][kind] if row["status"] in wanted)


def test_what_is_accepted_is_the_same_when_it_is_looked_at_again(said):
    assert [said[step][0] for step in ("fit", "accept")] == [0, 0], (said["fit"], said["accept"])
    code, out, err = said["same"]["said"]
    assert (code, err) == (0, "")
    assert "3 verdicts beside verdicts.json: 3 same." in out
    assert _status(said["same"], "same") == sorted(row["id"] for row in said["same"]["report"]["findings"])
    assert said["same"]["report"]["differences"] == {}


def test_the_reason_is_kept_in_the_changelog(said):
    assert re.search(
        r"## \[Unreleased\]\n\n### Findings accepted\n\n- \d{4}-\d\d-\d\d: first ones\n\n### Added\n\n- A book\.\n$",
        said["changelog"],
    )


def test_what_made_the_reference_is_kept_with_it(said):
    made = said["made with"]
    assert made["versions"]["pymc"]
    assert made["machine"]["cores"] >= 1
    assert made["sources"].keys() >= {"data/city_week.csv", f"jingjinji/{MODEL}", "jingjinji/fits/gate.py"}
    assert {"jingjinji/claims/rules.py", "data/claims.csv"} <= made["sources"].keys()
    assert set(made["fits"]) == {"apec_donors", VARIANT, OTHER}
    assert all(re.fullmatch(r"[0-9a-f]{20}", fit["draws"]) and fit["count"] >= 500 for fit in made["fits"].values())


def test_fresh_draws_of_a_fit_with_other_seeds_are_noise_and_kept_apart(said):
    code, out, err = said["fresh"]["said"]
    assert (code, err) == (0, ""), out
    rows = said["fresh"]["report"]["findings"]
    assert {row["fit"] for row in rows} == {OTHER}
    assert {row["status"] for row in rows if "low" in row["here"]} == {"noise"}
    assert said["before"] == said["after"]
    assert [name.rpartition("-")[0] for name in said["apart"]] == [OTHER.replace("/", "~")]
    differences = said["fresh"]["report"]["differences"]
    assert differences["run"] == ["JINGJINJI_SEED was 0, is 1"]
    assert differences["draws"][0].startswith("0 of 1 fits have the published draws")
    assert not {"tables", "code", "versions", "machine"} & differences.keys()


def test_exactly_what_moved_is_named(said):
    """One variant has other donors: all that it draws moves, and nothing of the other fits does."""
    assert said["altered fit"][0] == 0
    assert said["altered fit"][1].count("passed after") == 1, "only the variant is sampled"
    altered = said["altered"]
    assert _status(altered, "changed") == [
        f"apec.donors.beijing.ban.{what}@near-donors" for what in ("below", "counterfactual", "difference", "effect")
    ]
    others = [row for row in altered["report"]["findings"] if row["fit"] != VARIANT]
    assert {row["status"] for row in others} == {"same"}
    scores = _status(altered, "not judged")
    assert scores
    assert all(id.endswith("@near-donors") for id in scores), "nobody knows how much these scatter"
    code, _, err = altered["said"]
    assert code == 1
    assert err.startswith("error: 4 findings differ from reference.json: apec.donors.beijing.ban.")
    assert "1 verdicts differ from verdicts.json: C002" in err


def test_the_verdict_that_moved_is_named_with_what_it_read(said):
    rows = {row["id"]: row for row in said["altered"]["report"]["verdicts"]}
    assert {id: row["status"] for id, row in rows.items()} == {"C001": "same", "C002": "changed", "C003": "same"}
    assert rows["C002"]["why"].startswith("apec.donors.beijing.ban.counterfactual@near-donors was ")


def test_the_report_says_in_what_the_two_worlds_differ(said):
    report = said["altered"]["report"]
    assert report["differences"]["code"] == [f"jingjinji/{MODEL}"]
    assert report["differences"]["draws"] == [
        f"2 of 3 fits have the published draws, to the bit; others have {VARIANT}"
    ]
    assert set(report["differences"]) == {"code", "draws"}
    assert {row["because"] for row in report["findings"] if row["status"] == "changed"} == {f"jingjinji/{MODEL}"}


def test_the_largest_shift_comes_first_and_is_drawn(said):
    rows = said["altered"]["report"]["findings"]
    shifts = [row["errors"] for row in rows if row["status"] == "changed"]
    assert shifts == sorted(shifts, reverse=True)
    assert [row["status"] for row in rows[:4]] == ["changed"] * 4
    first = said["altered"]["page"].partition("<h2>Findings</h2>")[2].partition("<svg")[2].partition("</svg>")[0]
    assert [first.count(part) for part in ('<line class="published"', '<line class="here"')] == [1, 1]


def test_what_can_be_compared_is_compared_without_one_fit(said):
    absent = said["absent"]
    assert {row["fit"] for row in absent["report"]["findings"] if row["status"] == "not compared"} == {OTHER}
    assert _status(absent, "changed") == _status(said["altered"], "changed")
    assert f"fit '{OTHER}' was not compared: there is no fit '{OTHER}' of today's code and data" in absent["said"][2]
    verdicts = {row["id"]: row["status"] for row in absent["report"]["verdicts"]}
    assert verdicts == {"C001": "same", "C002": "changed", "C003": "not compared"}


# --- without sampling -------------------------------------------------------------------------------------------


def test_a_reason_is_put_below_those_before():
    changelog = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A.\n\n## [1.0]\n\n### Findings accepted\n\n- old\n"
    once = rerun.with_entry(changelog, "- one\n")
    assert once.startswith("# Changelog\n\n## [Unreleased]\n\n### Findings accepted\n\n- one\n\n### Added\n\n- A.\n")
    twice = rerun.with_entry(once, "- two\n")
    assert "### Findings accepted\n\n- two\n- one\n\n### Added" in twice
    assert twice.endswith("## [1.0]\n\n### Findings accepted\n\n- old\n")


@pytest.mark.parametrize(("below", "kept"), [
    ("### Findings accepted\n- old\n", "### Findings accepted\n\n- new\n- old\n"),
    ("\n### Findings accepted\n### Added\n", "\n### Findings accepted\n\n- new\n\n### Added\n"),
    ("\n### Findings accepted\n", "\n### Findings accepted\n\n- new\n"),
    ("## [1.0]\n### Findings accepted\n- old\n",
     "\n### Findings accepted\n\n- new\n\n## [1.0]\n### Findings accepted\n- old\n"),
])  # fmt: skip
def test_no_blank_line_loses_a_reason(below, kept):
    assert rerun.with_entry(f"# Changelog\n\n{rerun.PLACE}{below}", "- new\n") == (
        f"# Changelog\n\n{rerun.PLACE}{kept}"
    )


class Killed(BaseException):
    """What a process is told that is killed: no command catches it."""


@pytest.fixture
def accepting(monkeypatch, tmp_path):
    """`accept` of a changelog and a reference apart, with nothing but what `verify.publish` does."""
    monkeypatch.setattr(rerun, "CHANGELOG", tmp_path / "CHANGELOG.md")
    monkeypatch.setattr(rerun, "_differing", lambda: "")
    monkeypatch.setattr(verify, "REFERENCE", tmp_path / "reference.json")
    monkeypatch.setattr(fitting, "all_findings", lambda: {})
    monkeypatch.setattr(verdicts, "judged", lambda found: {})
    rerun.CHANGELOG.write_text(rerun.PLACE)

    def accept(error: BaseException, written: bool) -> str:
        def publish():
            if written:
                verify.REFERENCE.write_text("{}")
            raise error

        monkeypatch.setattr(verify, "publish", publish)
        with pytest.raises(type(error)):
            rerun.accept("because")
        return rerun.CHANGELOG.read_text()

    return accept


@pytest.mark.parametrize("written", [True, False])
def test_a_run_that_is_killed_leaves_no_reference_without_its_reason(accepting, written):
    assert ": because\n" in accepting(Killed(), written)


def test_a_reference_that_is_refused_leaves_no_reason(accepting):
    assert accepting(BookError("draft draws"), written=False) == rerun.PLACE


def test_a_reference_that_was_written_before_an_error_keeps_its_reason(accepting):
    assert ": because\n" in accepting(BookError("the disk is full"), written=True)


def test_a_reference_without_a_reason_is_not_accepted(monkeypatch, tmp_path):
    monkeypatch.setattr(verify, "publish", lambda: pytest.fail("nothing may be written"))
    result = CliRunner().invoke(cli.app, ["accept", "--reason", "  "])
    assert isinstance(result.exception, BookError)
    assert "needs a reason" in str(result.exception)
    monkeypatch.setattr(rerun, "CHANGELOG", tmp_path / "CHANGELOG.md")
    rerun.CHANGELOG.write_text("# Changelog\n")
    result = CliRunner().invoke(cli.app, ["accept"], input="because\n")
    assert "has no line '## [Unreleased]'" in str(result.exception)


def test_fresh_seeds_are_put_back(monkeypatch):
    monkeypatch.delenv("JINGJINJI_SEED", raising=False)
    with rerun.other_seeds():
        assert fitting.shift() == 1
    assert fitting.shift() == 0
    monkeypatch.setenv("JINGJINJI_SEED", "7")
    with rerun.other_seeds():
        assert fitting.shift() == 7
