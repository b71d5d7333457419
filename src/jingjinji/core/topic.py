"""What a model declares beside its functions: the fits that reuse its compiled form."""

from collections.abc import Callable
from dataclasses import dataclass


def unchanged(panel):
    """The panel itself."""
    return panel


MAIN = "main fit"


@dataclass(frozen=True)
class Variant:
    """A panel that is fitted beside the main one: the same compiled model with other arrays.

    Parameters
    ----------
    words : by which pages, tables of choices and the page *Models* name it.
    change : panel -> panel.
    tables, panel : of which tables and how the panel is made that is changed; the module's own ``TABLES`` and ``panel``
        where they are not given.
    """

    words: str
    change: Callable = unchanged
    tables: tuple[str, ...] = ()
    panel: Callable | None = None


def choices(variants: dict[str, Variant], without: tuple[str, ...] = ()) -> dict[str, str]:
    """What a page calls the main fit and each variant -> what its findings' ids end in."""
    return {MAIN: ""} | {variant.words: f"@{name}" for name, variant in variants.items() if name not in without}
