"""Each thread's own copies of the rows that all threads want all the time.

Where two cores write one row in turn, each waits for the other's cache line.  The
rows of the commonest words therefore exist once more for every thread, which adds
what its own have moved to the shared ones now and then: a row as often as it is
used, so that a rare one falls no further behind than a common one.
"""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._core import simd
from sklearn_embed._core.arrays import aligned_zeros
from sklearn_embed._core.compile import inlined
from sklearn_embed._core.numeric import prefetch


class Replica(NamedTuple):
    """Copies of the rows [first, first + H) of a matrix; H = 0: of none."""

    rows: np.ndarray  # (H * D,) float32
    base: np.ndarray  # (H * D,) float32: the rows as last shared
    first: int


class Replicas(NamedTuple):
    """What one thread has of its own."""

    inputs: Replica
    outputs: Replica
    every: int  # inputs between two exchanges, at least 1; 0: there are no copies


def make_replica(matrix, first, n_rows):
    """Return room for copies of ``n_rows`` rows of a matrix."""
    size = n_rows * matrix.shape[1]
    return Replica(aligned_zeros(size), aligned_zeros(size), first)


#: What a thread has of its own that is alone.
ALONE = Replicas(*(make_replica(np.empty((0, 0)), 0, 0) for _ in range(2)), 0)


@inlined
def distance(matrix, own, width):
    """Return what leads from a row's place in the matrix to the thread's own one."""
    # Both are told apart by address alone: an index that leaves the matrix costs
    # nothing, two arrays in every inner loop would.
    there, here = np.int64(own.rows.ctypes.data), np.int64(matrix.ctypes.data)
    return ((there - here) >> 2) - own.first * width


@inlined
def place_of(row, own, step, width):
    """Return where a row begins, seen from the matrix; ``step`` as of `distance`."""
    place = np.int64(row) * width
    # One comparison: a row before the first is a large number without its sign.
    if np.uint64(row - own.first) * np.uint64(width) < np.uint64(len(own.rows)):
        place += step
    return place


@inlined
def take_over(matrix, own, width):
    """Let the thread's own rows be the shared ones."""
    start = own.first * width
    for at in range(0, len(own.rows), simd.WIDTH):
        x = simd.load(matrix, start + at)
        simd.store(own.rows, at, x)
        simd.store(own.base, at, x)


@inlined
def share(matrix, own, first, last, width):
    """Add to rows [first, last) what the thread's own have moved; go on from there."""
    start = own.first * width
    begin = max(np.int64(first) * width - start, 0)
    end = min(np.int64(last) * width - start, len(own.rows))
    for at in range(begin, end, simd.WIDTH):
        moved = simd.subtract(simd.load(own.rows, at), simd.load(own.base, at))
        x = simd.add(simd.load(matrix, start + at), moved)
        simd.store(matrix, start + at, x)
        simd.store(own.rows, at, x)
        simd.store(own.base, at, x)


@inlined
def exchange(matrix, own, due, soon, width):
    """Share the row ``due`` (-1: none), ask for ``soon``; return it, to be due next."""
    share(matrix, own, due, due + 1, width)
    place = np.int64(soon) * width
    if soon >= 0 and place_of(soon, own, np.int64(1), width) != place:
        for at in range(place, place + width, simd.WIDTH):
            prefetch(matrix, at)
    return soon
