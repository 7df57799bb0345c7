"""Sorted runs of pairs that are too many for memory, in a file."""

# SPDX-License-Identifier: BSD-3-Clause

from functools import partial
from typing import NamedTuple

import numpy as np

from sklearn_embed._models.kernels.cooccurrence import merge_rows


class Runs:
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
