"""Vectors of words in their context: states of a forward and a backward language model.

The vector of a token is made of what each model knows once it has read the token, the
one from the left, the other from the right.
"""

# SPDX-License-Identifier: BSD-3-Clause

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from sklearn_embed._core.threads import run_all
from sklearn_embed._models.lanes import turned
from sklearn_embed._models.recurrent import Scratch, last_states
from sklearn_embed._models.recurrent_scoring import ROWS, StateReader, groups
from sklearn_embed._models.sequences import N_MARKS
from sklearn_embed._models.steps import packed_steps

#: Tokens above which a document is read in pieces, and tokens of a piece.
PIECE = 8192

#: What is added to a variance before it divides.
EPS = np.float32(1e-5)


class TokenLayers(NamedTuple):
    """Which layers the vector of a token is made of, and how."""

    numbers: tuple[int, ...]  # 0: the vectors of words, below all layers
    weights: tuple[float, ...] | None  # of their sum; None: they are side by side
    normalized: bool  # whether each is brought to mean 0 and variance 1 first

    def sizes(self, settings):
        """Return how many numbers each layer has, in one direction."""
        first, other = int(settings.vector_size), int(settings.hidden_size)
        return [other if number else first for number in self.numbers]

    def columns(self, settings):
        """Return for each direction where each of its parts is in a vector."""
        sizes = self.sizes(settings)
        if self.weights is not None:
            sizes = sizes[:1]
        parts = _slices(np.repeat(sizes, 2))
        return parts[::2], parts[1::2]

    def width(self, settings):
        """Return how many numbers a vector has."""
        return self.columns(settings)[1][-1].stop

    def of(self, passes, scratch):
        """Return the vectors of the rows that one direction has read.

        Parameters
        ----------
        passes : list
            What each layer did; see `run_forward`.
        scratch : Scratch
            Where the vectors lie.

        Returns
        -------
        ndarray of shape (N, m), float32
        """
        n = len(passes[0][0].inputs)
        parts = [
            passes[number - 1][0].record.states[:n] if number else passes[0][0].inputs
            for number in self.numbers
        ]
        if self.normalized:
            parts = list(map(_normalized, parts))
        if self.weights is None:
            out = scratch.array("vectors", (n, sum(part.shape[1] for part in parts)))
            return np.concatenate(parts, axis=1, out=out)
        out = scratch.array("vectors", parts[0].shape)
        out[:] = 0
        for part, weight in zip(parts, self.weights, strict=True):
            out += np.float32(weight) * part
        return out


def _slices(sizes):
    """Return slices of some sizes, one after the other."""
    return [slice(*pair) for pair in pairwise(np.cumsum([0, *sizes]).tolist())]


def _normalized(rows):
    """Return rows of mean 0 and variance 1; those that do not vary become zeros."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    variance = np.square(rows).mean(axis=1, keepdims=True)
    return rows / np.sqrt(variance + EPS)


class _Direction(NamedTuple):
    """One of the two models, and what is its own in a vector."""

    reader: StateReader
    backward: bool
    columns: list  # where its parts are in a vector
    own: list  # where they are in what it makes

    def put(self, out, rows, vectors):
        """Write vectors to some rows."""
        for columns, own in zip(self.columns, self.own, strict=True):
            out[rows, columns] = vectors[:, own]


class TokenReader:
    """Makes vectors of tokens in their context; the models must not change meanwhile.

    What comes of a document depends on that document alone.

    Parameters
    ----------
    forward, backward : RecurrentNetwork
        Of the same words and sizes.
    layers : TokenLayers
        What vectors are made of.
    """

    def __init__(self, forward, backward, layers):
        self._layers, self.width = layers, layers.width(forward.settings)
        self.n_words = len(forward.weights.biases) - N_MARKS
        self._directions = []
        models = forward, backward
        columns = layers.columns(forward.settings)
        for backwards, model, place in zip((False, True), models, columns, strict=True):
            own = _slices([part.stop - part.start for part in place])
            reader = StateReader(model)
            self._directions.append(_Direction(reader, backwards, place, own))

    def pooled(self, sequences, pooling, n_jobs=1):
        """Return one row for each document: float32 (n, width).

        Parameters
        ----------
        sequences : Sequences
            The documents; those without words become zeros.
        pooling : {"mean", "sum", "max", "last"}
            How vectors of tokens become one; "last": those that each direction reads
            last.
        n_jobs : int, default=1
            Threads.
        """
        out = np.zeros((len(sequences.offsets) - 1, self.width), np.float32)
        counts = np.diff(sequences.offsets) - 1

        def call(item):
            direction, text, _, group = item
            group = group[counts[group] > 0]
            if len(group):
                found = self._pool(direction.reader, text, group, pooling)
                if pooling == "mean":
                    found /= counts[group][:, None]
                direction.put(out, group, found)

        run_all(call, self._items(sequences), n_jobs)
        return out

    def _items(self, sequences):
        """Return what is read by itself: directions, and documents of like lengths."""
        texts = (sequences, None), turned(sequences)
        return [
            (direction, *text, group)
            for direction, text in zip(self._directions, texts, strict=True)
            for group in groups(sequences)
        ]

    def _pool(self, reader, sequences, group, pooling):
        """Return what comes of documents in one direction, float64."""
        scratch, pooled = Scratch(), None
        for rows in reader.read(sequences, group):
            vectors = self._layers.of(rows.passes, scratch)
            if pooled is None:
                pooled = np.zeros((len(group), vectors.shape[1]))
                if pooling == "max":
                    pooled[:] = -np.inf
            # Step by step, so that each document is added up in its own order.
            bounds = rows.steps.offsets.tolist()
            for first, last in pairwise(bounds):
                if first < rows.n_marks:
                    continue
                into, step = pooled[: last - first], vectors[first:last]
                if pooling == "max":
                    np.maximum(into, step, out=into)
                elif pooling == "last":
                    into[:] = step
                else:
                    into += step
        return pooled

    def tokens(self, sequences, out, n_jobs=1):
        """Write the vector of each token.

        Parameters
        ----------
        sequences : Sequences
            The documents.
        out : ndarray of shape (n_tokens, width), float32
            Rows of all tokens, without those of the marks.
        n_jobs : int, default=1
            Threads.
        """

        def call(item):
            direction, text, order, group = item
            scratch = Scratch()
            for rows in direction.reader.read(text, group):
                vectors = self._layers.of(rows.passes, scratch)[rows.n_marks :]
                sizes, first, _ = rows.steps
                lanes = np.arange(first[-1]) - np.repeat(first[:-1], sizes)
                places = rows.places[rows.n_marks :] - 1
                if order is not None:
                    places = order[places]
                # Each document before has one mark.
                direction.put(out, places - group[lanes[rows.n_marks :]], vectors)

        run_all(call, self._items(sequences), n_jobs)

    def pieces(self, words):
        """Yield the vectors of one long document, piece by piece.

        The backward model reads the document once to the beginning and keeps its
        states between pieces, and each piece once more when it comes.

        Parameters
        ----------
        words : ndarray of shape (n,), int64
            Ids of the document's words.

        Yields
        ------
        begin : int
            Number of the first token.
        vectors : ndarray of shape (m, width), float32
        """
        forward, backward = self._directions
        begins = range(0, len(words), PIECE)
        state, states = self._start(backward), {}
        for begin in reversed(begins):
            states[begin] = [part.copy() for part in state]
            if begin:
                for _ in self._follow(backward, words[begin : begin + PIECE], state):
                    pass
        state = self._start(forward)
        for begin in begins:
            piece = words[begin : begin + PIECE]
            out = np.empty((len(piece), self.width), np.float32)
            for rows, vectors in self._follow(forward, piece, state):
                forward.put(out, rows, vectors)
            for rows, vectors in self._follow(backward, piece, states.pop(begin)):
                backward.put(out, rows, vectors)
            yield begin, out

    def _start(self, direction):
        """Return the states after the mark before a document."""
        state, mark = direction.reader.states(), np.array([direction.reader.end])
        _read_on(direction.reader, mark, state, Scratch())
        return state

    def _follow(self, direction, words, state):
        """Yield rows of words, and their vectors, as a direction reads them."""
        scratch, order = Scratch(), np.arange(len(words))
        if direction.backward:
            order = order[::-1]
        for first in range(0, len(words), ROWS):
            rows = order[first : first + ROWS]
            passes = _read_on(direction.reader, words[rows], state, scratch)
            yield rows, self._layers.of(passes, scratch)


def _read_on(reader, words, state, scratch):
    """Read the next words of one document; change its state in place."""
    steps = packed_steps(np.array([len(words)]))
    _, passes = reader.advance(words, steps, state, scratch)
    last_states(passes, state, np.array([len(words) - 1]))
    return passes
