"""Write word vectors to files of every format."""

# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable
from typing import Any

from sklearn_embed._core.typing import FilePath, VectorSource
from sklearn_embed.io._sources import as_word_vectors
from sklearn_embed.io._writers import (
    write_gensim,
    write_glove,
    write_parquet,
    write_word2vec,
    write_word2vec_binary,
)
from sklearn_embed.io.fasttext import write_vectors as write_fasttext
from sklearn_embed.io.native import write as write_native

_WRITERS: dict[str, Callable[..., None]] = {
    "word2vec": write_word2vec,
    "word2vec_binary": write_word2vec_binary,
    "glove": write_glove,
    "gensim": write_gensim,
    "parquet": write_parquet,
    "fasttext": write_fasttext,
    "native": write_native,
}


def write_vectors(
    vectors: VectorSource, path: FilePath, format: str = "native", **options: Any
) -> None:
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
