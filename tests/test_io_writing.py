"""Writing vectors: words that a format cannot hold, and whole files only."""

# SPDX-License-Identifier: BSD-3-Clause

import bz2
import gzip
import lzma
import os

import numpy as np
import pandas as pd
import pytest
import vector_files
from numpy.testing import assert_array_equal
from vector_files import FORMATS, PLAIN, ROW_FORMATS, VECTORS, WORDS, named

from sklearn_embed import OneHotTokens, TokenizedDocuments
from sklearn_embed.io import (
    VectorFileError,
    WordVectors,
    as_word_vectors,
    read_vectors,
    write_vectors,
)


@pytest.mark.parametrize("format", ROW_FORMATS)
@pytest.mark.parametrize("word", ["New York", "a\tb", "line\nbreak", "", "zero\0byte"])
def test_words_that_a_format_cannot_hold_are_refused_by_name(path, format, word):
    vectors = WordVectors(["cat", word], [[1.0, 2.0], [3.0, 4.0]])
    path.write_text("before")
    with pytest.raises(VectorFileError, match=r"cannot be written.*row 1"):
        write_vectors(vectors, path, format)
    assert path.read_text() == "before" and os.listdir(path.parent) == [path.name]


def test_blanks_can_be_replaced_unless_two_words_become_one(path):
    vectors = WordVectors(["New York", "cat"], [[1.0, 2.0], [3.0, 4.0]])
    write_vectors(vectors, path, "word2vec", blank="_")
    assert read_vectors(path).words == ["New_York", "cat"]
    vectors = WordVectors(["a b", "a_b"], [[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(VectorFileError, match="would both be written as 'a_b'"):
        write_vectors(vectors, path, "word2vec", blank="_")


@pytest.mark.parametrize("format", ["native", "gensim", "parquet"])
def test_other_formats_keep_any_word(path, format):
    words = ["New York", "line\nbreak", "", "zero\0byte", "\u2028"]
    vectors = WordVectors(words, np.eye(5))
    write_vectors(vectors, path, format)
    assert read_vectors(path, format=named(format)).words == words


@pytest.mark.parametrize("format", [*FORMATS, "fasttext"])
def test_a_failure_in_the_middle_leaves_the_old_file(path, format, monkeypatch):
    path.write_text("before")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_vectors(vector_files.subword_vectors(), path, format)
    assert path.read_text() == "before" and os.listdir(path.parent) == [path.name]


def test_permissions_and_links_stay_as_they_were(path):
    path.write_text("before")
    path.chmod(0o640)
    link = path.with_name("link")
    link.symlink_to(path)
    write_vectors(PLAIN, link, "word2vec")
    assert link.is_symlink() and path.stat().st_mode & 0o777 == 0o640
    assert read_vectors(path).words == WORDS


@pytest.mark.parametrize("format", ROW_FORMATS)
def test_what_no_row_can_hold_is_refused(path, format):
    with pytest.raises(VectorFileError, match="no valid Unicode"):
        write_vectors(WordVectors(["\ud800"], [[1.0]]), path, format)
    with pytest.raises(VectorFileError, match="no dimensions"):
        write_vectors(WordVectors(["cat"], np.empty((1, 0))), path, format)


def test_a_damaged_parquet_file_is_refused(path):
    path.write_bytes(b"PAR1 and so on")
    with pytest.raises(VectorFileError, match="no readable parquet"):
        read_vectors(path, format="parquet")


def test_an_unknown_format_is_refused_with_the_list(path):
    with pytest.raises(ValueError, match=r"format must be one of \['csv', 'fasttext'"):
        write_vectors(PLAIN, path, "xls")


@pytest.mark.parametrize("ending, pack", [("gz", gzip), ("bz2", bz2), ("xz", lzma)])
@pytest.mark.parametrize("format", [*FORMATS, "fasttext"])
def test_a_name_that_says_so_makes_a_compressed_file(tmp_path, format, ending, pack):
    vectors = vector_files.subword_vectors()
    path, plain = tmp_path / f"vectors.{ending}", tmp_path / "plain"
    if format == "gensim" and ending == "xz":
        with pytest.raises(ValueError, match=r"not \.xz"):
            write_vectors(vectors, path, format)
        return
    write_vectors(vectors, path, format)
    write_vectors(vectors, plain, format)
    if format not in ("parquet", "gensim"):  # which note how and when
        assert pack.decompress(path.read_bytes()) == plain.read_bytes()
    found = read_vectors(path, format=named(format))
    assert found.words == WORDS
    assert_array_equal(found.vectors, vectors.vectors)


def test_equal_vectors_make_equal_compressed_files(tmp_path):
    for name in ("a.gz", "b.gz"):
        write_vectors(PLAIN, tmp_path / name, "word2vec")
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


def test_objects_are_saved_compressed_and_loaded_again(tmp_path):
    documents = TokenizedDocuments.from_documents(["a text", "another text"])
    documents.save(tmp_path / "documents.xz")
    again = TokenizedDocuments.load(tmp_path / "documents.xz", mmap=False)
    assert list(again) == list(documents)
    with pytest.raises(VectorFileError, match="Decompress it, or pass mmap=False"):
        TokenizedDocuments.load(tmp_path / "documents.xz")
    fitted = OneHotTokens().fit(["a text"])
    fitted.save(tmp_path / "model.gz")
    assert (tmp_path / "model.gz").read_bytes()[:2] == b"\x1f\x8b"
    assert OneHotTokens.load(tmp_path / "model.gz").words_ == ["text"]


@pytest.mark.parametrize("name", ["a.zip", "a.zst", "a.7z", "a.tar", "a.tgz", "a.lz4"])
def test_names_of_what_is_not_written_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match="choose another ending"):
        write_vectors(PLAIN, tmp_path / name)
    with pytest.raises(ValueError, match="choose another ending"):
        OneHotTokens().save(tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_a_table_for_spreadsheets(path):
    words = ["New, York", 'a "b"', "null", "line\nbreak", "=1"]
    vectors = WordVectors(words, np.eye(5) / 3)
    write_vectors(vectors, path, "csv")
    frame = pd.read_csv(path, index_col=0, na_filter=False)
    assert frame.index.tolist() == words and frame.index.name == "word"
    assert_array_equal(frame.to_numpy(np.float32), vectors.vectors)
    assert as_word_vectors(frame).words == words


def test_the_two_files_of_the_embedding_projector(tmp_path):
    write_vectors(PLAIN, tmp_path / "pets.tsv", "tsv")
    numbers = np.loadtxt(tmp_path / "pets.tsv", dtype=np.float32, delimiter="\t")
    assert_array_equal(numbers, VECTORS)
    lines = (tmp_path / "pets_metadata.tsv").read_text().splitlines()
    assert lines[0] == "word\tcount" and lines[1] == "the\t80"
    assert len(lines) == 1 + len(WORDS)
    # One column has no header: the projector takes every line for a label then.
    labels = tmp_path / "labels.tsv"
    write_vectors({"New York": [1.0]}, tmp_path / "a.tsv", "tsv", metadata=labels)
    assert labels.read_text() == "New York\n"
    with pytest.raises(VectorFileError, match="cannot be written"):
        write_vectors({"a\tb": [1.0]}, tmp_path / "a.tsv", "tsv")
    write_vectors({"a\tb": [1.0]}, tmp_path / "a.tsv", "tsv", blank=" ")
    assert (tmp_path / "a_metadata.tsv").read_text() == "a b\n"
    with pytest.raises(ValueError, match="another file"):
        write_vectors(PLAIN, tmp_path / "a", "tsv", metadata=tmp_path / "a")
