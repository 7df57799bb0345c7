"""fastText from its papers and its file format, slowly."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

MASK = 2**32 - 1


def fnv(text):
    """32-bit FNV-1a over bytes taken for signed ones."""
    code = 2166136261
    for byte in text.encode("utf-8", "surrogatepass"):
        signed = byte if byte < 128 else byte + 0xFFFFFF00
        code = ((code ^ signed) * 16777619) & MASK
    return code


def ngrams(word, min_n, max_n):
    """Character n-grams of ``<word>``, by start, then by length."""
    marked = f"<{word}>"
    found = [
        marked[start : start + n]
        for start in range(len(marked))
        for n in range(max(min_n, 1), max_n + 1)
        if start + n <= len(marked)
    ]
    alone = {0, len(marked) - 1}
    places = [
        (start, n)
        for start in range(len(marked))
        for n in range(max(min_n, 1), max_n + 1)
        if start + n <= len(marked)
    ]
    return [
        gram
        for gram, (start, n) in zip(found, places, strict=True)
        if not (n == 1 and start in alone)
    ]
