"""Pretrained vectors that training starts from, and rows that it must not move."""

# SPDX-License-Identifier: BSD-3-Clause

import warnings
from collections.abc import Mapping
from functools import partial
from itertools import islice
from typing import NamedTuple

import numpy as np

from sklearn_embed._core.arrays import put_rows, readonly
from sklearn_embed._models.loop import FrozenRows
from sklearn_embed._text.char_ngrams import ngram_buckets
from sklearn_embed._text.kernels.char_ngrams import add_rows
from sklearn_embed._text.table import TokenTable
from sklearn_embed._vectors.spelling import LOOKED_THROUGH, compared
from sklearn_embed._vectors.word_vectors import WordVectors
from sklearn_embed.io._sources import as_word_vectors


class Given(NamedTuple):
    """Pretrained vectors of words of a vocabulary."""

    rows: np.ndarray  # (n,) int32, rows of the vocabulary
    vectors: np.ndarray  # (n, vector_size) float32
    places: np.ndarray  # (n,) int32, rows of the source
    new: np.ndarray  # (n,) bool, whether a word begins here
    source: WordVectors
    trainable: bool
    penalty: float

    def put(self, matrix, values=None):
        """Write the vectors of words that begin here into the rows of a matrix."""
        values = self.vectors if values is None else values
        matrix[self.rows[self.new], : values.shape[1]] = values[self.new]

    def own(self, parts, bounds, rows, matrix):
        """Return the words' own rows, beside those of their n-grams.

        Parameters
        ----------
        parts : Subwords or None
            The source's n-grams, if they are taken over.
        bounds, rows : ndarray
            Where each word's n-grams begin in `rows`; their rows in `matrix`.
        matrix : ndarray of shape (n_rows, D), float32
            Vectors of n-grams.
        """
        if parts is not None:
            return parts.own[self.places]
        sums = np.zeros_like(self.vectors)
        add_rows(readonly(bounds), readonly(rows, np.int32), readonly(matrix), sums)
        return self.vectors * (np.diff(bounds) + 1).astype(np.float32)[:, None] - sums

    def ngrams(self, min_n, max_n, bucket):
        """Return the source's n-grams if they are cut and hashed alike, or None."""
        parts = self.source.subwords
        if (
            parts is None
            or parts.own is None
            or parts.missing == "skip"
            or (parts.min_n, parts.max_n) != (min_n, max_n)
            or bucket not in (None, parts.n_buckets)
        ):
            return None
        return parts


def find(pretrained, words, vector_size, known=()):
    """Look words up in the source of pretrained vectors.

    Parameters
    ----------
    pretrained : object
        With ``vectors``, any source of word vectors, ``trainable`` and ``penalty``.
    words : list of str
        The vocabulary.
    vector_size : int
        Dimensions that the vectors must have.
    known : container of str, default=()
        Words that were trained before.

    Returns
    -------
    Given or None
        None if nothing is to be looked up.
    """
    new = np.array([word not in known for word in words], bool)
    wanted = np.arange(len(words), dtype=np.int32)
    if pretrained.trainable and not pretrained.penalty:
        wanted = wanted[new]  # what may move is not looked up again
        if not len(wanted):
            return None
    chosen = [words[row] for row in wanted]
    source = as_word_vectors(pretrained.vectors, frozenset(chosen))
    check_size(source.vector_size, vector_size)
    places = source.rows(chosen)
    found = places >= 0
    if not known and 10 * np.count_nonzero(found) < len(found):
        n_found = np.count_nonzero(found) or "None"
        unknown = [chosen[row] for row in np.flatnonzero(~found)[:50]]
        warnings.warn(
            f"{n_found} of {len(chosen)} words ({found.mean():.0%}) has a pretrained "
            f"vector. {compared(unknown, _some_words(pretrained.vectors, source))}",
            UserWarning,
            stacklevel=2,
        )
    rows, places = wanted[found], places[found]
    return Given(
        rows,
        source.vectors[places],
        places,
        new[rows] | (not pretrained.trainable),
        source,
        pretrained.trainable,
        float(pretrained.penalty),
    )


def _some_words(vectors, source):
    """Return words that have vectors, those that were not asked for included."""
    words = getattr(vectors, "words", getattr(vectors, "words_", None))
    if words is None:
        words = vectors if isinstance(vectors, Mapping) else source.words
    return list(islice(words, LOOKED_THROUGH))


def check_size(found, vector_size):
    """Refuse vectors of other dimensions than `vector_size`."""
    if found != vector_size:
        raise ValueError(
            f"vector_size={vector_size}, but the pretrained vectors have {found} "
            "dimensions: they must be equal."
        )


def frozen_rows(*pieces):
    """Return what puts rows back: each piece a matrix, rows and their values."""
    calls = [
        partial(put_rows, matrix, readonly(rows, np.int32), readonly(values))
        for matrix, rows, values in pieces
    ]

    def restore():
        for call in calls:
            call()

    return FrozenRows(restore, often=True)


def given_ngrams(parts, words, rows):
    """Return rows of n-grams, each once, and the vectors that a source has for them.

    Parameters
    ----------
    parts : Subwords
        Of the source.
    words : list of str
        Words.
    rows : ndarray of shape (n_ngrams,), int32
        Rows of the words' n-grams, in their order; -1: none.
    """
    table = TokenTable.from_tokens(words)
    _, places = ngram_buckets(table, parts.min_n, parts.max_n, parts.n_buckets)
    if parts.rows is not None:
        places = parts.rows[places]
    there = (rows >= 0) & (places >= 0)
    rows, firsts = np.unique(rows[there], return_index=True)
    return rows, parts.vectors[places[there][firsts]]


def chosen_bags(bounds, rows, chosen):
    """Return the bounds and rows of some bags, in their order."""
    sizes = np.diff(bounds)[chosen]
    ends = np.concatenate([[0], np.cumsum(sizes)])
    shifts = np.repeat(bounds[chosen] - ends[:-1], sizes)
    return ends, rows[shifts + np.arange(ends[-1])]
