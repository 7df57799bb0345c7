"""Words chosen, and their vectors laid out in two dimensions."""

# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from sklearn.base import clone
from sklearn.preprocessing import normalize
from sklearn.utils import check_random_state

from sklearn_embed._vectors.queries import (
    explained,
    known_words,
    listed_words,
    vectors_of,
)

_PROJECTIONS = ('"tsne"', '"pca"', "a transformer with fit_transform")

#: "tsne", "pca", or a transformer.
Projection: TypeAlias = Any


def chosen_words(vectors, words=None, n_words=150, stop_words=None):
    """Return words to show, and the group of each.

    Parameters
    ----------
    vectors : WordVectors
        What there is.
    words : sequence of str, mapping from group to words, or None
        What is wanted.  None: the first `n_words`, that is, the most frequent ones.
    n_words : int
        Only without `words`.
    stop_words : "english", collection of str or None
        Left out; only without `words`.

    Returns
    -------
    words : list of str
    groups : list or None
        For each word the name of its group, where `words` names groups.
    """
    if words is None:
        return _first_words(vectors, n_words, stop_words), None
    if isinstance(words, str):
        raise ValueError(f"words must be a sequence of str; it is {words!r}")
    if isinstance(words, Mapping):
        for name, some in words.items():
            if isinstance(some, str):
                raise ValueError(
                    f"words[{name!r}] must be a sequence of str; it is {some!r}"
                )
        group_of = {word: name for name, some in words.items() for word in some}
        chosen, groups = list(group_of), list(group_of.values())
    else:
        chosen, groups = list(dict.fromkeys(words)), None
    chosen = listed_words(chosen)
    if not chosen:
        raise ValueError("words is empty: there is nothing to show")
    known = known_words(vectors, chosen)
    if not known.all():
        missing = [word for word, yes in zip(chosen, known, strict=True) if not yes]
        raise KeyError(explained(vectors, missing))
    return chosen, groups


def _first_words(vectors, n_words, stop_words):
    """Return the first words that are no stop words: the order is by frequency."""
    if isinstance(stop_words, str):
        if stop_words != "english":
            raise ValueError(f'stop_words must be "english"; it is {stop_words!r}')
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS as stop_words
    left_out = frozenset(stop_words or ())
    chosen = []
    for word in vectors.words:
        if len(chosen) == n_words:
            break
        if word not in left_out:
            chosen.append(word)
    if not chosen:
        raise ValueError("no word is left to show")
    return chosen


def unit_vectors(vectors, words):
    """Return the words' vectors at length 1, where distances depend on angles alone.

    Unknown words get those made of their n-grams.
    """
    return normalize(vectors_of(vectors, words).astype(np.float64))


def positions(matrix, projection="tsne", random_state=0):
    """Return two coordinates for each row.

    Parameters
    ----------
    matrix : ndarray of shape (n, d)
        The rows.
    projection : {"tsne", "pca"} or transformer
        How.
    random_state : int, RandomState instance or None
        Seed of t-SNE and of a randomised PCA.

    Returns
    -------
    ndarray of shape (n, 2), float64
    """
    if projection == "pca":
        return _pca(matrix, random_state)
    if projection == "tsne":
        return _tsne(matrix, random_state)
    if not hasattr(projection, "fit_transform"):
        raise ValueError(
            f"projection must be {', '.join(_PROJECTIONS)}; it is {projection!r}"
        )
    places = np.asarray(clone(projection).fit_transform(matrix), np.float64)
    if places.shape != (len(matrix), 2):
        raise ValueError(
            f"projection must give 2 columns for each of {len(matrix)} words; it gives "
            f"the shape {places.shape}"
        )
    return places


def _pca(matrix, random_state):
    """Project on the two directions of greatest variance."""
    from sklearn.decomposition import PCA

    places = np.zeros((len(matrix), 2))
    n = min(2, *matrix.shape)
    # A single point, or points all alike, have no variance to divide by.
    with np.errstate(invalid="ignore", divide="ignore"):
        if len(matrix) > 1 and n:
            seed = check_random_state(random_state).randint(2**31 - 1)
            places[:, :n] = PCA(n, random_state=seed).fit_transform(matrix)
    return places


def _tsne(matrix, random_state):
    """Lay out so that near rows stay near, beginning from the PCA."""
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    start = _pca(matrix, random_state)
    if len(matrix) < 5:  # too few to have neighbourhoods
        return start
    spread = start[:, 0].std()
    seed = check_random_state(random_state).randint(2**31 - 1)
    tsne = TSNE(
        perplexity=min(30.0, (len(matrix) - 1) / 3),
        init=(start / (spread or 1) * 1e-4).astype(np.float32),
        random_state=seed,
    )
    # One thread: the same bits every time, and no thread waits for another that
    # shares its core with other programs (25 times slower, seen on two cores).
    with threadpool_limits(1):
        places = tsne.fit_transform(matrix.astype(np.float32))
    return places.astype(np.float64)
