"""The lock, pyproject.toml, environment.yml and the documents say the same."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import jingjinji
from jingjinji.sphinxext import site
from jingjinji.teaching import editions

FROM_OTHERS = re.compile(r"https?://|file://|--(index|extra|find|trusted)| @ ", re.IGNORECASE)


@pytest.fixture(scope="module")
def pyproject(project):
    return tomllib.loads((project / "pyproject.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def lock(project):
    return (project / "requirements.lock").read_text("utf-8")


@pytest.fixture(scope="module")
def pins(lock):
    return {name: Version(version) for name, version in re.findall(r"^([a-z0-9.-]+)==(\S+)", lock, re.MULTILINE)}


@pytest.fixture(scope="module")
def direct(pyproject):
    """Every direct dependency, those of the tests and of classes included."""
    optional = pyproject["project"]["optional-dependencies"].values()
    lines = [*pyproject["project"]["dependencies"], *(line for lines in optional for line in lines)]
    return {canonicalize_name(Requirement(line).name): Requirement(line) for line in lines}


def test_lock_has_every_direct_dependency_in_its_range(direct, pins):
    assert {
        name: str(pins.get(name)) for name, wanted in direct.items() if pins.get(name) not in wanted.specifier
    } == {}


def test_every_line_of_the_lock_has_a_hash(lock):
    entries = re.split(r"\n(?=[a-z0-9])", re.sub(r"^\s*#.*\n", "", lock, flags=re.MULTILINE))
    assert len(entries) > 100
    assert [
        entry
        for entry in entries
        if not re.fullmatch(r"\S+==\S+( ; [^\\]+)?( \\\s+--hash=sha256:[0-9a-f]{64})+\s*", entry)
    ] == []


def test_lock_names_no_address(lock):
    assert FROM_OTHERS.findall(lock) == []


def test_python_versions_agree(project, pyproject):
    version = (project / ".python-version").read_text().strip()
    conda = yaml.safe_load((project / "environment.yml").read_text())["dependencies"]
    workflow = yaml.safe_load((project / ".github/workflows/book.yml").read_text())
    setup = next(step for step in workflow["jobs"]["test"]["steps"] if "setup-python" in step.get("uses", ""))
    assert f"python={version}" in conda
    assert setup["with"]["python-version"] == version
    assert pyproject["project"]["requires-python"] == f">={version}"
    assert pyproject["tool"]["ruff"]["target-version"] == f"py{version.replace('.', '')}"
    assert f"NEEDED={version}\n" in (project / "tools/install.sh").read_text()
    assert f"--python-version {version} " in (project / "Makefile").read_text()


def test_conda_installs_the_lock_and_nothing_else(project):
    environment = yaml.safe_load((project / "environment.yml").read_text())
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    conda = [line for line in environment["dependencies"] if isinstance(line, str)]
    assert [line.split("=")[0] for line in conda] == ["python", "pip"]
    assert environment["dependencies"][-1] == {"pip": ["-r requirements.lock"]}


def test_every_direct_dependency_has_a_reason(project, direct):
    text = (project / "CONTRIBUTING.md").read_text("utf-8").partition("## Dependencies")[2].partition("\n## ")[0]
    assert sorted(re.findall(r"^- `([^`]+)`: \S.+", text, re.MULTILINE)) == sorted(direct)


def test_every_import_is_of_a_direct_dependency(project, direct):
    providers = packages_distributions()
    missing = {
        f"{path.relative_to(project)}: {module}"
        for folder in ("src", "tests", "benchmarks", "compile")
        for path in (project / folder).rglob("*.py")
        for module in imported(path)
        if module in providers and not {canonicalize_name(name) for name in providers[module]} & {*direct, "jingjinji"}
    }
    assert sorted(missing) == []


def imported(path):
    """First parts of the names of all modules that a file imports, the standard library's left out."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module]
        else:
            continue
        yield from {name.partition(".")[0] for name in names} - sys.stdlib_module_names


def test_versions_of_the_book_agree(project, pyproject):
    version = pyproject["project"]["version"]
    citation = yaml.safe_load((project / "CITATION.cff").read_text("utf-8"))
    released = re.findall(r"^## \[(\d[^\]]*)\]", (project / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert (jingjinji.__version__, citation["version"], released[0]) == (version,) * 3


def test_author_and_year_agree(project, pyproject):
    config = yaml.safe_load((project / "_config.yml").read_text("utf-8"))
    citation = yaml.safe_load((project / "CITATION.cff").read_text("utf-8"))
    (author,) = pyproject["project"]["authors"]
    assert [author] == citation["authors"] == [{"name": config["author"]}]
    year = re.search(rf"Copyright \(c\) (\d+) {config['author']}\n", (project / "LICENSE").read_text("utf-8"))[1]
    assert config["copyright"].startswith(f"{year} {config['author']}. ")


def test_licence_names_both(project):
    text = (project / "LICENSE").read_text("utf-8")
    assert "MIT License" in text
    assert "LICENSES/CC-BY-4.0.txt" in text
    assert "Attribution 4.0 International" in (project / "LICENSES/CC-BY-4.0.txt").read_text("utf-8")


def test_the_workflow_builds_the_site_for_the_address_at_which_it_publishes(project):
    steps = yaml.safe_load((project / ".github/workflows/book.yml").read_text())["jobs"]["test"]["steps"]
    build = next(number for number, step in enumerate(steps) if step.get("run") == ".ci/run")
    assert any(step.get("id") == "pages" and "configure-pages" in step["uses"] for step in steps[:build])
    told = steps[build]["env"]
    assert told["JINGJINJI_SITE"] == "${{ steps.pages.outputs.base_url }}"
    assert set(editions.ADDRESSES) <= set(told)


@pytest.mark.parametrize("mark", [site.DRAFT_MARK, site.SEEDS_MARK, site.INCOMPLETE_MARK])
def test_publishing_refuses_a_draft_a_book_of_other_seeds_and_one_with_a_hole(project, mark):
    workflow = yaml.safe_load((project / ".github/workflows/book.yml").read_text())
    steps = workflow["jobs"]["test"]["steps"]
    refusal = next(number for number, step in enumerate(steps) if f"_build/html/{mark}" in step.get("run", ""))
    upload = next(number for number, step in enumerate(steps) if "upload-pages" in step.get("uses", ""))
    assert refusal < upload


def test_documents_name_only_targets_that_exist(project):
    targets = set(re.findall(r"^([a-z-]+):.*## ", (project / "Makefile").read_text("utf-8"), re.MULTILINE))
    documents = [
        project / "README.md",
        project / "CONTRIBUTING.md",
        project / "index.md",
        *project.glob("chapters/**/*.md"),
    ]
    named = {
        (path.name, target)
        for path in documents
        for target in re.findall(r"(?:`|^)make ([a-z-]+)", path.read_text("utf-8"), re.MULTILINE)
    }
    assert {target for _, target in named} >= {"book", "test", "quick", "bench"}
    assert sorted((name, target) for name, target in named if target not in targets) == []


def test_documents_name_only_places_that_exist(project):
    text = (project / "README.md").read_text("utf-8")
    places = re.findall(r"\]\(([^)#:]+)\)", text)
    assert len(places) > 4
    assert [place for place in places if not (project / place).exists()] == []


def test_every_file_that_pages_and_readme_name_is_there(project):
    """What a reader is sent to, by a path below the project's folders, in code type."""
    named = re.compile(r"`((?:benchmarks|chapters|compile|data|results|src|tests|tools)/[\w./-]+\.\w+)`")
    pages = [project / "README.md", project / "CONTRIBUTING.md", *(project / "chapters").rglob("*.md")]
    found = {(page.name, path) for page in pages for path in named.findall(page.read_text("utf-8"))}
    assert len(found) > 10
    assert [name for name in sorted(found) if not (project / name[1]).exists()] == []
