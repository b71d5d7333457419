"""Low-carbon efficiency of cities: a frontier of CO2 at given capital, labour and output, 280 cities, 2006 to 2014."""

from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import special, stats

from jingjinji import tables
from jingjinji.densities import given
from jingjinji.errors import BookError
from jingjinji.findings import Finding, exact, record

YEARS = np.arange(2006, 2015)
TIME = (YEARS - 2010) / 4
"""Minus one in the first year, one in the last."""
SOURCES = ("edgar", "counties", "ceads")
NAMES = {"edgar": "EDGAR", "counties": "sum of counties", "ceads": "CEADs"}
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
PANEL = ("city_production",)
MEAN_HALF_NORMAL = np.sqrt(2 / np.pi)
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
    where a source has none. `used`: 1 for a source that the fit reads. `translog`: 1 for a frontier with squares and
    products, 0 for a Cobb-Douglas frontier. `exponential`: 1 where inefficiency is exponential, 0 where half normal. `equal_loads`: 1 where
    the sum of counties is taken to show all of what sets a city apart from others of its province, as inventories are.
    """

    cities: pd.DataFrame
    inputs: dict[str, np.ndarray]
    co2: np.ndarray
    used: tuple[float, ...] = (1.0, 1.0, 1.0)
    translog: float = 1.0
    exponential: float = 0.0
    equal_loads: float = 0.0
    truth: dict | None = None


def load(variant: str = "") -> Panel:
    """The panel of the main fit, or of one of `VARIANTS`; raises BookError for an unknown variant or a bad table."""
    if variant and variant not in VARIANTS:
        raise BookError(f"model efficiency has no variant '{variant}': expected one of {', '.join(VARIANTS)}")
    panel = panel_of(tables.load("city_production"))
    return VARIANTS[variant](panel) if variant else panel


def panel_of(table: pd.DataFrame) -> Panel:
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


def provinces(panel: Panel) -> tuple[list[str], np.ndarray]:
    """Names of the provinces, and each city's province as a number."""
    names = sorted(panel.cities.province.unique())
    return names, panel.cities.province.map(names.index).to_numpy()


def features(panel: Panel) -> np.ndarray:
    """Output, capital and labour per unit of output, their halved squares and products, (city, year, `FEATURES`).

    Logarithms, from their means over all cities and years. In a Cobb-Douglas frontier squares and products are zero.
    """
    output = panel.inputs["output"]
    ratios = [output, panel.inputs["capital"] - output, panel.inputs["labour"] - output]
    centred = [values - values.mean() for values in ratios]
    squares = [0.5 * panel.translog * values**2 for values in centred]
    products = [panel.translog * one * other for one, other in combinations(centred, 2)]
    return np.stack([*centred, *squares, *products], axis=-1)


def lines(panel: Panel) -> dict[str, np.ndarray]:
    """Level and trend of each source's years in a city by least squares, with the variance of their errors.

    Each (source, city): `level`, `trend` (log Mt, and its change in four years), `level_variance`, `trend_variance`,
    `known` (1 where the source has `LEAST_YEARS` years and is used). The variance of a year around its line is half
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
    known = enough * np.array(panel.used)[:, None]
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
        "equal_loads": np.array(panel.equal_loads),
        **lines(panel),
        **{f"{name}_features": made[k] - made[k].mean(axis=0) for k, name in enumerate(PARTS)},
        "exponential": np.array(panel.exponential),
    }


def shaped(drawn, exponential, maths=np, erfc=special.erfc):
    """Inefficiency in units of its scale from a half-normal `drawn`: itself, or the exponential of equal rank."""
    return (1 - exponential) * drawn - exponential * maths.log(erfc(drawn / np.sqrt(2)))


def log_density_of(off, load, weight, rest, maths=np):
    """Log density of what sources report of each city, `off` what was expected of it (source, city); one value a city.

    ``off = load * shared + error`` with ``shared ~ Normal(0, rest)``, the same for every source of a city, and
    ``error ~ Normal(0, 1 / sqrt(weight))``; a source without figures has weight zero. The shared part is integrated
    out. `load` is (source, 1).
    """
    total = (weight * load**2).sum(axis=0)
    quadratic = (weight * off**2).sum(axis=0) - (weight * load * off).sum(axis=0) ** 2 / (rest**-2 + total)
    there = 1.0 * (weight > 0)
    logarithms = maths.log(weight + 1 - there)
    return 0.5 * ((logarithms - np.log(2 * np.pi) * there).sum(axis=0) - maths.log1p(rest**2 * total) - quadratic)


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """The least CO2 with which capital and labour make the output, and how far above it each city is.

    Nine years of a city enter as a level and a trend of each source. What a city emits is the frontier, a one-sided
    inefficiency whose distance changes at a pace of the city's own, and a two-sided rest. Each source errs about it by
    province and by city. The rest and the errors of cities are normal and integrated out.
    """
    import pymc as pm
    import pytensor.tensor as pt

    names, of = provinces(panel)
    coords = {
        "source": SOURCES,
        "city": panel.cities.city,
        "province": names,
        "feature": FEATURES,
        "linear": FEATURES[:3],
    }
    with pm.Model(coords=coords) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        frontier = pm.Normal("frontier", np.array([1.0, 0, 0, 0, 0, 0, 0, 0, 0]), 0.3, dims="feature")
        own_slopes = pm.ZeroSumNormal("source_slopes", 0.15, dims=("linear", "source"))
        slopes = frontier + pt.concatenate([own_slopes.T, np.zeros((len(SOURCES), len(FEATURES) - 3))], axis=1)
        seen = pm.Normal("counties_load", 0.5, 0.3)
        seen = d["equal_loads"] + (1 - d["equal_loads"]) * seen
        load = pt.stack([1.0, seen, 1.0])[:, None]

        scale = pm.LogNormal("inefficiency_scale", np.log(0.3), 0.5)
        drawn = pm.HalfNormal("inefficiency", 1, dims="city")
        typical_pace = pm.Normal("pace_mean", 0, 0.2)
        pace_scale = pm.LogNormal("pace_scale", np.log(0.3), 0.4)
        pace = typical_pace + pace_scale * pm.Normal("pace", 0, 1, dims="city")
        size = scale * shaped(drawn, d["exponential"], pt, pt.erfc)
        above = size[:, None] * pt.exp(pace[:, None] * TIME)
        mean_size = scale * (MEAN_HALF_NORMAL + (1 - MEAN_HALF_NORMAL) * d["exponential"])
        centre = mean_size, mean_size * typical_pace

        for k, (part, typical) in enumerate({"level": 0.3, "trend": 0.1}.items()):
            mean = pm.Normal(f"{part}_mean", 0, 2 * typical)
            of_province = pm.LogNormal(f"{part}_province_scale", np.log(0.7 * typical), 0.4)
            shared = of_province * pm.Normal(f"{part}_province", 0, 1, dims="province")
            bias = pm.ZeroSumNormal(f"{part}_bias", typical, dims="source")
            bias_scale = pm.LogNormal(f"{part}_bias_scale", np.log(0.7 * typical), 0.4, dims="source")
            of_place = bias_scale[:, None] * pm.Normal(f"{part}_bias_province", 0, 1, dims=("source", "province"))
            rest = pm.LogNormal(f"{part}_rest", np.log(typical), 0.4)
            error = pm.LogNormal(f"{part}_error", np.log(typical), 0.4, dims="source")
            expected = mean + slopes @ d[f"{part}_features"].T + shared[of] + load * (above @ WEIGHTS[k] - centre[k])
            off = d[part] - expected - bias[:, None] - of_place[:, of]
            weight = d["known"] / (error[:, None] ** 2 + d[f"{part}_variance"])
            given(f"{part}s", log_density_of(off, load, weight, rest, pt), observed=np.zeros(len(panel.cities)))
    return model


DERIVED = ()
KEPT_WITH = ("",)
VARIANTS = {
    "cobb-douglas": partial(replace, translog=0.0),
}
