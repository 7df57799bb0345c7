"""What pooling of vectors learns from documents: weights, components, lengths."""

# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sklearn_embed._vectors.document_rows import Pooler
from sklearn_embed._vectors.pooling import PoolingSpec
from sklearn_embed._vectors.shift import learn_shift
from sklearn_embed._vectors.unknown import UnknownWords
from sklearn_embed._vectors.weights import (
    common_components,
    learn_weights,
    longest,
    mean_vector,
    unit_factors,
)

#: Documents pooled together while components are learned.
_DOCUMENTS = 8192


class Settings(NamedTuple):
    """Parameters of `MeanPoolEmbedder`, under its names."""

    pooling: str
    powers: tuple | list
    max_length: int | None
    weights: str | Callable | None
    smoothing: float | str
    n_components_removed: int
    normalize_words: bool
    normalize: bool
    center: bool
    scale: float | None
    oov: str
    n_jobs: int = 1


class Pooled(NamedTuple):
    """Vectors, and what was learned to pool them."""

    source: object  # WordVectors
    lookup: object  # WordLookup of its words
    weights: np.ndarray | None  # (n_words,) float32; None: all 1
    factors: np.ndarray | None  # (n_words,) float32; None: all 1
    unknown_weight: float
    unknown_vector: np.ndarray | None  # (n_dimensions,) float32, if it is one for all
    spec: PoolingSpec
    mean: np.ndarray | None = None  # (n_columns,) float32, subtracted from rows
    factor: float = 1.0  # what rows are multiplied by, after that

    def pooler(self, settings, **changes):
        """Return the Pooler, its spec changed if need be."""
        unknown, source = None, self.source
        if settings.oov != "skip":
            weigh = settings.weights
            unknown = UnknownWords(
                self.unknown_vector,
                source.subwords if settings.oov == "subword" else None,
                weigh if callable(weigh) else self.unknown_weight,
                normalize=settings.normalize_words,
            )
        return Pooler(
            self.lookup,
            source.vectors,
            spec=self.spec._replace(**changes),
            weights=self.weights,
            factors=self.factors,
            unknown=unknown,
            n_jobs=settings.n_jobs,
        )


class Learned(NamedTuple):
    """What a fit of pooling comes to."""

    pooled: Pooled
    smoothing: float | None  # the a of "sif"; None: of other weights
    differ: bool  # whether centred rows are anything but zeros


def learn(settings, texts, source, lookup, labels=None):
    """Return what is Learned of some vectors, as some documents weigh them.

    Parameters
    ----------
    settings : Settings
        The parameters; powers are checked.
    texts : list of TokenizedDocuments
        What to learn from.
    source : WordVectors
        The vectors.
    lookup : WordLookup
        Of their words.
    labels : csr_array of shape (n_documents, n_classes) or None, default=None
        Of the first of the texts.
    """
    if settings.oov == "subword" and source.subwords is None:
        raise ValueError(
            "oov='subword' needs vectors of n-grams, which this embedding has "
            "not: use another oov, or vectors of fastText."
        )
    parts = [(documents, lookup.rows(documents.table)) for documents in texts]
    weights = learn_weights(settings.weights, parts, source, settings.smoothing, labels)
    factors = unit_factors(source.vectors) if settings.normalize_words else None
    vector = None
    if settings.oov == "mean":
        vector = mean_vector(source.vectors, factors)
    elif settings.oov == "zero":
        vector = np.zeros(source.vector_size, np.float32)
    length = settings.max_length or 1
    if settings.pooling == "concat" and settings.max_length is None:
        known_only = settings.oov == "skip"
        length = max(longest(*part, known_only) for part in parts)
    spec = PoolingSpec(
        settings.pooling,
        settings.weights in ("sif", "usif"),
        settings.powers,
        int(length),
    )
    arrays = weights.known, factors, weights.unknown, vector
    pooled = Pooled(source, lookup, *arrays, spec)
    if settings.n_components_removed:
        spec = spec._replace(**_learn_components(settings, texts, pooled))
        pooled = pooled._replace(spec=spec)
    differ = True
    if settings.center or settings.scale is not None:
        blocks = _blocks(pooled.pooler(settings, normalize=settings.normalize), texts)
        n_columns = spec.n_columns(source.vector_size)
        *found, differ = learn_shift(blocks, n_columns, settings.center, settings.scale)
        pooled = pooled._replace(mean=found[0], factor=found[1])
    return Learned(pooled, weights.smoothing, differ)


def _blocks(pooler, texts):
    """Yield the rows of all documents, few at a time."""
    for documents in texts:
        for first in range(0, len(documents), _DOCUMENTS):
            yield pooler.rows(documents[first : first + _DOCUMENTS], first)


def _learn_components(settings, texts, pooled):
    """Return what the rows of documents have in common, as fields of a spec."""
    n_columns = pooled.spec.n_columns(pooled.source.vector_size)
    n_removed = settings.n_components_removed
    if settings.pooling == "concat" or n_removed > n_columns:
        raise ValueError(
            f"n_components_removed={n_removed} is not possible for "
            f"pooling={settings.pooling!r} with {n_columns} columns: set it to 0, or "
            "use another pooling or longer vectors."
        )
    blocks = _blocks(pooled.pooler(settings), texts)
    components, squares = common_components(blocks, n_columns, n_removed)
    strengths = np.ones(len(squares), np.float32)
    if settings.weights == "usif":
        strengths = (squares / max(squares.sum(), 1e-300)).astype(np.float32)
    return {"components": components, "strengths": strengths}


def checked_powers(powers):
    """Return exponents as floats, refusing those without a real mean."""
    found = [float(power) for power in powers]
    whole = [power >= 1 and power == np.round(power) for power in found]
    fine = [ok or power == -np.inf for ok, power in zip(whole, found, strict=True)]
    if not found or not all(fine):
        raise ValueError(
            f"powers={powers!r} must be whole numbers from 1 on, inf or -inf, at "
            "least one: of negative numbers, other powers have no mean."
        )
    return found
