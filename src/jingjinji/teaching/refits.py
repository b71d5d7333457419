"""A model fitted with another prior or other data, as an exercise: few draws, and nothing of it is stored or published.

from jingjinji.teaching.refits import refit
import pymc as pm

wide = refit("storage", priors={"walk": pm.LogNormal.dist(-1.4, 0.8)})
wide.parameters["walk"].mean()
{finding.id: finding.text for finding in wide.findings.values()}
"""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping

from jingjinji.core import registry
from jingjinji.core.errors import BookError
from jingjinji.core.topic import unchanged
from jingjinji.fits import fit_job, fitting, gate, sampler
from jingjinji.fits.draws import labels, with_derived, with_labels

TUNE, DRAWS = 300, 500


def refit(
    model: str,
    *,
    priors: Mapping[str, object] | None = None,
    change: Callable = unchanged,
    variant: str = "",
    draws: int = DRAWS,
    seed: int = 1,
) -> fitting.Fit:
    """A fit of a model with `priors` in place of its own, and of the panel that `change` makes of its own.

    Parameters
    ----------
    model : a model of the book, such as ``storage``.
    priors : name of a parameter -> the distribution that it gets, such as ``pm.Normal.dist(0, 0.35)``; a single one
        is taken for each element.
    change : panel -> panel, for instance with ``dataclasses.replace``.
    variant : begin with the panel of that variant.
    draws : of each chain, after 300 for tuning; there are as many chains as in the book's own fits.

    Returns
    -------
    Fit with parameters of dims (chain, draw, ...), the findings of the model, and checks that are measured and not
    judged: whether chains agree is for the reader to say (``fit.diagnostics``).

    Raises BookError for an unknown model, variant or parameter.
    """
    priors, module = dict(priors or {}), registry.module(model)
    panel = change(registry.load(model, variant))
    with other_priors(priors):
        built = module.build(panel)
    free = [variable.name for variable in built.free_RVs]
    if unknown := sorted(priors.keys() - set(free)):
        raise BookError(f"model {model} has no parameter '{unknown[0]}': expected one of {', '.join(free)}")
    # findings may put draws together with those of a stored fit, chain by chain
    settings = dataclasses.replace(fitting.settings(model, fitting.mode()), tune=TUNE)
    tree = _drawn(model, built, tuple(module.data(panel)), settings, draws, seed)
    stats, parameters = tree["sample_stats"].to_dataset(), tree["posterior"].to_dataset().astype(float)
    parameters = with_labels(parameters, labels(built, parameters))
    few = fitting.mode() == fitting.PRIOR
    checks = gate.of_chains(stats) if few else gate.judge(parameters, stats, lambda _: {}).checks
    fit = fitting.Fit(model, variant, panel, with_derived(module, built, parameters), stats, checks, 0.0, settings)
    said = {finding.id: finding for finding in registry.said(model).findings(fit)}
    return dataclasses.replace(fit, findings=said)


@contextlib.contextmanager
def other_priors(priors: Mapping[str, object]) -> Iterator[None]:
    """While this lasts, parameters of these names get these distributions, in any ``pymc.Model`` that is built."""
    import pymc as pm
    from pymc.distributions.shape_utils import change_dist_size

    usual = pm.Model.register_rv

    def register(self, variable, name, **about):
        if name in priors:
            variable = change_dist_size(priors[name], variable.shape)
        return usual(self, variable, name, **about)

    pm.Model.register_rv = register
    try:
        yield
    finally:
        pm.Model.register_rv = usual


def _drawn(model: str, built, constant: tuple[str, ...], settings: sampler.Sampling, draws: int, seed: int):
    """Draws of the sampler; with prior draws, as tests have them, those of the prior."""
    if fitting.mode() == fitting.PRIOR:
        topic = fit_job.Topic(model)
        topic.model = built
        return topic.prior(settings.chains, 0, min(draws, 25), seed)
    compiled = sampler.compile_soon(built, constant)
    return sampler.draw(compiled, settings, seed, lambda: settings.chains, lambda tree: True, looks=(draws,))
