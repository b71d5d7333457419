"""Why each prior is what it is: model -> parameter -> one sentence."""

REASONS = {
    "hongkong": {
        "drift": "Power and the rest rise or fall by up to six per cent a year, the odds of coal by up to a fifth.",
        "walk_scale": "From year to year a drift changes by about a third of its usual size; how fast is the question, "
        "so the prior is wide.",
        "walk": "Standard normal: single years inform a change of drift little.",
        "scatter": "A year surprises by about three per cent, the odds of coal by fifteen: stations change their fuel.",
        "paths": "Power within a factor of three of 40 Mt, were it all from coal, with about three quarters of coal, "
        "and 13 Mt of the rest; then steps around drifts, Student with four degrees of freedom: stations close, and a "
        "pandemic came.",
        "revision_scale": "A new release moves a total by a per cent or two.",
        "revision": "Standard normal: how far an earlier release lies from the last, pooled.",
        "inventory": "Ratios and changes printed in one release agree with its totals to about a per cent. Few figures "
        "have a second one beside them, so the figures hardly inform it, and left wide it would run to zero; a variant "
        "takes twice as much.",
        "all_coal": "Emissions, were all electricity from coal: 50 Mt within a factor of two, since that of nuclear "
        "power and imports is not in the tables.",
        "offset": "A statistic lies above or below the inventory by a tenth, those of fuels by a fifth.",
        "error": "Statistics err by about three per cent from year to year.",
        "memory": "Between a fifth and four fifths of such an error are left a year later.",
    },
}
