"""Warnings where most documents have no word that counts: rows of zeros."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._estimators.convergence import warn
from sklearn_embed._text.documents import n_filled
from sklearn_embed._text.vocabulary import token_counts
from sklearn_embed._vectors.spelling import compared

#: Documents of a transform that are enough to warn where most, or all, are zeros.
ENOUGH, FEW = 20, 3

#: With vectors from elsewhere, words of a text from which on most of them are, too.
ENOUGH_WORDS = 1000


def warn_of_documents(documents, row_of, words=None):
    """Warn of a fit in which most documents have no known word.

    With vectors from elsewhere, also if most of what was read has none.

    Parameters
    ----------
    documents : TokenizedDocuments
        The documents.
    row_of : ndarray of shape (n_tokens,), int32
        Row of each token of their table, below 0 where it has none.
    words : sequence of str or None, default=None
        Words of vectors from elsewhere, with which the texts are compared.
    """
    n_empty = empty_documents(documents, row_of)
    few_rows = 2 * n_empty > len(documents)
    if not few_rows and words is None:
        return
    counts = token_counts(documents)
    found, total = int(counts[row_of >= 0].sum()), int(counts.sum())
    if not few_rows:
        if total >= ENOUGH_WORDS and 2 * found < total:
            _warn_of_words(documents, row_of, counts, words)
        return
    share = f"{n_empty} of {len(documents)} documents have no word that counts"
    if total == 0:
        help_ = "They are empty: check token_pattern and tokenizer."
    elif found == total:
        help_ = "The others are empty: check token_pattern and tokenizer."
    else:
        share += f"; {found} of {total} words ({found / total:.0%}) are known"
        first = _commonest_unknown(row_of, counts)
        if words is None:
            example = documents.table[int(first[0])] if len(first) else ""
            help_ = (
                f"{example!r} is none of them: lower min_count and min_df, raise "
                "max_features, add it to a given vocabulary, or give more documents."
            )
        else:
            help_ = compared(documents.table.take(first), words)
    warn(f"{share}, so that their rows are zeros. {help_}", UserWarning)


def _commonest_unknown(row_of, counts):
    """Return the ids of some tokens without a row, the most frequent first."""
    unknown = np.flatnonzero((row_of < 0) & (counts > 0))
    return unknown[np.argsort(-counts[unknown], kind="stable")[:50]]


def _warn_of_words(documents, row_of, counts, words):
    """Warn that vectors from elsewhere cover few words."""
    first = _commonest_unknown(row_of, counts)
    found, total = int(counts[row_of >= 0].sum()), int(counts.sum())
    warn(
        f"Only {found} of the {total} words of these documents ({found / total:.0%}) "
        "have a vector; the others do not count. "
        f"{compared(documents.table.take(first), words)} Or learn vectors for all of "
        "them: Word2VecVectorizer(pretrained=...) starts from those that there are.",
        UserWarning,
    )


def empty_documents(documents, row_of):
    """Return how many documents have no token that has a row."""
    known = np.asarray(row_of) >= 0
    n_empty = 0
    for block in documents.blocks():
        before = np.concatenate([[0], np.cumsum(known[block.flat_ids()])])
        n_empty += np.count_nonzero(np.diff(before[block.offsets]) == 0)
    return n_empty


def warn_of_rows(rows, X):
    """Warn where too many rows of a transform, given as an array, are zeros.

    Parameters
    ----------
    rows : ndarray of shape (n_documents, n_columns)
        What became of the documents.
    X : iterable of documents
        What was given; see `warn_of_count`.
    """
    n = len(rows)
    if n < FEW or not rows.shape[1]:
        return
    empty = np.flatnonzero(rows[:, 0] == 0)  # few are looked at as a whole
    if 2 * len(empty) > n:
        warn_of_count(n - np.count_nonzero(rows.any(axis=1)), n, X)


def warn_of_count(n_empty, n, X):
    """Warn of a transform in which too many documents have no known word.

    Too many are more than half of ENOUGH documents and more; of fewer all, if FEW of
    them hold anything: one unknown text, as a service may be asked for, is no news,
    nor are texts that are empty.

    Parameters
    ----------
    n_empty, n : int
        Documents without a known word, and all.
    X : iterable of documents
        What was given.  Those of an iterator, which is used up, count as filled.
    """
    if n < ENOUGH:
        warns = n_empty == n >= FEW and n_filled(X, n) >= FEW
    else:
        warns = 2 * n_empty > n
    if warns:
        warn(
            f"{n_empty} of {n} documents have no known word, so that their rows are "
            "zeros. Check that they are of the language of the vocabulary, and cut "
            "and lowercased alike.",
            UserWarning,
        )
