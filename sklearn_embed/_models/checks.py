"""Refuse arrays, read from a file, that would lead a kernel out of bounds."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np


def check_matrix(name, matrix, n_rows, width):
    """Refuse what is no float32 matrix of this shape; None: any number of rows."""
    n_rows = matrix.shape[0] if n_rows is None and matrix.ndim else n_rows
    if matrix.dtype != np.float32 or matrix.shape != (n_rows, width):
        raise ValueError(
            f"{name} has shape {matrix.shape} and type {matrix.dtype}, "
            f"expected ({n_rows}, {width}) and float32"
        )


def check_bucket_rows(rows, n_buckets, n_rows):
    """Refuse bucket numbers that point beyond the rows there are."""
    wrong = rows.dtype != np.int32 or rows.shape != (n_buckets,)
    if wrong or (len(rows) and not (-1 <= rows.min() and rows.max() < n_rows)):
        raise ValueError(
            f"bucket_rows must be {n_buckets} rows from -1 to {n_rows - 1}"
        )
