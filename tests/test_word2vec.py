import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from interrupts import interrupted
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from sklearn_embed import FastTextVectorizer, TokenizedDocuments, Word2VecVectorizer
from sklearn_embed._models import prediction

RNG = np.random.default_rng(0)
# Two groups of words that never meet: whoever learns anything tells them apart.
GROUPS = [["sun", "moon", "star", "sky"], ["king", "queen", "crown", "throne"]]
TEXTS = [" ".join(RNG.choice(GROUPS[i % 2], 8)) for i in range(400)]
FAST = {"min_count": 1, "epochs": 3, "random_state": 0}
KINDS = [
    {"architecture": architecture, "loss": loss}
    for architecture in ("skipgram", "cbow")
    for loss in ("negative_sampling", "hierarchical_softmax", "softmax")
]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda k: "-".join(k.values()))


@every_kind
def test_words_of_a_group_lie_together(kind):
    model = Word2VecVectorizer(
        10, learning_rate=0.1, **kind, **(FAST | {"epochs": 30})
    ).fit(TEXTS)
    within = [model.similarity(group[0], other) for group in GROUPS for other in group]
    across = [model.similarity(a, b) for a in GROUPS[0] for b in GROUPS[1]]
    assert min(within) > max(across) + 0.3
    assert model.loss_curve_[-1] < model.loss_curve_[0]
    assert len(model.loss_curve_) == model.n_iter_ == 30


def test_same_seed_gives_the_same_bits_in_another_process():
    code = (
        "import numpy as np, hashlib\n"
        "from test_word2vec import TEXTS, FAST\n"
        "from sklearn_embed import Word2VecVectorizer\n"
        "model = Word2VecVectorizer(7, **FAST).fit(TEXTS)\n"
        "print(hashlib.sha256(model.vectors_.tobytes()).hexdigest())"
    )
    path = [*sys.path, __file__.rpartition("/")[0]]
    prints = {
        subprocess.run(
            [sys.executable, "-c", f"import sys; sys.path += {path!r}\n{code}"],
            capture_output=True,
            text=True,
            check=True,
            env={**__import__("os").environ, "PYTHONHASHSEED": hash_seed},
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(prints) == 1
    model = Word2VecVectorizer(7, **FAST).fit(pd.Series(TEXTS, index=range(400, 0, -1)))
    digest = __import__("hashlib").sha256(model.vectors_.tobytes()).hexdigest()
    assert prints == {digest + "\n"}


@every_kind
def test_the_cut_into_calls_changes_nothing(kind, monkeypatch):
    X = TokenizedDocuments.from_documents([" ".join(TEXTS), *TEXTS])
    whole = Word2VecVectorizer(5, **kind, **FAST).fit(X)
    monkeypatch.setattr(prediction, "LEAST_TOKENS", 37)
    monkeypatch.setattr(prediction, "CALL_FLOPS", 1)
    cut = Word2VecVectorizer(5, **kind, **FAST).fit(X)
    assert_array_equal(cut.vectors_, whole.vectors_)
    assert_allclose(cut.loss_curve_, whole.loss_curve_, rtol=1e-6)


def test_threads_learn_the_same_to_the_eye():
    one = Word2VecVectorizer(10, learning_rate=0.1, **FAST).fit(TEXTS)
    two = clone(one).set_params(n_jobs=2).fit(TEXTS)
    assert_allclose(two.loss_curve_, one.loss_curve_, rtol=0.05)


@pytest.mark.parametrize("combine", ["input", "output", "sum", "concatenate"])
def test_vectors_are_made_of_the_parameters_asked_for(combine):
    model = Word2VecVectorizer(5, combine=combine, **FAST).fit(TEXTS)
    plain = Word2VecVectorizer(5, **FAST).fit(TEXTS)
    expected = {
        "input": plain.vectors_,
        "output": plain.context_vectors_,
        "sum": plain.vectors_ + plain.context_vectors_,
        "concatenate": np.hstack([plain.vectors_, plain.context_vectors_]),
    }[combine]
    assert_array_equal(model.vectors_, expected)
    assert model.vectors_.flags.c_contiguous
    assert model.vectors_.dtype == np.float32
    assert model.transform(TEXTS[:2]).shape == (2, expected.shape[1])


def test_rows_are_means_of_word_vectors():
    model = Word2VecVectorizer(5, **FAST).fit(TEXTS)
    sun, king = (model.vectors_[model.vocabulary_[word]] for word in ("sun", "king"))
    rows = model.transform(["Sun king sun unknown", "nothing known"])
    assert_allclose(rows[0], (2 * sun + king) / 3, rtol=1e-6)
    assert_array_equal(rows[1], 0)


def test_keyed_vectors_share_the_memory():
    model = Word2VecVectorizer(5, **FAST).fit(TEXTS)
    keyed = model.to_keyed_vectors()
    assert np.shares_memory(keyed.vectors, model.vectors_)
    assert keyed.index_to_key == model.words_
    assert keyed.get_vecattr("sun", "count") == model.counts_[model.vocabulary_["sun"]]
    assert keyed.most_similar("sun") == model.most_similar("sun")
    assert model.most_similar(["sun", "king"], "moon", topn=2) == keyed.most_similar(
        ["sun", "king"], ["moon"], 2
    )
    assert_array_equal(model.to_frame().loc["sun"], keyed["sun"])


def test_fit_with_epochs_left_goes_on_exactly_where_the_schedule_stands():
    whole = Word2VecVectorizer(5, **(FAST | {"epochs": 4})).fit(TEXTS)
    part = clone(whole).set_params(warm_start=True)
    stopped = stop_after(part, 2)
    assert stopped.n_iter_ == 2
    assert_array_equal(stopped.fit(TEXTS).vectors_, whole.vectors_)
    assert stopped.loss_curve_ == whole.loss_curve_
    assert stopped.n_iter_ == 4


def stop_after(model, epochs):
    """Fit a model and stop it after some epochs, without touching the schedule."""

    from sklearn_embed._estimators import callbacks, training

    class Stop(callbacks.TrainingMonitor):
        def epoch_ends(self, number, losses):
            super().epoch_ends(number, losses)
            return number + 1 == epochs

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "TrainingMonitor", Stop)
        return model.fit(TEXTS)


def test_warm_start_keeps_the_words_it_knew():
    model = Word2VecVectorizer(5, warm_start=True, **FAST).fit(TEXTS)
    before = model.vectors_.copy()
    model.fit(TEXTS)
    assert_array_equal(model.vectors_, before)  # all epochs are trained already
    words = model.words_
    model.set_params(epochs=4).fit([*TEXTS, "comet comet"])
    assert "comet" in model.vocabulary_
    assert len(model.words_) == len(words) + 1
    assert len(model.loss_curve_) == 4
    with pytest.raises(ValueError, match="less than the 4 epochs"):
        model.set_params(epochs=3).fit(TEXTS)
    with pytest.raises(ValueError, match="vector_size=6 differs from the 5"):
        model.set_params(epochs=5, vector_size=6).fit(TEXTS)


def test_partial_fit_grows_the_vocabulary_or_leaves_it():
    model = Word2VecVectorizer(5, min_count=2, sample=0, random_state=0)
    model.partial_fit(TEXTS)
    words = list(model.words_)
    sun = model.vectors_[model.vocabulary_["sun"]].copy()
    model.partial_fit(["sun comet"])
    assert "comet" not in model.vocabulary_  # seen once so far
    model.partial_fit(["sun comet", "sun meteor meteor"])
    assert model.words_ == [*words, "comet", "meteor"]
    assert model.counts_[model.vocabulary_["comet"]] == 2
    assert not np.array_equal(model.vectors_[model.vocabulary_["sun"]], sun)
    model.partial_fit(["sun asteroid asteroid"], update_vocabulary=False)
    assert "asteroid" not in model.vocabulary_
    assert model.n_iter_ == len(model.loss_curve_) == 4


def test_partial_fit_respects_max_features():
    model = Word2VecVectorizer(5, min_count=1, max_features=9, random_state=0)
    model.partial_fit(TEXTS).partial_fit(["aa aa bb"])
    assert len(model.words_) == 9
    assert model.words_[-1] == "aa"


def test_early_stopping_watches_held_out_documents():
    model = Word2VecVectorizer(
        5, early_stopping=True, n_iter_no_change=2, tol=0.5, **(FAST | {"epochs": 50})
    ).fit(TEXTS)
    assert model.n_iter_ == len(model.validation_loss_curve_) < 50
    with pytest.raises(ValueError, match="leaves none to train on"):
        model.fit(TEXTS[:1])


def test_unlabeled_texts_add_words_and_are_shared_by_clones():
    more = TokenizedDocuments.from_documents(["comet meteor comet meteor"] * 10)
    model = Word2VecVectorizer(5, unlabeled=more, **FAST)
    assert clone(model).unlabeled is more
    model.fit(TEXTS)
    assert {"comet", "sun"} <= set(model.words_)
    assert model.counts_[model.vocabulary_["comet"]] == 20
    routed = Word2VecVectorizer(5, **FAST).fit(TEXTS, unlabeled=more)
    assert_array_equal(routed.vectors_, model.vectors_)
    with pytest.raises(ValueError, match="iterator"):
        Word2VecVectorizer(unlabeled=iter(["a b"]), **FAST).fit(TEXTS)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_ctrl_c_stops_a_fit_and_leaves_the_estimator_as_it_was(n_jobs):
    model = Word2VecVectorizer(5, **FAST, n_jobs=n_jobs).fit(TEXTS)
    before = model.vectors_.copy()
    model.set_params(epochs=100_000)
    with pytest.raises(KeyboardInterrupt), interrupted(0.5):
        model.fit(TEXTS)
    assert_array_equal(model.vectors_, before)
    assert model.n_iter_ == 3


def test_divergence_is_told_and_changes_nothing():
    model = Word2VecVectorizer(5, **FAST).fit(TEXTS)
    before = model.vectors_.copy()
    with pytest.raises(FloatingPointError, match="diverged"):
        model.set_params(learning_rate=1e30, min_learning_rate=1e30).fit(TEXTS)
    assert_array_equal(model.vectors_, before)


def test_verbose_prints_each_epoch(capsys):
    model = Word2VecVectorizer(5, **FAST, verbose=True).fit(TEXTS)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("[Word2VecVectorizer] epoch 1: loss ")
    assert f"{model.loss_curve_[0]:.6f}" in lines[0]


def test_a_single_word_cannot_be_predicted_but_has_a_vector():
    model = Word2VecVectorizer(5, **FAST).fit(["word"])
    assert model.vectors_.shape == (1, 5)
    assert np.isfinite(model.vectors_).all()
    assert np.isnan(model.loss_curve_).all()


@pytest.mark.parametrize("trainer", [Word2VecVectorizer, FastTextVectorizer])
def test_no_value_of_a_number_compiles_anything(trainer):
    from sklearn_embed._models.kernels.word2vec import Kind, make_epoch

    epoch = make_epoch(
        Kind("skipgram", "negative_sampling", trainer is not Word2VecVectorizer)
    )
    model = trainer(4, **FAST).fit(TEXTS)
    compiled = len(epoch.signatures)
    for negative in (1, 2, 7, 12, 13, 30):
        model.set_params(negative=negative).fit(TEXTS)
    model.set_params(window=9, sample=1, learning_rate=0.01, vector_size=21).fit(TEXTS)
    assert len(epoch.signatures) == compiled
