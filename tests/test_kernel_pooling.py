"""Pooled rows agree with the definition and depend on their document alone."""

# SPDX-License-Identifier: BSD-3-Clause

from itertools import pairwise

import numpy as np
import pytest
import reference_pooling
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_embed._kernels import pooling
from sklearn_embed._kernels.common import readonly

KINDS = ["mean", "sum", "max", "min"]
every_kind = pytest.mark.parametrize("kind", KINDS)

N_TOKENS, N_WORDS = 30, 20
corpora = st.lists(
    st.lists(st.integers(0, N_TOKENS - 1), max_size=90), min_size=1, max_size=6
)
seeds = st.integers(0, 2**32 - 1)


def arrays(documents):
    lengths = [len(ids) for ids in documents]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    ids = np.array([i for some in documents for i in some], np.int32)
    return ids, offsets[:-1].copy(), offsets


def draw(seed, width=7):
    """Return rows of the tokens (a third unknown), weights and vectors."""
    rng = np.random.default_rng(seed)
    row_of = rng.integers(-N_WORDS // 2, N_WORDS, N_TOKENS).clip(-1).astype(np.int32)
    weights = rng.random(N_WORDS, np.float32)
    vectors = rng.normal(size=(N_WORDS, width)).astype(np.float32)
    return row_of, weights, vectors


def pool(kind, corpus, row_of, weights, vectors, n_jobs=1):
    width = vectors.shape[1]
    out = np.full((len(corpus[1]), width), np.nan, np.float32)
    pooling.pool(kind, *corpus, row_of, weights, vectors, out, n_jobs)
    return out


@every_kind
@given(corpora, seeds, st.sampled_from([1, 2, 3, 16, 37]), st.booleans())
@settings(deadline=None)
def test_rows_agree_with_the_definition(kind, documents, seed, width, weighted):
    row_of, weights, vectors = draw(seed, width)
    if not weighted:
        weights = np.ones(N_WORDS, np.float32)
    rows = pool(kind, arrays(documents), row_of, weights if weighted else None, vectors)
    twin = reference_pooling.pool(kind, documents, row_of, weights, vectors)
    np.testing.assert_allclose(rows, twin, rtol=1e-6, atol=1e-7)


@every_kind
@given(corpora, seeds)
@settings(deadline=None)
def test_a_row_depends_on_its_document_alone(kind, documents, seed):
    drawn = draw(seed)
    together = pool(kind, arrays(documents), *drawn)
    ids, starts, offsets = arrays(documents)
    for s, document in enumerate(documents):
        alone = pool(kind, arrays([document]), *drawn)
        np.testing.assert_array_equal(alone[0], together[s])
    backwards = starts[::-1].copy(), np.append(0, np.cumsum(np.diff(offsets)[::-1]))
    np.testing.assert_array_equal(pool(kind, (ids, *backwards), *drawn), together[::-1])


@every_kind
@given(corpora, seeds)
@settings(deadline=None)
def test_the_order_of_words_moves_the_last_bit_at_most(kind, documents, seed):
    drawn = draw(seed)
    rows = pool(kind, arrays(documents), *drawn)
    shuffled = [np.random.default_rng(seed).permutation(ids) for ids in documents]
    others = pool(kind, arrays(shuffled), *drawn)
    # What cancels has no last bit of its own: there, that of the addends.
    np.testing.assert_array_max_ulp(rows + np.float32(8), others + np.float32(8), 1)
    np.testing.assert_allclose(rows, others, rtol=1.2e-7, atol=1e-13)


@every_kind
@pytest.mark.parametrize("n_jobs", [2, 5])
def test_threads_change_no_bit(kind, n_jobs, monkeypatch):
    rng = np.random.default_rng(0)
    documents = [rng.integers(0, N_TOKENS, n) for n in rng.integers(0, 60, 300)]
    drawn = draw(1)
    whole = pool(kind, arrays(documents), *drawn)
    monkeypatch.setattr(pooling, "SLICE_TOKENS", 100)
    monkeypatch.setattr(pooling, "SLICE_DOCUMENTS", 7)
    np.testing.assert_array_equal(
        pool(kind, arrays(documents), *drawn, n_jobs=n_jobs), whole
    )
    np.testing.assert_array_equal(pool(kind, arrays(documents), *drawn), whole)


@every_kind
def test_ids_may_be_rows_already(kind):
    row_of, weights, vectors = draw(3)
    documents = [[0, 4, 29], [], [7] * 40]
    ids, *where = arrays(documents)
    np.testing.assert_array_equal(
        pool(kind, (row_of[ids], *where), None, weights, vectors),
        pool(kind, (ids, *where), row_of, weights, vectors),
    )


@every_kind
def test_documents_without_known_words_are_zeros(kind):
    _, weights, vectors = draw(4)
    unknown = np.full(N_TOKENS, -1, np.int32)
    rows = pool(kind, arrays([[], [1, 2], []]), unknown, weights, vectors)
    np.testing.assert_array_equal(rows, np.zeros((3, 7)))


def test_weights_that_sum_to_zero_give_a_mean_of_zeros():
    _, _, vectors = draw(5)
    weights = np.zeros(N_WORDS, np.float32)
    rows = pool(
        "mean", arrays([[0, 1]]), np.arange(30, dtype=np.int32), weights, vectors
    )
    np.testing.assert_array_equal(rows, np.zeros((1, 7)))


@pytest.mark.parametrize("sizes", [[], [0, 0, 0], [300], [50, 0, 130, 1, 1], [1] * 99])
def test_slices_cover_every_document_once(sizes, monkeypatch):
    monkeypatch.setattr(pooling, "SLICE_TOKENS", 100)
    monkeypatch.setattr(pooling, "SLICE_DOCUMENTS", 10)
    bounds = pooling.slices(np.append(0, np.cumsum(sizes, dtype=np.int64)))
    assert bounds[0] == 0 and bounds[-1] == len(sizes)
    for first, last in pairwise(bounds):
        assert 0 < last - first <= 10
        assert last - first == 1 or sum(sizes[first:last]) <= 100


def test_an_output_of_another_shape_is_refused():
    row_of, _, vectors = draw(6)
    for out in (np.empty((2, 7), np.float32), np.empty((7, 1), np.float32).T[:, :5]):
        with pytest.raises(ValueError, match="a row for every document"):
            pooling.pool("sum", *arrays([[1]]), row_of, None, vectors, out)


def test_maps_slices_and_arrays_share_one_compiled_kernel(tmp_path):
    row_of, weights, vectors = draw(7)
    np.save(tmp_path / "vectors.npy", vectors)
    mapped = np.load(tmp_path / "vectors.npy", mmap_mode="r")
    corpus = arrays([[1, 2], [3]])
    for source in (vectors, mapped, readonly(vectors), np.asfortranarray(vectors)):
        pool("mean", corpus, row_of, weights, source)
    assert len(pooling.pool_rows.signatures) == 1
