"""How probable a window language model says that the words of documents are."""

# SPDX-License-Identifier: BSD-3-Clause

from functools import partial
from itertools import pairwise

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.tiles import multiply_packed, pack
from sklearn_embed._models.kernels.optimizer import take_rows
from sklearn_embed._models.kernels.output import log_probabilities
from sklearn_embed._models.kernels.window_lm import bend, fill_windows
from sklearn_embed._models.recurrent import Scratch

#: Words that are judged at once, and in one task.
ROWS, TASK_ROWS = 256, 4096


class WindowJudge:
    """Says how probable words are; the model must not change meanwhile.

    What it says of a word depends on that word and those before it alone.

    Parameters
    ----------
    model : WindowNetwork
        What says so.
    packs : bool, default=True
        Whether many words will be judged.
    """

    def __init__(self, model, packs=True):
        self._weights, self._stack = model.weights, model.stack
        weights, bias = self._stack.layers(model.weights.cells)
        self._bias = readonly(bias)
        self._hidden = pack(weights, transposed=True)
        self._outputs = pack(model.outputs, transposed=True) if packs else None

    def states(self, words, scratch=None):
        """Return what goes into the outputs, for windows of words (n, C) int64."""
        scratch, stack = scratch or Scratch(), self._stack
        vectors = scratch.array("words", (words.size, stack.vector_size))
        take_rows(readonly(self._weights.inputs), words.reshape(-1), vectors)
        inputs = vectors.reshape(len(words), stack.n_inputs)
        hidden = scratch.array("hidden", (len(words), stack.hidden_size))
        hidden[:] = 0
        multiply_packed(inputs, self._hidden, hidden)
        bend(hidden, self._bias)
        if not stack.direct:
            return hidden
        states = scratch.array("states", (len(words), stack.width))
        states[:, : stack.hidden_size] = hidden
        states[:, stack.hidden_size :] = inputs
        return states

    def judge(self, ids, first, out):
        """Write the log-probability of each of some ids, from the first one on."""
        scratch, biases = Scratch(), readonly(self._weights.biases)
        for begin in range(0, len(out), ROWS):
            part = out[begin : begin + ROWS]
            places = np.arange(first + begin, first + begin + len(part))
            words = np.empty((len(part), self._stack.n_before), np.int64)
            targets = np.empty(len(part), np.int64)
            fill_windows(ids, places, len(biases) - 1, words, targets)
            states = self.states(words, scratch)
            scores = scratch.array("scores", (len(part), len(biases)))
            scores[:] = 0
            multiply_packed(states, self._outputs, scores)
            log_probabilities(scores, biases, targets, part)

    def loss(self, ids, first, last):
        """Return the summed loss of some ids, and how many they are."""
        out = np.empty(last - first)
        self.judge(ids, first, out)
        return -float(out.sum()), len(out)

    def tasks(self, ids):
        """Return tasks that give the losses of all ids."""
        bounds = [*range(0, len(ids), TASK_ROWS), len(ids)]
        return [
            partial(self.loss, ids, first, last) for first, last in pairwise(bounds)
        ]
