"""Counts of n-grams: exact, and made to be added up."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.typing import Documents, FilePath
from sklearn_embed._models.counting_ngrams import (
    Table,
    count_ngrams,
    renumbered,
    shortened,
    summed,
)
from sklearn_embed._models.kernels.ngrams import wrong_row
from sklearn_embed._models.ngram_lm import counted_tree
from sklearn_embed._models.sequences import MARKS
from sklearn_embed._text.tokenized import tokenize
from sklearn_embed._text.tokens import TextOptions
from sklearn_embed._text.vocabulary import (
    Vocabulary,
    VocabularyFilter,
    check_limits,
    checked_share,
    given_words,
    learn_vocabulary,
)

#: Raised whenever files written from now on cannot be read by earlier code.
_VERSION = 1

#: N-grams of more words are of no use, and take memory.
MOST_WORDS = 20


class NGramCounts:
    """How often words follow each other: exact, and made to be added up.

    Make one with :meth:`from_documents`.  ``a + b`` is what counting the documents of
    both at once would have given, in whatever order many are added.  So partitions of
    a corpus can be counted apart, on other machines if need be; count them with one
    `vocabulary`, since what is not a word of a partition is counted as unknown there.

    Parameters
    ----------
    words : list of str
        Row → word.
    rows : ndarray of shape (n_ngrams, order), int32
        An n-gram a row, the last word first, in ascending order: rows of words,
        ``len(words)`` for words outside of the vocabulary, ``len(words) + 1`` for
        the end of a document and, in front, its beginning, behind which the row is
        filled up with -1.
    counts : ndarray of shape (n_ngrams,), int64
        How often each occurs.

    Raises
    ------
    ValueError
        If the arrays are of another type or length, or hold no such n-grams.

    Attributes
    ----------
    order : int
        Number of words of the longest n-grams.
    word_counts : ndarray of shape (n_words,), int64
        Occurrences of each word.
    n_tokens : int
        Number of words counted, ends of documents among them.

    See Also
    --------
    NGramLanguageModel : Learns probabilities from these counts.

    Notes
    -----
    Kept are the longest n-grams alone: those of `order` words, and shorter ones from
    the beginning of a document.  All others are their endings.

    Examples
    --------
    >>> from sklearn_embed import NGramCounts
    >>> words = ["the", "cat", "dog", "sat"]
    >>> first = NGramCounts.from_documents(["the cat sat"], order=2, vocabulary=words)
    >>> second = NGramCounts.from_documents(["the dog sat"], order=2, vocabulary=words)
    >>> first + second
    NGramCounts(4 words, order 2, 6 n-grams)
    """

    def __init__(self, words: list[str], rows: np.ndarray, counts: np.ndarray) -> None:
        words = list(words)
        _check(words, rows, counts)
        self._set(words, Table(rows, counts))

    def _set(self, words, table):
        self.words = words
        self.rows: np.ndarray = readonly(table.rows, np.int32)
        self.counts: np.ndarray = readonly(table.counts, np.int64)

    @classmethod
    def _unchecked(cls, words, table):
        """Return counts of parts that were made here, or checked already."""
        counts = cls.__new__(cls)
        counts._set(words, table)
        return counts

    @classmethod
    def from_documents(
        cls,
        X: Documents,
        *,
        order: int = 5,
        min_count: int = 1,
        min_df: float = 1,
        max_df: float = 1.0,
        max_features: int | None = None,
        vocabulary: Sequence[str] | None = None,
        max_memory: int | None = None,
        n_jobs: int | None = None,
    ) -> NGramCounts:
        """Count documents.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.  Strings are cut as `TokenizedDocuments.from_documents`
            does without further arguments.  No n-gram reaches across two of them.
        order : int, default=5
            Number of words of the longest n-grams, from 1 to 20.
        min_count : int, default=1
            Words that occur less often are counted as unknown.
        min_df : int or float, default=1
            Words that occur in fewer documents are counted as unknown; an integer is
            a number of documents, a float in [0, 1] a share of them.
        max_df : int or float, default=1.0
            Words that occur in more documents are counted as unknown; likewise.
        max_features : int or None, default=None
            Count only this many words, the most frequent ones; others as unknown.
        vocabulary : list of str or None, default=None
            The words, in their order; the limits above then play no part.
        max_memory : int or None, default=None
            Bytes to work in, in addition to what the documents and the result
            take; what is too much goes into temporary files that have no name and
            cannot be left behind.  None: no bound.
        n_jobs : int or None, default=None
            Threads.  None means 1, -1 all processors.  The result does not depend on
            it.

        Returns
        -------
        NGramCounts
            Its words are the most frequent first, or as given.

        Raises
        ------
        ValueError
            If no word is left, or a parameter is out of range.
        """
        check_order(order)
        check_limits(min_count, max_features=max_features, max_memory=max_memory)
        documents = tokenize(X, TextOptions())
        if vocabulary is not None:
            words = Vocabulary([w for w in given_words(vocabulary) if w not in MARKS])
        else:
            limits = VocabularyFilter(
                min_count,
                max_features,
                set(MARKS),
                min_df=checked_share("min_df", min_df),
                max_df=checked_share("max_df", max_df),
            )
            words = learn_vocabulary([documents], limits)
        return cls._of_rows(documents, words, int(order), max_memory, n_jobs)

    @classmethod
    def _of_rows(
        cls,
        documents,
        vocabulary,
        order,
        max_memory=None,
        n_jobs=None,
    ):
        """Count documents that have been read, by words that have been chosen."""
        row_of = readonly(vocabulary.rows(documents.table))
        options = order, max_memory, n_jobs
        table = count_ngrams(documents, row_of, len(vocabulary), *options)
        return cls._unchecked(list(vocabulary.words), table)

    def _tree(self):
        """Return the counts as a CountedTree."""
        return counted_tree(Table(self.rows, self.counts), len(self.words))

    @property
    def order(self) -> int:
        """Number of words of the longest n-grams."""
        return self.rows.shape[1]

    @property
    def word_counts(self) -> np.ndarray:
        """Occurrences of each word; ndarray of shape (n_words,), int64."""
        ends = np.searchsorted(self.rows[:, 0], np.arange(len(self.words) + 1))
        sums = np.concatenate([[0], np.cumsum(self.counts)])
        return np.diff(sums[ends])

    @property
    def n_tokens(self) -> int:
        """Number of words counted, ends of documents among them."""
        return int(self.counts.sum())

    def __len__(self) -> int:
        return len(self.words)

    def __sizeof__(self) -> int:
        """Return the bytes of arrays and, roughly, of words: Dask asks."""
        arrays = self.rows, self.counts
        words = 64 * len(self)
        return object.__sizeof__(self) + words + sum(one.nbytes for one in arrays)

    def __repr__(self) -> str:
        return (
            f"NGramCounts({len(self.words):,} words, order {self.order}, "
            f"{len(self.counts):,} n-grams)"
        )

    def __add__(self, other: NGramCounts) -> NGramCounts:
        """Return the counts of both; of unequal word lists, the words in order."""
        if not isinstance(other, NGramCounts):
            return NotImplemented
        if self.order != other.order:
            raise ValueError(
                f"counts of {self.order} and of {other.order} words cannot be added: "
                "shorten one by with_order."
            )
        words, tables = self.words, []
        if words != other.words:
            words = sorted({*words, *other.words})
        index = {word: row for row, word in enumerate(words)}
        for part in (self, other):
            table = Table(part.rows, part.counts)
            if words != part.words:
                marks = [len(words), len(words) + 1]
                ids = [*map(index.__getitem__, part.words), *marks]
                table = renumbered(table, np.array(ids, np.int32))
            tables.append(table)
        return self._unchecked(list(words), summed(tables))

    def __radd__(self, other: object) -> NGramCounts:
        """Allow ``sum(parts)``, which begins with 0."""
        return self if other == 0 else NotImplemented

    def with_order(self, order: int) -> NGramCounts:
        """Return the counts of shorter n-grams.

        Parameters
        ----------
        order : int
            Number of words of the longest n-grams, at most that of these.

        Returns
        -------
        NGramCounts
            What counting with this order would have given.
        """
        check_order(order)
        if order > self.order:
            raise ValueError(
                f"order={order}, but n-grams of {self.order} words were counted: count "
                "again."
            )
        if order == self.order:
            return self
        table = shortened(Table(self.rows, self.counts), order)
        return self._unchecked(self.words, table)

    def save(self, path: FilePath) -> None:
        """Write to a file of arrays and JSON, which cannot run code.

        Parameters
        ----------
        path : str or path
            The file, written whole or not at all: if anything goes wrong, what was
            there before stays.

        See Also
        --------
        load : Read it again.
        """
        from sklearn_embed._files.arrays import save_arrays

        arrays = {"words": self.words, "rows": self.rows, "counts": self.counts}
        save_arrays(path, arrays, {"kind": "NGramCounts", "version": _VERSION})

    @classmethod
    def load(cls, path: FilePath, *, mmap: bool = False) -> NGramCounts:
        """Read what `save` wrote.

        Parameters
        ----------
        path : str or path
            The file.
        mmap : bool, default=False
            Whether to map the arrays instead of reading them: all processes then
            share one copy.

        Returns
        -------
        NGramCounts
            The same counts, bit for bit.

        Raises
        ------
        VectorFileError
            If the file is damaged, from a later version, or holds something else.
        """
        from sklearn_embed._files.counts import loaded_counts

        with loaded_counts(path, "NGramCounts", _VERSION, mmap) as (arrays, _):
            words, rows, counts = (arrays[n] for n in ("words", "rows", "counts"))
            _check(words, rows, counts)
        return cls._unchecked(words, Table(rows, counts))


def check_order(order):
    """Refuse what is no number of words."""
    is_integer = isinstance(order, Integral) and not isinstance(order, bool)
    if not is_integer or not 1 <= order <= MOST_WORDS:
        raise ValueError(
            f"order={order!r}: give a whole number from 1 to {MOST_WORDS}."
        )


def _check(words, rows, counts):
    """Refuse arrays that would lead a kernel out of bounds, or are no counts."""
    if not isinstance(words, list) or not all(isinstance(w, str) for w in words):
        raise ValueError("words: not a list of strings")
    if len(set(words)) < len(words):
        raise ValueError("words: one stands twice")
    if not set(words).isdisjoint(MARKS):
        raise ValueError(f"words: one of {', '.join(MARKS)} is among them")
    for name, array, kind, n_axes in (
        ("rows", rows, np.int32, 2),
        ("counts", counts, np.int64, 1),
    ):
        if (
            not isinstance(array, np.ndarray)
            or array.dtype != kind
            or array.ndim != n_axes
        ):
            raise ValueError(f"{name}: no array of {n_axes} axes of {np.dtype(kind)}")
    if len(rows) != len(counts):
        raise ValueError(f"{len(rows)} rows, but {len(counts)} counts")
    if not 1 <= rows.shape[1] <= MOST_WORDS:
        raise ValueError(f"rows: n-grams of {rows.shape[1]} words")
    wrong = wrong_row(readonly(rows), len(words) + 1)
    if wrong >= 0:
        raise ValueError(
            f"rows: {rows[wrong].tolist()}, row {wrong}, is no n-gram, or out of order"
        )
    # Added up as float64, which does not wrap.
    if counts.min(initial=1) < 1 or counts.sum(dtype=np.float64) >= 2.0**62:
        raise ValueError("counts: one is not positive, or they are too large")
