"""Nothing is zeros in silence: texts and vectors that do not know each other."""

# SPDX-License-Identifier: BSD-3-Clause

import warnings

import numpy as np
import pyarrow as pa
import pytest

from sklearn_embed import (
    FastTextClassifier,
    FastTextVectorizer,
    GloVeVectorizer,
    MeanPoolEmbedder,
    OneHotTokens,
    TokenizedDocuments,
    Word2VecVectorizer,
)

TINY = {"epochs": 1, "random_state": 0}
TEXTS = ["the cat sat", "the dog sat down", "a cat and a dog"] * 8
CHINESE = ["这部电影真的非常好看", "我不喜欢这家餐厅的菜", "今天的天气很不错"] * 8
THAI = ["ภาพยนตร์เรื่องนี้สนุกมาก", "วันนี้อากาศดีมากเลย"] * 8


@pytest.mark.parametrize(
    ("text", "word", "params", "help_"),
    [
        ("cat", "/c/en/cat", {}, "without prefixes"),
        ("дом", "дом_NOUN", {}, "without prefixes, tags"),
        ("Paris", "Paris", {}, "spell them alike, e.g. by lowercase=False"),
        ("PARIS", "paris", {"lowercase": False}, "spell them alike"),
        ("New York", "New_York", {}, "underscores"),
        ("cat", "chat", {}, "check that both are of one language"),
    ],
)
def test_words_without_vectors_are_told_with_what_may_help(text, word, params, help_):
    with pytest.warns(UserWarning, match=r"1 of 1 documents.*\(0%\)") as caught:
        model = MeanPoolEmbedder({word: [1.0, 2.0]}, **params).fit([text])
    message = str(caught[0].message)
    assert help_ in message
    assert repr(word) in message
    assert not model.transform([text]).any()


def test_pretrained_vectors_are_compared_as_well():
    given = {"/c/en/cat": [1, 2]}
    model = Word2VecVectorizer(2, min_count=1, sample=0, pretrained=given, **TINY)
    with pytest.warns(UserWarning, match=r"None of 6 words.*'/c/en/cat'.*without pref"):
        model.fit(TEXTS)


@pytest.mark.parametrize("cls", [Word2VecVectorizer, GloVeVectorizer])
def test_a_fit_with_mostly_empty_rows_says_so(cls):
    model = cls(2, min_count=4, **TINY)
    if cls is Word2VecVectorizer:
        model.set_params(sample=0)
    with pytest.warns(UserWarning, match=r"3 of 4 documents have no word.*min_count"):
        model.fit(["aa bb aa bb aa bb aa bb", "cc dd", "ee", ""])
    with pytest.warns(UserWarning, match="3 of 5 documents have no word"):
        model.set_params(min_count=1).fit(["aa bb", "bb aa", "", "", ""])


def test_a_classifier_says_so_unless_ngrams_tell_its_texts_apart():
    X, y = ["aa aa aa aa", "bb cc", "dd"], [0, 1, 0]
    with pytest.warns(UserWarning, match="2 of 3 documents have no word"):
        FastTextClassifier(2, min_count=3, **TINY).fit(X, y)


@pytest.mark.parametrize(
    "model",
    [
        Word2VecVectorizer(2, min_count=1, sample=0, **TINY),
        FastTextVectorizer(2, min_count=1, bucket=50, sample=0, **TINY),
        MeanPoolEmbedder({"cat": [0.0, 1.0], "dog": [0.0, 2.0], "sat": [0.0, 1.0]}),
        OneHotTokens(),
    ],
    ids=lambda m: type(m).__name__,
)
def test_a_transform_of_strangers_warns_and_one_of_friends_does_not(model):
    model.fit(TEXTS)
    assert model.transform(TEXTS).shape[0] == 24
    strangers = ["ü", *[""] * 10, *["ö"] * 10]
    with pytest.warns(UserWarning, match="21 of 21 documents have no known word"):
        model.transform(strangers)
    model.transform([*strangers[:18], "cat"])  # too few to tell
    model.transform([*TEXTS[:11], *[""] * 10])


@pytest.mark.parametrize(
    "as_given",
    [
        list,
        np.array,
        iter,
        TokenizedDocuments.from_documents,
        lambda texts: [text.split() for text in texts],
        lambda texts: np.array(texts)[:, None],
        pa.array,
    ],
)
@pytest.mark.parametrize(
    "model", [MeanPoolEmbedder({"cat": [1.0]}), OneHotTokens(vocabulary=["cat"])]
)
def test_a_transform_of_three_strangers_warns_and_one_of_two_does_not(model, as_given):
    model.fit(["cat"])
    with pytest.warns(UserWarning, match="3 of 3 documents have no known word"):
        model.transform(as_given(["Привет, мир", "как дела", "до свидания"]))
    model.transform(as_given(["Привет", "мир"]))  # as a service is asked
    model.transform(as_given(["Привет", "мир", "cat"]))


def test_empty_documents_are_no_strangers():
    model = MeanPoolEmbedder({"cat": [1.0]}).fit(["cat"])
    model.transform(["", " ", "ö", "ü", ""])
    model.transform([[], ["ö"], ["ü"]])
    with pytest.warns(UserWarning, match="5 of 5 documents have no known word"):
        model.transform(["", " ", "ö", "ü", "ä"])


def test_counts_of_mostly_unknown_documents_are_told_in_fit():
    with pytest.warns(UserWarning, match=r"24 of 25 documents have no word.*'the'"):
        OneHotTokens(vocabulary=["bird"]).fit([*TEXTS, "bird"])
    with pytest.warns(UserWarning, match=r"2 of 3 documents.*The others are empty"):
        OneHotTokens().fit(["bird", "", ""])


@pytest.mark.parametrize("texts", [CHINESE, THAI], ids=["Chinese", "Thai"])
def test_texts_without_blanks_meet_the_pattern_with_a_warning(texts):
    with pytest.warns(UserWarning, match=r"tokenizer='char'.*jieba"):
        OneHotTokens().fit(texts)
    with pytest.warns(UserWarning, match="without blanks"):
        TokenizedDocuments.from_documents(texts)
    for params in (
        {"tokenizer": "char"},
        {"tokenizer": list},
        {"analyzer": "char"},
        {"token_pattern": "."},
    ):
        TokenizedDocuments.from_documents(texts, **params)


def test_other_texts_are_no_such_script():
    mixed = [f"{text} {' '.join(CHINESE[:1])}" for text in TEXTS * 2]
    for texts in (
        ["Привет мир"] * 50,
        ["한국어 문장 입니다"] * 50,
        mixed,
        [],
        ["日本"],
    ):
        TokenizedDocuments.from_documents(texts)
    tokens = [list(text) for text in CHINESE]
    OneHotTokens().fit(tokens)


def test_rows_asked_to_be_nan_are_no_news():
    model = MeanPoolEmbedder({"cat": [1.0]}, empty="nan").fit(TEXTS + ["cat"] * 24)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(model.transform(["ü"] * 30)).all()
