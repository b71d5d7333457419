"""Tests keep their fits apart from the book's."""

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
os.environ.setdefault("JINGJINJI_CACHE", str(PROJECT / ".cache" / "tests"))
# what a user has set for the book is not for the tests: one of them removes entries of the store
for name in ("JINGJINJI_STORE", "JINGJINJI_SEED", "JINGJINJI_SITE", "JINGJINJI_CODE", "DASK_SCHEDULER_ADDRESS"):
    os.environ.pop(name, None)


def pytest_collection_modifyitems(items):
    """The file that takes longest comes first, so that no process waits for it at the end."""
    items.sort(key=lambda item: item.path.stem != "test_runs")


@pytest.fixture(autouse=True)
def _process_is_left_alone():
    """No test leaves what it has set to the next one."""
    import jingjinji

    def state():
        return {name: value for name, value in os.environ.items() if name.startswith("JINGJINJI")}, jingjinji.CACHE

    before = state()
    yield
    assert state() == before


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
