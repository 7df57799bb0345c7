"""From the words of documents to one vector each: layers, and their states pooled."""

# SPDX-License-Identifier: BSD-3-Clause

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from sklearn_embed._models.kernels.recurrent import (
    GATES,
    GRU,
    pool_most,
    pool_sum,
    spread_most,
)
from sklearn_embed._models.recurrent import (
    KEEP_ALL,
    Scratch,
    matrix_slopes,
    run_backward,
    run_forward,
    zero_states,
)
from sklearn_embed._models.steps import lanes_of, packed_steps, reversed_steps


class PooledRun(NamedTuple):
    """What layers made of some documents, and what their slopes are computed from."""

    pooled: np.ndarray  # (B, D * H)
    vectors: np.ndarray  # (N, E) of words; nothing is dropped if they are wanted later
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
    mix : LayerMix or None, default=None
        The sum of layers that is pooled.  None: the last layer.
    """

    def __init__(self, pooling, stack, cells, learning=False, mix=None):
        self._pooling, self._stack, self.mix = pooling, stack, mix
        self._packed = stack.packed(cells, learning)

    def packing(self):
        """Return calls that take note of parameters that have changed in place."""
        return self._stack.packing(self._packed)

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
        states, vectors = zero_states(self._stack, len(lengths)), inputs
        if self.mix is not None and dropping.chance > 0 and 0 in self.mix.numbers:
            vectors = scratch.array("vectors", inputs.shape)
            vectors[:] = inputs
        fixed = self._stack, self._packed, both, inputs, states
        outputs, passes = run_forward(*fixed, scratch, dropping)
        if self.mix is not None:
            outputs = self.mix.add_up(vectors, passes, scratch)
        pooled, chosen = self._pool(outputs, steps, lengths)
        return PooledRun(pooled, vectors, lengths, both, passes, chosen)

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

    def spread(self, run, slopes, scratch):
        """Turn slopes of what was pooled, changed in place, into those of states."""
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
        return spread

    def products(self, run, spread):
        """Return for each layer of the sum its numbers times their slopes, summed."""
        return self.mix.products(spread, run.vectors, run.passes)

    def backward(self, run, spread, scratch, dropping=KEEP_ALL):
        """Turn slopes of states into those of the inputs, and of all sums."""
        fixed = self._stack, self._packed, run.steps, run.passes, spread, None
        shares = None
        if self.mix is not None:
            shares = self.mix.by_layer(self._stack.num_layers)
        return run_backward(*fixed, scratch, dropping, shares)


class SharedRows(Scratch):
    """Arrays of a shard: those that slopes of parameters are made of lie among all.

    One product over the rows of all shards is faster than one for each, and needs no
    sum.

    Parameters
    ----------
    whole : Scratch
        Of all shards.
    """

    keeps_inputs = True

    def __init__(self, whole):
        super().__init__()
        self._whole, self.begin, self.total = whole, 0, 0

    def array(self, name, shape):
        """Return an array; see `Scratch.array`."""
        if name.partition("-")[0] not in ROW_ARRAYS or shape[0] == 0:
            return super().array(name, shape)
        whole = self._whole.array(name, (self.total, *shape[1:]))
        return whole[self.begin : self.begin + shape[0]]


#: Arrays with a row for each word that slopes of parameters are made of.
ROW_ARRAYS = frozenset({"words", "inputs", "gates", "parts", "previous"})


def parameter_tasks(stack, whole, total, into):
    """Return calls that write the slopes of all layers' parameters.

    Called before the shards run, too: it makes the arrays that they share.

    Parameters
    ----------
    stack : Stack
        The layers.
    whole : Scratch
        What the `SharedRows` of all shards lie in.
    total : int
        Rows of all shards.
    into : list
        For each layer the LayerWeights of its directions.
    """
    size, tasks = stack.hidden_size, []
    rows = total, GATES[stack.cell] * size
    inputs = whole.array("words", (total, stack.n_inputs))
    for number, layer in enumerate(into):
        for direction, grads in enumerate(layer):
            end = f"-{number}-{direction}"
            gates = whole.array(f"gates{end}", rows)
            sums = whole.array(f"parts{end}", rows) if stack.cell == GRU else gates
            previous = whole.array(f"previous{end}", (total, size))
            pairs = (
                (gates, inputs, grads.inputs, grads.input_bias, whole),
                (sums, previous, grads.states, grads.state_bias, whole),
            )
            tasks += [
                partial(matrix_slopes, *pair, f"panels{end}-{part}")
                for part, pair in enumerate(pairs)
            ]
        inputs = whole.array(f"inputs-{number}", (total, stack.width))
    return tasks
