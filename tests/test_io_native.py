"""The native format: arrays, strings and JSON in a file that can be mapped."""

# SPDX-License-Identifier: BSD-3-Clause

import gzip
import itertools
import json

import numpy as np
import pytest
import vector_files
from numpy.testing import assert_array_equal
from vector_files import COUNTS, PLAIN, VECTORS

from sklearn_embed.io import (
    VectorFileError,
    native,
    read_vectors,
    write_vectors,
)


def test_arrays_strings_and_json_come_back(path):
    arrays = {
        "flags": np.array([True, False]),
        "none": np.empty((0, 3), np.float32),
        "scalar": np.array(2.5),
        "big": np.arange(3, dtype=">i4"),
        "bytes": np.arange(7, dtype=np.uint8),
        "half": np.ones((2, 2), np.float16)[:, ::-1],
        "words": ["a", "", "日本", "\ud800"],
        "nobody": [],
    }
    meta = {"x": [1, None, "ü"], "y": {"z": 0.5}}
    native.save_arrays(path, arrays, meta)
    for mmap in (False, True):
        read, again = native.load_arrays(path, mmap)
        assert again == meta and set(read) == set(arrays)
        for name, value in arrays.items():
            assert type(read[name]) is type(value)
            assert_array_equal(read[name], value)
            if isinstance(value, np.ndarray):
                assert read[name].dtype == value.dtype.newbyteorder("=")
                assert read[name].flags.aligned and read[name].shape == value.shape


def test_mapped_arrays_share_the_files_memory(path):
    write_vectors(PLAIN, path)
    read = read_vectors(path, mmap=True)
    base = read.vectors
    while isinstance(base, np.ndarray):
        base = base.base
    assert not isinstance(base, bytes) and type(read.vectors) is np.ndarray
    assert_array_equal(read.vectors, VECTORS)
    with pytest.raises(ValueError, match="read-only"):
        read.vectors[0] = 0


def test_the_file_is_laid_out_as_safetensors(path):
    write_vectors(PLAIN, path)
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__")
    assert all(isinstance(value, str) for value in metadata.values())
    spans = sorted(entry["data_offsets"] for entry in header.values())
    assert (8 + length) % 64 == 0 and spans[0][0] == 0
    assert all(a[1] == b[0] for a, b in itertools.pairwise(spans))
    assert spans[-1][1] == len(data) - 8 - length
    begin, end = (8 + length + at for at in header["vectors"]["data_offsets"])
    assert header["vectors"]["dtype"] == "F32"
    assert data[begin:end] == VECTORS.tobytes()


def test_subwords_and_counts_are_kept(path):
    vectors = vector_files.subword_vectors()
    write_vectors(vectors, path)
    read = read_vectors(path)
    assert_array_equal(read.counts, COUNTS)
    assert_array_equal(read["unheard"], vectors["unheard"])


@pytest.mark.parametrize("value", [np.array(["a"]), np.array([None]), [1], 1j])
def test_what_is_not_numbers_or_strings_is_not_saved(path, value):
    with pytest.raises(TypeError):
        native.save_arrays(path, {"x": value})
    assert not path.exists()


def test_a_file_of_the_future_is_refused(path, monkeypatch):
    monkeypatch.setattr("sklearn_embed._files.arrays.VERSION", 2)
    write_vectors(PLAIN, path)
    monkeypatch.undo()
    with pytest.raises(VectorFileError, match=r"version 2 .* Upgrade"):
        read_vectors(path)


def test_only_plain_native_files_are_mapped(path):
    write_vectors(PLAIN, path, "word2vec")
    with pytest.raises(ValueError, match="only the native format"):
        read_vectors(path, mmap=True)
    with pytest.raises(ValueError, match="only the native format"):
        read_vectors(path, mmap=True, format="glove")
    write_vectors(PLAIN, path)
    path.write_bytes(gzip.compress(path.read_bytes()))
    with pytest.raises(VectorFileError, match="Decompress it"):
        read_vectors(path, mmap=True)
