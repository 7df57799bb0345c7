"""Vectors from and to the world's files: word2vec, GloVe, fastText, gensim, native."""

# SPDX-License-Identifier: BSD-3-Clause

from sklearn_embed._files.errors import VectorFileError
from sklearn_embed._vectors.subwords import Subwords
from sklearn_embed._vectors.word_vectors import WordVectors
from sklearn_embed.io import fasttext, native
from sklearn_embed.io._read import read_vectors
from sklearn_embed.io._sources import VectorFile, as_word_vectors
from sklearn_embed.io._write import write_vectors

__all__ = [
    "Subwords",
    "VectorFile",
    "VectorFileError",
    "WordVectors",
    "as_word_vectors",
    "fasttext",
    "native",
    "read_vectors",
    "write_vectors",
]
