"""Every headline is a probability on one scale; which are least certain follows from a rule."""

import numpy as np
import pandas as pd
import pytest
from phone import fits_a_phone
from prior_fits import prior, prior_cache  # noqa: F401

from jingjinji.core.errors import BookError, FitNotPublished, UnknownFinding
from jingjinji.core.findings import Finding, Findings
from jingjinji.fits import fitting
from jingjinji.fits.power_scaling import POWERS
from jingjinji.topics import conclusions
from jingjinji.topics.air import decline
from jingjinji.topics.conclusions import HEADLINES, Choice, Headline, Nowhere, least_certain, probability
from jingjinji.topics.hongkong import emissions_findings as hongkong


def quantity(id: str, mean: float, sd: float = 1.0) -> Finding:
    return Finding(id, id, np.random.default_rng(3).normal(mean, sd, (4, 500)), "%", "m", ())


def chance(id: str, share: float, draws: int = 40_000) -> Finding:
    happened = np.random.default_rng(1).permutation(np.arange(draws) < draws * share).astype(float)
    return Finding(id, id, happened.reshape(4, -1), "probability", "m", ())


def test_a_quantity_is_asked_on_the_side_of_its_limit():
    finding = quantity("a", 0.0)
    assert probability(finding, below=0).mean == pytest.approx(0.5, abs=0.03)
    assert probability(finding, below=1.0).mean == pytest.approx(0.841, abs=0.03)
    assert probability(finding, above=1.0).mean == pytest.approx(0.159, abs=0.03)
    assert probability(chance("b", 0.3)).mean == pytest.approx(0.3)


@pytest.mark.parametrize("limits", [{}, {"below": 0, "above": 1}])
def test_a_quantity_needs_one_limit(limits):
    with pytest.raises(BookError, match="expected one limit, below or above"):
        probability(quantity("a", 0.0), **limits)


def test_a_probability_takes_no_limit():
    with pytest.raises(BookError, match="expected no limit, as it is a probability"):
        probability(chance("b", 0.3), below=0)


NONE = Nowhere("nothing to leave out")


def headline(id: str, question: str = "is it", **more) -> Headline:
    return Headline(id, "toy", question, "air", "more data", **({"without": NONE, "structure": NONE} | more))


def weighed(found, headlines, powers: dict | None = None) -> pd.DataFrame:
    return conclusions.weighed(found, headlines, lambda fit: powers or {})


def kept(**shares: float) -> dict:
    """What is kept of a fit: under each power the same answers, id -> probability."""

    def rows() -> dict:
        return {
            id: {"below": None, "above": None, "probability": share, "error": 0.001} for id, share in shares.items()
        }

    return {words: {"problem": "", "draws": 500, "findings": rows()} for words in POWERS}


def lines(shares: list[float], others: dict[int, float]) -> tuple[dict, tuple]:
    found = {f"p{k}": chance(f"p{k}", share) for k, share in enumerate(shares)}
    found |= {f"q{k}": chance(f"q{k}", share) for k, share in others.items()}
    headlines = tuple(
        headline(f"p{k}", f"is it {k}", **({"without": Choice(f"q{k}", "months")} if k in others else {}))
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
    assert shown.answer[0] == "is it 0"
    assert list(shown) == [*conclusions.listed(table), "what would settle it"]
    assert shown["same choices"][0] == "0.40 to 0.90"
    assert set(shown["same choices"][1:]) == {"0.45", "0.55", "0.30", "0.70"}
    assert shown["further choices"].tolist() == ["none"] * 5
    assert len(shown) == conclusions.MOST_UNCERTAIN


def test_of_ranges_around_even_the_nearer_answer_comes_first():
    found, headlines = lines([0.9, 0.6], {0: 0.4, 1: 0.2})
    assert least_certain(weighed(found, headlines)).answer.tolist() == ["is it 1", "is it 0"]


def test_the_range_is_over_the_same_choices_and_further_ones_stand_beside():
    shares = {"p": 0.6, "w": 0.7, "s": 0.4, "d": 0.05}
    found = {id: chance(id, share) for id, share in shares.items()}
    line = headline("p", without=Choice("w", "months"), structure=Choice("s", "no trend"), dials=("d",))
    powers = kept(p=0.6)
    powers["likelihood halved"]["findings"]["p"] = powers["prior halved"]["findings"]["p"] | {"probability": 0.3}
    table = weighed(found, (line,), powers)
    assert table["likelihood halved"][0] == "0.30"
    assert (table.lowest[0], table.highest[0], table.away[0]) == pytest.approx((0.3, 0.7, 0))
    assert (table.dials_lowest[0], table.dials_highest[0]) == pytest.approx((0.05, 0.6))
    assert conclusions.listed(table).iloc[0].to_dict() == {
        "answer": "is it", "probability": "0.60", "same choices": "0.30 to 0.70", "further choices": "0.05 to 0.60",
    }  # fmt: skip
    each = conclusions.under_each(table)
    assert each.set_index("choice").probability.to_dict() == {
        "prior halved": "0.60", "prior doubled": "0.60", "likelihood halved": "0.30", "likelihood doubled": "0.60",
        "left out: months": "0.70", "structure: no trend": "0.40",
    }  # fmt: skip
    assert each.answer.tolist() == ["is it", *[""] * 5]


def test_a_choice_that_no_fit_makes_has_its_reason_and_no_empty_cell():
    table = weighed({"p": chance("p", 0.6)}, (headline("p"),))
    each = conclusions.under_each(table).set_index("choice").probability
    assert each["one source left out"] == each["another structure"] == "none: nothing to leave out"
    assert (each[list(POWERS)] == "not weighed for today's model").all()
    row = conclusions.listed(table).iloc[0]
    assert (row["same choices"], row["further choices"]) == ("0.60", "none")


def test_powers_of_other_limits_or_that_did_not_pass_are_not_shown():
    found, powers = {"p": chance("p", 0.6)}, kept(p=0.6)
    powers["prior halved"]["findings"]["p"]["above"] = 1.0
    powers["prior doubled"] = {"problem": "R-hat is 1.2", "draws": 4000, "findings": {}}
    table = weighed(found, (headline("p"),), powers)
    assert table["prior halved"][0] == conclusions.NOT_WEIGHED
    assert table["prior doubled"][0] == "did not pass the gate"


def test_an_unknown_finding_stops():
    with pytest.raises(UnknownFinding, match="there is no finding 'p0'"):
        weighed({}, (headline("p0"),))


def test_a_finding_that_is_not_published_stops_with_its_fit():
    with pytest.raises(FitNotPublished, match="'toy/wide'"):
        weighed(Findings({}, {"p0": ("p0", "toy/wide")}), (headline("p0"),))


def test_a_limit_is_printed_without_its_sign():
    found = {"a": quantity("a", -64)}
    table = weighed(found, (headline("a", "fell by {limit:g} % or more", below=-60),))
    assert table.question[0] == "fell by 60 % or more"
    assert table.probability[0] > 0.99


def test_every_headline_is_of_its_fit_and_its_choices_exist(prior):  # noqa: F811
    found = fitting.all_findings()
    assert {line.id: found[line.id].model for line in HEADLINES} == {line.id: line.fit for line in HEADLINES}
    table = conclusions.weighed(found)
    assert len(table) == len(HEADLINES)
    assert (table["prior halved"] == conclusions.NOT_WEIGHED).all()
    chosen = [
        choice.id for line in HEADLINES for choice in (line.without, line.structure) if isinstance(choice, Choice)
    ]
    dials = [id for line in HEADLINES for id in line.dials]
    assert not {*chosen} & {*dials, *(line.id for line in HEADLINES)}
    assert all(found[id].is_probability == found[line.id].is_probability for line in HEADLINES for id in line.dials)


def test_no_place_is_asked_without_all_its_figures():
    """A fit without a city's figures would answer for that city from its neighbours and its prior."""
    for line in HEADLINES:
        if line.fit == "decline" and isinstance(line.without, Choice):
            of = decline.AREA_KEYS.get(line.id.rpartition(".")[2])
            assert of not in decline.LEFT_OUT[line.without.id.partition("@")[2]]
    assert any(isinstance(line.without, Choice) for line in HEADLINES if line.fit == "decline")


def test_where_the_past_of_hong_kong_begins_is_a_further_choice():
    (line,) = [line for line in HEADLINES if line.id == "silk.hongkong.reached.2035"]
    of_tonnes = {id.partition(".drawn-tonnes")[2] for id in line.dials if ".drawn-tonnes" in id}
    assert of_tonnes == {*hongkong.SPANS}
    of_per_cent = {id.partition(".drawn-per-cent")[2] for id in line.dials if ".drawn-per-cent" in id}
    assert of_per_cent == {*hongkong.SPANS} - {""}


def test_headlines_are_told_apart_and_coloured():
    assert len({line.id for line in HEADLINES}) == len(HEADLINES)
    assert all(line.settled_by for line in HEADLINES)


def test_a_probability_is_printed_as_its_monte_carlo_error_allows_and_never_as_certain():
    """Of 2000 draws 0.3 has an error of 0.01 and 0.97 one of 0.004."""
    found = {f"p{k}": chance(f"p{k}", share, 2000) for k, share in enumerate((0.0, 0.3, 0.97, 1.0))}
    powers = kept(p1=0.3)
    powers["prior halved"]["findings"]["p1"]["error"] = 0.02
    table = weighed(found, tuple(map(headline, found)), powers)
    assert table.said.tolist() == ["< 0.01", "0.3", "0.97", "> 0.99"]
    assert table["prior halved"][1] == "0.3"
    assert table["prior doubled"][1] == "0.30"


@pytest.mark.parametrize(
    ("least", "most", "text"),
    [((0.203, "0.2"), (0.241, "0.24"), "0.24"), ((0.24, "0.24"), (0.26, "0.3"), "0.24 to 0.3"),
     ((0.0, "< 0.01"), (0.004, "0.004"), "< 0.01 to 0.004"), ((0.4, "0.4"), (0.9, "0.90"), "0.4 to 0.90")],
)  # fmt: skip
def test_a_range_whose_ends_are_alike_as_printed_is_one_number(least, most, text):
    assert conclusions._span(conclusions.Chance(*least), conclusions.Chance(*most)) == text


def answers() -> pd.DataFrame:
    rows = [(line.question.replace("{limit:g}", "60"), line.chapter, 0.5, 0.2, 0.9, 0.1 if line.dials else np.nan,
             0.95 if line.dials else np.nan, k < 5) for k, line in enumerate(conclusions.HEADLINES)]  # fmt: skip
    spans = ["lowest", "highest", "dials_lowest", "dials_highest"]
    return pd.DataFrame(rows, columns=["question", "chapter", "probability", *spans, "uncertain"])


def test_the_scale_draws_each_answer_between_no_and_yes():
    rows = answers().head(3).assign(probability=[0.1, 0.5, 0.9])
    axis = conclusions.certainty(rows).axes[0]
    dots = [line.get_xdata()[0] for line in axis.lines if line.get_marker() == "o" and len(line.get_xdata())]
    assert dots == [0.1, 0.5, 0.9]
    spans = [list(line.get_xdata()) for line in axis.lines if line.get_linewidth() == 5 and len(line.get_xdata())]
    assert spans == [[0.2, 0.9]] * 3
    thin = [list(line.get_xdata()) for line in axis.lines if line.get_linewidth() == 1.2 and len(line.get_xdata())]
    assert thin == [[0.1, 0.95]] * 3


def test_the_scale_fits_a_phone():
    fits_a_phone(lambda: conclusions.certainty(answers()))
