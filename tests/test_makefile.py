"""The Makefile's set-up, with a stand-in for Python, so that nothing is installed."""

import os
import re
import shutil
import subprocess

import pytest

PYTHON = """#!/bin/sh
case "$1" in
    -c) echo {version} ;;
    -m) case "$*" in
            *"venv .venv") mkdir -p .venv/bin; cp tools/fake-python .venv/bin/python; cp tools/fake-uv .venv/bin/uv ;;
            *requirements.lock*) echo pip >> calls ;;
            *--editable*) echo editable >> calls ;;
        esac ;;
esac
"""
UV = """#!/bin/sh
echo uv >> calls
[ ! -e broken ]
"""


@pytest.fixture
def house(project, tmp_path):
    """A copy of the set-up, in which Python and uv only note that they were called."""
    (tmp_path / "tools").mkdir()
    for name in ("Makefile", "requirements.lock", "pyproject.toml", "tools/install.sh"):
        shutil.copy(project / name, tmp_path / name)
    write_script(tmp_path / "tools/fake-python", PYTHON.format(version="3.12.9"))
    write_script(tmp_path / "tools/fake-uv", UV)
    return tmp_path


def write_script(path, text):
    path.write_text(text)
    path.chmod(0o755)


def make(house, *arguments, python="tools/fake-python"):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    return subprocess.run(
        ["make", *arguments, f"PYTHON={python}"], cwd=house, env=environment, capture_output=True, text=True, timeout=60
    )


def calls(house):
    """What was called since the last look."""
    log = house / "calls"
    found = log.read_text().split() if log.exists() else []
    log.unlink(missing_ok=True)
    return found


def change(path):
    later = path.stat().st_mtime + 1000
    os.utime(path, (later, later))


def test_make_alone_prints_every_target_with_one_line(house):
    targets = re.search(r"^\.PHONY: (.*)$", (house / "Makefile").read_text(), re.MULTILINE)[1].split()
    lines = make(house).stdout.splitlines()
    assert sorted(line.split()[1] for line in lines) == sorted(targets)
    assert all(len(line.split()) > 3 for line in lines)
    assert {"book", "test", "quick", "serve", "clean", "lock", "bench", "lint"} <= set(targets)


@pytest.mark.parametrize("version", ["3.11.9", "2.7.18"])
def test_python_that_is_too_old_gives_one_sentence(house, version):
    write_script(house / "tools/old-python", PYTHON.format(version=version))
    result = make(house, "book", python="tools/old-python")
    assert result.returncode != 0
    sentences = [line for line in result.stderr.splitlines() if not line.startswith("make")]
    assert len(sentences) == 1
    for part in ("error: ", f"found {version} (tools/old-python)", "3.12 or newer", "pyenv install", "PYTHON="):
        assert part in sentences[0]
    assert not (house / ".venv").exists()


def test_python_that_is_not_there_is_said_so(house):
    result = make(house, "setup", python="tools/no-python")
    assert result.returncode != 0
    assert "found none" in result.stderr


def test_second_setup_does_nothing(house):
    assert make(house, "setup").returncode == 0
    assert calls(house) == ["uv", "editable"]
    assert make(house, "setup").returncode == 0
    assert calls(house) == []


def test_changed_lock_makes_the_environment_anew(house):
    make(house, "setup")
    left_over = house / ".venv/left-over"
    left_over.touch()
    calls(house)
    change(house / "requirements.lock")
    change(house / ".venv/bin/python")
    make(house, "setup")
    assert "uv" in calls(house)
    assert not left_over.exists()


def test_changed_project_installs_only_the_package_again(house):
    make(house, "setup")
    calls(house)
    change(house / "pyproject.toml")
    make(house, "setup")
    assert calls(house) == ["editable"]


def test_pip_installs_the_lock_where_uv_cannot(house):
    (house / "broken").touch()
    result = make(house, "setup")
    assert result.returncode == 0
    assert calls(house) == ["uv", "pip", "editable"]
    assert "pip tries" in result.stderr


def test_interrupted_install_is_repeated(house):
    write_script(house / "tools/fake-uv", "#!/bin/sh\nkill -9 $PPID\n")
    assert make(house, "setup").returncode != 0
    assert not (house / ".venv/.locked").exists()
    write_script(house / "tools/fake-uv", UV)
    assert make(house, "setup").returncode == 0
    assert calls(house) == ["uv", "editable"]


def test_uv_itself_is_installed_with_its_hashes(house):
    make(house, "setup")
    lines = (house / ".venv/uv.lock").read_text().splitlines()
    assert re.match(r"uv==[\d.]+ \\$", lines[0])
    assert len(lines) > 1
    assert all("--hash=sha256:" in line for line in lines[1:])
    assert not lines[-1].endswith("\\")


@pytest.fixture
def built(house):
    """The same after its set-up, with a book that only notes its draws and how it was built."""
    make(house, "setup")
    calls(house)
    note = '#!/bin/sh\necho "$*" | tr " " "-" >> calls\necho "$JINGJINJI_DRAWS" >> calls\n[ ! -e broken ]\n'
    write_script(house / ".venv/bin/jingjinji", note)
    return house


def test_book_is_always_made_with_full_draws(built, monkeypatch):
    monkeypatch.setenv("JINGJINJI_DRAWS", "quick")
    result = make(built, "book")
    assert calls(built) == ["book", "full"]
    assert result.stdout.splitlines()[-1] == str(built / "_build/html/index.html")


def test_quick_book_is_a_draft_in_its_own_folder(built):
    result = make(built, "quick")
    assert calls(built)[0] == "book---quick"
    assert result.stdout.splitlines()[-1] == str(built / "_build/quick/_build/html/index.html")


@pytest.mark.parametrize("target", ["student", "instructor"])
def test_editions_are_made_with_full_draws_in_folders_of_their_own(built, monkeypatch, target):
    monkeypatch.setenv("JINGJINJI_DRAWS", "quick")
    result = make(built, target)
    assert calls(built) == [f"book---edition-{target}", "full"]
    assert result.stdout.splitlines()[-1] == str(built / f"_build/{target}/_build/html/index.html")


@pytest.mark.parametrize(
    ("target", "folder"),
    [
        ("book", "_build"),
        ("quick", "_build/quick/_build"),
        ("student", "_build/student/_build"),
        ("instructor", "_build/instructor/_build"),
    ],
)
def test_failed_build_fails_and_repeats_its_warnings(built, target, folder):
    (built / "broken").touch()
    (built / folder / ".doctrees").mkdir(parents=True)
    assert make(built, target).returncode != 0
    assert not (built / folder / ".doctrees").exists()


def test_clean_keeps_fits_and_packages(built):
    for folder in ("_build/html", ".cache/jupyter", ".cache/fits"):
        (built / folder).mkdir(parents=True)
    make(built, "clean")
    assert sorted(path.name for path in (built / ".cache").iterdir()) == ["fits"]
    assert (built / ".venv").exists()
    assert not (built / "_build").exists()
