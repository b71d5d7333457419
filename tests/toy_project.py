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

from jingjinji.core import kernel
from jingjinji.core.topic import Variant

TABLES = ("days_by_class",)
DERIVED = ("double",)


@dataclass(frozen=True)
class Panel:
    numbers: np.ndarray
    gap: float = 0.0
    truth: float | None = None


def panel(days):
    return Panel(np.array([1.0, MIDDLE]))


def data(panel):
    return {"numbers": panel.numbers, "gap": np.array(panel.gap)}


def build(panel):
    import pymc as pm

    with pm.Model() as model:
        d = {name: pm.Data(name, value) for name, value in data(panel).items()}
        mean = pm.Normal("mean", d["numbers"][0], 20)
        pm.Potential("modes", kernel.two_modes(mean, d["numbers"][1], d["gap"]))
        PRODUCT
        pm.Deterministic("double", 2 * mean)
    return model


def simulate(truth, rng, panel):
    middle = float(rng.normal(truth, 20))
    return replace(panel, numbers=np.array([truth, middle + rng.normal()]), truth=middle)


VARIANTS = {
    "split": Variant("split", lambda panel: replace(panel, gap=30.0)),
    "shifted": Variant("shifted", lambda panel: replace(panel, numbers=panel.numbers + 100)),
}
TOYS = {"toy": lambda panel, rng: simulate(1.0, rng, panel)}
'''
SAID = '''
"""What is said of it."""

from jingjinji.core.scribe import Scribe
from jingjinji.topics.toys import NAME


def findings(fit):
    say, double = Scribe(NAME.TABLES, "NAME.", fit), fit.parameters["double"].values
    if fit.panel.truth is None:
        say.draws("mean", "mean", double / 2, "µg/m³")
    else:
        say.pair("mean", "mean", fit.panel.truth, double / 2, "µg/m³")
    return say.made
'''
PRODUCT = 'pm.Potential("product", kernel.of_a_product(pm.Normal("rest", shape=kernel.MATRIX.shape[1])))'
KERNEL = '''
"""What the toy models share."""

import numpy as np

MATRIX = np.random.default_rng(1).normal(size=(40, 24)) / 5


def two_modes(value, middle, gap):
    """Log of a kernel with modes at `gap` on both sides of `middle`."""
    return -0.5 * (abs(value - middle) - gap) ** 2


def of_a_product(values):
    """Its last bits depend on the kernels of BLAS, and small differences grow from draw to draw."""
    import pytensor.tensor as pt

    return pt.cos(2 * pt.dot(MATRIX, values)).sum() / 2
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
        return sorted(path.name.rpartition("-")[0] for path in (self.cache / "fits/findings").glob("[!.]*"))

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("JINGJINJI", "DASK"))}
        return {
            **kept,
            "PYTHONPATH": str(self.root / "src"),
            "JINGJINJI_PROJECT": str(self.root),
            "JINGJINJI_CACHE": str(self.cache),
            "NUMBA_CACHE_DIR": str(self.cache / "numba"),
            **more,
        }

    def start(self, *arguments: str, **more: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "jingjinji.cli.main", *arguments]
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
    code = root / "src/jingjinji"
    shutil.rmtree(code / "topics")
    room = code / "topics/toys"
    room.mkdir(parents=True)
    for package in (code / "topics", room):
        (package / "__init__.py").touch()
    registry = (code / "core/registry.py").read_text("utf-8")
    registry, count = re.subn(r"PLACES = {[^}]*}", 'PLACES = {"toy": "toys.toy", "other": "toys.other"}', registry)
    assert count == 1
    registry, count = re.subn(r"\nFACTS = \([^)]*\)", "\nFACTS = ()", registry)
    assert count == 1
    (code / "core/registry.py").write_text(registry, "utf-8")
    (code / "core/kernel.py").write_text(KERNEL, "utf-8")
    for name, middle, product in (("toy", "4.0", PRODUCT), ("other", "6.0", "")):
        text = MODEL.replace("NAME", name).replace("MIDDLE", middle).replace("PRODUCT", product)
        (room / f"{name}.py").write_text(text, "utf-8")
        (room / f"{name}_findings.py").write_text(SAID.replace("NAME", name), "utf-8")
    return ToyProject(root)
