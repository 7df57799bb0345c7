"""Count pairs of words on threads and in bounded memory."""

# SPDX-License-Identifier: BSD-3-Clause

import tempfile
from functools import partial
from itertools import pairwise
from numbers import Integral
from typing import NamedTuple

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.growing import pages
from sklearn_embed._core.threads import n_threads, run
from sklearn_embed._models.kernels.cooccurrence import (
    ContextWeights,
    RowPositions,
    count_rows,
    distance_units,
    list_positions,
    merge_rows,
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
_FIRST_PAIRS = 1 << 23
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
    """Count the pairs of all parts together.

    Parameters
    ----------
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
    Pairs
    """
    parts = [tuple(map(readonly, part)) for part in parts]
    lengths = [np.diff(offsets) for _, _, offsets, _ in parts]
    longest = max((int(n.max()) for n in lengths if len(n)), default=0)
    weights, scale = window.units(max(longest - 1, 0))
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
                return Pairs(*_assembled(pieces, n_rows), scale)
            if runs is None:
                runs = _Runs(file, counter)
            runs.append(pieces)
        del chunks, stream, pieces  # merging needs the memory
        return Pairs(*_assembled(run(runs.tasks(), n_jobs), n_rows), scale)


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


class _Counter:
    """Cuts the counting of a chunk into tasks that each give some whole rows."""

    def __init__(self, weights, sides, n_rows, capacity):
        self._weights = ContextWeights(weights, sides)
        self.n_rows, self.capacity = n_rows, capacity
        self._scratches = []

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

    def run(self, kernel, n_rows, most):
        """Return lengths, columns and units of some rows, made by a kernel."""
        lengths = np.empty(n_rows, np.int64)
        pairs = pages(most, np.int32), pages(most, np.int64)
        # A list is safe to pop from in several threads.
        scratch = self._scratches.pop() if self._scratches else None
        if scratch is None:
            scratch = new_row_sums(self.n_rows)
        n = kernel(lengths, scratch, pairs)
        self._scratches.append(scratch)
        return lengths, *(array[:n] for array in pairs)


class _Runs:
    """Sorted runs of pairs in a file that has no name, and so leaves no trace."""

    def __init__(self, file, counter):
        self._file, self._counter = file, counter
        self._runs = []

    def append(self, pieces):
        """Write one more run, piece by piece."""
        written = []
        first = 0
        try:
            for lengths, columns, units in pieces:
                at = self._file.tell()
                for array in (lengths, columns, units):
                    self._file.write(memoryview(array).cast("B"))
                written.append((first, first + len(lengths), len(columns), at))
                first += len(lengths)
        finally:
            pieces.close()
        self._runs.append([_Piece(self._file, *piece) for piece in written])

    def tasks(self):
        """Yield tasks that each merge some rows of all runs."""
        first = 0
        readers = [_Reader(run) for run in self._runs]
        while first < self._counter.n_rows:
            n_rows = min(reader.n_ready() for reader in readers)
            sizes = sum(reader.lengths(n_rows) for reader in readers)
            capacity = max(self._counter.capacity, int(sizes[0]))
            n_rows = int(np.searchsorted(np.cumsum(sizes), capacity, side="right"))
            parts = [reader.read(n_rows) for reader in readers]
            yield partial(self._merge, parts, n_rows)
            first += n_rows

    def _merge(self, parts, n_rows):
        begins = np.zeros((len(parts), n_rows + 1), np.int64)
        total = 0
        for row, (lengths, columns, _) in zip(begins, parts, strict=True):
            row[0] = total
            row[1:] = total + np.cumsum(lengths)
            total += len(columns)
        columns, units = (np.concatenate([part[k] for part in parts]) for k in (1, 2))

        def kernel(*out):
            return merge_rows(begins, (columns, units), *out)

        return self._counter.run(kernel, n_rows, total)


class _Piece(NamedTuple):
    """Where some rows of a run lie in the file."""

    file: object
    first: int
    last: int
    n_pairs: int
    at: int

    def lengths(self):
        """Read the lengths of the rows."""
        return self.read(np.int64, self.last - self.first, 0)

    def read(self, dtype, n, skipped):
        """Read an array that lies some bytes into the piece."""
        array = np.empty(n, dtype)
        self.file.seek(self.at + skipped)
        if n and self.file.readinto(memoryview(array).cast("B")) != array.nbytes:
            raise OSError("A temporary file has become shorter than it was.")
        return array


class _Reader:
    """Reads a run from its first row to its last."""

    def __init__(self, run):
        self._pieces = iter(run)
        self._piece, self._lengths, self._row, self._pair = None, np.empty(0), 0, 0

    def n_ready(self):
        """Return how many rows can be read at once."""
        while self._row == len(self._lengths):
            self._piece = next(self._pieces)
            self._lengths = self._piece.lengths()
            self._row = self._pair = 0
        return len(self._lengths) - self._row

    def lengths(self, n_rows):
        """Return the lengths of the next rows."""
        return self._lengths[self._row : self._row + n_rows]

    def read(self, n_rows):
        """Return lengths, columns and units of the next rows, and move on."""
        lengths = self.lengths(n_rows)
        n, piece = int(lengths.sum()), self._piece
        skipped = 8 * len(self._lengths)
        columns = piece.read(np.int32, n, skipped + 4 * self._pair)
        skipped += 4 * piece.n_pairs
        units = piece.read(np.int64, n, skipped + 8 * self._pair)
        self._row += n_rows
        self._pair += n
        return lengths, columns, units


def _assembled(pieces, n_rows):
    """Return indptr, indices and units; no piece is kept."""
    indptr = np.zeros(n_rows + 1, np.int64)
    # Blocks as large as these grow by moving pages; smaller ones are copied, and
    # leave holes behind.
    arrays = np.empty(_FIRST_PAIRS, np.int32), np.empty(_FIRST_PAIRS, np.int64)
    row = at = 0
    try:
        for lengths, *piece in pieces:
            indptr[row + 1 : row + 1 + len(lengths)] = lengths
            row, stop = row + len(lengths), at + len(piece[0])
            for array, part in zip(arrays, piece, strict=True):
                if stop > len(array):
                    array.resize(stop + stop // 16, refcheck=False)
                array[at:stop] = part
            at = stop
    finally:
        pieces.close()
    for array in arrays:
        array.resize(at, refcheck=False)
    return np.cumsum(indptr, out=indptr), *arrays
