"""Damaged and hostile files: a clear error, bounded memory, no code run, no hang."""

# SPDX-License-Identifier: BSD-3-Clause

import bz2
import gzip
import io
import lzma
import struct
import tracemalloc
import warnings
import zipfile

import numpy as np
import pytest
import vector_files
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_embed.io import VectorFileError, fasttext, native, read_vectors


class Files(dict):
    """Bytes by name, shown briefly where a test fails."""

    def __repr__(self):
        return "intact"


@pytest.fixture(scope="module")
def intact(tmp_path_factory):
    return Files(vector_files.samples(tmp_path_factory.mktemp("intact")))


NAMES = [
    "word2vec",
    "word2vec_binary",
    "glove",
    "native",
    "fasttext",
    "fasttext_oldest",
    "fasttext_quantised",
    "fasttext_supervised",
    "gzip",
    "bzip2",
    "xz",
    "zip",
]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    vocabulary=st.sampled_from([None, {"the", "кошка", "cat", "unheard"}]),
)
def test_a_damaged_file_is_read_or_refused(intact, name, seed, vocabulary):
    damaged = vector_files.mutate(np.random.default_rng(seed), intact[name])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            read_vectors(io.BytesIO(damaged), vocabulary=vocabulary)
        except VectorFileError as error:
            assert str(error).startswith("BytesIO")


@pytest.mark.parametrize("name", [name for name in NAMES if name != "glove"])
def test_a_file_cut_anywhere_is_refused(intact, name, tmp_path):
    data = intact[name]
    path = tmp_path / "cut"
    # One byte less may only cost the last line its end.
    for stop in {*range(0, len(data) - 2, max(len(data) // 60, 1)), len(data) - 2}:
        path.write_bytes(data[:stop])
        for source in (path, io.BytesIO(data[:stop])):
            if name == "word2vec" and stop >= data.rindex(b" "):
                continue  # a shorter last number is a number
            with pytest.raises(VectorFileError):
                read_fully(source, name)


def read_fully(source, name):
    """Read all of a file: word vectors alone need no output matrix."""
    if "fasttext" in name or name == "zip":
        return fasttext.read_model(source)
    return read_vectors(source)


@pytest.mark.parametrize(
    "text, message",
    [
        (b"", r"the file is empty \(byte 0\)"),
        (b"1000000000000 300\ncat 1", r"promises 1000000000000 rows.* but 5 are left"),
        (b"2 0\ncat\n", "gives 0 dimensions"),
        (b"1 99999999\ncat 1\n", "gives 99999999 dimensions"),
        (
            b"2 2\ncat 1 2\ndog 3\n",
            r"2 numbers were expected.*1 are.*\(row 1, byte 12\)",
        ),
        (b"2 2\ncat 1 2\ndog 3 4 5\n", r"2 numbers were expected .*3 are there"),
        (b"cat 1 2\ndog 3 4 5\nfox 6 7\n", r"row 1, byte 8"),
        (b"cat 1 2\ndog 3 x\nfox 6 7\n", r"b'x' is not a number \(row 1, byte 8\)"),
        (b"cat 1 2\ndog 3 nan\nfox 6 7\n", r"b'nan' is not a finite number"),
        (b"cat 1 2\ndog 3 -inf\nfox 6 7\n", r"b'-inf' is not a finite number"),
        (b"cat 1 2\ndog 3 1e39\nfox 6 7\n", r"too large for float32 \(row 1"),
        (b"cat 1 2\nd\0g 3 4\nfox 6 7\n", r"a zero byte in a line of text \(row 1"),
        (b"cat 1 2\nd\xffg 3 4\nfox 6 7\n", r"not valid utf-8 \(row 1, byte 8\)"),
        (b"1 2\ncat 1 2\ndog 3 4\n", r"more rows than the 1.*pass limit=1"),
        (b"3 2\ncat 1 2\ndog 3 4\n", r"file ends after 2 \(row 2.*limit=2"),
        (b"\0" * 1000, "in no format of word vectors known here"),
        (b"just some words\nand more\n", "in no format of word vectors known here"),
        (b"0.5 0.25\n0.5 0.75\n", "in no format of word vectors known here"),
        (b"\x93NUMPY\x01\x00", "a NumPy array without words"),
        (b"PAR1\x15\x04", "a parquet file"),
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
        (b"ccopy_reg\n_reconstructor\np0\n", "an old pickle"),
    ],
)
def test_the_error_says_what_is_wrong_and_where(tmp_path, text, message):
    path = tmp_path / "file"
    path.write_bytes(text)
    with pytest.raises(VectorFileError, match=message):
        read_vectors(path)


def test_rows_that_numbers_follow_are_not_taken_for_words_with_blanks():
    with pytest.raises(VectorFileError, match="2 numbers were expected"):
        read_vectors(io.BytesIO(b"cat 1 2\narea 51 3 4\nfox 6 7\n"))


def test_a_format_can_be_insisted_on():
    with pytest.raises(VectorFileError, match="format='glove'"):
        read_vectors(io.BytesIO(b"cat 1 2\n"), format="word2vec")
    with pytest.raises(VectorFileError):
        read_vectors(io.BytesIO(b"cat 1 2\n" * 20), format="fasttext")
    with pytest.raises(VectorFileError):
        read_vectors(io.BytesIO(b"cat 1 2\n" * 20), format="native")


@pytest.mark.parametrize(
    "rows, message",
    [
        (b"", "ends after 0"),
        (b"cat " + bytes(7), "ends after 0"),
        (b"cat " + struct.pack("<2f", 1, float("nan")), "'cat' .row 0. is not finite"),
        (b"c\xff " + bytes(8), "not valid utf-8"),
        (b"cat " + bytes(8) + b"dog " + bytes(8), "more bytes than the 1 rows"),
        (b"x" * 200_000, "no blank ends the word within 65536 bytes"),
    ],
)
def test_damaged_binary_rows_are_refused(rows, message):
    with pytest.raises(VectorFileError, match=message):
        read_vectors(io.BytesIO(b"1 2\n" + rows), format="word2vec_binary")


@pytest.mark.parametrize(
    "header",
    [
        b"1000000000000 300\n",
        b"1000000000000 1000000\n",
        b"1000000000 1\n",
    ],
)
@pytest.mark.parametrize("rest", [b"cat 1 2 3\n", b"cat " + bytes(100)])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_promises_cost_no_memory(header, rest, pack):
    data = pack(header + rest)
    tracemalloc.start()
    with pytest.raises(VectorFileError):
        read_vectors(io.BytesIO(data))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 << 20


@pytest.mark.parametrize(
    "offset, code", [(72, "<q"), (64, "<i"), (40, "<i"), (84, "<q")]
)
def test_enormous_numbers_in_a_fasttext_file_cost_no_memory(intact, offset, code):
    data = bytearray(intact["fasttext"])
    struct.pack_into(code, data, offset, 2 ** (8 * struct.calcsize(code) - 1) - 1)
    tracemalloc.start()
    with pytest.raises(VectorFileError):
        read_vectors(io.BytesIO(bytes(data)))
        raise VectorFileError("", "read after all: the number has no bearing")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200 << 20


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, "zip"])
def test_a_decompression_bomb_is_stopped(tmp_path, pack, monkeypatch):
    monkeypatch.setattr("sklearn_embed._files.stream._BOMB_BYTES", 1 << 20)
    path = tmp_path / "bomb"
    data = b"cat " + b"0 " * 50 + b"\n" + b"0 " * (2 << 20)
    if pack == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("bomb", data)
    else:
        options = {"preset": 0} if pack is lzma.compress else {}
        path.write_bytes(pack(data, **options))
    with pytest.raises(VectorFileError, match="a decompression bomb"):
        read_vectors(path)


def test_a_million_digits_are_refused_at_once():
    data = b"cat " + b"1" * 1_000_000 + b"x 2\n"
    with pytest.raises(VectorFileError, match="no format of word vectors"):
        read_vectors(io.BytesIO(data))


def test_a_line_without_end_is_stopped(monkeypatch):
    monkeypatch.setattr("sklearn_embed.io._collect.LONGEST_ROW", 1 << 16)
    monkeypatch.setattr("sklearn_embed.io._collect.WINDOW", 1 << 10)
    with pytest.raises(VectorFileError, match="a row does not end within"):
        read_vectors(io.BytesIO(b"cat 1 2\n" * 10 + b"x" * (1 << 18)))


def test_text_mode_is_refused(tmp_path):
    path = tmp_path / "file"
    path.write_text("cat 1 2\n")
    with open(path) as stream, pytest.raises(TypeError, match="binary mode"):
        read_vectors(stream)


def test_a_zip_that_cannot_be_opened_is_refused(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"PK\x03\x04" + bytes(100))
    with pytest.raises(VectorFileError, match="zip archive cannot be opened"):
        read_vectors(path)


def rewritten(data, change):
    """Change the JSON header of a native file."""
    length = int.from_bytes(data[:8], "little")
    header = change(data[8 : 8 + length])
    return len(header).to_bytes(8, "little") + header + data[8 + length :]


@pytest.mark.parametrize(
    "old, new",
    [
        (b'"F32"', b'"F99"'),
        (b'"shape": [8, 6]', b'"shape": [8, -6]'),
        (b'"shape": [8, 6]', b'"shape": [1e99, 6]'),
        (b'"shape": [8, 6]', b'"shape": [6, 8]'),
        (b'"shape": [8]', b'"shape": [1, 8]'),
        (b'"data_offsets": [0', b'"data_offsets": [1'),
        (b'"F32"', b"null"),
        (b'\\"version\\": 1', b'\\"version\\": null'),
        (b'\\"strings\\"', b'\\"strinks\\"'),
        (b'\\"n_buckets\\": 20', b'\\"n_buckets\\": 21'),
        (b'\\"n_buckets\\": 20', b'\\"n_buckets\\": {}'),
        (b'\\"max_n\\": 4', b'\\"max_n\\": 1'),
        (b'"words.ends"', b'"words.odds"'),
        (b"{", b"["),
        (b"{", b"{" * 100_000),
    ],
)
@pytest.mark.parametrize("mmap", [False, True])
def test_a_native_header_that_lies_is_refused(intact, tmp_path, old, new, mmap):
    path = tmp_path / "file"
    assert old in intact["native"]
    path.write_bytes(rewritten(intact["native"], lambda h: h.replace(old, new, 1)))
    with pytest.raises(VectorFileError):
        read_vectors(path, mmap=mmap, format="native")


def test_arrays_that_are_no_word_vectors_are_refused(tmp_path):
    path = tmp_path / "file"
    native.save_arrays(path, {"x": np.ones(3)})
    with pytest.raises(VectorFileError, match="load_arrays"):
        read_vectors(path)
