"""The window language model: training against plain NumPy, and what is promised."""

# SPDX-License-Identifier: BSD-3-Clause

import pickle

import numpy as np
import pytest
import reference_recurrent as reference
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from sklearn_embed import (
    MeanPoolEmbedder,
    Pretrained,
    TokenizedDocuments,
    WindowLanguageModel,
)
from sklearn_embed._models import window_scoring, window_training
from sklearn_embed._models.kernels.window_lm import fill_windows
from sklearn_embed._models.loop import Data, Run, Schedule, mean_loss
from sklearn_embed._models.sequences import Sequences
from sklearn_embed._models.window_lm import WindowNetwork, WindowSettings
from sklearn_embed._models.window_training import WindowJob
from sklearn_embed._models.word_output import Proposal
from sklearn_embed._text.vocabulary import Vocabulary

WORDS = ["cat", "dog", "sat", "the", "on"]
MARK = len(WORDS) + 1
TEXTS = ["the cat sat on the mat", "the dog sat on the rug", "", "a cat and a dog"] * 30
EPS = 1e-5


def small(**params):
    """Return an estimator that is fitted in an instant."""
    defaults = {"vector_size": 5, "hidden_size": 7, "order": 3, "epochs": 2}
    return WindowLanguageModel(**(defaults | {"random_state": 0} | params))


def new_network(**params):
    """Return a network of which no parameter is 0."""
    settings = {
        "vector_size": 4, "order": 3, "hidden_size": 6, "direct_connections": False,
        "dropout": 0.0, "loss": "softmax", "negative": 9, "proposal": "unigram",
        "batch_size": 100, "optimizer": "sgd", "momentum": 0.0, "max_norm": 0.1,
    }  # fmt: skip
    settings, rng = WindowSettings(**(settings | params)), np.random.default_rng(0)
    model = WindowNetwork.new(Vocabulary(WORDS, [5, 4, 3, 2, 1]), settings, rng)
    for part in model.weights:
        part[:] = rng.uniform(-0.8, 0.8, part.shape)
    return model


def wide(model):
    """Return the parameters in float64: inputs, outputs, biases, cells."""
    return [part.astype(np.float64) for part in model.weights]


def twin(model, parameters, ids):
    """States and scores at each place of one document: Bengio et al., equation 1."""
    inputs, outputs, biases, flat = parameters
    n_before, size = model.stack.n_before, model.settings.vector_size
    hidden = model.settings.hidden_size
    weights, bias = flat[:-hidden].reshape(hidden, -1), flat[-hidden:]
    before, states = [MARK] * n_before + list(ids), []
    for place in range(len(ids)):
        words = before[place : place + n_before][::-1]
        x = np.concatenate([inputs[word] for word in words])
        assert len(x) == n_before * size
        state = np.tanh(bias + weights @ x)
        if model.settings.direct_connections:
            state = np.concatenate([state, x])
        states.append(state)
    return np.array(states), np.array(states) @ outputs.T + biases


def twin_loss(model, parameters, documents, drawn=None, log_q=None):
    losses = []
    for ids in documents:
        states, scores = twin(model, parameters, ids)
        rows = reference.log_softmax(scores)
        for place, word in enumerate(ids):
            if drawn is None:
                losses.append(-rows[place, word])
            else:
                fixed = parameters[1], parameters[2], drawn, log_q
                losses.append(reference.sampled_loss(states[place], word, *fixed))
    return np.mean(losses)


DOCUMENTS = [[3, 0, 5, 1, 2, 4, 3, 0, 0], [], [2], [3, 3]]


def documents_of(documents):
    """Return documents of ids, without end marks."""
    tokens = [[[*WORDS, "?"][word] for word in ids] for ids in documents]
    return TokenizedDocuments.from_documents(tokens)


def job_of(model, documents, schedule, held_out=()):
    run = Run(3, schedule, 1)
    data = Data([documents], list(held_out))
    return WindowJob(model, data, Vocabulary(WORDS, [5, 4, 3, 2, 1]), run)


@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("loss", ["softmax", "sampled_softmax"])
def test_a_step_follows_the_slopes_of_the_loss(loss, order, direct, monkeypatch):
    monkeypatch.setattr(window_training, "LEAST_STEPS", 1)
    monkeypatch.setattr(window_training, "SHARD_ROWS", 5)
    model = new_network(order=order, loss=loss, direct_connections=direct)
    parameters, drawn, log_q = wide(model), None, None
    if loss == "sampled_softmax":
        drawn = np.array([0, 2, 3, 6])
        monkeypatch.setattr(Proposal, "draw", lambda self, seed: drawn)
    job = job_of(model, documents_of(DOCUMENTS), Schedule(3.0, 3.0, 1))
    if drawn is not None:
        log_q = job._proposal.log_expected.astype(float)
    ended = [[*ids, MARK] for ids in DOCUMENTS]

    def loss_of(some):
        return twin_loss(model, some, ended, drawn, log_q)

    found = mean_loss(job.phases(0), 1)
    assert len(job._shards) == 3
    assert found == pytest.approx(loss_of(parameters), rel=1e-5)
    slopes, norm = reference.clipped(reference.differences(loss_of, parameters), 0.1)
    assert norm > 0.1, "nothing is clipped"
    for part, old, slope in zip(model.weights, parameters, slopes, strict=True):
        assert_allclose(part, old - 3 * slope, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("hidden_size", [1, 16, 33])
def test_probabilities_of_words(hidden_size, direct, monkeypatch):
    monkeypatch.setattr(window_scoring, "TASK_ROWS", 5)
    monkeypatch.setattr(window_scoring, "ROWS", 3)
    model = new_network(hidden_size=hidden_size, direct_connections=direct)
    ended = [[*ids, MARK] for ids in DOCUMENTS]
    offsets = np.cumsum([0, *map(len, ended)])
    sequences = Sequences(np.concatenate(ended).astype(np.int32), offsets)
    found = np.split(model.log_proba(sequences, 2), offsets[1:-1])
    for own, ids in zip(found, ended, strict=True):
        _, scores = twin(model, wide(model), ids)
        rows, state = reference.log_softmax(scores), model.start()
        assert_allclose(own, rows[np.arange(len(ids)), ids], rtol=1e-5, atol=1e-5)
        for row, word in zip(rows, ids, strict=True):
            assert_allclose(model.next_log_proba(state), row, rtol=1e-5, atol=1e-5)
            state = model.advance(state, word)


def test_held_out_documents_are_judged_by_all_words():
    model = new_network(loss="sampled_softmax", negative=2)
    held_out = documents_of([[0, 1, 2], []])
    job = job_of(model, documents_of([[0, 1]]), Schedule(0.1, 0.1, 1), [held_out])
    found = mean_loss(job.validation_phases(), 1)
    expected = twin_loss(model, wide(model), [[0, 1, 2, MARK], [MARK]])
    assert found == pytest.approx(expected, rel=1e-5)


def test_windows_end_where_a_document_begins():
    ids = np.array([0, 1, 9, 9, 2, 3, 4, 9], np.int32)
    places = np.array([0, 1, 2, 3, 4, 6, 7])
    words, targets = np.empty((7, 2), np.int64), np.empty(7, np.int64)
    fill_windows(ids, places, 9, words, targets)
    assert_array_equal(targets, ids[places])
    assert words.tolist() == [[9, 9], [0, 9], [1, 0], [9, 9], [9, 9], [3, 2], [4, 3]]


def test_dropout_is_on_average_nothing(monkeypatch):
    monkeypatch.setattr(window_training, "LEAST_STEPS", 1)
    plain = job_of(new_network(), documents_of(DOCUMENTS), Schedule(1.0, 1.0, 1))
    job = job_of(new_network(dropout=0.5), documents_of(DOCUMENTS), plain._schedule)
    order = plain._in_order(np.random.default_rng(0))
    states = []
    for one, n in ((plain, 1), (job, 400)):
        one._cells = one._stack.packed(one._model.weights.cells)
        found = []
        for epoch in range(n):
            batch = one._batch(order, 0, one._seed_of(epoch, 0))
            found.append(one._forward(batch, 0)[1][0].copy())
        states.append(np.mean(found, axis=0))
    assert_allclose(states[1], states[0], atol=0.25)


@pytest.mark.parametrize("loss", ["softmax", "sampled_softmax"])
@pytest.mark.parametrize("direct", [False, True])
def test_threads_do_not_change_a_bit(loss, direct):
    params = {"loss": loss, "direct_connections": direct, "negative": 20, "epochs": 1}
    params |= {"early_stopping": True, "batch_size": 500}
    texts = TEXTS * 30
    fits = [small(n_jobs=n_jobs, **params).fit(texts) for n_jobs in (1, 2, 3)]
    for fitted in fits[1:]:
        assert_array_equal(fitted.vectors_, fits[0].vectors_)
        assert fitted.loss_curve_ == fits[0].loss_curve_
        assert fitted.validation_loss_curve_ == fits[0].validation_loss_curve_
        assert fitted.score(texts[:9]) == fits[0].score(texts[:9])


def test_what_is_said_of_a_document_depends_on_it_alone():
    fitted = small(hidden_size=33, direct_connections=True).fit(TEXTS)
    texts = [*TEXTS[:4], "cat " * 300, "sat", "the the"]
    together = fitted.log_proba(texts)
    for text, values in zip(texts, together, strict=True):
        assert_array_equal(fitted.log_proba([text])[0], values)
    backwards = fitted.log_proba(texts[::-1])[::-1]
    assert all(map(np.array_equal, backwards, together))


@pytest.mark.parametrize("optimizer", ["adam", "adagrad", "sgd"])
@pytest.mark.parametrize("direct", [False, True])
def test_simple_texts_are_learned(optimizer, direct):
    texts = [["a", "b", "c", "d"], ["x", "b", "y", "z"]] * 40
    fitted = small(
        optimizer=optimizer, direct_connections=direct, hidden_size=16, epochs=40,
        dropout=0,
    ).fit(texts)  # fmt: skip
    assert fitted.perplexity(texts) < 1.25
    assert fitted.loss_curve_[-1] < fitted.loss_curve_[0]
    assert fitted.sample(["a"], temperature=0) == ["b", "c", "d"]
    assert fitted.predict_next(["x", "b"], 1)[0][0] == "y"
    # A window of one word does not know which text it is in.
    blind = clone(fitted).set_params(order=2).fit(texts)
    assert blind.perplexity(texts) > 1.25


def test_copies_say_and_learn_the_same(tmp_path):
    fitted = small(direct_connections=True).fit(TEXTS)
    fitted.save(tmp_path / "model")
    copies = [
        pickle.loads(pickle.dumps(fitted)),
        WindowLanguageModel.load(tmp_path / "model"),
        WindowLanguageModel.load(tmp_path / "model", mmap=True),
    ]
    for other in copies:
        assert other.sample(random_state=3) == fitted.sample(random_state=3)
        assert other.score(TEXTS) == fitted.score(TEXTS)
    fitted.partial_fit(TEXTS)
    for other in copies:
        assert_array_equal(other.partial_fit(TEXTS).vectors_, fitted.vectors_)


def test_a_fit_goes_on_where_it_stood():
    parts = small(epochs=2, warm_start=True).fit(TEXTS)
    vectors = parts.vectors_.copy()
    parts.set_params(epochs=4).fit(TEXTS)
    assert parts.n_iter_ == 4
    assert len(parts.loss_curve_) == 4
    assert not np.array_equal(parts.vectors_, vectors)
    for name, value in (
        ("order", 4), ("hidden_size", 9), ("direct_connections", True),
        ("optimizer", "sgd"),
    ):  # fmt: skip
        other = pickle.loads(pickle.dumps(parts))
        with pytest.raises(ValueError, match=f"{name}=.* differs"):
            other.set_params(**{name: value}, epochs=5).fit(TEXTS)


def test_a_stream_brings_new_words():
    fitted = small().partial_fit(["the cat sat", "the cat sat"])
    assert fitted.words_ == ["cat", "sat", "the"]
    fitted.partial_fit(["the dog sat"]).partial_fit(["a dog </s> <unk>"])
    assert fitted.words_ == ["cat", "sat", "the", "dog"]
    assert fitted.n_iter_ == 3
    assert np.isfinite(fitted.score(["the dog sat"]))


def test_the_best_epoch_is_kept():
    fitted = small(
        early_stopping=True, epochs=30, learning_rate=0.3, n_iter_no_change=2, tol=0.0
    ).fit(TEXTS)
    best = int(np.argmin(fitted.validation_loss_curve_)) + 1
    assert best < fitted.n_iter_ == len(fitted.validation_loss_curve_)


@pytest.mark.parametrize("loss", ["softmax", "sampled_softmax"])
def test_frozen_vectors_stay(loss):
    given = {"cat": np.ones(5), "dog": -np.ones(5), "fish": np.zeros(5)}
    pretrained = Pretrained(given, trainable=False)
    fitted = small(pretrained=pretrained, loss=loss, min_count=1, negative=5).fit(TEXTS)
    rows = [fitted.vocabulary_[word] for word in ("cat", "dog")]
    assert_array_equal(fitted.vectors_[rows], [[1] * 5, [-1] * 5])
    free = clone(fitted).set_params(pretrained=given).fit(TEXTS)
    assert not np.array_equal(free.vectors_[rows], [[1] * 5, [-1] * 5])
    assert_allclose(free.vectors_[rows], [[1] * 5, [-1] * 5], atol=0.5)


def test_vectors_of_words_are_those_of_any_estimator():
    fitted = small().fit(TEXTS)
    assert fitted.to_keyed_vectors().key_to_index == fitted.vocabulary_
    rows = MeanPoolEmbedder(fitted).fit(TEXTS).transform(["cat"])
    assert_array_equal(rows[0], fitted.vectors_[fitted.vocabulary_["cat"]])


@pytest.mark.parametrize("texts", [["", "cat"], ["cat"], ["cat"] * 3])
def test_short_documents(texts):
    fitted = small(min_count=1, batch_size=1).fit(texts)
    assert np.isfinite(fitted.log_proba(["", "cat", "zebra cat"])[2]).all()


def test_an_interrupted_fit_changes_nothing(monkeypatch):
    fitted = small().fit(TEXTS)
    before, score = dict(vars(fitted)), fitted.score(TEXTS)

    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(WindowJob, "_backward", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fitted.fit(TEXTS[::-1])
    assert vars(fitted) == before
    assert fitted.score(TEXTS) == score


def test_divergence_is_told():
    with pytest.raises(FloatingPointError, match="learning_rate"):
        small(optimizer="sgd", learning_rate=1e9, max_norm=None).fit(TEXTS)
