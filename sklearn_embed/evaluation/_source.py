"""The word vectors in whatever holds some."""

# SPDX-License-Identifier: BSD-3-Clause

from sklearn_embed._core.typing import VectorSource
from sklearn_embed._vectors.word_vectors import WordVectors
from sklearn_embed.io._sources import as_word_vectors


def embedding_of(source: VectorSource) -> WordVectors:
    """Find the word vectors in what may be an estimator around them."""
    if hasattr(source, "steps"):  # a pipeline
        return _of_last_step(source)
    if hasattr(source, "best_estimator_"):
        return embedding_of(source.best_estimator_)
    if hasattr(source, "embedding_") and not hasattr(source, "words_"):
        return embedding_of(source.embedding_)
    return as_word_vectors(source)


def _of_last_step(pipeline):
    """Return the word vectors of the last step that has some."""
    reasons = []
    for name, step in reversed(pipeline.steps):
        try:
            return embedding_of(step)
        except (TypeError, ValueError) as error:
            reasons.append(f"{name}: {error}")
    raise TypeError(
        "no step of this pipeline has word vectors: " + "; ".join(reversed(reasons))
    )
