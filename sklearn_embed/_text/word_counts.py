"""WordCounts: how often words occur, exact, and made to be added up."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.typing import Documents, FilePath, StopWords
from sklearn_embed._files.arrays import save_arrays
from sklearn_embed._files.counts import loaded_counts
from sklearn_embed._text.checks import check_array
from sklearn_embed._text.hash_table import merged_tables
from sklearn_embed._text.scanner import Scanner
from sklearn_embed._text.table import TokenTable
from sklearn_embed._text.tokenized import tokenize
from sklearn_embed._text.tokens import TextOptions
from sklearn_embed._text.vocabulary import (
    VocabularyFilter,
    check_limits,
    checked_share,
    document_frequencies,
    given_words,
    token_counts,
)
from sklearn_embed._text.word_index import WordIndex

#: Raised whenever files written from now on cannot be read by earlier code.
_VERSION = 1
_KIND = "WordCounts"
_NAMES = ("table", "table_offsets", "counts", "document_counts")


class WordCounts:
    """How often words occur, and in how many documents.

    Make them with :meth:`from_documents`.  ``a + b`` is what counting the documents
    of both at once would have given, in whatever order many are added, so that
    partitions of a corpus can be counted apart, on other machines if need be.  What
    :meth:`select` returns is the `vocabulary` that a fit on the whole corpus would
    have learned.

    Parameters
    ----------
    table : TokenTable
        The words, in the order of their characters, each once.
    counts : ndarray of shape (n_words,), int64
        Occurrences of each word, at least 1.
    document_counts : ndarray of shape (n_words,), int64
        In how many documents each occurs.
    n_documents : int
        How many documents were counted.

    Raises
    ------
    ValueError
        If the parts do not belong together.

    Attributes
    ----------
    words : list of str
        The words, in the order of their characters.
    n_tokens : int
        Occurrences of all words.

    See Also
    --------
    CooccurrenceCounts : How often words stand near each other; they add up as well.

    Examples
    --------
    >>> from sklearn_embed import WordCounts
    >>> first = WordCounts.from_documents(["the cat sat"])
    >>> second = WordCounts.from_documents(["the dog and the cat"])
    >>> total = first + second
    >>> total
    WordCounts(5 words, 8 tokens, 2 documents)
    >>> total.select(max_features=2)
    ['the', 'cat']
    """

    def __init__(
        self,
        table: TokenTable,
        counts: np.ndarray,
        document_counts: np.ndarray,
        n_documents: int,
    ) -> None:
        _check(table, counts, document_counts, n_documents)
        self._set(table, counts, document_counts, n_documents)

    def _set(self, table, counts, document_counts, n_documents):
        self.table: TokenTable = table
        self.counts: np.ndarray = readonly(counts, np.int64)
        self.document_counts: np.ndarray = readonly(document_counts, np.int64)
        self.n_documents: int = int(n_documents)

    @classmethod
    def _sorted(cls, table, counts, document_counts, n_documents):
        """Return the counts of those words of a table that occur, in order."""
        ids = table.in_order(np.flatnonzero(counts))
        made = cls.__new__(cls)
        made._set(table.part(ids), counts[ids], document_counts[ids], n_documents)
        return made

    @classmethod
    def from_documents(cls, X: Documents) -> WordCounts:
        """Count documents.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.  Strings are cut as `TokenizedDocuments.from_documents`
            does without further arguments.

        Returns
        -------
        WordCounts
            The counts of all words.
        """
        return cls._sorted(*counted(tokenize(X, TextOptions())))

    @property
    def words(self) -> list[str]:
        """The words, in the order of their characters."""
        return self.table.tolist()

    @property
    def n_tokens(self) -> int:
        """Occurrences of all words."""
        return int(self.counts.sum())

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self) -> str:
        return (
            f"WordCounts({len(self):,} words, {self.n_tokens:,} tokens, "
            f"{self.n_documents:,} documents)"
        )

    def __sizeof__(self) -> int:
        arrays = self.counts.nbytes + self.document_counts.nbytes
        return object.__sizeof__(self) + arrays + self.table.__sizeof__()

    def __add__(self, other: WordCounts) -> WordCounts:
        """Return the counts of the documents of both."""
        if not isinstance(other, WordCounts):
            return NotImplemented
        return self._sorted(*added([self, other]))

    def __radd__(self, other: object) -> WordCounts:
        """Allow ``sum(parts)``, which begins with 0."""
        return self if isinstance(other, int) and other == 0 else NotImplemented

    def among(self, words: Sequence[str]) -> WordCounts:
        """Return the counts of some words alone.

        Parameters
        ----------
        words : sequence of str
            Each once.  Those that do not occur are left out.

        Returns
        -------
        WordCounts
            Of the same documents.
        """
        rows = WordIndex(given_words(words)).rows(self.table)
        counts = np.where(rows >= 0, self.counts, 0)
        return self._sorted(self.table, counts, self.document_counts, self.n_documents)

    def select(
        self,
        *,
        min_count: int = 1,
        min_df: float = 1,
        max_df: float = 1.0,
        max_features: int | None = None,
        stop_words: StopWords = None,
    ) -> list[str]:
        """Return the words that meet all limits, most frequent first.

        Equally frequent words come in the order of their characters: these are the
        words of an estimator fitted on the same documents with the same limits, in
        the order of its rows.

        Parameters
        ----------
        min_count : int, default=1
            Words that occur less often are left out.
        min_df : int or float, default=1
            Words that occur in fewer documents are left out; an integer is a number
            of documents, a float in [0, 1] a share of them.
        max_df : int or float, default=1.0
            Words that occur in more documents are left out; likewise.
        max_features : int or None, default=None
            Keep only this many words, the most frequent ones.  None: no limit.
        stop_words : "english", collection of str or None, default=None
            Words to leave out.

        Returns
        -------
        list of str
            To be given to any estimator as its `vocabulary`.

        Raises
        ------
        ValueError
            If no word is left, or limits exclude each other; they are named.
        """
        check_limits(min_count, max_features=max_features)
        limits = VocabularyFilter(
            min_count,
            max_features,
            stop_words,
            min_df=checked_share("min_df", min_df),
            max_df=checked_share("max_df", max_df),
        )
        counts = self.counts
        if limits.asks_for_documents():
            within = limits.in_documents(self.document_counts, self.n_documents)
            counts = np.where(within, counts, 0)
        picks = limits.select(self.table, counts)
        if not len(picks):
            raise limits.nothing_left()
        return self.table.take(picks)

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
        table = self.table
        arrays = table.blob, table.offsets, self.counts, self.document_counts
        meta = {"kind": _KIND, "version": _VERSION, "n_documents": self.n_documents}
        save_arrays(path, dict(zip(_NAMES, arrays, strict=True)), meta)

    @classmethod
    def load(cls, path: FilePath, *, mmap: bool = False) -> WordCounts:
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
        WordCounts
            The same counts.

        Raises
        ------
        VectorFileError
            If the file is damaged, from a later version, or holds something else.
        """
        with loaded_counts(path, _KIND, _VERSION, mmap) as (arrays, meta):
            blob, offsets, counts, document_counts = (arrays[name] for name in _NAMES)
            table = TokenTable(blob, offsets)
            return cls(table, counts, document_counts, meta["n_documents"])


class WordTable(NamedTuple):
    """Counts in any order; the fields of WordCounts."""

    table: TokenTable
    counts: np.ndarray
    document_counts: np.ndarray
    n_documents: int


def counted(documents):
    """Return the WordTable of some TokenizedDocuments."""
    counts, frequencies = token_counts(documents), document_frequencies(documents)
    return WordTable(documents.table, counts, frequencies, len(documents))


def added(parts):
    """Return the sum of WordTables or WordCounts: at once, no entry is moved twice."""
    table, ids = merged_tables([part.table for part in parts], Scanner.hash_mask)
    counts = np.zeros(len(table), np.int64)
    frequencies = np.zeros(len(table), np.int64)
    for part, where in zip(parts, ids, strict=True):
        # Each word of a part is another one of the merged table.
        counts[where] += part.counts
        frequencies[where] += part.document_counts
    return WordTable(table, counts, frequencies, sum(p.n_documents for p in parts))


def _check(table, counts, document_counts, n_documents):
    """Refuse parts that do not belong together."""
    if not isinstance(table, TokenTable):
        raise TypeError(f"table must be a TokenTable, not {type(table).__name__}.")
    if type(n_documents) is not int or not 0 <= n_documents < 2**62:
        raise ValueError(f"n_documents is {n_documents!r:.40}: give a whole number.")
    for name, array in (("counts", counts), ("document_counts", document_counts)):
        check_array(name, array, np.int64)
        if len(array) != len(table):
            raise ValueError(
                f"{name} has {len(array)} elements for {len(table)} words."
            )
    if len(table) == 0:
        return
    if document_counts.min() < 1 or (document_counts > counts).any():
        raise ValueError("every word occurs in at least one document, once in each.")
    if document_counts.max() > n_documents:
        raise ValueError(f"a word occurs in more than the {n_documents} documents.")
    if counts.max() > 2**62 // len(table):
        raise ValueError("the counts are too large to be added up.")
    in_order = table.in_order(np.arange(len(table)))
    words_differ = len(merged_tables([table], Scanner.hash_mask)[0]) == len(table)
    if not words_differ or (np.diff(in_order) != 1).any():
        raise ValueError("the words are not in the order of their characters.")
