"""A map of words: near each other where their vectors are."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from sklearn_embed._core.typing import RandomState, VectorSource
from sklearn_embed.evaluation._source import embedding_of
from sklearn_embed.plotting._labels import place_labels
from sklearn_embed.plotting._projection import (
    Projection,
    chosen_words,
    positions,
    unit_vectors,
)
from sklearn_embed.plotting._style import (
    COLORS,
    TEXT_COLOR,
    Lettering,
    axes_for,
    color_of,
    darker,
    marker_of,
    require_matplotlib,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class WordMapDisplay:
    """Words in two dimensions.

    It is recommended to use :meth:`from_estimator`.

    Parameters
    ----------
    positions : array-like of shape (n_words, 2)
        Where each word is.
    words : sequence of str
        The words; those that come first get their labels first.
    groups : sequence of length n_words or None, default=None
        A name for each word; words of one name get one colour.
    counts : array-like of shape (n_words,) or None, default=None
        Occurrences; words that occur more often get larger dots and letters.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the map is.
    figure_ : matplotlib Figure
        Around it.
    points_ : list of PathCollection
        The dots of each group.
    labels_ : list of (Annotation or None)
        The label of each word; None for words whose label had no space.
    legend_ : Legend or None
        The groups.

    See Also
    --------
    write_html : The same as an interactive page, for thousands of words.

    Notes
    -----
    Labels are placed one by one, the first words first, at the nearest spot where no
    other label is; there are no labels over labels, and a crowded map has dots
    without one.  The placing holds for the size that the axes have when `plot` is
    called.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn_embed import Word2VecVectorizer
    >>> from sklearn_embed.plotting import WordMapDisplay
    >>> texts = ["the cat sat", "the dog sat", "a cat and a dog"] * 20
    >>> model = Word2VecVectorizer(8, min_count=1, random_state=0).fit(texts)
    >>> display = WordMapDisplay.from_estimator(model, projection="pca")
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        positions: ArrayLike,
        words: Sequence[str],
        *,
        groups: Sequence[object] | None = None,
        counts: ArrayLike | None = None,
    ) -> None:
        self.positions = positions
        self.words = words
        self.groups = groups
        self.counts = counts

    @classmethod
    def from_estimator(
        cls,
        estimator: VectorSource,
        words: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
        *,
        n_words: int = 150,
        stop_words: str | Collection[str] | None = None,
        projection: Projection = "tsne",
        random_state: RandomState = 0,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> WordMapDisplay:
        """Draw the map of an embedding's words.

        Parameters
        ----------
        estimator : object
            A fitted vectorizer, a pipeline or a search that holds one, or anything
            that :func:`sklearn_embed.io.as_word_vectors` takes.
        words : sequence of str, mapping from name to words, or None, default=None
            The words to show; a mapping names groups of them, which get colours.
            None: the `n_words` most frequent ones.
        n_words : int, default=150
            How many words without `words`.
        stop_words : "english", collection of str or None, default=None
            Words to pass over without `words`.
        projection : {"tsne", "pca"} or transformer, default="tsne"
            From the vectors, brought to length one, to two dimensions.  "tsne" keeps
            neighbours together, and distances between distant words mean little;
            "pca" shows the two directions of greatest variance.
        random_state : int, RandomState instance or None, default=0
            Seed of the projection.
        ax : matplotlib Axes or None, default=None
            Where to draw.  None: a new figure.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        WordMapDisplay
        """
        require_matplotlib()
        vectors = embedding_of(estimator)
        chosen, groups = chosen_words(vectors, words, n_words, stop_words)
        places = positions(unit_vectors(vectors, chosen), projection, random_state)
        counts = None
        if vectors.counts is not None:
            rows = vectors.rows(chosen)
            counts = np.where(rows < 0, 0, vectors.counts[rows])
        display = cls(places, chosen, groups=groups, counts=counts)
        return display.plot(ax=ax, **kwargs)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        n_labels: int | None = None,
        fontsize: float | None = None,
        legend: bool = True,
        title: str | None = None,
    ) -> WordMapDisplay:
        """Draw the map.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to draw.  None: a new figure.
        n_labels : int or None, default=None
            How many words at most get a label.  None: all for which there is space.
        fontsize : float or None, default=None
            Size of all labels.  None: larger for frequent words.
        legend : bool, default=True
            Whether to explain the colours, where there are groups.
        title : str or None, default=None
            Above the map.

        Returns
        -------
        self : WordMapDisplay
        """
        ax = axes_for(ax, (10, 8))
        places = np.asarray(self.positions, np.float64)
        if places.shape != (len(self.words), 2):
            raise ValueError(
                f"positions must have shape ({len(self.words)}, 2), two numbers for "
                f"each word; got {places.shape}"
            )
        names = [None] if self.groups is None else list(dict.fromkeys(self.groups))
        lettering = Lettering([*self.words, *map(str, names), title or ""])
        radii, sizes = self._sizes(fontsize)
        colors = self._draw_points(ax, places, names, radii, lettering)
        ax.set(xticks=[], yticks=[])
        ax.margins(0.06)
        ax.spines[:].set_color("#cccccc")
        if title is not None:
            lettering.apply_to(ax.set_title(lettering(title, longest=200)))
        self.legend_ = None
        if legend and self.groups is not None:
            self.legend_ = ax.legend(
                loc="upper center",
                bbox_to_anchor=(0.5, -0.01),
                ncols=_columns(ax, names),
                frameon=False,
            )
            for text in self.legend_.get_texts():
                lettering.apply_to(text)
        n = len(self.words) if n_labels is None else min(n_labels, len(self.words))
        labels = place_labels(
            ax,
            places,
            self.words[:n],
            colors=colors,
            sizes=sizes,
            lettering=lettering,
            radii=radii,
        )
        self.labels_ = labels + [None] * (len(self.words) - n)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _sizes(self, fontsize):
        """Return radii of dots and sizes of letters, in typographic points."""
        n = len(self.words)
        share = np.full(n, 0.3)
        if self.counts is not None:
            logs = np.log1p(np.asarray(self.counts, np.float64))
            share = (logs - logs.min()) / (np.ptp(logs) or 1)
        letters = np.full(n, fontsize) if fontsize is not None else 8 + 4 * share
        return 1.5 + 2 * share, letters

    def _draw_points(self, ax, places, names, radii, lettering):
        """Draw the dots of each group; return the colour of each word's label."""
        groups = [None] * len(self.words) if self.groups is None else self.groups
        colors = [None] * len(self.words)
        self.points_ = []
        for k, name in enumerate(names):
            mine = [i for i, group in enumerate(groups) if group == name]
            points = ax.scatter(
                *places[mine].T,
                s=(2 * radii[mine]) ** 2,
                color=COLORS[0] if self.groups is None else color_of(k),
                marker=marker_of(k),
                linewidths=0,
                zorder=3,
                label=None if name is None else lettering.entry(name),
            )
            self.points_.append(points)
            for i in mine:
                colors[i] = TEXT_COLOR if self.groups is None else darker(color_of(k))
        return colors


def _columns(ax, names):
    """Return how many columns of a legend fit under the axes."""
    inches = ax.get_window_extent().width / ax.figure.dpi
    widest = 0.5 + 0.1 * max(min(len(str(name)), 60) for name in names)
    return max(1, min(len(names), int(inches / widest)))
