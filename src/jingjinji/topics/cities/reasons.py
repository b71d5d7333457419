"""Why each prior is what it is: model -> parameter -> one sentence."""

REASONS = {
    "efficiency": {
        "slopes": "CO2 grows about in proportion to output where capital and labour do too; capital, labour and "
        "curvature may change that by a third either way.",
        "source_slopes": "Over a factor of seven in output a source may give cities a third more than another does.",
        "counties_load": "Lights may show half of what sets a city apart from its province, none of it or all.",
        "level_mean": "A typical city emits 20 Mt, within a factor of three.",
        "level_apart": "Cities of a province differ by about two fifths at equal inputs and output.",
        "level_province_scale": "Provinces differ by a fifth at equal inputs and output: coal, heating, power exports.",
        "level_province": "Zero-sum normal of unit scale: some provinces are one city, and the mean stands apart.",
        "level_bias": "Sources differ in what they count by about two fifths.",
        "level_bias_scale": "A source errs by about a fifth in a whole province.",
        "level_bias_province": "Zero-sum normal of unit scale: some provinces are one city.",
        "level_error": "A source errs by about a third in a city.",
        "trend_mean": "In four years a typical city's CO2 changes by up to two fifths.",
        "trend_apart": "Cities of a province differ in their change over four years by about an eighth.",
        "trend_province_scale": "Provinces differ in that change by about a fourteenth.",
        "trend_province": "Zero-sum normal of unit scale: some provinces are one city, and the mean stands apart.",
        "trend_bias": "Sources differ in the change over four years by about a seventh.",
        "trend_bias_scale": "A source errs by about a fourteenth in a province's change.",
        "trend_bias_province": "Zero-sum normal of unit scale: some provinces are one city.",
        "trend_error": "A source errs by about a tenth in a city's change.",
    },
}
