"""A label stands alone: on a card and in a popover nothing is said before it."""

import re

import pytest

from jingjinji.core import registry
from jingjinji.topics.carbon import market_findings
from jingjinji.topics.energy import emissions_findings
from jingjinji.topics.november import series_findings
from jingjinji.topics.water import april_findings, quality, quality_findings

UNNAMED = re.compile(r"^(of (it|its|them|these|those)|the same|their|these)\b| of (it|them)\b| end of its |from then")
TABLES = (
    market_findings.SHENZHEN, market_findings.COMPARED, market_findings.OF_WINDOW, market_findings.LEFT_OUT,
    market_findings.RECORD, emissions_findings.OF_EMISSION, april_findings.SECTIONS, quality_findings.RECORD,
    quality_findings.CHECKS,
)  # fmt: skip


@pytest.mark.parametrize("topic", registry.FACTS)
def test_what_tables_say_is_named(topic):
    labels = [finding.label for finding in registry.facts(topic).findings()]
    assert labels
    assert [label for label in labels if UNNAMED.search(label)] == []
    assert [label for label in labels if re.search(rf"\b({'|'.join(quality.NAMED)})\b", label)] == []


def test_what_fits_say_is_named():
    labels = [entry[1] for table in TABLES for entry in table.values()]
    labels += market_findings.WINDOWS
    labels += [series_findings.OF_WINDOWS[key][1] for key in ("lower", "autumn-lower", "expected")]
    assert [label for label in labels if UNNAMED.search(label)] == []
