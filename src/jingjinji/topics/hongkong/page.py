"""What the pages on the Green Silk Road and on governance show: acts in order, findings beside them."""

import numpy as np
import pandas as pd

from jingjinji.core.findings import Finding
from jingjinji.core.topic import choices
from jingjinji.show.answers import by_choice
from jingjinji.show.prior_draws import prior_fit
from jingjinji.topics.hongkong import emissions
from jingjinji.topics.hongkong import emissions_findings as said

CHOICES = choices(emissions.VARIANTS, without=("to-2019",))


def answers(found: dict[str, Finding]) -> pd.DataFrame:
    """Emissions left in 2035 and the probability of each target, by choice; a row a choice."""
    ids = {
        "left in 2035": "silk.hongkong.left.2035",
        "P, 2030, low end": "silk.hongkong.reached.2030.low",
        "P, 2030, high end": "silk.hongkong.reached.2030.high",
        "P, 2035": "silk.hongkong.reached.2035",
        "P, near zero in 2050": "silk.hongkong.reached.2050",
    }
    return by_choice(found, CHOICES, ids)


def prior_figures(panel: emissions.Panel, draws: int, seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Totals (Mt) and shares (%) as the priors alone expect them beside the printed ones: name -> (drawn, printed)."""
    fit = prior_fit(emissions.build(panel), panel, draws, seed)
    drawn, printed = emissions.drawn(fit, said.states(fit)), panel.printed
    made = {}
    for quantity, factor in (("emissions", 1.0), ("share", 100.0)):
        use = (printed.quantity == quantity).to_numpy()
        name = {"emissions": "totals (Mt)", "share": "shares (%)"}[quantity]
        made[name] = (factor * np.exp(drawn[:, use]).ravel(), factor * np.exp(printed.value[use].to_numpy()))
    return made


def check_figures(fit) -> dict[str, tuple[list[str], dict[str, tuple[np.ndarray, np.ndarray]]]]:
    """Totals and shares drawn anew and printed: panel -> (years, {name: (drawn (draw, year), printed)})."""
    drawn, printed = emissions.drawn(fit, said.states(fit))[::10], fit.panel.printed
    made = {}
    for title, quantity, sector, factor in (
        ("all sectors (Mt)", "emissions", "all", 1.0),
        ("share of electricity (%)", "share", "electricity", 100.0),
        ("share of transport (%)", "share", "transport", 100.0),
        ("share of waste (%)", "share", "waste", 100.0),
    ):
        rows = printed[(printed.quantity == quantity) & (printed.sector == sector)].sort_values("year")
        made[title] = (
            [str(year) for year in rows.year],
            {"figure": (factor * np.exp(drawn[:, rows.index]), factor * np.exp(rows.value.to_numpy()))},
        )
    return made
