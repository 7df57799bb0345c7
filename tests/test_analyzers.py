"""Analyzers: words, runs of characters, functions; the same as CountVectorizer's."""

# SPDX-License-Identifier: BSD-3-Clause

import pickle

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer

from sklearn_embed import (
    FastTextClassifier,
    FastTextVectorizer,
    GloVeVectorizer,
    MeanPoolEmbedder,
    OneHotTokens,
    PPMIVectorizer,
    TokenizedDocuments,
    Word2VecVectorizer,
    WordClassVectorizer,
)
from sklearn_embed._text import char_encoder, scanner

TEXTS = ["The cat  sat", "a dog\nsat", "", "Ein Hünd"] * 3
SPACES = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())

characters = st.one_of(
    st.characters(),
    st.sampled_from(f"aabÀßσΣİ日😀\ud800{SPACES}"),
    st.sampled_from(" \n\t\u3000"),
)
texts = st.lists(st.text(characters, max_size=20), min_size=1, max_size=5)
ranges = st.tuples(st.integers(1, 6), st.integers(0, 5)).map(lambda r: (r[0], sum(r)))
by_character = st.sampled_from(["char", "char_wb"])


@settings(deadline=None)
@given(
    texts,
    by_character,
    ranges,
    st.booleans(),
    st.sampled_from([None, "ascii", "unicode"]),
)
@example(["a", "", " \n ", SPACES], "char_wb", (1, 9), True, None)
@example([SPACES, "x", "", f"a{SPACES}b"], "char", (1, 3), True, None)
def test_ngrams_are_those_of_count_vectorizer(texts, analyzer, range_, lower, strip):
    params = {
        "analyzer": analyzer,
        "ngram_range": range_,
        "lowercase": lower,
        "strip_accents": strip,
    }
    expected = [*map(CountVectorizer(**params).build_analyzer(), texts)]
    documents = TokenizedDocuments.from_documents(texts, **params)
    assert list(documents) == expected
    assert [*map(OneHotTokens(**params).build_analyzer(), texts)] == expected


def test_every_space_of_python_is_one():
    found = TokenizedDocuments.from_documents(
        [f"a{chr(code)}b" for code in range(0xD800)],
        analyzer="char_wb",
        lowercase=False,
    )
    expected = [f"a{chr(code)}b".split() for code in range(0xD800)]
    spans = [len("  ".join(words)) + 2 for words in expected]
    assert_array_equal(found.lengths, spans)


@pytest.mark.parametrize("analyzer", ["char", "char_wb"])
def test_counts_are_those_of_count_vectorizer(analyzer):
    params = {"analyzer": analyzer, "ngram_range": (2, 3), "min_df": 2}
    reference, ours = CountVectorizer(**params), OneHotTokens(**params)
    assert_array_equal(
        ours.fit_transform(TEXTS).toarray(), reference.fit_transform(TEXTS).toarray()
    )
    assert_array_equal(ours.get_feature_names_out(), reference.get_feature_names_out())
    new = ["A catamaran sat", "hündin"]
    expected = reference.transform(new).toarray()
    for model in (ours, pickle.loads(pickle.dumps(ours))):
        assert_array_equal(model.transform(new).toarray(), expected)


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_many_batches_have_the_ids_of_one(monkeypatch, n_jobs):
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice([*"ab é日"], n)) for n in rng.integers(0, 90, 300)]
    params = {"analyzer": "char_wb", "ngram_range": (1, 4)}
    whole = TokenizedDocuments.from_documents(texts, **params)
    monkeypatch.setattr(char_encoder, "BATCH_DOCUMENTS", 7)
    parts = TokenizedDocuments.from_documents(texts, n_jobs=n_jobs, **params)
    assert_array_equal(parts.ids, whole.ids)
    assert_array_equal(parts.offsets, whole.offsets)
    assert parts.table.tolist() == whole.table.tolist()


def test_ngrams_whose_hashes_agree_are_told_apart(monkeypatch):
    params = {"analyzer": "char", "ngram_range": (1, 3)}
    expected = list(TokenizedDocuments.from_documents(TEXTS, **params))
    monkeypatch.setattr(scanner.Scanner, "hash_mask", np.uint64(1))
    assert list(TokenizedDocuments.from_documents(TEXTS, **params)) == expected


def test_a_function_is_all_there_is_to_an_analyzer():
    params = {"analyzer": lambda text: text.split("a")}
    ours = OneHotTokens(**params).fit(TEXTS)
    reference = CountVectorizer(**params).fit(TEXTS)
    assert_array_equal(ours.get_feature_names_out(), reference.get_feature_names_out())
    with pytest.raises(TypeError, match="The analyzer <lambda> returned a token"):
        OneHotTokens(analyzer=lambda text: [1]).fit(TEXTS)


def test_bounded_and_saved_documents_know_their_analyzer(tmp_path):
    params = {"analyzer": "char", "ngram_range": (2, 2)}
    documents = TokenizedDocuments.from_documents(TEXTS, **params)
    documents.save(tmp_path / "documents")
    loaded = TokenizedDocuments.load(tmp_path / "documents")
    assert loaded.options == documents.options
    model = Word2VecVectorizer(2, min_count=1, epochs=1).fit(loaded)
    assert model.transform(["zc"]).any() == ("zc" in model.words_)
    bounded = TokenizedDocuments.from_documents(TEXTS, max_vocab_size=5, **params)
    assert len(bounded.table) <= 5


@pytest.mark.filterwarnings("ignore:.*rows are zeros:UserWarning")
@pytest.mark.parametrize(
    "estimator",
    [
        Word2VecVectorizer(2, min_count=1, epochs=1, random_state=0),
        FastTextVectorizer(2, bucket=50, min_count=1, epochs=1, random_state=0),
        GloVeVectorizer(2, min_count=1, epochs=1, random_state=0),
        PPMIVectorizer(2, min_count=1),
        FastTextClassifier(2, min_count=1, epochs=1, random_state=0),
        WordClassVectorizer(random_state=0),
        MeanPoolEmbedder({"th": [1.0, 2.0], " c": [3.0, 4.0]}),
    ],
    ids=lambda e: type(e).__name__,
)
def test_every_estimator_has_analyzers(estimator):
    estimator = clone(estimator).set_params(analyzer="char", ngram_range=(2, 2))
    y = ["a", "b", "c", "d"] * 3
    documents = TokenizedDocuments.from_documents(
        TEXTS, analyzer="char", ngram_range=(2, 2)
    )
    fitted = estimator.fit(TEXTS, y)
    twin = clone(estimator).fit(documents, y)
    for name in ("transform", "predict_proba"):
        if hasattr(fitted, name):
            rows = getattr(fitted, name)(TEXTS)
            assert_array_equal(rows, getattr(twin, name)(documents))
            assert_array_equal(rows, getattr(twin, name)(TEXTS))
    with pytest.raises(ValueError, match=r"ngram_range=\(2, 2\) is for analyzer"):
        estimator.set_params(analyzer="word").fit(TEXTS, y)
    with pytest.raises(ValueError, match="stop_words are words"):
        estimator.set_params(analyzer="char", stop_words=["a"]).fit(TEXTS, y)


def test_documents_refuse_what_they_cannot_be_cut_by():
    with pytest.raises(ValueError, match="ngram_range"):
        TokenizedDocuments.from_documents(TEXTS, ngram_range=(1, 2))
    with pytest.raises(ValueError, match="analyzer='bytes' must be"):
        TokenizedDocuments.from_documents(TEXTS, analyzer="bytes")
    with pytest.raises(ValueError, match="two integers"):
        TokenizedDocuments.from_documents(TEXTS, analyzer="char", ngram_range=(2, 1))
