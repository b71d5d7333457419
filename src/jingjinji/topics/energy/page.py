"""Small tables and arrays of the chapter on structure: claims with verdicts, comparisons, curves for figures."""

import numpy as np
import pandas as pd

from jingjinji.core import tables
from jingjinji.core.findings import Finding
from jingjinji.topics.energy import facts, mix, phase_out
from jingjinji.topics.energy.phase_out import UNITS

UNTESTED = "cannot be tested with these tables"
AGREES, MORE, LESS = "agrees", "the figures say more", "the figures say less"
NOT_AGAINST = "the figures do not contradict it"
LABELS = {
    "germany": "Germany, output", "germany.jobs": "Germany, jobs", "ruhr": "Ruhr, output", "ruhr.jobs": "Ruhr, jobs",
    "beijing": "Beijing, coal", "tianjin": "Tianjin, coal", "hebei": "Hebei, coal",
}  # fmt: skip


def verdict(claimed: float, low: float, high: float, step: float) -> str:
    """What figures between `low` and `high` say of a claimed size; `step` is half of the last place it was given to."""
    if low - step <= claimed <= high + step:
        return AGREES
    return LESS if high < claimed else MORE


def claims(found: dict[str, Finding]) -> pd.DataFrame:
    """The article's claims, the figures beside them, and a verdict by `verdict`; columns claim, figures, verdict."""
    output, schools = found["energy.claims.ruhr.output.claimed"], found["energy.claims.ruhr.universities.claimed"]
    fall, founded = found["energy.claims.ruhr.output.change"], found["energy.claims.ruhr.universities.1974"]
    jobs, germans = found["energy.claims.ruhr.steel-jobs.change"], facts.fact("Germany", "steel jobs", "1960")
    last = tables.load("coal_phase_out").query("area == 'Ruhr' and series == 'hard-coal output'").year.max()
    closes = int(facts.fact("Ruhr", "year in which the last hard-coal mine closes", "", "article"))
    cut, planned = found["energy.capacity.cut"], found["energy.capacity.planned-cut"]
    firms = [found[f"energy.capacity.firms.{year}"].value_text for year in (2014, 2015, 2020)]
    start, end = (facts.fact("Ruhr", "steel jobs", year, "article") for year in ("1964", "2014"))
    around = facts.fact("NRW", "steel jobs", "2017")
    rows = [
        (f"The Ruhr's coal output changed by {output.value_text} in fifty years",
         f"1957 to 2014: a fall of {-fall.mean:g} % or more, for 1957 is a lower bound; no figure of 1964",
         verdict(-output.mean, -fall.mean, 100, step=0.5)),
        (f"The last mine closes in {closes}", f"the tables end in {last} and name no closure", UNTESTED),
        (f"{start:g} thousand steel jobs in 1964",
         f"in all of Germany over {germans:g} thousand in 1960; change of the Ruhr's, 1960 to 2001: {jobs.value_text}",
         UNTESTED),
        (f"Under {end:g} thousand steel jobs in 2014",
         f"in North Rhine-Westphalia, which holds the Ruhr: {around:g} thousand in 2017",
         NOT_AGAINST if around < end else MORE),
        (f"From no university to {schools.value_text} universities and colleges",
         f"at least {founded.value_text} universities founded by 1974; no later count in the tables", UNTESTED),
        ("The Ruhr holds three quarters of German coal", "no figure of reserves in the tables", UNTESTED),
        (f"Hebei's steel-making capacity falls by {planned.value_text} until 2015",
         f"announced as cut, not measured, and from 2013 to 2017: {cut.value_text}", UNTESTED),
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


def half_times(fit) -> pd.DataFrame:
    """Years from the largest figure to half and to a tenth in the figures of every series, and to half on its curve."""
    rows = []
    for key, (area, series) in UNITS.items():
        curve = fit.findings.get(f"energy.{key}.curve.half-time")
        figures = phase_out.yearly(fit.panel, key)
        read = [_passed(*phase_out.crossing(fit.panel, key, share)) for share in (0.5, 0.1)]
        rows.append((f"{area}, {series}", len(figures), *read, curve.text if curve else ""))
    columns = ["series", "years with a figure", "half, in the figures", "a tenth, in the figures", "half, on the curve"]
    return pd.DataFrame(rows, columns=columns)


def ruhr_output() -> str:
    """One sentence on how many figures of the Ruhr's output there are, and how large it was beside Germany's."""
    table = tables.load("coal_phase_out").query("series == 'hard-coal output'").sort_values("year")
    ruhr = table[table.area == "Ruhr"]
    listed = [f"{'more than ' if bound == 'lower' else ''}{value:g} Mt in {year}"
              for year, value, bound in zip(ruhr.year, ruhr.value, ruhr.bound, strict=True)]  # fmt: skip
    germany = table[(table.area == "Germany") & (table.year == ruhr.year.min())].value.iloc[0]
    return (
        f"The Ruhr's output has {len(ruhr)} published figures in these tables: {', '.join(listed)}. "
        f"In {ruhr.year.min()} it was more than {100 * ruhr.value.iloc[0] / germany:.0f} % of Germany's."
    )


def _passed(years: float, after: float, before: float) -> str:
    if np.isnan(before):
        return "not reached"
    between = f"between {after:.0f} and {before:.0f} years"
    return f"not observed, {between}" if np.isnan(years) else f"{years:.1f} years, {between}"


def hebei_paths(fit, years: np.ndarray, likes: dict[str, str]) -> dict[str, np.ndarray]:
    """Hebei's coal (draw, year) at the pace of the units in `likes`; nan where the median is under a tenth."""
    made = {}
    for name, like in likes.items():
        along = phase_out.path(fit, years, "hebei", like).reshape(-1, len(years))
        middle = np.median(along, axis=0)
        made[name] = np.where(middle < middle[0] / 10, np.nan, along)
    return made


def left_by_unit(fit, elapsed: np.ndarray) -> tuple[dict, dict]:
    """What is left of each unit's plateau: curves (draw, year) and figures (years since the peak, share), by label."""
    parts, first = phase_out.curves(fit), phase_out.peaks(fit.panel)
    curves, figures = {}, {}
    for k, (key, label) in enumerate(LABELS.items()):
        years = first.year[key] + elapsed
        path = phase_out.path(fit, years, key).reshape(-1, len(years))
        plateau = parts["plateau"][..., k].reshape(-1, 1)
        rows = fit.panel.rows[fit.panel.rows.unit == key]
        curves[label] = path / plateau
        figures[label] = (rows.year.to_numpy() - first.year[key], rows.value.to_numpy() / np.median(plateau))
    return curves, figures


def prior_curves(elapsed: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """What the priors of `energy_phase_out.build` alone leave of a plateau, for one series (draw, year)."""
    rng = np.random.default_rng(seed)
    tenth_mean, bend_mean = rng.normal(np.log(40), 0.7, draws), rng.normal(2.5, 1.5, draws)
    tenth_scale, bend_scale = rng.lognormal(np.log(0.5), 0.4, draws), rng.lognormal(0, 0.5, draws)
    tenth = np.exp(tenth_mean + tenth_scale * rng.normal(size=draws))
    bend = bend_mean + bend_scale * rng.normal(size=draws)
    return np.exp(-phase_out.gone(elapsed, tenth[:, None], bend[:, None]))


def beijing_and_hebei(fit) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Years, Beijing's coal share carried back (draw, year) and Hebei's last (draw,), per cent."""
    beijing = mix.states(fit, "Beijing")
    long = mix.shares(mix.carried_back(fit, "Beijing", beijing))[:, :, 0]
    hebei = mix.shares(mix.states(fit, "Hebei")[:, -1])[:, 0]
    years = np.arange(mix.YEARS[0] - mix.BACK, mix.YEARS[-1] + 1)
    return years, 100 * long, 100 * hebei
