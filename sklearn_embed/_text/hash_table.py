"""Distinct tokens and their numbers, in arrays that a kernel fills."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._kernels.token_table import (
    SLACK,
    hash_tokens,
    move_slots,
    number_tokens,
)
from sklearn_embed._text.scanner import Batch, batches, joined, utf8
from sklearn_embed._text.table import TokenTable


class HashTable:
    """Distinct tokens, numbered in the order in which they came.

    One thread may add tokens while others look tokens up: arrays that have become
    too small are replaced and never moved, and whoever still reads the old ones
    only knows fewer tokens.
    """

    def __init__(self):
        slots = np.zeros(1 << 12, np.uint64)
        offsets = np.zeros((1 << 11) + 1, np.int64)
        self.arrays = slots, offsets, np.zeros(1 << 14, np.uint8)
        self.sizes = np.zeros(2, np.int64)

    def __len__(self):
        return int(self.sizes[0])

    def look_up(self, batch):
        """Return the ids of a batch's tokens, -1 where a token is unknown."""
        ids = np.full(len(batch.hashes), -1, np.int32)
        self._number(batch, 0, ids, False)
        return ids

    def add(self, batch):
        """Return the ids of a batch's tokens; those that are new get the next ones."""
        ids = np.full(len(batch.hashes), -1, np.int32)
        done = 0
        while (done := self._number(batch, done, ids, True)) < len(ids):
            self._grow(int(batch.spans[2 * done + 1]))
        return ids

    def add_words(self, words, hash_mask):
        """Give a list of distinct words the numbers of their places in it."""
        for first, some in batches(words):
            self.add(batch_of_words(some, hash_mask))
            if len(self) != first + len(some):
                raise ValueError("The words of a vocabulary must differ.")

    def _number(self, batch, first, ids, grow):
        text, spans, hashes, _ = batch
        table, sizes = self.arrays, self.sizes
        return number_tokens(
            text, spans, hashes, first, len(ids), table, sizes, ids, grow
        )

    def _grow(self, n_bytes):
        """Make room for more tokens, the next one having so many bytes.

        Slots and offsets are replaced always: whoever looks tokens up by the old
        ones must meet no number of a token that lies beyond the arrays it has.
        """
        slots, offsets, blob = self.arrays
        n_tokens, used = self.sizes
        full = 2 * (n_tokens + 1) >= len(slots)
        larger = np.zeros((1 + full) * len(slots), np.uint64)
        move_slots(slots, larger)
        if used + n_bytes + SLACK > len(blob):
            blob = enlarged(blob, used, used + max(used // 2, n_bytes + SLACK))
        offsets = enlarged(offsets, n_tokens + 1, len(larger) // 2 + 1)
        self.arrays = larger, offsets, blob

    def to_token_table(self):
        """Return a copy of the distinct tokens."""
        _, offsets, blob = self.arrays
        n_tokens, used = self.sizes
        return TokenTable(blob[:used].copy(), offsets[: n_tokens + 1].copy())


def batch_of_words(words, hash_mask):
    """Return the Batch in which every string is a token."""
    encoded = utf8(words)
    text = joined(encoded).copy()  # copied to be as writable as any other
    lengths = np.fromiter(map(len, encoded), np.int32, len(words))
    edges = np.repeat(np.cumsum(lengths + 1, dtype=np.int32) - 1, 2)
    edges[::2] -= lengths
    ends = np.array([len(edges)], np.int32)
    hashes = np.empty(len(words) + 1, np.uint32)
    hash_tokens(text, edges, ends, 1, hash_mask, hashes, np.empty(1, np.int64))
    return Batch(text, edges, hashes[:-1], None)


def enlarged(array, used, size):
    """Return a copy of what is used of an array, with room for more."""
    larger = np.zeros(size, array.dtype)
    larger[:used] = array[:used]
    return larger
