"""What a word counts in its document, and what all documents have in common."""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh

from sklearn_embed._text.vocabulary import token_counts
from sklearn_embed._vectors.pooling import document_frequencies

#: Rows looked at together, for the sake of memory.
ROWS = 1024


class Weights(NamedTuple):
    """Weights of words, and that of a word that was never counted."""

    known: np.ndarray | None  # (n_words,) float32; None: all 1
    unknown: float


def learn_weights(kind, documents, row_of, source, smoothing):
    """Return the Weights of a source's words.

    Parameters
    ----------
    kind : {"idf", "sif", "usif"}, callable or None
        Which ones.
    documents : TokenizedDocuments
        Where words are counted, unless the source knows their counts.
    row_of : ndarray of shape (n_tokens,), int32
        Row of each of the documents' tokens, below 0 where there is none.
    source : WordVectors
        Words, and perhaps counts.
    smoothing : float
        The a of "sif".
    """
    if kind is None:
        return Weights(None, 1.0)
    if callable(kind):
        return Weights(asked(kind, source.words), 1.0)
    if kind == "idf":
        frequencies = document_frequencies(documents, row_of, len(source))
        n = len(documents)
        return Weights(idf(frequencies, n), float(idf(np.zeros(1), n)[0]))
    counts = source.counts
    if counts is None:
        counts = word_counts(documents, row_of, len(source))
    if kind == "sif":
        return Weights(sif(counts, smoothing), 1.0)
    length = max(1.0, documents.n_tokens / len(documents))
    return Weights(usif(counts, length), 2.0)


def word_counts(documents, row_of, n_words):
    """Return int64 (n_words,): how often each word occurs in some documents."""
    counts = token_counts(documents)
    known = row_of >= 0
    # Sums of integers below 2**53 are exact.
    found = np.bincount(row_of[known], counts[known], minlength=n_words)
    return found.astype(np.int64)


def longest(documents, row_of, known_only):
    """Return the number of words in the longest document that count, at least 1."""
    least, most = 0 if known_only else -1, 1
    for block in documents.blocks():
        counted = np.zeros(block.n_tokens + 1, np.int64)
        np.cumsum(row_of[block.flat_ids()] >= least, out=counted[1:])
        most = max(most, int(np.diff(counted[block.offsets]).max(initial=0)))
    return most


def idf(frequencies, n_documents):
    """Return the smooth inverse document frequency, float32."""
    weights = np.log((1 + n_documents) / (1 + np.asarray(frequencies, float))) + 1
    return weights.astype(np.float32)


def shares(counts):
    """Return each word's share in all that was counted, float64."""
    return np.asarray(counts, float) / max(1, int(np.sum(counts)))


def sif(counts, smoothing):
    """Return the weights of smooth inverse frequency (Arora et al. 2017), float32."""
    return (smoothing / (smoothing + shares(counts))).astype(np.float32)


def usif(counts, length):
    """Return the weights of unsupervised SIF (Ethayarajh 2018), float32.

    Parameters
    ----------
    counts : ndarray of shape (n_words,), int64
        Of these, words that occur make up the vocabulary.
    length : float
        Mean number of words in a document.
    """
    probabilities = shares(counts)
    n_words = max(1, np.count_nonzero(counts))
    threshold = 1 - (1 - 1 / n_words) ** length
    alpha = np.count_nonzero(probabilities > threshold) / n_words
    if alpha == 0:  # the limit: a is infinite
        return np.full(len(probabilities), 2, np.float32)
    a = (1 - alpha) / (alpha * n_words / 2)
    return (a / (a / 2 + probabilities)).astype(np.float32)


def asked(weigh, words):
    """Return float32 weights that a function gives to words, checked."""
    weights = np.asarray(weigh(list(words)), np.float32)
    if weights.shape != (len(words),):
        raise ValueError(
            f"weights(words) gave shape {weights.shape} for {len(words)} words: it "
            "must return one number for each."
        )
    wrong = ~(np.isfinite(weights) & (weights >= 0))
    if wrong.any():
        word = words[int(np.argmax(wrong))]
        raise ValueError(
            f"weights(words) gave {weights[np.argmax(wrong)]} to {word!r}: weights "
            "must be finite and not negative."
        )
    return weights


def unit_factors(vectors):
    """Return float32 (n,): what makes vectors unit vectors; 0 for those of zeros."""
    factors = np.zeros(len(vectors), np.float32)
    for first in range(0, len(vectors), 8 * ROWS):
        part = vectors[first : first + 8 * ROWS].astype(float)
        lengths = np.sqrt(np.einsum("ij,ij->i", part, part))
        some = lengths > 0
        factors[first : first + 8 * ROWS][some] = 1 / lengths[some]
    return factors


def mean_vector(vectors, factors):
    """Return float32 (n_dimensions,): the mean of all vectors, times their factors."""
    total = np.zeros(vectors.shape[1])
    for first in range(0, len(vectors), 8 * ROWS):
        part = vectors[first : first + 8 * ROWS].astype(float)
        if factors is not None:
            part *= factors[first : first + 8 * ROWS, None]
        total += part.sum(axis=0)
    return (total / max(1, len(vectors))).astype(np.float32)


def common_components(blocks, n_columns, n_components):
    """Return what rows have in common: their first right singular vectors.

    The rows are not centred.  They are never together in memory: the singular
    vectors are eigenvectors of their products' sum, n_columns × n_columns.

    Parameters
    ----------
    blocks : iterable of ndarray of shape (n, n_columns), float32
        The rows.
    n_columns, n_components : int
        Numbers in a row; how many vectors.

    Returns
    -------
    components : ndarray of shape (n_found, n_columns), float32
        Fewer than n_components if the rank is lower.
    squares : ndarray of shape (n_found,), float64
        Squares of the singular values, the largest first.
    """
    products = np.zeros((n_columns, n_columns))
    for block in blocks:
        for first in range(0, len(block), ROWS):
            part = block[first : first + ROWS].astype(float)
            products += part.T @ part
    squares, vectors = eigh(
        products, subset_by_index=[n_columns - n_components, n_columns - 1]
    )
    squares, components = squares[::-1], vectors.T[::-1]
    found = squares > max(squares[0], 0) * n_columns * np.finfo(float).eps
    components, squares = components[found], squares[found]
    largest = np.abs(components).argmax(axis=1)[:, None]
    components = components * np.sign(np.take_along_axis(components, largest, 1))
    return np.ascontiguousarray(components, np.float32), squares


class UnknownWords:
    """Rows for words that have no vector; what `pool_any` calls ``unknown``.

    Parameters
    ----------
    policy : {"zero", "mean", "subword", "error"}
        What stands for them.
    source : WordVectors
        Its subwords are asked.
    vector : ndarray of shape (n_dimensions,), float32, or None
        The one vector of all of them; None for "subword" and "error".
    weigh : callable or float
        Words to weights, or the one weight.
    normalize : bool
        Whether vectors made of subwords become unit vectors.
    """

    def __init__(self, policy, source, vector, weigh, normalize):
        self._policy, self._source, self._vector = policy, source, vector
        self._weigh, self._normalize = weigh, normalize

    def __call__(self, documents, row_of, first):
        """Return row_of, further vectors and their weights, for these documents."""
        ids = documents.flat_ids()
        unknown = np.unique(ids[row_of[ids] == -1])
        n_words, width = self._source.vectors.shape
        if self._policy == "error" and len(unknown):
            self._refuse(documents, row_of, first)
        if not len(unknown):
            return row_of, np.empty((0, width)), np.empty(0)
        rows = row_of.copy()
        if self._vector is not None and not callable(self._weigh):
            rows[unknown] = n_words
            return rows, self._vector[None], np.array([self._weigh])
        words = documents.table.take(unknown)
        vectors, found = self._vectors(words)
        rows[unknown] = np.where(found, n_words + np.arange(len(words)), -1)
        if callable(self._weigh):
            return rows, vectors, asked(self._weigh, words)
        return rows, vectors, np.full(len(words), self._weigh)

    def _vectors(self, words):
        """Return one vector a word, and for which words there is one."""
        if self._vector is not None:
            return np.tile(self._vector, (len(words), 1)), True
        sums, counts = self._source.subwords.sums(words)
        vectors = sums / np.maximum(counts, 1).astype(np.float32)[:, None]
        if self._normalize:
            vectors *= unit_factors(vectors)[:, None]
        return vectors, counts > 0

    def _refuse(self, documents, row_of, first):
        """Name the first unknown word and its document."""
        ids = documents.flat_ids()
        at = int(np.argmax(row_of[ids] == -1))
        number = int(np.searchsorted(documents.offsets, at, "right")) - 1
        word = documents.table.take(ids[at : at + 1])[0]
        raise ValueError(
            f"Document {first + number} holds {word!r}, which has no vector: set oov "
            "to something else than 'error', or leave the word out by stop_words."
        )
