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


@pytest.fixture
def empty_cache(tmp_path, monkeypatch) -> Path:
    """A cache folder with nothing in it, for the library and for the processes that a test starts."""
    import jingjinji

    folder = tmp_path / "cache"
    monkeypatch.setattr(jingjinji, "CACHE", folder)
    monkeypatch.setenv("JINGJINJI_CACHE", str(folder))
    return folder
