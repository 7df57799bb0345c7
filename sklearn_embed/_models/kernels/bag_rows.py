"""Which rows words and their n-grams have, and which they share."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._core.compile import kernel
from sklearn_embed._core.numeric import hash64


@kernel
def number_buckets(buckets, rows, n):
    """Give rows n, n + 1, … to buckets that have none, in the order of their coming.

    What comes together then lies together in memory.

    Parameters
    ----------
    buckets : ndarray of shape (N,), int32
        Buckets, any number of times each.
    rows : ndarray of shape (n_buckets,), int32
        Row of each bucket, -1 where it has none.  Changed in place.
    n : int
        The next row.

    Returns
    -------
    int
        The row after the last one given.
    """
    for e in range(len(buckets)):
        if rows[buckets[e]] < 0:
            rows[buckets[e]] = n
            n += 1
    return n


@kernel
def sign_sets(bounds, ngrams, before, signs):
    """Write a sign for each word and each n-gram: alike where they always meet.

    Parameters
    ----------
    bounds : ndarray of shape (W + 1,), int64
        Where each word's n-grams begin in `ngrams`.
    ngrams : ndarray of shape (N,), int32
        Their numbers.
    before : ndarray of shape (W + n_ngrams,), int32
        A number of -1 or more for each word, then for each n-gram: where it differs,
        so do the signs.
    signs : ndarray of shape (W + n_ngrams,), uint64
        Zeros on entry.  Receives signs of words, then of n-grams: two have the same
        only if they occur in the same words, as often in each; a word occurs in
        itself, once.  (Another sign has to be met by chance, one of 2 ** 64.)
    """
    n_words = len(bounds) - 1
    for i in range(n_words):
        sign = hash64(1, i)  # of 0, the hash is 0
        signs[i] = sign
        for e in range(bounds[i], bounds[i + 1]):
            signs[n_words + ngrams[e]] += sign
    for k in range(len(signs)):
        signs[k] = hash64(signs[k], before[k] + 1)


@kernel
def list_bags(bounds, ngrams, rows, members, offsets, bag_rows, weights):
    """List the rows that each word is made of, its own first.

    Parameters
    ----------
    bounds, ngrams : ndarray
        As of `sign_sets`.
    rows : ndarray of shape (n_ngrams,), int32
        Row of each n-gram; word i has row i.
    members : ndarray of shape (V,), int32
        How many words and n-grams have each row.
    offsets : ndarray of shape (W + 1,), int64
        Receives where each word's bag begins.
    bag_rows : ndarray of shape (M,) or (0,), int32
        Receives the rows.  Empty: only `offsets` is asked for.
    weights : ndarray of shape (M,) or (0,), float32
        Receives how many members each stands for.
    """
    seen, n = np.zeros(len(members), np.int32), 0
    for i in range(len(bounds) - 1):
        seen[i] = 1
        for e in range(bounds[i], bounds[i + 1]):
            seen[rows[ngrams[e]]] += 1
        for e in range(bounds[i] - 1, bounds[i + 1]):
            row = np.int64(i if e < bounds[i] else rows[ngrams[e]])
            # Members occur in the same words, and as often: mostly once.
            for _ in range(seen[row] // members[row]):
                if len(bag_rows):
                    bag_rows[n] = row
                    weights[n] = members[row]
                n += 1
            seen[row] = 0
        offsets[i + 1] = n
