"""Vocabulary: which words have a row, how often they occur, who is kept."""

# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from sklearn_embed._text.hash_table import merged_tables
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
    """Which words get a row."""

    min_count: int = 1
    max_features: int | None = None
    stop_words: object = None
    vocabulary: object = None

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
    picks = limits.select(table, counts, by_word)
    if not len(picks):
        raise limits.nothing_left()
    rows = np.full(len(table), -1, np.int32)
    rows[picks] = np.arange(len(picks))
    sources = [
        (one, rows if where is None else rows[where])
        for one, where in zip(tables, ids, strict=True)
    ]
    return Vocabulary(table.take(picks), counts[picks], sources=sources)


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
        raise ValueError("vocabulary is a single string: give a list of words.")
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
        raise ValueError("vocabulary is empty: give at least one word.")
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
