"""Documents end to end, cut into lanes that are read side by side."""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._models.kernels.recurrent import Steps
from sklearn_embed._models.recurrent import (
    Scratch,
    last_states,
    zero_states,
)
from sklearn_embed._models.sequences import Sequences, encode
from sklearn_embed._models.steps import packed_steps


class Shard:
    """Some lanes of a batch, and what belongs to them alone.

    Parameters
    ----------
    stack : Stack
        The layers.
    starts, lengths : ndarray of shape (n_lanes,), int64
        Where each lane begins in the text, and how long it is; the longest first.
    """

    def __init__(self, stack, starts, lengths):
        self.stack, self.starts, self.lengths = stack, starts, lengths
        self.scratch, self._patterns = Scratch(), {}
        self.states = zero_states(stack, len(starts))

    def forget(self):
        """Begin a new epoch."""
        for part in self.states:
            part[:] = 0

    def places(self, done, most):
        """Return where the next rows are in the text, or None; see `steps`."""
        n_lanes = int(np.count_nonzero(self.lengths > done))
        if not n_lanes:
            return None
        ahead = np.minimum(self.lengths[:n_lanes] - done, most)
        key = ahead[0], ahead[-1], n_lanes, np.count_nonzero(ahead == ahead[0])
        if key not in self._patterns:
            self._patterns[key] = packed_steps(ahead)
        self.pattern, self.ahead = self._patterns[key], ahead
        sizes, offsets, _ = self.pattern
        lanes = np.arange(offsets[-1]) - np.repeat(offsets[:-1], sizes)
        return self.starts[lanes] + (done + np.repeat(np.arange(len(sizes)), sizes))

    def steps(self, begins):
        """Return the Steps of these rows; `begins` tells where a document does."""
        sizes, offsets, before = self.pattern
        first = len(before) + sizes[0]  # the row of zeros
        return (Steps(sizes, offsets, np.where(begins, first, before)),)

    def keep(self, passes):
        """Take the last states as those before the next rows."""
        offsets, lanes = self.pattern.offsets, np.arange(len(self.ahead))
        last_states(passes, self.states, offsets[self.ahead - 1] + lanes)


class Batch(NamedTuple):
    """What one step reads."""

    words: np.ndarray  # (N,) int64
    targets: np.ndarray  # (N,) int64: the word after each
    begins: np.ndarray  # (N,) bool: whether a document begins there
    bounds: np.ndarray  # where the rows of each shard begin
    seed: int  # of what is drawn


def shuffled(text, rng):
    """Return the ids of a text's documents end to end, in random order."""
    ids, offsets = text
    lengths = np.diff(offsets)
    order = rng.permutation(len(lengths))
    ends = np.cumsum(lengths[order])
    shift = offsets[:-1][order] - (ends - lengths[order])
    places = np.repeat(shift, lengths[order])
    places += np.arange(len(ids))
    return ids[places]


def joined(parts, vocabulary, direction):
    """Return all documents as one `Sequences`, in the direction they are read in."""
    found = [
        encode(part, vocabulary.rows(part.table), len(vocabulary)) for part in parts
    ]
    lengths = [np.diff(one.offsets) for one in found]
    offsets = np.cumsum(np.concatenate([[0], *lengths])).astype(np.int64)
    ids = np.concatenate([np.empty(0, np.int32), *(one.ids for one in found)])
    text = Sequences(ids, offsets)
    return turned(text)[0] if direction == "backward" else text


def turned(sequences):
    """Return the same documents read from the last word to the first.

    Returns
    -------
    sequences : Sequences
        With the end marks where they were.
    order : ndarray of shape (n,), int64
        Where each id comes from.
    """
    ids, offsets = sequences
    lengths = np.diff(offsets)
    first, last = np.repeat(offsets[:-1], lengths), np.repeat(offsets[1:], lengths) - 1
    order = np.arange(len(ids))
    order = np.where(order == last, last, first + last - 1 - order)
    return Sequences(ids[order], offsets), order
