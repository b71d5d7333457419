"""What pages show of models, fits and the gate: small tables, and the graph of a model."""

import inspect
import json
import re
from functools import cache
from html import escape

import numpy as np
import pandas as pd

import jingjinji
from jingjinji.core import registry
from jingjinji.core.findings import anchor_of_fit
from jingjinji.fits import fitting, gate
from jingjinji.show import figures, grids, vector


@cache
def model_of(name: str):
    """The model of a main fit, built once."""
    return registry.module(name).build(registry.load(name))


def show_model(name: str) -> None:
    """Display the priors of a model of the book with their reasons, the graph of its variables, and its code."""
    from IPython.display import HTML, Markdown, display

    display(grids.table(priors_of(name)), HTML(_graph(model_of(name))))
    code = re.sub(r"  # (fmt: skip|noqa.*)$", "", inspect.getsource(registry.module(name).build), flags=re.MULTILINE)
    display(Markdown(f"```python\n{code}```"))


def _graph(model) -> str:
    """A figure of the graph with its words: which variables enter what the data inform."""
    entering, seen = parents(model), [variable.name for variable in model.observed_RVs]
    drawn = figures.model_graph(entering, tuple(seen))
    words = "; ".join(f"{', '.join(sorted(entering[name]))} enter {name}" for name in seen)
    return (
        '<figure><p class="figure-headline">Every variable of the model, and what it enters.</p>'
        f"{vector.html(figures.svg(drawn), f'Graph of the variables of the model: {words}.')}<figcaption>"
        "Arrows lead to what a variable enters; yellow is what the data inform.</figcaption></figure>"
    )


def priors_of(name: str) -> pd.DataFrame:
    """`priors` of a model of the book."""
    return priors(model_of(name), registry.reasons(name))


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
    if "<constant>" not in arguments and "<shared>" not in arguments:
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

    The names of fits are `grids.Html` with an anchor for each (`findings.anchor_of_fit`).
    """
    rows = []
    for name, notes in fitting.stored_notes(fitting.names()).items():
        checks = {check["name"]: check for check in notes["checks"]}

        def worst(check: str, form: str, checks=checks) -> str:
            return f"{checks[check]['value']:{form}}" if check in checks else ""

        agreeing = checks.get(gate.AGREEING[gate.OTHERS])
        rows.append(
            {
                "fit": grids.Html(f'<span id="{anchor_of_fit(name)}">{escape(name)}</span>'),
                "with": _words(name),
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
    # a column of text would make plain text of the anchors
    return pd.DataFrame(rows, dtype=object)


def _words(name: str) -> str:
    """What a variant is, in the words of its model; nothing for a main fit."""
    topic, variant = fitting.parts(name)
    return registry.module(topic).VARIANTS[variant].words if variant else ""


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
    counts = [notes["count"] for notes in fitting.stored_notes(fitting.names()).values()]
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
