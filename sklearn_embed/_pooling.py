"""From ids and vectors to one row a document."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from joblib import effective_n_jobs


def pool_documents(documents, row_of, vectors, weights=None, kind="mean", n_jobs=None):
    """Return the mean, or another summary, of the vectors of each document's words.

    Parameters
    ----------
    documents : TokenizedDocuments
        The documents.
    row_of : ndarray of shape (n_tokens,), int32
        Row of each token of the documents' table; -1: unknown.
    vectors : ndarray of shape (n_words, n_dimensions), float32
        The words' vectors.
    weights : ndarray of shape (n_words,), float32, or None
        Weight of each word; None: 1.
    kind : {"mean", "sum", "max", "min"}
        The summary.
    n_jobs : int or None
        Threads; rows are independent.

    Returns
    -------
    ndarray of shape (n_documents, n_dimensions), float32
        Zeros where no word is known.
    """
    try:
        from sklearn_embed._kernels.pooling import pool
    except ImportError:
        import scipy.sparse as sp

        rows = row_of[documents.flat_ids()]
        offsets = np.concatenate([[0], np.cumsum(rows >= 0)])[documents.offsets]
        rows = rows[rows >= 0]
        w = np.ones(len(rows)) if weights is None else weights[rows].astype(float)
        m = sp.csr_array((w, rows, offsets), shape=(len(documents), len(vectors)))
        total = m.sum(axis=1)
        total[total == 0] = 1
        return ((m @ vectors.astype(float)) / total[:, None]).astype(np.float32)

    out = np.empty((len(documents), vectors.shape[1]), np.float32)
    pool(
        kind,
        documents.ids,
        documents.starts,
        documents.offsets,
        row_of,
        weights,
        vectors,
        out,
        n_jobs=effective_n_jobs(n_jobs),
    )
    return out


def document_frequencies(documents, row_of, n_words):
    """Return int64 (n_words,): how many documents hold each word."""
    frequencies = np.zeros(n_words, np.int64)
    for block in documents.blocks():
        rows = row_of[block.flat_ids()]
        numbers = np.repeat(np.arange(len(block)), block.lengths)[rows >= 0]
        pairs = np.unique(numbers * n_words + rows[rows >= 0])
        frequencies += np.bincount(pairs % n_words, minlength=n_words)
    return frequencies
