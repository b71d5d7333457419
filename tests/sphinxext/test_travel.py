"""Addresses of the package, of Colab and of Binder: made of one repository and one site, or none at all."""

import pytest
import yaml

from jingjinji import PROJECT
from jingjinji.sphinxext import travel

BASE = "https://book.example/x"


@pytest.mark.parametrize(
    ("address", "whole"),
    [
        ("data.html#a", f"{BASE}/chapters/data.html#a"),
        ("../index.html", f"{BASE}/index.html"),
        ("#here", f"{BASE}/chapters/a.html#here"),
        ("/_downloads/a.csv", f"{BASE}/_downloads/a.csv"),
        ("https://o.example/", "https://o.example/"),
        ("mailto:a@o.example", "mailto:a@o.example"),
    ],
)
def test_a_link_of_a_page_has_a_whole_address(address, whole):
    assert travel.whole(BASE, "chapters/a.html", address) == whole
    assert travel.whole(f"{BASE}/", "chapters/a.html", address) == whole


def test_without_a_site_there_are_only_addresses_of_others():
    assert travel.whole("", "a.html", "b.html") is None
    assert travel.whole("", "a.html", "https://o.example/") == "https://o.example/"
    assert travel.package("") == travel.WHEEL


@pytest.mark.parametrize("repository", ["", "https://gitlab.com/a/b", "https://github.com/a", "http://github.com/a/b"])
def test_without_a_repository_on_github_nothing_is_launched(repository):
    assert travel.launches(repository, BASE, "chapters/a") == {}
    assert travel.launches("https://github.com/a/b", "", "chapters/a") == {}


@pytest.mark.parametrize(
    "repository", ["https://github.com/a/b.c", "https://github.com/a/b.c/", "https://github.com/a/b.c.git"]
)
def test_launches_name_the_notebook_on_its_branch(repository):
    found = travel.launches(repository, BASE, "chapters/pm25-decline")
    assert found["Colab"].endswith("/github/a/b.c/blob/notebooks/chapters/pm25-decline.ipynb")
    assert found["Binder"].endswith("/gh/a/b.c/notebooks?urlpath=lab%2Ftree%2Fchapters%2Fpm25-decline.ipynb")


def test_the_workflow_writes_the_branch_that_launches_name():
    workflow = yaml.safe_load((PROJECT / ".github/workflows/book.yml").read_text("utf-8"))
    job = workflow["jobs"]["notebooks"]
    script = "\n".join(step.get("run", "") for step in job["steps"])
    assert f"_downloads/{travel.KIT}" in script
    assert f"git init --quiet --initial-branch {travel.BRANCH}" in script
    assert f" {travel.BRANCH}\n" in script[script.index("git push") :]
    assert job["needs"] == "publish"
    assert job["permissions"] == {"contents": "write"}


def test_what_binder_installs_from_is_there_and_needs_no_checkout():
    for name in travel.ENVIRONMENT:
        assert (PROJECT / name).is_file()
    (pip,) = (
        part
        for part in yaml.safe_load((PROJECT / "environment.yml").read_text())["dependencies"]
        if isinstance(part, dict)
    )
    assert pip == {"pip": [f"-r {travel.ENVIRONMENT[1]}"]}
    step = travel.second_step(BASE)
    assert step.startswith("#!/bin/sh\n")
    assert "editable" not in step
