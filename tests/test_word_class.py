"""WordClassVectorizer: vectors counted from labels, and cross-fitted rows."""

import pickle
import warnings

import numpy as np
import pytest
import reference_word_classes as slow
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_embed import (
    MeanPoolEmbedder,
    TokenizedDocuments,
    WordClassVectorizer,
)
from sklearn_embed.io import VectorFileError

RNG = np.random.default_rng(0)
WORDS = ["cat", "dog", "catdog", "door", "sat", "мир", "труд", "naïve", "mat", "met"]


def texts_and_labels(n=60, n_classes=3, seed=0):
    """Return texts in which each class likes words of its own."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, n_classes, n)
    likes = rng.dirichlet(np.full(len(WORDS), 0.3), n_classes)
    texts = [" ".join(rng.choice(WORDS, rng.integers(0, 12), p=likes[c])) for c in y]
    return texts, y


TEXTS, Y = texts_and_labels()
SEVERAL = np.stack([Y == 0, Y == 1, RNG.integers(0, 2, len(Y)) == 1], 1).astype(int)


def indicators(y):
    return (y[:, None] == np.unique(y)).astype(float) if y.ndim == 1 else y * 1.0


def slow_rows(train, y, test, sample_weight=None, **params):
    """Return rows of texts from the slow twin, with one block for each kind."""
    lengths = [params.get(k, d) for k, d in zip(LENGTHS, (2, 3, 5), strict=True)]
    many = [slow.features(text.split(), *lengths) for text in train]
    many = slow.kept(many, params.get("min_count", 1), params.get("min_df", 1))
    asked = [slow.features(text.split(), *lengths) for text in test]
    labels = indicators(y)
    weights = np.ones(len(y)) if sample_weight is None else sample_weight
    columns = slice(1, 2) if y.ndim == 1 and labels.shape[1] == 2 else slice(None)
    blocks = []
    how = params.get("association", "log_odds"), params.get("smoothing", 4.0)
    sides = params.get("sublinear_tf", True), params.get("normalization", "l2") == "l2"
    there = [True, lengths[0] > 1, lengths[2] > 0]
    for kind in np.flatnonzero(there):
        own = [document[kind] for document in many]
        table = slow.vectors(own, labels, weights, *how)
        idf = slow.idf(params.get("idf_of", own))
        if params.get("weights", "idf") is None:
            idf = dict.fromkeys(idf, 1.0)
        rows = [
            slow.row(one[kind], table, idf, labels.shape[1], *sides) for one in asked
        ]
        blocks.append(np.array(rows)[:, columns])
    return np.hstack(blocks)


LENGTHS = "word_ngrams", "min_n", "max_n"


@pytest.mark.parametrize("y", [Y, Y % 2, SEVERAL], ids=["many", "two", "several"])
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"association": "pmi", "smoothing": 0.5},
        {"association": "ppmi"},
        {"association": "chi2", "smoothing": 2},
        {"association": "difference"},
        {"word_ngrams": 1, "max_n": 0},
        {"word_ngrams": 3, "min_n": 1, "max_n": 2},
        {"min_df": 4, "min_count": 7},
        {"weights": None, "sublinear_tf": False, "normalization": "l1"},
    ],
    ids=repr,
)
def test_rows_are_those_of_the_definition(y, params):
    model = WordClassVectorizer(**params).fit(TEXTS, y)
    unseen = ["cat dog мир", "catdoor dogma sat sat sat", "", "zzz"]
    for texts in (TEXTS, unseen):
        expected = slow_rows(TEXTS, y, texts, **params)
        np.testing.assert_allclose(model.transform(texts), expected, atol=2e-6)


def test_weights_count_documents_several_times():
    weights = np.arange(len(Y)) % 3.0
    repeated = np.repeat(np.arange(len(Y)), weights.astype(int))
    weighted = WordClassVectorizer().fit(TEXTS, Y, weights)
    again = WordClassVectorizer().fit([TEXTS[i] for i in repeated], Y[repeated])
    assert set(weighted.words_) == set(again.words_)
    np.testing.assert_allclose(
        weighted.transform(TEXTS), again.transform(TEXTS), atol=2e-6
    )


def test_folds_may_be_given():
    split = StratifiedKFold(3, shuffle=True, random_state=7)
    model = WordClassVectorizer(cv=3, random_state=0)
    rows = model.set_params(cv=split).fit_transform(TEXTS, Y)
    folds = list(split.split(TEXTS, Y))
    again = model.set_params(cv=folds).fit_transform(TEXTS, Y)
    np.testing.assert_array_equal(again, rows)
    fewer = [(others[:-5], fold) for others, fold in folds]  # counted anew
    other = model.set_params(cv=fewer).fit_transform(TEXTS, Y)
    assert 0 < np.abs(other - rows).max() < 3
    weights = np.ones(len(Y))
    weights[folds[0][0][-5:]] = 0
    left_out = WordClassVectorizer(cv=folds, weights=None)
    without = left_out.fit_transform(TEXTS, Y, weights)
    other = left_out.set_params(cv=fewer).fit_transform(TEXTS, Y)
    fold = folds[0][1]
    np.testing.assert_allclose(without[fold], other[fold], atol=2e-6)
    with pytest.raises(ValueError, match="one fold"):
        model.set_params(cv=folds[:2]).fit_transform(TEXTS, Y)


def test_fit_transform_leaves_a_documents_own_label_out():
    model = WordClassVectorizer(cv=4, shuffle=False, word_ngrams=1, max_n=0)
    rows = model.fit_transform(TEXTS, Y)
    every = [slow.features(text.split(), 1, 1, 0)[0] for text in TEXTS]
    folds = StratifiedKFold(4).split(TEXTS, Y)
    for others, fold in folds:
        expected = slow_rows(
            [TEXTS[i] for i in others],
            Y[others],
            [TEXTS[i] for i in fold],
            word_ngrams=1,
            max_n=0,
            idf_of=every,  # weights know no label
        )
        np.testing.assert_allclose(rows[fold], expected, atol=2e-6)
    fitted = WordClassVectorizer(word_ngrams=1, max_n=0).fit(TEXTS, Y)
    np.testing.assert_array_equal(model.transform(TEXTS), fitted.transform(TEXTS))
    assert np.abs(rows - fitted.transform(TEXTS)).max() > 0.1


def test_labels_without_meaning_are_not_learned_by_heart():
    rng = np.random.default_rng(1)
    texts = [" ".join(rng.choice(list("abcdefghij"), 8)) for _ in range(300)]
    y = rng.integers(0, 2, 300)
    model = WordClassVectorizer(token_pattern=r"\w", random_state=0)
    seen = LogisticRegression().fit(model.fit(texts, y).transform(texts), y)
    assert seen.score(model.transform(texts), y) > 0.65
    rows = model.fit_transform(texts, y)
    assert LogisticRegression().fit(rows, y).score(rows, y) < 0.62


def test_many_classes_are_reduced_and_cross_fitted_alike():
    texts, y = texts_and_labels(400, 30)
    model = WordClassVectorizer(n_components=5, random_state=0)
    rows = model.fit_transform(texts, y)
    assert rows.shape == (400, 15)
    assert model.components_.shape == (5, 30)
    assert list(model.get_feature_names_out()[:2]) == [
        "word_component0",
        "word_component1",
    ]
    products = model.components_ @ model.components_.T
    np.testing.assert_allclose(products, np.eye(5), atol=1e-6)
    seen = model.transform(texts)
    for column in range(3):  # components are the same in every fold
        assert np.corrcoef(rows[:, column], seen[:, column])[0, 1] > 0.5


def test_thousands_of_classes_take_a_limited_number_of_columns():
    y = np.arange(1200) % 400
    texts = [f"w{label} common w{label // 7}" for label in y]
    model = WordClassVectorizer(max_n=0, random_state=0).fit(texts, y)
    assert model.vectors_.shape[1] == 100
    assert len(model.classes_) == 400


@pytest.mark.parametrize("n_components", [4, 1000])
def test_no_more_components_than_classes(n_components):
    with pytest.raises(ValueError, match="n_components"):
        WordClassVectorizer(n_components=n_components).fit(TEXTS, Y)


def test_indicators_may_be_sparse_and_a_column_empty():
    y = SEVERAL.copy()
    y[:, 1] = 0
    dense = WordClassVectorizer(random_state=0).fit_transform(TEXTS, y)
    for form in (sp.csr_matrix, sp.csc_array):
        sparse = WordClassVectorizer(random_state=0).fit_transform(TEXTS, form(y))
        np.testing.assert_array_equal(sparse, dense)
    assert not dense[:, 1::3].any()
    assert dense[:, 0::3].any()


def test_one_class_alone_is_refused():
    with pytest.raises(ValueError, match="1 class"):
        WordClassVectorizer().fit(TEXTS, Y * 0)
    with pytest.raises(ValueError, match="sample_weight"):
        WordClassVectorizer().fit(TEXTS, Y, (Y == 0) * 1.0)
    with pytest.raises(ValueError, match="requires y"):
        WordClassVectorizer().fit(TEXTS, None)
    with pytest.raises(ValueError, match="y gives no document a label"):
        WordClassVectorizer().fit(TEXTS, np.zeros((len(Y), 3), int))
    with pytest.raises(ValueError, match="continuous"):
        WordClassVectorizer().fit(TEXTS, RNG.normal(size=len(Y)))


@pytest.mark.filterwarnings("ignore:No word of the documents says anything")
@pytest.mark.parametrize("kind", ["log_odds", "pmi", "ppmi", "chi2", "difference"])
@pytest.mark.parametrize("smoothing", [1e-300, 4.0])
def test_wild_weights_give_finite_rows(kind, smoothing):
    weights = np.where(Y == 1, 1e30, 1e-30)
    model = WordClassVectorizer(kind, smoothing=smoothing, random_state=0)
    assert np.isfinite(model.fit_transform(TEXTS, Y, weights)).all()
    assert np.isfinite(model.transform(TEXTS)).all()


def test_nothing_left_and_too_many_folds_are_refused():
    with pytest.raises(ValueError, match="min_df left no word"):
        WordClassVectorizer(min_df=60).fit(TEXTS, Y)
    model = WordClassVectorizer(cv=9)
    with pytest.raises(ValueError, match="cv=9"):
        model.fit_transform(TEXTS[:8], Y[:8])
    with pytest.raises(NotFittedError):
        model.transform(TEXTS)


def test_stop_words_join_their_neighbours():
    model = WordClassVectorizer(stop_words=["the"], max_n=0)
    model.fit(["cat the mat", "the dog the mat", "cat mat"], [0, 1, 0])
    assert model.ngrams_ == ["cat mat", "dog mat"]
    np.testing.assert_array_equal(*model.transform(["cat the mat", "cat mat"]))


def test_limits_are_those_of_words_and_of_ngrams():
    texts = ["cat sat", "cat sat", "cat dog", "dog cat sat"]
    model = WordClassVectorizer(max_features=2, word_ngrams=3, max_n=4)
    model.fit(texts, [0, 1, 0, 1])
    assert model.words_ == ["cat", "sat"]
    assert model.ngrams_[0] == "cat sat"
    assert len(model.ngrams_) == 3  # one run, two n-grams of characters
    model.set_params(max_df=3, max_features=None, word_ngrams=2, max_n=0)
    model.fit(texts, [0, 1, 0, 1])
    assert model.words_ == ["sat", "dog"]
    assert model.ngrams_ == []  # what stands between them is no word


def test_runs_are_found_in_blocks_of_any_size():
    rng = np.random.default_rng(3)
    texts = [" ".join(f"w{n}" for n in rng.integers(0, 80, 40)) for _ in range(120)]
    model = WordClassVectorizer(max_n=0, word_ngrams=3).fit(texts, np.arange(120) % 2)
    expected = {
        " ".join(words[i : i + n])
        for words in map(str.split, texts)
        for n in (2, 3)
        for i in range(len(words) - n + 1)
    }
    assert len(model.ngrams_) == len(expected)
    assert set(model.ngrams_) == expected


def test_tokenised_documents_and_threads_give_the_same_rows():
    documents = TokenizedDocuments.from_documents(TEXTS)
    first = WordClassVectorizer(random_state=0)
    rows = first.fit_transform(TEXTS, Y)
    second = WordClassVectorizer(random_state=0, n_jobs=2)
    np.testing.assert_array_equal(second.fit_transform(documents, Y), rows)
    np.testing.assert_array_equal(
        second.transform(iter(TEXTS)), first.transform(documents)
    )
    part = documents[10:30]
    np.testing.assert_array_equal(first.transform(part), first.transform(TEXTS[10:30]))


def test_vectors_are_those_of_an_embedding():
    model = WordClassVectorizer(max_n=0).fit(TEXTS, Y)
    assert model.vectors_.shape == (len(model.words_), 3)
    assert model.most_similar("cat", topn=2)
    keyed = pytest.importorskip("gensim") and model.to_keyed_vectors()
    row = model.vocabulary_["cat"]
    np.testing.assert_array_equal(keyed["cat"], model.vectors_[row])
    rows = MeanPoolEmbedder(WordClassVectorizer(max_n=0)).fit_transform(TEXTS, Y)
    expected = MeanPoolEmbedder(model).fit_transform(TEXTS)
    np.testing.assert_array_equal(rows, expected)
    best = model.words_[int(model.vectors_[:, 0].argmax())]
    has = np.array([best in text.split() for text in TEXTS])
    assert np.argmax([has[c == Y].mean() for c in (0, 1, 2)]) == 0


def test_a_pipeline_learns_and_can_be_searched():
    texts, y = texts_and_labels(200)
    pipeline = make_pipeline(
        WordClassVectorizer(random_state=0), StandardScaler(), LogisticRegression(C=0.1)
    )
    assert cross_val_score(pipeline, texts, y, cv=3).mean() > 0.6
    search = GridSearchCV(
        pipeline, {"wordclassvectorizer__smoothing": [1.0, 4.0]}, cv=2
    )
    assert search.fit(TokenizedDocuments.from_documents(texts), y).best_score_ > 0.5


def test_files_and_pickles_hold_all_that_transform_needs(tmp_path):
    texts, y = texts_and_labels(100, 8)
    labels = np.array(list("abcdefgh"))[y]
    model = WordClassVectorizer(n_components=3, stop_words=["cat"], random_state=0)
    model.fit(texts, labels)
    expected = model.transform(texts)
    model.save(tmp_path / "model")
    for mmap in (False, True):
        read = WordClassVectorizer.load(tmp_path / "model", mmap=mmap)
        np.testing.assert_array_equal(read.transform(texts), expected)
        assert read.ngrams_ == model.ngrams_
        assert list(read.classes_) == list("abcdefgh")
    twin = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(twin.transform(texts), expected)


@pytest.mark.parametrize(
    "damage",
    [
        lambda m: setattr(m, "idf_", m.idf_[:-1].copy()),
        lambda m: setattr(m, "ngram_vectors_", m.ngram_vectors_[:, :1].copy()),
        lambda m: m._features.heads.__setitem__(0, 10**6),
        lambda m: m._features.tails.__setitem__(0, -1),
        lambda m: m._features.ngrams.append("<ca"),
        lambda m: setattr(m, "_pooling", (1, 2)),
    ],
)
def test_files_whose_parts_disagree_are_refused(tmp_path, damage):
    model = WordClassVectorizer().fit(TEXTS, Y)
    damage(model)
    model.save(tmp_path / "model")
    with pytest.raises(VectorFileError):
        WordClassVectorizer.load(tmp_path / "model")


def test_changed_attributes_are_refused():
    model = WordClassVectorizer().fit(TEXTS, Y)
    model.vectors_ = model.vectors_[:2]
    with pytest.raises(ValueError, match="Fit again"):
        model.transform(TEXTS)


@pytest.mark.parametrize("name", ["vectors_", "ngram_vectors_"])
def test_no_row_has_numbers_that_are_not_finite(name):
    model = WordClassVectorizer().fit(TEXTS, Y)
    getattr(model, name)[:] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        model.transform(TEXTS)


def test_components_where_no_feature_tells_classes_apart():
    model = WordClassVectorizer(n_components=1, random_state=0)
    texts, labels = ["aa bb cc"] * 10, [0, 1] * 5
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        rows = model.fit_transform(texts, labels)
    assert np.isfinite(rows).all() and np.isfinite(model.components_).all()
