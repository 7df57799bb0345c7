"""Estimators in files of arrays and JSON: what travels, what is refused."""

import dataclasses
import json
import os
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from estimators import CLASSIFIERS, ESTIMATORS, every_estimator
from gensim.models import KeyedVectors
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator

import sklearn_embed
from sklearn_embed import (
    FastTextClassifier,
    FastTextVectorizer,
    GloVeVectorizer,
    MeanPoolEmbedder,
    OneHotTokens,
    Word2VecVectorizer,
)
from sklearn_embed._models.word2vec import Word2VecSettings
from sklearn_embed._vectors.subwords import Subwords
from sklearn_embed._vectors.word_vectors import WordVectors
from sklearn_embed.io import VectorFileError, native, read_vectors

TEXTS = ["the cat and the dog", "a dog met the cat", "", "кошка и собака", "cat dog"]
LABELS = ["pets", "pets", "none", "pets", "none"]
FAST = {"min_count": 1, "epochs": 2, "random_state": 0}


def rows(estimator, X=TEXTS):
    found = estimator.transform(X)
    return found.toarray() if hasattr(found, "toarray") else found


def assert_same_parameters(first, second):
    for name, value in first.get_params(deep=False).items():
        if not hasattr(value, "get_params") and name != "embedding":
            assert repr(getattr(second, name)) == repr(value), name


@every_estimator
@pytest.mark.parametrize("mmap", [False, True])
def test_a_loaded_estimator_gives_the_same_rows(estimator, mmap, tmp_path):
    fitted = clone(estimator).fit(TEXTS, LABELS)
    fitted.save(tmp_path / "model")
    loaded = type(fitted).load(str(tmp_path / "model"), mmap=mmap)
    assert_array_equal(rows(loaded), rows(fitted))
    assert_same_parameters(fitted, loaded)
    assert list(loaded.get_feature_names_out()) == list(fitted.get_feature_names_out())
    # What was loaded is an estimator like any other.
    assert_array_equal(rows(pickle.loads(pickle.dumps(loaded))), rows(fitted))
    loaded.save(tmp_path / "again")
    assert_array_equal(rows(type(fitted).load(tmp_path / "again")), rows(fitted))
    assert_array_equal(rows(clone(loaded).fit(TEXTS, LABELS)), rows(fitted))


@pytest.mark.parametrize("classifier", CLASSIFIERS)
@pytest.mark.parametrize("mmap", [False, True])
def test_a_loaded_classifier_gives_the_same_probabilities(classifier, mmap, tmp_path):
    fitted = clone(classifier).fit(TEXTS, LABELS)
    fitted.save(tmp_path / "model")
    loaded = type(fitted).load(tmp_path / "model", mmap=mmap)
    assert_array_equal(loaded.predict_proba(TEXTS), fitted.predict_proba(TEXTS))
    assert loaded.predict(TEXTS).tolist() == fitted.predict(TEXTS).tolist()
    assert_same_parameters(fitted, loaded)
    fitted.partial_fit(TEXTS, LABELS)
    loaded.partial_fit(TEXTS, LABELS)
    assert_array_equal(loaded.vectors_, fitted.vectors_)


@pytest.mark.parametrize(
    "model",
    [
        FastTextVectorizer(3, **FAST, bucket=50),
        FastTextClassifier(3, max_n=3, bucket=50, random_state=0),
    ],
    ids=lambda model: type(model).__name__,
)
def test_bucket_rows_beyond_the_vectors_are_refused(model, tmp_path):
    model.fit(TEXTS, [0, 1, 0, 1, 0])
    model._model.bucket_rows = np.full(50, 10**6, np.int32)
    model.save(tmp_path / "model")
    with pytest.raises(VectorFileError, match="bucket_rows"):
        type(model).load(tmp_path / "model")


def test_parameters_travel_without_a_fit(tmp_path):
    model = Word2VecVectorizer(
        np.int64(7), vocabulary=("a", "b"), stop_words={"c"}, sample=np.float64(0.5)
    )
    model.save(tmp_path / "model")
    loaded = Word2VecVectorizer.load(tmp_path / "model")
    assert (loaded.vector_size, loaded.vocabulary) == (7, ("a", "b"))
    assert (loaded.stop_words, loaded.sample) == ({"c"}, 0.5)
    with pytest.raises(NotFittedError):
        loaded.transform(TEXTS)


@pytest.mark.parametrize(
    "model",
    [
        GloVeVectorizer(3, **FAST, warm_start=True),
        Word2VecVectorizer(3, **FAST, warm_start=True),
    ],
    ids=lambda model: type(model).__name__,
)
@pytest.mark.parametrize("mmap", [False, True])
def test_training_goes_on_where_it_stood(model, mmap, tmp_path):
    whole = clone(model).fit(TEXTS)
    whole.save(tmp_path / "model")
    part = type(model).load(tmp_path / "model", mmap=mmap)
    for one in (whole, part):
        one.set_params(epochs=4).fit([*TEXTS, "fish cat"])
    assert_array_equal(part.vectors_, whole.vectors_)
    assert_array_equal(part.loss_curve_, whole.loss_curve_)
    assert part.n_iter_ == 4


def test_partial_fit_goes_on_where_it_stood(tmp_path):
    whole = Word2VecVectorizer(3, min_count=2, random_state=0).partial_fit(TEXTS)
    whole.save(tmp_path / "model")
    part = Word2VecVectorizer.load(tmp_path / "model")
    for one in (whole, part):
        one.partial_fit(["met fish", "fish dog"])
    assert part.words_ == whole.words_ and "met" in part.words_
    assert_array_equal(part.vectors_, whole.vectors_)


def keyed():
    vectors = KeyedVectors(2)
    vectors.add_vectors(["cat", "dog"], np.float32([[1, 2], [3, 4]]))
    return vectors


SOURCES = {
    "dict": lambda: {"cat": np.ones(2), "dog": np.zeros(2)},
    "frame": lambda: pd.DataFrame({"x": [1.0, 2.0]}, index=["cat", "dog"]),
    "keyed": keyed,
    "subwords": lambda: WordVectors(
        ["cat"], np.ones((1, 2)), [3], Subwords(np.ones((9, 2), np.float32), 2, 3, 9)
    ),
    "fitted": lambda: Word2VecVectorizer(2, **FAST).fit(TEXTS),
    "frozen": lambda: FrozenEstimator(Word2VecVectorizer(2, **FAST).fit(TEXTS)),
}


@pytest.mark.parametrize("source", SOURCES)
def test_sources_of_vectors_travel_as_vectors(source, tmp_path):
    oov = "subword" if source == "subwords" else "mean"
    embedder = MeanPoolEmbedder(SOURCES[source](), weights="sif", oov=oov).fit(TEXTS)
    embedder.save(tmp_path / "model")
    loaded = MeanPoolEmbedder.load(tmp_path / "model")
    assert_array_equal(rows(loaded), rows(embedder))
    again = clone(loaded).fit(TEXTS)
    assert_array_equal(rows(again), rows(embedder))


@pytest.mark.filterwarnings("ignore:.*documents have no word that counts")
def test_no_array_is_written_twice(tmp_path):
    inner = Word2VecVectorizer(50, **FAST).fit([f"w{n} w{n + 1}" for n in range(2000)])
    inner.save(tmp_path / "inner")
    MeanPoolEmbedder(inner).fit(TEXTS).save(tmp_path / "outer")
    arrays, _ = native.load_arrays(tmp_path / "outer")
    big = [a for a in arrays.values() if isinstance(a, np.ndarray) and a.size > 10_000]
    assert len(big) == 2  # input and output
    assert sum(isinstance(strings, list) for strings in arrays.values()) == 1
    sizes = [os.path.getsize(tmp_path / name) for name in ("inner", "outer")]
    assert sizes[1] - sizes[0] < 4096
    loaded = MeanPoolEmbedder.load(tmp_path / "outer")
    assert np.shares_memory(loaded.vectors_, loaded.embedding_.vectors_)
    assert loaded.embedding is loaded.embedding_


def strip(text):
    return text.strip()


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({"preprocessor": strip}, "preprocessor"),
        ({"tokenizer": str.split}, "tokenizer"),
        ({"random_state": np.random.RandomState(0)}, "random_state"),
        ({"vocabulary": {"a": object()}}, "vocabulary"),
    ],
)
def test_what_cannot_travel_is_refused_by_name(params, name, tmp_path):
    path = tmp_path / "model"
    path.write_text("what was there")
    with pytest.raises(TypeError, match=rf"'{name}' of Word2Vec.*joblib.dump or skops"):
        Word2VecVectorizer(3, **params).save(path)
    assert path.read_text() == "what was there"


def test_weights_by_a_function_are_refused_by_name(tmp_path):
    embedder = MeanPoolEmbedder(keyed(), weights=lambda words: [1] * len(words))
    with pytest.raises(TypeError, match="'weights' of MeanPoolEmbedder"):
        embedder.save(tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_file_of_something_else_is_refused(tmp_path):
    path = tmp_path / "model"
    Word2VecVectorizer(3, **FAST).fit(TEXTS).save(path)
    with pytest.raises(
        VectorFileError, match=r"Word2VecVectorizer, no Glo.*Call Word2VecVectorizer"
    ):
        GloVeVectorizer.load(path)
    with pytest.raises(VectorFileError, match="no file of word vectors"):
        read_vectors(path)
    native.write(WordVectors(["a"], [[1.0]]), path)
    with pytest.raises(VectorFileError, match=r"not of an estimator.*read_vectors"):
        GloVeVectorizer.load(path)
    path.write_text("2 3\ncat 1 2 3\n")
    with pytest.raises(VectorFileError, match="no file of an estimator"):
        GloVeVectorizer.load(path)
    with pytest.raises(FileNotFoundError):
        GloVeVectorizer.load(tmp_path / "none")


def rewritten(path, change):
    """Change the JSON of a file."""
    arrays, meta = native.load_arrays(path)
    change(meta)
    native.save_arrays(path, arrays, meta)


CHANGES = {
    "later version": (lambda m: m.update(version=3), "Upgrade"),
    "unknown class": (
        lambda m: m["estimator"]["params"].update(
            vocabulary={"estimator": "Popen", "params": {}, "state": {}}
        ),
        "Popen",
    ),
    "unknown parameter": (
        lambda m: m["estimator"]["params"].update(colour=1),
        "another version",
    ),
    "a method": (lambda m: m["estimator"]["state"].update(_rates=1), "_rates"),
    "no array": (
        lambda m: m["estimator"]["state"].update(vectors_={"array": "none"}),
        "none",
    ),
    "other words": (
        lambda m: m["estimator"]["state"].update(words_=[]),
        "bare list",
    ),
    "fewer words": (
        lambda m: m["estimator"]["state"].update(words_={"list": []}),
        "vocabulary_ differs from words_",
    ),
    "deep": (
        lambda m: m["estimator"]["state"].update(x_=json.loads("[" * 99 + "]" * 99)),
        "bare list",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_says_nonsense_is_refused(change, tmp_path):
    path = tmp_path / "model"
    Word2VecVectorizer(3, **FAST).fit(TEXTS).save(path)
    rewritten(path, CHANGES[change][0])
    with pytest.raises(VectorFileError, match=CHANGES[change][1]):
        Word2VecVectorizer.load(path)


@pytest.mark.parametrize("model", [Word2VecVectorizer(3, **FAST), OneHotTokens("ids")])
def test_damaged_files_are_refused_or_harmless(model, tmp_path):
    path, rng = tmp_path / "model", np.random.default_rng(0)
    model = clone(model).fit(TEXTS)
    model.save(path)
    whole = path.read_bytes()
    n_refused = 0
    for _ in range(300):
        data = bytearray(whole)
        for place in rng.integers(0, len(whole), rng.integers(1, 4)):
            data[place] = rng.integers(256)
        path.write_bytes(
            data[: rng.integers(len(data))] if rng.random() < 0.2 else data
        )
        try:
            loaded = type(model).load(path)
            loaded.transform(TEXTS)
        except VectorFileError:
            n_refused += 1
        except (ValueError, TypeError, NotFittedError, AttributeError, KeyError):
            pass  # a parameter out of range, found where it is used
    assert n_refused > 100


@every_estimator
def test_skops_and_joblib_give_the_same_rows(estimator, tmp_path):
    fitted = clone(estimator).fit(TEXTS, [0, 1, 0, 1, 0])
    joblib.dump(fitted, tmp_path / "model.joblib")
    skops.io.dump(fitted, tmp_path / "model.skops")
    types = skops.io.get_untrusted_types(file=tmp_path / "model.skops")
    assert set(types) <= set(sklearn_embed.trusted_types())
    method = "transform" if hasattr(fitted, "transform") else "predict_proba"
    for loaded in (
        joblib.load(tmp_path / "model.joblib"),
        skops.io.load(tmp_path / "model.skops", trusted=types),
    ):
        expected, found = (getattr(one, method)(TEXTS) for one in (fitted, loaded))
        assert_array_equal(
            *(m.toarray() if hasattr(m, "toarray") else m for m in (expected, found))
        )


def test_every_estimator_can_be_saved():
    assert all(hasattr(type(estimator), "load") for estimator in ESTIMATORS)


def test_arrays_in_a_file_are_named_after_what_they_are(tmp_path):
    FastTextVectorizer(3, **FAST, bucket=50).fit(TEXTS).save(tmp_path / "model")
    names = set(native.load_arrays(tmp_path / "model")[0])
    assert {"words_", "counts_", "vectors_", "_model.bucket_rows"} <= names
    assert not any(name.startswith(("array", "strings")) for name in names)
    embedder = MeanPoolEmbedder(Word2VecVectorizer(3, **FAST)).fit(TEXTS)
    embedder.save(tmp_path / "model")
    names = set(native.load_arrays(tmp_path / "model")[0])
    assert "embedding_.words_" in names and "embedding_.counts_" in names


HOSTILE = {
    "window": ({"window": 10**12}, None),  # clipped to the longest document
    "negative below 1": ({"negative": -5}, "negative"),
    "text as a number": ({"negative": "5"}, "negative of Word2VecSettings is a str"),
    "truth as a number": ({"vector_size": True}, "vector_size of Word2VecSettings"),
    "a fraction": ({"window": 1.5}, "window of Word2VecSettings is a float"),
    "another size": ({"vector_size": 4}, "inputs has shape"),
    "unknown loss": ({"loss": "hinge"}, "loss"),
    "no rate": ({"learning_rate": -1.0}, "learning_rate"),
    "nan": ({"sample": {"float": "nan"}}, "sample"),
    "infinite": ({"ns_exponent": {"float": "inf"}}, "ns_exponent"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_settings_of_a_model_in_a_file_are_checked(name, tmp_path):
    changes, message = HOSTILE[name]
    path = tmp_path / "model"
    Word2VecVectorizer(3, **FAST).fit(TEXTS).save(path)
    fields = [field.name for field in dataclasses.fields(Word2VecSettings)]

    def change(meta):
        (settings, *_) = meta["estimator"]["state"]["_model"]["Word2Vec"]
        for field, value in changes.items():
            settings["Word2VecSettings"][fields.index(field)] = value

    rewritten(path, change)
    if message is None:
        Word2VecVectorizer.load(path).partial_fit(TEXTS)
        return
    with pytest.raises(VectorFileError, match=message):
        Word2VecVectorizer.load(path)


@pytest.mark.parametrize(
    "part, value, message",
    [
        ("params", {"stop_words": {"list": [1, 2]}}, None),
        ("params", {"epochs": -1}, "epochs"),
        ("params", {"sample": "much"}, "sample"),
        ("state", {"_seed": "x"}, "_seed"),
        ("state", {"_seed": -1}, "_seed"),
        ("state", {"n_iter_": {"list": []}}, "n_iter_"),
        ("state", {"loss_curve_": {"tuple": []}}, "loss_curve_"),
        ("state", {"_text_options": None}, "_text_options"),
        ("state", {"_rare_counts": {"dict": [["a", "b"]]}}, "_rare_counts"),
    ],
)
def test_parameters_and_attributes_in_a_file_are_checked(
    part, value, message, tmp_path
):
    path = tmp_path / "model"
    Word2VecVectorizer(3, **FAST).fit(TEXTS).save(path)
    rewritten(path, lambda meta: meta["estimator"][part].update(value))
    if message is None:
        with pytest.raises((VectorFileError, TypeError), match=r"stop_words|string"):
            Word2VecVectorizer.load(path).fit(TEXTS)
        return
    with pytest.raises(VectorFileError, match=message):
        Word2VecVectorizer.load(path)


@pytest.mark.parametrize("name", ["n_iter_", "_seed", "_n_documents", "loss_curve_"])
def test_what_is_missing_in_a_file_is_named(name, tmp_path):
    path = tmp_path / "model"
    Word2VecVectorizer(3, **FAST).fit(TEXTS).save(path)
    rewritten(path, lambda meta: meta["estimator"]["state"].pop(name))
    with pytest.raises(VectorFileError, match=name):
        Word2VecVectorizer.load(path)


@pytest.mark.parametrize("output", ["count", "ids"])
def test_words_that_disagree_with_the_vocabulary_are_refused(output, tmp_path):
    path = tmp_path / "model"
    fitted = OneHotTokens(output).fit(TEXTS)
    fitted.words_ = fitted.words_[:-1]
    fitted.save(path)
    with pytest.raises(VectorFileError, match="vocabulary_ differs from words_"):
        OneHotTokens.load(path)
    fitted = OneHotTokens("ids").fit(TEXTS)
    del fitted.max_length_
    fitted.save(path)
    with pytest.raises(VectorFileError, match="max_length_ is None"):
        OneHotTokens.load(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda model: vars(model).update(weights_=np.ones(2, np.float32)),
        lambda model: vars(model).update(weights_=np.ones(3)),
        lambda model: vars(model).update(vectors_=np.ones((2, 2), np.float32)),
        lambda model: vars(model).update(_unknown=(1.0, np.ones(5, np.float32))),
        lambda model: vars(model).update(_spec={**model._spec, "kind": "none"}),
        lambda model: vars(model).update(_spec={**model._spec, "max_length": 0}),
        lambda model: vars(model).update(_spec={**model._spec, "powers": [1]}),
        lambda model: vars(model).update(_spec={"kind": "mean"}),
        lambda model: vars(model).update(_factors=np.ones(1, np.float32)),
        lambda model: vars(model).update(components_=np.ones((1, 5), np.float32)),
        lambda model: vars(model).update(_text_options="text"),
    ],
)
def test_parts_of_a_pooling_that_do_not_fit_are_refused(change, tmp_path):
    vectors = {"cat": [1.0, 2.0], "dog": [3.0, 4.0], "the": [0.0, 1.0]}
    model = MeanPoolEmbedder(vectors, weights="idf", oov="zero").fit(TEXTS)
    powers = dict(model._spec)
    change(model)
    model.save(tmp_path / "model")
    if model._spec == {**powers, "powers": [1]}:
        MeanPoolEmbedder.load(tmp_path / "model").transform(TEXTS)  # not asked for
        return
    with pytest.raises(VectorFileError, match="parts disagree"):
        MeanPoolEmbedder.load(tmp_path / "model")


def test_counts_that_cannot_be_added_up_are_refused(tmp_path):
    model = Word2VecVectorizer(3, **FAST).fit(TEXTS)
    for count in (-1, 2**62):
        model.counts_ = np.full(len(model.words_), count)
        model.save(tmp_path / "model")
        with pytest.raises(VectorFileError, match="counts_"):
            Word2VecVectorizer.load(tmp_path / "model")


def test_a_header_that_would_not_be_read_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="put what is long into arrays"):
        native.save_arrays(tmp_path / "file", {}, "x" * (1 << 24))
