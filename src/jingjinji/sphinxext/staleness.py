"""Pages that run code: the cache key that sees their dependencies, and their runs on all cores."""

import asyncio
import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import myst_nb.core.execute as execution
from IPython.core.inputtransformer2 import TransformerManager
from myst_nb.core.execute import cache as execution_cache
from myst_nb.core.execute.base import ExecutionError
from myst_nb.core.execute.cache import NotebookClientCache, get_cache
from myst_nb.core.read import create_nb_reader
from sphinx.errors import SphinxError
from sphinx.util import logging

from jingjinji.fits.cluster import cores
from jingjinji.fits.dependencies import Sources, changes, fingerprint
from jingjinji.sphinxext import holes, source

LOGGER = logging.getLogger(__name__)
KEY = "dependencies"
STORING = threading.Lock()


class PageError(SphinxError):
    """A cell of a page failed; the build stops."""

    category = "Page"


def one_at_a_time(path):
    """The cache of a folder; it stores one notebook at a time, as one that looks for what is too old deletes others."""
    cache = get_cache(path)
    store = cache.cache_notebook_bundle

    def locked(*args, **kwargs):
        with STORING:
            return store(*args, **kwargs)

    cache.cache_notebook_bundle = locked
    return cache


def connect(app) -> None:
    app.connect("config-inited", _absolute_cache_path, priority=100)
    app.connect("builder-inited", _install)
    app.connect("env-get-outdated", _pages_with_changed_dependencies)
    app.connect("env-before-read-docs", _run_side_by_side)
    app.connect("env-purge-doc", _forget)
    app.connect("env-merge-info", _merge)


def plain_code(notebook) -> str:
    """All code cells of a notebook as one piece of plain Python: magics become calls."""
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return "\n".join(TransformerManager().transform_cell(cell) for cell in cells)


def _absolute_cache_path(app, config) -> None:
    if config.nb_execution_cache_path:
        config.nb_execution_cache_path = str(Path(app.srcdir) / config.nb_execution_cache_path)


def _install(app) -> None:
    app.jingjinji_sources = Sources(Path(app.srcdir), app.config.jingjinji_package)

    class Client(NotebookClientCache):
        """jupyter-cache hashes code cells and the kernelspec: the fingerprint travels in the kernelspec."""

        def start_client(self):
            given = self._notebook
            code, docname = plain_code(given), app.env.path2doc(str(self.path))
            dependencies = _dependencies(app, code)
            _pages(app.env)[docname] = code, dependencies
            given.metadata.setdefault("kernelspec", {})[KEY] = fingerprint(dependencies)
            token = holes.CONCERNED.set(frozenset(_failed(app, dependencies)))
            try:
                super().start_client()
            finally:
                holes.CONCERNED.reset(token)
                given.metadata["kernelspec"].pop(KEY, None)
            self._notebook = _with_results(given, self._notebook)
            holes.dress(app, given, docname)

    execution.NotebookClientCache = Client
    execution_cache.get_cache = one_at_a_time


def _dependencies(app, code: str) -> dict[str, str]:
    """What a page's code depends on, and what failed in those fits of its topics that did not converge."""
    found = app.jingjinji_sources.dependencies(code)
    return found | {f"fit {name}": what for name, what in _failed(app, found).items()}


def _failed(app, dependencies: dict[str, str]) -> dict[str, str]:
    """The fits that did not converge of topics whose module is among the dependencies, each with what failed."""
    models = app.jingjinji_sources.models(dependencies)
    return {name: what for name, what in source.failed(app).items() if name.partition("/")[0] in models}


def _run_side_by_side(app, env, docnames) -> None:
    """Run pages on all cores before they are read one after the other: reading then finds them in the cache."""
    if len(docnames) < 2 or env.mystnb_config.execution_mode != "cache":
        return
    # threads that make the database of a new cache would disturb each other
    get_cache(env.mystnb_config.execution_cache_path).db  # noqa: B018
    with ThreadPoolExecutor(cores()) as pool:
        for run in [pool.submit(_run, env, docname) for docname in docnames]:
            run.result()


def _run(env, docname: str) -> None:
    path = env.doc2path(docname)
    text = Path(path).read_text("utf-8")
    reader = create_nb_reader(path, env.myst_config, env.mystnb_config, text)
    if reader is None:
        return
    try:
        with execution.create_client(reader.read(text), path, env.mystnb_config, LOGGER, reader.read_fmt):
            pass
    except ExecutionError as error:
        raise PageError(f"a cell of {env.doc2path(docname, False)} failed, see the traceback above") from error
    finally:
        with contextlib.suppress(RuntimeError):  # a page that was in the cache has started no loop
            asyncio.get_event_loop().close()


def _with_results(given, executed):
    """The given notebook, with the outputs of the executed one: its own tags and text may be newer than the cache's."""
    for cell, result in zip(given.cells, executed.cells, strict=True):
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = result.outputs, result.execution_count
    if "language_info" in executed.metadata:
        given.metadata["language_info"] = executed.metadata["language_info"]
    return given


def ran(env) -> set[str]:
    """The pages that run code."""
    return set(_pages(env))


def _pages(env) -> dict[str, tuple[str, dict[str, str]]]:
    if not hasattr(env, "jingjinji_pages"):
        env.jingjinji_pages = {}
    return env.jingjinji_pages


def _pages_with_changed_dependencies(app, env, added, changed, removed) -> list[str]:
    outdated = []
    for docname, (code, before) in _pages(env).items():
        if docname in removed or docname in changed:
            continue
        differing = changes(before, _dependencies(app, code))
        if differing:
            LOGGER.info("%s runs again: %s changed", docname, ", ".join(differing))
            outdated.append(docname)
    return outdated


def _forget(app, env, docname: str) -> None:
    _pages(env).pop(docname, None)


def _merge(app, env, docnames, other) -> None:
    _pages(env).update({docname: page for docname, page in _pages(other).items() if docname in docnames})
