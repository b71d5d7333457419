"""Why each prior is what it is: model -> parameter -> one sentence."""

REASONS = {
    "apec_series": {
        "level": "A typical day lies near 80 µg/m³; a factor of three either way is allowed.",
        "trend": "Slow ups and downs over the years of about a tenth.",
        "season": "Winter and summer may differ by a factor of two beyond the weather.",
        "heating": "The heating season may raise or lower a day by a third; neither is favoured.",
        "weekday_effect": "Weekdays differ by about a tenth.",
        "amplitude": "A weather variable moves a day by about half, over its usual range.",
        "smooth": "A smooth curve of each weather variable, its size set by the amplitude.",
        "wet_effect": "Some hours of rain or snow more move a day by at most a third.",
        "block_scale": "Ordinary ten days stay about an eighth off what weather and season explain.",
        "block_effect": "Standard normal: ten days inform each block.",
        "holiday_effect": "The week of National Day may be a seventh cleaner or dirtier.",
        "effect": "An event may lower or raise a day by a third or more; neither is favoured.",
        "carry_over": "A day's surprise carries over to the next by about two fifths.",
        "scale": "A day scatters by about half around its expectation.",
        "own_scale": "The embassy departs from the stations' day by about a fifth of its own.",
        "shared": "A surprise at the stations is one at the embassy too, about as large.",
        "tail": "Between heavy tails and nearly normal; the variance stays finite.",
    },
    "apec_stations": {
        "response": "A station departs from the city by a third in level, by a tenth with season, year and weather.",
        "common_pattern": "Controls may reach one station a seventh more than another.",
        "pattern_scale": "The same days of two years differ between stations by about a tenth.",
        "pattern_apart": "Standard zero-sum normal: few days inform each event's pattern.",
        "axis_carry_over": "A departure carries over to the next day by about two fifths.",
        "axis_scale": "Departures scatter by a few hundredths to a third.",
        "axis_tail": "Between heavy tails and nearly normal; the variance stays finite.",
    },
    "apec_donors": {
        "share": "A city moves with the mean of its donors about one to one.",
        "weight_scale": "Weights leave equal shares enough to follow a single donor.",
        "log_noise_mean": "A week scatters by about a quarter around what the donors tell.",
        "log_noise": "Parts of the country differ in that scatter by about a third.",
    },
}
