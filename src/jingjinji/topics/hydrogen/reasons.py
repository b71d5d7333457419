"""Why each prior is what it is: model -> parameter -> one sentence."""

REASONS = {
    "hydrogen": {
        "peak_mean": "Most sales of a typical country come up to sixteen years after its first.",
        "peak_scale": "Countries differ in that by about three years.",
        "peak": "A country's own years, pooled; drawn in units of their scale the more, the fewer years are known.",
        "pace_mean": "Early sales double every one to three years.",
        "pace_scale": "Countries differ in pace by about a third.",
        "pace": "Standard normal: the scale stands apart.",
        "size_mean": "Most sales of a year in a typical country: a few hundred, within a factor of twenty.",
        "size_scale": "Countries differ in size by a factor of seven.",
        "level": "Sales in the middle of a country's years: its size, pooled, on its curve.",
        "concentration": "Yearly sales scatter by seven tenths around a curve: orders come in fleets.",
    },
    "hydrogen_clusters": {
        "ratio": "Definitions differ by about a fifth.",
        "source_error": "One count of a year is off by about a fifth: when a sale counts differs.",
        "off": "Standard normal: what a year of the countries' table is off by, in units of its error.",
        "weight": "Each of five clusters has about half of what the rest of China has, within a factor of four.",
        "hurry": "That may grow or shrink by a seventh a year.",
    },
}
