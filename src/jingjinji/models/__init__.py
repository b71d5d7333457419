"""One module a topic, each with the same four functions: load, build, findings, simulate.

``load(variant)`` gives the panel, ``build(panel)`` its ``pymc.Model``, ``findings(fit)`` the named quantities of a
fit, ``simulate(truth, rng, panel)`` a panel with known parameters. ``VARIANTS`` names the panels that are fitted beside
the main one and reuse its compiled model, ``TOYS`` the made-up records of known truth (`simulations`), ``data(panel)``
the arrays. ``DERIVED`` names the variables that are computed from free parameters where findings and pages need them,
``BESIDE`` other fits whose draws the findings need. Topics ``BY_HOUR`` need raw archives that are not part of the book;
they are sampled only when they are asked for. PyMC is imported only where a model is built.
"""

import importlib
from types import ModuleType

from jingjinji.errors import BookError

TOPICS = (
    "decline",
    "apec_stations",
    "energy_emissions",
    "apec_series",
    "energy_mix",
    "energy_phase_out",
    "apec_donors",
    "heavy_days",
    "miyun",
    "april",
    "storage",
    "hydrogen",
    "enterprises",
    "carbon",
    "hongkong",
    "efficiency",
)
BY_HOUR = ("apec_hours",)


def module(topic: str) -> ModuleType:
    """The module of a topic; imported only when it is asked for. Raises BookError for an unknown topic."""
    if topic not in (*TOPICS, *BY_HOUR):
        raise BookError(f"there is no model '{topic}': expected one of {', '.join(TOPICS)}")
    return importlib.import_module(f"jingjinji.models.{topic}")
