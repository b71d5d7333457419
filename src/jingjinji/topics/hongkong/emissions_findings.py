"""What is said of fits of `emissions`: the named quantities of a fit."""

from functools import partial

import numpy as np

from jingjinji.core.findings import Finding, exact, record
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

SAID_OF = (*TABLES, "policy_facts")

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


def findings(fit) -> list[Finding]:
    """The path since `BASE`, where it leads, the probability of each target, and what the plan's money is beside it."""
    chains, draws = fit.parameters.sizes["chain"], fit.parameters.sizes["draw"]
    shape = partial(np.reshape, shape=(chains, draws))
    name = partial(record, model=fit.name, panel=SAID_OF, suffix=f"@{fit.variant}" if fit.variant else "")
    now = states(fit)
    of = partial(total, now["emissions"], YEARS)
    yearly = 100 * ((of(NOW) / of(PEAK)) ** (1 / (NOW - PEAK)) - 1)
    made = [
        name("silk.hongkong.change", f"change of Hong Kong's emissions, {BASE} to {NOW}",
             shape(100 * (of(NOW) / of(BASE) - 1)), "%"),
        name("silk.hongkong.rate", f"mean change of Hong Kong's emissions a year, {PEAK} to {NOW}", shape(yearly),
             "% a year"),
        name(f"silk.hongkong.{NOW}", f"Hong Kong's emissions, {NOW}", shape(of(NOW)), "Mt"),
    ]  # fmt: skip
    if fit.variant.startswith("to-"):
        return made
    later = ahead(fit, now)
    targets = _targets(fit, of, later, name, shape)
    if fit.panel.truth:
        left = [finding for finding in targets if finding.id.startswith(f"silk.hongkong.left.{HALF}")]
        return made + left + _truths(fit)
    made += targets
    made += _needs(of, yearly, name, shape)
    if not fit.variant:
        made += _sectors(now, name, shape) + _ratios(fit, name) + _money(of, name, shape)
        made += _check(fit, now)
    return made


def _targets(fit, of, later: np.ndarray, name, shape) -> list[Finding]:
    made = []
    for year in (EARLIER, HALF, NEUTRAL):
        left = 100 * total(later, AHEAD, year) / of(BASE)
        made.append(name(f"silk.hongkong.left.{year}", f"Hong Kong's emissions of {year}, of those of {BASE}, at most "
                         "300", shape(np.minimum(left, 300)), "%"))  # fmt: skip
        for key, least in facts.cuts(year).items():
            made.append(name(f"silk.hongkong.reached.{key}", f"probability that Hong Kong emits at least {least:g} % "
                             f"less than in {BASE} in {year}", shape(1.0 * (left <= 100 - least)),
                             "probability"))  # fmt: skip
    made.append(name(f"silk.hongkong.reached.{NEUTRAL}", f"probability that Hong Kong emits at most {NEAR_ZERO:g} % of "
                     f"{BASE} in {NEUTRAL}", shape(1.0 * (left <= NEAR_ZERO)), "probability"))  # fmt: skip
    return made


def _truths(fit) -> list[Finding]:
    """What a toy was made with, under the names of what recovers it."""
    made, truth = [], fit.panel.truth["emissions"].sum(axis=1)
    index = dict(zip(YEARS.tolist(), truth, strict=True))
    change, rate = index[NOW] / index[BASE] - 1, (index[NOW] / index[PEAK]) ** (1 / (NOW - PEAK)) - 1
    for key, label, value, unit in (
        ("change", f"change of emissions, {BASE} to {NOW}", 100 * change, "%"),
        ("rate", f"mean change a year, {PEAK} to {NOW}", 100 * rate, "% a year"),
        (str(NOW), f"emissions, {NOW}", index[NOW], "Mt"),
        (f"left.{HALF}", f"emissions of {HALF}, of those of {BASE}", fit.panel.truth["left"], "%"),
    ):
        made.append(exact(f"silk.hongkong.truth.{key}@{fit.variant}", f"truth: {label}", round(float(value), 2), unit,
                          ()))  # fmt: skip
    return made


def _needs(of, yearly: np.ndarray, name, shape) -> list[Finding]:
    goal = of(BASE) * (1 - facts.cuts(HALF)[str(HALF)] / 100)
    needed = 100 * ((goal / of(NOW)) ** (1 / (HALF - NOW)) - 1)
    return [
        name("silk.hongkong.needed", f"change a year from {NOW} on that meets the target of {HALF}", shape(needed),
             "% a year"),
        name("silk.hongkong.faster", f"probability that the target of {HALF} needs a faster fall than {PEAK} to {NOW}",
             shape(1.0 * (needed < yearly)), "probability"),
        name("silk.hongkong.needed.tonnes", f"change a year from {NOW} on in tonnes that meets the target of {HALF}",
             shape((goal - of(NOW)) / (HALF - NOW)), "Mt a year"),
        name("silk.hongkong.rate.tonnes", f"mean change a year in tonnes, {PEAK} to {NOW}",
             shape((of(NOW) - of(PEAK)) / (NOW - PEAK)), "Mt a year"),
    ]  # fmt: skip


def _sectors(now: dict, name, shape) -> list[Finding]:
    made, emissions = [], now["emissions"]
    first, last = emissions[:, YEARS == PEAK][:, 0], emissions[:, YEARS == NOW][:, 0]
    for k, sector in enumerate(SECTORS):
        made.append(name(f"silk.hongkong.{sector}.rate", f"mean change of emissions a year, {sector}, {PEAK} to {NOW}",
                         shape(100 * ((last[:, k] / first[:, k]) ** (1 / (NOW - PEAK)) - 1)), "% a year"))  # fmt: skip
    fall = first.sum(axis=1) - last.sum(axis=1)
    made.append(name("silk.hongkong.electricity.part", f"part of electricity in the fall of emissions, {PEAK} to {NOW}",
                     shape(100 * (first[:, 0] - last[:, 0]) / fall), "%"))  # fmt: skip
    for year in (BASE, PEAK, 2021):
        made.append(name(f"silk.hongkong.{year}", f"Hong Kong's emissions, {year}",
                         shape(total(emissions, YEARS, year)), "Mt"))  # fmt: skip
    made.append(name("silk.hongkong.curvature", "exponent of the scale on which a year's step is the same: 0 per cent, "
                     "1 tonnes", shape(now["exponent"]), ""))  # fmt: skip
    return made


def _ratios(fit, name) -> list[Finding]:
    value = fit.parameters["offset"]
    return [
        name(f"silk.hongkong.ratio.{key}", f"{label} above the inventory", 100 * np.expm1(value.isel(source=k).values),
             "%")
        for k, (key, label) in enumerate((("carbon-budget", "fossil CO2 of the Global Carbon Budget"),
                                          ("coal-and-gas", "CO2 of coal and gas burnt")))
    ]  # fmt: skip


def _money(of, name, shape) -> list[Finding]:
    """The planned spending for each tonne a year that lies between the plan's year and the target of `HALF`."""
    goal = of(BASE) * (1 - facts.cuts(HALF)[str(HALF)] / 100)
    cut = of(2021) - goal
    spending = facts.fact("Hong Kong plan", "Hong Kong", "planned spending on climate action", "2021")
    return [
        name("silk.money.cut", f"emissions a year between 2021 and the target of {HALF}", shape(cut), "Mt"),
        name("silk.money.per-tonne", f"planned spending for each tonne a year between 2021 and the target of {HALF}",
             shape(spending / cut), "thousand HKD"),
    ]  # fmt: skip


def _check(fit, now: dict) -> list[Finding]:
    low, high = np.percentile(drawn(fit, now), [3, 97], axis=0)
    value = fit.panel.printed.value.to_numpy()
    inside = float(((low <= value) & (value <= high)).mean())
    return [
        exact("silk.hongkong.check.inside", "printed figures inside the central 94 % of figures drawn anew",
              round(100 * inside, 1), "%", SAID_OF, fit.name),
        exact("silk.hongkong.record.figures", "printed figures that the model uses", len(value), "", SAID_OF),
        exact("silk.hongkong.record.years", "years from 2005 to 2024 with a printed total",
              int(fit.panel.printed[fit.panel.printed.quantity == "emissions"].year.nunique()), "", SAID_OF),
    ]  # fmt: skip
