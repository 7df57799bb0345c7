"""Pooling: the vectors of a document's words become one row."""

# SPDX-License-Identifier: BSD-3-Clause

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numba
import numpy as np

from sklearn_embed._kernels.common import LANES, prefetch, readonly

KINDS = {"mean": 0, "sum": 1, "max": 2, "min": 3}

#: Tokens and documents that one call takes: short enough for Ctrl-C.
SLICE_TOKENS = 1 << 17
SLICE_DOCUMENTS = 1 << 15

#: Words whose rows are asked for before any of them is used.
HAND = 32


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def add_rows(sums, vectors, places, shares, n):
    """Add n vectors, each times its share, four at a time."""
    width = np.uint64(len(sums))  # numba looks for negative indices elsewhere
    for t in range(0, n - 3, 4):
        p0, p1, p2, p3 = places[t], places[t + 1], places[t + 2], places[t + 3]
        w0, w1, w2, w3 = shares[t], shares[t + 1], shares[t + 2], shares[t + 3]
        for d in range(width):
            two = w0 * np.float64(vectors[p0 + d]) + w1 * np.float64(vectors[p1 + d])
            more = w2 * np.float64(vectors[p2 + d]) + w3 * np.float64(vectors[p3 + d])
            sums[d] += two + more
    for t in range(n & ~3, n):
        p0, w0 = places[t], shares[t]
        for d in range(width):
            sums[d] += w0 * np.float64(vectors[p0 + d])


@numba.njit(cache=True, nogil=True, error_model="numpy")
def take_extremes(sums, vectors, places, n, sign):
    """Keep the larger numbers of the vectors (sign 1) or the smaller ones (-1)."""
    for t in range(n):
        p = places[t]
        for d in range(np.uint64(len(sums))):
            number = sign * np.float64(vectors[p + d])
            sums[d] = number if number > sums[d] else sums[d]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def pool_rows(
    kind, ids, starts, offsets, row_of, weights, vectors, width, out, first, last
):
    """Write the pooled rows of the documents `first` to `last` (excluded).

    Sums are kept in float64, where the product of two float32 is exact, and rounded
    once: the order of the words can move a number by its last bit at the most.

    Parameters
    ----------
    kind : {0, 1, 2, 3}
        Weighted mean, weighted sum, maximum or minimum.
    ids : ndarray of shape (n_ids,), int32
        Token ids.
    starts, offsets : ndarray of shape (n_documents,) and (n_documents + 1,), int64
        Where a document's ids begin, and the cumulative lengths.
    row_of : ndarray of shape (n_tokens,) or (0,), int32
        Row of each token, -1 where there is none.  Empty: the ids are rows.
    weights : ndarray of shape (n_words,) or (0,), float32
        Weights of the rows.  Empty: all 1.
    vectors : ndarray of shape (n_words * width,), float32
        The words' vectors, row after row.
    width : int
        Numbers in a vector.
    out : ndarray of shape (n_documents * width,), float32
        Receives the rows; zeros where no word is known or the weights sum to 0.
    first, last : int
        The documents.
    """
    sums = np.empty(width, np.float64)
    places = np.empty(HAND, np.uint64)
    shares = np.empty(HAND, np.float64)
    direct, weighted = len(row_of) == 0, len(weights) > 0
    sign = 1.0 if kind != 3 else -1.0
    for s in range(first, last):
        sums[:] = 0.0 if kind <= 1 else -np.inf
        any_known, total = False, 0.0
        t = starts[s]
        end = t + offsets[s + 1] - offsets[s]
        while t < end:
            n = 0
            while t < end and n < HAND:
                i = np.int64(ids[t])
                i = i if direct else np.int64(row_of[i])
                t += 1
                if i >= 0:
                    places[n] = i * width
                    shares[n] = weights[i] if weighted else 1.0
                    total += shares[n]
                    n += 1
                    for d in range(0, width, LANES):
                        prefetch(vectors, i * width + d)
            any_known |= n > 0
            if kind <= 1:
                add_rows(sums, vectors, places, shares, n)
            else:
                take_extremes(sums, vectors, places, n, sign)
        scale = sign if any_known else 0.0
        if kind == 0:
            scale = 1.0 / total if total != 0.0 else 0.0
        for d in range(width):
            out[s * width + d] = sums[d] * scale if any_known else 0.0


def pool(kind, ids, starts, offsets, row_of, weights, vectors, out, n_jobs=1):
    """Write one row per document: a pooling of the vectors of its known words.

    Parameters
    ----------
    kind : {"mean", "sum", "max", "min"}
        The pooling.  Maximum and minimum know no weights.
    ids, starts, offsets : ndarray
        A TokenizedDocuments' arrays.
    row_of : ndarray of shape (n_tokens,), int32, or None
        Row of each token id, -1 where unknown.  None: the ids are rows.
    weights : ndarray of shape (n_words,), float32, or None
        Weight of each row.  None: 1.
    vectors : ndarray of shape (n_words, width), float32
        The words' vectors.
    out : ndarray of shape (n_documents, width), float32, C-contiguous
        Receives the rows: the same bits for any `n_jobs` and any neighbours.
    n_jobs : int, default=1
        Threads.
    """
    if not out.flags.c_contiguous or out.shape != (len(starts), vectors.shape[1]):
        raise ValueError("out must be C-contiguous, with a row for every document")
    nothing = np.empty(0, np.int32)
    arguments = (
        KINDS[kind],
        readonly(ids, np.int32),
        readonly(starts, np.int64),
        readonly(offsets, np.int64),
        readonly(nothing if row_of is None else row_of, np.int32),
        readonly(nothing if weights is None else weights, np.float32),
        readonly(vectors, np.float32).reshape(-1),
        vectors.shape[1],
        out.reshape(-1),
    )
    bounds = slices(offsets)
    if n_jobs == 1 or len(bounds) == 2:
        for first, last in pairwise(bounds):
            pool_rows(*arguments, first, last)
        return
    with ThreadPoolExecutor(n_jobs) as threads:
        work = [
            threads.submit(pool_rows, *arguments, *ends) for ends in pairwise(bounds)
        ]
        try:
            for future in work:
                future.result()
        finally:
            for future in work:
                future.cancel()


def slices(offsets):
    """Return document numbers that cut the documents into similar amounts of work."""
    bounds = [0]
    while bounds[-1] < len(offsets) - 1:
        first = bounds[-1]
        last = np.searchsorted(offsets, offsets[first] + SLICE_TOKENS, "right") - 1
        last = min(int(last), first + SLICE_DOCUMENTS, len(offsets) - 1)
        bounds.append(max(last, first + 1))
    return bounds
