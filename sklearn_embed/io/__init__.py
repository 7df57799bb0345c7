"""Vectors from and to the world's files: word2vec, GloVe, fastText, gensim, native."""

# SPDX-License-Identifier: BSD-3-Clause

import os
from typing import NamedTuple

import numpy as np

from sklearn_embed._sources import as_word_vectors
from sklearn_embed._subwords import Subwords
from sklearn_embed._vectors import WordVectors
from sklearn_embed.io import (
    _binary,
    _fasttext_reader,
    _recognise,
    _text,
    _writers,
    fasttext,
    native,
)
from sklearn_embed.io._collect import finished
from sklearn_embed.io._errors import VectorFileError
from sklearn_embed.io._source import opened

__all__ = [
    "Subwords",
    "VectorFileError",
    "WordVectors",
    "as_word_vectors",
    "fasttext",
    "native",
    "read_vectors",
    "write_vectors",
]

_READABLE = (
    "word2vec",
    "word2vec_binary",
    "glove",
    "fasttext",
    "native",
    "parquet",
    "gensim",
)
_WRITERS = {
    "word2vec": _writers.write_word2vec,
    "word2vec_binary": _writers.write_word2vec_binary,
    "glove": _writers.write_glove,
    "gensim": _writers.write_gensim,
    "parquet": _writers.write_parquet,
    "fasttext": fasttext.write_vectors,
    "native": native.write,
}


class Options(NamedTuple):
    """What a caller asked for, checked."""

    vocabulary: object
    limit: int | None
    encoding: str
    errors: str


def read_vectors(
    source,
    *,
    format=None,
    limit=None,
    vocabulary=None,
    encoding="utf-8",
    errors="strict",
    mmap=False,
):
    r"""Read word vectors from a file.

    Parameters
    ----------
    source : str, path or binary file
        The file, plain or compressed by gzip, bzip2, xz or zip (one member).
    format : str or None, default=None
        None: recognised by the content, never by the name.  Otherwise "word2vec",
        "word2vec_binary", "glove" (text without header), "fasttext" (``.bin`` and
        ``.ftz``; a ``.vec`` file is "word2vec"), "native", "parquet" or "gensim".
        The last is a pickle, which can run any code: it is loaded, by gensim, only if
        named here.  Name it only for files that you trust.
    limit : int or None, default=None
        Look at no more than the first `limit` rows of the file.
    vocabulary : collection of str or None, default=None
        Keep these words only: rows of others take no memory.  Of fastText's models,
        the n-grams are kept that these words are made of, whether the model knows a
        word or not; others count as zeros.  Where vectors of any unknown word are
        wanted, leave it None.
    encoding, errors : str
        How to decode the words, as in ``bytes.decode``.  ``errors="replace"`` reads
        files whose words were cut inside a character.
    mmap : bool, default=False
        Map the file's matrix instead of reading it ("native" only).

    Returns
    -------
    WordVectors

    Raises
    ------
    VectorFileError
        If the content is damaged, hostile or of an unknown format; the message says
        where and what to do.
    ValueError
        If a parameter is out of its range.

    Warns
    -----
    UserWarning
        If a word comes twice.  As in gensim, its first row counts.

    Notes
    -----
    The vectors are gensim's to the last bit.  In text, numbers are rounded to float64
    and from there to float32.

    Examples
    --------
    >>> import io
    >>> from sklearn_embed.io import read_vectors
    >>> read_vectors(io.BytesIO(b"cat 0.5 1.5\ndog 0.25 -1\n"))
    <WordVectors: 2 words, 2 dimensions>
    """
    options = _check_options(format, limit, vocabulary, encoding, errors)
    if mmap and format not in (None, "native"):
        raise ValueError(f"only the native format can be mapped, not {format!r}")
    if format == "gensim":
        return _select(_read_gensim(source), options)
    if format == "parquet":
        return _select(_read_parquet(source), options)
    with opened(source) as stream:
        layout = _recognise.recognise(stream, format)
        if layout.format == "native":
            return _select(native.read(stream, mmap), options)
        if mmap:
            raise ValueError(
                f"{stream.name} is in the format {layout.format!r}; only the native "
                "format can be mapped"
            )
        if layout.format == "fasttext":
            model = _fasttext_reader.read_stream(stream, options)
            return model.to_word_vectors(stream.name)
        stream.read(len(layout.header))
        read = _binary if layout.format == "word2vec_binary" else _text
        return read.read_rows(stream, layout.n_dimensions, layout.n_rows, options)


def write_vectors(vectors, path, format="native", **options):
    """Write word vectors to a file, whole or not at all.

    Parameters
    ----------
    vectors : object
        Anything that :func:`as_word_vectors` takes.
    path : str or path
        The file.  If anything goes wrong, what was there before stays untouched.
    format : str, default="native"
        "native" (arrays and JSON, a safetensors file: safe to read, can be mapped,
        keeps everything), "word2vec", "word2vec_binary", "glove", "gensim" (a
        pickle), "fasttext" (``.bin``) or "parquet".
    **options : dict
        "word2vec", "word2vec_binary", "glove": ``blank``, a string that replaces
        blanks in words; without it words with blanks are refused.  "fasttext": fields
        of :class:`sklearn_embed.io.fasttext.Arguments`.

    Raises
    ------
    VectorFileError
        If the format cannot hold these vectors or one of their words.
    ValueError
        If the format is unknown.
    """
    if format not in _WRITERS:
        raise ValueError(f"format must be one of {sorted(_WRITERS)}; got {format!r}")
    _WRITERS[format](as_word_vectors(vectors), path, **options)


def _check_options(format, limit, vocabulary, encoding, errors):
    """Refuse parameters out of range; make the vocabulary quick to look up."""
    if format is not None and format not in _READABLE:
        raise ValueError(f"format must be None or one of {_READABLE}; got {format!r}")
    if limit is not None and (not isinstance(limit, (int, np.integer)) or limit < 0):
        raise ValueError(f"limit must be None or a number from 0 on; got {limit!r}")
    if isinstance(vocabulary, str):
        raise ValueError("vocabulary must be a collection of words, not one string")
    if vocabulary is not None and not isinstance(vocabulary, (set, frozenset, dict)):
        vocabulary = frozenset(vocabulary)
    "".encode(encoding, errors)
    return Options(vocabulary, None if limit is None else int(limit), encoding, errors)


def _read_gensim(source):
    """Let gensim load its own pickle, as the caller trusts it."""
    from gensim.models import KeyedVectors

    if hasattr(source, "read"):
        raise ValueError("format='gensim' needs a path: gensim may keep several files")
    path = os.fspath(source)
    try:
        keyed = KeyedVectors.load(path)
    except OSError:
        raise
    except Exception as error:
        # Whatever a pickle raises: old classes that are gone, damage, other objects.
        raise VectorFileError(
            str(path),
            f"gensim cannot load it: {error}",
            "Load it with the gensim that wrote it, and save it anew",
        ) from error
    return as_word_vectors(keyed)


def _read_parquet(source):
    """Read a table with the words in its index."""
    import pandas as pd

    try:
        frame = pd.read_parquet(source)
    except (ValueError, OSError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise VectorFileError(
            str(source), f"no readable parquet file: {error}", "Fetch it again"
        ) from error
    return as_word_vectors(frame)


def _select(vectors, options):
    """Leave out what the caller did not ask for."""
    if options.limit is None and options.vocabulary is None:
        return vectors
    words = vectors.words[: options.limit]
    wanted = options.vocabulary
    kept = [r for r, word in enumerate(words) if wanted is None or word in wanted]
    counts = None if vectors.counts is None else vectors.counts[kept]
    parts = vectors.subwords
    if parts is not None and parts.own is not None:
        parts = parts._replace(own=parts.own[kept])
    words = [words[r] for r in kept]
    matrix = vectors.vectors[kept]
    return finished("vectors", words, matrix, counts=counts, subwords=parts)
