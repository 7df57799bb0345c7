"""How much each feature of a document counts in the vector that is classified."""

# SPDX-License-Identifier: BSD-3-Clause

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._models.kernels.feature_weights import (
    WeightedBatch,
    Weights,
    count_features,
    count_listed,
    new_counter,
    weigh_features,
    weigh_rows,
)

#: Features of one call: some hundredths of a second.
CALL_FEATURES = 5e6


class Weighting(NamedTuple):
    """What the weights of features are made of."""

    normalization: str  # "l2", unit vectors of logarithms of counts, or "l1", means
    documents: np.ndarray | None  # (R,) int64: those that each row occurs in; no idf
    n_documents: int  # of all

    @property
    def is_mean(self):
        """Whether it is the mean of all occurrences, as in fastText."""
        return self.normalization == "l1" and self.documents is None

    def per_row(self, n_rows):
        """Return the weight of one occurrence of each of the first features."""
        weights, how = np.empty(n_rows, np.float32), self.for_kernels()
        weigh_rows(how.documents, how.n_documents, weights)
        return weights

    def for_kernels(self):
        """Return `Weights`, which cost nothing: each row's are made where it is met."""
        missing = float(self.documents is None and self.normalization == "l1")
        is_unit, documents = self.normalization == "l2", self.documents
        if documents is None:
            documents = np.empty(0, np.int64)
        return Weights(readonly(documents), float(self.n_documents), is_unit, missing)


class FeatureLists(NamedTuple):
    """The features of some documents, each once, and how often they occur."""

    offsets: np.ndarray  # (n + 1,) int64
    rows: np.ndarray  # int32, as `count_features` writes them
    counts: np.ndarray  # float32
    missing: np.ndarray  # (n,) int64: features without a row

    def weighted(self, weights, outside=None):
        """Return a `WeightedBatch` in place of these lists, which are used up.

        Parameters
        ----------
        weights : Weights
            How features are weighed.
        outside : ndarray of shape (R,), bool, or None, default=None
            Rows outside the penalty, whose weights become negative.
        """
        offsets, rows, counts, missing = self
        for first, last in _slices(offsets):
            part = offsets[first : last + 1], (rows, counts, missing[first:last])
            weigh_features(weights, *part)
        if outside is not None:
            for first in range(0, len(rows), 2**20):
                part = slice(first, first + 2**20)
                counts[part][outside[rows[part]]] *= -1
        return WeightedBatch(readonly(offsets), readonly(rows), readonly(counts))


def list_features(batch, n_rows, bounds=None, documents=None):
    """Return the features of documents, each once, and how often they occur.

    Parameters
    ----------
    batch : DocumentBatch
        Where they come from.
    n_rows : int
        Number of input rows.
    bounds : tuple of two int or None, default=None
        The first document, and the one after the last; None: all.
    documents : ndarray of shape (R,), int64, or None, default=None
        Counts the documents that each row occurs in.
    """
    first, last = (0, len(batch.starts)) if bounds is None else bounds
    n, total = last - first, count_listed(batch, first, last)
    counter = new_counter(batch.longest, n_rows)
    # More than is needed, which the system gives when it is written to.
    rows, counts = np.empty(total, np.int32), np.empty(total, np.float32)
    sizes, missing = np.empty(n, np.int64), np.empty(n, np.int64)
    wanted = np.empty(0, np.int64) if documents is None else documents
    listed, end = np.linspace(0, total, n + 1).astype(np.int64), 0
    for a, b in _slices(listed):
        lists = sizes[a:b], rows, counts, missing[a:b]
        end = count_features(batch, counter, first + a, end, lists, wanted)
    rows.resize(end, refcheck=False)
    counts.resize(end, refcheck=False)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    return FeatureLists(offsets, rows, counts, missing)


def _slices(offsets):
    """Yield bounds of documents with few enough features for Ctrl-C."""
    n_calls = int(offsets[-1] // CALL_FEATURES) + 1
    marks = np.linspace(0, offsets[-1], n_calls + 1)[1:-1]
    cuts = [0, *np.searchsorted(offsets, marks).tolist(), len(offsets) - 1]
    for first, last in pairwise(cuts):
        if first < last:
            yield first, last
