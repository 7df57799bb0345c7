"""Columns of words, document after document, as what `OneHotTokens` returns.

``columns`` is int32 (n_tokens,), the column of each token that has one; ``offsets`` is
int64 (n_documents + 1,), where each document begins in it.
"""

# SPDX-License-Identifier: BSD-3-Clause

from itertools import pairwise

import numpy as np
import scipy.sparse as sp
import sklearn

PADDING_ID, UNKNOWN_ID, FIRST_ID = 0, 1, 2


def bags(columns, offsets, width, dtype, binary):
    """Return counts or indicators as a sparse matrix."""
    data = np.ones(len(columns), dtype)
    counts = sp.csr_array(
        (data, columns, offsets), shape=(len(offsets) - 1, width), dtype=dtype
    )
    # Sorted twice by counting, which takes less than sorting every row.
    counts = counts.tocsc().tocsr()
    counts.sum_duplicates()
    if binary:
        counts.data[:] = 1
    return _as_configured(counts)


def sequences(columns, offsets, n_words, length, padding, truncating):
    """Return ids, padded and cut to a length; column `n_words` is the unknown word.

    Parameters
    ----------
    columns, offsets : ndarray
        See above.
    n_words, length : int
        Words of the vocabulary; columns of the result.
    padding, truncating : {"pre", "post"}
        On which side.

    Returns
    -------
    ndarray of shape (n_documents, length), int32
    """
    lengths = np.diff(offsets)
    taken = np.minimum(lengths, length)
    first = offsets[:-1]
    if truncating == "pre":
        first = first + lengths - taken
    place = np.zeros_like(taken) if padding == "post" else length - taken
    rows = np.repeat(np.arange(len(taken)), taken)
    step = np.arange(len(rows)) - np.repeat(np.cumsum(taken) - taken, taken)
    ids = columns[np.repeat(first, taken) + step]
    ids = np.where(ids == n_words, UNKNOWN_ID, ids + FIRST_ID)
    out = np.full((len(taken), length), PADDING_ID, np.int32)
    out[rows, np.repeat(place, taken) + step] = ids
    return out


def unit_vectors(ids, width, dtype):
    """Return a block of unit vectors for each position of some sequences."""
    n_documents, length = ids.shape
    rows, places = np.nonzero(ids != PADDING_ID)
    ids = ids[rows, places]
    column = np.where(ids == UNKNOWN_ID, width - 1, ids - FIRST_ID)
    offsets = np.searchsorted(rows, np.arange(n_documents + 1))
    data = np.ones(len(rows), dtype)
    columns = places * width + column
    shape = n_documents, length * width
    return _as_configured(sp.csr_array((data, columns, offsets), shape=shape))


def words_of_ids(words, ids):
    """Return the words of each row of ids; the last word is the unknown one."""
    columns = np.where(ids == UNKNOWN_ID, len(words) - 1, ids - FIRST_ID)
    return [words[row[of != PADDING_ID]] for row, of in zip(columns, ids, strict=True)]


def words_of_columns(words, X):
    """Return the words of each row of blocks of columns, in their order."""
    X = sp.csr_array(X, copy=True)
    X.eliminate_zeros()
    X.sort_indices()
    found = words[X.indices % len(words)]
    return [found[start:stop] for start, stop in pairwise(X.indptr)]


def _as_configured(matrix):
    """Return a sparse matrix of the kind that scikit-learn is configured for.

    Its indices are int32 where they fit, which compiled learners insist on.
    """
    if max(matrix.nnz, *matrix.shape) <= np.iinfo(np.int32).max:
        matrix.indices = matrix.indices.astype(np.int32, copy=False)
        matrix.indptr = matrix.indptr.astype(np.int32, copy=False)
    if sklearn.get_config().get("sparse_interface", "spmatrix") == "sparray":
        return matrix
    return sp.csr_matrix(matrix)
