"""Weights of a text classifier's features, its penalty, what "auto" becomes."""

# SPDX-License-Identifier: BSD-3-Clause

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer

from sklearn_embed import FastTextClassifier, MeanPoolEmbedder, Pretrained
from sklearn_embed._models import classifier_job

RNG = np.random.default_rng(0)
WORDS = np.array([f"word{chr(97 + i)}" for i in range(24)])
TEXTS = [" ".join(RNG.choice(WORDS, RNG.integers(1, 12))) for _ in range(90)]
Y = np.array([("worda" in text) + ("wordb" in text) for text in TEXTS])
SMALL = {"vector_size": 6, "epochs": 4, "bucket": 500, "random_state": 0}
UNIT = {**SMALL, "word_ngrams": 1}
LOSSES = ["softmax", "one_vs_all", "negative_sampling", "hierarchical_softmax"]


def rows_of(model, mark=1.0):
    """Return TF-IDF rows of a model's words, and those with the mark at the end."""
    tfidf = TfidfVectorizer(sublinear_tf=True, vocabulary=model.words_, norm=None)
    rows = tfidf.fit(TEXTS).transform(TEXTS).toarray()
    return tfidf.idf_, np.hstack([rows, np.full((len(rows), 1), mark)])


@pytest.mark.parametrize("loss", LOSSES)
def test_documents_are_unit_rows_of_tf_idf(loss):
    model = FastTextClassifier(**UNIT, loss=loss).fit(TEXTS, Y)
    idf, rows = rows_of(model)
    assert_allclose(model.weights_, idf, rtol=1e-6)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    parameters = model._model.inputs[: len(idf) + 1, :6]
    assert_array_equal(parameters[:-1], model.vectors_)
    assert_allclose(model.sentence_vectors(TEXTS), rows @ parameters, atol=1e-6)
    scores = rows @ parameters @ model.output_vectors_.T
    if loss != "hierarchical_softmax":
        assert_allclose(model.decision_function(TEXTS), scores, atol=1e-5)


def test_means_may_have_weights_too():
    model = FastTextClassifier(**UNIT, normalization="l1").fit(TEXTS, Y)
    counts = np.array([[t.split().count(w) for w in model.words_] for t in TEXTS])
    rows = np.hstack([counts * model.weights_, np.ones((len(TEXTS), 1))])
    rows /= rows.sum(axis=1, keepdims=True)
    parameters = model._model.inputs[: len(model.words_) + 1, :6]
    assert_allclose(model.sentence_vectors(TEXTS), rows @ parameters, atol=1e-6)


def test_a_mean_with_a_penalty_is_predicted_as_fasttext_does():
    params = {**SMALL, "normalization": "l1", "weights": None, "alpha": 1e-3}
    model = FastTextClassifier(**params, min_n=2, max_n=3).fit(TEXTS, Y)
    back = FastTextClassifier.from_fasttext(model.to_fasttext())
    assert (back.normalization, back.weights, back.alpha_) == ("l1", None, 0.0)
    assert_allclose(back.decision_function(TEXTS), model.decision_function(TEXTS))
    assert_array_equal(model.weights_, np.ones(len(model.words_)))


@pytest.mark.parametrize("params", [{"normalization": "l2"}, {"weights": "idf"}])
def test_what_fasttext_does_not_know_is_refused(params):
    means = {**SMALL, "normalization": "l1", "weights": None}
    model = FastTextClassifier(**means | params).fit(TEXTS, Y)
    with pytest.raises(ValueError, match=r"normalization='l\d' and weights="):
        model.to_fasttext()
    plain = FastTextClassifier(**means).fit(TEXTS, Y).to_fasttext()
    with pytest.raises(ValueError, match=r"normalization='l\d' and weights="):
        FastTextClassifier.from_fasttext(plain, **params)


def test_batches_add_up_to_the_weights_of_all_documents():
    whole = FastTextClassifier(**SMALL, max_n=3).fit(TEXTS, Y)
    model = FastTextClassifier(**SMALL, max_n=3)
    for first in range(0, 90, 30):
        part = slice(first, first + 30)
        model.partial_fit(TEXTS[part], Y[part], classes=range(3))
    places = [model.vocabulary_[word] for word in whole.words_]
    assert_allclose(model.weights_[places], whole.weights_)
    assert model._model.n_documents == 90
    counts = model._model.document_counts, whole._model.document_counts
    assert sorted(counts[0]) == sorted(counts[1])
    again = clone(whole).set_params(warm_start=True).fit(TEXTS[:50], Y[:50])
    again.set_params(epochs=5).fit(TEXTS, Y)
    assert again._model.n_documents == 90
    few = {word: i for i, word in enumerate(again.words_)}
    assert_allclose(again.weights_[[few[w] for w in whole.words_]], whole.weights_)


@pytest.mark.parametrize("params", [{"normalization": "l1"}, {"weights": None}])
def test_weights_cannot_change_between_batches(params):
    model = FastTextClassifier(**SMALL).partial_fit(TEXTS, Y, classes=range(3))
    with pytest.raises(ValueError, match="normalization and weights"):
        model.set_params(**params).partial_fit(TEXTS, Y)


@pytest.mark.parametrize("max_n", [0, 3])
@pytest.mark.parametrize("loss", LOSSES)
def test_documents_without_known_features_get_the_shares_of_the_classes(loss, max_n):
    unit = {**UNIT, "bucket": 10_000}
    model = FastTextClassifier(**unit, loss=loss, max_n=max_n).fit(TEXTS, Y)
    shares = (np.bincount(Y) + 0.5) / (len(Y) + 1.5)
    found = model.predict_proba(["", "мир"])
    assert_allclose(found, [shares, shares], atol=0.01)
    assert_array_equal(model.predict(["", "мир"]), np.full(2, shares.argmax()))


def test_what_is_saved_says_the_same(tmp_path):
    model = FastTextClassifier(**SMALL, max_n=3).fit(TEXTS, Y)
    before = model.predict_proba(TEXTS)
    model.save(tmp_path / "model")
    loaded = FastTextClassifier.load(tmp_path / "model")
    for other in (loaded, pickle.loads(pickle.dumps(model))):
        assert_array_equal(other.predict_proba(TEXTS), before)
        assert_array_equal(other.weights_, model.weights_)
        other.partial_fit(TEXTS[:9], Y[:9])
    model.partial_fit(TEXTS[:9], Y[:9])
    assert_array_equal(loaded.predict_proba(TEXTS), model.predict_proba(TEXTS))


def test_a_row_depends_on_its_document_alone():
    model = FastTextClassifier(**SMALL, max_n=3).fit(TEXTS, Y)
    whole = model.sentence_vectors(TEXTS * 3)
    alone = np.vstack([model.sentence_vectors([text]) for text in TEXTS])
    assert_array_equal(whole[:90], alone)
    assert_array_equal(model.set_params(n_jobs=2).sentence_vectors(TEXTS * 3), whole)


@pytest.mark.parametrize("loss", LOSSES)
def test_shrinking_at_once_or_in_steps_is_the_same(monkeypatch, loss):
    model = FastTextClassifier(**SMALL, loss=loss, alpha=0.05)
    whole = clone(model).fit(TEXTS, Y)
    monkeypatch.setattr(classifier_job, "MOST_DECAY", 0.1)
    steps = clone(model).fit(TEXTS, Y)
    assert_allclose(steps.vectors_, whole.vectors_, rtol=1e-3, atol=1e-5)
    assert_allclose(steps.loss_curve_, whole.loss_curve_, rtol=1e-5)


def test_the_penalty_shrinks_parameters_down_to_zero():
    sizes = [
        np.linalg.norm(FastTextClassifier(**SMALL, alpha=a).fit(TEXTS, Y).vectors_)
        for a in (0, 1e-3, 1e-1, 10, 1e300)
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == 0


@pytest.mark.parametrize("max_n", [0, 3])
def test_frozen_vectors_stay_and_the_others_learn(max_n):
    vectors = {word: RNG.normal(size=6).astype("f4") for word in WORDS[::2]}
    source = vectors
    if max_n:
        donor = FastTextClassifier(**SMALL, max_n=max_n).fit(TEXTS, Y)
        source = donor.to_word_vectors()
        vectors = dict(zip(donor.words_, donor.vectors_, strict=True))
    frozen = Pretrained(source, trainable=False)
    model = FastTextClassifier(**SMALL, pretrained=frozen, max_n=max_n, alpha=0.05)
    for fitted in (
        clone(model).fit(TEXTS, Y),
        clone(model).partial_fit(TEXTS, Y, classes=range(3)).partial_fit(TEXTS, Y),
    ):
        for word, vector in vectors.items():
            assert_allclose(
                fitted.vectors_[fitted.vocabulary_[word]], vector, rtol=1e-6
            )
        assert fitted.loss_curve_[-1] < fitted.loss_curve_[0] + 1e-3
        assert np.isfinite(fitted.output_vectors_).all()


def test_indicators_and_weights_of_documents():
    several = np.eye(3, dtype=int)[Y] | np.eye(3, dtype=int)[(Y + 1) % 3]
    model = FastTextClassifier(6, random_state=0).fit(TEXTS, several)
    assert model.loss_curve_[-1] < model.loss_curve_[0]
    weights = np.where(Y == 1, 1e-6, 1.0)
    model = FastTextClassifier(6, random_state=0).fit(TEXTS, Y, sample_weight=weights)
    assert (model.predict(TEXTS) != 1).all()


def test_rules_give_what_they_say():
    model = FastTextClassifier(6, bucket=500, random_state=0).fit(TEXTS, Y)
    assert (model.epochs_, model.learning_rate_) == (20, 0.2)
    assert_allclose(model.alpha_, 0.002 / np.sqrt(3))
    means = clone(model).set_params(normalization="l1", weights=None).fit(TEXTS, Y)
    n_words = np.mean([len(text.split()) for text in TEXTS])
    assert (means.epochs_, means.alpha_) == (50, 0)
    assert_allclose(means.learning_rate_, 0.2 * np.sqrt(1 + 2 * n_words))
    given = clone(model).set_params(epochs=3, learning_rate=1.0, alpha=0.5)
    given.fit(TEXTS, Y)
    assert (given.epochs_, given.learning_rate_, given.alpha_) == (3, 1.0, 0.5)
    stream = clone(model).partial_fit(TEXTS, Y, classes=range(3))
    assert (stream.learning_rate_, stream.alpha_) == (0.2, model.alpha_)
    model.set_params(warm_start=True).fit(TEXTS, Y)
    assert model.n_iter_ == 20
    many = clone(model).set_params(epochs=1, warm_start=False, random_state=0)
    several = np.random.default_rng(0).integers(0, 2, (90, 100))
    assert many.fit(TEXTS, several).learning_rate_ == 0.1
    many.set_params(loss="negative_sampling", negative=999)
    assert_allclose(many.fit(TEXTS, several).learning_rate_, 0.01)


def test_one_label_alone_of_many_features_is_learned():
    long = [" ".join(["the"] * 5000), "", "wordc"]
    model = FastTextClassifier(**SMALL, max_n=3).fit([*TEXTS, *long], [*Y, 0, 1, 2])
    assert np.isfinite(model.predict_proba(long)).all()


def test_vectors_are_averaged_for_others():
    rows = MeanPoolEmbedder(FastTextClassifier(**SMALL)).fit(TEXTS, Y).transform(TEXTS)
    assert rows.shape == (90, 6)
    assert np.isfinite(rows).all()


def test_marks_are_tokens_beside_character_ngrams():
    texts = ["I ran -- fast!", "a dog... ran", "we are 2"] * 4
    for params, words in (
        ({}, {"ran", "fast", "dog", "we", "are"}),
        ({"max_n": 3, "min_n": 2, "normalization": "l1"}, {"ran", "fast"}),
        ({"max_n": 3, "min_n": 2}, {"i", "ran", "-", "!", ".", "2"}),
        ({"max_n": 3, "min_n": 2, "token_pattern": r"\S+"}, {"--", "fast!"}),
        ({"max_n": 3, "min_n": 2, "tokenizer": str.split}, {"--", "dog..."}),
    ):
        model = FastTextClassifier(4, epochs=1, random_state=0, **params)
        assert words <= {*model.fit(texts, [0, 1, 2] * 4).words_}
        assert model.build_analyzer()(texts[0]) == model.build_tokenizer()(
            texts[0].lower()
        )
    assert not {"i", "-", "2"} & {
        *FastTextClassifier(4).fit(texts, [0, 1, 2] * 4).words_
    }


def test_marks_beside_chinese_do_not_hide_that_words_are_not_found():
    texts = ["今天天气很好,我们去公园玩。" * 9, "他喜欢看书和听音乐。" * 9] * 5
    with pytest.warns(UserWarning, match="script without blanks"):
        FastTextClassifier(4, max_n=2, min_n=1).fit(texts, [0, 1] * 5)
