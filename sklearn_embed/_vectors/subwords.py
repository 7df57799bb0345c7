"""What fastText knows of words it never saw."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.typing import Float32Array
from sklearn_embed._text.char_ngrams import NgramNumbers, ngram_buckets
from sklearn_embed._text.kernels.char_ngrams import add_rows
from sklearn_embed._text.table import TokenTable


class Subwords(NamedTuple):
    """What fastText knows of words it never saw: a vector for each n-gram's bucket.

    Parameters
    ----------
    vectors : ndarray of shape (n_rows, n_dimensions), float32
        The n-grams' vectors.
    min_n, max_n : int
        Shortest and longest n-gram in characters, the brackets of ``<word>`` included.
    n_buckets : int
        Number of values that the n-grams' hash can take.
    rows : ndarray of shape (n_buckets,), int32, or None
        Row of each bucket, -1 where nothing is stored; None: bucket b is row b.
    missing : {"zero", "skip"}
        Whether an n-gram without a row counts as a vector of zeros or not at all.
    own : ndarray of shape (n_words, n_dimensions), float32, or None
        The vocabulary's vectors before their n-grams were added.  Only a writer
        of fastText's format needs them.
    numbers : NgramNumbers or None
        What numbers n-grams by their spelling, in place of buckets; None: their hash.
    """

    vectors: np.ndarray
    min_n: int
    max_n: int
    n_buckets: int
    rows: np.ndarray | None = None
    missing: str = "zero"
    own: np.ndarray | None = None
    numbers: NgramNumbers | None = None

    def sums(
        self, words: Sequence[str] | TokenTable, start: Float32Array | None = None
    ) -> tuple[Float32Array, NDArray[np.int64]]:
        """Add up the n-grams of each word.

        Parameters
        ----------
        words : list of str or TokenTable
            Any words, known or not.
        start : ndarray of shape (n_words, n_dimensions), float32, or None
            What to add to; None means zeros.

        Returns
        -------
        sums : ndarray of shape (n_words, n_dimensions), float32
            `start` plus the n-grams' vectors.
        counts : ndarray of shape (n_words,), int64
            How many n-grams each word has.
        """
        if not isinstance(words, TokenTable):
            words = TokenTable.from_tokens(words)
        shape = len(words), self.vectors.shape[1]
        sums = np.zeros(shape, np.float32) if start is None else np.array(start)
        counts = np.zeros(len(words), np.int64)
        vectors = readonly(self.vectors, np.float32)
        for first in range(0, len(words), 8192):  # for the sake of memory
            part = slice(first, first + 8192)
            bounds, rows = self.rows_of(words.part(part))
            counted = np.diff(bounds)
            if self.missing == "skip":
                found = np.concatenate([[0], np.cumsum(rows >= 0)])
                counted = np.diff(found[bounds])
            counts[part] = counted
            add_rows(readonly(bounds), readonly(rows, np.int32), vectors, sums[part])
        return sums, counts

    def rows_of(
        self, words: Sequence[str] | TokenTable
    ) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Return the rows of the n-grams of some words.

        Parameters
        ----------
        words : list of str or TokenTable
            Any words, known or not.

        Returns
        -------
        bounds : ndarray of shape (n_words + 1,), int64
            Where each word's n-grams begin in `rows`.
        rows : ndarray of shape (n_ngrams,), int32
            By start, then by length; -1: nothing is stored.
        """
        table, limits = words, (self.min_n, self.max_n)
        if not isinstance(words, TokenTable):
            table = TokenTable.from_tokens(words)
        if self.numbers is None:
            bounds, rows = ngram_buckets(table, *limits, self.n_buckets)
            return bounds, rows if self.rows is None else self.rows[rows]
        bounds, numbers = self.numbers.rows(table, *limits)
        known = numbers >= 0
        if self.rows is not None:
            numbers[known] = self.rows[numbers[known]]
        return bounds, numbers

    def check(self, shape: tuple[int, ...]) -> None:
        """Refuse parts that do not fit together.

        Parameters
        ----------
        shape : tuple of (int, int)
            Words and dimensions of the vocabulary.

        Raises
        ------
        ValueError
            If a bucket has no place in the matrix, or a shape is another.
        """
        n_rows, rows = len(self.vectors), self.rows
        if self.vectors.ndim != 2 or self.vectors.shape[1] != shape[1]:
            raise ValueError(
                f"the n-grams' vectors must have shape (n_rows, {shape[1]}), not "
                f"{self.vectors.shape}"
            )
        if self.own is not None and self.own.shape != shape:
            raise ValueError(
                f"the words' own vectors must have shape {shape}, not {self.own.shape}"
            )
        if rows is None:
            fits = n_rows == self.n_buckets
        else:
            fits = len(rows) == self.n_buckets and rows.max(initial=-1) < n_rows
        if not fits or not 0 < self.n_buckets < 1 << 31:
            raise ValueError(
                f"{self.n_buckets} buckets of n-grams do not fit {n_rows} vectors"
            )

    def full(self) -> Float32Array:
        """Return one row per bucket, as gensim and fastText's files want it."""
        if self.rows is None:
            return self.vectors
        stored = np.flatnonzero(self.rows >= 0)
        full = np.zeros((self.n_buckets, self.vectors.shape[1]), np.float32)
        full[stored] = self.vectors[self.rows[stored]]
        return full
