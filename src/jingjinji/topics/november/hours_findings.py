"""What is said of fits of `hours`: the named quantities of a fit."""

from functools import partial

import numpy as np

from jingjinji.core.findings import Finding, exact, record
from jingjinji.topics.november import series_findings
from jingjinji.topics.november.hours import TABLES


def findings(fit) -> list[Finding]:
    """Effects by event and of the ban as a whole, as in `apec_series`, and how far the level lies from the mean."""
    site = "stations" if fit.variant else "embassy"
    name = partial(record, model=fit.name, panel=TABLES)
    left = series_findings.unexplained(fit.parameters, fit.panel, slice(None, None, 50)).mean()
    level = exact(
        f"apec.hours.{site}.check.level",
        f"mean of what calendar and weather leave over of all hours, {site}",
        round(float(100 * np.expm1(left)), 1),
        "%",
        TABLES,
        fit.name,
    )
    return [
        level,
        *series_findings.event_findings(fit.parameters, fit.panel, f"apec.hours.{site}", f"{site}, by hour", name, 24),
    ]
