"""What a wheel carries beside the code, so that the package finds its tables where there is no checkout."""

import os
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CARRIED = ("data", "benchmarks/gate_rates.json", "references.bib", "_static")
KEPT = "results"
"""Kept results are JSON; the draws of drafts beside them are none that a page shows."""


class Carry(BuildHookInterface):
    """Puts tables and kept results into the wheel, and what the folder has that JINGJINJI_CARRY names.

    Its folder ``fits`` has fits; files of its folder ``instead`` take the place of files of the package.
    """

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict) -> None:
        if version == "editable":
            return
        carried = {name: Path(self.root, name) for name in CARRIED}
        carried |= {f"{KEPT}/{path.name}": path for path in Path(self.root, KEPT).glob("*.json")}
        given = os.environ.get("JINGJINJI_CARRY")
        if given:
            carried["fits"] = Path(given, "fits")
            instead = Path(given, "instead")
            build_data["force_include"] |= {
                str(path): f"jingjinji/{path.relative_to(instead).as_posix()}"
                for path in instead.rglob("*")
                if path.is_file()
            }
        build_data["force_include"] |= {str(path): f"jingjinji/carried/{name}" for name, path in carried.items()}
