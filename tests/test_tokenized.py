"""TokenizedDocuments: documents as arrays, sliced, sent and stored."""

import pickle
import sys

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import KFold, train_test_split
from strategies import token_documents

from sklearn_embed import (
    FastTextClassifier,
    FastTextVectorizer,
    GloVeVectorizer,
    MeanPoolEmbedder,
    OneHotTokens,
    TokenizedDocuments,
    Word2VecVectorizer,
)
from sklearn_embed._text import encoding


def tokens_of(X):
    return list(TokenizedDocuments.from_documents(X))


@given(token_documents)
@settings(deadline=None)
def test_tokens_survive_the_arrays(X):
    documents = TokenizedDocuments.from_documents(X)
    assert list(documents) == X
    assert [documents[i] for i in range(len(X))] == X
    assert documents.shape == (len(X),)
    assert documents.n_tokens == sum(map(len, X))
    assert_array_equal(documents.lengths, list(map(len, X)))


@given(token_documents)
@settings(deadline=None)
def test_slices_are_those_of_a_list(X):
    documents = TokenizedDocuments.from_documents(X)
    n = len(X)
    picks = np.arange(n)[::-2]
    mask = np.arange(n) % 2 == 0
    for key in [slice(None), slice(1, None), slice(None, None, -1), picks, mask]:
        part = documents[key]
        assert list(part) == list(np.array([*X, None], dtype=object)[:-1][key])
        assert part.ids.ctypes.data == documents.ids.ctypes.data
        assert_array_equal(
            part.table.take(part.flat_ids()), [t for d in part for t in d]
        )
    assert list(documents[picks, ...]) == list(documents[picks])
    assert list(documents[[]]) == []


@given(token_documents)
@settings(deadline=None)
def test_pickles_hold_what_they_need_alone(X):
    documents = TokenizedDocuments.from_documents(X)
    n = len(documents)
    for part in (documents, documents[:1], documents[::-1], documents[: n - n // 3]):
        twin = pickle.loads(pickle.dumps(part))
        assert list(twin) == list(part)
        assert 9 * len(twin.ids) <= 10 * part.n_tokens
        if len(part.ids) > len(twin.ids):
            assert set(twin.table.tolist()) == {
                token for tokens in X for token in tokens
            } & {token for tokens in part for token in tokens}
        again = twin.compact()
        assert list(again) == list(part)
        assert len(again.ids) == again.n_tokens
    assert documents.__deepcopy__({}) is documents


def test_a_fold_teaches_the_same_in_another_process():
    rng = np.random.default_rng(0)
    X = TokenizedDocuments.from_documents(
        [[f"w{n}" for n in rng.geometric(0.1, 12)] for _ in range(60)]
    )
    y = rng.integers(0, 2, 60)
    train = rng.permutation(60)[:40]
    fold, labels = X[train], y[train]
    sent = pickle.loads(pickle.dumps(fold))
    assert len(sent.ids) == fold.n_tokens < len(X.ids)
    fixed = {"min_count": 1, "epochs": 2, "random_state": 0}
    for estimator in (
        OneHotTokens(),
        OneHotTokens("ids", ngram_range=(1, 2), stop_words=["w1"]),
        Word2VecVectorizer(4, **fixed),
        FastTextVectorizer(4, bucket=99, **fixed),
        GloVeVectorizer(4, **fixed),
        MeanPoolEmbedder({"w1": [1.0], "w2": [3.0]}, weights="idf", oov="mean"),
    ):
        one, two = (clone(estimator).fit(part) for part in (fold, sent))
        rows = [model.transform(X) for model in (one, two)]
        rows = [r.toarray() if hasattr(r, "toarray") else r for r in rows]
        assert_array_equal(*rows)
        assert getattr(one, "words_", 0) == getattr(two, "words_", 0)
    classifier = FastTextClassifier(4, word_ngrams=2, min_n=2, max_n=3, **fixed)
    one, two = (clone(classifier).fit(part, labels) for part in (fold, sent))
    assert_array_equal(one.predict_proba(X), two.predict_proba(X))


def test_a_fold_that_is_sent_twice_is_made_once():
    X = TokenizedDocuments.from_documents([f"w{n} w{n % 3}" for n in range(20)])
    fold = X[:10]
    assert fold.__reduce__()[1][0] is fold.__reduce__()[1][0]
    assert X.__reduce__()[1][0] is X.ids
    assert joblib.hash(fold) == joblib.hash(X[:10]) == joblib.hash(fold.compact())
    assert joblib.hash(fold) != joblib.hash(X[1:11])


def test_its_size_is_that_of_all_it_refers_to():
    X = TokenizedDocuments.from_documents([f"w{n} w{n % 3}" for n in range(999)])
    table = X.table.blob.nbytes + X.table.offsets.nbytes
    arrays = X.ids.nbytes + X.offsets.nbytes + table
    assert arrays <= sys.getsizeof(X) <= arrays + 1000
    fold = X[::2]
    least = X.ids.nbytes + 500 * 16 + table
    assert least <= sys.getsizeof(fold) <= least + 1000
    assert sys.getsizeof(X.table) >= table


def test_blocks_are_whole_documents_in_order():
    X = [["a"] * n for n in (3, 0, 5, 1, 9, 0, 2)]
    documents = TokenizedDocuments.from_documents(X)
    for size in (1, 4, 100):
        blocks = list(documents.blocks(size))
        assert [tokens for block in blocks for tokens in block] == X
        assert all(b.n_tokens <= size or len(b) == 1 for b in blocks)


def test_scikit_learn_slices_it_like_a_list():
    X = [f"w{i} w{i % 3}" for i in range(20)]
    documents = TokenizedDocuments.from_documents(X)
    train, test = train_test_split(documents, random_state=0)
    expected = train_test_split(X, random_state=0)
    assert [list(train), list(test)] == [tokens_of(part) for part in expected]
    for fold, _ in KFold(4).split(documents):
        assert list(documents[fold]) == tokens_of([X[i] for i in fold])


def test_one_dimension_is_all_there_is():
    documents = TokenizedDocuments.from_documents(["a b"])
    with pytest.raises(IndexError, match="one dimension"):
        documents[np.zeros((1, 1), int)]
    with pytest.raises(IndexError, match="out of bounds"):
        documents[1]


def test_documents_far_apart_are_gathered_in_parts(monkeypatch):
    monkeypatch.setattr(encoding, "GATHERED", 10)
    documents = [["a"] * (n % 7) + [str(n)] for n in range(60)]
    X = TokenizedDocuments.from_documents(documents)
    expected = [X[i : i + 1].flat_ids() for i in range(59, 0, -2)]
    assert_array_equal(X[::-2].flat_ids(), np.concatenate(expected))


def test_repr_tells_the_size():
    X = TokenizedDocuments.from_documents(["big cat", "big dog"])
    assert repr(X) == "TokenizedDocuments(2 documents, 4 tokens, 3 distinct)"


def test_an_array_holds_the_tokens_of_each_document():
    documents = TokenizedDocuments.from_documents(["aa bb", "cc dd", "ee ff"])
    array = np.asarray(documents)
    assert array.shape == documents.shape
    assert array.tolist() == list(documents)
    assert np.asarray(documents[:0]).shape == (0,)
    column = array[:, None]  # as samplers of imbalanced-learn take documents
    assert list(TokenizedDocuments.from_documents(column)) == list(documents)
    with pytest.raises(ValueError, match="lists of tokens are copies"):
        documents.__array__(copy=False)
    with pytest.raises((TypeError, ValueError)):
        np.asarray(documents, float)
