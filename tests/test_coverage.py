"""Nothing is zeros in silence: texts and vectors that do not know each other."""

# SPDX-License-Identifier: BSD-3-Clause

import warnings

import numpy as np
import pyarrow as pa
import pytest
import stopwordsiso

from sklearn_embed import (
    CooccurrenceCounts,
    FastTextClassifier,
    FastTextVectorizer,
    GloVeVectorizer,
    MeanPoolEmbedder,
    OneHotTokens,
    TokenizedDocuments,
    Word2VecVectorizer,
)
from sklearn_embed._text.scripts import SCRIPTS, scripts_of

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


JAPANESE = ["この映画はとても面白かったです", "今日の天気はとても良いですね"] * 8
KHMER = ["ខ្ញុំចូលចិត្តមើលកុនណាស់", "ថ្ងៃនេះអាកាសធាតុល្អ"] * 50
LAO = ["ຂ້ອຍມັກເບິ່ງຮູບເງົາຫຼາຍ", "ມື້ນີ້ອາກາດດີຫຼາຍ"] * 8
BURMESE = ["ဒီနေ့ရာသီဥတုကောင်းတယ်", "ကျွန်တော်ရုပ်ရှင်ကြည့်ရတာကြိုက်တယ်"] * 50


@pytest.mark.parametrize(
    ("texts", "remedy"),
    [
        pytest.param(CHINESE, "jieba.lcut for Chinese", id="Chinese"),
        pytest.param(JAPANESE, "SudachiPy for Japanese", id="Japanese"),
        pytest.param(["ﾃﾞｰﾀｦﾖﾐﾏｽ"] * 16, "for Japanese", id="half-width"),
        pytest.param(THAI, "pythainlp.word_tokenize for Thai", id="Thai"),
        pytest.param(KHMER, "of this language", id="Khmer"),
        pytest.param(LAO, "of this language", id="Lao"),
        pytest.param(BURMESE, "of this language", id="Burmese"),
        pytest.param(["𠀀𠀁𠀂𠀃𠀄"] * 30, "jieba", id="beyond-16-bits"),
        pytest.param([f"{CHINESE[0]} a film"] * 16, "jieba", id="mixed"),
    ],
)
def test_texts_without_blanks_meet_the_pattern_with_a_warning(texts, remedy):
    with pytest.warns(UserWarning, match=rf"tokenizer='char'.*{remedy}") as caught:
        OneHotTokens().fit(texts)
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="without blanks") as caught:
        TokenizedDocuments.from_documents(texts)
    assert caught[0].filename == __file__
    for params in (
        {"tokenizer": "char"},
        {"tokenizer": list},
        {"analyzer": "char"},
        {"token_pattern": "."},
    ):
        TokenizedDocuments.from_documents(texts, **params)


@pytest.mark.parametrize(
    "fit",
    [
        lambda X: TokenizedDocuments.from_documents(X, max_vocab_size=100),
        lambda X: TokenizedDocuments.from_documents(iter(X)),
        CooccurrenceCounts.from_documents,
        Word2VecVectorizer(2, min_count=1, **TINY).fit,
        Word2VecVectorizer(2, min_count=1, **TINY).partial_fit,
        lambda X: FastTextClassifier(2, **TINY).fit(X, [0, 1, 0] * 8),
        MeanPoolEmbedder(Word2VecVectorizer(2, min_count=1, **TINY)).fit,
        MeanPoolEmbedder({"电影": [1.0]}, oov="zero").fit,
    ],
)
def test_every_door_says_so_once(fit):
    with pytest.warns(UserWarning) as caught:
        fit(CHINESE)
    assert sum("without blanks" in str(warning.message) for warning in caught) == 1


def test_unlabeled_texts_without_blanks_are_found_beside_others():
    model = Word2VecVectorizer(2, min_count=1, unlabeled=CHINESE, **TINY)
    with pytest.warns(UserWarning, match="without blanks"):
        model.fit(TEXTS)


def test_other_texts_are_no_such_script():
    mixed = [f"{text} {' '.join(CHINESE[:1])}" for text in TEXTS * 2]
    for texts in (
        ["Привет мир"] * 50,
        ["한국어 문장 입니다"] * 50,  # Korean has blanks
        ["हिन्दी में लिखा हुआ वाक्य"] * 50,
        mixed,
        [],
        ["日本"],
    ):
        TokenizedDocuments.from_documents(texts)
    tokens = [list(text) for text in CHINESE]
    OneHotTokens().fit(tokens)


def test_characters_are_told_apart_by_their_script():
    text = "aé\u0e01한\u3042字\U00020000\uff71\ufffd\ud800\U0010ffff"
    assert scripts_of(text).tolist() == [-1, -1, 2, -1, 0, 1, 1, 0, -1, -1, -1]
    assert len(scripts_of("")) == 0
    for number, script in enumerate(SCRIPTS):
        for first, last in script.ranges:
            ends = chr(first) + chr(last)
            assert scripts_of(ends).tolist() == [number, number]


@pytest.mark.parametrize("language", ["ru", "zh"])
def test_lists_of_stop_words_come_from_a_package(language):
    words = stopwordsiso.stopwords(language)
    if language == "ru":
        texts = ["Это был очень смешной фильм", "И это не фильм"] * 8
        whole = [word for word in words if word.isalpha()]
        model = OneHotTokens(stop_words=whole).fit(texts)
        assert {"фильм", "смешной"} == set(model.words_)
        return
    single = [word for word in words if len(word) == 1]
    model = OneHotTokens(tokenizer="char", stop_words=single).fit(CHINESE)
    assert "的" in words and "的" not in model.words_ and "电" in model.words_


def test_a_language_without_a_list_is_told_where_there_are_some():
    with pytest.raises(ValueError, match=r"'english'.*stopwordsiso.*'russian'"):
        OneHotTokens(stop_words="russian").fit(TEXTS)
    with pytest.raises(ValueError, match=r"'russian'.*stopwordsiso"):
        CooccurrenceCounts.from_documents(TEXTS, stop_words="russian")


def test_rows_asked_to_be_nan_are_no_news():
    model = MeanPoolEmbedder({"cat": [1.0]}, empty="nan").fit(TEXTS + ["cat"] * 24)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(model.transform(["ü"] * 30)).all()
