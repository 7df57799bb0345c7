"""Random numbers by the million: how the rows of a matrix begin."""

# SPDX-License-Identifier: BSD-3-Clause

import numba
import numpy as np

from sklearn_embed._kernels.common import hash64


@numba.njit(cache=True, nogil=True, error_model="numpy")
def draw_uniform(matrix, width, bound, seed):
    """Fill the first columns of a matrix with numbers within [-bound, bound).

    Parameters
    ----------
    matrix : ndarray of shape (n_rows, n_columns), float32
        Changed in place; a number depends on its row, its column and the seed alone.
    width : int
        How many columns.
    bound : float
    seed : uint64

    Notes
    -----
    Each hash gives two numbers of 24 bits.
    """
    scale = np.float32(2 * bound / (1 << 24))
    shift = np.float32(bound)
    half = (width + 1) >> 1
    low = np.empty(half, np.uint64)
    for i in range(matrix.shape[0]):
        for d in range(half):
            low[d] = hash64(seed, i * half + d)
        for d in range(half):
            bits = np.int32(low[d] >> np.uint64(40))
            matrix[i, d] = np.float32(bits) * scale - shift
        for d in range(half, width):
            bits = np.int32(low[d - half] & np.uint64(0xFFFFFF))
            matrix[i, d] = np.float32(bits) * scale - shift
