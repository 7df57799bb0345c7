"""From ids and vectors to one row a document."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._kernels.pooling import pool
from sklearn_embed._text.documents import document_chunks
from sklearn_embed._text.growing import Growing
from sklearn_embed._text.tokenized import TokenizedDocuments, tokenize


def pool_any(
    X, options, rows_of, vectors, *, lookup=None, weights=None, kind="mean", n_jobs=1
):
    """Return pooled rows of raw or tokenised documents, in constant extra memory.

    Parameters
    ----------
    X : iterable of documents, or TokenizedDocuments
        The documents.
    options : TextOptions
        How strings become tokens.
    rows_of : callable
        Gives int32 (n_tokens,), the row of each token of a TokenTable, or -1.
    vectors : ndarray of shape (n_words, n_dimensions), float32
        The words' vectors.
    lookup : object or None
        From `make_lookup`: strings to rows without a table in between.
    weights, kind, n_jobs : object
        As in `pool_documents`.

    Returns
    -------
    ndarray of shape (n_documents, n_dimensions), float32
        Zeros where no word is known.
    """

    def pooled(documents):
        row_of = rows_of(documents.table)
        return pool_documents(documents, row_of, vectors, weights, kind, n_jobs)

    if isinstance(X, TokenizedDocuments):
        return pooled(X)
    out = Growing(np.float32)
    for found, texts in document_chunks(X):
        if found == "text" and lookup is not None:
            rows = _looked_up(lookup, texts, vectors, weights, kind, n_jobs)
        else:
            rows = pooled(tokenize(texts, options, n_jobs=n_jobs))
        out.append(rows.ravel())
    return out.result().reshape(-1, vectors.shape[1])


def _looked_up(lookup, texts, vectors, weights, kind, n_jobs):
    """Pool strings batch by batch, each in the thread that looked it up."""
    out = np.empty((len(texts), vectors.shape[1]), np.float32)

    def pool_batch(first, rows, lengths):
        offsets = np.zeros(len(lengths) + 1, np.int64)
        np.cumsum(lengths, out=offsets[1:])
        part = out[first : first + len(lengths)]
        pool(kind, rows, offsets[:-1], offsets, None, weights, vectors, part)

    lookup.map(pool_batch, texts, n_jobs)
    return out


def pool_documents(documents, row_of, vectors, weights=None, kind="mean", n_jobs=1):
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
    n_jobs : int
        Threads; rows are independent.

    Returns
    -------
    ndarray of shape (n_documents, n_dimensions), float32
        Zeros where no word is known.
    """
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
        n_jobs=n_jobs,
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
