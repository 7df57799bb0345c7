"""Questions to the vectors of a fitted estimator, and what they are handed on as.

Methods of every estimator that learns one vector a word, with labels or without.
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.utils.validation import check_is_fitted

from sklearn_embed._core.typing import Words
from sklearn_embed._vectors import queries
from sklearn_embed._vectors.word_vectors import WordVectors

if TYPE_CHECKING:
    import pandas as pd
    from gensim.models import KeyedVectors


def to_word_vectors(self: Any) -> WordVectors:
    """Return words, vectors and counts as one immutable value.

    Returns
    -------
    WordVectors
        Over the same memory.
    """
    check_is_fitted(self)
    return WordVectors(self.words_, self.vectors_, self.counts_)


def to_keyed_vectors(self: Any) -> KeyedVectors:
    """Return gensim's KeyedVectors, for its queries and its file formats.

    Returns
    -------
    gensim.models.KeyedVectors
        Over the same memory; the matrix is not copied and stays read-only.
    """
    return self.to_word_vectors().to_keyed_vectors()


def to_frame(self: Any) -> pd.DataFrame:
    """Return the vectors as a DataFrame.

    Returns
    -------
    pandas.DataFrame of shape (n_words, n_dimensions)
        Words in the index; the same memory.
    """
    return self.to_word_vectors().to_frame()


def most_similar(
    self: Any, positive: Words = (), negative: Words = (), topn: int = 10
) -> list[tuple[str, float]]:
    """Return the nearest words, by the cosine; see gensim's method of that name.

    Parameters
    ----------
    positive, negative : str, vector, or list of these
        What to add and what to subtract: ``positive=["king", "woman"],
        negative=["man"]`` asks for the fourth corner of an analogy.
    topn : int, default=10
        How many words.

    Returns
    -------
    list of (str, float)
        Words and cosines, nearest first.

    Raises
    ------
    KeyError
        If a word is unknown.
    """
    return queries.most_similar(self.to_word_vectors(), positive, negative, topn)


def similarity(self: Any, w1: str, w2: str) -> float:
    """Return the cosine of two words.

    Parameters
    ----------
    w1, w2 : str
        Words of the vocabulary.

    Returns
    -------
    float
        In [-1, 1].

    Raises
    ------
    KeyError
        If a word is unknown.
    """
    return queries.similarity(self.to_word_vectors(), w1, w2)
