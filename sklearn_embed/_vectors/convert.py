"""Word vectors of other kinds of objects, turned into one immutable value."""

# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Mapping

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from sklearn_embed._vectors.checks import float32_numbers, frozen_array
from sklearn_embed._vectors.subwords import Subwords
from sklearn_embed._vectors.word_vectors import WordVectors

_ACCEPTED = (
    "WordVectors, gensim's KeyedVectors, a DataFrame whose index holds the words, "
    "a dict from word to vector, a fitted vectorizer, or the path of a file"
)


def converted(source):
    """Return word vectors of an object in memory; see `as_word_vectors` of io."""
    if isinstance(source, WordVectors):
        return source
    if isinstance(source, type):
        raise TypeError(f"word vectors must be {_ACCEPTED}; got the class {source!r}")
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
    name = type(source).__name__
    if hasattr(source, "fit"):
        raise _without_vectors(source, name)
    if hasattr(source, "columns"):  # of polars, of Arrow
        raise TypeError(
            f"this {name} ({type(source).__module__}) has no index that could hold "
            "the words: pass a pandas DataFrame with them in its index, or "
            "dict(zip(words, rows))"
        )
    raise TypeError(f"word vectors must be {_ACCEPTED}; got {name}")


def _without_vectors(estimator, name):
    """Return the error for an estimator that has no vectors, or none yet."""
    try:
        check_is_fitted(estimator)
        fitted = True
    except (NotFittedError, TypeError, AttributeError):
        fitted = False
    if fitted:
        return TypeError(
            f"this {name} is fitted, but has no word vectors (words_, vectors_): pass "
            "an estimator that learns some, such as Word2VecVectorizer"
        )
    return ValueError(
        f"this {name} has no word vectors yet; if it learns some, call fit first"
    )


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
    rows = [float32_numbers(mapping[w], f"the vector of {w!r}") for w in words]
    for word, row in zip(words, rows, strict=True):
        if row.ndim != 1:
            raise ValueError(
                f"every vector must have one axis; that of {word!r} has shape "
                f"{row.shape}" + (": use its ravel()" if row.ndim > 1 else "")
            )
        if row.shape != rows[0].shape:
            raise ValueError(
                f"every vector must have shape {rows[0].shape}, as {words[0]!r} has "
                f"it; that of {word!r} has shape {row.shape}"
            )
    return WordVectors(words, np.stack(rows) if rows else np.empty((0, 0)))
