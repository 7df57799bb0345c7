"""Words as bags of rows: their own, and those of their n-grams."""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._models.kernels.bag_rows import list_bags, sign_sets


def numbered(seen):
    """Return int32: 0, 1, 2, … where something was seen, elsewhere -1."""
    rows = np.cumsum(seen, dtype=np.int32) - 1
    rows[seen == 0] = -1
    return rows


def bags(rows, bounds, others):
    """Put the row of each token, where it has one, before the rows of its n-grams.

    Parameters
    ----------
    rows : ndarray of shape (T,), int32
        Row of each token, or -1.
    bounds : ndarray of shape (T + 1,), int64
        Where each token's n-grams begin.
    others : ndarray, int32
        Rows of the n-grams.

    Returns
    -------
    offsets : ndarray of shape (T + 1,), int64
    bag_rows : ndarray, int32
    """
    has_row = rows >= 0
    offsets = bounds.copy()
    offsets[1:] += np.cumsum(has_row)
    bag_rows = np.empty(offsets[-1], np.int32)
    own = np.zeros(len(bag_rows), bool)
    own[offsets[:-1][has_row]] = True
    bag_rows[own] = rows[has_row]
    bag_rows[~own] = others
    return offsets, bag_rows


class SharedRows(NamedTuple):
    """Rows of words and n-grams; those that would always move alike have one row."""

    rows: np.ndarray  # (n_ngrams,) int32: row of each n-gram; word i has row i
    members: np.ndarray  # (n_rows,) int32: words and n-grams that have each row
    offsets: np.ndarray  # (n_words + 1,) int64: where each word's bag begins
    bag_rows: np.ndarray  # int32: the rows it is made of, its own first
    weights: np.ndarray  # float32: how many members each of them stands for


def share_rows(bounds, ngrams, before):
    """Let words and n-grams share a row that always occur together.

    A step of training moves all rows of a word alike, so that what occurs in the same
    words, and begins alike, remains alike: one row is enough.  Of the n-grams of a
    corpus that is half.

    Parameters
    ----------
    bounds : ndarray of shape (n_words + 1,), int64
        Where each word's n-grams begin in `ngrams`.
    ngrams : ndarray, int32
        Numbers of the n-grams, less than n_ngrams.
    before : ndarray of shape (n_words + n_ngrams,), int32
        Rows that words and n-grams had before, or -1: what had different ones shares
        none.

    Returns
    -------
    SharedRows
    """
    n_words = len(bounds) - 1
    signs = np.zeros(len(before), np.uint64)
    sign_sets(bounds, ngrams, before, signs)
    _, firsts, classes = np.unique(signs, return_index=True, return_inverse=True)
    # Words first, since no two of them are alike; n-grams in the order of their coming.
    row_of = np.empty(len(firsts), np.int32)
    row_of[np.argsort(firsts)] = np.arange(len(firsts), dtype=np.int32)
    rows = row_of[classes]
    members = np.bincount(rows).astype(np.int32)
    told = bounds, ngrams, rows[n_words:], members
    offsets, nothing = np.zeros_like(bounds), np.empty(0, np.int32)
    list_bags(*told, offsets, nothing, np.empty(0, np.float32))
    bag_rows = np.empty(offsets[-1], np.int32)
    weights = np.empty(offsets[-1], np.float32)
    list_bags(*told, offsets, bag_rows, weights)
    return SharedRows(rows[n_words:], members, offsets, bag_rows, weights)
