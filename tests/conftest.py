"""Tests keep their fits apart from the book's."""

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
os.environ.setdefault("JINGJINJI_CACHE", str(PROJECT / ".cache" / "tests"))


@pytest.fixture(scope="session")
def project() -> Path:
    """The project's root folder."""
    return PROJECT


@pytest.fixture(scope="module")
def point(model) -> dict:
    """Some point of the `model` that the file of tests builds: each value as the sampler sees it."""
    from densities import some_point

    return some_point(model)


@pytest.fixture(scope="module")
def values(model, point) -> dict:
    """Every random and derived variable at the point."""
    from densities import values_at

    return values_at(model, point)


@pytest.fixture(scope="module")
def densities(model, point) -> dict[str, float]:
    """Log density of each random variable at the point, without the Jacobians of the transforms."""
    from densities import densities_at

    return densities_at(model, point)


@pytest.fixture
def empty_cache(tmp_path, monkeypatch) -> Path:
    """A cache folder with nothing in it, for the library and for the processes that a test starts."""
    import jingjinji

    folder = tmp_path / "cache"
    monkeypatch.setattr(jingjinji, "CACHE", folder)
    monkeypatch.setenv("JINGJINJI_CACHE", str(folder))
    return folder
