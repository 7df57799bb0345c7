import numpy as np
import pandas as pd
import pytest
from gensim.models import KeyedVectors
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator

from sklearn_embed import MeanPoolEmbedder, TokenizedDocuments, Word2VecVectorizer
from sklearn_embed._vectors import WordVectors

WORDS = ["cat", "dog", "кошка"]
MATRIX = np.array([[1, 0, 2], [0, 4, 0], [3, 3, 3]], np.float32)
TEXTS = ["The cat and the dog", "cat cat DOG", "кошка", "nothing known", ""]
FAST = {"min_count": 1, "epochs": 2, "random_state": 0}


def keyed():
    vectors = KeyedVectors(3)
    vectors.add_vectors(WORDS, MATRIX)
    return vectors


def fitted():
    return Word2VecVectorizer(3, **FAST).fit(TEXTS)


SOURCES = {
    "dict": lambda: dict(zip(WORDS, MATRIX, strict=True)),
    "frame": lambda: pd.DataFrame(MATRIX, index=WORDS),
    "keyed": keyed,
    "vectors": lambda: WordVectors(WORDS, MATRIX),
}


@pytest.mark.parametrize("source", SOURCES)
def test_rows_are_means_whatever_the_source(source):
    embedder = MeanPoolEmbedder(SOURCES[source]())
    rows = embedder.fit_transform(TEXTS)
    expected = [
        (MATRIX[0] + MATRIX[1]) / 2,
        (2 * MATRIX[0] + MATRIX[1]) / 3,
        MATRIX[2],
        np.zeros(3),
        np.zeros(3),
    ]
    assert_allclose(rows, expected, rtol=1e-6)
    assert rows.dtype == np.float32
    assert_array_equal(embedder.transform(TEXTS[::-1]), rows[::-1])


def test_a_file_is_a_source(tmp_path):
    keyed().save_word2vec_format(tmp_path / "vectors.txt")
    rows = MeanPoolEmbedder(str(tmp_path / "vectors.txt")).fit_transform(TEXTS)
    assert_array_equal(rows, MeanPoolEmbedder(keyed()).fit_transform(TEXTS))


def test_idf_weights_are_those_of_tfidf():
    embedder = MeanPoolEmbedder(keyed(), weights="idf").fit(TEXTS)
    peer = TfidfVectorizer(vocabulary=WORDS).fit(TEXTS)
    assert_allclose(embedder.weights_, peer.idf_, rtol=1e-6)
    tfidf = TfidfVectorizer(vocabulary=WORDS, norm=None).fit(TEXTS).transform(TEXTS)
    totals = np.maximum(tfidf.sum(axis=1).A1, 1e-12)[:, None]
    assert_allclose(embedder.transform(TEXTS), tfidf @ MATRIX / totals, rtol=1e-5)


def test_an_unfitted_vectorizer_is_fitted_and_left_alone():
    inner = Word2VecVectorizer(3, **FAST)
    embedder = MeanPoolEmbedder(inner).fit(TEXTS)
    assert not hasattr(inner, "vectors_")
    expected = clone(inner).fit(TEXTS)
    assert_array_equal(embedder.vectors_, expected.vectors_)
    assert_array_equal(embedder.transform(TEXTS), expected.transform(TEXTS))


@pytest.mark.parametrize("wrap", [lambda model: model, FrozenEstimator])
def test_a_fitted_vectorizer_is_taken_as_it_is(wrap):
    inner = fitted()
    embedder = clone(MeanPoolEmbedder(wrap(inner))).fit(["completely other words"])
    assert np.shares_memory(embedder.vectors_, inner.vectors_)
    assert_array_equal(embedder.transform(TEXTS), inner.transform(TEXTS))


def test_parameters_of_a_fitted_vectorizer_cannot_be_searched_in_vain():
    embedder = MeanPoolEmbedder(fitted())
    with pytest.raises(ValueError, match=r"embedding__vector_size.*clone\(embedding\)"):
        embedder.set_params(embedding__vector_size=7)
    MeanPoolEmbedder(Word2VecVectorizer()).set_params(embedding__vector_size=7)


def test_strings_are_cut_as_the_vectorizer_cuts_them():
    inner = Word2VecVectorizer(3, lowercase=False, **FAST)
    embedder = MeanPoolEmbedder(inner).fit(TEXTS)
    assert not np.array_equal(*embedder.transform(["DOG", "dog"]))
    with pytest.raises(ValueError, match="embedding__lowercase"):
        MeanPoolEmbedder(inner, lowercase=False).fit(TEXTS)


def test_stop_words_do_not_count():
    rows = MeanPoolEmbedder(keyed(), stop_words=["dog"]).fit_transform(TEXTS)
    assert_array_equal(rows[0], MATRIX[0])


def test_tokens_are_looked_up_as_they_are():
    rows = MeanPoolEmbedder(keyed()).fit_transform([["Cat"], ["cat"]])
    assert_array_equal(rows, [[0, 0, 0], MATRIX[0]])
    X = TokenizedDocuments.from_documents(TEXTS, lowercase=False)
    assert_array_equal(MeanPoolEmbedder(keyed()).fit_transform(X)[1], MATRIX[0])


def test_what_has_no_vectors_is_refused():
    with pytest.raises(TypeError, match="word vectors must be"):
        MeanPoolEmbedder(3).fit(TEXTS)
    with pytest.raises(FileNotFoundError):
        MeanPoolEmbedder("no such file").fit(TEXTS)


def test_threads_give_the_same_rows():
    X = TEXTS * 50
    one, two = (MeanPoolEmbedder(keyed(), n_jobs=n).fit_transform(X) for n in (1, 2))
    assert_array_equal(one, two)
