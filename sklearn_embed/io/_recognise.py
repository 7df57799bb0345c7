"""The format of a file, recognised by its content and never by its name."""

# SPDX-License-Identifier: BSD-3-Clause

import re
from typing import NamedTuple

from sklearn_embed._files.arrays import looks_like as looks_like_arrays
from sklearn_embed.io._fasttext_reader import looks_like as looks_like_fasttext
from sklearn_embed.io._text import guess_width

_HEADER = re.compile(rb"[ \t]*(\d{1,18})[ \t]+(\d{1,18})[ \t]*\r?\n")
_FIELD = re.compile(rb"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")

#: Widest rows accepted.
LARGEST_WIDTH = 1 << 20

_REFUSED = (
    (
        re.compile(rb"\x80[\x00-\x05]"),
        "this is a pickle, which can run any code when it is loaded",
        "If it is gensim's and you trust it: read_vectors(path, format='gensim')",
    ),
    (
        re.compile(rb"\x93NUMPY"),
        "this is a NumPy array without words",
        "Pass WordVectors(words, numpy.load(path))",
    ),
    (
        re.compile(rb"PAR1"),
        "this is a parquet file",
        "Pass the DataFrame that pandas.read_parquet(path) gives, words in its index",
    ),
    (
        re.compile(rb"\x89HDF\r\n"),
        "this is an HDF5 file",
        "Read it with pandas.read_hdf or h5py, and pass the DataFrame or a dict",
    ),
    (
        re.compile(rb"(c[a-z_]+\n[A-Za-z_]+\n|\(dp?\d|\(lp?\d)"),
        "this looks like an old pickle, which can run any code when it is loaded",
        "If it is gensim's and you trust it: read_vectors(path, format='gensim')",
    ),
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
        At its beginning; it is looked into, not moved.
    wanted : str or None
        The format that the caller named.

    Returns
    -------
    Layout
    """
    start = source.peek(64)
    if not start:
        raise source.error("the file is empty", "Fetch it again")
    if wanted == "glove":
        return _headless(source, narrowest=1)
    if wanted in ("word2vec", "word2vec_binary"):
        layout = _with_header(source)
        if layout is None:
            raise source.error(
                "the first line does not hold the numbers of rows and dimensions",
                "A file without this line has format='glove'",
            )
        return layout._replace(format=wanted)
    if wanted == "fasttext" or (wanted is None and looks_like_fasttext(source)):
        return Layout("fasttext")
    if wanted == "native" or (wanted is None and looks_like_arrays(source)):
        return Layout("native")
    for pattern, problem, remedy in _REFUSED:
        if pattern.match(start):
            raise source.error(problem, remedy)
    return _with_header(source) or _headless(source)


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
    sample = source.peek(len(match[0]) + 4096)[len(match[0]) :]
    kind = "word2vec" if _begins_with_text(sample) else "word2vec_binary"
    return Layout(kind, n_rows, n_dimensions, match[0])


def _begins_with_text(sample):
    """Tell a row of text from one of float32 by the number after the word."""
    if not sample:
        return True
    line = sample.split(b"\n", 1)[0]
    # The second blank or later, for words that contain some.
    return any(
        _FIELD.fullmatch(field) for field in re.split(rb"[ \t\r]+", line)[1:8]
    ) and (b"\0" not in line)


def _headless(source, narrowest=2):
    """Recognise GloVe's format: lines of a word and numbers, or fail.

    A word and one number are more often a list of counts than vectors.
    """
    n_dimensions = guess_width(source)
    if n_dimensions is None or n_dimensions < narrowest:
        raise source.error(
            "the content is in no format of word vectors known here",
            "Known: word2vec text and binary, GloVe, fastText .bin and .vec, and the "
            "native format; compressed by gzip, bzip2, xz or zip",
        )
    return Layout("glove", None, min(n_dimensions, LARGEST_WIDTH))
