"""Writes findings down: what those of one fit, or of some tables, have in common is said once."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from jingjinji.core.findings import Finding, exact, record

Labels = Mapping[str, tuple]
"""Id -> (unit, label with {words}), of a number with a third entry: the digits to which it is rounded, None for all."""


@dataclass(frozen=True)
class Scribe:
    """Notes findings under a prefix of ids, in the list `made`.

    Parameters
    ----------
    tables : names of the tables of the data package behind them.
    prefix : begin of every id, with its dot.
    fit : the fit of which they are said; ids of a variant end in ``@variant``. None for what tables alone say.
    ending : what ids end in after ``@`` where that is not the variant's name; empty for ids without an end.
    """

    tables: tuple[str, ...]
    prefix: str = ""
    fit: object = None
    made: list[Finding] = field(default_factory=list)
    ending: str | None = None

    @property
    def suffix(self) -> str:
        ending = self.ending if self.ending is not None else self.fit and self.fit.variant
        return f"@{ending}" if ending else ""

    def under(self, prefix: str = "", **changed) -> "Scribe":
        """A scribe that notes into the same list, under a longer prefix, of other `tables` or with another `ending`."""
        return replace(self, prefix=f"{self.prefix}{prefix}", **changed)

    def draws(self, id: str, label: str, values: np.ndarray, unit: str, by_median: bool = False) -> None:
        """A quantity with draws, (chain, draw) or those of all chains one after the other; a forecast `by_median`."""
        values = np.asarray(values)
        if values.ndim != 2 or len(values) != self.fit.parameters.sizes["chain"]:
            values = values.reshape(self.fit.parameters.sizes["chain"], -1)
        self.made.append(
            record(
                self.prefix + id, label, values, unit, model=self.fit.name, panel=self.tables, suffix=self.suffix,
                by_median=by_median,
            )
        )  # fmt: skip

    def score(
        self, id: str, label: str, value: float, unit: str = "", digits: int | None = None, error: float = 0.0
    ) -> None:
        """One number of a whole fit, such as a coverage, with its Monte Carlo error where that is known."""
        id = self.prefix + id + self.suffix
        self.made.append(exact(id, label, _rounded(value, digits), unit, self.tables, self.fit.name, error))

    def fact(
        self, id: str, label: str, value: float, unit: str = "", digits: int | None = None, error: float = 0.0
    ) -> None:
        """One number that tables alone say; of a variant's fit it has the suffix, because its panel may differ."""
        id = self.prefix + id + self.suffix
        self.made.append(exact(id, label, _rounded(value, digits), unit, self.tables, error=error))

    def pair(self, key: str, label: str, truth: float, values: np.ndarray, unit: str, estimate: str = "") -> None:
        """The truth of a made-up record, and its estimate under the id `estimate`, by default `key`."""
        plain = self.under(tables=())
        plain.fact(f"truth.{key}", f"truth: {label}", truth, unit)
        plain.draws(estimate or key, label, values, unit)

    def table(self, labels: Labels, values: Mapping[str, np.ndarray], **words) -> None:
        """Several quantities of one kind, id -> draws."""
        for id, given in values.items():
            unit, label = labels[id]
            self.draws(id, label.format(**words), given, unit)

    def scores(self, labels: Labels, values: Mapping[str, float], **words) -> None:
        """Several numbers of a whole fit, id -> number."""
        for id, given in values.items():
            unit, label, digits = labels[id]
            self.score(id, label.format(**words), given, unit, digits)

    def facts(self, labels: Labels, values: Mapping[str, float], **words) -> None:
        """Several numbers that tables alone say, id -> number."""
        for id, given in values.items():
            unit, label, digits = labels[id]
            self.fact(id, label.format(**words), given, unit, digits)


def _rounded(value: float, digits: int | None) -> float:
    return float(value) if digits is None else round(float(value), digits)
