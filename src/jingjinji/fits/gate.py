"""The convergence gate: a stopping rule, fixed beforehand, that says of a fit whether it passes, goes on or is wrong.

A fit is looked at after `LOOKS` draws of each chain. At a look it holds where

- no transition diverged and E-BFMI of every chain is at least `LEAST_EBFMI`;
- every hyperparameter and every finding has R-hat <= `MOST_RHAT` and bulk and tail ESS >= `LEAST_ESS`;
- every other parameter has R-hat <= `REST_RHAT` and bulk and tail ESS >= `REST_ESS`;
- each of all of them, but for findings of an event, has an R-hat that chains which agree would give (`agreement`).

It passes where it holds at the first look, or at two looks in a row: who looks often finds a look at which a wrong fit
holds by chance, and pays for it with the second. It is wrong at once where transitions diverge, where E-BFMI is low, or
where chains disagree: R-hat above `DISAGREEING_RHAT` and beyond what agreeing chains give. Otherwise it is short of
draws and goes on to the next look; at the last one it has failed, and is wrong where R-hat is beyond what agreeing
chains give. Looks depend on draws alone, never on time.

The largest R-hat of hundreds of quantities is judged against its own distribution when chains agree. `FAMILY_ERROR` is
the probability that chains which agree are beyond that bound at any quantity and any look: so often that bound alone
lets a good fit go on. Most that go on are short of effective draws. Of a quantity with many effective draws the bound
is below the plain bars and decides; of a slow one it is above them, and the bars decide.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import numpy as np
import scipy
import xarray as xr

LOOKS = (500, 750, 1000, 1500, 2000, 3000, 4000, 6000, 8000)
MOST_RHAT, LEAST_ESS = 1.01, 400
REST_RHAT, REST_ESS = 1.02, 100
DISAGREEING_RHAT = 1.1
LEAST_EBFMI = 0.3
FAMILY_ERROR = 0.01
AT_ONCE = 200
NEVER_MOVED = 1e6
"""Stands for the R-hat of what has none."""
FEW = 12
"""A free variable of at most so many numbers is a hyperparameter: much hangs on each of them."""
PASSED, SHORT, WRONG = "passed", "short of draws", "wrong"
GROUPS = HYPERPARAMETERS, OTHERS, FINDINGS = "hyperparameters", "other parameters", "findings"
AGREEING = {name: f"R-hat of {name}, beside what agreeing chains give" for name in GROUPS}
ERROR = FAMILY_ERROR / len(LOOKS) / len(GROUPS)
"""Probability that chains which agree are beyond the bound at one look in one of the groups."""


@dataclass(frozen=True)
class Check:
    """One criterion: what was measured where it is worst, and what is asked there."""

    name: str
    value: float
    limit: float
    worst: str
    passed: bool

    def as_dict(self) -> dict:
        return asdict(self)


@dataclass(frozen=True)
class Verdict:
    """What a look says: `PASSED`, `SHORT` or `WRONG`, after how many draws a chain, and the checks behind it."""

    state: str
    draws: int
    checks: list[Check]

    @property
    def passed(self) -> bool:
        return self.state == PASSED

    @property
    def holds(self) -> bool:
        """True where this look, taken alone, has nothing against the fit."""
        return all(check.passed for check in self.checks)

    @property
    def beyond(self) -> bool:
        """True where an R-hat is larger than what agreeing chains give."""
        return any(check.name in AGREEING.values() and not check.passed for check in self.checks)

    @property
    def sentence(self) -> str:
        """What keeps the fit from passing, in words, for a message; empty where nothing does."""
        if self.holds and not self.passed:
            return f"it holds after {self.draws} draws, but not at the look before, the gate asks two looks in a row"
        return "; ".join(
            f"{c.name} is {c.value:.4g} at {c.worst}, the gate asks {c.limit:.4g}" for c in self.checks if not c.passed
        )


def decide(
    parameters: xr.Dataset,
    sample_stats: xr.Dataset,
    findings: Callable[[int], dict[str, np.ndarray]],
    before: Verdict | None = None,
    looks: tuple[int, ...] = LOOKS,
) -> Verdict:
    """The verdict of the first look that ends the fit, or of the last look for which there are draws.

    Parameters
    ----------
    parameters : free parameters on the model's own scale, dims (chain, draw, ...).
    sample_stats : with ``diverging`` and ``energy``, dims (chain, draw).
    findings : gives the findings of the first so many draws of each chain, id -> array (chain, draw); asked only where
        everything else passes.
    before : what the look before said, which was short of draws; that one and those before it are not repeated.
    looks : numbers of draws a chain at which to look.

    Raises ValueError where there are too few draws for a look.
    """
    verdict = before
    for draws in looks:
        if (verdict.draws if verdict else 0) < draws <= parameters.sizes["draw"]:
            first, last = slice(draws), verdict
            verdict = judge(parameters.isel(draw=first), sample_stats.isel(draw=first), findings)
            if verdict.passed and last is not None and not last.holds:
                verdict = replace(verdict, state=SHORT)
            if verdict.state == SHORT and draws >= LOOKS[-1] and verdict.beyond:
                verdict = replace(verdict, state=WRONG)
            if verdict.state != SHORT:
                return verdict
    if verdict is before:
        raise ValueError(f"there are {parameters.sizes['draw']} draws of each chain: too few for another look")
    return verdict


def judge(parameters: xr.Dataset, sample_stats: xr.Dataset, findings: Callable) -> Verdict:
    """The verdict of one look at all the draws given; arguments as of `decide`.

    What is cheap to check comes first: between the first look and the last, a fit whose hyperparameters are short of
    draws is not checked further.
    """
    draws = parameters.sizes["draw"]
    few = {name: values for name, values in parameters.data_vars.items() if _count(values) <= FEW}
    many = {name: values for name, values in parameters.data_vars.items() if name not in few}
    sound = of_chains(sample_stats)
    if not all(check.passed for check in sound):
        return Verdict(WRONG, draws, sound)
    of_few = _of_published(*stacked(few))
    between = LOOKS[0] < draws < LOOKS[-1]
    groups = {HYPERPARAMETERS: few, OTHERS: many}
    if between and not all(check.passed for check in of_few):
        del groups[OTHERS]
    checks = [*sound, *of_few]
    for name, group in groups.items():
        values, places = stacked(group)
        if not places:
            continue
        rhat, most = agreement(values, ERROR)
        checks.append(_beside(name, rhat, most, places, draws))
        disagreeing = (rhat > DISAGREEING_RHAT) & (rhat > most)
        if disagreeing.any():
            worst = int(np.argmax(np.where(disagreeing, rhat, 0)))
            check = Check("R-hat", _finite(rhat[worst]), DISAGREEING_RHAT, places[worst], False)
            return Verdict(WRONG, draws, [*sound, check])
        if name == OTHERS and all(check.passed for check in checks):
            checks += _of_others(values, places, rhat)
    if all(check.passed for check in checks):
        named = {id: _two_chains(made) for id, made in findings(draws).items() if np.ptp(made) != 0}
        measured = {id: made for id, made in named.items() if len(np.unique(made)) > 2}
        # some findings take a part of the draws only
        for shape in sorted({made.shape for made in named.values()}):
            ids = [id for id, made in named.items() if made.shape == shape]
            checks = _merged(checks, _of_published(np.stack([named[id] for id in ids], axis=-1), ids))
        checks += _of_findings(measured)
    state = PASSED if all(check.passed for check in checks) else SHORT
    return Verdict(state, draws, checks)


def agreement(values: np.ndarray, error: float) -> tuple[np.ndarray, np.ndarray]:
    """Rank-normalised split R-hat of each quantity, and the largest that chains which agree give.

    Parameters
    ----------
    values : (chain, draw, quantity).
    error : probability that agreeing chains exceed the bound at any of the quantities.

    Returns
    -------
    R-hat (quantity,) as of Vehtari et al. (2021), doi 10.1214/20-BA1221, the larger of location and scale; inf for a
    quantity that never moved. And the bound of that R-hat (quantity,): means of half-chains that agree are normal
    around one mean with variance W tau / n, where W is the variance within half-chains of n draws and tau their
    autocorrelation time, so that (R-hat² - 1 + 1/n) n / tau has an F distribution. Its second degrees of freedom are
    those of the estimate of tau, a tenth of the effective draws.
    """
    count = values.shape[-1]
    # as many at once as need little memory
    starts = range(0, count, AT_ONCE)
    parts = [_agreement(values[..., start : start + AT_ONCE], error / (2 * count)) for start in starts]
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True)) if parts else (np.empty(0), np.empty(0))


def _agreement(values: np.ndarray, error: float) -> tuple[np.ndarray, np.ndarray]:
    """As `agreement`, with the error of one quantity in location or scale."""
    chains, draws, _ = values.shape
    length = draws // 2
    halves = np.concatenate([values[:, :length], values[:, -length:]])
    made = []
    for scores in (halves, np.abs(halves - np.median(halves, axis=(0, 1)))):
        normal = _normal_scores(scores)
        within, between = normal.var(axis=1, ddof=1).mean(axis=0), normal.mean(axis=1).var(axis=0, ddof=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            rhat = np.sqrt((length - 1) / length + between / within)
        time = autocorrelation_time(normal)
        freedom = 2 * chains * length / (10 * time)
        quantile = scipy.stats.f.isf(error, 2 * chains - 1, np.maximum(freedom, 2))
        made.append((np.where(within > 0, rhat, np.inf), np.sqrt(1 - 1 / length + time / length * quantile)))
    (location, location_most), (scale, scale_most) = made
    rhat = np.maximum(location, scale)
    with np.errstate(invalid="ignore"):
        beyond = np.maximum(location - location_most, scale - scale_most)
        most = rhat - beyond
    return rhat, np.where(np.isfinite(rhat), most, 1.0)


def autocorrelation_time(values: np.ndarray) -> np.ndarray:
    """Autocorrelation time (quantity,) within chains (chain, draw, quantity), whatever their means.

    Sum of autocorrelations, pooled over chains, over Geyer's (1992, doi 10.1214/ss/1177011137) initial monotone
    sequence.
    """
    draws = values.shape[1]
    centred = values - values.mean(axis=1, keepdims=True)
    spectrum = np.fft.rfft(centred, n=2 * draws, axis=1)
    covariance = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :draws].mean(axis=0) / draws
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = np.nan_to_num(covariance / covariance[0])
    pairs = correlation[: draws // 2 * 2].reshape(draws // 2, 2, -1).sum(axis=1)
    positive = np.logical_and.accumulate(pairs > 0, axis=0)
    kept = np.where(positive, np.minimum.accumulate(pairs, axis=0), 0)
    return np.maximum(2 * kept.sum(axis=0) - 1, 1 / np.log10(draws))


def stacked(variables) -> tuple[np.ndarray, list[str]]:
    """All numbers of some variables as (chain, draw, number), and the name of each with its place."""
    arrays, places = [], []
    for name, values in variables.items():
        values = values.transpose("chain", "draw", ...)
        arrays.append(values.values.reshape(*values.shape[:2], -1).astype(float))
        labels = [[str(label) for label in values[dim].values] for dim in values.dims[2:]]
        shape = [len(part) for part in labels]
        places += [name] if not labels else [
            f"{name}[{', '.join(part[k] for part, k in zip(labels, place, strict=True))}]"
            for place in np.ndindex(*shape)
        ]  # fmt: skip
    return (np.concatenate(arrays, axis=-1) if arrays else np.zeros((1, 1, 0))), places


def _two_chains(values: np.ndarray) -> np.ndarray:
    """Draws (chain, draw); those of a finding that comes as one row are halved, so that they can be compared."""
    half = values.shape[1] // 2
    return values if len(values) > 1 else np.stack([values[0, :half], values[0, half : 2 * half]])


def _count(values: xr.DataArray) -> int:
    return int(np.prod([size for dim, size in values.sizes.items() if dim not in ("chain", "draw")]))


def _normal_scores(values: np.ndarray) -> np.ndarray:
    """Normal quantiles of the ranks over all chains and draws."""
    size = values.shape[0] * values.shape[1]
    ranks = scipy.stats.rankdata(values.reshape(size, -1), axis=0)
    return scipy.special.ndtri((ranks - 0.375) / (size + 0.25)).reshape(values.shape)


def of_chains(sample_stats: xr.Dataset) -> list[Check]:
    """Divergences, and E-BFMI after Betancourt (2016), arXiv 1604.00695."""
    divergences = int(sample_stats["diverging"].sum())
    energy = sample_stats["energy"].transpose("chain", "draw").values
    with np.errstate(divide="ignore", invalid="ignore"):  # an energy that never moves
        ebfmi = np.square(np.diff(energy, axis=1)).mean(axis=1) / energy.var(axis=1)
    ebfmi = np.nan_to_num(ebfmi)
    chain = int(np.argmin(ebfmi))
    return [
        Check("divergences", divergences, 0, "all chains", divergences == 0),
        Check("E-BFMI", float(ebfmi[chain]), LEAST_EBFMI, f"chain {chain}", bool(ebfmi[chain] >= LEAST_EBFMI)),
    ]


def _of_published(values: np.ndarray, places: list[str]) -> list[Check]:
    """R-hat, bulk and tail ESS of quantities (chain, draw, quantity) that are published, or that much hangs on.

    What takes two values only, an event, has no tail.
    """
    import arviz_stats as az

    if not places:
        return []
    first = values[0, 0]
    event = np.array([len(np.unique(column)) == 2 for column in np.moveaxis(values, -1, 0)])
    data = xr.DataArray(values - first, dims=("chain", "draw", "quantity"))
    with np.errstate(divide="ignore", invalid="ignore"):
        rhat, bulk = az.rhat(data, method="rank").values, az.ess(data, method="bulk").values
    tail = np.where(event, np.inf, 0.0)
    if not event.all():
        tail[~event] = az.ess(data[..., ~event], method="tail", prob=0.9).values
    checks = [_most("R-hat", rhat, MOST_RHAT, places), _least("bulk ESS", bulk, LEAST_ESS, places)]
    return checks + ([] if event.all() else [_least("tail ESS", tail, LEAST_ESS, places)])


def _of_others(values: np.ndarray, places: list[str], rhat: np.ndarray) -> list[Check]:
    import arviz_stats as az

    data = xr.DataArray(values, dims=("chain", "draw", "quantity"))
    return [
        _most("R-hat of other parameters", rhat, REST_RHAT, places),
        _least("bulk ESS of other parameters", az.ess(data, method="bulk").values, REST_ESS, places),
        _least("tail ESS of other parameters", az.ess(data, method="tail", prob=0.9).values, REST_ESS, places),
    ]


def _of_findings(named: dict[str, np.ndarray]) -> list[Check]:
    """R-hat of findings, id -> (chain, draw), where it comes nearest to what agreeing chains give."""
    found = []
    for shape in sorted({made.shape for made in named.values()}):
        ids = [id for id, made in named.items() if made.shape == shape]
        values = np.stack([named[id] for id in ids], axis=-1)
        rhat, most = agreement(values, ERROR * len(ids) / len(named))
        found.append(_beside(FINDINGS, rhat, most, ids, shape[1]))
    return [min(found, key=lambda check: check.limit - check.value)] if found else []


def _beside(name: str, rhat: np.ndarray, most: np.ndarray, places: list[str], draws: int) -> Check:
    """The R-hat that is largest for its bound, both as ratios of variances (`agreement`)."""
    rest = 1 - 1 / (draws // 2)
    worst = int(np.argmax((rhat**2 - rest) / (most**2 - rest)))
    return Check(
        AGREEING[name], _finite(rhat[worst]), float(most[worst]), places[worst], bool(rhat[worst] <= most[worst])
    )


def _finite(value: float) -> float:
    """A number that can be stored: what never moved, or is not a number, is as bad as can be."""
    return float(np.nan_to_num(value, nan=NEVER_MOVED, posinf=NEVER_MOVED))


def _most(name: str, values: np.ndarray, limit: float, places: list[str]) -> Check:
    """The largest value; a quantity for which there is none fails."""
    values = np.nan_to_num(values, nan=NEVER_MOVED, posinf=NEVER_MOVED)
    worst = int(np.argmax(values))
    return Check(name, float(values[worst]), limit, places[worst], bool(values[worst] <= limit))


def _least(name: str, values: np.ndarray, limit: float, places: list[str]) -> Check:
    """The smallest value; a quantity for which there is none fails."""
    values = np.nan_to_num(values, nan=0.0)
    worst = int(np.argmin(values))
    return Check(name, float(values[worst]), limit, places[worst], bool(values[worst] >= limit))


def _merged(checks: list[Check], more: list[Check]) -> list[Check]:
    """Checks of one name become the worse of the two."""
    merged = {check.name: check for check in checks}
    for check in more:
        before = merged.get(check.name)
        sign = 1 if check.name.startswith("R-hat") else -1
        if before is None or sign * check.value > sign * before.value:
            merged[check.name] = check
    return list(merged.values())
