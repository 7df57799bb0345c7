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


class HashTable:
    """Distinct tokens, numbered in the order in which they came.

    One thread may add tokens while others look tokens up: arrays that have become
    too small are replaced and never moved, and whoever still reads the old ones
    only knows fewer tokens.
    """

    def __init__(self):
        slots = np.zeros(SMALLEST, np.uint64)
        offsets = np.zeros(SMALLEST // 2 + 1, np.int64)
        self.arrays = slots, offsets, np.zeros(4 * SMALLEST, np.uint8)
        self.sizes = np.zeros(2, np.int64)

    def __len__(self):
        return int(self.sizes[0])

    def look_up(self, batch):
        """Write the ids of a batch's tokens, -1 where unknown; return how many are."""
        text, spans, hashes, ids, missed = batch
        return find_tokens(text, spans, hashes, self.arrays, ids, missed)

    def add(self, batch, n_missed):
        """Give the next ids to as many tokens as `look_up` did not know."""
        text, spans, hashes, ids, missed = batch
        tokens, done = (text, spans, hashes, missed), 0
        while done < n_missed:
            table, sizes = self.arrays, self.sizes
            done = add_tokens(*tokens, done, n_missed, table, sizes, ids)
            if done < n_missed:
                self._grow(int(spans[2 * missed[done] + 1]))

    def add_words(self, words, hash_mask):
        """Give a list of distinct words the numbers of their places in it."""
        for first in range(0, len(words), BATCH_DOCUMENTS):
            some = words[first : first + BATCH_DOCUMENTS]
            batch = batch_of_words(some, hash_mask)
            self.add(batch, self.look_up(batch))
            if len(self) != first + len(some):
                raise ValueError("The words of a vocabulary must differ.")

    def _grow(self, n_bytes):
        """Make room for more tokens, the next one having so many bytes.

        Slots and offsets are replaced always: whoever looks tokens up by the old
        ones must meet no number of a token that lies beyond the arrays it has.
        """
        slots, offsets, blob = self.arrays
        n_tokens, used = self.sizes
        full = 2 * (n_tokens + 1) >= len(slots)
        # Every move costs, and so does room that is not used: from 8 MB on, twofold.
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
        return TokenTable(blob[:used].copy(), offsets[: n_tokens + 1].copy())


def batch_of_words(words, hash_mask):
    """Return the Batch in which every string is a token."""
    encoded = utf8(words)
    # Copied to be as writable as any other.
    text = np.frombuffer(b"".join([*encoded, bytes(SLACK)]), np.uint8).copy()
    spans = np.zeros(2 * len(words), np.int32)
    np.cumsum([*map(len, encoded)], out=spans[1::2])
    spans[2::2] = spans[1:-1:2]
    return hashed(text, spans, hash_mask)


def hashed(text, edges, hash_mask):
    """Return the Batch of tokens given by begin, end, begin, end, … in a text."""
    n = len(edges) // 2
    hashes, ids = np.empty(n + 1, np.uint32), np.empty(n, np.int32)
    ends, lengths = np.array([2 * n], np.int32), np.empty(1, np.int64)
    hash_tokens(text, edges, ends, 1, 1, hash_mask, hashes, lengths)
    return Batch(text, edges, hashes, ids, np.empty(n + 1, np.int32))


def enlarged(array, used, size):
    """Return a copy of what is used of an array, with room for more."""
    larger = np.zeros(size, array.dtype)
    larger[:used] = array[:used]
    return larger
