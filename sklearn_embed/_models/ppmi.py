"""Vectors of words by factorising positive pointwise mutual information."""

# SPDX-License-Identifier: BSD-3-Clause

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.linalg import svd
from sklearn.utils.extmath import randomized_svd
from threadpoolctl import threadpool_limits

#: Words up to which all singular vectors are computed, which takes no iteration.
DENSE = 512

#: Of the randomized algorithm: more of them change neither word similarity nor rows'
#: accuracy, while an exact one, by ARPACK, takes five times as long.
POWER_ITERATIONS, OVERSAMPLES = 5, 20

#: Singular values that are smaller, beside the largest one, are rounding.
ROUNDING = 1e-5


@dataclass(frozen=True)
class PpmiSettings:
    """Parameters of a fit, as PPMIVectorizer names them."""

    vector_size: int
    window: int | str
    weighting: str
    direction: str
    shift: float
    context_exponent: float
    eigenvalue_exponent: float
    combine: str
    max_memory: int | None


class PpmiVectors(NamedTuple):
    """What a factorisation comes to; float32 but for the last."""

    vectors: np.ndarray  # (V, d), or (V, 2d)
    word: np.ndarray  # (V, d)
    context: np.ndarray  # (V, d)
    singular_values: np.ndarray  # (d,) float64, falling; 0 beyond the rank


def positive_information(counts, shift, context_exponent):
    """Return the positive pointwise mutual information of counts of pairs.

    Parameters
    ----------
    counts : sparse matrix of shape (n_words, n_words), float64
        How often the word of a column stands near that of a row.
    shift : float
        Its logarithm is subtracted.
    context_exponent : float
        Columns count to this power.

    Returns
    -------
    csr_matrix of shape (n_words, n_words), float64
        Without zeros.
    """
    found = counts.tocoo()
    rows, columns = (np.asarray(counts.sum(axis)).ravel() for axis in (1, 0))
    columns = columns**context_exponent * (columns > 0)
    expected = rows[found.row] * columns[found.col]
    ratios = found.data * columns.sum() / expected / shift
    found.data = np.maximum(0, np.log(ratios))
    found = found.tocsr()
    found.eliminate_zeros()
    return found


def factorise(matrix, settings):
    """Return the PpmiVectors of a matrix of mutual information.

    Parameters
    ----------
    matrix : csr_matrix of shape (n_words, n_words), float64
        As `positive_information` gives it.
    settings : PpmiSettings
        How vectors are made of singular vectors.
    """
    size = settings.vector_size
    left, values, right = truncated_svd(matrix, size)
    stretch = np.zeros(size)
    if values[0] > 0:
        some = values > 0
        stretch[some] = (values[some] / values[0]) ** settings.eigenvalue_exponent
    parts = left * stretch, right * stretch
    # The scale of singular vectors depends on their number; linear models see it.
    scale = np.sqrt(np.mean(_combined(settings.combine, *parts) ** 2)) or 1.0
    word, context = ((part / scale).astype(np.float32) for part in parts)
    vectors = _combined(settings.combine, word, context)
    return PpmiVectors(vectors, word, context, values)


def _combined(how, word, context):
    """Return what becomes of the two kinds of vectors; no copy of one alone."""
    if how == "word":
        return word
    if how == "context":
        return context
    return word + context if how == "sum" else np.hstack([word, context])


def truncated_svd(matrix, size):
    """Return the first singular vectors and values, always the same bits.

    Parameters
    ----------
    matrix : csr_matrix of shape (n, n), float64
        The matrix.
    size : int
        How many; what is beyond the rank is zeros.

    Returns
    -------
    left, values, right : ndarray of shape (n, size), (size,) and (n, size), float64
        The largest number of each left vector is positive.
    """
    n = matrix.shape[0]
    if not matrix.nnz:
        return np.zeros((n, size)), np.zeros(size), np.zeros((n, size))
    with threadpool_limits(1):  # sums in another order have other bits
        if n <= max(DENSE, size):
            left, values, right = svd(matrix.toarray(), full_matrices=False)
        else:
            left, values, right = randomized_svd(
                matrix.astype(np.float32),
                size,
                n_oversamples=OVERSAMPLES,
                n_iter=POWER_ITERATIONS,
                power_iteration_normalizer="QR",
                random_state=0,
            )
    kept = min(size, np.count_nonzero(values > ROUNDING * values[0]))
    signs = np.sign(left[np.abs(left[:, :kept]).argmax(axis=0), np.arange(kept)])
    padded = np.zeros((n, size)), np.zeros(size), np.zeros((n, size))
    padded[0][:, :kept] = left[:, :kept] * signs
    padded[1][:kept] = values[:kept]
    padded[2][:, :kept] = right[:kept].T * signs
    return padded
