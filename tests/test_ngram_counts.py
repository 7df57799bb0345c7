"""Counts of n-grams: against dictionaries, in parts, in files, from strangers."""

# SPDX-License-Identifier: BSD-3-Clause

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from reference_ngrams import raw_counts

from sklearn_embed import NGramCounts, TokenizedDocuments
from sklearn_embed._core import growing
from sklearn_embed._models import counting_ngrams
from sklearn_embed.io import VectorFileError, native

WORDS = ["a", "b", "c"]
documents = st.lists(st.lists(st.sampled_from([*WORDS, "x"]), max_size=9), max_size=9)


def counted(texts, order, **options):
    return NGramCounts.from_documents(texts, order=order, vocabulary=WORDS, **options)


def as_dict(counts):
    """Return how often each n-gram occurs, its words in their order."""
    names = [*counts.words, "<unk>", "</s>"]
    found = {}
    for row, count in zip(counts.rows.tolist(), counts.counts.tolist(), strict=True):
        words = [names[w] for w in row if w >= 0][::-1]
        if len(words) > 1 and words[0] == "</s>":
            words[0] = "<s>"
        found[tuple(words)] = count
    return found


def expected_counts(texts, order):
    known = [[w if w in WORDS else "<unk>" for w in text] for text in texts]
    raw = raw_counts(known, order)
    shorter = Counter()
    for n in range(2, order):
        shorter.update({k: v for k, v in raw[n].items() if k[0] == "<s>"})
    return dict(raw[order] + shorter)


def assert_same(first, second):
    assert first.words == second.words
    assert_array_equal(first.rows, second.rows)
    assert_array_equal(first.counts, second.counts)


@given(documents, st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_counts_are_those_of_dictionaries(texts, order):
    counts = counted(texts, order)
    assert as_dict(counts) == expected_counts(texts, order)
    NGramCounts(counts.words, counts.rows, counts.counts)  # in order, and n-grams
    assert counts.n_tokens == sum(map(len, texts)) + len(texts)
    words = Counter(w for text in texts for w in text)
    assert counts.word_counts.tolist() == [words[w] for w in WORDS]
    for shorter in range(1, order + 1):
        assert_same(counts.with_order(shorter), counted(texts, shorter))


@given(documents, documents, documents, st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_parts_add_up(first, second, third, order):
    whole = counted(first + second + third, order)
    a, b, c = (counted(part, order) for part in (first, second, third))
    assert_same(a + b + c, whole)
    assert_same(a + (c + b), whole)
    assert_same(sum([c, a, b]), whole)


def test_words_of_unlike_lists_are_found_again():
    texts = [["a", "b", "a"], ["c", "a"], []]
    first = NGramCounts.from_documents(texts[:1], order=3)
    second = NGramCounts.from_documents(texts[1:], order=3)
    assert first.words == ["a", "b"]
    assert second.words == ["a", "c"]
    assert_same(
        first + second, NGramCounts.from_documents(texts, order=3, vocabulary=WORDS)
    )
    assert_same(second + first, first + second)


@pytest.mark.parametrize("n_jobs", [1, 2, 3])
@pytest.mark.parametrize("max_memory", [None, 1, 1 << 20])
def test_neither_threads_nor_memory_change_a_count(n_jobs, max_memory, monkeypatch):
    rng = np.random.default_rng(0)
    texts = [list(rng.choice([*WORDS, "x"], n)) for n in rng.integers(0, 40, 300)]
    texts.append(list(rng.choice(WORDS, 5000)))  # longer than a piece
    expected = counted(texts, 3)
    assert as_dict(expected) == expected_counts(texts, 3)
    monkeypatch.setattr(counting_ngrams, "_CHUNK", 700)
    monkeypatch.setattr(counting_ngrams, "_LEAST_CHUNK", 50)
    monkeypatch.setattr(counting_ngrams, "_MERGED_AT_ONCE", 13)
    monkeypatch.setattr(growing, "IN_MEMORY", 1 << 10)
    for X in (texts, TokenizedDocuments.from_documents(texts)):
        assert_same(counted(X, 3, n_jobs=n_jobs, max_memory=max_memory), expected)


def test_marks_are_no_words():
    texts = [["<unk>", "a", "</s>", "<s>", "a"]]
    counts = NGramCounts.from_documents(texts, order=2)
    assert counts.words == ["a"]
    given = NGramCounts.from_documents(texts, order=2, vocabulary=["a", "<unk>"])
    assert_same(given, counts)


def test_files_hold_the_same_counts(tmp_path):
    counts = counted([["a", "b"], ["x"], []], 3)
    counts.save(tmp_path / "counts")
    for mmap in (False, True):
        assert_same(NGramCounts.load(tmp_path / "counts", mmap=mmap), counts)
    assert repr(counts) == "NGramCounts(3 words, order 3, 6 n-grams)"
    assert len(counts) == 3


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("rows", lambda rows: rows[::-1]),
        ("rows", lambda rows: rows * 0 + 99),
        ("rows", lambda rows: rows * 0 - 1),
        ("rows", lambda rows: rows.astype(np.int64)),
        ("rows", lambda rows: rows[:-1]),
        ("rows", lambda rows: rows[:, :0]),
        ("counts", lambda counts: counts * 0),
        ("counts", lambda counts: counts * 0 + 2**61),
        ("counts", lambda counts: counts.astype(np.float64) * np.nan),
        ("words", lambda words: ["a", "a", "b"]),
        ("words", lambda words: ["a", "b", "</s>"]),
        ("words", lambda words: ["a"]),
    ],
)
def test_wild_numbers_are_refused(name, change, tmp_path):
    counts = counted([["a", "b"], ["x"], []], 3)
    parts = {"words": counts.words, "rows": counts.rows, "counts": counts.counts}
    parts[name] = change(parts[name])
    with pytest.raises(ValueError, match=r"words|rows|counts"):
        NGramCounts(**parts)
    meta = {"kind": "NGramCounts", "version": 1}
    native.save_arrays(tmp_path / "counts", parts, meta)
    with pytest.raises(VectorFileError, match="its parts disagree"):
        NGramCounts.load(tmp_path / "counts")


def test_other_files_are_refused(tmp_path):
    native.save_arrays(tmp_path / "other", {}, {"kind": "other"})
    with pytest.raises(VectorFileError, match="holds no NGramCounts"):
        NGramCounts.load(tmp_path / "other")
    native.save_arrays(tmp_path / "other", {}, {"kind": "NGramCounts", "version": 9})
    with pytest.raises(VectorFileError, match="later version"):
        NGramCounts.load(tmp_path / "other")


def test_what_cannot_be_counted_or_added_is_named():
    for order in (0, 21, 2.0, True, "3"):
        with pytest.raises(ValueError, match="order"):
            NGramCounts.from_documents(["a"], order=order)
    for name in ("max_memory", "max_features"):
        with pytest.raises(ValueError, match=name):
            NGramCounts.from_documents(["a b"], **{name: 0})
    with pytest.raises(ValueError, match="with_order"):
        counted(["a"], 2) + counted(["a"], 3)
    with pytest.raises(ValueError, match="count again"):
        counted(["a"], 2).with_order(3)
    with pytest.raises(TypeError):
        counted(["a"], 2) + 5
    huge = NGramCounts(["a"], np.array([[0, 2]], np.int32), np.array([2**61]))
    with pytest.raises(OverflowError, match="64 bits"):
        huge + huge
