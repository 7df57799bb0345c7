"""Words to bags of character n-grams, numbered by fastText's hash or one by one."""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._text.hash_table import HashTable, hashed
from sklearn_embed._text.kernels.char_ngrams import (
    count_ngrams,
    hash_words,
    list_bags,
    number_ngrams,
    sign_sets,
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


def numbered(seen):
    """Return int32: 0, 1, 2, … where something was seen, elsewhere -1."""
    rows = np.cumsum(seen, dtype=np.int32) - 1
    rows[seen == 0] = -1
    return rows


def bags(rows, bounds, others):
    """Put the row of each token, where it has one, before the rows of its n-grams.

    Parameters
    ----------
    rows : ndarray of shape (T,), int32
        Row of each token, or -1.
    bounds : ndarray of shape (T + 1,), int64
        Where each token's n-grams begin.
    others : ndarray, int32
        Rows of the n-grams.

    Returns
    -------
    offsets : ndarray of shape (T + 1,), int64
    bag_rows : ndarray, int32
    """
    has_row = rows >= 0
    offsets = bounds.copy()
    offsets[1:] += np.cumsum(has_row)
    bag_rows = np.empty(offsets[-1], np.int32)
    own = np.zeros(len(bag_rows), bool)
    own[offsets[:-1][has_row]] = True
    bag_rows[own] = rows[has_row]
    bag_rows[~own] = others
    return offsets, bag_rows


class SharedRows(NamedTuple):
    """Rows of words and n-grams; those that would always move alike have one row."""

    rows: np.ndarray  # (n_ngrams,) int32: row of each n-gram; word i has row i
    members: np.ndarray  # (n_rows,) int32: words and n-grams that have each row
    offsets: np.ndarray  # (n_words + 1,) int64: where each word's bag begins
    bag_rows: np.ndarray  # int32: the rows it is made of, its own first
    weights: np.ndarray  # float32: how many members each of them stands for


def share_rows(bounds, ngrams, before):
    """Let words and n-grams share a row that always occur together.

    A step of training moves all rows of a word alike, so that what occurs in the same
    words, and begins alike, remains alike: one row is enough.  Of the n-grams of a
    corpus that is half.

    Parameters
    ----------
    bounds : ndarray of shape (n_words + 1,), int64
        Where each word's n-grams begin in `ngrams`.
    ngrams : ndarray, int32
        Numbers of the n-grams, less than n_ngrams.
    before : ndarray of shape (n_words + n_ngrams,), int32
        Rows that words and n-grams had before, or -1: what had different ones shares
        none.

    Returns
    -------
    SharedRows
    """
    n_words = len(bounds) - 1
    signs = np.zeros(len(before), np.uint64)
    sign_sets(bounds, ngrams, before, signs)
    _, firsts, classes = np.unique(signs, return_index=True, return_inverse=True)
    # Words first, since no two of them are alike; n-grams in the order of their coming.
    row_of = np.empty(len(firsts), np.int32)
    row_of[np.argsort(firsts)] = np.arange(len(firsts), dtype=np.int32)
    rows = row_of[classes]
    members = np.bincount(rows).astype(np.int32)
    told = bounds, ngrams, rows[n_words:], members
    offsets, nothing = np.zeros_like(bounds), np.empty(0, np.int32)
    list_bags(*told, offsets, nothing, np.empty(0, np.float32))
    bag_rows = np.empty(offsets[-1], np.int32)
    weights = np.empty(offsets[-1], np.float32)
    list_bags(*told, offsets, bag_rows, weights)
    return SharedRows(rows[n_words:], members, offsets, bag_rows, weights)


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


def check_matrix(name, matrix, n_rows, width):
    """Refuse what is no float32 matrix of this shape; None: any number of rows."""
    n_rows = matrix.shape[0] if n_rows is None and matrix.ndim else n_rows
    if matrix.dtype != np.float32 or matrix.shape != (n_rows, width):
        raise ValueError(
            f"{name} has shape {matrix.shape} and type {matrix.dtype}, "
            f"expected ({n_rows}, {width}) and float32"
        )


def check_bucket_rows(rows, n_buckets, n_rows):
    """Refuse bucket numbers that point beyond the rows there are."""
    wrong = rows.dtype != np.int32 or rows.shape != (n_buckets,)
    if wrong or (len(rows) and not (-1 <= rows.min() and rows.max() < n_rows)):
        raise ValueError(
            f"bucket_rows must be {n_buckets} rows from -1 to {n_rows - 1}"
        )
