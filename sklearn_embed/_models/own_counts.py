"""Co-occurrence counts that come as a sparse matrix."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import scipy.sparse as sp

from sklearn_embed._models.counting import Pairs

#: Part of a unit, or of a count, by which a number may miss a multiple of it.
TOLERANCE = 1e-6


def pairs_of_matrix(matrix, window):
    """Return the Pairs of a matrix of counts.

    Parameters
    ----------
    matrix : sparse matrix or ndarray of shape (n_words, n_words)
        The counts.
    window : Window
        What was counted, which decides the unit.

    Raises
    ------
    ValueError
        If these are no counts, or none of such a window.
    """
    if not sp.issparse(matrix) and np.ndim(matrix) != 2:
        raise ValueError(f"matrix has {np.ndim(matrix)} dimensions instead of 2.")
    counts = sp.csr_matrix(matrix, copy=True)
    if counts.shape[0] != counts.shape[1]:
        raise ValueError(f"matrix has the shape {counts.shape}: it must be square.")
    if counts.dtype.kind not in "biuf":
        raise ValueError(f"matrix is of type {counts.dtype}: counts are real numbers.")
    counts.check_format(full_check=True)  # what scipy itself takes on trust
    counts = counts.astype(np.float64)
    counts.sum_duplicates()
    counts.eliminate_zeros()
    if not (np.isfinite(counts.data) & (counts.data > 0)).all():
        raise ValueError("matrix holds a count that is negative, NaN or infinite.")
    if window.direction == "both":
        if abs(counts - counts.T).max() > TOLERANCE * counts.max():
            raise ValueError(
                "matrix is not symmetric, as counts of both directions are: give "
                "direction='left' or 'right', or matrix + matrix.T."
            )
        counts = sp.csr_matrix(sp.triu(counts))
    counts.sort_indices()
    units = _units(counts.data, window.units(0)[1])
    indptr, indices = counts.indptr.astype(np.int64), counts.indices.astype(np.int32)
    return Pairs(indptr, indices, units, window.units(0)[1])


def _units(counts, scale):
    """Return counts as whole numbers of units, so many of which are 1."""
    exact = counts * scale
    if exact.sum() >= 2.0**62:
        raise OverflowError(
            f"The counts add up to {counts.sum():g}, more than fit with this window: "
            "divide the matrix by a number, or give a smaller window."
        )
    units = np.rint(exact)
    misses = np.abs(units - exact) > TOLERANCE * np.maximum(1, exact)
    wrong = (units == 0) | (misses & (scale < 1 << 30))
    if wrong.any():
        raise ValueError(
            f"{counts[wrong][0]:g} is no count of this window, whose counts are "
            f"multiples of 1/{scale}: give window='document', whose unit is 1e-11, or "
            "multiply the matrix by a number."
        )
    return units.astype(np.int64)
