"""Why each prior is what it is: model -> parameter -> one sentence."""

REASONS = {
    "miyun": {
        "level": "Typical rivers: CODMn near 4, NH3-N 0.2, total nitrogen 2.5 mg/L, each within a factor of four.",
        "basin_scale": "Basins differ by a factor under two.",
        "of_basin": "Standard normal: a basin's level, pooled; two basins leave its scale to the prior.",
        "spread": "Sections of a basin differ by a factor of two.",
        "section_level": "A section's level, around its basin's.",
        "season_scale": "Sections leave their basin's season by a fifth in the yearly wave, a tenth in the other.",
        "season_basin": "A basin's season moves a concentration by about a third.",
        "own_season": "A section's own season, pooled; drawn part of the way between itself and its standard normal.",
        "log_scatter_mean": "A week's median is new by about a quarter.",
        "log_scatter": "Sections differ in that by about two fifths.",
        "memory": "Between a fifth and four fifths of a departure are left a week later.",
    },
    "april": {
        "level": "A typical section in spring, each pollutant within a factor of four.",
        "basin_scale": "Basins differ by a factor under two.",
        "of_basin": "A basin's level, pooled.",
        "contrast_mean": "Between a third and three times the rest of the basin; no direction is favoured.",
        "contrast_scale": "Agreements differ in the contrast by about a third.",
        "contrast": "Standard normal: most agreements have one or two sections.",
        "scatter": "Sections of a basin differ by a factor of two.",
    },
    "storage": {
        "walk": "A year moves the storage by about a quarter beyond its drift; floods make most of it.",
        "drift": "Storage may fall or rise by up to a third a year over an epoch; no direction is favoured.",
        "error": "Reports of one day differ by about a hundredth.",
        "off": "Standard normal: what a printed storage is off by, in units of its error.",
        "excess": "More than 30 means a little to a few hundred million m³ above it.",
    },
}
