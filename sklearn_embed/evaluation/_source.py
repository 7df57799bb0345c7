"""The word vectors in whatever holds some."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import TYPE_CHECKING

from sklearn_embed._core.typing import VectorSource
from sklearn_embed._vectors.word_vectors import WordVectors
from sklearn_embed.io._sources import as_word_vectors

if TYPE_CHECKING:
    from gensim.models import KeyedVectors


def embedding_of(source: VectorSource) -> WordVectors:
    """Find the word vectors in what may be an estimator around them."""
    if hasattr(source, "steps"):  # a pipeline
        for _, step in reversed(source.steps):
            try:
                return embedding_of(step)
            except (TypeError, ValueError):
                continue
        raise TypeError("no step of this pipeline has word vectors")
    if hasattr(source, "best_estimator_"):
        return embedding_of(source.best_estimator_)
    if hasattr(source, "embedding_") and not hasattr(source, "words_"):
        return embedding_of(source.embedding_)
    return as_word_vectors(source)


def keyed_vectors_of(source: VectorSource) -> KeyedVectors:
    """Return gensim's view of word vectors of any kind."""
    return embedding_of(source).to_keyed_vectors()
