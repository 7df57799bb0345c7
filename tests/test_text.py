import pickle
import re
import threading
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import KFold, train_test_split
from strategies import texts, token_documents

from sklearn_embed import TokenizedDocuments
from sklearn_embed._core import growing
from sklearn_embed._text import documents as documents_module
from sklearn_embed._text import scanner
from sklearn_embed._text import table as table_module
from sklearn_embed._text.table import TokenTable
from sklearn_embed._text.vocabulary import (
    VocabularyFilter,
    given_words,
    learn_vocabulary,
)

TEXTS = ["The cat sat.", "A dog, a cat!", "", "Труд и мир: МИР", "naïve café"]


def tokens_of(X, **options):
    return list(TokenizedDocuments.from_documents(X, **options))


@given(texts)
@settings(deadline=None)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"lowercase": False},
        {"token_pattern": r"\S+"},
        {"token_pattern": r"(?u)\b(\w)\w*\b"},
        {"strip_accents": "unicode"},
        {"strip_accents": "ascii", "lowercase": False},
        {"preprocessor": str.upper},
        {"tokenizer": str.split, "token_pattern": None},
    ],
    ids=str,
)
def test_tokens_are_those_of_count_vectorizer(options, X):
    analyze = CountVectorizer(**options).build_analyzer()
    assert tokens_of(X, **options) == [analyze(text) for text in X]


def test_char_tokens_are_all_characters_but_white_space():
    assert tokens_of(["好 吃!", " \n"], tokenizer="char") == [["好", "吃", "!"], []]


@pytest.mark.parametrize(
    "container",
    [
        list,
        tuple,
        iter,
        np.array,
        lambda X: np.array(X, dtype=object)[:, None],
        lambda X: pd.Series(X, index=[9, 9, 4, -1, 0]),
        lambda X: pd.Series(X, dtype="string"),
        lambda X: pd.Series(X, dtype="string[pyarrow]"),
        lambda X: pd.DataFrame({"text": X}),
        lambda X: (text for text in X),
        TokenizedDocuments.from_documents,
    ],
)
def test_every_container_gives_the_same_documents(container):
    from sklearn_embed._text.tokenized import tokenize
    from sklearn_embed._text.tokens import TextOptions

    assert list(tokenize(container(TEXTS), TextOptions())) == tokens_of(TEXTS)


class Text(str):
    """A string of another type."""


def test_strings_of_other_types_are_strings():
    X = ["The cat", Text("A dog"), np.str_("naïve Café"), "中文 text"]
    expected = [["the", "cat"], ["dog"], ["naïve", "café"], ["中文", "text"]]
    assert tokens_of(X) == tokens_of(np.array(X, dtype=object)) == expected


def test_a_preprocessor_may_return_strings_of_any_type():
    assert tokens_of(["A dog", "b"], preprocessor=Text) == [["dog"], []]
    assert tokens_of(["A dog"], preprocessor=lambda text: Text("big cat")) == [
        ["big", "cat"]
    ]


def test_a_preprocessor_that_returns_no_string_is_named():
    with pytest.raises(TypeError, match="preprocessor returned 5, of type int"):
        tokens_of(["a", "b"], preprocessor=lambda text: 5)


def test_ready_made_tokens_are_taken_as_they_are():
    X = [["The", "cat!"], ("a",), np.array(["B c"]), [], [np.str_("d")]]
    assert tokens_of(X) == [["The", "cat!"], ["a"], ["B c"], [], ["d"]]


def test_strings_and_token_lists_may_be_mixed():
    assert tokens_of(["The cat", ["The", "cat"]]) == [["the", "cat"], ["The", "cat"]]


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ("one text", ValueError, r"single string.*\[X\]"),
        (b"bytes", TypeError, "decode"),
        (["a", b"b"], TypeError, r"Document 1 is bytes.*decode"),
        (["a", None], TypeError, r"Document 1 is missing \(None\).*fillna"),
        (["a", float("nan")], TypeError, r"Document 1 is missing \(nan\)"),
        (pd.Series(["a", None]), TypeError, "Document 1 is missing"),
        (pd.Series(["a", pd.NA], dtype="string"), TypeError, "Document 1 is missing"),
        (["a", "b", 3.5], TypeError, r"Document 2 is of type float \(3.5\)"),
        ([["a", 1]], TypeError, "Token 1 of document 0 is of type int"),
        ([["a", b"c"]], TypeError, "Token 1 of document 0 is of type bytes"),
        ({"a": 1}, TypeError, "no order"),
        ({"a", "b"}, TypeError, "no order"),
        (3, TypeError, "of type int"),
        ([{"a"}], TypeError, "Document 0 is of type set"),
        (np.array([["a", "b"]]), ValueError, r"shape \(1, 2\)"),
        (pd.DataFrame({"a": ["x"], "b": ["y"]}), ValueError, "one column"),
        (np.zeros((2, 1)), TypeError, "Document 0 is of type float"),
        (np.array("a"), ValueError, r"shape \(\)"),
    ],
    ids=str,
)
def test_what_is_no_document_is_refused_by_position(X, error, message):
    with pytest.raises(error, match=message):
        TokenizedDocuments.from_documents(X)


class Wrong:
    """Neither a string nor a sequence."""


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(documents_module, "CHUNK_DOCUMENTS", 100)
    monkeypatch.setattr(documents_module, "TAKEN", 50)
    monkeypatch.setattr(scanner, "BATCH_CHARS", 300)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("options", [{}, {"strip_accents": "unicode"}], ids=str)
def test_the_number_of_threads_changes_no_bit(options):
    X = [f"n{k % 97} café {'long ' * (k % 80)}m{k * k % 503}" for k in range(2000)]
    X[700:720] = [["ready", "made", f"n{k}"] for k in range(20)]
    one, *others = (
        TokenizedDocuments.from_documents(X, n_jobs=n_jobs, **options)
        for n_jobs in (1, 2, 3)
    )
    for other in others:
        assert_array_equal(one.ids, other.ids)
        assert_array_equal(one.offsets, other.offsets)
        assert one.table.tolist() == other.table.tolist()
    assert list(one[715]) == ["ready", "made", "n15"]
    assert one.n_tokens == sum(map(len, tokens_of(X, **options)))


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("n_jobs", [1, 2, 3])
@pytest.mark.parametrize("error", [TypeError, KeyboardInterrupt])
def test_an_error_late_in_a_stream_leaves_no_thread(error, n_jobs):
    def documents():
        yield from (f"some words {k}" for k in range(3210))
        if error is KeyboardInterrupt:
            raise error
        yield Wrong()

    before = threading.active_count()
    with pytest.raises(error) as caught:
        TokenizedDocuments.from_documents(documents(), n_jobs=n_jobs)
    assert error is KeyboardInterrupt or "Document 3210" in str(caught.value)
    assert threading.active_count() == before


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_interrupt_while_ids_are_stored_leaves_no_thread(n_jobs, monkeypatch):
    before = threading.active_count()

    def interrupt(self, values):
        raise KeyboardInterrupt

    monkeypatch.setattr(growing.Growing, "append", interrupt)
    with pytest.raises(KeyboardInterrupt) as caught:
        TokenizedDocuments.from_documents(["some words " * 99] * 999, n_jobs=n_jobs)
    assert threading.active_count() == before
    del caught


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
    for part in (documents, documents[:1], documents[::-1]):
        twin = pickle.loads(pickle.dumps(part))
        assert list(twin) == list(part)
        assert len(twin.ids) <= 2 * part.n_tokens
    assert documents.__deepcopy__({}) is documents


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


def test_repr_tells_the_size():
    X = TokenizedDocuments.from_documents(["big cat", "big dog"])
    assert repr(X) == "TokenizedDocuments(2 documents, 4 tokens, 3 distinct)"


def test_any_string_survives_the_table():
    tokens = ["", "a", "\ud800", "😀", "\x00", "中"]
    table = TokenTable.from_tokens(tokens)
    assert table.tolist() == tokens
    assert table[3] == "😀"
    assert len(pickle.loads(pickle.dumps(table))) == 6


@given(
    st.lists(st.text(st.characters(exclude_categories=[])), unique=True)
    | st.lists(st.text(st.sampled_from("\x00aaя"), max_size=30), unique=True),
    st.randoms(),
)
@settings(deadline=None)
def test_tokens_are_ordered_as_python_orders_strings(tokens, chance):
    table = TokenTable.from_tokens(tokens)
    ids = np.array(chance.sample(range(len(tokens)), len(tokens) // 2), int)
    expected = sorted(ids.tolist(), key=tokens.__getitem__)
    assert table.in_order(ids).tolist() == expected
    every = table.in_order(np.arange(len(tokens)))
    with patch.object(table_module, "_CUT", 3):
        assert table.take(ids) == [tokens[i] for i in ids]
        assert table.take(every) == sorted(tokens)


def test_tokens_that_stand_twice_in_a_damaged_table_are_ordered_too():
    table = TokenTable.from_tokens(["ab", "b" * 20, "ab", "b" * 20])
    assert table.in_order(np.arange(4)).tolist() == [0, 2, 1, 3]


def test_vocabulary_is_sorted_by_count_and_then_by_word():
    X = TokenizedDocuments.from_documents(["bb cc aa", "cc bb", "dd"])
    vocabulary = learn_vocabulary([X], VocabularyFilter())
    assert vocabulary.words == ["bb", "cc", "aa", "dd"]
    assert_array_equal(vocabulary.counts, [2, 2, 1, 1])
    assert_array_equal(vocabulary.rows(X.table), [0, 1, 2, 3])
    for limits, words in (
        ({"min_count": 2}, "bb cc"),
        ({"max_features": 3}, "bb cc aa"),
        ({"stop_words": ["bb"]}, "cc aa dd"),
        ({"vocabulary": ["dd", "zz"]}, "dd"),
        ({"vocabulary": ["dd", "zz", "cc"], "stop_words": ["cc"]}, "dd"),
    ):
        found = learn_vocabulary([X], VocabularyFilter(**limits))
        assert found.words == words.split()
    both = learn_vocabulary([X, X[:1]], VocabularyFilter())
    assert_array_equal(both.counts, [3, 3, 2, 1])


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        ({"min_count": 9}, "min_count left no word. Relax it"),
        ({"stop_words": ["aa", "bb"]}, "stop_words left"),
        ({"vocabulary": ["zz"]}, "vocabulary left"),
        ({"min_count": 2, "stop_words": ["aa"]}, "min_count and stop_words"),
    ],
)
def test_an_empty_vocabulary_names_who_emptied_it(limits, named):
    X = TokenizedDocuments.from_documents(["aa bb", "aa"])
    with pytest.raises(ValueError, match=re.escape(named)):
        learn_vocabulary([X], VocabularyFilter(**limits))


def test_documents_without_tokens_are_an_empty_vocabulary():
    X = TokenizedDocuments.from_documents(["", "a"])
    with pytest.raises(ValueError, match="contain no tokens"):
        learn_vocabulary([X], VocabularyFilter())


@pytest.mark.parametrize(
    ("vocabulary", "error", "message"),
    [
        ("words", ValueError, "single string"),
        ([], ValueError, "empty"),
        (["a", "a"], ValueError, "'a' twice"),
        (["a", 1], TypeError, "of type int"),
        ({"a": 0, "b": 2}, ValueError, "renumber"),
    ],
)
def test_a_wrong_given_vocabulary_is_refused(vocabulary, error, message):
    with pytest.raises(error, match=message):
        given_words(vocabulary)


def test_a_given_vocabulary_keeps_its_order():
    assert given_words(["b", "a"]) == ["b", "a"]
    assert given_words({"b": 0, "a": 1}) == ["b", "a"]
    assert given_words({"b", "a"}) == ["a", "b"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"token_pattern": r"(a)(b)"}, "2 capturing groups"),
        ({"token_pattern": None}, "no tokenizer"),
    ],
)
def test_unusable_text_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        TokenizedDocuments.from_documents(["ab"], **options)
