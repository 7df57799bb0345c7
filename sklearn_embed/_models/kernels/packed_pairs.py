"""Sorted rows of pairs as a few bytes each, and their sums.

A pair is two numbers: how many columns lie between it and the one before it in its
row, and its units.  A number is written seven bits at a time, the lowest first; the
eighth bit says that more follow.
"""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._core.compile import inlined, kernel
from sklearn_embed._models.kernels.cooccurrence import add_units, write_sums

#: Bytes of a pair at most: of a column, and of units below 2 ** 63.
MOST_BYTES = 5 + 9


@inlined
def write_number(number, data, n):
    """Write a number of at least 0 from ``data[n]`` on; return where it ends."""
    left = np.uint64(number)
    while left >= np.uint64(128):
        data[n] = np.uint8(left & np.uint64(127)) | np.uint8(128)
        left >>= np.uint64(7)
        n += 1
    data[n] = np.uint8(left)
    return n + 1


@inlined
def read_number(data, at):
    """Return the number that begins at ``data[at]``, and where it ends."""
    byte = np.uint64(data[at])
    number = byte & np.uint64(127)
    shift = np.uint64(7)
    at += 1
    while byte >= np.uint64(128):
        byte = np.uint64(data[at])
        number |= (byte & np.uint64(127)) << shift
        shift += np.uint64(7)
        at += 1
    return np.int64(number), at


@kernel(allocates=False)
def pack_rows(lengths, columns, units, data, n_bytes):
    """Write some rows; return the number of bytes.

    Parameters
    ----------
    lengths : ndarray of shape (n_rows,), int64
        Number of pairs of each row.
    columns : ndarray of shape (n_pairs,), int32
        Ascending in each row, row after row.
    units : ndarray of shape (n_pairs,), int64
        Not negative.
    data : ndarray, uint8
        At least `MOST_BYTES` for each pair.  Changed in place.
    n_bytes : ndarray of shape (n_rows,), int64
        Bytes of each row.  Changed in place.
    """
    n, e = np.int64(0), np.int64(0)
    for r in range(len(lengths)):
        before, first = np.int64(-1), n
        for _ in range(lengths[r]):
            column = np.int64(columns[e])
            n = write_number(column - before - 1, data, n)
            n = write_number(units[e], data, n)
            before = column
            e += 1
        n_bytes[r] = n - first
    return n


@kernel
def merge_packed(begins, data, lengths, row_sums, pairs):
    """Add up the same rows of several tables; return the number of pairs.

    Parameters
    ----------
    begins : ndarray of shape (n_tables, n_rows + 1), int64
        Row r of table k is written from ``begins[k, r]`` to ``begins[k, r + 1]``.
    data : ndarray of shape (n_bytes,), uint8
        What `pack_rows` wrote.
    lengths : ndarray of shape (n_rows,), int64
        Number of contexts of each row.  Changed in place.
    row_sums : RowSums
        Clean on entry and on return.
    pairs : tuple of ndarray of shape (n_pairs_at_most,), int32 and int64
        Contexts in ascending order, row after row, and their sums of units.
        Changed in place.
    """
    n = np.int64(0)
    for r in range(len(lengths)):
        n_seen = np.int64(0)
        for table in range(len(begins)):
            at, end, slot = begins[table, r], begins[table, r + 1], np.int64(0)
            while at < end:
                gap, at = read_number(data, at)
                units, at = read_number(data, at)
                slot += gap + 1
                n_seen = add_units(row_sums, np.uint64(slot), units, n_seen)
        before = n
        n = write_sums(np.int64(-1), n_seen, row_sums, pairs, n)
        lengths[r] = n - before
    return n
