"""`partial_fit` of a small batch: few rows, the same result, nothing else changed."""

import pickle
import threading
import time
from dataclasses import fields

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from sklearn_embed import FastTextClassifier, FastTextVectorizer, Word2VecVectorizer
from sklearn_embed._estimators import small_batches, snapshot
from sklearn_embed._estimators.last_vectors import LastVectors
from sklearn_embed._models import classifier_job, few_rows, prediction

rng = np.random.default_rng(0)
SYLLABLES = [a + b for a in "bdfgklmnprst" for b in "aeiou"]
WORDS = sorted({"".join(rng.choice(SYLLABLES, 3)) for _ in range(6000)})
DOCS = [" ".join(WORDS[i : i + 10]) for i in range(0, len(WORDS), 10)]
Y = [i % 3 for i in range(len(DOCS))]
BATCH, LABELS = [" ".join(WORDS[5:4000:300]), " ".join(WORDS[7:90:20])], [1, 2]
SMALL = {"epochs": 1, "random_state": 0}
# As in fastText.
MEANS = {**SMALL, "normalization": "l1", "weights": None, "word_ngrams": 1}
PLAIN = {**SMALL, "min_count": 1, "sample": 0, "window": 3, "learning_rate": 0.1}

MODELS = {
    "word2vec": Word2VecVectorizer(5, **PLAIN),
    "output": Word2VecVectorizer(5, combine="output", **PLAIN),
    "sum": Word2VecVectorizer(5, combine="sum", architecture="cbow", **PLAIN),
    "concatenate": Word2VecVectorizer(16, combine="concatenate", **PLAIN),
    "sampled": Word2VecVectorizer(5, **PLAIN | {"sample": 1e-4}),
    "fasttext": FastTextVectorizer(5, bucket=5000, **PLAIN),
    "spelt": FastTextVectorizer(5, bucket=None, **PLAIN),
    "cbow": FastTextVectorizer(5, bucket=None, architecture="cbow", **PLAIN),
    "wordless": FastTextVectorizer(5, max_n=0, **PLAIN),
    "classifier": FastTextClassifier(5, **MEANS),
    "wide": FastTextClassifier(16, loss="one_vs_all", **MEANS),
    "tree": FastTextClassifier(5, loss="hierarchical_softmax", **MEANS),
    "drawn": FastTextClassifier(5, loss="negative_sampling", **MEANS),
    "ngrams": FastTextClassifier(5, min_n=2, max_n=3, bucket=4000, **MEANS),
    "pairs": FastTextClassifier(5, **MEANS | {"word_ngrams": 2, "bucket": 10**6}),
    "idf": FastTextClassifier(5, alpha=0, **SMALL),
    "defaults": FastTextClassifier(16, bucket=10**6, **SMALL),
    "penalty": FastTextClassifier(
        5, alpha=0.1, min_n=2, max_n=3, bucket=10**6, **SMALL
    ),
    "shares": FastTextClassifier(
        5, normalization="l1", alpha=0.01, loss="one_vs_all", **SMALL
    ),
}
each_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
some_models = pytest.mark.parametrize(
    "name", ["word2vec", "sum", "fasttext", "ngrams", "defaults", "penalty"]
)
_FITTED: dict = {}


def trained(model):
    """Return a fitted copy, after one batch, which rebuilds all that is lazy."""
    key = repr(model)
    if key not in _FITTED:
        fitted = clone(model).fit(DOCS, Y)
        learn(fitted)
        _FITTED[key] = pickle.dumps(fitted)
    return pickle.loads(_FITTED[key])


def learn(model, texts=BATCH, labels=LABELS):
    """Learn from a batch; return the model."""
    if isinstance(model, FastTextClassifier):
        return model.partial_fit(texts, labels[: len(texts)])
    return model.partial_fit(texts)


def arrays_of(model):
    """Return copies of all fitted arrays, those of the model included, and counts."""
    inner = model._model
    if hasattr(inner, "scale"):
        inner = inner.whole()
    values = {f.name: getattr(inner, f.name) for f in fields(inner)}
    if hasattr(inner.outputs, "matrix"):
        values["outputs"] = inner.outputs.matrix
    names = ("vectors_", "counts_", "words_", "n_iter_", "loss_curve_", "_rare_counts")
    values |= {name: getattr(model, name) for name in names}
    kinds = (np.ndarray, list, int, dict)
    return {k: np.array(v) for k, v in values.items() if isinstance(v, kinds)}


def assert_same(one, other, tolerance=0):
    """Compare all that two models have learned, bit by bit or nearly."""
    ours, theirs = arrays_of(one), arrays_of(other)
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        if value.dtype.kind == "f" and tolerance:
            assert_allclose(value, theirs[name], tolerance, 1e-7, err_msg=name)
        else:
            assert_array_equal(value, theirs[name], err_msg=name)


def penalised(model):
    """Tell whether rows shrink by a number beside them, and are rounded otherwise."""
    return getattr(model, "alpha_", 0) > 0


def refuse(*arguments):
    """Stand in for what trains few rows."""


@each_model
def test_few_rows_learn_what_all_rows_would(model, monkeypatch):
    few, full = trained(model), trained(model)
    pools, draw = [], few_rows.draw_few

    def drawn(*arguments):
        pools.append(draw(*arguments))
        return pools[-1]

    monkeypatch.setattr(few_rows, "draw_few", drawn)
    learn(few)
    assert few._model is not full._model
    for module in (prediction, classifier_job):
        monkeypatch.setattr(module, "draw_pool", lambda *_: pools[-1])
    monkeypatch.setattr(small_batches, "few_rows", refuse)
    before = full.vectors_.copy()
    learn(full)
    assert (full.vectors_ != before).any()
    tolerance = 2e-6 if penalised(few) else 0
    assert_same(few, full, tolerance)
    texts = [*BATCH, DOCS[0], "unknown"]
    name = "transform" if hasattr(few, "transform") else "predict_proba"
    rows = [getattr(model, name)(texts) for model in (few, full)]
    assert_allclose(*rows, tolerance, 1e-7 if tolerance else 0)
    if name == "predict_proba":
        assert_allclose(few.weights_, full.weights_, rtol=0)
        vectors = [model.sentence_vectors(texts) for model in (few, full)]
        assert_allclose(*vectors, tolerance, 1e-7 if tolerance else 0)


NEW = [f"xylo {WORDS[3]} argon {WORDS[70]} xylo", f"xenon {WORDS[7]} {WORDS[3]}"]


@pytest.mark.parametrize("name", [*MODELS])
def test_new_words_get_the_rows_that_they_would_among_all(name, monkeypatch):
    few, full = trained(MODELS[name]), trained(MODELS[name])
    monkeypatch.setattr(few_rows, "draw_few", lambda *_: np.zeros(256, np.int32))
    for module in (prediction, classifier_job):
        monkeypatch.setattr(module, "draw_pool", lambda *_: np.zeros(256, np.int32))
    for texts in (NEW, [f"{WORDS[9]} neon argon", WORDS[3]], BATCH):
        learn(few, texts)
        with monkeypatch.context() as patch:
            patch.setattr(small_batches, "few_rows", refuse)
            learn(full, texts)
        assert_same(few, full, 1e-5 if penalised(few) else 0)
    assert few.words_[-4:] == ["xylo", "argon", "xenon", "neon"]
    assert few.vocabulary_["neon"] == len(few.words_) - 1
    assert few.to_word_vectors()["neon"].any() or name == "output"


def test_rows_are_added_without_a_copy_of_the_others():
    for name in ("word2vec", "wide", "pairs", "defaults", "penalty"):
        model = learn(trained(MODELS[name]), NEW)
        places = set()
        for k in range(5):
            pair = f"{WORDS[k]} {WORDS[90 + k]}"
            before = len(model._model.inputs)
            learn(
                model,
                [pair if hasattr(model, "predict") else f"{pair} new{k}"],
                [k % 3],
            )
            assert len(model._model.inputs) > before or name == "wide"
            places.add(model._model.inputs.ctypes.data)
        assert len(places) == 1, name


@pytest.mark.parametrize("name", ["wide", "pairs", "idf", "defaults", "penalty"])
def test_the_first_batch_after_a_fit_copies_nothing(name):
    model = clone(MODELS[name]).fit(DOCS, Y)
    places = [model._model.inputs.ctypes.data, model._model.bucket_rows.ctypes.data]
    n_rows = len(model._model.inputs)
    learn(model, [f"{WORDS[3]} {WORDS[70]}"], [1])
    assert len(model._model.inputs) > n_rows or name == "wide"
    assert places == [
        model._model.inputs.ctypes.data,
        model._model.bucket_rows.ctypes.data,
    ]


def test_rows_are_written_before_numbers_become_too_small():
    few, full = (trained(MODELS["penalty"]).set_params(alpha=0.5) for _ in range(2))
    scales = set()
    for k in range(40):
        texts = [" ".join(WORDS[j] for j in (k, 3 * k, 5 * k))] * 2
        learn(few, texts)
        scales.add(few._model.scale)
    assert min(scales) < 0.1
    assert min(scales) > 0.02
    assert 1.0 in scales
    few_vectors = few.vectors_
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(small_batches, "few_rows", refuse)
        for k in range(40):
            learn(full, [" ".join(WORDS[j] for j in (k, 3 * k, 5 * k))] * 2)
    assert_allclose(few_vectors, full.vectors_, 1e-4, 1e-6)


def test_a_penalty_is_that_of_the_documents_of_a_batch():
    model = FastTextClassifier(4, alpha=0.5, learning_rate=0.1, random_state=0)
    model.partial_fit(["aa bb", "cc dd"], [0, 1], [0, 1])
    before = model.to_word_vectors()["aa"]
    model.partial_fit(["cc dd"] * 3, [1, 1, 1])
    assert_allclose(model.to_word_vectors()["aa"], before * np.exp(-0.15), rtol=1e-6)


def test_what_is_made_of_small_batches_is_whole(tmp_path):
    model = learn(trained(MODELS["defaults"]), NEW)
    assert model._model.scale < 1
    texts = [*DOCS[:5], *NEW]
    asked = (
        lambda m: m.predict_proba(texts),
        lambda m: m.sentence_vectors(texts),
        lambda m: m.to_word_vectors().vectors,
        lambda m: m.quantize(cutoff=300, dsub=8).predict_proba(texts),
    )
    for one in (model, type(model).load(save(model, tmp_path))):
        one, twin = pickle.loads(pickle.dumps(one)), pickle.loads(pickle.dumps(one))
        twin._model = twin._model.whole()
        for ask in asked:
            assert_allclose(ask(one), ask(twin), rtol=1e-5, atol=1e-6)
    fast = FastTextClassifier(5, alpha=0.1, **MEANS)
    fast.fit(DOCS, Y).partial_fit(BATCH, LABELS)
    fast.partial_fit(BATCH, LABELS)
    assert fast._model.scale < 1
    again = FastTextClassifier.from_fasttext(fast.to_fasttext(), label_type=int)
    assert_allclose(again.predict_proba(texts), fast.predict_proba(texts), rtol=1e-4)


def save(model, folder):
    """Write a model; return the file's path."""
    model.save(folder / "model")
    return folder / "model"


@each_model
def test_files_and_pickles_go_on_alike(model, tmp_path):
    model = trained(model)
    model.save(tmp_path / "model")
    again = [
        pickle.loads(pickle.dumps(model)),
        type(model).load(tmp_path / "model"),
        type(model).load(tmp_path / "model", mmap=True),
    ]
    learn(learn(model))
    for other in again:
        assert_same(learn(learn(other)), model)


@some_models
def test_what_others_hold_does_not_change(name):
    model = trained(MODELS[name])
    vectors, inputs = model.vectors_, getattr(model._model, "inputs", None)
    row, twin = model.vectors_[:4], snapshot.snapshot(model)
    held = [vectors, row, twin.vectors_, twin.counts_]
    held += [] if inputs is None else [inputs]
    copies = [array.copy() for array in held]
    old, known = arrays_of(twin), model.to_word_vectors()
    learn(model)
    for array, copy in zip(held, copies, strict=True):
        assert_array_equal(array, copy)
    for key, value in arrays_of(twin).items():
        assert_array_equal(value, old[key])
    assert_array_equal(known.vectors, copies[0])
    assert (model.vectors_ != copies[0]).any()


def test_what_nobody_holds_is_written_to():
    for name in ("word2vec", "sum", "wide", "classifier"):
        model = learn(trained(MODELS[name]))
        places = [model.vectors_.ctypes.data, model._model.inputs.ctypes.data]
        learn(model)
        assert places == [model.vectors_.ctypes.data, model._model.inputs.ctypes.data]


@some_models
def test_a_failed_batch_changes_nothing(name, monkeypatch):
    model, reference = (
        learn(trained(MODELS[name]).set_params(min_count=5)) for _ in range(2)
    )
    rate = model.learning_rate
    with pytest.raises(FloatingPointError):
        learn(model.set_params(learning_rate=1e38))
    assert_same(model.set_params(learning_rate=rate), reference)

    def interrupted(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(snapshot, "publish", interrupted)
        with pytest.raises(KeyboardInterrupt):
            learn(model, [*BATCH, WORDS[0][:4]], [0, 1, 2])
    assert_same(model, reference)
    assert_same(learn(model), learn(reference))


@pytest.mark.parametrize("name", ["word2vec", "spelt", "classifier"])
def test_rare_words_get_a_row_in_the_batch_that_makes_them_frequent(name):
    model = trained(MODELS[name]).set_params(min_count=3)
    learn(model, ["xylo xenon"], [0])  # all rare words are looked at once
    learn(model, [f"{WORDS[3]} {WORDS[8]} xylo"], [0])
    assert model._rare_counts == {"xylo": 2, "xenon": 1}
    assert "xylo" not in model.vocabulary_
    counts = model.counts_.copy()
    learn(model, [f"xylo {WORDS[3]}"], [0])
    assert model.words_[-1] == "xylo"
    assert model.counts_[-1] == 3
    assert model.counts_[3] == counts[3] + 1
    assert model._rare_counts == {"xenon": 1}
    model.set_params(min_count=1)
    learn(model, [f"{WORDS[3]} {WORDS[4]}"], [0])
    assert model.words_[-1] == "xenon"
    model.set_params(max_features=len(model.words_))
    learn(model, [f"argon {WORDS[4]}"], [0])
    assert model._rare_counts == {"argon": 1}
    if name != "classifier":
        model.partial_fit(["argon"], update_vocabulary=False)
        assert model._rare_counts == {}
    held = model._rare_counts
    learn(model, [f"neon {WORDS[4]}"], [0])
    assert "neon" not in held
    assert "neon" in model._rare_counts


@some_models
def test_readers_in_other_threads_see_one_batch_whole(name):
    model, done, changed = learn(trained(MODELS[name])), threading.Event(), []

    def read():
        while not done.is_set():
            twin = snapshot.snapshot(model)
            before = arrays_of(twin)
            time.sleep(1e-4)
            after = arrays_of(twin)
            changed.extend(k for k in before if not np.array_equal(before[k], after[k]))

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(30):
        learn(model)
    done.set()
    reader.join()
    assert not changed


def test_what_cannot_go_on_is_refused_as_ever():
    model = trained(MODELS["word2vec"])
    with pytest.raises(ValueError, match="vector_size=6 differs from the 5"):
        learn(model.set_params(vector_size=6))
    model = trained(MODELS["spelt"])
    with pytest.raises(ValueError, match="min_n, max_n and bucket cannot change"):
        learn(model.set_params(max_n=5))
    with pytest.raises(AttributeError, match="'FastTextVectorizer' object has no attr"):
        FastTextVectorizer().vectors_  # noqa: B018
    assert isinstance(FastTextVectorizer.vectors_, LastVectors)
