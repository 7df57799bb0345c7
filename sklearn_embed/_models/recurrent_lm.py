"""A recurrent language model: what it has learned, and what it says of texts."""

# SPDX-License-Identifier: BSD-3-Clause

from dataclasses import dataclass
from functools import partial
from typing import ClassVar, NamedTuple

import numpy as np

from sklearn_embed._core.blas import one_blas_thread
from sklearn_embed._core.threads import run_all
from sklearn_embed._models.descent import kept_by
from sklearn_embed._models.kernels.recurrent import Steps
from sklearn_embed._models.lanes import turned
from sklearn_embed._models.network import Network, zero_weights
from sklearn_embed._models.recurrent import (
    Scratch,
    Stack,
    last_states,
    run_forward,
    zero_states,
)
from sklearn_embed._models.recurrent_scoring import Judge, groups
from sklearn_embed._models.recurrent_training import LanguageJob
from sklearn_embed._models.warm_start import take_over


@dataclass(frozen=True)
class RecurrentSettings:
    """Parameters of a fit, as RecurrentLanguageModel names them; none is "auto"."""

    vector_size: int
    cell: str
    nonlinearity: str
    hidden_size: int
    num_layers: int
    dropout: float
    loss: str
    negative: int
    proposal: str
    tie_weights: bool
    direction: str
    bptt: int
    batch_size: int
    optimizer: str
    momentum: float
    max_norm: float | None

    #: Those that decide what the parameters mean.
    meaning: ClassVar[tuple[str, ...]] = (
        *("vector_size", "cell", "nonlinearity", "hidden_size", "num_layers"),
        *("tie_weights", "direction", "optimizer"),
    )

    @property
    def stack(self):
        """The layers."""
        return Stack.of(self)


class NetworkWeights(NamedTuple):
    """The parameters, or what an optimiser keeps of each.

    Rows are those of words, then of the unknown word and of the end of a document.
    """

    inputs: np.ndarray  # (V + 2, E)
    outputs: np.ndarray  # (V + 2, H); (0, H) where they are those of inputs
    biases: np.ndarray  # (V + 2,)
    cells: np.ndarray  # all layers, see `Stack`

    @classmethod
    def zeros(cls, settings, n_words, empty=False):
        """Return zeros for so many words; or arrays without any row."""
        n, stack = n_words + 2, settings.stack
        n_out = 0 if settings.tie_weights else n
        vectors, outputs = (n, int(settings.vector_size)), (n_out, stack.width)
        shapes = vectors, outputs, (n,), (stack.size,)
        return zero_weights(cls, shapes, empty)


@dataclass
class RecurrentNetwork(Network):
    """Embedding, recurrent layers, and a score for each word."""

    settings: RecurrentSettings
    weights: NetworkWeights
    first: NetworkWeights  # what the optimiser keeps
    second: NetworkWeights
    n_steps: int  # that were made
    frozen: np.ndarray | None = None  # (V + 2,) bool: rows that do not move

    @classmethod
    def new(cls, vocabulary, settings, rng, before=None):
        """Return fresh parameters, small and random.

        Parameters
        ----------
        vocabulary : Vocabulary
            The words.
        settings : RecurrentSettings
            Sizes and the like.
        rng : numpy.random.Generator
            Draws the parameters.
        before : Before or None, default=None
            A trained model, whose words and layers keep their parameters.
        """
        weights = NetworkWeights.zeros(settings, len(vocabulary))
        for part in weights[:2]:
            part[:] = rng.uniform(-0.1, 0.1, part.shape)
        weights.cells[:] = settings.stack.draw(rng)
        model = cls.of(settings, weights)
        if before is not None:
            model._carry_over(before, vocabulary)
        return model

    @classmethod
    def of(cls, settings, weights):
        """Return a model of which the optimiser knows nothing yet."""
        n_words = len(weights.biases) - 2
        kept = (
            NetworkWeights.zeros(settings, n_words, not there)
            for there in kept_by(settings.optimizer, settings.momentum)
        )
        return cls(settings, weights, *kept, 0)

    def _carry_over(self, before, vocabulary):
        """Take over the rows of words and marks, the layers and the optimiser."""
        old = before.model
        self._refuse_changes(old)
        old_rows, rows = before.rows(vocabulary)
        n_old, n_new = len(before.index), len(vocabulary)
        old_rows, rows = [*old_rows, n_old, n_old + 1], [*rows, n_new, n_new + 1]
        for mine, theirs in self._pairs(old):
            for part, given in zip(mine[:2], theirs[:2], strict=True):
                if len(part) and len(given):
                    take_over(part, rows, given, old_rows, part.shape[1])
            if len(mine.biases) and len(theirs.biases):
                mine.biases[rows] = theirs.biases[old_rows]
                mine.cells[:] = theirs.cells
        self.n_steps = old.n_steps

    def job(self, data, vocabulary, run):
        """Return what trains the parameters."""
        return LanguageJob(self, data, vocabulary, run)

    def published(self, final):
        """Return the fitted attributes, and the model.

        Parameters
        ----------
        final : bool
            Whether this model is used up, which saves a copy.
        """
        fitted = self._to_publish(final)
        return {"vectors_": fitted.weights.inputs[:-2]}, fitted

    def __getstate__(self):
        return {k: v for k, v in vars(self).items() if k != "_packed_cells"}

    @property
    def stack(self):
        """The layers."""
        return self.settings.stack

    @property
    def outputs(self):
        """What states are multiplied with: (V + 2, H)."""
        tied = self.settings.tie_weights
        return self.weights.inputs if tied else self.weights.outputs

    def start(self):
        """Return the state before the first word of a document."""
        return self.advance(zero_states(self.stack, 1), len(self.weights.biases) - 1)

    def advance(self, state, word):
        """Return the state after one more word, given by its id."""
        stack = self.stack
        packed = vars(self).get("_packed_cells")
        if packed is None:
            packed = vars(self)["_packed_cells"] = stack.packed(self.weights.cells)
        steps = Steps(*(np.array(a, np.int64) for a in ([1], [0, 1], [1])))
        inputs = self.weights.inputs[word : word + 1].copy()
        states = tuple(part.copy() for part in state)
        fixed = stack, packed, (steps,), inputs, states
        _, passes = run_forward(*fixed, Scratch())
        last_states(passes, states, np.zeros(1, np.int64))
        return states

    def next_log_proba(self, state):
        """Return the log-probability of each id, float64 (V + 2,)."""
        return self._log_softmax(state[0][-1, 0, 0])

    def _log_softmax(self, numbers):
        """Return the log-probability of each id by what the layers made."""
        with one_blas_thread():
            scores = self.outputs @ numbers + self.weights.biases
        scores = scores.astype(np.float64)
        scores -= scores.max()
        return scores - np.log(np.exp(scores).sum())

    def log_proba(self, sequences, n_jobs=1):
        """Return the log-probability of each id given those before, float64 (n,)."""
        backward = self.settings.direction == "backward"
        read, order = turned(sequences) if backward else (sequences, None)
        judge = Judge(self)
        out = np.empty(len(read.ids))
        run_all(partial(judge.judge, read, write=out.__setitem__), groups(read), n_jobs)
        if backward:
            found = np.empty_like(out)
            found[order] = out
            return found
        return out

    def check(self, n_words):
        """Refuse parameters, read from a file, that do not belong together."""
        settings = self.settings
        if settings.tie_weights and settings.vector_size != settings.hidden_size:
            raise ValueError("tie_weights, but vector_size and hidden_size differ")
        self._check_weights(partial(NetworkWeights.zeros, settings, n_words))
