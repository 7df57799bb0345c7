"""Vocabulary: which words have a row, how often they occur, who is kept."""

# SPDX-License-Identifier: BSD-3-Clause

import os
from collections.abc import Iterable, Iterator, Mapping
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._text.files import lines_of
from sklearn_embed._text.hash_table import merged_tables
from sklearn_embed._text.kernels.frequencies import count_documents
from sklearn_embed._text.scanner import Scanner
from sklearn_embed._text.table import TokenTable
from sklearn_embed._text.tokens import stop_word_set
from sklearn_embed._text.word_index import LEFT_OUT, WordIndex

_COUNTED_AT_ONCE = 1 << 18


class Vocabulary:
    """Words by row, with their counts.

    Parameters
    ----------
    words : list of str
        Row → word.
    counts : ndarray of shape (n_words,), int64
        Occurrences in the documents it was made of.
    index : dict or None
        Word → row, if it is there already.
    lookup : WordIndex, WordLookup or None
        What finds the rows of tokens, if it is there already.
    sources : sequence of (TokenTable, ndarray)
        Tables that it was made of, and int32 (n_tokens,), the rows of their tokens.
    """

    def __init__(self, words, counts=(), index=None, lookup=None, sources=()):
        self.words = words
        self.counts = np.asarray(counts, np.int64)
        self._index, self._lookup, self._sources = index, lookup, tuple(sources)

    def __len__(self):
        return len(self.words)

    @property
    def index(self):
        """Dict from word to row."""
        if self._index is None:
            self._index = dict(zip(self.words, range(len(self)), strict=True))
        return self._index

    def counted(self, parts):
        """Return the same words with their counts in some TokenizedDocuments."""
        counts = np.zeros(len(self), np.int64)
        for documents in parts:
            counts += counts_of_rows(documents, self.rows(documents.table), len(self))
        return Vocabulary(self.words, counts, self._index, self._lookup)

    def rows(self, table):
        """Return int32 (n_tokens,): the row of each token of a table, or -1."""
        for source, rows in self._sources:
            if source is table:
                return rows
        if self._lookup is None:
            self._lookup = WordIndex(self.words)
        return self._lookup.rows(table)


class VocabularyFilter(NamedTuple):
    """Which words get a row; names and meaning are ``CountVectorizer``'s."""

    min_count: int = 1
    max_features: int | None = None
    stop_words: object = None
    vocabulary: object = None
    min_df: float = 1
    max_df: float = 1.0

    def asks_for_documents(self):
        """Tell whether it matters in how many documents a word occurs."""
        return self._has_min_df() or self._has_max_df()

    def _has_min_df(self):
        return self.min_df > (1 if isinstance(self.min_df, Integral) else 0)

    def _has_max_df(self):
        return isinstance(self.max_df, Integral) or self.max_df < 1

    def in_documents(self, frequencies, n_documents):
        """Return which words occur in as many documents as asked for.

        Parameters
        ----------
        frequencies : ndarray of shape (n_words,), int64
            In how many documents each occurs.
        n_documents : int
            How many documents there are.

        Returns
        -------
        ndarray of shape (n_words,), bool
        """
        low, high = (
            limit if isinstance(limit, Integral) else limit * n_documents
            for limit in (self.min_df, self.max_df)
        )
        if low > n_documents:
            raise ValueError(
                f"min_df={self.min_df} is more than the {n_documents} documents "
                f"(max_df={self.max_df}): lower min_df, or give a share, such as 0.01."
            )
        if high < low:
            raise ValueError(
                f"max_df={self.max_df} allows words of at most {high:g} of the "
                f"{n_documents} documents, min_df={self.min_df} only those of at "
                f"least {low:g}: no word is both. Raise max_df or lower min_df."
            )
        return (low <= frequencies) & (frequencies <= high)

    def select(self, table, counts, by_word=False):
        """Return the ids of the tokens that meet all limits, in row order.

        The most frequent words come first, equally frequent ones in the order of
        their characters; with ``by_word`` the latter order is the only one.

        Parameters
        ----------
        table : TokenTable
            Distinct tokens.
        counts : ndarray of shape (n_tokens,), int64
            How often each occurs.
        by_word : bool, default=False
            See above.
        """
        picks = np.flatnonzero(counts >= max(self.min_count, 1))
        left_out, given = stop_word_set(self.stop_words), self.vocabulary
        if left_out or given is not None:
            words = [] if given is None else given_words(given)
            rows = WordIndex(words, left_out).rows(table)[picks]
            picks = picks[rows != LEFT_OUT if given is None else rows >= 0]
        picks = table.in_order(picks)
        if by_word and (self.max_features is None or self.max_features >= len(picks)):
            return picks
        ranks = np.argsort(-counts[picks], kind="stable")[: self.max_features]
        return picks[np.sort(ranks) if by_word else ranks]

    def nothing_left(self):
        """Return the error that names the limits which left no word."""
        active = {
            "min_count": self.min_count > 1,
            "min_df": self._has_min_df(),
            "max_df": self._has_max_df(),
            "stop_words": bool(self.stop_words),
            "vocabulary": self.vocabulary is not None,
        }
        names = [name for name, is_active in active.items() if is_active]
        if not names:
            return ValueError(
                "Empty vocabulary: the documents contain no tokens. Check "
                "token_pattern and tokenizer, or give documents with words."
            )
        return ValueError(
            f"Empty vocabulary: {' and '.join(names)} left no word. Relax "
            f"{'it' if len(names) == 1 else 'them'}, or give more documents."
        )


def check_limits(min_count, **others):
    """Refuse what is no whole number, or too small a one; of others, None is none."""
    limits = [(name, value, 1) for name, value in others.items() if value is not None]
    for name, value, least in [("min_count", min_count, 0), *limits]:
        is_whole = isinstance(value, Integral) and not isinstance(value, bool)
        if not is_whole or value < least:
            raise ValueError(
                f"{name}={value!r:.60}: give a whole number of at least {least}."
            )


def checked_share(name, value):
    """Return `min_df` or `max_df`, if it is one."""
    if isinstance(value, Integral) and value >= 1:
        return value
    if isinstance(value, Real) and not isinstance(value, Integral) and 0 <= value <= 1:
        return value
    raise ValueError(
        f"{name}={value!r} must be a number of documents, an integer of at least 1, "
        "or a share of them, a float in [0, 1]."
    )


def learn_vocabulary(parts, limits, by_word=False):
    """Learn a vocabulary from one or several TokenizedDocuments, within limits."""
    tables = list({id(part.table): part.table for part in parts}.values())
    table, ids = tables[0], [None]
    if len(tables) > 1:
        table, ids = merged_tables(tables, Scanner.hash_mask)
    counts = np.zeros(len(table), np.int64)
    for part in parts:
        where = ids[[part.table is one for one in tables].index(True)]
        # Each token of a part's table is another one of the merged table.
        counts[slice(None) if where is None else where] += token_counts(part)
    within = counts
    if limits.asks_for_documents():
        frequencies = _document_frequencies(parts, tables, ids, len(table))
        n_documents = sum(map(len, parts))
        within = np.where(limits.in_documents(frequencies, n_documents), counts, 0)
    picks = limits.select(table, within, by_word)
    if not len(picks):
        raise limits.nothing_left()
    rows = np.full(len(table), -1, np.int32)
    rows[picks] = np.arange(len(picks))
    sources = [
        (one, rows if where is None else rows[where])
        for one, where in zip(tables, ids, strict=True)
    ]
    return Vocabulary(table.take(picks), counts[picks], sources=sources)


def _document_frequencies(parts, tables, ids, n_tokens):
    """Return int64 (n_tokens,): how many documents of all parts have each token.

    Parameters
    ----------
    parts : list of TokenizedDocuments
        The documents.
    tables : list of TokenTable
        Their tables, each once.
    ids : list of (ndarray or None)
        The numbers of a table's tokens among all; None: the same.
    n_tokens : int
        How many different tokens there are.
    """
    total = np.zeros(n_tokens, np.int64)
    for part in parts:
        where = ids[[part.table is one for one in tables].index(True)]
        total[slice(None) if where is None else where] += document_frequencies(part)
    return total


def document_frequencies(documents):
    """Return int64 (n_tokens,): how many documents have each token of the table."""
    frequencies = np.zeros(len(documents.table), np.int64)
    last_seen, first = np.full(len(frequencies), -1, np.int64), 0
    for block in documents.blocks():
        ids = readonly(block.flat_ids())
        count_documents(ids, readonly(block.offsets), first, last_seen, frequencies)
        first += len(block)
    return frequencies


def counted_table(counts):
    """Return a dict word → occurrences as a TokenTable and an array."""
    numbers = np.fromiter(counts.values(), np.int64, len(counts))
    return TokenTable.from_tokens(counts), numbers


def token_counts(documents):
    """Return int64 (n_tokens,): how often each token of the table occurs."""
    counts = np.zeros(len(documents.table), np.int64)
    step = max(_COUNTED_AT_ONCE, len(counts))  # bincount makes int64 of them
    for block in documents.blocks():
        ids = block.flat_ids()
        for first in range(0, len(ids), step):
            counts += np.bincount(ids[first : first + step], minlength=len(counts))
    return counts


def counts_of_rows(documents, row_of, n_rows):
    """Return int64 (n_rows,): how often tokens of each row occur in some documents.

    Parameters
    ----------
    documents : TokenizedDocuments
        The documents.
    row_of : ndarray of shape (n_tokens,), int32
        Row of each token of their table, below 0 where it has none.
    n_rows : int
        How many rows there are.
    """
    known = row_of >= 0
    # Sums of integers below 2**53 are exact.
    weights = token_counts(documents)[known]
    return np.bincount(row_of[known], weights, minlength=n_rows).astype(np.int64)


def given_words(vocabulary):
    """Return the words of a given vocabulary, in its order, checked."""
    if isinstance(vocabulary, str):
        raise ValueError(
            "vocabulary is a single string: give a list of words, or "
            "pathlib.Path(vocabulary) if it is the name of a file."
        )
    if isinstance(vocabulary, os.PathLike):
        vocabulary = [word for word in lines_of(vocabulary) if word]
    if not isinstance(vocabulary, Iterable):
        raise TypeError(
            f"vocabulary is of type {type(vocabulary).__name__}: give a list of words."
        )
    is_iterator = isinstance(vocabulary, Iterator)
    if isinstance(vocabulary, Mapping):
        places = sorted((place, word) for word, place in vocabulary.items())
        if [place for place, _ in places] != list(range(len(places))):
            raise ValueError(
                "vocabulary maps words to rows that are not 0, 1, …, "
                f"{len(places) - 1}, each once: renumber them, or give a list."
            )
        words = [word for _, word in places]
    else:
        words = sorted(vocabulary) if isinstance(vocabulary, set) else list(vocabulary)
    if not words:
        used = "an iterator that is used up" if is_iterator else "empty"
        raise ValueError(f"vocabulary is {used}: give at least one word.")
    if set(map(type, words)) == {str} and len(set(words)) == len(words):
        return words
    seen = set()
    for word in words:
        if not isinstance(word, str):
            raise TypeError(
                f"vocabulary holds {word!r} of type {type(word).__name__}: "
                "every word must be a string."
            )
        if word in seen:
            raise ValueError(f"vocabulary holds {word!r} twice: remove one of them.")
        seen.add(word)
    return words


def counts_by_word(parts):
    """Return a dict word → occurrences, of all words that occur."""
    total = {}
    for documents in parts:
        counts = token_counts(documents)
        present = np.flatnonzero(counts)
        words = documents.table.take(present)
        for word, count in zip(words, counts[present].tolist(), strict=True):
            total[word] = total.get(word, 0) + count
    return total
