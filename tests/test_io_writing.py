"""Writing vectors: words that a format cannot hold, and whole files only."""

# SPDX-License-Identifier: BSD-3-Clause

import os

import numpy as np
import pytest
import vector_files
from vector_files import FORMATS, PLAIN, ROW_FORMATS, WORDS, named

from sklearn_embed.io import (
    VectorFileError,
    WordVectors,
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
