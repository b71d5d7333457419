"""What a wheel carries beside the code, so that the package finds its tables where there is no checkout."""

import os
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CARRIED = ("data", "benchmarks/gate_rates.json")
KEPT = "results"
"""Kept results are JSON; the draws of drafts beside them are none that a page shows."""


class Carry(BuildHookInterface):
    """Puts tables and kept results into the wheel, and the fits of the folder that JINGJINJI_CARRY names."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict) -> None:
        if version == "editable":
            return
        carried = {name: Path(self.root, name) for name in CARRIED}
        carried |= {f"{KEPT}/{path.name}": path for path in Path(self.root, KEPT).glob("*.json")}
        if os.environ.get("JINGJINJI_CARRY"):
            carried["fits"] = Path(os.environ["JINGJINJI_CARRY"])
        build_data["force_include"] |= {str(path): f"jingjinji/carried/{name}" for name, path in carried.items()}
