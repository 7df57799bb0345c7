"""FastTextClassifier and the files of fastText: what is written, read, and said."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from topics import (
    LONGER,
    MEANS,
    NAMES,
    SEVERAL,
    TEXTS,
    Y,
    every_loss,
)

from sklearn_embed import (
    FastTextClassifier,
)
from sklearn_embed.io import fasttext


@every_loss
@pytest.mark.parametrize(
    "ngrams",
    [{}, {"word_ngrams": 3, "min_n": 2, "max_n": 4, "bucket": 500}],
    ids=["words", "n-grams"],
)
def test_facebooks_files_hold_the_same_model(loss, ngrams, tmp_path):
    path = tmp_path / "model.bin"
    ngrams = {"bucket": 1000} | ngrams
    model = FastTextClassifier(**MEANS | ngrams, loss=loss).fit(TEXTS, NAMES)
    fasttext.write_model(model.to_fasttext(), path)
    back = FastTextClassifier.from_fasttext(path)
    assert_array_equal(back.classes_, model.classes_)
    assert set(back.words_) == set(model.words_)
    texts = [*TEXTS, "moonlight king"]
    assert_allclose(back.predict_proba(texts), model.predict_proba(texts), atol=1e-6)
    there = fasttext.read_model(path)
    assert there.words[-1] == "</s>"
    assert there.labels[0] == "__label__" + str(
        model.classes_[model.label_counts_.argmax()]
    )
    back.partial_fit(TEXTS, NAMES)
    assert back.score(TEXTS, NAMES) == 1


def test_several_labels_stay_several_in_facebooks_files(tmp_path):
    several = np.pad(SEVERAL, ((0, 0), (0, 9)))
    several[::7, 3:] = 1
    model = FastTextClassifier(**MEANS, bucket=10).fit(LONGER, several)
    fasttext.write_model(model.to_fasttext(), tmp_path / "model.bin")
    back = FastTextClassifier.from_fasttext(tmp_path / "model.bin")
    assert_array_equal(back.classes_, np.arange(12))
    assert_allclose(back.predict_proba(LONGER), model.predict_proba(LONGER), atol=1e-6)
    assert_array_equal(back.predict(LONGER), model.predict(LONGER))
    back.partial_fit(LONGER, several)
    with pytest.raises(ValueError, match="one label a document"):
        back.partial_fit(LONGER, Y)
    one = np.eye(3, dtype=int)[Y]  # one label each, but told as indicators
    model = FastTextClassifier(**MEANS, bucket=10).fit(TEXTS, one)
    back = FastTextClassifier.from_fasttext(model.to_fasttext())
    assert_array_equal(back.predict(TEXTS), one)
    single = FastTextClassifier.from_fasttext(model.to_fasttext(), multilabel=False)
    assert_array_equal(single.predict(TEXTS), Y)
    model = FastTextClassifier(**MEANS, bucket=10).fit(TEXTS, Y).to_fasttext()
    with pytest.raises(ValueError, match="multilabel=True"):
        FastTextClassifier.from_fasttext(model, multilabel=True)


@every_loss
def test_the_most_probable_classes_come_first(loss):
    model = FastTextClassifier(**MEANS, loss=loss).fit(TEXTS, NAMES)
    labels, shares = model.predict_top_k(TEXTS)
    assert_array_equal(np.concatenate(labels), model.predict(TEXTS))
    labels, shares = model.predict_top_k(TEXTS, -1)
    proba = np.array(shares)
    assert (np.diff(proba, axis=1) <= 0).all()
    if loss in ("softmax", "hierarchical_softmax"):
        assert_allclose(proba.sum(axis=1), 1)
    normalised = np.sort(model.predict_proba(TEXTS))[:, ::-1]
    assert_allclose(proba / proba.sum(axis=1, keepdims=True), normalised, atol=1e-6)
    some, chances = model.predict_top_k(TEXTS, k=2, threshold=0.2)
    for row, many, few in zip(shares, labels, some, strict=True):
        assert_array_equal(few, many[:2][row[:2] >= 0.2])
    assert min(map(min, filter(len, chances))) >= 0.2
    assert model.predict_top_k([], 2) == ([], [])
    none, _ = model.predict_top_k(TEXTS[:2], threshold=1.1)
    assert [len(row) for row in none] == [0, 0]
    for k in (0, -2, 1.5, True):
        with pytest.raises(ValueError, match="k must be"):
            model.predict_top_k(TEXTS, k)
    with pytest.raises(ValueError, match="threshold"):
        model.predict_top_k(TEXTS, threshold=np.nan)


def test_classes_come_back_from_facebooks_files():
    def there_and_back(names, **params):
        model = FastTextClassifier(**MEANS | {"epochs": 1}, bucket=10)
        fitted = model.fit(TEXTS, np.array(names)[Y])
        written = fitted.to_fasttext()
        read = FastTextClassifier.from_fasttext(written, **params)
        assert sorted(read.to_fasttext().labels) == sorted(written.labels)
        return sorted(written.labels), read.classes_.tolist()

    prefixed = ["__label__a", "__label__b", "__label__c"]
    assert there_and_back([10, 2, -3])[1] == [-3, 2, 10]
    assert there_and_back([10, 2, -3], label_type=str)[1] == ["-3", "10", "2"]
    assert there_and_back(["01", "1", "2"])[1] == ["01", "1", "2"]
    assert there_and_back([0.0, 1.0, 2.0], label_type=float)[1] == [0, 1, 2]
    assert there_and_back(["a", "b", "c"]) == (prefixed, ["a", "b", "c"])
    assert there_and_back(prefixed) == (prefixed, ["a", "b", "c"])
    assert there_and_back(prefixed, label_prefix="")[1] == prefixed
    assert there_and_back(["#a", "#b c", "d"])[1] == ["#a", "#b_c", "d"]
    blanks = ["a_b", "a\xa0b", "a\u3000b"]  # none of them is one to fastText
    assert there_and_back(blanks)[1] == blanks
    for wrong in (["a b", "a_b", "c"], ["a b", "a\tb", "c"], ["", "a", "b"]):
        with pytest.raises(ValueError, match="cannot be written for fastText"):
            there_and_back(wrong)
    with pytest.raises(ValueError, match="label_type refuses the label"):
        there_and_back(["a", "b", "c"], label_type=int)
    with pytest.raises(ValueError, match="of two labels"):
        there_and_back(["a", "A", "c"], label_type=str.lower)


def test_another_prefix_of_labels_is_kept():
    model = FastTextClassifier(**MEANS, bucket=10).fit(TEXTS, NAMES).to_fasttext()
    labels = ["#" + label.removeprefix("__label__") for label in model.labels]
    other = model._replace(labels=labels)
    for prefix, classes in (("#", np.unique(NAMES)), ("__label__", np.sort(labels))):
        read = FastTextClassifier.from_fasttext(other, label_prefix=prefix)
        assert_array_equal(read.classes_, classes)
        assert read.to_fasttext().labels == labels
        read.partial_fit(TEXTS, read.predict(TEXTS))
        assert read.to_fasttext().labels == labels


def test_texts_are_cut_where_fasttext_cuts_them():
    blanks = ["\xa0", "\u3000", "\u2028", "\x85", "\x1c", "\x1f", "\u200b"]
    words = [f"sun{blank}moon" for blank in blanks]
    model = FastTextClassifier(**MEANS, bucket=50, min_n=2, max_n=3)
    model.fit([[word, "king"] for word in words], np.arange(7) % 2)
    back = FastTextClassifier.from_fasttext(model.to_fasttext())
    tokens = [[*words, "king", "throne"], words[:2]]
    expected = model.decision_function(tokens)
    for gap in " \n\r\t\v\f\0":
        found = back.decision_function([(gap * 2).join(row) for row in tokens])
        assert_allclose(found, expected, rtol=1e-5)


def test_pruned_ngrams_do_not_count():
    model = FastTextClassifier(**MEANS, max_n=3, min_n=3, bucket=50).fit(TEXTS, NAMES)
    whole = model.to_fasttext()
    rows = np.full(50, -1, np.int32)
    rows[:20] = np.arange(20)
    pruned = FastTextClassifier.from_fasttext(
        whole._replace(buckets=whole.buckets[:20], rows=rows)
    )
    vectors = pruned.to_word_vectors()
    sums, counts = vectors.subwords.sums(["moon"])
    row = pruned.vocabulary_["moon"]
    expected = (vectors.subwords.own[row] + sums[0]) / (counts[0] + 1)
    assert_allclose(pruned.vectors_[row], expected, rtol=1e-5)
    assert counts[0] < 4  # "<mo", "moo", "oon", "on>"
    end = pruned._model.inputs[len(pruned.words_), :10]
    hidden = (expected * (counts[0] + 1) + end) / (counts[0] + 2)
    scores = pruned.decision_function(["moon"])[0]
    assert_allclose(scores, pruned.output_vectors_ @ hidden, rtol=1e-4, atol=1e-5)


def test_what_is_no_classifier_is_refused():
    model = FastTextClassifier(**MEANS, bucket=10).fit(TEXTS, NAMES).to_fasttext()
    with pytest.raises(ValueError, match="no labels"):
        FastTextClassifier.from_fasttext(
            model._replace(arguments=model.arguments._replace(model=2))
        )
    with pytest.raises(ValueError, match="does not know"):
        FastTextClassifier.from_fasttext(
            model._replace(words=[*model.words[:-1], "the end"])
        )
    marked = FastTextClassifier(**MEANS, token_pattern=r"\S+").fit(
        ["</s> word", "other"], [0, 1]
    )
    with pytest.raises(ValueError, match="</s>"):
        marked.to_fasttext()
