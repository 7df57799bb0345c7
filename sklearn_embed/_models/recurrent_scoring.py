"""How probable a recurrent language model says that the words of documents are."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.tiles import multiply_packed, pack
from sklearn_embed._models.kernels.optimizer import take_rows
from sklearn_embed._models.kernels.output import log_probabilities
from sklearn_embed._models.recurrent import (
    Scratch,
    last_states,
    run_forward,
    zero_states,
)
from sklearn_embed._models.steps import packed_steps

#: Documents that are judged side by side, and their tokens at a time.
LANES, ROWS = 64, 1024

#: Scores that are there at once.
SCORES = 1 << 22


def groups(sequences):
    """Return numbers of documents of like lengths, long ones first, some at a time."""
    order = np.argsort(-np.diff(sequences.offsets), kind="stable")
    return [order[first : first + LANES] for first in range(0, len(order), LANES)]


class Judge:
    """Says how probable words are; the model must not change meanwhile.

    What it says of a document depends on that document alone.

    Parameters
    ----------
    model : RecurrentNetwork
        What says so.
    """

    def __init__(self, model):
        self._weights, self._stack = model.weights, model.stack
        self._cells = self._stack.packed(model.weights.cells)
        self._outputs = pack(model.outputs, transposed=True)

    def states(self, sequences, group, visit):
        """Run over documents, and have each step's rows visited.

        Parameters
        ----------
        sequences : Sequences
            The documents.
        group : ndarray of shape (n,), int64
            Numbers of some, in the order of falling length.
        visit : callable
            ``visit(places, outputs, passes)``: places of the ids that are to be
            predicted, and what the layers made of those before each.
        """
        ids, offsets = sequences
        starts, lengths = offsets[group], np.diff(offsets)[group]
        scratch, states = Scratch(), zero_states(self._stack, len(group))
        end, done = len(self._weights.biases) - 1, 0
        while done < lengths[0]:
            n_lanes = int(np.count_nonzero(lengths > done))
            ahead = np.minimum(lengths[:n_lanes] - done, max(1, ROWS // n_lanes))
            steps = packed_steps(ahead)
            sizes, first, _ = steps
            lane = np.arange(first[-1]) - np.repeat(first[:-1], sizes)
            step = np.repeat(np.arange(len(sizes)), sizes)
            places = starts[lane] + done + step
            words = ids[places - 1].astype(np.int64)
            if done == 0:
                words[:n_lanes] = end
            inputs = scratch.array("words", (len(words), self._stack.n_inputs))
            take_rows(readonly(self._weights.inputs), words, inputs)
            fixed = self._stack, self._cells, (steps,), inputs, states
            outputs, passes = run_forward(*fixed, scratch)
            visit(places, outputs, passes)
            last_states(passes, states, first[ahead - 1] + np.arange(n_lanes))
            done += len(sizes)

    def judge(self, sequences, group, write):
        """Tell the log-probability of each id of some documents.

        Parameters
        ----------
        sequences : Sequences
            The documents.
        group : ndarray of shape (n,), int64
            Numbers of some, in the order of falling length.
        write : callable
            ``write(places, log_proba)``.
        """
        scratch, biases = Scratch(), readonly(self._weights.biases)
        n_words = len(biases)
        step = max(8, min(ROWS, SCORES // n_words))

        def visit(places, outputs, passes):
            targets = sequences.ids[places].astype(np.int64)
            for first in range(0, len(places), step):
                part = slice(first, first + step)
                rows = outputs[part]
                scores = scratch.array("scores", (len(rows), n_words))
                scores[:] = 0
                multiply_packed(rows, self._outputs, scores)
                found = np.empty(len(rows))
                log_probabilities(scores, biases, targets[part], found)
                write(places[part], found)

        self.states(sequences, group, visit)

    def loss(self, sequences, group):
        """Return the summed loss of some documents, and of how many ids it is."""
        losses = []
        self.judge(sequences, group, lambda _, found: losses.append(-found.sum()))
        return float(sum(losses)), int(np.diff(sequences.offsets)[group].sum())
