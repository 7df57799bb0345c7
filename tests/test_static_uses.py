"""Static models in what is trained, evaluated and put together elsewhere."""

# SPDX-License-Identifier: BSD-3-Clause

import pickle

import numpy as np
import pandas as pd
import pytest
import static_models as static
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_embed import (
    FastTextClassifier,
    MeanPoolEmbedder,
    OneHotTokens,
    Pretrained,
    Word2VecVectorizer,
    text_pipeline,
)
from sklearn_embed.evaluation import evaluate_word_analogies, evaluate_word_pairs
from sklearn_embed.io import (
    VectorFile,
    as_word_vectors,
    read_vectors,
)
from sklearn_embed.io._sources import cuts_texts

SOURCE = static.source()


def test_words_are_the_means_of_their_pieces(tmp_path):
    folder = static.write(tmp_path, static.word_piece())
    words = ["cats", "the", "Mat", "xyzzy", ""]
    row = SOURCE.row_of
    cats = SOURCE.vectors[[row["cat"], row["##s"]]].mean(axis=0)
    for vectors in (
        read_vectors(folder, vocabulary=words),
        as_word_vectors(SOURCE, words),
    ):
        assert sorted(vectors.words) == ["Mat", "cats", "the"]
        assert vectors.tokenizer is None
        assert_allclose(vectors["cats"], cats, rtol=1e-6)
        assert_array_equal(vectors["the"], SOURCE["the"])
        assert_array_equal(vectors["Mat"], SOURCE["mat"])
    counted = read_vectors(folder, counts={"the": 3})
    assert counted.counts.sum() == 3 and counted.tokenizer is not None


@pytest.mark.parametrize("cls", [Word2VecVectorizer, FastTextClassifier])
def test_training_starts_from_words_made_of_pieces(tmp_path, cls):
    folder = static.write(tmp_path, static.word_piece())
    texts, y = ["cats sat", "the mats sat", "xyzzy cats"] * 4, [0, 1, 0] * 4
    words = as_word_vectors(SOURCE, ["cats", "sat", "the", "mats"])
    for source in (folder, str(folder), SOURCE):
        pretrained = Pretrained(source, trainable=False)
        model = cls(6, min_count=1, epochs=2, pretrained=pretrained, random_state=0)
        model.fit(texts, y)
        for word in words.words:
            assert_allclose(
                model.vectors_[model.vocabulary_[word]], words[word], rtol=1e-6
            )
        assert "xyzzy" in model.vocabulary_
    free = cls(6, min_count=1, epochs=1, pretrained=folder, random_state=0)
    assert np.isfinite(free.fit(texts, y).vectors_).all()


def test_the_tokenizer_cuts_texts_for_other_estimators():
    model = OneHotTokens(analyzer=SOURCE.tokenizer).fit(static.TEXTS)
    assert {"un", "##heard", "##s"} <= set(model.words_)
    # Tokens that are ready-made are taken as they are.
    assert OneHotTokens(analyzer=SOURCE.tokenizer).fit([["cats"]]).words_ == ["cats"]
    assert pickle.loads(pickle.dumps(SOURCE.tokenizer)) == SOURCE.tokenizer
    assert SOURCE.tokenizer != static.source(static.unigram).tokenizer
    assert SOURCE.tokenizer != "tokenizer"


def test_a_pipeline_lets_a_static_model_cut_for_itself(tmp_path):
    folder = static.write(tmp_path, static.word_piece())
    sources = [folder, str(folder), SOURCE, VectorFile(folder)]
    file = folder / "model.safetensors"
    sources.append(VectorFile(file, tokenizer=folder / "tokenizer.json"))
    others = [file, str(file), VectorFile(file), {"a": [1.0]}]
    assert [*map(cuts_texts, sources + others)] == [True] * 5 + [False] * 4
    texts, y = ["the cats sat", "dogs and mats"] * 6, [0, 1] * 6
    given = [folder, {"c": [1.0, 0.0], "d": [0.0, 1.0]}]
    model = text_pipeline(tokenizer="char", pretrained=given, random_state=0)
    assert model.fit(texts, y).score(texts, y) == 1
    blocks = dict(model["blocks"].transformer_list)
    assert blocks["pretrained1"].tokenizer is None
    assert blocks["pretrained2"].tokenizer == "char"


def test_words_are_compared_by_the_means_of_their_pieces():
    pairs = [("cats", "mat", 1.0), ("cat", "dog", 2.0), ("Unheard", "the", 3.0)]
    found = evaluate_word_pairs(SOURCE, pairs)
    words = as_word_vectors(SOURCE, [word for *pair, _ in pairs for word in pair])
    expected = evaluate_word_pairs(words, pairs)
    assert found["n_known"].tolist() == [3]
    pd.testing.assert_frame_equal(found, expected)
    with pytest.raises(ValueError, match=r"pieces of words.*vocabulary=words"):
        evaluate_word_analogies(SOURCE, [("a", "cat", "the", "dog")])


def test_functions_that_cut_are_those_of_the_model():
    model = MeanPoolEmbedder(SOURCE, stop_words=["the"])
    assert model.build_preprocessor()("The Cats") == "The Cats"
    assert model.build_tokenizer()("The Cats") == ["the", "cat", "##s"]
    assert model.build_analyzer()("The Cats") == ["cat", "##s"]
    model = MeanPoolEmbedder(Word2VecVectorizer(tokenizer="char", lowercase=False))
    assert model.build_analyzer()("The") == ["T", "h", "e"]
