import threading

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import sklearn
from hypothesis import given, settings
from numpy.testing import assert_array_equal
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.utils.fixes import parse_version
from strategies import texts

from sklearn_embed import (
    MeanPoolEmbedder,
    OneHotTokens,
    TokenizedDocuments,
)
from sklearn_embed._core import growing
from sklearn_embed._text import documents as documents_module
from sklearn_embed._text import scanner

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


@pytest.mark.parametrize(
    "name", ["preprocessor", "strip_accents", "tokenizer", "token_pattern", "analyzer"]
)
@pytest.mark.parametrize("value", [5, ["a"], "words"])
def test_what_is_no_function_is_refused_by_name(name, value):
    if (name, value) != ("token_pattern", "words"):
        with pytest.raises(ValueError, match=name):
            tokens_of(TEXTS, **{name: value})


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


class Labelled:
    """An array as xarray has them: not NumPy's, and its elements are such arrays."""

    def __init__(self, array):
        self._array = np.asarray(array, object)
        self.shape, self.ndim = self._array.shape, self._array.ndim
        self.dtype = self._array.dtype

    def __array__(self, dtype=None, copy=None):
        return self._array

    def __iter__(self):
        return map(Labelled, self._array)

    def __len__(self):
        return len(self._array)


COLUMNS = {
    "arrow": pa.array,
    "arrow, by position": lambda X: pa.array(X).take(pa.array(range(len(X)))),
    "arrow, chunked": lambda X: pa.chunked_array([X[:2], X[2:]]),
    "arrow, one by one": lambda X: iter(pa.array(X)),
    "arrow, table": lambda X: pa.table({"text": X}),
    "arrow, batch": lambda X: pa.RecordBatch.from_pydict({"text": X}),
    "polars": pl.Series,
    "polars, table": lambda X: pl.DataFrame({"text": X}),
    "labelled": Labelled,
}


@pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS)
@pytest.mark.parametrize("X", [TEXTS, [["The", "cat!"], [], ["a"]]], ids=["", "t"])
def test_columns_of_other_libraries_are_documents(column, X):
    if column is Labelled:
        X = np.array([*X, None], object)[:-1]
    assert tokens_of(column(X)) == tokens_of(list(X))


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(
            pl.DataFrame,
            marks=pytest.mark.skipif(
                parse_version(sklearn.__version__) < parse_version("1.9")
                and not hasattr(pl.DataFrame, "__dataframe__"),
                reason="this scikit-learn takes no columns of this polars' tables",
            ),
        ),
        pd.DataFrame,
        pytest.param(
            pa.table,
            marks=pytest.mark.skipif(
                parse_version(sklearn.__version__) < parse_version("1.9"),
                reason="this scikit-learn takes no columns of Arrow's tables",
            ),
        ),
    ],
)
@pytest.mark.parametrize("columns", ["text", ["text"]])
def test_a_column_transformer_may_take_any_table(table, columns):
    X = table({"text": TEXTS, "n": [1, 2, 3, 4, 5]})
    rows = ColumnTransformer([("t", OneHotTokens(), columns)]).fit_transform(X)
    assert (rows != OneHotTokens().fit_transform(TEXTS)).nnz == 0


def test_texts_in_lists_of_their_own_are_warned_of():
    for X in ([["the cat"], ["a dog"]], [["the cat"]] * 2000):
        with pytest.warns(UserWarning, match=r"X is a list of one string, like \['"):
            assert tokens_of(X)[0] == ["the cat"]
    for X in ([["the cat"], ["dog"]], [["the cat"], []], [["the cat"], "dog"], []):
        tokens_of(X)  # a warning would be an error
    with pytest.warns(UserWarning, match="one ready-made token"):
        OneHotTokens().fit([["the cat"], ["a dog"]])


class Token:
    """What tokenizers of other libraries return."""

    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return f"Token({self.text})"


@pytest.mark.parametrize(
    ("tokenizer", "message"),
    [
        (
            lambda text: [*map(Token, text.split())],
            r"token of type Token \(Token\(a",
        ),
        (lambda text: (Token(word) for word in text.split()), "token of type Token"),
        (lambda text: [text.split()] if text else [], r"token of type list \(\['a'"),
        (lambda text: [None] if text else [], "token of type NoneType"),
        (lambda text: text or [], r"a value of type str \('a b'\)"),
        (lambda text: None if text else [], "a value of type NoneType"),
    ],
)
def test_a_tokenizer_that_returns_no_strings_is_named(tokenizer, message):
    X = [*[""] * 700, ["ready", "made"], "", "a b"]
    message = f"tokenizer <lambda> returned {'a ' * (message[0] == 't')}{message}"
    with pytest.raises(TypeError, match=f"{message}.* for document 702"):
        TokenizedDocuments.from_documents(X, tokenizer=tokenizer)
    embedder = MeanPoolEmbedder({"a": [1.0]}, tokenizer=str.split).fit(["a"])
    embedder._lookup.options = embedder._lookup.options._replace(tokenizer=tokenizer)
    with pytest.raises(TypeError, match=f"{message}.* for document 702"):
        embedder.transform(X)


def test_errors_of_a_tokenizer_itself_come_through():
    def tokenizer(text):
        yield "a"
        raise TypeError("my own")

    with pytest.raises(TypeError, match="my own"):
        TokenizedDocuments.from_documents(["a"], tokenizer=tokenizer)


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


class Wrong:
    """Neither a string nor a sequence."""

    def __init__(self, text=""):
        self._text = text

    def __repr__(self):
        return self._text


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
        (pa.array(["a", None]), TypeError, "Document 1 is missing"),
        (pa.array([1]), TypeError, "Document 0 is of type int"),
        (pa.table({"a": ["x"], "b": ["y"]}), ValueError, "one column"),
        (["a", Wrong("\x1b\n" + "x" * 99)], TypeError, r"\(\\x1b\\nx{38}…\)"),
    ],
    ids=str,
)
def test_what_is_no_document_is_refused_by_position(X, error, message):
    with pytest.raises(error, match=message):
        TokenizedDocuments.from_documents(X)


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
