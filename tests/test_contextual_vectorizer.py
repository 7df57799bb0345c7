"""Vectors in context: against plain NumPy, and what is promised of them."""

import pickle
import warnings
from itertools import pairwise

import numpy as np
import pytest
import reference_recurrent as reference
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklearn_embed import (
    ContextualVectorizer,
    Pretrained,
    RecurrentLanguageModel,
    TokenizedDocuments,
)
from sklearn_embed._estimators import token_vectors
from sklearn_embed._models import contextual, recurrent_scoring

TEXTS = ["the cat sat on the mat", "the dog sat on the rug", "", "a cat and a dog"] * 30
RNG = np.random.default_rng(0)
LONG = " ".join(RNG.choice(["cat", "dog", "sat", "on", "the", "new"], 150))
ASKED = ["the cat sat", "", "dog", "zzz the rug", LONG, "on on on on"]


def small(**params):
    """Return an estimator that is fitted in an instant."""
    defaults = {"vector_size": 5, "hidden_size": 7, "epochs": 2, "random_state": 0}
    return ContextualVectorizer(**(defaults | params))


@pytest.fixture(scope="module")
def fitted():
    return small().fit(TEXTS)


def normalized(rows):
    rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / np.sqrt((rows**2).mean(axis=1, keepdims=True) + 1e-5)


def twin_tokens(model, text):
    """All layers of a document's tokens, (layers, n, 2 * size) lists, from formulas."""
    tokens = TokenizedDocuments.from_documents([text])[0]
    ids = [model.vocabulary_.get(token, len(model.words_)) for token in tokens]
    halves = []
    for language_model, order in zip(model.language_models_, (1, -1), strict=True):
        network = language_model._model
        kind = network.settings.cell
        kind = network.settings.nonlinearity if kind == "rnn" else kind
        inputs, _, _, cells = (part.astype(np.float64) for part in network.weights)
        mark = len(network.weights.biases) - 1
        xs = inputs[[mark, *ids[::order]]]
        layers = [xs]
        for (weights,) in network.stack.layers(cells):
            layers.append(reference.run(kind, layers[-1], weights)[0])
        halves.append([layer[1:][::order] for layer in layers])
    return [list(pair) for pair in zip(*halves, strict=True)]


def twin_vectors(model, text, numbers, weights=None):
    layers = twin_tokens(model, text)
    parts = []
    for number in numbers:
        halves = layers[number]
        if model.normalize_layers:
            halves = list(map(normalized, halves))
        parts.append(np.hstack(halves))
    if weights is None:
        return np.hstack(parts)
    return sum(w * part for w, part in zip(weights, parts, strict=True))


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_vectors_of_tokens(cell, normalize):
    model = small(cell=cell, normalize_layers=normalize, hidden_size=5).fit(TEXTS)
    for layers, numbers in (("all", (0, 1, 2)), (-1, (2,)), ([1, 0], (1, 0))):
        n = len(numbers)
        for given, weights in (
            ("concat", None),
            ("mean", [1 / n] * n),
            ([0.5, -2.0, 3.0][:n], [0.5, -2.0, 3.0][:n]),
        ):
            model.set_params(layers=layers, layer_weights=given)
            found = model.transform_tokens(ASKED)
            for number, text in enumerate(ASKED):
                expected = twin_vectors(model, text, numbers, weights)
                assert_allclose(found[number], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("pooling", ["mean", "sum", "max", "last"])
def test_rows_are_pooled_vectors(pooling, fitted):
    model = clone(fitted).set_params(pooling=pooling).fit(TEXTS)
    rows = model.transform(ASKED)
    tokens = model.transform_tokens(ASKED)
    assert rows.dtype == np.float32
    assert not rows[1].any()
    ends = np.cumsum([0, 5, 5, 7, 7, 7, 7])
    for row, own in zip(rows, tokens, strict=True):
        if not len(own):
            continue
        if pooling == "last":
            halves = enumerate(pairwise(ends))
            parts = [own[0 if n % 2 else -1, a:b] for n, (a, b) in halves]
            assert_array_equal(row, np.concatenate(parts))
        else:
            expected = getattr(own.astype(np.float64), pooling)(axis=0)
            assert_allclose(row, expected, rtol=1e-6, atol=1e-6)


def test_a_state_is_that_after_its_own_token(fitted):
    model = clone(fitted).set_params(layers=-1).fit(TEXTS)
    whole = model.transform_tokens(["the cat sat on the mat"]).vectors
    size = whole.shape[1] // 2
    begun = model.transform_tokens(["the cat sat"]).vectors
    assert_array_equal(begun[:, :size], whole[:3, :size])
    assert not np.array_equal(begun[:, size:], whole[:3, size:])
    ended = model.transform_tokens(["on the mat"]).vectors
    assert_array_equal(ended[:, size:], whole[3:, size:])
    other = model.transform_tokens(["the cat sat on the rug"]).vectors
    assert not np.array_equal(other[1, size:], whole[1, size:]), "no context"


def test_the_lowest_layer_is_of_words_alone():
    vectors = {"cat": [1.0, 0.5, 0.0], "dog": [0.0, 2.0, 1.0]}
    given = Pretrained(vectors, trainable=False)
    model = ContextualVectorizer(
        3, hidden_size=4, pretrained=given, layers=0, epochs=1, random_state=0
    ).fit(TEXTS)
    found = model.transform(["cat", "dog"])
    expected = [np.tile(vectors[w], 2) for w in ("cat", "dog")]
    assert_array_equal(found, np.float32(expected))
    with pytest.raises(ValueError, match="vector_size=2"):
        ContextualVectorizer(2, pretrained=given).fit(TEXTS)


def test_a_long_document_is_read_in_pieces_with_the_same_bits(fitted, monkeypatch):
    expected = fitted.transform_tokens(ASKED).vectors
    rows = fitted.transform(ASKED)
    for piece, steps in ((40, 16), (149, 1024), (16, 16), (10, 3)):
        monkeypatch.setattr(contextual, "PIECE", piece)
        monkeypatch.setattr(contextual, "ROWS", steps)
        monkeypatch.setattr(recurrent_scoring, "ROWS", steps)
        parts = list(fitted.iter_tokens(ASKED, n_tokens=8))
        assert max(len(part.vectors) for part in parts) <= max(piece, 8)
        assert_array_equal(np.concatenate([p.vectors for p in parts]), expected)
        long = [part for part in parts if part.first == 4]
        assert [part.begin for part in long] == [*range(0, 150, piece)]
        assert [t for part in long for t in part.tokens] == LONG.split()
        assert_array_equal(fitted.transform_tokens(ASKED).vectors, expected)
        assert_array_equal(fitted.transform(ASKED), rows)


def test_the_company_of_a_document_changes_no_bit(fitted):
    alone = [fitted.transform([text])[0] for text in ASKED]
    for n_jobs in (1, 2, 3):
        model = clone(fitted).set_params(n_jobs=n_jobs).fit(TEXTS)
        assert_array_equal(model.transform(ASKED), alone)
        assert_array_equal(model.transform(ASKED[::-1]), alone[::-1])
        tokens = fitted.transform_tokens(ASKED * 30)
        for number, text in enumerate(ASKED):
            single = model.transform_tokens([text]).vectors
            for copy in (0, 29):
                assert_array_equal(tokens[copy * len(ASKED) + number], single)


def test_token_vectors_know_their_tokens(fitted):
    found = fitted.transform_tokens(ASKED)
    assert len(found) == len(ASKED)
    assert found.tokens[:4] == ["the", "cat", "sat", "dog"]
    assert found[3].shape == (3, 38)
    assert found[-1].base is not None
    assert "6 documents" in repr(found)
    with pytest.raises(TypeError, match="number"):
        found[:2]
    with pytest.raises(IndexError):
        found[6]
    part = fitted.transform_tokens(TokenizedDocuments.from_documents(ASKED)[2:4])
    assert part.tokens == ["dog", "zzz", "the", "rug"]
    assert_array_equal(part.offsets, [0, 1, 4])
    assert len(fitted.transform_tokens([])) == 0


def test_vectors_of_tokens_go_where_they_should(fitted, tmp_path):
    expected = fitted.transform_tokens(ASKED).vectors
    out = np.lib.format.open_memmap(
        tmp_path / "x.npy", mode="w+", dtype=np.float32, shape=expected.shape
    )
    assert fitted.transform_tokens(ASKED, out=out).vectors is out
    assert_array_equal(out, expected)
    for wrong in (out[1:], out.astype(float), [1.0]):
        with pytest.raises(ValueError, match=r"out must be .* \(\d+, 38\)"):
            fitted.transform_tokens(ASKED, out=wrong)


def test_the_nearest_tokens_of_a_corpus(fitted, monkeypatch):
    model = clone(fitted).set_params(layers=[1, 2]).fit(TEXTS)
    everything = model.transform_tokens(ASKED)
    asked = "the dog sat on the rug"
    query = model.transform_tokens([asked]).vectors[3].astype(np.float64)
    rows = everything.vectors.astype(np.float64)
    cosines = rows @ query / np.linalg.norm(rows, axis=1) / np.linalg.norm(query)
    order = np.argsort(-cosines, kind="stable")[:7]
    for block in (1 << 13, 5):
        monkeypatch.setattr(token_vectors, "COMPARED", block)
        found = model.most_similar_in_context(asked, "on", ASKED, topn=7)
        assert_allclose([one.similarity for one in found], cosines[order], rtol=1e-6)
        for one, row in zip(found, order, strict=True):
            number = int(np.searchsorted(everything.offsets, row, "right")) - 1
            place = row - everything.offsets[number]
            assert (one.document, one.position) == (number, place)
            assert one.token == everything.tokens[row]
            words = TokenizedDocuments.from_documents(ASKED)[number]
            around = words[max(0, place - 5) : place + 6]
            assert one.context == " ".join(around)
        only = model.most_similar_in_context(
            asked.split(), 3, ASKED, 3, among=["dog", "unheardof"], n_context=0
        )
        assert {one.token for one in only} == {one.context for one in only} == {"dog"}
        best = cosines[[token == "dog" for token in everything.tokens]]
        expected = np.sort(best)[::-1][:3]
        assert_allclose([one.similarity for one in only], expected, rtol=1e-6)


def test_what_all_tokens_have_in_common_can_be_taken_off(fitted, monkeypatch):
    monkeypatch.setattr(token_vectors, "COMPARED", 8)
    everything = fitted.transform_tokens(ASKED)
    query = fitted.transform_tokens(["the dog sat"]).vectors[1].astype(np.float64)
    tokens = np.array(everything.tokens)
    for among in (None, ["dog", "on"]):
        own = np.ones(len(tokens), bool) if among is None else np.isin(tokens, among)
        rows = everything.vectors[own].astype(np.float64)
        mean = rows.mean(axis=0)
        near = (rows - mean) @ (query - mean)
        near /= np.linalg.norm(rows - mean, axis=1) * np.linalg.norm(query - mean)
        found = fitted.most_similar_in_context(
            "the dog sat", "dog", ASKED, 5, among=among, center=True
        )
        expected = np.sort(near)[::-1][:5]
        assert_allclose([one.similarity for one in found], expected, rtol=1e-6)
    ask = fitted.most_similar_in_context
    assert ask("a dog", "dog", [], center=True) == []


def test_where_a_word_occurs(fitted, monkeypatch):
    everything = fitted.transform_tokens(ASKED)
    rows = [n for n, token in enumerate(everything.tokens) if token == "the"]
    for block in (1 << 13, 5):
        monkeypatch.setattr(token_vectors, "COMPARED", block)
        found = fitted.occurrences(ASKED, "The", n_context=1)
        assert_array_equal(found.vectors, everything.vectors[rows])
        starts = everything.offsets[found.documents]
        assert_array_equal(starts + found.positions, rows)
        assert found.contexts[:2] == ["the cat", "zzz the rug"]
        some = fitted.occurrences(ASKED, "the", max_occurrences=2)
        assert_array_equal(some.vectors, everything.vectors[rows[:2]])
    assert fitted.occurrences(ASKED, "nothing").vectors.shape == (0, 38)


def averaged(found, window):
    """Return means of rows and of their neighbours in their documents."""
    out = []
    for number in range(len(found)):
        rows = found[number].astype(np.float64)
        for place in range(len(rows)):
            near = rows[max(0, place - window) : place + window + 1]
            out.append(near.mean(axis=0))
    return np.array(out)


@pytest.mark.parametrize("window", [1, 3, 1000])
def test_vectors_are_averaged_over_their_neighbours(window, fitted):
    everything = fitted.transform_tokens(ASKED)
    expected = averaged(everything, window)
    found = fitted.transform_tokens(ASKED, window=window)
    assert_allclose(found.vectors, expected, rtol=1e-4, atol=1e-6)
    assert found.tokens == everything.tokens
    for number, text in enumerate(ASKED):
        single = fitted.transform_tokens([text], window=window).vectors
        assert_array_equal(found[number], single)
    rows = np.array(everything.tokens) == "the"
    options = {"max_occurrences": 9, "window": window}
    there = fitted.occurrences(ASKED, "the", **options)
    assert_array_equal(there.vectors, found.vectors[rows][:9])
    asked = "the dog sat on the rug"
    query = averaged(fitted.transform_tokens([asked]), window)[3]
    near = expected[rows] @ query / np.linalg.norm(expected[rows], axis=1)
    near = np.sort(near / np.linalg.norm(query))[::-1][:5]
    options = {"among": ["the"], "window": window}
    best = fitted.most_similar_in_context(asked, "on", ASKED, 5, **options)
    assert_allclose([one.similarity for one in best], near, rtol=1e-5)
    assert len(fitted.transform_tokens([], window=window)) == 0


def test_neighbours_are_those_beyond_the_border_of_a_piece(fitted, monkeypatch):
    expected = fitted.transform_tokens(ASKED, window=4).vectors
    for piece in (40, 149, 10, 4):
        monkeypatch.setattr(contextual, "PIECE", piece)
        parts = list(fitted.iter_tokens(ASKED, n_tokens=4, window=4))
        assert_array_equal(np.concatenate([p.vectors for p in parts]), expected)
        long = [part for part in parts if part.first == 4]
        assert [part.begin for part in long] == [*range(0, 150, piece)]


def test_questions_that_cannot_be_asked(fitted):
    ask = fitted.most_similar_in_context
    for error, message, args, more in (
        (ValueError, "no token of text", ("the cat", "dog", ASKED), {}),
        (ValueError, "has 2 tokens", ("the cat", 2, ASKED), {}),
        (TypeError, "word must be", ("the cat", 1.5, ASKED), {}),
        (TypeError, "one document", (5, "cat", ASKED), {}),
        (ValueError, "topn=0", ("the cat", "cat", ASKED, 0), {}),
        (ValueError, "n_context=-1", ("the cat", "cat", ASKED), {"n_context": -1}),
        (ValueError, "window=-1", ("the cat", "cat", ASKED), {"window": -1}),
        (ValueError, "window=1001", ("the cat", "cat", ASKED), {"window": 1001}),
        (TypeError, "among", ("the cat", "cat", ASKED), {"among": "cat"}),
        (TypeError, "among", ("the cat", "cat", ASKED), {"among": [1]}),
    ):
        with pytest.raises(error, match=message):
            ask(*args, **more)
    with pytest.raises(TypeError, match="word must be"):
        fitted.occurrences(ASKED, 5)
    with pytest.raises(ValueError, match="max_occurrences=0"):
        fitted.occurrences(ASKED, "cat", max_occurrences=0)
    with pytest.raises(ValueError, match="n_tokens=0"):
        fitted.iter_tokens(ASKED, n_tokens=0)
    for ask in (
        fitted.iter_tokens,
        fitted.transform_tokens,
        lambda X, window: fitted.occurrences(X, "cat", window=window),
    ):
        with pytest.raises(ValueError, match=r"window=1\.5"):
            ask(ASKED, window=1.5)


def test_the_models_are_those_that_are_trained_one_by_one():
    params = {"hidden_size": 7, "epochs": 2, "cell": "gru", "num_layers": 2}
    model = ContextualVectorizer(5, random_state=3, **params).fit(TEXTS)
    seed = np.random.RandomState(3).randint(2**31 - 1)
    for own, direction in zip(
        model.language_models_, ("forward", "backward"), strict=True
    ):
        alone = RecurrentLanguageModel(
            5, direction=direction, random_state=seed, **params
        ).fit(TEXTS)
        assert_array_equal(own.vectors_, alone.vectors_)
        assert own.loss_curve_ == alone.loss_curve_
        assert own.direction == direction


def test_a_given_pair_is_taken_as_it_is(fitted):
    pair = fitted.language_models_
    model = ContextualVectorizer(language_models=pair, n_jobs=2).fit(["the cat"] * 3)
    assert_array_equal(model.transform(ASKED), fitted.transform(ASKED))
    twin = clone(model)
    assert twin.language_models is pair
    assert not hasattr(twin, "words_")
    before = pair[0].vectors_.copy()
    model.partial_fit(["the cat sat"] * 9)
    assert_array_equal(pair[0].vectors_, before)
    assert not np.array_equal(model.language_models_[0].vectors_, before)
    again = model.language_models_[0].n_iter_
    assert model.partial_fit(["a dog"] * 9).language_models_[0].n_iter_ == again + 1
    assert model.build_analyzer()("The CAT") == ["the", "cat"]
    with pytest.warns(UserWarning, match="are unknown: their vectors"):
        model.fit(["x1 x2 x3 x4 x5 the"] * 5)
    with pytest.warns(UserWarning, match="are unknown: their vectors"):
        model.transform(["x1 x2 x3 x4 x5 the"] * 5)


def test_pairs_that_do_not_belong_together(fitted):
    forward, backward = fitted.language_models_

    def other(**params):
        params = {"hidden_size": 7, "num_layers": 2, "epochs": 1} | params
        return RecurrentLanguageModel(5, direction="backward", **params).fit(TEXTS)

    for error, message, pair in (
        (TypeError, "a pair", forward),
        (TypeError, "a pair", (forward,)),
        (TypeError, "a pair", (forward, "backward")),
        (ValueError, "the second reads forward", (forward, forward)),
        (ValueError, "the first reads backward", (backward, forward)),
        (ValueError, "not fitted", (forward, clone(backward))),
        (ValueError, "other words", (forward, other(max_features=3))),
        (ValueError, "in different ways", (forward, other(lowercase=False))),
        (ValueError, "hidden_size=7 and 8", (forward, other(hidden_size=8))),
        (ValueError, "num_layers=2 and 1", (forward, other(num_layers=1))),
    ):
        with pytest.raises(error, match=message):
            ContextualVectorizer(language_models=pair).fit(TEXTS)
    pair = forward, backward
    for name, value in (("hidden_size", 7), ("lowercase", False), ("min_count", 3)):
        with pytest.raises(ValueError, match=f"{name}={value} would have no effect"):
            ContextualVectorizer(language_models=pair, **{name: value}).fit(TEXTS)


def test_layers_that_are_not_there():
    for name, wrong, message in (
        ("layers", 3, "layers 0 to 2"),
        ("layers", [0, -4], "layers 0 to 2"),
        ("layers", [], "empty"),
        ("layers", [1, -2], "twice"),
        ("layers", [0.5], "integers"),
        ("layer_weights", [1, 2], "give 3 numbers"),
        ("layer_weights", [1, 2, np.nan], "give 3 numbers"),
        ("layer_weights", [1, 2, 1e9], "a million"),
        ("layer_weights", "mean", "vector_size=5 of layer 0"),
    ):
        with pytest.raises(ValueError, match=message):
            small(**{name: wrong}).fit(TEXTS)
    model = small(layers=[1, 2], layer_weights="mean").fit(TEXTS)
    with pytest.raises(ValueError, match="layers 0 to 2"):
        model.set_params(layers=5).transform(TEXTS)
    with pytest.raises(ValueError, match="layers 0 to 2"):
        model.get_feature_names_out()


def test_training_goes_on():
    whole = small(epochs=4, warm_start=True).fit(TEXTS)
    halves = small(epochs=4, warm_start=True, learning_rate=0.003)
    halves.set_params(epochs=2).fit(TEXTS)
    assert [m.n_iter_ for m in halves.language_models_] == [2, 2]
    halves.set_params(epochs=4).fit(TEXTS)
    assert [m.n_iter_ for m in halves.language_models_] == [4, 4]
    assert whole.transform(ASKED).shape == halves.transform(ASKED).shape
    batches = small()
    for batch in (TEXTS[:40], TEXTS[40:], ["a new word"] * 5):
        batches.partial_fit(batch)
    assert {"new", "word"} <= set(batches.words_)
    assert batches.language_models_[0].words_ == batches.language_models_[1].words_
    n_words = len(batches.words_)
    batches.partial_fit(["quite other words"] * 5, update_vocabulary=False)
    assert len(batches.words_) == n_words
    with pytest.raises(ValueError, match="hidden_size=9"):
        batches.set_params(hidden_size=9).partial_fit(TEXTS)


def test_a_fit_that_fails_half_way_changes_nothing(fitted, monkeypatch):
    model = pickle.loads(pickle.dumps(fitted))
    expected = model.transform(ASKED)
    trained = RecurrentLanguageModel.fit

    def fails(self, *args):
        if self.direction == "backward":
            raise FloatingPointError("diverged")
        return trained(self, *args)

    for warm_start in (False, True):
        model.set_params(warm_start=warm_start, epochs=3)
        with monkeypatch.context() as patch:
            patch.setattr(RecurrentLanguageModel, "fit", fails)
            with pytest.raises(FloatingPointError):
                model.fit(TEXTS)
        assert_array_equal(model.transform(ASKED), expected)
    assert model.fit(TEXTS).language_models_[0].n_iter_ == 3


def test_saved_and_loaded(fitted, tmp_path):
    for model in (
        fitted,
        ContextualVectorizer(language_models=fitted.language_models_),
    ):
        model = clone(model).fit(TEXTS)
        model.save(tmp_path / "model")
        for mmap in (False, True):
            loaded = ContextualVectorizer.load(tmp_path / "model", mmap=mmap)
            assert_array_equal(loaded.transform(ASKED), model.transform(ASKED))
            again = loaded.partial_fit(TEXTS).transform(ASKED)
            twin = pickle.loads(pickle.dumps(model)).partial_fit(TEXTS)
            assert_array_equal(again, twin.transform(ASKED))


def test_a_search_over_layers_trains_nothing(fitted):
    labels = np.arange(len(TEXTS)) % 4 // 2
    pipeline = make_pipeline(
        ContextualVectorizer(language_models=fitted.language_models_),
        LogisticRegression(),
    )
    grid = {"contextualvectorizer__layers": ["all", 0, [1, 2]]}
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise")
    search.fit(TEXTS, labels)
    assert search.best_score_ > 0.7


def test_early_stopping_holds_out_the_same_documents():
    model = small(
        early_stopping=True, epochs=4, n_iter_no_change=1, random_state=5
    ).fit(TEXTS)
    forward, backward = model.language_models_
    assert forward.words_ == backward.words_
    assert len(forward.validation_loss_curve_) == forward.n_iter_


def test_training_says_how_far_it_is(capsys):
    small(verbose=True, epochs=1).fit(TEXTS)
    lines = capsys.readouterr().out.splitlines()
    names = ["[RecurrentLanguageModel", "[RecurrentLanguageModel, backward"]
    assert [line.split("]")[0] for line in lines] == names


def test_few_tokens_warn_as_elsewhere(fitted):
    with pytest.warns(UserWarning, match="nothing is learned but that they end"):
        clone(fitted).fit(TEXTS).partial_fit(["", "?!"])
    with pytest.warns(UserWarning, match="rows are zeros"):
        fitted.transform(["?", "!", "."])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted.transform(["?"])
