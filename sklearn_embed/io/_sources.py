"""Whatever word vectors come as, files included, turned into one value."""

# SPDX-License-Identifier: BSD-3-Clause

import os
from collections.abc import Collection

from sklearn_embed._core.typing import VectorSource
from sklearn_embed._vectors.convert import converted
from sklearn_embed._vectors.word_vectors import WordVectors
from sklearn_embed.io._read import read_vectors


def as_word_vectors(
    source: VectorSource, vocabulary: Collection[str] | None = None
) -> WordVectors:
    """Return word vectors, whatever they come as.

    Parameters
    ----------
    source : object
        `WordVectors`; gensim's ``KeyedVectors`` or a model that has them as ``wv``; a
        DataFrame whose index holds the words; a mapping from word to vector; a fitted
        vectorizer (``words_`` and ``vectors_``, or a ``to_word_vectors`` method); the
        path of a file, read by :func:`sklearn_embed.io.read_vectors`.
    vocabulary : collection of str or None, default=None
        The only words that are asked for: others may be missing.  Of a file, only
        these are read.

    Returns
    -------
    WordVectors
        Over the source's own matrix wherever that is float32 and C-contiguous.

    Raises
    ------
    TypeError
        If the source is none of these.
    ValueError
        If it is one, but its content is not usable.

    Notes
    -----
    gensim invents counts n, n-1, ..., 1 for vectors read from a file without counts.
    They are recognised and dropped.
    """
    if isinstance(source, (str, os.PathLike)):
        return read_vectors(source, vocabulary=vocabulary)
    return converted(source)
