"""The loss of each epoch."""

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


class LossCurveDisplay:
    """Training and validation loss over the epochs.

    It is recommended to use :meth:`from_estimator`.

    Parameters
    ----------
    loss : array-like of shape (n_epochs,)
        Mean training loss of each epoch.
    validation_loss : array-like of shape (n_epochs,) or None, default=None
        The same of held-out documents.
    name : str or None, default=None
        Of the curve, for the legend.
    perplexity : bool, default=False
        Whether the exponentials of the losses are shown: of a language model, as if so
        many words were equally probable.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the curves are.
    figure_ : matplotlib Figure
        Around them.
    line_ : Line2D or None
        The training loss.
    validation_line_ : Line2D or None
        The validation loss, dashed.
    best_ : PathCollection or None
        The ring around the lowest validation loss.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn_embed import Word2VecVectorizer
    >>> from sklearn_embed.plotting import LossCurveDisplay
    >>> texts = ["the cat sat", "the dog sat", "a cat and a dog"] * 20
    >>> model = Word2VecVectorizer(8, epochs=5, random_state=0).fit(texts)
    >>> display = LossCurveDisplay.from_estimator(model)
    >>> len(display.line_.get_xdata())
    5
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        loss: Sequence[float],
        validation_loss: Sequence[float] | None = None,
        *,
        name: str | None = None,
        perplexity: bool = False,
    ) -> None:
        self.loss = loss
        self.validation_loss = validation_loss
        self.name = name
        self.perplexity = perplexity

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        name: str | None = None,
        perplexity: bool | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> LossCurveDisplay:
        """Draw the losses of a fitted estimator.

        Parameters
        ----------
        estimator : object
            With `loss_curve_` and, perhaps, `validation_loss_curve_`; or a pipeline
            or search that holds one.
        name : str or None, default=None
            Of the curve, for the legend.
        perplexity : bool or None, default=None
            Whether the exponentials of the losses are shown.  None: those of a
            language model are, unless its training losses, of the sampled softmax,
            are no perplexities and there are no others.
        ax : matplotlib Axes or None, default=None
            Where to draw; give that of another display to compare.  None: a new
            figure.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        LossCurveDisplay
        """
        require_matplotlib()
        trained = _with_losses(estimator)
        if trained is None:
            raise TypeError(
                f"{type(estimator).__name__} has no loss_curve_: fit it first, or give "
                "the losses to LossCurveDisplay itself"
            )
        held_out = getattr(trained, "validation_loss_curve_", None)
        losses = trained.loss_curve_
        if perplexity is None:
            perplexity = hasattr(trained, "perplexity")
            if perplexity and _is_sampled(trained):
                # Their losses are smaller than those by all words.
                losses = losses if held_out is None else []
                perplexity = held_out is not None
        made = cls(losses, held_out, name=name, perplexity=perplexity)
        return made.plot(ax=ax, **kwargs)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        color: Any = None,
        title: str | None = None,
    ) -> LossCurveDisplay:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to draw.  None: a new figure.
        color : color or None, default=None
            Of both curves.  None: the next of a colour-blind safe palette.
        title : str or None, default=None
            Above the curves.

        Returns
        -------
        self : LossCurveDisplay
        """
        from matplotlib.ticker import MaxNLocator

        ax = axes_for(ax, (7, 4.5))
        lettering = Lettering([self.name or "", title or ""])
        if color is None:
            n_before = sum(line.get_linestyle() == "-" for line in ax.get_lines())
            color = color_of(n_before)
        loss, losses = self._shown(self.loss), self._shown(self.validation_loss)
        mark = "o" if max(len(loss), len(losses)) <= 30 else ""
        self.line_ = self.validation_line_ = self.best_ = None
        if len(loss) or not len(losses):
            self.line_ = self._draw(ax, loss, "training", lettering, "-", mark, color)
        measure = "perplexity" if self.perplexity else "loss"
        if len(losses):
            self.validation_line_ = self._draw(
                ax, losses, "validation", lettering, "--", mark, color
            )
            best = int(np.nanargmin(losses))
            self.best_ = ax.scatter(
                best + 1,
                losses[best],
                s=130,
                facecolors="none",
                edgecolors=color,
                linewidths=1.5,
                label=f"lowest validation {measure}: {losses[best]:.4g}, "
                f"epoch {best + 1}",
            )
        ax.set(xlabel="epoch", ylabel=measure if self.perplexity else "mean loss")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        ax.grid(alpha=0.3)
        ax.spines[["top", "right"]].set_visible(False)
        if title is not None:
            lettering.apply_to(ax.set_title(lettering(title, longest=200)))
        for text in ax.legend(frameon=False).get_texts():
            lettering.apply_to(text)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _shown(self, losses):
        """Return losses as they are shown."""
        losses = np.asarray([] if losses is None else losses, np.float64)
        if not self.perplexity:
            return losses
        with np.errstate(over="ignore"):
            return np.exp(losses)

    def _draw(self, ax, losses, kind, lettering, linestyle, marker, color):
        """Draw one curve; epochs count from 1."""
        label = kind if self.name is None else f"{self.name}, {kind}"
        [line] = ax.plot(
            range(1, len(losses) + 1),
            losses,
            linestyle=linestyle,
            marker=marker,
            markersize=4,
            color=color,
            label=lettering.entry(label),
        )
        return line


def _is_sampled(estimator):
    """Tell whether a language model was trained against words that were drawn."""
    settings = getattr(getattr(estimator, "_model", None), "settings", None)
    return getattr(settings, "loss", None) == "sampled_softmax"


def _with_losses(estimator):
    """Find what has a loss curve in what may be an estimator around it."""
    if hasattr(estimator, "loss_curve_"):
        return estimator
    inside = [step for _, step in getattr(estimator, "steps", ())]
    inside += [
        getattr(estimator, name)
        for name in ("best_estimator_", "embedding_")
        if hasattr(estimator, name)
    ]
    # A pipeline's classifier may have a curve too; the embedding stands before it.
    found = (_with_losses(part) for part in inside)
    return next((trained for trained in found if trained is not None), None)
