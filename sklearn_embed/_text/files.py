"""Files and folders of text as documents, one a line."""

# SPDX-License-Identifier: BSD-3-Clause

import bz2
import gzip
import lzma
from pathlib import Path

_OPENERS = (
    (b"\x1f\x8b", gzip.open),
    (b"BZh", bz2.open),
    (b"\xfd7zXZ\x00", lzma.open),
)


def lines_of(path):
    """Yield the lines of a file, or of all files of a folder in the order of names.

    UTF-8; gzip, bzip2 and xz are recognised by their first bytes.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or no file in the folder.
    ValueError
        If a line is not UTF-8, or a compressed file is damaged.
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
            # Read as bytes: str would also break lines at form feeds and the like.
            for number, line in enumerate(stream, 1):
                yield line.rstrip(b"\r\n").decode(
                    "utf-8-sig" if number == 1 else "utf-8"
                )
    except UnicodeDecodeError as error:
        raise ValueError(
            f"Line {number} of {file} is not UTF-8 ({error.reason} at byte "
            f"{error.start} of the line): convert the file first, e.g. with iconv."
        ) from error
    except (EOFError, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise ValueError(f"{file} is damaged after line {number}: {error}") from error


def _opened(file):
    """Open a file for reading bytes, decompressed."""
    with open(file, "rb") as stream:
        head = stream.read(6)
    for magic, opener in _OPENERS:
        if head.startswith(magic):
            return opener(file, "rb")
    return open(file, "rb")
