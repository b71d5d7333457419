"""What is said of fits of `stations`: the named quantities of a fit."""

from dataclasses import replace
from functools import partial

import numpy as np

from jingjinji.core.findings import Finding, exact, record
from jingjinji.topics.november import series
from jingjinji.topics.november.series import EVENTS
from jingjinji.topics.november.stations import CONTROLS, FIRST_MONTH, STATIONS, TABLES, _of_ban, departures

NORTH = ("Changping", "Dingling", "Huairou", "Shunyi")


def findings(fit) -> list[Finding]:
    """Effects of the ban and of the parade at each station, and the pattern north against the rest.

    A station's effect takes the city's from the fit of `BESIDE`, whose draws are independent of these: draws of the
    same chain and number are put together. Of a made-up panel the pattern alone, beside its truth.
    """
    if fit.panel.truth:
        return _recovered(fit)
    name = partial(record, model=fit.name, panel=TABLES)
    city, prefix = fit.panel.city, "apec.stations"
    own = departures(fit.parameters["departure_of_event"].transpose("chain", "draw", "pattern", "station").values, city)
    everywhere = city_effects(fit.beside["city"].parameters, city)
    shared = min(own["ban"].shape[1], everywhere["ban"].shape[1])
    made = []
    for key, what in WORDS.items():
        effect = everywhere[key][:, :shared, None] + own[key][:, :shared]
        made += [
            name(
                f"{prefix}.{key}.{station.lower()}.effect",
                f"change of PM2.5 beyond weather and season at {station}, {what}",
                100 * np.expm1(effect[:, :, column]),
                "%",
            )
            for column, station in enumerate(STATIONS)
        ]
        made.append(_north(own[key], f"{prefix}.{key}.north", what, name))
    complete = np.isfinite(fit.panel.departures).all(axis=1)
    autumn = city.pm25.index.month >= FIRST_MONTH
    made.append(
        exact(
            f"{prefix}.complete-days",
            "days from August to December with all twelve stations",
            int((complete & autumn).sum()),
            "days",
            TABLES,
        )
    )
    return made


WORDS = {"ban": "the ban of 2014", "parade": "the parade of 2015"}


def city_effects(parameters, city: series.Panel) -> dict[str, np.ndarray]:
    """Effects of ``ban`` and ``parade`` on the city, (chain, draw), log scale, from draws of `apec_series`."""
    effect = parameters["effect"].transpose("chain", "draw", "event").values
    first, second, parade = (effect[:, :, EVENTS.index(event)] for event in CONTROLS)
    return {"ban": _of_ban(first, second, city), "parade": parade}


def _north(own: np.ndarray, id: str, what: str, name) -> Finding:
    north = np.array([station in NORTH for station in STATIONS])
    gap = own[..., north].mean(axis=-1) - own[..., ~north].mean(axis=-1)
    label = f"PM2.5 of the northern stations ({', '.join(NORTH)}) relative to the others, beyond usual, {what}"
    return name(id, label, 100 * np.expm1(gap), "%")


def _recovered(fit) -> list[Finding]:
    """True pattern of the events in a made-up panel, and what the model gives back."""
    name = partial(record, model=fit.name, panel=(), suffix=f"@{fit.variant}")
    city, made = fit.panel.city, []
    found = departures(
        fit.parameters["departure_of_event"].transpose("chain", "draw", "pattern", "station").values, city
    )
    true = departures(fit.panel.truth["patterns"][None, None], city)
    for key, what in WORDS.items():
        truth = _north(true[key], f"apec.stations.truth.{key}.north", what, name)
        made += [
            replace(truth, label=f"truth: north against the rest, {what}", model="table"),
            _north(found[key], f"apec.stations.{key}.north", what, name),
        ]
    return made
