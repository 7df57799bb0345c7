"""Words to bags of character n-grams, numbered by fastText's hash or one by one."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._text.hash_table import HashTable, hashed
from sklearn_embed._text.kernels.char_ngrams import (
    count_ngrams,
    hash_words,
    number_ngrams,
)
from sklearn_embed._text.kernels.token_table import SLACK
from sklearn_embed._text.scanner import Scanner

_NO_SPANS = np.empty(0, np.int32)


def ngram_codes(table, min_n, max_n):
    """Hash the character n-grams of all words of a table.

    Parameters
    ----------
    table : TokenTable
        The words.
    min_n, max_n : int
        Shortest and longest n-gram in characters, the brackets of ``<word>``
        included.  None are longer than 0: no n-grams.

    Returns
    -------
    bounds : ndarray of shape (n_words + 1,), int64
        Where each word's n-grams begin in `codes`.
    codes : ndarray of shape (n_ngrams,), uint32
        fastText's hash of each n-gram, by start, then by length.
    """
    bounds = count_ngrams(table.blob, table.offsets, int(min_n), int(max_n))
    codes = np.empty(bounds[-1], np.uint32)
    _number(table, min_n, max_n, bounds, codes, _NO_SPANS)
    return bounds, codes


def ngram_buckets(table, min_n, max_n, n_buckets):
    """Return bounds and, in place of the codes, int32 buckets: code mod `n_buckets`."""
    bounds, codes = ngram_codes(table, min_n, max_n)
    codes %= np.uint32(n_buckets)
    return bounds, codes.view(np.int32)


def token_codes(table):
    """Return uint32 (n_tokens,): fastText's hash of each whole token of a table."""
    return hash_words(table.blob, table.offsets)


class NgramNumbers:
    """Numbers n-grams by their spelling, so that no two share a number.

    Parameters
    ----------
    ngrams : list of str, default=()
        Distinct n-grams that have the numbers of their places in this list.
    """

    def __init__(self, ngrams=()):
        self._known = HashTable()
        self._known.add_words(list(ngrams), Scanner.hash_mask)

    def __len__(self):
        return len(self._known)

    def tolist(self):
        """Return the n-grams by number."""
        return self._known.to_token_table().tolist()

    def rows(self, table, min_n, max_n, *, grow=False):
        """Return the numbers of the n-grams of all words of a table.

        Parameters
        ----------
        table : TokenTable
            The words.
        min_n, max_n : int
            As of `ngram_codes`.
        grow : bool, default=False
            Whether n-grams seen for the first time get the next numbers; else -1.

        Returns
        -------
        bounds : ndarray of shape (n_words + 1,), int64
            Where each word's n-grams begin in `numbers`.
        numbers : ndarray of shape (n_ngrams,), int32
            By start, then by length.
        """
        bounds = count_ngrams(table.blob, table.offsets, int(min_n), int(max_n))
        spans = np.empty(2 * bounds[-1], np.int32)
        codes = np.empty(bounds[-1], np.uint32)
        _number(table, min_n, max_n, bounds, codes, spans)
        batch = hashed(_bracketed(table), spans, Scanner.hash_mask)
        n_missed = self._known.look_up(batch)
        if grow:
            self._known.add(batch, n_missed)
        return bounds, batch.ids


def _bracketed(table):
    """Return the tokens end to end, each in brackets, as kernels read them."""
    text = np.zeros(len(table.blob) + 2 * len(table) + SLACK, np.uint8)
    inside = np.ones(len(text) - SLACK, bool)
    shifts = 2 * np.arange(len(table))
    for bracket, places in (
        (ord("<"), table.offsets[:-1] + shifts),
        (ord(">"), table.offsets[1:] + shifts + 1),
    ):
        text[places] = bracket
        inside[places] = False
    text[: len(inside)][inside] = table.blob
    return text


def _number(table, min_n, max_n, bounds, codes, spans):
    number_ngrams(
        table.blob, table.offsets, int(min_n), int(max_n), bounds, codes, spans
    )
