"""Training that starts from a model of n-grams: taken over, frozen, or made up for."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest
import vector_files
from numpy.testing import assert_allclose, assert_array_equal
from pretraining import FAST, GIVEN, KNOWN, SIZE, TEXTS, Y, assert_bits, vectors_of
from sklearn.base import clone

from sklearn_embed import (
    FastTextClassifier,
    FastTextVectorizer,
    Pretrained,
)
from sklearn_embed.io import fasttext, read_vectors

TEXTS_OF_NEW_WORDS = [*TEXTS, *["moonlight queen comet"] * 3]
NGRAMS = {"min_n": 2, "max_n": 4, "bucket": 300}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """One fastText model in all the forms that it can come in."""
    model = FastTextVectorizer(SIZE, **NGRAMS, **FAST).fit(TEXTS)
    path = tmp_path_factory.mktemp("trained") / "model.bin"
    fasttext.write_model(model.to_fasttext(), path)
    gensim = model.to_gensim()
    return {"fitted": model, "file": path, "gensim": gensim, "keyed": gensim.wv}


def own_rows(model):
    return model.subword_vectors_[: len(model.words_)]


SLOW = {"learning_rate": 1e-9, "min_learning_rate": 1e-9}
every_form = pytest.mark.parametrize("form", ["fitted", "file", "gensim", "keyed"])


@every_form
@pytest.mark.parametrize("bucket", [300, None])
def test_ngrams_cut_alike_are_taken_over(trained, form, bucket):
    model = FastTextVectorizer(SIZE, **NGRAMS, **FAST, **SLOW, pretrained=trained[form])
    model.set_params(bucket=bucket, random_state=1).fit(TEXTS_OF_NEW_WORDS)
    source = trained["fitted"]
    assert_array_equal(vectors_of(model, source.words_), source.vectors_)
    if bucket is not None:  # then n-grams never seen are zeros in both
        assert_allclose(model.vector("ing"), source.vector("ing"), atol=1e-6)
        rows = [model.vocabulary_[word] for word in source.words_]
        assert_array_equal(own_rows(model)[rows], own_rows(source))


@every_form
def test_frozen_ngrams_stay_and_new_ones_learn(trained, form):
    given, source = Pretrained(trained[form], trainable=False), trained["fitted"]
    model = FastTextVectorizer(SIZE, **NGRAMS, **FAST, pretrained=given)
    model.fit(TEXTS_OF_NEW_WORDS)
    expected = {word: source.vector(word) for word in source.words_}
    assert_bits(model, expected, source.words_)
    for word in ("ing", "moo", "queens"[:4]):
        assert_array_equal(model.vector(word), source.vector(word))
    rows = [model.vocabulary_[word] for word in source.words_]
    assert_array_equal(own_rows(model)[rows], own_rows(source))
    slow = clone(model).set_params(**SLOW).fit(TEXTS_OF_NEW_WORDS)
    assert np.abs(slow.vector("moonlight") - model.vector("moonlight")).max() > 1e-5
    # Batch after batch, and in other programs.
    model.partial_fit(["moonlight queens"] * 5)
    assert_bits(model, expected, source.words_)
    exported = model.to_gensim().wv
    assert_array_equal(exported[source.words_], source.vectors_)


@pytest.mark.parametrize("bucket", [300, None])
@pytest.mark.parametrize("trainable", [True, False])
def test_own_rows_make_up_for_ngrams_of_their_own(bucket, trainable):
    given = Pretrained(GIVEN, trainable=trainable)
    model = FastTextVectorizer(SIZE, bucket=bucket, pretrained=given, **FAST, **SLOW)
    model.fit(TEXTS)
    parts = model.to_word_vectors().subwords
    rows = [model.vocabulary_[word] for word in KNOWN]
    sums, counts = parts.sums(KNOWN, parts.own[rows])
    means = sums / (counts + 1)[:, None]
    assert_allclose(means, [GIVEN[word] for word in KNOWN], rtol=1e-5, atol=1e-5)
    there = model.to_gensim().wv[KNOWN]
    assert_allclose(there, [GIVEN[word] for word in KNOWN], rtol=1e-5, atol=1e-5)


def test_ngrams_of_frozen_words_alone_say_nothing():
    texts = ["moon king", "king queens moon", "moon queens"] * 20
    given = Pretrained(GIVEN, trainable=False)
    model = FastTextVectorizer(SIZE, bucket=None, pretrained=given, **FAST)
    model.fit(texts)
    assert not model.vector("oon").any() and not model.vector("kin").any()
    assert model.vector("eens").any()


@pytest.mark.parametrize("trainable", [True, False])
@every_form
def test_the_classifier_takes_ngrams_over(trained, form, trainable):
    given, source = Pretrained(trained[form], trainable=trainable), trained["fitted"]
    rate = 1e-9 if trainable else 0.1
    model = FastTextClassifier(
        SIZE, **NGRAMS, **FAST, learning_rate=rate, pretrained=given
    ).fit(TEXTS, Y)
    expected = {word: source.vector(word) for word in source.words_}
    if trainable:
        assert_allclose(vectors_of(model, source.words_), source.vectors_, atol=1e-5)
    else:
        assert_bits(model, expected, source.words_)
        model.partial_fit(["moonlight queens", "king"], [0, 1])
        assert_bits(model, expected, source.words_)
        assert model.loss_curve_[-2] < model.loss_curve_[0]


def test_a_classifier_with_other_ngrams_starts_at_the_same_vectors(trained):
    model = FastTextClassifier(SIZE, max_n=3, **FAST, learning_rate=1e-9)
    model.set_params(pretrained=trained["fitted"]).fit(TEXTS, Y)
    source = trained["fitted"]
    assert_allclose(vectors_of(model, source.words_), source.vectors_, atol=1e-5)
    model.set_params(pretrained=Pretrained(source, trainable=False))
    with pytest.raises(ValueError, match=r"max_n=3 needs a source .* max_n=0"):
        model.fit(TEXTS, Y)


def test_pruned_models_give_words_alone(tmp_path):
    path = tmp_path / "model.ftz"
    path.write_bytes(vector_files.quantised_model()[0])
    expected = read_vectors(path)
    texts = [["the", "cat", "naïve", "naïveté"]] * 5
    model = FastTextVectorizer(6, min_n=2, max_n=3, bucket=20, **FAST, pretrained=path)
    model.set_params(pretrained=Pretrained(path, trainable=False)).fit(texts)
    assert_bits(model, expected, expected.words)
