"""Compile small tables that decide single claims: winters, other pollutants, green patents; called by compile.py.

By itself it writes these three and their hashes alone: python compile/compile_evidence.py --research DIR
"""

import argparse
from pathlib import Path

import pandas as pd
from compile_claims import write_table

WINTERS = range(2014, 2020)
FIRST_MONTH, LAST_MONTH = 10, 3
HEAVY = 150
"""µg/m³: above it a day's mean is heavy pollution."""
UPPER = 0.95
YEARS = range(2014, 2024)
THREE = {
    **dict.fromkeys(("Beijing", "Tianjin", "Hebei"), "Beijing-Tianjin-Hebei"),
    **dict.fromkeys(("Shanghai", "Jiangsu", "Zhejiang", "Anhui"), "Yangtze delta"),
    "Guangdong": "Guangdong",
}
POLLUTANTS = {"CO_p95": "CO, 95 % of days below", "O3_MDA8_p90": "O3 of 8 hours, 90 % of days below"}


def evidence_tables(research: Path) -> dict[str, pd.DataFrame]:
    """The three tables."""
    return {
        "pollution_winter": pollution_winter(research),
        "pollutants_annual": pollutants_annual(research),
        "green_patents": green_patents(research),
    }


def pollution_winter(research: Path) -> pd.DataFrame:
    """Ten cities from October to March: days with a reading, heavy days, a high day and a steep rise of PM2.5.

    Daily means are read from two collections and only counts and quantiles of a half year are kept.
    """
    names = ["city", "date", "pm25"]
    early = pd.read_csv(research / "air/bth13_city_day_2013-12_2017-01_aqistudy.csv.gz", usecols=names)
    late = pd.read_csv(research / "air/bth10_city_day_2017-01_2020-11_crea.csv.gz", usecols=names)
    early = early[(early["date"] < late["date"].min()) & early["city"].isin(late["city"].unique())]
    days = pd.concat([early, late]).assign(date=lambda table: pd.to_datetime(table["date"]))
    return winters(days.pivot(index="date", columns="city", values="pm25").asfreq("D"))


def winters(days: pd.DataFrame) -> pd.DataFrame:
    """`pollution_winter` of daily means, rows days without a gap, columns cities, µg/m³."""
    rows = []
    for winter in WINTERS:
        half = days.loc[f"{winter}-{FIRST_MONTH:02}-01" : f"{winter + 1}-{LAST_MONTH:02}-31"]
        rises = half.diff()
        for city in half.columns:
            seen = half[city].dropna()
            rows.append(
                {"city": city, "winter": winter, "days": len(seen), "heavy_days": int((seen > HEAVY).sum()),
                 "high": round(seen.quantile(UPPER), 1), "rise": round(rises[city].quantile(UPPER), 1)}
            )  # fmt: skip
    return pd.DataFrame(rows).sort_values(["city", "winter"], ignore_index=True)


def pollutants_annual(research: Path) -> pd.DataFrame:
    """Official annual figures of other pollutants than PM2.5."""
    table = pd.read_csv(research / "official/other_pollutants_annual.csv", keep_default_na=False)
    table = table[table["confidence"] == "verified-page"]
    return pd.DataFrame(
        {
            "area": table["area"].replace("BTH13", "Beijing-Tianjin-Hebei"), "year": table["year"],
            "pollutant": table["pollutant"].replace(POLLUTANTS), "value": table["value"],
            "unit": table["unit"].replace({"ug/m3": "µg/m³", "mg/m3": "mg/m³"}),
            "title": table["source_title"], "publisher": table["publisher"], "url": table["source_url"],
        }
    ).sort_values(["area", "pollutant", "year"], ignore_index=True)  # fmt: skip


def green_patents(research: Path) -> pd.DataFrame:
    """Green invention patents and residents by province and year."""
    names = {"green_invention_patents": "patents", "population_resident": "people"}
    table = pd.read_csv(research / "energy/province_panel_wide.csv.gz", usecols=["province", "year", *names])
    table = table[table["year"].isin(YEARS)].rename(columns=names).dropna()
    table = table.assign(
        patents=table["patents"].astype(int),
        region=table["province"].map(THREE).fillna("others"),
        per_million=(100 * table["patents"] / table["people"]).round(1),
    )
    columns = ["province", "year", "region", "patents", "people", "per_million"]
    return table[columns].sort_values(["province", "year"], ignore_index=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--research", type=Path, required=True, help="folder of the research tables")
    for name, table in evidence_tables(parser.parse_args().research).items():
        write_table(name, table)


if __name__ == "__main__":
    main()
