"""Corpora that come as streams or files, and that are kept in files."""

import bz2
import errno
import gzip
import lzma
import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joblib import Parallel, delayed
from numpy.testing import assert_array_equal

import sklearn_embed
from sklearn_embed import MeanPoolEmbedder, TokenizedDocuments, Word2VecVectorizer
from sklearn_embed._core import growing
from sklearn_embed._text import documents, files

TEXTS = ["The cat sat.", "", "Труд и мир,\x0c мир", "猫 和 狗", "a cat, a dog"] * 20
FAST = {"min_count": 1, "epochs": 2, "random_state": 0, "sample": 0}
PATHS = os.pathsep.join([str(Path(sklearn_embed.__file__).parents[1]), *sys.path])


@pytest.fixture
def spooled(monkeypatch):
    monkeypatch.setattr(growing, "IN_MEMORY", 64)


def is_mapped(array):
    """Whether an array lies in a file instead of in memory."""
    while isinstance(array, np.ndarray):
        array = array.base
    return type(getattr(array, "obj", array)).__name__ == "mmap"


@pytest.mark.parametrize("limit", [0, 64, 100, 1 << 20])
def test_a_spool_is_an_array_wherever_it_lies(limit, monkeypatch):
    monkeypatch.setattr(growing, "IN_MEMORY", limit)
    spool, expected = growing.Spool(np.int32), []
    for n in (0, 5, 1, 30, 0, 7):
        spool.append(np.arange(n))
        expected += range(n)
    assert spool.used == len(expected)
    result = spool.result()
    assert_array_equal(result, expected)
    assert is_mapped(result) == (limit < 4 * 43)


@given(st.lists(st.integers(0, 50)), st.sampled_from([8, 64, 128, 1 << 20]))
@settings(deadline=None)
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_an_array_grows_wherever_its_memory_comes_from(dtype, sizes, large):
    with patch.object(growing, "PAGE", large):
        grown, expected = growing.Growing(dtype), []
        for n in sizes:
            grown.append(np.arange(n))
            expected += range(n)
            if expected:
                grown.add_to_last(7)
                expected[-1] += 7
        assert grown.used == len(expected)
        result = grown.result()
    assert result.dtype == dtype and result.flags.writeable
    assert_array_equal(result, expected)


def test_a_system_without_large_pages_has_small_ones(monkeypatch):
    monkeypatch.setattr(growing, "PAGE", 64)
    for name in ("refusing", "missing"):
        if name == "refusing":
            monkeypatch.setattr(growing.mmap, "MADV_HUGEPAGE", -1, raising=False)
        else:
            monkeypatch.delattr(growing.mmap, "MADV_HUGEPAGE")
        grown = growing.Growing(np.int32)
        for _ in range(9):
            grown.append(np.arange(30))
        assert_array_equal(grown.result(), [*range(30)] * 9)


def test_memory_that_is_not_there_is_a_memory_error(monkeypatch):
    class Full:
        """What the operating system says of a map, or of its new size."""

        def __init__(self, *args, **options):
            raise OSError(errno.ENOMEM, "Cannot allocate memory")

        resize = __init__

    grown = growing.Growing(np.int32)
    if hasattr(growing.mmap, "MADV_HUGEPAGE"):
        grown.append(np.zeros(growing.PAGE, np.int32))
        grown._pages = object.__new__(Full)
        with pytest.raises(MemoryError, match=r"Unable to allocate 18\.0 MiB"):
            grown.append(np.zeros(growing.PAGE, np.int32))
    monkeypatch.setattr(growing.mmap, "mmap", Full)
    with pytest.raises(MemoryError, match=r"Unable to allocate 1\.0 MiB"):
        growing.pages(1 << 20, np.int8)
    with pytest.raises(FileNotFoundError), growing.memory_errors(1):
        raise FileNotFoundError


class Liar(list):
    """A list that is wrong about its length."""

    def __init__(self, items, said):
        super().__init__(items)
        self.said = said

    def __len__(self):
        return self.said


@pytest.mark.parametrize("said", [0, 3, 1000])
def test_a_false_length_changes_no_row(said, monkeypatch):
    monkeypatch.setattr(documents, "CHUNK_DOCUMENTS", 7)
    monkeypatch.setattr(documents, "TAKEN", 3)
    model = Word2VecVectorizer(5, **FAST).fit(TEXTS)
    assert_array_equal(model.transform(Liar(TEXTS, said)), model.transform(TEXTS))


def test_a_stream_trains_to_the_same_bits_as_a_list(spooled):
    streamed = Word2VecVectorizer(5, **FAST).fit(iter(TEXTS))
    listed = Word2VecVectorizer(5, **FAST).fit(TEXTS)
    assert_array_equal(streamed.vectors_, listed.vectors_)
    X = TokenizedDocuments.from_documents(text for text in TEXTS)
    assert is_mapped(X.ids)
    assert list(X) == list(TokenizedDocuments.from_documents(TEXTS))


@pytest.mark.filterwarnings("ignore:.*rows are zeros:UserWarning")
@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("oov", ["skip", "mean"])
def test_rows_do_not_depend_on_how_documents_come(oov, n_jobs, monkeypatch):
    vectors = dict(zip(["cat", "dog", "и"], np.eye(3, 4), strict=True))
    embedder = MeanPoolEmbedder(vectors, oov=oov, n_jobs=n_jobs).fit(TEXTS)
    expected = np.vstack([embedder.transform([text]) for text in TEXTS])
    monkeypatch.setattr(documents, "CHUNK_DOCUMENTS", 7)
    monkeypatch.setattr(documents, "TAKEN", 3)
    cut = TokenizedDocuments.from_documents(TEXTS)
    mixed = [*TEXTS[:20], *cut[20:30], *TEXTS[30:]]
    column = pd.Series(TEXTS, index=range(len(TEXTS), 0, -1))
    frame = column.to_frame()
    whole = TEXTS, tuple(TEXTS), np.array(TEXTS), column, frame, cut, mixed, iter(mixed)
    for X in whole:
        assert_array_equal(embedder.transform(X), expected)
    for nothing in ([], iter([])):
        assert embedder.transform(nothing).shape == (0, 4)


def test_a_stream_may_mix_strings_and_tokens(spooled):
    mixed = [["The", "cat"], "The cat", ["dog"]] * 20
    streamed = TokenizedDocuments.from_documents(iter(mixed))
    assert list(streamed) == [["The", "cat"], ["the", "cat"], ["dog"]] * 20


def lines(texts):
    return "\n".join(texts).encode("utf-8")


@pytest.mark.parametrize(
    "write",
    [
        Path.write_bytes,
        lambda path, data: path.write_bytes(data + b"\n"),
        lambda path, data: path.write_bytes(data.replace(b"\n", b"\r\n")),
        lambda path, data: path.write_bytes(b"\xef\xbb\xbf" + data),
        lambda path, data: path.write_bytes(gzip.compress(data)),
        lambda path, data: path.write_bytes(bz2.compress(data)),
        lambda path, data: path.write_bytes(lzma.compress(data)),
    ],
    ids=["plain", "newline at end", "windows", "mark", "gzip", "bzip2", "xz"],
)
def test_a_file_is_one_document_a_line(write, tmp_path):
    path = tmp_path / "corpus"
    write(path, lines(TEXTS))
    expected = list(TokenizedDocuments.from_documents(TEXTS))
    assert list(TokenizedDocuments.from_documents(path)) == expected


def test_a_folder_is_its_files_in_order(tmp_path):
    (tmp_path / "b.txt").write_bytes(lines(["dog"]))
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "z.gz").write_bytes(gzip.compress(lines(["cat", "cow"])))
    (tmp_path / ".hidden").write_bytes(b"secret")
    X = TokenizedDocuments.from_documents(tmp_path)
    assert list(X) == [["cat"], ["cow"], ["dog"]]


def test_unlabeled_texts_may_be_a_file(tmp_path):
    (tmp_path / "more.txt").write_bytes(lines(["comet meteor"] * 5))
    model = Word2VecVectorizer(3, unlabeled=tmp_path / "more.txt", **FAST).fit(TEXTS)
    assert "comet" in model.vocabulary_


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"fine\nbad \xff line\n", "Line 2 of .* is not UTF-8 .*byte 4"),
        (gzip.compress(lines(TEXTS))[:-12], "damaged after line"),
        (lzma.compress(lines(TEXTS))[:-12], "damaged after line"),
    ],
)
def test_damaged_files_are_refused_by_line(data, message, tmp_path):
    path = tmp_path / "corpus"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=message):
        TokenizedDocuments.from_documents(path)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_line_without_end_is_refused(pack, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LONGEST_LINE", 50)
    path = tmp_path / "corpus"
    path.write_bytes(pack(b"fine\n" + b"x" * 50 + b"\r\n" + b"y" * 50))
    assert len(TokenizedDocuments.from_documents(path)) == 3
    path.write_bytes(pack(b"fine\n" + b"\0" * 5000))
    with pytest.raises(ValueError, match=r"Line 2 of .*corpus is longer than 50 "):
        TokenizedDocuments.from_documents(path)


class Misshapen(np.ndarray):
    """An array that says that it has fewer elements."""

    shape = (2,)


@pytest.mark.filterwarnings("ignore:.*rows are zeros:UserWarning")
@pytest.mark.parametrize("oov", ["skip", "mean"])
def test_a_false_shape_changes_no_row(oov, monkeypatch):
    monkeypatch.setattr(documents, "TAKEN", 3)
    embedder = MeanPoolEmbedder({"cat": [1.0, 2.0]}, oov=oov).fit(TEXTS)
    rows = embedder.transform(np.array(TEXTS, object).view(Misshapen))
    assert_array_equal(rows, embedder.transform(TEXTS))


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(FileNotFoundError):
        TokenizedDocuments.from_documents(tmp_path / "nothing")
    with pytest.raises(FileNotFoundError, match="no files in the folder"):
        TokenizedDocuments.from_documents(tmp_path)
    with pytest.raises(ValueError, match=r"pathlib\.Path\(X\)"):
        Word2VecVectorizer().fit("corpus.txt")


@pytest.mark.parametrize("mmap", [True, False])
def test_a_saved_corpus_comes_back(mmap, tmp_path):
    X = TokenizedDocuments.from_documents(TEXTS, lowercase=False)
    for part in (X, X[::-3]):
        part.save(tmp_path / "corpus")
        back = TokenizedDocuments.load(tmp_path / "corpus", mmap=mmap)
        assert list(back) == list(part)
        assert back.options == X.options
        assert is_mapped(back.ids) == mmap


def test_functions_are_not_kept(tmp_path):
    X = TokenizedDocuments.from_documents(TEXTS, tokenizer=str.split)
    X.save(tmp_path / "corpus")
    assert TokenizedDocuments.load(tmp_path / "corpus").options is None


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "corpus"
    TokenizedDocuments.from_documents(TEXTS).save(path)
    before = path.read_bytes()

    def fail(descriptor):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        TokenizedDocuments.from_documents(TEXTS[:3]).save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_damaged_or_foreign_files_are_refused(tmp_path):
    from sklearn_embed._files.arrays import load_arrays, save_arrays

    path = tmp_path / "corpus"
    X = TokenizedDocuments.from_documents(TEXTS)
    X.save(path)
    arrays, meta = load_arrays(path)
    for name, wrong in (
        ("ids", X.ids + 1000),
        ("ids", -X.ids),
        ("offsets", X.offsets[::-1].copy()),
        ("offsets", X.offsets + 1),
        ("table_offsets", X.table.offsets[:0]),
    ):
        save_arrays(path, arrays | {name: wrong}, meta)
        with pytest.raises(ValueError, match="damaged"):
            TokenizedDocuments.load(path)
    save_arrays(path, arrays, {"kind": "other"})
    with pytest.raises(ValueError, match="holds no TokenizedDocuments"):
        TokenizedDocuments.load(path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ValueError, match=r"damaged|holds"):
        TokenizedDocuments.load(path)


def test_workers_map_the_ids_instead_of_copying_them():
    X = TokenizedDocuments.from_documents([" ".join(TEXTS)] * 400)
    assert X.ids.nbytes > 100_000

    # Nested, so that it is sent by value: workers cannot import the tests.
    def seen_by_a_worker(X):
        array = X.ids
        while type(array).__name__ == "ndarray":
            array = array.base
        return type(array).__name__, X.n_tokens, int(X.ids.sum())

    with Parallel(n_jobs=2, max_nbytes=50_000) as parallel:
        seen = parallel(delayed(seen_by_a_worker)(X) for _ in range(4))
    assert set(seen) == {("memmap", X.n_tokens, int(X.ids.sum()))}


def test_a_spooled_corpus_pickles(spooled):
    X = TokenizedDocuments.from_documents(iter(TEXTS))
    assert list(pickle.loads(pickle.dumps(X))) == list(X)


def test_nothing_is_left_by_a_killed_process(tmp_path):
    code = (
        "import os, signal\n"
        "from sklearn_embed import TokenizedDocuments\n"
        "from sklearn_embed._core import growing\n"
        "growing.IN_MEMORY = 64\n"
        "def texts():\n"
        "    for i in range(100_000):\n"
        "        yield 'some words of a document'\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "TokenizedDocuments.from_documents(texts())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": PATHS},
    )
    assert done.returncode == -signal.SIGKILL
    assert list(tmp_path.iterdir()) == []
