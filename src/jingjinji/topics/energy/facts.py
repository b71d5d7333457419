"""Findings that are read from the tables of energy, steel and sources, without a model."""

from itertools import product

import numpy as np
import pandas as pd

from jingjinji.core import tables
from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe

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
    say = Scribe(("energy_facts",), "energy.")
    _say_ruhr(say)
    _say_capacity(say)
    _say_coal(say)
    _say_sources(say.under("sources.", tables=("source_apportionment",)))
    _say_emissions(say.under("shares."))
    return say.made


def published(area: str, series: str, year: int) -> float:
    """The mean of the figures of one series and year in table coal_phase_out."""
    rows = tables.load("coal_phase_out")
    rows = rows[(rows.area == area) & (rows.series == series) & (rows.year == year)]
    return float(rows.value.mean())


def _say_ruhr(say: Scribe) -> None:
    of, mined = say.under("claims.ruhr."), say.under(tables=("coal_phase_out",))
    output = [published("Ruhr", "hard-coal output", year) for year in (1957, 2014)]
    words, key = "hard-coal output of the Ruhr", "claims.ruhr.output"
    mined.fact(f"{key}.1957", f"{words}, 1957, at least", output[0], "Mt")
    mined.fact(f"{key}.2014", f"{words}, 2014", output[1], "Mt")
    change = _change(*output)
    words = "change of the Ruhr's hard-coal output"
    mined.fact(f"{key}.change", f"{words}, 1957 (a lower bound) to 2014", change, "%", 1)
    claimed = fact("Ruhr", "change of hard-coal output", "1964/2014", "article")
    of.fact("output.claimed", f"{words} that the article gives", claimed, "%")
    left = 100 * published("Germany", "hard-coal jobs", 1970) / published("Germany", "hard-coal jobs", 1957)
    mined.fact("germany.jobs.left.1970", "hard-coal jobs of Germany in 1970, of those of 1957", left, "%", 0)
    change = fact("Ruhr", "change of steel jobs", "1960/2001")
    of.fact("steel-jobs.change", "change of steel jobs of the Ruhr, 1960 to 2001", change, "%")
    change = _change(*(fact("Ruhr", "steel jobs", year, "article") for year in ("1964", "2014")))
    of.fact("steel-jobs.claimed", "change of steel jobs that the article gives, at least", change, "%", 1)
    founded = fact("Ruhr", "universities founded by then", "1974")
    of.fact("universities.1974", "universities of the Ruhr founded by 1974, at least", founded)
    claimed = fact("Ruhr", "universities and colleges", "2014", "article")
    of.fact("universities.claimed", "universities and colleges that the article gives", claimed)


def _change(first: float, last: float) -> float:
    """Per cent change between two figures."""
    return 100 * (last / first - 1)


def _say_capacity(say: Scribe) -> None:
    of, capacity = say.under("capacity."), "Hebei's steel-making capacity"
    now = fact("Hebei", "steel-making capacity", "2014", "article")
    planned = fact("Hebei", "steel-making capacity planned", "2015", "article")
    of.fact("now", f"{capacity} that the article gives", now, "Mt")
    of.fact("planned", f"{capacity} planned for 2015", planned, "Mt")
    of.fact("planned-cut", f"planned cut of {capacity}", now - planned, "Mt")
    cut = fact("Hebei", "steel-making capacity cut", "2013/2017")
    of.fact("cut", f"announced cut of {capacity}, 2013 to 2017", cut, "Mt")
    listed = tables.load("energy_facts").query("quantity.str.startswith('firms on the first list')").value.sum()
    of.fact("first-list", "firms on the first list of closures, all branches", listed)
    firms = "firms that smelt steel"
    for year, end, words in (
        (2014, "", "the article's figure"),
        (2015, ", planned", "planned for 2015"),
        (2020, ", planned", "planned for 2020"),
    ):
        value = fact("Hebei", f"{firms}{end}", str(year), "article")
        of.fact(f"firms.{year}", f"{firms} in Hebei, {words}", value)
    steel = {year: fact("Hebei", "crude-steel output", str(year)) for year in STEEL_YEARS}
    top, of, output = max(steel, key=steel.get), say.under("steel.hebei."), "Hebei's crude-steel output"
    for year, value in steel.items():
        of.fact(str(year), f"{output}, {year}", value, "Mt", 1)
    of.fact("top-year", "year of Hebei's largest crude-steel output in the table", top)
    of.fact("change.to-top", f"change of {output}, 2014 to {top}", _change(steel[2014], steel[top]), "%", 1)
    of.fact("change.since-top", f"change of {output}, {top} to 2023", _change(steel[top], steel[2023]), "%", 1)


def _say_coal(say: Scribe) -> None:
    table, say = tables.load("coal_phase_out"), say.under("coal.")
    by_year = table[table.confidence.eq("verified-file")].set_index(["area", "year"]).value
    burnt = say.under(tables=("coal_phase_out",))
    for area in ("Beijing", "Tianjin", "Hebei"):
        rows = by_year.loc[area]
        peak, of, words = int(rows.idxmax()), burnt.under(f"{area.lower()}."), f"coal consumption of {area}"
        of.fact("peak-year", f"year of the largest {words}", peak)
        of.fact("peak", f"largest {words}, {peak}", rows[peak], "Mt", 1)
        of.fact("2017", f"{words}, 2017", rows[2017], "Mt", 1)
        of.fact("change", f"change of {words}, {peak} to 2017", _change(rows[peak], rows[2017]), "%", 1)
    panel = tables.load("energy_province_year").set_index(["province", "year"])
    for area, year in product(("Beijing", "Hebei"), (2003, 2017)):
        row, of = panel.loc[(area, year)], say.under(f"{area.lower()}.", tables=("energy_province_year",))
        share = 100 * TCE_OF_COAL * row.coal / row.energy
        of.fact(f"of-all.{year}", f"coal in all energy, {area}, {year}", share, "%", 1)
    share = fact("Hebei", "coal share of energy", "2017")
    words = "coal in all energy, Hebei, 2017, as a book gives it"
    say.fact("hebei.of-all.published.2017", words, share, "%")
    end_use = tables.load("energy_mix_year").query("province == 'Hebei'").set_index("year").coal
    last, of = end_use.index.max(), say.under("hebei.", tables=("energy_mix_year",))
    of.fact("end-use", f"coal, coke and coal gases in end use, Hebei, {last}", end_use[last], "Mtce", 0)
    of = of.under(tables=("coal_phase_out",))
    half = TCE_OF_COAL * by_year.loc["Hebei"].max() / 2
    of.fact("half", "half of the largest coal consumption of Hebei", half, "Mtce", 0)
    announced = fact("Hebei", "coal consumption cut", "2013/2017")
    say.fact("hebei.cut.announced", "announced cut of Hebei's coal, 2013 to 2017", announced, "Mt")
    cut = published("Hebei", "coal consumption", 2013) - published("Hebei", "coal consumption", 2017)
    burnt.fact("hebei.cut", "fall of Hebei's coal in the yearbook, 2013 to 2017", cut, "Mt", 1)


def _say_sources(say: Scribe) -> None:
    whole, limits, local = apportionment(), ends(), local_ends().mean(axis=1)
    for number in ROUNDS:
        for part in (*PARTS, "from outside"):
            if pd.notna(share := whole.loc[number, part]):
                words = f"share of all PM2.5 in Beijing, {part}, round {number}"
                say.fact(f"{part.replace(' ', '-')}.{number}", words, share, "%", 1)
        for end in ("low", "high"):
            words = f"{end} end of the share of PM2.5 in Beijing from outside, round {number}"
            share = limits.loc[(number, "from outside"), end]
            say.fact(f"from-outside.{number}.{end}", words, share, "%", 1)
        for part in ("vehicles", "industry"):
            words = f"share of the local part of PM2.5 in Beijing, {part}, round {number}"
            say.fact(f"local.{part}.{number}", words, local[number, part], "%", 1)
    official = tables.load("pm25_official_annual").query("series == 'official' and area == 'Beijing'")
    official, of = official.set_index("year"), say.under(tables=(*say.tables, "pm25_official_annual"))
    for number, year in YEAR_OF_ROUND.items():
        mean, half = official.pm25[year], official.rounding[year]
        words = f"PM2.5 in Beijing from local coal, round {number}, with the annual mean of {year}"
        for end, said, share, level in (
            ("", "", whole.loc[number, "coal"], mean),
            (".low", ", low end", limits.low[number, "coal"], mean - half),
            (".high", ", high end", limits.high[number, "coal"], mean + half),
        ):
            of.fact(f"coal.{number}.absolute{end}", f"{words}{said}", share / 100 * level, "µg/m³", 1)


def _say_emissions(say: Scribe) -> None:
    for pollutant, national in (("PM2.5", "primary PM2.5"), ("SO2", "SO2"), ("NOx", "NOx")):
        key, of = pollutant.lower().replace(".", ""), f"share of {pollutant} emissions, coal power, steel and cement"
        claimed = fact("Beijing-Tianjin-Hebei", of, "about 2013", "article")
        words = f"share of the region's {pollutant} that the article gives to coal power, steel and cement"
        say.fact(f"article.{key}", words, claimed, "%")
        share = fact("China", f"coal-related share of {national} emissions", "2012")
        say.fact(f"china.{key}", f"share of China's {pollutant} that comes from coal, 2012", share, "%")
