"""A recurrent classifier of texts: what it has learned, and what it says of texts."""

# SPDX-License-Identifier: BSD-3-Clause

import math
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, NamedTuple

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.blas import one_blas_thread
from sklearn_embed._core.threads import run_all
from sklearn_embed._core.tiles import multiply_packed, pack
from sklearn_embed._models.classifier import Labels
from sklearn_embed._models.descent import kept_by
from sklearn_embed._models.kernels.optimizer import take_rows
from sklearn_embed._models.label_training import LabelJob, Texts
from sklearn_embed._models.layer_mix import LayerMix, check_layers, n_scalars, shares
from sklearn_embed._models.network import Network, zero_weights
from sklearn_embed._models.pooled_states import Layers
from sklearn_embed._models.recurrent import Scratch, Stack
from sklearn_embed._models.warm_start import take_over

#: Documents that are judged side by side, and their words, at most.
LANES, ROWS = 64, 8192


@dataclass(frozen=True)
class RecurrentClassifierSettings:
    """Parameters of a fit, as RecurrentClassifier names them."""

    vector_size: int
    cell: str
    nonlinearity: str
    hidden_size: int
    num_layers: int
    bidirectional: bool
    layers: int | tuple[int, ...]  # from 0 on; several: with scalars that are learned
    pooling: str
    dropout: float
    loss: str  # "softmax", or "one_vs_all" where documents have several labels
    max_length: int | None
    batch_size: int
    optimizer: str
    momentum: float
    max_norm: float | None
    fine_tuning: str = "all"
    layer_decay: float = 1.0

    #: Those that decide what the parameters mean.
    meaning: ClassVar[tuple[str, ...]] = (
        *("vector_size", "cell", "nonlinearity", "hidden_size", "num_layers"),
        *("bidirectional", "layers", "pooling", "optimizer", "loss"),
    )

    @property
    def stack(self):
        """The layers."""
        return Stack.of(self, 2 if self.bidirectional else 1)


class ClassifierWeights(NamedTuple):
    """The parameters, or what an optimiser keeps of each."""

    inputs: np.ndarray  # (V, E)
    cells: np.ndarray  # all layers, see `Stack`
    outputs: np.ndarray  # (n_classes, D * H)
    biases: np.ndarray  # (n_classes,)
    scalars: np.ndarray  # see `layer_mix.shares`

    @classmethod
    def zeros(cls, settings, n_words, n_classes, empty=False):
        """Return zeros; or arrays without any row."""
        stack = settings.stack
        shapes = (n_words, stack.n_inputs), (stack.size,)
        shapes += (n_classes, stack.width), (n_classes,), (n_scalars(settings.layers),)
        return zero_weights(cls, shapes, empty)


@dataclass
class RecurrentTextClassifier(Network):
    """Embedding, recurrent layers, pooled states, and a score for each class."""

    settings: RecurrentClassifierSettings
    labels: Labels
    weights: ClassifierWeights
    first: ClassifierWeights  # what the optimiser keeps
    second: ClassifierWeights
    n_steps: int  # that were made
    frozen: np.ndarray | None = None  # (V,) bool: rows that do not move

    @classmethod
    def new(cls, vocabulary, settings, labels, rng, before=None, start=None):
        """Return fresh parameters, small and random.

        Parameters
        ----------
        vocabulary : Vocabulary
            The words.
        settings : RecurrentClassifierSettings
            Sizes and the like.
        labels : Labels
            The classes.
        rng : numpy.random.Generator
            Draws the parameters.
        before : Before or None, default=None
            A trained model, whose words, layers and classes keep their parameters.
        start : LanguageStart or None, default=None
            Where words and layers start that were not trained before.
        """
        stack, sizes = settings.stack, (len(vocabulary), len(labels.classes))
        weights, *kept = (
            ClassifierWeights.zeros(settings, *sizes, not there)
            for there in (True, *kept_by(settings.optimizer, settings.momentum))
        )
        weights.inputs[:] = rng.uniform(-0.1, 0.1, weights.inputs.shape)
        weights.cells[:] = stack.draw(rng)
        bound = 1 / math.sqrt(stack.width)
        weights.outputs[:] = rng.uniform(-bound, bound, weights.outputs.shape)
        weights.scalars[-1:] = 1
        if start is not None:
            weights.inputs[:] = start.rows(vocabulary.words)
            weights.cells[:] = start.cells
        model = cls(settings, labels, weights, *kept, 0)
        if before is not None:
            model._carry_over(before, vocabulary)
        return model

    def _carry_over(self, before, vocabulary):
        """Take over the rows of words and classes, the layers and the optimiser."""
        old = before.model
        self._refuse_changes(old)
        old_rows, rows = before.rows(vocabulary)
        classes = old.labels.among(self.labels.classes)
        for mine, theirs in self._pairs(old):
            if len(mine.cells) and len(theirs.cells):
                width = mine.inputs.shape[1]
                take_over(mine.inputs, rows, theirs.inputs, old_rows, width)
                mine.cells[:], mine.scalars[:] = theirs.cells, theirs.scalars
                mine.outputs[classes] = theirs.outputs
                mine.biases[classes] = theirs.biases
        self.n_steps = old.n_steps

    def job(self, data, vocabulary, run):
        """Return what trains the parameters."""
        return LabelJob(self, data, vocabulary, run)

    def published(self, final):
        """Return the fitted attributes, and the model.

        Parameters
        ----------
        final : bool
            Whether this model is used up, which saves a copy.
        """
        fitted = self._to_publish(final)
        attributes = {
            "vectors_": fitted.weights.inputs,
            "classes_": self.labels.classes,
            "label_counts_": self.labels.counts,
            "output_vectors_": fitted.weights.outputs,
            **fitted.layer_attributes(),
        }
        return attributes, fitted

    @property
    def stack(self):
        """The layers."""
        return self.settings.stack

    @property
    def layer_mix(self):
        """The sum of layers that is pooled, or None."""
        settings = self.settings
        return LayerMix.of(settings.layers, self.weights.scalars, settings.num_layers)

    def layers(self, learning=False):
        """Return the layers, to run them."""
        fixed = self.settings.pooling, self.stack, self.weights.cells
        return Layers(*fixed, learning, self.layer_mix)

    def layer_attributes(self):
        """Return the fitted attributes that tell of the sum of layers."""
        scalars = self.weights.scalars
        if not len(scalars):
            return {"layer_weights_": np.ones(1), "layer_scale_": 1.0}
        return {"layer_weights_": shares(scalars), "layer_scale_": float(scalars[-1])}

    def means(self, documents, vocabulary, n_jobs):
        """Return what the layers make of each document: float32 (n, D * H).

        A document without known words is a row of zeros.
        """
        texts = Texts.of(documents, vocabulary, self.settings.max_length)
        out = np.zeros((len(documents), self.stack.width), np.float32)
        layers, inputs = self.layers(), readonly(self.weights.inputs)

        def call(group):
            words, lengths, _ = texts.packed(group)
            vectors = np.empty((len(words), inputs.shape[1]), np.float32)
            take_rows(inputs, words, vectors)
            out[group] = layers.forward(vectors, lengths, Scratch()).pooled

        with one_blas_thread():
            run_all(call, texts.groups(LANES, ROWS), n_jobs)
        return out

    def scores(self, documents, vocabulary, n_jobs):
        """Return a score for each class."""
        pooled = self.means(documents, vocabulary, n_jobs)
        weights = self.weights
        out = np.empty((len(pooled), len(weights.biases)), np.float32)
        out[:] = weights.biases
        multiply_packed(pooled, pack(weights.outputs, transposed=True), out)
        texts = Texts.of(documents, vocabulary, self.settings.max_length)
        out[texts.lengths == 0] = self.labels.prior_scores(self.settings.loss)
        return out

    def best(self, documents, vocabulary, n_jobs):
        """Return the number of each document's likeliest class."""
        return self.scores(documents, vocabulary, n_jobs).argmax(axis=1)

    def check(self, n_words):
        """Refuse parameters, read from a file, that do not belong together."""
        settings, labels = self.settings, self.labels
        n_classes = len(labels.classes)
        if settings.loss not in ("softmax", "one_vs_all") or labels.mass is None:
            raise ValueError("loss is none, or classes have no weights")
        sizes = settings, n_words, n_classes
        widths = settings.vector_size, self.stack.width
        check_layers(settings.layers, settings.num_layers, *widths)
        self._check_weights(partial(ClassifierWeights.zeros, *sizes))
