"""The model of the decline for a simulated country: more cities than there are, and another number of years."""

import ast
import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np

from jingjinji.core import registry
from jingjinji.topics.air import decline


def simulated(copies: int, years: int, seed: int = 1) -> tuple[ModuleType, object]:
    """A module of the model and a synthetic panel with that many times the cities, over the first so many years.

    Raises ValueError where the model's constants are no longer written as expected.
    """
    first = decline.YEARS[0]
    last = first + years - 1
    names = decline.CITIES + tuple(f"{city} {copy}" for copy in range(2, copies + 1) for city in decline.CITIES)
    record = registry.load("decline")
    module = with_constants(
        {
            "CITIES": repr(names),
            "LATITUDE": repr({name: decline.LATITUDE[name.rpartition(" ")[0] or name] for name in names}),
            "MONTHS": f"pd.period_range('{first}-01', '{last}-12', freq='M')",
            "YEARS": f"tuple(range({first}, {last + 1}))",
            "FIRST, LAST": f"{first}, {last}",
        }
    )
    return module, module.simulate({}, np.random.default_rng(seed), tiled(record, copies, years))


def with_constants(constants: dict[str, str]) -> ModuleType:
    """The model's module with other expressions as the values of some constants; from now on it is the one imported."""
    tree = ast.parse(Path(decline.__file__).read_text("utf-8"))
    missing = set(constants)
    for statement in tree.body:
        name = ast.unparse(statement.targets[0]).strip("()") if isinstance(statement, ast.Assign) else None
        if name in constants:
            statement.value = ast.parse(constants[name], mode="eval").body
            missing.discard(name)
    if missing:
        raise ValueError(f"{decline.__name__} has no constant {', '.join(sorted(missing))} to change")
    module = ModuleType(decline.__name__)
    module.__spec__ = importlib.util.spec_from_loader(module.__name__, loader=None)
    sys.modules[module.__name__] = module
    exec(compile(ast.fix_missing_locations(tree), decline.__file__, "exec"), module.__dict__)
    return module


def tiled(panel, copies: int, years: int):
    """The first years of the panel, its cities repeated; gaps, weather and official rows are those of the record."""
    months = 12 * years
    official = panel.official[panel.official.year < decline.YEARS[0] + years]
    return replace(
        panel,
        pm25=np.tile(panel.pm25[:months], (1, copies)),
        weather=panel.weather[:months],
        wind_error=panel.wind_error[:months],
        conversion=panel.conversion[:months],
        official=official.reset_index(drop=True),
    )
