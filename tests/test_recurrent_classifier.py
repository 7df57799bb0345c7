"""Recurrent classifiers: training against plain NumPy, and what is promised."""

from dataclasses import replace

import numpy as np
import pytest
import reference_recurrent as reference
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV

from sklearn_embed import (
    ContextualVectorizer,
    Pretrained,
    RecurrentClassifier,
    RecurrentLanguageModel,
    TokenizedDocuments,
)
from sklearn_embed._models.classifier import Labels
from sklearn_embed._models.features import Labelled
from sklearn_embed._models.label_training import LabelJob, Texts, judged
from sklearn_embed._models.loop import Data, Run, Schedule, mean_loss
from sklearn_embed._models.recurrent_classifier import RecurrentTextClassifier
from sklearn_embed._text.vocabulary import Vocabulary

TEXTS = ["fine, not dull", "dull, not fine", "so fine", "so very dull"] * 25
LABELS = np.array([1, 0, 1, 0] * 25)
WORDS = ["a", "b", "c", "d", "e"]


def small(**params):
    """Return an estimator that is fitted in an instant."""
    defaults = {"vector_size": 5, "hidden_size": 7, "epochs": 2, "random_state": 0}
    return RecurrentClassifier(**(defaults | params))


def twin_pooled(model, parameters, ids):
    """What one document is pooled to, from the formulas."""
    settings, (inputs, cells, *_, scalars) = model.settings, parameters
    kind = settings.nonlinearity if settings.cell == "rnn" else settings.cell
    xs = inputs[ids]
    put_out = [xs]
    for layer in model.stack.layers(cells):
        parts = [
            reference.run(kind, xs, weights, backwards=direction == 1)[0]
            for direction, weights in enumerate(layer)
        ]
        xs = np.concatenate(parts, axis=1)
        put_out.append(xs)
    if isinstance(settings.layers, tuple):
        xs = reference.mixed([put_out[n] for n in settings.layers], scalars)
    else:
        xs = put_out[settings.layers]
    if settings.pooling == "max":
        return xs.max(axis=0)
    if settings.pooling == "mean":
        return xs.mean(axis=0)
    half = xs.shape[1] // len(parts)
    return np.concatenate([xs[-1, :half], xs[0, half:]])


def twin_loss(model, parameters, documents, targets, weights):
    """Mean loss of some documents."""
    losses = []
    for ids, wanted, weight in zip(documents, targets, weights, strict=True):
        pooled = twin_pooled(model, parameters, ids)
        scores = parameters[2] @ pooled + parameters[3]
        if model.settings.loss == "softmax":
            loss = -(reference.log_softmax(scores) * wanted).sum()
        else:
            share = reference.sigmoid(scores)
            loss = -np.log(np.where(wanted, share, 1 - share)).sum()
        losses.append(weight * loss)
    return np.mean(losses)


def one_batch(estimator, targets, weights):
    """A model of WORDS, the job of one batch of four documents, and its twin's loss."""
    ids = [[3, 0, 1], [2], [4, 4, 0, 1, 3], [1, 2]]
    documents = TokenizedDocuments.from_documents([[WORDS[n] for n in d] for d in ids])
    rows, columns = np.nonzero(targets)
    offsets = np.concatenate([[0], np.cumsum(np.bincount(rows))])
    labelled = Labelled(documents, offsets, columns, weights)
    several = (targets.sum(axis=1) != 1).any()
    labels = Labels(np.arange(3), several, np.ones(3, np.int64), np.arange(3), None)
    vocabulary = Vocabulary(WORDS, [5, 4, 3, 2, 1])
    made, _ = estimator._new_model(vocabulary, documents, labels, False, False)
    model = made(np.random.default_rng(0), None)
    assert isinstance(model, RecurrentTextClassifier)
    for part in model.weights[:3]:
        part *= 3
    data, run = Data([labelled], [labelled]), Run(3, Schedule(2.0, 2.0, 1), 1)
    job = LabelJob(model, data, vocabulary, run)
    return model, job, lambda some: twin_loss(model, some, ids, targets, weights)


def assert_step_follows_slopes(model, job, loss_of):
    parameters = [part.astype(np.float64) for part in model.weights]
    expected = pytest.approx(loss_of(parameters), rel=1e-5)
    assert mean_loss(job.validation_phases(), 1) == expected
    assert mean_loss(job.phases(0), 1) == expected
    slopes, norm = reference.clipped(reference.differences(loss_of, parameters), 0.15)
    assert norm > 0.15, "nothing is clipped"
    for part, old, slope in zip(model.weights, parameters, slopes, strict=True):
        assert_allclose(part, old - 2 * slope, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("loss", ["softmax", "one_vs_all"])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("pooling", ["max", "mean", "last"])
def test_a_step_follows_the_slopes_of_the_loss(pooling, bidirectional, loss):
    cells = {"max": "lstm", "mean": "gru", "last": "rnn"}
    estimator = small(
        cell=cells[pooling], pooling=pooling, bidirectional=bidirectional, dropout=0.0,
        hidden_size=3, vector_size=4, num_layers=2, optimizer="sgd", max_norm=0.15,
    )  # fmt: skip
    targets = np.eye(3)[[0, 2, 1, 0]]
    if loss == "one_vs_all":
        targets[1] = 1
    weights = np.array([1.0, 0.5, 2.0, 0.5])
    model, job, loss_of = one_batch(estimator, targets, weights)
    assert_step_follows_slopes(model, job, loss_of)


@pytest.mark.parametrize("pooling", ["max", "mean", "last"])
@pytest.mark.parametrize(
    ("bidirectional", "num_layers", "layers"),
    [
        (True, 2, "all"),
        (False, 2, (1, 0)),
        (False, 3, [-1, 1]),
        (True, 1, "all"),
        (True, 1, [1]),
        (True, 2, 1),
        (False, 2, 0),
    ],
)
def test_sums_of_layers_follow_the_slopes_of_the_loss(
    bidirectional, num_layers, layers, pooling
):
    cells = {"max": "gru", "mean": "rnn", "last": "lstm"}
    estimator = small(
        cell=cells[pooling], pooling=pooling, bidirectional=bidirectional, dropout=0.0,
        hidden_size=3, vector_size=3 * (1 + bidirectional), num_layers=num_layers,
        layers=layers, optimizer="sgd", max_norm=0.15,
    )  # fmt: skip
    weights = np.array([1.0, 0.5, 2.0, 0.5])
    model, job, loss_of = one_batch(estimator, np.eye(3)[[0, 2, 1, 0]], weights)
    scalars = np.array([0.7, -0.4, 0.2, 1.5][-len(model.weights.scalars) :])
    model.weights.scalars[:] = scalars[: len(model.weights.scalars)]
    assert_step_follows_slopes(model, job, loss_of)


def test_losses_and_their_slopes():
    rng = np.random.default_rng(0)
    scores, weights = rng.standard_normal((3, 4)), np.array([1.0, 0.0, 3.0])
    for loss, targets in (
        ("softmax", np.eye(4)[[0, 3, 1]]),
        ("one_vs_all", rng.integers(0, 2, (3, 4)).astype(float)),
    ):

        def value(some, targets=targets, loss=loss):
            return judged(some[0], targets, weights, loss)[0]

        expected = reference.differences(value, [scores])[0]
        assert_allclose(judged(scores, targets, weights, loss)[1], expected, atol=1e-6)
    wide = np.array([[1e4, -1e4]])
    for loss in ("softmax", "one_vs_all"):
        found, slopes = judged(wide, np.eye(2)[[1]], np.ones(1), loss)
        assert np.isfinite(found)
        assert np.isfinite(slopes).all()


def test_words_of_documents_step_by_step():
    documents = TokenizedDocuments.from_documents(
        [["a", "?", "b"], [], ["c"], ["d", "e", "a", "b"], ["?"]]
    )
    texts = Texts.of(documents, Vocabulary(WORDS), 3)
    assert_array_equal(texts.lengths, [2, 0, 1, 3, 0])
    (group,) = texts.groups(8, 100)
    assert_array_equal(group, [3, 0, 2])
    words, lengths, lanes = texts.packed(group)
    assert_array_equal(words, [3, 0, 2, 4, 1, 0])
    assert_array_equal(lengths, [3, 2, 1])
    assert_array_equal(lanes, [0, 1, 2, 0, 1, 0])
    assert [len(g) for g in texts.groups(8, 3)] == [1, 1, 1]


@pytest.mark.parametrize("pooling", ["max", "mean", "last"])
@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_the_order_of_words_is_learned(cell, pooling):
    model = RecurrentClassifier(
        8, cell=cell, pooling=pooling, hidden_size=8, learning_rate=0.03, dropout=0.1,
        random_state=0,
    )  # fmt: skip
    model.fit(TEXTS, LABELS)
    assert model.score(TEXTS, LABELS) == 1
    assert model.loss_curve_[-1] < model.loss_curve_[0]


@pytest.mark.parametrize(
    ("optimizer", "layers"), [("adam", -1), ("sgd", "all"), ("adagrad", [0, 2])]
)
def test_threads_do_not_change_a_bit(optimizer, layers):
    params = {"optimizer": optimizer, "dropout": 0.3, "early_stopping": True}
    params |= {"layers": layers, "num_layers": 2, "vector_size": 14}
    fits = [small(n_jobs=n, **params).fit(TEXTS, LABELS) for n in (1, 2, 3)]
    for fitted in fits[1:]:
        assert fitted.loss_curve_ == fits[0].loss_curve_
        assert fitted.validation_loss_curve_ == fits[0].validation_loss_curve_
        assert_array_equal(fitted.vectors_, fits[0].vectors_)
        assert_array_equal(fitted.predict_proba(TEXTS), fits[0].predict_proba(TEXTS))


@pytest.mark.parametrize("layers", [-1, "all"])
def test_what_is_said_of_a_document_depends_on_it_alone(layers):
    sizes = {"vector_size": 66, "hidden_size": 33, "num_layers": 2}
    fitted = small(**sizes, layers=layers).fit(TEXTS, LABELS)
    texts = [*TEXTS[:4], "fine " * 700, "", "dull"] * 20
    together = fitted.decision_function(texts)
    assert_array_equal(fitted.decision_function(texts[::-1]), together[::-1])
    for text, value in zip(texts[:7], together, strict=False):
        assert_array_equal(fitted.decision_function([text])[0], value)


def test_documents_without_known_words_get_the_shares_of_the_classes():
    fitted = small().fit([*TEXTS[:99], "", "x"], [*LABELS[:99], 1, 1])
    shares = fitted.predict_proba(["", "zzz qqq", "!"])
    expected = (fitted._model.labels.counts + 0.5) / 102
    assert_allclose(shares, [expected] * 3, rtol=1e-6)
    assert_array_equal(fitted.sentence_vectors([""]), np.zeros((1, 14)))
    assert fitted.predict([""]) == [1]


def test_several_labels():
    y = np.array([[1, 0, 1], [0, 1, 1], [1, 0, 0], [0, 1, 0]] * 25)
    fitted = small(epochs=25, learning_rate=0.03, dropout=0.0).fit(TEXTS, y)
    assert fitted._model.settings.loss == "one_vs_all"
    assert_array_equal(fitted.predict(TEXTS[:4]), y[:4])
    assert fitted.predict_proba(TEXTS).shape == (100, 3)


def test_only_the_first_words_are_read():
    fitted = small(max_length=2).fit(TEXTS, LABELS)
    first, second = fitted.decision_function(["fine dull not", "fine dull dull so"])
    assert first == second


def test_weights_count():
    heavy = small(epochs=20, dropout=0.0, learning_rate=0.03)
    weights = np.where(np.arange(100) < 50, 1.0, 0.0)
    y = np.where(np.arange(100) < 50, LABELS, 1 - LABELS)
    fitted = heavy.fit(TEXTS, y, weights)
    assert fitted.score(TEXTS, LABELS) == 1
    balanced = small(class_weight="balanced").fit(TEXTS[:99], LABELS[:99])
    assert np.isfinite(balanced.loss_curve_).all()


def test_a_fit_goes_on_where_it_stood(tmp_path):
    parts = small(warm_start=True).fit(TEXTS, LABELS)
    parts.save(tmp_path / "model")
    again = RecurrentClassifier.load(tmp_path / "model")
    assert_array_equal(again.predict_proba(TEXTS), parts.predict_proba(TEXTS))
    for fitted in (parts, again):
        fitted.set_params(epochs=4).fit(TEXTS, LABELS)
        assert fitted.n_iter_ == 4
    assert_array_equal(again.vectors_, parts.vectors_)
    with pytest.raises(ValueError, match="pooling='mean' differs"):
        parts.set_params(pooling="mean", epochs=5).fit(TEXTS, LABELS)


def test_a_stream_brings_new_words_and_classes():
    fitted = small(dropout=0.0, learning_rate=0.03)
    fitted.partial_fit(TEXTS, LABELS, classes=[0, 1])
    assert fitted.n_iter_ == 1
    old = fitted._model.weights.outputs.copy()
    more = ["a new word here"] * 40
    fitted.partial_fit(more[:1], [2], classes=[0, 1, 2])
    assert fitted._model.weights.outputs.shape == (3, 14)
    assert np.abs(fitted._model.weights.outputs[:2] - old).max() < 0.1
    for _ in range(9):
        fitted.partial_fit(more + TEXTS[:40], [2] * 40 + list(LABELS[:40]))
    assert_array_equal(fitted.predict(["a new word", "so fine"]), [2, 1])
    assert "new" in fitted.vocabulary_


def test_frozen_vectors_stay():
    given = {"fine": np.ones(5), "dull": -np.ones(5)}
    frozen = small(pretrained=Pretrained(given, trainable=False)).fit(TEXTS, LABELS)
    rows = [frozen.vocabulary_[word] for word in given]
    assert_array_equal(frozen.vectors_[rows], [[1] * 5, [-1] * 5])
    free = clone(frozen).set_params(pretrained=given).fit(TEXTS, LABELS)
    assert not np.array_equal(free.vectors_[rows], frozen.vectors_[rows])


def test_what_layers_are_weighted_with_is_told_kept_and_goes_on(tmp_path):
    params = {"layers": "all", "vector_size": 14, "learning_rate": 0.03}
    fitted = small(**params, warm_start=True, dropout=0.0, epochs=4)
    fitted.fit(TEXTS, LABELS)
    assert fitted.layer_weights_.shape == (2,)
    assert fitted.layer_weights_.sum() == pytest.approx(1)
    scalars = fitted._model.weights.scalars
    assert np.abs(scalars - [0, 0, 1]).min() > 1e-3, "not learned"
    assert fitted.layer_scale_ == scalars[-1]
    fitted.save(tmp_path / "model")
    loaded = RecurrentClassifier.load(tmp_path / "model")
    for one in (fitted, loaded):
        one.set_params(epochs=6).fit(TEXTS, LABELS)
        one.partial_fit(["a new text", "so fine"], [0, 1])
    assert_array_equal(loaded.layer_weights_, fitted.layer_weights_)
    assert_array_equal(loaded.predict_proba(TEXTS), fitted.predict_proba(TEXTS))
    with pytest.raises(ValueError, match=r"layers=1 differs from the \(0, 1\)"):
        fitted.set_params(layers=-1, epochs=8).fit(TEXTS, LABELS)
    alone = small().fit(TEXTS, LABELS)
    assert (alone.layer_weights_, alone.layer_scale_) == ([1.0], 1.0)


def test_layers_that_there_are_not_are_refused():
    for params, message in (
        ({"layers": "all"}, "vector_size=5 numbers, the others have 14"),
        ({"layers": 0}, "leave 0 out of layers"),
        ({"layers": [0, 1], "bidirectional": False}, "the others have 7"),
        ({"layers": 2}, "layers 0 to 1 alone"),
        ({"layers": []}, "layers is empty"),
        ({"layers": [1, -1]}, "a layer twice"),
    ):
        model = small(**params)
        with pytest.raises(ValueError, match=message):
            model.fit(TEXTS, LABELS)
        assert not hasattr(model, "classes_")


@pytest.mark.parametrize("layers", [(), (0, 5), (1, 1), -1, (0, 1.0), "all", (0, 1)])
def test_layers_read_from_a_file_are_checked(layers):
    model = small().fit(TEXTS, LABELS)._model
    odd = replace(model, settings=replace(model.settings, layers=layers))
    with pytest.raises(ValueError, match=r"layers|scalars"):
        odd.check(len(model.weights.inputs))


def test_a_sum_of_layers_has_its_parameters_in_kept_fits(tmp_path):
    params = {"layers": "all", "vector_size": 14, "memory": str(tmp_path)}
    short = small(**params).fit(TEXTS, LABELS)
    resumed = small(**params, epochs=4).fit(TEXTS, LABELS)
    alone = small(**params | {"layers": -1}).fit(TEXTS, LABELS)
    assert not np.array_equal(short.layer_weights_, resumed.layer_weights_)
    assert alone.layer_weights_ == [1.0]


def test_training_that_diverges_is_refused():
    model = small(optimizer="sgd", learning_rate=1e30, max_norm=None, epochs=5)
    with pytest.raises(FloatingPointError, match="Lower learning_rate"):
        model.fit(TEXTS, LABELS)
    assert not hasattr(model, "classes_")


def test_a_search_compares_accuracies():
    search = GridSearchCV(small(), {"cell": ["gru", "rnn"]}, cv=2, error_score="raise")
    assert search.fit(TEXTS, LABELS).best_score_ > 0


# ---------------------------------------------------------------- language models


def pair(backward_size=3, **params):
    """A forward and a backward language model."""
    shared = {"hidden_size": 6, "epochs": 2, "random_state": 0} | params
    texts = [*TEXTS, "other words, known to the second one"] * 2
    forward = RecurrentLanguageModel(4, **shared).fit(TEXTS)
    backward = RecurrentLanguageModel(backward_size, direction="backward", **shared)
    return forward, backward.fit(texts if backward_size == 3 else TEXTS)


@pytest.mark.parametrize("fine_tuning", ["all", "gradual", "none"])
@pytest.mark.parametrize(
    ("bidirectional", "layers"), [(False, -1), (True, -1), (False, [2, 1]), (True, [1])]
)
def test_layers_and_vectors_learn_at_their_shares_of_the_rate(
    bidirectional, layers, fine_tuning
):
    models = pair(num_layers=2)
    estimator = small(
        vector_size=7 if bidirectional else 4, hidden_size=6, num_layers=2,
        language_model=models if bidirectional else models[0], dropout=0.0,
        bidirectional=bidirectional, optimizer="sgd", max_norm=0.1,
        fine_tuning=fine_tuning, layer_decay=0.5, layers=layers,
    )  # fmt: skip
    targets, epoch = np.eye(3)[[0, 2, 1, 0]], 1
    model, job, loss_of = one_batch(estimator, targets, np.ones(4))
    parameters = [part.astype(np.float64) for part in model.weights]
    slopes = reference.differences(loss_of, parameters)
    assert mean_loss(job.phases(epoch), 1) == pytest.approx(
        loss_of(parameters), rel=1e-5
    )
    middle = sum(part.size for part in model.stack.layers(slopes[1])[0][0])
    middle *= 1 + bidirectional
    rates = {"all": (0.125, 0.25, 0.5), "gradual": (0, 0, 0.5), "none": (0, 0, 0)}
    vectors, low, high = rates[fine_tuning]
    shares = [np.full(part.shape, 1.0) for part in slopes]
    shares[0][:], shares[1][:middle], shares[1][middle:] = vectors, low, high
    moving = [slope * (share > 0) for slope, share in zip(slopes, shares, strict=True)]
    moving, norm = reference.clipped(moving, 0.1)
    assert norm > 0.1, "nothing is clipped"
    for part, old, slope, share in zip(
        model.weights, parameters, moving, shares, strict=True
    ):
        assert_allclose(part, old - 2 * share * slope, rtol=1e-4, atol=2e-5)
        assert_array_equal(part[share == 0], old[share == 0].astype(np.float32))


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_a_classifier_reads_as_the_language_models_did(cell):
    models = pair(num_layers=2, cell=cell)
    fitted = small(
        vector_size=7, hidden_size=6, num_layers=2, cell=cell, pooling="mean",
        language_model=models, fine_tuning="none",
    ).fit([*TEXTS, "unheard"], [*LABELS, 1])  # fmt: skip
    kind = "tanh" if cell == "rnn" else cell
    halves = []
    for model in models:
        inputs = model._model.weights.inputs
        ids = [model.vocabulary_.get(word, len(model.words_)) for word in READ]
        xs = inputs[ids].astype(np.float64)
        for (weights,) in model._model.stack.layers(model._model.weights.cells):
            xs, _ = reference.run(kind, xs, weights, backwards=model is models[1])
        halves.append(xs.mean(axis=0))
    found = fitted.sentence_vectors([READ])
    assert_allclose(found, [np.concatenate(halves)], rtol=1e-5, atol=1e-6)


#: Words that both, one, and none of the language models know.
READ = ["not", "known", "so", "unheard", "dull"]


def test_words_of_language_models_have_rows():
    params = {"vector_size": 7, "hidden_size": 6, "language_model": pair()}
    fitted = small(**params, min_count=26).fit(TEXTS, LABELS)
    counts = dict(zip(fitted.words_, fitted.counts_.tolist(), strict=True))
    assert counts["fine"] == 75
    assert counts["very"] == 25
    assert counts["known"] == 0
    fitted.set_params(stop_words=["known", "very"], max_df=60).fit(TEXTS, LABELS)
    assert set(fitted.words_) == {"not", "so", "other", "words", "to", "the", "one",
                                  "second"}  # fmt: skip
    fitted.set_params(vocabulary=["so", "not", "other"]).fit(TEXTS, LABELS)
    assert fitted.words_ == ["not", "so", "other"]
    stream = clone(fitted).set_params(vocabulary=None, stop_words=None, max_df=1.0)
    stream.set_params(min_count=1).partial_fit(TEXTS[:2], LABELS[:2], classes=[0, 1])
    assert "known" in stream.vocabulary_
    n_words = len(stream.words_)
    stream.partial_fit(["a new word", "so fine"], [0, 1])
    assert len(stream.words_) > n_words


def test_a_start_from_language_models_is_kept_and_copied(tmp_path):
    models = pair()
    fitted = small(vector_size=7, hidden_size=6, language_model=models, n_jobs=2)
    fitted.fit(TEXTS, LABELS)
    assert clone(fitted).language_model is models
    again = clone(fitted).set_params(n_jobs=1).fit(TEXTS, LABELS)
    assert_array_equal(again.vectors_, fitted.vectors_)
    both = ContextualVectorizer(language_models=pair(backward_size=4)).fit(TEXTS)
    contextual = small(vector_size=8, hidden_size=6, language_model=both)
    assert_array_equal(
        contextual.fit(TEXTS, LABELS).vectors_,
        contextual.set_params(language_model=both.language_models_)
        .fit(TEXTS, LABELS)
        .vectors_,
    )
    fitted.save(tmp_path / "model")
    loaded = RecurrentClassifier.load(tmp_path / "model")
    assert_array_equal(loaded.predict_proba(TEXTS), fitted.predict_proba(TEXTS))
    assert_array_equal(loaded.fit(TEXTS, LABELS).vectors_, fitted.vectors_)


def test_language_models_of_other_shapes_are_refused():
    forward, backward = pair()
    base = small(vector_size=7, hidden_size=6)
    for params, message in (
        ({"language_model": forward}, "needs a pair"),
        ({"language_model": (forward, backward), "bidirectional": False}, "needs one"),
        ({"language_model": (backward, forward)}, "direction='forward' must"),
        ({"language_model": (forward, backward), "cell": "gru"}, "set cell='lstm'"),
        ({"language_model": (forward, backward), "hidden_size": 5}, "set hidden_size"),
        ({"language_model": (forward, backward), "num_layers": 2}, "set num_layers=1"),
        (
            {"language_model": (forward, backward), "vector_size": 4},
            "set vector_size=7",
        ),
        ({"language_model": (forward, backward), "pretrained": {}}, "give one"),
        ({"fine_tuning": "none"}, "would be random"),
    ):
        with pytest.raises(ValueError, match=message):
            clone(base).set_params(**params).fit(TEXTS, LABELS)
    with pytest.raises(TypeError, match="give a fitted RecurrentLanguageModel"):
        clone(base).set_params(language_model=("a", "b")).fit(TEXTS, LABELS)
    with pytest.raises(NotFittedError):
        untrained = clone(forward), clone(backward)
        clone(base).set_params(language_model=untrained).fit(TEXTS, LABELS)
