"""What is said of fits of `series`: the named quantities of a fit."""

import numpy as np
import pandas as pd
import scipy

from jingjinji.core import tables
from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
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
OF_GROUP = {
    "effect": ("%", "change of PM2.5 beyond weather, season and the scatter of ordinary ten days, {span}"),
    "difference": ("µg/m³", "difference of PM2.5 beyond weather, season and ordinary scatter, {span}"),
    "counterfactual": ("µg/m³", "mean PM2.5 had the days of the {group} been like others with their weather, {span}"),
    "below": ("probability", "probability that the days of the {group} lay below expectation, {span}"),
    "beyond-preliminary": (
        "probability",
        f"probability that the days of the {{group}} lay more than {-PRELIMINARY:.0f} % below expectation, {{span}}",
    ),
}
SCATTER = {
    "block-scale": ("%", "part of the scatter of ten days that daily carry-over does not explain, {words}"),
    "carry-over": ("%", "part of a departure that carries over to the same hour of the next day, {words}"),
}
GOES_WITH = "PM2.5 that goes with the weather of"
OF_WEATHER = {
    "ban": ("%", f"{GOES_WITH} {{span}}, against the same days of the other years"),
    "adverse": ("probability", "probability that the same days of another year have better weather than {span}"),
    "better": ("%", "share of ten-day windows from 15 October to 30 November with a weather worse than that of {span}"),
    "october": ("%", "share of the difference from October {year} (mean of logs) that goes with weather, {span}"),
}
OF_TEN_DAYS = {
    "ordinary-ten-days": (
        "%",
        "standard deviation of ordinary ten days around what weather and season let expect, {words}",
    ),
    "ordinary-ten-days.lower": (
        "",
        "ordinary ten days that lay as far below expectation as the ban's or farther, {words}",
    ),
}
DIRTIEST = "years of {years} whose twentieth dirtiest day lies in the central 94 % of days drawn anew, {words}"


def findings(fit) -> list[Finding]:
    """Effects by event, the counterfactual of the ban, the weather of its days; checks of each series' first fit.

    Of a made-up panel the effect of the ban alone, beside its truth. Ids of the stations' fits begin with
    ``apec.stations``, and their suffix leaves the series out: ``@without-weather`` for `stations-without-weather`.
    """
    site, words, read = "embassy", "one site", TABLES
    if fit.variant.startswith(STATIONS):
        site, words, read = "stations", "geometric mean of twelve stations", STATIONS_TABLES
    choice = fit.variant.removeprefix(STATIONS).removeprefix("-")
    say = Scribe(read, f"apec.{site}.", fit, ending=choice)
    if fit.panel.truth:
        effect, truth = _of_group(fit, BAN)["effect"], 100 * fit.panel.truth["effect"]
        say.under(ending=fit.variant).pair("ban.effect", f"change of PM2.5 in the ban, {words}", truth, effect, "%")
        return say.made
    say_events(say, fit, words)
    if not choice:
        _say_weather(say, fit, words)
        _say_standing(say, fit, words)
        _say_check(say, fit, words)
    if not fit.variant:
        _say_measured(Scribe(("beijing_day",), "apec.", fit, say.made))
    return say.made


def say_events(say: Scribe, fit, words: str, steps_a_day: int = 1) -> None:
    """Effect of each event (%), and of the ban as a whole in % and µg/m³ with what the days would have been.

    steps_a_day : readings of the series in a day, over which the carry-over is taken.
    """
    names = ("effect", "block_scale", "carry_over")
    effect, scale, carry_over = (fit.parameters[name].transpose("chain", "draw", ...).values for name in names)
    for event, (first, last) in fit.panel.windows.items():
        if event not in GROUPS:
            label = f"change of PM2.5 beyond weather and season, {first.date()} to {last.date()}, {words}"
            say.draws(f"{event}.effect", label, 100 * np.expm1(effect[:, :, EVENTS.index(event)]), "%")
    for group, members in GROUPS.items():
        if members[0] in fit.panel.windows:
            first, last = _ends(fit.panel, members)
            span = f"{first.date()} to {last.date()}, {words}"
            say.under(f"{group}.").table(OF_GROUP, _of_group(fit, members), group=group, span=span)
    say.table(SCATTER, {"block-scale": 100 * scale, "carry-over": 100 * carry_over**steps_a_day}, words=words)


def _ends(panel: Panel, members: tuple[str, ...]) -> tuple[pd.Timestamp, pd.Timestamp]:
    return panel.windows[members[0]][0], panel.windows[members[-1]][1]


def _of_group(fit, members: tuple[str, ...]) -> dict[str, np.ndarray]:
    """What the days of some events were, beside what they would have been (chain, draw)."""
    first, last = _ends(fit.panel, members)
    days = fit.panel.pm25[first:last].dropna()
    position = fit.panel.pm25.index.get_indexer(days.index)
    shift = fit.parameters["effect"].transpose("chain", "draw", "event").values @ event_days(fit.panel)[position].T
    without, observed = (days.to_numpy() * np.exp(-shift)).mean(axis=2), days.mean()
    return {
        "effect": 100 * (observed / without - 1),
        "difference": observed - without,
        "counterfactual": without,
        "below": without > observed,
        "beyond-preliminary": observed < (1 + PRELIMINARY / 100) * without,
    }


def weather_mean(parameters, arrays: dict[str, np.ndarray], rows: np.ndarray) -> np.ndarray:
    """Mean weather term of some days (chain, draw), log scale, from the arrays of `data`."""
    smooth = parameters["smooth"].transpose("chain", "draw", "term", "wave").values
    wet = parameters["wet_effect"].transpose("chain", "draw").values
    return smooth.reshape(*wet.shape, -1) @ arrays["smooth_basis"][rows].mean(axis=0) + wet * arrays["wet"][rows].mean()


def _say_weather(say: Scribe, fit, words: str) -> None:
    """Was the ban's weather adverse, and how much of the difference from October goes with weather?"""
    panel, dates, arrays = fit.panel, fit.panel.pm25.index, data(fit.panel)

    def rows(first, last) -> np.ndarray:
        return np.flatnonzero((dates >= first) & (dates <= last))

    def mean(rows: np.ndarray) -> np.ndarray:
        return weather_mean(fit.parameters, arrays, rows)

    first, last = _ends(panel, BAN)
    ban, october = rows(first, last), rows(f"{first.year}-10-01", f"{first.year}-10-31")
    of_years = {year: rows(first.replace(year=year), last.replace(year=year)) for year in sorted(set(dates.year))}
    others = {year: mean(days) for year, days in of_years.items() if year != first.year and len(days) == len(ban)}
    autumn = [
        start
        for start in range(len(dates) - len(ban) + 1)
        if (dates[start].month, dates[start].day) >= (10, 15)
        and dates[start + len(ban) - 1].month in (10, 11)
        and not set(range(start, start + len(ban))) & set(ban)
    ]
    in_windows = np.stack([mean(np.arange(start, start + len(ban))) for start in autumn])
    in_ban, of_others = mean(ban), list(others.values())
    beyond, spread = in_ban - np.mean(of_others, axis=0), np.std(of_others, axis=0, ddof=1)
    scaled = beyond / (np.maximum(spread, LEAST_SPREAD) * np.sqrt(1 + 1 / len(others)))
    log = np.log(panel.pm25.to_numpy())
    drop = np.nanmean(log[october]) - np.nanmean(log[ban])
    made = {
        "ban": 100 * np.expm1(beyond),
        "adverse": scipy.stats.t.cdf(scaled, len(others) - 1),
        "better": 100 * (in_windows > in_ban).mean(axis=0),
        "october": 100 * (mean(october) - in_ban) / drop,
    }
    say, span = say.under("weather."), f"{first.date()} to {last.date()}, {words}"
    say.table(OF_WEATHER, made, span=span, year=first.year)
    label = f"other years whose weather of the same days is compared, {words}"
    say.fact("other-years", label, len(others))
    label = f"other years of {len(others)} whose weather of the same days was worse, {words}"
    say.score("worse-years", label, int(np.median(sum(value > in_ban for value in of_others))))
    after = panel.windows["after-ban"]
    against = "against the record's mean"
    for year, value in others.items():
        when = f"{first:%-d %B} to {last:%-d %B} {year}"
        say.draws(str(year), f"{GOES_WITH} {when}, {against}, {words}", 100 * np.expm1(value), "%")
    say.draws(str(first.year), f"{GOES_WITH} {span}, {against}", 100 * np.expm1(in_ban), "%")
    when = f"{after[0].date()} to {after[1].date()}"
    say.draws("after", f"{GOES_WITH} {when}, {against}, {words}", 100 * np.expm1(mean(rows(*after))), "%")


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


def _say_standing(say: Scribe, fit, words: str) -> None:
    """How far ordinary ten days stray, and how many of them lie as low as the ban's.

    Their Monte Carlo errors come from the chains. Few chains tell a standard deviation badly, so it is taken for one (a
    count, a per cent) at least.
    """
    chains = range(fit.parameters.sizes["chain"])
    by_chain = [unexplained(fit.parameters.isel(chain=[k]), fit.panel, slice(None, None, 5)) for k in chains]
    count, made = standing(sum(by_chain) / len(by_chain), fit.panel)
    parts = pd.DataFrame([standing(left, fit.panel)[1] for left in by_chain])
    errors = parts.std(ddof=1).clip(lower=1) / np.sqrt(len(parts))
    for id, value in made.items():
        unit, label = OF_TEN_DAYS[id]
        say.score(id, label.format(words=words), value, unit, error=errors[id])
    say.fact("ordinary-ten-days.count", f"ordinary ten days of the record, {words}", count)


def standing(left: pd.Series, panel: Panel) -> tuple[int, dict[str, float]]:
    """Ordinary ten days: their number; their standard deviation (%), and how many lie as low as the ban's or lower.

    left : what `unexplained` leaves of each day.
    """
    block = pd.Series(block_of(panel), panel.pm25.index)[left.index]
    means = left.groupby(block.to_numpy()).agg(["mean", "count"])
    means = means.loc[means["count"] >= FEWEST_OF_BLOCK, "mean"]
    controls = event_days(panel)[:, : len(BAN) + 1].any(axis=1)
    of_controls = set(block_of(panel)[controls])
    ban = means[block_of(panel)[event_days(panel)[:, 0] > 0][0]]
    ordinary = means[[number for number in means.index if number not in of_controls]]
    return len(ordinary), {
        "ordinary-ten-days": float(100 * ordinary.std()),
        "ordinary-ten-days.lower": int((ordinary <= ban).sum()),
    }


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


def _say_check(say: Scribe, fit, words: str) -> None:
    """Share of the measured days inside the central 50 and 94 % of days drawn anew, and the same of dirty days."""
    drawn, days = replicates(fit.parameters, fit.panel, fit.seed), fit.panel.pm25.dropna()
    say.fact("days", f"measured days, {words}", len(days), "days")
    years, again, dirty = dirtiest_days(drawn, days)
    low, high = np.percentile(again, [3, 97], axis=0)
    inside = ((low <= dirty) & (dirty <= high)).sum()
    say.score("check.dirtiest", DIRTIEST.format(years=len(years), words=words), inside)
    for probability in (50, 94):
        low, high = np.percentile(drawn, [50 - probability / 2, 50 + probability / 2], axis=0)
        share = 100 * np.mean((low <= days.to_numpy()) & (days.to_numpy() <= high))
        label = f"share of measured days inside the central {probability} % of days drawn anew, {words}"
        say.score(f"check.coverage{probability}", label, share, "%", 1)


def _say_measured(say: Scribe) -> None:
    """The days as measured in the two series, and the official evaluation."""
    spans, days = windows(tables.load("interventions")), tables.load("beijing_day").set_index("date")
    (first, last), parade = (spans["ban-1"][0], spans["ban-2"][1]), spans["parade"]
    year, means = first.year, {}
    asked = {
        "ban": (first, last),
        "official-days": (f"{year}-11-01", last),
        "october": (f"{year}-10-01", f"{year}-10-31"),
        "after": spans["after-ban"],
    }
    of_parade = {"parade": parade, "parade-year-before": tuple(day.replace(year=year) for day in parade)}
    for series, more in (("embassy", {}), ("stations", of_parade)):
        pm25, of = days.loc[days.series == series, "pm25"], say.under(f"observed.{series}.")
        for id, (start, end) in (asked | more).items():
            label = f"mean of measured PM2.5, {series}, {str(start)[:10]} to {str(end)[:10]}"
            means[id] = round(float(pm25[start:end].mean()), 1)
            of.fact(id, label, means[id], "µg/m³")
        label = f"days of the ban at or under the daily standard of {DAY_STANDARD:.0f} µg/m³, {series}"
        of.fact("clean-days", label, (pm25[first:last] <= DAY_STANDARD).sum(), "days")
        of.fact("dirtiest", f"dirtiest day of the ban, {series}", pm25[first:last].max(), "µg/m³", 1)
    words = f"the days of the parade against the same days of {year}, weather included, stations"
    change = 100 * (means["parade"] / means["parade-year-before"] - 1)
    say.fact("observed.stations.parade-change", f"change of PM2.5 in {words}", change, "%", 0)
    published, of = (
        tables.load("published_results").set_index("id"),
        say.under("official.", tables=("published_results",)),
    )
    for key, id in (("observed", "P043"), ("counterfactual", "P044")):
        of.fact(key, published.quantity[id], published.value[id], "µg/m³")
    effect = 100 * (published.value["P043"] / published.value["P044"] - 1)
    of.fact("effect", "effect of the controls by the official evaluation", effect, "%", 0)
