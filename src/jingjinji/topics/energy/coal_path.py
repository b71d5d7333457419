"""Coal of thirty provinces, 2003 to 2023: the yearbook to 2017, then a path that other counts of coal measure."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from jingjinji.core.errors import BookError
from jingjinji.core.topic import Variant
from jingjinji.topics.energy.emissions import PROVINCES

YEARS = tuple(range(2003, 2024))
LAST_BOOK = 2017
"""The last year of the yearbook's coal."""
LAST_SHOWN = 2012
"""The last year of the yearbook in the fit that is asked for the years to `LAST_BOOK`, which are hidden from it."""
EARLY, LATER = YEARS[1 : YEARS.index(LAST_BOOK) + 1], YEARS[YEARS.index(LAST_BOOK) + 1 :]
MEASURES = ("ceads", "end-use", "edgar")
"""CO2 of burnt coal (CEADs), coal of end use, all CO2 (EDGAR)."""
PROXIES, BALANCES = MEASURES[1:], MEASURES[:2]
"""Those that are not coal itself, and those that are read from the energy balances."""
CENSUS = 2018
"""The balances are counted anew from this year on, after an economic census."""
REVISED = np.array([[float(name in BALANCES and year == CENSUS) for year in YEARS[1:]] for name in MEASURES])
"""1 where a measure was counted anew (measure, step)."""
CENSUS_STEP = YEARS[1:].index(CENSUS)
CENSUSES = tuple(f"census of {name}" for name in BALANCES)
MEANS = {
    **{f"load of {name}": (mean, 0.3) for name, mean in zip(PROXIES, (0.8, 0.5), strict=True)},
    **{f"relation of {name}": (0.0, 0.03) for name in MEASURES},
    **{f"taken back of {name}": (0.0, 0.3) for name in MEASURES},
    "shared error": (0.5, 0.5), "gap of the country": (0.0, 0.02), "load of steel": (0.5, 0.25),
    "drift of steel": (0.02, 0.03),
}  # fmt: skip
"""Mean and standard deviation of the normal prior of each number that all provinces share."""
ERAS = ("first half of the yearbook", "second half of the yearbook", "after the yearbook")
"""A province keeps one drift of its own in each."""
HEAVY = 8.0
"""Degrees of freedom of turns of drifts, assumed: few provinces turn far, and thirty of them hardly tell how few."""
TELLING = 0.7
"""Balances tell a province's step of the census as well as its prior does, or somewhat better."""
SCALES = {
    **{f"load of {name}": 0.15 for name in PROXIES},
    **dict.fromkeys(CENSUSES, 0.08),
    **{f"relation of {name}": 0.03 for name in MEASURES},
    "error of the country": 0.02, "error of steel": 0.05,
    "drift": 0.03, "drift after the yearbook": 0.03,
}  # fmt: skip
"""Median of the prior of each scale; its logarithm has a standard deviation of one half."""
TABLES = ("energy_province_year", "energy_coal_year", "energy_mix_year", "carbon_province_year", "energy_facts")


@dataclass(frozen=True)
class Panel:
    """Logarithms, nan where there is no figure.

    coal (Mt) is (province, year to `LAST_BOOK`), measures are (measure, province, year) of `YEARS`, china (EJ) is
    (year,), steel (Mt) of Hebei is (year,). The model knows the yearbook to `last_book`, and what measures and steel
    show up to as many years after it as `LATER` has.
    """

    coal: np.ndarray
    measures: np.ndarray
    china: np.ndarray
    steel: np.ndarray
    last_book: int = LAST_BOOK
    truth: dict | None = None

    @property
    def known(self) -> int:
        """How many steps of the yearbook the model knows."""
        return YEARS.index(self.last_book)


def panel(
    book: pd.DataFrame, other: pd.DataFrame, mix: pd.DataFrame, later: pd.DataFrame, facts: pd.DataFrame
) -> Panel:
    """The tables side by side.

    Raises BookError where the yearbook's coal misses a province and year, or a measure a province in a year.
    """

    def wide(table: pd.DataFrame, column: str, area: str = "province") -> np.ndarray:
        placed = table.pivot(index=area, columns="year", values=column)
        return np.log(placed.reindex(index=PROVINCES, columns=YEARS).to_numpy(dtype=float))

    coal = wide(book, "coal")[:, : len(EARLY) + 1]
    if np.isnan(coal).any():
        province, year = np.argwhere(np.isnan(coal))[0]
        raise BookError(
            f"table energy_province_year lacks the coal of {PROVINCES[province]} in {YEARS[year]}: expected every year "
            f"from {YEARS[0]} to {LAST_BOOK}; complete the rows"
        )
    edgar = pd.concat([book[["province", "year", "co2_edgar"]], later[["province", "year", "co2_edgar"]]])
    measures = np.stack([wide(other, "co2", "area"), wide(mix, "coal"), wide(edgar, "co2_edgar")])
    seen = np.isfinite(measures)
    if len(partial := np.argwhere(seen.any(axis=1, keepdims=True) & ~seen)):
        measure, province, year = partial[0]
        raise BookError(
            f"measure {MEASURES[measure]} lacks {PROVINCES[province]} in {YEARS[year]}: expected all provinces or "
            f"none; complete the rows of tables {', '.join(TABLES[:4])}"
        )
    china = other[other.area == "China"].set_index("year").heat.reindex(YEARS)
    steel = facts[(facts.area == "Hebei") & (facts.quantity == "crude-steel output")]
    steel = pd.Series(steel.value.to_numpy(), steel.period.astype(int)).reindex(YEARS)
    return Panel(coal, measures, np.log(china.to_numpy(dtype=float)), np.log(steel.to_numpy(dtype=float)))


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model: changes of logarithms.

    A row of `seen` (row, province) is a step of a measure where both years have figures. With 1 in it, `of_measure`
    says of which measure, `at_step` of which step, `before` where the row of the step before is, and `beside` where
    that of CEADs is for a row of end use. Hebei's steel has a row a pair of years with figures that follow each other,
    with 1 in `steel_steps` at each step between them. `telling` is how far a departure of a province is sampled on its
    own scale: `TELLING` where a balance has the step of the census, else nought. `in_era` (step, era) has 1 in the era
    of a step.
    """
    known, end = panel.known, panel.known + len(LATER)
    steps = np.diff(panel.measures, axis=-1)[..., :end]
    measure, step = np.nonzero(np.isfinite(steps).all(axis=1))
    ceads, end_use = MEASURES.index("ceads"), MEASURES.index("end-use")
    same, apart = np.equal.outer(measure, measure), np.subtract.outer(step, step)
    balanced = np.logical_and.outer(measure == end_use, measure == ceads)
    counted = np.flatnonzero(np.isfinite(panel.steel[: end + 1]))
    between = np.arange(end)
    era = np.where(between < known, 2 * between // known, 2)
    return {
        "grown": np.diff(panel.coal, axis=1)[:, :known].T,
        "seen": steps[measure, :, step],
        "of_measure": np.equal.outer(measure, np.arange(len(MEASURES))).astype(float),
        "at_step": np.equal.outer(step, np.arange(end)).astype(float),
        "before": (same & (apart == 1)).astype(float),
        "beside": (balanced & (apart == 0)).astype(float),
        "revised": REVISED[measure, step],
        "in_era": np.equal.outer(era, np.arange(len(ERAS))).astype(float),
        "telling": TELLING * np.array([0.0, 0.0, *(np.any((measure == m) & (step == CENSUS_STEP)) for m in range(2))]),
        "share": _shares(panel).T[: np.isfinite(panel.china[1 : end + 1]).sum()],
        "china": np.diff(panel.china[: end + 1][np.isfinite(panel.china[: end + 1])]),
        "steel": np.diff(panel.steel[counted]),
        "steel_steps": ((between >= counted[:-1, None]) & (between < counted[1:, None])).astype(float),
    }


def _shares(panel: Panel) -> np.ndarray:
    """A province's share of all coal at the start of a step (province, step), at last that of `last_book`."""
    coal = np.exp(panel.coal[:, np.minimum(np.arange(len(YEARS) - 1), panel.known)])
    return coal / coal.sum(axis=0)


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """Yearly growth of coal around that of all provinces, known to a year, and what its measures make of it.

    Growth apart from the common one is a drift of the province, which lasts for an era and of which a part goes on into
    the next, and around it an autoregression with a scatter of each province; both have heavy tails. A measure's change
    is its load times that of coal, a change that all provinces share in a year and an error of the province, which may
    be taken back in the year after. CEADs counts coal itself and has load one; what it says of the yearbook's changes
    is their reliability, by which they are shrunk towards the drift where measures are learned on them. An error of the
    yearbook is one of a level, so none is in a drift, and surprises after the yearbook have none. Balances have a step
    of the province's own in `CENSUS`, and errors of CEADs go on into end use.
    """
    import pymc as pm
    import pytensor.tensor as pt

    coords = {
        "province": list(PROVINCES), "step": list(YEARS[1:]), "later": list(range(1, len(LATER) + 1)),
        "series": ["coal", *MEASURES], "measure": list(MEASURES), "mean_of": list(MEANS), "scale_of": list(SCALES),
        "share_of": ["persistence", "reliability", "drift kept"], "era": list(ERAS),
        "own_of": [*(f"load of {name}" for name in PROXIES), *CENSUSES],
    }  # fmt: skip
    with pm.Model(coords=coords, check_bounds=False) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        known, of_measure, at_step = d["grown"].shape[0], d["of_measure"], d["at_step"]
        # few long vectors: a graph with many small variables takes twice as long to compile
        means = pm.Normal("means", *np.array(list(MEANS.values())).T, dims="mean_of")
        load_mean, relation_mean, taken_back = means[:2], means[2:5], means[5:8]
        shared, gap, steel_load, steel_drift = (means[k] for k in range(8, 12))
        scales = pm.LogNormal("scales", np.log(list(SCALES.values())), 0.5, dims="scale_of")
        relation_scale, china_error, steel_error = scales[4:7], scales[7], scales[8]
        shares = pm.Beta("shares", np.array([2.0, 4.0, 2.0]), np.array([2.0, 1.0, 2.0]), dims="share_of")
        persistence, reliability, drift_kept = shares[0], shares[1], shares[2]
        tails = 1 + pm.Gamma("tails", 2, 0.1, dims="series")
        spread_mean = pm.Normal("log_spread_mean", np.log([0.06, 0.05, 0.05, 0.05]), 0.5, dims="series")
        spread = pt.exp(pm.Normal("log_spread", spread_mean[:, None], 0.5, dims=("series", "province")))
        # so that figures tell scale and tails apart: in these terms their Fisher information is diagonal
        spread = spread * (tails / (1 + tails))[:, None]
        own = pm.ZeroSumNormal("own", (scales[:4] ** d["telling"])[:, None], dims=("own_of", "province"))
        own = (scales[:4] ** (1 - d["telling"]))[:, None] * own

        national = pm.Normal("national", 0, 0.1, dims="step")
        # figures tell a drift about as well as its prior does: it is sampled halfway to its own scale
        halfway = pt.sqrt(pt.stack([scales[9], scales[9], scales[10]]))[:, None]
        turn = pm.StudentT("turn", nu=HEAVY, mu=0, sigma=halfway, dims=("era", "province"))
        # the mean of the provinces' drifts is in the growth of all
        turned = halfway * (turn - turn.mean(axis=1, keepdims=True))
        drift = pt.dot(_lasting(drift_kept, len(ERAS)), turned)
        courses = national[: d["in_era"].shape[0]][:, None] + pt.dot(d["in_era"], drift)
        course = courses[:known]
        apart = d["grown"] - course
        new = apart - persistence * _before(apart)
        pm.StudentT("growth", nu=tails[0], mu=d["grown"] - new, sigma=spread[0], observed=d["grown"])
        true_spread = pt.sqrt(reliability) * spread[0]
        surprise = pm.StudentT("surprise", nu=tails[0], mu=0, sigma=true_spread, dims=("later", "province"))
        fading = (persistence ** np.arange(1, len(LATER) + 1))[:, None]
        carried = pt.dot(_lasting(persistence, len(LATER)), surprise) + fading * reliability * apart[-1]
        later = courses[known:] + carried

        # CEADs counts coal itself, EDGAR knows no census
        load = pt.concatenate([np.ones((1, len(PROVINCES))), load_mean[:, None] + own[:2]])
        census = pt.concatenate([own[2:], np.zeros((1, len(PROVINCES)))])
        # the mean revision of the census and what the year does in all provinces are one number
        wide = pt.sqrt(relation_scale[:, None] ** 2 + (0.1 * REVISED) ** 2)
        relation = pm.Normal("relation", relation_mean[:, None], wide, dims=("measure", "step"))
        growth = pt.concatenate([course + reliability * apart, later])
        of_year = (pt.dot(of_measure, relation[:, : at_step.shape[1]]) * at_step).sum(axis=1)
        left = d["seen"] - of_year[:, None] - pt.dot(of_measure, load) * pt.dot(at_step, growth)
        left = left - pt.dot(of_measure, census) * d["revised"][:, None]
        left = left - shared * pt.dot(d["beside"], left)
        left = left + pt.dot(of_measure, taken_back)[:, None] * pt.dot(d["before"], left)
        pm.StudentT(
            "measures",
            nu=pt.dot(of_measure, tails[1:])[:, None],
            mu=d["seen"] - left,
            sigma=pt.dot(of_measure, spread[1:]),
            observed=d["seen"],
        )

        growth = pt.concatenate([d["grown"], later])
        whole = pt.dot(d["share"] * growth[: d["share"].shape[0]], np.ones(len(PROVINCES)))
        pm.Normal("china_growth", whole + gap, china_error, observed=d["china"])
        along = pt.dot(d["steel_steps"], steel_load * growth[:, PROVINCES.index("Hebei")] + steel_drift)
        pm.Normal("steel_growth", along, steel_error * pt.sqrt(d["steel_steps"].sum(axis=1)), observed=d["steel"])
        derived = {
            "later_growth": (later.T, ("province", "later")), "reliability": (reliability, ()),
            "load_mean": (load_mean, "proxy"), "shared_error": (shared, ()),
            "census": (census[:2] + (relation[:2, CENSUS_STEP] - relation_mean[:2])[:, None], ("balance", "province")),
        }  # fmt: skip
        model.add_coords({"proxy": list(PROXIES), "balance": list(BALANCES)})
        for name, (value, dims) in derived.items():
            pm.Deterministic(name, value, dims=dims)
    return model


def _lasting(kept, times: int):
    """What is left at a time (row) of what came at another (column), where a part `kept` goes on."""
    ages = np.subtract.outer(np.arange(times), np.arange(times))
    return np.tril(np.ones(ages.shape)) * kept ** np.maximum(ages, 0)


def _before(values):
    """Values (step, province) of the row before, nought before the first."""
    import pytensor.tensor as pt

    return pt.concatenate([pt.zeros_like(values[:1]), values[:-1]])


TRUTH = {
    "hebei": -0.12, "national": 0.0, "drift": 0.03, "scatter": 0.04, "load": (0.8, 0.2), "error": (0.03, 0.06, 0.03),
    "relation": 0.02, "census": 0.08, "taken_back": 0.2, "shared_error": 0.3, "reliability": 0.9, "steel_load": 0.5,
}  # fmt: skip


def simulate(truth: dict, rng: np.random.Generator, panel: Panel) -> Panel:
    """A panel with the yearbook of `panel` and a known growth of Hebei's coal after it (keys of `TRUTH`)."""
    known = {**TRUTH, **truth}
    grown = np.diff(panel.coal, axis=1)
    drift = known["drift"] * rng.standard_t(4, (len(PROVINCES), 1))
    later = known["national"] + drift + known["scatter"] * rng.standard_t(4, (len(PROVINCES), len(LATER)))
    later[PROVINCES.index("Hebei")] = known["hebei"]
    common = grown.mean(axis=0)
    growth = np.concatenate([common + known["reliability"] * (grown - common), later], axis=1)
    load = np.array([1.0, *known["load"]])[:, None, None]
    shape = (len(MEASURES), *growth.shape)
    error = np.array(known["error"])[:, None, None] * rng.standard_t(4, shape)
    for step in range(1, shape[2]):
        error[..., step] -= known["taken_back"] * error[..., step - 1]
    error[1] += known["shared_error"] * error[0]
    steps = load * growth + known["relation"] * rng.normal(size=(shape[0], 1, shape[2])) + error
    steps[: len(BALANCES), :, YEARS[1:].index(CENSUS)] += known["census"] * rng.normal(size=(len(BALANCES), shape[1]))
    measures = np.concatenate([np.zeros((*shape[:2], 1)), np.cumsum(steps, axis=-1)], axis=-1)
    growth = np.concatenate([grown, later], axis=1)
    whole = (_shares(panel) * growth).sum(axis=0) + 0.02 * rng.normal(size=shape[2])
    steel = known["steel_load"] * growth[PROVINCES.index("Hebei")] + 0.02 + 0.05 * rng.normal(size=shape[2])
    made = [np.concatenate([[0.0], np.cumsum(steps)]) for steps in (whole, steel)]
    return replace(
        panel,
        measures=np.where(np.isfinite(panel.measures), measures, np.nan),
        china=np.where(np.isfinite(panel.china), made[0], np.nan),
        steel=np.where(np.isfinite(panel.steel), made[1], np.nan),
        truth={**known, "later": later},
    )


def _toy(panel: Panel, rng: np.random.Generator, hebei: float) -> Panel:
    return simulate({"hebei": hebei}, rng, panel)


TOYS = {"toy": partial(_toy, hebei=-0.12), "toy-hebei-flat": partial(_toy, hebei=0.0)}


def _without(panel: Panel, names: tuple[str, ...]) -> Panel:
    left_out = np.isin(MEASURES, names)[:, None, None]
    after = np.array(YEARS) > LAST_BOOK
    return replace(panel, measures=np.where(left_out & after, np.nan, panel.measures))


def _hidden(panel: Panel) -> Panel:
    """The yearbook to `LAST_SHOWN`, and CEADs for as many years more as it has after the yearbook."""
    ceads = MEASURES.index("ceads")
    has = np.isfinite(panel.measures[ceads]).all(axis=0)
    more = max(np.array(YEARS)[has]) - LAST_BOOK
    measures = panel.measures.copy()
    measures[ceads, :, np.array(YEARS) > LAST_SHOWN + more] = np.nan
    return replace(panel, last_book=LAST_SHOWN, measures=measures)


DERIVED = ("later_growth", "reliability", "load_mean", "shared_error", "census")
VARIANTS = {
    "without-end-use": Variant("without the end use of coal after 2017", partial(_without, names=("end-use",))),
    "without-inventories": Variant("without the inventories after 2017", partial(_without, names=("ceads", "edgar"))),
    "book-hidden": Variant(f"with the yearbook hidden after {LAST_SHOWN}", _hidden),
}


def path(panel: Panel, later_growth: np.ndarray, province: str) -> np.ndarray:
    """Coal of a province (..., year of `YEARS`) in Mt, of its growth after `LAST_BOOK` (..., province, later)."""
    known, k = panel.coal[PROVINCES.index(province)], PROVINCES.index(province)
    after = known[-1] + np.cumsum(later_growth[..., k, :], axis=-1)
    before = np.broadcast_to(known, (*after.shape[:-1], len(known)))
    return np.exp(np.concatenate([before, after], axis=-1))
