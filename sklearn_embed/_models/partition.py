"""Counted pairs, partitioned into blocks that share no parameter."""

# SPDX-License-Identifier: BSD-3-Clause

from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.threads import n_threads, run_all
from sklearn_embed._models.kernels.glove import PairTile
from sklearn_embed._models.kernels.partition import (
    BLOCK_BYTES,
    Partition,
    partition_pairs,
    unpack_records,
)

#: Pairs of a task, on average and at least: enough to hide what starting it costs.
TASK_PAIRS = 1 << 14

_MOST_GROUPS = 64
_MOST_PLACES = 1 << 16
_PAIRS_AT_ONCE = 1 << 13


class Weighting(NamedTuple):
    """The weight of a pair by its count: equation 9."""

    x_max: float | None = 100.0
    alpha: float = 0.75

    def __call__(self, counts):
        """Return f(counts), float32."""
        if self.x_max is None:
            return np.ones_like(counts)
        # What float32 cannot hold is infinite, or 0.
        with np.errstate(over="ignore", under="ignore", divide="ignore"):
            ratio = counts / np.float32(self.x_max)
            return np.minimum(ratio, np.float32(1)) ** np.float32(self.alpha)


class PartitionedPairs:
    """Pairs by the two groups of words that they touch, and their terms of the loss.

    Parameters
    ----------
    pairs : Pairs
        Counts; of both directions, the upper half.
    mirrored : bool
        Whether that is so.
    width : int
        Padded width of the parameters.
    weighting : Weighting
        Counts to weights.
    scale : float, default=1.0
        What all counts are multiplied by.
    n_jobs : int or None, default=None
        Threads.
    overwrite : bool, default=False
        Whether the counts' memory may be used: a pair takes as much, before and after.
    """

    def __init__(
        self,
        pairs,
        mirrored,
        width,
        weighting,
        scale=1.0,
        n_jobs=None,
        overwrite=False,
    ):
        indptr, tiles, records, units_in_1 = pairs
        if not (overwrite and all(map(_is_own, (tiles, records)))):
            tiles, records = tiles.copy(), records.copy()
        self.mirrored = mirrored
        self.n_groups = _number_of_groups(len(indptr) - 1, len(tiles))
        bits = int(np.log2(BLOCK_BYTES / (16 * width)))
        self._bits = min(max(bits, 3), 15)
        self.partition = Partition(self.n_groups, bool(mirrored))
        n_tiles = self.n_groups**2
        self._ends = np.zeros(n_tiles + 1, np.int64)
        partition_pairs(
            readonly(indptr),
            tiles,
            records,
            float(units_in_1) / scale,
            self.partition,
            self._bits,
            self._ends,
            np.empty(n_tiles, np.int64),
        )
        # What trains takes the place of what it is made from.
        self.places = tiles.view(np.uint16).reshape(-1, 2)
        self.terms = records.view(np.float32).reshape(-1, 2)
        finish = partial(self._finish, records, weighting)
        run_all(finish, pairwise(self._ends), n_threads(n_jobs))
        self.places, self.terms = readonly(self.places), readonly(self.terms)

    def __len__(self):
        return len(self.terms)

    def _finish(self, records, weighting, bounds):
        """Put the pairs of two groups in order, and turn counts into terms."""
        first, last = bounds
        records[first:last].view(np.uint64).sort()  # no two keys are equal
        for begin in range(first, last, _PAIRS_AT_ONCE):
            at = slice(begin, min(begin + _PAIRS_AT_ONCE, last))
            self.places[at], counts = unpack_records(records[at], self._bits)
            self.terms[at, 0] = np.log(counts)
            self.terms[at, 1] = weighting(counts)

    def of(self, a, b):
        """Yield the tiles of two groups that have pairs."""
        orders = [(a, b), (b, a)]
        for groups in (
            orders if a != b and not self.mirrored else [(min(a, b), max(a, b))]
        ):
            tile = groups[0] * self.n_groups + groups[1]
            at = slice(self._ends[tile], self._ends[tile + 1])
            if at.stop > at.start:
                yield PairTile(self.places[at], self.terms[at], groups)


def _is_own(array):
    """Tell whether nobody else sees an array's memory."""
    return array.flags.owndata and array.flags.writeable


def _number_of_groups(n_words, n_pairs):
    """Return a power of two that depends on the data only, never on the threads."""
    n_groups = 1
    while n_groups * _MOST_PLACES < n_words or (
        n_groups < _MOST_GROUPS
        and 16 * n_groups <= n_words
        and 2 * n_groups**2 * TASK_PAIRS <= n_pairs
    ):
        n_groups *= 2
    return n_groups
