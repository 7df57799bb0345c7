"""From the words of documents to one vector each: layers, and their states pooled."""

# SPDX-License-Identifier: BSD-3-Clause

from typing import Any, NamedTuple

import numpy as np

from sklearn_embed._models.kernels.recurrent import pool_most, pool_sum, spread_most
from sklearn_embed._models.recurrent import (
    KEEP_ALL,
    lanes_of,
    packed_steps,
    reversed_steps,
    run_backward,
    run_forward,
    zero_states,
)


class PooledRun(NamedTuple):
    """What layers made of some documents, and what their slopes are computed from."""

    pooled: np.ndarray  # (B, D * H)
    lengths: np.ndarray  # (B,)
    steps: Any
    passes: Any
    chosen: np.ndarray  # rows that pooling took, by its kind


class Layers:
    """Recurrent layers whose states are pooled.

    Parameters
    ----------
    pooling : {"max", "mean", "last"}
        How.
    stack : Stack
        The layers.
    cells : ndarray
        Their parameters.
    learning : bool, default=False
        Whether slopes will be asked for.
    into : Layers or None, default=None
        An earlier one of the same parameters, whose memory is used again.
    """

    def __init__(self, pooling, stack, cells, learning=False, into=None):
        self._pooling, self._stack = pooling, stack
        old = None if into is None else into._packed
        self._packed = stack.packed(cells, learning, old)

    def forward(self, inputs, lengths, scratch, dropping=KEEP_ALL):
        """Run over packed rows and pool.

        Parameters
        ----------
        inputs : ndarray of shape (N, E), float32
            Vectors of words, as `packed_steps` orders them.  Changed in place where
            something is dropped.
        lengths : ndarray of shape (B,), int64
            Of the documents, falling, at least 1.
        scratch : Scratch
            Where everything lies.
        dropping : Dropping, default=KEEP_ALL
            What is dropped.
        """
        steps = packed_steps(lengths)
        both = (steps, reversed_steps(steps))[: self._stack.n_directions]
        states = zero_states(self._stack, len(lengths))
        fixed = self._stack, self._packed, both, inputs, states
        outputs, passes = run_forward(*fixed, scratch, dropping)
        pooled, chosen = self._pool(outputs, steps, lengths)
        return PooledRun(pooled, lengths, both, passes, chosen)

    def _pool(self, outputs, steps, lengths):
        n, width = len(lengths), outputs.shape[1]
        pooled, lanes = np.empty((n, width), np.float32), lanes_of(*steps[:2])
        if self._pooling == "max":
            chosen = np.empty((n, width), np.int64)
            pool_most(outputs, lanes, pooled, chosen)
        elif self._pooling == "mean":
            chosen = lanes
            pool_sum(outputs, lanes, pooled)
            pooled /= lengths.astype(np.float32)[:, None]
        else:  # the last state that each direction comes to
            chosen, half = steps.offsets[lengths - 1] + np.arange(n), width
            if self._stack.n_directions == 2:
                half = width // 2
                pooled[:, half:] = outputs[:n, half:]
            pooled[:, :half] = outputs[chosen, :half]
        return pooled, chosen

    def backward(self, run, slopes, into, scratch, dropping=KEEP_ALL, wanted=True):
        """Turn slopes of pooled states into all others; see `run_backward`."""
        n, width = len(run.steps[0].before), slopes.shape[1]
        spread = scratch.array("spread", (n, width))
        if self._pooling == "mean":
            slopes /= run.lengths.astype(np.float32)[:, None]
            np.take(slopes, run.chosen, axis=0, out=spread)
        else:
            spread[:] = 0
            if self._pooling == "max":
                spread_most(slopes, run.chosen, spread)
            else:
                half = width // self._stack.n_directions
                spread[run.chosen, :half] = slopes[:, :half]
                spread[: len(slopes), half:] = slopes[:, half:]
        fixed = self._stack, self._packed, run.steps, run.passes, spread, into
        return run_backward(*fixed, scratch, dropping, wanted)
