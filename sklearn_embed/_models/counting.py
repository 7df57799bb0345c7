"""Count pairs of words on threads and in bounded memory."""

# SPDX-License-Identifier: BSD-3-Clause

import tempfile
from functools import partial
from itertools import pairwise
from numbers import Integral
from typing import NamedTuple

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.growing import Growing, pages
from sklearn_embed._core.threads import n_threads, run
from sklearn_embed._models.counting_runs import Runs
from sklearn_embed._models.kernels.cooccurrence import (
    ContextWeights,
    RowPositions,
    count_rows,
    distance_units,
    list_positions,
    new_row_sums,
    sum_positions,
    write_stream,
)

#: How much a word at some distance counts.
WEIGHTINGS = ("harmonic", "linear", "flat")

#: Which contexts count, as the kernel wants to know it.
SIDES = {"left": 1, "right": 2, "both": 3}

_PAIR_BYTES = 12
_TASK_VISITS = 30_000_000
_TASK_PAIRS = 1 << 18
_TASK_PLACES = 1 << 22
_MOST_PLACES = 2**31 - 2
_LEAST_PLACES = 1 << 12
_LEAST_CAPACITY = 1 << 10

#: Longest window whose words' weights are multiples of 1 / window.
_LONGEST_LINEAR = 1_000_000


class Window(NamedTuple):
    """Which places near a word count, and for how much."""

    size: int | str = 10
    weighting: str = "harmonic"
    direction: str = "both"

    def checked(self):
        """Return itself if it makes sense."""
        size, weighting, direction = self
        if size != "document" and not (isinstance(size, Integral) and size >= 1):
            raise ValueError(
                f'window={size!r}: give a whole number of at least 1, or "document".'
            )
        if weighting not in WEIGHTINGS:
            raise ValueError(f"weighting={weighting!r}: give one of {WEIGHTINGS}.")
        if size == "document" and weighting == "linear":
            raise ValueError(
                'weighting="linear" falls towards the end of a window, which '
                'window="document" has not: give a number, or "harmonic" or "flat".'
            )
        if weighting == "linear" and size > _LONGEST_LINEAR:
            raise ValueError(
                f'window={size}: weighting="linear" counts in parts of 1 / window: '
                f"give at most {_LONGEST_LINEAR}."
            )
        if direction not in SIDES:
            raise ValueError(f"direction={direction!r}: give one of {list(SIDES)}.")
        return self

    def units(self, longest):
        """Return the units of each distance in documents so long, and those in 1."""
        size = _MOST_PLACES if self.size == "document" else int(self.size)
        if self.weighting == "linear":
            distances = np.maximum(np.arange(min(size, longest) + 1), 1)
            return size + 1 - distances, size
        return distance_units(size, min(size, longest), self.weighting == "harmonic")


class Pairs(NamedTuple):
    """Counts as compressed sparse rows, columns ascending."""

    indptr: np.ndarray  # (V + 1,) int64
    indices: np.ndarray  # (P,) int32
    units: np.ndarray  # (P,) int64
    scale: int  # units in 1

    def counts(self):
        """Return the counts; float64."""
        return self.units / self.scale


def count_pairs(parts, n_rows, window, max_memory=None, n_jobs=None):
    """Count the pairs of all parts together; return Pairs.

    Parameters are those of `collect_pairs`.
    """
    options = max_memory, n_jobs
    scale = window.units(0)[1]
    return Pairs(*collect_pairs(assembled, parts, n_rows, window, *options), scale)


def collect_pairs(collect, parts, n_rows, window, max_memory=None, n_jobs=None):
    """Count the pairs of all parts together.

    Parameters
    ----------
    collect : callable
        Takes a generator of lengths, columns and units of some rows each, row after
        row, and the number of rows.
    parts : list of (ids, starts, offsets, row_of)
        Arrays of documents, as of a TokenizedDocuments; the row of each id, or -1.
    n_rows : int
        V.
    window : Window
        What counts.  For both directions, the upper half is counted.
    max_memory : int or None
        Bytes to work in, besides what the result takes.  None: no bound.
    n_jobs : int or None
        Threads; see `n_threads`.

    Returns
    -------
    object
        What `collect` returns.
    """
    parts = [tuple(map(readonly, part)) for part in parts]
    lengths = [np.diff(offsets) for _, _, offsets, _ in parts]
    longest = max((int(n.max()) for n in lengths if len(n)), default=0)
    weights, _ = window.units(max(longest - 1, 0))
    n_places = 2 + sum(int(n.sum()) + min(len(n), int(n.sum())) for n in lengths)
    _check_overflow(parts, n_places, n_rows, weights)
    n_jobs = n_threads(n_jobs)
    capacity = _TASK_PAIRS
    if max_memory is not None:
        # Half for tokens and their positions, half for pairs on their way.
        n_places = min(n_places, max(max_memory // 16, _LEAST_PLACES) + len(weights))
        capacity = max(max_memory // (24 * _PAIR_BYTES * n_jobs), _LEAST_CAPACITY)
    counter = _Counter(readonly(weights), SIDES[window.direction], n_rows, capacity)
    chunks = _chunks(parts, len(weights) - 1, min(n_places, _MOST_PLACES))
    runs = None
    with tempfile.TemporaryFile() as file:
        for stream, n, fresh, is_last in chunks:
            pieces = run(counter.tasks(stream, n, fresh, n_jobs), n_jobs)
            if runs is None and is_last:
                return collect(pieces, n_rows)
            if runs is None:
                runs = Runs(file, counter)
            runs.append(pieces)
        del chunks, stream, pieces  # merging needs the memory
        return collect(run(runs.tasks(), n_jobs), n_rows)


def _check_overflow(parts, n_places, n_rows, weights):
    """Make sure that no sum of units can leave int64."""
    most = 2 * int(weights.sum())
    if n_places * most < 2**63:
        return
    counts = np.zeros(n_rows + 1, np.int64)
    for ids, starts, offsets, row_of in parts:
        for start, length in zip(starts, np.diff(offsets), strict=True):
            rows = row_of[ids[start : start + length]]
            counts += np.bincount(rows + 1, minlength=n_rows + 1)
    if int(counts[1:].max(initial=0)) * most >= 2**63:
        raise OverflowError(
            "The commonest word occurs too often for exact counts with so wide a "
            'window that is not flat: use window=22 or less, or weighting="flat".'
        )


def check_sum(most):
    """Make sure that no sum of units of several tables can leave int64.

    Parameters
    ----------
    most : iterable of int
        The largest number of units in each.
    """
    if sum(most) >= 2**63:
        raise OverflowError(
            "Sums of these counts might not fit 64 bits: count with window=22 or "
            'less, or weighting="flat".'
        )


def _chunks(parts, reach, n_places):
    """Yield (stream, number of places, first fresh place, whether it is the last).

    The stream is the same array each time.  It begins with what the window of the
    first fresh place may reach in the chunk before.
    """
    stream = pages(max(n_places, reach + 3), np.int32)
    stream[0] = -1
    n = fresh = 1
    for ids, starts, offsets, row_of in parts:
        document = token = 0
        while True:
            document, token, n = write_stream(
                ids, starts, offsets, row_of, document, token, stream, n
            )
            if document == len(starts):
                break
            stream[n] = -1
            yield stream, n + 1, fresh, False
            before = stream[max(0, n - reach) : n]
            ends = np.flatnonzero(before < 0)
            history = before[ends[-1] + 1 :] if len(ends) else before
            n = fresh = 1 + len(history)
            stream[1:n] = history.copy()
    stream[n] = -1
    yield stream, n + 1, fresh, True


class Scratches:
    """Runs kernels that make rows of pairs, each with scratch buffers of its own.

    Parameters
    ----------
    n_rows : int
        V.
    """

    def __init__(self, n_rows):
        self._n_rows, self._free = n_rows, []

    def run(self, kernel, n_rows, most):
        """Return lengths, columns and units of some rows, made by a kernel."""
        lengths = np.empty(n_rows, np.int64)
        pairs = pages(most, np.int32), pages(most, np.int64)
        # A list is safe to pop from in several threads.
        scratch = self._free.pop() if self._free else None
        if scratch is None:
            scratch = new_row_sums(self._n_rows)
        n = kernel(lengths, scratch, pairs)
        self._free.append(scratch)
        return lengths, *(array[:n] for array in pairs)


class _Counter(Scratches):
    """Cuts the counting of a chunk into tasks that each give some whole rows."""

    def __init__(self, weights, sides, n_rows, capacity):
        super().__init__(n_rows)
        self._weights = ContextWeights(weights, sides)
        self.n_rows, self.capacity = n_rows, capacity

    def tasks(self, stream, n, fresh, n_jobs):
        """Yield tasks, row after row."""
        ends = np.zeros(self.n_rows + 1, np.int64)
        sum_positions(stream, n, ends)
        visits = np.diff(ends) * (2.0 * len(self._weights.units))
        rows = (
            np.arange(self.n_rows, 0, -1) if self._weights.sides == 3 else self.n_rows
        )
        most = np.minimum(visits, rows).astype(np.int64)
        step = min(_TASK_VISITS, visits.sum() / (8 * n_jobs) + 1)
        # Positions are listed a few rows at a time: they take as much as the tokens.
        lists = ends[1:] // max(_TASK_PLACES, n // 4)
        cost = np.cumsum(visits / step + most / self.capacity)
        cuts = [*np.searchsorted(cost, np.arange(1, cost[-1] if self.n_rows else 0))]
        cuts += [0, *(1 + np.flatnonzero(np.diff(lists))), self.n_rows]
        listed = -1
        for first, last in pairwise(np.unique(cuts).tolist()):
            if lists[first] != listed:
                listed, begin = lists[first], first
                stop = int(np.searchsorted(lists, listed, side="right"))
                places = ends[begin : stop + 1] - ends[begin]
                positions = pages(places[-1], np.int32)
                list_positions(stream, n, places[:-1].copy(), begin, positions)
            yield partial(
                self._count,
                RowPositions(
                    readonly(stream),
                    fresh,
                    readonly(places[first - begin : last - begin + 1]),
                    readonly(positions),
                ),
                first,
                last,
                int(most[first:last].sum()),
            )

    def _count(self, where, first, last, most):
        def kernel(*out):
            return count_rows(where, first, self._weights, *out)

        return self.run(kernel, last - first, most)


def assembled(pieces, n_rows):
    """Return indptr, indices and units; no piece is kept."""
    indptr = np.zeros(n_rows + 1, np.int64)
    columns, units, row = Growing(np.int32), Growing(np.int64), 0
    try:
        for lengths, *piece in pieces:
            indptr[row + 1 : row + 1 + len(lengths)] = lengths
            row += len(lengths)
            columns.append(piece[0])
            units.append(piece[1])
    finally:
        pieces.close()
    return np.cumsum(indptr, out=indptr), columns.result(), units.result()
