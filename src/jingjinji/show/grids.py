"""The one place through which the pages' tables go: every cell and every head is text, and never HTML."""

import pandas as pd
from pandas.io.formats.style import Styler


class Html(str):
    """A cell that is HTML by intent, such as an anchor, made of escaped parts; its column is of objects."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def table(
    frame: pd.DataFrame, formats: dict[str, str] | None = None, precision: int | None = None, kind: str = ""
) -> Styler:
    """A table as a page shows it, without its index.

    formats : column -> format of its numbers. precision : decimals of all other numbers. kind : class of the table.
    """
    styler = frame.style.format(formats, precision=precision, escape="html").format_index(axis=1, escape="html").hide()
    return styler.set_table_attributes(f'class="{kind}"') if kind else styler
