"""Where training starts from: the parameter `pretrained` of what is trained."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator

from sklearn_embed._core.typing import (
    VectorSource,
)
from sklearn_embed._estimators.base import NOT_NEGATIVE
from sklearn_embed._estimators.persistence import register
from sklearn_embed._models.pretrained import check_size


@register
class Pretrained(BaseEstimator):
    """Vectors to start training from, and how far they may move.

    The value of the parameter `pretrained` of every estimator that is trained.  A
    source of vectors by itself is short for ``Pretrained(source)``.

    Parameters
    ----------
    vectors : WordVectors, KeyedVectors, DataFrame, dict, estimator, str or path
        Any source of word vectors, of `vector_size` dimensions; see
        :func:`sklearn_embed.io.as_word_vectors`.  Of a file, only the words of the
        training texts are read; of a static model, each word gets the mean of its
        pieces.  `clone` shares it.
    trainable : bool, default=True
        Whether training moves the vectors.  False: words that the source knows have
        its vectors in the end, bit for bit, while all others are trained.
    penalty : float, default=0.0
        Strength of the pull back to the pretrained vectors, for `GloVeVectorizer`
        (Dingwall and Potts 2018).  0: they are only a start.  Without effect if not
        `trainable`.

    See Also
    --------
    MeanPoolEmbedder : Uses vectors as they are, without any training.

    Notes
    -----
    The vectors of words, `vectors_`, begin as those given, whatever parameters they
    are made of:

    - `Word2VecVectorizer`: the parameters of words as predictors or, with
      ``combine="output"``, as predicted.  Frozen vectors need ``combine="input"`` or
      ``combine="output"``: sums are not what was given.
    - `GloVeVectorizer`: with ``combine="sum"``, word and context vector are half the
      given one each, and frozen vectors freeze both; biases are always trained.  With
      ``combine="word"`` or ``"context"``, these alone.  A `penalty` needs
      ``combine="sum"``.
    - `FastTextVectorizer`: a word's vector is the mean of its own row and those of its
      n-grams.  Of a source whose n-grams are cut and hashed alike (the same `min_n`,
      `max_n` and `bucket`; the last may be None here) both are taken over as they
      are.  Otherwise the word's own row is such that the mean is the vector given.  A
      frozen word teaches its n-grams nothing; n-grams taken over are frozen with it;
      what only frozen words are made of stays zero.
    - `FastTextClassifier`: likewise.  With character n-grams, frozen vectors need a
      source whose n-grams are the same.

    Words that were trained before, by `partial_fit` or with ``warm_start=True``, keep
    what they have learned; frozen ones are those of the source again.

    GloVe does not move frozen vectors at all.  Elsewhere training is a projected
    gradient descent: the kernels train all rows alike, and frozen ones are put back
    about every tenth of a second, and at the end of each epoch, so that training
    without frozen vectors takes no longer.

    References
    ----------
    Dingwall and Potts (2018), "Mittens: An extension of GloVe for learning
    domain-specialized representations".

    Examples
    --------
    >>> from sklearn_embed import Pretrained, Word2VecVectorizer
    >>> texts = ["the cat sat", "the dog sat", "a cat and a dog"] * 20
    >>> given = Pretrained({"cat": [1.0, 0.0], "dog": [0.0, 1.0]}, trainable=False)
    >>> model = Word2VecVectorizer(2, min_count=1, pretrained=given, random_state=0)
    >>> model.fit(texts).transform(["cat", "dog"]).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    >>> free = model.set_params(pretrained__trainable=True).fit(texts)
    >>> free.transform(["cat"]).tolist() == [[1.0, 0.0]]
    False
    """

    # As the trainers have it: what `save` writes as WordVectors.
    _vector_parameters = ("vectors",)

    _parameter_constraints: dict = {
        "vectors": "no_validation",
        "trainable": ["boolean"],
        "penalty": [NOT_NEGATIVE],
    }

    def __init__(
        self, vectors: VectorSource, *, trainable: bool = True, penalty: float = 0.0
    ) -> None:
        self.vectors = vectors
        self.trainable = trainable
        self.penalty = penalty

    def __sklearn_clone__(self):
        return type(self)(**self.get_params(deep=False))


def as_pretrained(value):
    """Return a parameter `pretrained`, in either of its forms, as `Pretrained`."""
    if value is None or isinstance(value, Pretrained):
        return value
    return Pretrained(value)


def shared_pretrained(value):
    """Return which parameters `clone` shares; a Pretrained shares its vectors."""
    return () if isinstance(value, Pretrained) else ("pretrained",)


def checked_pretrained(value, vector_size):
    """Return a parameter `pretrained` as `Pretrained`, checked before a text is read.

    Parameters
    ----------
    value : object
        The parameter.
    vector_size : int
        Dimensions that the vectors must have.
    """
    pretrained = as_pretrained(value)
    if pretrained is not None:
        pretrained._validate_params()
        # What must be read first, a file or a dict, is checked when it is needed.
        source = pretrained.vectors
        vectors = getattr(source, "vectors_", getattr(source, "vectors", None))
        if np.ndim(vectors) == 2:
            check_size(vectors.shape[1], vector_size)
    return pretrained


def refuse_penalty(pretrained, name):
    """Refuse a penalty, which only GloVe has a place for."""
    if pretrained is not None and pretrained.trainable and pretrained.penalty:
        raise ValueError(
            f"penalty={pretrained.penalty} of pretrained has no place in "
            f"{name}, only in GloVeVectorizer: set it to 0."
        )
