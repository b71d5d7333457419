"""Which parts of the model a region's data inform and which they do not, and why."""

from collections import Counter
from dataclasses import dataclass

from jingjinji.core import intake
from jingjinji.core.descriptor import FORECAST_YEARS, Descriptor
from jingjinji.core.errors import DataError
from jingjinji.core.intake import Months, Official, Weather

TO_CONVERT = ("temperature", "pressure")
FEWEST_FOR_LATITUDE = 4
"""Cities from which on a contrast of north and south is told apart from the chance of single cities."""
WEATHER_YEARS = 4
"""Whole years from which on the part of a rate that goes with weather is told."""
PRESSURE_OFF = 25.0
"""hPa by which the mean pressure may differ from that of the standard atmosphere: about 200 metres."""


@dataclass(frozen=True)
class Parts:
    """Part -> what it gives, for those that can be fitted; part -> why not, for the others."""

    has: dict[str, str]
    lacks: dict[str, str]


def choose_years(months: Months, asked: tuple[int, int] | None, starts: int, where: str) -> tuple[int, int]:
    """First and last year that are compared, by default of all whole ones; DataError for years outside the data.

    A city of which too little was measured in either has no change that is more than a guess, and is refused.
    starts : month in which a year begins. where : what the years are called in a message.
    """
    whole = months.whole_years(starts)
    first, last = asked or (whole[0], whole[-1])
    if strange := [year for year in (first, last) if year not in whole]:
        raise DataError(
            f"{where}: found {strange[0]}, expected two of the whole years of {months.file}, "
            f"{', '.join(map(str, whole))}; nothing is said of years outside the data"
        )
    if first >= last:
        raise DataError(f"{where}: found {first} to {last}, expected a first year before the last; correct them")
    for year in (first, last):
        counts = Counter(city for city, month in months.cells if intake.year_of(month, starts) == year)
        if short := [city for city in months.cities if counts[city] < intake.LEAST_OF_YEAR]:
            more = f", and so of {len(short) - 1} more cities" if len(short) > 1 else ""
            raise DataError(
                f"{months.file}: found {counts[short[0]]} measured months of {short[0]} in "
                f"{intake.year_words(year, starts)}{more}, expected at least {intake.LEAST_OF_YEAR} of each city in "
                f"both "
                "years that are compared; leave the city out, or give --years"
            )
    return first, last


def refuse_official(file: str, starts: int) -> None:
    """Raise DataError for official annual means, which are of calendar years, where years begin in another month."""
    if starts != 1:
        raise DataError(
            f"{file}: found official annual means, expected none where years begin in another month than January; "
            "leave them out"
        )


def of(months: Months, made: Descriptor, official: Official | None, weather: Weather | None) -> Parts:
    """What the model of a region has and lacks; raises DataError for a change that lies outside the record."""
    for key, words in (("ruler", "change of ruler"), ("procedure", "change of procedure")):
        month = getattr(made, key)
        if month and not months.months[0] < month <= months.months[-1]:
            raise DataError(
                f"the {words} in {month} lies outside the record, {months.months[0]} to {months.months[-1]}: leave it "
                "out or correct the month"
            )
    measured = set(TO_CONVERT) <= set(weather.values) if weather else False
    if made.ruler and measured and made.height:
        _refuse_other_height(made, weather)
    first, last = made.years
    has = {"change": f"the change from {made.year(first)} to {made.year(last)}, of the region and of each of its "
                     f"{len(made.cities)} cities",
           "season": "the season, and what months have in common"}  # fmt: skip
    lacks = {}
    _put(has, lacks, "forecast", last - first + 1 >= FORECAST_YEARS,
         f"a forecast of {made.year(last)} from the years before, held against what was measured",
         f"a forecast needs {FORECAST_YEARS} whole years")  # fmt: skip
    _put(has, lacks, "areas", bool(made.areas), f"the change of {len(made.areas)} areas", "the descriptor has no areas")
    rates = ", and the yearly rate less what goes with it" if tells_rates(first, last) else ""
    _put(has, lacks, "weather", bool(weather), f"how months differ with their weather{rates}",
         "there is no table of weather: a change may be the weather's")  # fmt: skip
    _put(has, lacks, "official", bool(official), "how far official annual means agree with the months",
         "there are no official annual means: nothing stands beside the months")  # fmt: skip
    _put(has, lacks, "latitude", has_latitude(made),
         "months in which the north was cleaner than the south, or dirtier",
         f"a contrast of north and south needs {FEWEST_FOR_LATITUDE} cities and the latitude of each, in the "
         "descriptor")  # fmt: skip
    _put(has, lacks, "ruler", bool(made.ruler) and measured,
         f"the change of ruler in {made.ruler}, converted by temperature and pressure",
         f"the change of ruler in {made.ruler} cannot be converted without temperature and pressure" if made.ruler
         else "no change of ruler is known")  # fmt: skip
    _put(has, lacks, "procedure", bool(made.procedure), f"months before {made.procedure} may scatter more",
         "no change of the way of making monthly means is known")  # fmt: skip
    return Parts(has, lacks)


def has_latitude(made: Descriptor) -> bool:
    """Whether months may contrast north and south: cities enough, the latitude of each, not all of one."""
    known = {made.latitude.get(city) for city in made.cities}
    return len(made.cities) >= FEWEST_FOR_LATITUDE and None not in known and len(known) > 1


def tells_rates(first: int, last: int) -> bool:
    """Whether years are enough to tell which part of a rate goes with weather."""
    return last - first + 1 >= WEATHER_YEARS


def _refuse_other_height(made: Descriptor, weather: Weather) -> None:
    """Raise DataError where the pressure is not that of the height at which the weather is said to be measured.

    Cities are converted by their heights above that place: pressure of another would be taken off twice or not at all.
    """
    pressure = weather.values["pressure"].values()
    mean, usual = sum(pressure) / len(pressure), 1013.25 * (1 - 2.25577e-5 * made.plain) ** 5.25588
    if abs(mean - usual) > PRESSURE_OFF:
        lies = (1 - (mean / 1013.25) ** (1 / 5.25588)) / 2.25577e-5
        raise DataError(
            f"{weather.file}, column 'pressure': found a mean of {mean:.0f} hPa, that of air at {lies:.0f} metres, "
            f"expected about {usual:.0f} hPa, as weather measured at {made.plain:g} metres has; give in the "
            "descriptor, as 'plain', how high above the sea the weather was measured, 0 for pressure told for the sea"
        )


def _put(has: dict, lacks: dict, part: str, there: bool, gives: str, why: str) -> None:
    (has if there else lacks)[part] = gives if there else why
