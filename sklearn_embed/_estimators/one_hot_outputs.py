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
    shape = len(offsets) - 1, width
    counts = sp.csr_array((data, *_indices(columns, offsets, width)), shape, dtype)
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
    shape = n_documents, length * width
    where = _indices(places * width + column, offsets, shape[1])
    return _as_configured(sp.csr_array((data, *where), shape))


def words_of_ids(words, ids, length):
    """Return the words of each row of ids; the last word is the unknown one."""
    ids = _numbers(ids, length)
    most = len(words) - 1 + FIRST_ID
    wrong = (ids < 0) | (ids >= most) | (ids != np.floor(ids))
    if wrong.any():
        raise ValueError(
            f"X holds {ids[wrong][0]}, which is no id: they are whole numbers from 0 "
            f"(padding) and 1 (unknown) to {most - 1}."
        )
    ids = ids.astype(np.int64)
    columns = np.where(ids == UNKNOWN_ID, len(words) - 1, ids - FIRST_ID)
    return [words[row[of != PADDING_ID]] for row, of in zip(columns, ids, strict=True)]


def words_of_columns(words, X, n_columns):
    """Return the words of each row of blocks of columns, in their order."""
    if not sp.issparse(X):
        X = _numbers(X, n_columns)
    X = sp.csr_array(X, copy=True)
    if X.ndim != 2 or X.shape[1] != n_columns:
        raise _of_width(X.shape, n_columns)
    X.check_format(full_check=True)  # what scipy itself takes on trust
    if X.dtype.kind == "f" and not np.isfinite(X.data).all():
        raise ValueError("X holds NaN or infinity, which are no counts.")
    X.eliminate_zeros()
    X.sort_indices()
    found = words[X.indices % len(words)]
    return [found[start:stop] for start, stop in pairwise(X.indptr)]


def _numbers(X, n_columns):
    """Return a table as an array of finite numbers, if it is one of so many columns."""
    X = np.asarray(X)
    if X.ndim != 2 or X.shape[1] != n_columns:
        raise _of_width(X.shape, n_columns)
    if X.dtype.kind == "O":
        X = X.astype(np.float64)
    if X.dtype.kind not in "biuf":
        raise ValueError(f"X is of type {X.dtype}: numbers are expected.")
    if X.dtype.kind == "f" and not np.isfinite(X).all():
        raise ValueError("X holds NaN or infinity, which are no counts and no ids.")
    return X


def _of_width(shape, n_columns):
    """Return the error that says how many columns there must be."""
    return ValueError(
        f"X has the shape {tuple(shape)}: expected rows of {n_columns} columns, as "
        "transform returns them."
    )


def _indices(columns, offsets, width):
    """Return indices and offsets of a sparse matrix, checked, of 32 bits if they fit.

    scikit-learn's linear models take no others, and scipy writes where they say.
    """
    if len(columns) and not 0 <= columns.min() <= columns.max() < width:
        raise ValueError(
            f"A word has the column {columns.max()}, but there are {width}: fitted "
            "attributes were changed. Fit again."
        )
    fits = max(width, int(offsets[-1])) <= np.iinfo(np.int32).max
    kind = np.int32 if fits else np.int64
    return columns.astype(kind, copy=False), offsets.astype(kind, copy=False)


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
