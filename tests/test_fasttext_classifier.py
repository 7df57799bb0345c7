import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from interrupts import interrupted
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklearn_embed import (
    FastTextClassifier,
    MeanPoolEmbedder,
    TokenizedDocuments,
    Word2VecVectorizer,
)
from sklearn_embed._models import classifier_job as job
from sklearn_embed.io import fasttext

RNG = np.random.default_rng(0)
TOPICS = [["sun", "moon", "star", "sky"], ["king", "queen", "crown", "throne"]]
TOPICS.append(["bread", "butter", "cheese", "honey"])
COMMON = ["the", "of", "and"]
Y = RNG.integers(0, 3, 300)
NAMES = np.array(["astronomy", "court", "кухня"])[Y]
TEXTS = [" ".join([*RNG.choice(TOPICS[i], 3), *RNG.choice(COMMON, 4)]) for i in Y]
FAST = {"vector_size": 10, "random_state": 0}
# What fastText does, and its files can hold.
MEANS = {
    **FAST,
    "normalization": "l1",
    "weights": None,
    "word_ngrams": 1,
    "learning_rate": 0.5,
    "epochs": 10,
}
LOSSES = ["softmax", "one_vs_all", "negative_sampling", "hierarchical_softmax"]
every_loss = pytest.mark.parametrize("loss", LOSSES)
SEVERAL = np.eye(3, dtype=int)[Y] | np.eye(3, dtype=int)[np.roll(Y, 1)]
LONGER = [a + " " + b for a, b in zip(TEXTS, np.roll(TEXTS, 1), strict=True)]


@every_loss
def test_labels_are_learned(loss):
    model = FastTextClassifier(**FAST, loss=loss).fit(TEXTS, NAMES)
    assert_array_equal(model.classes_, ["astronomy", "court", "кухня"])
    assert model.score(TEXTS, NAMES) == 1
    assert model.loss_curve_[-1] < 0.5 * model.loss_curve_[0]
    shares = model.predict_proba(TEXTS)
    assert_allclose(shares.sum(axis=1), 1)
    assert_array_equal(model.classes_[shares.argmax(axis=1)], model.predict(TEXTS))
    scores = model.decision_function(TEXTS)
    assert_array_equal(scores.argmax(axis=1), shares.argmax(axis=1))
    assert model.output_vectors_.shape == (3 - (loss == "hierarchical_softmax"), 10)


@every_loss
def test_two_classes_have_one_score(loss):
    y = Y > 0
    model = FastTextClassifier(**FAST, loss=loss).fit(TEXTS, y)
    scores = model.decision_function(TEXTS)
    assert scores.shape == (300,)
    assert_array_equal(scores > 0, model.predict(TEXTS))
    assert_array_equal(model.predict_proba(TEXTS)[:, 1] > 0.5, y)


@pytest.mark.parametrize("loss", ["auto", "one_vs_all", "negative_sampling"])
@pytest.mark.parametrize("make", [np.asarray, sp.csr_array, pd.DataFrame])
def test_documents_can_have_several_labels(loss, make):
    model = FastTextClassifier(**FAST, epochs=30, loss=loss).fit(LONGER, make(SEVERAL))
    predicted = model.predict(LONGER)
    assert predicted.shape == SEVERAL.shape
    if loss != "negative_sampling":  # whose shares depend on what is drawn
        assert (predicted == SEVERAL).all(axis=1).mean() > 0.9
    assert_array_equal(predicted, model.predict_proba(LONGER) > 0.5)
    assert_array_equal(predicted, model.decision_function(LONGER) > 0)


@pytest.mark.parametrize("loss", ["softmax", "hierarchical_softmax"])
def test_one_label_a_document_is_not_enough_for_indicators(loss):
    with pytest.raises(ValueError, match="one label"):
        FastTextClassifier(loss=loss).fit(LONGER, SEVERAL)


def test_every_kind_of_documents_gives_the_same():
    model = FastTextClassifier(**FAST, word_ngrams=2, min_n=2, max_n=3)
    expected = clone(model).fit(TEXTS, NAMES).decision_function(TEXTS)
    for X in (
        pd.Series(TEXTS, index=range(300, 0, -1)),
        [text.split() for text in TEXTS],
        TokenizedDocuments.from_documents(TEXTS),
        TokenizedDocuments.from_documents(["zzz", *TEXTS])[1:],
    ):
        fitted = clone(model).fit(X, NAMES)
        assert_array_equal(fitted.decision_function(X), expected)
        assert_array_equal(fitted.decision_function(X[:1])[0], expected[0])
    assert_array_equal(clone(model).fit(iter(TEXTS), NAMES).vectors_, fitted.vectors_)
    shuffled = RNG.permutation(300)
    part = TokenizedDocuments.from_documents(TEXTS)[shuffled[:100]]
    assert_array_equal(fitted.decision_function(part), expected[shuffled[:100]])


def test_the_cut_into_calls_changes_nothing(monkeypatch):
    model = FastTextClassifier(**FAST, word_ngrams=2)
    whole = clone(model).fit(TEXTS, Y)
    monkeypatch.setattr(job, "LEAST_DOCUMENTS", 7)
    monkeypatch.setattr(job, "CALL_FLOPS", 1)
    cut = clone(model).fit(TEXTS, Y)
    assert_array_equal(cut.vectors_, whole.vectors_)
    assert_array_equal(cut.decision_function(TEXTS), whole.decision_function(TEXTS))


def test_threads_learn_the_same_to_the_eye():
    one = FastTextClassifier(**FAST).fit(TEXTS, Y)
    two = FastTextClassifier(**FAST, n_jobs=2).fit(TEXTS, Y)
    assert two.score(TEXTS, Y) == 1
    assert_allclose(two.loss_curve_, one.loss_curve_, rtol=0.2)


@every_loss
@pytest.mark.parametrize("ngrams", [{}, {"word_ngrams": 2, "min_n": 3, "max_n": 4}])
def test_a_document_of_unknown_words_gets_the_shares_of_the_classes(loss, ngrams):
    model = FastTextClassifier(**FAST, loss=loss, **ngrams)
    y = np.r_[np.zeros(60), np.ones(90), np.full(150, 2)]
    texts = ["zeroes"] * 60 + ["ones here"] * 90 + ["two of two"] * 150
    blank = ["", "??", "unknown", "qqqq unknown qqqq"]
    shares = clone(model).fit(texts, y).predict_proba([*blank, "ones"])
    assert_allclose(shares[:4], np.tile([0.2, 0.3, 0.5], (4, 1)), atol=0.01)
    assert shares[4, 1] > 0.5
    weights = np.r_[np.full(60, 5.0), np.ones(240)]
    weighted = clone(model).fit(texts, y, weights)
    expected = np.array([300, 90, 150]) / 540
    assert_allclose(weighted.predict_proba([""])[0], expected, atol=0.01)
    assert_array_equal(weighted.predict(blank), np.zeros(4))
    balanced = clone(model).set_params(class_weight="balanced").fit(texts, y)
    assert_allclose(balanced.predict_proba([""])[0], np.full(3, 1 / 3), atol=0.01)
    parts = clone(model).partial_fit(texts[::2], y[::2], [0, 1, 2])
    parts.partial_fit(texts[:60], y[:60])
    expected = np.array([90, 45, 75]) / 210
    assert_allclose(parts.predict_proba([""])[0], expected, atol=0.01)


def test_an_empty_document_has_each_label_as_often_as_others():
    several = np.tile([[1, 1, 0], [1, 0, 0], [1, 0, 0], [0, 0, 0]], (75, 1))
    model = FastTextClassifier(**FAST).fit(
        ["one", "two", "three", "four"] * 75, several
    )
    assert_allclose(model.predict_proba([""])[0], [0.75, 0.25, 0], atol=0.01)
    assert_array_equal(model.predict([""])[0], [1, 0, 0])


def test_word_ngrams_see_the_order_of_words():
    texts = ["not good but bad", "not bad but good"] * 50
    plain = FastTextClassifier(**FAST, word_ngrams=1).fit(texts, [0, 1] * 50)
    pairs = FastTextClassifier(**FAST, word_ngrams=2).fit(texts, [0, 1] * 50)
    assert plain.score(texts, [0, 1] * 50) == 0.5
    assert pairs.score(texts, [0, 1] * 50) == 1


def test_character_ngrams_speak_for_unknown_words():
    model = FastTextClassifier(**FAST, min_n=3, max_n=4).fit(TEXTS, NAMES)
    assert_array_equal(
        model.predict(["moonlight starry", "kings queenly", "buttery cheeses"]),
        ["astronomy", "court", "кухня"],
    )
    vectors = model.to_word_vectors()
    assert "moonlight" not in vectors
    near = vectors["moonlight"] @ model.vectors_.T
    assert model.words_[near.argmax()] in TOPICS[0]
    keyed = model.to_keyed_vectors()
    assert_allclose(keyed["moonlight"], vectors["moonlight"], rtol=1e-5)
    assert_allclose(keyed["moon"], model.vectors_[model.vocabulary_["moon"]])


def test_stop_words_are_not_there():
    model = FastTextClassifier(
        **FAST, stop_words=COMMON, word_ngrams=3, min_n=2, max_n=3
    ).fit(TEXTS, Y)
    assert not set(COMMON) & set(model.words_)
    bare = [" ".join(w for w in text.split() if w not in COMMON) for text in TEXTS]
    expected = model.decision_function(bare)
    assert_array_equal(model.decision_function(TEXTS), expected)


def test_only_buckets_that_occur_have_rows():
    small = FastTextClassifier(**FAST, word_ngrams=2, bucket=50).fit(TEXTS, Y)
    assert small.score(TEXTS, Y) == 1
    assert len(small._model.inputs) <= len(small.words_) + 51
    usual = FastTextClassifier(**FAST, word_ngrams=2).fit(TEXTS, Y)
    assert len(usual._model.inputs) < 2_000 < usual.bucket


def test_weights_of_classes_and_documents():
    y = np.r_[np.zeros(100), np.ones(300)].astype(int)
    texts = ["the same words"] * 400
    common = FastTextClassifier(**FAST).fit(texts, y).predict_proba(texts[:1])[0, 1]
    fair = FastTextClassifier(**FAST, class_weight="balanced").fit(texts, y)
    by_hand = FastTextClassifier(**FAST).fit(texts, y, np.where(y == 0, 6, 2))
    assert common > 0.7
    assert fair.predict_proba(texts[:1])[0, 1] < 0.6
    assert_array_equal(by_hand.vectors_, fair.vectors_)
    for wrong in (np.zeros(400), -np.ones(400), np.ones((400, 1)), np.ones(3)):
        with pytest.raises(ValueError, match=r"sample_weight|zero"):
            FastTextClassifier(**FAST).fit(texts, y, wrong)


def test_batches_are_learned_one_after_the_other():
    model = FastTextClassifier(**FAST, word_ngrams=2, min_n=3, max_n=3)
    with pytest.raises(ValueError, match="first call"):
        model.partial_fit(TEXTS[:50], NAMES[:50])
    classes = np.unique(NAMES)
    for start in range(0, 300, 50):
        part = slice(start, start + 50)
        model.partial_fit(TEXTS[part], NAMES[part], classes if start == 0 else None)
        assert model.n_iter_ == start // 50 + 1 == len(model.loss_curve_)
    assert model.score(TEXTS, NAMES) > 0.9
    before = dict(zip(model.words_, model.vectors_.copy(), strict=True))
    rows = len(model._model.inputs)
    model.partial_fit(["comet comet comet"], ["astronomy"])
    assert "comet" in model.vocabulary_
    assert_allclose(model.vectors_[model.vocabulary_["king"]], before["king"], atol=0.1)
    assert len(model._model.inputs) > rows
    with pytest.raises(ValueError, match="not in classes"):
        model.partial_fit(TEXTS[:2], ["sports", "court"])
    with pytest.raises(ValueError, match="differ from"):
        model.partial_fit(TEXTS[:2], NAMES[:2], classes=["a", "b"])


@pytest.mark.parametrize("loss", ["softmax", "one_vs_all", "negative_sampling"])
def test_new_classes_come_in_later_batches(loss):
    model = FastTextClassifier(**MEANS, loss=loss)
    model.partial_fit(TEXTS, Y * 2, classes=[0, 2, 4])
    for _ in range(5):
        model.partial_fit(TEXTS, Y * 2)
    outputs, scores = model.output_vectors_, model.decision_function(TEXTS)
    with pytest.raises(ValueError, match="not in classes"):
        model.partial_fit(["noon"], [1])
    news, labels = ["noon and night"] * 20, [1] * 20
    grown = FastTextClassifier.partial_fit(
        pickle.loads(pickle.dumps(model)), news, labels, range(5), np.full(20, 1e-30)
    )
    assert_array_equal(grown.classes_, range(5))
    assert_array_equal(grown.output_vectors_[::2], outputs)
    assert_allclose(grown.output_vectors_[1::2], 0, atol=1e-20)
    assert_allclose(grown.decision_function(TEXTS)[:, ::2], scores, rtol=1e-5)
    for _ in range(5):
        grown.partial_fit([*TEXTS, *news], [*Y * 2, *labels], range(6))
    assert_array_equal(grown.predict(news), labels)
    assert (grown.predict(TEXTS) == Y * 2).mean() > 0.9
    assert_array_equal(model.classes_, [0, 2, 4])
    with pytest.raises(ValueError, match="differ from those learned before"):
        grown.partial_fit(news, labels, [1, 2])


def test_new_classes_of_indicators_and_trees():
    model = FastTextClassifier(**FAST).partial_fit(LONGER, SEVERAL)
    wider = np.pad(SEVERAL, ((0, 0), (0, 2)))
    with pytest.raises(ValueError, match="5 columns"):
        model.partial_fit(LONGER, wider)
    model.partial_fit(LONGER, wider, classes=range(5))
    assert model.predict(LONGER).shape == (300, 5)
    tree = FastTextClassifier(**FAST, loss="hierarchical_softmax")
    tree.partial_fit(TEXTS, Y, [0, 1, 2])
    with pytest.raises(ValueError, match="a tree of classes cannot grow"):
        tree.partial_fit(TEXTS, Y, [0, 1, 2, 3])
    assert_array_equal(tree.classes_, [0, 1, 2])


def test_indicators_come_in_batches_too():
    model = FastTextClassifier(**FAST)
    for _ in range(20):
        model.partial_fit(LONGER[:150], SEVERAL[:150])
    model.partial_fit(LONGER[150:], SEVERAL[150:])
    assert (model.predict(LONGER) == SEVERAL).mean() > 0.9
    with pytest.raises(ValueError, match="balanced"):
        model.set_params(class_weight="balanced").partial_fit(LONGER, SEVERAL)


def test_a_fit_goes_on_where_it_stopped():
    model = FastTextClassifier(**FAST, word_ngrams=2, warm_start=True, epochs=4)
    first = clone(model).fit(TEXTS, Y)
    vectors = first.vectors_.copy()
    assert_array_equal(first.fit(TEXTS, Y).vectors_, vectors)
    first.set_params(epochs=6).fit([*TEXTS, "comet tail"], [*Y, 0])
    assert first.n_iter_ == 6 == len(first.loss_curve_)
    assert first.loss_curve_[4] < first.loss_curve_[0]
    for change, words in [
        ({"epochs": 3}, "less than the 6"),
        ({"bucket": 7}, "bucket"),
        ({"vector_size": 3}, "vector_size=3"),
    ]:
        with pytest.raises(ValueError, match=words):
            clone_fitted(first).set_params(**({"epochs": 9} | change)).fit(TEXTS, Y)
    with pytest.raises(ValueError, match="classes"):
        first.set_params(epochs=9).fit(TEXTS, Y + 1)


def clone_fitted(model):
    return pickle.loads(pickle.dumps(model))


def test_early_stopping_watches_held_out_documents():
    model = FastTextClassifier(
        **FAST, epochs=60, early_stopping=True, n_iter_no_change=2, tol=0.2
    ).fit(TEXTS, Y)
    assert model.n_iter_ == len(model.validation_loss_curve_) < 60
    with pytest.raises(ValueError, match="leaves none"):
        FastTextClassifier(early_stopping=True, validation_fraction=0.9).fit(
            TEXTS[:3], [0, 1, 2]
        )


def test_its_vectors_serve_any_other_classifier():
    pooled = MeanPoolEmbedder(FastTextClassifier(**FAST))
    pipeline = make_pipeline(pooled, LogisticRegression())
    assert pipeline.fit(TEXTS, NAMES).score(TEXTS, NAMES) == 1
    fitted = FastTextClassifier(**FAST).fit(TEXTS, NAMES)
    rows = MeanPoolEmbedder(fitted).fit_transform(["sun the", "nothing"])
    sun, the = (fitted.vectors_[fitted.vocabulary_[word]] for word in ("sun", "the"))
    assert_allclose(rows, [(sun + the) / 2, np.zeros(10)], rtol=1e-6)
    assert set(fitted.words_) == set(fitted.to_keyed_vectors().key_to_index)
    assert fitted.most_similar("sun", topn=1)[0][0] in TOPICS[0]
    assert not hasattr(fitted, "transform")


def test_weights_reach_the_classifier_inside():
    weights = np.where(Y == 0, 0.01, 1.0)
    inner = FastTextClassifier(**FAST)
    expected = clone(inner).fit(TEXTS, NAMES, weights)
    pooled = MeanPoolEmbedder(inner).fit(TEXTS, NAMES, weights)
    assert_array_equal(pooled.vectors_, expected.vectors_)
    plain = MeanPoolEmbedder(inner).fit(TEXTS, NAMES)
    assert not np.array_equal(plain.vectors_, expected.vectors_)
    rows = MeanPoolEmbedder(inner).fit_transform(TEXTS, NAMES, sample_weight=weights)
    assert_array_equal(rows, pooled.transform(TEXTS))
    pipeline = make_pipeline(MeanPoolEmbedder(inner), LogisticRegression())
    pipeline.fit(TEXTS, NAMES, meanpoolembedder__sample_weight=weights)
    assert_array_equal(pipeline[0].vectors_, expected.vectors_)
    with config_context(enable_metadata_routing=True):
        routed = MeanPoolEmbedder(inner).set_fit_request(sample_weight=True)
        forest = LogisticRegression().set_fit_request(sample_weight=True)
        pipeline = make_pipeline(routed, forest).fit(
            TEXTS, NAMES, sample_weight=weights
        )
    assert_array_equal(pipeline[0].vectors_, expected.vectors_)
    for other in (Word2VecVectorizer(4), expected, {"sun": [1.0]}):
        with pytest.raises(ValueError, match="sample_weight is given"):
            MeanPoolEmbedder(other).fit(TEXTS, NAMES, weights)


@pytest.mark.parametrize("ngrams", [{}, {"word_ngrams": 2, "min_n": 2, "max_n": 3}])
def test_sentence_vectors_are_what_is_scored(ngrams):
    model = FastTextClassifier(**FAST, **ngrams).fit(TEXTS, NAMES)
    rows = model.sentence_vectors([*TEXTS, "moonlight sun", ""])
    scores = rows @ model.output_vectors_.T
    expected = model.decision_function([*TEXTS, "moonlight sun"])
    assert_allclose(scores[:301], expected, rtol=1e-4, atol=1e-4)
    end = model._model.inputs[len(model.words_), :10]
    assert_array_equal(rows[-1], end)


def test_a_search_shares_tokens():
    X = TokenizedDocuments.from_documents(TEXTS)
    search = GridSearchCV(
        FastTextClassifier(**FAST, epochs=3), {"word_ngrams": [1, 2]}, cv=2
    )
    assert search.fit(X, NAMES).best_score_ > 0.9


def test_pickled_models_predict_alike():
    model = FastTextClassifier(**FAST, word_ngrams=2, max_n=3).fit(TEXTS, NAMES)
    twin = pickle.loads(pickle.dumps(model))
    assert_array_equal(twin.predict_proba(TEXTS), model.predict_proba(TEXTS))


@pytest.mark.parametrize(
    ("X", "y", "words"),
    [
        ("a lone string", [0], "single string"),
        (["a b", None], [0, 1], "Document 1"),
        (["aa", "bb"], [0, 1, 1], "inconsistent"),
        (["aa", "bb"], [0.5, 1.5], "Unknown label type"),
        (["aa", "bb"], [1, 1], "1 class"),
        (["", "?"], [0, 1], "no tokens"),
        ([], [], "0 sample"),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(X, y, words):
    model = FastTextClassifier(**FAST).fit(TEXTS, Y)
    before = model.predict_proba(TEXTS)
    with pytest.raises((TypeError, ValueError), match=words):
        model.fit(X, y)
    assert_array_equal(model.predict_proba(TEXTS), before)


def test_divergence_is_told():
    with pytest.raises(FloatingPointError, match="diverged"):
        FastTextClassifier(**FAST, learning_rate=1e30).fit(TEXTS, Y)


def test_ctrl_c_stops_a_fit():
    # Compiled before: llvmlite's own callbacks would swallow the signal.
    FastTextClassifier(**FAST, epochs=1).fit(TEXTS, Y)
    model = FastTextClassifier(**FAST, epochs=10**6)
    with pytest.raises(KeyboardInterrupt), interrupted(0.5):
        model.fit(TEXTS, Y)
    assert not hasattr(model, "classes_")


def test_verbose_prints_each_epoch(capsys):
    FastTextClassifier(**FAST, epochs=2, verbose=True).fit(TEXTS, Y)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "[FastTextClassifier] epoch 1",
        "[FastTextClassifier] epoch 2",
    ]


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
