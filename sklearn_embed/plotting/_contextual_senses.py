"""A word's vectors in its contexts: near each other where it means the same."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.preprocessing import normalize
from sklearn.utils import check_consistent_length

from sklearn_embed._core.typing import Documents, RandomState
from sklearn_embed._estimators.contextual_vectorizer import ContextualVectorizer
from sklearn_embed.plotting._projection import Projection, positions
from sklearn_embed.plotting._style import require_matplotlib
from sklearn_embed.plotting._word_map import WordMapDisplay

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class ContextualSensesDisplay:
    """Occurrences of a word in two dimensions, coloured by what it means there.

    It is recommended to use :meth:`from_estimator`.

    Parameters
    ----------
    positions : array-like of shape (n_occurrences, 2)
        Where each occurrence is.
    contexts : sequence of str
        The words around each; those that come first get their labels first.
    labels : sequence of length n_occurrences or None, default=None
        A sense for each occurrence; those of one sense get one colour.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the picture is.
    figure_ : matplotlib Figure
        Around it.
    points_ : list of PathCollection
        The dots of each sense.
    labels_ : list of (Annotation or None)
        The context of each occurrence; None for those without one.
    legend_ : Legend or None
        The senses.

    See Also
    --------
    WordMapDisplay : Words that have one vector each.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn_embed import ContextualVectorizer
    >>> from sklearn_embed.plotting import ContextualSensesDisplay
    >>> texts = ["the bank of the river", "the bank of england"] * 20
    >>> model = ContextualVectorizer(4, hidden_size=4, layers=1, epochs=1)
    >>> model.set_params(random_state=0).fit(texts)
    ContextualVectorizer(...)
    >>> display = ContextualSensesDisplay.from_estimator(model, texts, "bank")
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        positions: ArrayLike,
        contexts: Sequence[str],
        *,
        labels: Sequence[object] | None = None,
    ) -> None:
        self.positions = positions
        self.contexts = contexts
        self.labels = labels

    @classmethod
    def from_estimator(
        cls,
        estimator: ContextualVectorizer,
        X: Documents,
        word: str,
        *,
        labels: ArrayLike | None = None,
        n_senses: int = 2,
        max_occurrences: int | None = 500,
        window: int = 0,
        n_context: int = 2,
        projection: Projection = "pca",
        random_state: RandomState = 0,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> ContextualSensesDisplay:
        """Draw the occurrences of a word in some documents.

        Parameters
        ----------
        estimator : ContextualVectorizer
            Fitted.  Recurrent layers, ``layers=1`` say, show more than layer 0, which
            is the same everywhere.
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.
        word : str
            The word.
        labels : array-like of shape (n_documents,) or None, default=None
            What the word means in each document.  None: the occurrences are cut into
            `n_senses` groups, named by numbers, by k-means of their vectors.
        n_senses : int, default=2
            How many groups without `labels`.
        max_occurrences : int or None, default=500
            Only so many, the first ones.  None: all.
        window : int, default=0
            Tokens on both sides whose vectors are averaged with that of each token, in
            0 to 1000: what a place is about, more than the word itself.
        n_context : int, default=2
            Tokens that are shown on both sides of the word.
        projection : {"pca", "tsne"} or transformer, default="pca"
            From the vectors, brought to length one, to two dimensions.  "pca" shows
            the two directions of greatest variance; "tsne" keeps neighbours together,
            and distances between distant ones mean little.
        random_state : int, RandomState instance or None, default=0
            Seed of the projection and of k-means.
        ax : matplotlib Axes or None, default=None
            Where to draw.  None: a new figure.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        ContextualSensesDisplay

        Raises
        ------
        ValueError
            If the word occurs nowhere, or labels are not of the documents.
        """
        require_matplotlib()
        if labels is not None:
            X = X if hasattr(X, "__len__") else list(X)
            check_consistent_length(X, labels)
        found = estimator.occurrences(
            X,
            word,
            max_occurrences=max_occurrences,
            window=window,
            n_context=n_context,
        )
        if not len(found.vectors):
            raise ValueError(f"word={word!r} occurs in none of the documents.")
        rows = normalize(found.vectors.astype(np.float64))
        if labels is None:
            senses = _groups(rows, n_senses, random_state)
        else:
            senses = np.asarray(labels)[found.documents]
        places = positions(rows, projection, random_state)
        order = _spread_first(places, found.contexts, senses)
        contexts = [found.contexts[number] for number in order]
        display = cls(places[order], contexts, labels=senses[order].tolist())
        kwargs.setdefault("title", f"{len(rows)} × {word}")
        return display.plot(ax=ax, **kwargs)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        n_labels: int | None = 24,
        fontsize: float | None = 8,
        legend: bool = True,
        title: str | None = None,
    ) -> ContextualSensesDisplay:
        """Draw the occurrences.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to draw.  None: a new figure.
        n_labels : int or None, default=24
            How many occurrences at most get their context written beside them.  None:
            all for which there is space.
        fontsize : float or None, default=8
            Size of the contexts.  None: larger.
        legend : bool, default=True
            Whether to explain the colours.
        title : str or None, default=None
            Above the picture.

        Returns
        -------
        self : ContextualSensesDisplay
        """
        drawn = WordMapDisplay(self.positions, self.contexts, groups=self.labels)
        drawn.plot(ax, n_labels=n_labels, fontsize=fontsize, legend=legend, title=title)
        for name in ("ax_", "figure_", "points_", "labels_", "legend_"):
            setattr(self, name, getattr(drawn, name))
        return self


def _groups(rows, n, random_state):
    """Return the number of each row's group, from 1 on, the largest group first."""
    from sklearn.cluster import KMeans

    n = min(n, len(np.unique(rows, axis=0)))
    found = KMeans(n, n_init=10, random_state=random_state).fit_predict(rows)
    rank = np.argsort(np.argsort(-np.bincount(found, minlength=n), kind="stable"))
    return rank[found] + 1


def _spread_first(places, contexts, senses):
    """Return an order that begins with different contexts, far from each other."""
    _, free = np.unique(contexts, return_index=True)
    # The legend begins with the first sense.
    chosen = [int(np.flatnonzero(senses == np.unique(senses)[0])[0])]
    free = np.setdiff1d(free, chosen)
    nearest = np.full(len(places), np.inf)
    while len(free):
        nearest = np.minimum(
            nearest, np.linalg.norm(places - places[chosen[-1]], axis=1)
        )
        chosen.append(int(free[np.argmax(nearest[free])]))
        free = np.setdiff1d(free, chosen[-1:])
    return np.concatenate([chosen, np.setdiff1d(np.arange(len(places)), chosen)])
