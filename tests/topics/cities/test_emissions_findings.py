"""What is said of the cities' efficiency against numbers worked out from chosen draws and figures."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from densities import stand_in_fit

from jingjinji.core import registry, tables
from jingjinji.topics.cities import emissions
from jingjinji.topics.cities import emissions_findings as said

TEN = ("Beijing", "Tianjin", "Qinhuangdao", "Baoding", "Cangzhou", "Shijiazhuang", "Langfang", "Zhangjiakou", "Chengde",
       "Tangshan")  # fmt: skip
THIRTEEN = (*TEN, "Handan", "Hengshui", "Xingtai")
YEARS = np.arange(2006, 2015)
TIME = (YEARS - 2010) / 4
CHAINS, DRAWS = 2, 15
SIZE = CHAINS * DRAWS


def small(variant: str = "") -> emissions.Panel:
    """The thirteen cities of the region and one of another province."""
    table = tables.load("city_production")
    panel = emissions.panel(table[table.city.isin([*THIRTEEN, "Wuhan"])])
    return emissions.VARIANTS[variant].change(panel) if variant else panel


def gdp(panel: emissions.Panel) -> dict[str, np.ndarray]:
    """Output of the nine years of a city, by name."""
    table = tables.load("city_production").sort_values("year").set_index("city")
    return {city: table.gdp[city].to_numpy(dtype=float) for city in panel.cities.city}


def as_fit(panel: emissions.Panel, variant: str = "", **values: np.ndarray) -> SimpleNamespace:
    return stand_in_fit(f"efficiency/{variant}" if variant else "efficiency", panel, values, CHAINS, seed=3)


def found_of(fit) -> dict:
    return {finding.id.partition("@")[0].removeprefix("efficiency."): finding for finding in said.findings(fit)}


def draws(found: dict, id: str) -> np.ndarray:
    return found[id].draws.ravel()


@pytest.fixture(scope="module")
def panel() -> emissions.Panel:
    return small()


@pytest.fixture(scope="module")
def known(panel) -> dict[str, np.ndarray]:
    """What the model says of each city, chosen so that ranks and gaps differ between draws; counties know no city."""
    rng, count = np.random.default_rng(8), len(panel.cities)
    log_output = np.array([np.log(output[4]) for output in gdp(panel).values()])
    first, second = (list(panel.cities.city).index(city) for city in ("Beijing", "Tianjin"))
    made = {
        "level_own": rng.normal(0, 0.3, (SIZE, count)), "trend_own": rng.normal(-0.1, 0.1, (SIZE, count)),
        "level_province_part": rng.normal(0, 0.2, (SIZE, count)), "trend_province_part": np.zeros((SIZE, count)),
        "level_smooth": np.tile(log_output - 3.2, (SIZE, 1)), "trend_smooth": rng.normal(0.25, 0.1, (SIZE, count)),
        "slopes": rng.normal(0.8, 0.1, (SIZE, 9)), "counties_load": rng.uniform(0.2, 0.6, SIZE),
        "level_error": rng.uniform(0.1, 0.4, (SIZE, 3)),
    }  # fmt: skip
    for part in ("level", "trend"):
        made |= {f"{part}_apart": np.full(SIZE, 0.4), f"{part}_new": rng.normal(size=(SIZE, count)),
                 f"{part}_counties_off": np.zeros((SIZE, count)), f"{part}_province_scale": np.full(SIZE, 0.2),
                 f"{part}_province_new": rng.normal(size=(SIZE, count)),
                 f"{part}_counties_weight": np.zeros((SIZE, count))}  # fmt: skip
    made["level_own"][:, first] -= 0.6
    made["level_own"][:, second] -= 0.4
    return made


@pytest.fixture(scope="module")
def found(panel, known) -> dict:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(said, "parts", lambda fit: known)
        patch.setattr(said, "replicated", lambda fit, known: chosen_statistics())
        return found_of(as_fit(panel, x=np.zeros(SIZE)))


def chosen_statistics() -> tuple[np.ndarray, np.ndarray]:
    """A hundred draws anew above the seen one in 50, 2, 98 and 4 of them."""
    new = np.array([[k < above for above in (50, 2, 98, 4)] for k in range(100)], dtype=float)
    return new, np.full((100, 4), 0.5)


def criteria(panel, known, shared: float) -> dict[str, np.ndarray]:
    """The two criteria (draw, year, city of `THIRTEEN`), excess in logarithms, if a share is the inventories' error."""
    place = [list(panel.cities.city).index(city) for city in THIRTEEN]
    own = {}
    for part in ("level", "trend"):
        of_own = known[f"{part}_apart"][:, None] * known[f"{part}_new"]
        of_province = known[f"{part}_province_scale"][:, None] * known[f"{part}_province_new"]
        seen = known[f"{part}_province_part"] + known[f"{part}_own"]
        own[part] = (1 - shared) * seen + np.sqrt(shared * (1 - shared)) * (of_own + of_province)
    made = {name: np.empty((SIZE, 9, 13)) for name in ("intensity", "excess")}
    product = gdp(panel)
    for j, (city, k) in enumerate(zip(THIRTEEN, place, strict=True)):
        for t in range(9):
            made["excess"][:, t, j] = own["level"][:, k] + own["trend"][:, k] * TIME[t]
            smooth = known["level_smooth"][:, k] + known["trend_smooth"][:, k] * TIME[t]
            made["intensity"][:, t, j] = 20_000 * np.exp(smooth + made["excess"][:, t, j]) / product[city][t]
    return made


@pytest.mark.parametrize("criterion", ["intensity", "excess"])
@pytest.mark.parametrize(("end", "shared"), [("", 0.0), (".shared-quarter", 0.25)])
def test_cities_by_each_criterion_and_who_is_first(found, panel, known, criterion, end, shared):
    mean = criteria(panel, known, shared)[criterion].mean(axis=1)
    for j, city in enumerate(TEN if not end else TEN[:1]):
        shown = 100 * (np.exp(mean[:, j]) - 1) if criterion == "excess" else mean[:, j]
        assert draws(found, f"{city.lower()}.{criterion}{end}") == pytest.approx(shown)
    for j, (city, word) in enumerate((("beijing", "first"), ("tianjin", "second"))):
        there = (mean[:, :10] < mean[:, [j]]).sum(axis=1) == j
        assert draws(found, f"{city}.{criterion}.{word}{end}").tolist() == there.tolist()
        assert 0 < there.mean() < 1
    if not end:
        there = (mean < mean[:, [0]]).sum(axis=1) == 0
        assert draws(found, f"beijing.{criterion}.first-of-thirteen").tolist() == there.tolist()


def test_the_last_turn_of_the_dial_is_each_draws_own(found, panel, known):
    most = 1 - known["counties_load"][:, None, None]
    mean = np.stack([criteria(panel, known, share.item())["excess"][k].mean(axis=0) for k, share in enumerate(most)])
    assert draws(found, "beijing.excess.shared-most") == pytest.approx(100 * (np.exp(mean[:, 0]) - 1))
    assert draws(found, "most-shared") == pytest.approx(100 * most.ravel())


@pytest.mark.parametrize("criterion", ["intensity", "excess", "ratio"])
@pytest.mark.parametrize(("end", "shared"), [("", 0.0), (".shared-half", 0.5)])
def test_the_gap_between_nine_cities_and_beijing(found, panel, known, criterion, end, shared):
    """Its yearly change is that of a straight line by least squares."""
    known = known | {"counties_load": np.minimum(known["counties_load"], 0.5)}
    values = criteria(panel, known, shared)["intensity" if criterion == "ratio" else criterion]
    others, beijing = values[:, :, 1:10].mean(axis=2), values[:, :, 0]
    gap = others / beijing if criterion == "ratio" else (100 if criterion == "excess" else 1) * (others - beijing)
    prefix = "ratio" if criterion == "ratio" else f"gap.{criterion}"
    slope = np.polyfit(YEARS, gap.T, 1)[0]
    use = draws(found, "counties-load") <= 50
    assert draws(found, f"{prefix}.narrows{end}")[use].tolist() == (slope < 0)[use].tolist()
    assert 0 < (slope < 0).mean() < 1
    if not end:
        assert draws(found, f"{prefix}.change") == pytest.approx(slope, rel=1e-6)
    if not end and criterion != "excess":
        for year in (2006, 2014):
            assert draws(found, f"{prefix}.{year}") == pytest.approx(gap[:, year - 2006])
    if not end and criterion == "intensity":
        always = [all(path[t + 1] < path[t] for t in range(8)) for path in gap]
        assert draws(found, f"{prefix}.always").tolist() == always


def test_parameters_of_a_typical_city(found, known):
    assert draws(found, "output") == pytest.approx(known["slopes"][:, 0])
    assert draws(found, "counties-load") == pytest.approx(100 * known["counties_load"])
    for k, source in enumerate(("edgar", "counties", "ceads")):
        assert draws(found, f"error.{source}") == pytest.approx(100 * known["level_error"][:, k])


def test_statistics_within_those_drawn_anew(found):
    assert found["check.inside"].mean == 2
    assert found["check.skewness"].mean == 0.04


def some_values(panel: emissions.Panel) -> dict[str, np.ndarray]:
    """Draws that take one inventory for sure and the others for nothing, and in which output alone counts."""
    rng, provinces = np.random.default_rng(4), panel.cities.province.nunique()
    values = {
        "counties_load": rng.uniform(0.3, 0.7, SIZE), "source_slopes": np.zeros((SIZE, 2, 3)),
        "slopes": np.tile(np.eye(9)[0], (SIZE, 1)) * rng.uniform(0.7, 1.0, (SIZE, 1)),
    }  # fmt: skip
    for part in ("level", "trend"):
        values |= {
            f"{part}_mean": rng.normal(0, 0.1, SIZE), f"{part}_bias": rng.normal(0, 0.1, (SIZE, 2)),
            f"{part}_apart": rng.uniform(0.3, 0.5, SIZE),
            f"{part}_province_scale": np.full(SIZE, 0.3), f"{part}_province": rng.normal(size=(SIZE, provinces)),
            f"{part}_bias_scale": np.full((SIZE, 3), 0.2),
            f"{part}_bias_province": rng.normal(size=(SIZE, 3, provinces)),
            f"{part}_error": np.tile([1e-6, 50.0, 50.0], (SIZE, 1)),
        }  # fmt: skip
    return values


def test_a_sure_inventory_less_its_bias_is_what_a_city_emits(monkeypatch):
    """CO2 on straight lines, so that only bias, slopes and means stand between the figures and the findings."""
    panel, rng = small("cobb-douglas"), np.random.default_rng(5)
    count = len(panel.cities)
    level, trend = rng.normal(0, 0.5, count), rng.normal(0.1, 0.1, count)
    lines = np.log(20.0) + level[:, None] + trend[:, None] * TIME
    panel = replace(panel, co2=np.repeat(lines[None], 3, axis=0))
    values = some_values(panel)
    monkeypatch.setattr(said, "replicated", lambda fit, known: chosen_statistics())
    found = found_of(as_fit(panel, **values))
    names = sorted(panel.cities.province.unique())
    of = np.array([names.index(province) for province in panel.cities.province])
    true, beyond = {}, {}
    slope_output = np.array([np.polyfit(TIME, np.log(output), 1) for output in gdp(panel).values()])
    for part, reported, output in (("level", level, slope_output[:, 1]), ("trend", trend, slope_output[:, 0])):
        bias = 0.5 * values[f"{part}_bias"][:, [0]] + 0.2 * values[f"{part}_bias_province"][:, 0][:, of]
        true[part] = reported - bias
        beyond[part] = true[part] - values[f"{part}_mean"][:, None]
        beyond[part] -= values["slopes"][:, [0]] * (output - output.mean())
    for city in TEN:
        k = list(panel.cities.city).index(city)
        by_year = np.exp(true["level"][:, [k]] + true["trend"][:, [k]] * TIME) * 20 / gdp(panel)[city]
        assert draws(found, f"{city.lower()}.intensity") == pytest.approx(1000 * by_year.mean(axis=1), rel=1e-4)
        excess = 100 * (np.exp(beyond["level"][:, k]) - 1)
        assert draws(found, f"{city.lower()}.excess") == pytest.approx(excess, rel=1e-4, abs=1e-2)
    place = [list(panel.cities.city).index(city) for city in TEN]
    change = 25 * (beyond["trend"][:, place[1:]].mean(axis=1) - beyond["trend"][:, place[0]])
    assert draws(found, "gap.excess.change") == pytest.approx(change, rel=1e-3, abs=1e-2)


def test_a_variant_says_what_the_page_compares():
    panel = small("cobb-douglas")
    found = found_of(as_fit(panel, "cobb-douglas", **some_values(panel)))
    ids = [f"{city}.{criterion}.{word}" for criterion in ("intensity", "excess")
           for city, word in (("beijing", "first"), ("tianjin", "second"))]  # fmt: skip
    ids += [
        "beijing.intensity",
        "beijing.excess",
        *(f"{key}.narrows" for key in ("gap.intensity", "gap.excess", "ratio")),
    ]
    assert found.keys() == set(ids)


def test_a_made_up_panel_is_held_against_its_own_parameters():
    panel = emissions.TOYS["toy-shared"](registry.load("efficiency"), np.random.default_rng(1))
    found = {id: finding.mean for id, finding in found_of(as_fit(panel, "toy-shared", **some_values(panel))).items()}
    assert found["truth.output"] == 0.8
    assert found["truth.counties-load"] == pytest.approx(15)
    beijing = list(panel.cities.city).index("Beijing")
    for end in ("", ".shared-half"):
        assert found[f"truth.beijing.excess{end}"] == pytest.approx(
            100 * (np.exp(panel.truth["excess"][beijing]) - 1), abs=0.01
        )
    keys = ("output", "counties-load", "beijing.excess", "beijing.excess.shared-half")
    assert found.keys() == {f"{end}{key}" for key in keys for end in ("", "truth.")}
