"""Made-up records: pairs, what is kept, tables and sentences, and whether what is kept is of today's models."""

import json

import numpy as np
import pytest
from scipy.stats import binomtest

from jingjinji.core import registry
from jingjinji.core.errors import BookError
from jingjinji.core.findings import Finding, exact
from jingjinji.fits import simulations

ROWS = [
    {"toy": "toy", "id": "carbon.ratio", "label": "ratio", "unit": "", "truth": 1.5, "estimate": 1.4, "records": 20,
     "inside": 19, "beside_zero": 20, "unsettled": 0, "divergent": 1},
    {"toy": "toy", "id": "carbon.share", "label": "share", "unit": "%", "truth": -3.0, "estimate": -2.5, "records": 20,
     "inside": 17, "beside_zero": 5, "unsettled": 2, "divergent": 1},
    {"toy": "toy-alike", "id": "carbon.ratio", "label": "ratio", "unit": "", "truth": 1.0, "estimate": 1.01,
     "records": 10, "inside": 10, "beside_zero": 10, "unsettled": 0, "divergent": 2},
]  # fmt: skip


@pytest.fixture
def kept(tmp_path, monkeypatch):
    path = tmp_path / "simulations.json"
    path.write_text(json.dumps({"carbon": {"key": "k", "date": "2026-11-28", "rows": ROWS}}))
    monkeypatch.setattr(simulations, "KEPT", path)
    return path


def finding(id, mean):
    return Finding(id, "what", np.random.default_rng(1).normal(mean, 1, (2, 100)), "%", "m", ())


def test_a_truth_finds_its_estimate_under_either_name():
    truths = [exact(f"a.truth.{key}@toy", f"truth: {key}", 1.0, "%", ()) for key in ("x", "y")]
    estimates = [finding("a.x@toy", 1), finding("a.recovered.y@toy", 2), finding("a.y@toy", 3)]
    pairs = simulations.pairs({one.id: one for one in (*truths, *estimates)})
    assert [(id, truth.id, estimate.id) for id, truth, estimate in pairs] == [
        ("a.x", "a.truth.x@toy", "a.x@toy"), ("a.y", "a.truth.y@toy", "a.recovered.y@toy"),
    ]  # fmt: skip
    with pytest.raises(KeyError):
        simulations.pairs({truths[0].id: truths[0]})


def test_summary_counts_what_lies_inside_and_what_leaves_zero_out():
    rows = [{"toy": "toy", "record": k, "id": "a", "label": "a", "unit": "%", "truth": 1.0, "estimate": float(k),
             "low": k - 1.5, "high": k + 1.5, "settled": k != 3, "divergences": 2 * (k == 2)}
            for k in range(5)]  # fmt: skip
    made = simulations._summary(rows, 4)
    assert made == [{"toy": "toy", "id": "a", "label": "a", "unit": "%", "truth": 1.0, "estimate": 1.5, "records": 4,
                     "inside": 3, "beside_zero": 2, "unsettled": 1, "divergent": 1}]  # fmt: skip


@pytest.mark.parametrize("content", ["[]", '{"carbon": []}', '{"carbon": {}}', '{"other": {"rows": []}}', "{"])
def test_what_another_version_kept_is_told_in_one_sentence(kept, content):
    kept.write_text(content)
    with pytest.raises(
        BookError, match=r"simulations\.json (has no simulation of|is of another version|is not readable)"
    ):
        simulations.table({"carbon": {"toy": "differ"}})


def test_table(kept):
    table = simulations.table({"carbon": {"toy": "differ", "toy-alike": "alike"}})
    assert tuple(table.columns) == simulations.COLUMNS
    assert table.iloc[1].tolist() == ["differ", "share", "−3 %", "−2.5 %", "17 of 20 (62 to 97 %)", "5 of 20"]
    assert table["made with"].tolist() == ["differ", "differ", "alike"]


def test_sentence(kept):
    words = simulations.sentence({"carbon": {"toy": "differ", "toy-alike": "alike"}})
    assert words == (
        "From 30 made-up records come 50 intervals (94 %), of which 92.0 % hold the truth; intervals from one record "
        "hang together, so few records leave much open. Least like 94 % are those of share, which hold it in 17 of 20 "
        "records; a true rate of 62 to 97 % would fit that. 3 of the records had a transition that diverged, and in at "
        "least 2 a quantity had not settled "
        "(simulated 2026-11-28)."
    )
    one = simulations.sentence({"carbon": {"toy-alike": "alike"}})
    assert one.endswith("2 of the records had a transition that diverged, and every quantity had settled (simulated "
                        "2026-11-28).")  # fmt: skip


@pytest.mark.parametrize(
    ("inside", "records", "said"),
    [(20, 20, "100.0 % hold the truth, more than need to; "), (30, 40, "75.0 % hold the truth, fewer than should; ")],
)
def test_that_intervals_hold_the_truth_too_often_or_too_seldom_is_said(kept, inside, records, said):
    row = ROWS[0] | {"inside": inside, "records": records}
    kept.write_text(json.dumps({"carbon": {"key": "k", "date": "2026-11-28", "rows": [row]}}))
    words = simulations.sentence({"carbon": {row["toy"]: "differ"}})
    assert said in words
    assert ("so they are too narrow" in words) == (inside < records)


def test_the_row_whose_count_is_least_likely_is_named_and_one_that_assumes_otherwise_is_left_out(kept):
    few = ROWS[0] | {"id": "carbon.few", "label": "few", "inside": 3, "records": 4}
    many = ROWS[0] | {"id": "carbon.many", "label": "many", "inside": 33, "records": 40}
    kept.write_text(json.dumps({"carbon": {"key": "k", "date": "2026-11-28", "rows": [few, many]}}))
    toys = {"carbon": {many["toy"]: "differ"}}
    assert "are those of many, " in simulations.sentence(toys)
    words = simulations.sentence(toys, {(many["toy"], "carbon.many")})
    assert "come 4 intervals" in words
    assert "are those of few, " in words
    assert "are not counted" in words


def test_a_record_without_a_fault_is_said_to_have_none(kept):
    rows = [row | {"divergent": 0, "unsettled": 0} for row in ROWS]
    kept.write_text(json.dumps({"carbon": {"key": "k", "date": "2026-11-28", "rows": rows}}))
    words = simulations.sentence({"carbon": {"toy": "differ"}})
    assert "None of the records had a transition that diverged, and every quantity had settled (" in words


def test_quantities_that_cannot_be_zero_have_no_count_of_intervals_without_it(kept):
    toys = {"carbon": {"toy": "differ"}}
    assert simulations.table(toys, positive=(".ratio",))[simulations.BESIDE_ZERO].tolist() == ["", "5 of 20"]
    assert simulations.BESIDE_ZERO not in simulations.table(toys, positive=("carbon.",))


def test_mean_estimates_beside_their_truth(kept):
    assert simulations.estimates("carbon", "carbon.ratio") == {"toy": (1.5, 1.4), "toy-alike": (1.0, 1.01)}


def test_what_has_not_been_simulated_names_the_command(kept):
    for toys in ({"decline": {"toy": "a"}}, {"carbon": {"other": "a"}}):
        with pytest.raises(BookError, match=rf"no simulation of .*: run 'jingjinji simulate {next(iter(toys))}'"):
            simulations.table(toys)


def test_what_is_kept_is_of_todays_models_and_covers_their_toys():
    kept = json.loads(simulations.KEPT.read_text("utf-8"))
    assert {topic: about["key"] for topic, about in kept.items()} == simulations.keys_of_today()
    for topic, about in kept.items():
        assert {row["toy"] for row in about["rows"]} == set(registry.module(topic).TOYS)


@pytest.mark.parametrize("topic", registry.TOPICS)
def test_coverage_that_is_kept_is_not_far_from_nominal(topic):
    """Of independent intervals one quantity in a thousand would be below by chance."""
    wrong = getattr(registry.said(topic), "OTHER_THAN_MADE", ())
    rows = json.loads(simulations.KEPT.read_text("utf-8")).get(topic, {"rows": []})["rows"]
    for row in rows:
        assert row["unsettled"] <= 0.05 * row["records"] + 1, row
        if row["unit"] != "probability" and (row["toy"], row["id"]) not in wrong:
            assert binomtest(row["inside"], row["records"], 0.94, alternative="less").pvalue >= 0.001, row
