"""Where each model lives, and what is said of it: a module each, with the same functions in all of them.

Of a model, ``TABLES`` names the tables of which ``panel(*tables)`` makes its panel, ``data(panel)`` gives the arrays,
``build(panel)`` its ``pymc.Model``, ``simulate(truth, rng, panel)`` a panel with known parameters. Beside it,
``findings(fit)`` of ``<model>_findings`` gives the named quantities of a fit: what is said may change without a draw.
``VARIANTS`` names the panels that are fitted beside the main one and reuse its compiled model (`topic.Variant`),
``TOYS`` the made-up records of known truth (`simulations`), ``TOYS_OF`` the variants from whose panel some of them are
made. ``DERIVED`` names the variables that are computed from free parameters where findings and pages need them,
``BESIDE`` other fits whose draws the findings need. PyMC is imported only where a model is built.

In the project of a region (`descriptor`) there is one model, ``region``, in place of the book's.
"""

import importlib
from types import ModuleType

import numpy as np

import jingjinji
from jingjinji.core import descriptor, tables
from jingjinji.core.errors import BookError

PLACES = {
    "decline": "air.decline",
    "apec_stations": "november.stations",
    "energy_emissions": "energy.emissions",
    "apec_series": "november.series",
    "energy_mix": "energy.mix",
    "energy_phase_out": "energy.phase_out",
    "energy_coal": "energy.coal_path",
    "apec_donors": "november.donors",
    "heavy_days": "air.heavy_days",
    "miyun": "water.quality",
    "april": "water.april",
    "storage": "water.reservoir",
    "hydrogen": "hydrogen.curves",
    "hydrogen_clusters": "hydrogen.clusters",
    "carbon": "carbon.market",
    "hongkong": "hongkong.emissions",
    "efficiency": "cities.emissions",
    "apec_hours": "november.hours",
}
"""Model -> its module below ``topics``. Seeds are derived from these names, so they stay when a module moves."""
FACTS = ("carbon", "cities", "energy", "governance", "hongkong", "hydrogen", "water")
"""Topics with a module ``facts``, whose ``findings()`` are what tables alone say."""
CHAPTERS = {
    "pm25-decline": "Ten years of PM2.5",
    "apec-blue": "APEC blue",
    "energy-structure": "Coal, steel and the Ruhr",
    "miyun-compensation": "The water above Miyun",
    "hydrogen-clusters": "Promises of hydrogen",
    "efficiency": "Ten cities and their carbon",
    "carbon-market": "The price of a tonne",
    "green-silk-road": "The Green Silk Road",
    "governance": "Who decided what, and when",
}
"""Pages, below ``chapters/``, that test claims, each with a short title."""
SAID = "_findings"
BY_HOUR = ("apec_hours",)
"""Models that need raw archives which are not part of the book; they are sampled only when they are asked for."""
REGION = descriptor.of(jingjinji.PROJECT)
"""What a region's project says of itself; None in the book. A region has one model, and none of the book's."""
if REGION:
    PLACES, FACTS, CHAPTERS, BY_HOUR = {"region": "air.region"}, (), {"decline": REGION.title}, ()
TOPICS = tuple(name for name in PLACES if name not in BY_HOUR)


def module(topic: str) -> ModuleType:
    """The module of a model; imported only when it is asked for. Raises BookError for an unknown one."""
    return _module(topic, "")


def said(topic: str) -> ModuleType:
    """The module that says what is found in the fits of a model, and imports it; raises as `module` does."""
    return _module(topic, SAID)


def reasons(topic: str) -> dict[str, str]:
    """Parameter of a model -> why its prior is what it is; raises as `module` does."""
    module(topic)
    place = PLACES[topic].partition(".")[0]
    return importlib.import_module(f"jingjinji.topics.{place}.reasons").REASONS[topic]


def facts(topic: str) -> ModuleType:
    """The module that says what tables alone say on a topic."""
    return importlib.import_module(f"jingjinji.topics.{topic}.facts")


def words() -> dict:
    """Id -> function of all findings that gives words which follow from them; none in the book."""
    if not REGION:
        return {}
    return importlib.import_module("jingjinji.topics.air.region_words").WORDS


def load(topic: str, variant: str = ""):
    """The panel of a model's main fit, or of one of its variants.

    Raises BookError for an unknown model or variant, and as the model's ``panel`` does where a table is wrong.
    """
    here = module(topic)
    if not variant:
        return here.panel(*map(tables.load, here.TABLES))
    if variant not in here.VARIANTS:
        known = f"one of {', '.join(here.VARIANTS)}" if here.VARIANTS else "none, it has one fit"
        raise BookError(f"model {topic} has no variant '{variant}': expected {known}")
    chosen = here.VARIANTS[variant]
    panel = (chosen.panel or here.panel)(*map(tables.load, chosen.tables or here.TABLES))
    return chosen.change(panel)


def toy(topic: str, name: str, rng: np.random.Generator):
    """The panel of a made-up record of known truth."""
    here = module(topic)
    return here.TOYS[name](load(topic, getattr(here, "TOYS_OF", {}).get(name, "")), rng)


def _module(topic: str, end: str) -> ModuleType:
    if topic not in PLACES:
        raise BookError(f"there is no model '{topic}': expected one of {', '.join(TOPICS)}")
    return importlib.import_module(f"jingjinji.topics.{PLACES[topic]}{end}")
