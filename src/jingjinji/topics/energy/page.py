"""Small tables and arrays of the chapter on structure: comparisons, curves for figures."""

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd

from jingjinji.core import tables
from jingjinji.core.findings import Finding
from jingjinji.fits import simulations
from jingjinji.show.prior_draws import prior_parameters
from jingjinji.topics.energy import (
    coal_path,
    coal_path_findings,
    emissions,
    mix,
    mix_findings,
    phase_out,
    phase_out_findings,
)
from jingjinji.topics.energy.phase_out import UNITS

LABELS = {
    "germany": "Germany, output", "germany.jobs": "Germany, jobs", "beijing": "Beijing, coal",
    "ruhr": "Ruhr, output", "ruhr.jobs": "Ruhr, jobs",
}  # fmt: skip

ENDINGS = {"so2": ""} | {name: f"@{name}" for name in emissions.EMISSIONS[1:]}
"""Emission -> what ids of its fit end in."""
CARRIED, FALLS = 0.9, "toy"
"""Probability beyond which no more is said of Hebei's pace, and the records in which its coal falls fastest."""


def prior_over_years(panel: emissions.Panel, draws: int, seed: int) -> np.ndarray:
    """The elasticity to coal over years as the prior of `emissions.build` draws it."""
    drawn = prior_parameters(emissions.build(panel), ["over_years"], draws, seed)
    return drawn["over_years"].values[0, :, 0]


def yearbook(province: str) -> np.ndarray:
    """A province's coal by year in the yearbook, per cent of the largest."""
    book = tables.load("energy_province_year").query("province == @province").sort_values("year").coal
    return 100 * book.to_numpy() / coal_path_findings.largest(province)[1]


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


def slower_than_beijing(found: dict[str, Finding]) -> str:
    """How probable it is that two provinces take longer to halve than Beijing did, in digits that records carry.

    `CARRIED` bounds what is printed: made-up records in which the right answer is no say how far a yes can be trusted.
    """
    chances = [
        f"{'above' if mean > CARRIED else 'not above'} {CARRIED:g} for {province}"
        for province in ("Hebei", "Tianjin")
        for mean in [found[f"energy.{province.lower()}.slower-than-beijing"].mean]
    ]
    truth, estimate = simulations.estimates("energy_coal", "energy.hebei.slower-than-beijing")[FALLS]
    kept = simulations.table({"energy_coal": {FALLS: ""}}).set_index("quantity")
    held = kept.loc[coal_path_findings.LEFT_OF_HEBEI.format(year=coal_path.YEARS[-1]), simulations.INSIDE]
    return (
        f"The model's probability that coal takes longer to halve than Beijing's did is {' and '.join(chances)}. "
        f"Nothing carries more digits. In made-up records Hebei's coal falls so fast that the right probability is "
        f"{truth:g}. There the model gives {estimate:.2f} in the mean, and its 94 % intervals of what is left hold the "
        f"truth in {held}."
    )


def paths(fit, provinces: tuple[str, ...]) -> dict[str, np.ndarray]:
    """What is left of each province's largest coal (draw, year of `coal_path.YEARS`), per cent."""
    left = {province: coal_path_findings.left(fit, province) for province in provinces}
    return {province: 100 * share.reshape(-1, share.shape[-1]) for province, share in left.items()}


def prior_paths(panel: coal_path.Panel, province: str, draws: int, seed: int) -> np.ndarray:
    """What the priors of `coal_path.build` alone expect of a province's path, as `paths` gives it."""
    model = coal_path.build(panel)
    names = [variable.name for variable in model.free_RVs] + list(coal_path.DERIVED)
    drawn = SimpleNamespace(panel=panel, parameters=prior_parameters(model, names, draws, seed))
    return paths(drawn, (province,))[province]


def since_largest(fit, provinces: tuple[str, ...]) -> tuple[dict, dict]:
    """What is left by years since the largest figure, per cent.

    Paths, label -> (years, (draw, year)), and figures of Germany's output and Beijing's coal, label -> (years, left).
    """
    ways, figures = {}, {}
    for province, left in paths(fit, provinces).items():
        first = coal_path.YEARS.index(coal_path_findings.largest(province)[0])
        ways[province] = (np.arange(left.shape[1] - first), left[:, first:])
    panel = phase_out.panel(tables.load(*phase_out.TABLES))
    for unit in ("germany", "beijing"):
        left = phase_out_findings.yearly(panel, unit)
        figures[LABELS[unit]] = (left.index.to_numpy(), 100 * left.to_numpy() / left.iloc[0])
    return ways, figures


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


def prior_curves(panel: phase_out.Panel, elapsed: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """What the priors of `phase_out.build` alone leave of the plateau of Germany's output (draw, year)."""
    names = list(phase_out.DERIVED)
    drawn = prior_parameters(phase_out.build(panel), names, draws, seed)
    tenth, bend = (drawn[name].sel(unit="germany").values.reshape(-1, 1) for name in ("tenth", "bend"))
    return np.exp(-phase_out.gone(elapsed, tenth, bend, panel.logistic))


def beijing_and_hebei(fit) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Years, Beijing's coal share carried back (draw, year) and Hebei's last (draw,), per cent."""
    beijing = mix_findings.states(fit, "Beijing")
    long = mix.shares(mix_findings.carried_back(fit, "Beijing", beijing))[:, :, 0]
    hebei = mix.shares(mix_findings.states(fit, "Hebei")[:, -1])[:, 0]
    years = np.arange(mix.YEARS[0] - mix.BACK, mix.YEARS[-1] + 1)
    return years, 100 * long, 100 * hebei


def rounds() -> dict[int, str]:
    """What each round of the apportionment of Beijing's PM2.5 covers, as far as it is said: number -> words."""
    periods = tables.load("source_apportionment").groupby("round").period.first()
    return {number: _period(number, period) for number, period in periods.items()}


def _period(number: int, period: str | None) -> str:
    """``2020-01..2021-06`` as ``2020 to 2021``."""
    if not isinstance(period, str):
        return f"round {number}, year not shown"
    years = list(dict.fromkeys(re.findall(r"20\d\d", period)))
    return " to ".join(years)
