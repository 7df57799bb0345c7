"""Queries: against gensim, with any words and vectors, and with clear refusals."""

# SPDX-License-Identifier: BSD-3-Clause

import importlib.machinery
import sys
import types

import numpy as np
import pandas as pd
import polars as pl
import pytest
from gensim.models import FastText
from numpy.testing import assert_allclose
from scipy.optimize import linprog
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_embed import OneHotTokens, evaluation
from sklearn_embed.io import WordVectors

FAMILY = {
    "brother": [1.0, 0.0, 1.0],
    "sister": [1.0, 1.0, 1.0],
    "man": [0.0, 0.0, 1.0],
    "woman": [0.0, 1.0, 1.0],
    "table": [-1.0, 0.2, -1.0],
}


def random_vectors(n_words, n_dimensions):
    words = [f"word{i}" for i in range(n_words)]
    rng = np.random.default_rng(0)
    return WordVectors(words, rng.normal(size=(n_words, n_dimensions)))


@pytest.mark.parametrize(
    "asked, known",
    [
        ("Москва", "москва"),
        ("NEW YORK", "New_York"),
        ("cafe\u0301", "café"),
        (" café", "café"),
        ("ﬁn", "fin"),
        ("new_delhi", "new delhi"),
    ],
)
def test_an_unknown_word_is_named_with_its_other_spelling(asked, known):
    vectors = WordVectors(["москва", "New_York", "café", "fin", "new delhi"], np.eye(5))
    for ask in (
        evaluation.most_similar,
        evaluation.most_similar_cosmul,
        lambda v, word: evaluation.similarity(v, word, "fin"),
        lambda v, word: evaluation.rank(v, "fin", word),
    ):
        with pytest.raises(KeyError, match=f"{asked}' .but '{known}' has one"):
            ask(vectors, asked)


ZEROS = {"cat": [1.0, 0.0], "dog": [0.9, 0.1], "car": [0.0, 1.0], "<pad>": [0.0, 0.0]}


def test_the_cosine_with_a_vector_of_zeros_is_zero():
    found = evaluation.most_similar(ZEROS, "cat")
    assert dict(found)["<pad>"] == 0 and found[0][0] == "dog"
    assert evaluation.most_similar(ZEROS, "<pad>")[0][1] == 0
    assert evaluation.similarity(ZEROS, "cat", "<pad>") == 0
    assert evaluation.n_similarity(ZEROS, ["<pad>"], ["cat"]) == 0
    assert evaluation.rank(ZEROS, "cat", "<pad>") == 2
    assert dict(evaluation.most_similar_cosmul(ZEROS, "cat"))["<pad>"] == pytest.approx(
        0.5
    )
    assert evaluation.doesnt_match(ZEROS, list(ZEROS)) == "<pad>"
    assert np.isfinite(evaluation.most_similar(ZEROS, "cat", topn=None)).all()


def test_very_short_and_very_long_vectors_have_directions():
    vectors = {**ZEROS, "short": [1e-40, 0.0], "long": [2e38, 2e38]}
    found = dict(evaluation.most_similar(vectors, "cat"))
    assert found["short"] == pytest.approx(1)
    assert found["long"] == pytest.approx(0.5**0.5)
    assert evaluation.similarity(vectors, "short", "long") == pytest.approx(0.5**0.5)
    pairs = [("short", "long", 2), ("cat", "long", 1), ("car", "short", 0)]
    table = evaluation.evaluate_word_pairs(vectors, pairs)
    assert table["n_known"].tolist() == [3] and table["pearson"].notna().all()


@pytest.mark.parametrize(
    "words",
    [
        np.array(["man", "woman"], object),
        np.array(["man", "woman"]),
        pd.Series(["man", "woman"]),
        pd.Index(["man", "woman"]),
        ("man", "woman"),
        (word for word in ["man", "woman"]),
    ],
    ids=lambda words: type(words).__name__,
)
def test_words_come_in_any_container(words):
    expected = evaluation.most_similar(FAMILY, ["man", "woman"])
    assert evaluation.most_similar(FAMILY, words) == expected


def test_a_row_of_a_frame_is_a_vector():
    frame = WordVectors(list(FAMILY), list(FAMILY.values())).to_frame()
    expected = evaluation.most_similar(FAMILY, np.array(FAMILY["man"], np.float32))
    assert evaluation.most_similar(FAMILY, frame.loc["man"]) == expected
    weighted = evaluation.most_similar(FAMILY, [("man", 2.0), ("woman", 1.0)])
    assert weighted[0][0] == "brother" or weighted[0][0] == "sister"


@pytest.mark.parametrize(
    "positive, error, message",
    [
        (
            3,
            TypeError,
            "positive must be a word, a vector, or a list of these; got int",
        ),
        ([1.0, 0.0, 0.0], TypeError, r"got float 1.0; a vector must be an array"),
        ([["man"]], TypeError, r"must hold words or vectors; got list \['man'\]"),
        (b"man", TypeError, "that is, str; got b'man'"),
        ((), ValueError, "nothing to look for"),
        (None, ValueError, "nothing to look for"),
        (np.ones(2), ValueError, r"shape \(2,\); those of the words have shape \(3,\)"),
        (np.array([1, np.nan, 1]), ValueError, "NaN or infinite"),
        (np.array([1, 1e300, 1]), ValueError, "NaN or infinite"),
        ([np.array([1, None, "x"], object)], TypeError, "an array that is no vector"),
    ],
    ids=str,
)
def test_what_is_neither_word_nor_vector_is_refused(positive, error, message):
    for ask in (evaluation.most_similar, evaluation.most_similar_cosmul):
        with pytest.raises(error, match=message):
            ask(FAMILY, positive)


def test_the_number_of_words_is_an_integer():
    with pytest.raises(TypeError, match="topn must be an integer or None"):
        evaluation.most_similar(FAMILY, "man", topn=1.5)
    assert evaluation.most_similar(FAMILY, "man", topn=0) == []


@pytest.mark.filterwarnings("ignore:Call to deprecated")
@pytest.mark.parametrize(
    "positive, negative",
    [(["man", "sister"], ["woman"]), ("man", ()), ("man", "table")],
)
def test_products_of_cosines_are_gensims(positive, negative):
    keyed = WordVectors(list(FAMILY), list(FAMILY.values())).to_keyed_vectors()
    expected = keyed.most_similar_cosmul(positive, negative or None, topn=3)
    found = evaluation.most_similar_cosmul(FAMILY, positive, negative, topn=3)
    assert [word for word, _ in found] == [word for word, _ in expected]
    assert_allclose([score for _, score in found], [score for _, score in expected])
    scores = evaluation.most_similar_cosmul(FAMILY, positive, negative, topn=None)
    assert_allclose(scores, keyed.most_similar_cosmul(positive, negative or None, None))


def test_ranks_and_similarities_of_lists_are_gensims():
    vectors = random_vectors(40, 5)
    keyed, words = vectors.to_keyed_vectors(), vectors.words
    for w1, w2 in (words[:2], words[5:7], words[8:10]):
        assert evaluation.rank(vectors, w1, w2) == keyed.rank(w1, w2)
    ours = evaluation.n_similarity(vectors, words[:3], words[3:5])
    assert ours == pytest.approx(keyed.n_similarity(words[:3], words[3:5]), abs=1e-6)
    assert evaluation.rank(vectors, words[0], words[0]) == 1


def test_unknown_words_of_lists_are_told_or_refused():
    with pytest.warns(UserWarning, match="ws1 are left out: .*'unheard'"):
        found = evaluation.n_similarity(FAMILY, ["man", "unheard"], ["woman"])
    assert found == pytest.approx(evaluation.similarity(FAMILY, "man", "woman"))
    with pytest.raises(ValueError, match="none of"):
        evaluation.n_similarity(FAMILY, ["unheard"], ["woman"])
    with pytest.raises(ValueError, match="ws2 is empty"):
        evaluation.n_similarity(FAMILY, ["man"], [])
    with pytest.raises(TypeError, match=r"must be a list of words; got one, 'man'"):
        evaluation.n_similarity(FAMILY, "man", ["woman"])
    with pytest.raises(TypeError, match="words must be a list of words; got int"):
        evaluation.doesnt_match(FAMILY, 3)
    with pytest.raises(TypeError, match="must hold words; got float nan"):
        evaluation.doesnt_match(FAMILY, ["man", float("nan")])


@pytest.fixture(scope="module")
def fasttext():
    texts = [["кошка", "сидит"], ["naïve", "kitten", "sat"], ["the", "cat"]] * 3
    return FastText(
        texts, vector_size=7, min_count=1, bucket=50, min_n=2, max_n=4, workers=1
    )


@pytest.mark.filterwarnings("ignore:Call to deprecated")
def test_unknown_words_are_made_of_their_ngrams_as_gensim_makes_them(fasttext):
    keyed = fasttext.wv
    assert evaluation.most_similar(fasttext, "kitty") == keyed.most_similar("kitty")
    ours = evaluation.most_similar_cosmul(fasttext, "kitty", topn=3)
    theirs = keyed.most_similar_cosmul("kitty", topn=3)
    assert [word for word, _ in ours] == [word for word, _ in theirs]
    assert evaluation.similarity(fasttext, "kitty", "котик") == pytest.approx(
        float(keyed.similarity("kitty", "котик"))
    )
    words = ["kitten", "kitty", "kittens", "кошка"]
    assert evaluation.doesnt_match(fasttext, words) == keyed.doesnt_match(words)
    order = [word for word, _ in keyed.most_similar("kitty", topn=len(keyed))]
    for place, word in enumerate(order, 1):
        assert evaluation.rank(fasttext, "kitty", word) == place


def test_a_word_without_ngrams_is_unknown():
    spaced = FastText(
        [["abcde", "bcdef"]] * 3, min_count=1, bucket=9, min_n=4, workers=1
    )
    with pytest.raises(KeyError, match="without a vector: 'a'"):
        evaluation.most_similar(spaced, "a")


def test_word_movers_distance_says_what_it_needs(monkeypatch):
    monkeypatch.setattr(evaluation._documents, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match="pip install POT"):
        evaluation.wmdistance(FAMILY, ["man"], ["woman"])


def transport(a, b, distances):
    """Solve the transport problem as a linear program: a slow twin of POT's emd2."""
    n, m = distances.shape
    sums = np.vstack([np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))])
    return linprog(distances.ravel(), A_eq=sums, b_eq=np.concatenate([a, b])).fun


@pytest.fixture
def pot(monkeypatch):
    module = types.ModuleType("ot")
    module.__spec__ = importlib.machinery.ModuleSpec("ot", None)
    module.emd2 = transport
    monkeypatch.setitem(sys.modules, "ot", module)


def test_documents_of_one_word_are_as_far_as_their_words(pot):
    first, second = (np.array(FAMILY[w]) for w in ("man", "woman"))
    raw = evaluation.wmdistance(FAMILY, ["man"], ["woman"], norm=False)
    assert raw == pytest.approx(np.linalg.norm(first - second))
    units = first / np.linalg.norm(first) - second / np.linalg.norm(second)
    found = evaluation.wmdistance(FAMILY, ["man", "unheard"], ["woman"])
    assert found == pytest.approx(np.linalg.norm(units))


def test_documents_are_moved_word_by_word_as_gensim_moves_them(pot, monkeypatch):
    vectors = random_vectors(12, 4)
    words = vectors.words
    one, other = [*words[:4], words[0]], words[3:9]
    keyed = vectors.to_keyed_vectors()
    for norm in (True, False):
        ours = evaluation.wmdistance(vectors, one, other, norm)
        assert ours == pytest.approx(keyed.wmdistance(one, other, norm), rel=1e-5)
    assert evaluation.wmdistance(vectors, one, one) == pytest.approx(0, abs=1e-7)


def test_equal_words_cost_nothing_and_none_cost_everything(pot):
    twins = {"a": [1.0, 0.0], "b": [1.0, 0.0]}
    assert evaluation.wmdistance(twins, ["a", "b"], ["b", "a"]) == 0
    assert evaluation.wmdistance(twins, ["a"], ["x"]) == np.inf
    assert evaluation.wmdistance(twins, [], ["a"]) == np.inf
    with pytest.raises(TypeError, match="document1 must be a list of words"):
        evaluation.wmdistance(twins, "a b", ["a"])


@pytest.mark.parametrize(
    "embedder",
    [
        OneHotTokens(),
        TfidfVectorizer(),
        TfidfVectorizer(dtype=np.float32),
        make_pipeline(OneHotTokens(), FunctionTransformer(lambda rows: rows.toarray())),
    ],
    ids=["one-hot", "tfidf", "tfidf float32", "dense"],
)
def test_nearest_documents_of_any_transformer(embedder):
    documents = ["good film", "bad film", "bad dog", "nothing else here"]
    table = evaluation.nearest_documents(
        embedder.fit(documents), documents, ["bad dog", "good", "unheard"], topn=2
    )
    assert table["document"].tolist() == [2, 1, 0, 1, 0, 1]
    assert table["similarity"].iloc[0] == pytest.approx(1)
    assert table["similarity"].tolist()[3:] == [0, 0, 0]


def test_nearest_documents_are_found_block_by_block(monkeypatch):
    documents = [f"word{i % 7} word{i % 5}" for i in range(30)]
    embedder = TfidfVectorizer().fit(documents)
    whole = evaluation.nearest_documents(embedder, documents, documents)
    monkeypatch.setattr(evaluation._documents, "_AT_ONCE", 70)
    parts = evaluation.nearest_documents(embedder, documents, documents)
    pd.testing.assert_frame_equal(whole, parts)


class Rows(TransformerMixin, BaseEstimator):
    """A transformer that gives what it was given."""

    def transform(self, X):
        return X


def test_rows_of_any_size_are_compared():
    rows = np.array([[1e-30, 0], [1e30, 1e30], [0, 0], [3, 4]], np.float32)
    table = evaluation.nearest_documents(Rows(), rows, rows[:1], topn=4)
    assert_allclose(table["similarity"], [1, 0.5**0.5, 0.6, 0], rtol=1e-6)


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_rows_come_in_frames(container):
    documents = ["table", "man woman", "man"]
    embedder = TfidfVectorizer().fit(documents)
    expected = evaluation.nearest_documents(embedder, documents, ["man"])
    frame = {"pandas": pd.DataFrame, "polars": pl.DataFrame}[container]
    dense = FunctionTransformer(lambda rows: frame(rows.toarray()))
    wrapped = make_pipeline(embedder, dense)
    found = evaluation.nearest_documents(wrapped, documents, ["man"])
    pd.testing.assert_frame_equal(found, expected)


@pytest.mark.parametrize(
    "embedder, topn, error, message",
    [
        (FAMILY, 5, TypeError, "dict has no transform"),
        (Rows(), 0, ValueError, "topn must be a positive integer; got 0"),
        (Rows(), 1.5, ValueError, "topn must be a positive integer"),
        (Rows(), 5, ValueError, r"Rows.transform must give a matrix.*shape \(1,\)"),
    ],
)
def test_what_gives_no_rows_is_refused(embedder, topn, error, message):
    with pytest.raises(error, match=message):
        evaluation.nearest_documents(embedder, ["a"], ["a"], topn)
