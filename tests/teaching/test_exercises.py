"""Exercises of a page are read whole, and what is wrong with one is said with file and line."""

import pytest
from exercise_page import PAGE

from jingjinji.core.errors import BookError
from jingjinji.teaching.exercises import exercises, parts, plan


def test_an_exercise_has_its_parts():
    first, second = exercises(PAGE, "wind.md")
    assert (first.number, first.minutes, first.harder, first.points, first.within) == (1, 10, False, 3, 0.5)
    assert (second.number, second.minutes, second.harder, second.points, second.within) == (2, 25, True, 3, None)
    assert first.question == "How fast is the wind?\nGive metres a second."
    assert (first.given, first.hint) == ("speeds = [2, 4]\n", "Take the mean.")
    assert first.code == "answer_1 = sum(speeds) / 2  # within 0.5\n"
    assert second.solution == "Pressure differs from place to place.\n\n:::{note}\nAlways.\n:::"
    assert PAGE.splitlines()[first.line - 1].startswith("**1.**")


def test_a_plan_says_goal_time_change_and_surprise():
    assert plan(PAGE, "wind.md").first == 3
    assert plan("# Wind\n", "wind.md") is None
    with pytest.raises(BookError, match=r"wind.md, line 3: .* lack '\*\*Time\.\*\*'"):
        plan(PAGE.replace("**Time.**", "Time:"), "wind.md")


def test_a_page_without_exercises_has_none():
    assert exercises("# Wind\n\nIt blows.\n", "wind.md") == []


SECOND = "**2.**"
HINT = ":::{dropdown} Hint\nLook up.\n:::\n"
SOLUTION = "::::{dropdown} Solution"
LAST = ":::{dropdown} For the instructor\n**Usual mistakes.** None that we know of."


@pytest.mark.parametrize(
    ("old", "new", "at", "words"),
    [
        ("(10 minutes) ", "", "**1.**", "exercise 1 names no minutes"),
        ("(harder, 25 minutes)", "(hard, 25 minutes)", SECOND, "exercise 2 names no minutes"),
        (SECOND, "**3.**", "**3.**", "exercise 3 comes where exercise 2 is expected"),
        (HINT, "", SECOND, "exercise 2 has no part 'Hint'"),
        (PAGE[PAGE.index(SOLUTION) : PAGE.index(LAST)], "", SECOND, "exercise 2 has no part 'Solution'"),
        ("```python\nspeeds = [2, 4]\n```\n", "None.\n", "**1.**", "exercise 1 has several parts 'Code to begin with'"),
        (HINT, HINT + "\n" + HINT, SECOND, "exercise 2 has 2 parts 'Hint'"),
        ("- 3: for naming pressure as what drives it", "Three points.", LAST, "exercise 2 gives no marks"),
        (
            "mistakes.** None that",
            "mistakes** None that",
            LAST[:32] + "\n**Usual mistakes** None",
            "the notes on exercise 2 lack '**Usual mistakes.**'",
        ),
        (HINT, HINT + "\nIt is pressure.\n", "It is pressure.", "words after a folded part of exercise 2"),
        (HINT, HINT + "\n% a comment\nIt is pressure.\n", "It is pressure.", "words after a folded part of exercise 2"),
        ("answer_1 =", "answer_2 =", "**1.**", "exercise 1 sets answer_2: expected answer_1"),
        (HINT, HINT[:-4], HINT[:-4], "the part that ':::' opens is not closed before line"),
        (
            "- 3: for naming pressure as what drives it\n:::\n",
            "- 3: for naming pressure as what drives it\n",
            LAST,
            "is not closed before the heading in line 70",
        ),
        ("\nNone.\n", "\n:::{note}\nOpen.\n", ":::{note}\nOpen", "':::' opens is not closed before the page ends"),
        ("It blows.\n:::\n", "It blows.\n:::\n:::\n", ":::\n\n## Exercises", "':::' closes nothing"),
        ("Hint\nLook", "Hints\nLook", ":::{dropdown} Hints", "'{dropdown} Hints' is nearly a part"),
        (SOLUTION, "::::{dropdown} solution", "::::{dropdown}", "'{dropdown} solution' is nearly a part"),
        (SOLUTION, "::::{admonition} Solution", "::::{adm", "'{admonition} Solution' is nearly a part"),
        ("## Exercises\n", "## Questions\n", ":::{dropdown} Code", "a part 'Code to begin with' stands in no exercise"),
        ("It blows.\n", "```python\n:::{dropdown} Hint\n```\n", ":::{dropdown} Hint", "a folded part inside of code"),
    ],
)
def test_what_is_not_whole_is_told_with_its_line(old, new, at, words):
    text = PAGE.replace(old, new)
    assert text != PAGE
    line = text[: text.index(at)].count("\n") + 1
    with pytest.raises(BookError) as told:
        exercises(text, "wind.md")
    assert str(told.value).startswith(f"wind.md, line {line}: ")
    assert words in str(told.value)


def test_fences_of_code_hold_no_parts():
    text = "# Wind\n\n```{code-cell} ipython3\n# a remark\nx = ':::'\n```\n\n~~~\n## no heading\n~~~\n"
    assert parts(text, "wind.md") == []
