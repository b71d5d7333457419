"""What is said of fits of `hours`: the named quantities of a fit."""

import numpy as np

from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.november.hours import TABLES
from jingjinji.topics.november.series_findings import say_events, unexplained


def findings(fit) -> list[Finding]:
    """Effects by event and of the ban as a whole, as in `apec_series`, and how far the level lies from the mean."""
    site = "stations" if fit.variant else "embassy"
    say = Scribe(TABLES, f"apec.hours.{site}.", fit, ending="")
    left = unexplained(fit.parameters, fit.panel, slice(None, None, 50)).mean()
    words = f"mean of what calendar and weather leave over of all hours, {site}"
    say.score("check.level", words, 100 * np.expm1(left), "%", 1)
    say_events(say, fit, f"{site}, by hour", 24)
    return say.made
