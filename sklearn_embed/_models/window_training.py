"""How a window language model is trained: on words in random order.

What is computed side by side is cut into shards whose number does not depend on the
number of threads: rows for the hidden layer, blocks of words for the softmax.
"""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._models.kernels.optimizer import sum_columns, take_rows
from sklearn_embed._models.kernels.window_lm import bend, fill_windows, straighten
from sklearn_embed._models.lanes import Batch
from sklearn_embed._models.recurrent import Scratch, multiply
from sklearn_embed._models.recurrent_training import LEAST_STEPS, SHARDS, LanguageJob
from sklearn_embed._models.window_scoring import WindowJudge

#: Rows of a shard, at least.
SHARD_ROWS = 64


class WindowJob(LanguageJob):
    """Trains a window language model.

    Parameters
    ----------
    model : WindowNetwork
        Changed in place.
    data : Data
        Tokenized documents.
    vocabulary : Vocabulary
        The words.
    run : Run
        Seed and schedule.
    """

    def _divided(self, n):
        """Return how many steps an epoch of n words has, and the shards of each."""
        self._size = int(max(1, min(self._settings.batch_size, n // LEAST_STEPS)))
        n_shards = max(1, min(SHARDS, self._size // SHARD_ROWS))
        return -(-n // self._size), [_Rows() for _ in range(n_shards)]

    def validation_phases(self):
        """Yield one call for every few words, judged by all words."""
        yield WindowJudge(self._model).tasks(self._held_out.ids)

    def _in_order(self, rng):
        """Return the places of all words in random order."""
        return rng.permutation(len(self._text.ids))

    def _batch(self, order, number, seed):
        places = order[number * self._size : (number + 1) * self._size]
        words = np.empty((len(places), self._stack.n_before), np.int64)
        targets = np.empty(len(places), np.int64)
        fill_windows(self._text.ids, places, self._end, words, targets)
        n_shards = min(len(self._shards), len(places))
        bounds = np.linspace(0, len(places), n_shards + 1).astype(np.int64)
        return Batch(words, targets, targets == self._end, bounds, seed)

    def _forward(self, batch, number):
        """Run the hidden layer over the rows of a shard."""
        scratch, stack = self._shards[number].scratch, self._stack
        part = slice(*batch.bounds[number : number + 2])
        words, drop = batch.words[part], self._drop(batch, part.start)
        vectors = scratch.array("words", (words.size, stack.vector_size))
        take_rows(readonly(self._model.weights.inputs), words.reshape(-1), vectors)
        inputs = vectors.reshape(len(words), stack.n_inputs)
        drop.apply(0, inputs)
        weights, bias = self._cells
        bent = scratch.array("bent", (len(words), stack.hidden_size))
        multiply(inputs, weights, bent, scratch, (False, True))
        bend(bent, readonly(bias))
        states = scratch.array("states", (len(words), stack.width))
        hidden = scratch.array("hidden", bent.shape)
        hidden[:] = bent
        drop.apply(1, hidden)
        states[:, : stack.hidden_size] = hidden
        if stack.direct:
            states[:, stack.hidden_size :] = inputs
        return states, (inputs, bent)

    def _backward(self, batch, number, ran, slopes, below):
        """Run the hidden layer backwards; write slopes of parameters and inputs."""
        inputs, bent = ran
        scratch, stack = self._shards[number].scratch, self._stack
        part = slice(*batch.bounds[number : number + 2])
        drop = self._drop(batch, part.start)
        back = scratch.array("hidden", bent.shape)
        back[:] = slopes[:, : stack.hidden_size]
        drop.apply(1, back)
        straighten(back, bent)
        of_weights, of_bias = self._into[number]
        multiply(back, inputs, of_weights, scratch, (True, False))
        sum_columns(back, of_bias)
        weights, _ = self._cells
        multiply(back, weights, below[part], scratch)
        if stack.direct:
            below[part] += slopes[:, stack.hidden_size :]
        drop.apply(0, below[part])

    def _movable(self, ids, slopes):
        """Return the slopes of rows that are not frozen, one row for each word."""
        slopes = slopes.reshape(ids.size, -1)
        return super()._movable(ids.reshape(-1), slopes)


class _Rows:
    """Some rows of each batch."""

    def __init__(self):
        self.scratch = Scratch()

    def forget(self):
        """Begin a new epoch: nothing is kept from row to row."""
