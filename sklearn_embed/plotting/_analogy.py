"""Analogies: pairs of words that differ in the same way."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from sklearn_embed._core.typing import RandomState, VectorSource
from sklearn_embed._vectors.queries import most_similar
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
    GREY,
    TEXT_COLOR,
    Lettering,
    axes_for,
    darker,
    printable,
    require_matplotlib,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_GIVEN, _FOUND = COLORS[0], COLORS[1]


class AnalogyDisplay:
    """The parallelogram of an analogy, or the parallel steps of many pairs.

    It is recommended to use :meth:`from_estimator` or :meth:`from_pairs`.

    Parameters
    ----------
    positions : array-like of shape (n_words, 2)
        Where each word is.
    words : sequence of str
        The words.
    pairs : sequence of (int, int)
        Numbers of the words that an arrow leads from and to.
    target : array-like of shape (2,) or None, default=None
        The point that the analogy leads to.
    origin : int or None, default=None
        Number of the word from which a step of the analogy leads to `target`.
    answer : int or None, default=None
        Number of the word that answers.
    title : str or None, default=None
        The analogy in words.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the picture is.
    figure_ : matplotlib Figure
        Around it.
    arrows_ : list of Annotation
        The steps.
    labels_ : list of (Annotation or None)
        The words; None where there was no space.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn_embed.plotting import AnalogyDisplay
    >>> vectors = {"man": [1, 0, 0], "woman": [1, 1, 0], "king": [1, 0, 1],
    ...            "queen": [1, 1, 1], "cat": [0, 0, 1]}
    >>> display = AnalogyDisplay.from_estimator(vectors, "man", "woman", "king")
    >>> display.words[display.answer]
    'queen'
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        positions: ArrayLike,
        words: Sequence[str],
        pairs: Sequence[tuple[int, int]],
        *,
        target: ArrayLike | None = None,
        origin: int | None = None,
        answer: int | None = None,
        title: str | None = None,
    ) -> None:
        self.positions = positions
        self.words = words
        self.pairs = pairs
        self.target = target
        self.origin = origin
        self.answer = answer
        self.title = title

    @classmethod
    def from_estimator(
        cls,
        estimator: VectorSource,
        a: str,
        b: str,
        c: str,
        *,
        n_answers: int = 5,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> AnalogyDisplay:
        """Draw "a is to b as c is to what?".

        Parameters
        ----------
        estimator : object
            A fitted vectorizer, a pipeline or a search that holds one, or anything
            that :func:`sklearn_embed.io.as_word_vectors` takes.
        a, b, c : str
            The words of the question.
        n_answers : int, default=5
            How many of the words nearest to ``b - a + c`` are shown; the nearest is
            the answer.
        ax : matplotlib Axes or None, default=None
            Where to draw.  None: a new figure.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        AnalogyDisplay

        Notes
        -----
        The plane of the picture is the one that loses least of the differences
        between the four words (their first two principal components), turned so that
        the step from a to b is level.  The dashed arrow is the same step, taken from
        c.  The answer is the word of the highest cosine with the point ``b - a + c``
        in all dimensions, which need not be the nearest in two.
        """
        require_matplotlib()
        vectors = embedding_of(estimator)
        if len({a, b, c}) < 3:
            raise ValueError(f"a, b and c must differ; they are {a!r}, {b!r}, {c!r}")
        chosen_words(vectors, [a, b, c])
        found = most_similar(vectors, [b, c], [a], n_answers)
        if not found:
            raise ValueError("there is no further word that could be the answer")
        words = [a, b, c, *(word for word, _ in found)]
        rows = unit_vectors(vectors, words)
        places = (rows - rows[0]) @ _plane(rows[:4]).T
        answer, cosine = found[0]
        display = cls(
            places,
            words,
            [(0, 1)],
            target=places[1] + places[2] - places[0],
            origin=2,
            answer=3,
            title=f"{printable(a)} is to {printable(b)} as {printable(c)} is to "
            f"{printable(answer)} (cosine {cosine:.2f})",
        )
        return display.plot(ax=ax, **kwargs)

    @classmethod
    def from_pairs(
        cls,
        estimator: VectorSource,
        pairs: Iterable[tuple[str, str]],
        *,
        projection: Projection = "pca",
        random_state: RandomState = 0,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> AnalogyDisplay:
        """Draw pairs of words, to see whether they differ in the same way.

        Parameters
        ----------
        estimator : object
            As for :meth:`from_estimator`.
        pairs : sequence of (str, str)
            Countries and capitals, men and women, or the like.
        projection : {"pca", "tsne"} or transformer, default="pca"
            From the vectors, brought to length one, to two dimensions.
        random_state : int, RandomState instance or None, default=0
            Seed of the projection.
        ax : matplotlib Axes or None, default=None
            Where to draw.  None: a new figure.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        AnalogyDisplay
        """
        require_matplotlib()
        vectors = embedding_of(estimator)
        found = [tuple(pair) for pair in pairs]
        if any(len(pair) != 2 for pair in found):
            raise ValueError("every pair must be two words")
        words, _ = chosen_words(vectors, [word for pair in found for word in pair])
        number = {word: i for i, word in enumerate(words)}
        places = positions(unit_vectors(vectors, words), projection, random_state)
        steps = [(number[first], number[second]) for first, second in found]
        return cls(places, words, steps).plot(ax=ax, **kwargs)

    def plot(
        self, ax: Axes | None = None, *, fontsize: float = 11, title: str | None = None
    ) -> AnalogyDisplay:
        """Draw the words and the steps between them.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to draw.  None: a new figure.
        fontsize : float, default=11
            Size of the words.
        title : str or None, default=None
            Above the picture.  None: the analogy in words.

        Returns
        -------
        self : AnalogyDisplay
        """
        ax = axes_for(ax, (8, 6))
        places = np.asarray(self.positions, np.float64)
        title = self.title if title is None else title
        lettering = Lettering([*self.words, title or ""])
        joined = {i for pair in self.pairs for i in pair} | {self.origin, self.answer}
        colors, dots = [], []
        for i in range(len(self.words)):
            main = _FOUND if i == self.answer else _GIVEN
            dots.append(main if i in joined else "#bbbbbb")
            colors.append(darker(main) if i in joined else GREY)
        ax.scatter(places[:, 0], places[:, 1], s=36, c=dots, zorder=3, linewidths=0)
        reached = places if self.target is None else np.vstack([places, self.target])
        ax.scatter(reached[:, 0], reached[:, 1], s=0)  # the limits take in the target
        self.arrows_ = [
            _arrow(ax, places[first], places[second], _GIVEN)
            for first, second in self.pairs
        ]
        ax.margins(0.15)
        ax.set_aspect("equal", adjustable="datalim")
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_color("#cccccc")
        if title is not None:
            lettering.apply_to(ax.set_title(lettering(title, longest=200)))
        if self.target is not None:
            self._draw_parallelogram(ax, places)
        self.labels_ = self._write_words(ax, places, colors, fontsize, lettering)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _draw_parallelogram(self, ax, places):
        """Draw the step repeated from the third word, and the sides that close it."""
        target = np.asarray(self.target, np.float64)
        first, second = self.pairs[0]
        origin = places[self.origin]
        self.arrows_.append(_arrow(ax, origin, target, _FOUND, dashed=True))
        for start, end in ((places[first], origin), (places[second], target)):
            ax.plot(*zip(start, end, strict=True), color="#cccccc", lw=1, zorder=1)
        ax.scatter(
            *target, s=90, facecolors="white", edgecolors=_FOUND, lw=1.5, zorder=2.5
        )

    def _write_words(self, ax, places, colors, fontsize, lettering):
        """Write the words, those of the question first; name the target too."""
        words, points, inks = list(self.words), places, list(colors)
        if self.target is not None:
            a, b = (self.words[i] for i in self.pairs[0])
            words.append(f"{b} − {a} + {self.words[self.origin]}")
            points = np.vstack([places, self.target])
            inks.append(TEXT_COLOR)
        segments = [places[list(pair)] for pair in self.pairs]
        if self.target is not None:
            segments.append((places[self.origin], self.target))
        sizes = [fontsize] * len(words)
        radii = np.full(len(words), 4.0)
        labels = place_labels(
            ax,
            points,
            words,
            colors=inks,
            sizes=sizes,
            lettering=lettering,
            radii=radii,
            segments=segments,
        )
        return labels[: len(self.words)]


def _plane(corners):
    """Return two orthogonal unit vectors: the plane that shows four words best."""
    _, _, axes = np.linalg.svd(corners - corners.mean(axis=0), full_matrices=False)
    axes = axes[:2]
    if len(axes) < 2:  # vectors of one dimension
        axes = np.vstack([axes, np.zeros_like(axes)])
    across, up = axes @ (corners[1] - corners[0])
    turn = np.arctan2(up, across)
    cos, sin = np.cos(turn), np.sin(turn)
    axes = np.array([[cos, sin], [-sin, cos]]) @ axes
    if axes[1] @ (corners[2] - corners[0]) < 0:  # c above a
        axes[1] *= -1
    return axes


def _arrow(ax, start, end, color, dashed=False):
    """Draw an arrow that stops short of the dots."""
    return ax.annotate(
        "",
        tuple(end),
        tuple(start),
        zorder=2,
        arrowprops={
            "arrowstyle": "-|>",
            "color": color,
            "linewidth": 1.5,
            "linestyle": "--" if dashed else "-",
            "shrinkA": 5,
            "shrinkB": 6,
        },
    )
