"""What a fitted estimator hands on is what was fitted, whatever is set afterwards."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone

import sklearn_embed
from sklearn_embed import (
    FastTextClassifier,
    FastTextVectorizer,
    GloVeVectorizer,
    Word2VecVectorizer,
)

TEXTS = ["the cat sat on the mat", "the dog sat", "a cat and a dog met"] * 5
LABELS = [0, 1, 0] * 5
TINY = {"min_count": 1, "epochs": 2, "random_state": 0}

TRAINED = [
    Word2VecVectorizer(6, **TINY),
    Word2VecVectorizer(6, loss="hierarchical_softmax", **TINY),
    FastTextVectorizer(6, bucket=50, **TINY),
    GloVeVectorizer(6, **TINY),
    FastTextClassifier(6, max_n=3, bucket=50, normalization="l1", weights=None, **TINY),
]
OTHERWISE = {
    "vector_size": 4,
    "window": 2,
    "negative": 9,
    "epochs": 7,
    "min_count": 3,
    "sample": 0.5,
    "bucket": 7,
    "loss": "softmax",
    "architecture": "cbow",
    "stop_words": ["cat"],
}


def changed(model):
    """Set every parameter that the model has to something else."""
    names = model.get_params()
    model.set_params(**{k: v for k, v in OTHERWISE.items() if k in names})
    return model


@pytest.mark.parametrize("model", TRAINED, ids=lambda m: type(m).__name__)
def test_parameters_set_after_a_fit_change_no_export(model, tmp_path):
    model = clone(model).fit(TEXTS, LABELS)
    vectors = model.to_word_vectors()
    changed(model)
    assert_array_equal(model.to_word_vectors().vectors, vectors.vectors)
    model.save(tmp_path / "model")
    loaded = type(model).load(tmp_path / "model")
    assert_array_equal(loaded.to_word_vectors().vectors, vectors.vectors)
    if hasattr(model, "transform"):
        assert_array_equal(loaded.transform(TEXTS), model.transform(TEXTS))


def same(one, other):
    """Tell whether two values, arrays or tuples of these are alike."""
    if isinstance(one, tuple):
        return all(map(same, one, other))
    return np.array_equal(one, other)


@pytest.mark.parametrize("model", [TRAINED[2], TRAINED[4]], ids=["vectors", "labels"])
def test_fasttext_gets_what_was_fitted(model):
    model = clone(model).fit(TEXTS, LABELS)
    before = model.to_fasttext()
    assert same(tuple(before), tuple(changed(model).to_fasttext()))


@pytest.mark.parametrize(
    "model",
    [Word2VecVectorizer(6, **TINY), FastTextVectorizer(6, bucket=50, **TINY)],
    ids=lambda m: type(m).__name__,
)
def test_gensim_gets_what_was_fitted(model):
    model.fit(TEXTS)
    before, after = model.to_gensim(), changed(model).to_gensim()
    assert_array_equal(after.wv.vectors, before.wv.vectors)
    for name in ("window", "negative", "epochs", "sample", "sg", "min_count"):
        assert getattr(after, name) == getattr(before, name)


def test_a_subclass_comes_back_from_gensim_and_fasttext():
    class Words(Word2VecVectorizer):
        pass

    class Subwords(FastTextVectorizer):
        pass

    class Classes(FastTextClassifier):
        pass

    words = Words(6, **TINY).fit(TEXTS)
    assert type(Words.from_gensim(words.to_gensim())) is Words
    parts = Subwords(6, bucket=50, **TINY).fit(TEXTS)
    assert type(Subwords.from_gensim(parts.to_gensim())) is Subwords
    means = {"normalization": "l1", "weights": None}
    labels = Classes(6, **means, **TINY).fit(TEXTS, LABELS)
    assert type(Classes.from_fasttext(labels.to_fasttext())) is Classes


CLASSES = [n for n in sklearn_embed.__all__ if isinstance(vars(sklearn_embed)[n], type)]


def depth(cls):
    """Return how many classes of ours stand one above the other; mixins beside them."""
    if not cls.__module__.startswith("sklearn_embed"):
        return 0
    return 1 + max(map(depth, cls.__bases__), default=0)


@pytest.mark.parametrize("name", CLASSES)
def test_an_estimator_is_three_classes_of_ours_deep(name):
    assert depth(getattr(sklearn_embed, name)) <= 3
