"""What every classifier of texts does to be fitted, whatever its model is.

A class says how its model is made, ``_new_model(words, documents, labels, continued,
adding)``, where `adding` tells a further batch from all documents, and what it is given
for parameters that are "auto" (None: there are none), whether words without a row have
vectors, too, ``_makes_unknown_words()``, which words have a row beside those of the
documents, ``_with_known_words(words, documents)``, and trains a batch that adds no
rows, if it is one, in ``_fits_few(X, data, texts, labels)``, which tells whether it
was.
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import check_consistent_length
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import column_or_1d

from sklearn_embed._estimators.base import limits_of
from sklearn_embed._estimators.coverage import warn_of_documents
from sklearn_embed._estimators.kept_fits import learn_kept_epochs
from sklearn_embed._estimators.labels import (
    checked_labels,
    document_weights,
    stratified,
)
from sklearn_embed._estimators.training import (
    Training,
    draw_seed,
    grown_vocabulary,
    hold_out,
    learn_batch,
)
from sklearn_embed._models.classifier import Labels
from sklearn_embed._models.features import Labelled
from sklearn_embed._models.loop import Data
from sklearn_embed._text.vocabulary import learn_vocabulary


def fit_labels(estimator: Any, X, y, sample_weight):
    """Fit; see `FastTextClassifier.fit`."""
    estimator._checked_pretrained()
    documents, options = estimator._tokenize_to_fit(X)
    continued = estimator.warm_start and "words_" in vars(estimator)
    seed = estimator._seed if continued else draw_seed(estimator)
    classes, multilabel, matrix = checked_labels(y)
    if continued and not np.array_equal(classes, estimator.classes_):
        raise ValueError(
            f"y holds the classes {classes}, but {estimator.classes_} were learned "
            "before: they cannot change with warm_start=True. partial_fit takes "
            "new classes."
        )
    weights = document_weights(documents, y, sample_weight, estimator.class_weight)
    labelled = labelled_documents(documents, matrix, weights)
    data = hold_out(estimator, [labelled], seed, stratified)
    texts = data.parts[0].documents
    words = learn_vocabulary([texts], limits_of(estimator))
    words = estimator._with_known_words(words, texts)
    if not estimator._makes_unknown_words():
        warn_of_documents(texts, words.rows(texts.table))
    labels = Labels.learn(classes, multilabel, matrix, weights)
    new_model, settled = estimator._new_model(words, texts, labels, continued, False)
    training = Training(X, data, words, options, new_model, settled=settled)
    given = labelled, classes, multilabel
    learn_kept_epochs(estimator, training, seed, given, continued)
    return estimator


def fit_batch(estimator: Any, X, y, classes, sample_weight):
    """Learn from one more batch; see `FastTextClassifier.partial_fit`."""
    if estimator.class_weight == "balanced":
        raise ValueError(
            "class_weight='balanced' needs all documents at once: give "
            "partial_fit a dict, or sample_weight."
        )
    begun = "words_" in vars(estimator)
    known: Any = estimator.classes_ if begun else None
    if classes is not None:
        classes = np.unique(column_or_1d(classes))
        if begun and not np.isin(known, classes).all():
            raise ValueError(
                f"classes={classes!r} differ from those learned before, {known}: "
                "new ones may come, but all of the others must be among them."
            )
        known = classes
    elif not begun and type_of_target(y) != "multilabel-indicator":
        raise ValueError("classes must be passed on the first call to partial_fit.")
    estimator._checked_pretrained()
    documents, options = estimator._tokenize_to_fit(X)
    classes, multilabel, matrix = checked_labels(y, known)
    if begun and estimator._model.labels.multilabel and not multilabel:
        raise ValueError(
            "y holds one label a document, but the model learned from indicators "
            "of several: give a matrix of 0 and 1 with a column for each of "
            "classes_."
        )
    weights = document_weights(
        documents, y, sample_weight, estimator.class_weight, scale=False
    )
    labelled = labelled_documents(documents, matrix, weights)
    data, texts = Data([labelled], []), (documents, options, True)
    labels = Labels.learn(classes, multilabel, matrix, weights)
    if begun:
        labels = labels.after(estimator._model.labels)
        if estimator._fits_few(X, data, texts, labels):
            return estimator
    words, rare = grown_vocabulary(estimator, documents)
    if not begun:
        words = estimator._with_known_words(words, documents)
    new_model, settled = estimator._new_model(words, documents, labels, begun, True)
    training = Training(X, data, words, options, new_model, settled=settled)
    learn_batch(estimator, training, rare)
    return estimator


def labelled_documents(documents, matrix, weights):
    """Put documents and labels together."""
    check_consistent_length(documents, matrix)
    return Labelled(documents, matrix.indptr, matrix.indices, weights)
