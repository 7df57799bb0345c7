"""What a language model expects at each word of a sentence."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_embed.plotting._style import (
    Lettering,
    axes_for,
    color_of,
    require_matplotlib,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Columns that can be read side by side.
_MOST_WORDS = 30

#: Probability from which on a cell is so dark that it takes white letters.
_DARK = 0.55

#: How the mark for the end of a document is shown.
_END = "(end)"


class NextWordsDisplay:
    """Probabilities of the next word along a sentence.

    It is recommended to use :meth:`from_estimator`.  Each column is a word of the
    sentence, below it how probable it was; in the column stand the likeliest words
    in its place, from the top on.  The sentence's own word is framed where it is among
    them.

    Parameters
    ----------
    words : sequence of str
        The sentence's own words.
    probabilities : array-like of shape (n_words,)
        How probable each was.
    candidates : sequence of sequence of (str, float)
        For each place the likeliest words and their probabilities.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the table is.
    figure_ : matplotlib Figure
        Around it.
    image_ : AxesImage
        The colours.
    colorbar_ : Colorbar or None
        Their meaning.
    texts_ : list of Text
        The words in the cells, column by column.
    frames_ : list of Rectangle
        Around the sentence's own words.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn_embed import NGramLanguageModel
    >>> from sklearn_embed.plotting import NextWordsDisplay
    >>> texts = ["the cat sat", "the dog sat down", "the cat ran"] * 5
    >>> model = NGramLanguageModel(3).fit(texts)
    >>> display = NextWordsDisplay.from_estimator(model, "the dog sat", topn=3)
    >>> display.words
    ['the', 'dog', 'sat', '</s>']
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        words: Sequence[str],
        probabilities: Sequence[float],
        candidates: Sequence[Sequence[tuple[str, float]]],
    ) -> None:
        self.words = words
        self.probabilities = probabilities
        self.candidates = candidates

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        sentence: str | Sequence[str],
        *,
        topn: int = 5,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> NextWordsDisplay:
        """Draw what a fitted language model says of a sentence.

        Parameters
        ----------
        estimator : object
            With `log_proba` and `predict_next`, such as `NGramLanguageModel`,
            `WindowLanguageModel` and `RecurrentLanguageModel`.
        sentence : str or sequence of str
            A text or its tokens, at most 29 of them.
        topn : int, default=5
            How many likely words to show in each place.
        ax : matplotlib Axes or None, default=None
            Where to draw.  None: a new figure.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        NextWordsDisplay
            The last column is the end of the sentence; of a model that reads
            backward, its beginning.
        """
        require_matplotlib()
        if not hasattr(estimator, "predict_next"):
            raise TypeError(
                f"{type(estimator).__name__} has no predict_next: give a language model"
            )
        if isinstance(topn, bool) or not isinstance(topn, int) or not 1 <= topn <= 50:
            raise ValueError(f"topn={topn!r}: give an integer from 1 to 50.")
        words = sentence
        if isinstance(sentence, str):
            words = estimator.build_analyzer()(sentence)
        words = list(words)
        if len(words) >= _MOST_WORDS:
            raise ValueError(
                f"sentence has {len(words)} words: give at most {_MOST_WORDS - 1}."
            )
        probabilities = np.exp(estimator.log_proba([words])[0])
        backward = getattr(estimator, "direction", "forward") == "backward"
        read = [
            words[place + 1 :] if backward and place < len(words) else words[:place]
            for place in range(len(words) + 1)
        ]
        candidates = [estimator.predict_next(some or None, topn) for some in read]
        known = [
            word if word in estimator.vocabulary_ else f"{word} = <unk>"
            for word in words
        ]
        made = cls([*known, "</s>"], probabilities, candidates)
        return made.plot(ax=ax, **kwargs)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        cmap: Any = "Blues",
        colorbar: bool = True,
        title: str | None = None,
    ) -> NextWordsDisplay:
        """Draw the table.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to draw.  None: a new figure.
        cmap : str or Colormap, default="Blues"
            Colours of probabilities from 0 to 1.
        colorbar : bool, default=True
            Whether to explain the colours.
        title : str or None, default=None
            Above the table.

        Returns
        -------
        self : NextWordsDisplay
        """
        n_words = len(self.words)
        if not n_words == len(self.probabilities) == len(self.candidates):
            raise ValueError(
                f"{n_words} words, {len(self.probabilities)} probabilities and "
                f"{len(self.candidates)} lists of candidates: there must be one for "
                "each word"
            )
        height = max([1, *map(len, self.candidates)])
        shown = np.full((height, n_words), np.nan)
        names = [[_seen(word) for word, _ in column] for column in self.candidates]
        for place, column in enumerate(self.candidates):
            shown[: len(column), place] = [share for _, share in column]
        ax = axes_for(ax, (1.15 * n_words + 1.6, 0.42 * height + 1.6))
        own = [_seen(word.rpartition(" = ")[2]) for word in self.words]
        lettering = Lettering([*sum(names, own), *self.words, title or ""])
        self.image_ = ax.imshow(shown, cmap=cmap, vmin=0, vmax=1, aspect="auto")
        self.texts_: list[Any] = []
        self.frames_: list[Any] = []
        for place, column in enumerate(names):
            self._write_column(ax, place, column, own[place], lettering)
        self._name_columns(ax, lettering)
        self.colorbar_ = None
        if colorbar:
            self.colorbar_ = ax.figure.colorbar(self.image_, ax=ax, label="probability")
            self.colorbar_.outline.set_visible(False)
        if title is not None:
            lettering.apply_to(ax.set_title(lettering(title, longest=200)))
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _write_column(self, ax, place, names, own, lettering):
        """Write the likeliest words of a place; frame the one that stands there."""
        from matplotlib.patches import Rectangle

        for rank, name in enumerate(names):
            is_dark = self.candidates[place][rank][1] > _DARK
            text = ax.text(
                place,
                rank,
                lettering(name, longest=14),
                ha="center",
                va="center",
                size=9,
                color="white" if is_dark else "black",
                **lettering.style,
            )
            self.texts_.append(text)
            if name == own:
                box = Rectangle((place - 0.48, rank - 0.46), 0.96, 0.92)
                box.set(fill=False, edgecolor=color_of(1), linewidth=1.8)
                self.frames_.append(ax.add_patch(box))

    def _name_columns(self, ax, lettering):
        """Write the sentence and its probabilities below the table."""
        labels = [
            f"{lettering(_seen(word), longest=14)}\n{_share(share)}"
            for word, share in zip(self.words, self.probabilities, strict=True)
        ]
        ax.set_xticks(range(len(labels)), labels)
        for label in ax.get_xticklabels():
            lettering.apply_to(label)
        ax.set_yticks([])
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)


def _seen(word):
    """Return a word as it is shown."""
    return _END if word == "</s>" else str(word)


def _share(share):
    """Return a probability in two digits."""
    return f"{share:.2f}" if share >= 0.01 else f"{share:.0e}".replace("e-0", "e-")
