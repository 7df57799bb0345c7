"""How alike words are: a table of cosines as colours."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from sklearn_embed._core.typing import VectorSource
from sklearn_embed.evaluation._source import embedding_of
from sklearn_embed.plotting._projection import chosen_words, unit_vectors
from sklearn_embed.plotting._style import Lettering, axes_for, require_matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WITH_NUMBERS = 20
_WITH_NAMES = 80


class SimilarityDisplay:
    """A heat map of similarities.

    It is recommended to use :meth:`from_estimator`.

    Parameters
    ----------
    similarities : array-like of shape (n_rows, n_columns)
        The numbers.
    rows : sequence of str
        Names of the rows.
    columns : sequence of str or None, default=None
        Names of the columns.  None: those of the rows, and the diagonal, where all
        are alike, is left blank.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the map is.
    figure_ : matplotlib Figure
        Around it.
    image_ : AxesImage
        The colours.
    colorbar_ : Colorbar or None
        Their meaning.
    texts_ : list of Text
        The numbers in the cells.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn_embed import Word2VecVectorizer
    >>> from sklearn_embed.plotting import SimilarityDisplay
    >>> texts = ["the cat sat", "the dog sat", "a cat and a dog"] * 20
    >>> model = Word2VecVectorizer(8, min_count=1, random_state=0).fit(texts)
    >>> display = SimilarityDisplay.from_estimator(model, ["cat", "dog", "sat"])
    >>> display.similarities.shape
    (3, 3)
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        similarities: ArrayLike,
        rows: Sequence[str],
        columns: Sequence[str] | None = None,
    ) -> None:
        self.similarities = similarities
        self.rows = rows
        self.columns = columns

    @classmethod
    def from_estimator(
        cls,
        estimator: VectorSource,
        words: Sequence[str] | None = None,
        columns: Sequence[str] | None = None,
        *,
        n_words: int = 20,
        stop_words: str | Collection[str] | None = None,
        order: str = "cluster",
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> SimilarityDisplay:
        """Draw the cosines of words of an embedding.

        Parameters
        ----------
        estimator : object
            A fitted vectorizer, a pipeline or a search that holds one, or anything
            that :func:`sklearn_embed.io.as_word_vectors` takes.
        words : sequence of str or None, default=None
            The words of the rows.  None: the `n_words` most frequent ones.
        columns : sequence of str or None, default=None
            The words of the columns.  None: those of the rows.
        n_words : int, default=20
            How many words without `words`.
        stop_words : "english", collection of str or None, default=None
            Words to pass over without `words`.
        order : {"cluster", "given"}, default="cluster"
            "cluster": similar words side by side, so that groups are seen as squares.
            "given": as in `words`.
        ax : matplotlib Axes or None, default=None
            Where to draw.  None: a new figure.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        SimilarityDisplay
        """
        require_matplotlib()
        if order not in ("cluster", "given"):
            raise ValueError(f'order must be "cluster" or "given"; it is {order!r}')
        vectors = embedding_of(estimator)
        rows, _ = chosen_words(vectors, words, n_words, stop_words)
        left = unit_vectors(vectors, rows)
        right = left
        if columns is not None:
            columns, _ = chosen_words(vectors, columns)
            right = unit_vectors(vectors, columns)
        if order == "cluster":
            sequence = _side_by_side(left)
            rows, left = [rows[i] for i in sequence], left[sequence]
            if columns is None:
                right = left
            else:
                sequence = _side_by_side(right)
                columns = [columns[j] for j in sequence]
                right = right[sequence]
        return cls(left @ right.T, rows, columns).plot(ax=ax, **kwargs)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        cmap: Any = "cividis",
        vmin: float | None = None,
        vmax: float | None = None,
        numbers: bool | None = None,
        colorbar: bool = True,
        title: str | None = None,
    ) -> SimilarityDisplay:
        """Draw the heat map.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to draw.  None: a new figure.
        cmap : str or Colormap, default="cividis"
            Colours; the default is made for all kinds of colour vision.
        vmin, vmax : float or None, default=None
            Ends of the scale.  None: the least and the greatest that is shown.
        numbers : bool or None, default=None
            Whether to write the numbers into the cells.  None: if there are at most
            20 rows and columns.
        colorbar : bool, default=True
            Whether to explain the colours.
        title : str or None, default=None
            Above the map.

        Returns
        -------
        self : SimilarityDisplay
        """
        shown = np.ma.masked_invalid(np.asarray(self.similarities, np.float64))
        columns = self.rows if self.columns is None else self.columns
        if shown.shape != (len(self.rows), len(columns)):
            raise ValueError(
                f"similarities must have shape ({len(self.rows)}, {len(columns)}), as "
                f"the names have it; got {shown.shape}"
            )
        if self.columns is None and len(self.rows) > 1:
            shown[np.diag_indices(len(self.rows))] = np.ma.masked
        longest = max(shown.shape)
        ax = axes_for(ax, _size_for(shown.shape))
        lettering = Lettering([*self.rows, *columns, title or ""])
        self.image_ = ax.imshow(shown, cmap=cmap, vmin=vmin, vmax=vmax)
        self.image_.set_cmap(self.image_.cmap.with_extremes(bad="#e8e8e8"))
        self._name_cells(ax, self.rows, columns, lettering)
        if numbers is None:
            numbers = longest <= _WITH_NUMBERS
        self.texts_ = self._write_numbers(ax, shown) if numbers else []
        self.colorbar_ = None
        if colorbar:
            self.colorbar_ = ax.figure.colorbar(
                self.image_, ax=ax, label="cosine similarity", shrink=0.8
            )
            self.colorbar_.outline.set_visible(False)
        if title is not None:
            lettering.apply_to(ax.set_title(lettering(title, longest=200)))
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _name_cells(self, ax, rows, columns, lettering):
        """Write the words beside the cells, unless they are too many to read."""
        for axis, names in ((ax.xaxis, columns), (ax.yaxis, rows)):
            if len(names) > _WITH_NAMES:
                axis.set_ticks([])
                continue
            axis.set_ticks(range(len(names)), [lettering(name) for name in names])
            for label in axis.get_ticklabels():
                lettering.apply_to(label)
        ax.tick_params(length=0)
        # Upright letters below, unless all are as short as their cells.
        if max(map(len, columns)) > 3:
            ax.tick_params(axis="x", labelrotation=90)
        ax.spines[:].set_visible(False)

    def _write_numbers(self, ax, shown):
        """Write each number in black or white, whatever is read better on its cell."""
        texts = []
        size = 9 if max(shown.shape) <= 12 else 6.5
        for (i, j), value in np.ndenumerate(shown):
            if shown.mask is not np.ma.nomask and shown.mask[i, j]:
                continue
            red, green, blue, _ = self.image_.cmap(self.image_.norm(value))
            light = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.45
            color = "black" if light else "white"
            value = round(value, 2) + 0.0  # no minus before a zero
            label = f"{value:.2f}".replace("-", "\N{MINUS SIGN}").replace("0.", ".", 1)
            texts.append(
                ax.text(j, i, label, ha="center", va="center", color=color, size=size)
            )
        return texts


def _size_for(shape):
    """Return the size of a figure in inches, by the number of cells."""
    height, width = (min(max(0.32 * n, 3), 11) for n in shape)
    return width + 2.2, height + 1.2


def _side_by_side(matrix):
    """Return an order of the rows that has similar ones together."""
    from scipy.cluster.hierarchy import leaves_list, linkage

    if len(matrix) < 3:
        return list(range(len(matrix)))
    return leaves_list(linkage(matrix, "average", optimal_ordering=True)).tolist()
