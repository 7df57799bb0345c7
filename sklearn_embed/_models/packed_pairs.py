"""Counts of pairs as small as they can be sent, and their sums."""

# SPDX-License-Identifier: BSD-3-Clause

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from sklearn_embed._core.growing import Growing
from sklearn_embed._models.counting import Pairs, assembled, check_sum
from sklearn_embed._models.kernels.cooccurrence import new_row_sums
from sklearn_embed._models.kernels.packed_pairs import (
    MOST_BYTES,
    merge_packed,
    pack_rows,
)

#: Bytes of tables that are added up at once.
_BLOCK_BYTES = 1 << 18


class PackedPairs(NamedTuple):
    """Counts as compressed sparse rows of some three bytes a pair."""

    ends: np.ndarray  # (V + 1,) int64: where rows begin and end
    data: np.ndarray  # uint8; see `kernels.packed_pairs`
    most: int  # the largest number of units


def packed(pieces, n_rows):
    """Pack rows piece by piece; no piece is kept.

    Parameters
    ----------
    pieces : generator of (lengths, columns, units)
        Some rows each, row after row.
    n_rows : int
        V.

    Returns
    -------
    PackedPairs
    """
    ends, data = np.zeros(n_rows + 1, np.int64), Growing(np.uint8)
    row = most = 0
    try:
        for lengths, columns, units in pieces:
            some = np.empty(MOST_BYTES * len(columns), np.uint8)
            n_bytes = ends[row + 1 : row + 1 + len(lengths)]
            data.append(some[: pack_rows(lengths, columns, units, some, n_bytes)])
            row += len(lengths)
            most = max(most, int(units.max(initial=0)))
    finally:
        pieces.close()
    return PackedPairs(np.cumsum(ends, out=ends), data.result(), most)


def sum_packed(tables):
    """Return the sum of PackedPairs of as many rows each, packed."""
    return packed(_summed(tables), len(tables[0].ends) - 1)


def sum_unpacked(tables, scale):
    """Return the sum of PackedPairs of as many rows each, as Pairs."""
    return Pairs(*assembled(_summed(tables), len(tables[0].ends) - 1), scale)


def _summed(tables):
    """Yield the rows of a sum, some at a time, each time in the same arrays."""
    check_sum(table.most for table in tables)
    total = sum(table.ends for table in tables)
    row_sums, pairs = new_row_sums(len(total) - 1), _room(0)
    cuts = np.searchsorted(total, np.arange(0, total[-1], _BLOCK_BYTES), "left")
    for first, last in pairwise(np.unique([0, *cuts, len(total) - 1]).tolist()):
        begins, parts, n = np.zeros((len(tables), last - first + 1), np.int64), [], 0
        for row, table in zip(begins, tables, strict=True):
            ends = table.ends[first : last + 1]
            row[:] = n + ends - ends[0]
            n = int(row[-1])
            parts.append(table.data[ends[0] : ends[-1]])
        if n // 2 > len(pairs[0]):  # a pair is two bytes or more
            pairs = _room(n // 2)
        lengths = np.empty(last - first, np.int64)
        n = merge_packed(begins, np.concatenate(parts), lengths, row_sums, pairs)
        yield lengths, *(array[:n] for array in pairs)


def _room(n_pairs):
    """Return arrays for columns and units."""
    return np.empty(n_pairs, np.int32), np.empty(n_pairs, np.int64)
