"""Classifiers made smaller: what is left, its codes, and fastText's files of them."""

import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_embed import FastTextClassifier, MeanPoolEmbedder
from sklearn_embed._files.errors import VectorFileError
from sklearn_embed._models import quantize
from sklearn_embed._models.quantize import QuantizedFastText, quantized
from sklearn_embed.io.fasttext import read_model, write_model

rng = np.random.default_rng(0)
TOPICS = [[f"{topic}{i}" for i in range(60)] for topic in ("sport", "moon", "law")]
Y = np.arange(300) % 3
TEXTS = [" ".join([*rng.choice(TOPICS[y], 6), *rng.choice(TOPICS[0], 2)]) for y in Y]
NEW = [*TEXTS[:40], "sport1 moon2 law3", "unknown sportif", ""]
SEVERAL = np.eye(4, dtype=int)[Y] | np.eye(4, dtype=int)[(Y + 1) % 4]
GRAMS = {"word_ngrams": 2, "min_n": 2, "max_n": 3, "bucket": 3000}
# What fastText's files hold.
MEANS = {"normalization": "l1", "weights": None}
OLD = {**MEANS, "word_ngrams": 1, "learning_rate": 0.5}
KINDS = {
    "words": {},
    "grams": GRAMS,
    "ova": {"loss": "one_vs_all", **GRAMS},
    "drawn": {"loss": "negative_sampling"},
    "tree": {"loss": "hierarchical_softmax", **GRAMS},
}
OPTIONS = {
    "codes": {},
    "norms": {"qnorm": True, "dsub": 3},
    "cut": {"cutoff": 150},
    "few": {"cutoff": 70, "qout": True, "qnorm": True},
    "retrained": {"cutoff": 150, "retrain": True, "qout": True},
}
each_kind = pytest.mark.parametrize("kind", KINDS)
each_option = pytest.mark.parametrize("option", OPTIONS)
_FITTED: dict = {}


def fitted(kind):
    """Return a fitted classifier of a kind."""
    if kind not in _FITTED:
        model = FastTextClassifier(10, epochs=5, random_state=0, **OLD | KINDS[kind])
        _FITTED[kind] = model.fit(TEXTS, Y)
    return copy.deepcopy(_FITTED[kind])


def shrunk(kind, option):
    """Return it quantised."""
    options = OPTIONS[option]
    given = (TEXTS, Y) if options.get("retrain") else ()
    return fitted(kind).quantize(*given, **options)


@each_kind
@each_option
def test_files_give_the_same_predictions(kind, option, tmp_path):
    model = shrunk(kind, option)
    write_model(model.to_fasttext(), tmp_path / "model.ftz")
    text = {"token_pattern": model.token_pattern, "lowercase": True}
    back = FastTextClassifier.from_fasttext(tmp_path / "model.ftz", **text)
    assert_array_equal(back.classes_, model.classes_)
    # Documents without known words are judged by the end mark alone there.
    known = [text for text in NEW if {*text.split()} & {*model.words_}]
    assert_allclose(back.predict_proba(known), model.predict_proba(known), atol=1e-6)
    vectors = back.sentence_vectors(NEW)
    assert_allclose(vectors, model.sentence_vectors(NEW), atol=1e-6)
    assert sorted(back.words_) == sorted(model.words_)
    raw = read_model(tmp_path / "model.ftz")
    assert (raw.rows is None) == ("cutoff" not in OPTIONS[option])
    again = back.quantize(dsub=1)
    assert_allclose(again.predict_proba(known), model.predict_proba(known), atol=0.05)


@each_kind
@each_option
def test_everything_goes_on_with_codes(kind, option, tmp_path):
    model = shrunk(kind, option)
    assert isinstance(model._model, QuantizedFastText)
    assert (model.predict(TEXTS) == Y).mean() > (0.5 if option == "few" else 0.95)
    probabilities = model.predict_proba(NEW)
    assert_allclose(probabilities.sum(axis=1), 1)
    one_by_one = np.vstack([model.predict_proba([text]) for text in NEW])
    assert_allclose(one_by_one, probabilities, atol=1e-6)
    dense = copy.deepcopy(model)
    dense._model = model._model.dense()
    assert_array_equal(dense.predict_proba(NEW), probabilities)
    assert_array_equal(dense.predict(NEW), model.predict(NEW))
    assert_array_equal(dense.sentence_vectors(NEW), model.sentence_vectors(NEW))
    assert "vectors_" not in vars(model)
    assert_array_equal(dense.vectors_, model.vectors_)
    assert model.vectors_.shape == (len(model.words_), 10)
    assert "vectors_" not in vars(model)
    model.save(tmp_path / "model")
    for other in (
        pickle.loads(pickle.dumps(model)),
        FastTextClassifier.load(tmp_path / "model"),
        FastTextClassifier.load(tmp_path / "model", mmap=True),
    ):
        assert_array_equal(other.predict_proba(NEW), probabilities)
        assert isinstance(other._model, QuantizedFastText)
    if option == "codes":
        MeanPoolEmbedder(model).fit(TEXTS).transform(TEXTS)
    assert len(model.most_similar(model.words_[0], topn=1)) == 1


def test_a_document_of_several_labels_keeps_them():
    model = FastTextClassifier(10, epochs=15, random_state=0, **OLD).fit(TEXTS, SEVERAL)
    probabilities = model.predict_proba(NEW)
    model.quantize(TEXTS, SEVERAL, cutoff=100, retrain=True)
    assert (model.predict(TEXTS) == SEVERAL).mean() > 0.9
    assert_allclose(model.predict_proba(NEW[:40]), probabilities[:40], atol=0.5)
    with pytest.raises(ValueError, match="y holds one label a document, but the model"):
        FastTextClassifier(4, epochs=1).fit(TEXTS, SEVERAL).quantize(
            TEXTS, Y, cutoff=100, retrain=True
        )


def test_the_longest_rows_are_kept():
    model = fitted("grams")
    inputs, n_words = model._model.inputs.copy(), len(model.words_)
    lengths = np.linalg.norm(inputs, axis=1)
    counts = dict(zip(model.words_, model.counts_.tolist(), strict=True))
    words, rows = list(model.words_), model._model.bucket_rows
    model.quantize(cutoff=200, dsub=1)
    codes = model._model.inputs
    assert codes.n_rows == 200
    kept = [words.index(word) for word in model.words_]
    assert kept == sorted(kept)
    assert [counts[word] for word in model.words_] == model.counts_.tolist()
    assert model.vocabulary_ == {word: i for i, word in enumerate(model.words_)}
    buckets = model._model.buckets
    assert len(kept) + 1 + len(buckets) == 200
    order = [*kept, n_words, *(rows[buckets] + n_words + 1)]
    assert_allclose(codes.rows(), inputs[order][:, :10], atol=0.02)
    others = np.delete(lengths, order)
    assert np.delete(lengths[order], len(kept)).min() >= others.max()
    same = fitted("grams").quantize(cutoff=10**6)
    assert_array_equal(
        same.predict_proba(NEW), fitted("grams").quantize().predict_proba(NEW)
    )


def test_codes_name_the_nearest_centroid():
    matrix = rng.standard_normal((700, 7)).astype(np.float32)
    codes = quantized(matrix, 3, False, 0)
    assert codes.codes.shape == (700, 3)
    for piece, code in zip(codes.pieces(), codes.codes.T, strict=True):
        points, centroids = matrix[:, piece], codes.centroids[:, piece]
        apart = ((points[:, None] - centroids[None]) ** 2).sum(axis=2)
        nearest = apart[np.arange(700), code]
        assert_allclose(nearest, apart.min(axis=1), rtol=1e-5)
    error = np.square(codes.rows() - matrix).mean()
    assert error < 0.12
    # As many centroids as numbers: nothing is lost.
    assert_array_equal(quantized(matrix[:256], 1, False, 0).rows(), matrix[:256])
    # With lengths apart, short rows are as exact as long ones.
    rows = matrix * rng.lognormal(0, 2, (700, 1)).astype(np.float32)
    errors = [np.square(quantized(rows, 3, n, 0).rows() - rows) for n in (True, False)]
    own, plain = (np.mean(e.sum(axis=1) / (rows**2).sum(axis=1)) for e in errors)
    assert own < 0.15 < plain
    zeros = np.vstack([matrix, np.zeros((3, 7), np.float32)])
    assert not quantized(zeros, 2, True, 0, has_zeros=True).rows()[700:].any()


def test_many_rows_are_learned_from_some(monkeypatch):
    monkeypatch.setattr(quantize, "MOST_ROWS", 512)
    matrix = rng.standard_normal((3000, 4)).astype(np.float32)
    one, other = (quantized(matrix, 2, True, 3) for _ in range(2))
    assert_array_equal(one.codes, other.codes)
    assert_array_equal(one.centroids, other.centroids)
    assert np.square(one.rows() - matrix).mean() < 0.02


def test_files_are_an_eighth_of_the_size(tmp_path):
    words = [f"word{i}" for i in range(4000)]
    texts = [" ".join(words[i : i + 10]) for i in range(0, 4000, 10)]
    model = FastTextClassifier(64, epochs=1, random_state=0, **OLD)
    model.fit(texts, np.arange(400) % 2)
    write_model(model.to_fasttext(), tmp_path / "model.bin")
    model.quantize()
    write_model(model.to_fasttext(), tmp_path / "model.ftz")
    sizes = [(tmp_path / name).stat().st_size for name in ("model.bin", "model.ftz")]
    rows, codes = 4 * 64 * 4001, 32 * 4001 + 4 * 256 * 64
    assert sizes[0] - sizes[1] == pytest.approx(rows - codes, abs=2000)
    held = model._model.inputs
    assert held.codes.nbytes + held.centroids.nbytes == codes


@pytest.mark.parametrize(
    ("given", "options", "message"),
    [
        ((), {"cutoff": 1}, "cutoff must be an integer of at least 2"),
        ((), {"cutoff": 2.5}, "cutoff must be an integer"),
        ((), {"dsub": 0}, "dsub must be an integer of at least 1"),
        ((), {"dsub": True}, "dsub must be an integer"),
        ((), {"qnorm": 1}, "qnorm must be True or False"),
        ((), {"retrain": True}, "retrain=True plays no part without cutoff"),
        ((), {"retrain": True, "cutoff": 9}, "retrain=True needs X and y"),
        ((TEXTS,), {"retrain": True, "cutoff": 9}, "retrain=True needs y"),
        ((TEXTS, Y), {"cutoff": 9}, "X plays no part without retrain=True"),
    ],
)
def test_options_out_of_range_are_refused(given, options, message):
    model = fitted("words")
    before = model.predict_proba(NEW)
    with pytest.raises(ValueError, match=message):
        model.quantize(*given, **options)
    assert_array_equal(model.predict_proba(NEW), before)


def test_codes_are_not_trained_on():
    model = shrunk("words", "cut")
    with pytest.raises(ValueError, match="quantised, and cannot be trained on"):
        model.partial_fit(TEXTS, Y)
    with pytest.raises(ValueError, match="quantised, and cannot be trained on"):
        model.set_params(warm_start=True).fit(TEXTS, Y)
    with pytest.raises(ValueError, match="quantised already"):
        model.quantize()
    assert len(model.set_params(warm_start=False).fit(TEXTS, Y).words_) == 180
    model.partial_fit(TEXTS, Y)


def test_a_failed_retraining_changes_nothing():
    model = fitted("words")
    before = model.predict_proba(NEW)
    with pytest.raises(FloatingPointError):
        model.set_params(learning_rate=1e38).quantize(TEXTS, Y, cutoff=90, retrain=True)
    with pytest.raises(ValueError, match="leaves no word"):
        words = fitted("grams")
        words._model.inputs[: len(words.words_)] = 0
        words.quantize(cutoff=2)
    assert_array_equal(model.predict_proba(NEW), before)


def test_pruned_models_are_not_written_without_codes(tmp_path):
    write_model(shrunk("grams", "cut").to_fasttext(), tmp_path / "model.ftz")
    back = FastTextClassifier.from_fasttext(tmp_path / "model.ftz")
    with pytest.raises(VectorFileError, match="pruned, which unquantised files cannot"):
        write_model(back.to_fasttext(), tmp_path / "model.bin")
    write_model(back.quantize().to_fasttext(), tmp_path / "model.bin")


def test_damaged_codes_are_refused():
    model = shrunk("words", "norms")
    codes = model._model.inputs
    for wrong in (
        {"width": 11},
        {"width": 0},
        {"codes": codes.codes[:, :2]},
        {"codes": codes.codes.astype(np.int32)},
        {"centroids": codes.centroids[:200]},
        {"norms": None},
        {"norm_codes": codes.norm_codes[:5]},
    ):
        with pytest.raises(ValueError, match="codes of inputs do not fit"):
            codes._replace(**wrong).check("inputs", 10)
    model._model.buckets = np.array([3], np.int32)
    with pytest.raises(ValueError, match="buckets of n-grams do not fit"):
        model._model.check(len(model.words_))
    model._model.output_codes = codes
    with pytest.raises(ValueError, match="one code for each row"):
        model._model.check(len(model.words_))


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("params", [{}, {"normalization": "l1"}, {"weights": None}])
def test_weighted_documents_stay_weighted(params, options, tmp_path):
    model = FastTextClassifier(10, epochs=5, random_state=0, **GRAMS, **params)
    model.fit(TEXTS, Y)
    before, weights = (
        model.predict_proba(TEXTS),
        dict(zip(model.words_, model.weights_, strict=True)),
    )
    given = (TEXTS, Y) if options.get("retrain") else ()
    model.quantize(*given, **options)
    if "cutoff" not in options:
        assert_allclose(model.predict_proba(TEXTS), before, atol=0.1)
    assert model.score(TEXTS, Y) > 0.9
    assert_allclose(model.weights_, [weights[word] for word in model.words_])
    model.save(tmp_path / "model")
    loaded = FastTextClassifier.load(tmp_path / "model")
    assert_array_equal(loaded.predict_proba(NEW), model.predict_proba(NEW))
    with pytest.raises(ValueError, match="normalization="):
        model.to_fasttext()
