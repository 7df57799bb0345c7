"""Documents near each other: by the cosine of their rows, or by moving words."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from importlib.util import find_spec
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import issparse
from sklearn.preprocessing import normalize

from sklearn_embed._core.typing import Documents, VectorSource
from sklearn_embed._vectors.queries import (
    known_words,
    listed_words,
    unit_vectors,
    vectors_of,
)
from sklearn_embed.evaluation._source import embedding_of

if TYPE_CHECKING:
    import pandas as pd

#: Cosines that are held at once.
_AT_ONCE = 1 << 24


def nearest_documents(
    embedder: Any, documents: Documents, queries: Documents, topn: int = 5
) -> pd.DataFrame:
    """Find the documents nearest to each query, by the cosine of their rows.

    Parameters
    ----------
    embedder : estimator
        A fitted transformer of documents, whose rows may be sparse.
    documents : sequence of documents
        Where to look.
    queries : sequence of documents
        What to look for.
    topn : int, default=5
        How many documents for each query.

    Returns
    -------
    pandas.DataFrame
        Columns "query" and "document" (positions), "similarity" (cosine); for each
        query the nearest first, equals in the order of the documents.  A row of zeros
        has the cosine 0 with everything.

    Raises
    ------
    TypeError
        If `embedder` has no method `transform`.
    ValueError
        If `topn` is no positive integer, or the rows are no matrix of numbers.
    """
    import pandas as pd

    if not isinstance(topn, Integral) or topn < 1:
        raise ValueError(f"topn must be a positive integer; got {topn!r}")
    rows = _unit_rows(embedder, documents)
    asked = _unit_rows(embedder, queries)
    topn = min(topn, rows.shape[0])
    nearest = np.empty((asked.shape[0], topn), np.int64)
    cosines = np.empty(nearest.shape, np.result_type(rows.dtype, asked.dtype))
    step = max(1, _AT_ONCE // max(1, rows.shape[0]))
    for first in range(0, asked.shape[0], step):
        block = asked[first : first + step] @ rows.T
        block = block.toarray() if issparse(block) else block
        order = np.argsort(-block, axis=1, kind="stable")[:, :topn]
        nearest[first : first + step] = order
        cosines[first : first + step] = np.take_along_axis(block, order, axis=1)
    return pd.DataFrame(
        {
            "query": np.repeat(np.arange(len(nearest)), topn),
            "document": nearest.ravel(),
            "similarity": cosines.ravel(),
        }
    )


def _unit_rows(embedder, documents):
    """Return the rows of documents at length one, sparse ones as they are."""
    if not callable(getattr(embedder, "transform", None)):
        raise TypeError(
            "embedder must be a fitted transformer of documents; "
            f"{type(embedder).__name__} has no transform"
        )
    rows = embedder.transform(documents)
    if hasattr(rows, "sparse") and hasattr(
        rows, "to_numpy"
    ):  # a frame of sparse columns
        rows = rows.to_numpy()
    if issparse(rows):
        return normalize(rows.tocsr())
    rows = np.asarray(rows)
    if rows.ndim != 2 or rows.dtype.kind not in "biuf":
        raise ValueError(
            f"{type(embedder).__name__}.transform must give a matrix with a row of "
            f"numbers for each document; it gives {rows.dtype} of shape {rows.shape}"
        )
    largest = np.abs(rows).max(axis=1, initial=0)
    # Squares of these would leave the range of float32.
    odd = (largest > 1e15) | ((largest < 1e-15) & (largest > 0))
    if odd.any():
        rows = np.array(rows)
        rows[odd] /= largest[odd, None]
    return normalize(rows)


def wmdistance(
    vectors: VectorSource,
    document1: Iterable[str],
    document2: Iterable[str],
    norm: bool = True,
) -> float:
    """Return the word mover's distance of two tokenised documents.

    Parameters
    ----------
    vectors : object
        Word vectors of any kind.
    document1, document2 : list of str
        Tokens.  Those without a vector do not count.
    norm : bool, default=True
        Whether to bring word vectors to length one first.

    Returns
    -------
    float
        At least 0.  Infinite if one of the documents has no known word.

    Raises
    ------
    ImportError
        If POT is not installed.
    TypeError
        If a document is a string and no list of tokens.

    Notes
    -----
    The least mean distance that the words of one document travel to become those of
    the other, each word weighing as much as it is frequent.  The transport problem is
    solved by POT (``pip install POT``); its time grows with the third power of the
    number of distinct words.

    References
    ----------
    Kusner, Sun, Kolkin and Weinberger (2015), "From word embeddings to document
    distances".
    """
    if find_spec("ot") is None:
        raise ImportError(
            "wmdistance needs POT (Python Optimal Transport): pip install POT"
        )
    from ot import emd2
    from scipy.spatial.distance import cdist

    embedding, weights, places = embedding_of(vectors), [], []
    for name, document in (("document1", document1), ("document2", document2)):
        counts = Counter(listed_words(document, name))
        words = list(counts)
        known = known_words(embedding, words)
        words = [word for word, yes in zip(words, known, strict=True) if yes]
        if not words:
            return float("inf")
        rows = vectors_of(embedding, words)
        places.append(unit_vectors(rows) if norm else rows)
        frequency = np.array([counts[word] for word in words], np.float64)
        weights.append(frequency / frequency.sum())
    distances = cdist(*(rows.astype(np.float64) for rows in places))
    if not distances.any():
        return 0.0
    return float(emd2(*weights, distances))
