"""Matrices as kernels want them, and as users want them."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._kernels.common import aligned_zeros, padded_width


def padded_zeros(n_rows, width):
    """Return float32 zeros for kernels: whole cache lines a row, aligned."""
    return aligned_zeros((n_rows, padded_width(width)))


def draw_rows(matrix, width, bound, rng):
    """Fill the first columns of a matrix with numbers between -bound and bound."""
    step = 4096
    for first in range(0, len(matrix), step):
        part = matrix[first : first + step, :width]
        numbers = rng.random(part.shape, np.float32)
        np.subtract(numbers, np.float32(0.5), out=numbers)
        np.multiply(numbers, np.float32(2 * bound), out=part)


def padded(matrix):
    """Copy a matrix into one for kernels."""
    out = padded_zeros(*matrix.shape)
    out[:, : matrix.shape[1]] = matrix
    return out


def stripped(matrix, width, in_place=False):
    """Return the first ``width`` columns as a C-contiguous matrix.

    ``in_place`` moves the rows together within their own memory, so that the end of
    a fit needs no second matrix; ``matrix`` is then used up.
    """
    n_rows, stride = matrix.shape
    if not in_place:
        return np.ascontiguousarray(matrix[:, :width])
    if width == stride:
        return matrix
    flat = matrix.reshape(-1)
    step = 4096
    for first in range(0, n_rows, step):
        rows = matrix[first : first + step, :width].copy()
        flat[first * width : first * width + rows.size] = rows.ravel()
    return flat[: n_rows * width].reshape(n_rows, width)
