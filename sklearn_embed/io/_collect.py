"""What the readers of rows share: a window on the bytes, and the rows kept."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._core.notice import warn
from sklearn_embed._files.errors import VectorFileError
from sklearn_embed._vectors.word_vectors import WordVectors

#: Bytes of the window when reading begins, and the most that one row may take.
WINDOW, LONGEST_ROW = 1 << 22, 1 << 26


class Window:
    """The part of a file in memory; it slides on, and grows only for long rows.

    Parameters
    ----------
    source : Source
        Where the bytes come from.

    Attributes
    ----------
    data : ndarray, uint8
        The bytes; valid between `begin` and `end`.
    offset : int
        Position of ``data[0]`` in the file.
    exhausted : bool
        Whether the file has no more than this.
    """

    def __init__(self, source):
        remaining = source.remaining()
        size = WINDOW if remaining is None else max(min(WINDOW, remaining), 64)
        self.source = source
        self.data = np.empty(size, np.uint8)
        self.begin = self.end = 0
        self.offset = source.position
        self.exhausted = False

    def slide(self):
        """Drop what lies before `begin`, and fill up."""
        n_rest = self.end - self.begin
        if n_rest == len(self.data):
            if n_rest >= LONGEST_ROW:
                raise self.source.error(
                    f"a row does not end within {n_rest} bytes",
                    "This is no file of vectors, or it is damaged",
                    offset=self.offset + self.begin,
                )
            grown = np.empty(2 * n_rest, np.uint8)
            grown[:n_rest] = self.data[self.begin : self.end]
            self.data = grown
        else:
            self.data[:n_rest] = self.data[self.begin : self.end].copy()
        self.offset += self.begin
        self.begin, self.end = 0, n_rest
        n_new = self.source.readinto(memoryview(self.data)[n_rest:])
        self.end += n_new
        self.exhausted = self.end < len(self.data)


class Rows:
    """The words and vectors kept so far.

    Parameters
    ----------
    source : Source
        For messages.
    n_dimensions : int
        Columns.
    n_expected : int or None
        What the header promises, checked against the size of the file if that is
        known.
    options : Options
        What the caller asked for.
    """

    def __init__(self, source, n_dimensions, n_expected, options):
        self.source, self.options = source, options
        self.words, self._seen = [], set()
        self.n_duplicates = 0
        self._refused = []
        wanted = options.vocabulary
        bounds = [n for n in (n_expected, options.limit) if n is not None]
        if n_expected is None or source.remaining() is None:
            # No size of a file confirms the number: begin small and grow.
            bounds.append((1 << 20) // n_dimensions + 1)
        n_rows = min(bounds)
        if wanted is not None:
            n_rows = min(n_rows, len(wanted))
        self._matrix = np.empty((n_rows, n_dimensions), np.float32)

    @property
    def complete(self):
        """Whether every word of the vocabulary given has been found."""
        wanted = self.options.vocabulary
        return wanted is not None and len(self.words) == len(wanted)

    def decode(self, raw, row, offset):
        """Turn the bytes of a word into text."""
        try:
            return raw.decode(self.options.encoding, self.options.errors)
        except UnicodeDecodeError as error:
            raise self.source.error(
                f"the word {raw[:40]!r} is not valid {self.options.encoding}",
                "Name the right encoding=, or pass errors='replace'",
                row=row,
                offset=offset,
            ) from error

    def refuse(self, error):
        """Raise what is wrong with a row, or note it if such rows are left out."""
        if self.options.bad_rows == "error":
            raise error
        self._refused.append(error)

    def choose(self, words):
        """Take the words that are wanted and new; return where they stand.

        Rows that were refused have None in place of a word.
        """
        wanted, seen = self.options.vocabulary, self._seen
        chosen = []
        for place, word in enumerate(words):
            if word is None or (wanted is not None and word not in wanted):
                continue
            if word in seen:
                self.n_duplicates += 1
                continue
            seen.add(word)
            self.words.append(word)
            chosen.append(place)
        return np.array(chosen, np.int64)

    def next_rows(self, n_rows):
        """Return the part of the matrix where the rows just chosen belong."""
        stop = len(self.words)
        if stop > len(self._matrix):
            grown = max(stop, len(self._matrix) * 3 // 2)
            # realloc: pages are moved, not copied, where the system can do that.
            self._matrix.resize((grown, self._matrix.shape[1]), refcheck=False)
        return self._matrix[stop - n_rows : stop]

    def finish(self):
        """Return the vectors, and warn of rows left out."""
        if self._refused:
            warn(
                f"{len(self._refused)} rows were left out, the first because: "
                f"{self._refused[0]}",
            )
        if self._matrix.shape[0] > len(self.words):
            shape = len(self.words), self._matrix.shape[1]
            self._matrix.resize(shape, refcheck=False)
        return finished(self.source.name, self.words, self._matrix, self.n_duplicates)


def finished(name, words, vectors, n_duplicates=0, **parts):
    """Check and wrap what a reader has read."""
    if n_duplicates:
        warn(
            f"{name}: {n_duplicates} rows repeat an earlier word and were left out",
        )
    try:
        return WordVectors(words, vectors, **parts)
    except ValueError as error:
        raise VectorFileError(
            name, str(error), "Correct the file, or leave the row out with vocabulary="
        ) from error
