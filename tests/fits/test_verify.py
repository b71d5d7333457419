"""A rerun against the published findings: Monte Carlo noise passes, a changed finding does not."""

import json

import numpy as np
import pytest

from jingjinji.core.errors import BookError
from jingjinji.core.findings import Finding, Findings, exact
from jingjinji.fits import cluster, fitting, verify

IDS = [f"pm25.some.{k}" for k in range(40)]


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
    monkeypatch.setattr(cluster, "COSTS", tmp_path / "results/costs.json")
    monkeypatch.setattr(fitting, "names", lambda: ["decline"])
    notes = {"seconds": {"compile": 1.234, "sample": 2, "findings": 0}}
    monkeypatch.setattr(fitting, "stored_notes", lambda names: dict.fromkeys(names, notes))
    monkeypatch.setenv("JINGJINJI_DRAWS", "full")
    here(monkeypatch, run(1))
    verify.publish()
    return verify.REFERENCE


def here(monkeypatch, findings, failed=()) -> None:
    left_out = dict.fromkeys(failed, ("some", "decline/x"))
    problems = {"decline/x": "R-hat is 1.2"} if failed else {}
    monkeypatch.setattr(fitting, "all_findings", lambda: Findings(findings, left_out, problems))


def test_publish_writes_mean_error_and_text(reference):
    rows = json.loads(reference.read_text("utf-8"))
    finding = run(1)["pm25.some.3"]
    low, high = np.quantile(finding.draws, [0.03, 0.97])
    assert rows["pm25.some.3"] == {"mean": finding.mean, "mcse": finding.mcse, "text": finding.text, "low": low,
                                   "high": high, "interval_mcse": finding.interval_mcse}  # fmt: skip
    assert rows["pm25.exact"] == {"mean": 89.5, "mcse": 0.0, "text": "89.5\N{NO-BREAK SPACE}µg/m³"}
    assert list(rows) == sorted(rows)
    assert len(rows) == 42
    assert sorted(path.name for path in reference.parent.iterdir()) == ["costs.json", "reference.json"]
    assert json.loads(cluster.COSTS.read_text("utf-8")) == {"decline": {"compile": 1.23, "sample": 2, "findings": 0}}


def test_a_hole_is_not_compared_and_not_published(reference, monkeypatch):
    before = reference.read_bytes()
    here(monkeypatch, run(2), failed=["pm25.some.3", "pm25.some.4"])
    with pytest.raises(
        BookError, match=r"^40 findings agree .* but 2 were not compared, because fit decline/x did not"
    ):
        verify.compare()
    with pytest.raises(BookError, match="fit decline/x did not converge on this machine: nothing is published"):
        verify.publish()
    assert reference.read_bytes() == before


def test_the_same_run_agrees(reference):
    assert verify.compare() == (
        "42 findings agree with reference.json; the largest difference is 0.00 Monte Carlo errors."
    )


@pytest.mark.parametrize("seed", range(2, 12))
def test_monte_carlo_noise_agrees(reference, monkeypatch, seed):
    here(monkeypatch, run(seed))
    assert verify.compare().startswith("42 findings agree")


@pytest.mark.parametrize("id", [IDS[0], IDS[4], IDS[39]])
def test_a_changed_finding_is_named_with_both_values(reference, monkeypatch, id):
    scale = 10.0 ** (IDS.index(id) % 5 - 2)
    here(monkeypatch, run(2, {id: 0.4 * scale}))
    with pytest.raises(BookError, match=r"1 of 42 findings differ from reference\.json, most of all ") as raised:
        verify.compare()
    assert id in str(raised.value)
    assert "\n" not in str(raised.value)
    assert run(1)[id].text in str(raised.value)


@pytest.mark.parametrize("change", [0.001, -8.9])
def test_what_comes_from_tables_may_not_change_at_all(reference, monkeypatch, change):
    here(monkeypatch, run(2, {"pm25.exact": change}))
    with pytest.raises(BookError, match=r"most of all pm25\.exact"):
        verify.compare()


def published_score(monkeypatch, value: float, error: float = 0.0) -> None:
    score = exact("pm25.score", "a coverage", value, "%", (), "decline", error)
    here(monkeypatch, run(1) | {"pm25.score": score})


@pytest.mark.parametrize(
    ("scatter", "error", "most"), [(None, 0.0, 5.0), (0.2, 0.0, 2.0), (5.0, 0.0, 5.0), (None, 1.0, 6.0)]
)
def test_a_score_may_differ_by_what_it_scatters(reference, monkeypatch, tmp_path, scatter, error, most):
    """By five points, by no more than Student's t of ten runs allows, or by its own Monte Carlo errors."""
    monkeypatch.setattr(verify, "SCATTER", tmp_path / "scatter.json")
    if scatter:
        verify.SCATTER.write_text(json.dumps({"scores": {"pm25.score": {"sd": scatter, "runs": 10}}}))
    published_score(monkeypatch, 40.0, error)
    verify.publish()
    published_score(monkeypatch, 40.0 + most, error)
    assert "agree" in verify.compare()
    published_score(monkeypatch, 40.0 - 2 * most, error)
    with pytest.raises(BookError, match=r"pm25\.score"):
        verify.compare()
    if scatter == 0.2:
        published_score(monkeypatch, 40.0 + 4.9)
        assert "agree" in verify.compare(with_scatter=False)


def test_an_interval_that_widens_around_the_same_mean_is_noticed(reference, monkeypatch):
    found = run(2)
    wide = found["pm25.some.3"].draws
    found["pm25.some.3"] = Finding("pm25.some.3", "some", wide + 0.6 * (wide - wide.mean()), "%", "decline", ())
    here(monkeypatch, found)
    with pytest.raises(BookError, match=r"pm25\.some\.3"):
        verify.compare()


def test_findings_of_other_seeds_are_not_published(reference, monkeypatch):
    before = reference.read_bytes()
    monkeypatch.setenv("JINGJINJI_SEED", "3")
    with pytest.raises(BookError, match="unset JINGJINJI_SEED"):
        verify.publish()
    assert reference.read_bytes() == before


def test_a_probability_that_is_no_longer_sure_is_noticed(reference, monkeypatch):
    found = run(2)
    draws = (np.random.default_rng(1).random((4, 500)) < 0.9).astype(float)
    found["pm25.sure"] = Finding("pm25.sure", "sure", draws, "probability", "decline", ())
    here(monkeypatch, found)
    with pytest.raises(BookError, match=r"pm25\.sure"):
        verify.compare()


@pytest.mark.parametrize("which", ["more", "fewer"])
def test_other_names_of_findings_are_noticed(reference, monkeypatch, which):
    found = run(1)
    if which == "more":
        found["pm25.new"] = found[IDS[0]]
    else:
        del found[IDS[7]]
    here(monkeypatch, found)
    with pytest.raises(BookError, match=r"name different findings: pm25\.(new|some\.7)$"):
        verify.compare()


def test_a_missing_reference_is_one_sentence(reference):
    reference.unlink()
    with pytest.raises(BookError, match=r"reference\.json is missing: restore it"):
        verify.compare()


@pytest.mark.parametrize("content", [b"{", b"", b'{"a": 1}', b"\xff\xfe"])
def test_a_damaged_reference_is_one_sentence(reference, content):
    reference.write_bytes(content)
    with pytest.raises(BookError):
        verify.compare()


@pytest.mark.parametrize("draws", ["quick", "prior"])
def test_draft_draws_are_never_published(reference, monkeypatch, draws):
    before = reference.read_bytes()
    monkeypatch.setenv("JINGJINJI_DRAWS", draws)
    here(monkeypatch, run(3))
    with pytest.raises(BookError, match="draft draws are never published"):
        verify.publish()
    assert reference.read_bytes() == before


def test_publishing_again_replaces(reference, monkeypatch):
    here(monkeypatch, {IDS[0]: run(5)[IDS[0]]})
    assert verify.publish() == 1
    assert verify.compare().startswith("1 findings agree")


def test_false_alarms_are_rare():
    """The bound is for the whole table: about one run in a thousand has a finding beyond it."""
    from statistics import NormalDist

    beyond = 1 - NormalDist().cdf(NormalDist().inv_cdf(1 - verify.FALSE_ALARM / 2 / 200))
    assert 200 * 2 * beyond == pytest.approx(0.001)
