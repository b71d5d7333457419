"""What is said of fits of `coal_path`: the named quantities of a fit."""

from collections.abc import Callable

import numpy as np

from jingjinji.core import registry, tables
from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.energy import facts, phase_out, phase_out_findings
from jingjinji.topics.energy.coal_path import (
    BALANCES,
    CENSUS,
    LAST_BOOK,
    LAST_SHOWN,
    PROVINCES,
    PROXIES,
    TABLES,
    YEARS,
    Panel,
    path,
)

SHOWN = ("Beijing", "Tianjin", "Hebei")
LAST_BALANCE = 2022
"""The last year with a figure of end use; `YEARS` end with EDGAR and steel alone."""
CHECKED = 2020
"""A year after the yearbook in which a page gives Beijing's coal; the figure is not in the model."""
LEFT_OF_HEBEI = "left of Hebei's coal in {year}"
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
    if fit.panel.last_book < LAST_BOOK:
        _say_hidden(say.under("path.check.hidden."), fit)
        return say.made
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


def _slower_than_beijing(province: str) -> Callable[[np.ndarray], np.ndarray]:
    """Whether a share of a province's largest figure (..., year of `YEARS`) takes longer to half than Beijing's did."""
    largest_at, took = YEARS.index(largest(province)[0]), beijings_half_time()
    return lambda share: ~half_passed(share[..., largest_at:], took)


def _say_slower(say: Scribe, shares: dict[str, np.ndarray]) -> None:
    for province in ("Hebei", "Tianjin"):
        label = f"probability that {province}'s coal takes longer from its largest figure to half than Beijing's did"
        slower = _slower_than_beijing(province)(shares[province])
        say.draws(f"{province.lower()}.slower-than-beijing", label, slower, "probability")
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
        say.pair(f"hebei.left.{year}", LEFT_OF_HEBEI.format(year=year), round(100 * float(true[k]), 1),
                 100 * share[..., k], "%")  # fmt: skip
    for key, label, event in (
        ("more-left-than-germany", "more of Hebei's coal is left than was of Germany's", _slower_than_germany),
        ("slower-than-beijing", "Hebei's coal takes longer to half than Beijing's did", _slower_than_beijing("Hebei")),
    ):
        say.pair(f"hebei.{key}", label, float(event(true)), event(share), "probability")


def _say_measures(say: Scribe, fit) -> None:
    """What the measures are worth, Hebei's step of the census, and checks."""
    draws = {name: fit.parameters[name].transpose("chain", "draw", ...).values for name in fit.parameters}
    say.draws("reliability", "reliability of a yearly change of the yearbook's coal", draws["reliability"], "")
    for k, name in enumerate(PROXIES):
        say.draws(
            f"load.{name}", f"change of {NAMES[name]} with one per cent more coal", draws["load_mean"][..., k], "%"
        )
    hebei = draws["census"][..., PROVINCES.index("Hebei")]
    for k, name in enumerate(BALANCES):
        step = 100 * np.expm1(hebei[..., k])
        say.draws(f"census.{name}.hebei", f"step of {CENSUS} in Hebei's {NAMES[name]}", step, "%")
    label = "part of an error of CEADs' coal that goes on into coal of end use"
    say.draws("shared-error", label, draws["shared_error"], "")
    later = draws["later_growth"]
    beijing = path(fit.panel, later, "Beijing")[..., YEARS.index(CHECKED)]
    say.draws(f"beijing.{CHECKED}", f"coal of Beijing in {CHECKED} on its path", beijing, "Mt")
    published = facts.published("Beijing", "coal consumption", CHECKED)
    say.under(tables=("coal_phase_out",)).fact(
        f"beijing.{CHECKED}.published", f"coal of Beijing in {CHECKED} as a page gives it", published, "Mt", 2
    )


def _say_hidden(say: Scribe, fit) -> None:
    """The yearbook's growth after `LAST_SHOWN`, beside what measures say of it to a fit that did not see it."""
    later = fit.parameters["later_growth"].transpose("chain", "draw", "province", "later").values
    years = LAST_BOOK - LAST_SHOWN
    seen = fit.panel.coal[:, YEARS.index(LAST_BOOK)] - fit.panel.coal[:, YEARS.index(LAST_SHOWN)]
    said = later[..., :years].sum(axis=-1)
    common = fit.parameters["national"].transpose("chain", "draw", "step").values
    common = np.median(common[..., YEARS.index(LAST_SHOWN) : YEARS.index(LAST_BOOK)].sum(axis=-1))
    words = f"the yearbook's change of coal from {LAST_SHOWN} to {LAST_BOOK}"
    for width in (50, 94):
        low, high = np.percentile(said, [50 - width / 2, 50 + width / 2], axis=(0, 1))
        inside = ((low <= seen) & (seen <= high)).sum()
        label = f"provinces in which {words}, hidden from the fit, lies inside its central {width} %"
        say.score(str(width), label, inside, f"of {len(PROVINCES)}")
    for key, whose, off in (
        ("off", "the measures say", np.abs(seen - np.median(said, axis=(0, 1)))),
        ("off.common", "the growth of all provinces says", np.abs(seen - common)),
    ):
        label = f"median distance between {words} and what {whose} (logarithms, in per cent)"
        say.score(key, label, 100 * np.median(off), "%", 1)
