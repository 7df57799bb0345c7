"""How probable a recurrent language model says that the words of documents are."""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.tiles import multiply_packed, pack
from sklearn_embed._models.kernels.optimizer import take_rows
from sklearn_embed._models.kernels.output import log_probabilities
from sklearn_embed._models.kernels.recurrent import Steps
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


class ReadRows(NamedTuple):
    """What layers made of words of documents that are read side by side."""

    steps: Steps  # which rows belong together
    n_marks: int  # so many of the first rows are those of marks before documents
    places: np.ndarray  # (N,) int64: of the ids after those that were read
    outputs: np.ndarray  # (N, H)
    passes: list  # what each layer did; see `run_forward`


class StateReader:
    """Reads documents, with states that are carried along; the model must not change.

    What comes of a document depends on that document alone.

    Parameters
    ----------
    model : RecurrentNetwork
        What reads.
    """

    def __init__(self, model):
        self._weights, self._stack = model.weights, model.stack
        self._cells = self._stack.packed(model.weights.cells)

    @property
    def end(self):
        """The id of the mark at the end of a document, and before it."""
        return len(self._weights.biases) - 1

    def states(self):
        """Return the states before the mark before a document."""
        return zero_states(self._stack, 1)

    def advance(self, words, steps, states, scratch):
        """Read packed rows of words; see `run_forward`."""
        inputs = scratch.array("words", (len(words), self._stack.n_inputs))
        take_rows(readonly(self._weights.inputs), words, inputs)
        fixed = self._stack, self._cells, (steps,), inputs, states
        return run_forward(*fixed, scratch)

    def read(self, sequences, group):
        """Yield the ReadRows of documents, some steps at a time.

        Parameters
        ----------
        sequences : Sequences
            The documents.
        group : ndarray of shape (n,), int64
            Numbers of some, in the order of falling length.
        """
        ids, offsets = sequences
        starts, lengths = offsets[group], np.diff(offsets)[group]
        scratch, states = Scratch(), zero_states(self._stack, len(group))
        done = 0
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
                words[:n_lanes] = self.end
            outputs, passes = self.advance(words, steps, states, scratch)
            n_marks = n_lanes if done == 0 else 0
            yield ReadRows(steps, n_marks, places, outputs, passes)
            last_states(passes, states, first[ahead - 1] + np.arange(n_lanes))
            done += len(sizes)


class Judge(StateReader):
    """Says how probable words are; the model must not change meanwhile.

    Parameters
    ----------
    model : RecurrentNetwork
        What says so.
    """

    def __init__(self, model):
        super().__init__(model)
        self._outputs = pack(model.outputs, transposed=True)

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

        for block in self.read(sequences, group):
            targets = sequences.ids[block.places].astype(np.int64)
            for first in range(0, len(targets), step):
                part = slice(first, first + step)
                rows = block.outputs[part]
                scores = scratch.array("scores", (len(rows), n_words))
                scores[:] = 0
                multiply_packed(rows, self._outputs, scores)
                found = np.empty(len(rows))
                log_probabilities(scores, biases, targets[part], found)
                write(block.places[part], found)

    def loss(self, sequences, group):
        """Return the summed loss of some documents, and of how many ids it is."""
        losses = []
        self.judge(sequences, group, lambda _, found: losses.append(-found.sum()))
        return float(sum(losses)), int(np.diff(sequences.offsets)[group].sum())
