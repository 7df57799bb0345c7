"""Counts of n-grams as small as they can be sent."""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.growing import Growing
from sklearn_embed._models.counting_ngrams import Table
from sklearn_embed._models.kernels.packed_ngrams import (
    COUNT_BYTES,
    WORD_BYTES,
    pack_table,
    unpack_table,
)

#: Rows that are written at once.
_BLOCK_ROWS = 1 << 16


class PackedTable(NamedTuple):
    """A Table of some eight bytes a 5-gram."""

    data: np.ndarray  # uint8; see `kernels.packed_ngrams`
    n_rows: int
    order: int


def pack(table):
    """Return the PackedTable of a Table."""
    n_rows, order = table.rows.shape
    data = Growing(np.uint8)
    most = 1 + WORD_BYTES * order + COUNT_BYTES
    some = np.empty(min(n_rows, _BLOCK_ROWS) * most, np.uint8)
    for first, last in _blocks(n_rows):
        data.append(some[: pack_table(table.rows, table.counts, first, last, some)])
    return PackedTable(data.result(), n_rows, order)


def unpack(packed):
    """Return the Table of a PackedTable."""
    data = readonly(packed.data)
    rows = np.empty((packed.n_rows, packed.order), np.int32)
    counts, at = np.empty(packed.n_rows, np.int64), 0
    for first, last in _blocks(packed.n_rows):
        at = unpack_table(data, at, rows, counts, first, last)
    return Table(readonly(rows), readonly(counts))


def _blocks(n_rows):
    """Return the first row of each block, and where it ends."""
    firsts = range(0, n_rows, _BLOCK_ROWS)
    return [(first, min(first + _BLOCK_ROWS, n_rows)) for first in firsts]
