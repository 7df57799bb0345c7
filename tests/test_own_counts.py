"""Co-occurrence counts that come as a matrix."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_embed import CooccurrenceCounts, FastTextClassifier, GloVeVectorizer

TEXTS = ["the cat sat on the mat", "the dog sat on the cat", "a cat and a dog"] * 3


@pytest.mark.parametrize("direction", ["both", "left", "right"])
@pytest.mark.parametrize("weighting", ["harmonic", "flat"])
def test_a_matrix_there_and_back_is_the_same(direction, weighting):
    window = {"window": 4, "weighting": weighting, "direction": direction}
    counts = CooccurrenceCounts.from_documents(TEXTS, **window)
    matrix, given = counts.to_scipy(), {"word_counts": counts.word_counts, **window}
    for form in (matrix, matrix.tocoo(), matrix.toarray(), matrix.astype(np.float32)):
        again = CooccurrenceCounts.from_scipy(form, counts.words, **given)
        for one, other in zip(again.pairs, counts.pairs, strict=True):
            assert_array_equal(one, other)
        assert again.window == counts.window
    assert_array_equal((again + counts).pairs.units, 2 * counts.pairs.units)


def test_any_numbers_are_counts_of_the_finest_unit():
    rng = np.random.default_rng(0)
    matrix = sp.random(30, 30, 0.2, random_state=0) * 1e4
    matrix = matrix + matrix.T
    words = [f"w{row}" for row in rng.permutation(30)]
    counts = CooccurrenceCounts.from_scipy(matrix, words)
    assert_allclose(counts.to_scipy().toarray(), matrix.toarray(), atol=1e-11)
    assert_array_equal(counts.word_counts, np.rint(matrix.toarray().sum(axis=1)))


@pytest.mark.parametrize("direction", ["both", "right"])
def test_glove_learns_from_a_matrix_what_it_learns_from_counts(direction):
    model = GloVeVectorizer(3, epochs=3, direction=direction, random_state=0)
    counts = CooccurrenceCounts.from_documents(TEXTS, direction=direction)
    expected = model.fit_counts(counts).vectors_
    found = model.fit_counts(counts.to_scipy(), counts.words)
    assert_allclose(found.vectors_, expected, rtol=1e-5, atol=1e-6)
    assert found.words_ == counts.words


@pytest.mark.parametrize(
    ("matrix", "words", "params", "message"),
    [
        (np.ones((2, 3)), ["a", "b"], {}, "square"),
        (np.ones(4), ["a", "b"], {}, "dimensions"),
        (np.array([[0, 1], [2, 0]]), ["a", "b"], {}, "not symmetric.*direction='left'"),
        (np.eye(2), ["a"], {}, "1 words for a matrix of 2 rows"),
        (np.eye(2), ["a", "a"], {}, "'a' twice"),
        (-np.eye(2), ["a", "b"], {}, "negative"),
        (np.array([[np.nan]]), ["a"], {}, "NaN"),
        (1j * np.eye(1), ["a"], {}, "real numbers"),
        (np.eye(1) / 7, ["a"], {"window": 5}, "0.142857 is no count.*'document'"),
        (np.eye(1) / 2, ["a"], {"weighting": "flat"}, "is no count"),
        (np.eye(1) * 1e-14, ["a"], {}, "is no count"),
        (np.eye(1), ["a"], {"word_counts": [0.5]}, "whole numbers"),
        (np.eye(1), ["a"], {"word_counts": [1e30]}, "whole numbers"),
        (np.eye(1), ["a"], {"word_counts": [1, 2]}, "word_counts: 2 numbers"),
    ],
)
def test_what_is_no_matrix_of_counts_is_refused(matrix, words, params, message):
    with pytest.raises(ValueError, match=message):
        CooccurrenceCounts.from_scipy(matrix, words, **params)


def test_counts_that_do_not_fit_are_refused():
    with pytest.raises(OverflowError, match=r"add up to 1e\+17"):
        CooccurrenceCounts.from_scipy(np.eye(1) * 1e17, ["a"])


def test_words_go_with_a_matrix_alone():
    counts = CooccurrenceCounts.from_documents(TEXTS)
    with pytest.raises(ValueError, match="give the words"):
        GloVeVectorizer().fit_counts(counts.to_scipy())
    with pytest.raises(ValueError, match="leave words out"):
        GloVeVectorizer().fit_counts(counts, counts.words)
    with pytest.raises(TypeError, match="not list"):
        GloVeVectorizer().fit_counts([[1]], ["a"])


def test_a_lone_min_n_is_above_max_n_too():
    with pytest.raises(ValueError, match="min_n=3 is above max_n=0"):
        FastTextClassifier(min_n=3).fit(TEXTS, [0, 1, 0] * 3)
