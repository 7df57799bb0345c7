"""What networks have in common: rows that are frozen, weights that are copied, checked.

A network is a dataclass with the attributes of `Network`; its weights, and what an
optimiser keeps of each, are NamedTuples of float32 arrays of the same fields.
"""

# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from sklearn_embed._models.checks import check_matrix
from sklearn_embed._models.descent import kept_by


def zero_weights(kind, shapes, empty=False):
    """Return a NamedTuple of zeros of some shapes; or of arrays without any row."""
    if empty:
        shapes = tuple((0, *shape[1:]) for shape in shapes)
    return kind(*(np.zeros(shape, np.float32) for shape in shapes))


def copied(weights):
    """Return a NamedTuple of copies of arrays."""
    return type(weights)(*(part.copy() for part in weights))


class Network:
    """Parameters that follow their slopes, the first of them vectors of words."""

    settings: Any  # with ``meaning``, ``optimizer`` and ``momentum``
    weights: Any  # a NamedTuple; ``inputs`` has a row for each word
    first: Any  # what the optimiser keeps
    second: Any
    n_steps: int  # that were made
    frozen: np.ndarray | None  # (n_rows,) bool: rows of inputs that do not move

    def _pairs(self, old):
        """Return own arrays and those of another network: weights, and what is kept."""
        return (
            (self.weights, old.weights),
            (self.first, old.first),
            (self.second, old.second),
        )

    def _refuse_changes(self, old):
        """Refuse to go on where parameters would mean something else than before."""
        for name in self.settings.meaning:
            is_, was = getattr(self.settings, name), getattr(old.settings, name)
            if is_ != was:
                raise ValueError(
                    f"{name}={is_!r} differs from the {was!r} of what was trained "
                    "before: it cannot change with warm_start=True or partial_fit."
                )

    def start_at(self, given):
        """Start words at pretrained vectors; training moves them only if it may."""
        given.put(self.weights.inputs)
        if not given.trainable:
            self.frozen = np.zeros(len(self.weights.inputs), bool)
            self.frozen[given.rows] = True

    def movable(self, ids, slopes):
        """Return the slopes of rows that are not frozen."""
        if self.frozen is None:
            return ids, slopes
        moves = ~self.frozen[ids]
        return ids[moves], slopes[moves]

    def _to_publish(self, final):
        """Return itself without what is of training alone, copied unless `final`."""
        fitted: Any = replace(self, frozen=None)
        if not final:
            for name in ("weights", "first", "second"):
                setattr(fitted, name, copied(getattr(self, name)))
        return fitted

    def _check_weights(self, zeros: Callable[[bool], Any]):
        """Refuse arrays, read from a file, that do not belong together.

        Parameters
        ----------
        zeros : callable
            Returns arrays of the shapes there must be; given True, without rows.
        """
        kept = True, *kept_by(self.settings.optimizer, self.settings.momentum)
        parts = self.weights, self.first, self.second
        for arrays, there in zip(parts, kept, strict=True):
            shapes = zeros(not there)
            for name, array, like in zip(arrays._fields, arrays, shapes, strict=True):
                if array.ndim == 2:
                    check_matrix(name, array, *like.shape)
                elif array.shape != like.shape or array.dtype != np.float32:
                    raise ValueError(f"{name} has shape {array.shape}")
        if not 0 <= self.n_steps < 1 << 62 or self.frozen is not None:
            raise ValueError("the model counts no steps, or is being trained")
