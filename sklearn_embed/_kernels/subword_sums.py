"""Character n-grams to vectors: what fastText adds up for a word it never saw.

Sizes: W words, V stored rows, B buckets, D dimensions.
"""

# SPDX-License-Identifier: BSD-3-Clause

import numba
import numpy as np


@numba.njit(cache=True, nogil=True, error_model="numpy")
def add_subwords(text, ends, limits, rows, skip, vectors, sums, counts):
    """Add to each word's row the vectors of its character n-grams.

    The n-grams are visited by start, then by length, and added one by one in
    float32: the order in which gensim adds them, so that the sums agree to the
    last bit.

    Parameters
    ----------
    text : ndarray of shape (n_bytes,), uint8
        UTF-8 of all words end to end, each as ``<word>``.
    ends : ndarray of shape (W,), int64
        Where each word ends in `text`.
    limits : tuple of three int64
        Shortest n-gram, longest n-gram (characters), number of buckets.
    rows : ndarray of shape (B,), int32
        Row of each bucket, -1 where it has none.  Length 0: bucket b is row b.
    skip : bool
        Whether a bucket without a row is left out of `counts`.
    vectors : ndarray of shape (V, D), float32
        The n-grams' vectors.
    sums : ndarray of shape (W, D), float32
        Changed in place: the sums so far.
    counts : ndarray of shape (W,), int64
        Changed in place: the number of n-grams.

    Notes
    -----
    The hash is 32-bit FNV-1a over *sign-extended* bytes, fastText's own.
    """
    min_n, max_n, n_buckets = limits
    begin = 0
    for w in range(len(ends)):
        end = ends[w]
        for i in range(begin, end):
            if text[i] & 0xC0 == 0x80:  # inside a character
                continue
            code = np.uint32(2166136261)
            j, n = i, 1
            while j < end and n <= max_n:
                code = _mix(code, text[j])
                j += 1
                while j < end and text[j] & 0xC0 == 0x80:
                    code = _mix(code, text[j])
                    j += 1
                # The brackets alone say nothing and are no n-grams.
                if n >= min_n and not (n == 1 and (i == begin or j == end)):
                    row = np.int64(code % np.uint32(n_buckets))
                    if len(rows):
                        row = np.int64(rows[row])
                    if 0 <= row < len(vectors):
                        for d in range(sums.shape[1]):
                            sums[w, d] += vectors[row, d]
                    if row >= 0 or not skip:
                        counts[w] += 1
                n += 1
        begin = end


@numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _mix(code, byte):
    """Take one more byte into the hash."""
    signed = np.uint32(np.int32(np.int8(byte)))
    return np.uint32((code ^ signed) * np.uint32(16777619))
