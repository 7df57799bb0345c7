"""Embeddings inside scikit-learn's searches: results and memory."""

import numpy as np
from gensim.models import KeyedVectors
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline

from sklearn_embed import MeanPoolEmbedder, TokenizedDocuments, Word2VecVectorizer

RNG = np.random.default_rng(2)
GROUPS = [["sun", "moon", "star", "sky"], ["king", "queen", "crown", "throne"]]
LABELS = np.arange(120) % 2
TEXTS = [" ".join(RNG.choice(GROUPS[label], 10)) for label in LABELS]
FAST = {"min_count": 1, "epochs": 3, "random_state": 0, "learning_rate": 0.1}


def pipeline(embedding):
    return Pipeline([("embed", embedding), ("classify", LogisticRegression())])


def scores(search):
    results = search.cv_results_
    names = sorted(name for name in results if name.endswith("test_score"))
    return [results[name].tolist() for name in names], results["params"]


def test_a_search_on_two_workers_gives_what_one_gives_on_the_raw_texts():
    grid = {"embed__vector_size": [2, 5], "classify__C": [0.1, 10]}
    raw = GridSearchCV(pipeline(Word2VecVectorizer(**FAST)), grid, cv=3, n_jobs=1)
    tokenized = clone(raw).set_params(n_jobs=2)
    raw.fit(TEXTS, LABELS)
    tokenized.fit(TokenizedDocuments.from_documents(TEXTS), LABELS)
    assert scores(raw) == scores(tokenized)
    assert raw.best_score_ > 0.9
    assert_array_equal(raw.predict(TEXTS), tokenized.predict(TEXTS))


def test_parameters_inside_a_pooler_can_be_searched():
    embedder = MeanPoolEmbedder(Word2VecVectorizer(**FAST))
    grid = {"embed__embedding__vector_size": [2, 4], "embed__weights": [None, "idf"]}
    search = GridSearchCV(pipeline(embedder), grid, cv=2).fit(TEXTS, LABELS)
    assert search.best_score_ > 0.9
    best = search.best_estimator_["embed"]
    assert best.vectors_.shape[1] == search.best_params_[next(iter(grid))]


def test_epochs_can_be_the_resource_of_successive_halving():
    search = HalvingGridSearchCV(
        pipeline(Word2VecVectorizer(**FAST)),
        {"embed__vector_size": [2, 3, 5, 6]},
        resource="embed__epochs",
        max_resources=8,
        min_resources=2,
        factor=2,
        cv=2,
        random_state=0,
    ).fit(TEXTS, LABELS)
    assert search.n_resources_ == [2, 4, 8]
    assert search.best_estimator_["embed"].n_iter_ == 8


def test_a_union_with_other_features_works():
    from sklearn.feature_extraction.text import TfidfVectorizer

    union = FeatureUnion(
        [("words", TfidfVectorizer()), ("vectors", Word2VecVectorizer(4, **FAST))]
    )
    rows = union.fit_transform(TEXTS)
    assert rows.shape == (120, 8 + 4)
    assert len(union.get_feature_names_out()) == 12


class Big(np.ndarray):
    """An array that refuses to be copied."""

    def __deepcopy__(self, memo):
        raise AssertionError("the vectors were copied")


def test_keyed_vectors_are_shared_by_clones_and_candidates():
    keyed = KeyedVectors(3)
    keyed.add_vectors(GROUPS[0] + GROUPS[1], RNG.normal(size=(8, 3)))
    keyed.vectors = keyed.vectors.view(Big)
    search = GridSearchCV(
        pipeline(MeanPoolEmbedder(keyed)), {"embed__weights": [None, "idf"]}, cv=2
    ).fit(TEXTS, LABELS)
    best = search.best_estimator_["embed"]
    assert best.embedding is keyed
    assert np.shares_memory(best.vectors_, keyed.vectors)
    assert search.best_score_ > 0.9
