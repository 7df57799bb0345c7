"""What a fit says where nothing was learned, nothing was measured, or all exploded."""

# SPDX-License-Identifier: BSD-3-Clause

import threading
import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from sklearn_embed import (
    FastTextClassifier,
    FastTextVectorizer,
    GloVeVectorizer,
    MeanPoolEmbedder,
    OneHotTokens,
    Word2VecVectorizer,
)

RNG = np.random.default_rng(0)
TEXTS = [" ".join(RNG.choice([f"word{i}" for i in range(40)], 9)) for _ in range(60)]
LABELS = RNG.integers(0, 2, 60)
TINY = {"min_count": 1, "epochs": 2, "random_state": 0}

VECTORIZERS = [
    Word2VecVectorizer(4, **TINY),
    Word2VecVectorizer(4, architecture="cbow", loss="hierarchical_softmax", **TINY),
    FastTextVectorizer(4, **TINY),
    GloVeVectorizer(4, **TINY),
]
every_vectorizer = pytest.mark.parametrize(
    "model", VECTORIZERS, ids=lambda model: type(model).__name__
)


@every_vectorizer
def test_documents_of_one_word_teach_nothing_and_that_is_said(model):
    with pytest.warns(ConvergenceWarning, match="Nothing was learned: no document"):
        model.fit(["cat", "dog", "", "cat"])
    assert np.isnan(model.loss_curve_).all()
    assert np.isfinite(model.transform(["cat dog"])).all()


def test_the_warning_points_to_the_line_that_fits():
    with pytest.warns(ConvergenceWarning) as caught:
        Word2VecVectorizer(4, **TINY).fit(["cat", "dog"])
    assert caught[0].filename == __file__


@every_vectorizer
def test_early_stopping_without_anything_to_measure_does_not_stop(model):
    texts = ["alone", "single", "lonely"] * 20 + TEXTS[:1]
    stopping = {"early_stopping": True, "epochs": 9, "n_iter_no_change": 2, "tol": 1e9}
    model = clone(model).set_params(**stopping)
    with pytest.warns(ConvergenceWarning, match="had nothing to measure"):
        model.fit(texts)
    assert np.isnan(model.validation_loss_curve_).all()
    assert model.n_iter_ == 9


def test_held_out_words_that_sample_throws_away_still_measure():
    model = Word2VecVectorizer(4, early_stopping=True, sample=1e-3, **TINY)
    model.set_params(epochs=6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(["aa bb cc"] * 10)
    assert np.isfinite(model.validation_loss_curve_).all()
    assert min(model.validation_loss_curve_) > 0


@every_vectorizer
def test_warm_start_with_all_epochs_trained_says_that_it_trains_nothing(model):
    model = clone(model).set_params(warm_start=True).fit(TEXTS)
    with pytest.warns(ConvergenceWarning, match="2 words are new"):
        model.fit([*TEXTS, "brandnew words"])


@pytest.mark.parametrize(
    "model",
    [
        FastTextClassifier(4, learning_rate=1000.0, epochs=2, random_state=0),
        FastTextClassifier(4, learning_rate=20.0, epochs=2, random_state=0),
        GloVeVectorizer(4, min_count=1, learning_rate=1e4, random_state=0),
        Word2VecVectorizer(4, min_count=1, learning_rate=50.0, random_state=0),
    ],
)
def test_an_explosion_is_divergence_and_changes_nothing(model):
    with pytest.raises(FloatingPointError, match="learning_rate"):
        model.fit(TEXTS, LABELS)
    assert not hasattr(model, "vectors_")


def test_few_buckets_and_a_high_rate_diverge_by_name():
    model = FastTextVectorizer(
        4,
        bucket=1,
        min_n=1,
        max_n=1,
        learning_rate=1.0,
        epochs=2,
        architecture="cbow",
        sample=0,
        min_count=1,
        random_state=0,
    )
    texts = ["cat dog sat mat bird sky over under " * 3] * 8
    try:
        model.fit(texts)
    except FloatingPointError as error:
        assert "learning_rate" in str(error)
    else:
        assert np.isfinite(model.transform([*texts, "unheard of"])).all()


def test_many_negatives_are_no_divergence():
    model = Word2VecVectorizer(4, negative=1000, **TINY).fit(TEXTS)
    assert np.isfinite(model.loss_curve_).all()


def test_parallel_rows_are_warned_of():
    words = np.array([f"word{i}" for i in range(400)])
    shares = 1 / np.arange(1, 401)
    texts = [
        " ".join(RNG.choice(words, 10, p=shares / shares.sum())) for _ in range(300)
    ]
    with pytest.warns(ConvergenceWarning, match="learned next to nothing"):
        Word2VecVectorizer(
            window=5, learning_rate=0.025, epochs=5, min_count=5, random_state=0
        ).fit(texts)


def test_one_word_and_a_tree_on_two_threads():
    model = Word2VecVectorizer(
        4, loss="hierarchical_softmax", sample=0, n_jobs=2, **TINY
    )
    model.fit(["cat cat cat"] * 50)
    assert np.isfinite(model.vectors_).all()


@pytest.mark.parametrize("loss", ["negative_sampling", "softmax"])
@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
@pytest.mark.parametrize("cls", [Word2VecVectorizer, FastTextVectorizer])
def test_a_window_beyond_every_document_is_as_good_as_any_other(
    cls, architecture, loss
):
    """It costs what documents hold, not what it might reach."""
    fits = []
    for window in (65, 10**29, 10**30):
        model = cls(4, window=window, shrink_windows=False, **TINY)
        model.set_params(architecture=architecture, loss=loss)
        fits.append(model.fit(TEXTS).vectors_)
    assert np.isfinite(fits[0]).all()
    assert_array_equal(fits[1], fits[2])
    if cls is Word2VecVectorizer:
        assert_array_equal(fits[0], fits[1])


def test_a_wide_window_takes_in_long_documents_whole():
    """Longer than the shortest buffer: nothing is cut off."""
    text = " ".join(RNG.choice([f"w{i}" for i in range(30)], 150))
    fits = [
        Word2VecVectorizer(4, window=w, shrink_windows=False, **TINY).fit([text])
        for w in (149, 10**6)
    ]
    assert_array_equal(fits[0].vectors_, fits[1].vectors_)


@pytest.mark.parametrize("window", [10**7, 10**9, 10**30])
def test_glove_takes_any_window(window):
    fits = [GloVeVectorizer(4, window=w, **TINY).fit(TEXTS) for w in (window, 10**6)]
    assert_array_equal(fits[0].vectors_, fits[1].vectors_)


MODELS = [
    Word2VecVectorizer(4, **TINY),
    FastTextVectorizer(4, pooling="normalized_mean", **TINY),
    FastTextClassifier(4, epochs=2, random_state=0),
    GloVeVectorizer(4, **TINY),
    OneHotTokens(),
    MeanPoolEmbedder(Word2VecVectorizer(4, **TINY)),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_rows_are_of_one_model_while_another_thread_fits(model):
    """Every row is that of the one corpus or of the other, never of a mixture."""
    corpora = [TEXTS[:30], [f"other {text}" for text in TEXTS[30:]]]
    labels = [LABELS[:30], LABELS[30:]]
    method = "predict_proba" if hasattr(model, "predict_proba") else "transform"
    wanted = []
    for texts, y in zip(corpora, labels, strict=True):
        rows = getattr(model.fit(texts, y), method)(TEXTS[28:32])
        wanted.append(rows.toarray() if hasattr(rows, "toarray") else rows)
    stop, wrong = threading.Event(), []

    def read():
        while not stop.is_set():
            try:
                rows = getattr(model, method)(TEXTS[28:32])
                rows = rows.toarray() if hasattr(rows, "toarray") else rows
                if not any(np.array_equal(rows, right) for right in wanted):
                    wrong.append(rows)
            except Exception as error:
                wrong.append(error)

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for turn in range(30):
            model.fit(corpora[turn % 2], labels[turn % 2])
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not wrong, f"{len(wrong)}, the first: {wrong[0]!r}"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_reading_before_fit_is_refused(model):
    method = "predict" if hasattr(model, "predict") else "transform"
    with pytest.raises(NotFittedError, match=type(model).__name__):
        getattr(type(model)(**model.get_params(deep=False)), method)(TEXTS)


@pytest.mark.parametrize(
    "params",
    [
        {"gradient_clip": 1e300},
        {"x_max": 1e300},
        {"x_max": 1e-300},
        {"alpha": 1e300},
        {"learning_rate": 1e-300},
    ],
)
def test_numbers_beyond_float32_overflow_in_silence_or_by_name(params):
    model = GloVeVectorizer(4, **TINY, **params).fit(TEXTS)
    assert np.isfinite(model.vectors_).all()


@pytest.mark.parametrize("wrong", [{"window": -1}, {"vector_size": 0}, {"epochs": "x"}])
def test_partial_fit_checks_what_was_set_since(wrong):
    model = Word2VecVectorizer(4, **TINY).partial_fit(TEXTS).set_params(**wrong)
    with pytest.raises(ValueError, match=next(iter(wrong))):
        model.partial_fit(TEXTS)


@pytest.mark.parametrize("size", [2**40, 2**62, 2**80])
@pytest.mark.parametrize(
    "cls", [Word2VecVectorizer, FastTextVectorizer, GloVeVectorizer, FastTextClassifier]
)
def test_vectors_that_fit_no_memory_are_an_error_that_names_them(cls, size):
    model = cls(size, **TINY)
    with pytest.raises(MemoryError, match=f"vector_size={size}"):
        model.fit(TEXTS, LABELS)


def test_a_source_that_is_none_is_named():
    with pytest.raises(TypeError, match="pretrained: "):
        Word2VecVectorizer(4, pretrained=5, **TINY).fit(TEXTS)


def test_ngrams_longer_than_any_document_cost_nothing():
    rows = OneHotTokens(ngram_range=(1, 10**9)).fit_transform(TEXTS)
    assert rows.shape[1] == OneHotTokens(ngram_range=(1, 9)).fit(TEXTS)._width()


def test_a_pattern_that_is_none_is_named():
    with pytest.raises(ValueError, match="token_pattern '\\(' is no regular"):
        Word2VecVectorizer(4, token_pattern="(", **TINY).fit(TEXTS)


def test_a_classifier_of_two_documents_can_hold_none_out():
    model = FastTextClassifier(4, early_stopping=True, epochs=3, random_state=0)
    with pytest.warns(ConvergenceWarning, match="had nothing to measure"):
        model.fit(["good film", "bad film"], [0, 1])
    assert model.n_iter_ == 3
