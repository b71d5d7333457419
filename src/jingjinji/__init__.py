"""Ten years of environmental cooperation in Beijing-Tianjin-Hebei, tested on public data."""

import os
from pathlib import Path

__version__ = "0.1.0"

PROJECT = Path(os.environ.get("JINGJINJI_PROJECT", Path(__file__).parents[2])).resolve()
CACHE = Path(os.environ.get("JINGJINJI_CACHE", PROJECT / ".cache")).resolve()

# PyTensor and numba read these on import. Fast-math is off: one seed then gives one set of draws, whatever is cached.
os.environ["PYTENSOR_FLAGS"] = ",".join(
    filter(
        None,
        (os.environ.get("PYTENSOR_FLAGS"), f"base_compiledir={CACHE / 'pytensor'}", "numba__fastmath=False"),
    )
)
os.environ.setdefault("NUMBA_CACHE_DIR", str(CACHE / "numba"))
