"""Questions to word vectors: neighbours, analogies."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import warnings
from collections.abc import Iterable

import numpy as np

from sklearn_embed._core.typing import VectorSource, Words
from sklearn_embed._vectors import queries
from sklearn_embed.evaluation._source import embedding_of


def most_similar(
    vectors: VectorSource,
    positive: Words = (),
    negative: Words = (),
    topn: int = 10,
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
        Words and cosines, nearest first; the words asked about are left out.  The
        cosine with a vector of zeros is 0.

    Raises
    ------
    KeyError
        If a word is unknown, unless the vectors know n-grams to make it of.
    TypeError
        If something is neither a word nor a vector.
    ValueError
        If there is nothing to look for, or a vector has another length.

    Examples
    --------
    >>> from sklearn_embed.evaluation import most_similar
    >>> pets = {"cat": [1.0, 0.0], "kitten": [0.9, 0.1], "fish": [0.0, 1.0]}
    >>> most_similar(pets, "cat", topn=1)[0][0]
    'kitten'
    """
    return queries.most_similar(embedding_of(vectors), positive, negative, topn)


def most_similar_cosmul(
    vectors: VectorSource,
    positive: Words = (),
    negative: Words = (),
    topn: int = 10,
) -> list[tuple[str, float]]:
    """Return the words nearest to several words, by a product of their cosines.

    Parameters
    ----------
    vectors : object
        Word vectors of any kind.
    positive, negative : str, ndarray, or list of these
        What to be near to, and what to be far from.  `positive` must hold something;
        vectors are brought to length one.
    topn : int, default=10
        How many words.

    Returns
    -------
    list of (str, float)
        Words and scores, best first; the words asked about are left out.

    Raises
    ------
    KeyError
        If a word is unknown, unless the vectors know n-grams to make it of.
    TypeError
        If something is neither a word nor a vector.
    ValueError
        If `positive` is empty, or a vector has another length.

    Notes
    -----
    Cosines are moved to [0, 1] by (1 + cos) / 2.  The product of those with `positive`
    is divided by the product of those with `negative` plus 1e-6.  One large term so
    cannot outweigh the others, as it can in the sum of `most_similar`.

    References
    ----------
    Levy and Goldberg (2014), "Linguistic regularities in sparse and explicit word
    representations", equation 4 (3CosMul).
    """
    embedding = embedding_of(vectors)
    return queries.most_similar(embedding, positive, negative, topn, cosmul=True)


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
        If a word is unknown, unless the vectors know n-grams to make it of.
    """
    return queries.similarity(embedding_of(vectors), w1, w2)


def n_similarity(
    vectors: VectorSource, ws1: Iterable[str], ws2: Iterable[str]
) -> float:
    """Return the cosine of the means of two lists of words.

    Parameters
    ----------
    vectors : object
        Word vectors of any kind.
    ws1, ws2 : list of str
        Words.

    Returns
    -------
    float
        In [-1, 1].

    Raises
    ------
    ValueError
        If no word of one of the lists is known.

    Warns
    -----
    UserWarning
        If words are unknown: they are left out.
    """
    embedding, means = embedding_of(vectors), []
    for name, words in (("ws1", ws1), ("ws2", ws2)):
        rows = queries.vectors_of(embedding, _known(embedding, words, name))
        means.append(rows.astype(np.float64).mean(axis=0))
    first, second = queries.unit_vectors(means).astype(np.float64)
    return float(np.clip(first @ second, -1, 1))


def rank(vectors: VectorSource, w1: str, w2: str) -> int:
    """Return which place a word takes among those nearest to another one.

    Parameters
    ----------
    vectors : object
        Word vectors of any kind.
    w1 : str
        The word whose neighbours are counted.
    w2 : str
        The word that is looked for among them.

    Returns
    -------
    int
        1 if no other word is nearer to `w1` than `w2` is, by the cosine.

    Raises
    ------
    KeyError
        If a word is unknown, unless the vectors know n-grams to make it of.
    """
    embedding = embedding_of(vectors)
    first, second = queries.vectors_of(
        embedding, queries.listed_words([w1, w2], "w1 and w2")
    )
    units = queries.unit_vectors(embedding.vectors)
    first, second = queries.unit_vectors([first, second])
    # One product for all: equal vectors have equal cosines, to the bit.
    cosines = np.vstack([units, second]) @ first
    nearer = cosines[:-1] > cosines[-1]
    for word in (w1, w2):
        if word in embedding:
            nearer[embedding.row_of[word]] = False
    return int(nearer.sum()) + 1


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
        Words.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If no word is known.

    Warns
    -----
    UserWarning
        If words are unknown: they are left out of the comparison.
    """
    embedding = embedding_of(vectors)
    known = _known(embedding, words, "words")
    units = queries.unit_vectors(queries.vectors_of(embedding, known))
    cosines = units @ units.mean(axis=0)
    return min(zip(cosines.tolist(), known, strict=True))[1]


def _known(embedding, words, name):
    """Return the words that have a vector; warn of those that have none."""
    words = queries.listed_words(words, name)
    known = queries.known_words(embedding, words)
    missing = [word for word, yes in zip(words, known, strict=True) if not yes]
    if len(missing) == len(words):
        raise ValueError(
            f"none of {words[:10]} is in the vocabulary"
            if words
            else f"{name} is empty: there is no word in it"
        )
    if missing:
        message = queries.explained(embedding, list(dict.fromkeys(missing)))
        warnings.warn(f"{name} are left out: {message}", UserWarning, stacklevel=3)
    return [word for word, yes in zip(words, known, strict=True) if yes]
