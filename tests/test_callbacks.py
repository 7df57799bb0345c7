"""scikit-learn's callbacks: what they are told, and that they can stop a fit."""

import contextlib
import io

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from sklearn_embed import (
    ContextualVectorizer,
    MeanPoolEmbedder,
    Word2VecVectorizer,
)

callbacks = pytest.importorskip(
    "sklearn.callback", reason="scikit-learn has callbacks from 1.9 on"
)


FAST = {"min_count": 1, "epochs": 3, "random_state": 0}
LABELS = [0, 1] * 20
TEXTS = ["sun moon star sky", "king queen crown throne"] * 20


class Recorder:
    """Notes what it is told; asks to stop after some epochs."""

    max_propagation_depth = None

    def __init__(self, stop_after=None):
        self.stop_after, self.epochs, self.calls = stop_after, [], []

    def setup(self, estimator, context):
        self.calls.append("setup")

    def teardown(self, estimator, context):
        self.calls.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(
        self, estimator, context, *, metadata=None, fitted_estimator=None
    ):
        if context.task_name == "epoch":
            self.epochs.append((metadata["loss"], fitted_estimator))
            return len(self.epochs) == self.stop_after
        return False


def test_callbacks_see_each_epoch_and_a_fitted_estimator():
    recorder = Recorder()
    model = Word2VecVectorizer(4, **FAST).set_callbacks(recorder).fit(TEXTS)
    assert [loss for loss, _ in recorder.epochs] == model.loss_curve_
    assert_array_equal(recorder.epochs[-1][1].transform(TEXTS), model.transform(TEXTS))
    first = recorder.epochs[0][1]
    assert first.n_iter_ == 1
    assert not np.array_equal(first.vectors_, model.vectors_)
    assert recorder.calls == ["setup", "teardown"]


def test_a_callback_can_stop_a_fit_that_a_warm_start_completes():
    model = Word2VecVectorizer(4, warm_start=True, **FAST)
    model.set_callbacks(Recorder(stop_after=1)).fit(TEXTS)
    assert model.n_iter_ == 1
    model.set_callbacks().fit(TEXTS)
    whole = Word2VecVectorizer(4, **FAST).fit(TEXTS)
    assert_array_equal(model.vectors_, whole.vectors_)


@pytest.mark.parametrize("wrap", [lambda model: model, MeanPoolEmbedder])
def test_a_progress_bar_reaches_through_a_search_to_the_epochs(wrap):
    recorder = Recorder()
    search = GridSearchCV(
        Pipeline(
            [
                ("embed", wrap(Word2VecVectorizer(4, **FAST))),
                ("classify", LogisticRegression()),
            ]
        ),
        {"classify__C": [1, 2]},
        cv=2,
    )
    search.set_callbacks(recorder, callbacks.ProgressBar())
    with contextlib.redirect_stdout(io.StringIO()):
        search.fit(TEXTS, LABELS)
    assert len(recorder.epochs) == 3 * (2 * 2 + 1)


def test_both_language_models_tell_of_their_epochs():
    recorder = Recorder()
    model = ContextualVectorizer(4, hidden_size=4, **FAST)
    model.set_callbacks(recorder, callbacks.ProgressBar())
    with contextlib.redirect_stdout(io.StringIO()):
        model.fit(TEXTS)
    assert len(recorder.epochs) == 2 * 3
    stopped = ContextualVectorizer(4, hidden_size=4, **FAST)
    stopped.set_callbacks(Recorder(stop_after=1)).fit(TEXTS)
    assert [one.n_iter_ for one in stopped.language_models_] == [1, 3]
