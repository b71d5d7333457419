"""What the page on November 2014 shows of its fits: arrays and small tables, computed from stored draws."""

import re

import numpy as np
import pandas as pd

from jingjinji.core import tables
from jingjinji.core.findings import Finding, exact
from jingjinji.show.prior_draws import prior_data
from jingjinji.topics.november import donors
from jingjinji.topics.november import series as apec_series
from jingjinji.topics.november import series_findings as said

VARIABLES = {
    "wind_nw": ("wind from west to north", "m/s"),
    "wind_ne": ("wind from north-east", "m/s"),
    "wind_se": ("wind from east to south", "m/s"),
    "wind_before": ("wind of the day before", "m/s"),
    "dew_point": ("dew point, against usual", "K"),
    "temperature": ("temperature, against usual", "K"),
    "pressure": ("pressure, against usual", "hPa"),
}
LINES = {
    "apec.embassy": "one site, day by day",
    "apec.stations": "twelve stations",
    "apec.donors.beijing": "other cities",
}
TOTAL, PART, RAW = ("P044", "P025", "P030"), ("P031",), ("P050",)


def observed(first: str, last: str) -> dict[str, pd.Series]:
    """Daily PM2.5 of the two series between two dates, by name."""
    days = tables.load("beijing_day").set_index("date")
    names = {"embassy": "embassy (one site)", "stations": "mean of twelve stations"}
    return {words: days.loc[days.series == name, "pm25"].loc[first:last] for name, words in names.items()}


def weather_curves(fit, most: int = 400) -> dict[str, tuple[np.ndarray, np.ndarray, str]]:
    """Change (%) along each weather variable between its 1st and 99th percentile: name -> (values, draws, unit)."""
    arrays, raw = (
        apec_series.data(fit.panel),
        apec_series.weather_table(apec_series.days_of("embassy", tables.load("beijing_day"))),
    )
    smooth = fit.parameters["smooth"].stack(sample=("chain", "draw")).transpose("sample", "term", "wave").values
    smooth = smooth[:: max(1, len(smooth) // most)]
    found = {}
    for number, (variable, (name, unit)) in enumerate(VARIABLES.items()):
        columns = slice(number * apec_series.WAVES, (number + 1) * apec_series.WAVES)
        values = raw[variable].to_numpy()
        inside = np.flatnonzero((values >= np.percentile(values, 1)) & (values <= np.percentile(values, 99)))
        rows = inside[np.argsort(values[inside])][:: max(1, len(inside) // 150)]
        found[name] = values[rows], 100 * np.expm1(smooth[:, number] @ arrays["smooth_basis"][rows, columns].T), unit
    return found


def prior_days(panel: apec_series.Panel, draws: int, seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Days as the priors alone expect them beside the measured ones, µg/m³: name -> (drawn, measured)."""
    drawn = np.exp(prior_data(apec_series.build(panel), "days", draws, seed))
    return {"mean of a day": (drawn.ravel(), panel.pm25.dropna().to_numpy())}


def check_groups(fit) -> dict[str, tuple[list[str], dict[str, tuple[np.ndarray, np.ndarray]]]]:
    """Statistics of PM2.5 drawn anew and measured, µg/m³, by calendar month and by year.

    name -> (labels, {"PM2.5": (drawn (draw, group), measured (group))})
    """
    drawn, measured = said.replicates(fit.parameters, fit.panel, fit.seed), fit.panel.pm25.dropna()
    months = measured.index.month
    values = measured.to_numpy()
    checks = {
        "mean by calendar month": (
            [str(month) for month in range(1, 13)],
            np.column_stack([drawn[:, months == month].mean(axis=1) for month in range(1, 13)]),
            np.array([values[months == month].mean() for month in range(1, 13)]),
        ),
        "the twentieth dirtiest day, by year": said.dirtiest_days(drawn, measured),
    }
    return {name: (labels, {"PM2.5": (again, seen)}) for name, (labels, again, seen) in checks.items()}


def twin(fit, city: str) -> tuple[pd.DatetimeIndex, np.ndarray, np.ndarray, int]:
    """First days, measured means, draws of the twin (draw, period) in µg/m³, and the number of the ban's period."""
    rng = np.random.default_rng(fit.seed)
    log = fit.panel.log_pm25[:, donors.position(fit.panel, city)]
    departure = donors.gaps(fit, city, rng).reshape(-1, len(log))
    return fit.panel.starts, np.exp(log), np.exp(log - departure), fit.panel.ban


def published(ids: tuple[str, ...]) -> list[tuple[str, Finding]]:
    """Published changes in the days of the ban in per cent, as points or ranges, for a forest plot."""
    rows = tables.load("published_results").set_index("id")
    found = []
    for id in ids:
        row = rows.loc[id]
        percents = _percents(f"{row['estimate']} {row['unit']}", "" if pd.isna(row["note"]) else row["note"])
        study = "official evaluation" if id == "P044" else re.match(r"[\x00-\x7f]+? \d{4}", row["study"])[0]
        finding = exact(f"published.{id}", row["quantity"], float(np.mean(percents)), "%", ("published_results",))
        if len(percents) > 1:
            finding = Finding(
                finding.id, finding.label, np.array([np.linspace(*percents, 50)]), "%", "table", finding.panel
            )
        found.append((study, finding))
    return found


def _percents(estimate: str, note: str) -> list[float]:
    """One or two percentages of an estimate such as ``-55.9 to -58.5 %``; of its note where the estimate has none."""
    effect = re.search(r"effect (-\d+(?:\.\d+)?) %", note)
    if effect:
        return [float(effect[1])]
    first = estimate.partition(";")[0]
    return [float(number) for number in re.findall(r"-\d+(?:\.\d+)?", first)][:2]


def unexplained(fit, first: str, last: str) -> pd.Series:
    """Departure (%) of each day from what calendar and weather let expect, between two dates."""
    return 100 * np.expm1(said.unexplained(fit.parameters, fit.panel, slice(None, None, 20))[first:last])


def before_sentence(departures: dict[str, pd.Series], ban: tuple[pd.Timestamp, pd.Timestamp]) -> str:
    """How far the days just before the ban departed (%) from expectation, as long a time as the ban, in a sentence."""
    length = ban[1] - ban[0]
    before = {
        name: values[ban[0] - length - apec_series.DAY : ban[0] - apec_series.DAY]
        for name, values in departures.items()
    }
    means = [100 * np.expm1(np.log1p(values / 100).mean()) for values in before.values()]
    each = " and ".join(f"{_whole(mean)}\N{NO-BREAK SPACE}% ({name})" for name, mean in zip(before, means, strict=True))
    first = f"The {length.days + 1} days before the ban departed by {each} from expectation"
    if max(means) < 0:
        return f"{first}: they were low as well, which a change of emissions during the ban cannot explain."
    return f"{first}."


def by_hour(f: dict[str, Finding]) -> pd.DataFrame:
    """Answers of the model by hour (table apec_by_hour) beside those by day: series, question, by day, by hour."""
    questions = {
        "ban-1.effect": "3 to 5 November 2014",
        "ban-2.effect": "6 to 12 November 2014",
        "ban.effect": "the whole ban",
        "ban.difference": "the whole ban, difference",
        "ban.counterfactual": "the days of the ban, had they been like others",
        "after-ban.effect": "two weeks after the ban",
        "parade.effect": "parade of 2015",
        "carry-over": "departure that carries over to the next day",
        "block-scale": "scatter of ten days beyond that",
    }
    hours = tables.load("apec_by_hour").set_index("id")["text"]
    rows = [
        (LINES[f"apec.{series}"], question, f[f"apec.{series}.{key}"].text, hours[f"apec.hours.{series}.{key}"])
        for series in ("embassy", "stations")
        for key, question in questions.items()
        if f"apec.hours.{series}.{key}" in hours
    ]
    return pd.DataFrame(rows, columns=["series", "question", "by day", "by hour"])


def hours_sentence() -> str:
    """What the model by hour says of the whole ban and how far its level lies off, in sentences.

    A series whose fit did not pass the gate is not in the table, and the last sentence says so.
    """
    hours = tables.load("apec_by_hour").set_index("id")
    series = {"one site": "embassy", "twelve stations": "stations"}
    there = {words: site for words, site in series.items() if f"apec.hours.{site}.ban.effect" in hours.index}
    bans = {words: hours.loc[f"apec.hours.{site}.ban.effect"] for words, site in there.items()}
    with_nought = [row.hdi_low <= 0 <= row.hdi_high for row in bans.values()]
    inside = "lies inside" if all(with_nought) else "lies outside" if not any(with_nought) else "lies in one of them"
    each = " and ".join(f"{row.text} ({words})" for words, row in bans.items())
    level = " and ".join(hours.text[f"apec.hours.{site}.check.level"] for site in there.values())
    missing = "".join(
        f" By the hour the fit of {words} did not pass the gate." for words in series if words not in there
    )
    return (
        f"Taken by the hour, the ban departs by {each}; nought {inside}. What calendar and weather leave "
        f"over of all hours is {level} on average, where nought would be right.{missing}"
    )


def agreement(f: dict[str, Finding]) -> str:
    """How far the lines of evidence agree, in sentences."""
    effects = {prefix: f[f"{prefix}.ban.effect"] for prefix in LINES}
    low, high = max(e.hdi[0] for e in effects.values()), min(e.hdi[1] for e in effects.values())
    common = f"The intervals of all three lines share {_whole(low)} to {_whole(high)} %" if low < high else (
        "No value lies in the intervals of all three lines"
    )  # fmt: skip
    zero = [LINES[prefix] for prefix, effect in effects.items() if effect.hdi[1] >= 0]
    reach = f"that of the line '{' and '.join(zero)}' reaches zero" if zero else "none reaches zero"
    return f"{common}; {reach}."


def later_sentence(f: dict[str, Finding]) -> str:
    """How many of the later windows lie clearly below zero, in a sentence."""
    later = [f[id] for id in f if id.split(".")[-2].startswith("later-") and id.startswith(tuple(LINES))]
    below = sum(finding.hdi[1] < 0 for finding in later)
    return (
        f"Of {len(later)} windows of two weeks from 30 days on, {below} lie wholly below zero, although nothing was "
        "banned then: so far do such numbers stray."
    )


def moved_sentence(f: dict[str, Finding], earlier: Finding, later: Finding) -> str:
    """What moving the window of the ban does at one site, in a sentence."""
    here = f["apec.embassy.ban.effect"]
    return (
        f"Moved three days earlier the change at one site is {earlier.value_text}, three days later "
        f"{later.value_text}, against {here.value_text} in its place."
    )


def _whole(value: float) -> str:
    return f"{round(value)}".replace("-", "\N{MINUS SIGN}")
