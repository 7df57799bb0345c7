"""Pooling: the vectors of a document's words become one row."""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._core.arrays import LANES
from sklearn_embed._core.compile import CONTRACTED, inlined, kernel
from sklearn_embed._core.numeric import prefetch_to_read

KINDS = {"mean": 0, "sum": 1, "max": 2, "min": 3}

#: Words whose rows are asked for before any of them is used.
HAND = 32


class Documents(NamedTuple):
    """Token ids of documents; all arrays read-only."""

    ids: np.ndarray  # (n_ids,) int32
    starts: np.ndarray  # (n_documents,) int64: where a document's ids begin
    offsets: np.ndarray  # (n_documents + 1,) int64: cumulative lengths
    row_of: np.ndarray  # (n_tokens,) int32, below 0: skipped.  Empty: ids are rows


class Words(NamedTuple):
    """What stands behind a row number; all arrays read-only."""

    vectors: np.ndarray  # (n_words * width,) float32
    weights: np.ndarray  # (n_words,) float32; 0: skipped.  Empty: all 1
    factors: np.ndarray  # (n_words,) float32: scale of the vectors.  Empty: all 1
    more_vectors: np.ndarray  # (n_more * width,) float32: rows from n_words on
    more_weights: np.ndarray  # (n_more,) float32
    width: int  # numbers in a vector


class Hand(NamedTuple):
    """Some words of a document, about to be used."""

    places: np.ndarray  # (HAND,) uint64: where their vectors begin
    weights: np.ndarray  # (HAND,) float64
    shares: np.ndarray  # (HAND,) float64: weights times factors


@kernel
def new_hand():
    """Return room for a Hand."""
    return Hand(np.empty(HAND, np.uint64), np.empty(HAND), np.empty(HAND))


@inlined(fastmath=())
def look_up(documents, words, n_words, t):
    """Return the row of the word ids[t], -1 if it is to be skipped, and its weight."""
    i = np.int64(documents.ids[t])
    if len(documents.row_of) > 0:
        i = np.int64(documents.row_of[i])
    weight = 1.0
    if i >= n_words:
        i = i if i - n_words < len(words.more_weights) else -1
        weight = np.float64(words.more_weights[i - n_words]) if i >= 0 else 0.0
    elif i >= 0 and len(words.weights) > 0:
        weight = np.float64(words.weights[i])
    return (i if weight != 0.0 else -1), weight


@inlined(fastmath=())
def take(documents, words, t, end, known, more):
    """Read words from ids[t] on until a hand is full or the document ends.

    Returns where to go on, how many words each hand holds, and their weight.
    """
    width = words.width
    n_words = len(words.vectors) // width
    scaled = len(words.factors) > 0
    n = m = 0
    total = 0.0
    while t < end and n < HAND and m < HAND:
        i, weight = look_up(documents, words, n_words, t)
        t += 1
        if i < 0:
            continue
        total += weight
        if i < n_words:
            known.places[n] = i * width
            known.weights[n] = weight
            known.shares[n] = weight * words.factors[i] if scaled else weight
            n += 1
            for d in range(0, width, LANES):
                prefetch_to_read(words.vectors, i * width + d)
        else:
            more.places[m] = (i - n_words) * width
            more.weights[m] = more.shares[m] = weight
            m += 1
    return t, n, m, total


@inlined(fastmath=())
def take_equal(documents, words, t, end, known):
    """Do as `take` where every word weighs the same, with less to look at."""
    width = words.width
    n_words = len(words.vectors) // width
    direct = len(documents.row_of) == 0
    n = 0
    while t < end and n < HAND:
        i = np.int64(documents.ids[t])
        i = i if direct else np.int64(documents.row_of[i])
        t += 1
        if 0 <= i < n_words:
            known.places[n] = i * width
            n += 1
            for d in range(0, width, LANES):
                prefetch_to_read(words.vectors, i * width + d)
    return t, n, 0, np.float64(n)


@kernel(fastmath=CONTRACTED)
def add_rows(sums, vectors, places, shares, n):
    """Add n vectors, each times its share, four at a time."""
    width = np.uint64(len(sums))  # numba looks for negative indices elsewhere
    for t in range(0, n - 3, 4):
        p0, p1, p2, p3 = places[t], places[t + 1], places[t + 2], places[t + 3]
        w0, w1, w2, w3 = shares[t], shares[t + 1], shares[t + 2], shares[t + 3]
        for d in range(width):
            two = w0 * np.float64(vectors[p0 + d]) + w1 * np.float64(vectors[p1 + d])
            three = w2 * np.float64(vectors[p2 + d]) + w3 * np.float64(vectors[p3 + d])
            sums[d] += two + three
    for t in range(n & ~3, n):
        p0, w0 = places[t], shares[t]
        for d in range(width):
            sums[d] += w0 * np.float64(vectors[p0 + d])


@kernel
def take_extremes(sums, vectors, places, shares, n, sign):
    """Keep the larger numbers of the vectors (sign 1) or the smaller ones (-1)."""
    for t in range(n):
        p, share = places[t], sign * shares[t]
        for d in range(np.uint64(len(sums))):
            number = share * np.float64(vectors[p + d])
            sums[d] = number if number > sums[d] else sums[d]


@kernel
def pool_rows(kind, by_number, documents, words, fill, out, first, last):
    """Write the pooled rows of the documents `first` to `last` (excluded).

    Sums are kept in float64, where the product of two float32 is exact, and rounded
    once: the order of the words can move a number by its last bit at the most.

    Parameters
    ----------
    kind : {0, 1, 2, 3}
        Mean, sum, maximum or minimum of the weighted vectors.
    by_number : bool
        Whether a mean divides by the number of words, or by their weight.
    documents : Documents
        The documents.
    words : Words
        Their words.
    fill : float
        What stands in the rows of documents without words.
    out : ndarray of shape (n_documents * width,), float32
        Receives the rows.
    first, last : int
        The documents.
    """
    width = words.width
    sums = np.empty(width, np.float64)
    known, more = new_hand(), new_hand()
    known.shares[:] = 1.0
    equal = len(words.weights) + len(words.factors) + len(words.more_weights) == 0
    sign = 1.0 if kind != 3 else -1.0
    for s in range(first, last):
        sums[:] = 0.0 if kind <= 1 else -np.inf
        number, total = 0, 0.0
        t = documents.starts[s]
        end = t + documents.offsets[s + 1] - documents.offsets[s]
        while t < end:
            if equal:
                t, n, m, weight = take_equal(documents, words, t, end, known)
            else:
                t, n, m, weight = take(documents, words, t, end, known, more)
            number += n + m
            total += weight
            if kind <= 1:
                add_rows(sums, words.vectors, known.places, known.shares, n)
                if m > 0:
                    add_rows(sums, words.more_vectors, more.places, more.shares, m)
            else:
                take_extremes(sums, words.vectors, known.places, known.shares, n, sign)
                take_extremes(
                    sums, words.more_vectors, more.places, more.shares, m, sign
                )
        scale = sign
        if kind == 0:
            scale = 1.0 / (np.float64(number) if by_number else total)
        for d in range(width):
            out[s * width + d] = sums[d] * scale if number > 0 else fill


@kernel
def take_bounds(highs, lows, sizes, vectors, hand, n):
    """Keep the largest and smallest weighted numbers, and the largest size."""
    for t in range(n):
        p, share = hand.places[t], hand.shares[t]
        factor = share / hand.weights[t]
        for d in range(np.uint64(len(highs))):
            x = np.float64(vectors[p + d])
            number, size = share * x, abs(factor * x)
            highs[d] = number if number > highs[d] else highs[d]
            lows[d] = number if number < lows[d] else lows[d]
            sizes[d] = size if size > sizes[d] else sizes[d]


@kernel(fastmath=CONTRACTED)
def add_powers(sums, vectors, hand, n, power, scales, base, term):
    """Add n vectors, scaled and raised to a whole power, times their weights."""
    for t in range(n):
        p, weight = hand.places[t], hand.weights[t]
        factor = hand.shares[t] / weight
        if power == 2:
            for d in range(np.uint64(len(sums))):
                x = factor * np.float64(vectors[p + d]) * scales[d]
                sums[d] += weight * x * x
            continue
        if power == 3:
            for d in range(np.uint64(len(sums))):
                x = factor * np.float64(vectors[p + d]) * scales[d]
                sums[d] += weight * x * x * x
            continue
        for d in range(np.uint64(len(sums))):
            base[d] = factor * np.float64(vectors[p + d]) * scales[d]
            term[d] = weight
        left = power
        while left > 0:
            if left & 1:
                for d in range(np.uint64(len(sums))):
                    term[d] *= base[d]
            left >>= 1
            for d in range(np.uint64(len(sums))):
                base[d] *= base[d]
        for d in range(np.uint64(len(sums))):
            sums[d] += term[d]


@kernel
def root(x, power):
    """Return the real root: that of a negative number, of an odd power, is negative."""
    y = np.sqrt(abs(x)) if power == 2.0 else abs(x) ** (1.0 / power)
    return -y if x < 0.0 else y


@kernel
def pool_powers(by_number, documents, words, powers, fill, out, first, last):
    """Write power means, one after the other; the rest as in `pool_rows`.

    A document is read twice, since numbers are divided by the largest of their
    column before they are raised to a power: nothing overflows then.

    Parameters
    ----------
    powers : ndarray of shape (n_powers,), float64
        Whole numbers from 1 on, or infinity (maximum), or its negative (minimum).
    by_number, documents, words, fill, out, first, last : object
        As in `pool_rows`; a row of `out` has n_powers * width numbers.
    """
    width, n_powers = words.width, len(powers)
    sums = np.empty((n_powers, width), np.float64)
    highs, lows, sizes = np.empty(width), np.empty(width), np.empty(width)
    base, term = np.empty(width), np.empty(width)
    known, more = new_hand(), new_hand()
    for s in range(first, last):
        sums[:] = 0.0
        highs[:], lows[:], sizes[:] = -np.inf, np.inf, 0.0
        number, total = 0, 0.0
        start = documents.starts[s]
        end = start + documents.offsets[s + 1] - documents.offsets[s]
        t = start
        while t < end:
            t, n, m, weight = take(documents, words, t, end, known, more)
            number += n + m
            total += weight
            take_bounds(highs, lows, sizes, words.vectors, known, n)
            take_bounds(highs, lows, sizes, words.more_vectors, more, m)
        for d in range(width):
            sizes[d] = 1.0 / sizes[d] if sizes[d] > 0.0 else 1.0
        t = start
        while t < end:
            t, n, m, _ = take(documents, words, t, end, known, more)
            for k in range(n_powers):
                if np.isinf(powers[k]):
                    continue
                power = np.int64(powers[k])
                # The first power is the mean, to the bit.
                if power == 1:
                    add_rows(sums[k], words.vectors, known.places, known.shares, n)
                    add_rows(sums[k], words.more_vectors, more.places, more.shares, m)
                    continue
                row = sums[k]
                add_powers(row, words.vectors, known, n, power, sizes, base, term)
                add_powers(row, words.more_vectors, more, m, power, sizes, base, term)
        scale = 1.0 / (np.float64(number) if by_number else total)
        for k in range(n_powers):
            power = powers[k]
            for d in range(width):
                if power == np.inf:
                    y = highs[d]
                elif power == -np.inf:
                    y = lows[d]
                elif power == 1.0:
                    y = sums[k, d] * scale
                else:
                    y = root(sums[k, d] * scale, power) / sizes[d]
                out[(s * n_powers + k) * width + d] = y if number > 0 else fill


@kernel
def pool_places(max_length, documents, words, fill, out, first, last):
    """Write the vectors of each document's first words, one after the other.

    Parameters
    ----------
    max_length : int
        How many words; zeros where a document has fewer.
    documents, words, fill, out, first, last : object
        As in `pool_rows`; a row of `out` has max_length * width numbers.
    """
    width = words.width
    n_words = len(words.vectors) // width
    scaled = len(words.factors) > 0
    for s in range(first, last):
        row = out[s * max_length * width : (s + 1) * max_length * width]
        row[:] = 0.0
        n = 0
        t = documents.starts[s]
        end = t + documents.offsets[s + 1] - documents.offsets[s]
        while t < end and n < max_length:
            i, share = look_up(documents, words, n_words, t)
            t += 1
            if i < 0:
                continue
            if i < n_words:
                share = share * words.factors[i] if scaled else share
                for d in range(width):
                    row[n * width + d] = share * words.vectors[i * width + d]
            else:
                i -= n_words
                for d in range(width):
                    row[n * width + d] = share * words.more_vectors[i * width + d]
            n += 1
        if n == 0:
            row[:] = fill


@kernel(fastmath={"reassoc"})
def finish_rows(out, width, components, strengths, normalize, first, last):
    """Remove components from rows, and make them unit vectors; NaN stays NaN.

    Parameters
    ----------
    out : ndarray of shape (n_documents * width,), float32
        Rows; changed in place.
    width : int
        Numbers in a row.
    components : ndarray of shape (n_components, width), float32
        Orthogonal directions of length 1.
    strengths : ndarray of shape (n_components,), float32
        Share of each direction that is taken away.
    normalize : bool
        Whether rows end up with length 1, but for those of zeros.
    first, last : int
        The documents.
    """
    row = np.empty(width, np.float64)
    for s in range(first, last):
        for d in range(width):
            row[d] = np.float64(out[s * width + d])
        for k in range(len(strengths)):
            dot = 0.0
            for d in range(width):
                dot += row[d] * np.float64(components[k, d])
            dot *= np.float64(strengths[k])
            for d in range(width):
                row[d] -= dot * np.float64(components[k, d])
        if normalize:
            square = 0.0
            for d in range(width):
                square += row[d] * row[d]
            scale = 1.0 / np.sqrt(square) if square != 0.0 else 1.0
            for d in range(width):
                row[d] *= scale
        for d in range(width):
            out[s * width + d] = row[d]
