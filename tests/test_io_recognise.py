"""Text and float32 are told apart by the bytes there are, not by the first number."""

# SPDX-License-Identifier: BSD-3-Clause

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from sklearn_embed.io import VectorFileError, read_vectors, write_vectors

BOM = b"\xef\xbb\xbf"


def read(data, **options):
    return read_vectors(io.BytesIO(data), **options)


@pytest.mark.parametrize(
    "rows, message",
    [
        (b"cat 1,5 2,5\ndog 3,5 4,5\n", r"b'1,5' is a number with a decimal comma"),
        (b"cat 1,55555 2,5\ndog 3 4,5\n", r"b'1,55555' is a number with a decimal"),
        (b"cat 0:1.5 1:2\ndog 0:3\n", r"a sparse row \(column:value\).*zeros included"),
        (b"cat [1.5 2.5]\ndog [3 4]\n", r"b'\[1.5' is a number with brackets"),
        (b"cat 1.5 two\ndog 3 4x\n", r"b'two' is not a number.*word2vec_binary"),
        (b"caf\xe9 1 2\ndog 3 4\n", r"not valid utf-8.*encoding="),
        (b"cat 1.5\ndog 2.5\n", r"2 numbers were expected.*1 are there"),
    ],
)
def test_text_under_a_header_is_read_as_text_whatever_its_numbers(rows, message):
    with pytest.raises(VectorFileError, match=message):
        read(b"2 2\n" + rows)


def test_rows_of_counts_and_of_long_decimals_are_read():
    zeros = b"2 5\ncat 0 0 0 1.25 0\ndog 0 2 0 0 0\n"
    assert read(zeros)["dog"].tolist() == [0, 2, 0, 0, 0]
    digits = b"1 2\ncat 0.1234567890123456789012345678901234567890 -1e-30\n"
    assert read(digits)["cat"][0] == np.float32(0.12345678901234568)


@pytest.mark.parametrize(
    "numbers",
    [
        b"ab 5 xyz\x9c\x01\x02\x3f",
        b" 1 2 3 4 5\x01\x02",
        b"1.0 2.0 \x80?\0\0",
        b"\n5 6 7\n\x02\x03\x04\x05\x06",
    ],
)
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_float32_that_looks_like_numbers_is_float32(numbers, end):
    found = read(b"1 3\ndog " + numbers[:12] + end)
    assert found["dog"].tobytes() == numbers[:12]


def test_float32_without_a_telling_byte_can_be_named():
    data = b"1 1\ndog 5abc"
    with pytest.raises(VectorFileError, match="format='word2vec_binary'"):
        read(data)
    assert read(data, format="word2vec_binary")["dog"].tobytes() == b"5abc"


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    shape=st.tuples(st.integers(1, 12), st.sampled_from([1, 2, 3, 50, 300])),
    format=st.sampled_from(["word2vec", "word2vec_binary", "glove"]),
    scale=st.sampled_from([1e-20, 0.1, 1, 1e6]),
    whole=st.booleans(),
)
def test_every_format_is_recognised(
    tmp_path_factory, seed, shape, format, scale, whole
):
    if format == "glove" and shape[1] == 1:
        return
    vectors = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    vectors *= np.float32(scale)
    if whole:
        vectors = np.round(vectors)
    words = [*"abcdefghijkl"][: len(vectors)]
    path = tmp_path_factory.mktemp("file") / "vectors"
    write_vectors(dict(zip(words, vectors, strict=True)), path, format)
    if format == "word2vec_binary" and not np.any(vectors.view(np.uint32) >> 24):
        return
    assert_array_equal(read_vectors(path).vectors, vectors)


@pytest.mark.parametrize("rows", [b"cat 1 2\ndog 3 4\n", b"2 2\ncat 1 2\ndog 3 4\n"])
@pytest.mark.parametrize("options", [{}, {"limit": 2}, {"vocabulary": ["cat", "dog"]}])
def test_a_byte_order_mark_is_no_part_of_a_word(rows, options):
    assert read(BOM + rows, **options).words == ["cat", "dog"]
    named = "word2vec" if rows.startswith(b"2") else "glove"
    assert read(BOM + rows, format=named).words == ["cat", "dog"]


def test_a_byte_order_mark_may_be_a_word():
    assert read(BOM + b" 1 2\ndog 3 4\n").words == ["\ufeff", "dog"]
    with pytest.raises(VectorFileError, match="no format"):
        read(BOM)


def test_a_byte_order_mark_before_float32_is_skipped():
    data = b"1 2\ncat " + np.array([1.5, -2], "<f4").tobytes()
    assert read(BOM + data)["cat"].tolist() == [1.5, -2]


@pytest.mark.parametrize("row", [b"0.1\t0.5\t0.25", b"1 2 3", b"7 0.5 0.25", b"-1 2e3"])
@pytest.mark.parametrize("n_rows", [1, 2, 9, 10, 11, 100])
@pytest.mark.parametrize("end", [b"", b"\n", b"\n\n", b"\r\n"])
def test_a_table_of_numbers_is_refused(row, n_rows, end):
    with pytest.raises(VectorFileError, match="a table of numbers, without words"):
        read(b"\n".join([row] * n_rows) + end)


def test_a_table_of_numbers_under_names_is_refused():
    with pytest.raises(VectorFileError, match="a table of numbers, without words"):
        read(b"x y z\n0.5 1 2\n0.5 1 3\n")


def test_numbers_are_words_where_the_caller_says_so():
    assert read(b"7 0.5 1\n8 2 3\n", format="glove").words == ["7", "8"]
    assert read(b"2 2\n7 0.5 1\n8 2 3\n").words == ["7", "8"]
    assert read(b"7 0.5 1\nthe 2 3\n").words == ["7", "the"]
