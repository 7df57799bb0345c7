"""Partitions of Dask's collections give what one machine gives, bit for bit."""

import pickle

import dask
import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import sklearn_embed.distributed as ours
from sklearn_embed import (
    CooccurrenceCounts,
    FastTextClassifier,
    GloVeVectorizer,
    MeanPoolEmbedder,
    NGramCounts,
    NGramLanguageModel,
    OneHotTokens,
    PPMIVectorizer,
    TokenizedDocuments,
    Word2VecVectorizer,
    WordCounts,
)
from sklearn_embed.distributed import _partitions
from sklearn_embed.distributed._tables import Words

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

TEXTS = [
    *["the cat and the dog", "", "A dog met the cat", "кошка и собака", "cat, dog"],
    *["one more text", "the very last dog"],
] * 5
LABELS = [1, 0, 1, 0, 1, 0, 1] * 5
VECTORS = {"cat": [1.0, 0.0], "dog": [0.5, 2.0], "text": [-1.0, 0.25]}


@pytest.fixture(scope="module")
def client():
    from distributed import Client, LocalCluster

    # Two processes, which talk over the loopback interface alone.
    with (
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=None,
            # Its other pages have a port, too, which may be in use: any that is not.
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


@pytest.fixture(params=["threads", "cluster"])
def scheduler(request):
    """Compute in this process, or on two others."""
    if request.param == "cluster":
        request.getfixturevalue("client")
        yield
        return
    with dask.config.set(scheduler="threads"):
        yield


def bag(npartitions):
    import dask.bag

    return dask.bag.from_sequence(TEXTS, npartitions=npartitions)


def series(npartitions):
    import dask.dataframe as dd

    index = np.arange(len(TEXTS)) * 2
    return dd.from_pandas(pd.Series(TEXTS, index, name="text"), npartitions=npartitions)


def array(npartitions):
    import dask.array as da

    return da.from_array(np.array(TEXTS, object), chunks=-(-len(TEXTS) // npartitions))


collections = pytest.mark.parametrize(
    "make", [bag, series, lambda n: series(n).to_frame(), array]
)


@collections
@pytest.mark.parametrize("n", [1, 3, 20])
def test_words_of_partitions(make, n):
    counts = ours.count_words(make(n), lowercase=False)
    documents = TokenizedDocuments.from_documents(TEXTS, lowercase=False)
    expected = WordCounts.from_documents(documents)
    assert counts.words == expected.words
    assert_array_equal(counts.counts, expected.counts)
    assert_array_equal(counts.document_counts, expected.document_counts)
    assert counts.n_documents == len(TEXTS)


def test_pairs_of_partitions(scheduler):
    words = ours.count_words(bag(4)).select(min_count=2)
    counts = ours.count_cooccurrences(bag(4), vocabulary=words, window=3)
    expected = CooccurrenceCounts.from_documents(TEXTS, window=3, min_count=2)
    assert counts.words == expected.words
    assert_array_equal(counts.word_counts, expected.word_counts)
    for one, other in zip(counts.pairs, expected.pairs, strict=True):
        assert_array_equal(one, other)


def groups_of(parts, size, monkeypatch):
    """Return which parts were counted together, each with the worker it was on."""
    monkeypatch.setattr(_partitions, "SUMMANDS", size)

    def place(number):
        from distributed import get_worker

        try:
            return number, get_worker().address
        except ValueError:
            return number, None

    def add(tables):
        assert 1 <= len(tables)
        return [group for table in tables for group in table]

    numbered = [dask.delayed(place)(number) for number in range(parts)]
    tables = _partitions.tables_of(numbered, lambda results: [results], add)
    assert 1 <= len(tables) <= size
    return add(tables)


@pytest.mark.parametrize("size", [2, 3, 8])
@pytest.mark.parametrize("n", [1, 2, 7, 40])
def test_what_one_worker_holds_is_counted_together(client, monkeypatch, n, size):
    groups = groups_of(n, size, monkeypatch)
    assert sorted(number for group in groups for number, _ in group) == [*range(n)]
    for group in groups:
        assert len(group) <= min(size, -(-n // 2))
        assert len({worker for _, worker in group}) == 1
    if n == 40:  # of each worker at most one group is not full
        assert sum(len(group) < size for group in groups) <= 2


@pytest.mark.parametrize("n", [1, 9, 40])
def test_neighbours_are_counted_together_without_a_cluster(monkeypatch, n):
    with dask.config.set(scheduler="threads", num_workers=2):
        groups = groups_of(n, 3, monkeypatch)
    size = min(3, -(-n // 2))
    numbers = [[number for number, _ in group] for group in groups]
    assert numbers == [[*range(n)][first : first + size] for first in range(0, n, size)]


@pytest.mark.parametrize("kind", ["persisted", "with empty ones", "all empty"])
def test_other_partitions(scheduler, kind):
    collection, texts = bag(6), TEXTS
    if kind == "persisted":
        collection = collection.persist()
    else:
        keep = "cat" if kind == "with empty ones" else "no such word"
        collection = bag(35).filter(lambda text: keep in text)
        texts = [text for text in TEXTS if keep in text]
    words = ours.count_words(collection)
    assert words.words == WordCounts.from_documents(texts).words
    given = {"vocabulary": ["cat", "dog"]}
    pairs = ours.count_cooccurrences(collection, **given)
    expected = CooccurrenceCounts.from_documents(texts, **given)
    assert_array_equal(pairs.word_counts, expected.word_counts)
    assert (pairs.to_scipy() != expected.to_scipy()).nnz == 0
    ngrams = ours.count_ngrams(collection, order=2, **given)
    expected = NGramCounts.from_documents(texts, order=2, **given)
    assert_array_equal(ngrams.rows, expected.rows)
    assert_array_equal(ngrams.counts, expected.counts)


def test_a_partition_that_fails_says_why(scheduler):
    import dask.bag

    collection = dask.bag.from_sequence(["a cat"] * 9 + [3], npartitions=10)
    for count in (
        ours.count_words,
        lambda bag: ours.count_cooccurrences(bag, vocabulary=["cat"]),
        lambda bag: ours.count_ngrams(bag, vocabulary=["cat"]),
    ):
        with pytest.raises(TypeError, match="Document 0 is of type int"):
            count(collection)


def test_tasks_may_count(client):
    def count(number):
        import dask.bag

        texts = [f"a cat {number}", "dog"] * 3
        return ours.count_words(dask.bag.from_sequence(texts, npartitions=3)).words

    # As many as there are threads, all of which wait for the partitions.
    words = client.gather(client.map(count, [10, 11]))
    assert words == [["10", "cat", "dog"], ["11", "cat", "dog"]]


def test_workers_may_come_later():
    import threading

    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=0,
            processes=False,
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
        ) as cluster,
        Client(cluster),
    ):
        threading.Timer(0.3, cluster.scale, [1]).start()
        words = ours.count_words(bag(4))
    assert words.words == WordCounts.from_documents(TEXTS).words


def test_words_are_sent_by_those_who_used_them():
    words = Words(["cat", "dog"])
    table = TokenizedDocuments.from_documents(["dog, fox, cat"]).table
    rows = words.rows(table).tolist()
    assert rows == [1, 2, 0]
    assert pickle.loads(pickle.dumps(words)).rows(table).tolist() == rows


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"min_df": 6, "window": "document", "stop_words": ["and"]},
        {"vocabulary": ["dog", "the", "cat", "unheard"], "min_count": 1},
        {"analyzer": "char_wb", "ngram_range": (2, 3), "direction": "left"},
    ],
)
def test_glove_learns_the_same_from_partitions(scheduler, params):
    model = GloVeVectorizer(4, epochs=9, random_state=0).set_params(**params)
    ours.fit_counts(model, series(3))
    expected = GloVeVectorizer(4, epochs=9, random_state=0).set_params(**params)
    expected.fit(TEXTS)
    assert model.words_ == expected.words_
    assert_array_equal(model.vectors_, expected.vectors_)


def test_ppmi_learns_the_same_from_partitions(scheduler):
    model = ours.fit_counts(PPMIVectorizer(4, window=2), series(3))
    expected = PPMIVectorizer(4, window=2).fit(TEXTS)
    assert model.words_ == expected.words_
    assert_array_equal(model.vectors_, expected.vectors_)


def test_sizes_tell_dask_what_it_would_cost_to_move_counts():
    from dask.sizeof import sizeof

    texts = [f"w{i} w{i + 1} w{i + 2}" for i in range(500)]
    for counts, arrays in (
        (WordCounts.from_documents(texts), 16 * 502),
        (CooccurrenceCounts.from_documents(texts), 12 * 1000),
        (NGramCounts.from_documents(texts, order=2), 16 * 1500),
    ):
        assert arrays <= sizeof(counts) <= 20 * arrays


def test_ngrams_of_partitions(scheduler):
    words = ours.count_words(bag(4)).select(min_count=6)
    counts = ours.count_ngrams(bag(4), vocabulary=words, order=3, max_memory=1)
    expected = NGramCounts.from_documents(TEXTS, vocabulary=words, order=3)
    assert counts.words == expected.words
    assert_array_equal(counts.rows, expected.rows)
    assert_array_equal(counts.counts, expected.counts)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"order": 2, "min_count": 6, "max_features": 4, "lowercase": False},
        {"vocabulary": ["dog", "the", "cat", "unheard"], "min_count": 1},
        {"token_pattern": r"</?s>|<unk>|\w+", "max_memory": 1},
        {"min_df": 3, "max_df": 0.5, "min_count": 1},
    ],
)
def test_a_language_model_learns_the_same_from_partitions(scheduler, params):
    texts = [*TEXTS, "a <unk> </s> text", "<s>"] * 2
    import dask.bag

    collection = dask.bag.from_sequence(texts, npartitions=4)
    model = ours.fit_counts(NGramLanguageModel(3).set_params(**params), collection)
    expected = NGramLanguageModel(3).set_params(**params).fit(texts)
    assert model.words_ == expected.words_
    assert model.n_ngrams_ == expected.n_ngrams_
    for name in ("counts_", "discounts_"):
        assert_array_equal(getattr(model, name), getattr(expected, name))
    assert_array_equal(model.score_samples(texts), expected.score_samples(texts))


def test_a_corpus_of_partitions_is_the_whole_one(scheduler, tmp_path):
    X = ours.tokenize(bag(4), tmp_path / "corpus", token_pattern=r"\w+")
    expected = TokenizedDocuments.from_documents(TEXTS, token_pattern=r"\w+")
    assert [*X] == [*expected] and X.options == expected.options
    assert X.table.tolist() == expected.table.tolist()
    assert [path.name for path in tmp_path.iterdir()] == ["corpus"]
    model = Word2VecVectorizer(4, min_count=1, epochs=5, random_state=0)
    rows = model.fit(X).transform(X)
    assert_array_equal(model.fit(expected).transform(expected), rows)


def test_tokens_that_come_ready_made(tmp_path):
    lists = [text.split() for text in TEXTS]
    import dask.bag

    collection = dask.bag.from_sequence(lists, npartitions=3)
    X = ours.tokenize(collection, tmp_path / "corpus")
    assert X.options is None and [*X] == lists


def test_a_failed_corpus_leaves_the_old_file(tmp_path):
    path = tmp_path / "corpus"
    ours.tokenize(bag(2), path)
    before = path.read_bytes()
    import dask.bag

    with pytest.raises(TypeError, match="Document 0 is of type int"):
        ours.tokenize(dask.bag.from_sequence(["a cat", 3], npartitions=2), path)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["corpus"]


@collections
def test_rows_of_partitions(scheduler, make):
    embedder = MeanPoolEmbedder(VECTORS).fit(TEXTS)
    rows = ours.transform(embedder, make(4))
    assert rows.npartitions == make(4).npartitions
    computed = rows.compute()
    assert_array_equal(np.asarray(computed), embedder.transform(TEXTS))
    if make is series:
        assert rows.divisions == series(4).divisions
        assert computed.index.equals(series(4).compute().index)
        assert [*rows.columns] == [*embedder.get_feature_names_out()]
        assert (rows.dtypes == np.float32).all() and (
            computed.dtypes == np.float32
        ).all()


def test_sparse_rows_stay_sparse():
    model = OneHotTokens().fit(TEXTS)
    for collection in (bag(3), series(3)):
        rows = ours.transform(model, collection).compute()
        assert rows.format == "csr" and (rows != model.transform(TEXTS)).nnz == 0


def test_predictions_of_partitions():
    model = FastTextClassifier(4, epochs=5, random_state=0).fit(TEXTS, LABELS)
    labels = ours.transform(model, series(3), "predict")
    assert labels.dtype == model.predict(TEXTS).dtype
    assert_array_equal(labels.compute(), model.predict(TEXTS))
    shares = ours.transform(model, series(3), "predict_proba").compute()
    assert [*shares.columns] == [0, 1]
    assert_array_equal(shares, model.predict_proba(TEXTS))
    shares = ours.transform(model, bag(3), method="predict_proba").compute()
    assert_array_equal(shares, model.predict_proba(TEXTS))


def test_a_frame_of_pandas_comes_out_as_one():
    model = MeanPoolEmbedder(VECTORS).set_output(transform="pandas").fit(TEXTS)
    rows = ours.transform(model, series(2)).compute()
    assert_array_equal(rows, model.transform(TEXTS))


def test_empty_partitions_have_no_rows():
    texts = series(4)
    some = texts[texts.str.startswith("one")]
    embedder = MeanPoolEmbedder(VECTORS).fit(TEXTS)
    rows = ours.transform(embedder, some.loc[60:]).compute()
    assert rows.shape == (1, 2)


class Counted:
    """An object that tells how often it was pickled."""

    pickled = 0

    def __init__(self):
        self.weight = np.zeros(1_000)

    def transform(self, X):
        return np.zeros((len(X), 1), np.float32)

    def get_feature_names_out(self):
        return np.array(["a"], object)

    def __reduce__(self):
        Counted.pickled += 1
        return MeanPoolEmbedder, (VECTORS,)


def test_the_estimator_is_sent_once(client):
    from sklearn_embed.distributed._partitions import everywhere

    everywhere(Counted())
    assert 1 <= Counted.pickled <= 2  # a client may try twice how to pickle
    Counted.pickled = 0
    ours.transform(Counted(), bag(20))
    assert 1 <= Counted.pickled <= 2


def test_a_search_on_a_cluster_gives_the_same_bits(client, monkeypatch):
    X = TokenizedDocuments.from_documents(TEXTS * 9)  # what is small, joblib sends
    pipeline = make_pipeline(
        Word2VecVectorizer(4, min_count=1, random_state=0), LogisticRegression()
    )
    grid = {"word2vecvectorizer__epochs": [5, 8], "logisticregression__C": [1, 9]}
    search = GridSearchCV(pipeline, grid, cv=3)
    serial = search.fit(X, LABELS * 9).cv_results_
    pickled = []
    reduce = TokenizedDocuments.__reduce__
    monkeypatch.setattr(
        TokenizedDocuments, "__reduce__", lambda X: pickled.append(1) or reduce(X)
    )
    with joblib.parallel_config("dask"):
        parallel = search.fit(X, LABELS * 9).cv_results_
    for name in serial:
        if "score" in name and "time" not in name:
            assert_array_equal(serial[name], parallel[name])
    assert len(pickled) <= 4  # not one for each of the twelve fits


def test_what_is_refused():
    words = TokenizedDocuments.from_documents(TEXTS)
    for call in (ours.count_words, lambda X: ours.transform(OneHotTokens(), X)):
        with pytest.raises(TypeError, match="must be a bag, Series, DataFrame"):
            call(TEXTS)
        with pytest.raises(TypeError, match="not TokenizedDocuments"):
            call(words)
    collections = [bag(2).count(), bag(2).to_delayed()[0], series(2).index]
    collections += [series(2).str.len().sum()]
    for collection in collections:
        for call in (ours.count_words, lambda X: ours.transform(OneHotTokens(), X)):
            with pytest.raises(TypeError, match="must be a bag, Series, DataFrame"):
                call(collection)
    with pytest.raises(TypeError, match=r"a class: give GloVeVectorizer\(...\)"):
        ours.fit_counts(GloVeVectorizer, bag(2))
    two = series(2).to_frame().assign(other=1)
    with pytest.raises(ValueError, match="has 2 columns"):
        ours.count_words(two)
    with pytest.raises(TypeError, match="max_vocab_size does not go"):
        ours.count_words(bag(2), max_vocab_size=9)
    with pytest.raises(TypeError, match="unexpected keyword"):
        ours.count_words(bag(2), lowercas=True)
    with pytest.raises(TypeError, match="does not learn from counts"):
        ours.fit_counts(Word2VecVectorizer(), bag(2))
    with pytest.raises(ValueError, match="epochs"):
        ours.fit_counts(GloVeVectorizer(epochs=-1), bag(2))
    for params in ({"order": 0}, {"order": 21}, {"max_memory": 0}):
        with pytest.raises(ValueError, match=next(iter(params))):
            ours.count_ngrams(bag(2), vocabulary=["cat"], **params)
    with pytest.raises(ValueError, match="method='fit' must be"):
        ours.transform(OneHotTokens(), bag(2), "fit")
    with pytest.raises(TypeError, match="no method predict"):
        ours.transform(OneHotTokens(), bag(2), "predict")
    with pytest.raises(NotFittedError):
        ours.transform(OneHotTokens(), bag(2))
