"""Features of documents, counted exactly: words, runs of words, character n-grams.

Sizes: T tokens of a table, V words, G runs of two words or more, F features in all:
words have the numbers below V, runs those from V to V + G, character n-grams the rest.
"""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._core.compile import inlined, inner, kernel
from sklearn_embed._core.numeric import hash64


class Pairs(NamedTuple):
    """A hash table from pairs of numbers to numbers, with free slots."""

    keys: np.ndarray  # (S,) int64, S a power of two: the pair, or -1 where it is free
    numbers: np.ndarray  # (S,) int32


class FeatureBatch(NamedTuple):
    """Documents, and the features of their tokens; arrays read-only but the pairs'."""

    ids: np.ndarray  # int32: tokens of all documents
    starts: np.ndarray  # (n_documents,) int64: where each begins in ids
    offsets: np.ndarray  # (n_documents + 1,) int64: tokens before each
    rows: np.ndarray  # (T,) int32: word of each token, or below 0
    bounds: np.ndarray  # (T + 1,) int64: where each token's n-grams begin in ngrams
    ngrams: np.ndarray  # int32: features, or below 0
    pairs: Pairs  # a feature and the word behind it: the run of both
    longest: int  # words of a run, at most
    n_words: int


class FeatureTable(NamedTuple):
    """Vectors and weights of features, all read-only."""

    words: np.ndarray  # (V * C,) float32
    others: np.ndarray  # ((F - V) * C,) float32
    weights: np.ndarray  # (F,) float32
    bounds: np.ndarray  # (K + 1,) int64: where each kind of feature begins
    width: int  # C
    sublinear: bool  # whether 1 + ln of the times counts
    by_length: bool  # whether weights are divided by their Euclidean length, not sum


@inlined
def slot_of(pairs, key):
    """Return the slot in which a key is, or the free one where it would be."""
    mask = len(pairs.keys) - 1
    slot = np.int64(hash64(1, key) & np.uint64(mask))
    while pairs.keys[slot] != key and pairs.keys[slot] >= 0:
        slot = (slot + 1) & mask
    return slot


@kernel
def insert_pairs(heads, tails, first, n_words, pairs):
    """Put pairs into a table that has room, with numbers from the first one on.

    Parameters
    ----------
    heads, tails : ndarray of shape (n,), int32
        Features, and the words behind them.
    first, n_words : int
        Number of the first one; V.
    pairs : Pairs
        Changed in place.
    """
    for i in range(len(heads)):
        key = np.int64(heads[i]) * n_words + np.int64(tails[i])
        slot = slot_of(pairs, key)
        pairs.keys[slot] = key
        pairs.numbers[slot] = first + i


@inlined
def run_at(batch, place, stop, length):
    """Return the feature of the run of so many words at a place, or -1."""
    head = np.int64(batch.rows[batch.ids[place]])
    if head < 0 or place + length > stop:
        return np.int64(-1)
    for q in range(place + 1, place + length):
        tail = np.int64(batch.rows[batch.ids[q]])
        if tail < 0:
            return np.int64(-1)
        slot = slot_of(batch.pairs, head * batch.n_words + tail)
        if batch.pairs.keys[slot] < 0:
            return np.int64(-1)
        head = np.int64(batch.pairs.numbers[slot])
    return head


@kernel
def count_runs(batch, length, first, found, keys, counts):
    """Count and number the runs of a length whose beginnings are features.

    Parameters
    ----------
    batch : FeatureBatch
        Documents; the pairs hold all shorter runs.
    length, first : int
        Words of a run; number of the document to begin with.
    found : Pairs
        Receives the runs, numbered from 0.
    keys : ndarray of shape (n,), int64
        Receives the pair of each run.
    counts : ndarray of shape (n, 3), int64
        Receives times, documents, and one more than the last document's number.

    Returns
    -------
    document, n : int
        The first document for which there was no room, and how many runs there are.
    """
    n = 0
    while n < len(keys) and keys[n] >= 0:
        n += 1
    for document in range(first, len(batch.starts)):
        start = batch.starts[document]
        stop = start + batch.offsets[document + 1] - batch.offsets[document]
        if n + stop - start > len(keys):
            return document, n
        for place in range(start, stop - length + 1):
            head = run_at(batch, place, stop, length - 1)
            tail = np.int64(batch.rows[batch.ids[place + length - 1]])
            if head < 0 or tail < 0:
                continue
            key = head * batch.n_words + tail
            slot = slot_of(found, key)
            if found.keys[slot] < 0:
                found.keys[slot], found.numbers[slot], keys[n] = key, n, key
                n += 1
            i = np.int64(found.numbers[slot])
            counts[i, 0] += 1
            counts[i, 1] += counts[i, 2] != document + 1
            counts[i, 2] = document + 1
    return len(batch.starts), n


@kernel
def count_ngrams(batch, last, counts):
    """Count the character n-grams of documents: times and documents.

    Parameters
    ----------
    batch : FeatureBatch
        Whose `ngrams` are numbered from 0.
    last : ndarray of shape (n_ngrams,), int64
        Zeros on entry: one more than the number of the last document.
    counts : ndarray of shape (n_ngrams, 2), int64
        Changed in place.
    """
    for document in range(len(batch.starts)):
        start = batch.starts[document]
        length = batch.offsets[document + 1] - batch.offsets[document]
        for place in range(start, start + length):
            token = np.int64(batch.ids[place])
            for e in range(batch.bounds[token], batch.bounds[token + 1]):
                i = np.int64(batch.ngrams[e])
                if i >= 0:
                    counts[i, 0] += 1
                    counts[i, 1] += last[i] != document + 1
                    last[i] = document + 1


@inlined
def note(feature, found, times, n):
    """Count one occurrence of a feature; return how many different ones there are."""
    if feature >= 0:
        if times[feature] == 0:
            found[n] = feature
            n += 1
        times[feature] += 1
    return n


@inner
def list_features(batch, document, found, times):
    """List the different features of a document in the order of their coming.

    Parameters
    ----------
    batch : FeatureBatch
        The documents.
    document : int
        Which one.
    found : ndarray of shape (F,), int32
        Receives the features.
    times : ndarray of shape (F,), int32
        Zeros on entry; receives how often each occurs.

    Returns
    -------
    int
        How many different ones there are.
    """
    n, start = 0, batch.starts[document]
    stop = start + batch.offsets[document + 1] - batch.offsets[document]
    for place in range(start, stop):
        token = np.int64(batch.ids[place])
        head = np.int64(batch.rows[token])
        n = note(head, found, times, n)
        for e in range(batch.bounds[token], batch.bounds[token + 1]):
            n = note(np.int64(batch.ngrams[e]), found, times, n)
        last = min(place + batch.longest, stop)
        for q in range(place + 1, last):
            tail = np.int64(batch.rows[batch.ids[q]])
            if head < 0 or tail < 0:
                break
            slot = slot_of(batch.pairs, head * batch.n_words + tail)
            if batch.pairs.keys[slot] < 0:
                break
            head = np.int64(batch.pairs.numbers[slot])
            n = note(head, found, times, n)
    return n


@kernel
def count_occurrences(batch, first, last):
    """Return how many features documents have at most, from one up to another."""
    total = np.int64(0)
    for document in range(first, last):
        start = batch.starts[document]
        length = batch.offsets[document + 1] - batch.offsets[document]
        for place in range(start, start + length):
            token = np.int64(batch.ids[place])
            total += batch.bounds[token + 1] - batch.bounds[token]
            total += min(batch.longest, length)
    return total


@kernel
def list_documents(batch, first, last, n_features, offsets, indices):
    """Write which features occur in some documents.

    Parameters
    ----------
    batch : FeatureBatch
        The documents.
    first, last : int
        From one up to before another one.
    n_features : int
        F.
    offsets : ndarray of shape (last - first + 1,), int64
        Receives where each document begins in `indices`.
    indices : ndarray of int32
        Receives the features; there is room for all occurrences.
    """
    found, times = np.empty(n_features, np.int32), np.zeros(n_features, np.int32)
    at = 0
    for document in range(first, last):
        n = list_features(batch, document, found, times)
        for i in range(n):
            indices[at + i] = found[i]
            times[found[i]] = 0
        at += n
        offsets[document - first + 1] = at


@inlined
def add_feature(table, feature, weight, sums, at):
    """Add a feature's vector, weighted, to the sums that begin at a place."""
    C, n_words = table.width, 0
    if C > 0:
        n_words = len(table.words) // C
    if feature < n_words:
        row = feature * C
        for c in range(C):
            sums[at + c] += weight * table.words[row + c]
    else:
        row = (feature - n_words) * C
        for c in range(C):
            sums[at + c] += weight * table.others[row + c]


@kernel
def pool_features(batch, table, first, last, out):
    """Write a row for each of some documents: weighted means, a block for each kind.

    Parameters
    ----------
    batch : FeatureBatch
        The documents.
    table : FeatureTable
        What their features stand for.
    first, last : int
        From one up to before another one.
    out : ndarray of shape (n_documents * K * C,), float32
        Receives the rows; zeros where a document has no feature of a kind.
    """
    F, K, C = len(table.weights), len(table.bounds) - 1, table.width
    found, times = np.empty(F, np.int32), np.zeros(F, np.int32)
    sums, sizes = np.empty(K * C), np.empty(K)
    for document in range(first, last):
        sums[:], sizes[:] = 0, 0
        n = list_features(batch, document, found, times)
        for i in range(n):
            feature, k = np.int64(found[i]), 0
            while feature >= table.bounds[k + 1]:
                k += 1
            count = np.float64(times[feature])
            weight = 1 + np.log(count) if table.sublinear else count
            weight *= np.float64(table.weights[feature])
            sizes[k] += weight * weight if table.by_length else weight
            add_feature(table, feature, weight, sums, k * C)
            times[feature] = 0
        for k in range(K):
            size = np.sqrt(sizes[k]) if table.by_length else sizes[k]
            for c in range(C):
                at = document * K * C + k * C + c
                out[at] = sums[k * C + c] / size if size > 0 else 0
