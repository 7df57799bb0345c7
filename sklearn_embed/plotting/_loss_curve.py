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

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the curves are.
    figure_ : matplotlib Figure
        Around them.
    line_ : Line2D
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
    ) -> None:
        self.loss = loss
        self.validation_loss = validation_loss
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        name: str | None = None,
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
        return cls(trained.loss_curve_, held_out, name=name).plot(ax=ax, **kwargs)

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
        mark = "o" if len(self.loss) <= 30 else ""
        self.line_ = self._draw(ax, self.loss, "training", lettering, "-", mark, color)
        self.validation_line_ = self.best_ = None
        if self.validation_loss is not None and len(self.validation_loss):
            losses = self.validation_loss
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
                label=f"lowest validation loss: {losses[best]:.4g}, epoch {best + 1}",
            )
        ax.set(xlabel="epoch", ylabel="mean loss")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        ax.grid(alpha=0.3)
        ax.spines[["top", "right"]].set_visible(False)
        if title is not None:
            lettering.apply_to(ax.set_title(lettering(title, longest=200)))
        for text in ax.legend(frameon=False).get_texts():
            lettering.apply_to(text)
        self.ax_, self.figure_ = ax, ax.figure
        return self

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
