"""The rows of words, whatever kind of documents they stand in."""

# SPDX-License-Identifier: BSD-3-Clause

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from sklearn_embed import (
    FastTextVectorizer,
    GloVeVectorizer,
    MeanPoolEmbedder,
    OneHotTokens,
    PPMIVectorizer,
    TokenizedDocuments,
    Word2VecVectorizer,
)
from sklearn_embed._text import documents as documents_module
from sklearn_embed._text import hash_table as hash_table_module
from sklearn_embed._text import scanner
from sklearn_embed._text.hash_table import HashTable, merged_tables
from sklearn_embed._text.lookup import make_lookup
from sklearn_embed._text.scanner import Scanner
from sklearn_embed._text.table import TokenTable
from sklearn_embed._text.tokens import TextOptions
from sklearn_embed._text.vocabulary import (
    Vocabulary,
    VocabularyFilter,
    learn_vocabulary,
)
from sklearn_embed._text.word_index import LEFT_OUT, UNKNOWN, WordIndex
from sklearn_embed._vectors.document_rows import distinct
from sklearn_embed._vectors.subwords import Subwords
from sklearn_embed._vectors.word_vectors import WordVectors

words = st.lists(
    st.text(st.characters(exclude_categories=[]), max_size=20), unique=True
)


@given(words, words, st.lists(st.text(max_size=2)))
@settings(deadline=None)
def test_rows_are_those_of_a_dict(known, asked, left_out):
    index, asked = WordIndex(known, left_out), [*known[::2], *asked]
    row_of = {word: row for row, word in enumerate(known)}
    row_of |= dict.fromkeys(left_out, LEFT_OUT)
    expected = [row_of.get(word, UNKNOWN) for word in asked]
    assert index.rows_of(asked).tolist() == expected
    small = hash_table_module.TABLE_TOKENS, hash_table_module.TABLE_BYTES
    try:
        hash_table_module.TABLE_TOKENS, hash_table_module.TABLE_BYTES = 3, 10
        assert index.rows_of(asked).tolist() == expected
    finally:
        hash_table_module.TABLE_TOKENS, hash_table_module.TABLE_BYTES = small


def test_rows_of_the_last_table_are_kept_and_cannot_be_changed():
    index, table = WordIndex(["a", "b"]), TokenTable.from_tokens(["b", "c"])
    rows = index.rows(table)
    assert index.rows(table) is rows
    with pytest.raises(ValueError, match="read-only"):
        rows[0] = 5
    assert index.rows(TokenTable.from_tokens(["a"])).tolist() == [0]


def test_a_word_that_is_there_twice_is_refused_when_it_is_asked_for():
    index = WordIndex(["a", "b", "a"])
    with pytest.raises(ValueError, match="must differ"):
        index.rows_of(["a"])


@given(st.lists(words, min_size=1, max_size=4))
@settings(deadline=None)
def test_tables_are_merged_in_the_order_of_first_sight(lists):
    table, ids = merged_tables(map(TokenTable.from_tokens, lists), Scanner.hash_mask)
    expected = [*dict.fromkeys(word for some in lists for word in some)]
    assert table.tolist() == expected
    for some, numbers in zip(lists, ids, strict=True):
        assert [expected[i] for i in numbers] == some


def test_a_large_table_does_not_grow():
    table = HashTable(100_000)
    slots = table.arrays[0]
    table.add_words([f"w{n}" for n in range(100_000)], Scanner.hash_mask)
    assert table.arrays[0] is slots


def test_parts_are_counted_together_whatever_their_tables():
    one = TokenizedDocuments.from_documents(["bb cc aa", "cc bb", "dd"])
    two = TokenizedDocuments.from_documents(["ee cc ee", "dd dd ee ee"])
    vocabulary = learn_vocabulary([one[:2], two, one[2:]], VocabularyFilter(2))
    assert vocabulary.words == ["ee", "cc", "dd", "bb"]
    assert_array_equal(vocabulary.counts, [4, 3, 3, 2])
    for part in (one, two, TokenizedDocuments.from_documents(["zz bb"])):
        expected = [vocabulary.index.get(word, -1) for word in part.table.tolist()]
        assert vocabulary.rows(part.table).tolist() == expected
    given_words = Vocabulary(["zz", "ee", "bb"]).counted([one, two])
    assert_array_equal(given_words.counts, [0, 4, 2])


def test_a_stop_word_that_is_no_string_is_refused():
    with pytest.raises(TypeError, match="stop_words holds 5 of type int"):
        OneHotTokens(stop_words=["a", 5]).fit(["ab"])


@given(st.lists(st.integers(0, 40)), st.integers(41, 400))
def test_distinct_numbers_are_in_order(numbers, n):
    found = distinct(np.array(numbers, int), n)
    assert found.tolist() == sorted(set(numbers))


TEXTS = [
    "The cat sat.",
    "",
    "Труд и мир, мир",
    "unknown words",
    "a cat, a dog cats",
] * 9
FIXED = {"min_count": 9, "epochs": 1, "random_state": 0}
SOURCE = WordVectors(
    ["cat", "dog", "мир", "the"],
    np.random.default_rng(0).normal(size=(4, 5)),
    subwords=Subwords(np.ones((20, 5), np.float32), 2, 3, 20),
)


def weigh(words):
    return [len(word) - 3.0 for word in words]


ESTIMATORS = {
    "word2vec": Word2VecVectorizer(5, **FIXED, max_features=3),
    "ppmi": PPMIVectorizer(5, min_count=9, max_features=3),
    "glove": GloVeVectorizer(5, **FIXED, max_features=3),
    "fasttext": FastTextVectorizer(5, **FIXED, bucket=50, max_features=3),
    "fasttext, exact": FastTextVectorizer(5, **FIXED, bucket=None, max_features=3),
    "fasttext, stops": FastTextVectorizer(
        5, **FIXED, bucket=50, stop_words=["cat"], pooling="normalized_mean"
    ),
    "one-hot": OneHotTokens(max_features=3),
    "ids": OneHotTokens("ids", max_features=3, stop_words=["cat"]),
    "n-grams": OneHotTokens("ids", max_features=3, ngram_range=(1, 2)),
    "given": OneHotTokens(vocabulary=["cat", "мир"], stop_words=["cat", "dog"]),
} | {
    f"{oov}, {name}": MeanPoolEmbedder(
        SOURCE, oov=oov, weights=weights, stop_words=stops
    )
    for oov in ("skip", "zero", "mean", "subword")
    for name, weights, stops in (
        ("plain", None, None),
        ("weighed", weigh, None),
        ("stops", "idf", ["cat", "unknown"]),
    )
}


@pytest.mark.filterwarnings("ignore:.*rows are zeros:UserWarning")
@pytest.mark.parametrize("estimator", ESTIMATORS.values(), ids=ESTIMATORS)
def test_all_ways_to_a_row_end_alike(estimator, monkeypatch):
    """Strings in batches, tokens, tables and Python's regular expressions."""
    estimator.fit(TEXTS)
    cut = TokenizedDocuments.from_documents(TEXTS)
    expected = dense(estimator.transform(cut))
    assert_array_equal(dense(estimator.transform(list(cut))), expected)
    assert_array_equal(dense(estimator.transform(TEXTS)), expected)
    one_by_one = [dense(estimator.transform([text])) for text in TEXTS]
    assert_array_equal(np.vstack(one_by_one), expected)
    twin = pickle.loads(pickle.dumps(estimator))
    monkeypatch.setattr(documents_module, "CHUNK_DOCUMENTS", 7)
    monkeypatch.setattr(documents_module, "TAKEN", 3)
    monkeypatch.setattr(scanner, "BATCH_CHARS", 30)
    for n_jobs in (1, 2):
        if hasattr(twin, "n_jobs"):
            twin.n_jobs = n_jobs
        assert_array_equal(dense(twin.transform(TEXTS)), expected)
        assert_array_equal(dense(twin.transform(iter(TEXTS))), expected)
    slow = TextOptions(token_pattern=r"\b\w{2,}\b")
    index = twin._lookup.index
    twin._lookup, twin._text_options = (
        make_lookup(index.words, slow, index.left_out),
        slow,
    )
    assert twin._lookup.strings is None
    assert_array_equal(dense(twin.transform(TEXTS)), expected)


def dense(rows):
    return rows.toarray() if hasattr(rows, "toarray") else rows


@pytest.mark.filterwarnings("ignore:.*rows are zeros:UserWarning")
@pytest.mark.parametrize("name", ["word2vec", "fasttext", "ids", "subword, plain"])
def test_a_second_call_makes_nothing_of_the_vocabulary(name, monkeypatch):
    estimator = ESTIMATORS[name].fit(TEXTS)
    cut = TokenizedDocuments.from_documents(["the cat", "new words"])
    estimator.transform(["cat"])

    def never(*args):
        raise AssertionError("all words are looked at")

    monkeypatch.setattr(HashTable, "add_words", never)
    monkeypatch.setattr(WordVectors, "row_of", property(never))
    monkeypatch.setattr(Vocabulary, "index", property(never))
    monkeypatch.setattr(TokenTable, "tolist", never)
    assert_array_equal(
        estimator.transform(["the cat", "new words"]), estimator.transform(cut)
    )


def test_an_embedder_shares_the_lookup_of_its_vectorizer():
    model = Word2VecVectorizer(3, **FIXED).fit(TEXTS)
    assert MeanPoolEmbedder(model).fit(TEXTS)._lookup is model._lookup
    other = MeanPoolEmbedder(model, stop_words=["cat"]).fit(TEXTS)
    assert other._lookup is not model._lookup
    assert not other.transform(["cat"]).any()


def test_unknown_words_are_refused_by_word_and_document(monkeypatch):
    embedder = MeanPoolEmbedder(SOURCE, oov="error").fit(["cat"])
    texts = [*["the cat"] * 40, "cat \x0bfish" + "y" * 99, "bird"]
    monkeypatch.setattr(documents_module, "CHUNK_DOCUMENTS", 7)
    monkeypatch.setattr(documents_module, "TAKEN", 3)
    cut = TokenizedDocuments.from_documents(texts)
    for X in (texts, iter(texts), cut, list(cut), cut[5:]):
        number = 35 if len(getattr(X, "starts", texts)) == 37 else 40
        with pytest.raises(
            ValueError, match=f"^Document {number} holds 'fishy{{33,35}}…"
        ):
            embedder.transform(X)
    assert embedder.transform(texts[:40]).shape == (40, 5)
