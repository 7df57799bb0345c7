"""Recurrent language models: training against plain NumPy, and what is promised."""

import dataclasses
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import reference_recurrent as reference
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sklearn_embed import (
    MeanPoolEmbedder,
    Pretrained,
    RecurrentLanguageModel,
    TokenizedDocuments,
)
from sklearn_embed._models import word_output
from sklearn_embed._models.descent import Dense, Sparse, update_phases
from sklearn_embed._models.lanes import Shard, shuffled, turned
from sklearn_embed._models.loop import Data, Run, Schedule, mean_loss
from sklearn_embed._models.recurrent_lm import RecurrentNetwork, RecurrentSettings
from sklearn_embed._models.recurrent_training import LanguageJob
from sklearn_embed._models.sequences import Sequences
from sklearn_embed._models.word_output import Proposal
from sklearn_embed._text.vocabulary import Vocabulary

WORDS = ["cat", "dog", "sat", "the", "on"]
TEXTS = ["the cat sat on the mat", "the dog sat on the rug", "", "a cat and a dog"] * 30


def small(**params):
    """Return an estimator that is fitted in an instant."""
    defaults = {"vector_size": 5, "hidden_size": 7, "epochs": 2, "random_state": 0}
    return RecurrentLanguageModel(**(defaults | params))


def settings_for(**params):
    estimator = small(**params)
    estimator.loss = params.get("loss", "softmax")
    return estimator._settings(len(WORDS))


def new_network(settings, seed=0):
    """Return a network whose biases are not zero."""
    rng = np.random.default_rng(seed)
    model = RecurrentNetwork.new(Vocabulary(WORDS, [5, 4, 3, 2, 1]), settings, rng)
    model.weights.biases[:] = rng.uniform(-0.5, 0.5, len(WORDS) + 2)
    for part in model.weights[:2]:
        part *= 8
    return model


def wide(model):
    """Return the parameters in float64: inputs, outputs, biases, cells."""
    return [part.astype(np.float64) for part in model.weights]


def twin_scores(model, parameters, ids, masks=None):
    """Scores of all words at each place of one document, from the formulas."""
    inputs, outputs, biases, cells = parameters
    settings = model.settings
    kind = settings.nonlinearity if settings.cell == "rnn" else settings.cell
    layers = [layer[0] for layer in model.stack.layers(cells)]
    before = [len(biases) - 1, *ids[:-1]]
    states, _ = reference.stack(kind, inputs[before], layers, masks=masks)
    outputs = inputs if settings.tie_weights else outputs
    return states, states @ outputs.T + biases


def twin_loss(model, parameters, ids, drawn=None, log_q=None):
    """Mean loss of one document."""
    states, scores = twin_scores(model, parameters, ids)
    if drawn is None:
        rows = reference.log_softmax(scores)
        return -np.mean([rows[t, word] for t, word in enumerate(ids)])
    outputs = parameters[0] if model.settings.tie_weights else parameters[1]
    return np.mean(
        [
            reference.sampled_loss(state, word, outputs, parameters[2], drawn, log_q)
            for state, word in zip(states, ids, strict=True)
        ]
    )


def one_document(ids):
    """Return documents of which the ids, without the end mark, are these words."""
    tokens = [[*WORDS, "?"][word] for word in ids]
    return TokenizedDocuments.from_documents([tokens])


def job_of(model, documents, schedule, held_out=()):
    vocabulary = Vocabulary(WORDS, [5, 4, 3, 2, 1])
    run = Run(3, schedule, 1)
    return LanguageJob(model, Data([documents], list(held_out)), vocabulary, run)


@pytest.mark.parametrize("tie_weights", [False, True])
@pytest.mark.parametrize("loss", ["softmax", "sampled_softmax"])
@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_a_step_follows_the_slopes_of_the_loss(cell, loss, tie_weights, monkeypatch):
    size = 3 if tie_weights else 4
    settings = settings_for(
        cell=cell, loss=loss, tie_weights=tie_weights, dropout=0.0, max_norm=0.1,
        optimizer="sgd", hidden_size=3, vector_size=size, num_layers=2, negative=9,
    )  # fmt: skip
    model = new_network(settings)
    parameters = wide(model)
    ids = [3, 0, 5, 1, 2, 4, 3, 0]
    drawn = log_q = None
    if loss == "sampled_softmax":
        drawn = np.array([0, 2, 3, 6])
        monkeypatch.setattr(Proposal, "draw", lambda self, seed: drawn)
    job = job_of(model, one_document(ids), Schedule(3.0, 3.0, 1))
    if drawn is not None:
        log_q = job._proposal.log_expected.astype(float)
    ids = [*ids, 6]

    def loss_of(some):
        return twin_loss(model, some, ids, drawn, log_q)

    found = mean_loss(job.phases(0), 1)
    assert found == pytest.approx(loss_of(parameters), rel=1e-5)
    slopes, norm = reference.clipped(reference.differences(loss_of, parameters), 0.1)
    assert norm > 0.1, "nothing is clipped"
    for part, old, slope in zip(model.weights, parameters, slopes, strict=True):
        assert_allclose(part, old - 3 * slope, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize(("chunk", "block"), [(1 << 23, 256), (16, 2)])
def test_the_softmax_by_blocks_is_the_softmax(chunk, block, monkeypatch):
    monkeypatch.setattr(word_output, "SCORES", chunk)
    monkeypatch.setattr(word_output, "BLOCK_WORDS", block)
    rng = np.random.default_rng(0)
    n, size, n_words = 70, 4, 9
    outputs, biases = rng.standard_normal((n_words, size)), rng.standard_normal(n_words)
    states, targets = rng.standard_normal((n, size)), rng.integers(0, n_words, n)
    model = SimpleNamespace(
        outputs=outputs.astype("f"), weights=SimpleNamespace(biases=biases.astype("f"))
    )
    output, slopes = word_output.SoftmaxOutput(model), np.empty((n, size), np.float32)
    done = []
    beside = [lambda: (done.append(slopes.copy()), (0.0, 0))[1]]
    phases = output.phases(states.astype("f"), targets, slopes, beside)
    loss = mean_loss([output.packing(), *phases], 1)
    rows = reference.log_softmax(states @ outputs.T + biases)
    assert loss == pytest.approx(-rows[np.arange(n), targets].mean(), rel=1e-6)
    wanted = (np.exp(rows) - np.eye(n_words)[targets]) / n
    assert_allclose(slopes, wanted @ outputs, rtol=1e-4, atol=1e-6)
    assert len(done) == 1 and np.array_equal(done[0], slopes)
    assert_allclose(output.slopes, wanted.T @ states, rtol=1e-4, atol=1e-6)
    assert_allclose(output.bias_slopes, wanted.sum(axis=0), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("proposal", ["unigram", "log_uniform"])
def test_words_are_drawn_as_often_as_is_corrected_for(proposal):
    settings = SimpleNamespace(negative=4, proposal=proposal)
    counts = np.array([50, 90, 20, 5, 0, 1, 12])
    drawing, n = Proposal(settings, counts), 4000
    draws = [drawing.draw(seed) for seed in range(n)]
    assert all(len(np.unique(draw)) == len(draw) for draw in draws)
    shares = np.bincount(np.concatenate(draws), minlength=7) / n
    assert_allclose(shares, np.exp(drawing.log_expected), atol=0.03)
    assert shares.argmax() == 1


@pytest.mark.parametrize("max_norm", [None, 0.2, 100.0])
@pytest.mark.parametrize("optimizer", ["adam", "adagrad", "sgd"])
def test_optimisers(optimizer, max_norm):
    rng = np.random.default_rng(0)
    settings = SimpleNamespace(optimizer=optimizer, momentum=0.9, max_norm=max_norm)
    dense, rows = rng.standard_normal(7), rng.standard_normal((5, 3))
    twins = [dense.copy(), rows.copy()]
    kept = [[np.zeros_like(part) for part in twins] for _ in range(2)]
    mine = [part.astype("f") for part in twins]
    own = [[part.astype("f") for part in some] for some in kept]
    for step in (1, 2, 3):
        shards = rng.standard_normal((2, 7)).astype("f")
        ids = np.array([4, 1, 4, 2, 1])[: 6 - step]
        slopes = rng.standard_normal((len(ids), 3)).astype("f")
        wanted = [shards.sum(axis=0, dtype=float), np.zeros((5, 3))]
        np.add.at(wanted[1], ids, slopes)
        if max_norm is not None:
            wanted, _ = reference.clipped(wanted, max_norm)
        (first, firsts), (second, seconds) = own
        fixed = (
            [Dense(mine[0], shards, first, second)],
            [Sparse(mine[1], ids, slopes, firsts, seconds)],
        )
        mean_loss(update_phases(settings, *fixed, 0.1, step), 1)
        seen = np.unique(ids)
        for number, rows_ in ((0, slice(None)), (1, seen)):
            p, g = twins[number], wanted[number][rows_]
            m, v = (some[number] for some in kept)
            p_, m_, v_ = p[rows_].copy(), m[rows_].copy(), v[rows_].copy()
            if optimizer == "adam":
                reference.adam(p_, g, m_, v_, step, 0.1)
            elif optimizer == "adagrad":
                v_ += g * g
                p_ -= 0.1 * g / (np.sqrt(v_) + 1e-10)
            else:
                m_ = 0.9 * m_ + g
                p_ -= 0.1 * m_
            p[rows_], m[rows_], v[rows_] = p_, m_, v_
        for part, twin in zip(mine, twins, strict=True):
            assert_allclose(part, twin, rtol=1e-4, atol=1e-5)


def test_documents_end_to_end_in_random_order():
    text = Sequences(np.array([0, 9, 1, 2, 9, 9], np.int32), np.array([0, 2, 5, 6]))
    rng = np.random.default_rng(0)
    seen = {tuple(shuffled(text, rng).tolist()) for _ in range(50)}
    assert len(seen) == 6
    assert (0, 9, 1, 2, 9, 9) in seen
    assert (9, 1, 2, 9, 0, 9) in seen
    back, order = turned(text)
    assert_array_equal(back.ids, [0, 9, 2, 1, 9, 9])
    assert_array_equal(text.ids[order], back.ids)


def test_lanes_hold_the_whole_text_once():
    model = new_network(settings_for())
    shard = Shard(model.stack, np.array([0, 5, 10]), np.array([5, 5, 4]))
    found = [shard.places(done, 2) for done in (0, 2, 4, 5)]
    assert_array_equal(found[0], [0, 5, 10, 1, 6, 11])
    assert_array_equal(found[1], [2, 7, 12, 3, 8, 13])
    assert_array_equal(found[2], [4, 9])
    assert found[3] is None


@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_probabilities_of_words(cell, direction):
    model = new_network(settings_for(cell=cell, direction=direction, num_layers=2))
    rng = np.random.default_rng(1)
    lengths = [5, 1, 9, 3, 3]
    ids = [[*rng.integers(0, 6, n - 1).tolist(), 6] for n in lengths]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    sequences = Sequences(np.concatenate(ids).astype(np.int32), offsets)
    found = np.split(model.log_proba(sequences, 2), offsets[1:-1])
    for own, words in zip(found, ids, strict=True):
        if direction == "backward":
            words, own = [*words[-2::-1], 6], [*own[-2::-1], own[-1]]
        _, scores = twin_scores(model, wide(model), words)
        rows, state = reference.log_softmax(scores), model.start()
        assert_allclose(own, rows[np.arange(len(words)), words], rtol=1e-5, atol=1e-5)
        for row, word in zip(rows, words, strict=True):
            assert_allclose(model.next_log_proba(state), row, rtol=1e-5, atol=1e-5)
            state = model.advance(state, word)


def test_held_out_documents_are_judged_by_all_words():
    settings = settings_for(loss="sampled_softmax", negative=2)
    model, held_out = new_network(settings), one_document([0, 1, 2])
    job = job_of(model, one_document([0, 1]), Schedule(0.1, 0.1, 1), [held_out])
    found = mean_loss(job.validation_phases(), 1)
    expected = twin_loss(model, wide(model), [0, 1, 2, 6])
    assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("loss", ["softmax", "sampled_softmax"])
@pytest.mark.parametrize("optimizer", ["adam", "sgd", "adagrad"])
def test_threads_do_not_change_a_bit(loss, optimizer):
    texts = TEXTS * 60
    params = {"loss": loss, "optimizer": optimizer, "momentum": 0.5, "negative": 20}
    params |= {"epochs": 1, "dropout": 0.3, "early_stopping": True}
    fits = [small(n_jobs=n_jobs, **params).fit(texts) for n_jobs in (1, 2, 3)]
    for fitted in fits[1:]:
        assert_array_equal(fitted.vectors_, fits[0].vectors_)
        assert fitted.loss_curve_ == fits[0].loss_curve_
        assert fitted.validation_loss_curve_ == fits[0].validation_loss_curve_
        assert fitted.score(texts[:9]) == fits[0].score(texts[:9])


def test_what_is_said_of_a_document_depends_on_it_alone():
    fitted = small(hidden_size=33, cell="gru").fit(TEXTS)
    texts = [*TEXTS[:4], "cat " * 300, "sat", "the the"]
    together = fitted.log_proba(texts)
    for text, values in zip(texts, together, strict=True):
        assert_array_equal(fitted.log_proba([text])[0], values)
    backwards = fitted.log_proba(texts[::-1])[::-1]
    for one, other in zip(together, backwards, strict=True):
        assert_array_equal(one, other)


@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_simple_texts_are_learned(cell, direction):
    texts = [["a", "b", "c", "d"], ["x", "b", "y", "z"]] * 40
    fitted = RecurrentLanguageModel(
        8, cell=cell, direction=direction, hidden_size=16, epochs=40,
        learning_rate=0.02, dropout=0, random_state=0,
    ).fit(texts)  # fmt: skip
    # Two kinds of texts, told apart by their first word, or by their last.
    assert fitted.perplexity(texts) < 1.25
    assert fitted.loss_curve_[-1] < fitted.loss_curve_[0]
    if direction == "forward":
        assert fitted.sample(["a"], temperature=0) == ["b", "c", "d"]
        assert fitted.predict_next(["x", "b"], 1)[0][0] == "y"
    else:
        assert fitted.sample(["d"], temperature=0) == ["a", "b", "c"]
        assert fitted.predict_next(["y", "z"], 1)[0][0] == "b"
        assert fitted.predict_next(None, 1)[0][0] in "dz"


def test_texts_drawn_are_reproducible_and_saved(tmp_path):
    fitted = small(num_layers=2, cell="gru").fit(TEXTS)
    fitted.save(tmp_path / "model")
    again = RecurrentLanguageModel.load(tmp_path / "model")
    mapped = RecurrentLanguageModel.load(tmp_path / "model", mmap=True)
    for other in (again, mapped):
        assert other.sample(random_state=3) == fitted.sample(random_state=3)
        assert other.score(TEXTS) == fitted.score(TEXTS)
        more = clone(other).set_params(warm_start=True)
        vars(more).update({k: v for k, v in vars(other).items() if k[-1] == "_"})
    fitted.partial_fit(TEXTS)
    again.partial_fit(TEXTS)
    mapped.partial_fit(TEXTS)
    assert_array_equal(fitted.vectors_, again.vectors_)
    assert_array_equal(fitted.vectors_, mapped.vectors_)


def test_a_fit_goes_on_where_it_stood():
    parts = small(epochs=2, warm_start=True).fit(TEXTS)
    vectors = parts.vectors_.copy()
    parts.set_params(epochs=4).fit(TEXTS)
    assert parts.n_iter_ == 4
    assert len(parts.loss_curve_) == 4
    assert not np.array_equal(parts.vectors_, vectors)
    with pytest.raises(ValueError, match="hidden_size=9 differs"):
        parts.set_params(hidden_size=9, epochs=5).fit(TEXTS)
    with pytest.raises(ValueError, match="optimizer='sgd' differs"):
        parts.set_params(hidden_size=7, optimizer="sgd").fit(TEXTS)


def test_a_stream_brings_new_words():
    fitted = small().partial_fit(["the cat sat", "the cat sat"])
    assert fitted.words_ == ["cat", "sat", "the"]
    fitted.partial_fit(["the dog sat"]).partial_fit(["a dog </s> <unk>"])
    assert fitted.words_ == ["cat", "sat", "the", "dog"]
    assert fitted.n_iter_ == 3
    assert np.isfinite(fitted.score(["the dog sat"]))
    fitted.partial_fit(["fish fish"], update_vocabulary=False)
    assert len(fitted.words_) == 4


def test_the_best_epoch_is_kept():
    fitted = small(
        early_stopping=True, epochs=12, learning_rate=0.2, n_iter_no_change=2, tol=0.0
    ).fit(TEXTS)
    best = int(np.argmin(fitted.validation_loss_curve_)) + 1
    if best < fitted.n_iter_:
        stopped = small(
            early_stopping=True, epochs=12, learning_rate=0.2, n_iter_no_change=99
        ).fit(TEXTS)
        assert min(stopped.validation_loss_curve_) <= fitted.validation_loss_curve_[-1]
    assert fitted.n_iter_ == len(fitted.validation_loss_curve_)


@pytest.mark.parametrize("tie_weights", [False, True])
@pytest.mark.parametrize("loss", ["softmax", "sampled_softmax"])
def test_frozen_vectors_stay(loss, tie_weights):
    given = {"cat": np.ones(5), "dog": -np.ones(5), "fish": np.zeros(5)}
    fitted = small(
        pretrained=Pretrained(given, trainable=False), hidden_size=5, loss=loss,
        tie_weights=tie_weights, min_count=1, negative=5,
    ).fit(TEXTS)  # fmt: skip
    rows = [fitted.vocabulary_[word] for word in ("cat", "dog")]
    assert_array_equal(fitted.vectors_[rows], [[1] * 5, [-1] * 5])
    free = clone(fitted).set_params(pretrained=given).fit(TEXTS)
    assert not np.array_equal(free.vectors_[rows], [[1] * 5, [-1] * 5])
    assert_allclose(free.vectors_[rows], [[1] * 5, [-1] * 5], atol=0.5)


def test_vectors_of_words_are_those_of_any_estimator():
    fitted = small().fit(TEXTS)
    assert fitted.vectors_.shape == (len(fitted.words_), 5)
    assert fitted.to_keyed_vectors().key_to_index == fitted.vocabulary_
    rows = MeanPoolEmbedder(fitted).fit(TEXTS).transform(["cat"])
    assert_array_equal(rows[0], fitted.vectors_[fitted.vocabulary_["cat"]])
    inner = MeanPoolEmbedder(small()).fit(TEXTS)
    assert_array_equal(inner.transform(["cat"]), rows)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("tie_weights", [False, True])
def test_parameters_by_the_names_of_torch(cell, tie_weights):
    fitted = small(
        cell=cell, num_layers=2, hidden_size=5, tie_weights=tie_weights
    ).fit(TEXTS)  # fmt: skip
    arrays = fitted.to_torch_state_dict()
    blocks = {"lstm": 4, "gru": 3, "rnn": 1}[cell]
    assert arrays["rnn.weight_hh_l1"].shape == (blocks * 5, 5)
    assert arrays["decoder.weight"].shape == (len(fitted.words_) + 2, 5)
    again = RecurrentLanguageModel.from_torch_state_dict(arrays, fitted.words_)
    assert again.cell == cell
    assert again.tie_weights == tie_weights
    assert again.score(TEXTS) == fitted.score(TEXTS)
    again.partial_fit(TEXTS)
    with pytest.raises(ValueError, match="hidden_size=8"):
        again.from_torch_state_dict(arrays, fitted.words_, hidden_size=8)
    for name, array, match in (
        ("rnn.bias_hh_l1", None, "has no 'rnn.bias_hh_l1'"),
        ("rnn.bias_hh_l9", np.zeros(3), "unknown 'rnn.bias_hh_l9'"),
        ("decoder.bias", np.zeros(3), "decoder.bias of state has the shape"),
        ("decoder.bias", arrays["decoder.bias"] * np.nan, "NaN"),
        ("rnn.weight_hh_l0", None, "no matrices"),
        ("rnn.weight_hh_l0", np.zeros((7, 5)), "1, 3 or 4 times"),
        ("encoder.weight", np.array(["a"]), "no array of real numbers"),
    ):
        wrong = {**arrays, name: array}
        if array is None:
            del wrong[name]
        with pytest.raises(ValueError, match=match):
            again.from_torch_state_dict(wrong, fitted.words_)
    with pytest.raises(ValueError, match="twice"):
        again.from_torch_state_dict(arrays, ["cat", "cat"])


@pytest.mark.parametrize("texts", [["cat"], ["cat", ""], [["cat"]], ["cat cat " * 500]])
def test_small_texts(texts):
    fitted = small(min_count=1).fit(texts)
    assert np.isfinite(fitted.score([*texts, "", "fish"]))


def test_unknown_words_are_one_word():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = small(vocabulary=["cat"]).fit(TEXTS)
        first, second = fitted.log_proba(["the dog cat", "xx yy cat"])
    assert_array_equal(first, second)


def test_what_excludes_each_other_is_refused():
    with pytest.raises(ValueError, match="tie_weights=True needs"):
        small(tie_weights=True).fit(TEXTS)
    with pytest.raises(FloatingPointError, match="Lower learning_rate"):
        small(optimizer="sgd", learning_rate=1e30, max_norm=None, epochs=5).fit(TEXTS)


def test_a_search_compares_scores():
    search = GridSearchCV(small(), {"cell": ["gru", "rnn"]}, cv=2, error_score="raise")
    search.fit(TEXTS)
    assert search.best_score_ < 0


def test_settings_are_recorded():
    names = {field.name for field in dataclasses.fields(RecurrentSettings)}
    assert names <= set(small().get_params())


def test_states_larger_than_memory_name_the_parameter():
    for size in (2**40, 2**62, 2**80):
        model = RecurrentLanguageModel(3, hidden_size=size, min_count=1, epochs=1)
        with pytest.raises(MemoryError, match=f"hidden_size={size}"):
            model.fit(["the cat sat", "the dog sat"] * 5)
