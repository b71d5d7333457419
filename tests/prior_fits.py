"""Every fit of the book with draws from the prior instead of the sampler's, made once and kept by content."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

import jingjinji

PROJECT = Path(__file__).parents[1]
MAKERS = ("fits/fitting.py", "fits/store.py", "fits/fit_job.py")


def environment(cache: Path, **more: str) -> dict[str, str]:
    """For a process that sees the project with fits in `cache` and draws from the prior."""
    return os.environ | {"JINGJINJI_CACHE": str(cache), "JINGJINJI_DRAWS": "prior", **more}


def once(factory: pytest.TempPathFactory, name: str, make) -> Path:
    """A folder that `make(folder)` fills, shared by all workers of one run of the tests."""
    root = factory.getbasetemp()
    folder = (root.parent if "PYTEST_XDIST_WORKER" in os.environ else root) / name
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            aside = folder.with_name(f"{name}.part")
            shutil.rmtree(aside, ignore_errors=True)  # of one that failed
            aside.mkdir()
            make(aside)
            aside.rename(folder)
    return folder


@pytest.fixture(scope="session")
def prior_cache() -> Path:
    """A cache folder with every fit of the book; the store finds those that an earlier run has made."""
    source = b"".join((PROJECT / "src/jingjinji" / name).read_bytes() for name in MAKERS)
    folder = jingjinji.CACHE / f"prior-{hashlib.sha256(source).hexdigest()[:12]}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        for old in folder.parent.glob("prior-*[!k]"):
            if old != folder:
                shutil.rmtree(old)
        command = [sys.executable, "-m", "jingjinji.cli.main", "fit"]
        result = subprocess.run(command, env=environment(folder), capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture
def prior(prior_cache, monkeypatch) -> Path:
    """This process sees the fits of `prior_cache`."""
    monkeypatch.setattr(jingjinji, "CACHE", prior_cache)
    monkeypatch.setenv("JINGJINJI_DRAWS", "prior")
    return prior_cache
