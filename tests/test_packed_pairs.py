"""Counts of pairs as few bytes: against a format spelled out, and sums of scipy's."""

# SPDX-License-Identifier: BSD-3-Clause

from itertools import pairwise

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from reference_packed import bytes_of

from sklearn_embed import CooccurrenceCounts
from sklearn_embed._models import packed_pairs
from sklearn_embed._models.counting import Pairs, Window

N_ROWS = 300
UNITS = st.one_of(st.integers(1, 300), st.integers(1, 2**59))
ENTRIES = st.dictionaries(
    st.tuples(st.sampled_from([0, 1, 2, 299]), st.integers(0, N_ROWS - 1)), UNITS
)


def matrix(entries):
    """Return a sparse matrix of int64 of a dictionary."""
    rows, columns = zip(*entries, strict=True) if entries else ((), ())
    units = np.array([*entries.values()], np.int64)
    return sp.coo_matrix((units, (rows, columns)), (N_ROWS, N_ROWS)).tocsr()


def pieces(table, cuts=(0, 2, 2, N_ROWS)):
    """Yield some rows of a matrix at a time."""
    for first, last in pairwise(cuts):
        part = table[first:last]
        yield np.diff(part.indptr).astype(np.int64), part.indices, part.data


def packed(entries):
    return packed_pairs.packed(pieces(matrix(entries)), N_ROWS)


def assert_pairs(pairs, expected):
    assert_array_equal(pairs.indptr, expected.indptr)
    assert_array_equal(pairs.indices, expected.indices)
    assert_array_equal(pairs.units, expected.data)
    assert pairs.scale == 60
    assert [array.dtype for array in pairs[:3]] == [np.int64, np.int32, np.int64]


@settings(deadline=None)
@given(entries=ENTRIES)
def test_the_format_is_gaps_and_units(entries):
    table = packed(entries)
    assert table.most == max(entries.values(), default=0)
    for row in range(N_ROWS):
        expected, before = [], -1
        for (_, column), units in sorted(e for e in entries.items() if e[0][0] == row):
            expected += bytes_of(column - before - 1) + bytes_of(units)
            before = column
        data = table.data[table.ends[row] : table.ends[row + 1]]
        assert data.tolist() == expected


@pytest.mark.parametrize("size", [1, 1 << 18])
def test_sums_are_those_of_matrices(monkeypatch, size):
    monkeypatch.setattr(packed_pairs, "_BLOCK_BYTES", size)

    @settings(deadline=None, max_examples=30)
    @given(parts=st.lists(ENTRIES, min_size=1, max_size=8))
    def check(parts):
        total = sum((matrix(part) for part in parts[1:]), matrix(parts[0])).tocsr()
        total.sort_indices()
        tables = [packed(part) for part in parts]
        assert_pairs(packed_pairs.sum_unpacked(tables, 60), total)
        again = packed_pairs.sum_packed(tables)
        assert again.most == (total.data.max() if total.nnz else 0)
        assert_pairs(packed_pairs.sum_unpacked([again], 60), total)

    check()


def test_sums_that_might_not_fit_are_refused():
    tables = [packed({(0, 1): 2**62}), packed({(2, 1): 2**62})]
    for add in (
        packed_pairs.sum_packed,
        lambda tables: packed_pairs.sum_unpacked(tables, 60),
    ):
        with pytest.raises(OverflowError, match="window=22"):
            add(tables)
    indptr, indices = np.array([0, 1], np.int64), np.zeros(1, np.int32)
    pairs = Pairs(indptr, indices, np.array([2**62]), 60)
    counts = CooccurrenceCounts(["cat"], np.array([1]), pairs, Window(5))
    with pytest.raises(OverflowError, match="window=22"):
        counts + counts
