"""Tables of n-grams as few bytes, against a format spelled out."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from reference_packed import bytes_of

from sklearn_embed._models import packed_ngrams
from sklearn_embed._models.counting_ngrams import Table
from sklearn_embed._models.packed_ngrams import PackedTable, pack, unpack

WORDS = st.one_of(st.integers(-1, 3), st.integers(-1, 2**31 - 2))
COUNTS = st.one_of(st.integers(1, 300), st.integers(1, 2**62 - 1))


def tables(order):
    rows = st.tuples(*[WORDS] * order)
    return st.dictionaries(rows, COUNTS, max_size=12)


def table_of(entries, order):
    rows = np.array(sorted(entries), np.int32).reshape(-1, order)
    counts = np.array([entries[row] for row in sorted(entries)], np.int64)
    return Table(rows, counts)


def spelled_out(table, size):
    """Return the bytes of a table; every so many rows none is before."""
    data = []
    for i, (row, count) in enumerate(zip(*map(np.ndarray.tolist, table), strict=True)):
        shared = 0
        if i % size:
            before = table.rows[i - 1].tolist()
            while shared < len(row) and row[shared] == before[shared]:
                shared += 1
        data.append(shared)
        for number in [*(word + 1 for word in row[shared:]), count]:
            data += bytes_of(number)
    return data


@pytest.mark.parametrize("size", [1, 3, 1 << 16])
@pytest.mark.parametrize("order", [1, 2, 5])
def test_tables_come_back(monkeypatch, order, size):
    monkeypatch.setattr(packed_ngrams, "_BLOCK_ROWS", size)

    @settings(deadline=None, max_examples=40)
    @given(entries=tables(order))
    def check(entries):
        table = table_of(entries, order)
        packed = pack(table)
        assert packed[1:] == (len(entries), order)
        assert packed.data.tolist() == spelled_out(table, size)
        for one, other in zip(unpack(packed), table, strict=True):
            assert_array_equal(one, other)
            assert one.dtype == other.dtype

    check()


def test_neighbours_share_their_words():
    rows = np.array([[5, 300, k, 7, 9] for k in range(100)], np.int32)
    packed = pack(Table(rows, np.ones(100, np.int64)))
    assert isinstance(packed, PackedTable) and len(packed.data) <= 100 * 5 + 4
