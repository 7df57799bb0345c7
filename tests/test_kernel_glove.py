"""The training kernels against the paper's equations in float64."""

# SPDX-License-Identifier: BSD-3-Clause

import tracemalloc
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import reference_glove as reference
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_embed._models import glove
from sklearn_embed._models.counting import Pairs
from sklearn_embed._models.glove import GloveData, Retrofit
from sklearn_embed._models.kernels import glove as kernels
from sklearn_embed._models.kernels.partition import (
    Partition,
    partition_pairs,
    unpack_records,
)
from sklearn_embed._models.loop import mean_loss
from sklearn_embed._models.partition import PartitionedPairs, Weighting
from sklearn_embed._models.rounds import in_turn, rounds


def some_params(n_words, size, seed=0):
    rng = np.random.default_rng(seed)
    shapes = [(n_words, size), (n_words, size), n_words, n_words]
    return [rng.normal(size=shape) * 0.5 for shape in shapes]


def state_of(params):
    """Return a state with these parameters: word, context and their biases."""
    state = kernels.new_state(*params[0].shape)
    for view, array in zip(views_of(state, params), params, strict=False):
        view[:] = array
    return state


def views_of(state, params):
    return kernels.state_views(state, params[0].shape[1]).values()


def some_pairs(n_words, mirrored, seed=0, share=0.5):
    """Return Pairs in thirds, and {(i, j): count} of all that they stand for."""
    rng = np.random.default_rng(seed)
    thirds = rng.integers(1, 90, (n_words, n_words))
    thirds[rng.random((n_words, n_words)) > share] = 0
    if mirrored:
        thirds = np.triu(thirds)
    i, j = np.nonzero(thirds)
    indptr = np.cumsum([0, *np.bincount(i, minlength=n_words)])
    pairs = Pairs(indptr, j.astype(np.int32), thirds[i, j], 3)
    counts = {(a, b): thirds[a, b] / 3 for a, b in zip(i, j, strict=True)}
    if mirrored:
        counts.update({(b, a): x for (a, b), x in counts.items()})
    return pairs, counts


def glove_job(pairs, held_out, state, seed, rate, clip, retrofit=None):
    """Return the job of GloVe with these rates."""
    settings = SimpleNamespace(learning_rate=rate, gradient_clip=clip)
    data = GloveData(pairs, held_out)
    return glove.GloveJob(data, state, settings, seed, retrofit)


def dealt(pairs, mirrored, size, monkeypatch=None, x_max=10.0):
    return PartitionedPairs(
        pairs, mirrored, kernels.state_width(size), Weighting(x_max, 0.75)
    )


@pytest.fixture(params=[1, 4, 16])
def n_groups(request, monkeypatch):
    """Have the words dealt out to so many groups."""
    monkeypatch.setattr(
        "sklearn_embed._models.partition._number_of_groups",
        lambda *sizes: request.param,
    )
    return request.param


def visited(job, epoch):
    """Return the pairs in the order in which an epoch visits them."""
    pairs, order = job._pairs, []
    for tasks in job.phases(epoch):
        for task in tasks:
            a, b, start = task.call.args
            for places, terms, groups in pairs.of(a, b):
                n = len(terms)
                for p in np.roll(np.arange(n), -int(start * n)):
                    i, j = (
                        int(row_of(place, group, pairs.n_groups))
                        for place, group in zip(places[p], groups, strict=True)
                    )
                    order.append((i, j, *terms[p]))
                    if pairs.mirrored and i != j:
                        order.append((j, i, *terms[p]))
    return order


def row_of(place, group, n_groups):
    return int(place) * n_groups + (n_groups - 1 - group if place & 1 else group)


@pytest.mark.parametrize("mirrored", [True, False])
def test_every_pair_is_visited_once_an_epoch(n_groups, mirrored):
    pairs, counts = some_pairs(70, mirrored)
    job = glove_job(dealt(pairs, mirrored, 3), None, np.zeros((70, 64), "f"), 0, 1, 1)
    for epoch in range(2):
        order = visited(job, epoch)
        assert sorted((i, j) for i, j, *_ in order) == sorted(counts)
        for i, j, target, weight in order:
            assert_allclose(target, np.log(counts[i, j]), rtol=1e-6)
            assert_allclose(weight, reference.weight(counts[i, j], 10, 0.75), rtol=1e-6)
    assert visited(job, 0) == visited(job, 0)
    if n_groups > 1:
        assert visited(job, 0) != visited(job, 1)


@pytest.mark.parametrize("n", [1, 2, 4, 8, 64])
def test_rounds_are_a_tournament(n):
    schedule = rounds(n)
    met = [tuple(sorted(pair)) for pairs in schedule for pair in pairs]
    assert sorted(met) == [(a, b) for a in range(n) for b in range(a, n)]
    for pairs in schedule:
        rows = [group for pair in pairs for group in set(pair)]
        assert len(rows) == len(set(rows))


@pytest.mark.parametrize("mirrored", [True, False])
@pytest.mark.parametrize("size", [1, 14, 30])
@pytest.mark.parametrize("clip", [100.0, 0.05])
def test_an_epoch_is_that_of_the_definition(n_groups, mirrored, size, clip):
    n_words, rate = 40, 0.05
    pairs, counts = some_pairs(n_words, mirrored)
    params = some_params(n_words, size)
    squares = [np.ones_like(array) for array in params]
    state = state_of(params)
    job = glove_job(dealt(pairs, mirrored, size), None, state, 0, rate, clip)
    for epoch in range(2):
        order = visited(job, epoch)
        loss = mean_loss(job.phases(epoch), 1)
        expected = reference.train_pairs(params, squares, order, rate, clip)
        assert_allclose(loss, expected / len(counts), rtol=1e-5)
    for view, array in zip(views_of(state, params), [*params, *squares], strict=True):
        assert_allclose(view, array, rtol=2e-4, atol=2e-6)
    parts = state.reshape(n_words, 4, -1)
    assert (parts[:, 0, size + 1] == 1).all()
    assert (parts[:, 2, size] == 1).all()
    assert not parts[:, ::2, size + 2 :].any()


@pytest.mark.parametrize("share", [1.01, 3.0, 1e9])
def test_a_limit_that_nothing_reaches_changes_no_bit(share):
    size, states = 30, []
    pairs = Pairs(np.array([0, 1, 1]), np.array([1], np.int32), np.array([3]), 3)
    params = [np.full((2, size), 0.9), np.full((2, size), -0.8), np.ones(2), np.ones(2)]
    slope = size * 0.9 * 0.8 - 2  # f(1) = 1, log(1) = 0, and no parameter exceeds 1
    for clip in (share * slope, np.inf):
        state = state_of(params)
        job = glove_job(dealt(pairs, True, size, x_max=1), None, state, 0, 0.05, clip)
        mean_loss(job.phases(0), 1)
        states.append(state)
    assert_array_equal(*states)


def test_gradients_are_those_of_the_loss():
    rng = np.random.default_rng(0)
    point = [rng.normal(size=5), rng.normal(size=5), 0.3, -0.2]
    slopes = reference.pair_gradients(*point, 0.7, 0.4)
    eps = 1e-6
    for number, slope in enumerate(slopes):
        for d in range(np.size(slope)):
            shift = eps * np.eye(5)[d] if np.ndim(slope) else eps
            sides = [
                reference.pair_loss(
                    *(
                        x + sign * shift if k == number else x
                        for k, x in enumerate(point)
                    ),
                    0.7,
                    0.4,
                )
                for sign in (1, -1)
            ]
            numeric = (sides[0] - sides[1]) / (2 * eps)
            assert_allclose(numeric, np.ravel(slope)[d], rtol=1e-6)


@pytest.mark.parametrize("mirrored", [True, False])
def test_threads_do_not_change_a_bit(n_groups, mirrored):
    pairs, _ = some_pairs(200, mirrored)
    results = []
    for n_jobs in (1, 2, 3):
        state = state_of(some_params(200, 9))
        job = glove_job(dealt(pairs, mirrored, 9), None, state, 0, 0.05, 100.0)
        losses = [mean_loss(job.phases(epoch), n_jobs) for epoch in range(3)]
        results.append((losses, state))
    for losses, state in results[1:]:
        assert losses == results[0][0]
        assert_array_equal(state, results[0][1])


@pytest.mark.parametrize("mirrored", [True, False])
def test_measuring_gives_the_loss_and_changes_nothing(n_groups, mirrored):
    pairs, counts = some_pairs(40, mirrored)
    params = some_params(40, 7)
    state = state_of(params)
    before = state.copy()
    held_out = dealt(pairs, mirrored, 7)
    job = glove_job(held_out, held_out, state, 0, 0.05, 100.0)
    loss = mean_loss(job.validation_phases(), 2)
    terms = [
        reference.pair_loss(
            params[0][i],
            params[1][j],
            params[2][i],
            params[3][j],
            np.log(x),
            reference.weight(x, 10, 0.75),
        )
        for (i, j), x in counts.items()
    ]
    assert_allclose(loss, np.mean(terms), rtol=1e-5)
    assert_array_equal(state, before)


def partitioned(indptr, columns, units, scale, partition, bits):
    """Partition pairs in place; return where the tiles end."""
    n_tiles = partition.n_groups**2
    ends, free = np.zeros(n_tiles + 1, np.int64), np.empty(n_tiles, np.int64)
    partition_pairs(indptr, columns, units, scale, partition, bits, ends, free)
    return ends


@pytest.mark.parametrize("mirrored", [True, False])
@pytest.mark.parametrize("groups", [1, 2, 8])
@pytest.mark.parametrize("bits", [3, 15])
def test_tiles_hold_the_pairs_of_their_groups(groups, mirrored, bits):
    pairs, _ = some_pairs(50, mirrored)
    tiles, records = pairs.indices.copy(), pairs.units.copy()
    ends = partitioned(
        pairs.indptr, tiles, records, 3.0, Partition(groups, mirrored), bits
    )
    expected = [[] for _ in range(groups**2)]
    rows = np.repeat(np.arange(50), np.diff(pairs.indptr))
    for i, j, units in zip(rows, pairs.indices, pairs.units, strict=True):
        local = [
            (k % groups if k // groups % 2 == 0 else groups - 1 - k % groups, k)
            for k in (i, j)
        ]
        (a, i), (b, j) = sorted(local, key=lambda p: p[0]) if mirrored else local
        expected[a * groups + b].append((i // groups, j // groups, units / 3))
    for tile, pairs_of_tile in enumerate(expected):
        at = slice(ends[tile], ends[tile + 1])
        assert (tiles[at] == tile).all()
        local_rows, counts = unpack_records(records[at], bits)
        found = [
            (*p, x) for p, x in zip(local_rows.tolist(), counts.tolist(), strict=True)
        ]
        assert_allclose(sorted(found), sorted(pairs_of_tile), rtol=1e-6)


@given(st.lists(st.integers(0, 2**16 - 1), min_size=2), st.integers(3, 15))
@settings(deadline=None)
def test_local_rows_survive_packing(rows, bits):
    """All words in one group, so that a local row is a row."""
    rows = sorted({*rows, 0, 2**16 - 1})
    indptr = np.zeros(2**16 + 1, np.int64)
    indptr[np.array(rows) + 1] = 1
    indices = np.array(rows[::-1], np.int32)
    units = np.ones(len(rows), np.int64)
    partitioned(np.cumsum(indptr), indices, units, 1.0, Partition(1, False), bits)
    places, counts = unpack_records(units, bits)
    assert_array_equal(places, np.column_stack([rows, rows[::-1]]))
    assert_array_equal(counts, np.ones(len(rows), np.float32))


@pytest.mark.parametrize("mirrored", [True, False])
def test_pairs_are_partitioned_in_place(n_groups, mirrored):
    pairs, _ = some_pairs(50, mirrored)
    columns, units = pairs.indices.copy(), pairs.units.copy()
    given = pairs._replace(indices=columns, units=units)
    options = mirrored, kernels.state_width(3), Weighting(10.0, 0.75)
    there = PartitionedPairs(given, *options, overwrite=True)
    assert np.shares_memory(there.places, columns)
    assert np.shares_memory(there.terms, units)
    elsewhere = PartitionedPairs(pairs, *options)
    assert_array_equal(elsewhere.places, there.places)
    assert_array_equal(elsewhere.terms, there.terms)
    assert len(elsewhere) == len(pairs.indices)


def test_partitioning_takes_little_more_than_the_pairs(monkeypatch):
    monkeypatch.setattr("sklearn_embed._models.partition.TASK_PAIRS", 256)
    pairs, _ = some_pairs(500, True, share=1.0)
    options = True, 112, Weighting(10.0, 0.75)
    PartitionedPairs(some_pairs(20, True)[0], *options)  # compiles
    tracemalloc.start()
    PartitionedPairs(pairs, *options, overwrite=True)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 0.1 * (pairs.indices.nbytes + pairs.units.nbytes)


def test_counts_of_somebody_else_are_not_overwritten():
    pairs, _ = some_pairs(20, True)
    before = pairs.units.copy()
    pairs.units.flags.writeable = False
    view = pairs._replace(units=pairs.units, indices=pairs.indices[:])
    for shared in (pairs, view):
        PartitionedPairs(shared, True, 16, Weighting(), overwrite=True)
    assert_array_equal(pairs.units, before)


@pytest.mark.parametrize("n", [1, 2, 8, 32])
def test_groups_that_rest_longest_meet_first(n):
    schedule = rounds(n)
    order = in_turn(schedule)
    assert sorted(order) == sorted(pair for pairs in schedule for pair in pairs)
    if n < 16:
        return
    # Two threads never wait for each other.
    for one, other in pairwise(order):
        assert not {*one} & {*other}


def test_pairs_come_block_by_block_and_eight_words_at_a_time():
    pairs, _ = some_pairs(64, False, share=1.0)
    order = PartitionedPairs(pairs, False, 1 << 12, Weighting())  # 16 words a block
    blocks = order.places // 16
    strips = order.places[:, 0] // 8
    key = np.column_stack([blocks, strips, order.places[:, 1], order.places[:, 0]])
    assert key.tolist() == sorted(key.tolist())


@pytest.mark.parametrize("strength", [1e-3, 1.0, 1e6])
def test_the_step_ends_where_the_implicit_step_does(strength):
    n_words, size = 6, 5
    params = some_params(n_words, size)
    state = state_of(params)
    parts = state.reshape(n_words, 4, -1)
    parts[:, 1, :size] += 0.5
    squares = parts[:, 1, :size].astype(float), parts[:, 3, :size].astype(float)
    rows = np.array([1, 4], np.int32)
    goals = np.random.default_rng(1).normal(size=(2, size)).astype(np.float32)
    before = state.copy()
    loss = kernels.step_towards(
        parts, rows, goals, np.float32(strength), np.float32(0.05)
    )
    expected = 0.0
    for row, goal in zip(rows, goals, strict=True):
        part, *ends = reference.step_towards(
            params[0][row],
            params[1][row],
            squares[0][row],
            squares[1][row],
            goal.astype(float),
            strength,
            0.05,
        )
        expected += part
        for place, end in zip((0, 2, 1, 3), ends, strict=True):
            assert_allclose(parts[row, place, :size], end, rtol=1e-4, atol=1e-5)
    assert_allclose(loss, expected, rtol=1e-5)
    others = np.delete(np.arange(n_words), rows)
    assert_array_equal(state[others], before[others])


def test_a_great_strength_reaches_the_goal():
    state = state_of(some_params(3, 4))
    goals = np.ones((3, 4), np.float32)
    retrofit = Retrofit(np.arange(3, dtype=np.int32), goals, 1e9)
    pairs, _ = some_pairs(3, True)
    job = glove_job(dealt(pairs, True, 4), None, state, 0, 0.05, 100.0, retrofit)
    mean_loss(job.phases(0), 1)
    parts = state.reshape(3, 4, -1)
    assert_allclose(parts[:, 0, :4] + parts[:, 2, :4], goals, atol=1e-4)


def test_what_is_not_a_number_stays_visible():
    pairs, _ = some_pairs(8, True, share=1.0)
    params = some_params(8, 3)
    params[0][2, 1] = np.nan
    job = glove_job(dealt(pairs, True, 3), None, state_of(params), 0, 0.05, 100.0)
    assert mean_loss(job.phases(0), 1) == np.inf


def test_without_x_max_all_pairs_weigh_one():
    counts = np.array([0.1, 3, 1000], np.float32)
    assert_array_equal(Weighting(None)(counts), [1, 1, 1])
    expected = [reference.weight(x, 100, 0.75) for x in counts.tolist()]
    assert_allclose(Weighting(100, 0.75)(counts), expected, rtol=1e-6)


def test_one_word_with_itself_is_trained():
    pairs = Pairs(np.array([0, 1]), np.array([0], np.int32), np.array([6]), 3)
    state = state_of(some_params(1, 2))
    job = glove_job(dealt(pairs, True, 2), None, state, 0, 0.5, 100.0)
    losses = [mean_loss(job.phases(epoch), 1) for epoch in range(200)]
    assert losses[-1] < 1e-6
