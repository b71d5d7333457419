"""The book's Sphinx extension: findings and claims in prose, cache keys that see code and data, alt texts, the site."""

import hashlib
from pathlib import Path

from jingjinji.sphinxext import (
    about,
    alts,
    cards,
    contents,
    front,
    headlines,
    holes,
    ledger,
    lessons,
    light,
    pictures,
    places,
    roles,
    search,
    sections,
    site,
    staleness,
)

READING = (roles, ledger, places, cards, sections, lessons, alts, pictures, holes, staleness, contents, headlines)
WRITING = (site, front, about, light, search)
OF_SLIDES = (roles, ledger, lessons, alts, pictures, holes, staleness)
"""What slides are read with: the book's roles, figures and holes, without its cards, its search and its looks."""


def setup(app) -> dict:
    """Register every room of the extension with a Sphinx application."""
    return prepare(app, (*READING, *WRITING))


def prepare(app, rooms: tuple) -> dict:
    """Register some rooms, and every value of the configuration."""
    app.add_config_value("jingjinji_findings_source", "jingjinji.fits.fitting", "env", str)
    app.add_config_value("jingjinji_findings_page", "chapters/appendix/findings", "env", str)
    app.add_config_value("jingjinji_data_page", "chapters/appendix/data", "env", str)
    app.add_config_value("jingjinji_models_page", "chapters/appendix/models", "env", str)
    app.add_config_value("jingjinji_claims_page", "chapters/claims", "env", str)
    app.add_config_value("jingjinji_conclusions_page", "chapters/conclusions", "env", str)
    app.add_config_value("jingjinji_package", "jingjinji", "env", str)
    app.add_config_value("jingjinji_static", "", "html", str)
    for room in rooms:
        room.connect(app)
    return {"env_version": _code(), "parallel_read_safe": True, "parallel_write_safe": True}


def _code() -> str:
    """One hash of the extension's own code: pages that another version of it has read are read again."""
    here = Path(__file__).parent
    rooms = sorted([*here.glob("*.py"), *here.glob("templates/*.html")])
    return hashlib.sha256(b"".join(room.read_bytes() for room in rooms)).hexdigest()
