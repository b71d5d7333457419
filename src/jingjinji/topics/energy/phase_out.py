"""How coal goes: hard coal of Germany and the Ruhr, coal of Beijing, Tianjin and Hebei, as pooled curves of decline."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from jingjinji.core import tables
from jingjinji.core.errors import BookError
from jingjinji.core.findings import Finding, exact, record
from jingjinji.topics.energy import facts

UNITS = {
    "germany": ("Germany", "hard-coal output"),
    "germany.jobs": ("Germany", "hard-coal jobs"),
    "ruhr": ("Ruhr", "hard-coal output"),
    "ruhr.jobs": ("Ruhr", "hard-coal jobs"),
    "beijing": ("Beijing", "coal consumption"),
    "tianjin": ("Tianjin", "coal consumption"),
    "hebei": ("Hebei", "coal consumption"),
}
NAMES = tuple(UNITS)
KINDS = ("mining", "consumption")
KIND = np.array(
    [KINDS.index("consumption" if series == "coal consumption" else "mining") for _, series in UNITS.values()]
)
JOBS = np.array([float(series == "hard-coal jobs") for _, series in UNITS.values()])
BEGINNERS = ("tianjin", "hebei")
"""Units that have not passed half: their half-times have a long tail, so shares that are left are published."""
FEWEST = 5
"""Figures of a unit below which runs are not looked for."""
COLUMNS = ["unit", "year", "value", "half_step", "bounded"]
PANEL = ("coal_phase_out",)
FACTS = ("energy_facts",)
LAST, HORIZON = 2017, 2025
"""Last year of the provinces' figures, and the year up to which curves are carried on."""
FAR, STEEPEST = 1e3, 25.0
""""Unknown", and the largest exponent of a curve."""


@dataclass(frozen=True)
class Panel:
    """One row a published figure from the peak on.

    Columns unit (a key of `UNITS`), year, value (Mt or thousand jobs), half_step (half of the last printed place),
    bounded (published as "more than").
    `logistic` is 1 for a logistic curve in place of Gompertz's; figures of the units in `left_out` say nothing, so that
    their curves have the prior that the other units leave.
    """

    rows: pd.DataFrame
    logistic: float = 0.0
    left_out: tuple[str, ...] = ()
    truth: dict | None = None


def load(variant: str = "") -> Panel:
    """The panel of the main fit, or of one of `VARIANTS`; raises BookError for an unknown variant or a lost series."""
    if variant and variant not in VARIANTS:
        raise BookError(f"model energy_phase_out has no variant '{variant}': expected one of {', '.join(VARIANTS)}")
    table, parts = tables.load("coal_phase_out"), []
    for name, (area, series) in UNITS.items():
        rows = table[(table.area == area) & (table.series == series)]
        if rows.year.nunique() < 3:
            raise BookError(
                f"table coal_phase_out has {rows.year.nunique()} years of {series} of {area}: expected at least 3 to "
                "follow a decline; add rows or take the series out of the model"
            )
        peak = rows.year[rows.value.idxmax()]
        parts.append(rows[rows.year >= peak].assign(unit=name, bounded=rows.bound.eq("lower"))[COLUMNS])
    panel = Panel(pd.concat(parts, ignore_index=True))
    return VARIANTS[variant](panel) if variant else panel


def peaks(panel: Panel) -> pd.DataFrame:
    """First year and its largest value for each unit, in the order of `UNITS`; columns year, value."""
    first = panel.rows.sort_values(["year", "value"], ascending=[True, False]).groupby("unit").first()
    return first.loc[list(NAMES), ["year", "value"]]


def points(panel: Panel) -> pd.DataFrame:
    """One row a unit and year, in the order of `UNITS`: unit, year, elapsed and gap.

    Years since the unit's first and since its year before (infinite in the first).
    """
    years = panel.rows[["unit", "year"]].drop_duplicates()
    years = years.assign(rank=years.unit.map(NAMES.index)).sort_values(["rank", "year"], ignore_index=True)
    by_unit = years.groupby("unit").year
    return years.assign(
        elapsed=(years.year - by_unit.transform("min")).astype(float), gap=by_unit.diff().fillna(np.inf)
    )


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model.

    The first figure of a unit and year stands at its point, further ones of the same year in ``again``. ``last_q`` is
    q of `build` in a unit's last figure, at most little beyond a tenth: that date is drawn, for it is better known than
    the tenth of a unit that has not come so far.
    """
    place, rows = points(panel), panel.rows
    row = row_points(panel)
    value = rows.value.to_numpy()
    root_left = np.sqrt(value / peaks(panel).value.loc[rows.unit].to_numpy())
    floor = rows.half_step.to_numpy() / value / np.sqrt(3)
    again = rows.duplicated(["unit", "year"]).to_numpy()
    first = np.flatnonzero(~again)[np.argsort(row[~again])]
    ends = root_left[rows.groupby("unit").year.idxmax().loc[list(NAMES)]] ** 2
    last_q = np.where(panel.logistic, (1 / ends - 1) / 9, -np.log10(ends))
    most = np.where(place.groupby("rank").size() < FEWEST, 1.3, 1.0)
    used = 1.0 - place.unit.isin(panel.left_out)
    bounded = rows.bounded.to_numpy(dtype=float)[first]
    after_bound = np.concatenate([[0.0], bounded[:-1]]) > 0
    return {
        "unit_index": place["rank"].to_numpy(dtype=int),
        "elapsed": place.elapsed.to_numpy(),
        "gap": np.where(after_bound, FAR, np.minimum(place.gap.to_numpy(), FAR)),
        "used": used.to_numpy(),
        "root_left": root_left[first],
        "last_q": np.where(np.isin(NAMES, panel.left_out), 1.0, np.clip(last_q, 0.01, most)),
        "floor": floor[first],
        "bounded": bounded,
        "again": row[again],
        "again_root_left": root_left[again],
        "again_floor": np.where(used.to_numpy()[row[again]] > 0, floor[again], FAR),
        "logistic": np.array(panel.logistic),
    }


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """Curves with a time to a tenth and a bend, pooled over units, and departures that fade over years.

    What is left t years after the largest figure is exp(-ln 10 q) (Gompertz) or 1 / (1 + 9 q) (logistic) with
    q = (exp(b t / T) - 1) / (exp(b) - 1): a tenth is left after T years in both, and the bend b says how much the
    decline speeds up, or slows down below zero; jobs have a mean bend of their own. The square root of what was
    really left departs from that of the curve by an autoregression over the years: what is left comes from few mines
    and plants in the end, so it scatters like a count. A figure adds its rounding and what sources of one quantity
    disagree by; a figure published as "more than" is a lower bound.
    """
    import pymc as pm
    import pytensor.tensor as pt

    with pm.Model(coords={"unit": list(NAMES), "kind": KINDS, "point": np.arange(len(points(panel)))}) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        tenth_mean = pm.Normal("tenth_mean", np.log(40), 0.7)
        tenth_scale = pm.LogNormal("tenth_scale", np.log(0.5), 0.4)
        bend_mean = pm.Normal("bend_mean", 2.5, 1.5)
        bend_of_jobs = pm.Normal("bend_of_jobs", 0, 1.5)
        bend_scale = pm.LogNormal("bend_scale", 0, 0.5)
        mean = bend_mean + bend_of_jobs * JOBS
        # half-way between a bend itself and its standard normal: neither alone mixes for every unit
        half_way = pm.Normal("bend_half_way", mean / 2, pt.sqrt(bend_scale), dims="unit")
        bend = pm.Deterministic("bend", mean + pt.sqrt(bend_scale) * (half_way - mean / 2), dims="unit")
        log_shift = pt.log(pt.log1p(pt.maximum(d["last_q"] * pt.expm1(bend), -0.95)) / bend)
        log_last = pm.Normal("log_last", tenth_mean + log_shift, tenth_scale, dims="unit")
        tenth = pm.Deterministic("tenth", pt.exp(log_last - log_shift), dims="unit")
        level = pm.Normal("level", 0, 0.1, dims="unit")

        scatter = pm.LogNormal("scatter", np.log(0.03), 0.5, dims="kind")[KIND]
        memory = pm.LogNormal("memory", np.log(4), 0.5)
        disagreement = pm.LogNormal("disagreement", np.log(0.01), 0.5)

        unit = d["unit_index"]
        exponent = pt.minimum(bend[unit] * d["elapsed"] / tenth[unit], STEEPEST)
        odds = pt.expm1(exponent) / pt.expm1(bend[unit])
        gone = (1 - d["logistic"]) * np.log(10) * odds + d["logistic"] * pt.log1p(9 * odds)
        root = pm.Deterministic("root", pt.exp((level[unit] - gone) / 2), dims="point")
        sd = d["root_left"] / 2 * pt.sqrt(d["floor"] ** 2 + disagreement**2)
        error = sd * pm.Normal("error", 0, 1, dims="point")
        persistence = pt.exp(-d["gap"] / memory)
        departing("figures", root + error, persistence, scatter[unit], d["used"], d["bounded"], d["root_left"])
        again = d["again"]
        pm.Normal(
            "figures_again",
            (d["root_left"] - error)[again],
            d["root_left"][again] / 2 * pt.sqrt(d["again_floor"] ** 2 + disagreement**2),
            observed=d["again_root_left"],
        )
    return model


def departing(name: str, mean, persistence, scale, used, bounded, observed):
    """An observed autoregression around `mean` over uneven steps, with standard deviation `scale` in each point.

    `persistence` is the correlation with the point before, 0 at the first point of a unit; points with `used` 0 say
    nothing. Of points with `bounded` 1 it is known that they lie above what is observed.
    """
    import pymc as pm
    import pytensor.tensor as pt

    def logp(value, mean, persistence, scale, used, bounded):
        departure = (value - mean) / scale
        before = pt.concatenate([pt.zeros_like(departure[:1]), departure[:-1]])
        spread = pt.sqrt(1 - persistence**2)
        step = (departure - persistence * before) / spread
        # the gradient of pm.logcdf is nan far out, also where switch does not take it
        above = pt.log(pt.erfc(pt.minimum(step, 30) / np.sqrt(2)) / 2)
        return used * pt.switch(bounded > 0, above, pm.logp(pm.Normal.dist(0, 1), step) - pt.log(scale * spread))

    def random(mean, persistence, scale, used, bounded, rng=None, size=None):
        shape = np.shape(mean) if size is None else (*np.atleast_1d(size), np.shape(mean)[-1])
        return mean + scale * carried(rng.normal(0, 1, shape), persistence)

    return pm.CustomDist(
        name, mean, persistence, scale, used, bounded, logp=logp, random=random,
        signature="(t),(t),(t),(t),(t)->(t)", observed=observed,
    )  # fmt: skip


def carried(surprise: np.ndarray, persistence: np.ndarray) -> np.ndarray:
    """Departures of unit variance (..., point) made of independent surprises of unit variance."""
    made = surprise * np.sqrt(1 - persistence**2)
    for k in range(1, made.shape[-1]):
        made[..., k] += persistence[..., k] * made[..., k - 1]
    return made


def gone(since: np.ndarray, tenth: np.ndarray, bend: np.ndarray, logistic: float = 0.0) -> np.ndarray:
    """Minus the logarithm of what is left, `since` years after the largest figure; the curve of `build` in numpy.

    All arguments broadcast; `tenth` in years.
    """
    odds = np.expm1(np.minimum(bend * since / tenth, STEEPEST)) / np.expm1(bend)
    return (1 - logistic) * np.log(10) * odds + logistic * np.log1p(9 * odds)


def half_time(tenth: np.ndarray, bend: np.ndarray, logistic: float = 0.0) -> np.ndarray:
    """Years from the largest figure until half is left on the curve."""
    odds = 1 / 9 if logistic else np.log(2) / np.log(10)
    return tenth * np.log1p(odds * np.expm1(bend)) / bend


def years_to(share: float, elapsed: np.ndarray, figures: np.ndarray) -> np.ndarray:
    """Years until `share` of the first of `figures` (..., year) is left, at a steady rate between two; nan if never."""
    left = figures / figures[..., :1]
    after = (left < share).argmax(axis=-1)
    before = np.maximum(after - 1, 0)
    above, below = (np.take_along_axis(left, k[..., None], -1)[..., 0] for k in (before, after))
    part = np.log(above / share) / np.where(after > 0, np.log(above / np.maximum(below, 1e-9)), 1)
    return np.where(after > 0, elapsed[before] + part * (elapsed[after] - elapsed[before]), np.nan)


def yearly(panel: Panel, unit: str) -> pd.Series:
    """Figures of a unit by years since the largest, mean of the sources."""
    rows = panel.rows[panel.rows.unit == unit]
    return rows.groupby(rows.year - rows.year.min()).value.mean()


def crossing(panel: Panel, unit: str, share: float) -> tuple[float, float, float]:
    """Years until `share` of the largest figure is left, and the last year above and first year below; nan if never.

    The first of the three is nan also where the largest figure is only a bound.
    """
    figures = yearly(panel, unit)
    below = figures.index[figures < share * figures.iloc[0]]
    if not len(below):
        return np.nan, np.nan, np.nan
    years = years_to(share, figures.index.to_numpy(dtype=float), figures.to_numpy())
    bounded = panel.rows.bounded[panel.rows.unit == unit].any()
    return (np.nan if bounded else float(years)), figures.index[figures.index < below[0]].max(), below[0]


TRUTH = {
    "tenth": {"germany": 52.0, "germany.jobs": 42.0, "ruhr": 52.0, "ruhr.jobs": 42.0, "beijing": 14.0, "tianjin": 25.0,
              "hebei": 40.0},
    "bend": 2.5,
    "bend_of_jobs": -1.5,
    "bend_scale": 0.8,
    "scatter": {"mining": 0.04, "consumption": 0.04},
    "memory": 4.0,
    "disagreement": 0.01,
    "flat": (),
}  # fmt: skip


def simulate(truth: dict, rng: np.random.Generator, panel: Panel | None = None) -> Panel:
    """A panel with the years of `panel`, made by the process of `build` with known parameters (keys of `TRUTH`).

    Bends, plateaus and departures are drawn anew. A unit in ``truth["flat"]`` stays where it was.
    """
    panel = load() if panel is None else panel
    known = {**TRUTH, **truth}
    arrays, first, rows = data(panel), peaks(panel).value.to_numpy(), panel.rows
    tenth = np.array([known["tenth"][name] for name in NAMES])
    bend = known["bend"] + known["bend_of_jobs"] * JOBS + known["bend_scale"] * rng.normal(size=len(NAMES))
    level = rng.normal(0, 0.1, len(NAMES))
    known |= {"bends": bend}
    unit = arrays["unit_index"]
    lost = gone(arrays["elapsed"], tenth[unit], bend[unit], panel.logistic)
    lost = np.where(np.isin(np.array(NAMES)[unit], known["flat"]), 0.0, lost)
    scatter = np.array([known["scatter"][KINDS[kind]] for kind in KIND[unit]])
    departure = scatter * carried(rng.normal(size=len(unit)), np.exp(-arrays["gap"] / known["memory"]))
    point = row_points(panel)
    left = np.maximum(np.exp((level[unit] - lost) / 2) + departure, 0.01)[point] ** 2
    left *= np.exp(known["disagreement"] * rng.normal(size=len(rows)))
    return replace(panel, rows=rows.assign(value=first[unit[point]] * left, bounded=False), truth=known)


def row_points(panel: Panel) -> np.ndarray:
    """The place of each row of the panel among its `points`."""
    index = pd.MultiIndex.from_frame(points(panel)[["unit", "year"]])
    return index.get_indexer(pd.MultiIndex.from_frame(panel.rows[["unit", "year"]]))


def _toy(panel: Panel, rng: np.random.Generator, flat: tuple[str, ...]) -> Panel:
    return simulate({"flat": flat}, rng, panel)


TOYS = {"toy": partial(_toy, flat=()), "toy-hebei-flat": partial(_toy, flat=("hebei",))}


DERIVED = ("tenth", "bend", "root")
TARGET_ACCEPT = 0.97
"""At 0.9 one of 40 made-up records had divergences, here none."""
VARIANTS = {
    "logistic": partial(replace, logistic=1.0),
    "without-germany": partial(replace, left_out=("germany", "germany.jobs", "ruhr", "ruhr.jobs")),
}


def curves(fit) -> dict[str, np.ndarray]:
    """Time to a tenth, half-time, bend and plateau (as the series), each (chain, draw, unit)."""
    names = ("tenth", "bend", "level")
    draws = {name: fit.parameters[name].transpose("chain", "draw", "unit").values for name in names}
    return {
        "tenth": draws["tenth"],
        "half": half_time(draws["tenth"], draws["bend"], fit.panel.logistic),
        "bend": draws["bend"],
        "plateau": peaks(fit.panel).value.to_numpy() * np.exp(draws["level"]),
    }


def path(fit, years: np.ndarray, unit: str, like: str | None = None) -> np.ndarray:
    """The curve of a unit (chain, draw, year), from its own largest figure, with the pace and bend of `like`."""
    made, k, pace = curves(fit), NAMES.index(unit), NAMES.index(like or unit)
    since = years - peaks(fit.panel).year[unit]
    decline = gone(since, made["tenth"][..., pace, None], made["bend"][..., pace, None], fit.panel.logistic)
    return made["plateau"][..., k, None] * np.exp(-decline)


def findings(fit) -> list[Finding]:
    """Half-times on the curves and in the figures, and Hebei's coal on the Ruhr's path, on Beijing's, on its own."""
    name = partial(record, model=fit.name, panel=PANEL, suffix=f"@{fit.variant}" if fit.variant else "")
    made, parts = [], curves(fit)
    for k, (key, (area, series)) in enumerate(UNITS.items()):
        if key in fit.panel.left_out:
            continue
        if key in BEGINNERS:
            left = path(fit, np.array([HORIZON]), key)[..., 0] / parts["plateau"][..., k]
            made.append(name(f"energy.{key}.left.{HORIZON}", f"left of the plateau in {HORIZON} on the curve, {series} "
                             f"of {area}", 100 * left, "%"))  # fmt: skip
            continue
        made += [
            name(f"energy.{key}.curve.half-time", f"years to half on the curve, {series} of {area}",
                 parts["half"][..., k], "years"),
            name(f"energy.{key}.tenth-time", f"years to a tenth on the curve, {series} of {area}",
                 parts["tenth"][..., k], "years"),
        ]  # fmt: skip
    if fit.panel.truth:
        return [*made, *_slower(fit, parts, name)[1:], *_truths(fit)]
    made += _hebei(fit, parts, name)
    made += _bound(fit, name)
    if not fit.variant:
        made += [*_observed(fit.panel), *_check(fit), *facts.findings()]
    return made


def _hebei(fit, parts: dict[str, np.ndarray], name) -> list[Finding]:
    made = []
    for like, words in {"hebei": "its own", "ruhr": "the Ruhr's", "beijing": "Beijing's"}.items():
        if like in fit.panel.left_out:
            continue
        key = f"energy.hebei.path.{'own' if like == 'hebei' else like}"
        along = path(fit, np.array([LAST, HORIZON]), "hebei", like)
        made += [name(f"{key}.{year}", f"Hebei's coal in {year} on {words} path", along[..., k], "Mt")
                 for k, year in enumerate((LAST, HORIZON))]  # fmt: skip
        if like != "hebei":
            half = peaks(fit.panel).year["hebei"] + parts["half"][..., NAMES.index(like)]
            made.append(name(f"{key}.half-year", f"year in which Hebei's coal is half of its plateau, on {words} path",
                             half, ""))  # fmt: skip
    return made + _slower(fit, parts, name)


def _slower(fit, parts: dict[str, np.ndarray], name) -> list[Finding]:
    own = parts["half"][..., NAMES.index("hebei")]
    return [
        name(f"energy.hebei.slower-than-{other}",
             f"probability that Hebei's coal takes longer from its largest figure to half than {words} did",
             own > crossing(fit.panel, other, 0.5)[0], "probability")
        for other, words in {"beijing": "Beijing's coal", "germany": "Germany's output"}.items()
    ]  # fmt: skip


def _observed(panel: Panel) -> list[Finding]:
    """Half-times as the figures give them, with the years of the two figures between which they lie."""
    made, took = [], {}
    for key, (area, series) in UNITS.items():
        years, after, before = crossing(panel, key, 0.5)
        if np.isnan(years):
            continue
        took[key], words = years, f"{series} of {area}, years since the largest figure"
        made += [
            exact(f"energy.{key}.half-time", f"half is left, interpolated, {words}", round(years, 1), "years", PANEL),
            exact(f"energy.{key}.half-time.after", f"last figure above half, {words}", after, "years", PANEL),
            exact(f"energy.{key}.half-time.before", f"first figure below half, {words}", before, "years", PANEL),
        ]  # fmt: skip
    return [
        *made,
        exact("energy.germany.times-beijing", "half-time of Germany's output as a multiple of that of Beijing's coal",
              round(took["germany"] / took["beijing"], 1), "", PANEL),
    ]  # fmt: skip


def _truths(fit) -> list[Finding]:
    """True half-times of a synthetic panel, what is left of those that have not passed half, and Hebei's place."""
    made, known, first = [], fit.panel.truth, peaks(fit.panel).year
    k = NAMES.index("hebei")
    slower = "hebei" in known["flat"] or half_time(known["tenth"]["hebei"], known["bends"][k]) > crossing(
        fit.panel, "germany", 0.5
    )[0]  # fmt: skip
    made.append(exact(f"energy.truth.hebei.slower-than-germany@{fit.variant}", "truth: probability that Hebei's coal "
                      "takes longer from its largest figure to half than Germany's output did", float(slower),
                      "probability", ()))  # fmt: skip
    for k, (key, (area, series)) in enumerate(UNITS.items()):
        tenth, bend = known["tenth"][key], known["bends"][k]
        if key in known["flat"]:
            continue
        if key in BEGINNERS:
            left = 100 * np.exp(-gone(HORIZON - first[key], tenth, bend))
            made.append(exact(f"energy.truth.{key}.left.{HORIZON}@{fit.variant}", f"truth: left in {HORIZON}, {series} "
                              f"of {area}", round(float(left), 1), "%", ()))  # fmt: skip
            continue
        made.append(exact(f"energy.truth.{key}.curve.half-time@{fit.variant}", f"truth: half-time, {series} of {area}",
                          round(float(half_time(tenth, bend)), 1), "years", ()))  # fmt: skip
    return made


def departures(fit) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Square roots on the curves, and what the figures and figures drawn anew add: three arrays (draw, point)."""
    rng, arrays = np.random.default_rng(fit.seed), data(fit.panel)
    names = ("root", "scatter", "memory", "disagreement")
    draws = {name: fit.parameters[name].stack(draws=("chain", "draw")).transpose("draws", ...).values for name in names}
    persistence = np.exp(-arrays["gap"] / draws["memory"][:, None])
    scale = draws["scatter"][:, KIND[arrays["unit_index"]]]
    error = arrays["root_left"] / 2 * np.hypot(arrays["floor"], draws["disagreement"][:, None])
    size = draws["root"].shape
    anew = scale * carried(rng.normal(size=size), persistence) + error * rng.normal(size=size)
    return draws["root"], arrays["root_left"] - draws["root"], anew


def neighbours(departure: np.ndarray) -> np.ndarray:
    """Correlation of neighbours in departures (draw, year) around zero: runs on one side of a curve show in it."""
    return (departure[:, 1:] * departure[:, :-1]).sum(axis=1) / (departure**2).sum(axis=1)


def tails(fit) -> pd.DataFrame:
    """Share of replicates below the figures, by unit, of half-times and of the correlation of neighbouring departures.

    nan where a unit has too few figures.
    """
    root, seen, anew = departures(fit)
    place, made = points(fit.panel), {}
    for name in NAMES:
        mine = (place.unit == name).to_numpy()
        half, runs = crossing(fit.panel, name, 0.5)[0], np.nan
        if not np.isnan(half):
            drawn = np.maximum(root[:, mine] + anew[:, mine], 0) ** 2
            years = years_to(0.5, place.elapsed.to_numpy()[mine], drawn)
            half = np.mean(np.nan_to_num(years, nan=np.inf) < half)
        if mine.sum() >= FEWEST:
            runs = np.mean(neighbours(anew[:, mine]) < neighbours(seen[:, mine]))
        made[name] = (half, runs)
    return pd.DataFrame(made, index=["half-time", "runs"]).T


def _check(fit) -> list[Finding]:
    made = []
    for check, below in tails(fit).items():
        below = below.dropna()
        key, inside = f"energy.phase.check.{check}", below.between(0.03, 0.97)
        made += [
            exact(key, f"series whose {check} lies inside the central 94 % of replicates", inside.sum(), "", PANEL,
                  fit.name),
            exact(f"{key}.of", f"series with enough figures for a check of {check}", len(below), "", PANEL),
        ]  # fmt: skip
    return made


def _bound(fit, name) -> list[Finding]:
    """Beijing's coal of 2024, not seen by the fit, with its departure from the curve, and the published bound."""
    limit = facts.fact("Beijing", "coal consumption", "2024")
    place, k = points(fit.panel), NAMES.index("beijing")
    last = np.flatnonzero(place.unit == "beijing")[-1]
    names = ("root", "scatter", "memory", "disagreement", "error")
    draws = {key: fit.parameters[key].transpose("chain", "draw", ...).values for key in names}
    arrays, first = data(fit.panel), peaks(fit.panel).value["beijing"]
    seen = arrays["root_left"][last]
    error = seen / 2 * np.hypot(arrays["floor"][last], draws["disagreement"]) * draws["error"][..., last]
    persistence = np.exp(-(2024 - place.year[last]) / draws["memory"])
    surprise = np.random.default_rng(fit.seed).normal(size=persistence.shape) * np.sqrt(1 - persistence**2)
    departure = persistence * (seen - error - draws["root"][..., last]) + draws["scatter"][..., KIND[k]] * surprise
    along = first * np.maximum(np.sqrt(path(fit, np.array([2024]), "beijing")[..., 0] / first) + departure, 0) ** 2
    made = [
        name("energy.beijing.2024", "Beijing's coal in 2024 as its figures up to 2020 let expect", along, "Mt"),
        name("energy.beijing.2024.under", f"probability that Beijing's coal is under {limit:g} Mt in 2024",
             along < limit, "probability"),
    ]  # fmt: skip
    if not fit.variant:
        made.append(exact("energy.beijing.2024.bound", "published upper bound of Beijing's coal in 2024", limit, "Mt",
                          FACTS))  # fmt: skip
    return made
