"""Firms in Daxing's hydrogen zone: five counts, two of them "more than", as a growth process, without a sampler.

Logs of firms lie on a parabola of time. Given the scatter of counts and how far the true ones lie above "more than",
its three coefficients are normal; scatter and excess are summed over nodes.
"""

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd
import scipy

from jingjinji.core import tables
from jingjinji.core.errors import BookError

START = pd.Timestamp("2023-01-01")
"""Years count from here."""
FIRST = {"registered": "enterprises, registered", "in-the-park": "enterprises, in the park", "without-first": ""}
"""What the first count can be: firms that are registered or those in the park; or none, as the two are two things."""
LATER = "enterprises"
MEAN = np.array([np.log(120), 0.3, 0.0])
"""Prior means of the log of firms at `START`, of its rate (a year) and of the rate's bend (a year, squared)."""
SD = np.array([0.5, 0.4, 0.1])
SCATTER_SD = 0.35
"""Standard deviation of the log of the scatter."""
SCATTERS, EXCESSES = 60, 8
"""Nodes of the scatter and of each excess."""
CHAINS, DRAWS = 4, 1000


@dataclass(frozen=True)
class Panel:
    """One row a count in the order of dates: date, years (since 2023), firms, lower (1 for "more than").

    `reach`: how far above it a "more than" may lie, as a share. `scatter`: median of the prior of the scatter of logs.
    """

    rows: pd.DataFrame
    reach: float = 0.1
    scatter: float = 0.06


def panel(table: pd.DataFrame, first: str = "registered") -> Panel:
    """The panel of the zone's counts of firms; `first` is one of `FIRST`.

    Raises BookError where a cumulative count falls or fewer than three are left.
    """
    table = table[(table.place == "Daxing zone") & table.quantity.isin([LATER, FIRST[first]])]
    table = table.assign(day=pd.to_datetime(table.date)).sort_values("day", ignore_index=True)
    falls = table.value.diff() < 0
    if falls.any():
        row = table[falls].iloc[0]
        raise BookError(
            f"table hydrogen_zone has {row.value:g} firms on {row.date} and more before: a cumulative count cannot "
            "fall; correct the row or its date"
        )
    if len(table) < 3:
        raise BookError(f"table hydrogen_zone has {len(table)} counts of firms: expected at least 3")
    rows = pd.DataFrame(
        {
            "date": table.day,
            "years": (table.day - START).dt.days / 365.25,
            "firms": table.value,
            "lower": (table.bound == "lower").astype(float),
        }
    )
    return Panel(rows)


def choices() -> dict[str, Panel]:
    """Panels by what is assumed of the counts; the first, without a name, reads the first count as registered firms."""
    table = tables.load("hydrogen_zone")
    usual = panel(table)
    article = table.title.str.startswith("Article on the ecology")
    return {
        "": usual,
        "in-the-park": panel(table, "in-the-park"),
        "without-first": panel(table, "without-first"),
        "without-article": panel(table[~article]),
        "bounds-as-counts": replace(usual, reach=0.0),
        "far-above": replace(usual, reach=0.5),
        "wide-scatter": replace(usual, scatter=0.12),
    }


def posterior(panel: Panel, rng: np.random.Generator, draws: int = CHAINS * DRAWS) -> np.ndarray:
    """Independent draws (draw, 3) of level, rate and bend: a mixture of normals over nodes of scatter and excesses.

    A "more than" is exceeded by a share of `Panel.reach` that is Beta(1, 2), rather near the lower end; the log of the
    scatter is normal.
    """
    rows = panel.rows
    years, lower = rows.years.to_numpy(), np.flatnonzero(rows.lower)
    design = np.column_stack([np.ones_like(years), years, years**2])
    middles = (np.arange(EXCESSES) + 0.5) / EXCESSES
    shares = scipy.stats.beta(1, 2).ppf(middles)
    scatters = panel.scatter * np.exp(SCATTER_SD * scipy.stats.norm.ppf((np.arange(SCATTERS) + 0.5) / SCATTERS))
    above = np.array(list(product(shares, repeat=len(lower))))
    seen = np.tile(np.log(rows.firms.to_numpy()), (len(above), 1))
    seen[:, lower] += np.log1p(panel.reach * above)
    off = seen - design @ MEAN
    precision, evidence, gain = [], [], []
    for scatter in scatters:
        cover = design @ np.diag(SD**2) @ design.T + scatter**2 * np.eye(len(years))
        half = scipy.linalg.solve(cover, off.T, assume_a="pos").T
        evidence.append(-0.5 * (off * half).sum(axis=1) - 0.5 * np.linalg.slogdet(cover)[1])
        gain.append(MEAN + half @ design @ np.diag(SD**2))
        precision.append(np.diag(SD**-2.0) + design.T @ design / scatter**2)
    evidence = np.array(evidence)
    weight = np.exp(evidence - evidence.max()).ravel()
    node = rng.choice(len(weight), size=draws, p=weight / weight.sum())
    which, case = np.divmod(node, len(above))
    factor = np.linalg.cholesky(np.linalg.inv(np.array(precision)))[which]
    return np.array(gain)[which, case] + np.einsum("dij,dj->di", factor, rng.normal(size=(draws, 3)))


def path(value: np.ndarray, years: np.ndarray) -> np.ndarray:
    """Firms on the curve (draw, date) of draws (draw, 3); `years` since 2023."""
    return np.exp(value @ np.stack([np.ones_like(years), years, years**2]))


def growth_of_2023(value: np.ndarray) -> np.ndarray:
    """Growth over 2023 (draw,), %: rate and bend together are the mean slope of its year."""
    return 100 * np.expm1(value[:, 1] + value[:, 2])


def drawn(name: str = "") -> np.ndarray:
    """Draws of `posterior` under one of the `choices`."""
    return posterior(choices()[name], np.random.default_rng([2023, len(name)]))
