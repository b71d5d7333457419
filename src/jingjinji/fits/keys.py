"""Keys of draws: the graph of the log density, its arrays, the sampler's settings and seed, versions; no source code.

A file that is moved, a function that is renamed, a comment, another topic, a new finding change no key. What can
change a draw does: a prior, a transform, a number in the graph, a datum, a setting, a seed, a numerical package.
"""

import ast
import hashlib
import importlib.util
import inspect
import json
import platform
import re
import textwrap
from dataclasses import asdict
from functools import cache
from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd

from jingjinji.fits import sampler

PACKAGES = ("pymc", "pytensor", "nutpie", "numpy", "scipy", "numba", "llvmlite")
"""Packages that decide the last bits of a draw."""
_PLACE = re.compile(r" at 0x[0-9a-f]+")


@cache
def versions() -> dict[str, str]:
    """What a draw depends on beside the model: packages, the kind of processor, the numerics, how chains begin."""
    numerics = hashlib.sha256(json.dumps(sampler.NUMERICS, sort_keys=True).encode()).hexdigest()[:12]
    begin = hashlib.sha256("".join(map(_function, sampler.DECIDE)).encode()).hexdigest()[:12]
    packages = {package: metadata.version(package) for package in PACKAGES}
    return packages | {"processor": platform.machine(), "numerics": numerics, "sampler": begin}


def of_arrays(arrays: dict[str, np.ndarray]) -> dict[str, str]:
    """A hash of each array, by name: type, shape and content."""
    return {name: hashlib.sha256(_content(value)).hexdigest()[:16] for name, value in sorted(arrays.items())}


def of_model(model) -> str:
    """A hash of a ``pymc.Model`` without the values of its ``pm.Data``, the same in every process.

    Covers the graph of the log density with its Jacobians, the graph of the free variables (chains start at draws
    from it), their names, and the names and sizes of their dims.
    """
    free = model.free_RVs
    sizes = {name: len(values) if values is not None else None for name, values in model.coords.items()}
    dims = [[(dim, sizes.get(dim)) for dim in model.named_vars_to_dims.get(v.name, ())] for v in free]
    names = [(variable.name, str(variable.type)) for variable in free]
    text = json.dumps([of_graph([model.logp()]), of_graph(free), names, dims])
    return hashlib.sha256(text.encode()).hexdigest()


def of_graph(outputs, inputs=()) -> str:
    """A hash of a PyTensor graph: ops with their properties, constants by value, data by name and type.

    `inputs` of a graph within an op are told by their places: they need no names. A shared value without a name, which
    `of_arrays` therefore does not cover, counts as a constant does.
    """
    from pytensor.compile.sharedvalue import SharedVariable
    from pytensor.graph.basic import Constant
    from pytensor.graph.traversal import toposort
    from pytensor.tensor.random.type import RandomType

    numbers = {variable: f"input {place} {variable.type}" for place, variable in enumerate(inputs)}

    def number(variable) -> str:
        if variable not in numbers:
            if isinstance(variable, Constant):
                what = b"constant " + _content(variable.data)
            elif isinstance(variable, SharedVariable) and not (variable.name or isinstance(variable.type, RandomType)):
                what = b"shared " + _content(variable.get_value(borrow=True))
            else:
                what = f"named {variable.name} {variable.type}".encode()
            numbers[variable] = hashlib.sha256(what).hexdigest()[:16]
        return numbers[variable]

    for node in toposort(outputs):
        entering = ",".join(number(variable) for variable in node.inputs)
        made = hashlib.sha256(f"{_op(node.op)}({entering})".encode()).hexdigest()[:16]
        for place, variable in enumerate(node.outputs):
            numbers[variable] = f"{made}.{place}"
    return hashlib.sha256(",".join(map(number, outputs)).encode()).hexdigest()


def of_draws(
    graph: str, arrays: dict[str, str], settings, seed: int, constants: tuple[str, ...] = ()
) -> tuple[str, dict]:
    """The key of a fit's draws, and what it is made of (JSON), from `of_model`, `of_arrays` and a dataclass.

    constants : names of arrays that are compiled as constants, which can change the last bits of a draw.
    """
    parts = {"graph": graph, "arrays": arrays, "settings": asdict(settings), "seed": seed, "versions": versions(),
             "constants": sorted(constants)}  # fmt: skip
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest(), parts


def difference(before: dict, after: dict) -> str:
    """Why two fits differ, in words, from what their keys are made of; empty where they do not."""
    words = []
    if before["graph"] != after["graph"]:
        words.append("the graph of the log density differs")
    names = before["arrays"].keys() | after["arrays"].keys()
    changed = sorted(name for name in names if before["arrays"].get(name) != after["arrays"].get(name))
    if changed:
        words.append(f"data differ: {', '.join(changed)}")
    if before.get("constants") != after.get("constants"):
        words.append("other arrays are compiled as constants")
    for what in ("settings", "versions"):
        names = before[what].keys() | after[what].keys()
        words += [f"{name} was {before[what].get(name)}, is {after[what].get(name)}"
                  for name in sorted(names) if before[what].get(name) != after[what].get(name)]  # fmt: skip
    if before["seed"] != after["seed"]:
        words.append("another seed")
    return "; ".join(words)


def _content(value) -> bytes:
    """Bytes that tell a value from every other; raises TypeError for what has none, such as a sparse matrix."""
    if value is None or isinstance(value, str | slice):
        return repr(value).encode()
    if isinstance(value, pd.Index | pd.Series | list | tuple):
        return b"".join(_content(item) for item in value)
    if isinstance(value, pd.Timestamp | pd.Period):
        return str(value).encode()
    if not isinstance(value, np.ndarray | np.generic | int | float | bool):
        raise TypeError(f"a key cannot tell {type(value).__name__} by value: expected arrays, numbers, text or None")
    array = np.asarray(value)
    return f"{array.dtype}{array.shape}".encode() + np.ascontiguousarray(array).tobytes()


def _op(op) -> str:
    """An op's type, properties and, of a distribution written as Python, its code; inner graphs by their own key."""
    properties = {name: getattr(op, name, None) for name in getattr(op, "__props__", ())}
    module = type(op).__module__
    ours = module.startswith("jingjinji.")
    # of the book's own operations, which may move, properties do not say what they do, but their module does
    place = of_module(module) if ours else module
    text = f"{place}.{type(op).__qualname__}{_PLACE.sub('', str(properties))}"
    random = getattr(op, "_random_fn", None)
    if hasattr(random, "__code__"):
        text += _function(random)
    inner = getattr(op, "fgraph", None)
    return text if inner is None else text + of_graph(inner.outputs, inner.inputs)


@cache
def of_module(name: str) -> str:
    """A hash of what a module says to do; comments, docstrings and layout change nothing."""
    return _said(Path(importlib.util.find_spec(name).origin).read_text("utf-8"))


def _function(function) -> str:
    """What a function says to do, without its name, and the values it has from around it.

    Raises TypeError for a lambda.
    """
    if function.__name__ == "<lambda>":
        raise TypeError("a key cannot tell a lambda by its source: write a function with a name")
    around = [cell.cell_contents for cell in function.__closure__ or ()]
    values = [_function(value) if hasattr(value, "__code__") else _content(value).hex() for value in around]
    source = textwrap.dedent(inspect.getsource(function)).replace(f"def {function.__name__}(", "def _(", 1)
    return _said(source) + "".join(values)


def _said(source: str) -> str:
    """A hash of source code, the same for every Python that reads it, as bytecode is not."""
    return hashlib.sha256(ast.unparse(_WithoutTexts().visit(ast.parse(source))).encode()).hexdigest()


class _WithoutTexts(ast.NodeTransformer):
    """Leaves out statements that are only a text, such as docstrings."""

    def visit_Expr(self, node):
        return None if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str) else node
