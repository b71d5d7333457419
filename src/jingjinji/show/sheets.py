"""Tables as text that a spreadsheet opens as it is meant."""

import math

import numpy as np
import pandas as pd

from jingjinji.core.writing import harmless


def csv(frame: pd.DataFrame) -> str:
    """Rows as the text of a csv file: numbers with six digits at most, no cell that a spreadsheet would run."""
    plain = frame.map(_cell).rename(columns=lambda name: harmless(one_line(str(name))))
    return plain.to_csv(index=False, lineterminator="\n") if len(frame.columns) else ""


def one_line(text: str) -> str:
    """A text with single spaces for all white space."""
    return " ".join(text.split())


def _cell(value) -> object:
    if pd.isna(value) or (isinstance(value, float) and math.isinf(value)):
        return ""
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    return harmless(one_line(str(value)))
