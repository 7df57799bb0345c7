"""The table of distinct tokens, and the words that are chosen of it."""

import pickle
import re
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from sklearn_embed import (
    TokenizedDocuments,
)
from sklearn_embed._text import table as table_module
from sklearn_embed._text.table import TokenTable
from sklearn_embed._text.vocabulary import (
    VocabularyFilter,
    given_words,
    learn_vocabulary,
)


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


@given(st.lists(st.text(), unique=True), st.randoms())
@settings(deadline=None)
def test_a_part_of_a_table_has_its_tokens(tokens, chance):
    table = TokenTable.from_tokens(tokens)
    ids = chance.sample(range(len(tokens)), len(tokens) // 2)
    with patch.object(table_module, "_CUT", 2):
        for some in (np.array(ids, int), slice(1, 5)):
            part = table.part(some)
            assert part.tolist() == table.take(some)
            TokenTable(part.blob, part.offsets)  # which is checked


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
