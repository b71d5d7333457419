"""Hong Kong's emissions from 2005 on: coal and gas in power stations, and the rest, on paths whose drift may change."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import scipy

from jingjinji.core.densities import given
from jingjinji.core.errors import BookError
from jingjinji.core.topic import Variant

PATHS = ("generation", "share of coal", "rest")
"""What walks: the logarithm of what power stations make, the log-odds of coal's share in it, the logarithm of the rest.

What they make is counted as the Mt of CO2 that it would cost if all came from coal."""
QUANTITIES = ("all", "electricity", "coal", "gas")
"""What printed figures and statistics tell of: emissions of all, of power stations, of the coal and the gas in them."""
YEARS = np.arange(2005, 2025)
PEAK = 2014
"""Year of the largest printed emissions, from which recent changes count."""
MIDDLE = 2015
"""Year from whose drift others walk away, forwards and backwards."""
BASE, NOW = 2005, 2024
"""Year from which the targets count, last year with a printed total."""
HALF, NEUTRAL, EARLIER = 2035, 2050, 2030
SOURCES = {"carbon-budget": ("all", "Global Carbon Budget 2022"), "coal": ("coal", "BP Statistical Review 2022, coal"),
           "gas": ("gas", "BP Statistical Review 2022, gas")}  # fmt: skip
"""Statistics by year: of which quantity each tells, and its name."""
RELEASES = ("before 2017", "2017", "2019", "2021", "2022", "2023")
"""Releases of the inventory before the last one, from which they may differ."""
LAST_RELEASE = "2026"
COAL, GAS = 94.6, 56.1
"""Mt of CO2 in an EJ of coal and of gas burnt: default factors of the IPCC guidelines of 2006."""
GAS_FOR_COAL = 0.45
"""CO2 of a kilowatt-hour from gas as a share of one from coal: the factors above, and stations that turn about half of
the gas and three eighths of the coal into power."""
ABOUT = 0.015
"""Relative error of a total that is made from emissions per person; persons come from neighbouring years."""
DEMAND = 0.02
"""Standard deviation by which the log of all electricity used leaves its mean over the years with a share of coal."""
TAIL = 4.0
"""Degrees of freedom of a year's surprise."""
TYPICAL_DRIFT = np.array([0.03, 0.1, 0.03])
TYPICAL_SURPRISE = np.array([0.03, 0.15, 0.03])
START = np.array([np.log(40), 1.0, np.log(13)])
START_SCALE = np.array([0.5, 1.0, 0.5])
"""Mean and standard deviation of the prior of each path in `BASE`."""
TABLES = ("hongkong_emissions",)


@dataclass(frozen=True)
class Panel:
    """Printed figures, one a row, and three statistics by year.

    `last`: last year with figures. `printed`: value (its logarithm), half (standard deviation of rounding, of the
    logarithm), year, base_year (the year a change or a share is taken of), quantity (total, share, change or fuel),
    sector (all, electricity or coal), release (-1 for the last one or a ratio). `series`: log of fossil CO2 and of the
    CO2 of coal and of gas burnt by year (source, year), nan where there is none. `known`: 0 for a figure that is left
    out (figure,), None where all are used. `inventory`: what a figure is expected to err by beside its rounding, of the
    logarithm.
    """

    printed: pd.DataFrame
    series: np.ndarray
    last: int = NOW
    inventory: float = 0.01
    known: np.ndarray | None = None
    truth: dict | None = None


def panel(table: pd.DataFrame) -> Panel:
    """The panel of the table; raises BookError where shares of a year add up to more than all of it."""
    _refuse_shares(table)
    used = pd.concat([table[table.year >= BASE], _from_persons(table)])
    rows = []
    for row in used.itertuples():
        kind = {"emissions": "total", "share": "share", "change": "change", "share of coal in electricity": "fuel"}
        sector = "coal" if row.quantity == "share of coal in electricity" else row.sector
        if row.quantity not in kind or sector not in QUANTITIES:
            continue
        value = {"total": row.value, "change": 1 + row.value / 100}.get(kind[row.quantity], row.value / 100)
        step = row.half_step if row.quantity == "emissions" else row.half_step / 100
        total = row.quantity == "emissions"
        rows.append(
            {
                "year": row.year, "base_year": row.base_year if row.quantity == "change" else row.year,
                "value": np.log(value), "half": step / value / np.sqrt(3),
                "release": RELEASES.index(row.release) if total and row.release != LAST_RELEASE else -1,
                "sector": sector, "quantity": kind[row.quantity],
            }
        )  # fmt: skip
    return Panel(pd.DataFrame(rows).astype({"year": int, "base_year": int}), _series(table))


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
    """Log of fossil CO2 of all sectors and of CO2 from coal and from gas burnt (source, year), nan where missing."""
    wide = table[table.year.isin(YEARS)].pivot_table(index="year", columns="quantity", values="value", aggfunc="first")
    wide = wide.reindex(YEARS)
    return np.log(np.stack([wide["fossil CO2"], COAL * wide["coal burnt"], GAS * wide["gas burnt"]]).astype(float))


def walked() -> np.ndarray:
    """Matrix (step, change) that sums changes of drift from the step into `MIDDLE` on, forwards and backwards.

    A step leads into its year, and so does a change.
    """
    year, change = YEARS[1:, None], YEARS[None, 1:]
    forwards = (change > MIDDLE) & (change <= year)
    return np.where(year >= MIDDLE, 1.0 * forwards, -1.0 * ((change > year) & (change <= MIDDLE)))


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model."""
    return {
        "value": panel.printed.value.to_numpy(),
        "half": panel.printed.half.to_numpy(),
        "known": np.ones(len(panel.printed)) if panel.known is None else panel.known,
        "log_series": np.nan_to_num(panel.series),
        "there": np.isfinite(panel.series).astype(float),
        "informed": 1.0 * (panel.last >= YEARS),
        "typical_inventory": np.array(panel.inventory),
    }


def of_paths(paths, maths=np) -> list:
    """Emissions in Mt of coal, of gas in power stations, and of the rest, from paths (..., `PATHS`, year)."""
    generation = maths.exp(paths[..., 0, :])
    share = 1 / (1 + maths.exp(-paths[..., 1, :]))
    return [generation * share, GAS_FOR_COAL * generation * (1 - share), maths.exp(paths[..., 2, :])]


def log_student(scaled, maths=np):
    """Log density of a standard Student's t with `TAIL` degrees of freedom."""
    constant = scipy.special.gammaln((TAIL + 1) / 2) - scipy.special.gammaln(TAIL / 2) - 0.5 * np.log(TAIL * np.pi)
    return constant - (TAIL + 1) / 2 * maths.log1p(scaled**2 / TAIL)


def paths_of(drawn, beside, maths=np):
    """Paths (..., `PATHS`, year) from what is drawn: logs of what power stations emit and of the rest, odds of coal.

    Figures know emissions of power stations and, after the years with statistics of fuel, not coal's share: so these
    are drawn, and not what the stations make. Log-odds are drawn as statistics have them, `beside` the inventory's by
    what the offset of coal is above that of gas, which would otherwise move with all years. The Jacobian is one.
    """
    odds = drawn[..., 1, :] - beside
    mix = GAS_FOR_COAL + (1 - GAS_FOR_COAL) / (1 + maths.exp(-odds))
    # log2, for PyTensor replaces the natural logarithm by a safer form that takes long to compile
    return maths.stack([drawn[..., 0, :] - np.log(2) * maths.log2(mix), odds, drawn[..., 2, :]], axis=-2)


def _drawn(drifts, scatter, informed, beside):
    """What `paths_of` makes paths of (path, year), whose steps scatter around `drifts`.

    Of years that are not `informed`, surprises instead: a path drawn there would hang on its scatter.
    """
    import pymc as pm
    import pytensor.tensor as pt

    def logp(value, drifts, scatter, informed, beside):
        paths = paths_of(value, beside, pt)
        steps = paths[:, 1:] - paths[:, :-1]
        surprise = pt.where(informed[1:] > 0, (steps - drifts) / scatter[:, None], value[:, 1:])
        density = log_student(surprise, pt) - informed[1:] * pt.log(scatter)[:, None]
        first = -0.5 * ((paths[:, 0] - START) / START_SCALE) ** 2 - np.log(START_SCALE * np.sqrt(2 * np.pi))
        return density.sum() + first.sum()

    def random(drifts, scatter, informed, beside, rng=None, size=None):
        surprise = rng.standard_t(TAIL, drifts.shape)
        first = START + START_SCALE * rng.normal(size=len(START))
        steps = np.column_stack([first, drifts + scatter[:, None] * surprise])
        coal, gas, rest = of_paths(steps.cumsum(axis=1))
        drawn = np.stack([np.log(coal + gas), np.log(GAS_FOR_COAL * coal / gas) + beside, np.log(rest)])
        return np.where(informed > 0, drawn, np.column_stack([first, surprise]))

    return pm.CustomDist(
        "paths", drifts, scatter, informed, beside, logp=logp, random=random, signature="(p,t),(p),(u),()->(p,u)",
        dims=("path", "year"), class_name="StudentWalk",
    )  # fmt: skip


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """What power stations make, coal's share in it, and the rest: each year a drift that walks, and a surprise.

    Printed totals, shares and changes are sums with rounding and an error of their own; earlier releases of the
    inventory differ from the last by a ratio. Coal's printed share in electricity is its emissions over those that
    all electricity would have if it came from coal, nuclear and imports with it. Three statistics follow all sectors,
    coal and gas, each by a ratio, with an error that carries over from year to year.
    """
    import pymc as pm
    import pytensor.tensor as pt

    coords = {"path": PATHS, "year": YEARS, "step": YEARS[1:], "release": RELEASES, "source": list(SOURCES)}
    with pm.Model(coords=coords, check_bounds=False) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        drift = pm.Normal("drift", 0, TYPICAL_DRIFT, dims="path")
        walk_scale = pm.LogNormal("walk_scale", np.log(0.3), 0.7)
        walk = pm.Normal("walk", 0, 1, dims=("path", "step"))
        drifts = drift[:, None] + walk_scale * TYPICAL_DRIFT[:, None] * pt.dot(walk, walked().T)
        scatter = pm.LogNormal("scatter", np.log(TYPICAL_SURPRISE), 0.5, dims="path")
        offset = pm.Normal("offset", 0, [0.1, 0.2, 0.2], dims="source")
        beside = offset[1] - offset[2]
        paths = paths_of(_drawn(drifts, scatter, d["informed"], beside), beside, pt)
        coal, gas, rest = of_paths(paths, pt)
        sums = pt.stack([coal + gas + rest, coal + gas, coal, gas])
        logs = np.log(2) * pt.log2(sums)

        revision_scale = pm.LogNormal("revision_scale", np.log(0.015), 0.4)
        revision = pm.Normal("revision", 0, 1, dims="release")
        inventory = pm.LogNormal("inventory", np.log(d["typical_inventory"]), 0.15)
        all_coal = pm.Normal("all_coal", np.log(50), 0.3)
        above, below, shift, of_fuel = named(panel)
        known = pt.concatenate([logs.ravel(), revision_scale * revision, all_coal[None], np.zeros(1)])
        off = d["value"] - known[above] + known[below] - known[shift]
        sd = pt.sqrt(pt.where(of_fuel, DEMAND, inventory) ** 2 + d["half"] ** 2)
        given("printed", d["known"] * (-0.5 * (off / sd) ** 2 - pt.log(sd)), observed=d["value"])

        error = pm.LogNormal("error", np.log(0.03), 0.4, dims="source")
        memory = pm.Beta("memory", 3, 3, dims="source")
        of = [QUANTITIES.index(quantity) for quantity, _ in SOURCES.values()]
        off = d["log_series"] - logs[of] - offset[:, None]
        carried, first = memory[:, None], 1.0 * (YEARS == BASE)
        past = pt.concatenate([pt.zeros_like(off[:, :1]), off[:, :-1]], axis=1)
        fresh = (off - carried * past) * (1 - first + first * pt.sqrt(1 - carried**2)) / error[:, None]
        density = log_student(fresh, pt) - pt.log(error)[:, None] + first * 0.5 * pt.log1p(-(carried**2))
        given("series", (d["there"] * density).sum(axis=1), observed=np.zeros(len(SOURCES)))
    return model


def named(panel: Panel) -> tuple[np.ndarray, ...]:
    """Where the parts of each printed figure stand among what `build` knows: what is above and below the stroke, and
    the shift of a release; and which figures are shares of coal in electricity.

    Known are logarithms of `QUANTITIES` by year, shifts of releases, that of all electricity from coal, and a zero.
    """
    printed = panel.printed
    quantity, kind = printed.sector.map(QUANTITIES.index).to_numpy(), printed.quantity.to_numpy()
    after = len(QUANTITIES) * len(YEARS)
    all_coal, zero = after + len(RELEASES), after + len(RELEASES) + 1
    above = quantity * len(YEARS) + printed.year.to_numpy() - BASE
    at_base = np.where(kind == "share", 0, quantity) * len(YEARS) + printed.base_year.to_numpy() - BASE
    below = np.select([kind == "total", kind == "fuel"], [zero, all_coal], at_base)
    release = printed.release.to_numpy()
    return above, below, np.where(release >= 0, after + release, zero), kind == "fuel"


TRUTH = {
    "start": np.array([np.log(37.0), 1.0, np.log(13.0)]), "rise": (0.01, 0.0, 0.01), "fall": (-0.01, -0.1, -0.02),
    "scatter": np.array([0.02, 0.1, 0.02]), "inventory": 0.01, "all_coal": np.log(46.0),
    "offset": np.array([0.03, 0.15, 0.15]), "error": 0.03, "memory": 0.5,
}  # fmt: skip


def simulate(truth: dict, rng: np.random.Generator, panel: Panel) -> Panel:
    """A panel with known parameters (keys of `TRUTH`): printed figures and statistics of the years of `panel`.

    Paths drift by `rise` a year until `PEAK` and by `fall` after it, with Student's surprises. The truth that is kept
    also has ``emissions`` (coal, gas and rest; year) in Mt, and ``left``, per cent of those of `BASE`, in `HALF`.
    """
    known, printed = {**TRUTH, **truth}, panel.printed
    years = np.arange(BASE, HALF + 1)
    drift = np.where(years[1:] <= PEAK, np.transpose([known["rise"]]), np.transpose([known["fall"]]))
    steps = drift + known["scatter"][:, None] * rng.standard_t(TAIL, drift.shape)
    made = np.stack(of_paths(known["start"][:, None] + np.pad(steps, ((0, 0), (1, 0))).cumsum(axis=1)))
    coal, gas, _ = made
    logs = np.log([made.sum(axis=0), coal + gas, coal, gas])[:, : len(YEARS)]
    above, below, shift, of_fuel = named(panel)
    revision = 0.015 * rng.normal(size=len(RELEASES))
    parts = np.concatenate([logs.ravel(), revision, [known["all_coal"], 0.0]])
    value = parts[above] - parts[below] + parts[shift]
    sd = np.hypot(np.where(of_fuel, DEMAND if known["inventory"] else 0.0, known["inventory"]), printed.half)
    value = value + sd * rng.normal(size=len(printed))
    off = np.zeros((len(SOURCES), len(YEARS)))
    fresh = known["error"] * rng.standard_t(TAIL, off.shape)
    off[:, 0] = fresh[:, 0] / np.sqrt(1 - known["memory"] ** 2)
    for year in range(1, len(YEARS)):
        off[:, year] = known["memory"] * off[:, year - 1] + fresh[:, year]
    series = logs[[QUANTITIES.index(quantity) for quantity, _ in SOURCES.values()]] + known["offset"][:, None] + off
    series = np.where(np.isfinite(panel.series), series, np.nan)
    total = made.sum(axis=0)
    truth = {**known, "emissions": made[:, : len(YEARS)], "left": 100 * total[-1] / total[0]}
    return replace(panel, printed=printed.assign(value=value), series=series, truth=truth)


def _toy(panel: Panel, rng: np.random.Generator, **truth) -> Panel:
    return simulate(truth, rng, panel)


TOYS = {"toy": _toy, "toy-no-fall": partial(_toy, rise=(0.0, 0.0, 0.0), fall=(0.0, 0.0, 0.0))}


def _until(panel: Panel, last: int) -> Panel:
    """Everything printed for later years left out, also what compares with them."""
    known = (panel.printed.year <= last).to_numpy(dtype=float)
    return replace(panel, known=known, series=np.where(last >= YEARS, panel.series, np.nan), last=last)


def _without_budget(panel: Panel) -> Panel:
    """The statistic of fossil CO2 left out."""
    kept = np.array([name != "carbon-budget" for name in SOURCES])
    return replace(panel, series=np.where(kept[:, None], panel.series, np.nan))


DERIVED = ()
ORIGINS = (2014, 2016, 2019)
"""Years until which figures are taken, to see what each reading would have said of `NOW`."""
VARIANTS = {f"to-{last}": Variant(f"figures to {last} alone", partial(_until, last=last)) for last in ORIGINS} | {
    "inventory-twice": Variant("figures of the inventory err twice as much", partial(replace, inventory=0.02)),
    "without-budget": Variant("without the Global Carbon Budget", _without_budget),
}


def expected(fit, logs: np.ndarray) -> np.ndarray:
    """Expected logarithm of each printed figure (draw, row), revisions of releases included.

    logs : of `QUANTITIES` by year (draw, quantity, year).
    """
    flat = fit.parameters.stack(sample=("chain", "draw"))
    revision, scale, all_coal = (flat[name].transpose("sample", ...).values for name in
                                 ("revision", "revision_scale", "all_coal"))  # fmt: skip
    above, below, shift, _ = named(fit.panel)
    known = np.concatenate(
        [logs.reshape(len(logs), -1), scale[:, None] * revision, all_coal[:, None], np.zeros((len(logs), 1))], axis=1
    )
    return known[:, above] - known[:, below] + known[:, shift]


def drawn_around(fit, logs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the logarithm of each printed figure (draw, row)."""
    inventory, (*_, of_fuel) = fit.parameters["inventory"].values.reshape(-1, 1), named(fit.panel)
    return expected(fit, logs), np.hypot(np.where(of_fuel, DEMAND, inventory), fit.panel.printed.half.to_numpy())


def drawn(fit, logs: np.ndarray) -> np.ndarray:
    """Logarithm of each printed figure drawn anew (draw, row)."""
    mean, sd = drawn_around(fit, logs)
    return mean + sd * np.random.default_rng(fit.seed).normal(size=mean.shape)
