"""Write apec_by_hour.csv, the answers of the model by hour, and its hash into datapackage.json (maintainers only).

jingjinji fit apec --resolution hour
python compile/compile_hours.py
"""

import hashlib
import json
from pathlib import Path

import pandas as pd

from compile import to_csv
from jingjinji.core import registry
from jingjinji.core.errors import FitMissing
from jingjinji.core.findings import Finding
from jingjinji.fits import fitting

DATA = Path(__file__).parents[1] / "data"
NAME = "apec_by_hour"


def main() -> None:
    (topic,) = registry.BY_HOUR
    found = {}
    for name in fitting.names([topic]):
        try:
            found[name] = fitting.load_findings(name)
        except FitMissing as error:
            print(f"left out: {error}")
    table = by_hour(found)
    content = to_csv(table)
    (DATA / f"{NAME}.csv").write_bytes(content)
    descriptor = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))
    (resource,) = [resource for resource in descriptor["resources"] if resource["name"] == NAME]
    resource |= {"hash": f"sha256:{hashlib.sha256(content).hexdigest()}", "bytes": len(content), "rows": len(table)}
    text = json.dumps(descriptor, ensure_ascii=False, indent=2) + "\n"
    (DATA / "datapackage.json").write_text(text, encoding="utf-8", newline="\n")
    print(f"{len(table)} rows written to {NAME}.csv")


def by_hour(fits: dict[str, dict[str, Finding]]) -> pd.DataFrame:
    """One row a finding of the fits (name -> findings by id): mean, 94 % interval, Monte Carlo error."""
    rows = [finding.summary() | {"fit": name} for name, found in fits.items() for finding in found.values()]
    columns = ["id", "fit", "label", "unit", "mean", "hdi_low", "hdi_high", "mcse_mean", "text"]
    return pd.DataFrame(rows)[columns].round(4)


if __name__ == "__main__":
    main()
