"""Why each prior is what it is: model -> parameter -> one sentence."""

REASONS = {
    "carbon": {
        "year_scale": "From year to year the price that all markets share moves by about a fifth.",
        "market_scale": "Markets differ by about two fifths: caps, rules and industries differ from the start.",
        "departure_scale": "In a year a market leaves its own level by about a quarter.",
        "memory": "Two thirds of such a departure are there a year later; permits can be kept.",
        "average_error": "A printed average lies within a seventh of the year's price: periods and trades differ.",
        "close_error": "A close lies within two fifths of the year's price.",
        "idle_factor": "A close without trade errs about twice as much: it can be an old quote.",
        "total_error": "A window's price lies within two fifths of the pilots' mean by shares of trade: when most is "
        "traded is not known, nor what went at a discount.",
        "shares": "Flat over the seven pilots, and one week of December 2020 that counts as much as the flat part.",
    },
}
