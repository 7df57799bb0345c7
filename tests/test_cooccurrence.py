"""Counting whole corpora: threads, bounded memory, sums of partitions."""

# SPDX-License-Identifier: BSD-3-Clause

import os
import pickle
import tempfile
from functools import reduce
from operator import add

import numpy as np
import pytest
import reference_glove as reference
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from strategies import token_documents
from vector_files import mutate

from sklearn_embed import CooccurrenceCounts, GloVeVectorizer, TokenizedDocuments
from sklearn_embed._models import counting
from sklearn_embed._models.counting import Window, count_pairs
from sklearn_embed.io import VectorFileError, native

count = CooccurrenceCounts.from_documents
windows = st.sampled_from([1, 2, 5, 30, 10**6, "document"])
weightings = st.sampled_from(["harmonic", "linear", "flat"])
directions = st.sampled_from(["left", "right", "both"])


@pytest.fixture
def small_steps(monkeypatch):
    """Make three words fill the memory."""
    monkeypatch.setattr(counting, "_LEAST_PLACES", 3)
    monkeypatch.setattr(counting, "_LEAST_CAPACITY", 1)
    monkeypatch.setattr(counting, "_TASK_VISITS", 20)


def assert_same(a, b):
    assert a.words == b.words
    assert_array_equal(a.word_counts, b.word_counts)
    for left, right in zip(a.pairs, b.pairs, strict=True):
        assert_array_equal(left, right)


def some_documents(n=60, seed=0):
    rng = np.random.default_rng(seed)
    words = np.array(["the", "of", "cat", "dog", "sat", "мир", "x", "y", "z"])
    return [
        list(words[np.minimum(rng.geometric(0.4, rng.integers(0, 25)) - 1, 8)])
        for _ in range(n)
    ]


@given(token_documents, windows, weightings, directions)
@settings(deadline=None)
def test_counts_are_those_of_the_definition(documents, window, weighting, direction):
    words = sorted({word for document in documents for word in document})
    if not words or (window, weighting) == ("document", "linear"):
        return
    found = count(
        documents,
        window=window,
        weighting=weighting,
        direction=direction,
        vocabulary=words[:6],
    )
    rows = [[words.index(w) if w in words[:6] else -1 for w in d] for d in documents]
    expected = np.zeros((len(words[:6]),) * 2)
    exact = reference.count_pairs(rows, window, weighting, direction)
    for pair, value in exact.items():
        expected[pair] = value
    assert_allclose(found.to_scipy().toarray(), expected, rtol=1e-9)


@pytest.mark.parametrize("direction", ["left", "right", "both"])
@pytest.mark.parametrize("window", [1, 4, "document"])
@pytest.mark.parametrize("n_jobs", [1, 2, 3])
def test_neither_memory_nor_threads_change_a_bit(
    small_steps, window, direction, n_jobs
):
    documents = some_documents()
    whole = count(documents, window=window, direction=direction)
    parts = count(
        documents, window=window, direction=direction, max_memory=1, n_jobs=n_jobs
    )
    assert_same(parts, whole)


def test_temporary_files_are_never_seen(small_steps, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    seen, interrupted = [], []

    def spying(self, pieces, append=counting.Runs.append):
        append(self, pieces)
        seen.append(list(tmp_path.iterdir()))
        if interrupted:
            raise KeyboardInterrupt

    monkeypatch.setattr(counting.Runs, "append", spying)
    count(some_documents(), max_memory=1, window=2)
    assert len(seen) > 5
    if os.name == "posix":  # elsewhere it has a name while it is in use
        assert not any(seen)
    interrupted.append(True)
    with pytest.raises(KeyboardInterrupt):
        count(some_documents(), max_memory=1, window=2)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("direction", ["left", "both"])
def test_sums_of_partitions_are_the_whole(direction):
    documents = some_documents()
    words = ["z", "the", "cat", "x", "nobody"]
    options = {"window": 3, "direction": direction, "vocabulary": words}
    whole = count(documents, **options)
    parts = [
        count(documents[first : first + 13], **options) for first in range(0, 60, 13)
    ]
    assert_same(sum(parts), whole)
    assert_same(sum(parts[::-1]), whole)


@pytest.mark.parametrize("direction", ["left", "both"])
def test_sums_over_unlike_words_are_associative_and_commutative(direction):
    parts = [
        count(some_documents(2, seed), window=3, direction=direction)
        for seed in range(6)
    ]
    whole = count(
        [document for seed in range(6) for document in some_documents(2, seed)],
        window=3,
        direction=direction,
        vocabulary=sorted({word for part in parts for word in part.words}),
    )
    left = reduce(add, parts)
    right = reduce(lambda a, b: b + a, parts)
    tree = (parts[3] + parts[0]) + ((parts[5] + parts[1]) + (parts[2] + parts[4]))
    for total in (left, right, tree):
        assert_same(total, whole)


def test_unlike_windows_are_not_added():
    with pytest.raises(ValueError, match="unlike windows"):
        count(["a cat"], window=2) + count(["a cat"], window=3)


def test_a_number_is_not_added():
    with pytest.raises(TypeError):
        count(["the cat"]) + 1


def test_slices_count_as_their_own_copies_do():
    documents = some_documents()
    whole = TokenizedDocuments.from_documents(documents)
    chosen = [5, 3, 3, 17]
    assert_same(count(whole[chosen]), count([documents[s] for s in chosen]))


def test_counts_survive_pickling():
    counts = count(some_documents())
    assert_same(pickle.loads(pickle.dumps(counts)), counts)


def test_symmetric_counts_are_symmetric():
    matrix = count(some_documents()).to_scipy()
    assert (matrix != matrix.T).nnz == 0
    assert matrix.has_sorted_indices


def test_linear_weights_fall_to_the_end_of_the_window():
    documents = TokenizedDocuments.from_documents([list("abcde")])
    how = {"window": 4, "weighting": "linear", "vocabulary": list("abcde")}
    counts = count(documents, **how)
    assert counts.to_scipy().toarray()[0].tolist() == [0, 1, 0.75, 0.5, 0.25]
    again = CooccurrenceCounts.from_scipy(
        counts.to_scipy(), counts.words, window=4, weighting="linear"
    )
    assert_array_equal((counts + again).to_scipy().toarray()[0], [0, 2, 1.5, 1, 0.5])
    with pytest.raises(ValueError, match='window="document" has not'):
        count(documents, window="document", weighting="linear")


def test_left_is_the_transpose_of_right():
    left, right = (count(some_documents(), direction=d) for d in ("left", "right"))
    assert (left.to_scipy() != right.to_scipy().T).nnz == 0


def test_ppmi_is_that_of_the_definition():
    counts = count(some_documents())
    dense = counts.to_scipy().toarray()
    total = dense.sum()
    with np.errstate(divide="ignore"):
        pmi = np.log(dense * total / np.outer(dense.sum(1), dense.sum(0)))
    assert_allclose(counts.ppmi().toarray(), np.maximum(pmi, 0), atol=1e-12)
    shifted = np.maximum(pmi - np.log(2), 0)
    assert_allclose(counts.ppmi(shift=2).toarray(), shifted, atol=1e-12)


@pytest.mark.parametrize(
    "wrong",
    [
        {"window": 0},
        {"window": 1.5},
        {"weighting": "no"},
        {"direction": "up"},
        {"max_memory": -1},
        {"max_memory": "1 GB"},
        {"min_count": None},
        {"max_features": 2.5},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        count(["a cat"], **wrong)


def test_documents_without_pairs_give_no_pairs():
    counts = count(["cat", "", "dog"], window=10**6)
    assert counts.n_pairs == 0
    assert counts.to_scipy().shape == (2, 2)
    assert repr(counts) == "CooccurrenceCounts(2 words, 0 pairs)"


def test_sums_that_might_not_fit_are_refused(monkeypatch):
    documents = TokenizedDocuments.from_documents(["a b " * 50], token_pattern=r"\S")
    part = (documents.ids, documents.starts, documents.offsets, np.arange(2))
    part = (*part[:3], part[3].astype(np.int32))

    def huge(self, longest):
        return np.full(longest + 1, 2**60), 2**60

    assert count_pairs([part], 2, Window(30)).units.sum() > 0
    monkeypatch.setattr(Window, "units", huge)
    with pytest.raises(OverflowError, match="window=22"):
        count_pairs([part], 2, Window(30))


@pytest.mark.parametrize("mmap", [False, True])
@pytest.mark.parametrize(
    "choice", [{"window": 3}, {"window": "document", "direction": "left"}], ids=str
)
def test_counts_come_back_from_a_file(choice, mmap, tmp_path):
    counts = count(some_documents(), **choice)
    counts.save(tmp_path / "counts")
    loaded = CooccurrenceCounts.load(tmp_path / "counts", mmap=mmap)
    assert_same(loaded, counts)
    assert loaded.window == counts.window
    total = count(some_documents() + some_documents(seed=1), **choice)
    words = total.words
    parts = [count(some_documents(seed=s), vocabulary=words, **choice) for s in (0, 1)]
    parts[1].save(tmp_path / "part")
    parts[1] = CooccurrenceCounts.load(tmp_path / "part", mmap=mmap)
    assert_same(
        sum(parts),
        count(some_documents() + some_documents(seed=1), vocabulary=words, **choice),
    )


def test_mapped_counts_are_learned_from_and_left_alone(tmp_path):
    count(some_documents()).save(tmp_path / "counts")
    before = (tmp_path / "counts").read_bytes()
    counts = CooccurrenceCounts.load(tmp_path / "counts", mmap=True)
    models = [
        GloVeVectorizer(3, epochs=2, random_state=0).fit_counts(each)
        for each in (counts, count(some_documents()))
    ]
    assert_array_equal(models[0].vectors_, models[1].vectors_)
    assert (tmp_path / "counts").read_bytes() == before


def test_a_failed_write_leaves_the_file_that_was_there(tmp_path, monkeypatch):
    path = tmp_path / "counts"
    counts = count(some_documents())
    counts.save(path)
    monkeypatch.setattr(os, "replace", lambda *paths: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        count(some_documents(seed=1)).save(path)
    assert_same(CooccurrenceCounts.load(path), counts)
    assert os.listdir(tmp_path) == ["counts"]


def changed(array, values):
    """Return a copy with other values at some positions."""
    array = array.copy()
    for at, value in values.items():
        array[at] = value
    return array


LIES = {
    "a word twice": ("words", lambda a: [a[0], *a[:-1]]),
    "no words": ("words", lambda a: np.arange(len(a))),
    "fewer counts": ("word_counts", lambda a: a[:-1]),
    "real counts": ("word_counts", lambda a: a.astype(float)),
    "negative counts": ("word_counts", lambda a: -a),
    "real units": ("units", lambda a: a.astype(float)),
    "fewer units": ("units", lambda a: a[:-1]),
    "a zero": ("units", lambda a: changed(a, {2: 0})),
    "wide columns": ("indices", lambda a: a.astype(np.int64)),
    "no number": ("indices", lambda a: changed(a.astype(float), {0: np.nan})),
    "a column too far": ("indices", lambda a: changed(a, {3: 2**31 - 1})),
    "a negative column": ("indices", lambda a: changed(a, {3: -5})),
    "columns out of order": ("indices", lambda a: a[::-1].copy()),
    "the lower half": ("indices", lambda a: a * 0),
    "rows that overlap": ("indptr", lambda a: a[[0, *range(len(a) - 1, 0, -1)]]),
    "rows beyond the end": ("indptr", lambda a: a * 2),
    "a wild row": ("indptr", lambda a: changed(a, {2: 2**62})),
    "rows that wrap": ("indptr", lambda a: changed(a, {1: 2**63 - 1, 2: -(2**63)})),
    "unsigned rows": ("indptr", lambda a: changed(a.astype("u8"), {5: 10**6})),
    "fewer rows": ("indptr", lambda a: a[:-1]),
    "rows in two dimensions": ("indptr", lambda a: a[None]),
}


@pytest.mark.parametrize("lie", LIES)
def test_files_that_lie_are_refused(lie, tmp_path):
    name, change = LIES[lie]
    path = tmp_path / "counts"
    count(some_documents()).save(path)
    arrays, meta = native.load_arrays(path)
    native.save_arrays(path, arrays | {name: change(arrays[name])}, meta)
    with pytest.raises(VectorFileError, match=f"disagree: {name}: "):
        CooccurrenceCounts.load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "WordVectors"}, "no CooccurrenceCounts"),
        ({"version": 2}, "later version"),
        ({"version": None}, "later version"),
        ({"window": [0, "flat", "both"]}, "window=0"),
        ({"window": [5, "flat"]}, "disagree"),
        ({"window": None}, "disagree"),
        ({"window": [[], "flat", "both"]}, "window"),
    ],
    ids=str,
)
def test_files_of_something_else_are_refused(change, message, tmp_path):
    path = tmp_path / "counts"
    count(some_documents(), direction="left").save(path)
    arrays, meta = native.load_arrays(path)
    native.save_arrays(path, arrays, meta | change)
    with pytest.raises(VectorFileError, match=message):
        CooccurrenceCounts.load(path)
    native.save_arrays(path, {}, None)
    with pytest.raises(VectorFileError, match="no CooccurrenceCounts"):
        CooccurrenceCounts.load(path)
    path.write_bytes(b"the 1 2 3")
    with pytest.raises(VectorFileError):
        CooccurrenceCounts.load(path)


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=60)
def test_a_damaged_file_is_refused_or_harmless(tmp_path_factory, seed):
    path = tmp_path_factory.getbasetemp() / "damaged"
    count(some_documents(), window=4).save(path)
    path.write_bytes(mutate(np.random.default_rng(seed), path.read_bytes()))
    for mmap in (False, True):
        try:
            counts = CooccurrenceCounts.load(path, mmap=mmap)
        except VectorFileError:
            continue
        assert counts.to_scipy().shape == (len(counts),) * 2
        with np.errstate(all="ignore"):
            counts.ppmi()


def parts_of(counts):
    return {
        "words": list(counts.words),
        "word_counts": counts.word_counts.copy(),
        "indptr": counts.pairs.indptr.copy(),
        "indices": counts.pairs.indices.copy(),
        "units": counts.pairs.units.copy(),
    }


def made_of(counts, parts, window=None):
    words, word_counts, *pairs = parts.values()
    return CooccurrenceCounts(
        words, word_counts, (*pairs, counts.pairs.scale), window or counts.window
    )


@pytest.mark.parametrize("lie", LIES)
def test_the_constructor_says_which_part_is_wrong(lie):
    counts = count(some_documents(), window=2)
    parts = parts_of(counts)
    assert_same(made_of(counts, parts), counts)
    name, change = LIES[lie]
    parts[name] = change(parts[name])
    with pytest.raises(ValueError, match=f"^{name}: "):
        made_of(counts, parts)


def test_the_constructor_refuses_what_the_window_does_not_give():
    counts = count(some_documents(), window=2, direction="left")
    parts = parts_of(counts)
    assert_same(made_of(counts, parts), counts)
    with pytest.raises(ValueError, match="indices: a pair lies in the lower half"):
        made_of(counts, parts, Window(2, "harmonic", "both"))
    with pytest.raises(ValueError, match="pairs: 2 units in 1"):
        made_of(counts, parts, Window(3, "harmonic", "left"))
    with pytest.raises(ValueError, match="direction='up'"):
        made_of(counts, parts, Window(2, "harmonic", "up"))


def test_linear_weights_of_endless_windows_are_refused():
    with pytest.raises(ValueError, match="window=1000001"):
        CooccurrenceCounts.from_documents(["a b"], window=10**6 + 1, weighting="linear")
    with pytest.raises(ValueError, match="window=10"):
        model = GloVeVectorizer(2, min_count=1, window=10**30, weighting="linear")
        model.fit(["the cat", "the dog"])
