"""What is said of fits of `coal_path`: the named quantities of a fit."""

import numpy as np

from jingjinji.core import registry, tables
from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.energy import facts, phase_out, phase_out_findings
from jingjinji.topics.energy.coal_path import (
    BALANCES,
    CENSUS,
    LAST_BOOK,
    MEASURES,
    PROVINCES,
    PROXIES,
    TABLES,
    YEARS,
    Panel,
    data,
    path,
)

SHOWN = ("Beijing", "Tianjin", "Hebei")
LAST_BALANCE = 2022
"""The last year with a figure of end use; `YEARS` end with EDGAR and steel alone."""
CHECKED = 2020
"""A year after the yearbook in which a page gives Beijing's coal; the figure is not in the model."""
NAMES = {"ceads": "CO2 of coal (CEADs)", "end-use": "coal of end use", "edgar": "CO2 (EDGAR)"}


def elapsed() -> int:
    """Years from Hebei's largest figure to the last year of the paths."""
    return YEARS[-1] - largest("Hebei")[0]


def largest(province: str) -> tuple[int, float]:
    """Year and value (Mt) of a province's largest coal in the yearbook."""
    book = tables.load("energy_province_year").query("province == @province").set_index("year").coal
    return int(book.idxmax()), float(book.max())


def left(fit, province: str) -> np.ndarray:
    """What is left of a province's largest figure (chain, draw, year of `YEARS`)."""
    later = fit.parameters["later_growth"].transpose("chain", "draw", ...).values
    return path(fit.panel, later, province) / largest(province)[1]


def half_passed(share: np.ndarray, since: float) -> np.ndarray:
    """Whether half was reached within so many years after the largest figure; shares by year, evenly between two."""
    last = int(np.floor(since))
    rest = since - last
    at = share[..., last] ** (1 - rest) * share[..., last + 1] ** rest
    return (share[..., : last + 1] < 0.5).any(axis=-1) | (at < 0.5)


def figures_left(unit: str, since: float) -> float:
    """What was left of the largest figure of a unit of `phase_out` so many years after it, between figures evenly."""
    by_year = phase_out_findings.yearly(registry.load("energy_phase_out"), unit)
    return float(np.exp(np.interp(since, by_year.index, np.log(by_year / by_year.iloc[0]))))


def beijings_half_time() -> float:
    """Years from Beijing's largest figure to half in its figures."""
    return phase_out_findings.crossing(registry.load("energy_phase_out"), "beijing", 0.5)[0]


def findings(fit) -> list[Finding]:
    """What is left of the coal of three provinces, and where Hebei stands beside Beijing and Germany."""
    say = Scribe(TABLES, "energy.", fit)
    shares = {province: left(fit, province) for province in SHOWN}
    if fit.panel.truth:
        _say_recovered(say, fit.panel, shares["Hebei"])
        return say.made
    for province, share in shares.items():
        for year in (LAST_BALANCE, YEARS[-1]):
            label = f"coal of {province} in {year}, of its largest figure, {largest(province)[0]}"
            say.draws(f"{province.lower()}.left.{year}", label, 100 * share[..., YEARS.index(year)], "%")
    change = 100 * (shares["Hebei"][..., YEARS.index(LAST_BALANCE)] / shares["Hebei"][..., YEARS.index(LAST_BOOK)] - 1)
    say.draws("hebei.after-book", f"change of Hebei's coal, {LAST_BOOK} to {LAST_BALANCE}", change, "%")
    _say_slower(say.under(tables=(*TABLES, *phase_out.TABLES)), shares)
    if not fit.variant:
        _say_measures(say.under("path."), fit)
    return say.made


def _slower_than_germany(share: np.ndarray) -> np.ndarray:
    return share[..., -1] > figures_left("germany", elapsed())


def _say_slower(say: Scribe, shares: dict[str, np.ndarray]) -> None:
    took = beijings_half_time()
    for province in ("Hebei", "Tianjin"):
        label = f"probability that {province}'s coal takes longer from its largest figure to half than Beijing's did"
        since_largest = shares[province][..., YEARS.index(largest(province)[0]) :]
        say.draws(f"{province.lower()}.slower-than-beijing", label, ~half_passed(since_largest, took), "probability")
    words = f"{elapsed()} years after the largest figure"
    label = f"probability that more of Hebei's coal is left than of Germany's output was, {words}"
    say.draws("hebei.more-left-than-germany", label, _slower_than_germany(shares["Hebei"]), "probability")
    if not say.suffix:
        say.fact("germany.left", f"left of Germany's output {words}", 100 * figures_left("germany", elapsed()), "%", 0)
        beijing = 100 * figures_left("beijing", elapsed())
        say.fact("beijing.left", f"left of Beijing's coal {words}, in its figures", beijing, "%", 0)
        say.fact("path.elapsed", f"years from Hebei's largest figure to {YEARS[-1]}", elapsed(), "years")


def _say_recovered(say: Scribe, panel: Panel, share: np.ndarray) -> None:
    true = path(panel, panel.truth["later"], "Hebei") / largest("Hebei")[1]
    for year in (LAST_BALANCE, YEARS[-1]):
        k = YEARS.index(year)
        say.pair(f"hebei.left.{year}", f"left of Hebei's coal in {year}", round(100 * float(true[k]), 1),
                 100 * share[..., k], "%")  # fmt: skip
    label = "more of Hebei's coal is left than was of Germany's"
    true = float(_slower_than_germany(true))
    say.pair("hebei.more-left-than-germany", label, true, _slower_than_germany(share), "probability")


def _say_measures(say: Scribe, fit) -> None:
    """What the measures are worth, Hebei's step of the census, and checks."""
    draws = {name: fit.parameters[name].transpose("chain", "draw", ...).values for name in fit.parameters}
    say.draws("reliability", "reliability of a yearly change of the yearbook's coal", draws["reliability"], "")
    for k, name in enumerate(PROXIES):
        say.draws(
            f"load.{name}", f"change of {NAMES[name]} with one per cent more coal", draws["load_mean"][..., k], "%"
        )
    common = draws["relation"][..., YEARS[1:].index(CENSUS)] - draws["relation_mean"]
    hebei = draws["census_scale"] * draws["own_census"][..., PROVINCES.index("Hebei")] + common[..., : len(BALANCES)]
    for k, name in enumerate(BALANCES):
        step = 100 * np.expm1(hebei[..., k])
        say.draws(f"census.{name}.hebei", f"step of {CENSUS} in Hebei's {NAMES[name]}", step, "%")
    for name, share in _inside(fit, draws).items():
        label = f"changes of {NAMES[name]} inside the central 94 % of changes drawn anew"
        say.score(f"check.inside.{name}", label, 100 * share, "%", 1)
    later = draws["later_growth"]
    beijing = path(fit.panel, later, "Beijing")[..., YEARS.index(CHECKED)]
    say.draws(f"beijing.{CHECKED}", f"coal of Beijing in {CHECKED} on its path", beijing, "Mt")
    published = facts.published("Beijing", "coal consumption", CHECKED)
    say.under(tables=("coal_phase_out",)).fact(
        f"beijing.{CHECKED}.published", f"coal of Beijing in {CHECKED} as a page gives it", published, "Mt", 2
    )


def _inside(fit, draws: dict[str, np.ndarray], most: int = 1000) -> dict[str, float]:
    """Share of each measure's changes inside the central 94 % of changes drawn anew."""
    rng, arrays = np.random.default_rng(fit.seed), data(fit.panel)
    every = max(1, draws["reliability"].size // most)
    some = {name: values.reshape(-1, *values.shape[2:])[::every] for name, values in draws.items()}
    book = np.broadcast_to(
        some["reliability"][:, None, None] * arrays["grown"], (len(some["tail"]), *arrays["grown"].shape)
    )
    growth = np.concatenate([book, some["later_growth"]], axis=-1)
    made = {}
    for k, name in enumerate(MEASURES):
        proxy = PROXIES.index(name) if name in PROXIES else None
        load = 1.0
        if proxy is not None:
            load = some["load_mean"][:, proxy, None] + some["load_scale"][:, proxy, None] * some["own_load"][:, proxy]
            load = load[..., None]
        tail = some["error_tail"][:, k, None, None] + 1
        error = np.exp(some["log_error"][:, k])[..., None] * rng.standard_t(tail, growth.shape)
        for step in range(1, growth.shape[-1]):
            error[..., step] -= some["taken_back"][:, k, None] * error[..., step - 1]
        anew = some["relation"][:, k, None, :] + load * growth + error
        if name in BALANCES:
            b = BALANCES.index(name)
            step = some["census_scale"][:, b, None] * some["own_census"][:, b]
            anew[..., YEARS[1:].index(CENSUS)] += step
        low, high = np.percentile(anew, [3, 97], axis=0)
        used = arrays["used"][k] > 0
        made[name] = float(np.mean(((low <= arrays["seen"][k]) & (arrays["seen"][k] <= high))[used]))
    return made
