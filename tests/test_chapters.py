"""Every page with code runs with draws from the prior in place of the sampler's."""

import warnings

import jupytext
import nbclient
import pytest
import yaml
from jupyter_client.manager import start_new_kernel
from prior_fits import PROJECT, environment, prior_cache  # noqa: F401


def pages() -> list[str]:
    toc = yaml.safe_load((PROJECT / "_toc.yml").read_text("utf-8"))
    found, waiting = [toc["root"]], [toc]
    while waiting:
        entry = waiting.pop(0)
        found += [entry["file"]] if "file" in entry else []
        waiting += [child for part in ("parts", "chapters", "sections") for child in entry.get(part, [])]
    return found


def notebook(page: str):
    return jupytext.read(PROJECT / f"{page}.md", fmt="md:myst")


def has_code(page: str) -> bool:
    path = PROJECT / f"{page}.md"
    return not path.exists() or "{code-cell}" in path.read_text("utf-8")


def test_pages_of_the_book_are_found():
    assert {"index", "chapters/pm25-decline", "chapters/appendix/models"} <= set(pages())


@pytest.fixture(scope="module")
def kernel(prior_cache):  # noqa: F811
    """One kernel for all pages: starting it and importing the libraries takes longer than most of them."""
    manager, client = start_new_kernel(env=environment(prior_cache), cwd=str(PROJECT / "chapters"))
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.mark.parametrize("page", [page for page in pages() if has_code(page)])
def test_page_runs_under_the_mocked_sampler(page, kernel):
    assert (PROJECT / f"{page}.md").exists(), f"_toc.yml names {page}, but there is no {page}.md"
    book, (manager, client) = notebook(page), kernel
    client.execute_interactive("%reset -f", output_hook=lambda message: None)
    runner = nbclient.NotebookClient(book, timeout=120, km=manager)
    runner.kc = client
    # the kernel's client and its event loop warn about themselves
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"(jupyter_client|nbclient|zmq|tornado|nbformat)\b")
        with runner.setup_kernel(cleanup_kc=False):
            for index, cell in enumerate(book.cells):
                runner.execute_cell(cell, index)
    outputs = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []
    assert any(output.output_type in ("execute_result", "display_data") for output in outputs)
