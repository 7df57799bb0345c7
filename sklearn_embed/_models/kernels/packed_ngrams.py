"""Tables of n-grams as a few bytes each.

A row is how many words it shares with the row before, one byte, then its other words,
one more than their ids so that `NOTHING` is 0, and its count, as numbers of
`kernels.packed_pairs`.
"""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._core.compile import kernel
from sklearn_embed._models.kernels.packed_pairs import read_number, write_number

#: Bytes of a word and of a count, at most.
WORD_BYTES, COUNT_BYTES = 5, 9


@kernel(allocates=False)
def pack_table(rows, counts, first, last, data):
    """Write some rows of a table; return the number of bytes.

    Parameters
    ----------
    rows : ndarray of shape (M, N), int32
    counts : ndarray of shape (M,), int64
    first, last : int
        Which rows; the first is written as if no row were before it.
    data : ndarray, uint8
        At least ``1 + WORD_BYTES * N + COUNT_BYTES`` for each.  Changed in place.
    """
    n = np.int64(0)
    for i in range(first, last):
        k = np.int64(0)
        while i > first and k < rows.shape[1] and rows[i, k] == rows[i - 1, k]:
            k += 1
        data[n] = k
        n += 1
        for j in range(k, rows.shape[1]):
            n = write_number(rows[i, j] + 1, data, n)
        n = write_number(counts[i], data, n)
    return n


@kernel(allocates=False)
def unpack_table(data, at, rows, counts, first, last):
    """Read rows that `pack_table` wrote; return where they end in `data`.

    Parameters
    ----------
    data : ndarray, uint8
    at : int
        Where they begin.
    rows : ndarray of shape (M, N), int32
    counts : ndarray of shape (M,), int64
        Changed in place.
    first, last : int
        Which rows these are.
    """
    for i in range(first, last):
        shared = np.int64(data[at])
        at += 1
        for j in range(shared):
            rows[i, j] = rows[i - 1, j]
        for j in range(shared, rows.shape[1]):
            word, at = read_number(data, at)
            rows[i, j] = word - 1
        counts[i], at = read_number(data, at)
    return at
