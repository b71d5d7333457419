"""Keys of draws: the same in every process and for every way of writing a model, another for what can change a draw."""

import importlib
import linecache
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import jingjinji
from jingjinji.core import registry
from jingjinji.fits import keys
from jingjinji.fits.sampler import Sampling

SMALL = '''
"""A small model with a prior, a transform, a distribution of its own, a zero sum and data."""

import numpy as np
import pymc as pm


def build(centre=0.0, width=1.0, cities=3, values=(0.0, 1.0, 2.0), lower=None):
    """Says what it does."""
    with pm.Model(coords={"city": [f"city {k}" for k in range(cities)]}) as model:
        seen = pm.Data("seen", np.array(values))
        level = pm.Normal("level", centre, 2.0)
        scale = pm.HalfNormal("scale", 1.0) if lower is None else pm.TruncatedNormal("scale", 0, 1, lower=lower)
        effect = pm.ZeroSumNormal("effect", 1.0, dims="city")
        own = pm.CustomDist("own", level, logp=log_density, random=drawn(width))
        pm.Deterministic("twice", 2 * level)
        pm.Normal("y", level + own + effect.sum(), scale, observed=seen)
    return model


def log_density(value, level):
    """As of a normal distribution."""
    return -0.5 * (value - level) ** 2  # but for a constant


def drawn(width):
    def random(level, rng=None, size=None):
        """A normal distribution."""
        return rng.normal(level, width, size)

    return random
'''
ELSEWHERE = """
import sys
from pathlib import Path
from jingjinji.core import registry
from jingjinji.fits import keys

names = {}
exec(compile(Path(sys.argv[1]).read_text(), sys.argv[1], "exec"), names)
print(keys.of_model(names["build"]()))
"""
GRAPH, ARRAYS = "0" * 64, {"seen": np.array([0.0, 1.0]), "when": np.array([1, 2])}
SETTINGS = Sampling(4, 400)


def module(text: str = SMALL, name: str = "small.py") -> dict:
    names = {"__name__": name}
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    exec(compile(text, name, "exec"), names)
    return names


def key(text: str = SMALL, name: str = "small.py", **arguments) -> str:
    return keys.of_model(module(text, name)["build"](**arguments))


@pytest.fixture(scope="module")
def usual() -> str:
    return key()


def test_the_same_in_another_process_with_another_hash_seed_and_from_another_place(usual, tmp_path):
    path = tmp_path / "moved.py"
    path.write_text(SMALL)
    seed = "1" if os.environ.get("PYTHONHASHSEED") == "2" else "2"
    result = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(path)],
        env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == usual


def test_the_same_when_built_again(usual):
    assert key() == usual
    model = module()["build"]()
    assert keys.of_model(model) == keys.of_model(model) == usual


SAID = {
    "log_density": "renamed",
    "drawn(": "made(",
    "random(level": "another(level",
    "return random": "return another",
    "own = pm": "other = pm",
    "+ own +": "+ other +",
    "Says what it does.": "Says something else.",
    "As of a normal distribution.": "Half the square.",
    "A normal distribution.": "Drawn by NumPy.",
    "# but for a constant": "# said otherwise",
    "import numpy as np": "UNUSED = 3\n\nimport numpy as np",
    'f"city {k}"': 'f"town {k}"',
    'pm.Deterministic("twice", 2 * level)': 'pm.Deterministic("thrice", 3 * level)',
}
"""Functions, variables, docstrings, comments, lines, labels, and what follows from the parameters."""


def test_the_same_whatever_is_said_beside_it(usual):
    text = SMALL
    for before, after in SAID.items():
        assert before in text
        text = text.replace(before, after)
    assert key(text, "another.py") == usual


CHANGES = {
    "a prior's number": ('"level", centre, 2.0', '"level", centre, 2.1'),
    "a prior's type": ('pm.HalfNormal("scale", 1.0)', 'pm.Exponential("scale", 1.0)'),
    "a transform": ('"level", centre, 2.0', '"level", centre, 2.0, transform=pm.distributions.transforms.log'),
    "no transform": ('pm.HalfNormal("scale", 1.0)', 'pm.HalfNormal("scale", 1.0, default_transform=None)'),
    "a number of the likelihood": ("level + own", "1.5 * level + own"),
    "a sign of the likelihood": ("level + own", "level - own"),
    "a log density of its own": ("-0.5 * (value", "-0.6 * (value"),
    "how its own distribution is drawn": ("rng.normal(level, width", "rng.normal(level, 2 * width"),
    "the name of a parameter": ('"own", level', '"other", level'),
    "the name of an array": ('pm.Data("seen"', 'pm.Data("measured"'),
    "the dims of a parameter": ('dims="city"', "shape=3"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_another_for_another_line(usual, what):
    before, after = CHANGES[what]
    assert before in SMALL
    assert key(SMALL.replace(before, after)) != usual


@pytest.mark.parametrize("arguments", [{"centre": 1e-12}, {"width": 2.0}, {"cities": 4}, {"lower": 0.0}])
def test_another_for_another_number_from_outside(usual, arguments):
    assert key(**arguments) != usual


def test_another_for_another_bound():
    """Of a transform: its numbers are in the graph."""
    assert len({key(lower=0.0), key(lower=0.1)}) == 2


def test_values_of_data_are_not_of_the_model_but_their_number_of_dims_is(usual):
    """One compiled model takes other values: `of_arrays` tells them apart."""
    assert key(values=(5.0, 6.0, 7.0)) == usual
    assert key(values=((5.0, 6.0, 7.0),)) != usual


def test_a_shared_value_without_a_name_counts_as_a_number_does():
    """No array of the model covers it."""
    import pymc as pm
    import pytensor

    def with_shared(value, name=None):
        with pm.Model() as model:
            pm.Normal("x", pytensor.shared(np.array(value), name=name), 1)
        return keys.of_model(model)

    assert with_shared(0.0) == with_shared(0.0) != with_shared(5.0)
    assert with_shared(0.0, "mean") == with_shared(5.0, "mean")


def test_an_operation_of_the_book_may_move_and_counts_by_its_code(tmp_path, monkeypatch):
    import pytensor.tensor as pt

    code = "from jingjinji.core.normal_op import NormalDensity\n\n\nclass Density(NormalDensity):\n    size = 1\n"
    monkeypatch.setattr(jingjinji, "__path__", [*jingjinji.__path__, str(tmp_path)])

    def in_module(name: str, text: str) -> str:
        (tmp_path / f"{name}.py").write_text(text)
        op = importlib.import_module(f"jingjinji.{name}").Density()
        return keys.of_graph(op(pt.dvector("x"), pt.dmatrix("covariance")))

    here = in_module("one_place", code)
    assert in_module("another_place", code) == here
    assert in_module("other_code", code.replace("size = 1", "size = 2")) != here


def test_graph_within_an_op_counts_its_inputs_by_place():
    """Which of two unnamed inputs is taken from the other makes a difference; how they are called makes none."""
    import pytensor.tensor as pt
    from pytensor.compile.builders import OpFromGraph

    def taken(first: int, names=(None, None)):
        inside = [pt.dscalar(name) for name in names]
        op = OpFromGraph(inside, [inside[first] - inside[1 - first]])
        return keys.of_graph([op(pt.dscalar("x"), pt.dscalar("y"))])

    assert taken(0) != taken(1)
    assert taken(0) == taken(0) == taken(0, ("a", "b"))


def test_a_lambda_is_refused_for_its_source_is_that_of_its_line():
    with pytest.raises(TypeError, match="a key cannot tell a lambda by its source"):
        key(SMALL.replace("return random", "return lambda level, rng=None, size=None: random(level, rng, size)"))


def test_what_has_no_value_is_refused():
    from pytensor.graph.basic import Constant
    from pytensor.graph.type import Type

    class Anything(Type):
        def filter(self, data, strict=False, allow_downcast=None):
            return data

    with pytest.raises(TypeError, match=r"a key cannot tell object by value: expected arrays"):
        keys.of_graph([Constant(Anything(), object())])


# Arrays, settings, seed, versions


def test_arrays_are_told_by_type_shape_and_content():
    array = np.arange(6.0)
    others = [array + 1e-15, array[::-1], array[:5], array.reshape(2, 3), array.astype("float32"), np.arange(6)]
    hashes = [keys.of_arrays({"a": other})["a"] for other in (array, *others)]
    assert len(set(hashes)) == len(hashes)
    assert keys.of_arrays({"a": np.arange(12.0)[::2] / 2})["a"] == hashes[0]
    assert keys.of_arrays({"b": array, "a": array}) == dict.fromkeys("ab", hashes[0])


def draws_key(graph=GRAPH, arrays=ARRAYS, settings=SETTINGS, seed=1) -> tuple[str, dict]:
    return keys.of_draws(graph, keys.of_arrays(arrays), settings, seed)


OTHERS = {
    "another seed": {"seed": 2},
    "tune was 400, is 401": {"settings": replace(SETTINGS, tune=401)},
    "chains was 4, is 2": {"settings": replace(SETTINGS, chains=2)},
    "target_accept was 0.9, is 0.95": {"settings": replace(SETTINGS, target_accept=0.95)},
    "the graph of the log density differs": {"graph": "1" * 64},
    "data differ: seen": {"arrays": ARRAYS | {"seen": np.array([0.0, 2.0])}},
    "data differ: when": {"arrays": {"seen": ARRAYS["seen"]}},
    "data differ: new, seen": {"arrays": ARRAYS | {"seen": np.zeros((2, 1)), "new": np.zeros(1)}},
}


@pytest.mark.parametrize("words", OTHERS)
def test_another_for_other_draws_and_the_difference_in_words(words):
    usual, before = draws_key()
    other, after = draws_key(**OTHERS[words])
    assert other != usual
    assert keys.difference(before, after) == words


def test_another_for_another_version(monkeypatch):
    usual, before = draws_key()
    monkeypatch.setattr(keys, "versions", lambda: before["versions"] | {"numba": "9.9"})
    other, after = draws_key()
    assert other != usual
    assert keys.difference(before, after) == f"numba was {before['versions']['numba']}, is 9.9"


def test_no_difference_has_no_words_and_several_are_told_in_one_sentence():
    usual, before = draws_key(arrays=dict(reversed(ARRAYS.items())))
    assert (usual, keys.difference(before, before)) == (draws_key()[0], "")
    _, after = draws_key(graph="1" * 64, settings=replace(SETTINGS, tune=500), seed=9)
    told = "the graph of the log density differs; tune was 400, is 500; another seed"
    assert keys.difference(before, after) == told


def test_what_a_key_is_made_of_survives_a_file():
    import json

    _, parts = draws_key()
    assert json.loads(json.dumps(parts)) == parts


def test_versions_are_those_of_the_packages_that_draw_of_the_processor_and_of_the_numerics():
    import pymc

    assert tuple(keys.versions()) == (*keys.PACKAGES, "processor", "numerics", "sampler")
    assert keys.versions()["pymc"] == pymc.__version__


# A topic of the book


def test_of_a_topic_the_graph_holds_priors_and_arrays_hold_the_panel(monkeypatch):
    storage = registry.module("storage")
    panel = registry.load("storage")
    usual = keys.of_model(storage.build(panel))
    other = replace(panel, rows=panel.rows.assign(storage=panel.rows.storage + 0.1))
    assert keys.of_model(storage.build(other)) == usual
    before, after = (keys.of_arrays(storage.data(one)) for one in (panel, other))
    assert [name for name in before if before[name] != after[name]] == [
        "above", "log_exact", "log_lower", "rounding",
    ]  # fmt: skip
    monkeypatch.setattr(storage, "START", (20.0, 9.0))
    assert keys.of_model(storage.build(panel)) != usual
