"""What of a cell goes on after one statement of it failed, and what is taken away so that nothing stale is shown."""

import ast
import types

import pytest

from jingjinji.sphinxext.statements import go_on, pieces, touched


class FitNotPublished(Exception):
    fit = "bad"


def load(name: str) -> str:
    if name == "bad":
        raise FitNotPublished(name)
    return name.upper()


def ran(code: str, **given) -> tuple[dict, list[str]]:
    """The names after a cell failed and went on, and the kinds of its errors."""
    names = {"load": load, **given}
    try:
        exec(compile(code, "<cell>", "exec"), names)
    except Exception as error:
        errors = go_on(code, names, error)
        return names, [type(one).__name__ for one in errors]
    raise AssertionError("the code did not fail")


def test_what_does_not_need_the_missing_goes_on():
    names, errors = ran("a = load('a')\nb = load('bad')\nc = b + a\nd = a + 'd'\n")
    assert errors == ["FitNotPublished", "NameError"]
    assert names["d"] == "Ad"
    assert not {"b", "c"} & names.keys()


def test_statements_before_the_failed_one_do_not_run_twice():
    names, _ = ran("count.append(1)\nb = load('bad')\ncount.append(2)\n", count=[])
    assert names["count"] == [1, 2]


def test_a_tuple_of_fits_is_taken_apart():
    names, errors = ran("a, b, c = (\n    load('a'),\n    load('bad'),\n    load('c'),\n)\n")
    assert errors == ["FitNotPublished", "FitNotPublished"]
    assert (names["a"], names["c"]) == ("A", "C")
    assert "b" not in names


@pytest.mark.parametrize("code", ["a, b = b, a", "a, *b = f(), g()", "a = f()", "a, b = f()", "a.x, b = f(), g()"])
def test_other_statements_are_left_whole(code):
    assert pieces(ast.parse(code).body[0]) == []


@pytest.mark.parametrize(
    "code",
    [
        "old = load('bad')",
        "old['bad'] = load('bad')",
        "old.part = load('bad')",
        "old.append(load('bad'))",
        "old[0].append(load('bad'))",
        "for name in ('a', 'bad'):\n    old.append(load(name))",
        "for old in map(load, ('a', 'bad')):\n    pass",
        "with load('bad') as old:\n    pass",
        "def old(x=load('bad')):\n    pass",
        "class old(load('bad')):\n    pass",
        "old += load('bad')",
        "if old:\n    old = load('bad')",
    ],
)
def test_an_old_value_and_half_of_a_new_one_are_taken_away(code):
    names, errors = ran(f"{code}\nshown = old\n", old=[[]])
    assert "old" not in names
    assert errors == ["FitNotPublished", "NameError"]


def test_a_module_stays_when_a_call_of_it_failed():
    module = types.ModuleType("figures")
    module.draw = load
    names, errors = ran("figures.draw('bad')\nlater = figures.draw('a')\n", figures=module)
    assert names["later"] == "A"
    assert errors == ["FitNotPublished"]


def test_an_error_inside_a_function_of_the_page_counts_where_it_was_called():
    names, errors = ran("def f():\n    x = 1\n    return load('bad')\n\na = load('a')\nb = f()\nc = a\n")
    assert errors == ["FitNotPublished"]
    assert names["c"] == "A"
    assert "f" in names


def test_an_interrupt_is_no_hole():
    with pytest.raises(KeyboardInterrupt):
        ran("b = load('bad')\nraise KeyboardInterrupt\n")


def test_what_an_import_binds():
    assert touched(ast.parse("import a.b, c as d\nfrom e import f").body[0])[0] == {"a", "d"}
