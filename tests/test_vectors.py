"""Word vectors as a value, and every kind of object they can come from."""

# SPDX-License-Identifier: BSD-3-Clause

import copy
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import skops.io
from gensim.models import FastText, KeyedVectors
from joblib import Parallel, delayed
from numpy.testing import assert_array_equal
from scipy.sparse import csr_matrix
from sklearn.base import clone

from sklearn_embed import MeanPoolEmbedder, OneHotTokens, Word2VecVectorizer
from sklearn_embed._vectors.subwords import Subwords
from sklearn_embed._vectors.weights import unit_factors
from sklearn_embed._vectors.word_vectors import WordVectors
from sklearn_embed.io._sources import as_word_vectors

WORDS = ["cat", "dog", "naïve"]
VECTORS = np.arange(6, dtype=np.float32).reshape(3, 2)


def small():
    return WordVectors(WORDS, VECTORS, [3, 2, 2])


def keyed(counts=None):
    vectors = KeyedVectors(2)
    vectors.add_vectors(WORDS, VECTORS)
    if counts is not None:
        vectors.allocate_vecattrs(["count"], [int])
        vectors.expandos["count"][:] = counts
    return vectors


@pytest.fixture(scope="module")
def fasttext():
    texts = [["кошка", "сидит"], ["naïve", "kitten", "sat"], ["the", "cat"]] * 3
    return FastText(
        texts, vector_size=7, min_count=1, bucket=50, min_n=1, max_n=4, workers=1
    )


@pytest.mark.parametrize(
    "share", [copy.copy, copy.deepcopy, lambda v: clone(v, safe=False)]
)
def test_copies_are_the_object_itself(share):
    vectors = small()
    assert share(vectors) is vectors


def test_pickling_keeps_every_part():
    vectors = small()
    again = pickle.loads(pickle.dumps(vectors))
    assert again.words == WORDS
    assert_array_equal(again.vectors, VECTORS)
    assert_array_equal(again.counts, [3, 2, 2])


def test_skops_keeps_every_part(fasttext):
    vectors = as_word_vectors(fasttext)
    data = skops.io.dumps(vectors)
    trusted = skops.io.get_untrusted_types(data=data)
    assert trusted == ["sklearn_embed._vectors.word_vectors.WordVectors"]
    again = skops.io.loads(data, trusted=trusted)
    assert again.words == vectors.words
    assert_array_equal(again["kitty"], vectors["kitty"])


def test_large_vectors_reach_other_processes_as_a_memory_map():
    words = [f"word{i}" for i in range(4000)]
    vectors = WordVectors(words, np.ones((4000, 100)))

    # Nested, so that it is sent by value: workers cannot import the tests.
    def owner_of_the_memory(vectors):
        base = vectors.vectors
        while getattr(base, "base", None) is not None:
            base = base.base
        return type(base).__name__

    (base,) = Parallel(2)([delayed(owner_of_the_memory)(vectors)])
    assert base == "mmap"


def test_nothing_can_be_assigned_or_written():
    vectors = small()
    with pytest.raises(AttributeError, match="cannot be changed"):
        vectors.words = []
    with pytest.raises(ValueError, match="read-only"):
        vectors.vectors[0, 0] = 1


def test_an_unknown_word_is_a_key_error_and_row_minus_one():
    vectors = small()
    with pytest.raises(KeyError):
        vectors["fish"]
    assert vectors.rows(["dog", "fish"]).tolist() == [1, -1]


@pytest.mark.parametrize(
    "words, vectors, message",
    [
        (["a", "b"], [[1.0]], r"shape \(2, n_dimensions\)"),
        (["a", "a"], [[1.0], [2.0]], "'a' is in rows 0 and 1"),
        (["a", "b"], [[1.0], [np.nan]], "vector of 'b' .row 1. is not finite"),
        (["a"], [[np.inf]], "not finite"),
    ],
)
def test_unusable_vectors_are_refused(words, vectors, message):
    with pytest.raises(ValueError, match=message):
        WordVectors(words, vectors)


def test_large_numbers_are_not_mistaken_for_infinity():
    assert len(WordVectors(["a"], [[3e38, -3e38]])) == 1


def test_a_word_that_is_no_string_is_refused():
    with pytest.raises(TypeError, match="row 1 is 7"):
        WordVectors(["a", 7], [[1.0], [2.0]])


def test_keyed_vectors_share_memory_both_ways():
    source = keyed([5, 4, 4])
    vectors = as_word_vectors(source)
    back = vectors.to_keyed_vectors()
    assert np.shares_memory(vectors.vectors, source.vectors)
    assert np.shares_memory(back.vectors, source.vectors)
    assert back.most_similar("dog") == source.most_similar("dog")
    assert back.get_vecattr("dog", "count") == 4


def test_words_added_to_gensim_later_do_not_reach_the_value():
    source = keyed()
    vectors = as_word_vectors(source)
    source.add_vectors(["fish"], np.ones((1, 2), np.float32))
    assert len(vectors) == 3 and "fish" not in vectors


def test_counts_that_gensim_invented_are_dropped(tmp_path):
    path = str(tmp_path / "vectors.txt")
    keyed().save_word2vec_format(path)
    assert as_word_vectors(KeyedVectors.load_word2vec_format(path)).counts is None
    assert as_word_vectors(keyed([3, 2, 1])).counts.tolist() == [3, 2, 1]


def test_numbered_documents_are_refused():
    source = KeyedVectors(2)
    source.add_vectors([0, 1], np.ones((2, 2), np.float32))
    with pytest.raises(TypeError, match="words must be strings"):
        as_word_vectors(source)


@pytest.mark.parametrize("word", ["kitty", "кошечка", "a", "日本語", "", "<", "naïf"])
def test_unknown_words_get_gensims_vectors_to_the_bit(fasttext, word):
    vectors = as_word_vectors(fasttext)
    expected = fasttext.wv.get_vector(word)
    assert_array_equal(vectors[word], expected)
    assert_array_equal(vectors.to_keyed_vectors().get_vector(word), expected)


def test_known_words_are_own_vector_and_subwords_to_the_bit(fasttext):
    parts = as_word_vectors(fasttext).subwords
    sums, counts = parts.sums(fasttext.wv.index_to_key, parts.own)
    fasttext.wv.adjust_vectors()
    expected = fasttext.wv.vectors
    assert_array_equal(sums / (counts + 1).astype(np.float32)[:, None], expected)


def test_rows_left_out_are_zeros_or_skipped(fasttext):
    full = as_word_vectors(fasttext).subwords
    rows = np.full(full.n_buckets, -1, np.int32)
    rows[10:30] = np.arange(20)
    zeroed = np.zeros_like(full.vectors)
    zeroed[10:30] = full.vectors[10:30]
    expected, counts = full._replace(vectors=zeroed).sums(["kitten"])
    compact = Subwords(full.vectors[10:30], 1, 4, 50, rows)
    sums, counted = compact.sums(["kitten"])
    assert_array_equal(sums, expected)
    assert_array_equal(counted, counts)
    assert_array_equal(compact.full(), zeroed)
    sums, fewer = compact._replace(missing="skip").sums(["kitten"])
    assert_array_equal(sums, expected)
    assert fewer[0] < counts[0]


@pytest.mark.parametrize(
    "change",
    [
        {"vectors": np.ones((50, 3), np.float32)},
        {"vectors": np.ones((49, 7), np.float32)},
        {"own": np.ones((2, 7), np.float32)},
        {"rows": np.full(49, -1, np.int32)},
        {"rows": np.full(50, 50, np.int32)},
    ],
    ids=str,
)
def test_subwords_that_do_not_fit_are_refused(fasttext, change):
    parts = as_word_vectors(fasttext).subwords._replace(**change)
    words, vectors = fasttext.wv.index_to_key, fasttext.wv.vectors
    with pytest.raises(ValueError, match=r"vectors must have shape|do not fit"):
        WordVectors(words, vectors, subwords=parts)


def test_buckets_in_an_order_that_gensim_lost_are_not_used(fasttext):
    keyed = copy.deepcopy(fasttext.wv)
    keyed.vectors_ngrams = keyed.vectors_ngrams[:20]
    assert as_word_vectors(keyed).subwords is None


def test_vectors_without_subwords_say_so():
    with pytest.raises(ValueError, match="no subwords"):
        small().subword_vectors(["fish"])


def test_words_are_iterated_and_counted():
    assert list(small()) == WORDS and len(small()) == 3
    assert repr(small()) == "<WordVectors: 3 words, 2 dimensions>"


def test_counts_must_be_one_a_word():
    with pytest.raises(ValueError, match="counts must have shape"):
        WordVectors(WORDS, VECTORS, [1])


def test_a_hook_of_the_sources_own_comes_first():
    class Source:
        def to_word_vectors(self):
            return small()

    assert as_word_vectors(Source()).words == WORDS


def test_a_frame_goes_there_and_back():
    frame = small().to_frame()
    assert frame.loc["dog"].tolist() == [2, 3]
    assert_array_equal(as_word_vectors(frame).vectors, VECTORS)


def test_a_frame_without_words_in_its_index_is_refused():
    with pytest.raises(TypeError, match="index must hold the words"):
        as_word_vectors(pd.DataFrame(VECTORS))


def test_a_frame_with_text_in_a_column_is_refused():
    with pytest.raises(ValueError, match="every column must hold numbers"):
        as_word_vectors(pd.DataFrame({"x": ["a"]}, index=["cat"]))


def test_a_dict_is_stacked():
    vectors = as_word_vectors(dict(zip(WORDS, VECTORS.tolist(), strict=True)))
    assert_array_equal(vectors["naïve"], [4, 5])


def test_a_dict_of_unequal_vectors_is_refused_by_word():
    with pytest.raises(ValueError, match="that of 'b' has shape"):
        as_word_vectors({"a": [1, 2], "b": [1]})


def test_a_fitted_vectorizer_is_shared():
    class Fitted:
        words_, vectors_, counts_ = WORDS, VECTORS, np.array([3, 2, 2])

    vectors = as_word_vectors(Fitted())
    assert np.shares_memory(vectors.vectors, VECTORS)


def test_an_unfitted_vectorizer_asks_for_fit():
    class Unfitted:
        def fit(self):
            return self

    with pytest.raises(ValueError, match="call fit first"):
        as_word_vectors(Unfitted())


def test_anything_else_is_refused_with_the_list_of_what_is_accepted():
    with pytest.raises(TypeError, match=r"a dict from word to vector.*got int"):
        as_word_vectors(3)


def test_the_dict_of_keyed_vectors_is_shared_until_it_grows():
    keyed = KeyedVectors(2)
    keyed.add_vectors(["cat", "dog"], np.eye(2, dtype=np.float32))
    vectors = as_word_vectors(keyed)
    assert vectors.row_of is keyed.key_to_index
    keyed.add_vectors(["fish"], np.ones((1, 2), np.float32))
    assert "fish" not in vectors
    assert vectors.rows(["cat", "fish", "dog"]).tolist() == [0, -1, 1]
    assert vectors.to_keyed_vectors().key_to_index == {"cat": 0, "dog": 1}


@pytest.mark.parametrize(
    "row_of", [{"b": 1, "a": 0}, {"a": 1, "b": 0}, {"a": 0}, {"a": 0, "c": 1}, [0]]
)
def test_a_dict_that_says_something_else_is_not_taken(row_of):
    vectors = WordVectors(["a", "b"], np.eye(2), row_of=row_of)
    assert vectors.row_of == {"a": 0, "b": 1}
    with pytest.raises(ValueError, match="may come once"):
        WordVectors(["a", "a"], np.eye(2), row_of=row_of)


def test_vectors_that_were_taken_away_are_not_read():
    model = Word2VecVectorizer(2, min_count=1, epochs=1, sample=0)
    model.fit(["aa bb cc dd"] * 5)
    model.vectors_ = model.vectors_[:1]
    with pytest.raises(ValueError, match="4 words and 1 vectors"):
        model.transform(["dd"])


@pytest.mark.parametrize(
    "counts, message",
    [
        ([-1, 3], r"not negative; that of 'a' .row 0. is -1"),
        ([1.5, 3], "that of 'a' .row 0. is 1.5"),
        ([1, np.nan], "that of 'b' .row 1. is nan"),
        ([1, np.inf], "that of 'b' .row 1. is inf"),
        (np.array([1, 2**63], np.uint64), "that of 'b' .row 1. is 9223372036854775808"),
        ([1, None], "counts must be whole numbers"),
        (["a", "b"], "counts must be whole numbers"),
    ],
    ids=str,
)
def test_counts_are_whole_and_not_negative(counts, message):
    with pytest.raises(ValueError, match=message):
        WordVectors(["a", "b"], np.eye(2), counts)


@pytest.mark.parametrize(
    "counts", [[1.0, 2.0], np.array([1, 2], np.uint8), [True, 2], np.array([1, 2], "O")]
)
def test_counts_of_any_type_become_integers(counts):
    vectors = WordVectors(["a", "b"], np.eye(2), counts)
    assert vectors.counts.dtype == np.int64 and vectors.counts.tolist() == [1, 2]


@pytest.mark.parametrize(
    "vectors, message",
    [
        (csr_matrix(np.eye(2)), "vectors is sparse: use its toarray"),
        (np.eye(2) * 1j, "must hold numbers alone: dtype complex128"),
        ([[1, 2], [3]], "must hold numbers alone"),
        ([["x", "y"], ["z", "w"]], "must hold numbers alone"),
        ([[1e300, 1], [1, 1]], "vector of 'a' .row 0. is not finite"),
    ],
    ids=["sparse", "complex", "ragged", "text", "too large"],
)
def test_vectors_that_are_no_real_numbers_are_refused(vectors, message):
    with pytest.raises(ValueError, match=message):
        WordVectors(["a", "b"], vectors)


def test_one_string_is_no_list_of_words():
    with pytest.raises(
        TypeError, match="words must be a list of strings; got one, 'ab'"
    ):
        WordVectors("ab", np.eye(2))


def test_words_of_an_array_are_plain_strings():
    vectors = WordVectors(np.array(["a", "b"]), np.eye(2))
    assert {type(word) for word in vectors.words} == {str}


def test_a_frame_holds_words_that_no_encoding_has():
    words = ["a", "\ud800", ""]
    assert WordVectors(words, np.eye(3)).to_frame().index.tolist() == words


@pytest.mark.parametrize(
    "vector, message",
    [
        (np.ones((1, 3)), r"that of 'cat' has shape \(1, 3\): use its ravel"),
        (3.0, r"must have one axis; that of 'cat' has shape \(\)"),
        ("dog", "the vector of 'cat' must hold numbers alone"),
        ([1, "x"], "the vector of 'cat' must hold numbers alone"),
        (csr_matrix([[1.0]]), "the vector of 'cat' is sparse"),
        ([1e300], "vector of 'cat' .row 0. is not finite"),
    ],
    ids=str,
)
def test_what_is_no_vector_is_refused_by_its_word(vector, message):
    with pytest.raises(ValueError, match=message):
        as_word_vectors({"cat": vector})


@pytest.mark.parametrize(
    "source, error, message",
    [
        (
            OneHotTokens().fit(["aa bb"]),
            TypeError,
            "is fitted, but has no word vectors",
        ),
        (OneHotTokens(), ValueError, "if it learns some, call fit first"),
        (Word2VecVectorizer, TypeError, "got the class .*Word2VecVectorizer"),
        (pl.DataFrame({"x": [1.0]}), TypeError, r"polars.*has no index"),
        (pa.table({"x": [1.0]}), TypeError, r"pyarrow.*has no index"),
    ],
    ids=["fitted", "unfitted", "class", "polars", "arrow"],
)
def test_what_holds_no_vectors_says_what_is_missing(source, error, message):
    with pytest.raises(error, match=message):
        as_word_vectors(source)


def test_factors_of_the_shortest_vectors_are_finite():
    vectors = np.array([[1e-45, 0], [1e-39, 1e-39], [1e-38, 0], [3e38, 3e38], [0, 0]])
    vectors = vectors.astype(np.float32)
    factors = unit_factors(vectors)
    assert np.isfinite(factors).all() and factors[[0, 1, 4]].tolist() == [0, 0, 0]
    lengths = np.linalg.norm(vectors.astype(float), axis=1) * factors
    np.testing.assert_allclose(lengths[[2, 3]], 1, rtol=1e-4)


def test_rows_of_the_shortest_vectors_are_finite():
    source = {"short": [1e-45, 0.0], "cat": [3.0, 4.0]}
    embedder = MeanPoolEmbedder(source, normalize_words=True).fit(["cat short"])
    rows = embedder.transform(["short", "cat short", "cat"])
    np.testing.assert_allclose(rows, [[0, 0], [0.3, 0.4], [0.6, 0.8]], rtol=1e-6)
