"""What is said of fits of `stations`: the named quantities of a fit."""

import numpy as np

from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.november.series import CONTROLS, EVENTS
from jingjinji.topics.november.stations import FIRST_MONTH, STATIONS, TABLES, of_controls

NORTH = ("Changping", "Dingling", "Huairou", "Shunyi")
WORDS = {"ban": "the ban of 2014", "parade": "the parade of 2015"}
OF_NORTH = f"PM2.5 of the northern stations ({', '.join(NORTH)}) relative to the others, beyond usual"


def findings(fit) -> list[Finding]:
    """Effects of the ban and of the parade at each station, and the pattern north against the rest.

    A station's effect takes the city's from the fit of `BESIDE`, whose draws are independent of these: draws of the
    same chain and number are put together. Of a made-up panel the pattern alone, beside its truth.
    """
    say, city, windows = Scribe(TABLES, "apec.stations.", fit), fit.panel.city, fit.panel.windows
    pattern = fit.parameters["departure_of_event"].transpose("chain", "draw", "pattern", "station").values
    own = of_controls(pattern, windows)
    if fit.panel.truth:
        true = of_controls(fit.panel.truth["patterns"][None, None], windows)
        for key, what in WORDS.items():
            say.pair(f"{key}.north", f"{OF_NORTH}, {what}", north(true[key]).item(), north(own[key]), "%")
        return say.made
    everywhere = city_effects(fit.beside["city"].parameters)
    shared = min(own["ban"].shape[1], everywhere["ban"].shape[1])
    for key, what in WORDS.items():
        effect = 100 * np.expm1(everywhere[key][:, :shared, None] + own[key][:, :shared])
        for column, station in enumerate(STATIONS):
            words = f"change of PM2.5 beyond weather and season at {station}, {what}"
            say.draws(f"{key}.{station.lower()}.effect", words, effect[:, :, column], "%")
        say.draws(f"{key}.north", f"{OF_NORTH}, {what}", north(own[key]), "%")
    complete = np.isfinite(fit.panel.departures).all(axis=1) & (city.pm25.index.month >= FIRST_MONTH)
    say.fact("complete-days", "days from August to December with all twelve stations", int(complete.sum()), "days")
    return say.made


def city_effects(parameters) -> dict[str, np.ndarray]:
    """Effects of ``ban`` and ``parade`` on the city, (chain, draw), log scale, from draws of `apec_series`."""
    effect = parameters["effect"].transpose("chain", "draw", "event").values
    return {event: effect[:, :, EVENTS.index(event)] for event in CONTROLS}


def north(own: np.ndarray) -> np.ndarray:
    """Northern stations against the others, per cent, of departures (..., station) on the log scale."""
    there = np.array([station in NORTH for station in STATIONS])
    return 100 * np.expm1(own[..., there].mean(axis=-1) - own[..., ~there].mean(axis=-1))
