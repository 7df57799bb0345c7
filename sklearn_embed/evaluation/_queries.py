"""Questions to word vectors: neighbours, analogies."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.preprocessing import normalize

from sklearn_embed._core.typing import Documents, VectorSource, Words
from sklearn_embed.evaluation._source import embedding_of, keyed_vectors_of

if TYPE_CHECKING:
    import pandas as pd


def most_similar(
    vectors: VectorSource, positive: Words = (), negative: Words = (), topn: int = 10
) -> list[tuple[str, float]]:
    """Return the words nearest to a sum of words, by the cosine.

    Parameters
    ----------
    vectors : object
        Word vectors of any kind.
    positive, negative : str, ndarray, or list of these
        What to add, and what to subtract.
    topn : int, default=10
        How many words.

    Returns
    -------
    list of (str, float)
        Words and cosines, nearest first; the words asked about are left out.

    Raises
    ------
    KeyError
        If a word is unknown.

    Examples
    --------
    >>> from sklearn_embed.evaluation import most_similar
    >>> pets = {"cat": [1.0, 0.0], "kitten": [0.9, 0.1], "fish": [0.0, 1.0]}
    >>> most_similar(pets, "cat", topn=1)[0][0]
    'kitten'
    """
    keyed = keyed_vectors_of(vectors)
    return keyed.most_similar(_listed(positive), _listed(negative), topn=topn)


def similarity(vectors: VectorSource, w1: str, w2: str) -> float:
    """Return the cosine of two words.

    Parameters
    ----------
    vectors : object
        Word vectors of any kind.
    w1, w2 : str
        Words.

    Returns
    -------
    float
        In [-1, 1].

    Raises
    ------
    KeyError
        If a word is unknown.
    """
    return float(keyed_vectors_of(vectors).similarity(w1, w2))


def analogy(
    vectors: VectorSource, a: str, b: str, c: str, topn: int = 1
) -> list[tuple[str, float]]:
    """Answer "`a` is to `b` as `c` is to ..." by b - a + c.

    Parameters
    ----------
    vectors : object
        Word vectors of any kind.
    a, b, c : str
        Words: man, king, woman.
    topn : int, default=1
        How many answers.

    Returns
    -------
    list of (str, float)
        Words and cosines, best first; the three words themselves are left out.

    References
    ----------
    Mikolov, Yih and Zweig (2013), "Linguistic regularities in continuous space word
    representations".
    """
    return most_similar(vectors, [b, c], [a], topn)


def doesnt_match(vectors: VectorSource, words: Iterable[str]) -> str:
    """Return the word that is farthest from the mean of all.

    Parameters
    ----------
    vectors : object
        Word vectors of any kind.
    words : list of str
        Words; unknown ones are left out of the comparison.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If no word is known.
    """
    vectors = embedding_of(vectors)
    known = [word for word in words if word in vectors]
    if not known:
        raise ValueError(f"none of {list(words)} is in the vocabulary")
    return vectors.to_keyed_vectors().doesnt_match(known)


def nearest_documents(
    embedder: Any, documents: Documents, queries: Documents, topn: int = 5
) -> pd.DataFrame:
    """Find the documents nearest to each query, by the cosine of their rows.

    Parameters
    ----------
    embedder : estimator
        A fitted transformer of documents.
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
    """
    import pandas as pd

    rows = normalize(np.asarray(embedder.transform(documents)))
    asked = normalize(np.asarray(embedder.transform(queries)))
    topn = min(topn, len(rows))
    cosines = asked @ rows.T
    nearest = np.argsort(-cosines, axis=1, kind="stable")[:, :topn]
    return pd.DataFrame(
        {
            "query": np.repeat(np.arange(len(asked)), topn),
            "document": nearest.ravel(),
            "similarity": np.take_along_axis(cosines, nearest, axis=1).ravel(),
        }
    )


def _listed(words):
    """Return a list of what may be one word or one vector."""
    if isinstance(words, str) or (isinstance(words, np.ndarray) and words.ndim == 1):
        return [words]
    return list(words)
