"""A language model that looks at a window of words: what it learns and says."""

# SPDX-License-Identifier: BSD-3-Clause

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from sklearn_embed._core.threads import run_all
from sklearn_embed._models.recurrent_lm import RecurrentNetwork
from sklearn_embed._models.window_scoring import TASK_ROWS, WindowJudge
from sklearn_embed._models.window_training import WindowJob


class WindowLayer(NamedTuple):
    """The hidden layer: sizes, and where its parameters lie."""

    n_before: int  # words that are looked at
    vector_size: int
    hidden_size: int
    direct: bool  # whether vectors go on to the outputs, too

    @property
    def n_inputs(self):
        """Numbers that go in for each word predicted."""
        return self.n_before * self.vector_size

    @property
    def width(self):
        """Numbers that come out."""
        return self.hidden_size + self.direct * self.n_inputs

    @property
    def size(self):
        """Number of parameters."""
        return self.hidden_size * (self.n_inputs + 1)

    def layers(self, flat):
        """Return weights (H, n_inputs) and bias (H,), views of an array of all."""
        weights = flat[: self.hidden_size * self.n_inputs]
        return weights.reshape(self.hidden_size, -1), flat[len(weights) :]

    def draw(self, rng):
        """Return fresh parameters: uniform within 1 / sqrt(n_inputs), no bias."""
        flat = np.zeros(self.size, np.float32)
        weights, _ = self.layers(flat)
        bound = 1 / math.sqrt(self.n_inputs)
        weights[:] = rng.uniform(-bound, bound, weights.shape)
        return flat

    def packed(self, flat, learning=True):
        """Return `layers`: nothing is packed for learning."""
        return self.layers(flat)

    def packing(self, made):
        """Return no call."""
        return []


@dataclass(frozen=True)
class WindowSettings:
    """Parameters of a fit, as WindowLanguageModel names them; none is "auto"."""

    vector_size: int
    order: int
    hidden_size: int
    direct_connections: bool
    dropout: float
    loss: str
    negative: int
    proposal: str
    batch_size: int
    optimizer: str
    momentum: float
    max_norm: float | None

    #: What `RecurrentNetwork` asks for.
    tie_weights: ClassVar[bool] = False
    direction: ClassVar[str] = "forward"
    #: Parameters that decide what the numbers mean.
    meaning: ClassVar[tuple[str, ...]] = (
        *("vector_size", "order", "hidden_size", "direct_connections", "optimizer"),
    )

    @property
    def stack(self):
        """The hidden layer."""
        return WindowLayer(
            int(self.order) - 1,
            int(self.vector_size),
            int(self.hidden_size),
            bool(self.direct_connections),
        )


@dataclass
class WindowNetwork(RecurrentNetwork):
    """Vectors of the words before, a hidden layer, and a score for each word."""

    settings: WindowSettings  # type: ignore[assignment]

    def job(self, data, vocabulary, run):
        """Return what trains the parameters."""
        return WindowJob(self, data, vocabulary, run)

    def start(self):
        """Return the state before the first word: the words before, the last first."""
        return (len(self.weights.biases) - 1,) * self.stack.n_before

    def advance(self, state, word):
        """Return the state after one more word."""
        return (word, *state)[: self.stack.n_before]

    def next_log_proba(self, state):
        """Return the log-probability of each id, float64 (V + 2,)."""
        judge = WindowJudge(self, packs=False)
        words = np.array(state, np.int64).reshape(1, -1)
        return self._log_softmax(judge.states(words)[0])

    def log_proba(self, sequences, n_jobs=1):
        """Return the log-probability of each id given those before, float64 (n,)."""
        out, judge = np.empty(len(sequences.ids)), WindowJudge(self)

        def call(first):
            last = min(first + TASK_ROWS, len(out))
            judge.judge(sequences.ids, first, out[first:last])

        run_all(call, range(0, len(out), TASK_ROWS), n_jobs)
        return out
