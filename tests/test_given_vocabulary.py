"""Vocabularies given, bytes, functions built, and settings that play no part."""

# SPDX-License-Identifier: BSD-3-Clause

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer

from sklearn_embed import (
    FastTextVectorizer,
    OneHotTokens,
    TokenizedDocuments,
    Word2VecVectorizer,
)

TEXTS = ["The cat sat", "a dog; a cat", "Ein Hünd"]
WORDS = ["cat", "dog", "hünd"]


@pytest.mark.parametrize("as_words", [list, tuple, np.array, iter, dict.fromkeys])
def test_a_given_vocabulary_needs_no_fit(as_words):
    given = as_words(WORDS)
    if isinstance(given, dict):
        given = {word: place for place, word in enumerate(WORDS)}
    model = OneHotTokens(vocabulary=given)
    expected = CountVectorizer(vocabulary=WORDS).transform(TEXTS).toarray()
    assert_array_equal(model.transform(TEXTS).toarray(), expected)
    assert_array_equal(model.transform(TEXTS).toarray(), expected)
    assert model.get_feature_names_out().tolist() == WORDS
    assert model.inverse_transform(expected)[0].tolist() == ["cat"]
    twin = pickle.loads(pickle.dumps(OneHotTokens(vocabulary=WORDS)))
    assert_array_equal(twin.get_feature_names_out(), WORDS)
    assert_array_equal(twin.transform(TEXTS).toarray(), expected)


def test_a_file_of_words_is_a_vocabulary(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("cat\ndog\n\nhünd\n", "utf-8")
    assert OneHotTokens(vocabulary=path).fit(TEXTS).words_ == WORDS
    model = Word2VecVectorizer(2, min_count=1, epochs=1, sample=0, vocabulary=path)
    assert set(model.fit([" ".join(TEXTS)] * 2).words_) == set(WORDS)
    with pytest.raises(ValueError, match="pathlib"):
        OneHotTokens(vocabulary=str(path)).fit(TEXTS)


def test_an_iterator_serves_once():
    model = OneHotTokens(vocabulary=(word for word in WORDS)).fit(TEXTS)
    assert model.words_ == WORDS
    with pytest.raises(ValueError, match="an iterator that is used up"):
        model.fit(TEXTS)


def test_what_needs_a_fit_says_so():
    with pytest.raises(NotFittedError, match="max_length"):
        OneHotTokens("ids", vocabulary=WORDS).transform(TEXTS)
    rows = OneHotTokens("ids", vocabulary=WORDS, max_length=2).transform(TEXTS)
    assert_array_equal(rows, [[1, 2], [3, 2], [1, 4]])
    for model in (OneHotTokens(), Word2VecVectorizer(vocabulary=WORDS)):
        with pytest.raises(NotFittedError):
            model.transform(TEXTS)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16"])
@pytest.mark.parametrize("analyzer", ["word", "char"])
def test_bytes_are_documents_in_their_encoding(encoding, analyzer):
    raw = [text.encode(encoding) for text in TEXTS]
    params = {"encoding": encoding, "analyzer": analyzer}
    model = OneHotTokens(**params).fit(raw)
    expected = model.fit_transform(TEXTS).toarray()
    assert_array_equal(model.transform(raw).toarray(), expected)
    mixed = [raw[0], TEXTS[1], bytearray(raw[2])]
    assert_array_equal(model.transform(mixed).toarray(), expected)
    documents = TokenizedDocuments.from_documents(raw, **params)
    assert list(documents) == [*map(model.build_analyzer(), TEXTS)]
    assert [*map(model.build_analyzer(), raw)] == list(documents)


def test_bytes_of_another_encoding_are_told_with_their_document():
    raw = [b"cat", "hünd".encode("latin-1")]
    with pytest.raises(UnicodeDecodeError, match="in document 1: set encoding"):
        OneHotTokens(encoding="utf-8").fit(raw)
    assert OneHotTokens(encoding="utf-8", decode_error="ignore").fit(raw).words_ == [
        "cat",
        "hnd",
    ]
    with pytest.raises(ValueError, match="encoding='klingon' is no encoding"):
        OneHotTokens(encoding="klingon").fit(raw)
    with pytest.raises(ValueError, match="encoding='hex'"):
        TokenizedDocuments.from_documents(raw, encoding="hex")


@pytest.mark.parametrize("step", ["preprocessor", "tokenizer", "analyzer"])
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"lowercase": False},
        {"strip_accents": "unicode"},
        {"analyzer": "char_wb", "ngram_range": (2, 3)},
        {"stop_words": ["cat", "sat"], "ngram_range": (1, 2)},
        {"preprocessor": str.upper, "tokenizer": str.split},
    ],
    ids=str,
)
def test_functions_built_do_what_count_vectorizers_do(step, params):
    build = f"build_{step}"
    ours = pickle.loads(pickle.dumps(getattr(OneHotTokens(**params), build)()))
    token_pattern = None if "tokenizer" in params else r"(?u)\b\w\w+\b"
    theirs = getattr(CountVectorizer(token_pattern=token_pattern, **params), build)()
    for text in TEXTS:
        assert ours(text) == theirs(text)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"tokenizer": str.split, "token_pattern": r"\w+"},
            "token_pattern .*tok",
        ),
        ({"analyzer": "char", "tokenizer": str.split}, "tokenizer .* analyzer='char'"),
        ({"analyzer": "char", "stop_words": ["a"]}, "stop_words .* analyzer='char'"),
        (
            {"analyzer": str.split, "preprocessor": str.lower},
            "preprocessor .*ana",
        ),
        ({"analyzer": str.split, "ngram_range": (1, 2)}, "ngram_range .* analyzer"),
        (
            {"preprocessor": str.lower, "strip_accents": "ascii"},
            "strip_accents .*pre",
        ),
        ({"stop_words": ["you've", "cat"]}, r"stop_words are cut into \['ve', 'you'\]"),
        ({"stop_words": ["The"]}, r"stop_words are cut into \['the'\]"),
        ({"vocabulary": ["Cat", "dog"]}, "1 of 2 words of vocabulary, such as 'Cat'"),
    ],
)
@pytest.mark.filterwarnings("ignore:.* documents have no word that counts")
def test_settings_that_play_no_part_are_told(params, message):
    with pytest.warns(UserWarning, match=message):
        OneHotTokens(**params).fit(TEXTS)


def test_bytes_without_an_encoding_are_refused():
    for estimator in (OneHotTokens(), Word2VecVectorizer()):
        with pytest.raises(TypeError, match="Document 0 is bytes"):
            estimator.fit([b"cat"])
    with pytest.raises(TypeError, match=r"'bytes'|bytes-like"):
        OneHotTokens().build_analyzer()(b"cat")


def test_a_pattern_that_is_none_is_named():
    with pytest.raises(ValueError, match=r"token_pattern '\(' is no regular"):
        OneHotTokens(token_pattern="(").fit(TEXTS)


def test_settings_of_strings_do_not_matter_for_tokens():
    model = OneHotTokens(vocabulary=["New York"], stop_words=["The"])
    assert model.fit_transform([["New York", "x"]]).toarray() == [[1]]
    FastTextVectorizer(2, bucket=9, epochs=1, min_count=1, stop_words=["The"]).fit(
        [["The", "cat", "sat"]] * 5
    )


def test_a_preprocessor_for_other_strings_than_words_is_not_asked_for_stop_words():
    model = OneHotTokens(preprocessor=lambda t: t.split(":")[1], stop_words=["cat"])
    assert model.fit(["1:cat dog"]).words_ == ["dog"]
