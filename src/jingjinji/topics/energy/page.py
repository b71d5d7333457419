"""Small tables and arrays of the chapter on structure: comparisons, curves for figures."""

import numpy as np
import pandas as pd

from jingjinji.core import tables
from jingjinji.topics.energy import mix, mix_findings, phase_out, phase_out_findings
from jingjinji.topics.energy.phase_out import UNITS

LABELS = {
    "germany": "Germany, output", "germany.jobs": "Germany, jobs", "ruhr": "Ruhr, output", "ruhr.jobs": "Ruhr, jobs",
    "beijing": "Beijing, coal", "tianjin": "Tianjin, coal", "hebei": "Hebei, coal",
}  # fmt: skip


def half_times(fit) -> pd.DataFrame:
    """Years from the largest figure to half and to a tenth in the figures of every series, and to half on its curve."""
    rows = []
    for key, (area, series) in UNITS.items():
        curve = fit.findings.get(f"energy.{key}.curve.half-time")
        figures = phase_out_findings.yearly(fit.panel, key)
        read = [_passed(*phase_out_findings.crossing(fit.panel, key, share)) for share in (0.5, 0.1)]
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
        along = phase_out_findings.path(fit, years, "hebei", like).reshape(-1, len(years))
        middle = np.median(along, axis=0)
        made[name] = np.where(middle < middle[0] / 10, np.nan, along)
    return made


def left_by_unit(fit, elapsed: np.ndarray) -> tuple[dict, dict]:
    """What is left of each unit's plateau: curves (draw, year) and figures (years since the peak, share), by label."""
    parts, first = phase_out_findings.curves(fit), phase_out.peaks(fit.panel)
    curves, figures = {}, {}
    for k, (key, label) in enumerate(LABELS.items()):
        years = first.year[key] + elapsed
        path = phase_out_findings.path(fit, years, key).reshape(-1, len(years))
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
    beijing = mix_findings.states(fit, "Beijing")
    long = mix.shares(mix_findings.carried_back(fit, "Beijing", beijing))[:, :, 0]
    hebei = mix.shares(mix_findings.states(fit, "Hebei")[:, -1])[:, 0]
    years = np.arange(mix.YEARS[0] - mix.BACK, mix.YEARS[-1] + 1)
    return years, 100 * long, 100 * hebei
