"""Compile the data package from the research tables and the raw archives (maintainers only).

python compile/compile.py --research DIR --raw DIR [--out DIR]
"""

import argparse
import calendar
import gzip
import hashlib
import json
import re
from pathlib import Path

import compile_apec
import compile_carbon
import compile_claims
import compile_efficiency
import compile_energy
import compile_evidence
import compile_hydrogen
import compile_policy
import compile_records
import compile_water
import pandas as pd

from jingjinji.core.cells import rows_of
from jingjinji.topics.november import archives

HERE = Path(__file__).parent
DATA = HERE.parent / "data"
UNVERIFIED = "memory-unverified"
PM25_SOURCES = {
    "aqistudy_daily": "aqistudy",
    "mee_monthly_via_crea": "mee",
    "crea_daily": "crea",
    "crea_daily_partial": "crea",
    "crea_2020Q4_minus_epd_Dec_(2-month_mean)": "crea-minus-hebei",
    "hebei_epd_page": "hebei",
}
ANNOUNCED_BY_MONTH = {"I022", "I023", "I027", "I034", "I035", "I037", "I038"}


def main() -> None:
    arguments = _arguments()
    research, raw = arguments.research, arguments.raw
    stations = read_stations(raw)
    airport_hours = read_airport(raw)
    airport = archives.airport_days(airport_hours)
    noaa = read_noaa(research)
    calibration = archives.calibrate_wind(airport, noaa)
    tables = {
        "pm25_city_month": pm25_city_month(research, stations),
        "pm25_official_annual": pm25_official_annual(research),
        "weather_beijing_month": weather_beijing_month(airport, noaa, calibration),
        "days_by_class": days_by_class(research),
        **compile_energy.energy_tables(research, cite),
        "interventions": interventions(research),
        "published_results": published_results(research),
        "beijing_day": compile_apec.beijing_day(airport_hours, stations),
        "beijing_station_day": archives.station_days(stations),
        "city_week": compile_apec.city_weeks(research),
        **compile_water.water_tables(research, cite),
        **compile_hydrogen.hydrogen_tables(research, cite),
        "claims": compile_claims.claims(research),
        **compile_carbon.carbon_tables(research, cite),
        **compile_efficiency.efficiency_tables(research),
    }
    tables |= compile_policy.policy_tables(research, cite, tables["interventions"])
    tables |= compile_evidence.evidence_tables(research)
    tables["records"] = compile_records.records(research, tables.__getitem__)
    comparisons = compare_archives(stations, airport, noaa, tables["pm25_city_month"])
    write_package(tables, calibration, comparisons, arguments.out)


def read_stations(raw: Path) -> pd.DataFrame:
    """Hourly readings of the twelve stations (UCI 501), each file checked against its pinned sha256."""
    return pd.concat([_read_raw(raw, archives.BEIJING_STATIONS, name) for name in archives.BEIJING_STATIONS.files])


def read_airport(raw: Path) -> pd.DataFrame:
    """Hourly readings of UCI 381, checked against its pinned sha256."""
    (name,) = archives.BEIJING_AIRPORT.files
    return _read_raw(raw, archives.BEIJING_AIRPORT, name)


def read_noaa(research: Path) -> pd.DataFrame:
    """Beijing's weather by UTC day from NOAA ISD: wind (m/s), dew_point, temperature (degC), pressure (hPa)."""
    days = pd.read_csv(research / "air/met_beijing_day_2014_2023_isd.csv", parse_dates=["date"]).set_index("date")
    names = {
        "ws_vector_mean_ms": "wind",
        "dewp_c": "dew_point",
        "slp_hpa": "pressure",
        "temp_c": "temperature",
    }
    return days[list(names)].rename(columns=names)


def pm25_city_month(research: Path, stations: pd.DataFrame) -> pd.DataFrame:
    """City x month PM2.5; Beijing's first nine months come from the raw stations, the rest from the research table."""
    table = pd.read_csv(research / "air/bth13_city_month.csv")
    ours = archives.beijing_months(stations)
    theirs = table[table["source"] == "uci501_12stations"]
    if list(theirs["ym"]) != list(ours["month"]) or (theirs["pm25"].to_numpy() - ours["pm25"]).abs().max() > 0.006:
        raise SystemExit("Beijing's months of 2013 differ between the research table and the raw stations")
    others = table[table["source"] != "uci501_12stations"].rename(columns={"ym": "month", "n_days": "days"})
    others = others.assign(source=others["source"].map(PM25_SOURCES))
    columns = ["city", "month", "pm25", "days", "source", "quality"]
    together = pd.concat([ours[columns], others[columns].astype({"days": "Int64"})])
    return together.astype({"days": "Int64"}).sort_values(["city", "month"], ignore_index=True)


def weather_beijing_month(airport: pd.DataFrame, noaa: pd.DataFrame, calibration: dict) -> pd.DataFrame:
    """Beijing's weather by month: 2013 from UCI 381 with a calibrated wind, later years from NOAA ISD."""
    months = [archives.weather_2013(airport, calibration), archives.weather_months(noaa, "noaa-isd")]
    columns = ["month", "wind", "dew_point", "pressure", "temperature", "source", "days"]
    return pd.concat(months, ignore_index=True)[columns]


def pm25_official_annual(research: Path) -> pd.DataFrame:
    """Annual means: published, by Greenpeace, computed; rows that nobody has seen on a page are left out."""
    table = pd.read_csv(research / "official/pm25_annual.csv", dtype={"pm25_ugm3": float}, keep_default_na=False)
    table = table[table["confidence"] != UNVERIFIED]
    rows = []
    for row in table.itertuples():
        derivation = re.search(r"\[derived ([^=\]]+)", row.source_title)
        value, decimals, rounding, note = row.pm25_ugm3, 0, 0.5, ""
        if derivation:
            value, rounding = derive(derivation[1])
            decimals, note = None, f"derived as {derivation[1].strip()}"
        elif row.series != "official" or value != int(value):
            decimals, rounding = 1, 0.05
        if "Unweighted mean of" in row.source_title:
            note = row.source_title.split(" in SpTe2M")[0].replace("Unweighted", "unweighted")
        title, publisher, published, url = cite(row.source_url)
        rows.append(
            {
                "area": row.area, "level": row.level, "year": row.year, "series": row.series, "pm25": value,
                "decimals": decimals, "rounding": rounding, "derived": derivation is not None,
                "confidence": row.confidence, "title": title, "publisher": publisher, "published": published,
                "url": url, "note": note,
            }
        )  # fmt: skip
    frame = pd.DataFrame(rows).astype({"decimals": "Int64"})
    return frame.sort_values(["level", "area", "year", "series"], ignore_index=True)


def derive(expression: str) -> tuple[float, float]:
    """Value (one decimal) and half-width left open by rounding, of ``70/(1-0.157)``, ``44/(1+0.023)`` or ``29+2``."""
    ratio = re.fullmatch(r"\s*([\d.]+)/\(1([-+])([\d.]+)\)\s*", expression)
    if ratio:
        mean, share = float(ratio[1]), float(ratio[3])
        sign = 1 if ratio[2] == "+" else -1
        ends = [
            (mean + a * _half_unit(ratio[1])) / (1 + sign * (share + b * _half_unit(ratio[3])))
            for a in (-1, 1)
            for b in (-1, 1)
        ]
        return round(mean / (1 + sign * share), 1), round((max(ends) - min(ends)) / 2, 2)
    terms = re.fullmatch(r"\s*([\d.]+)\+([\d.]+)\s*", expression)
    return float(terms[1]) + float(terms[2]), _half_unit(terms[1]) + _half_unit(terms[2])


def days_by_class(research: Path) -> pd.DataFrame:
    """Days by class of air quality per area and year; changes against 2013 serve only to derive what nobody printed."""
    table = pd.read_csv(research / "official/days_per_year.csv", keep_default_na=False)
    table = table[(table["confidence"] != UNVERIFIED) & ~table["year"].str.contains("-")]
    table = table.assign(year=table["year"].astype(int), value=table["value"].astype(float))
    counts = table[table["metric"].isin(["heavy_pollution_days", "good_days", "grade1_days"])]
    counts = counts.assign(derived=(counts["quote"] + counts["source_title"]).str.contains("derived"))
    known = counts.drop_duplicates(["area", "year", "metric"])
    for key, group in counts.groupby(["area", "year", "metric"]):
        if group["value"].nunique() > 1:
            raise SystemExit(f"two sources give different values for {key}")
    more = pd.DataFrame(_derived_days(table, known))
    more = more[
        ~more.set_index(["area", "year", "metric"]).index.isin(known.set_index(["area", "year", "metric"]).index)
    ]
    rows = []
    for row in pd.concat([known, more]).itertuples():
        title, publisher, published, url = cite(row.source_url)
        rows.append(
            {
                "area": row.area, "year": row.year, "metric": row.metric, "value": int(row.value),
                "days_in_year": 366 if calendar.isleap(row.year) else 365, "derived": bool(row.derived),
                "title": title, "publisher": publisher, "published": published, "url": url,
                "confidence": row.confidence,
            }
        )  # fmt: skip
    return pd.DataFrame(rows).sort_values(["area", "metric", "year"], ignore_index=True)


def _derived_days(table: pd.DataFrame, known: pd.DataFrame) -> list[dict]:
    first = known[known["year"] == 2013].set_index(["area", "metric"])["value"]
    rows = []
    for row in table.itertuples():
        metric = {
            "heavy_days_change_vs_2013": "heavy_pollution_days",
            "good_days_change_vs_2013": "good_days",
            "good_days_share_pct": "good_days",
        }.get(row.metric)
        if metric is None:
            continue
        value = round(row.value / 100 * 365) if row.metric.endswith("pct") else first[row.area, metric] + row.value
        rows.append(row._asdict() | {"metric": metric, "value": value, "derived": True})
    return rows


def interventions(research: Path) -> pd.DataFrame:
    """Dated measures; a date that is partly remembered is marked in date_precision."""
    table = pd.read_csv(research / "official/interventions.csv", keep_default_na=False)
    rows = []
    for row in table.itertuples():
        title, publisher, published, url = cite(row.source_url)
        remembered = "date partly" in row.confidence or "from memory" in row.description
        rows.append(
            {
                "id": row.id, "name": row.name, "start": row.start_date, "end": row.end_date,
                "date_precision": "partly-remembered" if remembered else _precision(row),
                "area": row.area.replace("ug/m3", "µg/m³"), "description": _without_memory(row.description),
                "title": title, "publisher": publisher, "published": published, "url": url,
                "confidence": "article" if row.confidence == "seed-document" else row.confidence.split(" ")[0],
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _precision(row) -> str:
    if row.id in ANNOUNCED_BY_MONTH:
        return "month"
    whole_years = row.start_date.endswith("-01-01") and row.end_date[5:] in ("", "12-31", "12-15", "10-31")
    return "year" if whole_years else "day"


def _without_memory(description: str) -> str:
    text = re.sub(r"\s*\([^()]*(from memory|stored excerpt)[^()]*\)", "", description)
    text = re.sub(r",?\s*[^,;()]*from memory[^,;()]*", "", text)
    text = text.replace("seed 004", "one of the articles that the book examines").replace("ug/m3", "µg/m³")
    return text.strip(" ,;")


def published_results(research: Path) -> pd.DataFrame:
    """Published results for side-by-side tables; recalled ones are left out."""
    table = pd.read_csv(research / "official/paper_results.csv", keep_default_na=False)
    rows = []
    for row in table[table["confidence"] != UNVERIFIED].itertuples():
        bounds = re.fullmatch(r"95% CI ([\d.]+)-([\d.]+)", row.interval)
        number = re.fullmatch(r"-?\d+(\.\d+)?", row.estimate)
        rows.append(
            {
                "id": row.id, "study": row.paper, "doi": row.doi if row.doi.startswith("10.") else "",
                "quantity": row.quantity, "estimate": row.estimate,
                "value": float(row.estimate) if number else None,
                "low": float(bounds[1]) if bounds else None, "high": float(bounds[2]) if bounds else None,
                "interval": "95 % confidence interval" if bounds else "",
                "unit": row.unit.replace("ug/m3", "µg/m³"), "period": row.period,
                "area": row.area.split(" [")[0], "url": row.url, "confidence": row.confidence,
                "note": "" if bounds else row.interval.replace("ug/m3", "µg/m³"),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def cite(url: str) -> tuple[str, str | None, str | None, str | None]:
    """Title, publisher, date of publication and web address of a source; the first three from bibliography.json."""
    title, publisher, published = BIBLIOGRAPHY.get(url, (None, None, None))
    if url.startswith("github:cran/SpTe2M"):
        url = "https://github.com/cran/SpTe2M/blob/1.0.3/data/pm25_dat.rda"
    return title, publisher, published, url if url.startswith("http") else None


def write_package(tables: dict[str, pd.DataFrame], calibration: dict, comparisons: dict, out: Path) -> None:
    """Write the csv files and datapackage.json, the same bytes for the same input.

    A table that comes from fits (`compile_hours`) is taken as it stands.
    """
    descriptor = json.loads((HERE / "package.template.json").read_text(encoding="utf-8"))
    computed = computed_issues(tables, calibration, comparisons)
    for module in (compile_energy, compile_water, compile_hydrogen, compile_carbon, compile_policy, compile_efficiency):
        computed |= module.computed_issues(tables)
    for resource in descriptor["resources"]:
        made = resource["name"] in tables
        content = to_csv(tables[resource["name"]]) if made else (DATA / resource["path"]).read_bytes()
        (out / resource["path"]).write_bytes(content)
        resource["hash"] = f"sha256:{hashlib.sha256(content).hexdigest()}"
        resource["bytes"] = len(content)
        resource["rows"] = len(rows_of(content)) - 1
        resource["known_issues"] = [computed.get(issue, issue) for issue in resource["known_issues"]]
        if resource["name"] == "weather_beijing_month":
            resource["calibration"]["wind"] |= calibration
        if resource["name"] == "pm25_official_annual":
            resource["checks"] = annual_check(tables).to_dict("records")
    text = json.dumps(descriptor, ensure_ascii=False, indent=2) + "\n"
    (out / "datapackage.json").write_text(text, encoding="utf-8", newline="\n")


def annual_check(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Annual means beside the mean of the twelve months weighted by their days, where all months of an area are there.

    Columns area, year, series, annual, months (µg/m³), difference (annual less months, µg/m³) and percent.
    """
    months = tables["pm25_city_month"]
    weights = pd.PeriodIndex(months["month"], freq="M").days_in_month
    months = months.assign(year=months["month"].str[:4].astype(int), product=months["pm25"] * weights, weight=weights)
    cities = months.groupby(["year", "city"])[["product", "weight"]].agg(["sum", "count"])
    cities = cities[cities["weight", "count"] == 12]
    means = (cities["product", "sum"] / cities["weight", "sum"]).unstack("city")
    hebei = means.drop(columns=["Beijing", "Tianjin"]).mean(axis=1, skipna=False)
    means = means.assign(Hebei=hebei, BTH13=means.mean(axis=1, skipna=False))
    rows = []
    for row in tables["pm25_official_annual"].itertuples():
        mean = means[row.area].get(row.year) if row.area in means else None
        if mean is None or pd.isna(mean):
            continue
        rows.append(
            {
                "area": row.area, "year": row.year, "series": row.series, "annual": row.pm25, "months": round(mean, 1),
                "difference": round(row.pm25 - mean, 1), "percent": round(100 * (row.pm25 / mean - 1), 1),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def computed_issues(
    tables: dict[str, pd.DataFrame], calibration: dict, comparisons: dict[str, float]
) -> dict[str, str]:
    """Sentences of known_issues that carry numbers, by their mark in the template."""
    months, days = tables["pm25_city_month"], tables["days_by_class"]
    cities = sorted(months["city"].unique())
    expected = {(city, month) for city in cities for month in months.loc[months["city"] == "Hengshui", "month"]}
    missing = sorted(expected - set(zip(months["city"], months["month"], strict=True)))
    check = annual_check(tables)
    official = check[check["series"] == "official"]
    far = official[official["percent"].abs() >= 2]
    computed = check[check["series"] == "computed"]
    weather = tables["weather_beijing_month"]
    short = weather[weather["days"] < pd.PeriodIndex(weather["month"], freq="M").days_in_month]
    incomplete = [f"{row.month} ({row.days} days)" for row in short.itertuples()]
    heavy = days[days["metric"] == "heavy_pollution_days"]
    gaps = [
        f"{area} {year}"
        for area in ("Beijing", "Tianjin", "Hebei")
        for year in sorted(set(range(2013, 2024)) - set(heavy.loc[heavy["area"] == area, "year"]))
    ]
    remembered = (tables["interventions"]["date_precision"] == "partly-remembered").sum()
    return {
        "@missing_cells": f"Missing: {_cells(missing)}.",
        "@quality_d": f"Quality D, a two-month mean set for both months: {_cells(_of_quality(months, 'D'))}.",
        "@quality_c": f"Quality C, part of the month (column days): {_cells(_of_quality(months, 'C'))}.",
        "@uci_overlap": (
            "Beijing's months of 2013 come from twelve stations of UCI 501. In the months in which both exist, "
            f"these lie {comparisons['winter']:+.1f} µg/m³ from the collected releases in December 2013 to February "
            f"2014 and {comparisons['later']:+.1f} µg/m³ from March 2014 to January 2017, on average."
        ),
        "@annual_deviation": (
            f"Of {len(official)} official means with all twelve months of the area, {len(far)} differ by two per cent "
            f"or more from the mean of the months: {_deviations(far)}. The others have a mean absolute difference of "
            f"{official.drop(far.index)['percent'].abs().mean():.1f} %."
        ),
        "@computed_deviation": (
            f"The computed means of 2014 and 2015 lie {-computed['percent'].mean():.1f} % below the months on average "
            f"and up to {-computed['percent'].min():.1f} % below in the dirtiest cities; the reason is not known, so "
            "they serve for comparison only."
        ),
        "@wind_calibration": (
            "The wind of 2013 comes from another archive and was put on the later scale by a straight line fitted to "
            f"{calibration['days']} days of 2014; the residual standard deviation is "
            f"{calibration['residual_sd_day']} m/s for a day and {calibration['residual_sd_month']} m/s for a month."
        ),
        "@weather_shift": (
            "Dew point, temperature and pressure of 2013 are not adjusted: on the days of 2014 the two archives differ "
            f"on average by {comparisons['dew_point']:+.2f} degC, {comparisons['temperature']:+.2f} degC and "
            f"{comparisons['pressure']:+.2f} hPa."
        ),
        "@weather_days": f"Months with days missing: {', '.join(incomplete)}.",
        "@days_missing": f"No figure of heavy days that anybody has seen on a page: {', '.join(gaps)}.",
        "@day_hours": _missing_days(tables["beijing_day"]),
        "@station_cells": (
            f"Missing: {tables['beijing_station_day']['pm25'].isna().sum()} of {len(tables['beijing_station_day'])} "
            "station-days with fewer than 16 hours."
        ),
        "@remembered_dates": (
            f"In {remembered} of {len(tables['interventions'])} rows a part of the date is remembered, not read; "
            "date_precision marks them."
        ),
    }


def _missing_days(days: pd.DataFrame) -> str:
    counts = days[days["pm25"].isna()].groupby("series").size()
    return f"Days with fewer than 16 hours: {', '.join(f'{counts[name]} of the {name}' for name in counts.index)}."


def compare_archives(
    stations: pd.DataFrame, airport: pd.DataFrame, noaa: pd.DataFrame, months: pd.DataFrame
) -> dict[str, float]:
    """Mean differences between archives where they overlap: UCI 501 less collected releases, UCI 381 less NOAA."""
    ours = archives.station_months(stations)["mean"]
    theirs = months[(months["city"] == "Beijing") & (months["source"] == "aqistudy")].set_index("month")["pm25"]
    difference = (ours - theirs).dropna()
    weather = (airport - noaa).loc["2014"].mean()
    return {
        "winter": difference[:"2014-02"].mean(),
        "later": difference["2014-03":].mean(),
        **{name: weather[name] for name in ("dew_point", "temperature", "pressure")},
    }


def _cells(cells: list[tuple[str, str]]) -> str:
    by_month: dict[str, list[str]] = {}
    for city, month in cells:
        by_month.setdefault(month, []).append(city)
    return "; ".join(f"{', '.join(cities)} in {month}" for month, cities in sorted(by_month.items()))


def _of_quality(months: pd.DataFrame, grade: str) -> list[tuple[str, str]]:
    rows = months[months["quality"] == grade]
    return list(zip(rows["city"], rows["month"], strict=True))


def _deviations(rows: pd.DataFrame) -> str:
    return ", ".join(
        f"{row.area} {row.year} {row.difference:+.1f} µg/m³ ({row.percent:+.1f} %)" for row in rows.itertuples()
    )


def to_csv(table: pd.DataFrame) -> bytes:
    """UTF-8, LF, ``true``/``false`` for booleans, empty for missing."""
    flags = table.select_dtypes("bool").columns
    table = table.assign(**{name: table[name].map({True: "true", False: "false"}) for name in flags})
    return table.to_csv(index=False, lineterminator="\n").encode("utf-8")


def _read_raw(raw: Path, archive: archives.Archive, name: str) -> pd.DataFrame:
    path = raw / archive.id / f"{name}.gz"
    with gzip.open(path) as stream:
        found = hashlib.sha256(stream.read()).hexdigest()
    if found != archive.files[name]:
        raise SystemExit(f"{path.name}: sha256 {found} instead of {archive.files[name]}")
    return pd.read_csv(path)


def _half_unit(number: str) -> float:
    return 0.5 * 10 ** -len(number.partition(".")[2])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--research",
        type=Path,
        required=True,
        help="folder with air/, carbon/, efficiency/, energy/, hydrogen/, miyun/, official/",
    )
    parser.add_argument("--raw", type=Path, required=True, help="folder with 381/ and 501/")
    parser.add_argument("--out", type=Path, default=DATA)
    return parser.parse_args()


BIBLIOGRAPHY = json.loads((HERE / "bibliography.json").read_text(encoding="utf-8"))

if __name__ == "__main__":
    main()
