"""A rerun against the published findings: Monte Carlo noise passes, a changed finding does not."""

import json
import math

import numpy as np
import pytest
from scipy import signal, stats

from jingjinji.core.errors import BookError
from jingjinji.core.findings import Finding, Findings, exact
from jingjinji.fits import cluster, fitting, verify, world

IDS = [f"pm25.some.{k}" for k in range(40)]
WORLD = {"date": "2026-11-29"}


def run(seed: int, shift: dict[str, float] | None = None) -> dict[str, Finding]:
    """Findings of one run: normal quantities of many scales, a probability, an exact one."""
    rng = np.random.default_rng(seed)
    made = {}
    for k, id in enumerate(IDS):
        scale = 10.0 ** (k % 5 - 2)
        draws = scale * (k + rng.normal(size=(4, 500))) + (shift or {}).get(id, 0.0)
        made[id] = Finding(id, "some", draws, "%", "decline", ("pm25_city_month",))
    made["pm25.sure"] = Finding("pm25.sure", "sure", np.ones((4, 500)), "probability", "decline", ())
    made["pm25.exact"] = exact("pm25.exact", "exact", 89.5 + (shift or {}).get("pm25.exact", 0.0), "µg/m³", ())
    return made


@pytest.fixture
def reference(tmp_path, monkeypatch):
    monkeypatch.setattr(verify, "REFERENCE", tmp_path / "results/reference.json")
    monkeypatch.setattr(world, "MADE_WITH", tmp_path / "results/made_with.json")
    monkeypatch.setattr(verify, "SCATTER", tmp_path / "scatter.json")
    monkeypatch.setattr(world, "today", lambda: WORLD)
    monkeypatch.setattr(cluster, "COSTS", tmp_path / "results/costs.json")
    monkeypatch.setattr(fitting, "names", lambda: ["decline"])
    monkeypatch.setattr(fitting, "makers", lambda wanted=(): dict.fromkeys(IDS, "decline/x"))
    notes = {"seconds": {"compile": 1.234, "sample": 2, "findings": 0}, "count": 500}
    monkeypatch.setattr(fitting, "stored_notes", lambda names: dict.fromkeys(names, notes))
    monkeypatch.setenv("JINGJINJI_DRAWS", "full")
    publish(monkeypatch, run(1))
    return verify.REFERENCE


def publish(monkeypatch, findings: dict[str, Finding], failed: tuple[str, ...] = ()) -> int:
    monkeypatch.setattr(fitting, "all_findings", lambda: with_a_hole(findings, failed))
    return verify.publish()


def with_a_hole(findings: dict[str, Finding], failed: tuple[str, ...] = ()) -> Findings:
    problems = {"decline/x": "R-hat is 1.2"} if failed else {}
    return Findings(findings, dict.fromkeys(failed, ("some", "decline/x")), problems)


def compare(findings: dict[str, Finding], failed: tuple[str, ...] = (), **options) -> dict[str, verify.Shift]:
    """Id -> what became of it, largest shift first."""
    made_by = {id: finding.model for id, finding in findings.items()}
    return {shift.id: shift for shift in verify.compare(with_a_hole(findings, failed), made_by, **options)}


def statuses(shifts: dict[str, verify.Shift]) -> set[str]:
    return {shift.status for shift in shifts.values()}


def test_publish_writes_mean_error_text_and_fit(reference):
    rows = json.loads(reference.read_text("utf-8"))
    finding = run(1)["pm25.some.3"]
    low, high = np.quantile(finding.draws, [0.03, 0.97])
    kept = {"mean": finding.mean, "mcse": finding.mcse, "text": finding.text, "low": low, "high": high}
    assert rows["pm25.some.3"] == kept | {"interval_mcse": finding.interval_mcse, "fit": "decline/x"}
    assert rows["pm25.exact"] == {"mean": 89.5, "mcse": 0.0, "text": "89.5\N{NO-BREAK SPACE}µg/m³", "fit": "table"}
    assert list(rows) == sorted(rows)
    assert len(rows) == 42
    files = ["costs.json", "made_with.json", "reference.json"]
    assert sorted(path.name for path in reference.parent.iterdir()) == files
    assert json.loads(cluster.COSTS.read_text("utf-8")) == {"decline": {"compile": 1.23, "sample": 2, "findings": 0}}
    assert json.loads(world.MADE_WITH.read_text("utf-8")) == WORLD


def test_a_fit_that_went_on_beyond_the_last_look_is_not_published(reference, monkeypatch):
    kept = reference.read_text()
    notes = {"seconds": {"compile": 1, "sample": 2, "findings": 0}, "count": 12000}
    monkeypatch.setattr(fitting, "stored_notes", lambda names: dict.fromkeys(names, notes))
    with pytest.raises(
        BookError, match=r"^fit 'decline' passed after 12000 draws of each chain, beyond the gate's last"
    ):
        publish(monkeypatch, run(2))
    assert reference.read_text() == kept


def test_a_hole_is_told_and_not_published(reference, monkeypatch):
    before, failed = reference.read_bytes(), ("pm25.some.3", "pm25.some.4")
    shifts = compare(run(2), failed)
    assert [id for id, shift in shifts.items() if shift.status == "not compared"] == list(failed)
    assert list(shifts)[-2:] == list(failed)
    assert (shifts["pm25.some.3"].why, shifts["pm25.some.3"].fit) == ("R-hat is 1.2", "decline/x")
    assert statuses(shifts) == {"noise", "same", "not compared"}
    with pytest.raises(BookError, match="fit decline/x did not converge on this machine: nothing is published"):
        publish(monkeypatch, run(2), failed)
    assert reference.read_bytes() == before


def test_the_same_run_is_the_same(reference):
    shifts = list(compare(run(1)).values())
    assert verify.summary(shifts) == "42 findings beside reference.json: 42 same."


@pytest.mark.parametrize("seed", range(2, 12))
def test_monte_carlo_noise_is_noise(reference, seed):
    shifts = compare(run(seed))
    assert statuses(shifts) == {"same", "noise"}
    assert {id for id, shift in shifts.items() if shift.status == "same"} == {"pm25.sure", "pm25.exact"}
    assert "40 noise; the largest noise is " in verify.summary(list(shifts.values()))


@pytest.mark.parametrize("id", [IDS[0], IDS[4], IDS[39]])
def test_a_changed_finding_comes_first(reference, id):
    scale = 10.0 ** (IDS.index(id) % 5 - 2)
    first, *rest = compare(run(2, {id: 0.4 * scale})).values()
    assert (first.id, first.status) == (id, "changed")
    assert first.errors > 5
    assert first.there["text"] == run(1)[id].text
    assert {shift.status for shift in rest} == {"noise", "same"}
    assert [shift.errors for shift in rest] == sorted((shift.errors for shift in rest), reverse=True)


@pytest.mark.parametrize("change", [0.001, -8.9])
def test_what_comes_from_tables_may_not_change_at_all(reference, change):
    first = next(iter(compare(run(2, {"pm25.exact": change})).values()))
    assert (first.id, first.status, first.errors) == ("pm25.exact", "changed", math.inf)
    assert first.as_dict()["errors"] is None


def with_score(value: float, error: float = 0.0) -> dict[str, Finding]:
    return run(1) | {"pm25.score": exact("pm25.score", "a coverage", value, "%", (), "decline", error)}


@pytest.mark.parametrize(
    ("scatter", "error", "noise", "changed"),
    [
        ({"sd": 0.2, "runs": 10}, 0.0, 41.5, 42.5),
        ({"sd": 0.0, "runs": 10}, 0.0, 41.0, 42.0),
        ({"sd": 0.0, "runs": 10}, 0.0, 39.9, 39.8),
        (None, 1.0, 45.0, 47.0),
    ],
)
def test_a_score_may_differ_by_what_it_scatters(reference, monkeypatch, scatter, error, noise, changed):
    """By its own Monte Carlo errors, by Student's t of runs with other seeds, or where these agreed by one place."""
    if scatter:
        verify.SCATTER.write_text(json.dumps({"scores": {"pm25.score": scatter}}))
    publish(monkeypatch, with_score(40.0, error))
    assert compare(with_score(40.0, error))["pm25.score"].status == "same"
    assert compare(with_score(noise, error))["pm25.score"].status == "noise"
    assert compare(with_score(changed, error))["pm25.score"].status == "changed"


def test_a_score_of_unknown_scatter_is_not_judged(reference, monkeypatch):
    publish(monkeypatch, with_score(40.0))
    verify.SCATTER.write_text(json.dumps({"scores": {"pm25.score": {"sd": 0.2, "runs": 10}}}))
    assert compare(with_score(41.0))["pm25.score"].status == "noise"
    shift = compare(with_score(41.0), with_scatter=False)["pm25.score"]
    assert (shift.status, shift.errors) == ("not judged", None)
    assert "nobody knows how much it scatters" in shift.why


def test_an_interval_that_widens_around_the_same_mean_is_noticed(reference):
    found = run(2)
    wide = found["pm25.some.3"].draws
    found["pm25.some.3"] = Finding("pm25.some.3", "some", wide + 0.6 * (wide - wide.mean()), "%", "decline", ())
    assert [id for id, shift in compare(found).items() if shift.status == "changed"] == ["pm25.some.3"]


def test_findings_of_other_seeds_are_not_published(reference, monkeypatch):
    before = reference.read_bytes()
    monkeypatch.setenv("JINGJINJI_SEED", "3")
    with pytest.raises(BookError, match="unset JINGJINJI_SEED"):
        verify.publish()
    assert reference.read_bytes() == before


def test_a_probability_that_is_no_longer_sure_is_noticed(reference):
    found = run(2)
    draws = (np.random.default_rng(1).random((4, 500)) < 0.9).astype(float)
    found["pm25.sure"] = Finding("pm25.sure", "sure", draws, "probability", "decline", ())
    assert compare(found)["pm25.sure"].status == "changed"


def test_other_names_of_findings_are_noticed(reference):
    found = run(1)
    found["pm25.new"] = found[IDS[0]]
    del found[IDS[7]]
    first, second, *rest = compare(found).values()
    assert {(first.id, first.status), (second.id, second.status)} == {("pm25.new", "new"), (IDS[7], "gone")}
    assert {shift.status for shift in rest} == {"same"}


@pytest.mark.parametrize("content", [None, b"{", b"", b'{"a": 1}', b"\xff\xfe"])
def test_a_missing_or_damaged_reference_is_one_sentence(reference, content):
    reference.unlink()
    if content is not None:
        reference.write_bytes(content)
    with pytest.raises(BookError, match=r"reference\.json .*: restore it"):
        compare(run(1))


@pytest.mark.parametrize("draws", ["quick", "prior"])
def test_draft_draws_are_never_published(reference, monkeypatch, draws):
    before = reference.read_bytes()
    monkeypatch.setenv("JINGJINJI_DRAWS", draws)
    with pytest.raises(BookError, match="draft draws are never published"):
        publish(monkeypatch, run(3))
    assert reference.read_bytes() == before


def test_publishing_again_replaces(reference, monkeypatch):
    assert publish(monkeypatch, {IDS[0]: run(5)[IDS[0]]}) == 1
    assert statuses(compare({IDS[0]: run(5)[IDS[0]]})) == {"same"}


# --- the rule ---------------------------------------------------------------------------------------------------


def test_the_reference_of_today_has_few_false_alarms(project):
    """Of 1500 pairs of right runs, as many findings as are published, whose errors are as uncertain as the rule says.

    Each finding is compared three times, and all of them are independent, which is the worst that they can be.
    """
    count = len(json.loads((project / "results/reference.json").read_text("utf-8")))
    rng, alarms, pairs = np.random.default_rng(1), 0, 1500
    freedom = np.array([freedom for _, freedom in verify.COMPARED.values()])
    for _ in range(pairs):
        differences = rng.normal(size=(count, 3))
        errors = np.sqrt(rng.chisquare(freedom, (count, 3)) / freedom)
        alarms += verify.has_changed(verify.chance(differences / errors, freedom), count).any()
    assert alarms <= stats.binom.isf(1e-4, pairs, 0.01)
    assert alarms >= stats.binom.isf(1 - 1e-4, pairs, 0.005), "the rule is far stricter than it says"


SHAPES = {
    "normal": lambda x: x,
    "skewed": np.exp,
    "heavy tails": lambda x: stats.t.ppf(stats.norm.cdf(x), 3),
    "rare": lambda x: (x > stats.norm.isf(0.02)).astype(float),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_errors_of_chains_are_as_the_rule_takes_them(reference, monkeypatch, shape):
    """Chains that hang together, just past the gate's bar of effective draws: chances are as rare as they say."""
    pairs, rng = 150, np.random.default_rng(len(shape))
    steps = rng.normal(size=(2 * pairs, 4, 800)) * np.sqrt(1 - 0.75**2)
    made = SHAPES[shape](signal.lfilter([1], [1, -0.75], steps, axis=2)[:, :, 50:])
    unit = "probability" if shape == "rare" else "%"
    runs = [{f"a.{k}": Finding(f"a.{k}", "some", draws, unit, "decline", ()) for k, draws in enumerate(half)}
            for half in (made[:pairs], made[pairs:])]  # fmt: skip
    publish(monkeypatch, runs[0])
    shifts = list(compare(runs[1]).values())
    chances = np.array([2 * stats.norm.sf(shift.errors) for shift in shifts])
    assert {shift.status for shift in shifts} <= {"noise", "same"}
    for level in (0.1, 0.01):
        assert (chances < level).sum() <= stats.binom.isf(1e-3, pairs, level), level
    assert (chances < 0.5).any()


def test_quantiles_beside_few_draws_far_out_have_errors_as_uncertain_as_the_rule_says():
    """Every pair of 600 runs: as few differ by much as the rule takes, and more than where errors were as of a mean."""
    rng, freedom = np.random.default_rng(3), verify.COMPARED["high"][1]
    normal = rng.normal(size=(600, 4, 500))
    made = np.where(normal > 1.8, 2 + 200 * (normal - 1.8), normal)
    found = [Finding("a.b", "some", draws, "%", "decline", ()) for draws in made]
    high, errors = np.quantile(made, 0.97, axis=(1, 2)), np.array([finding.interval_mcse for finding in found])
    here, there = np.triu_indices(len(found), 1)
    off = np.abs(high[here] - high[there]) / np.hypot(errors[here], errors[there])
    for level in (0.01, 0.001):
        assert np.mean(2 * stats.t.sf(off, freedom) < level) <= level
        assert np.mean(2 * stats.t.sf(off, verify.COMPARED["mean"][1]) < level) > level
