"""Sequences of different lengths as packed rows: see `kernels.recurrent`."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._models.kernels.recurrent import Steps


def packed_steps(lengths):
    """Return Steps of sequences in the order of falling length, from scratch.

    Parameters
    ----------
    lengths : ndarray of shape (B,), int64
        At least 1.
    """
    n_steps = int(lengths[0])
    # Sequences that are longer than t, for each step t.
    sizes = np.searchsorted(-lengths, -np.arange(n_steps), side="left").astype(np.int64)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    lanes = lanes_of(sizes, offsets)
    rows = np.arange(offsets[-1])
    step = np.repeat(np.arange(n_steps), sizes)
    before = np.where(step > 0, offsets[np.maximum(step - 1, 0)] + lanes, 0)
    before[: sizes[0]] = rows[-1] + 1 + rows[: sizes[0]]
    return Steps(sizes, offsets, before)


def lanes_of(sizes, offsets):
    """Return the sequence of each row."""
    return np.arange(offsets[-1]) - np.repeat(offsets[:-1], sizes)


def reversed_steps(steps):
    """Return the same rows, to be read from the last step to the first."""
    sizes, offsets, _ = steps
    n, lanes = offsets[-1], lanes_of(sizes, offsets)
    following = np.append(sizes[1:], 0)
    step = np.repeat(np.arange(len(sizes)), sizes)
    goes_on = lanes < following[step]
    after = offsets[np.minimum(step + 1, len(sizes))] + lanes
    return steps._replace(before=np.where(goes_on, after, n + lanes))
