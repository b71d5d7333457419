"""Prior and likelihood of a model raised to powers, to see how much each of them counts for an answer.

After Kallioinen et al. (2024, doi 10.1007/s11222-023-10366-5), but to be sampled: importance weights fail with so many
parameters. Of the prior what stands on `top` is raised to a power, because how effects scatter given their scale is
structure; of the likelihood every observed variable and ``pm.Potential``.
"""

PRIOR, LIKELIHOOD = "power_of_prior", "power_of_likelihood"
POWERS = {"prior halved": (0.5, 1.0), "prior doubled": (2.0, 1.0),
          "likelihood halved": (1.0, 0.5), "likelihood doubled": (1.0, 2.0)}  # fmt: skip
"""Words -> powers of the prior and of the likelihood."""


def top(model) -> list:
    """Free variables whose prior hangs on no other, but for vectors of standard normal numbers.

    These are effects that wait for their scale: an effect that is written with its scale is not raised either. Where
    a normal variable lies is no matter: around another one with a scale that is a number, it is the sum of that and
    of one whose prior hangs on none.
    """
    from pytensor.graph.traversal import ancestors

    free = set(model.free_RVs)
    return [v for v in model.free_RVs if not (free.intersection(ancestors(_deciding(v))) or _standard(v))]


def _deciding(variable) -> list:
    """The inputs of a variable but, of a normal one, its place."""
    op = variable.owner.op
    inputs = variable.owner.inputs
    if type(op).__name__ != "NormalRV":
        return inputs
    place = op.dist_params(variable.owner)[0]
    return [entering for entering in inputs if entering is not place]


def _standard(variable) -> bool:
    op = variable.owner.op
    wanted = {"NormalRV": (0, 1), "ZeroSumNormalRV": (1,)}.get(type(op).__name__)
    if not (wanted and variable.ndim):
        return False
    pairs = zip(op.dist_params(variable.owner), wanted, strict=False)
    return all((value.eval(mode="FAST_COMPILE") == number).all() for value, number in pairs)


def scaled(model):
    """The model, changed in place: prior and likelihood are raised to `PRIOR` and `LIKELIHOOD`, ``pm.Data`` of 1."""
    import pymc as pm

    with model:
        prior = [pm.logp(v, v).sum() for v in top(model)]
        likelihood = [pm.logp(v, model.rvs_to_values[v]).sum() for v in model.observed_RVs]
        likelihood += [potential.sum() for potential in model.potentials]
        for name, terms in {PRIOR: prior, LIKELIHOOD: likelihood}.items():
            pm.Potential(f"{name}_terms", (pm.Data(name, 1.0) - 1) * sum(terms))
    return model
