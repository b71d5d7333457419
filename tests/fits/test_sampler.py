"""Products of matrices as the sampler has them compiled, and what is kept of a run."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
import xarray as xr
from pytensor.link.numba.dispatch import elemwise

from jingjinji.fits import sampler

RNG = np.random.default_rng(1)
TALL, WIDE = RNG.normal(size=(5, 3)), RNG.normal(size=(3, 4))
LAYOUTS = {
    "rows": lambda a: np.ascontiguousarray(a),
    "columns": lambda a: np.asfortranarray(a),
    "every second": lambda a: np.repeat(np.repeat(a, 2, axis=0), 2, axis=1)[::2, ::2],
    "reversed": lambda a: np.ascontiguousarray(a[::-1, ::-1])[::-1, ::-1],
}


@pytest.fixture(autouse=True)
def _plainly():
    sampler._compile_products_plainly()
    yield
    sampler._compile_products_plainly()


@pytest.fixture
def _without_pytensors(monkeypatch):
    def refused(*arguments, **more):
        raise NotImplementedError("PyTensor's own product")

    with monkeypatch.context() as patch:
        patch.setattr(elemwise, "numba_funcify_Dot", refused)
        sampler._compile_products_plainly()
        yield


def test_the_same_draws_are_the_same_file_whenever_they_were_made_and_however_far_they_might_have_gone():
    def chain(**attrs):
        return {"posterior": xr.Dataset({"x": (("chain", "draw"), np.ones((1, 3)))}, attrs={"library": "a"} | attrs)}

    soon = sampler._joined([chain(created_at="1", inference_library_settings='{"num_draws": 4000}')] * 2)
    late = sampler._joined([chain(created_at="2", inference_library_settings='{"num_draws": 8000}')] * 2)
    assert soon.identical(late)
    assert soon["posterior"].attrs == {"library": "a"}


def compiled(left, right):
    return pytensor.function([left, right], pt.dot(left, right), mode="NUMBA", trust_input=True)


@pytest.mark.usefixtures("_without_pytensors")
@pytest.mark.filterwarnings("ignore:np.dot.. is faster on contiguous arrays")
def test_products_are_right_in_every_layout_and_are_not_pytensors():
    product = compiled(pt.dmatrix("left"), pt.dmatrix("right"))
    # each pair of kinds is compiled anew
    for one, other in zip(LAYOUTS.values(), [*LAYOUTS.values()][::-1], strict=True):
        assert product(one(TALL), other(WIDE)) == pytest.approx(TALL @ WIDE)
    assert compiled(pt.dmatrix("left"), pt.dvector("right"))(TALL, WIDE[:, 0]) == pytest.approx(TALL @ WIDE[:, 0])


def test_a_model_is_compiled_with_the_plain_error(monkeypatch):
    from numba.np import arrayobj

    usual = arrayobj.raise_with_shape_context
    monkeypatch.setattr(arrayobj, "raise_with_shape_context", usual)
    monkeypatch.setattr(sampler, "compile_model", lambda model, frozen: (model, arrayobj.raise_with_shape_context))
    model, error = sampler.compile_soon("model")
    assert model == "model"
    assert error is not usual


def test_shapes_that_differ_are_refused_without_words_that_are_compiled_for_long(monkeypatch):
    from numba import njit
    from numba.np import arrayobj

    monkeypatch.setattr(arrayobj, "raise_with_shape_context", arrayobj.raise_with_shape_context)
    sampler._raise_plainly()

    @njit
    def put(target, source):
        target[1:] = source
        return target

    assert put(np.zeros(4), np.arange(3.0)) == pytest.approx([0, 0, 1, 2])
    with pytest.raises(ValueError, match="does not fit into the part of another one"):
        put(np.zeros(4), np.arange(2.0))


@pytest.mark.usefixtures("_without_pytensors")
def test_whole_numbers_are_left_to_pytensor():
    with pytest.raises(NotImplementedError, match="PyTensor's own product"):
        compiled(pt.lmatrix("left"), pt.dmatrix("right"))
