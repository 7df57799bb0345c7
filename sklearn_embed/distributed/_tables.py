"""Counts of partitions, in the forms in which workers hold and send them."""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._models.cooccurrence import CooccurrenceCounts
from sklearn_embed._models.counting import Window, collect_pairs
from sklearn_embed._models.counting_ngrams import count_ngrams, summed
from sklearn_embed._models.ngram_counts import NGramCounts
from sklearn_embed._models.packed_ngrams import pack, unpack
from sklearn_embed._models.packed_pairs import (
    PackedPairs,
    packed,
    sum_packed,
    sum_unpacked,
)
from sklearn_embed._text.encoding import Encoded, offsets_of
from sklearn_embed._text.table import TokenTable
from sklearn_embed._text.tokenized import TokenizedDocuments
from sklearn_embed._text.word_index import WordIndex
from sklearn_embed.distributed._partitions import tokenized


class Rows(NamedTuple):
    """Documents as rows of words: four bytes a token, less than their counts."""

    ids: np.ndarray  # (n_tokens,) int32: V for other words
    offsets: np.ndarray  # (n_documents + 1,) int64


class Words:
    """Words whose index each process makes for itself, once.

    Parameters
    ----------
    words : list of str
        Row → word.
    """

    def __init__(self, words):
        self._words, self._index = words, None

    def __reduce__(self):
        return Words, (self._words,)

    def __sizeof__(self):
        return object.__sizeof__(self) + 64 * len(self._words)

    def rows(self, table):
        """Return int32 (n_tokens,): the row of each token of a table, or V."""
        if self._index is None:
            self._index = WordIndex(self._words)
        rows = self._index.rows(table)
        return np.where(rows < 0, np.int32(len(self._words)), rows)


def read_rows(part, options, words):
    """Return the documents of a partition as Rows."""
    documents = tokenized(part, options)
    rows = words.rows(documents.table)
    return Rows(rows[documents.flat_ids()], documents.offsets)


class PairTable(NamedTuple):
    """Counts of pairs as they are sent."""

    word_counts: np.ndarray
    pairs: PackedPairs


class PairCounting(NamedTuple):
    """Counts pairs."""

    n_words: int
    window: Window
    max_memory: int | None

    def count(self, parts):
        """Return the PairTable of some Rows."""
        row_of = _rows_of_ids(self.n_words)
        documents = [(ids, ends[:-1], ends, row_of) for ids, ends in parts]
        pairs = collect_pairs(
            packed, documents, self.n_words, self.window, self.max_memory
        )
        counts = np.zeros(self.n_words + 1, np.int64)
        for ids, _ in parts:
            counts += np.bincount(ids, minlength=len(counts))
        return PairTable(counts[:-1], pairs)

    def add(self, tables):
        """Return the sum of some PairTables."""
        counts, pairs = zip(*tables, strict=True)
        return PairTable(sum(counts), sum_packed(pairs))

    def total(self, tables, words):
        """Return their sum as CooccurrenceCounts."""
        counts, pairs = zip(*tables, strict=True)
        scale = self.window.units(0)[1]
        pairs = sum_unpacked(pairs, scale)
        return CooccurrenceCounts._unchecked(words, sum(counts), pairs, self.window)


class NGramCounting(NamedTuple):
    """Counts n-grams."""

    n_words: int
    order: int
    max_memory: int | None

    def count(self, parts):
        """Return the PackedTable of some Rows."""
        table = count_ngrams(
            _end_to_end(parts),
            _rows_of_ids(self.n_words),
            self.n_words,
            self.order,
            self.max_memory,
        )
        return pack(table)

    def add(self, tables):
        """Return the sum of some PackedTables."""
        return pack(summed([*map(unpack, tables)]))

    def total(self, tables, words):
        """Return their sum as NGramCounts."""
        return NGramCounts._unchecked(words, summed([*map(unpack, tables)]))


def _rows_of_ids(n_words):
    """Return the row of each id of Rows; int32 (V + 1,)."""
    return np.append(np.arange(n_words), -1).astype(np.int32)


def _end_to_end(parts):
    """Return the documents of several Rows, with ids that have no names."""
    ids = np.concatenate([ids for ids, _ in parts])
    offsets = offsets_of(np.concatenate([np.diff(ends) for _, ends in parts]))
    table = TokenTable.from_tokens([])
    return TokenizedDocuments._trusted(Encoded(ids, offsets[:-1], offsets, table, None))
