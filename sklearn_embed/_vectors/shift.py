"""Rows moved to a common centre and given a common scale, to stand beside others."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

#: Rows looked at together, for the sake of memory.
ROWS = 1024

#: Share of the rows' squares below which what is left of them is rounding.
ROUNDING = 1e-10

#: Factors beyond this would turn rounding, or small numbers, into infinity.
LARGEST = 1e15


def learn_shift(blocks, n_columns, center, scale):
    """Return a mean, or None, and the factor that gives rows their common scale.

    Parameters
    ----------
    blocks : iterable of ndarray of shape (n, n_columns), float32
        Rows; those of zeros do not count.
    n_columns : int
        Numbers in a row.
    center : bool
        Whether the mean is subtracted.
    scale : float or None
        Root of the mean square of the rows' lengths in the end; None: as it is.

    Returns
    -------
    mean : ndarray of shape (n_columns,), float32, or None
        None if `center` is false.
    factor : float
        What rows are multiplied by, after that.
    differ : bool
        Whether rows are anything but zeros in the end.
    """
    total, squares, n = np.zeros(n_columns), 0.0, 0
    for block in blocks:
        for first in range(0, len(block), ROWS):
            part = block[first : first + ROWS].astype(float)
            n += np.count_nonzero(part.any(axis=1))
            total += part.sum(axis=0)
            squares += np.einsum("ij,ij", part, part)
    mean, spread = total / max(n, 1), squares / max(n, 1)
    if center:
        rest = spread - mean @ mean
        spread = rest if rest > ROUNDING * spread else 0.0
    factor = 1.0
    if scale is not None and spread > 0:
        factor = min(scale / np.sqrt(spread), LARGEST)
    return mean.astype(np.float32) if center else None, float(factor), spread > 0


def shift(rows, mean, factor):
    """Subtract a mean from rows and multiply them, in place; zeros stay zeros."""
    if mean is None and factor == 1.0:
        return
    for first in range(0, len(rows), ROWS):
        part = rows[first : first + ROWS]
        empty = ~part.any(axis=1)
        if mean is not None:
            part -= mean
        part *= np.float32(factor)
        part[empty] = 0.0
