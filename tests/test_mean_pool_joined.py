"""Rows that join others: labels, further texts, a common centre and scale."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest
import reference_pooling
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import mutual_info_score
from sklearn.utils import get_tags

from sklearn_embed import FastTextClassifier, MeanPoolEmbedder, Word2VecVectorizer
from sklearn_embed._vectors import shift
from sklearn_embed._vectors.word_vectors import WordVectors

RNG = np.random.default_rng(0)
WORDS = [f"w{n}" for n in range(30)]
SOURCE = WordVectors(WORDS, RNG.normal(size=(30, 5)).astype(np.float32) + 1)
TEXTS = [
    [WORDS[n] for n in RNG.geometric(0.1, RNG.integers(1, 12)).clip(max=29)]
    for _ in range(60)
]
LABELS = ["abc"[(WORDS[3] in t) + (WORDS[7] in t)] for t in TEXTS]
MORE = [[WORDS[28], WORDS[29]], [WORDS[29]], []] * 7
FAST = {"min_count": 1, "epochs": 2, "sample": 0, "random_state": 0}


def test_words_weigh_what_they_tell_about_the_labels():
    model = MeanPoolEmbedder(SOURCE, weights="mutual_info").fit(TEXTS, LABELS)
    expected = reference_pooling.mutual_info_weights(TEXTS, WORDS, LABELS)
    assert_allclose(model.weights_, expected, rtol=1e-5)
    assert set(np.argsort(model.weights_)[-2:]) == {3, 7}
    # Without the bias, this is what scikit-learn calls mutual information.
    has = [WORDS[3] in text for text in TEXTS]
    least = mutual_info_score(has, LABELS) - 2 / (2 * len(TEXTS))
    most = mutual_info_score([WORDS[7] in t for t in TEXTS], LABELS) - 1 / len(TEXTS)
    ratio = (model.weights_[3] - 0.1) / (model.weights_[7] - 0.1)
    assert_allclose(ratio, np.sqrt(least / most), rtol=1e-5)
    never = model.set_params(oov="mean", pooling="sum").fit(TEXTS, LABELS)
    rows = never.transform([["unheard"]])
    assert_allclose(rows[0], 0.1 * SOURCE.vectors.mean(axis=0), rtol=1e-5)


def test_several_labels_count_as_several_documents():
    y = np.array([["a" in t or "b" in t, "c" in t or "b" in t] for t in LABELS], int)
    y[:5] = 0  # no label at all: these do not count
    model = MeanPoolEmbedder(SOURCE, weights="mutual_info").fit(TEXTS, y)
    pairs = [(t, c) for t, row in zip(TEXTS, y, strict=True) for c in (0, 1) if row[c]]
    expected = reference_pooling.mutual_info_weights(
        [text for text, _ in pairs], WORDS, [label for _, label in pairs]
    )
    assert_allclose(model.weights_, expected, rtol=1e-5)
    none = MeanPoolEmbedder(SOURCE, weights="mutual_info").fit(TEXTS, 0 * y)
    assert_array_equal(none.weights_, np.float32(0.1))


def test_weights_from_labels_need_labels():
    model = MeanPoolEmbedder(SOURCE, weights="mutual_info")
    assert get_tags(model).target_tags.required
    assert not get_tags(clone(model).set_params(weights="idf")).target_tags.required
    for y, message in (
        (None, "requires y to be passed"),
        (LABELS[1:], "inconsistent numbers of samples"),
        (["a"] * len(TEXTS), "at least two are needed"),
        (RNG.normal(size=len(TEXTS)), "Unknown label type"),
    ):
        with pytest.raises(ValueError, match=message):
            model.fit(TEXTS, y)
    assert not hasattr(model, "weights_")


@pytest.mark.parametrize("given", ["parameter", "argument"])
def test_frequencies_are_those_of_all_texts(given):
    def fit(weights, **more):
        model = MeanPoolEmbedder(SOURCE, weights=weights, **more)
        if given == "argument":
            return model.fit(TEXTS, unlabeled=MORE)
        return model.set_params(unlabeled=MORE).fit(TEXTS)

    peer = TfidfVectorizer(vocabulary=WORDS, analyzer=lambda text: text)
    assert_allclose(fit("idf").weights_, peer.fit(TEXTS + MORE).idf_, rtol=1e-6)
    for weights in ("sif", "usif"):
        whole = MeanPoolEmbedder(SOURCE, weights=weights).fit(TEXTS + MORE)
        assert_array_equal(fit(weights).weights_, whole.weights_)
    how = {"n_components_removed": 2, "center": True, "scale": 0.5}
    whole, found = MeanPoolEmbedder(SOURCE, **how).fit(TEXTS + MORE), fit(None, **how)
    assert_allclose(found.components_, whole.components_, atol=1e-6)
    assert_allclose(found.mean_, whole.mean_, atol=1e-6)
    assert_allclose(found.factor_, whole.factor_, rtol=1e-6)
    longest = MeanPoolEmbedder(SOURCE, pooling="concat")
    assert longest.fit([["w1"]], unlabeled=[["w1", "w2", "w3"]]).max_length_ == 3


def test_an_embedding_learns_from_further_texts_unless_it_has_its_own():
    inner = Word2VecVectorizer(3, **FAST)
    model = MeanPoolEmbedder(inner, unlabeled=MORE).fit(TEXTS)
    expected = clone(inner).set_params(unlabeled=MORE).fit(TEXTS)
    assert_array_equal(model.vectors_, expected.vectors_)
    own = clone(inner).set_params(unlabeled=[["w0", "own"]])
    assert "own" in MeanPoolEmbedder(own, unlabeled=MORE).fit(TEXTS).embedding_.words_
    other = FastTextClassifier(3, min_count=1, epochs=1, random_state=0)
    rows = MeanPoolEmbedder(other, unlabeled=MORE).fit(TEXTS, LABELS)
    assert_array_equal(rows.vectors_, clone(other).fit(TEXTS, LABELS).vectors_)


def test_further_texts_are_shared_and_not_used_up():
    model = MeanPoolEmbedder(SOURCE, weights="idf", unlabeled=MORE)
    assert clone(model).unlabeled is MORE
    with pytest.raises(ValueError, match="unlabeled is an iterator"):
        model.set_params(unlabeled=iter(MORE)).fit(TEXTS)
    with pytest.raises(TypeError, match="Document 0 is of type int"):
        model.set_params(unlabeled=[3]).fit(TEXTS)


@pytest.mark.parametrize("normalize", [False, True])
def test_rows_have_a_common_centre_and_scale(normalize, monkeypatch):
    texts = [*TEXTS, [], ["unheard"]]
    plain = MeanPoolEmbedder(SOURCE, normalize=normalize)
    expected = reference_pooling.joined_rows(plain.fit_transform(texts), 0.3)
    joined = clone(plain).set_params(center=True, scale=0.3).fit(texts)
    rows = joined.transform(texts)
    assert_allclose(rows, expected, rtol=1e-4, atol=1e-6)
    assert rows.dtype == np.float32
    assert_array_equal(rows[-2:], 0)
    assert_array_equal(joined.transform(texts[5:6])[0], rows[5])
    monkeypatch.setattr(shift, "ROWS", 7)
    assert_array_equal(joined.transform(texts), rows)
    joined.set_params(empty="nan")
    assert_array_equal(np.isnan(joined.transform(texts)).all(axis=1)[-3:], [0, 1, 1])
    centred = clone(plain).set_params(center=True).fit(texts)
    assert centred.factor_ == 1
    assert_allclose(centred.transform(TEXTS).mean(axis=0), 0, atol=1e-6)
    scaled = clone(plain).set_params(scale=2).fit_transform(TEXTS)
    assert_allclose(np.mean(np.sum(scaled**2.0, axis=1)), 4, rtol=1e-5)


def test_centred_rows_that_are_all_alike_are_zeros_and_said_to_be():
    model = MeanPoolEmbedder({"cat": [0.3, 0.7]}, center=True, scale=1.0)
    with pytest.warns(UserWarning, match="All documents of fit have the same row"):
        model.fit(["cat", "cat cat", ""])
    assert_allclose(model.transform(["cat"]), 0, atol=1e-6)
    assert model.factor_ == 1


def test_the_smoothing_of_sif_follows_from_what_was_counted():
    few = MeanPoolEmbedder(SOURCE, weights="sif").fit(TEXTS)
    n_tokens = sum(map(len, TEXTS))
    assert few.smoothing_ == 2000 / n_tokens
    counts = np.full(30, 100_000)
    many = WordVectors(WORDS, SOURCE.vectors, counts=counts)
    assert MeanPoolEmbedder(many, weights="sif").fit(TEXTS).smoothing_ == 1e-3
    assert not hasattr(few.set_params(weights="idf").fit(TEXTS), "smoothing_")
    for wrong in (0, np.inf, "few"):
        with pytest.raises(ValueError, match="'smoothing' parameter"):
            few.set_params(smoothing=wrong).fit(TEXTS)


def test_joined_rows_are_saved(tmp_path):
    model = MeanPoolEmbedder(SOURCE, weights="mutual_info", center=True, scale=0.3)
    model.fit(TEXTS, LABELS).save(tmp_path / "model")
    again = MeanPoolEmbedder.load(tmp_path / "model")
    assert_array_equal(again.transform(TEXTS), model.transform(TEXTS))
    for name, wrong in (("mean_", np.zeros(4, np.float32)), ("factor_", np.inf)):
        broken = MeanPoolEmbedder.load(tmp_path / "model")
        setattr(broken, name, wrong)
        broken.save(tmp_path / "broken")
        with pytest.raises(ValueError, match=name):
            MeanPoolEmbedder.load(tmp_path / "broken")


def test_vectors_that_cover_few_words_are_told():
    texts = ["cat cats dogs dogs birds birds"] * 300
    with pytest.warns(
        UserWarning, match=r"Only 300 of the 1800 words.*\(17%\)"
    ) as told:
        MeanPoolEmbedder({"cat": [1.0], "Dogs": [2.0]}).fit(texts)
    message = str(told[0].message)
    assert "'Dogs' has" in message and "pretrained=" in message
