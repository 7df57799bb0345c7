import pickle
import re
import sys
import threading
from unittest.mock import patch

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import KFold, train_test_split
from sklearn.utils.fixes import parse_version
from strategies import texts, token_documents

from sklearn_embed import (
    FastTextClassifier,
    FastTextVectorizer,
    GloVeVectorizer,
    MeanPoolEmbedder,
    OneHotTokens,
    TokenizedDocuments,
    Word2VecVectorizer,
)
from sklearn_embed._core import growing
from sklearn_embed._text import documents as documents_module
from sklearn_embed._text import encoding, scanner
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
        pl.DataFrame,
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
    n = len(documents)
    for part in (documents, documents[:1], documents[::-1], documents[: n - n // 3]):
        twin = pickle.loads(pickle.dumps(part))
        assert list(twin) == list(part)
        assert 9 * len(twin.ids) <= 10 * part.n_tokens
        if len(part.ids) > len(twin.ids):
            assert set(twin.table.tolist()) == {
                token for tokens in X for token in tokens
            } & {token for tokens in part for token in tokens}
        again = twin.compact()
        assert list(again) == list(part)
        assert len(again.ids) == again.n_tokens
    assert documents.__deepcopy__({}) is documents


def test_a_fold_teaches_the_same_in_another_process():
    rng = np.random.default_rng(0)
    X = TokenizedDocuments.from_documents(
        [[f"w{n}" for n in rng.geometric(0.1, 12)] for _ in range(60)]
    )
    y = rng.integers(0, 2, 60)
    train = rng.permutation(60)[:40]
    fold, labels = X[train], y[train]
    sent = pickle.loads(pickle.dumps(fold))
    assert len(sent.ids) == fold.n_tokens < len(X.ids)
    fixed = {"min_count": 1, "epochs": 2, "random_state": 0}
    for estimator in (
        OneHotTokens(),
        OneHotTokens("ids", ngram_range=(1, 2), stop_words=["w1"]),
        Word2VecVectorizer(4, **fixed),
        FastTextVectorizer(4, bucket=99, **fixed),
        GloVeVectorizer(4, **fixed),
        MeanPoolEmbedder({"w1": [1.0], "w2": [3.0]}, weights="idf", oov="mean"),
    ):
        one, two = (clone(estimator).fit(part) for part in (fold, sent))
        rows = [model.transform(X) for model in (one, two)]
        rows = [r.toarray() if hasattr(r, "toarray") else r for r in rows]
        assert_array_equal(*rows)
        assert getattr(one, "words_", 0) == getattr(two, "words_", 0)
    classifier = FastTextClassifier(4, word_ngrams=2, min_n=2, max_n=3, **fixed)
    one, two = (clone(classifier).fit(part, labels) for part in (fold, sent))
    assert_array_equal(one.predict_proba(X), two.predict_proba(X))


def test_a_fold_that_is_sent_twice_is_made_once():
    X = TokenizedDocuments.from_documents([f"w{n} w{n % 3}" for n in range(20)])
    fold = X[:10]
    assert fold.__reduce__()[1][0] is fold.__reduce__()[1][0]
    assert X.__reduce__()[1][0] is X.ids
    assert joblib.hash(fold) == joblib.hash(X[:10]) == joblib.hash(fold.compact())
    assert joblib.hash(fold) != joblib.hash(X[1:11])


def test_its_size_is_that_of_all_it_refers_to():
    X = TokenizedDocuments.from_documents([f"w{n} w{n % 3}" for n in range(999)])
    table = X.table.blob.nbytes + X.table.offsets.nbytes
    arrays = X.ids.nbytes + X.offsets.nbytes + table
    assert arrays <= sys.getsizeof(X) <= arrays + 1000
    fold = X[::2]
    least = X.ids.nbytes + 500 * 16 + table
    assert least <= sys.getsizeof(fold) <= least + 1000
    assert sys.getsizeof(X.table) >= table


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


def test_documents_far_apart_are_gathered_in_parts(monkeypatch):
    monkeypatch.setattr(encoding, "GATHERED", 10)
    documents = [["a"] * (n % 7) + [str(n)] for n in range(60)]
    X = TokenizedDocuments.from_documents(documents)
    expected = [X[i : i + 1].flat_ids() for i in range(59, 0, -2)]
    assert_array_equal(X[::-2].flat_ids(), np.concatenate(expected))


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
