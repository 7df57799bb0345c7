"""Features of documents: words, runs of words, character n-grams, each by its spelling.

Unlike the hashed n-grams of `features`, every feature has a name and a count, so that
rare ones can be left out.
"""

# SPDX-License-Identifier: BSD-3-Clause

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.threads import in_order, run_all
from sklearn_embed._models.kernels.term_features import (
    FeatureBatch,
    Pairs,
    count_ngrams,
    count_occurrences,
    count_runs,
    insert_pairs,
    list_documents,
    pool_features,
)
from sklearn_embed._text.char_ngrams import NgramNumbers
from sklearn_embed._text.tokens import stop_word_set
from sklearn_embed._text.word_ngrams import without
from sklearn_embed._vectors.pooling import slices

#: Tokens of documents whose features are listed at once.
LISTED_TOKENS = 1 << 18

#: Slots of the smallest table of pairs.
FEWEST_SLOTS = 1 << 10


@dataclass(frozen=True)
class TermFeatures:
    """Which features there are, beside the words.

    Parameters
    ----------
    n_words : int
        Words, which are the first features.
    heads, tails : ndarray of shape (n_runs,), int32
        Of each run of words: the feature that it begins with, all words but the last
        one, and the last word.
    ngrams : list of str
        Character n-grams, with the brackets of ``<word>``.
    word_ngrams : int
        Words of a run, at most; 1: there are none.
    min_n, max_n : int
        Shortest and longest character n-gram; longest 0: there are none.
    stop_words : object
        Tokens that are not there at all; as the parameter of that name.
    """

    n_words: int
    heads: np.ndarray
    tails: np.ndarray
    ngrams: list[str]
    word_ngrams: int
    min_n: int
    max_n: int
    stop_words: Any

    @classmethod
    def learn(cls, documents, vocabulary, limits, lengths):
        """Find the features of some documents.

        Parameters
        ----------
        documents : TokenizedDocuments
            The documents.
        vocabulary : Vocabulary
            The words.
        limits : VocabularyFilter
            What is left out; except for `vocabulary`, which is of words.
        lengths : tuple of three int
            `word_ngrams`, `min_n`, `max_n`.

        Returns
        -------
        TermFeatures
        """
        nothing = np.empty(0, np.int32)
        stops = limits.stop_words
        made = cls(len(vocabulary), nothing, nothing, [], *lengths, stops)
        documents = made.without_stop_words(documents)
        rows = vocabulary.rows(documents.table)
        for length in range(2, made.word_ngrams + 1):
            heads, tails = made._runs(documents, rows, length, limits)
            if not len(heads):
                break  # there are no longer ones either
            heads = np.concatenate([made.heads, heads])
            tails = np.concatenate([made.tails, tails])
            made = cls(len(vocabulary), heads, tails, [], *lengths, stops)
        if made.max_n > 0:
            ngrams = made._ngrams(documents, limits)
            made = cls(len(vocabulary), made.heads, made.tails, ngrams, *lengths, stops)
        return made

    def __len__(self):
        return self.n_words + len(self.heads) + len(self.ngrams)

    def __getstate__(self):
        # Hash tables are made anew, faster than they could be read.
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @property
    def bounds(self):
        """Where each kind of feature begins, int64, and the number of all."""
        ends = [self.n_words]
        if self.word_ngrams > 1:
            ends.append(self.n_words + len(self.heads))
        if self.max_n > 0:
            ends.append(len(self))
        return np.array([0, *ends], np.int64)

    @property
    def kinds(self):
        """What the kinds of features are called."""
        has = {"ngram": self.word_ngrams > 1, "char": self.max_n > 0}
        return ["word", *(kind for kind, is_there in has.items() if is_there)]

    def names(self, words):
        """Return the names of all features but the words, given these."""
        names = list(words)
        for head, tail in zip(self.heads.tolist(), self.tails.tolist(), strict=True):
            names.append(f"{names[head]} {words[tail]}")
        return names[self.n_words :] + self.ngrams

    def without_stop_words(self, documents):
        """Return documents without the tokens that are not there at all."""
        return without(documents, stop_word_set(self.stop_words))

    def batch(self, documents, rows):
        """Return documents as kernels take them, given the word of each token.

        Stop words must have been left out.
        """
        table = documents.table
        bounds, ngrams = np.zeros(len(table) + 1, np.int64), np.empty(0, np.int32)
        if self.max_n > 0:
            bounds, ngrams = self._numbers.rows(table, self.min_n, self.max_n)
            ngrams[ngrams >= 0] += self.n_words + len(self.heads)
        return self._batch(documents, rows, bounds, ngrams)

    def check(self):
        """Refuse parts, read from a file, that do not fit together."""
        n_words, n_runs = self.n_words, len(self.heads)
        lengths = self.word_ngrams, self.min_n, self.max_n
        if n_words < 1 or min(lengths) < 0 or self.word_ngrams < 1:
            raise ValueError(f"there are no features of {n_words} words, {lengths}")
        for name, array in ("heads", self.heads), ("tails", self.tails):
            if array.dtype != np.int32 or array.shape != (n_runs,):
                raise ValueError(f"{name} is not {n_runs} numbers")
        wrong = (self.heads < 0) | (self.heads >= n_words + np.arange(n_runs))
        if wrong.any() or (self.tails < 0).any() or (self.tails >= n_words).any():
            raise ValueError("a run is made of words that are not there")
        if len(set(self.ngrams)) < len(self.ngrams):
            raise ValueError("an n-gram is there twice")
        stop_word_set(self.stop_words)

    @cached_property
    def _numbers(self):
        return NgramNumbers(self.ngrams)

    @cached_property
    def _pairs(self):
        pairs = _new_pairs(len(self.heads))
        parts = readonly(self.heads, np.int32), readonly(self.tails, np.int32)
        insert_pairs(*parts, int(self.n_words), int(self.n_words), pairs)
        return pairs

    def _batch(self, documents, rows, bounds, ngrams):
        return FeatureBatch(
            readonly(documents.ids, np.int32),
            readonly(documents.starts, np.int64),
            readonly(documents.offsets, np.int64),
            readonly(rows, np.int32),
            readonly(bounds, np.int64),
            readonly(ngrams, np.int32),
            self._pairs,
            int(min(self.word_ngrams, 2**31)),
            int(self.n_words),
        )

    def _runs(self, documents, rows, length, limits):
        """Return heads and tails of the runs of one length."""
        bounds = np.zeros(len(documents.table) + 1, np.int64)
        batch = self._batch(documents, rows, bounds, np.empty(0, np.int32))
        keys, counts = np.empty(0, np.int64), np.empty((0, 3), np.int64)
        document, n, found = 0, 0, _new_pairs(0)
        while document < len(documents):
            room = max(2 * n, int(documents.lengths[document]) + n, FEWEST_SLOTS // 2)
            keys = np.concatenate([keys[:n], np.full(room, -1)])
            counts = np.concatenate([counts[:n], np.zeros((room, 3), np.int64)])
            found = _new_pairs(len(keys))
            heads, tails = np.divmod(keys[:n], self.n_words)
            parts = heads.astype(np.int32), tails.astype(np.int32)
            insert_pairs(*map(readonly, parts), 0, int(self.n_words), found)
            state = int(length), int(document), found, keys, counts
            document, n = count_runs(batch, *state)
        kept = _kept(counts[:n], limits, len(documents))
        heads, tails = np.divmod(keys[:n][kept], self.n_words)
        return heads.astype(np.int32), tails.astype(np.int32)

    def _ngrams(self, documents, limits):
        """Return the character n-grams."""
        numbers = NgramNumbers()
        lengths = self.min_n, self.max_n
        bounds, ngrams = numbers.rows(documents.table, *lengths, grow=True)
        rows = np.full(len(documents.table), -1, np.int32)
        batch = self._batch(documents, rows, bounds, ngrams)
        counts = np.zeros((len(numbers), 2), np.int64)
        count_ngrams(batch, np.zeros(len(counts), np.int64), counts)
        kept = _kept(counts, limits, len(documents))
        names = numbers.tolist()
        return [names[i] for i in kept.tolist()]


def feature_lists(batch, n_features, n_jobs=1):
    """Yield first and last document, offsets and indices: features that they have."""
    bounds = [0]
    while bounds[-1] < len(batch.starts):
        limit = batch.offsets[bounds[-1]] + LISTED_TOKENS
        last = int(np.searchsorted(batch.offsets, limit, "right")) - 1
        bounds.append(max(last, bounds[-1] + 1))

    def listed(ends):
        first, last = ends
        room = count_occurrences(batch, first, last)
        offsets = np.zeros(last - first + 1, np.int64)
        indices = np.empty(room, np.int32)
        list_documents(batch, first, last, int(n_features), offsets, indices)
        return first, last, offsets, indices[: offsets[-1]]

    yield from in_order(listed, pairwise(bounds), n_jobs)


def pooled(batch, table, n_jobs=1):
    """Return rows of documents: float32 (n, K * C); see `pool_features`."""
    n_columns = (len(table.bounds) - 1) * table.width
    out = np.zeros((len(batch.starts), n_columns), np.float32)
    flat = out.reshape(-1)

    def pool(ends):
        pool_features(batch, table, *ends, flat)

    run_all(pool, pairwise(slices(batch.offsets)), n_jobs)
    return out


def _new_pairs(n):
    """Return an empty table with room for so many pairs."""
    n_slots = FEWEST_SLOTS
    while n_slots < 2 * (n + 1):
        n_slots *= 2
    return Pairs(np.full(n_slots, -1, np.int64), np.zeros(n_slots, np.int32))


def _kept(counts, limits, n_documents):
    """Return the numbers of the features that meet all limits, in their order."""
    kept = counts[:, 0] >= limits.min_count
    if limits.asks_for_documents():
        kept &= limits.in_documents(counts[:, 1], n_documents)
    picks = np.flatnonzero(kept)
    ranks = np.argsort(-counts[picks, 0], kind="stable")[: limits.max_features]
    return picks[np.sort(ranks)]
