"""Why each prior is what it is: model -> parameter -> one sentence."""

REASONS = {
    "decline": {
        "level": "A typical month of the region lies near 60 µg/m³; a factor of three either way is allowed.",
        "level_city": "Cities of one region differ by a factor of two or three; every level is well measured.",
        "slope": "Between a fall of a quarter and a rise of a sixth a year; no decline of a given size is favoured.",
        "slope_on_level": "Dirty cities may fall faster or slower; none is favoured.",
        "city_scale": "Cities' yearly rates differ by a few points, their bends and seasons by under a tenth.",
        "slope_apart": "A city's rate beside the region's, around what its level would have; their mean is taken off.",
        "bend_scale": "The region's path leaves a straight line by about a tenth.",
        "bend": "Of the size that scale and length give; slow waves are drawn as they are, quick ones in units of it.",
        "length_scale": "Paths bend over two to four years: a plan's length, slower than single winters.",
        "bend_city": "Of the size that scale and length give, less so where a city's months tell little of a wave.",
        "season": "Winter months are up to twice or three times summer months.",
        "season_change": "The season's strength may change by a few per cent a year.",
        "season_city": "Two waves a year: a city's season is smooth.",
        "weather": "One standard deviation of a month's weather moves it by at most a third.",
        "weather_city_scale": "Cities respond alike, within a few per cent.",
        "weather_city": "Of that scale, as far as a city's months tell its response.",
        "step": "One is the full physical conversion; none at all is nearly three standard deviations away.",
        "persistence": "A month's regional surprise carries over partly, never fully.",
        "shock_scale": "Regional months scatter by about a tenth around what weather and season explain.",
        "shock_tail": "From heavy tails, for sandstorms and odd winters, to nearly normal; the variance stays finite.",
        "shock": "The regional month itself, a first-order autoregression around its expectation.",
        "contrast_scale": "In a month the north may lie some per cent above or below the south, by latitude.",
        "contrast": "Each month anew, of that scale, as far as its cities tell it; else in units of it.",
        "log_scale_mean": "A city's month departs from the region's by about an eighth.",
        "log_scale": "Cities differ in that scatter by about a third.",
        "collected": "Collected releases have errors of their own: they may scatter twice as much as later figures.",
        "tail": "Between heavy tails and nearly normal; the variance stays finite.",
        "carry_over": "A city's departure carries over partly; near one it would be a second trend.",
        "official_scale": "Official and monthly figures agree within a per cent or two, beyond rounding.",
    },
    "heavy_days": {
        "level": "About twenty days in the middle of the period, a factor of three either way, and what the years add.",
        "level_area": "Areas differ by a factor under two or three.",
        "slope": "Between a fall of two fifths and a rise of a third a year, and what the years add.",
        "slope_area": "Areas' yearly rates differ by about ten percentage points.",
        "bend": "The fall may speed up or slow down: the yearly rate may change by a fifth over the period, and what "
        "the years add.",
        "year_scale": "A stagnant winter moves all areas by about a quarter.",
        "year_effect": "Standard normal, because each year has at most three counts.",
        "shared": "Episodes cover most of a plain at once, so a mean over cities scatters little less than one.",
        "concentration": "Days come in episodes: more scatter than independent days have.",
    },
}
REASONS["region"] = REASONS["decline"] | {
    "level": "Cities of the world have annual means from under 10 to over 100 µg/m³; the prior allows all of them.",
    "slope": "Falls and rises are as likely, to a tenth a year and more; standing still is likeliest, and of the "
    "change of few years that takes a part.",
    "step": "One is the full physical conversion; none at all is nearly three standard deviations away.",
    "season": "The dirtiest month is up to twice or three times the cleanest.",
    "shock_tail": "From heavy tails, for dust, fires and odd winters, to nearly normal; the variance stays finite.",
    "collected": "Months of an earlier procedure may scatter twice as much as later ones.",
}
"""In a region of which nothing is known beforehand, as in the book but for what the book knows of its own."""
