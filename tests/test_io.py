"""Reading and writing vectors: equality with gensim, options, and whole files only."""

# SPDX-License-Identifier: BSD-3-Clause

import bz2
import contextlib
import gc
import gzip
import io
import itertools
import json
import lzma
import os
import pickle
import tracemalloc
import zipfile

import numpy as np
import pytest
import vector_files
from gensim.models import FastText, KeyedVectors, Word2Vec
from gensim.models.fasttext import load_facebook_model, load_facebook_vectors
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from vector_files import COUNTS, VECTORS, WORDS

from sklearn_embed._files import stream
from sklearn_embed.io import (
    Subwords,
    VectorFileError,
    WordVectors,
    fasttext,
    native,
    read_vectors,
    write_vectors,
)

ROW_FORMATS = ["word2vec", "word2vec_binary", "glove"]
FORMATS = [*ROW_FORMATS, "native", "gensim", "parquet"]
PLAIN = WordVectors(WORDS, VECTORS, COUNTS)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "vectors"


def named(format):
    """What the reader has to be told: formats that are not recognised on purpose."""
    return format if format in ("gensim", "parquet") else None


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


# Writing


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
    with pytest.raises(ValueError, match=r"format must be one of \['fasttext'"):
        write_vectors(PLAIN, path, "xls")


# gensim's own files and other pickles


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_is_refused_and_runs_nothing(path, protocol):
    path.write_bytes(pickle.dumps(Evil(path.parent / "ran"), protocol))
    with pytest.raises(VectorFileError):
        read_vectors(path)
    assert not (path.parent / "ran").exists()


class Evil:
    """Leaves a trace when it is unpickled."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return open, (str(self.trace), "w")


@pytest.mark.parametrize("model", [Word2Vec, FastText])
def test_gensims_models_are_read_when_named(path, model):
    options = {"bucket": 30} if model is FastText else {}
    trained = model([["the", "cat"]] * 3, vector_size=4, min_count=1, **options)
    trained.save(str(path))
    with pytest.raises(VectorFileError, match=r"pickle.*format='gensim'"):
        read_vectors(path)
    read = read_vectors(path, format="gensim")
    assert_array_equal(read.vectors, trained.wv.vectors)
    assert read.counts.tolist() == [3, 3]
    assert (read.subwords is None) == (model is Word2Vec)


def test_what_gensim_cannot_load_is_refused(path):
    path.write_bytes(pickle.dumps({"no": "vectors"}))
    with pytest.raises(VectorFileError, match="gensim cannot load it"):
        read_vectors(path, format="gensim")
    with pytest.raises(ValueError, match="needs a path"):
        read_vectors(io.BytesIO(), format="gensim")


# The native format


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


# fastText


@pytest.fixture(scope="module")
def trained():
    texts = [["кошка", "сидит", "</s>"], ["kitten", "sat"], ["the", "cat"]] * 3
    return FastText(texts, vector_size=5, min_count=1, bucket=40, min_n=2, max_n=4)


def test_gensims_fasttext_file_is_read_to_the_bit(trained, path):
    from gensim.models.fasttext import save_facebook_model

    save_facebook_model(trained, str(path))
    read, theirs = read_vectors(path), load_facebook_vectors(str(path))
    assert read.words == theirs.index_to_key
    assert_array_equal(read.vectors, theirs.vectors)
    for word in ["котёнок", "kit", "z", "日本語"]:
        assert_array_equal(read[word], theirs.get_vector(word))
    model = fasttext.read_model(path)
    assert_array_equal(model.output, trained.syn1neg)
    fasttext.write_model(model, path.with_name("again"))
    assert path.with_name("again").read_bytes() == path.read_bytes()


def test_gensim_opens_what_is_written_with_equal_vectors(path):
    vectors = vector_files.subword_vectors()
    write_vectors(vectors, path, "fasttext", ws=3)
    model = load_facebook_model(str(path))
    assert model.window == 3 and model.wv.index_to_key == WORDS
    assert_array_equal(model.wv.vectors, vectors.vectors)
    assert_array_equal(model.wv.expandos["count"], COUNTS)
    for word in ["unheard", "кот"]:
        assert_array_equal(model.wv.get_vector(word), vectors[word])


def test_the_oldest_files_are_read_as_gensim_reads_them(tmp_path, path):
    path.write_bytes(vector_files.samples(tmp_path)["fasttext_oldest"])
    read, theirs = read_vectors(path), load_facebook_vectors(str(path))
    assert read.words == theirs.index_to_key
    assert_array_equal(read.vectors, theirs.vectors)


def test_a_supervised_model_comes_back_whole(path):
    model = vector_files.supervised_model()
    fasttext.write_model(model, path)
    read = fasttext.read_model(path)
    assert read.arguments == model.arguments
    assert read.words == WORDS and read.labels == ["__label__a", "__label__b"]
    for name in ("counts", "label_counts", "own", "buckets", "output"):
        assert_array_equal(getattr(read, name), getattr(model, name))
    assert read_vectors(path).words == WORDS


def test_version_11_supervised_models_have_no_ngrams(path):
    fasttext.write_model(vector_files.supervised_model(), path)
    data = bytearray(path.read_bytes())
    data[4] = 11
    read = read_vectors(io.BytesIO(bytes(data)))
    assert read.subwords is None
    assert_array_equal(read.vectors, VECTORS)


def test_a_quantised_model_is_restored():
    data, matrix = vector_files.quantised_model()
    model = fasttext.read_model(io.BytesIO(data))
    assert_array_equal(np.vstack([model.own, model.buckets]), matrix)
    assert np.flatnonzero(model.rows >= 0).tolist() == [7, 11]
    read = read_vectors(io.BytesIO(data))
    assert read.subwords.missing == "skip" and read.words == WORDS[:3]
    with pytest.raises(VectorFileError, match="pruned"):
        write_vectors(read, "never", "fasttext")
    with pytest.raises(VectorFileError, match="pruned"):
        fasttext.write_model(model, "never")


ASKED = ["кошка", "3", "cat", "котёнок", "catty", "x"]


@pytest.mark.parametrize(
    "name",
    ["fasttext", "fasttext_oldest", "fasttext_quantised", "fasttext_supervised"],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("near", [1, 30, 1 << 14])
def test_words_asked_for_come_with_their_ngrams(
    name, pack, near, tmp_path, path, monkeypatch
):
    data = vector_files.samples(tmp_path)[name]
    path.write_bytes(pack(data))
    whole = read_vectors(io.BytesIO(data))
    # However far the rows lie apart, and however many come at once.
    monkeypatch.setattr(stream, "_NEAR", near)
    monkeypatch.setattr(stream, "PIECE", 64)
    for source in (path, io.BytesIO(path.read_bytes())):
        some = read_vectors(source, vocabulary=ASKED)
        assert some.words == [word for word in whole.words if word in ASKED]
        assert_array_equal(some.vectors, [whole[word] for word in some.words])
        for word in ASKED:
            assert_array_equal(some[word], whole[word])
        assert some.subwords.missing == whole.subwords.missing
        assert len(some.subwords.vectors) <= len(whole.subwords.vectors)
    assert len(read_vectors(path, vocabulary=[])) == 0
    first = read_vectors(path, limit=2)
    assert_array_equal(first.vectors, whole.vectors[:2])
    assert_array_equal(first["котёнок"], whole["котёнок"])


def test_a_big_model_takes_no_more_memory_than_the_words_asked_for(path):
    n_buckets, size = 40_000, 200
    buckets = np.zeros((n_buckets, size), np.float32)
    parts = Subwords(buckets, 3, 6, n_buckets, own=np.zeros((3, size), np.float32))
    words = ["cat", "dog", "кошка"]
    write_vectors(
        WordVectors(words, parts.own, [3, 2, 1], parts), path, format="fasttext"
    )
    data = path.read_bytes()
    path.with_name("gz").write_bytes(gzip.compress(data))
    for file in (path, path.with_name("gz")):
        gc.collect()
        tracemalloc.start()
        read = read_vectors(file, vocabulary={"cat", "kitten"})
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 0.15 * len(data)
    assert len(read.subwords.vectors) == 6 + 18
    with pytest.raises(VectorFileError, match=r"the input matrix should take"):
        path.write_bytes(data[: len(data) // 2])
        read_vectors(path, vocabulary={"cat"})


def test_a_model_without_ngrams_is_written_and_read(path):
    write_vectors(PLAIN, path, "fasttext")
    read = read_vectors(path)
    assert read.subwords is None
    assert_array_equal(read.vectors, VECTORS)
    assert_array_equal(load_facebook_vectors(str(path)).vectors, VECTORS)


def test_what_fasttexts_format_needs_is_asked_for(path):
    with pytest.raises(VectorFileError, match="counts are unknown"):
        write_vectors(WordVectors(WORDS, VECTORS), path, "fasttext")
    vectors = vector_files.subword_vectors()
    parts = vectors.subwords._replace(own=None)
    vectors = WordVectors(WORDS, vectors.vectors, COUNTS, parts)
    with pytest.raises(VectorFileError, match="own vectors"):
        write_vectors(vectors, path, "fasttext")
    zero = WordVectors(["a\0b"], [[1.0]], [1])
    with pytest.raises(VectorFileError, match="zero byte"):
        write_vectors(zero, path, "fasttext")
    assert not path.exists()


@pytest.mark.parametrize("part", ["own", "buckets", "output"])
def test_parts_that_do_not_fit_are_not_written(path, part):
    model = vector_files.supervised_model()
    model = model._replace(**{part: getattr(model, part)[:, :3]})
    with pytest.raises(VectorFileError, match="cannot be written"):
        fasttext.write_model(model, path)


def test_errors_survive_the_way_between_processes(path):
    path.write_text("")
    with contextlib.suppress(VectorFileError):
        read_vectors(path)
    with pytest.raises(VectorFileError) as caught:
        read_vectors(path)
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value) and again.offset == 0
