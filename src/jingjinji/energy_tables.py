"""Small tables and arrays of the chapter on structure: claims with verdicts, comparisons, curves for figures."""

import numpy as np
import pandas as pd

from jingjinji import energy_facts, tables
from jingjinji.findings import Finding
from jingjinji.models import energy_mix, energy_phase_out
from jingjinji.models.energy_phase_out import UNITS

UNTESTED = "cannot be tested with these tables"
AGREES, MORE, LESS = "agrees", "the figures say more", "the figures say less"
LABELS = {
    "germany": "Germany, output", "germany.jobs": "Germany, jobs", "ruhr": "Ruhr, output", "ruhr.jobs": "Ruhr, jobs",
    "beijing": "Beijing, coal", "tianjin": "Tianjin, coal", "hebei": "Hebei, coal",
}  # fmt: skip


def verdict(claimed: float, low: float, high: float, step: float, bound: str = "") -> str:
    """What figures between `low` and `high` say of a claimed size.

    `step` is half of the last place the claim was given to. A claim that is a `bound` agrees on its whole side:
    ``lower`` for "at least", ``upper`` for "at most".
    """
    if low - step <= claimed <= high + step:
        return AGREES
    if high < claimed:
        return AGREES if bound == "upper" else LESS
    return AGREES if bound == "lower" else MORE


def claims(found: dict[str, Finding]) -> pd.DataFrame:
    """The article's claims, the figures beside them, and a verdict by `verdict`; columns claim, figures, verdict."""
    curve = found["energy.ruhr.change.1964-2014"]
    output, schools = found["energy.claims.ruhr.output.claimed"], found["energy.claims.ruhr.universities.claimed"]
    founded = found["energy.claims.ruhr.universities.1974"]
    jobs, claimed_jobs = found["energy.claims.ruhr.steel-jobs.change"], found["energy.claims.ruhr.steel-jobs.claimed"]
    last = tables.load("coal_phase_out").query("area == 'Ruhr' and series == 'hard-coal output'").year.max()
    closes = int(energy_facts.fact("Ruhr", "year in which the last hard-coal mine closes", "", "article"))
    cut, planned = found["energy.capacity.cut"], found["energy.capacity.planned-cut"]
    firms = [found[f"energy.capacity.firms.{year}"].value_text for year in (2014, 2015, 2020)]
    start, end = (energy_facts.fact("Ruhr", "steel jobs", year, "article") for year in ("1964", "2014"))
    falls = sorted(-end for end in curve.hdi)
    rows = [
        (f"The Ruhr's coal output changed by {output.value_text} in fifty years",
         f"on the curve from 1964 to 2014 {curve.text}", verdict(-output.mean, *falls, step=0.5)),
        (f"The last mine closes in {closes}", f"last year with output in the table: {last}",
         verdict(closes, last, last, step=0)),
        (f"Steel jobs fell from {start:g} to under {end:g} thousand, by at least {-claimed_jobs.mean:.0f} %",
         f"1960 to 2001: {jobs.value_text}",
         verdict(-claimed_jobs.mean, -jobs.mean, -jobs.mean, step=0.5, bound="lower")),
        (f"From no university to {schools.value_text} universities and colleges",
         f"at least {founded.value_text} universities founded by 1974; no later count in the tables", UNTESTED),
        ("The Ruhr holds three quarters of German coal", "no figure of reserves in the tables", UNTESTED),
        (f"Hebei's steel-making capacity falls by {planned.value_text} until 2015",
         f"announced as cut from 2013 to 2017: {cut.value_text}", verdict(planned.mean, cut.mean, cut.mean, step=0.5)),
        (f"Firms that smelt steel fall from {firms[0]} to {firms[1]} and to {firms[2]}", "no later count in the tables",
         UNTESTED),
        (f"{found['energy.capacity.first-list'].value_text} firms are on the first list of closures",
         "no report on single firms in the tables", UNTESTED),
    ]  # fmt: skip
    for key, name in (("pm25", "PM2.5"), ("so2", "SO2"), ("nox", "NOx")):
        rows.append((f"Coal power, steel and cement emit {found[f'energy.shares.article.{key}'].value_text} of the "
                     f"region's {name}",
                     f"no inventory of the region; all coal in China in 2012: "
                     f"{found[f'energy.shares.china.{key}'].value_text}", UNTESTED))  # fmt: skip
    return pd.DataFrame(rows, columns=["the article says", "the figures", "verdict"])


def recovery(found: dict[str, Finding], prefix: str) -> pd.DataFrame:
    """Truths of a synthetic panel, ids ``prefix.truth.KEY@variant``, beside their estimates ``prefix.KEY@variant``."""
    rows = []
    for id, truth in found.items():
        if id.startswith(f"{prefix}.truth."):
            estimate = found[id.replace(".truth.", ".", 1)]
            low, high = estimate.hdi
            rows.append((truth.label.removeprefix("truth: "), truth.value_text, estimate.text,
                         "yes" if low <= truth.mean <= high else "no"))  # fmt: skip
    return pd.DataFrame(rows, columns=["quantity", "truth", "recovered", "inside"])


def half_times(found: dict[str, Finding]) -> pd.DataFrame:
    """Time to half and to a tenth of every series of `UNITS`."""
    rows = [(f"{area}, {series}", found[f"energy.{key}.half-time"].text, found[f"energy.{key}.tenth-time"].text)
            for key, (area, series) in UNITS.items()]  # fmt: skip
    return pd.DataFrame(rows, columns=["series", "from the start to half", "to a tenth"])


def left_by_unit(fit, elapsed: np.ndarray) -> tuple[dict, dict]:
    """What is left of each unit's plateau: curves (draw, year) and figures (years since the peak, share), by label."""
    parts, first = energy_phase_out.curves(fit), energy_phase_out.peaks(fit.panel)
    curves, figures = {}, {}
    for k, (key, label) in enumerate(LABELS.items()):
        years = first.year[key] + elapsed
        path = energy_phase_out.path(fit, years, key).reshape(-1, len(years))
        plateau = parts["plateau"][..., k].reshape(-1, 1)
        rows = fit.panel.rows[fit.panel.rows.unit == key]
        curves[label] = path / plateau
        figures[label] = (rows.year.to_numpy() - first.year[key], rows.value.to_numpy() / np.median(plateau))
    return curves, figures


def prior_curves(elapsed: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """What the priors of `energy_phase_out.build` alone leave of a plateau, for one series (draw, year)."""
    rng = np.random.default_rng(seed)
    tenth_mean, bend_mean = rng.normal(np.log(40), 0.7, draws), rng.normal(np.log(3), 0.4, draws)
    scale = rng.lognormal(np.log(0.5), 0.4, draws)
    tenth = np.exp(tenth_mean + scale * rng.normal(size=draws))
    bend = np.exp(bend_mean + 0.25 * rng.normal(size=draws))
    return np.exp(-energy_phase_out.gone(elapsed - rng.normal(size=(draws, 1)), tenth[:, None], bend[:, None]))


def beijing_and_hebei(fit) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Years, Beijing's coal share carried back (draw, year) and Hebei's last (draw,), per cent."""
    beijing = energy_mix.states(fit, "Beijing")
    long = energy_mix.shares(energy_mix.carried_back(fit, "Beijing", beijing))[:, :, 0]
    hebei = energy_mix.shares(energy_mix.states(fit, "Hebei")[:, -1])[:, 0]
    years = np.arange(energy_mix.YEARS[0] - energy_mix.BACK, energy_mix.YEARS[-1] + 1)
    return years, 100 * long, 100 * hebei
