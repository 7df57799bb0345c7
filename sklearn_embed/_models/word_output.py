"""From states to words: all of them, or some that are drawn for each step."""

# SPDX-License-Identifier: BSD-3-Clause

from functools import partial
from itertools import pairwise

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.tiles import (
    HEIGHTS,
    multiply_packed,
    new_panels,
    pack,
    shape_of_panels,
)
from sklearn_embed._models.kernels.output import (
    exponentiate_block,
    join_blocks,
    slopes_of_block,
)
from sklearn_embed._models.recurrent import Scratch

#: Words of a block of the softmax, at least, and blocks, at most.
BLOCK_WORDS, BLOCKS = 256, 8

#: States of a piece, at least, and pieces, at most.
PIECE_STATES, PIECES = 20, 8

#: Scores that are there at once.
SCORES = 1 << 23


class SoftmaxOutput:
    """The last layer over all words: states in, slopes of everything out.

    States are judged piece by piece, by all blocks of words; then the rows of each
    block get their slopes from all states.

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
        self.blocks = slices(n_words, n_blocks)
        self._packed = [
            (new_panels(width, n), new_panels(n, width))
            for n in (block.stop - block.start for block in self.blocks)
        ]
        self._scratch = [Scratch() for _ in self.blocks]
        self._rows = max(64, SCORES // n_words)

    def packing(self):
        """Return calls that pack the outputs, to be made before the phases."""
        return [partial(self._pack, number) for number in range(len(self.blocks))]

    def _pack(self, number):
        outputs = self._model.outputs[self.blocks[number]]
        for panels, transposed in zip(self._packed[number], (True, False), strict=True):
            pack(outputs, transposed, panels)
        return 0.0, 0

    def phases(self, states, targets, slopes, beside=()):
        """Yield phases that compute losses and slopes, some rows at a time.

        Parameters
        ----------
        states : ndarray of shape (N, H), float32
            What the layers made.
        targets : ndarray of shape (N,), int64
            Words to predict.
        slopes : ndarray of shape (N, H), float32
            Those of the states.  Overwritten.
        beside : sequence of callable
            Tasks that may run as soon as all of these are known.
        """
        n = len(states)
        for first in range(0, n, self._rows):
            part = slice(first, first + self._rows)
            rows = states[part], targets[part], slopes[part]
            chunk = Chunk(self, *rows, 1 / n, first == 0)
            yield [partial(chunk.judge, number) for number in range(len(chunk.pieces))]
            tasks = [partial(chunk.add, number) for number in range(len(self.blocks))]
            yield [*beside, *tasks] if part.stop >= n else tasks

    def room(self, number, n_rows):
        """Return memory for the scores of a block."""
        block = self.blocks[number]
        shape = n_rows, block.stop - block.start
        return self._scratch[number].array("scores", shape)


class Chunk:
    """Some rows of a step of `SoftmaxOutput`."""

    def __init__(self, output, states, targets, slopes, share, begins):
        self._output, self._states, self._targets = output, states, targets
        self._slopes, self._share, self._begins = slopes, float(share), begins
        n = len(states)
        # Of rows that are multiplied together: others take longer.
        self.pieces = slices(n, max(1, min(PIECES, n // PIECE_STATES)), HEIGHTS[0])
        self._scores = [output.room(number, n) for number in range(len(output.blocks))]
        self._sums = np.empty((len(self.pieces), len(output.bias_slopes)), np.float32)

    def judge(self, number):
        """Compute the loss of some states, and slopes of their scores and of them."""
        output, piece = self._output, self.pieces[number]
        states, targets = self._states[piece], self._targets[piece]
        scores = [block[piece] for block in self._scores]
        biases = readonly(output._model.weights.biases)
        shape = len(scores), len(states)
        tops, totals, factors = (np.empty(shape) for _ in range(3))
        own = np.empty(len(states))
        for b, (block, (panels, _)) in enumerate(self._blocks()):
            scores[b][:] = 0
            multiply_packed(states, panels, scores[b])
            fixed = int(block.start), targets, tops[b], totals[b], own
            exponentiate_block(scores[b], biases[block], *fixed)
        loss = join_blocks(tops, totals, own, factors)
        slopes = self._slopes[piece]
        slopes[:] = 0
        for b, (block, (_, panels)) in enumerate(self._blocks()):
            fixed = int(block.start), targets, factors[b], self._share
            slopes_of_block(scores[b], *fixed, self._sums[number, block])
            multiply_packed(scores[b], panels, slopes)
        return loss, len(states)

    def _blocks(self):
        return zip(self._output.blocks, self._output._packed, strict=True)

    def add(self, number):
        """Add to the slopes of a block of outputs and biases."""
        output, block = self._output, self._output.blocks[number]
        slopes, scratch = output.slopes[block], output._scratch[number]
        if self._begins:
            slopes[:] = 0
            output.bias_slopes[block] = 0
        panels = scratch.array("panels", shape_of_panels(*self._states.shape))
        pack(self._states, False, panels)
        multiply_packed(self._scores[number], panels, slopes, transposed=True)
        for sums in self._sums[:, block]:
            output.bias_slopes[block] += sums
        return 0.0, 0


def slices(total, n, whole=1):
    """Return n slices of about equal length, all but the last multiples of a number."""
    bounds = np.rint(np.linspace(0, total / whole, n + 1)).astype(int) * whole
    bounds[-1] = total
    return [slice(*pair) for pair in pairwise(bounds.tolist())]


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
