"""Word2vec: a vector for each word, which predicts the words around it."""

# SPDX-License-Identifier: BSD-3-Clause

from dataclasses import dataclass

import numpy as np

from sklearn_embed._core.arrays import draw_rows, padded_zeros, stripped
from sklearn_embed._models.checks import check_matrix
from sklearn_embed._models.prediction import (
    Outputs,
    PredictionJob,
    PredictionSettings,
)
from sklearn_embed._models.pretrained import frozen_rows
from sklearn_embed._models.warm_start import take_over


@dataclass(frozen=True)
class Word2VecSettings(PredictionSettings):
    """Parameters of a fit, as Word2VecVectorizer names them."""

    combine: str


@dataclass
class Word2Vec:
    """Input and output parameters of words.

    While it is trained, rows are padded to whole cache lines; those of a fitted model
    are not.
    """

    settings: Word2VecSettings
    inputs: np.ndarray  # (V, d) float32
    outputs: Outputs

    @classmethod
    def new(cls, vocabulary, settings, rng, before=None):
        """Return fresh parameters: words small and random, outputs zero.

        Parameters
        ----------
        vocabulary : Vocabulary
            The words.
        settings : Word2VecSettings
            Their size, and the loss.
        rng : numpy.random.Generator
            Draws the vectors of words.
        before : Before or None, default=None
            A trained model, whose words keep their parameters.
        """
        size = settings.vector_size
        inputs = padded_zeros(len(vocabulary), size)
        draw_rows(inputs, size, 1 / size, rng)
        model = cls(settings, inputs, Outputs.new(len(vocabulary), settings))
        if before is not None:
            old_rows, rows = before.rows(vocabulary)
            take_over(inputs, rows, before.model.inputs, old_rows, size)
            model.outputs.carry_over(before, old_rows, rows, vocabulary)
        return model

    def start_at(self, given):
        """Start words at pretrained vectors; return FrozenRows, or None."""
        is_output = self.settings.combine == "output"
        matrix = self.outputs.matrix if is_output else self.inputs
        given.put(matrix)
        if given.trainable:
            return None
        return frozen_rows((matrix, given.rows, given.vectors))

    def job(self, data, vocabulary, run):
        """Return what trains the parameters."""
        return PredictionJob(
            self.settings, data, vocabulary, (self.inputs, self.outputs), run
        )

    def published(self, final):
        """Return the fitted attributes, and the model without padding.

        Parameters
        ----------
        final : bool
            Whether this model is used up, which saves a copy.
        """
        size = self.settings.vector_size
        inputs = stripped(self.inputs, size, in_place=final)
        outputs = self.outputs.stripped(size, in_place=final)
        if self.settings.combine == "input":
            vectors = inputs
        elif self.settings.combine == "output":
            vectors = outputs.matrix
        elif self.settings.combine == "sum":
            vectors = inputs + outputs.matrix
        else:
            vectors = np.hstack([inputs, outputs.matrix])
        attributes = {"vectors_": vectors, outputs.attribute: outputs.matrix}
        return attributes, Word2Vec(self.settings, inputs, outputs)

    def check(self, n_words):
        """Refuse parameters, read from a file, that do not belong together."""
        size = self.settings.vector_size
        check_matrix("inputs", self.inputs, n_words, size)
        self.outputs.check(n_words, size)
