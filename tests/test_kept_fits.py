"""`memory`: a fit of more epochs goes on from one of fewer, which is trained once."""

import numpy as np
import pytest
from joblib import Memory
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import HalvingGridSearchCV
from sklearn.pipeline import make_pipeline

from sklearn_embed import (
    FastTextClassifier,
    FastTextVectorizer,
    GloVeVectorizer,
    RecurrentClassifier,
    RecurrentLanguageModel,
    WindowLanguageModel,
    Word2VecVectorizer,
)

TEXTS = ["the cat and the dog", "a dog met the cat", "cat and dog", "the last dog"] * 9
LABELS = [1, 0, 1, 0] * 9
PARAMS = {"min_count": 1, "random_state": 0, "epochs": 6}
MODELS = [
    Word2VecVectorizer(4, **PARAMS),
    FastTextVectorizer(4, bucket=50, **PARAMS),
    GloVeVectorizer(4, **PARAMS),
    FastTextClassifier(4, bucket=50, **PARAMS),
    FastTextClassifier(4, max_n=3, min_n=2, bucket=30, weights=None, **PARAMS),
    FastTextClassifier(4, bucket=9, loss="hierarchical_softmax", **PARAMS),
    FastTextClassifier(4, loss="negative_sampling", class_weight="balanced", **PARAMS),
    RecurrentClassifier(4, hidden_size=3, num_layers=2, **PARAMS),
    WindowLanguageModel(4, hidden_size=3, **PARAMS),
    RecurrentLanguageModel(4, hidden_size=3, **PARAMS),
]

every_model = pytest.mark.parametrize(
    "model", MODELS, ids=lambda model: type(model).__name__
)


def answers(model):
    """Return what a fitted model says of the texts."""
    for name in ("transform", "decision_function", "score_samples"):
        if hasattr(model, name):
            return getattr(model, name)(TEXTS)


@pytest.fixture
def epochs(monkeypatch):
    """Collect the numbers of the epochs that are trained."""
    from sklearn_embed._models import loop

    trained, train = [], loop.train

    def noted(job, epochs, *others):
        trained.extend(epochs)
        return train(job, epochs, *others)

    monkeypatch.setattr("sklearn_embed._estimators.training.train", noted)
    return trained


def kept_in(model, folder, **params):
    return clone(model).set_params(memory=Memory(str(folder), verbose=0), **params)


@every_model
def test_the_same_fit_is_trained_once(model, tmp_path, epochs):
    plain = clone(model).fit(TEXTS, LABELS)
    first = kept_in(model, tmp_path).fit(TEXTS, LABELS)
    epochs.clear()
    again = clone(model).set_params(memory=str(tmp_path)).fit(TEXTS, LABELS)
    assert epochs == []
    for fitted in (first, again):
        assert fitted.words_ == plain.words_ and fitted.n_iter_ == 6
        assert_array_equal(fitted.loss_curve_, plain.loss_curve_)
        assert_array_equal(fitted.vectors_, plain.vectors_)
        assert_array_equal(answers(fitted), answers(plain))


@every_model
def test_more_epochs_go_on_as_a_warm_start_does(model, tmp_path, epochs):
    kept_in(model, tmp_path, epochs=2).fit(TEXTS, LABELS)
    kept_in(model, tmp_path, epochs=4).fit(TEXTS, LABELS)
    assert epochs == [0, 1, 2, 3]
    later = kept_in(model, tmp_path).fit(TEXTS, LABELS)
    assert epochs == [0, 1, 2, 3, 4, 5]
    warm = clone(model).set_params(warm_start=True, epochs=2).fit(TEXTS, LABELS)
    warm.set_params(epochs=4).fit(TEXTS, LABELS).set_params(epochs=6).fit(TEXTS, LABELS)
    assert_array_equal(later.vectors_, warm.vectors_)
    assert_array_equal(answers(later), answers(warm))
    assert_array_equal(later.loss_curve_, warm.loss_curve_)  # of which some are NaN


@pytest.mark.parametrize(
    "change", [{"window": 2}, {"random_state": 1}, {"lowercase": False}, {"sample": 0}]
)
def test_other_parameters_start_anew(tmp_path, epochs, change):
    kept_in(MODELS[0], tmp_path, epochs=2).fit(TEXTS, LABELS)
    kept_in(MODELS[0], tmp_path, **change).fit(TEXTS, LABELS)
    assert epochs == [0, 1, 0, 1, 2, 3, 4, 5]


def test_other_documents_start_anew(tmp_path, epochs):
    kept_in(MODELS[0], tmp_path, epochs=2).fit(TEXTS, LABELS)
    kept_in(MODELS[0], tmp_path, epochs=2).fit(TEXTS[1:])
    kept_in(MODELS[0], tmp_path, epochs=2, unlabeled=["a cat"]).fit(TEXTS, LABELS)
    assert epochs == [0, 1] * 3


@pytest.mark.parametrize("model", [MODELS[3], MODELS[7]])
def test_other_labels_start_anew(model, tmp_path, epochs):
    model = kept_in(model, tmp_path, epochs=2)
    names = np.array(["no", "yes"])[LABELS]
    for y in (LABELS, LABELS[::-1], names, np.eye(2, dtype=int)[LABELS]):
        model.fit(TEXTS, y)
        again = clone(model).fit(TEXTS, y)
        assert_array_equal(again.predict(TEXTS), model.predict(TEXTS))
        assert_array_equal(again.classes_, model.classes_)
    model.fit(TEXTS, LABELS, sample_weight=np.arange(len(TEXTS)) + 1.0)
    assert epochs == [0, 1] * 5


def test_another_version_of_the_package_trains_anew(tmp_path, epochs, monkeypatch):
    kept_in(MODELS[0], tmp_path, epochs=2).fit(TEXTS, LABELS)
    monkeypatch.setattr("sklearn_embed._core.version.__version__", "99.0")
    kept_in(MODELS[0], tmp_path, epochs=2).fit(TEXTS, LABELS)
    assert epochs == [0, 1] * 2


def test_a_fit_that_stopped_early_is_not_gone_on_from(tmp_path, epochs):
    stopping = {"early_stopping": True, "tol": 1e9, "n_iter_no_change": 1}
    kept_in(MODELS[0], tmp_path, **stopping).fit(TEXTS, LABELS)
    assert len(epochs) == 6  # of which the second was the last
    again = kept_in(MODELS[0], tmp_path, **stopping).fit(TEXTS, LABELS)
    more = kept_in(MODELS[0], tmp_path, **stopping | {"epochs": 9}).fit(TEXTS, LABELS)
    assert again.n_iter_ == more.n_iter_ == 2
    assert hasattr(again, "validation_loss_curve_")
    kept_in(MODELS[0], tmp_path).fit(TEXTS, LABELS)
    again.set_params(early_stopping=False).fit(TEXTS, LABELS)
    assert not hasattr(again, "validation_loss_curve_")


def test_a_failed_fit_leaves_the_estimator_as_it_was(tmp_path):
    model = kept_in(MODELS[0], tmp_path, epochs=2).fit(TEXTS, LABELS)
    before = model.vectors_
    model.set_params(epochs=4, learning_rate=1e30)
    with pytest.raises(FloatingPointError):
        model.fit(TEXTS, LABELS)
    assert model.vectors_ is before and model.n_iter_ == 2


def test_without_a_seed_nothing_is_kept(tmp_path, epochs):
    model = kept_in(MODELS[0], tmp_path, random_state=None, epochs=1)
    for _ in range(2):
        with pytest.warns(UserWarning, match="Nothing is kept in memory"):
            model.fit(TEXTS, LABELS)
    assert epochs == [0, 0]


def test_functions_without_a_name_are_refused(tmp_path):
    model = kept_in(MODELS[0], tmp_path, tokenizer=lambda text: text.split())
    with pytest.raises(ValueError, match="memory cannot tell"):
        model.fit(TEXTS, LABELS)


def test_halving_over_epochs_of_a_classifier_goes_on(tmp_path, epochs):
    model = kept_in(MODELS[3], tmp_path)
    search = HalvingGridSearchCV(
        model,
        {"vector_size": [3, 5], "alpha": [0.0, 0.1]},
        resource="epochs",
        min_resources=2,
        max_resources=8,
        factor=2,
        cv=2,
        random_state=0,
        refit=False,
    )
    search.fit(np.array(TEXTS, object), LABELS)
    # Four candidates to two epochs, two to four, one to eight: in two folds.
    assert len(epochs) == 2 * (4 * 2 + 2 * 2 + 1 * 4)


def test_halving_trains_no_epoch_twice(tmp_path, epochs):
    pipeline = make_pipeline(kept_in(MODELS[0], tmp_path), LogisticRegression())
    search = HalvingGridSearchCV(
        pipeline,
        {
            "word2vecvectorizer__window": [1, 2],
            "logisticregression__C": [0.1, 1.0, 10.0, 100.0],
        },
        resource="word2vecvectorizer__epochs",
        min_resources=2,
        max_resources=8,
        factor=2,
        cv=2,
        random_state=0,
        refit=False,
    )
    search.fit(np.array(TEXTS, object), LABELS)
    assert search.n_resources_ == [2, 4, 8]
    # Two windows and two folds at first; at most those at last.
    assert 4 * 2 + 2 * 6 <= len(epochs) <= 4 * 8
