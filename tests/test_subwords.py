"""Character n-grams: bit for bit those of gensim and fastText."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest
import reference_fasttext as reference
from gensim.models.fasttext import ft_ngram_hashes
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_embed._models.bags import share_rows
from sklearn_embed._text.char_ngrams import (
    NgramNumbers,
    ngram_buckets,
    ngram_codes,
    token_codes,
)
from sklearn_embed._text.table import TokenTable
from sklearn_embed._vectors.subwords import Subwords

any_words = st.lists(st.text(max_size=8), max_size=6, unique=True)
limits = st.tuples(st.integers(0, 5), st.integers(0, 7))


def pieces(bounds, numbers):
    return [part.tolist() for part in np.split(numbers, bounds[1:-1])]


@settings(deadline=None, max_examples=200)
@given(any_words, limits, st.integers(1, 2**31 - 1))
@example(["", "a", "мир", "中文", "𝔘niсode", "\x00\x7f\x80"], (1, 3), 2_000_000)
def test_buckets_are_those_of_gensim(words, sizes, n_buckets):
    bounds, buckets = ngram_buckets(TokenTable.from_tokens(words), *sizes, n_buckets)
    assert bounds[-1] == len(buckets)
    for word, found in zip(words, pieces(bounds, buckets), strict=False):
        assert found == list(ft_ngram_hashes(word, *sizes, n_buckets))


@settings(deadline=None)
@given(any_words, limits)
def test_codes_equal_their_twin(words, sizes):
    table = TokenTable.from_tokens(words)
    bounds, codes = ngram_codes(table, *sizes)
    for word, found in zip(words, pieces(bounds, codes), strict=False):
        assert found == [reference.fnv(gram) for gram in reference.ngrams(word, *sizes)]
    assert token_codes(table).tolist() == [reference.fnv(word) for word in words]


def test_lone_surrogates_have_ngrams_too():
    bounds, codes = ngram_codes(TokenTable.from_tokens(["a\ud800b"]), 1, 2)
    expected = reference.ngrams("a\ud800b", 1, 2)
    assert codes.tolist() == [reference.fnv(gram) for gram in expected]
    assert bounds.tolist() == [0, 7]


@settings(deadline=None)
@given(any_words, any_words, limits)
def test_exact_numbers_are_one_to_one(words, more, sizes):
    known = NgramNumbers()
    grams = known.rows(TokenTable.from_tokens(words), *sizes, grow=True)[1]
    spelled = [gram for word in words for gram in reference.ngrams(word, *sizes)]
    assert known.tolist() == list(dict.fromkeys(spelled))
    assert [known.tolist()[i] for i in grams] == spelled
    again = NgramNumbers(known.tolist())
    _, found = again.rows(TokenTable.from_tokens(more), *sizes)
    place = {gram: i for i, gram in enumerate(known.tolist())}
    wanted = [gram for word in more for gram in reference.ngrams(word, *sizes)]
    assert found.tolist() == [place.get(gram, -1) for gram in wanted]
    assert len(again) == len(place)


@pytest.mark.parametrize("missing", ["zero", "skip"])
def test_sums_add_what_is_stored(missing):
    rng = np.random.default_rng(0)
    rows = np.full(50, -1, np.int32)
    rows[::2] = rng.permutation(25)
    vectors = rng.normal(size=(25, 3)).astype(np.float32)
    parts = Subwords(vectors, 2, 4, 50, rows, missing)
    words = ["cat", "", "мир", *map(str, range(20_000))]
    sums, counts = parts.sums(words)
    for i in (0, 1, 2, 9000, 20_002):
        buckets = [
            rows[reference.fnv(gram) % 50] for gram in reference.ngrams(words[i], 2, 4)
        ]
        stored = [row for row in buckets if row >= 0]
        assert counts[i] == len(buckets if missing == "zero" else stored)
        assert_allclose(sums[i], vectors[stored].sum(axis=0), atol=1e-5)
    assert_array_equal(parts.sums(words[:2], np.ones((2, 3)))[0][1], sums[1] + 1)


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_only_what_always_occurs_together_shares_a_row(data):
    n_ngrams = data.draw(st.integers(1, 8))
    one = st.lists(st.integers(0, n_ngrams - 1), max_size=6)
    words = data.draw(st.lists(one, min_size=1, max_size=5))
    n_words = len(words)
    old = st.lists(st.integers(-1, 2), min_size=n_ngrams, max_size=n_ngrams)
    before = np.array([-1] * n_words + data.draw(old), np.int32)
    bounds = np.cumsum([0, *map(len, words)])
    ngrams = np.array([k for word in words for k in word], np.int32)
    shared = share_rows(bounds, ngrams, before)
    kinds = [((i,), -1) for i in range(n_words)]
    for k in range(n_ngrams):
        where = [i for i, word in enumerate(words) for _ in range(word.count(k))]
        kinds.append((tuple(where), before[n_words + k]))
    rows = [*range(n_words), *shared.rows]
    assert len(set(zip(kinds, rows, strict=True))) == len(set(kinds)) == len(set(rows))
    assert set(rows) == set(range(len(shared.members)))
    for i, word in enumerate(words):
        part = slice(*shared.offsets[i : i + 2])
        found = shared.bag_rows[part]
        assert found[0] == i
        assert_array_equal(shared.weights[part], shared.members[found])
        expanded = np.repeat(found, shared.weights[part].astype(int))
        assert sorted(expanded) == sorted([i, *shared.rows[word]])
