"""Ten years of PM2.5 in thirteen cities: monthly means, weather, official annual means, the step of 2018.

The model is that of `months`; here are the region of the book, its panel, and what is fitted beside it.
"""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from jingjinji.core import tables
from jingjinji.core.topic import Variant
from jingjinji.topics.air import months as model
from jingjinji.topics.air import weather_of_days
from jingjinji.topics.air.months import (  # noqa: F401
    AVERAGE,
    CITY,
    DERIVED,
    Panel,
    Region,
    build,
    data,
    departures_of_weather,
    log_conversion,
    until,
)

CITIES = (
    "Beijing", "Tianjin", "Baoding", "Cangzhou", "Chengde", "Handan", "Hengshui", "Langfang", "Qinhuangdao",
    "Shijiazhuang", "Tangshan", "Xingtai", "Zhangjiakou",
)  # fmt: skip
FIRST, LAST = 2013, 2023
REGION = Region(
    cities=CITIES,
    first=f"{FIRST}-01",
    last=f"{LAST}-12",
    areas={
        "Beijing": ("Beijing",),
        "Tianjin": ("Tianjin",),
        "Hebei": CITIES[2:],
        "BTH13": CITIES,
        "Zhangjiakou": ("Zhangjiakou",),
    },
    latitude={
        "Beijing": 39.9, "Tianjin": 39.1, "Baoding": 38.9, "Cangzhou": 38.3, "Chengde": 41.0, "Handan": 36.6,
        "Hengshui": 37.7, "Langfang": 39.5, "Qinhuangdao": 39.9, "Shijiazhuang": 38.0, "Tangshan": 39.6,
        "Xingtai": 37.1, "Zhangjiakou": 40.8,
    },
    height={"Chengde": 375.0, "Zhangjiakou": 724.0},
    plain=31.0,
    ruler="2018-09",
    procedure="2017-02",
    weather=("wind", "dew_point", "pressure", "temperature"),
    official=(CITY, AVERAGE),
    days_of="Beijing",
    level=(np.log(60), 0.5),
    slope=(-0.05, 0.1),
)  # fmt: skip
"""Heights are those of weather stations; the other cities lie in the plain, as Beijing does. The ministry's own months
are known from February 2017 on; those before are means of collected releases."""
AREA_KEYS = {"beijing": "Beijing", "tianjin": "Tianjin", "hebei": "Hebei", "region": "BTH13"}
"""What ids of findings call an area -> its name."""
TABLES = ("pm25_city_month", "pm25_official_annual", "weather_beijing_month", "beijing_day")

NORTH_TO_SOUTH = (
    "Chengde", "Zhangjiakou", "Qinhuangdao", "Tangshan", "Langfang", "Tianjin", "Baoding", "Cangzhou", "Shijiazhuang",
    "Hengshui", "Xingtai", "Handan",
)  # fmt: skip
ORIGINS = (2016, 2017, 2018, 2019)
"""First years that a forecast has not seen."""
FORECAST_YEARS = 2
FOLDS = 4
FOLDS_FROM = pd.Period("2015-01", freq="M")
LEFT_OUT = {
    "without-beijing": ("Beijing",),
    **{f"without-fold-{fold + 1}": NORTH_TO_SOUTH[fold::FOLDS] for fold in range(FOLDS)},
}


def panel(months: pd.DataFrame, official: pd.DataFrame, weather: pd.DataFrame, days: pd.DataFrame) -> Panel:
    """The panel of `TABLES`; the means of two months together are left out.

    So are official means of the whole region of years in which those of its three parts are known: they are their mean.
    """
    months = months[months.quality != "D"]
    pm25 = months.pivot(index="month", columns="city", values="pm25")
    pm25 = pm25.reindex(index=REGION.months.astype(str), columns=CITIES).to_numpy()
    official = official[(official.series == "official") & official.area.isin(REGION.areas)]
    parts = official[official.area.isin(["Beijing", "Tianjin", "Hebei"])].groupby("year").size()
    official = official[(official.area != "BTH13") | ~official.year.isin(parts.index[parts == 3])]
    official = official.assign(error=official.rounding / np.sqrt(3))[["area", "year", "pm25", "error"]]
    response = weather_of_days.response(days, weather, before=months.month[months.city == "Beijing"].min())
    weather = weather.set_index("month").reindex(REGION.months.astype(str))
    values = weather[list(REGION.weather)]
    departures, spread = departures_of_weather(values, REGION.calendar)
    calibration = tables.describe("weather_beijing_month")["calibration"]["wind"]
    wind_error = (weather["source"] == "uci-381").to_numpy() * calibration["residual_sd_month"] / spread["wind"]
    conversion = log_conversion(values, REGION.calendar)
    return Panel(REGION, pm25, official.reset_index(drop=True), departures, wind_error, conversion, response)


def simulate(truth: dict, rng: np.random.Generator, panel: Panel) -> Panel:
    """`months.simulate`; of ``decline`` and ``decline_constant`` the truth has the areas of `AREA_KEYS`."""
    made = model.simulate(truth, rng, panel)
    of_areas = {
        name: {key: made.truth[name][area] for key, area in AREA_KEYS.items()}
        for name in ("decline", "decline_constant")
    }
    return replace(made, truth=made.truth | of_areas)


def _without_cities(panel: Panel, cities: tuple[str, ...]) -> Panel:
    """Leave out months of cities and their own official means; the official means of their areas stay.

    Of several cities the months before `FOLDS_FROM` stay: an area's mean tells the level of one city, not of three.
    """
    months = REGION.months
    first = FOLDS_FROM if len(cities) > 1 else months[0]
    pm25 = panel.pm25.copy()
    pm25[np.ix_(months >= first, [CITIES.index(city) for city in cities])] = np.nan
    return replace(panel, pm25=pm25, official=panel.official[~panel.official.area.isin(cities)].reset_index(drop=True))


def _with_step_prior(panel: Panel, mean: float, sd: float) -> Panel:
    return replace(panel, step_prior=(mean, sd))


def _toy(panel: Panel, rng: np.random.Generator, **truth: float) -> Panel:
    return simulate(truth, rng, panel)


VARIANTS = {
    "step-unknown": Variant("step nearly unknown", partial(_with_step_prior, mean=0.5, sd=1.0)),
    **{f"to-{year - 1}": Variant(f"cut off in {year - 1}", partial(until, year=year - 1)) for year in ORIGINS},
    **{
        variant: Variant(f"without figures of {' and '.join(cities)}", partial(_without_cities, cities=cities))
        for variant, cities in LEFT_OUT.items()
    },
}
TOYS = {
    "toy": partial(_toy, slope=-0.10, slope_on_level=-0.08),
    "toy-no-decline": partial(_toy, slope=0.0, slope_on_level=0.0, slope_city_scale=0.0),
}
TARGET_ACCEPT = 0.92
"""At 0.9 the error of energy was above 10 with 12 of 8,000 draws of a record that is cut off, at 0.92 never above 3."""
