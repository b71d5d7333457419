"""Findings that the claims' rules ask for, made up: ids come from the rules, values from here."""

import itertools
import re

import numpy as np

from jingjinji.claims import ledger, rules
from jingjinji.core import registry
from jingjinji.core.findings import Finding, exact

FACTS = ("carbon", "governance", "hongkong")
UNCERTAIN = {
    "apec.embassy.weather.ban": (-11.5, 1.8), "apec.stations.weather.ban": (-40.3, 1.6),
    "efficiency.tokyo.needed": (4.3, 0.4),
    "pm25.decline.beijing": (-64.1, 0.8), "pm25.decline.tianjin": (-57.3, 1), "pm25.decline.hebei": (-64.4, 0.4),
    "pm25.decline.beijing.constant": (-63.1, 0.9), "pm25.decline.tianjin.constant": (-56.1, 1.1),
    "pm25.decline.hebei.constant": (-63.5, 0.5), "pm25.together.slowest": (-4.8, 0.8),
    "pm25.together.fastest": (-13.9, 0.2), "hydrogen.firms.growth": (50, 12), "miyun.storage.rise.2021": (2.8, 0.1),
    "carbon.shenzhen.weighted": (32.5, 5), "carbon.shenzhen.against@without-totals": (1.5, 0.3),
}  # fmt: skip
CHANCES = {
    "apec.beijing.ban.below": 0.93, "apec.embassy.weather.worse-than-usual": 0.17,
    "apec.stations.weather.worse-than-usual": 0.09,
    "pm25.together.all-fell": 1, "pm25.together.all-fell.ten-years": 0.91, "heavy.beijing.halved": 1,
    "heavy.tianjin.halved": 1, "heavy.hebei.halved": 1, "pm25.standard.beijing.all": 0.99,
    "efficiency.beijing.intensity.first": 0.99, "efficiency.beijing.excess.first": 0.6,
    "efficiency.tianjin.intensity.second": 0.81, "efficiency.tianjin.excess.second": 0.04,
    "efficiency.gap.intensity.narrows": 0.99, "efficiency.ratio.narrows": 0.06, "efficiency.gap.excess.narrows": 0.14,
    **{f"efficiency.beijing.intensity.first.shared-{share}": 0.91 for share in ("quarter", "half", "most")},
    **{f"efficiency.beijing.excess.first.shared-{share}": 0.4 for share in ("quarter", "half", "most")},
    **{f"efficiency.tianjin.intensity.second.shared-{share}": 0.7 for share in ("quarter", "half", "most")},
    **{f"efficiency.tianjin.excess.second.shared-{share}": 0.1 for share in ("quarter", "half", "most")},
    **{f"efficiency.gap.intensity.narrows.shared-{share}": 0.98 for share in ("quarter", "half", "most")},
    **{f"efficiency.ratio.narrows.shared-{share}": 0.14 for share in ("quarter", "half", "most")},
    "carbon.wider@without-totals": 0.7,
}  # fmt: skip
EXACT = {
    "apec.beijing.windows.lower": 8,
    "apec.observed.embassy.clean-days": 6, "apec.observed.stations.clean-days": 9, "apec.observed.embassy.after": 143.3,
    "apec.observed.stations.after": 116.5, "energy.claims.ruhr.output.change": -95.4,
    "energy.claims.ruhr.steel-jobs.change": -80, "energy.mix.beijing.coal.2022": 0.6, "pm25.official.beijing.2023": 32,
    "heavy.beijing.2013": 58, "heavy.beijing.2023": 8, "hydrogen.firms.count.2023-09": 170,
    "hydrogen.firms.count.2023-12": 190, "hydrogen.firms.count.2024-10": 228, "hydrogen.zone.vehicles": 900,
    "hydrogen.bth.seen": 2508, "efficiency.dea.beijing.first": 100, "efficiency.dea.tianjin.second": 20,
    "efficiency.dea.gap.change": 0.8, "efficiency.dea.gap.change.low": -0.1, "efficiency.dea.gap.change.high": 1.7,
}  # fmt: skip


def chance(id: str, share: float) -> Finding:
    return Finding(id, id, (np.arange(1000) < 1000 * share).astype(float).reshape(4, 250), "probability", "toy", ())


def uncertain(id: str, mean: float, sd: float) -> Finding:
    return Finding(id, id, np.random.default_rng(7).normal(mean, sd, (4, 250)), "%", "toy", ())


def certain(id: str, value: float) -> Finding:
    return exact(id, id, value, "", ())


def wanted() -> set[str]:
    """Ids that the rules and the readings of table `claims` name."""
    found = set()
    for row in ledger.load().itertuples():
        found |= set(rules.named(rules.parse(row.rule))[0])
        for placeholder in rules.PLACEHOLDER.findall(row.found):
            found |= set(rules._named(rules._Reader(placeholder.removeprefix("value:")).value())[0])
    return found


def made_up() -> dict[str, Finding]:
    """One finding for each id; those without a value here are exact and one, or chances where P(id) asks for them."""
    made = {id: certain(id, EXACT.get(id, 1.0)) for id in wanted()}
    made |= {finding.id: finding for finding in itertools.chain(*(registry.facts(topic).findings() for topic in FACTS))}
    asked = set(re.findall(r"P\(([\w.@-]+)\)", " ".join(ledger.load().rule)))
    made |= {id: chance(id, 0.5) for id in asked}
    made |= {id: uncertain(id, *numbers) for id, numbers in UNCERTAIN.items()}
    return made | {id: chance(id, share) for id, share in CHANCES.items()}
