"""What tables alone say of the plans of Hong Kong and Beijing."""

from functools import partial

from jingjinji.core import tables
from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe

HONGKONG = ("policy_facts", "hongkong_emissions")
CUT = "cut of emissions since 2005"


def fact(topic: str, place: str, quantity: str, period: str) -> float:
    """One value of table policy_facts; raises as `tables.cell` does."""
    return tables.cell("policy_facts", topic=topic, place=place, quantity=quantity, period=period)


def cuts(year: int) -> dict[str, float]:
    """Cuts of Hong Kong's emissions since 2005 that plans promise for a year (%), by key; two where a range is."""
    rows = tables.load("policy_facts")
    rows = rows[rows.quantity.str.startswith(CUT) & (rows.period == str(year))]
    ends = rows.quantity.str.removeprefix(CUT).str.strip(", ").str.removesuffix(" end")
    return {f"{year}.{end}" if end else str(year): value for end, value in zip(ends, rows.value, strict=True)}


def findings() -> list[Finding]:
    """Hong Kong's money and plans, and Beijing's."""
    say = Scribe(("policy_facts",), "silk.")
    _say_money(say.under("money."))
    for year in (2030, 2035):
        words = "2030, one end of the range" if year == 2030 else year
        for key, value in cuts(year).items():
            say.fact(f"target.{key}", f"{CUT} planned for {words}", value, "%")
    coal = tables.load("hongkong_emissions").query("quantity == 'share of coal in electricity'").set_index("year").value
    for year, share in coal.items():
        words = f"share of coal in Hong Kong's electricity, {year}"
        say.under(tables=HONGKONG).fact(f"hongkong.coal.{year}", words, share, "%")
    _say_beijing(say.under("beijing."))
    return say.made


def persons_and_output() -> tuple[float, float, float]:
    """Hong Kong's people (millions), output (10⁹ HKD) and that output's relative rounding, of the last printed year.

    Both follow from emissions, emissions per person and emissions per output of that year.
    """
    rows = tables.load("hongkong_emissions")
    rows = rows[rows.base_year.isna() & (rows.sector == "all")]
    last = rows[rows.quantity == "intensity"].year.max()
    value = rows[rows.year == last].set_index("quantity")
    emissions, intensity = value.value["emissions"], value.value["intensity"]
    return emissions / value.value["per person"], emissions / intensity, value.half_step["intensity"] / intensity


def _say_money(say: Scribe) -> None:
    plan = partial(fact, "Hong Kong plan", "Hong Kong", period="2021")
    spending, (persons, output, _) = plan("planned spending on climate action"), persons_and_output()
    say.fact("spending", "Hong Kong's planned spending on climate action", spending, "billion HKD")
    of_output = say.under(tables=HONGKONG)
    for end in ("fewest", "most"):
        years = plan(f"{end} years of the planned spending")
        a_year, over = spending / years, f"over {years:g} years"
        say.fact(f"years.{end}", f"{end} years of the planned spending", years, "years")
        say.fact(f"per-year.{end}", f"planned spending a year {over}", a_year, "billion HKD")
        words = f"planned spending a year and person {over}"
        of_output.fact(f"per-person.{end}", words, 1000 * spending / years / persons, "HKD", -1)
        words = f"planned spending of a year's output {over}"
        of_output.fact(f"of-output.{end}", words, 100 * spending / years / output, "%", 2)


def _say_beijing(say: Scribe) -> None:
    plan, said = (partial(fact, topic, "Beijing") for topic in ("Beijing plan", "articles"))
    first, last = (plan("share of renewables in energy, target", year) for year in ("2025", "2030"))
    target = plan("energy per output, target", "2020/2025")
    renewables, per_output = "renewables in Beijing's energy", "energy per output"
    say.fact("renewables.2025", f"{renewables}, target for 2025, at least", first, "%")
    say.fact("renewables.2030", f"{renewables}, target for 2030, about", last, "%")
    a_year, words = (last - first) / 5, "rise of that share a year between the two targets"
    say.fact("renewables.a-year", words, a_year, "percentage points a year", 2)
    of_year = plan("share of renewables in energy, year's plan", "2025")
    say.fact("renewables.work-plan", f"{renewables}, the year's plan for 2025, at least", of_year, "%")
    say.fact("energy-per-output.2025", f"{per_output}, target, 2020 to 2025", target, "%")
    words = f"{per_output} a year that meets the target of 2025"
    say.fact("energy-per-output.needed", words, _a_year(target, 5), "% a year", 1)
    for key, quantity in (("co2", "CO2 per output"), ("energy", "energy per output")):
        change = plan(quantity, "2012/2021")
        say.fact(f"{key}-per-output.change", f"{quantity} of Beijing, 2012 to 2021, as announced", change, "%")
        words = f"{quantity} of Beijing a year, 2012 to 2021"
        say.fact(f"{key}-per-output.rate", words, _a_year(change, 9), "% a year", 1)
    for key in ("aspects", "tasks"):
        say.fact(key, f"{key} of the peak plan of Beijing", plan(f"{key} of the peak plan", "2022"))
    for key, quantity in (("sector-plans", "sector plans"), ("guarantee-plans", "guarantee plans")):
        say.fact(key, f"{quantity} of Beijing, as the article says", said(quantity, "2022"))
    words = "special policies to follow Beijing's plan, as announced"
    say.fact("policies", words, plan("special policies to follow the peak plan", "2022"))


def _a_year(change: float, years: int) -> float:
    """Change a year that gives a change over some years, both per cent."""
    return 100 * ((1 + change / 100) ** (1 / years) - 1)
