"""How coal goes: hard coal of Germany and the Ruhr, coal of Beijing, Tianjin and Hebei, as pooled curves of decline."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from jingjinji import energy_facts, tables
from jingjinji.errors import BookError
from jingjinji.findings import Finding, exact, record

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
BEGINNERS = ("tianjin", "hebei")
"""Units that are far from a tenth: their start is drawn, of the others a late year and the pace there."""
ANCHOR = np.log(100 / 3) / np.log(10)
"""q of `build` in that late year, in which a Gompertz curve has three per cent left."""
PANEL = ("coal_phase_out",)
FACTS = ("energy_facts",)
HORIZONS = (2025, 2030, 2035)
KNEE, LEAST, FAR, STEEPEST = 1.0, 1e-4, 1e3, 25.0
"""Years over which a start is rounded; least share that is left; "unknown"; largest exponent of a curve."""


@dataclass(frozen=True)
class Panel:
    """One row a published figure from the peak on.

    Columns unit (a key of `UNITS`), year, value (Mt or thousand jobs), half_step (half of the last printed place).
    `logistic` is 1 for a logistic curve in place of Gompertz's; figures of the units in `left_out` say nothing.
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
        parts.append(rows[rows.year >= peak].assign(unit=name)[["unit", "year", "value", "half_step"]])
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


def seen(panel: Panel) -> np.ndarray:
    """1 for units (in the order of `UNITS`) whose figures reach far down, 0 for `BEGINNERS` and what is left out."""
    return np.array([float(name not in (*BEGINNERS, *panel.left_out)) for name in NAMES])


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model.

    The first figure of a unit and year stands at its point, further ones of the same year in ``again``.
    """
    place, rows = points(panel), panel.rows
    index = pd.MultiIndex.from_frame(place[["unit", "year"]])
    row = index.get_indexer(pd.MultiIndex.from_frame(rows[["unit", "year"]]))
    value = rows.value.to_numpy()
    log_left = np.log(value / peaks(panel).value.loc[rows.unit].to_numpy())
    floor = rows.half_step.to_numpy() / value / np.sqrt(3)
    again = rows.duplicated(["unit", "year"]).to_numpy()
    first = np.flatnonzero(~again)[np.argsort(row[~again])]
    used = 1.0 - place.unit.isin(panel.left_out)
    return {
        "unit_index": place["rank"].to_numpy(dtype=int),
        "elapsed": place.elapsed.to_numpy(),
        "gap": np.minimum(place.gap.to_numpy(), FAR),
        "used": used.to_numpy(),
        "seen": seen(panel),
        "log_left": log_left[first],
        "floor": floor[first],
        "again": row[again],
        "again_log_left": log_left[again],
        "again_floor": np.where(used.to_numpy()[row[again]] > 0, floor[again], FAR),
        "logistic": np.array(panel.logistic),
    }


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """Curves with a start, a half-time and a bend, pooled over units, and departures that fade over years.

    What is left after t years is exp(-ln 10 q) (Gompertz) or 1 / (1 + 9 q) (logistic) with
    q = (exp(b t / T) - 1) / (exp(b) - 1): a tenth is left after T years in both, and the bend b says how much the
    decline speeds up. The logarithm of what was really left departs from the curve by an autoregression over the
    years; a figure adds its rounding and what sources of one quantity disagree by.
    """
    import pymc as pm
    import pytensor.tensor as pt

    with pm.Model(coords={"unit": list(NAMES), "kind": KINDS, "point": np.arange(len(points(panel)))}) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        tenth_mean = pm.Normal("tenth_mean", np.log(40), 0.7)
        tenth_scale = pm.LogNormal("tenth_scale", np.log(0.5), 0.4)
        log_tenth = pm.Normal("log_tenth", tenth_mean, tenth_scale, dims="unit")
        bend_mean = pm.Normal("bend_mean", np.log(3), 0.4)
        aim = d["seen"] * log_tenth
        bend = pt.exp(pm.Normal("log_bend", bend_mean - aim, 0.25, dims="unit") + aim)
        tenth = pt.exp(log_tenth)
        anchor = d["seen"] * tenth * pt.log1p(ANCHOR * pt.expm1(bend)) / bend
        start = pm.Normal("start", anchor, 1, dims="unit") - anchor
        level = pm.Normal("level", 0, 0.1, dims="unit")

        scatter = pm.LogNormal("scatter", np.log(0.06), 0.5, dims="kind")[KIND]
        memory = pm.LogNormal("memory", np.log(4), 0.5)
        disagreement = pm.LogNormal("disagreement", np.log(0.01), 0.5)

        unit = d["unit_index"]
        since = KNEE * pt.softplus((d["elapsed"] - start[unit]) / KNEE)
        exponent = pt.minimum(bend[unit] * since / tenth[unit], STEEPEST)
        odds = pt.expm1(exponent) / pt.expm1(bend[unit])
        gone = (1 - d["logistic"]) * np.log(10) * odds + d["logistic"] * pt.log1p(9 * odds)
        curve = level[unit] + pt.log(pt.exp(-gone) + LEAST)
        error = pt.sqrt(d["floor"] ** 2 + disagreement**2) * pm.Normal("error", 0, 1, dims="point")
        persistence = pt.exp(-d["gap"] / memory)
        departing("figures", curve + error, persistence, scatter[unit], d["used"], observed=d["log_left"])
        pm.Normal(
            "figures_again",
            (d["log_left"] - error)[d["again"]],
            pt.sqrt(d["again_floor"] ** 2 + disagreement**2),
            observed=d["again_log_left"],
        )
    return model


def departing(name: str, mean, persistence, scale, used, observed):
    """An observed autoregression around `mean` over uneven steps, stationary with standard deviation `scale`.

    `persistence` is the correlation with the point before, 0 at the first point of a unit; points with `used` 0 say
    nothing.
    """
    import pymc as pm
    import pytensor.tensor as pt

    def logp(value, mean, persistence, scale, used):
        departure = value - mean
        before = pt.concatenate([pt.zeros_like(departure[:1]), departure[:-1]])
        return used * pm.logp(pm.Normal.dist(persistence * before, scale * pt.sqrt(1 - persistence**2)), departure)

    def random(mean, persistence, scale, used, rng=None, size=None):
        shape = np.shape(mean) if size is None else (*np.atleast_1d(size), np.shape(mean)[-1])
        drawn = rng.normal(0, 1, shape) * scale * np.sqrt(1 - persistence**2)
        for k in range(1, shape[-1]):
            drawn[..., k] += persistence[..., k] * drawn[..., k - 1]
        return mean + drawn

    return pm.CustomDist(
        name, mean, persistence, scale, used, logp=logp, random=random, signature="(t),(t),(t),(t)->(t)",
        observed=observed,
    )  # fmt: skip


def gone(since: np.ndarray, tenth: np.ndarray, bend: np.ndarray, logistic: float = 0.0) -> np.ndarray:
    """Minus the logarithm of what is left, `since` years after the start; the curve of `build` in numpy.

    All arguments broadcast; `tenth` in years.
    """
    rounded = KNEE * np.logaddexp(0, since / KNEE)
    odds = np.expm1(np.minimum(bend * rounded / tenth, STEEPEST)) / np.expm1(bend)
    return (1 - logistic) * np.log(10) * odds + logistic * np.log1p(9 * odds)


def half_time(tenth: np.ndarray, bend: np.ndarray, logistic: float = 0.0) -> np.ndarray:
    """Years from the start until half is left."""
    odds = 1 / 9 if logistic else np.log(2) / np.log(10)
    return tenth * np.log1p(odds * np.expm1(bend)) / bend


def anchor(tenth: np.ndarray, bend: np.ndarray) -> np.ndarray:
    """Years from the start to the late year whose date is drawn, see `ANCHOR`."""
    return tenth * np.log1p(ANCHOR * np.expm1(bend)) / bend


TRUTH = {
    "tenth": {"germany": 52.0, "germany.jobs": 46.0, "ruhr": 52.0, "ruhr.jobs": 44.0, "beijing": 14.0, "tianjin": 25.0,
              "hebei": 40.0},
    "bend": 2.5,
    "scatter": {"mining": 0.05, "consumption": 0.02},
    "disagreement": 0.01,
    "flat": (),
}  # fmt: skip


def simulate(truth: dict, rng: np.random.Generator, panel: Panel | None = None) -> Panel:
    """A panel with known times to a tenth and bend (keys of `TRUTH`) and the rows of `panel`.

    Every decline starts in the first year. Rows of one unit and year share their deviation from the curve. A unit in
    ``truth["flat"]`` stays where it was.
    """
    panel = load() if panel is None else panel
    known = {**TRUTH, **truth}
    first, rows = peaks(panel), panel.rows
    tenth = rows.unit.map(known["tenth"]).to_numpy()
    since = rows.year.to_numpy() - first.year.loc[rows.unit].to_numpy()
    log_left = -gone(since, tenth, known["bend"], panel.logistic)
    log_left = np.where(rows.unit.isin(known["flat"]), 0.0, log_left)
    years = rows.groupby(["unit", "year"], sort=False).ngroup().to_numpy()
    scatter = np.array([known["scatter"][KINDS[KIND[NAMES.index(unit)]]] for unit in rows.unit])
    log_left += scatter * rng.normal(size=years.max() + 1)[years]
    log_left += known["disagreement"] * rng.normal(size=len(rows))
    return replace(panel, rows=rows.assign(value=first.value.loc[rows.unit].to_numpy() * np.exp(log_left)), truth=known)


def _toy(panel: Panel, flat: tuple[str, ...]) -> Panel:
    return simulate({"flat": flat}, np.random.default_rng([57, len(flat)]), panel)


DERIVED = ()
KEPT_WITH = ("",)
VARIANTS = {
    "toy": partial(_toy, flat=()),
    "toy-hebei-flat": partial(_toy, flat=("hebei",)),
    "logistic": partial(replace, logistic=1.0),
    "without-germany": partial(replace, left_out=("germany", "germany.jobs", "ruhr", "ruhr.jobs")),
}


def curves(fit) -> dict[str, np.ndarray]:
    """Time to a tenth, half-time, bend, start (calendar year) and plateau (as the series), each (chain, draw, unit)."""
    draws = {name: fit.parameters[name].transpose("chain", "draw", ...).values for name in fit.parameters}
    first = peaks(fit.panel)
    tenth = np.exp(draws["log_tenth"])
    bend = np.exp(draws["log_bend"] + seen(fit.panel) * draws["log_tenth"])
    return {
        "tenth": tenth,
        "half": half_time(tenth, bend, fit.panel.logistic),
        "bend": bend,
        "start": first.year.to_numpy(dtype=float) + draws["start"] - seen(fit.panel) * anchor(tenth, bend),
        "plateau": first.value.to_numpy() * np.exp(draws["level"]),
    }


def path(fit, years: np.ndarray, unit: str, like: str | None = None) -> np.ndarray:
    """The curve of a unit (chain, draw, year), with its own start and plateau and the pace and bend of `like`."""
    made, k, pace = curves(fit), NAMES.index(unit), NAMES.index(like or unit)
    since = years - made["start"][..., k, None]
    decline = gone(since, made["tenth"][..., pace, None], made["bend"][..., pace, None], fit.panel.logistic)
    return made["plateau"][..., k, None] * (np.exp(-decline) + LEAST)


def findings(fit) -> list[Finding]:
    """Half-times and tenths of every unit, and Hebei's coal on the Ruhr's path, on Beijing's, on its own."""
    name = partial(record, model=fit.name, panel=PANEL, suffix=f"@{fit.variant}" if fit.variant else "")
    made = []
    parts = curves(fit)
    for k, (key, (area, series)) in enumerate(UNITS.items()):
        if key in fit.panel.left_out:
            continue
        made += [
            name(f"energy.{key}.half-time", f"years from the start of the decline to half, {series} of {area}",
                 parts["half"][..., k], "years"),
            name(f"energy.{key}.tenth-time", f"years from the start of the decline to a tenth, {series} of {area}",
                 parts["tenth"][..., k], "years"),
            name(f"energy.{key}.start", f"year in which the decline starts, {series} of {area}",
                 parts["start"][..., k], ""),
        ]  # fmt: skip
    made += _hebei(fit, parts, name)
    if not fit.panel.left_out:
        made += _ruhr(fit, name)
    if fit.panel.truth:
        return made + _truths(fit)
    if not fit.variant:
        made += [*_check(fit), *_bound(fit, name), *energy_facts.findings()]
    return made


def _hebei(fit, parts: dict[str, np.ndarray], name) -> list[Finding]:
    hebei, made = NAMES.index("hebei"), []
    for like, words in {"hebei": "its own", "ruhr": "the Ruhr's", "beijing": "Beijing's"}.items():
        key = f"energy.hebei.path.{'own' if like == 'hebei' else like}"
        if like in fit.panel.left_out:
            continue
        pace, start = NAMES.index(like), parts["start"][..., hebei]
        made += [
            name(f"{key}.half-year", f"year in which Hebei's coal is half of its plateau, on {words} path",
                 start + parts["half"][..., pace], ""),
            name(f"{key}.tenth-year", f"year in which Hebei's coal is a tenth of its plateau, on {words} path",
                 start + parts["tenth"][..., pace], ""),
        ]  # fmt: skip
        for k, year in enumerate((2017, *HORIZONS)):
            along = path(fit, np.array([2017, *HORIZONS]), "hebei", like)[..., k]
            made.append(name(f"{key}.{year}", f"Hebei's coal in {year} on {words} path", along, "Mt"))
    half = parts["half"]
    made.append(name("energy.hebei.slower-than-beijing", "probability that Hebei's half-time is longer than Beijing's",
                     half[..., hebei] > half[..., NAMES.index("beijing")], "probability"))  # fmt: skip
    if "ruhr" not in fit.panel.left_out:
        made += [
            name("energy.hebei.slower-than-ruhr", "probability that Hebei's half-time is longer than the Ruhr's",
                 half[..., hebei] > half[..., NAMES.index("ruhr")], "probability"),
            name("energy.ruhr.times-beijing", "half-time of the Ruhr's output as a multiple of that of Beijing's coal",
                 half[..., NAMES.index("ruhr")] / half[..., NAMES.index("beijing")], ""),
        ]  # fmt: skip
    return made


def _ruhr(fit, name) -> list[Finding]:
    made = []
    for key in ("ruhr", "ruhr.jobs", "germany"):
        area, series = UNITS[key]
        then, now = np.moveaxis(path(fit, np.array([1964, 2014]), key), -1, 0)
        made.append(name(f"energy.{key}.change.1964-2014", f"change on the curve from 1964 to 2014, {series} of {area}",
                         100 * (now / then - 1), "%"))  # fmt: skip
    return made


def _truths(fit) -> list[Finding]:
    made, known = [], fit.panel.truth
    for key, (area, series) in UNITS.items():
        if key not in known["flat"]:
            years = round(float(half_time(known["tenth"][key], known["bend"])), 1)
            made.append(exact(f"energy.truth.{key}.half-time@{fit.variant}", f"truth: half-time, {series} of {area}",
                              years, "years", ()))  # fmt: skip
    return made


def replicates(fit) -> np.ndarray:
    """Figures drawn anew, with departures of their own: (draw, row of the panel), in the unit of the row."""
    rng, arrays = np.random.default_rng(fit.seed), data(fit.panel)
    draws = {name: value.values for name, value in fit.parameters.stack(draws=("chain", "draw")).items()}
    draws = {name: np.moveaxis(value, -1, 0) for name, value in draws.items()}
    unit, size, known = arrays["unit_index"], len(draws["memory"]), arrays["seen"]
    tenth = np.exp(draws["log_tenth"])
    bend = np.exp(draws["log_bend"] + known * draws["log_tenth"])
    since = arrays["elapsed"] - (draws["start"] - known * anchor(tenth, bend))[:, unit]
    left = np.exp(-gone(since, tenth[:, unit], bend[:, unit], fit.panel.logistic)) + LEAST
    curve = draws["level"][:, unit] + np.log(left)
    persistence = np.exp(-arrays["gap"] / draws["memory"][:, None])
    departure = rng.normal(size=(size, len(unit))) * draws["scatter"][:, KIND[unit]] * np.sqrt(1 - persistence**2)
    for k in range(1, len(unit)):
        departure[:, k] += persistence[:, k] * departure[:, k - 1]
    point = pd.MultiIndex.from_frame(points(fit.panel)[["unit", "year"]])
    row = point.get_indexer(pd.MultiIndex.from_frame(fit.panel.rows[["unit", "year"]]))
    value = fit.panel.rows.value.to_numpy()
    floor = fit.panel.rows.half_step.to_numpy() / value / np.sqrt(3)
    error = np.sqrt(floor**2 + draws["disagreement"][:, None] ** 2) * rng.normal(size=(size, len(row)))
    first = peaks(fit.panel).value.loc[fit.panel.rows.unit].to_numpy()
    return first * np.exp((curve + departure)[:, row] + error)


def _check(fit) -> list[Finding]:
    """Figures inside the central 94 % of figures drawn anew."""
    low, high = np.percentile(replicates(fit), [3, 97], axis=0)
    inside = (low <= fit.panel.rows.value) & (fit.panel.rows.value <= high)
    return [
        exact("energy.phase.check.inside", "figures inside the central 94 % of figures drawn anew", int(inside.sum()),
              "", PANEL),
        exact("energy.phase.check.figures", "figures of the decline curves", len(inside), "", PANEL),
    ]  # fmt: skip


def _bound(fit, name) -> list[Finding]:
    """Beijing's coal of 2024, which the fit has not seen, against the published upper bound."""
    facts = tables.load("energy_facts").query(
        "area == 'Beijing' and quantity == 'coal consumption' and period == '2024'"
    )
    limit = float(facts.value.iloc[0])
    along = path(fit, np.array([2024]), "beijing")[..., 0]
    return [
        name("energy.beijing.2024", "Beijing's coal in 2024 on its curve, which ends in 2020", along, "Mt"),
        name("energy.beijing.2024.under", f"probability that the curve of Beijing's coal is under {limit:g} Mt in 2024",
             along < limit, "probability"),
        exact("energy.beijing.2024.bound", "published upper bound of Beijing's coal in 2024", limit, "Mt", FACTS),
    ]  # fmt: skip
