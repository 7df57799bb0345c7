"""Rows of a matrix, written in place."""

# SPDX-License-Identifier: BSD-3-Clause

import numba


@numba.njit(cache=True, nogil=True, error_model="numpy")
def put_rows(matrix, rows, values):
    """Overwrite the first columns of some rows.

    Parameters
    ----------
    matrix : ndarray of shape (V, D), float32
        Changed in place.
    rows : ndarray of shape (n,), int32
        Which rows.
    values : ndarray of shape (n, d), float32
        d <= D.
    """
    for n in range(len(rows)):
        i = rows[n]
        for d in range(values.shape[1]):
            matrix[i, d] = values[n, d]
