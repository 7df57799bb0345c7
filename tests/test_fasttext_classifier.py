"""FastTextClassifier: what it learns from labels, and says of texts."""

# SPDX-License-Identifier: BSD-3-Clause

import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from topics import (
    COMMON,
    FAST,
    LONGER,
    NAMES,
    RNG,
    SEVERAL,
    TEXTS,
    TOPICS,
    Y,
    every_loss,
)

from sklearn_embed import (
    FastTextClassifier,
    MeanPoolEmbedder,
    TokenizedDocuments,
    Word2VecVectorizer,
)
from sklearn_embed._models import classifier_job as job


@every_loss
def test_labels_are_learned(loss):
    model = FastTextClassifier(**FAST, loss=loss).fit(TEXTS, NAMES)
    assert_array_equal(model.classes_, ["astronomy", "court", "кухня"])
    assert model.score(TEXTS, NAMES) == 1
    assert model.loss_curve_[-1] < 0.5 * model.loss_curve_[0]
    shares = model.predict_proba(TEXTS)
    assert_allclose(shares.sum(axis=1), 1)
    assert_array_equal(model.classes_[shares.argmax(axis=1)], model.predict(TEXTS))
    scores = model.decision_function(TEXTS)
    assert_array_equal(scores.argmax(axis=1), shares.argmax(axis=1))
    assert model.output_vectors_.shape == (3 - (loss == "hierarchical_softmax"), 10)


@every_loss
def test_two_classes_have_one_score(loss):
    y = Y > 0
    model = FastTextClassifier(**FAST, loss=loss).fit(TEXTS, y)
    scores = model.decision_function(TEXTS)
    assert scores.shape == (300,)
    assert_array_equal(scores > 0, model.predict(TEXTS))
    assert_array_equal(model.predict_proba(TEXTS)[:, 1] > 0.5, y)


@pytest.mark.parametrize("loss", ["auto", "one_vs_all", "negative_sampling"])
@pytest.mark.parametrize("make", [np.asarray, sp.csr_array, pd.DataFrame])
def test_documents_can_have_several_labels(loss, make):
    model = FastTextClassifier(**FAST, epochs=30, loss=loss).fit(LONGER, make(SEVERAL))
    predicted = model.predict(LONGER)
    assert predicted.shape == SEVERAL.shape
    if loss != "negative_sampling":  # whose shares depend on what is drawn
        assert (predicted == SEVERAL).all(axis=1).mean() > 0.9
    assert_array_equal(predicted, model.predict_proba(LONGER) > 0.5)
    assert_array_equal(predicted, model.decision_function(LONGER) > 0)


@pytest.mark.parametrize("loss", ["softmax", "hierarchical_softmax"])
def test_one_label_a_document_is_not_enough_for_indicators(loss):
    with pytest.raises(ValueError, match="one label"):
        FastTextClassifier(loss=loss).fit(LONGER, SEVERAL)


def test_every_kind_of_documents_gives_the_same():
    model = FastTextClassifier(**FAST, word_ngrams=2, min_n=2, max_n=3)
    expected = clone(model).fit(TEXTS, NAMES).decision_function(TEXTS)
    for X in (
        pd.Series(TEXTS, index=range(300, 0, -1)),
        [text.split() for text in TEXTS],
        TokenizedDocuments.from_documents(TEXTS),
        TokenizedDocuments.from_documents(["zzz", *TEXTS])[1:],
    ):
        fitted = clone(model).fit(X, NAMES)
        assert_array_equal(fitted.decision_function(X), expected)
        assert_array_equal(fitted.decision_function(X[:1])[0], expected[0])
    assert_array_equal(clone(model).fit(iter(TEXTS), NAMES).vectors_, fitted.vectors_)
    shuffled = RNG.permutation(300)
    part = TokenizedDocuments.from_documents(TEXTS)[shuffled[:100]]
    assert_array_equal(fitted.decision_function(part), expected[shuffled[:100]])


def test_the_cut_into_calls_changes_nothing(monkeypatch):
    model = FastTextClassifier(**FAST, word_ngrams=2)
    whole = clone(model).fit(TEXTS, Y)
    monkeypatch.setattr(job, "LEAST_DOCUMENTS", 7)
    monkeypatch.setattr(job, "CALL_FLOPS", 1)
    cut = clone(model).fit(TEXTS, Y)
    assert_array_equal(cut.vectors_, whole.vectors_)
    assert_array_equal(cut.decision_function(TEXTS), whole.decision_function(TEXTS))


def test_threads_learn_the_same_to_the_eye():
    one = FastTextClassifier(**FAST).fit(TEXTS, Y)
    two = FastTextClassifier(**FAST, n_jobs=2).fit(TEXTS, Y)
    assert two.score(TEXTS, Y) == 1
    assert_allclose(two.loss_curve_, one.loss_curve_, rtol=0.2)


@every_loss
@pytest.mark.parametrize("ngrams", [{}, {"word_ngrams": 2, "min_n": 3, "max_n": 4}])
def test_a_document_of_unknown_words_gets_the_shares_of_the_classes(loss, ngrams):
    model = FastTextClassifier(**FAST, loss=loss, **ngrams)
    y = np.r_[np.zeros(60), np.ones(90), np.full(150, 2)]
    texts = ["zeroes"] * 60 + ["ones here"] * 90 + ["two of two"] * 150
    blank = ["", "??", "unknown", "qqqq unknown qqqq"]
    shares = clone(model).fit(texts, y).predict_proba([*blank, "ones"])
    assert_allclose(shares[:4], np.tile([0.2, 0.3, 0.5], (4, 1)), atol=0.01)
    assert shares[4, 1] > 0.5
    weights = np.r_[np.full(60, 5.0), np.ones(240)]
    weighted = clone(model).fit(texts, y, weights)
    expected = np.array([300, 90, 150]) / 540
    assert_allclose(weighted.predict_proba([""])[0], expected, atol=0.01)
    assert_array_equal(weighted.predict(blank), np.zeros(4))
    balanced = clone(model).set_params(class_weight="balanced").fit(texts, y)
    assert_allclose(balanced.predict_proba([""])[0], np.full(3, 1 / 3), atol=0.01)
    parts = clone(model).partial_fit(texts[::2], y[::2], [0, 1, 2])
    parts.partial_fit(texts[:60], y[:60])
    expected = np.array([90, 45, 75]) / 210
    assert_allclose(parts.predict_proba([""])[0], expected, atol=0.01)


def test_an_empty_document_has_each_label_as_often_as_others():
    several = np.tile([[1, 1, 0], [1, 0, 0], [1, 0, 0], [0, 0, 0]], (75, 1))
    model = FastTextClassifier(**FAST).fit(
        ["one", "two", "three", "four"] * 75, several
    )
    assert_allclose(model.predict_proba([""])[0], [0.75, 0.25, 0], atol=0.01)
    assert_array_equal(model.predict([""])[0], [1, 0, 0])


def test_word_ngrams_see_the_order_of_words():
    texts = ["not good but bad", "not bad but good"] * 50
    plain = FastTextClassifier(**FAST, word_ngrams=1).fit(texts, [0, 1] * 50)
    pairs = FastTextClassifier(**FAST, word_ngrams=2).fit(texts, [0, 1] * 50)
    assert plain.score(texts, [0, 1] * 50) == 0.5
    assert pairs.score(texts, [0, 1] * 50) == 1


def test_character_ngrams_speak_for_unknown_words():
    model = FastTextClassifier(**FAST, min_n=3, max_n=4).fit(TEXTS, NAMES)
    assert_array_equal(
        model.predict(["moonlight starry", "kings queenly", "buttery cheeses"]),
        ["astronomy", "court", "кухня"],
    )
    vectors = model.to_word_vectors()
    assert "moonlight" not in vectors
    near = vectors["moonlight"] @ model.vectors_.T
    assert model.words_[near.argmax()] in TOPICS[0]
    keyed = model.to_keyed_vectors()
    assert_allclose(keyed["moonlight"], vectors["moonlight"], rtol=1e-5)
    assert_allclose(keyed["moon"], model.vectors_[model.vocabulary_["moon"]])


def test_stop_words_are_not_there():
    model = FastTextClassifier(
        **FAST, stop_words=COMMON, word_ngrams=3, min_n=2, max_n=3
    ).fit(TEXTS, Y)
    assert not set(COMMON) & set(model.words_)
    bare = [" ".join(w for w in text.split() if w not in COMMON) for text in TEXTS]
    expected = model.decision_function(bare)
    assert_array_equal(model.decision_function(TEXTS), expected)


def test_only_buckets_that_occur_have_rows():
    small = FastTextClassifier(**FAST, word_ngrams=2, bucket=50).fit(TEXTS, Y)
    assert small.score(TEXTS, Y) == 1
    assert len(small._model.inputs) <= len(small.words_) + 51
    usual = FastTextClassifier(**FAST, word_ngrams=2).fit(TEXTS, Y)
    assert len(usual._model.inputs) < 2_000 < usual.bucket


def test_weights_of_classes_and_documents():
    y = np.r_[np.zeros(100), np.ones(300)].astype(int)
    texts = ["the same words"] * 400
    common = FastTextClassifier(**FAST).fit(texts, y).predict_proba(texts[:1])[0, 1]
    fair = FastTextClassifier(**FAST, class_weight="balanced").fit(texts, y)
    by_hand = FastTextClassifier(**FAST).fit(texts, y, np.where(y == 0, 6, 2))
    assert common > 0.7
    assert fair.predict_proba(texts[:1])[0, 1] < 0.6
    assert_array_equal(by_hand.vectors_, fair.vectors_)
    for wrong in (np.zeros(400), -np.ones(400), np.ones((400, 1)), np.ones(3)):
        with pytest.raises(ValueError, match=r"sample_weight|zero"):
            FastTextClassifier(**FAST).fit(texts, y, wrong)


def test_its_vectors_serve_any_other_classifier():
    pooled = MeanPoolEmbedder(FastTextClassifier(**FAST))
    pipeline = make_pipeline(pooled, LogisticRegression())
    assert pipeline.fit(TEXTS, NAMES).score(TEXTS, NAMES) == 1
    fitted = FastTextClassifier(**FAST).fit(TEXTS, NAMES)
    rows = MeanPoolEmbedder(fitted).fit_transform(["sun the", "nothing"])
    sun, the = (fitted.vectors_[fitted.vocabulary_[word]] for word in ("sun", "the"))
    assert_allclose(rows, [(sun + the) / 2, np.zeros(10)], rtol=1e-6)
    assert set(fitted.words_) == set(fitted.to_keyed_vectors().key_to_index)
    assert fitted.most_similar("sun", topn=1)[0][0] in TOPICS[0]
    assert not hasattr(fitted, "transform")


def test_weights_reach_the_classifier_inside():
    weights = np.where(Y == 0, 0.01, 1.0)
    inner = FastTextClassifier(**FAST)
    expected = clone(inner).fit(TEXTS, NAMES, weights)
    pooled = MeanPoolEmbedder(inner).fit(TEXTS, NAMES, weights)
    assert_array_equal(pooled.vectors_, expected.vectors_)
    plain = MeanPoolEmbedder(inner).fit(TEXTS, NAMES)
    assert not np.array_equal(plain.vectors_, expected.vectors_)
    rows = MeanPoolEmbedder(inner).fit_transform(TEXTS, NAMES, sample_weight=weights)
    assert_array_equal(rows, pooled.transform(TEXTS))
    pipeline = make_pipeline(MeanPoolEmbedder(inner), LogisticRegression())
    pipeline.fit(TEXTS, NAMES, meanpoolembedder__sample_weight=weights)
    assert_array_equal(pipeline[0].vectors_, expected.vectors_)
    with config_context(enable_metadata_routing=True):
        routed = MeanPoolEmbedder(inner).set_fit_request(sample_weight=True)
        forest = LogisticRegression().set_fit_request(sample_weight=True)
        pipeline = make_pipeline(routed, forest).fit(
            TEXTS, NAMES, sample_weight=weights
        )
    assert_array_equal(pipeline[0].vectors_, expected.vectors_)
    for other in (Word2VecVectorizer(4), expected, {"sun": [1.0]}):
        with pytest.raises(ValueError, match="sample_weight is given"):
            MeanPoolEmbedder(other).fit(TEXTS, NAMES, weights)


@pytest.mark.parametrize("ngrams", [{}, {"word_ngrams": 2, "min_n": 2, "max_n": 3}])
def test_sentence_vectors_are_what_is_scored(ngrams):
    model = FastTextClassifier(**FAST, **ngrams).fit(TEXTS, NAMES)
    rows = model.sentence_vectors([*TEXTS, "moonlight sun", ""])
    scores = rows @ model.output_vectors_.T
    expected = model.decision_function([*TEXTS, "moonlight sun"])
    assert_allclose(scores[:301], expected, rtol=1e-4, atol=1e-4)
    end = model._model.inputs[len(model.words_), :10]
    assert_array_equal(rows[-1], end)


def test_a_search_shares_tokens():
    X = TokenizedDocuments.from_documents(TEXTS)
    search = GridSearchCV(
        FastTextClassifier(**FAST, epochs=3), {"word_ngrams": [1, 2]}, cv=2
    )
    assert search.fit(X, NAMES).best_score_ > 0.9


def test_pickled_models_predict_alike():
    model = FastTextClassifier(**FAST, word_ngrams=2, max_n=3).fit(TEXTS, NAMES)
    twin = pickle.loads(pickle.dumps(model))
    assert_array_equal(twin.predict_proba(TEXTS), model.predict_proba(TEXTS))


@pytest.mark.parametrize(
    ("X", "y", "words"),
    [
        ("a lone string", [0], "single string"),
        (["a b", None], [0, 1], "Document 1"),
        (["aa", "bb"], [0, 1, 1], "inconsistent"),
        (["aa", "bb"], [0.5, 1.5], "Unknown label type"),
        (["aa", "bb"], [1, 1], "1 class"),
        (["", "?"], [0, 1], "no tokens"),
        ([], [], "0 sample"),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(X, y, words):
    model = FastTextClassifier(**FAST).fit(TEXTS, Y)
    before = model.predict_proba(TEXTS)
    with pytest.raises((TypeError, ValueError), match=words):
        model.fit(X, y)
    assert_array_equal(model.predict_proba(TEXTS), before)
