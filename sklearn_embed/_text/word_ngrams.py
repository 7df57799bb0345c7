"""Runs of neighbouring words as tokens of their own."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._text.table import TokenTable
from sklearn_embed._text.word_index import LEFT_OUT, WordIndex


def without(documents, left_out):
    """Return documents without some tokens, a collection of str."""
    if not left_out:
        return documents
    kept_token = WordIndex([], left_out).rows(documents.table) != LEFT_OUT
    ids = documents.flat_ids()
    kept = kept_token[ids] if len(ids) else np.zeros(0, bool)
    offsets = np.concatenate([[0], np.cumsum(kept)])[documents.offsets]
    return documents._over(ids[kept], offsets[:-1], offsets)


def with_ngrams(documents, ngram_range):
    """Return documents whose tokens are n-grams, words joined by blanks.

    As in ``CountVectorizer``: all of the shortest kind first, up to the longest.

    Parameters
    ----------
    documents : TokenizedDocuments
        Single words.
    ngram_range : tuple of two int
        Least and largest number of words, both included.

    Returns
    -------
    TokenizedDocuments
        Documents of n-grams.
    """
    shortest, longest = ngram_range
    if longest == 1:
        return documents
    ids, lengths = documents.flat_ids().astype(np.int64), documents.lengths
    longest = min(longest, int(lengths.max(initial=0)))  # there are no longer ones
    words = documents.table.tolist()
    grams, starts, names = ids, documents.offsets[:-1], words
    kinds, all_names = [], []
    # No n-gram is longer than the longest document, whatever is asked for.
    for n in range(1, min(longest, int(lengths.max(initial=1))) + 1):
        if n > 1:
            grams, starts, names = _longer(grams, starts, names, ids, lengths, words, n)
        if n >= shortest:
            kinds.append((grams + len(all_names), starts, _counts(lengths, n)))
            all_names += names
    flat, offsets = _interleaved(kinds, len(lengths))
    table = TokenTable.from_tokens(all_names)
    return documents._over(flat, offsets[:-1], offsets, table)


def _counts(lengths, n):
    """Return how many n-grams each document has."""
    return np.maximum(lengths - (n - 1), 0)


def _places(starts, counts):
    """Return the places of all elements of runs that start here and there."""
    before = np.cumsum(counts) - counts
    return np.arange(counts.sum()) + np.repeat(starts - before, counts)


def _longer(grams, starts, names, ids, lengths, words, n):
    """Return the n-grams, made of those one word shorter and the word behind."""
    counts = _counts(lengths, n)
    heads = grams[_places(starts, counts)]
    tails = ids[_places(np.cumsum(lengths) - lengths + n - 1, counts)]
    pairs, grams = np.unique(heads * len(words) + tails, return_inverse=True)
    names = [
        f"{names[head]} {words[tail]}"
        for head, tail in zip(*divmod(pairs, max(len(words), 1)), strict=True)
    ]
    return grams, np.cumsum(counts) - counts, names


def _interleaved(kinds, n_documents):
    """Lay the n-grams of all kinds out document after document."""
    total = sum((counts for _, _, counts in kinds), np.zeros(n_documents, np.int64))
    offsets = np.zeros(n_documents + 1, np.int64)
    np.cumsum(total, out=offsets[1:])
    flat, place = np.empty(offsets[-1], np.int32), offsets[:-1].copy()
    for grams, starts, counts in kinds:
        flat[_places(place, counts)] = grams[_places(starts, counts)]
        place += counts
    return flat, offsets
