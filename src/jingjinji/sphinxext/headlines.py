"""The build stops at a headline that no longer holds."""

from pathlib import Path

import pandas as pd
from sphinx.errors import SphinxError
from sphinx.util import logging

from jingjinji.claims import headlines, ledger
from jingjinji.core.errors import BookError
from jingjinji.core.findings import Findings
from jingjinji.sphinxext import source

LOG = logging.getLogger(__name__)


class HeadlineError(SphinxError):
    """A page says in words what its findings do not; the build stops."""

    category = "Headline"


def connect(app) -> None:
    app.connect("env-before-read-docs", _check)


def _check(app, env, docnames: list[str]) -> None:
    """Before pages are read.

    Few draws, a fit that did not pass, or other draws of the same models may turn a close rule, which is then only
    said.
    """
    file = Path(app.srcdir, headlines.FILE)
    text = file.read_text("utf-8") if file.exists() else ""
    if not text or (not docnames and getattr(env, "jingjinji_headlines", "") == text):
        return
    found = source.findings(app)
    world = headlines.world(found, verdicts=lambda: ledger.ledger(found), answers=lambda: _answers(found))
    try:
        wrong = list(headlines.untrue(headlines.load(file), world))
    except BookError as error:
        wrong = [str(error)]
    if wrong and not source.is_draft(app.config) and not source.failed(app) and not _by_noise(found):
        raise HeadlineError(f"{'. '.join(wrong)}. Mend the words on the page or the rule in {headlines.FILE}")
    for sentence in wrong:
        LOG.info(sentence)
    env.jingjinji_headlines = text


def _by_noise(found: Findings) -> bool:
    """Whether findings differ from the published ones, and by Monte Carlo error alone."""
    from jingjinji.fits import fitting, verify

    if not verify.REFERENCE.exists():
        return False
    told = {shift.status for shift in verify.compare(found, fitting.makers())}
    return verify.NOISE in told and not told & set(verify.DIFFERENT)


def _answers(found: Findings) -> pd.DataFrame:
    from jingjinji.topics import conclusions

    return conclusions.weighed(found)
