"""Files that are written whole or not at all."""

# SPDX-License-Identifier: BSD-3-Clause

import bz2
import contextlib
import errno
import gzip
import lzma
import os
import secrets
import stat
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

# Bytes in a name are limited; so many characters leave enough for the rest of it.
_LONGEST_PREFIX = 40


# Names that promise a compression that is not written here.
_NOT_WRITTEN = (
    *(".zip", ".zst", ".zstd", ".lz4", ".lzma", ".br", ".7z", ".rar", ".tar", ".tgz"),
    *(".tbz", ".tbz2", ".txz", ".Z"),
)


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Write a file beside its final place and move it there at the end.

    A name that ends in ``.gz``, ``.bz2`` or ``.xz`` makes a compressed file; every
    reader of this package reads it.

    Whatever goes wrong on the way, the old file stays and no other is left.  Only a
    regular file is ever replaced: what is written to a named pipe, a character device
    or an open file of this process (``/dev/stdout``) goes straight into it.

    Parameters
    ----------
    path : str or path
        The final place.  Of a symbolic link, the target is replaced.

    Yields
    ------
    file
        Open for writing bytes.

    Raises
    ------
    OSError
        If the folder does not exist or cannot be written to, or if `path` is a folder,
        a block device or a socket.
    ValueError
        If the name ends as that of an archive, or of another compression.
    """
    name = os.fsdecode(path)
    if name.endswith(_NOT_WRITTEN):
        raise ValueError(
            f"{name!r} has the name of a compressed file or archive, of which .gz, "
            ".bz2 and .xz are written: choose another ending."
        )
    with _whole(path) as stream:
        pack = _packer(name)
        if pack is None:
            yield stream
        else:
            with pack(stream) as packed:
                yield packed


def _packer(name):
    """Return what compresses a stream as the name of a file says, if it says so."""
    if name.endswith(".gz"):
        # The time left out: equal content makes equal files.
        return partial(gzip.GzipFile, "", "wb", 6, mtime=0)
    if name.endswith(".bz2"):
        return partial(bz2.BZ2File, mode="wb")
    if name.endswith(".xz"):
        return partial(lzma.LZMAFile, mode="wb")
    return None


@contextlib.contextmanager
def _whole(path):
    """Write a file whole or not at all; see `replacing`."""
    descriptor = _descriptor(path)
    if descriptor is not None:
        with os.fdopen(os.dup(descriptor), "wb") as stream:
            yield stream
        return
    old = _status(path)
    if old is not None and not stat.S_ISREG(old.st_mode):
        with _special(path, old.st_mode) as stream:
            yield stream
        return
    path = os.path.realpath(path)
    with _temporary(path, old) as (stream, temporary):
        yield stream
        stream.flush()
        os.fsync(stream.fileno())
        stream.close()
        if old is not None:
            _take_over(temporary, old)
        os.replace(temporary, path)
    _sync_folder(os.path.dirname(path))


def _status(path):
    """Return the status of what a path leads to; None if nothing is there."""
    try:
        return os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _descriptor(path):
    """Return the number of the open file that a path like /dev/stdout stands for."""
    # Where systems list the open files of a process by their numbers.
    listings = ("/dev/fd", f"/proc/{os.getpid()}/fd")
    path = os.path.abspath(os.fsdecode(path))
    for _ in range(40):  # as many links as Linux follows
        folder, name = os.path.split(path)
        if name.isdecimal() and os.path.realpath(folder) in listings:
            return int(name)
        if not os.path.islink(path):
            return None
        path = os.path.join(folder, os.readlink(path))
    return None


def _special(path, mode):
    """Open something that is no regular file, where bytes can be written into it."""
    if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
        return os.fdopen(os.open(path, os.O_WRONLY), "wb")
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "Name a file; this is a folder", path)
    raise OSError(
        errno.EINVAL,
        "Neither a regular file nor a pipe nor a character device; choose another path",
        path,
    )


@contextlib.contextmanager
def _temporary(path, old):
    """Open a new file beside another; it is gone afterwards, unless it was moved."""
    folder, name = os.path.split(path)
    prefix = f".{name[:_LONGEST_PREFIX]}.{secrets.token_hex(8)}"
    temporary = os.path.join(folder, f"{prefix}.part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    # The system subtracts the umask.  Who may not read the file at the end may not
    # read it meanwhile.
    mode = 0o666 if old is None else stat.S_IMODE(old.st_mode) & 0o666
    try:
        handle = os.open(temporary, flags, mode)
    except (FileNotFoundError, NotADirectoryError) as error:
        reason = "There is no such folder; make it first"
        raise type(error)(error.errno, reason, folder) from None
    except OSError as error:
        reason = f"No file can be written in this folder ({error.strerror})"
        raise type(error)(error.errno, reason, folder) from None
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream, temporary
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


def _take_over(temporary, old):
    """Give a new file the owner and the permissions of the old one."""
    if hasattr(os, "chown"):
        with contextlib.suppress(OSError):  # only root gives files away
            os.chown(temporary, old.st_uid, old.st_gid)
    os.chmod(temporary, stat.S_IMODE(old.st_mode))


def _sync_folder(folder):
    """Make the move itself durable, on systems that let a folder be opened."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
