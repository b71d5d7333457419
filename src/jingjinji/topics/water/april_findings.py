"""What is said of fits of `april`: the named quantities of a fit."""

import numpy as np

from jingjinji.core import tables
from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.water.april import BEGUN, POLLUTANTS, TABLES
from jingjinji.topics.water.quality_findings import NAMES

SECTIONS = {
    "sections": ("", "sections in April 2021", None),
    "under": ("", "sections in April 2021 under an agreement that had begun", None),
    "weak": ("", "sections in April 2021 under an agreement that had begun, matched without a page", None),
}


def findings(fit) -> list[Finding]:
    """Contrast of each pollutant, typical agreement and sections of the Hai basin, as a per cent of the rest.

    Of a synthetic record the typical agreement alone, with its truth.
    """
    say = Scribe(TABLES, "miyun.april.", fit)
    mean = fit.parameters["contrast_mean"].transpose("chain", "draw", "pollutant").values
    scale = fit.parameters["contrast_scale"].transpose("chain", "draw").values
    own = fit.parameters["contrast"].transpose("chain", "draw", "agreement", "pollutant").values
    hai, rows = fit.panel.basins.index("Hai"), fit.panel.rows
    for k, pollutant in enumerate(POLLUTANTS):
        words, contrast = f"{NAMES[pollutant]} of sections under an agreement against the rest of", mean[:, :, k]
        typical = f"{words} their basin, typical agreement"
        if fit.panel.truth:
            truth = round(float(100 * np.expm1(fit.panel.truth["contrast"])), 3)
            say.pair(pollutant, typical, truth, 100 * np.expm1(contrast), "%")
            continue
        say.draws(pollutant, typical, 100 * np.expm1(contrast), "%")
        there = rows[(rows.pollutant == k) & (rows.basin == hai) & (rows.under * rows.used > 0)]
        of_hai = contrast + scale * own[:, :, there.agreement, k].mean(axis=-1)
        say.draws(f"{pollutant}.hai", f"{words} the Hai basin", 100 * np.expm1(of_hai), "%")
    if not (fit.variant or fit.panel.truth):
        table = tables.load("water_section_april")
        chosen = table.agreement.notna() & (table.start.fillna(9999) <= BEGUN)
        weak = (chosen & (table.flag == "weak")).sum()
        say.facts(SECTIONS, {"sections": len(table), "under": chosen.sum(), "weak": weak})
    return say.made
