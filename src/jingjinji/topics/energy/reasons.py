"""Why each prior is what it is: model -> parameter -> one sentence."""

REASONS = {
    "energy_emissions": {
        "means": "Elasticities, of a year and over years, lie between not at all and in proportion; ten years may "
        "halve or double emissions beside the common slope; a new way of counting may change a figure by half; ten "
        "percentage points of coal's share move emissions by at most a fifth.",
        "scales": "Provinces and regions differ in an elasticity by a seventh, in a trend by a fifth in ten years, in "
        "what a new way of counting does by a quarter; a year moves a province by a twentieth, all of them nearly as "
        "much, a region half of that.",
        "by_region": "Standard normal, because seven regions say little of their scales.",
        "apart": "A province beside the mean: steps, and coal for CO2, on their own scale, the others standard normal.",
        "trend": "A province's own trend around what its drivers say, of the size of its scale.",
        "year_mean": "The provinces' mean with the shock of the year in it: figures tell the sum, not its parts.",
        "carry_over": "Anything between a departure that is gone next year and one that stays.",
        "tail": "Between very heavy tails and nearly normal: some departures are far off.",
    },
    "energy_mix": {
        "drift_mean": "Log-ratios of fuels move by up to a fifth a year; no direction is favoured.",
        "drift_scale": "Provinces' drifts differ by a few hundredths a year.",
        "drift": "Standard normal: the scale stands apart.",
        "bend_mean": "A drift may change by a tenth over ten years.",
        "bend_scale": "Provinces differ in that change by about a twentieth.",
        "bend": "Standard normal: the scale stands apart.",
        "revision_mean": "The census of 2018 may have moved a log-ratio by a fifth in the mean of the provinces.",
        "revision_scale": "Provinces were revised differently, by about a seventh.",
        "revision": "Standard normal: the scale stands apart.",
        "year_scale": "What moves all provinces in one year, prices and revisions, is a few hundredths.",
        "year_effect": "What a year has in common, pooled; 22 provinces inform each.",
        "log_scatter_mean": "A year moves a log-ratio by about a tenth beyond its drift.",
        "log_scatter": "Provinces differ in that scatter by about a half.",
        "follow": "A log-ratio may follow those before it in the list or move against them, by half of their step.",
        "tail": "Between very heavy tails and nearly normal: a fuel may arrive in one year; the mean stays finite.",
        "cell_error": "An odd cell may be wrong by a factor of seven, and of fifty: its neighbours decide.",
    },
    "energy_phase_out": {
        "own_bend": "Declines may speed up: the rate at the tenth is that at the start times e to the bend.",
        "log_last": "Years to what the last figure leaves; a tenth needs between ten and a hundred and fifty years.",
        "tenth_scale": "Most of Germany's coal came from the Ruhr: times to a tenth differ by about a tenth.",
        "tenth_apart": "Standard normal: the scale stands apart.",
        "bend_scale": "The Ruhr's bends lie within a half of Germany's.",
        "bend_apart": "Standard normal: the scale stands apart.",
        "level": "How far the plateau lies from the largest figure is left to that figure's own departure: told twice, "
        "it would make intervals of half-times too narrow, as made-up records showed.",
        "scatter": "Square roots depart from a smooth curve by 0.03: a twentieth of the plateau, a fifth of a tenth.",
        "memory": "Such departures fade over a few years.",
        "disagreement": "Sources of one quantity agree within a per cent or two, beyond rounding.",
        "error": "Standard normal: the error of each figure in units of its size.",
    },
    "energy_coal": {
        "national": "Coal of all provinces grows or falls by up to a fifth in a year.",
        "shares": "Growth may be forgotten next year or last, and so may a drift in the next era; CEADs shows most of "
        "the yearbook's changes, at most all.",
        "log_spread_mean": "Coal departs from that of all provinces, a measure from coal, by a twentieth in a year.",
        "log_spread": "Provinces differ in that by about a half.",
        "tails": "Between very heavy tails and nearly normal: plants open in one year, single figures are far off.",
        "surprise": "A year's growth beyond what lasts, of the size of the province's scatter without the yearbook's "
        "errors, with its tails.",
        "turn": "A province's drift in an era beyond what goes on of the one before; few turn far, "
        "so the tails are somewhat heavy.",
        "means": "End use moves nearly as coal does, CO2 of all fuels half as much; half of Hebei's coal goes with "
        "steel, which one figure before 2018 cannot tell; measures, steel and the country's coal drift apart by a few "
        "hundredths a year; an error may be taken back or go on; of one of CEADs all or nothing may be in end use.",
        "scales": "Provinces differ in a load by a seventh, in the census by a twelfth; a year moves a measure of all "
        "provinces by a few hundredths; the country's sum departs by a fiftieth, steel by a twentieth; drifts "
        "turn by three hundredths a year.",
        "own": "Nought in the mean; the scale stands apart, but for steps of the census, which figures tell.",
        "relation": "What a year does to a measure in all provinces, pooled; the census may have added a tenth.",
    },
}
