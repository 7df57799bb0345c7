"""Training that stops early keeps what did best on the documents held out."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklearn_embed import (
    FastTextClassifier,
    GloVeVectorizer,
    Word2VecVectorizer,
)

RNG = np.random.default_rng(0)
WORDS = np.array([f"word{i}" for i in range(60)])
TEXTS = [" ".join(RNG.choice(WORDS, 12)) for _ in range(120)]
LABELS = RNG.integers(0, 2, 120)  # nothing to learn but by heart
STOPPED = {"min_count": 1, "early_stopping": True, "random_state": 0}

MODELS = [
    FastTextClassifier(
        8, learning_rate=2.0, normalization="l1", weights=None, **STOPPED
    ),
    Word2VecVectorizer(8, learning_rate=0.5, sample=0, **STOPPED),
    GloVeVectorizer(8, learning_rate=0.3, **STOPPED),
]
every_model = pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m).__name__)


@every_model
def test_the_best_epoch_is_kept(model):
    whole = {"epochs": 60, "n_iter_no_change": 60}
    stopped = model.set_params(**whole).fit(TEXTS, LABELS)
    curve = stopped.validation_loss_curve_
    vectors, best = stopped.vectors_.copy(), int(np.argmin(curve))
    assert best < len(curve) - 1, "the last epoch is the best: the test shows nothing"
    assert stopped.n_iter_ == len(curve)
    model.set_params(n_iter_no_change=3, tol=0).fit(TEXTS, LABELS)
    assert model.n_iter_ < 60
    if np.argmin(model.validation_loss_curve_) == best:
        assert_array_equal(model.vectors_, vectors)
    log_loss = model.validation_loss_curve_
    assert min(log_loss) < log_loss[-1]


@every_model
def test_what_is_kept_measures_as_the_best_did(model):
    """A fit that ends with the best epoch has the same vectors."""
    model.set_params(epochs=30, n_iter_no_change=30, tol=0).fit(TEXTS, LABELS)
    kept, curve = model.vectors_.copy(), model.validation_loss_curve_
    best = int(np.argmin(curve))
    ended = stop_after(model, best + 1)
    assert_array_equal(ended.vectors_, kept)


def stop_after(model, epochs):
    """Fit a model and stop it after some epochs, without touching the schedule."""
    from sklearn_embed._estimators import callbacks, training

    class Stop(callbacks.TrainingMonitor):
        def epoch_ends(self, number, losses):
            super().epoch_ends(number, losses)
            return number + 1 == epochs

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "TrainingMonitor", Stop)
        return model.fit(TEXTS, LABELS)
