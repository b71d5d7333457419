"""What travels from the site: the package, a notebook that runs without the checkout, and the data of figures."""

import csv
import json
import os
import re
import subprocess
import sys
import sysconfig
import zipfile

import nbformat
import pytest
import site_checks as checks

import jingjinji
from jingjinji import PROJECT
from jingjinji.core.texts import is_formula
from jingjinji.sphinxext import pictures, travel

pytestmark = pytest.mark.site

PAGES = checks.toc_pages(PROJECT / "_toc.yml")
WITH_CODE = [page for page in PAGES if "{code-cell}" in (PROJECT / f"{page}.md").read_text("utf-8")]
WITH_FIGURES = [page for page in PAGES if "name: fig-" in (PROJECT / f"{page}.md").read_text("utf-8")]
TRAVELLER = "chapters/carbon-market"
"""The page whose notebook is run elsewhere: it loads draws, and is quick."""
MOST_MEGABYTES = 100
RUN = """
import sys
import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=600).execute()
nbformat.write(notebook, sys.argv[2])
"""
WATCH = """
import os, sys
CHECKOUT, PACKAGES, SEEN = {checkout!r}, {packages!r}, {seen!r}

def seen(event, arguments):
    if event in ("open", "os.listdir", "os.scandir") and arguments and isinstance(arguments[0], (str, bytes)):
        path = os.path.realpath(os.fsdecode(arguments[0]))
        if f"{{path}}/".startswith(f"{{CHECKOUT}}/") and not f"{{path}}/".startswith(f"{{PACKAGES}}/"):
            with open(SEEN, "a") as file:
                file.write(path + "\\n")

sys.addaudithook(seen)
"""


@pytest.fixture(scope="session")
def package(site):
    wheel = site / travel.DOWNLOADS / travel.WHEEL
    if not wheel.exists():
        pytest.skip("a draft offers no package")
    return wheel


@pytest.fixture(scope="module")
def elsewhere(package, tmp_path_factory):
    """An environment with the installed libraries and, of the book, the wheel alone; it tells what else it reads."""
    root = tmp_path_factory.mktemp("elsewhere")
    environment, seen = root / "environment", root / "seen.txt"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    python = environment / "bin/python"
    home = {"HOME": str(root / "home"), "XDG_CACHE_HOME": str(root / "home/.cache"), "PATH": os.environ["PATH"],
            "UV_CACHE_DIR": str(root / "uv")}  # fmt: skip
    install = [
        sys.executable,
        "-m",
        "uv",
        "pip",
        "install",
        "--quiet",
        "--offline",
        "--no-deps",
        "--python",
        str(python),
    ]
    subprocess.run([*install, str(package)], check=True, env=home)
    (own,) = environment.glob("lib/python*/site-packages")
    libraries = sysconfig.get_path("purelib")
    (own / "libraries.pth").write_text(f"{libraries}\n")
    watch = WATCH.format(checkout=str(PROJECT), packages=os.path.realpath(libraries), seen=str(seen))
    (own / "sitecustomize.py").write_text(watch)
    (root / "work").mkdir()
    (root / "work/run.py").write_text(RUN)
    return root, python, home, seen


def test_the_environment_tells_what_is_read_of_the_checkout(elsewhere):
    root, python, home, seen = elsewhere
    subprocess.run([python, "-c", f"open({str(PROJECT / 'README.md')!r})"], check=True, env=home, cwd=root / "work")
    assert seen.read_text().splitlines() == [os.path.realpath(PROJECT / "README.md")]
    seen.unlink()


def test_a_notebook_runs_elsewhere_with_the_package_alone(site, elsewhere):
    root, python, home, seen = elsewhere
    made = root / "work/made.ipynb"
    given = root / "work/page.ipynb"
    given.write_bytes((site / f"_sources/{TRAVELLER}.ipynb").read_bytes())
    result = subprocess.run(
        [python, "run.py", given, made], env=home, cwd=root / "work", capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr[-3000:]
    assert not seen.exists(), seen.read_text()
    assert shown(made) == shown(given)
    assert len(shown(made)) > 5


def shown(path) -> list[str]:
    """Tables and sentences that a notebook shows, without names that tables get anew each time."""
    found = []
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            found += [
                re.sub(r"T_[0-9a-f]{5}", "T", data[kind]) for kind in ("text/html", "text/markdown") if kind in data
            ]
    return found


def test_the_package_is_no_larger_than_its_libraries_and_says_where_it_comes_from(package):
    assert package.stat().st_size < MOST_MEGABYTES * 1e6
    with zipfile.ZipFile(package) as file:
        listed = json.loads(file.read("jingjinji/carried/fits/fits.json"))
        carried = {name.split("/")[4] for name in file.namelist() if "/fits/draws/" in name}
    assert {"decline", "carbon", "water.facts"} <= listed.keys()
    assert any(name.startswith("decline-") for name in carried)


@pytest.mark.parametrize("page", WITH_CODE)
def test_a_notebook_names_its_install_line_and_no_place_that_is_not_there(site, page):
    path = site / f"_sources/{page}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    first = notebook.cells[0].source
    assert f"version {jingjinji.__version__}" in first
    lines = re.findall(r"^pip install (\S+)$", first, re.MULTILINE)
    assert [line.rpartition("/")[2] for line in lines] == ([] if (site / "DRAFT").exists() else [travel.WHEEL])
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    words = re.sub(r"(?<![}`])`[^`\n]*`", "", text)
    assert re.findall(r"\{[a-z:-]+\}`[^`]*`|^:::+.*|^```\{.*|^\([\w-]+\)=$", words, re.MULTILINE) == []
    assert [link for link in re.findall(r"\]\(<?([^)>]*)", words) if "://" not in link] == []
    whole = path.read_text("utf-8")
    # within a figure its parts name each other
    assert re.findall(r'(?:href|src)=\\"(?!https?://|data:|#f[0-9a-f]{7})[^"\\]*', whole) == []
    assert str(PROJECT) not in whole


@pytest.mark.parametrize("page", WITH_FIGURES)
def test_every_figure_of_a_page_has_its_data_beside_the_caption(site, page):
    html = (site / f"{page}.html").read_text("utf-8")
    figures = re.findall(r'<figure[^>]* id="([^"]+)">(.*?)</figure>', html, re.DOTALL)
    assert figures
    for id, figure in figures:
        link = re.search(r'<a class="figure-data[^>]*href="([^"]+)"[^>]*>(.*?)</a>', figure)
        assert link, id
        assert re.sub("<[^>]+>", "", link[2]).startswith("data (csv) of the figure “"), id
        path = (site / page).parent.joinpath(link[1]).resolve()
        assert path.read_bytes().startswith(b"\xef\xbb\xbf"), id
        with path.open(encoding="utf-8-sig", newline="") as file:
            head, *rows = csv.reader(file)
        assert rows, id
        assert len(set(head)) == len(head) > 1, id
        assert {len(row) for row in rows} == {len(head)}, id
        assert not [cell for row in (head, *rows) for cell in row if is_formula(cell)], id


def test_all_figures_are_listed_and_no_data_lie_about(site):
    listed = {row["data"] for row in json.loads((site / "figures.json").read_text("utf-8"))["figures"]}
    assert listed == {path.relative_to(site).as_posix() for path in (site / pictures.FOLDER).rglob("*.csv")}
    assert len(listed) > 50


def test_data_of_figures_are_loaded_by_no_page(visit):
    assert not [url for url in visit(WITH_FIGURES[0]).requested if url.endswith((".csv", ".whl", ".zip"))]


def test_links_to_data_are_not_printed(browser, address):
    tab = browser.new_page()
    try:
        tab.goto(f"{address}{WITH_FIGURES[0]}.html")
        link = tab.locator("a.figure-data").first
        assert link.is_visible()
        tab.emulate_media(media="print")
        assert not link.is_visible()
    finally:
        tab.close()


def test_launches_lead_to_what_is_in_the_zip(site):
    html = (site / f"{WITH_CODE[0]}.html").read_text("utf-8")
    menu = re.search(r'<details class="page-menu launch">.*?</details>', html, re.DOTALL)
    with zipfile.ZipFile(site / travel.DOWNLOADS / travel.KIT) as kit:
        names = set(kit.namelist())
    assert {f"{page}.ipynb" for page in WITH_CODE} <= names
    assert bool(menu) == ({*travel.ENVIRONMENT, travel.SECOND_STEP} <= names)
