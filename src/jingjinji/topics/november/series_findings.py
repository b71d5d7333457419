"""What is said of fits of `series`: the named quantities of a fit."""

from functools import partial

import numpy as np
import pandas as pd
import scipy

from jingjinji.core import tables
from jingjinji.core.findings import Finding, exact, record
from jingjinji.topics.november.series import (
    BAN,
    EVENTS,
    STATIONS,
    STATIONS_TABLES,
    TABLES,
    Panel,
    block_of,
    data,
    event_days,
    windows,
)

GROUPS = {"ban": BAN, "ban-1": BAN[:1], "ban-2": BAN[1:], "parade": ("parade",)}


PRELIMINARY = -30.0


DAY_STANDARD = 75.0


LEAST_SPREAD = 1e-9


FEWEST_OF_BLOCK = 7


def findings(fit) -> list[Finding]:
    """Effects by event, the counterfactual of the ban, the weather of its days; checks of each series' first fit.

    Of a made-up panel the effect of the ban alone, beside its truth. Ids of the stations' fits begin with
    ``apec.stations``, and their suffix leaves the series out: ``@without-weather`` for `stations-without-weather`.
    """
    of_stations = fit.variant.startswith(STATIONS)
    site, words = ("stations", "geometric mean of twelve stations") if of_stations else ("embassy", "one site")
    prefix, panel = f"apec.{site}", STATIONS_TABLES if of_stations else TABLES
    if fit.panel.truth:
        name = partial(record, model=fit.name, panel=panel, suffix=f"@{fit.variant}")
        return _recovered(fit, prefix, words, name)
    choice = fit.variant.removeprefix(STATIONS).removeprefix("-") if of_stations else fit.variant
    name = partial(record, model=fit.name, panel=panel, suffix=f"@{choice}" if choice else "")
    made = event_findings(fit.parameters, fit.panel, prefix, words, name)
    if not choice:
        made += series_findings(fit, fit.panel, prefix, words, name)
    if not fit.variant:
        made += official_findings()
    return made


def _recovered(fit, prefix: str, words: str, name) -> list[Finding]:
    """True effect of the ban in a made-up panel, and what the model gives back."""
    truth, label = 100 * fit.panel.truth["effect"], f"truth: change of PM2.5 in the ban, {words}"
    return [
        exact(f"{prefix}.truth.ban.effect@{fit.variant}", label, truth, "%", ()),
        _group(fit.parameters, fit.panel, "ban", BAN, f"{prefix}.ban", words, name)[0],
    ]


def series_findings(fit, panel: Panel, prefix: str, words: str, name) -> list[Finding]:
    """Weather of the ban, standing among ordinary ten days and predictive checks of a main fit."""
    return [
        *weather_findings(fit.parameters, panel, prefix, words, name, fit.name),
        *standing_findings(fit.parameters, panel, prefix, words, fit.name),
        *check_findings(fit.parameters, panel, fit.seed, prefix, words, fit.name),
    ]


def event_findings(parameters, panel: Panel, prefix: str, words: str, name, steps_a_day: int = 1) -> list[Finding]:
    """Effect of each event (%), and of the ban as a whole in % and µg/m³ with what the days would have been.

    steps_a_day : readings of the series in a day, over which the carry-over is taken.
    """
    effect = parameters["effect"].transpose("chain", "draw", "event").values
    made = []
    for event, (first, last) in panel.windows.items():
        if event in GROUPS:
            continue
        span = f"{first.date()} to {last.date()}"
        made.append(
            name(
                f"{prefix}.{event}.effect",
                f"change of PM2.5 beyond weather and season, {span}, {words}",
                100 * np.expm1(effect[:, :, EVENTS.index(event)]),
                "%",
            )
        )
    for group, members in GROUPS.items():
        if members[0] in panel.windows:
            made += _group(parameters, panel, group, members, f"{prefix}.{group}", words, name)
    made.append(
        name(
            f"{prefix}.block-scale",
            f"part of the scatter of ten days that daily carry-over does not explain, {words}",
            100 * parameters["block_scale"].transpose("chain", "draw").values,
            "%",
        )
    )
    made.append(
        name(
            f"{prefix}.carry-over",
            f"part of a departure that carries over to the same hour of the next day, {words}",
            100 * parameters["carry_over"].transpose("chain", "draw").values ** steps_a_day,
            "%",
        )
    )
    return made


def _group(parameters, panel: Panel, group: str, members: tuple, prefix: str, words: str, name) -> list[Finding]:
    first, last = panel.windows[members[0]][0], panel.windows[members[-1]][1]
    span = f"{first.date()} to {last.date()}, {words}"
    days = panel.pm25[first:last].dropna()
    position = panel.pm25.index.get_indexer(days.index)
    shift = parameters["effect"].transpose("chain", "draw", "event").values @ event_days(panel)[position].T
    without = (days.to_numpy() * np.exp(-shift)).mean(axis=2)
    observed = days.mean()
    return [
        name(
            f"{prefix}.effect",
            f"change of PM2.5 beyond weather, season and the scatter of ordinary ten days, {span}",
            100 * (observed / without - 1),
            "%",
        ),
        name(
            f"{prefix}.difference",
            f"difference of PM2.5 beyond weather, season and ordinary scatter, {span}",
            observed - without,
            "µg/m³",
        ),
        name(
            f"{prefix}.counterfactual",
            f"mean PM2.5 had the days of the {group} been like others with their weather, {span}",
            without,
            "µg/m³",
        ),
        name(
            f"{prefix}.below",
            f"probability that the days of the {group} lay below expectation, {span}",
            without > observed,
            "probability",
        ),
        name(
            f"{prefix}.beyond-preliminary",
            f"probability that the days of the {group} lay more than {-PRELIMINARY:.0f} % below expectation, {span}",
            observed < (1 + PRELIMINARY / 100) * without,
            "probability",
        ),
    ]


def weather_mean(parameters, arrays: dict[str, np.ndarray], rows: np.ndarray) -> np.ndarray:
    """Mean weather term of some days (chain, draw), log scale, from the arrays of `data`."""
    smooth = parameters["smooth"].transpose("chain", "draw", "term", "wave").values
    wet = parameters["wet_effect"].transpose("chain", "draw").values
    return smooth.reshape(*wet.shape, -1) @ arrays["smooth_basis"][rows].mean(axis=0) + wet * arrays["wet"][rows].mean()


def weather_findings(parameters, panel: Panel, prefix: str, words: str, name, model: str) -> list[Finding]:
    """Was the ban's weather adverse, and how much of the difference from October goes with weather?"""
    dates, arrays = panel.pm25.index, data(panel)
    first, last = panel.windows["ban-1"][0], panel.windows["ban-2"][1]
    ban = np.flatnonzero((dates >= first) & (dates <= last))
    october = np.flatnonzero((dates >= f"{first.year}-10-01") & (dates < f"{first.year}-11-01"))
    in_ban = weather_mean(parameters, arrays, ban)
    others = {}
    for year in sorted(set(dates.year) - {first.year}):
        rows = np.flatnonzero((dates >= first.replace(year=year)) & (dates <= last.replace(year=year)))
        if len(rows) == len(ban):
            others[year] = weather_mean(parameters, arrays, rows)
    autumn = [
        start
        for start in range(len(dates) - len(ban) + 1)
        if (dates[start].month, dates[start].day) >= (10, 15)
        and dates[start + len(ban) - 1].month in (10, 11)
        and not set(range(start, start + len(ban))) & set(ban)
    ]
    windows = np.stack([weather_mean(parameters, arrays, np.arange(start, start + len(ban))) for start in autumn])
    usual, spread = np.mean(list(others.values()), axis=0), np.std(list(others.values()), axis=0, ddof=1)
    log = np.log(panel.pm25.to_numpy())
    drop = np.nanmean(log[october]) - np.nanmean(log[ban])
    span = f"{first.date()} to {last.date()}, {words}"
    made = [
        name(
            f"{prefix}.weather.ban",
            f"PM2.5 that goes with the weather of {span}, against the same days of the other years",
            100 * np.expm1(in_ban - usual),
            "%",
        ),
        name(
            f"{prefix}.weather.adverse",
            f"probability that the same days of another year have better weather than {span}",
            scipy.stats.t.cdf(
                (in_ban - usual) / (np.maximum(spread, LEAST_SPREAD) * np.sqrt(1 + 1 / len(others))), len(others) - 1
            ),
            "probability",
        ),
        exact(
            f"{prefix}.weather.other-years",
            f"other years whose weather of the same days is compared, {words}",
            len(others),
            "",
            TABLES,
        ),
        exact(
            f"{prefix}.weather.worse-years",
            f"other years of {len(others)} whose weather of the same days was worse, {words}",
            int(np.median(sum(value > in_ban for value in others.values()))),
            "",
            TABLES,
            model,
        ),
        name(
            f"{prefix}.weather.better",
            f"share of ten-day windows from 15 October to 30 November with a weather worse than that of {span}",
            100 * (windows > in_ban).mean(axis=0),
            "%",
        ),
        name(
            f"{prefix}.weather.october",
            f"share of the difference from October {first.year} (mean of logs) that goes with weather, {span}",
            100 * (weather_mean(parameters, arrays, october) - in_ban) / drop,
            "%",
        ),
    ]
    for year, value in others.items():
        made.append(
            name(
                f"{prefix}.weather.{year}",
                f"PM2.5 that goes with the weather of {first.strftime('%-d %B')} to "
                f"{last.strftime('%-d %B')} {year}, against the record's mean, {words}",
                100 * np.expm1(value),
                "%",
            )
        )
    made.append(
        name(
            f"{prefix}.weather.{first.year}",
            f"PM2.5 that goes with the weather of {span}, against the record's mean",
            100 * np.expm1(in_ban),
            "%",
        )
    )
    after = panel.windows["after-ban"]
    rows = np.flatnonzero((dates >= after[0]) & (dates <= after[1]))
    made.append(
        name(
            f"{prefix}.weather.after",
            f"PM2.5 that goes with the weather of {after[0].date()} to "
            f"{after[1].date()}, against the record's mean, {words}",
            100 * np.expm1(weather_mean(parameters, arrays, rows)),
            "%",
        )
    )
    return made


def expected(parameters, panel: Panel, rows: slice) -> np.ndarray:
    """Mean of log PM2.5 given the day before: (draw, measured day), for every `rows`-th draw."""
    return _expected(parameters, data(panel), rows)


def _expected(parameters, d: dict, rows: slice) -> np.ndarray:
    """As `expected`, from the arrays of `data`; without blocks where ``block_index`` is None."""
    names = (
        "level", "trend", "season", "heating", "weekday_effect", "smooth", "wet_effect", "block_effect", "block_scale",
        "effect", "carry_over",
    )  # fmt: skip
    flat = {
        name: parameters[name].stack(sample=("chain", "draw")).transpose("sample", ...).values[rows] for name in names
    }
    size = len(flat["level"])
    mu = flat["level"][:, None] + flat["trend"] @ d["trend_basis"].T + flat["season"] @ d["season_basis"].T
    mu += flat["heating"][:, None] * d["heated"] + flat["weekday_effect"][:, d["weekday_index"]]
    mu += flat["smooth"].reshape(size, -1) @ d["smooth_basis"].T + flat["wet_effect"][:, None] * d["wet"]
    mu += flat["effect"] @ d["event_days"].T
    if d["block_index"] is not None:
        mu += flat["block_scale"][:, None] * flat["block_effect"][:, d["block_index"]]
    residual = d["has_before"] * (d["log_pm25_before"] - mu[:, d["day_before"]])
    return mu[:, d["day"]] + flat["carry_over"][:, None] * residual


def unexplained(parameters, panel: Panel, rows: slice) -> pd.Series:
    """Log of each measured day less what calendar and weather explain, mean over every `rows`-th draw, by date."""
    d = data(panel)
    without = d | {"event_days": 0 * d["event_days"], "has_before": 0 * d["has_before"], "block_index": None}
    days = panel.pm25.dropna()
    return np.log(days) - _expected(parameters, without, rows).mean(axis=0)


def standing_findings(parameters, panel: Panel, prefix: str, words: str, model: str) -> list[Finding]:
    """How far ordinary ten days stray, and how many of them lie as low as the ban's."""
    left = unexplained(parameters, panel, slice(None, None, 20))
    block = pd.Series(block_of(panel), panel.pm25.index)[left.index]
    means = left.groupby(block.to_numpy()).agg(["mean", "count"])
    means = means.loc[means["count"] >= FEWEST_OF_BLOCK, "mean"]
    controls = event_days(panel)[:, : len(BAN) + 1].any(axis=1)
    of_controls = set(block_of(panel)[controls])
    ban = means[block_of(panel)[event_days(panel)[:, 0] > 0][0]]
    ordinary = means[[number for number in means.index if number not in of_controls]]
    return [
        exact(
            f"{prefix}.ordinary-ten-days",
            f"standard deviation of ordinary ten days around what weather and season let expect, {words}",
            round(float(100 * ordinary.std())),
            "%",
            TABLES,
            model,
        ),
        exact(
            f"{prefix}.ordinary-ten-days.count", f"ordinary ten days of the record, {words}", len(ordinary), "", TABLES
        ),
        exact(
            f"{prefix}.ordinary-ten-days.lower",
            f"ordinary ten days that lay as far below expectation as the ban's or farther, {words}",
            int((ordinary <= ban).sum()),
            "",
            TABLES,
            model,
        ),
    ]


def replicates(parameters, panel: Panel, seed: int, draws: int = 400) -> np.ndarray:
    """Measured days drawn anew given the day before: (draw, measured day), µg/m³."""
    total = parameters.sizes["chain"] * parameters.sizes["draw"]
    rows = slice(None, None, max(1, total // draws))
    mean = expected(parameters, panel, rows)
    scale, tail = (parameters[key].values.reshape(-1)[rows, None] for key in ("scale", "tail"))
    return np.exp(mean + scale * np.random.default_rng(seed).standard_t(3 + tail, mean.shape))


def dirtiest_days(drawn: np.ndarray, measured: pd.Series) -> tuple[list[str], np.ndarray, np.ndarray]:
    """The twentieth dirtiest day of each year: years, drawn anew (draw, year), measured (year,), µg/m³."""
    years = sorted(set(measured.index.year))
    inside = [measured.index.year == year for year in years]
    return (
        [str(year) for year in years],
        np.column_stack([np.sort(drawn[:, use], axis=1)[:, -20] for use in inside]),
        np.array([np.sort(measured[use])[-20] for use in inside]),
    )


def check_findings(parameters, panel: Panel, seed: int, prefix: str, words: str, model: str) -> list[Finding]:
    """Share of the measured days inside the central 50 and 94 % of days drawn anew, and the same of dirty days."""
    drawn, days = replicates(parameters, panel, seed), panel.pm25.dropna()
    years, again, dirty = dirtiest_days(drawn, days)
    low, high = np.percentile(again, [3, 97], axis=0)
    measured = days.to_numpy()
    made = [
        exact(f"{prefix}.days", f"measured days, {words}", len(measured), "days", TABLES),
        exact(
            f"{prefix}.check.dirtiest",
            f"years of {len(years)} whose twentieth dirtiest day lies in the central 94 % of days drawn anew, {words}",
            int(((low <= dirty) & (dirty <= high)).sum()),
            "",
            TABLES,
            model,
        ),
    ]
    for probability in (50, 94):
        low, high = np.percentile(drawn, [50 - probability / 2, 50 + probability / 2], axis=0)
        share = 100 * np.mean((low <= measured) & (measured <= high))
        made.append(
            exact(
                f"{prefix}.check.coverage{probability}",
                f"share of measured days inside the central {probability} % of days drawn anew, {words}",
                round(float(share), 1),
                "%",
                TABLES,
                model,
            )
        )
    return made


def official_findings() -> list[Finding]:
    """The days as measured in the two series, and the official evaluation."""
    spans, made = windows(tables.load("interventions")), []
    first, last = spans["ban-1"][0], spans["ban-2"][1]
    parade, parade_end = spans["parade"]
    year = first.year
    days = tables.load("beijing_day").set_index("date")
    for series_name in ("embassy", "stations"):
        pm25 = days.loc[days.series == series_name, "pm25"]
        asked = {
            "ban": (first, last),
            "official-days": (f"{year}-11-01", last),
            "october": (f"{year}-10-01", f"{year}-10-31"),
            "after": spans["after-ban"],
        }
        if series_name == "stations":
            asked |= {
                "parade": (parade, parade_end),
                "parade-year-before": (parade.replace(year=year), parade_end.replace(year=year)),
            }
        for id, (start, end) in asked.items():
            label = f"mean of measured PM2.5, {series_name}, {str(start)[:10]} to {str(end)[:10]}"
            mean = round(float(pm25[start:end].mean()), 1)
            made.append(exact(f"apec.observed.{series_name}.{id}", label, mean, "µg/m³", ("beijing_day",)))
        ban = pm25[first:last]
        clean = f"days of the ban at or under the daily standard of {DAY_STANDARD:.0f} µg/m³, {series_name}"
        made += [
            exact(
                f"apec.observed.{series_name}.clean-days", clean, (ban <= DAY_STANDARD).sum(), "days", ("beijing_day",)
            ),
            exact(
                f"apec.observed.{series_name}.dirtiest",
                f"dirtiest day of the ban, {series_name}",
                round(float(ban.max()), 1),
                "µg/m³",
                ("beijing_day",),
            ),
        ]
    observed = {finding.id: finding.mean for finding in made}
    change = 100 * (
        observed["apec.observed.stations.parade"] / observed["apec.observed.stations.parade-year-before"] - 1
    )
    table = tables.load("published_results").set_index("id")
    measured, without = table.loc["P043", "value"], table.loc["P044", "value"]
    source = ("published_results",)
    return [
        *made,
        exact(
            "apec.observed.stations.parade-change",
            f"change of PM2.5 in the days of the parade against the same days of {year}, weather included, stations",
            round(change),
            "%",
            ("beijing_day",),
        ),
        exact("apec.official.observed", table.loc["P043", "quantity"], measured, "µg/m³", source),
        exact("apec.official.counterfactual", table.loc["P044", "quantity"], without, "µg/m³", source),
        exact("apec.official.effect", "effect of the controls by the official evaluation",
              round(100 * (measured / without - 1)), "%", source),
    ]  # fmt: skip
