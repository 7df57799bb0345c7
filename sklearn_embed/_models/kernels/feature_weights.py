"""Features of documents, each once, and how much each counts in its hidden vector.

Sizes: R input rows, H slots of a hash table (a power of two), m features of a document.
Words, n-grams of words and the mark after the last word are one kind of features,
n-grams of characters another one.  While features are counted, `rows` tells the kinds
apart: row i of a character n-gram stands there as i, any other row as -1 - i.
"""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._core.compile import inlined, kernel

#: Spreads row numbers over the slots of a hash table (2**32 over the golden ratio).
SPREAD = np.uint64(2654435769)


class WeightedBatch(NamedTuple):
    """Which rows the features of documents have, each once; all arrays read-only."""

    offsets: np.ndarray  # (n + 1,) int64: where the features of a document begin
    rows: np.ndarray  # int32
    weights: np.ndarray  # float32; negative: of a row that stands outside the penalty
    longest: int = 0  # row numbers that a buffer must hold: they are here already
    starts: None = None  # compare DocumentBatch


class Counter(NamedTuple):
    """Scratch buffers to find out which features of a document are the same."""

    slots: np.ndarray  # (H,) int64: 0, or one more than a place among those counted
    taken: np.ndarray  # (H,) int64: the slots that are not 0


class Weights(NamedTuple):
    """How a feature's number of occurrences becomes its weight."""

    # (R,) int64, read-only: documents that have each row; (0,): all count alike
    documents: np.ndarray
    n_documents: float  # of all
    unit: bool  # logarithms of numbers, of length 1; else numbers, of sum 1
    per_missing: float  # what a feature without a row adds to the sum


def new_counter(longest, n_rows):
    """Return a `Counter` for documents of at most so many features."""
    # A word n-gram and a character n-gram may have the same row.
    n_slots = 1 << int(2 * min(longest, 2 * n_rows) + 1).bit_length()
    return Counter(np.zeros(n_slots, np.int64), np.empty(n_slots, np.int64))


@inlined
def row_weight(documents, n_documents, row):
    """Return the weight of one occurrence of a feature: its inverse frequency.

    Smooth, as scikit-learn's: as if one more document had every feature.
    """
    if len(documents) == 0:
        return np.float32(1)
    more = np.log((1 + n_documents) / (1 + np.float64(documents[row]))) + 1
    # A row whose n-grams collide may be counted twice in a document.
    return np.float32(more) if more > 1 else np.float32(1)


@kernel(allocates=False)
def weigh_rows(documents, n_documents, out):
    """Write the weight of one occurrence of each feature.

    Parameters
    ----------
    documents, n_documents
        As of `Weights`.
    out : ndarray of shape (n,), float32
        Of the first rows.
    """
    for row in range(len(out)):
        out[row] = row_weight(documents, n_documents, row)


@kernel
def count_listed(batch, first, last):
    """Return how many features documents [first, last) have, repeated ones included.

    Parameters
    ----------
    batch : DocumentBatch
    first, last : int
    """
    total = batch.ngram_offsets[last] - batch.ngram_offsets[first] + last - first
    for s in range(first, last):
        start = batch.starts[s]
        for t in range(start, start + batch.offsets[s + 1] - batch.offsets[s]):
            i = batch.ids[t]
            total += batch.bag_offsets[i + 1] - batch.bag_offsets[i]
    return total


@inlined
def count_feature(rows, counts, key, begin, end, counter):
    """Count a feature; return the place after the last of ``rows[begin:end]``."""
    slots = counter.slots
    mask = np.int64(len(slots) - 1)
    at = np.int64((np.uint64(key + 2**31) * SPREAD) >> np.uint64(16)) & mask
    while slots[at] != 0:
        e = slots[at] - 1
        if rows[e] == key:
            counts[e] += np.float32(1)
            return end
        at = (at + 1) & mask
    slots[at] = end + 1
    counter.taken[end - begin] = at
    rows[end], counts[end] = key, np.float32(1)
    return end + 1


@kernel
def count_features(batch, counter, first, begin, lists, documents):
    """List each feature of some documents once, and count them.

    Parameters
    ----------
    batch : DocumentBatch
    counter : Counter
        Empty, and empty again in the end.
    first : int
        The first document.
    begin : int
        Where its features begin in the lists.
    lists : tuple of ndarray
        ``sizes`` (n,) int64 receives the numbers of features of n documents, ``rows``
        int32 their rows, as above, ``counts`` float32 how often each occurs, and
        ``missing`` (n,) int64 how many occurrences have no row.
    documents : ndarray of shape (R,), int64, or (0,)
        Incremented for each document and row; empty: not wanted.

    Returns
    -------
    int
        Where the features of the next document begin.
    """
    sizes, rows, counts, missing = lists
    for place in range(len(sizes)):
        s = first + place
        end, start, absent = begin, batch.starts[s], np.int64(0)
        for t in range(start, start + batch.offsets[s + 1] - batch.offsets[s]):
            i = batch.ids[t]
            if batch.left_out[i]:
                continue
            for e in range(batch.bag_offsets[i], batch.bag_offsets[i + 1]):
                row = np.int64(batch.bag_rows[e])
                absent += row < 0
                key = row if row > batch.end_row else -1 - row
                if row >= 0:
                    end = count_feature(rows, counts, key, begin, end, counter)
        mark = np.int64(-1 - batch.end_row)
        end = count_feature(rows, counts, mark, begin, end, counter)
        for e in range(batch.ngram_offsets[s], batch.ngram_offsets[s + 1]):
            row = np.int64(batch.ngram_rows[e])
            absent += row < 0
            if row >= 0:
                end = count_feature(rows, counts, -1 - row, begin, end, counter)
        for e in range(begin, end):
            counter.slots[counter.taken[e - begin]] = 0
            if len(documents):
                documents[rows[e] if rows[e] >= 0 else -1 - rows[e]] += 1
        sizes[place], missing[place] = end - begin, absent
        begin = end
    return begin


@kernel
def weigh_features(how, offsets, lists):
    """Turn rows and counts of some documents into rows and weights.

    Parameters
    ----------
    how : Weights
    offsets : ndarray of shape (n + 1,), int64
        Where the features of each document begin.
    lists : tuple of ndarray
        ``rows``, ``counts`` and ``missing`` (n,) of `count_features`.  The first two
        are changed in place.
    """
    rows, counts, missing = lists
    for s in range(len(missing)):
        sums = (0.0, 0.0)
        for e in range(offsets[s], offsets[s + 1]):
            is_word, count = rows[e] < 0, np.float64(counts[e])
            row = -1 - rows[e] if is_word else rows[e]
            if how.unit and count > 1:
                count = 1 + np.log(count)
            one = row_weight(how.documents, how.n_documents, row)
            weight = count * np.float64(one)
            counts[e] = np.float32(weight)
            amount = weight * weight if how.unit else weight
            if is_word:
                sums = (sums[0] + amount, sums[1])
            else:
                sums = (sums[0], sums[1] + amount)
        words, characters = sums
        if how.unit:
            # Each kind is a vector of the same length, both together one of length 1.
            kinds = 2 if characters > 0 else 1
            words = 1 / np.sqrt(words * kinds)
            characters = 1 / np.sqrt(characters * kinds) if kinds == 2 else 0.0
        else:
            words = 1 / (words + characters + how.per_missing * missing[s])
            characters = words
        for e in range(offsets[s], offsets[s + 1]):
            is_word = rows[e] < 0
            share = words if is_word else characters
            counts[e] = np.float32(np.float64(counts[e]) * share)
            rows[e] = -1 - rows[e] if is_word else rows[e]
