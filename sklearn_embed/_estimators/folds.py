"""Folds of documents with labels, for rows that do not see their own label."""

# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral
from typing import Any

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold, check_cv


def folds_of(cv, labels, multilabel, shuffle):
    """Return pairs of numbers of documents: those counted, those of a fold.

    Parameters
    ----------
    cv : int, cross-validation generator or iterable
        How many folds, or what makes them.
    labels : csr_array of shape (n_documents, n_classes)
        1 for each class of a document.
    multilabel : bool
        Whether a document may have several: folds are not stratified then.
    shuffle : int or None
        Seed of the order in which documents are dealt into a number of folds; None:
        that in which they stand.
    """
    n_documents, numbers = labels.shape[0], np.zeros(labels.shape[0])
    if not isinstance(cv, Integral):
        folds = list(check_cv(cv).split(numbers, labels.indices))
        every = np.concatenate([fold for _, fold in folds])
        if not np.array_equal(np.sort(every), np.arange(n_documents)):
            raise ValueError(
                "cv must put each document into one fold, and into one alone."
            )
        return folds
    if cv > n_documents:
        raise ValueError(
            f"cv={cv} folds cannot be made of {n_documents} documents: lower cv, or "
            "give more documents."
        )
    splitter: Any = KFold
    if not multilabel and np.bincount(labels.indices).min() >= cv:
        splitter, numbers = StratifiedKFold, labels.indices
    folds = splitter(cv, shuffle=shuffle is not None, random_state=shuffle)
    return folds.split(numbers, numbers)


def check_two_classes(labels, weights, multilabel):
    """Refuse labels, and weights of documents, that leave fewer than two classes."""
    if not labels.nnz:
        raise ValueError("y gives no document a label: at least one is needed.")
    weighted = np.flatnonzero(np.asarray(labels.T @ weights).ravel() > 0)
    if len(weighted) < (1 if multilabel else 2):
        raise ValueError(
            "sample_weight is zero for all documents but those of one class: at least "
            "two classes must count."
        )
