"""Trainers, texts and vectors to start from, for tests of pretrained vectors."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest
from sklearn.base import clone

from sklearn_embed import (
    FastTextClassifier,
    FastTextVectorizer,
    GloVeVectorizer,
    Word2VecVectorizer,
)

RNG = np.random.default_rng(0)
GROUPS = [["sunny", "moon", "starry", "skies"], ["king", "queen", "crown", "throne"]]
TEXTS = [" ".join(RNG.choice(GROUPS[i % 2], 8)) for i in range(200)]
Y = [i % 2 for i in range(200)]
FAST = {"min_count": 1, "epochs": 2, "random_state": 0}
SIZE = 5
# Numbers that any step, however small, would change; and one whose sign is easily lost.
GIVEN = {
    "moon": RNG.normal(size=SIZE).astype(np.float32),
    "comet": np.ones(SIZE, np.float32),
    "king": np.float32([-0.0, 0.0, 1e-30, -2.5, 1e-8]),
    "queen": RNG.normal(size=SIZE).astype(np.float32),
}
KNOWN = ["moon", "king", "queen"]

TRAINERS = [
    Word2VecVectorizer(SIZE, **FAST),
    Word2VecVectorizer(SIZE, architecture="cbow", combine="output", **FAST),
    Word2VecVectorizer(SIZE, loss="hierarchical_softmax", **FAST),
    Word2VecVectorizer(SIZE, loss="softmax", **FAST),
    FastTextVectorizer(SIZE, **FAST),
    FastTextVectorizer(SIZE, architecture="cbow", bucket=None, **FAST),
    FastTextVectorizer(SIZE, max_n=0, **FAST),
    GloVeVectorizer(SIZE, **FAST),
    GloVeVectorizer(SIZE, combine="word", direction="left", **FAST),
    GloVeVectorizer(SIZE, combine="context", **FAST),
    FastTextClassifier(SIZE, **FAST),
    FastTextClassifier(SIZE, word_ngrams=2, bucket=1000, **FAST),
]


def name_of(model):
    values = [getattr(model, n, None) for n in ("architecture", "loss", "combine")]
    return "-".join([type(model).__name__, *filter(None, values)])


every_trainer = pytest.mark.parametrize("model", TRAINERS, ids=name_of)
STREAMING = [model for model in TRAINERS if hasattr(model, "partial_fit")]
every_stream = pytest.mark.parametrize("model", STREAMING, ids=name_of)


def starting(model, given, **params):
    return clone(model).set_params(pretrained=given, **params)


def vectors_of(model, words):
    return np.array([model.vectors_[model.vocabulary_[word]] for word in words])


def assert_bits(model, given=None, words=KNOWN):
    """The words' vectors are those given, minus zeros and all."""
    given = GIVEN if given is None else given
    expected = np.array([given[word] for word in words], np.float32)
    assert vectors_of(model, words).tobytes() == expected.tobytes()
