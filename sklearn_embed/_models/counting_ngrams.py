"""Count n-grams on threads and in bounded memory."""

# SPDX-License-Identifier: BSD-3-Clause

from functools import partial
from typing import NamedTuple

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.growing import Growing, Spool, pages
from sklearn_embed._core.threads import n_threads, run
from sklearn_embed._models.kernels.ngrams import (
    count_sorted,
    merge_tables,
    sort_positions,
)
from sklearn_embed._models.sequences import encoded_blocks

#: Tokens that are sorted at once, if memory allows, and at least: as many as keep
#: Ctrl-C waiting for a fifth of a second; more are no faster.
_CHUNK, _LEAST_CHUNK = 1 << 20, 1 << 10

#: Rows of a merged table that are written at once.
_MERGED_AT_ONCE = 1 << 16


class Table(NamedTuple):
    """Distinct n-grams; see `kernels.ngrams`."""

    rows: np.ndarray  # (M, N) int32
    counts: np.ndarray  # (M,) int64


def count_ngrams(documents, row_of, n_words, order, max_memory=None, n_jobs=None):
    """Count the n-grams of documents.

    Parameters
    ----------
    documents : TokenizedDocuments
        The documents.
    row_of : ndarray of shape (n_tokens,), int32
        Row of each token of their table, below 0 where it has none.
    n_words : int
        V.
    order : int
        N.
    max_memory : int or None, default=None
        Bytes to work in, besides what the result takes.  None: no bound.
    n_jobs : int or None, default=None
        Threads; see `n_threads`.

    Returns
    -------
    Table
    """
    n_jobs, size, new = n_threads(n_jobs), _CHUNK, Growing
    if max_memory is not None:
        # A token takes its id, two positions and its row of the table.
        each = 20 + 4 * order
        size = int(min(max(max_memory // (each * 2 * n_jobs), _LEAST_CHUNK), size))
        new = Spool
    ids = encoded_blocks(documents, row_of, n_words, min(size, 1 << 20))
    mark = n_words + 1
    tasks = (
        partial(_counted, piece, order, mark)
        for piece in _pieces(ids, order, mark, size)
    )
    merging, tables = _Merging(order, new), run(tasks, n_jobs, ahead=1)
    try:
        for table in tables:
            merging.add(table)
    finally:
        tables.close()
    return merging.result()


def _pieces(blocks, order, mark, size):
    """Yield ids of a stream, about so many at a time, behind the N - 1 before them."""
    parts, n, before = [], 0, np.full(order - 1, mark, np.int32)
    for ids, _ in blocks:
        for first in range(0, len(ids), size):
            part = ids[first : first + size]
            if n and n + len(part) > size:
                piece = np.concatenate([before, *parts])
                yield readonly(piece)
                before, parts, n = piece[len(piece) - order + 1 :], [], 0
            parts.append(part)
            n += len(part)
    if n:
        yield readonly(np.concatenate([before, *parts]))


def _counted(stream, order, mark):
    """Return the Table of a piece of a stream."""
    n = len(stream) - order + 1
    positions, spare = pages(n, np.int32), pages(n, np.int32)
    sort_positions(stream, order - 1, positions, spare, np.empty(mark + 2, np.int64))
    del spare
    # Pages that nothing is written to take no memory.
    rows, counts = pages(n * order, np.int32).reshape(n, order), pages(n, np.int64)
    used = count_sorted(stream, positions, mark, rows, counts)
    return Table(readonly(rows[:used]), readonly(counts[:used]))


class _Merging:
    """Merges tables of about equal size two by two, so that each row is moved seldom.

    Parameters
    ----------
    order : int
        N.
    new : callable
        Makes a `Growing` or a `Spool`.
    """

    def __init__(self, order, new):
        self._order, self._new, self._waiting = order, new, []

    def add(self, table):
        """Take one more table."""
        self._waiting.append((1, table))
        while len(self._waiting) > 1 and self._waiting[-1][0] >= self._waiting[-2][0]:
            self._merge_last()

    def result(self):
        """Return all tables as one."""
        while len(self._waiting) > 1:
            self._merge_last()
        if not self._waiting:
            return Table(
                readonly(np.empty((0, self._order), np.int32)),
                readonly(np.empty(0, np.int64)),
            )
        return self._waiting.pop()[1]

    def _merge_last(self):
        (n, first), (m, second) = self._waiting[-2:]
        del self._waiting[-2:]
        self._waiting.append((n + m, merged(first, second, self._new)))


def merged(first, second, new=Growing):
    """Return the sum of two tables of the same order."""
    order = first.rows.shape[1]
    rows, counts = new(np.int32), new(np.int64)
    some = (
        np.empty((_MERGED_AT_ONCE, order), np.int32),
        np.empty(_MERGED_AT_ONCE, np.int64),
    )
    i = j = 0
    while i < len(first.counts) or j < len(second.counts):
        i, j, n = merge_tables(first, i, second, j, *some)
        rows.append(some[0][:n].ravel())
        counts.append(some[1][:n])
    return Table(
        readonly(rows.result().reshape(-1, order)), readonly(counts.result(), np.int64)
    )


def summed(tables):
    """Return the sum of tables of the same order, added up two by two.

    So each row is moved seldom, if they are about equally large.
    """
    if sum(float(table.counts.sum(dtype=np.float64)) for table in tables) >= 2.0**62:
        raise OverflowError("The sum of the counts does not fit 64 bits.")
    while len(tables) > 1:
        pairs = zip(tables[::2], tables[1::2], strict=False)
        rest = tables[len(tables) - len(tables) % 2 :]
        tables = [merged(*pair) for pair in pairs] + rest
    return tables[0]


def shortened(table, order):
    """Return the table of the last so many words of each n-gram."""
    rows, counts = table.rows[:, :order], table.counts
    if len(rows) == 0:
        return Table(readonly(rows), counts)
    begins = np.ones(len(rows), bool)
    begins[1:] = (rows[1:] != rows[:-1]).any(axis=1)
    begins = np.flatnonzero(begins)
    return Table(readonly(rows[begins]), readonly(np.add.reduceat(counts, begins)))


def renumbered(table, ids):
    """Return a table whose words have other ids, in order again.

    Parameters
    ----------
    table : Table
        With marks as the last two ids.
    ids : ndarray of shape (V + 2,), int32
        The new id of each.
    """
    rows = np.append(ids, np.int32(-1))[table.rows]  # -1 stays what it is
    order = np.lexsort(rows.T[::-1])
    return Table(readonly(rows[order], np.int32), readonly(table.counts[order]))
