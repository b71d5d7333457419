"""Why each prior is what it is: model -> parameter -> one sentence."""

REASONS = {
    "hongkong": {
        "level": "A sector emits about ten million tonnes, within a factor of seven.",
        "curvature": "Constant per cent, constant tonnes, or anything between: none is favoured.",
        "drift_mean": "Emissions rise or fall by up to six per cent a year; neither is favoured.",
        "drift_scale": "Sectors' drifts differ by a few percentage points a year.",
        "drift": "Standard normal: four sectors say little of their scale.",
        "walk_scale": "A drift changes by about a percentage point from year to year.",
        "walk": "Standard normal: single years inform a change of drift little.",
        "log_scatter_mean": "A year surprises by about three per cent.",
        "log_scatter": "Sectors differ in that by about two fifths.",
        "before": "Electricity before 2015, which fuel statistics inform each year: its path is drawn itself.",
        "surprise_before": "Student with four degrees of freedom: power stations close and open, and a pandemic came.",
        "after": "Sectors since 2015 that printed figures inform: their paths are drawn themselves, around drifts.",
        "surprise_after": "Student with four degrees of freedom: of the rest no figure is printed.",
        "revision_scale": "A new release moves a total by a per cent or two.",
        "revision": "How far an earlier release lies from the last, pooled.",
        "inventory": "Figures of one inventory disagree by about a per cent; revisions hardly let it be learned.",
        "offset": "A statistic lies above or below the inventory by a tenth, that of fuels by a fifth.",
        "error": "Statistics err by about three per cent from year to year.",
        "memory": "Between a fifth and four fifths of such an error are left a year later.",
    },
}
