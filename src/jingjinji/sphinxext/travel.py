"""Where notebooks run elsewhere: the package that they need, its address, and those of Colab and Binder.

The site offers the package as a wheel with the tables and the stored fits. Colab and Binder take the notebooks from a
branch of the repository that the workflow writes when it publishes the site.
"""

import re
from importlib import metadata
from urllib.parse import quote, urljoin, urlsplit

import jingjinji

WHEEL = f"jingjinji-{jingjinji.__version__}-py3-none-any.whl"
DOWNLOADS, KIT = "_downloads", "notebooks.zip"
"""Folder of the site in which the wheel is, and the zip of all notebooks with what Binder needs."""
BRANCH = "notebooks"
"""Branch of the repository that holds what is in the zip."""
GITHUB = re.compile(r"https://github\.com/(?P<owner>[\w.-]+)/(?P<name>[\w.-]+?)(?:\.git)?/?")
COLAB, BINDER = "https://colab.research.google.com", "https://mybinder.org"
ENVIRONMENT = ("environment.yml", "requirements.lock")
"""Files of the project that Binder installs from."""
SECOND_STEP = "postBuild"


def whole(base: str, page: str, address: str) -> str | None:
    """The whole address that a link of a page leads to; None for a place in a site that has no address.

    base : address of the site, or empty. page : place of the page in it. An address that begins with ``/`` counts from
    the site.
    """
    if urlsplit(address).scheme:
        return address
    if not base:
        return None
    site = f"{base.rstrip('/')}/"
    return urljoin(site, address[1:]) if address.startswith("/") else urljoin(site + page, address)


def package(base: str) -> str:
    """What pip is given to install the package: its address, or its file where the site has none."""
    return whole(base, "", f"/{DOWNLOADS}/{WHEEL}") or WHEEL


def python() -> str:
    """The oldest version of Python that the package runs with."""
    return (metadata.metadata("jingjinji")["Requires-Python"] or "").removeprefix(">=")


def launches(repository: str, base: str, page: str) -> dict[str, str]:
    """Name -> address that opens the notebook of a page; nothing where site or repository have no address."""
    found = GITHUB.fullmatch(repository)
    if not (found and base):
        return {}
    place, notebook = f"{found['owner']}/{found['name']}", f"{page}.ipynb"
    return {
        "Colab": f"{COLAB}/github/{place}/blob/{BRANCH}/{notebook}",
        "Binder": f"{BINDER}/v2/gh/{place}/{BRANCH}?urlpath={quote(f'lab/tree/{notebook}', safe='')}",
    }


def second_step(base: str) -> str:
    """The file that Binder runs after it has installed the lock: the package itself."""
    return (
        "#!/bin/sh\n# Second step after environment.yml: the book's package with its fits, as the site offers it.\n"
        f"set -eu\npython -m pip install --no-deps {package(base)}\n"
    )
