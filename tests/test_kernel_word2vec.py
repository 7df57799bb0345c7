"""The word2vec kernels against their slow twins, and what must never happen."""

# SPDX-License-Identifier: BSD-3-Clause

from itertools import pairwise

import numpy as np
import pytest
import reference_word2vec as reference
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_embed._core.arrays import aligned_zeros, padded_width, readonly
from sklearn_embed._models.bags import share_rows
from sklearn_embed._models.kernels.bags import Bags
from sklearn_embed._models.kernels.losses import NegativeSampler
from sklearn_embed._models.kernels.replicas import (
    copy_to_replicas,
    merge_replicas,
    share_matrix,
)
from sklearn_embed._models.kernels.sampling import (
    draw_pool,
    huffman_tree,
    keep_thresholds,
)
from sklearn_embed._models.kernels.windows import STEADY, Corpus, PassSettings
from sklearn_embed._models.kernels.word2vec import Kind, make_epoch, make_workspace

KINDS = [
    ("skipgram", "negative_sampling"),
    ("cbow", "negative_sampling"),
    ("skipgram", "hierarchical_softmax"),
    ("cbow", "hierarchical_softmax"),
    ("skipgram", "softmax"),
    ("cbow", "softmax"),
]
every_kind = pytest.mark.parametrize("kind", KINDS, ids="-".join)
every_architecture = pytest.mark.parametrize("architecture", ["skipgram", "cbow"])


def make_corpus(documents, n_words, keep=None, row_of=None):
    """Lay documents (lists of ids) into the flat array in reverse order."""
    lengths = [len(document) for document in documents]
    starts = np.cumsum([0, *lengths[::-1]])[:-1][::-1]
    flat = [t for document in documents[::-1] for t in document]
    row_of = np.arange(n_words) if row_of is None else row_of
    keep = np.full(n_words, 2**32 - 1) if keep is None else keep
    return Corpus(
        readonly(np.array(flat, np.int32)),
        readonly(np.array(starts, np.int64)),
        readonly(np.cumsum([0, *lengths], dtype=np.int64)),
        readonly(np.array(row_of, np.int32)),
        readonly(np.array(keep, np.uint32)),
    )


def make_plan(window=3, shrink=True, mean=True, seed=7, rate=0.2, n=1000, learn=True):
    pace = rate, 1e-3, 0.0, float(n)
    return PassSettings(window, window, shrink, mean, learn, np.uint64(seed), *pace)


def make_model(n_words, n_outputs=None, width=20, seed=0, scale=1.0):
    """Input and output rows far from zero, so that every slope matters."""
    rng = np.random.default_rng(seed)
    matrices = []
    for rows in (n_words, n_words if n_outputs is None else n_outputs):
        matrix = aligned_zeros((rows, padded_width(width)))
        matrix[:, :width] = rng.normal(scale=scale, size=(rows, width))
        matrices.append(matrix)
    return matrices


def n_outputs(kind, n_words):
    """Rows of the output matrix."""
    return max(n_words - 1, 1) if kind[1] == "hierarchical_softmax" else n_words


def make_guide(loss, counts, seed=0):
    if loss == "negative_sampling":
        return readonly(draw_pool(counts, 0.75, np.random.default_rng(seed)))
    if loss == "hierarchical_softmax":
        return type(tree := huffman_tree(counts))(*map(readonly, tree))
    return None


def make_bags(lists, seed=0):
    """Return bags of rows with weights, for the kernel and for its twin."""
    rng = np.random.default_rng(seed)
    weights = [rng.integers(1, 4, len(rows)).astype(np.float32) for rows in lists]
    bags = Bags(
        readonly(np.cumsum([0, *map(len, lists)], dtype=np.int64)),
        readonly(np.concatenate(lists).astype(np.int32)),
        readonly(np.concatenate(weights)),
    )
    return bags, [*zip(lists, weights, strict=True)]


def random_documents(n_words, lengths, seed=0):
    rng = np.random.default_rng(seed)
    weights = 1 / np.arange(1, n_words + 1)
    return [
        rng.choice(n_words, size=n, p=weights / weights.sum()).tolist() for n in lengths
    ]


def train(
    kind, corpus, plan, model, guide, negative=5, cuts=None, bags=None, replicas=None
):
    """Train in consecutive ranges; return copies of the model, loss and terms.

    ``replicas`` are the first input and output row that have one, how many there are
    of each, and after how many words one is merged.
    """
    kind = Kind(*kind, bags is not None)
    inputs, outputs = (aligned_like(matrix) for matrix in model)
    first_in, n_in, first_out, n_out, every = replicas or (0, 0, 0, 0, 0)
    shared = (
        share_matrix(inputs, first_in, n_in),
        share_matrix(outputs, first_out, n_out),
    )
    work = make_workspace(kind, negative, plan.window, *shared, every)
    sampler = guide
    if kind.loss == "negative_sampling":
        sampler = NegativeSampler(guide, negative)
    total = int(corpus.offsets[-1])
    cuts = [0, total] if cuts is None else cuts
    loss, terms = 0.0, 0
    for first, last in pairwise(cuts):
        one, n = make_epoch(kind)(corpus, plan, first, last, sampler, bags, work)
        loss, terms = loss + one, terms + n
    return inputs, outputs, loss, terms


@njit
def hand_over(matrix, begin, end):
    """Merge replicas, or with none to merge copy the shared rows."""
    if begin == end:
        copy_to_replicas(matrix)
    merge_replicas(matrix, begin, end)


def aligned_like(matrix):
    copy = aligned_zeros(matrix.shape)
    copy[:] = matrix
    return copy


@every_kind
@pytest.mark.parametrize("window", [1, 2, 5, 40])
@pytest.mark.parametrize("flags", [(True, True), (False, False)])
def test_an_epoch_equals_its_twin(kind, window, flags):
    n_words = 12
    documents = random_documents(n_words, [7, 0, 1, 2, 40, 25])
    keep = np.linspace(0.3, 1.0, n_words) * (2**32 - 1)
    row_of = [*range(n_words - 1), -1]
    corpus = make_corpus(documents, n_words, keep, row_of)
    plan = make_plan(window, *flags)
    model = make_model(n_words, n_outputs(kind, n_words), scale=0.4)
    guide = make_guide(kind[1], np.arange(n_words, 0, -1))
    inputs, outputs, loss, terms = train(kind, corpus, plan, model, guide)
    slow = [matrix.astype(np.float64) for matrix in model]
    slow_loss, slow_terms = reference.epoch(kind, corpus, plan, *slow, guide)
    assert terms == slow_terms > 0
    assert_allclose(loss, slow_loss, rtol=2e-5)
    assert_allclose(inputs, slow[0], atol=2e-5)
    assert_allclose(outputs, slow[1], atol=2e-5)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind[1] != "softmax"])
@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize("rows", [(0, 4, 0, 4), (0, 12, 7, 4), (0, 0, 0, 11)])
def test_copies_of_rows_change_no_single_thread(kind, every, rows):
    n_words = 12
    documents = random_documents(n_words, [7, 0, 1, 2, 40, 25])
    corpus = make_corpus(documents, n_words, np.full(n_words, 2**32 - 1))
    plan = make_plan(3, True, True)
    model = make_model(n_words, n_outputs(kind, n_words), scale=0.4)
    guide = make_guide(kind[1], np.arange(n_words, 0, -1))
    cuts = [0, 30, 33, sum(map(len, documents))]
    plain = train(kind, corpus, plan, model, guide, cuts=cuts)
    copied = train(kind, corpus, plan, model, guide, cuts=cuts, replicas=(*rows, every))
    assert copied[3] == plain[3] > 0
    assert_allclose(copied[2], plain[2], rtol=1e-5)
    for matrix, expected in zip(copied[:2], plain[:2], strict=True):
        assert_allclose(matrix, expected, atol=1e-6)


def test_what_threads_move_adds_up():
    inputs = aligned_like(np.full((3, 16), 1.0, np.float32))
    one, other = (share_matrix(inputs, 1, 2) for _ in range(2))
    for own in (one, other):
        hand_over(own, 0, 0)
    one.replicas[:16] += 2
    other.replicas[:32] += 4  # behind them: what they were when merged
    hand_over(one, 0, 16)
    hand_over(other, 0, 32)
    assert_allclose(inputs, np.repeat([1, 7, 5], 16).reshape(3, 16))


@every_kind
@settings(deadline=None, max_examples=10)
@given(data=st.data())
def test_any_cut_into_ranges_trains_the_same_bits(kind, data):
    n_words = 30
    lengths = data.draw(st.lists(st.integers(0, 60), min_size=1, max_size=6))
    documents = random_documents(n_words, lengths, seed=len(lengths))
    total = sum(lengths)
    corpus = make_corpus(documents, n_words, np.full(n_words, 2**31))
    plan = make_plan(data.draw(st.integers(1, 9)), n=max(total, 1))
    model = make_model(n_words, n_outputs(kind, n_words))
    guide = make_guide(kind[1], np.ones(n_words))
    places = data.draw(st.lists(st.integers(0, total), max_size=8))
    whole = train(kind, corpus, plan, model, guide)
    parts = train(kind, corpus, plan, model, guide, cuts=[0, *sorted(places), total])
    assert_array_equal(whole[0], parts[0])
    assert_array_equal(whole[1], parts[1])
    assert whole[3] == parts[3]
    assert_allclose(whole[2], parts[2], rtol=1e-12)


@every_kind
@pytest.mark.parametrize("flags", [(True, True), (False, False)])
def test_bags_of_rows_equal_their_twin(kind, flags):
    n_words, n_rows = 12, 40
    rng = np.random.default_rng(3)
    lists = [
        [i, *rng.integers(n_words, n_rows, size=i * 3).tolist()] for i in range(12)
    ]
    bags, lists = make_bags(lists)
    corpus = make_corpus(random_documents(n_words, [7, 0, 1, 2, 40, 25]), n_words)
    plan = make_plan(4, *flags, rate=0.05)
    # A sum of some hundred rows must not be so wrong that its loss is cut off.
    scale = 0.4 if plan.mean else 0.05
    model = make_model(n_rows, n_outputs(kind, n_words), scale=scale)
    guide = make_guide(kind[1], np.arange(n_words, 0, -1))
    inputs, outputs, loss, terms = train(kind, corpus, plan, model, guide, bags=bags)
    slow = [matrix.astype(np.float64) for matrix in model]
    slow_loss, slow_terms = reference.epoch(
        kind, corpus, plan, *slow, guide, bags=lists
    )
    assert terms == slow_terms > 0
    assert_allclose(loss, slow_loss, rtol=2e-5)
    assert_allclose(inputs, slow[0], atol=2e-5)
    assert_allclose(outputs, slow[1], atol=2e-5)


@every_kind
def test_what_shares_a_row_learns_as_if_it_did_not(kind):
    rng = np.random.default_rng(0)
    ngrams = [rng.integers(0, 60, size=9) for _ in range(12)]
    bounds, ngrams = np.arange(0, 9 * 12 + 1, 9), np.concatenate(ngrams, dtype=np.int32)
    apart = share_rows(bounds, ngrams, np.arange(72, dtype=np.int32))
    shared = share_rows(bounds, ngrams, np.full(72, -1, np.int32))
    assert len(shared.members) < 60 < len(apart.members) == 72
    corpus = make_corpus(random_documents(12, [7, 0, 1, 2, 40, 25]), 12)
    plan, guide = make_plan(4, rate=0.05), make_guide(kind[1], np.arange(12, 0, -1))
    inputs, outputs = make_model(len(shared.members), n_outputs(kind, 12), scale=0.4)
    row_of = np.concatenate([np.arange(12), shared.rows])
    back = np.concatenate([np.arange(12), apart.rows])
    results = []
    for rows, start in ((shared, inputs), (apart, inputs[row_of][np.argsort(back)])):
        bags = Bags(*map(readonly, rows[2:]))
        results.append(train(kind, corpus, plan, (start, outputs), guide, bags=bags))
    assert_allclose(results[0][0][row_of], results[1][0][back], atol=1e-5)
    assert_allclose(results[0][1], results[1][1], atol=1e-5)
    assert_allclose(results[0][2], results[1][2], rtol=1e-5)


@every_kind
def test_bags_of_rows_may_be_cut_between_stretches_of_positions(kind):
    lists = [[i, 12 + i % 5, 12 + i % 3] for i in range(12)]
    bags, lists = make_bags(lists)
    documents = random_documents(12, [1500, 20, 1, 2300, 400])
    corpus, plan = make_corpus(documents, 12), make_plan(4, rate=0.02, n=5000)
    model = make_model(17, n_outputs(kind, 12), width=3, scale=0.4)
    guide = make_guide(kind[1], np.arange(12, 0, -1))
    whole = train(kind, corpus, plan, model, guide, bags=bags)
    cuts = [0, STEADY, 3 * STEADY, 4 * STEADY, 4221]
    parts = train(kind, corpus, plan, model, guide, cuts=cuts, bags=bags)
    assert_array_equal(whole[0], parts[0])
    assert_array_equal(whole[1], parts[1])
    slow = [matrix.astype(np.float64) for matrix in model]
    slow_loss, slow_terms = reference.epoch(
        kind, corpus, plan, *slow, guide, bags=lists
    )
    assert whole[3] == slow_terms
    assert_allclose(whole[2], slow_loss, rtol=1e-4)


@every_architecture
def test_a_long_document_streams_through_the_buffer_like_its_twin(architecture):
    kind = (architecture, "negative_sampling")
    documents = random_documents(50, [9, 5000, 3])
    corpus = make_corpus(documents, 50)
    plan = make_plan(window=4, rate=0.05, n=5012)
    model, guide = make_model(50, width=3), make_guide(kind[1], np.ones(50))
    whole = train(kind, corpus, plan, model, guide)
    parts = train(kind, corpus, plan, model, guide, cuts=[0, 1500, 1501, 4000, 5012])
    assert_array_equal(whole[0], parts[0])
    assert_array_equal(whole[1], parts[1])
    slow = [matrix.astype(np.float64) for matrix in model]
    slow_loss, slow_terms = reference.epoch(kind, corpus, plan, *slow, guide)
    assert whole[3] == slow_terms
    assert_allclose(whole[2], slow_loss, rtol=1e-4)


@every_kind
@pytest.mark.parametrize("n_words", [1, 2, 3])
def test_a_tiny_vocabulary_trains_without_end_or_loss_of_an_update(kind, n_words):
    corpus = make_corpus(random_documents(n_words, [30, 1]), n_words)
    plan, model = make_plan(), make_model(n_words, n_outputs(kind, n_words))
    guide = make_guide(kind[1], np.ones(n_words))
    inputs, outputs, loss, _ = train(kind, corpus, plan, model, guide)
    slow = [matrix.astype(np.float64) for matrix in model]
    slow_loss, _ = reference.epoch(kind, corpus, plan, *slow, guide)
    assert_allclose(inputs, slow[0], rtol=1e-4, atol=1e-4)
    assert_allclose(outputs, slow[1], rtol=1e-4, atol=1e-4)
    assert_allclose(loss, slow_loss, rtol=1e-4, atol=1e-6)


@every_kind
@pytest.mark.parametrize("documents", [[], [[]], [[], [0], []], [[2, 2, 2]]])
def test_a_corpus_without_pairs_changes_nothing(kind, documents):
    corpus = make_corpus(documents, 3, row_of=[0, 1, -1])
    model, guide = make_model(3), make_guide(kind[1], np.ones(3))
    inputs, outputs, loss, terms = train(kind, corpus, make_plan(), model, guide)
    assert_array_equal(inputs, model[0])
    assert_array_equal(outputs, model[1])
    assert (loss, terms) == (0.0, 0)


@every_kind
@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf, 1e38])
def test_a_number_that_is_none_spoils_the_loss_and_never_the_memory(kind, poison):
    corpus = make_corpus(random_documents(8, [50]), 8)
    model, guide = make_model(8), make_guide(kind[1], np.ones(8))
    model[0][3] = poison
    loss = train(kind, corpus, make_plan(), model, guide)[2]
    assert not np.isfinite(loss) or abs(poison) == 1e38


@every_kind
def test_a_token_beyond_the_table_is_left_out(kind):
    corpus = make_corpus([[0, 1, 9, 1, 0, -5, 1]], 2)
    other = make_corpus([[0, 1, 2, 1, 0, 2, 1]], 2, row_of=[0, 1, -1])
    model, guide = make_model(2), make_guide(kind[1], np.ones(2))
    for one, two in zip(
        train(kind, corpus, make_plan(), model, guide),
        train(kind, other, make_plan(), model, guide),
        strict=True,
    ):
        assert_array_equal(one, two)


@every_kind
def test_measuring_changes_nothing_and_is_the_loss_of_the_twin(kind):
    corpus = make_corpus(random_documents(9, [30, 7]), 9)
    model = make_model(9, n_outputs(kind, 9))
    guide = make_guide(kind[1], np.ones(9))
    plan = make_plan(learn=False)
    inputs, outputs, loss, terms = train(kind, corpus, plan, model, guide)
    assert_array_equal(inputs, model[0])
    assert_array_equal(outputs, model[1])
    slow = [matrix.astype(np.float64) for matrix in model]
    slow_loss, slow_terms = reference.epoch(kind, corpus, plan, *slow, guide)
    assert terms == slow_terms
    assert_allclose(loss, slow_loss, rtol=1e-5)


@pytest.mark.parametrize("has_bags", [False, True])
@pytest.mark.parametrize("negative", [1, 27])
@every_architecture
def test_any_number_of_negatives_equals_its_twin(architecture, negative, has_bags):
    kind, bags, lists = (architecture, "negative_sampling"), None, None
    if has_bags:
        bags, lists = make_bags([[i, 30 + i % 7, 30 + i % 10] for i in range(30)])
    corpus = make_corpus(random_documents(30, [40, 7]), 30)
    plan, model = make_plan(rate=0.05), make_model(40, 30, scale=0.4)
    guide = make_guide(kind[1], np.ones(30))
    inputs, outputs, loss, _ = train(
        kind, corpus, plan, model, guide, negative, bags=bags
    )
    slow = [matrix.astype(np.float64) for matrix in model]
    slow_loss, _ = reference.epoch(kind, corpus, plan, *slow, guide, negative, lists)
    assert_allclose(inputs, slow[0], atol=2e-5)
    assert_allclose(outputs, slow[1], atol=2e-5)
    assert_allclose(loss, slow_loss, rtol=2e-5)


def test_every_loss_slope_is_that_of_its_loss():
    rng = np.random.default_rng(0)
    labels, times = np.array([1.0, 0, 0, 0]), np.array([1.0, 2, 1, 1])
    for slopes_of, counts in (
        (reference.sigmoid_slopes, times),
        (reference.softmax_slopes, np.ones(4)),
    ):
        scores = rng.normal(size=(2, 4)) * 3
        slopes, _ = slopes_of(scores, labels, counts)
        for at in np.ndindex(scores.shape):
            step = np.zeros_like(scores)
            step[at] = 1e-6
            rise = slopes_of(scores + step, labels, counts)[1]
            fall = slopes_of(scores - step, labels, counts)[1]
            assert_allclose(-slopes[at], (rise - fall) / 2e-6, atol=1e-8)


def test_thresholds_keep_what_word2vec_keeps():
    counts = np.array([1000, 100, 1])
    share = 0.01 * 1101 / counts
    expected = np.minimum(np.sqrt(share) + share, 1) * 2**32
    assert_allclose(keep_thresholds(counts, 0.01), expected, rtol=1e-6)
    assert_array_equal(keep_thresholds(counts, 0), np.full(3, 2**32 - 1))


@pytest.mark.parametrize("n_words", [1, 2, 1000])
def test_the_pool_draws_every_word_as_often_as_expected(n_words):
    counts = np.arange(1, n_words + 1)[::-1]
    pool = draw_pool(counts, 0.75, np.random.default_rng(0))
    expected = len(pool) * counts**0.75 / np.sum(counts**0.75)
    assert len(pool) == 2**20
    assert np.max(np.abs(np.bincount(pool, minlength=n_words) - expected)) < 1


def test_the_pool_grows_until_no_word_is_missing():
    counts = np.ones(2**20 + 5)
    counts[0] = 10**9
    pool = draw_pool(counts, 0.75, np.random.default_rng(0))
    assert len(pool) == 2**23
    assert np.bincount(pool, minlength=len(counts)).min() == 1


@pytest.mark.parametrize(
    ("width", "stretch"), [(112, 8192), (304, 4096), (10**5, 2048)]
)
def test_what_is_drawn_comes_back_before_long(width, stretch):
    counts = np.full(20_000, 5)
    pool = draw_pool(counts, 0.75, np.random.default_rng(0), width)
    for near in pool.reshape(-1, stretch)[::16]:
        assert len(np.unique(near)) < stretch / 6  # by chance: 4/5 of the stretch
        assert len(np.unique(near[:40])) > 30
    places = np.flatnonzero(pool == 7)
    assert len(np.unique(places // stretch)) > 4  # over all of the pool


@given(st.lists(st.integers(0, 50), min_size=1, max_size=40))
@settings(deadline=None, max_examples=50)
def test_huffman_codes_are_as_short_as_any(counts):
    import heapq

    tree = huffman_tree(np.array(counts))
    lengths = np.diff(tree.offsets)
    heap, best = list(counts), 0
    heapq.heapify(heap)
    while len(heap) > 1:
        joined = heapq.heappop(heap) + heapq.heappop(heap)
        best += joined
        heapq.heappush(heap, joined)
    assert np.sum(lengths * counts) == best
    paths = {
        tuple(tree.codes[tree.offsets[i] : tree.offsets[i + 1]])
        for i in range(len(counts))
    }
    assert len(paths) == len(counts)
