"""Matrices as kernels want them."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_embed._core.arrays import draw_rows


@pytest.mark.parametrize("width", [1, 7, 16])
def test_rows_begin_uniformly(width):
    matrix = np.zeros((20_000, 16), np.float32)
    draw_rows(matrix, width, 0.25, np.random.default_rng(7))
    assert not matrix[:, width:].any()
    drawn = np.sort(matrix[:, :width].ravel())
    expected = np.linspace(-0.25, 0.25, len(drawn))
    assert_allclose(drawn, expected, atol=0.01)
    assert -0.25 <= drawn[0] < -0.2499 < 0.2499 < drawn[-1] <= 0.25
    assert abs(np.corrcoef(matrix[:-1, 0], matrix[1:, width - 1])[0, 1]) < 0.03
    again = np.zeros((10, 16), np.float32)
    draw_rows(again, width, 0.25, np.random.default_rng(7))
    assert_array_equal(again, matrix[:10])
