"""Character n-grams of words as fastText numbers them, and the sums of their vectors.

Sizes: W words, N n-grams of all words, V stored rows, D dimensions.
"""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._core.compile import kernel, spliced

#: First value of the hash (32-bit FNV-1a).
START = np.uint32(2166136261)

LEFT, RIGHT = np.uint8(ord("<")), np.uint8(ord(">"))


@spliced
def mixed(code, byte):
    """Take one more byte into the hash; fastText sees it as a signed number."""
    signed = np.uint32(np.int32(np.int8(byte)))
    return np.uint32((code ^ signed) * np.uint32(16777619))


@spliced
def begins_character(byte):
    """Tell whether a byte of UTF-8 is the first of its character."""
    return byte & np.uint8(0xC0) != np.uint8(0x80)


@kernel
def hash_words(blob, offsets):
    """Return uint32 (W,): the hash of each whole word.

    Parameters
    ----------
    blob : ndarray of shape (n_bytes,), uint8
        UTF-8 of the words, end to end.
    offsets : ndarray of shape (W + 1,), int64
        Where each word begins in `blob`.
    """
    codes = np.empty(len(offsets) - 1, np.uint32)
    for i in range(len(codes)):
        code = START
        for at in range(offsets[i], offsets[i + 1]):
            code = mixed(code, blob[at])
        codes[i] = code
    return codes


@kernel
def count_ngrams(blob, offsets, min_n, max_n):
    """Return int64 (W + 1,): how many n-grams the words before each one have."""
    bounds = np.zeros(len(offsets), np.int64)
    for i in range(len(offsets) - 1):
        length = 2  # the brackets
        for at in range(offsets[i], offsets[i + 1]):
            length += begins_character(blob[at])
        count = 0
        for n in range(max(min_n, 1), min(max_n, length) + 1):
            # The brackets alone say nothing and are no n-grams.
            count += length - 2 if n == 1 else length - n + 1
        bounds[i + 1] = bounds[i] + count
    return bounds


@kernel
def number_ngrams(blob, offsets, min_n, max_n, bounds, codes, spans):
    """Write hash and place of every n-gram of ``<word>``, by start, then by length.

    Parameters
    ----------
    blob, offsets : ndarray
        As of `hash_words`.
    min_n, max_n : int
        Shortest and longest n-gram, in characters.
    bounds : ndarray of shape (W + 1,), int64
        From `count_ngrams`.
    codes : ndarray of shape (N,), uint32
        Receives the hashes: 32-bit FNV-1a over *sign-extended* bytes, fastText's own.
    spans : ndarray of shape (2 * N,) or (0,), int32
        Receives where each n-gram begins and ends, in a text that holds the words
        end to end with their brackets.  Empty: nobody asks.
    """
    for i in range(len(offsets) - 1):
        first, size = offsets[i], offsets[i + 1] - offsets[i]
        shift = first + 2 * i  # where the word's left bracket lies
        e = bounds[i]
        for start in range(size + 1):
            if start > 0 and not begins_character(blob[first + start - 1]):
                continue
            code, at, n = START, start, 1
            while at < size + 2 and n <= max_n:
                while True:
                    if at == 0:
                        byte = LEFT
                    elif at <= size:
                        byte = blob[first + at - 1]
                    else:
                        byte = RIGHT
                    code = mixed(code, byte)
                    at += 1
                    if at > size or begins_character(blob[first + at - 1]):
                        break
                if n >= min_n and not (n == 1 and start == 0):
                    codes[e] = code
                    if len(spans):
                        spans[2 * e] = shift + start
                        spans[2 * e + 1] = shift + at
                    e += 1
                n += 1


@kernel
def add_rows(bounds, rows, vectors, sums):
    """Add to each word's row the vectors of its n-grams.

    One after the other in float32: the order in which gensim adds them, so that the
    sums agree to the last bit.

    Parameters
    ----------
    bounds : ndarray of shape (W + 1,), int64
        Where each word's n-grams begin in `rows`.
    rows : ndarray of shape (N,), int32
        Rows of the n-grams; below 0: zeros.
    vectors : ndarray of shape (V, D), float32
        The n-grams' vectors.
    sums : ndarray of shape (W, D), float32
        Changed in place.
    """
    for i in range(len(bounds) - 1):
        for e in range(bounds[i], bounds[i + 1]):
            row = np.int64(rows[e])
            if 0 <= row < len(vectors):
                for d in range(sums.shape[1]):
                    sums[i, d] += vectors[row, d]
