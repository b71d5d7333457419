"""CO2 of 280 cities at given capital, labour and output, 2006 to 2014, from three sources that err."""

from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations

import numpy as np
import pandas as pd

from jingjinji.core.densities import given
from jingjinji.core.errors import BookError
from jingjinji.core.topic import Variant

YEARS = np.arange(2006, 2015)
TIME = (YEARS - 2010) / 4
"""Minus one in the first year, one in the last."""
SOURCES = ("edgar", "counties", "ceads")
CONTRASTS = np.array([[0.5, 0.0], [0.0, 1.0], [-0.5, 0.0]])
"""How sources (source, contrast) differ by half of what sets the inventories apart, and by what the sum of counties is
above their mean. The two inventories make the scale: the third shows little of what sets a city apart."""
TEN = (
    *("Beijing", "Tianjin", "Qinhuangdao", "Baoding", "Cangzhou", "Shijiazhuang", "Langfang", "Zhangjiakou", "Chengde"),
    "Tangshan",
)
"""The ten cities of the study, in its order."""
LEFT_OUT = ("Handan", "Hengshui", "Xingtai")
"""The cities of the region that the study left out."""
FEATURES = (
    *("output", "capital", "labour", "output²", "capital²", "labour²"),
    *("output × capital", "output × labour", "capital × labour"),
)
TABLES = ("city_production",)
LINE = np.stack([np.ones(len(YEARS)), TIME], axis=1)
WEIGHTS = np.linalg.pinv(LINE)
"""What makes level (in 2010, the mean of the years) and trend (in four years) of nine years (2, year)."""
LEAST_YEARS = 5
"""Years that a source needs of a city for a level and a trend."""
MEMORY = 0.6
"""Autocorrelation of a source's years around their line; the errors it enters are small beside the sources' biases."""
LOG_TYPICAL = np.log(20.0)
"""Logarithms of CO2 are taken from that of 20 Mt, about a typical city."""
PARTS = ("level", "trend")


@dataclass(frozen=True)
class Panel:
    """Logarithms of yearly figures of cities.

    `cities`: city, province. `inputs` (city, year): output, capital, labour. `co2` (source, city, year): log Mt, NaN
    where a source has none. `translog`: 1 for a function of inputs and output with squares and products, 0 for one
    without (Cobb and Douglas), in which their coefficients have their prior.

    No fit reads one source alone: its bias, slopes and errors by province could not be told from the cities' own.
    """

    cities: pd.DataFrame
    inputs: dict[str, np.ndarray]
    co2: np.ndarray
    translog: float = 1.0
    truth: dict | None = None


def panel(table: pd.DataFrame) -> Panel:
    """The panel of table city_production; raises BookError where a city of the study or a year of a city is missing."""
    missing = [city for city in (*TEN, *LEFT_OUT) if city not in set(table.city)]
    if missing:
        raise BookError(
            f"table city_production has no row of {missing[0]} in column 'city': expected the thirteen cities of the "
            "region; add its years"
        )
    years = table.groupby("city").year.agg(lambda year: tuple(sorted(year)))
    short = years[years != tuple(YEARS)]
    if len(short):
        raise BookError(
            f"table city_production has the years {', '.join(map(str, short.iloc[0]))} of {short.index[0]}: expected "
            f"each year from {YEARS[0]} to {YEARS[-1]} once; add or remove rows"
        )
    table = table.sort_values(["city", "year"])
    cities = table.drop_duplicates("city")[["city", "province"]].reset_index(drop=True)
    logs = {name: np.log(table[name].to_numpy(dtype=float)).reshape(len(cities), -1)
            for name in ("gdp", "capital", "labour", *(f"co2_{source}" for source in SOURCES))}  # fmt: skip
    return Panel(
        cities,
        {"output": logs["gdp"], "capital": logs["capital"], "labour": logs["labour"]},
        np.stack([logs[f"co2_{source}"] for source in SOURCES]),
    )


def places(panel: Panel, names: tuple[str, ...]) -> np.ndarray:
    """Numbers of some cities in the panel."""
    number = {city: k for k, city in enumerate(panel.cities.city)}
    return np.array([number[name] for name in names])


def provinces(panel: Panel) -> tuple[list[str], np.ndarray]:
    """Names of the provinces, and each city's province as a number."""
    names = sorted(panel.cities.province.unique())
    return names, panel.cities.province.map(names.index).to_numpy()


def features(panel: Panel) -> np.ndarray:
    """Output, capital and labour per unit of output, their halved squares and products, (city, year, `FEATURES`).

    Logarithms, from their means over all cities and years. Each square or product is taken less what the features
    before it tell of it, so that their coefficients do not hang together; the first three are then slopes of a
    typical city. Without squares and products these are zero.
    """
    output = panel.inputs["output"]
    ratios = [output, panel.inputs["capital"] - output, panel.inputs["labour"] - output]
    centred = [values - values.mean() for values in ratios]
    squares = [0.5 * panel.translog * values**2 for values in centred]
    products = [panel.translog * one * other for one, other in combinations(centred, 2)]
    made = np.stack([*centred, *squares, *products], axis=-1)
    means = made.mean(axis=1)
    for k in range(len(centred), len(FEATURES)):
        before = np.column_stack([np.ones(len(means)), means[:, :k]])
        coefficients = np.linalg.lstsq(before, means[:, k])[0]
        made[:, :, k] -= coefficients[0] + made[:, :, :k] @ coefficients[1:]
        means[:, k] = made[:, :, k].mean(axis=1)
    return made


def lines(panel: Panel) -> dict[str, np.ndarray]:
    """Level and trend of each source's years in a city by least squares, with the variance of their errors.

    Each (source, city): `level`, `trend` (log Mt, and its change in four years), `level_variance`, `trend_variance`,
    `known` (1 where the source has `LEAST_YEARS` years). The variance of a year around its line is half
    the city's own and half the source's; neighbouring years go along with `MEMORY`.
    """
    weight = np.isfinite(panel.co2).astype(float)
    values = np.where(weight > 0, panel.co2 - LOG_TYPICAL, 0.0)
    enough = weight.sum(axis=2) >= LEAST_YEARS
    inverse = np.linalg.pinv(np.einsum("sit,tk,tl->sikl", weight, LINE, LINE))
    estimate = np.einsum("sikl,sit,tl->sik", inverse, values, LINE)
    off = weight * (values - np.einsum("sik,tk->sit", estimate, LINE))
    freedom = np.maximum(weight.sum(axis=2) - 2, 1)
    own = (off**2).sum(axis=2) / freedom
    pooled = (own * freedom * enough).sum(axis=1) / np.maximum((freedom * enough).sum(axis=1), 1)
    correlation = MEMORY ** np.abs(np.subtract.outer(YEARS, YEARS))
    middle = np.einsum("sit,tk,tu,siu,ul->sikl", weight, LINE, correlation, weight, LINE)
    spread = 0.5 * (own + pooled[:, None]) / (1 - _share_in_line())
    variance = np.einsum("sikl,silm,simn->sikn", inverse, middle, inverse) * spread[:, :, None, None]
    known = enough.astype(float)
    return {
        "known": known,
        **{name: np.where(known > 0, estimate[:, :, k], 0.0) for k, name in enumerate(PARTS)},
        **{f"{name}_variance": np.where(known > 0, variance[:, :, k, k], 1.0) for k, name in enumerate(PARTS)},
    }


def _share_in_line() -> float:
    """Share of the variance of autocorrelated years that a line through them takes, beyond its two degrees of freedom.

    ``E[residual sum] = variance * (trace of the residual maker times the correlation)``.
    """
    correlation = MEMORY ** np.abs(np.subtract.outer(YEARS, YEARS))
    rest = np.eye(len(YEARS)) - LINE @ WEIGHTS
    return 1 - np.trace(rest @ correlation) / (len(YEARS) - 2)


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model."""
    made = np.einsum("kt,itf->kif", WEIGHTS, features(panel))
    return {
        **lines(panel),
        **{f"{name}_features": made[k] - made[k].mean(axis=0) for k, name in enumerate(PARTS)},
    }


def log_density_of(off, load, weight, wide, maths=np):
    """Log density of what sources report of each city (city,).

    `off` is what they report less what is typical (source, city): ``off = load * own + error`` with ``own ~ Normal(0,
    wide)``, the same for every source of a city, and ``error ~ Normal(0, 1 / sqrt(weight))``; a source without figures
    has weight zero. The city's own is integrated out. `load` is (source, 1).
    """
    there = 1.0 * (weight > 0)
    constant = (maths.log(weight + 1 - there) - np.log(2 * np.pi) * there).sum(axis=0)
    product, total = (weight * load * off).sum(axis=0), (weight * load**2).sum(axis=0)
    quadratic = (weight * off**2).sum(axis=0) - product**2 / (wide**-2 + total)
    return 0.5 * (constant - maths.log1p(wide**2 * total) - quadratic)


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """CO2 of a city as its inputs and output let expect, what its province and the city have of their own, and errors.

    Nine years of a city enter as a level and a trend of each source. Each source errs by province and by city. What is
    a city's own, and errors of cities, are normal and integrated out. The two inventories see all of what is a city's
    own, the sum of counties a share, and all three what is its province's; an error that they share counts as truth
    here, and is taken out afterwards by a dial (`emissions_findings.parts`), because no figure tells it from the truth.
    """
    import pymc as pm
    import pytensor.tensor as pt

    names, of = provinces(panel)
    coords = {"source": SOURCES, "contrast": ["inventories", "counties"], "city": panel.cities.city,
              "province": names, "feature": FEATURES, "linear": FEATURES[:3]}  # fmt: skip
    with pm.Model(coords=coords) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        slopes = pm.Normal("slopes", np.array([1.0, 0, 0, 0, 0, 0, 0, 0, 0]), 0.3, dims="feature")
        own_slopes = pt.dot(CONTRASTS, pm.Normal("source_slopes", 0, 0.2, dims=("contrast", "linear")))
        seen = pm.Normal("counties_load", 0.5, 0.3)
        load = pt.stack([1.0, seen, 1.0])[:, None]
        density = 0.0
        for part, typical in (("level", 0.3), ("trend", 0.1)):
            features = d[f"{part}_features"]
            mean = pm.Normal(f"{part}_mean", 0, 2 * typical)
            bias = pt.dot(CONTRASTS, pm.Normal(f"{part}_bias", 0, 1.4 * typical, dims="contrast"))
            apart = pm.LogNormal(f"{part}_apart", np.log(1.3 * typical), 0.4)
            province_scale = pm.LogNormal(f"{part}_province_scale", np.log(0.7 * typical), 0.4)
            province = province_scale * pm.ZeroSumNormal(f"{part}_province", 1, dims="province")
            bias_scale = pm.LogNormal(f"{part}_bias_scale", np.log(0.7 * typical), 0.4, dims="source")
            place = bias_scale[:, None] * pm.ZeroSumNormal(f"{part}_bias_province", 1, dims=("source", "province"))
            error = pm.LogNormal(f"{part}_error", np.log(typical), 0.4, dims="source")
            inputs = pt.dot(features, slopes) + pt.dot(own_slopes, features[:, :3].T)
            expected = mean + bias[:, None] + inputs + (province + place)[:, of]
            weight = d["known"] / (error[:, None] ** 2 + d[f"{part}_variance"])
            density += log_density_of(d[part] - expected, load, weight, apart, pt)
        given("figures", density, observed=np.zeros(len(panel.cities)))
    return model


TRUTH = {
    "output": 0.8, "counties_load": 0.3, "shared": 0.0, "scatter": 0.05,
    "level": {"province": 0.25, "apart": 0.5, "error": (0.3, 0.25, 0.2), "bias": (-0.05, 0.1, 0.05)},
    "trend": {"province": 0.05, "apart": 0.1, "error": (0.05, 0.02, 0.08), "bias": (0.0, 0.0, 0.0)},
}  # fmt: skip


def simulate(truth: dict, rng: np.random.Generator, panel: Panel) -> Panel:
    """A panel with known parameters (keys of `TRUTH`), cities, inputs and missing figures as in `panel`.

    `shared` is the share of the variance in which cities are seen apart that is an error: of what is a city's own one
    of both inventories, of what is its province's one of all sources. The truth that is kept also has ``excess``
    (city,): the logarithm of CO2 beyond that of a typical city in 2010.
    """
    known = {**TRUTH, **truth}
    names, of = provinces(panel)
    count, shared = len(panel.cities), known["shared"]
    co2 = LOG_TYPICAL + known["output"] * features(panel)[None, :, :, 0]
    for part, shape in zip(PARTS, LINE.T, strict=True):
        own = known[part]
        common, error_of_all = own["province"] * np.sqrt([[1 - shared], [shared]]) * rng.normal(size=(2, len(names)))
        true, wrong = own["apart"] * np.sqrt([[1 - shared], [shared]]) * rng.normal(size=(2, count))
        seen = np.stack([true + wrong, known["counties_load"] * true, true + wrong])
        errors = np.array(own["error"])[:, None] * rng.normal(size=(len(SOURCES), count))
        value = (common + error_of_all)[of] + seen + errors + np.array(own["bias"])[:, None]
        co2 = co2 + value[:, :, None] * shape
        if part == "level":
            known["excess"] = (common - common.mean())[of] + true
    noise = rng.normal(size=co2.shape)
    for year in range(1, len(YEARS)):
        noise[:, :, year] = MEMORY * noise[:, :, year - 1] + np.sqrt(1 - MEMORY**2) * noise[:, :, year]
    co2 = np.where(np.isfinite(panel.co2), co2 + known["scatter"] * noise, np.nan)
    return replace(panel, co2=co2, truth=known)


def _toy(panel: Panel, rng: np.random.Generator, shared: float = 0.0, apart: float = 0.5) -> Panel:
    return simulate({"shared": shared, "level": TRUTH["level"] | {"apart": apart}}, rng, panel)


TOYS = {"toy": _toy, "toy-shared": partial(_toy, shared=0.5), "toy-none": partial(_toy, apart=0.0)}


DERIVED = ()
VARIANTS = {"cobb-douglas": Variant("without squares and products", partial(replace, translog=0.0))}
