"""What the page on November 2014 shows of its fits: arrays and small tables, computed from stored draws."""

import re

import numpy as np
import pandas as pd

from jingjinji.core import tables
from jingjinji.core.findings import Finding, exact
from jingjinji.core.published import read as published_file
from jingjinji.fits import simulations
from jingjinji.show.prior_draws import prior_data
from jingjinji.topics.november import contrast, donors
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
LINES = {"apec.beijing": "Beijing's two series", "apec.donors.beijing": "other cities"}
SITE_NAMES = {"embassy": "embassy (one site)", "stations": "mean of twelve stations"}
TOTAL, PART, RAW = ("P044", "P025", "P030"), ("P031",), ("P050",)


def observed(first: str, last: str) -> dict[str, pd.Series]:
    """Daily PM2.5 of the two series between two dates, by name."""
    days = tables.load("beijing_day").set_index("date")
    return {words: days.loc[days.series == name, "pm25"].loc[first:last] for name, words in SITE_NAMES.items()}


def weather_curves(fit, most: int = 400) -> dict[str, tuple[np.ndarray, np.ndarray, str]]:
    """Change (%) at the embassy along each weather variable between its 1st and 99th percentile.

    name -> (values, draws, unit)
    """
    site = apec_series.SITES.index("embassy")
    basis, days = fit.panel.embassy.basis, apec_series.days_of("embassy", tables.load("beijing_day"))
    raw = apec_series.weather_table(days)
    smooth = fit.parameters["smooth"].isel(site=site).stack(sample=("chain", "draw"))
    smooth = smooth.transpose("sample", "term", "wave").values
    smooth = smooth[:: max(1, len(smooth) // most)]
    found = {}
    for number, (variable, (name, unit)) in enumerate(VARIABLES.items()):
        columns = slice(number * apec_series.WAVES, (number + 1) * apec_series.WAVES)
        values = raw[variable].to_numpy()
        inside = np.flatnonzero((values >= np.percentile(values, 1)) & (values <= np.percentile(values, 99)))
        rows = inside[np.argsort(values[inside])][:: max(1, len(inside) // 150)]
        found[name] = values[rows], 100 * np.expm1(smooth[:, number] @ basis[rows, columns].T), unit
    return found


def prior_days(panel: apec_series.Panel, draws: int, seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Days as the priors alone expect them beside the measured ones, µg/m³: name -> (drawn, measured)."""
    drawn = np.exp(prior_data(apec_series.build(panel), "days", draws, seed))
    return {"mean of a day": (drawn.ravel(), np.exp(apec_series.logs(panel)))}


def check_groups(fit) -> dict[str, tuple[list[str], dict[str, tuple[np.ndarray, np.ndarray]]]]:
    """Statistics of PM2.5 drawn anew and measured, µg/m³, by calendar month and by year.

    name -> (labels, {"PM2.5": (drawn (draw, group), measured (group))})
    """
    checks, again = {}, said.replicates(fit.parameters, fit.panel, fit.seed)
    for name, site in zip(apec_series.SITES, fit.panel.sites, strict=True):
        drawn, measured = again[name], site.pm25.dropna()
        months, values = measured.index.month, measured.to_numpy()
        checks[f"{name}: mean by calendar month"] = (
            [str(month) for month in range(1, 13)],
            np.column_stack([drawn[:, months == month].mean(axis=1) for month in range(1, 13)]),
            np.array([values[months == month].mean() for month in range(1, 13)]),
        )
        checks[f"{name}: the twentieth dirtiest day, by year"] = said.dirtiest_days(drawn, measured)
    return {name: (labels, {"PM2.5": (new, seen)}) for name, (labels, new, seen) in checks.items()}


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


def unexplained(fit, first: str, last: str) -> dict[str, pd.Series]:
    """Departure (%) of each day from what calendar and weather lead one to expect, between two dates, by series."""
    left = said.unexplained(fit.parameters, fit.panel, slice(None, None, 20))
    return {SITE_NAMES[name]: 100 * np.expm1(values[first:last]) for name, values in left.items()}


def departures_of_windows(fit) -> tuple[np.ndarray, float]:
    """Departures (%) of all windows of ten days without a control, and that of the ban."""
    scales = contrast.scales_of(fit.parameters)
    every = contrast.windows(fit.panel, scales).departure.to_numpy()
    ban = contrast.Equations(fit.panel, scales).apart(apec_series.logs(fit.panel))[0][0, 0]
    return 100 * np.expm1(every), float(100 * np.expm1(ban))


def records(f: dict[str, Finding]) -> pd.DataFrame:
    """What the analysis says of made-up records, one row for each way they are made and each true effect."""
    rows = []
    for broken, (words, _) in said.BREAKS.items():
        for key, effect in said.TRUTHS.items():
            found = [f[f"apec.beijing.records.{broken}.{key}.{name}"].value_text for name in said.OF_RECORDS]
            truth = f"{_whole(100 * effect)} %" if effect else "0 %"
            rows.append((words, truth, *found))
    columns = [
        "made-up records", "truth", "departure", "estimate with the prior", "its 94 % interval holds the truth",
        "that without the prior does", "its interval lies wholly below zero", "that without the prior lies there",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def records_of_donors(of_beijing: Finding) -> str:
    """What the line of other cities says of made-up records of known effect, in sentences.

    of_beijing : Beijing's departure in the ban (%), whose spread in logarithms stands for that of a record's estimate.
    Averaging per cents adds half its square twice, once over the draws of a record and once over records.
    """
    id = "apec.donors.beijing.ban.effect"
    made = sorted(simulations.estimates("apec_donors", id).values(), reverse=True)
    rows = published_file(simulations.KEPT)["apec_donors"]["rows"]
    records = min(row["records"] for row in rows if row["id"] == id)
    each = [f"{_percent(found)} where it is {_percent(truth)}" for truth, found in made]
    left = [(100 + found) / (100 + truth) for truth, found in made]
    spread = float(np.log1p(of_beijing.draws / 100).std())
    error = max(left) * spread / np.sqrt(records)
    return (
        f"Of {records} made-up records of each known effect this line says on average {', '.join(each[:-1])} and "
        f"{each[-1]}. The share that it finds left is {min(left):.2f} to {max(left):.2f} times the true one, each "
        f"factor with a standard error of about {error:.2f}. Estimates that stray in logarithms to both sides alike, "
        f"as far as Beijing's may, give a factor of {np.exp(spread**2):.2f} when they are averaged in per cent, "
        "because there the upper side is the longer one."
    )


def _percent(value: float) -> str:
    return f"{_whole(value)}\N{NO-BREAK SPACE}%" if round(value) else "0\N{NO-BREAK SPACE}%"


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


def by_hour() -> pd.DataFrame:
    """The ban by hour with and without its midnights as innovations (table apec_by_hour), a row each series."""
    hours = tables.load("apec_by_hour").set_index("id")["text"]
    rows = [
        (
            SITE_NAMES[site],
            hours[f"apec.hours.{site}.carry-over"],
            hours[f"apec.hours.{site}.edges"],
            hours[f"apec.hours.{site}.ban.effect"],
            hours[f"apec.hours.{site}.ban.effect@without-edges"],
        )
        for site in apec_series.SITES
    ]
    columns = ["series", "carries over in a day", "of what hours say of a step, in its edges"]
    return pd.DataFrame(rows, columns=[*columns, "the ban, all hours", "the ban, without three midnights"])


def later_sentence(f: dict[str, Finding]) -> str:
    """How many of the later windows lie clearly below zero, in a sentence."""
    later = [f[id] for id in f if id.split(".")[-2].startswith("later-") and id.startswith(tuple(LINES))]
    below = sum(finding.hdi[1] < 0 for finding in later)
    lie = "lies" if below == 1 else "lie"
    return (
        f"Of {len(later)} windows of two weeks from 30 days on, {below} {lie} wholly below zero, although nothing was "
        "banned then: such numbers stray that far by themselves."
    )


def prior_sentence(f: dict[str, Finding]) -> str:
    """How far the ban's departure is drawn towards zero by the assumed prior, and by others, in sentences."""
    narrow, wide = (f[f"apec.beijing.prior.{name}"].value_text for name in ("narrow", "wide"))
    return (
        "How far the departure is drawn towards zero follows from how far ten days stray and from a prior that is "
        f"assumed: normal around zero with a standard deviation of {apec_series.EVENT_PRIOR:g} (logs). Were that "
        f"{said.PRIORS['narrow']:g} or {said.PRIORS['wide']:g}, the estimate would be {narrow} or {wide}."
    )


def moved_sentence(f: dict[str, Finding]) -> str:
    """What moving the window of the ban does, in a sentence."""
    here, earlier, later = (f[f"apec.beijing.contrast.{key}"].value_text for key in ("ban", "earlier", "later"))
    return (
        f"With the window moved three days earlier the departure without a prior is {earlier}, three days later it is "
        f"{later}; in its place it is {here}."
    )


def _whole(value: float) -> str:
    return f"{round(value)}".replace("-", "\N{MINUS SIGN}")
