"""Findings that are read from the tables of energy, steel and sources, without a model."""

from functools import partial

import numpy as np
import pandas as pd

from jingjinji.core import tables
from jingjinji.core.findings import Finding, exact

TCE_OF_COAL = 0.7143
"""Tonnes of coal equivalent in a tonne of raw coal, the yearbook's factor."""
PARTS = ("coal", "vehicles", "industry", "dust", "living", "agriculture and nature")
ROUNDS = (1, 2, 3, 4)
STEEL_YEARS = (2014, 2019, 2020, 2021, 2022, 2023)
YEAR_OF_ROUND = {1: 2013, 2: 2017}
"""Year of the official annual mean that a round is multiplied with."""


def fact(area: str, quantity: str, period: str = "", confidence: str = "verified-page") -> float:
    """One value of table energy_facts; raises as `tables.cell` does."""
    return tables.cell("energy_facts", area=area, quantity=quantity, period=period, confidence=confidence)


def apportionment() -> pd.DataFrame:
    """Shares of all PM2.5 of Beijing by round (rows) and source (columns), per cent.

    A published share of the local part is multiplied by the local share, a range counts with its middle; what the
    named parts leave of the local part is `other`.
    """
    table = tables.load("source_apportionment")
    middle = table.share.fillna((table.low + table.high) / 2)
    total = table.assign(value=middle)[table.basis == "total"].pivot(index="round", columns="part", values="value")
    local = table.assign(value=middle)[table.basis == "local"].pivot(index="round", columns="part", values="value")
    whole = local.reindex(columns=PARTS).mul(total["local"] / 100, axis=0)
    whole["other"] = total["local"] - whole.sum(axis=1)
    whole["from outside"] = total["from outside"]
    return whole


def local_ends() -> pd.DataFrame:
    """Lowest and highest share of the local part by (round, source), per cent, that its rounding allows."""
    table = tables.load("source_apportionment").query("basis == 'local'")
    step = table.groupby("round").share.transform(lambda shares: 0.05 if (shares % 1).any() else 0.5)
    named = table.assign(low=table.share - step, high=table.share + step)
    return named.set_index(["round", "part"])[["low", "high"]].sort_index()


def ends() -> pd.DataFrame:
    """Lowest and highest share of all PM2.5 by (round, source), per cent: of published ranges, or of rounding.

    What is local is what is not from outside.
    """
    table = tables.load("source_apportionment")
    outside = table[(table.basis == "total") & (table.part == "from outside")].set_index("round")
    low, high = outside.low.fillna(outside.share - 0.5), outside.high.fillna(outside.share + 0.5)
    local = local_ends()
    whole = pd.DataFrame({
        "low": local.low * (100 - high).reindex(local.index, level="round") / 100,
        "high": local.high * (100 - low).reindex(local.index, level="round") / 100,
    })  # fmt: skip
    border = pd.DataFrame({"low": low, "high": high})
    border.index = pd.MultiIndex.from_product([border.index, ["from outside"]], names=["round", "part"])
    return pd.concat([whole, border]).sort_index()


def sources_table() -> pd.DataFrame:
    """Shares of all PM2.5 by source (rows) and round, per cent, with what ranges and rounding allow."""
    whole, limits = apportionment(), ends()

    def text(number: int, part: str) -> str:
        if (number, part) not in limits.index:
            return ""
        low, high = limits.loc[(number, part)]
        return f"{whole.loc[number, part]:.0f} % ({low:.1f} to {high:.1f})"

    return pd.DataFrame(
        [{"source": part, **{f"round {number}": text(number, part) for number in ROUNDS}}
         for part in (*PARTS, "from outside")]
    )  # fmt: skip


def log_ratios_to_vehicles() -> pd.DataFrame:
    """Log-ratio of each local source to vehicles in its first and last round, and the change with its ends.

    The local share cancels out of these ratios; the ends are those of rounding. Columns source, rounds, first, last,
    change, low, high.
    """
    limits, rows = local_ends(), []
    shares = limits.mean(axis=1)
    for part in PARTS:
        rounds = [number for number in ROUNDS if (number, part) in limits.index]
        if part == "vehicles" or len(rounds) < 2:
            continue
        first, last = (np.log(shares[number, part] / shares[number, "vehicles"]) for number in (rounds[0], rounds[-1]))
        least, most = ({number: np.log(limits.loc[(number, part), end] / limits.loc[(number, "vehicles"), other])
                        for number in rounds} for end, other in (("low", "high"), ("high", "low")))  # fmt: skip
        rows.append({
            "source": part, "rounds": f"{rounds[0]} to {rounds[-1]}", "first": first, "last": last,
            "change": last - first, "low": least[rounds[-1]] - most[rounds[0]],
            "high": most[rounds[-1]] - least[rounds[0]],
        })  # fmt: skip
    return pd.DataFrame(rows)


def findings() -> list[Finding]:
    """Steel and capacity of Hebei, the Ruhr's figures, the sources of Beijing's PM2.5, shares of emissions."""
    return [*_ruhr(), *_capacity(), *_coal(), *_sources(), *_emissions()]


def _phase_out(area: str, series: str, year: int) -> float:
    rows = tables.load("coal_phase_out")
    rows = rows[(rows.area == area) & (rows.series == series) & (rows.year == year)]
    return float(rows.value.mean())


def _ruhr() -> list[Finding]:
    made = partial(exact, unit="%", panel=("energy_facts",))
    output = [_phase_out("Ruhr", "hard-coal output", year) for year in (1957, 2014)]
    jobs = [fact("Ruhr", "steel jobs", year, "article") for year in ("1964", "2014")]
    miners = [_phase_out("Germany", "hard-coal jobs", year) for year in (1957, 1970)]
    return [
        exact("energy.claims.ruhr.output.1957", "hard-coal output of the Ruhr, 1957, at least", output[0], "Mt",
              ("coal_phase_out",)),
        exact("energy.claims.ruhr.output.2014", "hard-coal output of the Ruhr, 2014", output[1], "Mt",
              ("coal_phase_out",)),
        exact("energy.claims.ruhr.output.change", "change of the Ruhr's hard-coal output, 1957 (a lower bound) to 2014",
              round(100 * (output[1] / output[0] - 1), 1), "%", ("coal_phase_out",)),
        exact("energy.germany.jobs.left.1970", "hard-coal jobs of Germany in 1970, of those of 1957",
              round(100 * miners[1] / miners[0]), "%", ("coal_phase_out",)),
        made("energy.claims.ruhr.output.claimed", "change of the Ruhr's hard-coal output that the article gives",
             fact("Ruhr", "change of hard-coal output", "1964/2014", "article")),
        made("energy.claims.ruhr.steel-jobs.change", "change of steel jobs of the Ruhr, 1960 to 2001",
             fact("Ruhr", "change of steel jobs", "1960/2001")),
        made("energy.claims.ruhr.steel-jobs.claimed", "change of steel jobs that the article gives, at least",
             round(100 * (jobs[1] / jobs[0] - 1), 1)),
        exact("energy.claims.ruhr.universities.1974", "universities of the Ruhr founded by 1974, at least",
              fact("Ruhr", "universities founded by then", "1974"), "", ("energy_facts",)),
        exact("energy.claims.ruhr.universities.claimed", "universities and colleges that the article gives",
              fact("Ruhr", "universities and colleges", "2014", "article"), "", ("energy_facts",)),
    ]  # fmt: skip


def _capacity() -> list[Finding]:
    made = partial(exact, unit="Mt", panel=("energy_facts",))
    now = fact("Hebei", "steel-making capacity", "2014", "article")
    planned = fact("Hebei", "steel-making capacity planned", "2015", "article")
    steel = {year: fact("Hebei", "crude-steel output", str(year)) for year in STEEL_YEARS}
    top = max(steel, key=steel.get)
    listed = tables.load("energy_facts").query("quantity.str.startswith('firms on the first list')").value.sum()
    return [
        made("energy.capacity.now", "Hebei's steel-making capacity that the article gives", now),
        made("energy.capacity.planned", "Hebei's steel-making capacity planned for 2015", planned),
        made("energy.capacity.planned-cut", "planned cut of Hebei's steel-making capacity", now - planned),
        made("energy.capacity.cut", "announced cut of Hebei's steel-making capacity, 2013 to 2017",
             fact("Hebei", "steel-making capacity cut", "2013/2017")),
        *[made(f"energy.steel.hebei.{year}", f"Hebei's crude-steel output, {year}", round(steel[year], 1))
          for year in STEEL_YEARS],
        exact("energy.steel.hebei.top-year", "year of Hebei's largest crude-steel output in the table", top, "",
              ("energy_facts",)),
        exact("energy.steel.hebei.change.to-top", f"change of Hebei's crude-steel output, 2014 to {top}",
              round(100 * (steel[top] / steel[2014] - 1), 1), "%", ("energy_facts",)),
        exact("energy.steel.hebei.change.since-top", f"change of Hebei's crude-steel output, {top} to 2023",
              round(100 * (steel[2023] / steel[top] - 1), 1), "%", ("energy_facts",)),
        exact("energy.capacity.first-list", "firms on the first list of closures, all branches", listed, "",
              ("energy_facts",)),
        *[exact(f"energy.capacity.firms.{year}", label, fact("Hebei", quantity, str(year), "article"), "",
                ("energy_facts",))
          for year, quantity, label in (
              (2014, "firms that smelt steel", "firms that smelt steel in Hebei, the article's figure"),
              (2015, "firms that smelt steel, planned", "firms that smelt steel in Hebei, planned for 2015"),
              (2020, "firms that smelt steel, planned", "firms that smelt steel in Hebei, planned for 2020"))],
    ]  # fmt: skip


def _coal() -> list[Finding]:
    made, table = [], tables.load("coal_phase_out")
    for area in ("Beijing", "Tianjin", "Hebei"):
        rows = table[(table.area == area) & table.confidence.eq("verified-file")].set_index("year").value
        peak, key = int(rows.idxmax()), f"energy.coal.{area.lower()}"
        made += [
            exact(f"{key}.peak-year", f"year of the largest coal consumption of {area}", peak, "", ("coal_phase_out",)),
            exact(f"{key}.peak", f"largest coal consumption of {area}, {peak}", round(rows[peak], 1), "Mt",
                  ("coal_phase_out",)),
            exact(f"{key}.2017", f"coal consumption of {area}, 2017", round(rows[2017], 1), "Mt", ("coal_phase_out",)),
            exact(f"{key}.change", f"change of coal consumption of {area}, {peak} to 2017",
                  round(100 * (rows[2017] / rows[peak] - 1), 1), "%", ("coal_phase_out",)),
        ]  # fmt: skip
    panel = tables.load("energy_province_year").set_index(["province", "year"])
    for area, year in (("Beijing", 2003), ("Beijing", 2017), ("Hebei", 2003), ("Hebei", 2017)):
        row = panel.loc[(area, year)]
        share, key = round(100 * TCE_OF_COAL * row.coal / row.energy, 1), f"energy.coal.{area.lower()}.of-all.{year}"
        made.append(exact(key, f"coal in all energy, {area}, {year}", share, "%",
                          ("energy_province_year",)))  # fmt: skip
    announced = fact("Hebei", "coal consumption cut", "2013/2017")
    cut = _phase_out("Hebei", "coal consumption", 2013) - _phase_out("Hebei", "coal consumption", 2017)
    return [
        *made,
        exact("energy.coal.hebei.of-all.published.2017", "coal in all energy, Hebei, 2017, as a book gives it",
              fact("Hebei", "coal share of energy", "2017"), "%", ("energy_facts",)),
        exact("energy.coal.hebei.cut.announced", "announced cut of Hebei's coal, 2013 to 2017", announced, "Mt",
              ("energy_facts",)),
        exact("energy.coal.hebei.cut", "fall of Hebei's coal in the yearbook, 2013 to 2017", round(cut, 1), "Mt",
              ("coal_phase_out",)),
    ]  # fmt: skip


def _sources() -> list[Finding]:
    made, whole = [], apportionment()
    official = tables.load("pm25_official_annual").query("series == 'official' and area == 'Beijing'")
    official, limits = official.set_index("year"), ends()
    panel = ("source_apportionment",)
    for number in ROUNDS:
        for part in (*PARTS, "from outside"):
            share = whole.loc[number, part]
            if pd.notna(share):
                made.append(exact(f"energy.sources.{part.replace(' ', '-')}.{number}",
                                  f"share of all PM2.5 in Beijing, {part}, round {number}", round(share, 1), "%",
                                  panel))  # fmt: skip
        for end in ("low", "high"):
            made.append(exact(f"energy.sources.from-outside.{number}.{end}",
                              f"{end} end of the share of PM2.5 in Beijing from outside, round {number}",
                              round(limits.loc[(number, "from outside"), end], 1), "%", panel))  # fmt: skip
    local = local_ends().mean(axis=1)
    for number in ROUNDS:
        for part in ("vehicles", "industry"):
            made.append(exact(f"energy.sources.local.{part}.{number}",
                              f"share of the local part of PM2.5 in Beijing, {part}, round {number}",
                              round(local[number, part], 1), "%", panel))  # fmt: skip
    for number, year in YEAR_OF_ROUND.items():
        mean, half = official.pm25[year], official.rounding[year]
        values = {"": (whole.loc[number, "coal"], mean), ".low": (limits.low[number, "coal"], mean - half),
                  ".high": (limits.high[number, "coal"], mean + half)}  # fmt: skip
        for end, (share, level) in values.items():
            made.append(exact(f"energy.sources.coal.{number}.absolute{end}",
                              f"PM2.5 in Beijing from local coal, round {number}, with the annual mean of {year}"
                              + (f", {end[1:]} end" if end else ""),
                              round(share / 100 * level, 1), "µg/m³", (*panel, "pm25_official_annual")))  # fmt: skip
    return made


def _emissions() -> list[Finding]:
    made = partial(exact, unit="%", panel=("energy_facts",))
    found = []
    for pollutant, national in (("PM2.5", "primary PM2.5"), ("SO2", "SO2"), ("NOx", "NOx")):
        key = pollutant.lower().replace(".", "")
        found += [
            made(f"energy.shares.article.{key}",
                 f"share of the region's {pollutant} that the article gives to coal power, steel and cement",
                 fact("Beijing-Tianjin-Hebei", f"share of {pollutant} emissions, coal power, steel and cement",
                      "about 2013", "article")),
            made(f"energy.shares.china.{key}", f"share of China's {pollutant} that comes from coal, 2012",
                 fact("China", f"coal-related share of {national} emissions", "2012")),
        ]  # fmt: skip
    return found
