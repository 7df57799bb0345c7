"""Files opened, whatever they are compressed by."""

# SPDX-License-Identifier: BSD-3-Clause

import bz2
import contextlib
import gzip
import io
import lzma
import os
import stat
import struct
import zipfile

from sklearn_embed._files.errors import VectorFileError
from sklearn_embed._files.foreign import foreign_archive, foreign_folder, is_litter
from sklearn_embed._files.stream import DAMAGED, Source

# lzma's own decoders allocate as much memory as a file's header says.
_XZ_MEMORY = 1 << 29


class _Unpacking(io.RawIOBase):
    """bz2 and xz with bounded memory, where truncation is an error."""

    def __init__(self, stream, make):
        self._stream, self._make = stream, make
        self._decoder, self._rest = make(), b""

    def readable(self):
        return True

    def read(self, n_bytes=-1):
        while True:
            decoder = self._decoder
            if decoder.eof:
                rest = decoder.unused_data or self._stream.read(1 << 16)
                # Streams may follow each other, and xz pads with zeros.
                rest = rest.lstrip(b"\0")
                if not rest:
                    return b""
                self._decoder, self._rest = self._make(), rest
                continue
            if decoder.needs_input and not self._rest:
                self._rest = self._stream.read(1 << 18)
                if not self._rest:
                    raise EOFError("it ends before the end of the stream")
            data = decoder.decompress(self._rest, n_bytes)
            self._rest = b""
            if data:
                return data


@contextlib.contextmanager
def opened(source):
    """Open a path, or take an open binary file, and decompress it.

    Parameters
    ----------
    source : str, path or binary file
        A file given open is not closed.

    Yields
    ------
    Source
    """
    with contextlib.ExitStack() as stack:
        if hasattr(source, "read"):
            raw, size = source, None
            seekable = getattr(raw, "seekable", lambda: False)()
            begin = raw.tell() if seekable else 0
            name = str(getattr(source, "name", type(source).__name__))
        else:
            name = os.fsdecode(source)
            if os.path.isdir(source):
                kind = foreign_folder(name)
                raise VectorFileError(name, f"this is {kind.name}", kind.remedy)
            raw = stack.enter_context(open(source, "rb"))
            size, seekable, begin = None, raw.seekable(), 0
            status = os.fstat(raw.fileno())
            if stat.S_ISREG(status.st_mode):
                size = status.st_size
        if not isinstance(raw.read(0), bytes):
            raise TypeError(f"{name}: open the file in binary mode ('rb')")
        start = Source(raw, name, size).peek(6)
        if seekable:
            raw.seek(begin)
        else:
            raw = _Pushed(raw, start)
        make = _compression(start)
        if make is None:
            yield Source(raw, name, size)
        else:
            yield make(raw, name, size, stack)


class _Pushed(io.RawIOBase):
    """A stream with its first bytes put back."""

    def __init__(self, stream, start):
        self._stream, self._start, self._taken = stream, start, 0

    def readable(self):
        return True

    def tell(self):
        return self._taken

    def read(self, n_bytes=-1):
        if self._start and n_bytes:
            stop = len(self._start) if n_bytes < 0 else n_bytes
            data, self._start = self._start[:stop], self._start[stop:]
        else:
            data = self._stream.read(n_bytes)
        self._taken += len(data)
        return data

    def readinto(self, view):
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)


def _compression(start):
    """Return what opens a compressed file that begins so, None for a plain one."""
    if start.startswith(b"\x1f\x8b"):
        return _open_gzip
    if start.startswith(b"BZh"):
        return _open_bz2
    if start.startswith(b"\xfd7zXZ\0"):
        return _open_xz
    if start.startswith(b"PK\x03\x04"):
        return _open_zip
    return None


def _packed(raw, size):
    """Return what tells how many compressed bytes have been read, and their number."""
    return raw.tell, size if size is not None else 1 << 62


def _open_gzip(raw, name, size, stack):
    stream = stack.enter_context(gzip.GzipFile(fileobj=raw, mode="rb"))
    return Source(stream, name, packed=_packed(raw, size))


def _open_bz2(raw, name, size, stack):
    stream = _Unpacking(raw, bz2.BZ2Decompressor)
    return Source(stream, name, packed=_packed(raw, size))


def _open_xz(raw, name, size, stack):
    stream = _Unpacking(raw, lambda: lzma.LZMADecompressor(memlimit=_XZ_MEMORY))
    return Source(stream, name, packed=_packed(raw, size))


def _open_zip(raw, name, size, stack):
    if not raw.seekable():
        raise VectorFileError(
            name,
            "a zip archive cannot be read from an open stream",
            "Pass its path, or zipfile.ZipFile(path).open(member)",
        )
    try:
        archive = stack.enter_context(zipfile.ZipFile(raw))
        files = [
            member
            for member in archive.infolist()
            if not member.is_dir() and not is_litter(member.filename)
        ]
        kind = foreign_archive([member.filename for member in files])
        if kind is not None:
            raise VectorFileError(name, f"this is {kind.name}", kind.remedy)
        if len(files) != 1:
            names = ", ".join(member.filename for member in files[:5])
            more = ", …" * (len(files) > 5)
            raise VectorFileError(
                name,
                f"the archive holds {len(files)} files, not one ({names}{more})",
                "Choose: read_vectors(zipfile.ZipFile(path).open(member))",
            )
        stream = stack.enter_context(archive.open(files[0]))
    except VectorFileError:
        raise
    except (*DAMAGED, LookupError, struct.error) as error:
        raise VectorFileError(
            name, f"the zip archive cannot be opened: {error}", "Fetch it again"
        ) from error
    size = max(files[0].compress_size, 1)
    return Source(stream, f"{name}:{files[0].filename}", packed=(lambda: size, size))
