"""Tables of findings: under several choices of model, and beside what others have published."""

import pandas as pd

from jingjinji.core.findings import INTERVAL_WORDS, Finding


def by_choice(found: dict[str, Finding], choices: dict[str, str], ids: dict[str, str]) -> pd.DataFrame:
    """Findings, a row a choice of model (its words -> the end of its ids), a column an answer (its head -> id)."""
    rows = [{"choice": choice} | {head: found[f"{id}{end}"].text for head, id in ids.items()}
            for choice, end in choices.items()]  # fmt: skip
    return pd.DataFrame(rows)


def bare(finding: Finding, unit: str = "") -> str:
    """A finding without the kind of its interval, and without a unit that the head or caption of a table names."""
    text = finding.text.replace(INTERVAL_WORDS, "")
    return text.replace(f"\N{NO-BREAK SPACE}{unit}", "") if unit else text


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
