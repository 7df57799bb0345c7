import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from numpy.testing import assert_array_equal
from sklearn import config_context, get_config
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.svm import LinearSVC
from strategies import texts

from sklearn_embed import OneHotTokens, TokenizedDocuments

CONFIG = get_config()
TEXTS = ["the cat sat on the mat", "the dog sat", "", "a cat and a dog and a cat"]


@pytest.mark.filterwarnings("ignore:.* documents have no .*word:UserWarning")
@given(texts)
@settings(deadline=None)
@pytest.mark.parametrize(
    "settings_",
    [
        {},
        {"lowercase": False},
        {"stop_words": "english"},
        {"max_features": 4, "token_pattern": r"\w+"},
        {"vocabulary": ["dog", "cat", "мир"]},
        {"vocabulary": {"dog": 1, "cat": 0}},
        {"strip_accents": "unicode"},
        {"ngram_range": (1, 3)},
        {"ngram_range": (2, 2), "stop_words": ["cat", "the"]},
        {"ngram_range": (1, 2), "vocabulary": ["dog", "cat dog"]},
    ],
    ids=str,
)
@pytest.mark.parametrize("binary", [False, True])
def test_counts_are_those_of_count_vectorizer(binary, settings_, X):
    peer = CountVectorizer(binary=binary, **settings_)
    ours = OneHotTokens(output="binary" if binary else "count", **settings_)
    try:
        expected = peer.fit_transform(X)
    except ValueError:
        with pytest.raises(ValueError, match="Empty vocabulary"):
            ours.fit(X)
        return
    matrix = ours.fit_transform(X)
    if "max_features" in settings_ and set(ours.words_) != set(peer.vocabulary_):
        # Among equally frequent words CountVectorizer's choice is arbitrary, and for
        # indicators it ranks words by documents instead of occurrences.
        assert matrix.shape == expected.shape
        if not binary:
            totals = [sorted(m.sum(axis=0).A1) for m in (matrix, expected)]
            assert totals[0] == totals[1]
        return
    assert_array_equal(ours.get_feature_names_out(), peer.get_feature_names_out())
    assert matrix.dtype == expected.dtype
    assert matrix.has_canonical_format
    assert_array_equal(matrix.toarray(), expected.toarray())
    assert_array_equal(ours.transform(X).toarray(), expected.toarray())


def test_ids_are_padded_and_cut_on_either_side():
    X = ["bb cc dd", "cc"]
    ids = {
        (padding, truncating): OneHotTokens(
            "ids", max_length=2, padding=padding, truncating=truncating
        ).fit_transform(X)
        for padding in ("post", "pre")
        for truncating in ("post", "pre")
    }
    assert ids["post", "post"].tolist() == [[2, 3], [3, 0]]
    assert ids["post", "pre"].tolist() == [[3, 4], [3, 0]]
    assert ids["pre", "post"].tolist() == [[2, 3], [0, 3]]
    assert ids["pre", "pre"].tolist() == [[3, 4], [0, 3]]
    assert ids["post", "post"].dtype == np.int32


def test_the_longest_document_of_fit_gives_the_length():
    model = OneHotTokens("ids").fit(TEXTS)
    assert model.max_length_ == 6
    assert model.transform(["cat " * 50]).shape == (1, 6)
    assert model.transform([]).shape == (0, 6)
    assert_array_equal(model.get_feature_names_out()[:2], ["position0", "position1"])


def test_every_position_is_a_unit_vector():
    model = OneHotTokens("one_hot", handle_unknown="ignore").fit(TEXTS)
    matrix = model.transform(TEXTS)
    n_words = len(model.words_)
    blocks = matrix.toarray().reshape(len(TEXTS), model.max_length_, n_words)
    ids = OneHotTokens("ids", handle_unknown="ignore").fit_transform(TEXTS)
    assert_array_equal(blocks.sum(axis=2), ids > 0)
    assert_array_equal(blocks.argmax(axis=2)[ids > 0], ids[ids > 0] - 2)
    assert matrix.shape == (4, len(model.get_feature_names_out()))
    assert model.get_feature_names_out()[n_words] == f"1_{model.words_[0]}"


def test_unit_vectors_of_different_words_are_orthogonal():
    words = ["cat", "dog", "fish"]
    vectors = OneHotTokens("one_hot").fit(words).transform(words)
    assert_array_equal((vectors @ vectors.T).toarray(), np.eye(3))


@pytest.mark.parametrize("output", ["count", "binary", "ids", "one_hot"])
def test_words_come_back(output):
    model = OneHotTokens(output).fit(TEXTS)
    back = model.inverse_transform(model.transform(TEXTS))
    tokens = [CountVectorizer().build_analyzer()(text) for text in TEXTS]
    if output in ("count", "binary"):
        tokens = [sorted(set(words)) for words in tokens]
    assert [row.tolist() for row in back] == tokens


@pytest.mark.parametrize(
    ("output", "row"),
    [
        ("count", [1, 0, 2]),
        ("binary", [1, 0, 1]),
        ("ids", [1, 2, 1]),
        ("one_hot", [0, 0, 1, 1, 0, 0, 0, 0, 1]),
    ],
)
def test_unknown_words_have_a_place_of_their_own(output, row):
    model = OneHotTokens(output, handle_unknown="unknown", max_length=3)
    model.fit(["cat dog"])
    matrix = model.transform(["fish cat bird"])
    dense = matrix.toarray() if sp.issparse(matrix) else matrix
    assert dense.tolist() == [row]
    assert len(model.get_feature_names_out()) == len(row)
    assert "<unk>" in model.inverse_transform(matrix)[0]


@pytest.mark.parametrize("output", ["count", "binary", "ids", "one_hot"])
def test_unknown_words_can_be_ignored_or_refused(output):
    model = OneHotTokens(output, handle_unknown="ignore").fit(["cat dog"])
    known, both = model.transform(["cat"]), model.transform(["fish cat"])
    assert_array_equal(
        *[m.toarray() if sp.issparse(m) else m for m in (known, both)], strict=True
    )
    strict = OneHotTokens(output, handle_unknown="error").fit(["cat dog"])
    with pytest.raises(ValueError, match="Token 'fish' of document 1 is not in"):
        strict.transform(["dog", "cat fish"])


def test_stop_words_are_left_out_and_never_unknown():
    model = OneHotTokens("ids", stop_words=["the"], handle_unknown="error").fit(TEXTS)
    assert "the" not in model.vocabulary_
    assert model.transform(["the cat the"])[0, 1] == 0


def test_counts_of_a_given_vocabulary_are_taken_in_fit():
    model = OneHotTokens(vocabulary=["dog", "emu", "cat"]).fit(TEXTS)
    assert model.words_ == ["dog", "emu", "cat"]
    assert_array_equal(model.counts_, [2, 0, 3])


def test_tokenized_documents_and_strings_give_the_same_matrix():
    X = TokenizedDocuments.from_documents(TEXTS, lowercase=False)
    model = OneHotTokens().fit(X)
    # Strings are later cut as the documents of fit were.
    assert model.transform(["The cat"]).sum() == 1
    assert_array_equal(model.transform(TEXTS).toarray(), model.transform(X).toarray())


def test_the_configured_kind_of_sparse_matrix_is_returned():
    assert isinstance(OneHotTokens().fit_transform(TEXTS), sp.csr_matrix)
    if "sparse_interface" in CONFIG:
        with config_context(sparse_interface="sparray"):
            assert isinstance(OneHotTokens().fit_transform(TEXTS), sp.csr_array)


def test_dtype_is_that_of_the_sparse_outputs():
    assert OneHotTokens(dtype=np.float32).fit_transform(TEXTS).dtype == np.float32


def test_ngrams_follow_each_other_as_in_count_vectorizer():
    model = OneHotTokens("ids", ngram_range=(1, 2)).fit(["aa bb cc", "bb", ""])
    rows = model.inverse_transform(model.transform(["aa bb cc", "bb", ""]))
    expected = ["aa", "bb", "cc", "aa bb", "bb cc"]
    assert [row.tolist() for row in rows] == [expected, ["bb"], []]


@pytest.mark.parametrize("wrong", [(0, 1), (2, 1), (1,), (1, 2.5)])
def test_an_impossible_range_is_refused(wrong):
    with pytest.raises(ValueError, match="ngram_range"):
        OneHotTokens(ngram_range=wrong).fit(TEXTS)


@pytest.mark.parametrize("output", ["count", "binary", "one_hot"])
@pytest.mark.parametrize("interface", ["spmatrix", "sparray"])
def test_sparse_rows_have_indices_of_32_bits(output, interface):
    # Scikit-learn before 1.9 gives matrices alone.
    chosen = {"sparse_interface": interface} if "sparse_interface" in CONFIG else {}
    with config_context(**chosen):
        rows = OneHotTokens(output).fit_transform(TEXTS)
    assert rows.indices.dtype == rows.indptr.dtype == np.int32
    LinearSVC().fit(rows, [0, 1, 0, 1])


def test_frames_hold_ids_and_sparse_rows_need_none():
    ids = OneHotTokens("ids").set_output(transform="pandas")
    frame = ids.fit_transform(pd.Series(TEXTS, index=[*"wxyz"]))
    assert frame.columns.tolist() == ids.get_feature_names_out().tolist()
    if "sparse_interface" in CONFIG:  # an index is kept by scikit-learn 1.9
        assert frame.index.tolist() == [*"wxyz"]
    assert_array_equal(ids.transform(TEXTS), frame)
    assert_array_equal(frame, OneHotTokens("ids").fit_transform(TEXTS))
    found, expected = ids.inverse_transform(frame), ids.inverse_transform(frame.values)
    assert [*map(list, found)] == [*map(list, expected)]
    for cls in (OneHotTokens, type("Mine", (OneHotTokens,), {})):
        assert not hasattr(cls(), "set_output")
        with config_context(transform_output="pandas"):
            assert sp.issparse(cls().fit_transform(TEXTS))


@pytest.mark.parametrize("output", ["count", "binary", "ids", "one_hot"])
def test_rows_that_transform_cannot_have_returned_are_refused(output):
    model = OneHotTokens(output).fit(TEXTS)
    rows = model.transform(TEXTS)
    rows = rows.toarray() if sp.issparse(rows) else rows
    for wide in (rows[:, 1:], np.hstack([rows, rows]), rows[0], np.eye(3)):
        with pytest.raises(ValueError, match="expected rows of"):
            model.inverse_transform(wide)
    for kind in (np.asarray, sp.csr_matrix) if output != "ids" else (np.asarray,):
        with pytest.raises(ValueError, match=r"X holds NaN or infinity"):
            model.inverse_transform(kind(np.where(rows, np.nan, 0.0)))
    with pytest.raises(ValueError, match=r"X is of type <U"):
        model.inverse_transform(rows.astype(str))


@pytest.mark.parametrize("wrong", [-1, 1.5, 10**6, 2**63])
def test_numbers_that_are_no_ids_are_named(wrong):
    model = OneHotTokens("ids").fit(["ab cd"])
    with pytest.raises(ValueError, match=rf"X holds {wrong:g}".replace("+", r"\+")[:9]):
        model.inverse_transform(np.array([[2, wrong]]))


@pytest.mark.parametrize("output", ["count", "ids", "one_hot"])
def test_attributes_that_were_changed_write_nowhere(output):
    model = OneHotTokens(output).fit(TEXTS)
    expected = model.transform(TEXTS)
    model.vocabulary_["zebra"] = 10**7
    assert (model.transform([*TEXTS, "zebra"])[:4] != expected).sum() == 0
    del model.words_[2:]
    with pytest.raises(ValueError, match="Fit again"):
        model.transform(TEXTS)
    model = OneHotTokens(output).fit(TEXTS[:1])
    model.words_.pop()
    with pytest.raises(ValueError, match=r"[Ff]it again"):
        model.transform(TEXTS)


@pytest.mark.parametrize("analyzer", ["word", "char", "char_wb"])
def test_n_grams_end_with_the_documents(analyzer):
    texts = ["the cat", "", "a dog met"]
    few, many = (
        OneHotTokens(analyzer=analyzer, ngram_range=(1, longest)).fit(texts)
        for longest in (11, 10**12)
    )
    assert many.words_ == few.words_
    assert (many.transform(texts) != few.transform(texts)).nnz == 0
    if analyzer != "char_wb":  # which counts a short word once, whole
        with pytest.raises(ValueError, match=r"vocabulary|min_count"):
            OneHotTokens(analyzer=analyzer, ngram_range=(10**11, 10**12)).fit(texts)


def test_a_fit_without_any_given_word_warns_of_few_documents_too():
    model = OneHotTokens(output="binary", vocabulary=["cat", "dog"])
    with pytest.warns(UserWarning, match="3 of 3 documents have no word that counts"):
        model.fit_transform(["sun", "moon", "star"])


@pytest.mark.parametrize(
    "read",
    [
        lambda model: model.transform(["cat"]),
        lambda model: model.inverse_transform([[1]]),
        lambda model: model.get_feature_names_out(),
    ],
)
def test_sequences_of_a_model_fitted_for_bags_are_refused(read):
    model = OneHotTokens(min_count=1, output="binary").fit(["cat dog"])
    with pytest.raises(ValueError, match="output was set after fit"):
        read(model.set_params(output="ids"))


def test_parameters_are_checked_by_transform_too():
    model = OneHotTokens(min_count=1).fit(["cat dog"]).set_params(output=None)
    with pytest.raises(ValueError, match="'output' parameter"):
        model.transform(["cat"])


def test_more_columns_than_memory_name_the_parameter():
    model = OneHotTokens(output="ids", max_length=2**40).fit(["a cat", "the dog"])
    with pytest.raises(MemoryError, match="max_length=1099511627776"):
        model.transform(["a cat"] * 4)


@pytest.mark.parametrize("dtype", ["nonsense", "U5", object])
def test_types_that_are_no_numbers_are_refused(dtype):
    with pytest.raises(ValueError, match=r"dtype=.* must be a type of numbers"):
        OneHotTokens(dtype=dtype, ngram_range=(2, 2)).fit(["a cat", "the dog"])
