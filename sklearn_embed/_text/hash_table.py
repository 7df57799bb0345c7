"""Distinct tokens and their numbers, in arrays that a kernel fills."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._text.kernels.token_table import (
    SLACK,
    add_tokens,
    find_tokens,
    hash_tokens,
    move_slots,
)
from sklearn_embed._text.scanner import BATCH_DOCUMENTS, Batch, utf8
from sklearn_embed._text.table import TokenTable

#: Slots of an empty table, which cost nothing before they are used; and from how
#: many on a table grows by smaller steps.
SMALLEST, LARGE = 1 << 15, 1 << 19

#: Tokens of a table, and their bytes, that are looked up at once.
TABLE_TOKENS, TABLE_BYTES = 1 << 16, 1 << 24


class HashTable:
    """Distinct tokens, numbered in the order in which they came.

    One thread may add tokens while others look tokens up: arrays that have become
    too small are replaced and never moved, and whoever still reads the old ones
    only knows fewer tokens.

    Parameters
    ----------
    n_tokens : int, default=0
        Tokens that it holds without growing.
    """

    def __init__(self, n_tokens=0):
        n_slots = SMALLEST
        while n_slots < 2 * (n_tokens + 1):
            n_slots *= 2
        slots = np.zeros(n_slots, np.uint64)
        offsets = np.zeros(n_slots // 2 + 1, np.int64)
        self.arrays = slots, offsets, np.zeros(4 * n_slots, np.uint8)
        self.sizes = np.zeros(2, np.int64)

    def __len__(self):
        return int(self.sizes[0])

    def look_up(self, batch):
        """Write the ids of a batch's tokens, -1 where unknown; return how many are."""
        text, spans, hashes, ids, missed = batch
        return find_tokens(text, spans, hashes, self.arrays, ids, missed)

    def add(self, batch, n_missed):
        """Give the next ids to as many tokens as `look_up` did not know."""
        done = 0
        while done < n_missed:
            done = add_tokens(tuple(batch), done, n_missed, self.arrays, self.sizes)
            if done < n_missed:
                self._grow(int(batch.spans[2 * batch.missed[done] + 1]))

    def add_words(self, words, hash_mask):
        """Give a list of distinct words the numbers of their places in it."""
        for first in range(0, len(words), BATCH_DOCUMENTS):
            some = words[first : first + BATCH_DOCUMENTS]
            batch = batch_of_words(some, hash_mask)
            batch.missed[: len(some)] = np.arange(len(some))
            self.add(batch, len(some))
            if len(self) != first + len(some):
                raise ValueError("The words of a vocabulary must differ.")

    def ids_of(self, table, hash_mask, *, grow=False):
        """Return the numbers of a TokenTable's tokens, of their bytes alone.

        Parameters
        ----------
        table : TokenTable
            The tokens.
        hash_mask : uint64
            As of a Scanner.
        grow : bool, default=False
            Whether unknown tokens get the next numbers; else -1.

        Returns
        -------
        ndarray of shape (n_tokens,), int32
        """
        ids, first = np.empty(len(table), np.int32), 0
        while first < len(table):
            limit = table.offsets[first] + TABLE_BYTES
            last = int(np.searchsorted(table.offsets, limit, "right")) - 1
            last = min(max(last, first + 1), first + TABLE_TOKENS, len(table))
            batch = batch_of_table(table, first, last, hash_mask)
            n_missed = self.look_up(batch)
            if grow:
                self.add(batch, n_missed)
            ids[first:last] = batch.ids
            first = last
        return ids

    def _grow(self, n_bytes):
        """Take larger arrays for more tokens, the next one having so many bytes.

        Slots and offsets are replaced always: whoever looks tokens up by the old
        ones must meet no number of a token that lies beyond the arrays it has.
        """
        slots, offsets, blob = self.arrays
        n_tokens, used = self.sizes
        full = 2 * (n_tokens + 1) >= len(slots)
        # Moving costs time, unused slots cost memory: from 4 MB of slots on, twofold.
        times = 4 if len(slots) < LARGE else 2
        larger = np.zeros((times if full else 1) * len(slots), np.uint64)
        move_slots(slots, larger)
        if full or used + n_bytes + SLACK > len(blob):
            # For as many tokens as the slots allow, if those to come are as long.
            expected = used * len(larger) // (2 * n_tokens + 2)
            expected = min(max(expected, used + used // 2), 4 * used)
            blob = enlarged(blob, used, expected + n_bytes + SLACK)
        offsets = enlarged(offsets, n_tokens + 1, len(larger) // 2 + 1)
        self.arrays = larger, offsets, blob

    def to_token_table(self):
        """Return a copy of the distinct tokens."""
        _, offsets, blob = self.arrays
        n_tokens, used = self.sizes
        return TokenTable.trusted(blob[:used].copy(), offsets[: n_tokens + 1].copy())


def batch_of_words(words, hash_mask):
    """Return the Batch in which every string is a token."""
    encoded = utf8(words)
    # Copied to be as writable as any other.
    text = np.frombuffer(b"".join([*encoded, bytes(SLACK)]), np.uint8).copy()
    spans = np.zeros(2 * len(words), np.int32)
    np.cumsum([*map(len, encoded)], out=spans[1::2])
    spans[2::2] = spans[1:-1:2]
    return hashed(text, spans, hash_mask)


def batch_of_table(table, first, last, hash_mask):
    """Return the Batch of some neighbouring tokens of a TokenTable."""
    bounds = table.offsets[first : last + 1]
    n_bytes = int(bounds[-1] - bounds[0])
    text = np.zeros(n_bytes + SLACK, np.uint8)
    text[:n_bytes] = table.blob[bounds[0] : bounds[-1]]
    spans = np.empty(2 * (last - first), np.int32)
    spans[0::2] = bounds[:-1] - bounds[0]
    spans[1::2] = bounds[1:] - bounds[0]
    return hashed(text, spans, hash_mask)


def merged_tables(tables, hash_mask):
    """Return the TokenTable of the tokens of several, and each one's ids in it."""
    tables = list(tables)
    known = HashTable(max(map(len, tables), default=0))
    ids = [known.ids_of(table, hash_mask, grow=True) for table in tables]
    return known.to_token_table(), ids


def hashed(text, edges, hash_mask):
    """Return the Batch of tokens given by begin, end, begin, end, … in a text."""
    n = len(edges) // 2
    hashes, ids = np.empty(n + 1, np.uint32), np.empty(n, np.int32)
    ends, lengths = np.array([2 * n], np.int32), np.empty(1, np.int64)
    hash_tokens(text, edges, ends, 1, 1, hash_mask, hashes, lengths)
    return Batch(text, edges, hashes, ids, np.empty(n + 1, np.int32))


def enlarged(array, used, size):
    """Return a larger copy of what is used of an array."""
    larger = np.zeros(size, array.dtype)
    larger[:used] = array[:used]
    return larger
