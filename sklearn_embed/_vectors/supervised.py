"""Weights of words from labels: what a word's occurrence tells about them."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from scipy import sparse

#: Weight of a word that tells nothing, beside 1 for what the best one has more.
LEAST = 0.1


def mutual_info_weights(documents, row_of, n_words, labels):
    """Return float32 (n_words,): weights by mutual information with the labels.

    Parameters
    ----------
    documents : TokenizedDocuments
        The documents.
    row_of : ndarray of shape (n_tokens,), int32
        Row of each token of their table, below 0 where it has none.
    n_words : int
        How many rows there are.
    labels : csr_array of shape (n_documents, n_classes)
        1 where a document has a label.

    Notes
    -----
    The square root grows like the association itself, for which mutual information
    is of second order.  Without a floor, a document of words that tell nothing would
    be left to chance.
    """
    joint = counts_by_class(documents, row_of, n_words, labels)
    sizes = np.asarray(labels.sum(axis=0), float).ravel()
    roots = np.sqrt(mutual_information(joint, sizes))
    most = roots.max(initial=0)
    return (LEAST + roots / (most or 1.0)).astype(np.float32)


def counts_by_class(documents, row_of, n_words, labels):
    """Return csr_array (n_classes, n_words): documents of each class with each word."""
    total = sparse.csr_array((labels.shape[1], n_words), dtype=np.float64)
    first = 0
    for block in documents.blocks():
        rows = row_of[block.flat_ids()]
        numbers = np.repeat(np.arange(len(block)), block.lengths)[rows >= 0]
        pairs = np.unique(numbers * n_words + rows[rows >= 0])
        where = pairs // max(n_words, 1), pairs % max(n_words, 1)
        holds = sparse.csr_array(
            (np.ones(len(pairs)), where), shape=(len(block), n_words)
        )
        own = labels[first : first + len(block)].astype(np.float64)
        total = total + own.T @ holds
        first += len(block)
    return sparse.csr_array(total)


def mutual_information(joint, sizes):
    """Return float64 (n_words,): mutual information in nats, its bias taken off.

    That of the occurrence of a word in a document and of the document's class; a
    document of several classes counts once for each.  A word that occurs once seems
    to tell its class: the estimate's bias, (K - 1) / 2n for K classes (Miller 1955),
    is subtracted, and what is negative then is 0.

    Parameters
    ----------
    joint : sparse array of shape (n_classes, n_words), float64
        Documents of each class with each word.
    sizes : ndarray of shape (n_classes,), float64
        Documents of each class.
    """
    n, n_words = sizes.sum(), joint.shape[1]
    if n == 0:
        return np.zeros(n_words)
    joint = sparse.coo_array(joint)
    classes, words, there = joint.row, joint.col, joint.data
    with_word = np.bincount(words, there, minlength=n_words)
    without = n - with_word
    # Where no document has the word but all others do, the log is not needed.
    surprise = np.log(n / np.where(without > 0, without, n))
    size, absent = sizes[classes], sizes[classes] - there
    terms = there * np.log(there * n / (with_word[words] * size))
    # What classes without the word would add, less those that have it.
    terms -= size * surprise[words]
    some = absent > 0
    ratio = absent[some] * n / (np.maximum(without, 1)[words[some]] * size[some])
    terms[some] += absent[some] * np.log(ratio)
    total = np.bincount(words, terms, minlength=n_words) / n + surprise
    bias = (np.count_nonzero(sizes) - 1) / (2 * n)
    return np.maximum(total * (with_word > 0) - bias, 0.0)
