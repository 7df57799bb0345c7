import itertools
import pickle
from collections import Counter

import numpy as np
import pandas as pd
import pytest
import reference_pooling
from gensim.models import KeyedVectors
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import RandomizedSearchCV
from sklearn.pipeline import make_pipeline

from sklearn_embed import MeanPoolEmbedder, TokenizedDocuments, Word2VecVectorizer
from sklearn_embed._text.hash_table import HashTable
from sklearn_embed._vectors import document_rows
from sklearn_embed._vectors.subwords import Subwords
from sklearn_embed._vectors.word_vectors import WordVectors

WORDS = ["cat", "dog", "кошка"]
MATRIX = np.array([[1, 0, 2], [0, 4, 0], [3, 3, 3]], np.float32)
TEXTS = ["The cat and the dog", "cat cat DOG", "кошка", "nothing known", ""]
FAST = {"min_count": 1, "epochs": 2, "sample": 0, "random_state": 0}


def keyed():
    vectors = KeyedVectors(3)
    vectors.add_vectors(WORDS, MATRIX)
    return vectors


def fitted():
    return Word2VecVectorizer(3, **FAST).fit(TEXTS)


SOURCES = {
    "dict": lambda: dict(zip(WORDS, MATRIX, strict=True)),
    "frame": lambda: pd.DataFrame(MATRIX, index=WORDS),
    "keyed": keyed,
    "vectors": lambda: WordVectors(WORDS, MATRIX),
}


@pytest.mark.parametrize("source", SOURCES)
def test_rows_are_means_whatever_the_source(source):
    embedder = MeanPoolEmbedder(SOURCES[source]())
    rows = embedder.fit_transform(TEXTS)
    expected = [
        (MATRIX[0] + MATRIX[1]) / 2,
        (2 * MATRIX[0] + MATRIX[1]) / 3,
        MATRIX[2],
        np.zeros(3),
        np.zeros(3),
    ]
    assert_allclose(rows, expected, rtol=1e-6)
    assert rows.dtype == np.float32
    assert_array_equal(embedder.transform(TEXTS[::-1]), rows[::-1])


def test_a_file_is_a_source(tmp_path):
    keyed().save_word2vec_format(tmp_path / "vectors.txt")
    rows = MeanPoolEmbedder(str(tmp_path / "vectors.txt")).fit_transform(TEXTS)
    assert_array_equal(rows, MeanPoolEmbedder(keyed()).fit_transform(TEXTS))


def test_idf_weights_are_those_of_tfidf():
    embedder = MeanPoolEmbedder(keyed(), weights="idf").fit(TEXTS)
    peer = TfidfVectorizer(vocabulary=WORDS).fit(TEXTS)
    assert_allclose(embedder.weights_, peer.idf_, rtol=1e-6)
    tfidf = TfidfVectorizer(vocabulary=WORDS, norm=None).fit(TEXTS).transform(TEXTS)
    totals = np.maximum(tfidf.sum(axis=1).A1, 1e-12)[:, None]
    assert_allclose(embedder.transform(TEXTS), tfidf @ MATRIX / totals, rtol=1e-5)


def test_an_unfitted_vectorizer_is_fitted_and_left_alone():
    inner = Word2VecVectorizer(3, **FAST)
    embedder = MeanPoolEmbedder(inner).fit(TEXTS)
    assert not hasattr(inner, "vectors_")
    expected = clone(inner).fit(TEXTS)
    assert_array_equal(embedder.vectors_, expected.vectors_)
    assert_array_equal(embedder.transform(TEXTS), expected.transform(TEXTS))


@pytest.mark.filterwarnings("ignore:.*documents have no word that counts")
@pytest.mark.parametrize("wrap", [lambda model: model, FrozenEstimator])
def test_a_fitted_vectorizer_is_taken_as_it_is(wrap):
    inner = fitted()
    embedder = clone(MeanPoolEmbedder(wrap(inner))).fit(["completely other words"])
    assert np.shares_memory(embedder.vectors_, inner.vectors_)
    assert_array_equal(embedder.transform(TEXTS), inner.transform(TEXTS))


def test_parameters_of_a_fitted_vectorizer_cannot_be_searched_in_vain():
    embedder = MeanPoolEmbedder(fitted())
    with pytest.raises(ValueError, match=r"embedding__vector_size.*clone\(embedding\)"):
        embedder.set_params(embedding__vector_size=7)
    MeanPoolEmbedder(Word2VecVectorizer()).set_params(embedding__vector_size=7)


def test_strings_are_cut_as_the_vectorizer_cuts_them():
    inner = Word2VecVectorizer(3, lowercase=False, **FAST)
    embedder = MeanPoolEmbedder(inner).fit(TEXTS)
    assert not np.array_equal(*embedder.transform(["DOG", "dog"]))
    with pytest.raises(ValueError, match="embedding__lowercase"):
        MeanPoolEmbedder(inner, lowercase=False).fit(TEXTS)


def test_stop_words_do_not_count():
    rows = MeanPoolEmbedder(keyed(), stop_words=["dog"]).fit_transform(TEXTS)
    assert_array_equal(rows[0], MATRIX[0])


def test_tokens_are_looked_up_as_they_are():
    rows = MeanPoolEmbedder(keyed()).fit_transform([["Cat"], ["cat"]])
    assert_array_equal(rows, [[0, 0, 0], MATRIX[0]])
    X = TokenizedDocuments.from_documents(TEXTS, lowercase=False)
    assert_array_equal(MeanPoolEmbedder(keyed()).fit_transform(X)[1], MATRIX[0])


def test_what_has_no_vectors_is_refused():
    with pytest.raises(TypeError, match="word vectors must be"):
        MeanPoolEmbedder(3).fit(TEXTS)
    with pytest.raises(FileNotFoundError):
        MeanPoolEmbedder("no such file").fit(TEXTS)


def test_threads_give_the_same_rows():
    X = TEXTS * 50
    one, two = (MeanPoolEmbedder(keyed(), n_jobs=n).fit_transform(X) for n in (1, 2))
    assert_array_equal(one, two)


RNG = np.random.default_rng(0)
MANY = [f"w{n}" for n in range(60)]
VECTORS = RNG.normal(size=(60, 6)).astype(np.float32) + np.float32(0.5)
SPOKEN = [
    [MANY[n] for n in RNG.geometric(0.08, RNG.integers(1, 30)).clip(max=59)]
    for _ in range(80)
]
COUNTS = Counter(itertools.chain.from_iterable(SPOKEN))


def plain(words=MANY, **more):
    return WordVectors(words, VECTORS[: len(words)], **more)


def as_dict():
    return dict(zip(MANY, VECTORS.astype(float), strict=True))


def test_sif_is_that_of_the_paper():
    embedder = MeanPoolEmbedder(plain(), weights="sif", n_components_removed=1)
    embedder.set_params(smoothing=1e-3)
    assert embedder.fit(SPOKEN).smoothing_ == 1e-3
    rows = embedder.transform(SPOKEN)
    expected = reference_pooling.sif_embedding(SPOKEN, as_dict(), COUNTS, 1e-3)
    assert_allclose(rows, expected, rtol=1e-4, atol=1e-6)
    other = clone(embedder).set_params(smoothing=0.1).fit_transform(SPOKEN)
    expected = reference_pooling.sif_embedding(SPOKEN, as_dict(), COUNTS, 0.1)
    assert_allclose(other, expected, rtol=1e-4, atol=1e-6)


def test_usif_is_that_of_the_paper():
    embedder = MeanPoolEmbedder(plain(), weights="usif", n_components_removed=3)
    short = [words[:2] for words in SPOKEN]  # long ones hold any word by chance
    rows = embedder.fit_transform(short)
    counts = Counter(itertools.chain.from_iterable(short))
    expected = reference_pooling.usif_embedding(short, as_dict(), counts, 3)
    assert len(np.unique(embedder.weights_)) > 5
    assert_allclose(rows, expected, rtol=1e-4, atol=1e-5)


def test_counts_are_those_of_the_source_or_of_the_documents_never_invented():
    counts = np.arange(60) ** 2 + 1
    sif = {"weights": "sif", "smoothing": 1e-3}
    known = MeanPoolEmbedder(plain(counts=counts), **sif).fit(SPOKEN)
    share = counts / counts.sum()
    assert_allclose(known.weights_, 1e-3 / (1e-3 + share), rtol=1e-6)
    counted = MeanPoolEmbedder(plain(), **sif).fit(SPOKEN)
    share = np.array([COUNTS.get(word, 0) for word in MANY]) / sum(COUNTS.values())
    assert_allclose(counted.weights_, 1e-3 / (1e-3 + share), rtol=1e-6)
    # What gensim sets when it reads a file without counts.
    gensim = KeyedVectors(6)
    words = [f"w{n}" for n in range(200)]
    gensim.add_vectors(words, RNG.normal(size=(200, 6)))
    gensim.expandos["count"] = np.arange(200, 0, -1)
    invented = MeanPoolEmbedder(gensim, **sif).fit(SPOKEN)
    assert_allclose(invented.weights_[:60], counted.weights_, rtol=1e-6)


@pytest.mark.filterwarnings("ignore:.*documents have no word that counts")
def test_a_vocabulary_without_frequent_words_has_equal_usif_weights():
    embedder = MeanPoolEmbedder(keyed(), weights="usif").fit(["cat"])
    assert_array_equal(embedder.weights_, [2, 2, 2])
    assert_array_equal(
        MeanPoolEmbedder(keyed(), weights="usif").fit(["no", "word"]).weights_, 2
    )


def test_a_function_gives_weights_and_leaves_words_out():
    def length(words):
        return [len(word) - 3 for word in words]

    embedder = MeanPoolEmbedder(keyed(), weights=length, empty="nan").fit(TEXTS)
    assert_array_equal(embedder.weights_, [0, 0, 2])
    assert np.isnan(embedder.transform(["cat dog"])).all()
    assert_array_equal(embedder.transform(["cat кошка"]), MATRIX[2:])
    for wrong, message in (
        (lambda words: [1], "one number for each"),
        (lambda words: [1, -1, 1], "-1.0 to 'dog'"),
        (lambda words: [1, 1, np.nan], "nan to 'кошка'"),
    ):
        with pytest.raises(ValueError, match=message):
            MeanPoolEmbedder(keyed(), weights=wrong).fit(TEXTS)


def test_power_means_stand_side_by_side():
    embedder = MeanPoolEmbedder(keyed(), pooling="power", powers=[1, np.inf, 3])
    rows = embedder.fit_transform(["cat cat dog"])
    cube = np.cbrt((2 * MATRIX[0] ** 3 + MATRIX[1] ** 3) / 3)
    expected = [(2 * MATRIX[0] + MATRIX[1]) / 3, MATRIX[:2].max(0), cube]
    assert_allclose(rows[0], np.concatenate(expected), rtol=1e-6)
    assert len(embedder.get_feature_names_out()) == 9


@pytest.mark.parametrize("powers", [[], [0], [-1], [0.5], [1, 2.5], [np.nan]])
def test_powers_without_a_real_mean_are_refused(powers):
    with pytest.raises(ValueError, match="whole numbers from 1 on"):
        MeanPoolEmbedder(keyed(), pooling="power", powers=powers).fit(TEXTS)


def test_vectors_of_the_first_words_stand_side_by_side():
    embedder = MeanPoolEmbedder(keyed(), pooling="concat", max_length=2)
    rows = embedder.fit_transform(TEXTS)
    assert_array_equal(rows[0], MATRIX[:2].ravel())
    assert_array_equal(rows[1], MATRIX[[0, 0]].ravel())
    assert_array_equal(rows[2], [*MATRIX[2], 0, 0, 0])
    longest = MeanPoolEmbedder(keyed(), pooling="concat").fit(TEXTS)
    assert longest.max_length_ == 3
    longest.set_params(oov="zero").fit(TEXTS)
    assert longest.max_length_ == 5
    assert_array_equal(longest.transform(["the cat"])[0, :6], [0, 0, 0, *MATRIX[0]])
    assert not hasattr(longest.set_params(pooling="sum").fit(TEXTS), "max_length_")


def test_normalized_words_and_rows_have_length_one():
    unit = MATRIX / np.linalg.norm(MATRIX, axis=1, keepdims=True)
    rows = MeanPoolEmbedder(keyed(), normalize_words=True).fit_transform(TEXTS)
    assert_allclose(rows[1], (2 * unit[0] + unit[1]) / 3, rtol=1e-6)
    rows = MeanPoolEmbedder(keyed(), normalize=True).fit_transform(TEXTS)
    assert_allclose(np.linalg.norm(rows, axis=1), [1, 1, 1, 0, 0], rtol=1e-6)
    zero = {"cat": [0.0, 0.0], "dog": [3.0, 4.0]}
    rows = MeanPoolEmbedder(zero, normalize_words=True).fit_transform(["cat dog"])
    assert_allclose(rows, [[0.3, 0.4]], rtol=1e-6)


def test_unknown_words_count_as_the_policy_says():
    rows = {
        oov: MeanPoolEmbedder(keyed(), oov=oov).fit_transform(["cat fish", "a fish"])
        for oov in ("skip", "zero", "mean")
    }
    mean = MATRIX.mean(axis=0)
    assert_allclose(rows["skip"], [MATRIX[0], np.zeros(3)])
    assert_allclose(rows["zero"], [MATRIX[0] / 2, np.zeros(3)])
    assert_allclose(rows["mean"], [(MATRIX[0] + mean) / 2, mean], rtol=1e-6)
    strict = MeanPoolEmbedder(keyed(), oov="error").fit(TEXTS)
    assert_array_equal(strict.transform(["cat", "dog cat"])[0], MATRIX[0])
    with pytest.raises(ValueError, match="Document 2 holds 'fish'"):
        strict.transform(["cat", "dog", "cat fish"])
    strict.set_params(stop_words=["fish"]).fit(TEXTS)
    assert_array_equal(strict.transform(["cat fish"])[0], MATRIX[0])


def test_unknown_words_weigh_what_words_never_counted_weigh():
    for weights, expected in (
        ("idf", np.log(len(TEXTS) + 1) + 1),
        ("sif", 1),
        ("usif", 2),
        (lambda words: [float(len(word)) for word in words], 4),
    ):
        embedder = MeanPoolEmbedder(keyed(), weights=weights, pooling="sum", oov="mean")
        rows = embedder.fit(TEXTS).transform(["fish"])
        assert_allclose(rows[0], expected * MATRIX.mean(axis=0), rtol=1e-6)


def with_subwords():
    buckets = RNG.normal(size=(50, 3)).astype(np.float32)
    return WordVectors(WORDS, MATRIX, subwords=Subwords(buckets, 2, 3, 50))


def test_subwords_make_vectors_for_unknown_words(monkeypatch):
    source = with_subwords()
    embedder = MeanPoolEmbedder(source, oov="subword").fit(TEXTS)
    texts = ["cat fishes", "birds", "fishes birds wolf"] * 20
    rows = embedder.transform(texts)
    fishes, birds, wolf = source.subword_vectors(["fishes", "birds", "wolf"])
    expected = [(MATRIX[0] + fishes) / 2, birds, (fishes + birds + wolf) / 3] * 20
    assert_allclose(rows, expected, rtol=1e-5, atol=1e-6)
    monkeypatch.setattr(document_rows, "BLOCK_TOKENS", 7)
    assert_array_equal(embedder.transform(texts), rows)
    X = TokenizedDocuments.from_documents(texts)
    assert_array_equal(embedder.transform(X[::-1])[::-1], rows)
    with pytest.raises(ValueError, match="needs vectors of n-grams"):
        MeanPoolEmbedder(keyed(), oov="subword").fit(TEXTS)


def test_empty_documents_become_what_was_asked_for():
    embedder = MeanPoolEmbedder(keyed(), empty="nan").fit(TEXTS)
    assert_array_equal(np.isnan(embedder.transform(TEXTS)).any(axis=1)[3:], True)
    embedder.set_params(empty="error").fit(TEXTS)
    assert_array_equal(embedder.transform(["cat"])[0], MATRIX[0])
    with pytest.raises(ValueError, match="Document 3 has no word that counts"):
        embedder.transform(TEXTS)


def test_removed_components_leave_nothing_of_themselves():
    embedder = MeanPoolEmbedder(plain(), n_components_removed=2).fit(SPOKEN)
    rows = MeanPoolEmbedder(plain()).fit_transform(SPOKEN).astype(float)
    axes = np.linalg.svd(rows)[2][:2]
    found = embedder.components_
    assert_allclose(np.abs(found @ axes.T), np.eye(2), atol=1e-6)
    assert_allclose(embedder.transform(SPOKEN) @ found.T, 0, atol=1e-6)
    assert_array_equal(embedder.component_weights_, 1)


@pytest.mark.filterwarnings("ignore:.*documents have no word that counts")
def test_there_are_no_more_components_than_the_rank():
    embedder = MeanPoolEmbedder(keyed(), n_components_removed=3).fit(["cat", "cat"])
    assert embedder.components_.shape == (1, 3)
    assert_allclose(embedder.transform(["cat"]), 0, atol=1e-6)
    embedder.fit(["none", "known"])
    assert embedder.components_.shape == (0, 3)
    for wrong in ({"n_components_removed": 4}, {"pooling": "concat"}):
        with pytest.raises(ValueError, match="n_components_removed"):
            clone(embedder).set_params(**wrong).fit(TEXTS)


def test_folds_of_the_same_documents_are_looked_up_once(monkeypatch):
    X = TokenizedDocuments.from_documents(TEXTS)
    looked_up = []
    ids_of = HashTable.ids_of
    monkeypatch.setattr(
        HashTable, "ids_of", lambda *args: looked_up.append(1) or ids_of(*args)
    )
    embedder = MeanPoolEmbedder(plain(WORDS)).fit(X[:2])
    found = embedder.transform(X[2:])
    assert len(looked_up) == 1
    assert_array_equal(embedder.transform(TEXTS[2:]), found)
    assert_array_equal(pickle.loads(pickle.dumps(embedder)).transform(X[2:]), found)
    assert len(looked_up) == 2  # strings take no such way


CHOICES = {
    "pooling": ["mean", "sum", "max", "min", "power", "concat"],
    "weights": [None, "idf", "sif", "usif", "mutual_info"],
    "n_components_removed": [0, 1],
    "normalize_words": [False, True],
    "normalize": [False, True],
    "oov": ["skip", "zero", "mean", "subword"],
}


def test_every_combination_works_or_is_refused():
    source = with_subwords()
    X = TokenizedDocuments.from_documents(TEXTS)
    n_refused = 0
    for values in itertools.product(*CHOICES.values()):
        choice = dict(zip(CHOICES, values, strict=True))
        embedder = MeanPoolEmbedder(source, **choice)
        if choice["pooling"] == "concat" and choice["n_components_removed"]:
            n_refused += 1
            with pytest.raises(ValueError, match="pooling='concat'"):
                embedder.fit(X, [0, 1, 0, 1, 0])
            continue
        rows = embedder.fit_transform(X, [0, 1, 0, 1, 0])
        assert rows.dtype == np.float32 and np.isfinite(rows).all(), choice
        assert rows.shape == (5, len(embedder.get_feature_names_out()))
        assert_array_equal(embedder.transform(X[1:2])[0], rows[1], str(choice))
    assert n_refused == 80


def test_every_parameter_can_be_searched():
    embedder = MeanPoolEmbedder(plain())
    space = {f"meanpoolembedder__{name}": values for name, values in CHOICES.items()}
    space["meanpoolembedder__oov"] = ["skip", "zero", "mean"]
    space["meanpoolembedder__pooling"] = ["mean", "sum", "max", "power"]
    space["meanpoolembedder__smoothing"] = [1e-4, 1e-2]
    space["meanpoolembedder__powers"] = [(1,), (1, 2, np.inf)]
    search = RandomizedSearchCV(
        make_pipeline(embedder, LogisticRegression(max_iter=5000)),
        space,
        n_iter=8,
        cv=2,
        random_state=0,
        error_score="raise",
    )
    y = ["w2" in words for words in SPOKEN]
    search.fit(TokenizedDocuments.from_documents(SPOKEN), y)
    assert search.best_score_ > 0.6


def test_parameters_are_checked_by_transform_too():
    model = MeanPoolEmbedder({"cat": [1.0, 2.0]}).fit(["cat"]).set_params(empty=[1])
    with pytest.raises(ValueError, match="'empty' parameter"):
        model.transform([""])
