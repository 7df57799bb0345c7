"""GloVe: word and context vectors whose dot products fit log co-occurrence."""

# SPDX-License-Identifier: BSD-3-Clause

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._models.cooccurrence import CooccurrenceCounts
from sklearn_embed._models.kept_counts import counted, window_of
from sklearn_embed._models.kernels.glove import (
    FIRST_SQUARE,
    FROZEN_SQUARE,
    measure_pairs,
    new_state,
    state_views,
    state_width,
    step_towards,
    train_pairs,
)
from sklearn_embed._models.loop import FrozenRows, Job, Task
from sklearn_embed._models.partition import PartitionedPairs, Weighting
from sklearn_embed._models.rounds import in_turn, rounds
from sklearn_embed._models.warm_start import take_over

_ROWS_PER_PULL = 1 << 13


@dataclass(frozen=True)
class GloveSettings:
    """Parameters of a fit, as GloVeVectorizer names them."""

    vector_size: int
    window: int | str
    weighting: str
    direction: str
    x_max: float | None
    alpha: float
    combine: str
    learning_rate: float
    gradient_clip: float | None
    max_memory: int | None


class GloveData(NamedTuple):
    """What to learn from, and what to measure the loss on."""

    pairs: PartitionedPairs
    held_out: PartitionedPairs | None


class Retrofit(NamedTuple):
    """Which words are pulled towards which vectors, and how strongly."""

    rows: np.ndarray  # (n_known,) int32
    goals: np.ndarray  # (n_known, vector_size) float32
    strength: float


class GloveParameters(NamedTuple):
    """What is trained, and the sums of its squared gradients; float32."""

    word: np.ndarray  # (V, d)
    context: np.ndarray  # (V, d)
    word_bias: np.ndarray  # (V,)
    context_bias: np.ndarray  # (V,)
    word_squares: np.ndarray  # (V, d)
    context_squares: np.ndarray  # (V, d)
    word_bias_squares: np.ndarray  # (V,)
    context_bias_squares: np.ndarray  # (V,)


@dataclass
class GloVe:
    """Word vectors, context vectors and their biases.

    While it is trained, the parameters are views of one matrix, ``matrix``; those of a
    fitted model are arrays of their own.
    """

    settings: GloveSettings
    parameters: GloveParameters
    matrix: np.ndarray | None = None  # (V, 4 * width) float32
    retrofit: Retrofit | None = None

    @classmethod
    def new(cls, vocabulary, settings, rng, before=None):
        """Return fresh parameters: small and random.

        Parameters
        ----------
        vocabulary : Vocabulary
            The words.
        settings : GloveSettings
            Their size.
        rng : numpy.random.Generator
            Draws vectors and biases.
        before : Before or None, default=None
            A trained model, whose words keep their parameters; those that were
            frozen move again.
        """
        n_words, size = len(vocabulary), settings.vector_size
        matrix = new_state(n_words, size)
        parameters = GloveParameters(**_views(matrix, size))
        for values in parameters[:4]:
            # Drawn in steps, for the sake of memory.
            for first in range(0, n_words, 512):
                rows = values[first : first + 512]
                rows[:] = (rng.random(rows.shape, np.float32) - 0.5) / size
        model = cls(settings, parameters, matrix)
        if before is not None:
            model._carry_over(before, vocabulary)
        return model

    def _carry_over(self, before, vocabulary):
        old_rows, rows = before.rows(vocabulary)
        for values, old in zip(self.parameters, before.model.parameters, strict=True):
            if values.ndim == 1:
                values[rows] = old[old_rows]
            else:
                take_over(values, rows, old, old_rows, self.settings.vector_size)
        for squares in (self.parameters.word_squares, self.parameters.context_squares):
            squares[squares >= FROZEN_SQUARE] = FIRST_SQUARE

    def start_at(self, given):
        """Start words at pretrained vectors; return FrozenRows, or None."""
        names, values = ("word", "context"), given.vectors
        if self.settings.combine in names:
            names = (self.settings.combine,)
        else:
            values = values / np.float32(2)
        vectors = [getattr(self.parameters, name) for name in names]
        for matrix in vectors:
            given.put(matrix, values)
        if given.trainable:
            if given.penalty:
                self.retrofit = Retrofit(given.rows, given.vectors, given.penalty)
            return None
        for name in names:
            # Steps are divided by its root: what is left is undone.
            getattr(self.parameters, f"{name}_squares")[given.rows] = FROZEN_SQUARE

        def restore():
            for matrix in vectors:
                matrix[given.rows] = values

        return FrozenRows(restore, often=False)

    def job(self, data, vocabulary, run):
        """Return what trains the parameters."""
        return GloveJob(data, self.matrix, self.settings, run.seed, self.retrofit)

    def published(self, final):
        """Return the fitted attributes, and the model in arrays of its own."""
        plain = GloveParameters(*map(np.ascontiguousarray, self.parameters))
        word, context = plain.word, plain.context
        if self.settings.combine == "word":
            vectors = word
        elif self.settings.combine == "context":
            vectors = context
        elif self.settings.combine == "sum":
            vectors = word + context
        else:
            vectors = np.hstack([word, context])
        attributes = {
            "vectors_": vectors,
            "word_vectors_": word,
            "context_vectors_": context,
            "word_biases_": plain.word_bias,
            "context_biases_": plain.context_bias,
        }
        return attributes, GloVe(self.settings, plain)

    def check(self, n_words):
        """Refuse parameters, read from a file, that do not belong together."""
        size = self.settings.vector_size
        for name, array in zip(GloveParameters._fields, self.parameters, strict=True):
            shape = (n_words,) if "bias" in name else (n_words, size)
            if array.dtype != np.float32 or array.shape != shape:
                raise ValueError(f"{name} has shape {array.shape}, expected {shape}")


def _views(matrix, size):
    """Return views of the parameters by name."""
    views = state_views(matrix, size)
    return {name: views[name] for name in GloveParameters._fields}


def prepared(settings, parts, held_out, vocabulary, memory, n_jobs):
    """Count documents and partition the pairs: before there are parameters.

    Parameters
    ----------
    settings : GloveSettings
        Window and weights.
    parts, held_out : list of TokenizedDocuments
        What to learn from, and what to measure the loss on.  In place of the first, a
        list of one `CooccurrenceCounts`.
    vocabulary : Vocabulary
        The words.
    memory : joblib.Memory
        Where counts are kept.
    n_jobs : int or None
        Threads.

    Returns
    -------
    GloveData
    """

    def partitioned(some, scale=1.0):
        given = isinstance(some[0], CooccurrenceCounts)
        if given:
            pairs, window = some[0].pairs, some[0].window
        else:
            window = window_of(settings)
            limits = {"max_memory": settings.max_memory, "n_jobs": n_jobs}
            pairs = counted(some, vocabulary, window, memory, limits)
        return PartitionedPairs(
            pairs,
            window.direction == "both",
            state_width(settings.vector_size),
            Weighting(settings.x_max, settings.alpha),
            scale,
            n_jobs,
            overwrite=not given,
        )

    pairs = partitioned(parts)
    if not held_out:
        return GloveData(pairs, None)
    n_tokens, n_held_out = (
        max(1, sum(part.n_tokens for part in some)) for some in (parts, held_out)
    )
    # Counts of fewer documents are scaled up to those of the others.
    return GloveData(pairs, partitioned(held_out, n_tokens / n_held_out))


class GloveJob(Job):
    """Trains the parameters of GloVe.

    Parameters
    ----------
    data : GloveData
        What to learn from, and what to measure the loss on.
    matrix : ndarray of shape (n_words, 4 * width), float32
        All parameters of a word side by side.  Changed in place.
    settings : GloveSettings
        Learning rate; largest gradient.
    seed : int
        Of the order of tasks.
    retrofit : Retrofit or None, default=None
        Vectors to stay close to.
    """

    def __init__(self, data, matrix, settings, seed, retrofit=None):
        self._pairs, self._held_out = data
        self._seed, self._retrofit = seed, retrofit
        self._matrix, self._flat = matrix, matrix.reshape(-1)
        self._width = matrix.shape[1] // 4
        clip = np.inf if settings.gradient_clip is None else settings.gradient_clip
        with np.errstate(over="ignore", under="ignore"):  # infinite, or 0
            self._rate, self._clip = np.float32([settings.learning_rate, clip])
        # Pretrained vectors may be long, and the penalty is part of the loss.
        longest = np.einsum(
            "ij,ij->i", matrix[:, : self._width], matrix[:, : self._width]
        )
        self.loss_limit = Job.loss_limit * max(1.0, float(longest.max(initial=0)) ** 2)
        if retrofit is not None:
            self.loss_limit = np.inf

    def phases(self, epoch):
        """Yield lists of tasks that share no row, in an order of the epoch's own."""
        rng = np.random.default_rng([self._seed, 2, epoch])
        schedule = rounds(self._pairs.n_groups)
        groups = rng.permutation(self._pairs.n_groups).tolist()
        order = in_turn(schedule[number] for number in rng.permutation(len(schedule)))
        starts = rng.random(len(order))
        yield (
            Task(
                partial(self._train, groups[a], groups[b], start),
                frozenset({groups[a], groups[b]}),
            )
            for (a, b), start in zip(order, starts, strict=True)
        )
        if self._retrofit is not None:
            n_rows = len(self._retrofit.rows)
            yield [
                partial(self._pull, slice(first, first + _ROWS_PER_PULL))
                for first in range(0, n_rows, _ROWS_PER_PULL)
            ]

    def validation_phases(self):
        """Yield tasks that measure the loss of the held-out pairs."""
        n_groups = self._held_out.n_groups
        yield [
            partial(self._measure, a, b) for a in range(n_groups) for b in range(a + 1)
        ]

    def _train(self, a, b, start):
        loss, n_terms = 0.0, 0
        for tile in self._pairs.of(a, b):
            part, n = train_pairs(
                self._flat,
                self._width,
                tile,
                int(start * len(tile.terms)),
                self._pairs.partition,
                self._rate,
                self._clip,
            )
            loss, n_terms = loss + part, n_terms + n
        return loss, n_terms

    def _measure(self, a, b):
        loss, n_terms = 0.0, 0
        for tile in self._held_out.of(a, b):
            part, n = measure_pairs(
                self._flat, self._width, tile, self._held_out.partition
            )
            loss, n_terms = loss + part, n_terms + n
        return loss, n_terms

    def _pull(self, at):
        rows, goals, strength = self._retrofit
        loss = step_towards(
            self._matrix.reshape(len(self._matrix), 4, self._width),
            readonly(rows[at]),
            readonly(goals[at]),
            np.float32(strength),
            self._rate,
        )
        return loss, 0
