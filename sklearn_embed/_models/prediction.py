"""What word2vec and fastText share: vectors that predict the words around a word."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._core.arrays import padded_zeros
from sklearn_embed._estimators.base import (
    COUNT,
    NOT_NEGATIVE,
    POSITIVE,
    Integral,
    Interval,
    Real,
    StrOptions,
)
from sklearn_embed._estimators.word_vectorizer import WordVectorizer
from sklearn_embed._models.word2vec import Word2VecJob
from sklearn_embed._text.lookup import make_lookup
from sklearn_embed._text.vocabulary import Vocabulary


class PredictionVectorizer(WordVectorizer):
    """Base of vectorizers whose vectors predict the words around a word.

    The state's "input" has a row for each word, and so has "output", unless the loss
    is hierarchical softmax: then "nodes" has a row for each inner node of the tree.
    """

    _word_arrays = ("input", "output")

    _parameter_constraints: dict = {
        **WordVectorizer._parameter_constraints,
        "window": [COUNT],
        "architecture": [StrOptions({"skipgram", "cbow"})],
        "loss": [StrOptions({"negative_sampling", "hierarchical_softmax", "softmax"})],
        "negative": [Interval(Integral, 1, 1000, closed="both")],
        "ns_exponent": [Interval(Real, None, None, closed="neither")],
        "sample": [NOT_NEGATIVE],
        "cbow_mean": ["boolean"],
        "shrink_windows": ["boolean"],
        "min_learning_rate": [POSITIVE],
    }

    def _adopt(self, words, counts, state):
        """Become fitted with words and parameters learned elsewhere."""
        vocabulary, options = Vocabulary(words, counts), self._options()
        vars(self).update(
            {
                "words_": words,
                "vocabulary_": vocabulary.index,
                "counts_": vocabulary.counts,
                "loss_curve_": [],
                "n_iter_": self.epochs,
                "_seed": self._draw_seed(),
                "_text_options": options,
                "_lookup": make_lookup(words, options, self._left_out(self.stop_words)),
                "_n_documents": 0,
                **self._published(state, final=True),
            }
        )

    def _rates(self):
        """Return the first and the last learning rate."""
        return self.learning_rate, min(self.min_learning_rate, self.learning_rate)

    def _new_outputs(self, n_words):
        """Return fresh parameters of the words as predicted, by name: zeros."""
        if self.loss == "hierarchical_softmax":
            return {"nodes": padded_zeros(max(n_words - 1, 1), self.vector_size)}
        return {"output": padded_zeros(n_words, self.vector_size)}

    def _carry_over(self, vocabulary, state):
        """Carry words over, and the tree's nodes if it is still the same tree."""
        super()._carry_over(vocabulary, state)
        same = vocabulary.words == self.words_ and np.array_equal(
            vocabulary.counts, self.counts_
        )
        if same and "nodes" in state and "nodes" in self._state:
            state["nodes"][:, : self.vector_size] = self._state["nodes"]

    def _job(self, parts, held_out, vocabulary, state, seed, schedule):
        """Return what trains the parameters."""
        outputs = state["nodes" if "nodes" in state else "output"]
        inputs, bags = state.get("matrix", state["input"]), state.get("bags")
        return Word2VecJob(
            self, parts, held_out, vocabulary, inputs, outputs, seed, schedule, bags
        )
