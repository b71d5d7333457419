"""The models of fleets, firms and storage: curves and densities by hand, errors."""

import numpy as np
import pandas as pd
import pymc as pm
import pytest
from scipy import stats

from jingjinji import tables
from jingjinji.errors import BookError
from jingjinji.models import enterprises, hydrogen, storage

PLAIN = "FAST_COMPILE"


def terms(model, names: list[str]) -> tuple[dict, dict]:
    rng = np.random.default_rng(3)
    point = {name: value + 0.1 * rng.normal(size=np.shape(value)) for name, value in model.initial_point().items()}
    free = [*model.free_RVs, *model.deterministics]
    values = model.compile_fn(model.replace_rvs_by_values(free), mode=PLAIN)(point)
    found = model.compile_fn(model.logp(sum=False, jacobian=False), mode=PLAIN)(point)
    by_name = dict(zip([v.name for v in model.basic_RVs], found, strict=True))
    return dict(zip([v.name for v in free], values, strict=True)), {name: by_name[name] for name in names}


def test_bass_is_bass():
    p, q, start = 0.01, 0.5, 2010.0
    peak = start + np.log(q / p) / (p + q)
    time = np.array([2009.0, 2012.0, 2020.0, 2040.0])
    fallen = np.exp(-(p + q) * np.maximum(time - start, 0))
    bass = (1 - fallen) / (1 + q / p * fallen)
    assert hydrogen.reached(time, p + q, peak, p / q) == pytest.approx(bass)
    assert hydrogen.reached(peak, p + q, peak, 0.0) == pytest.approx(0.5)


def test_sales_are_negative_binomial_around_the_curve():
    panel = hydrogen.load()
    known, found = terms(hydrogen.build(panel), ["sales", "counts"])
    mode_of = panel.units["mode"].map(hydrogen.MODES.index).to_numpy()
    pace = np.exp(known["pace_mean"][mode_of] + known["pace_scale"] * known["pace"])
    peak = known["peak_mean"][mode_of] + known["peak_scale"] * known["peak"]
    made = hydrogen.data(panel)
    u, year = made["unit_index"], made["year"]
    rise = [hydrogen.reached(year + end, pace[u], peak[u], known["start"]) for end in (0, 1)]
    mean = known["ceiling"][u] * (rise[1] - rise[0]) + 0.05
    size = known["concentration"][mode_of][u]
    expected = stats.nbinom(size, size / (size + mean)).logpmf(made["vehicles"])
    assert found["sales"] == pytest.approx(expected)
    assert np.isfinite(found["counts"]).all()


def test_a_cumulative_count_cannot_fall():
    counts = tables.load("hydrogen_clusters")
    again = counts[counts.place == "Beijing-Tianjin-Hebei"].assign(date=pd.Timestamp("2024-01-01"), vehicles=2000)
    with pytest.raises(BookError, match="has 2000 vehicles of Beijing-Tianjin-Hebei on 2024-01-01 and more before"):
        hydrogen.cluster_counts(pd.concat([counts, again], ignore_index=True))
    zone = tables.load("hydrogen_zone")
    with pytest.raises(BookError, match="cannot fall"):
        enterprises.panel_of(zone.assign(value=zone.value.where(zone.date != "2024-10-15", 5.0)))


def test_firms_by_hand():
    panel = enterprises.load()
    known, found = terms(enterprises.build(panel), ["counts"])
    made = enterprises.data(panel)
    curve = known["level"] + known["rate"] * made["years"] + known["bend"] * made["years"] ** 2
    seen = made["log_firms"] + made["lower"] * np.log1p(0.1 * known["excess"])
    expected = stats.norm(curve, known["scatter"]).logpdf(seen) + 0.5 * np.log(2 * np.pi)
    assert found["counts"] == pytest.approx(expected)


def test_storage_refuses_impossible_points():
    table = tables.load("water_storage")
    with pytest.raises(BookError, match="before it begins"):
        storage.panel_of(table.assign(last=table["first"] - pd.Timedelta(days=1)))
    with pytest.raises(BookError, match="at most the capacity"):
        storage.panel_of(table.assign(storage=99.0))


def test_the_clock_runs_fast_in_the_flood_season():
    assert storage.clock(np.array([2020.0, 2020.5, 2020.75, 2021.0])) - 2020 == pytest.approx([0, 1 / 6, 5 / 6, 1])


def test_every_model_can_be_drawn_from_its_prior():
    for module in (storage, enterprises, hydrogen):
        with module.build(module.load()):
            prior = pm.sample_prior_predictive(3, random_seed=1, compile_kwargs={"mode": PLAIN})
        assert all(np.isfinite(values).all() for values in prior["prior"].to_dataset().values())
