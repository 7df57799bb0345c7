"""PPMI: counts, mutual information, singular vectors."""

# SPDX-License-Identifier: BSD-3-Clause

import itertools
import pickle

import numpy as np
import pytest
import reference_glove
import reference_ppmi
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from sklearn_embed import CooccurrenceCounts, PPMIVectorizer, TokenizedDocuments
from sklearn_embed._estimators import auto
from sklearn_embed._models import counting, ppmi

RNG = np.random.default_rng(0)
WORDS = [f"w{n}" for n in range(14)]
TEXTS = [
    [WORDS[n] for n in RNG.geometric(0.2, RNG.integers(2, 15)).clip(max=13)]
    for _ in range(60)
]
VARIANTS = [
    {},
    {"shift": 1.2, "context_exponent": 0.75, "window": 2},
    {"window": 3, "weighting": "linear", "context_exponent": 0.0},
    {"window": 2, "weighting": "harmonic", "direction": "left"},
    {"window": "document", "direction": "right", "combine": "context"},
    {"combine": "sum", "eigenvalue_exponent": 1.0},
    {"combine": "concatenate", "eigenvalue_exponent": 0.0},
]


def expected_vectors(model, texts):
    rows = [[model.vocabulary_.get(word, -1) for word in text] for text in texts]
    counts = np.zeros((len(model.words_),) * 2)
    window = model.weighting, model.direction
    for at, count in reference_glove.count_pairs(rows, model.window_, *window).items():
        counts[at] = count
    matrix = reference_ppmi.information(counts, model.shift, model.context_exponent)
    how = model.vector_size, model.eigenvalue_exponent, model.combine
    return matrix, reference_ppmi.vectors(matrix, *how)


@pytest.mark.parametrize("params", VARIANTS, ids=str)
@pytest.mark.parametrize("dense", [512, 5])
def test_vectors_are_those_of_the_definition(params, dense, monkeypatch):
    monkeypatch.setattr(ppmi, "DENSE", dense)
    model = PPMIVectorizer(4, min_count=1, **params).fit(TEXTS)
    matrix, expected = expected_vectors(model, TEXTS)
    assert_allclose(model.vectors_, expected, rtol=1e-4, atol=1e-5)
    assert model.vectors_.dtype == np.float32 and model.vectors_.flags.c_contiguous
    values = np.linalg.svd(matrix)[1][:4]
    assert_allclose(model.singular_values_, values, rtol=1e-5)
    assert_allclose(np.mean(model.vectors_**2.0), 1, rtol=1e-5)
    parts = model.word_vectors_, model.context_vectors_
    together = {"word": parts[0], "context": parts[1], "sum": parts[0] + parts[1]}
    found = together.get(model.combine, np.hstack(parts))
    assert_allclose(model.vectors_, found, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dense", [512, 5])
def test_the_result_is_the_same_bits_for_every_n_jobs_and_form_of_documents(
    dense, monkeypatch
):
    monkeypatch.setattr(ppmi, "DENSE", dense)
    model = PPMIVectorizer(4, min_count=1)
    fits = [
        clone(model).fit(TEXTS),
        clone(model).set_params(n_jobs=2).fit(TEXTS),
        clone(model).set_params(max_memory=1).fit(TEXTS),
        clone(model).fit(TokenizedDocuments.from_documents(TEXTS)),
        clone(model).fit(TEXTS[:20], unlabeled=TEXTS[20:]),
        clone(model).set_params(unlabeled=TEXTS[20:]).fit(TEXTS[:20]),
        pickle.loads(pickle.dumps(clone(model).fit(TEXTS))),
    ]
    rows = fits[0].transform(TEXTS)
    assert rows.any(axis=1).all()
    for other in fits[1:]:
        assert_array_equal(other.vectors_, fits[0].vectors_)
        assert_array_equal(other.transform(TEXTS), rows)


def test_dimensions_beyond_the_rank_are_zeros():
    model = PPMIVectorizer(50, min_count=1).fit(TEXTS)
    rank = np.count_nonzero(model.singular_values_)
    assert 0 < rank <= len(model.words_)
    assert model.vectors_.shape == (len(model.words_), 50)
    assert model.vectors_[:, :rank].any(axis=0).all()
    assert not model.vectors_[:, rank:].any()
    assert len(model.get_feature_names_out()) == 50


@pytest.mark.filterwarnings("ignore:.*rows are zeros:UserWarning")
@pytest.mark.parametrize(
    ("params", "texts"),
    [({"shift": 1e9}, TEXTS), ({}, ["one", "two", "three"]), ({}, ["one one"])],
    ids=["shift", "single words", "one word"],
)
def test_a_fit_that_finds_nothing_says_so(params, texts):
    model = PPMIVectorizer(3, min_count=1, **params)
    with pytest.warns(ConvergenceWarning, match="no two words meet more often"):
        model.fit(texts)
    assert not model.vectors_.any() and not model.singular_values_.any()


def test_counts_are_as_good_as_documents():
    model = PPMIVectorizer(4, min_count=1, window=3).fit(TEXTS)
    how = {"window": 3, "weighting": "flat", "vocabulary": model.words_}
    parts = [
        CooccurrenceCounts.from_documents(t, **how) for t in (TEXTS[:9], TEXTS[9:])
    ]
    counted = PPMIVectorizer(4).fit_counts(sum(parts))
    assert_array_equal(counted.vectors_, model.vectors_)
    assert counted.window_ == 3
    matrix = PPMIVectorizer(4).fit_counts(sum(parts).to_scipy(), model.words_)
    assert_allclose(matrix.vectors_, model.vectors_, rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="give the words of its rows"):
        model.fit_counts(sum(parts).to_scipy())
    with pytest.raises(TypeError, match="must be CooccurrenceCounts"):
        model.fit_counts(TEXTS)


def test_a_search_counts_once_for_each_training_set(tmp_path, monkeypatch):
    calls = []
    counter = counting._Counter

    def counted(*args):
        calls.append(args)
        return counter(*args)

    monkeypatch.setattr(counting, "_Counter", counted)
    model = PPMIVectorizer(3, min_count=1, memory=str(tmp_path))
    pipeline = make_pipeline(model, KNeighborsClassifier(3))
    space = {
        "ppmivectorizer__shift": [1.0, 1.1],
        "ppmivectorizer__eigenvalue_exponent": [0.0, 1.0],
    }
    y = ["w3" in text for text in TEXTS]
    search = GridSearchCV(pipeline, space, cv=2, refit=False).fit(TEXTS, y)
    assert len(calls) == 2
    assert search.cv_results_["mean_test_score"].max() > 0.6


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"weighting": "linear", "window": "document"}, "give a number"),
        ({"shift": 0}, "'shift' parameter"),
        ({"shift": np.inf}, "'shift' parameter"),
        ({"context_exponent": 1.5}, "'context_exponent' parameter"),
        ({"eigenvalue_exponent": -1}, "'eigenvalue_exponent' parameter"),
        ({"min_count": 10**9}, "min_count"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(params, message):
    model = PPMIVectorizer(2, min_count=1).fit(TEXTS)
    before = model.vectors_
    with pytest.raises(ValueError, match=message):
        model.set_params(**params).fit(TEXTS)
    assert model.vectors_ is before


def test_every_combination_has_finite_rows():
    choices = {
        "window": [1, "document"],
        "weighting": ["harmonic", "flat"],
        "direction": ["left", "both"],
        "context_exponent": [0.0, 1.0],
        "eigenvalue_exponent": [0, 1e6],
        "combine": ["word", "context", "sum", "concatenate"],
    }
    X = TokenizedDocuments.from_documents(TEXTS)
    for values in itertools.product(*choices.values()):
        model = PPMIVectorizer(2, min_count=1)
        model.set_params(**dict(zip(choices, values, strict=True)))
        rows = model.fit_transform(X)
        assert np.isfinite(rows).all() and rows.any(), values


def test_auto_is_a_rule_by_the_number_of_tokens():
    model = PPMIVectorizer(3).fit(TEXTS)
    assert (model.min_count_, model.window_) == (2, 10)
    large = auto.settled(PPMIVectorizer(), auto.LARGE)
    assert (large.min_count, large.window) == (5, 5)


def test_a_file_of_parts_that_disagree_is_refused(tmp_path):
    model = PPMIVectorizer(3, min_count=1).fit(TEXTS)
    for name, wrong in (
        ("word_vectors_", np.zeros((2, 3), np.float32)),
        ("context_vectors_", np.zeros((len(model.words_), 2), np.float32)),
        ("singular_values_", np.zeros(3, np.float32)),
        ("words_", [*model.words_[1:], "other"]),
    ):
        broken = clone(model).fit(TEXTS)
        setattr(broken, name, wrong)
        broken.save(tmp_path / "broken")
        with pytest.raises(ValueError, match="its parts disagree"):
            PPMIVectorizer.load(tmp_path / "broken")
    model.save(tmp_path / "model")
    again = PPMIVectorizer.load(tmp_path / "model", mmap=True)
    assert_array_equal(again.transform(TEXTS), model.transform(TEXTS))
    assert again.most_similar("w1") == model.most_similar("w1")
