"""FastTextClassifier in batches and epochs: what goes on, stops, and is told."""

# SPDX-License-Identifier: BSD-3-Clause

import pickle

import numpy as np
import pytest
from interrupts import interrupted
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from topics import (
    FAST,
    LONGER,
    MEANS,
    NAMES,
    SEVERAL,
    TEXTS,
    Y,
)

from sklearn_embed import (
    FastTextClassifier,
)


def test_batches_are_learned_one_after_the_other():
    model = FastTextClassifier(**FAST, word_ngrams=2, min_n=3, max_n=3)
    with pytest.raises(ValueError, match="first call"):
        model.partial_fit(TEXTS[:50], NAMES[:50])
    classes = np.unique(NAMES)
    for start in range(0, 300, 50):
        part = slice(start, start + 50)
        model.partial_fit(TEXTS[part], NAMES[part], classes if start == 0 else None)
        assert model.n_iter_ == start // 50 + 1 == len(model.loss_curve_)
    assert model.score(TEXTS, NAMES) > 0.9
    before = dict(zip(model.words_, model.vectors_.copy(), strict=True))
    rows = len(model._model.inputs)
    model.partial_fit(["comet comet comet"], ["astronomy"])
    assert "comet" in model.vocabulary_
    assert_allclose(model.vectors_[model.vocabulary_["king"]], before["king"], atol=0.1)
    assert len(model._model.inputs) > rows
    with pytest.raises(ValueError, match="not in classes"):
        model.partial_fit(TEXTS[:2], ["sports", "court"])
    with pytest.raises(ValueError, match="differ from"):
        model.partial_fit(TEXTS[:2], NAMES[:2], classes=["a", "b"])


@pytest.mark.parametrize("loss", ["softmax", "one_vs_all", "negative_sampling"])
def test_new_classes_come_in_later_batches(loss):
    model = FastTextClassifier(**MEANS, loss=loss)
    model.partial_fit(TEXTS, Y * 2, classes=[0, 2, 4])
    for _ in range(5):
        model.partial_fit(TEXTS, Y * 2)
    outputs, scores = model.output_vectors_, model.decision_function(TEXTS)
    with pytest.raises(ValueError, match="not in classes"):
        model.partial_fit(["noon"], [1])
    news, labels = ["noon and night"] * 20, [1] * 20
    grown = FastTextClassifier.partial_fit(
        pickle.loads(pickle.dumps(model)), news, labels, range(5), np.full(20, 1e-30)
    )
    assert_array_equal(grown.classes_, range(5))
    assert_array_equal(grown.output_vectors_[::2], outputs)
    assert_allclose(grown.output_vectors_[1::2], 0, atol=1e-20)
    assert_allclose(grown.decision_function(TEXTS)[:, ::2], scores, rtol=1e-5)
    for _ in range(5):
        grown.partial_fit([*TEXTS, *news], [*Y * 2, *labels], range(6))
    assert_array_equal(grown.predict(news), labels)
    assert (grown.predict(TEXTS) == Y * 2).mean() > 0.9
    assert_array_equal(model.classes_, [0, 2, 4])
    with pytest.raises(ValueError, match="differ from those learned before"):
        grown.partial_fit(news, labels, [1, 2])


def test_new_classes_of_indicators_and_trees():
    model = FastTextClassifier(**FAST).partial_fit(LONGER, SEVERAL)
    wider = np.pad(SEVERAL, ((0, 0), (0, 2)))
    with pytest.raises(ValueError, match="5 columns"):
        model.partial_fit(LONGER, wider)
    model.partial_fit(LONGER, wider, classes=range(5))
    assert model.predict(LONGER).shape == (300, 5)
    tree = FastTextClassifier(**FAST, loss="hierarchical_softmax")
    tree.partial_fit(TEXTS, Y, [0, 1, 2])
    with pytest.raises(ValueError, match="a tree of classes cannot grow"):
        tree.partial_fit(TEXTS, Y, [0, 1, 2, 3])
    assert_array_equal(tree.classes_, [0, 1, 2])


def test_indicators_come_in_batches_too():
    model = FastTextClassifier(**FAST)
    for _ in range(20):
        model.partial_fit(LONGER[:150], SEVERAL[:150])
    model.partial_fit(LONGER[150:], SEVERAL[150:])
    assert (model.predict(LONGER) == SEVERAL).mean() > 0.9
    with pytest.raises(ValueError, match="balanced"):
        model.set_params(class_weight="balanced").partial_fit(LONGER, SEVERAL)


def test_a_fit_goes_on_where_it_stopped():
    model = FastTextClassifier(**FAST, word_ngrams=2, warm_start=True, epochs=4)
    first = clone(model).fit(TEXTS, Y)
    vectors = first.vectors_.copy()
    assert_array_equal(first.fit(TEXTS, Y).vectors_, vectors)
    first.set_params(epochs=6).fit([*TEXTS, "comet tail"], [*Y, 0])
    assert first.n_iter_ == 6 == len(first.loss_curve_)
    assert first.loss_curve_[4] < first.loss_curve_[0]
    for change, words in [
        ({"epochs": 3}, "less than the 6"),
        ({"bucket": 7}, "bucket"),
        ({"vector_size": 3}, "vector_size=3"),
    ]:
        with pytest.raises(ValueError, match=words):
            clone_fitted(first).set_params(**({"epochs": 9} | change)).fit(TEXTS, Y)
    with pytest.raises(ValueError, match="classes"):
        first.set_params(epochs=9).fit(TEXTS, Y + 1)


def clone_fitted(model):
    return pickle.loads(pickle.dumps(model))


def test_early_stopping_watches_held_out_documents():
    model = FastTextClassifier(
        **FAST, epochs=60, early_stopping=True, n_iter_no_change=2, tol=0.2
    ).fit(TEXTS, Y)
    assert model.n_iter_ == len(model.validation_loss_curve_) < 60
    with pytest.raises(ValueError, match="leaves none"):
        FastTextClassifier(early_stopping=True, validation_fraction=0.9).fit(
            TEXTS[:3], [0, 1, 2]
        )


def test_divergence_is_told():
    with pytest.raises(FloatingPointError, match="diverged"):
        FastTextClassifier(**FAST, learning_rate=1e30).fit(TEXTS, Y)


def test_ctrl_c_stops_a_fit():
    # Compiled before: llvmlite's own callbacks would swallow the signal.
    FastTextClassifier(**FAST, epochs=1).fit(TEXTS, Y)
    model = FastTextClassifier(**FAST, epochs=10**6)
    with pytest.raises(KeyboardInterrupt), interrupted(0.5):
        model.fit(TEXTS, Y)
    assert not hasattr(model, "classes_")


def test_verbose_prints_each_epoch(capsys):
    FastTextClassifier(**FAST, epochs=2, verbose=True).fit(TEXTS, Y)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "[FastTextClassifier] epoch 1",
        "[FastTextClassifier] epoch 2",
    ]
