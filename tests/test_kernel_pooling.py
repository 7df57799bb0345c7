"""Pooled rows agree with the definition and depend on their document alone."""

# SPDX-License-Identifier: BSD-3-Clause

from itertools import pairwise

import numpy as np
import pytest
import reference_pooling
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_embed._core.arrays import readonly
from sklearn_embed._vectors import pooling as pooling
from sklearn_embed._vectors.kernels import pooling as kernels
from sklearn_embed._vectors.pooling import PoolingSpec, make_words

COMPONENTS = np.linalg.qr(np.random.default_rng(9).normal(size=(7, 7)))[0][:2]
SPECS = {
    "mean": PoolingSpec(),
    "mean by number": PoolingSpec(by_number=True),
    "sum": PoolingSpec("sum"),
    "max": PoolingSpec("max"),
    "min": PoolingSpec("min"),
    "power": PoolingSpec("power", powers=(-np.inf, 1.0, 2.0, 3.0, np.inf)),
    "power by number": PoolingSpec("power", powers=(5.0, 8.0), by_number=True),
    "concat": PoolingSpec("concat", max_length=4),
    "components": PoolingSpec(components=COMPONENTS.astype(np.float32)),
    "strengths": PoolingSpec(
        components=COMPONENTS.astype(np.float32),
        strengths=np.float32([0.7, 0.3]),
        normalize=True,
    ),
    "normalize": PoolingSpec("sum", normalize=True),
}
every_spec = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)

N_TOKENS, N_WORDS, N_MORE = 30, 20, 5
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
    """Return rows of the tokens (some unknown), weights (some 0) and vectors."""
    rng = np.random.default_rng(seed)
    n_rows = N_WORDS + N_MORE
    row_of = rng.integers(-N_WORDS // 2, n_rows, N_TOKENS).clip(-2).astype(np.int32)
    weights = rng.random(n_rows, np.float32) * (rng.random(n_rows) < 0.9)
    vectors = rng.normal(size=(n_rows, width)).astype(np.float32)
    return row_of, weights.astype(np.float32), vectors


def split(weights, vectors, factors=None):
    """Return Words of which the last rows stand apart."""
    more = vectors[N_WORDS:], weights[N_WORDS:]
    return make_words(vectors[:N_WORDS], weights[:N_WORDS], factors, more)


def pool(spec, corpus, row_of, words, n_jobs=1):
    out = np.full((len(corpus[1]), spec.n_columns(words.width)), 7, np.float32)
    pooling.pool(spec, *corpus, row_of, words, out, n_jobs)
    return out


@every_spec
@given(corpora, seeds)
@settings(deadline=None)
def test_rows_agree_with_the_definition(spec, documents, seed):
    row_of, weights, vectors = draw(seed)
    rows = pool(spec, arrays(documents), row_of, split(weights, vectors))
    twin = reference_pooling.pool(spec, documents, row_of, weights, vectors)
    np.testing.assert_allclose(rows, twin, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("kind", ["mean", "sum", "max", "min", "power", "concat"])
@given(corpora, seeds, st.sampled_from([1, 2, 3, 16, 37]))
@settings(deadline=None)
def test_equal_weights_need_no_arrays(kind, documents, seed, width):
    row_of, _, vectors = draw(seed, width)
    spec = PoolingSpec(kind, powers=(1.0, 4.0), max_length=3)
    rows = pool(spec, arrays(documents), row_of, make_words(vectors))
    ones = np.ones(len(vectors), np.float32)
    twin = reference_pooling.pool(spec, documents, row_of, ones, vectors)
    np.testing.assert_allclose(rows, twin, rtol=2e-6, atol=2e-6)
    same = pool(spec, arrays(documents), row_of, make_words(vectors, ones))
    np.testing.assert_array_equal(rows, same)


@every_spec
@given(corpora, seeds)
@settings(deadline=None)
def test_factors_scale_vectors_and_not_weights(spec, documents, seed):
    row_of, weights, vectors = draw(seed)
    factors = np.random.default_rng(seed).random(N_WORDS, np.float32) + 0.5
    scaled = vectors.astype(float)
    scaled[:N_WORDS] *= factors[:, None]
    rows = pool(spec, arrays(documents), row_of, split(weights, vectors, factors))
    twin = reference_pooling.pool(spec, documents, row_of, weights, scaled)
    np.testing.assert_allclose(rows, twin, rtol=2e-6, atol=2e-6)


@every_spec
@given(corpora, seeds)
@settings(deadline=None)
def test_a_row_depends_on_its_document_alone(spec, documents, seed):
    row_of, weights, vectors = draw(seed)
    words = split(weights, vectors)
    together = pool(spec, arrays(documents), row_of, words)
    ids, starts, offsets = arrays(documents)
    for s, document in enumerate(documents):
        alone = pool(spec, arrays([document]), row_of, words)
        np.testing.assert_array_equal(alone[0], together[s])
    backwards = starts[::-1].copy(), np.append(0, np.cumsum(np.diff(offsets)[::-1]))
    np.testing.assert_array_equal(
        pool(spec, (ids, *backwards), row_of, words), together[::-1]
    )


@pytest.mark.parametrize("kind", ["mean", "sum", "max", "min"])
@given(corpora, seeds)
@settings(deadline=None)
def test_the_order_of_words_moves_the_last_bit_at_most(kind, documents, seed):
    row_of, weights, vectors = draw(seed)
    words = split(weights, vectors)
    rows = pool(PoolingSpec(kind), arrays(documents), row_of, words)
    shuffled = [np.random.default_rng(seed).permutation(ids) for ids in documents]
    others = pool(PoolingSpec(kind), arrays(shuffled), row_of, words)
    # What cancels has no last bit of its own: there, that of the addends.
    np.testing.assert_array_max_ulp(rows + np.float32(8), others + np.float32(8), 1)
    np.testing.assert_allclose(rows, others, rtol=1.2e-7, atol=1e-13)


@every_spec
@pytest.mark.parametrize("n_jobs", [2, 5])
def test_threads_change_no_bit(spec, n_jobs, monkeypatch):
    rng = np.random.default_rng(0)
    documents = [rng.integers(0, N_TOKENS, n) for n in rng.integers(0, 60, 300)]
    row_of, weights, vectors = draw(1)
    words = split(weights, vectors)
    whole = pool(spec, arrays(documents), row_of, words)
    monkeypatch.setattr(pooling, "SLICE_TOKENS", 100)
    monkeypatch.setattr(pooling, "SLICE_DOCUMENTS", 7)
    for jobs in (n_jobs, 1):
        np.testing.assert_array_equal(
            pool(spec, arrays(documents), row_of, words, jobs), whole
        )


@every_spec
def test_ids_may_be_rows_already(spec):
    row_of, weights, vectors = draw(3)
    words = split(weights, vectors)
    documents = [[0, 4, 29], [], [7] * 40]
    ids, *where = arrays(documents)
    np.testing.assert_array_equal(
        pool(spec, (row_of[ids], *where), None, words),
        pool(spec, (ids, *where), row_of, words),
    )


@every_spec
@pytest.mark.parametrize("fill", [0, np.nan])
def test_documents_without_words_are_filled(spec, fill):
    _, weights, vectors = draw(4)
    unknown = np.full(N_TOKENS, -1, np.int32)
    corpus = arrays([[], [1, 2], []])
    spec = spec._replace(fill=fill)
    rows = pool(spec, corpus, unknown, make_words(vectors, weights))
    np.testing.assert_array_equal(rows, np.full_like(rows, fill))
    nothing = make_words(vectors, np.zeros_like(weights))
    known = np.zeros(N_TOKENS, np.int32)
    np.testing.assert_array_equal(pool(spec, corpus, known, nothing), rows)


def test_powers_of_huge_and_tiny_numbers_neither_overflow_nor_vanish():
    vectors = np.float32([[1e38, 1e-38, -1e38, 0], [1e38, 3e-38, -1e38, 0]])
    spec = PoolingSpec("power", powers=(2.0, 9.0, 99.0))
    row_of = np.arange(2, dtype=np.int32)
    rows = pool(spec, arrays([[0, 1]]), row_of, make_words(vectors)).reshape(3, 4)
    np.testing.assert_allclose(rows[:, 0], 1e38, rtol=1e-6)
    np.testing.assert_allclose(rows[:, 2], [1e38, -1e38, -1e38], rtol=1e-6)
    np.testing.assert_allclose(rows[:, 3], 0)
    powers = np.array([2, 9, 99])
    expected = 3e-38 * ((1 + 3.0**-powers) / 2) ** (1 / powers)
    np.testing.assert_allclose(rows[:, 1], expected, rtol=1e-6)


def test_first_and_infinite_powers_are_mean_maximum_and_minimum():
    row_of, weights, vectors = draw(8)
    words, corpus = split(weights, vectors), arrays([[0, 4, 29, 7], list(range(30))])
    spec = PoolingSpec("power", powers=(1.0, np.inf, -np.inf))
    rows = pool(spec, corpus, row_of, words).reshape(2, 3, 7)
    for k, kind in enumerate(["mean", "max", "min"]):
        np.testing.assert_array_equal(
            rows[:, k], pool(PoolingSpec(kind), corpus, row_of, words)
        )


@pytest.mark.parametrize("sizes", [[], [0, 0, 0], [300], [50, 0, 130, 1, 1], [1] * 99])
def test_slices_cover_every_document_once(sizes, monkeypatch):
    monkeypatch.setattr(pooling, "SLICE_TOKENS", 100)
    monkeypatch.setattr(pooling, "SLICE_DOCUMENTS", 10)
    bounds = pooling.slices(np.append(0, np.cumsum(sizes, dtype=np.int64)))
    assert bounds[0] == 0 and bounds[-1] == len(sizes)
    for first, last in pairwise(bounds):
        assert 0 < last - first <= 10
        assert last - first == 1 or sum(sizes[first:last]) <= 100


def test_what_does_not_fit_is_refused():
    row_of, _, vectors = draw(6)
    words = make_words(vectors)
    for out in (np.empty((2, 7), np.float32), np.empty((7, 1), np.float32).T[:, :5]):
        with pytest.raises(ValueError, match="a row for every document"):
            pooling.pool(PoolingSpec("sum"), *arrays([[1]]), row_of, words, out)
    spec = PoolingSpec(components=np.eye(3, 5, dtype=np.float32))
    with pytest.raises(ValueError, match=r"shape \(3, 5\) do not fit 7 columns"):
        pool(spec, arrays([[1]]), row_of, words)


def test_vectors_without_dimensions_give_rows_without_columns():
    words = make_words(np.empty((3, 0), np.float32))
    assert pool(PoolingSpec(), arrays([[1]]), np.zeros(9, np.int32), words).shape == (
        1,
        0,
    )


def test_maps_slices_and_arrays_share_one_compiled_kernel(tmp_path):
    row_of, weights, vectors = draw(7)
    np.save(tmp_path / "vectors.npy", vectors)
    mapped = np.load(tmp_path / "vectors.npy", mmap_mode="r")
    corpus = arrays([[1, 2], [3]])
    for source in (vectors, mapped, readonly(vectors), np.asfortranarray(vectors)):
        for spec in (PoolingSpec(), *SPECS.values()):
            pool(spec, corpus, row_of, make_words(source, weights))
            pool(spec, corpus, row_of, make_words(source))
    for name in ("pool_rows", "pool_powers", "pool_first", "finish_rows"):
        assert len(getattr(kernels, name).signatures) == 1
