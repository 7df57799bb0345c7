"""Counts of words: exact whatever the parts are, and the vocabulary of a fit."""

import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_embed import (
    OneHotTokens,
    TokenizedDocuments,
    Word2VecVectorizer,
    WordCounts,
)
from sklearn_embed._text.table import TokenTable
from sklearn_embed.io import VectorFileError

TEXTS = ["the cat and the dog", "", "a dog met the cat", "кошка и собака", "cat dog"]
TOKENS = st.lists(st.lists(st.sampled_from("abcdé中\0 "), max_size=6), max_size=8)


def same(one, other):
    """Tell whether two counts are equal, array by array."""
    return (
        one.words == other.words
        and np.array_equal(one.counts, other.counts)
        and np.array_equal(one.document_counts, other.document_counts)
        and one.n_documents == other.n_documents
    )


@settings(deadline=None)
@given(documents=TOKENS)
def test_counts_are_those_of_a_counter(documents):
    counts = WordCounts.from_documents(documents)
    occurrences = Counter(word for document in documents for word in document)
    containing = Counter(word for document in documents for word in set(document))
    assert counts.words == sorted(occurrences)
    assert counts.counts.tolist() == [occurrences[word] for word in counts.words]
    assert counts.document_counts.tolist() == [containing[w] for w in counts.words]
    assert counts.n_documents == len(documents)
    assert counts.n_tokens == sum(map(len, documents)) and len(counts) == len(
        occurrences
    )


@settings(deadline=None)
@given(documents=TOKENS, cut=st.integers(0, 8), other=st.integers(0, 8))
def test_parts_add_up_in_any_order(documents, cut, other):
    first, second = sorted((cut, other))
    parts = documents[:first], documents[first:second], documents[second:]
    counts = [WordCounts.from_documents(part) for part in parts]
    whole = WordCounts.from_documents(documents)
    assert same(sum(counts), whole)
    assert same(counts[2] + (counts[1] + counts[0]), whole)


def test_a_slice_counts_its_own_documents():
    documents = TokenizedDocuments.from_documents(TEXTS)
    part = WordCounts.from_documents(documents[2:])
    assert same(part, WordCounts.from_documents(TEXTS[2:]))


@pytest.mark.parametrize(
    "limits",
    [
        {},
        {"min_count": 2},
        {"min_df": 2, "max_features": 2},
        {"max_df": 0.5},
        {"stop_words": ["cat"], "max_features": 3},
    ],
)
def test_a_selection_is_the_vocabulary_of_a_fit(limits):
    parts = [WordCounts.from_documents(TEXTS[i : i + 2]) for i in range(0, 5, 2)]
    words = sum(parts).select(**limits)
    fitted = Word2VecVectorizer(2, epochs=1)
    fitted.set_params(**{"min_count": 1, **limits}).fit(TEXTS)
    assert words == fitted.words_
    assert OneHotTokens(vocabulary=words).fit(TEXTS).words_ == words


def test_limits_that_leave_nothing_are_named():
    counts = WordCounts.from_documents(TEXTS)
    with pytest.raises(ValueError, match="min_count left no word"):
        counts.select(min_count=9)
    with pytest.raises(ValueError, match=r"min_df=6 is more than the 5 documents"):
        counts.select(min_df=6)
    with pytest.raises(ValueError, match=r"max_df=1\.5 must be"):
        counts.select(max_df=1.5)
    with pytest.raises(ValueError, match="max_features=0: give a whole number"):
        counts.select(max_features=0)


def test_some_words_alone():
    counts = WordCounts.from_documents(TEXTS)
    some = counts.among(["dog", "cat", "unheard"])
    assert some.words == ["cat", "dog"] and some.counts.tolist() == [3, 3]
    assert some.n_documents == counts.n_documents
    with pytest.raises(TypeError, match="vocabulary is of type NoneType"):
        counts.among(None)
    with pytest.raises(ValueError, match="'cat' twice"):
        counts.among(["cat", "cat"])


def test_counts_know_their_size():
    counts = WordCounts.from_documents(TEXTS)
    assert sys.getsizeof(counts) > counts.counts.nbytes + counts.table.blob.nbytes


def test_only_counts_are_added():
    counts = WordCounts.from_documents(TEXTS)
    for other in (1, "cat", Counter("cat")):
        with pytest.raises(TypeError):
            counts + other
        with pytest.raises(TypeError):
            other + counts


@pytest.mark.parametrize("mmap", [False, True])
def test_counts_come_back_from_a_file(tmp_path, mmap):
    counts = WordCounts.from_documents([*TEXTS, "\ud800 lone"])
    counts.save(tmp_path / "counts")
    assert same(WordCounts.load(tmp_path / "counts", mmap=mmap), counts)


def test_other_files_are_refused(tmp_path):
    TokenizedDocuments.from_documents(TEXTS).save(tmp_path / "documents")
    with pytest.raises(VectorFileError, match="holds no WordCounts"):
        WordCounts.load(tmp_path / "documents")


@pytest.mark.parametrize(
    "words, counts, document_counts, n_documents, message",
    [
        (["b", "a"], [1, 1], [1, 1], 1, "order of their characters"),
        (["a", "a"], [1, 1], [1, 1], 1, "order of their characters"),
        (["a"], [1, 1], [1], 1, "2 elements for 1 words"),
        (["a"], [1], [2], 2, "once in each"),
        (["a"], [1], [0], 2, "at least one document"),
        (["a"], [3], [3], 2, "more than the 2 documents"),
        (["a"], [2**62 + 1], [1], 2, "too large"),
        (["a"], [1.0], [1], 2, "type int64"),
        (["a"], [1], [1], -1, "whole number"),
        (["a"], [1], [1], True, "whole number"),
    ],
)
def test_parts_that_disagree(words, counts, document_counts, n_documents, message):
    arrays = np.array(counts), np.array(document_counts)
    with pytest.raises(ValueError, match=message):
        WordCounts(TokenTable.from_tokens(words), *arrays, n_documents)


def test_a_table_is_one():
    with pytest.raises(TypeError, match="must be a TokenTable, not list"):
        WordCounts(["a"], np.ones(1, np.int64), np.ones(1, np.int64), 1)
