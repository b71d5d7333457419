"""Draws that come with the book: what is kept of published ones, and how a draft takes them."""

import json
import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import xarray as xr

from jingjinji.core.errors import BookError
from jingjinji.fits import drafts, fit_job, fitting, sampler, store

SMALL = ("storage", "heavy_days", "heavy_days/bend-unknown")
KEYS = """
import json, sys
from jingjinji.fits import fit_job, fitting
shop = fit_job.Workshop(fit_job.Job({}, fitting.QUICK), lambda event: None)
print(json.dumps({name: fit_job.Making(shop, name, "").key for name in sys.argv[1:]}))
"""


@pytest.fixture
def emptied(tmp_path, monkeypatch):
    """An empty store, and draws that come with the book in a folder of the test."""
    monkeypatch.setenv("JINGJINJI_STORE", str(tmp_path / "store"))
    monkeypatch.setattr(drafts, "KEPT", tmp_path / "drafts.zip")
    return tmp_path


def kept_files(path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def some_draws(chains: int, draws: int) -> xr.DataTree:
    values = np.arange(chains * draws, dtype="float32").reshape(chains, draws) / 7
    posterior = xr.Dataset({"level": (("chain", "draw"), values)}, {"chain": range(chains), "draw": range(draws)})
    stats = xr.Dataset({"energy": (("chain", "draw"), values)})
    return xr.DataTree.from_dict({"posterior": posterior, "sample_stats": stats})


def test_every_fit_of_the_book_comes_with_draws():
    names = [file.partition("/")[0].replace("~", "/") for file in kept_files(drafts.KEPT)]
    assert sorted(set(names)) == sorted(fitting.names())


def test_draws_that_come_with_the_book_are_of_todays_models():
    command = [sys.executable, "-c", KEYS, *SMALL]
    result = subprocess.run(command, env=sampler.environment(), capture_output=True, text=True, check=True)
    kept = {tuple(file.split("/")[:2]) for file in kept_files(drafts.KEPT)}
    assert {(name.replace("/", "~"), key) for name, key in json.loads(result.stdout).items()} <= kept


def test_a_draft_finds_them_and_they_are_sound(monkeypatch, tmp_path):
    monkeypatch.setenv("JINGJINJI_STORE", str(tmp_path))
    assert drafts.unpack() == len(fitting.names())
    assert drafts.unpack() == 0
    for file in kept_files(drafts.KEPT):
        name, key, _ = file.split("/")
        assert store.sound(store.DRAWS, name.replace("~", "/"), key)
    chains, _, count = fit_job.DRAFT[fitting.QUICK]
    sizes = store.draws(name.replace("~", "/"), key)["posterior"].sizes
    assert (sizes["chain"], sizes["draw"]) == (chains, count)


def test_draws_are_evenly_spaced_and_keep_three_digits(tmp_path):
    chains, _, count = fit_job.DRAFT[fitting.QUICK]
    whole = some_draws(chains + 2, 5 * count + 3)
    thinned = drafts.thinned(whole)
    expected = whole["posterior"]["level"].values[:chains, 4 : 5 * count : 5]
    np.testing.assert_array_equal(thinned["posterior"]["level"], expected)
    thinned.to_netcdf(tmp_path / "draws.nc")
    with xr.open_datatree(tmp_path / "draws.nc") as tree:
        written = tree["posterior"]["level"].values
    np.testing.assert_allclose(written, expected, rtol=2.0**-drafts.BITS)
    assert not np.array_equal(written, expected)
    assert list(thinned["posterior"].draw.values) == list(range(count))


def test_nothing_outside_the_store_is_written_and_unknown_fits_are_left(emptied):
    with zipfile.ZipFile(drafts.KEPT, "w") as archive:
        for path in ("../../climbed/key/draws.nc", "storage/key/../../../climbed.nc", "no-such-fit/key/draws.nc",
                     "storage/key/other.txt"):  # fmt: skip
            archive.writestr(path, b"")
    assert drafts.unpack() == 0
    assert [path.name for path in emptied.rglob("*") if path.is_file()] == ["drafts.zip"]


def test_a_file_that_is_no_archive_is_told_in_one_sentence(emptied):
    drafts.KEPT.write_bytes(b"not a zip")
    with pytest.raises(BookError, match=r"drafts\.zip cannot be read .*: restore it from the repository"):
        drafts.unpack()
    drafts.KEPT.unlink()
    assert drafts.unpack() == 0


def test_what_cannot_be_kept_leaves_what_was_kept(emptied):
    drafts.KEPT.write_bytes(b"before")
    with pytest.raises(BookError, match=r"draws of drafts were not kept: .*there is no fit"):
        drafts.keep()
    assert drafts.KEPT.read_bytes() == b"before"
    assert os.environ["JINGJINJI_STORE"] == str(emptied / "store")
