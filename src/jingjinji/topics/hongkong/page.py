"""What the pages on the Green Silk Road and on governance show: acts in order, findings beside them."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from jingjinji.core.findings import Finding
from jingjinji.core.topic import choices
from jingjinji.show.prior_draws import prior_parameters
from jingjinji.topics.hongkong import emissions
from jingjinji.topics.hongkong import emissions_findings as said

CHOICES = choices(emissions.VARIANTS, without=("to-2019",))


def answers(found: dict[str, Finding]) -> pd.DataFrame:
    """Emissions left in 2035 and the probability of each target, by choice; a row a choice."""
    rows = []
    for choice, end in CHOICES.items():
        rows.append(
            {"choice": choice, "left in 2035": found[f"silk.hongkong.left.2035{end}"].text}
            | {f"P, {label}": found[f"silk.hongkong.reached.{key}{end}"].value_text
               for key, label in (("2030.low", "2030, low end"), ("2030.high", "2030, high end"), ("2035", "2035"),
                                  ("2050", "near zero in 2050"))}
        )  # fmt: skip
    return pd.DataFrame(rows)


def prior_figures(panel: emissions.Panel, draws: int, seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Totals (Mt) and shares (%) as the priors alone expect them beside the printed ones: name -> (drawn, printed)."""
    model = emissions.build(panel)
    names = [variable.name for variable in model.free_RVs]
    fit = SimpleNamespace(parameters=prior_parameters(model, names, draws, seed), panel=panel, seed=seed)
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
