"""From states to words: all of them, or some that are drawn for each step."""

# SPDX-License-Identifier: BSD-3-Clause

from functools import partial

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.tiles import multiply_packed, pack, shape_of_panels
from sklearn_embed._models.kernels.output import (
    exponentiate_block,
    join_blocks,
    slopes_of_block,
)
from sklearn_embed._models.recurrent import Scratch, multiply

#: Words of a block of the softmax, at least, and blocks, at most.
BLOCK_WORDS, BLOCKS = 256, 8

#: Scores that are there at once.
SCORES = 1 << 23


class SoftmaxOutput:
    """The last layer over all words: states in, slopes of everything out.

    Parameters
    ----------
    model : RecurrentNetwork
        Whose outputs and biases are read.
    """

    def __init__(self, model):
        self._model = model
        n_words, width = model.outputs.shape
        self.slopes = np.zeros((n_words, width), np.float32)
        self.bias_slopes = np.zeros(n_words, np.float32)
        n_blocks = max(1, min(BLOCKS, n_words // BLOCK_WORDS))
        bounds = np.linspace(0, n_words, n_blocks + 1).astype(np.int64)
        self._blocks = [slice(*bounds[b : b + 2]) for b in range(n_blocks)]
        self._scratch = [Scratch() for _ in self._blocks]
        self._rows = max(64, SCORES // n_words)

    def phases(self, states, targets, slopes):
        """Yield phases that compute losses and slopes, some rows at a time.

        Parameters
        ----------
        states : ndarray of shape (N, H), float32
            What the layers made.
        targets : ndarray of shape (N,), int64
            Words to predict.
        slopes : ndarray of shape (N, H), float32
            Those of the states.  Overwritten.
        """
        n, n_blocks = len(states), len(self._blocks)
        for first in range(0, n, self._rows):
            part = slice(first, first + self._rows)
            chunk = Chunk(self, states[part], targets[part], 1 / n, first == 0)
            yield [partial(chunk.exponentiate, b) for b in range(n_blocks)]
            yield [chunk.join]
            yield [partial(chunk.differentiate, b) for b in range(n_blocks)]
            bounds = np.linspace(first, min(first + self._rows, n), n_blocks + 1)
            pieces = [slice(*bounds.astype(int)[b : b + 2]) for b in range(n_blocks)]
            yield [partial(chunk.add_up, first, piece, slopes) for piece in pieces]


class Chunk:
    """Some rows of a step of `SoftmaxOutput`."""

    def __init__(self, output, states, targets, share, begins):
        self._output, self._states, self._targets = output, states, targets
        self._share, self._begins = float(share), begins
        shape = len(output._blocks), len(states)
        self._tops, self._totals = np.empty(shape), np.empty(shape)
        self._factors, self._own = np.empty(shape), np.empty(len(states))
        self.parts = np.empty((*shape, states.shape[1]), np.float32)

    def _scores(self, number):
        block, scratch = self._output._blocks[number], self._output._scratch[number]
        n_words = block.stop - block.start
        return block, scratch.array("scores", (len(self._states), n_words))

    def exponentiate(self, number):
        """Compute the scores of a block of words, as exponentials."""
        block, scores = self._scores(number)
        model = self._output._model
        scratch = self._output._scratch[number]
        multiply(self._states, model.outputs[block], scores, scratch, (False, True))
        bias, sums = readonly(model.weights.biases[block]), self._totals[number]
        fixed = int(block.start), self._targets, self._tops[number]
        exponentiate_block(scores, bias, *fixed, sums, self._own)
        return 0.0, 0

    def add_up(self, first, rows, slopes):
        """Write the slopes of some states, which come from all blocks."""
        own = slice(rows.start - first, rows.stop - first)
        np.sum(self.parts[:, own], axis=0, out=slopes[rows])
        return 0.0, 0

    def join(self):
        """Return the loss."""
        fixed = self._tops, self._totals, self._own
        return join_blocks(*fixed, self._factors), len(self._states)

    def differentiate(self, number):
        """Turn exponentials into slopes of states, outputs and biases."""
        block, scores = self._scores(number)
        output, scratch = self._output, self._output._scratch[number]
        sums = np.empty(scores.shape[1], np.float32)
        fixed = scores, int(block.start), self._targets, self._factors[number]
        slopes_of_block(*fixed, self._share, sums)
        multiply(scores, output._model.outputs[block], self.parts[number], scratch)
        if self._begins:
            output.slopes[block] = 0
            output.bias_slopes[block] = 0
        panels = scratch.array("panels", shape_of_panels(*self._states.shape))
        pack(self._states, False, panels)
        multiply_packed(scores, panels, output.slopes[block], transposed=True)
        output.bias_slopes[block] += sums
        return 0.0, 0


class Proposal:
    """Draws the words that a target is compared with in a step.

    Parameters
    ----------
    settings : RecurrentSettings
        How many are drawn, and how.
    counts : ndarray of shape (V,), int64
        How often each word occurs.
    """

    def __init__(self, settings, counts):
        self._n, n_words = int(settings.negative), len(counts)
        if settings.proposal == "log_uniform":
            # Of the ranks of words by frequency, which all but the last two are.
            ranks = np.argsort(np.argsort(-counts, kind="stable"), kind="stable")
            shares = np.log1p(1 / (ranks + 1.0)) / np.log(n_words + 1)
        else:
            shares = np.maximum(counts, 1) ** 0.75
            shares /= shares.sum()
        self._sums = np.cumsum(shares)
        # A word is among so many draws with this probability.
        expected = -np.expm1(self._n * np.log1p(-np.minimum(shares, 1 - 1e-12)))
        self.log_expected = np.log(expected).astype(np.float32)

    def draw(self, seed):
        """Return words drawn, each once, in ascending order."""
        numbers = np.random.default_rng(seed).random(self._n) * self._sums[-1]
        drawn = np.searchsorted(self._sums, numbers, side="right")
        return np.unique(np.minimum(drawn, len(self._sums) - 1))
