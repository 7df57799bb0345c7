"""The format of a file, recognised by its content and never by its name."""

# SPDX-License-Identifier: BSD-3-Clause

import re
from typing import NamedTuple

import numpy as np

from sklearn_embed._files.arrays import looks_like as looks_like_arrays
from sklearn_embed._files.foreign import N_BYTES, foreign
from sklearn_embed.io._diagnosis import diagnosis, is_floret
from sklearn_embed.io._fasttext_reader import looks_like as looks_like_fasttext
from sklearn_embed.io._text import guess_width

_HEADER = re.compile(rb"[ \t]*(\d{1,18})[ \t]+(\d{1,18})[ \t]*\r?\n")
_FIELD = re.compile(
    rb"[+-]?((\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|nan|inf)", re.IGNORECASE
)
_BLANKS = re.compile(rb"[ \t\r]+")
_BOM = b"\xef\xbb\xbf"

#: Bytes that no text holds; a few in words do not make it another format.
_CONTROLS = bytes({*range(9), *range(14, 32), 127})
_FEW = 0.01

#: Widest rows accepted.
LARGEST_WIDTH = 1 << 20

# Lines or rows that are looked into, and the bytes that show so many.
_ROWS, _ROW_BYTES, _LARGEST_SAMPLE = 8, 64, 1 << 22

_KNOWN = (
    "Known: word2vec text and binary, GloVe, fastText .bin and .vec, and the native "
    "format; compressed by gzip, bzip2, xz or zip"
)


class Layout(NamedTuple):
    """A format, and what has to be known before its rows are read."""

    format: str
    n_rows: int | None = None
    n_dimensions: int | None = None
    header: bytes = b""


def recognise(source, wanted=None):
    """Tell the format of a file from its first bytes.

    Parameters
    ----------
    source : Source
        At its beginning; it is looked into, and moved behind a byte order mark only.
    wanted : str or None
        The format that the caller named.

    Returns
    -------
    Layout
    """
    start = source.peek(N_BYTES)
    if not start:
        raise source.error("the file is empty", "Fetch it again")
    if wanted == "fasttext" or (wanted is None and looks_like_fasttext(source)):
        return Layout("fasttext")
    if wanted == "native" or (wanted is None and looks_like_arrays(source)):
        return Layout("native")
    kind = foreign(start, text=False)
    if kind is not None:
        raise source.error(f"this is {kind.name}", kind.remedy)
    # A mark with a blank after it is the first word.
    if start.startswith(_BOM) and start[3:4] not in (b" ", b"\t"):
        source.read(3)
    if wanted == "glove":
        return _headless(source, insisted=True)
    layout = _with_header(source)
    if wanted in ("word2vec", "word2vec_binary"):
        if layout is None:
            raise source.error(
                "the first line does not hold the numbers of rows and dimensions",
                "A file without this line has format='glove'",
            )
        return layout._replace(format=wanted)
    return layout or _headless(source)


def _with_header(source):
    """Recognise word2vec's formats by their first line, or return None."""
    match = _HEADER.match(source.peek(64))
    if match is None:
        return None
    n_rows, n_dimensions = int(match[1]), int(match[2])
    if not 1 <= n_dimensions <= LARGEST_WIDTH:
        raise source.error(
            f"the header gives {n_dimensions} dimensions",
            f"Between 1 and {LARGEST_WIDTH} are read; the file is damaged",
        )
    n_bytes = min(max(_ROWS * _ROW_BYTES * n_dimensions, 4096), _LARGEST_SAMPLE)
    sample = source.peek(len(match[0]) + n_bytes)[len(match[0]) :]
    is_whole = len(sample) < n_bytes
    is_text = (
        _has_text_rows(sample, is_whole, n_dimensions)
        or _reads_as_text(sample, is_whole)
        or not _has_binary_rows(sample, n_dimensions)
    )
    kind = "word2vec" if is_text else "word2vec_binary"
    return Layout(kind, n_rows, n_dimensions, match[0])


def _has_text_rows(sample, is_whole, n_dimensions):
    """Tell whether one of the first lines is a word and all its numbers."""
    lines = sample.split(b"\n", _ROWS)
    is_cut = len(lines) <= _ROWS and not is_whole
    for line in lines[: -1 if is_cut else _ROWS]:
        fields = _BLANKS.split(line.strip(b" \t\r"))
        numbers = fields[-n_dimensions:]
        if len(fields) > n_dimensions and all(map(_FIELD.fullmatch, numbers)):
            return True
    # A line longer than the sample: after a word of some blanks come numbers.
    fields = _BLANKS.split(lines[0])[8:-1]
    return is_cut and len(lines) == 1 and fields and all(map(_FIELD.fullmatch, fields))


def _reads_as_text(sample, is_whole):
    """Tell whether a sample holds neither control characters nor broken UTF-8."""
    if len(sample.translate(None, _CONTROLS)) < len(sample):
        return False
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        return not is_whole and error.start > len(sample) - 4  # it is cut there
    return True


def _has_binary_rows(sample, n_dimensions):
    """Tell whether a sample, which is no clean text, begins with words and float32."""
    if 1 - len(sample.translate(None, _CONTROLS)) / len(sample) > _FEW:
        return True
    at, n_bytes = 0, 4 * n_dimensions
    for _ in range(_ROWS):
        at += sample[at : at + 1] == b"\n"
        blank = sample.find(b" ", at)
        stop = blank + 1 + n_bytes
        if stop > len(sample) or not sample[at:].strip():
            break
        word = sample[at:blank]
        numbers = np.frombuffer(sample[blank + 1 : stop], "<f4")
        if blank < 0 or word.translate(None, _CONTROLS) != word:
            return False
        if not np.isfinite(numbers).all():
            return False
        at = stop
    return True


def _headless(source, insisted=False):
    """Recognise GloVe's format: lines of a word and numbers, or fail.

    A word and one number are more often a list of counts than vectors, and lines of
    numbers alone a table of something else, unless the caller knows better.
    """
    if not insisted and is_floret(source.peek(N_BYTES)):
        raise source.error(
            "these are floret's vectors of hashed n-grams, not of words",
            "Load them with spaCy (init vectors --mode floret), and pass a dict from "
            "word to vector",
        )
    n_dimensions = guess_width(source, insisted)
    if n_dimensions is None or (n_dimensions < 2 and not insisted):
        raise _unknown(source)
    return Layout("glove", None, min(n_dimensions, LARGEST_WIDTH))


def _unknown(source):
    """Build the error for a file that is none of ours."""
    problem = "the content is in no format of word vectors known here"
    sample = source.peek(1 << 16)
    kind = foreign(sample[:N_BYTES])
    if kind is not None:
        return source.error(f"this is {kind.name}", kind.remedy)
    if len(sample.translate(None, _CONTROLS)) < len(sample):
        return source.error(problem, _KNOWN)
    reason, remedy = diagnosis(sample)
    return source.error(f"{problem}: {reason}", remedy)
