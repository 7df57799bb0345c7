"""What a word counts in its document, and what all documents have in common."""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh

from sklearn_embed._text.vocabulary import counts_of_rows
from sklearn_embed._vectors.pooling import document_frequencies
from sklearn_embed._vectors.supervised import LEAST, mutual_info_weights

#: Rows looked at together, for the sake of memory.
ROWS = 1024

#: The a of SIF is that of its paper in a text of two million tokens and more.  In a
#: smaller one, a word that occurs so often weighs one half.
LEAST_SMOOTHING, HALF_WEIGHT = 1e-3, 2000


class Weights(NamedTuple):
    """Weights of words, and that of a word that was never counted."""

    known: np.ndarray | None  # (n_words,) float32; None: all 1
    unknown: float
    smoothing: float | None = None  # the a of "sif"


def learn_weights(kind, parts, source, smoothing, labels=None):
    """Return the Weights of a source's words.

    Parameters
    ----------
    kind : {"idf", "sif", "usif", "mutual_info"}, callable or None
        Which ones.
    parts : list of tuple
        Documents, and int32 (n_tokens,), the row of each of their tokens, below 0
        where there is none.  Words are counted there, unless the source knows counts.
    source : WordVectors
        Words, and perhaps counts.
    smoothing : float or "auto"
        The a of "sif".
    labels : csr_array of shape (n_documents, n_classes) or None, default=None
        Of the first part, for "mutual_info".
    """
    if kind is None:
        return Weights(None, 1.0)
    if callable(kind):
        return Weights(asked(kind, source.words), 1.0)
    if kind == "mutual_info":
        weights = mutual_info_weights(*parts[0], len(source), labels)
        return Weights(weights, LEAST)
    if kind == "idf":
        frequencies = sum(document_frequencies(*part, len(source)) for part in parts)
        n = sum(len(documents) for documents, _ in parts)
        return Weights(idf(frequencies, n), float(idf(np.zeros(1), n)[0]))
    counts = source.counts
    if counts is None:
        counts = sum(counts_of_rows(*part, len(source)) for part in parts)
    if kind == "sif":
        if smoothing == "auto":
            smoothing = sif_smoothing(int(np.sum(counts)))
        return Weights(sif(counts, smoothing), 1.0, float(smoothing))
    n_tokens = sum(documents.n_tokens for documents, _ in parts)
    length = max(1.0, n_tokens / sum(len(documents) for documents, _ in parts))
    return Weights(usif(counts, length), 2.0)


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


def sif_smoothing(n_tokens):
    """Return the a of SIF for frequencies that were counted in so many tokens."""
    return max(LEAST_SMOOTHING, HALF_WEIGHT / max(n_tokens, 1))


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
    """Return float32 (n,): what makes vectors unit vectors; 0 for those of zeros.

    Vectors shorter than 3e-39, made of subnormal numbers, count as zeros: float32 has
    no factor that is large enough.
    """
    shortest = 1 / np.finfo(np.float32).max
    factors = np.zeros(len(vectors), np.float32)
    for first in range(0, len(vectors), 8 * ROWS):
        part = vectors[first : first + 8 * ROWS].astype(float)
        lengths = np.sqrt(np.einsum("ij,ij->i", part, part))
        some = lengths > shortest
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
