"""What is said of fits of `hours`: the named quantities of a fit."""

import numpy as np

from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.november.hours import BAN, EVENTS, TABLES

HOURS_OF_DAY = 24


def findings(fit) -> list[Finding]:
    """Effect of the ban, carry-over, and what part of what the hours say of a step of ten days comes from its edges."""
    site, _, choice = fit.variant.partition("-") if fit.variant.startswith("stations") else ("embassy", "", fit.variant)
    say = Scribe(TABLES, f"apec.hours.{site}.", fit, ending=choice)
    effects = fit.parameters["effect"].transpose("chain", "draw", "event").values
    spans = [fit.panel.windows[event] for event in BAN]
    hours = [(last - first) // np.timedelta64(1, "h") + 1 for first, last in spans]
    effect = sum(count * effects[:, :, EVENTS.index(event)] for count, event in zip(hours, BAN, strict=True)) / sum(
        hours
    )
    words = f"{spans[0][0].date()} to {spans[-1][1].date()}, {site}, by hour"
    say.draws(
        "ban.effect", f"change of PM2.5 beyond weather, season and ordinary scatter, {words}", _percent(effect), "%"
    )
    carry_over = fit.parameters["carry_over"].transpose("chain", "draw").values
    label = f"part of a departure that carries over to the same hour of the next day, {site}, by hour"
    say.draws("carry-over", label, 100 * carry_over**HOURS_OF_DAY, "%")
    label = f"what part of the information on a step of ten days lies in its first hour and the first after it, {site}"
    say.draws("edges", label, 100 * of_edges(carry_over, sum(hours)), "%")
    return say.made


def of_edges(carry_over, steps: int):
    """What share of the information on a step of so many readings in an AR(1) lies in its first and the first after it.

    The innovations see the step whole where it begins, one less the carry-over of it in every further reading, and the
    carry-over of it, with the other sign, after it.
    """
    outside, inside = 1 + carry_over**2, (steps - 1) * (1 - carry_over) ** 2
    return outside / (outside + inside)


def _percent(effect: np.ndarray) -> np.ndarray:
    return 100 * np.expm1(effect)
