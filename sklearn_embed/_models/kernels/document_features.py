"""Where the features of documents are: words and their n-grams, n-grams of words.

Sizes: T tokens in the table.  The features of a document are the rows of its tokens
(each a bag: the word and its character n-grams), of the mark that ends every document,
and of its n-grams of words, which are listed before training begins.
"""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._core.compile import REORDERED, inner, kernel

#: What turns the hash of n words into that of n + 1 (fastText's number).
FACTOR = np.uint64(116049371)

#: fastText's hash of "</s>", the mark after the last word, sign-extended.
END_CODE = np.uint64(2**64 - 677604519)


class DocumentBatch(NamedTuple):
    """Where the features of documents come from; all arrays read-only."""

    ids: np.ndarray  # (n_ids,) int32: token ids
    starts: np.ndarray  # (n,) int64: where each document begins in ids
    offsets: np.ndarray  # (n + 1,) int64: cumulative lengths
    bag_offsets: np.ndarray  # (T + 1,) int64: where each token's bag begins
    bag_rows: np.ndarray  # int32: rows; -1 counts as a row of zeros
    left_out: np.ndarray  # (T,) uint8: 1 for tokens that are not there at all
    ngram_offsets: np.ndarray  # (n + 1,) int64: where the n-grams of words begin
    ngram_rows: np.ndarray  # int32: as bag_rows
    end_row: int  # of the mark after the last word
    skip_missing: bool  # features without a row do not count; else they are zeros
    longest: int  # features of a document, at most
    weights: None = None  # all features count alike; compare WeightedBatch


class Features(NamedTuple):
    """Where the input rows of a document lie in a buffer of row numbers."""

    begin: int
    count: int  # of the features that have a row
    divisor: int  # of the features that the mean is taken over


@kernel(fastmath=REORDERED)
def word_ngrams(ids, starts, offsets, codes, left_out, longest, n_buckets):
    """Hash the n-grams of words, the mark after the last word included.

    Parameters
    ----------
    ids, starts, offsets, left_out
        As in `DocumentBatch`.
    codes : ndarray of shape (T,), uint64
        Sign-extended hash of each token.
    longest : int
        Words of an n-gram, at most; 1: there are none.
    n_buckets : int

    Returns
    -------
    bounds : ndarray of shape (n + 1,), int64
        Where each document's n-grams begin.
    buckets : ndarray, int32
        By the n-grams' first word, then by length.
    """
    n, longer = len(starts), longest - 1
    bounds, most = np.zeros(n + 1, np.int64), 0
    for s in range(n if longer else 0):
        length = 0
        for t in range(starts[s], starts[s] + offsets[s + 1] - offsets[s]):
            length += left_out[ids[t]] == 0
        short = longer if longer < length else length
        count = short * (short + 1) // 2 + (length - short) * longer
        bounds[s + 1] = bounds[s] + count
        most = length if length > most else most
    buckets = np.empty(bounds[n], np.int32)
    codes_here, e = np.empty(most + 1, np.uint64), 0
    for s in range(n if longer else 0):
        length = 0
        for t in range(starts[s], starts[s] + offsets[s + 1] - offsets[s]):
            codes_here[length] = codes[ids[t]]
            length += left_out[ids[t]] == 0
        codes_here[length] = END_CODE
        for t in range(length):
            code = codes_here[t]
            stop = t + longest if t < length + 1 - longest else length + 1
            for u in range(t + 1, stop):
                code = code * FACTOR + codes_here[u]
                buckets[e] = np.int32(code % np.uint64(n_buckets))
                e += 1
    return bounds, buckets


def most_features(ids, starts, offsets, bag_offsets, ngram_offsets):
    """Return how many features the longest document has, if no token is left out."""
    if (bag_offsets[1:] - bag_offsets[:-1]).max(initial=0) > 1:
        return count_most_features(ids, starts, offsets, bag_offsets, ngram_offsets)
    sizes = np.diff(offsets) + np.diff(ngram_offsets)
    return 1 + int(sizes.max(initial=0))


@kernel(fastmath=REORDERED)
def count_most_features(ids, starts, offsets, bag_offsets, ngram_offsets):
    """As `most_features`, where bags hold more than one row."""
    most = 0
    for s in range(len(starts)):
        total = 1 + ngram_offsets[s + 1] - ngram_offsets[s]
        for t in range(starts[s], starts[s] + offsets[s + 1] - offsets[s]):
            total += bag_offsets[ids[t] + 1] - bag_offsets[ids[t]]
        most = total if total > most else most
    return most


@inner
def write_features(batch, s, rows, begin):
    """Write the rows of document s from ``rows[begin]`` on."""
    start = batch.starts[s]
    m, missing = begin, np.int64(0)
    for t in range(start, start + batch.offsets[s + 1] - batch.offsets[s]):
        i = batch.ids[t]
        if batch.left_out[i]:
            continue
        for e in range(batch.bag_offsets[i], batch.bag_offsets[i + 1]):
            row = batch.bag_rows[e]
            rows[np.uint64(m)] = row
            m += row >= 0
            missing += row < 0
    rows[m] = batch.end_row
    m += 1
    for e in range(batch.ngram_offsets[s], batch.ngram_offsets[s + 1]):
        row = batch.ngram_rows[e]
        rows[np.uint64(m)] = row
        m += row >= 0
        missing += row < 0
    count = m - begin
    return Features(begin, count, count if batch.skip_missing else count + missing)


@inner
def find_features(batch, starts, s, rows, begin):
    """Write the rows of document s from ``rows[begin]`` on, unless they are listed.

    `starts` is that of the batch, an argument so that numba leaves out what a
    `WeightedBatch`, where it is None, has nothing for.
    """
    if starts is None:
        count = batch.offsets[s + 1] - batch.offsets[s]
        return Features(batch.offsets[s], count, count)
    return write_features(batch, s, rows, begin)
