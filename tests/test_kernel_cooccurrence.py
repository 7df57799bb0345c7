"""The counting kernels against counting by hand."""

# SPDX-License-Identifier: BSD-3-Clause

import math
from fractions import Fraction

import numpy as np
import pytest
import reference_glove as reference
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from sklearn_embed._models.kernels import cooccurrence as kernels

row_documents = st.lists(st.lists(st.integers(-1, 5), max_size=9), max_size=6)


def written(documents, n_places=None):
    """Return the streams that documents of rows are written to, one after another."""
    row_of = np.arange(-1, 6, dtype=np.int32)
    ids = np.array([row + 1 for d in documents for row in d] + [0], np.int32)
    offsets = np.cumsum([0, *map(len, documents)])
    streams, document, token, n = [], 0, 0, 1
    while True:
        stream = np.full(n_places or len(ids) + len(documents) + 2, -1, np.int32)
        document, token, n = kernels.write_stream(
            ids, offsets[:-1], offsets, row_of, document, token, stream, 1
        )
        streams.append((stream, n))
        if document == len(documents):
            return streams


def listed(stream, n, n_rows, first=0, last=None):
    """Return ends and positions of some rows, by the kernels."""
    ends = np.zeros(n_rows + 1, np.int64)
    kernels.sum_positions(stream, n, ends)
    ends = ends[first : last and last + 1]
    ends = ends - ends[0]
    positions = np.empty(ends[-1], np.int32)
    kernels.list_positions(stream, n, ends[:-1].copy(), first, positions)
    return ends, positions


def counted(stream, n, n_rows, window, sides, fresh=1):
    """Return {(i, j): units} of a stream, by the kernel."""
    weights, _ = kernels.distance_units(window, min(window, len(stream)), True)
    ends, positions = listed(stream, n, n_rows)
    lengths = np.empty(n_rows, np.int64)
    pairs = np.empty(n_rows**2, np.int32), np.empty(n_rows**2, np.int64)
    scratch = kernels.new_row_sums(n_rows)
    n_pairs = kernels.count_rows(
        kernels.RowPositions(stream, fresh, ends, positions),
        0,
        kernels.ContextWeights(weights, sides),
        lengths,
        scratch,
        pairs,
    )
    assert not any(array.any() for array in (scratch.sums, scratch.marks, scratch.tops))
    rows = np.repeat(np.arange(n_rows), lengths)
    assert len(rows) == n_pairs
    return dict(zip(zip(rows, *pairs[:1], strict=False), pairs[1], strict=False))


@pytest.mark.parametrize("window", range(1, 23))
def test_one_over_k_is_exact_in_small_windows(window):
    units, scale = kernels.distance_units(window, window, True)
    for k in range(1, window + 1):
        assert Fraction(int(units[k]), scale) == Fraction(1, k)


def test_one_over_k_is_nearly_exact_in_wide_windows():
    units, scale = kernels.distance_units(10**6, 5000, True)
    error = np.abs(units[1:] / scale - 1 / np.arange(1, 5001))
    assert error.max() <= 0.5 / scale * 1.01


def test_units_depend_on_the_window_alone():
    assert (
        kernels.distance_units(30, 3, True)[1]
        == kernels.distance_units(30, 30, True)[1]
    )


@given(row_documents)
@settings(deadline=None)
def test_documents_lie_apart_and_dropped_words_leave_no_gap(documents):
    [(stream, n)] = written(documents)
    kept = [[row for row in d if row >= 0] for d in documents]
    expected = [-1]
    for document in filter(None, kept):
        expected += [*document, -1]
    assert_array_equal(stream[:n], expected)


@given(row_documents, st.integers(3, 12))
@settings(deadline=None)
def test_writing_goes_on_where_the_stream_was_full(documents, n_places):
    rows = []
    for stream, n in written(documents, n_places):
        assert n < n_places
        rows += [row for row in stream[:n] if row >= 0]
    assert rows == [row for d in documents for row in d if row >= 0]


@given(row_documents)
@settings(deadline=None)
def test_positions_are_those_of_each_row(documents):
    [(stream, n)] = written(documents)
    for first, last in [(0, 6), (2, 5), (3, 3)]:
        ends, positions = listed(stream, n, 6, first, last)
        assert len(positions) == ends[-1]
        for row in range(first, last):
            found = positions[ends[row - first] : ends[row - first + 1]]
            assert_array_equal(found, np.flatnonzero(stream[:n] == row))


@given(row_documents, st.integers(1, 12), st.sampled_from(["left", "right", "both"]))
@settings(deadline=None)
def test_counts_are_those_of_the_definition(documents, window, direction):
    [(stream, n)] = written(documents)
    sides = {"left": 1, "right": 2, "both": 3}[direction]
    found = counted(stream, n, 6, window, sides)
    scale = math.lcm(*range(1, window + 1))
    expected = reference.count_pairs(documents, window, direction=direction)
    if direction == "both":
        expected = {(i, j): x for (i, j), x in expected.items() if i <= j}
    exact = {pair: Fraction(int(units), scale) for pair, units in found.items()}
    assert exact == expected
    assert list(found) == sorted(found)


@given(st.lists(st.integers(0, 5), max_size=20), st.integers(1, 8), st.integers(1, 3))
@settings(deadline=None)
def test_a_pair_counts_where_its_right_place_is_fresh(rows, window, sides):
    stream = np.array([-1, *rows, -1], np.int32)
    whole = counted(stream, len(stream), 6, window, sides)
    for cut in range(1, len(stream)):
        head = np.append(stream[:cut], np.int32(-1))
        parts = [
            counted(head, len(head), 6, window, sides),
            counted(stream, len(stream), 6, window, sides, fresh=cut),
        ]
        total = {
            pair: sum(part.get(pair, 0) for part in parts)
            for pair in sorted({*parts[0], *parts[1]})
        }
        assert total == whole


def test_one_word_can_neighbour_itself():
    stream = np.array([-1, 0, 0, 0, -1], np.int32)
    assert counted(stream, 5, 1, 2, 3) == {(0, 0): 2 * (2 + 2 + 1)}
    assert counted(stream, 5, 1, 2, 1) == {(0, 0): 2 + 2 + 1}


def test_many_columns_come_in_order():
    rng = np.random.default_rng(0)
    rows = rng.permutation(9000).astype(np.int32)
    stream = np.concatenate([[-1], rows, [-1]]).astype(np.int32)
    ends, positions = listed(stream, len(stream), 9000, int(rows[-1]))
    weights = np.ones(9001, np.int64)
    pairs = np.empty(9000, np.int32), np.empty(9000, np.int64)
    lengths = np.empty(1, np.int64)
    n = kernels.count_rows(
        kernels.RowPositions(stream, 1, ends, positions),
        int(rows[-1]),
        kernels.ContextWeights(weights, 1),
        lengths,
        kernels.new_row_sums(9000),
        pairs,
    )
    assert_array_equal(pairs[0][:n], np.sort(rows[:-1]))
    assert (pairs[1][:n] == 1).all()


def test_runs_are_added_up():
    scratch = kernels.new_row_sums(4)
    begins = np.array([[0, 2, 2], [2, 3, 5]])
    columns = np.array([1, 3, 3, 0, 2], np.int32)
    units = np.array([10, 20, 5, 1, 2])
    lengths = np.empty(2, np.int64)
    pairs = np.empty(5, np.int32), np.empty(5, np.int64)
    n = kernels.merge_rows(begins, (columns, units), lengths, scratch, pairs)
    assert_array_equal(lengths, [2, 2])
    assert_array_equal(pairs[0][:n], [1, 3, 0, 2])
    assert_array_equal(pairs[1][:n], [10, 25, 1, 2])
