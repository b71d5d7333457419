"""Every headline is a probability on one scale; which are least certain follows from a rule."""

import numpy as np
import pandas as pd
import pytest
from phone import fits_a_phone

from jingjinji.core.errors import BookError, FitNotPublished, UnknownFinding
from jingjinji.core.findings import Finding, Findings
from jingjinji.topics import conclusions
from jingjinji.topics.conclusions import HEADLINES, Headline, answer, least_certain, weighed


def quantity(id: str, mean: float, sd: float = 1.0) -> Finding:
    return Finding(id, id, np.random.default_rng(3).normal(mean, sd, (4, 500)), "%", "m", ())


def chance(id: str, share: float) -> Finding:
    draws = np.random.default_rng(1).permutation(np.arange(2000) < 2000 * share).astype(float)
    return Finding(id, id, draws.reshape(4, 500), "probability", "m", ())


def test_a_quantity_is_asked_on_the_side_of_its_limit():
    finding = quantity("a", 0.0)
    assert answer(finding, below=0).mean == pytest.approx(0.5, abs=0.03)
    assert answer(finding, below=1.0).mean == pytest.approx(0.841, abs=0.03)
    assert answer(finding, above=1.0).mean == pytest.approx(0.159, abs=0.03)
    assert answer(chance("b", 0.3)).mean == pytest.approx(0.3)


@pytest.mark.parametrize("limits", [{}, {"below": 0, "above": 1}])
def test_a_quantity_needs_one_limit(limits):
    with pytest.raises(BookError, match="expected one limit, below or above"):
        answer(quantity("a", 0.0), **limits)


def test_a_probability_takes_no_limit():
    with pytest.raises(BookError, match="expected no limit, as it is a probability"):
        answer(chance("b", 0.3), below=0)


def lines(shares: list[float], others: dict[int, float]) -> tuple[dict, tuple]:
    found = {f"p{k}": chance(f"p{k}", share) for k, share in enumerate(shares)}
    found |= {f"q{k}": chance(f"q{k}", share) for k, share in others.items()}
    headlines = tuple(
        Headline(f"p{k}", f"is it {k}", "air", "more data", others=(f"q{k}",) if k in others else ())
        for k in range(len(shares))
    )
    return found, headlines


def test_the_least_certain_are_those_whose_range_comes_closest_to_even():
    found, headlines = lines([0.9, 0.1, 0.55, 0.99, 0.3, 0.45, 0.7, 0.97], {0: 0.4, 3: 0.98})
    table = weighed(found, headlines)
    assert table.away.tolist() == pytest.approx([0, 0.4, 0.05, 0.48, 0.2, 0.05, 0.2, 0.47])
    assert table.lowest[0] == pytest.approx(0.4)
    assert table.highest[0] == pytest.approx(0.9)
    assert set(table.id[table.uncertain]) == {"p0", "p2", "p5", "p4", "p6"}
    shown = least_certain(table)
    assert shown.finding[0] == "p0"
    assert shown["under other choices"].tolist() == ["0.4 to 0.90", *["one choice only"] * 4]
    assert len(shown) == conclusions.MOST_UNCERTAIN


def test_of_ranges_around_even_the_nearer_answer_comes_first():
    found, headlines = lines([0.9, 0.6], {0: 0.4, 1: 0.2})
    assert least_certain(weighed(found, headlines)).finding.tolist() == ["p1", "p0"]


def test_an_unknown_finding_stops():
    with pytest.raises(UnknownFinding, match="there is no finding 'p0'"):
        weighed({}, (Headline("p0", "x", "air", "y"),))


def test_a_finding_that_is_not_published_stops_with_its_fit():
    with pytest.raises(FitNotPublished, match="'toy/wide'"):
        weighed(Findings({}, {"p0": ("p0", "toy/wide")}), (Headline("p0", "x", "air", "y"),))


def test_a_limit_is_printed_without_its_sign():
    found = {"a": quantity("a", -64)}
    table = weighed(found, (Headline("a", "fell by {limit:g} % or more", "air", "y", below=-60),))
    assert table.question[0] == "fell by 60 % or more"
    assert table.probability[0] > 0.99


def test_headlines_are_told_apart_and_coloured():
    assert len({line.id for line in HEADLINES}) == len(HEADLINES)
    assert {line.chapter for line in HEADLINES} <= set(conclusions.COLOURS)
    assert all(line.settled_by for line in HEADLINES)


def test_a_probability_is_printed_as_its_monte_carlo_error_allows_and_never_as_certain():
    """Of 2000 draws in a random order 0.3 has an error of 0.01 and 0.97 one of 0.004."""
    shares = [0.0, 0.3, 0.97, 1.0]
    found, headlines = lines(shares, {})
    found["p1"] = Finding("p1", "p1", np.repeat(found["p1"].draws, 20, axis=1), "probability", "m", ())
    table = weighed(found, headlines)
    assert table.said.tolist() == ["< 0.01", "0.3", "0.97", "> 0.99"]
    listed = conclusions.listed(table)
    assert listed.probability.tolist() == listed.lowest.tolist() == listed.highest.tolist() == table.said.tolist()


def test_a_quantity_beyond_a_limit_is_printed_so_as_well():
    table = weighed({"a": quantity("a", 0.0)}, (Headline("a", "x", "air", "y", below=0.0),))
    assert table.said[0] == f"{table.probability[0]:.1f}"


def answers() -> pd.DataFrame:
    rows = [(line.question.replace("{limit:g}", "60"), line.chapter, 0.5, 0.2, 0.9, k < 5)
            for k, line in enumerate(conclusions.HEADLINES)]  # fmt: skip
    return pd.DataFrame(rows, columns=["question", "chapter", "probability", "lowest", "highest", "uncertain"])


def test_the_scale_draws_each_answer_between_no_and_yes():
    rows = answers().head(3).assign(probability=[0.1, 0.5, 0.9])
    axis = conclusions.certainty(rows).axes[0]
    dots = [line.get_xdata()[0] for line in axis.lines if line.get_marker() == "o"]
    assert dots == [0.1, 0.5, 0.9]
    spans = [list(line.get_xdata()) for line in axis.lines if line.get_linewidth() == 4]
    assert spans == [[0.2, 0.9]] * 3


def test_the_scale_fits_a_phone():
    fits_a_phone(lambda: conclusions.certainty(answers()))
