"""What a fitted text classifier says of documents: scores, probabilities, classes.

Methods of the classifier, whose ``_model`` is a SupervisedFastText.
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_embed._core.typing import Documents, Float32Array
from sklearn_embed._estimators.base import Integral
from sklearn_embed._estimators.snapshot import snapshot
from sklearn_embed._models.classifier import SEPARATE


class TopLabels(NamedTuple):
    """The classes of documents, and how probable they are."""

    labels: list[NDArray[Any]]
    probabilities: list[NDArray[np.float64]]


def decision_function(self: Any, X: Documents) -> NDArray[Any]:
    """Return how much speaks for each class.

    Parameters
    ----------
    X : iterable of str, of sequences of str, or TokenizedDocuments
        The documents.

    Returns
    -------
    ndarray of shape (n_documents,) or (n_documents, n_classes), float32
        With two classes, one number: above 0 for the second one.  With
        hierarchical softmax, logarithms of probabilities.
    """
    fitted = snapshot(self)
    scores = _scores(fitted, X)
    if len(fitted.classes_) == 2 and not fitted._model.labels.multilabel:
        return scores[:, 1] - scores[:, 0]
    return scores


def predict_proba(self: Any, X: Documents) -> NDArray[Any]:
    """Return the probability of each class.

    Parameters
    ----------
    X : iterable of str, of sequences of str, or TokenizedDocuments
        The documents.

    Returns
    -------
    ndarray of shape (n_documents, n_classes), float64
        Rows sum to 1, unless a document can have several labels.
    """
    fitted = snapshot(self)
    shares = _shares(fitted, X)
    if not fitted._model.labels.multilabel:
        shares /= shares.sum(axis=1, keepdims=True)
    return shares


def predict(self: Any, X: Documents) -> NDArray[Any]:
    """Return the most probable class, or all that are more probable than not.

    Parameters
    ----------
    X : iterable of str, of sequences of str, or TokenizedDocuments
        The documents.

    Returns
    -------
    ndarray of shape (n_documents,) or (n_documents, n_classes)
        Labels, or indicators if `fit` was given indicators.
    """
    fitted = snapshot(self)
    if fitted._model.labels.multilabel:
        return (_scores(fitted, X) > 0).astype(np.int64)
    documents = fitted._tokenize(X)
    vocabulary, n_jobs = fitted._fitted_vocabulary(), fitted._n_threads()
    return fitted.classes_[fitted._model.best(documents, vocabulary, n_jobs)]


def predict_top_k(
    self: Any, X: Documents, k: int = 1, *, threshold: float = 0.0
) -> TopLabels:
    """Return the most probable classes of each document, as fastText's predict.

    Parameters
    ----------
    X : iterable of str, of sequences of str, or TokenizedDocuments
        The documents.
    k : int, default=1
        How many classes, at most; -1: all.
    threshold : float, default=0.0
        The least probability of a class that is returned.

    Returns
    -------
    labels : list of ndarray
        For each document its classes, the most probable one first; with
        indicators, the numbers of their columns.  None may reach the threshold.
    probabilities : list of ndarray
        Theirs, float64.  Where a loss judges each class by itself ("one_vs_all",
        "negative_sampling"), they are those of this class alone and need not sum
        to 1, as they do in `predict_proba` for documents with one label each.
    """
    if not isinstance(k, Integral) or isinstance(k, bool) or (k < 1 and k != -1):
        raise ValueError(f"k must be at least 1, or -1 for all, not {k!r}.")
    if not isinstance(threshold, Real) or not threshold >= -np.inf:
        raise ValueError(f"threshold must be a number, not {threshold!r}.")
    fitted = snapshot(self)
    shares = _shares(fitted, X)
    n = shares.shape[1] if k == -1 else min(int(k), shares.shape[1])
    order = np.argsort(-shares, axis=1, kind="stable")[:, :n]
    chosen = np.take_along_axis(shares, order, axis=1)
    counts = (chosen >= threshold).sum(axis=1).tolist()
    pairs = list(zip(order, chosen, counts, strict=True))
    return TopLabels(
        [fitted.classes_[row[:count]] for row, _, count in pairs],
        [row[:count] for _, row, count in pairs],
    )


def sentence_vectors(self: Any, X: Documents) -> Float32Array:
    """Return the vectors that the classes are scored by.

    Weighted sums over all features of a document, the mark after the last word
    included, as the notes of the class say.  With ``normalization="l1",
    weights=None`` they are those of fastText's ``get_sentence_vector`` for a
    supervised model, which are not normalised.

    Parameters
    ----------
    X : iterable of str, of sequences of str, or TokenizedDocuments
        The documents.

    Returns
    -------
    ndarray of shape (n_documents, vector_size), float32
        The scores are their products with `output_vectors_`.
    """
    fitted = snapshot(self)
    documents, vocabulary = fitted._tokenize(X), fitted._fitted_vocabulary()
    return fitted._model.means(documents, vocabulary, fitted._n_threads())


def _scores(fitted, X):
    """Return a score for each class; of a tree, logarithms of probabilities."""
    documents = fitted._tokenize(X)
    vocabulary, n_jobs = fitted._fitted_vocabulary(), fitted._n_threads()
    return fitted._model.scores(documents, vocabulary, n_jobs)


def _shares(fitted, X):
    """Return probabilities: of each class by itself, where the loss judges so."""
    scores = _scores(fitted, X).astype(np.float64)
    if fitted._model.settings.loss in SEPARATE:
        return 1 / (1 + np.exp(-np.clip(scores, -700, 700)))
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    return shares
