"""Pooling: the vectors of a document's words become one row."""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._core.arrays import LINE_FLOATS
from sklearn_embed._core.compile import CONTRACTED, inlined, inner, kernel
from sklearn_embed._core.numeric import prefetch_to_read, stack_array

KINDS = {"mean": 0, "sum": 1, "max": 2, "min": 3}

#: Words whose rows are asked for before any of them is used; and the size of a buffer
#: for those of both matrices.
GATHERED, BOTH = 32, 64


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


class Buffer(NamedTuple):
    """Some words of a document, about to be used.

    Words of `vectors` stand from [0] on, words of `more_vectors` from [GATHERED] on.
    """

    offsets: np.ndarray  # (BOTH,) uint64: where their vectors begin
    weights: np.ndarray  # (BOTH,) float64
    shares: np.ndarray  # (BOTH,) float64: weights times factors


class Pooling(NamedTuple):
    """What becomes of the words of a document."""

    kind: int  # one of KINDS: of the weighted vectors
    by_number: bool  # a mean divides by the number of words, not by their weight
    fill: float  # stands in the rows of documents without words


class Columns(NamedTuple):
    """Scratch memory for power means: numbers of each column of a document."""

    highs: np.ndarray  # (width,): largest weighted number
    lows: np.ndarray  # (width,): smallest
    scales: np.ndarray  # (width,): largest size, then its reciprocal
    base: np.ndarray  # (width,)
    term: np.ndarray  # (width,)


def make_columns(width):
    """Return Columns for vectors of a width."""
    return Columns(*(np.empty(width) for _ in Columns._fields))


@inlined(fastmath=())
def make_buffer():
    """Return a Buffer for the time of a call."""
    return Buffer(
        stack_array(np.uint64(0), BOTH),
        stack_array(0.0, BOTH),
        stack_array(0.0, BOTH),
    )


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
def gather(documents, words, t, end, buffer):
    """Read words from ids[t] on until the buffer is full or the document ends.

    Returns where to go on, how many words of each matrix there are, and their weight.
    """
    width = words.width
    n_words = len(words.vectors) // width
    scaled = len(words.factors) > 0
    n = m = 0
    total = 0.0
    while t < end and n < GATHERED and m < GATHERED:
        i, weight = look_up(documents, words, n_words, t)
        t += 1
        if i < 0:
            continue
        total += weight
        if i < n_words:
            buffer.offsets[n] = i * width
            buffer.weights[n] = weight
            buffer.shares[n] = weight * words.factors[i] if scaled else weight
            n += 1
            for d in range(0, width, LINE_FLOATS):
                prefetch_to_read(words.vectors, i * width + d)
        else:
            k = GATHERED + m
            buffer.offsets[k] = (i - n_words) * width
            buffer.weights[k] = buffer.shares[k] = weight
            m += 1
    return t, n, m, total


@inlined(fastmath=())
def gather_equal(documents, words, t, end, buffer):
    """Do as `gather` where every word weighs the same, with less to look at."""
    width = words.width
    n_words = len(words.vectors) // width
    direct = len(documents.row_of) == 0
    n = 0
    while t < end and n < GATHERED:
        i = np.int64(documents.ids[t])
        i = i if direct else np.int64(documents.row_of[i])
        t += 1
        if 0 <= i < n_words:
            buffer.offsets[n] = i * width
            n += 1
            for d in range(0, width, LINE_FLOATS):
                prefetch_to_read(words.vectors, i * width + d)
    return t, n, 0, np.float64(n)


@inner(fastmath=CONTRACTED)
def add_rows(sums, vectors, buffer, first, n):
    """Add n vectors from place `first` of the buffer, each times its share."""
    width = np.uint64(len(sums))  # numba looks for negative indices elsewhere
    offsets, shares = buffer.offsets, buffer.shares
    end = first + n
    for t in range(first, end - 3, 4):
        p0, p1, p2, p3 = offsets[t], offsets[t + 1], offsets[t + 2], offsets[t + 3]
        w0, w1, w2, w3 = shares[t], shares[t + 1], shares[t + 2], shares[t + 3]
        for d in range(width):
            two = w0 * np.float64(vectors[p0 + d]) + w1 * np.float64(vectors[p1 + d])
            three = w2 * np.float64(vectors[p2 + d]) + w3 * np.float64(vectors[p3 + d])
            sums[d] += two + three
    for t in range(first + (n & ~3), end):
        p0, w0 = offsets[t], shares[t]
        for d in range(width):
            sums[d] += w0 * np.float64(vectors[p0 + d])


@inner(fastmath=())
def take_extremes(sums, vectors, buffer, first, n, sign):
    """Keep the larger numbers of the vectors (sign 1) or the smaller ones (-1)."""
    for t in range(first, first + n):
        p, share = buffer.offsets[t], sign * buffer.shares[t]
        for d in range(np.uint64(len(sums))):
            number = share * np.float64(vectors[p + d])
            sums[d] = number if number > sums[d] else sums[d]


@inlined(fastmath=())
def bounds_of(documents, s):
    """Return where the ids of a document begin and end."""
    start = documents.starts[s]
    return start, start + documents.offsets[s + 1] - documents.offsets[s]


@kernel(allocates=False)
def pool_rows(pooling, documents, words, out, first, last, sums):
    """Write the pooled rows of the documents `first` to `last` (excluded).

    Sums are kept in float64, where the product of two float32 is exact, and rounded
    once: the order of the words can move a number by its last bit at the most.

    Parameters
    ----------
    pooling : Pooling
        The pooling.
    documents : Documents
        The documents.
    words : Words
        Their words.
    out : ndarray of shape (n_documents * width,), float32
        Receives the rows.
    first, last : int
        The documents.
    sums : ndarray of shape (width,), float64
        Scratch memory.
    """
    kind, by_number, fill = pooling
    width = words.width
    buffer = make_buffer()
    buffer.shares[:] = 1.0
    equal = len(words.weights) + len(words.factors) + len(words.more_weights) == 0
    sign = 1.0 if kind != 3 else -1.0
    for s in range(first, last):
        sums[:] = 0.0 if kind <= 1 else -np.inf
        number, total = 0, 0.0
        t, end = bounds_of(documents, s)
        while t < end:
            if equal:
                t, n, m, weight = gather_equal(documents, words, t, end, buffer)
            else:
                t, n, m, weight = gather(documents, words, t, end, buffer)
            number += n + m
            total += weight
            if kind <= 1:
                add_rows(sums, words.vectors, buffer, 0, n)
                if m > 0:
                    add_rows(sums, words.more_vectors, buffer, GATHERED, m)
            else:
                take_extremes(sums, words.vectors, buffer, 0, n, sign)
                take_extremes(sums, words.more_vectors, buffer, GATHERED, m, sign)
        scale = sign
        if kind == 0:
            scale = 1.0 / (np.float64(number) if by_number else total)
        for d in range(width):
            out[s * width + d] = sums[d] * scale if number > 0 else fill


@inner(fastmath=())
def take_bounds(columns, vectors, buffer, first, n):
    """Keep the largest and smallest weighted numbers, and the largest size."""
    highs, lows, sizes = columns.highs, columns.lows, columns.scales
    for t in range(first, first + n):
        p, share = buffer.offsets[t], buffer.shares[t]
        factor = share / buffer.weights[t]
        for d in range(np.uint64(len(highs))):
            x = np.float64(vectors[p + d])
            number, size = share * x, abs(factor * x)
            highs[d] = number if number > highs[d] else highs[d]
            lows[d] = number if number < lows[d] else lows[d]
            sizes[d] = size if size > sizes[d] else sizes[d]


@inner(fastmath=CONTRACTED)
def add_powers(sums, vectors, buffer, first, n, power, columns):
    """Add n vectors, scaled and raised to a whole power, times their weights."""
    scales, base, term = columns.scales, columns.base, columns.term
    for t in range(first, first + n):
        p, weight = buffer.offsets[t], buffer.weights[t]
        factor = buffer.shares[t] / weight
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


@inlined(fastmath=())
def find_bounds(documents, words, s, buffer, columns):
    """Find the bounds of each column; return the words of a document and their weight.

    ``columns.scales`` is what brings the largest size of a column to 1.
    """
    columns.highs[:], columns.lows[:], columns.scales[:] = -np.inf, np.inf, 0.0
    number, total = 0, 0.0
    t, end = bounds_of(documents, s)
    while t < end:
        t, n, m, weight = gather(documents, words, t, end, buffer)
        number += n + m
        total += weight
        take_bounds(columns, words.vectors, buffer, 0, n)
        take_bounds(columns, words.more_vectors, buffer, GATHERED, m)
    sizes = columns.scales
    for d in range(words.width):
        sizes[d] = 1.0 / sizes[d] if sizes[d] > 0.0 else 1.0
    return number, total


@inlined(fastmath=())
def sum_powers(powers, documents, words, s, sums, buffer, columns):
    """Set a row of sums for each power, of the scaled numbers of a document."""
    sums[:] = 0.0
    t, end = bounds_of(documents, s)
    while t < end:
        t, n, m, _ = gather(documents, words, t, end, buffer)
        for k in range(len(powers)):
            if np.isinf(powers[k]):
                continue
            power, row = np.int64(powers[k]), sums[k]
            # The first power is the mean, to the bit.
            if power == 1:
                add_rows(row, words.vectors, buffer, 0, n)
                add_rows(row, words.more_vectors, buffer, GATHERED, m)
                continue
            add_powers(row, words.vectors, buffer, 0, n, power, columns)
            add_powers(row, words.more_vectors, buffer, GATHERED, m, power, columns)


@inlined(fastmath=())
def root(x, power):
    """Return the real root: that of a negative number, of an odd power, is negative."""
    y = np.sqrt(abs(x)) if power == 2.0 else abs(x) ** (1.0 / power)
    return -y if x < 0.0 else y


@kernel(allocates=False)
def pool_powers(powers, pooling, documents, words, out, bounds, sums, columns):
    """Write power means, one after the other; the rest as in `pool_rows`.

    A document is read twice, since numbers are divided by the largest of their
    column before they are raised to a power: nothing overflows then.

    Parameters
    ----------
    powers : ndarray of shape (n_powers,), float64
        Whole numbers from 1 on, or infinity (maximum), or its negative (minimum).
    pooling, documents, words, out : object
        As in `pool_rows`; a row of `out` has n_powers * width numbers.
    bounds : tuple of int
        The first document, and the one after the last.
    sums : ndarray of shape (n_powers, width), float64
        Scratch memory.
    columns : Columns
        Scratch memory.
    """
    width, n_powers = words.width, len(powers)
    buffer = make_buffer()
    for s in range(bounds[0], bounds[1]):
        number, total = find_bounds(documents, words, s, buffer, columns)
        sum_powers(powers, documents, words, s, sums, buffer, columns)
        scale = 1.0 / (np.float64(number) if pooling.by_number else total)
        for k in range(n_powers):
            power = powers[k]
            for d in range(width):
                if power == np.inf:
                    y = columns.highs[d]
                elif power == -np.inf:
                    y = columns.lows[d]
                elif power == 1.0:
                    y = sums[k, d] * scale
                else:
                    y = root(sums[k, d] * scale, power) / columns.scales[d]
                at = (s * n_powers + k) * width + d
                out[at] = y if number > 0 else pooling.fill


@kernel(allocates=False)
def pool_first(max_length, pooling, documents, words, out, first, last):
    """Write the vectors of each document's first words, one after the other.

    Parameters
    ----------
    max_length : int
        How many words; zeros where a document has fewer.
    pooling, documents, words, out, first, last : object
        As in `pool_rows`; a row of `out` has max_length * width numbers.
    """
    width = words.width
    n_words = len(words.vectors) // width
    scaled = len(words.factors) > 0
    for s in range(first, last):
        row = out[s * max_length * width : (s + 1) * max_length * width]
        row[:] = 0.0
        n = 0
        t, end = bounds_of(documents, s)
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
            row[:] = pooling.fill


@kernel(fastmath={"reassoc"}, allocates=False)
def finish_rows(out, components, strengths, normalize, first, last, row):
    """Remove components from rows, and make them unit vectors; NaN stays NaN.

    Parameters
    ----------
    out : ndarray of shape (n_documents * width,), float32
        Rows; changed in place.
    components : ndarray of shape (n_components, width), float32
        Orthogonal directions of length 1.
    strengths : ndarray of shape (n_components,), float32
        Share of each direction that is taken away.
    normalize : bool
        Whether rows end up with length 1, but for those of zeros.
    first, last : int
        The documents.
    row : ndarray of shape (width,), float64
        Scratch memory.
    """
    width = len(row)
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
