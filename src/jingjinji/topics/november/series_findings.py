"""What is said of fits of `series`: the named quantities of a fit."""

import numpy as np
import pandas as pd
import scipy

from jingjinji.core import tables
from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.november import contrast
from jingjinji.topics.november.series import CONTROLS, EVENTS, SITES, TABLES, Panel, data, logs, windows

PRELIMINARY = -30.0
DAY_STANDARD = 75.0
LEAST_SPREAD = 1e-9
CLEAR = 0.9
"""Probability from which on one year's weather is called worse or better than another's."""
RECORDS = 400
SITE_WORDS = {"embassy": "one site", "stations": "geometric mean of twelve stations"}
OF_BAN = {
    "below": ("probability", "probability that the days of the {event} lay below expectation, {span}"),
    "beyond-preliminary": (
        "probability",
        f"probability that the days of the {{event}} lay more than {-PRELIMINARY:.0f} % below expectation, {{span}}",
    ),
}
OF_SITE = {
    "difference": ("µg/m³", "difference of PM2.5 beyond weather, season and ordinary scatter, {span}"),
    "counterfactual": ("µg/m³", "mean PM2.5 had the days of the {event} been like others with their weather, {span}"),
}
SCATTER = {
    "block-scale": ("%", "part of the scatter of ten days that daily carry-over does not explain"),
    "carry-over": ("%", "part of a departure that carries over to the next day"),
}
GOES_WITH = "PM2.5 that goes with the weather of"
OF_WEATHER = {
    "ban": ("%", f"{GOES_WITH} {{span}}, against the mean of these days in other years, their spread left out"),
    "worse-than-usual": (
        "probability",
        "probability that the weather of {span} was worse than usual for these days, of which other years are a sample",
    ),
    "adverse": ("probability", "probability that the same days of another year have better weather than {span}"),
    "better": ("%", "share of ten-day windows from 15 October to 30 November with a weather worse than that of {span}"),
    "october": ("%", "share of the difference from October {year} (mean of logs) that goes with weather, {span}"),
}
UNSHRUNK = "departure of PM2.5 from expectation, not drawn towards zero"
CONTRASTS = {
    "ban": "3 to 12 November 2014, both series",
    "embassy": "3 to 12 November 2014, the embassy alone",
    "stations": "3 to 12 November 2014, the stations alone",
    "parade": "the parade of 2015",
    "earlier": "31 October to 9 November 2014",
    "later": "6 to 15 November 2014",
    "gradual-1": "the ban, had it come and gone with one day",
    "gradual-2": "the ban, had it come and gone with two days",
}
ANSWERED = ("ban", "alert", "after-ban")
"""Events of which a variant's effect is said."""
PRIORS = {"wide": 1.0, "narrow": 0.15}
OF_WINDOWS = {
    "count": ("", "windows of ten days that hold no day of a control"),
    "lower": ("%", "share of windows of ten days that lay as far below expectation as the ban's or farther"),
    "autumn-lower": (
        "%",
        "share of windows of ten days from October or November that lay as far below expectation as the ban's",
    ),
    "scatter": ("%", "standard deviation of the departures of all windows of ten days (logs)"),
    "expected": ("%", "standard deviation that the model leads one to expect of all windows of ten days (logs)"),
    "inside": ("%", "share of windows of ten days inside the central 94 % that the model leads one to expect"),
}
BREAKS = {
    "kept": ("as the model assumes", {}),
    "gradual": ("the ban comes and goes with two days", {"days_to_work": 2.0}),
    "interacting": ("weather variables act together", {"interaction": 0.2}),
    "slow": ("departures that last for weeks", {"slow_scale": 0.15}),
}
TRUTHS = {"none": 0.0, "small": -0.1, "large": -0.3}
OF_RECORDS = {
    "estimate": "mean departure",
    "shrunk": "mean estimate with the prior",
    "inside": "share of the intervals with the prior that hold the truth",
    "plain-inside": "share of the intervals without the prior that hold the truth",
    "seen": "share of the intervals with the prior that lie wholly below zero",
    "plain-seen": "share of the intervals without the prior that lie wholly below zero",
}
DIRTIEST = "years of {years} whose twentieth dirtiest day lies in the central 94 % of days drawn anew, {words}"


def findings(fit) -> list[Finding]:
    """Effects by event, the counterfactual of the ban, its departure beside that of all other ten days, the weather of
    its days, and checks of the main fit. Of a variant effects of `ANSWERED`, and the ban's departure."""
    say = Scribe(TABLES, "apec.beijing.", fit)
    _say_events(say, fit)
    _say_contrasts(say, fit)
    if fit.variant:
        return say.made
    _say_windows(say, fit)
    _say_records(say.under("records."), fit)
    for number, (name, words) in enumerate(SITE_WORDS.items()):
        of_site = Scribe(TABLES, f"apec.{name}.", fit, say.made)
        _say_weather(of_site, fit, number, words)
        _say_check(of_site, fit, number, words)
    _say_measured(Scribe(("beijing_day",), "apec.", fit, say.made))
    return say.made


def _say_events(say: Scribe, fit) -> None:
    """Effect of each event (%), and of the ban and the parade what the days would have been (µg/m³)."""
    effects = fit.parameters["effect"].transpose("chain", "draw", "event").values
    for event, (first, last) in fit.panel.windows.items():
        if fit.variant and event not in ANSWERED:
            continue
        effect = effects[:, :, EVENTS.index(event)]
        span = f"{first.date()} to {last.date()}"
        label = f"change of PM2.5 beyond weather, season and the scatter of ordinary ten days, {span}"
        say.draws(f"{event}.effect", label, 100 * np.expm1(effect), "%")
        if fit.variant or event not in CONTROLS:
            continue
        made = {"below": effect < 0, "beyond-preliminary": effect < np.log1p(PRELIMINARY / 100)}
        if event == "ban":
            say.under("ban.").table(OF_BAN, made, event=event, span=span)
        for site, name in zip(fit.panel.sites, SITES, strict=True):
            observed = site.pm25[first:last].mean()
            if np.isfinite(observed):
                without = observed * np.exp(-effect)
                made = {"difference": observed - without, "counterfactual": without}
                of = Scribe(TABLES, f"apec.{name}.{event}.", fit, say.made)
                of.table(OF_SITE, made, event=event, span=f"{span}, {SITE_WORDS[name]}")
    if not fit.variant:
        made = {name: 100 * fit.parameters[name.replace("-", "_")].values for name in SCATTER}
        say.table(SCATTER, made)


def _normal(fit, mean: float, sd: float) -> np.ndarray:
    """(chain, draw): the quantiles of a normal distribution in random order, as many as a fit has draws."""
    sizes = fit.parameters.sizes["chain"], fit.parameters.sizes["draw"]
    count = sizes[0] * sizes[1]
    order = np.random.default_rng(fit.seed).permutation(count)
    return (mean + sd * scipy.stats.norm.ppf((order + 0.5) / count)).reshape(sizes)


def contrasts(panel: Panel, scales: contrast.Scales) -> dict[str, tuple[float, float]]:
    """Departures and their standard errors, log scale, by the keys of `CONTRASTS`."""
    plain = contrast.Equations(panel, scales)
    departures, covariance = plain.apart(logs(panel))
    found = {"ban": (departures[0, 0], covariance[0, 0]), "parade": (departures[1, 0], covariance[1, 1])}
    others = {
        "earlier": (panel, contrast.moved_ban(panel, -3), -3),
        "later": (panel, contrast.moved_ban(panel, 3), 3),
        "gradual-1": (panel, contrast.gradual_ban(panel, 1.0), 0),
        "gradual-2": (panel, contrast.gradual_ban(panel, 2.0), 0),
        "embassy": (contrast.alone(panel, "embassy"), None, 0),
        "stations": (contrast.alone(panel, "stations"), None, 0),
    }
    for key, (of, columns, moved) in others.items():
        departures, covariance = contrast.Equations(of, scales, columns, moved).apart(logs(of))
        found[key] = departures[0, 0], covariance[0, 0]
    return {key: (departure, np.sqrt(variance)) for key, (departure, variance) in found.items()}


def _say_contrasts(say: Scribe, fit) -> None:
    """The ban's departure without a prior, by series and by choice, and the ban under other priors."""
    scales, panel = contrast.scales_of(fit.parameters), fit.panel
    of = say.under("contrast.")
    if fit.variant:
        departures, covariance = contrast.Equations(panel, scales).apart(logs(panel))
        made = {"ban": (departures[0, 0], np.sqrt(covariance[0, 0]))}
    else:
        made = contrasts(panel, scales)
    for key, (departure, error) in made.items():
        of.draws(key, f"{UNSHRUNK}, {CONTRASTS[key]}", 100 * np.expm1(_normal(fit, departure, error)), "%")
    if fit.variant:
        return
    first, last = panel.windows["ban"]
    observed = panel.stations.pm25[first:last].mean()
    without = observed * np.exp(-_normal(fit, *made["ban"]))
    words = f"the departure not drawn towards zero, {SITE_WORDS['stations']}"
    of.draws("counterfactual", f"mean PM2.5 had the ban's days been like others, {words}", without, "µg/m³")
    of.draws("difference", f"difference of PM2.5 in the ban, {words}", observed - without, "µg/m³")
    for name, prior in PRIORS.items():
        effect = _normal(fit, *contrast.shrunk(*made["ban"], prior))
        say.draws(f"prior.{name}", f"change of PM2.5 in the ban with a {name} prior", 100 * np.expm1(effect), "%")
    departures, covariance = contrast.Equations(panel, scales).apart(logs(panel))
    parts = contrast.alike(departures[:, 0], covariance)
    mixed = np.stack([_normal(fit, mean, sd) for _, mean, sd in parts])
    chosen = np.random.default_rng(fit.seed).choice(len(parts), mixed.shape[1:], p=[weight for weight, _, _ in parts])
    effect = np.take_along_axis(mixed, chosen[None], axis=0)[0]
    words = "change of PM2.5 in the ban, had it and the parade a common mean"
    say.draws("prior.alike", words, 100 * np.expm1(effect), "%")


def _say_windows(say: Scribe, fit) -> None:
    """Where the ban lies among all windows of ten days, and whether these scatter as the model expects.

    Their Monte Carlo errors are taken for half of one (a per cent): they rest on means of draws alone.
    """
    scales = contrast.scales_of(fit.parameters)
    every = contrast.windows(fit.panel, scales)
    ban = contrast.Equations(fit.panel, scales).apart(logs(fit.panel))[0][0, 0]
    lower, autumn = every.departure <= ban, every.start.dt.month.isin((10, 11))
    made = {
        "count": len(every),
        "lower": 100 * lower.mean(),
        "autumn-lower": 100 * lower[autumn].mean(),
        "scatter": 100 * every.departure.std(),
        "expected": 100 * np.sqrt((every.error**2).mean()),
        "inside": 100 * (every.departure.abs() <= contrast.WIDTH * every.error).mean(),
    }
    of = say.under("windows.")
    for key, value in made.items():
        unit, label = OF_WINDOWS[key]
        of.score(key, label, value, unit, error=0.0 if key == "count" else 0.5)


def _say_records(say: Scribe, fit) -> None:
    """What the analysis says of made-up records that keep or break what the model assumes."""
    equations = contrast.Equations(fit.panel, contrast.scales_of(fit.parameters))
    for number, (broken, (words, changed)) in enumerate(BREAKS.items()):
        for key, effect in TRUTHS.items():
            rng = np.random.default_rng([fit.seed, number])
            made = contrast.calibration(equations, changed | {"effect": effect}, RECORDS, rng)
            for name, value in made.items():
                label = f"{OF_RECORDS[name]}, {RECORDS} made-up records, {100 * effect:.0f} % in the ban, {words}"
                share = min(max(value / 100, 0.01), 0.99)
                error = 1.0 if name in ("estimate", "shrunk") else 100 * np.sqrt(share * (1 - share) / RECORDS)
                say.score(f"{broken}.{key}.{name}", label, value, "%", 1, error)


def weather_mean(parameters, panel: Panel, site: int, rows: np.ndarray) -> np.ndarray:
    """Mean weather term of some days of a series (chain, draw), log scale; rows: days of the series by number."""
    of = panel.sites[site]
    smooth = parameters["smooth"].transpose("chain", "draw", "site", "term", "wave").values[:, :, site]
    wet = parameters["wet_effect"].transpose("chain", "draw", "site").values[:, :, site]
    return smooth.reshape(*wet.shape, -1) @ of.basis[rows].mean(axis=0) + wet * of.wet[rows].mean()


def _say_weather(say: Scribe, fit, site: int, words: str) -> None:
    """Was the ban's weather adverse, and how much of the difference from October goes with weather?"""
    panel, pm25 = fit.panel, fit.panel.sites[site].pm25
    dates = pm25.index

    def rows(first, last) -> np.ndarray:
        return np.flatnonzero((dates >= first) & (dates <= last))

    def mean(rows: np.ndarray) -> np.ndarray:
        return weather_mean(fit.parameters, panel, site, rows)

    first, last = panel.windows["ban"]
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
    in_spreads = beyond / np.maximum(spread, LEAST_SPREAD)
    of_usual, of_a_year = np.sqrt(1 / len(others)), np.sqrt(1 + 1 / len(others))
    log = np.log(pm25.to_numpy())
    drop = np.nanmean(log[october]) - np.nanmean(log[ban])
    made = {
        "ban": 100 * np.expm1(beyond),
        "worse-than-usual": scipy.stats.t.cdf(in_spreads / of_usual, len(others) - 1),
        "adverse": scipy.stats.t.cdf(in_spreads / of_a_year, len(others) - 1),
        "better": 100 * (in_windows > in_ban).mean(axis=0),
        "october": 100 * (mean(october) - in_ban) / drop,
    }
    say, span = say.under("weather."), f"{first.date()} to {last.date()}, {words}"
    say.table(OF_WEATHER, made, span=span, year=first.year)
    label = f"other years whose weather of the same days is compared, {words}"
    say.fact("other-years", label, len(others))
    worse = np.array([(value > in_ban).mean() for value in of_others])
    counted = f"other years of {len(others)} whose weather of the same days was"
    label = f"{counted} worse with a probability above {CLEAR:g}, {words}"
    say.score("worse-years", label, (worse > CLEAR).sum())
    label = f"{counted} neither worse nor better with a probability above {CLEAR:g}, {words}"
    say.score("like-years", label, ((worse <= CLEAR) & (1 - worse <= CLEAR)).sum())
    after = panel.windows["after-ban"]
    against = "against the record's mean"
    for year, value in others.items():
        when = f"{first:%-d %B} to {last:%-d %B} {year}"
        say.draws(str(year), f"{GOES_WITH} {when}, {against}, {words}", 100 * np.expm1(value), "%")
    say.draws(str(first.year), f"{GOES_WITH} {span}, {against}", 100 * np.expm1(in_ban), "%")
    when = f"{after[0].date()} to {after[1].date()}"
    say.draws("after", f"{GOES_WITH} {when}, {against}, {words}", 100 * np.expm1(mean(rows(*after))), "%")


def means(parameters, panel: Panel, rows: slice, without: tuple[str, ...] = ()) -> np.ndarray:
    """Expectation of each reading's log before anything is carried over: (draw, reading), for every `rows`-th draw.

    without : of ``block`` and ``event``, what is left out.
    """
    d = data(panel)
    flat = {
        name: values.stack(sample=("chain", "draw")).transpose("sample", ...).values[rows]
        for name, values in parameters.items()
    }
    size, site, day = len(flat["heating"]), d["site_index"], d["day"]
    of_day = flat["trend"] @ d["trend_basis"].T + flat["season"] @ d["season_basis"].T
    of_day += flat["heating"][:, None] * d["heated"] + flat["holiday_effect"][:, None] * d["holiday"]
    of_day += flat["weekday_effect"][:, d["weekday_index"]]
    if "event" not in without:
        of_day += flat["effect"] @ d["event_days"].T
    if "block" not in without:
        of_day += flat["block_scale"][:, None] * flat["block_effect"][:, d["block_index"]]
    bases = d["smooth_embassy"], d["smooth_stations"]
    curves = [flat["smooth"][:, k].reshape(size, -1) @ basis.T for k, basis in enumerate(bases)]
    mu = flat["level"][:, site] + of_day[:, day] + np.concatenate(curves, axis=1)
    return mu + flat["wet_effect"][:, site] * d["wet"]


def unexplained(parameters, panel: Panel, rows: slice) -> dict[str, pd.Series]:
    """Log of each measured day less what calendar and weather explain, mean over every `rows`-th draw, by series."""
    left = logs(panel) - means(parameters, panel, rows, ("block", "event")).mean(axis=0)
    days = [site.pm25.dropna().index for site in panel.sites]
    parts = np.split(left, [len(days[0])])
    return {name: pd.Series(part, index) for name, part, index in zip(SITES, parts, days, strict=True)}


def expected(parameters, panel: Panel, rows: slice) -> tuple[np.ndarray, np.ndarray]:
    """Mean and scale of each reading's log given what it follows on: both (draw, reading), for every `rows`-th draw."""
    d, mu = data(panel), means(parameters, panel, rows)
    names = ("carry_over", "scale", "own_scale", "shared")
    phi, scale, own, shared = (parameters[name].values.reshape(-1)[rows, None] for name in names)
    left = d["log_pm25"] - mu
    of_stations = shared * d["has_beside"] * left[:, d["beside"]]
    kept = phi ** d["gap"]
    of_course = np.hstack([scale, np.hypot(shared * scale, own), own]) @ d["courses"].T
    mean = mu + of_stations + kept * (left - of_stations)[:, d["before"]]
    return mean, of_course * np.sqrt((1 - kept**2) / (1 - phi**2))


def replicates(parameters, panel: Panel, seed: int, draws: int = 400) -> dict[str, np.ndarray]:
    """Measured days drawn anew given what they follow on: series -> (draw, measured day), µg/m³."""
    total = parameters.sizes["chain"] * parameters.sizes["draw"]
    rows = slice(None, None, max(1, total // draws))
    mean, scale = expected(parameters, panel, rows)
    tail = parameters["tail"].values.reshape(-1)[rows, None]
    drawn = np.exp(mean + scale * np.random.default_rng(seed).standard_t(3 + tail, mean.shape))
    first = int(panel.embassy.pm25.notna().sum())
    return {"embassy": drawn[:, :first], "stations": drawn[:, first:]}


def dirtiest_days(drawn: np.ndarray, measured: pd.Series) -> tuple[list[str], np.ndarray, np.ndarray]:
    """The twentieth dirtiest day of each year: years, drawn anew (draw, year), measured (year,), µg/m³."""
    years = sorted(set(measured.index.year))
    inside = [measured.index.year == year for year in years]
    return (
        [str(year) for year in years],
        np.column_stack([np.sort(drawn[:, use], axis=1)[:, -20] for use in inside]),
        np.array([np.sort(measured[use])[-20] for use in inside]),
    )


def _say_check(say: Scribe, fit, site: int, words: str) -> None:
    """Share of the measured days inside the central 94 % of days drawn anew, and the same of dirty days."""
    name, days = SITES[site], fit.panel.sites[site].pm25.dropna()
    drawn = replicates(fit.parameters, fit.panel, fit.seed)[name]
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
    (first, last), parade = spans["ban"], spans["parade"]
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
