"""Training that starts from vectors learned elsewhere: free, held, or frozen."""

# SPDX-License-Identifier: BSD-3-Clause

import pickle

import numpy as np
import pandas as pd
import pytest
import reference_glove
import reference_word2vec
import skops.io
from gensim.models import KeyedVectors
from numpy.testing import assert_allclose, assert_array_equal
from pretraining import (
    FAST,
    GIVEN,
    KNOWN,
    SIZE,
    TEXTS,
    Y,
    assert_bits,
    every_stream,
    every_trainer,
    starting,
    vectors_of,
)
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklearn_embed import (
    CooccurrenceCounts,
    FastTextClassifier,
    FastTextVectorizer,
    GloVeVectorizer,
    Pretrained,
    Word2VecVectorizer,
)
from sklearn_embed._estimators import callbacks, training
from sklearn_embed._models import glove, prediction, word2vec
from sklearn_embed._models.kernels.glove import FIRST_SQUARE
from sklearn_embed.io import WordVectors, read_vectors, write_vectors


@every_trainer
def test_training_starts_at_the_vectors_given(model):
    model = starting(model, GIVEN, learning_rate=1e-9, epochs=1).fit(TEXTS, Y)
    for word in KNOWN:
        row = model.vectors_[model.vocabulary_[word]]
        assert_allclose(row, GIVEN[word], atol=1e-5)
    # Other words start small, and words that do not occur are not there.
    assert np.abs(vectors_of(model, ["throne"])).max() <= 1 / SIZE
    assert "comet" not in model.vocabulary_
    with pytest.raises(ValueError, match=r"vector_size=6.*5 dimensions"):
        model.set_params(vector_size=6).fit(TEXTS, Y)


@every_trainer
def test_vectors_of_another_size_are_refused_before_a_text_is_read(model):
    known = WordVectors([*GIVEN], np.array([*GIVEN.values()]))
    keyed = KeyedVectors(SIZE)
    keyed.add_vectors([*GIVEN], [*GIVEN.values()])
    for source in (known, keyed, Word2VecVectorizer(SIZE, **FAST).fit(TEXTS)):
        unread = iter(TEXTS)
        with pytest.raises(ValueError, match=r"vector_size=6.*5 dimensions"):
            starting(model, source, vector_size=6).fit(unread, Y)
        assert len([*unread]) == len(TEXTS)


@every_trainer
@pytest.mark.parametrize("size", [SIZE, 16])
def test_frozen_words_keep_every_bit_and_others_learn(model, size):
    given = {word: np.resize(vector, size) for word, vector in GIVEN.items()}
    frozen = Pretrained(given, trainable=False)
    model = starting(model, frozen, vector_size=size, epochs=5, learning_rate=0.05)
    model.fit(TEXTS, Y)
    assert_bits(model, given)
    assert model.loss_curve_[-1] < model.loss_curve_[0]
    begin = clone(model).set_params(epochs=1, learning_rate=1e-9).fit(TEXTS, Y)
    others = ["sunny", "starry", "crown", "throne"]
    moved = np.abs(vectors_of(model, others) - vectors_of(begin, others)).max(axis=1)
    assert (moved > 1e-3).all()


@every_trainer
def test_frozen_words_stay_whatever_threads_and_early_stopping_do(model):
    model = starting(model, Pretrained(GIVEN, trainable=False), epochs=20, n_jobs=3)
    model.set_params(early_stopping=True, n_iter_no_change=1, tol=99).fit(TEXTS, Y)
    assert model.n_iter_ < 20
    assert_bits(model)


@every_stream
def test_words_that_come_with_a_batch_get_their_vectors(model):
    slow = {"learning_rate": 1e-9}
    model = starting(model, GIVEN, **slow).partial_fit(TEXTS, Y, **classes(model))
    before = vectors_of(model, ["king"])
    model.set_params(pretrained=GIVEN | {"king": np.full(SIZE, 9.0)})
    model.partial_fit(["comet king meteor"] * 3, [0] * 3)
    assert_allclose(vectors_of(model, ["comet"])[0], GIVEN["comet"], atol=1e-5)
    assert_allclose(vectors_of(model, ["king"]), before, atol=1e-5)
    assert np.abs(vectors_of(model, ["meteor"])).max() <= 1 / SIZE


@every_stream
def test_frozen_words_stay_batch_after_batch(model):
    model = starting(model, Pretrained(GIVEN, trainable=False), learning_rate=0.05)
    model.partial_fit(TEXTS, Y, **classes(model))
    assert_bits(model)
    model.partial_fit(["comet king meteor"] * 3, [0] * 3)
    assert_bits(model, words=[*KNOWN, "comet"])


def classes(model):
    return {"classes": [0, 1]} if isinstance(model, FastTextClassifier) else {}


@every_trainer
def test_words_are_frozen_and_freed_from_fit_to_fit(model):
    model = starting(model, None, warm_start=True, learning_rate=0.05).fit(TEXTS, Y)
    model.set_params(pretrained=Pretrained(GIVEN, trainable=False), epochs=3)
    assert_bits(model.fit(TEXTS, Y))
    again = model.set_params(epochs=4, pretrained__trainable=True).fit(TEXTS, Y)
    moved = np.abs(vectors_of(again, KNOWN) - [GIVEN[word] for word in KNOWN])
    assert (1e-3 < moved.max(axis=1)).all() and moved.max() < 3
    assert again.n_iter_ == len(again.loss_curve_) == 4


@every_trainer
def test_a_stopped_fit_goes_on_with_what_is_frozen(model, monkeypatch):
    frozen = Pretrained(GIVEN, trainable=False)
    whole = starting(model, frozen, epochs=4, warm_start=True).fit(TEXTS, Y)

    class Stop(callbacks.TrainingMonitor):
        def epoch_ends(self, number, losses):
            super().epoch_ends(number, losses)
            return number == 1

    with monkeypatch.context() as patch:
        patch.setattr(training, "TrainingMonitor", Stop)
        part = clone(whole).fit(TEXTS, Y)
    assert part.n_iter_ == 2
    assert_bits(part)
    part.fit(TEXTS, Y)
    assert_allclose(part.vectors_, whole.vectors_, rtol=1e-4, atol=1e-6)
    assert_bits(part)


@every_trainer
def test_what_fits_leave_behind_travels(model, tmp_path):
    frozen = Pretrained(GIVEN, trainable=False)
    model = starting(model, frozen, warm_start=True).fit(TEXTS, Y)
    model.save(tmp_path / "model")
    loaded = type(model).load(tmp_path / "model")
    assert type(loaded.pretrained.vectors) is WordVectors
    assert (loaded.pretrained.trainable, loaded.pretrained.penalty) == (False, 0.0)
    for other in (loaded, pickle.loads(pickle.dumps(model))):
        assert_array_equal(other.vectors_, model.vectors_)
        assert_array_equal(clone(other).fit(TEXTS, Y).vectors_, model.vectors_)
        assert_bits(other.set_params(epochs=3).fit(TEXTS, Y))


@every_trainer
def test_clones_share_the_vectors_and_nothing_else(model):
    model = starting(model, Pretrained(GIVEN, trainable=False))
    twin = clone(model).set_params(pretrained__trainable=True)
    assert twin.pretrained.vectors is GIVEN
    assert (model.pretrained.trainable, twin.pretrained.trainable) == (False, True)
    short = starting(model, GIVEN)
    assert clone(short).pretrained is GIVEN
    assert "pretrained__penalty" in model.get_params()
    assert "pretrained__penalty" not in short.get_params()
    assert "Pretrained(trainable=False" in repr(model)
    assert "Pretrained" in model._repr_html_()


def test_a_search_goes_over_freezing_and_penalty():
    given = Pretrained(GIVEN)
    pipeline = make_pipeline(
        GloVeVectorizer(SIZE, pretrained=given, **FAST), LogisticRegression()
    )
    grid = {
        "glovevectorizer__pretrained__trainable": [True, False],
        "glovevectorizer__pretrained__penalty": [0.0, 1.0],
    }
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(TEXTS, Y)
    assert len(search.cv_results_["params"]) == 4
    assert (given.trainable, given.penalty) == (True, 0.0)
    best = search.best_estimator_[0].pretrained
    assert best is not given and best.vectors is GIVEN


def keyed():
    vectors = KeyedVectors(SIZE)
    vectors.add_vectors(list(GIVEN), list(GIVEN.values()))
    return vectors


SOURCES = {
    "dict": lambda path: GIVEN,
    "frame": lambda path: pd.DataFrame(GIVEN).T,
    "keyed": lambda path: keyed(),
    "values": lambda path: WordVectors(list(GIVEN), list(GIVEN.values())),
    "file": lambda path: path,
    "name": str,
    "fitted": lambda path: Word2VecVectorizer(
        SIZE, pretrained=Pretrained(GIVEN, trainable=False), min_count=1
    ).fit(["moon comet king queen"]),
}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("format", ["native", "glove", "word2vec_binary"])
def test_any_source_serves(source, format, tmp_path):
    path = tmp_path / "vectors"
    write_vectors(WordVectors(list(GIVEN), list(GIVEN.values())), path, format)
    given = Pretrained(SOURCES[source](path), trainable=False)
    assert_bits(Word2VecVectorizer(SIZE, pretrained=given, **FAST).fit(TEXTS))


def test_of_a_file_only_the_words_that_occur_are_read(tmp_path, monkeypatch):
    path, asked = tmp_path / "vectors.txt", []
    write_vectors(WordVectors(list(GIVEN), list(GIVEN.values())), path, "glove")

    def watched(source, **options):
        asked.append(options["vocabulary"])
        return read_vectors(source, **options)

    monkeypatch.setattr("sklearn_embed.io._sources.read_vectors", watched)
    model = GloVeVectorizer(SIZE, pretrained=path, **FAST).fit(TEXTS)
    model.set_params(pretrained=Pretrained(path, penalty=0.1)).fit(TEXTS)
    assert asked == [set(model.words_)] * 2
    # What training has moved is not looked up again; what it must not move is.
    model = Word2VecVectorizer(SIZE, pretrained=path, **FAST).partial_fit(TEXTS)
    model.partial_fit(TEXTS).partial_fit(["comet king"])
    assert asked[2:] == [set(model.words_) - {"comet"}, {"comet"}]
    model.set_params(pretrained=Pretrained(path, trainable=False)).partial_fit(TEXTS)
    assert asked[4:] == [set(model.words_)]


def test_a_source_that_knows_no_word_is_told():
    strangers = {"Moon": np.ones(SIZE), "KING": np.ones(SIZE)}
    with pytest.warns(UserWarning, match=r"None of 8 words.*spell them alike"):
        Word2VecVectorizer(SIZE, pretrained=strangers, **FAST).fit(TEXTS)


@pytest.mark.parametrize(
    ("model", "given", "message"),
    [
        (Word2VecVectorizer(), {"penalty": 0.5}, r"penalty=0.5.*only in GloVe"),
        (FastTextVectorizer(), {"penalty": 1}, r"penalty=1 .* FastTextVectorizer"),
        (FastTextClassifier(), {"penalty": 1}, r"penalty=1 .* FastTextClassifier"),
        (Word2VecVectorizer(combine="sum"), {"trainable": False}, "combine='sum'"),
        (
            Word2VecVectorizer(combine="concatenate"),
            {"trainable": False},
            "combine='concatenate'",
        ),
        (
            GloVeVectorizer(combine="concatenate"),
            {"trainable": False},
            "combine='concatenate'",
        ),
        (GloVeVectorizer(combine="word"), {"penalty": 1}, "use combine='sum'"),
        (GloVeVectorizer(), {"penalty": -1}, r"'penalty' parameter of Pretrained"),
        (Word2VecVectorizer(), {"trainable": None}, r"'trainable' parameter"),
    ],
)
def test_what_a_model_cannot_do_is_refused_before_it_begins(model, given, message):
    model = clone(model).set_params(pretrained=Pretrained(GIVEN, **given))
    with pytest.raises(ValueError, match=message):
        model.fit(iter(()), [])
    assert not hasattr(model, "vectors_")


def test_a_penalty_on_frozen_vectors_has_no_effect():
    given = Pretrained(GIVEN, trainable=False, penalty=1.0)
    for model in (Word2VecVectorizer(SIZE, **FAST), GloVeVectorizer(SIZE, **FAST)):
        one = starting(model, given).fit(TEXTS)
        other = starting(model, Pretrained(GIVEN, trainable=False)).fit(TEXTS)
        assert_array_equal(one.vectors_, other.vectors_)


def test_an_estimator_that_is_not_fitted_is_no_source():
    with pytest.raises(NotFittedError, match="Word2VecVectorizer"):
        GloVeVectorizer(pretrained=Word2VecVectorizer(), **FAST).fit(TEXTS)


def test_freezing_is_descent_with_rows_put_back_after_every_call(monkeypatch):
    """The twin trains each slice in float64 and puts rows back by hand."""
    monkeypatch.setattr(prediction, "LEAST_TOKENS", 64)
    monkeypatch.setattr(prediction, "CALL_FLOPS", 1)
    kept = {}

    class Spy(prediction.PredictionJob):
        def __init__(self, *args):
            super().__init__(*args)
            kept.update(job=self, matrices=[self._inputs.copy(), self._outputs.copy()])

    monkeypatch.setattr(word2vec, "PredictionJob", Spy)
    given = Pretrained(GIVEN, trainable=False)
    model = Word2VecVectorizer(SIZE, pretrained=given, sample=0, **FAST)
    model.set_params(epochs=1, learning_rate=0.05).fit(TEXTS)
    job, (inputs, outputs) = kept["job"], (m.astype(float) for m in kept["matrices"])
    rows = [model.vocabulary_[word] for word in KNOWN]
    kind, windows = ("skipgram", "negative_sampling"), reference_word2vec.windows
    n_slices = 0
    for task in next(iter(job.phases(0))):
        corpus, plan, first, last = task.args
        part = [w for w in windows(corpus, plan) if first <= w[0] < last]
        monkeypatch.setattr(reference_word2vec, "windows", lambda *_, part=part: part)
        reference_word2vec.epoch(kind, corpus, plan, inputs, outputs, job._sampler.pool)
        inputs[rows, :SIZE] = [GIVEN[word] for word in KNOWN]
        n_slices += 1
    assert n_slices > 10
    assert_allclose(model.vectors_, inputs[:, :SIZE], rtol=1e-3, atol=1e-5)
    assert_allclose(model.context_vectors_, outputs[:, :SIZE], rtol=1e-3, atol=1e-5)
    assert_bits(model)


def test_glove_moves_frozen_rows_nowhere_and_their_partners_as_ever(monkeypatch):
    """The twin skips the steps of frozen vectors; their biases train."""
    kept = {}

    class Spy(glove.GloveJob):
        def __init__(self, data, matrix, *args):
            super().__init__(data, matrix, *args)
            kept.update(matrix=matrix.copy(), pairs=data.pairs)

    monkeypatch.setattr(glove, "GloveJob", Spy)
    given = Pretrained(GIVEN, trainable=False)
    model = GloVeVectorizer(SIZE, pretrained=given, **(FAST | {"epochs": 1}))
    # Where steps are small, the order of the pairs plays no part.
    model.set_params(learning_rate=1e-4).fit(TEXTS)
    counts = CooccurrenceCounts.from_documents(TEXTS, vocabulary=model.words_)
    counts = counts.to_scipy().tocoo()
    views = glove.state_views(kept["matrix"].astype(float), SIZE)
    names = ("word", "context", "word_bias", "context_bias")
    params = [views[name].copy() for name in names]
    squares = [np.full(p.shape, FIRST_SQUARE) for p in params]
    rows = [model.vocabulary_[word] for word in KNOWN]
    for square in squares[:2]:
        square[rows] = np.inf
    pairs = [
        (i, j, np.log(x), reference_glove.weight(x, 100, 0.75))
        for i, j, x in zip(counts.row, counts.col, counts.data, strict=True)
    ]
    loss = reference_glove.train_pairs(params, squares, pairs, 1e-4, 100.0)
    assert_allclose(model.loss_curve_[0], loss / len(pairs), rtol=1e-3)
    assert_allclose(model.word_vectors_, params[0], atol=3e-6)
    assert_allclose(model.word_biases_, params[2], atol=3e-6)
    assert np.abs(model.word_biases_[rows] - views["word_bias"][rows]).min() > 1e-5
    assert_bits(model)


def test_threads_do_not_change_a_bit_of_frozen_glove():
    given = Pretrained(GIVEN, trainable=False)
    one, two = (
        GloVeVectorizer(SIZE, n_jobs=n, pretrained=given, **FAST).fit(TEXTS)
        for n in (1, 2)
    )
    assert_array_equal(one.vectors_, two.vectors_)
    assert_array_equal(one.context_biases_, two.context_biases_)


def test_counts_can_be_fitted_from_pretrained_vectors():
    counts = CooccurrenceCounts.from_documents(TEXTS)
    model = GloVeVectorizer(SIZE, pretrained=Pretrained(GIVEN, trainable=False), **FAST)
    assert_bits(model.fit_counts(counts))
    model.set_params(combine="concatenate")
    with pytest.raises(ValueError, match="combine='concatenate'"):
        model.fit_counts(counts)


def test_skops_writes_it():
    model = Word2VecVectorizer(SIZE, pretrained=Pretrained(GIVEN), **FAST).fit(TEXTS)
    data = skops.io.dumps(model)
    types = skops.io.get_untrusted_types(data=data)
    assert all(name.startswith("sklearn_embed.") for name in types), types
    loaded = skops.io.loads(data, trusted=types)
    assert_array_equal(clone(loaded).fit(TEXTS).vectors_, model.vectors_)
