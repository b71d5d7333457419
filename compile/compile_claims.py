"""Compile the claims of the five articles with the rules of claims.toml; called by compile.py.

By itself it writes claims.csv and its hash alone: python compile/compile_claims.py [--research DIR]
Without --research what comes from the research table is taken from claims.csv as it is.
"""

import argparse
import hashlib
import json
import tomllib
from pathlib import Path

import pandas as pd

from jingjinji.claims import rules
from jingjinji.core.errors import BookError

HERE = Path(__file__).parent
DATA = HERE.parent / "data"
CHAPTERS = {"energy-apec": "energy-structure", "miyun": "miyun-compensation", "hydrogen": "hydrogen-clusters"}
SHORT = {
    r"\bBTH\b": "Beijing-Tianjin-Hebei", r"\bYRD\b": "Yangtze delta", r"\bGBA\b": "Greater Bay Area",
    r"\bHEI\b": "university", r"\bHEIs\b": "universities", r"\bFYP\b": "five-year plan", "ug/m3": "µg/m³",
}  # fmt: skip
RESEARCHED = ("id", "seed_file", "chapter", "area", "period", "test")
WRITTEN = ("claim", "said", "rule", "reason")
OPTIONAL = ("speaker", "published", "chapter", "found", "against")
COLUMNS = ("id", "chapter", "article", "speaker", "published", "claim", "said", "area", "period", "test", "against",
           "rule", "found", "reason")  # fmt: skip


def claims_table(researched: pd.DataFrame, written: dict) -> pd.DataFrame:
    """Table `claims`: area, period and what could test it as researched, everything else as written."""
    articles, claims = written["articles"], {id: part for id, part in written.items() if id.startswith("C")}
    _check(researched, claims)
    rows = []
    for row in researched.to_dict("records"):
        claim, article = claims[row["id"]], articles[row["seed_file"]]
        chapter = claim.get("chapter", CHAPTERS.get(row["chapter"], row["chapter"]))
        rows.append(
            {
                **{name: row[name] for name in ("id", "area", "period", "test")},
                "chapter": chapter,
                "article": article["name"],
                "speaker": claim.get("speaker", article["speaker"]),
                "published": article["published"],
                **{name: claim[name] for name in WRITTEN},
                **{name: claim.get(name, "") for name in ("found", "against")},
            }
        )
    return pd.DataFrame(rows)[list(COLUMNS)].sort_values("id", ignore_index=True)


def research_table(research: Path) -> pd.DataFrame:
    """The researched columns of the claims, columns `RESEARCHED`."""
    table = pd.read_csv(research / "official/claims.csv", keep_default_na=False, dtype=str)
    table = table.rename(columns={"claim_id": "id", "data_that_could_test_it": "test"})
    for column in ("area", "period", "test"):
        table[column] = table[column].replace(SHORT, regex=True)
    table["test"] = table["test"].replace({"none": "", "Same": "Plan text"})
    return table[list(RESEARCHED)]


def published_table(written: dict) -> pd.DataFrame:
    """The researched columns as claims.csv has them."""
    table = pd.read_csv(DATA / "claims.csv", keep_default_na=False, dtype=str)
    files = {article["name"]: file for file, article in written["articles"].items()}
    return table.assign(seed_file=table["article"].map(files))[list(RESEARCHED)]


def rules_as_written() -> dict:
    """claims.toml; ends with a sentence where it is no TOML, or without articles."""
    try:
        written = tomllib.loads((HERE / "claims.toml").read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SystemExit(f"claims.toml is no TOML in UTF-8: {error}") from None
    articles = written.get("articles", {})
    wrong = [name for name, article in articles.items() if {*article} < {"name", "speaker", "published"}]
    if wrong or not articles:
        raise SystemExit(f"claims.toml, [articles.{''.join(wrong[:1])}]: expected name, speaker and published")
    return written


def claims(research: Path) -> pd.DataFrame:
    """Table `claims` from the research folder."""
    return claims_table(research_table(research), rules_as_written())


def _check(researched: pd.DataFrame, claims: dict) -> None:
    strangers = sorted(set(claims) ^ set(researched["id"]))
    if strangers:
        raise SystemExit(f"claims {', '.join(strangers)} are in one of claims.toml and the research table only")
    for id, claim in claims.items():
        if not isinstance(claim, dict):
            raise SystemExit(f"claims.toml, {id} is {claim!r}: expected a table [{id}]")
        missing = [name for name in WRITTEN if not claim.get(name)]
        unknown = sorted(set(claim) - {*WRITTEN, *OPTIONAL})
        if missing or unknown:
            raise SystemExit(f"claims.toml, [{id}]: missing {missing}, unknown {unknown}")
        if no_text := [f"{name} = {value!r}" for name, value in claim.items() if not isinstance(value, str)]:
            raise SystemExit(f"claims.toml, [{id}]: {no_text[0]} is no text: write it in quotes")
        try:
            rules.parse(claim["rule"])
            for placeholder in rules.PLACEHOLDER.findall(claim.get("found", "")):
                rules.parse_value(placeholder)
        except BookError as error:
            raise SystemExit(f"claims.toml, [{id}]: {error}") from None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--research", type=Path, help="folder of the research tables")
    research, written = parser.parse_args().research, rules_as_written()
    table = claims_table(research_table(research) if research else published_table(written), written)
    write_table("claims", table)


def write_table(name: str, table: pd.DataFrame) -> None:
    """Write a table of the package and its hash; what the descriptor does not have yet is taken from the template."""
    content = table.to_csv(index=False, lineterminator="\n").encode("utf-8")
    (DATA / f"{name}.csv").write_bytes(content)
    package = DATA / "datapackage.json"
    descriptor = json.loads(package.read_text(encoding="utf-8"))
    template = json.loads((HERE / "package.template.json").read_text(encoding="utf-8"))
    resource = next(one for one in template["resources"] if one["name"] == name)
    resource |= {"hash": f"sha256:{hashlib.sha256(content).hexdigest()}", "bytes": len(content), "rows": len(table)}
    others = {one["name"]: one for one in descriptor["resources"]} | {name: resource}
    order = dict.fromkeys([*(one["name"] for one in template["resources"]), *others])
    descriptor["resources"] = [others[one] for one in order if one in others]
    text = json.dumps(descriptor, ensure_ascii=False, indent=2) + "\n"
    package.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
