"""Write word vectors to files of every format."""

# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable
from typing import Any

from sklearn_embed._core.typing import FilePath, VectorSource
from sklearn_embed.io._sources import as_word_vectors
from sklearn_embed.io._writers import (
    write_csv,
    write_gensim,
    write_glove,
    write_parquet,
    write_tsv,
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
    "csv": write_csv,
    "tsv": write_tsv,
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
        The file.  If anything goes wrong, what was there before stays untouched.  A
        name that ends in ``.gz``, ``.bz2`` or ``.xz`` makes a compressed file.
    format : str, default="native"
        "native" (arrays and JSON, a safetensors file: safe to read, can be mapped,
        keeps everything), "word2vec", "word2vec_binary", "glove", "gensim" (a
        pickle), "fasttext" (``.bin``), "parquet", "csv" (a table with the words in
        its first column, for spreadsheets and ``pandas.read_csv``) or "tsv" (the two
        files that TensorFlow's embedding projector loads).
    **options : dict
        "word2vec", "word2vec_binary", "glove", "tsv": ``blank``, a string that
        replaces blanks (of "tsv": tabs and line ends) in words; without it words with
        blanks are refused.  "tsv": ``metadata``, the path of the file for words and
        counts, by default that of the vectors with ``_metadata`` added to its name.
        "fasttext": fields of :class:`sklearn_embed.io.fasttext.Arguments`.

    Raises
    ------
    VectorFileError
        If the format cannot hold these vectors or one of their words.
    ValueError
        If the format is unknown, or the name that of another kind of compressed file.

    Examples
    --------
    >>> import os, tempfile
    >>> from sklearn_embed.io import read_vectors, write_vectors
    >>> folder = tempfile.mkdtemp()
    >>> path = os.path.join(folder, "pets.txt.gz")
    >>> write_vectors({"cat": [1.0, 0.0], "dog": [0.5, 0.5]}, path, "word2vec")
    >>> read_vectors(path)
    <WordVectors: 2 words, 2 dimensions>
    """
    if format not in _WRITERS:
        raise ValueError(f"format must be one of {sorted(_WRITERS)}; got {format!r}")
    _WRITERS[format](as_word_vectors(vectors), path, **options)
