"""`vectors_` of words made of n-grams, made when they are asked for."""

# SPDX-License-Identifier: BSD-3-Clause

from sklearn_embed._models.quantize import QuantizedFastText


class LastVectors:
    """`vectors_`, made of the model when they are asked for after small batches.

    Changed vectors of n-grams change those of most words, which takes longer than a
    batch.  An attribute set by a fit comes first.
    """

    def __get__(self, estimator, cls=None):
        if estimator is None:
            return self
        model = vars(estimator).get("_model")
        if model is None:
            raise AttributeError(f"{cls.__name__!r} object has no attribute 'vectors_'")
        vectors = model.word_vectors(estimator.words_)
        if _are_kept(model) and vars(estimator).get("_model") is model:
            vars(estimator)["vectors_"] = vectors
        return vectors

    def settle(self, estimator):
        """Make the vectors of a fitted estimator, if they are kept."""
        state = vars(estimator)
        if "vectors_" not in state and _are_kept(state.get("_model")):
            self.__get__(estimator, type(estimator))


def _are_kept(model):
    """Tell whether vectors are kept: beside codes, which save memory, they are not."""
    return model is not None and not isinstance(model, QuantizedFastText)
