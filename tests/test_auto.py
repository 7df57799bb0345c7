"""Parameters that are "auto": rules by the number of tokens, kept by later fits."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklearn_embed import (
    CooccurrenceCounts,
    FastTextVectorizer,
    GloVeVectorizer,
    Word2VecVectorizer,
)
from sklearn_embed._estimators import auto

TEXTS = ["the cat sat down", "a dog sat there", "the king and a queen"] * 20
SMALL = {"epochs": 40, "window": 10, "min_count": 2}
LARGE = {"epochs": 5, "window": 5, "min_count": 5, "learning_rate": 0.025}
TRAINED = [
    (Word2VecVectorizer, SMALL | {"learning_rate": 0.1}),
    (FastTextVectorizer, SMALL | {"learning_rate": 0.1}),
    (GloVeVectorizer, {"min_count": 2, "x_max": 10.0}),
]


def outcome(model, names):
    return {name: getattr(model, f"{name}_") for name in names}


@pytest.mark.parametrize(("cls", "small"), TRAINED)
def test_a_fit_tells_what_auto_came_to_and_is_the_fit_with_these_values(cls, small):
    model = cls(4, random_state=0).fit(TEXTS)
    assert outcome(model, small) == small
    told = cls(4, random_state=0, **small).fit(TEXTS)
    assert_array_equal(model.vectors_, told.vectors_)
    assert outcome(told, small) == small
    assert all(getattr(model, name) == "auto" for name in small)


@pytest.mark.parametrize(
    ("n_tokens", "epochs"),
    [(0, 40), (12_500, 40), (12_501, 40), (25_000, 20), (99_999, 6), (10**6, 5)],
)
def test_epochs_make_up_half_a_million_tokens_within_limits(n_tokens, epochs):
    assert auto.settled(Word2VecVectorizer(), n_tokens).epochs == epochs


@pytest.mark.parametrize("cls", [Word2VecVectorizer, FastTextVectorizer])
def test_a_large_text_gets_the_values_of_large_texts(cls):
    just_small, large = (auto.settled(cls(), auto.LARGE - less) for less in (1, 0))
    assert {name: getattr(large, name) for name in LARGE} == LARGE
    assert just_small.window == 10 and just_small.min_count == 2


def test_glove_weighs_pairs_of_a_large_text_as_before():
    large = auto.settled(GloVeVectorizer(), auto.LARGE)
    assert (large.min_count, large.x_max) == (5, 100.0)


@pytest.mark.parametrize("cls", [Word2VecVectorizer, FastTextVectorizer])
def test_a_stream_is_taken_for_a_large_text(cls):
    model = cls(4, random_state=0).partial_fit(TEXTS)
    assert outcome(model, LARGE) == LARGE
    told = cls(4, random_state=0, **LARGE).partial_fit(TEXTS)
    assert_array_equal(model.vectors_, told.vectors_)


def test_partial_fit_after_fit_goes_on_with_what_fit_chose():
    model = Word2VecVectorizer(4, random_state=0).fit(TEXTS).partial_fit(TEXTS)
    assert outcome(model, SMALL) == SMALL
    assert model.n_iter_ == 41


def test_a_warm_start_keeps_what_the_first_fit_chose():
    model = Word2VecVectorizer(4, warm_start=True, random_state=0).fit(TEXTS)
    model.set_params(epochs=42).fit(TEXTS * 100)
    assert (model.n_iter_, model.epochs_) == (42, 42)
    assert (model.window_, model.min_count_) == (10, 2)


def test_a_fit_from_scratch_applies_the_rules_anew():
    model = Word2VecVectorizer(4, random_state=0).partial_fit(TEXTS).fit(TEXTS)
    assert outcome(model, SMALL) == SMALL


def test_a_last_rate_above_what_auto_comes_to_is_refused():
    model = Word2VecVectorizer(4, min_learning_rate=0.2)
    with pytest.raises(ValueError, match=r"0\.2 is above learning_rate=0\.1"):
        model.fit(TEXTS)
    assert not hasattr(model, "vectors_")


def test_unlabeled_texts_count_among_the_tokens():
    model = Word2VecVectorizer(4, unlabeled=TEXTS * 100, random_state=0).fit(TEXTS)
    assert model.epochs_ < 40


def test_held_out_documents_do_not_count_and_epochs_are_the_most_there_can_be():
    model = Word2VecVectorizer(4, early_stopping=True, random_state=0).fit(TEXTS)
    assert model.n_iter_ <= model.epochs_ == 40


def test_counts_of_words_are_the_tokens_of_fit_counts():
    counts = CooccurrenceCounts.from_documents(TEXTS, min_count=1)
    model = GloVeVectorizer(4, random_state=0).fit_counts(counts)
    assert model.x_max_ == 10.0


def test_a_clone_and_a_file_keep_auto_and_its_outcome(tmp_path):
    model = Word2VecVectorizer(4, random_state=0).fit(TEXTS)
    assert clone(model).epochs == "auto"
    model.save(tmp_path / "model")
    loaded = Word2VecVectorizer.load(tmp_path / "model")
    assert loaded.epochs == "auto" and loaded.epochs_ == 40
    model.partial_fit(TEXTS)
    assert_array_equal(loaded.partial_fit(TEXTS).vectors_, model.vectors_)


def test_a_gensim_model_brings_its_own_values():
    model = Word2VecVectorizer(4, random_state=0).fit(TEXTS)
    back = Word2VecVectorizer.from_gensim(model.to_gensim())
    assert outcome(back, ("epochs", "window", "learning_rate")) == {
        "epochs": 40,
        "window": 10,
        "learning_rate": 0.1,
    }
    large = Word2VecVectorizer.from_gensim(model.to_gensim(), epochs="auto")
    assert large.epochs_ == large.n_iter_ == 5


def test_rows_of_a_small_text_need_no_scaler():
    """Two topics whose words never meet: five epochs would leave all rows parallel."""
    rng = np.random.default_rng(0)
    words = np.array([[f"{topic}{n}" for n in range(60)] for topic in ("a", "b")])
    y = rng.integers(2, size=300)
    X = [" ".join(rng.choice(words[label], 8)) for label in y]
    model = make_pipeline(Word2VecVectorizer(random_state=0), LogisticRegression())
    assert model.fit(X[:200], y[:200]).score(X[200:], y[200:]) > 0.95
