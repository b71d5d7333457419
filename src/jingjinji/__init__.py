"""Ten years of environmental cooperation in Beijing-Tianjin-Hebei, tested on public data."""

import os
from pathlib import Path

__version__ = "0.1.0"

HOME = Path(__file__).parents[2]
"""The folder of the book that this code belongs to."""
PROJECT = Path(os.environ.get("JINGJINJI_PROJECT", HOME)).resolve()
"""The folder whose tables, pages and results are meant: the book's, or that of a region."""
CACHE = Path(os.environ.get("JINGJINJI_CACHE", PROJECT / ".cache")).resolve()

# PyTensor and numba read these on import. Fast-math is off: one seed then gives one set of draws, whatever is cached.
os.environ["PYTENSOR_FLAGS"] = ",".join(
    filter(
        None,
        (os.environ.get("PYTENSOR_FLAGS"), f"base_compiledir={CACHE / 'pytensor'}", "numba__fastmath=False"),
    )
)
os.environ.setdefault("NUMBA_CACHE_DIR", str(CACHE / "numba"))
