"""Numbers of what was left out, and their errors."""

from dataclasses import dataclass

import numpy as np
import pytest
import xarray as xr

from jingjinji.core.left_out import with_errors


def test_a_number_of_draws_has_the_error_that_its_chains_show():
    @dataclass
    class Fit:
        parameters: xr.Dataset

    level = np.array([[0.0, 1.0, 9.0, 9.0], [9.0, 9.0, 9.0, 9.0], [9.0, 9.0, 9.0, 9.0], [0.0, 9.0, 9.0, 9.0]])
    fit = Fit(xr.Dataset({"level": (("chain", "draw"), level)}, coords={"chain": [0, 1, 2, 3]}))
    counted = with_errors(fit, lambda fit: {"large": 100 * int((fit.parameters.level > 5).sum()), "same": 7})
    # by chain 200, 400, 400 and 300
    assert counted == {"large": (1300, pytest.approx(np.std([2, 4, 4, 3], ddof=1) * 100 / 2)), "same": (7, 0.5)}
