"""Compile the tables of the Miyun basin: sections, storage, agreements; called by compile.py."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

UNVERIFIED = "memory-unverified"
POLLUTANTS = ("codmn", "nh3n", "tp", "tn")
LIMITS = {"codmn": 0.5, "nh3n": 0.025, "tp": 0.005, "tn": 0.05}
"""Least concentration that is read as a number (mg/L); below it a reading says only that it is below."""
MAINTENANCE, STOPPED = "维护", "停站"
FAULTS = {"古北口": ("2021-04-04", "2021-04-05")}
"""First and last day on which a section's instruments were at fault: at Gubeikou pH rises from 7.9 to 9.9."""
PROVINCES = {
    "上海市": "Shanghai", "云南省": "Yunnan", "内蒙古自治区": "Inner Mongolia", "北京市": "Beijing", "吉林省": "Jilin",
    "四川省": "Sichuan", "天津市": "Tianjin", "宁夏回族自治区": "Ningxia", "安徽省": "Anhui", "山东省": "Shandong",
    "山西省": "Shanxi", "广东省": "Guangdong", "广西壮族自治区": "Guangxi", "新疆维吾尔自治区": "Xinjiang",
    "江苏省": "Jiangsu", "江西省": "Jiangxi", "河北省": "Hebei", "河南省": "Henan", "浙江省": "Zhejiang",
    "海南省": "Hainan", "湖北省": "Hubei", "湖南省": "Hunan", "甘肃省": "Gansu", "福建省": "Fujian",
    "西藏自治区": "Tibet", "贵州省": "Guizhou", "辽宁省": "Liaoning", "重庆市": "Chongqing", "陕西省": "Shaanxi",
    "青海省": "Qinghai", "黑龙江省": "Heilongjiang", "新疆生产建设兵团": "Xinjiang corps",
}  # fmt: skip
BASINS = {
    "长江流域": "Yangtze", "珠江流域": "Pearl", "淮河流域": "Huai", "海河流域": "Hai", "浙闽片河流": "Zhejiang-Fujian",
    "黄河流域": "Yellow", "辽河流域": "Liao", "太湖流域": "Tai", "西南诸河": "Southwest", "松花江流域": "Songhua",
    "巢湖流域": "Chao Lake", "西北诸河": "Northwest", "滇池流域": "Dian",
}  # fmt: skip
NAMES = {
    "古北口": "Gubeikou", "果河桥": "Guohe Bridge", "八号桥": "Bahao Bridge", "街口(鸠坑口)": "Jiekou",
    "大关桥": "Daguan Bridge", "后城": "Houcheng", "后城(老)": "Houcheng (old)", "辛庄桥": "Xinzhuang Bridge",
    "密云水库": "Miyun Reservoir", "墙子路": "Qiangzilu", "鲢鱼溪": "Lianyuxi", "茅台": "Maotai",
    "清水铺": "Qingshuipu", "陈浅": "Chenqian", "庙咀里(定南水站)": "Miaozuili", "兴宁电站": "Xingning power station",
    "山角": "Shanjiao", "金鱼石": "Jinyushi", "青溪(大浦青溪)": "Qingxi", "大黑汀水库": "Daheiting Reservoir",
    "黎河桥": "Lihe Bridge", "于桥水库库中心": "Yuqiao Reservoir, centre",
    "于桥水库出口": "Yuqiao Reservoir, outlet", "里耶镇": "Liye",
}  # fmt: skip
CLASS_DAYS = {"days_i": "Ⅰ", "days_ii": "Ⅱ", "days_iii": "Ⅲ", "days_iv": "Ⅳ", "days_v": "Ⅴ", "days_below_v": "劣Ⅴ"}
BOUNDS = {
    "more than": "lower", "exceeded": "lower", "at least": "lower", "over": "lower", "or more": "lower",
    "above": "lower", "lower bound": "lower", "less than": "upper", "around": "about", "close to": "about",
    "approx": "about", "approximate": "about", "about": "about",
}  # fmt: skip
RECORDS = {
    "2005-08-24": 3, "2013-08-06": 11, "2016-09-20": 16, "2017-07-17": "2001-01-01", "2017-09-11": 17,
    "2021-07-18": "2001-01-01", "2021-08-23": "1960-09-01", "2021-10-01": "1960-09-01", "2024-10-10": 3,
    "2025-07-31": "1960-09-01",
}  # fmt: skip
"""Points that a page calls the first as high in so many years, or the highest since a year, this century or ever (the
reservoir was filled from September 1960 on). Years are rounded: of 16 at least fifteen and a half are meant."""
FURTHER = pd.DataFrame(
    {
        "date": ["2004-08-24"], "storage_1e8m3": ["7.3"], "level_m": [""], "kind": ["derived"],
        "note": ["10.036 less nearly 3, read as 2.5 to 3"],
        "source_url": ["http://news.sina.com.cn/o/2005-08-25/09546777290s.shtml"], "confidence": ["verified-page"],
    }
)  # fmt: skip
"""A point that a cited page gives as a difference to its own."""
FURTHER_HALF = {"2004-08-24": 0.25}
MIRRORS = ("greekporn", "whatmenaresaying", "utahskigirl", "nakedoat", "le666666")
FACTS = {
    "chaobai_agreement.csv": ("agreement", "item", "period_or_date", "payer_or_scope"),
    "miyun_flows.csv": ("water", "variable", "period", None),
    "paddy_to_dry_land.csv": ("paddy", "item", "period", None),
    "miyun_water_quality_literature.csv": ("quality", "variable", "period", "site"),
}


def water_tables(research: Path, cite: Callable) -> dict[str, pd.DataFrame]:
    """The seven tables; `cite` gives title, publisher, date and address of a source."""
    folder = research / "miyun"
    days = pd.read_csv(folder / "wq_section_day_2020_2021.csv.gz", keep_default_na=False, na_values=[""])
    months = pd.read_csv(folder / "wq_section_month_2020_2021.csv", keep_default_na=False, na_values=[""])
    april = pd.read_csv(folder / "wq_section_apr2021_all_sections.csv.gz", keep_default_na=False, na_values=[""])
    return {
        "water_section_week": section_weeks(days),
        "water_section": sections(days, months),
        "water_section_april": sections_in_april(april),
        "water_storage": storage(_text(folder / "miyun_storage.csv"), cite),
        "water_facts": facts({name: _text(folder / name) for name in FACTS}, cite),
        "water_agreements": agreements(_text(folder / "interprovincial_agreements.csv"), cite),
        "water_studies": studies(_text(folder / "treatment_effects_literature.csv"), cite),
    }


def _text(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, keep_default_na=False, dtype=str)


def section_weeks(days: pd.DataFrame) -> pd.DataFrame:
    """Weekly medians (mg/L) of one reading a day, by section and week that begins on Monday.

    A reading that is published again days later is left out there. Readings under maintenance and on days of a known
    fault are counted and left out of the medians; a second median (``*_all``) keeps those under maintenance. A median
    below the limit is missing, with ``*_below`` true; of other weeks the median is known although single readings lie
    below the limit.
    """
    days = days.assign(date=pd.to_datetime(days["obs_datetime"].str[:10]))
    days = days[days["date"] >= pd.to_datetime(days["file_date"]) - pd.Timedelta(days=1)]
    days["week"] = (days["date"] - pd.to_timedelta(days["date"].dt.day_of_week, unit="D")).dt.strftime("%Y-%m-%d")
    days["maintenance"] = days["status"] == MAINTENANCE
    days["stopped"] = days["status"] == STOPPED
    days["faulty"] = [at_fault(section, date) for section, date in zip(days["section"], days["date"], strict=True)]
    usable = days[~days["stopped"] & ~days["faulty"]]
    groups = days.groupby(["section", "week"])
    table = groups[["maintenance", "stopped", "faulty"]].sum()
    normal = usable[~usable["maintenance"]]
    for name in POLLUTANTS:
        table = table.join(_medians(normal, name)).join(_medians(usable, name)[[name]].add_suffix("_all"))
    counts = [f"{name}_readings" for name in POLLUTANTS]
    table[counts] = table[counts].fillna(0).astype(int)
    for name in POLLUTANTS:
        for column in (name, f"{name}_all"):
            table[column] = table[column].round(4)
        table[f"{name}_below"] = table[name] <= LIMITS[name]
        for column in (name, f"{name}_all"):
            table[column] = table[column].where(table[column] > LIMITS[name])
    table = table[table[counts].sum(axis=1) + table["maintenance"] + table["faulty"] > 0]
    order = ["maintenance", "stopped", "faulty"]
    order += [f"{name}{end}" for name in POLLUTANTS for end in ("", "_readings", "_below", "_all")]
    return table[order].reset_index().sort_values(["section", "week"], ignore_index=True)


def _medians(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """Median and number of the readings of one pollutant; a reading of zero counts as below the limit."""
    values = rows[rows[f"{name}_mgl"].notna()].groupby(["section", "week"])[f"{name}_mgl"]
    return pd.DataFrame({name: values.median(), f"{name}_readings": values.size()})


def at_fault(section: str, date: pd.Timestamp) -> bool:
    """Whether the instruments of a section are known to be at fault on a day."""
    first, last = FAULTS.get(section, ("9999", "9999"))
    return first <= date.strftime("%Y-%m-%d") <= last


def sections(days: pd.DataFrame, months: pd.DataFrame) -> pd.DataFrame:
    """One row a section with daily readings: where it lies, and the agreement that covers it."""
    table = days[["section", "province", "basin", "river", "city"]].drop_duplicates()
    if table["section"].duplicated().any():
        raise SystemExit(f"a section lies in two places: {table['section'][table['section'].duplicated()].iloc[0]}")
    flags = months[["section", "agreement", "agreement_start", "flag_confidence"]].drop_duplicates()
    table = table.merge(flags, on="section", how="left", validate="one_to_one")
    table = _flagged(table).merge(days_by_class(days), on="section", how="left").fillna(dict.fromkeys(CLASS_DAYS, 0))
    table = table.astype(dict.fromkeys(CLASS_DAYS, int))
    columns = ["section", "name", "province", "basin", "river", "city", "agreement", "start", "flag", *CLASS_DAYS]
    return table[columns].sort_values("section", ignore_index=True)


def days_by_class(days: pd.DataFrame) -> pd.DataFrame:
    """Days of each class as the network prints it, by section; days of a known fault and of a stop are left out.

    The network's class counts more than this book does: dissolved oxygen and pH beside the pollutants. A reading that
    is published again days later is left out there.
    """
    date = pd.to_datetime(days["obs_datetime"].str[:10])
    stale = date < pd.to_datetime(days["file_date"]) - pd.Timedelta(days=1)
    faulty = [at_fault(section, day) for section, day in zip(days["section"], date, strict=True)]
    usable = days[~stale & (days["status"] != STOPPED) & ~np.array(faulty, dtype=bool)]
    counts = usable.groupby(["section", "wq_class"]).size().unstack(fill_value=0)
    return (
        counts.reindex(columns=list(CLASS_DAYS.values()), fill_value=0).set_axis(list(CLASS_DAYS), axis=1).reset_index()
    )


def _flagged(table: pd.DataFrame) -> pd.DataFrame:
    """English names, and the confidence of a flag: ``page`` where a page names the section, ``weak`` elsewhere."""
    confidence = table["flag_confidence"].fillna("")
    weak = confidence.str.contains(UNVERIFIED)
    return table.assign(
        province=[PROVINCES[name] for name in table["province"]],
        basin=[BASINS[name] for name in table["basin"]],
        name=table["section"].map(NAMES),
        start=table["agreement_start"].astype("Int64"),
        flag=np.where(confidence == "", None, np.where(weak, "weak", "page")),
    )


def sections_in_april(april: pd.DataFrame) -> pd.DataFrame:
    """Means (mg/L) of the readings every four hours from 1 to 5 April 2021, all sections of the country.

    What lies below a limit is printed as the limit, so a mean that equals it says that every reading lay below.
    """
    table = _flagged(april).assign(role=april["agreement_role"], readings=april["n_obs"].astype(int))
    for name in POLLUTANTS:
        mean = table[f"{name}_mgl_mean"].round(4)
        table[f"{name}_below"] = mean <= LIMITS[name]
        table[name] = mean.where(mean > LIMITS[name])
    table["faulty"] = table["section"].isin(FAULTS)
    columns = ["province", "section", "name", "basin", "agreement", "role", "start", "flag", "readings", "faulty"]
    columns += [f"{name}{end}" for name in POLLUTANTS for end in ("", "_below")]
    return table[columns].sort_values(["province", "section"], ignore_index=True)


def storage(rows: pd.DataFrame, cite: Callable) -> pd.DataFrame:
    """The reservoir's dated storage and level; a date that is known by year or month is an interval of days.

    ``highest_since`` is the day from which on storage had stayed below a point that a page calls a record.
    """
    rows, table = pd.concat([rows, FURTHER], ignore_index=True).fillna(""), []
    for row in rows[rows["confidence"] != UNVERIFIED].itertuples():
        first, last = date_interval(row.date, row.note)
        words = f"{row.kind}; {row.note}"
        derived = row.kind == "derived"
        table.append(
            {
                "first": first, "last": last,
                "storage": float(row.storage_1e8m3) if row.storage_1e8m3 else None,
                "half_step": FURTHER_HALF.get(row.date, half_place(row.storage_1e8m3)) if row.storage_1e8m3 else None,
                "level": float(row.level_m) if row.level_m else None,
                "bound": "" if derived or "level" in row.note else bound(words), "derived": derived,
                "highest_since": highest_since(row.date),
                **_cited(row, cite),
            }
        )  # fmt: skip
    return pd.DataFrame(table).sort_values(["first", "storage"], ignore_index=True)


def highest_since(date: str) -> str | None:
    """The day since when a point of `RECORDS` is the highest; None for other points."""
    since = RECORDS.get(date)
    if isinstance(since, int):
        since = f"{pd.Timestamp(date) - pd.DateOffset(months=12 * since - 6):%Y-%m-%d}"
    return since


def date_interval(date: str, note: str) -> tuple[str, str]:
    """First and last day that a printed date can mean: ``2019`` is the year, a month's name in the note the month."""
    if re.fullmatch(r"\d{4}", date):
        return f"{date}-01-01", f"{date}-12-31"
    if re.match(
        r"^(January|February|March|April|May|June|July|August|September|October|November|December) \d{4}", note
    ):
        month = pd.Period(date[:7], freq="M")
        return f"{month.start_time:%Y-%m-%d}", f"{month.end_time:%Y-%m-%d}"
    if '"beginning of' in note:
        return f"{date[:4]}-01-01", f"{date[:4]}-01-31"
    return date, date


def half_place(value: str) -> float:
    """Half of the last printed place: 33.58 -> 0.005, 26.0 and 26 -> 0.5 (a closing zero is not taken for a place)."""
    places = value.partition(".")[2].rstrip("0")
    return 0.5 * 10 ** -len(places)


def bound(text: str) -> str:
    """``lower``, ``upper`` or ``about`` where the source says "more than", "less than", "around" and the like."""
    words = " ".join([*re.findall(r'"([^"]*)"', text), *[part for part in text.split(";") if part.strip() in BOUNDS]])
    return next((side for key, side in BOUNDS.items() if re.search(rf"\b{key}\b", words)), "")


def facts(files: dict[str, pd.DataFrame], cite: Callable) -> pd.DataFrame:
    """Single figures: what was agreed and paid, flows, published concentrations, the end of rice growing."""
    rows = []
    for name, (topic, quantity, period, scope) in FACTS.items():
        above = ""
        for row in files[name].to_dict("records"):
            address = above if row["source_url"] == "same as above" else row["source_url"]
            above = address
            if row["confidence"] == UNVERIFIED:
                continue
            number = re.fullmatch(r"-?\d+(\.\d+)?", row["value"])
            label = row[quantity] + (f", {row['river_or_water']}" if row.get("river_or_water") else "")
            rows.append(
                {
                    "topic": topic, "quantity": label, "period": row[period], "scope": row[scope] if scope else "",
                    "value": float(row["value"]) if number else None, "text": "" if number else row["value"],
                    "unit": _unit(row["unit"]), "bound": bound(row["note"]), "note": plain(row["note"]),
                    **_cited(pd.Series(row | {"source_url": address}), cite),
                }
            )  # fmt: skip
    table = pd.DataFrame(rows).sort_values(["topic", "quantity", "period", "scope", "value"], ignore_index=True)
    return _numbered(table, "F")


def agreements(rows: pd.DataFrame, cite: Callable) -> pd.DataFrame:
    """Agreements between provinces on rivers: rounds, payments, rules and outcomes as far as pages give them."""
    table = []
    for row in rows[rows["confidence"] != UNVERIFIED].itertuples():
        table.append(
            {
                "agreement": row.agreement, "upstream": row.upstream, "downstream": row.downstream, "round": row.round,
                "start": int(row.start) if row.start else None, "end": int(row.end) if row.end else None,
                "payment": row.payment, "unit": _unit(row.unit), "rule": row.indicator_and_rule, "outcome": row.outcome,
                "note": plain(row.note), **_cited(row, cite),
            }
        )  # fmt: skip
    table = pd.DataFrame(table).astype({"start": "Int64", "end": "Int64"})
    return _numbered(table.sort_values(["agreement", "start", "round", "payment"], ignore_index=True), "A")


def _numbered(table: pd.DataFrame, letter: str) -> pd.DataFrame:
    table.insert(0, "id", [f"{letter}{number:02d}" for number in range(1, len(table) + 1)])
    return table


def studies(rows: pd.DataFrame, cite: Callable) -> pd.DataFrame:
    """Published estimates for other rivers, each with its design; none gives a standard error on its page."""
    table = []
    for row in rows[rows["confidence"] != UNVERIFIED].itertuples():
        number = re.fullmatch(r"-?\d+(\.\d+)?", row.estimate)
        table.append(
            {
                "study": row.study, "agreement": row.agreement, "design": row.method, "outcome": row.outcome,
                "window": row.window, "value": float(row.estimate) if number else None,
                "text": "" if number else row.estimate, "unit": _unit(row.unit), **_cited(row, cite),
            }
        )  # fmt: skip
    return pd.DataFrame(table).sort_values(["agreement", "study", "outcome", "window"], ignore_index=True)


def _unit(unit: str) -> str:
    unit = unit.replace("1e8 m3", "10⁸ m³").replace("1e8 CNY", "10⁸ CNY").replace("ug/L", "µg/L").replace("km2", "km²")
    return {"percent": "%", "percent per year, largest": "% a year, largest", "m2": "m²"}.get(unit, unit)


def plain(note: str) -> str:
    """A note without the parts that speak of memory or of how pages were found."""
    parts = [part.strip() for part in note.split(";")]
    told = [part for part in parts if not re.search(r"remember|memory|seed|CONFLICT|below|above|this window", part)]
    return "; ".join(told).replace('"', "'")


def _cited(row, cite: Callable) -> dict:
    """Source columns; the address of a site that mirrors others under a name of another trade is not repeated."""
    title, publisher, published, url = cite(row.source_url.split(" (")[0])
    if url and any(name in url for name in MIRRORS):
        url = None
    return {
        "title": title or "Report read on a reprint", "publisher": publisher, "published": published,
        "url": url, "confidence": row.confidence,
    }  # fmt: skip


def computed_issues(tables: dict[str, pd.DataFrame]) -> dict[str, str]:
    """Sentences of known_issues that carry numbers, by their mark in the template."""
    weeks, storage_points = tables["water_section_week"], tables["water_storage"]
    below = {name: 100 * weeks[f"{name}_below"].sum() / (weeks[f"{name}_readings"] > 0).sum() for name in POLLUTANTS}
    readings = sum(weeks[f"{name}_readings"].max() > 0 for name in POLLUTANTS)
    gubeikou = weeks[weeks["section"] == "古北口"]
    silent = gubeikou[gubeikou["tn_readings"] == 0]["week"]
    without = weeks.groupby("section")["tn_readings"].sum()
    return {
        "@water_below": (
            f"Weekly medians below the limit, as a share of weeks with readings: CODMn {below['codmn']:.1f} %, NH3-N "
            f"{below['nh3n']:.1f} %, TP {below['tp']:.1f} %, TN {below['tn']:.1f} %."
        ),
        "@water_maintenance": (
            f"{weeks['maintenance'].sum()} readings were taken under maintenance and are left out of the medians "
            f"(columns *_all keep them); {weeks['faulty'].sum()} readings fall on days of a known instrument fault."
        ),
        "@water_gubeikou": (
            f"Gubeikou has readings of {len(gubeikou)} weeks; none from 18 December 2020 to 25 March 2021"
            + (f", and no total nitrogen in the weeks of {', '.join(silent)}." if len(silent) else ".")
        ),
        "@water_without_tn": (
            f"{(without == 0).sum()} of {len(without)} sections have no total nitrogen; {readings} quantities are read."
        ),
        "@water_storage": (
            f"{storage_points['storage'].notna().sum()} of {len(storage_points)} points have a storage; "
            f"{(storage_points['first'] != storage_points['last']).sum()} have no exact date."
        ),
    }
