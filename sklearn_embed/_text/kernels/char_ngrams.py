"""Character n-grams of words as fastText numbers them, and the sums of their vectors.

Sizes: W words, N n-grams of all words, V stored rows, D dimensions.
"""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._core.compile import kernel, spliced
from sklearn_embed._core.numeric import hash64

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
