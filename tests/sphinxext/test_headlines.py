"""A headline that does not hold stops the build; in a draft, or with a fit that failed, it is only said."""

from dataclasses import replace

import pytest
from sphinx_book import build, fake_fitting, some_findings, write_book

from jingjinji.core import published
from jingjinji.fits import fitting, verify
from jingjinji.sphinxext.headlines import HeadlineError

BOOK = {"index": "# It fell\n"}
RULES = '[words]\n[index.rules]\n"It fell" = "P(pm25.decline.beijing < {limit}) > 0.9"\n'


def asked(root, limit: int) -> None:
    write_book(root, BOOK)
    (root / "chapters").mkdir(exist_ok=True)
    (root / "chapters/headlines.toml").write_text(RULES.format(limit=limit), "utf-8")


def test_a_headline_that_does_not_hold_stops_the_build(tmp_path, monkeypatch):
    fake_fitting(monkeypatch, some_findings())
    asked(tmp_path, -50)
    build(tmp_path)
    asked(tmp_path, -80)
    for _ in range(2):
        with pytest.raises(HeadlineError, match=r"index: the headline 'It fell' does not hold, because not P\("):
            build(tmp_path)
    asked(tmp_path, -50)
    build(tmp_path)


def test_a_finding_that_has_changed_is_asked_again(tmp_path, monkeypatch):
    fake_fitting(monkeypatch, some_findings())
    asked(tmp_path, -50)
    build(tmp_path)
    (changed,) = [found for id, found in some_findings().items() if id == "pm25.decline.beijing"]
    fake_fitting(monkeypatch, some_findings() | {changed.id: replace(changed, draws=changed.draws + 40)})
    (tmp_path / "index.md").write_text(BOOK["index"] + "\nRead again.\n", "utf-8")
    with pytest.raises(HeadlineError, match="the headline 'It fell' does not hold"):
        build(tmp_path)


def test_a_rule_that_cannot_be_asked_stops_the_build(tmp_path, monkeypatch):
    fake_fitting(monkeypatch, {})
    asked(tmp_path, -50)
    with pytest.raises(HeadlineError, match=r"there is no finding 'pm25\.decline\.beijing'"):
        build(tmp_path)


@pytest.mark.parametrize("findings", [{"draft": True}, {"failed": {"toy": "R-hat is 1.03"}}])
def test_few_draws_or_a_hole_do_not_stop_it(tmp_path, monkeypatch, findings):
    fake_fitting(monkeypatch, some_findings(), **findings)
    asked(tmp_path, -80)
    assert "the headline 'It fell' does not hold" in build(tmp_path)._status.getvalue()


@pytest.mark.parametrize(("differs", "errors", "stops"), [(0, 0, True), (1, 1.5, False), (1, 50, True)])
def test_draws_of_other_seeds_do_not_stop_it_and_a_changed_finding_does(tmp_path, monkeypatch, differs, errors, stops):
    """Published were the same findings, or one was off by so many Monte Carlo errors and another one by noise."""
    found = some_findings()
    rows = {id: verify.row(finding) | {"fit": finding.model} for id, finding in found.items()}
    rows["pm25.decline.beijing"]["mean"] += differs * errors * rows["pm25.decline.beijing"]["mcse"]
    rows["pm25.decline.tianjin"]["mean"] += differs * rows["pm25.decline.tianjin"]["mcse"]
    published.write(tmp_path / "reference.json", rows)
    monkeypatch.setattr(verify, "REFERENCE", tmp_path / "reference.json")
    monkeypatch.setattr(fitting, "makers", lambda: {})
    fake_fitting(monkeypatch, found)
    asked(tmp_path, -80)
    if stops:
        with pytest.raises(HeadlineError, match="the headline 'It fell' does not hold"):
            build(tmp_path)
    else:
        assert "the headline 'It fell' does not hold" in build(tmp_path)._status.getvalue()


def test_a_headline_that_needs_a_fit_that_failed_is_not_asked(tmp_path, monkeypatch):
    missed = {"pm25.decline.beijing": ("change of a city", "toy")}
    fake_fitting(monkeypatch, {}, failed={"toy": "R-hat is 1.03"}, unpublished=missed)
    asked(tmp_path, -80)
    assert "does not hold" not in build(tmp_path)._status.getvalue()
