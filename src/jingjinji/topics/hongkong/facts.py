"""What tables alone say of the plans of Hong Kong and Beijing."""

from functools import partial

from jingjinji.core import tables
from jingjinji.core.findings import Finding, exact

FACTS = ("policy_facts",)
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
    return [*_money(), *_beijing()]


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


def _money() -> list[Finding]:
    plan = partial(fact, "Hong Kong plan", "Hong Kong")
    spending = plan("planned spending on climate action", "2021")
    years = [plan(f"{end} years of the planned spending", "2021") for end in ("fewest", "most")]
    persons, output, _ = persons_and_output()
    made = [exact("silk.money.spending", "Hong Kong's planned spending on climate action", spending, "billion HKD",
                  FACTS)]  # fmt: skip
    for end, count in zip(("fewest", "most"), years, strict=True):
        made += [
            exact(f"silk.money.years.{end}", f"{end} years of the planned spending", count, "years", FACTS),
            exact(f"silk.money.per-year.{end}", f"planned spending a year over {count:g} years", spending / count,
                  "billion HKD", FACTS),
            exact(f"silk.money.per-person.{end}", f"planned spending a year and person over {count:g} years",
                  round(1000 * spending / count / persons, -1), "HKD", HONGKONG),
            exact(f"silk.money.of-output.{end}", f"planned spending of a year's output over {count:g} years",
                  round(100 * spending / count / output, 2), "%", HONGKONG),
        ]  # fmt: skip
    for key, value in cuts(2030).items():
        made.append(exact(f"silk.target.{key}", "cut of emissions since 2005 planned for 2030, one end of the range",
                          value, "%", FACTS))  # fmt: skip
    made.append(exact("silk.target.2035", "cut of emissions since 2005 planned for 2035", cuts(2035)["2035"], "%",
                      FACTS))  # fmt: skip
    rows = tables.load("hongkong_emissions").query("quantity == 'share of coal in electricity'").set_index("year").value
    made += [exact(f"silk.hongkong.coal.{year}", f"share of coal in Hong Kong's electricity, {year}", rows[year], "%",
                   HONGKONG) for year in rows.index]  # fmt: skip
    return made


def _beijing() -> list[Finding]:
    plan = partial(fact, "Beijing plan", "Beijing")
    said = partial(fact, "articles", "Beijing")
    renewable = "share of renewables in energy, target"
    first, last = plan(renewable, "2025"), plan(renewable, "2030")
    made = [
        exact("silk.beijing.renewables.2025", "renewables in Beijing's energy, target for 2025, at least", first, "%",
              FACTS),
        exact("silk.beijing.renewables.2030", "renewables in Beijing's energy, target for 2030, about", last, "%",
              FACTS),
        exact("silk.beijing.renewables.a-year", "rise of that share a year between the two targets",
              round((last - first) / 5, 2), "percentage points a year", FACTS),
        exact("silk.beijing.renewables.work-plan", "renewables in Beijing's energy, the year's plan for 2025, at least",
              plan("share of renewables in energy, year's plan", "2025"), "%", FACTS),
        exact("silk.beijing.energy-per-output.2025", "energy per output, target, 2020 to 2025",
              plan("energy per output, target", "2020/2025"), "%", FACTS),
    ]  # fmt: skip
    for key, quantity in (("co2", "CO2 per output"), ("energy", "energy per output")):
        change = plan(quantity, "2012/2021")
        made += [
            exact(f"silk.beijing.{key}-per-output.change", f"{quantity} of Beijing, 2012 to 2021, as announced",
                  change, "%", FACTS),
            exact(f"silk.beijing.{key}-per-output.rate", f"{quantity} of Beijing a year, 2012 to 2021",
                  round(100 * ((1 + change / 100) ** (1 / 9) - 1), 1), "% a year", FACTS),
        ]  # fmt: skip
    target = plan("energy per output, target", "2020/2025")
    made.append(exact("silk.beijing.energy-per-output.needed", "energy per output a year that meets the target of 2025",
                      round(100 * ((1 + target / 100) ** (1 / 5) - 1), 1), "% a year", FACTS))  # fmt: skip
    for key, quantity in (("aspects", "aspects of the peak plan"), ("tasks", "tasks of the peak plan")):
        made.append(exact(f"silk.beijing.{key}", f"{quantity} of Beijing", plan(quantity, "2022"), "", FACTS))
    for key, quantity in (("sector-plans", "sector plans"), ("guarantee-plans", "guarantee plans")):
        made.append(exact(f"silk.beijing.{key}", f"{quantity} of Beijing, as the article says", said(quantity, "2022"),
                          "", FACTS))  # fmt: skip
    made.append(exact("silk.beijing.policies", "special policies to follow Beijing's plan, as announced",
                      plan("special policies to follow the peak plan", "2022"), "", FACTS))  # fmt: skip
    return made
