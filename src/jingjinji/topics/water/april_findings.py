"""What is said of fits of `april`: the named quantities of a fit."""

from functools import partial

import numpy as np

from jingjinji.core import tables
from jingjinji.core.findings import Finding, exact, record
from jingjinji.topics.water.april import BEGUN, TABLES
from jingjinji.topics.water.quality import POLLUTANTS
from jingjinji.topics.water.quality_findings import NAMES


def findings(fit) -> list[Finding]:
    """Contrast of each pollutant, typical agreement and sections of the Hai basin, as a per cent of the rest.

    Of a synthetic record the typical agreement alone, with its truth.
    """
    name = partial(record, model=fit.name, panel=TABLES, suffix=f"@{fit.variant}" if fit.variant else "")
    mean = fit.parameters["contrast_mean"].transpose("chain", "draw", "pollutant").values
    scale = fit.parameters["contrast_scale"].transpose("chain", "draw").values
    own = fit.parameters["contrast"].transpose("chain", "draw", "agreement", "pollutant").values
    hai, rows = fit.panel.basins.index("Hai"), fit.panel.rows
    made = [
        name(f"miyun.april.{pollutant}", f"{NAMES[pollutant]} of sections under an agreement against the rest of their "
             "basin, typical agreement", 100 * np.expm1(mean[:, :, k]), "%")
        for k, pollutant in enumerate(POLLUTANTS)
    ]  # fmt: skip
    if fit.panel.truth:
        truth = round(float(100 * np.expm1(fit.panel.truth["contrast"])), 3)
        return made + [
            exact(f"miyun.april.truth.{p}@{fit.variant}", f"truth: {NAMES[p]} of sections under an agreement against "
                  "the rest", truth, "%", ()) for p in POLLUTANTS
        ]  # fmt: skip
    for k, pollutant in enumerate(POLLUTANTS):
        there = rows[(rows.pollutant == k) & (rows.basin == hai) & (rows.under * rows.used > 0)]
        of_hai = mean[:, :, k] + scale * own[:, :, there.agreement, k].mean(axis=-1)
        made.append(name(f"miyun.april.{pollutant}.hai", f"{NAMES[pollutant]} of sections under an agreement against "
                         "the rest of the Hai basin", 100 * np.expm1(of_hai), "%"))  # fmt: skip
    if not fit.variant:
        table = tables.load("water_section_april")
        chosen = table.agreement.notna() & (table.start.fillna(9999) <= BEGUN)
        made += [
            exact("miyun.april.sections", "sections in April 2021", len(table), "", TABLES),
            exact("miyun.april.under", "of them under an agreement that had begun", int(chosen.sum()), "", TABLES),
            exact("miyun.april.weak", "of these, matched without a page", int((chosen & (table.flag == "weak")).sum()),
                  "", TABLES),
        ]  # fmt: skip
    return made
