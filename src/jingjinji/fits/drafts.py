"""Draws that come with the book: a few of each published fit, so that a draft samples only what somebody has changed.

They are kept under the keys that draws of a draft have (`keys`): of a model, a prior or a table that is another, they
are not found, and the draft samples its own.
"""

import itertools
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import PurePosixPath

import xarray as xr

import jingjinji
from jingjinji.core.errors import BookError
from jingjinji.fits import fit_job, fitting, sampler, store

KEPT = jingjinji.PROJECT / "results" / "drafts.zip"
BITS = 11
"""Significant bits of a number that is kept: a draft needs no more than three digits, and others fill half the file."""
FILES = (store.FILES[store.DRAWS], store.MANIFEST)


def keep() -> None:
    """Write `KEPT` from the stored fits, in a process with the book's numerics, on which keys may hang.

    Raises BookError where it fails, as where a fit has not been made; what was kept before then stays.
    """
    environment = sampler.environment() | {"JINGJINJI_DRAWS": fitting.FULL}
    command = [sys.executable, "-m", "jingjinji.fits.drafts"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    if result.returncode:
        lines = result.stderr.strip().splitlines() or ["no word"]
        raise BookError(f"draws of drafts were not kept: {lines[-1]}")


def unpack() -> int:
    """Put into the store what it lacks of `KEPT`; returns how many fits. Raises BookError where that cannot be read."""
    if not KEPT.exists():
        return 0
    known, put = set(fitting.names()), 0
    try:
        with zipfile.ZipFile(KEPT) as archive:
            for (name, key), paths in _entries(archive).items():
                if name in known and not store.exists(store.DRAWS, name, key):
                    store.unpack(store.DRAWS, name, key, {path.name: archive.read(str(path)) for path in paths})
                    put += 1
    except zipfile.BadZipFile as error:
        raise BookError(f"{KEPT} cannot be read ({error}): restore it from the repository") from None
    return put


def _entries(archive: zipfile.ZipFile) -> dict[tuple[str, str], list[PurePosixPath]]:
    """Name and key of a fit -> its files in the archive."""
    paths = sorted(path for path in map(PurePosixPath, archive.namelist()) if path.name in FILES)
    groups = itertools.groupby(paths, key=lambda path: path.parent)
    return {(folder.parent.name.replace("~", "/"), folder.name): list(files) for folder, files in groups}


def thinned(draws: xr.DataTree) -> xr.DataTree:
    """As many chains and draws as a draft has, evenly spaced, of a published fit's; rounded where they are written."""
    chains, _, count = fit_job.DRAFT[fitting.QUICK]
    step = draws["posterior"].sizes["draw"] // count
    groups = {group: draws[group].to_dataset() for group in ("posterior", "sample_stats")}
    evenly = {"chain": slice(chains), "draw": slice(step - 1, step * count, step)}
    made = {group: data.isel(evenly).assign_coords(draw=range(count)) for group, data in groups.items()}
    for variable in made["posterior"].data_vars.values():
        variable.encoding = {"zlib": True, "quantize_mode": "BitRound", "significant_digits": BITS}
    return xr.DataTree.from_dict(made)


def _write() -> None:
    """Write `KEPT` in one step, fit by fit."""
    published = fitting.stored_notes(fitting.names())
    drawn = {name: (notes["draws"], notes["count"]) for name, notes in published.items()}
    os.environ["JINGJINJI_DRAWS"] = fitting.QUICK
    shop = fit_job.Workshop(fit_job.Job({}, fitting.QUICK), lambda event: None)
    own, aside = store.folder(), KEPT.with_suffix(".part")
    with tempfile.TemporaryDirectory() as elsewhere, zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (key, count) in drawn.items():
            os.environ["JINGJINJI_STORE"] = str(own)
            draws = store.draws(name, key).isel(draw=slice(count))
            draft = fit_job.Making(shop, name, "")
            os.environ["JINGJINJI_STORE"] = elsewhere
            store.write_draws(name, draft.key, thinned(draws), {"of": draft.of, "seconds": draft.seconds})
            for file, content in store.packed(store.DRAWS, name, draft.key).items():
                archive.writestr(zipfile.ZipInfo(f"{name.replace('/', '~')}/{draft.key}/{file}"), content,
                                 zipfile.ZIP_DEFLATED)  # fmt: skip
    aside.replace(KEPT)


if __name__ == "__main__":
    try:
        _write()
    except BookError as error:
        sys.exit(str(error))
