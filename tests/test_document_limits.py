"""min_df and max_df: in how many documents a word must occur, and may."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.feature_extraction.text import CountVectorizer

from sklearn_embed import (
    CooccurrenceCounts,
    FastTextClassifier,
    FastTextVectorizer,
    GloVeVectorizer,
    NGramCounts,
    NGramLanguageModel,
    OneHotTokens,
    PPMIVectorizer,
    RecurrentClassifier,
    RecurrentLanguageModel,
    TokenizedDocuments,
    WindowLanguageModel,
    Word2VecVectorizer,
)
from sklearn_embed._text.vocabulary import document_frequencies

TEXTS = ["cat cat dog", "cat mat", "cat dog owl", "cat sun sun sun"]
TINY = {"min_count": 1, "epochs": 1, "random_state": 0}
TRAINERS = [
    Word2VecVectorizer(2, **TINY),
    FastTextVectorizer(2, bucket=50, **TINY),
    GloVeVectorizer(2, **TINY),
    PPMIVectorizer(2, min_count=1),
    FastTextClassifier(2, **TINY),
    RecurrentClassifier(2, hidden_size=2, **TINY),
    NGramLanguageModel(2, min_count=1),
    WindowLanguageModel(2, hidden_size=2, **TINY),
    RecurrentLanguageModel(2, hidden_size=2, **TINY),
]
each_trainer = pytest.mark.parametrize(
    "trainer", TRAINERS, ids=lambda t: type(t).__name__
)
LABELS = [0, 1, 0, 1]

limits = st.one_of(st.integers(1, 6), st.floats(0, 1))
corpora = st.lists(
    st.lists(st.sampled_from(["aa", "bb", "cc", "dd", "ee"]), max_size=6).map(" ".join),
    min_size=1,
    max_size=6,
)


def words_or_error(vectorizer, texts):
    try:
        return vectorizer.fit(texts).get_feature_names_out().tolist()
    except ValueError:
        return ValueError


@pytest.mark.filterwarnings("ignore:.* documents have no word that counts")
@settings(deadline=None)
@given(corpora, limits, limits, st.sampled_from([(1, 1), (1, 2)]))
def test_the_words_are_those_of_count_vectorizer(texts, min_df, max_df, ngram_range):
    params = {"min_df": min_df, "max_df": max_df, "ngram_range": ngram_range}
    expected = words_or_error(CountVectorizer(**params), texts)
    assert words_or_error(OneHotTokens(**params), texts) == expected


@each_trainer
@pytest.mark.parametrize("as_share", [False, True])
def test_every_vocabulary_has_both_limits(trainer, as_share):
    limits = (0.5, 0.75) if as_share else (2, 3)
    trainer.set_params(min_df=limits[0], max_df=limits[1])
    assert trainer.fit(TEXTS, LABELS).words_ == ["dog"]
    trainer.set_params(min_df=1, max_df=1)
    assert sorted(trainer.fit(TEXTS, LABELS).words_) == ["mat", "owl", "sun"]
    trainer.set_params(max_df=1.0)


def test_cooccurrence_counts_have_both_limits():
    counts = CooccurrenceCounts.from_documents(TEXTS, min_df=2, max_df=3)
    assert counts.words == ["dog"]
    with pytest.raises(ValueError, match=r"min_df=0 must be"):
        CooccurrenceCounts.from_documents(TEXTS, min_df=0)


def test_counts_of_ngrams_have_both_limits():
    counts = NGramCounts.from_documents(TEXTS, order=2, min_df=2, max_df=3)
    assert counts.words == ["dog"]
    with pytest.raises(ValueError, match=r"max_df=0 must be"):
        NGramCounts.from_documents(TEXTS, max_df=0)


def test_language_models_take_other_words_for_unknown():
    model = NGramLanguageModel(2, min_count=1, min_df=2, max_df=3).fit(TEXTS)
    same = NGramLanguageModel(2, min_count=1, vocabulary=["dog"]).fit(TEXTS)
    assert_array_equal(model.score_samples(TEXTS), same.score_samples(TEXTS))
    assert model.unknown_share(["dog cat"]) == 0.5


def test_further_texts_are_documents_too():
    model = Word2VecVectorizer(2, min_df=3, unlabeled=["dog", "dog mat"], **TINY)
    assert sorted(model.fit(TEXTS).words_) == ["cat", "dog"]


def test_frequencies_of_parts_and_repetitions_are_their_own():
    whole = TokenizedDocuments.from_documents(TEXTS)
    part = whole[[1, 3, 3]]
    found = dict(zip(whole.table.tolist(), document_frequencies(part), strict=True))
    assert found == {"cat": 3, "dog": 0, "mat": 1, "owl": 0, "sun": 2}
    assert_array_equal(document_frequencies(whole[:0]), np.zeros(5))


@pytest.mark.parametrize(
    ("min_df", "max_df"), [(3, 2), (0.9, 0.1), (4, 0.25), (0.9, 1), (5, 1.0)]
)
@pytest.mark.parametrize("estimator", [OneHotTokens(), *TRAINERS])
def test_limits_that_contradict_each_other_are_both_named(estimator, min_df, max_df):
    estimator.set_params(min_df=min_df, max_df=max_df)
    with pytest.raises(ValueError, match=f"min_df={min_df}") as caught:
        estimator.fit(TEXTS, LABELS)
    assert f"max_df={max_df}" in str(caught.value)
    estimator.set_params(min_df=1, max_df=1.0)


def test_limits_that_leave_nothing_are_named():
    with pytest.raises(ValueError, match="min_df and max_df left no word"):
        OneHotTokens(min_df=2, max_df=3).fit(["aa", "bb", "cc", "dd"])


@each_trainer
def test_a_stream_refuses_limits_that_need_all_documents(trainer):
    if not hasattr(trainer, "partial_fit"):
        return
    trainer.set_params(min_df=2)
    y = () if not hasattr(trainer, "predict") else (LABELS, [0, 1])
    with pytest.raises(
        ValueError, match=r"min_df=2 and max_df=1\.0 need all documents"
    ):
        trainer.partial_fit(TEXTS, *y)
    trainer.set_params(min_df=1)


@pytest.mark.parametrize("estimator", [FastTextVectorizer(2), FastTextClassifier(2)])
def test_lengths_of_ngrams_upside_down_are_both_named(estimator):
    with pytest.raises(ValueError, match="min_n=5 is above max_n=3"):
        estimator.set_params(min_n=5, max_n=3).fit(TEXTS, LABELS)


@pytest.mark.parametrize("cls", [Word2VecVectorizer, FastTextVectorizer])
def test_a_learning_rate_that_would_rise_is_refused(cls):
    model = cls(2, learning_rate=0.01, min_learning_rate=0.1, sample=0, **TINY)
    with pytest.raises(
        ValueError, match=r"min_learning_rate=0\.1 is above learning_ra"
    ):
        model.fit(TEXTS)
    model.set_params(learning_rate=1e-5, min_learning_rate=1e-4).fit(TEXTS)
