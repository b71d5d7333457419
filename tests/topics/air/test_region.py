"""The model of any region: which parts a region's data put into it, whole years, and a known truth that is found."""

import calendar
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from densities import densities_at, some_point, values_at
from scipy import stats

from jingjinji.cli import made_up
from jingjinji.core.descriptor import Descriptor
from jingjinji.core.errors import BookError
from jingjinji.core.intake import ALL, span
from jingjinji.fits import draws, sampler
from jingjinji.topics.air import drawn, months, page, region, region_findings

CITIES = ("Ash", "Bell", "Cold", "Dun")
FULL = {
    "areas": {"South": ("Bell", "Cold")},
    "latitude": {"Ash": 30.0, "Bell": 31.0, "Cold": 33.0, "Dun": 35.0},
    "ruler": "2016-09",
    "procedure": "2016-03",
}


def record(first: str = "2015-01", last: str = "2017-12") -> pd.DataFrame:
    rng = np.random.default_rng(3)
    rows = [(city, month, float(rng.uniform(20, 90))) for city in CITIES for month in span(first, last)]
    return pd.DataFrame(rows, columns=["city", "month", "pm25"])


def weather(first: str = "2015-01", last: str = "2017-12", *names: str) -> pd.DataFrame:
    rng, all_months = np.random.default_rng(4), span(first, last)
    columns = {"temperature": rng.uniform(-5, 30, len(all_months)), "pressure": rng.uniform(990, 1030, len(all_months))}
    return pd.DataFrame({"month": all_months} | {name: columns[name] for name in names or columns})


MEANS = pd.DataFrame({"area": ["South", "Ash"], "year": [2016, 2015], "pm25": [50.0, 60.0], "rounding": [0.5, 0.5]})


def panel(of: pd.DataFrame | None = None, official=None, air=None, **about) -> months.Panel:
    made = Descriptor(title="x", cities=CITIES, years=(2015, 2017), **about)
    return region.panel_of(made, record() if of is None else of, official, air)


def test_checks_leave_out_months_in_which_nobody_measured(monkeypatch):
    """As in the Yangtze delta's December 2016; of a winter, or a calendar month, without any month nothing is shown."""
    rows = record()
    nobody = rows.month.isin(["2016-12", "2017-01", "2017-02", "2017-12", "2015-06", "2016-06", "2017-06"])
    alone = (rows.month == "2015-01") & (rows.city != "Ash")
    made = panel(rows[~nobody & ~alone])
    seen = made.pm25
    monkeypatch.setattr(page, "replicates", lambda post: np.stack([seen, 2 * seen]))
    groups = page.check_groups(SimpleNamespace(panel=made, region=made.region), (2015, 2016, 2017))
    named = {name: (labels, *group["PM2.5"]) for name, (labels, group) in groups.items()}
    (months_, drawn_, measured), (years, spreads, spread), (cities, *_) = named.values()
    assert list(months_) == [name for name in calendar.month_abbr[1:] if name != "Jun"]
    assert years == ["2015", "2016"]
    assert list(cities) == list(CITIES)
    assert drawn_ == pytest.approx(np.stack([measured, 2 * measured]))
    assert spreads == pytest.approx(np.stack([spread, 2 * spread]))
    place = list(made.region.months.astype(str)).index
    expected = np.mean([seen[place(month)].std() for month in ("2015-02", "2015-12")])
    assert spread[0] == pytest.approx(expected)


def free(of: months.Panel) -> set[str]:
    return {variable.name for variable in months.build(of).free_RVs}


BARE = {
    "level", "slope", "level_city", "slope_on_level", "city_scale", "slope_apart", "length_scale", "bend_scale", "bend",
    "bend_city", "season", "season_change", "season_city", "persistence", "shock_scale", "shock_tail", "shock",
    "log_scale_mean", "log_scale", "tail", "carry_over",
}  # fmt: skip


@pytest.mark.parametrize(
    ("given", "more"),
    [
        ({}, set()),
        ({"latitude": FULL["latitude"]}, {"contrast_scale", "contrast"}),
        ({"latitude": {"Ash": 30.0}}, set()),
        ({"latitude": dict.fromkeys(CITIES, 30.0)}, set()),
        ({"procedure": "2016-03"}, {"collected"}),
        ({"ruler": "2016-09"}, set()),
        ({"air": weather()}, {"weather", "weather_city_scale", "weather_city"}),
        ({"air": weather(), "ruler": "2016-09"}, {"weather", "weather_city_scale", "weather_city", "step"}),
        ({"air": weather("2015-01", "2017-12", "temperature"), "ruler": "2016-09"},
         {"weather", "weather_city_scale", "weather_city"}),
        ({"official": MEANS, "areas": FULL["areas"]}, {"official_scale"}),
    ],
)  # fmt: skip
def test_a_part_has_parameters_where_the_region_informs_it(given, more):
    of = panel(**given)
    model = months.build(of)
    assert {variable.name for variable in model.free_RVs} == BARE | more
    assert {shared.name for shared in model.data_vars} == months.data(of).keys()


def test_a_panel_without_one_measurement_is_refused():
    of = panel()
    empty = replace(of, pm25=np.full_like(of.pm25, np.nan))
    with pytest.raises(BookError, match="no measured month of Ash or of another of its cities from 2015-01 to 2017-12"):
        months.data(empty)


def test_the_carry_over_of_a_region_has_a_bound_and_that_of_the_book_has_none():
    of = panel()
    for most, changed in ((region.MOST_CARRIED, of), (1.0, replace(of, region=replace(of.region, most_carried=1.0)))):
        model = months.build(changed)
        point = model.initial_point()
        (name,) = (name for name in point if name.startswith("carry_over"))
        assert values_at(model, point | {name: np.array(40.0)})["carry_over"] == pytest.approx(most)
    assert stats.beta(4, 8).sf(region.MOST_CARRIED) < 2e-6


def test_the_first_month_of_each_city_is_normal_and_no_other():
    of = panel()
    model, heavy = months.build(of), months.build(replace(of, region=replace(of.region, first_tail=0.0)))
    point = some_point(model)
    values = values_at(model, point)
    scale = np.exp(values["log_scale"]) / np.sqrt(1 - values["carry_over"] ** 2)
    away = np.log(of.pm25[0]) - values["mu"][0]
    light, tail = (stats.t.logpdf(away, nu, scale=scale) for nu in (region.FIRST_TAIL, 3 + values["tail"]))
    found = densities_at(model, point)["cells"] - densities_at(heavy, point)["cells"]
    assert found == pytest.approx((light - tail).sum())


def test_official_means_of_one_kind_have_one_scale():
    model = months.build(panel(official=MEANS[:1], areas=FULL["areas"]))
    assert list(model.coords["kind"]) == ["average"]


def test_parts_that_do_nothing_leave_the_months_as_they_are():
    """With their effects at zero the same record has the same expected months and the same density."""
    bare, full = panel(), panel(air=weather(), **FULL)
    one, other = months.build(bare), months.build(full)
    point, more = some_point(one), some_point(other)
    neutral = {name: np.zeros_like(value) for name, value in more.items() if name not in point}
    neutral["collected_log__"] = np.array(-40.0)
    np.testing.assert_allclose(values_at(other, point | neutral)["mu"], values_at(one, point)["mu"], rtol=1e-9)
    density = densities_at(one, point)
    with_more = densities_at(other, point | neutral)
    for name in ("cells", "level", "bend_city", "slope_apart"):
        assert with_more[name] == pytest.approx(density[name], rel=1e-9)


def test_months_outside_whole_years_are_in_no_annual_mean():
    of = panel(record("2014-12", "2017-02")).region
    assert (len(of.months), of.years) == (27, (2015, 2016))
    values = np.zeros((27, 4))
    values[[0, 25, 26]] = 1e6
    values[2, 1] = 100.0
    yearly = months.yearly_means(of, values)
    assert yearly.shape == (2, 4)
    assert yearly[0, 1] == pytest.approx(100 * 28 / 365)
    assert np.count_nonzero(yearly) == 1


def test_years_that_begin_in_september():
    of = replace(panel(record("2018-09", "2020-08")).region, starts=9)
    assert of.years == (2018, 2019)
    values = np.zeros((24, 4))
    values[17, 0] = 100.0  # February 2020
    assert months.yearly_means(of, values)[1, 0] == pytest.approx(100 * 29 / 366)
    days = [calendar.monthrange(2018, m)[1] for m in range(9, 13)]
    assert of.days[0, :4].tolist() == days


def test_a_record_cut_before_a_year_knows_nothing_of_it():
    whole = panel(official=MEANS, areas=FULL["areas"])
    cut = months.until(whole, 2015)
    assert np.isnan(cut.pm25[12:]).all()
    np.testing.assert_array_equal(cut.pm25[:12], whole.pm25[:12])
    assert cut.official.year.tolist() == [2015]
    assert months.data(cut).keys() == months.data(whole).keys()


def test_conversion_and_departures_of_weather():
    air = weather()
    of = panel(air=air, ruler="2016-09")
    row = air.iloc[7]
    expected = np.log(273.15 / (273.15 + row.temperature) * row.pressure / 1013.25)
    assert of.conversion[7] == pytest.approx(expected)
    assert of.weather.shape == (36, 2)
    for month in range(12):
        assert of.weather[month::12].mean(axis=0) == pytest.approx([0, 0], abs=1e-9)
    assert panel(air=air).conversion is None


def test_areas_are_all_cities_those_of_the_descriptor_and_cities_with_official_means():
    of = panel(official=MEANS, areas=FULL["areas"]).region
    assert dict(of.areas) == {ALL: CITIES, "South": ("Bell", "Cold"), "Ash": ("Ash",)}
    assert of.official == (months.CITY, months.AVERAGE)


def test_simulated_records_of_every_kind_of_region():
    for given in ({}, {"air": weather(), "official": MEANS, **FULL}):
        made = months.simulate({"slope": -0.2}, np.random.default_rng(1), panel(**given))
        assert np.isfinite(made.pm25).all()
        assert made.truth["course"][ALL] < 0
        assert set(made.truth["course"]) == set(made.region.areas)


def test_the_course_that_is_told_is_the_one_that_was_put_in():
    """Draws of the truth itself give the truth's lasting change."""
    truth = {"slope": -0.12, "level_city_scale": 0.2, "season_city_scale": 0.05, "slope_on_level": 0.0, "level": 4.0}
    bare = panel()
    made = months.simulate(truth, np.random.default_rng(5), bare)
    rng = np.random.default_rng(5)
    level, slope = (values - values.mean() for values in (rng.normal(0, 0.2, 4), rng.normal(0, 0.02, 4)))
    rng.normal(0, 0.02, (0, 4))
    season = rng.normal(0, 0.05, (4, 4))
    of, mid = bare.region, months.middle(bare)
    values = {
        "level": np.array([4.0 - 0.12 * mid]), "slope": np.array([-0.12]), "bend_scale": np.ones(1),
        "bend": np.zeros((1, 3)), "length_scale": np.ones(1),
        "season": 0.35 * np.cos(2 * np.pi * np.arange(12) / 12)[None],
        "season_change": np.zeros((1, 2)), "level_city": (level + slope * mid)[None], "slope_city": slope[None],
        "city_scale": np.ones((1, 3)), "bend_city": np.zeros((1, 3, 4)),
        "season_city": (season - season.mean(axis=1, keepdims=True))[None],
    }  # fmt: skip
    post = drawn.Posterior(bare, values, 1, np.random.default_rng(1))
    yearly = months.yearly_means(of, drawn.course(post)) @ of.membership.T
    assert months.change_between(of, yearly)[0] == pytest.approx(list(made.truth["course"].values()))


def prior(of: months.Panel, size: int) -> SimpleNamespace:
    """Draws of what findings read, by hand from the priors, as if they were a fit."""
    rng, made, cities, region_ = np.random.default_rng(1), {}, len(of.region.cities), of.region

    def normal(name: str, scale, *shape: int) -> None:
        made[name] = scale * rng.normal(size=(size, *shape))

    made["length_scale"] = months.LENGTH_SCALE * np.exp(months.LENGTH_SPREAD * rng.normal(size=size))
    made["bend_scale"] = months.BEND_SCALE * np.exp(0.5 * rng.normal(size=size))
    post = drawn.Posterior(of, made, 1, rng)
    wave_scale = made["bend_scale"][:, None] * drawn.bends(post, region_.time)[1]
    normal("bend", wave_scale ** months.bend_told(of), region_.waves)
    normal("slope", 0.1)
    for name, scale, *shape in (
        ("season", 0.4, 12), ("season_change", 0.03, 2), ("level_city", 0.3, cities), ("slope_city", 0.02, cities),
        ("bend_city", 0.02, region_.waves, cities), ("season_city", 0.05, 4, cities), ("log_scale", 0.3, cities),
        ("weather", 0.15, len(region_.weather)), ("weather_city", 0.02, len(region_.weather), cities),
    ):  # fmt: skip
        if 0 not in shape:
            normal(name, scale, *shape)
    for name, value in {"level": 3.7, "persistence": 0.3, "shock_scale": 0.1, "shock_tail": 8, "tail": 8}.items():
        made[name] = np.full(size, float(value))
    made["carry_over"], made["city_scale"] = np.full(size, 0.3), np.full((size, 3), 0.05)
    if region_.weather:
        made["weather_city_scale"] = np.full((size, len(region_.weather)), 0.02)
    made["step"] = rng.normal(1, 0.3, size)
    made["mu"] = np.log(drawn.course(post))
    names = {name: ["chain", "draw", *(f"{name}_{k}" for k in range(1, values.ndim))] for name, values in made.items()}
    dataset = xr.Dataset({name: (names[name], values[None]) for name, values in made.items()})
    return SimpleNamespace(parameters=dataset, panel=of, seed=1, variant="", name="region")


def test_the_spread_of_bends_is_that_of_the_model():
    scale = months.build(panel())["bend_scale"].owner.inputs[-1]
    assert float(scale.data) == region_findings.BEND_SPREAD


def found(of: months.Panel, about: Descriptor, monkeypatch, size: int = 40) -> dict:
    monkeypatch.setattr(region, "ABOUT", about)
    return {finding.id: finding for finding in region_findings.findings(prior(of, size))}


def test_the_prior_takes_all_of_a_change_of_which_the_data_say_nothing(monkeypatch):
    about = Descriptor(title="x", cities=CITIES, years=(2015, 2017))
    made = found(panel(), about, monkeypatch, 2000)
    assert made["region.prior.takes"].mean == pytest.approx(100, rel=0.1)
    assert made["region.prior.spread"].mean == pytest.approx(20, rel=0.2)
    two, six = (panel(record("2015-01", f"{year}-12")).region for year in (2016, 2020))
    variances = [region_findings.prior_variance(of, 2015, of.years[-1]) ** 0.5 for of in (two, six)]
    assert variances == pytest.approx([0.1, 0.5], rel=0.1)


@pytest.mark.parametrize("air", [None, weather()], ids=["published", "converted"])
def test_measured_and_lasting_changes_are_told_on_one_ruler_or_it_is_said(air, monkeypatch):
    about = Descriptor(title="x", cities=CITIES, years=(2015, 2017), ruler="2016-09", areas=FULL["areas"])
    given = panel(air=air, ruler="2016-09", areas=FULL["areas"])
    made = found(given, about, monkeypatch)
    published = months.change_between(given.region, months.yearly_means(given.region, given.pm25))
    for k, city in enumerate(("ash", "bell", "cold", "dun")):
        measured = made[f"region.measured.{city}"]
        assert measured.exact == (air is None)
        assert measured.exact == bool(np.allclose(measured.draws, published[k], atol=0.01))
    words = "on one basis" if air is not None else "as published, across a change of ruler"
    for id in ("change", "fell", "change.measured", "rate", "area.south", "city.ash", "measured.ash", "lowest"):
        assert made[f"region.{id}"].label.endswith(words), id
    assert made["region.change.measured"].exact == (air is None)
    assert ("region.ruler.usual" in made) == (air is None)
    assert 0 <= made["region.lowest.below-next"].mean <= 1


def test_the_usual_change_of_ruler_knows_the_heights_of_cities(monkeypatch):
    monkeypatch.setattr(region, "ABOUT", Descriptor(title="x", cities=CITIES, years=(2015, 2017)))
    for height, change in (({}, -5.2), ({"Ash": 400}, -5.2), (dict.fromkeys(CITIES, 400), -8.8)):
        told = []
        say = SimpleNamespace(fact=lambda id, label, value, unit, digits, to=told: to.append(round(value, 1)))
        region_findings._say_usual_ruler(say, panel(ruler="2016-09", height=height).region)
        assert told == [change]


@pytest.mark.parametrize("last", [2017, 2018])
def test_the_part_of_a_rate_that_goes_with_weather_needs_four_years(last, monkeypatch):
    about = Descriptor(title="x", cities=CITIES, years=(2015, last))
    air = weather("2015-01", f"{last}-12")
    air.loc[3, "pressure"] = np.nan
    made = found(panel(record("2015-01", f"{last}-12"), air=air), about, monkeypatch)
    assert made["region.weather.filled"].mean == 1
    assert ("region.weather.difference" in made) == (last == 2018)
    assert "region.weather.share" not in made
    if last == 2018:
        rates = made["region.weather.rate"].mean - made["region.weather.normalised-rate"].draws
        np.testing.assert_allclose(made["region.weather.difference"].draws, rates, atol=0.01)


def test_calendar_years_are_counted_whatever_the_month_in_which_years_begin(monkeypatch):
    for first, last, count in (("2018-09", "2020-08", 1), ("2018-01", "2020-08", 2)):
        told = {}
        say = SimpleNamespace(fact=lambda id, label, value, told=told: told.setdefault(id, value))
        region_findings._say_record(say, panel(record(first, last), starts=9))
        assert told["calendar-years"] == count


def test_a_known_truth_is_found():
    """A short run on a made-up region: the lasting change of all cities, and of most cities by themselves."""
    made, truth = made_up.region(6, 5, 4, -35)
    rows = [(city, month, value) for (city, month), value in made.cells.items()]
    about = Descriptor(title="x", cities=made.cities, years=(2015, 2019))
    of = region.panel_of(about, pd.DataFrame(rows, columns=["city", "month", "pm25"]))
    model = months.build(of)
    compiled = sampler.compile_soon(model, tuple(months.data(of)))
    tree = sampler.draw(compiled, sampler.Sampling(2, 300), 5, lambda: 2, lambda tree: True, looks=(300, 301))
    parameters = draws.with_derived(region, model, tree["posterior"].to_dataset().astype(float))
    post = drawn.posterior(parameters, of, 1)
    course = drawn.course(post)
    change = months.change_between(of.region, months.yearly_means(of.region, course))
    together = months.change_between(of.region, months.yearly_means(of.region, course) @ of.region.membership.T)[:, 0]
    assert abs(stats.zscore([*together, truth["course"][ALL]])[-1]) < 3
    assert 1 < together.std() < 12
    low, high = np.percentile(change, [3, 97], axis=0)
    inside = [low[k] <= truth["cities"][city] <= high[k] for k, city in enumerate(made.cities)]
    assert sum(inside) >= 4
