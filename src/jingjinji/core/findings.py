"""A finding: a named quantity with posterior draws, a unit and an interval."""

import difflib
import inspect
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path

import numpy as np

import jingjinji
from jingjinji.core.errors import BookError, FitNotPublished, UnknownFinding

PROBABILITY = 0.94
INTERVAL = "highest-density interval"
NOT_PUBLISHED = "not published: did not converge on this machine"
"""What stands in place of a number whose fit failed the gate."""
INTERVAL_WORDS = f"{round(100 * PROBABILITY)} % HDI ".replace(" ", "\N{NO-BREAK SPACE}")[:-1] + " "
"""What stands before the ends of an interval in a printed finding."""
_MINUS = "\N{MINUS SIGN}"
_SPACE = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Finding:
    """A named quantity.

    Parameters
    ----------
    id : dotted name, topic first: ``pm25.decline.beijing``.
    label : what it is, in words, without its value.
    draws : array (chain, draw); shape (1, 1) for a quantity that is read or computed from tables alone.
    unit : ``%``, ``µg/m³``, ``probability``, ``days``, ... ; printed after the number.
    model : name of the fit that made the draws (``decline``), or ``table``.
    panel : names of the tables of the data package behind it.
    code : ``path:line`` of the code that computes it.
    error : of a single number that was computed from draws, its Monte Carlo standard error where that is known.
    by_median : True where the median stands for the draws, as of a forecast, whose mean a few high paths decide.
    """

    id: str
    label: str
    draws: np.ndarray
    unit: str
    model: str
    panel: tuple[str, ...]
    code: str = ""
    error: float = 0.0
    by_median: bool = False

    def __post_init__(self):
        draws = np.asarray(self.draws, dtype=float)
        if draws.ndim != 2 or draws.size == 0 or not np.isfinite(draws).all():
            raise ValueError(f"finding {self.id}: draws must be a finite array (chain, draw), got shape {draws.shape}")
        object.__setattr__(self, "draws", draws)

    @property
    def exact(self) -> bool:
        """True for a quantity without posterior uncertainty."""
        return self.draws.size == 1

    @property
    def is_probability(self) -> bool:
        return self.unit == "probability"

    @cached_property
    def mean(self) -> float:
        return float(self.draws.mean())

    @cached_property
    def estimate(self) -> float:
        """What is printed for the draws: their mean, or their median."""
        return float(np.median(self.draws)) if self.by_median else self.mean

    @cached_property
    def sd(self) -> float:
        return 0.0 if self.exact else float(self.draws.std(ddof=1))

    @cached_property
    def hdi(self) -> tuple[float, float]:
        """Ends of the 94 % highest-density interval, in the finding's unit."""
        if self.exact:
            return self.mean, self.mean
        low, high = _array_statistics().hdi(self.draws.ravel(), PROBABILITY)
        return float(low), float(high)

    @cached_property
    def mcse(self) -> float:
        """Monte Carlo standard error of the mean; of a single number the `error` that it came with."""
        return self.error if self.exact else self._error("mean")

    @cached_property
    def estimate_mcse(self) -> float:
        """Monte Carlo standard error of the estimate."""
        return self._error("median") if self.by_median and not self.exact else self.mcse

    @cached_property
    def interval_mcse(self) -> float:
        """The larger Monte Carlo standard error of the 3 % and 97 % quantiles."""
        tail = (1 - PROBABILITY) / 2
        return max(self._error("quantile", prob=tail), self._error("quantile", prob=1 - tail))

    @cached_property
    def ess(self) -> float:
        if self._constant:
            return math.nan
        return float(_array_statistics().ess(self.draws, chain_axis=0, draw_axis=1, method="bulk"))

    @cached_property
    def rhat(self) -> float:
        if self._constant or self.draws.shape[0] < 2:
            return math.nan
        with np.errstate(invalid="ignore"):
            return float(_array_statistics().rhat(self.draws, chain_axis=0, draw_axis=1))

    @cached_property
    def _constant(self) -> bool:
        return bool(np.ptp(self.draws) == 0)

    def _error(self, method: str, **kwargs) -> float:
        if self._constant:
            return 0.0
        return float(_array_statistics().mcse(self.draws, chain_axis=0, draw_axis=1, method=method, **kwargs))

    def statistics(self) -> dict:
        """What takes long to compute of the draws, and so is stored beside them; `with_statistics` puts it back."""
        if self._constant:
            return {}
        names = ["hdi", "mcse", "interval_mcse", "ess", "rhat"] + ["estimate_mcse"] * self.by_median
        made = {name: getattr(self, name) for name in names}
        return {name: value for name, value in made.items() if np.isfinite(value).all()}

    def with_statistics(self, made: dict) -> "Finding":
        """This finding, which knows already what `statistics` has made of the same draws."""
        known = {name: tuple(value) if isinstance(value, list) else value for name, value in made.items()}
        self.__dict__.update(known)  # where cached properties keep theirs
        return self

    def labelled(self, label: str) -> "Finding":
        """The same under another label, with what is known of its draws."""
        known = {name: value for name, value in self.__dict__.items() if name not in self.__dataclass_fields__}
        return replace(self, label=label).with_statistics(known)

    @property
    def value_text(self) -> str:
        """The estimate alone, rounded by its Monte Carlo error, with its unit.

        A score is rounded to whole units at most: tens would make all of 96 %.
        """
        if self.is_probability and not self.exact:
            return probability_text(self.mean, self.mcse, self.draws.size)
        if self.exact and not self.error:
            decimals = _shortest_decimals(self.mean)
        else:
            decimals = min(supported_decimals(self.estimate_mcse), self._most_decimals)
            decimals = max(0, decimals) if self.exact else decimals
        return _number(self.estimate, decimals) + self._unit_text

    @property
    def interval_text(self) -> str:
        """The 94 % highest-density interval, rounded by its own Monte Carlo error; empty where there is none."""
        if self.exact or self.is_probability:
            return ""
        decimals = min(supported_decimals(self.interval_mcse), self._most_decimals)
        low, high = self.hdi
        return f"{_number(low, decimals)} to {_number(high, decimals)}{self._unit_text}"

    @property
    def text(self) -> str:
        """``−64 % (94 % HDI −66 to −61 %)``, or the value alone where there is no interval; a median is called one."""
        if not self.interval_text:
            return self.value_text
        kind = "median, " if self.by_median else ""
        return f"{self.value_text} ({kind}{round(100 * PROBABILITY)}{_SPACE}%{_SPACE}HDI {self.interval_text})"

    @property
    def _unit_text(self) -> str:
        return f"{_SPACE}{self.unit}" if self.unit and not self.is_probability else ""

    @property
    def _most_decimals(self) -> int:
        """Three significant figures of the posterior's spread or of the estimate are as many as anyone reads."""
        scale = max(abs(self.estimate), self.sd)
        return max(0, 2 - math.floor(math.log10(scale))) if scale > 0 else 2

    def summary(self) -> dict:
        """One row of the downloadable table of findings."""
        low, high = (math.nan, math.nan) if self.is_probability else self.hdi
        return {
            "id": self.id, "label": self.label, "text": self.text, "unit": self.unit,
            "mean": self.mean, "median": float(np.median(self.draws)), "sd": self.sd, "hdi_low": low, "hdi_high": high,
            "interval": "" if self.exact or self.is_probability else f"{PROBABILITY:g} {INTERVAL}",
            "mcse_mean": self.mcse, "mcse_interval": self.interval_mcse, "ess_bulk": self.ess, "rhat": self.rhat,
            "draws": self.draws.size, "model": self.model, "panel": " ".join(self.panel), "code": self.code,
        }  # fmt: skip


class Findings(dict[str, Finding]):
    """Findings by id, which know of those whose fit did not converge on this machine.

    Parameters
    ----------
    published : id -> finding.
    unpublished : id -> its label and the name of its fit; reading such an id raises FitNotPublished, while ``in`` and
        iteration see the published ones alone.
    failed : name of a fit -> one sentence of what failed.
    """

    def __init__(
        self,
        published: dict[str, Finding] | Iterable = (),
        unpublished: dict[str, tuple[str, str]] | None = None,
        failed: dict[str, str] | None = None,
    ):
        super().__init__(published)
        self.unpublished, self.failed = dict(unpublished or {}), dict(failed or {})
        for id in self.unpublished:
            self.pop(id, None)

    def __missing__(self, id: str):
        if id not in self.unpublished:
            raise KeyError(id)
        fit = self.unpublished[id][1]
        raise FitNotPublished(fit, self.failed.get(fit, ""))

    def label(self, id: str) -> str:
        """What a finding is, in words, whether it is published or not."""
        return self.unpublished[id][0] if id in self.unpublished else self[id].label

    def fits_failed(self, ids: Iterable[str]) -> set[str]:
        """Names of the fits for want of which some of these findings are not published."""
        return {self.unpublished[id][1] for id in ids if id in self.unpublished}


@cache
def _array_statistics():
    """ArviZ's statistics of arrays, loaded when first asked for: a build in which nothing changed needs none."""
    from arviz_stats.base import array_stats

    return array_stats


def anchor_of_fit(name: str) -> str:
    """The place of a fit in the table of diagnostics: ``hongkong/tonnes`` is at ``fit-hongkong-tonnes``."""
    return f"fit-{name.replace('/', '-')}"


def did_not_converge(fits: Iterable[str]) -> str:
    """``fit hongkong did not converge on this machine``, or the same of several fits."""
    *first, last = sorted(fits)
    names = f"fits {', '.join(first)} and {last}" if first else f"fit {last}"
    return f"{names} did not converge on this machine"


def exact(
    id: str, label: str, value: float, unit: str, panel: tuple[str, ...], model: str = "table", error: float = 0.0
) -> Finding:
    """A finding without posterior uncertainty: read or computed from tables, or a score of a whole fit.

    A score names its fit as `model`, and its Monte Carlo `error` where that is known.
    """
    return Finding(id, label, np.array([[value]], dtype=float), unit, model, panel, _caller(), float(error))


def supported_decimals(error: float) -> int:
    """Most decimals whose last place is at least the Monte Carlo error; negative means tens, hundreds.

    With an error of 0.03 the second decimal says nothing: one decimal is printed.
    """
    if error == 0:
        return 15
    return math.floor(-math.log10(error))


def find(findings: dict[str, Finding], id: str) -> Finding:
    """The finding of that id; raises UnknownFinding with the nearest known ids, FitNotPublished as `Findings` does."""
    try:
        return findings[id]
    except KeyError:
        pass
    near = difflib.get_close_matches(id, findings, n=3, cutoff=0.4)
    hint = f"the nearest known are {', '.join(near)}" if near else "no known id is near it"
    raise UnknownFinding(f"there is no finding '{id}': {hint}; 'jingjinji findings list' prints them all")


def event(finding: Finding, below: float | None = None, above: float | None = None) -> Finding:
    """Whether a quantity lies on the asked side of a limit, draw by draw; a probability stands for itself.

    Raises BookError where a probability comes with a limit, or another finding without exactly one.
    """
    limits = (below is not None) + (above is not None)
    if finding.is_probability != (limits == 0) or limits > 1:
        wanted = "no limit, as it is a probability" if finding.is_probability else "one limit, below or above"
        raise BookError(f"headline '{finding.id}' has {limits} limits: expected {wanted}; correct the headline")
    if finding.is_probability:
        return finding
    lies = finding.draws <= below if below is not None else finding.draws >= above
    return replace(finding, draws=lies, unit="probability", by_median=False)


def probability_text(mean: float, mcse: float, draws: int) -> str:
    """A probability with the decimals that its Monte Carlo error and the number of draws support; never 0 or 1."""
    decimals = max(0, min(supported_decimals(mcse), math.floor(math.log10(draws / 3)), 3))
    rounded, place = round(mean, decimals), 10.0**-decimals
    if rounded in (0, 1):
        return f"< {place:g}" if rounded == 0 else f"> {1 - place:g}"
    return _number(mean, decimals)


def _shortest_decimals(value: float) -> int:
    text = f"{value:.4f}".rstrip("0")
    return len(text) - text.index(".") - 1


def _number(value: float, decimals: int) -> str:
    rounded = round(value, decimals)
    text = f"{rounded:.{max(decimals, 0)}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", _MINUS)


def record(
    id: str, label: str, draws: np.ndarray, unit: str, *, model: str, panel: tuple[str, ...], suffix: str = "",
    by_median: bool = False,
):  # fmt: skip
    """A finding that remembers the line of code that called for it; `suffix` marks the fit of a variant."""
    return Finding(id + suffix, label, draws, unit, model, panel, _caller(), by_median=by_median)


def _caller() -> str:
    """Path below the project and line of the code that asked for a finding; the bare name outside the project."""
    frame = inspect.currentframe()
    while Path(frame.f_code.co_filename).parent == Path(__file__).parent:
        frame = frame.f_back
    path = Path(frame.f_code.co_filename)
    inside = path.is_relative_to(jingjinji.PROJECT)
    return f"{path.relative_to(jingjinji.PROJECT).as_posix() if inside else path.name}:{frame.f_lineno}"
