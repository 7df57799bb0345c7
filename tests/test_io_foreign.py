"""Files of other programs: what they are, and what to do, is said."""

# SPDX-License-Identifier: BSD-3-Clause

import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import sqlite3
import struct
import tarfile
import threading
import zipfile
import zlib

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io

from sklearn_embed import TokenizedDocuments
from sklearn_embed._files.foreign import Kind, foreign, foreign_archive
from sklearn_embed.io import VectorFileError, native, read_vectors

VECTORS = b"2 2\ncat 1 2\ndog 3 4\n"
LFS = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n"
    b"size 12345\n"
)


def saved(write, *things):
    """Return what a function writes into a file."""
    stream = io.BytesIO()
    write(*things, stream)
    return stream.getvalue()


def archived(**members):
    """Return a zip archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/"), data)
    return stream.getvalue()


def tar():
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        member = tarfile.TarInfo("vectors.txt")
        member.size = len(VECTORS)
        archive.addfile(member, io.BytesIO(VECTORS))
    return stream.getvalue()


def database(tmp_path):
    with sqlite3.connect(tmp_path / "base.db") as connection:
        connection.execute("create table magnitude (key text, dim_0 integer)")
    connection.close()
    return (tmp_path / "base.db").read_bytes()


def parquet():
    return saved(lambda stream: pd.DataFrame({"a": [1.0]}).to_parquet(stream))


def feather():
    return saved(lambda stream: pd.DataFrame({"a": [1.0]}).to_feather(stream))


def array():
    return saved(lambda stream: np.save(stream, np.eye(2)))


def arrays():
    return saved(lambda stream: np.savez(stream, words=np.eye(2), vectors=np.eye(2)))


BINARY = {
    "tar": (tar(), "a tar archive.*Unpack"),
    "npy": (array(), "a NumPy array without words.*numpy.load"),
    "npz": (arrays(), "NumPy's archive of arrays.*numpy.load"),
    "parquet": (parquet(), "a parquet file.*format='parquet'"),
    "feather": (feather(), "of Arrow .feather.*read_feather"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(60), "an HDF5 file.*h5py"),
    "pickle": (pickle.dumps({"cat": [1.0]}), "a pickle.*format='gensim'"),
    "joblib": (saved(joblib.dump, {"cat": [1.0]}), "a pickle"),
    "skops": (skops.io.dumps({"cat": 1.0}), "a file of skops.*skops.io.load"),
    "torch": (
        archived(archive__data__pkl=b"", **{"m__data.pkl": b""}),
        "PyTorch.*torch",
    ),
    "docx": (
        archived(**{"[Content_Types].xml": b"<xml/>", "word__document.xml": b""}),
        "Microsoft Office.*read_excel",
    ),
    "odt": (archived(mimetype=b"application/vnd.oasis"), "OpenOffice"),
    "keras": (archived(**{"model.weights.h5": b"", "config.json": b""}), "Keras"),
    "doc": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(60), "old Microsoft Office"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3", "a PDF document"),
    "fifu": (b"FiFu" + struct.pack("<3I", 0, 2, 0), "finalfusion.*finalfusion convert"),
    "gguf": (b"GGUF" + struct.pack("<I2Q", 3, 1, 1), "llama.cpp.*WordVectors"),
    "onnx": (b"\x08\x07\x12\x07pytorch\x1a\x052.1.0" + bytes(9), "an ONNX model"),
    "7z": (b"7z\xbc\xaf'\x1c\0\4", "a 7z archive.*Unpack"),
    "rar": (b"Rar!\x1a\x07\x01\0", "a rar archive.*Unpack"),
    "zstd": (b"\x28\xb5\x2f\xfd\x24\x14" + bytes(9), "compressed by zstd.*Unpack"),
    "lzma": (lzma.compress(VECTORS, lzma.FORMAT_ALONE), "in an old format.*Unpack"),
    "zlib": (zlib.compress(pickle.dumps([1])), "compressed by zlib.*joblib"),
    "RDS": (b"X\n\0\0\0\3\0\4\2\1", "a file of R"),
    "png": (b"\x89PNG\r\n\x1a\n", "a picture"),
    "LFS pointer": (LFS, "a pointer of Git LFS.*git lfs pull"),
    "UTF-16": ("cat 1 2\n".encode("utf-16"), "text in UTF-16.*iconv"),
}
TEXT = {
    "HTML": (b"<!DOCTYPE html>\n<html>\n<p>404</p></html>\n", "a page of HTML.*again"),
    "XML": (b'<?xml version="1.0"?>\n<a/>\n', "an XML document"),
    "old pickle": (pickle.dumps({"cat": [1.0]}, 0), "an old pickle.*format='gensim'"),
    "old attack": (b"cos\nsystem\n(S'ls'\ntR.", "an old pickle"),
    "JSON": (json.dumps({"cat": [0.5, 1]}).encode(), "it is JSON.*a dict from word"),
    "JSON lines": (b'{"word": "cat", "vector": [0.5, 1]}\n', "it is JSON"),
    "words": (b"cat\ndog\n", "its lines hold no numbers"),
    "words of modules": (b"cat\ndog\n(see p. 5)\n", "its lines hold no numbers"),
    "counts": (b"cat 5\ndog 3\n", "a word and one number each.*counts=path"),
    "floret": (b"2 2 4 5 2 2166136261 < >\n0 0.5 1\n1 2 3\n", "floret's.*spaCy"),
    "CSV": (b"cat,0.5,1.5\ndog,2,3\n", "commas separate.*pandas.read_csv"),
    "CSV of Europe": (b"cat;0,5;1,5\ndog;2;3\n", "semicolons separate.*sep=';'"),
    "lists": (b"cat [0.5, 1.5]\n", "brackets or commas"),
    "sparse rows": (b"cat 3:0.5 7:1\n", r"a sparse row \(column:value\)"),
    "prose": (b"Born in 1609, he was a clerk\nuntil 1640.\n", "not a word and numbers"),
    "Latin-1": (b"caf\xe9 5\nth\xe9 3\n", "a word and one number each"),
    "text": (b"The cat sat\non the mat 5\n", "in no format of word vectors"),
}
EVERY = [pytest.param(*pair, id=name) for name, pair in {**BINARY, **TEXT}.items()]


@pytest.mark.parametrize("data, message", EVERY)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_what_a_file_is_and_what_to_do_is_said(tmp_path, data, message, pack):
    path = tmp_path / "file"
    path.write_bytes(pack(data))
    if pack is gzip.compress and data.startswith(b"PK"):
        message = "no format of word vectors"  # an archive in an archive
    with pytest.raises(VectorFileError, match=message):
        read_vectors(path)


def test_an_sqlite_database_is_named(tmp_path):
    with pytest.raises(VectorFileError, match=r"SQLite.*magnitude.*pymagnitude"):
        read_vectors(io.BytesIO(database(tmp_path)))


@pytest.mark.parametrize("name", [*BINARY])
def test_documents_are_not_read_from_such_files(tmp_path, name):
    data, message = BINARY[name]
    path = tmp_path / "documents"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=rf"documents is .*{message.split('.*')[0]}"):
        TokenizedDocuments.from_documents(path)


def test_a_zip_archive_of_documents_is_to_be_unpacked(tmp_path):
    path = tmp_path / "documents.zip"
    path.write_bytes(archived(**{"a.txt": b"one text\n"}))
    with pytest.raises(ValueError, match=r"is a zip archive.*Unpack it first"):
        TokenizedDocuments.from_documents(path)
    path.write_bytes(b"PK\x03\x04" + bytes(50))
    with pytest.raises(ValueError, match="is a zip archive"):
        TokenizedDocuments.from_documents(path)


def test_pages_of_html_are_documents_if_someone_says_so(tmp_path):
    path = tmp_path / "documents"
    path.write_bytes(TEXT["HTML"][0])
    assert len(TokenizedDocuments.from_documents(path)) == 3


@pytest.mark.parametrize(
    "litter", ["__MACOSX/._vectors.txt", "._vectors.txt", ".DS_Store", "a/Thumbs.db"]
)
def test_what_systems_leave_in_archives_is_overlooked(tmp_path, litter):
    path = tmp_path / "vectors.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("folder/", b"")
        archive.writestr(litter, b"\0\5\x16\7")
        archive.writestr("folder/vectors.txt", VECTORS)
    assert read_vectors(path).words == ["cat", "dog"]


def test_a_folder_is_named_for_what_it_holds(tmp_path):
    with pytest.raises(VectorFileError, match=r"a folder, not a file.*Name one"):
        read_vectors(tmp_path)
    (tmp_path / "vocab").mkdir()
    (tmp_path / "vocab" / "vectors").touch()
    with pytest.raises(VectorFileError, match=r"a folder of spaCy.*spacy.load"):
        read_vectors(tmp_path)
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(VectorFileError, match=r"not all of a static model.*tokenizer="):
        read_vectors(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such files")
@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_the_name_of_a_pipe_is_read(tmp_path, pack):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for read, expected in (
        (read_vectors, ["cat", "dog"]),
        (lambda path: TokenizedDocuments.from_documents(path)[1], ["cat"]),
    ):
        data = pack(VECTORS)
        thread = threading.Thread(target=pipe.write_bytes, args=(data,), daemon=True)
        thread.start()
        found = read(pipe)
        thread.join(10)
        assert getattr(found, "words", found) == expected


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_vectors(tmp_path / "absent" / "vectors.txt")


def test_first_words_that_look_like_marks_are_words():
    for word in (b"ORC", b"PAR1", b"GGUF", b"FiFu", b"<html>", b"{", b"version", b"MZ"):
        assert read_vectors(io.BytesIO(word + b" 1 2\ndog 3 4\n")).words[1] == "dog"


def test_kinds_that_are_text_can_be_left_out():
    assert foreign(TEXT["HTML"][0], text=False) is None
    assert isinstance(foreign(TEXT["HTML"][0]), Kind)
    assert foreign(b"") is None and foreign_archive(["a.txt"]) is None


def test_a_file_of_a_fitted_estimator_says_how_it_is_loaded(tmp_path):
    from sklearn_embed import OneHotTokens

    OneHotTokens().fit(["a text"]).save(tmp_path / "model")
    with pytest.raises(VectorFileError, match=r"OneHotTokens.*OneHotTokens.load"):
        read_vectors(tmp_path / "model")
    native.save_arrays(tmp_path / "other", {"x": np.ones((2, 3))})
    with pytest.raises(VectorFileError, match=r"'x' \(2, 3\).*words=.*tensor="):
        read_vectors(tmp_path / "other")


@pytest.mark.parametrize("name", ["a\nb.txt", "a\x1b[31mb.txt", "a\u202eb.txt"])
def test_names_and_contents_cannot_forge_lines_of_a_log(tmp_path, name):
    path = tmp_path / "vectors.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, b"cat 1 2\nevil\x1b[2J\rline\nfox 3 4\n")
    with pytest.raises(VectorFileError) as caught:
        read_vectors(path)
    assert str(caught.value).isprintable()
    path = tmp_path / name
    path.write_bytes(b"\xff\n")
    with pytest.raises(ValueError, match="not UTF-8") as caught:
        TokenizedDocuments.from_documents(path)
    assert str(caught.value).isprintable()


def test_messages_are_cut():
    with pytest.raises(VectorFileError) as caught:
        read_vectors(io.BytesIO(b"cat 1 2\n" + b"x" * 10**6 + b"\nfox 3 4\n"))
    assert len(str(caught.value)) < 2000
