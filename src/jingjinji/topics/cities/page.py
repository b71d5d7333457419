"""What the page on low-carbon efficiency shows of several fits: places by method and source, ranks."""

import numpy as np
import pandas as pd

from jingjinji.core.findings import Finding
from jingjinji.core.topic import choices
from jingjinji.show.answers import bare, by_choice
from jingjinji.show.prior_draws import prior_fit
from jingjinji.topics.cities import emissions
from jingjinji.topics.cities import emissions_findings as said
from jingjinji.topics.cities.emissions import SOURCES, TEN
from jingjinji.topics.cities.emissions_findings import CRITERIA, NAMES
from jingjinji.topics.cities.facts import METHOD_NAMES, METHODS

WORDS = {"intensity": "CO2 per output", "excess": "CO2 at equal inputs and output"}
CHOICES = choices(emissions.VARIANTS) | {words: f".shared-{key}" for key, words in said.SHARED.items()}


def scores(found: dict[str, Finding], method: str, source: str = "mean") -> dict[str, float]:
    """Slacks-based efficiency of the ten cities by method and source, per cent."""
    return {city: found[f"efficiency.dea.{city.lower()}.{method}.{source}"].mean for city in TEN}


def rank_of(values: dict[str, float], city: str) -> int:
    """Rank of a city where more is better; cities with the same value share the better rank."""
    return 1 + sum(value > values[city] for value in values.values())


def answers(found: dict[str, Finding]) -> pd.DataFrame:
    """P(Beijing first), P(Tianjin second) and P(the gap narrows) by choice of the model; columns by criterion."""
    ids = {}
    for criterion, words in WORDS.items():
        ids[f"Beijing first: {words}"] = f"efficiency.beijing.{criterion}.first"
        ids[f"Tianjin second: {words}"] = f"efficiency.tianjin.{criterion}.second"
    for key, words in (
        ("gap.intensity", "difference"),
        ("ratio", "ratio"),
        ("gap.excess", "at equal inputs and output"),
    ):
        ids[f"gap narrows: {words}"] = f"efficiency.{key}.narrows"
    return by_choice(found, CHOICES, ids)


def by_method(found: dict[str, Finding]) -> pd.DataFrame:
    """Ranks of Beijing and Tianjin in the envelopment, by returns to scale, reference and source of CO2."""
    pairs = [(method, "mean") for method in METHODS] + [("constant", source) for source in SOURCES]
    rows = []
    for method, source in pairs:
        values = scores(found, method, source)
        rows.append((METHOD_NAMES[method], NAMES.get(source, "mean of the sources"), rank_of(values, "Beijing"),
                     rank_of(values, "Tianjin"), max(values, key=values.get),
                     sorted(values, key=values.get, reverse=True)[1]))  # fmt: skip
    columns = ["envelopment", "CO2", "Beijing's rank", "Tianjin's rank", "first", "second"]
    return pd.DataFrame(rows, columns=columns)


def by_source(found: dict[str, Finding]) -> pd.DataFrame:
    """CO2 per output of the ten cities as each source reports it, g per CNY of 1997, with ranks in brackets."""
    columns = {"city": list(TEN)}
    for source in SOURCES:
        values = {city: -found[f"efficiency.intensity.{city.lower()}.{source}"].mean for city in TEN}
        columns[NAMES[source]] = [f"{-value:.0f} ({rank_of(values, city)})" for city, value in values.items()]
    return pd.DataFrame(columns)


def ten_cities(found: dict[str, Finding]) -> pd.DataFrame:
    """The ten cities by each criterion and by the slacks-based score with its interval; units stand in the heads."""
    rows = []
    for city in TEN:
        key, dea = f"efficiency.{city.lower()}", f"efficiency.dea.{city.lower()}"
        low, high = (found[f"{dea}.{end}"].mean for end in ("low", "high"))
        rows.append((city, *[bare(found[f"{key}.{name}"], unit) for name, (_, unit) in CRITERIA.items()],
                     f"{found[f'{dea}.constant.mean'].value_text} ({low:.0f} to {high:.0f})"))  # fmt: skip
    heads = [f"{words} ({unit})" for words, (_, unit) in zip(WORDS.values(), CRITERIA.values(), strict=True)]
    return pd.DataFrame(rows, columns=["city", *heads, "slacks-based score (subsampling interval)"])


def rank_probabilities(fit, known: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Probability of each rank (city of `TEN`, rank) by criterion, over the nine years."""
    values = said.judged(fit, known, emissions.places(fit.panel, TEN))
    found = {}
    for criterion, draws in values.items():
        ranks = said.ranks(draws.mean(axis=1))
        found[WORDS[criterion]] = np.stack([(ranks == rank).mean(axis=0) for rank in range(1, len(TEN) + 1)], axis=1)
    return found


def gaps(fit, known: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """CO2 per output (draw, year): mean of the nine cities less Beijing's, and as a multiple of Beijing's."""
    values = said.intensity(fit.panel, known, emissions.places(fit.panel, TEN))
    nine, beijing = values[:, :, 1:].mean(axis=2), values[:, :, 0]
    return {
        "nine cities less Beijing (g per CNY)": nine - beijing,
        "nine cities as a multiple of Beijing": nine / beijing,
    }


def prior_levels(panel: emissions.Panel, draws: int, seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """CO2 of cities as the priors alone expect it, and as the sources have it: source -> (drawn, printed), Mt."""
    fit = prior_fit(emissions.build(panel), panel, draws, seed)
    known = said.parts(fit)
    index = emissions.data(panel)
    typical = index["level"] - known["off"] + emissions.LOG_TYPICAL
    drawn = np.exp(typical + said.drawn_off(fit, known, draws))
    printed = np.exp(index["level"] + emissions.LOG_TYPICAL)
    there = index["known"] > 0
    return {NAMES[source]: (drawn[:, k, there[k]].ravel(), printed[k, there[k]]) for k, source in enumerate(SOURCES)}
