"""Reading vectors: equality with gensim, compression, options."""

# SPDX-License-Identifier: BSD-3-Clause

import bz2
import gzip
import io
import lzma
import zipfile

import numpy as np
import pytest
import vector_files
from gensim.models import KeyedVectors
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from vector_files import FORMATS, PLAIN, ROW_FORMATS, VECTORS, WORDS, named

from sklearn_embed.io import (
    VectorFileError,
    read_vectors,
    write_vectors,
)


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_written_is_read_to_the_last_bit(path, format):
    write_vectors(PLAIN, path, format)
    again = read_vectors(path, format=named(format))
    assert again.words == WORDS
    assert_array_equal(again.vectors, VECTORS)


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # gensim forgets to close
@pytest.mark.parametrize("format", ROW_FORMATS)
def test_gensim_reads_what_is_written_and_we_what_gensim_writes(path, format):
    binary, header = format == "word2vec_binary", format != "glove"
    write_vectors(PLAIN, path, format)
    theirs = KeyedVectors.load_word2vec_format(
        str(path), binary=binary, no_header=not header
    )
    assert theirs.index_to_key == WORDS
    assert_array_equal(theirs.vectors, VECTORS)
    theirs.save_word2vec_format(str(path), binary=binary, write_header=header)
    assert_array_equal(read_vectors(path).vectors, VECTORS)


def test_text_is_written_as_gensim_writes_it(path, tmp_path):
    write_vectors(PLAIN, path, "word2vec")
    PLAIN.to_keyed_vectors().save_word2vec_format(str(tmp_path / "theirs"))
    assert path.read_bytes() == (tmp_path / "theirs").read_bytes()


numbers = st.one_of(
    st.floats(width=32, allow_nan=False, allow_infinity=False).map(str),
    st.floats(-3e38, 3e38, allow_nan=False).map(repr),
    st.from_regex(
        r"\A[+-]?([0-9]{1,25}\.?[0-9]{0,25}|\.[0-9]{1,30})([eE][+-]?[0-9]{1,2})?\Z"
    ).filter(lambda text: text.isascii() and abs(float(text)) < 3.4e38),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(numbers, min_size=1, max_size=6))
def test_numbers_are_rounded_as_numpy_rounds_them(texts):
    data = f"word {' '.join(texts)}\n".encode()
    read = read_vectors(io.BytesIO(data), format="glove").vectors[0]
    expected = np.array([np.float32(text) for text in texts])
    assert read.tobytes() == expected.tobytes()


@settings(max_examples=200, deadline=None)
@given(
    st.floats(2.0**-120, 2.0**120, width=32),
    st.integers(-3, 3),
    st.integers(0, 40),
)
def test_numbers_near_the_middle_of_two_floats_are_rounded_exactly(low, step, digits):
    low = np.float32(low)
    middle = (float(low) + float(np.nextafter(low, np.float32(np.inf)))) / 2
    near = middle * (1 + step * 2.0**-52)
    text = f"{near:.{digits}e}" if digits < 30 else f"{near:.60f}".rstrip("0") + "1"
    read = read_vectors(io.BytesIO(f"word {text}\n".encode()), format="glove")
    assert read.vectors[0, 0] == np.float32(text)


@pytest.mark.parametrize(
    "pack", [gzip.compress, bz2.compress, lzma.compress, "zip"], ids=str
)
@pytest.mark.parametrize("format", ["word2vec", "word2vec_binary", "native"])
def test_compression_is_seen_through(tmp_path, path, pack, format):
    data = vector_files.written(tmp_path, format)
    if pack == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("folder/vectors", data)
    else:
        path.write_bytes(pack(data))
    assert_array_equal(read_vectors(path).vectors, VECTORS)
    with open(path, "rb") as stream:
        assert read_vectors(stream).words == WORDS


def test_streams_that_follow_each_other_are_read_as_one(tmp_path, path):
    data = vector_files.written(tmp_path, "glove")
    path.write_bytes(bz2.compress(data[:50]) + bz2.compress(data[50:]))
    assert read_vectors(path).words == WORDS


def test_a_pipe_is_read(tmp_path):
    class Pipe(io.RawIOBase):
        def __init__(self, data):
            self.inner = io.BytesIO(data)

        def readable(self):
            return True

        def read(self, n_bytes=-1):
            return self.inner.read(min(n_bytes, 7) if n_bytes > 0 else n_bytes)

    for data in vector_files.samples(tmp_path).values():
        if not data.startswith(b"PK"):
            assert read_vectors(Pipe(data)).vector_size == 6


def test_a_zip_of_several_files_asks_which(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "cat 1 2\n")
        archive.writestr("b.txt", "cat 3 4\n")
    with pytest.raises(VectorFileError, match=r"holds 2 files, not one \(a.txt, b.txt"):
        read_vectors(path)
    with zipfile.ZipFile(path) as archive, archive.open("b.txt") as stream:
        assert read_vectors(stream)["cat"].tolist() == [3, 4]


@pytest.mark.parametrize("format", [*ROW_FORMATS, "native", "fasttext"])
def test_limit_and_vocabulary_choose_rows(path, format):
    source = vector_files.subword_vectors() if format == "fasttext" else PLAIN
    write_vectors(source, path, format)
    first = read_vectors(path, limit=3)
    assert first.words == WORDS[:3]
    some = read_vectors(path, vocabulary=["кошка", "cat", "unheard"])
    assert some.words == ["cat", "кошка"]
    assert_array_equal(some.vectors, source.vectors[[1, 3]])
    both = read_vectors(path, limit=2, vocabulary={"кошка", "cat"})
    assert both.words == ["cat"]
    assert len(read_vectors(path, limit=0)) == 0


def test_tokens_with_blanks_are_read_from_the_right(path):
    path.write_text("the 0.1 0.2\n. . 0.3 0.4\nat name@domain.com 0.5 0.6\n")
    read = read_vectors(path)
    assert read.words == ["the", ". .", "at name@domain.com"]
    assert_array_equal(read[". ."], np.array([0.3, 0.4], np.float32))
    assert read_vectors(path, vocabulary=["at"]).words == []


@pytest.mark.parametrize(
    "text", ["a 1 2\r\nb 3 4\r\n", "a\t1\t2 \nb  3 4", "a 1 2\n\nb 3 4"]
)
def test_line_ends_tabs_and_blank_lines_do_not_matter(path, text):
    path.write_bytes(text.encode())
    read = read_vectors(path)
    assert read.words == ["a", "b"] and read.vectors.tolist() == [[1, 2], [3, 4]]


def test_rows_longer_than_the_window_are_read(path, monkeypatch):
    monkeypatch.setattr("sklearn_embed.io._collect.WINDOW", 64)
    for format in ROW_FORMATS:
        write_vectors(PLAIN, path, format)
        assert_array_equal(read_vectors(path).vectors, VECTORS)


def test_a_matrix_of_unknown_length_grows():
    data = "".join(f"word{row} {row} {-row}\n" for row in range(30_000)).encode()
    for source in (data, gzip.compress(data, 1)):
        read = read_vectors(io.BytesIO(source))
        assert len(read) == 30_000 and read["word29999"].tolist() == [29999, -29999]


def test_a_wide_matrix_of_unknown_length_grows():
    matrix = np.arange(1200, dtype="<f4")[:, None] * np.ones(4096, "<f4")
    rows = b"".join(b"w%d %b" % (i, row.tobytes()) for i, row in enumerate(matrix))
    read = read_vectors(io.BytesIO(b"1200 4096\n" + rows))
    assert read["w1199"].tolist() == [1199] * 4096 and len(read.vectors) == 1200


def test_the_first_of_two_rows_of_a_word_counts_and_a_warning_is_given(path):
    path.write_text("3 2\ncat 1 2\ndog 3 4\ncat 5 6\n")
    with pytest.warns(UserWarning, match="1 rows repeat an earlier word") as caught:
        read = read_vectors(path)
    assert caught[0].filename == __file__
    assert read.words == ["cat", "dog"] and read["cat"].tolist() == [1, 2]


def test_an_encoding_can_be_named(path):
    path.write_bytes("café 1 2\nthé 3 4\n".encode("latin-1"))
    assert read_vectors(path, encoding="latin-1").words == ["café", "thé"]
    assert read_vectors(path, errors="replace").words == ["caf\ufffd", "th\ufffd"]


@pytest.mark.parametrize(
    "parameter", [{"format": "txt"}, {"limit": -1}, {"limit": 1.5}]
)
def test_parameters_out_of_range_are_refused(path, parameter):
    with pytest.raises(ValueError, match="must be None or"):
        read_vectors(path, **parameter)


def test_a_vocabulary_that_is_one_string_is_refused(path):
    with pytest.raises(ValueError, match="collection of words"):
        read_vectors(path, vocabulary="cat")


def test_a_missing_file_is_a_missing_file(path):
    for format in (None, "gensim", "parquet"):
        with pytest.raises(FileNotFoundError):
            read_vectors(path, format=format)
