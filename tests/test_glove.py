"""The GloVe estimator: what it promises beyond the contract of all."""

# SPDX-License-Identifier: BSD-3-Clause

import pickle

import numpy as np
import pytest
from interrupts import interrupted
from joblib import Memory
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, ShuffleSplit

from sklearn_embed import (
    CooccurrenceCounts,
    GloVeVectorizer,
    Pretrained,
    TokenizedDocuments,
)
from sklearn_embed._estimators import callbacks, training
from sklearn_embed._models import counting

RNG = np.random.default_rng(0)
# Two groups of words that never meet: whoever learns anything tells them apart.
GROUPS = [["sun", "moon", "star", "sky"], ["king", "queen", "crown", "throne"]]
TEXTS = [" ".join(RNG.choice(GROUPS[i % 2], 8)) for i in range(400)]
MANY = [" ".join(f"w{n}" for n in RNG.geometric(0.01, 60)) for _ in range(150)]
FAST = {"min_count": 1, "epochs": 3, "random_state": 0}


def test_dot_products_fit_logarithms_of_counts():
    model = GloVeVectorizer(20, window=4, **(FAST | {"epochs": 300})).fit(TEXTS)
    counts = CooccurrenceCounts.from_documents(
        TEXTS, window=4, vocabulary=model.words_
    ).to_scipy()
    i, j = counts.nonzero()
    fitted = (model.word_vectors_[i] * model.context_vectors_[j]).sum(1)
    fitted += model.word_biases_[i] + model.context_biases_[j]
    expected = np.log(np.asarray(counts[i, j]).ravel())
    assert_allclose(fitted, expected, atol=0.1)
    assert model.loss_curve_[-1] < 1e-3 < model.loss_curve_[0]
    assert len(model.loss_curve_) == model.n_iter_ == 300


@pytest.mark.parametrize(
    "choice",
    [
        {},
        {"direction": "left"},
        {"direction": "right", "weighting": "flat"},
        {"window": "document", "x_max": None},
        {"gradient_clip": None, "alpha": 0},
    ],
    ids=str,
)
def test_words_of_one_group_share_their_contexts(choice):
    model = GloVeVectorizer(8, **choice, **(FAST | {"epochs": 40})).fit(TEXTS)
    assert np.isfinite(model.vectors_).all()
    assert model.loss_curve_[-1] < 0.1 * model.loss_curve_[0]


def test_every_number_of_threads_gives_the_same_bits(monkeypatch):
    monkeypatch.setattr("sklearn_embed._models.partition.TASK_PAIRS", 16)
    models = [GloVeVectorizer(8, n_jobs=n, **FAST).fit(MANY) for n in (1, 2, 3)]
    for model in models[1:]:
        assert_array_equal(model.vectors_, models[0].vectors_)
        assert model.loss_curve_ == models[0].loss_curve_


def test_vectors_are_made_of_the_parameters_asked_for():
    model = GloVeVectorizer(5, **FAST).fit(TEXTS)
    word, context = model.word_vectors_, model.context_vectors_
    expected = {
        "sum": word + context,
        "word": word,
        "context": context,
        "concatenate": np.hstack([word, context]),
    }
    for combine, vectors in expected.items():
        found = clone(model).set_params(combine=combine).fit(TEXTS)
        assert_array_equal(found.vectors_, vectors)
        assert found.vectors_.flags.c_contiguous
        assert found.transform(["sun"]).shape == (1, vectors.shape[1])


def test_counts_given_are_as_good_as_documents():
    model = GloVeVectorizer(5, window=3, **FAST).fit(MANY)
    parts = [
        CooccurrenceCounts.from_documents(
            MANY[first : first + 40], window=3, vocabulary=model.words_
        )
        for first in range(0, len(MANY), 40)
    ]
    other = clone(model).fit_counts(sum(parts))
    assert other.words_ == model.words_
    assert_array_equal(other.counts_, model.counts_)
    assert_array_equal(other.vectors_, model.vectors_)
    assert_array_equal(other.transform(MANY[:3]), model.transform(MANY[:3]))
    with pytest.raises(TypeError, match="CooccurrenceCounts"):
        model.fit_counts(np.eye(3).tolist())
    with pytest.raises(ValueError, match="give the words of its rows"):
        model.fit_counts(np.eye(3))


def test_bounded_memory_changes_nothing(monkeypatch):
    model = GloVeVectorizer(5, **FAST).fit(MANY)
    monkeypatch.setattr(counting, "_LEAST_PLACES", 500)
    bounded = clone(model).set_params(max_memory=1).fit(MANY)
    assert_array_equal(bounded.vectors_, model.vectors_)


@pytest.fixture
def calls(monkeypatch):
    """Return a list that grows whenever something is counted."""
    calls = []

    class Counter(counting._Counter):
        def __init__(self, *args):
            super().__init__(*args)
            calls.append(args)

    monkeypatch.setattr(counting, "_Counter", Counter)
    return calls


def test_a_search_over_twelve_candidates_counts_once(tmp_path, calls):
    grid = {"vector_size": [2, 3, 4, 5], "epochs": [1, 2, 3]}
    searches = [
        GridSearchCV(
            GloVeVectorizer(memory=memory, **FAST),
            grid,
            scoring=lambda model, X: -model.loss_curve_[-1],
            cv=ShuffleSplit(1, test_size=0.1, random_state=0),
            refit=False,
        )
        for memory in (Memory(tmp_path, verbose=0), None)
    ]
    found = []
    for search, times in zip(searches, (1, 12), strict=True):
        calls.clear()
        found.append(search.fit(MANY).cv_results_["mean_test_score"])
        assert len(calls) == times
    assert_array_equal(*found)


def test_counts_are_kept_for_each_training_set(tmp_path, calls):
    plain = GloVeVectorizer(4, **FAST).fit(MANY)
    calls.clear()
    model = GloVeVectorizer(4, memory=Memory(tmp_path, verbose=0), **FAST)
    for change in ({}, {"vector_size": 7}, {"epochs": 5}, {"x_max": 10}, {"n_jobs": 2}):
        model.set_params(**change).fit(MANY)
    whole = TokenizedDocuments.from_documents([*MANY[:7], *MANY])
    model.fit(whole[7:])  # the same documents, other ids
    assert len(calls) == 1
    model.set_params(window=2).fit(MANY)
    model.fit(MANY[1:])
    assert len(calls) == 3
    again = clone(plain).set_params(memory=str(tmp_path / "named")).fit(MANY)
    assert_array_equal(again.vectors_, plain.vectors_)


def test_retrofitting_keeps_words_near_what_they_were():
    given = {"sun": np.full(4, 2.0), "king": -np.ones(4)}
    distances = []
    for penalty in (0, 0.01, 1, 1e5):
        model = GloVeVectorizer(
            4, pretrained=Pretrained(given, penalty=penalty), **(FAST | {"epochs": 50})
        ).fit(TEXTS)
        rows = [model.vectors_[model.vocabulary_[word]] for word in given]
        distances.append(np.linalg.norm(np.array(rows) - list(given.values())))
        assert np.isfinite(model.loss_curve_).all()
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] < 0.01 < distances[0]


def test_fit_goes_on_exactly_where_it_stopped(monkeypatch):
    whole = GloVeVectorizer(5, **(FAST | {"epochs": 4})).fit(MANY)

    class Stop(callbacks.TrainingMonitor):
        def epoch_ends(self, number, losses):
            super().epoch_ends(number, losses)
            return number == 1

    with monkeypatch.context() as patch:
        patch.setattr(training, "TrainingMonitor", Stop)
        part = clone(whole).set_params(warm_start=True).fit(MANY)
    assert part.n_iter_ == 2
    part = pickle.loads(pickle.dumps(part)).fit(MANY)
    assert_array_equal(part.vectors_, whole.vectors_)
    assert part.loss_curve_ == whole.loss_curve_


def test_warm_start_keeps_the_words_it_knew():
    model = GloVeVectorizer(5, warm_start=True, **(FAST | {"epochs": 20})).fit(TEXTS)
    model.set_params(epochs=21).fit([*TEXTS, "comet sun"])
    assert "comet" in model.vocabulary_
    assert model.loss_curve_[-1] < 0.3 * model.loss_curve_[0]
    with pytest.raises(ValueError, match="vector_size=6 differs from the 5"):
        model.set_params(epochs=22, vector_size=6).fit(TEXTS)


def test_early_stopping_watches_held_out_documents():
    model = GloVeVectorizer(
        5, early_stopping=True, n_iter_no_change=2, tol=0.01, **(FAST | {"epochs": 200})
    ).fit(MANY)
    assert model.n_iter_ == len(model.validation_loss_curve_) < 200
    # Counts of a tenth of the documents are scaled up: the losses are comparable.
    assert model.validation_loss_curve_[-1] < 30 * model.loss_curve_[-1]


def test_there_is_no_partial_fit_but_advice():
    model = GloVeVectorizer()
    assert not hasattr(model, "partial_fit")
    with pytest.raises(AttributeError) as error:
        model.partial_fit(TEXTS)
    assert "fit_counts" in str(error.value.__cause__)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_ctrl_c_stops_a_fit_and_leaves_the_estimator_as_it_was(n_jobs):
    model = GloVeVectorizer(5, **FAST, n_jobs=n_jobs).fit(TEXTS)
    before = model.vectors_.copy()
    model.set_params(epochs=1_000_000)
    with pytest.raises(KeyboardInterrupt), interrupted(0.5):
        model.fit(TEXTS)
    assert_array_equal(model.vectors_, before)
    assert model.n_iter_ == 3


def test_divergence_is_told_and_changes_nothing():
    model = GloVeVectorizer(5, **FAST).fit(TEXTS)
    before = model.vectors_.copy()
    with pytest.raises(FloatingPointError, match="diverged"):
        model.set_params(learning_rate=1e30).fit(TEXTS)
    assert_array_equal(model.vectors_, before)


def test_a_single_word_without_company_has_a_vector():
    model = GloVeVectorizer(5, **FAST).fit(["word", ""])
    assert model.vectors_.shape == (1, 5)
    assert np.isfinite(model.vectors_).all()
    assert np.isnan(model.loss_curve_).all()


def test_parameter_types_do_not_compile_anything_anew():
    from sklearn_embed._models.kernels import cooccurrence, glove

    def fit(X, vector, penalty=0.1, **types):
        options = {"early_stopping": True, **FAST, **types}
        given = Pretrained({"sun": vector}, penalty=penalty)
        GloVeVectorizer(4, pretrained=given, **options).fit(X)

    def compiled():
        return {
            name: len(kernel.signatures)
            for module in (cooccurrence, glove)
            for name, kernel in vars(module).items()
            if hasattr(kernel, "signatures")
        }

    fit(TEXTS, np.ones(4))
    before = compiled()
    fit(
        TokenizedDocuments.from_documents(TEXTS)[::2],
        np.ones(4, np.float32),
        penalty=1,
        x_max=10,
        alpha=1,
        learning_rate=np.float32(1),
        gradient_clip=5,
        window=np.int32(3),
        weighting="flat",
        direction="left",
        n_jobs=2,
    )
    fit(TEXTS, [1, 1, 1, 1], x_max=None, gradient_clip=None, window="document")
    assert compiled() == before
