"""One module a topic, each with the same four functions: load, build, findings, simulate.

``load(variant)`` gives the panel, ``build(panel)`` its ``pymc.Model``, ``findings(fit)`` the named quantities of a
fit, ``simulate(truth, rng)`` a panel with known parameters. ``VARIANTS`` names the panels that are fitted beside the
main one and reuse its compiled model, ``data(panel)`` their arrays. ``DERIVED`` names what is computed from the
parameters, ``KEPT_WITH`` the variants whose derived draws are stored. PyMC is imported only where a model is built.
"""

import importlib
from types import ModuleType

from jingjinji.errors import BookError

TOPICS = ("decline", "heavy_days", "energy_emissions", "energy_mix", "energy_phase_out")


def module(topic: str) -> ModuleType:
    """The module of a topic; imported only when it is asked for. Raises BookError for an unknown topic."""
    if topic not in TOPICS:
        raise BookError(f"there is no model '{topic}': expected one of {', '.join(TOPICS)}")
    return importlib.import_module(f"jingjinji.models.{topic}")
