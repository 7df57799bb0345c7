"""Scikit-learn's callbacks, and whoever else is told of epochs."""

# SPDX-License-Identifier: BSD-3-Clause

from contextlib import suppress
from typing import TYPE_CHECKING

from sklearn_embed._core.progress import tell
from sklearn_embed._core.typing import Method


class CallbackSupportMixin:
    """Stand-in for scikit-learn's mixin of the same name."""


def with_callbacks(method: Method) -> Method:
    """Return the method as it is."""
    return method


if not TYPE_CHECKING:
    with suppress(ImportError):  # scikit-learn < 1.9 has no callbacks
        from sklearn.callback import (  # noqa: F401 (they replace those above)
            CallbackSupportMixin,
            with_callbacks,
        )


class TrainingMonitor:
    """Tells scikit-learn's callbacks, and whoever asked for ``verbose``, of epochs.

    Parameters
    ----------
    estimator : estimator
        Whose fit this is.
    X : object
        What it was given.
    n_epochs : int
        How many epochs there will be, at most.
    attributes : callable
        Gives the attributes of an estimator whose fit ended here.
    """

    def __init__(self, estimator, X, n_epochs, attributes):
        self._estimator, self._X, self._attributes = estimator, X, attributes
        self._context = self._epoch = None
        self._name = getattr(estimator, "_told_as", type(estimator).__name__)
        self._work = f"epochs of {self._name}"
        self._n_epochs, self._n_done = n_epochs, 0
        tell(self._work, 0, n_epochs)
        if hasattr(estimator, "_init_callback_context"):
            self._context = estimator._init_callback_context(max_subtasks=n_epochs)
            self._context.call_on_fit_task_begin(estimator=estimator, X=X)

    def epoch_begins(self):
        """Open an epoch."""
        if self._context is not None:
            self._epoch = self._context.subcontext(task_name="epoch")
            self._epoch.call_on_fit_task_begin(estimator=self._estimator, X=self._X)

    def epoch_ends(self, number, losses):
        """Close an epoch; return whether a callback asks to stop."""
        self._n_done += 1
        tell(self._work, self._n_done, self._n_epochs)
        if self._estimator.verbose:
            shown = ", ".join(f"{name} {loss:.6f}" for name, loss in losses.items())
            print(f"[{self._name}] epoch {number + 1}: {shown}", flush=True)
        if self._epoch is None:
            return False
        return self._epoch.call_on_fit_task_end(
            estimator=self._estimator,
            X=self._X,
            metadata=losses,
            reconstruction_attributes=self._attributes,
        )

    def fit_ends(self):
        """Close the whole."""
        if self._context is not None:
            self._context.call_on_fit_task_end(
                estimator=self._estimator,
                X=self._X,
                reconstruction_attributes=self._attributes,
            )


def fit_inside(estimator, inner, X, y, more):
    """Fit an estimator held by another one; callbacks reach into it.

    Parameters
    ----------
    estimator : estimator
        The outer one, whose fit this is.
    inner : estimator
        The one to fit.
    X, y : object
        What to fit it on.
    more : dict
        Further arguments of its `fit`.

    Returns
    -------
    estimator
        ``inner``, fitted.
    """
    fit_all_inside(estimator, [inner], X, y, lambda model: model.fit(X, y, **more))
    return inner


def fit_all_inside(estimator, inners, X, y, fit):
    """Fit estimators held by another one, in turn; callbacks reach into them.

    Parameters
    ----------
    estimator : estimator
        The outer one, whose fit this is.
    inners : sequence of estimator
        Those to fit.
    X, y : object
        What callbacks are told.
    fit : callable
        Fits the estimator that it is given.
    """
    if not hasattr(estimator, "_init_callback_context"):
        for inner in inners:
            fit(inner)
        return
    told = {"estimator": estimator, "X": X, "y": y}
    context = estimator._init_callback_context(max_subtasks=len(inners))
    context.call_on_fit_task_begin(**told)
    for inner in inners:
        task = context.subcontext(task_name=f"fit-{type(inner).__name__}")
        with task.propagate_callback_context(inner):
            task.call_on_fit_task_begin(**told)
            fit(inner)
            task.call_on_fit_task_end(**told)
    context.call_on_fit_task_end(**told)
