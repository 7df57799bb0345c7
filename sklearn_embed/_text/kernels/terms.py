"""Character n-grams of documents: white space made even, n-grams cut and hashed."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._core.compile import inlined, kernel
from sklearn_embed._text.kernels.boundaries import store_char
from sklearn_embed._text.kernels.token_table import hash_bytes

BLANK = np.int64(32)


@inlined(fastmath=())
def is_space(code):
    """Tell whether Python's ``str.isspace`` holds for a character."""
    if code < 0x80:
        return code == 32 or 9 <= code <= 13 or 28 <= code <= 31
    return (
        code == 0x85
        or code == 0xA0
        or code == 0x1680
        or 0x2000 <= code <= 0x200A
        or code == 0x2028
        or code == 0x2029
        or code == 0x202F
        or code == 0x205F
        or code == 0x3000
    )


@kernel
def even_spaces(codes, bounds, by_word, out, edges, units, counts):
    """Write documents as UTF-8 whose white space is as n-grams want it.

    Parameters
    ----------
    codes : ndarray of shape (n_characters,), uint32
        All documents, end to end.
    bounds : ndarray of shape (n_documents + 1,), int64
        Where each begins.
    by_word : bool
        True: words with one blank before and one behind, which a unit is; the blank
        between two words belongs to both.  False: a document is a unit, in which a
        run of two or more spaces becomes one blank.
    out : ndarray, uint8
        Receives the text: four bytes a character, and six more a document.
    edges : ndarray, int32
        Receives where each character begins in `out`, and where the last one ends:
        up to two more than a document has characters.
    units : ndarray of shape (n_units, 2), int64
        Receives the first character of each unit and the one behind the last.
    counts : ndarray of shape (n_documents,), int64
        Receives the number of units of each document.

    Returns
    -------
    int
        Number of units.
    """
    q, c, u = 0, 0, 0
    for d in range(len(counts)):
        first, begin, p, stop = u, c, bounds[d], bounds[d + 1]
        inside = False
        while p < stop:
            code = np.int64(codes[p])
            if not is_space(code):
                if by_word and not inside:
                    if u == first:  # else the blank of the word before
                        edges[c] = q
                        q += store_char(out, q, BLANK)
                        c += 1
                    units[u, 0] = c - 1
                    inside = True
                edges[c] = q
                q += store_char(out, q, code)
                c += 1
                p += 1
                continue
            end = p + 1
            while end < stop and is_space(np.int64(codes[end])):
                end += 1
            if inside or not by_word:
                alone = end == p + 1 and not by_word
                edges[c] = q
                q += store_char(out, q, code if alone else BLANK)
                c += 1
            if inside:
                units[u, 1] = c
                u += 1
            inside = False
            p = end
        if inside:
            edges[c] = q
            q += store_char(out, q, BLANK)
            c += 1
            units[u, 1] = c
            u += 1
        if not by_word:
            units[u, 0], units[u, 1] = begin, c
            u += 1
        counts[d] = u - first
    edges[c] = q
    return u


@inlined(fastmath=())
def longest_of(length, by_word, shortest, longest):
    """Return the largest n of a unit's n-grams; a short word is one as a whole."""
    if by_word:
        return min(longest, max(length, shortest))
    return min(longest, length)


@kernel
def count_terms(units, counts, by_word, shortest, longest, lengths):
    """Write how many n-grams each document has; return how many there are."""
    u = 0
    total = 0
    for d in range(len(counts)):
        n_terms = 0
        for _ in range(counts[d]):
            length = units[u, 1] - units[u, 0]
            most = longest_of(length, by_word, shortest, longest)
            for n in range(shortest, most + 1):
                n_terms += max(length - n, 0) + 1
            u += 1
        lengths[d] = n_terms
        total += n_terms
    return total


@kernel
def cut_terms(out, edges, units, sizes, mask, spans, hashes):
    """Cut and hash the n-grams of some units, the shortest of a unit first.

    Parameters
    ----------
    out, edges, units
        From `even_spaces`; units without those that are not used.
    sizes : tuple of (bool, int, int)
        by_word, the least n and the largest one.
    mask : uint64
        Bits of the hash that are used.
    spans : ndarray of shape (2 * n_terms,), int32
        Receives start and length of each n-gram in `out`.
    hashes : ndarray of shape (n_terms,), uint32
        Receives their hashes.
    """
    by_word, shortest, longest = sizes
    t = 0
    for u in range(len(units)):
        begin, end = units[u, 0], units[u, 1]
        most = longest_of(end - begin, by_word, shortest, longest)
        for n in range(shortest, most + 1):
            for c in range(begin, max(end - n, begin) + 1):
                start = np.int64(edges[c])
                length = np.int64(edges[min(c + n, end)]) - start
                spans[2 * t] = start
                spans[2 * t + 1] = length
                hashes[t] = hash_bytes(out, start, length) & mask
                t += 1
