"""Hong Kong's emissions by sector from 2005 on, with trends that may change, and where they lead until 2050."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import scipy

from jingjinji.core.densities import given
from jingjinji.core.errors import BookError
from jingjinji.core.topic import Variant

SECTORS = ("electricity", "transport", "waste", "other")
KEYS = {"electricity": "coal burnt", "all": "fossil CO2"}
YEARS = np.arange(2005, 2025)
PEAK = 2014
"""Year of the largest printed emissions, from which recent changes count."""
ANCHOR = 2015
"""Year to which levels refer and from which paths go in both directions: the first with a share of every sector."""
BASE, NOW = 2005, 2024
"""Year from which the targets count, last year with a printed total."""
HALF, NEUTRAL, EARLIER = 2035, 2050, 2030
SOURCES = ("Global Carbon Budget 2022", "BP Statistical Review 2022")
RELEASES = ("before 2017", "2017", "2019", "2021", "2022", "2023")
"""Releases of the inventory before the last one, from which they may differ."""
LAST_RELEASE = "2026"
COAL, GAS = 94.6, 56.1
"""Mt of CO2 in an EJ of coal and of gas burnt: default factors of the IPCC guidelines of 2006."""
ABOUT = 0.015
"""Relative error of a total that is made from emissions per person; persons come from neighbouring years."""
TAIL = 4.0
"""Degrees of freedom of a year's surprise."""
OUTWARDS = np.stack([YEARS[YEARS < ANCHOR][::-1], YEARS[YEARS >= ANCHOR]])
"""Years in the order in which paths leave `ANCHOR`: backwards and forwards (direction, place)."""
SIGN = np.where(OUTWARDS < ANCHOR, -1.0, 1.0 * (OUTWARDS > ANCHOR))
"""What the drift of a step does to a path that takes it: backwards it is undone, in `ANCHOR` there is no step."""
DRAWN = np.stack([np.arange(len(SECTORS)) < 1, np.arange(len(SECTORS)) < 3])
"""Where log emissions are drawn themselves, since figures inform them (direction, sector); elsewhere surprises are."""
TABLES = ("hongkong_emissions",)


@dataclass(frozen=True)
class Panel:
    """Printed figures, one a row, and two statistics by year.

    `last`: last year with figures. `printed`: value (its logarithm), half (standard deviation of rounding, of the
    logarithm), year, base_year (the year a change or a share is taken of), top and bottom (sectors summed above and
    below the stroke, as 0/1 rows of `SECTORS`; bottom all zero for a total), release (-1 for the last one or a ratio).
    `series`: log of fossil CO2 and of the CO2 of coal and gas burnt by year (source, year), nan where there is none.
    `curve`: lowest and highest exponent of the scale on which a year's step is the same: 0 constant per cent, 1
    constant tonnes. `walk`: multiplies how fast drifts change. Where statistics or later figures are left out, what
    only they inform has its prior.
    """

    printed: pd.DataFrame
    top: np.ndarray
    bottom: np.ndarray
    series: np.ndarray
    last: int = NOW
    curve: tuple[float, float] = (0.02, 1.0)
    walk: float = 1.0
    known: np.ndarray | None = None
    truth: dict | None = None


def panel(table: pd.DataFrame) -> Panel:
    """The panel of the table; raises BookError where shares of a year add up to more than all of it."""
    _refuse_shares(table)
    whole = table
    table = table[(table.year >= BASE) & table.quantity.isin(["emissions", "share", "change"])]
    rows, top, bottom = [], [], []
    for row in pd.concat([table, _from_persons(whole)]).itertuples():
        total = row.quantity == "emissions"
        value = {"emissions": row.value, "share": row.value / 100, "change": 1 + row.value / 100}[row.quantity]
        step = row.half_step if total else row.half_step / 100
        rows.append(
            {
                "year": row.year, "base_year": row.base_year if row.quantity == "change" else row.year,
                "value": np.log(value), "half": step / value / np.sqrt(3),
                "release": RELEASES.index(row.release) if total and row.release != LAST_RELEASE else -1,
                "sector": row.sector, "quantity": row.quantity,
            }
        )  # fmt: skip
        above = _sum(row.sector)
        top.append(above)
        bottom.append(np.zeros(len(SECTORS)) if total else _sum("all") if row.quantity == "share" else above)
    printed = pd.DataFrame(rows).astype({"year": int, "base_year": int})
    return Panel(printed, np.array(top), np.array(bottom), _series(whole))


def _sum(sector: str) -> np.ndarray:
    return np.ones(len(SECTORS)) if sector == "all" else np.array([1.0 * (name == sector) for name in SECTORS])


def _refuse_shares(table: pd.DataFrame) -> None:
    shares = table[table.quantity == "share"].groupby(["year", "release"]).value.sum()
    if (shares > 100).any():
        (year, release), value = next(iter(shares[shares > 100].items()))
        raise BookError(
            f"table hongkong_emissions has shares of {value:g} % in {year} (release {release}): expected at most 100 % "
            "together; correct the row that is too large"
        )


def _from_persons(table: pd.DataFrame) -> pd.DataFrame:
    """Total of the one year of which only emissions per person are printed, with persons of the years around it."""
    wide = table[table.quantity.isin(["emissions", "per person"]) & (table.year >= 2019)]
    wide = wide.pivot_table(index="year", columns="quantity", values="value")
    persons = (wide["emissions"] / wide["per person"]).mean()
    only = wide[wide["emissions"].isna()]
    return pd.DataFrame(
        {
            "year": only.index, "quantity": "emissions", "sector": "all", "base_year": pd.NA,
            "value": only["per person"].to_numpy() * persons,
            "half_step": np.sqrt(3) * ABOUT * only["per person"].to_numpy() * persons, "release": "2023",
        }
    )  # fmt: skip


def _series(table: pd.DataFrame) -> np.ndarray:
    """Log of fossil CO2 of all sectors and of CO2 from coal and gas burnt (source, year), nan where missing."""
    wide = table[table.year.isin(YEARS)].pivot_table(index="year", columns="quantity", values="value", aggfunc="first")
    wide = wide.reindex(YEARS)
    return np.log(np.stack([wide["fossil CO2"], COAL * wide["coal burnt"] + GAS * wide["gas burnt"]]).astype(float))


def cumulated() -> np.ndarray:
    """Matrix (year, step) that sums steps from `ANCHOR` on forwards and backwards; a step leads into its year."""
    year, step = YEARS[:, None], YEARS[None, 1:]
    return np.where(year >= ANCHOR, 1.0 * ((step > ANCHOR) & (step <= year)), -1.0 * ((step > year) & (step <= ANCHOR)))


def walked() -> np.ndarray:
    """Matrix (step, change) that sums changes of drift from the step into `ANCHOR` on, forwards and backwards."""
    return cumulated()[1:]


def outward_walk() -> np.ndarray:
    """Matrix (direction, place, change) that makes drifts along the paths of `OUTWARDS` from changes of drift."""
    step = np.where(OUTWARDS < ANCHOR, OUTWARDS + 1, np.maximum(OUTWARDS, YEARS[1])) - YEARS[1]
    return SIGN[..., None] * walked()[step]


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model.

    `informed` is 1 where log emissions are drawn (direction, sector, place), `last_informed` in the last such place.
    """
    printed, series = panel.printed, panel.series
    count = len(printed)
    informed = (DRAWN[..., None] & (panel.last >= OUTWARDS)[:, None]) | (OUTWARDS == ANCHOR)[:, None]
    after = np.concatenate([informed[..., 1:], np.zeros_like(informed[..., :1])], axis=-1)
    return {
        "value": printed.value.to_numpy(),
        "half": printed.half.to_numpy(),
        "known": np.ones(count) if panel.known is None else panel.known,
        "log_series": np.nan_to_num(series),
        "there": np.isfinite(series).astype(float),
        "informed": informed.astype(float),
        "last_informed": (informed & ~after).astype(float),
        "curve": np.array(panel.curve),
        "walk_factor": np.array(panel.walk),
    }


def expanded(steps, exponent, maths=np):
    """Multiple of the level of `ANCHOR` after `steps` on a scale between logarithm (exponent 0) and level (1).

    Below zero on that scale nothing is left; 0.001 stands for it.
    """
    base = 1 + exponent * steps
    return maths.exp(maths.log(maths.clip(base, 1e-3, 1e3)) / exponent)


def risen(drawn, level, exponent, maths=np):
    """How far `drawn` log emissions have risen above the `level`, on the scale of `expanded`."""
    return maths.expm1(exponent * (drawn - level[..., None, :, None])) / exponent


def log_emissions(drawn, level, drifts, scatter, exponent, informed, last_informed, maths=np):
    """Log emissions (..., direction, sector, place) along `OUTWARDS` from what is drawn: themselves, or surprises.

    `level`, `scatter` (..., sector), `drifts` as the result, on the scale of `expanded`; `exponent` broadcasts.
    Surprises go on from the last place that is `informed`.
    """
    start = (risen(drawn, level, exponent, maths) * last_informed).sum(axis=-1, keepdims=True)
    steps = (1 - informed) * (drifts + scatter[..., None, :, None] * drawn)
    path = start + maths.cumsum(steps, axis=-1)
    later = level[..., None, :, None] + maths.log(maths.clip(1 + exponent * path, 1e-3, 1e3)) / exponent
    return maths.where(informed > 0, drawn, later)


def log_student(scaled, maths=np):
    """Log density of a standard Student's t with `TAIL` degrees of freedom."""
    constant = scipy.special.gammaln((TAIL + 1) / 2) - scipy.special.gammaln(TAIL / 2) - 0.5 * np.log(TAIL * np.pi)
    return constant - (TAIL + 1) / 2 * maths.log1p(scaled**2 / TAIL)


def _drawn(name: str, level, drifts, scatter, exponent, informed, dims: tuple[str, str]):
    """Log emissions (sector, place) whose steps from `level`, on the scale of `expanded`, scatter around `drifts`.

    The logarithm is drawn and not the sum of the steps: it is known where emissions are, whatever level and exponent.
    Of the years that are not `informed`, the last ones, surprises are drawn instead. The density stands in `build`,
    once for all paths.
    """
    import pymc as pm
    import pytensor.tensor as pt

    def logp(value, *_):
        return pt.zeros(())

    def random(level, drifts, scatter, exponent, informed, rng=None, size=None):
        surprise = rng.standard_t(TAIL, drifts.shape)
        steps = drifts + scatter[:, None] * surprise
        return np.where(informed > 0, level[:, None] + np.log(expanded(steps.cumsum(axis=1), exponent)), surprise)

    return pm.CustomDist(
        name, level, drifts, scatter, exponent, informed, logp=logp, random=random,
        signature="(s),(s,t),(s),(),(s,t)->(s,t)", dims=dims, class_name="StudentSteps",
    )  # fmt: skip


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """Emissions by sector and year, each step a drift that walks and a heavy-tailed surprise, pooled over sectors.

    On a scale with exponent between 0 and 1 (`expanded`) the drift is so much of the level of `ANCHOR` a year: per cent
    at 0, tonnes at 1. Printed totals, shares and changes are sums of sectors with rounding and an error of their own;
    earlier releases of the inventory differ from the last by a ratio. Fossil CO2 and the CO2 of coal and gas burnt
    follow all sectors and electricity by a ratio, with an error that carries over from year to year.

    Paths are drawn themselves where figures inform them. Of the early years of the small sectors, and of the rest that
    no figure names, surprises are drawn. All paths stand in one array (direction, sector, place), outwards from
    `ANCHOR`, so that each operation is there once.
    """
    import pymc as pm
    import pytensor.tensor as pt

    coords = {
        "sector": SECTORS, "measured before": SECTORS[:1], "guessed before": SECTORS[1:],
        "measured after": SECTORS[:3], "guessed after": SECTORS[3:], "step": YEARS[1:],
        "year before": YEARS[YEARS < ANCHOR][::-1], "year after": YEARS[YEARS > ANCHOR], "release": RELEASES,
        "source": SOURCES,
    }  # fmt: skip
    with pm.Model(coords=coords, check_bounds=False) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        level = pm.Normal("level", np.log(10), 1, dims="sector")
        exponent = d["curve"][0] + (d["curve"][1] - d["curve"][0]) * pm.Beta("curvature", 1, 1)
        drift_mean = pm.Normal("drift_mean", 0, 0.03)
        drift_scale = pm.LogNormal("drift_scale", np.log(0.02), 0.5)
        drift = pm.Normal("drift", 0, 1, dims="sector")
        walk_scale = d["walk_factor"] * pm.LogNormal("walk_scale", np.log(0.01), 0.5)
        walk = pm.Normal("walk", 0, 1, dims=("step", "sector"))
        log_scatter_mean = pm.Normal("log_scatter_mean", np.log(0.03), 0.5)
        log_scatter = pm.Normal("log_scatter", 0, 0.4, dims="sector")
        scatter = pt.exp(log_scatter_mean + log_scatter)
        along = drift_mean + drift_scale * drift
        walks = (outward_walk()[:, None] * walk.T[None, :, None]).sum(axis=-1)
        drifts = SIGN[:, None] * along[:, None] + walk_scale * walks
        informed = d["informed"]
        before = _drawn("before", level[:1], drifts[0, :1], scatter[:1], exponent, informed[0, :1],
                        ("measured before", "year before"))  # fmt: skip
        early = pm.StudentT("surprise_before", nu=TAIL, mu=0, sigma=1, dims=("guessed before", "year before"))
        after = _drawn("after", level[:3], drifts[1, :3, 1:], scatter[:3], exponent, informed[1, :3, 1:],
                       ("measured after", "year after"))  # fmt: skip
        rest = pm.StudentT("surprise_after", nu=TAIL, mu=0, sigma=1, dims=("guessed after", "year after"))
        drawn = pt.concatenate([part.ravel() for part in (before, early, level, after, rest)])[outwards()]

        reached = risen(drawn, level, exponent, pt)
        steps = reached - pt.concatenate([pt.zeros_like(reached[..., :1]), reached[..., :-1]], axis=-1)
        surprise = pt.where(informed > 0, (steps - drifts) / scatter[:, None], drawn)
        stretch = exponent * (drawn - level[:, None]) - pt.log(scatter)[:, None]
        counted = DRAWN[..., None] * (OUTWARDS != ANCHOR)[:, None]
        density = counted * (log_student(surprise, pt) + informed * stretch)
        given("paths", density.sum()[None], observed=np.zeros(1))

        path = log_emissions(drawn, level, drifts, scatter, exponent, informed, d["last_informed"], pt)
        # log2, for PyTensor replaces the natural logarithm by a safer form that takes long to compile
        everything = np.log(2) * pt.log2(pt.exp(path).sum(axis=1))
        revision_scale = pm.LogNormal("revision_scale", np.log(0.015), 0.4)
        revision = pm.Normal("revision", 0, revision_scale, dims="release")
        inventory = pm.LogNormal("inventory", np.log(0.01), 0.15)
        logs = pt.concatenate([path.ravel(), everything.ravel(), revision, np.zeros(1)])
        above, below, revised, totals = named(panel)
        expected = logs[above] - logs[below] + logs[revised]
        sd = pt.sqrt(inventory**2 + d["half"] ** 2)
        given("printed", d["known"] * (-0.5 * ((d["value"] - expected) / sd) ** 2 - pt.log(sd)), observed=d["value"])

        offset = pm.Normal("offset", 0, [0.1, 0.2], dims="source")
        error = pm.LogNormal("error", np.log(0.03), 0.4, dims="source")
        memory = pm.Beta("memory", 3, 3, dims="source")
        off = d["log_series"] - logs[totals] - offset[:, None]
        carried, first = memory[:, None], 1.0 * (YEARS == BASE)
        past = pt.concatenate([pt.zeros_like(off[:, :1]), off[:, :-1]], axis=1)
        fresh = (off - carried * past) * (1 - first + first * pt.sqrt(1 - carried**2)) / error[:, None]
        density = log_student(fresh, pt) - pt.log(error)[:, None] + first * 0.5 * pt.log1p(-(carried**2))
        given("series", (d["there"] * density).sum(axis=1), observed=np.zeros(len(SOURCES)))
    return model


def outwards() -> np.ndarray:
    """Where what is drawn of each direction, sector and place stands among all that is drawn, one after the other.

    That is all of `before`, `surprise_before`, `level`, `after` and `surprise_after`, row by row.
    """
    count, places = len(SECTORS), OUTWARDS.shape[1]
    back = np.arange(count * places).reshape(count, places)
    level = back.size + np.arange(count)[:, None]
    forth = back.size + count + np.arange(count * (places - 1)).reshape(count, places - 1)
    return np.stack([back, np.concatenate([level, forth], axis=1)])


def named(panel: Panel) -> tuple[np.ndarray, ...]:
    """Where the parts of each printed figure, and of the two statistics, stand among the logarithms of `build`.

    These are sectors by direction and place (2, 4, 10), their sums (2, 10), revisions of releases, and one zero. Four
    arrays: the sum above the stroke, the one below it, the revision (figure,); and for statistics (source, year).
    """
    inside = np.arange(2 * len(SECTORS) * OUTWARDS.shape[1]).reshape(2, len(SECTORS), -1)
    sums = inside.size + np.arange(OUTWARDS.size).reshape(2, 1, -1)
    place = np.zeros((len(YEARS), len(SECTORS) + 1), dtype=int)
    place[OUTWARDS - BASE] = np.concatenate([inside, sums], axis=1).swapaxes(1, 2)
    first = inside.size + sums.size
    zero = first + len(RELEASES)
    printed = panel.printed

    def of(counted: np.ndarray, years) -> np.ndarray:
        sector = np.where(counted.sum(axis=1) > 1, len(SECTORS), counted.argmax(axis=1))
        return np.where(counted.any(axis=1), place[years.to_numpy() - BASE, sector], zero)

    release = printed.release.to_numpy()
    return (
        of(panel.top, printed.year), of(panel.bottom, printed.base_year),
        np.where(release >= 0, first + release, zero), np.stack([place[:, -1], place[:, 0]]),
    )  # fmt: skip


TRUTH = {
    "level": np.log([27.0, 7.5, 2.5, 4.5]), "rise": 0.01, "fall": -0.03, "exponent": 0.5, "scatter": 0.02,
    "inventory": 0.01, "offset": np.array([0.03, 0.15]), "error": 0.03, "memory": 0.5,
}  # fmt: skip


def simulate(truth: dict, rng: np.random.Generator, panel: Panel) -> Panel:
    """A panel with known parameters (keys of `TRUTH`): printed figures and statistics of the years of `panel`.

    Steps are `rise` a year until `PEAK` and `fall` after it, with Student's surprises. The truth that is kept also has
    ``emissions`` (year, sector) in Mt, and ``left``, per cent of those of `BASE`, in `HALF`.
    """
    known, printed = {**TRUTH, **truth}, panel.printed
    drift = np.where(YEARS[1:] <= PEAK, known["rise"], known["fall"])
    steps = drift[:, None] + known["scatter"] * rng.standard_t(TAIL, (len(YEARS) - 1, len(SECTORS)))
    made = np.exp(known["level"]) * expanded(cumulated() @ steps, known["exponent"])
    here = np.searchsorted(YEARS, printed.year), np.searchsorted(YEARS, printed.base_year)
    below = (panel.bottom * made[here[1]]).sum(axis=1)
    value = np.log((panel.top * made[here[0]]).sum(axis=1)) - np.log(np.where(below > 0, below, 1.0))
    value = value + np.hypot(known["inventory"], printed.half) * rng.normal(size=len(printed))
    revision = 0.015 * rng.normal(size=len(RELEASES))
    value = value + np.where(printed.release >= 0, revision[np.maximum(printed.release, 0)], 0.0)
    off = np.zeros((len(SOURCES), len(YEARS)))
    fresh = known["error"] * rng.standard_t(TAIL, off.shape)
    off[:, 0] = fresh[:, 0] / np.sqrt(1 - known["memory"] ** 2)
    for year in range(1, len(YEARS)):
        off[:, year] = known["memory"] * off[:, year - 1] + fresh[:, year]
    series = np.log([made.sum(axis=1), made[:, 0]]) + known["offset"][:, None] + off
    series = np.where(np.isfinite(panel.series), series, np.nan)
    later = known["fall"] + known["scatter"] * rng.standard_t(TAIL, (HALF - NOW, len(SECTORS)))
    path = cumulated()[-1] @ steps + later.sum(axis=0)
    left = 100 * (np.exp(known["level"]) * expanded(path, known["exponent"])).sum() / made[0].sum()
    truth = {**known, "emissions": made, "left": left}
    return replace(panel, printed=printed.assign(value=value), series=series, truth=truth)


def _toy(panel: Panel, rng: np.random.Generator, fall: float) -> Panel:
    return simulate({"fall": fall}, rng, panel)


TOYS = {"toy": partial(_toy, fall=-0.03), "toy-no-fall": partial(_toy, fall=0.0)}


def _until(panel: Panel, last: int) -> Panel:
    """Everything printed for later years left out, also what compares with them."""
    known = (panel.printed.year <= last).to_numpy(dtype=float)
    return replace(panel, known=known, series=np.where(last >= YEARS, panel.series, np.nan), last=last)


DERIVED = ()
TARGET_ACCEPT = 0.98
"""Totals known to a per cent are sums of four sectors: the posterior bends, and long steps leave it."""
VARIANTS = {
    "per-cent": Variant("constant per cent", partial(replace, curve=(0.02, 0.03))),
    "tonnes": Variant("constant tonnes", partial(replace, curve=(0.99, 1.0))),
    "steady-drift": Variant("drifts that hardly change", partial(replace, walk=0.05)),
    "quick-drift": Variant("drifts that change fast", partial(replace, walk=3.0)),
    "inventory-alone": Variant(
        "inventory alone", lambda panel: replace(panel, series=np.full_like(panel.series, np.nan))
    ),
    "to-2019": Variant("figures to 2019 alone", partial(_until, last=2019)),
}


def total(emissions: np.ndarray, years: np.ndarray, year: int) -> np.ndarray:
    """Emissions of all sectors (draw,) of one of `years`."""
    return emissions[:, int(np.searchsorted(years, year))].sum(axis=1)


def expected(fit, now: dict[str, np.ndarray]) -> np.ndarray:
    """Expected logarithm of each printed figure (draw, row), revisions of releases included."""
    panel, printed = fit.panel, fit.panel.printed
    here = np.searchsorted(YEARS, printed.year), np.searchsorted(YEARS, printed.base_year)
    above = (panel.top * now["emissions"][:, here[0]]).sum(axis=2)
    below = (panel.bottom * now["emissions"][:, here[1]]).sum(axis=2)
    revision = fit.parameters["revision"].stack(sample=("chain", "draw")).transpose("sample", ...).values
    released = printed.release.to_numpy()
    shift = np.where(released >= 0, revision[:, np.maximum(released, 0)], 0.0)
    return np.log(above) - np.log(np.where(below > 0, below, 1.0)) + shift


def drawn(fit, now: dict[str, np.ndarray]) -> np.ndarray:
    """Logarithm of each printed figure drawn anew (draw, row)."""
    inventory = fit.parameters["inventory"].values.reshape(-1, 1)
    mean = expected(fit, now)
    sd = np.hypot(inventory, fit.panel.printed.half.to_numpy())
    return mean + sd * np.random.default_rng(fit.seed).normal(size=mean.shape)
