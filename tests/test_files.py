"""Files are replaced whole or not at all, and only where they are regular files."""

# SPDX-License-Identifier: BSD-3-Clause

import os
import socket
import stat
import threading

import numpy as np
import pytest

from sklearn_embed import OneHotTokens
from sklearn_embed._files.arrays import load_arrays, save_arrays
from sklearn_embed._files.atomic import replacing
from sklearn_embed.io import read_vectors, write_vectors

VECTORS = {"cat": [1.0, 2.0], "dog": [3.0, 4.0]}
posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no such files")


def write(path, data=b"new"):
    with replacing(path) as stream:
        stream.write(data)


def read_in_thread(path, found):
    """Start to read a pipe, which waits for a writer; return the thread."""

    def read():
        with open(path, "rb") as stream:
            found.append(stream.read())

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


def test_a_file_is_new_or_old_but_never_half(tmp_path):
    path = tmp_path / "file"
    write(path, b"old")
    with pytest.raises(RuntimeError), replacing(path) as stream:
        stream.write(b"half")
        raise RuntimeError
    assert path.read_bytes() == b"old"
    write(path)
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["file"]


def test_nothing_is_left_where_a_first_write_fails(tmp_path):
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "file"):
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o444])
def test_permissions_of_the_old_file_stay(tmp_path, mode):
    path = tmp_path / "file"
    path.touch()
    path.chmod(mode)
    write(path)
    assert stat.S_IMODE(path.stat().st_mode) == mode


@posix
def test_a_new_file_has_the_usual_permissions(tmp_path):
    write(tmp_path / "ours")
    (tmp_path / "usual").touch()
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "usual").stat().st_mode


@posix
def test_nobody_reads_meanwhile_what_was_private(tmp_path):
    path = tmp_path / "file"
    path.touch(mode=0o600)
    with replacing(path):
        modes = {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert modes == {0o600}


@posix
def test_of_a_link_the_target_is_replaced(tmp_path):
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "target", tmp_path / "link"
    link.symlink_to(target)
    write(link, b"first")  # a link that leads nowhere yet
    assert link.is_symlink() and target.read_bytes() == b"first"
    write(link)
    assert link.is_symlink() and target.read_bytes() == b"new"
    assert os.listdir(tmp_path / "folder") == ["target"]


WRITERS = {
    "word2vec": lambda path: write_vectors(VECTORS, path, format="word2vec"),
    "glove": lambda path: write_vectors(VECTORS, path, format="glove"),
    "word2vec_binary": lambda p: write_vectors(VECTORS, p, format="word2vec_binary"),
    "native": lambda path: write_vectors(VECTORS, path),
    "parquet": lambda path: write_vectors(VECTORS, path, format="parquet"),
    "arrays": lambda path: save_arrays(path, {"a": np.arange(3)}),
    "save": lambda path: OneHotTokens().fit(["a text"]).save(path),
}


@posix
@pytest.mark.parametrize("name", WRITERS)
def test_a_pipe_is_written_into(tmp_path, name):
    plain, pipe, found = tmp_path / "plain", tmp_path / "pipe", []
    os.mkfifo(pipe)
    thread = read_in_thread(pipe, found)
    WRITERS[name](pipe)
    thread.join(10)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert sorted(os.listdir(tmp_path)) == ["pipe"]
    WRITERS[name](plain)
    assert found == [plain.read_bytes()]


@posix
def test_a_link_to_a_pipe_is_written_into(tmp_path):
    pipe, link, found = tmp_path / "pipe", tmp_path / "link", []
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    thread = read_in_thread(pipe, found)
    write(link)
    thread.join(10)
    assert found == [b"new"] and link.is_symlink()
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@posix
def test_an_open_file_is_written_where_it_stands(tmp_path):
    path, link = tmp_path / "file", tmp_path / "link"
    with open(path, "wb", buffering=0) as stream:
        stream.write(b"before ")
        link.symlink_to(f"/dev/fd/{stream.fileno()}")
        write(f"/dev/fd/{stream.fileno()}", b"first ")
        write(link, b"second ")
        stream.write(b"after")
    assert path.read_bytes() == b"before first second after"
    assert link.is_symlink()


@posix
def test_a_socket_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        with pytest.raises(OSError, match="Neither a regular file"):
            write(tmp_path / "socket")
    assert stat.S_ISSOCK((tmp_path / "socket").stat().st_mode)
    assert os.listdir(tmp_path) == ["socket"]


def test_a_folder_is_refused_before_anything_is_written(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError, match="this is a folder"):
        write(tmp_path / "folder")
    assert os.listdir(tmp_path) == ["folder"]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder") as caught:
        write_vectors(VECTORS, tmp_path / "absent" / "file")
    assert caught.value.filename == str(tmp_path / "absent")
    assert "part" not in str(caught.value).replace(str(tmp_path), "")


def test_a_file_in_place_of_a_folder_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises((NotADirectoryError, FileNotFoundError)) as caught:
        write(tmp_path / "file" / "below")
    assert caught.value.filename == str(tmp_path / "file")


def test_a_name_may_be_as_long_as_the_system_allows(tmp_path):
    path = tmp_path / ("ы" * 120 + ".bin")
    write_vectors(VECTORS, path)
    assert read_vectors(path).words == ["cat", "dog"]


def test_a_failed_save_leaves_the_old_file(tmp_path):
    path = tmp_path / "arrays"
    save_arrays(path, {"a": np.arange(3)})
    with pytest.raises(TypeError):
        save_arrays(path, {"a": np.array([object()])})
    np.testing.assert_array_equal(load_arrays(path)[0]["a"], np.arange(3))
