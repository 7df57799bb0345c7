"""A matrix that several threads train, with each thread's own copies of some rows.

Where two cores write one row in turn, each waits for the other's cache line.  The rows
of the commonest words therefore exist once more for every thread (replicas), which
merges what it has changed in them into the shared rows now and then: a row as often as
it is used, so that a rare one is no older than a common one.

Sizes: V rows, D columns (a multiple of 16), H rows that have a replica.
"""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._core import simd
from sklearn_embed._core.arrays import LANES, aligned_zeros
from sklearn_embed._core.compile import inlined
from sklearn_embed._core.numeric import prefetch

#: Numbers of a row that are prefetched; the processor goes on with a long row itself.
FETCHED = 128


class SharedMatrix(NamedTuple):
    """A matrix as one thread sees it; made by `share_matrix`."""

    values: np.ndarray  # (V * D,) float32: the rows that all threads share
    width: int  # D
    replicas: np.ndarray  # (2 * H * D,) float32: replicas, then as they were merged
    first: int  # number of the first row that has a replica
    n_replicas: int  # H
    shift: int  # from a row's offset in values to its replica, in elements


def share_matrix(matrix, first=0, n_rows=0):
    """Return a matrix of shape (V, D) with replicas of the rows from ``first`` on."""
    values, width = matrix.reshape(-1), matrix.shape[1]
    replicas = aligned_zeros(2 * n_rows * width)
    shift = element_shift(values, replicas) - first * width
    return SharedMatrix(values, width, replicas, first, n_rows, shift)


def element_shift(array, other):
    """Return how many float32 the memory of ``other`` lies behind that of ``array``.

    Kernels reach both through one array then: an offset that leaves the array costs
    nothing, a choice between two arrays in every inner loop would.
    """
    return (other.ctypes.data - array.ctypes.data) // 4


@inlined
def row_offset(matrix, row):
    """Return where a row, or its replica, begins, seen from ``matrix.values``."""
    offset = np.int64(row) * matrix.width
    # One comparison: a row before the first is a large number without its sign.
    if np.uint64(row - matrix.first) < np.uint64(matrix.n_replicas):
        offset += matrix.shift
    return offset


@inlined
def prefetch_row(matrix, offset):
    """Ask for a row ahead of its use."""
    n = matrix.width if matrix.width < FETCHED else FETCHED
    for d in range(0, n, LANES):
        prefetch(matrix.values, offset + d)


@inlined
def copy_to_replicas(matrix):
    """Let the replicas equal the shared rows; changes them in place."""
    start, size = matrix.first * matrix.width, matrix.n_replicas * matrix.width
    for at in range(0, size, simd.WIDTH):
        x = simd.load(matrix.values, start + at)
        simd.store(matrix.replicas, at, x)
        simd.store(matrix.replicas, size + at, x)


@inlined
def merge_replicas(matrix, begin, end):
    """Add to shared rows what changed in the elements [begin, end) of their replicas.

    The replicas go on from the sum.  Changes both in place.
    """
    start, size = matrix.first * matrix.width, matrix.n_replicas * matrix.width
    for at in range(begin, end, simd.WIDTH):
        replica = simd.load(matrix.replicas, at)
        change = simd.subtract(replica, simd.load(matrix.replicas, size + at))
        x = simd.add(simd.load(matrix.values, start + at), change)
        simd.store(matrix.values, start + at, x)
        simd.store(matrix.replicas, at, x)
        simd.store(matrix.replicas, size + at, x)


@inlined
def merge_all(matrix):
    """Merge all replicas, in place."""
    merge_replicas(matrix, np.int64(0), matrix.n_replicas * matrix.width)


@inlined
def merge_in_turn(matrix, due, row):
    """Merge the row ``due``, and ask for ``row``, which is to be the next.

    Either may have no replica; -1: none.  Return ``row``.
    """
    size, width = matrix.n_replicas * matrix.width, matrix.width
    begin = (due - matrix.first) * width
    if 0 <= begin < size:
        merge_replicas(matrix, begin, begin + width)
    begin = (row - matrix.first) * width
    if 0 <= begin < size:
        start = row * width
        for at in range(start, start + width, simd.WIDTH):
            prefetch(matrix.values, at)
    return row
