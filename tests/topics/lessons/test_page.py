"""Tables of the lessons say what the book's tables and findings say, and csv files hold the same."""

import numpy as np
import pandas as pd
import pytest

from jingjinji.claims import ledger, trial
from jingjinji.core import tables
from jingjinji.core.findings import Finding, exact
from jingjinji.topics.lessons import page, steps


@pytest.fixture(scope="module")
def findings() -> dict[str, Finding]:
    means = {"beijing": -64.3, "tianjin": -57.3, "hebei": -64.3}
    rng = np.random.default_rng(1)
    made = [
        Finding(f"pm25.decline.{key}{basis}", f"change, {key}", rng.normal(mean, 0.8, (4, 500)), "%", "decline", ())
        for key, mean in means.items()
        for basis in ("", ".constant")
    ]
    return {finding.id: finding for finding in made}


def test_falls_begin_with_every_year_and_end_with_the_last():
    means = page.years("Beijing").set_index("year").pm25
    falls = page.falls("Beijing")
    assert list(falls.index) == list(means.index[:-1])
    assert falls[2013] == pytest.approx(100 * (means[2023] / means[2013] - 1))
    assert falls[2022] > 0 > falls[2013]


def test_three_readings_of_one_decline():
    words = page.rates("Beijing")["change (%)"]
    assert words[0] == f"{page.falls('Beijing')[2013]:.0f}".replace("-", "−")
    assert len(set(words)) == 3


def test_chances_are_those_of_the_draws(findings):
    chances = page.chances(findings, np.array([50.0, 60.0]))
    assert chances["Beijing"] == pytest.approx([1, 1], abs=0.01)
    assert chances["Tianjin"] == pytest.approx([1, 0], abs=0.01)


def test_a_wider_limit_turns_the_verdict(findings):
    rows = page.verdicts(findings).set_index("give or take (points)")
    assert rows["level 0.9"][1] == "contradicted"
    assert rows["level 0.9"][10] == "supported"
    assert list(rows.columns) == ["level 0.8", "level 0.9", "level 0.95"]


def test_a_rule_as_a_table_has_no_empty_column(findings):
    with_chance = page.as_table(trial.tried("P(pm25.decline.beijing < 0) > 0.9", findings))
    without = page.as_table(trial.tried("low(pm25.decline.beijing) < 0", findings))
    assert list(with_chance) == ["part", "probability", "gives"]
    assert list(without) == ["part", "gives"]


def rows_of(file: str, findings) -> pd.DataFrame:
    (sheet,) = [sheet for sheet in page.SHEETS if sheet.file == file]
    return pd.DataFrame(sheet.rows(findings))


def test_months_and_years_are_the_tables(findings):
    months = tables.load("pm25_city_month")
    pd.testing.assert_frame_equal(rows_of("lesson-1-months.csv", findings), months, check_dtype=False)
    official = tables.load("pm25_official_annual").query("series == 'official'")
    assert rows_of("lesson-1-years.csv", findings).pm25.tolist() == official.pm25.tolist()


def test_answers_and_chances_are_the_findings(findings):
    answers = rows_of("lesson-1-answers.csv", findings).set_index("id")
    assert set(answers.index) == set(findings)
    for id, finding in findings.items():
        assert answers["mean"][id] == round(finding.mean, 2)
        assert answers.hdi_low[id] == round(finding.hdi[0], 2)
    chances = rows_of("lesson-3-chances.csv", findings)
    assert chances["Tianjin"].tolist() == page.chances(findings)["Tianjin"].tolist()


def test_made_up_months_and_what_many_of_them_say_are_those_of_the_lesson(findings):
    assert rows_of("lesson-2-made-up.csv", findings).equals(steps.table())
    assert len(rows_of("lesson-2-experience.csv", findings)) == len(steps.experience())


def test_every_lesson_has_data_and_no_file_twice():
    names = [sheet.file for sheet in page.SHEETS]
    assert {sheet.lesson for sheet in page.SHEETS} == {1, 2, 3}
    assert len(set(names)) == len(names)
    assert all(name.startswith(f"lesson-{sheet.lesson}-") for name, sheet in zip(names, page.SHEETS, strict=True))


def test_claims_are_those_of_the_chapter_with_their_verdicts(monkeypatch):
    rows = ledger.load()
    monkeypatch.setattr(page.ledger, "ledger", lambda findings, rows: rows.assign(verdict="supported", fragile=""))
    claims = rows_of("lesson-3-claims.csv", {"a.b": exact("a.b", "x", 1.0, "", ())})
    assert claims.id.tolist() == rows.id[rows.chapter == page.CHAPTER].tolist()
