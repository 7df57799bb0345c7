"""text_pipeline and its steps: blocks that stand beside each other."""

import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import skops.io
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import estimator_checks_generator

from sklearn_embed import (
    BlockScaler,
    MeanPoolEmbedder,
    TokenizedDocuments,
    Word2VecVectorizer,
    text_pipeline,
    trusted_types,
)

RNG = np.random.default_rng(0)
GOOD, BAD = ["fine", "funny", "warm", "wise"], ["dull", "long", "cold", "flat"]
OTHER = ["film", "story", "actor", "and", "the", "of", "it", "a"]


def reviews(n, seed=0):
    """Return texts and labels; half of the words say nothing."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    texts = []
    for label in y:
        own = rng.choice(GOOD if label else BAD, 3)
        texts.append(" ".join(rng.permutation([*own, *rng.choice(OTHER, 5)])))
    return texts, np.array(["bad", "good"])[y]


TEXTS, Y = reviews(120)
NEW, Y_NEW = reviews(80, 1)
VECTORS = {word: RNG.normal(size=6) for word in GOOD + BAD + OTHER}


def blocks(pipeline):
    return [name for name, _ in pipeline["blocks"].transformer_list]


def test_blocks_join_by_what_there_is():
    assert blocks(text_pipeline()) == ["words", "characters", "classes", "vectors"]
    assert blocks(text_pipeline("regressor")) == ["words", "characters", "vectors"]
    assert blocks(text_pipeline(KMeans(2))) == ["words", "characters", "vectors"]
    given = text_pipeline(LogisticRegression(), pretrained=VECTORS)
    assert blocks(given)[2:] == ["classes", "vectors", "pretrained"]
    several = text_pipeline(pretrained=[VECTORS, VECTORS])
    assert blocks(several)[-2:] == ["pretrained1", "pretrained2"]


def test_it_classifies_texts_in_any_container():
    model = text_pipeline(random_state=0).fit(TEXTS, Y)
    expected = model.decision_function(NEW)
    assert model.score(NEW, Y_NEW) > 0.95
    frame = pd.DataFrame({"text": NEW}, index=range(80, 0, -1))
    for X in (tuple(NEW), iter(NEW), np.array(NEW), frame["text"], frame):
        assert_array_equal(model.decision_function(X), expected)
    again = clone(model).fit(pd.Series(TEXTS, index=range(120, 0, -1)), Y)
    assert_array_equal(again.decision_function(NEW), expected)
    data = skops.io.dumps(model)
    twins = pickle.loads(pickle.dumps(model)), skops.io.loads(data, trusted_types())
    for twin in twins:
        assert_array_equal(twin.decision_function(NEW), expected)


def test_every_step_can_be_searched_and_left_out():
    model = text_pipeline(random_state=0)
    grid = {
        "estimator__C": [0.3, 1],
        "blocks__words__counts__ngram_range": [(1, 1), (1, 2)],
    }
    search = GridSearchCV(model, grid, cv=2, error_score="raise").fit(TEXTS, Y)
    assert search.best_score_ > 0.9
    model.set_params(blocks__vectors="drop", blocks__classes__rows__smoothing=2.0)
    assert model.fit(TEXTS, Y).score(NEW, Y_NEW) > 0.9
    names = model["blocks"].get_feature_names_out()
    assert {name.partition("__")[0] for name in names} == {
        "words",
        "characters",
        "classes",
    }
    assert "classes__word_good" in names


def test_blocks_have_the_scales_that_are_promised():
    model = text_pipeline(pretrained=VECTORS, random_state=0)
    rows = sp.csr_array(model[:-1].fit_transform(TEXTS, Y)).toarray()
    names = model["blocks"].get_feature_names_out()
    kinds = np.array([name.partition("__")[0] for name in names])
    for kind, length in {
        "words": 1,
        "characters": 1,
        "classes": 0.3 * np.sqrt(120 / 320),
        "vectors": 0.3,
        "pretrained": 1,
    }.items():
        part = rows[:, kinds == kind]
        assert_allclose(np.sqrt((part**2).sum(axis=1).mean()), length, rtol=1e-5)
        if kind not in ("words", "characters"):
            assert_allclose(part.mean(axis=0), 0, atol=1e-6)


def test_texts_without_labels_and_vectors_help():
    few, y_few = reviews(6, 5)
    more, _ = reviews(400, 6)
    alone = text_pipeline(random_state=0).fit(few, y_few)
    helped = text_pipeline(unlabeled=more, random_state=0)
    assert clone(helped).get_params()["blocks__vectors__unlabeled"] is more
    vectors = dict(helped.fit(few, y_few)["blocks"].transformer_list)["vectors"]
    assert set(GOOD + BAD) <= set(vectors.embedding_.words_)
    lengths = np.linalg.norm(vectors.transform(few), axis=1)
    assert_allclose(np.sqrt((lengths**2).mean()), 1, rtol=0.5)  # of all texts, 1
    vectors = {
        word: [1.0 if word in GOOD else -1.0 if word in BAD else 0.0, 0.1]
        for word in VECTORS
    }
    told = text_pipeline(pretrained=vectors, random_state=0).fit(few, y_few)
    assert told.score(NEW, Y_NEW) >= max(alone.score(NEW, Y_NEW), 0.95)


def test_it_predicts_numbers():
    y = np.array([sum(word in GOOD for word in text.split()) for text in TEXTS]) * 1.5
    model = text_pipeline("regressor", random_state=0)
    assert cross_val_score(model, TEXTS, y, cv=3).mean() > 0.9


def test_other_heads_give_probabilities_and_several_labels():
    model = CalibratedClassifierCV(text_pipeline(random_state=0), cv=2).fit(TEXTS, Y)
    assert model.predict_proba(NEW).shape == (80, 2)
    several = np.stack([Y == "good", ["film" in text for text in TEXTS]], 1).astype(int)
    many = text_pipeline(OneVsRestClassifier(LinearSVC()), random_state=0)
    assert (many.fit(TEXTS, several).predict(TEXTS) == several).mean() > 0.95


def test_characters_are_tokens_of_chinese():
    texts = ["很好吃，味道不错", "太难吃了，很差", "味道很好", "送餐太慢，很差"] * 6
    y = [1, 0, 1, 0] * 6
    model = text_pipeline(tokenizer="char", random_state=0).fit(texts, y)
    assert model.predict(["好吃", "太差了"]).tolist() == [1, 0]
    names = model["blocks"].get_feature_names_out()
    assert "words__好 吃" in names


def test_what_it_cannot_take_is_refused():
    with pytest.raises(ValueError, match="'tree' must be 'classifier'"):
        text_pipeline("tree")
    with pytest.raises(TypeError, match="must be 'classifier'"):
        text_pipeline(LinearSVC)
    for X in ([["a", "b"]] * 4, TokenizedDocuments.from_documents(TEXTS[:4])):
        with pytest.raises(TypeError, match="tokens already"):
            text_pipeline().fit(X, [0, 1, 0, 1])
    with pytest.raises(ValueError, match="unlabeled is an iterator"):
        text_pipeline(unlabeled=iter(TEXTS))
    with pytest.raises(TypeError, match="Document 1"):
        text_pipeline().fit(["a", None], [0, 1])
    with pytest.raises(ValueError, match="X holds no documents"):
        text_pipeline().fit([], [])
    with pytest.raises(ValueError, match="X is a single string"):
        text_pipeline().fit("", [0, 1])
    with pytest.raises(TypeError, match="X is a dict"):
        text_pipeline().fit({"a": "b"}, [0])


@pytest.mark.parametrize("scaler", [BlockScaler(), BlockScaler(2.0, center=False)])
def test_scikit_learn_checks_of_the_scaler(scaler):
    for estimator, check in estimator_checks_generator(scaler):
        if check.func.__name__ != "check_array_api_input":  # it asks for a setting
            check(estimator)


def test_the_scaler_does_what_the_embedder_does():
    source = Word2VecVectorizer(5, min_count=1, random_state=0).fit(TEXTS)
    rows = MeanPoolEmbedder(source, normalize=True).fit_transform(TEXTS)
    joined = MeanPoolEmbedder(source, normalize=True, center=True, scale=0.3)
    expected = joined.fit_transform(TEXTS)
    scaler = BlockScaler().fit(rows)
    assert_array_equal(scaler.transform(rows), expected)
    assert_array_equal(scaler.mean_, joined.mean_)
    assert expected.dtype == scaler.transform(rows).dtype == np.float32
    assert list(scaler.get_feature_names_out(["a", "b", "c", "d", "e"])) == list(
        "abcde"
    )
