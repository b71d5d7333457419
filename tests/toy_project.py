"""A copy of the project with two tiny models instead of the real ones, for runs of the real sampler in seconds."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[1]
MODEL = '''
"""One number; with a gap it has two modes between which chains cannot move."""

from dataclasses import dataclass, replace

import numpy as np

from jingjinji import tables
from jingjinji.findings import record

PANEL = ("days_by_class",)
DERIVED = ("double",)
KEPT_WITH = ("",)


@dataclass(frozen=True)
class Panel:
    numbers: np.ndarray
    gap: float = 0.0


def load(variant=""):
    tables.load("days_by_class")
    panel = Panel(np.array([1.0, MIDDLE]))
    return VARIANTS[variant](panel) if variant else panel


def data(panel):
    return {"numbers": panel.numbers, "gap": np.array(panel.gap)}


def build(panel):
    import pymc as pm

    with pm.Model() as model:
        d = {name: pm.Data(name, value) for name, value in data(panel).items()}
        mean = pm.Normal("mean", d["numbers"][0], 20)
        pm.Potential("modes", -0.5 * (abs(mean - d["numbers"][1]) - d["gap"]) ** 2)
        pm.Deterministic("double", 2 * mean)
    return model


def simulate(truth, rng):
    return Panel(rng.normal(size=2))


def findings(fit):
    suffix = f"@{fit.variant}" if fit.variant else ""
    draws = fit.parameters["mean"].values
    return [record("NAME.mean", "mean", draws, "µg/m³", model=fit.name, panel=PANEL, suffix=suffix)]


VARIANTS = {
    "split": lambda panel: replace(panel, gap=30.0),
    "shifted": lambda panel: replace(panel, numbers=panel.numbers + 100),
}
'''


@dataclass(frozen=True)
class ToyProject:
    """Folder of the copy; `run` and `python` start processes that see it as the project."""

    root: Path

    @property
    def code(self) -> Path:
        return self.root / "src/jingjinji"

    @property
    def cache(self) -> Path:
        return self.root / ".cache"

    @property
    def fits(self) -> list[str]:
        return sorted(path.name.rpartition("-")[0] for path in (self.cache / "fits").glob("[!.]*"))

    def environment(self, **more: str) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("JINGJINJI")},
            "PYTHONPATH": str(self.root / "src"),
            "JINGJINJI_PROJECT": str(self.root),
            "JINGJINJI_CACHE": str(self.cache),
            "NUMBA_CACHE_DIR": str(self.cache / "numba"),
            **more,
        }

    def start(self, *arguments: str, **more: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "jingjinji.cli", *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, env=self.environment(**more), start_new_session=True, **pipes)

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess:
        process = self.start(*arguments, **more)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def python(self, code: str, **more: str):
        """What the code prints as JSON."""
        command = [sys.executable, "-W", "error", "-c", code]
        result = subprocess.run(command, env=self.environment(**more), capture_output=True, text=True, timeout=120)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)


def make(root: Path) -> ToyProject:
    """Copy the package, the data and the lock; put the toy models in."""
    shutil.copytree(PROJECT / "src/jingjinji", root / "src/jingjinji", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(PROJECT / "data", root / "data", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "requirements.lock", root)
    room = root / "src/jingjinji/models"
    for path in room.glob("*.py"):
        if path.name != "__init__.py":
            path.unlink()
    registry = (room / "__init__.py").read_text("utf-8")
    registry, count = re.subn(r"TOPICS = \([^)]*\)", 'TOPICS = ("toy", "other")', registry)
    assert count == 1
    (room / "__init__.py").write_text(registry, "utf-8")
    for name, middle in (("toy", 4.0), ("other", 6.0)):
        (room / f"{name}.py").write_text(MODEL.replace("NAME", name).replace("MIDDLE", str(middle)), "utf-8")
    return ToyProject(root)
