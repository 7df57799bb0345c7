"""Attributes of all words, made when they are asked for."""

# SPDX-License-Identifier: BSD-3-Clause

from sklearn_embed._models.quantize import QuantizedFastText


class LastVectors:
    """`vectors_`, made of the model when they are asked for after small batches.

    Changed vectors of n-grams change those of most words, which takes longer than a
    batch.  An attribute set by a fit comes first.
    """

    name = "vectors_"

    def _made(self, model, words):
        return model.word_vectors(words)

    def __get__(self, estimator, cls=None):
        if estimator is None:
            return self
        model = vars(estimator).get("_model")
        if model is None:
            raise AttributeError(
                f"{cls.__name__!r} object has no attribute {self.name!r}"
            )
        made = self._made(model, estimator.words_)
        if _are_kept(model) and vars(estimator).get("_model") is model:
            vars(estimator)[self.name] = made
        return made

    def settle(self, estimator):
        """Make what a fitted estimator has of it, if it is kept."""
        state = vars(estimator)
        if self.name not in state and _are_kept(state.get("_model")):
            self.__get__(estimator, type(estimator))


class LastWeights(LastVectors):
    """`weights_`, likewise: every document changes those of all words."""

    name = "weights_"

    def _made(self, model, words):
        return model.weighting.per_row(len(words))


def made_by(cls):
    """Return what a class makes when it is asked for, by the name of the attribute."""
    found = (getattr(cls, kind.name, None) for kind in (LastVectors, LastWeights))
    return {one.name: one for one in found if isinstance(one, LastVectors)}


def _are_kept(model):
    """Tell whether vectors are kept: beside codes, which save memory, they are not."""
    return model is not None and not isinstance(model, QuantizedFastText)
