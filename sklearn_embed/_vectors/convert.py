"""Word vectors of other kinds of objects, turned into one immutable value."""

# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Mapping

import numpy as np

from sklearn_embed._vectors.subwords import Subwords
from sklearn_embed._vectors.word_vectors import WordVectors, frozen_array

_ACCEPTED = (
    "WordVectors, gensim's KeyedVectors, a DataFrame whose index holds the words, "
    "a dict from word to vector, a fitted vectorizer, or the path of a file"
)


def converted(source):
    """Return word vectors of an object in memory; see `as_word_vectors` of io."""
    if isinstance(source, WordVectors):
        return source
    if callable(getattr(source, "to_word_vectors", None)):
        return source.to_word_vectors()
    if hasattr(source, "words_") and hasattr(source, "vectors_"):
        counts = getattr(source, "counts_", None)
        return WordVectors(source.words_, source.vectors_, counts)
    if hasattr(getattr(source, "wv", None), "key_to_index"):
        source = source.wv
    if hasattr(source, "key_to_index") and hasattr(source, "vectors"):
        return _from_keyed_vectors(source)
    if hasattr(source, "columns") and hasattr(source, "index"):
        return _from_frame(source)
    if isinstance(source, Mapping):
        return _from_mapping(source)
    if hasattr(source, "fit") and not isinstance(source, type):
        raise ValueError(
            f"this {type(source).__name__} has no word vectors yet; call fit first"
        )
    raise TypeError(f"word vectors must be {_ACCEPTED}; got {type(source).__name__}")


def _from_keyed_vectors(keyed):
    """Share the arrays of gensim's KeyedVectors."""
    words = keyed.index_to_key
    counts = keyed.expandos.get("count")
    if counts is not None and _invented(keyed, counts):
        counts = None
    subwords, n_grams = None, getattr(keyed, "vectors_ngrams", None)
    # Models of gensim 3 may hold fewer rows than buckets, in an order since lost.
    if n_grams is not None and 0 < keyed.bucket == len(n_grams):
        subwords = Subwords(
            frozen_array(n_grams, np.float32),
            int(keyed.min_n),
            int(keyed.max_n),
            int(keyed.bucket),
            own=frozen_array(keyed.vectors_vocab, np.float32),
        )
    row_of = keyed.key_to_index
    return WordVectors(words, keyed.vectors, counts, subwords, row_of=row_of)


def _invented(keyed, counts):
    """Tell whether gensim made these counts up while reading a file."""
    if not np.array_equal(counts, np.arange(len(counts), 0, -1)):
        return False
    events = getattr(keyed, "lifecycle_events", None) or []
    read = any(event.get("event") == "load_word2vec_format" for event in events)
    # Without the record: no text of some size has exactly these counts.
    return read or len(counts) > 100


def _from_frame(frame):
    """Take the words from a DataFrame's index and the numbers from its columns."""
    words = list(frame.index)
    if words and not isinstance(words[0], str):
        raise TypeError(
            "the DataFrame's index must hold the words (set_index moves a column "
            f"there); it begins with {words[0]!r}"
        )
    try:
        vectors = frame.to_numpy(dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(f"every column must hold numbers: {error}") from error
    return WordVectors(words, vectors)


def _from_mapping(mapping):
    """Stack the values of a dict."""
    words = list(mapping)
    rows = [np.asarray(mapping[word], np.float32) for word in words]
    for word, row in zip(words, rows, strict=True):
        if row.shape != rows[0].shape or row.ndim != 1:
            raise ValueError(
                f"every vector must have shape {rows[0].shape}, as {words[0]!r} has "
                f"it, and one axis; that of {word!r} has shape {row.shape}"
            )
    return WordVectors(words, np.stack(rows) if rows else np.empty((0, 0)))
