"""Compile the tables of energy, coal and emissions; called by compile.py."""

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd

UNVERIFIED = "memory-unverified"
YEARS_OF_EMISSIONS = range(2003, 2018)
YEARS_OF_MIX = range(2003, 2023)
FIRST_YEAR_OF_COAL = 2003
# Tonnes of coal equivalent by unit, as the balance's own totals use them; heat from the yearbook's appendix.
OIL = {"crude_oil": 1.4286, "gasoline": 1.4714, "kerosene": 1.4714, "diesel": 1.4571, "fuel_oil": 1.4286, "lpg": 1.7143}
GAS, ELECTRICITY, HEAT = 13.3, 1.229, 0.0341
FIRST_YEAR = 1955
ARTICLE = "seed:002_726afbb3a3f87ab3.txt"
YEARBOOK = "yearbook:coal"
SERIES = {
    ("Germany", "hard_coal_output"): ("Germany", "hard-coal output", "Mt", 1),
    ("Germany", "hard_coal_employment"): ("Germany", "hard-coal jobs", "thousand", 1000),
    ("Ruhr", "hard_coal_output"): ("Ruhr", "hard-coal output", "Mt", 1),
    ("Ruhr", "hard_coal_output_prosper_haniel"): ("Ruhr", "hard-coal output", "Mt", 1),
    ("Ruhr", "coal_mining_workforce"): ("Ruhr", "hard-coal jobs", "thousand", 1000),
}
BOUNDS = {"more than": "lower", "over": "lower", "less than": "upper", "below": "upper"}
FACTS_OF_GERMANY = {
    "hard_coal_mines": ("hard-coal mines", "mines", 1),
    "steel_employment": ("steel jobs", "thousand", 1000),
    "steel_jobs_change": ("change of steel jobs", "%", 1),
}
FACTS_OF_REGION = {
    "coal_share_energy": ("coal share of energy", "%", 1),
    "coal_consumption_upper_bound": ("coal consumption", "Mt", 100),
    "crude_steel": ("crude-steel output", "Mt", 100),
    "steelmaking_capacity_cut": ("steel-making capacity cut", "Mt", 100),
    "cement_capacity_cut": ("cement capacity cut", "Mt", 100),
    "coal_consumption_cut": ("coal consumption cut", "Mt", 100),
}
REGION = "Beijing-Tianjin-Hebei"
# Numbers of the article: claim -> area, period, quantity, unit, value, bound.
CLAIMS = {
    "C028": (REGION, "about 2013", "share of PM2.5 emissions, coal power, steel and cement", "%", "", ""),
    "C029": (REGION, "about 2013", "share of SO2 emissions, coal power, steel and cement", "%", "", ""),
    "C030": (REGION, "about 2013", "share of NOx emissions, coal power, steel and cement", "%", "", ""),
    "C035": ("Ruhr", "", "share of German coal reserves", "%", "75", ""),
    "C036": ("Ruhr", "1964/2014", "change of hard-coal output", "%", "", ""),
    "C037": ("Ruhr", "", "year in which the last hard-coal mine closes", "year", "", ""),
    "C038": ("Ruhr", "1964", "steel jobs", "thousand", "230", ""),
    "C038b": ("Ruhr", "2014", "steel jobs", "thousand", "50", "upper"),
    "C040": ("Ruhr", "2014", "universities and colleges", "institutions", "15", ""),
    "C041": ("Hebei", "2014", "firms on the first list: steel", "firms", "", ""),
    "C042": ("Hebei", "2014", "firms on the first list: cement", "firms", "", ""),
    "C043": ("Hebei", "2014", "firms on the first list: paper", "firms", "", ""),
    "C044": ("Hebei", "2014", "firms on the first list: printing and dyeing", "firms", "", ""),
    "C045": ("Hebei", "2014", "firms on the first list: flat glass", "firms", "", ""),
    "C046": ("Hebei", "2014", "firms on the first list: coke", "firms", "", ""),
    "C047": ("Hebei", "2014", "steel-making capacity", "Mt", "286", ""),
    "C047b": ("Hebei", "2015", "steel-making capacity planned", "Mt", "220", ""),
    "C048": ("Hebei", "2014/2015", "steel-making capacity cut planned", "Mt", "", ""),
    "C049": ("Hebei", "2014", "firms that smelt steel", "firms", "150", ""),
    "C049b": ("Hebei", "2015", "firms that smelt steel, planned", "firms", "50", ""),
    "C050": ("Hebei", "2020", "firms that smelt steel, planned", "firms", "30", ""),
}  # fmt: skip
PARTS = {
    "motor vehicles": "vehicles",
    "mobile sources": "vehicles",
    "coal combustion": "coal",
    "industrial production": "industry",
    "industry": "industry",
    "dust": "dust",
    "residential/area sources": "living",
    "residential/living sources": "living",
    "agriculture and natural": "agriculture and nature",
    "agriculture and natural background": "agriculture and nature",
    "regional transport": "from outside",
    "local emissions": "local",
}


def energy_tables(research: Path, cite: Callable) -> dict[str, pd.DataFrame]:
    """The six tables; `cite` gives title, publisher, date and address of a source."""
    wide = pd.read_csv(research / "energy/province_panel_wide.csv.gz")
    pages = pd.read_csv(research / "energy/bth_page_facts.csv", keep_default_na=False, dtype=str)
    germany = pd.read_csv(research / "energy/ruhr_germany.csv", keep_default_na=False, dtype=str)
    countries = pd.read_csv(research / "energy/national_china_germany_hongkong_japan.csv.gz")
    shares = pd.read_csv(research / "energy/pm25_source_apportionment.csv", keep_default_na=False)
    claims = pd.read_csv(research / "official/claims.csv", keep_default_na=False)
    return {
        "energy_province_year": energy_province_year(wide),
        "energy_mix_year": energy_mix_year(wide),
        "energy_coal_year": energy_coal_year(wide, countries),
        "coal_phase_out": coal_phase_out(wide, pages, germany, cite),
        "source_apportionment": source_apportionment(shares, cite),
        "energy_facts": energy_facts(pages, germany, shares, claims, cite),
    }


def energy_province_year(wide: pd.DataFrame) -> pd.DataFrame:
    """Coal, energy, output and emissions of thirty provinces, 2003 to 2017."""
    rows = wide[wide["year"].isin(YEARS_OF_EMISSIONS) & (wide["province"] != "Tibet")]
    table = pd.DataFrame(
        {
            "province": rows["province"],
            "year": rows["year"],
            "coal": (rows["coal_consumption"] / 100).round(4),
            "energy": (rows["total_energy_consumption"] / 100).round(4),
            "gdp": (rows["gdp_nominal"] / 10).round(3),
            "so2": (rows["so2_emission"] / 1000).round(4),
            "dust": (rows["soot_dust_emission"] / 1000).round(4),
            "co2_ceads": rows["co2_ceads_total"].round(4),
            "co2_edgar": rows["co2_edgar"].round(4),
        }
    )
    return table.sort_values(["province", "year"], ignore_index=True)


def energy_mix_year(wide: pd.DataFrame) -> pd.DataFrame:
    """End-use energy of thirty provinces, 2003 to 2022, in five parts and the rest of the balance (million tce)."""
    rows = wide[wide["year"].isin(YEARS_OF_MIX) & wide["final_total"].notna()]
    parts = {
        "coal": rows["final_coal_family"],
        "oil": sum(factor * rows[f"final_{fuel}"] for fuel, factor in OIL.items()),
        "gas": GAS * rows["final_natural_gas"],
        "electricity": ELECTRICITY * rows["final_electricity"],
        "heat": HEAT * rows["final_heat"],
    }
    for part in ("coal", "oil", "gas", "electricity"):
        if ((parts[part] - rows[f"final_share_{part}"] * rows["final_total"]).abs() > 0.01).any():
            raise SystemExit(f"{part} in physical units and its share of end-use energy do not agree")
    other = (rows["final_total"] - sum(parts.values())).clip(lower=0)
    columns = {name: (values / 100).round(4) for name, values in (parts | {"other": other}).items()}
    table = pd.DataFrame({"province": rows["province"], "year": rows["year"], **columns})
    return table.sort_values(["province", "year"], ignore_index=True)


def energy_coal_year(wide: pd.DataFrame, countries: pd.DataFrame) -> pd.DataFrame:
    """Carbon dioxide of the coal of thirty provinces (Mt), 2003 to 2019, and heat of China's coal (EJ), to 2021."""
    years = wide["year"].ge(FIRST_YEAR_OF_COAL) & wide["co2_ceads_coal"].notna()
    provinces = wide.loc[years, ["province", "year"]].rename(columns={"province": "area"})
    provinces = provinces.assign(co2=wide.loc[years, "co2_ceads_coal"].round(4))
    china = countries["area"].eq("China") & countries["variable"].eq("coal_consumption_bp")
    china &= countries["year"].ge(FIRST_YEAR_OF_COAL)
    china = countries.loc[china, ["area", "year"]].assign(heat=countries.loc[china, "value"].round(4))
    return pd.concat([provinces, china]).sort_values(["area", "year"], ignore_index=True)


def coal_phase_out(wide: pd.DataFrame, pages: pd.DataFrame, germany: pd.DataFrame, cite: Callable) -> pd.DataFrame:
    """Hard-coal output and jobs of Germany and the Ruhr, coal consumption of Beijing, Tianjin and Hebei."""
    rows = []
    for row in germany[germany["confidence"] != UNVERIFIED].itertuples():
        if (row.area, row.variable) in SERIES and int(row.year) >= FIRST_YEAR:
            area, series, unit, divisor = SERIES[row.area, row.variable]
            rows.append(_measured(area, series, int(row.year), row.value, unit, divisor, row, cite(row.source)))
    for row in pages[pages["confidence"] != UNVERIFIED].itertuples():
        if row.variable == "coal_consumption":
            rows.append(_measured(row.province, "coal consumption", int(row.year), row.value, "Mt", 100, row,
                                  cite(row.source)))  # fmt: skip
    yearbook = wide[wide["province"].isin(["Beijing", "Tianjin", "Hebei"]) & wide["year"].between(1990, 2017)]
    for row in yearbook[yearbook["coal_consumption"].notna()].itertuples():
        rows.append(_measured(row.province, "coal consumption", int(row.year), f"{row.coal_consumption:.2f}", "Mt", 100,
                              None, cite(YEARBOOK)))  # fmt: skip
    table = pd.DataFrame(rows)
    order = ["area", "series", "year", "title", "value"]
    return table.sort_values(order, ignore_index=True).drop_duplicates(["area", "series", "year", "value", "title"])


def _measured(area: str, series: str, year: int, value: str, unit: str, divisor: int, row, cited: tuple) -> dict:
    title, publisher, published, url = cited
    note = row.note if row is not None else ""
    return {
        "area": area, "series": series, "year": year, "value": round(float(value) / divisor, 6), "unit": unit,
        "half_step": round(half_unit(value) / divisor, 6), "bound": bound(note),
        "title": title, "publisher": publisher, "published": published, "url": url,
        "confidence": row.confidence if row is not None else "verified-file",
    }  # fmt: skip


def half_unit(value: str) -> float:
    """Half of the last place that a number was printed to: 253000 -> 500, 5711 -> 0.5, 2019.23 -> 0.005.

    Closing zeros count as rounding up to thousands, and only in numbers of five and more digits.
    """
    text = re.sub(r"\.0*$", "", value)
    if "." in text:
        return 0.5 * 10 ** -len(text.rstrip("0").partition(".")[2])
    zeros = len(text) - len(text.rstrip("0"))
    return 0.5 * 10 ** (min(zeros, 3) if len(text) >= 5 else 0)


def bound(note: str) -> str:
    """``lower`` or ``upper`` where the source says "more than", "below" and the like, else nothing."""
    quoted = re.findall(r'"([^"]*)"', note)
    return next((side for text in quoted for words, side in BOUNDS.items() if text.startswith(words)), "")


def source_apportionment(shares: pd.DataFrame, cite: Callable) -> pd.DataFrame:
    """Beijing's PM2.5 by source, four rounds; the two halves of a round have bases of their own."""
    rows = []
    chosen = shares[(shares["city"] == "Beijing") & shares["item"].isin(PARTS) & (shares["confidence"] != UNVERIFIED)]
    for row in chosen.itertuples():
        title, publisher, published, url = cite(row.source)
        rows.append(
            {
                "round": int(row.round), "period": "" if row.period.startswith("current") else row.period,
                "part": PARTS[row.item], "basis": {"total PM2.5": "total", "local part": "local"}[row.basis],
                "share": float(row.value) if row.value else None,
                "low": float(row.value_low) if row.value_low else None,
                "high": float(row.value_high) if row.value_high else None,
                "title": title, "publisher": publisher, "published": published, "url": url,
                "confidence": row.confidence,
            }
        )  # fmt: skip
    return pd.DataFrame(rows).sort_values(["round", "basis", "part"], ignore_index=True)


def energy_facts(
    pages: pd.DataFrame, germany: pd.DataFrame, shares: pd.DataFrame, claims: pd.DataFrame, cite: Callable
) -> pd.DataFrame:
    """Single figures: the article's own numbers, steel and capacity of Hebei, the Ruhr, shares of emissions."""
    rows = []
    stated = claims.set_index("claim_id")["value"]
    for id, (area, period, quantity, unit, value, side) in CLAIMS.items():
        rows.append(_fact(area, period, quantity, float(value or stated[id[:4]]), unit, side, "article", cite(ARTICLE)))
    for row in pages[pages["confidence"] != UNVERIFIED].itertuples():
        if row.variable in FACTS_OF_REGION and re.fullmatch(r"[\d-]+", row.year):
            quantity, unit, divisor = FACTS_OF_REGION[row.variable]
            side = "upper" if row.variable.endswith("upper_bound") else bound(row.note)
            rows.append(_fact(row.province, row.year.replace("-", "/"), quantity, round(float(row.value) / divisor, 4),
                              unit, side, row.confidence, cite(row.source)))  # fmt: skip
    for row in germany[germany["confidence"] != UNVERIFIED].itertuples():
        if row.variable in FACTS_OF_GERMANY:
            quantity, unit, divisor = FACTS_OF_GERMANY[row.variable]
            rows.append(_fact(row.area, row.year.replace("-", "/"), quantity, float(row.value) / divisor, unit,
                              bound(row.note), row.confidence, cite(row.source)))  # fmt: skip
    founded = germany[germany["variable"] == "university_founded"]
    for year in sorted(founded["year"].unique()):
        count = len(founded[founded["year"] <= year])
        rows.append(_fact("Ruhr", year, "universities founded by then", count, "institutions", "lower",
                          "verified-page", cite(founded["source"].iloc[0])))  # fmt: skip
    for row in shares[(shares["basis"] == "emissions") & shares["city"].str.startswith("China")].itertuples():
        rows.append(_fact("China", row.period, row.item, float(row.value), "%", "", row.confidence, cite(row.source)))
    table = pd.DataFrame(rows)
    return table.sort_values(["area", "quantity", "period", "value"], ignore_index=True)


def _fact(area: str, period: str, quantity: str, value: float, unit: str, side: str, how: str, cited: tuple) -> dict:
    title, publisher, published, url = cited
    return {
        "area": area, "period": period, "quantity": quantity, "value": value, "unit": unit, "bound": side,
        "title": title, "publisher": publisher, "published": published, "url": url, "confidence": how,
    }  # fmt: skip


def computed_issues(tables: dict[str, pd.DataFrame]) -> dict[str, str]:
    """Sentences of known_issues that carry numbers, by their mark in the template."""
    mix, panel = tables["energy_mix_year"], tables["energy_province_year"]
    parts = ["coal", "oil", "gas", "electricity", "heat"]
    zero = sorted(mix.loc[(mix[parts] <= 0).any(axis=1), "province"].unique())
    share = mix["other"] / mix[[*parts, "other"]].sum(axis=1)
    most = mix.loc[share.idxmax()]
    totals = panel.groupby("year")[["so2", "dust"]].sum()
    ratio = (
        panel.set_index(["province", "year"])["so2"].unstack("year").pipe(lambda so2: so2[2016] / so2[2015])
    ).median()
    gap = (panel["co2_ceads"] / panel["co2_edgar"]).groupby(panel["province"]).mean()
    return {
        "@zero_parts": (
            f"In {', '.join(zero)} gas or heat is zero in one year or more; whether nothing was used or nothing "
            "recorded is not known."
        ),
        "@other_parts": (
            f"The rest (other) is {100 * share.median():.1f} % of the total in the median row and "
            f"{100 * share.max():.0f} % in {most.province} {most.year}."
        ),
        "@so2_break": (
            f"From 2015 to 2016 the median province's SO2 is multiplied by {ratio:.2f}; the dust of all provinces goes "
            f"from {totals.loc[2013, 'dust'] / 1000:.1f} to {totals.loc[2014, 'dust'] / 1000:.1f} million t from 2013 "
            "to 2014. Methods of counting changed in 2011, 2014 and 2016-2017: these steps are not changes of the air."
        ),
        "@co2_gap": (
            f"The two CO2 series differ by a factor of {gap.min():.2f} ({gap.idxmin()}) to {gap.max():.2f} "
            f"({gap.idxmax()}), CEADs over EDGAR, mean over the years."
        ),
    }
