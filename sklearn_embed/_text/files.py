"""Files and folders of text as documents, one a line."""

# SPDX-License-Identifier: BSD-3-Clause

import bz2
import gzip
import io
import lzma
import zlib
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sklearn_embed._files.errors import printable
from sklearn_embed._files.foreign import N_BYTES, foreign, foreign_zip

#: Bytes of a line, decompressed.  Longer ones are no text with a document a line.
LONGEST_LINE = 1 << 28

#: Bytes that are decompressed at once.
BUFFER = 1 << 16

_OPENERS = (
    (b"\x1f\x8b", gzip.open),
    (b"BZh", bz2.open),
    (b"\xfd7zXZ\x00", lzma.open),
)


def lines_of(path):
    """Yield the lines of a file, or of all files of a folder in the order of names.

    UTF-8; gzip, bzip2 and xz are recognised by their first bytes.  No line may be
    longer than 2**28 bytes (256 MB).

    Raises
    ------
    FileNotFoundError
        If there is no such file, or no file in the folder.
    ValueError
        If a line is too long or not UTF-8, or a compressed file is damaged.
    """
    path = Path(path)
    if path.is_dir():
        files = sorted(
            file
            for file in path.rglob("*")
            if file.is_file() and not file.name.startswith(".")
        )
        if not files:
            raise FileNotFoundError(f"There are no files in the folder {path}.")
    else:
        files = [path]
    for file in files:
        yield from _lines(file)


def _lines(file):
    """Yield the lines of one file, without their ends."""
    number = 0
    try:
        with _opened(file) as stream:
            _check_kind(file, stream)
            # Read as bytes: str would also break lines at form feeds and the like.
            read = partial(stream.readline, LONGEST_LINE + 2)
            for number, line in enumerate(iter(read, b""), 1):
                line = line.rstrip(b"\r\n")
                if len(line) > LONGEST_LINE:
                    raise _TooLong
                yield line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"Line {number} of {printable(file)} is not UTF-8 ({error.reason} at byte "
            f"{error.start} of the line): convert the file first, e.g. with iconv."
        ) from error
    except _TooLong as error:
        raise ValueError(
            f"Line {number} of {printable(file)} is longer than {LONGEST_LINE:,} "
            "bytes, but a document is one line of text: cut the file into lines first."
        ) from error
    except (EOFError, lzma.LZMAError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(
            f"{printable(file)} is damaged after line {number}: {error}"
        ) from error


def _check_kind(file, stream):
    """Refuse what is no text, by the first bytes of a file that is not yet read."""
    start = stream.peek(N_BYTES)[:N_BYTES]
    kind = foreign(start, text=False)
    if start.startswith(b"PK\x03\x04"):
        kind = foreign_zip(file)
    if kind is not None:
        raise ValueError(
            f"{printable(file)} is {kind.name}, and no text with a document a line. "
            f"{kind.for_documents()}."
        )


class _TooLong(Exception):
    """A line is longer than may be."""


@contextmanager
def _opened(file):
    """Open a file for reading bytes, decompressed; it may be a pipe."""
    with open(file, "rb") as stream:
        head = stream.peek(6)
        for magic, opener in _OPENERS:
            if head.startswith(magic):
                with opener(stream, "rb") as inner:
                    yield io.BufferedReader(inner, BUFFER)
                return
        yield stream
