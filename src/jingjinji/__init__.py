"""Ten years of environmental cooperation in Beijing-Tianjin-Hebei, tested on public data."""

import os
from pathlib import Path

__version__ = "0.1.0"

CARRIED = Path(__file__).parent / "carried"
"""What a wheel has beside the code, and no checkout: tables, kept results and, in the one of the site, fits."""
HOME = CARRIED if CARRIED.is_dir() else Path(__file__).parents[2]
"""The folder of the book that this code belongs to."""
PROJECT = Path(os.environ.get("JINGJINJI_PROJECT", HOME)).resolve()
"""The folder whose tables, pages and results are meant: the book's, or that of a region."""


def _cache() -> Path:
    """Where caches are: in the project, and of a package that is used alone in the user's own folder for them."""
    if CARRIED.resolve() != PROJECT:
        return PROJECT / ".cache"
    from pooch import os_cache

    return Path(os_cache("jingjinji")).expanduser()


CACHE = Path(os.environ.get("JINGJINJI_CACHE") or _cache()).resolve()

# PyTensor and numba read these on import. Fast-math is off: one seed then gives one set of draws, whatever is cached.
os.environ["PYTENSOR_FLAGS"] = ",".join(
    filter(
        None,
        (os.environ.get("PYTENSOR_FLAGS"), f"base_compiledir={CACHE / 'pytensor'}", "numba__fastmath=False"),
    )
)
os.environ.setdefault("NUMBA_CACHE_DIR", str(CACHE / "numba"))
