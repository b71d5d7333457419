"""The model of the decline for more cities or more years than there are, to see how sampling grows."""

import ast
import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd

from jingjinji.models import decline


def simulated(cities: int, years: int, seed: int = 1) -> tuple[ModuleType, object]:
    """A module of the model and a synthetic panel with that many times the cities and the years.

    Raises ValueError where the model's constants are no longer written as expected.
    """
    names = decline.CITIES + tuple(f"{city} {copy}" for copy in range(2, cities + 1) for city in decline.CITIES)
    last = decline.YEARS[0] + years * len(decline.YEARS) - 1
    module = with_constants(
        {
            "CITIES": repr(names),
            "MONTHS": f"pd.period_range('{decline.YEARS[0]}-01', '{last}-12', freq='M')",
            "YEARS": f"tuple(range({decline.YEARS[0]}, {last + 1}))",
        }
    )
    panel = tiled(decline.load(), cities, years)
    return module, module.simulate({"slope": -0.1 / years}, np.random.default_rng(seed), panel)


def with_constants(constants: dict[str, str]) -> ModuleType:
    """The model's module with other expressions as the values of some constants; from now on it is the one imported."""
    tree = ast.parse(Path(decline.__file__).read_text("utf-8"))
    missing = set(constants)
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and getattr(statement.targets[0], "id", None) in constants:
            name = statement.targets[0].id
            statement.value = ast.parse(constants[name], mode="eval").body
            missing.discard(name)
    if missing:
        raise ValueError(f"{decline.__name__} has no constant {', '.join(sorted(missing))} to change")
    module = ModuleType(decline.__name__)
    module.__spec__ = importlib.util.spec_from_loader(module.__name__, loader=None)
    sys.modules[module.__name__] = module
    exec(compile(ast.fix_missing_locations(tree), decline.__file__, "exec"), module.__dict__)
    return module


def tiled(panel, cities: int, years: int):
    """The panel repeated, gaps and weather included; the official rows of later years are those of the first again."""
    later = [panel.official.assign(year=panel.official.year + copy * len(decline.YEARS)) for copy in range(years)]
    return replace(
        panel,
        pm25=np.tile(panel.pm25, (years, cities)),
        weather=np.tile(panel.weather, (years, 1)),
        wind_error=np.tile(panel.wind_error, years),
        conversion=np.tile(panel.conversion, years),
        official=pd.concat(later, ignore_index=True),
    )
