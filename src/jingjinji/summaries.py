"""What a page shows of a fit: arrays and small tables, computed from stored draws."""

import calendar
import json
import logging

import numpy as np
import pandas as pd

import jingjinji
from jingjinji import fitting, gate
from jingjinji.findings import Finding, anchor_of_fit
from jingjinji.models import decline
from jingjinji.models.decline import CALENDAR, CITIES, MONTHS, Panel, Posterior


def prior_months(panel: Panel, draws: int, seed: int) -> np.ndarray:
    """Measured months as the priors alone expect them: (draw, cell), µg/m³."""
    import pymc as pm

    logging.getLogger("pymc").setLevel(logging.WARNING)
    with decline.build(panel):
        prior = pm.sample_prior_predictive(
            draws, var_names=["cells"], random_seed=seed, compile_kwargs={"mode": "FAST_COMPILE"}
        )
    return np.exp(prior["prior_predictive"]["cells"].values[0])


def check_groups(post: Posterior) -> dict[str, tuple[list[str], np.ndarray, np.ndarray]]:
    """Replicated and measured statistics, some of which the model was not fitted to.

    Returns name -> (labels, replicated (draw, group), measured (group)), µg/m³.
    """
    replicated, measured = decline.replicates(post), post.panel.pm25
    by_month = [month == CALENDAR for month in range(12)]
    by_year = [np.array([month.year == year for month in MONTHS]) for year in range(2014, 2021)]
    winters = [decline.MONTHS.month.isin([12, 1, 2]) & use for use in by_year]
    return {
        "mean by calendar month": (
            calendar.month_abbr[1:],
            np.column_stack([np.nanmean(replicated[:, use], axis=(1, 2)) for use in by_month]),
            np.array([np.nanmean(measured[use]) for use in by_month]),
        ),
        "spread between the cities' winter months (standard deviation), by year": (
            [str(year) for year in range(2014, 2021)],
            np.column_stack([np.nanstd(replicated[:, use], axis=2).mean(axis=1) for use in winters]),
            np.array([np.nanstd(measured[use], axis=1).mean() for use in winters]),
        ),
        "dirtiest month by city": (list(CITIES), np.nanmax(replicated, axis=1), np.nanmax(measured, axis=0)),
    }


def season_multiples(post: Posterior) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The region's season (draw, 12) and each city's mean season (12,), as multiples of a typical month."""
    departure = np.einsum("mw,dwc->dmc", decline.season_waves(), post["season_city"])
    cities = np.exp(post["season"][:, :, None] + departure).mean(axis=0)
    return np.exp(post["season"]), {city: cities[:, k] for k, city in enumerate(CITIES)}


def future_months(
    post: Posterior, cities: tuple[str, ...]
) -> tuple[pd.PeriodIndex, dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Months of 2019 and 2020 predicted by a fit to 2018, and measured: months, (draw, month), (month,) by city."""
    future = np.array([2019 <= month.year <= 2020 for month in MONTHS])
    predicted, measured = decline.concentrations(post)[:, future], decline.load().pm25[future]
    columns = {city: CITIES.index(city) for city in cities}
    return (
        MONTHS[future],
        {city: predicted[:, :, k] for city, k in columns.items()},
        {city: measured[:, k] for city, k in columns.items()},
    )


def comparison(published: pd.DataFrame, ours: dict[str, Finding]) -> pd.DataFrame:
    """Published results (ids of `published_results`) beside the finding that comes nearest."""
    rows = published.set_index("id").loc[list(ours)]
    numbers = rows["estimate"] + " " + rows["unit"].fillna("")
    numbers += ("; " + rows["note"]).where(rows["note"].notna(), "")
    return pd.DataFrame(
        {
            "study": rows["study"],
            "quantity": rows["quantity"] + ", " + rows["area"] + ", " + rows["period"],
            "published": numbers,
            "here": [finding.text for finding in ours.values()],
            "our quantity": [finding.label for finding in ours.values()],
        }
    ).reset_index(drop=True)


def priors(model, reasons: dict[str, str]) -> pd.DataFrame:
    """One row a free parameter of a ``pymc.Model``: name, shape, prior, reason; KeyError where a reason is missing."""
    rows = []
    for variable in model.free_RVs:
        prior = _prior(variable, model)
        dims = model.named_vars_to_dims.get(variable.name, ())
        rows.append((variable.name, " x ".join(dims) or _numbers(variable), prior, reasons[variable.name]))
    return pd.DataFrame(rows, columns=["parameter", "dims", "prior", "reason"])


def _numbers(variable) -> str:
    """How many numbers a variable without named dims has."""
    count = int(np.prod(variable.shape.eval(mode="FAST_COMPILE"))) if variable.ndim else 1
    return "one number" if count == 1 else f"{count} numbers"


def _prior(variable, model) -> str:
    """A distribution in words, with the values of arguments that PyMC prints as a constant."""
    _, _, text = variable.str_repr().partition(" ~ ")
    text = text.replace("_lkjcholeskycov", "LKJCholeskyCov").replace(", <shared>", "")
    distribution, _, arguments = text.partition("(")
    if "<constant>" not in arguments:
        return text
    if distribution == "ZeroSumNormal":
        return text.replace(", <constant>", "")
    if distribution == "StudentT":
        shape = variable.owner.op.dist_params(variable.owner)[0].eval(mode="FAST_COMPILE")
        return text.replace("<constant>", f"{float(np.squeeze(shape)):g}")
    texts = [_argument(argument, model) for argument in variable.owner.op.dist_params(variable.owner)]
    names = ("shape ", "scale ") if distribution == "Gamma" else [""] * len(texts)
    return f"{distribution}({', '.join(name + text for name, text in zip(names, texts, strict=True))})"


def _argument(argument, model) -> str:
    """The values of an argument, or the variables of the model that it is made of."""
    from pytensor.graph.traversal import ancestors

    variables = [*model.free_RVs, *model.deterministics]
    made_of = sorted({found.name for found in ancestors([argument], variables) if found in variables})
    if made_of:
        return made_of[0] if argument in variables else f"f({', '.join(made_of)})"
    return " | ".join(f"{value:g}" for value in dict.fromkeys(np.ravel(argument.eval(mode="FAST_COMPILE")).tolist()))


def fits_table() -> pd.DataFrame:
    """One row a fit: draws at which the gate's rule ended it, what the checks measured where it is worst, seconds.

    The names of fits are HTML with an anchor for each (`findings.anchor_of_fit`).
    """
    rows = []
    for name in fitting.names():
        notes = fitting.stored_notes(name)
        checks = {check["name"]: check for check in notes["checks"]}

        def worst(check: str, form: str, checks=checks) -> str:
            return f"{checks[check]['value']:{form}}" if check in checks else ""

        agreeing = checks.get(gate.AGREEING[gate.OTHERS])
        rows.append(
            {
                "fit": f'<span id="{anchor_of_fit(name)}">{name}</span>',
                "chains x draws": f"{notes['sampling']['chains']} x {notes['count']}",
                "R-hat": worst("R-hat", ".3f"),
                "bulk ESS": worst("bulk ESS", ".0f"),
                "tail ESS": worst("tail ESS", ".0f"),
                "R-hat of others": worst("R-hat of other parameters", ".3f"),
                "nearest its bound": f"{agreeing['value']:.3f} of {agreeing['limit']:.3f}" if agreeing else "",
                "ESS of others": worst("bulk ESS of other parameters", ".0f"),
                "divergences": worst("divergences", ".0f"),
                "E-BFMI": worst("E-BFMI", ".2f"),
                "gate": "passed" if not notes["problem"] else f"not passed: {notes['problem']}",
            }
        )
    return pd.DataFrame(rows)


GATE_RATES = jingjinji.PROJECT / "benchmarks" / "gate_rates.json"
_WRONG = {
    "good": "nothing is wrong",
    "shifted": "one chain of four is shifted by {size:g} sd",
    "modes 2:2": "two modes {size:g} sd apart, two chains in each",
    "modes 1:3": "two modes {size:g} sd apart, one chain in the other",
    "frozen": "one chain never moves",
    "stuck": "one chain moves with a twentieth of the sd",
    "hopping": "two modes {size:g} sd apart, the lesser with a mass of {mass:g}, where chains stay for {dwell:,} draws",
    "drift": "all chains drift by {size:g} sd in 1,000 draws",
    "wider": "one chain is twice as wide",
}
_WHERE = {
    "hyperparameter": "one hyperparameter",
    "one": "one other parameter, no finding",
    "finding": "one other parameter, some findings",
    "others": "all others",
    "all": "all",
}


def gate_rates() -> pd.DataFrame:
    """How often the gate passes simulated fits, as ``benchmarks/gate_rates.py`` has kept it: one row a kind of fit.

    Shares are per cent of the replications, with 95 % intervals; `draws` is the median of those that passed.
    """
    rows = []
    for cell in json.loads(GATE_RATES.read_text("utf-8"))["cells"]:
        gate = cell["rules"]["gate"]
        looks = [int(draws) for draws, count in gate["looks"].items() for _ in range(count)]
        what = _WRONG[cell["kind"]].format(**cell)
        where = _WHERE[cell["where"]] if cell["kind"] != "good" else f"{cell['others']:,} other parameters"
        slow = f", the slowest with autocorrelation {cell['slowest']:g}" if cell["kind"] == "good" else ""
        alike = f", correlated {cell['common']:g}" if cell["common"] else ""
        rows.append(
            {
                "simulated fits": f"{what}: {where}{slow}{alike}",
                "how many": cell["replications"],
                "passed": _share(gate["passed"]),
                "draws": f"{np.median(looks):,.0f}" if looks else "none",
                "if one look that holds were enough": _share(cell["rules"]["any look that holds"]["passed"]),
                "if there were the first look alone": _share(cell["rules"]["one look, at the first"]["passed"]),
                "by the rule before": _share(cell["rules"]["old rule"]["passed"]),
            }
        )
    return pd.DataFrame(rows)


def draws_of_the_rule_before() -> int:
    """After how many draws of each chain the gate looked once, before it looked several times."""
    return json.loads(GATE_RATES.read_text("utf-8"))["old_draws"]


def went_on() -> tuple[int, int]:
    """How many fits did not end at the first look, and how many there are."""
    counts = [fitting.stored_notes(name)["count"] for name in fitting.names()]
    return sum(count > gate.LOOKS[0] for count in counts), len(counts)


def _share(estimate: list[float]) -> str:
    share, low, high = (100 * value for value in estimate)
    return f"{share:.0f} % ({low:.0f} to {high:.0f})"


def parents(model) -> dict[str, set[str]]:
    """Which random and derived variables of a ``pymc.Model`` enter which; data nodes are left out."""
    from pymc.model_graph import ModelGraph

    data = {variable.name for variable in model.data_vars}
    graph = ModelGraph(model).make_compute_graph()
    return {
        str(name): {str(parent) for parent in entering} - data for name, entering in graph.items() if name not in data
    }


def left_out_coverage(found: dict[str, Finding]) -> pd.DataFrame:
    """Coverage of each left-out city's months (per cent), and the mean over the cities in the last row.

    found : the findings of the fits of `decline.LEFT_OUT` together.
    """
    rows = {
        city: [found[f"pm25.leave-out.{city.lower()}.coverage{level}"].mean for level in (50, 94)] for city in CITIES
    }
    rows["all cities"] = np.mean(list(rows.values()), axis=0).tolist()
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["inside 50 % (%)", "inside 94 % (%)"])
    return table.round(0).astype(int).rename_axis("left out").reset_index()
