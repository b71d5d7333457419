"""What is said of fits of `emissions`: the named quantities of a fit."""

from functools import partial

import numpy as np

from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.hongkong import facts
from jingjinji.topics.hongkong.emissions import (
    BASE,
    EARLIER,
    HALF,
    NEUTRAL,
    NOW,
    PEAK,
    SECTORS,
    SIGN,
    TABLES,
    TAIL,
    YEARS,
    data,
    drawn,
    expanded,
    log_emissions,
    outward_walk,
    total,
)

AHEAD = np.arange(NOW + 1, 2051)


NEAR_ZERO = 10.0
"""Per cent of the emissions of `BASE`; at most that much is counted as near zero, since no sink is in the data."""


def states(fit) -> dict[str, np.ndarray]:
    """Emissions (draw, year, sector) in Mt, and what a path goes on from: steps, last drift, scatter, scales."""
    flat = fit.parameters.stack(sample=("chain", "draw"))
    value = {name: flat[name].transpose("sample", ...).values for name in fit.parameters}
    low, high = fit.panel.curve
    exponent = low + (high - low) * value["curvature"]
    walk_scale = fit.panel.walk * value["walk_scale"]
    drift = value["drift_mean"][:, None] + value["drift_scale"][:, None] * value["drift"]
    walks = np.einsum("kpv,dvs->dksp", outward_walk(), value["walk"])
    drifts = SIGN[:, None] * drift[:, None, :, None] + walk_scale[:, None, None, None] * walks
    scatter = np.exp(value["log_scatter_mean"][:, None] + value["log_scatter"])
    level = value["level"]
    after = np.concatenate([value["after"], value["surprise_after"]], axis=1)
    drawn = np.stack(
        [np.concatenate([value["before"], value["surprise_before"]], axis=1),
         np.concatenate([level[..., None], after], axis=2)], axis=1
    )  # fmt: skip
    arrays = data(fit.panel)
    outwards = log_emissions(drawn, level, drifts, scatter, exponent[:, None, None, None], arrays["informed"],
                             arrays["last_informed"])  # fmt: skip
    log = np.concatenate([outwards[:, 0, :, ::-1], outwards[:, 1]], axis=2).swapaxes(1, 2)
    return {
        "emissions": np.exp(log), "path": log - level[:, None], "level": np.exp(level), "exponent": exponent,
        "drift": drifts[:, 1, :, -1], "scatter": scatter, "walk_scale": walk_scale,
    }  # fmt: skip


def ahead(fit, now: dict[str, np.ndarray]) -> np.ndarray:
    """Emissions (draw, year of `AHEAD`, sector) in Mt: drifts walk on and years surprise as before; zero is a floor."""
    rng = np.random.default_rng([fit.seed, NOW])
    size = len(now["level"]), len(AHEAD), len(SECTORS)
    drifts = now["drift"][:, None] + now["walk_scale"][:, None, None] * rng.normal(size=size).cumsum(axis=1)
    steps = drifts + now["scatter"][:, None] * rng.standard_t(TAIL, size)
    exponent = now["exponent"][:, None, None]
    path = np.expm1(exponent * now["path"][:, -1:]) / exponent + steps.cumsum(axis=1)
    left = np.minimum.accumulate(1 + exponent * path > 0, axis=1)
    return np.where(left, now["level"][:, None] * expanded(path, exponent), 0.0)


NOW_AND_THEN = {
    "change": ("%", f"change of Hong Kong's emissions, {BASE} to {NOW}"),
    "rate": ("% a year", f"mean change of Hong Kong's emissions a year, {PEAK} to {NOW}"),
    str(NOW): ("Mt", f"Hong Kong's emissions, {NOW}"),
}
LEFT = f"Hong Kong's emissions of {{year}}, of those of {BASE}, at most 300"
NEEDS = {
    "needed": ("% a year", f"change a year from {NOW} on that meets the target of {HALF}"),
    "faster": ("probability", f"probability that the target of {HALF} needs a faster fall than {PEAK} to {NOW}"),
    "needed.tonnes": ("Mt a year", f"change a year from {NOW} on in tonnes that meets the target of {HALF}"),
    "rate.tonnes": ("Mt a year", f"mean change a year in tonnes, {PEAK} to {NOW}"),
}
RATIOS = {
    "carbon-budget": ("%", "fossil CO2 of the Global Carbon Budget above the inventory"),
    "coal-and-gas": ("%", "CO2 of coal and gas burnt above the inventory"),
}
MONEY = {
    "cut": ("Mt", f"emissions a year between 2021 and the target of {HALF}"),
    "per-tonne": ("thousand HKD", f"planned spending for each tonne a year between 2021 and the target of {HALF}"),
}


def findings(fit) -> list[Finding]:
    """The path since `BASE`, where it leads, the probability of each target, and what the plan's money is beside it."""
    say, now = Scribe(TABLES, "silk.hongkong.", fit), states(fit)
    of = partial(total, now["emissions"], YEARS)
    yearly = 100 * ((of(NOW) / of(PEAK)) ** (1 / (NOW - PEAK)) - 1)
    made = {"change": 100 * (of(NOW) / of(BASE) - 1), "rate": yearly, str(NOW): of(NOW)}
    if fit.panel.truth:
        left = np.minimum(100 * total(ahead(fit, now), AHEAD, HALF) / of(BASE), 300)
        labels = NOW_AND_THEN | {f"left.{HALF}": ("%", LEFT.format(year=HALF))}
        for key, truth in _truths(fit.panel).items():
            unit, label = labels[key]
            say.pair(key, label, round(float(truth), 2), (made | {f"left.{HALF}": left})[key], unit)
        return say.made
    say.table(NOW_AND_THEN, made)
    if fit.variant.startswith("to-"):
        return say.made
    of_plans = say.under(tables=(*TABLES, "policy_facts"))
    _say_targets(of_plans, of, ahead(fit, now))
    goal = _goal(of)
    needed = 100 * ((goal / of(NOW)) ** (1 / (HALF - NOW)) - 1)
    in_tonnes = {"needed.tonnes": (goal - of(NOW)) / (HALF - NOW), "rate.tonnes": (of(NOW) - of(PEAK)) / (NOW - PEAK)}
    of_plans.table(NEEDS, {"needed": needed, "faster": needed < yearly} | in_tonnes)
    if not fit.variant:
        _say_sectors(say, now)
        offset = fit.parameters["offset"]
        above = {key: 100 * np.expm1(offset.isel(source=k).values) for k, key in enumerate(RATIOS)}
        say.under("ratio.").table(RATIOS, above)
        Scribe(of_plans.tables, "silk.money.", fit, say.made).table(MONEY, _money(of))
        _say_check(say, fit, now)
    return say.made


def _goal(of) -> np.ndarray:
    """Emissions (draw,) that the target of `HALF` allows, Mt."""
    return of(BASE) * (1 - facts.cuts(HALF)[str(HALF)] / 100)


def _money(of) -> dict[str, np.ndarray]:
    """The planned spending for each tonne a year that lies between the plan's year and the target of `HALF`."""
    cut = of(2021) - _goal(of)
    spending = facts.fact("Hong Kong plan", "Hong Kong", "planned spending on climate action", "2021")
    return {"cut": cut, "per-tonne": spending / cut}


def _say_targets(say: Scribe, of, later: np.ndarray) -> None:
    for year in (EARLIER, HALF, NEUTRAL):
        left = 100 * total(later, AHEAD, year) / of(BASE)
        say.draws(f"left.{year}", LEFT.format(year=year), np.minimum(left, 300), "%")
        for key, least in facts.cuts(year).items():
            words = f"probability that Hong Kong emits at least {least:g} % less than in {BASE} in {year}"
            say.draws(f"reached.{key}", words, left <= 100 - least, "probability")
    words = f"probability that Hong Kong emits at most {NEAR_ZERO:g} % of {BASE} in {NEUTRAL}"
    say.draws(f"reached.{NEUTRAL}", words, left <= NEAR_ZERO, "probability")


def _truths(panel) -> dict[str, float]:
    """What a toy was made with, under the names of what recovers it."""
    index = dict(zip(YEARS.tolist(), panel.truth["emissions"].sum(axis=1), strict=True))
    rate = (index[NOW] / index[PEAK]) ** (1 / (NOW - PEAK)) - 1
    return {"change": 100 * (index[NOW] / index[BASE] - 1), "rate": 100 * rate, str(NOW): index[NOW],
            f"left.{HALF}": panel.truth["left"]}  # fmt: skip


def _say_sectors(say: Scribe, now: dict) -> None:
    emissions = now["emissions"]
    first, last = emissions[:, YEARS == PEAK][:, 0], emissions[:, YEARS == NOW][:, 0]
    for k, sector in enumerate(SECTORS):
        rate = 100 * ((last[:, k] / first[:, k]) ** (1 / (NOW - PEAK)) - 1)
        say.draws(f"{sector}.rate", f"mean change of emissions a year, {sector}, {PEAK} to {NOW}", rate, "% a year")
    part = 100 * (first[:, 0] - last[:, 0]) / (first.sum(axis=1) - last.sum(axis=1))
    say.draws("electricity.part", f"part of electricity in the fall of emissions, {PEAK} to {NOW}", part, "%")
    for year in (BASE, PEAK, 2021):
        say.draws(str(year), f"Hong Kong's emissions, {year}", total(emissions, YEARS, year), "Mt")
    words = "exponent of the scale on which a year's step is the same: 0 per cent, 1 tonnes"
    say.draws("curvature", words, now["exponent"], "")


def _say_check(say: Scribe, fit, now: dict) -> None:
    printed = fit.panel.printed
    low, high = np.percentile(drawn(fit, now), [3, 97], axis=0)
    inside = 100 * ((low <= printed.value) & (printed.value <= high)).mean()
    say.score("check.inside", "printed figures inside the central 94 % of figures drawn anew", inside, "%", 1)
    say.fact("record.figures", "printed figures that the model uses", len(printed))
    years = printed[printed.quantity == "emissions"].year.nunique()
    say.fact("record.years", "years from 2005 to 2024 with a printed total", years)
